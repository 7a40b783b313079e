"""How the checks of the networks, the model and the guide judge: one slip costs one property."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from vaelabs.answers import read_answers
from vaelabs.checks import check_guide, check_model, check_networks
from vaelabs.checks.networks import SIZES, _backward, _Network
from vaelabs.subjects import as_subject

torch = pytest.importorskip("torch")
pyro = pytest.importorskip("pyro")

ANSWERS = Path(__file__).parent / "answers" / "vae_pyro"


@pytest.fixture(scope="module")
def names():
    """What an answer cell finds, with the first right answer to every task."""
    found = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np}
    found |= {"pyro": pyro, "dist": pyro.distributions, "poutine": pyro.poutine}
    for task in ("networks", "model", "guide"):
        exec(read_answers(ANSWERS / f"{task}.py")[0].source, found)
    return found


def answer(names, task: str, *changes: tuple[str, str]) -> dict:
    """The first right answer to the task, changed."""
    source = read_answers(ANSWERS / f"{task}.py")[0].source
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    found = dict(names)
    exec(source, found)
    return found


def model(names, *changes):
    return check_model(answer(names, "model", *changes)["GenerativeModel"], seed=1).verdict


def guide(names, *changes):
    return check_guide(answer(names, "guide", *changes)["VAE"], seed=1).verdict


def networks(names, *changes):
    found = answer(names, "networks", *changes)
    return check_networks(found["Encoder"], found["Decoder"], seed=1).verdict


def earned(verdict) -> list[float]:
    return [each.points for each in verdict.properties]


def test_right_answers_earn_everything(names):
    """The properties and their points, in their order."""
    assert [1, 1, 0.5, 0.5] == earned(networks(names))
    assert [1.5, 1, 1, 0.5, 0.5, 0.5] == earned(model(names))
    assert [1, 1.5, 0.5, 0.5, 0.5] == earned(guide(names))


@pytest.mark.parametrize(
    ("old", "new", "points", "diagnosis"),
    [
        ('pyro.module("decoder", self.decoder)', "pass", [1.5, 1, 1, 0.5, 0, 0.5], "P3"),
        ('with pyro.plate("data", x.shape[0]):', "if True:", [0, 1, 1, 0.5, 0.5, 0.5], "G3"),
        ("scale).to_event(1)", "scale)", [0, 1, 1, 0.5, 0.5, 0.5], "P2"),
        ("loc, scale).to_event(1)", "0.0, 1.0).expand([self.latent_dim])", [0, 1, 1, 0.5, 0.5, 0.5], "P2"),
        ("logits=logits).to_event(1)", "logits=logits)", [0, 1, 1, 0.5, 0.5, 0.5], "P2"),
        ('"latent"', '"z"', [0, 1, 1, 0.5, 0.5, 0.5], "P1"),
        ('"obs"', '"x"', [0, 1, 1, 0.5, 0.5, 0.5], "P1"),
        ("logits=logits", "probs=torch.sigmoid(logits)", [1.5, 1, 1, 0, 0.5, 0.5], "L1"),
        ("dist.Normal(loc, scale)", "dist.Normal(loc, 2 * scale)", [1.5, 0, 1, 0.5, 0.5, 0.5], "G21"),
        ("self.decoder(z)", "self.decoder(z.detach())", [1.5, 1, 1, 0.5, 0, 0.5], "G14"),
        ("return torch.sigmoid(logits)", "return logits", [1.5, 1, 1, 0.5, 0.5, 0], "G15"),
    ],
)
def test_a_slip_in_the_model_costs_its_own_property(names, old, new, points, diagnosis):
    """Also where Pyro stops the program at most sizes, as without `to_event`."""
    verdict = model(names, (old, new))

    assert points == earned(verdict)
    assert diagnosis == verdict.diagnosis.id


@pytest.mark.parametrize(
    ("old", "new", "points", "diagnosis"),
    [
        ('pyro.module("encoder", self.encoder)', "pass", [1, 1.5, 0.5, 0, 0.5], "P3"),
        ('with pyro.plate("data", x.shape[0]):', "if True:", [0, 1.5, 0.5, 0.5, 0.5], "G3"),
        (".to_event(1)", "", [0, 1.5, 0.5, 0.5, 0.5], "P2"),
        ('"latent"', '"z"', [0, 1.5, 0.5, 0.5, 0.5], "P1"),
        ("scale)", "scale.detach())", [1, 1.5, 0, 0.5, 0.5], "R11"),
        ("scale)", "scale**2)", [1, 0, 0, 0.5, 0.5], "P4"),
        ("to_event(1))", "to_event(1), obs=loc)", [0, 0, 0, 0.5, 0], "P10"),
        ("Normal(loc, scale)", "Normal(scale, loc)", [1, 0, 0, 0.5, 0.5], "G18"),
        ("Normal(loc,", "Normal(loc + scale * torch.randn_like(loc),", [1, 0, 0.5, 0.5, 0.5], "G24"),
    ],
)
def test_a_slip_in_the_guide_costs_its_own_property(names, old, new, points, diagnosis):
    """A wrong scale is wrong in the density and in the draw."""
    verdict = guide(names, (old, new))

    assert points == earned(verdict)
    assert diagnosis == verdict.diagnosis.id


@pytest.mark.parametrize(
    ("old", "new", "points", "diagnosis"),
    [
        ("x.flatten(1)", "x", [1, 1, 0, 0.5], "N9"),
        ("torch.exp(self.logvar(h) / 2)", "torch.exp(self.logvar(h))", [0, 1, 0.5, 0], "P4"),
        ("self.hidden(z)))", "self.hidden(z)).detach())", [1, 1, 0.5, 0], "N8"),
        ("self.hidden(z)", "self.hidden(z.detach())", [1, 1, 0.5, 0], "N8"),
        ("return self.mu(h),", "return torch.relu(self.mu(h)),", [0, 1, 0.5, 0], "N4"),
        ("torch.relu(self.hidden(z))", "self.hidden(z)", [1, 0, 0.5, 0], "N2"),
    ],
)
def test_a_slip_in_a_network_costs_its_own_property(names, old, new, points, diagnosis):
    """A wrong value is wrong in the gradient too."""
    verdict = networks(names, (old, new))

    assert points == earned(verdict)
    assert diagnosis == verdict.diagnosis.id


def test_nothing_written_is_missing(names):
    """A body that raises NotImplementedError, in every task."""

    class Empty(torch.nn.Module):
        def __init__(self, *networks, **sizes):
            super().__init__()
            self.net, self.encoder = networks[0] if networks else None, networks[0] if networks else None

        def model(self, x):
            raise NotImplementedError

        guide = model

    class Encoder(names["Encoder"]):
        def forward(self, x):
            raise NotImplementedError

    class Decoder(names["Decoder"]):
        def forward(self, z):
            raise NotImplementedError

    verdicts = [check_networks(Encoder, Decoder, seed=1), check_model(Empty, seed=1), check_guide(Empty, seed=1)]
    for verdict in (score.verdict for score in verdicts):
        assert ("missing", 0) == (verdict.status, verdict.points)
        assert f"{verdict.task}: it is not written yet" == verdict.explanation()


def test_a_program_that_never_ends_is_waited_for_once(names):
    """Objects of one class share what is known of their time, at every size."""

    class Endless(names["GenerativeModel"]):
        def model(self, x):
            while True:
                pass

    class Encoder(names["Encoder"]):
        def forward(self, x):
            while True:
                pass

    start = time.monotonic()
    verdict = check_model(as_subject(Endless, "pyro", time_limit=0.3), seed=1).verdict
    encoder = as_subject(Encoder, "pyro", time_limit=0.3)
    scores = [each.points for each in check_networks(encoder, names["Decoder"], seed=1).verdict.properties]

    assert ("failed", "model: it took longer than 0.3 seconds") == (verdict.status, verdict.message)
    assert [0, 1, 0, 0] == scores
    assert time.monotonic() - start < 5


def test_evidence_holds_the_students_number_and_ours(names):
    """A reader sees what was seen."""
    verdict = model(names, ('pyro.module("decoder", self.decoder)', "pass"))
    assert ("SVI would be given 0 of the decoder's 4 parameters: `pyro.module(\"decoder\", self.decoder)`"
            == verdict.properties[4].message)  # fmt: skip
    assert "Of the decoder's 4 parameters SVI would be given 0." == verdict.diagnosis.evidence

    verdict = model(names, ("dist.Normal(loc, scale)", "dist.Normal(loc + 1, 2 * scale)"))
    assert "Your prior has mean 1 and standard deviation 2; expected 0 and 1." == verdict.diagnosis.evidence

    verdict = model(names, ("self.decoder(z)", "self.decoder(z).squeeze()"))
    assert [1.5, 1, 1, 0.5, 0.5, 0] == earned(verdict)
    assert "It has shape (12,), expected (1, 12)." == verdict.diagnosis.evidence

    verdict = guide(names, ("x.shape[0]", "7"))
    assert "For 1 images your plate has size 7." == verdict.diagnosis.evidence
    assert ("it raised ValueError: Shape mismatch inside plate('data') at site latent dim -1, 7 vs 5"
            == verdict.properties[0].message)  # fmt: skip


def test_the_notebook_is_as_it_was(names):
    """Neither its parameters nor its switches take part in the check, or change."""
    kept = torch.nn.Parameter(torch.ones(2, 2))
    pyro.clear_param_store()
    try:
        pyro.param("decoder$$$layers.0", kept)
        pyro.enable_validation(False)
        before = pyro.settings.get()

        scores = [check_model(names["GenerativeModel"], seed=1), check_guide(names["VAE"], seed=1)]

        assert [5, 4] == scores
        assert before == pyro.settings.get()
        assert ["decoder$$$layers.0"] == list(pyro.get_param_store().keys())
        assert pyro.param("decoder$$$layers.0").unconstrained() is kept
    finally:
        pyro.enable_validation(True)
        pyro.clear_param_store()


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_the_chain_rule_of_the_check_agrees_with_differences(names, kind):
    """Our own gradients, along one direction in all weights."""
    rng = np.random.default_rng(1)
    sizes = {"encoder": {"hidden": (7, 16), "mu": (3, 7), "logvar": (3, 7)},
             "decoder": {"hidden": (7, 3), "logits": (16, 7)}}[kind]  # fmt: skip
    layers = {name: (rng.normal(size=shape), rng.normal(size=shape[0])) for name, shape in sizes.items()}
    lines = {name: (rng.normal(size=shape), rng.normal(size=shape[0])) for name, shape in sizes.items()}
    inputs = rng.normal(size=(SIZES[0][3], sizes["hidden"][1]))

    def network(step):
        moved = {name: tuple(a + step * b for a, b in zip(layers[name], lines[name])) for name in layers}
        return _Network(None, moved, float)

    def value(step):
        heads = network(step).heads(inputs)
        results = heads if kind == "decoder" else (heads[0], np.exp(heads[1] / 2))
        return sum(np.sum(cotangent * result) for cotangent, result in zip(cotangents, results))

    cotangents = tuple(rng.normal(size=each.shape) for each in network(0).heads(inputs))
    found = _backward(network(0), inputs, network(0).heads(inputs), cotangents)

    along = {f"{name}.{part}": line for name in lines for part, line in zip(("weight", "bias"), lines[name])}
    got = sum(np.sum(found[name] * line) for name, line in along.items())
    np.testing.assert_allclose(got, (value(1e-6) - value(-1e-6)) / 2e-6, rtol=1e-6)


def test_one_slip_that_stops_the_program_costs_its_own_points_only():
    """`Bernoulli(logits)` raises for real numbers; sites, prior and the returned probabilities still count."""

    class GenerativeModel(torch.nn.Module):
        def __init__(self, decoder, latent_dim=20):
            super().__init__()
            self.decoder, self.latent_dim = decoder, latent_dim

        def model(self, x):
            pyro.module("decoder", self.decoder)
            with pyro.plate("data", len(x)):
                z = pyro.sample("latent", pyro.distributions.Normal(x.new_zeros(len(x), self.latent_dim), 1.0).to_event(1))
                logits = self.decoder(z)
                pyro.sample("obs", pyro.distributions.Bernoulli(logits).to_event(1), obs=x)
            return torch.sigmoid(logits)

    verdict = check_model(GenerativeModel, framework="pyro", seed=1).verdict

    held = [each.name for each in verdict.properties if each.points]
    assert ["sites and plate", "prior", "probabilities returned"] == held
    assert "P5" == verdict.diagnosis.id

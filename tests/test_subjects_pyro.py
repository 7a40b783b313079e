"""Traces of Pyro programs as data, and what a call leaves behind: nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from vaelabs.subjects import Failure, Net, Plate, as_subject

torch = pytest.importorskip("torch")
pyro = pytest.importorskip("pyro")
dist = pyro.distributions

LATENT, DATA, BATCH = 3, 6, 5


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture(autouse=True)
def clean():
    """No test finds what another left in the store."""
    pyro.clear_param_store()
    yield
    pyro.clear_param_store()


class Both(torch.nn.Module):
    """A right model and a right guide in one object."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)):
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([LATENT]).to_event(1))
            logits = self.decoder(z)
            pyro.deterministic("pixels", torch.sigmoid(logits), event_dim=1)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            pyro.sample("latent", dist.Normal(*self.encoder(x)).to_event(1))


def build(rng, cls=Both):
    encoder = Net.random(rng, [DATA, 8, 2 * LATENT], heads=2, scales=True)
    decoder = Net.random(rng, [LATENT, 8, DATA])
    x = (rng.random((BATCH, DATA)) < 0.5).astype(np.float32)
    return as_subject(cls, "pyro").construct(encoder, decoder), encoder, decoder, x


def program(rng, body):
    """An object whose method `model` is `body`."""
    return build(rng, type("Odd", (Both,), {"model": body}))[0]


def test_a_network_with_scales_is_the_same_in_both_worlds(rng):
    """The second head is halved and exponentiated: a standard deviation."""
    net, x = Net.random(rng, [DATA, 8, 2 * LATENT], heads=2, scales=True), rng.normal(size=(BATCH, DATA))

    loc, scale = as_subject(lambda net, x: net(x), "pyro")(net, x)

    np.testing.assert_allclose(loc, net(x)[0])
    np.testing.assert_allclose(scale, net(x)[1])
    bare = Net(net.layers, heads=2)(x)
    np.testing.assert_allclose(scale, np.exp(bare[1] / 2))


def test_a_trace_tells_every_site_in_its_order(rng):
    """Names, kinds, shapes, plates and distributions."""
    instance, _, _, x = build(rng)

    trace = instance.trace("model", x)

    assert ["param"] * 4 + ["plate", "sample", "deterministic", "sample"] == [site.kind for site in trace.sites]
    assert ["latent", "obs"] == [site.name for site in trace.samples]
    assert (["latent"], ["obs"]) == ([s.name for s in trace.latent], [s.name for s in trace.observed])
    latent, obs, data = (trace.get(name) for name in ("latent", "obs", "data"))
    assert ((BATCH,), (LATENT,), "Normal") == (latent.batch_shape, latent.event_shape, latent.distribution)
    assert ((BATCH,), (DATA,), "Bernoulli") == (obs.batch_shape, obs.event_shape, obs.distribution)
    assert (Plate("data", BATCH, -1),) == latent.plates == obs.plates
    assert BATCH == data.size
    assert trace.get("nothing") is None


def test_log_probabilities_are_those_of_the_given_z(rng):
    """A given value takes the place of the draw, and its site stays a drawn one."""
    instance, _, decoder, x = build(rng)
    z = rng.normal(size=(BATCH, LATENT))

    trace = instance.trace("model", x, given={"latent": z})

    p = expit(decoder(z))
    assert not trace.get("latent").observed
    np.testing.assert_allclose(trace.get("latent").value, z)
    np.testing.assert_allclose(trace.get("latent").log_prob, norm.logpdf(z).sum(-1))
    np.testing.assert_allclose(trace.get("obs").log_prob, np.log(np.where(x == 1, p, 1 - p)).sum(-1))
    np.testing.assert_allclose(trace.result, p)


def test_a_scale_is_part_of_the_log_probability(rng):
    """A plate of 60 images of which 5 are seen counts each twelve times."""

    def model(self, x):
        with pyro.plate("data", 12 * BATCH, subsample_size=BATCH):
            return pyro.sample("latent", dist.Normal(0.0, 1.0).expand([LATENT]).to_event(1))

    instance, x = program(rng, model), np.zeros((BATCH, DATA))

    trace = instance.trace("model", x)

    np.testing.assert_allclose(trace.get("latent").log_prob, 12 * norm.logpdf(trace.result).sum(-1), rtol=1e-5)
    assert (BATCH, 12 * BATCH) == (trace.get("latent").plates[0].size, trace.get("data").size)


def test_registered_parameters_are_told_by_the_objects_own_names(rng):
    """The model registers the decoder, the guide the encoder; a tensor from elsewhere has no name."""
    instance, _, _, x = build(rng)

    def model(self, x):
        return pyro.param("sigma", torch.ones(()))

    layers = [f"layers.{n}" for n in range(4)]
    assert {f"decoder$$${n}": f"decoder.{n}" for n in layers} == instance.trace("model", x).parameters
    assert {f"encoder$$${n}": f"encoder.{n}" for n in layers} == instance.trace("guide", x).parameters
    assert {"sigma": ""} == program(rng, model).trace("model", x).parameters


def test_gradients_of_a_draw_reach_the_encoder(rng):
    """z = loc + scale eps, so that its gradient in log scale² is (z - loc) / 2."""
    instance, encoder, _, x = build(rng)
    weights, seeds = rng.normal(size=(BATCH, LATENT)), as_subject(len, "pyro")

    seeds.seed(3)
    z = instance.trace("guide", x).get("latent").value
    seeds.seed(3)
    found = instance.trace_gradients("guide", (x,), "latent", "value", weights)

    want = np.concatenate([weights.sum(0), (weights * (z - encoder(x)[0])).sum(0) / 2])
    np.testing.assert_allclose(found["encoder.layers.3"], want)
    assert not found["decoder.layers.3"].any()


def test_gradients_of_a_log_probability_reach_the_decoder_and_the_given_z(rng):
    """In the last bias it is x - sigmoid(logits); in z it agrees with differences."""
    instance, _, decoder, x = build(rng)
    z, line = rng.normal(size=(2, BATCH, LATENT))

    found = instance.trace_gradients("model", (x,), "obs", "log_prob", np.ones(BATCH), given={"latent": z})

    def total(z):
        return np.sum(x * decoder(z) - np.logaddexp(0, decoder(z)))

    along_line = (total(z + 1e-5 * line) - total(z - 1e-5 * line)) / 2e-5
    np.testing.assert_allclose(found["decoder.layers.3"], (x - expit(decoder(z))).sum(0), rtol=1e-5)
    np.testing.assert_allclose(np.sum(found["latent"] * line), along_line, rtol=1e-5)


def test_gradients_of_what_is_not_there_are_a_failure(rng):
    """A site that is missing, a method that is missing, a cotangent of another shape."""
    instance, _, _, x = build(rng)

    for method, site, shape, message in [
        ("guide", "obs", (BATCH,), "there is no site 'obs'"),
        ("forward_model", "obs", (BATCH,), "the class has no method `forward_model`"),
        ("model", "obs", (1,), "the log_prob of 'obs' has shape (5,), not (1,)"),
    ]:
        with pytest.raises(Failure) as caught:
            instance.trace_gradients(method, (x,), site, "log_prob", np.ones(shape))
        assert message == caught.value.message


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (-1.0, "it raised ValueError: the parameter scale of Normal must satisfy GreaterThan(lower_bound=0.0)"),
        (1.0, "it raised ValueError: Shape mismatch inside plate('data') at site latent dim -1, 5 vs 3"),
    ],
)
def test_what_pyro_says_is_cut_to_one_sentence(rng, scale, message):
    """The first line, without tensors."""

    def model(self, x):
        with pyro.plate("data", len(x)):
            pyro.sample("latent", dist.Normal(torch.zeros(BATCH, LATENT), scale))

    with pytest.raises(Failure) as caught:
        program(rng, model).trace("model", np.zeros((BATCH, DATA)))

    assert message == caught.value.message


def test_a_log_probability_that_fails_is_the_sites_problem(rng):
    """The other sites are told all the same."""

    def model(self, x):
        pyro.sample("latent", dist.Normal(torch.zeros(len(x), LATENT), 1.0).to_event(1))
        pyro.sample("obs", dist.Bernoulli(logits=torch.zeros(x.shape)).to_event(1), obs=x + 0.5)

    trace = program(rng, model).trace("model", np.zeros((BATCH, DATA), np.float32))

    obs = trace.get("obs")
    assert obs.log_prob is None
    assert ("its log-probability raised ValueError: the values, of shape (5, 6), are not in the support of Bernoulli, "
            "which is Boolean()") == obs.problem  # fmt: skip
    assert (BATCH,) == trace.get("latent").log_prob.shape
    assert trace.result is None
    assert "it returned None: is the `return` missing?" == trace.problem


def test_an_unanswered_program_is_unanswered(rng):
    """Pyro would put its shapes behind an empty NotImplementedError."""

    def model(self, x):
        pyro.sample("latent", dist.Normal(0.0, 1.0))
        raise NotImplementedError

    with pytest.raises(Failure) as caught:
        program(rng, model).trace("model", np.zeros((BATCH, DATA)))

    assert "unanswered" == caught.value.kind


def test_validation_is_strict_whatever_the_notebook_did(rng):
    """And the notebook's switch is as before, as is the one that the program itself turned."""
    pyro.enable_validation(False)
    try:
        with pytest.raises(Failure):
            program(rng, lambda self, x: pyro.sample("latent", dist.Normal(0.0, -1.0))).trace("model", np.zeros(1))
        assert not any(value for name, value in pyro.settings.get().items() if name.startswith("validate"))
    finally:
        pyro.enable_validation(True)
    before = pyro.settings.get()

    program(rng, lambda self, x: pyro.enable_validation(False)).trace("model", np.zeros(1))

    assert before == pyro.settings.get()


def test_the_store_of_parameters_is_neither_read_nor_written(rng):
    """An earlier model of another size under the same names takes no part, and is there afterwards."""
    earlier = torch.nn.Parameter(torch.ones(2, 2))
    pyro.param("decoder$$$layers.0", earlier)
    instance, _, _, x = build(rng)

    trace = instance.trace("model", x)

    assert (8, LATENT) == trace.get("decoder$$$layers.0").value.shape
    assert "decoder.layers.0" == trace.parameters["decoder$$$layers.0"]
    assert ["decoder$$$layers.0"] == list(pyro.get_param_store().keys())
    assert pyro.param("decoder$$$layers.0").unconstrained() is earlier


def test_a_handler_left_behind_does_not_last(rng):
    """Neither the notebook's in the call, nor the call's in the notebook; plates too."""
    instance, _, _, x = build(rng)
    notebook = pyro.poutine.block()
    notebook.__enter__()
    def model(self, x):
        pyro.plate("data", len(x)).__enter__()
        return pyro.sample("latent", dist.Normal(torch.zeros(len(x)), 1.0))

    try:
        trace = instance.trace("model", x)
        odd, messages = program(rng, model), []
        for _ in range(2):
            with pytest.raises(Failure) as caught:
                odd.trace("model", x)
            messages.append(caught.value.message)
        assert [notebook] == pyro.poutine.runtime._PYRO_STACK
    finally:
        notebook.__exit__(None, None, None)

    assert ["latent", "obs"] == [site.name for site in trace.samples]
    assert ["it raised ValueError: This Messenger is not on the bottom of the stack"] * 2 == messages


def test_a_call_of_a_function_is_as_clean_as_a_trace(rng):
    """Not only traces: whatever a function registers is gone after the call."""

    def register(x):
        return pyro.param("left", x.clone()) + 1

    subject = as_subject(register, "pyro")

    np.testing.assert_allclose(subject(np.ones(2)), 2)
    np.testing.assert_allclose(subject(np.full(2, 5.0)), 6)
    assert [] == list(pyro.get_param_store().keys())

"""What the Pyro lab shows beside its tasks, and that its model is the PyTorch lab's: same weights, same ELBO."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from vaelabs.checks import bernoulli_log_density, gaussian_log_density, kl_standard_normal
from vaelabs.course import Course, grade_id, read_notebook

torch = pytest.importorskip("torch")
pyro = pytest.importorskip("pyro")

COURSE = Course(Path(__file__).parents[2])
SOURCE = read_notebook(COURSE.notebook("source", "vae_pyro"))


@pytest.fixture(scope="module")
def lab(names_of):
    pyro.clear_param_store()
    yield names_of("vae_pyro")
    pyro.clear_param_store()


@pytest.fixture(scope="module")
def mnist(names_of):
    return names_of("vae_mnist")


@pytest.fixture
def twins(lab, mnist):
    """The same random weights in both labs: (Pyro's VAE, PyTorch's encoder, its decoder)."""
    vae = lab["new_vae"](3)
    with torch.no_grad():  # far from the prior, so that every term of the bound matters
        for head in (vae.encoder.mu, vae.encoder.logvar):
            head.weight.mul_(8)
    encoder, decoder = mnist["Encoder"](), mnist["Decoder"]()
    encoder.load_state_dict(vae.encoder.state_dict())
    decoder.load_state_dict(vae.decoder.state_dict())
    return vae, encoder, decoder


def test_the_same_weights_give_the_same_elbo_in_both_labs(lab, mnist, twins):
    """Means over draws agree within 5 standard errors, image by image: one KL drawn, the other in closed form."""
    vae, encoder, decoder = twins
    x = lab["x_test"][:4]
    many = x.repeat_interleave(4000, 0)
    torch.manual_seed(0)

    with torch.no_grad():
        drawn = lab["trace_elbo"](vae.model, vae.guide, many).view(4, -1).double()
        closed = mnist["elbo_terms"](many, encoder, decoder)[0].view(4, -1).double()

    error = (drawn.var(1) / drawn.shape[1] + closed.var(1) / closed.shape[1]).sqrt()
    assert bool(((drawn.mean(1) - closed.mean(1)).abs() < 5 * error).all())
    assert float(error.max()) < 1, "the test would not see a nat"


def test_at_the_same_z_both_labs_agree_exactly(lab, mnist, twins):
    """log p(x|z) + log p(z) - log q(z|x) at the guide's own draw, recomputed with the functions of the PyTorch lab."""
    vae, encoder, decoder = twins
    x = lab["x_test"][:9]
    trace = pyro.poutine.trace(vae.guide).get_trace(x)
    z = trace.nodes["latent"]["value"]

    with torch.no_grad():
        mu, logvar = encoder(x)
        log_q = gaussian_log_density(*(t.detach().double().numpy() for t in (z, mu, logvar / 2)))
        log_prior = gaussian_log_density(z.detach().double().numpy(), np.zeros(1), np.zeros(1))
        want = mnist["bernoulli_log_likelihood"](decoder(z), x).double().numpy() + log_prior - log_q
        got = lab["trace_elbo"](vae.model, pyro.poutine.replay(vae.guide, trace=trace), x)

    np.testing.assert_allclose(got.double().numpy(), want, atol=5e-3, rtol=1e-5)


def test_both_labs_bound_log_px_alike(lab, mnist, twins):
    """log_marginal and iwae_log_likelihood on the same weights: means over images within 5 standard errors."""
    vae, encoder, decoder = twins
    x = lab["x_test"][:60]
    torch.manual_seed(1)

    with torch.no_grad():
        ours = torch.stack([lab["log_marginal"](vae.model, vae.guide, x, 20).double() for _ in range(20)])
        theirs = torch.stack([mnist["iwae_log_likelihood"](x, encoder, decoder, 20).double() for _ in range(20)])

    error = (ours.mean(1).var() / 20 + theirs.mean(1).var() / 20).sqrt()
    assert abs(float(ours.mean() - theirs.mean())) < 5 * float(error)


def test_the_plain_loop_has_the_loss_of_the_pytorch_lab(lab, mnist, twins):
    """`torch_loss` is minus `elbo_terms` at equal draws."""
    vae, encoder, decoder = twins
    x = lab["x_test"][:9]

    with torch.no_grad():
        torch.manual_seed(4)
        loss = lab["torch_loss"](vae.encoder, vae.decoder, x)
        torch.manual_seed(4)
        elbo = mnist["elbo_terms"](x, encoder, decoder)[0]

    torch.testing.assert_close(loss, -elbo, atol=5e-3, rtol=1e-5)


def test_trace_elbo_is_what_pyro_computes(lab):
    """From equal seeds, Trace_ELBO's loss is minus the sum of the student's numbers, gradients included."""
    vae, x = lab["new_vae"](5), lab["x_test"][:13]
    pyro.set_rng_seed(6)
    theirs = pyro.infer.Trace_ELBO().differentiable_loss(vae.model, vae.guide, x)
    pyro.set_rng_seed(6)
    ours = lab["trace_elbo"](vae.model, vae.guide, x)

    assert tuple(ours.shape) == (13,)
    assert math.isclose(float(theirs.detach()), -float(ours.detach().sum()), rel_tol=1e-5)
    for a, b in zip(*(torch.autograd.grad(loss, vae.parameters()) for loss in (theirs, -ours.sum()))):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-4)


def test_a_model_of_an_empty_store_is_trained(lab):
    """`new_vae` clears the store: with the parameters of an earlier run in it, SVI would train those (P11)."""
    lab["new_vae"](0)
    vae = lab["new_vae"](1)
    svi, x = lab["new_svi"](vae), lab["x_test"][:50]
    before = [p.detach().clone() for p in vae.parameters()]

    svi.step(x)

    assert all(bool((a != b).any()) for a, b in zip(before, vae.parameters()))


def test_batches_show_every_image_once_in_fresh_bits(lab):
    """A short last batch, another order and other coins on each pass; nothing but 0 and 1 (P3, P10)."""
    grey = torch.rand(25, 784)
    grey[:, 0] = 1.0
    batches = lab["Batches"](grey, 8)
    torch.manual_seed(0)

    first, second = list(batches), list(batches)

    assert [8, 8, 8, 1] == [len(x) for x in first]
    assert {0.0, 1.0} == set(torch.cat(first).unique().tolist())
    assert not torch.equal(torch.cat(first), torch.cat(second))
    marked = lab["Batches"](torch.eye(25), 8)  # its bits are certain: every image is recognised
    assert torch.equal(torch.cat(list(marked)).sum(0), torch.ones(25))


def test_the_test_images_are_tossed_once(lab):
    """By coins of their own, whatever was drawn before; their mean is that of the grey images."""
    coins = torch.Generator().manual_seed(0)

    assert torch.equal(lab["x_test"].cpu(), torch.bernoulli(lab["grey_test"].cpu(), generator=coins))
    assert abs(float(lab["x_test"].mean() - lab["grey_test"].mean())) < 0.005


def test_validation_is_on_after_the_set_up(lab):
    """P4: grey pixels are refused, in the lab as in this process."""
    vae = lab["new_vae"](0)

    with pytest.raises(ValueError, match="support"):
        lab["sites"](vae.model, lab["grey_test"][:5])


def test_images_are_invented_from_the_prior_and_from_the_guide(lab):
    """`invent` draws bits whose probabilities it returns; with a trace of the guide it uses that trace's z."""
    vae, x = lab["new_vae"](0), lab["x_test"][:5]
    lab["vae"] = vae
    trace = pyro.poutine.trace(vae.guide).get_trace(x)

    mean, draw = lab["invent"](x, z_from=trace)
    free, _ = lab["invent"](x)

    with torch.no_grad():
        torch.testing.assert_close(mean, torch.sigmoid(vae.decoder(trace.nodes["latent"]["value"])))
    assert {0.0, 1.0} >= set(draw.unique().tolist())
    assert not torch.equal(draw, x)
    assert not torch.allclose(mean, free)


def literals(task: str) -> list[list[float]]:
    """The numbers in the square brackets of a visible check, one list for each bracket."""
    source = next(cell.source for cell in SOURCE.cells if grade_id(cell) == f"try-{task}")
    lists = re.findall(r"\[(-?\d+\.\d{4}(?:, -?\d+\.\d{4})*)\]", source)
    return [[float(number) for number in numbers.split(",")] for numbers in lists]


def test_the_numbers_of_the_visible_checks_are_ours():
    """Literals cannot rot: recomputed with the checks' own mathematics."""
    zero, half = np.zeros(1), np.array([0.5, 2.0])
    points = np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 1.0], [60.0, 0.0]])
    log_px = gaussian_log_density(points, zero, zero + math.log(2) / 2)
    loose = kl_standard_normal(np.zeros(2), np.zeros(2) + math.log(2))  # KL(N(m, I) || N(m, I/2)), by scaling
    z = np.array([1.0, 2.0, -1.0])
    eye = np.eye(5)[:, :4]
    log_q = gaussian_log_density(np.zeros((5, 2)), 3 * eye[:, :2], np.log(half))

    assert [[-5.7568]] == literals("model")[:1]
    assert abs(gaussian_log_density(z, zero, zero) + 5.7568) < 1e-4
    want = bernoulli_log_density(np.full((5, 4), z.sum() / 2), eye)
    np.testing.assert_allclose(want, [-4.2530] * 4 + [-5.2530], atol=1e-4)
    np.testing.assert_allclose(literals("guide")[0], log_q, atol=1e-4)
    exact, wide = literals("trace_elbo")
    np.testing.assert_allclose(exact, log_px[:3], atol=1e-4)
    np.testing.assert_allclose(wide, log_px[:3] - loose, atol=1e-4)
    np.testing.assert_allclose(literals("log_marginal")[0], log_px, atol=1e-4)
    rows = -gaussian_log_density(np.stack([np.arange(400) / 100, np.ones(400)], -1), zero, zero + math.log(2) / 2)
    visible = next(cell.source for cell in SOURCE.cells if grade_id(cell) == "try-evaluate")
    assert f"mean, {rows.mean():.4f}" in visible
    assert f"stderr, {rows.std(ddof=1) / 20:.4f}" in visible


def test_each_log_of_the_clinic_bears_the_mark_of_its_mistake(lab):
    """And no other log does: the five can be told apart by what the text says to look at."""
    logs, words = lab["LOGS"], lab["LAST_WORDS"]
    at = {name: n for n, name in enumerate(lab["LOG_COLUMNS"])}
    last = {name: rows[-1] for name, rows in logs.items() if rows}

    assert {"A"} == {name for name, row in last.items() if row[at["moved_by_test"]] > 0}
    assert {"B"} == {name for name, row in last.items() if row[at["test"]] < 0}
    assert {"C"} == {name for name, row in last.items() if 3 < row[at["checked"]] - row[at["test"]] < 100}
    assert {"D"} == {name for name, said in words.items() if "128 vs 20" in said}
    assert {"E"} == {name for name, row in last.items() if row[at["decoder_moved"]] == 0}


@pytest.mark.parametrize(
    "wrong",
    [
        r"enable_validation\(False\)|validate_args\s*=\s*False",  # P4
        r"torchvision|contrib\.examples",  # P27
        r"use_cuda|\.cuda\(\)",  # P26
        r"== ['\"]cuda['\"]",  # P8
        r"returns? a mean and (a )?covariance",  # P13
        r"enforc\w+ dependen|multivariate normal",  # P14
        r"p\(z \| *\\theta\)|p_\\theta\(z\)",  # P31
        r"results/",  # P9
        r"collapse to a delta",  # P25
        r"z_loc|z_scale|loc_img|reconstruct_img",  # P30: the names of the text it was taken from
    ],
)
def test_the_errors_of_the_original_are_not_repeated(wrong):
    """By their own words, in text and code."""
    assert not [cell.source for cell in SOURCE.cells if re.search(wrong, cell.source)]


def test_what_a_class_or_function_is_called_is_defined_once(lab):
    """P19: no name means two things; the two back ends share their networks."""
    code = [cell.source for cell in SOURCE.cells if cell.cell_type == "code"]
    defined = [name for source in code for name in re.findall(r"^(?:class|def) (\w+)", source, re.MULTILINE)]

    assert sorted(set(defined)) == sorted(defined)
    assert type(lab["new_vae"](0).encoder) is lab["Encoder"]


def test_pyro_is_the_release_that_the_course_pins():
    """The set-up cell installs the version of pyproject.toml, and nothing that the lab does not use (P27)."""
    setup = next(cell.source for cell in SOURCE.cells if "pip" in cell.source)
    pinned = re.search(r"pyro-ppl==[\d.]+", (COURSE.root / "pyproject.toml").read_text(encoding="utf-8"))

    assert pinned and pinned[0] in setup

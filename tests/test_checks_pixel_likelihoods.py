"""Four observation models: our own formulas, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from vaelabs.checks import (
    check_log_likelihood,
    continuous_bernoulli_log_density,
    pixel_log_likelihood,
    truncated_normal_log_density,
    truncated_normal_mean,
)
from vaelabs.checks.pixel_likelihoods import FORMS, KINDS, TAIL_LOCATIONS, TAIL_SIGMAS, fresh, pixel_terms, slopes

FULL = {
    "gaussian": 0.5,
    "bernoulli": 0.5,
    "continuous_bernoulli": 0.5,
    "truncated_normal": 1,
    "tails": 1,
    "one number per example": 0.5,
    "gradient": 0.5,
    "other kinds": 0.5,
}


@pytest.mark.parametrize("sigma", TAIL_SIGMAS)
@pytest.mark.parametrize("loc", [*TAIL_LOCATIONS, -1e-9, 0, 1])
def test_the_truncated_normal_is_scipys(loc, sigma):
    x = np.linspace(0, 1, 7)
    scipys = stats.truncnorm(-loc / sigma, (1 - loc) / sigma, loc, sigma)

    np.testing.assert_allclose(truncated_normal_log_density(loc, np.log(sigma), x), scipys.logpdf(x), rtol=1e-9)
    assert scipys.mean() == pytest.approx(truncated_normal_mean(loc, np.log(sigma)), abs=1e-9)


@pytest.mark.parametrize(("loc", "sigma"), [(-0.7, 0.2), (0.4, 0.05), (1.3, 0.5), (0.5, 30), (-40, 1)])
def test_the_truncated_normal_integrates_to_one_and_has_the_mean(loc, sigma):
    def density(x):
        return np.exp(truncated_normal_log_density(loc, np.log(sigma), x))

    area, _ = integrate.quad(density, 0, 1, points=[0.05, 0.4])
    mean, _ = integrate.quad(lambda x: x * density(x), 0, 1, points=[0.05, 0.4])

    assert area == pytest.approx(1, abs=1e-9)
    assert mean == pytest.approx(truncated_normal_mean(loc, np.log(sigma)), abs=1e-9)


def test_the_mean_of_the_truncated_normal_is_not_its_location():
    assert 0.080 == pytest.approx(truncated_normal_mean(0, np.log(0.1)), abs=5e-4)
    assert 0.5 == pytest.approx(truncated_normal_mean(0.5, 3.0), abs=1e-12)
    means = truncated_normal_mean(np.linspace(-50, 50, 1001), np.log(0.02))
    assert (0 <= means).all() and (means <= 1).all() and (np.diff(means) >= 0).all()


def test_pixels_are_added_up_and_leading_axes_broadcast():
    rng = np.random.default_rng(1)
    out, x, log_sigma = rng.normal(size=(2, 4, 3)), rng.uniform(size=(4, 3)), np.array(-0.7)
    sigma = np.exp(log_sigma)

    want = {
        "gaussian": stats.norm(out, sigma).logpdf(x),
        "bernoulli": x * special.log_expit(out) + (1 - x) * special.log_expit(-out),
        "continuous_bernoulli": continuous_bernoulli_log_density(out, x),
        "truncated_normal": stats.truncnorm(-out / sigma, (1 - out) / sigma, out, sigma).logpdf(x),
    }

    assert set(KINDS) == set(want)
    for kind, terms in want.items():
        np.testing.assert_allclose(pixel_log_likelihood(kind, out, x, log_sigma), terms.sum(-1), rtol=1e-9)


def test_another_kind_is_a_value_error():
    with pytest.raises(ValueError, match="there is no observation model 'beta'"):
        pixel_log_likelihood("beta", np.zeros(3), np.zeros(3), 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_slopes_are_those_of_the_values(kind):
    out, x, log_sigma = fresh(np.random.default_rng(2), kind)[1]
    step = 1e-5

    in_out, in_log_sigma = slopes(kind, out, x, log_sigma)

    pairs = (((step, 0), in_out), ((0, step), in_log_sigma))
    for (of_out, of_log_sigma), got in pairs:
        up, down = (pixel_terms(kind, out + n * of_out, x, log_sigma + n * of_log_sigma) for n in (1, -1))
        np.testing.assert_allclose(got, (up - down) / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_wrong_forms_are_all_different(kind):
    """Otherwise the first of two would always be blamed for both. Two of a sentence may agree: they are one mistake."""
    inputs = fresh(np.random.default_rng(3), kind)
    logits = kind == "continuous_bernoulli"
    inputs = [(special.expit(out) if logits else out, x, log_sigma) for out, x, log_sigma in inputs]
    with np.errstate(all="ignore"):
        values = [np.stack([form.formula(*each) for each in inputs]) for form in FORMS[kind]]
    right = np.stack([pixel_terms(kind, *each) for each in inputs])

    def alike(one, other):
        known = np.isfinite(one) & np.isfinite(other)
        return known.sum() > 1 and np.allclose(one[known], other[known], rtol=1e-3)

    sentences = [form.sentence for form in FORMS[kind]]
    assert not [
        (sentences[i], sentences[j])
        for i in range(len(values))
        for j in range(i)
        if sentences[i] != sentences[j] and alike(values[i], values[j])
    ]
    assert not [sentence for sentence, each in zip(sentences, values) if alike(each, right)]


def earned(verdict) -> dict[str, float]:
    return {part.name: part.points for part in verdict.properties}


def written_with(log_prob):
    """A right `log_likelihood` apart from the continuous Bernoulli, which is `log_prob` added up."""
    jax = pytest.importorskip("jax")
    tfd = pytest.importorskip("tensorflow_probability.substrates.jax.distributions")
    jnp = jax.numpy

    def log_likelihood(kind, out, x, log_sigma):
        if kind == "gaussian":
            return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
        if kind == "bernoulli":
            return (x * out - jax.nn.softplus(out)).sum(-1)
        if kind == "continuous_bernoulli":
            return log_prob(out, x).sum(-1)
        if kind == "truncated_normal":
            return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
        raise ValueError(kind)

    return log_likelihood


def grey_cross_entropy(logits, x):
    jax = pytest.importorskip("jax")
    return x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits)


def test_what_is_wrong_with_the_students_own_density_costs_nothing_here():
    """It has cost its points in its own task."""
    verdict = check_log_likelihood(
        written_with(grey_cross_entropy), seed=5, continuous_bernoulli_log_prob=grey_cross_entropy
    ).verdict

    assert FULL == earned(verdict)
    assert verdict.diagnosis is None


def test_the_same_mistake_made_here_costs_that_kind():
    right = written_with(grey_cross_entropy)

    verdict = check_log_likelihood(right, seed=5, continuous_bernoulli_log_prob=None).verdict

    assert FULL | {"continuous_bernoulli": 0, "gradient": 0} == earned(verdict)
    assert "L8" == verdict.diagnosis.id


def test_a_density_that_ignores_its_arguments_is_no_excuse():
    verdict = check_log_likelihood(
        written_with(lambda logits, x: 0 * x), seed=5, continuous_bernoulli_log_prob=lambda logits, x: 0 * x
    ).verdict

    assert 0 == earned(verdict)["continuous_bernoulli"]


@pytest.mark.parametrize("answer", [lambda *args: "log p", lambda *args: args[1:], lambda *args: None, None])
def test_what_is_no_answer_earns_nothing(answer):
    pytest.importorskip("jax")

    verdict = check_log_likelihood(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")


def test_one_kind_alone_earns_its_part():
    """Nothing but a Gaussian: the other kinds are not there, and neither is the ValueError."""
    jax = pytest.importorskip("jax")

    def answer(kind, out, x, log_sigma):
        terms = -0.5 * ((x - out) * jax.numpy.exp(-log_sigma)) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
        return terms.sum(-1)

    verdict = check_log_likelihood(answer, seed=6).verdict

    assert {"gaussian": 0.5, "one number per example": 0.5} == {k: v for k, v in earned(verdict).items() if v}

"""The continuous Bernoulli: our own formulas, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, special

from vaelabs.checks import (
    check_continuous_bernoulli_log_prob,
    continuous_bernoulli_log_density,
    continuous_bernoulli_mean,
)
from vaelabs.checks.continuous_bernoulli import FORMS, fresh

LOGITS = (-60, -7, -1, -1e-3, -1e-9, 0, 1e-300, 0.2499, 0.2501, 3, 60)
FULL = {"values": 2, "a number for each pixel": 1, "through logit 0": 1, "large logits": 1}


@pytest.mark.parametrize("logit", LOGITS)
def test_the_density_integrates_to_one_and_has_the_mean(logit):
    def density(x):
        return np.exp(continuous_bernoulli_log_density(logit, x))

    area, _ = integrate.quad(density, 0, 1, points=[0.02, 0.98])
    mean, _ = integrate.quad(lambda x: x * density(x), 0, 1, points=[0.02, 0.98])

    assert area == pytest.approx(1, abs=1e-12)
    assert mean == pytest.approx(continuous_bernoulli_mean(logit), abs=1e-12)


def test_the_density_is_that_of_the_paper():
    """Loaiza-Ganem & Cunningham (2019), in lambda."""
    logits, x = np.random.default_rng(1).normal(size=(2, 50)) * [[2], [0.1]] + [[0], [0.5]]
    p = special.expit(logits)
    constant = 2 * np.arctanh(1 - 2 * p) / (1 - 2 * p)

    want = np.log(constant * p**x * (1 - p) ** (1 - x))

    np.testing.assert_allclose(continuous_bernoulli_log_density(logits, x), want, rtol=1e-9)


def test_the_density_is_symmetric_and_exact_far_out():
    logits, x = np.array([-1e3, -5, 0, 0.3, 1e4])[:, None], np.linspace(0, 1, 9)

    got = continuous_bernoulli_log_density(logits, x)

    np.testing.assert_allclose(got, continuous_bernoulli_log_density(-logits, 1 - x), rtol=1e-12, atol=1e-12)
    assert got[0, 0] == pytest.approx(np.log(1e3))
    assert got[-1, 0] == pytest.approx(np.log(1e4) - 1e4)


@pytest.mark.parametrize(("p", "mean"), [(0.9, 0.670), (0.01, 0.207), (0.5, 0.5)])
def test_the_mean_is_not_lambda(p, mean):
    assert mean == pytest.approx(continuous_bernoulli_mean(special.logit(p)), abs=5e-4)


def test_the_mean_is_exact_far_out_and_where_its_series_ends():
    assert 1 - 1e-3 == continuous_bernoulli_mean(1e3)
    assert 1e-3 == continuous_bernoulli_mean(-1e3)
    below, above = continuous_bernoulli_mean([0.25 - 1e-12, 0.25 + 1e-12])
    assert below == pytest.approx(above, abs=1e-12)


def test_tensorflow_probability_agrees():
    """In float64 by its logits: it computes in float32 where nothing else is said."""
    jax = pytest.importorskip("jax")
    tfd = pytest.importorskip("tensorflow_probability.substrates.jax.distributions")
    logits, x = np.array([-300.0, -20, -1, -1e-3, 0, 0.5, 40])[:, None], np.linspace(0, 1, 5)

    got = tfd.ContinuousBernoulli(logits=jax.numpy.array(logits, "float32")).log_prob(x.astype("float32"))

    np.testing.assert_allclose(got, continuous_bernoulli_log_density(logits, x), rtol=2e-6, atol=2e-6)


def test_the_wrong_forms_are_all_different():
    """Otherwise the first of two would always be blamed for both. Two of a sentence may agree: they are one mistake."""
    rng = np.random.default_rng(4)
    logits, x = rng.uniform(0.1, 0.9, (40, 3)), rng.uniform(0, 1, (40, 3))
    with np.errstate(all="ignore"):
        values = [form.formula(logits, x) for form in FORMS]

    assert not [
        (FORMS[i].sentence, FORMS[j].sentence)
        for i in range(len(values))
        for j in range(i)
        if FORMS[i].sentence != FORMS[j].sentence and np.allclose(values[i], values[j], rtol=1e-3)
    ]
    right = continuous_bernoulli_log_density(logits, x)
    assert not [form.id for form, each in zip(FORMS, values) if np.allclose(each, right, rtol=1e-4)]


def test_no_seed_asks_for_logit_0_among_the_values():
    """There an answer without a guard has no number, which has a property of its own."""
    for seed in range(50):
        logits, x = fresh(np.random.default_rng(seed))

        assert np.abs(logits).min() >= 0.1
        assert {0, 1} <= set(x.ravel())


def earned(verdict) -> dict[str, float]:
    return {part.name: part.points for part in verdict.properties}


def test_no_number_at_logit_0_loses_that_point_only():
    """`jnp.where` with one guard: the value is right, the gradient is NaN."""
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def answer(logits, x):
        log_c = jnp.where(logits == 0, jnp.log(2.0), jnp.log(logits / jnp.tanh(logits / 2)))
        return x * logits - jax.nn.softplus(logits) + log_c

    verdict = check_continuous_bernoulli_log_prob(answer, seed=3).verdict

    assert FULL | {"through logit 0": 0} == earned(verdict)
    assert "L9" == verdict.diagnosis.id
    assert "the value is right, the gradient is nan, not -0.2" in verdict.diagnosis.evidence


def test_a_bernoulli_on_grey_pixels_is_told_what_it_integrates_to():
    jax = pytest.importorskip("jax")

    def answer(logits, x):
        return x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits)

    verdict = check_continuous_bernoulli_log_prob(answer, seed=3).verdict

    assert FULL | {"values": 0, "through logit 0": 0, "large logits": 0} == earned(verdict)
    assert "L8" == verdict.diagnosis.id
    assert "the density integrates to 1 over [0, 1]: yours to 0." in verdict.properties[0].message


def test_adding_up_loses_that_point_only():
    jax = pytest.importorskip("jax")

    def answer(logits, x):
        safe = jax.numpy.where(abs(logits) < 1e-3, 1e-3, logits)
        terms = x * logits - jax.nn.softplus(logits) + jax.numpy.log(safe / jax.numpy.tanh(safe / 2))
        return terms.sum(-1)

    verdict = check_continuous_bernoulli_log_prob(answer, seed=3).verdict

    assert FULL | {"a number for each pixel": 0} == earned(verdict)
    assert "L35" == verdict.diagnosis.id


@pytest.mark.parametrize(
    "answer",
    [lambda logits, x: "log p", lambda logits, x: (x, logits), lambda logits: 0.0, lambda logits, x: None, None],
)
def test_what_is_no_answer_earns_nothing(answer):
    pytest.importorskip("jax")

    verdict = check_continuous_bernoulli_log_prob(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

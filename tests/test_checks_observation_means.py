"""The mean of a pixel under four observation models: our own formula, and the check apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from vaelabs.checks import check_observation_mean, observation_mean
from vaelabs.checks.observation_means import FORMS, _fresh
from vaelabs.checks.pixel_likelihoods import KINDS, pixel_terms

FULL = {
    "gaussian and bernoulli": 0.5,
    "continuous_bernoulli": 0.5,
    "through logit 0": 0.5,
    "truncated_normal": 0.5,
    "tails": 0.5,
    "other kinds": 0.5,
}


@pytest.mark.parametrize("kind", ["continuous_bernoulli", "truncated_normal"])
def test_the_mean_is_that_of_the_likelihood(kind):
    """By quadrature of the density that `log_likelihood` is graded by."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x = (nodes[:, None] + 1) / 2
    out, log_sigma = np.array([-1.3, -0.2, 0.0, 0.6, 2.5]), np.array(-0.9)

    want = weights / 2 @ (x * np.exp(pixel_terms(kind, out, x, log_sigma)))

    np.testing.assert_allclose(observation_mean(kind, out, log_sigma), want, rtol=1e-9)


def test_a_gaussian_mean_is_not_clipped_and_a_bernoulli_mean_is_the_sigmoid():
    out = np.array([-0.5, 0.3, 1.5])

    np.testing.assert_array_equal(out, observation_mean("gaussian", out, 0.0))
    np.testing.assert_allclose(observation_mean("bernoulli", out, 0.0), special.expit(out))


def test_another_kind_is_a_value_error():
    with pytest.raises(ValueError, match="there is no observation model 'poisson'"):
        observation_mean("poisson", np.zeros(3), 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_wrong_forms_are_all_different(kind):
    """Otherwise the first of two would always be blamed for both. Two of a sentence may agree: they are one mistake."""
    inputs = _fresh(np.random.default_rng(3), kind)
    if kind.endswith("bernoulli"):
        inputs = [*inputs, (special.expit(inputs[0][0]), inputs[0][1])]
    with np.errstate(all="ignore"):
        values = [np.stack([form.formula(*each) for each in inputs]) for form in FORMS[kind]]
    right = np.stack([observation_mean(kind, *each) for each in inputs])

    def alike(one, other):
        known = np.isfinite(one) & np.isfinite(other)
        return np.allclose(one[known], other[known], rtol=1e-3)

    ids = [form.id for form in FORMS[kind]]
    assert not [
        (ids[i], ids[j]) for i in range(len(ids)) for j in range(i) if ids[i] != ids[j] and alike(values[i], values[j])
    ]
    assert not [id for id, each in zip(ids, values) if alike(each, right)]


def earned(verdict) -> dict[str, float]:
    return {part.name: part.points for part in verdict.properties}


def test_lambda_and_location_lose_their_kinds_only():
    """One sigmoid for all logits, the location for the cut normal: what the images of many tutorials show."""
    jax = pytest.importorskip("jax")

    def answer(kind, out, log_sigma):
        if kind in ("gaussian", "truncated_normal"):
            return out
        if kind in ("bernoulli", "continuous_bernoulli"):
            return jax.nn.sigmoid(out)
        raise ValueError(kind)

    verdict = check_observation_mean(answer, seed=3).verdict

    lost = {"continuous_bernoulli": 0, "through logit 0": 0, "truncated_normal": 0, "tails": 0}
    assert FULL | lost == earned(verdict)
    assert "L10" == verdict.diagnosis.id
    assert "at lambda = 0.9 the mean is 0.670" in verdict.diagnosis.sentence


@pytest.mark.parametrize("answer", [lambda *args: "mean", lambda *args: args[1:], lambda *args: None, None])
def test_what_is_no_answer_earns_nothing(answer):
    pytest.importorskip("jax")

    verdict = check_observation_mean(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

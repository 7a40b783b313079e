"""The Gaussian's log-density: our own formula, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from vaelabs.checks import check_gaussian_log_likelihood, gaussian_log_density

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("log_sigma", [-3.0, 0.0, 1.7])
def test_the_density_integrates_to_one(log_sigma):
    x = 0.8 + np.exp(log_sigma) * np.linspace(-10, 10, 2001)[:, None]

    density = np.exp(gaussian_log_density(x, np.array([0.8]), log_sigma))

    assert np.trapezoid(density, x[:, 0]) == pytest.approx(1, abs=1e-9)


def test_the_density_is_scipys_for_every_shape_of_log_sigma():
    rng = np.random.default_rng(1)
    x, mean, log_sigma = rng.normal(size=(3, 5, 3))

    for scale in (log_sigma, log_sigma[0], log_sigma[0, 0]):
        want = stats.norm(mean, np.exp(scale)).logpdf(x).sum(-1)
        np.testing.assert_allclose(gaussian_log_density(x, mean, scale), want)


def test_two_dimensions_at_the_mean_give_minus_log_two_pi():
    assert gaussian_log_density(np.ones((1, 2)), np.ones((1, 2)), 0.0) == pytest.approx(-1.837877, abs=1e-6)


def graded(quadratic=0.5, scale=1.0, constant=0.5):
    """The verdict on an answer with these factors."""

    def answer(x, x_mean, log_sigma):
        r = (x - x_mean) * torch.exp(-log_sigma)
        return (-quadratic * r**2 - scale * log_sigma - constant * math.log(2 * math.pi)).sum(-1)

    return check_gaussian_log_likelihood(answer, seed=2).verdict


@pytest.mark.parametrize(
    ("factors", "ids", "words"),
    [
        ({"constant": 0}, "L6a", "0.9189 per dimension"),
        ({"scale": 0}, "L6b", "-log_sigma is missing"),
        ({"quadratic": 1}, "L6e", "The ½ before the squared residual is missing."),
        ({"scale": -1}, "L6l", "sign of log_sigma"),
        ({"quadratic": 0.25}, "L6e", "0.25 in front of it, not ½"),
        ({"constant": 1}, "L6m", "The ½ of the constant"),
        ({"quadratic": -0.5, "scale": -1, "constant": -0.5}, "L12", "negative log-likelihood"),
    ],
)
def test_a_wrong_factor_is_named(factors, ids, words):
    diagnosis = graded(**factors).diagnosis

    assert ids == diagnosis.id
    assert words in diagnosis.sentence


def test_two_mistakes_are_named_together():
    diagnosis = graded(scale=0, constant=0).diagnosis

    assert "L6b" == diagnosis.id
    assert "-log_sigma is missing" in diagnosis.sentence
    assert "constant -½ log(2π) is missing" in diagnosis.sentence


def test_a_missing_constant_keeps_broadcasting_and_gradient():
    earned = {part.name: part.points for part in graded(constant=0).properties}

    assert {"values": 0, "broadcasting": 1, "extremes": 0, "gradient": 1} == earned


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, x_mean, log_sigma: x.sum(-1) * float("nan"),
        lambda x, x_mean, log_sigma: "log p",
        lambda x, x_mean, log_sigma: (x, x_mean),
        lambda x: 0.0,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    verdict = check_gaussian_log_likelihood(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

"""The reference mathematics of the bounds, against integration and sampling; and how their checks fail."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from vaelabs.checks import bounds
from vaelabs.checks.bounds import LinearGaussian, check_iwae_bound, check_log_marginal
from vaelabs.checks.likelihood import gaussian_log_density
from vaelabs.subjects import Net

torch = pytest.importorskip("torch")


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize(("data", "latent"), [(1, 1), (3, 1), (3, 2)])
def test_the_linear_model_has_the_density_of_scipy(rng, data, latent):
    """log p(x) is that of N(b, WW' + sigma² I)."""
    model = LinearGaussian.random(rng, data, latent)
    x = model.draw(rng, 6)

    covariance = model.weight @ model.weight.T + np.exp(2 * model.log_sigma) * np.eye(data)
    want = multivariate_normal(model.bias, covariance).logpdf(x)

    np.testing.assert_allclose(model.log_marginal(x), want)


def test_the_posterior_turns_the_joint_into_the_marginal(rng):
    """log p(x, z) - log p(z given x) is log p(x) for every z: with it every importance weight is the same."""
    model = LinearGaussian.random(rng, 3, 2)
    x, z = model.draw(rng, 1), rng.normal(size=(5, 2))

    mean, covariance = model.posterior(x)
    log_joint = gaussian_log_density(x, model.decoder(z), model.log_sigma) + multivariate_normal(np.zeros(2)).logpdf(z)
    log_w = log_joint - multivariate_normal(mean[0], covariance).logpdf(z)

    np.testing.assert_allclose(log_w, np.repeat(model.log_marginal(x), 5))
    np.testing.assert_allclose(bounds.log_mean_exp(log_w[:, None]), model.log_marginal(x))


def test_the_encoder_is_the_posterior(rng):
    """The network gives the posterior's mean and the logarithm of its variances."""
    model = LinearGaussian.random(rng, 3, 2)
    x = model.draw(rng, 4)

    mu, logvar = model.encoder()(x)

    mean, covariance = model.posterior(x)
    np.testing.assert_allclose(mu, mean)
    np.testing.assert_allclose(np.exp(logvar), np.tile(np.diag(covariance), (4, 1)))


def test_a_posterior_that_is_not_diagonal_has_no_encoder():
    """A diagonal q cannot be the posterior when W's columns are not orthogonal."""
    model = LinearGaussian(np.array([[1.0, 0.5], [0.0, 1.0]]), np.zeros(2), 0.0)

    with pytest.raises(ValueError, match="not diagonal"):
        model.encoder()


def test_the_grid_gives_the_closed_form(rng):
    """Quadrature of the linear model agrees with its closed form to ten digits."""
    model = LinearGaussian.random(rng, 2, 1)
    x = model.draw(rng, 5)

    got = bounds.log_marginal_on_grid(x, model.decoder, model.log_sigma, np.linspace(-10, 10, 801))

    np.testing.assert_allclose(got, model.log_marginal(x), rtol=1e-10)


def test_the_grid_gives_the_integral_of_a_curved_model(rng):
    """Adaptive integration of the same integrand agrees."""
    decoder, x = Net.random(rng, [1, 6, 2], scale=1.5), rng.normal(size=(1, 2))

    def joint(z: float) -> float:
        log_lik = gaussian_log_density(x[0], decoder(np.array([z])), -0.3)
        return float(np.exp(log_lik - z * z / 2) / np.sqrt(2 * np.pi))

    want = np.log(quad(joint, -10, 10, epsabs=1e-13, limit=200)[0])

    got = bounds.log_marginal_on_grid(x, decoder, -0.3, np.linspace(-10, 10, 2001))
    np.testing.assert_allclose(got, [want], rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_constants_earn_nothing(value):
    """Zeros, NaN and infinity of the right shape are worth no point and no review."""
    bound = check_iwae_bound(lambda log_w: torch.full((log_w.shape[1],), value), seed=3)
    marginal = check_log_marginal(lambda x, *rest: torch.full((len(x),), value), seed=3)

    assert [(0, "graded"), (0, "graded")] == [(each.verdict.points, each.verdict.status) for each in (bound, marginal)]


@pytest.mark.parametrize("check", [check_iwae_bound, check_log_marginal])
def test_an_answer_that_raises_has_failed(check):
    """The verdict carries the exception's text."""

    def answer(*args):
        raise RuntimeError("shapes differ")

    verdict = check(answer, seed=3).verdict

    assert ("failed", 0) == (verdict.status, verdict.points)
    assert "RuntimeError: shapes differ" in verdict.message


def test_one_mistake_costs_one_property():
    """A missing log K costs the values only: stability and axes are judged apart from the constant."""
    verdict = check_iwae_bound(lambda log_w: torch.logsumexp(log_w, 0), seed=3).verdict

    assert {"values": 0, "stability": 1, "axes": 1} == {each.name: each.points for each in verdict.properties}
    assert "I2" == verdict.diagnosis.id

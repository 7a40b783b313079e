"""The check of the reparameterised draw, apart from the sample answers: its statistics, and that it fails closed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vaelabs.checks import check_reparameterize
from vaelabs.checks.reparameterization import (
    NOISE_SHAPE,
    P_LIMIT,
    Z_LIMIT,
    _check_noise,
    _chi_square_tails,
    _moments,
    _normal_p,
)
from vaelabs.checks.rubric import Broken

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jnp = jax.numpy


def test_a_right_answer_fails_the_noise_law_less_than_once_in_a_million():
    """Four moments and four lags two-sided, two two-sided correlation tests and one Kolmogorov-Smirnov test.

    In JAX the lags and correlations are looked at twice: without vmap, and mapped over keys.
    """
    lags, correlations = 4 * 2 * stats.norm.sf(Z_LIMIT), 2 * 2 * P_LIMIT

    assert 4 * 2 * stats.norm.sf(Z_LIMIT) + P_LIMIT + 2 * (lags + correlations) < 1e-6 / 10


def test_the_statistics_have_the_distributions_they_claim():
    """200 draws of true noise: z-scores of variance 1, tail probabilities uniform."""
    rng = np.random.default_rng(1)
    draws = [rng.normal(size=(400, 50)) for _ in range(200)]

    scores = np.array([[(got - want) / deviation for _, got, want, deviation in _moments(e)] for e in draws])
    tails = [_chi_square_tails((e - e.mean()).sum(0) / (e.std() * 20))[1] for e in draws]
    across = [_chi_square_tails((e - e.mean()).sum(1) / (e.std() * 50**0.5))[1] for e in draws]

    for column in scores.T:
        assert stats.kstest(column, "norm").pvalue > 1e-4
    for each in (tails, across, [_normal_p(e) for e in draws]):
        assert stats.kstest(each, "uniform").pvalue > 1e-4


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda e: e, None),
        (lambda e: e + 0.02, "mean"),
        (lambda e: 1.01 * e, "variance"),
        (lambda e: np.where(np.arange(len(e))[:, None] % 2, e, np.roll(e, 1, 0)), "alike"),
        (lambda e: np.where(np.arange(len(e))[:, None] % 2, e, -np.roll(e, -1, 0)), "opposed"),
        (lambda e: np.concatenate([e[: len(e) // 2]] * 2), "alike"),
        (lambda e: np.repeat(e[:, ::2], 2, 1), "latent dimensions is alike"),
        (lambda e: e / np.sqrt((e[:, :1] ** 2 + e[:, 1:2] ** 2 + e[:, 2:3] ** 2) / 3), "variance"),
        (lambda e: np.sign(e) * np.sqrt(np.abs(e)) * 1.12, "moment"),
        (lambda e: e * np.nan, "not a number"),
        (lambda e: np.clip(e, -2.5, 2.5), "variance"),
    ],
)
def test_spoilt_noise_is_seen(spoil, words):
    e = spoil(np.random.default_rng(2).normal(size=NOISE_SHAPE))

    if words is None:
        _check_noise(e)
    else:
        with pytest.raises(Broken, match=words):
            _check_noise(e)


def test_a_wrong_scale_keeps_the_point_for_the_noise():
    verdict = check_reparameterize(lambda mu, logvar: mu + logvar.exp() * torch.randn_like(mu), seed=3).verdict

    assert ["noise", "shape, dtype and freshness"] == [part.name for part in verdict.properties if part.points]
    assert "R1" == verdict.diagnosis.id


@pytest.mark.parametrize(
    ("points", "shares"), [(4, [1, 1, 1, 1]), (3, [1, 1, 0.5, 0.5]), (2, [0.5, 0.5, 0.5, 0.5])]
)
def test_a_lab_may_give_it_fewer_points(points, shares):
    verdict = check_reparameterize(
        lambda mu, logvar: mu + torch.exp(logvar / 2) * torch.randn_like(mu), seed=6, points=points
    ).verdict

    assert shares == [part.points for part in verdict.properties]
    assert points == verdict.max_points


def test_other_points_are_refused():
    with pytest.raises(ValueError, match="the check knows 4, 3, 2 points, not 5"):
        check_reparameterize(lambda mu, logvar: mu, points=5)


@pytest.mark.parametrize(
    "answer",
    [
        lambda mu, logvar: mu * float("nan"),
        lambda mu, logvar: mu * float("inf"),
        lambda mu, logvar: "z",
        lambda mu, logvar: 0.0,
        lambda mu, logvar: (mu, logvar),
        lambda mu: mu,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    verdict = check_reparameterize(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")


def test_arguments_changed_in_place_cost_a_point():
    def answer(mu, logvar):
        with torch.no_grad():
            eps = torch.randn_like(mu)
        z = mu + torch.exp(logvar / 2) * eps
        mu.data.zero_()
        return z

    verdict = check_reparameterize(answer, seed=5).verdict

    assert "your function changes its argument mu in place: compute a new tensor" == verdict.properties[3].message
    assert "R26" == verdict.diagnosis.id


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("shape", "what"), [((-1, 1), "the noise of different latent dimensions is alike"),
                        ((1, -1), "the noise of different examples is alike")]
)  # fmt: skip
def test_shared_noise_is_named_by_its_axis(seed, shape, what):
    """The axis along which it is alike, though the test along the other is upset as well."""

    def reparameterize(mu, logvar):
        size = [each if wanted == -1 else 1 for each, wanted in zip(mu.shape[-2:], shape)]
        return mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)

    noise = check_reparameterize(reparameterize, seed=seed).verdict.properties[2]

    assert "noise" == noise.name
    assert noise.message.startswith(what)


def in_jax(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape)


def wrong_scale(key, mu, logvar):
    return mu + jnp.exp(jnp.float32(logvar)) * jax.random.normal(key, mu.shape)


def numpy_noise(key, mu, logvar):
    return mu + jnp.exp(jnp.float32(logvar) / 2) * np.random.normal(size=mu.shape).astype(np.float32)


def key_made_inside(key, mu, logvar):
    return in_jax(jax.random.key(0), mu, logvar)


def noise_in_bfloat16(key, mu, logvar):
    return mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape, mu.dtype)


def python_if(key, mu, logvar):
    return in_jax(key, mu, logvar) if jnp.isfinite(mu).all() else mu


def one_half_of_the_key(key, mu, logvar):
    """The first word of a key made of a small number is 0."""
    return in_jax(jax.random.key(jax.random.key_data(key)[0]), mu, logvar)


@pytest.mark.parametrize(
    ("answer", "points", "diagnosis"),
    [
        (in_jax, [0.5, 1, 0.5, 0.5, 0.5], "-"),
        (wrong_scale, [0, 0, 0.5, 0.5, 0.5], "R1"),
        (numpy_noise, [0.5, 1, 0.5, 0, 0], "R16"),
        (key_made_inside, [0.5, 1, 0.5, 0, 0], "R13"),
        (one_half_of_the_key, [0.5, 1, 0.5, 0, 0], "R13"),
        (noise_in_bfloat16, [0.5, 1, 0.5, 0, 0.5], "R30"),
        (python_if, [0.5, 1, 0.5, 0.5, 0], "R31"),
    ],
)
def test_in_jax_each_mistake_costs_its_own_points(answer, points, diagnosis):
    verdict = check_reparameterize(answer, framework="jax", points=3, seed=3).verdict

    assert points == [part.points for part in verdict.properties]
    assert diagnosis == (verdict.diagnosis.id if verdict.diagnosis else "-")


def test_other_noise_in_compiled_code_is_seen():
    """Right wherever it is called with numbers; under jit the key is forgotten."""

    def reparameterize(key, mu, logvar):
        return in_jax(jax.random.key(0) if isinstance(key, jax.core.Tracer) else key, mu, logvar)

    found = check_reparameterize(reparameterize, framework="jax", points=3, seed=3).verdict.properties[4]

    assert ("key, jit and vmap", 0) == (found.name, found.points)
    assert found.message.startswith("under jax.jit, the same key gives another z")


def test_jax_has_its_own_points():
    with pytest.raises(ValueError, match="the check knows 3 points, not 4"):
        check_reparameterize(in_jax, framework="jax")

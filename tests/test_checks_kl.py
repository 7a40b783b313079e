"""The KL divergence: our own formula, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from vaelabs.checks import check_kl_divergence, kl_standard_normal
from vaelabs.checks.kl import FORMS

torch = pytest.importorskip("torch")
jnp = pytest.importorskip("jax.numpy")


@pytest.mark.parametrize(("mu", "logvar"), [(0.0, 0.0), (1.3, -0.7), (-2.0, 1.1), (0.4, -4.0)])
def test_the_kl_is_the_integral_of_q_log_q_over_p(mu, logvar):
    q, p = stats.norm(mu, np.exp(logvar / 2)), stats.norm()
    reach = 12 * q.std()

    by_hand, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mu - reach, mu + reach)

    assert kl_standard_normal(np.array([mu]), np.array([logvar])) == pytest.approx(by_hand, abs=1e-8)


def test_the_kl_adds_up_over_the_last_axis():
    rng = np.random.default_rng(1)
    mu, logvar = rng.normal(size=(2, 4, 5, 3))

    parts = [kl_standard_normal(mu[..., j : j + 1], logvar[..., j : j + 1]) for j in range(3)]

    np.testing.assert_allclose(sum(parts), kl_standard_normal(mu, logvar))
    assert (kl_standard_normal(mu, logvar) >= 0).all()


def test_the_wrong_forms_are_all_different():
    """Otherwise the first of two would always be blamed for both."""
    rng = np.random.default_rng(2)
    mu, logvar = rng.normal(size=(2, 50, 3))
    logvar = np.abs(logvar)

    values = [form.formula(mu, logvar).sum(-1) for form in FORMS]

    assert not [
        (FORMS[i].id, FORMS[j].id)
        for i in range(len(values))
        for j in range(i)
        if FORMS[i].sentence != FORMS[j].sentence and np.allclose(values[i], values[j], rtol=1e-3)
    ]


def test_the_half_forgotten_keeps_the_shape_and_is_named():
    verdict = check_kl_divergence(lambda mu, logvar: (mu**2 + logvar.exp() - 1 - logvar).sum(-1), seed=3).verdict

    assert 1 == verdict.points
    assert "K1" == verdict.diagnosis.id
    assert "the KL at mu = 1, logvar = 0: got 1, expected 0.5" == verdict.properties[0].message


def test_one_number_for_the_batch_loses_that_point_only():
    verdict = check_kl_divergence(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(), seed=3).verdict

    assert ["one number per example"] == [part.name for part in verdict.properties if not part.points]
    assert "K13" == verdict.diagnosis.id


@pytest.mark.parametrize(("points", "shares"), [(5, [2, 1, 1, 1]), (3, [1, 0.5, 0.5, 1])])
def test_a_lab_may_give_it_fewer_points(points, shares):
    verdict = check_kl_divergence(lambda mu, logvar: 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1), points=points).verdict

    assert shares == [part.points for part in verdict.properties]
    assert points == verdict.max_points


def test_other_points_are_refused():
    with pytest.raises(ValueError, match="the check knows 5, 3 points, not 4"):
        check_kl_divergence(lambda mu, logvar: 0, points=4)


@pytest.mark.parametrize(
    "answer",
    [
        lambda mu, logvar: float("nan"),
        lambda mu, logvar: mu.sum(-1) * float("nan"),
        lambda mu, logvar: "0.5",
        lambda mu, logvar: None,
        lambda mu, logvar: (mu.sum(-1), logvar.sum(-1)),
        lambda mu, logvar: [],
        lambda: 0,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    """Whatever comes back, the check ends with 0 points, or those of a property that does hold."""
    verdict = check_kl_divergence(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")


def test_the_same_seed_gives_the_same_verdict():
    def answer(mu, logvar):
        return (mu**2 + logvar.exp() - logvar).sum(-1)

    assert check_kl_divergence(answer, seed=5).verdict == check_kl_divergence(answer, seed=5).verdict


def in_jax(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)


def through_sigma(mu, logvar):
    """All that a library's Normal knows."""
    mu, sigma = mu.astype(jnp.float32), jnp.exp(logvar.astype(jnp.float32) / 2)
    return (0.5 * (mu**2 + sigma**2 - 1) - jnp.log(sigma)).sum(-1)


def cast_twice(mu, logvar):
    """Right in float32; the gradient of the second cast is rounded once more, which is no matter of this function."""
    return 0.5 * (jnp.float32(mu) ** 2 + jnp.exp(jnp.float32(logvar)) - 1 - jnp.float32(logvar)).sum(-1)


@pytest.mark.parametrize(
    ("answer", "points", "diagnosis"),
    [
        (in_jax, [1, 0.5, 0.5, 0.5, 0.5], "-"),
        (through_sigma, [1, 0.5, 0.5, 0.5, 0.5], "-"),
        (cast_twice, [1, 0.5, 0.5, 0.5, 0.5], "-"),
        (lambda mu, logvar: 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1), [1, 0.5, 0.5, 0.5, 0], "K25"),
        (lambda mu, logvar: in_jax(mu, logvar).astype(jnp.bfloat16), [0, 0.5, 0, 0, 0], "K25"),
        (lambda mu, logvar: 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1), [1, 0.5, 0.5, 0, 0], "K26"),
        (lambda mu, logvar: 2 * in_jax(mu, logvar), [0, 0.5, 0, 0, 0.5], "K1"),
        (lambda mu, logvar: in_jax(mu, logvar).sum(), [1, 0, 0.5, 0.5, 0.5], "K13"),
    ],
)
def test_in_jax_each_mistake_costs_its_own_points(answer, points, diagnosis):
    verdict = check_kl_divergence(answer, framework="jax", points=3, seed=3).verdict

    assert points == [part.points for part in verdict.properties]
    assert diagnosis == (verdict.diagnosis.id if verdict.diagnosis else "-")


def test_what_cannot_be_compiled_is_told_by_the_transformation():
    def answer(mu, logvar):
        kl = in_jax(mu, logvar)
        return kl if (kl >= 0).all() else 0 * kl

    verdict = check_kl_divergence(answer, framework="jax", points=3, seed=3).verdict

    assert ["jit, vmap and bfloat16"] == [part.name for part in verdict.properties if not part.points]
    assert verdict.properties[4].message.startswith("under jax.jit it raised TracerBoolConversionError")
    assert "K26" == verdict.diagnosis.id


def test_jax_has_its_own_points():
    with pytest.raises(ValueError, match="the check knows 3 points, not 5"):
        check_kl_divergence(in_jax, framework="jax")

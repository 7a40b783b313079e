"""The KL divergence: our own formula, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from vaelabs.checks import check_kl_divergence, kl_standard_normal
from vaelabs.checks.kl import FORMS

torch = pytest.importorskip("torch")


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

"""The binary pixels' log-probability: our own formula, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import special, stats

from vaelabs.checks import bernoulli_log_density, check_bernoulli_log_likelihood
from vaelabs.checks.bernoulli import FORMS, bernoulli_terms

torch = pytest.importorskip("torch")
F = torch.nn.functional


def test_the_probabilities_of_all_images_add_up_to_one():
    logits = np.random.default_rng(1).normal(0, 3, 5)
    images = np.array(list(itertools.product((0.0, 1.0), repeat=5)))

    assert np.exp(bernoulli_log_density(logits, images)).sum() == pytest.approx(1)


def test_the_probability_is_scipys_and_its_leading_axes_broadcast():
    rng = np.random.default_rng(2)
    logits, x = rng.normal(size=(4, 7, 3)), rng.integers(0, 2, (7, 3))

    want = stats.bernoulli(special.expit(logits)).logpmf(x).sum(-1)

    np.testing.assert_allclose(bernoulli_log_density(logits, x), want)


@pytest.mark.parametrize(
    ("logit", "x", "want"), [(-200, 1, -200), (200, 0, -200), (1e4, 1, 0), (-1e4, 0, 0), (1e4, 0, -1e4), (-1e4, 1, -1e4)]
)
def test_it_is_exact_at_large_logits(logit, x, want):
    assert want == bernoulli_log_density(np.array([float(logit)]), np.array([float(x)]))


def test_grey_pixels_have_the_same_formula():
    logits, x = np.random.default_rng(3).normal(size=(2, 50))
    p = special.expit(logits)

    np.testing.assert_allclose(bernoulli_terms(logits, x), x * np.log(p) + (1 - x) * np.log(1 - p))


def test_the_wrong_forms_are_all_different():
    """Otherwise the first of two would always be blamed for both. Two of a sentence may agree: they are one mistake."""
    rng = np.random.default_rng(4)
    logits, x = rng.uniform(0.05, 0.95, (50, 3)), rng.integers(0, 2, (50, 3)).astype(float)
    with np.errstate(all="ignore"):
        values = [form.formula(logits, x).sum(-1) for form in FORMS]

    assert not [
        (FORMS[i].id, FORMS[j].id)
        for i in range(len(values))
        for j in range(i)
        if FORMS[i].sentence != FORMS[j].sentence and np.allclose(values[i], values[j], rtol=1e-3)
    ]
    right = bernoulli_log_density(logits, x)
    assert not [form.id for form, each in zip(FORMS, values) if np.allclose(each, right, rtol=1e-3)]


def earned(answer, seed=3) -> dict[str, float]:
    return {part.name: part.points for part in check_bernoulli_log_likelihood(answer, seed=seed).verdict.properties}


FULL = {"values": 2, "one number per example": 1, "extremes": 1, "gradient": 1}


def test_a_clamp_at_minus_100_is_told_in_numbers():
    """BCE of the sigmoid: right in the middle, -100 at logit -200, and no gradient there."""

    def answer(logits, x):
        p = torch.sigmoid(logits)
        return -F.binary_cross_entropy(p, x.expand_as(p), reduction="none").sum(-1)

    verdict = check_bernoulli_log_likelihood(answer, seed=3).verdict

    assert FULL | {"extremes": 0, "gradient": 0} == earned(answer)
    assert "L1" == verdict.diagnosis.id
    assert "yours is -100, it is -200" in verdict.diagnosis.evidence


def test_one_number_for_the_batch_loses_that_point_only():
    def answer(logits, x):
        return -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum")

    assert FULL | {"one number per example": 0} == earned(answer)
    assert "L13" == check_bernoulli_log_likelihood(answer, seed=3).verdict.diagnosis.id


def test_the_sign_and_the_mean_are_named_together():
    verdict = check_bernoulli_log_likelihood(F.binary_cross_entropy_with_logits, seed=3).verdict

    assert "L12" == verdict.diagnosis.id
    assert "negative log-likelihood" in verdict.diagnosis.sentence
    assert "Averaged over everything" in verdict.diagnosis.sentence


def test_an_answer_that_refuses_anything_but_zeros_and_ones_is_right():
    """torch.distributions validates x; nothing else is asked for."""
    assert FULL == earned(lambda logits, x: torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1))


@pytest.mark.parametrize(
    "answer",
    [
        lambda logits, x: x.sum(-1) * float("nan"),
        lambda logits, x: "log p",
        lambda logits, x: (x, logits),
        lambda logits, x: None,
        lambda logits: 0.0,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    verdict = check_bernoulli_log_likelihood(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

"""Binary pixels from grey values: the check's statistics, and its behaviour apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest

from vaelabs.checks import check_binarize
from vaelabs.checks.binarization import LEVELS, ROWS, _expect_probabilities
from vaelabs.checks.reparameterization import P_LIMIT, correlation
from vaelabs.checks.rubric import Broken

torch = pytest.importorskip("torch")


def draws(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    levels = np.linspace(0.02, 0.98, LEVELS)
    return levels, (rng.uniform(size=(ROWS, LEVELS)) < levels).astype(float)


def test_a_right_answer_fails_the_noise_law_less_than_once_in_a_million():
    """Exact tails on both sides of each level, four correlation tests of two tails; twice, with and without generator."""
    bound = 2 * (2 * LEVELS * P_LIMIT + 2 * 2 * P_LIMIT) + 2 * 2 * 2 * 2e-9

    assert bound < 1e-6


def test_true_draws_are_never_refused():
    for seed in range(300):
        levels, got = draws(seed)

        _expect_probabilities(got, levels)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda b, p: b, None),
        (lambda b, p: 1 - b, "grey level"),
        (lambda b, p: np.where(p > 0.5, 1.0, b), "grey level"),
        (lambda b, p: np.where(np.arange(ROWS)[:, None] % 10, b, 0.0), "grey level"),
        (lambda b, p: np.where(p < 0.03, 0.0, b), "0 % of"),
        (lambda b, p: np.where(p > 0.97, 1.0, b), "100 % of"),
    ],
)
def test_spoilt_probabilities_are_seen(spoil, words):
    levels, got = draws()

    if words is None:
        _expect_probabilities(got, levels)
    else:
        with pytest.raises(Broken, match=words):
            _expect_probabilities(spoil(got, levels), levels)


@pytest.mark.parametrize("lag", [1, 2000])
def test_repeated_images_are_seen(lag):
    levels, got = draws()
    repeated = np.concatenate([got[: ROWS // 2]] * 2) if lag > 1 else np.repeat(got[::2], 2, axis=0)

    e = (repeated - levels) / np.sqrt(levels * (1 - levels))

    assert "alike" == correlation(e)


def test_a_threshold_keeps_the_point_for_the_values():
    verdict = check_binarize(lambda x, generator=None: (x > 0.5).to(x.dtype), seed=3).verdict

    assert [1, 0] == [part.points for part in verdict.properties]
    assert "B1" == verdict.diagnosis.id
    assert "should be" in verdict.diagnosis.evidence


def test_a_lost_dtype_keeps_the_point_for_the_law():
    verdict = check_binarize(lambda x, generator=None: torch.bernoulli(x, generator=generator).int(), seed=3).verdict

    assert [0, 1] == [part.points for part in verdict.properties]
    assert "x is float32, the result is int32: keep the dtype of x" == verdict.properties[0].message


def test_a_generator_that_is_not_used_is_named():
    verdict = check_binarize(lambda x, generator=None: torch.bernoulli(x), seed=3).verdict

    assert [1, 0] == [part.points for part in verdict.properties]
    assert "the same generator gives other pixels: draw from the generator that is given" == verdict.properties[1].message
    assert "B13" == verdict.diagnosis.id


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, generator=None: x * float("nan"),
        lambda x, generator=None: "x",
        lambda x, generator=None: 0.5,
        lambda x, generator=None: (x, x),
        lambda x, generator=None: None,
        lambda: 0,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    verdict = check_binarize(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

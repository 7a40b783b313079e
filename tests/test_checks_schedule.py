"""The warm-up of beta: our own formula, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest

from vaelabs.checks import check_beta_schedule
from vaelabs.checks.schedule import FORMS, linear_warm_up

pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("args", "want"),
    [((0, 10), 0), ((3, 10), 0.3), ((10, 10, 4.0), 4), ((25, 10, 4.0), 4), ((5, 10, 4.0), 2), ((0, 0, 0.5), 0.5)],
)
def test_beta_by_hand(args, want):
    assert want == pytest.approx(linear_warm_up(*args))


def test_the_wrong_forms_are_all_different():
    """Otherwise the first of two would always be blamed for both."""
    asked = [(s, w, b) for w, b in ((100, 2.5), (997, 0.4)) for s in (0, 1, 13, w // 2, w - 1, w, w + 1, 2 * w + 3, 9 * w)]
    columns = tuple(np.array(column, float) for column in zip(*asked))
    with np.errstate(all="ignore"):
        values = [np.broadcast_to(form.formula(*columns), len(asked)) for form in FORMS]

    assert not [
        (FORMS[i].sentence, FORMS[j].sentence)
        for i in range(len(values))
        for j in range(i)
        if np.allclose(values[i], values[j], rtol=1e-6, equal_nan=True)
    ]
    right = np.array([linear_warm_up(*each) for each in asked])
    assert not [form.sentence for form, each in zip(FORMS, values) if np.allclose(each, right)]


def test_a_division_by_zero_costs_the_edge_case_only():
    verdict = check_beta_schedule(lambda s, w, b=1.0: b * min(1.0, s / w), seed=3).verdict

    assert [1, 0] == [part.points for part in verdict.properties]
    assert "S8" == verdict.diagnosis.id
    assert "division by zero" in verdict.diagnosis.evidence


def test_a_jump_keeps_the_ends():
    verdict = check_beta_schedule(lambda s, w, b=1.0: b if s >= w else 0.0, seed=3).verdict

    assert [0, 1] == [part.points for part in verdict.properties]
    assert verdict.diagnosis.id in ("S10", "S11")


def test_the_message_is_a_call_to_type_again():
    verdict = check_beta_schedule(lambda s, w, b=1.0: b * min(1.0, (s + 1) / w) if w else b, seed=3).verdict

    assert verdict.properties[0].message.startswith("beta_schedule(")
    assert "S4" == verdict.diagnosis.id


def test_a_memory_of_earlier_calls_is_seen():
    """Right in order, wrong in any other."""
    seen = []

    def answer(step, warmup_steps, beta_max=1.0):
        seen.append(linear_warm_up(step, warmup_steps, beta_max))
        return max(seen)

    verdict = check_beta_schedule(answer, seed=3).verdict

    assert 0 == verdict.points
    assert "S12" == verdict.diagnosis.id


@pytest.mark.parametrize(
    "answer",
    [
        lambda step, warmup_steps, beta_max=1.0: float("nan"),
        lambda step, warmup_steps, beta_max=1.0: "beta",
        lambda step, warmup_steps, beta_max=1.0: (0.0, 1.0),
        lambda step, warmup_steps, beta_max=1.0: None,
        lambda: 0,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    verdict = check_beta_schedule(answer, seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

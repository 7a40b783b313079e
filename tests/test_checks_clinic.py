"""The clinic: how a dictionary of diagnoses is marked."""

from __future__ import annotations

import pytest

from vaelabs.checks import check_clinic

KEY = {"A": "kl_vanished", "B": "mean_image", "C": "no_bound", "D": "overfitted", "E": "std_too_large"}
CHOICES = (*KEY.values(), "linear_networks", "too_few_steps")


def graded(diagnosis, **options):
    return check_clinic(diagnosis, KEY, CHOICES, **options).verdict


@pytest.mark.parametrize(("wrong", "points"), [("", 3), ("B", 2), ("BD", 1), ("ABD", 0), ("ABCDE", 0)])
def test_five_right_give_three_points_four_two_three_one(wrong, points):
    verdict = graded(KEY | {letter: "linear_networks" for letter in wrong})

    assert (points, "graded") == (verdict.points, verdict.status)


def test_the_feedback_names_the_letters_and_no_answer():
    verdict = graded(KEY | {"B": "linear_networks", "D": "too_few_steps"})

    assert "not right yet: B, D" == verdict.properties[-1].message
    assert not [answer for answer in KEY.values() if answer in str(verdict.to_dict())]


def test_case_blanks_and_hyphens_do_not_matter():
    loose = {f" {letter.lower()}": f" {answer.replace('_', '-').upper()} " for letter, answer in KEY.items()}

    assert 3 == graded(loose).points


@pytest.mark.parametrize(
    "diagnosis", [None, ..., "", {}, dict.fromkeys(KEY, ...), dict.fromkeys(KEY), dict.fromkeys(KEY, "")]
)
def test_what_is_not_filled_in_is_missing(diagnosis):
    verdict = graded(diagnosis)

    assert (0, "missing") == (verdict.points, verdict.status)
    assert "clinic: `diagnosis` is not filled in yet" == verdict.message


@pytest.mark.parametrize(
    ("diagnosis", "evidence"),
    [
        ([*KEY.values()], "yours is a list"),
        ({"A": "kl_vanished"}, "nothing stands for B, C, D, E"),
        (KEY | {"C": 3}, "C holds a int"),
        (KEY | {"C": "no_bond"}, "C: 'no_bond' is not one of the list; did you mean 'no_bound'?"),
        (KEY | {"C": "overfitted"}, "C, D have the same"),
        (KEY | {"C": "linear_networks"}, "C"),
    ],
)
def test_the_form_of_a_wrong_answer_is_explained(diagnosis, evidence):
    assert evidence == graded(diagnosis).diagnosis.evidence


def test_any_number_of_letters_will_do():
    key = dict(zip("ABCDEFG", ["one", "two", "three", "four", "five", "six", "seven"]))

    points = [check_clinic(key | dict.fromkeys("ABCDEFG"[:n], "eight"), key).verdict.points for n in range(4)]

    assert [3, 2, 1, 0] == points


@pytest.mark.parametrize("diagnosis", [float("nan"), object(), {"A": object()}, {1: 2}, {"A": ["kl_vanished"]}, b"A"])
def test_strange_values_earn_nothing_and_break_nothing(diagnosis):
    verdict = graded(diagnosis)

    assert 0 == verdict.points
    assert "needs_review" != verdict.status


def test_a_key_outside_its_own_list_is_refused():
    with pytest.raises(ValueError, match="not among its choices"):
        check_clinic(KEY, KEY, CHOICES[1:])

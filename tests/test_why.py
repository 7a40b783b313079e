"""`vaelabs why`: how a mark came about, and the same mark once more."""

from __future__ import annotations

import nbformat
import pytest
from click.testing import CliRunner
from tiny import hand_in, write_tiny_course

from vaelabs.cli import main
from vaelabs.course import Course, read_notebook, write_text
from vaelabs.grading import Engine, Ledger, grade
from vaelabs.grading.replay import recorded
from vaelabs.sandbox import Isolation

NOISE = "def double(x):\n    print(x)\n    return 2 * x if isinstance(x, int) else 2 * x + 1"


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    """One whose function is right for integers only, graded by a test that draws."""
    course = write_tiny_course(tmp_path_factory.mktemp("why"))
    source = course.notebook("source", "ps1")
    nb = read_notebook(source)
    nb.cells[1].source = (
        "import numpy as np\nx = np.random.normal(size=(2, 3))\nassert double(4) == 8\n"
        "assert abs(double(x) - 2 * x).max() < 1e-9, f'double({x[0, 0]:.9f}) is wrong'"
    )
    write_text(source, nbformat.writes(nb))
    hand_in(course, "ada", NOISE)
    (course.root / "submitted" / "ben").mkdir()
    list(grade(course, ["ps1"], ["ada", "ben"], isolation=Isolation.NONE))
    return course


def why(course: Course, *words: str):
    return CliRunner().invoke(main, ["--course", str(course.root), "why", *words], catch_exceptions=False)


def test_a_mark_is_reached_again_to_the_last_word(course):
    """Its record, what crossed, and the same drawn number in the same message."""
    result, verdict = recorded(course, "ada", "ps1", "double")
    before = len(Ledger(course.ledger_url).settled())

    shown = why(course, "ada", "ps1", "double")

    assert shown.exit_code == 0, shown.output
    for said in (str(verdict.seed), result.key, *result.hashes.values(), result.worker, "none", verdict.message):
        assert said in shown.output
    assert "double, call(4)\n    -> 8\n" in shown.output
    assert "float64[2, 3]" in shown.output
    assert "The verdict is the same, to the last word." in shown.output
    assert len(Ledger(course.ledger_url).settled()) == before


def test_what_was_not_run_has_a_reason(course):
    """And nothing is run now."""
    shown = why(course, "ben", "ps1", "double")

    assert shown.exit_code == 0
    assert "Nothing was run: ben has not handed in ps1." in shown.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("zoe", "ps1", "double"), "zoe's ps1 has not been graded.\nvaelabs grade ps1 --student zoe"),
        (("ada", "ps1", "triple"), "ps1 has no task 'triple'.\nKnown: double."),
    ],
)
def test_what_is_not_there_is_one_sentence(course, words, said):
    """With the next step."""
    shown = why(course, *words)

    assert (shown.exit_code, shown.stderr.strip()) == (1, said)


def test_a_task_that_the_solution_fails_is_still_for_a_person(tmp_path, monkeypatch):
    """In a class that was set aside because the lab itself does not run here, and again in the replay."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    course = write_tiny_course(tmp_path / "course")
    source = course.notebook("source", "ps1")
    write_text(source, source.read_text().replace("assert double(4) == 8", "assert double(4) == 9"))
    for student in ("ada", "ben", "cy"):
        hand_in(course, student)
    list(grade(course, ["ps1"], ["ada", "ben", "cy"], isolation=Isolation.NONE, engine=Engine(workers=0)))

    shown = why(course, "cy", "ps1", "double")

    assert "the lab's own solution earns nothing on this machine" in shown.output
    assert shown.exit_code == 0 and "The verdict is the same, to the last word." in shown.output


def test_a_lab_that_has_changed_is_said_first(course):
    """The verdict is then by the lab as it is now, and another one is exit code 2."""
    source = course.notebook("source", "ps1")
    write_text(source, source.read_text().replace("< 1e-9", "< 2"))

    shown = why(course, "ada", "ps1", "double")

    assert shown.exit_code == 2
    assert "Changed since: lab." in shown.output
    assert "The verdict is another one now:" in shown.output

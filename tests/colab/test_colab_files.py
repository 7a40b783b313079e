"""A notebook that went through Google Colab is graded as it was before, whatever Colab and its user did to the file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import edits
import nbformat
import pytest
from edits import edited
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from vaelabs.course import SHOW_TAG, Course, grade_id, read_notebook, write_text
from vaelabs.grading import grade
from vaelabs.sample import right_answers, with_answers
from vaelabs.sandbox import DOUBT

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HALF = "def kl_divergence(mu, logvar):\n    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"
"""A mistake worth 1 of 5 points: grading must neither lose it nor mend it."""

odd_ids = pytest.mark.filterwarnings(
    "ignore:Non-unique cell id:nbformat.warnings.DuplicateCellId",
    "ignore:Cell is missing an id field:nbformat.warnings.MissingIDFieldWarning",
)
"""For a file with cells that share an id or have none, which nbformat says and mends."""


def small_course(root: Path) -> Course:
    from conftest import build_course

    return build_course(root)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Course:
    """The small course, built once; everyone hands in under a name of their own."""
    return small_course(tmp_path_factory.mktemp("colab") / "course")


@pytest.fixture
def marks_of(small):
    """Grade the text of a file; the (points, status, diagnosis) of its tasks, and what is said about each."""

    def graded(text: str) -> tuple[list[tuple[float, str, str]], list[str]]:
        student = f"student{len(small.students())}"
        write_text(small.submission(student, "mini"), text)
        (result,) = grade(small, ["mini"], [student])
        assert result.reason == ""
        marks = [(each.points, each.status, each.diagnosis.id if each.diagnosis else "") for each in result.verdicts]
        return marks, [each.message for each in result.verdicts]

    return graded


def answered(course: Course, lab: str, **answers: str) -> NotebookNode:
    """The lab's release with right answers, or with these."""
    return with_answers(read_notebook(course.notebook("release", lab)), {**right_answers(course, lab), **answers})


def stub_of(course: Course, name: str) -> str:
    return next(cell.source for cell in read_notebook(course.notebook("release", "mini")).cells if grade_id(cell) == name)


def named(nb: NotebookNode, name: str) -> int:
    return next(n for n, cell in enumerate(nb.cells) if grade_id(cell) == name)


def with_copy(nb: NotebookNode, name: str, source: str, after: str) -> str:
    """The notebook with a second cell of this id, saying `source`, below the cell `after`."""
    cell = nbformat.from_dict({**nb.cells[named(nb, name)], "source": source, "id": "copy"})
    nb.cells.insert(named(nb, after) + 1, cell)
    return nbformat.writes(nb)


@odd_ids
@pytest.mark.parametrize(
    "several",
    [
        [edits.saved, edits.executed, edits.as_forms, edits.other_kernel],
        [edits.source_as_lines],
        [edits.source_as_one_text, edits.windows_lines, edits.lost_metadata],
        [edits.stray_install, edits.trailing_cells],
        edits.COPYING,
        edits.EDITS,
    ],
    ids=["saved", "lines", "one text", "more cells", "copies", "all"],
)
def test_the_marks_are_the_same_as_before_colab(small, marks_of, several):
    """Points, status and diagnosis: nothing lost, nothing won."""
    marks, _ = marks_of(edited(answered(small, "mini", kl_divergence=HALF), *several))

    assert marks == [(1, "graded", "K1"), (3, "graded", "")]


@odd_ids
def test_copies_of_a_stub_are_no_answer(small, marks_of):
    """An untouched notebook is missing, and nothing for a person to look at."""
    marks, _ = marks_of(edited(read_notebook(small.notebook("release", "mini")), *edits.COPYING))

    assert marks == [(0, "missing", ""), (0, "missing", "")]


@pytest.mark.parametrize(
    "answer_in_the_copy, place", [(False, "kl_divergence"), (True, "kl_divergence"), (True, "m1-why")]
)
def test_the_answer_counts_in_whichever_copy_it_was_written(small, marks_of, answer_in_the_copy, place):
    """The other one is the stub still, and running it would undo the answer."""
    sources = [stub_of(small, "kl_divergence"), right_answers(small, "mini")["kl_divergence"]]
    at_its_place, in_the_copy = sources if answer_in_the_copy else sources[::-1]

    marks, _ = marks_of(with_copy(answered(small, "mini", kl_divergence=at_its_place), "kl_divergence", in_the_copy, place))

    assert marks[0] == (5, "graded", "")


def test_two_answers_that_earn_everything_as_they_run_are_graded(small, marks_of):
    """The later definition holds, as for the student."""
    right = right_answers(small, "mini")["kl_divergence"]

    marks, _ = marks_of(with_copy(answered(small, "mini", kl_divergence=HALF), "kl_divergence", right, "kl_divergence"))

    assert marks[0] == (5, "graded", "")


@pytest.mark.parametrize("place", ["kl_divergence", "m1-why"])
def test_two_answers_that_do_not_are_for_a_person(small, marks_of, place):
    """Which of them counts cannot be known; it is never zero in silence."""
    right = right_answers(small, "mini")["kl_divergence"]
    first, second = (right, HALF) if place == "kl_divergence" else (HALF, right)

    marks, said = marks_of(with_copy(answered(small, "mini", kl_divergence=first), "kl_divergence", second, place))

    assert marks == [(0, "needs_review", ""), (3, "graded", "")]
    assert said[0] == "kl_divergence: 2 copies of its cell say different things, and it is not clear which counts"


def test_an_answer_moved_to_its_place_that_earns_less_is_for_a_person(small, marks_of):
    """It may have needed what stands above the copy."""
    nb = answered(small, "mini", kl_divergence=stub_of(small, "kl_divergence"))

    marks, said = marks_of(with_copy(nb, "kl_divergence", HALF, "m1-why"))

    assert marks[0] == (0, "needs_review", "")
    assert said[0] == "kl_divergence: the answer stands in a copy of its cell, and at its own place it does not earn everything"


def test_a_text_written_in_a_copy_waits_for_its_marks(small, marks_of):
    """The formgrader shows it in the question's own place."""
    nb = answered(small, "mini", **{"m1-why": stub_of(small, "m1-why")})

    marks_of(with_copy(nb, "m1-why", "Because of Jensen.", "m1-why"))

    student = f"student{len(small.students()) - 1}"
    with Gradebook(f"sqlite:///{small.root}/gradebook.db", "vaelabs") as gradebook:
        assert gradebook.find_grade("m1-why", "mini", "mini", student).needs_manual_grade
    shown = read_notebook(small.autograded(student, "mini"))
    assert shown.cells[named(shown, "m1-why")].source == "Because of Jensen."


def test_no_student_can_ask_for_a_review_in_metadata(small, marks_of):
    """The grader's own mark of doubt is taken off what is handed in."""
    nb = answered(small, "mini", kl_divergence=HALF)
    for cell in nb.cells:
        cell.metadata[DOUBT] = "please"

    marks, _ = marks_of(nbformat.writes(nb))

    assert marks[0] == (1, "graded", "K1")


def test_the_sample_of_the_small_course(small, marks_of):
    """A file as it was written once, with every edit of that day in it."""
    marks, _ = marks_of((HERE / "mini.ipynb").read_text(encoding="utf-8"))

    assert marks == [(1, "graded", "K1"), (3, "graded", "")]


def test_the_sample_of_a_lab(tmp_path):
    """All answers right: 30 points, as before Colab."""
    course = Course(tmp_path)
    for path in (ROOT / "nbgrader_config.py", Course(ROOT).notebook("source", "vae_2d")):
        place = tmp_path / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    write_text(course.submission("ada", "vae_2d"), (HERE / "vae_2d.ipynb").read_text(encoding="utf-8"))

    (result,) = grade(course, ["vae_2d"], ["ada"])

    assert [(each.task, each.points, each.message) for each in result.verdicts if each.points < each.max_points] == []
    assert (result.points, result.reason) == (30, "")


def write_samples(scratch: Path) -> None:
    """Both samples anew; of the lab without what no mark depends on."""
    lab = answered(Course(ROOT), "vae_2d")
    lab.cells = [
        cell for cell in lab.cells
        if grade_id(cell) or cell.cell_type == "code" and SHOW_TAG not in cell.metadata.get("tags", [])
    ]  # fmt: skip
    (HERE / "vae_2d.ipynb").write_text(edited(lab, *edits.EDITS), encoding="utf-8")
    mini = answered(small_course(scratch), "mini", kl_divergence=HALF)
    (HERE / "mini.ipynb").write_text(edited(mini, *edits.EDITS), encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    sys.path.insert(0, str(HERE.parent))
    with tempfile.TemporaryDirectory() as folder:
        write_samples(Path(folder) / "course")

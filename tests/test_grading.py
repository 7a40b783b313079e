"""A class of the small course, graded: one row for every task of everyone, whatever was handed in."""

import csv
import json
import os
import shutil
import stat
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
import tiny
from conftest import build_course
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde

from vaelabs.course import Course, CourseError, grade_id, read_notebook, write_text
from vaelabs.grading import Engine, grade, load_results, make_marks
from vaelabs.reports import make_feedback
from vaelabs.sample import with_answers
from vaelabs.sandbox import Isolation

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CLINIC = 'diagnosis = {"A": "kl vanished", "B": "noise missing", "C": "no mean", "D": "no half", "E": "overfit"}'
KL = "def kl_divergence(mu, logvar):\n    return "
RIGHT = {"kl_divergence": KL + "0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)", "clinic": CLINIC}

NO_TEXT = json.dumps({**nbformat.v4.new_notebook(), "cells": [{**nbformat.v4.new_code_cell("'\ud800'"), "id": "a"}]})
"""A notebook with half of a pair of surrogates."""


def hand_in(course, student, text, lab="mini"):
    write_text(course.submission(student, lab), text)


def answered(release, **answers):
    return nbformat.writes(with_answers(release, {**RIGHT, **answers}))


def without_cell(release, name):
    nb = with_answers(release, RIGHT)
    nb.cells = [cell for cell in nb.cells if grade_id(cell) != name]
    return nbformat.writes(nb)


def with_picture(release):
    """Figures in a cell for show, with a script beside them."""
    nb = with_answers(release, {**RIGHT, "kl_divergence": KL + "(mu**2 + logvar.exp() - 1 - logvar).sum(-1)", "m1-why": "<script>alert(1)</script> because"})
    shown = next(cell for cell in nb.cells if "show" in cell.metadata.get("tags", []))
    shown.outputs = [
        nbformat.v4.new_output("display_data", {"image/png": PNG, "text/html": "<script>alert(2)</script>"}),
        nbformat.v4.new_output("display_data", {"image/png": '"><script>alert(3)</script>'}),
    ]
    return nbformat.writes(nb)  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The small course with a class of every kind, graded once."""
    course = build_course(tmp_path_factory.mktemp("class") / "course")
    release = read_notebook(course.notebook("release", "mini"))
    hand_in(course, "ada", answered(release))
    hand_in(course, "blank", nbformat.writes(release))
    hand_in(course, "chloe", with_picture(release))
    hand_in(course, "crash", answered(release, kl_divergence="import os; os._exit(1)"))
    hand_in(course, "garbage", "not json")
    hand_in(course, "lost", without_cell(release, "test-clinic"))
    hand_in(course, "=cmd", answered(release))
    hand_in(course, "*", answered(release))
    (course.root / "submitted" / "nobody").mkdir()
    other = course.submission("renamed", "mini").with_name("Copy of mini.ipynb")
    write_text(other, answered(release))
    list(grade(course, ["mini"], course.students()))
    make_marks(course)
    return course


@pytest.fixture
def rows(graded):
    with (graded.report / "marks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of(rows, student):
    return {row["task"]: (row["points"], row["max_points"], row["status"]) for row in rows if row["student"] == student}


def test_the_columns_of_the_marks(graded):
    """What an LMS import or a spreadsheet relies on."""
    head = (graded.report / "marks.csv").read_text().splitlines()[0]

    assert head == "student,lab,task,points,max_points,status,diagnosis"


def test_everyone_has_one_row_for_each_task(graded, rows):
    """No submission is lost, whatever was in it."""
    assert len(rows) == 2 * len(graded.students())
    assert {row["lab"] for row in rows} == {"mini"}


@pytest.mark.parametrize(
    "student, kl_divergence, clinic",
    [
        ("ada", ("5", "5", "graded"), ("3", "3", "graded")),
        ("blank", ("0", "5", "missing"), ("0", "3", "missing")),
        ("chloe", ("1", "5", "graded"), ("3", "3", "graded")),
        ("crash", ("0", "5", "failed"), ("3", "3", "graded")),
        ("garbage", ("0", "5", "needs_review"), ("0", "3", "needs_review")),
        ("lost", ("5", "5", "graded"), ("0", "3", "needs_review")),
        ("nobody", ("0", "5", "missing"), ("0", "3", "missing")),
        ("*", ("0", "5", "needs_review"), ("0", "3", "needs_review")),
        ("renamed", ("0", "5", "needs_review"), ("0", "3", "needs_review")),
    ],
)
def test_what_became_of_each(rows, student, kl_divergence, clinic):
    """One bad notebook stops nobody, one bad cell no other task, and nothing is zero in silence."""
    assert of(rows, student) == {"kl_divergence": kl_divergence, "clinic": clinic}


def test_the_mistake_is_named(rows):
    """The misconception's id and its sentence."""
    (row,) = [row for row in rows if row["student"] == "chloe" and row["task"] == "kl_divergence"]

    assert row["diagnosis"].startswith("K1: ")


def test_a_name_cannot_become_a_formula(rows):
    """A spreadsheet would run a cell that begins with =."""
    assert of(rows, "'=cmd")


def test_the_gradebook_has_the_same_points(graded, rows):
    """nbgrader's own, for the formgrader; a written answer waits for a person, an empty one does not."""
    with Gradebook(f"sqlite:///{graded.root}/gradebook.db", "vaelabs") as gradebook:
        scores = {
            student: sum(
                grade.auto_score or 0 for grade in gradebook.find_submission_notebook("mini", "mini", student).grades
            )
            for student in ("ada", "blank", "chloe", "crash", "lost")
        }
        waiting = gradebook.find_grade("m1-why", "mini", "mini", "chloe").needs_manual_grade
        empty = gradebook.find_grade("m1-why", "mini", "mini", "blank")
        comment = gradebook.find_comment("kl_divergence", "mini", "mini", "chloe").comment

    assert scores == {"ada": 8, "blank": 0, "chloe": 4, "crash": 3, "lost": 5}
    assert waiting
    assert (empty.needs_manual_grade, empty.score) == (False, 0)
    assert "½" in comment


def test_what_has_not_changed_is_not_graded_again(graded):
    """Same file, same lab, same checks: the record stands."""
    before = {result.student: result.seconds for result in load_results(graded)}

    again = list(grade(graded, ["mini"], ["ada", "crash"]))
    forced = list(grade(graded, ["mini"], ["ada"], force=True))

    assert [result.seconds for result in again] == [before["ada"], before["crash"]]
    assert forced[0].points == 8


def test_a_page_shows_no_line_of_a_hidden_test(graded):
    """Neither the tests nor the marking scheme nor another student's name."""
    pages = {
        result.student: make_feedback(graded, result.student, "mini", result.verdicts, result.reason).read_text()
        for result in load_results(graded)
        if not result.absent
    }

    assert set(pages) == set(graded.students()) - {"nobody"}
    for student, page in pages.items():
        for secret in ("vaelabs.checks", "check_kl_divergence", "HIDDEN", "answers=", "Jensen", "MARK SCHEME"):
            assert secret not in page, (student, secret)


def test_a_page_explains_the_mark(graded):
    """Points, every property of the rubric, the diagnosis, the student's own figure."""
    result = next(result for result in load_results(graded) if result.student == "chloe")

    page = make_feedback(graded, "chloe", "mini", result.verdicts).read_text()

    assert "<strong>4 of 8</strong> points" in page
    for property in result.verdicts[0].properties:
        assert property.sentence in page
    assert result.verdicts[0].diagnosis.sentence in page
    assert page.count("data:image/png;base64,") == 1
    assert PNG in page


def test_nothing_of_a_student_becomes_markup(graded):
    """Answers, outputs and names are text on the page."""
    result = next(result for result in load_results(graded) if result.student == "chloe")

    page = make_feedback(graded, "chloe", "mini", result.verdicts).read_text()

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_page_says_why_nothing_could_be_graded(graded):
    """The reason, and that a person will look."""
    result = next(result for result in load_results(graded) if result.student == "garbage")

    page = make_feedback(graded, "garbage", "mini", result.verdicts, result.reason).read_text()

    assert "could not be graded" in page
    assert "A person will look at it" in page


@pytest.fixture(scope="module")
def one_once(built_once, tmp_path_factory):
    """The small course with one right submission, graded, to be copied: to make its gradebook takes seconds."""
    course = Course(tmp_path_factory.mktemp("one") / "course")
    shutil.copytree(built_once, course.root)
    release = read_notebook(course.notebook("release", "mini"))
    hand_in(course, "ada", answered(release))
    list(grade(course, ["mini"], ["ada"]))
    return course.root


@pytest.fixture
def one(one_once, tmp_path):
    """The small course with one right submission, graded."""
    return Course(Path(shutil.copytree(one_once, tmp_path / "course")))


def gradebook_of(course):
    return Gradebook(f"sqlite:///{course.root}/gradebook.db", "vaelabs")


def autograded_points(course, student):
    with gradebook_of(course) as gradebook:
        notebook = gradebook.find_submission_notebook("mini", "mini", student)
        return sum(each.auto_score or 0 for each in notebook.grades)


@pytest.mark.parametrize(
    "lose",
    [
        lambda course: course.autograded("ada", "mini").unlink(),
        lambda course: (course.root / "gradebook.db").unlink(),
    ],
    ids=["autograded", "gradebook"],
)
def test_what_is_lost_is_written_again_from_the_ledger(one, lose):
    """What an interrupted run or a person removed is there again, without --force and without a run."""
    lose(one)

    (result,) = grade(one, ["mini"], ["ada"])

    assert (result.fresh, result.points) == (False, 8)
    assert one.autograded("ada", "mini").is_file()
    assert autograded_points(one, "ada") == 8


@pytest.mark.parametrize("where", ["worker", "gradebook"])
def test_an_interrupted_run_is_made_good(one, monkeypatch, where):
    """Ctrl-C in the middle of a forced run, while grading or while writing: the next run leaves everything whole."""
    with monkeypatch.context() as patch:
        patch.setattr(f"vaelabs.grading.{where}.convert", interrupt_autograde)
        with pytest.raises(KeyboardInterrupt):
            list(grade(one, ["mini"], ["ada"], force=True))

    (result,) = grade(one, ["mini"], ["ada"])

    assert result.points == autograded_points(one, "ada") == 8
    assert one.autograded("ada", "mini").is_file()
    assert [result.key] == [each.key for each in load_results(one)]


def interrupt_autograde(converter, *arguments, **options):
    from vaelabs.converting import convert

    if issubclass(converter, Autograde):
        raise KeyboardInterrupt
    convert(converter, *arguments, **options)


@pytest.mark.parametrize("now", ["garbage", None])
def test_a_worse_resubmission_takes_the_points_back_everywhere(one, now):
    """Gradebook, marks and autograded/ agree; what a person marked stays."""
    with gradebook_of(one) as gradebook:
        gradebook.find_grade("m1-why", "mini", "mini", "ada").manual_score = 1.5
        gradebook.db.commit()
    one.submission("ada", "mini").unlink()
    if now is not None:
        hand_in(one, "ada", now)

    (result,) = grade(one, ["mini"], ["ada"])

    assert {verdict.status for verdict in result.verdicts} == {"needs_review" if now else "missing"}
    assert autograded_points(one, "ada") == 0
    assert not one.autograded("ada", "mini").exists()
    with gradebook_of(one) as gradebook:
        assert gradebook.find_grade("m1-why", "mini", "mini", "ada").manual_score == 1.5


def test_a_course_is_graded_by_one_at_a_time(one):
    """Two would write the same files; the other is told at once, and goes on when the first has ended or was left."""
    first = grade(one, ["mini"], ["ada"])
    next(first)

    with pytest.raises(CourseError, match="is being graded already"):
        next(grade(one, ["mini"], ["ada"]))

    first.close()
    assert [result.points for result in grade(one, ["mini"], ["ada"])] == [8]


def test_who_has_left_has_no_marks(one):
    """The table speaks of those in submitted/."""
    (one.root / "submitted" / "ada").rename(one.root / "submitted" / "grace")
    list(grade(one, ["mini"], ["grace"]))

    rows = make_marks(one).read_text()

    assert "ada" not in rows
    assert "grace" in rows


@pytest.mark.parametrize(
    "place, status",
    [
        ("mini/mini/mini.ipynb", "needs_review"),
        ("mini.ipynb", "needs_review"),
        ("Mini/mini.ipynb", "needs_review"),
        ("mini/mini.ipynb/a.txt", "needs_review"),
        ("mini/.DS_Store", "missing"),
        ("other/other.ipynb", "needs_review"),
    ],
)
def test_a_notebook_in_the_wrong_place_is_not_missing_in_silence(one, place, status):
    """A person looks at it; files of the system are nobody's work."""
    write_text(one.root / "submitted" / "eve" / place, "{}")

    (result,) = grade(one, ["mini"], ["eve"])

    assert {verdict.status for verdict in result.verdicts} == {status}


@pytest.mark.parametrize(
    "name, shown, why",
    [
        (b"a[b]", "a[b]", "one of * ? [ ]"),
        (b"ada\nb", "ada b", "a line break"),
        (b" eve", " eve", "a leading or trailing blank"),
        (b"Andr\xe9", "Andr\\xe9", "a backslash or what is no UTF-8"),
    ],
)
def test_a_name_that_will_not_do_is_told(one, name, shown, why):
    """It stops nobody else, whatever bytes it is made of."""
    os.rename(one.root / "submitted" / "ada", os.path.join(os.fsencode(one.root / "submitted"), name))
    [student] = one.students()

    (result,) = grade(one, ["mini"], [student])

    assert result.reason == f"the folder submitted/{shown} has {why} in its name; rename it"
    assert [each.reason for each in load_results(one)] == [result.reason]


def test_what_is_no_file_is_left_where_it_is(one):
    """A socket beside the notebook does not stop it; nor does a pipe, which to read would take for ever."""
    os.mknod(one.submission("ada", "mini").with_name("line"), stat.S_IFSOCK | 0o600)
    one.submission("eve", "mini").mkdir(parents=True)
    os.mkfifo(one.submission("eve", "mini").parents[1] / "mini.ipynb")

    ada, eve = sorted(grade(one, ["mini"], ["ada", "eve"]), key=lambda result: result.student)

    assert (ada.fresh, ada.points) == (False, 8)
    assert eve.reason == "submitted/eve/mini/mini.ipynb is there, but is no file: a folder, a pipe or a link to nothing"


def test_names_that_are_no_utf_8_beside_a_notebook_and_in_its_place(one):
    """As an old archive unpacks them: the one is graded, of the other it is said where it lies."""
    for path in (b"ada/mini/donn\xe9es.csv", b"eve/\xe9t\xe9/mini.ipynb"):
        path = os.path.join(os.fsencode(one.root / "submitted"), path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(one.notebook("release", "mini"), path)

    ada, eve = sorted(grade(one, ["mini"], ["ada", "eve"]), key=lambda result: result.student)

    assert (ada.fresh, ada.points) == (True, 8)
    assert eve.reason == r"submitted/eve/mini/mini.ipynb is not there; found \xe9t\xe9/mini.ipynb"


@pytest.mark.parametrize(
    "text, why",
    [
        ("{", "is no notebook: it is not valid JSON"),
        (NO_TEXT, "has characters that no text can hold; `vaelabs collect` replaces them"),
    ],
)
def test_what_cannot_be_read_is_named_where_it_lies(one, text, why):
    """And not where a worker had a copy of it."""
    hand_in(one, "eve", text)

    (result,) = grade(one, ["mini"], ["eve"])

    assert result.reason == f"eve's mini could not be graded: submitted/eve/mini/mini.ipynb {why}"


def test_a_copied_cell_does_not_stop_the_notebook(one):
    """Of two cells with one id the first counts; everything is graded. More of it in tests/colab."""
    nb = read_notebook(one.submission("ada", "mini"))
    nb.cells.insert(6, nbformat.from_dict({**nb.cells[5], "id": "copy"}))
    hand_in(one, "ada", nbformat.writes(nb))

    (result,) = grade(one, ["mini"], ["ada"])

    assert (result.points, result.reason) == (8, "")


def test_moved_cells_are_looked_at_by_a_person(one):
    """A graded cell above its answer is no fault of the answer's."""
    nb = read_notebook(one.submission("ada", "mini"))
    names = [grade_id(cell) for cell in nb.cells]
    nb.cells.insert(names.index("kl_divergence"), nb.cells.pop(names.index("test-kl_divergence")))
    hand_in(one, "ada", nbformat.writes(nb))

    (result,) = grade(one, ["mini"], ["ada"])

    assert [(verdict.status, verdict.points) for verdict in result.verdicts] == [("needs_review", 0), ("graded", 3)]


def test_a_students_metadata_changes_nothing(one):
    """Tags on a graded cell, another profile, another title: marks and page are as before."""
    nb = read_notebook(one.submission("ada", "mini"))
    nb.metadata["vaelabs"] = ["<b>free points</b>"]
    for cell in nb.cells:
        if grade_id(cell).startswith("test-"):
            cell.metadata["tags"] = ["show", "skip-execution", "raises-exception"]
    hand_in(one, "ada", nbformat.writes(nb))

    (result,) = grade(one, ["mini"], ["ada"])
    page = make_feedback(one, "ada", "mini", result.verdicts).read_text()

    assert result.points == 8
    assert "<title>A small lab: feedback for ada</title>" in page


def plain_course(root):
    """An nbgrader course that knows nothing of us: asserts as hidden tests, partial credit, no config."""
    meta = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cells = [
        nbformat.v4.new_code_cell("### BEGIN SOLUTION\ndef double(x):\n    return 2 * x\n### END SOLUTION",
                                  metadata={"nbgrader": {**meta, "grade_id": "double", "solution": True}}),
        nbformat.v4.new_code_cell("import sys; print('noise', file=sys.stderr)\n### BEGIN HIDDEN TESTS\nassert double(4) == 8, 'four'\n### END HIDDEN TESTS",
                                  metadata={"nbgrader": {**meta, "grade_id": "test_double", "grade": True, "locked": True, "points": 2}}),
        nbformat.v4.new_code_cell("1.5 if double(1) else 0", metadata={"nbgrader": {**meta, "grade_id": "partial", "grade": True, "locked": True, "points": 3}}),
    ]  # fmt: skip
    course = Course(root)
    write_text(course.notebook("source", "ps1"), nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    return course


def test_any_nbgrader_course_can_be_graded(tmp_path):
    """Plain asserts and partial credit count as in nbgrader; stderr and a crash cost no other cell."""
    course = plain_course(tmp_path)
    source = read_notebook(course.notebook("source", "ps1"))
    answers = {"ada": "def double(x): return 2 * x", "bob": "def double(x): return 2", "eve": "import os; os._exit(1)"}
    for student, answer in answers.items():
        write_text(course.submission(student, "ps1"), nbformat.writes(with_answers(source, {"double": answer})))

    results = {result.student: result for result in grade(course, ["ps1"], sorted(answers))}

    assert {name: [(v.task, v.points, v.status) for v in result.verdicts] for name, result in results.items()} == {
        "ada": [("test_double", 2, "graded"), ("partial", 1.5, "graded")],
        "bob": [("test_double", 0, "graded"), ("partial", 1.5, "graded")],
        "eve": [("test_double", 0, "failed"), ("partial", 0, "failed")],
    }
    assert results["bob"].verdicts[0].message == "test_double: a test failed with AssertionError: four"
    page = make_feedback(course, "bob", "ps1", results["bob"].verdicts).read_text()
    assert "double(4)" not in page


def test_what_intake_doubts_costs_nobody_points_in_silence(built):
    """Where nothing is lost nobody has to look; the task is named once, and the doubt is part of the result's key."""
    source = read_notebook(built.notebook("source", "mini"))
    write_text(built.submission("ada", "mini"), nbformat.writes(with_answers(source, {"clinic": "diagnosis = {}"})))
    doubts = {"clinic": "clinic: two cells answer it", "kl_divergence": "two cells answer it"}

    (sure,) = grade(built, ["mini"], ["ada"])
    (unsure,) = grade(built, ["mini"], ["ada"], doubts=lambda student, lab: doubts)

    assert [(each.task, each.points, each.status) for each in unsure.verdicts] == [
        ("kl_divergence", 5, "graded"), ("clinic", 0, "needs_review")]  # fmt: skip
    assert unsure.verdicts[1].message == "clinic: two cells answer it"
    assert sure.verdicts[1].status != "needs_review" and sure.key != unsure.key


@pytest.mark.parametrize("isolation", [Isolation.LANDLOCK, Isolation.NONE])
def test_with_less_isolation_the_marks_are_the_same_and_the_result_says_so(built, isolation):
    """The judge reaches the kernel in every tier."""
    submission = built.submission("ada", "mini")
    submission.parent.mkdir(parents=True)
    submission.write_bytes(built.notebook("source", "mini").read_bytes())

    (result,) = grade(built, ["mini"], ["ada"], isolation=isolation)

    assert (8, "") == (result.points, result.reason)
    assert [isolation] == [result.isolation for result in load_results(built)]


def test_lateness_its_penalty_and_a_persons_marks_outlive_a_regrade(tmp_path):
    """nbgrader's own plugin decides the penalty; what was handed in when, and who was let off, is not graded anew."""
    course = tiny.write_tiny_course(tmp_path)
    with course.config_file.open("a") as config:
        config.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    for student, when in {"ada": "2026-02-28 20:00:00 UTC", "ben": "2026-03-02 00:00:00 UTC", "cy": "2026-03-02 00:00:00 UTC"}.items():
        tiny.hand_in(course, student)
        write_text(course.submission(student, "ps1").with_name("timestamp.txt"), when)

    def regrade(**options):
        results = list(grade(course, ["ps1"], course.students(), isolation=Isolation.NONE, engine=Engine(workers=0), **options))
        assert {result.points for result in results} == {2}
        with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
            found = {name: gradebook.find_submission("ps1", name) for name in course.students()}
            return {name: (each.total_seconds_late, each.late_submission_penalty, each.score) for name, each in found.items()}

    regrade()
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate=datetime(2026, 3, 1))
        grade_of_cy = gradebook.find_grade("test-double", "ps1", "ps1", "cy")
        grade_of_cy.manual_score, grade_of_cy.extra_credit = 1.5, 0.25
        gradebook.db.commit()

    expected = {"ada": (0, 0, 2), "ben": (86400, 2, 2), "cy": (86400, 1.75, 1.75)}
    assert regrade(force=True) == expected
    assert regrade() == expected
    assert regrade(force=True) == expected


def test_without_isolation_grading_does_not_start(built, monkeypatch):
    """It says what to install."""
    monkeypatch.setattr("vaelabs.sandbox.isolation.probe", lambda isolation: ("bubblewrap is not installed.", "apt"))
    (built.root / "submitted" / "ada").mkdir(parents=True)

    with pytest.raises(CourseError, match="bubblewrap is not installed"):
        list(grade(built, ["mini"], ["ada"]))


def test_where_nothing_can_be_written_nothing_is_graded(built):
    """It is no fault of the submissions."""
    (built.root / "submitted" / "ada").mkdir(parents=True)
    (built.root / "autograded").touch()

    with pytest.raises(CourseError, match="autograded cannot be made: File exists"):
        list(grade(built, ["mini"], ["ada"]))


def test_a_broken_lab_is_named(built):
    """By its own file, before nbgrader stumbles over it."""
    built.notebook("source", "mini").write_text("{")
    (built.root / "submitted" / "ada").mkdir(parents=True)

    with pytest.raises(CourseError, match="source/mini/mini.ipynb is no notebook: it is not valid JSON"):
        list(grade(built, ["mini"], ["ada"]))


def test_a_broken_course_config_is_one_sentence(built):
    """The file and Python's own words."""
    built.config_file.write_text("c = get_config(\n")
    (built.root / "submitted" / "ada").mkdir(parents=True)

    with pytest.raises(CourseError, match="nbgrader_config.py cannot be run: SyntaxError"):
        list(grade(built, ["mini"], ["ada"]))

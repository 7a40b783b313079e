"""Marks leave the gradebook: read once, filled into what a learning management system exports, and never guessed.

The files of the systems below are made by hand, after their documentation and source; no real export was at hand.
"""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import course_config
from vaelabs.course import Course, CourseError, write_text
from vaelabs.grading import autograde_settings
from vaelabs.grading.gradebook import GradebookWriter
from vaelabs.reports import Person, read_marks

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # about nbgrader's own queries

META = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
CONFIG = """\
from nbgrader.plugins import LateSubmissionPlugin

class TenthADay(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score * 0.1 * total_seconds_late / 86400

c = get_config()
c.AssignLatePenalties.plugin_class = TenthADay
"""


def write_lab(course, lab):
    """Two functions for 2 and 3 points, a question for 4."""
    cells = []
    for name, points in (("double", 2), ("halve", 3)):
        answer = {**META, "grade_id": name, "solution": True}
        graded = {**META, "grade_id": f"test-{name}", "grade": True, "locked": True, "points": points}
        cells.append(nbformat.v4.new_code_cell("### BEGIN SOLUTION\n### END SOLUTION", metadata={"nbgrader": answer}))
        cells.append(nbformat.v4.new_code_cell(f"assert {name}(4)", metadata={"nbgrader": graded}))
    question = {**META, "grade_id": "m1", "grade": True, "solution": True, "points": 4}
    cells.append(nbformat.v4.new_markdown_cell("Because.", metadata={"nbgrader": question}))
    write_text(course.notebook("source", lab), nbformat.writes(nbformat.v4.new_notebook(cells=cells)))


def result(student, double=2.0, halve=3.0, reason="", status="graded", lab="lab1"):
    """What grading says of a submission."""
    verdicts = [Verdict("double", double, 2.0, status), Verdict("halve", halve, 3.0, status if reason else "graded")]
    if status == "needs_review" and not reason:
        verdicts[0].message = "its copies differ"
    absent = status == "missing" and bool(reason)
    return SimpleNamespace(student=student, lab=lab, verdicts=verdicts, reason=reason, absent=absent)


def enter(gradebook, graded, m1=None, late=0.0, lab="lab1"):
    """What `vaelabs grade` and the formgrader leave in the gradebook."""
    gradebook.update_or_create_student(graded.student)
    handed_in = gradebook.find_assignment(lab).duedate + timedelta(days=late)
    gradebook.update_or_create_submission(lab, graded.student, timestamp=handed_in)
    for verdict in graded.verdicts:
        grade = gradebook.find_grade(f"test-{verdict.task}", lab, lab, graded.student)
        grade.auto_score, grade.needs_manual_grade = verdict.points, verdict.status == "needs_review"
    if m1 is not None:
        grade = gradebook.find_grade("m1", lab, lab, graded.student)
        grade.manual_score, grade.needs_manual_grade = m1, False
    gradebook.db.commit()


@pytest.fixture(scope="session")
def empty_class(tmp_path_factory):
    """Two labs that the gradebook knows, due on one day."""
    course = Course(tmp_path_factory.mktemp("export") / "course")
    write_text(course.config_file, CONFIG)
    writer = GradebookWriter(course, course_config(course, autograde_settings()))
    for lab in ("lab1", "lab2"):
        write_lab(course, lab)
        writer.register(lab)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        for lab in ("lab1", "lab2"):
            gradebook.update_or_create_assignment(lab, duedate="2026-03-01 12:00:00 UTC")
    return course.root


@pytest.fixture
def course(empty_class, tmp_path):
    shutil.copytree(empty_class, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture
def gradebook(course):
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        yield gradebook


def mark(course, results, student="ada", **options):
    return read_marks(course, results, **options).of(student, "lab1")


def test_a_mark_given_by_hand_goes_before_the_automatic_one(course, gradebook):
    """And extra credit is added; what the person wrote is there."""
    ada = result("ada", double=1.0)
    enter(gradebook, ada, m1=3.5)
    grade = gradebook.find_grade("test-double", "lab1", "lab1", "ada")
    grade.manual_score, grade.extra_credit = 2.0, 0.5
    gradebook.find_comment("m1", "lab1", "lab1", "ada").manual_comment = "Well said."
    gradebook.db.commit()

    found = mark(course, [ada])

    assert (found.status, found.score, found.automatic, found.manual, found.max_points) == ("graded", 9.0, 5.5, 3.5, 9.0)
    double, _, m1 = found.tasks
    assert (double.points, double.automatic, double.by_hand, double.extra_credit) == (2.5, 1.0, 2.0, 0.5)
    assert (m1.manual, m1.points, m1.comment) == (True, 3.5, "Well said.")


def test_an_unmarked_answer_is_no_zero(course, gradebook):
    """There is no score until a person has marked it."""
    ada = result("ada")
    enter(gradebook, ada)

    found = mark(course, [ada])

    assert (found.status, found.score, found.so_far) == ("needs marking", None, 5.0)
    assert [each.task for each in found.unmarked] == ["m1"]


def test_a_mark_by_hand_of_an_earlier_answer_asks_to_be_confirmed(course, gradebook):
    """It stands: nbgrader sets its flag whenever a marked submission is graded again."""
    ada = result("ada")
    enter(gradebook, ada, m1=4.0)
    gradebook.find_grade("m1", "lab1", "lab1", "ada").needs_manual_grade = True
    gradebook.db.commit()

    found = mark(course, [ada])

    assert (found.status, found.score) == ("graded", 9.0)
    assert [each.task for each in found.tasks if each.confirm] == ["m1"]


def test_what_a_person_must_look_at_has_no_score_until_they_have(course, gradebook):
    """In the gradebook or not."""
    ada = result("ada", double=0.0, status="needs_review")
    enter(gradebook, ada, m1=4.0)
    bob = result("bob", 0.0, 0.0, "bob's notebook cannot be read", "needs_review")

    before = read_marks(course, [ada, bob])
    gradebook.find_grade("test-double", "lab1", "lab1", "ada").manual_score = 1.0
    gradebook.db.commit()
    after = read_marks(course, [ada, bob])

    assert (before.of("ada", "lab1").status, before.of("ada", "lab1").score) == ("needs review", None)
    assert before.of("ada", "lab1").reason == "its copies differ"
    assert (after.of("ada", "lab1").status, after.of("ada", "lab1").score) == ("graded", 8.0)
    assert after.of("bob", "lab1") is None  # in neither submitted/ nor gradebook


def test_everyone_has_a_mark_of_each_lab(course, gradebook):
    """Whatever came of them, and the roster's names where the gradebook has none."""
    enter(gradebook, result("ada"), m1=4.0)
    write_text(course.submission("bob", "lab1"), "not json")
    write_text(course.submission("cyd", "lab1"), "")
    (course.root / "submitted" / "dan").mkdir()
    results = [
        result("ada"),
        result("bob", 0.0, 0.0, "it cannot be read.", "needs_review"),
        result("dan", 0.0, 0.0, "dan has not handed in lab1", "missing"),
    ]

    marks = read_marks(course, results, [Person("eve", full_name="Éve Müller", email="eve@uni.example"), Person("ada", "Ada")])

    statuses = {each.student: each.status for each in marks.of_lab("lab1")}
    assert statuses == {
        "ada": "graded",
        "bob": "needs review",
        "cyd": "not graded",
        "dan": "not handed in",
        "eve": "not handed in",
    }
    assert {each.status for each in marks.of_lab("lab2")} == {"not handed in"}
    assert [each.name for each in marks.people] == ["Ada", "bob", "cyd", "dan", "Éve Müller"]
    assert marks.of("bob", "lab1").reason == "it cannot be read"
    assert all(each.score is None and each.so_far is None for each in marks.of_lab("lab2"))
    assert [each.student for each in marks.only(["lab1"], ["eve", "ada"]).marks] == ["ada", "eve"]


def test_the_late_penalty_counts_what_was_marked_by_hand_since(course, gradebook):
    """The course's plugin is asked again: the points it took a part of have become more."""
    ada = result("ada")
    enter(gradebook, ada, m1=3.0, late=2.0)

    found = mark(course, [ada])

    assert (found.seconds_late, found.late_penalty, found.score) == (2 * 86400, pytest.approx(1.6), pytest.approx(6.4))


def test_a_plugin_that_fails_is_named(course, gradebook):
    """It is the course's own code."""
    ada = result("ada")
    enter(gradebook, ada, late=1.0)
    write_text(course.config_file, CONFIG.replace("0.1 *", "1 / 0 *"))

    with pytest.raises(CourseError) as error:
        mark(course, [ada])

    assert str(error.value) == "TenthADay, the course's plugin for late submissions, failed: ZeroDivisionError: float division by zero."


def test_a_gradebook_that_is_not_there_is_not_made(tmp_path):
    """Nothing was graded yet."""
    with pytest.raises(CourseError) as error:
        read_marks(Course(tmp_path), [])

    assert str(error.value) == f"There is no gradebook at {tmp_path}/gradebook.db.\nGrade the class first: vaelabs grade"
    assert not list(tmp_path.iterdir())

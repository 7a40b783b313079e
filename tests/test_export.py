"""Marks leave the gradebook: read once, filled into what a learning management system exports, and never guessed.

The files of the systems below are made by hand, after their documentation and source; no real export was at hand.
"""

import csv
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import nbformat
import pytest
import sqlalchemy
from click.testing import CliRunner
from nbgrader.api import Base, Gradebook
from nbgrader.apps.exportapp import ExportApp

from vaelabs.checks.rubric import Verdict
from vaelabs.cli import main
from vaelabs.course import Course, CourseError, write_text
from vaelabs.reports import ExportOptions, Person, read_marks

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
    for lab in ("lab1", "lab2"):
        write_lab(course, lab)
    make_gradebook(course)
    return course.root


def make_gradebook(course):
    engine = sqlalchemy.create_engine(course.gradebook_url or f"sqlite:///{course.root}/gradebook.db")
    Base.metadata.create_all(engine)  # nbgrader would ask alembic for its version, which takes seconds
    engine.dispose()
    with opened(course) as gradebook:
        for lab in ("lab1", "lab2"):
            gradebook.add_assignment(lab, duedate="2026-03-01 12:00:00 UTC")
            gradebook.add_notebook(lab, lab)
            for task in course.tasks(lab):
                kind = "markdown" if task.manual else "code"
                gradebook.add_grade_cell(task.grade_id, lab, lab, max_score=task.points, cell_type=kind)
            for name in ("double", "halve", "m1"):
                gradebook.add_solution_cell(name, lab, lab)


@pytest.fixture
def course(empty_class, tmp_path):
    shutil.copytree(empty_class, tmp_path / "course")
    return Course(tmp_path / "course")


def opened(course):
    return Gradebook(course.gradebook_url or f"sqlite:///{course.root}/gradebook.db")


@pytest.fixture
def gradebook(course):
    with opened(course) as gradebook:
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

    roster = [Person("eve", full_name="Éve Müller", email="eve@uni.example"), Person("ada", "Ada")]

    marks = read_marks(course, results, roster)

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


def test_a_gradebook_in_postgresql_is_read_alike(course, postgres):
    """Where a cluster grades."""
    elsewhere = Course(course.root, postgres())
    make_gradebook(elsewhere)
    ada = result("ada")
    with opened(elsewhere) as gradebook:
        enter(gradebook, ada, m1=3.0, late=2.0)

    found = mark(elsewhere, [ada])

    assert (found.status, found.score, found.seconds_late) == ("graded", pytest.approx(6.4), 2 * 86400)


def test_a_plugin_that_fails_is_named(course, gradebook):
    """It is the course's own code."""
    ada = result("ada")
    enter(gradebook, ada, late=1.0)
    write_text(course.config_file, CONFIG.replace("0.1 *", "1 / 0 *"))

    with pytest.raises(CourseError) as error:
        mark(course, [ada])

    assert str(error.value) == (
        "TenthADay, the course's plugin for late submissions, failed: ZeroDivisionError: float division by zero."
    )


def test_a_gradebook_that_is_not_there_is_not_made(tmp_path):
    """Nothing was graded yet."""
    with pytest.raises(CourseError) as error:
        read_marks(Course(tmp_path), [])

    assert str(error.value) == f"There is no gradebook at {tmp_path}/gradebook.db.\nGrade the class first: vaelabs grade"
    assert not list(tmp_path.iterdir())


# ---- files of the systems

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Lab 1: a VAE in the plane (123),lab2 (124),Essay (125),Current Score,Final Score
,,,,,,Manual Posting,,,,
    Points Possible,,,,,,9,10,20,(read only),(read only)
"Doe, Jane",1234,S-77,jdoe1,"A, B",x,7.00,,18,88,80
"Müller, Jürgen",1235,S-78,jmuell,A,,,3.00,EX,,
"Müller, Jürgen",1236,S-79,jmuell2,A,,EX,,,,
"=cmd(), Eve",1237,S-80,eve,A,,,,,,
"Newcomer, Ann",1238,S-81,anew,A,,,,,,
"Student, Test",9999,,x9,A,,,,,,
"""


@pytest.fixture(scope="session")
def graded_once(empty_class, tmp_path_factory):
    course = Course(shutil.copytree(empty_class, tmp_path_factory.mktemp("graded") / "course"))
    nb = nbformat.read(course.notebook("source", "lab1"), 4)
    nb.metadata["vaelabs"] = {"title": "Lab 1: a VAE in the plane"}
    write_text(course.notebook("source", "lab1"), nbformat.writes(nb))
    with opened(course) as gradebook:
        for student, double, m1, late in (
            ("jdoe1", 2.0, 3.125, 0),
            ("jmuell", 1.005, 0.0, 0),
            ("jmuell2", 2.0, None, 0),
            ("eve", 0.0, 0.0, 2),
            ("-gone", 2.0, 4.0, 0),
        ):
            enter(gradebook, result(student, double), m1, late)
        enter(gradebook, result("jdoe1", lab="lab2"), 4.0, lab="lab2")
        gradebook.update_or_create_student("absent", first_name="Zoë", last_name="O'Neil, Jr.", email="zoe@uni.example")
    return course.root


@pytest.fixture
def graded(graded_once, tmp_path):
    """Lab 1 of a class: all is marked but one answer of one; one has not handed in; lab 2 is jdoe1's only."""
    return Course(shutil.copytree(graded_once, tmp_path / "course"))


def run(course, *words):
    """`vaelabs export`, as an instructor types it."""
    done = CliRunner().invoke(main, ["--course", str(course.root), "export", *map(str, words)])
    return done.exit_code, done.output


def saved(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_canvas_gradebook_is_filled_in(graded, tmp_path, encoding):
    """Who is who and the labs' columns, nothing else: what is not in the file, Canvas leaves as it is."""
    roster, target = saved(tmp_path / "canvas.csv", CANVAS, encoding), tmp_path / "out.csv"

    code, said = run(graded, "canvas", "--roster", roster, "-o", target)

    assert read(target) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1: a VAE in the plane (123)", "lab2 (124)"],
        ["", "", "", "", "", "Manual Posting", ""],
        ["    Points Possible", "", "", "", "", "9", "10"],
        ["Doe, Jane", "1234", "S-77", "jdoe1", "A, B", "8.13", "9"],
        ["Müller, Jürgen", "1235", "S-78", "jmuell", "A", "4.01", "3.00"],
        ["Müller, Jürgen", "1236", "S-79", "jmuell2", "A", "EX", ""],
        ["'=cmd(), Eve", "1237", "S-80", "eve", "A", "2.4", ""],
        ["Newcomer, Ann", "1238", "S-81", "anew", "A", "", ""],
        ["Student, Test", "9999", "", "x9", "A", "", ""],
    ]
    assert target.read_bytes().startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    assert code == 2
    assert [line.strip() for line in said.splitlines() if line.startswith("  ")] == [
        "lab1: not handed in by 1, left blank",
        "lab2: not handed in by 5, left blank",
        "lab1: a late penalty is taken off: eve",
        "lab2 has 9 points and its column 10; points are not scaled",
        "In canvas.csv and not in the course: Ann Newcomer",
        "lab1: left blank, needs marking (m1): jmuell2",
        "-gone, lab1: 9 points, and nobody in canvas.csv is clearly them",
    ]


def test_a_file_that_was_filled_in_can_be_filled_in_again(graded, tmp_path):
    """What was written is what Canvas would export afterwards, byte for byte."""
    roster, once, twice = saved(tmp_path / "canvas.csv", CANVAS), tmp_path / "once.csv", tmp_path / "twice.csv"

    run(graded, "canvas", "--roster", roster, "-o", once)
    run(graded, "canvas", "--roster", once, "-o", twice)

    assert once.read_bytes().replace(b"'=cmd", b"=cmd") == twice.read_bytes().replace(b"'=cmd", b"=cmd")


def test_marks_so_far_are_written_only_when_asked_for(graded, tmp_path):
    """And that is said."""
    roster, target = saved(tmp_path / "canvas.csv", CANVAS.replace("A,,EX,", "A,,,")), tmp_path / "out.csv"

    _, said = run(graded, "canvas", "lab1", "--roster", roster, "-o", target, "--partial", "--decimals", "0")

    assert [row[5] for row in read(target)[3:7]] == ["8", "4", "5", "2"]
    assert "lab1: counted as far as it is marked, needs marking (m1): jmuell2" in said


def test_a_column_is_never_guessed(graded, tmp_path):
    """Two that fit are none; --column says which."""
    text = CANVAS.replace("Essay", "Lab 1 again").replace("Lab 1: a VAE in the plane", "Lab 1")
    roster = saved(tmp_path / "canvas.csv", text)
    target = tmp_path / "out.csv"

    refused = run(graded, "canvas", "lab1", "--roster", roster, "-o", target)
    named = run(graded, "canvas", "lab1", "--roster", roster, "-o", target, "--column", "lab1=Lab 1 again (125)")

    assert refused == (1, (
        f"No column of {roster} is clearly that of lab1.\n"
        "Found: Notes; Lab 1 (123); lab2 (124); Lab 1 again (125); Current Score; Final Score.\n"
        "Say which it is: --column 'lab1=TITLE'\n"
    ))  # fmt: skip
    assert named[0] == 2
    assert read(target)[0][-1] == "Lab 1 again (125)"


def test_canvas_without_its_export_is_told_how_to_get_it(graded):
    """Canvas knows its students by numbers of its own."""
    code, said = run(graded, "canvas")

    assert (code, said.splitlines()) == (1, [
        "Rows are known by the system's own ids, so its export is needed: --roster FILE",
        "In Canvas: Grades, Export, Export Entire Gradebook.",
    ])  # fmt: skip


WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),Online text,Last modified (grade),Feedback comments
Participant 501,Jane Doe,jdoe1@uni.example,Submitted for grading,,8.00,Yes,"Sunday, 1 March 2026, 11:00 AM",=HYPERLINK(),-,-good
Participant 502,Jürgen Müller,jm@uni.example,No submission,2.00,8.00,Yes,-,,-,
"""


def test_moodle_worksheet_is_filled_in(graded, tmp_path):
    """By email address here; Moodle knows the rows by their identifiers, and would pass over more than its maximum."""
    with opened(graded) as gradebook:
        gradebook.update_or_create_student("jdoe1", email="JDoe1@uni.example")
    roster, target = saved(tmp_path / "grades.csv", WORKSHEET), tmp_path / "out.csv"

    code, said = run(graded, "moodle", "lab1", "--roster", roster, "-o", target)

    head, *rows = read(target)
    assert head == [title for title in WORKSHEET.splitlines()[0].split(",") if title not in ("Online text", "Feedback comments")]
    assert [(row[0], row[4]) for row in rows] == [("Participant 501", "8.13"), ("Participant 502", "2.00")]
    assert code == 2
    assert "  lab1: more than the maximum of 8, which Moodle passes over: jdoe1\n" in said
    assert "  In grades.csv and not in the course: Jürgen Müller\n" in said


def test_a_worksheet_is_of_one_lab(graded, tmp_path):
    """Which, nobody can guess."""
    code, said = run(graded, "moodle", "--roster", saved(tmp_path / "grades.csv", WORKSHEET), "-o", tmp_path / "out.csv")

    assert code == 1
    assert "Say which it is: vaelabs export moodle LAB --roster grades.csv (known: lab1, lab2)" in said


GRADES = """\
First name;Last name;ID number;Institution;Email address;Assignment: lab1 (Real);Course total (Real);Last downloaded from this course
Jane;Doe;jdoe1;Uni;jane@uni.example;-;-;1790000000
Jürgen;Müller;jmuell2;Uni;jm@uni.example;1,00;1,00;1790000000
"""


def test_moodle_grades_have_only_rows_with_a_mark(graded, tmp_path):
    """Moodle takes a grade away where it reads "-" or nothing, and one unknown student stops its import."""
    roster, target = saved(tmp_path / "grades.csv", GRADES), tmp_path / "out.csv"

    run(graded, "moodle", "lab1", "--roster", roster, "-o", target)

    assert target.read_text(encoding="utf-8").splitlines() == [
        "First name;Last name;ID number;Email address;Assignment: lab1 (Real);Last downloaded from this course",
        "Jane;Doe;jdoe1;jane@uni.example;8.13;1790000000",
    ]


def test_moodle_without_a_roster_gets_a_table_to_import(graded, tmp_path):
    """By what the gradebook knows; who has no mark has no row."""
    target = tmp_path / "out.csv"

    run(graded, "moodle", "lab1", "-o", target)

    assert read(target) == [
        ["Username", "Full name", "Email address", "Lab 1: a VAE in the plane"],
        ["'-gone", "", "", "9"],
        ["eve", "", "", "2.4"],
        ["jdoe1", "", "", "8.13"],
        ["jmuell", "", "", "4.01"],
    ]


def test_a_folder_that_collect_named_after_canvas_is_known_again(course, gradebook, tmp_path):
    """By number and name together: a number alone may be another's."""
    for student in ("mllerjrgen_1236", "mullerjurgen_1235", "team_1237"):
        enter(gradebook, result(student), 1.0)
    target = tmp_path / "out.csv"

    roster = saved(tmp_path / "canvas.csv", CANVAS.replace("EX", "").replace("Lab 1", "lab1"))

    _, said = run(course, "canvas", "lab1", "--roster", roster, "-o", target)

    assert [row[5] for row in read(target)[3:7]] == ["7.00", "6", "6", ""]
    assert "  team_1237, lab1: 6 points, and nobody in canvas.csv is clearly them\n" in said


NAMES = """\
Full name,SID,Email
Jürgen Müller,a,a@uni.example
Müller Jürgen,b,b@uni.example
Jane Doe,c,c@uni.example
"""


def test_two_of_one_name_are_told_apart_or_left_out(graded, tmp_path):
    """A name alone that fits two rows is nobody's."""
    roster = saved(tmp_path / "names.csv", NAMES)
    with opened(graded) as gradebook:
        for student, first, last in (("jmuell", "Jürgen", "Müller"), ("jdoe1", "Jane", "Doe")):
            gradebook.update_or_create_student(student, first_name=first, last_name=last)
    target = tmp_path / "class.csv"

    run(graded, "csv", "lab1", "--roster", roster, "-o", target)

    emails = {row[0]: row[2] for row in read(target)[1:] if row[2]}
    assert emails == {"absent": "zoe@uni.example", "jdoe1": "c@uni.example"}


def test_the_plain_tables(graded, tmp_path):
    """Everything there is, a row for each student and lab and one for each task."""
    target = tmp_path / "class.csv"

    code, said = run(graded, "csv", "lab1", "-o", target)

    labs = {row[0]: row for row in read(target)}
    assert ",".join(labs["student"]) == (
        "student,name,email,lab,status,score,max_points,automatic,manual,late_penalty,seconds_late,handed_in,reason"
    )
    assert labs["jdoe1"][3:12] == ["lab1", "graded", "8.13", "9", "5", "3.13", "0", "0", "2026-03-01T12:00:00Z"]
    assert labs["eve"][4:11] == ["graded", "2.4", "9", "3", "0", "0.6", "172800"]
    assert labs["jmuell2"][4:9] == ["needs marking", "", "9", "5", "0"]
    assert labs["absent"][1:9] == ["Zoë O'Neil, Jr.", "zoe@uni.example", "lab1", "not handed in", "", "9", "", ""]
    tasks = read(tmp_path / "class_tasks.csv")
    assert ",".join(tasks[0]) == (
        "student,name,lab,task,kind,points,max_points,automatic,by_hand,extra_credit,verdict,diagnosis,comment"
    )
    assert [row[3:9] for row in tasks if row[0] == "jdoe1"] == [
        ["double", "automatic", "2", "2", "2", ""],
        ["halve", "automatic", "3", "3", "3", ""],
        ["m1", "manual", "3.13", "4", "", "3.13"],
    ]
    assert (code, said.splitlines()[0]) == (2, f"4 marks written:  {target}, {tmp_path}/class_tasks.csv")


@pytest.mark.parametrize(
    "value, decimals, text",
    [
        (2.675, 2, "2.68"),
        (1.1 + 1.575, 2, "2.68"),
        (0.1 + 0.2, 2, "0.3"),
        (1.005, 2, "1.01"),
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (10.0, 2, "10"),
        (0.0, 2, "0"),
    ],
)
def test_halves_are_rounded_up(value, decimals, text):
    """In decimal, as a person would, and not as binary fractions fall."""
    assert ExportOptions(decimals=decimals).points(value) == text


def test_gradescope_gives_each_submission_its_marks(graded, tmp_path):
    """The zip is an autograder: run as Gradescope runs it, it writes the student's marks and nobody else's."""
    with opened(graded) as gradebook:
        gradebook.update_or_create_student("jdoe1", email="Jane@uni.example")
        gradebook.update_or_create_student("jmuell2", email="j2@uni.example")
    target, place = tmp_path / "marks.zip", tmp_path / "autograder"

    code, said = run(graded, "gradescope", "lab1", "-o", target)

    with zipfile.ZipFile(target) as archive:
        archive.extractall(place / "source")
        assert archive.getinfo("run_autograder").external_attr >> 16 == 0o100755
    subprocess.run(["bash", "-n", place / "source" / "setup.sh"], check=True)
    mine, nobody = (_run_there(place, email) for email in ("jane@uni.example", "j2@uni.example"))
    assert mine["score"] == 8.13
    points = {each["name"]: (each["score"], each["max_score"]) for each in mine["tests"]}
    assert points == {"double": (2, 2), "halve": (3, 3), "m1": (3.13, 4)}
    assert nobody == {"output": "There is no mark for this submission yet. Please ask your instructor."}
    assert code == 2
    assert "by which Gradescope knows them; name a roster with --roster FILE: -gone, eve, jmuell\n" in said


def _run_there(place, email):
    write_text(place / "submission_metadata.json", json.dumps({"users": [{"email": email, "id": 1, "name": "x"}]}))
    subprocess.run([sys.executable, place / "source" / "run_autograder"], env={"AUTOGRADER": str(place)}, check=True)
    return json.loads((place / "results" / "results.json").read_text())


def test_nbgrader_exports_the_same(graded, tmp_path, monkeypatch):
    """`nbgrader export` with our exporter, and `vaelabs export`."""
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"

    run(graded, "csv", "lab1", "-o", ours)
    monkeypatch.chdir(graded.root)
    app = ExportApp()
    app.initialize(["--exporter=vaelabs.exporters.Csv", f"--to={theirs}", "--assignment", "lab1", "--Csv.decimals=2"])
    app.start()

    assert theirs.read_bytes() == ours.read_bytes()
    assert (tmp_path / "theirs_tasks.csv").read_bytes() == (tmp_path / "ours_tasks.csv").read_bytes()

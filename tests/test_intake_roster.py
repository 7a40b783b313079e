"""Who is who: rosters of every kind, and nobody guessed."""

from datetime import datetime

import pytest
from nbgrader.api import Gradebook

from vaelabs.course import Course, CourseError
from vaelabs.intake import enter_due_date, enter_names, read_roster
from vaelabs.intake.roster import Person, Roster, Student, Unmatched, folder_name

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (123)
    Points Possible,,,,,30
"Doe, Jane",1234,S-77,jdoe1,A,
"Müller, Jürgen",1235,S-78,jmuell,A,
"de la Cruz, Ana María",1236,S-79,acruz,A,
"Student, Test",9999,,,A,
"""
MOODLE = """\
First name;Last name;ID number;Email address
Jane;Doe;m1;jane@uni.example
Jürgen;Müller;m2;j.mueller@uni.example
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade
Participant 501,Jane Doe,jane@uni.example,Submitted,
Participant 502,Jane Doe,jane2@uni.example,Submitted,
"""
GRADESCOPE = "First Name,Last Name,SID,Email\nJane,Doe,4711,jane@uni.example\n"
OURS = "id,name\nada,Ada Lovelace\nalan,Alan Turing\n"


@pytest.fixture
def roster(tmp_path):
    def read(text: str, encoding: str = "utf-8"):
        path = tmp_path / "roster.csv"
        path.write_bytes(text.encode(encoding))
        return read_roster(path)

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_canvas_gradebook(roster, encoding):
    """The login is the id; the row of points and the test student are no students."""
    read = roster(CANVAS, encoding)

    assert [each.id for each in read.students] == ["jdoe1", "jmuell", "acruz"]
    assert read.match(Person("doejane", (("canvas", "1234"),), squashed=True)) == "jdoe1"
    assert read.match(Person("mllerjrgen", (("canvas", "1235"),), squashed=True)) == "jmuell"
    assert read.match(Person("delacruzanamaria", squashed=True)) == "acruz"


def test_moodle_grades(roster):
    """Names in any order, accents or not."""
    read = roster(MOODLE)

    assert [each.id for each in read.students] == ["m1", "m2"]
    assert read.match(Person("Jürgen Müller", (("moodle", "88"),))) == "m2"
    assert read.match(Person("Muller Jurgen")) == "m2"


def test_moodle_worksheet_tells_namesakes_apart(roster):
    """By the participant's number; without it nobody is chosen."""
    read = roster(WORKSHEET)

    assert read.match(Person("Jane Doe", (("moodle", "502"),))) == "jane2@uni.example"
    with pytest.raises(Unmatched, match="it can be any of jane2@uni.example and jane@uni.example"):
        read.match(Person("Jane Doe"))


def test_gradescope_and_our_own(roster):
    assert roster(GRADESCOPE).match(Person("J. D.", (("sid", "4711"), ("email", "x@y")))) == "4711"
    assert roster(OURS).match(Person("ada", (("folder", "Ada"),))) == "ada"


def test_number_and_name_of_two_people(roster):
    """A contradiction is for a person."""
    with pytest.raises(Unmatched, match="the number is that of jdoe1, the name that of acruz"):
        roster(CANVAS).match(Person("delacruzanamaria", (("canvas", "1234"),), squashed=True))


def test_accents_tell_two_students_apart():
    read = Roster([Student("a", ("Jürgen Müller",)), Student("b", ("Jurgen Muller",))])

    assert read.match(Person("Jurgen Muller")) == "b"
    assert read.match(Person("Jürgen Müller")) == "a"


def test_names_in_a_file_name(roster):
    read = roster(OURS)

    assert read.in_text("vae_2d_ada.ipynb") == "ada"
    assert read.in_text("Lab 1 - Turing, Alan.ipynb") == "alan"
    for text in ("vae_2d.ipynb", "ada and alan.ipynb", "adalbert.ipynb"):
        with pytest.raises(Unmatched):
            read.in_text(text)


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "has no column that a roster has."),
        ("id,name\nada,A\nADA,B\n", "has the id 'ADA' twice."),
    ],
)
def test_what_is_no_roster(roster, text, said):
    with pytest.raises(CourseError, match=said):
        roster(text)


@pytest.mark.parametrize(
    "student, name",
    [("Jane Doe", "Jane Doe"), ("a/b\\c", "a_b_c"), ("..", ""), (".hidden", "hidden"), ("CON", "_CON"), ("nul.txt", "_nul.txt"),
     ("x*?[y]", "x___y_"), ("name. ", "name"), ("e\u0301", "é"), ("a\nb", "a_b"), ("=1+1", "=1+1"), ("\udce9ve", "_xe9ve")],
)  # fmt: skip
def test_names_of_folders(student, name):
    assert folder_name(student) == name


@pytest.mark.parametrize(
    ("text", "people"),
    [
        (CANVAS, {"jdoe1": ("Jane", "Doe", None), "jmuell": ("Jürgen", "Müller", None), "acruz": ("Ana María", "de la Cruz", None)}),
        (MOODLE, {"m1": ("Jane", "Doe", "jane@uni.example"), "m2": ("Jürgen", "Müller", "j.mueller@uni.example")}),
        ("id,name\nada,Ada Lovelace\nplato,Plato\nx1,\n", {"ada": ("Ada", "Lovelace", None), "plato": (None, "Plato", None), "x1": (None, None, None)}),
    ],
)  # fmt: skip
def test_names_go_to_the_gradebook(roster, tmp_path, text, people):
    """From there the formgrader, the report and the exports have them; a second time nothing is lost."""
    url = f"sqlite:///{tmp_path}/gradebook.db"
    for _ in range(2):
        enter_names(Course(tmp_path), roster(text))

    with Gradebook(url) as gradebook:
        assert {each.id: (each.first_name, each.last_name, each.email) for each in gradebook.students} == people


def test_when_a_lab_was_due_goes_there_too(tmp_path):
    """nbgrader keeps UTC without saying so; a later extension is one more `collect --due`."""
    for day in (1, 2):
        enter_due_date(Course(tmp_path), ["vae_2d"], datetime.fromisoformat(f"2026-03-0{day}T23:59+01:00"))

    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        assert gradebook.find_assignment("vae_2d").duedate == datetime(2026, 3, 2, 22, 59)

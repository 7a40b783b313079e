"""Exports of every kind, and of every malice, to submitted/."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import struct
import sys
import time
import zipfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from vaelabs.course import Course, CourseError, grade_id, read_notebook
from vaelabs.intake import Limits, Roster, collect, label_of, notes
from vaelabs.intake.exports import moment
from vaelabs.intake.labs import read_labs
from vaelabs.intake.roster import Student
from vaelabs.sample import right_answers, with_answers

ROOT = Path(__file__).parents[1]
OURS = Course(ROOT)
MARCH = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@cache
def text(lab: str = "vae_2d", mark: str = "") -> str:
    """An answered lab as a file; `mark` makes two of them different."""
    nb = with_answers(read_notebook(OURS.notebook("release", lab)), right_answers(OURS, lab))
    if mark:
        nb.cells.append(new_code_cell(f"print({mark!r})", id=f"mark-{mark}"))
    return nbformat.writes(nb) + "\n"


@pytest.fixture
def course(tmp_path) -> Course:
    """A course folder with the labs as they were released."""
    root = tmp_path / "course"
    shutil.copytree(ROOT / "release", root / "release")
    return Course(root)


@pytest.fixture
def export(tmp_path):
    """Write a zip from names and contents, each with its time."""

    def write(files: dict[str, str | bytes], name: str = "export.zip", when: datetime = MARCH) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, content in files.items():
                archive.writestr(info(inside, when), content)
        return path

    return write


def info(name: str, when: datetime = MARCH) -> zipfile.ZipInfo:
    """A file's entry with the time that says its zone."""
    made = zipfile.ZipInfo(name, when.timetuple()[:6])
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o100644 << 16
    made.extra = struct.pack("<HHBl", 0x5455, 5, 1, int(when.timestamp()))
    return made


def zipped(files: dict[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def submitted(course: Course) -> dict[str, str]:
    root = course.root / "submitted"
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(root.glob("[!.]*/*/*"))}


def everything(course: Course) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(course.root.rglob("*")) if path.is_file()}


def outcomes(intake) -> dict[str, str]:
    return {row.file: row.outcome for row in intake.rows}


def todo(intake) -> str:
    (row,) = intake.needs_person
    return row.todo


# ---- exports


def test_canvas(course, export):
    """Late is what Canvas says; the time in the zip is only that of the export."""
    path = export({
        "doejane_1234_5001_vae_2d.ipynb": text(),
        "turingalan_LATE_1235_5002_Copy of vae_mnist-2.ipynb": text("vae_mnist"),
        "roejohn_1236_text.html": "<p>see email</p>",
    })  # fmt: skip

    intake = collect(course, [path], due=datetime(2026, 2, 28, tzinfo=UTC))

    assert submitted(course) == {
        "doejane_1234/vae_2d/vae_2d.ipynb": text(),
        "doejane_1234/vae_2d/timestamp.txt": "2026-02-28 00:00:00.000000 UTC\n",
        "turingalan_1235/vae_mnist/vae_mnist.ipynb": text("vae_mnist"),
        "turingalan_1235/vae_mnist/timestamp.txt": "2026-03-01 12:00:00.000000 UTC\n",
    }
    assert [(row.student, row.when, row.late, row.outcome) for row in intake.rows] == [
        ("doejane_1234", "before 2026-03-01 12:00:00 UTC", "no", "counts"),
        ("turingalan_1235", "before 2026-03-01 12:00:00 UTC", "yes", "counts"),
        ("", "", "", "refused"),
    ]
    assert todo(intake) == "export.zip/roejohn_1236_text.html is text typed into the system and no notebook; ask for the .ipynb."


def test_canvas_of_which_the_due_time_is_not_known(course, export):
    """No time is better than one at which everybody would be late."""
    collect(course, [export({"doejane_1234_5001_vae_2d.ipynb": text()})])

    assert list(submitted(course)) == ["doejane_1234/vae_2d/vae_2d.ipynb"]


def test_canvas_resubmission(course, export):
    """The later upload counts, by Canvas' own number; both are kept."""
    path = export({
        "doejane_1234_5009_vae_2d-1.ipynb": text(mark="second"),
        "doejane_1234_5001_vae_2d.ipynb": text(mark="first"),
    })  # fmt: skip

    intake = collect(course, [path])

    assert submitted(course) == {"doejane_1234/vae_2d/vae_2d.ipynb": text(mark="second")}
    assert list(outcomes(intake).values()) == ["counts", "superseded"]
    assert intake.needs_person == []
    kept = sorted(path.read_text() for path in course.root.glob("submitted/.history/*/*/*.ipynb"))
    assert kept == sorted([text(mark="first"), text(mark="second")])


def test_canvas_anonymous(course, export):
    intake = collect(course, [export({"anon_aB3xY_5001_vae_2d.ipynb": text()})])

    assert todo(intake) == (
        "export.zip/anon_aB3xY_5001_vae_2d.ipynb was handed in anonymously; show the names in the system and export again."
    )


@pytest.mark.parametrize(
    "name",
    [
        "Jane Doe_501_assignsubmission_file_/vae_2d (1).ipynb",
        "Jane Doe_501_assignsubmission_file/work/vae_2d.ipynb",
        "Jane Doe_501_assignsubmission_file_vae_2d.ipynb",
        "Jane_Doe_501_assignsubmission_file_/vae_2d.ipynb",
        "Course-Lab-77/Jane Doe_501_assignsubmission_file_/vae_2d.ipynb",
    ],
)
def test_moodle(course, export, name):
    """Folders, or all in one name; the file's time is that of its upload."""
    intake = collect(course, [export({name: text()})], due=MARCH)

    assert submitted(course) == {
        "Jane Doe/vae_2d/vae_2d.ipynb": text(),
        "Jane Doe/vae_2d/timestamp.txt": "2026-03-01 12:00:00.000000 UTC\n",
    }
    assert [(row.late, row.outcome) for row in intake.rows] == [("no", "counts")]


def test_what_a_system_takes_a_page_back_by(course, export):
    """The name of the latest file that came from it, of which a student's own files inside of a zip have no part."""
    inner = zipped({"roejohn_1111_2222_vae_2d.ipynb": text(mark="mine")})
    two = export({"doejane_1234_5009_vae_2d-1.ipynb": text(mark="again")}, "two.zip")
    collect(course, [
        export({"doejane_1234_5001_vae_2d.ipynb": text(), "turingalan_LATE_1235_5002_work.zip": inner}, "one.zip"),
        two,
        export({"Jane_Doe_501_assignsubmission_file/work/vae_2d.ipynb": text()}, "moodle.zip"),
    ])  # fmt: skip
    course.submission("doejane_1234", "vae_2d").write_text(text(mark="mended-by-hand"))
    collect(course, [two])

    assert label_of(course, "doejane_1234", "vae_2d", "canvas") == "doejane_1234_5009_vae_2d-1.ipynb"
    assert label_of(course, "turingalan_1235", "vae_2d", "canvas") == "turingalan_LATE_1235_5002_work.zip"
    assert label_of(course, "Jane Doe", "vae_2d", "moodle") == "Jane Doe_501_assignsubmission_file_"
    assert label_of(course, "Jane Doe", "vae_2d", "canvas") == ""
    assert label_of(course, "nobody", "vae_2d", "canvas") == ""


def test_moodle_namesakes(course, export):
    """Only a roster can tell them apart."""
    path = export({f"Jane Doe_{n}_assignsubmission_file_/vae_2d.ipynb": text() for n in (501, 502)})

    intake = collect(course, [path])

    assert submitted(course) == {}
    assert [row.outcome for row in intake.rows] == ["set aside", "set aside"]
    assert intake.rows[0].todo == (
        "export.zip/Jane Doe_501_assignsubmission_file_/vae_2d.ipynb: two people of the export are called 'Jane Doe'; "
        "name them in a roster (--roster FILE) and collect again."
    )


GRADESCOPE = """\
---
submission_11:
  :submitters:
  - :name: Jane Doe
    :sid: '4711'
    :email: jane@uni.example
  - :name: Alan Turing
    :sid:
    :email: alan@uni.example
  :created_at: 2026-03-01 12:00:00.123456789 Z
  :score: 3.0
  :results: !ruby/object:Foo
    a: 1
submission_12:
  :submitters: []
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-03-01 12:00:00 Z
"""


def test_gradescope(course, export):
    """Times and groups from its metadata, in which Ruby's objects are data."""
    path = export({
        "assignment_7_export/submission_metadata.yml": GRADESCOPE,
        "assignment_7_export/submission_11/vae_2d.ipynb": text(),
        "assignment_7_export/submission_13/vae_2d.ipynb": text(),
    })  # fmt: skip

    intake = collect(course, [path], due=datetime(2026, 3, 1, 11, tzinfo=UTC))

    assert [name for name in submitted(course) if name.endswith("ipynb")] == [
        "4711/vae_2d/vae_2d.ipynb", "alan@uni.example/vae_2d/vae_2d.ipynb"
    ]  # fmt: skip
    assert submitted(course)["4711/vae_2d/timestamp.txt"] == "2026-03-01 12:00:00.123456 UTC\n"
    assert [row.late for row in intake.rows] == ["yes", "yes", ""]
    assert todo(intake).endswith("submission_13/vae_2d.ipynb belongs to no submission that submission_metadata.yml names.")


def test_google_classroom(course, tmp_path):
    """A Drive folder with the copies that Classroom makes; what does not say who is set aside."""
    folder = tmp_path / "Lab 1"
    folder.mkdir()
    (folder / "Jane Doe - Copy of vae_2d.ipynb").write_text(text())
    (folder / "Alan Turing - vae_2d.ipynb").write_text(text())
    (folder / "vae_2d.ipynb").write_text(text())

    intake = collect(course, [folder])

    assert [name for name in submitted(course) if name.endswith("ipynb")] == [
        "Alan Turing/vae_2d/vae_2d.ipynb", "Jane Doe/vae_2d/vae_2d.ipynb"
    ]  # fmt: skip
    assert "Lab 1/vae_2d.ipynb: nothing says whose it is" in todo(intake)


@pytest.mark.parametrize("names", [
    ["ada/vae_2d.ipynb", "alan/vae_2d.ipynb"],
    ["class/ada/vae_2d.ipynb", "class/alan/final/Untitled.ipynb"],
    ["submitted/ada/vae_2d/vae_2d.ipynb", "submitted/alan/vae_2d/vae_2d.ipynb"],
])  # fmt: skip
def test_folders(course, export, names):
    """Folders named after students, in others or not, of nbgrader or not."""
    intake = collect(course, [export({name: text() for name in names})])

    assert [name for name in submitted(course) if name.endswith("ipynb")] == [
        "ada/vae_2d/vae_2d.ipynb", "alan/vae_2d/vae_2d.ipynb"
    ]  # fmt: skip
    assert intake.needs_person == []


def test_nbgraders_time(course, export):
    """A timestamp.txt is what it is in nbgrader."""
    path = export({"ada/vae_2d/vae_2d.ipynb": text(), "ada/vae_2d/timestamp.txt": "2026-02-01 10:00:00.5 UTC"})

    collect(course, [path])

    assert submitted(course)["ada/vae_2d/timestamp.txt"] == "2026-02-01 10:00:00.500000 UTC\n"


def test_a_single_file(course, tmp_path):
    path = tmp_path / "Copy of vae_2d (1).ipynb"
    path.write_text(text())

    assert "nothing says whose it is" in todo(collect(course, [path]))
    assert collect(course, [path], student="ada").needs_person == []
    assert submitted(course)["ada/vae_2d/vae_2d.ipynb"] == text()


def test_a_folder_of_exports(course, export, tmp_path):
    """Each zip is understood by itself; a zip of a student is the student's."""
    folder = tmp_path / "all"
    folder.mkdir()
    export({"doejane_1_2_vae_2d.ipynb": text(), "turingalan_3_4_work.zip": zipped({"deep/vae_2d.ipynb": text()})}, "all/canvas.zip")
    (folder / "week 2").mkdir()
    export({"Ada Lovelace_9_assignsubmission_file_/vae_mnist.ipynb": text("vae_mnist")}, "all/week 2/moodle.zip")

    intake = collect(course, [folder])

    assert intake.needs_person == []
    assert {name.split("/")[0] for name in submitted(course)} == {"doejane_1", "turingalan_3", "Ada Lovelace"}


def test_a_heap_of_notebooks_is_nobodys(course, export):
    """A folder with everybody's files is no student; with a roster the files' names say who."""
    files = {"Lab 1/vae_2d_ada.ipynb": text(), "Lab 1/vae_2d_alan.ipynb": text()}

    alone = collect(course, [export(files)])
    known = collect(course, [export(files)], roster=Roster([Student("ada"), Student("alan")]))

    assert [row.outcome for row in alone.rows] == ["set aside", "set aside"]
    assert [row.student for row in known.rows] == ["ada", "alan"]


def test_two_names_in_one_folder_are_told(course, export):
    """Among other folders it passes for a student; that one of two files is not taken is said."""
    path = export({"week 1/ada.ipynb": text(mark="ada"), "week 1/alan.ipynb": text(mark="alan"), "eve/vae_2d.ipynb": text()})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info("week 1/zoe.ipynb", datetime(2026, 3, 2, tzinfo=UTC)), text(mark="zoe"))

    intake = collect(course, [path])

    assert [row.file for row in intake.needs_person] == ["export.zip/week 1/ada.ipynb", "export.zip/week 1/alan.ipynb"]
    assert "as zoe.ipynb lies beside it and is newer; if they are two students'" in intake.needs_person[0].todo


def test_a_title_with_a_dash_is_no_name(course, export):
    """Only copies that Classroom makes begin with a name."""
    intake = collect(course, [export({"ada/Lab 1 - VAE.ipynb": text(), "alan/My notes - final.ipynb": text()})])

    assert course.students() == ["ada", "alan"] and intake.needs_person == []


def test_a_roster_decides(course, export):
    """Who is in it gets the id of it; who is not is set aside."""
    roster = Roster([Student("jd", ("Doe, Jane",), {"canvas": {"1234"}})])
    path = export({"doejane_1234_1_vae_2d.ipynb": text(), "roejohn_77_2_vae_2d.ipynb": text()})

    intake = collect(course, [path], roster=roster)

    assert course.students() == ["jd"]
    assert todo(intake) == (
        "export.zip/roejohn_77_2_vae_2d.ipynb: nobody in the roster is 'roejohn'; mend the roster or rename it and collect again."
    )


def test_a_roster_and_flat_files(course, export):
    """A name in a file's name is enough where it can only be one."""
    roster = Roster([Student("ada", ("Ada Lovelace",)), Student("alan", ("Alan Turing",))])

    collect(course, [export({"vae_2d_ada.ipynb": text(), "Alan Turing lab.ipynb": text("vae_mnist")})], roster=roster)

    assert [name for name in submitted(course) if name.endswith("ipynb")] == [
        "ada/vae_2d/vae_2d.ipynb", "alan/vae_mnist/vae_mnist.ipynb"
    ]  # fmt: skip


# ---- labs, versions


def test_the_content_says_which_lab(course, export):
    """A wrong name does not; the name decides only where the content does not, then --lab."""
    empty = nbformat.writes(new_notebook(cells=[new_code_cell("x = 1")]))
    path = export({"ada/vae_mnist.ipynb": text("vae_2d"), "alan/lab4.ipynb": empty, "eve/Untitled.ipynb": empty})

    intake = collect(course, [path])

    assert [(row.student, row.lab) for row in intake.rows] == [("ada", "vae_2d"), ("alan", "vae_pyro"), ("eve", "")]
    assert intake.rows[2].todo == (
        "export.zip/eve/Untitled.ipynb of eve belongs to no lab of the course; if it does, name it with --lab."
    )
    assert [row.lab for row in collect(course, [path], lab="vae_flax").rows] == ["vae_2d", "vae_pyro", "vae_flax"]


def test_a_second_run_changes_nothing(course, export):
    """No byte in the course folder, no row of the report."""
    files = {"doejane_1_2_vae_2d.ipynb": text(), "roejohn_3_4_a.pdf": b"%PDF-1.7", "x_5_6_b.ipynb": "no"}
    path = export(files)
    first = collect(course, [path], due=MARCH)
    before = everything(course)
    os.utime(path, (time.time() + 60, time.time() + 60))

    second = collect(course, [path])

    assert everything(course) == before
    assert second.written == [] and [row.outcome for row in second.rows] == [row.outcome for row in first.rows]


@pytest.mark.parametrize("first, second", [("old", "new"), ("new", "old")])
def test_the_order_of_exports_does_not_matter(course, export, first, second):
    """An older export changes no newer submission."""
    paths = {
        "old": export({"Ada_1_assignsubmission_file_/vae_2d.ipynb": text(mark="old")}, "old.zip", datetime(2026, 1, 1, tzinfo=UTC)),
        "new": export({"Ada_1_assignsubmission_file_/vae_2d.ipynb": text(mark="new")}, "new.zip"),
    }

    collect(course, [paths[first]])
    collect(course, [paths[second]])

    assert submitted(course)["Ada/vae_2d/vae_2d.ipynb"] == text(mark="new")
    assert submitted(course)["Ada/vae_2d/timestamp.txt"].startswith("2026-03-01")


def test_a_second_download_is_not_newer(course, tmp_path):
    """A copy of an old file, whose time is that of the copying, is the old file."""
    for name, mark, day in (("a", "old", 1), ("b", "new", 2), ("c", "old", 3)):
        path = tmp_path / name / "ada" / "vae_2d.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text(mark=mark))
        os.utime(path, (86400 * day * 100, 86400 * day * 100))
        collect(course, [tmp_path / name])

    assert submitted(course)["ada/vae_2d/vae_2d.ipynb"] == text(mark="new")


def test_two_files_at_once(course, export):
    """The more complete one counts, and a person is told of the other."""
    blank = OURS.notebook("release", "vae_2d").read_text()
    path = export({"ada/b.ipynb": blank, "ada/a.ipynb": text(), "eve/a.ipynb": text()})

    intake = collect(course, [path])

    assert submitted(course)["ada/vae_2d/vae_2d.ipynb"] == text()
    assert todo(intake) == (
        "ada handed in 2 notebooks of vae_2d at once, and this one counts, not export.zip/ada/b.ipynb; "
        "if the other was meant, put it into submitted/ada/vae_2d/."
    )


def test_a_file_put_there_by_hand(course, export):
    """It is a version as any other: newer exports replace it, older ones do not, and it is kept."""
    path = course.submission("ada", "vae_2d")
    path.parent.mkdir(parents=True)
    path.write_text(text(mark="hand"))

    intake = collect(course, [export({"ada/vae_2d.ipynb": text(mark="old")}, when=datetime(2020, 1, 1, tzinfo=UTC))])

    assert path.read_text() == text(mark="hand")
    assert [row.outcome for row in intake.rows] == ["superseded by a file that was put into submitted/ by hand"]
    collect(course, [export({"ada/vae_2d.ipynb": text(mark="new")}, when=datetime(2030, 1, 1, tzinfo=UTC))])
    assert path.read_text() == text(mark="new")
    assert len(list(course.root.glob("submitted/.history/ada/vae_2d/*.ipynb"))) == 3


def test_an_export_that_was_unpacked_by_hand_before(course, export):
    """It is the same file, and is repaired as any other."""
    nb = nbformat.reads(text(), as_version=4)
    nb.cells = [cell for cell in nb.cells if grade_id(cell) != "test-kl_divergence"]
    path = course.submission("ada", "vae_2d")
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(nb))

    intake = collect(course, [export({"ada/vae_2d.ipynb": nbformat.writes(nb)})])

    assert [row.outcome for row in intake.rows] == ["counts, repaired"]
    assert len(list(course.root.glob("submitted/.history/ada/vae_2d/*.ipynb"))) == 1


def test_the_history_is_no_student(course, export):
    """Neither for us nor for nbgrader."""
    collect(course, [export({"ada/vae_2d.ipynb": text()})])

    assert course.students() == ["ada"]
    directory = CourseDirectory(config=Config(), root=str(course.root))
    assert NbGraderAPI(directory).get_submitted_students("vae_2d") == {"ada"}
    assert NbGraderAPI(directory).get_submitted_students("*") == {"ada"}


def test_a_record_that_cannot_be_read(course, export):
    path = export({"ada/vae_2d.ipynb": text()})
    collect(course, [path])
    (course.root / "submitted/.history/ada/vae_2d/versions.json").write_text("{")

    with pytest.raises(CourseError, match="versions.json cannot be read"):
        collect(course, [path])


# ---- repair on the way


def test_a_repaired_submission(course, export):
    """What was handed in is kept as it was; what was done is told in the notebook and in a table."""
    nb = nbformat.reads(text(), as_version=4)
    nb.cells = [cell for cell in nb.cells if grade_id(cell) != "test-kl_divergence"]
    given = nbformat.writes(nb)

    intake = collect(course, [export({"ada/vae_2d.ipynb": given})])

    assert [row.outcome for row in intake.rows] == ["counts, repaired"]
    assert intake.needs_person == []
    (kept,) = course.root.glob("submitted/.history/ada/vae_2d/*.ipynb")
    assert kept.read_text() == given
    said = "The cell test-kl_divergence was lost and is back as it was released."
    assert read_notebook(course.submission("ada", "vae_2d")).metadata.vaelabs.repairs == [f"test-kl_divergence: {said}"]
    assert rows(course, "repairs") == [["ada", "vae_2d", "test-kl_divergence", "repair", said]]


def test_doubts_are_told_where_a_student_cannot_write(course, export):
    nb = nbformat.reads(text(), as_version=4)
    nb.cells.append(new_code_cell("def kl_divergence(mu, logvar):\n    return 0"))

    intake = collect(course, [export({"ada/vae_2d.ipynb": nbformat.writes(nb)})])

    doubts = notes(course, "ada", "vae_2d").doubts
    assert list(doubts) == ["kl_divergence"]
    assert todo(intake) == f"export.zip/ada/vae_2d.ipynb of ada: {doubts['kl_divergence']}."
    course.submission("ada", "vae_2d").write_text(text())
    assert notes(course, "ada", "vae_2d").doubts == {}


def test_a_fault_of_ours_costs_one_submission(course, export, monkeypatch):
    """It is handed on as it came, and a person is told; the next ones go on."""
    module = sys.modules["vaelabs.intake.collect"]
    real = module._made_gradable
    monkeypatch.setattr(module, "_made_gradable", lambda data, lab: 1 / 0 if b"'eve'" in data else real(data, lab))

    intake = collect(course, [export({"eve/vae_2d.ipynb": text(mark="eve"), "fay/vae_2d.ipynb": text()})])

    assert submitted(course)["eve/vae_2d/vae_2d.ipynb"] == text(mark="eve")
    assert todo(intake) == (
        "export.zip/eve/vae_2d.ipynb of eve: the notebook could not be repaired (ZeroDivisionError); it is as it was handed in."
    )
    assert course.students() == ["eve", "fay"]


def rows(course: Course, table: str) -> list[list[str]]:
    with (course.report / f"{table}.csv").open(newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_another_encoding_is_mended(course, export, encoding):
    collect(course, [export({"ada/vae_2d.ipynb": text().encode(encoding)})])

    assert read_notebook(course.submission("ada", "vae_2d")).cells


# ---- what is refused

LOGIN = "<!DOCTYPE html><html><body>Please log in</body></html>"
REFUSALS = {
    "a log-in page": (LOGIN, "is a web page, perhaps that of a log-in, and no notebook"),
    "a pdf": (b"%PDF-1.7 ...", "is a PDF and no notebook"),
    "office": (zipped({"word/document.xml": "x"}), "is a zip or an Office document and no notebook"),
    "empty": ("", "is empty"),
    "latin": ('{"cells": ["é"]}'.encode("latin-1"), "is not UTF-8 text, so it is no notebook"),
    "cut": (text()[:5000], "breaks off in the middle"),
    "json": ("[1, 2]", "is JSON but no notebook: it has no cells"),
    "python": ("import torch", "is no notebook: it is not JSON"),
    "deep": ('{"cells": [' + "[" * 500 + "]" * 500 + "]}", "is nested more than 100 levels deep, as no notebook is"),
    "deeper": ("[" * 200_000, "is no notebook: it is not JSON"),
    "format 9": ('{"nbformat": 9, "cells": []}', "is of a notebook format that is not known here"),
    "many cells": (json.dumps({"nbformat": 4, "cells": [{}] * 5001}), "has 5,001 cells, and more than 5,000 are not looked at"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_no_notebook_is_refused_by_name(course, export, kind):
    """One sentence, and the others go on."""
    content, said = REFUSALS[kind]

    intake = collect(course, [export({"alan/vae_2d.ipynb": content, "ada/vae_2d.ipynb": text()})])

    assert course.students() == ["ada"]
    assert todo(intake) == f"export.zip/alan/vae_2d.ipynb of alan {said}; ask for the .ipynb again."


@pytest.mark.parametrize("name", ["vae_2d.py", "report.pdf", "answers.docx", "lab.html", "lab.tar.gz"])
def test_other_files_matter_only_when_nothing_else_came(course, export, name):
    intake = collect(course, [export({f"alan/{name}": "x", "ada/vae_2d.ipynb": text(), f"ada/{name}": "x"})])

    kind = name[name.rindex(".") :]
    assert todo(intake) == (
        f"export.zip/alan/{name} of alan is a {kind} file and no notebook, and nothing else was handed in; ask for the .ipynb."
    )
    assert outcomes(intake)[f"export.zip/ada/{name}"] == "ignored"


def test_a_notebook_behind_another_suffix(course, export):
    """Browsers add .txt and .json."""
    collect(course, [export({"ada/vae_2d.ipynb.txt": text(), "alan/vae_2d.json": text(), "eve/vae_2d": text()})])

    assert course.students() == ["ada", "alan", "eve"]


def test_litter_is_passed_over(course, export):
    """Of macOS, Windows and Jupyter."""
    path = export({
        "ada/vae_2d.ipynb": text(), "__MACOSX/ada/._vae_2d.ipynb": b"\0\5", "ada/.DS_Store": b"x", "Thumbs.db": b"x",
        "ada/.ipynb_checkpoints/vae_2d-checkpoint.ipynb": text(mark="old"),
    })  # fmt: skip

    intake = collect(course, [path])

    assert submitted(course)["ada/vae_2d/vae_2d.ipynb"] == text()
    assert sorted(outcomes(intake).values()) == ["counts", "ignored"]


def raw_zip(tmp_path: Path, *entries: tuple[zipfile.ZipInfo, bytes]) -> Path:
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(info("ada/vae_2d.ipynb"), text())
        for each, content in entries:
            archive.writestr(each, content)
    return path


def special(name: str, mode: int) -> zipfile.ZipInfo:
    made = info(name)
    made.create_system, made.external_attr = 3, mode << 16
    return made


@pytest.mark.parametrize(
    "entry, said",
    [
        (info("../../eve/vae_2d.ipynb"), "has a path that leads out of the zip"),
        (info("/etc/eve.ipynb"), "has a path that leads out of the zip"),
        (info("C:\\eve\\vae_2d.ipynb"), "has a path that leads out of the zip"),
        (info("eve\\..\\..\\vae_2d.ipynb"), "has a path that leads out of the zip"),
        (special("eve/vae_2d.ipynb", 0o120777), "is a link to another file, and links are not followed"),
        (special("eve/vae_2d.ipynb", 0o020666), "is a device or a pipe and no file"),
        (special("eve/vae_2d.ipynb", 0o010666), "is a device or a pipe and no file"),
    ],
    ids=["up", "absolute", "drive", "backslashes", "link", "device", "pipe"],
)
def test_paths_and_kinds_in_a_zip(course, tmp_path, entry, said):
    """Refused, and nothing is written outside of submitted/ and report/."""
    intake = collect(course, [raw_zip(tmp_path, (entry, text().encode()))])

    assert todo(intake).endswith(f" {said}.")
    assert course.students() == ["ada"]
    assert sorted(path.name for path in course.root.iterdir()) == ["release", "report", "submitted"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course", "hostile.zip"]


def test_links_and_pipes_in_a_folder(course, tmp_path):
    folder = tmp_path / "all"
    (folder / "ada").mkdir(parents=True)
    (folder / "ada" / "vae_2d.ipynb").write_text(text())
    (folder / "eve").symlink_to("/etc")
    (folder / "mallory.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.ipynb")

    intake = collect(course, [folder])

    assert course.students() == ["ada"]
    assert {row.file: row.todo.split(" ", 1)[1] for row in intake.needs_person} == {
        "all/eve": "is a link to another file, and links are not followed.",
        "all/mallory.ipynb": "is a link to another file, and links are not followed.",
        "all/pipe.ipynb": "is a device or a pipe and no file.",
    }


SMALL = Limits(file_bytes=1_000_000, files=30, nested_files=20, nested_bytes=3_000_000)


def test_a_bomb_of_one_file(course, export):
    """By its ratio before it is unpacked."""
    intake = collect(course, [export({"eve/vae_2d.ipynb": b"0" * 50_000_000, "ada/vae_2d.ipynb": text()})])

    assert todo(intake) == "export.zip/eve/vae_2d.ipynb unpacks to more than 200 times its size, as no notebook does."
    assert course.students() == ["ada"]


def test_a_huge_file(course, export, tmp_path):
    noise = os.urandom(1_100_000)
    folder = tmp_path / "eve"
    folder.mkdir()
    (folder / "vae_2d.ipynb").write_bytes(noise)

    inside = collect(course, [export({"eve/vae_2d.ipynb": noise})], limits=SMALL)
    on_disk = collect(course, [folder], limits=SMALL, student="eve")

    for intake in (inside, on_disk):
        assert todo(intake).endswith("is larger than 1 MB; ask for it with its outputs cleared.")


def test_a_zip_of_too_many_files(course, export):
    """A student's own is refused alone; the export's as a whole."""
    many = {f"{n}.txt": "x" for n in range(40)}

    intake = collect(course, [export({"a_1_2_w.zip": zipped(many), "b_3_4_vae_2d.ipynb": text()})], limits=SMALL)

    assert todo(intake) == "export.zip/a_1_2_w.zip of a_1 holds more than 20 files."
    assert course.students() == ["b_3"]
    assert todo(collect(course, [export(many)], limits=SMALL)) == "export.zip holds more than 30 files."


def test_nested_zips(course, export):
    """One is opened, many in each other are not."""
    inner = zipped({"vae_2d.ipynb": text()})
    russian = inner
    for _ in range(5):
        russian = zipped({"more.zip": russian})

    intake = collect(course, [export({"ada_1_2_w.zip": inner, "eve_3_4_w.zip": russian})])

    assert course.students() == ["ada_1"]
    assert "is a zip inside of 2 others; ask for the .ipynb itself." in todo(intake)


def test_all_together_too_large(course, export):
    files = {f"e{n}_{n}_1_w.ipynb": text(mark=str(n)) for n in range(5)}

    intake = collect(course, [export(files)], limits=Limits(total_bytes=2 * len(text()) + 1000))

    assert len(course.students()) == 2
    assert all("all files together unpack to more than an export may hold" in row.todo for row in intake.needs_person)


def test_an_encrypted_file(course, export):
    path = export({"ada/vae_2d.ipynb": text(), "eve/vae_2d.ipynb": text()})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1  # the bit that says so
    path.write_bytes(data)

    assert todo(collect(course, [path])) == "export.zip/eve/vae_2d.ipynb is encrypted; ask for it without a password."


def test_damaged_zips(course, export):
    """Cut off, and with a wrong byte in one of the files."""
    path = export({"ada/vae_2d.ipynb": text(), "eve/vae_2d.ipynb": text(mark="eve")})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert todo(collect(course, [path])) == "export.zip is a damaged or incomplete zip; download it again."

    broken = bytearray(whole)
    at = broken.index(b"eve/vae_2d.ipynb") + 200
    broken[at : at + 20] = b"\xff" * 20
    path.write_bytes(broken)
    assert todo(collect(course, [path])) == "export.zip/eve/vae_2d.ipynb of eve is damaged in the zip; download the export again."
    assert course.students() == ["ada"]


def test_names_that_no_system_likes(course, export):
    """Reserved on Windows, unicode, escape sequences, formulas, capitals that differ."""
    path = export({
        "CON/vae_2d.ipynb": text(), "Zoë/vae_2d.ipynb": text(), "a*b/vae_2d.ipynb": text(), "=cmd()/vae_2d.ipynb": text(),
        "ada/vae_2d.ipynb": text(), "Ada/vae_2d.ipynb": text(), "e\x1b[31mve/vae_2d.ipynb": text(),
    })  # fmt: skip

    intake = collect(course, [path])

    assert course.students() == ["=cmd()", "Zoë", "_CON", "a_b", "ada", "e_[31mve".replace("[", "_")]
    assert "'Ada' and 'ada' differ only in capitals" in todo(intake)
    table = (course.report / "intake.csv").read_text()
    assert "\x1b" not in table
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows(course, "intake") for cell in row)


def test_names_of_old_zips(course, tmp_path):
    """UTF-8 without the flag that says so."""
    path = tmp_path / "old.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info("XXXX/vae_2d.ipynb"), text())
    path.write_bytes(path.read_bytes().replace(b"XXXX", "Zoë".encode()))

    collect(course, [path])

    assert course.students() == ["Zoë"]


def test_a_metadata_file_that_is_no_yaml(course, export):
    intake = collect(course, [export({"submission_metadata.yml": "a: [", "submission_1/vae_2d.ipynb": text()})])

    assert "as submission_metadata.yml is no YAML that can be read" in todo(intake)


def test_a_course_without_labs(tmp_path, export):
    with pytest.raises(CourseError, match="There is no lab in release/"):
        collect(Course(tmp_path / "nothing"), [export({})])


@pytest.mark.parametrize(
    "name, lab",
    [
        ("Copy of vae_2d.ipynb", "vae_2d"), ("vae_2d (1).ipynb", "vae_2d"), ("VAE-MNIST-final.ipynb", "vae_mnist"),
        ("lab03_jane.ipynb", "vae_flax"), ("Lab 4.ipynb", "vae_pyro"), ("lab 12.ipynb", None), ("Untitled.ipynb", None),
        ("vae_2d vae_mnist.ipynb", None),
    ],
)  # fmt: skip
def test_the_lab_in_a_name(name, lab):
    assert read_labs(OURS).of_name(name) == lab


@pytest.mark.parametrize(
    "said", ["2026-03-01 12:00:00 UTC", "2026-03-01T13:00:00+01:00", "2026-03-01 12:00:00.000000000 Z", "2026-03-01 07:00:00 -0500"]
)
def test_times(said):
    assert moment(said) == MARCH
    assert moment("soon") is None

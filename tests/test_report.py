"""The class report: what it counts, what it shows, whom it does not name. One notebook is run for most of it."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import re
from datetime import datetime
from pathlib import Path

import html5lib
import nbformat
import numpy as np
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook
from PIL import Image, PngImagePlugin

from vaelabs.checks.rubric import Diagnosis, Verdict
from vaelabs.cli import main
from vaelabs.converting import own_programs_on_path
from vaelabs.course import Course, CourseError, write_text
from vaelabs.intake import Published, late_submissions, left_to_do
from vaelabs.intake.history import History, Version
from vaelabs.reports import LabMark, Marks, Person, TaskMark, copy_template, make_report
from vaelabs.reports.class_data import ClassData, LabInfo, Outcome, Submission, TaskInfo, read_class
from vaelabs.reports.class_report import gather
from vaelabs.reports.gallery import MAX_THUMBNAIL, SIZE, gallery, thumbnail
from vaelabs.reports.marks import GRADED, NEEDS_MARKING, NEEDS_REVIEW, NOT_HANDED_IN

MISTAKES = [
    Diagnosis("K1", "This is twice the KL: the ½ is missing.", "yours 2, ours 1"),
    Diagnosis("K2", "One number for the batch: use `.sum(-1)`.", "yours (), ours (3,)"),
]


def made_up_marks(course: Course, people: list[Person], seed: int = 0, absent: float = 0.1) -> Marks:
    """A class as grading could have left it: some able, some not, some absent, some for a person to look at."""
    draw = random.Random(seed)
    able = {each.id: draw.betavariate(4, 2) for each in people}
    marks = []
    for lab in course.built_labs():
        tasks = course.tasks(lab)
        hardness = {each.name: draw.uniform(0.2, 0.9) for each in tasks}
        for person in people:
            top = sum(each.points for each in tasks)
            if draw.random() < absent:
                marks.append(LabMark(person, lab, top, NOT_HANDED_IN, f"{person.id} has not handed in {lab}"))
                continue
            found = [_mark(each, able[person.id] > hardness[each.name] + draw.gauss(0, 0.2), draw) for each in tasks]
            open_tasks = {each.manual for each in found if each.points is None}
            status = NEEDS_REVIEW if False in open_tasks else NEEDS_MARKING if open_tasks else GRADED
            reason = f"{person.id}'s cell, by {person.name}, was moved" if status == NEEDS_REVIEW else ""
            late = draw.choice([0, 0, 0, 0, 0, 3700, 90_000.0])
            marks.append(
                LabMark(person, lab, top, status, reason, tuple(found), datetime(2026, 3, 1), late, 2.0 * bool(late))
            )
    return Marks(tuple(course.built_labs()), tuple(people), tuple(marks))


def _mark(task, right, draw):
    if task.manual:
        return TaskMark(task.name, task.grade_id, True, task.points, draw.choice([None, task.points]))
    if draw.random() < 0.01:
        verdict = Verdict(task.name, 0.0, task.points, "needs_review", message="a cell was moved")
        return TaskMark(task.name, task.grade_id, False, task.points, None, verdict=verdict)
    status = "graded" if right else draw.choice(["graded", "graded", "graded", "failed", "missing"])
    points = task.points if right else draw.choice([0.0, task.points / 2]) if status == "graded" else 0.0
    named = None if right or status != "graded" or draw.random() < 0.3 else draw.choice([*MISTAKES, MISTAKES[0]])
    verdict = Verdict(task.name, points, task.points, status, diagnosis=named)
    return TaskMark(task.name, task.grade_id, False, task.points, points, points, verdict=verdict)


def picture(colour: str = "red", size: tuple[int, int] = (800, 500), kind: str = "PNG", **more) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind, **more)
    return base64.b64encode(buffer.getvalue()).decode()


def write_class(root: Path) -> Course:
    """Two labs with three tasks and a question each, nothing handed in."""
    course = Course(root)
    for lab in ("ps1", "ps2"):
        meta = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
        cells = []
        for n, (name, points) in enumerate((("kl", 5), ("elbo", 3), ("draw", 2)), 1):
            asked = {**meta, "grade_id": f"task-{name}", "locked": True}
            graded = {**meta, "grade_id": f"test-{name}", "grade": True, "locked": True, "points": points}
            text = f"### Task {n} ({points} points): the {name}"
            cells.append(nbformat.v4.new_markdown_cell(text, metadata={"nbgrader": asked}))
            cells.append(nbformat.v4.new_code_cell(f"assert {name}", metadata={"nbgrader": graded}))
        why = {**meta, "grade_id": "m1-why", "grade": True, "solution": True, "points": 4}
        cells.append(nbformat.v4.new_markdown_cell("Why?", metadata={"nbgrader": why}))
        cells.append(nbformat.v4.new_code_cell("losses()"))
        cells.append(nbformat.v4.new_code_cell("show(samples)"))
        cells.append(nbformat.v4.new_code_cell("last_one()"))
        write_text(course.notebook("source", lab), nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    return course


def hand_in(course: Course, student: str, pictures: dict[str, str], lab: str = "ps1") -> None:
    """A notebook with these pictures, by the source of their cells."""
    cells = []
    for source, png in pictures.items():
        output = nbformat.v4.new_output("display_data", {"image/png": png, "text/html": "<script>alert(1)</script>"})
        cells.append(nbformat.v4.new_code_cell(source, outputs=[output]))
    write_text(course.submission(student, lab), nbformat.writes(nbformat.v4.new_notebook(cells=cells)))


HOSTILE = Person("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\x1b[31m" + 500 * "x")
CLASS = [Person("s01", "Ada", "Lovelace"), Person("s02", "Ben", "Okafor"), Person("s03"), HOSTILE]


def page_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def expect_harmless(page: str) -> None:
    """Valid HTML5 that runs nothing and asks nothing of a network."""
    html5lib.HTMLParser(strict=True).parse(page)
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    for element in tree.iter():
        assert element.tag not in ("script", "iframe", "object", "embed", "form", "link", "base")
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("src", "href") or value.startswith(
                ("#", "data:image/png;base64,", "data:image/jpeg;base64,")
            )


# ---- the page


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A class of four, of whom nobody handed in the second lab; its course and its page."""
    course = write_class(tmp_path_factory.mktemp("report"))
    hand_in(
        course, "s01", {"losses()": picture("blue"), "show(samples)": picture("red"), "last_one()": picture("green")}
    )
    hand_in(course, "s02", {"show(samples)": picture(size=(9, 9))[:-40] + "A" * 40})
    marks = made_up_marks(course, CLASS, seed=3, absent=0)
    only = [each for each in marks.marks if each.lab == "ps1"]
    nobody = [LabMark(each, "ps2", 14, NOT_HANDED_IN) for each in CLASS]
    waiting = ["export.zip/<b>x</b> is a PDF and no notebook."]
    marks = Marks(marks.labs, marks.people, (*only, *nobody))
    seconds = {(each.student, "ps1"): 2.0 for each in only}
    page = make_report(course, ["ps1", "ps2"], marks, seconds, {("s01", "ps1")}, waiting)
    return course, marks, page


def test_the_page_is_valid_and_runs_nothing(reported):
    """Strict HTML5, no script, no address, whatever students are called."""
    page = page_of(reported[2])

    expect_harmless(page)
    assert "&lt;img src=x onerror" in page
    assert 200 * "x" not in page
    assert "is a PDF and no notebook" in page and "<b>x</b>" not in page


def test_the_page_has_every_section_and_no_code(reported):
    """A table of contents leads to the sections; the template's code is not shown."""
    page = page_of(reported[2])

    sections = re.findall(r'<li><a href="#(section-\d)">(.*?)</a></li>', page)
    assert [name for _, name in sections] == [
        "Marks",
        "To teach again",
        "Tasks: how hard, how telling",
        "Mistakes",
        "Late work",
        "For a person to look at",
        "Time to grade",
        "Gallery",
    ]
    assert all(f'<h2 id="{place}">' in page for place, _ in sections)
    assert "read_class" not in page and str(reported[0].root) not in page
    assert "No mark yet: ps2." in page
    assert "Ada Lovelace (s01)" in page


def test_the_rows_beside_the_page_are_those_of_the_class(reported):
    """data.json is read back whole, and the tables have a row for each task."""
    course, marks, page = reported

    group = read_class(page.with_name("data.json"))
    with page.with_name("tasks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert {each.id for each in CLASS} == set(group.people)
    assert {each.student for each in group.late() if not each.seconds_late} <= {"s01"}
    assert ("s01", "ps1") in {(each.student, each.lab) for each in group.late()}
    assert [("ps1", "kl"), ("ps1", "elbo")] == [(row["lab"], row["task"]) for row in rows[:2]]
    assert 8 == len(rows) and "Task 1: the kl" == rows[0]["title"]
    assert all(row["discrimination"] == "" for row in rows), "four students are too few"


def test_the_gallery_shows_the_figure_of_samples_made_anew(reported):
    """The picture of the lab's cell about samples, encoded by us; a broken one is left out."""
    course, _, page = reported

    [small] = read_class(page.with_name("data.json")).pictures
    with Image.open(io.BytesIO(base64.b64decode(small.jpeg))) as shown:
        colour = shown.convert("RGB").getpixel((5, 5))

    assert ("s01", "ps1") == (small.student, small.lab)
    assert colour[0] > 240 and colour[1] < 15 and colour[2] < 15
    assert small.jpeg in page_of(page)
    assert picture("red") not in page_of(page)


def test_an_anonymous_report_names_nobody(tmp_path):
    """No id, no part of a name, no address and no picture, in the page or beside it; 300 students."""
    course = write_class(tmp_path)
    first, last = ("Zebulon", "Yolanda", "Xanthippe"), ("Quackenbush", "Featherstonehaugh")
    people = [Person(f"u{n:04}q", first[n % 3], f"{last[n % 2]}{n}", email=f"m{n:04}q@example.org") for n in range(300)]
    hand_in(course, people[0].id, {"show(samples)": picture()})
    marks = made_up_marks(course, people)
    seconds = {(each.student, each.lab): 3.0 for each in marks.marks if each.tasks}

    page = make_report(course, ["ps1", "ps2"], marks, seconds, (), [f"{people[3].id}.zip is empty."], anonymous=True)

    assert page.parent.name == "class-anonymous"
    expect_harmless(page_of(page))
    known = re.compile("|".join((r"u\d{4}q", r"m\d{4}q", *first, *last)), re.IGNORECASE)
    for path in page.parent.iterdir():
        text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", path.read_text())
        assert not known.search(text), path.name
    group = read_class(page.with_name("data.json"))
    assert re.search(r"<td>Student \d{3}</td>", page_of(page)) and 300 == len(group.people)
    assert [] == group.pictures and "no gallery" in page_of(page)
    assert any("[name]'s cell, by [name] [name], was moved" in each.reason for each in group.reviews)
    assert page.stat().st_size < 1_000_000, "long lists are cut"
    named = gather(course, ["ps1", "ps2"], marks, seconds)
    for one, other in zip(named.items("ps1"), group.items("ps1"), strict=True):
        assert (one.facility, one.full, one.open) == (pytest.approx(other.facility), other.full, other.open)


# ---- other templates


def test_a_template_that_fails_is_one_sentence(tmp_path):
    """The cell is named as its author counts. Pictures that an anonymous report is asked for come without owners."""
    course = write_class(tmp_path)
    hand_in(course, "s01", {"show(samples)": picture()})
    cells = [
        nbformat.v4.new_markdown_cell("# Mine"),
        nbformat.v4.new_code_cell("data = ''", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import json\nrows = json.load(open(data))\nrows['nothing']"),
    ]
    write_text(tmp_path / "mine.ipynb", nbformat.writes(nbformat.v4.new_notebook(cells=cells)))

    with pytest.raises(CourseError) as caught:
        make_report(
            course,
            ["ps1"],
            made_up_marks(course, CLASS),
            {},
            anonymous=True,
            template=tmp_path / "mine.ipynb",
            pictures=5,
        )

    [shown] = read_class(course.report / "class-anonymous" / "data.json").pictures
    assert "" == shown.student
    assert str(caught.value) == (
        "mine.ipynb, cell 3 (`import json`): KeyError: 'nothing'\nMend the cell, or make the report without --template."
    )


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("mine.ipynb", "{", "is no notebook: it is not valid JSON"),
        ("mine.md", "# Nothing is tagged", "has no cell tagged `parameters`"),
        ("mine.docx", "x", "is no notebook that can be read"),
    ],
)
def test_what_is_no_template_is_one_sentence(tmp_path, name, text, said):
    """A file that cannot be used is told before anything runs."""
    course = write_class(tmp_path)
    write_text(tmp_path / name, text)

    with pytest.raises(CourseError, match=said):
        make_report(course, ["ps1"], made_up_marks(course, CLASS), {}, template=tmp_path / name)


def test_an_empty_class_has_a_report_by_a_copy_of_the_template(tmp_path, monkeypatch):
    """`vaelabs report` before anybody handed in, with our own notebook copied: a page that says so."""
    course = write_class(tmp_path)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    copied = runner.invoke(main, ["report", "--copy-template", "mine.ipynb"])
    again = runner.invoke(main, ["report", "--copy-template", "mine.ipynb"])
    too_early = runner.invoke(main, ["report", "--template", "mine.ipynb"])
    with own_programs_on_path(), Gradebook(f"sqlite:///{course.root}/gradebook.db"):
        made = runner.invoke(main, ["report", "--template", "mine.ipynb"])

    assert "mine.ipynb is written. Change it, then: vaelabs report --template mine.ipynb\n" == copied.stdout
    assert (1, True) == (again.exit_code, "exists already" in again.stderr)
    assert (1, f"There is no gradebook at {course.root}/gradebook.db.") == (
        too_early.exit_code,
        too_early.stderr.split("\n")[0],
    )
    assert (0, "The class report:  report/class/index.html\n") == (made.exit_code, made.stdout.split("Its")[0])
    page = page_of(course.report / "class" / "index.html")
    expect_harmless(page)
    for said in (
        "0 students, 2 labs",
        "(not graded yet)",
        "No mark yet",
        "No mistake of the catalogue",
        "Nobody is known to be late",
        "Nothing that was graded waits",
        "Nothing was graded yet",
        "No submission holds a figure",
    ):
        assert said in page


def test_a_template_copied_as_text_is_ours(tmp_path):
    """The same notebook, as text."""
    copy_template(tmp_path / "mine.md")

    assert "class_page.mistakes(group)" in (tmp_path / "mine.md").read_text()
    with pytest.raises(CourseError, match=r"has to end in \.ipynb, or in \.md"):
        copy_template(tmp_path / "mine.txt")


# ---- what is counted


def class_with(points: dict[str, list[float | None]], mistakes: dict[str, list[str]] | None = None) -> ClassData:
    """A lab whose tasks have 10 points each: what everyone has for each task, and the id of their mistake."""
    tasks = tuple(TaskInfo(name, name, 10.0, False) for name in points)
    number = len(next(iter(points.values())))
    people = {f"s{n:03}": f"s{n:03}" for n in range(number)}
    group = ClassData("2026-03-01T00:00:00+00:00", False, [LabInfo("ps1", "One", True, tasks)], people)
    for n, student in enumerate(people):
        group.submissions.append(
            Submission(student, "ps1", GRADED, True, sum(each[n] or 0 for each in points.values()))
        )
        for name in points:
            mistake = (mistakes or {}).get(name, [""] * number)[n]
            known = points[name][n]
            status = "needs_review" if known is None else "graded"
            group.outcomes.append(
                Outcome(student, "ps1", name, known, 10.0, status, mistake, f"sentence of {mistake}" if mistake else "")
            )
    return group


def test_facility_and_discrimination_are_what_they_are_said_to_be():
    """Share of the points; correlation with the sum of the other tasks, without those a person must look at."""
    draw = np.random.default_rng(0)
    a, b, c = (draw.integers(0, 11, 40).astype(float) for _ in range(3))
    b[:20] = a[:20]

    items = {each.task.name: each for each in class_with({"a": [*a[:-1], None], "b": [*b], "c": [*c]}).items("ps1")}

    assert items["a"].facility == pytest.approx(a[:-1].mean() / 10)
    assert items["b"].discrimination == pytest.approx(np.corrcoef(b[:-1], (a + c)[:-1])[0, 1])
    assert items["b"].low < items["b"].discrimination < items["b"].high
    assert (39, 1) == (items["a"].students, items["a"].open)
    assert 39 == items["a"].full + items["a"].part + items["a"].none


@pytest.mark.parametrize(
    "number, facility, discrimination",
    [(1, False, False), (4, False, False), (5, True, False), (9, True, False), (10, True, True)],
)
def test_numbers_of_too_few_students_are_not_given(number, facility, discrimination):
    """Chance alone would make them."""
    some = [float(n % 3) for n in range(number)]

    [item, _] = class_with({"a": some, "b": some[::-1]}).items("ps1")

    assert (facility, discrimination) == (item.facility is not None, item.discrimination is not None)


def test_a_task_that_all_solve_tells_nobody_apart():
    """There is no correlation with what does not vary."""
    [item, other] = class_with({"a": [10.0] * 20, "b": [float(n % 11) for n in range(20)]}).items("ps1")

    assert (1.0, None, None) == (item.facility, item.discrimination, other.discrimination)


def test_mistakes_are_grouped_by_task_the_commonest_first():
    """Each with its number, its share and who made it; other losses are counted too."""
    said = {"b": ["K2", "K1", "K1", "", ""]}

    group = class_with({"a": [10.0] * 5, "b": [0.0, 0.0, 5.0, 5.0, 10.0]}, said)

    assert [("b", "K1", ("s001", "s002"), 0.4), ("b", "K2", ("s000",), 0.2)] == [
        (each.task, each.id, each.students, each.share) for each in group.mistakes("ps1")
    ]
    assert {"b": 1} == group.unnamed("ps1")


@pytest.mark.parametrize(
    "points, said, picked",
    [
        ([0.0] * 3 + [10.0] * 3, [""] * 6, []),  # half of the points
        ([0.0] * 3 + [10.0] * 2 + [9.0], [""] * 6, [("a", None)]),
        ([8.0] * 3 + [10.0] * 3, ["K1"] * 3 + [""] * 3, [("a", "K1")]),
        ([8.0] * 2 + [10.0] * 4, ["K1"] * 2 + [""] * 4, []),  # too few students for a lesson
        ([8.0] * 3 + [10.0] * 17, ["K1"] * 3 + [""] * 17, []),  # not a fifth of the class
    ],
)
def test_what_to_teach_again_is_picked_by_the_stated_rule(points, said, picked):
    """Less than half of the points, or one mistake of a fifth of the class; three students at least."""
    group = class_with({"a": points}, {"a": said})
    if picked == [("a", None)]:
        group.outcomes[5] = Outcome("s005", "ps1", "a", 9.0, 10.0, "graded")

    assert picked == [(each.item.task.name, each.mistake and each.mistake.id) for each in group.to_teach_again()]


def test_written_answers_count_when_all_are_marked(tmp_path):
    """Until then the marks are those of the automatic checks, and the page says of how many."""
    course = write_class(tmp_path)
    marks = made_up_marks(course, CLASS[:3], absent=0)
    group = gather(course, ["ps1"], marks, {})
    unmarked = sum(each.unmarked for each in group.submissions)

    group.submissions = [
        Submission(**{**vars(each), "unmarked": 0, "manual": 4.0, "status": GRADED}) for each in group.submissions
    ]
    marked = group.points("ps1")

    assert unmarked and 14.0 == group.max_points("ps1")
    assert list(marked) == [each.automatic + 4.0 for each in group.submissions]


def test_data_that_is_none_is_one_sentence(tmp_path):
    """A template that is given another file is told so."""
    write_text(tmp_path / "data.json", '{"labs": 3}')

    with pytest.raises(CourseError, match="is not the data of a class report"):
        read_class(tmp_path / "data.json")
    with pytest.raises(CourseError, match="No such file"):
        read_class(tmp_path / "nothing.json")


# ---- pictures


def test_a_thumbnail_keeps_nothing_but_what_can_be_seen():
    """Small, a JPEG, on white, without the metadata and without what was appended."""
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "<script>alert(1)</script>")
    data = base64.b64decode(picture(size=(4000, 3000), pnginfo=note)) + b"<script>alert(2)</script>"

    small = thumbnail(base64.b64encode(data).decode())

    assert small and b"script" not in small.jpeg and len(small.jpeg) <= MAX_THUMBNAIL
    with Image.open(io.BytesIO(small.jpeg)) as shown:
        assert ("JPEG", SIZE) == (shown.format, shown.size)
        assert not shown.info.keys() - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_noise_stays_within_the_bounds():
    """What does not compress costs quality and not the page."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 1200, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")

    small = thumbnail(base64.b64encode(buffer.getvalue()).decode())

    assert small is None or len(small.jpeg) <= MAX_THUMBNAIL


@pytest.mark.parametrize(
    "encoded",
    ["", "no base64 at all!", base64.b64encode(b"\x89PNG\r\n\x1a\n" + 200 * b"\0").decode(), picture()[:400],
     picture(kind="GIF"), picture(size=(4, 4)), picture(size=(9000, 9000)), "A" * 8_000_001,
     base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()],
    ids=["empty", "text", "header", "cut", "gif", "tiny", "bomb", "long", "svg"],
)  # fmt: skip
def test_what_is_no_picture_to_show_is_left_out(encoded):
    """No error, no picture."""
    assert thumbnail(encoded) is None


def test_the_gallery_is_bounded_and_the_same_in_each_run(tmp_path):
    """At most so many, as even between labs as can be; notebooks that are none are passed over."""
    course = write_class(tmp_path)
    students = [f"s{n}" for n in range(12)]
    for student in students[:10]:
        for lab in ("ps1", "ps2") if student < "s3" else ("ps1",):
            hand_in(course, student, {"losses()": picture(), "last_one()": picture()}, lab)
    write_text(course.submission("s10", "ps1"), "{")
    write_text(course.autograded("s10", "ps1"), course.submission("s9", "ps1").read_text())  # not the student's own
    odd = {
        "cells": [{"cell_type": "code", "outputs": [3, {"data": 7}], "source": 1}],
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    write_text(course.submission("s11", "ps1"), json.dumps(odd))

    shown = gallery(course, ["ps2", "ps1"], students, 8)

    assert [("s0", "ps2"), ("s1", "ps2"), ("s2", "ps2")] == [each[:2] for each in shown[:3]]
    assert 5 == len(shown[3:]) and {"ps1"} == {lab for _, lab, _ in shown[3:]}
    assert shown == gallery(course, ["ps2", "ps1"], students, 8)
    assert [] == gallery(course, ["ps1"], students, 0)
    assert 10 == len(gallery(course, ["ps1"], students, 20))


# ---- what intake knows


def test_intake_tells_who_was_late_and_what_is_left_to_do(tmp_path):
    """Only the version that counts is late; the sentences are those of the last collect."""
    course = Course(tmp_path)
    for student, counts in (("ada", "late"), ("ben", "early")):
        history = History(course, student, "ps1")
        history.add(Version("x.zip", "late", "2026-03-02T00:00:00+00:00", late=True), b"1")
        history.add(Version("x.zip", "early", "2026-03-01T00:00:00+00:00", late=False), b"2")
        history.published = Published(counts)
        history.save()
    before = left_to_do(course)
    write_text(course.report / "intake.csv", 'file,what to do\na,\nb,"Ask, politely."\n')

    assert {("ada", "ps1")} == late_submissions(course)
    assert ([], ["Ask, politely."]) == (before, left_to_do(course))

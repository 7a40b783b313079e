"""The report on a class: a notebook that an instructor can change, run over the class's marks, as one page of HTML.

What goes in is a file of tidy rows (`class_data`); what comes out is a page without scripts that needs no network.
"""

from __future__ import annotations

import base64
import random
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from vaelabs.course import Course, CourseError, read_notebook, tasks_of, write_bytes, write_table, write_text
from vaelabs.subjects.failure import readable

from .class_data import ClassData, LabInfo, Outcome, Picture, Review, Submission, TaskInfo
from .feedback import task_titles
from .gallery import gallery
from .marks import GRADED, NEEDS_MARKING, NEEDS_REVIEW, NOT_GRADED, LabMark, Marks, Person

TEMPLATE = Path(__file__).parent / "templates" / "class_report.md"
PICTURES = 40
"""So many pictures the gallery has, unless it is told otherwise."""

CELL_SECONDS = 600
PAGE = "index.html"
_TEMPLATES = Path(__file__).parent / "templates"
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
_SECTION = re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL)


def make_report(
    course: Course,
    labs: Sequence[str],
    marks: Marks,
    seconds: Mapping[tuple[str, str], float],
    late: Iterable[tuple[str, str]] = (),
    waiting: Iterable[str] = (),
    *,
    anonymous: bool = False,
    template: Path | None = None,
    pictures: int | None = None,
) -> Path:
    """Write report/class/ (`anonymous`: report/class-anonymous/) and return the path of its page.

    It is about these `labs`, graded or not. `seconds` and `late` are by student and lab: how long grading took, and
    what intake knows to be late. `waiting` is what intake left for a person to do. Beside the page lie the data it was
    made of, as data.json, and its tables as CSV.
    `template` is a notebook, .ipynb or a text of jupytext, in place of ours. `pictures` bounds the gallery; an
    anonymous report has none unless it is given, as a figure can carry a name, and then says of no picture whose it is.
    Raises CourseError: when a cell of the template fails, it names the cell.
    """
    notebook = _read_template(template or TEMPLATE)
    group = gather(
        course, labs, marks, seconds, late, waiting, PICTURES * (not anonymous) if pictures is None else pictures
    )
    if anonymous:
        group = _anonymous(group, marks.people)
    folder = course.report / ("class-anonymous" if anonymous else "class")
    data = folder / "data.json"
    write_bytes(data, group.to_json())
    _write_tables(folder, group)
    done = _run(notebook, (template or TEMPLATE).name, course.root, {"data": str(data.resolve())})
    page = folder / PAGE
    write_text(page, _html(done))
    return page


def copy_template(path: Path) -> None:
    """Write our template to `path`, to be changed: a notebook, or a text where the name says so (.md).

    Raises CourseError when there is such a file already, or for another kind of name.
    """
    if path.exists():
        raise CourseError(f"{path} exists already.", "Name another file; nothing was written.")
    if path.suffix not in (".ipynb", ".md"):
        raise CourseError(f"{path} has to end in .ipynb, or in .md for the notebook as text.")
    if path.suffix == ".md":
        write_text(path, TEMPLATE.read_text(encoding="utf-8"))
        return
    notebook = _read_template(TEMPLATE)
    for n, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{n}"
    notebook.metadata.pop("jupytext", None)
    write_text(path, nbformat.writes(notebook) + "\n")


# ---- what goes in


def gather(
    course: Course,
    labs: Sequence[str],
    marks: Marks,
    seconds: Mapping[tuple[str, str], float],
    late: Iterable[tuple[str, str]] = (),
    waiting: Iterable[str] = (),
    pictures: int = PICTURES,
) -> ClassData:
    """The rows that the report is made of, with everyone's name; see `make_report`. Raises CourseError."""
    late, waiting = set(late), list(waiting)
    group = ClassData(datetime.now(UTC).isoformat(timespec="seconds"), anonymous=False)
    group.labs = sorted(
        (_lab(course, lab, lab in marks.labs) for lab in labs), key=lambda each: (each.title, each.name)
    )
    group.people = {each.id: _called(each) for each in marks.people}
    for mark in marks.only(labs).marks:
        where = (mark.student, mark.lab)
        group.submissions.append(_submission(mark, seconds.get(where), where in late))
        group.outcomes += _outcomes(mark)
        group.reviews += _reviews(mark)
    group.waiting, group.waiting_count = waiting, len(waiting)
    group.pictures = [
        Picture(student, lab, base64.b64encode(small.jpeg).decode(), small.width, small.height)
        for student, lab, small in gallery(course, labs, list(group.people), pictures)
    ]
    return group


def _lab(course: Course, lab: str, graded: bool) -> LabInfo:
    source, titles = read_notebook(course.notebook("source", lab)), task_titles(course, lab)
    tasks = tuple(
        TaskInfo(each.name, titles.get(each.name, each.name), each.points, each.manual) for each in tasks_of(source)
    )
    head = source.metadata.get("vaelabs")
    title = head.get("title") if isinstance(head, dict) else None
    return LabInfo(lab, str(title or lab), graded, tasks)


def _called(person: Person) -> str:
    return person.id if person.name == person.id else f"{person.name} ({person.id})"


def _submission(mark: LabMark, seconds: float | None, late: bool) -> Submission:
    return Submission(
        student=mark.student,
        lab=mark.lab,
        status=mark.status,
        handed_in=mark.status in (GRADED, NEEDS_MARKING, NEEDS_REVIEW, NOT_GRADED),
        automatic=mark.automatic,
        manual=mark.manual,
        unmarked=sum(each.manual for each in mark.unmarked),
        late=late or mark.seconds_late > 0,
        seconds_late=mark.seconds_late,
        penalty=mark.late_penalty,
        seconds=seconds or None,
    )


def _outcomes(mark: LabMark) -> list[Outcome]:
    found = []
    for each in mark.tasks:
        verdict = each.verdict
        mistake = verdict.diagnosis if verdict and verdict.diagnosis and verdict.points < verdict.max_points else None
        found.append(
            Outcome(
                mark.student,
                mark.lab,
                each.task,
                each.points,
                each.max_points,
                verdict.status if verdict else "",
                mistake.id if mistake else "",
                mistake.sentence if mistake else "",
            )
        )
    return found


def _reviews(mark: LabMark) -> list[Review]:
    found = []
    open_tasks = [each.task for each in mark.unmarked if not each.manual]
    if open_tasks:
        every = len(open_tasks) > 1 and len(open_tasks) == sum(not each.manual for each in mark.tasks)
        found.append(
            Review(mark.student, mark.lab, "all" if every else ", ".join(open_tasks), mark.reason or "not said")
        )
    changed = [each.task for each in mark.tasks if each.confirm]
    if changed:
        why = "marked by hand, and graded again since: does the mark still fit?"
        found.append(Review(mark.student, mark.lab, ", ".join(changed), why))
    return found


# ---- nobody's names


def _anonymous(group: ClassData, people: Iterable[Person]) -> ClassData:
    """The same class, in which everyone is a number drawn by lot; sentences that may name someone name nobody."""
    everyone = list(group.people)
    random.SystemRandom().shuffle(everyone)
    width = len(str(len(everyone)))
    names = {student: f"Student {n:0{width}}" for n, student in enumerate(everyone, 1)}
    known = _known_words(people)

    def renamed(row: Any) -> Any:
        return type(row)(**{**vars(row), "student": names[row.student]})

    def by_name(rows: list[Any]) -> list[Any]:
        return sorted((renamed(each) for each in rows), key=lambda each: (each.lab, each.student))

    shown = [Picture("", each.lab, each.jpeg, each.width, each.height) for each in group.pictures]
    random.SystemRandom().shuffle(shown)
    reviews = [Review(each.student, each.lab, each.tasks, known.sub("[name]", each.reason)) for each in group.reviews]
    return ClassData(
        made=group.made,
        anonymous=True,
        labs=group.labs,
        people={each: each for each in sorted(names.values())},
        submissions=by_name(group.submissions),
        outcomes=by_name(group.outcomes),
        reviews=by_name(reviews),
        waiting_count=group.waiting_count,  # the sentences name files, and these their owners
        pictures=shown,
    )


def _known_words(people: Iterable[Person]) -> re.Pattern[str]:
    """Every id, number, address and name of the class, and every part of a name."""
    words = set()
    for each in people:
        said = (
            each.id,
            each.full_name,
            each.first_name,
            each.last_name,
            each.email,
            each.lms_id,
            each.email.partition("@")[0],
        )
        for text in said:
            words |= {text.strip(), *(part for part in re.split(r"[\s,]+", text) if len(part) > 1)}
    found = sorted(filter(None, words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, found)) or '(?!)'})(?!\w)", re.IGNORECASE)


# ---- tables beside the page


def _write_tables(folder: Path, group: ClassData) -> None:
    def number(value: float | None, form: str = ".3f") -> str:
        return "" if value is None else format(value, form)

    write_table(
        folder / "tasks.csv",
        ("lab", "task", "title", "max_points", "students", "facility", "discrimination", "low", "high",
         "all_points", "some", "none", "code_failed", "not_answered", "open"),
        (
            (each.lab, each.task.name, each.task.title, f"{each.task.points:g}", str(each.students),
             number(each.facility), number(each.discrimination), number(each.low), number(each.high),
             *map(str, (each.full, each.part, each.none, each.failed, each.missing, each.open)))
            for lab in group.labs
            for each in group.items(lab.name)
        ),
    )  # fmt: skip
    write_table(
        folder / "mistakes.csv",
        ("lab", "task", "mistake", "sentence", "students", "share", *(() if group.anonymous else ("who",))),
        (
            (each.lab, each.task, each.id, each.sentence, str(len(each.students)), number(each.share),
             *(() if group.anonymous else (" ".join(each.students),)))
            for lab in group.labs
            for each in group.mistakes(lab.name)
        ),
    )  # fmt: skip
    write_table(
        folder / "late.csv",
        ("student", "lab", "seconds_late", "penalty"),
        (
            (each.student, each.lab, number(each.seconds_late or None, ".0f"), f"{each.penalty:g}")
            for each in group.late()
        ),
    )
    write_table(
        folder / "review.csv",
        ("student", "lab", "tasks", "reason"),
        ((each.student, each.lab, each.tasks, readable(each.reason)) for each in group.reviews),
    )


# ---- running the template


class _ThisEnvironment(KernelSpecManager):
    """Knows the Python that runs us, whatever is installed as `python3` on this machine."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**get_kernel_dict(["--log-level=50"]))


class ReportKernel(AsyncKernelManager):
    """The kernel of a template: this environment's Python."""

    @default("kernel_spec_manager")
    def _this_environment(self) -> KernelSpecManager:
        return _ThisEnvironment(parent=self)


def _read_template(path: Path) -> NotebookNode:
    """The notebook at `path`, which may be a text that jupytext knows. Raises CourseError."""
    if path.suffix == ".ipynb":
        return read_notebook(path)
    import jupytext  # a second, which the template's own kernel need not wait for

    try:
        return jupytext.read(path)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    except Exception as error:  # jupytext raises whatever it stumbles over
        raise CourseError(f"{path} is no notebook that can be read ({type(error).__name__}: {error}).") from None


def _run(notebook: NotebookNode, name: str, root: Path, parameters: dict[str, str]) -> NotebookNode:
    """The notebook, run by papermill in the course folder. Raises CourseError with the first cell that fails."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if not any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells):
        step = "Give the cell that says `data = ...` this tag, or begin with `vaelabs report --copy-template FILE`."
        raise CourseError(
            f"{name} has no cell tagged `parameters`, so that it would not learn where the data are.", step
        )
    try:
        with tempfile.TemporaryDirectory(prefix="vaelabs-", ignore_cleanup_errors=True) as sockets:
            return papermill.execute_notebook(
                notebook, None, parameters, kernel_name="python3", language="python", progress_bar=False, cwd=root,
                kernel_manager_class=ReportKernel, execution_timeout=CELL_SECONDS,
                config=Config(ReportKernel={"transport": "ipc", "ip": f"{sockets}/k"}),
            )  # fmt: skip
    except PapermillExecutionError as error:
        cell = _cell(notebook, error.source, error.cell_index)
        said = readable(strip_ansi(f"{error.ename}: {error.evalue}".strip(": ")), 500)
        raise CourseError(f"{name}, {cell}: {said}", "Mend the cell, or make the report without --template.") from None
    except CellTimeoutError:
        raise CourseError(
            f"{name}: a cell did not end within {CELL_SECONDS} s.", "Nothing in a report takes that long."
        ) from None
    except DeadKernelError:
        raise CourseError(f"{name}: its Python ended before the notebook did.", "Is there enough memory?") from None


def _cell(notebook: NotebookNode, source: str, index: int) -> str:
    """The failing cell as a person would point at it; papermill counts the one that it puts in."""
    lines = source.strip().splitlines()
    number = next((n for n, each in enumerate(notebook.cells) if each.source == source), index - 1) + 1
    return f"cell {number}" + (f" (`{readable(lines[0], 60)}`)" if lines else "")


# ---- the page


class ReportExporter(HTMLExporter):
    """HTML with our template."""


def _html(notebook: NotebookNode) -> str:
    exporter = ReportExporter(
        template_name="vaelabs_report", extra_template_basedirs=[str(_TEMPLATES)], exclude_anchor_links=True,
        exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True,
    )  # fmt: skip
    exporter.register_filter("with_sections", _with_sections)
    title = next(
        (each for cell in notebook.cells if cell.cell_type == "markdown" for each in _HEADING.findall(cell.source)), ""
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"vaelabs": {"title": title or "Class report"}})
    return body


def _with_sections(body: str) -> dict[str, Any]:
    """What stands before the first heading of the second level, the headings, and the rest, in which they have ids."""
    sections: list[tuple[str, str]] = []

    def named(heading: re.Match[str]) -> str:
        sections.append((f"section-{len(sections) + 1}", heading[1]))
        return f'<h2 id="{sections[-1][0]}">{heading[1]}</h2>'

    opening, first, rest = _SECTION.sub(named, body).partition("<h2 ")
    return {"opening": opening, "sections": sections, "rest": first + rest}

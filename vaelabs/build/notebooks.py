"""The three notebooks of a lab: instructor's source, students' release, worked solution."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment

from vaelabs.converting import clear_settings, convert
from vaelabs.course import Course, CourseError, label, read_notebook, write_text
from vaelabs.sandbox import run_notebook

from .guards import refuse_faults, refuse_leaks
from .text import read_lab

FOLDERS = ("source", "release", "solutions")
_SECRET_REGION = re.compile(r"^[^\n]*### BEGIN (HIDDEN TESTS|MARK SCHEME)\n.*?### END \1[^\n]*\n?", re.DOTALL | re.MULTILINE)
_SOLUTION_MARK = re.compile(r"^\s*### (BEGIN|END) SOLUTION\s*?\n?", re.MULTILINE)


@dataclass(frozen=True)
class Built:
    """The notebooks of one lab; `lost_outputs` when the solution on disk has outputs that belong to other code."""

    lab: str
    source: NotebookNode
    release: NotebookNode
    solutions: NotebookNode
    lost_outputs: bool = False


def build_lab(course: Course, lab: str) -> Built:
    """Make the three notebooks from the text. Nothing is written.

    Raises CourseError for a lab that cannot be graded or whose release would leak.
    """
    source = read_lab(course, lab)
    refuse_faults(lab, source)
    release = _release(lab, source)
    refuse_leaks(lab, source, release)
    return Built(lab, source, release, *_with_old_outputs(_solution(source), course, lab))


def write(course: Course, built: Built) -> list[Path]:
    """Put the three notebooks in their folders; the files that changed."""
    changed = []
    for folder in FOLDERS:
        path, text = course.notebook(folder, built.lab), _dump(getattr(built, folder))
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
            changed.append(path)
    return changed


def first_difference(course: Course, built: Built) -> str | None:
    """Where the files differ from what the text gives, in words with the next step; None when they agree."""
    for folder in FOLDERS:
        path = course.notebook(folder, built.lab)
        want = getattr(built, folder)
        if path.is_file() and path.read_text(encoding="utf-8") == _dump(want):
            continue
        where = _first_differing_cell(want, read_notebook(path)) if path.is_file() else None
        at = f" at {where}" if where else ""
        steps = [f"Edited the text?      vaelabs build {built.lab}"]
        if folder == "source":
            steps.append(f"Edited the notebook?  vaelabs pull {built.lab}")
        fact = f"differs from labs/{built.lab}.md{at}" if path.is_file() else "does not exist"
        return "\n".join((f"{path.relative_to(course.root)} {fact}.", *steps))
    return None


def execute_solution(course: Course, lab: str) -> float:
    """Run `solutions/<lab>/<lab>.ipynb` in full and keep its outputs; the seconds it took.

    Raises CourseError when a cell fails: a solution must run from top to bottom.
    """
    path = course.notebook("solutions", lab)
    solution = read_notebook(path)
    done = run_notebook(solution, quick=False, show=True, cell_seconds=3600, notebook_seconds=7200)
    for n, (cell, ran) in enumerate(zip(solution.cells, done.notebook.cells)):
        for output in ran.get("outputs", []):
            if output.output_type == "error":
                raise CourseError(f"{path}, {label(solution, n)} failed: {output.ename}: {output.evalue}")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    write_text(path, _dump(solution))
    return done.seconds


def _release(lab: str, source: NotebookNode) -> NotebookNode:
    """What `nbgrader generate_assignment` makes of the source, in a scratch folder."""
    with tempfile.TemporaryDirectory(prefix="vaelabs-build-") as scratch:
        course = Course(Path(scratch))
        write_text(course.notebook("source", lab), _dump(source))
        config = clear_settings()
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
        try:
            convert(GenerateAssignment, course.root, config, lab)
        except CourseError as error:
            raise CourseError(f"nbgrader could not make the release of {lab}: {error}") from None
        return read_notebook(course.notebook("release", lab))


def _solution(source: NotebookNode) -> NotebookNode:
    """The source with its answers, without hidden tests, marking schemes and nbgrader's metadata."""
    nb = nbformat.from_dict(source)
    for cell in nb.cells:
        cell.metadata.pop("nbgrader", None)
        cell.source = _SOLUTION_MARK.sub("", _SECRET_REGION.sub("", cell.source)).rstrip("\n")
    return nb


def _with_old_outputs(nb: NotebookNode, course: Course, lab: str) -> tuple[NotebookNode, bool]:
    """Keep the outputs of the solution on disk if its code is the same still; whether some were lost."""
    path = course.notebook("solutions", lab)
    old = _code_cells(read_notebook(path)) if path.is_file() else []
    new = _code_cells(nb)
    if [(cell.get("id"), cell.source) for cell in old] != [(cell.id, cell.source) for cell in new]:
        return nb, any(cell.get("outputs") for cell in old)
    for cell, before in zip(new, old):
        cell.outputs, cell.execution_count = before.get("outputs", []), before.get("execution_count")
    return nb, False


def _code_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _first_differing_cell(want: NotebookNode, got: NotebookNode) -> str | None:
    for n, (a, b) in enumerate(zip(want.cells, got.cells)):
        if a != b:
            return label(want, n)
    if len(want.cells) != len(got.cells):
        longer = max((want, got), key=lambda nb: len(nb.cells))
        return label(longer, min(len(want.cells), len(got.cells)))
    return None


def _dump(nb: NotebookNode) -> str:
    return nbformat.writes(nb) + "\n"

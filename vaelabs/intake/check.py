"""Is this file gradable? What a student or a teaching assistant can know without any hidden test."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from vaelabs.course import SHOW_TAG, Course, CourseError, grade_id, read_bytes
from vaelabs.sandbox import Execute, Isolation
from vaelabs.subjects.failure import readable

from .answers import State
from .archive import Limits
from .labs import read_labs
from .notebooks import Unreadable, notebook_from
from .repair import Change, is_answer, nbgrader_meta, repair, summary, written_answers

SAYS = {State.PARTIAL: "is written in part", State.BROKEN: "has a syntax error"}


@dataclass(frozen=True)
class Checked:
    """What was found out about a notebook.

    `repairs` is what grading would mend, `doubts` what a person would have to decide, `open` the answers that are the
    stub still, `unfinished` those written in part (with what is wrong), `failing` the visible checks that fail, with
    their messages. `ran` says whether the checks were run.
    """

    lab: str
    answers: int
    repairs: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    unfinished: dict[str, str] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    ran: bool = False

    @property
    def is_fine(self) -> bool:
        """Whether everything is written, and nothing in it fails or has to be decided."""
        return not (self.doubts or self.open or self.unfinished or self.failing)


def check(
    course: Course, path: Path, lab: str | None = None, run: bool = True, isolation: Isolation = Isolation.BUBBLEWRAP
) -> Checked:
    """Look at one notebook as `collect` would, and run its visible checks in the quick profile.

    Raises CourseError when the file is no notebook or no lab can be told from it, when `lab` is not known, and when
    this machine cannot confine the notebook's code as `isolation` asks.
    """
    labs = read_labs(course, lab)
    notebook, mended = _read(path)
    found = lab or labs.of_content(notebook) or labs.of_name(path.name)
    if found is None:
        raise CourseError(
            f"{path} belongs to no lab of the course, by its content and by its name.",
            f"If it does, say which: vaelabs check {path.name} --lab LAB (known: {', '.join(labs.names)})",
        )
    release = labs.labs[found].release
    repaired = repair(notebook, release)
    states = written_answers(repaired.notebook, release)
    answers = [grade_id(cell) for cell in release.cells if is_answer(cell)]
    failing = _failing(_run(_with_checks(repaired.notebook, release), isolation), states) if run else {}
    return Checked(
        found,
        len(answers),
        summary([Change("notebook", sentence) for sentence in mended] + repaired.changes),
        [each.sentence for each in repaired.doubts],
        [name for name in answers if name not in states],
        {name: SAYS[state] for name, state in states.items() if state in SAYS},
        failing,
        run,
    )


def _read(path: Path) -> tuple[NotebookNode, list[str]]:
    most = Limits().file_bytes
    data = read_bytes(path, most, f"{path} is larger than {most // 10**6} MB.", "Clear its outputs first.")
    try:
        return notebook_from(data)
    except Unreadable as error:
        raise CourseError(f"{path} {error}.", "Download it again as .ipynb.") from None


def _run(notebook: NotebookNode, isolation: Isolation) -> NotebookNode:
    executor = Execute(quick=dict(notebook.metadata.vaelabs.get("quick", {})), isolation=isolation, kernel_name="python3")
    with tempfile.TemporaryDirectory(prefix="vaelabs-check-") as scratch:
        return executor.preprocess(notebook, {"metadata": {"path": scratch}})[0]


def _failing(done: NotebookNode, states: dict[str, State]) -> dict[str, str]:
    """The visible checks that fail, and the answers whose cells stop, with the message of each.

    A check of what is not written yet fails by itself and is not listed.
    """
    failing = {}
    for cell in done.cells:
        name = grade_id(cell)
        error = next((each for each in cell.get("outputs", []) if each.output_type == "error"), None)
        if error is None or not (name in states or _is_visible_check(cell)):
            continue
        if error.ename != "NotImplementedError" or error.evalue:
            known = error.ename in ("CheckFailed", "AssertionError") and error.evalue
            failing[name] = readable(error.evalue if known else f"{error.ename}: {error.evalue}", 1000)
    return failing


def _with_checks(notebook: NotebookNode, release: NotebookNode) -> NotebookNode:
    """The student's notebook with the lab's own text in all cells that are not theirs, its checks among what is run."""
    locked = {grade_id(cell): cell.source for cell in release.cells if nbgrader_meta(cell).get("locked")}
    copy = nbformat.from_dict(notebook)
    copy.metadata["vaelabs"] = nbformat.from_dict(release.metadata.get("vaelabs", {}))
    for cell in copy.cells:
        if grade_id(cell) in locked:
            cell.source = locked[grade_id(cell)]
        if _is_visible_check(cell):
            cell.metadata["tags"] = [tag for tag in cell.metadata.get("tags", []) if tag != SHOW_TAG]
    return copy


def _is_visible_check(cell: NotebookNode) -> bool:
    meta = nbgrader_meta(cell)
    return cell.cell_type == "code" and bool(meta.get("locked")) and not meta.get("grade")

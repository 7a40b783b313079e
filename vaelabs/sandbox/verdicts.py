"""From an executed notebook to verdicts: every graded cell gets one, whatever became of it."""

from __future__ import annotations

import json
import re

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from vaelabs.checks.rubric import MIME, SEED_MIME, Verdict, read_verdict
from vaelabs.course import grade_id
from vaelabs.subjects.failure import readable

DOUBT = "vaelabs_doubt"
"""Key in an answer cell's metadata: a sentence why a person must look, should the task not earn everything."""

LIMITS = ("TimeLimit", "MemoryLimit", "OutputLimit", "KernelDied")
"""Names of the errors in cells that used more than they may, or ended the kernel. "Infrastructure" is our own fault."""


def is_autograded(cell: NotebookNode) -> bool:
    """Whether the cell is marked by running it."""
    meta = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(meta.get("grade")) and not meta.get("solution")


def uses_our_checks(cell: NotebookNode) -> bool:
    """Whether the cell is graded by `vaelabs.checks`, so that only a verdict earns points."""
    return is_autograded(cell) and "vaelabs.checks" in cell.source


def verdicts(nb: NotebookNode) -> list[Verdict]:
    """The verdicts of all autograded cells, in their order."""
    return [verdict_of(nb, cell) for cell in nb.cells if is_autograded(cell)]


def verdict_of(nb: NotebookNode, cell: NotebookNode) -> Verdict:
    """The verdict of one autograded cell. Where none was reached nothing is earned, and the status says why:

    `missing`: the answer is the stub still; `failed`: the student's code stopped the check;
    `needs_review`: not to be understood without a person.
    A cell with plain asserts, of any nbgrader course, is scored as nbgrader does it; stderr costs nothing.
    """
    verdict = _verdict_of(nb, cell)
    doubts = [each.metadata[DOUBT] for each in nb.cells if grade_id(each) == verdict.task and DOUBT in each.metadata]
    doubts += [error[1] for each in nb.cells if (error := _error(each)) and error[0] == "Infrastructure"]
    if doubts and verdict.points < verdict.max_points:
        return Verdict(verdict.task, 0.0, verdict.max_points, "needs_review", message=f"{verdict.task}: {doubts[0]}")
    return verdict


def _verdict_of(nb: NotebookNode, cell: NotebookNode) -> Verdict:
    """The verdict as cell and answer stand."""
    meta = cell.metadata.nbgrader
    task, points = meta.grade_id.removeprefix("test-"), float(meta.points)

    def nothing(status: str, message: str) -> Verdict:
        return Verdict(task, 0.0, points, status, message=message)

    stopped = _error(cell)
    if stopped is None and not uses_our_checks(cell):
        if cell.execution_count is None:
            return nothing("needs_review", f"{task}: the graded cell was not run")
        try:
            earned, _ = determine_grade(without_stderr(cell))
        except ValueError as error:
            return nothing("needs_review", f"{task}: {error}")
        return Verdict(task, float(earned), points, "graded", seed=_seed(cell))
    if stopped is None:
        try:
            verdict = read_verdict(cell.outputs)
        except ValueError as error:
            return nothing("needs_review", f"{task}: the check's result cannot be read ({error})")
        if verdict is None:
            return nothing("needs_review", f"{task}: the graded cell gave no result")
        if verdict.task != task or verdict.max_points != points:
            return nothing("needs_review", f"{task}: the check's result is that of another task")
        return verdict

    answer = next((_error(each) for each in nb.cells if grade_id(each) == task and each is not cell), None)
    if answer is None and stopped[0] == "NotImplementedError":
        answer = stopped
    if answer is not None:
        if answer == ("NotImplementedError", ""):  # a library's own gives a reason
            return nothing("missing", f"{task}: it is not written yet")
        return nothing("failed", f"{task}: its cell stopped with {answer[0]}: {answer[1]}")
    if stopped[0] == "NameError":
        places = {grade_id(each): n for n, each in enumerate(nb.cells)}
        if places.get(task, -1) > places[meta.grade_id]:
            return nothing("needs_review", f"{task}: the graded cell stands before the answer; cells were moved")
        return nothing("failed", f"{task}: {stopped[1]}; is the answer cell complete?")
    if stopped[0] in LIMITS:
        return nothing("failed", f"{task}: {stopped[1]}")
    if stopped[0] == "NoScore":
        return nothing("needs_review", f"{task}: {stopped[1]}")
    if not uses_our_checks(cell):
        verdict = nothing("graded", f"{task}: a test failed with {stopped[0]}" + (f": {stopped[1]}" if stopped[1] else ""))
        verdict.seed = _seed(cell)
        return verdict
    return nothing("needs_review", f"{task}: the check stopped with {stopped[0]}: {stopped[1]}")


def without_stderr(cell: NotebookNode) -> NotebookNode:
    """The cell without what was written to stderr, which nbgrader 0.9 takes for a failed test."""
    cell = nbformat.from_dict(cell)
    cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    return cell


def undefined_names(cell: NotebookNode) -> set[str]:
    """The names that the graded cell's result misses by a NameError: a cell not run may define them."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "error" and output.ename == "NameError":
            texts.append(output.evalue)
        elif output.output_type == "execute_result":
            texts.append(json.dumps(output.data.get(MIME, ""), ensure_ascii=False))
    return {name for text in texts for name in re.findall(r"name '(\w+)' is not defined", text)}


def _seed(cell: NotebookNode) -> int | None:
    """The seed that the judge ran the cell with."""
    return next((each.data[SEED_MIME] for each in cell.outputs if SEED_MIME in each.get("data", {})), None)


def _error(cell: NotebookNode) -> tuple[str, str] | None:
    """Name and text of the cell's error output, if it has one."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            evalue = re.sub(r"\(\d+\.py, line (\d+)\)", r"(line \1)", str(output.evalue)[:2000])
            return readable(str(output.ename), 100), readable(evalue, 300)
    return None

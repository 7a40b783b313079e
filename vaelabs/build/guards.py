"""What `vaelabs build` refuses: labs that cannot be graded, that leak, or whose marks are unfair."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import clear_settings
from vaelabs.course import CourseError, grade_id, label, tasks_of
from vaelabs.sandbox import run_notebook, uses_our_checks, verdicts

_REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)\n(.*?)### END \1", re.DOTALL)
_MARK = re.compile(r"^\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)$")
_LIKE_A_MARK = re.compile(r"^\s*##+ *(BEGIN|END)\b|(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_STATED_POINTS = re.compile(r"^#.*?\((\d+(?:\.\d+)?) points?\b[^)]*\)", re.MULTILINE)
_OUR_IMPORT = re.compile(r"^\s*(import|from)\s+vaelabs\b", re.MULTILINE)
MIN_SECRET = 8  # characters other than white space: shorter lines (`)`, `else:`) give nothing away


def refuse_faults(lab: str, source: NotebookNode) -> None:
    """Raise CourseError, naming the cell, for the first fault of the instructor notebook that makes it ungradable."""
    where = f"labs/{lab}.md"
    _refuse_broken_regions(source, where)
    _refuse_duplicate_ids(source, where)
    _refuse_unmarked_tasks(source, where)
    _refuse_wrong_points(source, where)
    _refuse_other_stated_points(source, where)


def refuse_leaks(lab: str, source: NotebookNode, release: NotebookNode) -> None:
    """Raise CourseError when the release shows what a student must not see, or needs what a student has not."""
    where = f"labs/{lab}.md"
    _refuse_secrets(source, release, where)
    _refuse_imports_of_ours(release, where)


def refuse_unfair_marks(lab: str, source: NotebookNode) -> None:
    """Raise CourseError when the untouched stub earns a point or the solution misses one. Runs both at once."""
    where = f"labs/{lab}.md"
    with ThreadPoolExecutor(2) as pool:
        stub, solution = pool.map(_marks, (_stub(source), source))
    for verdict in stub:
        if verdict.points > 0:
            raise CourseError(
                f"{where}: the untouched stub of {verdict.task} earns {verdict.points:g} points; it must earn 0."
            )
        if verdict.status != "missing":
            raise CourseError(
                f"{where}: the untouched stub of {verdict.task} is not recognised as unanswered: {verdict.message}",
                "Let the stub raise NotImplementedError, and nothing before it.",
            )
    for verdict in solution:
        if verdict.points < verdict.max_points:
            broken = "; ".join(each.message for each in verdict.properties if each.message) or verdict.message
            raise CourseError(
                f"{where}: the solution of {verdict.task} earns {verdict.points:g} of {verdict.max_points:g} points:",
                broken,
            )


def _refuse_broken_regions(source: NotebookNode, where: str) -> None:
    """Every `### BEGIN ...` is spelled as nbgrader knows it and has its `### END ...` in the same cell."""
    for n, cell in enumerate(source.cells):
        place = f"{where}, {label(source, n)}"
        is_open = ""
        for line in cell.source.split("\n"):
            if not _LIKE_A_MARK.search(line):
                continue
            found = _MARK.match(line)
            if not found:
                raise CourseError(
                    f"{place}: {line!r} is not a known mark.",
                    "Write '### BEGIN' or '### END', then SOLUTION, HIDDEN TESTS or MARK SCHEME, and nothing more.",
                )
            edge, kind = found.groups()
            if edge == "BEGIN" and is_open:
                raise CourseError(f"{place}: '### END {is_open}' is missing before '### BEGIN {kind}'.")
            if edge == "END" and is_open != kind:
                raise CourseError(f"{place}: '### END {kind}' has no '### BEGIN {kind}' before it.")
            is_open = kind if edge == "BEGIN" else ""
        if is_open:
            raise CourseError(f"{place}: '### END {is_open}' is missing.")


def _refuse_duplicate_ids(source: NotebookNode, where: str) -> None:
    counts = Counter(grade_id(cell) for cell in source.cells if grade_id(cell))
    for name, count in counts.items():
        if count > 1:
            raise CourseError(f"{where}: {count} cells have the grade_id {name!r}.", "Give each its own.")


def _refuse_unmarked_tasks(source: NotebookNode, where: str) -> None:
    """Every answer has a cell that marks it, every graded cell an answer, every question a text."""
    ids = {grade_id(cell) for cell in source.cells}
    for n, cell in enumerate(source.cells):
        meta = cell.metadata.get("nbgrader", {})
        name = meta.get("grade_id", "")
        if meta.get("solution") and meta.get("grade"):
            if f"task-{name}" not in ids:
                raise CourseError(f"{where}, {label(source, n)}: this answer has no question.", f"Add 'task-{name}'.")
        elif meta.get("solution") and f"test-{name}" not in ids:
            raise CourseError(f"{where}, {label(source, n)}: this task has no graded cell.", f"Add 'test-{name}'.")
        elif meta.get("grade") and not (name.startswith("test-") and name.removeprefix("test-") in ids):
            raise CourseError(
                f"{where}, {label(source, n)}: this graded cell marks no answer cell.",
                "Call it test-<the answer cell's grade_id>.",
            )


def _refuse_wrong_points(source: NotebookNode, where: str) -> None:
    said = source.metadata.vaelabs.points
    for kind, manual in (("automatic", False), ("manual", True)):
        total = sum(task.points for task in tasks_of(source) if task.manual == manual)
        if total != said.get(kind, 0):
            raise CourseError(
                f"{where}: the {kind} points add up to {total:g}, but the head of the lab says {said.get(kind, 0):g}."
            )


def _refuse_other_stated_points(source: NotebookNode, where: str) -> None:
    """The first "(5 points)" in a task's heading, or in its graded cell's comments, is what the task is worth."""
    cells = {grade_id(cell): n for n, cell in enumerate(source.cells) if grade_id(cell)}
    for task in tasks_of(source):
        for n in (cells[name] for name in (f"task-{task.name}", task.grade_id) if name in cells):
            stated = _STATED_POINTS.search(_REGION.sub("", source.cells[n].source))
            if stated and float(stated[1]) != task.points:
                raise CourseError(
                    f"{where}, {label(source, n)} says {float(stated[1]):g} points, "
                    f"but {task.grade_id} has {task.points:g}."
                )


def _refuse_secrets(source: NotebookNode, release: NotebookNode, where: str) -> None:
    """No line of a solution, hidden test or marking scheme may stand anywhere in the release."""
    haystack = [(label(release, n), text) for n, cell in enumerate(release.cells) for text in _texts(cell)]
    haystack += [("the notebook's metadata", text) for text in _texts(release.metadata)]
    squeezed = [(place, _squeeze(text)) for place, text in haystack]
    for n, cell in enumerate(source.cells):
        for kind, line in _secrets(cell):
            needle = _squeeze(line)
            for place, text in squeezed:
                if needle in text:
                    raise CourseError(
                        f"{where}, {label(source, n)}: a line of its {kind} survives in the release at {place}:",
                        f"    {line.strip()}",
                        "Change one of the two places so that the release does not give it away.",
                    )


def _secrets(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """Kind and text of every line of the cell that a student must not see."""
    regions = [(kind.lower().replace("tests", "test"), body) for kind, body in _REGION.findall(cell.source)]
    meta = cell.metadata.get("nbgrader", {})
    if not regions and meta.get("solution"):
        regions = [("solution", cell.source)]
    for kind, body in regions:
        for line in body.splitlines():
            if len(_squeeze(line)) >= MIN_SECRET:
                yield kind, line


def _texts(node: object) -> Iterator[str]:
    """Every string in a piece of a notebook, base64 attachments and outputs decoded as well."""
    if isinstance(node, str):
        yield node
        if len(node) >= 16 and re.fullmatch(r"[A-Za-z0-9+/=\s]+", node):
            try:
                yield base64.b64decode(node, validate=False).decode("utf-8", "ignore")
            except (binascii.Error, ValueError):
                pass
    elif isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _texts(value)
        if node and all(isinstance(value, str) for value in node):
            yield "".join(node)


def _squeeze(text: str) -> str:
    """Without white space, so that re-indenting and re-wrapping hide nothing."""
    return re.sub(r"\s+", "", text)


def _refuse_imports_of_ours(release: NotebookNode, where: str) -> None:
    for n, cell in enumerate(release.cells):
        if cell.cell_type == "code" and _OUR_IMPORT.search(cell.source):
            raise CourseError(
                f"{where}, {label(release, n)}: the release imports vaelabs, which students do not have.",
                "Put the import between BEGIN HIDDEN TESTS and END HIDDEN TESTS.",
            )


def _stub(source: NotebookNode) -> NotebookNode:
    """What a student hands in who does nothing, with the hidden tests in place."""
    stub = nbformat.from_dict(json.loads(json.dumps(source)))
    ClearSolutions(config=clear_settings()).preprocess(stub, {})
    return stub


def _marks(nb: NotebookNode) -> list[Verdict]:
    if not any(uses_our_checks(cell) for cell in nb.cells):
        return []
    return verdicts(run_notebook(nb).notebook)

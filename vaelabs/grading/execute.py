"""Executing a submission: the student's cells in the kernel, graded cells in the judge."""

from __future__ import annotations

import os
import secrets
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from traitlets import Enum

from vaelabs import sandbox
from vaelabs.course import grade_id
from vaelabs.judge import Case, Judge, trusted_definitions
from vaelabs.sandbox import Isolation, admit, error_output, is_autograded, judge_path
from vaelabs.subjects.agent import serve_code, start_code

IN_KERNEL = "in-kernel"
"""Tag of a graded cell that an instructor wants run in the student's kernel all the same, at their own risk."""

LINE = "line"
"""Name of the socket between judge and kernel."""

SETTLING = 10.0  # seconds for the judge to finish once the kernel has nothing more to say


@cache
def the_judge() -> Judge:
    """One for the process: it starts in seconds, and each notebook gets names of its own in it."""
    return Judge()


class Execute(sandbox.Execute):
    """The sandbox's executor, with graded cells that never enter the student's kernel.

    While the judge runs such a cell, the kernel runs the agent that serves the student's functions.
    """

    isolation = Enum(list(Isolation), Isolation.BUBBLEWRAP, help=sandbox.Execute.isolation.help).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        self._run_name = secrets.token_hex(8)
        source = self.instructors(resources or {}) or nb
        self._trusted = trusted_definitions(source)
        self._graded = {grade_id(cell): cell for cell in source.cells if is_autograded(cell)}
        with tempfile.TemporaryDirectory(prefix="vaelabs-", ignore_cleanup_errors=True) as folder:
            self.judge_folder = Path(folder)
            return super().preprocess(nb, resources, km)

    def run_cell(self, cell: NotebookNode, index: int) -> None:
        """A graded cell is judged as the instructor wrote it, and counts for what it did there: the submission's own
        text and points decide nothing.
        """
        original = self._graded.get(grade_id(cell))
        if not is_autograded(cell) or (original and IN_KERNEL in original.metadata.get("tags", [])):
            super().run_cell(cell, index)
        elif original is None:
            cell.outputs = [error_output("NoScore", "the lab has no such graded cell")]
        else:
            self._judge(cell, original, index)

    def _judge(self, cell: NotebookNode, original: NotebookNode, index: int) -> None:
        judge = the_judge()
        try:
            line = self._begin(judge, original)
        except OSError as error:
            cell.outputs = [error_output("Infrastructure", str(error))]
            return
        try:
            self.execute_cell(nbformat.v4.new_code_cell(start_code() + "\n" + serve_code(line)), index, store_history=False)
        finally:
            self.nb.cells[index] = cell
            outcome = judge.outcome(SETTLING)
        cell.execution_count = index
        if outcome is None:
            cell.outputs = [error_output("Infrastructure", "the judge stopped")]
        elif outcome.lost:
            cell.outputs = [error_output("TimeLimit" if outcome.late else "KernelDied", outcome.lost)]
        else:
            cell.outputs = [nbformat.from_dict(output) for output in outcome.outputs]

    def _begin(self, judge: Judge, original: NotebookNode) -> str:
        """Have the judge wait for the kernel's agent; where, as the kernel sees it."""
        case = Case(
            notebook=self._run_name,
            source=original.source,
            trusted=self._trusted,
            socket=str(self.judge_folder / LINE),
            seconds=self.timeout_func(original),
            max_points=float(original.metadata.nbgrader.points),
            seed=int(fixed) if (fixed := os.environ.get("VAELABS_SEED", "")).isdigit() else None,
        )
        try:
            judge.begin(case)
        except OSError:  # once more: it starts anew
            judge.begin(case)
        admit(self.judge_folder / LINE)
        return str(Path(judge_path(self.isolation, self.judge_folder)) / LINE)

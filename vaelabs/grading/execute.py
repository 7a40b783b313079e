"""Executing a submission: the student's cells in the kernel, graded cells in the judge."""

from __future__ import annotations

import json
import secrets
import socket
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from traitlets import Bool, Dict, Enum, Unicode

from vaelabs import sandbox
from vaelabs.course import grade_id
from vaelabs.judge import Case, Judge, trusted_definitions
from vaelabs.sandbox import Isolation, admit, error_output, is_autograded, judge_path, judges_folder
from vaelabs.subjects.agent import serve_code, start_code

IN_KERNEL = "in-kernel"
"""Tag of a graded cell that an instructor wants run in the student's kernel all the same, at their own risk."""

LINE = "line"
"""Name of the socket between judge and kernel."""

UNANSWERED = "its Python process did not answer the grader"

SETTLING = 10.0  # seconds for the judge to finish once the kernel has nothing more to say


@cache
def the_judge() -> Judge:
    """One for the process: it starts in seconds, and each notebook gets names of its own in it."""
    return Judge()


class Execute(sandbox.Execute):
    """The sandbox's executor, with graded cells that never enter the student's kernel.

    While the judge runs such a cell, the kernel runs the agent that serves the student's functions.
    """

    warm = Bool(
        True, help="Fork the kernels of a class from a process that has imported what the solution does; see `reference`."
    ).tag(config=True)
    isolation = Enum(list(Isolation), Isolation.BUBBLEWRAP, help=sandbox.Execute.isolation.help).tag(config=True)
    seeds = Dict(help="Seeds of graded cells by their id, to judge them again as they were; others get fresh ones.").tag(
        config=True
    )
    calls = Unicode(help="A file for what crosses between the judge and the kernel, a line of JSON for each graded cell.").tag(
        config=True
    )

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        self._run_name = secrets.token_hex(8)
        self._started: Any = None
        source = self.instructors(resources or {}) or nb
        self._trusted = trusted_definitions(source)
        self._graded = {grade_id(cell): cell for cell in source.cells if is_autograded(cell)}
        with tempfile.TemporaryDirectory(dir=judges_folder(), ignore_cleanup_errors=True) as folder:
            self.judge_folder = Path(folder)
            return super().preprocess(nb, resources, km)

    def run_cell(self, cell: NotebookNode, index: int) -> None:
        """A graded cell is judged as the instructor wrote it, and counts for what it did there: the submission's own
        text and points decide nothing.
        """
        original = self._graded.get(grade_id(cell))
        if original is not None and IN_KERNEL not in original.metadata.get("tags", []):
            self._judge(cell, original, index)
        elif original is None and is_autograded(cell):
            cell.outputs = [error_output("NoScore", "the lab has no such graded cell")]
        else:
            super().run_cell(cell, index)

    def _judge(self, cell: NotebookNode, original: NotebookNode, index: int) -> None:
        judge = the_judge()
        try:
            line = self._begin(judge, original)
        except OSError as error:
            cell.outputs = [error_output("Infrastructure", str(error))]
            return
        try:
            serve = nbformat.v4.new_code_cell("\n".join((*self._start(), serve_code(line))))
            self.execute_cell(serve, index, store_history=False)
        finally:
            self.nb.cells[index] = cell
            unanswered = self._knock()
            outcome = judge.outcome(SETTLING)
        cell.execution_count = index
        if outcome is not None and self.calls:
            with Path(self.calls).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"cell": grade_id(original), "calls": outcome.calls}) + "\n")
        if outcome is None:
            cell.outputs = [error_output("Infrastructure", "the judge stopped")]
        elif outcome.lost:
            reason = UNANSWERED if unanswered else outcome.lost
            cell.outputs = [error_output("TimeLimit" if outcome.late else "KernelDied", reason)]
        else:
            cell.outputs = [nbformat.from_dict(output) for output in outcome.outputs]

    def _start(self) -> list[str]:
        """What brings the agent into the kernel, the first time: to read it takes IPython longer than most answers run."""
        if self._started is self.km:
            return []
        self._started = self.km
        return [start_code()]

    def _knock(self) -> bool:
        """Whether the kernel is done without having come to the judge, which then is let go: nobody will come."""
        with socket.socket(socket.AF_UNIX) as knocking:
            try:
                knocking.connect(str(self.judge_folder / LINE))
            except OSError:
                return False
            return True

    def _begin(self, judge: Judge, original: NotebookNode) -> str:
        """Have the judge wait for the kernel's agent; where, as the kernel sees it."""
        case = Case(
            notebook=self._run_name,
            source=original.source,
            trusted=self._trusted,
            socket=str(self.judge_folder / LINE),
            seconds=self.timeout_func(original),
            max_points=float(original.metadata.nbgrader.points),
            seed=self.seeds.get(grade_id(original)),
            transcript=bool(self.calls),
        )
        try:
            judge.begin(case)
        except OSError:  # once more: it starts anew
            judge.begin(case)
        admit(self.judge_folder / LINE)
        return str(Path(judge_path(self.isolation, self.judge_folder)) / LINE)

"""Our steps in nbgrader's autograding: figures kept, verdicts made, scores saved."""

from __future__ import annotations

from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.preprocessors import NbGraderPreprocessor

from vaelabs.checks.rubric import Score, Verdict
from vaelabs.course import SHOW_TAG, grade_id
from vaelabs.sandbox import is_autograded, uses_our_checks, verdict_of, verdicts, without_stderr

MAX_FIGURE_BYTES = 2_000_000


class ClearOutput(preprocessors.ClearOutput):
    """Clears every output but the pictures of cells that grading does not run: the student's own figures."""

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        figures = _figures(cell) if SHOW_TAG in cell.metadata.get("tags", []) else []
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if figures:
            cell.outputs = figures
        return cell, resources


class DeduplicateIds(preprocessors.DeduplicateIds):
    """Leaves the last of several copies of a cell, and makes plain cells of the others.

    nbgrader 0.9 gives them empty metadata, which it then refuses to read.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, cell_index: int) -> tuple[NotebookNode, Any]:
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if "nbgrader" in cell.metadata and not cell.metadata.nbgrader:
            del cell.metadata["nbgrader"]
        return cell, resources


class MakeVerdicts(NbGraderPreprocessor):
    """Leaves in each graded cell of ours one output, its verdict, and in others nothing on stderr.

    nbgrader 0.9 gives 0 to a cell that wrote to stderr and full marks to one whose last value is no number;
    after this step neither can happen: without a valid verdict the value is 0.0.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        found = {n: verdict_of(nb, cell) for n, cell in enumerate(nb.cells) if is_autograded(cell)}
        for n, verdict in found.items():
            cell = nb.cells[n]
            if uses_our_checks(cell):
                data = Score(verdict)._repr_mimebundle_()
                cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=cell.execution_count)]
            else:
                nb.cells[n] = without_stderr(cell)
        return nb, resources


class SaveAutoGrades(preprocessors.SaveAutoGrades):
    """Saves the verdicts' points, tells the formgrader what must be looked at, and writes the diagnosis beside it."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        self._verdicts = {verdict.task: verdict for verdict in verdicts(nb)}
        return super().preprocess(nb, resources)

    def _verdict(self, cell: NotebookNode) -> Verdict | None:
        return self._verdicts.get(grade_id(cell).removeprefix("test-"))

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._add_score(cell, resources)
        verdict = self._verdict(cell) if is_autograded(cell) else None
        if verdict is not None:
            grade = self.gradebook.find_grade(grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
            grade.auto_score = verdict.points
            grade.needs_manual_grade |= verdict.status == "needs_review"
            self.gradebook.db.commit()

    def _add_comment(self, cell: NotebookNode, resources: Any) -> None:
        super()._add_comment(cell, resources)
        verdict = self._verdict(cell)
        if verdict is not None:
            comment = self.gradebook.find_comment(
                grade_id(cell), self.notebook_id, self.assignment_id, self.student_id
            )
            comment.auto_comment = verdict.explanation() or None
            self.gradebook.db.commit()


def _figures(cell: NotebookNode) -> list[NotebookNode]:
    """The PNG pictures among a cell's outputs, in bounds and with nothing else in them."""
    kept = []
    for output in cell.get("outputs", []):
        picture = output.get("data", {}).get("image/png")
        if isinstance(picture, str) and len(picture) <= MAX_FIGURE_BYTES:
            kept.append(nbformat.v4.new_output("display_data", {"image/png": "".join(picture.split())}))
    return kept

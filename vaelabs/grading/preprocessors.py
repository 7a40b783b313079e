"""Our steps in nbgrader's autograding: figures kept, verdicts made, scores saved."""

from __future__ import annotations

from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Gradebook, Notebook
from nbgrader.preprocessors import NbGraderPreprocessor

from vaelabs.checks.rubric import Score, Verdict
from vaelabs.converting import CODE_STUB, TEXT_STUB
from vaelabs.course import SHOW_TAG, grade_id
from vaelabs.sandbox import DOUBT, is_autograded, uses_our_checks, verdict_of, verdicts, without_stderr

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
    """Of several cells with one id the first counts, with the answer that was written in any of them.

    Colab copies a cell together with its id. The others become plain cells (nbgrader 0.9 gives them metadata that it
    then refuses to read); a copy that is the stub still becomes text, or running it would undo the answer.
    Where copies say different things they run as they stand; if that does not earn everything, a person looks.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        found: dict[str, list[NotebookNode]] = {}
        for cell in nb.cells:
            cell.metadata.pop(DOUBT, None)  # the grader's own: no submission has it
            if grade_id(cell):
                found.setdefault(grade_id(cell), []).append(cell)
        for copies in found.values():
            if len(copies) > 1:
                _settle(copies)
        return nb, resources


class OverwriteCells(preprocessors.OverwriteCells):
    """Gives each cell of the lab back its part in grading, whatever the submission's metadata say of it.

    What claims a part and is no cell of the lab becomes a plain cell: nbgrader 0.9 would refuse the whole notebook.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            parts = _parts(gradebook.find_notebook(where["notebook"], where["assignment"]))
        for cell in nb.cells:
            part = parts.get(grade_id(cell))
            if part is None:
                cell.metadata.pop("nbgrader", None)
            else:
                cell.metadata["nbgrader"] = nbformat.from_dict(part)
        return super().preprocess(nb, resources)


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


def _parts(lab: Notebook) -> dict[str, dict[str, Any]]:
    """The metadata of each cell of the lab that has a part in grading, by id."""
    graded = {each.name: each.max_score for each in lab.grade_cells}
    tasks = {each.name: each.max_score for each in lab.task_cells}
    solutions = {each.name for each in lab.solution_cells}
    points = graded | tasks
    return {
        each.name: {
            "schema_version": 3, "grade_id": each.name, "cell_type": each.cell_type, "locked": each.locked,
            "grade": each.name in graded, "task": each.name in tasks, "solution": each.name in solutions,
            **({"points": points[each.name]} if each.name in points else {}),
        }
        for each in lab.source_cells
    }  # fmt: skip


def _settle(copies: list[NotebookNode]) -> None:
    """Make the first of the copies the one that counts, as DeduplicateIds says."""
    first, *others = copies
    is_answer = first.metadata.nbgrader.get("solution")  # what is locked is overwritten with the lab's own text
    written = {cell.source.strip() for cell in copies if is_answer and not _is_stub(cell)}
    if len(written) > 1:
        first.metadata[DOUBT] = f"{len(copies)} copies of its cell say different things, and it is not clear which counts"
    elif written and _is_stub(first):
        first.metadata[DOUBT] = "the answer stands in a copy of its cell, and at its own place it does not earn everything"
        [first.source] = written
    for cell in others:
        del cell.metadata["nbgrader"]
        if written and _is_stub(cell) and cell.cell_type == "code":
            cell.cell_type = "raw"
            del cell["outputs"], cell["execution_count"]


def _is_stub(cell: NotebookNode) -> bool:
    """Whether the place for the answer is as it was released."""
    stub = CODE_STUB if cell.cell_type == "code" else TEXT_STUB
    return "".join(stub.split()) in "".join(cell.source.split())


def _figures(cell: NotebookNode) -> list[NotebookNode]:
    """The PNG pictures among a cell's outputs, in bounds and with nothing else in them."""
    kept = []
    for output in cell.get("outputs", []):
        picture = output.get("data", {}).get("image/png")
        if isinstance(picture, str) and len(picture) <= MAX_FIGURE_BYTES:
            kept.append(nbformat.v4.new_output("display_data", {"image/png": "".join(picture.split())}))
    return kept

"""A made-up class: submissions put together from the sample answers of tests/answers/.

`tests/answers/<lab>/sample_class.yml` says who hands in what:

    chloe:
      story: forgets the half of the KL
      answers: {kl_divergence: forgets the half}

`answers` names an answer of tests/answers/<lab>/<task>.py; tasks not named are answered right.
`blank: true` hands the release back untouched; `code` gives the source of an answer cell itself;
`colab: true` saves the file as Colab does; `written: false` leaves the written answers empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from .answers import read_answers
from .course import Course, CourseError, grade_id, read_notebook, write_text

_FIELDS = {"story", "answers", "code", "blank", "colab", "written"}


@dataclass(frozen=True)
class SampleStudent:
    """One of the class: the name, what is special about the submission, and the notebook."""

    name: str
    story: str
    notebook: NotebookNode


def sample_class(course: Course, lab: str) -> list[SampleStudent]:
    """The made-up class of a built lab. Raises CourseError when it is not written as it should be."""
    folder = course.root / "tests" / "answers" / lab
    path = folder / "sample_class.yml"
    try:
        people = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CourseError(f"{path} cannot be read: {error}") from None
    _refuse_other_people(people, path)
    release = read_notebook(course.notebook("release", lab))
    solved = with_answers(release, right_answers(course, lab))
    found = []
    for name, said in people.items():
        found.append(SampleStudent(name, said.get("story", ""), _notebook(release, solved, said, folder)))
    return found


def _refuse_other_people(people: Any, path: Path) -> None:
    """Raise CourseError unless `people` are names, each with fields that are known and of the right kind."""
    if not isinstance(people, dict) or not all(isinstance(name, str) for name in people):
        raise CourseError(f"{path} must be a mapping from names to what is special about each student.")
    for name, said in people.items():
        if not isinstance(said, dict) or set(said) - _FIELDS:
            raise CourseError(f"{path}: {name} is described by something other than {', '.join(sorted(_FIELDS))}.")
        for field in ("answers", "code"):
            given = said.get(field, {})
            if not isinstance(given, dict) or not all(isinstance(each, str) for each in (*given, *given.values())):
                raise CourseError(f"{path}: {name}'s {field} must be a mapping from tasks to text.")


def hand_in(course: Course, lab: str, people: list[SampleStudent]) -> None:
    """Write the class's notebooks to submitted/."""
    for student in people:
        write_text(course.submission(student.name, lab), nbformat.writes(student.notebook) + "\n")


def _notebook(release: NotebookNode, solved: NotebookNode, said: dict[str, Any], folder: Path) -> NotebookNode:
    if said.get("blank"):
        return release
    answers = dict(said.get("code", {}))
    for task, name in said.get("answers", {}).items():
        answers[task] = _named_answer(folder / f"{task}.py", name)
    nb = with_answers(solved, answers)
    if said.get("written") is False:
        nb = with_answers(nb, {grade_id(cell): cell.source for cell in release.cells if _is_answer(cell, "markdown")})
    return saved_by_colab(nb) if said.get("colab") else nb


def _named_answer(path: Path, name: str) -> str:
    for answer in read_answers(path):
        if answer.name == name:
            return answer.source
    raise CourseError(f"{path} has no answer named {name!r}.")


def right_answers(course: Course, lab: str) -> dict[str, str]:
    """Every answer cell's source as the instructor solves it."""
    source = read_notebook(course.notebook("source", lab))
    return {
        grade_id(cell): "\n".join(line for line in cell.source.split("\n") if "### " not in line or "SOLUTION" not in line)
        for cell in source.cells
        if _is_answer(cell)
    }


def with_answers(nb: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """A copy of the notebook with the source of some answer cells replaced, by grade_id."""
    copy = nbformat.from_dict(nb)
    left = dict(answers)
    for cell in copy.cells:
        if _is_answer(cell) and grade_id(cell) in left:
            cell.source = left.pop(grade_id(cell))
    if left:
        raise CourseError(f"The notebook has no answer cell {', '.join(sorted(left))}.")
    return copy


def _is_answer(cell: NotebookNode, cell_type: str = "") -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution")) and cell_type in ("", cell.cell_type)


def saved_by_colab(nb: NotebookNode) -> NotebookNode:
    """The notebook as Colab writes it: format 4.0, ids in the metadata, its own keys and kernel."""
    nb = nbformat.from_dict(nb)
    nb.nbformat_minor = 0
    nb.metadata["colab"] = {"provenance": [], "collapsed_sections": [], "toc_visible": True}
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nb.metadata["accelerator"] = "GPU"
    for n, cell in enumerate(nb.cells):
        cell.metadata["id"] = cell.pop("id", f"cell{n}")
        if cell.cell_type == "code":
            cell.metadata["outputId"] = f"0f3c{n:04d}-5a1e-4c1b-9d2f-b1c0ffee{n:04d}"
            cell.metadata["colab"] = {"base_uri": "https://localhost:8080/", "height": 34}
            cell.execution_count = n
    return nb

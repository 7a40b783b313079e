"""Which lab a notebook is: by what is in it, else by its name."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from nbformat import NotebookNode

from vaelabs.course import Course, CourseError, grade_id, read_notebook

from .answers import answer_names, bound_names, squeezed
from .repair import is_answer

CLEARLY = 2.0  # times as much as the next lab
ENOUGH = 0.08  # of what a lab consists of
TOLD_BY_ANSWERS = 10
SHORT = 30  # characters; shorter text stands in any notebook

_COPY_MARKS = re.compile(
    r"^(?:copy of |copie de |kopie von |copia de )+|(?:[ _]?\(\d+\)|-\d{1,2}|[ _-]?copy\d*|[ _-]checkpoint)+$", re.IGNORECASE
)


@dataclass(frozen=True)
class Lab:
    """A lab as it was released."""

    name: str
    title: str
    release: NotebookNode


class Labs:
    """The released labs of a course."""

    def __init__(self, labs: list[Lab]):
        self.labs = {lab.name: lab for lab in labs}
        self._traits = {lab.name: _traits(lab.release) for lab in labs}
        self._shared = Counter(trait for traits in self._traits.values() for trait in traits)

    @property
    def names(self) -> list[str]:
        return list(self.labs)

    def of_content(self, notebook: NotebookNode) -> str | None:
        """The lab that the notebook's cells and functions belong to; None where that is not clear."""
        traits = _traits(notebook)
        scores = {name: self._weight(ours & traits) / max(self._weight(ours), 1) for name, ours in self._traits.items()}
        (first, best), *others = sorted(scores.items(), key=lambda each: -each[1])
        second = others[0][1] if others else 0.0
        return first if best >= ENOUGH and best >= CLEARLY * second else None

    def of_name(self, file_name: str) -> str | None:
        """The lab that a file's name says, whatever a browser or a system made of it."""
        stem = plain_stem(file_name)
        words = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
        found = [name for name in self.labs if re.search(rf"(?:^|_){re.escape(name.lower())}(?:_|$)", words)]
        if not found:
            number = re.search(r"lab[ _-]?0*(\d+)(?!\d)", stem, re.IGNORECASE)
            titles = {name: re.match(r"Lab 0*(\d+)\b", lab.title, re.IGNORECASE) for name, lab in self.labs.items()}
            found = [name for name, match in titles.items() if number and match and match[1] == number[1]]
        return found[0] if len(found) == 1 else None

    def _weight(self, traits: set[str]) -> float:
        """What several labs have in common says less; what is to be written says more than what was given."""
        return sum((TOLD_BY_ANSWERS if trait.startswith("answer ") else 1) / self._shared[trait] ** 2 for trait in traits)


def read_labs(course: Course, only: str | None = None) -> Labs:
    """The labs in release/, or one of them. Raises CourseError when there is none or it is not known."""
    names = course.built_labs("release")
    course.choose((only,) if only else (), names, "lab in release/")
    labs = []
    for name in names:
        release = read_notebook(course.notebook("release", name))
        meta = release.metadata.get("vaelabs", {})
        labs.append(Lab(name, str(meta.get("title", name)), release))
    if not labs:
        raise CourseError(f"There is no lab in {course.root / 'release'}.", "Make the labs first: vaelabs build")
    return Labs(labs)


def plain_stem(file_name: str) -> str:
    """A file's name without suffixes, "Copy of" and the numbers that browsers and Canvas add."""
    stem = re.sub(r"(?:\.(?:ipynb|json|txt))+$", "", file_name.strip(), flags=re.IGNORECASE)
    before = None
    while before != stem:
        before, stem = stem, _COPY_MARKS.sub("", stem).strip()
    return stem


def copy_number(file_name: str) -> int:
    """The n of "lab (n).ipynb" and "lab-n.ipynb": a later download or upload has a higher one."""
    stem = re.sub(r"(?:\.(?:ipynb|json|txt))+$", "", file_name.strip(), flags=re.IGNORECASE)
    match = re.search(r"(?:\((\d{1,3})\)|-(\d{1,2}))$", stem)
    return int(match[1] or match[2]) if match else 0


def _traits(notebook: NotebookNode) -> set[str]:
    """What tells a lab: its cells' ids and texts, what is answered in it.

    Any name that a student's notebook defines can be an answer; in a release the answers' cells say which are.
    """
    found = set()
    marked = any(is_answer(cell) for cell in notebook.cells)
    for cell in notebook.cells:
        if grade_id(cell):
            found.add(f"id {grade_id(cell)}")
        text = squeezed(cell.source)
        if len(text) >= SHORT:
            found.add(f"text {text}")
        if cell.cell_type == "code" and (is_answer(cell) or not marked):
            names = {*answer_names(cell.source), *bound_names(cell.source)}
            found |= {f"answer {name}" for name in names}
    return found

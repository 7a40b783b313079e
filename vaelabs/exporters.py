"""nbgrader's exporters: `nbgrader export --exporter=vaelabs.exporters.Canvas` does what `vaelabs export canvas` does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Dict, Int, Unicode

from .course import Course
from .grading import load_results
from .reports import (
    Exported,
    ExportOptions,
    Marks,
    export_canvas,
    export_csv,
    export_gradescope,
    export_moodle,
    marks_in,
)


class _Export(ExportPlugin):
    """What the exporters share: nbgrader's `to`, `student` and `assignment`, and how marks are written."""

    roster = Unicode("", help="The system's own export, to be filled in.").tag(config=True)
    columns = Dict(help="Titles of the system's columns by lab, where the lab's name is not in them.").tag(config=True)
    decimals = Int(2, help="Digits after the point; halves are rounded up.").tag(config=True)
    partial = Bool(False, help="Count what is marked so far of labs that people have not finished.").tag(config=True)

    write: ClassVar[Callable[[Course, Marks, Path, ExportOptions], Exported]]
    file: ClassVar[str]

    def __init__(self, course: Course | None = None, **options: Any):
        super().__init__(**options)
        self._course = course

    def export(self, gradebook: Gradebook) -> Exported:
        """Write the file and say in nbgrader's log what there is to say. Raises CourseError."""
        course = self._course or self._exported_course()
        marks = marks_in(gradebook, course, self.config, _results(course))
        labs = course.choose(tuple(map(str, self.assignment)), list(marks.labs), "graded lab")
        people = course.choose(tuple(map(str, self.student)), [each.id for each in marks.people], "student")
        options = ExportOptions(Path(self.roster) if self.roster else None, self.columns, self.decimals, self.partial)
        target = Path(self.to) if self.to else course.report / self.file
        done = type(self).write(course, marks.only(labs, people), target, options)
        for each in (*done.notes, *done.todo):
            self.log.warning("%s", each)
        return done

    def _exported_course(self) -> Course:
        """The course folder that nbgrader exports from."""
        return Course(Path(self.parent.coursedir.root).resolve(), ledger=os.environ.get("VAELABS_LEDGER", ""))


class Csv(_Export):
    """Two plain tables: by lab and by task."""

    write, file = export_csv, "class.csv"


class Canvas(_Export):
    """Canvas' gradebook, filled in."""

    write, file = export_canvas, "canvas.csv"


class Moodle(_Export):
    """Moodle's grading worksheet or gradebook, filled in."""

    write, file = export_moodle, "moodle.csv"


class Gradescope(_Export):
    """An autograder for Gradescope that gives each submission the marks of the gradebook."""

    write, file = export_gradescope, "gradescope_marks.zip"


EXPORTERS = {"canvas": Canvas, "moodle": Moodle, "gradescope": Gradescope, "csv": Csv}


def _results(course: Course) -> list:
    """What the ledger has; nothing in a course that `vaelabs grade` has never graded."""
    return load_results(course) if course.ledger or (course.report / "ledger.db").is_file() else []

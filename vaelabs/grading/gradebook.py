"""The one writer of nbgrader's gradebook: results go in by nbgrader's own API, as often as need be."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from nbgrader import preprocessors
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from vaelabs.converting import AutogradeInOnePass, convert
from vaelabs.course import Course, CourseError
from vaelabs.databases import open_gradebook

from .keys import unpack, unusable
from .result import Result
from .worker import write_files


class GradebookWriter:
    """Puts results into the gradebook and into autograded/. Nobody else writes there while a class is graded.

    What people gave by hand, marks and comments, is left as it is. Methods raise CourseError.
    """

    def __init__(self, course: Course, config: Config):
        self._course, self._config = course, config
        self._log = course.report / "nbgrader.log"
        self._entered: dict[str, set[str]] = {}
        # What is wrong is told before anything is graded.
        with self._open():
            pass
        folder = course.root / "autograded"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise CourseError(f"{folder} cannot be made: {error.strerror}.") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CourseError(f"{folder} cannot be written.", "Is it another user's?")

    def register(self, lab: str) -> None:
        """Make the gradebook know the lab as `source/` has it, and leave release/ alone."""
        with tempfile.TemporaryDirectory(prefix="vaelabs-release-") as scratch:
            settings = self._config.copy()
            settings.CourseDirectory = self._config.CourseDirectory.copy()
            settings.CourseDirectory.release_directory = scratch
            try:
                convert(GenerateAssignment, self._course.root, settings, lab, log=self._log)
            except CourseError as error:
                step = "Graded cells were added or removed since grading began: grade into a new gradebook.db."
                steps = [step] if "submissions associated" in str(error) else []
                raise CourseError(f"The gradebook cannot take {lab} as it is now: {error}", *steps) from None
        with self._open() as gradebook:
            self._entered[lab] = {each.student.id for each in gradebook.assignment_submissions(lab)}

    def holds(self, result: Result) -> bool:
        """Whether the entry and the autograded notebook are there, where a result has them; the lab is registered."""
        entered = result.student in self._entered[result.lab]
        return bool(result.reason) or entered and self._course.autograded(result.student, result.lab).is_file()

    def write(self, result: Result, submission: bytes, notebook: bytes | None) -> None:
        """Enter a result with what was handed in (packed, see `keys`) and the notebook that grading made of it.

        nbgrader's Autograde does it, from the step on that saves the scores; without a notebook, nothing was earned.
        """
        student, lab = result.student, result.lab
        if notebook is None:
            self._withdraw(student, lab, result.needs_review)
            return
        with tempfile.TemporaryDirectory(prefix="vaelabs-autograded-") as scratch:
            write_files(Path(scratch, student, lab), {**unpack(submission), f"{lab}.ipynb": notebook})
            settings = self._config.copy()
            settings.CourseDirectory = self._config.CourseDirectory.copy()
            settings.CourseDirectory.submitted_directory = scratch
            settings.Autograde = self._config.Autograde.copy()
            settings.Autograde.sanitize_preprocessors = []
            settings.Autograde.autograde_preprocessors = _saving(self._config)
            convert(AutogradeInOnePass, self._course.root, settings, lab, student, log=self._log)
        self._entered[lab].add(student)

    def _open(self) -> AbstractContextManager[Gradebook]:
        return open_gradebook(self._course, self._config, make=True)

    def _withdraw(self, student: str, lab: str, review: bool) -> None:
        """Take back what an earlier submission earned automatically; marks given by hand stay."""
        if unusable(student):
            return
        shutil.rmtree(self._course.autograded(student, lab).parent, ignore_errors=True)
        with self._open() as gradebook:
            try:
                submission = gradebook.find_submission(lab, student)
            except MissingEntry:
                return
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score = 0
                    grade.needs_manual_grade = review
            gradebook.db.commit()


def _saving(config: Config) -> list[type]:
    """The steps of autograding that write into the gradebook."""
    wanted = (preprocessors.SaveAutoGrades, preprocessors.AssignLatePenalties)
    return [each for each in config.Autograde.autograde_preprocessors if issubclass(each, wanted)]

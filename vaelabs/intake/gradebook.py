"""What intake learns that nbgrader's gradebook should know: who the students are, and when a lab was due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vaelabs.converting import course_config
from vaelabs.course import Course, folder_name
from vaelabs.databases import open_gradebook

from .roster import Roster


def enter_names(course: Course, roster: Roster) -> None:
    """Enter everyone of the roster with name and email address, for formgrader, report and exports.

    Raises CourseError when the gradebook does not serve.
    """
    with open_gradebook(course, course_config(course), make=True) as gradebook:
        for each in roster.students:
            gradebook.update_or_create_student(folder_name(each.id), **each.known)


def enter_due_date(course: Course, labs: Iterable[str], due: datetime) -> None:
    """Enter when the labs were due, from which nbgrader knows what is late and asks the course's plugin for a penalty.

    Raises CourseError when the gradebook does not serve.
    """
    with open_gradebook(course, course_config(course), make=True) as gradebook:
        for lab in labs:
            gradebook.update_or_create_assignment(lab, duedate=due)

"""What a class, its students and their learning management system get: feedback pages, the class report, marks.

`read_marks` is the one reader of a class's marks. The report's notebook uses `class_data` and `class_page`.
"""

from .class_report import copy_template, make_report
from .feedback import feedback_settings, make_feedback
from .marks import LabMark, Marks, Person, TaskMark, marks_in, read_marks

__all__ = [
    "LabMark",
    "Marks",
    "Person",
    "TaskMark",
    "copy_template",
    "feedback_settings",
    "make_feedback",
    "make_report",
    "marks_in",
    "read_marks",
]

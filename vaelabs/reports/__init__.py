"""What a class, its students and their learning management system get: feedback pages, marks.

`read_marks` is the one reader of a class's marks.
"""

from .feedback import feedback_settings, make_feedback
from .marks import LabMark, Marks, Person, TaskMark, marks_in, read_marks

__all__ = [
    "LabMark",
    "Marks",
    "Person",
    "TaskMark",
    "feedback_settings",
    "make_feedback",
    "marks_in",
    "read_marks",
]

"""What a class, its students and their learning management system get: feedback pages, marks, files to import.

`read_marks` is the one reader of a class's marks.
"""

from .export import Exported, export_canvas, export_csv, export_moodle
from .export import Options as ExportOptions
from .feedback import feedback_settings, make_feedback
from .gradescope import export_gradescope, results_of_verdicts, task_titles, zipped
from .marks import LabMark, Marks, Person, TaskMark, marks_in, read_marks

__all__ = [
    "ExportOptions",
    "Exported",
    "LabMark",
    "Marks",
    "Person",
    "TaskMark",
    "export_canvas",
    "export_csv",
    "export_gradescope",
    "export_moodle",
    "feedback_settings",
    "make_feedback",
    "marks_in",
    "read_marks",
    "results_of_verdicts",
    "task_titles",
    "zipped",
]

"""What a class, its students and their learning management system get: pages, the class report, marks, files to import.

`read_marks` is the one reader of a class's marks. The report's notebook uses `class_data` and `class_page`.
"""

from .class_report import copy_template, make_report
from .export import Exported, export_canvas, export_csv, export_moodle
from .export import Options as ExportOptions
from .feedback import feedback_settings, make_feedback, task_titles
from .gradescope import export_gradescope, results_of_verdicts
from .marks import LabMark, Marks, Person, TaskMark, marks_in, read_marks
from .translation import languages
from .zips import SYSTEMS, FeedbackZip, zip_feedback, zipped

__all__ = [
    "SYSTEMS",
    "ExportOptions",
    "Exported",
    "FeedbackZip",
    "LabMark",
    "Marks",
    "Person",
    "TaskMark",
    "copy_template",
    "export_canvas",
    "export_csv",
    "export_gradescope",
    "export_moodle",
    "feedback_settings",
    "languages",
    "make_feedback",
    "make_report",
    "marks_in",
    "read_marks",
    "results_of_verdicts",
    "task_titles",
    "zip_feedback",
    "zipped",
]

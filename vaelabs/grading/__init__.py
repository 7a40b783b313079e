"""Submissions -> results: marks, gradebook, report/marks.csv.

`grade` is the one door: it yields a `Result` for each submission, whatever became of it.
What runs below it is nbgrader's `Autograde`, one submission at a time, with our preprocessors
(`autograde_settings`, which plain `nbgrader autograde` gets through nbgrader_config.py as well).
"""

from .batch import grade, make_marks
from .execute import Execute
from .result import Result, load_results
from .settings import autograde_settings

__all__ = ["Execute", "Result", "autograde_settings", "grade", "load_results", "make_marks"]

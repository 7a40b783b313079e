"""Submissions -> results: the ledger, the gradebook, report/marks.csv.

`grade` is the one door: it yields a `Result` for each submission, whatever became of it.
What runs below it is nbgrader's `Autograde` with our preprocessors (`autograde_settings`, which plain
`nbgrader autograde` gets through nbgrader_config.py as well), a submission at a time in each worker of an `Engine`.
"""

from .batch import grade, make_marks
from .engine import Engine
from .execute import Execute
from .ledger import Ledger
from .replay import changed_since, recorded, replay
from .result import Result, load_results
from .settings import autograde_settings

__all__ = [
    "Engine",
    "Execute",
    "Ledger",
    "Result",
    "autograde_settings",
    "changed_since",
    "grade",
    "load_results",
    "make_marks",
    "recorded",
    "replay",
]

"""The kernel that student code runs in, its limits, and what came out of it.

`Execute` runs a notebook cell by cell and survives what a cell does to its kernel;
`run_notebook` does the same outside nbgrader; `verdicts` reads the marks off an executed notebook.
So far the limits are those of time and output: the README says what that means ("What it does not do yet").
"""

from .execute import FAST_COMPILER, Execute, Run, run_notebook, with_profile
from .verdicts import DOUBT, is_autograded, uses_our_checks, verdict_of, verdicts, without_stderr

__all__ = [
    "DOUBT",
    "Execute",
    "FAST_COMPILER",
    "Run",
    "is_autograded",
    "run_notebook",
    "uses_our_checks",
    "verdict_of",
    "verdicts",
    "with_profile",
    "without_stderr",
]

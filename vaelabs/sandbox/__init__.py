"""The kernel that student code runs in, its limits, and what came out of it.

`Execute` runs a notebook cell by cell and survives what a cell does to its kernel;
`run_notebook` does the same outside nbgrader; `verdicts` reads the marks off an executed notebook.
How a kernel is confined, and what limits it has, docs/isolation.md says.
"""

from .execute import FAST_COMPILER, Execute, Run, error_output, run_notebook, with_profile
from .isolation import Isolation, require
from .launching import judges_folder
from .provisioner import admit, judge_path
from .verdicts import DOUBT, is_autograded, uses_our_checks, verdict_of, verdicts, without_stderr

__all__ = [
    "DOUBT",
    "Execute",
    "FAST_COMPILER",
    "Isolation",
    "Run",
    "admit",
    "error_output",
    "is_autograded",
    "judge_path",
    "judges_folder",
    "require",
    "run_notebook",
    "uses_our_checks",
    "verdict_of",
    "verdicts",
    "with_profile",
    "without_stderr",
]

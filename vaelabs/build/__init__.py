"""labs/<lab>.md -> source/, release/ and solutions/, and back.

`build_lab` makes the three notebooks and refuses a lab that cannot be graded or leaks; `refuse_unfair_marks`
runs its stub and its solution; `write` and `first_difference` put the notebooks in place or compare;
`execute_solution` fills in a solution's outputs; `pull_lab` brings an edited source notebook back into the text.
"""

from .guards import refuse_leaks, refuse_unfair_marks
from .notebooks import Built, build_lab, execute_solution, first_difference, write
from .text import pull_lab, read_lab

__all__ = [
    "Built",
    "build_lab",
    "execute_solution",
    "first_difference",
    "pull_lab",
    "read_lab",
    "refuse_leaks",
    "refuse_unfair_marks",
    "write",
]

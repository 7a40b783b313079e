"""A student's function behind one interface: NumPy in, NumPy out, whatever the framework.

The checks see nothing but a *subject*. Here live the interface's own data
(`Failure`, `Net`, `StandIn`, `Trace`, `Leaf`), the local subject (the function is in this process) and the
adapters for the frameworks, each of which is imported only when it is asked for.
"""

from .failure import Failure
from .functional import Apply, BFloat16, Keys, Leaf, Mesh, Params, Placed, TrainingState
from .local import LocalSubject, as_subject
from .net import Net
from .programs import Batches, Program, Svi
from .stand_in import Seed, StandIn
from .trace import Plate, Site, Trace

__all__ = [
    "Apply",
    "BFloat16",
    "Batches",
    "Failure",
    "Keys",
    "Leaf",
    "LocalSubject",
    "Mesh",
    "Net",
    "Params",
    "Placed",
    "Plate",
    "Program",
    "Seed",
    "Site",
    "StandIn",
    "Svi",
    "Trace",
    "TrainingState",
    "as_subject",
]

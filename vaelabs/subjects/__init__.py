"""A student's function behind one interface: NumPy in, NumPy out, whatever the framework.

The checks see nothing but a *subject*. Here live the interface's own data
(`Failure`, `Net`), the local subject (the function is in this process) and the
adapters for the frameworks, each of which is imported only when it is asked for.
"""

from .failure import Failure
from .local import LocalSubject, as_subject
from .net import Net

__all__ = ["Failure", "LocalSubject", "Net", "as_subject"]

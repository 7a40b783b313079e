"""Calling student code in this process: quietly, in bounded time, every exception turned into a Failure."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import signal
import sys
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .failure import Failure

WAITING = 3.0  # times as long on the clock, for code that waits: a busy machine is not the student's fault

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_OURS = (str(Path(__file__).parents[1]), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))


class OutOfTime(BaseException):
    """Not an Exception, so that a student's `except Exception` does not swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt Python code after `seconds` of computing; without effect outside the main thread.

    Code that never returns to Python is stopped by the kernel's own time limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def strike(signum: int, frame: Any) -> None:
        raise OutOfTime

    clocks = ((signal.ITIMER_PROF, signal.SIGPROF, seconds), (signal.ITIMER_REAL, signal.SIGALRM, WAITING * seconds))
    before = [(number, signal.signal(number, strike)) for _, number, _ in clocks]
    for clock, _, limit in clocks:
        signal.setitimer(clock, limit, 1.0)  # again each second, should the first be swallowed
    try:
        yield
    finally:
        for clock, _, _ in clocks:
            signal.setitimer(clock, 0)
        for number, handler in before:
            signal.signal(number, handler)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Swallow prints and warnings: nbgrader 0.9 gives 0 for a graded cell that writes to stderr."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def failure_of(error: BaseException) -> Failure:
    """What an exception of student code is to a subject."""
    text = _text(error).splitlines()
    if isinstance(error, NotImplementedError) and not text:  # a library's own has a reason
        return Failure("unanswered", "it is not written yet", type="NotImplementedError")
    message = f"it raised {type(error).__name__}" + (f": {text[0][:300]}" if text else "")
    return Failure("raised", message, type=type(error).__name__, line=_students_line(error))


def _text(error: BaseException) -> str:
    """What it says, without addresses in memory: the same answer is to get the same words each time."""
    try:
        return _ADDRESS.sub("", str(error).strip())
    except Exception:
        return ""


def _students_line(error: BaseException) -> str:
    """The innermost line of the traceback that is neither ours nor a library's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith((*_OURS, sys.prefix + "/lib")):
            return (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()[:200]
    return ""

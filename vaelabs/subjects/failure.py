"""What a subject says when a call did not give numbers."""

from __future__ import annotations


class Failure(Exception):
    """A call of the student's code that gave no result, with what is needed to explain it.

    `kind` is one of
    `unanswered` (the stub still raises NotImplementedError), `raised` (an exception of the
    student's code), `timeout` (the call took longer than its limit), `not_numbers` (the result
    is nothing that holds numbers), `shape` (the result has another shape than the gradient asked for).
    `type` is the exception's class name, `line` the student's line of code, both empty where there is none.
    """

    def __init__(self, kind: str, message: str, *, type: str = "", line: str = ""):
        super().__init__(message)
        self.kind, self.message, self.type, self.line = kind, message, type, line

    def __str__(self) -> str:
        where = f", at the line `{self.line}`" if self.line else ""
        return f"{self.message}{where}"

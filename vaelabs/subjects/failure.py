"""What a subject says when a call did not give numbers."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[0-?]*[ -/]*[@-~]|.)")


def readable(text: str, length: int = 1000) -> str:
    """Text of a student's making as it may be shown: no terminal's escape sequences, nothing invisible, not too long."""
    text = "".join(each if each.isprintable() or each == "\n" else " " if each == "\t" else "" for each in
                   _ESCAPES.sub("", text[: 4 * length]))
    return text if len(text) <= length else text[:length] + " ..."


class Failure(Exception):
    """A call of the student's code that gave no result, with what is needed to explain it.

    `kind` is one of
    `unanswered` (the stub still raises NotImplementedError), `raised` (an exception of the
    student's code), `timeout` (the call took longer than its limit), `not_numbers` (the result
    is nothing that holds numbers), `shape` (the result has another shape than the gradient asked for).
    `type` is the exception's class name, `line` the student's line of code, both empty where there is none.
    """

    def __init__(self, kind: str, message: str, *, type: str = "", line: str = ""):
        super().__init__(readable(message))
        self.kind, self.message = kind, readable(message)
        self.type, self.line = readable(type, 100), readable(line, 200)

    def __str__(self) -> str:
        where = f", at the line `{self.line}`" if self.line else ""
        return f"{self.message}{where}"

"""Sample answers to a lab's tasks: right ones and wrong ones, each with a name.

They lie in `tests/answers/<lab>/<task>.py`, one file a task, as cells of the percent format:

    # %% right: textbook
    def kl_divergence(mu, logvar): ...

    # %% wrong K1: forgets the half
    def kl_divergence(mu, logvar): ...

`K1` is the misconception that the check must name; `-` where none is expected.
The tests grade every one of them, and the sample class of `vaelabs demo` is made of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .course import CourseError

_HEAD = re.compile(r"^# %% (?:(right)|wrong (\S+)): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """One answer to a task: the source of its answer cell. `diagnosis` is None when right, `-` when unnamed."""

    task: str
    name: str
    source: str
    right: bool
    diagnosis: str | None


def read_answers(path: Path) -> list[Answer]:
    """The answers in one file, in their order. Raises CourseError when the file has none or two of one name."""
    text = path.read_text(encoding="utf-8")
    heads = list(_HEAD.finditer(text))
    if not heads:
        raise CourseError(f"{path} holds no answer.", "Begin each with `# %% right: NAME` or `# %% wrong ID: NAME`.")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    answers = [
        Answer(path.stem, head[3].strip(), text[head.end() : end].strip(), head[1] is not None, head[2])
        for head, end in zip(heads, ends)
    ]
    names = [answer.name for answer in answers]
    for name in names:
        if names.count(name) > 1:
            raise CourseError(f"{path} has two answers named {name!r}.", "Give each its own name.")
    return answers

"""What a cell's source defines, and how far it is written. Nothing here runs a student's code."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from vaelabs.converting import CODE_STUB

MAX_SOURCE = 400_000
"""Characters of a cell that are parsed; a longer one is no answer."""

MAX_CHAIN = 50
"""Helpers that call helpers, so many deep, are followed."""
REMEMBERED = 10_000
"""Characters of a cell whose definitions are kept in memory: most cells of a class are the same."""

_MARK = re.compile(r"\s*".join(re.escape(word) for word in CODE_STUB.split()))
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_MAGICS = {"time", "timeit", "capture", "prun"}
_MAGIC_LINE = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
_MAGIC_VALUE = re.compile(r"^([ \t]*[\w, ]+=[ \t]*)[%!].*$", re.MULTILINE)
_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*?)\n?```\s*", re.DOTALL)
_HEADS = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)", re.MULTILINE)
_COMMENTED = re.compile(r"^#[ \t]*(\w+)[ \t]*=(?!=)", re.MULTILINE)

_STRAY = re.compile(
    r"^[ \t]*(?:[!%][ \t]*(?:pip3?|conda|mamba|uv|apt|apt-get|sudo|wget|curl|git|unzip|gdown|kaggle)\b"
    r"|!(?:\S*/)?python3?[ \t]+-m[ \t]+pip\b)"
)
_CLOUD = re.compile(
    r"^(?:from google\.colab\b|import google\.colab\b|drive\.(?:mount|flush_and_unmount)\(|files\.(?:upload|download)\()"
)
"""Only at a line's beginning: inside of `try` such a line may decide what is done without Colab."""
NEUTRAL = "pass  # not run while grading: "


class State(IntEnum):
    """How far a definition is written; the higher one is taken."""

    STUB = 0
    PARTIAL = 1
    BROKEN = 2  # a syntax error: the student's last word all the same
    COMPLETE = 3


@dataclass(frozen=True)
class Definition:
    """One name that a cell defines. `open` counts the places still to be written; `digest` tells two texts apart."""

    open: int
    written: bool
    digest: str
    is_class: bool = False
    broken: bool = False

    def state(self, stub: Definition | None) -> State:
        """How far it is written, `stub` being the same thing as released."""
        if self.broken:
            return State.BROKEN if self.written else State.PARTIAL
        if not self.open:
            return State.COMPLETE
        written = stub is None or self.open < stub.open if self.is_class else self.written
        return State.PARTIAL if written else State.STUB


def squeezed(text: str) -> str:
    """The text without white space, as editors change that."""
    return "".join(text.split())


def unfenced(text: str) -> str:
    """The code of a text that is one fenced block, else the text."""
    match = _FENCE.fullmatch(text)
    return match[1] if match else text


def parsed(source: str) -> ast.Module | None:
    """The source as a syntax tree, with IPython's lines left out; None where it is not Python."""
    if len(source) > MAX_SOURCE:
        return None
    magic = _CELL_MAGIC.match(source)
    if magic and magic[1] not in _PYTHON_MAGICS:
        return None
    plain = _MAGIC_LINE.sub(r"\1pass", _MAGIC_VALUE.sub(r"\1None", source))
    for text in dict.fromkeys((source, plain, textwrap.dedent(plain))):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about escapes in a student's strings
                return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def definitions(source: str) -> Mapping[str, Definition]:
    """What the cell defines at its top level, by name; of several with one name the last."""
    find = _definitions if len(source) <= REMEMBERED else _definitions.__wrapped__
    return find(source)


@lru_cache(maxsize=4096)
def _definitions(source: str) -> Mapping[str, Definition]:
    tree = parsed(source)
    if tree is None:
        return _guessed(source)
    found = {}
    for node in tree.body:
        for name in _bound(node):
            try:
                found[name] = _definition(node)
            except RecursionError:
                found[name] = Definition(0, True, squeezed(source), broken=True)
    return found


def answer_names(stub: str) -> tuple[str, ...]:
    """The names that an answer is to define, read off its stub: its functions and classes, else `# name = ...`."""
    tree = parsed(stub)
    named = [node.name for node in tree.body if isinstance(node, _DEFS)] if tree else []
    return tuple(named or dict.fromkeys(_COMMENTED.findall(stub)))


def bound_names(source: str) -> set[str]:
    """Every name that the cell binds at its top level, imports included."""
    tree = parsed(source)
    return {name for node in tree.body for name in _bound(node)} if tree else set()


def part_for(source: str, names: Iterable[str], others: set[str]) -> str:
    """What of a cell the answer `names` needs: their definitions and what these use, nothing of `others`.

    The whole cell where all of it is needed, or where it cannot be parsed.
    """
    tree = parsed(source)
    if tree is None:
        return source
    needed, kept = set(names), []
    for _ in range(MAX_CHAIN):
        now = [node for node in tree.body if (bound := _bound(node)) and bound & needed and not bound & others]
        if now == kept:
            break
        kept = now
        needed |= {each.id for node in kept for each in ast.walk(node) if isinstance(each, ast.Name)}
    if len(kept) == len(tree.body) or not kept:
        return source
    lines = source.split("\n")
    return "\n\n".join("\n".join(lines[_first_line(node) - 1 : node.end_lineno]) for node in kept)


def neutralised(source: str) -> tuple[str, list[str]]:
    """The source with its installs, downloads and mounted drives turned into comments; those lines.

    A cell for grading has no network, and what it needs is installed.
    """
    out, found = [], []
    continued, indent = False, ""
    for line in source.split("\n"):
        stray = continued or bool(_STRAY.match(line) or _CLOUD.match(line))
        if not stray:
            out.append(line)
            continue
        if not continued:
            indent = line[: len(line) - len(line.lstrip())]
        out.append(f"{indent}{NEUTRAL}{line.strip()}")
        found.append(line.strip())
        continued = line.rstrip().endswith("\\")
        if not continued and line.count("(") > line.count(")"):  # a call over several lines: leave it whole
            return source, []
    return ("\n".join(out), found) if found else (source, [])


_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, _DEFS):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).split(".")[0] for each in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name) and
            isinstance(each.ctx, ast.Store)}  # fmt: skip


def _first_line(node: ast.stmt) -> int:
    return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])


def _definition(node: ast.stmt) -> Definition:
    if isinstance(node, ast.ClassDef):
        methods = [each for each in node.body if isinstance(each, _DEFS)]
        return Definition(sum(_open(each)[0] for each in methods), True, ast.dump(node), is_class=True)
    if isinstance(node, _DEFS):
        place, written = _open(node)
        return Definition(int(place), written, ast.dump(node))
    value = getattr(node, "value", None)
    constants = [each.value for each in ast.walk(value) if isinstance(each, ast.Constant)] if value else []
    blank = value is None or Ellipsis in constants or (isinstance(value, ast.Constant) and value.value is None)
    return Definition(int(blank), isinstance(value, ast.Dict | ast.Call | ast.List | ast.Tuple), ast.dump(node))


def _open(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[bool, bool]:
    """Whether a function ends in the stub's `raise` or is empty; whether something else stands in it."""
    body = [each for each in node.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    work = [each for each in body if not isinstance(each, ast.Pass) and not _raises_stub(each)]
    ends = bool(body) and _raises_stub(body[-1]) and not any(isinstance(each, ast.Return) for each in body)
    return ends or not work, bool(work)


def _raises_stub(node: ast.stmt) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _guessed(source: str) -> dict[str, Definition]:
    """What a cell with a syntax error is about to define."""
    code = unfenced(source)[:MAX_SOURCE]
    if _CELL_MAGIC.match(code) and _CELL_MAGIC.match(code)[1] not in _PYTHON_MAGICS:
        return {}
    written = not _MARK.search(code)
    names = [name for match in _HEADS.finditer(code) for name in match.groups() if name]
    return {name: Definition(0, written, squeezed(code), broken=True) for name in names}



"""The judge: a trusted process in which graded cells run, while the student's functions stay in the student's kernel.

`Judge` starts it and hands it graded cells. A name that the cell neither makes nor imports is looked up, first among
what the instructor's notebook defines outside of the answers, then in the kernel; from there come data and references,
see `vaelabs.subjects.remote`, and never code. `main` is the process itself.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import math
import os
import random  # noqa: F401 (seeded)
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing.connection import Connection, Pipe
from numbers import Real
from pathlib import Path
from typing import Any

from vaelabs.checks.rubric import MIME, SEED_MIME, Score
from vaelabs.subjects import Failure
from vaelabs.subjects.failure import readable
from vaelabs.subjects.proxies import CannotJudge
from vaelabs.subjects.remote import Kernel, KernelLost
from vaelabs.subjects.transcript import Transcript

NO_SCORE = "NoScore"
"""Name of the error where a graded cell, by its author's fault, gives no score: a person looks."""

CONNECTING = 30.0  # seconds for the kernel's agent to arrive: a busy machine imports slowly
STARTING = 120.0  # for the judge itself
MAX_PRINTED = 20_000  # characters of what a graded cell prints
MAX_MESSAGE = 2_000

Output = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A graded cell to be judged.

    `notebook` names the run of the notebook that it belongs to: what graded cells define, later ones of the same run
    see. `trusted` holds the instructor's own definitions, text by name. The kernel's agent arrives at `socket`.
    `transcript` asks for what crosses the line.
    """

    notebook: str
    source: str
    trusted: dict[str, str]
    socket: str
    seconds: float
    max_points: float
    seed: int | None = None
    transcript: bool = False


@dataclass
class Outcome:
    """What came of it: the cell's outputs as a notebook has them, or why there are none (`lost`; `late` when it was for time).

    `calls` is what crossed, where that was asked for (see `transcript`).
    """

    outputs: list[Output] = field(default_factory=list)
    lost: str = ""
    late: bool = False
    calls: list[dict[str, str]] = field(default_factory=list)


class Judge:
    """Our end of the judge's process, which is started when it is needed and again when it had to be stopped."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._line: Connection | None = None

    def begin(self, case: Case) -> None:
        """Hand over a cell; returns when the kernel's agent may connect. Raises OSError when the judge is broken."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        self._line.send(case)
        self._expect("listening", STARTING)

    def outcome(self, seconds: float) -> Outcome | None:
        """What came of the cell; None, and the judge is stopped, when it takes longer or broke."""
        try:
            return self._expect(Outcome, seconds)
        except OSError:
            return None

    def stop(self) -> None:
        """End the process; nothing is lost with it but a cell that it was at."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._line.close()
        self._process = self._line = None

    def _start(self) -> None:
        self.stop()
        self._line, theirs = Pipe()
        env = {**os.environ, "PYTHONHASHSEED": "random", "JAX_PLATFORMS": "cpu"}
        env |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from vaelabs.judge import main; main({theirs.fileno()})"],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=env,
            start_new_session=True,  # Ctrl-C is for the grader: a judge that it ends would leave a verdict behind
        )
        theirs.close()

    def _expect(self, what: Any, seconds: float) -> Any:
        try:
            found = self._line.recv() if self._line.poll(max(0.0, seconds)) else None
        except (EOFError, OSError):
            found = None
        if found == what or (isinstance(what, type) and isinstance(found, what)):
            return found
        self.stop()
        raise OSError("the judge does not answer")


def trusted_definitions(source: Any) -> dict[str, str]:
    """What the instructor's notebook defines by import, `def`, `class` or as a literal, outside of the answers.

    A hidden test that names one of these gets the instructor's, whatever a student has made of it. Names that an
    answer defines as well are the student's. `source` is a notebook as nbformat reads it.
    """
    cells = []
    for cell in source.cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            meta = cell.metadata.get("nbgrader", {})
            cells.append((cell.source, bool(meta.get("solution")), bool(meta.get("grade"))))
    return dict(_definitions(tuple(cells)))


@lru_cache(maxsize=8)  # a class has the same notebook a hundred times
def _definitions(cells: tuple[tuple[str, bool, bool], ...]) -> dict[str, str]:
    ours, theirs = {}, set()
    for text, solution, graded in cells:
        try:
            statements = ast.parse(text).body
        except SyntaxError:  # a magic; nothing that a test would name
            continue
        for statement in statements:
            if solution:
                theirs |= _bound(statement)
            elif not graded and _is_definition(statement):
                ours |= dict.fromkeys(_bound(statement), ast.unparse(statement))
    return {name: text for name, text in ours.items() if name not in theirs}


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        try:
            ast.literal_eval(statement.value)
        except ValueError:
            return False
    return isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign))


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    found = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        found = {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        found = {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    return found


class Names(dict):
    """The namespace of a notebook's graded cells. Builtins are ours; a dict whose `__missing__` looks elsewhere."""

    def __init__(self, trusted: dict[str, str]):
        super().__init__(__name__="__main__", __builtins__=builtins)
        self.trusted, self.kernel = trusted, None
        self.seed = 0

    def __missing__(self, name: str) -> Any:
        if name in self.trusted:
            exec(self.trusted[name], self)
            seed_generators(self.seed)  # the definition may have brought a library in
            return dict.__getitem__(self, name)
        if self.kernel is None or hasattr(builtins, name) or (name.startswith("__") and name.endswith("__")):
            raise KeyError(name)
        return self.kernel.look(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return self.get(name, self) is not self


def judge_cell(case: Case, names: Names) -> Outcome:
    """Run a graded cell whose agent is connected; what the student's code does wrong is in the outputs."""
    os.environ["VAELABS_SEED"] = "" if case.seed is None else str(case.seed)
    names.seed = secrets.randbits(32) if case.seed is None else case.seed
    _SEEDED.clear()
    printed = io.StringIO()
    outputs = []
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            value = _run(case.source, names)
        outputs = _result(value, case.max_points)
    except KernelLost:
        if names.kernel.lost is None:  # the line of another cell
            outputs = [_error(NO_SCORE, "it uses an object of the student's that an earlier graded cell has kept")]
    except Failure as failure:
        outputs = [_error(failure.type or "Failure", str(failure))]
    except CannotJudge as error:
        outputs = [_error(NO_SCORE, str(error))]
    except Exception as error:  # the test's verdict: an assert that failed, or whatever it stumbled over
        outputs = [_error(type(error).__name__, str(error))]
    if names.kernel.lost is not None:  # a library may have made another exception of it
        return Outcome(lost=str(names.kernel.lost), late=names.kernel.lost.late)
    if not any(MIME in output.get("data", {}) for output in outputs):
        outputs.append({"output_type": "display_data", "data": {SEED_MIME: names.seed}, "metadata": {}})
    if printed.getvalue():
        outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": printed.getvalue()[:MAX_PRINTED]})
    return Outcome(outputs)


def _run(source: str, names: Names) -> Any:
    """Execute the source; the value of the expression at its end, if it ends with one."""
    tree = ast.parse(source)
    if any(name.split(".")[0] == "torch" for name in _imported(tree)):
        import torch  # noqa: F401 (before it is seeded)
    seed_generators(names.seed)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<graded cell>", "exec"), names)
    return None if last is None else eval(compile(last, "<graded cell>", "eval"), names)


_SEEDED: set[str] = set()


def seed_generators(seed: int) -> None:
    """Seed the libraries that are here, each once a cell: what a hidden test draws is fresh, and can be drawn again."""
    for library, way in (("random", "seed"), ("numpy.random", "seed"), ("torch", "manual_seed")):
        if library in sys.modules and library not in _SEEDED:
            getattr(sys.modules[library], way)(seed)
            _SEEDED.add(library)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _result(value: Any, max_points: float) -> list[Output]:
    """The outputs that nbgrader reads the score from: none for full marks, a number for a part of them."""
    if isinstance(value, Score):
        return [_result_output(value._repr_mimebundle_())]
    if value is None or value is True:
        return []
    if value is False:
        value = 0.0
    if isinstance(value, Real) and math.isfinite(value) and 0 <= value <= max_points:
        return [_result_output({"text/plain": repr(float(value))})]
    shown = f"{value}" if isinstance(value, Real) else f"a {type(value).__name__}"
    return [_error(NO_SCORE, f"the graded cell ends with {shown}, not with a score from 0 to {max_points:g}")]


def _error(name: str, text: str) -> Output:
    text = readable(text.strip(), MAX_MESSAGE)
    return {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def _result_output(data: dict[str, Any]) -> Output:
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}


def _connected(case: Case, line: Connection) -> socket.socket:
    """The agent's connection. Raises KernelLost when none comes."""
    Path(case.socket).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(case.socket)
        listening.listen(1)
        listening.settimeout(min(CONNECTING, case.seconds))
        line.send("listening")
        try:
            return listening.accept()[0]
        except OSError:
            raise KernelLost("the kernel did not take up the line to the grader") from None


def main(fd: int) -> None:
    """Judge cells until the other end is closed."""
    line = Connection(fd)
    notebook, names = "", Names({})
    while True:
        try:
            case: Case = line.recv()
        except EOFError:
            return
        if case.notebook != notebook:
            notebook, names = case.notebook, Names(case.trusted)
        try:
            names.kernel = Kernel(_connected(case, line), case.seconds)
        except KernelLost as lost:
            outcome = Outcome(lost=str(lost))
        else:
            transcript = Transcript()
            if case.transcript:
                names.kernel.heard = transcript.heard
            try:
                outcome = judge_cell(case, names)
                outcome.calls = transcript.calls
            finally:
                names.kernel.close()
                names.kernel = None
        Path(case.socket).unlink(missing_ok=True)
        line.send(outcome)

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
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from numbers import Real
from pathlib import Path
from typing import Any

from vaelabs.checks.rubric import Score
from vaelabs.subjects import Failure
from vaelabs.subjects.codec import Foreign
from vaelabs.subjects.failure import readable
from vaelabs.subjects.remote import Kernel, KernelLost, Remote

CONNECTING = 30.0  # seconds for the kernel's agent to arrive: a busy machine imports slowly
STARTING = 120.0
MAX_PRINTED = 20_000  # characters of what a graded cell prints
MAX_MESSAGE = 2_000


Output = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A graded cell to be judged.

    `notebook` names the run of the notebook that it belongs to: what graded cells define, later ones of the same run
    see. `trusted` holds the instructor's own definitions, text by name. The kernel's agent arrives at `socket`.
    """

    notebook: str
    source: str
    trusted: dict[str, str]
    socket: str
    seconds: float
    max_points: float
    seed: int | None = None


@dataclass
class Outcome:
    """What came of it: the cell's outputs as a notebook has them, or why there are none (`lost`; `late` when it was for time)."""

    outputs: list[Output] = field(default_factory=list)
    lost: str = ""
    late: bool = False


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
    ours, theirs = {}, set()
    for cell in source.cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        try:
            statements = ast.parse(cell.source).body
        except SyntaxError:  # a magic; nothing that a test would name
            continue
        meta = cell.metadata.get("nbgrader", {})
        for statement in statements:
            if meta.get("solution"):
                theirs |= _bound(statement)
            elif not meta.get("grade") and _is_definition(statement):
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

    def __missing__(self, name: str) -> Any:
        if name in self.trusted:
            exec(self.trusted[name], self)
            return dict.__getitem__(self, name)
        if self.kernel is None or hasattr(builtins, name) or (name.startswith("__") and name.endswith("__")):
            raise KeyError(name)
        return native(self.kernel.look(name))

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return self.get(name, self) is not self


def native(value: Any) -> Any:
    """Data of a framework as that framework has it, and a network as one."""
    if not _of_a_framework(value):
        return value
    from vaelabs.subjects.proxies import native as proxied  # imports torch or jax only where there is something of theirs

    return proxied(value)


def _of_a_framework(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return any(map(_of_a_framework, value))
    return isinstance(value, Foreign) or (isinstance(value, Remote) and value._ref.kind == "network")


def judge_cell(case: Case, names: Names) -> Outcome:
    """Run a graded cell whose agent is connected; what the student's code does wrong is in the outputs."""
    if case.seed is not None:
        os.environ["VAELABS_SEED"] = str(case.seed)
    printed = io.StringIO()
    outputs = []
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            value = _run(case.source, names)
        outputs = _result(value, case.max_points)
    except KernelLost as lost:
        return Outcome(lost=str(lost), late=lost.late)
    except Failure as failure:
        outputs = [_error(failure.type or "Failure", str(failure))]
    except Exception as error:  # the test's verdict: an assert that failed, or whatever it stumbled over
        outputs = [_error(type(error).__name__, str(error))]
    if printed.getvalue():
        outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": printed.getvalue()[:MAX_PRINTED]})
    return Outcome(outputs)


def _run(source: str, names: Names) -> Any:
    """Execute the source; the value of the expression at its end, if it ends with one."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<graded cell>", "exec"), names)
    return None if last is None else eval(compile(last, "<graded cell>", "eval"), names)


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
    return [_error("NoScore", f"the graded cell ends with {shown}, not with a score from 0 to {max_points:g}")]


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
            try:
                outcome = judge_cell(case, names)
            finally:
                names.kernel.close()
                names.kernel = None
        Path(case.socket).unlink(missing_ok=True)
        line.send(outcome)

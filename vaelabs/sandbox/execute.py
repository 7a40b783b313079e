"""Running a notebook so that one cell cannot take the others down with it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tempfile
import time
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client import KernelClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from nbgrader import preprocessors
from traitlets import Bool, Dict, Enum, Integer, List, Unicode

from vaelabs.course import SHOW_TAG, read_notebook

from . import bubblewrap
from .isolation import Isolation, require
from .limits import Cause, Limits
from .provisioner import SandboxKernelManager, kernel_specs
from .verdicts import is_autograded, undefined_names, uses_our_checks

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
"""Two compute threads on busy cores spin at barriers: ten times slower was seen."""

FAST_COMPILER = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false"
)
"""XLA's flags for a quick run, in which JAX compiles for longer than it computes.

They belong to the pinned jaxlib: XLA ends the process at a flag that it does not know, as jaxlib 0.11.2 does at the last.
"""

MAX_RESTARTS = 5

ENDED = "the cell ended the Python process it ran in"

GARBLED = "its Python process sent what cannot be read"

SPARE = 60  # seconds that a kernel may live longer than its notebook

MAX_OUTPUT = 10_000_000
"""Characters that one cell may print or draw: the rest is dropped, or an endless `print` fills the grader's memory."""

DROPPED = f"\n(OutputLimit: the rest is dropped, as a cell may print and draw {MAX_OUTPUT:,} characters.)\n"


class Execute(preprocessors.Execute):
    """nbgrader's executor, with cells that may hang or kill their kernel.

    A cell that runs too long or ends its kernel gets an error output (`TimeLimit`, `KernelDied`); a fresh
    kernel then runs the cells before it once more, without the culprit, and the notebook goes on.
    Cells tagged `show` are skipped, unless a graded cell turns out to need a name that they define.
    """

    timeout = Integer(120, help="Seconds for one cell.", allow_none=True).tag(config=True)
    notebook_seconds = Integer(600, help="Seconds for the whole notebook, restarts included.").tag(config=True)
    show = Bool(False, help="Run the cells tagged `show` as well.").tag(config=True)
    quick = Dict(help="Values put after the `parameters` cell; by default those of the source notebook.").tag(
        config=True
    )
    isolation = Enum(
        list(Isolation), Isolation.NONE, help="What keeps the notebook's code away from the rest of the machine."
    ).tag(config=True)
    fast_compiler = Bool(True, help="Let JAX compile quickly to slower code.").tag(config=True)
    modules = List(Unicode(), help="What a warm process imports, to fork kernels from; empty: none is used.").tag(
        config=True
    )
    compiled = Unicode(help="Folder of what JAX compiled before, which kernels may read.").tag(config=True)
    fill = Unicode(help="Folder that JAX writes what it compiles to; for a trusted notebook, without isolation.")
    source = Unicode("source", help="Folder of the instructor notebooks.").tag(config=True)

    interrupt_on_timeout = Bool(False)  # an interrupt can be ignored: nbclient then waits for ever
    raise_on_iopub_timeout = Bool(False)  # a slow machine is not the student's fault
    iopub_timeout = Integer(30)
    shutdown_kernel = Unicode("immediate")

    _instructors: tuple[Path, NotebookNode] | None = None

    judge_folder: Path | None = None
    """A folder of ours that the kernel sees, and can connect to sockets in."""

    def __init__(self, **settings: Any):
        super().__init__(**{"kernel_manager_class": SandboxKernelManager, **settings})

    def create_kernel_manager(self) -> SandboxKernelManager:
        """A kernel with our limits, whatever kernel the notebook asks for."""
        limits = Limits(wall_seconds=self.notebook_seconds + SPARE, cpu_seconds=self.notebook_seconds + SPARE)
        specs = kernel_specs(self.isolation, limits, self.judge_folder, self.modules, self.compiled)
        self.km = self.kernel_manager_class(kernel_name="python3", config=self.config, kernel_spec_manager=specs)
        return self.km

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Execute `nb`; the outputs are in the notebook returned.

        Raises CourseError when this machine cannot confine code as `isolation` asks.
        """
        require(self.isolation)
        self._culprits: set[int] = set()
        self._printed: dict[int, int] = {}
        self._restarts = 0
        self._shown = self.show
        self._deadline = time.monotonic() + self.notebook_seconds
        self.timeout_func = lambda cell: max(1, min(self.timeout, self._deadline - time.monotonic()))
        self.skip_cells_with_tag = "" if self.show else SHOW_TAG
        nb = self._parameterized(nb, resources or {})
        for cell in nb.cells:
            if is_autograded(cell):  # a tag on a graded cell is no way round it
                cell.metadata.pop("tags", None)
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if cell.cell_type != "code":
            return cell, resources
        if time.monotonic() > self._deadline or self._restarts > MAX_RESTARTS:
            cell.outputs = [error_output("TimeLimit", f"the notebook used up its {self.notebook_seconds} seconds")]
            return cell, resources
        self._guarded(cell, index)
        if not self._shown and uses_our_checks(cell) and self._shown_define(undefined_names(cell), index):
            self._run_shown(index)
            self._guarded(cell, index)
        return cell, resources

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        if msg["msg_type"] in ("stream", "display_data", "update_display_data", "execute_result"):
            before = self._printed.get(cell_index, 0)
            self._printed[cell_index] = before + len(repr(msg["content"]))
            if self._printed[cell_index] > MAX_OUTPUT:
                if before <= MAX_OUTPUT:
                    cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=DROPPED))
                return None
        self.nb.cells[cell_index] = cell  # a copy of it may be running, and nbclient rewrites outputs in the notebook
        try:
            return super().process_message(msg, cell, cell_index)
        except IndexError:  # a display was to be rewritten whose output is gone: nothing that a mark depends on
            return None

    def execute_cell(self, cell: NotebookNode, cell_index: int, **how: Any) -> NotebookNode:
        """nbclient's, which stumbles over messages that no honest kernel sends: a kernel that sends such has ended."""
        try:
            return super().execute_cell(cell, cell_index, **how)
        except (CellTimeoutError, DeadKernelError):
            raise
        except Exception as error:
            self.km.provisioner.end(Cause("KernelDied", GARBLED))
            raise DeadKernelError(GARBLED) from error

    def run_cell(self, cell: NotebookNode, index: int) -> None:
        """Execute one cell of the notebook; its outputs are in the cell."""
        self.execute_cell(cell, index, store_history=True)

    def setup_kernel(self, **kwargs: Any) -> AbstractContextManager[None]:
        return super().setup_kernel(**self._process(), **kwargs)

    async def async_start_new_kernel_client(self) -> KernelClient:
        """One more try: on a busy machine a kernel may die before it answers."""
        try:
            return await super().async_start_new_kernel_client()
        except RuntimeError:
            self.km = self.create_kernel_manager()
            await self.async_start_new_kernel(**self._process())
            return await super().async_start_new_kernel_client()

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    def _process(self) -> dict[str, Any]:
        """How a kernel's process starts: on one thread, and silent on our terminal."""
        env = {**os.environ, **ONE_THREAD}
        if self.fast_compiler:
            env["XLA_FLAGS"] = " ".join(filter(None, (env.get("XLA_FLAGS"), FAST_COMPILER)))
        if self.fill:
            env |= bubblewrap.using_compiled(self.fill, write=True)
        return {"env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

    def _guarded(self, cell: NotebookNode, index: int, upto: int | None = None) -> None:
        """Execute one cell; when it takes the kernel with it, say so in the cell and go on with a fresh one.

        The fresh kernel is brought to the state before cell `upto`, by default this one.
        """
        self._printed[index] = 0
        provisioner = self.km.provisioner
        try:
            self.run_cell(cell, index)
        except CellTimeoutError:
            seconds = self.timeout if time.monotonic() < self._deadline else self.notebook_seconds
            fault = error_output("TimeLimit", f"it was stopped after {seconds} seconds")
        except DeadKernelError:
            cause = provisioner.cause
            fault = error_output(cause.name, cause.sentence) if cause else error_output("KernelDied", ENDED)
        else:
            return
        cell.outputs = [fault]
        self._culprits.add(index)
        self._resume(index if upto is None else upto)

    def _resume(self, index: int) -> None:
        """A fresh kernel in the state that the cells before `index` leave, culprits left out."""
        self._restarts += 1
        self._cleanup_kernel()
        self.km = self.create_kernel_manager()
        self.start_new_kernel(**self._process())
        self.start_new_kernel_client()
        if self._restarts > MAX_RESTARTS:
            return
        for n, cell in enumerate(self.nb.cells[:index]):
            if cell.cell_type != "code" or n in self._culprits or cell.metadata.get("nbgrader", {}).get("grade"):
                continue
            if time.monotonic() > self._deadline:
                return
            try:
                self.execute_cell(nbformat.from_dict(cell), n, store_history=False)
            except (CellTimeoutError, DeadKernelError):
                self._culprits.add(n)
                return self._resume(index)

    def _shown_define(self, names: set[str], index: int) -> bool:
        """Whether one of the cells before `index` that were skipped may define one of the names."""
        return any(may_define(cell.source, name) for _, cell in self._skipped(index) for name in names)

    def _run_shown(self, index: int) -> None:
        """Run the cells before `index` that were skipped: an answer leans on a name of theirs."""
        self._shown, self.skip_cells_with_tag = True, ""
        for n, cell in self._skipped(index):
            if n not in self._culprits:
                self._guarded(nbformat.from_dict(cell), n, upto=index)

    def _skipped(self, index: int) -> list[tuple[int, NotebookNode]]:
        """The code cells for show before `index`, numbered."""
        cells = enumerate(self.nb.cells[:index])
        return [(n, cell) for n, cell in cells if cell.cell_type == "code" and SHOW_TAG in cell.metadata.get("tags", [])]

    def _parameterized(self, nb: NotebookNode, resources: dict[str, Any]) -> NotebookNode:
        """The notebook with the quick profile put after its `parameters` cell."""
        quick = self.quick
        if not quick and (source := self.instructors(resources)):
            quick = source.metadata.get("vaelabs", {}).get("quick", {})
        return with_profile(nb, quick)

    def instructors(self, resources: dict[str, Any]) -> NotebookNode | None:
        """The instructor's notebook of what is being graded; None outside of nbgrader."""
        where = resources.get("nbgrader")
        if not where:
            return None
        path = Path(self.source, where["assignment"], f"{where['notebook']}.ipynb")
        if self._instructors is None or self._instructors[0] != path:
            self._instructors = path, read_notebook(path)
        return self._instructors[1]


_BY_TEXT = re.compile(r"exec\(|(globals|locals|vars)\(\)(\[|\.update\()")
"""What binds names that are not names in the code."""


def may_define(source: str, name: str) -> bool:
    """Whether a cell's code binds the name, as far as can be seen: to speak of it is not enough, as a trial does."""
    if not re.search(rf"\b{re.escape(name)}\b", source):
        return bool(re.search(r"import \*|%run\b", source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in a student's strings
            tree = ast.parse(TransformerManager().transform_cell(source))
        return any(_binds(node, name) for node in ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # nothing can be said of it
        return True


def _binds(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Store)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return node.name == name
    if isinstance(node, ast.alias):
        return (node.asname or node.name.split(".")[0]) in (name, "*")
    return isinstance(node, (ast.Call, ast.Subscript)) and bool(_BY_TEXT.match(ast.unparse(node)))


def with_profile(nb: NotebookNode, values: Mapping[str, Any]) -> NotebookNode:
    """A copy of `nb` with a cell that sets `values` after the one tagged `parameters`, as papermill does it."""
    nb = nbformat.from_dict(nb)
    at = next((n for n, cell in enumerate(nb.cells) if "parameters" in cell.metadata.get("tags", [])), None)
    if values and at is not None:
        source = "\n".join(["# The quick profile", *(f"{name} = {value!r}" for name, value in values.items())])
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
        if "id" not in nb.cells[at]:  # a notebook of format 4.4 or older has no ids
            del cell["id"]
        elif all(each.get("id") != "injected-parameters" for each in nb.cells):  # unless papermill has run it before
            cell.id = "injected-parameters"
        nb.cells.insert(at + 1, cell)
    return nb


@dataclass(frozen=True)
class Run:
    """An executed notebook and the seconds it took."""

    notebook: NotebookNode
    seconds: float


def run_notebook(
    nb: NotebookNode,
    *,
    quick: bool = True,
    show: bool = False,
    cell_seconds: int = 120,
    notebook_seconds: int = 600,
) -> Run:
    """Execute a copy of `nb` in a scratch folder; `quick` takes the profile from its own metadata."""
    profile = nb.metadata.get("vaelabs", {}).get("quick", {}) if quick else {}
    executor = Execute(
        timeout=cell_seconds,
        notebook_seconds=notebook_seconds,
        show=show,
        quick=dict(profile),
        fast_compiler=quick,
        kernel_name="python3",
    )
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vaelabs-run-") as scratch:
        done, _ = executor.preprocess(nbformat.from_dict(nb), {"metadata": {"path": scratch}})
    return Run(done, time.monotonic() - begin)


def error_output(name: str, sentence: str) -> NotebookNode:
    return nbformat.v4.new_output("error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"])

"""A lab's solution, graded once before any submission: what kernels can be warmed with, and whether it gets its marks.

From the run come the names of all modules that it ended with, which a warm process imports before kernels are forked
from it, and what JAX compiled, which students' kernels read and cannot change. Compiled programs are machine code:
only the instructor's own notebook may fill their folder.
"""

from __future__ import annotations

import copy
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from vaelabs.sandbox import Isolation, verdicts

from .execute import Execute

# Names of its own that no warm process can import, or must not: IPython's and the notebook's are the kernel's.
_ASK = """\
import json, sys
print(json.dumps(sorted(
    name for name, module in list(sys.modules.items())
    if module is not None and getattr(module, "__spec__", None) is not None and "__main__" not in name
)))
"""

_MARK = "vaelabs-ask"

KEPT_SECONDS = 180 * 86400


@dataclass(frozen=True)
class Reference:
    """What a run of the solution gave: the modules that it imported, the folder of what JAX compiled (empty without
    JAX), and by task why it earned nothing, which says that this machine or the lab is not in order.
    """

    modules: tuple[str, ...] = ()
    compiled: str = ""
    lost: Mapping[str, str] = field(default_factory=dict)


def reference(source: NotebookNode, config: Config, hashes: Mapping[str, str], make: bool = True) -> Reference:
    """The solution's run, from the cache or made now: once for what `hashes` stands for, by one process of a machine.

    An instructor's notebook is trusted: it runs in a plain kernel. Where nothing can be kept, or nothing is there and
    none is to be made, there is nothing to warm kernels with, and grading goes on without.
    """
    digest = hashlib.sha256(repr([hashes[name] for name in ("lab", "checks", "environment")]).encode())
    folder = cache_folder() / f"reference-{digest.hexdigest()[:24]}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = _read(folder) or make and _make(folder, source, config)
            if not found:
                return Reference()
            os.utime(folder)
            _forget_old(folder.parent)
            return found
    except OSError:
        return Reference()


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "vaelabs")


def _forget_old(cache: Path) -> None:
    """Remove what nobody has asked for in a term: every change of a lab, a check or a package leaves one behind."""
    for folder in cache.glob("reference-*"):
        if time.time() - folder.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path) -> Reference | None:
    try:
        found: dict[str, Any] = json.loads((folder / "reference.json").read_text(encoding="utf-8"))
        return Reference(tuple(found["modules"]), found["compiled"], dict(found["lost"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make(folder: Path, source: NotebookNode, config: Config) -> Reference:
    shutil.rmtree(folder, ignore_errors=True)
    compiled = folder / "compiled"
    compiled.mkdir(parents=True)
    nb = nbformat.from_dict(source)
    nb.cells.append(nbformat.v4.new_code_cell(_ASK, metadata={"tags": [_MARK]}, id=_MARK))
    config = copy.deepcopy(config)
    config.Execute.isolation = Isolation.NONE  # not as an argument: nbconvert reads the configuration anew before it runs
    execute = Execute(config=config, kernel_name="python3")
    execute.quick = execute.quick or source.metadata.get("vaelabs", {}).get("quick", {})
    execute.fill = str(compiled)
    with tempfile.TemporaryDirectory(prefix="vaelabs-run-") as scratch:
        done, _ = execute.preprocess(nb, {"metadata": {"path": scratch}})
    asked = next(cell for cell in done.cells if _MARK in cell.metadata.get("tags", []))
    said = next((each.text for each in asked.outputs if each.output_type == "stream"), "[]")
    lost = {each.task: each.explanation() for each in verdicts(done) if not each.points and each.max_points}
    found = Reference(tuple(json.loads(said)), str(compiled) if any(compiled.iterdir()) else "", lost)
    (folder / "reference.json").write_text(json.dumps(asdict(found)), encoding="utf-8")
    return found

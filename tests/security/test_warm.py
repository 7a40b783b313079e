"""Kernels forked from a warm process: nothing is shared between them, and whatever fails, a kernel starts all the same.

What such a kernel can see and do is asked in test_isolation.py, of both kinds of kernel.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from kernels import Died, Kernel, alive
from nbclient import NotebookClient

from vaelabs.sandbox import bubblewrap, warm, zygote
from vaelabs.sandbox.launching import NotStarted
from vaelabs.sandbox.limits import Limits
from vaelabs.sandbox.provisioner import SandboxKernelManager, kernel_specs
from vaelabs.sandbox.warm import WarmProcess, Zygote, zygotes

MODULES = ("numpy.random", "matplotlib.pyplot", "torch")


@pytest.fixture
def anew(monkeypatch):
    """A warm process of the test's own."""
    monkeypatch.setattr(zygotes, "_key", None)
    monkeypatch.setattr(zygotes, "_zygote", None)
    monkeypatch.setattr(zygotes, "_failed", {})
    yield
    zygotes._retire()


@pytest.fixture(scope="module")
def pair():
    """Two kernels at once, of one warm process."""
    with Kernel(modules=MODULES) as one, Kernel(modules=MODULES) as other:
        yield one, other


def test_kernels_are_forked_from_one_process(pair):
    parents = {Path(f"/proc/{each.provisioner.pid}/status").read_text().split("PPid:\t")[1].split()[0] for each in pair}

    assert len(parents) == 1
    assert all(isinstance(each.provisioner.process, WarmProcess) for each in pair)


@pytest.mark.parametrize(
    "draw", ["import random; random.random()", "import numpy; numpy.random.rand()", "import torch; torch.rand(1).item()"]
)
def test_they_draw_different_numbers(pair, draw):
    one, other = (each.run(draw) for each in pair)

    assert one != other


def test_one_that_is_asked_to_leave_goes_on(pair):
    pair[0].run("exit()")
    time.sleep(0.5)

    assert pair[0].run("print('there')").strip() == "there"


@pytest.mark.parametrize("folder", [*bubblewrap.FOLDERS[:-1], "/dev/pts"])
def test_none_sees_what_another_writes(pair, folder):
    one, other = pair
    write = "import os; opened = os.openpty()" if folder == "/dev/pts" else f"open('{folder}/a note', 'w').write('x')"
    one.run(write)

    assert set(json.loads(one.run(f"import json, os; print(json.dumps(os.listdir('{folder}')))"))) & {"a note", "0"}
    assert not set(json.loads(other.run(f"import json, os; print(json.dumps(os.listdir('{folder}')))"))) & {"a note", "0"}


def test_none_hears_another(pair):
    """Neither through the loopback nor through an abstract socket."""
    one, other = pair
    one.run(
        "import socket; lo = socket.create_server(('127.0.0.1', 5555))\n"
        "un = socket.socket(socket.AF_UNIX); un.bind('\\0meet'); un.listen()"
    )

    assert "ConnectionRefusedError" in other.run("import socket; socket.create_connection(('127.0.0.1', 5555))")
    assert "ConnectionRefusedError" in other.run("socket.socket(socket.AF_UNIX).connect('\\0meet')")


def test_the_judges_of_others_are_out_of_sight(pair):
    assert "[]" == pair[0].run("import os; os.listdir('/run/judges')")


# The second is what a solution that draws figures has imported.
@pytest.mark.parametrize("more", [(), ("matplotlib_inline", "matplotlib_inline.backend_inline")], ids=["", "drawn"])
def test_figures_are_shown(more):
    """matplotlib is imported before there is a notebook to show them in."""
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])")])
    manager = SandboxKernelManager(kernel_name="python3", kernel_spec_manager=kernel_specs(modules=(*MODULES, *more)))

    NotebookClient(nb, km=manager).execute()

    assert [each for each in nb.cells[0].outputs if "image/png" in each.get("data", {})]


def test_no_file_of_the_warm_process_is_closed_in_a_kernel():
    """Fonts that were read before the fork are let go of after many others: their numbers had become the kernel's own."""
    code = (
        "import io, matplotlib.figure as f\n"
        "for n in range(80):\n"
        "    figure = f.Figure()\n    figure.text(0, 0, f'$x_{n}$')\n    figure.savefig(io.BytesIO())\n"
        "print('drawn')"
    )
    with Kernel(modules=("matplotlib.figure",)) as kernel:
        assert [kernel.run(code), kernel.run("print('alive')")] == ["drawn", "alive"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import os; os._exit(3)", "KernelDied: its Python process ended itself with exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "KernelDied: its Python process was ended by SIGSEGV"),
        ("import subprocess, sys, time\n"
         "[subprocess.Popen([sys.executable, '-c', 'import time; x = b\"x\" * 4 * 10**8; time.sleep(30)']) for _ in range(3)]\n"
         "time.sleep(30)", "MemoryLimit: it used more than 900 MB of memory"),
    ],
)  # fmt: skip
def test_its_end_is_told_apart(code, cause):
    with Kernel(modules=MODULES, limits=Limits(memory_mb=900)) as kernel, pytest.raises(Died, match=cause):
        kernel.run(code)


def test_the_python_in_use_may_lie_in_a_temporary_folder(anew, monkeypatch):
    """The memory file system over /tmp would cover it."""
    path = Path("/tmp") / f"vaelabs-test-{os.getpid()}"
    (path / "bin").mkdir(parents=True)
    (path / "bin" / "tool").write_text("of the environment")
    other = tempfile.NamedTemporaryFile(dir="/tmp")
    real = bubblewrap.python_paths()
    monkeypatch.setattr(bubblewrap, "python_paths", lambda: [*real, str(path)])
    try:
        with Kernel(modules=("json",)) as kernel:
            assert isinstance(kernel.provisioner.process, WarmProcess)
            assert "of the environment" == kernel.run(f"print(open('{path}/bin/tool').read())")
            assert "Read-only file system" in kernel.run(f"open('{path}/bin/tool', 'w')")
            assert Path(other.name).name not in kernel.run("import os; os.listdir('/tmp')")
    finally:
        (path / "bin" / "tool").unlink()
        (path / "bin").rmdir()
        path.rmdir()
        other.close()


def test_when_the_warm_process_is_killed_its_kernels_end_and_the_next_has_another(anew):
    with Kernel(modules=("json",)) as kernel:
        zygotes._zygote._process.kill()
        cause = kernel.wait_for_end()
    with Kernel(modules=("json",)) as again:
        assert again.run("1 + 1") == "2"
        assert isinstance(again.provisioner.process, WarmProcess)

    assert cause.name == "Infrastructure"


def test_where_there_is_no_warm_process_a_kernel_starts_the_long_way(anew, monkeypatch):
    def broken(*_: object) -> None:
        raise NotStarted("it cannot be had")

    monkeypatch.setattr(Zygote, "_begin", broken)
    with Kernel(modules=("json",)) as kernel:
        assert kernel.run("1 + 1") == "2"
        assert not isinstance(kernel.provisioner.process, WarmProcess)


def test_where_it_cannot_make_sandboxes_a_kernel_starts_the_long_way(anew, monkeypatch):
    """As in a container whose /proc is masked, which is found out at the first fork."""
    impossible = {**warm.request([], "", "", Limits()), "judges": "/nowhere"}
    monkeypatch.setattr(warm, "request", lambda *_: impossible)
    with Kernel(modules=("json",)) as kernel:
        assert kernel.run("1 + 1") == "2"
        assert not isinstance(kernel.provisioner.process, WarmProcess)


def test_a_module_that_is_unfit_is_left_out(monkeypatch):
    tried = []

    def begin(self: Zygote, modules: list[str], *_: object) -> dict[str, str]:
        tried.append(modules)
        return {"module": "threads", "why": "it starts a thread"} if "threads" in modules else {}

    monkeypatch.setattr(Zygote, "_begin", begin)
    Zygote(("json", "threads"), "", {}).close()

    assert tried == [["json", "threads"], ["json"]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "it starts a thread"),
        ("import jax\njax.devices()", "it starts"),
        ("import jax, numpy", ""),
        ("raise ValueError('not importable')", ""),
    ],
)
def test_what_makes_a_fork_unsafe_is_found(tmp_path, text, why):
    """A child of a process with threads, or with JAX's backend running, hangs at the first thing that it computes."""
    (tmp_path / "suspect.py").write_text(text)
    ask = "import json, os; from vaelabs.sandbox.zygote import _warm_up as ask; print(json.dumps(ask(['suspect'])), flush=True)"
    folders = f"{tmp_path}:{Path(zygote.__file__).parents[2]}"
    command = [sys.executable, "-c", f"{ask}; os._exit(0)"]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": folders})

    assert why in json.loads(ran.stdout).get("why", "")
    assert bool(why) == bool(json.loads(ran.stdout))


def test_a_grader_that_is_killed_takes_all_along():
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from kernels import Kernel\n"
        "kernel = Kernel(modules=('json',))\n"
        "print(*kernel.pids, kernel.provisioner.pid, flush=True); time.sleep(60)"
    )
    grader = subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True)
    assert grader.stdout
    pids = [int(each) for each in grader.stdout.readline().split()]
    assert pids and all(map(alive, pids))

    grader.send_signal(signal.SIGKILL)
    grader.wait()

    end = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, pids))

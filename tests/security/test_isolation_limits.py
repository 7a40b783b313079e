"""What ends a kernel, and what is said of it."""

from __future__ import annotations

import gc
import os
import resource
import time
from pathlib import Path

import nbclient
import nbformat
import pytest
from kernels import Died, Kernel

from vaelabs.course import CourseError
from vaelabs.sandbox import limits as module
from vaelabs.sandbox.limits import Cause, Cgroup, Limits, cause_of_exit, delegated_cgroup
from vaelabs.sandbox.provisioner import SandboxKernelManager, kernel_specs

DEAF = "import time\nwhile True:\n    try:\n        while True: time.sleep(0.01)\n    except BaseException: pass"


def ended(code: str, **limits) -> str:
    """The cause of the end that `code` brings about."""
    with Kernel(limits=Limits(**limits)) as kernel:
        with pytest.raises(Died) as death:
            kernel.run(code)
        assert str(death.value) == str(kernel.cause)
    assert str(death.value) == str(kernel.cause)  # also after everything is cleaned up
    return str(kernel.cause)


def test_a_loop_that_ignores_interrupts_ends_at_the_wall_limit():
    """The watchdog is a thread: nothing here runs an event loop meanwhile."""
    with Kernel(limits=Limits(wall_seconds=4)) as kernel:
        kernel.send(DEAF)

        cause = kernel.wait_for_end(20)

    assert Cause("TimeLimit", "the notebook ran for more than 4 seconds") == cause


def test_nbclient_does_not_hang_on_a_loop_that_ignores_interrupts():
    """Alone, with interrupt_on_timeout, it would wait for ever."""

    class Client(nbclient.NotebookClient):
        def create_kernel_manager(self):
            self.km = SandboxKernelManager(kernel_spec_manager=kernel_specs("bubblewrap", Limits(wall_seconds=8)))
            return self.km

    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(DEAF)])
    begin = time.monotonic()

    with pytest.raises(nbclient.exceptions.DeadKernelError):
        Client(nb, timeout=2, interrupt_on_timeout=True).execute()

    assert time.monotonic() - begin < 40


def test_processor_time():
    """A loop that computes."""
    assert "TimeLimit: it computed for more than 2 seconds of processor time" == ended("while True: pass", cpu_seconds=2)


def test_processor_time_of_children():
    """Each has its own limit of the system's; together they have ours."""
    code = "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(60)"

    assert "TimeLimit: it computed for more than 3 seconds of processor time" == ended(code, cpu_seconds=3)


HOLD = "import mmap, os, time\n"


@pytest.mark.parametrize(
    "code",
    [
        "for _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(os.urandom(1 << 20)) * 100; time.sleep(60)\ntime.sleep(60)",
        "m = mmap.mmap(-1, 900 << 20)\nfor n in range(0, len(m), 4096): m[n] = 1\ntime.sleep(60)",
        # Written, let go of and still there: neither resident nor anybody's share.
        "m = mmap.mmap(-1, 900 << 20)\nfor n in range(900):\n    m[n << 20:(n + 1) << 20] = bytes(1 << 20)\n"
        "    m.madvise(mmap.MADV_DONTNEED)\ntime.sleep(60)",
        "held = []\nfor n in range(8):\n    held.append(os.memfd_create('m'))\n"
        "    for _ in range(100): os.write(held[-1], bytes(1 << 20))\ntime.sleep(60)",
    ],
    ids=["processes", "shared", "let go of", "memfds"],
)  # fmt: skip
def test_memory(code):
    """Of all processes together, by whatever name it goes."""
    assert "MemoryLimit: it used more than 500 MB of memory" == ended(HOLD + code, memory_mb=500)


def test_common_pages_count_once():
    """Forks of a large process are not large."""
    code = "import os, time\nx = bytearray(os.urandom(1 << 20)) * 300\nfor _ in range(4):\n    if os.fork() == 0:\n        time.sleep(3); os._exit(0)\ntime.sleep(2)\nprint('alive')"

    with Kernel(limits=Limits(memory_mb=700)) as kernel:
        assert "alive" == kernel.run(code)


def test_empty_files_have_a_number():
    """They take the system's memory, which the size of a folder does not bound."""
    code = "import os\nfor n in range(400_000): os.close(os.open(f'/tmp/{n}', os.O_CREAT))\nimport time; time.sleep(60)"

    assert "MemoryLimit: it made more than 100000 files" == ended(code)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_printing_ends(stream):
    """Before it fills the memory of the grader."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    cause = ended(f"import sys\nwhile True: print('x' * 100_000, file=sys.{stream})")

    assert "OutputLimit: it printed and drew more than 64 MB" == cause
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # kB


def test_nbclient_ends_with_endless_printing():
    """Not with all that the kernel managed to send."""

    class Client(nbclient.NotebookClient):
        def create_kernel_manager(self):
            self.km = SandboxKernelManager(kernel_spec_manager=kernel_specs("bubblewrap"))
            return self.km

    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("while True: print('x' * 100_000)")])

    with pytest.raises(nbclient.exceptions.DeadKernelError):
        Client(nb, timeout=60).execute()


@pytest.mark.parametrize(
    "code, cause",
    [
        ("import os; os._exit(3)", "KernelDied: its Python process ended itself with exit code 3"),
        ("import os; os.kill(os.getpid(), 11)", "KernelDied: its Python process was ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "KernelDied: its Python process was ended by SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "KernelDied: its Python process was ended by SIGSEGV"),
    ],
)
def test_a_kernel_that_ends_itself(code, cause):
    """The exit status says how."""
    assert cause == ended(code)


def test_what_the_kernel_says_decides_nothing():
    """Causes are read off the system, not off a text."""
    assert "KernelDied: its Python process ended itself with exit code 1" == ended(
        "import os; print('TimeLimit: it computed'); os._exit(1)"
    )


def test_a_sandbox_ended_from_outside_is_nobodys_fault():
    """Nothing inside can reach what stands around it."""
    with Kernel() as kernel:
        os.kill(kernel.provisioner.pid, 9)

        cause = kernel.wait_for_end()

    assert Cause("Infrastructure", "the sandbox was ended from outside, by SIGKILL") == cause


def test_an_end_that_was_wanted_has_no_cause():
    """Neither while it runs."""
    with Kernel() as kernel:
        assert kernel.cause is None
        assert "rlimits and a watchdog" == kernel.provisioner.accounting or delegated_cgroup()
    assert kernel.cause is None


def test_without_confinement_the_same_is_watched_and_said():
    """The loud choice: limits and causes as ever, and everything of the machine in sight."""
    with Kernel("none", Limits(memory_mb=500)) as kernel:
        assert "True" == kernel.run(f"import os; os.path.exists({__file__!r})")
        with pytest.raises(Died, match="^MemoryLimit: "):
            kernel.run("x = bytearray(os.urandom(1 << 20)) * 700\nimport time; time.sleep(60)")


def test_a_kernel_restarts_in_a_fresh_sandbox():
    """Under the same addresses."""
    with Kernel() as kernel:
        before = kernel.run("import os; os.listdir('/tmp')")  # the environment may lie there
        kernel.run("x = 1; open('/tmp/f', 'w').close()")
        kernel._do(kernel.manager.restart_kernel(now=True))
        kernel._do(kernel.client.wait_for_ready(timeout=60))

        assert "NameError: name 'x' is not defined" == kernel.run("x")
        assert before == kernel.run("import os; os.listdir('/tmp')")


def test_nothing_is_left_behind():
    """No folder, no descriptor."""
    counts = []
    for _ in range(3):
        with Kernel() as kernel:
            box = kernel.provisioner._box.path
        del kernel
        gc.collect()
        counts.append(len(os.listdir("/proc/self/fd")))

    assert not box.exists()
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.parametrize("isolation", ["bubblewrap", "landlock", "none"])
def test_a_kernel_that_cannot_start_is_said_to_be_so_and_leaves_nothing(isolation, monkeypatch):
    """Nobody's submission is to blame: it is no cause, it stops the grader."""
    before = set(Path("/tmp").glob("vaelabs-home-*"))
    monkeypatch.setattr("sys.executable", "/usr/bin/false")

    with pytest.raises(CourseError, match=r"^A kernel did not start in its sandbox: .*exit code 1.\nRun `vaelabs doctor`.$"):
        Kernel(isolation)

    assert before == set(Path("/tmp").glob("vaelabs-home-*"))


def test_limits_are_checked():
    """One sentence each."""
    with pytest.raises(CourseError, match=r"^The limit memory_mb is 0: it has to be a number above 0.$"):
        Limits(memory_mb=0)
    with pytest.raises(CourseError, match="^There is no limit named 'memory'.\nKnown: cpu_seconds, file_mb"):
        Limits.of({"memory": 1})
    assert Limits(wall_seconds=5) == Limits.of({"wall_seconds": 5})


# cgroup v2, on files that stand for it: a subtree of one's own is seldom to be had where tests run.


def test_a_cgroup_is_given_its_limits(tmp_path):
    """And is gone afterwards."""
    group = Cgroup.create("box", Limits(memory_mb=300, processes=40), tmp_path)

    written = {path.name: path.read_text() for path in group.path.iterdir()}
    assert {"memory.max": "314572800", "memory.oom.group": "1", "pids.max": "40", "memory.swap.max": "0"} == written
    assert not group.out_of_memory()
    (group.path / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    (group.path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
    assert group.out_of_memory()
    assert 2.5 == group.cpu_seconds()
    assert "MemoryLimit" == cause_of_exit(137, Limits(), group).name
    group.kill()
    assert "1" == (group.path / "cgroup.kill").read_text()


def test_a_cgroup_that_cannot_be_made_is_done_without(tmp_path):
    """The rlimits and the watchdog serve then."""
    assert Cgroup.create("box", Limits(), tmp_path / "not there") is None


def test_a_named_cgroup_gets_its_controllers(tmp_path):
    """`VAELABS_CGROUP` names one that was prepared."""
    (tmp_path / "cgroup.subtree_control").write_text("cpu\n")

    assert tmp_path == delegated_cgroup({"VAELABS_CGROUP": str(tmp_path)})
    assert "+memory +pids" == (tmp_path / "cgroup.subtree_control").read_text()
    assert delegated_cgroup({"VAELABS_CGROUP": str(tmp_path / "not there")}) is None


def test_a_cgroup_that_root_may_write_is_not_ours(tmp_path):
    """Only one that was handed over is."""
    assert module._handed_over(tmp_path) == (os.geteuid() != 0 and Path(tmp_path, "cgroup.procs").exists())

"""The reduced tier: what it denies, and what it is known not to."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from kernels import Died, Kernel, alive

from vaelabs.sandbox import landlock
from vaelabs.sandbox.limits import Limits

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def kernel():
    """One kernel for all that only asks."""
    if landlock.abi() == 0:
        pytest.fail("The running kernel has no Landlock: boot Linux 5.13 or newer with lsm=landlock,...")
    with Kernel("landlock", Limits(memory_mb=1500, processes=100, file_mb=32)) as started:
        started.run(
            "import errno, os, socket\n"
            "def tried(action):\n"
            "    try: action()\n"
            "    except OSError as error: return errno.errorcode[error.errno]\n"
            "    return 'done'"
        )
        yield started


@pytest.mark.parametrize(
    "action, answer",
    [
        (f"os.listdir({str(ROOT)!r})", "EACCES"),
        (f"open({str(ROOT / 'pyproject.toml')!r})", "EACCES"),
        ("os.listdir('/')", "EACCES"),
        ("open('/etc/hostname')", "EACCES"),
        ("open('/tmp/x', 'w')", "EACCES"),
        ("open('/usr/x', 'w')", "EACCES"),
        ("socket.socket(socket.AF_INET)", "EAFNOSUPPORT"),
        ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "ENOTSUP"),
        ("os.chroot('/')", "EPERM"),
        ("open('x', 'w').write('x')", "done"),
        ("os.mkdir(os.environ['TMPDIR'] + '/x')", "done"),
        ("open('/dev/null', 'w').write('x')", "done"),
        ("socket.socketpair()", "done"),
    ],
)
def test_what_is_denied(kernel, action, answer):
    """Files outside a short list, every network, namespaces; the home is its own."""
    assert answer == kernel.run(f"print(tried(lambda: {action}))")


def test_numerics_and_figures_work(kernel):
    """torch and matplotlib, with the list of fonts in place."""
    code = (
        "import matplotlib.pyplot as plt, torch\n"
        "plt.plot([1, 2]); plt.savefig('figure.png'); plt.close()\n"
        "print(torch.ones(3).sum().item(), os.path.exists('figure.png'))"
    )

    assert "3.0 True" == kernel.run(code, 120)


def test_the_environment_is_clean(kernel):
    """As in the full tier; the home is a fresh folder."""
    assert "True" == kernel.run("set(os.environ) & {'JPY_PARENT_PID', 'PYTHONPATH', 'SSH_AUTH_SOCK'} == set()")
    assert "True" == kernel.run("os.getcwd() == os.environ['HOME']")


@pytest.mark.skipif(landlock.abi() < 6, reason="Landlock 6 is the first to scope signals")
def test_other_processes_cannot_be_signalled(kernel):
    """The grader above all."""
    assert "EPERM" == kernel.run(f"print(tried(lambda: os.kill({os.getpid()}, 0)))")


def test_a_cell_can_be_interrupted(kernel):
    """The kernel lives on."""
    kernel.send("import time\ntime.sleep(60)")
    time.sleep(1)

    kernel.interrupt()

    assert kernel.finish(10).startswith("KeyboardInterrupt")


def test_what_is_known_not_to_be_denied(kernel):
    """Why it is opt-in: that a file exists, and how large it is, can be learned. Should this fail, tell the docs."""
    assert "True" == kernel.run(f"os.stat({str(ROOT / 'pyproject.toml')!r}).st_size > 0")


def test_its_processes_end_with_it():
    """Also one that left its parent and its session; the home goes as well."""
    with Kernel("landlock") as kernel:
        home = Path(kernel.run("import os; print(os.getcwd())"))
        kernel.run("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(600)\n    os._exit(0)\nos.wait()")
        pids = kernel.pids
        with pytest.raises(Died, match="^KernelDied: its Python process ended itself with exit code 4$"):
            kernel.run("os._exit(4)")
    assert len(pids) >= 2
    assert not any(map(alive, pids))
    assert not home.exists()


def test_memory_and_time_are_bounded():
    """By the same watchdog."""
    with Kernel("landlock", Limits(memory_mb=300)) as kernel:
        with pytest.raises(Died, match="^MemoryLimit: it used more than 300 MB of memory$"):
            kernel.run("import mmap, time\nm = mmap.mmap(-1, 600 << 20)\nfor n in range(0, len(m), 4096): m[n] = 1\ntime.sleep(60)")

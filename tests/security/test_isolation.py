"""What a submission's code can see and do in its sandbox, asked from inside; and how the sandbox ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import nbclient
import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from kernels import Kernel, alive

import vaelabs
from vaelabs.course import CourseError
from vaelabs.sandbox import isolation, launching
from vaelabs.sandbox.bubblewrap import FOLDERS, HOME, python_paths
from vaelabs.sandbox.isolation import require
from vaelabs.sandbox.limits import Limits
from vaelabs.sandbox.provisioner import KERNEL_NAME, SandboxKernelManager, admit, install_kernelspec, kernel_specs

ROOT = Path(__file__).parents[2]
SMALL = Limits(tmp_mb=16, shm_mb=8, file_mb=32, memory_mb=1500, processes=100)


WAYS = {"cold": (), "warm": ("numpy",)}
"""A kernel that starts from nothing, and one forked from a warm process."""


@pytest.fixture(scope="module", params=WAYS)
def kernel(request):
    """One kernel for all that only asks; nothing is skipped: without a sandbox this says what to install."""
    os.environ["VAELABS_TEST_SECRET"] = "a password"
    with Kernel(limits=SMALL, modules=WAYS[request.param], env={**os.environ, "JPY_PARENT_PID": "1", "XLA_FLAGS": "--xla_dump_to="}) as started:
        started.run(
            "import ctypes, errno, os, socket, subprocess, sys\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "def said(call, *arguments):\n"
            "    return 'done' if libc.syscall(call, *arguments) >= 0 else errno.errorcode[ctypes.get_errno()]\n"
            "def tried(action):\n"
            "    try: action()\n"
            "    except OSError as error: return errno.errorcode[error.errno]\n"
            "    return 'done'"
        )
        yield started


def test_nobody_listens_for_a_heartbeat(kernel):
    """A kernel that broke off its answer to one held up the thread that listened, and with it the grader, for ever."""
    assert not kernel.client.hb_channel.is_alive()


# What is in sight


def test_there_are_two_processes(kernel):
    """The machine's processes are not to be seen, nor signalled."""
    assert "['1', '2']" == kernel.run("[each for each in os.listdir('/proc') if each.isdigit()]")


def test_the_machine_is_out_of_sight(kernel, tmp_path):
    """Neither homes nor the course: not the gradebook, not the instructor notebooks with their hidden tests."""
    (tmp_path / "gradebook.db").write_text("marks")
    hidden = [Path.home() / ".ssh", ROOT / "source", ROOT / "vaelabs", ROOT / "gradebook.db", tmp_path / "gradebook.db"]
    hidden += [Path("/etc/shadow"), Path("/var"), Path("/boot"), Path("/etc/hostname"), launching.run_folder()]

    assert "[]" == kernel.run(f"[each for each in {[str(each) for each in hidden]} if os.path.lexists(each)]")


def test_the_folders_above_the_environment_hold_nothing_else(kernel):
    """An environment may lie in a home or in the course folder."""
    for path in python_paths():
        for above in list(Path(path).parents)[:-1]:
            inside = [each for each in python_paths() if Path(each).is_relative_to(above)]
            names = sorted({Path(each).relative_to(above).parts[0] for each in inside})
            assert str(names) == kernel.run(f"sorted(os.listdir({str(above)!r}))")


def test_the_environment_is_clean(kernel):
    """Nothing of ours comes along: no secret, no parent to watch; XLA's flags do."""
    names = kernel.run("print(*os.environ)").split()

    assert not {"VAELABS_TEST_SECRET", "JPY_PARENT_PID", "SSH_AUTH_SOCK", "PYTHONPATH"} & set(names)
    assert "('/sandbox', '1', '--xla_dump_to=')" == kernel.run(
        "os.environ['HOME'], os.environ['OMP_NUM_THREADS'], os.environ['XLA_FLAGS']"
    )


def test_our_package_is_not_needed_inside(kernel):
    """Installed from its folder, as `make setup` does it, it is out of sight like the folder."""
    answer = kernel.run("import vaelabs; print('in the environment')")

    inside = any(Path(vaelabs.__file__).is_relative_to(path) for path in python_paths())
    assert ("in the environment" if inside else "ModuleNotFoundError: No module named 'vaelabs'") == answer


def test_the_kernel_has_no_power(kernel):
    """No capability, and no way to gain one."""
    status = kernel.run("print(open('/proc/self/status').read())")

    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{name}:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


def test_root_hands_its_kernels_to_another_user(kernel):
    """Root ignores the limit on processes and may write the system's settings."""
    uids = Path(f"/proc/{kernel.pids[-1]}/status").read_text().split("Uid:\t")[1].split("\n")[0].split("\t")

    assert "0" not in uids
    assert "1000" == kernel.run("os.getuid()")


# Where it can write


def test_only_the_bounded_folders_can_be_written(kernel):
    """The root and /dev of bubblewrap are memory file systems as large as half of the machine."""
    places = ["/", "/dev", "/etc", "/usr", "/run", "/proc/sys/kernel", "/sys/devices/system/cpu", *python_paths()]
    places += ["/usr/lib", "/etc/passwd", "/run/conn.json", "/proc/sysrq-trigger"]

    assert "[]" == kernel.run(f"[each for each in {places} if os.access(each, os.W_OK)]")
    assert "EROFS" == kernel.run("print(tried(lambda: open('/x', 'w')))")
    assert "EROFS" == kernel.run("print(tried(lambda: open('/dev/x', 'w')))")


@pytest.mark.parametrize("folder, mb", [("/tmp", 16), ("/dev/shm", 8), (HOME, 16), ("/run/k", 1)])
def test_what_it_can_write_has_a_size(kernel, folder, mb):
    """A full folder says so."""
    filled = kernel.run(
        f"path = '{folder}/filling'\n"
        "file = open(path, 'wb', buffering=0)\n"
        "try:\n"
        "    for n in range(64): assert file.write(bytes(1 << 19)) == 1 << 19\n"
        "except (OSError, AssertionError) as error: pass\n"
        "file.close(); print(os.path.getsize(path) >> 20); os.unlink(path)"
    )

    assert mb - 1 <= int(filled) <= mb
    assert folder in FOLDERS


def test_a_full_home_is_no_business_of_ipython(kernel):
    """Its history would say on stderr, in whatever cell runs then, that it cannot be written."""
    kernel.run(
        f"file = open('{HOME}/filling', 'wb', buffering=0)\n"
        "try:\n    while file.write(bytes(1 << 16)): pass\nexcept OSError: pass"
    )

    said = kernel.run("import time; In[-1][:11], time.sleep(3)")
    kernel.run(f"file.close(); os.unlink('{HOME}/filling')")

    assert said == "('import time', None)"


def test_no_file_becomes_too_large(kernel):
    """memfds included, which no folder holds."""
    assert "EFBIG" == kernel.run(
        "fd = os.memfd_create('m')\n"
        "print(tried(lambda: [os.write(fd, bytes(1 << 20)) for _ in range(40)])); os.close(fd)"
    )


# What it can call


@pytest.mark.parametrize(
    "family, answer",
    [(16, "ENOTSUP"), (17, "EAFNOSUPPORT"), (38, "EAFNOSUPPORT"), (40, "EAFNOSUPPORT"), (1, "done"), (2, "done")],
)
def test_families_of_sockets(kernel, family, answer):
    """libzmq aborts on any other refusal of netlink (16); vsock (40) would reach the hypervisor."""
    assert answer == kernel.run(f"print(tried(lambda: socket.socket({family}, socket.SOCK_DGRAM).close()))")


def test_no_network_but_its_own_loopback(kernel):
    """ipykernel talks to itself over 127.0.0.1."""
    assert "ENETUNREACH" == kernel.run("print(tried(lambda: socket.create_connection(('8.8.8.8', 53), 2)))")
    assert "127.0.0.1" == kernel.run(
        "server = socket.create_server(('localhost', 0)); socket.create_connection(server.getsockname()); "
        "print(server.accept()[1][0])"
    )
    assert "['lo']" == kernel.run("print([line.split(':')[0].strip() for line in open('/proc/net/dev')][2:])")


CALLS = {
    "x86_64": dict(unshare=272, mount=165, ptrace=101, keyctl=250, bpf=321, userfaultfd=323, io_uring_setup=425,
                   perf_event_open=298, setns=308, process_vm_readv=310, add_key=248, open_by_handle_at=304, fsopen=430),
    "aarch64": dict(unshare=97, mount=40, ptrace=117, keyctl=219, bpf=280, userfaultfd=282, io_uring_setup=425,
                    perf_event_open=241, setns=268, process_vm_readv=270, add_key=217, open_by_handle_at=265, fsopen=430),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS["x86_64"])
def test_calls_that_have_been_ways_out_are_refused(kernel, call):
    """By the filter: before the kernel of the system looks at the arguments."""
    number = CALLS[os.uname().machine][call]

    assert "EPERM" == kernel.run(f"print(said({number}, 0x10000000, 0, 0, 0, 0))")


def test_new_namespaces_are_refused_however_they_are_asked_for(kernel):
    """clone3 hides its flags from a filter, so that it is not there; the C library falls back to clone."""
    clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]

    assert "EPERM" == kernel.run(f"print(said({clone}, 0x10000000 | 17, 0, 0, 0, 0))")
    assert "ENOSYS" == kernel.run("print(said(435, 0, 0))")
    assert "0" == kernel.run("print(subprocess.run(['true']).returncode)")
    assert "0" != kernel.run("print(subprocess.run(['unshare', '--user', 'true'], stderr=-3).returncode)")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="a matter of x86")
def test_foreign_calls_are_refused(kernel):
    """x32 numbers would pass a filter that compares numbers only."""
    assert "ENOSYS" == kernel.run("print(said(0x40000000 + 39))")


def test_memfds_are_allowed(kernel):
    """CUDA needs them."""
    assert "done" == kernel.run("print(tried(lambda: os.close(os.memfd_create('m'))))")


def test_there_is_no_terminal_and_no_stream_of_ours(kernel):
    """Characters could be pushed into the grader's terminal."""
    assert "EBADF" == kernel.run("print(said(16 if os.uname().machine == 'x86_64' else 29, 999, 0x5413, 0))")
    assert "EPERM" == kernel.run("print(said(16 if os.uname().machine == 'x86_64' else 29, 0, 0x5412, b'x'))")
    links = kernel.run("print(*{os.readlink(f'/proc/{pid}/fd/0') for pid in ('self', 2)})")
    assert {"/dev/null"} == set(links.split())


# What it can still do


def test_the_frameworks_work(kernel):
    """torch with processes that share memory, JAX, figures; nothing on stderr, which nbgrader takes for a failure."""
    code = """
    import logging, io
    noise = io.StringIO()
    logging.basicConfig(stream=noise, level=logging.INFO)
    import matplotlib.pyplot as plt, torch
    plt.plot([1, 2]); plt.title("x"); plt.savefig("figure.png"); plt.close()
    from torch.utils.data import DataLoader
    total = sum(batch.sum().item() for batch in DataLoader(torch.arange(8.0), batch_size=2, num_workers=1))
    print(total, os.path.getsize("figure.png") > 1000, "generated new fontManager" in noise.getvalue())
    """

    assert "28.0 True False" == kernel.run(textwrap.dedent(code), 120)


def test_a_cell_can_be_interrupted(kernel):
    """The signal goes to the kernel: what stands around it would die of it."""
    kernel.send("import time\ntime.sleep(60)")
    time.sleep(1)

    kernel.interrupt()

    assert "KeyboardInterrupt: " in kernel.finish(10) + " "
    assert "2" == kernel.run("1 + 1")


def test_no_more_processes_than_allowed(kernel):
    """The system refuses the next one, and the kernel lives."""
    code = """
    import time
    children = []
    try:
        for _ in range(300):
            pid = os.fork()
            if pid == 0:
                time.sleep(60); os._exit(0)
            children.append(pid)
    except OSError as error:
        print(errno.errorcode[error.errno], 20 < len(children) < 100)
    for pid in children:
        os.kill(pid, 9); os.waitpid(pid, 0)
    """

    assert "EAGAIN True" == kernel.run(textwrap.dedent(code))


def test_too_much_memory_in_one_process_is_an_error_of_the_cell(kernel):
    """A MemoryError, at the line that asked for it."""
    assert "MemoryError: " in kernel.run("x = bytearray(2_000_000_000)") + " "
    assert "2" == kernel.run("1 + 1")


# The judge's socket


@pytest.mark.parametrize("way", WAYS)
def test_the_judge_can_be_reached_and_not_replaced(way):
    """The kernel connects to the judge's socket; it cannot put another in its place."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=launching.judges_folder())))
        kernel = stack.enter_context(Kernel(judge_dir=folder, modules=WAYS[way]))
        judge = stack.enter_context(socket.socket(socket.AF_UNIX))
        judge.bind(str(folder / "judge.sock"))
        judge.listen()
        admit(folder / "judge.sock")

        kernel.run("import os, socket\ns = socket.socket(socket.AF_UNIX); s.connect('/run/judge/judge.sock')")
        kernel.send("s.sendall(b'hello'); s.recv(10)")
        connection, _ = judge.accept()
        heard = connection.recv(10)
        connection.sendall(b"welcome")

        assert (b"hello", "b'welcome'") == (heard, kernel.finish())
        for action in ("os.unlink('/run/judge/judge.sock')", "os.rename('/run/judge/judge.sock', '/run/judge/x')",
                       "socket.socket(socket.AF_UNIX).bind('/run/judge/x')", "open('/run/judge/x', 'w')"):  # fmt: skip
            assert kernel.run(action).startswith(("OSError", "PermissionError"))
        connection.close()


# How a sandbox ends


def test_a_kernel_outlives_the_thread_that_asked_for_it():
    """The system ends a sandbox with the thread that started it, so that a lasting one does."""
    started = []
    thread = threading.Thread(target=lambda: started.append(Kernel()))
    thread.start()
    thread.join()
    time.sleep(0.5)

    with started[0] as kernel:
        assert "2" == kernel.run("1 + 1")


GRADERS = """
import asyncio, os, random, signal, sys, time
from vaelabs.sandbox import provisioner
from vaelabs.sandbox.limits import descendants
from vaelabs.sandbox.provisioner import SandboxKernelManager, kernel_specs
provisioner.reap = lambda: 0  # would end what is to be seen
specs = kernel_specs("bubblewrap")
moments = random.Random(0)
for n in range(20):
    grader = os.fork()
    if grader == 0:
        asyncio.run(SandboxKernelManager(kernel_spec_manager=specs).start_kernel())
        time.sleep(60)
    while not list(descendants(grader)):
        pass
    time.sleep(moments.uniform(0, 0.04) if n else 3)
    os.kill(grader, signal.SIGKILL)
    os.waitpid(grader, 0)
"""


def sandboxes(run_dir: Path) -> list[int]:
    """The processes that bear the name of a box in this folder."""
    return [pid for pid in launching._processes_naming(str(run_dir)) if alive(pid)]


@pytest.fixture
def run_dir(monkeypatch):
    """A folder of boxes for one test."""
    folder = Path(f"/tmp/vl-{os.getpid()}-{random.randrange(10**6)}")
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("VAELABS_RUN_DIR", str(folder))
    yield folder
    for pid in sandboxes(folder):
        launching.kill_tree(pid)
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_a_grader_killed_while_a_sandbox_starts_leaves_none(run_dir):
    """Nor one killed later: a kernel goes on only when everything is in place that ends it with its grader."""
    subprocess.run([sys.executable, "-c", GRADERS], check=True)
    end_at = time.monotonic() + 10
    while sandboxes(run_dir) and time.monotonic() < end_at:
        time.sleep(0.05)

    assert [] == sandboxes(run_dir)
    assert 20 == len(list(run_dir.iterdir()))


def test_what_a_dead_grader_left_is_found_and_ended(run_dir, monkeypatch):
    """A box whose lock is free: its sandbox ends, it goes; one that is in use stays."""
    monkeypatch.setattr(launching, "_ABANDONED_SECONDS", 0)
    used, abandoned = launching.Box(), launching.Box()
    os.close(abandoned._lock)
    with subprocess.Popen(["sh", "-c", 'sleep 60; exit "$0"', str(abandoned.path)]) as orphan:
        time.sleep(0.2)

        reaped = launching.reap()

        assert -signal.SIGKILL == orphan.wait(5)
    assert 1 == reaped
    assert [used.path] == list(run_dir.iterdir())
    used.remove()


def test_folders_of_judges_killed_long_ago_are_removed(run_dir):
    """No notebook takes a day; a younger one may be at work."""
    old, young = (launching.judges_folder() / name for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir()
    long_ago = time.time() - 2 * 86400
    os.utime(old, (long_ago, long_ago))

    launching.reap()

    assert [young] == list(launching.judges_folder().iterdir())


def test_a_kernel_that_is_killed_takes_all_its_processes_along():
    """A process that left its session and its parent is one of them."""
    with Kernel() as kernel:
        kernel.run(
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0: time.sleep(600)\n"
            "    os._exit(0)\n"
            "os.wait()"
        )
        pids = kernel.pids
        assert len(pids) >= 3
    end_at = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < end_at:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def test_nobody_follows_a_socket_that_was_replaced_by_a_link(tmp_path):
    """A client that reconnects would be led to any socket of this machine, with our rights. Plain jupyter_client here."""
    address = f"/tmp/vl-trap-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as trap, Kernel(manager_class=AsyncKernelManager) as kernel:
        trap.bind(address)
        os.chmod(address, 0o777)
        trap.listen()
        trap.settimeout(2)
        kernel.send(
            "import os, socket\n"
            "for n in range(1, 6):\n"
            f"    os.unlink(f'/run/k/k-{{n}}'); os.symlink({address!r}, f'/run/k/k-{{n}}')\n"
            "for fd in map(int, os.listdir('/proc/self/fd')):\n"
            "    try:\n"
            "        s = socket.socket(fileno=os.dup(fd))\n"
            "        if s.family == socket.AF_UNIX: s.shutdown(2); os.close(fd)\n"
            "    except OSError: pass\n"
            "import time; time.sleep(3)"
        )

        with pytest.raises(TimeoutError):
            trap.accept()
    os.unlink(address)


# Who decides


def notebook(*sources, kernel="python3"):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nb.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    return nb


def test_the_kernel_that_a_notebook_names_decides_nothing(tmp_path, monkeypatch):
    """Whatever name is asked for, our kernelspec answers."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    evil = tmp_path / "kernels" / "mine"
    evil.mkdir(parents=True)
    (evil / "kernel.json").write_text('{"argv": ["touch", "%s"], "display_name": "x", "language": "python"}' % (tmp_path / "out"))

    class Client(nbclient.NotebookClient):
        def create_kernel_manager(self):
            super().create_kernel_manager()  # takes the notebook's name
            self.km.kernel_spec_manager = kernel_specs("bubblewrap")
            return self.km

    nb = notebook("import os; os.getuid(), os.getcwd()", kernel="mine")
    Client(nb, kernel_manager_class=SandboxKernelManager).execute()

    assert "(1000, '/sandbox')" == nb.cells[0].outputs[0].data["text/plain"]
    assert not (tmp_path / "out").exists()


def test_without_bubblewrap_nothing_starts_and_the_sentence_says_what_to_install(monkeypatch, tmp_path):
    """It fails closed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    isolation.probe.cache_clear()
    try:
        with pytest.raises(CourseError) as error:
            require("bubblewrap")
    finally:
        isolation.probe.cache_clear()

    assert (
        "bubblewrap is not installed, so there is no sandbox to run submissions in.\n"
        "Install it: sudo apt-get install bubblewrap (Fedora: sudo dnf install bubblewrap)."
    ) == str(error.value)


def test_a_kernelspec_whose_provisioner_is_missing_starts_nothing(tmp_path, monkeypatch):
    """jupyter_client would otherwise fall back to no confinement at all."""
    specs = kernel_specs("bubblewrap")
    spec = specs.get_kernel_spec("python3")
    spec.metadata["kernel_provisioner"]["provisioner_name"] = "not-there"
    monkeypatch.setattr(type(specs), "get_kernel_spec", lambda self, name: spec)
    manager = SandboxKernelManager(kernel_spec_manager=specs)

    with pytest.raises(ModuleNotFoundError):
        asyncio.run(manager.start_kernel())


# Programs that know nothing of us


@pytest.fixture
def kernelspec(tmp_path, monkeypatch):
    """The kernelspec on disk, found by Jupyter."""
    install_kernelspec(tmp_path / "prefix", limits=Limits(wall_seconds=20, tmp_mb=16))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "prefix" / "share" / "jupyter"))


def test_plain_nbclient_runs_in_the_sandbox(kernelspec):
    """By the kernelspec alone."""
    nb = notebook("import os; sorted(os.listdir('/proc'), key=len)[:2], os.getcwd()")

    nbclient.NotebookClient(nb, kernel_name=KERNEL_NAME).execute()

    assert "(['1', '2'], '/sandbox')" == nb.cells[0].outputs[0].data["text/plain"]


SPY = """
import glob, os
found = [each for each in ("gradebook.db", "../../../gradebook.db", COURSE) if os.path.exists(each)] + glob.glob("*.ipynb")
def two():
    return 2
"""


def test_plain_nbgrader_runs_in_the_sandbox(kernelspec, tmp_path):
    """Autograded as ever; neither the gradebook nor the hidden tests are within reach of the submission."""
    course = tmp_path / "course"
    source = nbformat.v4.new_notebook()
    meta = {"schema_version": 3, "locked": False, "task": False}
    source.cells = [
        nbformat.v4.new_code_cell("### BEGIN SOLUTION\ndef two(): return 2\n### END SOLUTION", metadata={
            "nbgrader": {**meta, "grade_id": "two", "grade": False, "solution": True}}),
        nbformat.v4.new_code_cell("### BEGIN HIDDEN TESTS\nassert two() == 2 and found == []\n### END HIDDEN TESTS", metadata={
            "nbgrader": {**meta, "grade_id": "test-two", "grade": True, "solution": False, "points": 3, "locked": True}}),
    ]  # fmt: skip
    submitted = nbformat.from_dict(source)
    submitted.cells[0].source = SPY.replace("COURSE", repr(str(course)))
    for folder, nb in (("source/ps", source), ("submitted/eve/ps", submitted)):
        (course / folder).mkdir(parents=True)
        nbformat.write(nb, course / folder / "p.ipynb")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    for words in (["generate_assignment", "ps"], ["autograde", "ps", f"--Execute.kernel_name={KERNEL_NAME}"]):
        run = subprocess.run([sys.executable, "-m", "nbgrader", *words], cwd=course, env=env, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-3000:]

    graded = nbformat.read(course / "autograded" / "eve" / "ps" / "p.ipynb", 4)
    assert [] == graded.cells[1].outputs

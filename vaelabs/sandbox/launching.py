"""How an untrusted process is started, whatever confines it: as whom, from which folder, tied to whose life."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import secrets
import select
import shlex
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vaelabs.course import CourseError

from .limits import Cgroup, descendants

SANDBOX_USER = "vaelabs"
"""The user that a grader run by root hands its kernels to; `nobody` where there is none of this name."""

START_SECONDS = 30
"""For the sandbox to stand, before the kernel in it starts."""

_ABANDONED_SECONDS = 30  # a box this old whose owner holds no lock has lost its owner
_DAY = 86400

KERNEL_OPTIONS = tuple(
    f"--IPKernelApp.exec_lines={line}"
    for line in (
        "get_ipython().ask_exit = lambda: None",
        "type(__import__('sys').stdout).flush_interval = 0.02",
        "get_ipython().events.register('pre_run_cell', lambda _:"
        " getattr(__import__('sys').modules.get('matplotlib.pyplot'), 'uninstall_repl_displayhook', int)())",
    )
)
"""For every kernel. `exit()` and `quit()` do nothing: they would end it a tenth of a second later, amid some other cell.
And what a loop prints goes out after 20 ms: in the usual 200 it gathers more than one message may hold.
Nor does pyplot draw its figures for a window after each cell, as nothing but the picture in the output is seen.
"""

# Waits for a word before it becomes the kernel. The word comes when everything is in place that ends the kernel with
# its grader; a grader that died before has closed the pipe. The grader's streams end here.
_WAIT = 'echo && read -r _ && exec "$@" </dev/null >/dev/null 2>&1'

_JOIN = 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"'

_T = TypeVar("_T")


@dataclass(frozen=True)
class User:
    """Whom an untrusted process runs as."""

    name: str
    uid: int
    gid: int


def other_user() -> User | None:
    """The unprivileged user for kernels of a grader that is root; None for a grader that is not.

    Root ignores the limit on processes, owns most files and may write the system's settings.
    Raises CourseError when root finds no such user.
    """
    if os.geteuid() != 0:
        return None
    for name in (SANDBOX_USER, "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                return User(name, entry.pw_uid, entry.pw_gid)
    raise CourseError("root grades, and there is no user to hand the kernels to.", f"useradd --system {SANDBOX_USER}")


def untrusted(
    command: Sequence[str], *, paths: Iterable[str], stage: Path, user: User | None, cgroup: Cgroup | None
) -> list[str]:
    """`command` as it is run: by `user`, in `cgroup`, with `paths` within reach.

    Root's home is closed to others, and the Python in use may lie in it. In a mount namespace of its own a closed
    folder is then replaced by an empty one in which nothing but the paths stands; `stage` is an empty folder for that.
    """
    words = list(command)
    if user:
        words = [
            "setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", "--inh-caps=-all", "--", *words
        ]  # fmt: skip
        closed = {path: folder for path in paths if (folder := _closed_to(user, path))}
        if closed:
            script = _replace(closed, str(stage))
            words = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script, "sh", *words]
    if cgroup:
        words = ["sh", "-c", _JOIN, "sh", str(cgroup.path), *words]
    return words


def waiting(command: Sequence[str], box: Path) -> list[str]:
    """`command` behind the wait that `start` ends. What stands around it bears the name of the box."""
    return ["/bin/sh", "-c", _WAIT, str(box), *command]


def _closed_to(user: User, path: str) -> str | None:
    """The first folder on the way to `path` that `user` may not enter."""
    target = Path(os.path.realpath(path))
    for folder in reversed([target, *target.parents]):
        found = folder.stat()
        bit = 0o100 if found.st_uid == user.uid else 0o010 if found.st_gid == user.gid else 0o001
        if not found.st_mode & bit:
            return str(folder)
    return None


def _replace(closed: dict[str, str], stage: str) -> str:
    """The shell script that puts an empty folder in the place of each closed one, with the paths bound in."""
    fresh = "mount -t tmpfs -o mode=755 tmpfs"
    lines = ["set -e", "umask 022", f"{fresh} {shlex.quote(stage)}", f"cd {shlex.quote(stage)}"]
    paths = [shlex.quote(path) for path in sorted(closed)]
    for number, path in enumerate(paths):
        lines.append(f"mkdir {number}; mount --no-canonicalize --rbind {path} ./{number}")
    lines += [f"{fresh} {shlex.quote(folder)}" for folder in sorted(set(closed.values()))]
    for number, path in enumerate(paths):  # the stage may be hidden by now; we still stand in it
        lines.append(f"mkdir -p {path}; mount --no-canonicalize --rbind ./{number} {path}")
    lines.append("cd /")
    return "\n".join([*lines, 'exec "$@"'])


class NotStarted(Exception):
    """A sandbox did not come to stand; the text is what its tool said."""


def start(
    command: Sequence[str], *, pass_fds: Sequence[int] = (), prepare: Callable[[int], _T]
) -> tuple[subprocess.Popen[bytes], _T]:
    """Start `command`, which ends in `waiting(...)`, and let it go on once `prepare(pid)` has returned.

    Raises NotStarted when it ends before, or stands still for START_SECONDS.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=pass_fds,
        cwd="/",
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        start_new_session=True,
    )
    assert process.stdin and process.stdout and process.stderr
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        if not (ready and process.stdout.read(1)):
            if ready:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
            raise NotStarted(_last_words(process) or f"it was not ready after {START_SECONDS} seconds")
        prepared = prepare(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
    except BaseException as error:
        process.kill()
        process.wait()
        if isinstance(error, OSError):
            raise NotStarted(str(error)) from None
        raise
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                stream.close()
    return process, prepared


def _last_words(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr
    if process.poll() is None:
        return ""
    text = os.read(process.stderr.fileno(), 4000).decode(errors="replace").strip()
    return text or f"it ended with exit code {process.returncode}"


class _Starter:
    """A thread that lives as long as the process, to start kernels from.

    The kernel of the system ends a sandbox with the *thread* that started it, not with the process.
    """

    def __init__(self) -> None:
        self._pid = 0
        self._thread: ThreadPoolExecutor | None = None

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        if self._thread is None or self._pid != os.getpid():  # a forked process has none of its parent's threads
            self._pid = os.getpid()
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="vaelabs-starter")
        return self._thread.submit(call)


starter = _Starter()


def run_folder() -> Path:
    """The folder of all boxes of this user: short, for the address of a Unix socket has at most 107 bytes.

    `VAELABS_RUN_DIR` names another. Raises CourseError when it cannot be made or belongs to someone else.
    """
    uid = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    chosen = os.environ.get("VAELABS_RUN_DIR")
    if chosen:
        folders = [Path(chosen)]
    elif uid == 0:
        folders = [Path("/run/vaelabs"), Path("/tmp/vaelabs-0")]
    else:
        folders = [Path(runtime, "vaelabs")] if runtime and os.access(runtime, os.W_OK) else []
        folders.append(Path(f"/tmp/vaelabs-{uid}"))
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & 0o022:
                if len(str(folder)) > 60:
                    fact = f"{folder} is too long for the address of a socket."
                    raise CourseError(fact, "Name a shorter VAELABS_RUN_DIR.")
                return folder
    raise CourseError(
        f"The kernels' sockets have no folder: {folders[-1]} cannot be made or is not only yours.",
        "Name one with the variable VAELABS_RUN_DIR.",
    )


def judges_folder() -> Path:
    """Where judges make folders for their sockets, of which a kernel is shown its own. Raises CourseError."""
    folder = run_folder() / "judges"
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder


class Box:
    """A fresh folder for one kernel's sockets, owned by this process for as long as its lock is held."""

    def __init__(self) -> None:
        self.path = run_folder() / secrets.token_hex(4)
        self.path.mkdir(mode=0o700)
        self._lock = os.open(self.path / "owner", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        for name in ("host", "stage", "kernel"):
            (self.path / name).mkdir(mode=0o700)
        self._held: list[int] = []

    def link(self, folder: str, names: Iterable[str]) -> bool:
        """Give the sockets `names` in the kernel's `folder` an address of ours; False while one is missing.

        The address leads to the socket that is there now, through a descriptor: whatever the kernel's code later puts
        in its place, a symbolic link to another socket of this machine above all, nobody here connects to it.
        """
        opened: list[int] = []
        try:
            for name in names:
                fd = os.open(f"{folder}/{name}", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
                opened.append(fd)
                if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                    raise FileNotFoundError(name)
        except OSError:
            for fd in opened:
                os.close(fd)
            return False
        for name, fd in zip(names, opened, strict=True):
            (self.path / "host" / name).unlink(missing_ok=True)
            (self.path / "host" / name).symlink_to(f"/proc/{os.getpid()}/fd/{fd}")
        self._held += opened
        return True

    def unlink(self) -> None:
        """Let go of the sockets of a kernel that has ended."""
        for fd in self._held:
            os.close(fd)
        self._held.clear()
        for folder in ("host", "kernel"):
            for path in (self.path / folder).iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def remove(self) -> None:
        if self._lock >= 0:
            with contextlib.suppress(OSError):
                self.unlink()
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def reap() -> int:
    """End the sandboxes whose grader is gone and remove their boxes; how many there were.

    A grader that is killed takes its kernels along. Should one be left all the same, it bears the name of its box.
    The folders of killed judges go as well: they have no owner's lock, but no notebook takes a day.
    """
    reaped = 0
    for folder in run_folder().glob("judges/*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder)
    for box in run_folder().iterdir():
        try:
            if time.time() - box.stat().st_mtime < _ABANDONED_SECONDS:
                continue
            lock = os.open(box / "owner", os.O_RDWR)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            for pid in _processes_naming(str(box)):
                kill_tree(pid)
            shutil.rmtree(box, ignore_errors=True)
            reaped += 1
        finally:
            os.close(lock)
    return reaped


def _processes_naming(word: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.fsencode(word) in Path("/proc", name, "cmdline").read_bytes():
                    found.append(int(name))
    return found


def kill_tree(pid: int) -> None:
    """Kill a process and all below it, however fast they fork: stopped from the top, then killed."""
    for sign in (signal.SIGSTOP, signal.SIGKILL):
        for each in (pid, *descendants(pid)):
            with contextlib.suppress(OSError):
                os.kill(each, sign)

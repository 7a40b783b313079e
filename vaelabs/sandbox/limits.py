"""How much a kernel may use, and the thread that ends it when it uses more.

The kernel's own limits (rlimits) come first; they are per process and say nothing of a hundred of them. So a thread
watches the kernel's processes as a whole. Where a cgroup v2 subtree has been handed to us, it does so exactly.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from vaelabs.course import CourseError

MB = 1 << 20

TICK = 0.1
"""Seconds between two looks of the watchdog."""

_PAGE = os.sysconf("SC_PAGE_SIZE")
_CLOCK = os.sysconf("SC_CLK_TCK")
_CGROUPS = Path("/sys/fs/cgroup")
_MAX_FILES = 100_000  # empty files in a memory file system take kernel memory that its size does not bound


@dataclass(frozen=True)
class Limits:
    """What one kernel may use. Raises CourseError for a limit that is not positive or not known."""

    wall_seconds: float = 900
    """From its start to its end, whatever it does."""
    cpu_seconds: int = 900
    """Of all its processes together."""
    memory_mb: int = 4096
    """Of all its processes together; one process asking for more gets a MemoryError."""
    processes: int = max(256, 64 + 8 * (os.cpu_count() or 1))
    """Processes and threads. JAX starts several threads for each core of the machine."""
    file_mb: int = 256
    """The largest file it may write."""
    tmp_mb: int = 256
    """All files in /tmp; as much again in its home."""
    shm_mb: int = 128
    """All of /dev/shm, through which processes share arrays."""
    open_files: int = 1024
    """In one process."""
    output_mb: int = 64
    """All that it prints and draws, as counted by `SandboxKernelManager`."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise CourseError(f"The limit {name} is {value!r}: it has to be a number above 0.")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Limits:
        """Limits from a kernelspec's or a configuration file's mapping; what is left out has its default."""
        known = {field.name for field in fields(cls)}
        for name in values:
            if name not in known:
                raise CourseError(f"There is no limit named {name!r}.", f"Known: {', '.join(sorted(known))}.")
        return cls(**values)


@dataclass(frozen=True)
class Cause:
    """Why a kernel ended: `name` is TimeLimit, MemoryLimit, OutputLimit, KernelDied or Infrastructure."""

    name: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


class Cgroup:
    """A cgroup v2 of one kernel, in a subtree that was handed to this process.

    systemd hands over a unit's subtree with `Delegate=yes`; `VAELABS_CGROUP` names one that was prepared otherwise.
    Memory then is counted exactly, kernel buffers included, and the end is immediate. Systems on cgroup v1 or a hybrid
    have no such subtree: there the rlimits and the watchdog serve.

    Tried so far in a folder that stands in for such a subtree only, never in one that a system had delegated.
    """

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, name: str, limits: Limits, parent: Path) -> Cgroup | None:
        """A new cgroup below `parent` with the limits written in; None when the system does not let us."""
        path = parent / name
        try:
            path.mkdir()
            (path / "memory.max").write_text(str(limits.memory_mb * MB))
            (path / "memory.oom.group").write_text("1")
            (path / "pids.max").write_text(str(limits.processes))
            with contextlib.suppress(OSError):  # absent without swap
                (path / "memory.swap.max").write_text("0")
        except OSError:
            with contextlib.suppress(OSError):
                path.rmdir()
            return None
        return cls(path)

    def take(self, pid: int) -> None:
        """Move a process in here."""
        with contextlib.suppress(OSError):
            (self.path / "cgroup.procs").write_text(str(pid))

    def out_of_memory(self) -> bool:
        """Whether the kernel ended something in here for want of memory."""
        return re.search(r"^oom_kill [1-9]", self._read("memory.events"), re.MULTILINE) is not None

    def cpu_seconds(self) -> float:
        found = re.search(r"^usage_usec (\d+)", self._read("cpu.stat"), re.MULTILINE)
        return int(found[1]) / 1e6 if found else 0.0

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")

    def remove(self) -> None:
        """Once its processes are gone; until then the system keeps it."""
        for _ in range(20):
            try:
                self.path.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.05)
            else:
                return

    def _read(self, name: str) -> str:
        try:
            return (self.path / name).read_text()
        except OSError:
            return ""


def delegated_cgroup(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The cgroup v2 directory below which we may make one for each kernel, its controllers switched on; else None."""
    named = environ.get("VAELABS_CGROUP")
    if named:
        return _with_controllers(Path(named))
    own = re.search(r"^0::(/.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
    if not own or not (_CGROUPS / "cgroup.controllers").exists():
        return None
    path = _CGROUPS / own[1].lstrip("/")
    if path.name == "grader":
        return _with_controllers(path.parent)
    if not _handed_over(path):
        return None
    # A cgroup either holds processes or hands controllers down: ours move into a leaf of their own.
    try:
        (path / "grader").mkdir(exist_ok=True)
        for pid in (path / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):
                (path / "grader" / "cgroup.procs").write_text(pid)
    except OSError:
        return None
    return _with_controllers(path)


def _handed_over(path: Path) -> bool:
    """Whether systemd delegated this cgroup. That root may write everywhere does not count."""
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            return os.getxattr(path, name) == b"1"
    return os.geteuid() != 0 and os.access(path / "cgroup.procs", os.W_OK)


def _with_controllers(path: Path) -> Path | None:
    try:
        control = path / "cgroup.subtree_control"
        if not {"memory", "pids"} <= set(control.read_text().split()):
            control.write_text("+memory +pids")
    except OSError:
        return None
    return path


class _Process(NamedTuple):
    """One process of a kernel: CPU seconds with those of the children it waited for, threads, resident bytes."""

    pid: int
    cpu: float
    threads: int
    resident: int


def descendants(pid: int) -> Iterator[int]:
    """All processes below `pid`, itself left out. In a PID namespace nobody can leave this tree."""
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{parent}/task"):
                with contextlib.suppress(OSError):
                    children = _text(f"/proc/{parent}/task/{thread}/children").split()
                    for child in map(int, children):
                        yield child
                        waiting.append(child)


def memory_in_use(pids: list[int]) -> int:
    """Bytes that the processes hold: their own pages, their share of common ones, and all memory that they share.

    Shared memory counts in full, whether or not it is mapped or touched: a process can write to it, let go of the
    pages and keep the memory. Files in /tmp, /dev/shm and the home do not count: their file systems have a size.
    """
    return sum(map(_proportional, pids)) + _shared(pids)


def _proportional(pid: int) -> int:
    try:
        rollup = _text(f"/proc/{pid}/smaps_rollup")
    except OSError:  # a process may forbid to be looked into; its resident size is public
        stat = _stat(pid)
        return stat.resident if stat else 0
    sizes = dict(re.findall(r"^(Pss|Pss_Shmem): +(\d+) kB", rollup, re.MULTILINE))
    return (int(sizes.get("Pss", 0)) - int(sizes.get("Pss_Shmem", 0))) * 1024


_SHARED = re.compile(r"^(\w+)-(\w+) \S+ \S+ (\S+) (\d+) +/(?:dev/zero|memfd:|SYSV|anon_hugepage)", re.MULTILINE)


def _shared(pids: list[int]) -> int:
    """Bytes of anonymous shared memory: mapped regions, and the files behind memfds that are only held open."""
    objects: dict[tuple[str, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for begin, end, device, inode in _SHARED.findall(_text(f"/proc/{pid}/maps")):
                key = (device, int(inode))
                objects[key] = max(objects.get(key, 0), int(end, 16) - int(begin, 16))
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("/memfd:"):
                        stat = os.stat(f"/proc/{pid}/fd/{fd}")
                        key = (f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}", stat.st_ino)
                        objects[key] = max(objects.get(key, 0), stat.st_blocks * 512)
    return sum(objects.values())


def _stat(pid: int) -> _Process | None:
    try:
        words = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return None
    cpu = sum(map(int, words[11:15])) / _CLOCK
    return _Process(pid, cpu, int(words[17]), int(words[21]) * _PAGE)


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Watchdog(threading.Thread):
    """Ends a kernel that goes beyond its limits, and knows why.

    A thread, because the event loop of the grader may wait for the kernel; a daemon, so that it never holds up an exit.
    `folders` are the kernel's memory file systems as seen from here. Where the sandbox's own processes stand around the
    kernel, `guard` is the one that all of the kernel's are below.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limits: Limits,
        kill: Callable[[], None],
        *,
        cgroup: Cgroup | None = None,
        folders: tuple[str, ...] = (),
        guard: int | None = None,
    ):
        super().__init__(name=f"vaelabs-watchdog-{process.pid}", daemon=True)
        self.cause: Cause | None = None
        self._process, self._limits, self._kill = process, limits, kill
        self._cgroup, self._folders, self._guard = cgroup, folders, guard
        self._begin = time.monotonic()
        self._shared = 0
        self._look_again = 0.0
        self._ended = threading.Event()

    def end(self, cause: Cause | None) -> None:
        """Kill the kernel for this reason; None when the grader wanted it to end."""
        if not self._ended.is_set():
            self.cause = self.cause or cause
            self._ended.set()
        self._kill()

    def run(self) -> None:
        while not self._ended.wait(TICK) and self._process.poll() is None:
            cause = self._overrun()
            if cause:
                self.end(cause)

    def _overrun(self) -> Cause | None:
        limits = self._limits
        if time.monotonic() - self._begin > limits.wall_seconds:
            return Cause("TimeLimit", f"the notebook ran for more than {limits.wall_seconds:g} seconds")
        pids = list(descendants(self._guard)) if self._guard else [self._process.pid, *descendants(self._process.pid)]
        found = [each for each in map(_stat, pids) if each]
        cpu = self._cgroup.cpu_seconds() if self._cgroup else sum(each.cpu for each in found)
        if cpu > limits.cpu_seconds:
            return Cause("TimeLimit", f"it computed for more than {limits.cpu_seconds} seconds of processor time")
        if self._cgroup:  # which bounds the rest
            return None
        if sum(each.threads for each in found) > 2 * limits.processes:  # where no rlimit holds it
            return Cause("KernelDied", f"it started more than {limits.processes} processes and threads")
        begin = time.monotonic()
        if begin > self._look_again:
            self._shared = _shared(pids)
            if any(_files(folder) > _MAX_FILES for folder in self._folders):
                return Cause("MemoryLimit", f"it made more than {_MAX_FILES} files")
            # The lists of a process with many libraries are long: no more than a fiftieth of our time goes into them.
            now = time.monotonic()
            self._look_again = now + min(1.0, max(3 * TICK, 50 * (now - begin)))
        allowed = limits.memory_mb * MB
        # Resident sizes count common pages many times over, and cost little to read.
        if sum(each.resident for each in found) + self._shared > allowed and memory_in_use(pids) > allowed:
            return Cause("MemoryLimit", f"it used more than {limits.memory_mb} MB of memory")
        return None


def _files(folder: str) -> int:
    try:
        stat = os.statvfs(folder)
    except OSError:
        return 0
    return stat.f_files - stat.f_ffree


def cause_of_exit(code: int, limits: Limits, cgroup: Cgroup | None) -> Cause:
    """Why a kernel ended that nobody here ended. `code` is its exit status as a shell has it, 128 + a signal."""
    if cgroup and cgroup.out_of_memory():
        return Cause("MemoryLimit", f"it used more than {limits.memory_mb} MB of memory")
    if code == 128 + signal.SIGXCPU:
        return Cause("TimeLimit", f"it computed for more than {limits.cpu_seconds} seconds of processor time")
    if code < 0:  # what stands around the kernel is out of its reach
        return Cause("Infrastructure", f"the sandbox was ended from outside, by {_signal(-code)}")
    if code > 128:
        return Cause("KernelDied", f"its Python process was ended by {_signal(code - 128)}")
    return Cause("KernelDied", f"its Python process ended itself with exit code {code}")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

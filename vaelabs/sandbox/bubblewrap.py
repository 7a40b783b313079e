"""The full tier: a kernel in namespaces of its own, with a read-only system and nothing of the machine in sight."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import seccomp
from .launching import Box, other_user, untrusted
from .limits import MB, Cgroup, Limits

OLDEST = (0, 8)
"""The first bubblewrap that can bound a memory file system and forbid further user namespaces."""

HOME = "/sandbox"
SOCKETS = "/run/k"
CONNECTION_FILE = "/run/conn.json"
JUDGE = "/run/judge"
JUDGES = "/run/judges"
"""Where a warm process, and no kernel, sees the folders of all judges."""

COMPILED = "/run/compiled"
"""Where a kernel sees, and cannot change, what JAX compiled for the solution."""

FOLDERS = ("/dev/shm", "/tmp", HOME, SOCKETS)
"""The memory file systems, the only places where the kernel can write."""

UID = 1000
_PASSWD = f"root:x:0:0::/:/bin/sh\nstudent:x:{UID}:{UID}::{HOME}:/bin/sh\n"
_GROUP = f"root:x:0:\nstudent:x:{UID}:\n"
_HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"

_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types")
_SYS = ("/sys/devices/system/cpu", "/sys/devices/system/node")  # torch and JAX ask how many cores there are

_FONTS = f"{HOME}/.config/matplotlib"

_SECRETS = ("pip.conf", "etc/pip.conf", ".netrc", "etc/jupyter/jupyter_server_config.json")
"""Files of an environment that may hold passwords."""


def version() -> tuple[int, ...] | None:
    """Of the installed bubblewrap; None without one."""
    path = shutil.which("bwrap")
    if path is None:
        return None
    try:
        text = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(each or 0) for each in found.groups()) if found else None


def python_paths() -> list[str]:
    """The folders that this environment's Python needs, outermost first; those below /usr are there anyway."""
    wanted = {sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix), os.path.realpath(sys.prefix)}
    kept: list[str] = []
    for path in sorted(wanted, key=len):
        if not any(_within(path, other) for other in ("/usr", *kept)):
            kept.append(path)
    return kept


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def folders(limits: Limits) -> dict[str, tuple[int, str]]:
    """The memory file systems: size in MB and mode of each."""
    sizes = (limits.shm_mb, limits.tmp_mb, limits.tmp_mb, 1)
    return dict(zip(FOLDERS, zip(sizes, ("1777", "1777", "0755", "0700")), strict=True))


def shown(judge: str = "", compiled: str = "") -> dict[str, str]:
    """The folders of ours that a kernel is shown, by where it sees them; those that are not named are left out."""
    return {place: path for place, path in {JUDGE: judge, COMPILED: compiled}.items() if path}


def environment(given: Mapping[str, str] = {}, compiled: str = "") -> dict[str, str]:
    """The kernel's environment variables: none of ours but those of `given` that a lab may depend on.

    With `compiled`, JAX reads from there what it compiled before, and writes nothing.
    """
    env = {
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "student",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "MPLCONFIGDIR": _FONTS,
        "PIP_NO_INDEX": "1",  # there is no network, and pip would try for a while
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    passed = ("XLA_FLAGS", "JAX_PLATFORMS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TZ")
    env |= {name: given[name] for name in passed if given.get(name)}
    return env | (using_compiled(COMPILED) if compiled else {})


def using_compiled(folder: str, write: bool = False) -> dict[str, str]:
    """Let JAX read what lies compiled in `folder`; and keep all it compiles there, or nothing, without complaint."""
    return {
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0" if write else "1e9",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none",  # or the path, ours or the sandbox's, is part of each key
    }


@contextlib.contextmanager
def command(
    inside: Sequence[str],
    *,
    box: Box,
    limits: Limits,
    env: Mapping[str, str],
    binds: Mapping[str, str] = {},
    files: Mapping[str, str] = {},
    cgroup: Cgroup | None = None,
    warm: bool = False,
) -> Iterator[tuple[list[str], list[int]]]:
    """The words that run `inside` in a sandbox, and the descriptors they refer to, open within the block.

    `files` are put in place as read-only files: path inside, text. `binds` are folders of ours that are shown, by
    their path inside: sockets in them can be connected to, and nothing in them removed or replaced. `warm` is for the
    process that makes sandboxes itself, and runs no code of a student's: it keeps the power to do so.
    """
    with contextlib.ExitStack() as stack:
        fds: list[int] = []

        def handed(data: bytes) -> str:
            fd = os.memfd_create("vaelabs")
            stack.callback(os.close, fd)
            os.write(fd, data)
            os.lseek(fd, 0, os.SEEK_SET)
            fds.append(fd)
            return str(fd)

        def text(path: str, content: str | bytes) -> list[str]:
            data = content.encode() if isinstance(content, str) else content
            return ["--perms", "0444", "--ro-bind-data", handed(data), path]

        def memory(path: str, mb: int, mode: str) -> list[str]:
            return ["--perms", mode, "--size", str(mb * MB), "--tmpfs", path]

        words = ["bwrap", "--unshare-all", "--unshare-user"]
        if warm:
            words += ["--uid", "0", "--gid", "0", "--cap-add", "ALL"]
        else:
            words += ["--disable-userns", "--uid", str(UID), "--gid", str(UID)]
        words += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
        for name, value in env.items():
            words += ["--setenv", name, value]
        words += ["--ro-bind", "/usr", "/usr"]
        for path in _SYSTEM:
            if os.path.islink(path):
                words += ["--symlink", os.readlink(path), path]
            elif os.path.isdir(path):
                words += ["--ro-bind", path, path]
        for name in _ETC:
            words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        words += text("/etc/passwd", _PASSWD) + text("/etc/group", _GROUP) + text("/etc/hosts", _HOSTS)
        for path in _SYS:
            words += ["--ro-bind-try", path, path]
        words += ["--proc", "/proc", "--dev", "/dev"]
        for path, (mb, mode) in folders(limits).items():
            words += memory(path, mb, mode)
        # After the memory file systems: the environment may lie below /tmp.
        paths = python_paths()
        for path in paths:
            words += ["--ro-bind", path, path]
            for name in _SECRETS:
                if os.path.isfile(f"{path}/{name}"):
                    words += ["--ro-bind", "/dev/null", f"{path}/{name}"]
        for place, path in binds.items():
            words += ["--ro-bind", path, place]
        if warm:
            words += ["--dir", JUDGE]
        for path, content in files.items():
            words += text(path, content)
        # Without this the root and /dev are writable, and as large as half of the machine's memory.
        words += ["--remount-ro", "/", "--remount-ro", "/dev", "--chdir", HOME]
        words += ["--"] if warm else ["--seccomp", handed(seccomp.program()), "--"]
        words = untrusted(
            [*words, *inside],
            paths=[*paths, *binds.values()],
            stage=box.path / "stage",
            user=other_user(),
            cgroup=cgroup,
        )
        yield words, fds


def rlimits(limits: Limits) -> dict[str, tuple[int, int]]:
    """The limits that one process has, soft and hard. The hard limit of CPU time cannot be caught."""
    found = {
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NOFILE": (limits.open_files, limits.open_files),
        "RLIMIT_FSIZE": (limits.file_mb * MB, limits.file_mb * MB),
        "RLIMIT_CPU": (limits.cpu_seconds, limits.cpu_seconds + 2),
        "RLIMIT_DATA": (limits.memory_mb * MB, limits.memory_mb * MB),
    }
    if _counts_per_namespace():
        found["RLIMIT_NPROC"] = (limits.processes, limits.processes)
    return found


def limited(inside: Sequence[str], limits: Limits) -> list[str]:
    """`inside` under the limits that one process has."""
    words = [f"--{name[7:].lower()}={soft}:{hard}" for name, (soft, hard) in rlimits(limits).items()]
    return ["prlimit", *words, "--", *inside]


def _counts_per_namespace() -> bool:
    """Since Linux 5.14 a user namespace counts its own processes; before, those of the user anywhere would count."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return found is not None and (int(found[1]), int(found[2])) >= (5, 14)


def font_list() -> dict[str, str]:
    """matplotlib's list of fonts, ready to put in place: to look through them takes a second in each fresh kernel.

    Made once for an environment, in a sandbox, since the fonts are those that a kernel sees; empty without matplotlib.
    """
    try:
        release = importlib.metadata.version("matplotlib")
    except importlib.metadata.PackageNotFoundError:
        return {}
    key = hashlib.sha256(f"{sys.prefix} {release}".encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "vaelabs", f"fonts-{key}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():  # once, also where it cannot be made
                (folder / "done").touch()
                _make_font_list(folder)
            made = sorted(folder.glob("fontlist-*.json"))
    except OSError:  # a kernel then makes its own
        return {}
    return {f"{_FONTS}/{path.name}": path.read_text(encoding="utf-8") for path in made}


_PRINT_FONTS = """
import glob, matplotlib.font_manager, os, sys
(path,) = glob.glob(os.environ["MPLCONFIGDIR"] + "/fontlist-*.json")
print(os.path.basename(path))
print(open(path).read())
"""


def _make_font_list(folder: Path) -> None:
    box = Box()
    try:
        inside = [sys.executable, "-I", "-c", _PRINT_FONTS]
        with command(inside, box=box, limits=Limits(), env=environment()) as (words, fds):
            run = subprocess.run(
                words, pass_fds=fds, capture_output=True, text=True, cwd="/", timeout=120, stdin=subprocess.DEVNULL
            )
    except subprocess.TimeoutExpired:
        return
    finally:
        box.remove()
    name, _, content = run.stdout.partition("\n")
    if run.returncode == 0 and re.fullmatch(r"fontlist-[\w.]+\.json", name):
        scratch = folder / "scratch"
        scratch.write_text(content, encoding="utf-8")
        scratch.replace(folder / name)

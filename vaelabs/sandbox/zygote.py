"""A warm process: it has imported what a notebook imports, and kernels are forked from it, each into a sandbox.

A forked kernel has namespaces of its own and sees what `bubblewrap.command` shows: the same read-only system, memory
file systems of its own, no capability, the same filter of system calls. What is forked runs no line of a student's
before all of that stands. The warm process itself starts no thread and computes nothing: a fork would inherit locks
that nobody opens, and hang.

This file is the program: it is put into the outer sandbox as text and imports nothing of vaelabs.
See `warm` for the other end of its line.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import importlib
import io
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any, NoReturn

MAX_REQUEST = 100_000  # bytes; a message on the line is whole or not there

BASE = ("ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.ipkernel", "IPython.core.ultratb", "stack_data.core")
"""Imported for every notebook: the kernel, and what shows an error."""

# Its backend asks for the running IPython when it is imported, and figures are shown only if it found one.
_NOT_BEFORE = "matplotlib_inline"

_NEWNS, _NEWCGROUP, _NEWUTS, _NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
_NEWUSER, _NEWPID, _NEWNET = 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_DEATH_SIGNAL, _SECCOMP, _DROP_BOUND, _NO_NEW_PRIVS, _AMBIENT = 1, 22, 24, 38, 47
_CAPABILITIES_V3 = 0x20080522
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # of a network interface

_libc = ctypes.CDLL(None, use_errno=True)


def main(fd: int, plan: dict[str, Any]) -> int:
    """Import, say how that went, then fork a kernel for each request until the line is closed."""
    line = socket.socket(fileno=fd)
    sys.path.pop(0)  # the folder of this file
    kept = {str(path): path.read_bytes() for path in Path(plan["home"]).rglob("*") if path.is_file()}
    unfit = _warm_up(plan["modules"])
    gc.collect()
    gc.freeze()  # or the first collection in each kernel copies the whole heap
    line.send(json.dumps(unfit).encode())
    if unfit:
        return 1
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the monitors
    while True:
        data, fds, _, _ = socket.recv_fds(line, MAX_REQUEST, 1)
        if not data:
            return 0
        if os.fork() == 0:
            line.close()
            os._exit(_monitor(socket.socket(fileno=fds[0]), json.loads(data), kept))
        os.close(fds[0])


def _warm_up(modules: list[str]) -> dict[str, str]:
    """Import the modules; the one that makes forking unsafe and why, or nothing."""
    sys.modules["debugpy"] = None  # type: ignore[assignment] # a tenth of a second in each kernel, for nothing
    for name in (*BASE, *modules):
        if name in sys.modules or name.split(".")[0] == _NOT_BEFORE:
            continue
        # What a module raises is its own affair: the notebook will see it too. A partly imported one is not kept.
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
        why = _unsafe()
        if why:
            return {"module": name, "why": why}
    figure = sys.modules.get("matplotlib.figure")
    if figure:  # fonts are read for the first text that is drawn
        with contextlib.suppress(Exception):
            drawn = figure.Figure()
            drawn.subplots().set_title("$x$ y")
            drawn.savefig(io.BytesIO())
    why = _unsafe()
    return {"module": "matplotlib", "why": why} if why else {}


def _unsafe() -> str:
    """Why a fork of this process might hang; empty when it cannot."""
    if len(os.listdir("/proc/self/task")) > 1:
        return "it starts a thread"
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is not None and getattr(bridge, "_backends", None):
        return "it starts JAX's backend"
    return ""


def _monitor(control: socket.socket, request: dict[str, Any], kept: dict[str, bytes]) -> int:
    """Make the sandbox, start the kernel in it when told to, and say how it ended. Its own end ends the sandbox."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ready, told = os.pipe()
    go, start = os.pipe()
    try:
        _enter(request, kept)
        first = os.fork()
        if first == 0:
            os.close(ready)
            os.close(start)
            control.close()
            _first(request, told, go)
    except OSError as error:
        control.send(f"failed {error}".encode())
        return 1
    os.close(told)
    os.close(go)
    said = _read_all(ready)
    if said != b"ready":
        control.send(b"failed " + (said or b"it ended at once"))
        os.kill(first, signal.SIGKILL)
        return 1
    control.send(b"ready")
    ended = os.pidfd_open(first)
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(ended, select.POLLIN)
    while True:
        happened = {fd for fd, _ in waiting.poll()}
        if ended in happened:
            code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
            with contextlib.suppress(OSError):
                control.send(f"exit {code if code >= 0 else 128 - code}".encode())
            return 0
        if not control.recv(100):  # the grader is gone, or wants no more of it
            os.kill(first, signal.SIGKILL)
            waiting.unregister(control)
        else:
            os.write(start, b"\n")


def _read_all(fd: int) -> bytes:
    said = b""
    while more := os.read(fd, 1000):
        said += more
    os.close(fd)
    return said


def _enter(request: dict[str, Any], kept: dict[str, bytes]) -> None:
    """Namespaces of its own, with its own memory file systems over those of the warm process. Raises OSError."""
    _called(_libc.unshare(_NEWUSER | _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET | _NEWCGROUP), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{request['uid']} 0 1")
    Path("/proc/self/gid_map").write_text(f"{request['uid']} 0 1")
    _mount("none", "/", "", _REC | _PRIVATE)
    if request["judge"]:
        _mount(f"{request['judges']}/{request['judge']}", request["judge_at"], "", _BIND | _REC)
    _mount("tmpfs", request["judges"], "tmpfs", _RDONLY | _NOSUID | _NODEV | _NOEXEC, "size=4k,mode=0555")
    _mount("devpts", "/dev/pts", "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=0666,mode=0600")
    python = {path: os.open(path, os.O_PATH) for path in request["python"]}
    for path, (mb, mode) in request["folders"].items():
        _mount("tmpfs", path, "tmpfs", _NOSUID | _NODEV, f"size={mb}m,mode={mode}")
    for path, fd in python.items():
        if not os.path.exists(f"{path}/bin"):  # it lies in one of the folders, and has just been covered
            os.makedirs(path)
            _mount(f"/proc/self/fd/{fd}", path, "", _BIND | _REC)
        os.close(fd)
    for path, data in (kept | {path: text.encode() for path, text in request["files"].items()}).items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)
        os.chmod(path, 0o444)
    with socket.socket() as any_socket:
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _GET_FLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", flags | _UP))


def _first(request: dict[str, Any], told: int, go: int) -> NoReturn:
    """The first process of the sandbox: it confines itself, forks the kernel and collects whatever ends."""
    try:
        _control(_DEATH_SIGNAL, signal.SIGKILL)
        _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        _nothing_shared(request)
        _give_up_power(bytes.fromhex(request["seccomp"]))
        kernel = os.fork()
        if kernel == 0:
            _kernel(request, told, go)
        os.write(told, b"ready")
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.write(told, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(told)
    os.close(go)
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.SIG_DFL)  # which the first process of a namespace never gets from inside
    while True:
        pid, status = os.wait()
        if pid == kernel:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _nothing_shared(request: dict[str, Any]) -> None:
    """Make sure that no file system can be written that another kernel sees. Raises PermissionError."""
    own = {"/proc", "/dev/pts", *request["folders"]}
    for each in Path("/proc/self/mountinfo").read_text().splitlines():
        words = each.split()
        place, options = words[4], words[5].split(",")
        device = place.startswith("/dev/") and not os.path.isdir(place)
        if "rw" in options and place not in own and not device and os.access(place, os.W_OK):
            raise PermissionError(f"{place} could be written by several kernels")


def _give_up_power(program: bytes) -> None:
    """No capability, no way to gain one, and the filter of system calls. Raises OSError."""
    for capability in range(64):
        if _libc.prctl(_DROP_BOUND, capability, 0, 0, 0):
            break
    _libc.prctl(_AMBIENT, 4, 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITIES_V3, 0)
    _called(_libc.capset(header, bytes(24)), "capset")
    _control(_NO_NEW_PRIVS, 1)
    steps = ctypes.create_string_buffer(program, len(program))
    filtering = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(steps)))
    _control(_SECCOMP, 2, ctypes.c_void_p(ctypes.addressof(filtering)))


def _kernel(request: dict[str, Any], told: int, go: int) -> NoReturn:
    """Become the kernel, once the grader watches this process."""
    os.close(told)
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    # Not closed: a module may hold a file from its import, and would later close what the kernel opened under its number.
    for fd in {0, 1, 2, *map(int, os.listdir("/proc/self/fd"))} - {null, go}:
        os.dup2(null, fd, inheritable=fd < 3)
    for name, (soft, hard) in request["rlimits"].items():
        resource.setrlimit(getattr(resource, name), (soft, hard))
    os.chdir(request["home"])
    # All kernels would draw the same numbers; Python's own generator sees to it by itself.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()
    sys.argv = request["argv"]
    if not os.read(go, 1):
        os._exit(1)
    os.close(go)
    from ipykernel.kernelapp import IPKernelApp

    try:
        IPKernelApp.launch_instance(sys.argv[1:])
    except SystemExit as error:
        os._exit(error.code if isinstance(error.code, int) else bool(error.code))
    except BaseException:
        os._exit(1)
    os._exit(0)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None)
    _called(_libc.mount(*words), f"mount {target}")


def _control(option: int, *arguments: Any) -> None:
    words = [each if isinstance(each, ctypes.c_void_p) else ctypes.c_ulong(each) for each in arguments]
    _called(_libc.prctl(option, *words, *[ctypes.c_ulong(0)] * (4 - len(words))), f"prctl {option}")


def _called(result: int, what: str) -> None:
    if result:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), json.loads(sys.argv[2])))

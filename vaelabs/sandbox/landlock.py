"""The reduced tier: Landlock, seccomp and rlimits, for a machine without user namespaces. Opt-in, never silent.

Denied: reading and writing outside a short list of folders, every network, signals to other processes (Landlock 6).
Not denied: learning that a hidden file exists and how large it is, connecting to Unix sockets by their path, the list
of processes, filling the disk. Who may choose bubblewrap should.

This file is also the program that confines: it is handed to a bare Python as text and imports nothing of vaelabs.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import struct
import sys
import time
from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_PATH_BENEATH = 1
_VERSION = 1  # flag: answer with the ABI
_NO_NEW_PRIVS, _DEATH_SIGNAL, _SUBREAPER, _SECCOMP = 38, 1, 36, 22
_FILTER = 2

_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE, _IOCTL = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_READ_ONLY = _EXECUTE | _READ | _LIST


def abi() -> int:
    """The version of Landlock that the running kernel has; 0 where it has none or was started without."""
    return max(0, _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))


def confine(read: list[str], write: list[str]) -> None:
    """Leave this process and all it starts with reading `read` and writing `write`. Raises OSError."""
    version = abi()
    if version < 1:
        raise OSError("this kernel has no Landlock")
    # Rights that a version does not know are refused as invalid.
    handled = (1 << (13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16)) - 1
    attributes = struct.pack("=Q", handled)
    if version >= 4:
        attributes += struct.pack("=Q", 3)  # TCP: no port to listen on, none to connect to
    if version >= 6:
        attributes += struct.pack("=Q", 3)  # abstract Unix sockets of others, signals to others
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for paths, rights in ((read, _READ_ONLY), (write, handled)):
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
                allowed = rights & handled & (-1 if os.path.isdir(path) else _OF_FILES)
                _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", allowed, fd), ctypes.c_uint32(0))
                os.close(fd)
    _control(_NO_NEW_PRIVS, 1)
    _call(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)


def filter_calls(program: bytes) -> None:
    """Load a seccomp filter, as `seccomp.program` makes it, for this process and all it starts. Raises OSError."""
    steps = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(steps))
    _control(_NO_NEW_PRIVS, 1)
    _control(_SECCOMP, _FILTER, ctypes.cast(ctypes.create_string_buffer(header, len(header)), ctypes.c_void_p))


def main(plan: dict[str, Any]) -> int:
    """Run `plan["argv"]` confined, and end with its exit status as a shell has it, all its processes ended too.

    Processes that lose their parent become ours, so that none is left when the first one ends.
    """
    parent = os.getppid()
    _control(_SUBREAPER, 1)
    _control(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    supervisor = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            _control(_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)
            for name, value in plan["rlimits"].items():
                resource.setrlimit(getattr(resource, name), tuple(value))
            os.chdir(plan["home"])
            confine(plan["read"], plan["write"])
            filter_calls(bytes.fromhex(plan["seccomp"]))
            os.execve(plan["argv"][0], plan["argv"], plan["env"])
        except BaseException as error:
            os.write(2, f"landlock: {error}\n".encode())
        finally:
            os._exit(126)
    for stream in (0, 1, 2):
        os.close(stream)
    code = 0
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            break
    for _ in range(100):
        if not _kill_children(supervisor):
            break
        time.sleep(0.01)
    return code if code >= 0 else 128 - code


def _kill_children(pid: int) -> bool:
    """Kill the children that are left; whether there were any."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(each) for each in file.read().split()]
    for each in children:
        with contextlib.suppress(OSError):
            os.kill(each, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return bool(children)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: Any) -> int:
    answer = _libc().syscall(number, *arguments)
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(answer)


def _control(option: int, *arguments: Any) -> None:
    words = [each if isinstance(each, ctypes.c_void_p) else ctypes.c_ulong(each) for each in arguments]
    if _libc().prctl(option, *words, *[ctypes.c_ulong(0)] * (4 - len(words))) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__" and len(sys.argv) == 2:
    sys.exit(main(json.loads(sys.argv[1])))

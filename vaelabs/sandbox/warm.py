"""Our end of the warm process that kernels are forked from; `zygote` is the program at the other end.

A kernel forked so does without the imports, which are most of what a submission costs otherwise
(benchmarks/grading.py measures it). Whatever goes wrong here raises NotStarted, and the provisioner starts a kernel the long way.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import bubblewrap, seccomp, zygote
from .launching import START_SECONDS, Box, NotStarted, judges_folder, start, waiting
from .limits import Limits

PROGRAM = "/run/zygote.py"
CONNECTION_FILE = f"{bubblewrap.SOCKETS}/conn.json"

IMPORT_SECONDS = 120
"""For the imports, on a busy machine."""

FORKS = 500
"""After so many kernels a fresh process takes over, whatever may have gathered in the old one."""

MOST_LEFT_OUT = 5
"""Modules that may prove unfit for a warm process before it is given up."""

# What a kernel sets by itself before the notebook imports matplotlib: here that has happened before.
_INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}

log = logging.getLogger(__name__)


class Zygote:
    """A warm process in its sandbox. Raises NotStarted when it does not come to stand or is unfit to be forked."""

    def __init__(self, modules: tuple[str, ...], compiled: str, env: Mapping[str, str]):
        self._lock = threading.Lock()
        self._box = Box()
        self.forks = 0
        left_out: set[str] = set()
        try:
            while unfit := self._begin([each for each in modules if each not in left_out], compiled, env):
                self._end()
                left_out.add(unfit["module"])
                log.info("%s is left out of the warm process: %s", unfit["module"], unfit["why"])
                if len(left_out) > MOST_LEFT_OUT or unfit["module"] not in modules:
                    raise NotStarted(f"the warm process cannot be forked: {unfit['module']}, {unfit['why']}")
        except BaseException:
            self.close()
            raise

    def _begin(self, modules: list[str], compiled: str, env: Mapping[str, str]) -> dict[str, str]:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plan = json.dumps({"modules": modules, "home": bubblewrap.HOME})
        inside = [sys.executable, PROGRAM, str(theirs.fileno()), plan]
        with (
            theirs,
            bubblewrap.command(
                waiting(inside, self._box.path),
                box=self._box,
                limits=Limits(),
                env=bubblewrap.environment(env, compiled) | _INLINE,
                binds=bubblewrap.shown(compiled=compiled) | {bubblewrap.JUDGES: str(judges_folder())},
                files={PROGRAM: Path(zygote.__file__).read_text(encoding="utf-8")} | bubblewrap.font_list(),
                warm=True,
            ) as (words, fds),
        ):
            self._process, _ = start(words, pass_fds=[*fds, theirs.fileno()], prepare=lambda pid: None)
        said = _heard(self._line, IMPORT_SECONDS)
        if not said:
            raise NotStarted("the warm process ended during its imports")
        return json.loads(said)

    def fork(self, request: dict[str, Any], prepare: Callable[[int], None]) -> WarmProcess:
        """A kernel's process, which goes on once `prepare(pid)` has returned. Raises NotStarted."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            with theirs, self._lock:
                socket.send_fds(self._line, [json.dumps(request).encode()], [theirs.fileno()])
                self.forks += 1
            ready, _, _ = select.select([ours], [], [], START_SECONDS)
            said, extra, _, _ = ours.recvmsg(1000, socket.CMSG_SPACE(12)) if ready else (b"", [], 0, None)
            if said != b"ready":
                why = said.decode(errors="replace").removeprefix("failed ")
                raise NotStarted(why or "the warm process does not answer")
            pid = struct.unpack("3i", extra[0][2][:12])[0]  # as this machine numbers it
            process = WarmProcess(pid, ours)
            prepare(pid)
            ours.send(b"go")
        except BaseException as error:
            ours.close()  # which ends what has been forked
            if isinstance(error, OSError):
                raise NotStarted(str(error)) from None
            raise
        return process

    def close(self) -> None:
        """End the process; kernels forked from it end too."""
        self._end()
        self._box.remove()

    def _end(self) -> None:
        if hasattr(self, "_line"):
            self._line.close()
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None


class WarmProcess:
    """A forked kernel's process as `subprocess.Popen` shows one; what it says comes from the monitor around it."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, control: socket.socket):
        self.pid = pid
        self.returncode: int | None = None
        self._control = control
        self._held = os.pidfd_open(pid)
        self._lock = threading.Lock()  # a watchdog asks too

    def poll(self) -> int | None:
        return self._hear(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._hear(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._held, signal.SIGKILL)

    def _hear(self, seconds: float | None) -> int | None:
        with self._lock:
            if self.returncode is None:
                ready, _, _ = select.select([self._control], [], [], seconds)
                if not ready:
                    return None
                try:
                    said = self._control.recv(100)
                except OSError:
                    said = b""
                # Without a word the monitor was killed, and its kernel with it.
                self.returncode = int(said.split()[1]) if said.startswith(b"exit ") else -signal.SIGKILL
                self._control.close()
                os.close(self._held)
                self._held = -1
            return self.returncode


def request(options: Sequence[str], connection: str, judge: str, limits: Limits) -> dict[str, Any]:
    """What the warm process is asked for: a kernel with `options`, whose CONNECTION_FILE says `connection`.

    `judge` names the folder in `judges_folder()` that the kernel sees.
    """
    return {
        "uid": bubblewrap.UID,
        "judge": judge,
        "judges": bubblewrap.JUDGES,
        "judge_at": bubblewrap.JUDGE,
        "folders": bubblewrap.folders(limits),
        "python": bubblewrap.python_paths(),
        "files": {CONNECTION_FILE: connection},
        "home": bubblewrap.HOME,
        "rlimits": bubblewrap.rlimits(limits),
        "seccomp": seccomp.program().hex(),
        "argv": ["ipykernel_launcher", *options],
    }


class _Zygotes:
    """The warm process of this one: of another notebook, or after a fork, it is made anew."""

    def __init__(self) -> None:
        self._key: Any = None
        self._zygote: Zygote | None = None
        self._failed: dict[Any, str] = {}

    def get(self, modules: tuple[str, ...], compiled: str, env: Mapping[str, str]) -> Zygote:
        """Raises NotStarted, at once where it has failed before."""
        key = (os.getpid(), modules, compiled, tuple(sorted(bubblewrap.environment(env, compiled).items())))
        if key in self._failed:
            raise NotStarted(self._failed[key])
        if self._key == key and self._zygote and self._zygote.alive and self._zygote.forks < FORKS:
            return self._zygote
        begin = time.monotonic()
        self._retire()
        try:
            self._zygote = Zygote(modules, compiled, env)
        except NotStarted as error:
            log.warning("kernels start the long way: %s", error)
            self._failed[key] = str(error)
            raise
        self._key = key
        log.info("a warm process stands after %.1f s", time.monotonic() - begin)
        return self._zygote

    def _retire(self) -> None:
        old, self._zygote = self._zygote, None
        if old is not None and self._key[0] == os.getpid():  # after a fork it is the parent's
            old.close()


zygotes = _Zygotes()


def _heard(line: socket.socket, seconds: float) -> bytes:
    ready, _, _ = select.select([line], [], [], seconds)
    if not ready:
        raise NotStarted(f"the warm process was not ready after {seconds} seconds")
    return line.recv(zygote.MAX_REQUEST)

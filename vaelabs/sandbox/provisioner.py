"""Kernels in a sandbox, for everything that starts kernels through jupyter_client: nbclient, nbgrader, papermill.

A kernelspec names one of the provisioners here in its metadata; `kernel_specs` makes one for a grader of ours and
`install_kernelspec` one on disk for the others. Which kernel a *notebook* asks for decides nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Dict, DottedObjectName, List, Type, Unicode

from vaelabs.course import CourseError

from . import bubblewrap, landlock, seccomp, warm
from .isolation import Isolation, require
from .launching import KERNEL_OPTIONS, Box, NotStarted, kill_tree, other_user, reap, start, starter, untrusted, waiting
from .limits import MB, Cause, Cgroup, Limits, Watchdog, cause_of_exit, delegated_cgroup, descendants
from .warm import WarmProcess, zygotes

KERNEL_NAME = "vaelabs-sandbox"
"""Of the kernelspec that `install_kernelspec` writes."""

LISTEN_SECONDS = 120
"""For a kernel that has started to make its sockets: Python's imports, on a busy machine."""

_CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
_SOCKETS = tuple(f"k-{n}" for n in range(1, len(_CHANNELS) + 1))

# A larger message is refused by ZeroMQ before it fills our memory, and is then not counted. The room above all that may
# be printed is for what a loop printed while ipykernel sent the message before. After a first one that was just allowed
# the second has been up to 2.7 times as large, and 4.1 on a busy machine: it has to be received, counted and acted upon.
_LARGEST_MESSAGE = 8  # times the limit


class SandboxProvisioner(LocalProvisioner):
    """Starts, watches and ends one kernel; how it is confined is a matter of the subclasses.

    `cause` says afterwards why it ended, if it was not the grader who wanted it.
    Raises CourseError where the kernel cannot be confined, or does not start.
    """

    isolation: Isolation
    limits = Dict(help="Values of `Limits`; the others have their defaults.").tag(config=True)
    judge_dir = Unicode(help="Folder of the judge's socket, shown to the kernel; empty for none.").tag(config=True)
    compiled = Unicode(help="Folder of what JAX compiled before, which it may read; empty for none.").tag(config=True)
    modules = List(Unicode(), help="What a warm process imports, to fork kernels from; empty for none.").tag(config=True)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.allowed = Limits.of(self.limits)
        self._box: Box | None = None
        self._cgroup: Cgroup | None = None
        self._watchdog: Watchdog | None = None
        self._guard = self._kernel = -1  # pidfds: of the process that all others end with, of the kernel itself
        self._code: int | None = None
        self._asked_to_end = False

    @property
    def cause(self) -> Cause | None:
        """Why the kernel ended; None while it runs, and when the grader ended it."""
        if self._watchdog is None or self._asked_to_end:
            return None
        if self._watchdog.cause is None:
            if self.process is not None:
                self._code = self.process.poll()
            if self._code is not None:
                bare = self.isolation is Isolation.NONE and self._code < 0  # no sandbox stands around it
                code = 128 - self._code if bare else self._code
                self._watchdog.cause = cause_of_exit(code, self.allowed, self._cgroup)
        return self._watchdog.cause

    @property
    def accounting(self) -> str:
        """What counts memory and processes: `cgroup v2`, or `rlimits and a watchdog`."""
        return "cgroup v2" if self._cgroup else "rlimits and a watchdog"

    def end(self, cause: Cause | None = None) -> None:
        """End the kernel and all its processes at once; `cause` is what is said of it, None where nothing is wrong."""
        if cause is None:
            self._ask()
        if self._watchdog:
            self._watchdog.end(cause)

    def _ask(self) -> None:
        """From here on its end is wanted; one that came before keeps its cause."""
        self._asked_to_end = self._asked_to_end or self.cause is None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        require(self.isolation)
        _reap_once(os.getpid())
        await self._forget()
        self._box = self._box or Box()
        manager = self.parent
        manager.cache_ports = False
        manager.transport = "ipc"  # nothing listens on this machine's network, and no two kernels want one port
        manager.ip = str(self._box.path / "host" / "k")
        manager.connection_file = str(self._box.path / "host.json")
        for number, channel in enumerate(_CHANNELS, 1):
            setattr(manager, f"{channel}_port", number)
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        assert self._box
        parent = delegated_cgroup()
        self._cgroup = Cgroup.create(self._box.path.name, self.allowed, parent) if parent else None
        self._code, self._asked_to_end, self._watchdog = None, False, None
        try:
            call = functools.partial(self._start, cmd, kwargs.get("env", {}))
            self.process, folder = await asyncio.wrap_future(starter.submit(call))
            self.pid, self.pgid = self.process.pid, None
            self._watchdog = Watchdog(
                self.process,
                self.allowed,
                self._kill,
                cgroup=self._cgroup,
                folders=self._memory_folders(),
                guard=self._surrounding(),
            )
            self._watchdog.start()
            await self._listening(folder)
        except NotStarted as error:
            await self.cleanup()
            raise CourseError(f"A kernel did not start in its sandbox: {error}.", "Run `vaelabs doctor`.") from None
        return self.connection_info

    def _start(self, cmd: list[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes] | WarmProcess, str]:
        """The process, waiting no longer, and the folder of its sockets as seen from here."""
        assert self._box
        inside = _with_connection_file(cmd, self._connection_file())
        with self._confined(inside, env) as (words, fds):
            process, _ = start(words, pass_fds=fds, prepare=self._hold)
        return process, self._socket_folder()

    def _hold(self, pid: int) -> None:
        """Keep hold of the processes that we may signal: a pidfd never comes to mean another process."""
        below = list(descendants(pid)) or [pid]
        self._guard_pid = below[0]
        self._guard, self._kernel = os.pidfd_open(below[0]), os.pidfd_open(below[-1])

    async def _listening(self, folder: str) -> None:
        """Wait for the kernel's sockets and take hold of them, before any code of a student can run."""
        assert self._box and self.process
        deadline = time.monotonic() + LISTEN_SECONDS
        while not self._box.link(folder, _SOCKETS):
            if self.process.poll() is not None:
                raise NotStarted(str(cause_of_exit(self.process.returncode, self.allowed, self._cgroup)))
            if time.monotonic() > deadline:
                raise NotStarted(f"it did not listen after {LISTEN_SECONDS} seconds")
            await asyncio.sleep(0.01)

    async def poll(self) -> int | None:
        code = await super().poll()
        if self.process is not None:
            self._code = code
        return code

    async def send_signal(self, signum: int) -> None:
        """To the kernel itself: a signal to what stands around it would end the sandbox."""
        if signum == signal.SIGKILL:
            self.end()
        elif self.process and self.process.poll() is None and signum:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._kernel, signum)

    async def kill(self, restart: bool = False) -> None:
        self.end()

    async def terminate(self, restart: bool = False) -> None:
        self._ask()
        await self.send_signal(signal.SIGTERM)

    async def shutdown_requested(self, restart: bool = False) -> None:
        self._ask()

    async def cleanup(self, restart: bool = False) -> None:
        await self._forget()
        if not restart and self._box:
            self._box.remove()
            self._box = None

    async def _forget(self) -> None:
        """Let go of a kernel that ran, ending what is left of it."""
        if self.process is not None and self.process.poll() is None:
            self.end()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.wait(), 10)
        for fd in {self._guard, self._kernel} - {-1}:
            os.close(fd)
        self._guard = self._kernel = -1
        if self._cgroup:
            self._cgroup.kill()
            self._cgroup.remove()
        if self._box:
            self._box.unlink()

    def _kill(self) -> None:
        if self._cgroup:
            self._cgroup.kill()
        if self._guard >= 0:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._guard, signal.SIGKILL)
        if self.process is not None:
            self.process.kill()

    # How a subclass confines.

    def _confined(
        self, inside: Sequence[str], env: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[tuple[list[str], list[int]]]:
        """The words that run the kernel `inside`, and the descriptors they refer to."""
        raise NotImplementedError

    def _connection_file(self) -> str:
        """Where the kernel finds how to listen."""
        return str(self._folder / "inner.json")

    def _socket_folder(self) -> str:
        """Where the kernel's sockets appear, seen from here."""
        return str(self._folder)

    def _memory_folders(self) -> tuple[str, ...]:
        return ()

    def _surrounding(self) -> int | None:
        """The first process of the sandbox, which runs no code of a student's; None where there is none."""
        return None

    @property
    def _folder(self) -> Path:
        """The folder of a kernel that shares our file system."""
        assert self._box
        return self._box.path / "kernel"

    def _inner_connection(self, address: str) -> str:
        """The connection file's text for a kernel whose sockets are `address`-1 and so on."""
        info = {**self.connection_info, "ip": address, "kernel_name": ""}
        return json.dumps({name: v.decode() if isinstance(v, bytes) else v for name, v in info.items()})


class BubblewrapProvisioner(SandboxProvisioner):
    """A kernel in namespaces of its own; see `bubblewrap.command`.

    With `modules` it is forked from a warm process, where that can be had; see `warm`.
    """

    isolation = Isolation.BUBBLEWRAP

    def _start(self, cmd: list[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes] | WarmProcess, str]:
        if self.modules:
            with contextlib.suppress(NotStarted):
                return self._fork(cmd, env)
        return super()._start(cmd, env)

    def _fork(self, cmd: list[str], env: Mapping[str, str]) -> tuple[WarmProcess, str]:
        zygote = zygotes.get(tuple(self.modules), self.compiled, env)
        options = _with_connection_file(cmd[cmd.index(_LAUNCH) + 1 :], warm.CONNECTION_FILE)
        connection = self._inner_connection(f"{bubblewrap.SOCKETS}/k")
        asked = warm.request(options, connection, Path(self.judge_dir).name, self.allowed)
        process = zygote.fork(asked, self._hold_all)
        return process, self._socket_folder()

    def _hold_all(self, pid: int) -> None:
        """As `_hold`; and into the cgroup with those that were forked outside of it."""
        self._hold(pid)
        for each in (pid, *descendants(pid)) if self._cgroup else ():
            self._cgroup.take(each)

    @contextlib.contextmanager
    def _confined(self, inside: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[list[str], list[int]]]:
        assert self._box
        files = {bubblewrap.CONNECTION_FILE: self._inner_connection(f"{bubblewrap.SOCKETS}/k")}
        with bubblewrap.command(
            waiting(bubblewrap.limited(inside, self.allowed), self._box.path),
            box=self._box,
            limits=self.allowed,
            env=bubblewrap.environment(env, self.compiled),
            binds=bubblewrap.shown(self.judge_dir, self.compiled),
            files=files | bubblewrap.font_list(),
            cgroup=self._cgroup,
        ) as made:
            yield made

    def _connection_file(self) -> str:
        return bubblewrap.CONNECTION_FILE

    def _socket_folder(self) -> str:
        return f"/proc/{self._guard_pid}/root{bubblewrap.SOCKETS}"

    def _memory_folders(self) -> tuple[str, ...]:
        return tuple(f"/proc/{self._guard_pid}/root{folder}" for folder in bubblewrap.FOLDERS)

    def _surrounding(self) -> int:
        return self._guard_pid


class LandlockProvisioner(SandboxProvisioner):
    """A kernel confined in part; see `landlock`."""

    isolation = Isolation.LANDLOCK

    @contextlib.contextmanager
    def _confined(self, inside: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[list[str], list[int]]]:
        assert self._box
        user = other_user()
        self._home = Path(tempfile.mkdtemp(prefix="vaelabs-home-"))
        fonts = {Path(name).name: text for name, text in bubblewrap.font_list().items()}
        (self._home / "tmp").mkdir()
        (self._home / "fonts").mkdir()
        for name, text in fonts.items():
            (self._home / "fonts" / name).write_text(text)
        (self._folder / "inner.json").write_text(self._inner_connection(f"{self._folder}/k"))
        if user:
            for top in (self._home, self._folder):
                for path in (top, *top.rglob("*")):
                    os.chown(path, user.uid, user.gid)
        limits = self.allowed
        places = {"HOME": "", "TMPDIR": "tmp", "MPLCONFIGDIR": "fonts"}
        shown = [each for each in (self.judge_dir, self.compiled) if each]
        paths = [*bubblewrap.python_paths(), str(self._folder), str(self._home), *shown]
        plan = {
            "argv": waiting(inside, self._box.path),
            "env": bubblewrap.environment(env)
            | {name: str(self._home / each) for name, each in places.items()}
            | (bubblewrap.using_compiled(self.compiled) if self.compiled else {}),
            "home": str(self._home),
            "read": [*_LANDLOCK_READ, *bubblewrap.python_paths(), *shown],
            "write": ["/dev/null", str(self._folder), str(self._home)],
            "seccomp": seccomp.program(network=False).hex(),
            # An ordinary user's processes elsewhere would count too: there the watchdog counts.
            "rlimits": {
                name: values for name, values in bubblewrap.rlimits(limits).items() if user or name != "RLIMIT_NPROC"
            },
        }
        source = Path(landlock.__file__).read_text(encoding="utf-8")
        words = [sys.executable, "-I", "-S", "-c", source, json.dumps(plan)]
        yield untrusted(words, paths=paths, stage=self._box.path / "stage", user=user, cgroup=self._cgroup), []

    def _kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            kill_tree(self.process.pid)
        super()._kill()

    async def _forget(self) -> None:
        await super()._forget()
        if hasattr(self, "_home"):
            shutil.rmtree(self._home, ignore_errors=True)


_LANDLOCK_READ = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache",
    "/etc/localtime", "/etc/passwd", "/etc/group", "/etc/hosts", "/proc", "/sys/devices/system/cpu",
    "/sys/devices/system/node", "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip


class PlainProvisioner(SandboxProvisioner):
    """A kernel that is watched and not confined: it can read and change whatever the grader can."""

    isolation = Isolation.NONE

    @contextlib.contextmanager
    def _confined(self, inside: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[list[str], list[int]]]:
        assert self._box
        (self._folder / "inner.json").write_text(self._inner_connection(f"{self._folder}/k"))
        env = {**env, **(bubblewrap.using_compiled(self.compiled) if self.compiled else {})}
        words = waiting(["env", *(f"{name}={value}" for name, value in env.items()), *inside], self._box.path)
        words = ["setpriv", "--pdeathsig", "KILL", "--", *words]  # with its grader, as kernels in a sandbox end
        yield untrusted(words, paths=(), stage=self._box.path / "stage", user=None, cgroup=self._cgroup), []

    def _kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            kill_tree(self.process.pid)
        super()._kill()


def _with_connection_file(cmd: Sequence[str], path: str) -> list[str]:
    """A kernel's command with the connection file that the kernel sees in place of ours."""
    return [path if each.endswith("/host.json") else each for each in cmd]


@functools.cache
def _reap_once(pid: int) -> None:
    reap()


def judge_path(isolation: Isolation | str, judge_dir: str | Path) -> str:
    """The path at which a kernel sees the judge's folder."""
    return bubblewrap.JUDGE if Isolation(isolation) is Isolation.BUBBLEWRAP else str(judge_dir)


def admit(socket: Path) -> None:
    """Let kernels connect to the judge's socket, which the judge has made in its folder.

    A grader that is root runs them as another user: that one may enter the folder and write to the socket.
    """
    user = other_user()
    if user:
        for path, mode in ((socket.parent, 0o710), (socket, 0o660)):
            os.chown(path, -1, user.gid)
            os.chmod(path, mode)


# As `python -m ipykernel_launcher`, but without a debugger, whose import is a third of a kernel's start.
_LAUNCH = """\
import sys
del sys.path[0]
sys.modules["debugpy"] = None
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


class _OneKernel(KernelSpecManager):
    """Knows one kernelspec and answers with it whatever is asked for."""

    def __init__(self, content: dict[str, Any], **kwargs: Any):
        super().__init__(**kwargs)
        self._content = content

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**json.loads(json.dumps(self._content)))  # jupyter_client writes into what it gets

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": ""}

    def get_all_specs(self) -> dict[str, Any]:
        return {"python3": {"resource_dir": "", "spec": self._content}}


def kernel_specs(
    isolation: Isolation | str = Isolation.BUBBLEWRAP,
    limits: Limits = Limits(),
    judge_dir: str | Path | None = None,
    modules: Sequence[str] = (),
    compiled: str = "",
) -> KernelSpecManager:
    """The kernelspecs to give to a kernel manager: one kernel, this environment's Python, confined so.

    With `modules`, and in full isolation, it is forked from a warm process that has imported them; `judge_dir` then
    lies in `judges_folder()`. `compiled` is a folder of what JAX compiled before, to be read and not to be changed.
    Raises CourseError where it cannot be confined so.
    """
    require(isolation)
    more = {"judge_dir": str(judge_dir or ""), "modules": list(modules), "compiled": compiled}
    return _OneKernel(_kernelspec(Isolation(isolation), limits, **more))


def install_kernelspec(
    prefix: str | Path, isolation: Isolation | str = Isolation.BUBBLEWRAP, limits: Limits = Limits()
) -> Path:
    """Write the kernelspec KERNEL_NAME below `prefix`, for programs that know nothing of vaelabs; its folder.

    `nbgrader autograde --Execute.kernel_name=vaelabs-sandbox` then runs confined.
    """
    folder = Path(prefix, "share", "jupyter", "kernels", KERNEL_NAME)
    folder.mkdir(parents=True, exist_ok=True)
    content = _kernelspec(Isolation(isolation), limits)
    (folder / "kernel.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return folder


def _kernelspec(isolation: Isolation, limits: Limits, **more: Any) -> dict[str, Any]:
    config = {"limits": asdict(limits), **more}
    return {
        "argv": [sys.executable, "-c", _LAUNCH, "-f", "{connection_file}", *KERNEL_OPTIONS],
        "display_name": "Python 3 (confined)" if isolation is not Isolation.NONE else "Python 3",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": f"vaelabs-{isolation}", "config": config}},
    }


class _CountedChannel(AsyncZMQSocketChannel):
    """A channel that counts the bytes it receives before they become objects, and falls silent after too many."""

    received = 0
    allowed = float("inf")

    def flooded(self) -> None:
        """Called when more than `allowed` bytes came."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        if self.received <= self.allowed:
            message = await super().get_msg(timeout)
            if self.received <= self.allowed:
                return message
        # Its kernel is being ended. What is still on its way would keep a reader busy for long.
        assert self.socket is not None
        with contextlib.suppress(zmq.Again):
            while True:
                await self.socket.recv_multipart(zmq.NOBLOCK)
        await asyncio.sleep(3600 if timeout is None else timeout)
        raise Empty

    async def _recv(self, **kwargs: Any) -> dict[str, Any]:
        assert self.socket is not None
        parts = await self.socket.recv_multipart(**kwargs, copy=False)
        self.received += sum(map(len, parts))
        if self.received > self.allowed:  # copied and as objects it would take its size several times over
            self.flooded()
            return {}
        _, message = self.session.feed_identities([part.bytes for part in parts])
        return self.session.deserialize(message)


class SandboxKernelClient(AsyncKernelClient):
    """A client that bounds what a kernel may send: one that prints and draws without end is ended."""

    iopub_channel_class = Type(_CountedChannel)

    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        provisioner = getattr(self.parent, "provisioner", None)
        if isinstance(provisioner, SandboxProvisioner):
            context.setsockopt(zmq.MAXMSGSIZE, _LARGEST_MESSAGE * provisioner.allowed.output_mb * MB)
        return context

    def start_channels(self, **channels: bool) -> None:
        """All but the heartbeat's: its thread waits for ever for the rest of an answer that a kernel has broken off,
        and whoever closes the channels for the thread. Whether the kernel lives is seen from its process.
        """
        super().start_channels(**{**channels, "hb": False})
        provisioner = getattr(self.parent, "provisioner", None)
        if isinstance(provisioner, SandboxProvisioner):
            mb = provisioner.allowed.output_mb
            self.iopub_channel.allowed = mb * MB
            self.iopub_channel.flooded = lambda: provisioner.end(
                Cause("OutputLimit", f"it printed and drew more than {mb} MB")
            )


class SandboxKernelManager(AsyncKernelManager):
    """A kernel manager whose client is a `SandboxKernelClient`.

    That nobody connects to a socket which the kernel's code put in the place of its own is seen to by `Box.link`.
    """

    client_class = DottedObjectName(f"{__name__}.SandboxKernelClient", config=True)
    client_factory = Type(SandboxKernelClient, klass=AsyncKernelClient, config=True)

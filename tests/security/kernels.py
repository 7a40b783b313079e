"""A sandboxed kernel to talk to from a test."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from vaelabs.sandbox.limits import Cause, Limits, descendants
from vaelabs.sandbox.provisioner import SandboxKernelManager, SandboxProvisioner, kernel_specs

WARM = tuple(filter(None, os.environ.get("VAELABS_WARM", "").split(",")))
"""Modules of a warm process to fork all kernels from: `VAELABS_WARM=numpy` tries all of these tests so."""


class Died(Exception):
    """The kernel ended while a cell ran; the text is its cause."""


class Kernel:
    """One kernel; where it cannot be confined, this fails with the sentence that says what to install."""

    def __init__(
        self,
        isolation: str = "bubblewrap",
        limits: Limits = Limits(),
        judge_dir: Path | None = None,
        manager_class: type = SandboxKernelManager,
        modules: Sequence[str] = WARM,
        **start: Any,
    ):
        self.loop = asyncio.new_event_loop()
        specs = kernel_specs(isolation, limits, judge_dir, modules)
        self.manager = manager_class(kernel_name="python3", kernel_spec_manager=specs)
        as_nbclient = ["--HistoryManager.hist_file=:memory:"]
        self._do(self.manager.start_kernel(extra_arguments=as_nbclient, **start))
        self.client = self.manager.client()
        self.client.start_channels()
        self._do(self.client.wait_for_ready(timeout=60))

    @property
    def provisioner(self) -> SandboxProvisioner:
        return self.manager.provisioner

    @property
    def cause(self) -> Cause | None:
        return self.provisioner.cause

    @property
    def pids(self) -> list[int]:
        """Of all its processes, as this machine numbers them; the kernel's is the last one at rest."""
        return list(descendants(self.provisioner.pid))

    def run(self, code: str, seconds: float = 60) -> str:
        """What the cell printed and returned, its error last as `Name: text`. Raises Died."""
        self.send(code)
        return self.finish(seconds)

    def send(self, code: str) -> None:
        self._sent = self.client.execute(code, allow_stdin=False)

    def finish(self, seconds: float = 60) -> str:
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self._do(self.client.get_iopub_msg(timeout=0.2))
            except Empty:
                if not self._do(self.manager.is_alive()):
                    raise Died(str(self.cause)) from None
                continue
            if message["parent_header"].get("msg_id") != self._sent:
                continue
            content = message["content"]
            kind = message["msg_type"]
            if kind == "stream":
                text += content["text"]
            elif kind == "execute_result":
                text += content["data"]["text/plain"]
            elif kind == "error":
                text += f"{content['ename']}: {content['evalue']}"
            elif kind == "status" and content["execution_state"] == "idle":
                return text.strip()
        raise TimeoutError(f"the cell ran for {seconds} seconds; so far {text!r}")

    def wait_for_end(self, seconds: float = 30) -> Cause | None:
        """Wait for the kernel's end without running the event loop."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.provisioner.process.poll() is not None:
                return self.cause
            time.sleep(0.05)
        raise TimeoutError(f"the kernel lives after {seconds} seconds")

    def interrupt(self) -> None:
        self._do(self.manager.interrupt_kernel())

    def close(self) -> None:
        self.client.stop_channels()
        if self._do(self.manager.is_alive()):
            self._do(self.manager.shutdown_kernel(now=True))
        self._do(self.manager.cleanup_resources())
        self.loop.close()

    def _do(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def alive(pid: int) -> bool:
    """Whether the process runs; one that is only waiting to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


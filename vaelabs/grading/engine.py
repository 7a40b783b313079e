"""Many jobs on many processes: Dask distributed, on this machine or on a cluster that is there already.

The engine promises little, so that anything may fail: a job is run at least once, or a fault is reported for it.
What must not be lost is in the ledger; the scheduler and its workers may go at any moment.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import itertools
import logging
import math
import queue
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vaelabs.course import CourseError

if TYPE_CHECKING:
    from distributed import Client, Future, Security
    from distributed.utils import LoopRunner

SMALL = 2
"""So many jobs are done sooner in this process than a cluster starts."""

ALLOWED_FAILURES = 3
"""A job whose worker died more often than that is not tried again."""

CONNECTING = 20
"""Seconds to find a scheduler, and to find a lost one again."""

ASKING = 5
"""Seconds after which the workers are counted again."""

ENDING = 5
"""Seconds for workers to end by themselves."""

SETTINGS = {
    "distributed.worker.daemon": False,  # they start kernels
    "distributed.worker.preload": ["from vaelabs.grading import engine\nengine.end_in_silence()"],
    "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
    "distributed.scheduler.worker-saturation": 1.0,  # a job that waits on a worker would be lost with it
    "distributed.comm.timeouts.connect": CONNECTING,
    "distributed.admin.low-level-log-length": 10,  # a log of messages keeps the jobs that were in them
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.worker.profile.enabled": False,
}


@dataclass(frozen=True)
class Finished:
    """A job is through: the `fault` says why it may not be; `killed` when it took its worker with it each time."""

    key: str
    fault: str = ""
    killed: bool = False


@dataclass(frozen=True)
class Engine:
    """Where jobs run.

    `workers` processes on this machine (None: one a core; 0: none but this one), or the cluster of the `scheduler` at a
    tls:// or tcp:// address. `resources` is what a job needs of a worker, by name as the workers were started with.
    """

    workers: int | None = None
    scheduler: str = ""
    resources: Mapping[str, float] = field(default_factory=dict)
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    dashboard: bool = False

    def run(self, function: Callable[[Any], Any], jobs: Iterable[tuple[str, Any]]) -> Iterator[Finished]:
        """Call the function with each job; tells of each by its key when it is through, in any order.

        Jobs are taken from the iterable when a worker is about to be free, so that few are in memory at a time. What the
        function returns is thrown away. Raises CourseError when there is no cluster, or when it is lost.
        """
        jobs = iter(jobs)
        first = list(itertools.islice(jobs, SMALL + 1))
        if not first:
            return
        jobs = itertools.chain(first, jobs)
        if not self.scheduler and (self.workers == 0 or len(first) <= SMALL):
            yield from _run_here(function, jobs)
            return
        with _quiet(), self._client() as client:
            yield from self._run_there(client, function, jobs)

    def _run_there(self, client: Client, function: Callable, jobs: Iterator[tuple[str, Any]]) -> Iterator[Finished]:
        from distributed import as_completed

        running: dict[str, str] = {}
        done = as_completed(loop=client.loop)
        window, asked = 0, -math.inf

        def refill() -> None:
            nonlocal window, asked
            if time.monotonic() - asked > ASKING:  # workers come and go
                window = max(16, 4 * len(client.scheduler_info(n_workers=-1)["workers"]))
                asked = time.monotonic()
            for key, job in itertools.islice(jobs, max(0, window - len(running))):
                future = client.submit(
                    function, job, key=f"grade-{key}", pure=False, resources=dict(self.resources) or None
                )
                running[future.key] = key
                done.add(future)

        refill()
        while running:
            future = next(done)
            finished = self._finished(client, future, running.pop(future.key))
            future.release()
            refill()
            yield finished

    def _finished(self, client: Client, future: Future, key: str) -> Finished:
        from distributed import KilledWorker

        status = future.status  # it may change meanwhile
        if status in ("finished", "lost"):  # lost: what it returned went with its worker, after it was done
            return Finished(key)
        if client.status != "running" or status == "cancelled" and not _answers(client):
            raise CourseError(
                f"The scheduler {self.scheduler or 'of this machine'} is gone.",
                "What is graded is kept. Start it anew, then run the same command again: it goes on from here.",
            )
        if status != "error":
            return Finished(key, "the scheduler forgot it")
        error = future.exception()
        if isinstance(error, KilledWorker):
            return Finished(key, f"it stopped its worker {error.allowed_failures + 1} times", killed=True)
        return Finished(key, said(error))

    @contextlib.contextmanager
    def _client(self) -> Iterator[Client]:
        from distributed import Client

        if not self.scheduler:
            with _local_cluster(self.workers, self.dashboard) as cluster, Client(cluster, set_as_default=False) as client:
                yield client
            return
        security = self._security()
        try:
            client = Client(self.scheduler, security=security, timeout=CONNECTING, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise CourseError(
                f"No scheduler answers at {self.scheduler} ({said(error)}).",
                "Start one with `dask scheduler`, or leave --scheduler out to grade on this machine.",
            ) from None
        with client:
            _refuse_other_versions(client)
            yield client

    def _security(self) -> Security:
        """Encryption, without which work goes to this machine only: workers run whatever they are sent."""
        from distributed import Security

        address = urlsplit(self.scheduler)
        if address.scheme not in ("tcp", "tls") or not address.hostname:
            raise CourseError(f"{self.scheduler} is no address of a scheduler.", "It looks like tls://host:8786.")
        if address.scheme == "tcp":
            if not _is_loopback(address.hostname):
                raise CourseError(
                    f"{self.scheduler} is not on this machine, and tcp:// lets anybody there run code on the workers.",
                    "Give the scheduler a certificate and name it tls://...; docs/clusters.md says how.",
                )
            return Security()
        for path in filter(None, (self.tls_ca, self.tls_cert, self.tls_key)):
            if not path.is_file():
                raise CourseError(f"{path} does not exist.")
        named = {"tls_ca_file": self.tls_ca, "tls_client_cert": self.tls_cert, "tls_client_key": self.tls_key}
        security = Security(require_encryption=True, **{name: str(path) for name, path in named.items() if path})
        if not (security.tls_ca_file and security.tls_client_cert):
            raise CourseError(
                f"{self.scheduler} wants certificates, and none are named.",
                "Name them with --tls-ca, --tls-cert and --tls-key, or in Dask's configuration.",
            )
        return security


def said(error: BaseException) -> str:
    """An error of any kind in one line."""
    text = str(error).strip()
    first = text.splitlines()[0].rstrip(".") if text else type(error).__name__
    return first if isinstance(error, (CourseError, OSError)) else f"{type(error).__name__}: {first}"


def _run_here(function: Callable[[Any], Any], jobs: Iterable[tuple[str, Any]]) -> Iterator[Finished]:
    for key, job in jobs:
        try:
            _lane().call(function, job)
        except Exception as error:
            yield Finished(key, said(error))
        else:
            yield Finished(key)


class _Lane:
    """The thread that jobs run in where there are no workers.

    In the main thread nbclient takes Ctrl-C for itself: it ends the kernel, and the student would be blamed. And it is
    one thread for good, as sandboxes end with the thread that has started them.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="grading", daemon=True).start()

    def call(self, function: Callable[[Any], Any], job: Any) -> None:
        """Call the function there and wait; raises what it raises."""
        answer: queue.SimpleQueue = queue.SimpleQueue()
        self._calls.put((function, job, answer))
        if error := answer.get():
            raise error

    def _serve(self) -> None:
        while True:
            function, job, answer = self._calls.get()
            try:
                function(job)
            except BaseException as error:
                answer.put(error)
            else:
                answer.put(None)


@functools.cache
def _lane() -> _Lane:
    return _Lane()


@contextlib.contextmanager
def _local_cluster(workers: int | None, dashboard: bool) -> Iterator[Any]:
    """Worker processes of our own, by default one for each core that we may use, each under a nanny that starts it anew.

    None outlives us, nor does a kernel of theirs. Others on this machine cannot send them work: the key is ours.
    """
    import psutil
    from dask.system import CPU_COUNT
    from distributed import LocalCluster, Security

    resource_tracker.ensure_running()  # before the others, which it outlives; and not in the loop: see `_loop`
    others = set(psutil.Process().children(recursive=True))
    with contextlib.ExitStack() as ending:
        loop = _loop()
        ending.callback(loop.stop, timeout=ENDING)
        cluster = None

        @ending.callback
        def end() -> None:
            family = set(psutil.Process().children(recursive=True)) - others
            if cluster:
                with contextlib.suppress(Exception):
                    cluster.close(timeout=ENDING)
            for process in family:
                with contextlib.suppress(psutil.Error):
                    process.kill()

        cluster = LocalCluster(
            n_workers=workers or CPU_COUNT,
            threads_per_worker=1,
            memory_limit=0,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:8787" if dashboard else None,
            silence_logs=logging.CRITICAL,
            security=Security.temporary(),
            loop=loop.loop,
        )
        yield cluster


def _loop() -> LoopRunner:
    """The thread that starts the workers. There Ctrl-C is held back, and so it is in them until `end_in_silence`.

    Python's resource tracker runs already: to begin it in this thread would let Ctrl-C through again.
    """
    from distributed.utils import LoopRunner

    loop = LoopRunner()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        loop.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return loop


def end_in_silence() -> None:
    """What a worker of this machine does first: Ctrl-C, which reaches it too, ends it without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's settings as we want them, and nothing of its doings on the terminal."""
    import dask
    import distributed  # noqa: F401 (its defaults are read before ours)

    # Dask gives some of the loggers below its own a level, so that to silence the one at the top is not enough.
    loud = ("distributed", "tornado", "asyncio")
    loggers = [logging.getLogger(name) for name in {*loud, *logging.root.manager.loggerDict} if name.split(".")[0] in loud]
    before = [each.level for each in loggers]
    with dask.config.set(SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as: jobs are large, versions differ (we say so ourselves)
        for each in loggers:
            each.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for each, level in zip(loggers, before):
                each.setLevel(level)


def _refuse_other_versions(client: Client) -> None:
    """Raise CourseError where a worker would not do as this machine does."""
    from .keys import environment_hash, package_hash

    versions = client.get_versions()
    mine = versions["client"]["packages"]
    for where, theirs in {"The scheduler": versions["scheduler"], **versions["workers"]}.items():
        for name in ("python", "dask", "distributed"):
            here, there = (str(each["packages"][name]) if "packages" in each else "" for each in (versions["client"], theirs))
            if here != there:
                raise _mismatch(where, f"{name} {there}, this machine {mine[name]}")
    for function, what in ((environment_hash, "other packages"), (package_hash, "another vaelabs")):
        for where, found in client.run(function, on_error="return").items():
            if isinstance(found, BaseException):
                raise CourseError(f"The worker {where} has no vaelabs ({said(found)}).", "Install it there too.")
            if found != function():
                raise _mismatch(f"The worker {where}", f"{what} than this machine")


def _mismatch(where: str, what: str) -> CourseError:
    where = where if where.startswith("The ") else f"The worker {where}"
    return CourseError(f"{where} has {what}.", "Install the same everywhere: pip install -c constraints.txt -e .")


def _answers(client: Client) -> bool:
    try:
        return bool(client.sync(client.scheduler.identity, callback_timeout=CONNECTING))
    except Exception:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(socket.gethostbyname(host)).is_loopback
    except (OSError, ValueError):
        return False

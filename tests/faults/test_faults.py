"""What may go wrong while a class is graded. Afterwards everyone is in ledger and gradebook once, none lost, none doubled."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import resource
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import psutil
import pytest
from tiny import (
    RIGHT,
    STARTED,
    VAELABS,
    attempts_at,
    committed,
    expect_each_once,
    family,
    hand_in,
    kill,
    log_of,
    start,
    wait_for,
    write_tiny_course,
)

from vaelabs.course import Course, CourseError
from vaelabs.grading import Engine, Ledger, grade, load_results
from vaelabs.sandbox import Isolation

ROOT = Path(__file__).parents[2]

on_demand = pytest.mark.skipif(
    "VAELABS_FAULTS" not in os.environ, reason="VAELABS_FAULTS=1 kills more of what may die (minutes)"
)
"""What test_engine.py tries in small in every run."""

WAITS = """\
import os, pathlib, time
pathlib.Path({0!r}, "kernel").write_text(str(os.getpid()))
while not pathlib.Path({0!r}, "go").exists():
    time.sleep(0.05)
"""
"""Code of a student's that says where it runs, and takes as long as the test wants."""

KILLS = """\
import os, psutil, signal
for each in psutil.Process().parents():
    if "spawn_main" in " ".join(each.cmdline()):
        os.kill(each.pid, signal.SIGKILL)
        break
"""
"""Code of a student's that kills the worker it is graded by, where nothing confines it."""


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Course]:
    """Two who are done soon, and one who waits for the file `go`."""
    course = write_tiny_course(tmp_path / "course")
    hand_in(course, "ada")
    hand_in(course, "ben", "def double(x):\n    return 3 * x")
    hand_in(course, "zoe", WAITS.format(str(tmp_path)) + RIGHT)
    yield course
    while STARTED:
        process = STARTED.pop()
        for each in [*family(process), process] if process.poll() is None else []:
            kill(each)
        process.wait()


POINTS = {"ada": 2, "ben": 0, "zoe": 2}


def let_go(course: Course) -> None:
    (course.root.parent / "go").touch()


def waiting(process: subprocess.Popen, course: Course) -> bool:
    """Whether all are done but the one who waits."""
    assert process.poll() is None, log_of(course)
    return committed(course) == 2 and (course.root.parent / "kernel").exists()


def kernel_of(course: Course) -> psutil.Process:
    return psutil.Process(int((course.root.parent / "kernel").read_text()))


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run still."""
    found = []
    for each in processes:
        with contextlib.suppress(psutil.Error):
            if each.is_running() and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


def start_cluster(protocol: str, *words: str) -> tuple[str, subprocess.Popen, subprocess.Popen]:
    """A scheduler that is not ours, by its address, and a worker of its."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{protocol}://127.0.0.1:{free.getsockname()[1]}"
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--host", address, *words]
    scheduler = subprocess.Popen(dask, **silent)
    words = ("--nthreads", "1", "--no-dashboard", "--memory-limit", "0", "--death-timeout", "60", *words)
    dask = [sys.executable, "-m", "distributed.cli.dask_worker", address, *words]
    env = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    return address, scheduler, subprocess.Popen(dask, **silent, env=env)


def end_cluster(scheduler: subprocess.Popen, worker: subprocess.Popen) -> None:
    for each in (*family(worker), worker, scheduler):
        kill(each)
    worker.wait()
    scheduler.wait()


def run(course: Course, *words: str) -> str:
    """A whole run; what it said."""
    process = start(course, *words)
    assert process.wait(300) in (0, 2), log_of(course)
    return log_of(course)


@on_demand
def test_a_killed_worker_is_replaced_and_its_submission_graded_again(course):
    """kill -9 of the process that grades."""
    process = start(course, "--workers", "1")
    wait_for(lambda: waiting(process, course))

    kill(next(each for each in kernel_of(course).parents() if "spawn_main" in " ".join(each.cmdline())))
    wait_for(lambda: attempts_at(course, "zoe") == 2)
    let_go(course)

    assert process.wait(200) == 0, log_of(course)
    expect_each_once(course, POINTS)


def test_a_killed_coordinator_leaves_nothing_behind_and_the_next_run_goes_on(course):
    """kill -9 of `vaelabs grade`: its workers end, and what was committed is not graded again.

    A kernel in a sandbox ends with them, one without at the latest when the next run begins.
    """
    process = start(course, "--workers", "1")
    wait_for(lambda: waiting(process, course))
    theirs = family(process)
    workers = family(process, "spawn_main")

    kill(process)
    process.wait()
    psutil.wait_procs(workers, 60)
    left = alive(workers)
    let_go(course)
    said = run(course)

    assert left == alive(theirs) == []
    assert "1 submissions graded" in said
    assert [attempts_at(course, name) for name in POINTS] == [1, 1, 2]
    expect_each_once(course, POINTS)


@on_demand
@pytest.mark.skipif(not which("bwrap"), reason="bubblewrap is not installed")
def test_a_thousand_submissions_are_each_graded_once_though_two_workers_are_killed(tmp_path):
    """In the sandbox, as a large class is; half an hour on two cores. The coordinator takes no more memory for more."""
    course, points = write_tiny_course(tmp_path / "course"), {}
    for n in range(1000):
        factor = 2 + n % 2
        points[f"s{n:04}"] = 2 if factor == 2 else 0
        hand_in(course, f"s{n:04}", f"def double(x):\n    return {factor} * x  # number {n}")
    process = start(course, "--workers", "2", "--isolation", "bubblewrap")
    memory = []
    for count in (100, 300, 600, 1000):
        wait_for(lambda: committed(course) >= count or process.poll() is not None, 3600)
        if count < 600:
            kill(family(process, "spawn_main")[0])
        if process.poll() is None:
            memory.append(psutil.Process(process.pid).memory_info().rss / 1e6)

    assert process.wait(300) == 0, log_of(course)[-2000:]
    assert memory[-1] - memory[0] < 30, memory
    expect_each_once(course, points)


@on_demand
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", ["0", "1"])
def test_ctrl_c_stops_at_once_in_one_sentence(course, sign, workers):
    """No traceback, no process left, no verdict on what was cut short; the same command goes on."""
    process = start(course, "--workers", workers)
    wait_for(lambda: waiting(process, course))
    theirs = family(process)

    os.killpg(process.pid, sign)
    code = process.wait(60)
    psutil.wait_procs(theirs, 30)
    said = log_of(course)

    assert code == 130, said
    assert said.splitlines()[-1] == "Stopped: 2 of 3 submissions are done and kept; the same command goes on from there."
    assert "Traceback" not in said
    assert alive(theirs) == []
    assert committed(course) == 2
    let_go(course)
    run(course)
    expect_each_once(course, POINTS)


@on_demand
@pytest.mark.parametrize("seconds", [0.5, 1, 1.5, 2, 2.3, 2.6, 2.9, 3.2, 3.5, 3.8, 4.1, 5])
def test_ctrl_c_is_one_sentence_at_any_moment(course, seconds):
    """While this program starts, its workers do, or the databases open; and pressed twice."""
    process = start(course, "--workers", "2")
    time.sleep(seconds)

    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait(60)

    lines = [line for line in log_of(course).splitlines() if not re.match(r"NO ISOLATION|\[\d+/3\] ps1, ", line)]
    assert code == 130, lines
    assert len(lines) == 1
    assert lines[0].startswith("Stopped")


@on_demand
def test_a_killed_kernel_is_a_verdict_on_its_submission_alone(course):
    """kill -9 of the student's process."""
    process = start(course, "--workers", "0")
    wait_for(lambda: waiting(process, course))

    kill(kernel_of(course))

    assert process.wait(200) in (0, 2), log_of(course)
    expect_each_once(course, {**POINTS, "zoe": 0})
    zoe = load_results(course)[-1]
    assert "its Python process was ended by SIGKILL" in zoe.verdicts[0].message


@on_demand
def test_a_submission_that_kills_its_worker_each_time_is_for_a_person(course):
    """The others are graded all the same."""
    let_go(course)
    hand_in(course, "eve", KILLS + RIGHT)

    said = run(course, "--workers", "1")

    expect_each_once(course, {**POINTS, "eve": None})
    assert "eve's ps1 could not be graded: it stopped its worker 4 times" in said


@on_demand
def test_a_lost_scheduler_is_one_sentence_and_the_next_run_goes_on(course):
    """kill -9 of a Dask scheduler that is not ours, and of its worker."""
    address, scheduler, worker = start_cluster("tcp")
    try:
        process = start(course, "--scheduler", address)
        wait_for(lambda: waiting(process, course))

        kill(scheduler)
        code = process.wait(120)

        said = log_of(course)
        assert code == 1, said
        assert f"The scheduler {address} is gone.\nWhat is graded is kept." in said
        assert "Traceback" not in said
    finally:
        end_cluster(scheduler, worker)
    let_go(course)
    run(course)
    expect_each_once(course, POINTS)


@on_demand
def test_a_cluster_elsewhere_is_reached_over_tls_alone(course, tmp_path):
    """With the certificates as docs/clusters.md has them made; whoever has none is let in on neither side."""
    guide = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
    for line in re.findall(r"^    (openssl .*)$", guide, re.MULTILINE):
        subprocess.run(shlex.split(line), cwd=tmp_path, check=True, capture_output=True)
    files = {"ca": tmp_path / "ca.pem", "cert": tmp_path / "grading.pem", "key": tmp_path / "grading.key"}
    dask = ["--tls-ca-file", files["ca"], "--tls-cert", files["cert"], "--tls-key", files["key"]]
    address, scheduler, worker = start_cluster("tls", *map(str, dask))
    let_go(course)
    try:
        words = [word for name, path in files.items() for word in (f"--tls-{name}", str(path))]
        run(course, "--scheduler", address, *words)

        stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
        host, port = address.removeprefix("tls://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as line, pytest.raises(ssl.SSLError, match="certificate"):
            stranger.wrap_socket(line).recv(1)
        with pytest.raises(CourseError, match="No scheduler answers"):
            list(grade(course, ["ps1"], ["ada", "ben", "zoe"], force=True, engine=Engine(scheduler=f"tcp://{host}:{port}")))
    finally:
        end_cluster(scheduler, worker)
    expect_each_once(course, POINTS)
    with Ledger(course.ledger_url) as ledger:
        assert {int(each.worker.split(":")[1]) for each in ledger.settled()}.isdisjoint({os.getpid(), STARTED[0].pid})


@on_demand
def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(course):
    """Played by a limit on the size of a file, which the ledger meets after some results."""
    let_go(course)
    for n in range(6):
        hand_in(course, f"fat{n}", f"{RIGHT}\n# {os.urandom(60_000).hex()}")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))

    words = ["grade", "--course", str(course.root), "--isolation", "none", "--workers", "0"]
    first = subprocess.run([*VAELABS, *words], capture_output=True, text=True, preexec_fn=limited)
    done = committed(course)
    run(course)

    assert first.returncode == 1, first.stdout + first.stderr
    assert "Traceback" not in first.stderr
    assert "ledger.db cannot be written: the disk" in first.stderr
    assert 0 < done < 9
    expect_each_once(course, {**POINTS, **{f"fat{n}": 2 for n in range(6)}})


def test_what_cannot_be_read_is_for_a_person(course, monkeypatch):
    """A folder without rights, in which root would read all the same."""
    from vaelabs.grading import batch

    let_go(course)
    read = batch.read_files

    def read_files(notebook: Path) -> dict[str, bytes]:
        if "ben" in notebook.parts:
            raise PermissionError(13, "Permission denied", str(notebook))
        return read(notebook)

    monkeypatch.setattr(batch, "read_files", read_files)
    results = list(grade(course, ["ps1"], course.students(), isolation=Isolation.NONE, engine=Engine(workers=0)))

    expect_each_once(course, {**POINTS, "ben": None})
    assert {r.reason for r in results} == {"", "submitted/ben/ps1/ps1.ipynb cannot be read: Permission denied"}


def test_a_clock_that_jumps_changes_nothing(course, monkeypatch):
    """Back a day and forth a day, at every look at it."""
    let_go(course)
    now, turns = time.time, itertools.cycle((-86400, 86400))
    monkeypatch.setattr(time, "time", lambda: now() + next(turns))

    results = list(grade(course, ["ps1"], course.students(), isolation=Isolation.NONE, engine=Engine(workers=0)))

    assert all(0 <= result.seconds < 300 for result in results)
    expect_each_once(course, POINTS)

"""The engine by itself, with jobs that cost nothing: it loses none and outlives its workers."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator

import jobs
import psutil
import pytest
from distributed import LocalCluster
from tiny import family, kill

from vaelabs.course import CourseError
from vaelabs.grading import Engine


def worker_processes() -> list[psutil.Process]:
    return family(psutil.Process(), "spawn_main")


def test_a_thousand_jobs_are_each_done_once_though_workers_are_killed(tmp_path):
    """Two workers are killed on the way, and one job kills whoever takes it up; the coordinator's memory stays flat."""
    path = str(tmp_path / "done.db")
    with sqlite3.connect(path) as db:
        db.executescript("pragma journal_mode=wal; create table attempts (key); create table results (key primary key)")
    keys = ["poison", *(f"key{n:04}" for n in range(999))]
    finished, memory = [], []

    for done in Engine(workers=2).run(jobs.note, ((key, (path, key)) for key in keys)):
        finished.append(done)
        if len(finished) in (200, 600):
            kill(worker_processes()[0])
        if len(finished) % 200 == 0:
            memory.append(psutil.Process().memory_info().rss)

    with sqlite3.connect(path) as db:
        committed = Counter(key for (key,) in db.execute("select key from results"))
        begun = Counter(key for (key,) in db.execute("select key from attempts"))
    assert sorted(each.key for each in finished) == sorted(keys)
    assert committed == Counter(keys[1:])
    assert sum(begun.values()) < 1010
    faults = {each.key: each for each in finished if each.fault}
    assert set(faults) == {"poison"}
    assert (faults["poison"].fault, faults["poison"].killed) == ("it stopped its worker 4 times", True)
    assert memory[-1] - memory[0] < 30_000_000
    assert not worker_processes()


@pytest.fixture(params=["workers of its own", "a cluster that stands"])
def engine(request) -> Iterator[Engine]:
    if request.param == "workers of its own":
        yield Engine(workers=2)
        return
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL) as cluster:
        yield Engine(scheduler=cluster.scheduler_address)


def test_a_job_that_was_done_before_its_worker_died_is_done(engine):
    """The worker takes along what the job returned, which nobody wants."""
    running = engine.run(jobs.nothing, ((str(n), n) for n in range(40)))
    finished = [next(running)]
    time.sleep(1)  # until the others of the first window are done
    for worker in worker_processes():
        kill(worker)
    time.sleep(0.2)  # until the scheduler has said so, and before it has them done again
    finished += running

    assert len(finished) == 40
    assert {each.fault for each in finished} == {""}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_job_that_fails_is_told_in_one_line(workers):
    """Here and on a worker alike."""
    found = list(Engine(workers).run(jobs.fail, ((str(n), n) for n in range(3))))

    assert {(each.fault, each.killed) for each in found} == {("ValueError: no such number", False)}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://192.0.2.1:8786", "tcp:// lets anybody there run code"),
        ("tls://192.0.2.1:8786", "wants certificates"),
        ("nonsense", "is no address of a scheduler"),
        ("tcp://127.0.0.1:9", "No scheduler answers at tcp://127.0.0.1:9"),
    ],
)
def test_a_scheduler_that_will_not_do_is_one_sentence(address, said, monkeypatch):
    """With the next step, before anything is sent there."""
    monkeypatch.setattr("vaelabs.grading.engine.CONNECTING", 1)

    with pytest.raises(CourseError, match=said):
        list(Engine(scheduler=address).run(jobs.nothing, [("a", 1)]))

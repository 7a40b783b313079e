"""What the engine itself costs: workers that wait instead of computing, and very many jobs that do nothing.

    python benchmarks/engine.py [--workers 1,2,4,8] [--jobs 10000] [--json FILE]

Scaling: each number of workers gets `ROUNDS` jobs a worker that sleep for a second, as a submission would keep it busy,
with the bytes of a submission in each. Efficiency is the time slept in all, over the number of workers times the time
from the first job's begin to the last one's end. Workers that wait need no core of their own, so that it can be told on
a small machine what scheduling costs on a large one; starting the workers is told apart.

Overhead: so many jobs that do nothing, on two workers. Wall time, CPU seconds of the coordinator (its scheduler
included) and its memory, a job; what 100,000 jobs would take is extrapolated from that.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import psutil  # noqa: E402 (after the environment)

from vaelabs.grading import Engine  # noqa: E402

ROUNDS = 20
SECONDS = 1.0
BYTES = 100_000
"""What a job brings along: a notebook with pictures, compressed, and the lab's."""


def sleep(folder: Path, job: tuple[str, bytes]) -> None:
    begin = time.time()
    time.sleep(SECONDS)
    (folder / job[0]).write_text(f"{begin} {time.time()}")


def nothing(job: tuple[str, bytes]) -> None:
    pass


def jobs(count: int) -> Iterator[tuple[str, Any]]:
    for n in range(count):
        yield f"job-{n}", (f"job-{n}", os.urandom(BYTES))


def scaling(workers: int) -> dict[str, float]:
    """Efficiency with so many workers, and seconds until the first job began."""
    with tempfile.TemporaryDirectory(prefix="vaelabs-engine-") as folder:
        asked, count = time.time(), ROUNDS * workers
        finished = sum(not each.fault for each in Engine(workers=workers).run(partial(sleep, Path(folder)), jobs(count)))
        times = [tuple(map(float, path.read_text().split())) for path in Path(folder).iterdir()]
    if finished != count or len(times) != count:
        raise SystemExit(f"{count} jobs, {finished} finished, {len(times)} ran: the figures would mean nothing")
    begin, end = min(t[0] for t in times), max(t[1] for t in times)
    return {
        "workers": workers,
        "jobs": count,
        "start_s": begin - asked,
        "wall_s": end - begin,
        "efficiency": sum(t[1] - t[0] for t in times) / (workers * (end - begin)),
    }


def overhead(count: int) -> dict[str, float]:
    """Wall and CPU seconds of `count` jobs that do nothing, and the coordinator's memory (MB) after a tenth and at the end."""
    me, memory, faults = psutil.Process(), [], 0
    begin = cpu = None
    for n, finished in enumerate(Engine(workers=2).run(nothing, jobs(count))):
        if begin is None:  # the workers stand
            begin, cpu = time.perf_counter(), time.process_time()
        faults += bool(finished.fault)
        if n in (count // 10, count - 1):
            memory.append(me.memory_info().rss / 1e6)
            took, used = time.perf_counter() - begin, time.process_time() - cpu
    return {
        "jobs": count,
        "faults": faults,
        "wall_s": took,
        "coordinator_cpu_s": used,
        "memory_after_a_tenth_mb": memory[0],
        "memory_at_the_end_mb": memory[1],
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--workers", default="1,2,4,8", help="Numbers of workers; empty for the overhead alone.")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found: dict[str, Any] = {"scaling": []}
    print("workers | jobs | start s | wall s | efficiency")
    for workers in (int(each) for each in given.workers.split(",") if each):
        row = scaling(workers)
        found["scaling"].append(row)
        print(f"{workers} | {row['jobs']} | {row['start_s']:.1f} | {row['wall_s']:.1f} | {row['efficiency']:.3f}", flush=True)
    if given.jobs:
        found["overhead"] = row = overhead(given.jobs)
        each = row["wall_s"] / row["jobs"]
        print(
            f"{row['jobs']} jobs that do nothing: {row['wall_s']:.0f} s, {1000 * each:.1f} ms and "
            f"{1000 * row['coordinator_cpu_s'] / row['jobs']:.1f} CPU ms of the coordinator each, {row['faults']} faults; "
            f"its memory {row['memory_after_a_tenth_mb']:.0f} MB after a tenth, {row['memory_at_the_end_mb']:.0f} MB at the end"
        )
        print(f"100,000 would take {100_000 * each / 60:.0f} minutes of waiting for the engine, extrapolated")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

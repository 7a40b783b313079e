"""What the sandbox and the judge cost a submission.

    python benchmarks/isolation.py [--lab vae_2d] [--rounds 5]

The lab's solution is run as a submission in three ways, one after the other in each round: all of it in a plain kernel
(as nbgrader does, hidden tests included), in a plain kernel with the judge, and in the sandbox with the judge. Printed are
seconds on the wall, least and median over the rounds, and their ratios to the plain kernel; the judge's process has
started before. CPU seconds are not told: those of a kernel in a namespace of its own are not seen from outside.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from vaelabs import grading, sandbox  # noqa: E402 (after the environment)
from vaelabs.course import Course, read_notebook  # noqa: E402
from vaelabs.sandbox import Isolation, verdicts  # noqa: E402

WAYS: dict[str, tuple[Callable, Isolation]] = {
    "plain kernel": (sandbox.Execute, Isolation.NONE),
    "judge alone": (grading.Execute, Isolation.NONE),
    "sandbox and judge": (grading.Execute, Isolation.BUBBLEWRAP),
}


def seconds(nb: nbformat.NotebookNode, executor: Callable, isolation: Isolation) -> float:
    """Wall seconds for one submission. Raises RuntimeError when it does not get full marks."""
    execute = executor(isolation=isolation, quick=dict(nb.metadata.vaelabs.quick), kernel_name="python3")
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        done, _ = execute.preprocess(nbformat.from_dict(nb), {"metadata": {"path": scratch}})
    took = time.perf_counter() - begin
    lost = [verdict.explanation() for verdict in verdicts(done) if verdict.points < verdict.max_points]
    if lost:
        raise RuntimeError(f"the solution lost points: {lost[0]}")
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--lab", default="vae_2d")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    nb = read_notebook(Course(Path(__file__).parents[1]).notebook("source", given.lab))
    seconds(nb, *WAYS["sandbox and judge"])  # files read, judge started
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, way in WAYS.items():
            found[name].append(seconds(nb, *way))
    first = next(iter(found.values()))
    print(f"{given.lab}, {given.rounds} rounds; seconds a submission, and ratio to the plain kernel")
    for name, times in found.items():
        least, median = min(times), statistics.median(times)
        ratios = f"{least / min(first):.2f}, {median / statistics.median(first):.2f}"
        print(f"{name:18} least {least:6.2f}, median {median:6.2f}; ratio {ratios}")


if __name__ == "__main__":
    main()

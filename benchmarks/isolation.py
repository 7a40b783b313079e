"""What the sandbox and the judge cost a submission.

    python benchmarks/isolation.py [--lab vae_2d] [--rounds 5]

The lab's solution is run as a submission in three ways, one after the other in each round: all of it in a plain kernel
(as nbgrader does, hidden tests included), in a plain kernel with the judge, and in the sandbox with the judge. Printed are
the seconds of all processes together and those on the wall, least and median over the rounds, and their ratios to the
plain kernel. The judge's process has started before; to end a kernel, a few hundredths of a second, is not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from pathlib import Path

import nbformat

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from vaelabs import grading, sandbox  # noqa: E402 (after the environment)
from vaelabs.course import Course, read_notebook  # noqa: E402
from vaelabs.sandbox import Isolation, verdicts  # noqa: E402
from vaelabs.sandbox.limits import descendants  # noqa: E402

WAYS: dict[str, tuple[type, Isolation]] = {
    "plain kernel": (sandbox.Execute, Isolation.NONE),
    "judge alone": (grading.Execute, Isolation.NONE),
    "sandbox and judge": (grading.Execute, Isolation.BUBBLEWRAP),
}


def processor_seconds() -> float:
    """Of this process and all below it. Those of a kernel are to be read while it lives: nobody waits for it."""
    found = 0.0
    for pid in (os.getpid(), *descendants(os.getpid())):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found += sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
    return found


def seconds(nb: nbformat.NotebookNode, executor: type, isolation: Isolation) -> tuple[float, float]:
    """Processor and wall seconds for one submission. Raises RuntimeError when it does not get full marks."""

    class Counting(executor):
        used = 0.0

        def _cleanup_kernel(self) -> None:
            self.used = processor_seconds()
            super()._cleanup_kernel()

    execute = Counting(isolation=isolation, quick=dict(nb.metadata.vaelabs.quick), kernel_name="python3")
    begin, before = time.perf_counter(), processor_seconds()
    with tempfile.TemporaryDirectory() as scratch:
        done, _ = execute.preprocess(nbformat.from_dict(nb), {"metadata": {"path": scratch}})
    took = time.perf_counter() - begin
    lost = [verdict.explanation() for verdict in verdicts(done) if verdict.points < verdict.max_points]
    if lost:
        raise RuntimeError(f"the solution lost points: {lost[0]}")
    return execute.used - before, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--lab", default="vae_2d")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    nb = read_notebook(Course(Path(__file__).parents[1]).notebook("source", given.lab))
    seconds(nb, *WAYS["sandbox and judge"])  # files read, judge started
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for _ in range(given.rounds):
        for name, way in WAYS.items():
            found[name].append(seconds(nb, *way))
    print(f"{given.lab}, {given.rounds} rounds; seconds a submission, and ratio to the plain kernel")
    for what, times in zip(("processor", "wall"), zip(*(zip(*each) for each in found.values()))):
        for name, each in zip(WAYS, times):
            least, median = min(each), statistics.median(each)
            ratios = f"{least / min(times[0]):.2f}, {median / statistics.median(times[0]):.2f}"
            print(f"{what:9} {name:18} least {least:6.2f}, median {median:6.2f}; ratio {ratios}")


if __name__ == "__main__":
    main()

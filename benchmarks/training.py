"""Seconds per epoch of the labs' way of training, against the way of the notebooks they grew from.

    python benchmarks/training.py [pytorch wide pyro flax flax_mlp band] [--rounds N] [--epochs N] [--steps N]
                                  [--device cpu|gpu] [--dataset mnist|digits] [--json FILE]

Each comparison is one network, trained in several ways; `ways_torch.py` and `ways_flax.py` have them and say what
they are. `band` is no comparison: the time that the lab `vae_mnist` takes to its band (see `band.py`).

What makes it fair: within a comparison the network, its initial weights and its parameters, the images, the
size of the batches, the number of updates, Adam and its learning rate are the same; a row that differs says so.
Each row of each round is a process of its own with one compute thread, seeded with the number of the round, and
the rows of a round run one after the other, so that a noisy machine disturbs all of them. Reading and preparing the
data, starting up and compiling are not in the time; drawing batches and every transform of an item are. CPU seconds
are those of the process (`time.process_time`); on a GPU, where they say little, the ratios are of wall time, and
the clock is read when the device has finished.

An update of the original Flax notebook takes many seconds on a CPU. There `flax` times a few updates (`--steps`),
the same number in each row, and its seconds per epoch are extrapolated from them. XLA has no switch for one thread
that holds in every version, so on a CPU the processes of `flax` and `flax_mlp` are bound to one core, and CPU
seconds beyond those on the wall are reported as a fault.

Losses are -ELBO in nats per test image, with the analytic KL and one draw of z, computed by the same function for
every row: their mean over the rounds and the standard deviation of one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import os
import platform
import statistics
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import band
import torch
import ways_torch
from common import Comparison
from rich.console import Console
from rich.table import Table

try:
    import ways_flax
except ModuleNotFoundError as error:
    if error.name not in ("jax", "flax", "optax"):
        raise
    ways_flax = None  # the other comparisons do without

FLAX = ("flax", "flax_mlp")  # named here too, so that one may be told what is missing
COMPARISONS: dict[str, Comparison] = ways_torch.COMPARISONS | (ways_flax.COMPARISONS if ways_flax else {})
NAMES = (*ways_torch.COMPARISONS, *FLAX)
TO_BAND = "band"
LOSS_TOLERANCE, GRADIENT_TOLERANCE = 1e-6, 1e-5  # relative, of float32 sums in another order
MORE_THAN_ONE_THREAD = 1.05  # CPU seconds per second on the wall


# The measurement.


def in_a_new_process(function: Callable, *args: object, one_core: bool = False) -> Any:
    """What the function gives, with nothing left over from the ways before."""
    with multiprocessing.get_context("spawn").Pool(1, keep_to_one_core if one_core else None) as pool:
        return pool.apply(function, args)


def keep_to_one_core() -> None:
    """XLA starts a thread for each core that it may use; so let it be one, where the system lets us say so."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measured(name: str, way: Callable, chosen: argparse.Namespace, seed: int) -> dict:
    """One run of one way: see `measure` of `ways_torch` or `ways_flax`."""
    of_flax = name in FLAX
    measure = partial(ways_flax.measure, steps=chosen.steps) if of_flax else ways_torch.measure
    return in_a_new_process(
        measure, COMPARISONS[name], way, chosen.dataset, chosen.epochs, chosen.device, seed,
        one_core=of_flax and chosen.device == "cpu")


def summary(comparison: Comparison, runs: dict[str, list[dict]], device: str) -> dict[str, dict]:
    """For each way: least and median seconds of an epoch, ratios to the first way, updates, loss and its scatter.

    Where only a share of an epoch was measured, its seconds are those of the whole in proportion.
    """
    clock = "wall" if device == "gpu" else "cpu"
    ways = comparison.ways[device]
    rows = {}
    for way in ways:
        of_way = runs[way.__name__]
        row = {"pixels": comparison.pixels(way)}
        for kind in ("cpu", "wall"):
            seconds = [epoch / run.get("share", 1) for run in of_way for epoch in run[kind]]
            row[kind] = {"min": min(seconds), "median": statistics.median(seconds)}
        losses = [run["loss"] for run in of_way]
        row["loss"] = {"mean": statistics.mean(losses), "sd": statistics.stdev(losses) if len(losses) > 1 else None}
        [row["updates"]] = {run["updates"] for run in of_way}
        [row["share"]] = {run.get("share", 1) for run in of_way}
        if "compile" in of_way[0]:
            row["compile"] = min(run["compile"][clock] for run in of_way)
        rows[way.__name__] = row
        first = rows[ways[0].__name__]
        row["ratio"] = {kind: first[clock][kind] / row[clock][kind] for kind in ("min", "median")}
    return rows


def checked_layers(dataset: str) -> dict[str, float]:
    """How far the fast layers of `flax` are from the notebook's; an error where that is more than rounding."""
    apart = in_a_new_process(ways_flax.difference_of_layers, dataset, one_core=True)
    if apart["loss"] > LOSS_TOLERANCE or apart["gradients"] > GRADIENT_TOLERANCE:
        raise ArithmeticError(f"the layers of matrices_in_chunks are not those of the notebook: relative {apart}")
    return apart


# What is printed.


def environment(names: list[str], device: str) -> dict[str, str]:
    """Where the figures come from: day, processor and versions."""
    packages = ["torch", "numpy", "pillow", *(["pyro-ppl"] if ways_torch.pyro else [])]
    found = {"date": date.today().isoformat(), "processor": processor(), "python": platform.python_version()}
    if set(FLAX) & set(names):
        packages += ["jax", "jaxlib", "flax", "optax"]
        if device == "gpu":  # asked in a process of its own: JAX keeps the memory of a GPU that it has seen
            found["gpu of JAX"] = in_a_new_process(ways_flax.device_kind, device)
    if device == "gpu":
        found["gpu"] = torch.cuda.get_device_name()
    return found | {package: version(package) for package in packages}


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def table(name: str, rows: dict[str, dict], device: str) -> Table:
    """The summary of one comparison."""
    goal = COMPARISONS[name].goals.get(device)
    first = next(iter(rows.values()))
    title = f"{name}: seconds per epoch, least (median)"
    if first["share"] < 1:
        title += f"; EXTRAPOLATED, {first['share']:.1%} of an epoch was measured"
    if goal:
        title += f"; goal {goal:g} times"
    compiled = "compile" in first
    shown = Table(title=title, title_justify="left")
    shown.add_column("way", no_wrap=True)
    headings = ["pixels", "CPU s", "wall s", "ratio", "updates", "-ELBO, test"]
    for heading in headings + ["compile s"] * compiled:
        shown.add_column(heading, justify="right")
    for way, row in rows.items():
        cells = [f"{row[kind]['min']:.2f} ({row[kind]['median']:.2f})" for kind in ("cpu", "wall", "ratio")]
        scatter = "" if row["loss"]["sd"] is None else f" ± {row['loss']['sd']:.2f}"
        last = [f"{row['compile']:.1f}"] if compiled else []
        shown.add_row(way, row["pixels"], *cells, str(row["updates"]), f"{row['loss']['mean']:.2f}{scatter}", *last)
    return shown


def threads_beyond_one(runs: dict[str, list[dict]]) -> list[str]:
    """The ways in which a process used more CPU than one thread can."""
    return [way for way, of_way in runs.items()
            if any(sum(run["cpu"]) > MORE_THAN_ONE_THREAD * sum(run["wall"]) for run in of_way)]


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line's, checked."""
    summary_line, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=summary_line, epilog=rest.partition("\n\n")[2].partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="comparison",
        help=f"{', '.join(NAMES)} (default: all, and {TO_BAND} on a GPU), {TO_BAND}")
    parser.add_argument("--rounds", type=int, default=6, help="processes for each way (default: 6)")
    parser.add_argument("--epochs", type=int, default=2, help="epochs in each process (default: 2)")
    parser.add_argument(
        "--steps", type=int, metavar="N",
        help="updates in an epoch of flax and flax_mlp, from which the whole is extrapolated "
             "(default: 3 for flax on a CPU, else all)")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="gpu: one that CUDA sees")
    parser.add_argument("--dataset", choices=("mnist", "digits"), default="mnist", help="digits: small, no download")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every epoch's seconds to FILE")
    chosen = parser.parse_args(arguments)
    chosen.names = chosen.names or [*NAMES, *([TO_BAND] if chosen.device == "gpu" else [])]
    if unknown := set(chosen.names) - {*NAMES, TO_BAND}:
        parser.error(
            f"there is no comparison {', '.join(sorted(unknown))}: choose from {', '.join((*NAMES, TO_BAND))}")
    if min(chosen.rounds, chosen.epochs, chosen.steps or 1) < 1 or chosen.steps == 0:
        parser.error("--rounds, --epochs and --steps are at least 1")
    if "pyro" in chosen.names and ways_torch.pyro is None:
        parser.error("Pyro is not installed: pip install -e '.[pyro]', or name the other comparisons")
    if set(FLAX) & set(chosen.names) and ways_flax is None:
        parser.error("JAX and Flax are not installed: pip install -e '.[jax]', or name the other comparisons")
    if chosen.device == "gpu" and not torch.cuda.is_available():
        parser.error("CUDA sees no GPU here")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write what was asked for."""
    chosen = options(arguments)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # two threads on a busy machine take longer than one, and a noisy time
    os.environ.pop("XLA_FLAGS", None)  # such as tests set: a CPU that passes for eight, a compiler in a hurry
    console = Console(width=None if sys.stdout.isatty() else 120)
    results: dict[str, Any] = {"environment": environment(chosen.names, chosen.device)}
    console.print(", ".join(f"{what} {value}" for what, value in results["environment"].items()))
    names = [name for name in chosen.names if name != TO_BAND]
    if names:
        console.print(f"{chosen.dataset}, {chosen.rounds} rounds of {chosen.epochs} epochs, one compute thread, "
                      f"ratios of {'wall' if chosen.device == 'gpu' else 'CPU'} seconds")
    if "flax" in names and chosen.device == "cpu":
        results["layers"] = apart = checked_layers(chosen.dataset)
        console.print("flax: our layers differ from the notebook's, in float32 and relative, by "
                      f"{apart['loss']:.0e} (loss) and {apart['gradients']:.0e} (gradients)")
    if TO_BAND in chosen.names:
        arrival = in_a_new_process(band.train_the_lab, chosen.dataset, chosen.device, {})
        console.print(band.in_words(arrival, chosen.device))
        results["band"] = dataclasses.asdict(arrival)
        written(chosen.json, results)
    ways = [(name, way) for name in names for way in COMPARISONS[name].ways[chosen.device]]
    runs: dict[str, dict[str, list[dict]]] = {name: {} for name in names}
    summaries: dict[str, dict[str, dict]] = {}
    for seed in range(chosen.rounds if ways else 0):
        for n, (name, way) in enumerate(ways, 1):
            with console.status(f"round {seed + 1} of {chosen.rounds}, {n} of {len(ways)}: {name}, {way.__name__}"):
                run = measured(name, way, chosen, seed)
            runs[name].setdefault(way.__name__, []).append(run)
        summaries = {name: summary(COMPARISONS[name], runs[name], chosen.device) for name in names}
        settings = {key: getattr(chosen, key) for key in ("dataset", "epochs", "steps", "device")}
        results |= {"settings": settings | {"rounds": seed + 1}, "comparisons": summaries, "runs": runs}
        written(chosen.json, results)  # after every round, so that a long measurement can be broken off
    for name, rows in summaries.items():
        console.print(table(name, rows, chosen.device))
        if chosen.device == "cpu" and (ways_beyond := threads_beyond_one(runs[name])):
            console.print(f"FAULT: more than one thread computed in {', '.join(ways_beyond)}")


def written(file: Path | None, results: dict[str, Any]) -> None:
    """The results so far, where a file is wanted."""
    if file:
        file.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

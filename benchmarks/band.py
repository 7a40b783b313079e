"""How long the lab `vae_mnist` trains until its test ELBO is in its band. `training.py band` runs it."""

from __future__ import annotations

import os
import runpy
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vaelabs.course import SHOW_TAG, Course, read_notebook
from vaelabs.sandbox import with_profile

ROOT = Path(__file__).parents[1]
LAB = "vae_mnist"
DRAWS = 5  # of z for each test image, as in the lab
GOALS = {"gpu": 5.0}  # seconds


@dataclass(frozen=True)
class Arrival:
    """Epochs, the seconds on the wall that they took, -ELBO in nats per test image, and the lab's band for it."""

    epochs: int
    seconds: float
    loss: float
    band: tuple[float, float]


def train_the_lab(dataset: str, device_name: str, parameters: dict[str, Any]) -> Arrival:
    """The lab's own cells make the networks, train and judge them, as in its solution.

    The seconds are those of the lab's `train`, which also measures the ELBO's terms after every epoch; reading the
    data is not in them, and an epoch before them, of other networks, warms the device up.
    The band belongs to the lab's own parameters and MNIST.
    """
    if device_name == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the lab takes a GPU where it sees one
    lab = names_of_the_lab(parameters | {"dataset": dataset})
    lab["train"](*lab["networks"](), 1)
    encoder, decoder = lab["networks"]()
    start = time.perf_counter()
    lab["train"](encoder, decoder, lab["epochs"], warmup=lab["warmup_epochs"])  # ends with numbers, all is done then
    seconds = time.perf_counter() - start
    with torch.no_grad():
        elbo, _, _ = map(sum, zip(*(lab["measure"](lab["x_test"], encoder, decoder) for _ in range(DRAWS))))
    low, high = runpy.run_path(str(ROOT / "labs" / "shared" / f"bands_{LAB}.py"))["BANDS"]["elbo"]
    return Arrival(lab["epochs"], seconds, -elbo / DRAWS, (-high, -low))


def names_of_the_lab(parameters: dict[str, Any]) -> dict[str, Any]:
    """What the cells of the solution define that are neither for show nor graded."""
    notebook = with_profile(read_notebook(Course(ROOT).notebook("source", LAB)), parameters)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in notebook.cells:
        passed_over = SHOW_TAG in cell.metadata.get("tags", []) or cell.metadata.get("nbgrader", {}).get("grade")
        if cell.cell_type == "code" and not passed_over:
            exec(cell.source, names)
    return names


def in_words(arrival: Arrival, device_name: str) -> str:
    """The result as a sentence."""
    low, high = arrival.band
    inside = "inside" if low <= arrival.loss <= high else "outside"
    goal = f" (goal: less than {GOALS[device_name]:g} s)" if device_name in GOALS else ""
    return (f"band: {LAB}, {arrival.epochs} epochs in {arrival.seconds:.1f} s{goal}; -ELBO {arrival.loss:.2f} nats "
            f"per test image, {inside} the band for MNIST, {low:g} to {high:g}")

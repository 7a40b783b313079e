"""What the ways of training share, whatever they are written in: the images, the clock, the seed of the test."""

from __future__ import annotations

import runpy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).parents[1] / "labs" / "shared"
LEARNING_RATE = 1e-3
DATA_SEED = 0  # of what all rows have in common; a round's seed is for weights, batches and draws


@dataclass(frozen=True)
class Comparison:
    """A network's ways of training, by device (the first is the notebook's), and the ratio hoped for."""

    ways: dict[str, tuple[Callable, ...]]
    goals: dict[str, float]

    def pixels(self, way: Callable) -> str:
        """What the way trains on, in a word."""
        return "grey"


def load_images(dataset: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The labs' `load_images`: grey values (N, 784) and labels (N,) for training, then for testing."""
    helpers = runpy.run_path(str(SHARED / "notebook_helpers.py"))
    images: dict[str, Any] = runpy.run_path(str(SHARED / "images.py"), helpers)
    return images["load_images"](dataset)


def now() -> tuple[float, float]:
    """CPU seconds of this process and seconds on the wall."""
    return time.process_time(), time.perf_counter()

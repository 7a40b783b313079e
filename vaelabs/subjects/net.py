"""Networks as data, so that a check can hand an encoder or a decoder to any framework."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Net:
    """A small fully connected network: `tanh` between layers, none after the last.

    `layers` holds (weight (out, in), bias (out,)) pairs in float64.
    With `heads=2` the output is split in two along the last axis: an encoder's (mu, logvar). With `scales` too,
    the second of them is halved and exponentiated: an encoder's (loc, scale).
    Calling it with an array (..., in) computes it in NumPy; an adapter builds the same in its framework.
    """

    layers: tuple[tuple[Array, Array], ...]
    heads: int = 1
    scales: bool = False

    def __call__(self, x: Array) -> Array | tuple[Array, ...]:
        for n, (weight, bias) in enumerate(self.layers):
            x = x @ weight.T + bias
            if n + 1 < len(self.layers):
                x = np.tanh(x)
        if self.heads == 1:
            return x
        parts = tuple(np.split(x, self.heads, axis=-1))
        return (parts[0], np.exp(parts[1] / 2)) if self.scales else parts

    @classmethod
    def random(
        cls, rng: np.random.Generator, sizes: list[int], heads: int = 1, scale: float = 1.0, scales: bool = False
    ) -> Net:
        """Weights ~ N(0, scale² / in), biases ~ N(0, scale² / 4); `sizes` from input to output."""
        layers = tuple(
            (rng.normal(size=(out, n)) * scale / np.sqrt(n), rng.normal(size=out) * scale / 2)
            for n, out in zip(sizes[:-1], sizes[1:])
        )
        return cls(layers, heads, scales)

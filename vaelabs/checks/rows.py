"""One example at a time: what an answer computes, apart from how it reduces over the batch.

"One number per example" is a property of its own. An answer that sums over the batch still has the right
value for a batch of one, and is judged there for its other properties.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .rubric import Broken, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-5
"""Tolerance in the middle of the range: float32 passes, and a tiny epsilon loses only the extremes."""


STEP = 0.02
"""Of a central difference: its error is of the order of STEP², and float32 still shows the difference."""


def rounding(got: Array) -> float:
    """The tolerance, relative and absolute, that the precision of `got` allows."""
    return 1e-10 if np.asarray(got).dtype == np.float64 else LOOSE


def row_values(subject: Any, *arrays: Array) -> Array:
    """One number per example, (B,): from one call when it gives that, else from a call for each example.

    Arrays with two axes hold a row per example; the others are passed on as they are.
    """
    arrays = tuple(np.asarray(array) for array in arrays)
    size = len(arrays[0])
    got = subject(*arrays)
    if not isinstance(got, tuple) and np.shape(got) == (size,):
        return got
    return np.array([_single(subject(*_row(arrays, n))) for n in range(size)])


def row_gradients(subject: Any, arrays: tuple[Array, ...], cotangent: Array) -> list[Array]:
    """Gradients of sum(cotangent * row_values) with respect to each array, in their order."""
    arrays = tuple(np.asarray(array) for array in arrays)
    got = subject(*arrays)
    if not isinstance(got, tuple) and np.shape(got) == cotangent.shape:
        return subject.vjp(arrays, cotangent)
    parts = []
    for n, weight in enumerate(cotangent):
        row = _row(arrays, n)
        shape = np.shape(_single(subject(*row), keep=True))
        parts.append(subject.vjp(row, np.full(shape, weight)))
    join = {True: np.concatenate, False: lambda each: np.sum(each, axis=0)}
    return [join[array.ndim == 2](each) for array, each in zip(arrays, zip(*parts))]


def expect_own_gradient(values: Callable[..., Array], arrays: tuple[Array, ...], gradients: list, weights: Array) -> None:
    """Raise Broken unless these are the gradients of sum(weights * values(*arrays)): of what is returned, not of another.

    `gradients` has None for an array that is not to be moved. Compared is the slope along one direction with a central
    difference: a gradient written by hand, beside a value that it does not belong to, is told from one that does.
    """
    rng = np.random.default_rng(zlib.crc32(weights.tobytes()))  # no draw of the check's own: others come after it
    arrays = tuple(np.asarray(array) for array in arrays)
    moves = [
        np.zeros(array.shape) if gradient is None else rng.choice((-1.0, 1.0), array.shape) / np.sqrt(array.size)
        for array, gradient in zip(arrays, gradients)
    ]
    ahead, back = (
        np.asarray(values(*((array + sign * STEP * move).astype(array.dtype) for array, move in zip(arrays, moves))), float)
        for sign in (1, -1)
    )
    slope = float(np.sum(weights * (ahead - back)) / (2 * STEP))
    told = sum(float(np.sum(gradient * move)) for gradient, move in zip(gradients, moves) if gradient is not None)
    size = float(np.sum(np.abs(weights) * (np.abs(ahead) + np.abs(back)))) * 1e-7 / STEP  # float32 rounds the values
    if not abs(slope - told) <= 0.02 * (1 + abs(slope)) + 4 * size:
        raise Broken(f"the gradient is not that of the values: along one direction it is {told:.4g}, they rise by {slope:.4g}")


def expect_numbers(got: Array, what: str) -> None:
    """Raise Broken when `got` holds a NaN, which no comparison of the answer with itself can explain."""
    if np.isnan(got).any():
        raise Broken(f"{what} give NaN, which is no number")


def expect_rows(subject: Any, arrays: tuple[Array, ...], order: Array, dimension: str) -> Array:
    """What the answer gives for all rows, (B,); raises Broken unless each is a number and its own row's alone.

    `order` is a permutation of the rows, `dimension` the name of what the last axis counts.
    """
    size = len(arrays[0])
    got = subject(*arrays)
    expect_shape(got, (size,), f"{size} examples")
    expect_numbers(got, f"{size} examples")
    shuffled = subject(*(array[order] for array in arrays))
    expect_close(shuffled, got[order], "the same examples in another order", LOOSE, LOOSE)
    expect_close(subject(*(array[:1] for array in arrays)), got[:1], "a batch of one", LOOSE, LOOSE)
    narrow = subject(*(array[:, :1] for array in arrays))
    expect_shape(narrow, (size,), f"{size} examples with one {dimension}")
    return got


def spot(names: tuple[str, ...], *arrays: Array) -> str:
    """`mu = (0.5, -1), logvar = (0, 0.4)`: one example's inputs, to be typed again by the reader."""
    return ", ".join(f"{name} = {_numbers(array)}" for name, array in zip(names, arrays))


def _row(arrays: tuple[Array, ...], n: int) -> tuple[Array, ...]:
    return tuple(array[n : n + 1] if array.ndim == 2 else array for array in arrays)


def _single(got: Any, keep: bool = False) -> Any:
    if isinstance(got, tuple):
        expect_shape(got, (), "one example")
    if np.size(got) != 1:
        raise Broken(f"one example gives {np.size(got)} numbers, of shape {np.shape(got)}: add up over the last axis")
    return got if keep else np.reshape(got, ())[()]


def _numbers(array: Array) -> str:
    values = [f"{value:g}" for value in np.ravel(array)]
    return values[0] if len(values) == 1 else f"({', '.join(values)})"

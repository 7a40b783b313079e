"""Functions that treat each number by itself: what an answer computes, apart from how it adds up.

"A number for each number" is a property of its own. An answer that adds up is judged for its other properties one
number at a time, where a sum changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vaelabs.subjects import Failure

from .rows import LOOSE, spot
from .rubric import expect_shape

Array = np.ndarray
Seen = tuple[tuple[Array, ...], Array]
"""The arguments of a call and what the answer gave."""

SHAPE = (7, 3)
"""Of nearly everything an answer is asked: JAX compiles anew for each shape. No two axes alike, neither of them 1."""


def each_value(subject: Any, *arrays: Array) -> Array:
    """A number for each number of the arrays, which have one shape: from one call, else number by number."""
    got = subject(*arrays)
    if isinstance(got, tuple):
        expect_shape(got, arrays[0].shape, "the result")
    if np.shape(got) == arrays[0].shape:
        return got
    singles = [subject(*single) for single in _singles(arrays)]
    for single in singles:
        expect_shape(np.ravel(single), (1,), "the result for one number")
    return np.array([np.ravel(single)[0] for single in singles]).reshape(arrays[0].shape)


def each_slope(subject: Any, *arrays: Array) -> Array:
    """The derivative of each value in the first argument's number; from one call, else number by number."""
    ones = np.ones(arrays[0].shape)
    try:
        return subject.vjp(arrays, ones)[0]
    except Failure as failure:
        if failure.kind != "shape":
            raise
    slopes = []
    for single in _singles(arrays):
        shape = np.shape(subject(*single))
        slopes.append(np.sum(subject.vjp(single, np.ones(shape))[0]))
    return np.reshape(slopes, ones.shape)


def form_evidence(
    seen: Sequence[Seen],
    formula: Callable[..., Array],
    right: Callable[..., Array],
    names: tuple[str, ...],
    tolerance: float = LOOSE,
) -> str | None:
    """The student's number and ours, when each call agrees with the formula wherever both give numbers; else None.

    `right` is what the answer should give. None, too, where the formula is right in all these calls.
    """
    evidence, compared = None, 0
    for args, got in seen:
        want, should = formula(*args), right(*args)
        if np.shape(got) != np.shape(want):
            return None
        got, want = np.atleast_1d(got), np.atleast_1d(want)
        known = np.isfinite(got) & np.isfinite(want)
        compared += int(known.sum())
        if not np.allclose(got[known], want[known], rtol=tolerance, atol=tolerance):
            return None
        if evidence is None:
            evidence = _difference(args, got, known, should, names)
    return evidence if compared >= 2 else None


def _difference(args: tuple[Array, ...], got: Array, known: Array, should: Array, names: tuple[str, ...]) -> str | None:
    if np.shape(got) != np.shape(should):
        return f"for {names[0]} of shape {args[0].shape} yours has shape {_shape(got)}, not {np.shape(should)}"
    distance = np.where(known, np.abs(got - should), 0)
    n = np.unravel_index(np.argmax(distance), got.shape)
    if distance[n] <= 10 * LOOSE * (1 + abs(should[n])):
        return None
    at = spot(names, *(arg[n] if np.ndim(arg) else arg for arg in args))
    return f"at {at} yours is {got[n]:.4g}, it is {should[n]:.4g}"


def first_off(
    points: tuple[Array, ...], got: Array, want: Array, tolerance: Array | float, names: tuple[str, ...], what: str
) -> str | None:
    """The first number further from `want` than `tolerance`, in words: where it is, the student's number and ours."""
    off = np.argwhere(~((got == want) | (np.abs(got - want) <= tolerance)))
    if not len(off):
        return None
    n = tuple(off[0])
    at = spot(names, *(np.broadcast_to(each, got.shape)[n] for each in points))
    return f"at {at} {what} is {want[n]:.6g}: yours is {got[n]:.6g}"


def _singles(arrays: tuple[Array, ...]) -> list[tuple[Array, ...]]:
    return [tuple(np.ravel(each)[n].reshape(1, 1) for each in arrays) for n in range(arrays[0].size)]


def _shape(got: Array) -> tuple[int, ...]:
    return () if got.shape == (1,) else got.shape

"""What a pure function of JAX adds to a check: a key in front, 32 bits, compiling and mapping.

The checks are written for functions of arrays. A subject of JAX is put behind the same interface here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from vaelabs.subjects import BFloat16, Failure, Seed

from .rubric import Broken, expect_shape

Array = np.ndarray

TRACER_ERRORS = {
    "ConcretizationTypeError",
    "NonConcreteBooleanIndexError",
    "TracerArrayConversionError",
    "TracerBoolConversionError",
    "TracerIntegerConversionError",
}
"""What JAX raises where code asks for numbers that are not there yet."""


class SinglePrecision:
    """A subject whose arrays arrive in float32, as they do in a JAX that nobody told to compute with 64 bits.

    An answer may name float32 wherever it likes; with 64 bits switched on it would mix the two.
    """

    def __init__(self, subject: Any):
        self.subject = subject

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.subject(*_single(args), **kwargs)

    def vjp(self, args: tuple, cotangents: Any) -> list[Any]:
        return self.subject.vjp(_single(args), cotangents)

    def jit(self) -> SinglePrecision:
        return SinglePrecision(self.subject.jit())

    def vmap(self, in_axes: Any = 0) -> SinglePrecision:
        return SinglePrecision(self.subject.vmap(in_axes))

    def seed(self, n: int) -> None:
        self.subject.seed(n)

    @property
    def mutated(self) -> set[int]:
        return self.subject.mutated

    @property
    def dtypes(self) -> list[str]:
        return self.subject.dtypes


class Keyed:
    """`f(key, ...)` as a function of what follows the key: `seed(n)` chooses the keys, and each call gets the next.

    NumPy's generator is seeded as well, so that an answer with its noise is judged for what it does with it, too.
    """

    def __init__(self, subject: SinglePrecision):
        self.subject, self._seeds = subject, itertools.count()

    def __call__(self, *args: Any) -> Any:
        return self.subject(Seed(next(self._seeds)), *args)

    def vjp(self, args: tuple, cotangents: Any) -> list[Any]:
        return self.subject.vjp((Seed(next(self._seeds)), *args), cotangents)[1:]

    def seed(self, n: int) -> None:
        self.subject.seed(n)
        self.rekey(n)

    def rekey(self, n: int) -> None:
        """The keys that `seed(n)` chooses, and NumPy's generator left where it is."""
        self._seeds = itertools.count(n)

    @property
    def mutated(self) -> set[int]:
        return {n - 1 for n in self.subject.mutated if n}

    @property
    def dtypes(self) -> list[str]:
        return self.subject.dtypes


def _single(args: tuple) -> tuple:
    wide = (isinstance(arg, np.ndarray) and arg.dtype == np.float64 for arg in args)
    return tuple(arg.astype(np.float32) if is_wide else arg for arg, is_wide in zip(args, wide))


@contextmanager
def under(transformation: str) -> Iterator[None]:
    """Let what fails here be told as a fault of the function under this transformation: alone, it has run before."""
    try:
        yield
    except Failure as failure:
        raise Broken(f"under {transformation} {failure}") from failure


def short_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers from -2 to 2 in steps of 1/64, which bfloat16 holds exactly."""
    return (rng.integers(-128, 129, shape) / 64).astype(np.float32)


def expect_single(subject: Any, arrays: tuple[Array, ...], what: str) -> Array:
    """The result for these arrays in bfloat16; raises Broken unless it is one array in float32."""
    got = subject(*(BFloat16(array) for array in arrays))
    if isinstance(got, tuple):
        expect_shape(got, (), what)
    if subject.dtypes != ["float32"]:
        raise Broken(f"{what} is {subject.dtypes[0]} when mu and logvar are bfloat16: compute and return float32")
    return got


def untraceable(failure: Failure) -> bool:
    """Whether the code asked for numbers while JAX was tracing it."""
    return failure.type in TRACER_ERRORS

"""Calls of a student's function as pure functions of arrays, for a test that traces, differentiates or maps them.

Of order 0 is the call itself, from its arrays to those of its result; of order n + 1 the pullback of order n, from its
arguments and the cotangents of its real results to the gradients in its real arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from .codec import Foreign
from .crossing import as_key, foreign, native
from .plain import OPERATIONS, Plain


class Pure:
    """Such functions of the objects that `plain` knows."""

    def __init__(self, plain: Plain):
        self.plain = plain

    def shapes(self, operation: str, number: int, args: tuple, keywords: dict) -> tuple[Any, list[Foreign]]:
        """The result of a call with its arrays left out, and zeros in their stead."""
        tree: list[Any] = []
        given: list[Any] = []
        self.plain.here((args, keywords), lambda each: given.append(native(each, key=False)))
        shapes = jax.eval_shape(self._call(operation, number, args, keywords, tree), *given)
        return tree[-1], [foreign(jax.numpy.zeros(each.shape, each.dtype)) for each in shapes]

    def arrays(self, target: tuple, counts: list[int], given: list[Foreign]) -> list[Foreign | None]:
        """The results of the function of order len(counts); that of order n has counts[n] arguments."""
        function = self._call(*target, [])
        for count in counts:
            function = _pullback(function, count)
        return [foreign(each) for each in function(*map(native, given))]

    def _call(self, operation: str, number: int, args: tuple, keywords: dict, tree: list) -> Callable:
        """The function of order 0; `tree` gets the result without its arrays."""

        def function(*arrays: Any) -> list[Any]:
            left, found = iter(arrays), []
            given, words = self.plain.here((args, keywords), lambda each: as_key(next(left), each))
            result = OPERATIONS[operation](self.plain.known[number], *given, **words)
            tree.append(self.plain.told(result, lambda value: _left_out(value, found)))
            return found

        return function


def _left_out(value: Any, found: list[Any]) -> Foreign | None:
    """The place of an array; it is added to `found`, a key as its numbers."""
    if not isinstance(value, jax.Array):
        return foreign(value)
    is_key = jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)
    found.append(jax.random.key_data(value) if is_key else value)
    return Foreign("j", np.zeros(0), "key" if is_key else "", True)


def _is_real(array: Any) -> bool:
    return jax.numpy.issubdtype(array.dtype, jax.numpy.inexact)


def _pullback(function: Callable, count: int) -> Callable:
    def pulled(*arrays: Any) -> list[Any]:
        given, cotangents = arrays[:count], list(arrays[count:])
        moving = [n for n, each in enumerate(given) if _is_real(each)]

        def results(*parts: Any) -> list[Any]:
            now = dict(zip(moving, parts))
            return [each for each in function(*(now.get(n, each) for n, each in enumerate(given))) if _is_real(each)]

        return list(jax.vjp(results, *(given[n] for n in moving))[1](cotangents))

    return pulled

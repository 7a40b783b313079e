"""JAX in the judge: jit, grad and vmap through the student's code, which is called back for its numbers.

There is no forward mode (jvp, jacfwd): JAX has none for a function with a pullback of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .codec import Foreign, encode
from .crossing import as_key, foreign
from .proxies import Session, StudentError
from .remote import Remote

_SHAPES = 1000  # signatures remembered of one kernel


def is_traced(value: Any) -> bool:
    """Whether there is an array in it that has no numbers yet."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(value))


def run(session: Session, operation: str, target: Remote, args: tuple, keywords: dict[str, Any]) -> Any:
    """`Session.run` with arrays that are being traced. The function must be pure."""
    remotes = [each for each in jax.tree.leaves((target, args, keywords)) if isinstance(each, Remote)]
    tracers: list[Any] = []
    sized = session.sent((args, keywords), lambda value: _place(value, tracers, sized=True))
    empty = session.sent((args, keywords), lambda value: _place(value, [], sized=False))
    tree, shapes = _shapes(session, (operation, target._ref.number, *sized))
    call = _Call(session, (operation, target._ref.number, *empty), remotes)
    results = iter(call.run([], shapes, tracers))
    return session.received(tree, lambda told: as_key(next(results), told))


def _place(value: Any, tracers: list[Any], sized: bool) -> Foreign | None:
    """A tracer by zeros of its shape, or by nothing but its place; it is added to `tracers`, a key as its numbers."""
    if not isinstance(value, jax.core.Tracer):
        return foreign(value)
    is_key = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    value = jax.random.key_data(value) if is_key else value
    tracers.append(value)
    dtype = "bfloat16" if value.dtype == jnp.bfloat16 else ""
    numbers = np.zeros(value.shape if sized else 0, "float32" if dtype else value.dtype)
    return Foreign("j", numbers, "key" if is_key else dtype, True)


def _shapes(session: Session, target: tuple) -> tuple[Any, list[jax.ShapeDtypeStruct]]:
    """The result of a call without its arrays, and their shapes; asked for once for each signature."""
    context = session.context()
    key = hashlib.blake2b(encode((context, *target))).digest()
    if key not in session.shapes:
        match session.ask("pure", context, "shapes", *target):
            case (tree, list(shapes)) if _are_jax(shapes) and _places(session, tree) == len(shapes):
                if len(session.shapes) >= _SHAPES:
                    session.shapes.clear()
                session.shapes[key] = tree, [_struct(each) for each in shapes]
            case _:
                raise StudentError("the shapes of its result mean nothing")
    return session.shapes[key]


def _are_jax(found: list[Any]) -> bool:
    return all(isinstance(each, Foreign) and each.kind == "j" for each in found)


def _places(session: Session, tree: Any) -> int:
    """How many arrays belong into the tree."""
    places: list[Foreign] = []
    session.received(tree, places.append)
    return len(places)


def _struct(told: Foreign) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(told.numbers.shape, jnp.bfloat16 if told.dtype == "bfloat16" else told.numbers.dtype)


class _Call:
    """A call as pure functions of its arrays, as `plain_jax` has them."""

    def __init__(self, session: Session, target: tuple, remotes: list[Remote]):
        self.session, self.target = session, target
        self.remotes = remotes
        """The objects of the call: a compiled function outlives the test's own names for them."""
        self.context = session.context()  # a callback runs in a thread that may have other settings
        self.error: BaseException | None = None

    def run(self, counts: list[int], results: list[jax.ShapeDtypeStruct], arrays: Any) -> list[jax.Array]:
        """The results of the function of order len(counts). Outside of `jit` its exceptions are the student's own."""
        try:
            return self._function(counts, results)(*arrays)
        except jax.errors.JaxRuntimeError:
            if self.error is None:
                raise
            raise self.error from None

    def _function(self, counts: list[int], results: list[jax.ShapeDtypeStruct]) -> Callable:
        def numbers(*arrays: Any) -> list[np.ndarray]:
            try:
                given = [_sent(each) for each in arrays]
                found = self.session.ask("pure", self.context, "arrays", self.target, counts, given)
                if not isinstance(found, list) or len(found) != len(results):
                    raise StudentError("it gave another number of arrays than before")
                return [_checked(each, want) for each, want in zip(found, results)]
            except BaseException as error:
                self.error = error
                raise

        @jax.custom_vjp
        def function(*arrays: jax.Array) -> list[jax.Array]:
            return jax.pure_callback(numbers, results, *arrays, vmap_method="sequential")

        def forward(*arrays: jax.Array) -> tuple[list[jax.Array], tuple]:
            return function(*arrays), arrays

        def backward(arrays: tuple, cotangents: list[jax.Array]) -> tuple:
            arrays = tuple(map(jnp.asarray, arrays))  # a number of Python's own is kept as such
            moving = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in arrays if _is_real(each)]
            used = [each for each, result in zip(cotangents, results) if _is_real(result)]
            found = iter(self.run([*counts, len(arrays)], moving, [*arrays, *used]) if moving and used else [])
            return tuple(next(found, None) if _is_real(each) else None for each in arrays)

        function.defvjp(forward, backward)
        return function


def _is_real(array: Any) -> bool:
    return jnp.issubdtype(array.dtype, jnp.inexact)


def _sent(array: Any) -> Foreign:
    """An array's numbers; nothing of JAX may be called here."""
    numbers = np.asarray(array)
    if numbers.dtype == jnp.bfloat16:
        return Foreign("j", numbers.astype(np.float32), "bfloat16")
    return Foreign("j", numbers)


def _checked(told: Any, want: jax.ShapeDtypeStruct) -> np.ndarray:
    """The numbers of one result, which must be as they were said to be."""
    if not isinstance(told, Foreign) or told.kind != "j" or told.numbers.shape != want.shape:
        raise StudentError(f"it gave something other than an array of the shape {want.shape}")
    numbers = told.numbers.astype(jnp.bfloat16) if told.dtype == "bfloat16" else told.numbers
    if numbers.dtype != want.dtype:
        raise StudentError(f"it gave {numbers.dtype} numbers instead of {want.dtype}")
    return numbers

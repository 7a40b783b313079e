"""The kernel's end of hidden tests with plain asserts: a student's objects used as a test uses them, its end `proxies`.

`Plain.do` gets a method, a `context` and what the method takes. The context says how the judge's process stands, as
far as it differs from what was told before: {"forget": numbers of objects needed no more, "random": states of
generators, "state": (module, name, value) that the test has changed in a network, "leaves": (module, name) of the
parameters in which it may want gradients, "dtype", "grad": PyTorch's default precision and whether gradients are on,
"x64": JAX's precision}.
"""

from __future__ import annotations

import builtins
import copy
import dataclasses
import importlib
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .codec import DTYPES, MAX_KEYS, Foreign, Record, Ref
from .crossing import foreign, framework, native, set_random_states, settings
from .failure import Failure
from .guard import OutOfTime, failure_of, quiet, time_limit

TIME_LIMIT = 30.0  # seconds of computing for one call

_END = object()
OPERATIONS: dict[str, Callable] = {
    "call": lambda target, *args, **keywords: target(*args, **keywords),
    "attribute": getattr,
    "set": setattr,
    "item": operator.getitem,
    "length": len,
    "iterate": iter,
    "next": lambda iterator: (() if (found := next(iterator, _END)) is _END else (found,)),
    "copy": copy.deepcopy,
}


@dataclasses.dataclass
class _Kept:
    """A call of PyTorch whose graph is kept: the leaves that gradients are wanted in, the results that have some."""

    leaves: list[Any]
    results: list[Any]


class Plain:
    """Serves plain calls; objects are told by their number among `known`."""

    def __init__(self, known: dict[int, Any], refer: Callable[[Any], Ref]):
        self.known, self.refer = known, refer
        self._watched: dict[int, Any] = {}
        """The modules that the judge mirrors."""

    def do(self, method: str, context: dict[str, Any], *rest: Any) -> Any:
        """One of `run`, `vjp`, `network` and `pure`. Raises Failure, of the type of the nearest builtin."""
        if method not in ("run", "vjp", "network", "pure"):
            raise Failure("raised", f"there is no {method} of a plain call")
        for number in context.get("forget", ()):
            self.known.pop(number, None)
            self._watched.pop(number, None)
        try:
            with quiet(), settings(context), time_limit(TIME_LIMIT):
                set_random_states(context.get("random", {}))
                return getattr(self, f"_{method}")(context, *rest)
        except Failure:
            raise
        except OutOfTime:
            raise Failure("timeout", f"it took longer than {TIME_LIMIT:g} seconds", type="TimeoutError") from None
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: they are the student's here
            failure = failure_of(error)
            failure.type = next(kind.__name__ for kind in type(error).__mro__ if vars(builtins).get(kind.__name__) is kind)
            raise failure from error

    def told(self, value: Any, array: Callable[[Any], Any] | None = None) -> Any:
        """The value as the wire has it: data as data, the rest as a Ref; `array` replaces `foreign` for its arrays."""
        kind = type(value)
        if value is None or value is ... or kind in (bool, int, float, str):
            return value
        if kind is complex:
            return np.complex128(value)
        if framework(value) and (found := (array or foreign)(value)) is not None:
            return found
        if _is_record(value):
            return self._record(value, array)
        if isinstance(value, list) or (isinstance(value, tuple) and not hasattr(kind, "_fields")):
            return (tuple if isinstance(value, tuple) else list)(self.told(each, array) for each in value)
        if isinstance(value, dict) and len(value) <= MAX_KEYS and all(map(_is_key, value)):
            return {key: self.told(each, array) for key, each in value.items()}
        if kind in (set, frozenset) and len(value) <= MAX_KEYS and all(map(_is_key, value)):
            return set(value)
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in DTYPES:
            return value
        return self.refer(value)

    def _record(self, value: Any, array: Callable[[Any], Any] | None) -> Record:
        form = "namedtuple" if isinstance(value, tuple) else "dataclass"
        names = value._fields if form == "namedtuple" else tuple(field.name for field in dataclasses.fields(value))
        made = self.refer(type(value))
        values = (self.told(getattr(value, name), array) for name in names)
        return Record(Ref(made.number, form, made.name), names, tuple(values))

    def here(self, value: Any, leaf: Callable[[Foreign], Any]) -> Any:
        """What the judge tells of, as it is here; `leaf` makes the arrays in which there are gradients."""
        if isinstance(value, Foreign):
            return leaf(value) if value.differentiable else native(value)
        if isinstance(value, Ref):
            return _public(value.name) if value.kind == "named" else self.known[value.number]
        if isinstance(value, Record):
            made, values = self.known[value.made.number], [self.here(each, leaf) for each in value.values]
            return made(*values) if value.made.kind == "namedtuple" else made(**dict(zip(value.names, values)))
        if isinstance(value, (tuple, list)):
            return type(value)(self.here(each, leaf) for each in value)
        if isinstance(value, dict):
            return {key: self.here(each, leaf) for key, each in value.items()}
        return value

    def _run(self, context: dict, operation: str, number: int, args: tuple, keywords: dict) -> tuple:
        """An operation's result, a Ref to its graph if gradients can be asked for, what has changed in networks."""
        for module, name, value in context.get("state", ()):
            _put(self.known[module], name, value)
        leaves: list[Any] = []
        args, keywords = self.here((args, keywords), lambda each: _added(native(each), leaves))
        leaves += [_tensors(self.known[module])[name].requires_grad_() for module, name in context.get("leaves", ())]
        before = self._state(copied=True)
        result = OPERATIONS[operation](self.known[number], *args, **keywords)
        results: list[Any] = []
        told = self.told(result, lambda value: _noted(value, results))
        kept = self.refer(_Kept(leaves, results)) if leaves and results else None
        now = self._state(copied=False)
        changes = [
            (*where, foreign(value) if framework(value) else value)
            for where, value in now.items()
            if where in before and not _same(before[where], value)
        ]
        return told, kept, changes

    def _vjp(self, context: dict, number: int, cotangents: list, deep: bool) -> tuple:
        """Gradients of a kept call in its leaves (None where there is none), and a Ref to their own graph if `deep`."""
        import torch

        kept, further = self.known[number], []
        given = self.here(cotangents, lambda each: _added(native(each), further))
        used = [(result, each) for result, each in zip(kept.results, given) if each is not None]
        with torch.set_grad_enabled(deep):
            found = torch.autograd.grad(
                [result for result, _ in used], kept.leaves, [each for _, each in used],
                allow_unused=True, retain_graph=True, create_graph=deep,
            )  # fmt: skip
        results: list[Any] = []
        told = [self.told(each, lambda value: _noted(value, results)) for each in found]
        return told, self.refer(_Kept(kept.leaves + further, results)) if deep and results else None

    def _network(self, context: dict, number: int) -> list:
        """All modules of a network: (path, Ref, class in torch.nn, training, (name, number, value, trainable, kind)...)."""
        import torch

        told = []
        for path, module in self.known[number].named_modules():
            ref = self.refer(module)
            self._watched[ref.number] = module
            base = next(kind.__name__ for kind in type(module).__mro__ if getattr(torch.nn, kind.__name__, None) is kind)
            parts = []
            for name, tensor in _tensors(module).items():
                kind = "parameter" if name in module._parameters else "buffer"
                kind = "hidden" if name in module._non_persistent_buffers_set else kind
                parts.append((name, self.refer(tensor).number, foreign(tensor), tensor.requires_grad, kind))
            told.append((path, ref, base, module.training, parts))
        return told

    def _pure(self, context: dict, method: str, *rest: Any) -> Any:
        """`shapes` or `arrays` of `plain_jax.Pure`."""
        from . import plain_jax

        return getattr(plain_jax.Pure(self), method)(*rest)

    def _state(self, copied: bool) -> dict[tuple[int, str], Any]:
        state: dict[tuple[int, str], Any] = {}
        for number, module in self._watched.items():
            state[number, "training"] = module.training
            for name, tensor in _tensors(module).items():
                state[number, name] = tensor.detach().clone() if copied else tensor.detach()
        return state


def _added(value: Any, values: list[Any]) -> Any:
    values.append(value)
    return value


def _noted(value: Any, results: list[Any]) -> Foreign | None:
    """`foreign`, and a note of a tensor that has gradients."""
    found = foreign(value)
    if found is None or found.kind != "t" or not value.requires_grad:
        return found
    results.append(value)
    return dataclasses.replace(found, differentiable=True)


def _public(name: str) -> Any:
    """What a library calls by this name, "module:name"."""
    module, _, name = name.partition(":")
    return operator.attrgetter(name)(importlib.import_module(module))


def _is_key(value: Any) -> bool:
    return type(value) in (str, int, float, bool, type(None)) or (type(value) is tuple and all(map(_is_key, value)))


def _is_record(value: Any) -> bool:
    """Whether it is a named tuple or of a dataclass, and nothing more: one with methods stays here, with these."""
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        if not all(field.init for field in dataclasses.fields(kind)):
            return False
    elif not (isinstance(value, tuple) and hasattr(kind, "_fields")):
        return False
    own = {name: each for base in kind.__mro__ if base not in (object, tuple) for name, each in vars(base).items()}
    return not any(
        callable(each) or isinstance(each, (property, classmethod, staticmethod))
        for name, each in own.items()
        if not name.startswith("_")
    )


def _tensors(module: Any) -> dict[str, Any]:
    return {name: each for name, each in {**module._parameters, **module._buffers}.items() if each is not None}


def _put(module: Any, name: str, value: Any) -> None:
    """Give a module what the judge's mirror of it has; the tensors stay the same objects, known to optimisers."""
    if name == "training":
        module.training = value
        return
    tensor, new = _tensors(module)[name], native(value)
    if tensor.shape == new.shape and tensor.dtype == new.dtype:
        tensor.data.copy_(new)
    else:
        tensor.data = new


def _same(before: Any, now: Any) -> bool:
    if isinstance(now, bool):
        return before is now
    if before.dtype != now.dtype or before.shape != now.shape:
        return False
    return bool(((before == now) | ((before != before) & (now != now))).all())

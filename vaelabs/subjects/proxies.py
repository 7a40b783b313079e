"""The judge's end of hidden tests with plain asserts: what is in the student's kernel, used as if it were here.

A test calls a `Remote`, takes its attributes and items, differentiates through it. What it gives is data that was
parsed and checked, or another `Remote`; its exceptions are exceptions here. The frameworks' own ways are in
`proxies_torch` and `proxies_jax`, which are imported when there is something of theirs.
"""

from __future__ import annotations

import builtins
import collections
import dataclasses
import itertools
import keyword
import operator
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from .codec import DTYPES, Foreign, Record, Ref, Unsendable
from .crossing import Draws, foreign, framework, generator, native as here
from .failure import Failure
from .remote import Kernel, Remote, RemoteInstance, RemoteSubject

MAX_ITEMS = 100_000  # of one iteration: a student's generator may have no end
LIBRARIES = ("builtins", "math", "operator", "numpy", "scipy", "torch", "jax", "flax", "optax")
"""Their functions and classes are told by name; the kernel has them, too."""
FRONT_DOORS = ("torch", "torch.nn.functional", "numpy", "jax.numpy")


class CannotJudge(TypeError):
    """The hidden test asks what cannot be asked from outside of the student's kernel: for its author, not the student."""

    def __init__(self, what: str):
        super().__init__(f"{what}; move this test to vaelabs.checks or tag its cell `in-kernel`")


class StudentError(RuntimeError):
    """An exception of the student's code that is none of Python's own, or an answer that cannot be."""


class Session:
    """What is known of one kernel: the objects that the judge holds, the networks that it mirrors."""

    def __init__(self, kernel: Kernel):
        self.kernel = kernel
        self.mirrors: Any = None
        """The networks, once there is one."""
        self.shapes: dict[bytes, Any] = {}
        """Of results of functions of JAX, by the call."""
        self._draws = Draws()
        self._held: weakref.WeakValueDictionary[int, Remote] = weakref.WeakValueDictionary()
        self._forgotten: list[int] = []
        self._made: dict[type, Ref] = {}
        self._classes: dict[tuple, type] = {}

    def run(self, operation: str, target: Remote, args: tuple = (), keywords: dict[str, Any] | None = None) -> Any:
        """An operation of `plain.OPERATIONS` on the object, with gradients through it.

        Raises what the student's code raises, and CannotJudge for an argument that cannot be sent.
        """
        request = (operation, target._ref.number)
        if "jax" in sys.modules:
            from . import proxies_jax

            if proxies_jax.is_traced((args, keywords)):
                return proxies_jax.run(self, operation, target, args, keywords or {})
        leaves: list[Any] = []
        given = self.sent((args, keywords or {}), lambda value: _sent_array(value, leaves))
        context = self.context() | {"random": self._draws.touched()}
        if self.mirrors is not None:
            leaves += self.mirrors.bring(context)
        match self.ask("run", context, *request, *given):
            case (result, kept, list(changes)) if kept is None or isinstance(kept, Ref):
                if self.mirrors is not None:
                    self.mirrors.take(changes)
                return self._result(result, kept, leaves)
        raise StudentError("the answer to the call means nothing")

    def attribute(self, target: Remote, name: str) -> Any:
        """An attribute; names of Python's own are asked for by libraries and are never the student's."""
        if name == "__signature__" or (name == "__wrapped__" and _asks_for_source()):
            self.refuse(target, "inspect")
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{target!r} has no {name} here")
        if target._ref.kind == "module":
            raise CannotJudge(f"the hidden test uses the module `{target._ref.name}` without importing it")
        return self.run("attribute", target, (name,))

    def iterate(self, target: Remote) -> Iterator[Any]:
        """The items, each asked for when it is needed. Raises StudentError after MAX_ITEMS."""
        iterator = self.run("iterate", target)
        for _ in range(MAX_ITEMS):
            found = self.run("next", iterator)
            if found == ():
                return
            yield _only(found)
        raise StudentError(f"it gives more than {MAX_ITEMS:,} items")

    def refuse(self, target: Remote, how: str) -> NoReturn:
        """What is asked of an object's making, only its maker could tell."""
        raise CannotJudge(f"{how} cannot be asked of {target!r}: its code is there, not here")

    def ask(self, method: str, context: dict[str, Any], *rest: Any) -> Any:
        """What the kernel answers to a method of `plain.Plain`, as it came."""
        forget, self._forgotten = self._forgotten, []
        try:
            return self.kernel.plain(method, {**context, "forget": forget}, *rest)
        except Failure as failure:
            raise _exception(failure) from None
        except Unsendable as error:
            raise CannotJudge(str(error)) from None

    def received(self, value: Any, array: Callable[[Foreign], Any] | None = None) -> Any:
        """What came, as a test uses it; `array` makes the arrays that are said to have gradients. Raises StudentError."""
        kind = type(value)
        if value is None or value is ... or kind in (bool, int, float, str) or isinstance(value, (np.ndarray, np.generic)):
            return value
        if kind in (tuple, list, set):
            return kind(self.received(each, array) for each in value)
        if kind is dict:
            return {key: self.received(each, array) for key, each in value.items()}
        if kind is Foreign and value.dtype != "generator":
            if array is not None and value.differentiable:
                return array(value)
            try:
                return here(dataclasses.replace(value, differentiable=False))
            except ValueError as error:
                raise StudentError(f"it gave an array that cannot be: {error}") from None
        if kind is Ref:
            return self._bound(value)
        if kind is Record:
            values = (self.received(each, array) for each in value.values)
            return self._class(value.made, value.names)(*values)
        raise StudentError(f"it gave a {kind.__name__}, which no student's function gives")

    def sent(self, value: Any, array: Callable[[Any], Foreign | None]) -> Any:
        """What the test gives, as the wire has it. Raises CannotJudge."""
        kind = type(value)
        if value is None or value is ... or kind in (bool, int, float, str):
            return value
        if kind is complex:
            return np.complex128(value)
        if framework(value) and (found := array(value)) is not None:
            return found
        if issubclass(kind, Remote):
            return Ref(value._ref.number)
        if kind in self._made:
            names = tuple(field.name for field in dataclasses.fields(value)) if kind.__base__ is object else value._fields
            return Record(self._made[kind], names, tuple(self.sent(getattr(value, name), array) for name in names))
        if isinstance(value, (tuple, list)) and not hasattr(kind, "_fields"):
            return (tuple if isinstance(value, tuple) else list)(self.sent(each, array) for each in value)
        if isinstance(value, dict):
            return {key: self.sent(each, array) for key, each in value.items()}
        if kind in (set, frozenset):
            return set(value)
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in DTYPES:
            return value
        if (found := generator(value)) is not None:
            return found
        if name := _public(value):
            return Ref(0, "named", name)
        shown = getattr(value, "__name__", None) or f"a {kind.__name__}"
        raise CannotJudge(f"`{shown}` lives in the hidden test and cannot be given to the student's code")

    def context(self) -> dict[str, Any]:
        """How the frameworks are set here, for `plain.Plain`."""
        context: dict[str, Any] = {}
        if torch := sys.modules.get("torch"):
            context["grad"] = torch.is_grad_enabled()
            if torch.get_default_dtype() != torch.float32:
                context["dtype"] = str(torch.get_default_dtype()).removeprefix("torch.")
        if jax := sys.modules.get("jax"):
            context["x64"] = bool(jax.config.jax_enable_x64)
        return context

    def _result(self, result: Any, kept: Ref | None, leaves: list[Any]) -> Any:
        if kept is None:
            return self.received(result, _unattached)
        from . import proxies_torch

        return proxies_torch.with_gradients(self, result, self.handle(kept), leaves)

    def handle(self, kept: Ref) -> Handle:
        """The number of something in the kernel, which is forgotten there when the handle goes."""
        return self.finally_forgotten(Handle(kept.number), kept.number)

    def finally_forgotten(self, holder: Any, number: int) -> Any:
        """The holder; once it is gone, what has this number in the kernel is forgotten there."""
        weakref.finalize(holder, self._forgotten_now, number).atexit = False
        return holder

    def _forgotten_now(self, number: int) -> None:
        self._forgotten.append(number)

    def _bound(self, ref: Ref) -> Any:
        """The object of this number, the same one as long as there is one."""
        held = self._held.get(ref.number)
        if held is not None:
            return held
        self._forgotten = [number for number in self._forgotten if number != ref.number]
        if ref.kind == "network":
            from . import proxies_torch

            self.mirrors = self.mirrors or proxies_torch.Mirrors(self)
            held = self.mirrors.network(ref)
        elif ref.kind in ("subject", "instance"):
            return {"subject": RemoteSubject, "instance": RemoteInstance}[ref.kind](self.kernel, ref.number)
        else:
            held = self.finally_forgotten(Remote(self.kernel, ref), ref.number)
        self._held[ref.number] = held
        return held

    def _class(self, made: Ref, names: tuple[str, ...]) -> type:
        """Our own named tuple or dataclass with these fields."""
        key = (made.number, made.kind, names)
        if key not in self._classes:
            if not all(name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name) for name in names):
                raise StudentError("it gave an object with fields that cannot be")
            name = made.name if made.name.isidentifier() and not keyword.iskeyword(made.name) else "Record"
            if made.kind == "namedtuple":
                found: type = collections.namedtuple(name, names)
            else:
                found = dataclasses.make_dataclass(name, names)
                if "jax" in sys.modules:
                    sys.modules["jax"].tree_util.register_dataclass(found, list(names), [])
            self._classes[key], self._made[found] = found, made
        return self._classes[key]


class Handle:
    """Holds something in the kernel by its number."""

    def __init__(self, number: int):
        self.number = number


def _unattached(told: Foreign) -> Any:
    """A tensor that has gradients in the kernel, and none in anything that is here."""
    from . import proxies_torch

    return proxies_torch.tensor(told).requires_grad_()


def _only(found: Any) -> Any:
    match found:
        case (item,):
            return item
    raise StudentError("its iteration gave what means nothing")


def _sent_array(value: Any, leaves: list[Any]) -> Foreign | None:
    """An array of a framework; a tensor in which there are gradients is added to `leaves`."""
    if framework(value) == "j":
        return foreign(value)
    torch = sys.modules["torch"]
    if torch._C._functorch.is_functorch_wrapped_tensor(value):
        raise CannotJudge("torch.func and torch.vmap cannot trace the student's code")
    differentiable = value.requires_grad and torch.is_grad_enabled()
    if differentiable:
        leaves.append(value)
    return foreign(value, differentiable)


def _public(value: Any) -> str | None:
    """The name "module:name" of a function, class or dtype of a library; None for anything else."""
    if isinstance(value, np.dtype):
        value = value.type
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.dtype):
        return str(value).replace(".", ":")
    if not callable(value):
        return None
    names = {getattr(value, "__qualname__", None), getattr(value, "__name__", None)} - {None}
    for module, name in itertools.product((getattr(value, "__module__", None), *FRONT_DOORS), names):
        if isinstance(module, str) and module.partition(".")[0] in LIBRARIES and module in sys.modules:
            try:
                if operator.attrgetter(name)(sys.modules[module]) is value:
                    return f"{module}:{name}"
            except (AttributeError, TypeError):
                pass
    return None


def _exception(failure: Failure) -> Exception:
    """The student's exception as one of Python's own by its name, else a StudentError; where, is in a note."""
    kind = getattr(builtins, failure.type, None)
    text = failure.message.removeprefix("it raised ").partition(": ")[2] if failure.kind == "raised" else failure.message
    if failure.kind == "unanswered":
        kind = NotImplementedError
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind, text = StudentError, failure.message
    try:
        error = kind(text)
    except TypeError:  # UnicodeDecodeError and its like want more than a text
        error = StudentError(failure.message)
    if failure.line:
        error.add_note(f"at the line `{failure.line}`")
    return error


def _asks_for_source() -> bool:
    """Whether `inspect.getsource` is among the callers; others ask for `__wrapped__` in passing."""
    frame, names = sys._getframe(2), []
    for _ in range(5):
        if frame is None:
            break
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return "getsourcelines" in names

"""The judge's end of the wire: a student's function that stays in the student's kernel, as a subject.

Everything that comes back is a claim of student code: numbers are checked for being numbers, and nothing is evaluated.
"""

from __future__ import annotations

import functools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .codec import ProtocolError, Ref, encode, receive, send
from .failure import Failure
from .functional import Leaf
from .net import Net
from .stand_in import StandIn
from .trace import Trace

if TYPE_CHECKING:
    from .proxies import Session

KINDS_OF_FAILURE = ("unanswered", "raised", "timeout", "not_numbers", "shape")


class KernelLost(BaseException):
    """The kernel does not answer any more; `late` when it only took too long.

    Not an Exception, so that no check takes it for its own fault or for one of the answer.
    """

    def __init__(self, message: str, late: bool = False):
        super().__init__(message)
        self.late = late


class Kernel:
    """The connection to one agent. After `seconds` no answer is waited for any more."""

    def __init__(self, connection: socket.socket, seconds: float):
        self.connection, self._deadline = connection, time.monotonic() + seconds
        self.lost: KernelLost | None = None
        """Why there is no answer any more. A library may have swallowed the exception: look here, too."""
        self.heard: Callable[[tuple, tuple], None] | None = None
        """Called with each question and its answer, as they crossed."""
        self._asking = threading.Lock()  # JAX calls back from threads of its own

    @functools.cached_property
    def session(self) -> Session:
        """What hidden tests with plain asserts have to do with this kernel."""
        from .proxies import Session

        return Session(self)

    def look(self, name: str) -> Any:
        """What the kernel holds under this name: data, or a Remote. Raises KeyError when there is nothing."""
        kind, *rest = self._ask("look", name)
        if kind == "missing":
            raise KeyError(name)
        return self.session.received(rest[0])

    def plain(self, method: str, *args: Any) -> Any:
        """What `plain.Plain` answers, as it came."""
        _, value, *_ = self._ask("do", 0, method, args, {})
        return value

    def do(self, number: int, method: str, *args: Any, **keywords: Any) -> tuple[Any, tuple]:
        """What a call gives, and the notes on it."""
        _, value, notes = self._ask("do", number, method, args, keywords)
        return self.owned(value), notes

    def subject(self, number: int, framework: str, time_limit: float | None) -> RemoteSubject:
        _, ref, _ = self._ask("subject", number, framework, time_limit)
        if not isinstance(ref, Ref):
            raise KernelLost("the kernel's agent gave no subject")
        return RemoteSubject(self, ref.number)

    def close(self) -> None:
        """Let the agent go."""
        try:
            send(self.connection, encode(("bye",)), 1.0)
        except ProtocolError:
            pass
        self.lost = KernelLost("the line to the student's kernel is closed")
        self.connection.close()

    def owned(self, value: Any) -> Any:
        """The value with its references bound to this kernel."""
        if isinstance(value, Ref):
            bound = {"subject": RemoteSubject, "instance": RemoteInstance}.get(value.kind)
            return bound(self, value.number) if bound else Remote(self, value)
        if isinstance(value, (tuple, list)):
            return type(value)(map(self.owned, value))
        if isinstance(value, dict):
            return {key: self.owned(each) for key, each in value.items()}
        return value

    def _ask(self, *request: Any) -> tuple:
        frame = encode(request)
        with self._asking:
            if self.lost:
                raise self.lost
            try:
                send(self.connection, frame, self._left())
                answer = receive(self.connection, self._left())
            except TimeoutError:
                self._lose("the student's code did not come back in time", late=True)
            except ProtocolError as error:
                self._lose(f"the line to the student's kernel broke: {error}")
        match answer:
            case ("value", _, tuple()) | ("missing",):
                if self.heard:
                    self.heard(request, answer)
                return answer
            case ("failure", str(kind), str(message), str(name), str(line)) if kind in KINDS_OF_FAILURE:
                if self.heard:
                    self.heard(request, answer)
                raise Failure(kind, message, type=name, line=line)
        self._lose("the kernel's agent gave an answer that means nothing")

    def _lose(self, message: str, late: bool = False) -> NoReturn:
        """No question after this one: an answer still under way would be taken for its own."""
        self.lost = KernelLost(message, late)
        raise self.lost from None

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            self._lose("the student's code did not come back in time", late=True)
        return left


class Remote:
    """Something in the student's kernel that is no data: a function, a class, an object.

    `as_subject` makes a subject of it; a hidden test with plain asserts uses it as if it were here, see `proxies`.
    """

    def __init__(self, kernel: Kernel, ref: Ref):
        self._kernel, self._ref = kernel, ref

    def as_subject(self, framework: str, time_limit: float | None) -> RemoteSubject:
        return self._kernel.subject(self._ref.number, framework, time_limit)

    def __repr__(self) -> str:
        return f"<{self._ref.kind} {self._ref.name} in the student's kernel>"

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._kernel.session.run("call", self, args, keywords)

    def __getattr__(self, name: str) -> Any:
        if name in ("_kernel", "_ref"):  # a copy that is being made has none yet
            raise AttributeError(name)
        return self._kernel.session.attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "training":
            object.__setattr__(self, name, value)
        else:
            self._kernel.session.run("set", self, (name, value))

    def __getitem__(self, key: Any) -> Any:
        return self._kernel.session.run("item", self, (key,))

    def __len__(self) -> int:
        return _checked(self._kernel.session.run("length", self), int)

    def __iter__(self) -> Iterator[Any]:
        return self._kernel.session.iterate(self)

    def __deepcopy__(self, memo: dict) -> Any:
        return self._kernel.session.run("copy", self)

    def __eq__(self, other: object) -> bool:
        if callable(other):  # caches of functions ask this of their keys; which is which, is decided here
            return self is other
        self._refuse_comparison()

    def __lt__(self, other: object) -> bool:
        self._refuse_comparison()

    __le__ = __gt__ = __ge__ = __lt__
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        self._refuse_comparison()

    def _refuse_comparison(self) -> NoReturn:
        raise TypeError(f"{self!r} can be neither compared nor tested for truth: compare numbers that it gives")

    def __array__(self, *args: Any, **keywords: Any) -> np.ndarray:
        raise TypeError(f"{self!r} is no array")

    def __instancecheck__(self, instance: Any) -> bool:
        return self._kernel.session.refuse(self, "isinstance")


class _Asking:
    """What subjects and objects have in common: a number in a kernel."""

    def __init__(self, kernel: Kernel, number: int):
        self._kernel, self._number = kernel, number
        self.mutated: set[int] = set()
        self.dtypes: list[str] = []
        self.traces = 0

    def _do(self, method: str, *args: Any, **keywords: Any) -> Any:
        value, notes = self._kernel.do(self._number, method, *args, **keywords)
        match notes:
            case (list(mutated), list(dtypes), int(traces)) if _all(int, mutated) and _all(str, dtypes):
                self.mutated, self.dtypes, self.traces = set(mutated), dtypes, traces
        return value

    def _subject(self, method: str, *args: Any) -> RemoteSubject:
        return _checked(self._do(method, *args), RemoteSubject)

    def _gradients(self, method: str, *args: Any, **keywords: Any) -> dict[str, np.ndarray]:
        return _arrays_by_name(self._do(method, *args, **keywords))


class RemoteSubject(_Asking):
    """`LocalSubject`, whose function is in the student's kernel: the same methods, with the same meaning."""

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return _numbers(self._do("__call__", *args, **keywords))

    def tree(self, *args: Any, **keywords: Any) -> dict[str, Leaf]:
        found = _checked(self._do("tree", *args, **keywords), dict)
        if not _all(str, found) or not _all(Leaf, found.values()):
            raise Failure("not_numbers", "it returned no arrays")
        return found

    def record(self, where: int | str) -> list[Any]:
        return _checked(self._do("record", where), list)

    def vjp(self, args: tuple, cotangents: Any, **keywords: Any) -> list[Any]:
        found = _checked(self._do("vjp", args, cotangents, **keywords), list)
        if len(found) != len(args):
            raise Failure("not_numbers", "it has not one gradient for each argument")
        return [_gradient(arg, each) for arg, each in zip(args, found)]

    def jit(self, static: tuple[str | int, ...] = ()) -> RemoteSubject:
        return self._subject("jit", static)

    def vmap(self, in_axes: int | None | tuple[int | None, ...] = 0) -> RemoteSubject:
        return self._subject("vmap", in_axes)

    def device_count(self) -> int:
        return _checked(self._do("device_count"), int)

    def seed(self, n: int) -> None:
        self._do("seed", n)

    def construct(self, *args: Any, **keywords: Any) -> RemoteInstance:
        return _checked(self._do("construct", *args, **keywords), RemoteInstance)


class RemoteInstance(_Asking):
    """`LocalInstance`, whose object is in the student's kernel."""

    def method(self, name: str) -> RemoteSubject:
        return self._subject("method", name)

    def attribute(self, name: str) -> Any:
        return _numbers(self._do("attribute", name))

    def parameters(self) -> dict[str, np.ndarray]:
        return self._gradients("parameters")

    def parameter_gradients(self, name: str, args: tuple, cotangents: Any) -> dict[str, np.ndarray]:
        return self._gradients("parameter_gradients", name, args, cotangents)

    def trace(self, method: str, *args: Any, given: dict[str, np.ndarray] | None = None) -> Trace:
        return _checked(self._do("trace", method, *args, given=given), Trace)

    def trace_gradients(
        self,
        method: str,
        args: tuple,
        site: str,
        part: str,
        cotangent: np.ndarray,
        given: dict[str, np.ndarray] | None = None,
    ) -> dict[str, np.ndarray]:
        return self._gradients("trace_gradients", method, args, site, part, cotangent, given=given)


def _all(kind: type, values: Any) -> bool:
    return all(isinstance(each, kind) for each in values)


def _checked(value: Any, kind: type) -> Any:
    """The value, which must be of this kind: an agent of ours gives no other."""
    if not isinstance(value, kind):
        raise Failure("not_numbers", f"it gave a {type(value).__name__} where a {kind.__name__} was expected")
    return value


def _is_real(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiu"


def _numbers(value: Any) -> Any:
    """An array of real numbers, or a tuple of such."""
    if isinstance(value, tuple):
        return tuple(map(_numbers, value))
    if not _is_real(value):
        raise Failure("not_numbers", "it returned something other than real numbers")
    return value


def _gradient(arg: Any, found: Any) -> Any:
    """The gradient in one argument: arrays where there is one, for a Net or a StandIn a list of them."""
    if isinstance(arg, (Net, StandIn)):
        right = isinstance(found, list) and all(map(_is_real, found))
    else:
        right = found is None or _is_real(found)
    if not right:
        raise Failure("not_numbers", "its gradient is something other than real numbers")
    return found


def _arrays_by_name(value: Any) -> dict[str, np.ndarray]:
    if not isinstance(value, dict) or not _all(str, value) or not all(map(_is_real, value.values())):
        raise Failure("not_numbers", "it gave something other than arrays by name")
    return value

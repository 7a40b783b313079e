"""The subject whose function lives in this process (a plain `nbgrader autograde`, tests, builds)."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from .failure import Failure
from .functional import Leaf
from .guard import OutOfTime, failure_of, quiet, time_limit
from .net import Net
from .remote import Remote, RemoteSubject
from .stand_in import StandIn
from .trace import Trace

TIME_LIMIT = 10.0  # seconds of computing for one call, unless the adapter says otherwise; milliseconds are enough
MAX_SIZE = 50_000_000  # numbers in one result

Argument = np.ndarray | float | int | str | None | Net | StandIn
Result = np.ndarray | tuple[np.ndarray, ...]


def as_subject(target: Any, framework: str, time_limit: float | None = None) -> LocalSubject | RemoteSubject:
    """The student's function or class `target`, here or in a kernel, as a subject; a subject is returned as it is.

    `framework` names an adapter module of this package: "torch", "pyro" or "jax".
    """
    if isinstance(target, Remote):
        return target.as_subject(framework, time_limit)
    if hasattr(target, "vjp") and hasattr(target, "seed"):
        return target
    adapter = importlib.import_module(f"{__package__}.{framework}_adapter")
    return LocalSubject(target, adapter, time_limit or getattr(adapter, "TIME_LIMIT", TIME_LIMIT))


class LocalSubject:
    """A student's function: call it with arrays, ask for its gradients, seed its random numbers."""

    def __init__(
        self, target: Callable, adapter: Any, time_limit: float, slow: list[Failure] | None = None
    ):
        self.target, self.adapter, self.time_limit = target, adapter, time_limit
        self.mutated: set[int] = set()
        """Positions of arguments that some call has changed in place."""
        self.dtypes: list[str] = []
        """Of the last call's results, as the framework names them: numbers arrive in a precision that NumPy has."""
        self.traces = 0
        """How often the code of a compiled function was run."""
        self._pull: Callable | None = None
        """The adapter's, made for the first gradient; what it has compiled holds until generators are seeded anew."""
        self._records: dict[int | str, Any] = {}
        self._slow: list[Failure] = [] if slow is None else slow
        """Holds the call that took too long; shared by a class, its objects and their methods."""

    def __call__(self, *args: Argument, **kwargs: Argument) -> Result:
        """The function's result for these arguments, as array or tuple of arrays.

        Raises Failure when the student's code raises, takes too long or returns no numbers.
        """
        with self.adapter.precision((*args, *kwargs.values())):
            result = self._result(args, kwargs)
            self.dtypes = [str(getattr(part, "dtype", "")).removeprefix("torch.") for part in _parts(result)]
            return self._numbers(result)

    def tree(self, *args: Argument, **kwargs: Argument) -> dict[str, Leaf]:
        """The arrays in a structured result (tuples, dictionaries, states) by their path, such as "0.params.log_sigma".

        Raises Failure when the student's code raises or takes too long.
        """
        with self.adapter.precision((*args, *kwargs.values())):
            result = self._result(args, kwargs)
            return self._run(lambda: self.adapter.tree(result))

    def record(self, where: int | str) -> list[Any]:
        """What the last call did with its argument at this position or of this name, a StandIn.

        Of a Net: the rows of each of its calls.
        """
        return self._records[where]

    def vjp(self, args: tuple[Argument, ...], cotangents: Any, **kwargs: Argument) -> list[Any]:
        """Gradients of sum(cotangent * result) with respect to every argument, in their order.

        `cotangents` is an array, or a tuple with one array (or None: not used) for each result.
        An array argument gives an array, zeros where no gradient flows; a Net gives the list of
        its parameters' gradients (weight, bias, weight, ...), a StandIn those of its object's leaves;
        anything else gives None.
        """
        with self.adapter.precision((*args, *kwargs.values())):
            values, leaves = self._inputs(args, differentiable=True)
            keywords = dict(zip(kwargs, self._inputs(tuple(kwargs.values()))[0]))
            flat = [leaf for group in leaves for leaf in group]
            self._pull = self._pull or self.adapter.pullback(self.target)
            result, gradients = self._run(lambda: self._pull(values, keywords, flat))
            wanted = cotangents if isinstance(cotangents, tuple) else (cotangents,)
            for got, want in zip(_parts(result), wanted):
                if want is not None and np.shape(want) != tuple(getattr(got, "shape", ())):
                    raise Failure(
                        "shape", f"the result has shape {tuple(getattr(got, 'shape', ()))}, not {np.shape(want)}"
                    )
            found = iter(self._run(lambda: gradients(wanted)))
        grouped = [[next(found) for _ in group] for group in leaves]
        return [
            group if isinstance(arg, (Net, StandIn)) else (group[0] if group else None)
            for arg, group in zip(args, grouped)
        ]

    def jit(self, static: tuple[str | int, ...] = ()) -> LocalSubject:
        """The compiled function (JAX); `static` names or counts the arguments that are no arrays.

        `traces` of the subject counts how often the function's own code has run since.
        """
        compiled = self._transformed(None)
        compiled.target = self.adapter.jit(self.target, static, compiled._count)
        return compiled

    def vmap(self, in_axes: int | None | tuple[int | None, ...] = 0) -> LocalSubject:
        """The function over a further axis of its positional arguments (JAX); keywords are the same for all."""
        return self._transformed(self.adapter.vmap(self.target, in_axes))

    def device_count(self) -> int:
        """How many CPU devices the function can be spread over (JAX)."""
        return self.adapter.device_count()

    def seed(self, n: int) -> None:
        """Seed every generator that the function may use without being given one."""
        random.seed(n)
        np.random.seed(n % 2**32)
        self.adapter.seed(n)
        self._pull = None

    def construct(self, *args: Argument, **kwargs: Argument) -> LocalInstance:
        """An object of the student's class `target`."""
        values, _ = self._inputs(args)
        keywords = dict(zip(kwargs, self._inputs(tuple(kwargs.values()))[0]))
        instance = self._run(lambda: self.target(*values, **keywords))
        return LocalInstance(instance, self.adapter, self.time_limit, self._slow)

    def _inputs(self, args: tuple, differentiable: bool = False) -> tuple[list, list[list]]:
        values, leaves = [], []
        for arg in args:
            if isinstance(arg, Net):
                value, parameters = self.adapter.network(arg)
                group = parameters if differentiable else []
            elif isinstance(arg, np.ndarray):
                value = self.adapter.array(arg, differentiable and arg.dtype.kind == "f")
                group = [value] if differentiable and arg.dtype.kind == "f" else []
            elif isinstance(arg, StandIn):
                value = self.adapter.build(arg)
                group = self.adapter.leaves(value) if differentiable else []
            else:
                value, group = arg, []
            values.append(value)
            leaves.append(group)
        return values, leaves

    def _transformed(self, target: Any) -> LocalSubject:
        return LocalSubject(target, self.adapter, self.time_limit, self._slow)

    def _count(self) -> None:
        self.traces += 1

    def _result(self, args: tuple, kwargs: dict[str, Argument]) -> Any:
        """What the function returns, as it is; what it did with its arguments is noted."""
        values, _ = self._inputs(args)
        keywords = dict(zip(kwargs, self._inputs(tuple(kwargs.values()))[0]))
        known = [*enumerate(values), *keywords.items()]
        self._records = {where: getattr(value, "record", None) for where, value in known}
        result = self._run(lambda: self.target(*values, **keywords))
        self._note_mutations(args, values)
        return result

    def _note_mutations(self, args: tuple, values: list) -> None:
        for n, (arg, value) in enumerate(zip(args, values)):
            if isinstance(arg, np.ndarray) and not np.array_equal(arg, self.adapter.numbers(value), equal_nan=True):
                self.mutated.add(n)

    def _numbers(self, result: Any) -> Result:
        if isinstance(result, (tuple, list)):
            return tuple(self._numbers(part) for part in result)
        if result is None:
            raise Failure("not_numbers", "it returned None: is the `return` missing?")
        if isinstance(result, (int, float, np.ndarray, np.generic)):
            array = np.asarray(result)
        else:
            array = self._run(lambda: self.adapter.numbers(result))
        if array is None or array.dtype.kind not in "fiu":
            kind = type(result).__name__ if array is None else f"{type(result).__name__} of {array.dtype} numbers"
            raise Failure("not_numbers", f"it returned a {kind} where real numbers were expected")
        if array.size > MAX_SIZE:
            raise Failure("not_numbers", f"it returned {array.size} numbers, far more than was asked for")
        return array

    def _run(self, call: Callable[[], Any]) -> Any:
        """Call student code: quietly, in bounded time, every exception turned into a Failure.

        After a call that took too long none is tried again: the kernel's own limit is not to strike.
        """
        if self._slow:
            raise self._slow[0]
        try:
            with quiet(), self.adapter.settings_restored(), time_limit(self.time_limit):
                return call()
        except OutOfTime:
            self._slow.append(Failure("timeout", f"it took longer than {self.time_limit:g} seconds"))
            raise self._slow[0] from None
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: they are the student's here
            raise failure_of(error) from error


def _parts(result: Any) -> tuple | list:
    return result if isinstance(result, (tuple, list)) else (result,)


class LocalInstance:
    """An object of a student's class."""

    def __init__(self, target: Any, adapter: Any, time_limit: float, slow: list[Failure] | None = None):
        self.target, self.adapter, self.time_limit = target, adapter, time_limit
        self._whole = LocalSubject(target, adapter, time_limit, slow)

    def method(self, name: str) -> LocalSubject:
        """The method `name` as a subject; raises Failure when the class has none."""
        method = getattr(self.target, name, None)
        if not callable(method):
            raise Failure("raised", f"the class has no method `{name}`", type="AttributeError")
        return LocalSubject(method, self.adapter, self.time_limit, self._whole._slow)

    def attribute(self, name: str) -> np.ndarray:
        """The numbers that the object holds under `name`."""
        if not hasattr(self.target, name):
            raise Failure("raised", f"the object has no attribute `{name}`", type="AttributeError")
        return self._whole._numbers(getattr(self.target, name))

    def parameters(self) -> dict[str, np.ndarray]:
        """The registered trainable parameters by name: what an optimiser would be given."""
        return self._whole._run(lambda: self.adapter.parameters(self.target))

    def parameter_gradients(self, name: str, args: tuple[Argument, ...], cotangents: Any) -> dict[str, np.ndarray]:
        """Gradients of sum(cotangent * result of the method `name`) in the registered trainable parameters, by name.

        `cotangents` as in `LocalSubject.vjp`; zeros where no gradient flows.
        """
        method = self.method(name)
        values, _ = method._inputs(args)
        result = self._whole._run(lambda: method.target(*values))
        results = result if isinstance(result, (tuple, list)) else (result,)
        wanted = cotangents if isinstance(cotangents, tuple) else (cotangents,)
        leaves = self._whole._run(lambda: self.adapter.trainable(self.target))
        found = self._whole._run(lambda: self.adapter.gradients(results, wanted, list(leaves.values())))
        return dict(zip(leaves, found))

    def trace(self, method: str, *args: Argument, given: dict[str, np.ndarray] | None = None) -> Trace:
        """What the program `method` does when called: its sites with their log-probabilities, and its result.

        `given` holds values by site name: such a latent site is not drawn, as when a guide's trace is replayed.
        Raises Failure as a call does; a result that is no numbers is told of in the trace.
        """
        values = self._program(method, args)
        sites, parameters, result = self._run(lambda: self.adapter.trace(*values, given or {}, self.target))
        try:
            return Trace(sites, parameters, self._whole._numbers(result))
        except Failure as failure:
            return Trace(sites, parameters, None, failure.message)

    def trace_gradients(
        self,
        method: str,
        args: tuple[Argument, ...],
        site: str,
        part: str,
        cotangent: np.ndarray,
        given: dict[str, np.ndarray] | None = None,
    ) -> dict[str, np.ndarray]:
        """Gradients of sum(cotangent * part of the site), `part` being "value" or "log_prob", after a call of `method`.

        With respect to the registered trainable parameters by name, and to the given values by site name; zeros
        where no gradient flows. Raises Failure when there is no such site, or its part has another shape.
        """
        values = self._program(method, args)
        parameters = self._whole._run(lambda: self.adapter.trainable(self.target))
        got, leaves = self._run(lambda: self.adapter.site_part(*values, given or {}, site, part))
        leaves = {**parameters, **leaves}
        if got is None:
            raise Failure("shape", f"there is no site {site!r}")
        if tuple(got.shape) != np.shape(cotangent):
            raise Failure("shape", f"the {part} of {site!r} has shape {tuple(got.shape)}, not {np.shape(cotangent)}")
        found = self._whole._run(lambda: self.adapter.gradients((got,), (cotangent,), list(leaves.values())))
        return dict(zip(leaves, found))

    def _program(self, method: str, args: tuple[Argument, ...]) -> tuple[Callable, list[Any]]:
        program = self.method(method)
        return program.target, program._inputs(args)[0]

    def _run(self, call: Callable[[], Any]) -> Any:
        """As `LocalSubject._run`, with the adapter's words for what its library says at length."""
        try:
            return self._whole._run(call)
        except Failure as failure:
            failure.message = self.adapter.in_short(failure.message)
            raise

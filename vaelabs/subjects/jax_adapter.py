"""JAX behind the subject interface.

JAX computes in 32 bits unless told otherwise, for the whole process. A call with float64 numbers among its arguments
runs with 64 bits, every other call without, whatever the notebook has switched on. All calls run on the CPU: an
accelerator may multiply float32 matrices with fewer bits, and marks are to be the same everywhere.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .functional import Apply, BFloat16, Keys, Leaf, Mesh, Params, Placed, TrainingState
from .net import Net
from .stand_in import Seed, StandIn

TIME_LIMIT = 30.0
"""Seconds of computing for one call: JAX compiles each operation at its first shape, five seconds for forty of them."""

LONGEST = 500
"""Operations of a function that is compiled as a whole: each takes milliseconds. Those of the labs have up to 300."""

AXIS = "batch"
_ACTIVATIONS = {"tanh": jnp.tanh, "sin": jnp.sin}


@contextlib.contextmanager
def precision(args: tuple) -> Iterator[None]:
    """The number of bits that these arguments of a call ask for, on the CPU."""
    with settings_restored(), _enable_x64(any(map(_is_wide, args))), jax.default_device(jax.devices("cpu")[0]):
        yield


_enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # moved in jax 0.8


def _is_wide(arg: Any) -> bool:
    if isinstance(arg, (np.ndarray, np.generic)):
        return arg.dtype == np.float64
    if isinstance(arg, Params):
        return arg.dtype == "float64"
    if isinstance(arg, (TrainingState, Placed)):
        return _is_wide(arg.params if isinstance(arg, TrainingState) else arg.what)
    return isinstance(arg, Net)


def array(value: np.ndarray, differentiable: bool) -> jax.Array:
    """A copy, so that nothing done with NumPy's memory reaches the check's own array."""
    return jnp.array(value)


def network(net: Net) -> tuple[Callable, list[jax.Array]]:
    """The network with its own parameters, a function of x alone; and these parameters."""
    parameters = _parameters(net, "float64")
    return jax.tree_util.Partial(_Apply(len(net.layers), net.heads, net.scales), parameters), jax.tree.leaves(parameters)


def _parameters(net: Net, dtype: str) -> tuple[tuple[jax.Array, jax.Array], ...]:
    return tuple((jnp.array(weight, dtype), jnp.array(bias, dtype)) for weight, bias in net.layers)


def build(stand_in: StandIn) -> Any:
    """The object that `stand_in` tells of; raises TypeError for one that JAX has not."""
    match stand_in:
        case Seed(n):
            return jax.random.key(n)
        case Keys(n, count):
            return jax.random.split(jax.random.key(n), count)
        case BFloat16(values):
            return jnp.asarray(values, jnp.bfloat16)
        case Params(encoder, decoder, log_sigma, dtype):
            nets = {"encoder": _parameters(encoder, dtype), "decoder": _parameters(decoder, dtype)}
            return {**nets, "log_sigma": jnp.array(log_sigma, dtype)}
        case Apply(net, activation):
            return _Apply(len(net.layers), net.heads, net.scales, activation)
        case TrainingState():
            return _training_state(stand_in)
        case Mesh(devices):
            return _mesh(devices)
        case Placed(what, devices, split):
            value = build(what) if isinstance(what, StandIn) else array(what, False)
            spec = jax.sharding.PartitionSpec(*([AXIS] if split else []))
            return jax.device_put(value, jax.sharding.NamedSharding(_mesh(devices), spec))
    raise TypeError(f"there is no {type(stand_in).__name__} in this framework")


def leaves(value: Any) -> list[jax.Array]:
    """The arrays of an object that `build` has made, in which there are gradients."""
    if isinstance(value, dict):  # JAX would sort the names
        return jax.tree.leaves([value["encoder"], value["decoder"], value["log_sigma"]])
    return [leaf for leaf in jax.tree.leaves(value) if _is_real(leaf)]


def _is_real(value: Any) -> bool:
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.floating)


@dataclass(frozen=True)
class _Apply:
    """The function (parameters, x) of `Apply`; its `record` has the number of rows of every call."""

    layers: int
    heads: int
    scales: bool
    activation: str = "tanh"
    record: list[int] = field(default_factory=list, compare=False)

    def __call__(self, parameters: Any, x: jax.Array) -> Any:
        if not isinstance(parameters, tuple) or len(parameters) != self.layers:
            raise TypeError("these are not the parameters of this network: it is called with its own and with an array")
        self.record.append(int(np.prod(x.shape[:-1])))
        for n, (weight, bias) in enumerate(parameters, 1):
            x = x @ weight.T + bias
            if n < self.layers:
                x = _ACTIVATIONS[self.activation](x)
        if self.heads == 1:
            return x
        parts = tuple(jnp.split(x, self.heads, axis=-1))
        return (parts[0], jnp.exp(parts[1] / 2)) if self.scales else parts


@dataclass(frozen=True)
class _Elbo:
    """The `apply_fn` of `TrainingState`."""

    encode: _Apply
    decode: _Apply

    def __call__(self, params: Any, key: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        mu, logvar = self.encode(params["encoder"], x)
        z = mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape, mu.dtype)
        out = self.decode(params["decoder"], z)
        log_lik = jax.scipy.stats.norm.logpdf(x, out, jnp.exp(params["log_sigma"])).sum(-1)
        kl = 0.5 * (mu**2 + jnp.expm1(logvar) - logvar).sum(-1)
        return log_lik - kl, log_lik, kl


def _training_state(told: TrainingState) -> Any:
    from flax.training.train_state import TrainState

    elbo = _Elbo(build(Apply(told.params.encoder)), build(Apply(told.params.decoder)))
    return TrainState.create(apply_fn=elbo, params=build(told.params), tx=_descent(told.learning_rate))


@functools.lru_cache
def _descent(learning_rate: float) -> Any:
    """One object for each rate, by which a compiled function knows the state again."""
    import optax

    return optax.sgd(learning_rate)


def _mesh(devices: int) -> jax.sharding.Mesh:
    chosen = jax.devices("cpu")[:devices]
    return jax.make_mesh((devices,), (AXIS,), devices=chosen, axis_types=(jax.sharding.AxisType.Auto,))


def device_count() -> int:
    """How many CPU devices this process has; XLA_FLAGS=--xla_force_host_platform_device_count=8 makes 8 of them."""
    return len(jax.devices("cpu"))


def numbers(value: Any) -> np.ndarray | None:
    """The array's numbers; None when `value` is no array, holds keys, or was given away (donated)."""
    if not isinstance(value, jax.Array) or jnp.issubdtype(value.dtype, jax.dtypes.extended) or value.is_deleted():
        return None
    return np.asarray(value.astype(jnp.float32) if value.dtype in (jnp.bfloat16, jnp.float16) else value)


def tree(result: Any) -> dict[str, Leaf]:
    """The arrays and numbers of a structured result by their path, such as "0.params.log_sigma"."""
    found = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(result)[0]:
        value = numbers(leaf) if isinstance(leaf, jax.Array) else np.asarray(leaf)
        if value is None or value.dtype.kind not in "fiub":
            continue
        name = ".".join(str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path)
        spread = leaf.sharding if isinstance(leaf, jax.Array) else None
        shard = spread.shard_shape(leaf.shape) if spread else value.shape
        found[name] = Leaf(value, len(spread.device_set) if spread else 1, tuple(shard))
    return found


class _AtOnce:
    """`function(*values)`, compiled as a whole: JAX would compile each of its operations by itself, and take longer.

    What cannot be compiled, such as a function that looks at its numbers, goes operation by operation; so does what
    would take too long, such as a loop of a thousand steps. The function's code runs once for each shape, as in any
    compiled function.
    """

    def __init__(self, function: Callable):
        self._function = function
        self.compiled: Callable | None = jax.jit(self._filled, static_argnums=0)
        """None once something could not be compiled."""

    def __call__(self, *values: Any) -> Any:
        flat, structure = jax.tree.flatten(values)
        known = structure, tuple(None if isinstance(leaf, jax.Array) else (leaf,) for leaf in flat)
        arrays = [leaf for leaf in flat if isinstance(leaf, jax.Array)]
        if self.compiled:
            with contextlib.suppress(Exception):  # what is wrong with the answer itself comes again
                if len(self.compiled.trace(known, arrays).jaxpr.eqns) <= LONGEST:
                    return self.compiled(known, arrays)
            self.compiled = None
        return self._function(*values)

    def _filled(self, known: tuple, arrays: list[jax.Array]) -> Any:
        structure, others = known
        rest = iter(arrays)
        return self._function(*jax.tree.unflatten(structure, [each[0] if each else next(rest) for each in others]))


def pullback(target: Callable) -> Callable:
    """The function of a call's arguments, its keywords and the leaves `wanted` among the arguments.

    It gives the result, and the function from its cotangents (one for each result, None for one that is not used) to
    the gradients in these leaves.
    """

    def linearized(structure: Any, moving: list[jax.Array], fixed: list) -> tuple[Any, Callable]:
        def function(parts: list[jax.Array]) -> Any:
            rest = iter(parts)
            args, keywords = jax.tree.unflatten(structure, [next(rest) if leaf is None else leaf for leaf in fixed])
            return target(*args, **keywords)

        return jax.vjp(function, moving)

    def transposed(linear: Callable, cotangents: Any) -> list[jax.Array]:
        return linear(cotangents)[0]

    there, back = _AtOnce(linearized), jax.jit(transposed)

    def pull(args: list, keywords: dict[str, Any], wanted: list[jax.Array]) -> tuple[Any, Callable]:
        ids = {id(leaf) for leaf in wanted}
        flat, structure = jax.tree.flatten((args, keywords))
        moving = [leaf for leaf in flat if id(leaf) in ids]
        result, linear = there(structure, moving, [None if id(leaf) in ids else leaf for leaf in flat])

        def gradients(cotangents: tuple) -> list[np.ndarray]:
            given = [
                jnp.zeros_like(got) if want is None else jnp.asarray(want, got.dtype)
                for got, want in zip(result if isinstance(result, (tuple, list)) else (result,), cotangents)
            ]
            found = (back if there.compiled else transposed)(linear, jax.tree.unflatten(jax.tree.structure(result), given))
            by_leaf = {id(leaf): numbers(gradient) for leaf, gradient in zip(moving, found)}
            return [by_leaf[id(leaf)] for leaf in wanted]

        return result, gradients

    return pull


def jit(function: Callable, static: tuple[str | int, ...], traced: Callable[[], None]) -> Callable:
    """The compiled function; `static` names or counts arguments that are no arrays, `traced` is told of each tracing."""

    @functools.wraps(function, updated=())
    def noted(*args: Any, **kwargs: Any) -> Any:
        traced()
        return function(*args, **kwargs)

    names = tuple(each for each in static if isinstance(each, str))
    return jax.jit(noted, static_argnames=names, static_argnums=tuple(each for each in static if isinstance(each, int)))


def vmap(function: Callable, in_axes: Any) -> Callable:
    """The function over a further axis of its positional arguments; keywords are the same for all.

    Compiled where it can be, so that its code runs once for each shape, also when generators are seeded anew.
    """
    mapped = _AtOnce(lambda args, kwargs: jax.vmap(lambda *each: function(*each, **kwargs), in_axes)(*args))
    return lambda *args, **kwargs: mapped(args, kwargs)


@contextlib.contextmanager
def settings_restored() -> Iterator[None]:
    """Undo what a student's code sets for the whole process: no later call or task is to feel it."""
    before = dict(jax.config.values)
    try:
        yield
    finally:
        for name, value in jax.config.values.items():
            if name in before and before[name] is not value:
                jax.config.update(name, before[name])


def seed(n: int) -> None:
    """Nothing: JAX has no generator of its own, only keys."""

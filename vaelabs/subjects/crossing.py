"""Arrays, keys and generators of the frameworks on their way over the wire, for both of its ends.

A framework is imported only when there is something of its own.
"""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from .codec import DTYPES, Foreign


def framework(value: Any) -> str | None:
    """ "t" for a tensor, "j" for an array of JAX (a tracer too), else None."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(value, torch.Tensor):
        return "t"
    return "j" if jax is not None and isinstance(value, jax.Array) else None


def foreign(value: Any, differentiable: bool = False) -> Foreign | None:
    """An array of a framework by its numbers; None when NumPy has none like them."""
    kind, dtype = framework(value), str(value.dtype).removeprefix("torch.")
    if dtype not in (*DTYPES, "bfloat16") and not dtype.startswith("key<"):
        return None
    if kind == "t":
        value = value.detach().cpu()
        if str(value.layout) != "torch.strided":
            return None
        numbers = (value.float() if dtype == "bfloat16" else value.resolve_conj().resolve_neg()).numpy()
    elif dtype.startswith("key<"):
        dtype, numbers = "key", np.asarray(sys.modules["jax"].random.key_data(value))
    else:
        numbers = np.asarray(value.astype("float32") if dtype == "bfloat16" else value)
    return Foreign(kind, numbers, dtype if dtype in ("bfloat16", "key") else "", differentiable)


def native(told: Foreign, key: bool = True) -> Any:
    """The array or generator; a key of JAX as its numbers unless `key`. Raises ValueError for what cannot be."""
    numbers, dtype = told.numbers, told.dtype
    if told.kind == "n":
        return _generator(numbers)
    if (dtype == "bfloat16" and numbers.dtype != np.float32) or (dtype == "key") > (told.kind == "j"):
        raise ValueError(f"{numbers.dtype} numbers are no {dtype}")
    if told.kind == "t":
        import torch

        tensor = torch.from_numpy(numbers)
        if dtype == "generator":
            rng = torch.Generator()
            rng.set_state(tensor)
            return rng
        tensor = tensor.bfloat16() if dtype == "bfloat16" else tensor
        return tensor.requires_grad_(told.differentiable)
    import jax

    if dtype == "key" and (numbers.dtype != np.uint32 or numbers.shape[-1:] != (2,)):
        raise ValueError("these numbers are no key")
    array = jax.numpy.asarray(numbers, "bfloat16" if dtype == "bfloat16" else None)
    return as_key(array, told) if key else array


def as_key(array: Any, told: Foreign) -> Any:
    """An array of JAX that may be the numbers of a key."""
    return sys.modules["jax"].random.wrap_key_data(array) if told.dtype == "key" else array


def generator(rng: Any) -> Foreign | None:
    """A generator of PyTorch or NumPy by its state, while ours moves on to another; None for one unknown here."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(rng, torch.Generator) and rng.device.type == "cpu":
        state = Foreign("t", rng.get_state().numpy(), "generator")
        rng.manual_seed(int(torch.randint(2**62, (), generator=rng)))
        return state
    if not isinstance(rng, np.random.Generator) or not isinstance(rng.bit_generator, np.random.PCG64):
        return None
    whole = rng.bit_generator.state
    parts = [divmod(whole["state"][name], 1 << 64) for name in ("state", "inc")]
    numbers = np.array([*parts[0], *parts[1], whole["has_uint32"], whole["uinteger"]], np.uint64)
    rng.bit_generator.state = np.random.PCG64(int(rng.integers(2**62))).state
    return Foreign("n", numbers, "generator")


def _generator(numbers: np.ndarray) -> np.random.Generator:
    if numbers.shape != (6,) or numbers.dtype != np.uint64:
        raise ValueError("these numbers are no state of a generator")
    state_high, state_low, inc_high, inc_low, has_uint32, uinteger = numbers.tolist()
    rng = np.random.Generator(np.random.PCG64())
    rng.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": (state_high << 64) + state_low, "inc": (inc_high << 64) + inc_low},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
    return rng


@contextlib.contextmanager
def settings(context: dict[str, Any]) -> Iterator[None]:
    """The frameworks set as in the other process: "grad" and "dtype" of PyTorch, "x64" of JAX; afterwards as before."""
    with contextlib.ExitStack() as stack:
        if "torch" in sys.modules and "grad" in context:
            import torch

            from . import torch_adapter

            stack.enter_context(torch_adapter.settings_restored())
            torch.set_grad_enabled(context["grad"])
            if "dtype" in context:
                torch.set_default_dtype(getattr(torch, context["dtype"]))
        if "jax" in sys.modules and "x64" in context:
            from . import jax_adapter

            stack.enter_context(jax_adapter.precision((np.zeros(0, np.float64 if context["x64"] else np.float32),)))
        yield


class Draws:
    """The process-wide generators of this process, for another one to go on from where they stand.

    Nothing comes back: what was drawn elsewhere cannot say what will be drawn here.
    """

    def __init__(self) -> None:
        self._left: dict[str, Any] = {}

    def touched(self) -> dict[str, Any]:
        """The states of those generators that were seeded or drawn from since the last call; they move on to others.

        A generator that was left alone is not told of, and goes on where it is in the other process: two calls in a
        row draw what they would have drawn here.
        """
        states = _random_states()
        found = {name: state for name, state in states.items() if not _equal(self._left.get(name), state)}
        for name in found:
            _move_on(name)
        self._left = _random_states() if found else states
        if "python" in found:
            numbers, left = found["python"]
            found["python"] = np.array(numbers, np.int64), left
        return found


def set_random_states(states: dict[str, Any]) -> None:
    """Let the process-wide generators stand as another process's did."""
    if "python" in states:
        numbers, left = states["python"]
        random.setstate((3, tuple(numbers.tolist()), left))
    if "numpy" in states:
        np.random.set_state(("MT19937", *states["numpy"]))
    if "torch" in states and "torch" in sys.modules:
        sys.modules["torch"].set_rng_state(sys.modules["torch"].from_numpy(states["torch"]))


def _random_states() -> dict[str, Any]:
    states = {"python": random.getstate()[1:], "numpy": np.random.get_state()[1:]}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy()
    return states


def _equal(a: Any, b: Any) -> bool:
    if a is None or isinstance(a, np.ndarray):
        return a is b if a is None or b is None else bool(np.array_equal(a, b))
    if isinstance(a, tuple) and any(isinstance(each, np.ndarray) for each in a):
        return all(map(_equal, a, b))
    return a == b


def _move_on(name: str) -> None:
    if name == "python":
        random.seed(random.getrandbits(62))
    elif name == "numpy":
        np.random.seed(np.random.randint(2**32, dtype=np.uint32))
    else:
        torch = sys.modules["torch"]
        torch.manual_seed(int(torch.randint(2**62, ())))

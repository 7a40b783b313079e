"""PyTorch behind the subject interface."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from .net import Net
from .stand_in import Seed, StandIn


class _Network(torch.nn.Module):
    """A Net as a module: what a student would pass as `encoder` or `decoder`.

    Its `record` has the number of rows of every call.
    """

    def __init__(self, net: Net):
        super().__init__()
        self.record: list[int] = []
        self.heads, self.scales = net.heads, net.scales
        self.layers = torch.nn.ParameterList(
            torch.nn.Parameter(torch.from_numpy(part.copy())) for layer in net.layers for part in layer
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        self.record.append(x.shape[:-1].numel())
        parts = list(self.layers)
        for n in range(0, len(parts), 2):
            x = x.to(parts[n].dtype) @ parts[n].T + parts[n + 1]
            if n + 2 < len(parts):
                x = torch.tanh(x)
        if self.heads == 1:
            return x
        parts = tuple(x.chunk(self.heads, dim=-1))
        return (parts[0], torch.exp(parts[1] / 2)) if self.scales else parts


def precision(args: tuple) -> contextlib.AbstractContextManager[None]:
    """PyTorch computes in the precision of the numbers themselves."""
    return contextlib.nullcontext()


def array(value: np.ndarray, differentiable: bool) -> torch.Tensor:
    return torch.tensor(value, requires_grad=differentiable)


def network(net: Net) -> tuple[torch.nn.Module, list[torch.Tensor]]:
    module = _Network(net)
    return module, list(module.layers)


def build(stand_in: StandIn) -> Any:
    """The object that `stand_in` tells of; raises TypeError for one that PyTorch has not."""
    if isinstance(stand_in, Seed):
        return torch.Generator().manual_seed(stand_in.n)
    raise TypeError(f"there is no {type(stand_in).__name__} in this framework")


def leaves(value: Any) -> list[torch.Tensor]:
    """The tensors of an object that `build` has made, in which there are gradients."""
    return list(getattr(value, "leaves", ()))


def numbers(value: Any) -> np.ndarray | None:
    """The tensor's numbers; None when `value` is no tensor."""
    if not isinstance(value, torch.Tensor):
        return None
    value = value.detach().cpu()
    return (value.float() if value.dtype in (torch.bfloat16, torch.float16) else value).numpy()


def pullback(target: Callable) -> Callable:
    """The function of a call's arguments, its keywords and the leaves `wanted` among the arguments.

    It gives the result, and the function from its cotangents to the gradients in these leaves.
    """

    def pull(args: list, keywords: dict[str, Any], wanted: list[torch.Tensor]) -> tuple[Any, Callable]:
        result = target(*args, **keywords)
        results = result if isinstance(result, (tuple, list)) else (result,)
        return result, lambda cotangents: gradients(results, cotangents, wanted)

    return pull


def gradients(results: tuple, cotangents: tuple, leaves: list[torch.Tensor]) -> list[np.ndarray]:
    """Vector-Jacobian products; zeros where no gradient flows."""
    used = [
        (got, torch.as_tensor(np.asarray(want)).to(got.dtype))
        for got, want in zip(results, cotangents)
        if want is not None and isinstance(got, torch.Tensor) and got.requires_grad
    ]
    if not used or not leaves:
        return [np.zeros(tuple(leaf.shape)) for leaf in leaves]
    found = torch.autograd.grad([got for got, _ in used], leaves, [want for _, want in used], allow_unused=True)
    return [np.zeros(tuple(leaf.shape)) if grad is None else grad.numpy() for leaf, grad in zip(leaves, found)]


@contextlib.contextmanager
def settings_restored() -> Iterator[None]:
    """Undo what a student's code sets for the whole process: no later call or task is to feel it."""
    dtype, device, gradients_on = torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(device)
        torch.set_grad_enabled(gradients_on)


def seed(n: int) -> None:
    # torch.manual_seed takes milliseconds, to remember for each absent kind of device where it was called from.
    seed_here = torch.manual_seed if torch.accelerator.is_available() else torch.default_generator.manual_seed
    seed_here(n)


def parameters(module: Any) -> dict[str, np.ndarray]:
    return {name: numbers(parameter) for name, parameter in module.named_parameters()}


def trainable(module: Any) -> dict[str, torch.Tensor]:
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}

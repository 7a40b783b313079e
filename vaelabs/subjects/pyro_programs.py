"""From a program told as data to the Pyro program."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyro
import pyro.distributions as dist
import torch

from . import torch_adapter
from .programs import MODEL, Batches, Program, Svi
from .stand_in import StandIn

_NUMBER = itertools.count(1)
"""Each network has its own name in the store of parameters, or it would be given those of the one before."""


def build(stand_in: StandIn) -> Any:
    """The object that `stand_in` tells of; raises TypeError for one that Pyro has not."""
    if isinstance(stand_in, Program):
        return _Program(stand_in, [])
    if isinstance(stand_in, Svi):
        return _Svi(stand_in)
    if isinstance(stand_in, Batches):
        return _batches(stand_in)
    return torch_adapter.build(stand_in)


class _Program(torch.nn.Module):
    """A program with its network; what a student knows as `vae.model` or `vae.guide`."""

    def __init__(self, told: Program, record: list[dict[str, Any]]):
        super().__init__()
        self.told, self.record = told, record
        self.net, self.leaves = torch_adapter.network(told.net)
        self._unique = f"{'decoder' if told.role == MODEL else 'encoder'}{next(_NUMBER)}"

    def forward(self, x: torch.Tensor) -> torch.Tensor | None:
        return self._model(x) if self.told.role == MODEL else self._guide(x)

    def train(self, mode: bool = True) -> _Program:
        self.record.append({"training": bool(mode), "of": self.told.role})
        return super().train(mode)

    def _model(self, x: torch.Tensor) -> torch.Tensor:
        pyro.module(self._unique, self.net)
        with pyro.plate("data", x.shape[0]):
            zeros = torch.zeros(x.shape[0], self.told.latent, dtype=torch.float64)
            z = pyro.sample("latent", dist.Normal(zeros, torch.ones_like(zeros)).to_event(1))
            self._note(x, z)
            output = self.net(z)
            if self.told.likelihood == "bernoulli":
                pyro.sample("obs", dist.Bernoulli(logits=output).to_event(1), obs=x)
                return torch.sigmoid(output)
            sigma = torch.full_like(output, self.told.log_sigma).exp()
            pyro.sample("obs", dist.Normal(output, sigma).to_event(1), obs=x)
            return output

    def _guide(self, x: torch.Tensor) -> None:
        pyro.module(self._unique, self.net)
        mu, logvar = self.net(x)
        with pyro.plate("data", x.shape[0]):
            self._note(x, pyro.sample("latent", dist.Normal(mu, (logvar / 2).exp()).to_event(1)))

    def _note(self, x: torch.Tensor, z: torch.Tensor) -> None:
        self.record.append({"run": self.told.role, "x": _copy(x), "z": _copy(z), "graph": torch.is_grad_enabled()})


@functools.cache
def _load_optimiser() -> None:
    """One step of Adam: with the first, PyTorch imports its compiler, seconds that count in no student's call."""
    leaf = torch.zeros(1, requires_grad=True)
    leaf.grad = torch.zeros(1)
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.optim.Adam([leaf]).step()


class _Adam(pyro.optim.PyroOptim):
    """Adam that notes its own calls."""

    def __init__(self, learning_rate: float, record: list[dict[str, Any]]):
        _load_optimiser()
        super().__init__(torch.optim.Adam, {"lr": learning_rate})
        self.record = record

    def __call__(self, params: Any, *args: Any, **kwargs: Any) -> None:
        params = list(params)
        self.record.append({"update": len(params)})
        super().__call__(params, *args, **kwargs)


class _Svi(pyro.infer.SVI):
    """SVI that notes what is done with it."""

    def __init__(self, told: Svi):
        self.record: list[dict[str, Any]] = []
        model, guide = _Program(told.model, self.record), _Program(told.guide, self.record)
        for program in (model, guide):
            for leaf in program.leaves:
                leaf.register_post_accumulate_grad_hook(self._noting_gradient(program.told.role))
        super().__init__(model, guide, _Adam(told.learning_rate, self.record), pyro.infer.Trace_ELBO())

    def step(self, *args: Any, **kwargs: Any) -> float:
        return self._noted("step", super().step, args, kwargs)

    def evaluate_loss(self, *args: Any, **kwargs: Any) -> float:
        return self._noted("evaluate_loss", super().evaluate_loss, args, kwargs)

    def _noted(self, name: str, method: Any, args: tuple, kwargs: dict[str, Any]) -> float:
        before = len(self.record)
        loss = method(*args, **kwargs)
        runs = [each for each in self.record[before:] if "run" in each]
        for run in runs:
            run["inside"] = name
        self.record.append({name: float(loss), "x": runs[-1]["x"]})
        return loss

    def _noting_gradient(self, role: str) -> Any:
        return lambda leaf: self.record.append({"backward": role})


class _Loader:
    """Batches as a DataLoader gives them: with a length and a data set, as often as one likes."""

    def __init__(self, arrays: tuple[np.ndarray, ...]):
        self.arrays = arrays
        self.dataset = torch.from_numpy(np.concatenate(arrays))
        self.batch_size = len(arrays[0])
        self.record: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self.arrays)

    def __iter__(self) -> Iterator[torch.Tensor]:
        for array in self.arrays:
            self.record.append({"batch": len(array)})
            yield torch.from_numpy(array.copy())


class _Once:
    """The same, once: no length, and nothing left after the first time."""

    def __init__(self, arrays: tuple[np.ndarray, ...]):
        loader = _Loader(arrays)
        self.record, self._batches = loader.record, iter(loader)

    def __iter__(self) -> _Once:
        return self

    def __next__(self) -> torch.Tensor:
        return next(self._batches)


def _batches(told: Batches) -> list[torch.Tensor] | _Loader | _Once:
    if told.kind == "list":
        return [torch.from_numpy(array.copy()) for array in told.arrays]
    return {"loader": _Loader, "once": _Once}[told.kind](told.arrays)


def _copy(value: torch.Tensor) -> np.ndarray:
    return torch_adapter.numbers(value).copy()

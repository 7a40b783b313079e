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
        with pyro.plate(self.told.plate, x.shape[0]):
            zeros = torch.zeros(x.shape[0], self.told.latent, dtype=torch.float64)
            z, note = self._latent(x, zeros, torch.ones_like(zeros))
            output = self.net(z)
            if self.told.likelihood == "bernoulli":
                pyro.sample(self.told.seen, _scored(dist.Bernoulli(logits=output), note), obs=x)
                return torch.sigmoid(output)
            sigma = torch.full_like(output, self.told.log_sigma).exp()
            pyro.sample(self.told.seen, _scored(dist.Normal(output, sigma), note), obs=x)
            return output

    def _guide(self, x: torch.Tensor) -> None:
        pyro.module(self._unique, self.net)
        mu, logvar = self.net(x)
        with pyro.plate(self.told.plate, x.shape[0]):
            self._latent(x, mu, (logvar / 2).exp())

    def _latent(self, x: torch.Tensor, loc: torch.Tensor, scale: torch.Tensor) -> tuple[torch.Tensor, dict[str, Any]]:
        """z (..., B, latent), drawn at the sites of this program, and the record's note of the run."""
        note: dict[str, Any] = {"run": self.told.role, "x": _copy(x), "graph": torch.is_grad_enabled(), "scored": False}
        shares = self.told.shares()
        parts = [
            pyro.sample(name, _scored(dist.Normal(*law), note))
            for name, *law in zip(self.told.sites, loc.split(shares, -1), scale.split(shares, -1))
        ]
        z = torch.cat(parts, -1) if len(parts) > 1 else parts[0]
        note["z"] = _copy(z)
        self.record.append(note)
        return z, note


class _Scored(dist.Independent):
    """A distribution that notes when it is asked for a log-probability."""

    note: dict[str, Any] | None = None

    def expand(self, batch_shape: Any, _instance: Any = None) -> _Scored:
        """What a plate makes of it."""
        found = super().expand(batch_shape, _instance)
        found.note = self.note
        return found

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        if self.note is not None:
            self.note["scored"] = True
        return super().log_prob(value)


def _scored(law: Any, note: dict[str, Any]) -> _Scored:
    """The distribution with its last axis as event."""
    found = _Scored(law, 1)
    found.note = note
    return found


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
        self.leaves = [*model.leaves, *guide.leaves]
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

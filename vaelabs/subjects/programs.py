"""Pyro programs as data, so that a check can hand a model, a guide and an SVI to a student's function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .net import Net
from .stand_in import StandIn

MODEL = "model"


@dataclass(frozen=True)
class Program(StandIn):
    """One of a pair of programs: a callable that takes x (B, data), with a plate of size B.

    The guide draws z from Normal(mu, exp(logvar / 2)), mu and logvar being the two heads of `net`.
    The model draws z, of `latent` dimensions, from N(0, I) and observes x at the site `seen`: Bernoulli with
    logits net(z), or normal with mean net(z) and standard deviation exp(log_sigma). It returns the mean of x.
    z is drawn at one site or more, `sites`, each having the next of its dimensions.

    The object's `leaves` are the parameters of `net`. Each run adds to its `record`:
    {"run": role, "x": x (B, data), "z": the value of z (..., B, latent), "graph": whether gradients were on,
    "scored": whether a site of this run was asked for its log-probability since}.
    """

    role: str
    net: Net
    latent: int
    likelihood: str = "bernoulli"
    log_sigma: float = 0.0
    sites: tuple[str, ...] = ("latent",)
    seen: str = "obs"
    plate: str = "data"

    def shares(self) -> list[int]:
        """How many of z's dimensions each of `sites` has."""
        return [len(part) for part in np.array_split(np.arange(self.latent), len(self.sites))]


@dataclass(frozen=True)
class Svi(StandIn):
    """A pyro.infer.SVI with Adam and Trace_ELBO; the object's `leaves` are the parameters of both programs.

    Its `record` has the runs of both programs and, in the order in which they happened,
    {"step": loss, "x": x} and {"evaluate_loss": loss, "x": x} after each call of the method of that name,
    {"update": number of parameters} for each call of the optimiser, {"backward": role} for each gradient that was
    stored in a parameter, {"training": mode, "of": role} for each change of a program's mode.
    A run inside one of the two methods has "inside": its name.
    """

    model: Program
    guide: Program
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class Batches(StandIn):
    """Batches of x, to be iterated over: `arrays`, each (B, data), as tensors.

    `kind` is "list"; "loader", which has `len` (of batches) and `dataset`, as a DataLoader; or "once", a generator.
    Each batch handed out by the latter two adds {"batch": its size} to the `record`.
    """

    arrays: tuple[np.ndarray, ...]
    kind: str = "loader"

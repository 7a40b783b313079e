"""What pure functions of JAX take that are neither numbers nor text, told as data; and structured results as data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .net import Net
from .stand_in import StandIn

Array = np.ndarray


@dataclass(frozen=True)
class Keys(StandIn):
    """The array of keys, of shape (count,), into which the key of seed n is split."""

    n: int
    count: int


@dataclass(frozen=True)
class BFloat16(StandIn):
    """An array in bfloat16, which NumPy does not have; rounded from `numbers`."""

    numbers: Array


@dataclass(frozen=True)
class Params(StandIn):
    """{"encoder": ..., "decoder": ..., "log_sigma": a number}: the parameters of two networks without the networks.

    Its gradients are those of the encoder (weight, bias, weight, ...), of the decoder and of log_sigma, in this order.
    `dtype` is that of all of them.
    """

    encoder: Net
    decoder: Net
    log_sigma: float = 0.0
    dtype: str = "float64"


@dataclass(frozen=True)
class Apply(StandIn):
    """The function (parameters, x) that computes `net`, with the parameters it is given instead of net's own.

    `activation` ("tanh", as everywhere, or "sin") makes another function of the same parameters.
    Two of the same layers, heads and activation are equal, so that a compiled function knows them again.
    """

    net: Net
    activation: str = "tanh"


@dataclass(frozen=True)
class TrainingState(StandIn):
    """A flax TrainState: `params`, plain gradient descent of this `learning_rate`, and a right ELBO as `apply_fn`.

    apply_fn(params, key, x) gives (elbo, log_lik, kl), each (B,), in nats, with one draw of z for each row; the pixels
    are normal, with the decoder's output as mean and exp(log_sigma) as standard deviation.
    """

    params: Params
    learning_rate: float


@dataclass(frozen=True)
class Mesh(StandIn):
    """A mesh of the first `devices` CPU devices with the one axis "batch"."""

    devices: int


@dataclass(frozen=True)
class Placed(StandIn):
    """`what`, a stand-in or an array, on a mesh of so many devices: `split` along its first axis, or a copy on each."""

    what: StandIn | Array
    devices: int
    split: bool = False


@dataclass(frozen=True)
class Leaf:
    """One array of a structured result: its numbers, on how many devices it lies, the shape of one device's piece."""

    value: Array
    devices: int
    shard: tuple[int, ...]

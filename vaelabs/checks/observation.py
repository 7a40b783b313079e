"""The observation models with which an ELBO is graded: what x is, and log p(x given z).

The mathematics of the ELBO itself (`elbo.py`) is one for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from vaelabs.subjects import Failure, Net

from . import likelihood as likelihood_catalogue
from .bernoulli import bernoulli_log_density, wrong_forms
from .bounds import LinearGaussian, agrees, number
from .likelihood import gaussian_log_density
from .rubric import Broken, Misconception

Array = np.ndarray

LATENT = 2
COPIES = 2000
"""Rows with the same x in one call: as many independent draws of z."""
TELLING = np.array([1.0, 1.2]), np.array([0.5, 0.5])
"""Mean and standard deviation of z that keep all wrong laws of z, and all parts of the KL, apart."""


@dataclass(frozen=True)
class Inputs:
    """What `elbo_terms` is called with; `extra` is (log_sigma,) or nothing."""

    x: Array
    encoder: Net
    decoder: Net
    extra: tuple[float, ...] = ()

    def args(self) -> tuple[Array | Net, ...]:
        return self.x, self.encoder, self.decoder, *(np.array(each) for each in self.extra)

    @property
    def posterior(self) -> tuple[Array, Array]:
        """mu and logvar of q(z given x)."""
        return self.encoder(self.x)


class Observation(ABC):
    """One observation model. `data` is the size of x, other than LATENT so that no axis can stand for another."""

    data: int
    density_of_x: str
    """What log_lik is, in words."""
    differentiated: str
    """What elbo has gradients in, in words."""

    @abstractmethod
    def x(self, rng: np.random.Generator, batch: int, scale: float = 1.0) -> Array:
        """Examples (batch, data), no two alike."""

    @abstractmethod
    def extra(self, rng: np.random.Generator) -> tuple[float, ...]:
        """The arguments of `elbo_terms` after the decoder."""

    @abstractmethod
    def bias(self, rng: np.random.Generator) -> Array:
        """(data,): the output of a decoder that ignores z."""

    @abstractmethod
    def args(self, inputs: Inputs, z: Array) -> tuple[Array, ...]:
        """What the likelihood function is called with, in its order."""

    @abstractmethod
    def density(self, *args: Array) -> Array:
        """log p(x given z), (...), of the arguments that `args` gives."""

    def log_lik(self, inputs: Inputs, z: Array) -> Array:
        """log p(x given z), (...), for x (..., data) and z (..., LATENT)."""
        return self.density(*self.args(inputs, z))

    @abstractmethod
    def copies(self, rng: np.random.Generator) -> Inputs:
        """One example COPIES times, with a linear decoder, so that log_lik varies with z only."""

    @abstractmethod
    def telling(self, rng: np.random.Generator) -> Inputs:
        """As `copies`, with log_lik nearly linear in the first latent dimension and q = TELLING.

        Mean and spread of log_lik are then those of z.
        """

    @abstractmethod
    def moments(self, inputs: Inputs, mu: Array, std: Array) -> tuple[float, float]:
        """Mean and standard deviation of the first row's log_lik over z ~ N(mu, std²); the decoder is linear."""

    @abstractmethod
    def misconceptions(
        self, inputs: Inputs, got: Array, log_lik_of: Callable[[Inputs], Array]
    ) -> Iterator[Misconception]:
        """Wrong formulas of log_lik; `got` is the answer's, for a decoder that ignores z.

        `log_lik_of` asks the answer again; it raises Failure or Broken.
        """


class Gaussian(Observation):
    """The decoder gives the mean of x, whose deviation exp(log_sigma) is one number: `(x, x_mean, log_sigma)`."""

    density_of_x = "the log-density of x"
    differentiated = "encoder, decoder and log_sigma"

    def __init__(self, data: int = 3):
        self.data = data

    def x(self, rng: np.random.Generator, batch: int, scale: float = 1.0) -> Array:
        return scale * rng.normal(size=(batch, self.data))

    def extra(self, rng: np.random.Generator) -> tuple[float, ...]:
        return (float(rng.uniform(0.2, 0.5)),)

    def bias(self, rng: np.random.Generator) -> Array:
        return rng.normal(size=self.data)

    def args(self, inputs: Inputs, z: Array) -> tuple[Array, ...]:
        return inputs.x, inputs.decoder(z), np.array(inputs.extra[0])

    def density(self, *args: Array) -> Array:
        return gaussian_log_density(*args)

    def copies(self, rng: np.random.Generator) -> Inputs:
        """With the exact posterior of a linear-Gaussian model as encoder."""
        model = LinearGaussian.random(rng, self.data, LATENT)
        x = np.repeat(model.draw(rng, 1), COPIES, axis=0)
        return Inputs(x, model.encoder(), model.decoder, (model.log_sigma,))

    def telling(self, rng: np.random.Generator) -> Inputs:
        """With an example far out."""
        model = LinearGaussian.random(rng, self.data, LATENT)
        model = replace(model, weight=model.weight * [1.0, 0.0])
        x = model.decoder(TELLING[0]) + 10 * model.weight[:, 0]
        encoder = _constant_encoder(self.data, *TELLING)
        return Inputs(np.repeat(x[None], COPIES, axis=0), encoder, model.decoder, (model.log_sigma,))

    def moments(self, inputs: Inputs, mu: Array, std: Array) -> tuple[float, float]:
        ((weight, bias),) = inputs.decoder.layers
        return log_lik_moments(LinearGaussian(weight, bias, inputs.extra[0]), inputs.x[0], mu, std)

    def misconceptions(
        self, inputs: Inputs, got: Array, log_lik_of: Callable[[Inputs], Array]
    ) -> Iterator[Misconception]:
        x, mean, log_sigma = self.args(inputs, inputs.posterior[0])
        scales = [float(log_sigma + step) for step in (0, 0.5, -0.35)]
        try:
            values = [log_lik_of(replace(inputs, extra=(scale,))) for scale in scales]
        except (Failure, Broken):
            return

        def no_scale() -> str | None:
            unit = gaussian_log_density(x, mean, 0.0)
            if all(agrees(each, unit) for each in values):
                return f"your log_lik is {number(unit)} for every log_sigma"
            return None

        yield Misconception("E14", "log_sigma is not used: your likelihood has sigma = 1.", no_scale)
        wide = [np.concatenate([each] * len(scales)) for each in (x, mean)]
        scale = np.repeat(scales, len(x))[:, None] * np.ones(x.shape[1])
        findings, evidence = likelihood_catalogue.fit_forms(np.concatenate(values), *wide, scale)
        if findings:
            sentence = "log_lik: " + " ".join(each for _, each in findings)
            yield Misconception(findings[0][0], sentence, lambda: evidence)


class Bernoulli(Observation):
    """The decoder gives the logits of binary pixels: `(logits, x)`."""

    data = 6
    density_of_x = "the log-probability of x"
    differentiated = "encoder and decoder"

    def x(self, rng: np.random.Generator, batch: int, scale: float = 1.0) -> Array:
        """Zeros and ones; at most 2^data examples."""
        pixels = np.arange(self.data)
        return (rng.permutation(2**self.data)[:batch, None] >> pixels & 1).astype(float)

    def extra(self, rng: np.random.Generator) -> tuple[float, ...]:
        return ()

    def bias(self, rng: np.random.Generator) -> Array:
        """Logits that pass for probabilities: an answer that takes them for such is to show its numbers."""
        return rng.uniform(0.1, 0.9, self.data)

    def args(self, inputs: Inputs, z: Array) -> tuple[Array, ...]:
        return inputs.decoder(z), inputs.x

    def density(self, *args: Array) -> Array:
        return bernoulli_log_density(*args)

    def copies(self, rng: np.random.Generator) -> Inputs:
        """With pixels of ink and without it in pairs that see the same of z, in three directions.

        What is linear in z cancels: log_lik falls on all sides, and its mean tells a wrong sigma from the right one.
        """
        pairs = self.data // 2
        angle = rng.uniform(0, np.pi) + np.pi * np.arange(pairs) / pairs
        order = rng.permutation(self.data)
        weight = np.tile(1.8 * np.stack([np.cos(angle), np.sin(angle)], 1), (2, 1))[order]
        x = np.repeat([1.0, 0.0], pairs)[order]
        mu = rng.choice([-1, 1], LATENT) * rng.uniform(0.8, 1.5, LATENT)
        encoder = _constant_encoder(self.data, mu, np.exp(rng.uniform(0.9, 1.5, LATENT) / 2))
        decoder = Net(((weight, 0.3 * rng.normal(size=self.data)),))
        return Inputs(np.tile(x, (COPIES, 1)), encoder, decoder)

    def telling(self, rng: np.random.Generator) -> Inputs:
        """With pixels of ink that the decoder takes for empty: log sigmoid(logit) is the logit."""
        weight = rng.uniform(0.5, 1.2, self.data)[:, None] * [1.0, 0.0]
        decoder = Net(((weight, rng.uniform(-16, -14, self.data)),))
        return Inputs(np.ones((COPIES, self.data)), _constant_encoder(self.data, *TELLING), decoder)

    def moments(self, inputs: Inputs, mu: Array, std: Array) -> tuple[float, float]:
        """By Gauss-Hermite quadrature, over each latent dimension."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(80)
        grid = np.stack(np.meshgrid(*[nodes] * LATENT), -1).reshape(-1, LATENT)
        weights = np.outer(weights, weights).ravel() / (2 * np.pi)
        values = self.log_lik(replace(inputs, x=inputs.x[:1]), mu + std * grid)
        mean = weights @ values
        return float(mean), float(np.sqrt(weights @ (values - mean) ** 2))

    def misconceptions(
        self, inputs: Inputs, got: Array, log_lik_of: Callable[[Inputs], Array]
    ) -> Iterator[Misconception]:
        logits, x = self.args(inputs, inputs.posterior[0])
        right = bernoulli_log_density(logits, x)
        evidence = f"your log_lik is {number(got)}, it is {number(right)}"
        if agrees(got, right):
            return

        def is_form(formula: Callable[[Array, Array], Array]) -> str | None:
            want = formula(logits, x)
            return evidence if np.isfinite(want).all() and agrees(got, want) else None

        for id, sentence, formula in wrong_forms():
            yield Misconception(id, f"log_lik: {sentence}", lambda formula=formula: is_form(formula))


def log_lik_moments(model: LinearGaussian, x: Array, mu: Array, std: Array) -> tuple[float, float]:
    """Mean and standard deviation of log p(x given z) over z ~ N(mu, std²), for one x (data,).

    log p is a constant minus |r - W std eps|² / 2 sigma², a quadratic form in the noise eps.
    """
    variance = np.exp(2 * model.log_sigma)
    r = x - model.decoder(mu)
    spread = model.weight * std
    outer = spread @ spread.T
    mean = float(gaussian_log_density(x, model.decoder(mu), model.log_sigma)) - np.trace(outer) / (2 * variance)
    square = (2 * np.trace(outer @ outer) + 4 * r @ outer @ r) / (2 * variance) ** 2
    return float(mean), float(np.sqrt(square))


def _constant_encoder(data: int, mu: Array, std: Array) -> Net:
    """q = N(mu, std²) for every x (data,)."""
    return Net(((np.zeros((2 * LATENT, data)), np.append(mu, 2 * np.log(std))),), heads=2)

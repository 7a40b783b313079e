"""A model and a guide with everything that can be computed of them at a given z; and which z an answer used.

An answer draws its own z. What it should have returned is computed here from the z that its programs recorded, so that
no order of random draws matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaelabs.subjects import Net, Program

from .bernoulli import bernoulli_log_density
from .bounds import LOG_2PI, LinearGaussian
from .kl import kl_standard_normal
from .likelihood import gaussian_log_density
from .rubric import Broken

Array = np.ndarray

LIMIT = 6.0
"""Standard errors: a right answer is further out less than once in 10^8."""


@dataclass(frozen=True)
class Pair:
    """A model and its guide. x has shape (B, data), z (..., B, latent); every density is (..., B), in nats."""

    model: Program
    guide: Program

    def log_lik(self, x: Array, z: Array) -> Array:
        """log p(x given z)."""
        output = self.model.net(z)
        if self.model.likelihood == "bernoulli":
            return bernoulli_log_density(output, x)
        return gaussian_log_density(x, output, self.model.log_sigma)

    def log_prior(self, z: Array) -> Array:
        """log p(z) = log N(z; 0, I)."""
        return -0.5 * (z**2 + LOG_2PI).sum(-1)

    def log_q(self, x: Array, z: Array) -> Array:
        """log q(z given x)."""
        loc, scale = self.posterior(x)
        return -0.5 * (((z - loc) / scale) ** 2 + 2 * np.log(scale) + LOG_2PI).sum(-1)

    def log_weight(self, x: Array, z: Array) -> Array:
        """log p(x, z) - log q(z given x): the ELBO's estimate from one draw, and the logarithm of its weight."""
        return self.log_lik(x, z) + self.log_prior(z) - self.log_q(x, z)

    def kl(self, x: Array) -> Array:
        """KL(q(z given x) || N(0, I)), (B,)."""
        loc, scale = self.posterior(x)
        return kl_standard_normal(loc, 2 * np.log(scale))

    def posterior(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of q(z given x), each (B, latent)."""
        loc, logvar = self.guide.net(x)
        return loc, np.exp(logvar / 2)

    def renamed(self, *sites: str, seen: str = "obs", plate: str = "data") -> Pair:
        """The same mathematics in programs whose sites and plate have these names, z being drawn at all of `sites`."""
        names = {"sites": sites, "seen": seen, "plate": plate}
        return replace(self, model=replace(self.model, **names), guide=replace(self.guide, **names))

    def moved(self, role: str, step: list[Array]) -> Pair:
        """The same with `step` added to the parameters of the model's or the guide's network."""
        program = getattr(self, role)
        parts = iter(step)
        layers = tuple((weight + next(parts), bias + next(parts)) for weight, bias in program.net.layers)
        return replace(self, **{role: replace(program, net=Net(layers, program.net.heads))})


def random_pair(rng: np.random.Generator, data: int, latent: int, likelihood: str = "bernoulli") -> Pair:
    """Networks with a hidden layer, a guide far from the prior and of other widths."""
    decoder = Net.random(rng, [latent, 8, data], scale=1.5)
    (hidden, heads) = Net.random(rng, [data, 8, 2 * latent], heads=2).layers
    signs = rng.choice([-1.0, 1.0], latent)
    bias = np.append(signs * rng.uniform(0.8, 1.6, latent), rng.uniform(-1.8, -0.8, latent))
    log_sigma = float(rng.uniform(-0.3, 0.2))
    return _pair(decoder, Net((hidden, (heads[0] / 2, bias)), heads=2), latent, likelihood, log_sigma)


def exact_pair(model: LinearGaussian) -> Pair:
    """A linear-Gaussian model with its exact posterior as guide: every weight is p(x)."""
    return _pair(model.decoder, model.encoder(), model.weight.shape[1], "gaussian", model.log_sigma)


def _pair(decoder: Net, encoder: Net, latent: int, likelihood: str, log_sigma: float) -> Pair:
    return Pair(
        Program("model", decoder, latent, likelihood, log_sigma),
        Program("guide", encoder, latent, likelihood, log_sigma),
    )


def binary_images(rng: np.random.Generator, n: int, data: int) -> Array:
    """n binary images (n, data), no two alike, so that a run tells whose z it drew; data >= log2 of n."""
    codes = rng.choice(2 ** min(data, 20), n, replace=False)
    return ((codes[:, None] >> np.arange(data)) & 1).astype(float)


@dataclass(frozen=True)
class Runs:
    """The z (n, latent) that each program's runs used for each image of x (B, data), whose rows all differ."""

    pair: Pair
    x: Array
    of_model: list[Array]
    of_guide: list[Array]

    @classmethod
    def recorded(cls, subject: Any, pair: Pair, x: Array) -> Runs:
        """Those of the subject's last call, which took the model, the guide and x."""
        return cls(pair, x, _draws(subject.record(0), pair.model, x), _draws(subject.record(1), pair.guide, x))

    def expect(self) -> None:
        """Raise Broken unless both programs were run on every image."""
        for name, found in (("guide", self.of_guide), ("model", self.of_model)):
            if not all(map(len, found)):
                raise Broken(f"the {name} was not run on the images given: trace `{name}(x)`")

    def replayed(self, n: int) -> Array:
        """The z of the model's runs that the guide drew, for image n."""
        of_model, of_guide = self.of_model[n], self.of_guide[n]
        return of_model[(np.abs(of_model[:, None] - of_guide) <= 1e-6 * (1 + np.abs(of_guide))).all(-1).any(1)]


def _draws(record: list[dict[str, Any]], program: Program, x: Array) -> list[Array]:
    found: dict[bytes, list[Array]] = {_key(row): [] for row in x}
    for run in record:
        if run.get("run") != program.role or np.ndim(run["x"]) != 2:
            continue
        z = np.reshape(run["z"], (-1, len(run["x"]), program.latent))
        for n, row in enumerate(run["x"]):
            if _key(row) in found:
                found[_key(row)].extend(z[:, n])
    return [np.array(found[_key(row)], float).reshape(-1, program.latent) for row in x]


def expect_law_of_q(pair: Pair, x: Array, z: Array) -> None:
    """Raise Broken unless z (B, latent) look like draws from the guide's q(z given x). Noise used twice counts once."""
    loc, scale = pair.posterior(x)
    e = np.unique(np.round((z - loc) / scale, 6), axis=0).ravel()
    for name, got, want, error in (("mean", e.mean(), 0, 1), ("variance", np.mean(e**2), 1, np.sqrt(2))):
        if not abs(got - want) <= LIMIT * error / np.sqrt(len(e)):
            raise Broken(f"z does not follow the guide's q: (z - loc) / scale has {name} {got:.3g}, not {want}")


def _key(row: Array) -> bytes:
    """The same for a row in either precision."""
    return np.round(np.asarray(row, np.float32), 3).tobytes()

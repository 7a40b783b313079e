"""A student's program run at several sizes, and its traces: what the checks of the model and the guide look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from vaelabs.subjects import Failure, Net, Site, Trace

from .bernoulli import bernoulli_log_density
from .likelihood import gaussian_log_density
from .rubric import Broken, Rubric, expect_shape

Array = np.ndarray
Sizes = tuple[int, int, int]

PLAIN, ONE, AS_LATENT, AS_DATA, ALL_SAME = (12, 3, 5), (12, 3, 1), (12, 3, 3), (9, 4, 9), (4, 4, 4)
"""(data_dim, latent_dim, batch). Where axes have the same length, wrong shapes go through: nothing is told by Pyro."""
SIZES = (PLAIN, ONE, AS_LATENT, AS_DATA, ALL_SAME)
STEP = 1e-4
"""Of differences between log-densities, in float64."""
FAR = 300.0
"""The size of logits where sigmoid has long been 0 or 1 in float32."""


@dataclass(frozen=True)
class Run:
    """One object of the student's class, its program traced as it is, and with our z in the place of its draw."""

    kind: str
    instance: Any
    subject: Any
    rubric: Rubric
    x: Array
    z: Array
    net: Net
    """The network of this program: the model's decoder or the guide's encoder."""
    free: Trace
    given: Trace

    @property
    def data_dim(self) -> int:
        return self.x.shape[1]

    @property
    def latent_dim(self) -> int:
        return self.z.shape[1]

    @property
    def network(self) -> str:
        return "decoder" if self.kind == "model" else "encoder"

    def reseed(self, seed: int | None = None) -> int:
        """Seed what the program draws next, with a fresh seed unless one is given."""
        seed = self.rubric.fresh_seed() if seed is None else seed
        self.subject.seed(seed)
        return seed

    def weights(self) -> Array:
        """One for each image."""
        return self.rubric.rng.uniform(0.5, 1.5, len(self.x))

    def site(self, name: str) -> Site:
        """The sample site of this name, or the only one that can be meant; raises Broken when there is none."""
        if site := role(self.given, name):
            return site
        seen = quoted([site.name for site in self.given.samples])
        raise Broken(f"there is no site `{name}`; the {self.kind} has {seen or 'no pyro.sample at all'}")

    def per_image(self, name: str) -> Array:
        """The site's log-probability for each image. One per coordinate is added up: shapes are judged elsewhere."""
        site = self.site(name)
        if site.log_prob is None:
            raise Broken(f"site `{site.name}`: {site.problem}")
        values = np.asarray(site.log_prob, float)
        if values.ndim == 2 and len(values) == len(self.x):
            values = values.sum(-1)
        expect_shape(values, (len(self.x),), f"log-probability of site `{site.name}`")
        return values

    def own(self) -> list[str]:
        """Names of the object's parameters that are the network's, in its order."""
        found = self.instance.parameters()
        parts = [part for layer in self.net.layers for part in layer]
        return [name for part in parts for name in found if np.array_equal(found[name], part)]


def role(trace: Trace, name: str) -> Site | None:
    """The sample site of this name, else the only one that is drawn (for `latent`) or scored (for `obs`)."""
    for site in trace.samples:
        if site.name == name:
            return site
    candidates = [site for site in (trace.latent if name == "latent" else trace.observed)
                  if site.name not in ("latent", "obs")]  # fmt: skip
    return candidates[0] if len(candidates) == 1 else None


class Runs:
    """The program at several sizes, each run once."""

    def __init__(self, subject: Any, rubric: Rubric, kind: str):
        self.subject, self.rubric, self.kind = subject, rubric, kind
        self._found: dict[tuple[Sizes, str], Run | Failure] = {}

    def all(self) -> Iterator[Run]:
        """At every size, mildly where "plain" does not run; raises Failure at the first where neither does."""
        for sizes in SIZES:
            found = self.mildly(sizes)
            if isinstance(found, Failure):
                raise found
            yield found

    def shown(self) -> Iterator[Run]:
        """At every size where the program runs, if need be mildly; raises the Failure when it runs at none."""
        found = [self.mildly(sizes) for sizes in SIZES]
        if not any(isinstance(each, Run) for each in found):
            raise found[0]
        yield from (each for each in found if isinstance(each, Run))

    def mildly(self, sizes: Sizes) -> Run | Failure:
        """The plain run, else a model's "mild" or a guide's "positive" one, else the plain one's Failure."""
        plain = self.attempt(sizes)
        if isinstance(plain, Run):
            return plain
        mild = self.attempt(sizes, "mild" if self.kind == "model" else "positive")
        return mild if isinstance(mild, Run) else plain

    def running(self, variant: str = "plain") -> Iterator[Run]:
        """At every size where the program runs; raises the Failure when it runs at none."""
        ran = False
        for sizes in SIZES:
            if isinstance(found := self.attempt(sizes, variant), Run):
                ran = True
                yield found
        if not ran:
            raise self.attempt(PLAIN, variant)

    def first(self, variant: str = "plain") -> Run:
        """At the first size where it runs; raises the Failure when it runs at none."""
        return next(self.running(variant))

    def attempt(self, sizes: Sizes, variant: str = "plain") -> Run | Failure:
        """The run at (data_dim, latent_dim, batch), or its Failure.

        `variant` is "plain", "far" (a decoder whose logits reach FAR), "mild" (a decoder whose outputs lie between 0 and
        1, so that who takes them for probabilities is not stopped by an error) or "positive" (an encoder whose loc and
        log scale are positive, likewise).
        """
        if (sizes, variant) not in self._found:
            try:
                self._found[sizes, variant] = self._run(sizes, variant)
            except Failure as failure:
                self._found[sizes, variant] = failure
        return self._found[sizes, variant]

    def _run(self, sizes: Sizes, variant: str) -> Run:
        rng, (data, latent, batch) = self.rubric.rng, sizes
        decoder = Net.random(rng, [latent, 8, data], scale=1.5)
        encoder = Net.random(rng, [data, 8, 2 * latent], heads=2, scales=True)
        if variant == "far":
            (weight, bias), factor = decoder.layers[-1], FAR / np.abs(decoder(np.zeros(latent))).max()
            decoder = Net((*decoder.layers[:-1], (factor * weight, factor * bias)))
        if variant == "mild":
            weight, bias = decoder.layers[-1]
            gentle = 0.4 * weight / np.abs(weight).sum(1, keepdims=True), np.full_like(bias, 0.5)
            decoder = Net((*decoder.layers[:-1], gentle))
        if variant == "positive":
            weight = encoder.layers[-1][0]
            heads = 0.1 * weight, np.abs(0.1 * weight).sum(1) + rng.uniform(0.5, 1.5, 2 * latent)
            encoder = replace(encoder, layers=(*encoder.layers[:-1], heads))
        x = (rng.random((batch, data)) < 0.5).astype(np.float32)
        x[0, :2] = 0, 1
        self.seed()
        networks = (decoder,) if self.kind == "model" else (encoder, decoder)
        try:
            instance = self.subject.construct(*networks, latent_dim=latent)
        except Failure as failure:
            if failure.type != "TypeError":
                raise
            instance = self.subject.construct(*networks, latent)
        free = instance.trace(self.kind, x)
        site = role(free, "latent")
        z = rng.normal(size=(batch, latent)) * 1.5 + 0.3
        fits = site is not None and not site.observed and np.shape(site.value) == z.shape
        if site is not None and not site.observed and site.batch_shape == (latent,) and not site.event_shape:
            fits = fits or np.shape(site.value) == (latent,)  # to_event is missing, and the plate took it for images
        if not fits and site is not None and site.value is not None and np.shape(site.value) == z.shape:
            z = np.asarray(site.value, float)
        given = instance.trace(self.kind, x, given={site.name: z}) if fits else free
        return Run(self.kind, instance, self.subject, self.rubric, x, z, networks[0], free, given)

    def seed(self) -> None:
        self.subject.seed(self.rubric.fresh_seed())


# What can be measured in a run.


def log_q(run: Run) -> Array:
    loc, scale = run.net(run.x)
    return gaussian_log_density(run.z, loc, np.log(scale))


def unregistered(run: Run) -> list[str]:
    own = run.own()
    registered = set(run.given.parameters.values())
    return [name for name in own if name not in registered] or ([] if own else [run.network])


def misnamed(run: Run) -> list[str]:
    """Param sites that hold this network's parameters under the other network's name."""
    other = {"decoder": "encoder", "encoder": "decoder"}[run.network]
    own = run.own()
    return [site for site, name in run.given.parameters.items() if name in own and site.split("$$$")[0] == other]


def drawn_twice(run: Run) -> tuple[Array, Array]:
    """z of two calls with different seeds."""
    name = run.site("latent").name
    run.reseed()
    return run.free.get(name).value, run.instance.trace(run.kind, run.x).get(name).value


def decoder_gradient(run: Run) -> tuple[Array, Array | None, Array, Array]:
    """Of a weighted sum of log p(x given z), in the decoder's last bias and along a line of z: the answer's, then ours.

    None where z cannot be given.
    """
    run.per_image("obs")
    weights, site, latent = run.weights(), run.site("obs"), run.site("latent")
    shape = np.shape(site.log_prob)
    spread = np.broadcast_to(weights.reshape(-1, *[1] * (len(shape) - 1)), shape)
    given = {} if latent.observed else {latent.name: run.z}
    found = run.instance.trace_gradients(run.kind, (run.x,), site.name, "log_prob", spread, given=given)
    want = weights @ (run.x - expit(run.net(run.z)))
    own = run.own()
    in_bias = found[own[-1]] if own and own[-1] in found else np.zeros_like(want)
    line = run.rubric.rng.normal(size=run.z.shape)
    there, back = (weights @ bernoulli_log_density(run.net(run.z + step * line), run.x) for step in (STEP, -STEP))
    in_z = np.sum(found[latent.name] * line) if given else None
    return in_bias, in_z, want, (there - back) / (2 * STEP)


def encoder_gradients(run: Run) -> tuple[Array, Array, Array, Array]:
    """Gradients of sum(weights * z) in the encoder's last bias, of loc and of log scale²; z and the weights.

    The draw that is differentiated and the one that is read have the same seed.
    """
    name = run.site("latent").name
    weights = run.weights()[:, None] * np.linspace(0.5, 1.5, run.latent_dim)
    seed = run.reseed()
    z = np.asarray(run.instance.trace(run.kind, run.x).get(name).value, float)
    run.reseed(seed)
    found = run.instance.trace_gradients(run.kind, (run.x,), name, "value", weights)
    own = run.own()
    last = found[own[-1]] if own and own[-1] in found else np.zeros(2 * run.latent_dim)
    return last[: run.latent_dim], last[run.latent_dim :], z, weights


def quoted(names: Any) -> str:
    return " and ".join(f"`{name}`" for name in names)

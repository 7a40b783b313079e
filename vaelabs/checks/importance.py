"""log p(x) by importance sampling, with a Gaussian q as proposal and a Bernoulli decoder.

Source: Burda, Grosse, Salakhutdinov (2016), eq. (8). All densities are in nats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from vaelabs.subjects import Failure, Net, as_subject

from .bernoulli import bernoulli_log_density
from .bounds import LOG_2PI, agrees, log_mean_exp, number, prior_on_grid
from .kl import kl_standard_normal
from .likelihood import gaussian_log_density
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
Density = Callable[[Array, Array], Array]

LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
IMAGES, COPIES = 3, 250
"""Images of a scene, and rows of each in one call: as many independent estimates of its log p(x)."""
MORE = 400
"""Rows of each image where it is to be said what is wrong: then a second counts less than an error."""
FEW = 13
"""Samples of a call whose estimates are still far from each other."""
CHUNK = 50
"""The default: more than FEW."""
CHUNKS = (7, 12, 4)
"""Ways to cut FEW samples: into 7 + 6, 12 + 1 and 4 + 4 + 4 + 1. None divides it, so that each leaves a short chunk."""
LIMIT = 6.0
"""Standard errors: a right answer is further out less than once in 10^8."""
LIKELY = 4.5
"""Where laws are only named, a closer fit is asked for: 1 in 10^5 of those named rightly have a worse one."""
DEFAULT = 0
"""As a chunk: none is given."""
CALLS = 120
"""Where each estimate takes a call of its own."""
SIMULATED = 1_500
"""Estimates of our own, for each image, with which an answer's are compared."""
GRID = np.linspace(-7, 7, 71)
"""Two digits finer than it need be for networks as small as these."""


@dataclass(frozen=True)
class Weights:
    """K draws of z and the densities there: all that a formula for the estimate, right or wrong, is made of.

    `log_lik`, `log_prior` and `log_q` have shape (K, ...), log p(x given z), log p(z) and log q(z given x);
    z is (K, ..., latent), and mu and std (..., latent), those of q, broadcast against its draws.
    """

    log_lik: Array
    log_prior: Array
    log_q: Array
    z: Array
    mu: Array
    std: Array

    @classmethod
    def at(cls, z: Array, log_lik: Array, mu: Array, std: Array) -> Weights:
        """The densities of N(0, I) and N(mu, std²) at z, beside the likelihood's there."""
        return cls(log_lik, gaussian_log_density(z, 0.0, 0.0), gaussian_log_density(z, mu, np.log(std)), z, mu, std)

    def first(self) -> Weights:
        """The first draw alone."""
        return replace(self, **{name: getattr(self, name)[:1] for name in ("log_lik", "log_prior", "log_q", "z")})

    @property
    def log_w(self) -> Array:
        """log p(x, z) - log q(z given x), (K, ...)."""
        return self.log_lik + self.log_prior - self.log_q

    @property
    def kl(self) -> Array:
        """KL(q || prior), (...)."""
        return kl_standard_normal(self.mu, 2 * np.log(self.std))


# What goes wrong with the weights. Formulas of plain arrays: what K draws make of each image's estimate.


@dataclass(frozen=True)
class Form:
    """A wrong formula: its id in the catalogue, one sentence, and the estimates (...) it makes of K draws."""

    id: str
    sentence: str
    formula: Callable[[Weights], Array]


_ELBO = "That is the ELBO, whatever K; take the log of the mean weight."
_LOG_K = "Too large by log K: the mean weight is the sum divided by K."
_NATURAL_LOG_K = (
    "The mean divides the sum of the weights by K, so its log subtracts log K, once: the natural logarithm of the "
    "number of samples."
)
_CONSTANTS = (
    "The constants differ: log(2 pi) / 2 per dimension belongs to both log p(z) and log q(z given x), or to neither."
)
_ANALYTIC = "Weights need log q(z) at the sample, not the average KL."
_SHARED = "Your K samples are copies, so the bound does not tighten: draw each z afresh."
_Q_VARIANCE = "log q(z given x): exp(logvar) is the variance; the standard deviation is exp(logvar / 2)."

FORMS: tuple[Form, ...] = (
    Form("I1", _ELBO, lambda w: w.log_w.mean(0)),
    Form("I1", _ELBO, lambda w: w.log_lik.mean(0) - w.kl),
    Form("I1", _ELBO, lambda w: w.log_w.sum(0)),
    Form("I2", _LOG_K, lambda w: logsumexp(w.log_w, 0)),
    Form("I3", _ANALYTIC, lambda w: log_mean_exp(w.log_lik) - w.kl),
    Form("I3", _ANALYTIC, lambda w: logsumexp(w.log_lik, 0) - w.kl),
    Form("E9", "log p(z) is missing: a weight is p(x given z) p(z) / q(z given x).",
         lambda w: log_mean_exp(w.log_lik - w.log_q)),
    Form("I14", "log q(z given x) is missing: z comes from q, and the weight divides by its density.",
         lambda w: log_mean_exp(w.log_lik + w.log_prior)),
    Form("I14", "log p(z) and log q(z given x) are missing: z comes from q, and the weight corrects for that.",
         lambda w: log_mean_exp(w.log_lik)),
    Form("I15", "Sign: the weight divides by q(z given x), so its logarithm is subtracted.",
         lambda w: log_mean_exp(w.log_lik + w.log_prior + w.log_q)),
    Form("I15", "Signs: log p(z) is added and log q(z given x) subtracted; yours are the other way round.",
         lambda w: log_mean_exp(w.log_lik - w.log_prior + w.log_q)),
    Form("I15", "Sign: log p(z) is added, it is part of p(x, z).",
         lambda w: log_mean_exp(w.log_lik - w.log_prior - w.log_q)),
    Form("I15", "Sign: log p(x given z) is added to the log-weight; yours is its negative.",
         lambda w: log_mean_exp(-w.log_lik + w.log_prior - w.log_q)),
    Form("I3", "The KL has no place in the weights, and would be subtracted.",
         lambda w: log_mean_exp(w.log_lik) + w.kl),
    Form("I9", "Sign: the estimate is a log-probability; negate once, in the loss.", lambda w: -log_mean_exp(w.log_w)),
    Form("I9", "Sign: each log-weight is negative of what it should be.", lambda w: log_mean_exp(-w.log_w)),
    Form("I7", _NATURAL_LOG_K, lambda w: logsumexp(w.log_w, 0) - 2 * np.log(len(w.log_w))),
    Form("I7", _NATURAL_LOG_K, lambda w: logsumexp(w.log_w, 0) - len(w.log_w)),
    Form("I7", _NATURAL_LOG_K, lambda w: logsumexp(w.log_w, 0) / len(w.log_w)),
    Form("I7", _NATURAL_LOG_K, lambda w: logsumexp(w.log_w, 0) + np.log(len(w.log_w))),
    Form("I7", _NATURAL_LOG_K, lambda w: logsumexp(w.log_w, 0) - np.log2(len(w.log_w))),
    Form("I7", _NATURAL_LOG_K, lambda w: logsumexp(w.log_w, 0) - np.log10(len(w.log_w))),
    Form("I8", "That is the largest log-weight, not the log of the mean weight.", lambda w: w.log_w.max(0)),
    Form("I8", "That is the largest log-weight, not the log of the mean weight.",
         lambda w: w.log_w.max(0) - np.log(len(w.log_w))),
    Form("I10", "This is the mean weight itself; its logarithm is missing.", lambda w: np.exp(w.log_w).mean(0)),
    Form("I11", "You averaged the log-weights with weights of their own; take the log of the mean weight.",
         lambda w: (np.exp(w.log_w - logsumexp(w.log_w, 0)) * w.log_w).sum(0)),
    Form("R1", _Q_VARIANCE,
         lambda w: log_mean_exp(w.log_lik + w.log_prior - gaussian_log_density(w.z, w.mu, 2 * np.log(w.std)))),
    Form("R1", "log q(z given x): the squared distance is divided by the variance exp(logvar), not by sigma.",
         lambda w: log_mean_exp(w.log_w + 0.5 * ((w.z - w.mu) ** 2 * (1 / w.std - 1 / w.std**2)).sum(-1))),
    Form("I16", "log q(z given x): the term -logvar / 2 is missing.",
         lambda w: log_mean_exp(w.log_w - np.log(w.std).sum(-1))),
    Form("I16", "log q(z given x): the term with logvar is -logvar / 2; yours lacks the half.",
         lambda w: log_mean_exp(w.log_w + np.log(w.std).sum(-1))),
    Form("I16", "log q(z given x): the term with logvar has the wrong sign, it is -logvar / 2.",
         lambda w: log_mean_exp(w.log_w - 2 * np.log(w.std).sum(-1))),
    Form("I16", "log q(z given x): its mean is mu; yours is a density about 0.",
         lambda w: log_mean_exp(w.log_lik + w.log_prior - gaussian_log_density(w.z, 0.0, np.log(w.std)))),
    Form("I16", "log q(z given x): the squared distance (z - mu)² / (2 sigma²) is missing.",
         lambda w: log_mean_exp(w.log_w - 0.5 * (((w.z - w.mu) / w.std) ** 2).sum(-1))),
    Form("I17", "log p(z): the half before z² is missing.",
         lambda w: log_mean_exp(w.log_w - 0.5 * (w.z**2).sum(-1))),
    Form("I17", "log p(z) is that of N(0, I) at z: not at mu.",
         lambda w: log_mean_exp(w.log_w - w.log_prior + gaussian_log_density(w.mu, 0.0, 0.0))),
    Form("I18", "log p(z) and log q(z given x) are sums over the latent dimensions, as the density of a vector is.",
         lambda w: log_mean_exp(w.log_lik + (w.log_prior - w.log_q) / w.z.shape[-1])),
    Form("I19", _CONSTANTS, lambda w: log_mean_exp(w.log_w) + w.z.shape[-1] * LOG_2PI / 2),
    Form("I19", _CONSTANTS, lambda w: log_mean_exp(w.log_w) - w.z.shape[-1] * LOG_2PI / 2),
    Form("I5", _SHARED, lambda w: w.log_w[0]),
    Form("I5", _SHARED + " (And log K is missing.)", lambda w: w.log_w[0] + np.log(len(w.log_w))),
)  # fmt: skip


def misfit(got: Array, want: Array) -> float:
    """How far two samples of estimates, (images, n) and (images, m), are from one law, in standard errors.

    The worst of: mean of each image, means, variances and, where these agree, Kolmogorov-Smirnov distance of all images
    together. A law without spread is compared value by value; infinite where the numbers cannot be compared.
    """
    if not (np.isfinite(got).all() and np.isfinite(want).all()):
        return np.inf
    center, scale = want.mean(1, keepdims=True), want.std(1, keepdims=True)
    if scale.max() < 1e-6 * (1 + np.abs(center).max()):
        return 0.0 if np.all(np.abs(got - center) <= LOOSE * (1 + np.abs(center))) else np.inf
    a, b = (got - center) / scale, (want - center) / scale
    if not np.isfinite(a).all() or a.std(1).min() < 1e-6:
        return np.inf
    n, m = a.shape[1], b.shape[1]
    shift = a.mean(1) / np.sqrt(a.var(1) / n + b.var(1) / m)
    variances = np.log(a.var(1).mean() / b.var(1).mean())
    tails = max(_kurtosis(a), _kurtosis(b), 3.0)
    stretch = variances / np.sqrt((tails - 1) * (1 / n + 1 / m) / len(a))
    together = shift.sum() / np.sqrt(len(a))
    moments = float(np.max(np.abs([*shift, stretch, together])))
    if moments > LIMIT:
        return moments
    # A distance of D has the probability 2 exp(-2 t²), t = D sqrt(effective n): that of a normal number at 2 t.
    apart = 2 * _ks_distance(a.ravel(), b.ravel()) * np.sqrt(len(a) / (1 / n + 1 / m))
    return max(moments, float(apart))


def _kurtosis(values: Array) -> float:
    central = values - values.mean(1, keepdims=True)
    return float((central**4).mean() / (central**2).mean() ** 2)


def _ks_distance(a: Array, b: Array) -> float:
    a, b = np.sort(a), np.sort(b)
    points = np.concatenate([a, b])
    below_a, below_b = (np.searchsorted(each, points, "right") / len(each) for each in (a, b))
    return float(np.abs(below_a - below_b).max())


# Scenes: a q that is wider than the prior, so that the weights are bounded and no tail spoils a mean.


@dataclass(frozen=True)
class Scene:
    """Images x (images, data) in {0, 1} with an encoder to (mu, logvar) and a decoder to logits.

    `density` is log p(x given z) of logits and x: ours, or what the student's own function makes of them.
    """

    x: Array
    encoder: Net
    decoder: Net
    density: Density = bernoulli_log_density

    @property
    def mu(self) -> Array:
        return self.encoder(self.x)[0]

    @property
    def std(self) -> Array:
        return np.exp(self.encoder(self.x)[1] / 2)

    def weights(self, z: Array, std: Array | None = None) -> Weights:
        """Densities at z (K, images, n, latent); with `std` (images, latent) for q's in place of the encoder's."""
        log_lik = self.density(self.decoder(z), self.x[:, None])
        return Weights.at(z, log_lik, self.mu[:, None], (self.std if std is None else std)[:, None])

    def draw(self, rng: np.random.Generator, k: int, n: int) -> Weights:
        """k draws from q for each of n estimates of each image."""
        return self.weights(self.mu[:, None] + self.std[:, None] * _noise(rng, self, k, n))

    @cached_property
    def log_marginal(self) -> Array:
        """log p(x) of every image, by quadrature over two latent dimensions, unless the decoder ignores them."""
        if not self.decoder.layers[0][0].any():
            return self.density(self.decoder(self.mu), self.x)
        z, log_weights = prior_on_grid(GRID, self.mu.shape[-1])
        return logsumexp(self.density(self.decoder(z)[:, None], self.x) + log_weights[:, None], axis=0)


def _noise(rng: np.random.Generator, scene: Scene, k: int, n: int) -> Array:
    images, latent = scene.mu.shape
    return rng.normal(size=(k, images, n, latent))


def _scene(rng: np.random.Generator, mild: bool = False) -> Scene:
    """Three images of four pixels, two latents: no axis can stand for another. `mild`: logits from 0.1 to 0.9."""
    x = np.array([[n >> bit & 1 for bit in range(4)] for n in rng.choice(16, IMAGES, replace=False)], float)
    mu = rng.uniform(0.7, 1.3, (IMAGES, 2)) * rng.choice([-1, 1], (IMAGES, 2))
    # Far enough from 0 that sigma, sigma² and log sigma² are three different widths.
    logvar = rng.uniform(1.1, 1.5, (IMAGES, 2))
    # A linear encoder that gives these numbers for these images.
    design = np.column_stack([x, np.ones(IMAGES)])
    heads = np.linalg.pinv(design) @ np.hstack([mu, logvar])
    encoder = Net(((heads[:-1].T, heads[-1]),), heads=2)
    decoder = Net.random(rng, [2, 8, 4], scale=1.5)
    if mild:
        hidden, (weight, bias) = decoder.layers
        decoder = Net((hidden, (0.4 * weight / np.abs(weight).sum(1, keepdims=True), 0 * bias + 0.5)))
    return Scene(x, encoder, decoder)


def _deaf(rng: np.random.Generator, images: int, data: int = 6, size: float = 2.0, mild: bool = False) -> Scene:
    """q is the prior and the decoder ignores z: every weight is p(x), for every draw. `mild`: logits of 0.1 to 0.9."""
    x = rng.integers(0, 2, (images, data)).astype(float)
    encoder = Net(((np.zeros((4, data)), np.zeros(4)),), heads=2)
    logits = size * rng.uniform(0.5, 1.5, data) * rng.choice([-1, 1], data)
    if mild:
        logits = rng.uniform(0.1, 0.9, data)
    return Scene(x, encoder, Net(((np.zeros((data, 2)), logits),)))


def _far(rng: np.random.Generator, images: int, mild: bool = False) -> Scene:
    """log p(x) is below -900: every pixel is as unlikely as it can be."""
    scene = _deaf(rng, images, 1200 if mild else 600, 5.0, mild)
    return replace(scene, x=(scene.decoder.layers[0][1] < 0.5 * mild) * np.ones((images, 1)))


# --- iwae_log_likelihood ------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_iwae_log_likelihood(
    iwae_log_likelihood: Any,
    framework: str = "torch",
    seed: int | None = None,
    *,
    bernoulli_log_likelihood: Any = None,
) -> Score:
    """`iwae_log_likelihood(x, encoder, decoder, k, chunk=50) -> (B,)`: log of the mean of k weights, in nats. 5 points.

    x (B, data) is binary; `encoder(x)` gives (mu, logvar), each (B, latent), `decoder(z)` logits for z (..., latent).
    A weight is p(x given z) p(z) / q(z given x) at a z drawn from q; the decoder gets at most `chunk` draws per image
    in one go. Judged by values that do not depend on the draws, by log p(x) from quadrature, and by the law of the
    estimate over draws. The student's own `bernoulli_log_likelihood` may be given: what is wrong with it has cost its
    points in its own task and costs none here, where the answer's weights are made of it.
    """
    subject = as_subject(iwae_log_likelihood, framework)
    rubric = Rubric("iwae_log_likelihood", 5, seed)
    subject.seed(rubric.fresh_seed())  # once: a seed takes as long as a call, and two calls are to differ
    rows = _Rows(subject, rubric.rng, _own_likelihood(bernoulli_log_likelihood, framework, rubric.rng))
    rows.settle()

    with rubric.award("value", 2, "it is the log of the mean of the k weights p(x given z) p(z) / q(z given x)"):
        for images, k in ((5, 3), (1, 1), (4, 40)):
            scene = rows.deaf(images)
            what = f"the decoder ignores z and q is the prior, so that {k} equal weights are p(x): the estimate"
            expect_close(_call(subject, scene, k), scene.log_marginal, what, LOOSE, LOOSE)
        _expect_stable(rows)
        for k in (1, FEW):
            _expect_law(rows, k) if rows.carried else _expect_unbiased(rows, k)

    sentence = "chunk changes neither the number of samples nor their weight, and bounds the memory"
    with rubric.award("chunks", 1, sentence):
        _expect_chunks(rows)

    with rubric.award("draws", 1, "every sample of every image has its own fresh z ~ q(z given x)"):
        _expect_draws(rows, weights_are_right=rubric.properties[0].points > 0)

    with rubric.award("no gradient and any k", 1, "no graph is kept, any k will do, and nothing is changed"):
        _expect_no_graph(rows)

    rubric.diagnose(_misconceptions(rows.more()))
    return rubric.score()


@dataclass(frozen=True)
class _Own:
    """The student's own log p(x given z), where it is wrong; `mild` if it has numbers for logits from 0 to 1 only."""

    subject: Any
    mild: bool = False

    def __call__(self, logits: Array, x: Array) -> Array:
        """(..., d), (..., d) to (...); asked without broadcasting. Raises Failure where it gives anything else."""
        shape = np.broadcast_shapes(np.shape(logits), np.shape(x))
        flat = [np.array(np.broadcast_to(each, shape)).reshape(-1, shape[-1]) for each in (logits, x)]
        got = self.subject(*flat)
        if np.shape(got) != (len(flat[0]),):
            raise Failure("shape", f"bernoulli_log_likelihood of {len(flat[0])} examples has shape {np.shape(got)}")
        return np.asarray(got, float).reshape(shape[:-1])

    def tells_examples_apart(self, scene: Scene) -> bool:
        """Whether it has finite numbers there, each that of its own row, and not all the same."""
        logits = scene.decoder(scene.mu)
        try:
            whole = self(logits, scene.x)
            rows = np.concatenate([self(logits[n : n + 1], scene.x[n : n + 1]) for n in range(len(logits))])
        except Failure:
            return False
        return bool(np.isfinite(whole).all() and agrees(rows, whole) and np.ptp(whole) > 1e-3)


def _own_likelihood(function: Any, framework: str, rng: np.random.Generator) -> _Own | None:
    """The student's function, if it is wrong and an estimate can be made of it all the same."""
    if function is None:
        return None
    subject = as_subject(function, framework)
    for mild in (False, True):
        own, scene = _Own(subject, mild), _deaf(rng, 20, mild=mild)
        if own.tells_examples_apart(scene):
            right = all(agrees(own(at.decoder(at.mu), at.x), at.log_marginal) for at in (scene, _far(rng, 1)))
            return None if right else own
    return None


def _call(subject: Any, scene: Scene, k: int, chunk: int | None = None) -> Array:
    got = _result(subject, scene, k, chunk)
    expect_shape(got, (len(scene.x),), f"the estimate for {len(scene.x)} images with k = {k}")
    if np.isnan(got).any():
        raise Broken(f"the estimate with k = {k} is NaN, which is no number")
    return got


def _result(subject: Any, scene: Scene, k: int, chunk: int | None = None) -> Any:
    """Whatever the answer gives; chunk is given by position, else by keyword.

    Without a chunk all samples are one, so that a wrong cut costs nothing: chunk = k, or not given if none is taken.
    """
    args = scene.x, scene.encoder, scene.decoder, k
    if chunk == DEFAULT:
        return subject(*args)
    size = k if chunk is None else chunk
    for call in (lambda: subject(*args, size), lambda: subject(*args, chunk=size)):
        try:
            return call()
        except Failure as failure:
            if failure.type != "TypeError":
                raise
            last = failure
    if chunk is None:
        return subject(*args)
    raise last


class _Rows:
    """Many independent estimates for the images of one scene: each image stands in many rows, in any order."""

    def __init__(self, subject: Any, rng: np.random.Generator, own: _Own | None = None, copies: int = COPIES):
        self.subject, self.rng, self.own, self.copies = subject, rng, own, copies
        self.scene = _scene(rng, self.mild)
        self.order = rng.permutation(np.repeat(np.arange(IMAGES), copies))
        self._kept: dict[tuple[int, int | None], Array | Failure | Broken] = {}
        self._drawn: dict[int, Weights] = {}

    def more(self) -> _Rows:
        """The same, to be asked again for more rows of another scene."""
        rows = _Rows(self.subject, self.rng, self.own, MORE)
        rows.scene = replace(rows.scene, density=self.scene.density)
        return rows

    @property
    def mild(self) -> bool:
        return self.own is not None and self.own.mild

    @property
    def carried(self) -> bool:
        """Whether the answer's weights are judged by the student's own likelihood."""
        return self.scene.density is self.own

    def deaf(self, images: int) -> Scene:
        """Images of which not all have one log p(x)."""
        for _ in range(50):
            scene = replace(_deaf(self.rng, images, mild=self.mild), density=self.scene.density)
            if images == 1 or np.ptp(scene.log_marginal) > 1e-3:
                break
        return scene

    def far(self, images: int) -> Scene:
        return replace(_far(self.rng, images, self.mild), density=self.scene.density)

    def settle(self) -> None:
        """Judge by the student's own likelihood if the answer's weights are made of it."""
        if self.own is None:
            return
        theirs = replace(self.scene, density=self.own)
        try:
            for k in (1, 3):
                scene = self.deaf(5)
                got = _call(self.subject, scene, k)
                if agrees(got, scene.log_marginal):
                    return
                if agrees(got, replace(scene, density=self.own).log_marginal):
                    self.scene = theirs
                    return
            # Where the weights are wrong in themselves there is only their law to go by.
            one = self.estimates(1)
            ours, others = (each.draw(self.rng, 1, SIMULATED) for each in (self.scene, theirs))
        except (Failure, Broken):
            return
        fits = [min(misfit(one, form.formula(w)) for form in FORMS) for w in (ours, others)]
        if fits[1] <= LIMIT and fits[1] < fits[0]:
            self.scene = theirs

    def estimates(self, k: int, chunk: int | None = None) -> Array:
        """The answer's, (images, copies); asked once for each k and chunk. Raises Failure or Broken as it did then."""
        if (k, chunk) not in self._kept:
            try:
                self._kept[k, chunk] = self._ask(k, chunk)
            except (Failure, Broken) as error:
                self._kept[k, chunk] = error
        found = self._kept[k, chunk]
        if isinstance(found, Exception):
            raise found
        return found

    def _ask(self, k: int, chunk: int | None) -> Array:
        many = replace(self.scene, x=self.scene.x[self.order])
        got = _call(self.subject, many, k, chunk)
        return np.stack([got[self.order == n] for n in range(IMAGES)]).astype(float)

    @property
    def alike(self) -> bool:
        """Whether all rows of an image have one estimate in a call: then a law shows over many calls only."""
        return bool(np.ptp(self.estimates(1), axis=1).max() < 1e-6)

    def over_calls(self, k: int, chunk: int | None = None) -> Array:
        """Estimates (images, CALLS), each of a call of its own: dependent from image to image, if noise is shared."""
        return np.stack([_call(self.subject, self.scene, k, chunk) for _ in range(CALLS)], 1).astype(float)

    def drawn(self, k: int) -> Weights:
        """Our own draws."""
        if k not in self._drawn:
            self._drawn[k] = self.scene.draw(self.rng, k, SIMULATED)
        return self._drawn[k]


def _expect_stable(rows: _Rows) -> None:
    """Weights whose exponential is 0 in every floating-point format have a mean all the same."""
    far = rows.far(2)
    if rows.own is not None:
        own = rows.own(far.decoder(far.mu), far.x)
        if not np.isfinite(own).all():  # there are no weights to be had of it, so p(z) / q(z given x) is to be small
            far, k = _astray(rows.deaf(2)), 4
            got = _call(rows.subject, far, k)
            if not np.isfinite(got).all():
                raise Broken(f"with weights of about exp(-1800) the estimate from k = {k} is {number(got)}")
            return
        if agrees(_call(rows.subject, far, 4), own):
            return
    what = f"with weights of exp({number(far.log_marginal)}): the estimate"
    expect_close(_call(rows.subject, far, 4), far.log_marginal, what, LOOSE, LOOSE)


def _astray(scene: Scene) -> Scene:
    """The same with a q that is sixty standard deviations from the prior."""
    (weight, bias), half = scene.encoder.layers[0], len(scene.encoder.layers[0][1]) // 2
    bias = bias + np.append([60.0], np.zeros(2 * half - 1))
    return replace(scene, encoder=replace(scene.encoder, layers=((weight, bias),)))


def _expect_law(rows: _Rows, k: int) -> None:
    """The estimates have the law of ours; or, where samples are copies of each other, that of one sample."""
    got, want = rows.estimates(k), log_mean_exp(rows.drawn(k).log_w)
    if not any(misfit(got, each) <= LIMIT for each in (want, log_mean_exp(rows.drawn(1).log_w))):
        raise Broken(
            f"with k = {k} and your own bernoulli_log_likelihood the estimates have mean {got.mean():.4g} and "
            f"spread {got.std(1).mean():.4g}, expected {want.mean():.4g} and {want.std(1).mean():.4g}"
        )


def _expect_unbiased(rows: _Rows, k: int) -> None:
    """The mean weight has the mean p(x), for every k; samples that are copies of each other change nothing in that."""
    got, log_p = rows.estimates(k), rows.scene.log_marginal[:, None]
    one = log_mean_exp(rows.drawn(1).log_w)
    # Copies spread as one sample does.
    ours = one if misfit(got, one) <= LIMIT else log_mean_exp(rows.drawn(k).log_w)
    share = np.exp(got - log_p)
    error = (share.mean(1) - 1) / (np.exp(ours - log_p).std(1) / np.sqrt(COPIES))
    if not np.isfinite(error).all() or max(np.abs(error).max(), abs(error.sum()) / np.sqrt(IMAGES)) > LIMIT:
        worst = int(np.argmax(np.where(np.isnan(error), np.inf, np.abs(error))))
        raise Broken(f"with k = {k} the mean of the weights over {COPIES} calls estimates log p(x) = "
                     f"{log_p[worst, 0]:.4g}: got {np.log(share[worst].mean()) + log_p[worst, 0]:.4g}")  # fmt: skip


def _expect_chunks(rows: _Rows) -> None:
    """Compared with the answer's own estimates from one chunk, so that a wrong weight costs only "value"."""
    subject, scene = rows.subject, rows.deaf(5)
    whole = _call(subject, scene, 100)
    if not np.isfinite(whole).all() or np.ptp(whole) < 1e-6:
        raise Broken(f"the estimate must differ from image to image; yours is {number(whole)} for all")
    # Where the weights are wrong they may depend on the draw: then there is only the law to go by.
    fixed = agrees(_call(subject, scene, 100), whole)
    for chunk in (50, 7, 1, 1000, DEFAULT) if fixed else ():
        got = _call(subject, scene, 100, chunk)
        size = f"chunk = {chunk}" if chunk else "default chunk"
        what = f"k = 100, {size}, as with one chunk: the estimate"
        expect_close(got, whole, what, LOOSE, LOOSE)
    for k, chunk in ((1, 50), (2, 7), (7, 7), (8, 7), (60, 50), (51, 50), (3, DEFAULT)):
        got = _call(subject, rows.scene, k, chunk)
        if not np.isfinite(got).all():
            raise Broken(f"with k = {k} and chunk = {chunk or 'its default'} the estimate is "
                         f"{number(got[~np.isfinite(got)])}")  # fmt: skip
    _expect_chunk_laws(rows)
    rows_at_once = _most_rows(rows)
    if rows_at_once > 80:
        raise Broken(f"with k = 300, chunk = 10 and 4 images the decoder got {rows_at_once} rows in one go; "
                     f"10 draws for each of 4 images are 40")  # fmt: skip


def _expect_chunk_laws(rows: _Rows) -> None:
    """FEW samples in short chunks have the law of FEW in one, and 1 sample is 1 whatever the chunk."""
    ask, limit = rows.estimates, LIMIT
    if rows.alike:
        ask, limit = rows.over_calls, LIMIT * np.sqrt(IMAGES)
    for k, chunks in ((FEW, CHUNKS), (1, (CHUNK,))):
        reference, ours = ask(k), log_mean_exp(rows.drawn(k).log_w)
        if np.ptp(reference, axis=1).max() < 1e-6:
            continue  # nothing random is in it, and what is not random has been compared
        # Our own estimates are more, and tell more; but they say nothing about another formula's or another q's.
        one = log_mean_exp(rows.drawn(1).log_w)
        ours_too = misfit(reference, ours) <= LIKELY and misfit(ask(1), one) <= LIKELY
        for chunk in chunks:
            got = ask(k, chunk)
            if not all(misfit(got, each) <= limit for each in (reference, *([ours] * ours_too))):
                raise Broken(
                    f"k = {k} in chunks of {chunk} gives another law than in one chunk: mean {got.mean():.4g} and "
                    f"spread {got.std(1).mean():.4g} against {reference.mean():.4g} and {reference.std(1).mean():.4g}"
                )


def _most_rows(rows: _Rows) -> int:
    """Rows in the largest call of the decoder, with k = 300 and chunk = 10 for 4 images."""
    _call(rows.subject, rows.deaf(4), 300, 10)
    return max(rows.subject.record(2), default=0)


def _expect_draws(rows: _Rows, weights_are_right: bool) -> None:
    one = rows.estimates(1)
    if rows.alike:
        raise Broken(f"{COPIES} rows with the same x have the same estimate, {number(one)}: draw z for each of them")
    few = rows.scene
    for k in (1, 3):
        first, second = (_call(rows.subject, few, k) for _ in range(2))
        if np.array_equal(first, second):
            raise Broken(f"two calls give the same estimate, {number(first)}: draw z afresh in every call")
    ours = rows.drawn(1)
    want = log_mean_exp(ours.log_w)
    # What a wrong weight has cost in "value" it does not cost again: any formula will do, if only its z is right.
    excused = () if weights_are_right else (form.formula(ours) for form in FORMS)
    if not any(misfit(one, estimates) <= LIMIT for estimates in (want, *excused)):
        raise Broken(f"with k = 1, one z ~ q, the estimates have mean {one.mean():.4g} and spread "
                     f"{one.std(1).mean():.4g}, expected {want.mean():.4g} and {want.std(1).mean():.4g}")  # fmt: skip
    many = rows.estimates(FEW)
    want = log_mean_exp(rows.drawn(FEW).log_w)
    # Log-weights with heavy tails, of a wrong formula, hide in a misfit; their spread still shrinks a little.
    about_one = many - (many - one).mean(1, keepdims=True)
    if many.std(1).mean() > 0.85 * one.std(1).mean() and misfit(about_one, one) <= LIMIT:
        raise Broken(f"{FEW} samples spread the estimate by {many.std(1).mean():.3g}, as one does, "
                     f"{one.std(1).mean():.3g}: draw a z for each sample")  # fmt: skip
    if weights_are_right and not misfit(many, want) <= LIMIT:
        raise Broken(f"with k = {FEW} the estimates have mean {many.mean():.4g} and spread {many.std(1).mean():.4g}, "
                     f"expected {want.mean():.4g} and {want.std(1).mean():.4g}")  # fmt: skip


def _expect_no_graph(rows: _Rows) -> None:
    subject, scene = rows.subject, rows.scene
    for k in (1, 2, 7, 60):
        got = _call(subject, scene, k)
        if not np.isfinite(got).all():
            raise Broken(f"with k = {k} the estimate is {number(got[~np.isfinite(got)])}")
    _call(subject, replace(scene, x=scene.x[:1]), 3)
    gradients = _gradients(rows)
    if gradients.any():
        raise Broken("the result keeps a graph, from which gradients reach the networks: use torch.no_grad()")
    if subject.mutated:
        raise Broken("x has other numbers after the call: compute new tensors")


def _gradients(rows: _Rows) -> Array:
    """All gradients of the estimates, with respect to x and the parameters of both networks."""
    scene = rows.scene
    args, ones = (scene.x, scene.encoder, scene.decoder, 3), np.ones(len(scene.x))
    try:
        found = rows.subject.vjp(args, ones, chunk=3)
    except Failure as failure:
        if failure.type != "TypeError":
            raise
        found = rows.subject.vjp(args, ones)
    parts = [part for each in found if each is not None for part in (each if isinstance(each, list) else [each])]
    return np.concatenate([np.ravel(part) for part in parts])


def _misconceptions(rows: _Rows) -> Iterator[Misconception]:
    """The catalogue, most telling first: what no draw can change, then what fits the law of the estimates best."""
    for part in (_of_values, _of_chunk_values, _of_laws, _of_chunk_laws, _of_calls):
        try:
            yield from part(rows)
        except (Failure, Broken):
            continue  # it gives no numbers for this part of the catalogue


def _of_values(rows: _Rows) -> Iterator[Misconception]:
    """Read off calls in which every weight is p(x)."""
    k, scene = 3, rows.deaf(5)
    right = scene.log_marginal
    logits = scene.decoder.layers[0][1]
    got = _result(rows.subject, scene, k)

    def form(*wants: Any) -> Callable[[], str | None]:
        def recognise() -> str | None:
            if any(agrees(got, want) and not agrees(want, right) for want in wants):
                return f"where all {k} weights are p(x), yours is {number(got)}, log p(x) is {number(right)}"
            return None

        return recognise

    log_k, log_b = np.log(k), np.log(len(right))
    whole = [level for one in (right.mean(), right.sum(), logsumexp(right), logsumexp(right) - log_b)
             for level in (one, one + log_k, -one, np.array([one]))]  # fmt: skip
    by_draw = np.tile(right, (k, 1))
    mixed = [log_mean_exp(by_draw.reshape(len(right), k).T), log_mean_exp(by_draw.T.reshape(k, len(right)))]
    yield Misconception("I5", "One number per image, none shared by the batch: the average over K is inside the log of "
                        "each, and nothing is averaged or added over the images.", form(*whole))  # fmt: skip
    yield Misconception("I6", "You averaged over the images: the mean is over the K samples of each.",
                        form(*(np.full(k, one) for one in (logsumexp(right), logsumexp(right) - log_k,
                                                           logsumexp(right) - log_b, right.mean()))))  # fmt: skip
    yield Misconception("I20", "The weights of different images are mixed: mind the order of axes when K and B are put "
                        "into one axis and taken apart again.", form(*mixed))  # fmt: skip
    levels = [right + log_k, right - log_k, right - k + log_k, (right + log_k) / k, right + 2 * log_k,
              right + log_k - np.log2(k), right + log_k - np.log10(k)]  # fmt: skip
    constant = scene.mu.shape[-1] * LOG_2PI / 2
    yield Misconception("I2", _LOG_K, form(levels[0]))
    yield Misconception("I7", _NATURAL_LOG_K, form(*levels[1:]))
    yield Misconception("I19", _CONSTANTS, form(right + constant, right - constant))
    if agrees(got, right):
        far = rows.far(1)
        value = _result(rows.subject, far, 4)
        yield Misconception("I4", "exp underflows to 0 at -1000, and log 0 is -inf; use logsumexp.", _when(
            lambda: not np.isfinite(value).all(), f"at log p(x) = {number(far.log_marginal)} yours is {number(value)}"))
    if rows.carried:
        return
    pixels, chance = scene.x.shape[-1], expit(logits)
    squares = ((scene.x - chance) ** 2).sum(-1)
    yield Misconception("L3", "sigmoid is applied twice: the decoder gives logits, and the likelihood takes logits.",
                        form(bernoulli_log_density(chance, scene.x)))  # fmt: skip
    yield Misconception("L4", "Averaged over pixels: log p(x given z) is a sum over them.",
                        form(right / pixels, right / pixels + log_k))  # fmt: skip
    yield Misconception("L5", "x and logits are exchanged.",
                        form(bernoulli_log_density(scene.x, logits * np.ones((len(right), 1)))))  # fmt: skip
    yield Misconception("L7", "That is a squared error; the decoder gives the logits of binary pixels.",
                        form(-squares, -squares / 2, -((scene.x - logits) ** 2).sum(-1), -squares / pixels,
                             -0.5 * ((scene.x - logits) ** 2).sum(-1)))  # fmt: skip
    yield Misconception("L12", "Sign: a binary cross-entropy is minus log p(x given z).", _when(
        lambda: agrees(got, -right) and misfit(rows.estimates(1), log_mean_exp(
            _flipped(rows.drawn(1)).log_w)) <= LIMIT,
        f"yours is {number(got)}, log p(x) is {number(right)}"))  # fmt: skip


def _flipped(w: Weights) -> Weights:
    return Weights(-w.log_lik, w.log_prior, w.log_q, w.z, w.mu, w.std)


def _when(holds: Callable[[], bool], evidence: str) -> Callable[[], str | None]:
    return lambda: evidence if holds() else None


def _of_chunk_values(rows: _Rows) -> Iterator[Misconception]:
    """Wrong counts show where every weight is p(x): in the difference to the answer's own value from one chunk."""
    k, chunk, scene = 100, 7, rows.deaf(5)
    whole = _call(rows.subject, scene, k)
    got = _call(rows.subject, scene, k, chunk)
    full, short, parts = k - k % chunk, k % chunk, -(-k // chunk)

    def by(*factors: float, of: Array = whole) -> Callable[[], str | None]:
        def recognise() -> str | None:
            if any(agrees(got, of + np.log(each)) and abs(each - 1) > 1e-6 for each in factors):
                return (f"k = {k} gives {number(got)} in chunks of {chunk}, {number(whole)} in one, where all weights "
                        f"are equal")  # fmt: skip
            return None

        return recognise

    yield Misconception("I21", "The remainder is dropped: k = 100 in chunks of 7 leaves a last chunk of 2.",
                        by(full / k))  # fmt: skip
    yield Misconception("I22", "The mean is over all k samples: subtract log k, not the logarithm of the chunk.",
                        by(k / chunk, k / short, full / chunk, parts, k / (chunk * parts)))  # fmt: skip
    yield Misconception("I23", "Only one of the chunks is counted: collect the log-weights of all.",
                        by(short / k, chunk / k, short / chunk, chunk / short))  # fmt: skip
    yield Misconception("I24", "More samples than k are drawn: the last chunk is shorter.",
                        by(parts * chunk / k, of=scene.log_marginal))  # fmt: skip
    yield Misconception("I22", "The chunks' estimates are added up; the mean is over all k samples.", lambda: (
        f"k = {k} gives {number(got)} in chunks of {chunk}, {number(whole)} in one"
        if agrees(got, whole * parts) else None))  # fmt: skip


def _of_laws(rows: _Rows) -> Iterator[Misconception]:
    """Formulas and laws of z, by the law of the estimates from k = FEW samples in one chunk."""
    one, got = rows.estimates(1), rows.estimates(FEW)
    ours = rows.drawn(FEW)
    right = log_mean_exp(ours.log_w)
    alone = log_mean_exp(rows.drawn(1).log_w)
    evidence = (f"your estimates from {FEW} samples have mean {got.mean():.4g} and spread {got.std(1).mean():.3g}, "
               f"right ones {right.mean():.4g} and {right.std(1).mean():.3g}; from 1 sample {one.mean():.4g} and "
               f"{one.std(1).mean():.3g}, right ones {alone.mean():.4g} and {alone.std(1).mean():.3g}")  # fmt: skip
    if rows.alike:
        yield from _of_constants(rows, one)
        return
    again = _call(rows.subject, rows.scene, 3)
    if np.array_equal(again, _call(rows.subject, rows.scene, 3)):
        yield Misconception("R13", "The same eps at each call; take randomness from outside.",
                            lambda: f"two calls gave {number(again)}")  # fmt: skip
    many = log_mean_exp(rows.scene.draw(rows.rng, CHUNK, SIMULATED // 3).log_w)
    for chunk in (None, CHUNK):
        single = rows.estimates(1, chunk)
        if misfit(single, many) <= LIKELY:
            yield Misconception("I25", "k is ignored: it is the number of samples for each image, whatever the chunk.",
                                lambda: f"with k = 1 the spread of your estimates is {single.std(1).mean():.3g}, it is "
                                        f"{alone.std(1).mean():.3g}")  # fmt: skip
    if misfit(got, right) <= LIMIT and misfit(one, alone) <= LIMIT:
        return
    ones = rows.drawn(1)
    candidates = [(form.id, form.sentence, form.formula(ours), form.formula(ones)) for form in FORMS]
    candidates += [(id, sentence, *(log_mean_exp(w.log_w) for w in (few, Weights.first(few))))
                   for id, sentence, few in _wrong_draws(rows)]  # fmt: skip
    fits = [max(misfit(got, each[2]), misfit(one, each[3])) for each in candidates]
    best = int(np.argmin(fits))
    if fits[best] <= LIKELY:
        yield Misconception(*candidates[best][:2], lambda: evidence)


def _of_constants(rows: _Rows, one: Array) -> Iterator[Misconception]:
    """All rows of an image have the same estimate: no noise, the same noise for all, or noise without a say."""
    scene = rows.scene
    at_mu = scene.weights(np.broadcast_to(scene.mu[:, None], (1, IMAGES, 2, scene.mu.shape[-1])))
    no_noise = "No noise enters the decoder: z = mu is not a draw from q."
    for want in (at_mu.log_w, at_mu.log_lik, at_mu.log_lik - at_mu.kl, at_mu.log_lik + at_mu.log_prior):
        yield Misconception("I26", no_noise, _when(
            lambda want=want: agrees(one[:, :1], want[0, :, :1]),
            f"with k = 1 your estimate is {number(one)} in every call, that of z = mu"))  # fmt: skip
    first, second = (_call(rows.subject, scene, 1) for _ in range(2))
    yield Misconception("I27", "All images are given the same eps (or the same z); draw one for each.", _when(
        lambda: not np.array_equal(first, second),
        f"{rows.copies} rows with the same x have the same estimate, {number(one)}, in one call, and {number(second)} "
        f"in another"))  # fmt: skip
    yield Misconception("R13", "The same eps at each call; take randomness from outside.", _when(
        lambda: np.array_equal(first, second), f"two calls gave {number(first)}"))  # fmt: skip


def _wrong_draws(rows: _Rows) -> Iterator[tuple[str, str, Weights]]:
    """Wrong laws of z, with the density of q and with that of the wrong law: id, sentence, weights."""
    scene = rows.scene
    eps = _noise(rows.rng, scene, FEW, SIMULATED // 2)
    mu, std, logvar = scene.mu, scene.std, 2 * np.log(scene.std)
    widths = (
        ("R1", "exp(logvar) is the variance; the standard deviation is exp(logvar / 2).", std**2),
        ("R2", "You scaled the noise by the log-variance itself: sigma = exp(logvar / 2).", logvar),
        ("R3", "The exponential is missing: sigma = exp(logvar / 2).", logvar / 2),
        ("R4", "Sign of the exponent: this is 1/sigma.", 1 / std),
        ("R5", "softplus is another parametrisation; this argument is log sigma², so sigma = exp(logvar / 2).",
         np.logaddexp(0, logvar)),
        ("E19", "Your z has the encoder's mean, but not its variance.", np.ones_like(std)),
    )  # fmt: skip
    for id, sentence, width in widths:
        z = mu[:, None] + width[:, None] * eps
        of_q = scene.weights(z)
        yield id, sentence, of_q
        yield id, sentence, scene.weights(z, width)
        # With the eps that was drawn for (z - mu) / sigma.
        yield id, sentence, replace(of_q, log_q=gaussian_log_density(std[:, None] * eps, 0.0, np.log(std)[:, None]))
    from_prior = scene.weights(eps)
    yield ("E19", "Your z comes from the prior; draw it from q(z given x), with the encoder's mu and logvar.",
           from_prior)  # fmt: skip
    consistent = Weights(from_prior.log_lik, 0 * from_prior.log_prior, 0 * from_prior.log_q, eps, mu, std)
    yield ("E19", "Your z comes from the prior: then p(x given z) alone is a weight, but a bad one. Draw z from "
           "q(z given x).", consistent)  # fmt: skip
    yield ("R6", "Your noise is uniform; it must be standard normal.",
           scene.weights(mu[:, None] + std[:, None] * rows.rng.uniform(size=eps.shape)))  # fmt: skip


def _of_chunk_laws(rows: _Rows) -> Iterator[Misconception]:
    """What chunks of unequal size do to the law of the estimates, if one chunk is well."""
    if rows.alike:
        return
    whole, cut = rows.estimates(FEW), {chunk: rows.estimates(FEW, chunk) for chunk in CHUNKS}
    if all(misfit(cut[chunk], whole) <= LIMIT for chunk in CHUNKS):
        return
    w = rows.scene.draw(rows.rng, 2 * FEW, SIMULATED).log_w

    def parts(chunk: int) -> list[Array]:
        return [log_mean_exp(w[start : min(start + chunk, FEW)]) for start in range(0, FEW, chunk)]

    laws: list[tuple[str, str, Callable[[int], Array]]] = [
        ("I21", "The remainder is dropped: the last chunk is shorter, it is not left out.",
         lambda chunk: log_mean_exp(w[: FEW - FEW % chunk])),
        ("I23", "Only the last chunk is counted: collect the log-weights of all.", lambda chunk: parts(chunk)[-1]),
        ("I23", "Only the first chunk is counted: collect the log-weights of all.", lambda chunk: parts(chunk)[0]),
        ("I28", "The chunks' estimates are averaged; average the weights of all samples, then take the log.",
         lambda chunk: np.mean(parts(chunk), axis=0)),
        ("I28", "A short chunk counts as much as a full one: take the mean over all k samples, not over chunks.",
         lambda chunk: log_mean_exp(np.array(parts(chunk)))),
        ("I24", "More samples than k are drawn: the last chunk is shorter.",
         lambda chunk: log_mean_exp(w[: -(-FEW // chunk) * chunk])),
        ("I5", "Every chunk has the same z: draw afresh in each.",
         lambda chunk: log_mean_exp(np.array([w[n % chunk] for n in range(FEW)]))),
        ("I5", "All samples of a chunk have the same z: draw one for each.",
         lambda chunk: log_mean_exp(np.array([w[n // chunk] for n in range(FEW)]))),
    ]  # fmt: skip
    # The first chunk alone and the same draws in every chunk have nearly one law; the decoder's rows tell them apart.
    _call(rows.subject, rows.scene, FEW, CHUNKS[0])
    decoded = sum(rows.subject.record(2))
    if decoded >= FEW * IMAGES:
        laws = [law for law in laws if "first" not in law[1]]
    elif decoded == CHUNKS[0] * IMAGES:
        laws = [law for law in laws if law[0] != "I5"]
    fits = [max(misfit(cut[chunk], law(chunk)) for chunk in CHUNKS) for _, _, law in laws]
    best = int(np.argmin(fits))
    if fits[best] <= LIKELY:
        got = cut[CHUNKS[0]]
        yield Misconception(*laws[best][:2], lambda: (
            f"with k = {FEW} and chunk = {CHUNKS[0]} your estimates have mean {got.mean():.4g} and spread "
            f"{got.std(1).mean():.3g}, in one chunk {whole.mean():.4g} and {whole.std(1).mean():.3g}"))  # fmt: skip


def _of_calls(rows: _Rows) -> Iterator[Misconception]:
    """What is right in its numbers: memory, graph, arguments."""

    def at_once(*wanted: int) -> Callable[[], str | None]:
        def recognise() -> str | None:
            found = _most_rows(rows)
            if found > 80 and (not wanted or found in wanted):
                return f"with k = 300, chunk = 10 and 4 images the decoder got {found} rows in one go, not 40"
            return None

        return recognise

    def graph() -> str | None:
        return "the result has a gradient with respect to the networks" if _gradients(rows).any() else None

    def changed() -> str | None:
        return "x has other numbers after the call" if rows.subject.mutated else None

    def fails() -> str | None:
        try:
            got = _call(rows.subject, rows.scene, 3)
        except Failure:
            return None
        if not np.isfinite(got).all():
            return None
        for k, chunk in ((1, 50), (8, 7), (51, 50), (2, 7)):
            try:
                got = _call(rows.subject, rows.scene, k, chunk)
            except (Failure, Broken) as failure:
                return f"with k = {k} and chunk = {chunk}: {failure}"
            if not np.isfinite(got).all():
                return f"with k = {k} and chunk = {chunk} yours is {number(got)}"
        return None

    yield Misconception("I30", "chunk is the number of samples in one go, not the number of chunks.", at_once(120))
    yield Misconception("I29", "chunk is not used: the decoder must never get more than `chunk` draws per image.",
                        at_once())  # fmt: skip
    yield Misconception("I31", "A graph of all samples is kept and fills the memory: evaluate under torch.no_grad().",
                        graph)  # fmt: skip
    yield Misconception("I32", "k is any whole number from 1, smaller or larger than the chunk.", fails)
    yield Misconception("I33", "x is changed in place: compute new tensors.", changed)

"""Bounds on log p(x), and log p(x) itself where it is known: checks and their reference mathematics.

Everything is in nats, one number per example. The linear-Gaussian model (probabilistic principal
component analysis) has every quantity in closed form; one latent dimension is left to quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from vaelabs.subjects import Net, as_subject

from .likelihood import gaussian_log_density
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOG_2PI = float(np.log(2 * np.pi))
FAR = 1e4  # nats: exp(-FAR) is 0 in every floating-point format


@dataclass(frozen=True)
class LinearGaussian:
    """z ~ N(0, I), x given z ~ N(Wz + b, sigma² I): the model in which every bound can be checked.

    `weight` is (data, latent), `bias` (data,). Bishop, PRML (2006), section 12.2.
    """

    weight: Array
    bias: Array
    log_sigma: float

    @property
    def decoder(self) -> Net:
        """z (..., latent) -> Wz + b."""
        return Net(((self.weight, self.bias),))

    def log_marginal(self, x: Array) -> Array:
        """log N(x; b, WW' + sigma² I) for every row of x (B, data) -> (B,)."""
        data = len(self.bias)
        covariance = self.weight @ self.weight.T + np.exp(2 * self.log_sigma) * np.eye(data)
        r = x - self.bias
        distance = np.sum(r * np.linalg.solve(covariance, r.T).T, -1)
        return -0.5 * (distance + np.linalg.slogdet(covariance)[1] + data * LOG_2PI)

    def posterior(self, x: Array) -> tuple[Array, Array]:
        """Mean (B, latent) and covariance (latent, latent) of z given x; the covariance is that of every x."""
        variance = np.exp(2 * self.log_sigma)
        covariance = np.linalg.inv(np.eye(self.weight.shape[1]) + self.weight.T @ self.weight / variance)
        return (x - self.bias) @ self.weight @ covariance / variance, covariance

    def encoder(self) -> Net:
        """x -> (mu, logvar) of the exact posterior; W's columns must be orthogonal, or it is not diagonal."""
        _, covariance = self.posterior(self.bias[None])
        off_diagonal = covariance - np.diag(np.diag(covariance))
        if np.abs(off_diagonal).max() > 1e-12:
            raise ValueError("the posterior of this model is not diagonal")
        weight = covariance @ self.weight.T / np.exp(2 * self.log_sigma)
        heads = np.vstack([weight, 0 * weight]), np.append(-weight @ self.bias, np.log(np.diag(covariance)))
        return Net((heads,), heads=2)

    def draw(self, rng: np.random.Generator, n: int) -> Array:
        """n examples (n, data) from the model."""
        z = rng.normal(size=(n, self.weight.shape[1]))
        return self.decoder(z) + np.exp(self.log_sigma) * rng.normal(size=(n, len(self.bias)))

    @classmethod
    def random(cls, rng: np.random.Generator, data: int, latent: int) -> LinearGaussian:
        """Orthogonal columns of length 0.8 to 1.8, sigma between 0.5 and 1.3."""
        directions = np.linalg.qr(rng.normal(size=(data, latent)))[0]
        weight = directions * rng.uniform(0.8, 1.8, latent)
        return cls(weight, rng.normal(size=data), float(rng.uniform(-0.7, 0.25)))


def log_mean_exp(log_w: Array) -> Array:
    """log of the mean weight over the first axis: (K, B) -> (B,). Burda et al. 2016, eq. 8."""
    return logsumexp(log_w, axis=0) - np.log(len(log_w))


def log_marginal_on_grid(x: Array, decoder: Callable[[Array], Array], log_sigma: float, grid: Array) -> Array:
    """log of the integral of p(x given z) N(z; 0, 1) over z, by the trapezoidal rule: x (B, data) -> (B,)."""
    z, log_weights = prior_on_grid(grid)
    return logsumexp(gaussian_log_density(x, decoder(z)[:, None], log_sigma) + log_weights[:, None], axis=0)


def prior_on_grid(grid: Array, latent: int = 1) -> tuple[Array, Array]:
    """The points (n**latent, latent) of a grid on every axis, and log of N(z; 0, I) dz there, by the trapezoidal rule.

    The mean of f(z) over the prior is then the sum of f exp(log_weights).
    """
    spacings = np.full(len(grid), _spacing(grid))
    spacings[[0, -1]] /= 2
    one = _log_prior(grid) + np.log(spacings)
    axes, weights = np.meshgrid(*[grid] * latent, indexing="ij"), np.meshgrid(*[one] * latent, indexing="ij")
    return np.stack([each.ravel() for each in axes], -1), np.sum([each.ravel() for each in weights], axis=0)


def agrees(got: Any, want: Any, tolerance: float = 1e-4) -> bool:
    """Whether `got` is one array of the shape of `want` with its values, to `tolerance` (1 + |want|)."""
    if isinstance(got, tuple) or np.shape(got) != np.shape(want):
        return False
    want = np.asarray(want)
    with np.errstate(invalid="ignore"):
        return bool(np.all((got == want) | (np.abs(got - want) <= tolerance * (1 + np.abs(want)))))


def number(value: Any) -> str:
    """The first number of an array, as a message shows it."""
    return f"{np.ravel(value)[0]:.4g}"


# --- iwae_bound ---------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_iwae_bound(iwae_bound: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """`iwae_bound(log_w) -> (B,)`: log of the mean over K of exp(log_w), in nats; log_w has shape (K, B).

    Source: Burda, Grosse, Salakhutdinov 2016, eq. 8. 3 points.
    """
    subject, rubric = as_subject(iwae_bound, framework), Rubric("iwae_bound", 3, seed)
    rng = rubric.rng

    with rubric.award("values", 1, "the bound is the log of the mean weight of each example"):
        log_w = _log_weights(rng)
        sizes = "{} samples of {} examples".format(*log_w.shape)
        expect_close(subject(log_w), log_mean_exp(log_w), f"the bound from {sizes}", 1e-4, 1e-4)
        expect_close(subject(log_w[:1]), log_w[0], "with one sample the bound is the log-weight itself", 1e-5, 1e-5)
        equal = np.repeat(log_w[:1], 8, axis=0)
        expect_close(subject(equal), equal[0], "with equal weights the bound is that weight, for any K", 1e-4, 1e-4)
        shuffled = rng.permutation(log_w)
        expect_close(subject(shuffled), log_mean_exp(log_w), "the order of the samples does not matter", 1e-4, 1e-4)

    with rubric.award("stability", 1, "weights of exp(±10000) and weights of 0 still give a finite bound"):
        _expect_stable(subject, _log_weights(rng), rng)

    with rubric.award("axes", 1, "K samples averaged inside the log of each example"):
        for log_w in (_log_weights(rng), rng.normal(size=(5, 5)) * 2, rng.normal(size=(6, 1)) * 2):
            expect_shape(subject(log_w), log_w.shape[1:], "the bound of log_w {}".format(log_w.shape))
            cotangent = rng.uniform(0.5, 2, log_w.shape[1])
            want = cotangent * np.exp(log_w - logsumexp(log_w, axis=0))
            got = subject.vjp((log_w,), cotangent)[0]
            expect_close(got, want, "the gradient is each sample's share of its example's weight", 1e-4, 1e-4)

    rubric.diagnose(_iwae_misconceptions(subject, _log_weights(rng)))
    return rubric.score()


def _expect_finite(got: Array, what: str) -> None:
    if not np.isfinite(got).all():
        raise Broken(f"{what} is {np.ravel(got)[np.argmin(np.isfinite(np.ravel(got)))]:g}, not finite")


def _log_weights(rng: np.random.Generator) -> Array:
    """(K, B) with K and B different, one level per example as real log-weights have."""
    samples, examples = rng.choice(np.arange(4, 10), 2, replace=False)
    return 1.5 * rng.normal(size=(samples, examples)) + rng.uniform(-6, -1, examples)


def _expect_stable(subject: Any, log_w: Array, rng: np.random.Generator) -> None:
    """A factor exp(c) on an example's weights adds c to its bound; a weight of 0 counts as a sample.

    The comparison is with the answer's own bound, so that a wrong constant costs only "values".
    """
    here = subject(log_w)
    expect_shape(here, log_w.shape[1:], "the bound")
    _expect_finite(here, "the bound")
    signs = rng.permutation(np.resize([1, -1], log_w.shape[1]))
    for dtype in (np.float64, np.float32):
        for shift in (np.full(log_w.shape[1], FAR), np.full(log_w.shape[1], -FAR), signs * FAR):
            there = subject((log_w + shift).astype(dtype))
            what = f"log_w + {shift[0]:.0f} in {np.dtype(dtype).name}: the bound"
            expect_close(there, here + shift, what, 0, 1e-5 * FAR)
    with_zeros = log_w.copy()
    with_zeros[0, ::2] = with_zeros[1, 1::2] = -np.inf
    _expect_finite(subject(with_zeros), f"with one weight of 0 (log_w = -inf) among {len(log_w)} the bound")


def _iwae_misconceptions(subject: Any, log_w: Array) -> list[Misconception]:
    samples, examples = log_w.shape
    right = log_mean_exp(log_w)
    got: list[Any] = []

    def yours() -> Any:
        if not got:
            got.append(subject(log_w))
        return got[0]

    def form(*wants: Any) -> Callable[[], str | None]:
        def recognise() -> str | None:
            if any(agrees(yours(), want) and not agrees(want, right) for want in wants):
                return f"yours {number(yours())}, the bound {number(right)}"
            return None

        return recognise

    def far(shift: Array) -> Callable[[], str | None]:
        def recognise() -> str | None:
            there = subject(log_w + shift)
            if agrees(yours(), right) and not np.isfinite(there).all():
                return f"at log_w near {shift.min():.0f} yours is {there[np.argmin(np.isfinite(there))]:g}"
            return None

        return recognise

    def no_gradient() -> str | None:
        gradient = subject.vjp((log_w,), np.ones(examples))[0]
        return "the gradient is 0 everywhere" if agrees(yours(), right) and not gradient.any() else None

    def level(axis: int | None) -> Array:
        return logsumexp(log_w, axis=axis)

    log_k, log_b = np.log(samples), np.log(examples)
    whole = [level(None), level(None) - log_k, level(None) - log_k - log_b, right.mean(), right.sum()]
    whole += [logsumexp(log_w.sum(1)) - log_k, logsumexp(log_w.sum(1)), logsumexp(log_w.mean(1)) - log_k]
    whole += [logsumexp(right), logsumexp(right) - log_b]
    only_far = np.where(np.arange(examples) % 2, -FAR, 0.0)
    return [
        Misconception("I1", "That is the ELBO, whatever K; take the log of the mean weight.",
                      form(log_w.mean(0), log_w.mean(), log_w.sum(0))),
        Misconception("I2", "Too large by log K: the mean weight is the sum divided by K.", form(level(0))),
        Misconception("I5", "The average over K belongs inside the log of each example: one number per example, "
                      "none shared by the batch.", form(*whole)),
        Misconception("I6", "You averaged over the examples: the samples are the first axis of log_w (K, B).",
                      form(level(1), level(1) - log_k, level(1) - log_b, log_w.mean(1))),
        Misconception("I7", "The mean divides the sum of the weights by K, so its log subtracts log K, the natural "
                      "logarithm of the number of samples.",
                      form(level(0) / samples, level(0) - samples, level(0) - log_b, level(0) + log_k,
                           level(0) - np.log2(samples), level(0) - np.log10(samples), level(0) - np.log(log_w.size),
                           level(0) - np.log(samples - 1), level(0) / log_k)),
        Misconception("I8", "That is the largest log-weight, not the log of the mean weight.",
                      form(log_w.max(0), log_w.max(0) - log_k)),
        Misconception("I9", "Sign: the bound is a log-probability; negate once, in the loss.", form(-right)),
        Misconception("I10", "This is the mean weight itself; its logarithm is missing.",
                      form(np.exp(right), np.exp(level(0)))),
        Misconception("I11", "You averaged the log-weights with weights of their own; take the log of the mean weight.",
                      form((np.exp(log_w - level(0)) * log_w).sum(0))),
        Misconception("I4", "exp overflows at 1000 and gives 0 at -1000; use logsumexp.",
                      far(np.full(examples, -FAR))),
        Misconception("I12", "You subtracted one maximum from the whole array; every example needs its own.",
                      far(only_far)),
        Misconception("I13", "Right numbers, but the graph is cut: no gradient reaches the weights.", no_gradient),
    ]  # fmt: skip


# --- log_marginal -------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_log_marginal(log_marginal: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """`log_marginal(x, decoder, log_sigma, grid) -> (B,)`: log p(x) in nats by quadrature over one latent dimension.

    x has shape (B, data); `decoder(z)` maps (..., 1) to (..., data); `grid` is a 1-D array of equally spaced
    points that covers N(0, 1). Any rule that converges is right: Riemann, trapezoid, Simpson. 2 points.
    Source: p(x) = integral of p(x given z) p(z) dz; closed form for a linear decoder, Bishop 2006, eq. 12.35.
    """
    subject, rubric = as_subject(log_marginal, framework), Rubric("log_marginal", 2, seed)
    rng = rubric.rng

    with rubric.award("value", 1, "log p(x) is the log of the integral of p(x given z) p(z) over z"):
        for data, batch in ((2, 5), (1, 4), (3, 1)):
            model, x = _one_latent(rng, data, batch)
            grid = _grid(rng)
            got = subject(x, model.decoder, np.array(model.log_sigma), grid)
            what = f"log p(x) of {batch} points in {data} dimensions under a linear decoder, {len(grid)} grid points"
            expect_close(got, model.log_marginal(x), what, 1e-5, 1e-4)
        decoder, log_sigma = Net.random(rng, [1, 6, 2], scale=1.5), rng.uniform(-0.7, 0.2)
        x = decoder(rng.normal(size=(4, 1))) + np.exp(log_sigma) * rng.normal(size=(4, 2))
        want = log_marginal_on_grid(x, decoder, log_sigma, np.linspace(-10, 10, 2001))
        got = subject(x, decoder, np.array(log_sigma), _grid(rng))
        expect_close(got, want, "log p(x) under a curved decoder", 1e-5, 1e-4)

    with rubric.award("convergence and stability", 1, "it does not depend on the grid and stays finite at -10000 nats"):
        _expect_grid_free(subject, rubric)
        _expect_finite_far_away(subject, rubric)

    rubric.diagnose(_quadrature_misconceptions(subject, rubric))
    return rubric.score()


def _one_latent(rng: np.random.Generator, data: int, batch: int) -> tuple[LinearGaussian, Array]:
    """A model of one latent dimension and points from it, none so far out that the grid would matter."""
    model = LinearGaussian.random(rng, data, 1)
    z = rng.uniform(-2, 2, (batch, 1))
    return model, model.decoder(z) + np.exp(model.log_sigma) * rng.uniform(-2, 2, (batch, data))


def _grid(rng: np.random.Generator) -> Array:
    """Not centred, of a spacing nobody guesses; an odd number of points, so that Simpson's rule fits."""
    return np.linspace(-rng.uniform(7, 8), rng.uniform(8.5, 10), 2 * int(rng.integers(200, 400)) + 1)


def _expect_grid_free(subject: Any, rubric: Rubric) -> None:
    """Finer, wider: the answer's own values stay. Compared with themselves, so that a constant costs only "value"."""
    model, x = _one_latent(rubric.rng, 2, 3)
    grids = [np.linspace(-8, 8, 301), np.linspace(-8, 8, 1501), np.linspace(-7, 11, 801)]
    values = []
    for grid in grids:
        subject.seed(rubric.fresh_seed())
        values.append(subject(x, model.decoder, np.array(model.log_sigma), grid))
        expect_shape(values[-1], (3,), "log p(x)")
        _expect_finite(values[-1], "log p(x)")
    expect_close(values[1], values[0], "the same range with five times as many grid points: log p(x)", 0, 0.01)
    expect_close(values[2], values[0], "a wider range: log p(x)", 0, 0.01)


def _expect_finite_far_away(subject: Any, rubric: Rubric) -> None:
    """Moving x by u at a right angle to the decoder's line changes log p(x) by -(|u|² + 2u·(x - b)) / 2 sigma²."""
    model, x = _one_latent(rubric.rng, 2, 4)
    sigma, grid = np.exp(model.log_sigma), _grid(rubric.rng)
    across = np.array([-model.weight[1, 0], model.weight[0, 0]]) / np.linalg.norm(model.weight)
    u = across * sigma * np.sqrt(2 * FAR) * np.array([[0.0], [1.0], [0.5], [0.0]])
    drop = -np.sum(u * u + 2 * u * (x - model.bias), -1) / (2 * sigma**2)
    here = subject(x, model.decoder, np.array(model.log_sigma), grid)
    there = subject(x + u, model.decoder, np.array(model.log_sigma), grid)
    expect_shape(here, (4,), "log p(x)")
    _expect_finite(here, "log p(x)")
    expect_close(there, here + drop, f"points far from the decoder's line ({drop.min():.0f} nats): log p(x)", 1e-5, 0.01)


def _quadrature_misconceptions(subject: Any, rubric: Rubric) -> list[Misconception]:
    rng = rubric.rng
    model, x = _one_latent(rng, 3, 5)
    model = replace(model, log_sigma=float(rng.uniform(0.25, 0.6)))  # positive, so that it may pass as sigma
    grids = [_grid(rng), np.linspace(-11, 12, 901)]
    right = model.log_marginal(x)
    cache: dict[int, Any] = {}

    def yours(n: int = 0) -> Any:
        if n not in cache:
            subject.seed(rubric.fresh_seed())
            cache[n] = subject(x, model.decoder, np.array(model.log_sigma), grids[n])
        return cache[n]

    def form(*wanted: Callable[[Array, Array, Array], Any], tolerance: float = 1e-4) -> Callable[[], str | None]:
        """`wanted(log_lik, log_prior, grid)` predicts the answer on both grids; log_lik is (G, B), the prior (G, 1)."""

        def predicted(want: Callable, grid: Array) -> Any:
            mean = model.decoder(grid[:, None])[:, None]
            return want(gaussian_log_density(x, mean, model.log_sigma), _log_prior(grid)[:, None], grid)

        def recognise() -> str | None:
            for want in wanted:
                if all(agrees(yours(n), predicted(want, grid), tolerance) for n, grid in enumerate(grids)):
                    return f"yours {number(yours())}, log p(x) {number(right)}"
            return None

        return recognise

    def with_sigma(sigma: float) -> Callable[[Array, Array, Array], Array]:
        return lambda ll, lp, grid: log_marginal_on_grid(x, model.decoder, np.log(sigma), grid)

    def underflows() -> str | None:
        across = np.linalg.svd(model.weight.T)[2][-1]
        there = subject(x + across * FAR**0.5 * 3, model.decoder, np.array(model.log_sigma), grids[0])
        mixed = x + across * FAR**0.5 * 3 * (np.arange(len(x)) % 2)[:, None]
        mixed = subject(mixed, model.decoder, np.array(model.log_sigma), grids[0])
        worst = there if not np.isfinite(there).all() else mixed
        return f"far from the data yours is {worst.min():g}" if not np.isfinite(worst).all() else None

    def random() -> str | None:
        first = yours()
        subject.seed(rubric.fresh_seed())
        second = subject(x, model.decoder, np.array(model.log_sigma), grids[0])
        if np.shape(first) == np.shape(second) and not np.array_equal(first, second):
            return f"two calls gave {number(first)} and {number(second)}"
        return None

    def fixed_spacing() -> str | None:
        offsets = []
        for n, grid in enumerate(grids):
            sum_only = log_marginal_on_grid(x, model.decoder, model.log_sigma, grid) - np.log(_spacing(grid))
            if np.shape(yours(n)) != np.shape(sum_only):
                return None
            offsets.append(yours(n) - sum_only)
        if np.ptp(offsets) > 1e-3 or not np.isfinite(offsets).all():
            return None
        return f"your spacing is {np.exp(np.mean(offsets)):.4g} on every grid; here it is {_spacing(grids[0]):.4g}"

    def fixed_range() -> str | None:
        offsets = [yours(n) - right for n in range(len(grids))]
        counts = [np.log(len(grid) * _spacing(grid)) for grid in grids]
        if not np.abs(offsets).min() > 1e-3 or np.ptp(offsets + np.array(counts)[:, None]) > 5e-3:
            return None
        return f"yours {number(yours())}, log p(x) {number(right)}"

    data = x.shape[1]
    return [
        Misconception("Q1", "The spacing dz is missing: a sum over the grid is not yet an integral.",
                      form(lambda ll, lp, grid: logsumexp(ll + lp, 0))),
        Misconception("Q2", "A mean over the grid is not an integral: multiply the sum by the spacing dz.",
                      form(lambda ll, lp, grid: log_mean_exp(ll + lp))),
        Misconception("Q3", "The prior is missing: weight p(x given z) with p(z) at every grid point.",
                      form(lambda ll, lp, grid: logsumexp(ll, 0) + np.log(_spacing(grid)),
                           lambda ll, lp, grid: log_mean_exp(ll), lambda ll, lp, grid: logsumexp(ll, 0))),
        Misconception("Q4", "The prior counts twice.",
                      form(lambda ll, lp, grid: logsumexp(ll + 2 * lp, 0) + np.log(_spacing(grid)),
                           lambda ll, lp, grid: logsumexp(ll + 2 * lp, 0) - logsumexp(lp, 0),
                           lambda ll, lp, grid: logsumexp(ll + 2 * lp, 0))),
        Misconception("Q6", "You averaged log p(x given z): the average belongs inside the log.",
                      form(lambda ll, lp, grid: ll.mean(0), lambda ll, lp, grid: (ll + lp).mean(0),
                           lambda ll, lp, grid: (np.exp(lp) * ll).sum(0) * _spacing(grid),
                           lambda ll, lp, grid: (ll + lp).sum(0) * _spacing(grid))),
        Misconception("Q7", "One number for the batch; return log p(x) of every example.",
                      form(lambda ll, lp, grid: right.sum(), lambda ll, lp, grid: right.mean(),
                           lambda ll, lp, grid: logsumexp(ll + lp) + np.log(_spacing(grid)),
                           lambda ll, lp, grid: logsumexp(ll.sum(1) + lp[:, 0]) + np.log(_spacing(grid)))),
        Misconception("Q8", "log_sigma is the logarithm of sigma: sigma = exp(log_sigma), neither its root nor log_sigma.",
                      form(with_sigma(model.log_sigma), with_sigma(np.exp(model.log_sigma / 2)),
                           with_sigma(np.exp(2 * model.log_sigma)))),
        Misconception("Q9", "You drew z at random; quadrature sums over the points of the grid.", random),
        Misconception("Q10", "That is the best single z; log p(x) integrates over all of them.",
                      form(lambda ll, lp, grid: (ll + lp).max(0), lambda ll, lp, grid: ll.max(0))),
        Misconception("Q11", "n points have n - 1 spaces between them: dz = grid[1] - grid[0].",
                      form(lambda ll, lp, grid: right + np.log1p(-1 / len(grid)),
                           lambda ll, lp, grid: right + np.log1p(-2 / (len(grid) + 1)), tolerance=2e-5)),
        Misconception("Q12", "The prior's constant is missing: log N(z; 0, 1) = -z²/2 - log(2 pi)/2.",
                      form(lambda ll, lp, grid: right + LOG_2PI / 2)),
        Misconception("Q13", "An integral multiplies by the spacing: add log dz, do not subtract it.",
                      form(lambda ll, lp, grid: right - 2 * np.log(_spacing(grid)))),
        Misconception("L6", "A constant of the likelihood is missing: log N = -r²/2 sigma² - log sigma - log(2 pi)/2, "
                      "in every dimension.",
                      form(lambda ll, lp, grid: right + data * LOG_2PI / 2,
                           lambda ll, lp, grid: right + data * model.log_sigma,
                           lambda ll, lp, grid: right + data * (model.log_sigma + LOG_2PI / 2),
                           lambda ll, lp, grid: right + (data - 1) * LOG_2PI / 2)),
        Misconception("Q16", "Sign: log p(x) itself is asked for, not its negative.", form(lambda ll, lp, grid: -right)),
        Misconception("Q17", "The logarithm is missing: this is p(x).",
                      form(lambda ll, lp, grid: np.exp(right), tolerance=1e-6)),
        Misconception("Q14", "You assumed the spacing; compute it from the grid you are given.", fixed_spacing),
        Misconception("Q15", "You assumed the range of the grid; take it from the grid you are given.", fixed_range),
        Misconception("Q5", "The sum underflows to 0; add the logs and use logsumexp.", underflows),
    ]  # fmt: skip


def _log_prior(z: Array) -> Array:
    return -0.5 * (z * z + LOG_2PI)


def _spacing(grid: Array) -> float:
    return float(grid[1] - grid[0])

"""The reparameterised draw from a diagonal Gaussian, and what goes wrong with it.

Nothing here depends on the order in which an answer draws its random numbers: one seed before two calls gives
the same noise in both, and the laws compare the two draws. Products are compared, never ratios: a small eps
would blow up the rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from vaelabs.subjects import Failure, Keys, Seed, as_subject

from .kl import expect_empty, expect_untouched, shares
from .rows import LOOSE, expect_numbers, expect_own_gradient
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape
from .transformed import Keyed, SinglePrecision, expect_single, short_numbers, under, untraceable

Array = np.ndarray
NAMES = ("mu", "logvar")

NOISE_SHAPE = (4000, 50)
"""Not wide: an answer may well build a covariance matrix. Not long: it may loop over examples."""

POINTS = {4: (1, 1, 1, 1), 3: (1, 1, 0.5, 0.5), 2: (0.5, 0.5, 0.5, 0.5)}
"""What each property is worth, by the task's points."""
JAX_POINTS = {3: (0.5, 1, 0.5, 0.5, 0.5)}
"""The same for JAX, the last for its keys and transformations."""

Z_LIMIT = 6.0
"""Eight z-scores: a right answer exceeds one of them about once in 6·10^7 checks."""
P_LIMIT = 1e-9
"""Five tail probabilities, exact or asymptotic at 2·10^5 draws: less than 5·10^-9 together."""

FLOAT32 = 1e-5
FLOAT64 = 1e-9


@dataclass(frozen=True)
class Dialect:
    """What a framework changes in this check. The mathematics is the same."""

    points: dict[int, tuple[float, ...]]
    precisions: tuple[type, ...]
    noise_shape: tuple[int, int]
    shapes: tuple[tuple[int, ...], ...]
    """Of mu and logvar."""
    source: str
    """Where the noise is to come from."""
    repeats: str
    """What makes it the same again."""
    cut: str
    """What keeps a gradient from flowing."""


TORCH = Dialect(
    POINTS,
    (np.float64, np.float32),
    NOISE_SHAPE,
    ((5, 3), (4, 5, 3), (1, 3), (5, 1), (1, 1)),
    "the framework's own generator",
    "seed",
    "`.detach()`, `.data`, `no_grad` or NumPy",
)
# A loop over examples is slower in JAX, and each shape is compiled anew.
JAX = Dialect(
    JAX_POINTS, (np.float32,), (200, 250), ((4, 5, 3),), "the key that is given", "key", "`jax.lax.stop_gradient`"
)

VMAP_SHAPE = (60, 2, 60)
"""Keys, rows, latent dimensions."""


@np.errstate(all="ignore")
def check_reparameterize(
    reparameterize: Any, framework: str = "torch", seed: int | None = None, *, points: int = 4
) -> Score:
    """Grade `reparameterize(mu, logvar)`: two arrays of one shape to a draw of that shape. 4, 3 or 2 points.

    z = mu + exp(logvar / 2) eps (Kingma & Welling 2014, section 2.4 and eq. 10): value law, gradient, noise, and
    shape, dtype and freshness share the points as in POINTS. The noise of an answer that scales it wrongly is judged
    at logvar = 0.
    In JAX it is `reparameterize(key, mu, logvar)`, asked in float32 and judged by the same laws; 3 points as in
    JAX_POINTS, the fifth property being the key, jit and vmap.
    """
    dialect, subject = TORCH, as_subject(reparameterize, framework)
    if framework == "jax":
        dialect, alone = JAX, SinglePrecision(subject)
        subject = Keyed(alone)
    rubric = Rubric("reparameterize", points, seed)
    law, gradient, noise, shape, *others = shares(points, dialect.points)
    rng = rubric.rng
    mu, logvar = _fresh(rng, dialect)
    with rubric.award("value law", law, "z moves with mu, and its distance from mu grows with exp(logvar / 2)"):
        _check_laws(subject, rubric.fresh_seed(), rng, mu, logvar, dialect)
    law_holds = rubric.all_hold
    with rubric.award("gradient", gradient, "dz/dmu is 1 and dz/dlogvar is (z - mu) / 2, whatever the noise was"):
        _check_gradient(subject, rubric.fresh_seed(), rng, mu, logvar)
    with rubric.award("noise", noise, "the noise is standard normal and drawn for each entry on its own"):
        subject.seed(rubric.fresh_seed())
        _check_noise(_noise(subject, rng, law_holds, dialect.noise_shape))
    with rubric.award("shape, dtype and freshness", shape, "the shape and dtype of mu, and fresh noise at each call"):
        _check_shapes(subject, rng, dialect)
        _check_freshness(subject, rubric.fresh_seed(), mu, logvar, dialect)
        if dialect is JAX:
            _check_short(subject, rubric.fresh_seed(), rng, mu.shape)
        expect_untouched(subject, NAMES)
    for share in others:
        with rubric.award("key, jit and vmap", share, "the key decides, and all is the same under jit and vmap"):
            _check_keys(alone, rubric.fresh_seed(), mu, logvar)
            _check_vmap(alone, rubric.fresh_seed(), rng)
    rubric.diagnose(_misconceptions(subject, rubric.fresh_seed(), rng, mu, logvar, dialect))
    return rubric.score()


def _fresh(rng: np.random.Generator, dialect: Dialect) -> tuple[Array, Array]:
    shape = (int(rng.integers(4, 8)), int(rng.integers(2, 4))) if dialect is TORCH else (6, 3)
    mu, logvar = rng.normal(0, 1.5, shape).round(2), rng.uniform(-3, 3, shape).round(2)
    logvar[0] = np.abs(logvar[0]) + 0.1  # so that a root of logvar (R22) shows numbers
    return mu.astype(dialect.precisions[0]), logvar.astype(dialect.precisions[0])


def _draw(subject: Any, seed: int, mu: Array, logvar: Array) -> Array:
    """The draw that this seed gives, of the shape of mu."""
    subject.seed(seed)
    z = subject(mu, logvar)
    expect_shape(z, mu.shape, "z")
    return z


def _check_laws(
    subject: Any, seed: int, rng: np.random.Generator, mu: Array, logvar: Array, dialect: Dialect
) -> None:
    for precision in dialect.precisions:
        m, v = mu.astype(precision), logvar.astype(precision)
        z, again = _draw(subject, seed, m, v), _draw(subject, seed, m, v)
        if not np.array_equal(z, again, equal_nan=True):
            raise Broken(f"the same {dialect.repeats} gives other noise: draw it from {dialect.source}")
        shift = rng.normal(0, 2, mu.shape).round(2).astype(precision)
        unit = _draw(subject, seed, m, 0 * v)
        if np.array_equal(z, m):
            raise Broken("z is mu: no noise is added to it")
        if np.array_equal(unit, m):
            raise Broken("at logvar = 0 sigma is 1; there your z is mu, without any noise")
        shifted = _draw(subject, seed, m + shift, v)
        # An answer that computes in float32 throughout is judged as such; its dtype costs a point below.
        rounding = FLOAT64 if z.dtype == precision == np.float64 else FLOAT32
        size = 1 + np.abs(m) + np.abs(shift)
        _expect_law(shifted - z, (m + shift) - m, rounding * (size + np.abs(z)), "mu rises by {0:.3g}, so z rises by",
                    shift)  # fmt: skip
        scale = np.exp(logvar / 2)
        tolerance = rounding * (size + np.abs(unit)) * (1 + scale)
        _expect_law(z - m, (unit - m) * scale, tolerance,
                    "sigma is exp(logvar / 2): at logvar = {0:.3g} the same noise puts z - mu to", logvar)  # fmt: skip


def _expect_law(got: Array, want: Array, tolerance: Array, what: str, at: Array) -> None:
    wrong = ~(np.abs(got - want) <= tolerance)
    if wrong.any():
        n = np.unravel_index(np.argmax(np.where(wrong, np.abs(np.nan_to_num(got - want)), -1)), wrong.shape)
        raise Broken(f"{what.format(at[n])} {want[n]:.4g}; yours gives {got[n]:.4g}")


def _check_gradient(subject: Any, seed: int, rng: np.random.Generator, mu: Array, logvar: Array) -> None:
    weight = rng.uniform(0.5, 2, mu.shape).round(2)
    z = _draw(subject, seed, mu, logvar)
    if np.array_equal(z, mu):
        raise Broken("z is mu: no gradient reaches logvar")
    subject.seed(seed)
    for_mu, for_logvar = subject.vjp((mu, logvar), weight)
    expect_numbers(z, "these mu and logvar")
    rounding = 1e-8 if z.dtype == np.float64 else FLOAT32
    expect_close(for_mu, weight, "the gradient in mu, that is weight times dz/dmu = 1", rounding, rounding)
    size = rounding * (1 + np.abs(mu).max())
    expect_close(for_logvar, weight * (z - mu) / 2, "the gradient in logvar, weight times (z - mu) / 2", rounding, size)
    expect_own_gradient(partial(_draw, subject, seed), (mu, logvar), [for_mu, for_logvar], weight)


def _noise(subject: Any, rng: np.random.Generator, scaled: bool, shape: tuple[int, int]) -> Array:
    """The standardised noise of one large draw; at logvar = 0 where the scale is not to be trusted."""
    mu = rng.normal(size=shape)
    logvar = rng.uniform(-2, 2, shape) if scaled else np.zeros(shape)
    z = subject(mu, logvar)
    expect_shape(z, shape, "z")
    return (np.asarray(z, float) - mu) * np.exp(-logvar / 2)


def _check_noise(e: Array) -> None:
    if not np.isfinite(e).all():
        raise Broken("some of the noise is not a number")
    if np.ptp(e) < FLOAT32:
        raise Broken(f"(z - mu) / sigma is {e[0, 0]:.4g} for every entry: each needs its own draw")
    # Centred and scaled, so that noise of another mean or spread is called by that name and not correlated.
    centred = (e - e.mean()) / e.std()
    if found := dependence(centred, ("examples", "latent dimensions")):
        raise Broken(f"the noise of different {found[0]} is {found[1]}: each entry needs its own draw")
    for name, got, want, deviation in _moments(e):
        if not abs(got - want) <= Z_LIMIT * deviation:
            raise Broken(f"the {name} of (z - mu) / sigma over {e.size} draws is {got:.4g}, it is {want:g}")
    if _normal_p(e) < P_LIMIT:
        raise Broken(f"(z - mu) / sigma is not standard normal over {e.size} draws (Kolmogorov-Smirnov)")


def correlation(rows: Array) -> str:
    """Whether rows are "alike" or "opposed": all together, each with the next, each with that half the height away."""
    low, high = _chi_square_tails(rows.sum(0) / len(rows) ** 0.5)
    if min(low, high) < P_LIMIT:
        return "alike" if high < low else "opposed"
    for lag in (1, len(rows) // 2):
        score = np.vdot(rows[lag:], rows[:-lag]) / rows[lag:].size ** 0.5
        if not abs(score) <= Z_LIMIT:
            return "alike" if score > 0 else "opposed"
    return ""


def dependence(e: Array, axes: tuple[str, str]) -> tuple[str, str] | None:
    """Which of the axes of e (n, m) has entries that depend on each other, and whether they are alike or opposed.

    What is alike along one axis upsets the test along the other, which takes it for independent: the axis with the
    larger mean correlation is named.
    """
    found = []
    for rows, name in ((e, axes[0]), (e.T, axes[1])):
        if how := correlation(rows):
            pairs = len(rows) * (len(rows) - 1) * rows.shape[1]
            found.append((abs(np.sum(rows.sum(0) ** 2) - np.sum(rows**2)) / pairs, name, how))
    return max(found)[1:] if found else None


def _moments(e: Array) -> list[tuple[str, float, float, float]]:
    """Name, value, the standard normal's value and the standard deviation of the estimate."""
    square, n = e * e, e.size
    return [
        ("mean", e.mean(), 0, (1 / n) ** 0.5),
        ("variance", square.mean(), 1, (2 / n) ** 0.5),
        ("third moment", (square * e).mean(), 0, (15 / n) ** 0.5),
        ("fourth moment", (square * square).mean(), 3, (96 / n) ** 0.5),
    ]


def _chi_square_tails(sums: Array) -> tuple[float, float]:
    """Tails of the sum of squares of independent standard normals that add up to 0: how small, how large it is."""
    total = float(sums @ sums)
    return special.chdtr(sums.size - 1, total), special.chdtrc(sums.size - 1, total)


def _normal_p(e: Array) -> float:
    """Kolmogorov-Smirnov against the standard normal; the asymptotic tail is exact enough at this size."""
    return _uniform_p(special.ndtr(e))


def _uniform_p(u: Array) -> float:
    u = np.sort(np.ravel(u))
    steps = np.arange(u.size + 1) / u.size
    return special.kolmogorov(np.sqrt(u.size) * max((steps[1:] - u).max(), (u - steps[:-1]).max()))


def _check_shapes(subject: Any, rng: np.random.Generator, dialect: Dialect) -> None:
    for shape in dialect.shapes:
        for precision in dialect.precisions[::-1]:
            mu = rng.normal(size=shape).astype(precision)
            z = subject(mu, rng.uniform(-1, 1, shape).astype(precision))
            expect_shape(z, shape, f"mu and logvar of shape {shape}")
            if subject.dtypes != [mu.dtype.name]:
                raise Broken(f"mu is {mu.dtype}, z is {subject.dtypes[0]}: keep the precision of the arguments")
    expect_empty(subject, (np.zeros((0, 3)), np.zeros((0, 3))), (0, 3))


def _check_freshness(subject: Any, seed: int, mu: Array, logvar: Array, dialect: Dialect) -> None:
    first = _draw(subject, seed, mu, logvar)
    second = subject(mu, logvar)
    if np.array_equal(first, second, equal_nan=True):
        many = "two calls give" if dialect is TORCH else "two keys give"
        raise Broken(f"{many} the same z ({first.flat[0]:.4g} for the first entry): each needs fresh noise")
    subject.rekey(seed) if dialect is JAX else subject.seed(seed)
    if not np.array_equal(first, subject(mu, logvar), equal_nan=True):
        raise Broken(f"the same {dialect.repeats} gives another z: draw the noise from {dialect.source}")


def _check_short(subject: Any, seed: int, rng: np.random.Generator, shape: tuple[int, ...]) -> None:
    """For bfloat16 arguments z, its noise included, is that of the same numbers in float32."""
    mu, logvar = short_numbers(rng, shape), short_numbers(rng, shape)
    want = _draw(subject, seed, mu, logvar)
    subject.seed(seed)
    z = expect_single(subject, (mu, logvar), "z")
    what = "the z of the same key and numbers in bfloat16 and in float32"
    expect_close(z, want, what, LOOSE, LOOSE * (1 + np.abs(want).max()))


def _check_keys(subject: SinglePrecision, seed: int, mu: Array, logvar: Array) -> None:
    """The key alone decides, in compiled code too. NumPy's generator is not seeded again."""
    keys = Seed(seed), Seed(seed + 1)
    first, second = (subject(key, mu, logvar) for key in keys)
    expect_shape(first, mu.shape, "z")
    _expect_the_same(subject(keys[0], mu, logvar), first, "the same key once more")
    if np.array_equal(first, second, equal_nan=True):
        raise Broken(f"two keys give the same z ({first.flat[0]:.4g} for the first entry): use the key that is given")
    compiled = subject.jit()
    with under("jax.jit"):
        found = [compiled(key, mu, logvar) for key in keys]
    for got, want in zip(found, (first, second)):
        _expect_the_same(got, want, "under jax.jit, the same key")


def _check_vmap(subject: SinglePrecision, seed: int, rng: np.random.Generator) -> None:
    """Mapped over keys and arguments, each draw has noise of its own, and about its own mu."""
    mu = rng.normal(size=VMAP_SHAPE).astype(np.float32)
    mapped = subject.vmap(0).jit()
    with under("jax.vmap"):
        z = mapped(Keys(seed, len(mu)), mu, np.zeros_like(mu))
    expect_shape(z, mu.shape, "z, mapped over keys, mu and logvar")
    e = (np.asarray(z, float) - mu).reshape(len(mu), -1)
    expect_numbers(e, "keys mapped by jax.vmap")
    if not np.std(e) > FLOAT32:
        raise Broken("under jax.vmap z has no noise")
    found = dependence((e - e.mean()) / e.std(), ("keys", "entries"))
    if found and found[0] == "keys":  # what the entries of one draw share is judged above
        raise Broken(f"under jax.vmap the noise of different keys is {found[1]}: each key gives noise of its own")


def _expect_the_same(got: Array, want: Array, what: str) -> None:
    expect_close(got, want, f"{what} gives another z", LOOSE, LOOSE * (1 + np.abs(want).max()))


# What goes wrong


@dataclass(frozen=True)
class Scale:
    """A wrong factor of the noise: `sigma(logvar)`."""

    id: str
    sentence: str
    sigma: Callable[[Array], Array]


# R15, noise of standard deviation sigma times sigma again, gives R1's numbers when both factors are differentiated:
# the two are told apart only where the first sigma is cut from the graph.
SCALES = (
    Scale("R1", "exp(logvar) is the variance (or sigma entered twice); the standard deviation is exp(logvar / 2).",
          np.exp),
    Scale("R2", "You scaled the noise by the log-variance itself; it is negative for sigma < 1.", lambda v: v),
    Scale("R3", "The exponential is missing: sigma = exp(logvar / 2).", lambda v: v / 2),
    Scale("R4", "The sign of the exponent: this is 1 / sigma.", lambda v: np.exp(-v / 2)),
    Scale("R4", "The sign of the exponent: this is 1 / sigma².", lambda v: np.exp(-v)),
    Scale("R5", "softplus is another parametrisation; this argument is log sigma², so sigma = exp(logvar / 2).",
          lambda v: np.logaddexp(0, v)),
    Scale("R5", "softplus is another parametrisation; this argument is log sigma², so sigma = exp(logvar / 2).",
          lambda v: np.sqrt(np.logaddexp(0, v))),
    Scale("R5", "softplus is another parametrisation; this argument is log sigma², so sigma = exp(logvar / 2).",
          lambda v: np.logaddexp(0, v / 2)),
    Scale("R19", "The noise does not depend on logvar: multiply it by sigma = exp(logvar / 2).", np.ones_like),
    Scale("R20", "The half stands before the exponential; it belongs into the exponent: exp(0.5 * logvar).",
          lambda v: np.exp(v) / 2),
    Scale("R21", "The variance is squared: the standard deviation is exp(logvar / 2).", lambda v: np.exp(2 * v)),
    Scale("R21", "The root is taken twice: the standard deviation is exp(logvar / 2).", lambda v: np.exp(v / 4)),
    Scale("R22", "You took a root of logvar, which may be negative: sigma = exp(logvar / 2).",
          lambda v: np.sqrt(np.abs(v))),
    Scale("R22", "You took a root of logvar, which may be negative: sigma = exp(logvar / 2).", np.sqrt),
)  # fmt: skip

R15 = "sigma enters twice: noise of standard deviation sigma is multiplied by sigma again (variance sigma⁴)."
# `torch.normal(mu, std)` (R9) and `Normal(mu, std).sample()` (R10) give the same numbers and the same zeros.
R9 = (
    "Right distribution, zero gradient: `torch.normal`, `.sample()`, `.detach()` and NumPy cut the graph, "
    "and nothing reaches the encoder; write mu + sigma * eps, or use `.rsample()`."
)
R9_JAX = "Right distribution, zero gradient: `jax.lax.stop_gradient` lets nothing of it reach the encoder."
R16 = (
    "The noise does not come from the key: under jit NumPy (or a counter) is asked once, while the function is traced, "
    "and the noise is frozen; use jax.random and the key that is given."
)
R17 = "Key reuse: one key served for two draws, and these are equal; split the key, or draw once, of the shape of mu."
R30 = "Computed in bfloat16: turn mu and logvar into float32 first, and let noise and sum be float32."
R31 = (
    "NumPy, `float()` and Python's `if` ask for numbers that are not there yet when JAX differentiates or compiles: "
    "use jnp and jax.random throughout."
)
R32 = "A key is kept in a global variable, and under jit lost in the trace: use the key that is given, change no global."


@dataclass
class Evidence:
    """What the answer gave, once, for all the misconceptions to look at."""

    mu: Array
    logvar: Array
    z: Array
    """The draw of one seed."""
    moved: tuple[Array, Array]
    """The same seed's draws with (another mu, the same logvar) and (the same mu, another logvar)."""
    other_mu: Array
    other_logvar: Array
    again: Array
    """The same seed once more."""
    next: Array
    """The draw after that, not seeded."""
    unit: Array
    """One large draw's z - mu at logvar = 0."""
    at_one: Array
    """The same at logvar = 1."""


def _collect(
    subject: Any, seed: int, rng: np.random.Generator, mu: Array, logvar: Array, shape: tuple[int, int]
) -> Evidence | None:
    other_mu, other_logvar = mu + rng.uniform(0.5, 2, mu.shape), logvar + rng.uniform(0.3, 1.5, mu.shape)
    try:
        z = _draw(subject, seed, mu, logvar)
        moved = _draw(subject, seed, other_mu, logvar), _draw(subject, seed, mu, other_logvar)
        again, following = _draw(subject, seed, mu, logvar), subject(mu, logvar)
        centre = rng.normal(size=shape)
        unit = _draw(subject, seed, centre, np.zeros(shape)) - centre
        at_one = _draw(subject, seed, centre, np.ones(shape)) - centre
    except (Failure, Broken):
        return None
    return Evidence(mu, logvar, z, moved, other_mu, other_logvar, again, following, unit, at_one)


def _misconceptions(
    subject: Any, seed: int, rng: np.random.Generator, mu: Array, logvar: Array, dialect: Dialect
) -> Iterator[Misconception]:
    """The catalogue, most telling first. Those of one framework only are added here, by their own evidence."""
    pure = dialect is JAX
    if pure:
        yield Misconception("R32", R32, lambda: _leak_evidence(subject, mu, logvar))
    seen = _collect(subject, seed, rng, mu, logvar, dialect.noise_shape if pure else (400, 50))
    if seen is None:
        return
    dtype = Misconception("R27", "The precision of the arguments is lost: let eps have the dtype of mu.",
                          lambda: _dtype_evidence(subject, mu, logvar, dialect))  # fmt: skip
    yield Misconception("R12", "Two calls agree exactly: there is no randomness left (this is an autoencoder).",
                        lambda: _constant_evidence(seen))  # fmt: skip
    if pure:
        yield Misconception("R16", R16, lambda: _traced_evidence(subject, seed, seen))
        yield dtype  # z in bfloat16 would be taken for a wrong law
    yield Misconception("R18", f"The noise does not follow the {dialect.repeats}: take it from {dialect.source}.",
                        lambda: _unseeded_evidence(seen, dialect))  # fmt: skip
    yield Misconception("R14", "mu and sigma are exchanged: eps multiplies sigma.", lambda: _exchange_evidence(seen))
    yield Misconception("R15", R15, lambda: _twice_evidence(subject, seed, seen))
    for scale in SCALES:
        yield Misconception(scale.id, scale.sentence, lambda scale=scale: _scale_evidence(seen, scale.sigma))
    yield Misconception("R23", "mu must be added once: z moves by as much as mu.", lambda: _shift_evidence(seen))
    yield Misconception("R28", "logvar is clamped: sigma is exp(logvar / 2) at every logvar.",
                        lambda: _clamp_evidence(subject, seed, seen))  # fmt: skip
    yield Misconception("R29", "sigma is added to the noise; it multiplies eps.", lambda: _sum_evidence(seen))
    yield Misconception("R8", "One number moves the whole batch; eps needs the shape of mu.",
                        lambda: _sharing_evidence(seen, (0, 1)))  # fmt: skip
    yield Misconception("R7", "All rows of the batch share one eps (row correlation 1); draw one per example.",
                        lambda: _sharing_evidence(seen, (0,)))  # fmt: skip
    yield Misconception("R24", "All latent dimensions of an example share one eps; it needs the shape of mu.",
                        lambda: _sharing_evidence(seen, (1,)))  # fmt: skip
    if pure:
        yield Misconception("R17", R17, lambda: _reuse_evidence(seen))
    yield Misconception("R6", "Your noise is uniform; it must be standard normal.", lambda: _uniform_evidence(seen))
    yield Misconception("R13", "The same eps at each call; take randomness from outside.",
                        lambda: _frozen_evidence(seen))  # fmt: skip
    yield Misconception("R25", "The noise is not standard normal.", lambda: _moment_evidence(seen))
    yield Misconception("R26", "The arguments are changed in place: compute new tensors.",
                        lambda: _mutation_evidence(subject))  # fmt: skip
    if pure:
        yield Misconception("R31", R31, lambda: _tracing_evidence(subject, seen))
    yield Misconception("R9", R9_JAX if pure else R9, lambda: _gradient_evidence(subject, seed, seen, 2))
    yield Misconception("R11", f"The graph is cut by {dialect.cut}: the gradient must reach mu and logvar.",
                        lambda: _gradient_evidence(subject, seed, seen, 1))  # fmt: skip
    yield dtype
    if pure:
        yield Misconception("R30", R30, lambda: _short_evidence(subject, seed, mu.shape))


def _same(a: Array, b: Array) -> bool:
    size = 1 + np.abs(np.nan_to_num(b))
    return np.shape(a) == np.shape(b) and bool(np.all(np.isnan(a) == np.isnan(b))) and bool(
        np.all(np.isnan(a) | (np.abs(a - b) <= FLOAT32 * size))
    )  # fmt: skip


def _constant_evidence(seen: Evidence) -> str | None:
    """Noise-free: no draw of any size varies at fixed logvar."""
    if not (_same(seen.next, seen.z) and np.ptp(seen.unit) < FLOAT32 and np.ptp(seen.at_one) < FLOAT32):
        return None
    return f"at mu = {seen.mu.flat[0]:g}, logvar = {seen.logvar.flat[0]:g} each call gives z = {seen.z.flat[0]:.4g}"


def _unseeded_evidence(seen: Evidence, dialect: Dialect) -> str | None:
    if np.array_equal(seen.again, seen.z, equal_nan=True):
        return None
    return f"with one {dialect.repeats} the first entry is {seen.z.flat[0]:.4g}, then {seen.again.flat[0]:.4g}"


def _exchange_evidence(seen: Evidence) -> str | None:
    """z = mu * eps + sigma, for sigma = exp(logvar / 2) or exp(logvar)."""
    for power in (0.5, 1.0):
        sigma, other = np.exp(power * seen.logvar), np.exp(power * seen.other_logvar)
        by_mu = _same((seen.moved[0] - sigma) * seen.mu, (seen.z - sigma) * seen.other_mu)
        if by_mu and _same(seen.moved[1] - seen.z, other - sigma):
            moved, wanted = seen.moved[0].flat[0] - seen.z.flat[0], seen.other_mu.flat[0] - seen.mu.flat[0]
            return f"with the same noise mu rises by {wanted:.3g} and z by {moved:.3g}"
    return None


def _twice_evidence(subject: Any, seed: int, seen: Evidence) -> str | None:
    if _scale_evidence(seen, np.exp) is None:
        return None
    subject.seed(seed)
    _, for_logvar = subject.vjp((seen.mu, seen.logvar), np.ones_like(seen.mu))
    return _sigma_at_one(seen) if _same(for_logvar, (seen.z - seen.mu) / 2) else None


def _scale_evidence(seen: Evidence, sigma: Callable[[Array], Array]) -> str | None:
    """Whether the noise is multiplied by `sigma(logvar)`: the law by products, its size by the spread."""
    shape, other = sigma(seen.logvar), sigma(seen.other_logvar)
    known = np.isfinite(shape) & np.isfinite(other)
    first, second = (seen.z - seen.mu) * other, (seen.moved[1] - seen.mu) * shape
    at_one = float(sigma(np.ones(1))[0])
    if not known.any() or not np.abs(first[known]).max() > FLOAT32:
        return None
    if np.isnan(seen.z[~np.isfinite(shape)]).all() and _same(first[known], second[known]):
        spread = float(np.sqrt(np.mean(seen.at_one**2)))
        # 20000 draws: within 20 % of the size this form gives; uniform or shared noise has another.
        if abs(spread / at_one - 1) < 0.2:
            return _sigma_at_one(seen)
    return None


def _clamp_evidence(subject: Any, seed: int, seen: Evidence) -> str | None:
    """Whether log sigma² rises with logvar in the middle and, from some logvar on, not at all."""
    at = np.arange(-8, 8.1, 0.25)
    size = [np.linalg.norm(_draw(subject, seed, seen.mu, np.full_like(seen.mu, v)) - seen.mu) for v in at]
    slope = np.diff(2 * np.log(size)) / np.diff(at)
    flat, right = np.abs(slope) < 1e-3, np.abs(slope - 1) < 1e-3
    inside = np.flatnonzero(~flat)
    if not right.any() or flat[inside[0] : inside[-1] + 1].any() or not (flat[0] or flat[-1]):
        return None
    if np.any((slope < -1e-3) | (slope > 1.001)):
        return None
    n = 0 if flat[0] else -1
    ratio = size[n] / size[int(np.flatnonzero(right)[0])] * np.exp(at[int(np.flatnonzero(right)[0])] / 2)
    return f"at logvar = {at[n]:g} your sigma is {ratio:.4g}, it is {np.exp(at[n] / 2):.4g}"


def _sum_evidence(seen: Evidence) -> str | None:
    """z = mu + sigma + eps: with the same noise z moves by as much as sigma, for two notions of sigma."""
    for power in (0.5, 1.0):
        sigma, other = np.exp(power * seen.logvar), np.exp(power * seen.other_logvar)
        if _same(seen.moved[1] - seen.z, other - sigma) and _same(seen.moved[0] - seen.z, seen.other_mu - seen.mu):
            return (f"with the same noise sigma rises from {sigma.flat[0]:.3g} to {other.flat[0]:.3g} and z by "
                    f"{(seen.moved[1] - seen.z).flat[0]:.3g}, whatever eps is")  # fmt: skip
    return None


def _sigma_at_one(seen: Evidence) -> str:
    spread = float(np.sqrt(np.mean(seen.at_one**2)))
    return f"at logvar = 1 the standard deviation of your z is {spread:.3g}; it should be {np.exp(0.5):.3g}"


def _obeys_scale(seen: Evidence) -> bool:
    sigma, other = np.exp(seen.logvar / 2), np.exp(seen.other_logvar / 2)
    return _same((seen.z - seen.mu) * other, (seen.moved[1] - seen.mu) * sigma)


def _shift_evidence(seen: Evidence) -> str | None:
    moved, wanted = seen.moved[0] - seen.z, seen.other_mu - seen.mu
    if _same(moved, wanted):
        return None
    return f"mu rises by {wanted.flat[0]:.3g} and z by {moved.flat[0]:.3g}"


def _sharing_evidence(seen: Evidence, axes: tuple[int, ...]) -> str | None:
    if not np.all(np.ptp(seen.unit, axis=axes) < FLOAT32):
        return None
    a, b = seen.unit[0, 0], seen.unit[-1 if 0 in axes else 0, -1 if 1 in axes else 0]
    which = " and ".join(("examples", "latent dimensions")[axis] for axis in axes)
    return f"at logvar = 0 the noise of the first and the last of the {which} is {a:.4g} and {b:.4g}"


def _uniform_evidence(seen: Evidence) -> str | None:
    e = seen.unit
    low, high = e.min(), e.max()
    if not _obeys_scale(seen) or _uniform_p((e - low) / (high - low)) < 1e-4:
        return None
    return f"its mean is {e.mean():.2f} and its standard deviation {e.std():.2f}, between {low:.2f} and {high:.2f}"


def _frozen_evidence(seen: Evidence) -> str | None:
    if not np.array_equal(seen.next, seen.z, equal_nan=True):
        return None
    return f"the first entry is {seen.z.flat[0]:.4g} at both calls"


def _moment_evidence(seen: Evidence) -> str | None:
    if not _obeys_scale(seen):
        return None
    for name, got, want, deviation in _moments(seen.unit):
        if abs(got - want) > Z_LIMIT * deviation:
            return f"the {name} of (z - mu) / sigma is {got:.3g}, it is {want:g}"
    return None


def _gradient_evidence(subject: Any, seed: int, seen: Evidence, cuts: int) -> str | None:
    subject.seed(seed)
    try:
        found = subject.vjp((seen.mu, seen.logvar), np.ones_like(seen.mu))
    except Failure as failure:
        return str(failure) if cuts == 1 and "grad" in failure.message else None
    cut = [name for name, each in zip(NAMES, found) if not np.any(each)]
    return f"the gradient in {' and in '.join(cut)} is 0" if len(cut) == cuts else None


def _mutation_evidence(subject: Any) -> str | None:
    changed = [NAMES[n] for n in sorted(subject.mutated) if n < len(NAMES)]
    return f"after the call {' and '.join(changed)} had other numbers" if changed else None


def _dtype_evidence(subject: Any, mu: Array, logvar: Array, dialect: Dialect) -> str | None:
    for precision in dialect.precisions[::-1]:
        subject(mu.astype(precision), logvar.astype(precision))
        if subject.dtypes != [np.dtype(precision).name]:
            return f"mu is {np.dtype(precision)}, z is {subject.dtypes[0]}"
    return None


# Those of JAX


def _leak_evidence(subject: Keyed, mu: Array, logvar: Array) -> str | None:
    """Whether a call fails because an earlier, compiled one has left something of its trace behind."""
    try:
        subject.rekey(0)
        first = subject(mu, logvar)
        subject.rekey(0)
        if np.array_equal(first, subject(mu, logvar), equal_nan=True):
            return None
        subject.subject.jit()(Seed(0), mu, logvar)
        subject(mu, logvar)
    except Failure as failure:
        return f"called after jax.jit {failure}" if failure.type == "UnexpectedTracerError" else None
    return None


def _traced_evidence(subject: Keyed, seed: int, seen: Evidence) -> str | None:
    """Whether two keys give one z in compiled code, and two where it is not compiled."""
    if np.array_equal(seen.z, seen.next, equal_nan=True):
        return None
    compiled = subject.subject.jit()
    first, second = (compiled(Seed(seed + n), seen.mu, seen.logvar) for n in (0, 1))
    if not np.array_equal(first, second, equal_nan=True):
        return None
    return (f"the first entry is {seen.z.flat[0]:.4g} and {seen.next.flat[0]:.4g} for two keys, and under jax.jit "
            f"{first.flat[0]:.4g} for both")  # fmt: skip


def _reuse_evidence(seen: Evidence) -> str | None:
    """Whether two examples, or two latent dimensions, have the same noise."""
    for rows, name in ((seen.unit, "examples"), (seen.unit.T, "latent dimensions")):
        scaled = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        alike = np.triu(scaled @ scaled.T > 0.999, 1)
        if alike.any():
            a, b = np.argwhere(alike)[0]
            return f"of {len(rows)} {name} at logvar = 0, number {a + 1} and number {b + 1} have the same noise"
    return None


def _tracing_evidence(subject: Keyed, seen: Evidence) -> str | None:
    for what, call in (
        ("jax.grad", lambda: subject.vjp((seen.mu, seen.logvar), np.ones(seen.mu.shape))),
        ("jax.jit", lambda: subject.subject.jit()(Seed(0), seen.mu, seen.logvar)),
    ):
        try:
            call()
        except Failure as failure:
            if untraceable(failure):
                return f"under {what} {failure}"
    return None


def _short_evidence(subject: Keyed, seed: int, shape: tuple[int, ...]) -> str | None:
    try:
        _check_short(subject, seed, np.random.default_rng(0), shape)
    except Broken as broken:
        return str(broken)
    return None

"""The continuous Bernoulli distribution of a pixel in [0, 1], given by its logit, and what goes wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, as_subject

from .bernoulli import Form, bernoulli_terms
from .elementwise import SHAPE, each_slope, each_value, first_off, form_evidence
from .likelihood import NEGATED
from .rows import LOOSE, expect_numbers, rounding
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
NAMES = ("logits", "x")

SMALL = 0.25
"""Below this logit the mean's two terms, 1 / l each, would cancel: its power series is exact there to 1e-16."""
GREY = np.array([0.0, 0.3, 1.0])
"""Pixel values at which the ends and the middle of the logits are probed."""
NEAR_ZERO = {
    np.float64: np.array([0, 1e-9, -1e-9, 1e-5, -1e-5, 2e-3, -2e-3]),
    np.float32: np.array([0, 1e-4, -1e-4, 1e-3, -1e-3, 1e-2, -1e-2]),
}
"""Where tanh(l / 2) and l, or other two small numbers, are divided by each other."""
AROUND_ZERO = np.array([0.03, -0.03, 0.1, -0.1, 0.3, -0.3, 0.7])
"""Where a power series has come to its end."""
ENDS = np.array([30, -30, 100, -100, 1e3, -1e3, 60])
"""sigmoid rounds to 1 in float32 at the first, in float64 too at the last; exp(100) is infinite in float32."""


def continuous_bernoulli_log_density(logits: Array, x: Array) -> Array:
    """log of C(p) p^x (1 - p)^(1 - x), p = sigmoid(logits), in nats, for each pixel: (...), (...) to (...), broadcast.

    Loaiza-Ganem & Cunningham (2019), The continuous Bernoulli: C(p) = 2 artanh(1 - 2p) / (1 - 2p), which is
    l / tanh(l / 2) in the logit l, and 2 at l = 0.
    """
    logits, x = np.asarray(logits, float), np.asarray(x, float)
    # The density is exp(l x) l / (exp(l) - 1). With a = |l| and the distance to the likelier end no number is large.
    size = np.abs(logits)
    distance = np.where(logits < 0, x, 1 - x)
    return -size * distance + np.log(_ratio(size))


def continuous_bernoulli_mean(logits: Array) -> Array:
    """The mean of a pixel: (...) to (...), from 0 to 1, ½ at logit 0.

    Loaiza-Ganem & Cunningham (2019): p / (2p - 1) + 1 / (2 artanh(1 - 2p)), which is 1 / (1 - exp(-l)) - 1 / l
    in the logit l.
    """
    logits = np.asarray(logits, float)
    size = np.abs(logits)
    far = np.where(size < SMALL, 1.0, size)
    with np.errstate(over="ignore"):
        below = np.where(size < SMALL, _series(size), 1 / far - 1 / np.expm1(far))
    return np.where(logits < 0, below, 1 - below)


def _series(size: Array) -> Array:
    """1 / l - 1 / (exp(l) - 1), by the Bernoulli numbers."""
    coefficients = (-1 / 12, 1 / 720, -1 / 30240, 1 / 1209600, -1 / 47900160)
    return 0.5 + sum(c * size ** (2 * n + 1) for n, c in enumerate(coefficients))


def _ratio(size: Array) -> Array:
    """l / (1 - exp(-l)) for l >= 0, 1 at 0."""
    guarded = np.where(size == 0, 1.0, size)
    return np.where(size == 0, 1.0, guarded / -np.expm1(-guarded))


@np.errstate(all="ignore")
def check_continuous_bernoulli_log_prob(
    continuous_bernoulli_log_prob: Any, framework: str = "jax", seed: int | None = None
) -> Score:
    """Grade `continuous_bernoulli_log_prob(logits, x)`: a number for each pixel, in nats; both broadcast. 5 points.

    Values 2, a number for each pixel (also compiled and vectorised) 1, through logit 0 1, large logits 1; the last two
    with the gradient, x minus the mean. An answer that adds pixels up is judged one pixel at a time for the rest.
    """
    subject = as_subject(continuous_bernoulli_log_prob, framework)
    rubric = Rubric("continuous_bernoulli_log_prob", 5, seed)
    logits, x = fresh(rubric.rng)
    with rubric.award("values", 2, "the values are log-densities on [0, 1], in nats"):
        _check_values(subject, logits, x)
    with rubric.award("a number for each pixel", 1, "each pixel has its own number; under jit and vmap, too"):
        _check_shapes(subject, rubric.rng, logits, x)
    with rubric.award("through logit 0", 1, "value and gradient are finite, right and continuous through logit 0"):
        _check_zero(subject)
    with rubric.award("large logits", 1, "value and gradient stay exact for logits as large as 1000"):
        _check_ends(subject)
    rubric.diagnose(_misconceptions(subject, rubric.rng, logits, x))
    return rubric.score()


def fresh(rng: np.random.Generator) -> tuple[Array, Array]:
    """Logits and grey pixels, two decimals each; no logit is 0, and one pixel is 0, another 1."""
    logits = rng.choice([-1, 1], SHAPE) * rng.uniform(0.1, 4, SHAPE)
    x = rng.uniform(0.02, 0.98, SHAPE)
    x[0, :2] = 0, 1
    return logits.round(2), x.round(2)


def _check_values(subject: Any, logits: Array, x: Array) -> None:
    for logit in (logits[0, 0], -logits[0, 0]):
        _check_integral(subject, logit, 1.0)
    for inputs in ((logits, x), (logits.astype(np.float32), x.astype(np.float32))):
        got, want = each_value(subject, *inputs), continuous_bernoulli_log_density(*inputs)
        off = first_off(inputs, got, want, LOOSE * (1 + np.abs(want)), NAMES, "the log-density")
        if off:
            raise Broken(off)


def _check_integral(subject: Any, logit: float, width: float) -> None:
    """The density over the likelier `width` of [0, 1], by Gauss-Legendre quadrature: exact, for what is smooth."""
    nodes, weights = np.polynomial.legendre.leggauss(np.prod(SHAPE))
    x = width * (nodes + 1) / 2
    x = (1 - x if logit > 0 else x).reshape(SHAPE)
    area = width / 2 * weights @ np.exp(each_value(subject, np.full(SHAPE, logit), x)).ravel()
    if not abs(area - 1) <= 1e-4:
        raise Broken(f"at logit {logit:g} the density integrates to 1 over [0, 1]: yours to {area:.4g}")


def _check_shapes(subject: Any, rng: np.random.Generator, logits: Array, x: Array) -> None:
    got = subject(logits, x)
    expect_shape(got, SHAPE, f"logits and x of shape {SHAPE}")
    expect_numbers(got, f"logits and x of shape {SHAPE}")
    draws = np.stack([logits, logits + rng.uniform(-0.05, 0.05, SHAPE).round(3)])
    what = f"logits of shape {draws.shape} against x of shape {SHAPE}"
    expect_close(subject(draws, x), np.stack([got, subject(draws[1], x)]), what, LOOSE, LOOSE)
    one = subject(logits[1, 1].reshape(()), x[1, 1].reshape(()))
    expect_close(one, got[1, 1], "one logit and one pixel, both of shape ()", LOOSE, LOOSE)
    expect_close(subject.jit()(logits, x), got, "compiled by jax.jit", LOOSE, LOOSE)
    expect_close(subject.vmap(0)(logits, x), got, "row by row under jax.vmap", LOOSE, LOOSE)


def _check_zero(subject: Any) -> None:
    found = _off_near_zero(subject)
    if found:
        raise Broken(found)


def _off_near_zero(subject: Any) -> str | None:
    for precision, near in NEAR_ZERO.items():
        of_values, of_slopes = (noise(near, precision, power) for power in (1, 2))
        found = _off(subject, near, precision, LOOSE + of_values, 1e-3 + of_slopes)
        if found:
            return found
    return _off(subject, AROUND_ZERO, np.float64, LOOSE, 1e-4)


def noise(logits: Array, precision: type, power: int = 1) -> Array:
    """What rounding leaves of 1 / l - 1 / l (or of its derivative) for each row of logits: 0 at 0, where it is exact.

    An answer with such an error is right all the same.
    """
    size = np.where(logits == 0, np.inf, np.abs(logits))
    return (np.finfo(precision).eps / size**power)[:, None]


def _check_ends(subject: Any) -> None:
    for logit in (-60.0, 60.0):
        _check_integral(subject, logit, 0.5)
    for precision in (np.float64, np.float32):
        found = _off(subject, ENDS, precision, None, 10 * LOOSE)
        if found:
            raise Broken(found)


def _off(
    subject: Any, logits: Array, precision: type, of_values: Array | float | None, of_slopes: Array | float
) -> str | None:
    """Where value or gradient for the logits and GREY is off by more than these (None: than rounding allows)."""
    points = grid(logits, precision)
    wide = points[0].astype(float), points[1].astype(float)
    got, want = each_value(subject, *points), continuous_bernoulli_log_density(*wide)
    tolerance = 100 * rounding(got) if of_values is None else of_values
    what = f"the log-density in {points[0].dtype}"
    found = first_off(points, got, want, tolerance * (1 + np.abs(want)), NAMES, what)
    if found:
        return found
    got, want = each_slope(subject, *points), wide[1] - continuous_bernoulli_mean(wide[0])
    what = f"the gradient in the logit, x minus the mean, in {points[0].dtype}"
    return first_off(points, got, want, of_slopes, NAMES, what)


def grid(logits: Array, precision: type) -> tuple[Array, Array]:
    """Seven logits, each with every pixel value of GREY."""
    return tuple(np.array(each, precision) for each in np.broadcast_arrays(logits[:, None], GREY))


# What goes wrong. A form maps (logits, x) to one number per pixel.


def _sigmoid(logits: Array) -> Array:
    return np.exp(bernoulli_terms(logits, 1))


def _log_c(logits: Array) -> Array:
    return continuous_bernoulli_log_density(logits, 0) - bernoulli_terms(logits, 0)


def _log_c_of(p: Array) -> Array:
    """log C of a number taken for a probability."""
    return np.log(2 * np.arctanh(1 - 2 * p) / (1 - 2 * p))


def _cross(p: Array, x: Array) -> Array:
    return x * np.log(p) + (1 - x) * np.log(1 - p)


_PROBABILITIES = "These are logits; your formula expects probabilities."
_TWICE = "The sigmoid is applied twice: probabilities are squeezed into (0.5, 0.73)."
_HALF_MISSING = "tanh(l / 2), not tanh(l), belongs under the logit: C = l / tanh(l / 2)."
_UNIT = "The logarithm is the natural one: the result is in nats."

FORMS = (
    Form("L8", "log C is missing: this is a Bernoulli on grey pixels, and does not integrate to 1.", bernoulli_terms),
    Form("L5", "The arguments are exchanged: this is the log-density of the logits under x.",
         lambda a, x: continuous_bernoulli_log_density(x, a)),
    Form("L2", _PROBABILITIES, lambda a, x: _cross(a, x) + _log_c_of(a)),
    Form("L2", f"In log C: {_PROBABILITIES}", lambda a, x: bernoulli_terms(a, x) + _log_c_of(a)),
    Form("L2", f"Before log C: {_PROBABILITIES}", lambda a, x: _cross(a, x) + _log_c(a)),
    Form("L2", f"{_PROBABILITIES} And log C is missing.", _cross),
    Form("L3", _TWICE, lambda a, x: continuous_bernoulli_log_density(_sigmoid(a), x)),
    Form("L3", f"In log C: {_TWICE}", lambda a, x: bernoulli_terms(a, x) + _log_c(_sigmoid(a))),
    Form("L3", f"Before log C: {_TWICE}", lambda a, x: bernoulli_terms(_sigmoid(a), x) + _log_c(a)),
    Form("L33", "log C is subtracted: the density is C p^x (1 - p)^(1 - x), so it is added.",
         lambda a, x: bernoulli_terms(a, x) - _log_c(a)),
    Form("L33", "C itself is added, not its logarithm.", lambda a, x: bernoulli_terms(a, x) + np.exp(_log_c(a))),
    Form("L33", "1 / C is added: add log C.", lambda a, x: bernoulli_terms(a, x) + np.exp(-_log_c(a))),
    Form("L33", "log C multiplies: it is added.", lambda a, x: bernoulli_terms(a, x) * _log_c(a)),
    Form("L33", "C multiplies the logarithm: it multiplies the density, so log C is added.",
         lambda a, x: bernoulli_terms(a, x) * np.exp(_log_c(a))),
    Form("L33", "The factor 2 of C = 2 artanh(1 - 2p) / (1 - 2p) is missing: at logit 0 C is 2.",
         lambda a, x: bernoulli_terms(a, x) + _log_c(a) - np.log(2)),
    Form("L33", "C is twice too large: it is l / tanh(l / 2), and 2 at logit 0.",
         lambda a, x: bernoulli_terms(a, x) + _log_c(a) + np.log(2)),
    Form("L33", _HALF_MISSING, lambda a, x: bernoulli_terms(a, x) + np.log(a / np.tanh(a))),
    Form("L33", "tanh(l / 2) is missing under the logit: C = l / tanh(l / 2).",
         lambda a, x: bernoulli_terms(a, x) + np.log(np.abs(a))),
    Form("L33", "log l is missing: C = l / tanh(l / 2), or the density is exp(l x) l / (exp(l) - 1).",
         lambda a, x: a * x - np.log(np.abs(np.expm1(a)))),
    Form("L36", "C is 2 at logit 0 only: log(l / tanh(l / 2)) grows with the logit.",
         lambda a, x: bernoulli_terms(a, x) + np.log(2)),
    Form("L36", "The power series of log C is right near logit 0 only: take log(l / tanh(l / 2)) elsewhere.",
         lambda a, x: bernoulli_terms(a, x) + np.log(2) + a**2 / 12),
    Form("L36", "The power series of log C is right near logit 0 only: take log(l / tanh(l / 2)) elsewhere.",
         lambda a, x: bernoulli_terms(a, x) + np.log(2) + a**2 / 12 - 7 * a**4 / 1440),
    Form("L25", "softplus(l) is missing: x l - softplus(l) + log C.", lambda a, x: x * a + _log_c(a)),
    Form("L25", "The sign of softplus(l) is wrong: x l - softplus(l) + log C.",
         lambda a, x: x * a + np.logaddexp(0, a) + _log_c(a)),
    Form("L22", "(1 - x) log(1 - p) is missing.", lambda a, x: x * bernoulli_terms(a, 1) + _log_c(a)),
    Form("L22", "x log p is missing.", lambda a, x: (1 - x) * bernoulli_terms(a, 0) + _log_c(a)),
    Form("L22", "(1 - x) is missing before log(1 - p).",
         lambda a, x: x * bernoulli_terms(a, 1) + bernoulli_terms(a, 0) + _log_c(a)),
    Form("L22", "Only log C is there.", lambda a, x: _log_c(a) + 0 * x),
    Form("L23", "The sign between x log p and (1 - x) log(1 - p) is wrong: they are added.",
         lambda a, x: x * bernoulli_terms(a, 1) - (1 - x) * bernoulli_terms(a, 0) + _log_c(a)),
    Form("L24", "0 and 1 are exchanged: log p goes with x, log(1 - p) with 1 - x.",
         lambda a, x: continuous_bernoulli_log_density(-a, x)),
    Form(*NEGATED, lambda a, x: -continuous_bernoulli_log_density(a, x)),
    Form(*NEGATED, lambda a, x: -bernoulli_terms(a, x) + _log_c(a)),
    Form("L8", f"{NEGATED[1]} And log C is missing.", lambda a, x: -bernoulli_terms(a, x)),
    Form("L17", "This is the density: return its logarithm, computed without the exponential.",
         lambda a, x: np.exp(continuous_bernoulli_log_density(a, x))),
    Form("L28", f"{_UNIT} Yours is in bits.", lambda a, x: continuous_bernoulli_log_density(a, x) / np.log(2)),
    Form("L28", f"{_UNIT} Yours has the logarithm to base 10.",
         lambda a, x: continuous_bernoulli_log_density(a, x) / np.log(10)),
    Form("L26", "Pixels are rounded to 0 and 1 first: this density is one of grey pixels.",
         lambda a, x: continuous_bernoulli_log_density(a, np.round(x))),
    Form("L29", "The logits are scaled first.", lambda a, x: continuous_bernoulli_log_density(a / 2, x)),
    Form("L29", "The logits are scaled first.", lambda a, x: continuous_bernoulli_log_density(2 * a, x)),
)  # fmt: skip

REDUCTIONS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("You added up over the pixels", lambda t: t.sum(-1)),
    ("You averaged over the pixels", lambda t: t.mean(-1)),
    ("You added up over everything", lambda t: t.sum()),
    ("You averaged over everything", lambda t: t.mean()),
    ("You added up over the batch", lambda t: t.sum(0)),
    ("You averaged over the batch", lambda t: t.mean(0)),
)

TRUTH = "ConcretizationTypeError", "TracerBoolConversionError"
"""What JAX raises where Python's `if` asks a traced number."""
CONVERTED = "TracerArrayConversionError", "TracerIntegerConversionError"
"""What JAX raises where NumPy asks for a traced number."""


def _misconceptions(subject: Any, rng: np.random.Generator, logits: Array, x: Array) -> Iterator[Misconception]:
    """The catalogue, most telling first."""
    right = continuous_bernoulli_log_density
    yield branch_misconception(lambda: subject(logits, x), lambda: subject.jit()(logits, x))
    # Logits that pass for probabilities: some wrong answers have numbers there only.
    seen = [((points, x), subject(points, x)) for points in (logits, rng.uniform(0.1, 0.9, SHAPE).round(2))]
    for form in FORMS:
        yield Misconception(form.id, form.sentence, lambda form=form: form_evidence(seen, form.formula, right, NAMES))
    for (sentence, reduce), sign in itertools.product(REDUCTIONS, (1, -1)):
        also = "" if sign == 1 else f" {NEGATED[1]}"
        formula = lambda a, x, reduce=reduce, sign=sign: sign * reduce(right(a, x))
        yield Misconception("L35", f"{sentence}: this function gives a number for each pixel, and `log_likelihood` adds "
                            f"them up.{also}", lambda f=formula: form_evidence(seen, f, right, NAMES))  # fmt: skip
    for form, (sentence, reduce) in itertools.product(FORMS, REDUCTIONS):
        formula = lambda a, x, form=form, reduce=reduce: reduce(form.formula(a, x))
        yield Misconception(form.id, f"{form.sentence} {sentence}, too; each pixel has its own number.",
                            lambda f=formula: form_evidence(seen, f, right, NAMES))  # fmt: skip
    if not _is_right(each_value(subject, logits, x), logits, x):
        return
    yield cut_misconception(lambda: each_slope(subject, logits, x), lambda: _cut_evidence(subject, logits, x))
    yield Misconception("L9", "At logit 0 there is no number: `jnp.where` computes both branches, and differentiates "
                        "both, so replace the *input* of the unstable one by a harmless number, too (a double where).",
                        lambda: _zero_evidence(subject))  # fmt: skip
    yield Misconception("L36", "Near logit 0 it is not exact enough: your series (or constant) is used too far from 0, "
                        "or has a wrong term; log C = log 2 + l²/12 - 7 l⁴/1440 + ...",
                        lambda: _off_near_zero(subject))  # fmt: skip
    yield Misconception("L1", "An exponential, or a probability that rounds to 0 or 1, breaks off at large logits: "
                        "stay with logits, softplus and log(l / tanh(l / 2)).",
                        lambda: _ends_evidence(subject, broken_off=True))  # fmt: skip
    yield Misconception("L14", "Right in the middle, wrong at large logits: no clamp and no epsilon is needed with "
                        "softplus and log(l / tanh(l / 2)).",
                        lambda: _ends_evidence(subject, broken_off=False))  # fmt: skip
    yield Misconception("L31", "The arguments broadcast against each other: no fixed number of axes.",
                        lambda: _axes_evidence(subject, logits, x))  # fmt: skip


def branch_misconception(*calls: Callable[[], Any]) -> Misconception:
    """Python's `if` asks the numbers of an array; one of the calls shows it."""

    def evidence() -> str | None:
        for call in calls:
            try:
                call()
            except Failure as failure:
                if failure.type in TRUTH or "truth value of an array" in failure.message:
                    return _told(failure)
        return None

    return Misconception("L34", "Python's `if` decides once for the whole array, and under jit not at all: choose for "
                         "each number with `jnp.where`.", evidence)  # fmt: skip


def cut_misconception(slopes: Callable[[], Array], evidence: Callable[[], str | None]) -> Misconception:
    """NumPy in place of jax.numpy, or a cut by hand; `slopes` asks for gradients."""

    def found() -> str | None:
        try:
            slopes()
        except Failure as failure:
            return _told(failure) if failure.type in CONVERTED else None
        return evidence()

    return Misconception("L19", "The values are right but not the gradient: NumPy, `float` and `stop_gradient` cut it; "
                         "compute with jax.numpy throughout.", found)  # fmt: skip


def _told(failure: Failure) -> str:
    where = f"at the line `{failure.line}` it" if failure.line else "it"
    return f"{where} raised {failure.type}"


def _is_right(got: Array, logits: Array, x: Array) -> bool:
    return np.allclose(got, continuous_bernoulli_log_density(logits, x), rtol=1e-2, atol=1e-2)


def _cut_evidence(subject: Any, logits: Array, x: Array) -> str | None:
    """No gradient at all, or that of one part of the formula."""
    found, want = each_slope(subject, logits, x), x - continuous_bernoulli_mean(logits)
    of_c = _sigmoid(logits) - continuous_bernoulli_mean(logits)
    for part in (0 * want, x - _sigmoid(logits), of_c):
        if np.allclose(found, part, rtol=LOOSE, atol=LOOSE):
            return first_off((logits, x), found, want, LOOSE, NAMES, "the gradient")
    return None


def _zero_evidence(subject: Any) -> str | None:
    zero = grid(np.zeros(SHAPE[0]), np.float64)
    got = each_value(subject, *zero)[0, 1]
    if not np.isfinite(got):
        return f"at logits = 0, x = {GREY[1]:g} yours is {got:g}, it is 0: the density is 1 everywhere"
    slope = each_slope(subject, *zero)[0, 1]
    if not np.isfinite(slope):
        return f"at logits = 0, x = {GREY[1]:g} the value is right, the gradient is {slope:g}, not {GREY[1] - 0.5:g}"
    return None


def _ends_evidence(subject: Any, broken_off: bool) -> str | None:
    """Where a large logit goes wrong; `broken_off`: to no finite number, or to 0, else to another number."""
    for precision in (np.float64, np.float32):
        points = grid(ENDS[[0, 1, 6, 2, 3, 4, 5]], precision)
        wide = points[0].astype(float), points[1].astype(float)
        for got, want, what in (
            (each_value(subject, *points), continuous_bernoulli_log_density(*wide), "the log-density"),
            (each_slope(subject, *points), wide[1] - continuous_bernoulli_mean(wide[0]), "the gradient"),
        ):
            off = ~np.isclose(got, want, rtol=1e-3, atol=1e-3)
            if off.any():
                if np.isfinite(got[off]).all() == broken_off:
                    return None
                return first_off(points, got, want, 1e-3 * (1 + np.abs(want)), NAMES, f"{what} in {points[0].dtype}")
    return None


def _axes_evidence(subject: Any, logits: Array, x: Array) -> str | None:
    draws = np.stack([logits, -logits])
    for points, pixels in ((draws, x), (logits[0, 0].reshape(()), x[0, 0].reshape(()))):
        what, want = f"logits of shape {points.shape} against x of shape {pixels.shape}", points.shape
        try:
            shape = np.shape(subject(points, pixels))
        except Failure as failure:
            return f"{what}: {failure.message}"
        if shape != want:
            return f"{what} give {shape}, not {want}"
    return None

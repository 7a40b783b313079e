"""The log-density of a diagonal Gaussian observation model, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, as_subject

from .kl import expect_empty, expect_untouched
from .rows import LOOSE, expect_numbers, expect_own_gradient, row_gradients, row_values, spot
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
NAMES = ("x", "x_mean", "log_sigma")
HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


def gaussian_log_density(x: Array, mean: Array, log_sigma: Array | float) -> Array:
    """log N(x; mean, exp(2 log_sigma) I) in nats: (..., d), (..., d) to (...).

    `log_sigma` broadcasts against x: one number, (d,), or as x. Kingma & Welling (2014), appendix C.2, eq. (12).
    """
    return _terms(x, mean, log_sigma).sum(-1)


@np.errstate(all="ignore")
def check_gaussian_log_likelihood(
    gaussian_log_likelihood: Any, framework: str = "torch", seed: int | None = None
) -> Score:
    """Grade `gaussian_log_likelihood(x, x_mean, log_sigma)`: (B, d), (B, d), broadcastable to (B,), in nats. 5 points.

    Values 2, broadcasting 1, extremes 1, gradient 1. An answer that knows log_sigma as one number only, or sums
    over the batch, loses the broadcasting and is judged as it is for the rest.
    """
    subject = as_subject(gaussian_log_likelihood, framework)
    rubric = Rubric("gaussian_log_likelihood", 5, seed)
    x, x_mean, log_sigma = _fresh(rubric.rng)
    if not _takes_rows(subject, x, x_mean, log_sigma):
        log_sigma = np.array(log_sigma[0, 0])
    with rubric.award("values", 2, "the values are those of the Gaussian's log-density, in nats"):
        _check_values(subject, x, x_mean, log_sigma)
    with rubric.award("broadcasting", 1, "one number per example, for log_sigma of shape (), (d,) and (B, d)"):
        _check_shapes(subject, x, x_mean, rubric.rng.uniform(-1, 1, x.shape).round(2))
    with rubric.award("extremes", 1, "it stays exact for log_sigma = -15 and 15"):
        _check_extremes(subject, x, x_mean, log_sigma)
    with rubric.award("gradient", 1, "its gradient is right in x, x_mean and log_sigma"):
        _check_gradient(subject, rubric.rng, x, x_mean, log_sigma)
    rubric.diagnose(_misconceptions(subject, x, x_mean, log_sigma))
    return rubric.score()


def _fresh(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Seven examples, three of them with all log_sigma > 0 so that its logarithm shows numbers.

    Three or five dimensions: with two or four, a mean would imitate a missing factor. Two decimals, so that a message's
    example can be typed again.
    """
    shape = 7, int(rng.choice((3, 5)))
    x, x_mean = rng.normal(0, 1.5, (2, *shape)).round(2)
    magnitude, sign = rng.uniform(0.1, 1, shape), rng.choice([-1, 1], shape)
    sign[:3] = 1
    return x, x_mean, (magnitude * sign).round(2)


def _takes_rows(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> bool:
    """Whether the answer takes a log_sigma for each number of x; if not, it is judged with one number."""
    try:
        got = subject(x[:1], x_mean[:1], log_sigma[:1])
        return not isinstance(got, tuple) and np.size(got) == 1
    except Failure:
        return False


def _check_values(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> None:
    (value,) = row_values(subject, x[:1, :2], x[:1, :2], 0 * log_sigma[:1, :2] if log_sigma.ndim else 0 * log_sigma)
    if not abs(value + 2 * HALF_LOG_2PI) <= LOOSE:
        raise Broken(f"at x = x_mean with sigma = 1 and d = 2 it is -log(2π) = -1.837877: yours is {value:.7g}")
    single = [each.astype(np.float32) for each in (x, x_mean, log_sigma)]
    for inputs in ((x, x_mean, log_sigma), single):
        got, want = row_values(subject, *inputs), gaussian_log_density(*(each.astype(float) for each in inputs))
        expect_close(got, want, _where(got, want, *inputs), LOOSE, LOOSE)
    _check_integral(subject, float(x_mean[0, 0]), float(np.ravel(log_sigma)[0]))


def _check_integral(subject: Any, mean: float, log_sigma: float) -> None:
    """One dimension, integrated over ± 10 sigma; an answer that sums over the batch is integrated elsewhere."""
    grid = mean + np.exp(log_sigma) * np.linspace(-10, 10, 401)[:, None]
    got = subject(grid, np.full_like(grid, mean), np.array(log_sigma))
    if np.shape(got) != (401,):
        return
    area = np.trapezoid(np.exp(got), grid[:, 0])
    if not abs(area - 1) <= 1e-4:
        raise Broken(f"in one dimension the density integrates to 1: yours to {area:.4g}")


def _check_shapes(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> None:
    size, scale = len(x), np.array(log_sigma[0, 0])
    reference = subject(x, x_mean, log_sigma)
    expect_shape(reference, (size,), f"{size} examples, log_sigma of shape {log_sigma.shape}")
    expect_numbers(reference, f"{size} examples")
    for narrow in (log_sigma[0], scale):
        same = np.broadcast_to(narrow, x.shape).copy()
        what = f"log_sigma of shape {narrow.shape}, against the same numbers written out for each x"
        expect_close(subject(x, x_mean, narrow), subject(x, x_mean, same), what, LOOSE, LOOSE)
    expect_close(subject(x[:1], x_mean[:1], log_sigma[:1]), reference[:1], "a batch of one", LOOSE, LOOSE)
    expect_shape(subject(x[:, :1], x_mean[:, :1], scale), (size,), "examples of one dimension")
    pair = x[:, None], x_mean[:2]  # fewer than dimensions, so that a sum over the wrong axis shows
    written_out = [np.array(each) for each in np.broadcast_arrays(*pair)]
    got, what = subject(*pair, scale), f"x of shape {pair[0].shape} against x_mean of shape {pair[1].shape}"
    expect_shape(got, (size, 2), what)
    expect_close(got, subject(*written_out, scale), what, LOOSE, LOOSE)
    expect_empty(subject, (x[:0], x_mean[:0], log_sigma[0]), (0,))
    expect_untouched(subject, NAMES)


def _check_extremes(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> None:
    near = x_mean + 1e-7 * (x - x_mean)
    for value in (-15.0, 15.0):
        deep = np.full_like(log_sigma, value)
        for points in (near, x):
            got, want = row_values(subject, points, x_mean, deep), gaussian_log_density(points, x_mean, deep)
            expect_close(got, want, f"at log_sigma = {value:g}", 1e-6, 1e-6)
        single = [each.astype(np.float32) for each in (x, x_mean, deep)]
        want = gaussian_log_density(*(each.astype(float) for each in single))
        expect_close(row_values(subject, *single), want, f"in float32 at log_sigma = {value:g}", LOOSE, LOOSE)


def _check_gradient(subject: Any, rng: np.random.Generator, x: Array, x_mean: Array, log_sigma: Array) -> None:
    weights = rng.uniform(0.5, 2, len(x)).round(2)
    for_x, for_mean, for_log_sigma = row_gradients(subject, (x, x_mean, log_sigma), weights)
    pull = weights[:, None] * (x - x_mean) * np.exp(-2 * log_sigma)
    stretch = weights[:, None] * (((x - x_mean) * np.exp(-log_sigma)) ** 2 - 1)
    expect_close(for_mean, pull, "the gradient in x_mean, (x - x_mean) / sigma²", LOOSE, LOOSE)
    expect_close(for_x, -pull, "the gradient in x, (x_mean - x) / sigma²", LOOSE, LOOSE)
    want = stretch if log_sigma.ndim else stretch.sum()
    expect_close(for_log_sigma, want, "the gradient in log_sigma, (x - x_mean)² / sigma² - 1", LOOSE, LOOSE)
    found = [for_x, for_mean, for_log_sigma]
    expect_own_gradient(partial(row_values, subject), (x, x_mean, log_sigma), found, weights)


def _where(got: Array, want: Array, x: Array, x_mean: Array, log_sigma: Array) -> str:
    n = int(np.argmax(~(np.abs(got - want) <= LOOSE * (1 + np.abs(want)))))
    return f"the log-density at {_spot(n, x, x_mean, log_sigma)}"


def _spot(n: int, x: Array, x_mean: Array, log_sigma: Array) -> str:
    return spot(NAMES, x[n], x_mean[n], log_sigma[n] if log_sigma.ndim else log_sigma)


def _terms(x: Array, mean: Array, log_sigma: Array | float) -> Array:
    x, mean, log_sigma = np.asarray(x, float), np.asarray(mean, float), np.asarray(log_sigma, float)
    return -0.5 * ((x - mean) * np.exp(-log_sigma)) ** 2 - log_sigma - HALF_LOG_2PI


# What goes wrong. Nearly every wrong answer is a * (some quadratic term) + b * log_sigma + c, summed over
# dimensions. Fitting a, b and c to the answer's own values tells which part is wrong, several at once too.

Finding = tuple[str, str]

QUADRATICS: tuple[tuple[Finding | None, Callable[[Array, Array], Array]], ...] = (
    (None, lambda r, s: (r * np.exp(-s)) ** 2),
    (("L6c", "The squared residual is divided by sigma; it is divided by sigma² = exp(2 log_sigma)."),
     lambda r, s: r**2 * np.exp(-s)),
    (("L6f", "The squared residual is not divided by sigma²."), lambda r, s: r**2),
    (("L6h", "The squared residual is multiplied by sigma²; it is divided by it."), lambda r, s: (r * np.exp(s)) ** 2),
    (("L6h", "The squared residual is multiplied by sigma; it is divided by sigma²."), lambda r, s: r**2 * np.exp(s)),
    (("L6i", "The residual enters squared: ((x - x_mean) / sigma)²."), lambda r, s: np.abs(r) * np.exp(-s)),
    (("L6i", "The residual enters squared: ((x - x_mean) / sigma)²."), lambda r, s: r * np.exp(-s)),
    (("L6j", "You divided by log_sigma itself: sigma = exp(log_sigma)."), lambda r, s: (r / s) ** 2),
    (("L6j", "You divided by log_sigma itself: sigma² = exp(2 log_sigma)."), lambda r, s: r**2 / s),
    (("L6k", "The squared residual is divided by sigma⁴, for sigma is squared twice; it is divided by sigma²."),
     lambda r, s: r**2 * np.exp(-4 * s)),
)  # fmt: skip

READ_AS_LOG_VARIANCE = ("L6d", "You read log_sigma as the log-variance: sigma² = exp(2 log_sigma).")
SQUARED_ERROR = (
    "L7",
    "This is a squared error: it is the log-density only up to 1 / (2 sigma²), a constant and a sum.",
)
AVERAGED = ("L4", "Averaged over dimensions: d times too small, so that the KL then dominates.")
NEGATED = ("L12", "This is the negative log-likelihood: return the log-density itself; the loss turns the sign.")
REDUCED = ("L13", "One number for the whole batch: return one per example.")


def _misconceptions(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> Iterator[Misconception]:
    """The catalogue, most telling first; nothing when the answer gives no numbers to compare."""
    scales = [log_sigma] if log_sigma.ndim else [log_sigma, log_sigma + 0.5, log_sigma - 0.25]
    try:
        got = np.concatenate([row_values(subject, x, x_mean, each) for each in scales])
    except (Failure, Broken):
        got = None
    repeated = [np.concatenate([each] * len(scales)) for each in (x, x_mean)]
    scale = np.concatenate([np.broadcast_to(each, x.shape) for each in scales])
    inputs = repeated[0], repeated[1], scale
    if got is None:
        yield Misconception("L13", REDUCED[1], lambda: _reduction_evidence(subject, x, x_mean, log_sigma))
        yield Misconception("L18", "The sum over dimensions is missing: return one number per example.",
                            lambda: _unreduced_evidence(subject, x, x_mean, log_sigma))  # fmt: skip
        return
    findings, evidence = fit_forms(got, *inputs)
    if findings:
        yield Misconception(findings[0][0], " ".join(sentence for _, sentence in findings), lambda: evidence)
    yield Misconception("L6j", "You took log_sigma for sigma and its logarithm for log sigma: it already is one.",
                        lambda: _match_evidence(got, _taken_as_sigma(*inputs), *inputs))  # fmt: skip
    yield Misconception("L17", "This is the density; return its logarithm, computed without the exponential.",
                        lambda: _match_evidence(got, np.exp(gaussian_log_density(*inputs)), *inputs))  # fmt: skip
    yield Misconception("L17", "The logarithm of the density underflows: write the log-density out.",
                        lambda: _underflow_evidence(subject, got, inputs))  # fmt: skip
    yield Misconception(*REDUCED, lambda: _reduction_evidence(subject, x, x_mean, log_sigma))
    yield Misconception("L21", "It adds up over axis 1; with more axes the coordinates are the last: use -1.",
                        lambda: _axis_evidence(subject, x, x_mean))  # fmt: skip
    yield Misconception("L15", "The term with log_sigma is counted once, not for each dimension, when log_sigma is "
                        "narrower than x.", lambda: _counting_evidence(subject, x, x_mean))  # fmt: skip
    yield Misconception("L16", "It works for one log_sigma only: write the formula for each number of x, then add up.",
                        lambda: _scalar_only_evidence(subject, x, x_mean, log_sigma))  # fmt: skip
    yield Misconception("L20", "The arguments are changed in place: compute new tensors.",
                        lambda: _mutation_evidence(subject))  # fmt: skip
    yield Misconception("L14", "Right in the middle, wrong at the ends: no clamp and no epsilon is needed with "
                        "log_sigma.", lambda: _clamp_evidence(subject, got, inputs))  # fmt: skip
    yield Misconception("L19", "The values are right but no gradient flows: `.detach()`, `.data`, `.item()` and NumPy "
                        "cut the graph.", lambda: _cut_evidence(subject, got, x, x_mean, log_sigma))  # fmt: skip


def fit_forms(got: Array, x: Array, x_mean: Array, log_sigma: Array) -> tuple[list[Finding], str]:
    """What is wrong with the answer's terms, and the evidence; ([], "") when it is no such combination, or right."""
    size = x.shape[-1]
    for quadratic, formula in QUADRATICS:
        columns = [formula(x - x_mean, log_sigma).sum(-1), log_sigma.sum(-1), np.full(len(x), float(size))]
        design = np.stack(columns, 1)
        a, b, c = np.linalg.lstsq(design, got, rcond=None)[0]
        if np.allclose(design @ (a, b, c), got, rtol=1e-6, atol=1e-9) and abs(a) > 1e-4:
            findings = _findings(quadratic, (-2 * a, -b, -c / HALF_LOG_2PI), size)
            return findings, _numbers_at(got, x, x_mean, log_sigma)
    return [], ""


def _findings(quadratic: Finding | None, factors: tuple[float, float, float], size: int) -> list[Finding]:
    """Each wrong part by name. The three factors are 1 in a right answer."""
    a, b, c = factors

    def near(value: float, want: float) -> bool:
        return abs(value - want) < 1e-4

    unscaled = quadratic is not None and quadratic[0] == "L6f"
    if unscaled and near(b, 0) and near(c, 0):
        return [SQUARED_ERROR]
    found: list[Finding] = []
    for scale, finding in ((-1.0, NEGATED), (1 / size, AVERAGED), (-1 / size, NEGATED)):
        if _agreeing(factors, scale) >= 2:
            a, b, c = a / scale, b / scale, c / scale
            found.append(finding)
            if scale == -1 / size:
                found.append(AVERAGED)
            break
    if quadratic is not None and quadratic[0] == "L6c" and near(b, 0.5):
        found.append(READ_AS_LOG_VARIANCE)
        b = 1.0
    elif quadratic is not None:
        found.append(quadratic)
    if near(a, 2):
        found.append(("L6e", "The ½ before the squared residual is missing."))
    elif near(a, -1):
        found.append(("L6l", "The sign of the squared residual is wrong: far from x_mean the density falls."))
    elif not near(a, 1):
        found.append(("L6e", f"The squared residual has {a / 2:.3g} in front of it, not ½."))
    if near(b, 0):
        found.append(("L6b", "The term -log_sigma is missing (log sigma per dimension)."))
    elif near(b, -1):
        found.append(("L6l", "The sign of log_sigma is wrong: a wider Gaussian is lower."))
    elif near(b, 1 / size):
        found.append(("L15", "log_sigma is counted once, not for each dimension."))
    elif not near(b, 1):
        found.append(("L6g", f"-log_sigma has the factor {b:.3g}, not 1."))
    if near(c, 0):
        found.append(("L6a", "The constant -½ log(2π) is missing: 0.9189 per dimension."))
    elif near(c, 1 / size):
        found.append(("L6m", "The constant ½ log(2π) is counted once, not for each dimension: 0.9189 per dimension."))
    elif near(c, 2):
        found.append(("L6m", "The ½ of the constant ½ log(2π) is missing: it is 0.9189 per dimension."))
    elif near(c, -1):
        found.append(("L6m", "The sign of the constant is wrong: it is -½ log(2π), -0.9189 per dimension."))
    elif not near(c, 1):
        found.append(("L6m", f"The constant is {-c * HALF_LOG_2PI:.4g} per dimension; it is -½ log(2π) = -0.9189."))
    return found


def _agreeing(factors: tuple[float, float, float], scale: float) -> int:
    return sum(abs(each - scale) < 1e-4 for each in factors)


def _numbers_at(got: Array, x: Array, x_mean: Array, log_sigma: Array) -> str:
    right = gaussian_log_density(x, x_mean, log_sigma)
    n = int(np.argmax(np.nan_to_num(np.abs(got - right))))
    return f"at {_spot(n, x, x_mean, log_sigma)} yours is {got[n]:.4g}, it is {right[n]:.4g}"


def _taken_as_sigma(x: Array, x_mean: Array, log_sigma: Array) -> Array:
    return gaussian_log_density(x, x_mean, np.log(log_sigma))


def _match_evidence(got: Array, want: Array, *inputs: Array) -> str | None:
    enough = np.sum(np.isfinite(want)) >= 3
    return _numbers_at(got, *inputs) if enough and np.allclose(got, want, rtol=1e-6, equal_nan=True) else None


def _is_right(got: Array, inputs: tuple[Array, ...], tolerance: float = 1e-3) -> bool:
    return np.allclose(got, gaussian_log_density(*inputs), rtol=tolerance, atol=tolerance)


def _underflow_evidence(subject: Any, got: Array, inputs: tuple[Array, ...]) -> str | None:
    if not _is_right(got, inputs):
        return None
    one, deep = np.array([[1.0]]), np.array(-15.0)
    (value,) = row_values(subject, one, 0 * one, deep)
    if np.isfinite(value):
        return None
    (want,) = gaussian_log_density(one, 0 * one, deep)
    return f"at x = 1, x_mean = 0, log_sigma = -15 yours is {value:g}, it is {want:.4g}"


def _clamp_evidence(subject: Any, got: Array, inputs: tuple[Array, ...]) -> str | None:
    if not _is_right(got, inputs, tolerance=5e-2):
        return None
    zero = np.zeros((1, 1))
    for point, value in ((zero, -15.0), (zero, 15.0), (zero + 1e-7, -15.0), (zero + 1, -15.0)):
        (found,) = row_values(subject, point, zero, np.array(value))
        (want,) = gaussian_log_density(point, zero, value)
        if not np.isclose(found, want, rtol=1e-6):
            return f"at x = {point[0, 0]:g}, x_mean = 0, log_sigma = {value:g} yours is {found:.6g}, it is {want:.6g}"
    return None


def _reduction_evidence(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> str | None:
    got, right = subject(x, x_mean, log_sigma), gaussian_log_density(x, x_mean, log_sigma)
    if isinstance(got, tuple) or got.shape == right.shape:
        return None
    terms = _terms(x, x_mean, log_sigma)
    known = (right.sum(), right.mean(), terms.sum(0), terms.mean(0), -right.sum(), -right.mean(), right[:, None])
    if not any(got.shape == np.shape(each) and np.allclose(got, each) for each in known):
        return None
    return f"for {len(x)} examples yours has shape {got.shape}, not ({len(x)},)"


def _unreduced_evidence(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> str | None:
    shape = np.shape(subject(x, x_mean, log_sigma))
    return f"for x of shape {x.shape} yours has shape {shape}, not ({len(x)},)" if shape == x.shape else None


def _axis_evidence(subject: Any, x: Array, x_mean: Array) -> str | None:
    stack, scale = (np.stack([x, x_mean]), np.stack([x_mean, x_mean])), np.array(0.5)
    got = subject(*stack, scale)
    if np.shape(got) == stack[0].shape[:2] or not np.allclose(got, _terms(*stack, scale).sum(1), rtol=LOOSE):
        return None
    return f"x of shape {stack[0].shape} gives {np.shape(got)}, not {stack[0].shape[:2]}"


def _counting_evidence(subject: Any, x: Array, x_mean: Array) -> str | None:
    scale = np.array(0.5)
    got, right = row_values(subject, x, x_mean, scale), gaussian_log_density(x, x_mean, scale)
    if not np.allclose(got - right, (x.shape[1] - 1) * scale):
        return None
    return f"at {_spot(0, x, x_mean, scale)} yours is {got[0]:.4g}, it is {right[0]:.4g}"


def _scalar_only_evidence(subject: Any, x: Array, x_mean: Array, log_sigma: Array) -> str | None:
    scale = np.array(0.5)
    if not _is_right(row_values(subject, x, x_mean, scale), (x, x_mean, scale)):
        return None
    for narrow in (np.full(x.shape[1], 0.5), np.full(x.shape, 0.5)):
        try:
            shape = np.shape(subject(x, x_mean, narrow))
        except Failure as failure:
            return f"with log_sigma of shape {narrow.shape} {failure.message}"
        if shape != (len(x),):
            return f"with log_sigma of shape {narrow.shape} the result has shape {shape}, not ({len(x)},)"
    return None


def _cut_evidence(subject: Any, got: Array, x: Array, x_mean: Array, log_sigma: Array) -> str | None:
    right = gaussian_log_density(x, x_mean, log_sigma)
    if not np.allclose(got[: len(right)], right, rtol=1e-3, atol=1e-3):
        return None
    try:
        found = subject.vjp((x, x_mean, log_sigma), np.ones(len(x)))
    except Failure as failure:
        return str(failure) if "grad" in failure.message else None
    missing = [name for name, each in zip(NAMES, found) if not np.any(each)]
    return f"no gradient reaches {', '.join(missing)}" if missing else None


def _mutation_evidence(subject: Any) -> str | None:
    changed = [NAMES[n] for n in sorted(subject.mutated) if n < len(NAMES)]
    return f"after the call {', '.join(changed)} had other numbers" if changed else None

"""The KL divergence of a diagonal Gaussian from the standard normal, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vaelabs.subjects import BFloat16, Failure, as_subject

from .rows import LOOSE, expect_own_gradient, expect_rows, rounding, row_gradients, row_values, spot
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape
from .transformed import SinglePrecision, expect_single, short_numbers, under, untraceable

Array = np.ndarray
NAMES = ("mu", "logvar")

PROBES = np.array([(0, 0), (1, 0), (-1, 0), (2, 0), (0, 1), (0, -1), (0.7, -2)], float)
"""(mu, logvar) whose KL a reader can work out by hand; the fresh inputs do the rest."""

POINTS = {5: (2, 1, 1, 1), 3: (1, 0.5, 0.5, 1)}
"""What each property is worth, by the task's points."""
JAX_POINTS = {3: (1, 0.5, 0.5, 0.5, 0.5)}
"""The same for JAX, the last for its transformations and its short floats."""

DEEP = {"torch": -200.0, "jax": -120.0}
"""A logvar where exp(logvar) is 0 in float32, and exp(logvar / 2), all that a library's Normal knows, is not yet.

JAX takes what is below 1e-38 for 0; PyTorch goes on to 1e-45.
"""

FAR = 1e-4
"""Tolerance at the ends in float32: exp(80) turns the last digit of 80 into 8e-6."""

SMALL = float.fromhex("0x1.068p-8")
"""0.004 in bfloat16. There exp(logvar) - 1 is 0 in bfloat16, or twice what it should be."""


def kl_standard_normal(mu: Array, logvar: Array) -> Array:
    """KL(N(mu, exp(logvar)) || N(0, I)) in nats: (..., D) and (..., D) to (...).

    Kingma & Welling (2014), appendix B, with the opposite sign.
    """
    return kl_terms(mu, logvar).sum(-1)


@np.errstate(all="ignore")
def check_kl_divergence(
    kl_divergence: Any, framework: str = "torch", seed: int | None = None, *, points: int = 5
) -> Score:
    """Grade `kl_divergence(mu, logvar)`: (..., D), (..., D) to (...), in nats. 5 or 3 points.

    Values, one number per example, extremes and gradient (mu, (exp(logvar) - 1) / 2) share them as in POINTS.
    In JAX all is asked in float32, and a fifth property as in JAX_POINTS: the same under jit and vmap, and float32
    inside where the arguments are bfloat16.
    """
    subject, framework = as_subject(kl_divergence, framework), "jax" if framework == "jax" else "torch"
    if framework == "jax":
        subject = SinglePrecision(subject)
    rubric = Rubric("kl_divergence", points, seed)
    values, rows, extremes, gradient, *others = shares(points, POINTS if framework == "torch" else JAX_POINTS)
    mu, logvar = _fresh(rubric.rng, (3, 5) if framework == "torch" else (3,))
    with rubric.award("values", values, "the values are those of the KL divergence from N(0, I), in nats"):
        _check_values(subject, mu, logvar)
    with rubric.award("one number per example", rows, "one number per example, from that example alone"):
        _check_rows(subject, rubric.rng, mu, logvar)
    with rubric.award("extremes", extremes, "it stays exact for very small and very large variances"):
        _check_extremes(subject, DEEP[framework])
    with rubric.award("gradient", gradient, "its gradient is mu in mu and (exp(logvar) - 1) / 2 in logvar"):
        weights = rubric.rng.uniform(0.5, 2, len(mu)).round(2)
        for_mu, for_logvar = row_gradients(subject, (mu, logvar), weights)
        expect_close(for_mu, weights[:, None] * mu, "the gradient in mu", LOOSE, LOOSE)
        expect_close(for_logvar, weights[:, None] * np.expm1(logvar) / 2, "the gradient in logvar", LOOSE, LOOSE)
        expect_own_gradient(partial(row_values, subject), (mu, logvar), [for_mu, for_logvar], weights)
    for share in others:
        with rubric.award("jit, vmap and bfloat16", share, "the same under jit and vmap; bfloat16 in, float32 inside"):
            _check_transformed(subject, mu, logvar)
            _check_short(subject, short_numbers(rubric.rng, mu.shape), short_numbers(rubric.rng, mu.shape))
    rubric.diagnose(_misconceptions(subject, mu, logvar, framework))
    return rubric.score()


def _fresh(rng: np.random.Generator, widths: tuple[int, ...]) -> tuple[Array, Array]:
    """Seven examples, three of them with all logvar > 0 so that a logarithm of logvar (K17) shows numbers.

    Three or five dimensions: with two or four, a mean would imitate a missing half or a quarter. JAX compiles for each
    shape, and has but one. Two decimals, so that a message's example can be typed again.
    """
    shape = 7, int(rng.choice(widths))
    mu = rng.normal(0, 1.5, shape).round(2)
    logvar = rng.uniform(-2.5, 2.5, shape).round(2)
    logvar[:3] = np.abs(logvar[:3]) + 0.1
    logvar[3:5, 0] = -np.abs(logvar[3:5, 0]) - 0.1
    return mu, logvar


def _check_values(subject: Any, mu: Array, logvar: Array) -> None:
    at_prior = np.zeros((1, 2))
    (value,) = row_values(subject, at_prior, at_prior)
    if not abs(value) <= LOOSE:
        raise Broken(f"the KL is 0 when q is the prior: with mu = (0, 0), logvar = (0, 0) yours is {value:.6g}")
    inputs = [(PROBES[:, :1], PROBES[:, 1:]), (mu, logvar), (mu.astype(np.float32), logvar.astype(np.float32))]
    for means, logvars in inputs:
        got, want = row_values(subject, means, logvars), kl_standard_normal(means, logvars)
        expect_close(got, want, _where(got, want, means, logvars), LOOSE, LOOSE)


def _check_rows(subject: Any, rng: np.random.Generator, mu: Array, logvar: Array) -> None:
    order = rng.permutation(len(mu))
    got = expect_rows(subject, (mu, logvar), order, "latent dimension")
    expect_shape(subject(mu[:1, :1], logvar[:1, :1]), (1,), "one example with one latent dimension")
    stack = np.stack([mu, mu[order]]), np.stack([logvar, logvar[order]])
    expect_close(
        subject(*stack), np.stack([got, got[order]]), f"inputs of shape {stack[0].shape}, summed over the last axis",
        LOOSE, LOOSE,
    )  # fmt: skip
    expect_empty(subject, (mu[:0], logvar[:0]), (0,))
    expect_untouched(subject, NAMES)


def _check_extremes(subject: Any, deep: float) -> None:
    for value in (30.0, -30.0, deep):
        mu, logvar = np.full((1, 1), 0.5), np.full((1, 1), value)
        got = row_values(subject, mu, logvar)
        what = f"the KL at mu = 0.5, logvar = {value:g}"
        expect_close(got, kl_standard_normal(mu, logvar), what, _far(got), _far(got))
    zero = np.zeros((1, 1), np.float32)
    for value in (-80, 80):
        logvar = np.full((1, 1), value, np.float32)
        want = kl_standard_normal(np.zeros((1, 1)), logvar.astype(float))
        expect_close(row_values(subject, zero, logvar), want, f"in float32 at logvar = {value}", FAR, FAR)
    _check_underflow(subject, zero, deep)
    (value,) = row_values(subject, np.zeros((1, 1)), np.full((1, 1), 100.0))
    if not (value == np.inf or np.isclose(value, np.expm1(100.0) / 2 - 50, rtol=LOOSE)):
        raise Broken(f"at logvar = 100 the KL is huge (inf when computed in float32): yours is {value:.6g}")


def _far(got: Array) -> float:
    return rounding(got) if np.asarray(got).dtype == np.float64 else FAR


def _check_underflow(subject: Any, zero: Array, deep: float) -> None:
    """Where exp(logvar) is 0 in float32, value and gradient are right, or say so by inf or an error: never NaN.

    torch.distributions gives inf there, or refuses the scale, and is accepted; log(exp(logvar)) has a gradient of NaN.
    """
    logvar = np.full((1, 1), deep, np.float32)
    try:
        (value,) = row_values(subject, zero, logvar)
        _, gradient = row_gradients(subject, (zero, logvar), np.ones(1))
    except Failure:
        return
    for what, got, want in (("KL", value, -(1 + deep) / 2), ("gradient", float(np.squeeze(gradient)), -0.5)):
        if not (np.isinf(got) or np.isclose(got, want, rtol=1e-2)):  # exp(-100) has lost digits already
            raise Broken(f"in float32, the {what} at mu = 0, logvar = {deep:g} is {want:g}: yours is {got:.6g}")


def _check_transformed(subject: Any, mu: Array, logvar: Array) -> None:
    """Under jit and vmap the answer is what it is without, right or wrong."""
    alone = [subject(*each) for each in ((mu, logvar), (mu[::-1], logvar[::-1]))]
    with under("jax.jit"):
        compiled = subject.jit()(mu, logvar)
    expect_close(compiled, alone[0], "under jax.jit, the KL of the same inputs", LOOSE, LOOSE)
    with under("jax.vmap"):
        mapped = subject.vmap().jit()(np.stack([mu, mu[::-1]]), np.stack([logvar, logvar[::-1]]))
    expect_close(mapped, np.stack(alone), "under jax.vmap, the KL of the same inputs", LOOSE, LOOSE)


def _check_short(subject: Any, mu: Array, logvar: Array) -> None:
    """For bfloat16 arguments the KL is that of the same numbers in float32.

    The gradient is none of it: it arrives in bfloat16, rounded once for each cast that an answer makes.
    """
    got = expect_single(subject, (mu, logvar), "the KL")
    expect_close(got, subject(mu, logvar), "the KL of the same numbers in bfloat16 and in float32", LOOSE, LOOSE)


def shares(points: int, known: dict[int, tuple[float, ...]]) -> tuple[float, ...]:
    """What each property is worth in a task of so many points; raises ValueError for points that are not known."""
    if points not in known:
        raise ValueError(f"the check knows {', '.join(map(str, known))} points, not {points}")
    return known[points]


def expect_empty(subject: Any, arrays: tuple[Array, ...], shape: tuple[int, ...]) -> None:
    """An empty batch gives an empty result; code that refuses it (a loop, then `stack`) is right all the same."""
    try:
        got = subject(*arrays)
    except Failure:
        return
    expect_shape(got, shape, "an empty batch")


def expect_untouched(subject: Any, names: tuple[str, ...]) -> None:
    """No call so far has changed its arguments in place."""
    changed = [names[n] for n in sorted(subject.mutated) if n < len(names)]
    if changed:
        raise Broken(f"your function changes its argument {' and '.join(changed)} in place: compute a new tensor")


def _where(got: Array, want: Array, mu: Array, logvar: Array) -> str:
    """The first example that is off, as the subject of a sentence."""
    off = ~(np.abs(got - want) <= LOOSE * (1 + np.abs(want)))
    n = int(np.argmax(off))
    return f"the KL at {spot(NAMES, mu[n], logvar[n])}"


# What goes wrong. A form maps (mu, logvar) to one number per latent dimension.


def kl_terms(mu: Array, logvar: Array) -> Array:
    """The KL for each latent dimension, in nats."""
    mu, logvar = np.asarray(mu, float), np.asarray(logvar, float)
    return 0.5 * (mu**2 + np.expm1(logvar) - logvar)


@dataclass(frozen=True)
class Form:
    """A wrong formula of the catalogue."""

    id: str
    sentence: str
    formula: Callable[[Array, Array], Array]


_LOG_2PI = np.log(2 * np.pi)
_MEAN_SQUARED = "The mean enters squared."
_HALF = "Only one half of the KL is there"
_NO_SIGMA = "You subtracted sigma where log sigma² belongs (a misprint seen in notes): subtract logvar."

FORMS = (
    Form("K1", "This is twice the KL: the ½ is missing.", lambda m, v: 2 * kl_terms(m, v)),
    Form("K2", "This is minus the KL; a KL is never negative.", lambda m, v: -kl_terms(m, v)),
    Form("K2", "This is minus twice the KL: sign and ½ are missing.", lambda m, v: -2 * kl_terms(m, v)),
    Form("K3", "You read logvar as log sigma; the variance is exp(logvar).", lambda m, v: kl_terms(m, 2 * v)),
    Form("K23", "You read logvar as sigma; the variance is exp(logvar).",
         lambda m, v: 0.5 * (m**2 + v**2 - 1 - np.log(v**2))),
    Form("K23", "You read logvar as sigma; the variance is exp(logvar).",
         lambda m, v: 0.5 * (m**2 + v**2 - 1 - 2 * np.log(v))),
    Form("K4", "The variance is exp(logvar), not sigma = exp(logvar / 2).",
         lambda m, v: 0.5 * (m**2 + np.exp(v / 2) - 1 - v)),
    Form("K5", "log sigma² is logvar itself, not logvar / 2.", lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v / 2)),
    Form("K6", "Off by D/2, the `- 1` is missing: KL(N(0, 1) || N(0, 1)) must be 0.", lambda m, v: kl_terms(m, v) + 0.5),
    Form("K7", "The sign of the entropy term is wrong: it is minus logvar.", lambda m, v: kl_terms(m, v) + v),
    Form("K8", _MEAN_SQUARED, lambda m, v: 0.5 * np.abs(m) + kl_terms(0 * m, v)),
    Form("K8", _MEAN_SQUARED, lambda m, v: 0.5 * m + kl_terms(0 * m, v)),
    Form("K9", "Your KL ignores mu; then every mean is free.", lambda m, v: kl_terms(0 * m, v)),
    Form("K10", _NO_SIGMA, lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - 2 * np.exp(v / 2))),
    Form("K10", _NO_SIGMA, lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - np.exp(v / 2))),
    Form("K11", "The arguments are exchanged, this is KL(p || q): the expectation is under q.",
         lambda m, v: 0.5 * (v + (1 + m**2) * np.exp(-v) - 1)),
    Form("K16", f"{_HALF}, E_q[log q]: subtract E_q[log p].", lambda m, v: -0.5 * (_LOG_2PI + 1 + v)),
    Form("K16", f"{_HALF}, the entropy of q, -E_q[log q].", lambda m, v: 0.5 * (_LOG_2PI + 1 + v)),
    Form("K16", f"{_HALF}, -E_q[log p]: add E_q[log q].", lambda m, v: 0.5 * (_LOG_2PI + m**2 + np.exp(v))),
    Form("K16", f"{_HALF}, E_q[log p].", lambda m, v: -0.5 * (_LOG_2PI + m**2 + np.exp(v))),
    Form("K16", f"{_HALF}: the terms of log q, -(1 + logvar) / 2, are missing.", lambda m, v: 0.5 * (m**2 + np.exp(v))),
    Form("K16", f"{_HALF}: the terms of log p, (mu² + exp(logvar)) / 2, are missing.", lambda m, v: -0.5 * (1 + v)),
    Form("K17", "You took the logarithm of logvar: the argument already is one.",
         lambda m, v: 0.5 * (m**2 + v - 1 - np.log(v))),
    Form("K17", "You took the logarithm of logvar: the argument already is one.",
         lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - np.log(v))),
)  # fmt: skip

REDUCTIONS: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
    ("K12", "Averaged over latent dimensions: D times too small, which acts as β = 1/D.", lambda t: t.mean(-1)),
    ("K12", "Averaged over everything, latent dimensions too: add up over the last axis only.", lambda t: t.mean()),
    ("K13", "One number for the whole batch: return one per example.", lambda t: t.sum()),
    ("K13", "One number, averaged over the batch: return one per example.", lambda t: t.sum(-1).mean()),
    ("K13", "You added up over the batch: add up over the latent dimensions (the last axis).", lambda t: t.sum(0)),
    ("K13", "You averaged over the batch: add up over the latent dimensions (the last axis).", lambda t: t.mean(0)),
    ("K18", "The sum over latent dimensions is missing: return one number per example.", lambda t: t),
    ("K18", "One axis too many: the result has shape (B, 1), not (B,).", lambda t: t.sum(-1, keepdims=True)),
    ("K13", "One number repeated for each example: add up over the last axis only.",
     lambda t: np.full(len(t), t.sum())),
)  # fmt: skip


_CUT = {
    "torch": "`.detach()`, `.data`, `.item()` and NumPy cut the graph.",
    "jax": "`jax.lax.stop_gradient` holds back what is inside it.",
}
_SHORT = "bfloat16 has 8 bits: near logvar = 0 the gradient is lost, and elsewhere two digits are all that is right."


def _misconceptions(subject: Any, mu: Array, logvar: Array, framework: str) -> Iterator[Misconception]:
    """The catalogue, most telling first; nothing when the answer gives no numbers to compare."""
    deep = DEEP[framework]
    try:
        got = subject(mu, logvar)
    except Failure:
        return
    if isinstance(got, tuple):
        return
    terms = kl_terms(mu, logvar)

    def compare(want: Array) -> Callable[[], str | None]:
        return lambda: _evidence(got, want, mu, logvar)

    for form in FORMS:
        yield Misconception(form.id, form.sentence, compare(form.formula(mu, logvar).sum(-1)))
    for id, sentence, reduce in REDUCTIONS:
        yield Misconception(id, sentence, compare(reduce(terms)))
    for form in FORMS:
        for _, sentence, reduce in REDUCTIONS:
            yield Misconception(form.id, f"{form.sentence} {sentence}", compare(reduce(form.formula(mu, logvar))))
    yield Misconception("K19", "It adds up over axis 1; with more axes the latent dimensions are the last: use -1.",
                        lambda: _axis_evidence(subject, mu, logvar))  # fmt: skip
    yield Misconception("K15", "The logarithm of an exponential underflows: use logvar directly.",
                        lambda: _underflow_evidence(subject, got, mu, logvar, deep))  # fmt: skip
    if framework == "jax":
        yield Misconception("K26", "NumPy, `float()` and Python's `if` ask for numbers that are not there yet when JAX "
                            "differentiates or compiles: use jnp throughout.",
                            lambda: _tracing_evidence(subject, mu, logvar))  # fmt: skip
        yield Misconception("K25", f"The KL is rounded to bfloat16: return float32. {_SHORT}",
                            lambda: _rounded_evidence(subject, mu, logvar))  # fmt: skip
    yield Misconception("K22", "The arguments are changed in place: compute new tensors.",
                        lambda: _mutation_evidence(subject))  # fmt: skip
    yield Misconception("K14", "Right in the middle, wrong at the ends: no clamp and no epsilon is needed "
                        "when you use logvar itself.", lambda: _clamp_evidence(subject, got, mu, logvar, deep))  # fmt: skip
    yield Misconception("K20", f"The values are right but no gradient flows: {_CUT[framework]}",
                        lambda: _cut_evidence(subject, mu, logvar))  # fmt: skip
    yield Misconception("K20", "The values are right but the gradient is not: part of the formula is detached.",
                        lambda: _part_evidence(subject, mu, logvar))  # fmt: skip
    yield Misconception("K24", "You estimated the KL from a draw: right on average, but noisy; it has a closed form.",
                        lambda: _drawn_evidence(subject, mu, logvar))  # fmt: skip
    yield Misconception("K21", "A coefficient is wrong: the KL is ½ mu² + ½ exp(logvar) - ½ logvar - ½, summed.",
                        lambda: _coefficient_evidence(got, mu, logvar))  # fmt: skip
    if framework == "jax":
        yield Misconception("K25", f"Computed in bfloat16: turn mu and logvar into float32 first. {_SHORT}",
                            lambda: _short_evidence(subject, mu, logvar))  # fmt: skip


def _evidence(got: Array, want: Array, mu: Array, logvar: Array) -> str | None:
    """The student's number and ours, when `got` is `want` and enough of it is a number."""
    if got.shape != np.shape(want) or np.sum(np.isfinite(want)) < min(2, np.size(want)):
        return None
    digits = _digits(got)
    if not np.allclose(got, want, rtol=digits, atol=digits, equal_nan=True):
        return None
    right = kl_standard_normal(mu, logvar)
    if _is_right(got, mu, logvar, digits):
        return None
    if got.shape != right.shape:
        size, width = mu.shape
        return f"for {size} examples with {width} latent dimensions yours has shape {got.shape}, not ({size},)"
    n = int(np.argmax(np.where(np.isfinite(got), np.abs(got - right), 0)))
    return f"at {spot(NAMES, mu[n], logvar[n])} yours is {got[n]:.4g}, it is {right[n]:.4g}"


def _digits(got: Array) -> float:
    """How closely a form's numbers are met: float32 loses some in the sum."""
    return 1e-6 if got.dtype == np.float64 else 5e-5


def _is_right(got: Array, mu: Array, logvar: Array, tolerance: float = 1e-3) -> bool:
    right = kl_standard_normal(mu, logvar)
    return got.shape == right.shape and np.allclose(got, right, rtol=tolerance, atol=tolerance)


def _axis_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    shape = (2, *mu.shape)
    stack = np.broadcast_to(mu, shape).copy(), np.broadcast_to(logvar, shape).copy()
    got = subject(*stack)
    if np.shape(got) == shape[:2] or not np.allclose(got, kl_terms(*stack).sum(1), rtol=LOOSE):
        return None
    return f"inputs of shape {shape} give {np.shape(got)}, not {shape[:2]}"


def _underflow_evidence(subject: Any, got: Array, mu: Array, logvar: Array, deep: float) -> str | None:
    ends = np.zeros((1, 1), np.float32), np.full((1, 1), deep, np.float32)
    if not _is_right(got, mu, logvar) or np.isfinite(value := np.ravel(subject(*ends))[0]):
        return None
    slope = np.ravel(row_gradients(subject, ends, np.ones(1))[1])[0]
    return (f"at mu = 0, logvar = {deep:g} in float32 yours is {value:g} with gradient {slope:g}, it is "
            f"{-(1 + deep) / 2:g} with -0.5")  # fmt: skip


def _clamp_evidence(subject: Any, got: Array, mu: Array, logvar: Array, deep: float) -> str | None:
    if not _is_right(got, mu, logvar, tolerance=1e-2):
        return None
    for value, precision in ((-30.0, np.float64), (30.0, np.float64), (deep, np.float32), (80.0, np.float32)):
        ends = np.zeros((1, 1), precision), np.full((1, 1), value, precision)
        want = kl_standard_normal(*ends)[0]
        found = np.ravel(subject(*ends))[0]
        if not np.isclose(found, want, rtol=LOOSE if precision == np.float64 else FAR):
            return f"at mu = 0, logvar = {value:g} yours is {found:.4g}, it is {want:.4g}"
    return None


def _tracing_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    for what, call in (
        ("jax.grad", lambda: subject.vjp((mu, logvar), np.ones(len(mu)))),
        ("jax.jit", lambda: subject.jit()(mu, logvar)),
    ):
        try:
            call()
        except Failure as failure:
            if untraceable(failure):
                return f"under {what} {failure}"
    return None


def _rounded_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    got = subject(mu, logvar)
    if subject.dtypes != ["bfloat16"]:
        return None
    right = kl_standard_normal(mu[0], logvar[0])
    return f"at {spot(NAMES, mu[0], logvar[0])} in float32 yours is {np.ravel(got)[0]:.7g}, it is {right:.7g}"


def _short_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    """Right in float32, and not in bfloat16."""
    if not _is_right(subject(mu, logvar), mu, logvar):
        return None
    try:
        _check_short(subject, np.zeros((1, 1), np.float32), np.full((1, 1), SMALL, np.float32))
        _check_short(subject, *(short_numbers(np.random.default_rng(0), mu.shape) for _ in NAMES))
    except Broken as broken:
        slope = _short_gradient(subject)
        return f"{broken}; at logvar = {SMALL:.3g} its gradient in logvar is {slope:.3g}, not {np.expm1(SMALL) / 2:.3g}"
    return None


def _short_gradient(subject: Any) -> float:
    args = BFloat16(np.zeros((1, 1), np.float32)), BFloat16(np.full((1, 1), SMALL, np.float32))
    _, (gradient,) = subject.vjp(args, np.ones(np.shape(subject(*args))))
    return float(np.squeeze(gradient))


def _cut_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    if not _is_right(subject(mu, logvar), mu, logvar):
        return None
    try:
        for_mu, for_logvar = subject.vjp((mu, logvar), np.ones(len(mu)))
    except Failure as failure:
        return str(failure) if "grad" in failure.message else None
    missing = [name for name, found in zip(NAMES, (for_mu, for_logvar)) if not np.any(found)]
    return f"no gradient reaches {' and '.join(missing)}" if missing else None


def _part_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    """Whether one of the two terms of logvar has the gradient, and the other has none."""
    if not _is_right(subject(mu, logvar), mu, logvar):
        return None
    _, found = subject.vjp((mu, logvar), np.ones(len(mu)))
    for want in (np.full_like(logvar, -0.5), np.exp(logvar) / 2):
        if np.allclose(found, want, rtol=LOOSE, atol=LOOSE):
            return (f"at logvar = {logvar[0, 0]:g} the gradient in logvar is {found[0, 0]:.4g}, it is "
                    f"{np.expm1(logvar[0, 0]) / 2:.4g}")  # fmt: skip
    return None


def _drawn_evidence(subject: Any, mu: Array, logvar: Array) -> str | None:
    """Whether equal rows have unequal values, whose mean is the KL."""
    size = 4000
    got = subject(np.repeat(mu[:1], size, 0), np.repeat(logvar[:1], size, 0))
    right = kl_standard_normal(mu[0], logvar[0])
    if got.shape != (size,) or np.ptp(got) < LOOSE or abs(got.mean() - right) > 6 * got.std() / np.sqrt(size):
        return None
    return f"rows with the same mu and logvar give {got[0]:.4g} and {got[1]:.4g}, it is {right:.4g}"


def _mutation_evidence(subject: Any) -> str | None:
    changed = [NAMES[n] for n in sorted(subject.mutated) if n < len(NAMES)]
    return f"after the call {' and '.join(changed)} had other numbers" if changed else None


def _coefficient_evidence(got: Array, mu: Array, logvar: Array) -> str | None:
    """Whatever is a combination of the right terms is named by its coefficients."""
    if got.shape != (len(mu),):
        return None
    columns = {"mu²": mu**2, "exp(logvar)": np.exp(logvar), "logvar": logvar, "1": np.ones_like(mu)}
    design = np.stack([each.sum(-1) for each in columns.values()], 1)
    found = np.linalg.lstsq(design, got, rcond=None)[0]
    if not np.allclose(design @ found, got, rtol=_digits(got), atol=_digits(got)):
        return None
    wrong = [
        f"{name} has the factor {have:.3g}, not {want:g}"
        for name, have, want in zip(columns, found, (0.5, 0.5, -0.5, -0.5))
        if abs(have - want) > 1e-4
    ]
    return ", ".join(wrong) or None

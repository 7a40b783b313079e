"""The log-probability of binary pixels, given by logits, and what goes wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, as_subject

from .kl import expect_empty, expect_untouched
from .likelihood import NEGATED, REDUCED
from .rows import LOOSE, expect_own_gradient, expect_rows, rounding, row_gradients, row_values, spot
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
NAMES = ("logits", "x")

EXTREMES = (30.0, 200.0, 1e4)
"""Logits of either sign: sigmoid rounds to 1 in float32 at the first, to 0 at the second, everywhere at the last."""


def bernoulli_log_density(logits: Array, x: Array) -> Array:
    """log of the product of p^x (1 - p)^(1 - x), p = sigmoid(logits), in nats: (..., d), (..., d) to (...).

    Leading axes broadcast. Kingma & Welling (2014), appendix C.1, eq. (11), written as x logits - softplus(logits).
    """
    return bernoulli_terms(logits, x).sum(-1)


def bernoulli_terms(logits: Array, x: Array) -> Array:
    """The same for each pixel."""
    logits, x = np.asarray(logits, float), np.asarray(x, float)
    # By halves: x logits - softplus(logits) would subtract two large numbers at logits of 10^4.
    return -x * np.logaddexp(0, -logits) - (1 - x) * np.logaddexp(0, logits)


@np.errstate(all="ignore")
def check_bernoulli_log_likelihood(
    bernoulli_log_likelihood: Any, framework: str = "torch", seed: int | None = None
) -> Score:
    """Grade `bernoulli_log_likelihood(logits, x)`: (..., d), (..., d) to (...), in nats. 5 points.

    x is 0 or 1 throughout; its leading axes broadcast against those of the logits. Values 2, one number per example 1,
    extremes 1, gradient x - sigmoid(logits) 1. An answer that sums over the batch is judged one example at a time.
    """
    subject = as_subject(bernoulli_log_likelihood, framework)
    rubric = Rubric("bernoulli_log_likelihood", 5, seed)
    logits, x = _fresh(rubric.rng)
    with rubric.award("values", 2, "the values are the log-probabilities of binary pixels, in nats"):
        _check_values(subject, rubric.rng, logits, x)
    with rubric.award("one number per example", 1, "one number per example: pixels are added up, nothing else is"):
        _check_rows(subject, rubric.rng, logits, x)
    with rubric.award("extremes", 1, "it stays exact for logits of any size: at logit -200 an inked pixel costs 200"):
        _check_extremes(subject)
    with rubric.award("gradient", 1, "its gradient in the logits is x - sigmoid(logits), however large they are"):
        _check_gradient(subject, rubric.rng, logits, x)
    rubric.diagnose(_misconceptions(subject, rubric.rng, logits, x))
    return rubric.score()


def _fresh(rng: np.random.Generator) -> tuple[Array, Array]:
    """Seven examples of three or five pixels, the first with a pixel of either kind; logits of two decimals.

    With two or four pixels a mean would imitate a missing factor. No logit is 0: |logit|, of which a stable softplus
    is made by hand, has no gradient there.
    """
    shape = 7, int(rng.choice((3, 5)))
    x = rng.integers(0, 2, shape).astype(float)
    x[0, :2] = 0, 1
    magnitude, sign = rng.uniform(0.1, 4, shape), rng.choice([-1, 1], shape)
    return (magnitude * sign).round(2), x


def _check_values(subject: Any, rng: np.random.Generator, logits: Array, x: Array) -> None:
    (value,) = row_values(subject, np.zeros((1, 3)), np.array([[0.0, 1.0, 1.0]]))
    if not abs(value + 3 * np.log(2)) <= LOOSE:
        raise Broken(f"at logits (0, 0, 0) each image of 3 pixels has -3 log 2 = -2.079442: yours is {value:.7g}")
    for inputs in ((logits, x), (logits.astype(np.float32), x.astype(np.float32))):
        got, want = row_values(subject, *inputs), bernoulli_log_density(*inputs)
        n = int(np.argmax(~(np.abs(got - want) <= LOOSE * (1 + np.abs(want)))))
        expect_close(got, want, f"the log-probability at {spot(NAMES, logits[n], x[n])}", LOOSE, LOOSE)
    images = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
    total = np.exp(row_values(subject, np.tile(rng.uniform(-2, 2, 4).round(2), (16, 1)), images)).sum()
    if not abs(total - 1) <= LOOSE:
        raise Broken(f"the probabilities of all 16 images of 4 pixels add up to 1: yours to {total:.4g}")


def _check_rows(subject: Any, rng: np.random.Generator, logits: Array, x: Array) -> None:
    got = expect_rows(subject, (logits, x), rng.permutation(len(x)), "pixel")
    # Two draws for each example, against one x: fewer than pixels, so that a sum over the wrong axis shows.
    draws = np.stack([logits, logits + rng.uniform(-1, 1, logits.shape).round(2)])
    what = f"logits of shape {draws.shape} against x of shape {x.shape}"
    expect_close(subject(draws, x), np.stack([got, subject(draws[1], x)]), what, LOOSE, LOOSE)
    expect_empty(subject, (logits[:0], x[:0]), (0,))
    expect_untouched(subject, NAMES)


def _check_extremes(subject: Any) -> None:
    for size in EXTREMES:
        for precision in (np.float64, np.float32):
            for logit, x in itertools.product((-size, size), (0.0, 1.0)):
                inputs = np.full((1, 1), logit, precision), np.full((1, 1), x, precision)
                got = row_values(subject, *inputs)
                what = f"at logit {logit:g}, x = {x:g} in {np.dtype(precision)}"
                expect_close(got, bernoulli_log_density(*inputs), what, 100 * rounding(got), 100 * rounding(got))


def _check_gradient(subject: Any, rng: np.random.Generator, logits: Array, x: Array) -> None:
    far = np.array([[20.0, 200.0], [-20.0, -200.0], [-1e4, 1e4]])
    for points, pixels in ((logits, x), (far, (far < 0).astype(float)), (far, (far > 0).astype(float))):
        weights = rng.uniform(0.5, 2, len(points)).round(2)
        found, _ = row_gradients(subject, (points, pixels), weights)
        want = weights[:, None] * (pixels - _sigmoid(points))
        wrong = ~(np.abs(found - want) <= LOOSE)
        if np.shape(found) == want.shape and wrong.any():
            n = np.unravel_index(np.argmax(wrong), wrong.shape)
            got, right = found[n] / weights[n[0]], want[n] / weights[n[0]]
            raise Broken(f"the gradient at logit {points[n]:g}, x = {pixels[n]:g} is x - sigmoid(logit) = {right:.6g}: "
                         f"yours is {got:.6g}")  # fmt: skip
        expect_shape(found, want.shape, "the gradient in the logits")
        if points is logits:
            expect_own_gradient(partial(row_values, subject), (points, pixels), [found, None], weights)


def _sigmoid(logits: Array) -> Array:
    return np.exp(-np.logaddexp(0, -np.asarray(logits, float)))


# What goes wrong. A form maps (logits, x) to one number per pixel.


@dataclass(frozen=True)
class Form:
    """A wrong formula of the catalogue."""

    id: str
    sentence: str
    formula: Callable[[Array, Array], Array]


def _cross(p: Array, x: Array) -> Array:
    """x log p + (1 - x) log(1 - p), where 0 log 0 is 0."""
    return np.where(x == 1, np.log(p), np.where(x == 0, np.log(1 - p), x * np.log(p) + (1 - x) * np.log(1 - p)))


_EXCHANGED = "The arguments are exchanged: this is the log-likelihood of the logits under x."
_PROBABILITIES = "These are logits; your formula expects probabilities."
_SQUARED = "This is a squared error: the log-probability of a binary pixel is a cross-entropy."
_ABSOLUTE = "This is an absolute error: the log-probability of a binary pixel is a cross-entropy."
_HARD = "You threshold first: the likelihood asks how probable x is, not whether p > 0.5 agrees with it."
_UNIT = "The logarithm is the natural one: the result is in nats."

FORMS = (
    Form("L5", _EXCHANGED, lambda a, x: bernoulli_terms(x, a)),
    Form("L2", _PROBABILITIES, _cross),
    Form("L2", _PROBABILITIES, lambda a, x: np.maximum(_cross(a, x), -100)),
    Form("L3", "The sigmoid is applied twice: probabilities are squeezed into (0.5, 0.73).",
         lambda a, x: bernoulli_terms(_sigmoid(a), x)),
    Form("L22", "Only pixels with ink, x = 1, count: (1 - x) log(1 - p) is missing.",
         lambda a, x: x * bernoulli_terms(a, 1)),
    Form("L22", "Only pixels without ink, x = 0, count: x log p is missing.",
         lambda a, x: (1 - x) * bernoulli_terms(a, 0)),
    Form("L22", "(1 - x) is missing: log(1 - p) counts where x = 0 only.",
         lambda a, x: x * bernoulli_terms(a, 1) + bernoulli_terms(a, 0)),
    Form("L23", "The sign between the two terms is wrong: they are added.",
         lambda a, x: x * bernoulli_terms(a, 1) - (1 - x) * bernoulli_terms(a, 0)),
    Form("L24", "0 and 1 are exchanged: log p goes with x, log(1 - p) with 1 - x.",
         lambda a, x: bernoulli_terms(-a, x)),
    Form("L32", "log(1 - p) is not 1 - log p: it is logsigmoid(-logits).",
         lambda a, x: x * bernoulli_terms(a, 1) + (1 - x) * (1 - bernoulli_terms(a, 1))),
    Form("L25", "softplus(logits), the logarithm of the normaliser, is missing.", lambda a, x: x * a),
    Form("L25", "The sign of softplus(logits) is wrong: it is subtracted.", lambda a, x: x * a + np.logaddexp(0, a)),
    Form("L25", "The softplus has the wrong sign inside: x logits - softplus(logits).",
         lambda a, x: x * a - np.logaddexp(0, -a)),
    Form("L25", "exp(logits) is not the normaliser: subtract log(1 + exp(logits)).", lambda a, x: x * a - np.exp(a)),
    Form("L25", "x logits is missing.", lambda a, x: -np.logaddexp(0, a)),
    Form("L7", _SQUARED, lambda a, x: -((x - _sigmoid(a)) ** 2)),
    Form("L7", _SQUARED, lambda a, x: -0.5 * (x - _sigmoid(a)) ** 2),
    Form("L7", _SQUARED, lambda a, x: -((x - a) ** 2)),
    Form("L7", _SQUARED, lambda a, x: -0.5 * (x - a) ** 2),
    Form("L7", _ABSOLUTE, lambda a, x: -np.abs(x - _sigmoid(a))),
    Form("L17", "This is the probability: return its logarithm, computed without the exponential.",
         lambda a, x: np.exp(bernoulli_terms(a, x))),
    Form("L26", _HARD, lambda a, x: (x == (a > 0)).astype(float)),
    Form("L26", _HARD, lambda a, x: -(x != (a > 0)).astype(float)),
    Form("L26", _HARD, lambda a, x: np.where(x == (a > 0), 0, -100)),
    Form("L26", _HARD, lambda a, x: bernoulli_terms(a, a > 0)),
    Form("L27", "A softmax makes the pixels compete; each has its own sigmoid.",
         lambda a, x: x * (a - np.logaddexp.reduce(a, axis=-1, keepdims=True))),
    Form("L28", f"{_UNIT} Yours is in bits.", lambda a, x: bernoulli_terms(a, x) / np.log(2)),
    Form("L28", f"{_UNIT} Yours has the logarithm to base 10.", lambda a, x: bernoulli_terms(a, x) / np.log(10)),
    Form("L29", "The logits are scaled before the sigmoid.", lambda a, x: bernoulli_terms(a / 2, x)),
    Form("L29", "The logits are scaled before the sigmoid.", lambda a, x: bernoulli_terms(2 * a, x)),
)  # fmt: skip

REDUCTIONS: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
    ("L4", "Averaged over pixels: d times too small (784 on MNIST), so that the KL then dominates and the posterior "
           "collapses.", lambda t: t.mean(-1)),
    ("L4", "Averaged over everything, pixels too: add up over the last axis only.", lambda t: t.mean()),
    ("L13", REDUCED[1], lambda t: t.sum()),
    ("L13", "One number, averaged over the batch: return one per example.", lambda t: t.sum(-1).mean()),
    ("L13", "You added up over the batch: add up over the pixels (the last axis).", lambda t: t.sum(0)),
    ("L13", "You averaged over the batch: add up over the pixels (the last axis).", lambda t: t.mean(0)),
    ("L18", "The sum over pixels is missing: return one number per example.", lambda t: t),
    ("L18", "One axis too many: the result has shape (B, 1), not (B,).", lambda t: t.sum(-1, keepdims=True)),
    ("L13", "One number repeated for each example: add up over the last axis only.",
     lambda t: np.full(len(t), t.sum())),
)  # fmt: skip

STABLE = "use the logits: logsigmoid, softplus or binary_cross_entropy_with_logits."

Formula = Callable[[Array, Array], Array]


def wrong_forms() -> Iterator[tuple[str, str, Formula]]:
    """Id, sentence and formula (B, d), (B, d) to what such an answer returns, most telling first."""

    def total(terms: Array) -> Array:
        return terms.sum(-1)

    def combined(formula: Formula, sign: int, reduce: Callable[[Array], Array]) -> Formula:
        return lambda logits, x: sign * reduce(formula(logits, x))

    for form in FORMS:
        yield form.id, form.sentence, combined(form.formula, 1, total)
    yield *NEGATED, combined(bernoulli_terms, -1, total)
    for id, sentence, reduce in REDUCTIONS:
        yield id, sentence, combined(bernoulli_terms, 1, reduce)
    yield "L17", FORMS[_PROBABILITY].sentence, lambda logits, x: np.exp(bernoulli_log_density(logits, x))
    for form in FORMS:
        yield form.id, f"{form.sentence} The sign is wrong, too.", combined(form.formula, -1, total)
    for _, sentence, reduce in REDUCTIONS:
        yield NEGATED[0], f"{NEGATED[1]} {sentence}", combined(bernoulli_terms, -1, reduce)
    for form in FORMS:
        for (_, sentence, reduce), sign in itertools.product(REDUCTIONS, (1, -1)):
            also = "" if sign == 1 else " The sign is wrong, too."
            yield form.id, f"{form.sentence} {sentence}{also}", combined(form.formula, sign, reduce)


_PROBABILITY = next(n for n, form in enumerate(FORMS) if form.id == "L17")


def _misconceptions(
    subject: Any, rng: np.random.Generator, logits: Array, x: Array
) -> Iterator[Misconception]:
    """The catalogue, most telling first; nothing when the answer gives no numbers to compare."""
    # Logits that pass for probabilities, and such that pass for pixels: some answers refuse all others.
    tame = rng.uniform(0.05, 0.95, logits.shape).round(2)
    pixels = rng.permutation(x.ravel()).reshape(x.shape)
    seen = []
    for points in (logits, tame, pixels):
        try:
            got = subject(points, x)
        except Failure:
            continue
        if not isinstance(got, tuple):
            seen.append((points, got))
    if not seen:
        return
    for id, sentence, formula in wrong_forms():
        yield Misconception(id, sentence, lambda formula=formula: _form_evidence(seen, x, formula))
    yield Misconception("L21", "It adds up over axis 1; with more axes the pixels are the last: use -1.",
                        lambda: _axis_evidence(subject, logits, x))  # fmt: skip
    yield Misconception("L20", "The arguments are changed in place: compute new tensors.",
                        lambda: _mutation_evidence(subject))  # fmt: skip
    if not (len(seen) == 3 and _is_right(seen[0][1], logits, x)):
        return
    yield Misconception("L31", "x must broadcast against the logits' leading axes; where a function wants equal "
                        "shapes, use `x.expand_as(logits)`.", lambda: _draws_evidence(subject, logits, x))  # fmt: skip
    yield Misconception("L1", f"An exponential or a logarithm breaks off at large logits: {STABLE}",
                        lambda: _ends_evidence(subject, broken_off=True))  # fmt: skip
    yield Misconception("L14", f"Right in the middle, wrong at the ends: no clamp and no epsilon is needed; {STABLE}",
                        lambda: _ends_evidence(subject, broken_off=False))  # fmt: skip
    yield Misconception("L19", "The values are right but no gradient flows: `.detach()`, `.data`, `.item()` and NumPy "
                        "cut the graph.", lambda: _cut_evidence(subject, logits, x))  # fmt: skip
    yield Misconception("L30", "The values are right but not the gradient at large logits: `torch.where` differentiates "
                        "both branches, so guard the input of the other one, too.",
                        lambda: _trap_evidence(subject))  # fmt: skip


def _form_evidence(seen: list[tuple[Array, Array]], x: Array, formula: Formula) -> str | None:
    """The student's number and ours, when each call agrees with the form wherever that gives numbers."""
    evidence = None
    for points, got in seen:
        want, right = formula(points, x), bernoulli_log_density(points, x)
        if np.shape(got) != np.shape(want):
            return None
        known = np.isfinite(got) & np.isfinite(want)
        if np.sum(known) < min(2, np.size(want)):
            continue
        if not np.allclose(got[known], want[known], rtol=LOOSE, atol=LOOSE):
            return None
        if np.shape(got) != right.shape:
            evidence = evidence or f"for x of shape {x.shape} yours has shape {np.shape(got)}, not {right.shape}"
        elif evidence is None:
            distance = np.where(known, np.abs(got - right), 0)
            n = int(np.argmax(distance))
            if distance[n] > LOOSE * (1 + abs(right[n])):
                evidence = f"at {spot(NAMES, points[n], x[n])} yours is {got[n]:.4g}, it is {right[n]:.4g}"
    return evidence


def _is_right(got: Array, logits: Array, x: Array) -> bool:
    want = bernoulli_log_density(logits, x)
    return np.shape(got) == want.shape and np.allclose(got, want, rtol=1e-2, atol=1e-2)


def _axis_evidence(subject: Any, logits: Array, x: Array) -> str | None:
    stack = np.stack([logits, -logits]), np.stack([x, x])
    got = subject(*stack)
    if np.shape(got) == stack[0].shape[:2] or not np.allclose(got, bernoulli_terms(*stack).sum(1), rtol=LOOSE):
        return None
    return f"logits of shape {stack[0].shape} give {np.shape(got)}, not {stack[0].shape[:2]}"


def _draws_evidence(subject: Any, logits: Array, x: Array) -> str | None:
    draws = np.stack([logits, -logits])
    what = f"logits of shape {draws.shape} against x of shape {x.shape}"
    try:
        got = subject(draws, x)
    except Failure as failure:
        return f"{what}: {failure.message}"
    return None if np.shape(got) == draws.shape[:2] else f"{what} give {np.shape(got)}, not {draws.shape[:2]}"


def _ends_evidence(subject: Any, broken_off: bool) -> str | None:
    """Where a large logit goes wrong; `broken_off`: to -100, infinity or NaN, else to another number."""
    for size, precision in itertools.product((200.0, 30.0, 1e4), (np.float64, np.float32)):
        for logit, x in ((-size, 1.0), (size, 0.0), (size, 1.0), (-size, 0.0)):
            inputs = np.full((1, 1), logit, precision), np.full((1, 1), x, precision)
            (got,), (want,) = row_values(subject, *inputs), bernoulli_log_density(*inputs)
            if np.isclose(got, want, rtol=LOOSE, atol=LOOSE):
                continue
            if broken_off == (not np.isfinite(got) or np.isclose(got, -100)):
                return f"at logit {logit:g}, x = {x:g} in {np.dtype(precision)} yours is {got:.4g}, it is {want:.4g}"
            return None
    return None


def _cut_evidence(subject: Any, logits: Array, x: Array) -> str | None:
    try:
        found, _ = row_gradients(subject, (logits, x), np.ones(len(x)))
    except Failure as failure:
        return str(failure) if "grad" in failure.message else None
    want = x[0, 0] - _sigmoid(logits[0, 0])
    return None if np.any(found) else f"at {spot(NAMES, logits[0, :1], x[0, :1])} yours is 0, it is {want:.4g}"


def _trap_evidence(subject: Any) -> str | None:
    for logit, x in itertools.product((-200.0, 200.0, -1e4, 1e4), (0.0, 1.0)):
        inputs = np.full((1, 1), logit), np.full((1, 1), x)
        got = np.ravel(row_gradients(subject, inputs, np.ones(1))[0])[0]
        want = x - float(_sigmoid(logit))
        if not np.isclose(got, want, atol=LOOSE):
            return f"at logit {logit:g}, x = {x:g} it is {got:.4g}, not {want:.4g}"
    return None


def _mutation_evidence(subject: Any) -> str | None:
    changed = [NAMES[n] for n in sorted(subject.mutated) if n < len(NAMES)]
    return f"after the call {' and '.join(changed)} had other numbers" if changed else None

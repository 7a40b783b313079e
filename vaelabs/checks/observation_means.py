"""What a decoder's output says of a pixel, its mean E[x given z], and what is taken for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy import special

from vaelabs.subjects import Failure, as_subject

from .bernoulli import Form
from .continuous_bernoulli import AROUND_ZERO, ENDS, NEAR_ZERO, branch_misconception, continuous_bernoulli_mean, noise
from .elementwise import SHAPE, Seen, each_value, first_off, form_evidence
from .pixel_likelihoods import (
    KINDS,
    TAIL_LOCATIONS,
    TAIL_SIGMAS,
    OfKind,
    expect_value_error,
    known,
    unknown_misconception,
)
from .rows import LOOSE
from .rubric import Broken, Misconception, Rubric, Score, expect_shape
from .truncated_normal import truncated_normal_mean

Array = np.ndarray
Inputs = tuple[Array, Array]
"""out (B, d) and log_sigma ()."""
NAMES = ("out", "log_sigma")
NORMAL = ("gaussian", "truncated_normal")
VISIBLE = 0.15
"""A larger error near logit 0 is no rounding error of a sensible answer; it would be seen in the image."""


def observation_mean(kind: str, out: Array, log_sigma: Array | float) -> Array:
    """E[x given z] for each pixel, in the shape of `out`; the arguments are those of `pixel_log_likelihood`."""
    return known(kind, _MEANS)(np.asarray(out, float), log_sigma)


_MEANS: dict[str, Callable[..., Array]] = {
    "gaussian": lambda out, log_sigma: out,
    "bernoulli": lambda out, log_sigma: special.expit(out),
    "continuous_bernoulli": lambda out, log_sigma: continuous_bernoulli_mean(out),
    "truncated_normal": lambda out, log_sigma: truncated_normal_mean(out, log_sigma),
}


@np.errstate(all="ignore")
def check_observation_mean(observation_mean: Any, framework: str = "jax", seed: int | None = None) -> Score:
    """Grade `observation_mean(kind, out, log_sigma)`: E[x given z] for each pixel, in the shape of out. 3 points.

    Gaussian and Bernoulli 0.5; the continuous Bernoulli 0.5, and 0.5 through logit 0 and to large logits; the
    truncated normal 0.5, and 0.5 in its tails; other kinds raise ValueError 0.5.
    """
    subject, rubric = as_subject(observation_mean, framework), Rubric("observation_mean", 3, seed)
    inputs = {kind: _fresh(rubric.rng, kind) for kind in KINDS}
    answers = {kind: OfKind(subject, kind) for kind in KINDS}

    def values(*kinds: str) -> None:
        for kind in kinds:
            _check_values(answers[kind], kind, inputs[kind])

    with rubric.award("gaussian and bernoulli", 0.5, "a Gaussian has the mean out itself, a Bernoulli its sigmoid"):
        values("gaussian", "bernoulli")
    with rubric.award("continuous_bernoulli", 0.5, "the mean of a continuous Bernoulli, which is not its lambda"):
        values("continuous_bernoulli")
    with rubric.award("through logit 0", 0.5, "continuous_bernoulli: right at logit 0, near to it, and at +-1000"):
        _expect_nothing(_off_in_logits(answers["continuous_bernoulli"], _LOGITS))
    with rubric.award("truncated_normal", 0.5, "the mean of a normal cut to [0, 1], which is not its location"):
        values("truncated_normal")
    with rubric.award("tails", 0.5, "truncated_normal: right and in [0, 1] for locations far outside, too"):
        _expect_nothing(_off_in_tails(answers["truncated_normal"]))
    with rubric.award("other kinds", 0.5, "a kind that is none of the four raises ValueError"):
        expect_value_error(subject, inputs["gaussian"][0])
    rubric.diagnose(_misconceptions(subject, answers, inputs))
    return rubric.score()


def _fresh(rng: np.random.Generator, kind: str) -> list[Inputs]:
    """Means or locations in and around [0, 1], or logits, with two values of log_sigma; two decimals each."""
    if kind in NORMAL:
        out = rng.uniform(-0.5, 1.5, SHAPE)
        out[0] = -0.41, 1.37, 0.6  # no seed without a mean outside
    else:
        out = rng.choice([-1, 1], SHAPE) * rng.uniform(0.2, 4, SHAPE)
    return [(out.round(2), np.array(scale)) for scale in rng.uniform((-1.2, 0.1), (-0.7, 0.5)).round(2)]


def _check_values(subject: Any, kind: str, inputs: list[Inputs]) -> None:
    expect_shape(subject(*inputs[0]), SHAPE, f"{kind}: out of shape {SHAPE}")
    for each in (*inputs, tuple(part.astype(np.float32) for part in inputs[0])):
        got, want = subject(*each), observation_mean(kind, *each)
        expect_shape(got, SHAPE, f"{kind}: out of shape {SHAPE}")
        _expect_nothing(first_off(each, got, want, LOOSE, NAMES, f"the mean of {kind}"))


def _expect_nothing(found: str | None) -> None:
    """Raise Broken with what was found to be wrong, if anything was."""
    if found:
        raise Broken(found)


_LOGITS = (
    *((near, precision) for precision, near in NEAR_ZERO.items()),
    (AROUND_ZERO, np.float64),
    *((ENDS, precision) for precision in NEAR_ZERO),
)


def _off_in_logits(subject: Any, cases: Sequence[tuple[Array, type]]) -> str | None:
    """Where the continuous Bernoulli's mean is wrong, with the student's number and ours.

    Near 0, 1 / (1 - exp(-l)) - 1 / l has rounding errors, and ½ in its place is wrong by l / 12: both are accepted
    while the eye would not see them.
    """
    for logits, precision in cases:
        out = np.repeat(logits[:, None], SHAPE[1], 1).astype(precision)
        rounded = np.minimum(noise(logits, precision, 2), VISIBLE)
        tolerance = LOOSE + rounded + np.where(np.abs(out) < 5e-3, 2e-4, 0)
        got = each_value(OfOut(subject, precision), out)
        want, what = continuous_bernoulli_mean(out), f"the mean in {out.dtype}"
        found = first_off((out,), got, want, tolerance, ("logit",), what)
        if found:
            return found
    return None


class OfOut:
    """The answer for one kind as a function of `out` alone."""

    def __init__(self, subject: Any, precision: type, log_sigma: float = 0.0):
        self._subject, self._log_sigma = subject, np.array(log_sigma, precision)

    def __call__(self, out: Array) -> Any:
        return self._subject(out, self._log_sigma)


def _off_in_tails(subject: Any) -> str | None:
    """Where the truncated normal's mean is wrong, with the student's number and ours.

    In float32 the squared distance to [0, 1] in units of sigma rounds, and so does the difference of two densities
    that are nearly one; where little is left of the mean's digits it has to be a number, no more.
    """
    for precision, sigma in itertools.product((np.float64, np.float32), TAIL_SIGMAS):
        out = np.repeat(TAIL_LOCATIONS[:, None], SHAPE[1], 1).astype(precision)
        log_sigma = np.array(np.log(sigma), precision)
        got, want = each_value(OfOut(subject, precision, np.log(sigma)), out), truncated_normal_mean(out, log_sigma)
        outside = np.maximum(np.maximum(-out, out - 1), 0).astype(float)
        rounded = 4 * np.finfo(precision).eps * (outside * (1 + (outside / sigma) ** 2) + 2 * sigma**2)
        tolerance = np.where(rounded < 0.01, LOOSE + rounded, np.inf)
        got = np.where(np.isfinite(got), got, np.nan)
        found = first_off((out, log_sigma), got, want, tolerance, NAMES, f"the mean in {out.dtype}")
        if found:
            return found
    return None


# What goes wrong. A form maps (out, log_sigma) to one number per pixel.

_LAMBDA = "lambda = sigmoid(out) is not the mean of a continuous Bernoulli: at lambda = 0.9 the mean is 0.670."
_LOCATION = "The location is not the mean of a truncated normal: at location 0, sigma 0.1 the mean is 0.080."
_SQUEEZED = "out is the location itself, and may lie outside [0, 1]: no sigmoid, no clip before the mean is taken."
_ITSELF = "The mean of a Gaussian is out itself, also where that is no shade of grey: no clip, no sigmoid."
_SCALE = "sigma = exp(log_sigma) is the standard deviation of the truncated normal."
_SHIFT = "The mean is out + sigma (phi(a) - phi(b)) / (Phi(b) - Phi(a)), a and b being 0 and 1 standardised."
_HARD = "This is the more probable of 0 and 1; the mean of a binary pixel is its probability."
_LOGITS_SHOWN = "out holds logits: the mean of a binary pixel is their sigmoid."


def _bell(z: Array) -> Array:
    return np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)


def _shifted(m: Array, s: Array, factor: Callable[[Array], Array], low: float = 0.0, high: float = 1.0) -> Array:
    """m + factor(sigma) (phi(a) - phi(b)) / (Phi(b) - Phi(a))."""
    sigma = np.exp(s)
    a, b = (low - m) / sigma, (high - m) / sigma
    return m + factor(sigma) * (_bell(a) - _bell(b)) / (special.ndtr(b) - special.ndtr(a))


def _unscaled(m: Array, s: Array) -> Array:
    a, b = -m, 1 - m
    return m + np.exp(s) * (_bell(a) - _bell(b)) / (special.ndtr(b) - special.ndtr(a))


FORMS: dict[str, tuple[Form, ...]] = {
    "gaussian": (
        Form("L44", _ITSELF, lambda m, s: np.clip(m, 0, 1)),
        Form("L44", _ITSELF, lambda m, s: special.expit(m)),
        Form("L44", _ITSELF, truncated_normal_mean),
    ),
    "bernoulli": (
        Form("L26", _HARD, lambda l, s: (l > 0).astype(float)),
        Form("L2", _LOGITS_SHOWN, lambda l, s: l),
        Form("L2", _LOGITS_SHOWN, lambda l, s: np.clip(l, 0, 1)),
        Form("L3", "The sigmoid is applied twice.", lambda l, s: special.expit(special.expit(l))),
        Form("L37", "This is the mean of a continuous Bernoulli; that of binary pixels is sigmoid(out).",
             lambda l, s: continuous_bernoulli_mean(l)),
        Form("L24", "0 and 1 are exchanged: the mean is sigmoid(out).", lambda l, s: special.expit(-l)),
    ),
    "continuous_bernoulli": (
        Form("L10", _LAMBDA, lambda l, s: special.expit(l)),
        Form("L2", "out holds logits; your formula expects lambda = sigmoid(out).",
             lambda l, s: l / (2 * l - 1) + 1 / (2 * np.arctanh(1 - 2 * l))),
        Form("L2", "out holds logits: they are not the mean.", lambda l, s: l),
        Form("L2", "out holds logits: they are not the mean.", lambda l, s: np.clip(l, 0, 1)),
        Form("L3", "The sigmoid is applied twice.", lambda l, s: continuous_bernoulli_mean(special.expit(l))),
        Form("L24", "0 and 1 are exchanged: the mean grows with the logit.", lambda l, s: continuous_bernoulli_mean(-l)),
        Form("L45", "- 1 / l is missing: the mean is 1 / (1 - exp(-l)) - 1 / l.", lambda l, s: 1 / -np.expm1(-l)),
        Form("L45", "The sign of 1 / l is wrong: the mean is 1 / (1 - exp(-l)) - 1 / l.",
             lambda l, s: 1 / -np.expm1(-l) + 1 / l),
        Form("L45", "1 / 2 before 1 / artanh(1 - 2 lambda) is missing.", lambda l, s: 1 / -np.expm1(-l) - 2 / l),
        Form("L45", "The sign in the exponential is wrong: the mean is 1 / (1 - exp(-l)) - 1 / l.",
             lambda l, s: 1 / -np.expm1(l) - 1 / l),
        Form("L36", "½ + l / 12 is the mean near logit 0 only.", lambda l, s: 0.5 + l / 12),
        Form("L36", "½ is the mean at logit 0 only.", lambda l, s: 0.5 + 0 * l),
        Form("L26", "This is the mode, 0 or 1; the mean lies between them.", lambda l, s: (l > 0).astype(float)),
    ),
    "truncated_normal": (
        Form("L10", _LOCATION, lambda m, s: m),
        Form("L10", f"{_LOCATION} The clipped location is the mode.", lambda m, s: np.clip(m, 0, 1)),
        Form("L10", f"{_LOCATION} Nor is its sigmoid.", lambda m, s: special.expit(m)),
        Form("L40", _SQUEEZED, lambda m, s: truncated_normal_mean(special.expit(m), s)),
        Form("L40", _SQUEEZED, lambda m, s: truncated_normal_mean(np.clip(m, 0, 1), s)),
        Form("L41", "log_sigma is not used: your mean is that of sigma = 1.", lambda m, s: truncated_normal_mean(m, 0.0)),
        Form("L6d", f"{_SCALE} You read log_sigma as the log-variance.", lambda m, s: truncated_normal_mean(m, s / 2)),
        Form("L6k", f"{_SCALE} exp(2 log_sigma) is the variance.", lambda m, s: truncated_normal_mean(m, 2 * s)),
        Form("L6j", f"{_SCALE} You took log_sigma for it.", lambda m, s: truncated_normal_mean(m, np.log(s))),
        Form("L6j", f"{_SCALE} softplus is another parametrisation.",
             lambda m, s: truncated_normal_mean(m, np.log(np.logaddexp(0, s)))),
        Form("L6h", f"{_SCALE} The sign of log_sigma is wrong.", lambda m, s: truncated_normal_mean(m, -s)),
        Form("L46", f"{_SHIFT} The sign of the second term is wrong.", lambda m, s: _shifted(m, s, np.negative)),
        Form("L46", f"{_SHIFT} sigma is missing.", lambda m, s: _shifted(m, s, np.ones_like)),
        Form("L46", f"{_SHIFT} sigma enters squared.", lambda m, s: _shifted(m, s, np.square)),
        Form("L46", f"{_SHIFT} out is missing.", lambda m, s: _shifted(m, s, np.positive) - m),
        Form("L39", f"{_SHIFT} Yours are not divided by sigma.", _unscaled),
        Form("L39", "Pixels lie in [0, 1]; yours in [-1, 1].", lambda m, s: _shifted(m, s, np.positive, low=-1.0)),
        Form("L39", "Only the lower bound cuts: pixels end at 1, too.",
             lambda m, s: _shifted(m, s, np.positive, high=1e3)),
        Form("L39", "Only the upper bound cuts: pixels begin at 0, too.",
             lambda m, s: _shifted(m, s, np.positive, low=-1e3)),
    ),
}  # fmt: skip

REDUCTIONS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("You averaged over the pixels", lambda t: t.mean(-1)),
    ("You averaged over everything", lambda t: t.mean()),
    ("You averaged over the batch", lambda t: t.mean(0)),
    ("You added up over the pixels", lambda t: t.sum(-1)),
)


def _misconceptions(
    subject: Any, answers: dict[str, OfKind], inputs: dict[str, list[Inputs]]
) -> Iterator[Misconception]:
    """The catalogue, kind by kind; then what shows at the ends."""
    yield branch_misconception(*(lambda k=kind: answers[k](*inputs[k][0]) for kind in KINDS))
    answered: dict[str, list[Seen]] = {}
    for kind in KINDS:
        try:
            answered[kind] = _seen(answers[kind], kind, inputs[kind])
        except Failure:
            continue
    for kind, seen in answered.items():
        right = lambda *args, k=kind: observation_mean(k, *args)
        for form in FORMS[kind]:
            yield Misconception(form.id, f"{kind}: {form.sentence}",
                                lambda f=form, s=seen, r=right: form_evidence(s, f.formula, r, NAMES))  # fmt: skip
        for sentence, reduce in REDUCTIONS:
            yield Misconception("L35", f"{kind}: {sentence}: the mean is one of the distribution, a number for each "
                                "pixel.", lambda f=reduce, s=seen, r=right:
                                form_evidence(s, lambda *args: f(r(*args)), r, NAMES))  # fmt: skip
    yield unknown_misconception(subject, inputs["gaussian"][0])
    if _is_right(answered, "continuous_bernoulli", inputs):
        yield from _of_logits(answers["continuous_bernoulli"])
    if _is_right(answered, "truncated_normal", inputs):
        yield Misconception("L42", "truncated_normal: the probability of [0, 1] underflows or cancels in the tails: "
                            "take log_ndtr of both bounds, mirrored to the left tail; or tfd's mean.",
                            lambda: _off_in_tails(answers["truncated_normal"]))  # fmt: skip


def _seen(answer: OfKind, kind: str, inputs: list[Inputs]) -> list[Seen]:
    """What the answer gives; for logits also such as pass for probabilities, where some wrong answers have numbers."""
    tame = [] if kind in NORMAL else [(special.expit(inputs[0][0]), inputs[0][1])]
    return [(args, answer(*args)) for args in (*inputs, *tame)]


def _is_right(answered: dict[str, list[Seen]], kind: str, inputs: dict[str, list[Inputs]]) -> bool:
    if kind not in answered:
        return False
    return all(
        np.shape(got) == SHAPE and np.allclose(got, observation_mean(kind, *args), rtol=1e-3, atol=1e-3)
        for args, got in answered[kind][: len(inputs[kind])]
    )


def _of_logits(subject: OfKind) -> Iterator[Misconception]:
    def at_zero() -> str | None:
        got = each_value(OfOut(subject, np.float64), np.zeros(SHAPE))[0, 0]
        return None if np.isfinite(got) else f"at logit 0 the mean is 0.5: yours is {got:g}"

    def close_by() -> str | None:
        return _off_in_logits(subject, [(logits[[1, 2] * 3 + [1]], each) for each, logits in NEAR_ZERO.items()])

    near, ends = _LOGITS[:3], _LOGITS[3:]
    yield Misconception("L9", "continuous_bernoulli: at logit 0 there is no number: choose with `jnp.where`, and "
                        "replace the *input* of the unstable branch by a harmless number, too.", at_zero)  # fmt: skip
    yield Misconception("L47", "continuous_bernoulli: close to logit 0 two large numbers cancel: take ½ + l / 12 "
                        "where |l| is small, not at 0 alone, and `expm1`.", close_by)  # fmt: skip
    yield Misconception("L36", "continuous_bernoulli: near logit 0 it is not exact enough: your series (or constant) "
                        "is used too far from 0, or has a wrong term; the mean is ½ + l / 12 - l³ / 720 + ...",
                        lambda: _off_in_logits(subject, near))  # fmt: skip
    yield Misconception("L1", "continuous_bernoulli: an exponential, or a lambda that rounds to 0 or 1, breaks off at "
                        "large logits: there the mean is 1 - 1 / l, or -1 / l.",
                        lambda: _off_in_logits(subject, ends))  # fmt: skip

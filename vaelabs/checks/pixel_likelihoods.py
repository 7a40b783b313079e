"""Four observation models of a pixel side by side: their log-likelihoods, and what goes wrong with them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from vaelabs.subjects import Failure, as_subject

from . import bernoulli, continuous_bernoulli, likelihood
from .bernoulli import REDUCTIONS, bernoulli_terms
from .continuous_bernoulli import (
    branch_misconception,
    continuous_bernoulli_log_density,
    continuous_bernoulli_mean,
    cut_misconception,
    grid,
)
from .elementwise import SHAPE, Seen, each_slope, each_value, form_evidence
from .likelihood import NEGATED, gaussian_log_density
from .rows import LOOSE, expect_numbers, expect_own_gradient, row_gradients, row_values, spot
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape
from .truncated_normal import truncated_normal_log_density, truncated_normal_mean

Array = np.ndarray
Inputs = tuple[Array, Array, Array]
"""out (B, d), x (B, d) and log_sigma ()."""

KINDS = ("gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal")
NAMES = ("out", "x", "log_sigma")
POINTS = {"gaussian": 0.5, "bernoulli": 0.5, "continuous_bernoulli": 0.5, "truncated_normal": 1.0}
UNKNOWN = ("laplace", "beta")
TAIL_LOCATIONS = np.array([-5, -1.5, -0.3, 0.5, 1.2, 3, 6])
TAIL_SIGMAS = (0.01, 0.1, 1.0, 10.0)
"""With the locations: [0, 1] lies up to 500 sigma away, or is a tenth of a sigma wide."""
TAILS = tuple(itertools.product((np.float64, np.float32), TAIL_SIGMAS))
FAR = np.array([200.0, -200, 30, -30, 1e3, -1e3, 90])
"""Logits of binary pixels."""


def pixel_log_likelihood(kind: str, out: Array, x: Array, log_sigma: Array | float) -> Array:
    """log p(x given z) in nats: (..., d), (..., d) to (...), pixels added up; leading axes broadcast.

    `out` is the decoder's output: the mean (gaussian), the logits (bernoulli, continuous_bernoulli) or the location
    before the cut to [0, 1] (truncated_normal); exp(log_sigma) is the scale of the first and the last.
    Raises ValueError for another kind.
    """
    return pixel_terms(kind, out, x, log_sigma).sum(-1)


def pixel_terms(kind: str, out: Array, x: Array, log_sigma: Array | float) -> Array:
    """The same for each pixel."""
    out, x = np.asarray(out, float), np.asarray(x, float)
    return known(kind, _TERMS)(out, x, log_sigma)


def known(kind: str, models: dict[str, Callable[..., Array]]) -> Callable[..., Array]:
    """What `models` holds for this kind; raises ValueError for a kind that is none of the four."""
    if kind not in models:
        raise ValueError(f"there is no observation model {kind!r}: the kinds are {', '.join(KINDS)}")
    return models[kind]


_TERMS: dict[str, Callable[..., Array]] = {
    "gaussian": lambda out, x, log_sigma: gaussian_log_density(x[..., None], out[..., None], log_sigma),
    "bernoulli": lambda out, x, log_sigma: bernoulli_terms(out, x),
    "continuous_bernoulli": lambda out, x, log_sigma: continuous_bernoulli_log_density(out, x),
    "truncated_normal": lambda out, x, log_sigma: truncated_normal_log_density(out, log_sigma, x),
}


@np.errstate(all="ignore")
def check_log_likelihood(
    log_likelihood: Any, framework: str = "jax", seed: int | None = None, *, continuous_bernoulli_log_prob: Any = None
) -> Score:
    """Grade `log_likelihood(kind, out, x, log_sigma)`: (..., d), (..., d) and one number to (...), in nats. 5 points.

    The truncated normal 1, each other kind 0.5, the tails of the truncated normal 1, one number per example (leading
    axes, also under vmap and jit) 0.5, gradient in out and log_sigma 0.5, other kinds raise ValueError 0.5. The
    student's own `continuous_bernoulli_log_prob` may be given: what is wrong with it has cost its points in its own
    task and costs none here. An answer that adds up over the batch is judged one example at a time.
    """
    subject, rubric = as_subject(log_likelihood, framework), Rubric("log_likelihood", 5, seed)
    probes = {kind: _Probe(OfKind(subject, kind), kind, fresh(rubric.rng, kind)) for kind in KINDS}
    if continuous_bernoulli_log_prob is not None:
        probes["continuous_bernoulli"].own = as_subject(continuous_bernoulli_log_prob, framework)
    for kind, points in POINTS.items():
        with rubric.award(kind, points, f"{kind}: the values are those of its log-density, in nats, added up"):
            probes[kind].check_values()
    with rubric.award("tails", 1, "truncated_normal: finite and right, with its gradients, far from [0, 1] as well"):
        _check_tails(OfKind(subject, "truncated_normal"))
    with rubric.award("one number per example", 0.5, "one number per example: pixels are added up, nothing else is"):
        for probe in probes.values():
            probe.check_rows(rubric.rng)
        _check_transformed(subject, list(probes.values()))
    with rubric.award("gradient", 0.5, "its gradient is right in out and in log_sigma, for each kind"):
        for probe in probes.values():
            probe.check_gradient(rubric.rng)
    with rubric.award("other kinds", 0.5, "a kind that is none of the four raises ValueError"):
        expect_value_error(subject, probes["gaussian"].inputs[0])
    rubric.diagnose(_misconceptions(subject, list(probes.values())))
    return rubric.score()


class OfKind:
    """An answer `f(kind, ...)` for one kind, as a subject of the other arguments."""

    def __init__(self, subject: Any, kind: str):
        self._subject, self._kind = subject, kind

    def __call__(self, *args: Array) -> Any:
        return self._subject(self._kind, *args)

    def vjp(self, args: tuple[Array, ...], cotangents: Any) -> list[Array]:
        return self._subject.vjp((self._kind, *args), cotangents)[1:]


def fresh(rng: np.random.Generator, kind: str) -> list[Inputs]:
    """Seven examples of three pixels with three values of log_sigma, two decimals each.

    Binary pixels for the Bernoulli, grey ones else; locations around [0, 1] for the truncated normal.
    """
    if kind == "gaussian":
        out, x = rng.normal(0.5, 1, SHAPE).round(2), rng.uniform(0, 1, SHAPE).round(2)
    elif kind == "truncated_normal":
        out, x = rng.uniform(-0.4, 1.4, SHAPE).round(2), rng.uniform(0.02, 0.98, SHAPE).round(2)
    else:
        out, x = continuous_bernoulli.fresh(rng)
    if kind == "bernoulli":
        x = rng.permutation(np.arange(x.size) % 2).reshape(SHAPE).astype(float)
    scales = rng.uniform((-1.2, 0.1, -0.6), (-0.7, 0.5, -0.2)).round(2)
    return [(out, x, np.array(scale)) for scale in scales]


@dataclass
class _Probe:
    """The answer for one kind, what it is asked, and the student's own density where the kind has one."""

    subject: Any
    kind: str
    inputs: list[Inputs]
    own: Any = None
    carried: bool = field(default=False, init=False)
    """Whether the answer repeats what is wrong with `own`."""

    def right(self, *inputs: Array) -> Array:
        return pixel_log_likelihood(self.kind, *inputs)

    def check_values(self) -> None:
        for inputs in (*self.inputs[:2], tuple(each.astype(np.float32) for each in self.inputs[2])):
            got, want = row_values(self.subject, *inputs), self.right(*inputs)
            off = ~(np.abs(got - want) <= LOOSE * (1 + np.abs(want)))
            if off.any():
                if self._follows(got, inputs):
                    self.carried = True
                    continue
                n = int(np.argmax(off))
                at = spot(NAMES, inputs[0][n], inputs[1][n], inputs[2])
                raise Broken(f"at {at} the log-likelihood is {want[n]:.6g}: yours is {got[n]:.6g}")
        if self.kind == "bernoulli":
            self._check_far()

    def _check_far(self) -> None:
        for precision, pixel in itertools.product((np.float64, np.float32), (0.0, 1.0)):
            out, x = far_logits(precision, pixel)
            got, want = row_values(self.subject, out, x, np.array(0, precision)), bernoulli_terms(out, x).sum(-1)
            expect_close(got, want, f"at logits such as {FAR[0]:g} in {np.dtype(precision)}", 1e-5, 1e-5)

    def _follows(self, got: Array, inputs: Inputs) -> bool:
        """Whether the answer is the student's own density, added up over pixels or as it is."""
        if self.own is None or not (np.isfinite(got).all() and np.ptp(got) > 1e-3):
            return False
        try:
            candidates = [each_value(self.own, *inputs[:2]).sum(-1), self.own(*inputs[:2])]
        except (Failure, Broken):
            return False
        return any(np.shape(each) == got.shape and np.allclose(each, got, LOOSE, LOOSE) for each in candidates)

    def check_rows(self, rng: np.random.Generator) -> None:
        out, x, log_sigma = self.inputs[0]
        got = self.subject(out, x, log_sigma)
        if self.carried and np.shape(got) == ():
            return  # the student's own density has added up over everything already
        expect_shape(got, (len(x),), f"{self.kind}: {len(x)} examples")
        expect_numbers(got, f"{self.kind}: {len(x)} examples")
        order = rng.permutation(len(x))
        what = f"{self.kind}: the same examples in another order"
        expect_close(self.subject(out[order], x[order], log_sigma), got[order], what, LOOSE, LOOSE)
        if self.carried:
            return
        if self.kind == "truncated_normal":
            return  # its functions take longest to compile, for each shape anew; the other kinds stand for it
        # Two draws for each example, against one x: fewer than pixels, so that a sum over the wrong axis shows.
        draws = np.stack([out, out[::-1]])
        what = f"{self.kind}: out of shape {draws.shape} against x of shape {x.shape}"
        want = np.stack([got, self.subject(draws[1], x, log_sigma)])
        expect_close(self.subject(draws, x, log_sigma), want, what, LOOSE, LOOSE)

    def check_gradient(self, rng: np.random.Generator) -> None:
        out, x, log_sigma = inputs = self.inputs[2]
        weights = rng.uniform(0.5, 2, len(x)).round(2)
        for_out, _, for_log_sigma = row_gradients(self.subject, inputs, weights)
        want_out, want_log_sigma = slopes(self.kind, *inputs)
        if self.carried:
            want_out = each_slope(self.own, out, x)
        what = f"{self.kind}: the gradient in out, at {spot(NAMES, out[0, 0], x[0, 0], log_sigma)} and so on,"
        expect_close(for_out, weights[:, None] * want_out, what, 10 * LOOSE, 10 * LOOSE)
        want = weights @ want_log_sigma.sum(-1)
        expect_close(for_log_sigma, want, f"{self.kind}: the gradient in log_sigma", 10 * LOOSE, 10 * LOOSE)
        if not self.carried:
            expect_own_gradient(partial(row_values, self.subject), inputs, [for_out, None, for_log_sigma], weights)

    def seen(self) -> list[Seen]:
        """What the answer gives, as it is; raises Failure."""
        return [(inputs, self.subject(*inputs)) for inputs in self.inputs]


def far_logits(precision: type, pixel: float) -> tuple[Array, Array]:
    """Logits of binary pixels far out and such pixels, all pixels of an example alike."""
    return np.broadcast_to(FAR[:, None], SHAPE).astype(precision), np.full(SHAPE, pixel, precision)


def slopes(kind: str, out: Array, x: Array, log_sigma: Array) -> tuple[Array, Array]:
    """The derivatives of each pixel's log-likelihood in `out` and in log_sigma."""
    variance = np.exp(2 * log_sigma)
    if kind == "gaussian":
        return (x - out) / variance, (x - out) ** 2 / variance - 1
    if kind == "truncated_normal":
        step = 1e-3
        there = {n: truncated_normal_log_density(out, log_sigma + n * step, x) for n in (-2, -1, 1, 2)}
        in_log_sigma = (8 * (there[1] - there[-1]) - (there[2] - there[-2])) / (12 * step)
        return (x - truncated_normal_mean(out, log_sigma)) / variance, in_log_sigma
    mean = special.expit(out) if kind == "bernoulli" else continuous_bernoulli_mean(out)
    return x - mean, 0 * x


def _tails(precision: type, sigma: float, inside: bool = False) -> Inputs:
    """Locations far and near, each with the pixels of GREY, 0 and 1 among them unless `inside`."""
    out, x = grid(TAIL_LOCATIONS, precision)
    return out, np.clip(x, 0.1, 0.9) if inside else x, np.array(np.log(sigma), precision)


def _check_tails(subject: Any) -> None:
    for precision, sigma in TAILS:
        for found in (_off_in_tails(subject, precision, sigma), _no_slope(subject, precision, sigma)):
            if found:
                raise Broken(found)


def _off_in_tails(subject: Any, precision: type, sigma: float, inside: bool = False) -> str | None:
    """Where a value in the tails is wrong, with the student's number and ours.

    In float32 the squares of (x - out) / sigma and of the distance to [0, 1] round, and what is left has that error.
    """
    out, x, log_sigma = inputs = _tails(precision, sigma, inside)
    got, want = row_values(subject, *inputs), pixel_log_likelihood("truncated_normal", *inputs)
    outside = np.maximum(np.maximum(-out, out - 1), 0)
    squares = 1 + (((x - out) ** 2 + outside**2) / (2 * np.exp(2 * log_sigma))).sum(-1)
    rounded = 1 if precision == np.float64 else squares
    off = ~(np.abs(got - want) <= LOOSE * (rounded + np.abs(want)))
    if not off.any():
        return None
    n = int(np.argmax(off))
    where = f"at {spot(NAMES, out[n, 0], x[n], log_sigma)} in {out.dtype}"
    return f"{where} the log-likelihood is {want[n]:.6g}: yours is {got[n]:.6g}"


def _no_slope(subject: Any, precision: type, sigma: float) -> str | None:
    """Where a gradient in the tails is no number; in float64 it has to be right, too."""
    inputs, ones = _tails(precision, sigma), np.ones(len(TAIL_LOCATIONS))
    try:
        for_out, _, for_log_sigma = subject.vjp(inputs, ones)
    except Failure as failure:
        if failure.kind != "shape":
            raise
        for_out, _, for_log_sigma = row_gradients(subject, inputs, ones)
    want, want_log_sigma = slopes("truncated_normal", *(each.astype(float) for each in inputs))
    off = ~np.isfinite(for_out)
    if precision == np.float64:
        off |= ~(np.abs(for_out - want) <= 0.01 * (1 + np.abs(want)))
    if off.any():
        n = tuple(np.argwhere(off)[0])
        where = f"at {spot(NAMES, inputs[0][n], inputs[1][n], inputs[2])} in {inputs[0].dtype}"
        return f"{where} the gradient in out is {want[n]:.4g}: yours is {for_out[n]:.4g}"
    got, right = float(for_log_sigma), float(want_log_sigma.sum())
    if np.isfinite(got) and (precision == np.float32 or abs(got - right) <= 0.01 * (1 + abs(right))):
        return None
    where = f"with log_sigma = {inputs[2]:.4g} and out from {TAIL_LOCATIONS[0]:g} to {TAIL_LOCATIONS[-1]:g}"
    return f"{where} the gradient in log_sigma is {right:.4g}: yours is {got:.4g}"


def _check_transformed(subject: Any, probes: list[_Probe]) -> None:
    """One example at a time under vmap, which traces as jit does; jit itself for one kind, as compiling takes long."""
    mapped, compiled = subject.vmap((None, 0, 0, None)), subject.jit(static=(0,))
    for probe in probes:
        if not probe.carried:
            inputs = probe.inputs[0]
            got = probe.subject(*inputs)
            expect_close(mapped(probe.kind, *inputs), got, f"{probe.kind}: row by row under jax.vmap", LOOSE, LOOSE)
            if probe.kind == "gaussian":
                what = f"{probe.kind}: compiled by jax.jit with a static kind"
                expect_close(compiled(probe.kind, *inputs), got, what, LOOSE, LOOSE)


def expect_value_error(subject: Any, args: tuple[Array, ...]) -> None:
    """Raise Broken unless kinds that are none of the four raise ValueError, and one of the four does not."""
    for kind in UNKNOWN:
        found = unknown_evidence(subject, args, kind)
        if found:
            raise Broken(found)
    _expect_some_kind(subject, args)


def unknown_evidence(subject: Any, args: tuple[Array, ...], kind: str = UNKNOWN[0]) -> str | None:
    """What an answer does with this kind, unless it raises ValueError; raises Failure when it has no kind at all."""
    try:
        got = subject(kind, *args)
    except Failure as failure:
        if failure.type == "ValueError":
            return None
        _expect_some_kind(subject, args)
        return f"for kind {kind!r} it raises ValueError: with yours {failure.message}"
    found = "several results" if isinstance(got, tuple) else f"{np.ravel(got)[0]:.4g} and so on"
    return f"for kind {kind!r} it raises ValueError: yours gives {found}"


def _expect_some_kind(subject: Any, args: tuple[Array, ...]) -> None:
    """Raise the last kind's Failure when the answer gives numbers for none of the four."""
    for kind in KINDS:
        try:
            subject(kind, *args)
        except Failure as failure:
            last = failure
        else:
            return
    raise last


def unknown_misconception(subject: Any, args: tuple[Array, ...]) -> Misconception:
    """The answer gives numbers, or another error, for whatever it is asked."""
    return Misconception("L38", "A kind that is none of the four, a misspelt one for instance, has to be refused: "
                         "`raise ValueError(...)`.", lambda: unknown_evidence(subject, args))  # fmt: skip


# What goes wrong. A form maps (out, x, log_sigma) to one number per pixel.


@dataclass(frozen=True)
class Form:
    """A wrong formula of the catalogue for one kind."""

    id: str
    sentence: str
    formula: Callable[[Array, Array, Array], Array]


def _normal(out: Array, x: Array, log_sigma: Array) -> Array:
    return _TERMS["gaussian"](out, x, log_sigma)


def _mass(low: Array, high: Array) -> Array:
    return special.ndtr(high) - special.ndtr(low)


def _bounds(out: Array, log_sigma: Array, low: float = 0.0, high: float = 1.0) -> tuple[Array, Array]:
    return (low - out) * np.exp(-log_sigma), (high - out) * np.exp(-log_sigma)


def _cut(out: Array, x: Array, log_sigma: Array) -> Array:
    """The truncated normal, continued to the x outside."""
    return _normal(out, x, log_sigma) - np.log(_mass(*_bounds(out, log_sigma)))


_NOT_CUT = "log Z is missing: a Gaussian that is not divided by its share of [0, 1] does not integrate to 1 there."
_STANDARD = "The bounds are to be standardised: Z is Phi((1 - out) / sigma) - Phi((0 - out) / sigma)."
_SQUEEZED = "out is the location itself, and may lie outside [0, 1]: no sigmoid, no clip."
_MEAN = "out is the mean itself: no sigmoid, no clip."
_LOG_VARIANCE = likelihood.READ_AS_LOG_VARIANCE
_VARIANCE = "exp(2 log_sigma) is the variance; the scale is the standard deviation, exp(log_sigma)."
_NO_EXP = "log_sigma is taken for sigma: sigma = exp(log_sigma)."
_SOFTPLUS = "softplus is another parametrisation: sigma = exp(log_sigma)."
_IGNORED = "log_sigma is not used: your likelihood has sigma = 1."
_DENSITY = "This is the density: return its logarithm, computed without the exponential."


def _scales(density: Callable[..., Array]) -> tuple[Form, ...]:
    """What goes wrong with the scale of a density."""
    return (
        Form("L41", _IGNORED, lambda m, x, s: density(m, x, 0 * s)),
        Form(*_LOG_VARIANCE, lambda m, x, s: density(m, x, s / 2)),
        Form("L6k", _VARIANCE, lambda m, x, s: density(m, x, 2 * s)),
        Form("L6j", _NO_EXP, lambda m, x, s: density(m, x, np.log(s))),
        Form("L6j", _SOFTPLUS, lambda m, x, s: density(m, x, np.log(np.logaddexp(0, s)))),
        Form("L6h", "The sign of log_sigma is wrong: sigma = exp(log_sigma).", lambda m, x, s: density(m, x, -s)),
    )


FORMS: dict[str, tuple[Form, ...]] = {
    "gaussian": (
        *_scales(_normal),
        Form("L40", _MEAN, lambda m, x, s: _normal(special.expit(m), x, s)),
        Form("L40", _MEAN, lambda m, x, s: _normal(np.clip(m, 0, 1), x, s)),
        Form("L17", _DENSITY, lambda m, x, s: np.exp(_normal(m, x, s))),
    ),
    "bernoulli": (),
    "continuous_bernoulli": tuple(
        Form(form.id, form.sentence, lambda m, x, s, f=form.formula: f(m, x)) for form in continuous_bernoulli.FORMS
    ),
    "truncated_normal": (
        Form("L8", _NOT_CUT, _normal),
        *_scales(_cut),
        Form("L40", _SQUEEZED, lambda m, x, s: _cut(special.expit(m), x, s)),
        Form("L40", _SQUEEZED, lambda m, x, s: _cut(np.clip(m, 0, 1), x, s)),
        Form("L39", "log Z is added: the density is divided by Z, so log Z is subtracted.",
             lambda m, x, s: _normal(m, x, s) + np.log(_mass(*_bounds(m, s)))),
        Form("L39", "Z itself is subtracted, not its logarithm.",
             lambda m, x, s: _normal(m, x, s) - _mass(*_bounds(m, s))),
        Form("L39", _STANDARD, lambda m, x, s: _normal(m, x, s) - np.log(_mass(0.0, 1.0))),
        Form("L39", f"{_STANDARD} Yours are not divided by sigma.",
             lambda m, x, s: _normal(m, x, s) - np.log(_mass(-m, 1 - m))),
        Form("L39", f"{_STANDARD} From yours, out is not subtracted.",
             lambda m, x, s: _normal(m, x, s) - np.log(_mass(0 * m, np.exp(-s)))),
        Form("L39", "Only the lower bound cuts: pixels end at 1, too.",
             lambda m, x, s: _normal(m, x, s) - special.log_ndtr(-_bounds(m, s)[0])),
        Form("L39", "Only the upper bound cuts: pixels begin at 0, too.",
             lambda m, x, s: _normal(m, x, s) - special.log_ndtr(_bounds(m, s)[1])),
        Form("L39", "Pixels lie in [0, 1]; yours in [-1, 1].",
             lambda m, x, s: _normal(m, x, s) - np.log(_mass(*_bounds(m, s, low=-1.0)))),
        Form("L39", "Phi is the distribution function, not the density.",
             lambda m, x, s: _normal(m, x, s) - np.log(np.abs(np.diff(_bell(np.stack(_bounds(m, s))), axis=0)[0]))),
        Form("L6b", "The term -log_sigma is missing.", lambda m, x, s: _cut(m, x, s) + s),
        Form("L6a", "The constant -½ log(2π) is missing.", lambda m, x, s: _cut(m, x, s) + likelihood.HALF_LOG_2PI),
        Form("L6b", "The term -log_sigma and the constant -½ log(2π) are missing.",
             lambda m, x, s: _cut(m, x, s) + s + likelihood.HALF_LOG_2PI),
        Form("L6e", "The ½ before the squared residual is missing.",
             lambda m, x, s: _cut(m, x, s) - 0.5 * ((x - m) * np.exp(-s)) ** 2),
        Form("L5", "The arguments are exchanged: this is the log-density of out, cut around x.",
             lambda m, x, s: _cut(x, m, s)),
        Form("L17", _DENSITY, lambda m, x, s: np.exp(_cut(m, x, s))),
    ),
}  # fmt: skip


def _bell(z: Array) -> Array:
    return np.exp(-0.5 * z**2 - likelihood.HALF_LOG_2PI)


def _misconceptions(subject: Any, probes: list[_Probe]) -> Iterator[Misconception]:
    """The catalogue: what goes for all kinds, then each kind by itself, then what shows at the ends."""
    args = probes[0].inputs[0]
    every = [lambda probe=probe: probe.subject(*probe.inputs[0]) for probe in probes]
    mapped = [lambda probe=probe: subject.vmap((None, 0, 0, None))(probe.kind, *probe.inputs[0]) for probe in probes]
    yield branch_misconception(*every, *mapped)
    answered = {}
    for probe in probes:
        try:
            answered[probe.kind] = probe, probe.seen()
        except Failure:
            continue
    for id, sentence, reduce, sign in _reductions():
        yield Misconception(id, sentence, lambda r=reduce, s=sign: _shared_evidence(list(answered.values()), r, s))
    for probe, seen in answered.values():
        if not probe.carried and not all(_agrees(got, probe.right(*inputs)) for inputs, got in seen):
            yield from _of_kind(probe, seen)
    yield unknown_misconception(subject, args)
    for probe, seen in answered.values():
        if not all(_agrees(got, probe.right(*inputs)) for inputs, got in seen):
            continue
        yield cut_misconception(lambda p=probe: row_gradients(p.subject, p.inputs[2], np.ones(SHAPE[0])),
                                lambda p=probe: _cut_evidence(p))  # fmt: skip
        if probe.kind == "bernoulli":
            yield Misconception("L1", "bernoulli: an exponential or a logarithm breaks off at large logits: use "
                                "log_sigmoid or softplus of the logits.",
                                lambda p=probe: _far_evidence(p.subject, broken_off=True))  # fmt: skip
            yield Misconception("L14", "bernoulli: right in the middle, wrong at the ends: no clamp and no epsilon is "
                                "needed with log_sigmoid or softplus of the logits.",
                                lambda p=probe: _far_evidence(p.subject, broken_off=False))  # fmt: skip
        if probe.kind == "truncated_normal":
            yield from _of_tails(probe.subject)
    for probe, seen in answered.values():
        yield Misconception("L21", "It adds up over axis 1 or 0; with more axes the pixels are the last: use -1.",
                            lambda p=probe: _axis_evidence(p))  # fmt: skip
        yield Misconception("L31", "The leading axes of out and x broadcast: no fixed number of axes.",
                            lambda p=probe: _draws_evidence(p))  # fmt: skip


def _reductions() -> Iterator[tuple[str, str, Callable[[Array], Array], int]]:
    yield *NEGATED, lambda t: t.sum(-1), -1
    for id, sentence, reduce in REDUCTIONS:
        yield id, sentence, reduce, 1
    for _, sentence, reduce in REDUCTIONS:
        yield NEGATED[0], f"{NEGATED[1]} {sentence}", reduce, -1


def _shared_evidence(answered: list[tuple[_Probe, list[Seen]]], reduce: Callable, sign: int) -> str | None:
    """The student's number and ours, where at least three kinds show this reduction and sign."""
    found = [
        form_evidence(seen, lambda *args, k=probe.kind: sign * reduce(pixel_terms(k, *args)), probe.right, NAMES)
        for probe, seen in answered
    ]
    found = [evidence for evidence in found if evidence]
    return found[0] if len(found) >= 3 else None


def _of_kind(probe: _Probe, seen: list[Seen]) -> Iterator[Misconception]:
    kind = probe.kind

    def is_form(formula: Callable[..., Array]) -> Callable[[], str | None]:
        return lambda: form_evidence(seen, formula, probe.right, NAMES)

    for other in KINDS:
        if other != kind and (kind, other) not in NOT_NORMALISED:
            yield Misconception("L37", f"For kind {kind!r} your answer gives the log-likelihood of {other!r}.",
                                is_form(lambda *args, o=other: pixel_log_likelihood(o, *args)))  # fmt: skip
    for form in FORMS[kind]:
        yield Misconception(form.id, f"{kind}: {form.sentence}", is_form(lambda *a, f=form: f.formula(*a).sum(-1)))
    if kind == "gaussian" and all(np.shape(got) == (SHAPE[0],) for _, got in seen):
        findings, evidence = _fitted(seen)
        if findings:
            sentence = " ".join(each for _, each in findings)
            yield Misconception(findings[0][0], f"{kind}: {sentence}", lambda: evidence)
    if kind == "bernoulli":
        for id, sentence, formula in bernoulli.wrong_forms():
            yield Misconception(id, f"{kind}: {sentence}", is_form(lambda out, x, s, f=formula: f(out, x)))
    for id, sentence, reduce, sign in _reductions():
        formula = lambda *a, r=reduce, s=sign: s * r(pixel_terms(kind, *a))
        yield Misconception(id, f"{kind}: {sentence}", is_form(formula))
    for form, (id, sentence, reduce, sign) in itertools.product(FORMS[kind], list(_reductions())):
        formula = lambda *a, f=form, r=reduce, s=sign: s * r(f.formula(*a))
        yield Misconception(form.id, f"{kind}: {form.sentence} {sentence}", is_form(formula))


NOT_NORMALISED = (("continuous_bernoulli", "bernoulli"), ("truncated_normal", "gaussian"))
"""A kind without its normaliser is another kind; its own catalogue says so better."""


def _fitted(seen: list[Seen]) -> tuple[list[tuple[str, str]], str]:
    """The Gaussian's terms with the factors that the answer gives them."""
    out, x, scale = (np.concatenate([np.broadcast_to(inputs[n], SHAPE) for inputs, _ in seen]) for n in range(3))
    return likelihood.fit_forms(np.concatenate([got for _, got in seen]), x, out, scale)


def _agrees(got: Any, want: Array) -> bool:
    return not isinstance(got, tuple) and np.shape(got) == want.shape and np.allclose(got, want, rtol=1e-3, atol=1e-3)


def _cut_evidence(probe: _Probe) -> str | None:
    """No gradient at all in out, or none in log_sigma, where there should be one."""
    inputs = probe.inputs[2]
    found = row_gradients(probe.subject, inputs, np.ones(SHAPE[0]))
    wanted = slopes(probe.kind, *inputs)
    for name, got, want in (("out", found[0], wanted[0]), ("log_sigma", found[2], wanted[1].sum())):
        if np.any(want) and not np.any(got):
            what = f"{probe.kind}: at {spot(NAMES, inputs[0][0, 0], inputs[1][0, 0], inputs[2])} the gradient in {name}"
            return f"{what} is 0, it is {np.ravel(want)[0]:.4g}"
    return None


def _far_evidence(subject: Any, broken_off: bool) -> str | None:
    """Where a large logit goes wrong; `broken_off`: to -100, infinity or NaN, else to another number."""
    for precision, pixel in itertools.product((np.float64, np.float32), (1.0, 0.0)):
        out, x = far_logits(precision, pixel)
        got, want = row_values(subject, out, x, np.array(0, precision)), bernoulli_terms(out, x).sum(-1)
        off = np.flatnonzero(~np.isclose(got, want, rtol=LOOSE, atol=LOOSE))
        if len(off):
            n = off[0]
            if broken_off != (not np.isfinite(got[off]).all() or bool(np.isclose(got[off], -100).any())):
                return None
            return f"at logit {out[n, 0]:g}, x = {pixel:g} in {out.dtype} yours is {got[n]:.4g}, it is {want[n]:.4g}"
    return None


def _of_tails(subject: Any) -> Iterator[Misconception]:
    def off(broken_off: bool) -> str | None:
        for case in TAILS:
            found = _off_in_tails(subject, *case)
            if found:
                value = float(found.rsplit(" ", 1)[1])
                return found if np.isfinite(value) != broken_off else None
        return None

    def at_the_edges() -> str | None:
        if any(_off_in_tails(subject, *case, inside=True) for case in TAILS):
            return None
        return off(broken_off=True)

    def no_slope() -> str | None:
        return next(filter(None, (_no_slope(subject, *case) for case in TAILS)), None)

    yield Misconception("L43", "truncated_normal: pixels that are exactly 0 or 1 have no number: a standardised edge "
                        "rounds to the other side of its bound. (`jax.scipy.stats.truncnorm` does this, and has no "
                        "gradient in the tails.) Take log_ndtr of both bounds, or use tfd.",
                        at_the_edges)  # fmt: skip
    yield Misconception("L42", "truncated_normal: the probability of [0, 1] underflows in the tails: take log_ndtr of "
                        "both bounds, mirrored to the left tail, and log1p for their difference; or use tfd.",
                        lambda: off(broken_off=True))  # fmt: skip
    yield Misconception("L14", "truncated_normal: right in the middle, wrong in the tails: no clamp and no epsilon "
                        "helps; take log_ndtr of both bounds, or use tfd.", lambda: off(broken_off=False))  # fmt: skip
    yield Misconception("L43", "truncated_normal: the values are right in the tails, but not the gradient; one such "
                        "pixel spoils a whole training step: take log_ndtr of both bounds (and guard the input of any "
                        "other branch of a `jnp.where`), or use tfd.", no_slope)  # fmt: skip


def _axis_evidence(probe: _Probe) -> str | None:
    out, x, log_sigma = probe.inputs[0]
    draws = np.stack([out, out[::-1]])
    got, terms = probe.subject(draws, x, log_sigma), pixel_terms(probe.kind, draws, x, log_sigma)
    for axis in (1, 0):
        want = terms.sum(axis)
        if np.shape(got) == want.shape and np.allclose(got, want, rtol=LOOSE, atol=LOOSE):
            return f"{probe.kind}: out of shape {draws.shape} gives {np.shape(got)}, not {draws.shape[:2]}"
    return None


def _draws_evidence(probe: _Probe) -> str | None:
    out, x, log_sigma = probe.inputs[0]
    draws = np.stack([out, out[::-1]])
    what = f"{probe.kind}: out of shape {draws.shape} against x of shape {x.shape}"
    try:
        got = probe.subject(draws, x, log_sigma)
    except Failure as failure:
        return f"{what}: {failure.message}"
    return None if np.shape(got) == draws.shape[:2] else f"{what} give {np.shape(got)}, not {draws.shape[:2]}"

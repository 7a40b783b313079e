"""The linear warm-up of beta, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit

from vaelabs.subjects import Failure, as_subject

from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-6
"""Relative and absolute tolerance: float32 passes."""


FAR = 10**6
"""A step long after any warm-up, and not too far for an answer that counts up to it."""


def linear_warm_up(step: int, warmup_steps: int, beta_max: float = 1.0) -> float:
    """beta_max * min(1, step / warmup_steps); beta_max where there is no warm-up.

    Bowman et al. (2016), section 3.1, and Sønderby et al. (2016), section 3.2, let beta grow from 0 to 1.
    """
    return beta_max * min(1.0, step / warmup_steps) if warmup_steps else beta_max


@np.errstate(all="ignore")
def check_beta_schedule(beta_schedule: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """Grade `beta_schedule(step, warmup_steps, beta_max=1.0) -> float`. 2 points.

    Ramp 1: linear in the step, in proportion to beta_max, from the arguments alone. Ends and edge cases 1: 0 at the
    start, beta_max from warmup_steps on, and at once where warmup_steps is 0.
    """
    subject = as_subject(beta_schedule, framework)
    rubric = Rubric("beta_schedule", 2, seed)
    with rubric.award("ramp", 1, "beta grows with step / warmup_steps, in proportion to beta_max"):
        _check_ramp(subject, rubric.rng)
    with rubric.award("ends and edge cases", 1, "0 at the start, beta_max from warmup_steps on; no warm-up: beta_max"):
        _check_ends(subject, rubric.rng)
    rubric.diagnose(_misconceptions(subject, rubric.rng))
    return rubric.score()


def _settings(rng: np.random.Generator) -> list[tuple[int, float]]:
    """Warm-up lengths and largest betas, on either side of 1; no length divides another."""
    return [
        (int(rng.integers(90, 120)), round(float(rng.uniform(1.5, 5)), 2)),
        (int(rng.integers(800, 1200)), round(float(rng.uniform(0.2, 0.8)), 2)),
        (7, 1.0),
    ]


def _value(subject: Any, *args: float) -> float:
    got = subject(*args)
    expect_shape(got, (), f"beta_schedule{_typed(args)}")
    return float(got)


def _typed(args: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{each:g}" if isinstance(each, float) else str(each) for each in args) + ")"


def _expect(subject: Any, *args: float) -> None:
    expect_close(_value(subject, *args), linear_warm_up(*args), f"beta_schedule{_typed(args)}", LOOSE, LOOSE)


def _check_ramp(subject: Any, rng: np.random.Generator) -> None:
    asked = []
    for warmup, beta_max in _settings(rng):
        steps = rng.integers(1, warmup, 5).tolist()
        asked += [(step, warmup, beta_max) for step in steps] + [(steps[0], warmup)]
    # Any order, and each twice: what was asked before must not matter.
    for n in rng.permutation(2 * len(asked)):
        _expect(subject, *asked[n % len(asked)])


def _check_ends(subject: Any, rng: np.random.Generator) -> None:
    asked = [(step, 0, beta_max) for step in (0, 1, 50) for beta_max in (0.5, 4.0)] + [(0, 0), (3, 0), (0, 1), (1, 1)]
    for warmup, beta_max in _settings(rng):
        later = int(rng.integers(warmup + 2, 3 * warmup))
        asked += [(step, warmup, beta_max) for step in (0, warmup, warmup + 1, later, FAR)] + [(0, warmup), (later, warmup)]
        asked.append((int(rng.integers(1, 2 * warmup)), warmup, 0.0))
    for n in rng.permutation(len(asked)):
        _expect(subject, *asked[n])


# What goes wrong. A wrong form maps (step, warmup_steps, beta_max) to beta; t is step / warmup_steps.


@dataclass(frozen=True)
class Form:
    """A wrong schedule of the catalogue."""

    id: str
    sentence: str
    formula: Callable[[Array, Array, Array], Array]


def _capped(t: Array) -> Array:
    return np.clip(t, 0, 1)


_OFF = "Off by one: beta is 0 at step 0 and beta_max at step warmup_steps, so the fraction is step / warmup_steps."
_CAP_ONLY = "beta_max is the cap only: the ramp has to be scaled by it, too."
_CYCLE = "beta starts again: after the warm-up it stays at beta_max."
_SHAPE = "The ramp is curved"

FORMS = (
    Form("S1", "There is no cap: from warmup_steps on, beta stays at beta_max.", lambda s, w, b: b * s / w),
    Form("S1", "There is no cap: from warmup_steps on, beta stays at beta_max.", lambda s, w, b: s / w),
    Form("S2", "The ramp goes down: beta starts at 0 and ends at beta_max.", lambda s, w, b: b * (1 - _capped(s / w))),
    Form("S2", "The ramp goes down: beta starts at 0 and ends at beta_max.", lambda s, w, b: b * (1 - s / w)),
    Form("S2", "The fraction is turned over: it is step / warmup_steps.", lambda s, w, b: b * _capped(w / s)),
    Form("S3", "Divided by warmup_steps - 1: beta_max is reached one step too early.",
         lambda s, w, b: b * _capped(s / (w - 1))),
    Form("S4", _OFF, lambda s, w, b: b * _capped((s + 1) / w)),
    Form("S4", _OFF, lambda s, w, b: b * _capped((s - 1) / w)),
    Form("S4", _OFF, lambda s, w, b: b * _capped(s / (w + 1))),
    Form("S4", _OFF, lambda s, w, b: b * _capped((s + 1) / (w + 1))),
    Form("S4", "At step warmup_steps beta is beta_max already, not only after it.",
         lambda s, w, b: np.where(s == w, 0, b * _capped(s / w))),
    Form("S6", "beta_max has no influence: the ramp ends at beta_max, not at 1.", lambda s, w, b: _capped(s / w)),
    Form("S7", _CAP_ONLY, lambda s, w, b: np.minimum(s / w, b)),
    Form("S7", "beta_max only makes the ramp steeper: the cap is beta_max, too, not 1.",
         lambda s, w, b: np.minimum(b * s / w, 1)),
    Form("S7", "beta_max is added: the ramp is multiplied by it.", lambda s, w, b: b + _capped(s / w)),
    Form("S7", "beta_max enters twice.", lambda s, w, b: b**2 * _capped(s / w)),
    Form("S7", "beta_max divides: the ramp is multiplied by it.", lambda s, w, b: _capped(s / w) / b),
    Form("S10", "There is no ramp, beta jumps from 0 to beta_max: on the way it is beta_max * step / warmup_steps "
         "(where a // or an int would drop the fraction).", lambda s, w, b: b * np.minimum(s // w, 1)),
    Form("S10", "beta loses its fraction: no // and no int.", lambda s, w, b: (b * _capped(s / w)) // 1),
    Form("S11", "beta jumps; it should grow with each step of the warm-up.", lambda s, w, b: b * (s > w)),
    Form("S11", "beta jumps; it should grow with each step of the warm-up.", lambda s, w, b: b * (s > 0)),
    Form("S21", "max takes the larger of the two; the fraction is capped at 1 by min(1, step / warmup_steps).",
         lambda s, w, b: b * np.maximum(s / w, 1)),
    Form("S13", "This is a percentage: beta ends at beta_max.", lambda s, w, b: 100 * b * _capped(s / w)),
    Form("S14", _CYCLE, lambda s, w, b: b * (s % w) / w),
    Form("S14", _CYCLE, lambda s, w, b: b * np.minimum(2 * (s % w) / w, 1)),
    Form("S14", _CYCLE, lambda s, w, b: b * (s % (w + 1)) / w),
    Form("S14", _CYCLE, lambda s, w, b: b * (1 - np.abs(s / w % 2 - 1))),
    Form("S15", "After the warm-up beta falls back to 0; it stays at beta_max.",
         lambda s, w, b: np.where(s > w, 0, b * _capped(s / w))),
    Form("S15", "After the warm-up beta falls back to 0; it stays at beta_max.",
         lambda s, w, b: np.where(s >= w, 0, b * _capped(s / w))),
    Form("S15", "After the warm-up beta is 1; it stays at beta_max.", lambda s, w, b: np.where(s < w, b * s / w, 1)),
    Form("S16", "There is no warm-up: beta is beta_max from the start.", lambda s, w, b: b + 0 * s),
    Form("S16", "beta is the same at every step.", lambda s, w, b: 0 * s),
    Form("S16", "beta is the same at every step.", lambda s, w, b: 1 + 0 * s),
    Form("S19", "The ramp is only half as long as warmup_steps.", lambda s, w, b: b * _capped(2 * s / w)),
    Form("S19", "The ramp is twice as long as warmup_steps.", lambda s, w, b: b * _capped(s / (2 * w))),
    Form("S5", f"{_SHAPE} like a cosine; it is to be linear.", lambda s, w, b: b * (1 - np.cos(np.pi * _capped(s / w))) / 2),
    Form("S5", f"{_SHAPE} like a cosine; it is to be linear.", lambda s, w, b: b * (1 - np.cos(np.pi / 2 * _capped(s / w)))),
    Form("S5", f"{_SHAPE} like a sine; it is to be linear.", lambda s, w, b: b * np.sin(np.pi / 2 * _capped(s / w))),
    Form("S5", f"{_SHAPE} like a smoothstep; it is to be linear.",
         lambda s, w, b: b * _capped(s / w) ** 2 * (3 - 2 * _capped(s / w))),
)  # fmt: skip

# What makes a curve a straight line of t, so that its own constants need not be known.
CURVES: tuple[tuple[str, Callable[[Array], Array], Callable[[Array], Array]], ...] = (
    ("like a power of the step", np.log, np.log),
    ("like a sigmoid", logit, lambda t: t),
    ("like 1 - exp(-t)", lambda v: np.log1p(-v), lambda t: t),
    ("like an exponential", np.log, lambda t: t),
    ("like tanh", np.arctanh, lambda t: t),
)


def _misconceptions(subject: Any, rng: np.random.Generator) -> Iterator[Misconception]:
    """The catalogue, most telling first. What is asked here has no warm-up of 0 steps but where it says so."""
    settings = _settings(rng)[:2]
    asked = [
        (step, warmup, beta_max)
        for warmup, beta_max in settings
        for step in (0, 1, *sorted(rng.integers(2, warmup, 12).tolist()), warmup, warmup + 1, 2 * warmup + 3, 9 * warmup)
    ]
    yield Misconception("S8", "A warm-up of 0 steps divides by zero: then beta is beta_max.", lambda: _zero(subject))
    yield Misconception("S18", "One number is asked for, beta at this step.", lambda: _shape_evidence(subject))
    try:
        got = np.array([_value(subject, *each) for each in asked])
    except (Failure, Broken):
        return
    columns = tuple(np.array(column, float) for column in zip(*asked))
    yield Misconception("S12", "The same arguments give another beta: let it depend on them alone, not on earlier calls.",
                        lambda: _state(subject, asked, got))  # fmt: skip
    for form in FORMS:
        yield Misconception(form.id, form.sentence, lambda form=form: _evidence(got, form.formula(*columns), asked))
    yield Misconception("S9", "With a warm-up of 0 steps beta is beta_max from the first step on.",
                        lambda: _no_warm_up(subject))  # fmt: skip
    yield Misconception("S17", "beta grows in stairs: it grows with every step.", lambda: _stairs(got, asked))
    for sentence, straighten, of in CURVES:
        yield Misconception("S5", f"{_SHAPE} {sentence}; it is to be linear.",
                            lambda straighten=straighten, of=of: _curve(got, asked, straighten, of))  # fmt: skip
    yield Misconception("S20", "The ramp is linear, but starts or ends elsewhere: it goes from 0 to beta_max.",
                        lambda: _other_line(got, asked))  # fmt: skip


def _right(asked: list[tuple[int, int, float]]) -> Array:
    return np.array([linear_warm_up(*each) for each in asked])


def _at(asked: tuple[float, ...], got: float, want: float) -> str:
    return f"beta_schedule{_typed(asked)} is {got:.4g}, it should be {want:.4g}"


def _evidence(got: Array, want: Array, asked: list[tuple[int, int, float]]) -> str | None:
    known = np.isfinite(got) & np.isfinite(want)
    if known.sum() < 0.8 * len(got) or not np.allclose(got[known], want[known], rtol=LOOSE, atol=LOOSE):
        return None
    return _worst(got, asked)


def _worst(got: Array, asked: list[tuple[int, int, float]]) -> str | None:
    right = _right(asked)
    n = int(np.nanargmax(np.abs(got - right)))
    return _at(asked[n], got[n], right[n]) if abs(got[n] - right[n]) > LOOSE else None


def _zero(subject: Any) -> str | None:
    for args in ((0, 0, 0.5), (3, 0, 0.5)):
        try:
            got = _value(subject, *args)
        except Failure as failure:
            divides = failure.type == "ZeroDivisionError" or "zero" in failure.message.lower()
            return f"beta_schedule{_typed(args)}: {failure.message}; it should be 0.5" if divides else None
        if not np.isfinite(got):
            return _at(args, got, 0.5)
    return None


def _no_warm_up(subject: Any) -> str | None:
    for args in ((0, 0, 0.5), (3, 0, 0.5), (0, 0, 4.0), (3, 0, 4.0)):
        got = _value(subject, *args)
        if not np.isclose(got, args[2]):
            return _at(args, got, args[2])
    return None


def _shape_evidence(subject: Any) -> str | None:
    got = subject(3, 10, 0.5)
    if not isinstance(got, tuple) and np.shape(got) == ():
        return None
    count = f"{len(got)} results" if isinstance(got, tuple) else f"an array of shape {np.shape(got)}"
    return f"beta_schedule(3, 10, 0.5) gives {count}, it should be 0.15"


def _state(subject: Any, asked: list[tuple[int, int, float]], got: Array) -> str | None:
    for n in (len(asked) // 4, 3 * len(asked) // 4):
        again = _value(subject, *asked[n])
        if again != got[n]:
            return (f"beta_schedule{_typed(asked[n])} was {got[n]:.4g}, then {again:.4g}; it should be "
                    f"{linear_warm_up(*asked[n]):.4g}")  # fmt: skip
    small, large = (3, 10, 0.5), (10, 10, 1e4)  # an answer that keeps its largest beta shows it now, if not above
    before, _, after = (_value(subject, *each) for each in (small, large, small))
    if before != after:
        return f"beta_schedule{_typed(small)} was {before:.4g}, after a larger one {after:.4g}; it should be 0.15"
    return None


def _stairs(got: Array, asked: list[tuple[int, int, float]]) -> str | None:
    """Few values, rising, and never a step's length away from the ramp."""
    steps, warmup, beta_max = (np.array(column, float) for column in zip(*asked))
    for each in np.unique(warmup):
        here = (warmup == each) & (steps > 1) & (steps < each)
        values, right = got[here], _right(asked)[here]
        if np.any(np.diff(values) < 0) or np.abs(values - right).max() > 0.51 * beta_max[here][0]:
            return None
        if len(np.unique(values)) == len(np.unique(right)):
            return None
    return _worst(got, asked)


def _curve(
    got: Array, asked: list[tuple[int, int, float]], straighten: Callable[[Array], Array], of: Callable[[Array], Array]
) -> str | None:
    """Whether some line explains the straightened values between the ends, for each setting by itself."""
    steps, warmup, beta_max = (np.array(column, float) for column in zip(*asked))
    for each in np.unique(warmup):
        here = (warmup == each) & (steps > 1) & (steps < each)
        y, t = straighten(got[here] / beta_max[here]), of(steps[here] / each)
        known = np.isfinite(y)
        if known.sum() < 5 or np.ptp(y[known]) < LOOSE:  # a constant is no curve
            return None
        if not np.allclose(np.polyval(np.polyfit(t[known], y[known], 1), t[known]), y[known], atol=1e-4):
            return None
    return _worst(got, asked)


def _other_line(got: Array, asked: list[tuple[int, int, float]]) -> str | None:
    return _curve(got, asked, lambda v: v, lambda t: t)

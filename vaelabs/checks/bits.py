"""Bits per dimension of a density on [0, 1]^n, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, as_subject

from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
Asked = tuple[float, int, int]
"""(elbo, n_dims, levels) of one call."""

LOOSE = 1e-5
"""Relative and absolute tolerance: float32 passes."""


def bits_per_dim(elbo: Array, n_dims: int, levels: int = 256) -> Array:
    """-(elbo - n_dims log levels) / (n_dims log 2), of any shape, from nats of a density on [0, 1]^n_dims.

    It bounds the bits per dimension of the integers 0 ... levels - 1 from above when uniform noise has been added to
    them before the division by `levels` (Theis, van den Oord & Bethge 2016, section 3.1).
    """
    return -(np.asarray(elbo, float) - n_dims * np.log(levels)) / (n_dims * np.log(2))


@np.errstate(all="ignore")
def check_bits_per_dim(bits_per_dim: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """Grade `bits_per_dim(elbo, n_dims, levels=256)`: one number for each elbo. 2 points.

    Values 1: sign, size and unit at 256 levels. Levels 0.5: of any number, by position and by name.
    Shape 0.5: that of elbo, no mean.
    """
    subject = as_subject(bits_per_dim, framework)
    rubric = Rubric("bits_per_dim", 2, seed)
    with rubric.award("values", 1, "bits per dimension at 256 levels; the uniform density has 8"):
        _check_values(subject, rubric.rng)
    with rubric.award("levels", 0.5, "the number of levels counts; the uniform density has log2(levels) bits"):
        _check_levels(subject, rubric.rng)
    with rubric.award("shape", 0.5, "one number for each elbo, whatever the shape of elbo"):
        _check_shapes(subject, rubric.rng)
    rubric.diagnose(_misconceptions(subject, rubric.rng))
    return rubric.score()


def _asked(rng: np.random.Generator, levels: int) -> list[Asked]:
    """Three calls: more bits than the uniform density has, fewer, and less than 0, as of a density too high."""
    small, middle = int(rng.integers(2, 9)), int(rng.integers(100, 600))
    nats = -rng.uniform(0.3, 1.5), rng.uniform(0.5, 0.9) * np.log(levels), rng.uniform(1.2, 1.5) * np.log(levels)
    return [(round(each * n_dims, 1), n_dims, levels) for each, n_dims in zip(nats, (small, 784, middle))]


def _value(subject: Any, elbo: float, *args: int, **named: int) -> float:
    """What one elbo gives, in a batch of one: an answer that averages is judged for its shape elsewhere."""
    got = subject(np.array([elbo], np.float32), *args, **named)
    if isinstance(got, tuple) or np.size(got) != 1:
        expect_shape(got, (1,), f"one elbo{_typed((elbo, *args), named)}")
    return float(np.reshape(got, ()))


def _typed(args: tuple[float, ...], named: dict[str, int] | None = None) -> str:
    each = [f"{arg:g}" for arg in args] + [f"{name}={value}" for name, value in (named or {}).items()]
    return f"({', '.join(each)})"


def _expect(subject: Any, elbo: float, *args: int, **named: int) -> None:
    what = f"bits_per_dim{_typed((elbo, *args), named)}"
    expect_close(_value(subject, elbo, *args, **named), bits_per_dim(elbo, *args, **named), what, LOOSE, LOOSE)


def _check_values(subject: Any, rng: np.random.Generator) -> None:
    value = _value(subject, 0.0, 784)
    if not abs(value - 8) <= LOOSE * 8:
        raise Broken(f"the uniform density on 784 pixels has elbo 0 and 8 bits per dimension: yours is {value:.6g}")
    for elbo, n_dims, _ in _asked(rng, 256):
        _expect(subject, elbo, n_dims)


def _check_levels(subject: Any, rng: np.random.Generator) -> None:
    """Few calls: where `levels` is static under jit, each compiles anew."""
    more, fewer, negative = (_asked(rng, levels)[n] for n, levels in enumerate((int(rng.integers(5, 200)), 16, 2)))
    _expect(subject, *more)
    _expect(subject, *fewer[:2], levels=fewer[2])
    _expect(subject, *negative)


def _check_shapes(subject: Any, rng: np.random.Generator) -> None:
    n_dims = int(rng.integers(100, 600))
    for shape in ((5,), (2, 3), ()):
        elbo = (n_dims * rng.uniform(-1, 3, shape)).astype(np.float32)
        got = subject(elbo, n_dims, 256)
        expect_shape(got, shape, f"elbo of shape {shape}")
        # Right in its values or not: the last is that of its own elbo.
        last = float(np.ravel(elbo)[-1])
        expect_close(np.ravel(got)[-1], _value(subject, last, n_dims, 256), "the last elbo, among others and alone",
                     LOOSE, LOOSE)  # fmt: skip


# What goes wrong. A wrong form maps (elbo, n_dims, levels) to its number.


@dataclass(frozen=True)
class Form:
    """A wrong formula of the catalogue."""

    id: str
    sentence: str
    formula: Callable[[Array, Array, Array], Array]


_LOG2 = np.log(2)
_LOSS = "You took elbo for minus the ELBO: higher is better here, and a larger elbo costs fewer bits."
_UNIT = "These are nats: divide by log 2."
_MIXED = "Nats and bits are mixed: elbo and log(levels) are both in nats, and their difference is divided by log 2."
_CUT = "The value is cut off: bits per dimension may be more than log2(levels), and less than 0 for a density too high."

FORMS = (
    Form("D1", "The sign is wrong: these are minus the bits per dimension.", lambda e, n, k: -bits_per_dim(e, n, k)),
    Form("D2", "log(levels) has the wrong sign: each level is 1 / levels wide, which costs log2(levels) bits.",
         lambda e, n, k: -(e + n * np.log(k)) / (n * _LOG2)),
    Form("D3", _LOSS, lambda e, n, k: bits_per_dim(-e, n, k)),
    Form("D4", _UNIT, lambda e, n, k: bits_per_dim(e, n, k) * _LOG2),
    Form("D4", "Multiplied by log 2: from nats to bits one divides by it.",
         lambda e, n, k: bits_per_dim(e, n, k) * _LOG2**2),
    Form("D5", "These are decimal digits: divide by log 2, not by log 10.",
         lambda e, n, k: bits_per_dim(e, n, k) * _LOG2 / np.log(10)),
    Form("D6", "These are the bits of a whole example: divide by n_dims.", lambda e, n, k: bits_per_dim(e, n, k) * n),
    Form("D7", "The levels are missing: a density on [0, 1] says nothing of how finely the values are told apart.",
         lambda e, n, k: -e / (n * _LOG2)),
    Form("D8", "Each of the n_dims values has its levels: the term is n_dims * log(levels).",
         lambda e, n, k: -(e - np.log(k)) / (n * _LOG2)),
    Form("D9", _MIXED, lambda e, n, k: -(e - n * np.log2(k)) / (n * _LOG2)),
    Form("D9", _MIXED, lambda e, n, k: -e / n + np.log2(k)),
    Form("D9", _MIXED, lambda e, n, k: -e / (n * _LOG2) + np.log(k)),
    Form("D10", "There are `levels` levels, 0 to levels - 1, and each is 1 / levels wide: not levels - 1.",
         lambda e, n, k: bits_per_dim(e, n, k - 1)),
    Form("D11", "The argument levels has no influence: 256 is only its default.",
         lambda e, n, k: bits_per_dim(e, n, 256 + 0 * k)),
    Form("D11", "The argument n_dims has no influence: 784 is the size of one data set only.",
         lambda e, n, k: bits_per_dim(e, 784 + 0 * n, k)),
    Form("D13", _CUT, lambda e, n, k: np.maximum(bits_per_dim(e, n, k), 0)),
    Form("D13", _CUT, lambda e, n, k: np.abs(bits_per_dim(e, n, k))),
    Form("D13", _CUT, lambda e, n, k: np.minimum(bits_per_dim(e, n, k), np.log2(k))),
    Form("D13", _CUT, lambda e, n, k: np.clip(bits_per_dim(e, n, k), 0, np.log2(k))),
    Form("D14", "The fraction is lost: no // and no int.", lambda e, n, k: np.floor(bits_per_dim(e, n, k))),
    Form("D14", "The fraction is lost: no // and no int.", lambda e, n, k: np.trunc(bits_per_dim(e, n, k))),
)  # fmt: skip

REDUCTIONS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("One number for all, averaged: return one for each elbo.", lambda bits: bits.mean()),
    ("One number for all, added up: return one for each elbo.", lambda bits: bits.sum()),
    ("Averaged over the last axis: return one for each elbo.", lambda bits: bits.mean(-1)),
    ("Averaged over the first axis: return one for each elbo.", lambda bits: bits.mean(0)),
)


def _misconceptions(subject: Any, rng: np.random.Generator) -> Iterator[Misconception]:
    """The catalogue, most telling first; nothing when the answer gives no numbers to compare."""
    asked = [each for levels in (256, 32, 3) for each in _asked(rng, levels)]
    try:
        got = np.array([_value(subject, *each) for each in asked])
    except (Failure, Broken):
        return
    columns = tuple(np.array(column, float) for column in zip(*asked))
    for form in FORMS:
        yield Misconception(form.id, form.sentence, lambda form=form: _evidence(got, form.formula(*columns), asked))
    for sentence, reduce in REDUCTIONS:
        yield Misconception("D12", sentence, lambda reduce=reduce: _reduction_evidence(subject, reduce))
    yield Misconception("D14", "Rounded: return all digits.", lambda: _rounded_evidence(got, asked))
    yield Misconception("D15", "A coefficient is wrong: it is log2(levels) - elbo / (n_dims log 2).",
                        lambda: _coefficient_evidence(got, columns))  # fmt: skip


def _evidence(got: Array, want: Array, asked: list[Asked]) -> str | None:
    if not np.allclose(got, want, rtol=LOOSE, atol=LOOSE):
        return None
    return _worst(got, asked)


def _worst(got: Array, asked: list[Asked]) -> str | None:
    right = np.array([bits_per_dim(*each) for each in asked])
    n = int(np.argmax(np.abs(got - right)))
    if np.allclose(got, right, rtol=LOOSE, atol=LOOSE):
        return None
    return f"bits_per_dim{_typed(asked[n])} is {got[n]:.4g}, it should be {right[n]:.4g}"


def _reduction_evidence(subject: Any, reduce: Callable[[Array], Array]) -> str | None:
    elbo = np.array([[-300.0, 100.0, 650.0], [20.0, -40.0, 410.0]], np.float32)
    got, want = subject(elbo, 200, 256), reduce(bits_per_dim(elbo, 200))
    if np.shape(got) != np.shape(want) or not np.allclose(got, want, rtol=LOOSE, atol=LOOSE):
        return None
    return f"elbo of shape {elbo.shape} gives a result of shape {np.shape(got)}"


def _rounded_evidence(got: Array, asked: list[Asked]) -> str | None:
    right = np.array([bits_per_dim(*each) for each in asked])
    for digits in range(4):
        if np.allclose(got, right.round(digits), rtol=1e-7, atol=1e-6):
            return _worst(got, asked)
    return None


def _coefficient_evidence(got: Array, columns: tuple[Array, Array, Array]) -> str | None:
    """Whatever is a combination of the right terms is named by its coefficients."""
    elbo, n_dims, levels = columns
    terms = {"elbo / (n_dims log 2)": elbo / (n_dims * _LOG2), "log2(levels)": np.log2(levels), "1": np.ones_like(elbo)}
    design = np.stack(list(terms.values()), 1)
    found = np.linalg.lstsq(design, got, rcond=None)[0]
    if not np.allclose(design @ found, got, rtol=LOOSE, atol=LOOSE):
        return None
    wrong = [
        f"{name} has the factor {have:.3g}, not {want:g}"
        for name, have, want in zip(terms, found, (-1, 1, 0))
        if abs(have - want) > 1e-3
    ]
    return ", ".join(wrong) or None

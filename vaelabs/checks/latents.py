"""What single latents do: which of them the encoder uses, and what the decoder makes of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from vaelabs.subjects import Failure, Net, as_subject

from .bounds import agrees, number
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
THRESHOLD = 1e-2
"""The default of `active_units`."""
APART = 4.0
"""No variance is within this factor of its threshold: the sample's and the population's variance are both right."""
IMAGES, LATENTS = 300, 200
"""Of the probes by which wrong counts are told apart."""
PIXELS = 784
"""An answer may rely on it: the signature says so."""


# --- active_units -------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_active_units(active_units: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """`active_units(mu, threshold=1e-2) -> int`: how many columns of mu (N, D) have a larger variance. 2 points.

    The variance is over the N images, of the sample or of the population. In float32 the means stay below 10, since
    the mean square less the squared mean loses its digits further out; in float64 they go to 1000.
    Source: Burda, Grosse, Salakhutdinov (2016), section 5.2.
    """
    subject, rubric = as_subject(active_units, framework), Rubric("active_units", 2, seed)
    rng = rubric.rng

    with rubric.award("count", 1, "it counts the latents above the threshold, 0.01 by default"):
        for probe in _easy_probes(rng):
            _expect_count(subject, probe)

    with rubric.award("variance over the data", 1, "what is compared is the variance of mu over the images"):
        for probe in _probes(rng):
            _expect_count(subject, probe)

    rubric.diagnose(_unit_misconceptions(subject, rng))
    return rubric.score()


@dataclass(frozen=True)
class Probe:
    """A mu (N, D), and a threshold or None for the default."""

    mu: Array
    threshold: float | None = None

    @property
    def level(self) -> float:
        return THRESHOLD if self.threshold is None else self.threshold

    def count(self) -> int:
        return int((self.mu.astype(float).var(0) > self.level).sum())


def _columns(rng: np.random.Generator, images: int, variances: Array, means: Array | float = 0.0) -> Array:
    """Columns with exactly these variances (of the population) and means, in any order."""
    raw = rng.normal(size=(images, len(variances)))
    raw = (raw - raw.mean(0)) / raw.std(0)
    return rng.permutation(raw * np.sqrt(variances) + means, axis=1)


def _easy_probes(rng: np.random.Generator) -> Iterator[Probe]:
    """Means 0, variances so far from the threshold that a standard deviation would do: only the count is at stake."""
    for images, active, inactive in ((60, 3, 2), (40, 0, 4), (50, 5, 0), (30, 1, 0), (8, 2, 7)):
        variances = np.append(rng.uniform(0.5, 4, active), rng.uniform(0.2e-6, 2e-6, inactive))
        yield Probe(_columns(rng, images, variances))
    variances = np.array([2e-6, 1e-6, 0.05, 0.1, 9.0, 16.0, 30.0])
    for threshold in (0.5, 2.0, 1e-2):
        yield Probe(_columns(rng, 50, variances), threshold)
    yield Probe(_columns(rng, 10_000, rng.uniform(0.5, 4, 4)))


def _probes(rng: np.random.Generator) -> Iterator[Probe]:
    """Where other measures of size fail: means far from 0, small variances of large standard deviation."""
    for images, active, inactive in ((40, 3, 4), (25, 1, 6), (70, 6, 1)):
        means = rng.uniform(1, 5, active + inactive) * rng.choice([-1, 1], active + inactive)
        variances = _variances(rng, active, inactive, THRESHOLD)
        yield Probe(_columns(rng, images, variances, means))
        yield Probe(_columns(rng, images, variances, 0.0))
        yield Probe(_columns(rng, images, variances, means).astype(np.float32))
        yield Probe(_columns(rng, images, variances, 1000.0))
    constant = np.tile(np.array([3.0, -2.0, 0.5, 0.0]), (20, 1))
    yield Probe(constant)
    late = np.append(np.zeros((900, 3)), _columns(rng, 300, rng.uniform(1, 4, 3)), axis=0)
    # The first images alone will not do.
    yield Probe(np.column_stack([late, _columns(rng, 1200, rng.uniform(1e-6, 1e-5, 2))]))
    for threshold in (0.1, 1e-4, 4.0):
        variances = _variances(rng, 2, 4, threshold)
        yield Probe(_columns(rng, 30, variances, rng.uniform(-3, 3, 6)), threshold)


def _variances(rng: np.random.Generator, active: int, inactive: int, threshold: float) -> Array:
    """Some below the square of the standard deviation that the threshold would be, none near the threshold."""
    above = threshold * APART * np.exp(rng.uniform(0, 3, active))
    return np.append(above, threshold / APART * np.exp(-rng.uniform(0, 2, inactive)))


def _ask(subject: Any, probe: Probe) -> Any:
    if probe.threshold is None:
        return subject(probe.mu)
    try:
        return subject(probe.mu, probe.threshold)
    except Failure as failure:
        if failure.type != "TypeError":
            raise
    return subject(probe.mu, threshold=probe.threshold)


def _expect_count(subject: Any, probe: Probe) -> None:
    images, latents = probe.mu.shape
    of = f"of {latents} latents over {images} images with threshold {probe.level:g}"
    got = _ask(subject, probe)
    expect_shape(got, (), f"the number {of}")
    if got != probe.count():
        variances = np.sort(probe.mu.astype(float).var(0))
        raise Broken(f"the number of active units {of}: got {float(got):g}, expected {probe.count()} "
                     f"(the variances are {', '.join(f'{each:.2g}' for each in variances[:10])})")  # fmt: skip
    if 0 in subject.mutated:
        raise Broken("mu has other numbers after the call: compute new tensors")


# A wrong measure maps mu (N, D) and the threshold to what the answer returns.


def _above(measure: Callable[[Array], Array]) -> Callable[[Array, float], Any]:
    return lambda mu, level: (measure(mu) > level).sum()


_MEAN_SIZE = "That is the size of mu, not its variance: a latent of mu = 3 for all images says nothing about them."

UNIT_FORMS: tuple[tuple[str, str, Callable[[Array, float], Any]], ...] = (
    ("A2", "That is the standard deviation: the threshold is one for the variance.", _above(lambda mu: mu.std(0))),
    ("A3", _MEAN_SIZE, _above(lambda mu: np.abs(mu).mean(0))),
    ("A3", _MEAN_SIZE, _above(lambda mu: (mu**2).mean(0))),
    ("A3", _MEAN_SIZE, _above(lambda mu: np.abs(mu.mean(0)))),
    ("A3", _MEAN_SIZE, _above(lambda mu: mu.mean(0))),
    ("A3", _MEAN_SIZE, _above(lambda mu: np.abs(mu).max(0))),
    ("A3", _MEAN_SIZE, _above(lambda mu: np.sqrt((mu**2).mean(0)))),
    ("A3", _MEAN_SIZE, _above(lambda mu: (mu**2).sum(0))),
    ("A3", _MEAN_SIZE, _above(lambda mu: mu.mean(0) ** 2)),
    ("A4", "The variance is over the images, the first axis of mu (N, D), for each latent.",
     _above(lambda mu: mu.var(1))),
    ("A4", "The variance is over the images, the first axis of mu (N, D), for each latent.",
     _above(lambda mu: mu.var(1) * mu.shape[1] / (mu.shape[1] - 1))),
    ("A5", "That is the share of active units; return their number.", lambda mu, level: (mu.var(0) > level).mean()),
    ("A6", "You counted the inactive units: active is a variance above the threshold.",
     lambda mu, level: (mu.var(0) <= level).sum()),
    ("A7", "Return the number of active units, not which ones they are.", lambda mu, level: (mu.var(0) > level) * 1),
    ("A7", "Return the number of active units, not which ones they are.",
     lambda mu, level: np.flatnonzero(mu.var(0) > level)),
    ("A7", "Return the number of active units, not which ones they are.",
     lambda mu, level: np.argwhere(mu.var(0) > level)),
    ("A7", "Return the number of active units, not their variances.", lambda mu, level: mu.var(0)),
    ("A8", "The argument threshold is not used.", lambda mu, level: (mu.var(0) > THRESHOLD).sum()),
    ("A9", "That is the range of mu, not its variance.", _above(lambda mu: np.ptp(mu, 0))),
    ("A9", "That is a mean distance from the mean, not the variance: square it.",
     _above(lambda mu: np.abs(mu - mu.mean(0)).mean(0))),
    ("A10", "The squared distances are added up over the images; the variance is their mean.",
     _above(lambda mu: mu.var(0) * len(mu))),
    ("A11", "One variance for all of mu: there is one for each latent.", lambda mu, level: (mu.var() > level).sum()),
    ("A11", "One variance for all of mu: there is one for each latent.",
     lambda mu, level: (mu.var(0) > level).any() * 1),
    ("A11", "One variance for all of mu: there is one for each latent.",
     lambda mu, level: mu.shape[1] * (mu.var() > level)),
    ("A12", "The distances are from the mean of all latents; each latent has a mean of its own.",
     _above(lambda mu: ((mu - mu.mean()) ** 2).mean(0))),
    ("A12", "The distances are from each image's mean over latents; each latent has a mean over the images.",
     _above(lambda mu: ((mu - mu.mean(1, keepdims=True)) ** 2).mean(0))),
    ("A13", "The threshold is for the variance itself: no square, no root.",
     lambda mu, level: (mu.var(0) > level**0.5).sum()),
    ("A13", "The threshold is for the variance itself: no square, no root.",
     lambda mu, level: (mu.var(0) ** 2 > level).sum()),
    ("A14", "The variance itself is compared, not its share of another.",
     _above(lambda mu: mu.var(0) / mu.var(0).sum())),
    ("A14", "The variance itself is compared, not its share of another.",
     _above(lambda mu: mu.var(0) / mu.var(0).max())),
    ("A14", "The variance itself is compared, not its share of another.",
     _above(lambda mu: mu.var(0) / mu.var(0).mean())),
    ("A15", "mu is no log-variance: no exponential.", _above(lambda mu: np.exp(mu).mean(0))),
    ("A15", "mu is no log-variance: no exponential.", _above(lambda mu: np.exp(mu).var(0))),
    ("A16", "You counted numbers of mu; count latents.", lambda mu, level: (np.abs(mu) > level).sum()),
    ("A16", "You counted numbers of mu; count latents.", lambda mu, level: (mu > level).sum()),
    ("A16", "You counted numbers of mu; count latents.", lambda mu, level: ((mu - mu.mean(0)) ** 2 > level).sum()),
    ("A17", "That is the sum of the variances; count those above the threshold.", lambda mu, level: mu.var(0).sum()),
    ("A17", "That is the sum of the variances above the threshold; count them.",
     lambda mu, level: mu.var(0)[mu.var(0) > level].sum()),
    ("A19", "mu was scaled to variance 1 first, and every latent looks active; use mu as it is.",
     lambda mu, level: mu.shape[1] * (level < 1)),
    ("A11", "Every latent is counted, whatever its variance.", lambda mu, level: mu.shape[1]),
)  # fmt: skip


def _telling(rng: np.random.Generator) -> list[Probe]:
    """So many latents, of all variances, that every measure of size counts a number of its own."""

    def probe(threshold: float | None, means: Array | float) -> Probe:
        variances = np.exp(rng.uniform(np.log(1e-5), np.log(1e2), LATENTS))
        close = np.abs(np.log(variances / (threshold or THRESHOLD))) < 0.02
        return Probe(_columns(rng, IMAGES, variances * np.where(close, 1.1, 1.0), means), threshold)

    means = 2 + rng.normal(size=LATENTS) * np.exp(rng.uniform(-6, 1, LATENTS))
    return [probe(None, 0.0), probe(None, means), *(probe(threshold, means) for threshold in (0.3, 1.0, 5.0, 1e-3))]


def _unit_misconceptions(subject: Any, rng: np.random.Generator) -> Iterator[Misconception]:
    probes = _telling(rng)
    try:
        got = [_ask(subject, probe) for probe in probes]
    except Failure as failure:
        if "bool" in failure.message:
            message = failure.message
            yield Misconception("A7", "Return the number of active units: True and False are to be counted.",
                                lambda: message)  # fmt: skip
            return
        probes, got = probes[:2], [_ask(subject, probe) for probe in probes[:2]]

    def noisy() -> str | None:
        for probe, first in [*zip(probes, got)] * 4:  # two counts of noise may agree by chance
            again = _ask(subject, probe)
            if np.shape(first) == np.shape(again) == () and first != again:
                return f"calls with the same mu gave {number(first)} and {number(again)}"
        return None

    def follows(found: Any, want: Array) -> bool:
        """Counts of so many may differ by one, of the sample's variance or the population's; numbers by a percent."""
        if np.shape(found) != want.shape:
            return False
        if want.ndim:
            return agrees(np.asarray(found, float), want, 1e-2)
        close = 1.0 if want == np.round(want) else 2e-2 * abs(want)
        return bool(abs(found - want) <= close)

    def form(formula: Callable[[Array, float], Any]) -> Callable[[], str | None]:
        def recognise() -> str | None:
            differs = None
            for probe, found in zip(probes, got):
                want = np.asarray(formula(probe.mu, probe.level), float)
                if not follows(found, want):
                    return None
                if want.ndim or abs(want - probe.count()) > 2:
                    differs = differs or (probe, found)
            if differs is None:
                return None
            probe, found = differs
            yours = number(found) if np.ndim(found) == 0 else f"of shape {np.shape(found)}"
            return (f"for mu of shape {probe.mu.shape} and threshold {probe.level:g} yours is {yours}, "
                    f"it is {probe.count()}")  # fmt: skip

        return recognise

    def changed() -> str | None:
        return "mu has other numbers after the call" if 0 in subject.mutated else None

    yield Misconception("A1", "Noise makes every unit look active; use the variance of mu over data.", noisy)
    for id, sentence, formula in UNIT_FORMS:
        yield Misconception(id, sentence, form(formula))
    yield Misconception("A18", "mu is changed in place: compute new tensors.", changed)


# --- latent_traversal ---------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_latent_traversal(latent_traversal: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """`latent_traversal(decode, z, dim, values) -> (len(values), 784)`: probabilities along one latent. 2 points.

    `decode(z)` maps (..., D) to logits (..., 784); z is (D,), values (n,). Row i is for z with z[dim] = values[i].
    What is done to the logits costs the second point only, which latent is varied the first only.
    """
    subject, rubric = as_subject(latent_traversal, framework), Rubric("latent_traversal", 2, seed)
    rng = rubric.rng

    with rubric.award("one coordinate", 1, "z[dim] takes each value in turn, and nothing else changes"):
        for latent, dims, count in ((4, (0, 1, 2, 3), 5), (1, (0,), 3), (3, (1, 2), 1)):
            walk = _walk(rng, latent, count)
            for dim in dims:
                _expect_walk(subject, walk, dim)
        if subject.mutated & {1, 3}:
            changed = "z" if 1 in subject.mutated else "values"
            raise Broken(f"{changed} has other numbers after the call: work on a copy")

    with rubric.award("probabilities", 1, "the rows are the probabilities of the pixels, sigmoid of the logits"):
        for size in (3.0, 1000.0):
            logits = size * rng.uniform(-1, 1, PIXELS)
            walk = Walk(Net(((np.zeros((PIXELS, 4)), logits),)), rng.normal(size=4), rng.normal(size=6))
            got = subject(walk.decode, walk.z, 2, walk.values)
            want = np.tile(expit(logits), (6, 1))
            expect_close(got, want, "with a decoder that ignores z, the probability of a pixel", LOOSE, LOOSE)

    rubric.diagnose(_walk_misconceptions(subject, rng))
    return rubric.score()


@dataclass(frozen=True)
class Walk:
    """A decoder, a z to start from, and the values of one of its coordinates."""

    decode: Net
    z: Array
    values: Array

    def places(self, dim: int) -> Array:
        """z with coordinate `dim` at each value: (n, D)."""
        places = np.tile(self.z, (len(self.values), 1))
        places[:, dim] = self.values
        return places


def _walk(rng: np.random.Generator, latent: int, count: int) -> Walk:
    """Values in no order and away from z, a decoder in which every coordinate shows."""
    values = rng.permutation(np.linspace(-3, 2.5, count)) + rng.uniform(-0.3, 0.3, count)
    z = rng.uniform(0.5, 1.5, latent) * rng.choice([-1, 1], latent)
    return Walk(Net.random(rng, [latent, 8, PIXELS], scale=1.5), z, values)


def _min_max(logits: Array) -> Array:
    return (logits - logits.min()) / (logits.max() - logits.min())


_LOGITS = "These are logits; a probability is sigmoid of a logit."
_TRANSFORMS: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
    ("T1", _LOGITS, lambda logits: logits),
    ("T2", "sigmoid is applied twice: all probabilities lie between 0.5 and 0.73.",
     lambda logits: expit(expit(logits))),
    ("T6", "The probabilities are rounded to 0 and 1: return them as they are.", lambda logits: (logits > 0) * 1.0),
    ("T10", "softmax makes the pixels of an image compete; each pixel has its own probability, sigmoid of its logit.",
     lambda logits: softmax(logits, -1)),
    ("T10", "softmax over the rows; each pixel has a probability of its own, sigmoid of its logit.",
     lambda logits: softmax(logits, 0)),
    ("T18", "The logits are squeezed into [0, 1] by another function; a probability is sigmoid of a logit.",
     lambda logits: np.clip(logits, 0, 1)),
    ("T18", "The logits are squeezed into [0, 1] by another function; a probability is sigmoid of a logit.", _min_max),
    ("T18", "tanh is not a probability; sigmoid of a logit is.", np.tanh),
    ("T18", "tanh is not a probability; sigmoid of a logit is.", lambda logits: (np.tanh(logits) + 1) / 2),
    ("T18", "exp of a logit is not a probability; sigmoid is.", np.exp),
    ("T18", "These are logarithms of probabilities.", lambda logits: -np.logaddexp(0, -logits)),
    ("T18", "Sign: this is the probability of a black pixel, 1 - sigmoid(logit).", lambda logits: expit(-logits)),
    ("T18", "Grey values from 0 to 255; return the probabilities themselves.", lambda logits: 255 * expit(logits)),
)  # fmt: skip


def _expect_walk(subject: Any, walk: Walk, dim: int) -> None:
    """Whatever function of the logits is returned: that is judged by the other property."""
    got = subject(walk.decode, walk.z, dim, walk.values)
    count, latent = len(walk.values), len(walk.z)
    expect_shape(got, (count, PIXELS), f"{count} value{'s' * (count > 1)} along coordinate {dim} of {latent}")
    logits = walk.decode(walk.places(dim))
    if not any(agrees(got, transform(logits), LOOSE) for _, _, transform in _TRANSFORMS):
        what = f"coordinate {dim} of {latent} at {walk.values[0]:.3g}, ...: a pixel"
        expect_close(got, expit(logits), what, LOOSE, LOOSE)


def _walk_misconceptions(subject: Any, rng: np.random.Generator) -> Iterator[Misconception]:
    walk, dim = _walk(rng, 4, 5), 1
    try:
        got = subject(walk.decode, walk.z, dim, walk.values)
    except Failure:
        return
    right = walk.decode(walk.places(dim))
    want = expit(right)

    def shown(got: Any) -> str:
        return f"row 0, pixel 0 is {number(got)}, it is {number(want)}"

    def of_shape(*shapes: tuple[int, ...]) -> Callable[[], str | None]:
        def recognise() -> str | None:
            shape = (len(got),) if isinstance(got, tuple) else np.shape(got)
            return f"5 values give shape {shape}, not (5, 784)" if shape in shapes else None

        return recognise

    def transformed(transform: Callable[[Array], Array]) -> Callable[[], str | None]:
        return lambda: shown(got) if agrees(got, transform(right)) else None

    def at(*wrong: Array) -> Callable[[], str | None]:
        """Another walk, with any function of the logits."""

        def recognise() -> str | None:
            for places in wrong:
                logits = walk.decode(places)
                if not agrees(logits, right) and any(
                    agrees(got, transform(logits)) for transform in (expit, *(each[2] for each in _TRANSFORMS))
                ):
                    return shown(got)
            return None

        return recognise

    def rows_of(*wrong: Array) -> Callable[[], str | None]:
        return lambda: shown(got) if any(agrees(got, each) for each in wrong) else None

    def moved(change: Callable[[Array, Array], None]) -> Array:
        """z repeated, then changed by `change(places, values)`."""
        places = np.tile(walk.z, (5, 1))
        change(places, walk.values)
        return places

    def assign(column: int, factor: float = 1.0) -> Callable[[Array, Array], None]:
        def change(places: Array, values: Array) -> None:
            places[:, column] = factor * values

        return change

    def sampled() -> str | None:
        again = subject(walk.decode, walk.z, dim, walk.values)
        if agrees(got, again) or not np.isin(got, (0.0, 1.0)).all():
            return None
        # Each pixel's own law: 0 or 1 with the probability wanted.
        off = abs((got - want).sum()) / np.sqrt((want * (1 - want)).sum())
        return f"all numbers are 0 or 1, and two calls differ; {shown(got)}" if off < 6 else None

    def changes() -> str | None:
        again = subject(walk.decode, walk.z, dim, walk.values)
        return f"two calls gave {number(got)} and {number(again)}" if not agrees(got, again) else None

    def mutated() -> str | None:
        found = [name for n, name in ((1, "z"), (3, "values")) if n in subject.mutated]
        return f"after the call {' and '.join(found)} had other numbers" if found else None

    def later() -> str | None:
        """Right for some dim, wrong for others."""
        for other in (0, 2, 3):
            found = subject(walk.decode, walk.z, other, walk.values)
            if not agrees(found, expit(walk.decode(walk.places(other)))) and agrees(got, want):
                return f"with dim = {other} row 0, pixel 0 is {number(found)}"
        return None

    n = len(walk.z)
    yield Misconception("T8", "One row for each value: (len(values), 784); yours is transposed.", of_shape((PIXELS, 5)))
    yield Misconception("T14", "Return rows of 784 pixels; the figure gives them the shape of an image.",
                        of_shape((5, 28, 28), (5, 1, 28, 28), (28, 28), (28, 140), (140, 28)))  # fmt: skip
    yield Misconception("T15", "One tensor of shape (len(values), 784) is asked for, no list of rows: use torch.stack.",
                        lambda: "yours is a list or a tuple" if isinstance(got, tuple) else None)  # fmt: skip
    yield Misconception("T16", "One row for each value; yours has one in all.", of_shape((PIXELS,), (1, PIXELS)))
    yield Misconception("T8", "One row for each value: (len(values), 784), with no further axis.",
                        of_shape((5, 1, PIXELS), (1, 5, PIXELS)))  # fmt: skip
    yield Misconception("T8", "One row for each value; yours has one for each latent.", of_shape((n, PIXELS)))
    for id, sentence, transform in _TRANSFORMS:
        yield Misconception(id, sentence, transformed(transform))
    yield Misconception("T7", "That is a draw of pixels; return their probabilities.", sampled)
    yield Misconception("T3", "The value is added to z[dim]; set z[dim] to it.",
                        at(moved(lambda places, values: places.__setitem__(
                            (slice(None), dim), walk.z[dim] + values))))  # fmt: skip
    yield Misconception("T17", "z[dim] is multiplied by the value; set z[dim] to it.",
                        at(moved(assign(dim, walk.z[dim]))))  # fmt: skip
    yield Misconception("T4", "All coordinates take the value; only z[dim] may.",
                        at(np.tile(walk.values[:, None], (1, n))))  # fmt: skip
    yield Misconception("T4", "The value is added to all coordinates; only z[dim] may change.",
                        at(walk.z + walk.values[:, None]))  # fmt: skip
    zeros = np.zeros((5, n))
    zeros[:, dim] = walk.values
    yield Misconception("T9", "The other coordinates are set to 0; they keep their values in z.", at(zeros))
    yield Misconception("T9", "The other coordinates are set to 1; they keep their values in z.",
                        at(zeros + (np.arange(n) != dim)))  # fmt: skip
    others = [assign(column) for column in range(n) if column != dim]
    yield Misconception("T11", "Another coordinate is varied: dim counts from 0.",
                        at(*(moved(each) for each in others)))  # fmt: skip
    ordered = np.sort(walk.values)
    reorderings = (ordered, ordered[::-1], walk.values[::-1], np.linspace(ordered[0], ordered[-1], 5),
                   np.linspace(walk.values[0], walk.values[-1], 5), np.linspace(-3, 3, 5), np.linspace(-2, 2, 5),
                   np.arange(5.0), np.linspace(-1, 1, 5))  # fmt: skip
    yield Misconception("T12", "Row i is for values[i]: take the values you are given, in their order.",
                        at(*(moved(lambda places, _, new=new: places.__setitem__((slice(None), dim), new))
                             for new in reorderings)))  # fmt: skip
    steps = np.cumsum(walk.values)
    yield Misconception("T13", "Each row goes on from the one before it; every row starts from z.",
                        at(*(moved(lambda places, _, new=new: places.__setitem__((slice(None), dim), new))
                             for new in (steps, walk.z[dim] + steps))))  # fmt: skip
    yield Misconception("T19", "All rows are alike: the values do not reach the decoder.", at(
        np.tile(walk.z, (5, 1)), *(np.tile(walk.places(dim)[m], (5, 1)) for m in (0, -1))))  # fmt: skip
    yield Misconception("T20", "The value is written to a row, not to a column: z[dim] is column dim of (n, D).", at(
        *_rows_assigned(walk, dim)))  # fmt: skip
    yield Misconception("T21", "The reconstruction of z is added or subtracted: return the probabilities of each row.",
                        rows_of(want - expit(walk.decode(walk.z)), want + expit(walk.decode(walk.z))))  # fmt: skip
    yield Misconception("T22", "Noise was added: a traversal has nothing random.", changes)
    yield Misconception("T11", "Another coordinate is varied: dim is the one you are given.", later)
    yield Misconception("T5", "z is changed in place: work on a copy, `z.clone()` or `z.repeat(n, 1)`.", mutated)


def _rows_assigned(walk: Walk, dim: int) -> Iterator[Array]:
    """`places[dim] = values[i]`, for one value after the other or all."""
    count = len(walk.values)
    for value in (walk.values[0], walk.values[-1], walk.values[min(dim, count - 1)]):
        places = np.tile(walk.z, (count, 1))
        places[dim] = value
        yield places
    diagonal = np.tile(walk.z, (count, 1))
    diagonal[np.arange(min(diagonal.shape)), np.arange(min(diagonal.shape))] = walk.values[: min(diagonal.shape)]
    yield diagonal

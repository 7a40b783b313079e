"""Binary pixels drawn from grey values, and what goes wrong with it.

Only laws are compared, never numbers drawn: every way to draw a Bernoulli variable is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from vaelabs.subjects import Failure, Seed, as_subject

from .kl import expect_empty, expect_untouched
from .reparameterization import P_LIMIT, dependence
from .rubric import Broken, Misconception, Rubric, Score, expect_shape

Array = np.ndarray

ROWS = 4000
"""Draws of each grey level in one call."""
LEVELS = 40
"""Grey levels side by side: the lowest and the highest are 0.02 from 0 and 1."""

SHAPES = ((7, 12), (1, 12), (5, 1), (9,), (3, 4, 6), (2, 1, 6, 6))


@np.errstate(all="ignore")
def check_binarize(binarize: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """Grade `binarize(x, generator=None)`: grey values in [0, 1], any shape, to zeros and ones of that shape. 2 points.

    Each pixel is 1 with probability x, drawn afresh at each call ("dynamic binarisation": Burda et al. 2016,
    section 5; Salakhutdinov & Murray 2008). Values 1: zeros and ones in the shape and dtype of x, 0 and 1 kept;
    noise law 1: probabilities, independence, freshness, and the generator given is the one that is used.
    """
    subject = as_subject(binarize, framework)
    rubric = Rubric("binarize", 2, seed)
    with rubric.award("values", 1, "zeros and ones in the shape and dtype of x; 0 stays 0 and ink, 1, stays 1"):
        _check_values(subject, rubric)
    with rubric.award("noise law", 1, "each pixel is 1 with probability x, drawn afresh and on its own"):
        _check_draws(subject, rubric)
        _check_freshness(subject, rubric)
    rubric.diagnose(_misconceptions(subject, rubric))
    return rubric.score()


def _draw(subject: Any, x: Array, seed: int, generator: int | None = None) -> Array:
    """One draw, of the shape of x; the framework's own generator starts from `seed`."""
    subject.seed(seed)
    if generator is None:
        got = subject(x)
    else:
        try:
            got = subject(x, Seed(generator))
        except Failure as failure:
            if failure.type != "TypeError":
                raise
            subject.seed(seed)
            got = subject(x, generator=Seed(generator))
    expect_shape(got, x.shape, f"x of shape {x.shape}")
    return got


def _check_values(subject: Any, rubric: Rubric) -> None:
    for precision in (np.float32, np.float64):
        for shape in SHAPES:
            x = rubric.rng.uniform(0, 1, shape).astype(precision)
            got = _draw(subject, x, rubric.fresh_seed())
            odd = got[(got != 0) & (got != 1)]
            if odd.size:
                raise Broken(f"the result holds {odd.flat[0]:.4g}: every pixel is 0 or 1")
            if got.dtype != precision:
                raise Broken(f"x is {x.dtype}, the result is {got.dtype}: keep the dtype of x")
        sure = rubric.rng.integers(0, 2, (50, 28)).astype(precision)
        got = _draw(subject, sure, rubric.fresh_seed())
        for value in (0, 1):
            moved = np.mean(got[sure == value] != value)
            if moved:
                raise Broken(f"{100 * moved:.3g} % of the pixels of x = {value} became {1 - value}: they stay {value}")
    expect_empty(subject, (np.zeros((0, 12), np.float32),), (0, 12))
    expect_untouched(subject, ("x",))


def _check_draws(subject: Any, rubric: Rubric) -> None:
    """With and without a generator: probabilities of many levels, independence of rows and of pixels."""
    for generator in (None, rubric.fresh_seed()):
        x = _levels(rubric.rng)
        got = _draw(subject, x, rubric.fresh_seed(), generator)
        if not np.isin(got, (0, 1)).all():
            raise Broken("the draws are no zeros and ones")
        _expect_probabilities(got, x[0])
        e = (got - x) / np.sqrt(x * (1 - x))
        if found := dependence(e, ("images", "pixels")):
            raise Broken(f"the draws of different {found[0]} are {found[1]}: each pixel of each image needs its own")


def _levels(rng: np.random.Generator) -> Array:
    """(ROWS, LEVELS): the same grey levels in each row, in random order from pixel to pixel."""
    return np.tile(rng.permutation(np.linspace(0.02, 0.98, LEVELS)), (ROWS, 1))


def _expect_probabilities(got: Array, levels: Array) -> None:
    ones = got.sum(0)
    tails = np.minimum(special.bdtr(ones, ROWS, levels), special.bdtrc(ones - 1, ROWS, levels))
    # None at all has no upper tail to speak of; bdtrc is not defined there.
    tails = np.where(ones == 0, special.bdtr(0, ROWS, levels), tails)
    n = int(np.argmin(tails))
    if tails[n] < P_LIMIT:
        raise Broken(f"a grey level of {levels[n]:.3g} became 1 in {100 * ones[n] / ROWS:.3g} % of {ROWS} draws: "
                     f"the probability is the grey level")  # fmt: skip


def _check_freshness(subject: Any, rubric: Rubric) -> None:
    x = rubric.rng.uniform(0.2, 0.8, (20, 28))
    seed, other, generator = (rubric.fresh_seed() for _ in range(3))
    first = _draw(subject, x, seed)
    if np.array_equal(first, subject(x)):
        raise Broken("two calls give the same pixels: draw afresh at each call")
    if not np.array_equal(first, _draw(subject, x, seed)):
        raise Broken("the same seed gives other pixels: without a generator, use the framework's own")
    given = _draw(subject, x, seed, generator)
    if not np.array_equal(given, _draw(subject, x, other, generator)):
        raise Broken("the same generator gives other pixels: draw from the generator that is given")
    if np.array_equal(given, _draw(subject, x, seed, generator + 1)):
        raise Broken("another generator gives the same pixels: draw from the generator that is given")


# What goes wrong.


@dataclass(frozen=True)
class Law:
    """A wrong probability of ink: `probability(x)`."""

    id: str
    sentence: str
    probability: Callable[[Array], Array]


_TWICE = "Two draws are combined: a pixel needs one draw, and the probability is x itself."

LAWS = (
    Law("B3", "0 and 1 are exchanged: a pixel is 1 with probability x, not 1 - x.", lambda x: 1 - x),
    Law("B11", "The grey value has no influence: a pixel is 1 with probability x.", lambda x: 0.5 + 0 * x),
    Law("B10", "x is taken for a logit; it is the probability itself.", special.expit),
    Law("B8", "The threshold is normal; a uniform one, `rand < x`, gives 1 with probability x.", special.ndtr),
    Law("B9", _TWICE, lambda x: x**2),
    Law("B9", _TWICE, lambda x: 1 - (1 - x) ** 2),
    Law("B21", "The grey value is squeezed before the draw.", lambda x: np.sqrt(x)),
    Law("B21", "The grey value is squeezed before the draw.", lambda x: x / 2),
    Law("B21", "x is in [0, 1] already: it is not divided by 255 again.", lambda x: x / 255),
    Law("B21", "x is in [0, 1] already: it is not divided by 256 again.", lambda x: x / 256),
    Law("B20", "Probabilities are clamped: x = 0 and x = 1 must stay what they are.", lambda x: x.clip(0.1, 0.9)),
    Law("B20", "Probabilities are clamped: x = 0 and x = 1 must stay what they are.", lambda x: x.clip(0.05, 0.95)),
)  # fmt: skip


@dataclass
class Evidence:
    """What the answer gave, once, for all the misconceptions to look at."""

    levels: Array
    x: Array
    got: Array
    """Many draws of each level."""
    again: Array
    """With the same seed."""
    calls: list[Array]
    """A few more draws of the first rows, not seeded."""

    @property
    def binary(self) -> bool:
        return bool(np.isin(self.got, (0, 1)).all())

    @property
    def frozen(self) -> bool:
        """Whether every call gives the same."""
        return all(np.array_equal(each, self.got[: len(each)]) for each in self.calls)

    @property
    def ink(self) -> Array:
        """The share of ink at each level."""
        return self.got.mean(0)


def _misconceptions(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    """The catalogue, most telling first."""
    x = _levels(rubric.rng)
    seed = rubric.fresh_seed()
    yield Misconception("B14", "Without a generator it fails: None stands for the framework's own.",
                        lambda: _needs_generator(subject, x, seed))  # fmt: skip
    yield Misconception("B4", "True and False are no numbers to train with: convert them, `.to(x.dtype)`.",
                        lambda: _boolean(subject, x))  # fmt: skip
    yield Misconception("B18", "The result has another shape than x.", lambda: _reshaped(subject, x))
    try:
        subject.seed(seed)
        got = subject(x)
        calls = [subject(x[:5]) for _ in range(20)]
        subject.seed(seed)
        again = subject(x)
    except Failure:
        return
    if isinstance(got, tuple) or got.shape != x.shape:
        return
    seen = Evidence(x[0], x, got, again, calls)
    yield Misconception("B19", "The grey values come back as they are: draw zeros and ones.", lambda: _grey(seen))
    yield from _of_noise(seen)
    yield Misconception("B7", "The two values are others than 0 and 1.", lambda: _other_values(seen))
    if not seen.binary:
        return
    yield Misconception("B1", "This is a threshold, not a draw: some grey levels always give 1, the others always "
                        "0; a pixel is 1 with probability x.", lambda: _threshold(seen))  # fmt: skip
    yield Misconception("B2", "All images share one draw: each pixel of each image needs its own.",
                        lambda: _shared(seen, "images"))  # fmt: skip
    yield Misconception("B2", "All pixels of an image share one draw: each needs its own.",
                        lambda: _shared(seen, "pixels"))  # fmt: skip
    yield Misconception("B13", "The generator that is given is not used: hand it on to the function that draws.",
                        lambda: _ignored_generator(subject, rubric, seen))  # fmt: skip
    yield Misconception("B12", "The same pixels at each call: take randomness from outside.", lambda: _frozen(seen))
    for law in LAWS:
        yield Misconception(law.id, law.sentence, lambda law=law: _law_evidence(seen, law.probability))
    yield Misconception("B8", "The threshold is normal; a uniform one, `rand < x`, gives 1 with probability x.",
                        lambda: _probit(seen))  # fmt: skip
    yield Misconception("B20", "x = 0 and x = 1 must stay what they are: their probabilities of ink are 0 and 1.",
                        lambda: _moved_ends(subject, seed))  # fmt: skip
    yield Misconception("B15", "The draws do not follow the seed: use the framework's own generator.",
                        lambda: _unseeded(seen))  # fmt: skip
    yield Misconception("B16", "x is changed in place: compute a new tensor.",
                        lambda: "after the call x had other numbers" if 0 in subject.mutated else None)  # fmt: skip
    yield Misconception("B17", "The dtype of x is lost: convert the result, `.to(x.dtype)`.",
                        lambda: _dtype(subject, x))  # fmt: skip
    yield Misconception("B21", "A pixel is 1 with another probability than x.", lambda: _any_law(seen))


def _needs_generator(subject: Any, x: Array, seed: int) -> str | None:
    _draw(subject, x, seed, seed)
    try:
        subject(x)
    except Failure as failure:
        return f"binarize(x): {failure.message}"
    return None


def _boolean(subject: Any, x: Array) -> str | None:
    try:
        got = subject(x)
    except Failure as failure:
        return f"x is float64, your result is bool: {failure.message}" if "bool" in failure.message else None
    integer = not isinstance(got, tuple) and got.dtype.kind in "iu"
    return f"x is {x.dtype}, your result is {got.dtype}" if integer else None


def _reshaped(subject: Any, x: Array) -> str | None:
    if isinstance(subject(x), tuple):
        return None
    for each in (x, x[:3, :12].reshape(3, 1, 12), x[:2, :36].reshape(2, 1, 6, 6), x[:1], x[0]):
        try:
            shape = np.shape(subject(each))
        except Failure as failure:
            if each is x:
                return None
            return f"x of shape {each.shape}: {failure.message}"
        if shape != each.shape:
            return f"x has shape {each.shape}, your result {shape}"
    return None


def _grey(seen: Evidence) -> str | None:
    if not np.allclose(seen.got, seen.x, atol=1e-3):
        return None
    return f"a grey level of {seen.levels[0]:.3g} gives {seen.got[0, 0]:.3g}; it should be 0 or 1"


def _of_noise(seen: Evidence) -> Iterator[Misconception]:
    """Noise that is added to the grey value, which then is still one."""
    offset = np.asarray(seen.got, float) - seen.x
    spread = offset.std(0)
    grey = len(np.unique(seen.got[:, :3])) > 20
    scale = np.cov(seen.got.mean(0), seen.levels)[0, 1] / seen.levels.var(ddof=1)
    noise = seen.got - scale * seen.x
    added = spread.max() < 1.5 * spread.min()
    evidence = (f"a grey level of {seen.levels[0]:.3g} gives {seen.got[0, 0]:.3g}, {seen.got[1, 0]:.3g}, ...; it should "
                f"be 0 or 1")  # fmt: skip

    def kurtosis() -> float:
        e = (noise - noise.mean(0)) / noise.std(0)
        return float(np.mean(e**4))

    def when(low: float, high: float) -> Callable[[], str | None]:
        return lambda: evidence if grey and added and low < kurtosis() < high else None

    yield Misconception("B5", "Uniform noise is added: that dequantises grey values for a density; binary pixels are "
                        "draws with probability x.", when(1.7, 1.9))  # fmt: skip
    yield Misconception("B6", "Normal noise is added, and the pixels are still grey: draw zeros and ones.",
                        when(2.7, 3.3))  # fmt: skip
    yield Misconception("B6", "Noise is added or multiplied, and the pixels are still grey: draw zeros and ones.",
                        lambda: evidence if grey and spread.max() > 0 else None)  # fmt: skip


def _other_values(seen: Evidence) -> str | None:
    values = np.unique(seen.got)
    if len(values) != 2 or seen.binary:
        return None
    return f"yours are {values[0]:g} and {values[1]:g}, they should be 0 and 1"


def _threshold(seen: Evidence) -> str | None:
    if not (seen.frozen and np.ptp(seen.got, axis=0).max() == 0):
        return None
    always = np.flatnonzero(seen.ink == 1)
    n = int(always[np.argmin(seen.levels[always])]) if len(always) else int(np.argmax(seen.levels))
    return (f"a grey level of {seen.levels[n]:.3g} became 1 in {100 * seen.ink[n]:.3g} % of {ROWS} draws, "
            f"it should be {100 * seen.levels[n]:.3g} %")  # fmt: skip


def _ignored_generator(subject: Any, rubric: Rubric, seen: Evidence) -> str | None:
    seed, other, generator = (rubric.fresh_seed() for _ in range(3))
    x = seen.x[:50]
    if seen.frozen or not np.array_equal(seen.got, seen.again):
        return None
    try:
        first = _draw(subject, x, seed, generator)
        second = _draw(subject, x, other, generator)
        third = _draw(subject, x, seed, generator + 1)
    except Failure as failure:
        return f"with a generator {failure.message}"
    for pair, same, want in (((first, second), "with equal generators", 100), ((first, third), "with unequal ones", None)):
        alike = 100 * np.mean(pair[0] == pair[1])
        if want and alike < 100:
            return f"{same} {alike:.3g} % of the pixels agree, it should be 100 %"
        if not want and alike == 100:
            chance = 100 * np.mean(x**2 + (1 - x) ** 2)
            return f"{same} 100 % of the pixels agree, it should be about {chance:.3g} %"
    return None


def _shared(seen: Evidence, what: str) -> str | None:
    if seen.frozen:
        return None
    if what == "images":
        together = np.mean(np.ptp(seen.got, axis=0) == 0)
        if together < 1:
            return None
        return (f"a grey level of {seen.levels[0]:.3g} became 1 in {100 * seen.ink[0]:.3g} % of the {ROWS} images "
                f"of one call, it should be {100 * seen.levels[0]:.3g} %")  # fmt: skip
    # One threshold for an image: whatever has more ink than a pixel that became 1 is 1, too.
    ordered = seen.got[:, np.argsort(seen.levels)]
    if np.any(np.diff(ordered, axis=1) < 0) or np.ptp(ordered.sum(1)) == 0:
        return None
    low, high = np.argsort(seen.levels)[[LEVELS // 4, 3 * LEVELS // 4]]
    share = 100 * np.mean((seen.got[:, low] == 1) & (seen.got[:, high] == 0))
    want = 100 * seen.levels[low] * (1 - seen.levels[high])
    return (f"the grey level {seen.levels[low]:.3g} became 1 and {seen.levels[high]:.3g} became 0 in {share:.3g} % of "
            f"the images, it should be {want:.3g} %")  # fmt: skip


def _frozen(seen: Evidence) -> str | None:
    if not seen.frozen:
        return None
    chance = 100 * np.mean(seen.x**2 + (1 - seen.x) ** 2)
    return f"100 % of the pixels agree in two calls, it should be about {chance:.3g} %"


def _law_evidence(seen: Evidence, probability: Callable[[Array], Array], limit: float = 5) -> str | None:
    want = np.broadcast_to(probability(seen.levels), seen.levels.shape)
    deviation = np.sqrt(want * (1 - want) / ROWS) + 1e-6
    if np.abs((seen.ink - want) / deviation).max() > limit:
        return None
    return _share(seen)


def _share(seen: Evidence) -> str:
    n = int(np.argmax(np.abs(seen.ink - seen.levels)))
    return (f"a grey level of {seen.levels[n]:.3g} became 1 in {100 * seen.ink[n]:.3g} % of {ROWS} draws, it should "
            f"be {100 * seen.levels[n]:.3g} %")  # fmt: skip


def _probit(seen: Evidence) -> str | None:
    """1 where x plus normal noise exceeds a threshold: the share of ink is a normal distribution function."""
    known = (seen.ink > 0.01) & (seen.ink < 0.99)
    if known.sum() < 4 or _any_law(seen) is None:  # a straight line is nearly such a function, too
        return None
    quantile = special.ndtri(seen.ink[known])
    slope, intercept = np.polyfit(seen.levels[known], quantile, 1)
    if slope <= 0:
        return None
    return _law_evidence(seen, lambda x: special.ndtr(slope * x + intercept), limit=10)  # the line is fitted, too


def _moved_ends(subject: Any, seed: int) -> str | None:
    for value in (0.0, 1.0):
        share = np.mean(_draw(subject, np.full((ROWS, LEVELS), value), seed))
        if share != value:
            return (f"x = {value:g} became 1 in {100 * share:.3g} % of {ROWS * LEVELS} draws, it should be "
                    f"{100 * value:g} %")  # fmt: skip
    return None


def _unseeded(seen: Evidence) -> str | None:
    if np.array_equal(seen.got, seen.again):
        return None
    alike = 100 * np.mean(seen.got == seen.again)
    return f"with one seed {alike:.3g} % of the pixels agree in two calls, it should be 100 %"


def _dtype(subject: Any, x: Array) -> str | None:
    for precision in (np.float32, np.float64):
        got = subject(x[:5].astype(precision))
        if got.dtype != precision:
            return f"x is {np.dtype(precision)}, your result is {got.dtype}"
    return None


def _any_law(seen: Evidence) -> str | None:
    deviation = np.sqrt(seen.levels * (1 - seen.levels) / ROWS)
    return _share(seen) if np.abs((seen.ink - seen.levels) / deviation).max() > 7 else None

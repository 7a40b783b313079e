"""log p(x) by importance sampling from traces of a Pyro pair: the log of the mean of k weights.

Source: Burda, Grosse, Salakhutdinov (2016), eq. (8), the guide being the proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from vaelabs.subjects import Failure, as_subject

from . import importance
from .bounds import LinearGaussian, agrees, log_mean_exp, number
from .importance import Weights
from .pairs import Pair, Runs, binary_images, exact_pair, expect_law_of_q, random_pair
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
FAR = 5000.0
"""Nats: exp(-FAR) is 0 in every floating-point format."""
COPIES = 400
"""Rows with the same x in one call: as many independent estimates."""
LIMIT = 6.0
"""Standard errors: a right answer is further out less than once in 10^8."""


@np.errstate(all="ignore")
def check_trace_log_marginal(
    log_marginal: Any, framework: str = "pyro", seed: int | None = None, *, trace_elbo: Any = None
) -> Score:
    """`log_marginal(model, guide, x, k) -> (B,)`: log of the mean of k importance weights, in nats. 3 points.

    `model(x)` and `guide(x)` are Pyro programs with a plate `data` over the images of x (B, data), the latent site
    `latent` and the model's observed site `obs`. A weight is p(x, z) / q(z given x) at a z drawn by the guide. The
    student's own `trace_elbo` may be given: where it is wrong, its values may stand for the log-weights, since that
    has cost its points in its own task.
    """
    subject, rubric = as_subject(log_marginal, framework), Rubric("log_marginal", 3, seed)
    rng = rubric.rng
    own = _Own(trace_elbo, framework, subject, rubric)

    with rubric.award("value", 1, "each value is the log of the mean of its image's k weights"):
        for case in _cases(rng):
            call = _call(subject, rubric, *case)
            if not own.carried:
                call.expect_value()

    with rubric.award("samples", 1, "k fresh draws of z by the guide for each image, and the model replayed with each"):
        _expect_samples(subject, rubric, own)

    with rubric.award("far away", 1, f"at log p(x) = -{FAR:g} it stays finite and right"):
        pair, x, log_px = _far_away(rng)
        for k in (1, 8):
            got = _call(subject, rubric, pair, x, k).got
            if own.carried and np.isfinite(got).all():
                continue
            expect_close(got, log_px, f"log p(x) of an image far away, from {k} samples", 1e-2, 1)

    rubric.diagnose(_misconceptions(subject, rubric))
    return rubric.score()


def _cases(rng: np.random.Generator) -> Iterator[tuple[Pair, Array, int]]:
    yield random_pair(rng, 7, 3), binary_images(rng, 5, 7), 6
    yield random_pair(rng, 4, 2, "gaussian"), 2 * rng.normal(size=(6, 4)), 3
    yield random_pair(rng, 5, 2), binary_images(rng, 1, 5), 9
    yield random_pair(rng, 6, 2), binary_images(rng, 4, 6), 1
    model = LinearGaussian.random(rng, 3, 2)
    yield exact_pair(model), model.draw(rng, 4), int(rng.integers(5, 20))


def _far_away(rng: np.random.Generator) -> tuple[Pair, Array, Array]:
    """A pair whose every weight is p(x), and images x (4, 3): one close by, the others with log p(x) down to -FAR."""
    model = LinearGaussian.random(rng, 3, 2)
    direction = model.draw(rng, 4) - model.bias
    here, there = (model.log_marginal(model.bias + step * direction) for step in (0, 1))
    nats = FAR * np.array([0.0002, 0.4, 0.7, 1.0]) * rng.uniform(0.95, 1.05, 4)
    x = model.bias + np.sqrt(nats / (here - there))[:, None] * direction
    return exact_pair(model), x, model.log_marginal(x)


@dataclass(frozen=True)
class Call:
    """What one call gave, `got` (B,) if it is right, and what it did."""

    got: Any
    k: int
    runs: Runs

    @property
    def pair(self) -> Pair:
        return self.runs.pair

    @property
    def x(self) -> Array:
        return self.runs.x

    def weights(self, n: int, of_guide: bool = False) -> Weights:
        """Densities (draws,) at the model's z of image n; `of_guide`: log q at the guide's z instead."""
        loc, scale = (each[0] for each in self.pair.posterior(self.x[n][None]))
        z = self.runs.of_model[n]
        found = Weights.at(z, self.pair.log_lik(self.x[n], z), loc, scale)
        if not of_guide:
            return found
        at_guide = Weights.at(self.runs.of_guide[n], found.log_lik, loc, scale)
        return Weights(found.log_lik, found.log_prior, at_guide.log_q, z, loc, scale)

    def estimates(self, n: int) -> Array:
        """What image n may have given: from all draws, the first or last k (others are for show), or with z apart."""
        log_w = self.weights(n).log_w
        chosen = [log_w, log_w[: self.k], log_w[-self.k :]]
        if len(self.runs.of_guide[n]) == len(log_w):
            chosen.append(self.weights(n, of_guide=True).log_w)
        return np.array([log_mean_exp(each) for each in chosen])

    def expect_value(self) -> None:
        self.runs.expect()
        for n, got in enumerate(self.got):
            wants = self.estimates(n)
            best = wants[np.argmin(np.abs(wants - got))] if np.isfinite(got) else wants[0]
            what = f"the log of the mean of {self.k} weights of image {n + 1} of {len(self.x)}"
            expect_close(got, best, what, LOOSE, LOOSE)

    def by_model(self, n: int) -> bool:
        """Whether the value of image n is that of the model's z, scored by both densities."""
        wants = self.estimates(n)[:3]
        return bool((np.abs(wants - self.got[n]) <= LOOSE * (1 + np.abs(wants))).any())


def _call(subject: Any, rubric: Rubric, pair: Pair, x: Array, k: int) -> Call:
    call = _any_call(subject, rubric, pair, x, k)
    expect_shape(call.got, (len(x),), f"the result for {len(x)} image{'s' * (len(x) > 1)} and k = {k}")
    return call


def _any_call(subject: Any, rubric: Rubric, pair: Pair, x: Array, k: int) -> Call:
    subject.seed(rubric.fresh_seed())
    got = subject(pair.model, pair.guide, x, k)
    return Call(got, k, Runs.recorded(subject, pair, x))


class _Own:
    """The student's own `trace_elbo`, where its values are wrong and `log_marginal` is right about them."""

    def __init__(self, trace_elbo: Any, framework: str, subject: Any, rubric: Rubric):
        self.subject, self.rubric = subject, rubric
        try:
            self.carried = trace_elbo is not None and self._follows(as_subject(trace_elbo, framework))
        except (Failure, Broken, ValueError):
            self.carried = False

    def _follows(self, own: Any) -> bool:
        """Whether many estimates of one image have the law of those from the own, wrong, log-weights."""
        rng = self.rubric.rng
        model = LinearGaussian.random(rng, 3, 2)
        pair, x, k = exact_pair(model), np.repeat(model.draw(rng, 1), COPIES, axis=0), 3
        own.seed(self.rubric.fresh_seed())
        log_w = np.stack([own(pair.model, pair.guide, x) for _ in range(3 * k)])
        if np.shape(log_w) != (3 * k, COPIES) or agrees(log_w[0], model.log_marginal(x), LOOSE):
            return False
        for samples in (1, k):
            want = log_mean_exp(log_w.reshape(samples, -1))
            got = _call(self.subject, self.rubric, pair, x, samples).got
            error = np.sqrt(want.var() / want.size + got.var() / got.size)
            if not (abs(got.mean() - want.mean()) <= LIMIT * error and 0.7 < got.std() / want.std() < 1.4):
                return False
        return True


def _expect_samples(subject: Any, rubric: Rubric, own: _Own) -> None:
    rng = rubric.rng
    pair, x, k = random_pair(rng, 8, 3), binary_images(rng, 60, 8), 5
    call = _call(subject, rubric, pair, x, k)
    if not own.carried:
        call.runs.expect()
    used = []
    for n, (of_model, of_guide) in enumerate(zip(call.runs.of_model, call.runs.of_guide)):
        count = max(_different(of_model), _different(of_guide)) if own.carried else _different(of_model)
        if count < k:
            raise Broken(f"with k = {k} there are {count} different z for an image")
        if own.carried:
            continue
        by_model = call.by_model(n)
        replayed = call.runs.replayed(n)
        if _different(replayed) < k and not by_model:
            raise Broken(f"z differs between the two traces: the first coordinate of the last is "
                         f"{of_guide[-1, 0]:.4g} in the guide, {of_model[-1, 0]:.4g} in the model")  # fmt: skip
        if by_model and len(of_model) > k and abs(call.got[n] - call.estimates(n)[0]) < 1e-9 * (1 + abs(call.got[n])):
            raise Broken(f"with k = {k} the value is made of {len(of_model)} draws")
        used.append(of_model if by_model and len(of_model) == k else replayed if len(replayed) else of_model[-k:])
    if not own.carried:
        images = np.repeat(np.arange(len(x)), [len(each) for each in used])
        expect_law_of_q(pair, x[images], np.concatenate(used))
    if agrees(call.got, _call(subject, rubric, pair, x, k).got, 1e-9):
        raise Broken(f"two calls give the same values, {number(call.got)}: draw z afresh in every call")


def _different(z: Array) -> int:
    return len(np.unique(np.round(z, 9), axis=0))


_ONE_NUMBER = "One number per image: the average over k belongs inside the log of each, none is shared by the batch."
_COPIES = "Your k samples are copies, so the estimate does not tighten: run the guide afresh for each."


def _misconceptions(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    rng = rubric.rng
    pair, x, k = random_pair(rng, 6, 2), binary_images(rng, 4, 6), 7
    call = _any_call(subject, rubric, pair, x, k)
    images = range(len(x))
    yield Misconception("E19", "z comes from the prior: run the guide, whose draws are closer to what explains x.",
                        lambda: None if len(call.runs.of_guide[0]) else
                        f"you ran the guide 0 times for an image, it takes {k}")  # fmt: skip
    if not all(map(len, call.runs.of_model + call.runs.of_guide)):
        return
    paired = all(len(a) == len(b) for a, b in zip(call.runs.of_model, call.runs.of_guide))
    weights = [call.weights(n, of_guide=paired) for n in images]
    right = np.array([log_mean_exp(each.log_w) for each in weights])
    evidence = f"for one image and k = {k} yours is {number(call.got)}, the log of the mean weight is {number(right)}"
    log_w = np.stack([each.log_w for each in weights], 1) if len({len(each.log_w) for each in weights}) == 1 else None
    is_right = agrees(call.got, right, LOOSE)

    def one_of(*wants: Any) -> Callable[[], str | None]:
        return lambda: evidence if not is_right and any(agrees(call.got, want, LOOSE) for want in wants) else None

    def copies() -> str | None:
        count = _different(call.runs.of_model[0])
        return f"with k = {k} you drew {count} different z for the first image" if count == 1 else None

    def other_count() -> str | None:
        count = _different(call.runs.of_model[0])
        return f"with k = {k} you drew {count} different z for the first image" if count != k else None

    def two_draws() -> str | None:
        apart = [np.abs(a[:, None] - b).max(-1).min() > 1e-6 for a, b in zip(call.runs.of_model, call.runs.of_guide)]
        if not all(apart):
            return None
        of_model, of_guide = call.runs.of_model[0][-1, 0], call.runs.of_guide[0][-1, 0]
        return f"the first coordinate of a z is {of_model:.4g} in the model, {of_guide:.4g} in the guide"

    def frozen() -> str | None:
        again = _any_call(subject, rubric, pair, x, k)
        if not agrees(call.got, again.got, 1e-9):
            return None
        return f"two calls gave {number(call.got)} and {number(again.got)}, they should differ"

    def from_the_prior() -> str | None:
        many = _any_call(subject, rubric, pair, binary_images(rng, 60, 6), k)
        z = np.concatenate(many.runs.of_model)
        rows = np.repeat(many.x, [len(each) for each in many.runs.of_model], axis=0)
        try:
            expect_law_of_q(pair, rows, z)
        except Broken:
            loc = pair.posterior(rows)[0]
            return f"the mean of your z's first coordinate is {z[:, 0].mean():.3g}, that of q is {loc[:, 0].mean():.3g}"
        return None

    def underflow(together: bool) -> Callable[[], str | None]:
        """Wrong for an image far away; `together`: right when it is the only one."""

        def recognise() -> str | None:
            far, there, log_px = _far_away(rng)
            got = _any_call(subject, rubric, far, there, k).got
            if not is_right or agrees(got, log_px, 1e-2):
                return None
            n = int(np.argmax(np.nan_to_num(np.abs(got - log_px), nan=np.inf)))
            alone = _any_call(subject, rubric, far, there[n : n + 1], k).got
            if together != agrees(alone, log_px[n : n + 1], 1e-2):
                return None
            where = "an image far away, among others close by," if together else "an image far away"
            return f"for {where} yours is {got[n]:.4g}, log p(x) is {log_px[n]:.4g}"

        return recognise

    yield Misconception("P9", "z differs between the two traces: replay the model with the guide's trace.", two_draws)
    for id, sentence, wants in _by_image(weights):
        yield Misconception(id, sentence, one_of(wants))
    yield Misconception("I5", _COPIES, copies)
    yield Misconception("I25", "k is the number of samples for each image.", other_count)
    if log_w is not None:
        yield from _of_axes(call, log_w, right, one_of)
    yield Misconception("R13", "The same z at each call; take randomness from outside.", frozen)
    yield Misconception("Y8", "z comes from the prior: the guide draws, and the model is replayed, not the reverse.",
                        from_the_prior)  # fmt: skip
    yield Misconception("I4", "exp gives 0 at -1000, and the log of 0 is no estimate; use logsumexp.",
                        underflow(False))  # fmt: skip
    yield Misconception("I4", "One maximum for the whole batch: the weights of an image far below it are 0 again; take "
                        "each image's own, or logsumexp over the k samples.", underflow(True))  # fmt: skip


def _by_image(weights: list[Weights]) -> Iterator[tuple[str, str, Array]]:
    """The catalogue's formulas, of each image's own draws; copies are judged by the draws themselves."""
    for form in importance.FORMS:
        if form.id != "I5":
            yield form.id, form.sentence, np.array([form.formula(each) for each in weights])


def _of_axes(
    call: Call, log_w: Array, right: Array, one_of: Callable[..., Callable[[], str | None]]
) -> Iterator[Misconception]:
    """log_w (draws, B): averages over the wrong axis, or over both."""
    samples, images = log_w.shape
    log_k, log_b = np.log(samples), np.log(images)
    whole = [logsumexp(log_w.sum(1)) - log_k, logsumexp(log_w.sum(1)), logsumexp(log_w.mean(1)) - log_k]
    each = np.ones(images)
    flat = [logsumexp(log_w), logsumexp(log_w) - log_k, logsumexp(log_w) - log_k - log_b, right.mean(), right.sum()]
    flat += [log_w.mean(), log_w.sum(0).mean(), -right.mean(), -right.sum()]
    other = [logsumexp(log_w, 1), logsumexp(log_w, 1) - log_k, logsumexp(log_w, 1) - log_b, log_w.mean(1)]
    yield Misconception("I5", _ONE_NUMBER, one_of(*whole, *(one * each for one in whole)))
    yield Misconception("Y5", _ONE_NUMBER, one_of(*flat, *(one * each for one in flat)))
    yield Misconception("I6", "You averaged over the images: stack the samples along a new axis and reduce that one.",
                        one_of(*other))  # fmt: skip
    mixed = log_w.reshape(images, samples)
    yield Misconception("I6", "The axes are mixed: `x.repeat(k, 1)` gives k times the batch, so the view is (k, B).",
                        one_of(logsumexp(mixed, 1) - log_k))  # fmt: skip
    yield Misconception("I7", "Divide by the number of samples, log k, not by that of the images.",
                        one_of(logsumexp(log_w, 0) - log_b))  # fmt: skip
    size = np.size(call.got)
    yield Misconception("Y26", "One number per image: the log of the mean of its weights.", lambda: (
        f"yours has {size} numbers, there are {images} images" if size > images else None))  # fmt: skip

"""The ELBO by hand from two traces of a Pyro pair: log p(x, z) - log q(z given x) at the guide's z.

Source: Kingma & Welling (2014), eq. (2) with one draw; what pyro.infer.Trace_ELBO adds up over the batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, as_subject

from .bounds import LinearGaussian, agrees, number
from .pairs import Pair, Runs, binary_images, exact_pair, expect_law_of_q, random_pair
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
MANY = 80
"""Images in one call, to see the law of z."""
PARTS = ("shape", "style")
"""Names of two latent sites."""
STEP = 0.02
"""Of the differences, along a direction of length 1 in the parameters."""


@np.errstate(all="ignore")
def check_trace_elbo(trace_elbo: Any, framework: str = "pyro", seed: int | None = None) -> Score:
    """`trace_elbo(model, guide, x) -> (B,)`: one draw's estimate of the ELBO of each image, in nats. 6 points.

    `model(x)` and `guide(x)` are Pyro programs with a plate over the images of x (B, data), one latent site or more and
    the model's observed site, of any names. The value is log p(x, z) - log q(z given x) at the guide's z.
    """
    subject, rubric = as_subject(trace_elbo, framework), Rubric("trace_elbo", 6, seed)
    rng = rubric.rng

    with rubric.award("values", 3, "each value is log p(x, z) - log q(z given x) at the z of the two traces"):
        for pair, x in _cases(rng):
            _call(subject, rubric, pair, x).expect_values()

    with rubric.award("replay", 1.5, "the model is replayed with the guide's z: both traces hold the same draw"):
        _expect_replay(subject, rubric)

    with rubric.award("one draw per image", 1, "one number per image, from one fresh draw of z for each"):
        _expect_fresh(subject, rubric)

    with rubric.award("gradient", 0.5, "the result can be differentiated: both networks receive their gradient"):
        _expect_gradients(subject, rubric)

    rubric.diagnose(_misconceptions(subject, rubric))
    return rubric.score()


def _cases(rng: np.random.Generator) -> Iterator[tuple[Pair, Array]]:
    """Pairs of several sizes, names and both likelihoods; the first is the lab's own kind."""
    yield random_pair(rng, 7, 3), binary_images(rng, 5, 7)
    yield random_pair(rng, 4, 2, "gaussian").renamed("z", seen="x", plate="rows"), 2 * rng.normal(size=(6, 4))
    yield random_pair(rng, 5, 3).renamed(*PARTS, seen="pixels", plate="points"), binary_images(rng, 1, 5)
    model = LinearGaussian.random(rng, 3, 2)
    yield exact_pair(model), model.draw(rng, 4)


@dataclass(frozen=True)
class Call:
    """What one call gave, `got` (B,) if it is right, and what it did."""

    got: Any
    runs: Runs

    @property
    def pair(self) -> Pair:
        return self.runs.pair

    @property
    def x(self) -> Array:
        return self.runs.x

    def expect_values(self) -> None:
        self.runs.expect()
        for n, got in enumerate(self.got):
            candidates = np.concatenate([self.together(n), self.apart(n).ravel(), self.means(n)])
            best = candidates[np.argmin(np.abs(candidates - got))] if np.isfinite(got) else candidates[0]
            what = f"log p(x, z) - log q(z) of image {n + 1} of {len(self.x)} at the z of your traces"
            expect_close(got, best, what, LOOSE, LOOSE)

    def used(self) -> Array:
        """The model's z (B, latent): of the run that the value was computed from, as far as one can tell."""
        found = []
        for n, got in enumerate(self.got):
            of_model = self.runs.of_model[n]
            scored = of_model[near(self.together(n), got)]
            found.append(next(each[-1] for each in (scored, self.runs.replayed(n), of_model) if len(each)))
        return np.array(found)

    def together(self, n: int) -> Array:
        """log p(x, z) - log q(z given x) of image n at every z of the model's."""
        return self.pair.log_weight(self.x[n], self.runs.of_model[n])

    def apart(self, n: int) -> Array:
        """The same with z of one run in log p(x, z) and of another in log q: (runs of the model, runs of the guide)."""
        x, z = self.x[n], self.runs.of_model[n]
        log_joint = self.pair.log_lik(x, z) + self.pair.log_prior(z)
        return log_joint[:, None] - self.pair.log_q(x, self.runs.of_guide[n])

    def means(self, n: int) -> Array:
        """Averages over several draws, all of the model's or those that are the guide's too."""
        several = self.runs.of_model[n], self.runs.replayed(n)
        return np.array([self.pair.log_weight(self.x[n], z).mean() for z in several if len(z) > 1])


def near(candidates: Array, got: float) -> Array:
    """Which of the candidates agree with a value."""
    return np.abs(candidates - got) <= LOOSE * (1 + np.abs(candidates))


def _call(subject: Any, rubric: Rubric, pair: Pair, x: Array, seed: int | None = None) -> Call:
    """One number per image: from one call when it gives that, else from a call for each image."""
    subject.seed(rubric.fresh_seed() if seed is None else seed)
    got = subject(pair.model, pair.guide, x)
    if not isinstance(got, tuple) and np.shape(got) == (len(x),):
        return Call(got, Runs.recorded(subject, pair, x))
    if isinstance(got, tuple):
        expect_shape(got, (len(x),), f"the result for {len(x)} images")
    calls = [_alone(subject, pair, row[None]) for row in x]
    of_model, of_guide = ([getattr(each.runs, name)[0] for each in calls] for name in ("of_model", "of_guide"))
    return Call(np.concatenate([each.got for each in calls]), Runs(pair, x, of_model, of_guide))


def _alone(subject: Any, pair: Pair, x: Array) -> Call:
    got = subject(pair.model, pair.guide, x)
    if isinstance(got, tuple) or np.size(got) != 1:
        count = len(got) if isinstance(got, tuple) else np.size(got)
        raise Broken(f"one image gives {count} numbers: add up over pixels and latent dimensions")
    return Call(np.reshape(got, 1), Runs.recorded(subject, pair, x))


# The properties.


def _expect_replay(subject: Any, rubric: Rubric) -> None:
    """With one latent site as with two; there the second keeps a name of its own, the first is the lab's."""
    rng = rubric.rng
    for sites, size in ((("latent",), MANY), (("latent", "style"), 12)):
        pair, x = random_pair(rng, 10, 3).renamed(*sites), binary_images(rng, size, 10)
        call = _call(subject, rubric, pair, x)
        call.runs.expect()
        if found := _two_draws(call):
            raise Broken("z differs between the two traces: one of its coordinates is {:.4g} in the guide, {:.4g} in "
                         "the model".format(*found))  # fmt: skip
        expect_law_of_q(pair, x, call.used())


def _two_draws(call: Call) -> tuple[float, float] | None:
    """A coordinate of the guide's and of the model's z, where the values cannot be those of one z for both.

    A value that is that of no such z, nor a mean over them, may be wrong for another reason, if the guide's z was
    given to the model at all: then the values themselves have cost their points.
    """
    found = None
    for n, got in enumerate(call.got):
        if near(call.together(n), got).any() or near(call.means(n), got).any():
            continue
        apart = near(call.apart(n), got)
        if not apart.any() and len(call.runs.replayed(n)):
            return None
        if found is None:
            of_model, of_guide = (int(place[0]) for place in np.nonzero(apart)) if apart.any() else (-1, -1)
            found = call.runs.of_guide[n][of_guide], call.runs.of_model[n][of_model]
    if found is None:
        return None
    where = int(np.argmax(np.abs(found[0] - found[1])))
    return found[0][where], found[1][where]


def _expect_fresh(subject: Any, rubric: Rubric) -> None:
    rng = rubric.rng
    for size in (5, 1):
        pair, x = random_pair(rng, 6, 2), binary_images(rng, size, 6)
        subject.seed(rubric.fresh_seed())
        expect_shape(subject(pair.model, pair.guide, x), (size,), f"the result for {size} image{'s' * (size > 1)}")
    pair, x = random_pair(rng, 7, 2), binary_images(rng, 8, 7)
    first, second = (_call(subject, rubric, pair, x) for _ in range(2))
    for call in (first, second):
        call.runs.expect()
    if agrees(first.used(), second.used(), 1e-9) or agrees(first.got, second.got, 1e-9):
        raise Broken(f"two calls give the same values, {number(first.got)}: draw z afresh in every call")
    if np.ptp(_noise(first), axis=0).max() < 1e-6:
        raise Broken("all images share one draw of the noise")
    if _is_mean_of_several(first):
        raise Broken(f"the value is the mean over {len(first.runs.of_model[0])} draws of z, one was asked for")


def _noise(call: Call) -> Array:
    """(z - loc) / scale, (B, latent)."""
    loc, scale = call.pair.posterior(call.x)
    return (call.used() - loc) / scale


def _is_mean_of_several(call: Call) -> bool:
    """Whether every image's value is a mean over draws, and not every one that of a single draw."""
    images = range(len(call.got))
    single = all(near(call.together(n), call.got[n]).any() for n in images)
    return not single and all(near(call.means(n), call.got[n]).any() for n in images)


def _expect_gradients(subject: Any, rubric: Rubric) -> None:
    """The gradient agrees with the change of the answer's own values, draws of z being repeated by the seed."""
    rng, seed = rubric.rng, rubric.fresh_seed()
    pair, x = random_pair(rng, 4, 2, "gaussian"), rng.normal(size=(5, 4))

    def result(at: Pair) -> Array:
        subject.seed(seed)
        got = subject(at.model, at.guide, x)
        if isinstance(got, tuple):
            expect_shape(got, (len(x),), f"the result for {len(x)} images")
        return got

    cotangent = rng.uniform(0.5, 1.5, np.shape(result(pair)))
    subject.seed(seed)
    gradients = subject.vjp((pair.model, pair.guide, x), cotangent)
    for role, gradient in zip(("model", "guide"), gradients):
        norm = np.sqrt(sum(np.sum(part**2) for part in gradient))
        if not np.isfinite(norm) or norm < 1e-6:
            raise Broken(f"no gradient reaches the {role}'s network")
        direction = [rng.normal(size=part.shape) for part in gradient]
        length = np.sqrt(sum(np.sum(part**2) for part in direction))
        values = {
            n: np.sum(cotangent * result(pair.moved(role, [n * STEP * part / length for part in direction])))
            for n in (-2, -1, 1, 2)
        }
        want = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * STEP)
        got = sum(np.sum(a * b) for a, b in zip(gradient, direction)) / length
        if not abs(got - want) <= 2e-3 * (norm + 1):
            raise Broken(f"the gradient in the {role}'s network promises a slope of {got:.4g}, the values have "
                         f"{want:.4g}: a part of the graph is cut")  # fmt: skip


_ONE_NUMBER = (
    "Every image has its own estimate: keep the (B,) `log_prob` of each site; `log_prob_sum` adds up the whole batch."
)
_TWO_DRAWS = "z differs between the two traces: replay the model with the guide's trace."


def _misconceptions(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    rng = rubric.rng
    pair, x = random_pair(rng, 5, 3), binary_images(rng, 6, 5)
    subject.seed(rubric.fresh_seed())
    try:
        raw = subject(pair.model, pair.guide, x)
    except Failure as failure:
        runs = [run for position in (0, 1) for run in subject.record(position) if "run" in run]
        every = {run["run"] for run in runs if run["scored"]} == {"model", "guide"}
        yield Misconception("Y15", "A trace holds more than sample sites, and its `_INPUT`, `_RETURN` and `param` "
                            "nodes have no `log_prob`: add up those of type \"sample\".",
                            _not_scored(failure, len(x), every))  # fmt: skip
        yield Misconception("Y11", "A trace has no `log_prob` until its `compute_log_prob()` is called.",
                            _not_scored(failure, len(x), not every))  # fmt: skip
        return
    batch = Call(raw, Runs.recorded(subject, pair, x))
    yield Misconception("Y17", "The value must come from traces of the guide and of the model, run on x.",
                        _not_run(batch))  # fmt: skip
    yield from _of_reductions(batch)
    call = batch if np.shape(raw) == (len(x),) else _call(subject, rubric, pair, x)
    yield from _of_terms(call)
    yield from _of_draws(subject, rubric, call)
    if agrees(call.got, _terms(call).right, LOOSE):
        yield from _of_graph(subject, rubric)
        yield from _of_names(subject, rubric)


def _not_scored(failure: Failure, images: int, applies: bool) -> Callable[[], str | None]:
    def recognise() -> str | None:
        if applies and failure.type == "KeyError" and "log_prob" in failure.message:
            return f"for {images} images {failure.message}; {images} numbers were expected"
        return None

    return recognise


def _not_run(call: Call) -> Callable[[], str | None]:
    def recognise() -> str | None:
        runs = {name: len(found[0]) for name, found in (("guide", call.runs.of_guide), ("model", call.runs.of_model))}
        name = next((name for name, count in runs.items() if not count), None)
        return None if name is None else f"you ran the {name} 0 times, it takes 1"

    return recognise


@dataclass(frozen=True)
class _Terms:
    """The sites' log-probabilities, (B,) each: the likelihood and the prior at the model's z, q at the guide's."""

    lik: Array
    prior: Array
    q: Array

    @property
    def right(self) -> Array:
        return self.lik + self.prior - self.q


def _terms(call: Call) -> _Terms:
    """At the z that both programs share, or else at the last z of each."""
    found = []
    for n in range(len(call.x)):
        both = call.runs.replayed(n)
        found.append((both[-1], both[-1]) if len(both) else (call.runs.of_model[n][-1], call.runs.of_guide[n][-1]))
    of_model, of_guide = (np.array(each) for each in zip(*found))
    pair = call.pair
    return _Terms(pair.log_lik(call.x, of_model), pair.log_prior(of_model), pair.log_q(call.x, of_guide))


def _form(call: Call, right: Array, wants: tuple[Any, ...]) -> Callable[[], str | None]:
    """Whether the result is one of `wants` and not what is right."""

    def recognise() -> str | None:
        if agrees(call.got, right, LOOSE) or not any(agrees(call.got, want, LOOSE) for want in wants):
            return None
        return f"for the first image yours is {number(call.got)}, log p(x, z) - log q(z) is {number(right)}"

    return recognise


def _of_reductions(call: Call) -> Iterator[Misconception]:
    """One number for several images; read off the batch's own result."""
    if not all(map(len, call.runs.of_model + call.runs.of_guide)):
        return
    terms = _terms(call)
    right = terms.right
    each = np.ones(len(right))
    parts = [(terms.lik, terms.lik.sum()), (terms.prior, terms.prior.sum()), (-terms.q, -terms.q.sum())]
    mixed = [sum(choice) for choice in itertools.product(*parts)][1:]
    yield Misconception("Y6", "The loss of Trace_ELBO is minus the ELBO, added up over the batch: give one number per "
                        "image, higher is better.",
                        _form(call, right, (-right.sum(), -right.mean(), -right.sum() * each)))  # fmt: skip
    whole = [right.sum(), right.mean()]
    yield Misconception("Y5", _ONE_NUMBER, _form(call, right, (*whole, *(each * one for one in whole), *mixed)))


def _of_terms(call: Call) -> Iterator[Misconception]:
    """Which terms are there, with which sign."""
    terms = _terms(call)
    lik, prior, q, right = terms.lik, terms.prior, terms.q, terms.right
    pixels = call.x.shape[1]
    kl = call.pair.kl(call.x)

    def two_draws() -> str | None:
        if all(near(call.together(n), got).any() for n, got in enumerate(call.got)):
            return None
        for n, got in enumerate(call.got):
            x, z = call.x[n], call.runs.of_model[n]
            at_any = call.pair.log_lik(x, z)[:, None] + call.pair.log_prior(z)
            log_q = call.pair.log_q(x, call.runs.of_guide[n])
            if not near(at_any[..., None] - log_q, got).any():
                return None
        z, other = call.runs.of_guide[0][-1, 0], call.runs.of_model[0][-1, 0]
        return f"the first coordinate of the first image's z is {other:.4g} in the model, it is {z:.4g} in the guide"

    for id, sentence, *wants in (
        ("Y1", "Sign: the ELBO is log p(x, z) - log q(z given x), and higher is better; negate once, in the loss.",
         -right),
        ("Y2", "log q(z given x) is subtracted, not added.", lik + prior + q),
        ("E9", "log p(z) is missing: the model's site `latent` is scored too.", lik - q),
        ("Y3", "log q(z given x) is missing: subtract the log-probability that the guide gave to its draw.",
         lik + prior),
        ("Y4", "Only the likelihood is left: the prior is scored in the model's trace, q in the guide's.", lik),
        ("Y4", "The likelihood is missing: the model's site `obs` is scored too.", prior - q, q - prior),
        ("E1", "The KL is a penalty: subtract log q(z given x) - log p(z).", lik - prior + q),
        ("Y7", "You took the closed form of the KL, as TraceMeanField_ELBO does: right on average, but the task is the "
               "estimate at one z.", lik - kl, lik - kl.sum()),
        ("Y13", "Add up over the pixels; a mean over them weighs the likelihood down.", right / pixels,
         lik / pixels + prior - q),
        ("Y14", "This is the weight itself; the ELBO averages its logarithm.", np.exp(right)),
    ):  # fmt: skip
        yield Misconception(id, sentence, _form(call, right, tuple(wants)))
    yield Misconception("Y16", "The likelihood is counted twice: each site is added up once.",
                        _form(call, right, (right + lik, right + 2 * lik)))  # fmt: skip
    yield Misconception("P9", _TWO_DRAWS, two_draws)
    yield Misconception("Y12", "The model must score x: this is the log-probability of pixels that it drew itself.",
                        lambda: _scores_another_image(call, terms))  # fmt: skip


def _scores_another_image(call: Call, terms: _Terms) -> str | None:
    """Whether each value is right for some image, and not for the one given; the images have few pixels."""
    pixels = call.x.shape[1]
    every = ((np.arange(2**pixels)[:, None] >> np.arange(pixels)) & 1).astype(float)
    z = call.used()
    for n, got in enumerate(call.got):
        if not near(call.pair.log_lik(every, z[n]) + (terms.prior - terms.q)[n], got).any():
            return None
    if agrees(call.got, terms.right, LOOSE):
        return None
    return f"for the first image yours is {number(call.got)}, log p(x, z) - log q(z) is {number(terms.right)}"


def _of_draws(subject: Any, rubric: Rubric, call: Call) -> Iterator[Misconception]:
    """Where z comes from."""
    loc, scale = call.pair.posterior(call.x)
    z = call.used()
    other = _call(subject, rubric, call.pair, call.x)

    def at_the_mean() -> str | None:
        if not agrees(z, loc, 1e-5):
            return None
        return f"(z - loc) / scale is {number((z - loc) / scale)} in every call, it should have standard deviation 1"

    def frozen() -> str | None:
        if not agrees(call.got, other.got, 1e-9):
            return None
        return f"two calls gave {call.got[0]:.6g} and {other.got[0]:.6g}, they should differ"

    def shared() -> str | None:
        e = _noise(call)
        if len(e) < 2 or np.ptp(e, axis=0).max() > 1e-6:
            return None
        return f"(z - loc) / scale is {e[0, 0]:.4g} for one image, {e[1, 0]:.4g} for another; they should differ"

    def from_the_prior() -> str | None:
        many = _call(subject, rubric, call.pair, binary_images(rubric.rng, 2 ** call.x.shape[1], call.x.shape[1]))
        try:
            expect_law_of_q(many.pair, many.x, many.used())
        except Broken:
            z, loc = many.used(), many.pair.posterior(many.x)[0]
            return f"the mean of your z's first coordinate is {z[:, 0].mean():.3g}, that of q is {loc[:, 0].mean():.3g}"
        return None

    def several() -> str | None:
        if not _is_mean_of_several(call):
            return None
        return f"yours averages {len(call.runs.of_model[0])} draws for each image, the task is 1"

    yield Misconception("E6", "No noise: z must be a draw of the guide, not the mean of q.", at_the_mean)
    yield Misconception("R13", "The same z at each call; take randomness from outside.", frozen)
    yield Misconception("E8", "All images share the same noise; the guide draws one z for each.", shared)
    yield Misconception("Y10", "You averaged over several draws: a quieter estimate, but the task is that of one.",
                        several)  # fmt: skip
    yield Misconception("Y8", "z comes from the prior: the guide draws, and the model is replayed, not the reverse.",
                        from_the_prior)  # fmt: skip


def _of_graph(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    def cut() -> str | None:
        try:
            _expect_gradients(subject, rubric)
        except Broken as broken:
            return str(broken)
        return None

    yield Misconception("Y9", "Right numbers, but the graph is cut: no `no_grad`, no `detach`, or nothing is learned.",
                        cut)  # fmt: skip


def _of_names(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    """Right for the lab's own sites, and not for others."""
    rng = rubric.rng
    x = binary_images(rng, 6, 5)

    def called(pair: Pair) -> Call | Failure:
        try:
            return _call(subject, rubric, pair, x)
        except Failure as failure:
            return failure

    def built_in() -> str | None:
        pair = random_pair(rng, 5, 3).renamed("z", seen="pixels", plate="points")
        call = called(pair)
        if isinstance(call, Failure):
            return f"with the sites `z` and `pixels` {call.message}; {len(x)} numbers were expected"
        return _other_value(call, "with the sites `z` and `pixels`")

    def left_out() -> str | None:
        call = called(random_pair(rng, 5, 3).renamed(*PARTS))
        what = "with the latent sites `{}` and `{}`".format(*PARTS)
        if isinstance(call, Failure):
            return f"{what} {call.message}; {len(x)} numbers were expected"
        return _other_value(call, what)

    yield Misconception("Y18", "The sites' names are built in: go through the sample sites of each trace, whatever "
                        "they are called.", built_in)  # fmt: skip
    yield Misconception("Y19", "One latent site is not all of z: every sample site of a trace counts, however many "
                        "there are.", left_out)  # fmt: skip


def _other_value(call: Call, what: str) -> str | None:
    if found := _two_draws(call):
        return "{} a coordinate of z is {:.4g} in the guide, {:.4g} in the model".format(what, *found)
    right = _terms(call).right
    if agrees(call.got, right, LOOSE):
        return None
    n = int(np.argmax(np.abs(call.got - right)))
    return f"{what} yours is {call.got[n]:.4g}, log p(x, z) - log q(z) is {right[n]:.4g}"

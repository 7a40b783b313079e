"""The ELBO, term by term: log_lik - beta * kl, with one draw of z for each example.

The check is one for every observation model (`observation.py`): a Gaussian x, and binary pixels. The signature of a
pure function, with parameters and a key among its arguments, is brought to this one in `pure_elbo.py`.

Source: Kingma & Welling (2014), eq. (3) and (10) with L = 1; beta as in Higgins et al. (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from vaelabs.subjects import Failure, Net, as_subject

from . import kl as kl_catalogue
from .bounds import agrees, number
from .kl import kl_standard_normal
from .observation import COPIES, LATENT, Bernoulli, Gaussian, Inputs, Observation
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
Formula = Callable[..., Array]

NAMES = ("elbo", "log_lik", "kl")
BETAS = (0.0, 0.5, 1.0, 4.0)
BATCH = 5
"""Examples where nothing hangs on their number."""
LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
LIMIT = 6.0
"""Standard errors: a right answer is further out less than once in 10^8."""
NARROW = -30.0
"""A logvar for which every z is mu, to 3e-7."""
STEP = 0.05
"""Of the differences, along a direction of length 1 in the parameters."""


@dataclass(frozen=True)
class Words:
    """What differs between the frameworks in what a student is told."""

    afresh: str
    encoder_cut: str
    draw_cut: str
    log_sigma_cut: str


EAGER = Words(
    "draw z afresh in every call",
    "call it outside `no_grad`, and do not detach its mu and logvar",
    "use mu + sigma * eps, or `.rsample()`",
    "log_sigma must stay a tensor",
)


@np.errstate(all="ignore")
def check_elbo_terms(
    elbo_terms: Any,
    framework: str = "torch",
    seed: int | None = None,
    *,
    kl_divergence: Any = None,
    gaussian_log_likelihood: Any = None,
) -> Score:
    """`elbo_terms(x, encoder, decoder, log_sigma, beta=1.0) -> (elbo, log_lik, kl)`, each (B,), in nats. 5 points.

    x has shape (B, data); `encoder(x)` gives (mu, logvar), each (B, latent), `decoder(z)` the mean of x; log_sigma
    is one number. The student's own `kl_divergence` and `gaussian_log_likelihood` may be given: what is wrong with
    them has cost its points in its own task and costs none here.
    """
    case = Case.of(elbo_terms, framework, Gaussian(), kl_divergence, gaussian_log_likelihood)
    return _check(case, seed, (2, 1, 1, 1))


@np.errstate(all="ignore")
def check_bernoulli_elbo_terms(
    elbo_terms: Any,
    framework: str = "torch",
    seed: int | None = None,
    *,
    kl_divergence: Any = None,
    bernoulli_log_likelihood: Any = None,
) -> Score:
    """`elbo_terms(x, encoder, decoder, beta=1.0) -> (elbo, log_lik, kl)`, each (B,), in nats. 4 points.

    x (B, data) holds zeros and ones; `encoder(x)` gives (mu, logvar), each (B, latent), `decoder(z)` the logits of x.
    The student's own `kl_divergence` and `bernoulli_log_likelihood` may be given, as in `check_elbo_terms`.
    """
    case = Case.of(elbo_terms, framework, Bernoulli(), kl_divergence, bernoulli_log_likelihood)
    return _check(case, seed, (1.5, 1, 0.5, 1))


@dataclass(frozen=True)
class Case:
    """An answer with one observation model, and what its two terms are to be.

    `subject` takes (x, encoder, decoder, log_sigma where the model has one, beta), and is seeded before each call.
    """

    subject: Any
    model: Observation
    kl: Term
    log_lik: Term
    words: Words = EAGER

    @classmethod
    def of(cls, elbo_terms: Any, framework: str, model: Observation, own_kl: Any, own_log_lik: Any) -> Case:
        """`own_kl` and `own_log_lik` are the student's functions of these terms, or None."""
        own = [None if each is None else as_subject(each, framework) for each in (own_kl, own_log_lik)]
        terms = Term("kl", kl_standard_normal, own[0]), Term("log_lik", model.density, own[1])
        return cls(as_subject(elbo_terms, framework), model, *terms)

    @property
    def spread(self) -> Any:
        """The answer, whose kl is repeated for each example where the student's own function gives one number."""
        return _Spread(self.subject, self.kl)


def _check(case: Case, seed: int | None, points: tuple[float, float, float, float]) -> Score:
    rubric = Rubric("elbo_terms", sum(points), seed)
    for_terms, for_beta, for_draws, for_gradients = points

    sentence = f"kl is the KL divergence of q from the prior, log_lik {case.model.density_of_x}"
    with rubric.award("the two terms", for_terms, sentence):
        expect_terms(case, rubric, (7, 64, 1))

    with rubric.award("ELBO and beta", for_beta, ELBO_AND_BETA):
        expect_beta(case, rubric)

    with rubric.award("z is drawn", for_draws, Z_IS_DRAWN):
        expect_draws(case, rubric)

    sentence = f"elbo can be differentiated: {case.model.differentiated}"
    with rubric.award("gradient to both networks", for_gradients, sentence):
        expect_gradients(case, rubric)

    rubric.diagnose(misconceptions(case, rubric))
    return rubric.score()


ELBO_AND_BETA = "elbo is log_lik - beta * kl, and beta changes nothing else"
Z_IS_DRAWN = "the decoder gets z ~ q(z given x), one fresh draw for each example"


# Inputs.


def seeing(rng: np.random.Generator, model: Observation, batch: int = BATCH) -> Inputs:
    """Networks with a hidden layer, of which every output matters."""
    encoder = Net.random(rng, [model.data, 8, 2 * LATENT], heads=2)
    decoder = Net.random(rng, [LATENT, 8, model.data], scale=1.5)
    return Inputs(model.x(rng, batch, scale=2), encoder, decoder, model.extra(rng))


def blind(rng: np.random.Generator, model: Observation, batch: int = BATCH) -> Inputs:
    """As above, with a decoder that ignores z: its log_lik has nothing random, however z was drawn."""
    inputs = seeing(rng, model, batch)
    *front, (weight, _) = inputs.decoder.layers
    return replace(inputs, decoder=Net((*front, (0 * weight, model.bias(rng)))))


def narrow(rng: np.random.Generator, model: Observation) -> Inputs:
    """As above, with an encoder so sure of itself that z is mu."""
    inputs = seeing(rng, model)
    weight, bias = rng.normal(size=(LATENT, model.data)), rng.normal(size=LATENT)
    heads = np.vstack([weight, 0 * weight]), np.append(bias, [NARROW] * LATENT)
    return replace(inputs, encoder=Net((heads,), heads=2))


def _smooth(rng: np.random.Generator, model: Observation) -> Inputs:
    """Linear networks: elbo is a smooth function of all parameters, so that differences are good gradients."""
    encoder = Net.random(rng, [model.data, 2 * LATENT], heads=2, scale=0.7)
    decoder = Net.random(rng, [LATENT, model.data])
    return Inputs(model.x(rng, BATCH), encoder, decoder, model.extra(rng))


# Calls.


def terms(subject: Any, rubric: Rubric, inputs: Inputs, seed: int | None = None, **beta: float) -> tuple[Array, ...]:
    """elbo, log_lik and kl of the answer, each (B,); beta is given by position, else by keyword."""
    results = _results(subject, rubric, inputs, seed, **beta)
    if not isinstance(results, tuple) or len(results) != 3:
        count = len(results) if isinstance(results, tuple) else 1
        found = f"one of shape {np.shape(results)}" if count == 1 else str(count)
        raise Broken(f"elbo_terms returns three results, {', '.join(NAMES)}; yours returns {found}")
    for name, got in zip(NAMES, results):
        expect_shape(got, (len(inputs.x),), f"{name} of {len(inputs.x)} examples")
    return results


def _results(subject: Any, rubric: Rubric, inputs: Inputs, seed: int | None = None, **beta: float) -> Any:
    seed = rubric.fresh_seed() if seed is None else seed
    subject.seed(seed)
    try:
        return subject(*inputs.args(), *beta.values())
    except Failure as failure:
        if not beta or failure.type != "TypeError":
            raise
    subject.seed(seed)
    return subject(*inputs.args(), **beta)


# The properties.


class Term:
    """One of the two terms, by our formula or, where the answer follows the student's own function, by that."""

    def __init__(self, name: str, formula: Formula, own: Formula | None):
        self.name, self.formula, self._own = name, formula, own
        self.carried = False

    def expect(self, got: Array, args: tuple[Array, ...]) -> None:
        """Raise Broken unless `got` is the term's value; ask with several examples first."""
        if self.carried and self._follows(got, args):
            return
        try:
            expect_close(got, self.formula(*args), f"{self.name} of the first example that differs", LOOSE, LOOSE)
        except Broken:
            if not (self._follows(got, args) and self._says_something(args)):
                raise
            self.carried = True

    def values(self, *args: Array) -> Array:
        """The term as the answer should have it."""
        return self._own(*args) if self.carried else self.formula(*args)

    def _follows(self, got: Array, args: tuple[Array, ...]) -> bool:
        """Whether the answer repeats what the student's own function says."""
        if self._own is None or not np.isfinite(got).all():
            return False
        try:
            own = self._own(*args)
            return agrees(np.broadcast_to(own, got.shape) if np.shape(own) == () else own, got, LOOSE)
        except Failure:
            return False

    def _says_something(self, args: tuple[Array, ...]) -> bool:
        """Whether the student's own function tells one example from another; a constant is no excuse."""
        rows = [tuple(arg[n : n + 1] if arg.ndim else arg for arg in args) for n in range(len(args[0]))]
        return bool(np.ptp([np.sum(self._own(*row)) for row in rows]) > 1e-3)

    def is_one_number(self, *args: Array) -> bool:
        """Whether the student's own function gives one number for the whole batch."""
        try:
            return self._own is not None and np.shape(self._own(*args)) == ()
        except Failure:
            return False


class _Spread:
    """The answer as three results of one number per example.

    Its kl is repeated for each example where the student's own function gives one for the batch.
    """

    def __init__(self, subject: Any, kl: Term):
        self._subject, self._kl, self._stacked = subject, kl, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subject, name)

    def vjp(self, args: tuple, cotangents: tuple, **options: Any) -> Any:
        if self._stacked:
            wanted = next(each for each in cotangents if each is not None)
            cotangents = np.stack([np.zeros_like(wanted) if each is None else each for each in cotangents])
        return self._subject.vjp(args, cotangents, **options)

    def __call__(self, x: Array, encoder: Net, *rest: Any, **beta: float) -> Any:
        results = self._subject(x, encoder, *rest, **beta)
        if not isinstance(results, tuple) and np.shape(results) == (3, len(x)):
            self._stacked = True
            results = tuple(results)  # one tensor of three rows unpacks like three tensors
        if (
            isinstance(results, tuple)
            and len(results) == 3
            and np.shape(results[2]) == ()
            and self._kl.is_one_number(*encoder(x))
        ):
            return (*results[:2], np.full(len(x), results[2]))
        return results


def expect_terms(case: Case, rubric: Rubric, batches: tuple[int, ...]) -> None:
    """kl and log_lik have their values, in batches of these sizes, the largest not last."""
    for inputs in (blind(rubric.rng, case.model, batch) for batch in batches):
        _, got_log_lik, got_kl = terms(case.spread, rubric, inputs)
        case.kl.expect(got_kl, inputs.posterior)
        case.log_lik.expect(got_log_lik, case.model.args(inputs, inputs.posterior[0]))


def expect_beta(case: Case, rubric: Rubric) -> None:
    """elbo is log_lik - beta * kl for every beta, and beta changes neither of these."""
    model, subject, inputs = case.model, case.spread, blind(rubric.rng, case.model)
    _, log_lik, kl = terms(subject, rubric, inputs)
    for name, values in (("log_lik", log_lik), ("kl", kl)):
        alike_by_carrying = name == "kl" and case.kl.carried
        if not (np.isfinite(values).all() and (np.ptp(values) > 1e-3 or alike_by_carrying)):
            raise Broken(f"{name} must differ from example to example; yours is {number(values)} for all {len(values)}")
    for beta in (*BETAS, rubric.rng.uniform(1.5, 3)):
        elbo, *rest = terms(subject, rubric, inputs, beta=beta)
        expect_close(elbo, log_lik - beta * kl, f"with beta = {beta:.3g}, elbo", LOOSE, LOOSE)
        expect_close(rest[0], log_lik, f"with beta = {beta:.3g} as with 1, log_lik", LOOSE, LOOSE)
        expect_close(rest[1], kl, f"with beta = {beta:.3g} as with 1, kl", LOOSE, LOOSE)
    for options in ({}, {"beta": 2.5}):
        elbo, log_lik, kl = terms(subject, rubric, seeing(rubric.rng, model), **options)
        beta = options.get("beta", 1.0)
        given = f"beta = {beta:g}" if options else f"beta left at {beta:g}"
        what = f"with {given}, elbo of the log_lik and kl returned with it"
        expect_close(elbo, log_lik - beta * kl, what, LOOSE, LOOSE)


def expect_draws(case: Case, rubric: Rubric) -> None:
    """z follows q: the mean and the spread of log_lik over many draws, and its value where q is narrow."""
    model, log_lik, subject = case.model, case.log_lik, case.spread
    inputs = model.copies(rubric.rng)
    _, got, _ = terms(subject, rubric, inputs)
    if not np.isfinite(got).all() or np.ptp(got) < 1e-6:
        raise Broken(f"{COPIES} rows with the same x have the same log_lik, {number(got)}: draw one z for each row")
    few = replace(inputs, x=inputs.x[:BATCH])
    first, second = (terms(subject, rubric, few)[1] for _ in range(2))
    if np.array_equal(first, second):
        raise Broken(f"two calls give the same log_lik, {number(first)}: {case.words.afresh}")

    if log_lik.carried:
        want, spread = _sampled_moments(rubric.rng, inputs, model, log_lik.values)
    else:
        want, spread = model.moments(inputs, *_first(inputs))
    if abs(got.mean() - want) > LIMIT * spread * np.sqrt((1 + log_lik.carried) / COPIES):
        raise Broken(f"the mean of log_lik over {COPIES} draws of z: got {got.mean():.4g}, expected {want:.4g}")
    if not 0.01 < got.var() / spread**2 < 2:  # more than one draw per example is allowed, and makes it smaller
        raise Broken(f"the spread of log_lik over draws of z: got {got.std():.4g}, expected {spread:.4g}")

    sure = narrow(rubric.rng, model)
    _, got, _ = terms(subject, rubric, sure)
    want = log_lik.values(*model.args(sure, sure.posterior[0]))
    expect_close(got, want, f"with logvar = {NARROW:g}, where z is mu: log_lik", LOOSE, LOOSE)


def _first(inputs: Inputs) -> tuple[Array, Array]:
    """Mean and standard deviation of z for the first row."""
    mu, logvar = inputs.posterior
    return mu[0], np.exp(logvar[0] / 2)


def _sampled_moments(
    rng: np.random.Generator, inputs: Inputs, model: Observation, density: Formula
) -> tuple[float, float]:
    """Mean and standard deviation of the first row's log_lik by any density, from draws of our own."""
    mu, std = _first(inputs)
    z = mu + std * rng.normal(size=(COPIES, len(mu)))
    values = density(*model.args(inputs, z))
    return float(values.mean()), float(values.std())


def expect_gradients(case: Case, rubric: Rubric, directions: int = 2) -> None:
    """The gradient of elbo agrees with the change of its values, draws of z being repeated by the seed.

    In so many directions for each of the encoder's outputs, and in one for the rest.
    """
    subject, rng, seed = case.spread, rubric.rng, rubric.fresh_seed()
    inputs = _smooth(rng, case.model)
    cotangent = rng.uniform(0.5, 1.5, len(inputs.x))
    terms(subject, rubric, inputs, seed)
    subject.seed(seed)
    _, encoder, decoder, *extra = subject.vjp(inputs.args(), (cotangent, None, None))

    def value(at: Inputs) -> float:
        return float(cotangent @ terms(subject, rubric, at, seed)[0])

    def expect(name: str, gradient: list[Array], direction: list[Array], moved: Callable[[list[Array]], Inputs]) -> None:
        norm = np.sqrt(sum(np.sum(part**2) for part in gradient))
        there = {n: value(moved([n * STEP * part for part in direction])) for n in (-2, -1, 1, 2)}
        want = (8 * (there[1] - there[-1]) - (there[2] - there[-2])) / (12 * STEP)
        got = sum(np.sum(a * b) for a, b in zip(gradient, direction))
        if not np.isfinite(norm) or norm < 1e-6:
            raise Broken(f"no gradient of elbo reaches {name}")
        if not abs(got - want) <= 1e-3 * (norm + 1):
            raise Broken(f"the gradient of elbo with respect to {name} promises a slope of {got:.4g}, its values "
                         f"have {want:.4g}: a part of the graph is cut")  # fmt: skip

    for name, rows in (("the encoder's mu", slice(0, LATENT)), ("the encoder's logvar", slice(LATENT, 2 * LATENT))):
        for _ in range(directions):
            direction = _direction(rng, inputs.encoder, rows)
            part = [gradient[rows] for gradient in encoder]
            expect(name, part, [each[rows] for each in direction],
                   lambda step, rows=rows: replace(inputs, encoder=_moved(inputs.encoder, step, rows)))  # fmt: skip
    direction = _direction(rng, inputs.decoder, slice(None))
    expect("the decoder", decoder, direction, lambda step: replace(inputs, decoder=_moved(inputs.decoder, step)))
    for log_sigma in extra:
        expect("log_sigma", [log_sigma], [np.array(1.0)],
               lambda step: replace(inputs, extra=(inputs.extra[0] + float(step[0]),)))  # fmt: skip


def _direction(rng: np.random.Generator, net: Net, rows: slice) -> list[Array]:
    """A random direction in the parameters whose part in these rows has length 1."""
    parts = [rng.normal(size=np.shape(part)) for layer in net.layers for part in layer]
    length = np.sqrt(sum(np.sum(part[rows] ** 2) for part in parts))
    return [part / length for part in parts]


def _moved(net: Net, step: list[Array], rows: slice = slice(None)) -> Net:
    """The network with `step` added to these rows of its parameters."""
    parts = [part.copy() for layer in net.layers for part in layer]
    for part, change in zip(parts, step):
        part[rows] += change
    return replace(net, layers=tuple(zip(parts[::2], parts[1::2])))


# What goes wrong.

_PENALTY = "The KL is a penalty: subtract it."
_KL_ONLY = "β multiplies the KL only."
_ONE_NUMBER = "One number for the whole batch: return one per example, (B,)."
_SMALL = "The two terms use different reductions, log_lik the larger one: effective β = 1/B."
_LARGE = "The two terms use different reductions, kl the larger one: effective β = B."
_SAME_KL = "The KL's mean over the batch stands in for that of each example: return one per example, (B,)."
_SAME_LIK = "The mean of log_lik over the batch stands in for that of each example: return one per example, (B,)."
_JENSEN = "Jensen the wrong way: ELBO averages logs."
_SHARED = "All examples were decoded from the same z (or the same eps); draw one per example."


def misconceptions(case: Case, rubric: Rubric) -> Iterator[Misconception]:
    """The catalogue, most telling first; nothing when the answer gives no numbers to compare."""
    subject, model = case.subject, case.model
    beta, inputs = 2.5, blind(rubric.rng, model)
    try:
        got = _results(subject, rubric, inputs, beta=beta)
    except Failure:
        return
    log_lik, kl = model.log_lik(inputs, inputs.posterior[0]), kl_standard_normal(*inputs.posterior)
    yield from _of_structure(got, log_lik, kl, beta)
    if not isinstance(got, tuple) or len(got) != 3:
        return
    yield from _of_kl(inputs, got)
    yield from model.misconceptions(inputs, got[1], lambda inputs: terms(subject, rubric, inputs)[1])
    yield from _of_draws(subject, rubric, model)
    if np.ptp(got[1]) > 1e-6:
        yield from _of_gradients(case, rubric)


def _of_structure(got: Any, log_lik: Array, kl: Array, beta: float) -> Iterator[Misconception]:
    """How the terms are put together; read off one call in which nothing is random."""
    right = log_lik - beta * kl

    def all_of(*wants: Any) -> Callable[[], str | None]:
        def recognise() -> str | None:
            if not isinstance(got, tuple) or len(got) != len(wants):
                return None
            if all(want is None or agrees(part, want) for part, want in zip(got, wants)):
                return f"with beta = {beta:g} your elbo is {number(got[0])}, it is {number(right)}"
            return None

        return recognise

    def elbo(*formulas: Callable[[Array, Array], Array]) -> Callable[[], str | None]:
        """Your elbo as a formula of your own log_lik and kl, which may be wrong."""

        def recognise() -> str | None:
            if not isinstance(got, tuple) or len(got) != 3 or agrees(got[0], got[1] - beta * got[2]):
                return None
            if any(agrees(got[0], formula(got[1], got[2])) for formula in formulas):
                return (f"with beta = {beta:g}, log_lik = {number(got[1])} and kl = {number(got[2])} your elbo is "
                        f"{number(got[0])}, it is {number(got[1] - beta * got[2])}")  # fmt: skip
            return None

        return recognise

    def shapes() -> str | None:
        parts = got if isinstance(got, tuple) else (got,)
        wrong = [(name, np.shape(part)) for name, part in zip(NAMES, parts) if np.shape(part) != kl.shape]
        return f"{wrong[0][0]} of {len(kl)} examples has shape {wrong[0][1]}" if wrong else None

    def count() -> str | None:
        parts = len(got) if isinstance(got, tuple) else 1
        return f"yours returns {parts}" if parts != 3 else None

    yield Misconception("E1", _PENALTY, elbo(lambda ll, k: ll + beta * k, lambda ll, k: ll + k))
    yield Misconception("E2", "Sign: `elbo` is higher-is-better; negate once, in the loss.",
                        elbo(lambda ll, k: beta * k - ll, lambda ll, k: k - ll))  # fmt: skip
    yield Misconception("E2", "Sign: `log_lik` is a log-density, not its negative.", all_of(None, -log_lik, None))
    yield Misconception("E3", _KL_ONLY, elbo(lambda ll, k: beta * ll - k, lambda ll, k: beta * (ll - k),
                                             lambda ll, k: beta * ll + (1 - beta) * k))  # fmt: skip
    yield Misconception("E3", _KL_ONLY, all_of(None, beta * log_lik, None))
    yield Misconception("E15", "`kl` is returned already multiplied by β; return the KL itself.",
                        all_of(None, None, beta * kl))  # fmt: skip
    yield Misconception("E4", "Your ELBO does not change with β.", elbo(lambda ll, k: ll - k))
    yield Misconception("E12", "The order of the three results is elbo, log_lik, kl.", all_of(None, kl, log_lik))
    for second in (kl, log_lik - beta * kl):
        yield Misconception("E12", "The order of the three results is elbo, log_lik, kl.", all_of(log_lik, second, None))
    yield Misconception("E12", "The order of the three results is elbo, log_lik, kl.", all_of(kl, None, None))
    # A sum against a mean changes the weight of the KL; a mean against one per example does not.
    mixed: tuple[tuple[str, str, tuple[Callable[[Array, Array], Array], ...]], ...] = (
        ("E5", _SMALL, (lambda ll, k: ll.sum() - beta * k.mean(), lambda ll, k: ll.sum() - beta * k)),
        ("E5", _LARGE, (lambda ll, k: ll.mean() - beta * k.sum(), lambda ll, k: ll - beta * k.sum())),
        ("E11", _SAME_KL, (lambda ll, k: ll - beta * k.mean(),)),
        ("E11", _SAME_LIK, (lambda ll, k: ll.mean() - beta * k,)),
    )
    for id, sentence, formulas in mixed:
        for formula in formulas:
            yield Misconception(id, sentence, all_of(formula(log_lik, kl), None, None))
        yield Misconception(id, sentence, elbo(*formulas))
    yield Misconception("E11", _ONE_NUMBER, all_of(None, log_lik.sum(), kl.sum()))
    yield Misconception("E11", _ONE_NUMBER, all_of(None, log_lik.mean(), kl.mean()))
    yield Misconception("E5", _SMALL, all_of(None, log_lik.sum(), kl.mean()))
    yield Misconception("E5", _LARGE, all_of(None, log_lik.mean(), kl.sum()))
    weights = log_lik - beta * kl
    for want in (logsumexp(weights) - np.log(len(weights)), logsumexp(weights)):
        yield Misconception("E7", _JENSEN, all_of(want, None, None))
    yield Misconception("E13", "elbo_terms returns three results: elbo, log_lik, kl.", count)
    yield Misconception("E11", _ONE_NUMBER, all_of(right.sum(), None, None))
    yield Misconception("E11", _ONE_NUMBER, all_of(right.mean(), None, None))
    yield Misconception("E11", "Each of the three results has shape (B,), one number per example.", shapes)


def _of_draws(subject: Any, rubric: Rubric, model: Observation) -> Iterator[Misconception]:
    """Where z comes from; read off many rows with the same x."""
    inputs = model.telling(rubric.rng)
    try:
        _, got, got_kl = terms(subject, rubric, inputs)
        _, again, _ = terms(subject, rubric, inputs)
    except (Failure, Broken):
        return
    mu, std = _first(inputs)
    one = replace(inputs, x=inputs.x[0])
    at_mu = float(model.log_lik(one, mu))
    want, spread = model.moments(inputs, mu, std)
    constant = np.ptp(got) < 1e-6

    def evidence() -> str:
        """Mean or spread of log_lik, whichever is further out."""
        by_mean = abs(got.mean() - want) / (spread / np.sqrt(COPIES))
        by_spread = np.sqrt(2 * COPIES) * abs(np.log(got.std() / spread))
        name, yours, right = ("mean", got.mean(), want) if by_mean > by_spread else ("spread", got.std(), spread)
        return f"the {name} of your log_lik over {COPIES} draws is {yours:.4g}, it is {right:.4g}"

    def no_noise() -> str | None:
        if not agrees(got, 0 * got + at_mu):
            return None
        return f"your log_lik is {got[0]:.4g} in every row, that of z = mu is {at_mu:.4g}"

    def shared() -> str | None:
        if not constant or np.array_equal(got, again):
            return None
        return f"{COPIES} rows with the same x have log_lik {got[0]:.4g} in one call, {again[0]:.4g} in another"

    def frozen() -> str | None:
        if constant or not np.array_equal(got, again):
            return None
        return f"two calls gave {got[0]:.4g} and {again[0]:.4g}"

    def misfit(mean: Array, deviation: Array) -> float:
        """How far mean and spread of your log_lik are from this law of z, in squared standard errors."""
        expected, wide = model.moments(inputs, mean, deviation)
        error = wide / np.sqrt(COPIES)
        return ((got.mean() - expected) / error) ** 2 + 2 * COPIES * np.log(got.std() / wide) ** 2

    def law() -> tuple[str, str] | None:
        """Id and sentence of the wrong law that fits best."""
        if constant or misfit(mu, std) < 60:
            return None
        laws = _laws(mu, std)
        fits = [misfit(*each[2:]) for each in laws]
        best = int(np.argmin(fits))
        return laws[best][:2] if fits[best] < 60 else None

    def several() -> str | None:
        """The log of a mean over several draws, whose number we have to find."""
        if constant or got.mean() < want:
            return None
        z = mu + std * rubric.rng.normal(size=(400, 1000, len(mu)))
        density = model.log_lik(one, z)
        for k in (2, 3, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1000):
            mean = logsumexp(density[:, :k], axis=1) - np.log(k)
            error = np.sqrt(mean.var() / len(mean) + got.var() / COPIES)
            if abs(mean.mean() - got.mean()) < 5 * error and 0.5 < mean.var() / got.var() < 2:
                return evidence()
        return None

    def drawn_kl(expected: float) -> Callable[[], str | None]:
        def recognise() -> str | None:
            if np.ptp(got_kl) < 1e-6 or abs(got_kl.mean() - expected) > 6 * got_kl.std() / np.sqrt(COPIES):
                return None
            right = kl_standard_normal(mu, 2 * np.log(std))
            return f"rows with the same x have kl {got_kl[0]:.4g} and {got_kl[1]:.4g}; it is {right:.4g}"

        return recognise

    yield Misconception("E6", "No noise enters the decoder: this is not the expectation under q.", no_noise)
    yield Misconception("E8", _SHARED, shared)
    yield Misconception("R13", "The same eps at each call; take randomness from outside.", frozen)
    if found := law():
        yield Misconception(*found, evidence)
    yield Misconception("E7", _JENSEN, several)
    parts = _kl_parts(mu, std)
    for part in ("-entropy", "entropy"):
        yield Misconception("E9", "log p(z) is missing: the KL is the mean of log q(z given x) - log p(z).",
                            drawn_kl(parts[part]))  # fmt: skip
    yield Misconception("E9", "log q(z given x) is missing: the KL is the mean of log q(z given x) - log p(z).",
                        drawn_kl(parts["cross"]))  # fmt: skip
    yield Misconception("E10", "You estimated the KL from the draw: right on average, but noisy; it has a closed form.",
                        drawn_kl(parts["kl"]))  # fmt: skip


def _laws(mu: Array, std: Array) -> list[tuple[str, str, Array, Array]]:
    """Wrong laws of z: id, sentence, mean and standard deviation."""
    logvar, one = 2 * np.log(std), np.ones_like(std)
    return [
        ("R1", "exp(logvar) is the variance; the standard deviation is exp(logvar / 2).", mu, std**2),
        ("R2", "You scaled the noise by the log-variance itself; it is negative for sigma < 1.", mu, np.abs(logvar)),
        ("R3", "The exponential is missing: sigma = exp(logvar / 2).", mu, np.abs(logvar) / 2),
        ("R4", "Sign of the exponent: this is 1/sigma.", mu, 1 / std),
        ("R5", "softplus is another parametrisation; this argument is log sigma², so sigma = exp(logvar / 2).",
         mu, np.logaddexp(0, logvar)),
        ("E19", "Your z comes from the prior; draw it from q(z given x), with the encoder's mu and logvar.", 0 * mu, one),
        ("E19", "Your z has the encoder's mean, but not its variance.", mu, one),
    ]  # fmt: skip


def _kl_parts(mu: Array, std: Array) -> dict[str, float]:
    """What the KL is the difference of: the entropy of q and the cross-entropy of q and the prior."""
    entropy = float(np.sum(np.log(std) + 0.5 + 0.5 * np.log(2 * np.pi)))
    cross = 0.5 * float(np.sum(mu**2 + std**2 + np.log(2 * np.pi)))
    return {"kl": cross - entropy, "-entropy": -entropy, "entropy": entropy, "cross": cross}


def _of_kl(inputs: Inputs, got: tuple) -> Iterator[Misconception]:
    """Wrong formulas of the KL, as its own catalogue knows them."""
    mu, logvar = inputs.posterior
    right = kl_standard_normal(mu, logvar)

    def kl_is(want: Array) -> Callable[[], str | None]:
        return lambda: f"your kl is {number(got[2])}, it is {number(right)}" if agrees(got[2], want) else None

    with np.errstate(all="ignore"):
        for form in kl_catalogue.FORMS:
            yield Misconception(form.id, f"kl: {form.sentence}", kl_is(form.formula(mu, logvar).sum(-1)))
        for id, sentence, reduce in kl_catalogue.REDUCTIONS:
            yield Misconception(id, f"kl: {sentence}", kl_is(reduce(kl_catalogue.kl_terms(mu, logvar))))


def _of_gradients(case: Case, rubric: Rubric) -> Iterator[Misconception]:
    """Where the graph is cut, when the values are right."""
    subject, words, inputs = case.subject, case.words, _smooth(rubric.rng, case.model)
    ones = np.ones(len(inputs.x))
    subject.seed(rubric.fresh_seed())
    _, of_log_lik, decoder, *extra = subject.vjp(inputs.args(), (None, ones, None))
    _, of_kl, *_ = subject.vjp(inputs.args(), (None, None, ones))
    mu, logvar = (sum(np.abs(part[rows]).sum() for part in of_log_lik) for rows in (slice(0, LATENT), slice(LATENT, None)))

    def when(cut: bool, evidence: str) -> Callable[[], str | None]:
        return lambda: evidence if cut else None

    nothing = mu == 0 and logvar == 0 and not any(part.any() for part in of_kl)
    yield Misconception("E17", f"The graph is cut at the encoder: {words.encoder_cut}.",
                        when(decoder[0].any() and nothing,
                             "the gradients of log_lik and of kl in the encoder are both 0"))  # fmt: skip
    yield Misconception("R10", f"The draw of z cuts the graph: {words.draw_cut}.",
                        when(decoder[0].any() and mu == 0 and logvar == 0, "the gradient of log_lik in the encoder is 0"))  # fmt: skip
    yield Misconception("R11", "Gradient reaches mu but not logvar: sigma is detached.",
                        when(mu > 0 and logvar == 0, "the gradient of log_lik in logvar is 0"))  # fmt: skip
    yield Misconception("R11", "Gradient reaches logvar but not mu: mu is detached.",
                        when(mu == 0 and logvar > 0, "the gradient of log_lik in mu is 0"))  # fmt: skip
    yield Misconception("E17", "The graph is cut: no gradient reaches the decoder.",
                        when(not any(part.any() for part in decoder), "the gradient of log_lik in the decoder is 0"))  # fmt: skip
    yield Misconception("E17", f"The graph is cut: {words.log_sigma_cut}.",
                        when(any(not each.any() for each in extra), "the gradient of log_lik in log_sigma is 0"))  # fmt: skip
    yield Misconception("E17", "The graph is cut: no gradient of the KL reaches the encoder.",
                        when(not any(part.any() for part in of_kl), "the gradient of kl in the encoder is 0"))  # fmt: skip

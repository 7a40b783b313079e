"""The ELBO as a pure function: the parameters, the key of the draw and both networks are among its arguments.

The mathematics is that of `elbo.py`. Here are the signature, the kinds of observation, and what makes a function pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaelabs.subjects import Apply, Failure, Net, Params, Seed, as_subject

from .bounds import agrees, number
from .elbo import (
    BATCH,
    ELBO_AND_BETA,
    LOOSE,
    NARROW,
    Z_IS_DRAWN,
    Case,
    Term,
    Words,
    blind,
    expect_beta,
    expect_draws,
    expect_gradients,
    expect_terms,
    misconceptions,
    seeing,
    terms,
)
from .elementwise import SHAPE
from .kl import kl_standard_normal
from .observation import LATENT, Bernoulli, Gaussian, Inputs
from .pixel_likelihoods import KINDS, pixel_log_likelihood
from .rubric import Broken, Misconception, Rubric, Score, expect_close

Array = np.ndarray

UNUSED = 0.3
"""log_sigma where the kind of observation has none."""
GAUSSIAN = Gaussian(Bernoulli.data)
"""Of the same shapes as binary pixels: JAX compiles every operation for every shape that it meets."""
STATIC = ("encode", "decode", "kind")
PURE = Words(
    "draw z with the key that you are given",
    "no `stop_gradient` around mu and logvar",
    "no `stop_gradient` around z = mu + sigma * eps",
    'use params["log_sigma"] itself, without `float` or `stop_gradient`',
)


@np.errstate(all="ignore")
def check_jax_elbo_terms(
    elbo_terms: Any,
    framework: str = "jax",
    seed: int | None = None,
    *,
    kl_divergence: Any = None,
    log_likelihood: Any = None,
) -> Score:
    """`elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0) -> (elbo, log_lik, kl)`, each (B,). 4 points.

    params has "encoder", "decoder" and "log_sigma"; `encode(params["encoder"], x)` gives (mu, logvar), each
    (B, latent), `decode(params["decoder"], z)` what the kind of observation needs. In nats. The student's own
    `kl_divergence(mu, logvar)` and `log_likelihood(kind, out, x, log_sigma)` may be given: what is wrong with them
    has cost its points in its own task and costs none here.
    """
    subject, rubric = as_subject(elbo_terms, framework), Rubric("elbo_terms", 4, seed)
    own_kl = None if kl_divergence is None else as_subject(kl_divergence, framework)
    own = None if log_likelihood is None else as_subject(log_likelihood, framework)
    kl = Term("kl", kl_standard_normal, own_kl)
    kinds = [kind for kind in KINDS if own is None or _works(own, kind)] or list(KINDS)
    case = _case(subject, "bernoulli" if "gaussian" not in kinds else "gaussian", kl, own)

    with rubric.award("the two terms", 1, "kl is the KL divergence of q from the prior, log_lik that of `kind`"):
        expect_terms(case, rubric, (BATCH, 1))
        for kind in kinds:
            _expect_kind(_kind(case, kind, own), rubric)

    with rubric.award("ELBO and beta", 0.5, ELBO_AND_BETA):
        expect_beta(case, rubric)

    with rubric.award("z is drawn", 1, Z_IS_DRAWN):
        expect_draws(case, rubric)

    with rubric.award("gradient to every parameter", 0.5, "elbo can be differentiated in every leaf of params"):
        expect_gradients(case, rubric, directions=1)

    with rubric.award("a pure function", 0.5, "the result depends on the arguments, and on nothing else"):
        _expect_pure(case, rubric)

    with rubric.award("under jit", 0.5, "compiled, with encode, decode and kind static, it gives the same numbers"):
        _expect_compiled(case, rubric)

    rubric.diagnose(_misconceptions(rubric, [case, _case(subject, "bernoulli", kl, own)], kinds))
    return rubric.score()


def _works(own: Any, kind: str) -> bool:
    """Whether the student's own log_likelihood gives numbers for this kind; if not, its points are lost already."""
    try:
        own(kind, np.full(SHAPE, 0.4), np.full(SHAPE, 0.5), np.array(UNUSED))
    except Failure:
        return False
    return True


def _log_lik(kind: str, own: Any) -> Callable[..., Array] | None:
    """The student's own log_likelihood of a kind that has a case; its arguments are those of our formula."""
    if own is None:
        return None
    if kind == "gaussian":
        return lambda x, mean, log_sigma: own(kind, mean, x, log_sigma)
    return lambda logits, x: own(kind, logits, x, np.array(UNUSED))


def _case(subject: Any, kind: str, kl: Term, own: Any) -> Case:
    """The answer with one of the two kinds that have everything in closed form."""
    model = Bernoulli() if kind == "bernoulli" else GAUSSIAN
    log_sigma = UNUSED if kind == "bernoulli" else None
    log_lik = Term("log_lik", model.density, _log_lik(kind, own))
    return Case(PureElbo(subject, kind, log_sigma), model, kl, log_lik, PURE)


@dataclass
class PureElbo:
    """The answer as the check of every ELBO calls it: (x, encoder, decoder, log_sigma, beta), seeded before each call.

    With `log_sigma` given here it is no argument. The two `activations` are those of encode and of decode.
    """

    answer: Any
    kind: str
    log_sigma: float | None = None
    activations: tuple[str, str] = ("tanh", "tanh")
    key: int = 0
    calls: int = 0

    def seed(self, n: int) -> None:
        """The key of the calls to come. Other generators are seeded otherwise each time: no result may hang on them."""
        self.key, self.calls = n, self.calls + 1
        self.answer.seed(self.calls)

    def __call__(self, *args: Any, **beta: float) -> Any:
        given, keywords = self._arguments(args, beta)
        return self.answer(*given, **keywords)

    def vjp(self, args: tuple, cotangents: Any, **beta: float) -> list[Any]:
        """Gradients in x, encoder, decoder and, where it is an argument, in log_sigma."""
        given, keywords = self._arguments(args, beta)
        leaves, _, for_x = self.answer.vjp(given, cotangents, **keywords)
        parts = 2 * len(args[1].layers)
        found = [for_x, leaves[:parts], leaves[parts:-1], leaves[-1]]
        return found if self.log_sigma is None else found[:-1]

    def _arguments(self, args: tuple, beta: dict[str, float]) -> tuple[tuple, dict[str, Any]]:
        x, encoder, decoder, *rest = args
        log_sigma = float(rest.pop(0)) if self.log_sigma is None else self.log_sigma
        encode, decode = (Apply(net, name) for net, name in zip((encoder, decoder), self.activations))
        options = dict(zip(("beta",), rest)) | beta
        keywords = {"encode": encode, "decode": decode, "kind": self.kind, **options}
        return (Params(encoder, decoder, log_sigma), Seed(self.key), x), keywords


# The properties of a pure function.


def _kind(case: Case, kind: str, own: Any) -> Case:
    """The answer with any kind of observation, whose density takes (out, x, log_sigma)."""
    log_lik = Term("log_lik", lambda *args: pixel_log_likelihood(kind, *args),
                   None if own is None else lambda *args: own(kind, *args))  # fmt: skip
    return replace(case, subject=PureElbo(case.subject.answer, kind), log_lik=log_lik)


def _expect_kind(case: Case, rubric: Rubric) -> None:
    """log_lik is that of the kind of observation, for a decoder that ignores z."""
    inputs, args = _pixels(rubric.rng, case.subject.kind)
    _, got, _ = terms(case.spread, rubric, inputs)
    try:
        case.log_lik.expect(got, args)
    except Broken as broken:
        raise Broken(f"with kind = {case.subject.kind!r}, {broken}") from broken


def _pixels(rng: np.random.Generator, kind: str) -> tuple[Inputs, tuple[Array, Array, Array]]:
    """Examples of this kind, with a decoder that ignores z; and (out, x, log_sigma)."""
    inputs = blind(rng, GAUSSIAN)
    x = rng.uniform(0.05, 0.95, inputs.x.shape)
    inputs = replace(inputs, x=x.round() if kind == "bernoulli" else x)
    return inputs, (inputs.decoder(inputs.posterior[0]), inputs.x, np.array(inputs.extra[0]))


def _expect_pure(case: Case, rubric: Rubric) -> None:
    """The key decides what is drawn, and the two functions that are passed decide what is computed."""
    inputs, seed = seeing(rubric.rng, case.model), rubric.fresh_seed()
    first, again = (terms(case.spread, rubric, inputs, seed)[1] for _ in range(2))
    expect_close(again, first, "two calls with the same key: log_lik", LOOSE, LOOSE)
    before: dict[str, tuple[Array, Array]] = {}
    for found in _with_networks(case, rubric):
        got_before, want_before = before.setdefault(found.term, (found.got, found.want))
        if agrees(got_before, want_before):
            expect_close(found.got, found.want, f"with {found.name}, {found.term} of the first example that differs",
                         LOOSE, LOOSE)  # fmt: skip
        elif found.own and agrees(found.got, got_before):  # a wrong term has cost its points: here it is to change
            raise Broken(f"with {found.name} your {found.term} is {number(found.got)}, as before")


@dataclass(frozen=True)
class Found:
    """A term that the answer gives with one pair of functions, and what it is to be; `own`: they decide on it most."""

    name: str
    term: str
    got: Array
    want: Array
    own: bool


def _with_networks(case: Case, rubric: Rubric) -> Iterator[Found]:
    """Both terms with one pair of functions after the other, at the same key and parameters."""
    seed = rubric.fresh_seed()
    for name, networks, want in _networks(case, rubric):
        _, log_lik, kl = terms(networks.spread, rubric, want, seed)
        right = case.log_lik.values(*case.model.args(want, want.posterior[0])), case.kl.values(*want.posterior)
        yield Found(name, "log_lik", log_lik, right[0], "decode" in name)
        yield Found(name, "kl", kl, np.broadcast_to(right[1], kl.shape), "encode" in name)


def _networks(case: Case, rubric: Rubric) -> Iterator[tuple[str, Case, Inputs]]:
    """The answer with one pair of functions after the other, the parameters being the same in all.

    The inputs compute what the functions do, where parameters go into a call; z is mu.
    """
    inputs = seeing(rubric.rng, case.model)
    *front, (weight, bias) = inputs.encoder.layers
    of_mu = np.arange(2 * LATENT) < LATENT
    head = weight * of_mu[:, None], np.where(of_mu, bias, NARROW)
    inputs = replace(inputs, encoder=Net((*front, head), heads=2))
    for name, activations in (("one pair of functions", ("tanh", "tanh")), ("another `encode`", ("sin", "tanh")),
                              ("another `decode`", ("tanh", "sin"))):  # fmt: skip
        networks = (_Computed(net.layers, net.heads, activation=each)
                    for net, each in zip((inputs.encoder, inputs.decoder), activations))  # fmt: skip
        yield name, replace(case, subject=replace(case.subject, activations=activations)), replace(
            inputs, **dict(zip(("encoder", "decoder"), networks)))  # fmt: skip


@dataclass(frozen=True)
class _Computed(Net):
    """A network of one hidden layer with an activation of its own, as `Apply` has it."""

    activation: str = "tanh"

    def __call__(self, x: Array) -> Array | tuple[Array, ...]:
        (first, bias), last = self.layers
        hidden = {"tanh": np.tanh, "sin": np.sin}[self.activation](x @ first.T + bias)
        return Net((last,), self.heads)(hidden)


def _expect_compiled(case: Case, rubric: Rubric) -> None:
    """Three calls of the compiled function, each with its own parameters, key and x."""
    compiled, alike = _compiled(case)
    seen = []
    for _ in range(3):
        inputs, seed = seeing(rubric.rng, case.model), rubric.fresh_seed()
        wanted = terms(case.spread, rubric, inputs, seed)
        for name, got, want in zip(("elbo", "log_lik", "kl"), terms(alike.spread, rubric, inputs, seed), wanted):
            expect_close(got, want, f"compiled, as not compiled: {name}", LOOSE, LOOSE)
        seen.append(wanted[1])
    if not np.ptp(seen) > 1e-3:
        raise Broken(f"log_lik is {number(seen)} for all parameters, keys and examples")
    if compiled.traces != 1:
        raise Broken(f"three calls with the same shapes were traced {compiled.traces} times, expected 1")


def _compiled(case: Case) -> tuple[Any, Case]:
    compiled = case.subject.answer.jit(static=STATIC)
    calls = case.subject.calls + 1000  # not the seeds of the plain calls
    return compiled, replace(case, subject=replace(case.subject, answer=compiled, calls=calls))


# What goes wrong.


def _misconceptions(rubric: Rubric, cases: list[Case], kinds: list[str]) -> Iterator[Misconception]:
    """The catalogue, most telling first; where the answer only fails, what the failure says."""
    case, subject = cases[0], cases[0].subject.answer
    inputs = blind(rubric.rng, case.model)
    try:
        terms(case.subject, rubric, inputs)
    except Failure as failure:
        yield from _of_failures(subject, failure)
        return
    except Broken:
        pass
    yield Misconception("J13", "`kind` is not passed on: every kind of observation has its own log_lik.",
                        lambda: _kind_evidence(subject, rubric, kinds))  # fmt: skip
    yield Misconception("J14", "The networks are not those that are passed: use `encode` and `decode`, no global "
                        "function and none of an earlier call.", lambda: _network_evidence(case, rubric))  # fmt: skip
    yield Misconception("R16", "The noise does not come from the key: the same key must give the same numbers, and "
                        "under jit NumPy's would be drawn once for all calls.", lambda: _noise_evidence(case, rubric))  # fmt: skip
    yield Misconception("J16", 'log_likelihood takes the logarithm of sigma: params["log_sigma"] itself.',
                        lambda: _scale_evidence(subject, rubric))  # fmt: skip
    for each in cases:
        try:
            yield from misconceptions(each, rubric)
        except Failure:
            pass  # it gives numbers, but no gradients: its further mistakes may say why
    yield Misconception("J15", "Under jit the arrays have no values yet: no `if`, `float`, `int` or NumPy on them.",
                        lambda: _jit_evidence(case, rubric))  # fmt: skip


def _of_failures(subject: Any, failure: Failure) -> Iterator[Misconception]:
    if failure.kind != "raised":
        return
    said = f"yours: {failure}; ours gives three results"
    seen = [subject.record(name) for name in ("encode", "decode")]

    def when(holds: bool) -> Callable[[], str | None]:
        return lambda: said if holds else None

    yield Misconception("J17", "Something of one call is kept for the next, in a global name: under jit that is no number. "
                        "A pure function returns all that it makes.", when(failure.type == "UnexpectedTracerError"))  # fmt: skip
    of_call = any(words in failure.message for words in ("_Apply", "not the parameters of this network"))
    of_values = any(seen) and failure.type in ("TypeError", "ValueError")
    yield Misconception("J12", 'A network is called with its own parameters first: encode(params["encoder"], x) and '
                        'decode(params["decoder"], z).', when(of_call or of_values))  # fmt: skip
    yield Misconception("J11", 'It failed before `encode` was called: mu, logvar = encode(params["encoder"], x) takes '
                        "nothing but the arguments.", when(not any(seen)))  # fmt: skip


def _kind_evidence(subject: Any, rubric: Rubric, kinds: list[str]) -> str | None:
    for kind in kinds:
        inputs, args = _pixels(rubric.rng, kind)
        _, got, _ = terms(PureElbo(subject, kind), rubric, inputs)
        right = pixel_log_likelihood(kind, *args)
        for other in KINDS:
            if other != kind and agrees(got, pixel_log_likelihood(other, *args)) and not agrees(got, right):
                return f"for kind = {kind!r} your log_lik is {number(got)}, that of {other!r}; it is {number(right)}"
    return None


def _scale_evidence(subject: Any, rubric: Rubric) -> str | None:
    inputs, (out, x, log_sigma) = _pixels(rubric.rng, "gaussian")
    _, got, _ = terms(PureElbo(subject, "gaussian"), rubric, inputs)
    for wrong in (np.exp(log_sigma), 2 * log_sigma, log_sigma / 2, -log_sigma, np.log(log_sigma)):
        if agrees(got, pixel_log_likelihood("gaussian", out, x, wrong)):
            return (f"at log_sigma = {log_sigma:.4g} your log_lik is that of log_sigma = {wrong:.4g}, {number(got)}; it is "
                    f"{number(pixel_log_likelihood('gaussian', out, x, log_sigma))}")  # fmt: skip
    return None


def _network_evidence(case: Case, rubric: Rubric) -> str | None:
    """Whether a term that was right stays as it was, though it depends on a function that is another now."""
    before: dict[str, Found] = {}
    for found in _with_networks(case, rubric):
        first = before.setdefault(found.term, found)
        was_right = agrees(first.got, first.want)
        if was_right and agrees(found.got, first.got) and not agrees(found.got, found.want):
            return (f"with {found.name} your {found.term} is {number(found.got)}, as before; it is "
                    f"{number(found.want)}")  # fmt: skip
    return None


def _noise_evidence(case: Case, rubric: Rubric) -> str | None:
    inputs, seed = seeing(rubric.rng, case.model), rubric.fresh_seed()
    first, again = (terms(case.spread, rubric, inputs, seed)[1] for _ in range(2))
    if agrees(first, again):
        return None
    return f"two calls with the same key have log_lik {number(first)} and {number(again)}"


def _jit_evidence(case: Case, rubric: Rubric) -> str | None:
    inputs, seed = seeing(rubric.rng, case.model), rubric.fresh_seed()
    right = terms(case.spread, rubric, inputs, seed)
    try:
        terms(_compiled(case)[1].spread, rubric, inputs, seed)
    except Failure as failure:
        return f"compiled: {failure}; not compiled, elbo is {number(right[0])}"
    return None

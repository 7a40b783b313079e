"""What goes wrong in a model or a guide, and how it is recognised in the traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from scipy.special import expit

from vaelabs.subjects import Failure, Site

from .bernoulli import bernoulli_log_density
from .bounds import agrees, number
from .likelihood import gaussian_log_density
from .program_runs import (
    FAR,
    PLAIN,
    SIZES,
    Run,
    Runs,
    decoder_gradient,
    drawn_twice,
    encoder_gradients,
    log_q,
    misnamed,
    quoted,
    role,
    unregistered,
)
from .rubric import Broken, Misconception

Array = np.ndarray

NORMAL = ("Normal", "MultivariateNormal", "LowRankMultivariateNormal")
BATCHES, LATENTS, WIDTHS = (32, 64, 100, 128, 200, 256), (1, 2, 5, 10, 20, 32, 50), (784,)
"""Sizes that are found built into an answer."""
SHAPES = "Pyro takes every axis for images until you declare the last one an event, whose log-probabilities it adds up."


def of_model(runs: Runs) -> Iterator[Misconception]:
    """The catalogue, most telling first. Where the program runs at no size, only what its error tells."""
    yield from _of_failures(runs)
    run = runs.first()
    yield from _each(
        _of_sites(runs, run, {"latent": False, "obs": True}),
        _of_prior(runs, run),
        _of_likelihood(runs, run),
        _of_parameters(run),
        _of_result(runs, run),
    )


def of_guide(runs: Runs) -> Iterator[Misconception]:
    yield from _of_failures(runs)
    positive = runs.attempt(PLAIN, "positive")
    run = runs.first() if isinstance(positive, Failure) else positive
    yield from _each(
        _of_sites(runs, run, {"latent": False}), _of_law(run), _of_density(run), _of_gradient(run), _of_parameters(run)
    )


def _each(*parts: Iterator[Misconception]) -> Iterator[Misconception]:
    """One part of the catalogue after the other; what cannot be compared at all ends its own part only."""
    for part in parts:
        try:
            yield from part
        except (Broken, Failure, ArithmeticError, ValueError, IndexError, TypeError):
            continue


def _when(evidence: str | None) -> Callable[[], str | None]:
    return lambda: evidence


def _of_failures(runs: Runs) -> Iterator[Misconception]:
    """Errors of the library that have one known cause, and sizes that are built in."""
    found = runs.attempt(PLAIN)
    if not isinstance(found, Failure):
        return
    if runs.kind == "model" and "parameter probs of Bernoulli" in found.message:
        yield Misconception("P5", "The first argument of `Bernoulli` is probs; name it: `logits=`.",
                            _when(f"Given the decoder's output, any real numbers, {found}."))  # fmt: skip

    def built_in() -> str | None:
        data, latent, batch = PLAIN
        others = (*((data, latent, n) for n in BATCHES), *((data, n, batch) for n in LATENTS),
                  *((n, latent, batch) for n in WIDTHS))  # fmt: skip
        if any(isinstance(runs.attempt(sizes), Run) for sizes in SIZES) or "must satisfy" in found.message:
            return None
        for sizes in others:
            if isinstance(runs.attempt(sizes), Run):
                what, good, bad = next(
                    each for each in zip(("pixels", "latent dimensions", "images"), sizes, PLAIN) if each[1] != each[2]
                )
                return f"It runs with {good} {what}; with {bad} {found}."
        return None

    yield Misconception("G20", "A size is built in: take it from x, `len(x)`, or from `self.latent_dim`.", built_in)


def _of_sites(runs: Runs, run: Run, wanted: dict[str, bool]) -> Iterator[Misconception]:
    """`wanted` has the sites' names, and whether they are observed."""
    samples = run.free.samples
    names = [site.name for site in samples]
    seen = f"Your {run.kind} has {quoted(names) or 'none'}"
    yield Misconception("G1", "Pyro sees no random variable: each is a `pyro.sample(name, distribution)`.",
                        _when(None if names else f"{seen}, expected {quoted(wanted)}."))  # fmt: skip
    loops = [site.name for site in samples if any(plate.dim is None for plate in site.plates)]
    yield Misconception("G3", "The plate is a loop here: `with pyro.plate(...):` takes all images at once.",
                        _when(f"{seen}, one for each image." if loops else None))  # fmt: skip
    if run.kind == "guide":
        scored = [site.name for site in run.free.observed if site.distribution != "Unit"]
        known = scored or [name for name in names if name in ("obs", "x")]
        yield Misconception("P10", "The guide proposes latents only: nothing is observed in it; the model scores x.",
                            _when(f"It has the site {quoted(known)}." if known else None))  # fmt: skip
    else:
        scored = [f"`{site.name}` ({'observed' if site.observed else 'drawn'})" for site in samples]
        missing = not run.free.observed
        yield Misconception("P10", "The model must score x with `obs=x`: without it the data never enter.",
                            _when(f"Your sites: {', '.join(scored)}." if missing and names else None))  # fmt: skip
        latent = role(run.free, "latent") or run.free.get("latent")
        fixed = latent is None or latent.observed
        yield Misconception("G2", "z is not drawn by Pyro: it is `pyro.sample(\"latent\", ...)` without `obs`, so that "
                            "a guide can put its own draw there.",
                            _when(f"Your sites: {', '.join(scored)}." if fixed else None))  # fmt: skip
    away = [name for name in wanted if name not in names]
    if away and len(names) == len(wanted):
        sentence = (
            "Model and guide are matched by name: with another name Pyro samples `latent` from the prior and your q is "
            "never used."
            if "latent" in away
            else "The sites' names are part of the program: `obs` is where x is scored."
        )
        yield Misconception("P1", sentence, _when(f"{seen}, expected {quoted(wanted)}."))
    extra = [name for name in names if name not in wanted]
    if extra and len(names) > len(wanted):
        yield Misconception("G16", "A further site changes the program: every `pyro.sample` and `pyro.factor` adds its "
                            "log-probability.", _when(f"{seen}, expected {quoted(wanted)}."))  # fmt: skip
    yield from _of_shapes(runs)
    yield from _of_plates(runs)


def _of_shapes(runs: Runs) -> Iterator[Misconception]:
    for site, run in _sites_of(runs):
        shape = np.shape(site.log_prob)
        batch = len(run.x)
        rows = f"Site `{site.name}` of {batch} images has log-probability of shape {shape}, expected {(batch,)}."
        if site.log_prob is None:
            continue
        if len(site.event_shape) == 0 and len(shape) == 2 and len(site.plates) < 2 and site.distribution != "Unit":
            yield Misconception("P2", f"`.to_event(1)` is missing at `{site.name}`: {SHAPES}", _when(rows))
        elif len(site.event_shape) >= 2:
            yield Misconception("G7", f"The batch was made part of the event at `{site.name}`: the plate needs a "
                                "number per image, `.to_event(1)`.", _when(rows))  # fmt: skip


def _of_plates(runs: Runs) -> Iterator[Misconception]:
    for site, run in _sites_of(runs):
        batch, plates = len(run.x), site.plates
        own = run.free.get(plates[0].name) if plates else None
        if not plates:
            there = quoted(each.name for each in run.free.sites if each.kind == "plate")
            yield Misconception("G3", "The images are not declared independent: every `pyro.sample` belongs into "
                                "`with pyro.plate(\"data\", len(x)):`.",
                                _when(f"Site `{site.name}` stands in no plate; your {run.kind} has {there or 'none'}."
                                      ))  # fmt: skip
        elif len(plates) > 1:
            around = quoted(each.name for each in plates)
            yield Misconception("G3", "One plate is enough: the dimensions and pixels of an image belong to the event.",
                                _when(f"Site `{site.name}` stands in {around}."))  # fmt: skip
        elif plates[0].size != batch:
            yield Misconception("G5", "The plate stands for the images of this batch: its size is `len(x)`.",
                                _when(f"For {batch} images your plate has size {plates[0].size}."))  # fmt: skip
        elif plates[0].dim != -1:
            yield Misconception("G4", "The images are along the last batch dimension: leave `dim` out, or -1.",
                                _when(f"Your plate is along dimension {plates[0].dim}."))  # fmt: skip
        elif own is not None and own.size not in (None, batch):
            yield Misconception("G10", "A subsample is weighted: the plate has the size of this batch, `len(x)`, and "
                                "every log-probability counts once.",
                                _when(f"Your plate stands for {own.size} images, x has {batch}."))  # fmt: skip
        elif plates[0].name != "data":
            yield Misconception("G6", "The plate is called `data`, in the model as in the guide.",
                                _when(f"Yours is called `{plates[0].name}`."))  # fmt: skip


def _sites_of(runs: Runs) -> Iterator[tuple[Site, Run]]:
    for sizes in SIZES:
        if isinstance(run := runs.attempt(sizes), Run):
            yield from ((site, run) for site in run.given.samples)


def _scaled(run: Run, site: str, want: Array) -> str | None:
    """The site's log-probabilities are the right ones times one number."""
    got = run.per_image(site)
    ratio = float(got[0] / want[0])
    if agrees(got, want) or not np.isfinite(ratio) or not agrees(got, ratio * want):
        return None
    return f"Your log-probability of `{site}` is {number(got)}, that is {ratio:.4g} times {number(want)}."


WEIGHTED = "The log-probability has a weight: `poutine.scale`, a mask or a mean has no place in this ELBO."


def _of_prior(runs: Runs, run: Run) -> Iterator[Misconception]:
    site = run.site("latent")
    want = gaussian_log_density(run.z, 0.0, 0.0)
    yield from _other_law(site, "the prior is N(0, I)")
    yield Misconception("R13", "The same z at each call: take randomness from outside, seed nothing inside.",
                        lambda: _frozen(run))  # fmt: skip

    def of_x() -> str | None:
        run.reseed()
        given = {site.name: run.z}
        other = replace(run, given=run.instance.trace(run.kind, 1 - run.x, given=given)).per_image("latent")
        got = run.per_image("latent")
        return None if agrees(got, other) else (f"For the same z its log-probability is {number(got)} with one x, "
                                                f"{number(other)} with another.")  # fmt: skip

    yield Misconception("G9", "Your prior depends on x: p(z) is N(0, I), whatever the image.", of_x)
    yield Misconception("G10", WEIGHTED, lambda: _scaled(run, "latent", want))

    def wide() -> str | None:
        """Mean and width of a normal prior, from its log-densities."""
        found = [each for each in runs.running() if each.latent_dim == run.latent_dim]
        values = np.concatenate([each.per_image("latent") for each in found])
        z = np.concatenate([each.z for each in found])
        terms = np.stack([np.ones(len(z)), z.sum(-1), (z**2).sum(-1)], axis=1)
        fit = np.linalg.lstsq(terms, values, rcond=None)[0]
        if agrees(run.per_image("latent"), want) or not agrees(terms @ fit, values, 1e-3) or not fit[2] < 0:
            return None
        variance = -1 / (2 * fit[2])
        return (f"Your prior has mean {fit[1] * variance + 0.0:.3g} and standard deviation {np.sqrt(variance):.3g}; "
                "expected 0 and 1.")  # fmt: skip

    yield Misconception("G21", "The prior is another normal distribution; it is N(0, I).", wide)


def _frozen(run: Run) -> str | None:
    first, second = drawn_twice(run)
    return f"Two calls draw the same z, beginning with {number(first)}." if np.array_equal(first, second) else None


def _other_law(site: Site, right: str) -> Iterator[Misconception]:
    name = site.distribution
    yield Misconception("G19", f"A point has no density and no spread: {right}.",
                        _when(f"Site `{site.name}` is a Delta." if name == "Delta" else None))  # fmt: skip
    usual = (*NORMAL, "TransformedDistribution", "Delta")
    yield Misconception("G8", f"Another distribution: {right}.",
                        _when(None if name in usual else f"Site `{site.name}` is a {name}."))  # fmt: skip


def _of_likelihood(runs: Runs, run: Run) -> Iterator[Misconception]:
    site, logits = run.site("obs"), run.net(run.z)
    want = bernoulli_log_density(logits, run.x)
    name = site.distribution
    usual = name in ("Bernoulli", "Binomial", "BernoulliWithLogits")
    yield Misconception("G11", "Binary pixels are Bernoulli(logits=...); another distribution is another likelihood.",
                        _when(None if usual else f"Your `{site.name}` is a {name}."))  # fmt: skip
    if site.value is not None and not agrees(site.value, run.x):
        if np.shape(site.value) != run.x.shape:
            evidence = f"It has shape {np.shape(site.value)}, x {run.x.shape}."
        else:
            first, second = site.value[0, :2]
            evidence = f"Where x is {run.x[0, 0]:g}, {run.x[0, 1]:g} it has {first:.3g}, {second:.3g}."
        yield Misconception("G13", f"`{site.name}` observes something else than x: `obs=x`.", _when(evidence))
    got = run.per_image("obs")
    first = f"Your log p(x given z) begins with {number(got)}; it is {number(want)}."

    def blind() -> str | None:
        latent = run.site("latent")
        found = []
        seed = run.reseed()
        for shift in (0.0, 1.0):
            run.reseed(seed)
            given = run.instance.trace(run.kind, run.x, given={latent.name: run.z + shift})
            found.append(replace(run, given=given).per_image("obs"))
        return f"Another z gives the same log p(x given z), {number(got)}." if agrees(*found) else None

    yield Misconception("G12", "The decoder must be given the z that `pyro.sample` returned; this is not it.", blind)
    probabilities = np.clip(logits, np.finfo(np.float32).eps, 1 - np.finfo(np.float32).eps)
    exact = np.clip(logits, np.finfo(float).eps, 1 - np.finfo(float).eps)
    forms = [
        ("L3", "sigmoid is applied twice: `logits=` takes the decoder's output as it is.", expit(logits)),
        ("P5", "The first argument of `Bernoulli` is probs; name it: `logits=`.", np.log(exact) - np.log1p(-exact)),
        ("P5", "The first argument of `Bernoulli` is probs; name it: `logits=`.",
         np.log(probabilities) - np.log1p(-probabilities)),
        ("G11", "The sign of the logits is turned: these are the probabilities of black.", -logits),
        ("G11", "The logits went through tanh: give `logits=` the decoder's output.", np.tanh(logits)),
        ("G11", "Negative logits are cut off by ReLU: give `logits=` the decoder's output.", np.maximum(logits, 0)),
    ]  # fmt: skip
    for identity, sentence, form in forms:
        other = bernoulli_log_density(form, run.x)
        yield Misconception(identity, sentence, _when(first if agrees(got, other) and not agrees(got, want) else None))
    yield Misconception("L4", "Averaged over the pixels: the likelihood is their sum, or the KL weighs too much.",
                        lambda: _scaled(run, "obs", want) if agrees(got * run.data_dim, want) else None)  # fmt: skip
    yield Misconception("G10", WEIGHTED, lambda: _scaled(run, "obs", want))

    def far() -> str | None:
        stretched = runs.first("far")
        right = bernoulli_log_density(stretched.net(stretched.z), stretched.x)
        found = stretched.per_image("obs")
        if agrees(found, right) or not agrees(got, want):
            return None
        n = int(np.argmax(np.abs(found - right)))
        return f"With logits up to {FAR:g} your log p(x given z) is {found[n]:.5g}; it is {right[n]:.5g}."

    yield Misconception("L1", "sigmoid rounds to 0 and 1, and its logarithm is cut off: give `Bernoulli` the logits, "
                        "`logits=`.", far)  # fmt: skip


def _of_parameters(run: Run) -> Iterator[Misconception]:
    own, missing, wrong = run.own(), unregistered(run), misnamed(run)
    sites = list(run.given.parameters)
    given = f"Of the {run.network}'s {len(own)} parameters SVI would be given {len(own) - len(missing)}"
    given += f" (param sites: {', '.join(sites[:2])}{', ...' if len(sites) > 2 else ''})." if sites else "."
    yield Misconception("P3", f"Not registered: without `pyro.module(\"{run.network}\", self.{run.network})` SVI "
                        "trains nothing here, and gives no warning.", _when(given if missing else None))  # fmt: skip

    yield Misconception("G22", "Encoder and decoder under one name: both share entries of the store, and the second is "
                        "given the first's parameters.",
                        _when(f"The {run.network}'s parameters are called {wrong[0]}." if wrong else None))  # fmt: skip
    if run.kind != "model":
        return

    def cut(values: bool) -> Callable[[], str | None]:
        """No gradient, although the values are those of the decoder (or although they are not)."""

        def recognise() -> str | None:
            got, _, want, _ = decoder_gradient(run)
            right = agrees(run.per_image("obs"), bernoulli_log_density(run.net(run.z), run.x))
            if got.any() or right != values:
                return None
            return f"The gradient of log p(x given z) in the decoder's last bias is 0; it begins with {number(want)}."

        return recognise

    yield Misconception("G14", "The graph is cut between the decoder and `obs`: no `no_grad`, `.detach()`, `.data` or "
                        "NumPy here.", cut(True))  # fmt: skip

    def blind() -> str | None:
        in_bias, in_z, _, want = decoder_gradient(run)
        if in_z != 0 or not in_bias.any():
            return None
        return f"The gradient of log p(x given z) in z is 0; along one line it is {number(want)}."

    yield Misconception("G14", "The graph is cut between z and the decoder: no gradient of the likelihood reaches the "
                        "encoder.", blind)  # fmt: skip
    yield Misconception("G23", "The logits are not those of `self.decoder`.", cut(False))


def _of_result(runs: Runs, run: Run) -> Iterator[Misconception]:
    logits, got, problem = run.net(run.z), run.given.result, run.given.problem
    want = expit(logits)
    yield Misconception("G15", "The model returns the probability of each pixel: `return torch.sigmoid(logits)`.",
                        _when(f"model(x): {problem}{'' if problem.endswith('?') else '.'}" if got is None else None))
    if isinstance(got, tuple):
        yield Misconception("G15", "The model returns the probability of each pixel, one array.",
                            _when(f"Yours returns {len(got)} results."))  # fmt: skip
        return
    if got is None:
        return
    evidence = f"It begins with {number(got)}; expected {number(want)}."
    shape = f"It has shape {np.shape(got)}, expected {want.shape}."
    yield Misconception("G15", "These are logits: the model returns probabilities, `torch.sigmoid(logits)`.",
                        _when(evidence if agrees(got, logits) else None))  # fmt: skip
    yield Misconception("G15", "This is x itself (what `pyro.sample` returns with `obs=x`): return the probabilities.",
                        _when(evidence if agrees(got, run.x) else None))  # fmt: skip
    yield Misconception("G15", "This is z: return the pixels' probabilities.",
                        _when(shape if agrees(got, run.z) else None))  # fmt: skip
    drawn = np.isin(got, (0, 1)).all() and np.shape(got) == want.shape
    yield Misconception("G15", "These are drawn or rounded pixels: return their probabilities.",
                        _when(evidence if drawn else None))  # fmt: skip
    yield Misconception("G15", "sigmoid is applied twice.", _when(evidence if agrees(got, expit(want)) else None))
    for each in runs.running():
        got, want = np.shape(each.given.result), each.x.shape
        yield Misconception("G15", "The model returns the probability of each pixel, (B, data).",
                            _when(f"It has shape {got}, expected {want}." if got != want else None))


# Of the guide.

DEVIATION = "`Normal` takes a standard deviation, and the encoder's second result is one"
SECOND: list[tuple[str, Callable[[Array], Array]]] = [
    (f"{DEVIATION}: you squared it.", np.square),
    (f"{DEVIATION}: you took its root.", np.sqrt),
    (f"{DEVIATION}: you took its logarithm.", np.log),
    (f"{DEVIATION}: you took its log-variance.", lambda s: 2 * np.log(s)),
    (f"{DEVIATION}, not a logarithm: no exp.", np.exp),
    (f"{DEVIATION}, not a logvar: no exp.", lambda s: np.exp(s / 2)),
    (f"{DEVIATION}, not a precision.", lambda s: 1 / s),
    (f"{DEVIATION}: no softplus.", lambda s: np.logaddexp(0, s)),
    (f"{DEVIATION}: you used half of it.", lambda s: s / 2),
    ("The encoder's scale is not used: your q has standard deviation 1 whatever x is.", np.ones_like),
]


def _of_density(run: Run) -> Iterator[Misconception]:
    """Wrong means and standard deviations; the encoder here is one whose loc and log scale are positive."""
    site, (loc, scale) = run.site("latent"), run.net(run.x)
    want, got = log_q(run), run.per_image("latent")
    matrix = site.distribution == "MultivariateNormal"

    def is_normal(mean: Array, deviation: Array) -> bool:
        return not agrees(got, want) and agrees(got, gaussian_log_density(run.z, mean, np.log(deviation)))

    def noisy() -> str | None:
        found = []
        for _ in range(2):
            run.reseed()
            trace = run.instance.trace(run.kind, run.x, given={site.name: run.z})
            found.append(replace(run, given=trace).per_image("latent"))
        if agrees(*found):
            return None
        first, second = map(number, found)
        return f"At the same z two calls give the log q {first} and {second}; it is {number(want)}."

    yield Misconception("G24", "Your q is random before z is drawn: give `Normal` the encoder's loc and scale, and "
                        "`pyro.sample` adds the noise.", noisy)  # fmt: skip
    given = f"z = {number(run.z)}, ..., loc = {number(loc)}, ... and scale = {number(scale)}, ..."
    first = f"With {given} your log q is {number(got)}; it is {number(want)}."
    alone = is_normal(np.zeros_like(loc), np.ones_like(loc))
    yield Misconception("G17", "Your q is the prior, N(0, I): the encoder's loc and scale are not used.",
                        _when(first if alone else None))  # fmt: skip
    yield Misconception("G18", "loc and scale are exchanged: the encoder gives the mean first.",
                        _when(first if is_normal(scale, loc) else None))  # fmt: skip
    for sentence, form in SECOND:
        if matrix and form is np.sqrt:
            sentence = "A covariance matrix has scale² on its diagonal; `scale_tril=` takes scale."
        yield Misconception("P4", sentence, _when(first if is_normal(loc, form(scale)) else None))
        yield Misconception("G17", "Your q has mean 0: the encoder's loc is not used.",
                            _when(first if is_normal(np.zeros_like(loc), form(scale)) else None))  # fmt: skip
    yield Misconception("G17", "Your q has mean 0: the encoder's loc is not used.",
                        _when(first if is_normal(np.zeros_like(loc), scale) else None))  # fmt: skip
    yield Misconception("G18", "loc is used twice, as mean and as standard deviation.",
                        _when(first if is_normal(loc, loc) else None))  # fmt: skip
    yield Misconception("G10", WEIGHTED, lambda: _scaled(run, "latent", want))


def _of_law(run: Run) -> Iterator[Misconception]:
    yield from _other_law(run.site("latent"), "q is normal, with the encoder's mean and standard deviation")
    yield Misconception("R13", "The same z at each call: take randomness from outside, seed nothing inside.",
                        lambda: _frozen(run))  # fmt: skip


def _of_gradient(run: Run) -> Iterator[Misconception]:
    def reached() -> tuple[bool, bool]:
        of_loc, of_scale, _, _ = encoder_gradients(run)
        return bool(np.any(of_loc)), bool(np.any(of_scale))

    both = "The gradient of z in the encoder's last bias is 0; that of loc should be the identity."

    def cut() -> str | None:
        return both if reached() == (False, False) else None

    def half(want: tuple[bool, bool], name: str) -> Callable[[], str | None]:
        return lambda: f"The gradient of z in the bias of {name} is 0." if reached() == want else None

    yield Misconception("R10", "The draw cuts the graph: no gradient reaches the encoder. No `no_grad`, `.detach()`, "
                        "`.data` or NumPy, and no distribution without rsample.", cut)  # fmt: skip
    yield Misconception("R11", "Gradient reaches loc but not scale: scale is detached.", half((True, False), "scale"))
    yield Misconception("R11", "Gradient reaches scale but not loc: loc is detached.", half((False, True), "loc"))

"""The VAE as a probabilistic program: what a model and a guide sample, score and register, seen in their traces.

The sites, plates, shapes and log-probabilities are compared with the mathematics at values of z that the check
chooses, so that nothing depends on what was drawn.
Source: Kingma & Welling (2014), section 2.3 and appendix C; for programs, Bingham et al. (2019), Pyro.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit

from vaelabs.subjects import Plate, Site, Trace, as_subject

from .bernoulli import bernoulli_log_density
from .bounds import number
from .likelihood import gaussian_log_density
from .program_mistakes import of_guide, of_model
from .program_runs import (
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
from .rubric import Broken, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""


@np.errstate(all="ignore")
def check_model(GenerativeModel: Any, framework: str = "pyro", seed: int | None = None) -> Score:
    """`GenerativeModel(decoder, latent_dim)`, whose `model(x)` is the generative program. 5 points.

    x has shape (B, data), of 0 and 1. Sites `latent` ~ N(0, I) and `obs`, the Bernoulli pixels, observed, in the
    plate `data` of B images; the decoder's parameters are registered; it returns the pixels' probabilities (B, data).
    """
    rubric = Rubric("model", 5, seed)
    runs = Runs(as_subject(GenerativeModel, framework), rubric, "model")

    with rubric.award("sites and plate", 1.5, "latent and obs, in the plate data of B images: one number per image"):
        for run in runs.all():
            _expect_sites(run, {"latent": run.latent_dim, "obs": run.data_dim}, observed=("obs",))
    with rubric.award("prior", 1, "the prior of z is N(0, I), drawn afresh for each image"):
        for run in runs.shown():
            expect_close(run.per_image("latent"), gaussian_log_density(run.z, 0.0, 0.0), "log p(z)", LOOSE, LOOSE)
        _expect_fresh(next(runs.shown()))
    with rubric.award("likelihood", 1, "obs scores the pixels of x under the decoder's logits of this z"):
        for run in runs.running():
            _expect_likelihood(run)
    with rubric.award("extreme logits", 0.5, "the likelihood stays exact for logits of any size"):
        _expect_likelihood(runs.first("far"))
    with rubric.award("decoder trained", 0.5, "the decoder's parameters are registered; gradient reaches them and z"):
        for run in runs.running():
            _expect_registered(run)
        _expect_decoder_gradient(runs.first())
    with rubric.award("probabilities returned", 0.5, "model(x) returns the probability of each pixel"):
        for run in runs.shown():
            if run.given.result is None:
                raise Broken(f"model(x): {run.given.problem}")
            expect_close(run.given.result, expit(run.net(run.z)), "probability of a pixel", LOOSE, LOOSE)

    rubric.diagnose(of_model(runs))
    return rubric.score()


@np.errstate(all="ignore")
def check_guide(VAE: Any, framework: str = "pyro", seed: int | None = None) -> Score:
    """`VAE(encoder, decoder, latent_dim)`, whose `guide(x)` is the program of q. 4 points.

    Site `latent` ~ N(loc, scale²) with (loc, scale) = encoder(x), each (B, latent), in the plate `data` of B images;
    the encoder's parameters are registered, and nothing is observed.
    """
    rubric = Rubric("guide", 4, seed)
    runs = Runs(as_subject(VAE, framework), rubric, "guide")

    with rubric.award("site and plate", 1, "latent, as in the model, in the plate data of B images: one number each"):
        for run in runs.all():
            _expect_sites(run, {"latent": run.latent_dim}, observed=())
    with rubric.award("log q", 1.5, "q is normal with the encoder's mean and standard deviation, drawn afresh"):
        for run in runs.running():
            want = log_q(run)
            expect_close(run.per_image("latent"), want, "log q(z given x)", LOOSE, LOOSE * (1 + np.abs(want).max()))
        _expect_fresh(runs.first())
    with rubric.award("gradient", 0.5, "the draw can be differentiated, in mean and in standard deviation"):
        _expect_encoder_gradient(runs.first())
    with rubric.award("encoder registered", 0.5, "SVI is given the encoder's parameters"):
        for run in runs.shown():
            _expect_registered(run)
    with rubric.award("nothing observed", 0.5, "the guide proposes z and scores nothing else"):
        for run in runs.shown():
            run.site("latent")
            if others := [site.name for site in run.free.observed]:
                raise Broken(f"the guide observes {quoted(others)}: it only proposes z")

    rubric.diagnose(of_guide(runs))
    return rubric.score()


# The properties.


def _expect_sites(run: Run, wanted: dict[str, int], observed: tuple[str, ...]) -> None:
    trace, batch = run.given, len(run.x)
    names = [site.name for site in trace.samples]
    if missing := [name for name in wanted if name not in names]:
        seen = quoted(names) or "no pyro.sample at all"
        raise Broken(f"there is no site {quoted(missing)}; the {run.kind} has {seen}")
    if extra := [name for name in names if name not in wanted]:
        raise Broken(f"the {run.kind} has a further site {quoted(extra)}; its sites are {quoted(wanted)}")
    for name, size in wanted.items():
        site = trace.get(name)
        if site.observed != (name in observed):
            raise Broken(f"site `{name}` is {'observed' if site.observed else 'drawn, not observed'}")
        _expect_plate(trace, site, "data", batch)
        if site.event_shape != (size,) or site.batch_shape != (batch,):
            raise Broken(f"site `{name}` of {batch} images: got batch shape {site.batch_shape} and event shape "
                         f"{site.event_shape}, expected {(batch,)} and {(size,)}")  # fmt: skip
        if site.log_prob is None:
            raise Broken(f"site `{name}`: {site.problem}")
        expect_shape(site.log_prob, (batch,), f"log-probability of site `{name}` for {batch} images")


def _expect_plate(trace: Trace, site: Site, name: str, batch: int) -> None:
    """Raise Broken unless the site stands in the one plate of this name and size, along the last dimension."""
    if not site.plates:
        raise Broken(f"site `{site.name}` stands in no plate: `with pyro.plate(\"{name}\", len(x)):` goes around it")
    if site.plates != (Plate(name, batch, -1),):
        seen = " and ".join(f"`{each.name}` of size {each.size} along dimension {each.dim}" for each in site.plates)
        raise Broken(f"site `{site.name}` of {batch} images: expected the plate `{name}` of size {batch} along "
                     f"dimension -1, got {seen}")  # fmt: skip
    own = trace.get(name)
    if own is not None and own.size != batch:
        raise Broken(f"the plate `{name}` stands for {own.size} images where x has {batch}")


def _expect_fresh(run: Run) -> None:
    first, second = drawn_twice(run)
    if np.array_equal(first, second):
        raise Broken(f"two calls draw the same z, beginning with {number(first)}: draw it afresh in every call")


def _expect_likelihood(run: Run) -> None:
    site = run.site("obs")
    if not site.observed:
        raise Broken(f"site `{site.name}` is drawn: it must score x, `obs=x`")
    expect_close(site.value, run.x, f"what site `{site.name}` observes, compared with x", LOOSE, LOOSE)
    for trace, z in ((run.given, run.z), (run.free, _drawn(run))):
        if z is None:
            continue
        want = bernoulli_log_density(run.net(z), run.x)
        got = replace(run, given=trace).per_image("obs")
        expect_close(got, want, "log p(x given z) of an image", LOOSE, LOOSE)


def _drawn(run: Run) -> Array | None:
    site = role(run.free, "latent")
    if site is None or np.shape(site.value) != run.z.shape:
        return None
    return np.asarray(site.value, float)


def _expect_registered(run: Run) -> None:
    own = run.own()
    if missing := unregistered(run):
        raise Broken(f"SVI would be given {len(own) - len(missing)} of the {run.network}'s {len(own)} parameters: "
                     f"`pyro.module(\"{run.network}\", self.{run.network})`")  # fmt: skip
    if misnamed(run):
        other = {"decoder": "encoder", "encoder": "decoder"}[run.network]
        raise Broken(f"the {run.network} is registered as \"{other}\": the other network needs that name, and both "
                     "would share one entry of the store")  # fmt: skip


def _expect_decoder_gradient(run: Run) -> None:
    in_bias, in_z, want, want_z = decoder_gradient(run)
    expect_close(in_bias, want, "gradient of log p(x given z) in the last bias of the decoder", LOOSE, LOOSE)
    if in_z is not None:
        expect_close(in_z, want_z, "gradient of log p(x given z) in z, along a line", LOOSE, LOOSE)


def _expect_encoder_gradient(run: Run) -> None:
    site = run.site("latent")
    if site.observed:
        raise Broken(f"site `{site.name}` is observed, not drawn")
    expect_shape(site.value, run.z.shape, f"value of site `{site.name}`")
    of_loc, of_scale, z, weights = encoder_gradients(run)
    loc, _ = run.net(run.x)
    expect_close(of_loc, weights.sum(0), "gradient of z in the bias of loc", LOOSE, LOOSE)
    expect_close(of_scale, (weights * (z - loc)).sum(0) / 2, "gradient of z in the bias of log scale²", LOOSE, LOOSE)

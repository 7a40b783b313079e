"""The reference mathematics of importance sampling, against integration; and how its check fails."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import seeds
from scipy.integrate import dblquad
from scipy.special import logsumexp

from vaelabs.checks import importance
from vaelabs.checks.bernoulli import bernoulli_log_density
from vaelabs.checks.bounds import log_mean_exp, prior_on_grid
from vaelabs.checks.importance import FORMS, Scene, check_iwae_log_likelihood, misfit
from vaelabs.checks.kl import kl_standard_normal
from vaelabs.subjects import as_subject

torch = pytest.importorskip("torch")

FULL = {"value": 2, "chunks": 1, "draws": 1, "no gradient and any k": 1}


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def right_likelihood(logits, x):
    return torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)


def answer(
    reduce=None,
    weigh=lambda log_lik, log_prior, log_q: log_lik + log_prior - log_q,
    draw=torch.randn,
    likelihood=right_likelihood,
):
    """`iwae_log_likelihood` with one part exchanged."""
    reduce = reduce or (lambda log_w, k: torch.logsumexp(log_w, 0) - math.log(k))

    @torch.no_grad()
    def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
        mu, logvar = encoder(x)
        log_w = []
        for start in range(0, k, chunk):
            z = mu + torch.exp(logvar / 2) * draw(min(chunk, k - start), *mu.shape)
            log_lik = likelihood(decoder(z), x)
            q, prior = torch.distributions.Normal(mu, torch.exp(logvar / 2)), torch.distributions.Normal(0.0, 1.0)
            log_w.append(weigh(log_lik, prior.log_prob(z).sum(-1), q.log_prob(z).sum(-1)))
        return reduce(torch.cat(log_w), k)

    return iwae_log_likelihood


def earned(score) -> dict[str, float]:
    return {each.name: each.points for each in score.verdict.properties}


def test_the_grid_integrates_the_prior():
    """Its weights are those of a density, of mean 0 and variance 1 on each axis."""
    z, log_weights = prior_on_grid(importance.GRID, 2)

    np.testing.assert_allclose(logsumexp(log_weights), 0, atol=1e-9)
    np.testing.assert_allclose(np.exp(log_weights) @ z, 0, atol=1e-9)
    np.testing.assert_allclose((z * np.exp(log_weights)[:, None]).T @ z, np.eye(2), atol=1e-9)


def test_the_marginal_is_that_of_adaptive_integration(rng):
    """log p(x) of a decoder with a hidden layer, integrated by another method."""
    scene = importance._scene(rng)

    def joint(b: float, a: float) -> float:
        log_lik = bernoulli_log_density(scene.decoder(np.array([a, b])), scene.x[0])
        return float(np.exp(log_lik - (a * a + b * b) / 2) / (2 * np.pi))

    want = np.log(dblquad(joint, -7, 7, -7, 7, epsabs=1e-7)[0])

    np.testing.assert_allclose(scene.log_marginal[0], want, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_weight_is_the_marginal(seed):
    """E[p(x, z) / q(z given x)] over q is p(x), and the bound rises with K towards its logarithm."""
    rng = np.random.default_rng(seed)
    scene = importance._scene(rng)

    log_w = scene.draw(rng, 64, 4000).log_w
    rising = [log_mean_exp(log_w[:k]).mean(-1) for k in (1, 8, 64)]

    np.testing.assert_allclose(logsumexp(log_w, (0, 2)) - np.log(64 * 4000), scene.log_marginal, atol=0.02)
    assert (np.diff([*rising, scene.log_marginal], axis=0) > 0).all()


def test_the_mean_log_weight_is_the_elbo(rng):
    """E[log p(z) - log q(z given x)] over q is minus the KL."""
    w = importance._scene(rng).draw(rng, 50, 4000)

    np.testing.assert_allclose((w.log_prior - w.log_q).mean((0, 2)), -w.kl[:, 0], atol=0.03)
    np.testing.assert_allclose(w.kl, kl_standard_normal(w.mu, 2 * np.log(w.std)))


def test_a_deaf_decoder_has_one_weight(rng):
    """With q the prior and a decoder that ignores z, every weight is p(x)."""
    scene = importance._deaf(rng, 4)

    log_w = scene.draw(rng, 5, 3).log_w

    np.testing.assert_allclose(log_w, np.broadcast_to(scene.log_marginal[:, None], log_w.shape))


def test_one_law_is_told_from_another(rng):
    """Samples of one law stay well below the limit; a shift, a stretch and another form are beyond it."""
    shape = 3, 400
    draws = [misfit(rng.gamma(2, size=shape), rng.gamma(2, size=(3, 3000))) for _ in range(300)]

    assert max(draws) < importance.LIMIT
    ours = rng.normal(size=(3, 3000))
    for other in (rng.normal(0.4, 1, shape), rng.normal(0, 1.3, shape), (rng.gamma(0.5, size=shape) - 0.5) * 2**0.5):
        assert misfit(other, ours) > importance.LIMIT
    assert np.inf == misfit(np.full(shape, np.nan), ours) == misfit(np.zeros(shape), ours)


@pytest.mark.parametrize("seed", range(3))
def test_no_two_forms_of_different_name_have_one_law(seed):
    """FEW samples and one tell the catalogue's formulas apart, and each from the right one.

    Not those that are off by a constant, which the check reads off where nothing is random.
    """
    rng = np.random.default_rng(seed)
    w = importance._scene(rng).draw(rng, importance.FEW, 2000)
    names = ["right", *(form.id for form in FORMS)]
    formulas = [lambda w: log_mean_exp(w.log_w), *(form.formula for form in FORMS)]
    laws = [[formula(each) for each in (w, w.first())] for formula in formulas]

    same = {
        (names[a], names[b])
        for a in range(len(laws))
        for b in range(a)
        if names[a] != names[b] and {names[a], names[b]} != {"I7", "I19"}
        and all(misfit(one[:, :400], other) <= importance.LIMIT / 2 for one, other in zip(laws[a], laws[b]))
    }

    assert set() == same


def test_a_decoder_tells_how_many_rows_it_got(rng):
    """The record has one number for each call of the last call's decoder."""
    scene = importance._scene(rng)
    subject = as_subject(answer(), "torch")

    subject(scene.x, scene.encoder, scene.decoder, 7, 3)

    assert [9, 9, 3] == subject.record(2)
    assert [3] == subject.record(1)


@pytest.mark.parametrize("seed", seeds(3))
def test_one_mistake_costs_one_property(seed):
    """A missing log K costs the value alone: draws and chunks are judged by what the answer makes of them."""
    no_log_k = check_iwae_log_likelihood(answer(lambda log_w, k: torch.logsumexp(log_w, 0)), seed=seed)
    no_prior = check_iwae_log_likelihood(answer(weigh=lambda lik, prior, q: lik - q), seed=seed)
    copies = check_iwae_log_likelihood(answer(draw=lambda k, *size: torch.randn(1, *size).expand(k, *size)), seed=seed)

    assert {**FULL, "value": 0} == earned(no_log_k)
    assert (0, 1) == (earned(no_prior)["value"], earned(no_prior)["chunks"])
    assert ["I2", "E9", "I5"] == [each.verdict.diagnosis.id for each in (no_log_k, no_prior, copies)]
    assert (2, 0) == (earned(copies)["value"], earned(copies)["draws"])


WRONG_LIKELIHOODS = {
    "mean over pixels": lambda logits, x: right_likelihood(logits, x) / x.shape[-1],
    "sigmoid twice": lambda logits, x: right_likelihood(torch.sigmoid(logits), x),
    "probabilities for logits": lambda logits, x: (x * logits.log() + (1 - x) * (1 - logits).log()).sum(-1),
    "opposite sign": lambda logits, x: -right_likelihood(logits, x),
    "squared error": lambda logits, x: -((x - logits) ** 2).sum(-1),
    "counted": lambda logits, x: ((logits > 0).to(x.dtype) == x).to(x.dtype).sum(-1),
}


@pytest.mark.parametrize("seed", seeds(5))
@pytest.mark.parametrize("wrong", WRONG_LIKELIHOODS.values(), ids=WRONG_LIKELIHOODS)
def test_a_wrong_likelihood_costs_its_points_once(seed, wrong):
    """Weights made of the student's own wrong likelihood lose nothing here, if the check knows that function."""
    of_its_own = answer(likelihood=wrong)

    assert FULL == earned(check_iwae_log_likelihood(of_its_own, seed=seed, bernoulli_log_likelihood=wrong))
    for known in (None, right_likelihood):
        score = check_iwae_log_likelihood(of_its_own, seed=seed, bernoulli_log_likelihood=known)
        assert 0 == earned(score)["value"]
    # Nor does an answer that has no need of it.
    assert FULL == earned(check_iwae_log_likelihood(answer(), seed=seed, bernoulli_log_likelihood=wrong))


def test_a_likelihood_that_underflows_costs_its_points_once():
    """Right but for images of probability 0 in floating point: there it has no number of which to make an estimate."""

    def product(logits, x):
        return torch.where(x > 0, torch.sigmoid(logits), torch.sigmoid(-logits)).prod(-1).log()

    of_its_own = answer(likelihood=product)
    by_exp = answer(lambda log_w, k: log_w.exp().mean(0).log(), likelihood=product)

    assert FULL == earned(check_iwae_log_likelihood(of_its_own, seed=1, bernoulli_log_likelihood=product))
    assert {**FULL, "value": 0} == earned(check_iwae_log_likelihood(of_its_own, seed=1))
    assert {**FULL, "value": 0} == earned(check_iwae_log_likelihood(by_exp, seed=1, bernoulli_log_likelihood=product))


@pytest.mark.parametrize("seed", seeds(3))
@pytest.mark.parametrize("wrong", WRONG_LIKELIHOODS.values(), ids=WRONG_LIKELIHOODS)
def test_a_wrong_likelihood_excuses_nothing_else(seed, wrong):
    """What is wrong beside it costs its points, and is named as it would be with a right one."""
    mistakes = {
        "I1": ("value", {"reduce": lambda log_w, k: log_w.mean(0)}),
        "I2": ("value", {"reduce": lambda log_w, k: torch.logsumexp(log_w, 0)}),
        "E9": ("value", {"weigh": lambda lik, prior, q: lik - q}),
        "I5": ("draws", {"draw": lambda k, *size: torch.randn(1, *size).expand(k, *size)}),
        "R6": ("draws", {"draw": torch.rand}),
    }
    for name, (lost, parts) in mistakes.items():
        both = answer(likelihood=wrong, **parts)
        score = check_iwae_log_likelihood(both, seed=seed, bernoulli_log_likelihood=wrong)
        assert 0 == earned(score)[lost], name
        assert name == score.verdict.diagnosis.id


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_likelihood_that_says_nothing_excuses_nothing(value):
    """A constant, one number for the batch, or another row's value."""

    def constant(logits, x):
        return torch.full(logits.shape[:-1], value, dtype=logits.dtype)

    for wrong in (
        constant,
        lambda logits, x: right_likelihood(logits, x).mean(),
        lambda logits, x: right_likelihood(logits, x.flip(0)),
    ):
        score = check_iwae_log_likelihood(answer(likelihood=wrong), seed=1, bernoulli_log_likelihood=wrong)
        assert 0 == earned(score)["value"]


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_cut_costs_the_chunks_only(seed):
    """A last chunk that is dropped, not shortened, or counted with the logarithm of the chunk."""

    def cut(sizes, count=lambda k, chunk: k):
        @torch.no_grad()
        def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
            parts = [answer(lambda log_w, k: log_w)(x, encoder, decoder, n, n) for n in sizes(k, chunk)]
            return torch.logsumexp(torch.cat(parts), 0) - math.log(count(k, chunk))

        return iwae_log_likelihood

    whole, all_full = lambda k, chunk: [chunk] * (k // chunk), lambda k, chunk: [chunk] * -(-k // chunk)
    shortened = lambda k, chunk: [min(chunk, k - start) for start in range(0, k, chunk)]  # noqa: E731
    for name, wrong in (
        ("I21", cut(whole)), ("I24", cut(all_full)), ("I22", cut(shortened, lambda k, chunk: chunk)),
    ):
        score = check_iwae_log_likelihood(wrong, seed=seed)
        assert ({**FULL, "chunks": 0}, name) == (earned(score), score.verdict.diagnosis.id)


def test_one_noise_for_all_images_costs_the_draws_only():
    """Its chunks are right, which takes many calls to see."""
    shared = answer(draw=lambda k, images, latent: torch.randn(k, 1, latent))

    score = check_iwae_log_likelihood(shared, seed=1)

    assert ({**FULL, "draws": 0, "value": 0}, "I27") == ({**earned(score), "value": 0}, score.verdict.diagnosis.id)


def test_chunk_may_be_named_only():
    """An answer that takes chunk by keyword is asked so."""
    right = answer()

    assert 5 == check_iwae_log_likelihood(lambda x, e, d, k, *, chunk=50: right(x, e, d, k, chunk), seed=1)


def test_an_answer_without_chunk_loses_the_chunks():
    """It takes all samples at once."""
    score = check_iwae_log_likelihood(lambda x, e, d, k: answer()(x, e, d, k, k), seed=1)

    assert {**FULL, "chunks": 0} == earned(score)


def test_a_graph_costs_its_property():
    """Everything right, with a graph: one point."""

    def kept(x, encoder, decoder, k, chunk=50):
        mu, _ = encoder(x)
        return answer()(x, encoder, decoder, k, chunk) + 0 * decoder(mu).sum(-1) + mu.sum() * 1e-9

    score = check_iwae_log_likelihood(kept, seed=1)

    assert {**FULL, "no gradient and any k": 0} == earned(score)
    assert "I31" == score.verdict.diagnosis.id


@pytest.mark.parametrize("value", [0.0, float("nan"), -float("inf")])
def test_constants_earn_nothing_for_value_or_draws(value):
    """Of the right shape, but of nothing else."""
    score = check_iwae_log_likelihood(lambda x, *rest: torch.full((len(x),), value), seed=1)

    nothing = {"value": 0, "draws": 0, "chunks": 0}
    assert nothing == {name: points for name, points in earned(score).items() if name in nothing}
    assert "graded" == score.verdict.status


def test_an_answer_that_raises_has_failed():
    """The verdict carries the exception's text."""

    def raises(*args, **named):
        raise RuntimeError("shapes differ")

    verdict = check_iwae_log_likelihood(raises, seed=3).verdict

    assert ("failed", 0) == (verdict.status, verdict.points)
    assert "RuntimeError: shapes differ" in verdict.message


def test_a_scene_keeps_its_numbers(rng):
    """The encoder of a scene gives the widths that keep its weights bounded: every variance above 1."""
    scene: Scene = importance._scene(rng)

    assert (scene.std**2 > 1.3).all()
    assert 3 == len(np.unique(scene.x, axis=0))

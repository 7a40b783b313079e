"""The reference mathematics of the ELBO, against sampling; carrying forward; and how the check fails."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import seeds

from vaelabs.checks.bounds import LinearGaussian
from vaelabs.checks.elbo import _first, _laws, check_bernoulli_elbo_terms, check_elbo_terms
from vaelabs.checks.kl import kl_standard_normal
from vaelabs.checks.likelihood import gaussian_log_density
from vaelabs.checks.observation import COPIES, Bernoulli, log_lik_moments
from vaelabs.checks.pure_elbo import _Computed, check_jax_elbo_terms
from vaelabs.subjects import Apply, Net, Params, as_subject

torch = pytest.importorskip("torch")


def right_kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)


def right_log_lik(x, x_mean, log_sigma):
    return torch.distributions.Normal(x_mean, log_sigma.exp()).log_prob(x).sum(-1)


def answer(kl=right_kl, log_lik=right_log_lik):
    """`elbo_terms` built of these two functions, as students build theirs."""

    def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
        mu, logvar = encoder(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        terms = log_lik(x, decoder(z), log_sigma), kl(mu, logvar)
        return terms[0] - beta * terms[1], *terms

    return elbo_terms


def earned(score) -> dict[str, float]:
    return {each.name: each.points for each in score.verdict.properties}


FULL = {"the two terms": 2, "ELBO and beta": 1, "z is drawn": 1, "gradient to both networks": 1}


def test_with_the_exact_posterior_the_elbo_is_the_marginal():
    """E[log p(x given z)] - KL(q || prior) is log p(x) when q is the posterior: the gap is 0."""
    rng = np.random.default_rng(2)
    model = LinearGaussian.random(rng, 3, 2)
    x = model.draw(rng, 1)

    mu, logvar = model.encoder()(x)
    mean, _ = log_lik_moments(model, x[0], mu[0], np.exp(logvar[0] / 2))

    np.testing.assert_allclose(mean - kl_standard_normal(mu, logvar)[0], model.log_marginal(x)[0])


def test_the_moments_of_log_lik_are_those_of_a_sample():
    """Mean and standard deviation over z ~ q agree with a million draws."""
    rng = np.random.default_rng(3)
    model = LinearGaussian.random(rng, 3, 2)
    x, mu, std = rng.normal(size=3), rng.normal(size=2), np.array([0.5, 1.2])

    z = mu + std * rng.normal(size=(1_000_000, 2))
    sample = gaussian_log_density(x, model.decoder(z), model.log_sigma)

    np.testing.assert_allclose(log_lik_moments(model, x, mu, std), (sample.mean(), sample.std()), rtol=1e-2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "wrong",
    [
        lambda mu, logvar: 2 * right_kl(mu, logvar),
        lambda mu, logvar: right_kl(mu, logvar) / mu.shape[-1],
        lambda mu, logvar: -right_kl(mu, logvar),
        lambda mu, logvar: right_kl(mu, logvar).sum(),
        lambda mu, logvar: right_kl(mu, logvar).mean(),
    ],
)
def test_a_wrong_kl_costs_its_points_once(seed, wrong):
    """An ELBO that uses the student's own wrong KL loses nothing here, if the check knows that function."""
    elbo_terms = answer(kl=wrong)

    assert FULL == earned(check_elbo_terms(elbo_terms, seed=seed, kl_divergence=wrong))
    for known in (None, right_kl):
        assert 0 == earned(check_elbo_terms(elbo_terms, seed=seed, kl_divergence=known))["the two terms"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, x_mean, log_sigma: right_log_lik(x, x_mean, log_sigma) / x.shape[-1],
        lambda x, x_mean, log_sigma: -((x - x_mean) ** 2 * torch.exp(-log_sigma)).sum(-1),
        lambda x, x_mean, log_sigma: right_log_lik(x, x_mean, log_sigma) + 3 * log_sigma,
    ],
)
def test_a_wrong_likelihood_costs_its_points_once(seed, wrong):
    """As for the KL; its mean over draws of z is then judged by that function, too."""
    elbo_terms = answer(log_lik=wrong)

    assert FULL == earned(check_elbo_terms(elbo_terms, seed=seed, gaussian_log_likelihood=wrong))
    assert 0 == earned(check_elbo_terms(elbo_terms, seed=seed))["the two terms"]


@pytest.mark.parametrize("value", [0.0, 1.0, float("nan")])
def test_a_function_that_says_nothing_excuses_nothing(value):
    """A constant of the right shape, used everywhere, carries no points forward."""

    def constant(mu, logvar):
        return torch.full((len(mu),), value)

    found = earned(check_elbo_terms(answer(kl=constant), seed=1, kl_divergence=constant))

    assert 0 == found["the two terms"]
    assert 0 == found["ELBO and beta"]


def test_zeros_earn_nothing():
    """Three zeros satisfy elbo = log_lik - beta * kl, and are worth no point."""
    score = check_elbo_terms(lambda x, *rest: (torch.zeros(len(x)),) * 3, seed=1)

    assert dict.fromkeys(FULL, 0) == earned(score)
    assert "graded" == score.verdict.status


def test_the_message_names_the_numbers():
    """The student's mean and ours stand in the sentence."""

    def at_mu(x, encoder, decoder, log_sigma, beta=1.0):
        mu, logvar = encoder(x)
        log_lik, kl = right_log_lik(x, decoder(mu), log_sigma), right_kl(mu, logvar)
        return log_lik - beta * kl, log_lik, kl

    verdict = check_elbo_terms(at_mu, seed=1).verdict

    assert FULL | {"z is drawn": 0} == {each.name: each.points for each in verdict.properties}
    assert "2000 rows with the same x have the same log_lik" in verdict.properties[2].message
    assert "E6" == verdict.diagnosis.id


# The Bernoulli VAE's.


def right_bernoulli(logits, x):
    return (x * logits - torch.nn.functional.softplus(logits)).sum(-1)


def bernoulli_answer(kl=right_kl, log_lik=right_bernoulli):
    def elbo_terms(x, encoder, decoder, beta=1.0):
        mu, logvar = encoder(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        terms = log_lik(decoder(z), x), kl(mu, logvar)
        return terms[0] - beta * terms[1], *terms

    return elbo_terms


BERNOULLI = {"the two terms": 1.5, "ELBO and beta": 1, "z is drawn": 0.5, "gradient to both networks": 1}


@pytest.mark.parametrize("inputs", ["copies", "telling"])
def test_the_quadrature_has_the_moments_of_a_sample(inputs):
    """Mean and standard deviation over z ~ q, for binary pixels, agree with a million draws."""
    rng = np.random.default_rng(4)
    found = getattr(Bernoulli(), inputs)(rng)
    mu, std = found.posterior[0][0], np.exp(found.posterior[1][0] / 2)

    z = mu + std * rng.normal(size=(1_000_000, 2))
    logits = found.decoder(z)
    sample = (found.x[0] * logits - np.logaddexp(0, logits)).sum(-1)

    np.testing.assert_allclose(Bernoulli().moments(found, mu, std), (sample.mean(), sample.std()), rtol=1e-2)


def test_wrong_laws_of_z_move_the_mean_far_enough():
    """By more than the check's six standard errors, whatever was drawn; else it could not see them."""
    model = Bernoulli()
    for seed in range(50):
        inputs = model.copies(np.random.default_rng(seed))
        mu, std = _first(inputs)
        right, spread = model.moments(inputs, mu, std)
        for id, _, mean, deviation in _laws(mu, std):
            wrong, _ = model.moments(inputs, mean, deviation)
            assert abs(wrong - right) > 9 * spread / np.sqrt(COPIES), id


def test_binary_examples_are_all_different():
    x = Bernoulli().x(np.random.default_rng(5), 64)

    assert 64 == len(np.unique(x, axis=0))
    assert {0.0, 1.0} == set(np.unique(x))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("kl", "log_lik"),
    [
        (lambda mu, logvar: 2 * right_kl(mu, logvar), right_bernoulli),
        (lambda mu, logvar: right_kl(mu, logvar).sum(), right_bernoulli),
        (right_kl, lambda logits, x: right_bernoulli(logits, x) / x.shape[-1]),
        (right_kl, lambda logits, x: right_bernoulli(torch.sigmoid(logits), x)),
    ],
)
def test_a_wrong_term_costs_its_points_once(seed, kl, log_lik):
    """What is wrong in the student's own functions costs nothing here, if the check knows them."""
    elbo_terms = bernoulli_answer(kl, log_lik)
    known = {"kl_divergence": kl, "bernoulli_log_likelihood": log_lik}

    assert BERNOULLI == earned(check_bernoulli_elbo_terms(elbo_terms, seed=seed, **known))
    assert 0 == earned(check_bernoulli_elbo_terms(elbo_terms, seed=seed))["the two terms"]


def test_zeros_earn_nothing_of_the_bernoulli_vae():
    score = check_bernoulli_elbo_terms(lambda x, *rest: (torch.zeros(len(x)),) * 3, seed=1)

    assert dict.fromkeys(BERNOULLI, 0) == earned(score)
    assert "graded" == score.verdict.status


def bernoulli_diagnosis(seed, z_of, kl_of=right_kl, seen=lambda posterior: posterior):
    """What the check says of an answer that treats the encoder's outputs, z and the KL like this."""

    def elbo_terms(x, encoder, decoder, beta=1.0):
        mu, logvar = seen(encoder(x))
        log_lik, kl = right_bernoulli(decoder(z_of(mu, logvar)), x), kl_of(mu, logvar)
        return log_lik - beta * kl, log_lik, kl

    return check_bernoulli_elbo_terms(elbo_terms, seed=seed).verdict.diagnosis


def right_z(mu, logvar):
    return mu + torch.exp(logvar / 2) * torch.randn_like(mu)


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_encoder_is_not_blamed_on_the_draw(seed):
    """Without a gradient of the KL either, it is the encoder that is cut."""
    cut = bernoulli_diagnosis(seed, right_z, seen=lambda posterior: [each.detach() for each in posterior])
    drawn = bernoulli_diagnosis(seed, lambda mu, logvar: right_z(mu, logvar).detach())

    assert ("E17", "R10") == (cut.id, drawn.id)
    assert "encoder" in cut.sentence


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("reduce", "id", "words"),
    [
        (lambda kl: kl.mean(), "E11", "stands in"),
        (lambda kl: kl.mean().expand(len(kl)), "E11", "stands in"),
        (lambda kl: kl.sum().expand(len(kl)), "E5", "β = B."),
    ],
)
def test_a_mean_for_each_example_does_not_change_beta(seed, reduce, id, words):
    found = bernoulli_diagnosis(seed, right_z, lambda mu, logvar: reduce(right_kl(mu, logvar)))

    assert id == found.id
    assert words in found.sentence


@pytest.mark.parametrize("seed", range(10))
def test_the_evidence_for_a_wrong_sigma_differs(seed):
    """Mean or spread, whichever tells the two apart."""
    found = bernoulli_diagnosis(seed, lambda mu, logvar: mu + torch.exp(logvar) * torch.randn_like(mu))
    words = found.evidence.replace(",", "").split()
    yours, right = (float(words[n]) for n in (-4, -1))

    assert "R1" == found.id
    assert abs(yours - right) > 0.1 * abs(right)


# The pure function of JAX.


@pytest.fixture(scope="module")
def jnp():
    return pytest.importorskip("jax").numpy


def pure_kl(jnp):
    return lambda mu, logvar: 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)


def pure_log_lik(jnp):
    def log_likelihood(kind, out, x, log_sigma):
        if kind == "gaussian":
            return (-0.5 * ((x - out) * jnp.exp(-log_sigma)) ** 2 - log_sigma - 0.5 * np.log(2 * np.pi)).sum(-1)
        if kind == "bernoulli":
            return (x * out - jnp.logaddexp(0, out)).sum(-1)
        raise ValueError(kind)

    return log_likelihood


def pure_answer(jnp, kl, log_lik):
    from jax import random

    def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
        mu, logvar = encode(params["encoder"], x)
        z = mu + jnp.exp(logvar / 2) * random.normal(key, mu.shape)
        terms = log_lik(kind, decode(params["decoder"], z), x, params["log_sigma"]), kl(mu, logvar)
        return terms[0] - beta * terms[1], *terms

    return elbo_terms


PURE = {
    "the two terms": 1,
    "ELBO and beta": 0.5,
    "z is drawn": 1,
    "gradient to every parameter": 0.5,
    "a pure function": 0.5,
    "under jit": 0.5,
}


@pytest.mark.parametrize("seed", seeds(2))
@pytest.mark.parametrize("mistake", ["none", "twice the KL", "one KL for the batch", "mean over pixels"])
def test_a_wrong_term_costs_its_points_once_in_jax(jnp, seed, mistake):
    """Neither a wrong formula nor a kind that the student's own log_likelihood lacks costs anything here."""
    kl, log_lik = pure_kl(jnp), pure_log_lik(jnp)
    kl = {"twice the KL": lambda *q: 2 * pure_kl(jnp)(*q), "one KL for the batch": lambda *q: pure_kl(jnp)(*q).sum()}.get(
        mistake, kl
    )
    if mistake == "mean over pixels":
        log_lik = lambda kind, out, x, log_sigma: pure_log_lik(jnp)(kind, out, x, log_sigma) / x.shape[-1]  # noqa: E731
    elbo_terms = pure_answer(jnp, kl, log_lik)

    known = check_jax_elbo_terms(elbo_terms, seed=seed, kl_divergence=kl, log_likelihood=log_lik)

    assert PURE == earned(known)
    assert 0 == earned(check_jax_elbo_terms(elbo_terms, seed=seed))["the two terms"]


def test_zeros_earn_nothing_in_jax(jnp):
    def zeros(params, key, x, *, encode, decode, kind, beta=1.0):
        return (jnp.zeros(len(x)),) * 3

    score = check_jax_elbo_terms(zeros, seed=1)

    assert dict.fromkeys(PURE, 0) == earned(score)
    assert "graded" == score.verdict.status


def test_a_second_network_is_computed_as_its_stand_in_does(jnp):
    """The check's own networks with another activation are those that the answer is given."""
    rng = np.random.default_rng(7)
    net = Net.random(rng, [3, 8, 2])
    x = rng.normal(size=(4, 3))
    apply = as_subject(lambda params, x, *, function: function(params["encoder"], x), "jax")

    for activation in ("tanh", "sin"):
        got = apply(Params(net, net), x, function=Apply(net, activation))

        np.testing.assert_allclose(got, _Computed(net.layers, activation=activation)(x), rtol=1e-6)

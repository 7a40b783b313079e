"""The judge's mathematics: one check for each task, in float64 NumPy, against a subject of any framework."""

from .bernoulli import bernoulli_log_density, check_bernoulli_log_likelihood
from .binarization import check_binarize
from .bits import bits_per_dim, check_bits_per_dim
from .bounds import check_iwae_bound, check_log_marginal
from .clinic import check_clinic
from .continuous_bernoulli import (
    check_continuous_bernoulli_log_prob,
    continuous_bernoulli_log_density,
    continuous_bernoulli_mean,
)
from .elbo import check_bernoulli_elbo_terms, check_elbo_terms
from .importance import check_iwae_log_likelihood
from .kl import check_kl_divergence, kl_standard_normal
from .latents import check_active_units, check_latent_traversal
from .likelihood import check_gaussian_log_likelihood, gaussian_log_density
from .networks import check_networks
from .observation_means import check_observation_mean, observation_mean
from .pixel_likelihoods import check_log_likelihood, pixel_log_likelihood
from .programs import check_guide, check_model
from .pure_elbo import check_jax_elbo_terms
from .reparameterization import check_reparameterize
from .schedule import check_beta_schedule
from .svi import check_evaluate, check_train_epoch
from .trace_elbo import check_trace_elbo
from .trace_log_marginal import check_trace_log_marginal
from .train_step import check_train_step
from .truncated_normal import truncated_normal_log_density, truncated_normal_mean
from .vae import check_vae

__all__ = [
    "bernoulli_log_density",
    "bits_per_dim",
    "check_active_units",
    "check_bernoulli_elbo_terms",
    "check_bernoulli_log_likelihood",
    "check_beta_schedule",
    "check_binarize",
    "check_bits_per_dim",
    "check_clinic",
    "check_continuous_bernoulli_log_prob",
    "check_elbo_terms",
    "check_evaluate",
    "check_gaussian_log_likelihood",
    "check_guide",
    "check_jax_elbo_terms",
    "check_iwae_bound",
    "check_iwae_log_likelihood",
    "check_kl_divergence",
    "check_latent_traversal",
    "check_log_likelihood",
    "check_log_marginal",
    "check_model",
    "check_networks",
    "check_observation_mean",
    "check_reparameterize",
    "check_trace_elbo",
    "check_trace_log_marginal",
    "check_train_epoch",
    "check_train_step",
    "check_vae",
    "continuous_bernoulli_log_density",
    "continuous_bernoulli_mean",
    "gaussian_log_density",
    "kl_standard_normal",
    "observation_mean",
    "pixel_log_likelihood",
    "truncated_normal_log_density",
    "truncated_normal_mean",
]

"""The judge's mathematics: one check for each task, in float64 NumPy, against a subject of any framework."""

from .bounds import check_iwae_bound, check_log_marginal
from .clinic import check_clinic
from .elbo import check_elbo_terms
from .kl import check_kl_divergence, kl_standard_normal
from .likelihood import check_gaussian_log_likelihood, gaussian_log_density
from .reparameterization import check_reparameterize
from .vae import check_vae

__all__ = [
    "check_clinic",
    "check_elbo_terms",
    "check_gaussian_log_likelihood",
    "check_iwae_bound",
    "check_kl_divergence",
    "check_log_marginal",
    "check_reparameterize",
    "check_vae",
    "gaussian_log_density",
    "kl_standard_normal",
]

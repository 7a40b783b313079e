"""The normal distribution cut off outside [0, 1]: its log-density and its mean, exact in the tails too."""

from __future__ import annotations

import numpy as np
from scipy import special

Array = np.ndarray


def truncated_normal_log_density(loc: Array, log_sigma: Array | float, x: Array) -> Array:
    """log of the density of N(loc, exp(2 log_sigma)) given that x is in [0, 1], in nats, for each pixel; all broadcast.

    Johnson, Kotz & Balakrishnan (1994), Continuous univariate distributions 1, chapter 13, section 10.1.
    """
    loc, log_sigma, x = (np.asarray(each, float) for each in (loc, log_sigma, x))
    loc, x = _from_the_left(loc), np.where(loc > 0.5, 1 - x, x)
    scale = np.exp(log_sigma)
    # Relative to x = 0, where the density is highest when loc < 0: the squares of loc / scale do not enter.
    fall = np.where(loc < 0, x * (x - 2 * loc), (x - loc) ** 2) / (2 * scale**2)
    return -fall - log_sigma - 0.5 * np.log(2 * np.pi) - np.log(_mass(loc, scale))


def truncated_normal_mean(loc: Array, log_sigma: Array | float) -> Array:
    """The mean of such a pixel, in [0, 1]; loc and log_sigma broadcast. The same book, same section."""
    loc, scale = np.broadcast_arrays(np.asarray(loc, float), np.exp(np.asarray(log_sigma, float)))
    near = _from_the_left(loc)
    top = np.where(near < 0, 0.0, (near / scale) ** 2 / 2)
    ends = np.exp(-top) * -np.expm1((2 * near - 1) / (2 * scale**2)) / np.sqrt(2 * np.pi)
    mean = np.clip(near + scale * ends / _mass(near, scale), 0, 1)
    return np.where(loc > 0.5, 1 - mean, mean)


def _from_the_left(loc: Array) -> Array:
    """loc, or its mirror image in x -> 1 - x, whichever is at most ½."""
    return np.where(loc > 0.5, 1 - loc, loc)


def _mass(loc: Array, scale: Array) -> Array:
    """Probability of [0, 1] for loc <= ½; divided by exp(-(loc / scale)² / 2) when loc < 0, where it underflows."""
    low, high = -loc / scale, (1 - loc) / scale
    # erfcx(z) = exp(z²) erfc(z): of the upper tails from `low` and from `high` on, their common factor is taken out.
    root = np.sqrt(2)
    outside = np.maximum(low, 0), np.maximum(high, 0)
    apart = np.exp((2 * np.minimum(loc, 0) - 1) / (2 * scale**2))
    tails = special.erfcx(outside[0] / root) / 2 - apart * special.erfcx(outside[1] / root) / 2
    return np.where(loc < 0, tails, (special.erf(high / root) - special.erf(low / root)) / 2)

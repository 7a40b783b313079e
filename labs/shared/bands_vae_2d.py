# Where our own runs end: (low, high) for each line of the score card.
# Full profile, ring, seeds 0 to 9 (torch 2.13, one CPU thread); mean of the ten runs
# plus and minus the larger of three standard deviations and 0.05. All ten runs were healthy.
BANDS = {
    "elbo": (-3.72, -3.42),
    "iwae_100": (-3.44, -3.31),
    "log_px": (-3.44, -3.29),
    "gap": (0.05, 0.36),
    "kl": (2.11, 2.48),
    "sigma": (0.41, 0.51),
    "aggregated_variance": (0.88, 1.30),
    "active_units": (1, 1),
}

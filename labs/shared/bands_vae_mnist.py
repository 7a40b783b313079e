# Where our own runs end: (low, high) for each line of the score card, nats where not a count.
# Full profile, MNIST, seeds 0 to 4 (torch 2.13, one CPU thread); mean of the five runs
# plus and minus the larger of three standard deviations and 0.75 nats (0.05 for the variance).
BANDS = {
    "elbo": (-102.0, -100.5),
    "iwae_1000": (-95.3, -93.8),
    "gap": (4.5, 6.0),
    "log_px": (-96.8, -95.2),
    "kl": (25.6, 28.2),
    "active_units": (20, 20),
    "aggregated_variance": (0.98, 1.08),
}

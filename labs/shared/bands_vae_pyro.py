# Where our own runs end: (low, high) for each line of the score card, nats where not a count.
# Full profile, MNIST, seeds 0 to 4 (torch 2.13, Pyro 1.9.2, one CPU thread); mean of the five runs
# plus and minus the larger of three standard deviations and 0.75 nats. The loop in plain PyTorch
# trains the same network, so its line has the range of the first.
BANDS = {
    "elbo": (-102.2, -100.0),
    "elbo_pytorch": (-102.2, -100.0),
    "elbo_scored": (-100.3, -98.3),
    "iwae_1000": (-94.9, -93.2),
    "gap": (4.5, 6.0),
    "kl": (25.3, 28.1),
    "log_lik": (-75.2, -73.7),
    "active_units": (20, 20),
}

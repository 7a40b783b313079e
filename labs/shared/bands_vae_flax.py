# Where our own runs end: (low, high) for each line of the score card; nats, or bits where it says
# bpd. Full profile, MNIST, 784-400-20 on a CPU, seeds 0 to 2 (jax 0.10.2); mean of the 3 runs plus
# and minus the larger of three standard deviations and 0.05 bits, 0.75 nats or 0.005 (sigma).
BANDS = {
    "bpd_sigma_1": (9.31, 9.41),
    "bpd_gaussian": (6.98, 7.08),
    "bpd_truncated_normal": (2.21, 2.31),
    "bpd_continuous_bernoulli": (2.38, 2.48),
    "elbo_bernoulli": (-105.6, -104.1),
    "iwae_bernoulli": (-99.6, -98.1),
    "gap_gaussian": (11.7, 17.4),
    "gap_truncated_normal": (20.4, 22.9),
    "gap_continuous_bernoulli": (15.3, 20.7),
    "gap_bernoulli": (3.9, 5.4),
    "kl_sigma_1": (4.8, 6.3),
    "kl_gaussian": (53.8, 58.8),
    "kl_truncated_normal": (58.9, 60.4),
    "kl_continuous_bernoulli": (72.6, 75.4),
    "kl_bernoulli": (25.8, 27.7),
    "sigma_gaussian": (0.111, 0.121),
    "sigma_truncated_normal": (0.241, 0.251),
    "active_gaussian": (20, 20),
    "active_truncated_normal": (20, 20),
    "active_continuous_bernoulli": (20, 20),
    "active_bernoulli": (20, 20),
    "bpd_gaussian_2": (7.79, 7.89),
    "bpd_truncated_normal_2": (3.48, 3.58),
    "bpd_continuous_bernoulli_2": (3.44, 3.54),
}

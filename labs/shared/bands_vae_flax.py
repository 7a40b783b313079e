# Where our own runs end: (low, high) for each line of the score card; nats, or bits where it says
# bpd. Full profile, MNIST, 784-400-20 on one CPU core, jax 0.10.2, seed 0, with room for others:
# 0.05 bits for the densities on [0, 1], 0.06 for the Gaussian, 1 to 3 nats for bounds and KL.
BANDS = {
    "bpd_sigma_1": (9.35, 9.38),
    "bpd_gaussian": (6.97, 7.10),
    "bpd_truncated_normal": (2.21, 2.32),
    "bpd_continuous_bernoulli": (2.37, 2.48),
    "elbo_bernoulli": (-106.2, -103.6),
    "iwae_bernoulli": (-100.3, -97.3),
    "gap_gaussian": (13.5, 17.5),
    "gap_truncated_normal": (19.0, 24.0),
    "gap_continuous_bernoulli": (15.5, 20.0),
    "gap_bernoulli": (4.0, 5.7),
    "kl_sigma_1": (5.0, 6.0),
    "kl_gaussian": (53.4, 57.4),
    "kl_truncated_normal": (56.5, 62.5),
    "kl_continuous_bernoulli": (71.5, 77.5),
    "kl_bernoulli": (25.4, 28.4),
    "sigma_gaussian": (0.11, 0.124),
    "sigma_truncated_normal": (0.23, 0.265),
    "active_gaussian": (20, 20),
    "active_truncated_normal": (20, 20),
    "active_continuous_bernoulli": (20, 20),
    "active_bernoulli": (20, 20),
    "bpd_gaussian_2": (7.76, 7.92),
    "bpd_truncated_normal_2": (3.43, 3.64),
    "bpd_continuous_bernoulli_2": (3.37, 3.58),
}

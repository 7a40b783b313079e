# %% right: textbook
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% right: the paper's form
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)

# %% right: four sums
def kl_divergence(mu, logvar):
    d = mu.shape[-1]
    return 0.5 * ((mu * mu).sum(-1) + torch.exp(logvar).sum(-1) - d - logvar.sum(-1))

# %% right: sigma by name
def kl_divergence(mu, logvar):
    sigma = torch.exp(0.5 * logvar)
    return 0.5 * torch.sum(mu**2 + sigma**2 - logvar - 1, -1)

# %% right: expm1
def kl_divergence(mu, logvar):
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(dim=-1)

# %% right: torch.distributions in single precision
def kl_divergence(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(q, p).sum(-1)

# %% right: torch.distributions with the root of the variance
def kl_divergence(mu, logvar):
    q = torch.distributions.Normal(mu, logvar.exp().sqrt())
    return torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(dim=-1)

# %% right: torch.distributions in double precision
def kl_divergence(mu, logvar):
    q = torch.distributions.Normal(mu.double(), torch.exp(0.5 * logvar.double()))
    p = torch.distributions.Normal(torch.zeros_like(q.loc), torch.ones_like(q.loc))
    return torch.distributions.kl_divergence(q, p).sum(-1).to(mu.dtype)

# %% right: Independent in double precision
def kl_divergence(mu, logvar):
    D = torch.distributions
    q = D.Independent(D.Normal(mu.double(), (logvar.double() / 2).exp()), 1)
    p = D.Independent(D.Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean)), 1)
    return D.kl_divergence(q, p)

# %% right: einsum
def kl_divergence(mu, logvar):
    squares = torch.einsum("...i,...i->...", mu, mu)
    return 0.5 * (squares + torch.einsum("...i->...", logvar.exp() - logvar - 1))

# %% right: norm squared
def kl_divergence(mu, logvar):
    return ((mu * mu).sum(dim=-1) + (logvar.exp() - logvar).sum(dim=-1) - mu.size(-1)) / 2

# %% right: logsumexp of the variances
def kl_divergence(mu, logvar):
    return 0.5 * (torch.logsumexp(logvar, -1).exp() + (mu**2 - 1 - logvar).sum(-1))

# %% right: a loop over latent dimensions
def kl_divergence(mu, logvar):
    total = torch.zeros_like(mu[..., 0])
    for j in range(mu.shape[-1]):
        m, v = mu[..., j], logvar[..., j]
        total = total + (m**2 + v.exp() - 1 - v) / 2
    return total

# %% right: a loop over rows
def kl_divergence(mu, logvar):
    def one(m, v):
        return 0.5 * torch.sum(m**2 + torch.exp(v) - 1 - v, dim=-1)
    return torch.stack([one(m, v) for m, v in zip(mu, logvar)])

# %% right: vmap
def kl_divergence(mu, logvar):
    def one(m, v):
        return 0.5 * (m**2 + v.exp() - 1 - v).sum(-1)
    return torch.vmap(one)(mu, logvar)

# %% right: double precision throughout
def kl_divergence(mu, logvar):
    mu, logvar = mu.double(), logvar.double()
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% right: single precision throughout
def kl_divergence(mu, logvar):
    mu, logvar = mu.float(), logvar.float()
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% right: helper functions and other names
def price(m, v):
    return 0.5 * (m * m + torch.exp(v) - (1 + v))

def kl_divergence(mean, log_variance):
    return price(mean, log_variance).sum(axis=-1)

# %% right: cross-entropy minus entropy
def kl_divergence(mu, logvar):
    cross = 0.5 * (math.log(2 * math.pi) + mu**2 + logvar.exp()).sum(-1)
    entropy = 0.5 * (math.log(2 * math.pi) + 1 + logvar).sum(-1)
    return cross - entropy

# %% right: in place on its own tensors
def kl_divergence(mu, logvar):
    terms = torch.exp(logvar)
    terms = terms + mu**2
    terms -= logvar
    terms -= 1
    return terms.sum(-1).mul(0.5)

# %% right: cosh form of two exponentials
def kl_divergence(mu, logvar):
    half = torch.exp(logvar / 2)
    return 0.5 * (mu.pow(2) + half * half).sum(-1) - 0.5 * (1 + logvar).sum(-1)

# %% right: mean times D
def kl_divergence(mu, logvar):
    return 0.5 * mu.shape[-1] * (mu**2 + logvar.exp() - 1 - logvar).mean(-1)

# %% right: matmul with ones
def kl_divergence(mu, logvar):
    terms = 0.5 * (mu**2 + logvar.exp() - 1 - logvar)
    return terms @ torch.ones(mu.shape[-1], dtype=terms.dtype)

# %% right: general Gaussians with the prior put in
def general_kl(mu_q, logvar_q, mu_p, logvar_p):
    return 0.5 * (logvar_p - logvar_q - 1 + (logvar_q - logvar_p).exp() + (mu_q - mu_p) ** 2 / logvar_p.exp()).sum(-1)

def kl_divergence(mu, logvar):
    return general_kl(mu, logvar, torch.zeros_like(mu), torch.zeros_like(mu))

# %% right: absolute value of what cannot be negative
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + (logvar.exp() - 1 - logvar).abs()).sum(-1)

# %% right: warns and prints
def kl_divergence(mu, logvar):
    import warnings
    warnings.warn("a framework's warning costs nothing")
    print(mu.shape)
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K1: forgets the half
def kl_divergence(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K2: opposite sign
def kl_divergence(mu, logvar):
    return 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), -1)

# %% wrong K3: logvar read as log sigma
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + torch.exp(2 * logvar) - 1 - 2 * logvar).sum(-1)

# %% wrong K4: sigma for the variance
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + torch.exp(logvar / 2) - 1 - logvar).sum(-1)

# %% wrong K5: half of logvar
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar / 2).sum(-1)

# %% wrong K6: forgets the one
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - logvar).sum(-1)

# %% wrong K7: plus logvar
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 + logvar).sum(-1)

# %% wrong K8: absolute mean
def kl_divergence(mu, logvar):
    return 0.5 * (mu.abs() + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K8: mean not squared
def kl_divergence(mu, logvar):
    return 0.5 * (mu + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K9: forgets the mean
def kl_divergence(mu, logvar):
    return 0.5 * (logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K10: a misprint
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - 2 * torch.exp(logvar / 2)).sum(-1)

# %% wrong K11: arguments exchanged
def kl_divergence(mu, logvar):
    return 0.5 * (logvar + (1 + mu**2) / logvar.exp() - 1).sum(-1)

# %% wrong K11: arguments exchanged in torch.distributions
def kl_divergence(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(p, q).sum(-1)

# %% wrong K12: mean over latent dimensions
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(-1)

# %% wrong K12: mean over everything
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean()

# %% wrong K13: sum over everything
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()

# %% wrong K13: mean over the batch
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1).mean()

# %% wrong K13: sum over the batch only
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(0)

# %% wrong K13: one number repeated
def kl_divergence(mu, logvar):
    total = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
    return total.expand(mu.shape[0])

# %% wrong K1: forgets the half and sums over everything
def kl_divergence(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar).sum()

# %% wrong K2: opposite sign, mean over the batch
def kl_divergence(mu, logvar):
    return 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(-1).mean()

# %% wrong K14: clamps logvar
def kl_divergence(mu, logvar):
    logvar = logvar.clamp(-10, 10)
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K14: epsilon in the logarithm
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - torch.log(logvar.exp() + 1e-8)).sum(-1)

# %% wrong K15: logarithm of the exponential
def kl_divergence(mu, logvar):
    variance = logvar.exp()
    return 0.5 * (mu**2 + variance - 1 - variance.log()).sum(-1)

# %% wrong K16: the entropy only
def kl_divergence(mu, logvar):
    return 0.5 * (1 + math.log(2 * math.pi) + logvar).sum(-1)

# %% wrong K16: the cross-entropy only
def kl_divergence(mu, logvar):
    return 0.5 * (math.log(2 * math.pi) + mu**2 + logvar.exp()).sum(-1)

# %% wrong K16: the entropy of torch.distributions, negative
def kl_divergence(mu, logvar):
    return -torch.distributions.Normal(mu, (logvar / 2).exp()).entropy().sum(-1)

# %% wrong K16: only the terms of the prior
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp()).sum(-1)

# %% wrong K17: logvar taken as variance
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar - 1 - torch.log(logvar)).sum(-1)

# %% wrong K17: logarithm of logvar
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar.log()).sum(-1)

# %% wrong K18: no sum at all
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)

# %% wrong K18: keeps the axis
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1, keepdim=True)

# %% wrong K19: axis 1
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)

# %% wrong K20: NumPy round trip
def kl_divergence(mu, logvar):
    m, v = mu.detach().numpy(), logvar.detach().numpy()
    return torch.from_numpy(0.5 * (m**2 + np.exp(v) - 1 - v).sum(-1))

# %% wrong K20: NumPy without detach
def kl_divergence(mu, logvar):
    m, v = mu.numpy(), logvar.numpy()
    return torch.from_numpy(0.5 * (m**2 + np.exp(v) - 1 - v).sum(-1))

# %% wrong K20: mu detached
def kl_divergence(mu, logvar):
    return 0.5 * (mu.detach() ** 2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K20: numbers out of the tensor
def kl_divergence(mu, logvar):
    terms = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    return torch.tensor(terms.tolist(), dtype=mu.dtype)

# %% wrong K21: the half on the first bracket only
def kl_divergence(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp()) - 1 - logvar).sum(-1)

# %% wrong K21: the one counted once
def kl_divergence(mu, logvar):
    return 0.5 * ((mu**2 + logvar.exp() - logvar).sum(-1) - 1)

# %% wrong K22: changes logvar in place
def kl_divergence(mu, logvar):
    half = 0.5 * (mu**2 - logvar - 1).sum(-1)
    return half + 0.5 * logvar.exp_().sum(-1)

# %% wrong -: squeezes everything
def kl_divergence(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)).squeeze()

# %% wrong K24: a Monte Carlo estimate
def kl_divergence(mu, logvar):
    z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
    log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar)
    return (log_q + 0.5 * z**2).sum(-1)

# %% wrong -: returns None
def kl_divergence(mu, logvar):
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong -: raises
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + sigma**2 - 1 - logvar).sum(-1)

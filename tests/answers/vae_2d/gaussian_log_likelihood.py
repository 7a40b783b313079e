# %% right: textbook
def gaussian_log_likelihood(x, x_mean, log_sigma):
    residual = (x - x_mean) * torch.exp(-log_sigma)
    return (-0.5 * residual**2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% right: divided by sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    r = (x - x_mean) / log_sigma.exp()
    return -(0.5 * r.square() + log_sigma + 0.5 * math.log(2 * math.pi)).sum(dim=-1)

# %% right: variance by name
def gaussian_log_likelihood(x, x_mean, log_sigma):
    variance = torch.exp(2 * log_sigma)
    return torch.sum(-((x - x_mean) ** 2) / (2 * variance) - log_sigma - np.log(2 * np.pi) / 2, -1)

# %% right: half of everything
def gaussian_log_likelihood(x, x_mean, log_sigma):
    inner = (x - x_mean).pow(2) * torch.exp(-2 * log_sigma) + 2 * log_sigma + math.log(2 * math.pi)
    return -0.5 * inner.sum(-1)

# %% right: torch.distributions
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return torch.distributions.Normal(x_mean, torch.exp(log_sigma)).log_prob(x).sum(-1)

# %% right: Independent
def gaussian_log_likelihood(x, x_mean, log_sigma):
    D = torch.distributions
    return D.Independent(D.Normal(x_mean, log_sigma.exp()), 1).log_prob(x)

# %% right: standard normal of the standardised residual
def gaussian_log_likelihood(x, x_mean, log_sigma):
    z = (x - x_mean) * torch.exp(-log_sigma)
    standard = torch.distributions.Normal(torch.zeros((), dtype=x.dtype), torch.ones((), dtype=x.dtype))
    return (standard.log_prob(z) - log_sigma).sum(-1)

# %% right: the loss function of torch, turned round
def gaussian_log_likelihood(x, x_mean, log_sigma):
    scale = log_sigma + torch.zeros_like(x - x_mean)
    var = torch.exp(2 * scale)
    terms = F.gaussian_nll_loss(x_mean + 0 * scale, x + 0 * scale, var, full=True, eps=1e-30, reduction="none")
    return -terms.sum(-1)

# %% right: expanded first
def gaussian_log_likelihood(x, x_mean, log_sigma):
    x, x_mean, log_sigma = torch.broadcast_tensors(x, x_mean, log_sigma)
    square = ((x - x_mean) / torch.exp(log_sigma)).pow(2)
    return -0.5 * square.sum(-1) - log_sigma.sum(-1) - 0.5 * x.shape[-1] * math.log(2 * math.pi)

# %% right: einsum
def gaussian_log_likelihood(x, x_mean, log_sigma):
    r = (x - x_mean) * torch.exp(-log_sigma)
    quadratic = torch.einsum("...i,...i->...", r, r)
    return -0.5 * quadratic - log_sigma.expand_as(r).sum(-1) - 0.5 * r.shape[-1] * math.log(2 * math.pi)

# %% right: a loop over dimensions
def gaussian_log_likelihood(x, x_mean, log_sigma):
    x, x_mean, log_sigma = torch.broadcast_tensors(x, x_mean, log_sigma)
    total = torch.zeros_like(x[..., 0])
    for i in range(x.shape[-1]):
        r = (x[..., i] - x_mean[..., i]) * torch.exp(-log_sigma[..., i])
        total = total - r**2 / 2 - log_sigma[..., i] - math.log(2 * math.pi) / 2
    return total

# %% right: vmap over the rows of broadcast arguments
def gaussian_log_likelihood(x, x_mean, log_sigma):
    def one(a, b, s):
        return (-0.5 * ((a - b) * torch.exp(-s)) ** 2 - s - 0.5 * math.log(2 * math.pi)).sum(-1)
    return torch.vmap(one)(*torch.broadcast_tensors(x, x_mean, log_sigma))

# %% right: double precision throughout
def gaussian_log_likelihood(x, x_mean, log_sigma):
    x, x_mean, s = x.double(), x_mean.double(), log_sigma.double()
    return (-0.5 * ((x - x_mean) / s.exp()) ** 2 - s - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% right: the constant as a tensor
def gaussian_log_likelihood(x, x_mean, log_sigma):
    constant = 0.5 * torch.log(torch.tensor(2 * torch.pi, dtype=x.dtype))
    return -(0.5 * ((x - x_mean) / torch.exp(log_sigma)) ** 2 + log_sigma + constant).sum(-1)

# %% right: helper functions and other names
def log_normal(a, m, s):
    return -0.5 * ((a - m) * torch.exp(-s)) ** 2 - s - 0.5 * math.log(2 * math.pi)

def gaussian_log_likelihood(data, centre, ls):
    return log_normal(data, centre, ls).sum(axis=-1)

# %% right: mean times d
def gaussian_log_likelihood(x, x_mean, log_sigma):
    terms = -0.5 * ((x - x_mean) * torch.exp(-log_sigma)) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
    return terms.mean(-1) * terms.shape[-1]

# %% right: as_tensor first
def gaussian_log_likelihood(x, x_mean, log_sigma):
    log_sigma = torch.as_tensor(log_sigma)
    precision = torch.exp(-2 * log_sigma)
    return (-0.5 * precision * (x - x_mean) ** 2 - log_sigma - 0.9189385332046727).sum(-1)

# %% right: in place on its own tensors
def gaussian_log_likelihood(x, x_mean, log_sigma):
    terms = (x - x_mean) * torch.exp(-log_sigma)
    terms = terms * terms
    terms = terms.mul(-0.5)
    terms -= log_sigma
    terms -= 0.5 * math.log(2 * math.pi)
    return terms.sum(-1)

# %% right: diagonal covariance matrix
def gaussian_log_likelihood(x, x_mean, log_sigma):
    x, x_mean, log_sigma = torch.broadcast_tensors(x, x_mean, log_sigma)
    scale = torch.diag_embed(log_sigma.exp())
    return torch.distributions.MultivariateNormal(x_mean, scale_tril=scale).log_prob(x)

# %% right: residual exchanged
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x_mean - x) / log_sigma.exp()) ** 2 - log_sigma - math.log(math.sqrt(2 * math.pi))).sum(-1)

# %% right: log_sigma added to zeros
def gaussian_log_likelihood(x, x_mean, log_sigma):
    s = torch.zeros_like(x - x_mean) + log_sigma
    quadratic = (((x - x_mean) / s.exp()) ** 2).sum(-1)
    return -0.5 * (quadratic + 2 * s.sum(-1) + s.shape[-1] * math.log(2 * math.pi))

# %% right: warns and prints
def gaussian_log_likelihood(x, x_mean, log_sigma):
    import warnings
    warnings.warn("a framework's warning costs nothing")
    print(x.shape)
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L4: mean over dimensions
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).mean(-1)

# %% wrong L6a: forgets the constant
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma).sum(-1)

# %% wrong L6b: forgets log sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6b: forgets log sigma and the constant
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2).sum(-1)

# %% wrong L6c: sigma for sigma squared
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * (x - x_mean) ** 2 / log_sigma.exp() - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6d: log_sigma read as log-variance
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return -0.5 * ((x - x_mean) ** 2 / log_sigma.exp() + log_sigma + math.log(2 * math.pi)).sum(-1)

# %% wrong L6e: forgets the half of the square
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-(((x - x_mean) / log_sigma.exp()) ** 2) - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6f: the square is not divided
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * (x - x_mean) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6g: half of log sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - 0.5 * log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6h: multiplies by sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) * log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6i: absolute residual
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()).abs() - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6j: log_sigma taken as sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6j: log_sigma taken as sigma, with its logarithm
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma) ** 2 - log_sigma.log() - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6k: the fourth power of sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    variance = log_sigma.exp() ** 2
    return (-0.5 * ((x - x_mean) / variance) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6l: plus log sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 + log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L6m: the constant once
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma).sum(-1) - 0.5 * math.log(2 * math.pi)

# %% wrong L6m: the constant without its half
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - math.log(2 * math.pi)).sum(-1)

# %% wrong L7: minus the squared error
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return -((x - x_mean) ** 2).sum(-1)

# %% wrong L7: the mean squared error
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return -F.mse_loss(x_mean, x, reduction="none").mean(-1)

# %% wrong L7: the mean squared error of the batch
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return -F.mse_loss(x_mean, x)

# %% wrong L12: negative log-likelihood
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 + log_sigma + 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L12: the loss function of torch
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return F.gaussian_nll_loss(x_mean, x, (2 * log_sigma).exp().expand_as(x), full=True, reduction="none").sum(-1)

# %% wrong L13: sum over everything
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum()

# %% wrong L13: mean over the batch
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1).mean()

# %% wrong L13: sum over the batch only
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(0)

# %% wrong L14: epsilon in the variance
def gaussian_log_likelihood(x, x_mean, log_sigma):
    variance = torch.exp(2 * log_sigma) + 1e-8
    return (-0.5 * (x - x_mean) ** 2 / variance - 0.5 * variance.log() - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L14: clamps log_sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    s = log_sigma.clamp(-6, 6)
    return (-0.5 * ((x - x_mean) / s.exp()) ** 2 - s - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L15: log sigma once
def gaussian_log_likelihood(x, x_mean, log_sigma):
    r = (x - x_mean) / log_sigma.exp()
    if log_sigma.ndim < 2:
        return (-0.5 * r**2 - 0.5 * math.log(2 * math.pi)).sum(-1) - log_sigma.sum(-1)
    return (-0.5 * r**2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L15: its own sum of log sigma
def gaussian_log_likelihood(x, x_mean, log_sigma):
    quadratic = (((x - x_mean) / log_sigma.exp()) ** 2).sum(-1)
    return -0.5 * quadratic - log_sigma.sum(-1) - 0.5 * x.shape[-1] * math.log(2 * math.pi)

# %% wrong L15: log sigma outside the sum
def gaussian_log_likelihood(x, x_mean, log_sigma):
    quadratic = (((x - x_mean) / log_sigma.exp()) ** 2).sum(-1)
    return -0.5 * quadratic - log_sigma - 0.5 * x.shape[-1] * math.log(2 * math.pi)

# %% wrong L16: one number only
def gaussian_log_likelihood(x, x_mean, log_sigma):
    d = x.shape[-1]
    quadratic = ((x - x_mean) ** 2).sum(-1) * torch.exp(-2 * log_sigma)
    return -0.5 * quadratic - d * log_sigma - 0.5 * d * math.log(2 * math.pi)

# %% wrong L17: the density
def gaussian_log_likelihood(x, x_mean, log_sigma):
    sigma = log_sigma.exp()
    return (torch.exp(-0.5 * ((x - x_mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))).prod(-1)

# %% wrong L17: logarithm of the density
def gaussian_log_likelihood(x, x_mean, log_sigma):
    sigma = log_sigma.exp()
    return torch.log(torch.exp(-0.5 * ((x - x_mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))).sum(-1)

# %% wrong L18: no sum at all
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return -0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)

# %% wrong L19: detaches the mean
def gaussian_log_likelihood(x, x_mean, log_sigma):
    r = (x - x_mean.detach()) / log_sigma.exp()
    return (-0.5 * r**2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L19: sigma as a number without gradient
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return torch.distributions.Normal(x_mean, log_sigma.data.exp()).log_prob(x).sum(-1)

# %% wrong L19: NumPy round trip
def gaussian_log_likelihood(x, x_mean, log_sigma):
    a, m, s = (each.detach().numpy() for each in (x, x_mean, log_sigma))
    return torch.from_numpy((-0.5 * ((a - m) / np.exp(s)) ** 2 - s - 0.5 * np.log(2 * np.pi)).sum(-1))

# %% wrong L20: changes x in place
def gaussian_log_likelihood(x, x_mean, log_sigma):
    x -= x_mean
    return (-0.5 * (x / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)

# %% wrong L21: axis 1
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(1)

# %% wrong -: variance and mean exchanged
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return torch.distributions.Normal(torch.exp(log_sigma), x_mean.abs()).log_prob(x).sum(-1)

# %% wrong -: raises
def gaussian_log_likelihood(x, x_mean, log_sigma):
    return (-0.5 * ((x - x_mean) / sigma) ** 2 - log_sigma).sum(-1)

# %% wrong -: returns None
def gaussian_log_likelihood(x, x_mean, log_sigma):
    (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma).sum(-1)

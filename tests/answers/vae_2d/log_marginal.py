# %% right: textbook
def log_marginal(x, decoder, log_sigma, grid):
    z = grid[:, None]
    log_prior = gaussian_log_likelihood(z, torch.zeros_like(z), torch.zeros_like(z))
    log_joint = gaussian_log_likelihood(x[:, None, :], decoder(z), log_sigma) + log_prior
    return torch.logsumexp(log_joint, dim=-1) + torch.log(grid[1] - grid[0])

# %% right: prior by hand
def log_marginal(x, decoder, log_sigma, grid):
    dz = grid[1] - grid[0]
    log_prior = -0.5 * grid**2 - 0.5 * math.log(2 * math.pi)
    log_lik = gaussian_log_likelihood(x[None], decoder(grid.unsqueeze(-1)).unsqueeze(1), log_sigma)
    return torch.logsumexp(log_lik + log_prior[:, None], 0) + dz.log()

# %% right: torch.distributions
def log_marginal(x, decoder, log_sigma, grid):
    z = grid.view(-1, 1)
    likelihood = torch.distributions.Normal(decoder(z), log_sigma.exp()).log_prob(x[:, None]).sum(-1)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid)
    return torch.logsumexp(likelihood + prior, 1) + torch.log(grid[1] - grid[0])

# %% right: Independent
def log_marginal(x, decoder, log_sigma, grid):
    D = torch.distributions
    p_x = D.Independent(D.Normal(decoder(grid[:, None, None]), log_sigma.exp()), 1)
    p_z = D.Normal(0.0, 1.0)
    return (p_x.log_prob(x) + p_z.log_prob(grid)[:, None]).logsumexp(0) + (grid[1] - grid[0]).log()

# %% right: trapezoidal weights
def log_marginal(x, decoder, log_sigma, grid):
    w = torch.ones_like(grid) * (grid[1] - grid[0])
    w[0] = w[-1] = w[0] / 2
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint + w.log(), -1)

# %% right: torch.trapezoid, largest taken out
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma)
    log_joint = log_joint - 0.5 * (grid**2 + math.log(2 * math.pi))
    top = log_joint.amax(-1, keepdim=True)
    return top[:, 0] + torch.trapezoid(torch.exp(log_joint - top), grid, dim=-1).log()

# %% right: trapz with dx
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x, decoder(grid[:, None, None]), log_sigma) - 0.5 * grid[:, None]**2 - 0.5 * math.log(2 * math.pi)
    top = log_joint.max(0).values
    area = torch.trapezoid((log_joint - top).exp(), dx=float(grid[1] - grid[0]), dim=0)
    return top + torch.log(area)

# %% right: Simpson
def log_marginal(x, decoder, log_sigma, grid):
    w = torch.ones_like(grid)
    w[1:-1:2], w[2:-1:2] = 4, 2
    w = w * (grid[1] - grid[0]) / 3
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint + torch.log(w), dim=1)

# %% right: midpoints
def log_marginal(x, decoder, log_sigma, grid):
    z = (grid[1:] + grid[:-1]) / 2
    widths = grid[1:] - grid[:-1]
    log_joint = gaussian_log_likelihood(x[:, None], decoder(z[:, None]), log_sigma) - z**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint + widths.log(), dim=1)

# %% right: spacing from the range
def log_marginal(x, decoder, log_sigma, grid):
    dz = (grid.max() - grid.min()) / (len(grid) - 1)
    log_p = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_p, 1) + torch.log(dz)

# %% right: gradient of the grid as weights
def log_marginal(x, decoder, log_sigma, grid):
    dz = torch.gradient(grid)[0]
    log_p = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_p + dz.log(), 1)

# %% right: loop over examples
def log_marginal(x, decoder, log_sigma, grid):
    x_mean = decoder(grid[:, None])
    log_prior = -0.5 * grid**2 - 0.5 * math.log(2 * math.pi)
    out = []
    for xi in x:
        log_lik = gaussian_log_likelihood(xi.expand_as(x_mean), x_mean, log_sigma)
        out.append(torch.logsumexp(log_lik + log_prior, 0) + torch.log(grid[1] - grid[0]))
    return torch.stack(out)

# %% right: loop over the grid
def log_marginal(x, decoder, log_sigma, grid):
    total = None
    for z in grid:
        term = gaussian_log_likelihood(x, decoder(z.view(1, 1)), log_sigma) - z**2 / 2 - math.log(2 * math.pi) / 2
        total = term if total is None else torch.logaddexp(total, term)
    return total + torch.log(grid[1] - grid[0])

# %% right: vmap over examples
def log_marginal(x, decoder, log_sigma, grid):
    x_mean = decoder(grid[:, None])
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid)
    one = lambda xi: torch.logsumexp(gaussian_log_likelihood(xi, x_mean, log_sigma) + log_prior, 0)
    return torch.vmap(one)(x) + torch.log(grid[1] - grid[0])

# %% right: vmap over the grid
def log_marginal(x, decoder, log_sigma, grid):
    def joint(z):
        return gaussian_log_likelihood(x, decoder(z[None]), log_sigma) - 0.5 * z**2
    return torch.logsumexp(torch.vmap(joint)(grid), 0) + torch.log(grid[1] - grid[0]) - 0.5 * math.log(2 * math.pi)

# %% right: quadratic form by matrix products
def log_marginal(x, decoder, log_sigma, grid):
    m, d = decoder(grid[:, None]), x.shape[1]
    square = (x**2).sum(1)[:, None] - 2 * x @ m.T + (m**2).sum(1)
    log_lik = -0.5 * square * torch.exp(-2 * log_sigma) - d * log_sigma - d / 2 * math.log(2 * math.pi)
    return torch.logsumexp(log_lik - grid**2 / 2, 1) - 0.5 * math.log(2 * math.pi) + torch.log(grid[1] - grid[0])

# %% right: cdist
def log_marginal(x, decoder, log_sigma, grid):
    d = x.shape[1]
    log_lik = -0.5 * torch.cdist(x, decoder(grid[:, None])).pow(2) / log_sigma.exp()**2 - d * log_sigma - d / 2 * math.log(2 * math.pi)
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid)
    return torch.logsumexp(log_lik + log_prior + (grid[1] - grid[0]).log(), -1)

# %% right: single precision
def log_marginal(x, decoder, log_sigma, grid):
    x, grid, log_sigma = x.float(), grid.float(), log_sigma.float()
    x_mean = decoder(grid[:, None]).float()
    log_joint = gaussian_log_likelihood(x[:, None], x_mean, log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) + torch.log((grid[-1] - grid[0]) / (len(grid) - 1))

# %% right: without gradients
@torch.no_grad()
def log_marginal(x, decoder, log_sigma, grid):
    z = grid[:, None]
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid)
    return torch.logsumexp(gaussian_log_likelihood(x[:, None], decoder(z), log_sigma) + log_prior, 1) + (grid[1] - grid[0]).log()

# %% right: prior weights that sum to one
def log_marginal(x, decoder, log_sigma, grid):
    log_weights = torch.log_softmax(-0.5 * grid**2, 0)
    return torch.logsumexp(gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) + log_weights, 1)

# %% right: other names and a helper
def standard_normal_log_prob(t):
    return -(t.square() + math.log(2 * math.pi)) / 2


def log_marginal(data, net, log_std, nodes):
    step = torch.diff(nodes).mean()
    table = standard_normal_log_prob(nodes) + gaussian_log_likelihood(data.unsqueeze(1), net(nodes.unsqueeze(1)).unsqueeze(0), log_std)
    return table.logsumexp(dim=1).add(step.log())

# %% right: numpy at the end
def log_marginal(x, decoder, log_sigma, grid):
    table = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma).detach().numpy()
    g = grid.numpy()
    return np.logaddexp.reduce(table - g**2 / 2, axis=1) - 0.5 * np.log(2 * np.pi) + np.log(g[1] - g[0])

# %% wrong Q1: no spacing
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1)

# %% wrong Q2: mean over the grid
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) - math.log(len(grid))

# %% wrong Q3: no prior
def log_marginal(x, decoder, log_sigma, grid):
    return torch.logsumexp(gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma), 1) + torch.log(grid[1] - grid[0])

# %% wrong Q3: grid taken for draws from the prior
def log_marginal(x, decoder, log_sigma, grid):
    return torch.logsumexp(gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma), 1) - math.log(len(grid))

# %% wrong Q4: prior twice
def log_marginal(x, decoder, log_sigma, grid):
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(grid)
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) + log_prior
    return torch.logsumexp(log_joint + log_prior, 1) + torch.log(grid[1] - grid[0])

# %% wrong Q5: log of the sum of exp
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.log(torch.exp(log_joint).sum(1) * (grid[1] - grid[0]))

# %% wrong Q5: trapezoid of densities
def log_marginal(x, decoder, log_sigma, grid):
    likelihood = torch.exp(gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma))
    prior = torch.exp(-grid**2 / 2) / math.sqrt(2 * math.pi)
    return torch.log(torch.trapezoid(likelihood * prior, grid, dim=1))

# %% wrong Q5: one maximum for all examples
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    top = log_joint.max()
    return top + torch.log(torch.exp(log_joint - top).sum(1)) + torch.log(grid[1] - grid[0])

# %% wrong Q6: mean of log-likelihoods
def log_marginal(x, decoder, log_sigma, grid):
    return gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma).mean(1)

# %% wrong Q6: prior-weighted log-likelihood
def log_marginal(x, decoder, log_sigma, grid):
    prior = torch.exp(-grid**2 / 2) / math.sqrt(2 * math.pi)
    return (prior * gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma)).sum(1) * (grid[1] - grid[0])

# %% wrong Q7: mean over the batch
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return (torch.logsumexp(log_joint, 1) + torch.log(grid[1] - grid[0])).mean()

# %% wrong Q7: sum over the batch
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return (torch.logsumexp(log_joint, 1) + torch.log(grid[1] - grid[0])).sum()

# %% wrong Q7: logsumexp over everything
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, (0, 1)) + torch.log(grid[1] - grid[0])

# %% wrong Q8: log sigma for sigma
def log_marginal(x, decoder, log_sigma, grid):
    log_lik = torch.distributions.Normal(decoder(grid[:, None]), log_sigma.abs()).log_prob(x[:, None]).sum(-1)
    return torch.logsumexp(log_lik - grid**2 / 2 - math.log(2 * math.pi) / 2, 1) + torch.log(grid[1] - grid[0])

# %% wrong Q8: read as log variance
def log_marginal(x, decoder, log_sigma, grid):
    log_lik = torch.distributions.Normal(decoder(grid[:, None]), (0.5 * log_sigma).exp()).log_prob(x[:, None]).sum(-1)
    return torch.logsumexp(log_lik - grid**2 / 2 - math.log(2 * math.pi) / 2, 1) + torch.log(grid[1] - grid[0])

# %% wrong Q9: Monte Carlo from the prior
def log_marginal(x, decoder, log_sigma, grid):
    z = torch.randn(len(grid), 1, dtype=grid.dtype)
    return torch.logsumexp(gaussian_log_likelihood(x[:, None], decoder(z), log_sigma), 1) - math.log(len(grid))

# %% wrong Q10: best z
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return log_joint.max(1).values

# %% wrong Q11: range over number of points
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) + torch.log((grid[-1] - grid[0]) / len(grid))

# %% wrong Q12: prior without its constant
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2
    return torch.logsumexp(log_joint, 1) + torch.log(grid[1] - grid[0])

# %% wrong Q13: spacing subtracted
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) - torch.log(grid[1] - grid[0])

# %% wrong Q14: fixed spacing
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) + math.log(16 / 800)

# %% wrong Q15: fixed range
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) + math.log(16 / (len(grid) - 1))

# %% wrong Q16: negative
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return -torch.logsumexp(log_joint, 1) - torch.log(grid[1] - grid[0])

# %% wrong Q17: no logarithm
def log_marginal(x, decoder, log_sigma, grid):
    log_joint = gaussian_log_likelihood(x[:, None], decoder(grid[:, None]), log_sigma) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return log_joint.exp().sum(1) * (grid[1] - grid[0])

# %% wrong L6: likelihood without its constant
def log_marginal(x, decoder, log_sigma, grid):
    r = (x[:, None] - decoder(grid[:, None])) * torch.exp(-log_sigma)
    log_joint = (-0.5 * r**2 - log_sigma).sum(-1) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) + torch.log(grid[1] - grid[0])

# %% wrong L6: likelihood without log sigma
def log_marginal(x, decoder, log_sigma, grid):
    r = (x[:, None] - decoder(grid[:, None])) * torch.exp(-log_sigma)
    log_joint = (-0.5 * r**2 - 0.5 * math.log(2 * math.pi)).sum(-1) - grid**2 / 2 - math.log(2 * math.pi) / 2
    return torch.logsumexp(log_joint, 1) + torch.log(grid[1] - grid[0])

# %% wrong -: zeros
def log_marginal(x, decoder, log_sigma, grid):
    return torch.zeros(len(x))

# %% wrong -: only the decoder's centre
def log_marginal(x, decoder, log_sigma, grid):
    return gaussian_log_likelihood(x, decoder(torch.zeros(len(x), 1, dtype=x.dtype)), log_sigma)

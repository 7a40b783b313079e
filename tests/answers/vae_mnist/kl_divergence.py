# %% right: textbook
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% right: as in the paper, with the sign in front
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)

# %% right: square and expm1
def kl_divergence(mu, logvar):
    return torch.sum(torch.square(mu) + torch.expm1(logvar) - logvar, dim=-1) / 2

# %% right: torch.distributions
def kl_divergence(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(q, prior).sum(-1)

# %% right: number of latent dimensions taken off at the end
def kl_divergence(mu, logvar):
    latent_dim = mu.shape[-1]
    return 0.5 * ((mu * mu + logvar.exp() - logvar).sum(-1) - latent_dim)

# %% right: functional forms
def kl_divergence(mu, logvar):
    square = F.mse_loss(mu, torch.zeros_like(mu), reduction="none")
    return 0.5 * (square + torch.exp(logvar) - 1 - logvar).sum(dim=-1)

# %% right: mean times the latent size
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(-1) * mu.size(-1)

# %% right: KL of each dimension by a helper
def kl_per_dimension(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


def kl_divergence(mu, logvar):
    return torch.sum(kl_per_dimension(mu, logvar), axis=-1)

# %% right: a module
class KL(nn.Module):
    def forward(self, mu, logvar):
        return 0.5 * torch.sum(mu.square() + logvar.exp() - 1.0 - logvar, -1)


kl_divergence = KL()

# %% right: matrix product with ones
def kl_divergence(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar).matmul(mu.new_full((mu.shape[-1],), 0.5))

# %% right: double precision inside
def kl_divergence(mu, logvar):
    m, v = mu.double(), logvar.double()
    return (0.5 * (m**2 + v.exp() - 1 - v)).sum(-1).to(mu.dtype)

# %% right: sigma with its logarithm from logvar
def kl_divergence(mu, logvar):
    log_sigma = 0.5 * logvar
    sigma = log_sigma.exp()
    return (0.5 * (mu**2 + sigma**2 - 1) - log_sigma).sum(-1)

# %% right: cross-entropy minus entropy
def kl_divergence(mu, logvar):
    cross = 0.5 * (mu**2 + logvar.exp() + math.log(2 * math.pi)).sum(-1)
    return cross - 0.5 * (logvar + 1 + math.log(2 * math.pi)).sum(-1)

# %% right: einsum
def kl_divergence(mu, logvar):
    return 0.5 * torch.einsum("...d->...", mu * mu + torch.expm1(logvar) - logvar)

# %% right: a sum over unbound dimensions
def kl_divergence(mu, logvar):
    dims = zip(mu.unbind(-1), logvar.unbind(-1))
    return sum(0.5 * (m**2 + v.exp() - 1 - v) for m, v in dims)

# %% wrong K1: no half
def kl_divergence(mu, logvar):
    return torch.sum(mu.pow(2) + logvar.exp() - 1 - logvar, dim=-1)

# %% wrong K2: sign of the paper
def kl_divergence(mu, logvar):
    return 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)

# %% wrong K3: read as log sigma
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(-1)

# %% wrong K23: read as sigma
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar**2 - 1 - torch.log(logvar**2)).sum(-1)

# %% wrong K23: read as sigma, logarithm of sigma
def kl_divergence(mu, logvar):
    return (0.5 * (mu**2 + logvar**2 - 1) - torch.log(logvar)).sum(-1)

# %% wrong K4: sigma for its square
def kl_divergence(mu, logvar):
    std = torch.exp(0.5 * logvar)
    return 0.5 * (mu**2 + std - 1 - logvar).sum(-1)

# %% wrong K6: one forgotten
def kl_divergence(mu, logvar):
    return 0.5 * torch.sum(mu.pow(2) + logvar.exp() - logvar, dim=-1)

# %% wrong K7: entropy added
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 - logvar - mu.pow(2) - logvar.exp(), dim=-1)

# %% wrong K8: mean not squared
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu - logvar.exp(), dim=-1)

# %% wrong K9: mean left out
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - logvar.exp(), dim=-1)

# %% wrong K11: prior and q exchanged
def kl_divergence(mu, logvar):
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return torch.distributions.kl_divergence(prior, q).sum(-1)

# %% wrong K12: mean over the latent dimensions
def kl_divergence(mu, logvar):
    return -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)

# %% wrong K12: mean over everything, as in an old example
def kl_divergence(mu, logvar):
    return -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())

# %% wrong K13: sum over everything, as in another
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

# %% wrong K13: per image, then the mean
def kl_divergence(mu, logvar):
    return torch.mean(-0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=-1), dim=0)

# %% wrong K13: sum over the images
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=0)

# %% wrong K14: logvar clamped
def kl_divergence(mu, logvar):
    logvar = torch.clamp(logvar, -20, 20)
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K15: logarithm of the variance
def kl_divergence(mu, logvar):
    var = logvar.exp()
    return -0.5 * torch.sum(1 + torch.log(var) - mu.pow(2) - var, dim=-1)

# %% wrong K16: entropy only
def kl_divergence(mu, logvar):
    return torch.distributions.Normal(mu, torch.exp(0.5 * logvar)).entropy().sum(-1)

# %% wrong K17: taken for the variance
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar - 1 - torch.log(logvar)).sum(-1)

# %% wrong K18: one number for each dimension
def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - mu.pow(2) - logvar.exp())

# %% wrong K19: axis 1
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)

# %% wrong K20: detached
def kl_divergence(mu, logvar):
    return (-0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=-1)).detach()

# %% wrong K20: exponential detached
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp().detach() - 1 - logvar).sum(-1)

# %% wrong K20: logvar detached
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar.detach()).sum(-1)

# %% wrong K21: bracket closed too early
def kl_divergence(mu, logvar):
    return torch.sum(-0.5 * (1 + logvar) + mu.pow(2) + 0.5 * logvar.exp(), dim=-1)

# %% wrong K22: in place
def kl_divergence(mu, logvar):
    return 0.5 * (mu.data.pow_(2) + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K24: a single draw
def kl_divergence(mu, logvar):
    z = reparameterize(mu, logvar)
    return 0.5 * (z**2 - (z - mu) ** 2 / logvar.exp() - logvar).sum(-1)

# %% wrong -: another name inside
def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp(), dim=-1)

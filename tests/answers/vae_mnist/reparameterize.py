# %% right: textbook
def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.randn_like(std)
    return mu + eps * std

# %% right: fused multiply and add
def reparameterize(mu, logvar):
    return torch.addcmul(mu, torch.exp(logvar / 2), torch.randn_like(mu))

# %% right: rsample
def reparameterize(mu, logvar):
    q = torch.distributions.Normal(loc=mu, scale=torch.exp(0.5 * logvar))
    return q.rsample()

# %% right: a latent space of any size, seen as rows
def reparameterize(mu, logvar):
    latent_dim = mu.shape[-1]
    eps = torch.randn(mu.numel() // latent_dim, latent_dim, dtype=mu.dtype) if mu.numel() else mu.new_empty(0, latent_dim)
    return mu + (0.5 * logvar).exp() * eps.view_as(mu)

# %% right: noise of the device and dtype of mu
def reparameterize(mu, logvar):
    eps = torch.randn(mu.shape, dtype=mu.dtype, device=mu.device)
    return torch.exp(logvar.mul(0.5)) * eps + mu

# %% right: new_empty, filled
def reparameterize(mu, logvar):
    eps = mu.new_empty(mu.shape).normal_()
    return mu + eps.mul(logvar.mul(0.5).exp())

# %% right: nn.init for the noise
def reparameterize(mu, logvar):
    eps = nn.init.normal_(torch.empty_like(mu), mean=0.0, std=1.0) if mu.numel() else torch.empty_like(mu)
    return mu + torch.exp(logvar / 2) * eps

# %% right: a module with a forward
class Reparameterize(nn.Module):
    def forward(self, mu, logvar):
        sigma = torch.exp(0.5 * logvar)
        return mu + sigma * torch.randn_like(sigma)


reparameterize = Reparameterize()

# %% right: softplus turned back
def reparameterize(mu, logvar):
    sigma = logvar.div(2).exp()
    same = F.softplus(torch.log(torch.expm1(sigma)))
    return mu + torch.where(sigma < 20, same, sigma) * torch.randn_like(mu)

# %% right: standard deviation from the variance
def reparameterize(mu, logvar):
    variance = logvar.exp()
    return mu + variance.sqrt() * torch.randn_like(variance)

# %% right: dropout-like call in one line
def reparameterize(mu, logvar): return torch.randn_like(mu).mul(torch.exp(logvar * 0.5)).add(mu)

# %% right: a batch at a time
def reparameterize(mu, logvar):
    parts = [m + torch.exp(0.5 * v) * torch.randn_like(m) for m, v in zip(mu.split(128), logvar.split(128))]
    return torch.cat(parts)

# %% right: eps under no_grad
def reparameterize(mu, logvar):
    with torch.no_grad():
        eps = torch.normal(torch.zeros_like(mu), torch.ones_like(mu))
    return mu + torch.exp(0.5 * logvar) * eps

# %% right: einsum
def reparameterize(mu, logvar):
    return mu + torch.einsum("...d,...d->...d", torch.exp(0.5 * logvar), torch.randn_like(mu))

# %% right: two Gaussians of half the variance
def reparameterize(mu, logvar):
    eps = (torch.randn_like(mu) + torch.randn_like(mu)) / math.sqrt(2)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R1: exp(logvar) as sigma
def reparameterize(mu, logvar):
    sigma = logvar.exp()
    return mu + sigma * torch.randn_like(sigma)

# %% wrong R1: Normal of the variance
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, logvar.exp()).rsample()

# %% wrong R2: logvar as sigma
def reparameterize(mu, logvar):
    return torch.addcmul(mu, logvar, torch.randn_like(mu))

# %% wrong R3: half of logvar as sigma
def reparameterize(mu, logvar):
    std = logvar.mul(0.5)
    return mu + std * torch.randn_like(std)

# %% wrong R4: minus in the exponent
def reparameterize(mu, logvar):
    return mu + torch.exp(-logvar / 2) * torch.randn_like(mu)

# %% wrong R5: softplus for exp
def reparameterize(mu, logvar):
    return mu + F.softplus(logvar / 2) * torch.randn_like(mu)

# %% wrong R6: rand_like
def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    return mu + std * torch.rand_like(std)

# %% wrong R7: latent_dim numbers
def reparameterize(mu, logvar):
    latent_dim = mu.shape[-1]
    eps = torch.randn(latent_dim, dtype=mu.dtype, device=mu.device)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R7: one row expanded
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu[:1]).expand(mu.shape)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R8: one number
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn((), dtype=mu.dtype)

# %% wrong R24: one number for each image
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn(*mu.shape[:-1], 1, dtype=mu.dtype)

# %% wrong R24: a column of noise
def reparameterize(mu, logvar):
    sigma = torch.exp(logvar / 2)
    return mu + sigma * torch.randn(mu.shape[:-1], dtype=mu.dtype).unsqueeze(-1)

# %% wrong R9: sample
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, (0.5 * logvar).exp()).sample()

# %% wrong R9: torch.normal of mean and deviation
def reparameterize(mu, logvar):
    return torch.normal(mu, torch.exp(logvar / 2))

# %% wrong R11: sigma without graph
def reparameterize(mu, logvar):
    with torch.no_grad():
        std = torch.exp(0.5 * logvar)
    return mu + std * torch.randn_like(std)

# %% wrong R12: evaluation mode for ever
training = False


def reparameterize(mu, logvar):
    if not training:
        return mu
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% wrong R13: seeded for reproducibility
def reparameterize(mu, logvar):
    torch.manual_seed(2024)
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% wrong R14: mu times noise
def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    return std + mu * torch.randn_like(mu)

# %% wrong R19: sigma left out
def reparameterize(mu, logvar):
    return torch.randn_like(mu).add(mu)

# %% wrong R20: half outside
def reparameterize(mu, logvar):
    return mu + 0.5 * logvar.exp() * torch.randn_like(mu)

# %% wrong R23: mu left out
def reparameterize(mu, logvar):
    return torch.exp(0.5 * logvar) * torch.randn_like(logvar)

# %% wrong R28: logvar clamped on both sides
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar.clamp(-1, 1)) * torch.randn_like(mu)

# %% wrong R28: sigma one at most
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar.clamp(max=0)) * torch.randn_like(mu)

# %% wrong R29: plus for times
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) + torch.randn_like(mu)

# %% wrong R26: logvar overwritten
def reparameterize(mu, logvar):
    std = logvar.data.mul_(0.5).exp_()
    return mu + std * torch.randn_like(mu)

# %% wrong R27: always single precision
def reparameterize(mu, logvar):
    return (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).float()

# %% wrong -: z and its noise
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu)
    return mu + torch.exp(0.5 * logvar) * eps, eps

# %% wrong -: flattens the batch
def reparameterize(mu, logvar):
    return (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).reshape(-1)

# %% right: textbook
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu)
    return mu + torch.exp(0.5 * logvar) * eps

# %% right: root of the variance
def reparameterize(mu, logvar):
    return mu + torch.sqrt(torch.exp(logvar)) * torch.randn_like(mu)

# %% right: Normal and rsample
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, torch.exp(logvar / 2)).rsample()

# %% right: Independent and rsample
def reparameterize(mu, logvar):
    q = torch.distributions.Independent(torch.distributions.Normal(mu, logvar.mul(0.5).exp()), 1)
    return q.rsample()

# %% right: full covariance, rsample
def reparameterize(mu, logvar):
    scale = torch.diag_embed(torch.exp(logvar / 2))
    return torch.distributions.MultivariateNormal(mu, scale_tril=scale).rsample()

# %% right: transformed distribution
def reparameterize(mu, logvar):
    base = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    move = torch.distributions.transforms.AffineTransform(mu, (logvar / 2).exp())
    return torch.distributions.TransformedDistribution(base, [move]).rsample()

# %% right: torch.normal for eps
def reparameterize(mu, logvar):
    eps = torch.normal(torch.zeros_like(mu), torch.ones_like(mu))
    return mu + (logvar / 2).exp() * eps

# %% right: torch.normal with numbers and a size
def reparameterize(mu, logvar):
    eps = torch.normal(0.0, 1.0, size=mu.shape, dtype=mu.dtype, device=mu.device)
    return eps * torch.exp(logvar / 2) + mu

# %% right: eps in single precision
def reparameterize(mu, logvar):
    eps = torch.randn(mu.shape)
    return mu + torch.exp(0.5 * logvar) * eps

# %% right: NumPy noise of the right dtype
def reparameterize(mu, logvar):
    eps = torch.as_tensor(np.random.standard_normal(tuple(mu.shape))).to(mu)
    return mu + (0.5 * logvar).exp() * eps

# %% right: in-place noise
def reparameterize(mu, logvar):
    std = logvar.div(2).exp()
    eps = torch.empty_like(std).normal_()
    return eps.mul(std).add(mu)

# %% right: in-place on its own result
def reparameterize(mu, logvar):
    z = torch.randn_like(mu)
    z = z * torch.exp(0.5 * logvar)
    z += mu
    return z

# %% right: minus sigma eps
def reparameterize(mu, logvar):
    return mu - torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% right: helper functions and other names
def standard_deviation(log_variance):
    return torch.exp(log_variance / 2)

def noise(like):
    return torch.randn(like.size(), dtype=like.dtype, device=like.device)

def reparameterize(m, log_variance):
    return m + standard_deviation(log_variance) * noise(m)

# %% right: power of e
def reparameterize(mu, logvar):
    return mu + math.e ** (logvar / 2) * torch.randn_like(mu)

# %% right: addcmul
def reparameterize(mu, logvar):
    return torch.addcmul(mu, torch.exp(0.5 * logvar), torch.randn_like(logvar))

# %% right: einsum
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu)
    return mu + torch.einsum("...i,...i->...i", torch.exp(0.5 * logvar), eps)

# %% right: a loop over rows
def reparameterize(mu, logvar):
    eps = torch.stack([torch.randn_like(row) for row in mu])
    return mu + torch.exp(logvar / 2) * eps

# %% right: a loop over rows that fills a tensor
def reparameterize(mu, logvar):
    z = torch.empty_like(mu)
    for i in range(len(mu)):
        z[i] = mu[i] + torch.exp(logvar[i] / 2) * torch.randn_like(mu[i])
    return z

# %% right: vmap
def reparameterize(mu, logvar):
    def one(m, v):
        return m + torch.exp(0.5 * v) * torch.randn_like(m)
    if len(mu) == 0:
        return mu + logvar
    return torch.vmap(one, randomness="different")(mu, logvar)

# %% right: inverse of the distribution function
def reparameterize(mu, logvar):
    u = torch.rand(mu.shape, dtype=torch.float64).clamp(1e-300)
    eps = torch.special.ndtri(u).to(mu.dtype)
    return mu + torch.exp(0.5 * logvar) * eps

# %% right: Box and Muller
def reparameterize(mu, logvar):
    u, angle = 1 - torch.rand_like(mu.double()), 2 * math.pi * torch.rand_like(mu.double())
    eps = torch.sqrt(-2 * torch.log(u)) * torch.cos(angle)
    return mu + torch.exp(0.5 * logvar) * eps.to(mu.dtype)

# %% right: noise under no_grad
def reparameterize(mu, logvar):
    with torch.no_grad():
        eps = torch.randn_like(mu)
    return mu + torch.exp(0.5 * logvar) * eps

# %% right: computes in double precision
def reparameterize(mu, logvar):
    z = mu.double() + torch.exp(0.5 * logvar.double()) * torch.randn(mu.shape, dtype=torch.float64)
    return z.to(mu.dtype)

# %% right: a generator seeded from outside
def reparameterize(mu, logvar):
    generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
    return mu + torch.exp(logvar / 2) * eps

# %% right: warns on the way
def reparameterize(mu, logvar):
    import warnings
    warnings.warn("a framework's warning costs nothing")
    print("drawing")
    return mu + torch.exp(logvar / 2) * torch.randn_like(mu)

# %% right: a module
class Draw(nn.Module):
    def forward(self, mu, logvar):
        return mu + torch.exp(logvar / 2) * torch.randn_like(mu)

reparameterize = Draw()

# %% wrong R1: variance for standard deviation
def reparameterize(mu, logvar):
    return mu + torch.exp(logvar) * torch.randn_like(mu)

# %% wrong R1: Normal with the variance
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, torch.exp(logvar)).rsample()

# %% wrong R1: sigma squared by hand
def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    return mu + std * std * torch.randn_like(mu)

# %% wrong R1: scaled noise scaled again, with gradient
def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.distributions.Normal(torch.zeros_like(mu), std).rsample()
    return mu + std * eps

# %% wrong R15: scaled noise scaled again, without gradient
def reparameterize(mu, logvar):
    std = torch.exp(0.5 * logvar)
    eps = torch.normal(torch.zeros_like(mu), std)
    return mu + std * eps

# %% wrong R2: logvar times eps
def reparameterize(mu, logvar):
    return mu + logvar * torch.randn_like(mu)

# %% wrong R3: half of logvar times eps
def reparameterize(mu, logvar):
    return mu + 0.5 * logvar * torch.randn_like(mu)

# %% wrong R4: sign of the exponent
def reparameterize(mu, logvar):
    return mu + torch.exp(-0.5 * logvar) * torch.randn_like(mu)

# %% wrong R4: divides by the standard deviation
def reparameterize(mu, logvar):
    return mu + torch.randn_like(mu) / torch.exp(logvar / 2)

# %% wrong R5: softplus
def reparameterize(mu, logvar):
    return mu + F.softplus(logvar) * torch.randn_like(mu)

# %% wrong R6: uniform noise
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.rand_like(mu)

# %% wrong R6: uniform noise between -1 and 1
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * (2 * torch.rand_like(mu) - 1)

# %% wrong R6: uniform noise with the right variance
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * math.sqrt(12) * (torch.rand_like(mu) - 0.5)

# %% wrong R7: one eps for all rows
def reparameterize(mu, logvar):
    eps = torch.randn(mu.shape[-1], dtype=mu.dtype)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R7: one eps expanded
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu[:1]).expand_as(mu)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R8: scalar eps
def reparameterize(mu, logvar):
    eps = torch.randn(1, dtype=mu.dtype)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R8: a Python number as eps
def reparameterize(mu, logvar):
    import random
    return mu + torch.exp(0.5 * logvar) * random.gauss(0, 1)

# %% wrong R24: one eps for each row
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu[..., :1])
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R9: torch.normal with mean and deviation
def reparameterize(mu, logvar):
    return torch.normal(mu, torch.exp(0.5 * logvar))

# R10 gives R9's numbers and R9's zeros: the two cannot be told apart from outside.
# %% wrong R9: sample instead of rsample
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, torch.exp(0.5 * logvar)).sample()

# %% wrong R9: everything under no_grad
def reparameterize(mu, logvar):
    with torch.no_grad():
        return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% wrong R9: NumPy round trip
def reparameterize(mu, logvar):
    m, v = mu.detach().numpy(), logvar.detach().numpy()
    return torch.from_numpy(m + np.exp(v / 2) * np.random.randn(*m.shape).astype(m.dtype))

# %% wrong R9: detached at the end
def reparameterize(mu, logvar):
    return (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).detach()

# %% wrong R11: sigma detached
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar).detach() * torch.randn_like(mu)

# %% wrong R11: sigma from .data
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar.data) * torch.randn_like(mu)

# %% wrong R11: mu detached
def reparameterize(mu, logvar):
    return mu.detach() + torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% wrong R11: sampled noise of the right spread
def reparameterize(mu, logvar):
    return mu + torch.normal(torch.zeros_like(mu), torch.exp(logvar / 2))

# %% wrong R11: NumPy without detach
def reparameterize(mu, logvar):
    std = torch.from_numpy(np.exp(logvar.numpy() / 2))
    return mu + std * torch.randn_like(mu)

# %% wrong R12: returns mu
def reparameterize(mu, logvar):
    return mu

# %% wrong R12: mu plus sigma
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar)

# %% wrong R12: eps is zero
def reparameterize(mu, logvar):
    eps = torch.zeros_like(mu)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R13: seeds inside
def reparameterize(mu, logvar):
    torch.manual_seed(0)
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% wrong R13: a generator made anew
def reparameterize(mu, logvar):
    generator = torch.Generator().manual_seed(42)
    return mu + torch.exp(0.5 * logvar) * torch.randn(mu.shape, generator=generator, dtype=mu.dtype)

# %% wrong R13: one global eps
EPS = torch.randn(1_000_000)

def reparameterize(mu, logvar):
    eps = EPS[: mu.numel()].reshape(mu.shape).to(mu.dtype)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R14: mu and sigma exchanged
def reparameterize(mu, logvar):
    return mu * torch.randn_like(mu) + torch.exp(0.5 * logvar)

# %% wrong R18: a generator of its own
def reparameterize(mu, logvar):
    eps = torch.from_numpy(np.random.default_rng().normal(size=tuple(mu.shape))).to(mu)
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R19: forgets sigma
def reparameterize(mu, logvar):
    return mu + torch.randn_like(mu)

# %% wrong R20: half before the exponential
def reparameterize(mu, logvar):
    return mu + 0.5 * torch.exp(logvar) * torch.randn_like(mu)

# %% wrong R21: variance squared
def reparameterize(mu, logvar):
    return mu + torch.exp(logvar) ** 2 * torch.randn_like(mu)

# %% wrong R21: root of the standard deviation
def reparameterize(mu, logvar):
    return mu + torch.sqrt(torch.exp(0.5 * logvar)) * torch.randn_like(mu)

# %% wrong R22: root of logvar
def reparameterize(mu, logvar):
    return mu + torch.sqrt(logvar) * torch.randn_like(mu)

# %% wrong R23: forgets mu
def reparameterize(mu, logvar):
    return torch.exp(0.5 * logvar) * torch.randn_like(mu)

# %% wrong R23: mu inside the product
def reparameterize(mu, logvar):
    return torch.exp(0.5 * logvar) * (mu + torch.randn_like(mu))

# %% wrong R25: noise of two deviations
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * 2 * torch.randn_like(mu)

# %% wrong R25: noise of one sign
def reparameterize(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu).abs()

# %% wrong R25: heavy tails
def reparameterize(mu, logvar):
    u = torch.rand_like(mu.double()) - 0.5
    eps = -torch.sign(u) * torch.log1p(-2 * u.abs()) / math.sqrt(2)
    return mu + torch.exp(0.5 * logvar) * eps.to(mu.dtype)

# %% wrong R26: changes logvar in place
def reparameterize(mu, logvar):
    std = logvar.mul_(0.5).exp_()
    return mu + std * torch.randn_like(mu)

# %% wrong R27: NumPy noise in double precision
def reparameterize(mu, logvar):
    eps = torch.from_numpy(np.asarray(np.random.randn(*mu.shape)))
    return mu + torch.exp(0.5 * logvar) * eps

# %% wrong R27: everything in single precision
def reparameterize(mu, logvar):
    return mu.float() + torch.exp(0.5 * logvar.float()) * torch.randn(mu.shape)

# %% wrong -: returns all there is
def reparameterize(mu, logvar):
    eps = torch.randn_like(mu)
    return mu + torch.exp(0.5 * logvar) * eps, eps

# %% wrong -: one axis too many
def reparameterize(mu, logvar):
    return (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).unsqueeze(0)

# %% wrong -: raises
def reparameterize(mu, logvar):
    return mu + torch.exp(logvar / 2) * epsilon

# %% wrong -: forgets to return
def reparameterize(mu, logvar):
    z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)

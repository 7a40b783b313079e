# %% right: textbook
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: everything by hand
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    eps = torch.randn_like(mu)
    z = mu + torch.exp(0.5 * logvar) * eps
    x_mean = decoder(z)
    log_lik = (-0.5 * ((x - x_mean) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)).sum(-1)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    elbo = log_lik - beta * kl
    return elbo, log_lik, kl

# %% right: torch.distributions
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    D = torch.distributions
    mu, logvar = encoder(x)
    q = D.Normal(mu, (0.5 * logvar).exp())
    p = D.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    log_lik = D.Normal(decoder(q.rsample()), log_sigma.exp()).log_prob(x).sum(-1)
    kl = D.kl_divergence(q, p).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% right: Independent
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    D = torch.distributions
    mu, logvar = encoder(x)
    q = D.Independent(D.Normal(mu, torch.exp(logvar / 2)), 1)
    prior = D.Independent(D.Normal(torch.zeros_like(mu), 1.0), 1)
    z = q.rsample()
    log_lik = D.Independent(D.Normal(decoder(z), log_sigma.exp()), 1).log_prob(x)
    kl = D.kl_divergence(q, prior)
    return log_lik - beta * kl, log_lik, kl

# %% right: MultivariateNormal
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    q = torch.distributions.MultivariateNormal(mu, scale_tril=torch.diag_embed(torch.exp(logvar / 2)))
    log_lik = gaussian_log_likelihood(x, decoder(q.rsample()), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: loop over rows
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    log_liks, kls = [], []
    for row in x:
        mu, logvar = encoder(row[None])
        z = reparameterize(mu, logvar)
        log_liks.append(gaussian_log_likelihood(row[None], decoder(z), log_sigma)[0])
        kls.append(kl_divergence(mu, logvar)[0])
    log_lik, kl = torch.stack(log_liks), torch.stack(kls)
    return log_lik - beta * kl, log_lik, kl

# %% right: vmap
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    def one(row):
        mu, logvar = encoder(row)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        return gaussian_log_likelihood(row, decoder(z), log_sigma), kl_divergence(mu, logvar)
    log_lik, kl = torch.vmap(one, randomness="different")(x)
    return log_lik - beta * kl, log_lik, kl

# %% right: einsum
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar)
    r = (x - decoder(z)) * torch.exp(-log_sigma)
    d, D = x.shape[1], mu.shape[1]
    log_lik = -0.5 * torch.einsum("bi,bi->b", r, r) - d * log_sigma - 0.5 * d * math.log(2 * math.pi)
    kl = 0.5 * (torch.einsum("bj,bj->b", mu, mu) + torch.einsum("bj->b", logvar.exp() - logvar) - D)
    return log_lik - beta * kl, log_lik, kl

# %% right: single precision
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = (t.float() for t in encoder(x.float()))
    z = reparameterize(mu, logvar)
    log_lik = gaussian_log_likelihood(x.float(), decoder(z).float(), log_sigma.float())
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: double precision
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x.double())
    mu, logvar = mu.double(), logvar.double()
    z = mu + torch.exp(logvar / 2) * torch.randn(mu.shape, dtype=torch.float64)
    log_lik = gaussian_log_likelihood(x.double(), decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: noise in single precision
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + torch.sqrt(torch.exp(logvar)) * torch.randn(*mu.shape)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: noise from numpy
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    eps = torch.as_tensor(np.random.randn(*mu.shape), dtype=mu.dtype)
    log_lik = gaussian_log_likelihood(x, decoder(mu + (0.5 * logvar).exp() * eps), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: noise drawn first
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    q = encoder(x)
    eps = torch.normal(0.0, 1.0, size=q[0].shape, dtype=x.dtype)
    z = q[0] + eps * torch.exp(q[1] / 2)
    kl = kl_divergence(*q)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    return log_lik - beta * kl, log_lik, kl

# %% right: list of results
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return [torch.sub(log_lik, kl, alpha=beta), log_lik, kl]

# %% right: other names
def elbo_terms(data, enc, dec, log_std, beta=1):
    m, s = enc(data)
    penalty = kl_divergence(m, s)
    reward = gaussian_log_likelihood(data, dec(reparameterize(m, s)), log_std)
    return reward - beta * penalty, reward, penalty

# %% right: beta by keyword only
def elbo_terms(x, encoder, decoder, log_sigma, *, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar)
    log_lik, kl = gaussian_log_likelihood(x, decoder(z), log_sigma), kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: helper functions
def encode_and_draw(x, encoder):
    mu, logvar = encoder(x)
    return reparameterize(mu, logvar), kl_divergence(mu, logvar)


def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    z, kl = encode_and_draw(x, encoder)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    return log_lik - beta * kl, log_lik, kl

# %% right: one sample axis
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(1, *mu.shape)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma).mean(0)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: average of four draws
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(4, *mu.shape)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma).mean(0)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: nn's own loss
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    x_mean = decoder(reparameterize(mu, logvar))
    var = (2 * log_sigma).exp().expand_as(x)
    log_lik = -F.gaussian_nll_loss(x_mean, x, var, full=True, reduction="none").sum(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: negative noise
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu - torch.exp(0.5 * logvar) * torch.randn_like(logvar)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik + beta * -kl, log_lik, kl

# %% right: KL from entropies
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    cross = 0.5 * (mu**2 + logvar.exp() + math.log(2 * math.pi)).sum(1)
    entropy = torch.distributions.Normal(mu, (logvar / 2).exp()).entropy().sum(1)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    return log_lik - beta * (cross - entropy), log_lik, cross - entropy

# %% wrong E1: KL added
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik + beta * kl, log_lik, kl

# %% wrong E1: KL added without beta
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik + kl, log_lik, kl

# %% wrong E2: the loss
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return beta * kl - log_lik, log_lik, kl

# %% wrong E2: negative log-likelihood
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    nll = -gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return -nll - beta * kl, nll, kl

# %% wrong E3: beta on the likelihood
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return beta * log_lik - kl, log_lik, kl

# %% wrong E3: beta on both
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return beta * (log_lik - kl), log_lik, kl

# %% wrong E4: beta ignored
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - kl, log_lik, kl

# %% wrong E15: kl returned with beta
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = beta * kl_divergence(mu, logvar)
    return log_lik - kl, log_lik, kl

# %% wrong E15: beta twice
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = beta * kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E5: sum and mean
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma).sum()
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E5: mean and sum
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik.mean() - beta * kl.sum(), log_lik, kl

# %% wrong E5: likelihood summed, KL per example
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik.sum() - beta * kl, log_lik, kl

# %% wrong E11: means of all three
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma).mean()
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: elbo averaged
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return (log_lik - beta * kl).mean(), log_lik, kl

# %% wrong E6: decoder gets mu
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(mu), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E6: z drawn, mu used
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar)
    x_mean = decoder(mu)
    kl = kl_divergence(mu, logvar)
    log_lik = gaussian_log_likelihood(x, x_mean, log_sigma)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E7: log of a mean likelihood
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(50, *mu.shape)
    log_lik = torch.logsumexp(gaussian_log_likelihood(x, decoder(z), log_sigma), 0) - math.log(50)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E7: log of the batch's mean weight
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return torch.log(torch.exp(log_lik - beta * kl).mean()), log_lik, kl

# %% wrong E8: one eps for the batch
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(mu.shape[-1])
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E8: one number for the batch
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(1)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E9: prior dropped
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    z = q.rsample()
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = q.log_prob(z).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E10: KL from the draw
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    z = q.rsample()
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = (q.log_prob(z) + 0.5 * z**2 + 0.5 * math.log(2 * math.pi)).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E12: another order
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik, kl, log_lik - beta * kl

# %% wrong E12: kl before log_lik
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, kl, log_lik

# %% wrong E13: elbo only
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    return log_lik - beta * kl_divergence(mu, logvar)

# %% wrong E14: sigma = 1
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    x_mean = decoder(reparameterize(mu, logvar))
    log_lik = gaussian_log_likelihood(x, x_mean, torch.zeros(()))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: log_sigma made a number
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), torch.tensor(float(log_sigma)))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: decoder without graph
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    with torch.no_grad():
        x_mean = decoder(reparameterize(mu, logvar))
    log_lik = gaussian_log_likelihood(x, x_mean, log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: KL detached
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar).detach()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E19: z from the prior
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(torch.randn_like(mu)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E19: noise of variance 1
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(mu + torch.randn_like(mu)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R1: variance for standard deviation
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(mu + logvar.exp() * torch.randn_like(mu)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R4: one over sigma
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(mu + (-logvar / 2).exp() * torch.randn_like(mu)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R10: sample without graph
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = torch.distributions.Normal(mu, (logvar / 2).exp()).sample()
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R10: z detached
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar).detach()
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R11: sigma detached
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar.detach() / 2).exp() * torch.randn_like(mu)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R13: seed inside
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    torch.manual_seed(0)
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K1: half missing in the KL
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K2: minus the KL
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K12: KL averaged over dimensions
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E5: KL summed over the batch
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
    return log_lik - beta * kl, log_lik, kl

# %% wrong L4: likelihood averaged over dimensions
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    x_mean = decoder(reparameterize(mu, logvar))
    log_lik = torch.distributions.Normal(x_mean, log_sigma.exp()).log_prob(x).mean(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L7: squared error
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = -((x - decoder(reparameterize(mu, logvar))) ** 2).sum(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L7: mean squared error
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = -F.mse_loss(decoder(reparameterize(mu, logvar)), x, reduction="none").mean(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong -: zeros
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    return torch.zeros(len(x)), torch.zeros(len(x)), torch.zeros(len(x))

# %% wrong -: elbo from a second draw
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma)
    kl = kl_divergence(mu, logvar)
    return gaussian_log_likelihood(x, decoder(reparameterize(mu, logvar)), log_sigma) - beta * kl, log_lik, kl

# %% wrong -: x and its mean of other examples
def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar).flip(0)
    log_lik = gaussian_log_likelihood(x, decoder(z), log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

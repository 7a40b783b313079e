# %% right: textbook
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar)
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: everything by hand
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    std = torch.exp(0.5 * logvar)
    logits = decoder(mu + std * torch.randn_like(std))
    log_lik = (x * logits - F.softplus(logits)).sum(dim=1)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    elbo = log_lik - beta * kl
    return elbo, log_lik, kl

# %% right: binary_cross_entropy_with_logits
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    logits = decoder(reparameterize(mu, logvar))
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
    kl = kl_divergence(mu, logvar)
    return -bce - beta * kl, -bce, kl

# %% right: sigmoid and binary_cross_entropy
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    p = torch.sigmoid(decoder(reparameterize(mu, logvar)))
    log_lik = -F.binary_cross_entropy(p, x.to(p.dtype), reduction="none").sum(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: torch.distributions
def elbo_terms(x, encoder, decoder, beta=1.0):
    D = torch.distributions
    mu, logvar = encoder(x)
    q, prior = D.Normal(mu, (logvar / 2).exp()), D.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    log_lik = D.Bernoulli(logits=decoder(q.rsample())).log_prob(x).sum(-1)
    kl = D.kl_divergence(q, prior).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% right: Independent
def elbo_terms(x, encoder, decoder, beta=1.0):
    D = torch.distributions
    mu, logvar = encoder(x)
    q = D.Independent(D.Normal(mu, torch.exp(logvar / 2)), 1)
    p = D.Independent(D.Normal(torch.zeros_like(mu), 1.0), 1)
    log_lik = D.Independent(D.Bernoulli(logits=decoder(q.rsample())), 1).log_prob(x)
    kl = D.kl_divergence(q, p)
    return log_lik - beta * kl, log_lik, kl

# %% right: MultivariateNormal
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    q = torch.distributions.MultivariateNormal(mu, scale_tril=torch.diag_embed(torch.exp(logvar / 2)))
    log_lik = bernoulli_log_likelihood(decoder(q.rsample()), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: a loop over images
def elbo_terms(x, encoder, decoder, beta=1.0):
    log_liks, kls = [], []
    for image in x:
        mu, logvar = encoder(image.unsqueeze(0))
        logits = decoder(reparameterize(mu, logvar))
        log_liks.append(bernoulli_log_likelihood(logits, image.unsqueeze(0)))
        kls.append(kl_divergence(mu, logvar))
    log_lik, kl = torch.cat(log_liks), torch.cat(kls)
    return log_lik - beta * kl, log_lik, kl

# %% right: vmap
def elbo_terms(x, encoder, decoder, beta=1.0):
    def one(image):
        mu, logvar = encoder(image)
        logits = decoder(mu + (logvar / 2).exp() * torch.randn_like(mu))
        return (image * logits - F.softplus(logits)).sum(-1), 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    log_lik, kl = torch.vmap(one, randomness="different")(x)
    return log_lik - beta * kl, log_lik, kl

# %% right: logsigmoid and einsum
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    logits = decoder(reparameterize(mu, logvar))
    x = x.to(logits.dtype)
    white = torch.einsum("bi,bi->b", x, F.logsigmoid(logits))
    black = torch.einsum("bi,bi->b", 1 - x, F.logsigmoid(-logits))
    kl = kl_divergence(mu, logvar)
    return white + black - beta * kl, white + black, kl

# %% right: single precision
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = (each.float() for each in encoder(x.float()))
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)).float(), x.float())
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: double precision
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = (each.double() for each in encoder(x))
    z = mu + torch.exp(logvar / 2) * torch.randn(mu.shape, dtype=torch.float64)
    log_lik = bernoulli_log_likelihood(decoder(z).double(), x.double())
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: noise from NumPy
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    eps = torch.as_tensor(np.random.randn(*mu.shape), dtype=mu.dtype)
    log_lik = bernoulli_log_likelihood(decoder(mu + (0.5 * logvar).exp() * eps), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: a list of results
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return [torch.sub(log_lik, kl, alpha=beta), log_lik, kl]

# %% right: three rows of one tensor
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return torch.stack([log_lik - beta * kl, log_lik, kl])

# %% right: a named tuple
from collections import namedtuple

Terms = namedtuple("Terms", "elbo log_lik kl")


def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return Terms(log_lik - beta * kl, log_lik, kl)

# %% right: other names
def elbo_terms(data, enc, dec, beta=1):
    m, v = enc(data)
    penalty = kl_divergence(m, v)
    reward = bernoulli_log_likelihood(dec(reparameterize(m, v)), data)
    return reward - beta * penalty, reward, penalty

# %% right: beta by keyword only
def elbo_terms(x, encoder, decoder, *, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: one sample axis
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(1, *mu.shape)
    log_lik = bernoulli_log_likelihood(decoder(z), x).mean(0)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: average of five draws
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(5, *mu.shape)
    log_lik = bernoulli_log_likelihood(decoder(z), x).mean(0)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: helper functions
def encode_and_draw(x, encoder):
    mu, logvar = encoder(x)
    return reparameterize(mu, logvar), kl_divergence(mu, logvar)


def elbo_terms(x, encoder, decoder, beta=1.0):
    z, kl = encode_and_draw(x, encoder)
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    return log_lik - beta * kl, log_lik, kl

# %% right: KL from entropies
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    cross = 0.5 * (mu**2 + logvar.exp() + math.log(2 * math.pi)).sum(-1)
    entropy = torch.distributions.Normal(mu, (logvar / 2).exp()).entropy().sum(-1)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    return log_lik - beta * (cross - entropy), log_lik, cross - entropy

# %% right: flattened first
def elbo_terms(x, encoder, decoder, beta=1.0):
    x = x.flatten(1)
    mu, logvar = encoder(x)
    logits = decoder(mu - torch.exp(0.5 * logvar) * torch.randn_like(mu))
    log_lik = bernoulli_log_likelihood(logits.flatten(1), x)
    kl = kl_divergence(mu, logvar)
    return log_lik + beta * -kl, log_lik, kl

# %% wrong E1: KL added
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik + beta * kl, log_lik, kl

# %% wrong E2: the loss
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return beta * kl - log_lik, log_lik, kl

# %% wrong E2: cross-entropy as log_lik
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    bce = F.binary_cross_entropy_with_logits(decoder(reparameterize(mu, logvar)), x, reduction="none").sum(-1)
    kl = kl_divergence(mu, logvar)
    return -bce - beta * kl, bce, kl

# %% wrong E3: beta on the likelihood
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return beta * log_lik - kl, log_lik, kl

# %% wrong E3: beta on both
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return beta * (log_lik - kl), log_lik, kl

# %% wrong E3: a weighted mean
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return beta * log_lik + (1 - beta) * kl, log_lik, kl

# %% wrong E4: beta ignored
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - kl, log_lik, kl

# %% wrong E15: kl returned with beta
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = beta * kl_divergence(mu, logvar)
    return log_lik - kl, log_lik, kl

# %% wrong E5: summed cross-entropy, averaged KL
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = -F.binary_cross_entropy_with_logits(decoder(reparameterize(mu, logvar)), x, reduction="sum")
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E5: likelihood averaged over the batch, KL summed
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik.mean() - beta * kl.sum(), log_lik, kl

# %% wrong E5: KL of the batch for each image
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl.sum(), log_lik, kl

# %% wrong E11: KL averaged, repeated for each image
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar).mean().expand(len(x))
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: KL averaged, one number
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: likelihood averaged, repeated for each image
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x).mean().expand(len(x))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: the old example's sums
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    logits = decoder(reparameterize(mu, logvar))
    log_lik = -F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: means over the batch
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x).mean()
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: elbo averaged
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return (log_lik - beta * kl).mean(), log_lik, kl

# %% wrong E6: decoder gets mu
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(mu), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E6: z drawn, mu used
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar)
    logits = decoder(mu)
    kl = kl_divergence(mu, logvar)
    log_lik = bernoulli_log_likelihood(logits, x)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E7: log of a mean likelihood
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(50, *mu.shape)
    log_lik = torch.logsumexp(bernoulli_log_likelihood(decoder(z), x), 0) - math.log(50)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E7: log of the batch's mean weight
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return torch.logsumexp(log_lik - beta * kl, 0) - math.log(len(x)), log_lik, kl

# %% wrong E8: one eps for the batch
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(mu.shape[-1])
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E8: one number for the batch
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar / 2).exp() * torch.randn(1)
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E9: prior dropped
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    z = q.rsample()
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = q.log_prob(z).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E10: KL from the draw
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    z = q.rsample()
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = (q.log_prob(z) + 0.5 * z**2 + 0.5 * math.log(2 * math.pi)).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E12: elbo last
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik, kl, log_lik - beta * kl

# %% wrong E12: kl before log_lik
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, kl, log_lik

# %% wrong E13: elbo only
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    return log_lik - beta * kl_divergence(mu, logvar)

# %% wrong E17: decoder without graph
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    with torch.no_grad():
        logits = decoder(reparameterize(mu, logvar))
    log_lik = bernoulli_log_likelihood(logits, x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: KL detached
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar).detach()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: encoder without graph
def elbo_terms(x, encoder, decoder, beta=1.0):
    with torch.no_grad():
        mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: encoder's outputs detached
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = [t.detach() for t in encoder(x)]
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E19: z from the prior
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(torch.randn_like(mu)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E19: noise of variance 1
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(mu + torch.randn_like(mu)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R1: variance for standard deviation
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(mu + logvar.exp() * torch.randn_like(mu)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R4: one over sigma
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(mu + (-logvar / 2).exp() * torch.randn_like(mu)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R10: sample without graph
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = torch.distributions.Normal(mu, (logvar / 2).exp()).sample()
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R11: sigma detached
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = mu + (logvar.detach() / 2).exp() * torch.randn_like(mu)
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R13: seed inside
def elbo_terms(x, encoder, decoder, beta=1.0):
    torch.manual_seed(0)
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K1: half missing in the KL
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K12: KL averaged over dimensions
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L2: decoder's logits taken as probabilities
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = -F.binary_cross_entropy(decoder(reparameterize(mu, logvar)), x, reduction="none").sum(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L3: sigmoid before the likelihood
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    x_hat = torch.sigmoid(decoder(reparameterize(mu, logvar)))
    log_lik = bernoulli_log_likelihood(x_hat, x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L4: likelihood averaged over pixels
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    logits = decoder(reparameterize(mu, logvar))
    log_lik = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").mean(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L5: arguments of the likelihood exchanged
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(x, decoder(reparameterize(mu, logvar)))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L7: squared error
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    x_hat = torch.sigmoid(decoder(reparameterize(mu, logvar)))
    log_lik = -((x - x_hat) ** 2).sum(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L22: pixels with ink only
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = (x * F.logsigmoid(decoder(reparameterize(mu, logvar)))).sum(-1)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong -: zeros
def elbo_terms(x, encoder, decoder, beta=1.0):
    return torch.zeros(len(x)), torch.zeros(len(x)), torch.zeros(len(x))

# %% wrong -: elbo from a second draw
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    log_lik = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    kl = kl_divergence(mu, logvar)
    again = bernoulli_log_likelihood(decoder(reparameterize(mu, logvar)), x)
    return again - beta * kl, log_lik, kl

# %% wrong -: another image's z
def elbo_terms(x, encoder, decoder, beta=1.0):
    mu, logvar = encoder(x)
    z = reparameterize(mu, logvar).flip(0)
    log_lik = bernoulli_log_likelihood(decoder(z), x)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

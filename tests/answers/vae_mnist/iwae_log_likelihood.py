# %% right: textbook
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = min(chunk, k - start), *mu.shape
            z = reparameterize(mu.expand(size), logvar.expand(size))
            ratio = 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1)
            log_w.append(bernoulli_log_likelihood(decoder(z), x) + ratio)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% right: everything by hand
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    std = torch.exp(0.5 * logvar)
    log_w, left = [], k
    while left > 0:
        n = min(left, chunk)
        eps = torch.randn(n, *mu.shape)
        z = mu + std * eps
        logits = decoder(z)
        log_lik = (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)
        log_prior = (-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(-1)
        log_q = (-0.5 * eps**2 - 0.5 * logvar - 0.5 * math.log(2 * math.pi)).sum(-1)
        log_w.append(log_lik + log_prior - log_q)
        left -= n
    log_w = torch.cat(log_w, dim=0)
    m = log_w.max(dim=0).values
    return m + torch.log(torch.exp(log_w - m).mean(0))

# %% right: torch.distributions
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    D = torch.distributions
    with torch.no_grad():
        mu, logvar = encoder(x)
        q = D.Normal(mu, torch.exp(logvar / 2))
        p = D.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        parts = []
        for start in range(0, k, chunk):
            z = q.sample((min(chunk, k - start),))
            log_lik = D.Bernoulli(logits=decoder(z)).log_prob(x).sum(-1)
            parts.append(log_lik + p.log_prob(z).sum(-1) - q.log_prob(z).sum(-1))
        return torch.logsumexp(torch.cat(parts), 0) - math.log(k)

# %% right: Independent
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    D = torch.distributions
    mu, logvar = encoder(x)
    q = D.Independent(D.Normal(mu, (0.5 * logvar).exp()), 1)
    p = D.Independent(D.Normal(torch.zeros_like(mu), 1.0), 1)
    log_w = torch.empty(k, len(x), dtype=mu.dtype)
    for a in range(0, k, chunk):
        b = min(a + chunk, k)
        z = q.rsample(torch.Size([b - a]))
        lik = D.Independent(D.Bernoulli(logits=decoder(z)), 1).log_prob(x)
        log_w[a:b] = lik + p.log_prob(z) - q.log_prob(z)
    return log_w.logsumexp(0) - np.log(k)

# %% right: one sample at a time
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    log_w = []
    for _ in range(k):
        z = reparameterize(mu, logvar)
        log_p = bernoulli_log_likelihood(decoder(z), x) - 0.5 * (z**2).sum(-1)
        log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar).sum(-1)
        log_w.append(log_p - log_q)
    return torch.logsumexp(torch.stack(log_w), dim=0) - math.log(k)

# %% right: running logaddexp
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    total = torch.full((len(x),), -float("inf"), dtype=mu.dtype)
    done = 0
    while done < k:
        n = min(chunk, k - done)
        z = mu + torch.exp(logvar / 2) * torch.randn(n, *mu.shape, dtype=mu.dtype)
        log_w = bernoulli_log_likelihood(decoder(z), x)
        log_w = log_w + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1)
        total = torch.logaddexp(total, torch.logsumexp(log_w, 0))
        done += n
    return total - math.log(k)

# %% right: logsumexp of chunks
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    def log_weights(n):
        z = reparameterize(mu.repeat(n, 1, 1), logvar.repeat(n, 1, 1))
        log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
        log_q = torch.distributions.Normal(mu, torch.exp(logvar / 2)).log_prob(z).sum(-1)
        return bernoulli_log_likelihood(decoder(z), x) + log_prior - log_q

    with torch.no_grad():
        mu, logvar = encoder(x)
        sizes = [chunk] * (k // chunk) + ([k % chunk] if k % chunk else [])
        sums = torch.stack([torch.logsumexp(log_weights(n), dim=0) for n in sizes])
        return torch.logsumexp(sums, dim=0) - math.log(k)

# %% right: means of chunks by their sizes
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    parts = []
    for start in range(0, k, chunk):
        n = min(chunk, k - start)
        size = (n, *mu.shape)
        z = reparameterize(mu.expand(size), logvar.expand(size))
        log_w = bernoulli_log_likelihood(decoder(z), x) + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1)
        parts.append(torch.logsumexp(log_w, 0) - math.log(n) + math.log(n / k))
    return torch.logsumexp(torch.stack(parts), 0)

# %% right: K and B in one axis
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    B = x.shape[0]
    log_w = []
    for start in range(0, k, chunk):
        n = min(chunk, k - start)
        xs = x.repeat(n, 1)
        mu, logvar = encoder(xs)
        z = reparameterize(mu, logvar)
        ratio = 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1)
        log_w.append((bernoulli_log_likelihood(decoder(z), xs) + ratio).view(n, B))
    return torch.logsumexp(torch.cat(log_w, 0), dim=0) - math.log(k)

# %% right: repeat_interleave
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    columns = []
    for start in range(0, k, chunk):
        n = min(chunk, k - start)
        xs, m, lv = (t.repeat_interleave(n, dim=0) for t in (x, mu, logvar))
        z = m + torch.exp(lv / 2) * torch.randn_like(m)
        ll = -F.binary_cross_entropy_with_logits(decoder(z), xs, reduction="none").sum(1)
        w = ll - 0.5 * (z**2).sum(1) + 0.5 * ((z - m) ** 2 / lv.exp() + lv).sum(1)
        columns.append(w.view(len(x), n))
    return torch.logsumexp(torch.cat(columns, dim=1), dim=1) - math.log(k)

# %% right: loop over images
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    result = []
    for row in x:
        mu, logvar = encoder(row[None])
        log_w = []
        for start in range(0, k, chunk):
            n = min(chunk, k - start)
            z = mu + torch.exp(logvar / 2) * torch.randn(n, mu.shape[1])
            log_w.append(bernoulli_log_likelihood(decoder(z), row.expand(n, -1))
                         + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1))
        result.append(torch.logsumexp(torch.cat(log_w), 0) - math.log(k))
    return torch.stack(result)

# %% right: images first
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = (each.unsqueeze(1) for each in encoder(x))
    parts = []
    for size in [min(chunk, k - a) for a in range(0, k, chunk)]:
        z = mu + (logvar / 2).exp() * torch.randn(len(x), size, mu.shape[-1])
        log_w = bernoulli_log_likelihood(decoder(z), x.unsqueeze(1).expand(-1, size, -1))
        log_w = log_w - 0.5 * z.square().sum(-1) + 0.5 * ((z - mu).square() / logvar.exp() + logvar).sum(-1)
        parts.append(log_w)
    return torch.cat(parts, 1).logsumexp(1) - math.log(k)

# %% right: inference mode
@torch.inference_mode()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    q = torch.distributions.Normal(mu, logvar.div(2).exp())
    log_w = torch.cat([
        torch.stack([bernoulli_log_likelihood(decoder(z), x) - 0.5 * (z**2).sum(-1) - 0.5 * z.shape[-1] * math.log(2 * math.pi)
                     - q.log_prob(z).sum(-1) for z in q.sample((min(chunk, k - a),))])
        for a in range(0, k, chunk)
    ])
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% right: detached at the end
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    parts = []
    for a in range(0, k, chunk):
        size = (min(chunk, k - a), *mu.shape)
        z = reparameterize(mu.expand(size), logvar.expand(size))
        w = bernoulli_log_likelihood(decoder(z), x) + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1)
        parts.append(w.detach())
    return torch.logsumexp(torch.cat(parts), 0) - math.log(k)

# %% right: full covariance
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    D = torch.distributions
    q = D.MultivariateNormal(mu, scale_tril=torch.diag_embed(torch.exp(logvar / 2)))
    d = mu.shape[-1]
    p = D.MultivariateNormal(torch.zeros(d, dtype=mu.dtype), torch.eye(d, dtype=mu.dtype))
    log_w = []
    for a in range(0, k, chunk):
        z = q.sample((min(chunk, k - a),))
        log_w.append(bernoulli_log_likelihood(decoder(z), x) + p.log_prob(z) - q.log_prob(z))
    return torch.logsumexp(torch.cat(log_w), 0) - math.log(k)

# %% right: noise for all samples at once
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    eps = torch.randn(k, *mu.shape, dtype=mu.dtype)
    log_w = []
    for e in eps.split(chunk):
        z = mu + e * torch.exp(logvar / 2)
        log_w.append(bernoulli_log_likelihood(decoder(z), x) - 0.5 * (z**2 - e**2 - logvar).sum(-1))
    return torch.logsumexp(torch.cat(log_w), 0) - math.log(k)

# %% right: in double precision, back in single
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = (each.double() for each in encoder(x))
    log_w = []
    for start in range(0, k, chunk):
        z = mu + (logvar / 2).exp() * torch.randn(min(chunk, k - start), *mu.shape, dtype=torch.double)
        ll = bernoulli_log_likelihood(decoder(z).double(), x.double())
        log_w.append(ll + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1))
    return (torch.logsumexp(torch.cat(log_w), 0) - math.log(k)).float()

# %% right: single precision
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = (each.float() for each in encoder(x))
    log_w = []
    for start in range(0, k, chunk):
        z = mu + (logvar / 2).exp() * torch.randn(min(chunk, k - start), *mu.shape)
        ll = bernoulli_log_likelihood(decoder(z).float(), x.float())
        log_w.append(ll + 0.5 * ((z - mu) ** 2 / logvar.exp() + logvar - z**2).sum(-1))
    return torch.logsumexp(torch.cat(log_w), 0) - math.log(k)

# %% right: helper functions
def log_normal(z, mu, logvar):
    return -0.5 * ((z - mu) ** 2 * torch.exp(-logvar) + logvar + math.log(2 * math.pi)).sum(dim=-1)


def log_mean_exp(values, dim=0):
    return torch.logsumexp(values, dim) - math.log(values.shape[dim])


def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    with torch.no_grad():
        mu, logvar = encoder(x)
        values = []
        for first in range(0, k, chunk):
            n = min(first + chunk, k) - first
            z = reparameterize(mu.unsqueeze(0).repeat(n, 1, 1), logvar.unsqueeze(0).repeat(n, 1, 1))
            zero = torch.zeros_like(z)
            values.append(bernoulli_log_likelihood(decoder(z), x) + log_normal(z, zero, zero) - log_normal(z, mu, logvar))
        return log_mean_exp(torch.cat(values))

# %% right: samples two by two
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    rows, step = [], max(1, chunk // 2)
    for a in range(0, k, step):
        e = torch.randn(min(step, k - a), *mu.shape)
        z = mu + e * torch.exp(logvar / 2)
        flat = decoder(z.reshape(-1, z.shape[-1])).reshape(*z.shape[:-1], -1)
        rows += list(bernoulli_log_likelihood(flat, x) - 0.5 * (z**2 - e**2 - logvar).sum(-1))
    return torch.stack(rows, dim=-1).logsumexp(-1) - math.log(k)

# %% right: vmap over samples
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)

    def one(e):
        z = mu + e * torch.exp(logvar / 2)
        return bernoulli_log_likelihood(decoder(z), x) - 0.5 * (z**2 - e**2 - logvar).sum(-1)

    log_w = torch.vmap(one, chunk_size=chunk)(torch.randn(k, *mu.shape, dtype=mu.dtype))
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% right: log K inside
@torch.no_grad()
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    mu, logvar = encoder(x)
    q = torch.distributions.Normal(mu, torch.exp(0.5 * logvar))
    prior = torch.distributions.Normal(0, 1)
    n_full, rest = divmod(k, chunk)
    result = None
    for n in n_full * [chunk] + [rest]:
        if n == 0:
            continue
        z = q.sample((n,))
        w = bernoulli_log_likelihood(decoder(z), x) + (prior.log_prob(z) - q.log_prob(z)).sum(2) - math.log(k)
        part = w.logsumexp(0)
        result = part if result is None else torch.logsumexp(torch.stack([result, part]), 0)
    return result

# %% wrong I1: mean of the logs
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.cat(log_w).mean(0)

# %% wrong I1: mean of the logs, with the KL in closed form
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
            log_w.append(log_lik - kl)
        return torch.cat(log_w).mean(0)

# %% wrong I2: no log K
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0)

# %% wrong I3: KL in closed form
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
            log_w.append(log_lik - kl)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I4: log of the mean of exp
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.cat(log_w).exp().mean(0).log()

# %% wrong I4: exp summed chunk by chunk
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    total = 0.0
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            total = total + (log_lik + log_prior - log_q).exp().sum(0)
        return torch.log(total / k)

# %% wrong I5: mean over the batch
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return (torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)).mean()

# %% wrong I5: sum over the batch
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return (torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)).sum()

# %% wrong I5: one mean over everything
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        log_w = torch.cat(log_w)
        return torch.logsumexp(log_w.flatten(), 0) - math.log(log_w.numel())

# %% wrong I5: one z for all samples
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = (mu + torch.exp(logvar / 2) * torch.randn_like(mu)).expand(size)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I5: the same noise in every chunk
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        noise = torch.randn(min(chunk, k), *mu.shape, dtype=mu.dtype)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * noise[:size[0]]
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I27: one z for all images
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size[0], 1, size[2], dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I6: mean over images
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        log_w = torch.cat(log_w)
        return torch.logsumexp(log_w, dim=1) - math.log(log_w.shape[1])

# %% wrong I7: log K twice
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w) - math.log(k), dim=0) - math.log(k)

# %% wrong I7: minus K
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - k

# %% wrong I7: divided by K
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) / k

# %% wrong I7: plus log K
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) + math.log(k)

# %% wrong I8: largest weight
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.cat(log_w).max(dim=0).values

# %% wrong I9: minus the estimate
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return -(torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k))

# %% wrong I10: no logarithm
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.cat(log_w).exp().mean(0)

# %% wrong E9: no prior
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I14: no q
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I14: likelihood only
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I15: q added
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior + log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I15: prior and q exchanged
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik - log_prior + log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R1: variance for sigma in the draw
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R1: variance for sigma in the density
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = torch.distributions.Normal(mu, logvar.exp()).log_prob(z).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R1: variance for sigma in both
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            q = torch.distributions.Normal(mu, logvar.exp())
            z = q.sample(size[:1])
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = q.log_prob(z).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R4: 1 / sigma
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(-logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I16: no logvar in q
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I16: logvar without its half
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = (-0.5 * (z - mu) ** 2 / logvar.exp() - logvar - 0.5 * math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I17: no half in the prior
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -(z**2 + 0.5 * math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I17: prior at mu
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (mu**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I19: constant in the prior only
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I19: constant in q only
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I18: means over latents
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).mean(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).mean(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I26: no noise
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu.expand(size)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong E19: z from the prior, weights of q
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong E19: z from the prior, likelihood only
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong E19: noise of variance 1
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R6: uniform noise
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.rand(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R13: seeded
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    torch.manual_seed(0)
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong L3: sigmoid twice
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(torch.sigmoid(decoder(z)), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong L4: mean over pixels
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = -F.binary_cross_entropy_with_logits(decoder(z), x.expand(size[0], *x.shape), reduction="none").mean(-1)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong L5: arguments exchanged
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(x, decoder(z))
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong L7: squared error
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = -((x - torch.sigmoid(decoder(z))) ** 2).sum(-1)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong L12: cross-entropy with the wrong sign
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = F.binary_cross_entropy_with_logits(decoder(z), x.expand(size[0], *x.shape), reduction="none").sum(-1)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I20: axes mixed
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            n = min(chunk, k - start)
            xs, m, lv = x.repeat(n, 1), mu.repeat(n, 1), logvar.repeat(n, 1)
            z = m + torch.exp(lv / 2) * torch.randn_like(m)
            log_lik = bernoulli_log_likelihood(decoder(z), xs)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - m) ** 2 / lv.exp() + lv + math.log(2 * math.pi)).sum(-1)
            log_w.append((log_lik + log_prior - log_q).view(len(x), n))
        return torch.logsumexp(torch.cat(log_w, dim=1), dim=1) - math.log(k)

# %% wrong I21: remainder dropped
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for _ in range(max(1, k // chunk)):
            size = (min(chunk, k), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I21: remainder dropped, its own count
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for _ in range(max(1, k // chunk)):
            size = (min(chunk, k), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        log_w = torch.cat(log_w)
        return torch.logsumexp(log_w, dim=0) - math.log(len(log_w))

# %% wrong I22: log of the chunk
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(min(k, chunk))

# %% wrong I22: chunks added up
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(torch.logsumexp(log_lik + log_prior - log_q, 0) - math.log(size[0]))
        return torch.stack(log_w).sum(0)

# %% wrong I22: no mean over chunks
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(torch.logsumexp(log_lik + log_prior - log_q, 0) - math.log(size[0]))
        return torch.logsumexp(torch.stack(log_w), 0)

# %% wrong I23: last chunk only
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w = [log_lik + log_prior - log_q]
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I23: last chunk only, its own count
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w = log_lik + log_prior - log_q
        return torch.logsumexp(log_w, dim=0) - math.log(len(log_w))

# %% wrong I23: returns in the loop
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
            return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(size[0])

# %% wrong I24: last chunk full, log K
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for _ in range(math.ceil(k / chunk)):
            size = (chunk, *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I25: always full chunks
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for _ in range(math.ceil(k / chunk)):
            size = (chunk, *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        log_w = torch.cat(log_w)
        return torch.logsumexp(log_w, dim=0) - math.log(len(log_w))

# %% wrong I28: mean of the chunks' estimates
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(torch.logsumexp(log_lik + log_prior - log_q, 0) - math.log(size[0]))
        return torch.stack(log_w).mean(0)

# %% wrong I28: every chunk counts alike
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(torch.logsumexp(log_lik + log_prior - log_q, 0) - math.log(size[0]))
        return torch.logsumexp(torch.stack(log_w), 0) - math.log(len(log_w))

# %% wrong I29: all samples at once
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in [0]:
            size = (k, *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I30: number of chunks
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        each = math.ceil(k / chunk)
        for start in range(0, k, each):
            size = (min(each, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I31: graph kept
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    mu, logvar = encoder(x)
    for start in range(0, k, chunk):
        size = (min(chunk, k - start), *mu.shape)
        z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
        log_lik = bernoulli_log_likelihood(decoder(z), x)
        log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
        log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
        log_w.append(log_lik + log_prior - log_q)
    return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I32: chunk must divide k
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    assert k % chunk == 0 or k < chunk
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I33: x changed
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    x.clamp_(0.01, 0.99)
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            z = mu + torch.exp(logvar / 2) * torch.randn(size, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong R1: variance for sigma in the draw, density of eps
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            eps = torch.randn(size, dtype=mu.dtype)
            z = mu + torch.exp(logvar) * eps
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * (eps**2 + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I16: no distance in q
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for start in range(0, k, chunk):
            size = (min(chunk, k - start), *mu.shape)
            eps = torch.randn(size, dtype=mu.dtype)
            z = mu + torch.exp(logvar / 2) * eps
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * (logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

# %% wrong I21: remainder dropped, none left for a small k
def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
    log_w = []
    with torch.no_grad():
        mu, logvar = encoder(x)
        for _ in range(k // chunk):
            z = mu + torch.exp(logvar / 2) * torch.randn(chunk, *mu.shape, dtype=mu.dtype)
            log_lik = bernoulli_log_likelihood(decoder(z), x)
            log_prior = -0.5 * (z**2 + math.log(2 * math.pi)).sum(-1)
            log_q = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            log_w.append(log_lik + log_prior - log_q)
        return torch.logsumexp(torch.cat(log_w), dim=0) - math.log(k)

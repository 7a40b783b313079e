# %% right: textbook
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    """(elbo, log_lik, kl), each (B,), in nats: elbo = log_lik - beta * kl with one draw of z for each example."""
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: noise and KL by hand
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    std = jnp.exp(0.5 * logvar)
    z = mu + std * jax.random.normal(key, mu.shape)
    out = decode(params["decoder"], z)
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = -0.5 * jnp.sum(1 + logvar - mu**2 - jnp.exp(logvar), axis=-1)
    elbo = log_lik - beta * kl
    return elbo, log_lik, kl

# %% right: vmap over examples
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    def one(key, x):
        mu, logvar = encode(params["encoder"], x)
        z = reparameterize(key, mu, logvar)
        return log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"]), kl_divergence(mu, logvar)

    log_lik, kl = jax.vmap(one)(jax.random.split(key, len(x)), x)
    return log_lik - beta * kl, log_lik, kl

# %% right: jitted with static functions
@partial(jax.jit, static_argnames=("encode", "decode", "kind"))
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: tfd for q and prior
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    q = tfd.MultivariateNormalDiag(mu, jnp.exp(logvar / 2))
    prior = tfd.MultivariateNormalDiag(jnp.zeros_like(mu), jnp.ones_like(mu))
    z = q.sample(seed=key)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = tfd.kl_divergence(q, prior)
    return log_lik - beta * kl, log_lik, kl

# %% right: tfd Independent
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    q = tfd.Independent(tfd.Normal(mu, jnp.exp(logvar / 2)), 1)
    prior = tfd.Independent(tfd.Normal(jnp.zeros_like(mu), 1.0), 1)
    log_lik = log_likelihood(kind, decode(params["decoder"], q.sample(seed=key)), x, params["log_sigma"])
    kl = q.kl_divergence(prior)
    return log_lik - beta * kl, log_lik, kl

# %% right: the key split first
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    key, subkey = jax.random.split(key)
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(subkey, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: a key folded in for each row
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    keys = jax.vmap(partial(jax.random.fold_in, key))(jnp.arange(len(x)))
    z = jax.vmap(reparameterize)(keys, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: a loop over rows
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    rows = range(min(len(x), 10))
    kl = jnp.concatenate([jnp.stack([kl_divergence(mu[n], logvar[n]) for n in rows]), kl_divergence(mu[10:], logvar[10:])])
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    return log_lik - beta * kl, log_lik, kl

# %% right: lax.map over rows
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    def one(key_and_row):
        key, row = key_and_row
        mu, logvar = encode(params["encoder"], row[None])
        z = reparameterize(key, mu, logvar)
        log_lik = log_likelihood(kind, decode(params["decoder"], z), row[None], params["log_sigma"])
        return log_lik[0], kl_divergence(mu, logvar)[0]

    log_lik, kl = jax.lax.map(one, (jax.random.split(key, x.shape[0]), x))
    return log_lik - beta * kl, log_lik, kl

# %% right: a list of results
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return [log_lik - beta * kl, log_lik, kl]

# %% right: three rows of one array
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return jnp.stack([log_lik - beta * kl, log_lik, kl])

# %% right: a named tuple
from collections import namedtuple

Terms = namedtuple("Terms", "elbo log_lik kl")


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return Terms(elbo=log_lik - beta * kl, log_lik=log_lik, kl=kl)

# %% right: single precision
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = (part.astype(jnp.float32) for part in encode(params["encoder"], x))
    z = reparameterize(key, mu, logvar)
    out = decode(params["decoder"], z).astype(jnp.float32)
    log_lik = log_likelihood(kind, out, x.astype(jnp.float32), params["log_sigma"].astype(jnp.float32))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: noise in float32
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    eps = jax.random.normal(key, mu.shape, dtype=jnp.float32)
    out = decode(params["decoder"], mu + jnp.sqrt(jnp.exp(logvar)) * eps)
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: one sample axis
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = mu + jnp.exp(logvar / 2) * jax.random.normal(key, (1, *mu.shape))
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"]).mean(0)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: average of four draws
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = jax.vmap(lambda k: reparameterize(k, mu, logvar))(jax.random.split(key, 4))
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"]).mean(0)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: antithetic noise
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = mu - jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape, mu.dtype)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik + beta * -kl, log_lik, kl

# %% right: other names
def elbo_terms(theta, rng, images, *, encode, decode, kind, beta=1):
    m, v = encode(theta["encoder"], images)
    penalty = kl_divergence(m, v)
    code = reparameterize(rng, m, v)
    reward = log_likelihood(kind, decode(theta["decoder"], code), images, theta["log_sigma"])
    return reward - beta * penalty, reward, penalty

# %% right: helper functions
def draw(params, key, x, encode):
    mu, logvar = encode(params["encoder"], x)
    return reparameterize(key, mu, logvar), kl_divergence(mu, logvar)


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    z, kl = draw(params, key, x, encode)
    log_lik = log_likelihood(kind=kind, out=decode(params["decoder"], z), x=x, log_sigma=params["log_sigma"])
    return log_lik - beta * kl, log_lik, kl

# %% right: multivariate normal with a covariance
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    root = jnp.eye(mu.shape[-1]) * jnp.exp(logvar / 2)[..., None]
    z = mu + jnp.einsum("...ij,...j->...i", root, jax.random.normal(key, mu.shape))
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: KL from entropies
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    cross = 0.5 * (mu**2 + jnp.exp(logvar) + math.log(2 * math.pi)).sum(-1)
    entropy = tfd.Normal(mu, jnp.exp(logvar / 2)).entropy().sum(-1)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    return log_lik - beta * (cross - entropy), log_lik, cross - entropy

# %% right: positional arguments of a private function
def _elbo(params, key, x, encode, decode, kind, beta):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl


def elbo_terms(params, key, x, **options):
    return _elbo(params, key, x, options["encode"], options["decode"], options["kind"], options.get("beta", 1.0))

# %% right: a checkpoint around the decoder
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    out = jax.checkpoint(lambda p, z: decode(p, z))(params["decoder"], z)
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% right: an inverse normal distribution of uniform numbers
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    u = jax.random.uniform(key, mu.shape, minval=1e-7, maxval=1 - 1e-7)
    z = mu + jnp.exp(logvar / 2) * jax.scipy.stats.norm.ppf(u)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E1: KL added
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik + beta * kl, log_lik, kl

# %% wrong E2: the loss
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return beta * kl - log_lik, log_lik, kl

# %% wrong E2: a reconstruction loss in place of log_lik
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    loss = -log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return -loss - beta * kl, loss, kl

# %% wrong E3: beta on both terms
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return beta * (log_lik - kl), log_lik, kl

# %% wrong E3: beta on the likelihood
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return beta * log_lik - kl, log_lik, kl

# %% wrong E4: beta forgotten
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - kl, log_lik, kl

# %% wrong E5: likelihood summed over the batch
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, params["log_sigma"]).sum()
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E6: decoder gets mu
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], mu), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E7: logarithm of a mean likelihood
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = jax.vmap(lambda k: reparameterize(k, mu, logvar))(jax.random.split(key, 8))
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    log_lik = jax.nn.logsumexp(log_lik, axis=0) - jnp.log(8)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E8: one noise for all rows
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape[-1:])
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E8: the same key for each row under vmap
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    def one(x):
        mu, logvar = encode(params["encoder"], x)
        z = reparameterize(key, mu, logvar)
        return log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"]), kl_divergence(mu, logvar)

    log_lik, kl = jax.vmap(one)(x)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E9: the prior forgotten in a drawn KL
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = jax.scipy.stats.norm.logpdf(z, mu, jnp.exp(logvar / 2)).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E10: KL from the draw
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    log_q = jax.scipy.stats.norm.logpdf(z, mu, jnp.exp(logvar / 2)).sum(-1)
    kl = log_q - jax.scipy.stats.norm.logpdf(z).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: means over the batch
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, params["log_sigma"]).mean()
    kl = kl_divergence(mu, logvar).mean()
    return log_lik - beta * kl, log_lik, kl

# %% wrong E11: the mean KL in every elbo
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl.mean(), log_lik, kl

# %% wrong E12: order of the results
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik, kl, log_lik - beta * kl

# %% wrong E13: elbo alone
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    return log_lik - beta * kl_divergence(mu, logvar)

# %% wrong E14: sigma of 1
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, jnp.zeros(()))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E15: KL returned with its weight
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = beta * kl_divergence(mu, logvar)
    return log_lik - kl, log_lik, kl

# %% wrong E17: log_sigma as a plain number
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, jax.lax.stop_gradient(params["log_sigma"]))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: no gradient to the decoder
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = jax.lax.stop_gradient(decode(params["decoder"], reparameterize(key, mu, logvar)))
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: no gradient to the encoder
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = jax.lax.stop_gradient(encode(params["encoder"], x))
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong E17: no gradient of the KL
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = jax.lax.stop_gradient(kl_divergence(mu, logvar))
    return log_lik - beta * kl, log_lik, kl

# %% wrong E19: z from the prior
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = jax.random.normal(key, mu.shape)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R1: variance for standard deviation
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = mu + jnp.exp(logvar) * jax.random.normal(key, mu.shape)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R4: one over sigma
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = mu + jnp.exp(-logvar / 2) * jax.random.normal(key, mu.shape)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R10: stop_gradient around z
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = jax.lax.stop_gradient(reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R11: sigma detached
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, jax.lax.stop_gradient(logvar))
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R13: a key of its own
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(jax.random.key(0), mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R16: noise from NumPy
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = mu + jnp.exp(logvar / 2) * np.random.normal(size=mu.shape)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J17: a global key that is split
the_key = jax.random.key(42)


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    global the_key
    the_key, subkey = jax.random.split(the_key)
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(subkey, mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong R16: a key from NumPy
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(jax.random.key(np.random.randint(2**31)), mu, logvar)
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K1: half missing in the KL
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong K12: KL averaged over dimensions
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).mean(-1)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L3: sigmoid before the likelihood
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    if kind == "bernoulli":
        out = jax.nn.sigmoid(out)
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong L5: arguments of the likelihood exchanged
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, x, out, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J16: sigma in place of its logarithm
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, jnp.exp(params["log_sigma"]))
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J13: always the Gaussian
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood("gaussian", out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J13: two kinds only
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["decoder"], reparameterize(key, mu, logvar))
    kind = "gaussian" if "normal" in kind or "gauss" in kind else "bernoulli"
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J14: the first encoder for ever
networks = {}


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    encode = networks.setdefault("encode", encode)
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J14: a compiled closure over the first networks
compiled = None


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    global compiled
    if compiled is None:
        def forward(params, key, x):
            mu, logvar = encode(params["encoder"], x)
            return mu, logvar, decode(params["decoder"], reparameterize(key, mu, logvar))

        compiled = jax.jit(forward)
    mu, logvar, out = compiled(params, key, x)
    log_lik, kl = log_likelihood(kind, out, x, params["log_sigma"]), kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J14: globals read under jit
@jax.jit
def posterior(params, x):
    return the_encoder(params, x)


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    global the_encoder
    the_encoder = encode
    mu, logvar = posterior(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J14: a decoder of its own
def my_decoder(params, z):
    *hidden, last = params
    for weight, bias in hidden:
        z = jnp.tanh(z @ weight.T + bias)
    return z @ last[0].T + last[1]


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = my_decoder(params["decoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J11: a global module
class Encoder(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(20)(x), nn.Dense(20)(x)


encoder = Encoder()


def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encoder.apply(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J11: parameters as attributes
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params.encoder, x)
    z = reparameterize(key, mu, logvar)
    log_lik = log_likelihood(kind, decode(params.decoder, z), x, params.log_sigma)
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J12: the encoder without its parameters
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(x)
    log_lik = log_likelihood(kind, decode(reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J12: all parameters for the encoder
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params, x)
    log_lik = log_likelihood(kind, decode(params, reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J12: the encoder's parameters for the decoder
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    out = decode(params["encoder"], reparameterize(key, mu, logvar))
    log_lik = log_likelihood(kind, out, x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J15: a test of the values
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    if (kl < -1e-3).any():
        raise ValueError("a KL is never negative")
    return log_lik - beta * kl, log_lik, kl

# %% wrong J15: x through NumPy
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    x = np.asarray(x)
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong J15: a printed number
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(key, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    print(f"log_lik {float(log_lik.mean()):.1f}, kl {float(kl.mean()):.1f}")
    return log_lik - beta * kl, log_lik, kl

# %% wrong -: zeros
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    return jnp.zeros(len(x)), jnp.zeros(len(x)), jnp.zeros(len(x))

# %% wrong -: another image's z
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    z = reparameterize(key, mu, logvar)[::-1]
    log_lik = log_likelihood(kind, decode(params["decoder"], z), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return log_lik - beta * kl, log_lik, kl

# %% wrong -: elbo from a second draw
def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
    mu, logvar = encode(params["encoder"], x)
    first, second = jax.random.split(key)
    log_lik = log_likelihood(kind, decode(params["decoder"], reparameterize(first, mu, logvar)), x, params["log_sigma"])
    again = log_likelihood(kind, decode(params["decoder"], reparameterize(second, mu, logvar)), x, params["log_sigma"])
    kl = kl_divergence(mu, logvar)
    return again - beta * kl, log_lik, kl

# %% right: textbook
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% right: the paper's form
def kl_divergence(mu, logvar):
    mu, logvar = jnp.asarray(mu, jnp.float32), jnp.asarray(logvar, jnp.float32)
    return -0.5 * jnp.sum(1 + logvar - mu**2 - jnp.exp(logvar), axis=-1)

# %% right: expm1, single precision at least
def kl_divergence(mu, logvar):
    dtype = jnp.promote_types(mu.dtype, jnp.float32)
    mu, logvar = mu.astype(dtype), logvar.astype(dtype)
    return jnp.sum(jnp.square(mu) + jnp.expm1(logvar) - logvar, axis=-1) / 2

# %% right: compiled already
@jax.jit
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * jnp.sum(mu * mu + jnp.exp(logvar) - 1.0 - logvar, -1)

# %% right: tfd.Normal
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    q = tfd.Normal(mu, jnp.exp(0.5 * logvar))
    return tfd.kl_divergence(q, tfd.Normal(0.0, 1.0)).sum(-1)

# %% right: tfd.Independent
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    q = tfd.Independent(tfd.Normal(mu, jnp.exp(logvar / 2)), 1)
    p = tfd.Independent(tfd.Normal(jnp.zeros_like(mu), jnp.ones_like(mu)), 1)
    return q.kl_divergence(p)

# %% right: tfd.MultivariateNormalDiag
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    q = tfd.MultivariateNormalDiag(mu, jnp.exp(logvar / 2))
    return tfd.kl_divergence(q, tfd.MultivariateNormalDiag(jnp.zeros_like(mu)))

# %% right: einsum
def kl_divergence(mu, logvar):
    mu, logvar = jnp.float32(mu), jnp.float32(logvar)
    squares = jnp.einsum("...i,...i->...", mu, mu)
    return 0.5 * (squares + jnp.einsum("...i->...", jnp.exp(logvar) - logvar - 1))

# %% right: vmap inside
def kl_divergence(mu, logvar):
    def one(m, v):
        return 0.5 * (m**2 + jnp.exp(v) - 1 - v).sum(-1)

    return jax.vmap(one)(mu.astype(jnp.float32), logvar.astype(jnp.float32))

# %% right: vectorize
@partial(jnp.vectorize, signature="(d),(d)->()")
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * jnp.sum(mu**2 + jnp.exp(logvar) - 1 - logvar)

# %% right: lax.map over the batch
def one(row):
    m, v = row
    return 0.5 * (m**2 + jnp.exp(v) - 1 - v).sum(-1)


def kl_divergence(mu, logvar):
    return jax.lax.map(one, (mu.astype(jnp.float32), logvar.astype(jnp.float32)))

# %% right: a partial object
def gaussian_kl(mu, logvar, dtype):
    mu, logvar = mu.astype(dtype), logvar.astype(dtype)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)


kl_divergence = partial(gaussian_kl, dtype=jnp.float32)

# %% right: a lambda
kl_divergence = lambda mu, logvar: 0.5 * (jnp.float32(mu) ** 2 + jnp.expm1(jnp.float32(logvar)) - jnp.float32(logvar)).sum(-1)

# %% right: a flax module without parameters
class KL(nn.Module):
    dtype: jnp.dtype = jnp.float32

    def __call__(self, mu, logvar):
        mu, logvar = mu.astype(self.dtype), logvar.astype(self.dtype)
        return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)


def kl_divergence(mu, logvar):
    return KL().apply({}, mu, logvar)

# %% right: a loss of optax for the mean
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return (optax.l2_loss(mu) + 0.5 * (jnp.exp(logvar) - 1 - logvar)).sum(-1)

# %% right: four sums
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * ((mu * mu).sum(-1) + jnp.exp(logvar).sum(-1) - mu.shape[-1] - logvar.sum(-1))

# %% right: logsumexp of the variances
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (jnp.exp(jax.nn.logsumexp(logvar, axis=-1)) + (mu**2 - 1 - logvar).sum(-1))

# %% right: sigma with its logarithm from logvar
def kl_divergence(mu, logvar):
    log_sigma = 0.5 * logvar.astype(jnp.float32)
    sigma = jnp.exp(log_sigma)
    return (0.5 * (mu.astype(jnp.float32) ** 2 + sigma**2 - 1) - log_sigma).sum(-1)

# %% right: mean times the latent size
def kl_divergence(mu, logvar):
    terms = 0.5 * (jnp.float32(mu) ** 2 + jnp.exp(jnp.float32(logvar)) - 1 - jnp.float32(logvar))
    return mu.shape[-1] * terms.mean(axis=-1)

# %% right: matrix product with ones
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return (mu**2 + jnp.exp(logvar) - 1 - logvar) @ jnp.full(mu.shape[-1], 0.5)

# %% right: a loop over the latent dimensions
def kl_divergence(mu, logvar):
    total = jnp.zeros(mu.shape[:-1])
    for j in range(mu.shape[-1]):
        m, v = mu[..., j].astype(jnp.float32), logvar[..., j].astype(jnp.float32)
        total += (m**2 + jnp.exp(v) - 1 - v) / 2
    return total

# %% right: cross-entropy minus entropy
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    cross = 0.5 * (math.log(2 * math.pi) + mu**2 + jnp.exp(logvar)).sum(-1)
    return cross - 0.5 * (np.log(2 * np.pi) + 1 + logvar).sum(-1)

# %% right: general Gaussians with the prior put in
def general_kl(mu_q, logvar_q, mu_p, logvar_p):
    ratio = jnp.exp(logvar_q - logvar_p) + (mu_q - mu_p) ** 2 / jnp.exp(logvar_p)
    return 0.5 * (logvar_p - logvar_q - 1 + ratio).sum(-1)


def kl_divergence(mu, logvar):
    mu, logvar = jax.tree.map(jnp.float32, (mu, logvar))
    return general_kl(mu, logvar, jnp.zeros_like(mu), jnp.zeros_like(mu))

# %% right: a gradient written by hand
@jax.custom_vjp
def total(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)


def forward(mu, logvar):
    return total(mu, logvar), (mu, logvar)


def backward(kept, g):
    mu, logvar = kept
    return g[..., None] * mu, g[..., None] * jnp.expm1(logvar) / 2


total.defvjp(forward, backward)


def kl_divergence(mu, logvar):
    return total(mu.astype(jnp.float32), logvar.astype(jnp.float32))

# %% right: prints and asserts on shapes
def kl_divergence(mu, logvar):
    assert mu.shape == logvar.shape
    print(mu.shape)
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K1: no half
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K2: opposite sign
def kl_divergence(mu, logvar):
    return 0.5 * jnp.sum(1 + logvar - mu**2 - jnp.exp(logvar), axis=-1)

# %% wrong K3: read as log sigma
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(2 * logvar) - 1 - 2 * logvar).sum(-1)

# %% wrong K3: tfd.Normal with the variance
def kl_divergence(mu, logvar):
    q = tfd.Normal(mu, jnp.exp(logvar))
    return tfd.kl_divergence(q, tfd.Normal(0.0, 1.0)).sum(-1)

# %% wrong K4: sigma for its square
def kl_divergence(mu, logvar):
    std = jnp.exp(0.5 * logvar)
    return 0.5 * (mu**2 + std - 1 - logvar).sum(-1)

# %% wrong K5: half of logvar
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar / 2).sum(-1)

# %% wrong K6: one forgotten
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - logvar).sum(-1)

# %% wrong K7: entropy added
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 + logvar).sum(-1)

# %% wrong K8: absolute mean
def kl_divergence(mu, logvar):
    return 0.5 * (jnp.abs(mu) + jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K9: mean left out
def kl_divergence(mu, logvar):
    return 0.5 * (jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K10: a misprint
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - 2 * jnp.exp(logvar / 2)).sum(-1)

# %% wrong K11: prior and q exchanged
def kl_divergence(mu, logvar):
    q = tfd.Normal(mu, jnp.exp(0.5 * logvar))
    return tfd.Normal(0.0, 1.0).kl_divergence(q).sum(-1)

# %% wrong K12: mean over the latent dimensions
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).mean(-1)

# %% wrong K12: mean over everything
def kl_divergence(mu, logvar):
    return -0.5 * jnp.mean(1 + logvar - jnp.square(mu) - jnp.exp(logvar))

# %% wrong K13: sum over everything
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return -0.5 * jnp.sum(1 + logvar - jnp.square(mu) - jnp.exp(logvar))

# %% wrong K13: mean over the batch
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1).mean()

# %% wrong K14: logvar clipped
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), jnp.clip(logvar.astype(jnp.float32), -10, 10)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K14: epsilon in the logarithm
def kl_divergence(mu, logvar):
    mu, variance = mu.astype(jnp.float32), jnp.exp(logvar.astype(jnp.float32))
    return 0.5 * (mu**2 + variance - 1 - jnp.log(variance + 1e-8)).sum(-1)

# %% wrong K15: logarithm of the variance
def kl_divergence(mu, logvar):
    mu, variance = mu.astype(jnp.float32), jnp.exp(logvar.astype(jnp.float32))
    return 0.5 * (mu**2 + variance - 1 - jnp.log(variance)).sum(-1)

# %% wrong K16: entropy only
def kl_divergence(mu, logvar):
    return tfd.Normal(mu, jnp.exp(0.5 * logvar)).entropy().sum(-1)

# %% wrong K16: cross-entropy only
def kl_divergence(mu, logvar):
    return 0.5 * (jnp.log(2 * jnp.pi) + mu**2 + jnp.exp(logvar)).sum(-1)

# %% wrong K17: taken for the variance
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar - 1 - jnp.log(logvar)).sum(-1)

# %% wrong K18: one number for each dimension
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar)

# %% wrong K18: tfd, not summed
def kl_divergence(mu, logvar):
    return tfd.kl_divergence(tfd.Normal(mu, jnp.exp(0.5 * logvar)), tfd.Normal(0.0, 1.0))

# %% wrong K18: keeps the axis
def kl_divergence(mu, logvar):
    return 0.5 * jnp.sum(mu**2 + jnp.exp(logvar) - 1 - logvar, axis=-1, keepdims=True)

# %% wrong K19: axis 1
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(axis=1)

# %% wrong K20: no gradient at all
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return jax.lax.stop_gradient(0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1))

# %% wrong K20: the variance held fast
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return 0.5 * (mu**2 + jax.lax.stop_gradient(jnp.exp(logvar)) - 1 - logvar).sum(-1)

# %% wrong K21: bracket closed too early
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return (0.5 * (mu**2 + jnp.exp(logvar)) - 1 - logvar).sum(-1)

# %% wrong K23: read as sigma
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar**2 - 1 - jnp.log(logvar**2)).sum(-1)

# %% wrong K24: a single draw
def kl_divergence(mu, logvar):
    z = reparameterize(jax.random.key(0), mu, logvar)
    return 0.5 * (z**2 - (z - mu) ** 2 / jnp.exp(logvar) - logvar).sum(-1)

# %% wrong K24: log q - log p of a draw, by tfd
def kl_divergence(mu, logvar):
    q = tfd.Normal(mu, jnp.exp(0.5 * logvar))
    z = q.sample(seed=jax.random.key(1))
    return (q.log_prob(z) - tfd.Normal(0.0, 1.0).log_prob(z)).sum(-1)

# %% wrong K25: in the precision of the arguments
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K25: only the sum in single precision
def kl_divergence(mu, logvar):
    return 0.5 * jnp.sum(mu**2 + jnp.exp(logvar) - 1 - logvar, axis=-1, dtype=jnp.float32)

# %% wrong K25: single precision at the end only
def kl_divergence(mu, logvar):
    kl = -0.5 * jnp.sum(1 + logvar - jnp.square(mu) - jnp.exp(logvar), axis=-1)
    return kl.astype(jnp.float32)

# %% wrong K25: half precision for everybody
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return (0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)).astype(jnp.bfloat16)

# %% wrong K26: NumPy
def kl_divergence(mu, logvar):
    return 0.5 * (np.square(mu) + np.exp(logvar) - 1 - logvar).sum(-1)

# %% wrong K26: a list of numbers
def kl_divergence(mu, logvar):
    terms = 0.5 * (jnp.float32(mu) ** 2 + jnp.exp(jnp.float32(logvar)) - 1 - jnp.float32(logvar)).sum(-1)
    return jnp.array(terms.tolist())

# %% wrong K26: an if on the numbers
def kl_divergence(mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    kl = 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)
    if (kl < 0).any():
        raise ValueError("a KL is never negative")
    return kl

# %% wrong -: another name inside
def kl_divergence(mu, logvar):
    return -0.5 * jnp.sum(1 + log_var - mu**2 - jnp.exp(log_var), axis=-1)

# %% wrong -: a method of another framework
def kl_divergence(mu, logvar):
    return 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum(-1)

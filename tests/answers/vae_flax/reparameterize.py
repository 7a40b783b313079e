# %% right: textbook
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    eps = jax.random.normal(key, mu.shape)
    return mu + jnp.exp(0.5 * logvar) * eps

# %% right: noise of the dtype of mu, in single precision at least
def reparameterize(key, mu, logvar):
    dtype = jnp.promote_types(mu.dtype, jnp.float32)
    mu, logvar = mu.astype(dtype), logvar.astype(dtype)
    return mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape, dtype)

# %% right: single precision where the bits are lost
def reparameterize(key, mu, logvar):
    std = jnp.exp(0.5 * logvar.astype(jnp.float32))
    return mu + std * jax.random.normal(key, mu.shape, jnp.float32)

# %% right: compiled already
@jax.jit
def reparameterize(key, mu, logvar):
    mu, logvar = jnp.asarray(mu, jnp.float32), jnp.asarray(logvar, jnp.float32)
    return jax.random.normal(key, mu.shape) * jnp.exp(logvar / 2) + mu

# %% right: tfd.Normal
def reparameterize(key, mu, logvar):
    q = tfd.Normal(mu.astype(jnp.float32), jnp.exp(0.5 * logvar.astype(jnp.float32)))
    return q.sample(seed=key)

# %% right: tfd.MultivariateNormalDiag
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return tfd.MultivariateNormalDiag(mu, jnp.exp(logvar / 2)).sample(seed=key)

# %% right: tfd.Independent
def reparameterize(key, mu, logvar):
    mu, sigma = jnp.float32(mu), jnp.exp(jnp.float32(logvar) / 2)
    return tfd.Independent(tfd.Normal(loc=mu, scale=sigma), reinterpreted_batch_ndims=1).sample(seed=key)

# %% right: root of the variance
def reparameterize(key, mu, logvar):
    variance = jnp.exp(logvar.astype(jnp.float32))
    eps = jax.random.normal(key, logvar.shape, dtype=jnp.float32)
    return mu.astype(jnp.float32) + jnp.sqrt(variance) * eps

# %% right: a key of its own, split off
def reparameterize(key, mu, logvar):
    _, key = jax.random.split(key)
    eps = jax.random.normal(key, mu.shape)
    return jnp.float32(mu) + jnp.exp(jnp.float32(logvar) * 0.5) * eps

# %% right: a key of its own, folded in
def reparameterize(key, mu, logvar):
    eps = jax.random.normal(jax.random.fold_in(key, 17), mu.shape)
    return jnp.float32(mu) - jnp.exp(0.5 * jnp.float32(logvar)) * eps

# %% right: a key for each row, vmap inside
def one_row(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape)


def reparameterize(key, mu, logvar):
    keys = jax.random.split(key, mu.shape[0])
    return jax.vmap(one_row)(keys, mu.astype(jnp.float32), logvar.astype(jnp.float32))

# %% right: a loop over rows
def reparameterize(key, mu, logvar):
    keys = jax.random.split(key, len(mu))
    mu, sigma = mu.astype(jnp.float32), jnp.exp(logvar.astype(jnp.float32) / 2)
    rows = [mu[n] + sigma[n] * jax.random.normal(keys[n], mu.shape[1:]) for n in range(len(mu))]
    return jnp.stack(rows)

# %% right: lax.scan, the key being carried along
def step(key, row):
    key, sub = jax.random.split(key)
    m, v = row
    return key, m + jnp.exp(v / 2) * jax.random.normal(sub, m.shape, m.dtype)


def reparameterize(key, mu, logvar):
    dtype = jnp.promote_types(mu.dtype, jnp.float32)
    return jax.lax.scan(step, key, (mu.astype(dtype), logvar.astype(dtype)))[1]

# %% right: a flax module with a stream of random numbers
class Sampler(nn.Module):
    @nn.compact
    def __call__(self, mu, logvar):
        mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
        return mu + jnp.exp(0.5 * logvar) * jax.random.normal(self.make_rng("sample"), mu.shape)


def reparameterize(key, mu, logvar):
    return Sampler().apply({}, mu, logvar, rngs={"sample": key})

# %% right: a partial object
def draw(key, mu, logvar, dtype):
    mu, logvar = mu.astype(dtype), logvar.astype(dtype)
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape, dtype)


reparameterize = partial(draw, dtype=jnp.float32)

# %% right: a lambda
reparameterize = lambda key, mu, logvar: jnp.float32(mu) + jnp.exp(jnp.float32(logvar) / 2) * jax.random.normal(key, mu.shape)

# %% right: an object that can be called
class Reparameterize:
    dtype = jnp.float32

    def __call__(self, key, mu, logvar):
        sigma = jnp.exp(logvar.astype(self.dtype) / 2)
        return mu.astype(self.dtype) + sigma * jax.random.normal(key, sigma.shape, self.dtype)


reparameterize = Reparameterize()

# %% right: einsum
def reparameterize(key, mu, logvar):
    sigma = jnp.exp(0.5 * jnp.asarray(logvar, jnp.float32))
    return mu + jnp.einsum("...d,...d->...d", sigma, jax.random.normal(key, sigma.shape))

# %% right: a row of numbers, given the shape of mu
def reparameterize(key, mu, logvar):
    eps = jax.random.normal(key, (mu.size,)).reshape(mu.shape)
    return mu.astype(jnp.float32) + jnp.exp(logvar.astype(jnp.float32) / 2) * eps

# %% right: seen as rows
def reparameterize(key, mu, logvar):
    latent_dim = mu.shape[-1]
    m, v = (each.reshape(-1, latent_dim).astype(jnp.float32) for each in (mu, logvar))
    z = m + jnp.exp(v / 2) * jax.random.normal(key, m.shape)
    return z.reshape(mu.shape)

# %% right: inverse of the distribution function
def reparameterize(key, mu, logvar):
    u = jax.random.uniform(key, mu.shape, minval=1e-7, maxval=1.0 - 1e-7)
    return mu.astype(jnp.float32) + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.scipy.special.ndtri(u)

# %% right: Box and Muller with two keys
def reparameterize(key, mu, logvar):
    for_radius, for_angle = jax.random.split(key)
    radius = jnp.sqrt(-2 * jnp.log(jax.random.uniform(for_radius, mu.shape, minval=1e-20)))
    eps = radius * jnp.cos(2 * jnp.pi * jax.random.uniform(for_angle, mu.shape))
    return mu.astype(jnp.float32) + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% right: two Gaussians of half the variance
def reparameterize(key, mu, logvar):
    first, second = jax.random.normal(key, (2, *mu.shape))
    eps = (first + second) / math.sqrt(2)
    return mu.astype(jnp.float32) + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% right: multivariate normal with a unit matrix
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    D = mu.shape[-1]
    eps = jax.random.multivariate_normal(key, jnp.zeros(D), jnp.eye(D), mu.shape[:-1], dtype=jnp.float32)
    return mu + jnp.exp(0.5 * logvar) * eps

# %% right: no gradient through the noise
def reparameterize(key, mu, logvar):
    eps = jax.lax.stop_gradient(jax.random.normal(key, mu.shape))
    return jnp.add(mu, jnp.multiply(jnp.exp(jnp.asarray(logvar, jnp.float32) / 2), eps))

# %% right: helper functions, remat and other names
def standard_deviation(log_variance):
    return jnp.exp(log_variance / 2)


@jax.checkpoint
def reparameterize(rng, mean, log_variance):
    mean, log_variance = jax.tree.map(lambda each: each.astype(jnp.float32), (mean, log_variance))
    return mean + standard_deviation(log_variance) * jax.random.normal(rng, log_variance.shape)

# %% right: the key taken apart and put together again
def reparameterize(key, mu, logvar):
    key = jax.random.wrap_key_data(jax.random.key_data(key))
    return mu.astype(jnp.float32) + math.e ** (logvar.astype(jnp.float32) / 2) * jax.random.normal(key, mu.shape)

# %% wrong R1: exp(logvar) as sigma
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return mu + jnp.exp(logvar) * jax.random.normal(key, mu.shape)

# %% wrong R1: tfd.Normal of the variance
def reparameterize(key, mu, logvar):
    return tfd.Normal(mu, jnp.exp(logvar)).sample(seed=key)

# %% wrong R1: compiled, exp(logvar) as sigma
@jax.jit
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(logvar) * jax.random.normal(key, mu.shape, mu.dtype)

# %% wrong R2: logvar as sigma
def reparameterize(key, mu, logvar):
    return mu + logvar * jax.random.normal(key, mu.shape)

# %% wrong R3: half of logvar as sigma
def reparameterize(key, mu, logvar):
    return mu + 0.5 * logvar * jax.random.normal(key, mu.shape)

# %% wrong R4: minus in the exponent
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(-logvar / 2) * jax.random.normal(key, mu.shape)

# %% wrong R5: softplus for exp
def reparameterize(key, mu, logvar):
    return mu + nn.softplus(logvar) * jax.random.normal(key, mu.shape)

# %% wrong R6: uniform noise
def reparameterize(key, mu, logvar):
    std = jnp.exp(0.5 * logvar.astype(jnp.float32))
    return mu + std * jax.random.uniform(key, mu.shape)

# %% wrong R7: latent_dim numbers
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    eps = jax.random.normal(key, mu.shape[-1:])
    return mu + jnp.exp(0.5 * logvar) * eps

# %% wrong R7: the same key for each row of a vmap
def reparameterize(key, mu, logvar):
    def one(m, v):
        return m + jnp.exp(v / 2) * jax.random.normal(key, m.shape)

    return jax.vmap(one)(mu.astype(jnp.float32), logvar.astype(jnp.float32))

# %% wrong R7: the same key in a list comprehension
def reparameterize(key, mu, logvar):
    std = jnp.exp(0.5 * logvar.astype(jnp.float32))
    return jnp.stack([mu[n] + std[n] * jax.random.normal(key, mu.shape[1:]) for n in range(len(mu))])

# %% wrong R8: one number
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.random.normal(key)

# %% wrong R24: one number for each example
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.random.normal(key, (*mu.shape[:-1], 1))

# %% wrong R9: a gradient stopped too late
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return jax.lax.stop_gradient(mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape))

# %% wrong R11: sigma without gradient
def reparameterize(key, mu, logvar):
    std = jax.lax.stop_gradient(jnp.exp(0.5 * logvar.astype(jnp.float32)))
    return mu + std * jax.random.normal(key, mu.shape)

# %% wrong R12: the mean
def reparameterize(key, mu, logvar):
    return mu.astype(jnp.float32)

# %% wrong R12: zeros for the noise
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jnp.zeros(mu.shape)

# %% wrong R13: a key made inside
def reparameterize(key, mu, logvar):
    key = jax.random.key(0)
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.random.normal(key, mu.shape)

# %% wrong R13: PRNGKey as a seed
def reparameterize(key, mu, logvar):
    return tfd.Normal(mu, jnp.exp(0.5 * logvar)).sample(seed=jax.random.PRNGKey(42))

# %% wrong R13: a global key
KEY = jax.random.key(2024)


def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(KEY, mu.shape)

# %% wrong R13: one global eps
EPS = jax.random.normal(jax.random.key(1), (1_000_000,))


def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * EPS[: mu.size].reshape(mu.shape)

# %% wrong R13: NumPy with a seed of its own
def reparameterize(key, mu, logvar):
    eps = np.random.default_rng(0).normal(size=mu.shape)
    return mu + jnp.exp(0.5 * logvar) * eps

# %% wrong R14: mu and sigma exchanged
def reparameterize(key, mu, logvar):
    return mu * jax.random.normal(key, mu.shape) + jnp.exp(0.5 * logvar)

# %% wrong R16: NumPy's global generator
def reparameterize(key, mu, logvar):
    eps = np.random.normal(size=mu.shape).astype(np.float32)
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R16: randn in double precision
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar) * np.random.randn(*mu.shape)

# %% wrong R16: a NumPy generator, never seeded
generator = np.random.default_rng()


def reparameterize(key, mu, logvar):
    eps = jnp.asarray(generator.normal(size=mu.shape), jnp.float32)
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R16: keys from a counter
calls = 0


def reparameterize(key, mu, logvar):
    global calls
    calls += 1
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.random.normal(jax.random.key(calls), mu.shape)

# %% wrong R17: two halves of the batch, one key
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    parts = []
    for m, v in zip(jnp.array_split(mu, 2), jnp.array_split(logvar, 2)):
        parts.append(m + jnp.exp(v / 2) * jax.random.normal(key, m.shape))
    return jnp.concatenate(parts)

# %% wrong R17: blocks of four rows, one key
def reparameterize(key, mu, logvar):
    rows = -(-mu.shape[0] // 4)
    block = jax.random.normal(key, (4, *mu.shape[1:]))
    eps = jnp.tile(block, (rows, *[1] * (mu.ndim - 1)))[: mu.shape[0]]
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R19: sigma left out
def reparameterize(key, mu, logvar):
    return mu.astype(jnp.float32) + jax.random.normal(key, mu.shape)

# %% wrong R20: half outside
def reparameterize(key, mu, logvar):
    return mu + 0.5 * jnp.exp(logvar) * jax.random.normal(key, mu.shape)

# %% wrong R21: root of the standard deviation
def reparameterize(key, mu, logvar):
    return mu + jnp.sqrt(jnp.exp(0.5 * logvar)) * jax.random.normal(key, mu.shape)

# %% wrong R22: root of logvar
def reparameterize(key, mu, logvar):
    return mu + jnp.sqrt(logvar) * jax.random.normal(key, mu.shape)

# %% wrong R23: mu left out
def reparameterize(key, mu, logvar):
    return jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.random.normal(key, mu.shape)

# %% wrong R23: mu inside the product
def reparameterize(key, mu, logvar):
    return jnp.exp(0.5 * logvar) * (mu + jax.random.normal(key, mu.shape))

# %% wrong R25: noise of two deviations
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    return mu + jnp.exp(0.5 * logvar) * 2 * jax.random.normal(key, mu.shape)

# %% wrong R25: truncated normal
def reparameterize(key, mu, logvar):
    eps = jax.random.truncated_normal(key, -2.0, 2.0, mu.shape)
    return mu.astype(jnp.float32) + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R25: heavy tails
def reparameterize(key, mu, logvar):
    eps = jax.random.laplace(key, mu.shape) / math.sqrt(2)
    return mu.astype(jnp.float32) + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R25: Box and Muller with one key
def reparameterize(key, mu, logvar):
    radius = jnp.sqrt(-2 * jnp.log(jax.random.uniform(key, mu.shape, minval=1e-20)))
    eps = radius * jnp.cos(2 * jnp.pi * jax.random.uniform(key, mu.shape))
    return mu.astype(jnp.float32) + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R27: half precision out
def reparameterize(key, mu, logvar):
    eps = jax.random.normal(key, mu.shape)
    return (mu + jnp.exp(0.5 * logvar) * eps).astype(jnp.bfloat16)

# %% wrong R28: logvar clipped
def reparameterize(key, mu, logvar):
    logvar = jnp.clip(logvar.astype(jnp.float32), -1, 1)
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape)

# %% wrong R29: plus for times
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar) + jax.random.normal(key, mu.shape)

# %% wrong R30: noise of the dtype of mu
def reparameterize(key, mu, logvar):
    std = jnp.exp(0.5 * logvar)
    return mu + std * jax.random.normal(key, mu.shape, mu.dtype)

# %% wrong R30: sigma rounded, though noise and sum are in single precision
def reparameterize(key, mu, logvar):
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape, jnp.float32)

# %% wrong R30: single precision at the end only
def reparameterize(key, mu, logvar):
    std = jnp.exp(0.5 * logvar)
    return (mu + std * jax.random.normal(key, mu.shape, mu.dtype)).astype(jnp.float32)

# %% wrong R31: the exponential of NumPy
def reparameterize(key, mu, logvar):
    std = np.exp(0.5 * logvar.astype(jnp.float32))
    return mu + std * jax.random.normal(key, mu.shape)

# %% wrong R31: a seed for NumPy out of the key
def reparameterize(key, mu, logvar):
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    eps = jnp.asarray(rng.normal(size=mu.shape), jnp.float32)
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * eps

# %% wrong R31: an if on the numbers
def reparameterize(key, mu, logvar):
    mu, logvar = mu.astype(jnp.float32), logvar.astype(jnp.float32)
    if jnp.isnan(mu).any():
        raise ValueError("mu is not a number")
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape)

# %% wrong R32: a global key, split at each call
KEY = jax.random.key(0)


def reparameterize(key, mu, logvar):
    global KEY
    KEY, sub = jax.random.split(KEY)
    return mu + jnp.exp(0.5 * logvar.astype(jnp.float32)) * jax.random.normal(sub, mu.shape)

# %% wrong -: z and its noise
def reparameterize(key, mu, logvar):
    eps = jax.random.normal(key, mu.shape)
    return mu + jnp.exp(0.5 * logvar) * eps, eps

# %% wrong -: z and a new key
def reparameterize(key, mu, logvar):
    key, sub = jax.random.split(key)
    return key, mu + jnp.exp(0.5 * logvar) * jax.random.normal(sub, mu.shape)

# %% wrong -: flattens the batch
def reparameterize(key, mu, logvar):
    return (mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape)).reshape(-1)

# %% wrong -: key in the last place
def reparameterize(mu, logvar, key):
    return mu + jnp.exp(0.5 * logvar) * jax.random.normal(key, mu.shape)

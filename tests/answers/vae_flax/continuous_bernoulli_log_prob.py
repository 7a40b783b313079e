# %% right: logit form with both branches guarded
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 1e-3
    safe = jnp.where(small, 1.0, logits)
    log_c = jnp.where(small, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits) + log_c

# %% right: x logits minus softplus
def continuous_bernoulli_log_prob(logits, x):
    near = jnp.abs(logits) < 1e-2
    l = jnp.where(near, 1.0, logits)
    log_c = jnp.where(near, math.log(2) + logits**2 / 12 - 7 * logits**4 / 1440, jnp.log(l / jnp.tanh(l / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% right: tfd
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(x)

# %% right: tfd in the precision of the logits
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits, dtype=jnp.result_type(logits)).log_prob(x)

# %% right: the exponential family, from the likelier end
def continuous_bernoulli_log_prob(logits, x):
    size = jnp.abs(logits)
    safe = jnp.where(size < 1e-4, 1.0, size)
    ratio = jnp.where(size < 1e-4, size / 2, jnp.log(safe) - jnp.log(-jnp.expm1(-safe)))
    return jnp.where(logits < 0, -size * x, -size * (1 - x)) + ratio

# %% right: log sinh in two parts
def continuous_bernoulli_log_prob(logits, x):
    half = jnp.abs(logits) / 2
    tiny = half < 1e-4
    safe = jnp.where(tiny, 1.0, half)
    log_sinh = safe + jnp.log1p(-jnp.exp(-2 * safe)) - jnp.log(2.0)
    log_ratio = jnp.where(tiny, half**2 / 6, log_sinh - jnp.log(safe))
    return logits * (x - 0.5) - log_ratio

# %% right: log tanh by its two logarithms
def continuous_bernoulli_log_prob(logits, x):
    size = jnp.abs(logits)
    small = size < 1e-3
    s = jnp.where(small, 1.0, size)
    log_tanh = jnp.log1p(-jnp.exp(-s)) - jnp.log1p(jnp.exp(-s))
    log_c = jnp.where(small, jnp.log(2.0) + size**2 / 12, jnp.log(s) - log_tanh)
    return x * logits - jnp.logaddexp(0, logits) + log_c

# %% right: guarded at logit 0 alone
def continuous_bernoulli_log_prob(logits, x):
    zero = logits == 0
    l = jnp.where(zero, 1.0, logits)
    log_c = jnp.where(zero, jnp.log(2.0), jnp.log(l / jnp.tanh(l / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% right: jit with a helper
@jax.jit
def log_c(logits):
    small = jnp.abs(logits) < 5e-3
    safe = jnp.where(small, jnp.ones_like(logits), logits)
    far = jnp.log(jnp.abs(safe)) - jnp.log(jnp.tanh(jnp.abs(safe) / 2))
    return jnp.where(small, jnp.log(2.0) + jnp.square(logits) / 12, far)


@jax.jit
def continuous_bernoulli_log_prob(logits, x):
    return -optax.sigmoid_binary_cross_entropy(logits, x) + log_c(logits)

# %% right: select and log_sigmoid
def continuous_bernoulli_log_prob(logits, x):
    logits, x = jnp.broadcast_arrays(logits, x)
    small = jnp.abs(logits) < 1e-3
    safe = jax.lax.select(small, jnp.ones_like(logits), logits)
    far = jnp.log(safe / jnp.tanh(0.5 * safe))
    log_c = jax.lax.select(small, jnp.log(2.0) + logits**2 / 12, far)
    return x * nn.log_sigmoid(logits) + (1 - x) * nn.log_sigmoid(-logits) + log_c

# %% right: vmap of lax.cond
def _log_c(l):
    return jax.lax.cond(
        jnp.abs(l) < 1e-3,
        lambda l: jnp.log(2.0) + l**2 / 12,
        lambda l: jnp.log(jnp.where(l == 0, 1.0, l) / jnp.tanh(jnp.where(l == 0, 1.0, l) / 2)),
        l,
    )


def continuous_bernoulli_log_prob(logits, x):
    log_c = jax.vmap(_log_c)(jnp.ravel(logits)).reshape(jnp.shape(logits))
    return x * logits - nn.softplus(logits) + log_c

# %% right: vectorize of a scalar function
@jnp.vectorize
def continuous_bernoulli_log_prob(l, x):
    safe = jnp.where(jnp.abs(l) < 2e-3, 1.0, l)
    log_c = jnp.where(jnp.abs(l) < 2e-3, jnp.log(2.0) + l * l / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return l * x - jnp.logaddexp(l, 0.0) + log_c

# %% right: a derivative written by hand
@jax.custom_jvp
def log_c(l):
    small = jnp.abs(l) < 1e-3
    safe = jnp.where(small, 1.0, l)
    return jnp.where(small, jnp.log(2.0) + l**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))


@log_c.defjvp
def _log_c_jvp(primals, tangents):
    (l,), (dl,) = primals, tangents
    small = jnp.abs(l) < 1e-2
    safe = jnp.clip(jnp.where(small, 1.0, l), -80, 80)
    slope = jnp.where(small, l / 6, 1 / jnp.where(small, 1.0, l) - 1 / jnp.sinh(safe))
    return log_c(l), slope * dl


def continuous_bernoulli_log_prob(logits, x):
    return x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits) + log_c(logits)

# %% right: four terms of the series
def continuous_bernoulli_log_prob(logits, x):
    series = jnp.abs(logits) < 0.3
    l2 = jnp.square(logits)
    near = jnp.log(2.0) + l2 / 12 - 7 * l2**2 / 1440 + 31 * l2**3 / 90720
    safe = jnp.where(series, 1.0, logits)
    return x * logits - jax.nn.softplus(logits) + jnp.where(series, near, jnp.log(safe / jnp.tanh(safe / 2)))

# %% right: polyval for the series
def continuous_bernoulli_log_prob(logits, x):
    coefficients = jnp.array([-7 / 1440, 1 / 12, math.log(2)], dtype=jnp.result_type(logits))
    near = jnp.abs(logits) < 0.05
    safe = jnp.where(near, 0.1, logits)
    log_c = jnp.where(near, jnp.polyval(coefficients, logits**2), jnp.log(safe / jnp.tanh(safe / 2)))
    return -(jax.nn.softplus(-logits) * x + jax.nn.softplus(logits) * (1 - x)) + log_c

# %% right: x halved around one half
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 1e-3
    h = jnp.abs(jnp.where(small, 1.0, logits)) / 2
    minus_log_sinhc = jnp.where(small, -(logits**2) / 24, jnp.log(2 * h) - h - jnp.log(-jnp.expm1(-2 * h)))
    return logits * (x - 0.5) + minus_log_sinhc

# %% right: a constant very near to 0
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 1e-4
    safe = jnp.where(small, 1e-4, logits)
    log_c = jnp.where(small, jnp.log(2.0), jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% right: warns and prints
def continuous_bernoulli_log_prob(logits, x):
    import warnings
    warnings.warn("a framework's warning costs nothing")
    print(jnp.shape(logits))
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    log_c = jnp.where(jnp.abs(logits) < 1e-3, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L8: the Bernoulli
def continuous_bernoulli_log_prob(logits, x):
    return x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits)

# %% wrong L8: tfd's Bernoulli
def continuous_bernoulli_log_prob(logits, x):
    return tfd.Bernoulli(logits=logits, dtype=jnp.result_type(x)).log_prob(x)

# %% wrong L8: the loss of optax
def continuous_bernoulli_log_prob(logits, x):
    return optax.sigmoid_binary_cross_entropy(logits, x)

# %% wrong L9: where without a guard
def continuous_bernoulli_log_prob(logits, x):
    log_c = jnp.where(jnp.abs(logits) < 1e-3, jnp.log(2.0) + logits**2 / 12, jnp.log(logits / jnp.tanh(logits / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L9: no guard at all
def continuous_bernoulli_log_prob(logits, x):
    return x * logits - jax.nn.softplus(logits) + jnp.log(logits / jnp.tanh(logits / 2))

# %% wrong L9: nan_to_num
def continuous_bernoulli_log_prob(logits, x):
    log_c = jnp.log(logits / jnp.tanh(logits / 2))
    log_c = jnp.where(jnp.isnan(log_c), jnp.log(2.0), log_c)
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L9: nan_to_num of the result
def continuous_bernoulli_log_prob(logits, x):
    return jnp.nan_to_num(x * logits - jax.nn.softplus(logits) + jnp.log(logits / jnp.tanh(logits / 2)))

# %% wrong L9: the exponential family without a guard
def continuous_bernoulli_log_prob(logits, x):
    size = jnp.abs(logits)
    return jnp.where(logits < 0, -size * x, -size * (1 - x)) + jnp.log(size) - jnp.log(-jnp.expm1(-size))

# %% wrong L1: in the probability, as in the paper
def continuous_bernoulli_log_prob(logits, x):
    p = jax.nn.sigmoid(logits)
    middle = jnp.abs(p - 0.5) < 1e-3
    u = 1 - 2 * jnp.where(middle, 0.25, p)
    log_c = jnp.where(middle, jnp.log(2.0) + (1 - 2 * p) ** 2 / 3, jnp.log(2 * jnp.arctanh(u) / u))
    return x * jax.nn.log_sigmoid(logits) + (1 - x) * jax.nn.log_sigmoid(-logits) + log_c

# %% wrong L1: log of the sigmoid
def continuous_bernoulli_log_prob(logits, x):
    p = jax.nn.sigmoid(logits)
    small = jnp.abs(logits) < 1e-3
    safe = jnp.where(small, 1.0, logits)
    log_c = jnp.where(small, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * jnp.log(p) + (1 - x) * jnp.log(1 - p) + log_c

# %% wrong L1: the exponential overflows
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 1e-3
    safe = jnp.where(small, 1.0, logits)
    return x * logits - jnp.where(small, logits / 2 + logits**2 / 24, jnp.log(jnp.expm1(safe) / safe))

# %% wrong L1: tfd with probabilities
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(probs=jax.nn.sigmoid(logits)).log_prob(x)

# %% wrong L14: logits clipped
def continuous_bernoulli_log_prob(logits, x):
    logits = jnp.clip(logits, -15, 15)
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1.0, logits)
    log_c = jnp.where(jnp.abs(logits) < 1e-3, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L14: epsilon in the logarithms
def continuous_bernoulli_log_prob(logits, x):
    p = jax.nn.sigmoid(logits)
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1.0, logits)
    log_c = jnp.where(jnp.abs(logits) < 1e-3, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * jnp.log(p + 1e-7) + (1 - x) * jnp.log(1 - p + 1e-7) + log_c

# %% wrong L14: probabilities clipped
def continuous_bernoulli_log_prob(logits, x):
    p = jnp.clip(jax.nn.sigmoid(logits), 1e-5, 1 - 1e-5)
    middle = jnp.abs(p - 0.5) < 1e-3
    u = 1 - 2 * jnp.where(middle, 0.25, p)
    log_c = jnp.where(middle, jnp.log(2.0) + (1 - 2 * p) ** 2 / 3, jnp.log(2 * jnp.arctanh(u) / u))
    return x * jnp.log(p) + (1 - x) * jnp.log(1 - p) + log_c

# %% wrong L2: logits taken as probabilities
def continuous_bernoulli_log_prob(logits, x):
    u = 1 - 2 * logits
    return x * jnp.log(logits) + (1 - x) * jnp.log(1 - logits) + jnp.log(2 * jnp.arctanh(u) / u)

# %% wrong L2: tfd with the logits as probabilities
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(probs=logits).log_prob(x)

# %% wrong L2: the normaliser of the logits as probabilities
def continuous_bernoulli_log_prob(logits, x):
    u = 1 - 2 * logits
    return x * logits - jax.nn.softplus(logits) + jnp.log(2 * jnp.arctanh(u) / u)

# %% wrong L3: sigmoid twice
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=jax.nn.sigmoid(logits)).log_prob(x)

# %% wrong L3: sigmoid in the normaliser
def continuous_bernoulli_log_prob(logits, x):
    p = jax.nn.sigmoid(logits)
    return x * logits - jax.nn.softplus(logits) + jnp.log(p / jnp.tanh(p / 2))

# %% wrong L5: exchanged
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=x).log_prob(logits)

# %% wrong L5: exchanged by hand
def continuous_bernoulli_log_prob(x, logits):
    small = jnp.abs(logits) < 1e-3
    safe = jnp.where(small, 1.0, logits)
    log_c = jnp.where(small, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L33: log C subtracted
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1.0, logits)
    log_c = jnp.where(jnp.abs(logits) < 1e-3, jnp.log(2.0) + logits**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) - log_c

# %% wrong L33: C itself
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return x * logits - jax.nn.softplus(logits) + safe / jnp.tanh(safe / 2)

# %% wrong L33: no factor 2
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return x * logits - jax.nn.softplus(logits) + jnp.log(safe / 2 / jnp.tanh(safe / 2))

# %% wrong L33: tanh of the whole logit
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return x * logits - jax.nn.softplus(logits) + jnp.log(safe / jnp.tanh(safe))

# %% wrong L33: no tanh
def continuous_bernoulli_log_prob(logits, x):
    return x * logits - jax.nn.softplus(logits) + jnp.log(jnp.abs(logits) + 1e-9)

# %% wrong L36: C is 2 everywhere
def continuous_bernoulli_log_prob(logits, x):
    return x * logits - jax.nn.softplus(logits) + jnp.log(2.0)

# %% wrong L36: the series everywhere
def continuous_bernoulli_log_prob(logits, x):
    return x * logits - jax.nn.softplus(logits) + jnp.log(2.0) + logits**2 / 12

# %% wrong L36: a constant up to one tenth
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 0.11
    safe = jnp.where(small, 1.0, logits)
    log_c = jnp.where(small, jnp.log(2.0), jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L36: a wrong term in the series
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 0.05
    safe = jnp.where(small, 1.0, logits)
    log_c = jnp.where(small, jnp.log(2.0) + logits**2 / 3, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L36: zero near to 0
def continuous_bernoulli_log_prob(logits, x):
    small = jnp.abs(logits) < 1e-2
    safe = jnp.where(small, 1.0, logits)
    log_c = jnp.where(small, 0.0, jnp.log(safe / jnp.tanh(safe / 2)))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L35: added up over the pixels
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(x).sum(-1)

# %% wrong L35: averaged over the pixels
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(x).mean(-1)

# %% wrong L35: one number
def continuous_bernoulli_log_prob(logits, x):
    return jnp.sum(tfd.ContinuousBernoulli(logits=logits).log_prob(x))

# %% wrong L35: the loss
def continuous_bernoulli_log_prob(logits, x):
    return -tfd.ContinuousBernoulli(logits=logits).log_prob(x).sum(-1)

# %% wrong L12: negative
def continuous_bernoulli_log_prob(logits, x):
    return -tfd.ContinuousBernoulli(logits=logits).log_prob(x)

# %% wrong L12: loss of optax plus log C
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return optax.sigmoid_binary_cross_entropy(logits, x) + jnp.log(safe / jnp.tanh(safe / 2))

# %% wrong L17: the density
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).prob(x)

# %% wrong L28: in bits
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(x) / jnp.log(2.0)

# %% wrong L22: grey pixels count with p only
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return x * jax.nn.log_sigmoid(logits) + jnp.log(safe / jnp.tanh(safe / 2))

# %% wrong L24: 0 and 1 exchanged
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(1 - x)

# %% wrong L25: softplus forgotten
def continuous_bernoulli_log_prob(logits, x):
    safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return x * logits + jnp.log(safe / jnp.tanh(safe / 2))

# %% wrong L26: pixels rounded
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(jnp.round(x))

# %% wrong L34: if on the whole array
def continuous_bernoulli_log_prob(logits, x):
    if abs(logits) < 1e-3:
        log_c = jnp.log(2.0)
    else:
        log_c = jnp.log(logits / jnp.tanh(logits / 2))
    return x * logits - jax.nn.softplus(logits) + log_c

# %% wrong L34: if any logit is small
def continuous_bernoulli_log_prob(logits, x):
    safe = logits
    if (jnp.abs(logits) < 1e-3).any():
        safe = jnp.where(jnp.abs(logits) < 1e-3, 1e-3, logits)
    return x * logits - jax.nn.softplus(logits) + jnp.log(safe / jnp.tanh(safe / 2))

# %% wrong L19: NumPy
def continuous_bernoulli_log_prob(logits, x):
    l = np.asarray(logits)
    safe = np.where(np.abs(l) < 1e-3, 1e-3, l)
    return jnp.asarray(x * l - np.logaddexp(0, l) + np.log(safe / np.tanh(safe / 2)))

# %% wrong L19: log C without a gradient
def continuous_bernoulli_log_prob(logits, x):
    fixed = jax.lax.stop_gradient(logits)
    safe = jnp.where(jnp.abs(fixed) < 1e-3, 1e-3, fixed)
    return x * logits - jax.nn.softplus(logits) + jnp.log(safe / jnp.tanh(safe / 2))

# %% wrong L31: two axes only
def continuous_bernoulli_log_prob(logits, x):
    pixel = lambda l, v: tfd.ContinuousBernoulli(logits=l).log_prob(v)
    return jax.vmap(jax.vmap(pixel))(logits, x)

# %% wrong -: another row's x
def continuous_bernoulli_log_prob(logits, x):
    return tfd.ContinuousBernoulli(logits=logits).log_prob(x[::-1])

# %% wrong -: returns None
def continuous_bernoulli_log_prob(logits, x):
    log_prob = tfd.ContinuousBernoulli(logits=logits).log_prob(x)

# %% wrong -: raises
def continuous_bernoulli_log_prob(logits, x):
    return x * logits - softplus(logits) + log_c

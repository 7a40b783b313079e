# %% right: textbook
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% right: nats first, then bits
def bits_per_dim(elbo, n_dims, levels=256):
    nats = (n_dims * jnp.log(levels) - elbo) / n_dims
    return nats / jnp.log(2.0)

# %% right: bits of a level plus bits of the density
def bits_per_dim(elbo, n_dims, levels=256):
    return math.log2(levels) - elbo / (n_dims * math.log(2))

# %% right: log2 of e
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.log2(levels) - elbo / n_dims * jnp.log2(jnp.e)

# %% right: NumPy's logarithms
def bits_per_dim(elbo, n_dims, levels=256):
    return np.log2(levels) - np.log2(np.e) * elbo / n_dims

# %% right: log-mass of the bins
def bits_per_dim(elbo, n_dims, levels=256):
    log_mass = elbo + n_dims * jnp.log(1 / levels)
    return -log_mass / jnp.log(2) / n_dims

# %% right: compiled, the sizes static
@partial(jax.jit, static_argnums=(1, 2))
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% right: compiled, everything traced
@jax.jit
def bits_per_dim(elbo, n_dims, levels=256):
    return (n_dims * jnp.log(levels) - elbo) / (n_dims * jnp.log(2))

# %% right: vectorize
@partial(jnp.vectorize, excluded=(1, 2, "levels"))
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.log2(levels) - elbo / (n_dims * jnp.log(2))

# %% right: a lambda
bits_per_dim = lambda elbo, n_dims, levels=256: -(elbo / n_dims - math.log(levels)) / math.log(2)

# %% right: a partial object
def in_units_of(unit, elbo, n_dims, levels=256):
    return (n_dims * np.log(levels) - elbo) / (n_dims * unit)


bits_per_dim = partial(in_units_of, math.log(2))

# %% right: change of base by math.log
def bits_per_dim(elbo, n_dims, levels=256):
    return math.log(levels, 2) + jnp.negative(elbo) / n_dims / math.log(2)

# %% right: in place of its own array
def bits_per_dim(elbo, n_dims, levels=256):
    bits = jnp.full(jnp.shape(elbo), math.log2(levels))
    bits -= elbo / (n_dims * math.log(2))
    return bits

# %% right: jnp.asarray, single precision
def bits_per_dim(elbo, n_dims, levels=256):
    elbo, n_dims, levels = (jnp.asarray(each, jnp.float32) for each in (elbo, n_dims, levels))
    return -(elbo - n_dims * jnp.log(levels)) / (n_dims * jnp.log(2))

# %% right: the bits of a level counted
def bits_per_dim(elbo, n_dims, levels=256):
    uniform = jnp.log(levels) * n_dims
    excess = jnp.subtract(uniform, elbo)
    return excess / (jnp.log(2.0) * n_dims)

# %% right: logaddexp for log 2
def bits_per_dim(elbo, n_dims, levels=256):
    return (jnp.log(levels) - elbo / n_dims) / jnp.logaddexp(0.0, 0.0)

# %% right: scaled to pixels of 0 to levels first
def bits_per_dim(elbo, n_dims, levels=256):
    log_px = elbo - n_dims * np.log(levels)  # the density of levels * x
    return -log_px * np.log2(np.e) / n_dims

# %% wrong D1: no minus
def bits_per_dim(elbo, n_dims, levels=256):
    return (elbo - n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% wrong D2: levels with the wrong sign
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo + n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% wrong D3: a loss expected
def bits_per_dim(elbo, n_dims, levels=256):
    return (elbo + n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% wrong D3: a loss expected, sign of the levels wrong
def bits_per_dim(elbo, n_dims, levels=256):
    return math.log2(levels) + elbo / n_dims / math.log(2)

# %% wrong D4: nats
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * jnp.log(levels)) / n_dims

# %% wrong D4: multiplied by log 2
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / n_dims * math.log(2)

# %% wrong D5: decimal digits
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / (n_dims * math.log(10))

# %% wrong D6: whole images
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / math.log(2)

# %% wrong D7: no levels
def bits_per_dim(elbo, n_dims, levels=256):
    return -elbo / (n_dims * math.log(2))

# %% wrong D7: no levels, by log2
def bits_per_dim(elbo, n_dims, levels=256):
    return -elbo / n_dims * jnp.log2(jnp.e)

# %% wrong D8: one logarithm for the image
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - math.log(levels)) / (n_dims * math.log(2))

# %% wrong D9: log2 of the levels among nats
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * jnp.log2(levels)) / (n_dims * jnp.log(2))

# %% wrong D9: nats of the density, bits of the levels
def bits_per_dim(elbo, n_dims, levels=256):
    return -elbo / n_dims + jnp.log2(levels)

# %% wrong D9: nats of the levels, bits of the density
def bits_per_dim(elbo, n_dims, levels=256):
    return -elbo / (n_dims * math.log(2)) + math.log(levels)

# %% wrong D10: 255
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels - 1)) / (n_dims * math.log(2))

# %% wrong D11: 256 whatever is asked
def bits_per_dim(elbo, n_dims, levels=256):
    return 8.0 - elbo / (n_dims * math.log(2))

# %% wrong D11: 28 x 28 whatever is asked
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - 784 * math.log(levels)) / (784 * math.log(2))

# %% wrong D12: mean over the batch
def bits_per_dim(elbo, n_dims, levels=256):
    return -(jnp.mean(elbo) - n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% wrong D12: mean over the last axis
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.mean(-(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2)), axis=-1)

# %% wrong D12: sum over the batch
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.sum(-(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2)))

# %% wrong D12: float
def bits_per_dim(elbo, n_dims, levels=256):
    return float(-(jnp.mean(elbo) - n_dims * math.log(levels)) / (n_dims * math.log(2)))

# %% wrong D13: never negative
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.maximum(0.0, -(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2)))

# %% wrong D13: absolute value
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.abs(-(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2)))

# %% wrong D13: levels at most
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.minimum(jnp.log2(levels), -(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2)))

# %% wrong D14: whole bits
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) // (n_dims * math.log(2))

# %% wrong D14: rounded
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.round(-(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2)), 2)

# %% wrong D15: a factor of its own
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / (2 * n_dims * math.log(2))

# %% wrong -: perplexity
def bits_per_dim(elbo, n_dims, levels=256):
    return jnp.exp(-(elbo - n_dims * math.log(levels)) / n_dims)

# %% wrong -: divides by a name that is not there
def bits_per_dim(elbo, n_dims, levels=256):
    return -(elbo - n_dims * math.log(levels)) / (n_pixels * math.log(2))

# %% wrong -: returns nothing
def bits_per_dim(elbo, n_dims, levels=256):
    bits = -(elbo - n_dims * math.log(levels)) / (n_dims * math.log(2))

# %% right: textbook
def log_likelihood(kind, out, x, log_sigma):
    """log p(x given z) in nats, (..., d) and (..., d) to (...)."""
    sigma = jnp.exp(log_sigma)
    if kind == "gaussian":
        terms = -0.5 * ((x - out) / sigma) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
    elif kind == "bernoulli":
        terms = x * jax.nn.log_sigmoid(out) + (1 - x) * jax.nn.log_sigmoid(-out)
    elif kind == "continuous_bernoulli":
        terms = continuous_bernoulli_log_prob(out, x)
    elif kind == "truncated_normal":
        low, high = (0 - out) / sigma, (1 - out) / sigma
        right_of_1 = low > 0
        a, b = jnp.where(right_of_1, -high, low), jnp.where(right_of_1, -low, high)
        log_a, log_b = jax.scipy.special.log_ndtr(a), jax.scipy.special.log_ndtr(b)
        log_z = log_b + jnp.log1p(-jnp.exp(log_a - log_b))
        terms = -0.5 * ((x - out) / sigma) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi) - log_z
    else:
        raise ValueError(f"unknown kind {kind!r}")
    return terms.sum(-1)

# %% right: tfd throughout
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        p = tfd.Normal(out, jnp.exp(log_sigma))
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out, dtype=x.dtype)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.log_prob(x).sum(-1)

# %% right: tfd by keywords in a dictionary of functions
models = {
    "gaussian": lambda out, s: tfd.Normal(loc=out, scale=s),
    "bernoulli": lambda out, s: tfd.Bernoulli(logits=out),
    "continuous_bernoulli": lambda out, s: tfd.ContinuousBernoulli(logits=out),
    "truncated_normal": lambda out, s: tfd.TruncatedNormal(loc=out, scale=s, low=0.0, high=1.0),
}


def log_likelihood(kind, out, x, log_sigma):
    if kind not in models:
        raise ValueError(f"kind must be one of {sorted(models)}")
    return jnp.sum(models[kind](out, jnp.exp(log_sigma)).log_prob(x), axis=-1)

# %% right: a match statement
def log_likelihood(kind, out, x, log_sigma):
    norm = jax.scipy.stats.norm
    match kind:
        case "gaussian":
            terms = norm.logpdf(x, out, jnp.exp(log_sigma))
        case "bernoulli":
            terms = -optax.sigmoid_binary_cross_entropy(out, x)
        case "continuous_bernoulli":
            terms = continuous_bernoulli_log_prob(out, x)
        case "truncated_normal":
            terms = tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x)
        case _:
            raise ValueError(f"no such kind: {kind}")
    return terms.sum(axis=-1)

# %% right: logsumexp of a difference
def log_likelihood(kind, out, x, log_sigma):
    inverse = jnp.exp(-log_sigma)
    gaussian = -0.5 * jnp.square((x - out) * inverse) - log_sigma - 0.5 * jnp.log(2 * jnp.pi)
    if kind == "gaussian":
        return gaussian.sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        a, b = -out * inverse, (1 - out) * inverse
        mirrored = a > 0
        logs = jax.scipy.special.log_ndtr(jnp.stack([jnp.where(mirrored, -a, b), jnp.where(mirrored, -b, a)], -1))
        log_z = jax.scipy.special.logsumexp(logs, axis=-1, b=jnp.array([1.0, -1.0], logs.dtype))
        return (gaussian - log_z).sum(-1)
    raise ValueError(kind)

# %% right: jitted with a static kind
@partial(jax.jit, static_argnames="kind")
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return (x * jax.nn.log_sigmoid(out) + (1 - x) * jax.nn.log_sigmoid(-out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(f"kind {kind!r} is none of the four")

# %% right: Independent
def log_likelihood(kind, out, x, log_sigma):
    scale = jnp.exp(log_sigma) * jnp.ones_like(out)
    known = {
        "gaussian": tfd.Normal(out, scale),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=out.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out, dtype=out.dtype),
        "truncated_normal": tfd.TruncatedNormal(out, scale, jnp.zeros_like(out), jnp.ones_like(out)),
    }
    try:
        pixel = known[kind]
    except KeyError:
        raise ValueError(f"unknown kind {kind}") from None
    return tfd.Independent(pixel, reinterpreted_batch_ndims=1).log_prob(x)

# %% right: one function for each kind
def log_normal(out, x, log_sigma):
    return -0.5 * ((x - out) * jnp.exp(-log_sigma)) ** 2 - log_sigma - 0.5 * jnp.log(2 * jnp.pi)


def log_bernoulli(out, x, log_sigma):
    return -jax.nn.softplus(jnp.where(x > 0.5, -out, out))


def log_cb(out, x, log_sigma):
    return continuous_bernoulli_log_prob(out, x)


def log_truncated_normal(out, x, log_sigma):
    # In units of sigma, from the middle of [0, 1]: the nearer end is always the one on the left.
    sigma = jnp.exp(log_sigma)
    far = jnp.abs(out - 0.5) + 0.5
    near = jnp.abs(out - 0.5) - 0.5
    log_far = jax.scipy.special.log_ndtr(-far / sigma)
    log_near = jax.scipy.special.log_ndtr(-near / sigma)
    return log_normal(out, x, log_sigma) - log_near - jnp.log(-jnp.expm1(log_far - log_near))


def log_likelihood(kind, out, x, log_sigma):
    densities = dict(gaussian=log_normal, bernoulli=log_bernoulli, continuous_bernoulli=log_cb,
                     truncated_normal=log_truncated_normal)
    if kind not in densities:
        raise ValueError(f"{kind} is none of {list(densities)}")
    return densities[kind](out, x, log_sigma).sum(-1)

# %% right: erfc scaled by hand in the tails
def log_likelihood(kind, out, x, log_sigma):
    if kind not in ("gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal"):
        raise ValueError(kind)
    if kind == "bernoulli":
        return jnp.sum(x * out - jnp.logaddexp(out, 0.0), -1)
    if kind == "continuous_bernoulli":
        return jnp.sum(tfd.ContinuousBernoulli(logits=out).log_prob(x), -1)
    sigma = jnp.exp(log_sigma)
    log_p = jax.scipy.stats.norm.logpdf(x, loc=out, scale=sigma)
    if kind == "truncated_normal":
        out, _ = jnp.broadcast_arrays(out, x)
        mirrored = out > 0.5
        m = jnp.where(mirrored, 1 - out, out)
        inside = m >= 0
        low, high = -m / sigma, (1 - m) / sigma
        ndtr = jax.scipy.special.ndtr
        both = ndtr(jnp.where(inside, high, 1.0)) - ndtr(jnp.where(inside, low, -1.0))
        upper = jax.scipy.special.log_ndtr(jnp.where(inside, -1.0, -low))
        beyond = jax.scipy.special.log_ndtr(jnp.where(inside, -2.0, -high))
        log_p = log_p - jnp.where(inside, jnp.log(both), upper + jnp.log1p(-jnp.exp(beyond - upper)))
    return jnp.sum(log_p, -1)

# %% right: mean times the number of pixels
def log_likelihood(kind, out, x, log_sigma):
    distributions = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=jnp.float32),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in distributions:
        raise ValueError(f"no kind {kind}")
    return distributions[kind].log_prob(x).mean(-1) * out.shape[-1]

# %% right: einsum for the sum, names of its own
def log_likelihood(name, prediction, image, log_scale):
    scale = jnp.exp(log_scale)
    table = {
        "gaussian": lambda: jax.scipy.stats.norm.logpdf(image, prediction, scale),
        "bernoulli": lambda: image * nn.log_sigmoid(prediction) + (1.0 - image) * nn.log_sigmoid(-prediction),
        "continuous_bernoulli": lambda: continuous_bernoulli_log_prob(prediction, image),
        "truncated_normal": lambda: tfd.TruncatedNormal(prediction, scale, 0.0, 1.0).log_prob(image),
    }
    if name not in table:
        raise ValueError("unknown kind: " + str(name))
    return jnp.einsum("...d->...", table[name]())

# %% right: a class of errors of its own
class UnknownKind(ValueError):
    pass


KNOWN = ["gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal"]


def log_likelihood(kind, out, x, log_sigma):
    n = KNOWN.index(kind)
    scale = jnp.exp(log_sigma)
    return [
        lambda: tfd.Normal(out, scale).log_prob(x),
        lambda: tfd.Bernoulli(logits=out, dtype=out.dtype).log_prob(x),
        lambda: continuous_bernoulli_log_prob(out, x),
        lambda: tfd.TruncatedNormal(out, scale, 0, 1).log_prob(x),
    ][n]().sum(-1)

# %% right: all four computed, one taken
def log_likelihood(kind, out, x, log_sigma):
    scale = jnp.exp(log_sigma)
    terms = {
        "gaussian": tfd.Normal(out, scale).log_prob(x),
        "bernoulli": -(jax.nn.softplus(-out) * x + jax.nn.softplus(out) * (1 - x)),
        "continuous_bernoulli": continuous_bernoulli_log_prob(out, x),
        "truncated_normal": tfd.TruncatedNormal(out, scale, 0.0, 1.0).log_prob(x),
    }
    if kind not in terms:
        raise ValueError(kind)
    return terms[kind].sum(-1)

# %% wrong L4: mean over the pixels
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).mean(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).mean(-1)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).log_prob(x).mean(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).mean(-1)
    raise ValueError(kind)

# %% wrong L13: sum over everything
def log_likelihood(kind, out, x, log_sigma):
    distributions = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=x.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in distributions:
        raise ValueError(kind)
    return distributions[kind].log_prob(x).sum()

# %% wrong L13: mean over the batch
def log_likelihood(kind, out, x, log_sigma):
    distributions = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=x.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in distributions:
        raise ValueError(kind)
    return distributions[kind].log_prob(x).sum(-1).mean()

# %% wrong L18: no sum
def log_likelihood(kind, out, x, log_sigma):
    distributions = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=x.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in distributions:
        raise ValueError(kind)
    return distributions[kind].log_prob(x)

# %% wrong L12: the loss
def log_likelihood(kind, out, x, log_sigma):
    distributions = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=x.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in distributions:
        raise ValueError(kind)
    return -distributions[kind].log_prob(x).sum(-1)

# %% wrong L21: sum over axis 1
def log_likelihood(kind, out, x, log_sigma):
    distributions = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=x.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in distributions:
        raise ValueError(kind)
    return distributions[kind].log_prob(x).sum(1)

# %% wrong L41: the Gaussian with sigma 1
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        p = tfd.Normal(out, 1.0)
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out, dtype=x.dtype)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.log_prob(x).sum(-1)

# %% wrong L41: the truncated normal with scale 1
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        p = tfd.Normal(out, jnp.exp(log_sigma))
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out, dtype=x.dtype)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, jnp.ones_like(log_sigma), 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.log_prob(x).sum(-1)

# %% wrong L6d: log_sigma read as the log-variance
def log_likelihood(kind, out, x, log_sigma):
    scale = jnp.exp(0.5 * log_sigma)
    if kind == "gaussian":
        p = tfd.Normal(out, scale)
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out, dtype=x.dtype)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, scale, 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.log_prob(x).sum(-1)

# %% wrong L6k: the variance for the scale of the truncated normal
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        p = tfd.Normal(out, jnp.exp(log_sigma))
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out, dtype=x.dtype)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, jnp.exp(2 * log_sigma), 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.log_prob(x).sum(-1)

# %% wrong L6j: softplus for the exponential
def log_likelihood(kind, out, x, log_sigma):
    scale = jax.nn.softplus(log_sigma)
    if kind == "gaussian":
        p = tfd.Normal(out, scale)
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out, dtype=x.dtype)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, scale, 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.log_prob(x).sum(-1)

# %% wrong L6b: no log_sigma in the Gaussian
def log_likelihood(kind, out, x, log_sigma):
    sigma = jnp.exp(log_sigma)
    if kind == "gaussian":
        return (-0.5 * ((x - out) / sigma) ** 2 - 0.5 * jnp.log(2 * jnp.pi)).sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, sigma, 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L6a: no constant in the Gaussian
def log_likelihood(kind, out, x, log_sigma):
    sigma = jnp.exp(log_sigma)
    if kind == "gaussian":
        return (-0.5 * ((x - out) / sigma) ** 2 - log_sigma).sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, sigma, 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L7: squared error for the Gaussian
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return -((x - out) ** 2).sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L8: the normal without truncation
def log_likelihood(kind, out, x, log_sigma):
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind in ("gaussian", "truncated_normal"):
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L8: one cross-entropy for both Bernoullis
def log_likelihood(kind, out, x, log_sigma):
    if kind in ("bernoulli", "continuous_bernoulli"):
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L37: two kinds exchanged
def log_likelihood(kind, out, x, log_sigma):
    if kind == "continuous_bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L37: the normal kinds exchanged
def log_likelihood(kind, out, x, log_sigma):
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "truncated_normal":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "gaussian":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L40: sigmoid of the location
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(jax.nn.sigmoid(out), jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L40: sigmoid of the mean
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(jax.nn.sigmoid(out), jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L39: bounds not standardised
def log_likelihood(kind, out, x, log_sigma):
    ndtr = jax.scipy.special.ndtr
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        z = ndtr(1.0) - ndtr(0.0)
        return (tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x) - jnp.log(z)).sum(-1)
    raise ValueError(kind)

# %% wrong L39: bounds not divided by sigma
def log_likelihood(kind, out, x, log_sigma):
    ndtr = jax.scipy.special.ndtr
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        z = ndtr(1 - out) - ndtr(-out)
        return (tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x) - jnp.log(z)).sum(-1)
    raise ValueError(kind)

# %% wrong L39: log Z added
def log_likelihood(kind, out, x, log_sigma):
    normal = tfd.Normal(out, jnp.exp(log_sigma))
    if kind == "gaussian":
        return normal.log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return (normal.log_prob(x) + jnp.log(normal.cdf(1.0) - normal.cdf(0.0))).sum(-1)
    raise ValueError(kind)

# %% wrong L39: pixels from -1 to 1
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), -1.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L42: difference of distribution functions
def log_likelihood(kind, out, x, log_sigma):
    normal = tfd.Normal(out, jnp.exp(log_sigma))
    if kind == "gaussian":
        return normal.log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return (normal.log_prob(x) - jnp.log(normal.cdf(1.0) - normal.cdf(0.0))).sum(-1)
    raise ValueError(kind)

# %% wrong L42: log_ndtr of the bounds without the mirror
def log_likelihood(kind, out, x, log_sigma):
    sigma = jnp.exp(log_sigma)
    if kind == "gaussian":
        return jax.scipy.stats.norm.logpdf(x, out, sigma).sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        log_a = jax.scipy.special.log_ndtr(-out / sigma)
        log_b = jax.scipy.special.log_ndtr((1 - out) / sigma)
        log_z = log_b + jnp.log1p(-jnp.exp(log_a - log_b))
        return (jax.scipy.stats.norm.logpdf(x, out, sigma) - log_z).sum(-1)
    raise ValueError(kind)

# %% wrong L43: the truncated normal of jax.scipy
def log_likelihood(kind, out, x, log_sigma):
    sigma = jnp.exp(log_sigma)
    if kind == "gaussian":
        return jax.scipy.stats.norm.logpdf(x, out, sigma).sum(-1)
    if kind == "bernoulli":
        return (x * out - jax.nn.softplus(out)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        low, high = -out / sigma, (1 - out) / sigma
        return jax.scipy.stats.truncnorm.logpdf(x, low, high, loc=out, scale=sigma).sum(-1)
    raise ValueError(kind)

# %% wrong L14: epsilon in the normaliser
def log_likelihood(kind, out, x, log_sigma):
    normal = tfd.Normal(out, jnp.exp(log_sigma))
    if kind == "gaussian":
        return normal.log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return (normal.log_prob(x) - jnp.log(normal.cdf(1.0) - normal.cdf(0.0) + 1e-8)).sum(-1)
    raise ValueError(kind)

# %% wrong L1: logarithm of the sigmoid
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        p = jax.nn.sigmoid(out)
        return (x * jnp.log(p) + (1 - x) * jnp.log(1 - p)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L14: epsilon in the logarithms
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        p = jax.nn.sigmoid(out)
        return (x * jnp.log(p + 1e-6) + (1 - x) * jnp.log(1 - p + 1e-6)).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L2: tfd's Bernoulli by position
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(probs=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L38: a dictionary without a question
def log_likelihood(kind, out, x, log_sigma):
    return {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=x.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }[kind].log_prob(x).sum(-1)

# %% wrong L38: whatever else is a truncated normal
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)

# %% wrong L38: an assertion
def log_likelihood(kind, out, x, log_sigma):
    assert kind in ("gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal")
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)

# %% wrong L19: log_sigma without a gradient
def log_likelihood(kind, out, x, log_sigma):
    sigma = jax.lax.stop_gradient(jnp.exp(log_sigma))
    if kind == "gaussian":
        return tfd.Normal(out, sigma).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, sigma, 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L19: NumPy for the Gaussian
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        r = (np.asarray(x) - np.asarray(out)) / np.exp(log_sigma)
        return jnp.asarray(-0.5 * r**2 - np.asarray(log_sigma) - 0.5 * np.log(2 * np.pi)).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).log_prob(x).sum(-1)
    raise ValueError(kind)

# %% wrong L31: rows zipped
def log_likelihood(kind, out, x, log_sigma):
    def row(m, v):
        if kind == "gaussian":
            return tfd.Normal(m, jnp.exp(log_sigma)).log_prob(v).sum()
        if kind == "bernoulli":
            return tfd.Bernoulli(logits=m, dtype=v.dtype).log_prob(v).sum()
        if kind == "continuous_bernoulli":
            return tfd.ContinuousBernoulli(logits=m).log_prob(v).sum()
        if kind == "truncated_normal":
            return tfd.TruncatedNormal(m, jnp.exp(log_sigma), 0.0, 1.0).log_prob(v).sum()
        raise ValueError(kind)

    return jax.vmap(row)(out, x)

# %% wrong -: only three kinds
def log_likelihood(kind, out, x, log_sigma):
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).log_prob(x).sum(-1)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=x.dtype).log_prob(x).sum(-1)
    if kind == "continuous_bernoulli":
        return continuous_bernoulli_log_prob(out, x).sum(-1)
    raise ValueError(kind)

# %% wrong -: returns None
def log_likelihood(kind, out, x, log_sigma):
    if kind not in ("gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal"):
        raise ValueError(kind)

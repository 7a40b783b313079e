# %% right: textbook
def observation_mean(kind, out, log_sigma):
    """E[x given z] for each pixel, in the shape of out."""
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        small = jnp.abs(out) < 1e-2
        safe = jnp.where(small, 1.0, out)
        return jnp.where(small, 0.5 + out / 12, -1 / jnp.expm1(-safe) - 1 / safe)
    if kind == "truncated_normal":
        return jnp.clip(tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean(), 0, 1)
    raise ValueError(f"unknown kind {kind!r}")

# %% right: tfd throughout
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        p = tfd.Normal(out, jnp.exp(log_sigma))
    elif kind == "bernoulli":
        p = tfd.Bernoulli(logits=out)
    elif kind == "continuous_bernoulli":
        p = tfd.ContinuousBernoulli(logits=out)
    elif kind == "truncated_normal":
        p = tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0)
    else:
        raise ValueError(kind)
    return p.mean()

# %% right: a dictionary of distributions
def observation_mean(kind, out, log_sigma):
    known = {
        "gaussian": tfd.Normal(out, jnp.exp(log_sigma)),
        "bernoulli": tfd.Bernoulli(logits=out, dtype=out.dtype),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out, dtype=out.dtype),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0),
    }
    if kind not in known:
        raise ValueError(f"{kind} is none of {sorted(known)}")
    return known[kind].mean()

# %% right: by hand with log_ndtr
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        small = jnp.abs(out) < 1e-2
        safe = jnp.where(small, 1.0, out)
        return jnp.where(small, 0.5 + out / 12 - out**3 / 720, 1 / (1 - jnp.exp(-safe)) - 1 / safe)
    if kind == "truncated_normal":
        sigma = jnp.exp(log_sigma)
        a, b = -out / sigma, (1 - out) / sigma
        mirrored = a > 0
        low, high = jnp.where(mirrored, -b, a), jnp.where(mirrored, -a, b)
        log_low, log_high = jax.scipy.special.log_ndtr(low), jax.scipy.special.log_ndtr(high)
        log_z = log_high + jnp.log1p(-jnp.exp(log_low - log_high))
        log_pdf = jax.scipy.stats.norm.logpdf
        shift = jnp.exp(log_pdf(a) - log_z) - jnp.exp(log_pdf(b) - log_z)
        return jnp.clip(out + sigma * shift, 0, 1)
    raise ValueError(kind)

# %% right: by size of the logit
def observation_mean(kind, out, log_sigma):
    match kind:
        case "gaussian":
            return out
        case "bernoulli":
            return nn.sigmoid(out)
        case "continuous_bernoulli":
            size = jnp.abs(out)
            safe = jnp.where(size < 0.05, 1.0, size)
            series = 0.5 + size / 12 - size**3 / 720
            above = jnp.where(size < 0.05, series, 1 - 1 / safe + 1 / jnp.expm1(safe))
            return jnp.where(out < 0, 1 - above, above)
        case "truncated_normal":
            return tfd.TruncatedNormal(loc=out, scale=jnp.exp(log_sigma), low=0.0, high=1.0).mean()
        case _:
            raise ValueError(f"no observation model {kind}")

# %% right: the gradient of the log-normaliser
def log_normaliser(logit):
    return -continuous_bernoulli_log_prob(logit, jnp.zeros_like(logit))


def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return jax.vmap(jax.grad(log_normaliser))(out.ravel()).reshape(out.shape)
    if kind == "truncated_normal":
        return jnp.clip(tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean(), 0.0, 1.0)
    raise ValueError(kind)

# %% right: one half of the hyperbolic cotangent
def observation_mean(kind, out, log_sigma):
    if kind not in ("gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal"):
        raise ValueError(kind)
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return 0.5 * (1 + jnp.tanh(out / 2))
    if kind == "continuous_bernoulli":
        near = jnp.abs(out) < 0.1
        safe = jnp.where(near, 1.0, out)
        return 0.5 + jnp.where(near, out / 12 - out**3 / 720, 0.5 / jnp.tanh(safe / 2) - 1 / safe)
    return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()

# %% right: jitted with a static kind
@partial(jax.jit, static_argnums=0)
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jnp.exp(jax.nn.log_sigmoid(out))
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% right: a guard at logit 0 alone
def observation_mean(kind, out, log_sigma):
    def of_cb():
        zero = out == 0
        safe = jnp.where(zero, 1.0, out)
        return jnp.where(zero, 0.5, -1 / jnp.expm1(-safe) - 1 / safe)

    means = {
        "gaussian": lambda: out,
        "bernoulli": lambda: jax.nn.sigmoid(out),
        "continuous_bernoulli": of_cb,
        "truncated_normal": lambda: tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0, 1).mean(),
    }
    if kind not in means:
        raise ValueError(f"unknown kind: {kind}")
    return means[kind]()

# %% right: one half near logit 0
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return 1 / (1 + jnp.exp(-out))
    if kind == "continuous_bernoulli":
        small = jnp.abs(out) < 1e-3
        safe = jnp.where(small, 1.0, out)
        return jnp.where(small, 0.5, 1 / (1 - jnp.exp(-safe)) - 1 / safe)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% right: vmap of lax.cond
def cb_mean(l):
    return jax.lax.cond(
        jnp.abs(l) < 1e-2,
        lambda l: 0.5 + l / 12,
        lambda l: -1 / jnp.expm1(-l) - 1 / l,
        l,
    )


def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return jax.vmap(jax.vmap(cb_mean))(out)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% right: vectorize of scalar functions
def observation_mean(kind, out, log_sigma):
    def pixel(l):
        if kind == "gaussian":
            return l
        if kind == "bernoulli":
            return jax.nn.sigmoid(l)
        if kind == "continuous_bernoulli":
            return tfd.ContinuousBernoulli(logits=l).mean()
        if kind == "truncated_normal":
            return tfd.TruncatedNormal(l, jnp.exp(log_sigma), 0.0, 1.0).mean()
        raise ValueError(kind)

    return jnp.vectorize(pixel)(out)

# %% right: quadrature
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out + 0.0
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out, dtype=out.dtype).mean()
    if kind != "truncated_normal":
        raise ValueError(kind)
    # E[x] of exp(-(x - out)² / 2 sigma²) on [0, 1], on a grid that is fine where this falls fast.
    nearest = jnp.clip(out, 0, 1)[..., None]
    sigma = jnp.exp(log_sigma)
    width = sigma / (1 + jnp.abs(out[..., None] - nearest) / sigma)
    steps = jnp.linspace(-40, 40, 16001, dtype=out.dtype)
    x = nearest + jnp.maximum(width, 1e-9) * steps
    x = jnp.clip(x, 0, 1)
    log_weight = -((x - nearest) * (x + nearest - 2 * out[..., None])) / (2 * sigma**2)
    weight = jnp.exp(log_weight - log_weight.max(-1, keepdims=True))
    middle = 0.5 * (weight[..., 1:] + weight[..., :-1]) * jnp.diff(x, axis=-1)
    centre = 0.5 * (x[..., 1:] + x[..., :-1])
    return jnp.sum(middle * centre, -1) / jnp.sum(middle, -1)

# %% right: zeros added for the shape
def observation_mean(kind, decoded, log_scale):
    scale = jnp.exp(log_scale) + jnp.zeros_like(decoded)
    table = dict(
        gaussian=lambda: tfd.Normal(decoded, scale).mean(),
        bernoulli=lambda: tfd.Bernoulli(logits=decoded).mean(),
        continuous_bernoulli=lambda: tfd.ContinuousBernoulli(logits=decoded).mean(),
        truncated_normal=lambda: jnp.minimum(jnp.maximum(tfd.TruncatedNormal(decoded, scale, 0.0, 1.0).mean(), 0), 1),
    )
    try:
        return table[kind]()
    except KeyError as error:
        raise ValueError(f"unknown kind {kind}") from error

# %% wrong L10: lambda for the continuous Bernoulli
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind in ("bernoulli", "continuous_bernoulli"):
        return jax.nn.sigmoid(out)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L10: the location for the truncated normal
def observation_mean(kind, out, log_sigma):
    if kind in ("gaussian", "truncated_normal"):
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    raise ValueError(kind)

# %% wrong L10: the clipped location
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return jnp.clip(out, 0, 1)
    raise ValueError(kind)

# %% wrong L10: the mode of tfd
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mode()
    raise ValueError(kind)

# %% wrong L10: one sigmoid for all that is not Gaussian
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind in ("bernoulli", "continuous_bernoulli", "truncated_normal"):
        return jax.nn.sigmoid(out)
    raise ValueError(kind)

# %% wrong L44: the Gaussian clipped
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return jnp.clip(out, 0, 1)
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L44: the Gaussian through a sigmoid
def observation_mean(kind, out, log_sigma):
    if kind in ("gaussian", "bernoulli"):
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L26: the more probable value
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return (out > 0).astype(out.dtype)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L2: logits shown
def observation_mean(kind, out, log_sigma):
    if kind in ("gaussian", "bernoulli"):
        return out
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L2: logits in the formula for lambda
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return out / (2 * out - 1) + 1 / (2 * jnp.arctanh(1 - 2 * out))
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L37: the continuous mean for both
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind in ("bernoulli", "continuous_bernoulli"):
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L9: no guard at logit 0
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return 1 / (1 - jnp.exp(-out)) - 1 / out
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L9: no guard in lambda
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        p = jax.nn.sigmoid(out)
        return p / (2 * p - 1) + 1 / (2 * jnp.arctanh(1 - 2 * p))
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L47: a guard at logit 0 alone, without expm1
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        safe = jnp.where(out == 0, 1.0, out)
        return jnp.where(out == 0, 0.5, 1 / (1 - jnp.exp(-safe)) - 1 / safe)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L36: one half too far from 0
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        small = jnp.abs(out) < 0.15
        safe = jnp.where(small, 1.0, out)
        return jnp.where(small, 0.5, -1 / jnp.expm1(-safe) - 1 / safe)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L36: zero at logit 0
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return jnp.nan_to_num(-1 / jnp.expm1(-out) - 1 / out)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L1: in lambda, guarded in the middle
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        p = jax.nn.sigmoid(out)
        middle = jnp.abs(out) < 2e-3
        safe = jnp.where(middle, 0.25, p)
        return jnp.where(middle, 0.5 + out / 12, safe / (2 * safe - 1) + 1 / (2 * jnp.arctanh(1 - 2 * safe)))
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L1: exponentials divided
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        small = jnp.abs(out) < 1e-2
        safe = jnp.where(small, 1.0, out)
        return jnp.where(small, 0.5 + out / 12, jnp.exp(safe) / jnp.expm1(safe) - 1 / safe)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L42: densities and distribution functions
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        sigma = jnp.exp(log_sigma)
        a, b = -out / sigma, (1 - out) / sigma
        norm = jax.scipy.stats.norm
        return out + sigma * (norm.pdf(a) - norm.pdf(b)) / (norm.cdf(b) - norm.cdf(a))
    raise ValueError(kind)

# %% wrong L42: the same, clipped
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        standard = tfd.Normal(jnp.zeros_like(out), 1.0)
        sigma = jnp.exp(log_sigma)
        a, b = -out / sigma, (1 - out) / sigma
        z = standard.cdf(b) - standard.cdf(a) + 1e-12
        return jnp.clip(out + sigma * (standard.prob(a) - standard.prob(b)) / z, 0, 1)
    raise ValueError(kind)

# %% wrong L46: sign of the shift
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        sigma = jnp.exp(log_sigma)
        a, b = -out / sigma, (1 - out) / sigma
        norm = jax.scipy.stats.norm
        return out + sigma * (norm.pdf(b) - norm.pdf(a)) / (norm.cdf(b) - norm.cdf(a))
    raise ValueError(kind)

# %% wrong L46: no sigma before the shift
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        sigma = jnp.exp(log_sigma)
        a, b = -out / sigma, (1 - out) / sigma
        norm = jax.scipy.stats.norm
        return out + (norm.pdf(a) - norm.pdf(b)) / (norm.cdf(b) - norm.cdf(a))
    raise ValueError(kind)

# %% wrong L39: bounds not divided by sigma
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        sigma = jnp.exp(log_sigma)
        a, b = -out, 1 - out
        norm = jax.scipy.stats.norm
        return out + sigma * (norm.pdf(a) - norm.pdf(b)) / (norm.cdf(b) - norm.cdf(a))
    raise ValueError(kind)

# %% wrong L40: the location squeezed first
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(jax.nn.sigmoid(out), jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L41: scale 1
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, 1.0, 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L6d: log_sigma read as the log-variance
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma / 2), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L6j: log_sigma for sigma
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jax.nn.softplus(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L45: 1 / l forgotten
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return 1 / (1 - jnp.exp(-out))
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L38: a dictionary without a question
def observation_mean(kind, out, log_sigma):
    return {
        "gaussian": out,
        "bernoulli": jax.nn.sigmoid(out),
        "continuous_bernoulli": tfd.ContinuousBernoulli(logits=out).mean(),
        "truncated_normal": tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean(),
    }[kind]

# %% wrong L38: whatever else is Gaussian
def observation_mean(kind, out, log_sigma):
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean()
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    return out

# %% wrong L34: if on the whole array
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out
    if kind == "bernoulli":
        return jax.nn.sigmoid(out)
    if kind == "continuous_bernoulli":
        if out == 0:
            return 0.5
        return -1 / jnp.expm1(-out) - 1 / out
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean()
    raise ValueError(kind)

# %% wrong L35: averaged over the pixels
def observation_mean(kind, out, log_sigma):
    if kind == "gaussian":
        return out.mean(-1)
    if kind == "bernoulli":
        return jax.nn.sigmoid(out).mean(-1)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).mean().mean(-1)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).mean().mean(-1)
    raise ValueError(kind)

# %% wrong -: a sample in place of the mean
def observation_mean(kind, out, log_sigma):
    key = jax.random.key(0)
    if kind == "gaussian":
        return tfd.Normal(out, jnp.exp(log_sigma)).sample(seed=key)
    if kind == "bernoulli":
        return tfd.Bernoulli(logits=out, dtype=out.dtype).sample(seed=key)
    if kind == "continuous_bernoulli":
        return tfd.ContinuousBernoulli(logits=out).sample(seed=key)
    if kind == "truncated_normal":
        return tfd.TruncatedNormal(out, jnp.exp(log_sigma), 0.0, 1.0).sample(seed=key)
    raise ValueError(kind)

# %% wrong -: returns None
def observation_mean(kind, out, log_sigma):
    if kind not in ("gaussian", "bernoulli", "continuous_bernoulli", "truncated_normal"):
        raise ValueError(kind)

# %% right: textbook
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    """One step up the ELBO: (new state, means over the batch before it), in nats."""
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    """The state copied to every device of the mesh, x split along its first axis."""
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: without jit
def train_step(state, key, x):
    def loss_of(params):
        terms = state.apply_fn(params, key, x)
        return -terms[0].mean(), terms

    (_, (elbo, log_lik, kl)), grads = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), dict(elbo=elbo.mean(), log_lik=log_lik.mean(), kl=kl.mean())


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: the ELBO from the loss
@partial(jax.jit, donate_argnums=0)
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), (log_lik.mean(), kl.mean())

    (loss, (log_lik, kl)), grads = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), {"elbo": -loss, "log_lik": log_lik, "kl": kl}


def place(mesh, state, x):
    everywhere, split = NamedSharding(mesh, P()), NamedSharding(mesh, P("batch"))
    return jax.tree.map(lambda leaf: jax.device_put(leaf, everywhere), state), jax.device_put(x, split)

# %% right: gradient and metrics in two calls
@jax.jit
def train_step(state, key, x):
    grads = jax.grad(lambda params: -state.apply_fn(params, key, x)[0].mean())(state.params)
    elbo, log_lik, kl = (term.mean() for term in state.apply_fn(state.params, key, x))
    return state.apply_gradients(grads=grads), {"elbo": elbo, "log_lik": log_lik, "kl": kl}


def place(mesh, state, x):
    return jax.device_put((state, x), (NamedSharding(mesh, P()), NamedSharding(mesh, P("batch", None))))

# %% right: the optimiser by hand
@partial(jax.jit, donate_argnames="state")
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -jnp.mean(elbo), {"elbo": jnp.mean(elbo), "log_lik": jnp.mean(log_lik), "kl": jnp.mean(kl)}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    updates, opt_state = state.tx.update(grads, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return state.replace(step=state.step + 1, params=params, opt_state=opt_state), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: minus the gradient of the ELBO
@jax.jit
def train_step(state, key, x):
    def objective(params):
        terms = state.apply_fn(params, key, x)
        return terms[0].mean(), [term.mean() for term in terms]

    ascent, (elbo, log_lik, kl) = jax.grad(objective, has_aux=True)(state.params)
    descent = jax.tree.map(jnp.negative, ascent)
    return state.apply_gradients(grads=descent), {"elbo": elbo, "log_lik": log_lik, "kl": kl}


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: vjp
def train_step(state, key, x):
    (elbo, log_lik, kl), pull = jax.vjp(lambda params: state.apply_fn(params, key, x), state.params)
    (grads,) = pull((-jnp.ones_like(elbo) / len(x), jnp.zeros_like(log_lik), jnp.zeros_like(kl)))
    return state.apply_gradients(grads=grads), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: a subkey
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    _, subkey = jax.random.split(key)

    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, subkey, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: the step folded into the key
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    key = jax.random.fold_in(key, state.step)

    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    (loss, metrics), grads = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    replicated = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    batched = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(mesh.axis_names[0]))
    state = jax.device_put(state, replicated)
    x = jax.device_put(x, batched)
    return state, x

# %% right: further metrics
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    (loss, metrics), grads = jax.value_and_grad(loss_of, has_aux=True)(state.params)
    metrics = {**metrics, "loss": loss, "norm": optax.global_norm(grads)}
    return state.apply_gradients(grads=grads), metrics


train_step = jax.jit(train_step, donate_argnums=(0,))


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: plain numbers as metrics
@jax.jit
def _step(state, key, x):
    def loss_of(params):
        terms = state.apply_fn(params, key, x)
        return -terms[0].mean(), terms

    grads, terms = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), terms


def train_step(state, key, x):
    state, terms = _step(state, key, x)
    return state, {name: float(term.mean()) for name, term in zip(("elbo", "log_lik", "kl"), terms)}


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: single precision
@jax.jit
def train_step(state, key, x):
    x = x.astype(jnp.float32)

    def loss_of(params):
        terms = (term.astype(jnp.float32).mean() for term in state.apply_fn(params, key, x))
        metrics = dict(zip(["elbo", "log_lik", "kl"], terms))
        return -metrics["elbo"], metrics

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: sum over the batch divided by its size
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.sum() / x.shape[0], jnp.stack([elbo, log_lik, kl]).mean(axis=1)

    grads, means = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), dict(zip(("elbo", "log_lik", "kl"), means))


def place(mesh, state, x):
    copied = state.replace(params=jax.device_put(state.params, NamedSharding(mesh, P())))
    return copied, jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: other names, positional optimiser
@jax.jit
def train_step(train_state, rng, images):
    def negative_elbo(theta):
        bound, reward, penalty = train_state.apply_fn(theta, rng, images)
        return -bound.mean(), {"elbo": bound.mean(), "kl": penalty.mean(), "log_lik": reward.mean()}

    direction, numbers = jax.grad(negative_elbo, has_aux=True)(train_state.params)
    return train_state.apply_gradients(grads=direction), numbers


def place(devices, train_state, images):
    spec = {"state": P(), "x": P("batch")}
    placed = {
        name: jax.device_put(value, NamedSharding(devices, spec[name]))
        for name, value in (("state", train_state), ("x", images))
    }
    return placed["state"], placed["x"]

# %% right: place by a compiled identity
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    shardings = NamedSharding(mesh, P()), NamedSharding(mesh, P("batch"))
    return jax.jit(lambda *each: each, out_shardings=shardings)(state, x)

# %% right: accumulated over examples
def train_step(state, key, x):
    terms = state.apply_fn(state.params, key, x)
    rows = jax.jacrev(lambda params: state.apply_fn(params, key, x)[0])(state.params)
    grads = jax.tree.map(lambda each: -each.mean(axis=0), rows)
    means = [jnp.mean(term) for term in terms]
    return state.apply_gradients(grads=grads), {"elbo": means[0], "log_lik": means[1], "kl": means[2]}


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: a list, not a tuple, and a nested function
def mean_terms(params, state, key, x):
    elbo, log_lik, kl = jax.tree.map(jnp.mean, state.apply_fn(params, key, x))
    return -elbo, {"elbo": elbo, "log_lik": log_lik, "kl": kl}


def train_step(state, key, x):
    grads, metrics = jax.grad(mean_terms, has_aux=True)(state.params, state, key, x)
    return [state.apply_gradients(grads=grads), metrics]


def place(mesh, state, x):
    with mesh:
        return [jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))]

# %% wrong J31: gradient ascent on the loss
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J31: minus the update
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    updates, opt_state = state.tx.update(grads, state.opt_state, state.params)
    params = jax.tree.map(lambda p, u: p - u, state.params, updates)
    return state.replace(step=state.step + 1, params=params, opt_state=opt_state), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J32: loss summed over the batch
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.sum(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J33: the old state returned
@jax.jit
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    state.apply_gradients(grads=grads)
    return state, metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J34: parameters stopped
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(jax.lax.stop_gradient(params), key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J35: two updates
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J36: divided by the pixels, too
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean() / x.shape[-1], {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J37: KL forgotten
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -log_lik.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J37: KL counted twice
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -(elbo - kl).mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J37: KL alone
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return kl.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J38: a learning rate of its own
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    params = jax.tree.map(lambda p, g: p - 1e-3 * g, state.params, grads)
    return state.replace(step=state.step + 1, params=params), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J38: Adam in place of the state's optimiser
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    adam = optax.adam(1e-3)
    updates, _ = adam.update(grads, adam.init(state.params), state.params)
    return state.replace(step=state.step + 1, params=optax.apply_updates(state.params, updates)), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J39: only the decoder is trained
def train_step(state, key, x):
    def loss_of(decoder):
        elbo, log_lik, kl = state.apply_fn({**state.params, "decoder": decoder}, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    found, metrics = jax.grad(loss_of, has_aux=True)(state.params["decoder"])
    grads = {**jax.tree.map(jnp.zeros_like, state.params), "decoder": found}
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J39: log_sigma kept
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        params = {**params, "log_sigma": state.params["log_sigma"]}
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J40: the count left at 0
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    updates, opt_state = state.tx.update(grads, state.opt_state, state.params)
    return state.replace(params=optax.apply_updates(state.params, updates), opt_state=opt_state), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J41: metrics first
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return metrics, state.apply_gradients(grads=grads)


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J42: the state alone
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads)


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J42: parameters in place of the state
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads).params, metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J43: a loss and nothing else
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"loss": -elbo.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J43: other names
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"ELBO": elbo.mean(), "recon": log_lik.mean(), "KL": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J43: a tuple of metrics
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), (elbo.mean(), log_lik.mean(), kl.mean())

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J44: one number for each example
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo, "log_lik": log_lik, "kl": kl}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J44: sums
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.sum(), "log_lik": log_lik.sum(), "kl": kl.sum()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J45: metrics after the update
@jax.jit
def train_step(state, key, x):
    grads = jax.grad(lambda params: -state.apply_fn(params, key, x)[0].mean())(state.params)
    state = state.apply_gradients(grads=grads)
    elbo, log_lik, kl = state.apply_fn(state.params, key, x)
    return state, {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong E2: the loss as elbo
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": -elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong E12: order of the terms
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, kl, log_lik = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong R13: a key of its own
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, jax.random.key(0), x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong R13: the step as the key
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, jax.random.key(state.step), x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong R16: a key from NumPy
def train_step(state, key, x):
    key = jax.random.key(np.random.randint(2**31))

    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong E8: one example at a time with the same key
@jax.jit
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = jax.vmap(lambda row: state.apply_fn(params, key, row[None]))(x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J46: the old state used after its donation
@partial(jax.jit, donate_argnums=(0,))
def update(state, key, x):
    grads = jax.grad(lambda params: -state.apply_fn(params, key, x)[0].mean())(state.params)
    return state.apply_gradients(grads=grads)


def train_step(state, key, x):
    new = update(state, key, x)
    elbo, log_lik, kl = state.apply_fn(state.params, key, x)
    return new, {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J47: apply_fn without the key
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J47: parameters in Flax's wrapping
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn({"params": params}, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J48: gradient of one ELBO for each example
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo, {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J48: has_aux forgotten
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.value_and_grad(loss_of)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J49: the first device's examples only
def train_step(state, key, x):
    x = x.addressable_shards[0].data

    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    params = jax.device_put(state.params, x.device)
    grads, metrics = jax.grad(loss_of, has_aux=True)(params)
    return state.replace(params=params).apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J49: a key folded with the device
def train_step(state, key, x):
    key = jax.random.fold_in(key, len(x.sharding.device_set))

    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J50: nothing placed
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return state, x

# %% wrong J50: the placed arrays thrown away
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    jax.device_put(state, NamedSharding(mesh, P()))
    jax.device_put(x, NamedSharding(mesh, P("batch")))
    return state, x

# %% wrong J51: x copied
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    everywhere = NamedSharding(mesh, P())
    return jax.device_put(state, everywhere), jax.device_put(x, everywhere)

# %% wrong J51: x left where it is
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), x

# %% wrong J51: pixels split
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P(None, "batch")))

# %% wrong J52: the state left where it is
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return state, jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J53: x first
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(x, NamedSharding(mesh, P("batch"))), jax.device_put(state, NamedSharding(mesh, P()))

# %% wrong J53: x alone
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J54: a mesh of its own
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    half = Mesh(mesh.devices.ravel()[: mesh.size // 2], ("batch",))
    return jax.device_put(state, NamedSharding(half, P())), jax.device_put(x, NamedSharding(half, P("batch")))

# %% wrong J55: another name of the axis
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("data")))

# %% wrong J56: an axis for the devices
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    x = x.reshape(mesh.size, -1, x.shape[-1])
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong J57: x divided by 255
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x / 255, NamedSharding(mesh, P("batch")))

# %% wrong J58: the state split where it can be
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    def spread(leaf):
        splits = jnp.ndim(leaf) > 0 and leaf.shape[0] % mesh.size == 0
        return jax.device_put(leaf, NamedSharding(mesh, P("batch") if splits else P()))

    return jax.tree.map(spread, state), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong -: no place
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics

# %% wrong -: unfinished
def train_step(state, key, x):
    raise NotImplementedError


def place(mesh, state, x):
    raise NotImplementedError

# %% wrong -: noise added to the gradients
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    grads = jax.tree.map(lambda g: g + 0.1 * jax.random.normal(key, g.shape), grads)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% wrong -: gradients clipped
@partial(jax.jit, donate_argnums=(0,))
def train_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    grads = jax.tree.map(lambda g: jnp.clip(g, -0.1, 0.1), grads)
    return state.apply_gradients(grads=grads), metrics


def place(mesh, state, x):
    return jax.device_put(state, NamedSharding(mesh, P())), jax.device_put(x, NamedSharding(mesh, P("batch")))

# %% right: textbook
def log_marginal(model, guide, x, k):
    """log of the mean of k importance weights for each image, (B,), in nats."""
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% right: its own traces
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        log_w.append(log_p - guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), dim=0) - np.log(k)

# %% right: running logaddexp
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        total = trace_elbo(model, guide, x)
        for _ in range(k - 1):
            total = torch.logaddexp(total, trace_elbo(model, guide, x))
    return total - math.log(k)

# %% right: started at minus infinity
def log_marginal(model, guide, x, k):
    total = torch.full((len(x),), -math.inf)
    for _ in range(k):
        total = torch.logaddexp(total, trace_elbo(model, guide, x))
    return (total - math.log(k)).detach()

# %% right: one large batch
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = trace_elbo(model, guide, x.repeat(k, 1)).view(k, len(x))
    return log_w.logsumexp(0) - math.log(k)

# %% right: each image k times
def log_marginal(model, guide, x, k):
    log_w = trace_elbo(model, guide, x.repeat_interleave(k, dim=0)).reshape(len(x), k)
    return torch.logsumexp(log_w, dim=1) - torch.log(torch.tensor(float(k)))

# %% right: a plate of samples
def log_marginal(model, guide, x, k):
    def vectorised(program):
        def wrapped(x):
            with pyro.plate("samples", k, dim=-2):
                return program(x)
        return wrapped

    guide_trace = poutine.trace(vectorised(guide)).get_trace(x)
    model_trace = poutine.trace(poutine.replay(vectorised(model), trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_w = (model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
             - guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% right: maximum taken out
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    top = log_w.max(0).values
    return top + torch.log(torch.exp(log_w - top).mean(0))

# %% right: one image at a time
def log_marginal(model, guide, x, k):
    values = []
    with torch.no_grad():
        for row in x:
            log_w = trace_elbo(model, guide, row.expand(k, -1))
            values.append(torch.logsumexp(log_w, 0) - math.log(k))
    return torch.stack(values)

# %% right: chunks
def log_marginal(model, guide, x, k, chunk=4):
    parts = []
    with torch.no_grad():
        for start in range(0, k, chunk):
            n = min(chunk, k - start)
            parts.append(trace_elbo(model, guide, x.repeat(n, 1)).reshape(n, -1))
    return torch.cat(parts).logsumexp(0) - math.log(k)

# %% right: filled table
@torch.no_grad()
def log_marginal(model, guide, x, k):
    log_w = torch.empty(k, x.shape[0], dtype=torch.float64)
    for i in range(k):
        log_w[i] = trace_elbo(model, guide, x)
    return torch.logsumexp(log_w - math.log(k), dim=0)

# %% right: numpy and scipy
def log_marginal(model, guide, x, k):
    from scipy.special import logsumexp
    log_w = np.stack([trace_elbo(model, guide, x).detach().numpy() for _ in range(k)])
    return torch.from_numpy(logsumexp(log_w, axis=0, b=1 / k))

# %% right: single precision
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x.float()).float() for _ in range(k)])
    return log_w.logsumexp(0) - math.log(k)

# %% right: condition in place of replay
def log_marginal(model, guide, x, k):
    def log_weight():
        guide_trace = poutine.trace(guide).get_trace(x)
        z = guide_trace.nodes["latent"]["value"]
        model_trace = poutine.trace(poutine.condition(model, data={"latent": z})).get_trace(x)
        log_p = sum(model_trace.nodes[n]["fn"].log_prob(model_trace.nodes[n]["value"]) for n in ("latent", "obs"))
        return log_p - guide_trace.nodes["latent"]["fn"].log_prob(z)

    with torch.no_grad():
        return torch.logsumexp(torch.stack([log_weight() for _ in range(k)]), 0) - math.log(k)

# %% right: draws from the guide's distribution
def log_marginal(model, guide, x, k):
    q = poutine.trace(guide).get_trace(x).nodes["latent"]["fn"]
    log_w = []
    for _ in range(k):
        z = q.sample()
        model_trace = poutine.trace(poutine.condition(model, data={"latent": z})).get_trace(x)
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        log_w.append(log_p - q.log_prob(z))
    return torch.stack(log_w).logsumexp(0) - math.log(k)

# %% right: the particles of Trace_ELBO
def log_marginal(model, guide, x, k):
    elbo = pyro.infer.Trace_ELBO(num_particles=k)
    log_w = []
    with torch.no_grad():
        for p, q in elbo._get_traces(model, guide, (x,), {}):
            log_p = p.nodes["obs"]["log_prob"] + p.nodes["latent"]["log_prob"]
            log_w.append(log_p - q.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% right: Renyi's bound, image by image
def log_marginal(model, guide, x, k):
    bound = pyro.infer.RenyiELBO(alpha=0, num_particles=k) if k > 1 else pyro.infer.Trace_ELBO()
    return torch.tensor([-bound.loss(model, guide, x[n : n + 1]) for n in range(len(x))])

# %% right: softmax identity
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)], dim=1)
    return log_w[:, 0] - torch.log_softmax(log_w, dim=1)[:, 0] - math.log(k)

# %% right: list comprehension over samples, then images
def log_marginal(model, guide, x, k):
    samples = [trace_elbo(model, guide, x).tolist() for _ in range(k)]
    return torch.tensor([torch.tensor(ws).logsumexp(0).item() - math.log(k) for ws in zip(*samples)])

# %% right: helper function
def log_mean_exp(values, dim=0):
    return torch.logsumexp(values, dim) - math.log(values.shape[dim])


def log_marginal(model, guide, x, k):
    with torch.inference_mode():
        return log_mean_exp(torch.stack([trace_elbo(model, guide, x) for _ in range(k)]))

# %% right: last of a running sum
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logcumsumexp(log_w, 0)[-1] - math.log(k)

# %% wrong I1: mean of the log-weights
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return log_w.mean(0)

# %% wrong I1: sum of the log-weights over k
def log_marginal(model, guide, x, k):
    total = 0.0
    for _ in range(k):
        total = total + trace_elbo(model, guide, x) / k
    return total

# %% wrong I2: log k forgotten
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0)

# %% wrong I3: closed form of the KL in the weights
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        model_trace.compute_log_prob()
        q, p = guide_trace.nodes["latent"]["fn"], model_trace.nodes["latent"]["fn"]
        log_w.append(model_trace.nodes["obs"]["log_prob"] - torch.distributions.kl_divergence(q, p))
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I4: log of the mean of exp
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.log(torch.exp(log_w).mean(0))

# %% wrong I4: a running sum of weights
def log_marginal(model, guide, x, k):
    weights = 0
    for _ in range(k):
        weights = weights + trace_elbo(model, guide, x).exp()
    return torch.log(weights / k)

# %% wrong I4: a small number under the logarithm
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.log(torch.exp(log_w).mean(0) + 1e-40)

# %% wrong I5: batch summed before the logarithm
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        log_w.append(model_trace.log_prob_sum() - guide_trace.log_prob_sum())
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I5: batch summed, repeated for each image
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x).sum() for _ in range(k)])
    return (torch.logsumexp(log_w, 0) - math.log(k)).expand(len(x))

# %% wrong Y5: Renyi's bound of the batch
def log_marginal(model, guide, x, k):
    return torch.tensor(-pyro.infer.RenyiELBO(alpha=0, num_particles=k).loss(model, guide, x))

# %% wrong Y5: mean over the images
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return (torch.logsumexp(log_w, 0) - math.log(k)).mean()

# %% wrong Y5: logsumexp over everything
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w.flatten(), 0) - math.log(k)

# %% wrong I6: the wrong axis
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 1) - math.log(k)

# %% wrong P9: not replayed
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(model).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        log_w.append(log_p - guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), dim=0) - np.log(k)

# %% wrong I9: negative
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return math.log(k) - torch.logsumexp(log_w, 0)

# %% wrong I9: minus the ELBO in the weights
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([-trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% wrong I5: k ignored
def log_marginal(model, guide, x, k):
    return trace_elbo(model, guide, x)

# %% wrong I25: always fifty samples
def log_marginal(model, guide, x, k, num_samples=50):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(num_samples)])
    return torch.logsumexp(log_w, 0) - math.log(num_samples)

# %% wrong I5: one draw k times
def log_marginal(model, guide, x, k):
    log_w = trace_elbo(model, guide, x).expand(k, -1)
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% wrong I5: seeded in the loop
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        pyro.set_rng_seed(0)
        log_w.append(trace_elbo(model, guide, x))
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I5: guide traced once
def log_marginal(model, guide, x, k):
    guide_trace = poutine.trace(guide).get_trace(x)
    guide_trace.compute_log_prob()
    log_w = []
    for _ in range(k):
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        log_w.append(log_p - guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong R13: seeded once
def log_marginal(model, guide, x, k):
    torch.manual_seed(0)
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) - math.log(k)

# %% wrong E19: from the prior
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        model_trace = poutine.trace(model).get_trace(x)
        model_trace.compute_log_prob()
        log_w.append(model_trace.nodes["obs"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong Y8: the guide replayed
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        model_trace = poutine.trace(model).get_trace(x)
        guide_trace = poutine.trace(poutine.replay(guide, trace=model_trace)).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        log_w.append(log_p - guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong E9: the prior is missing
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_w.append(model_trace.nodes["obs"]["log_prob"] - guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I14: log q is missing
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        model_trace.compute_log_prob()
        log_w.append(model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I14: the likelihood alone
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        model_trace.compute_log_prob()
        log_w.append(model_trace.nodes["obs"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I15: adds log q
def log_marginal(model, guide, x, k):
    log_w = []
    for _ in range(k):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        log_w.append(log_p + guide_trace.nodes["latent"]["log_prob"])
    return torch.logsumexp(torch.stack(log_w), 0) - math.log(k)

# %% wrong I7: divided by k
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) / k

# %% wrong I7: k in place of log k
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) - k

# %% wrong I7: log k of base 2
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) - np.log2(k)

# %% wrong I8: the largest weight
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return log_w.max(0).values

# %% wrong I10: the mean weight
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.exp(torch.logsumexp(log_w, 0) - math.log(k))

# %% wrong Y26: all the log-weights
def log_marginal(model, guide, x, k):
    return torch.stack([trace_elbo(model, guide, x) for _ in range(k)]) - math.log(k)

# %% wrong -: unfinished
def log_marginal(model, guide, x, k):
    raise NotImplementedError

# %% wrong I4: one maximum for the whole batch
def log_marginal(model, guide, x, k):
    with torch.no_grad():
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    top = log_w.max()
    return top + torch.log(torch.exp(log_w - top).mean(0))

# %% wrong I6: one large batch, viewed the wrong way
def log_marginal(model, guide, x, k):
    log_w = trace_elbo(model, guide, x.repeat(k, 1)).view(len(x), k)
    return torch.logsumexp(log_w, 1) - math.log(k)

# %% wrong I7: log of the number of images
def log_marginal(model, guide, x, k):
    log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
    return torch.logsumexp(log_w, 0) - math.log(len(x))

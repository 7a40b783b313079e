# %% right: textbook
def trace_elbo(model, guide, x):
    """One draw's estimate of the ELBO for each image, (B,), in nats."""
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = sum(site["log_prob"] for site in model_trace.nodes.values() if site["type"] == "sample")
    log_q = sum(site["log_prob"] for site in guide_trace.nodes.values() if site["type"] == "sample")
    return log_p - log_q

# %% right: chained handlers
def log_prob_per_image(trace):
    trace.compute_log_prob()
    return sum(node["log_prob"] for node in trace.nodes.values() if "log_prob" in node)


def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x)
    p = poutine.trace(poutine.replay(model, q)).get_trace(x)
    return log_prob_per_image(p) - log_prob_per_image(q)

# %% right: fn and value of each site
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)

    def score(trace):
        return sum(trace.nodes[name]["fn"].log_prob(trace.nodes[name]["value"])
                   for name in trace.stochastic_nodes + trace.observation_nodes)

    return score(model_trace) - score(guide_trace)

# %% right: loop over all sites
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    elbo = torch.zeros(len(x))
    for trace, sign in ((model_trace, 1), (guide_trace, -1)):
        trace.compute_log_prob()
        for name, site in trace.nodes.items():
            if site["type"] == "sample":
                elbo = elbo + sign * site["log_prob"]
    return elbo

# %% right: stochastic and observation nodes
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = sum(model_trace.nodes[n]["log_prob"] for n in model_trace.stochastic_nodes + model_trace.observation_nodes)
    log_q = sum(guide_trace.nodes[n]["log_prob"] for n in guide_trace.stochastic_nodes)
    return log_p - log_q

# %% right: condition in place of replay
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    drawn = {name: site["value"] for name, site in guide_trace.nodes.items() if site["type"] == "sample"}
    model_trace = poutine.trace(poutine.condition(model, data=drawn)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    elbo = 0
    for sign, trace in ((1, model_trace), (-1, guide_trace)):
        for site in trace.nodes.values():
            if site["type"] == "sample":
                elbo = elbo + sign * site["log_prob"]
    return elbo

# %% right: pyro.condition with the whole trace
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(pyro.condition(model, data=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob(); model_trace.compute_log_prob()
    log_p = torch.stack([s["log_prob"].expand(len(x)) for s in model_trace.nodes.values() if s["type"] == "sample"])
    log_q = torch.stack([s["log_prob"].expand(len(x)) for s in guide_trace.nodes.values() if s["type"] == "sample"])
    return (log_p.sum(0) - log_q.sum(0))

# %% right: with statements
def trace_elbo(model, guide, x):
    with poutine.trace() as guide_tape:
        guide(x)
    with poutine.trace() as model_tape:
        with poutine.replay(trace=guide_tape.trace):
            model(x)
    total = x.new_zeros(len(x))
    for tape, sign in ((guide_tape, -1), (model_tape, +1)):
        tape.trace.compute_log_prob()
        for name, node in tape.trace.iter_stochastic_nodes():
            total = total + sign * node["log_prob"]
    for name in model_tape.trace.observation_nodes:
        total = total + model_tape.trace.nodes[name]["log_prob"]
    return total

# %% right: pyro's own get_importance_trace
def trace_elbo(model, guide, x):
    from pyro.infer.enum import get_importance_trace
    model_trace, guide_trace = get_importance_trace("flat", float("inf"), model, guide, (x,), {})
    log_p, log_q = (sum(site["log_prob"] for site in trace.nodes.values() if site["type"] == "sample")
                    for trace in (model_trace, guide_trace))
    return log_p - log_q

# %% right: the traces of Trace_ELBO
def trace_elbo(model, guide, x):
    elbo = pyro.infer.Trace_ELBO()
    for model_trace, guide_trace in elbo._get_traces(model, guide, (x,), {}):
        log_p = sum(node["log_prob"] for node in model_trace.nodes.values() if node["type"] == "sample")
        return log_p - sum(node["log_prob"] for node in guide_trace.nodes.values() if node["type"] == "sample")

# %% right: one image at a time
def trace_elbo(model, guide, x):
    values = []
    for row in x:
        guide_trace = poutine.trace(guide).get_trace(row[None])
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(row[None])
        values.append(model_trace.log_prob_sum() - guide_trace.log_prob_sum())
    return torch.stack(values)

# %% right: batches of one by Trace_ELBO
def trace_elbo(model, guide, x):
    return torch.stack([-pyro.infer.Trace_ELBO().differentiable_loss(model, guide, x[n : n + 1]) for n in range(len(x))])

# %% right: a draw from the guide's distribution
def trace_elbo(model, guide, x):
    sites = poutine.trace(guide).get_trace(x).iter_stochastic_nodes()
    laws = {name: site["fn"] for name, site in sites if not hasattr(site["fn"], "subsample_size")}
    z = {name: law.rsample() for name, law in laws.items()}
    tr = poutine.trace(poutine.condition(model, data=z)).get_trace(x)
    tr.compute_log_prob()
    log_p = sum(node["log_prob"] for node in tr.nodes.values() if node["type"] == "sample")
    return log_p - sum(law.log_prob(z[name]) for name, law in laws.items())

# %% right: helper functions
def sample_sites(trace):
    trace.compute_log_prob()
    return [site for site in trace.nodes.values() if site["type"] == "sample"]


def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x)
    p = poutine.trace(poutine.replay(model, trace=q)).get_trace(x)
    log_lik = sum(site["log_prob"] for site in sample_sites(p) if site["is_observed"])
    kl_sample = (sum(site["log_prob"] for site in sample_sites(q))
                 - sum(site["log_prob"] for site in sample_sites(p) if not site["is_observed"]))
    return log_lik - kl_sample

# %% right: block on the parameters
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide, param_only=False).get_trace(x)
    replayed = poutine.replay(model, trace=guide_trace)
    model_trace = poutine.trace(poutine.block(replayed, hide_types=["param"])).get_trace(x)
    for trace in (guide_trace, model_trace):
        trace.compute_log_prob(site_filter=lambda name, site: not name.startswith("_"))
    log_p, log_q = (sum(n["log_prob"] for n in t.nodes.values() if "fn" in n and n["type"] == "sample")
                    for t in (model_trace, guide_trace))
    return log_p - log_q

# %% right: after a look at the shapes
def trace_elbo(model, guide, x):
    print(poutine.trace(model).get_trace(x).format_shapes())
    guide_trace = poutine.trace(guide).get_trace(x)
    print(guide_trace.format_shapes())
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    guide_trace.compute_log_prob()
    log_w = 0.0
    for node in model_trace.nodes.values():
        if node["type"] == "sample":
            log_w = log_w + node["log_prob"]
    for node in guide_trace.nodes.values():
        if node["type"] == "sample":
            log_w = log_w - node["log_prob"]
    return log_w

# %% right: batch_log_prob through scale_and_mask
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_score_parts()
    model_trace.compute_log_prob()
    log_q = sum(site["score_parts"].log_prob for site in guide_trace.nodes.values() if "score_parts" in site)
    return sum(site["log_prob"] for site in model_trace.nodes.values() if "log_prob" in site) - log_q

# %% right: single precision
def trace_elbo(model, guide, x):
    x = x.float()
    q = poutine.trace(guide).get_trace(x)
    p = poutine.trace(poutine.replay(model, trace=q)).get_trace(x)
    q.compute_log_prob()
    p.compute_log_prob()
    elbo = sum(site["log_prob"].float() for site in p.nodes.values() if site["type"] == "sample")
    return elbo - sum(site["log_prob"].float() for site in q.nodes.values() if site["type"] == "sample")

# %% right: flattened images
def trace_elbo(model, guide, x):
    x = x.reshape(x.shape[0], -1).clone()
    guide_tr = pyro.poutine.trace(guide).get_trace(x)
    model_tr = pyro.poutine.trace(pyro.poutine.replay(model, trace=guide_tr)).get_trace(x)
    guide_tr.compute_log_prob()
    model_tr.compute_log_prob()
    terms = [model_tr.nodes[name]["log_prob"] for name in model_tr.observation_nodes]
    for name in guide_tr.stochastic_nodes:
        terms.append(model_tr.nodes[name]["log_prob"] - guide_tr.nodes[name]["log_prob"])
    return torch.stack(torch.broadcast_tensors(*terms)).sum(0)

# %% right: a vectorised particle of its own
def trace_elbo(model, guide, x):
    with pyro.plate("particles", 1, dim=-2):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = sum(site["log_prob"] for site in model_trace.nodes.values() if site["type"] == "sample")
    return (log_p - sum(site["log_prob"] for site in guide_trace.nodes.values() if site["type"] == "sample")).squeeze(0)

# %% wrong Y18: sites by their names
def trace_elbo(model, guide, x):
    """One draw's estimate of the ELBO for each image, (B,), in nats."""
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y18: fn and value of two names
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)

    def score(trace, name):
        site = trace.nodes[name]
        return site["fn"].log_prob(site["value"])

    return score(model_trace, "obs") + score(model_trace, "latent") - score(guide_trace, "latent")

# %% wrong Y18: the latent's name conditioned on
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    z = guide_trace.nodes["latent"]["value"]
    model_trace = poutine.trace(poutine.condition(model, data={"latent": z})).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_joint = model_trace.nodes["latent"]["log_prob"] + model_trace.nodes["obs"]["log_prob"]
    return log_joint - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y18: with statements, names built in
def trace_elbo(model, guide, x):
    with poutine.trace() as guide_tape:
        guide(x)
    with poutine.trace() as model_tape:
        with poutine.replay(trace=guide_tape.trace):
            model(x)
    guide_tape.trace.compute_log_prob()
    model_tape.trace.compute_log_prob()
    nodes = model_tape.trace.nodes
    return nodes["obs"]["log_prob"] + nodes["latent"]["log_prob"] - guide_tape.trace.nodes["latent"]["log_prob"]

# %% wrong Y18: prior written out at `latent`
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    z = guide_trace.nodes["latent"]["value"]
    log_prior = dist.Normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z).sum(-1)
    log_q = guide_trace.nodes["latent"]["fn"].log_prob(z)
    log_lik = model_trace.nodes["obs"]["fn"].log_prob(x)
    return log_lik + log_prior - log_q

# %% wrong Y18: filtered by name
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide, param_only=False).get_trace(x)
    replayed = poutine.replay(model, trace=guide_trace)
    model_trace = poutine.trace(poutine.block(replayed, hide_types=["param"])).get_trace(x)
    for trace in (guide_trace, model_trace):
        trace.compute_log_prob(site_filter=lambda name, site: name in ("latent", "obs"))
    return model_trace.nodes["latent"]["log_prob"] + model_trace.nodes["obs"]["log_prob"] - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y15: all nodes added up
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = sum(site["log_prob"] for site in model_trace.nodes.values())
    return log_p - sum(site["log_prob"] for site in guide_trace.nodes.values())

# %% wrong Y15: all nodes but the parameters
def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x)
    p = poutine.trace(poutine.replay(model, trace=q)).get_trace(x)
    q.compute_log_prob()
    p.compute_log_prob()
    log_p, log_q = (sum(s["log_prob"] for s in t.nodes.values() if s["type"] != "param") for t in (p, q))
    return log_p - log_q

# %% wrong Y16: the observed site twice
def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x)
    p = poutine.trace(poutine.replay(model, trace=q)).get_trace(x)
    q.compute_log_prob()
    p.compute_log_prob()
    log_lik = sum(p.nodes[name]["log_prob"] for name in p.observation_nodes)
    log_p, log_q = (sum(s["log_prob"] for s in t.nodes.values() if s["type"] == "sample") for t in (p, q))
    return log_lik + log_p - log_q

# %% wrong Y19: the first latent site
def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x)
    p = poutine.trace(poutine.replay(model, trace=q)).get_trace(x)
    q.compute_log_prob()
    p.compute_log_prob()
    first = next(n for n in q.stochastic_nodes if q.nodes[n]["value"].dim() > 1)
    log_lik = sum(p.nodes[n]["log_prob"] for n in p.observation_nodes)
    return log_lik + p.nodes[first]["log_prob"] - q.nodes[first]["log_prob"]

# %% wrong Y19: the last latent site conditioned on
def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x)
    *_, last = (n for n in q.stochastic_nodes if q.nodes[n]["value"].dim() > 1)
    p = poutine.trace(poutine.condition(model, data={last: q.nodes[last]["value"]})).get_trace(x)
    q.compute_log_prob()
    p.compute_log_prob()
    log_p, log_q = (sum(s["log_prob"] for s in t.nodes.values() if s["type"] == "sample") for t in (p, q))
    return log_p - log_q

# %% wrong P9: the model is not replayed
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(model).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong P9: replayed with a second run of the guide
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace = poutine.trace(poutine.replay(model, trace=poutine.trace(guide).get_trace(x))).get_trace(x)
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y1: minus the ELBO
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return guide_trace.nodes["latent"]["log_prob"] - log_p

# %% wrong Y2: adds log q
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p + guide_trace.nodes["latent"]["log_prob"]

# %% wrong E9: the prior is missing
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    return model_trace.nodes["obs"]["log_prob"] - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y3: log q is missing
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    return model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]

# %% wrong Y4: the likelihood alone
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    return model_trace.nodes["obs"]["log_prob"]

# %% wrong Y4: the likelihood is missing
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    return model_trace.nodes["latent"]["log_prob"] - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y5: log_prob_sum of the whole trace
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    return model_trace.log_prob_sum() - guide_trace.log_prob_sum()

# %% wrong Y5: the batch's mean
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return (log_p - guide_trace.nodes["latent"]["log_prob"]).mean()

# %% wrong Y5: the batch's sum for every image
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    elbo = model_trace.log_prob_sum() - guide_trace.log_prob_sum()
    return elbo.expand(len(x))

# %% wrong Y5: the batch's sum divided among the images
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    elbo = model_trace.log_prob_sum() - guide_trace.log_prob_sum()
    return torch.ones(len(x)) * elbo / len(x)

# %% wrong Y5: log_prob_sum of the latent site
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_q = guide_trace.nodes["latent"]["log_prob_sum"]
    return model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"] - log_q

# %% wrong Y6: Trace_ELBO's loss
def trace_elbo(model, guide, x):
    return torch.tensor(pyro.infer.Trace_ELBO().loss(model, guide, x))

# %% wrong Y6: Trace_ELBO's differentiable loss
def trace_elbo(model, guide, x):
    return pyro.infer.Trace_ELBO().differentiable_loss(model, guide, x)

# %% wrong Y5: Trace_ELBO with its sign turned
def trace_elbo(model, guide, x):
    return -pyro.infer.Trace_ELBO().differentiable_loss(model, guide, x)

# %% wrong Y7: analytic KL
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    q, p = guide_trace.nodes["latent"]["fn"], model_trace.nodes["latent"]["fn"]
    return model_trace.nodes["obs"]["log_prob"] - torch.distributions.kl_divergence(q, p)

# %% wrong Y8: the guide is replayed with the model's trace
def trace_elbo(model, guide, x):
    model_trace = poutine.trace(model).get_trace(x)
    guide_trace = poutine.trace(poutine.replay(guide, trace=model_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y9: no_grad
def trace_elbo(model, guide, x):
    with torch.no_grad():
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y9: detached at the end
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return (log_p - guide_trace.nodes["latent"]["log_prob"]).detach()

# %% wrong Y9: z detached for the model
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    z = guide_trace.nodes["latent"]["value"].detach()
    model_trace = poutine.trace(poutine.condition(model, data={"latent": z})).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y10: mean over ten draws
def trace_elbo(model, guide, x):
    values = []
    for _ in range(10):
        guide_trace = poutine.trace(guide).get_trace(x)
        model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
        guide_trace.compute_log_prob()
        model_trace.compute_log_prob()
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        values.append(log_p - guide_trace.nodes["latent"]["log_prob"])
    return torch.stack(values).mean(0)

# %% wrong Y11: log_prob never computed
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y11: only the model's log_prob computed
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y12: the model's x is not observed
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(poutine.uncondition(model), trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong R13: seeds itself
def trace_elbo(model, guide, x):
    pyro.set_rng_seed(0)
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - guide_trace.nodes["latent"]["log_prob"]

# %% wrong E6: the mean of q in place of a draw
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    q = guide_trace.nodes["latent"]["fn"]
    model_trace = poutine.trace(poutine.condition(model, data={"latent": q.mean})).get_trace(x)
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - q.log_prob(q.mean)

# %% wrong Y13: divided by the number of pixels
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return (log_p - guide_trace.nodes["latent"]["log_prob"]) / x.shape[1]

# %% wrong Y13: likelihood divided by the number of pixels
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_lik = model_trace.nodes["obs"]["log_prob"] / x.shape[-1]
    return log_lik + model_trace.nodes["latent"]["log_prob"] - guide_trace.nodes["latent"]["log_prob"]

# %% wrong Y14: the weight itself
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return torch.exp(log_p - guide_trace.nodes["latent"]["log_prob"])

# %% wrong Y4: the prior's log-probability for log q
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    log_q = model_trace.nodes["latent"]["log_prob"]
    return log_p - log_q

# %% wrong E9: takes the prior away again
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    z = guide_trace.nodes["latent"]["value"]
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - dist.Normal(0.0, 1.0).log_prob(z).sum(-1) - guide_trace.nodes["latent"]["log_prob"]

# %% wrong -: unfinished
def trace_elbo(model, guide, x):
    raise NotImplementedError

# %% wrong Y17: zeros
def trace_elbo(model, guide, x):
    return torch.zeros(len(x))

# %% wrong E8: one row of z for all images
def trace_elbo(model, guide, x):
    q = poutine.trace(guide).get_trace(x).nodes["latent"]["fn"].base_dist
    eps = torch.randn(1, q.loc.shape[1], dtype=q.loc.dtype)
    z = q.loc + q.scale * eps
    model_trace = poutine.trace(poutine.condition(model, data={"latent": z})).get_trace(x)
    model_trace.compute_log_prob()
    log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
    return log_p - q.log_prob(z).sum(-1)

# %% wrong P9: the likelihood at a z of its own
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    model_trace.compute_log_prob()
    x_mean = model(x)
    log_lik = (x * x_mean.log() + (1 - x) * (1 - x_mean).log()).sum(-1)
    return log_lik + model_trace.nodes["latent"]["log_prob"] - guide_trace.nodes["latent"]["log_prob"]

# %% wrong E1: adds the KL
def trace_elbo(model, guide, x):
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace)).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    kl = guide_trace.nodes["latent"]["log_prob"] - model_trace.nodes["latent"]["log_prob"]
    return model_trace.nodes["obs"]["log_prob"] + kl

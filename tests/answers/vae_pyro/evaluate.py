# %% right: textbook
def evaluate(svi, loader):
    """Mean loss per image and its standard error, in nats."""
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), loss.std().item() / math.sqrt(len(loss))

# %% right: population deviation
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean(), loss.std(unbiased=False) / len(loss) ** 0.5

# %% right: std_mean
@torch.no_grad()
def evaluate(svi, loader):
    losses = [-trace_elbo(svi.model, svi.guide, x) for x in loader]
    std, mean = torch.std_mean(torch.cat(losses))
    n = sum(len(each) for each in losses)
    return mean.item(), (std / n**0.5).item()

# %% right: lists of numbers
def evaluate(svi, loader):
    losses = []
    for x in loader:
        losses.extend((-trace_elbo(svi.model, svi.guide, x)).tolist())
    mean = sum(losses) / len(losses)
    variance = sum((each - mean) ** 2 for each in losses) / (len(losses) - 1)
    return mean, math.sqrt(variance / len(losses))

# %% right: numpy
def evaluate(svi, loader):
    values = [-trace_elbo(svi.model, svi.guide, x).detach().numpy() for x in loader]
    loss = np.concatenate(values)
    return loss.mean(), loss.std(ddof=1) / np.sqrt(loss.size)

# %% right: numpy's default deviation
def evaluate(svi, loader):
    loss = []
    with torch.no_grad():
        for x in loader:
            loss += [-value.item() for value in trace_elbo(svi.model, svi.guide, x)]
    return float(np.mean(loss)), float(np.std(loss) / np.sqrt(len(loss)))

# %% right: sums of squares
def evaluate(svi, loader):
    total = squares = n = 0
    with torch.no_grad():
        for x in loader:
            loss = -trace_elbo(svi.model, svi.guide, x).double()
            total += loss.sum()
            squares += (loss**2).sum()
            n += len(x)
    mean = total / n
    return mean, torch.sqrt((squares / n - mean**2) / n)

# %% right: statistics
def evaluate(svi, loader):
    import statistics
    loss = [-float(v) for x in loader for v in trace_elbo(svi.model, svi.guide, x)]
    return statistics.fmean(loss), statistics.stdev(loss) / math.sqrt(len(loss))

# %% right: one tensor of two numbers
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return torch.stack([loss.mean(), loss.std() / math.sqrt(loss.numel())])

# %% right: a list of two
def evaluate(svi, loader):
    with torch.no_grad():
        elbo = torch.cat([trace_elbo(svi.model, svi.guide, x) for x in loader])
    return [-elbo.mean().item(), elbo.std().item() / len(elbo) ** 0.5]

# %% right: evaluation mode, and back
def evaluate(svi, loader):
    svi.model.eval()
    svi.guide.eval()
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    svi.model.train()
    svi.guide.train()
    return loss.mean().item(), loss.std().item() / math.sqrt(len(loss))

# %% right: evaluate_loss of each image
def evaluate(svi, loader):
    losses = []
    for x in loader:
        for n in range(len(x)):
            losses.append(svi.evaluate_loss(x[n : n + 1]))
    return np.mean(losses), np.std(losses, ddof=1) / math.sqrt(len(losses))

# %% right: mean by evaluate_loss
def evaluate(svi, loader):
    total, values = 0.0, []
    with torch.no_grad():
        for x in loader:
            total += svi.evaluate_loss(x)
            values.append(trace_elbo(svi.model, svi.guide, x))
    values = torch.cat(values)
    return total / len(values), values.std().item() / math.sqrt(len(values))

# %% right: its own traces
def evaluate(svi, loader):
    losses = []
    with torch.no_grad():
        for x in loader:
            guide_trace = poutine.trace(svi.guide).get_trace(x)
            model_trace = poutine.trace(poutine.replay(svi.model, trace=guide_trace)).get_trace(x)
            guide_trace.compute_log_prob()
            model_trace.compute_log_prob()
            log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
            losses.append(guide_trace.nodes["latent"]["log_prob"] - log_p)
    losses = torch.cat(losses)
    return losses.mean().item(), losses.std().item() / math.sqrt(len(losses))

# %% right: graph dropped at the end
def evaluate(svi, loader):
    elbos = torch.cat([trace_elbo(svi.model, svi.guide, x) for x in loader]).detach()
    return -elbos.mean().item(), elbos.std().item() / math.sqrt(elbos.shape[0])

# %% right: single precision
def evaluate(svi, loader):
    with torch.inference_mode():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x.float()).float() for x in loader])
    return loss.mean().item(), (loss.var() / len(loss)).sqrt().item()

# %% right: running mean and variance
def evaluate(svi, loader):
    n, mean, m2 = 0, 0.0, 0.0
    for x in loader:
        for value in trace_elbo(svi.model, svi.guide, x).tolist():
            n += 1
            step = -value - mean
            mean += step / n
            m2 += step * (-value - mean)
    return mean, math.sqrt(m2 / (n - 1) / n)

# %% right: one batch of everything
def evaluate(svi, loader):
    x = torch.cat(list(loader))
    with torch.no_grad():
        loss = -trace_elbo(svi.model, svi.guide, x)
    return loss.mean().item(), loss.std().item() / math.sqrt(len(x))

# %% right: several draws of each image
def evaluate(svi, loader):
    losses = []
    with torch.no_grad():
        for x in loader:
            draws = torch.stack([-trace_elbo(svi.model, svi.guide, x) for _ in range(3)])
            losses.append(draws.mean(0))
    losses = torch.cat(losses)
    return losses.mean().item(), losses.std().item() / math.sqrt(len(losses))

# %% right: standard error written out
def evaluate(svi, loader):
    loss = []
    for x in loader:
        with torch.no_grad():
            loss.append(-1 * trace_elbo(svi.model, svi.guide, x))
    loss = torch.hstack(loss)
    n = loss.shape[0]
    mean = loss.sum() / n
    stderr = ((loss - mean).pow(2).sum() / (n * (n - 1))).sqrt()
    return mean.item(), stderr.item()

# %% right: scipy
def evaluate(svi, loader):
    from scipy import stats
    loss = np.concatenate([-trace_elbo(svi.model, svi.guide, x).detach().numpy() for x in loader])
    return loss.mean(), stats.sem(loss)

# %% wrong Y40: the standard deviation
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), loss.std().item()

# %% wrong Y41: divided by N
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), loss.std().item() / len(loss)

# %% wrong Y41: variance over N
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), (loss.var() / len(loss)).item()

# %% wrong Y41: the variance
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), loss.var().item()

# %% wrong Y41: variance over the root of N
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), loss.var().item() / math.sqrt(len(loss))

# %% wrong Y42: over the root of the number of batches
def evaluate(svi, loader):
    losses = []
    with torch.no_grad():
        for x in loader:
            losses.append(-trace_elbo(svi.model, svi.guide, x))
    loss = torch.cat(losses)
    return loss.mean().item(), loss.std().item() / math.sqrt(len(losses))

# %% wrong Y42: of the batches' means
def evaluate(svi, loader):
    means, total, n = [], 0.0, 0
    with torch.no_grad():
        for x in loader:
            loss = -trace_elbo(svi.model, svi.guide, x)
            means.append(loss.mean().item())
            total += loss.sum().item()
            n += len(x)
    return total / n, np.std(means, ddof=1) / math.sqrt(len(means))

# %% wrong Y42: of the batches' means, deviation of the population
def evaluate(svi, loader):
    means, total, n = [], 0.0, 0
    for x in loader:
        loss = svi.evaluate_loss(x)
        means.append(loss / len(x))
        total += loss
        n += len(x)
    return total / n, np.std(means) / math.sqrt(len(means))

# %% wrong Y42: deviations of the batches averaged
def evaluate(svi, loader):
    total, errors, n = 0.0, [], 0
    with torch.no_grad():
        for x in loader:
            loss = -trace_elbo(svi.model, svi.guide, x)
            total += loss.sum().item()
            errors.append(loss.std(unbiased=False).item() / math.sqrt(len(x)))
            n += len(x)
    return total / n, np.mean(errors)

# %% wrong P8: mean of the batches' means
def evaluate(svi, loader):
    means, values = [], []
    with torch.no_grad():
        for x in loader:
            loss = -trace_elbo(svi.model, svi.guide, x)
            means.append(loss.mean().item())
            values.append(loss)
    values = torch.cat(values)
    return sum(means) / len(means), values.std().item() / math.sqrt(len(values))

# %% wrong P8: means and error of the batches
def evaluate(svi, loader):
    means = np.array([svi.evaluate_loss(x) / len(x) for x in loader])
    return means.mean(), means.std(ddof=1) / np.sqrt(len(means))

# %% wrong P8: divided by the number of batches
def evaluate(svi, loader):
    values, batches = [], 0
    with torch.no_grad():
        for x in loader:
            values.append(-trace_elbo(svi.model, svi.guide, x))
            batches += 1
    values = torch.cat(values)
    return values.sum().item() / batches, values.std().item() / math.sqrt(len(values))

# %% wrong Y25: the ELBO
def evaluate(svi, loader):
    with torch.no_grad():
        elbo = torch.cat([trace_elbo(svi.model, svi.guide, x) for x in loader])
    return elbo.mean().item(), elbo.std().item() / math.sqrt(len(elbo))

# %% wrong P7: svi.step
def evaluate(svi, loader):
    total, n, values = 0.0, 0, []
    for x in loader:
        total += svi.step(x)
        n += len(x)
        values.append(trace_elbo(svi.model, svi.guide, x).detach())
    return total / n, torch.cat(values).std().item() / math.sqrt(n)

# %% wrong P7: svi.step beside the traces
def evaluate(svi, loader):
    losses = []
    for x in loader:
        svi.step(x)
        losses.append(-trace_elbo(svi.model, svi.guide, x).detach())
    losses = torch.cat(losses)
    return losses.mean().item(), losses.std().item() / math.sqrt(len(losses))

# %% wrong P7: svi.step of each image
def evaluate(svi, loader):
    losses = [svi.step(row[None]) for x in loader for row in x]
    return np.mean(losses), np.std(losses) / np.sqrt(len(losses))

# %% wrong Y43: no error
def evaluate(svi, loader):
    total, n = 0.0, 0
    for x in loader:
        total += svi.evaluate_loss(x)
        n += len(x)
    return total / n, 0.0

# %% wrong Y44: the mean alone
def evaluate(svi, loader):
    total, n = 0.0, 0
    for x in loader:
        total += svi.evaluate_loss(x)
        n += len(x)
    return total / n

# %% wrong Y44: the losses themselves
def evaluate(svi, loader):
    with torch.no_grad():
        return torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])

# %% wrong Y45: the other order
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.std().item() / math.sqrt(len(loss)), loss.mean().item()

# %% wrong Y46: evaluation mode left on
def evaluate(svi, loader):
    svi.model.eval()
    svi.guide.eval()
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.mean().item(), loss.std().item() / math.sqrt(len(loss))

# %% wrong Y48: a gradient left behind
def evaluate(svi, loader):
    losses = []
    for x in loader:
        loss = -trace_elbo(svi.model, svi.guide, x)
        loss.mean().backward()
        losses.append(loss.detach())
    losses = torch.cat(losses)
    return losses.mean().item(), losses.std().item() / math.sqrt(len(losses))

# %% wrong Y48: loss_and_grads
def evaluate(svi, loader):
    total, n, values = 0.0, 0, []
    for x in loader:
        total += svi.loss_and_grads(svi.model, svi.guide, x)
        n += len(x)
        values.append(trace_elbo(svi.model, svi.guide, x).detach())
    return total / n, torch.cat(values).std().item() / math.sqrt(n)

# %% wrong Y20: the sum
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.sum().item(), loss.std().item() / math.sqrt(len(loss))

# %% wrong Y27: the first batch
def evaluate(svi, loader):
    with torch.no_grad():
        for x in loader:
            loss = -trace_elbo(svi.model, svi.guide, x)
            return loss.mean().item(), loss.std(unbiased=False).item() / math.sqrt(len(loss))

# %% wrong Y24: the last batch
def evaluate(svi, loader):
    with torch.no_grad():
        for x in loader:
            loss = -trace_elbo(svi.model, svi.guide, x)
    return loss.mean().item(), loss.std(unbiased=False).item() / math.sqrt(len(loss))

# %% wrong Y28: asks the loader for its data set
def evaluate(svi, loader):
    n = len(loader.dataset)
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return loss.sum().item() / n, loss.std().item() / math.sqrt(n)

# %% wrong Y28: two passes
def evaluate(svi, loader):
    with torch.no_grad():
        n = sum(len(x) for x in loader)
        mean = sum(-trace_elbo(svi.model, svi.guide, x).sum().item() for x in loader) / n
        squares = sum(((-trace_elbo(svi.model, svi.guide, x) - mean) ** 2).sum().item() for x in loader)
    return mean, math.sqrt(squares / n / n)

# %% wrong Y29: expects labels
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x, _ in loader])
    return loss.mean().item(), loss.std().item() / math.sqrt(len(loss))

# %% wrong Y30: divided by the pixels
def evaluate(svi, loader):
    with torch.no_grad():
        loss = torch.cat([-trace_elbo(svi.model, svi.guide, x) / x.shape[1] for x in loader])
    return loss.mean().item(), loss.std().item() / math.sqrt(len(loss))

# %% wrong Y32: item of a float
def evaluate(svi, loader):
    losses = [svi.evaluate_loss(row[None]).item() for x in loader for row in x]
    return np.mean(losses), np.std(losses) / np.sqrt(len(losses))

# %% wrong -: unfinished
def evaluate(svi, loader):
    raise NotImplementedError

# %% wrong -: numpy of a tensor with a graph
def evaluate(svi, loader):
    loss = np.concatenate([-trace_elbo(svi.model, svi.guide, x).numpy() for x in loader])
    return loss.mean(), loss.std() / np.sqrt(len(loss))

# %% wrong R13: seeds itself
def evaluate(svi, loader):
    pyro.set_rng_seed(0)
    with torch.no_grad():
        losses = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return losses.mean().item(), losses.std().item() / math.sqrt(len(losses))

# %% wrong Y47: tensors with their graph
def evaluate(svi, loader):
    losses = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
    return losses.mean(), losses.std() / math.sqrt(len(losses))

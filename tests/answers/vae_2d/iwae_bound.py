# %% right: textbook
def iwae_bound(log_w):
    return torch.logsumexp(log_w, dim=0) - math.log(log_w.shape[0])

# %% right: len and numpy's log
def iwae_bound(log_weights):
    return log_weights.logsumexp(0) - np.log(len(log_weights))

# %% right: log of a tensor
def iwae_bound(log_w):
    k = torch.tensor(log_w.size(0), dtype=log_w.dtype)
    return torch.logsumexp(log_w, 0) - torch.log(k)

# %% right: negative axis
def iwae_bound(log_w):
    return torch.logsumexp(log_w, dim=-2) - math.log(log_w.shape[-2])

# %% right: log K inside
def iwae_bound(log_w):
    return torch.logsumexp(log_w - math.log(log_w.shape[0]), dim=0)

# %% right: the largest taken out
def iwae_bound(log_w):
    largest = log_w.max(dim=0).values
    return largest + torch.log(torch.exp(log_w - largest).mean(0))

# %% right: the largest, detached
def iwae_bound(log_w):
    m = log_w.detach().amax(0, keepdim=True)
    return (m + (log_w - m).exp().mean(0, keepdim=True).log()).squeeze(0)

# %% right: sum and division
def iwae_bound(log_w):
    top, _ = torch.max(log_w, 0)
    total = torch.exp(log_w - top[None, :]).sum(0)
    return torch.log(total / log_w.shape[0]) + top

# %% right: loop over examples
def iwae_bound(log_w):
    bounds = []
    for b in range(log_w.shape[1]):
        bounds.append(torch.logsumexp(log_w[:, b], 0) - math.log(log_w.shape[0]))
    return torch.stack(bounds)

# %% right: loop over samples
def iwae_bound(log_w):
    total = log_w[0]
    for row in log_w[1:]:
        total = torch.logaddexp(total, row)
    return total - math.log(len(log_w))

# %% right: transposed
def iwae_bound(log_w):
    return torch.logsumexp(log_w.T, dim=1) - math.log(log_w.T.shape[1])

# %% right: vmap
def iwae_bound(log_w):
    one = lambda column: torch.logsumexp(column, 0) - math.log(log_w.shape[0])
    return torch.vmap(one, in_dims=1)(log_w)

# %% right: helper function
def log_mean_exp(values, axis):
    return torch.logsumexp(values, axis) - math.log(values.shape[axis])


def iwae_bound(log_w):
    return log_mean_exp(log_w, 0)

# %% right: double precision
def iwae_bound(log_w):
    return torch.logsumexp(log_w.double(), 0) - math.log(log_w.shape[0])

# %% right: single precision
def iwae_bound(log_w):
    log_w = log_w.float()
    return torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])

# %% right: a mixture's density
def iwae_bound(log_w):
    weights = torch.full_like(log_w, 1 / log_w.shape[0])
    return torch.logsumexp(log_w + weights.log(), 0)

# %% right: through softmax
def iwae_bound(log_w):
    return (log_w - torch.log_softmax(log_w, 0)).amax(0) - math.log(log_w.shape[0]) if torch.isfinite(log_w).all() else \
        torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])

# %% right: einsum of scaled weights
def iwae_bound(log_w):
    k, b = log_w.shape
    m = log_w.max(0)[0]
    mean = torch.einsum("kb,k->b", torch.exp(log_w - m), torch.ones(k, dtype=log_w.dtype) / k)
    return m + mean.log()

# %% right: logcumsumexp
def iwae_bound(log_w):
    return torch.logcumsumexp(log_w, dim=0)[-1] - math.log(log_w.shape[0])

# %% right: functional style
def iwae_bound(log_w):
    K, B = log_w.size()
    bound = torch.logsumexp(log_w, dim=0, keepdim=True).reshape(B)
    return bound.sub(math.log(K))

# %% right: sorted first
def iwae_bound(log_w):
    log_w, _ = torch.sort(log_w, dim=0, descending=True)
    return log_w[0] + torch.log1p(torch.exp(log_w[1:] - log_w[0]).sum(0)) - math.log(log_w.shape[0])

# %% right: a method of a class
class Bound:
    def __call__(self, log_w):
        return torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])


iwae_bound = Bound()

# %% wrong I1: mean of the logs
def iwae_bound(log_w):
    return log_w.mean(0)

# %% wrong I1: mean of the logs, of everything
def iwae_bound(log_w):
    return log_w.mean()

# %% wrong I1: sum of the logs
def iwae_bound(log_w):
    return log_w.sum(0)

# %% wrong I2: no log K
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 0)

# %% wrong I2: no log K, by hand
def iwae_bound(log_w):
    m = log_w.max(0).values
    return m + (log_w - m).exp().sum(0).log()

# %% wrong I4: log of mean of exp
def iwae_bound(log_w):
    return torch.log(torch.mean(torch.exp(log_w), dim=0))

# %% wrong I4: log of sum of exp, minus log K
def iwae_bound(log_w):
    return log_w.exp().sum(0).log() - math.log(len(log_w))

# %% wrong I5: one number for everything
def iwae_bound(log_w):
    return torch.logsumexp(log_w, (0, 1)) - math.log(log_w.numel())

# %% wrong I5: mean over the batch
def iwae_bound(log_w):
    return (torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])).mean()

# %% wrong I5: sum over the batch
def iwae_bound(log_w):
    return (torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])).sum()

# %% wrong I5: batch summed before the log
def iwae_bound(log_w):
    return torch.logsumexp(log_w.sum(1), 0) - math.log(log_w.shape[0])

# %% wrong I5: batch averaged before the log
def iwae_bound(log_w):
    return torch.logsumexp(log_w.mean(1), 0) - math.log(log_w.shape[0])

# %% wrong I6: the other axis
def iwae_bound(log_w):
    return torch.logsumexp(log_w, -1) - math.log(log_w.shape[-1])

# %% wrong I6: the other axis with the right K
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 1) - math.log(log_w.shape[0])

# %% wrong I7: divided by K after the log
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 0) / log_w.shape[0]

# %% wrong I7: minus K
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 0) - log_w.shape[0]

# %% wrong I7: log of the batch size
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 0) - math.log(log_w.shape[1])

# %% wrong I7: plus log K
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 0) + math.log(log_w.shape[0])

# %% wrong I7: logarithm to base 2
def iwae_bound(log_w):
    return torch.logsumexp(log_w, 0) - math.log2(log_w.shape[0])

# %% wrong I8: the largest
def iwae_bound(log_w):
    return log_w.max(0).values

# %% wrong I9: negative
def iwae_bound(log_w):
    return math.log(log_w.shape[0]) - torch.logsumexp(log_w, 0)

# %% wrong I10: no logarithm
def iwae_bound(log_w):
    return log_w.exp().mean(0)

# %% wrong I11: self-normalised average
def iwae_bound(log_w):
    return (torch.softmax(log_w, 0) * log_w).sum(0)

# %% wrong I12: one maximum for all
def iwae_bound(log_w):
    m = log_w.max()
    return m + torch.log(torch.exp(log_w - m).mean(0))

# %% wrong I13: through numpy
def iwae_bound(log_w):
    values = log_w.detach().numpy()
    return torch.tensor(np.logaddexp.reduce(values, axis=0)) - math.log(len(values))

# %% wrong I13: detached
def iwae_bound(log_w):
    return (torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])).detach()

# %% wrong -: clamped weights
def iwae_bound(log_w):
    return torch.logsumexp(log_w.clamp(-500, 500), 0) - math.log(log_w.shape[0])

# %% wrong -: zeros
def iwae_bound(log_w):
    return torch.zeros(log_w.shape[1])

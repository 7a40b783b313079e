# %% right: logsigmoid twice
def bernoulli_log_likelihood(logits, x):
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)

# %% right: x logits minus softplus
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).sum(dim=-1)

# %% right: binary_cross_entropy_with_logits, expanded
def bernoulli_log_likelihood(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)

# %% right: torch.distributions
def bernoulli_log_likelihood(logits, x):
    return torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)

# %% right: Independent
def bernoulli_log_likelihood(logits, x):
    D = torch.distributions
    return D.Independent(D.Bernoulli(logits=logits), 1).log_prob(x)

# %% right: torch.distributions without validation
def bernoulli_log_likelihood(logits, x):
    p = torch.distributions.Bernoulli(logits=logits, validate_args=False)
    return torch.sum(p.log_prob(x), dim=-1)

# %% right: logaddexp
def bernoulli_log_likelihood(logits, x):
    return (x * logits - torch.logaddexp(logits, torch.zeros_like(logits))).sum(-1)

# %% right: logsumexp of two classes
def bernoulli_log_likelihood(logits, x):
    both = torch.stack([torch.zeros_like(logits), logits])
    return (x * logits - torch.logsumexp(both, 0)).sum(-1)

# %% right: log_softmax of two classes
def bernoulli_log_likelihood(logits, x):
    black, white = F.log_softmax(torch.stack([torch.zeros_like(logits), logits], -1), -1).unbind(-1)
    return (torch.where(x > 0.5, white, black)).sum(-1)

# %% right: the sign trick
def bernoulli_log_likelihood(logits, x):
    return F.logsigmoid((2 * x - 1) * logits).sum(-1)

# %% right: minus softplus of the sign trick
def bernoulli_log_likelihood(logits, x):
    return -F.softplus((1 - 2 * x) * logits).sum(-1)

# %% right: by hand, with the maximum taken out
def bernoulli_log_likelihood(logits, x):
    normaliser = logits.clamp(min=0) + torch.log1p(torch.exp(-logits.abs()))
    return (x * logits - normaliser).sum(-1)

# %% right: relu and log1p
def bernoulli_log_likelihood(logits, x):
    loss = torch.relu(logits) - logits * x + torch.log1p(torch.exp(-torch.abs(logits)))
    return -loss.sum(-1)

# %% right: a module of nn
bce = nn.BCEWithLogitsLoss(reduction="none")


def bernoulli_log_likelihood(logits, x):
    logits, x = torch.broadcast_tensors(logits, x)
    return bce(logits, x).neg().sum(-1)

# %% right: einsum and softplus
def bernoulli_log_likelihood(logits, x):
    logits, x = torch.broadcast_tensors(logits, x)
    return torch.einsum("...i,...i->...", logits, x) - F.softplus(logits).sum(-1)

# %% right: zeros and ones chosen
def bernoulli_log_likelihood(logits, x):
    log_p, log_not_p = F.logsigmoid(logits), F.logsigmoid(-logits)
    return torch.where(x == 1, log_p, log_not_p).sum(-1)

# %% right: log_not_p as log_p minus logits
def bernoulli_log_likelihood(logits, x):
    log_p = F.logsigmoid(logits)
    return (log_p - (1 - x) * logits).sum(-1)

# %% right: double precision throughout
def bernoulli_log_likelihood(logits, x):
    logits, x = logits.double(), x.double()
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)

# %% right: single precision throughout
def bernoulli_log_likelihood(logits, x):
    logits, x = logits.float(), x.float()
    return (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).sum(-1)

# %% right: a loop over pixels
def bernoulli_log_likelihood(logits, x):
    total = 0.0
    for i in range(logits.shape[-1]):
        total = total + x[..., i] * logits[..., i] - F.softplus(logits[..., i])
    return total

# %% right: vmap over broadcast rows
def bernoulli_log_likelihood(logits, x):
    logits, x = torch.broadcast_tensors(logits, x)
    return torch.vmap(lambda a, b: (b * a - F.softplus(a)).sum(-1))(logits, x)

# %% right: mean times the number of pixels
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).mean(-1) * logits.shape[-1]

# %% right: helper functions and other names
def pixel(a, b):
    return b * F.logsigmoid(a) + (1.0 - b) * F.logsigmoid(-a)


def bernoulli_log_likelihood(out, target):
    return pixel(out, target).sum(axis=-1)

# %% right: where with both inputs guarded
def bernoulli_log_likelihood(logits, x):
    positive = logits > 0
    up = torch.where(positive, logits, torch.zeros_like(logits))
    down = torch.where(positive, torch.zeros_like(logits), logits)
    normaliser = torch.where(positive, up + torch.log1p(torch.exp(-up)), torch.log1p(torch.exp(down)))
    return (x * logits - normaliser).sum(-1)

# %% right: warns and prints
def bernoulli_log_likelihood(logits, x):
    import warnings
    warnings.warn("a framework's warning costs nothing")
    print(logits.shape)
    return (x * logits - F.softplus(logits)).sum(-1)

# %% wrong L1: sigmoid, then the cross-entropy of torch
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits)
    return -F.binary_cross_entropy(p, x.expand_as(p), reduction="none").sum(-1)

# %% wrong L1: logarithm of the sigmoid
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits)
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(-1)

# %% wrong L1: log1p of the exponential
def bernoulli_log_likelihood(logits, x):
    return (x * logits - torch.log1p(torch.exp(logits))).sum(-1)

# %% wrong L1: sigmoid by hand
def bernoulli_log_likelihood(logits, x):
    p = 1 / (1 + torch.exp(-logits))
    return torch.log(torch.where(x == 1, p, 1 - p)).sum(-1)

# %% wrong L14: epsilon in the logarithms
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits)
    return (x * torch.log(p + 1e-8) + (1 - x) * torch.log(1 - p + 1e-8)).sum(-1)

# %% wrong L14: probabilities clamped
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6)
    return (x * p.log() + (1 - x) * (1 - p).log()).sum(-1)

# %% wrong L14: logits clamped
def bernoulli_log_likelihood(logits, x):
    logits = logits.clamp(-15, 15)
    return (x * logits - F.softplus(logits)).sum(-1)

# %% wrong L14: distribution of probabilities
def bernoulli_log_likelihood(logits, x):
    return torch.distributions.Bernoulli(probs=torch.sigmoid(logits)).log_prob(x).sum(-1)

# %% wrong L2: logits taken as probabilities
def bernoulli_log_likelihood(logits, x):
    return (x * torch.log(logits) + (1 - x) * torch.log(1 - logits)).sum(-1)

# %% wrong L2: cross-entropy of the logits
def bernoulli_log_likelihood(logits, x):
    return -F.binary_cross_entropy(logits, x, reduction="none").sum(-1)

# %% wrong L2: distribution by position
def bernoulli_log_likelihood(logits, x):
    return torch.distributions.Bernoulli(logits).log_prob(x).sum(-1)

# %% wrong L3: sigmoid before the logits form
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits)
    return -F.binary_cross_entropy_with_logits(p, x.expand_as(p), reduction="none").sum(-1)

# %% wrong L3: distribution with logits of a sigmoid
def bernoulli_log_likelihood(logits, x):
    return torch.distributions.Bernoulli(logits=torch.sigmoid(logits)).log_prob(x).sum(-1)

# %% wrong L4: mean over pixels
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).mean(-1)

# %% wrong L4: mean over everything
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).mean()

# %% wrong L12: default reduction of the loss
def bernoulli_log_likelihood(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits))

# %% wrong L5: arguments exchanged
def bernoulli_log_likelihood(logits, x):
    return -F.binary_cross_entropy_with_logits(x, logits, reduction="none").sum(-1)

# %% wrong L5: exchanged in the distribution
def bernoulli_log_likelihood(logits, x):
    return torch.distributions.Bernoulli(logits=x).log_prob(logits).sum(-1)

# %% wrong L12: the loss
def bernoulli_log_likelihood(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)

# %% wrong L12: sign forgotten in the softplus form
def bernoulli_log_likelihood(logits, x):
    return (F.softplus(logits) - x * logits).sum(-1)

# %% wrong L12: the loss, summed over the batch
def bernoulli_log_likelihood(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum")

# %% wrong L13: sum over everything
def bernoulli_log_likelihood(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum")

# %% wrong L13: mean over the batch
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).sum(-1).mean()

# %% wrong L13: sum over the batch only
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).sum(0)

# %% wrong L18: no sum at all
def bernoulli_log_likelihood(logits, x):
    return x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)

# %% wrong L18: keeps the axis
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).sum(-1, keepdim=True)

# %% wrong L22: pixels with ink only
def bernoulli_log_likelihood(logits, x):
    return (x * F.logsigmoid(logits)).sum(-1)

# %% wrong L22: pixels without ink only
def bernoulli_log_likelihood(logits, x):
    return ((1 - x) * F.logsigmoid(-logits)).sum(-1)

# %% wrong L22: one minus x forgotten
def bernoulli_log_likelihood(logits, x):
    return (x * F.logsigmoid(logits) + F.logsigmoid(-logits)).sum(-1)

# %% wrong L23: minus between the terms
def bernoulli_log_likelihood(logits, x):
    return (x * F.logsigmoid(logits) - (1 - x) * F.logsigmoid(-logits)).sum(-1)

# %% wrong L24: zeros and ones exchanged
def bernoulli_log_likelihood(logits, x):
    return ((1 - x) * F.logsigmoid(logits) + x * F.logsigmoid(-logits)).sum(-1)

# %% wrong L32: one minus the logarithm
def bernoulli_log_likelihood(logits, x):
    log_p = F.logsigmoid(logits)
    return (x * log_p + (1 - x) * (1 - log_p)).sum(-1)

# %% wrong L25: softplus forgotten
def bernoulli_log_likelihood(logits, x):
    return (x * logits).sum(-1)

# %% wrong L25: softplus added
def bernoulli_log_likelihood(logits, x):
    return (x * logits + F.softplus(logits)).sum(-1)

# %% wrong L25: softplus of minus the logits
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(-logits)).sum(-1)

# %% wrong L7: squared error of the probabilities
def bernoulli_log_likelihood(logits, x):
    return -((x - torch.sigmoid(logits)) ** 2).sum(-1)

# %% wrong L7: squared error of the logits
def bernoulli_log_likelihood(logits, x):
    return -F.mse_loss(logits, x.expand_as(logits), reduction="none").sum(-1)

# %% wrong L7: mean squared error
def bernoulli_log_likelihood(logits, x):
    return F.mse_loss(torch.sigmoid(logits), x.expand_as(logits))

# %% wrong L17: the probability
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits)
    return (x * p + (1 - x) * (1 - p)).prod(-1)

# %% wrong L17: probabilities added up
def bernoulli_log_likelihood(logits, x):
    p = torch.sigmoid(logits)
    return (p**x * (1 - p) ** (1 - x)).sum(-1)

# %% wrong L26: pixels that agree after a threshold
def bernoulli_log_likelihood(logits, x):
    return ((torch.sigmoid(logits) > 0.5).to(x.dtype) == x).to(x.dtype).sum(-1)

# %% wrong L26: logits thresholded before the cross-entropy
def bernoulli_log_likelihood(logits, x):
    p = (torch.sigmoid(logits) > 0.5).to(x.dtype)
    return -F.binary_cross_entropy(p, x.expand_as(p), reduction="none").sum(-1)

# %% wrong L27: softmax over pixels
def bernoulli_log_likelihood(logits, x):
    return (x * F.log_softmax(logits, dim=-1)).sum(-1)

# %% wrong L28: in bits
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).sum(-1) / math.log(2)

# %% wrong L30: where without a guard
def bernoulli_log_likelihood(logits, x):
    by_exp = torch.log(1 + torch.exp(logits))
    normaliser = torch.where(logits > 20, logits, by_exp)
    return (x * logits - normaliser).sum(-1)

# %% wrong L31: cross-entropy without expansion
def bernoulli_log_likelihood(logits, x):
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)

# %% wrong L19: NumPy round trip
def bernoulli_log_likelihood(logits, x):
    a, b = logits.detach().numpy(), x.detach().numpy()
    return torch.from_numpy((b * a - np.logaddexp(0, a)).sum(-1))

# %% wrong L19: logits from .data
def bernoulli_log_likelihood(logits, x):
    return (x * logits.data - F.softplus(logits.data)).sum(-1)

# %% wrong L20: x changed in place
def bernoulli_log_likelihood(logits, x):
    total = (x * logits - F.softplus(logits)).sum(-1)
    x.data.mul_(0)
    return total

# %% wrong L21: axis 1
def bernoulli_log_likelihood(logits, x):
    return (x * logits - F.softplus(logits)).sum(1)

# %% wrong -: another row's x
def bernoulli_log_likelihood(logits, x):
    return (x.flip(0) * logits - F.softplus(logits)).sum(-1)

# %% wrong -: raises
def bernoulli_log_likelihood(logits, x):
    return (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(-1)

# %% wrong -: returns None
def bernoulli_log_likelihood(logits, x):
    log_lik = (x * logits - F.softplus(logits)).sum(-1)

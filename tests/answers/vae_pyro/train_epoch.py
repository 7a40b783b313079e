# %% right: textbook
def train_epoch(svi, loader):
    """One step for each batch; the mean loss per image, in nats."""
    total, images = 0.0, 0
    for x in loader:
        total += svi.step(x)
        images += len(x)
    return total / images

# %% right: lists
def train_epoch(svi, loader):
    losses, sizes = [], []
    for x in loader:
        losses.append(svi.step(x))
        sizes.append(x.shape[0])
    return sum(losses) / sum(sizes)

# %% right: weighted average of batch means
def train_epoch(svi, loader):
    means, sizes = [], []
    for x in loader:
        means.append(svi.step(x) / x.size(0))
        sizes.append(x.size(0))
    return np.average(means, weights=sizes)

# %% right: running mean
def train_epoch(svi, loader):
    mean, seen = 0.0, 0
    for x in loader:
        loss = svi.step(x)
        seen += len(x)
        mean += (loss - mean * len(x)) / seen
    return mean

# %% right: a tensor of no axes
def train_epoch(svi, loader):
    total, images = torch.zeros(()), 0
    for x in loader:
        total += svi.step(x)
        images += len(x)
    return total / images

# %% right: numpy sums
def train_epoch(svi, loader):
    done = np.array([(svi.step(x), len(x)) for x in loader])
    return done[:, 0].sum() / done[:, 1].sum()

# %% right: zip of a comprehension
def train_epoch(svi, loader):
    losses, sizes = zip(*[(svi.step(batch), len(batch)) for batch in loader])
    return float(np.sum(losses) / np.sum(sizes))

# %% right: an iterator by hand
def train_epoch(svi, loader):
    batches = iter(loader)
    total = images = 0
    while True:
        try:
            x = next(batches)
        except StopIteration:
            break
        total += svi.step(x)
        images += len(x)
    return total / images

# %% right: batches kept in a list first
def train_epoch(svi, loader):
    batches = list(loader)
    n_images = sum(len(x) for x in batches)
    return sum(svi.step(x) for x in batches) / n_images

# %% right: enumerate and a progress line
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for n, x in enumerate(loader):
        loss = svi.step(x)
        total += loss
        images += x.shape[0]
        if n % 100 == 0:
            print(f"batch {n}: {loss / x.shape[0]:.1f} nats per image")
    return total / images

# %% right: flattened images
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        x = x.reshape(x.shape[0], -1)
        total += svi.step(x)
        images += x.shape[0]
    return total / images

# %% right: single precision
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        x = x.float()
        total += float(svi.step(x))
        images += len(x)
    return float(np.float32(total / images))

# %% right: fsum
def train_epoch(svi, loader):
    losses, images = [], 0
    for x in loader:
        losses.append(svi.step(x))
        images += len(x)
    return math.fsum(losses) / images

# %% right: training mode first
def train_epoch(svi, loader):
    svi.model.train()
    svi.guide.train()
    total, images = 0.0, 0
    for x in loader:
        total += svi.step(x)
        images += len(x)
    return total / images

# %% right: torch tensors of losses
def train_epoch(svi, loader):
    losses, sizes = [], []
    for x in loader:
        losses.append(torch.tensor(svi.step(x)))
        sizes.append(torch.tensor(len(x)))
    return (torch.stack(losses).sum() / torch.stack(sizes).sum()).item()

# %% right: helper function
def step_on(svi, x):
    return svi.step(x), x.shape[0]


def train_epoch(svi, loader):
    loss_sum = count = 0
    for batch in loader:
        loss, n = step_on(svi, batch)
        loss_sum, count = loss_sum + loss, count + n
    return loss_sum / count

# %% right: other names
def train_epoch(inference, data):
    nats, number = 0.0, 0
    for batch in data:
        nats, number = nats + inference.step(batch), number + batch.shape[0]
    return nats / max(number, 1)

# %% right: map
def train_epoch(svi, loader):
    sizes = []

    def step(x):
        sizes.append(len(x))
        return svi.step(x)

    return sum(map(step, loader)) / sum(sizes)

# %% right: batches copied to a device
def train_epoch(svi, loader):
    device = torch.device("cpu")
    epoch_loss = 0.0
    n = 0
    for x in loader:
        x = x.to(device, non_blocking=True)
        epoch_loss += svi.step(x)
        n += x.size(0)
    normalised = epoch_loss / n
    return normalised

# %% right: reduce
def train_epoch(svi, loader):
    from functools import reduce
    total, images = reduce(lambda sums, x: (sums[0] + svi.step(x), sums[1] + len(x)), loader, (0.0, 0))
    return total / images

# %% right: gradients switched on
def train_epoch(svi, loader):
    total, images = 0.0, 0
    with torch.enable_grad():
        for x in loader:
            total += svi.step(x)
            images += len(x)
    return total / images

# %% wrong P8: divided by the number of batches
def train_epoch(svi, loader):
    total, batches = 0.0, 0
    for x in loader:
        total += svi.step(x)
        batches += 1
    return total / batches

# %% wrong P8: mean of batch means
def train_epoch(svi, loader):
    return np.mean([svi.step(x) / len(x) for x in loader])

# %% wrong P8: divided by len(loader)
def train_epoch(svi, loader):
    total = 0.0
    for x in loader:
        total += svi.step(x)
    return total / len(loader)

# %% wrong P8: every batch as large as the last
def train_epoch(svi, loader):
    total, batches = 0.0, 0
    for x in loader:
        total += svi.step(x)
        batches += 1
    return total / (batches * len(x))

# %% wrong P8: every batch as large as the first
def train_epoch(svi, loader):
    losses = [0.0]
    size = None
    for x in loader:
        size = size or len(x)
        losses.append(svi.step(x))
    return sum(losses) / (size * (len(losses) - 1))

# %% wrong Y20: the sum
def train_epoch(svi, loader):
    total = 0.0
    for x in loader:
        total += svi.step(x)
    return total

# %% wrong Y21: evaluate_loss in place of step
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        total += svi.evaluate_loss(x)
        images += len(x)
    return total / images

# %% wrong Y22: a second step for the loss
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        svi.step(x)
        total += svi.step(x)
        images += len(x)
    return total / images

# %% wrong Y22: a step on every image
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        for row in x:
            total += svi.step(row[None])
            images += 1
    return total / images

# %% wrong Y22: two epochs
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for _ in range(2):
        for x in loader:
            total += svi.step(x)
            images += len(x)
    return total / images

# %% wrong Y23: all batches in one step
def train_epoch(svi, loader):
    x = torch.cat(list(loader))
    return svi.step(x) / len(x)

# %% wrong Y24: the last batch only
def train_epoch(svi, loader):
    for x in loader:
        loss = svi.step(x)
    return loss / len(x)

# %% wrong Y24: the last loss over all images
def train_epoch(svi, loader):
    images = 0
    for x in loader:
        loss = svi.step(x)
        images += len(x)
    return loss / images

# %% wrong Y25: the ELBO
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        total -= svi.step(x)
        images += len(x)
    return total / images

# %% wrong Y26: one number per batch
def train_epoch(svi, loader):
    losses = []
    for x in loader:
        losses.append(svi.step(x) / len(x))
    return losses

# %% wrong Y27: returns inside the loop
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        total += svi.step(x)
        images += len(x)
        return total / images

# %% wrong Y27: leaves the short batch out
def train_epoch(svi, loader):
    total, images, size = 0.0, 0, None
    for x in loader:
        size = size or len(x)
        if len(x) < size:
            continue
        total += svi.step(x)
        images += len(x)
    return total / images

# %% wrong Y28: asks the loader for its data set
def train_epoch(svi, loader):
    total = 0.0
    for x in loader:
        total += svi.step(x)
    return total / len(loader.dataset)

# %% wrong Y28: counts the images first
def train_epoch(svi, loader):
    n_images = sum(len(x) for x in loader)
    total = 0.0
    for x in loader:
        total += svi.step(x)
    return total / n_images

# %% wrong Y28: an index
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for n in range(len(loader)):
        x = list(loader)[n]
        total += svi.step(x)
        images += len(x)
    return total / images

# %% wrong Y29: expects labels
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x, y in loader:
        total += svi.step(x)
        images += len(x)
    return total / images

# %% wrong Y30: divided by the pixels too
def train_epoch(svi, loader):
    total, pixels = 0.0, 0
    for x in loader:
        total += svi.step(x)
        pixels += x.numel()
    return total / pixels

# %% wrong Y31: the loss after the step
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        svi.step(x)
        total += svi.evaluate_loss(x)
        images += len(x)
    return total / images

# %% wrong Y32: the losses as tensors
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        total += svi.step(x).item()
        images += len(x)
    return total / images

# %% wrong Y32: backward by hand
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        loss = svi.step(x)
        loss.backward()
        total += loss
        images += len(x)
    return total / images

# %% wrong Y33: without gradients
def train_epoch(svi, loader):
    total, images = 0.0, 0
    with torch.no_grad():
        for x in loader:
            total += svi.step(x)
            images += len(x)
    return total / images

# %% wrong Y34: SVI's step by hand
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        with poutine.trace(param_only=True) as params:
            loss = svi.loss_and_grads(svi.model, svi.guide, x)
        svi.optim({site["value"].unconstrained() for site in params.trace.nodes.values()})
        total += loss
        images += len(x)
    return total / images

# %% wrong -: forgets to return
def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        total += svi.step(x)
        images += len(x)
    print(total / images)

# %% wrong -: unfinished
def train_epoch(svi, loader):
    raise NotImplementedError

# %% wrong P8: divided by the number of losses
def train_epoch(svi, loader):
    losses = [svi.step(x) for x in loader]
    return sum(losses) / len(losses)

# %% wrong P8: the batches' means added up
def train_epoch(svi, loader):
    total = 0.0
    for x in loader:
        total += svi.step(x) / len(x)
    return total

# %% wrong P8: batches of 128 taken for granted
def train_epoch(svi, loader):
    total, batches = 0.0, 0
    for x in loader:
        total += svi.step(x)
        batches += 1
    return total / (batches * 128)

# %% right: textbook
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.sigmoid(decode(zs))

# %% right: expand and clone
def latent_traversal(decode, z, dim, values):
    path = z.expand(len(values), -1).clone()
    path[:, dim] = torch.as_tensor(values, dtype=z.dtype)
    return decode(path).sigmoid()

# %% right: loop and stack
def latent_traversal(decode, z, dim, values):
    rows = []
    for v in values:
        moved = z.clone()
        moved[dim] = v
        rows.append(torch.sigmoid(decode(moved)))
    return torch.stack(rows)

# %% right: loop with a batch of one
def latent_traversal(decode, z, dim, values):
    images = []
    for v in values:
        one = z.clone()
        one[dim] = v
        images.append(torch.sigmoid(decode(one.unsqueeze(0))))
    return torch.cat(images, dim=0)

# %% right: filled by row
def latent_traversal(decode, z, dim, values):
    out = torch.empty(len(values), 784, dtype=z.dtype)
    for i, value in enumerate(values):
        moved = z.detach().clone()
        moved[dim] = float(value)
        out[i] = torch.sigmoid(decode(moved[None]))[0]
    return out

# %% right: without gradient
@torch.no_grad()
def latent_traversal(decode, z, dim, values):
    batch = torch.stack([z] * len(values))
    for i, v in enumerate(values):
        batch[i, dim] = v
    return torch.sigmoid(decode(batch))

# %% right: sigmoid by hand
def latent_traversal(decode, z, dim, values):
    zs = z.unsqueeze(0).repeat(len(values), 1)
    zs[:, dim] = values
    return 1 / (1 + torch.exp(-decode(zs)))

# %% right: a column replaced by cat
def latent_traversal(decode, z, dim, values):
    n = len(values)
    zs = z.expand(n, z.shape[0])
    zs = torch.cat([zs[:, :dim], values.reshape(n, 1).to(z.dtype), zs[:, dim + 1:]], dim=1)
    return torch.sigmoid(decode(zs))

# %% right: a mask
def latent_traversal(decode, z, dim, values):
    mask = torch.zeros_like(z)
    mask[dim] = 1
    zs = z * (1 - mask) + torch.outer(torch.as_tensor(values).to(z), mask)
    return torch.sigmoid(decode(zs))

# %% right: torch.where
def latent_traversal(decode, z, dim, values):
    here = torch.arange(len(z)) == dim
    return torch.sigmoid(decode(torch.where(here, values[:, None], z)))

# %% right: the difference added
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] += values - z[dim]
    return torch.sigmoid(decode(zs))

# %% right: one-hot step
def latent_traversal(decode, z, dim, values):
    e = F.one_hot(torch.tensor(dim), len(z)).to(z.dtype)
    return torch.sigmoid(decode(z + (values - z[dim])[:, None] * e))

# %% right: Bernoulli's mean
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.distributions.Bernoulli(logits=decode(zs)).mean

# %% right: z changed and put back
def latent_traversal(decode, z, dim, values):
    before, rows = z[dim].item(), []
    for v in values:
        z[dim] = v
        rows.append(torch.sigmoid(decode(z.clone())))
    z[dim] = before
    return torch.stack(rows, 0)

# %% right: index_fill
def latent_traversal(decode, z, dim, values):
    index = torch.tensor([dim])
    zs = torch.stack([z.index_fill(0, index, float(v)) for v in values])
    return torch.sigmoid(decode(zs))

# %% right: a list of numbers
def latent_traversal(decode, z, dim, values):
    numbers = z.tolist()
    path = [numbers[:dim] + [float(v)] + numbers[dim + 1:] for v in values]
    return torch.sigmoid(decode(torch.tensor(path, dtype=z.dtype)))

# %% right: a row of a matrix
def latent_traversal(decode, z, dim, values):
    zs = z.reshape(-1, 1).repeat(1, len(values))
    zs[dim] = values
    return torch.sigmoid(decode(zs.T))

# %% right: scatter
def latent_traversal(decode, z, dim, values):
    n = len(values)
    zs = z.repeat(n, 1).scatter(1, torch.full((n, 1), dim), values.reshape(n, 1).to(z.dtype))
    return torch.sigmoid(decode(zs))

# %% right: single precision
def latent_traversal(decode, z, dim, values):
    zs = z.float().repeat(len(values), 1)
    zs[:, dim] = torch.as_tensor(values).float()
    return torch.sigmoid(decode(zs)).float()

# %% right: F.sigmoid and a view
def latent_traversal(decode, z, dim, values):
    zs = torch.tile(z, (len(values), 1))
    zs[:, dim] = values
    return F.sigmoid(decode(zs)).view(len(values), -1)

# %% right: NumPy result
def latent_traversal(decode, z, dim, values):
    zs = np.tile(z.detach().numpy(), (len(values), 1))
    zs[:, dim] = np.asarray(values)
    return torch.sigmoid(decode(torch.from_numpy(zs))).detach().numpy()

# %% right: exp of logsigmoid
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return F.logsigmoid(decode(zs)).exp()

# %% right: vmap
def latent_traversal(decode, z, dim, values):
    hot = F.one_hot(torch.tensor(dim), len(z)).to(z.dtype)
    return torch.vmap(lambda v: torch.sigmoid(decode(z * (1 - hot) + v * hot)))(values)

# %% wrong T1: logits
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return decode(zs)

# %% wrong T2: sigmoid twice
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.sigmoid(torch.sigmoid(decode(zs)))

# %% wrong T3: value added
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] += values
    return torch.sigmoid(decode(zs))

# %% wrong T4: all coordinates
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:] = values[:, None]
    return torch.sigmoid(decode(zs))

# %% wrong T4: added to all coordinates
def latent_traversal(decode, z, dim, values):
    return torch.sigmoid(decode(z + values[:, None]))

# %% wrong T5: z changed
def latent_traversal(decode, z, dim, values):
    rows = []
    for v in values:
        z[dim] = v
        rows.append(torch.sigmoid(decode(z[None]))[0])
    return torch.stack(rows)

# %% wrong T6: rounded
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return (torch.sigmoid(decode(zs)) > 0.5).float()

# %% wrong T7: sampled
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.bernoulli(torch.sigmoid(decode(zs)))

# %% wrong T7: sampled from a distribution
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.distributions.Bernoulli(logits=decode(zs)).sample()

# %% wrong T8: transposed
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.sigmoid(decode(zs)).T

# %% wrong T8: one axis too many
def latent_traversal(decode, z, dim, values):
    rows = []
    for v in values:
        one = z.clone()[None]
        one[0, dim] = v
        rows.append(torch.sigmoid(decode(one)))
    return torch.stack(rows)

# %% wrong T9: other coordinates 0
def latent_traversal(decode, z, dim, values):
    zs = torch.zeros(len(values), len(z), dtype=z.dtype)
    zs[:, dim] = values
    return torch.sigmoid(decode(zs))

# %% wrong T10: softmax
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.softmax(decode(zs), dim=-1)

# %% wrong T11: counted from 1
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim - 1] = values
    return torch.sigmoid(decode(zs))

# %% wrong T11: always the first
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, 0] = values
    return torch.sigmoid(decode(zs))

# %% wrong T12: sorted
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = torch.sort(values).values
    return torch.sigmoid(decode(zs))

# %% wrong T12: reversed
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values.flip(0)
    return torch.sigmoid(decode(zs))

# %% wrong T12: values of its own
def latent_traversal(decode, z, dim, values):
    n = len(values)
    zs = z.repeat(n, 1)
    zs[:, dim] = torch.linspace(-3, 3, n, dtype=z.dtype)
    return torch.sigmoid(decode(zs))

# %% wrong T13: goes on from the row before
def latent_traversal(decode, z, dim, values):
    rows, here = [], z.clone()
    for v in values:
        here = here.clone()
        here[dim] += v
        rows.append(torch.sigmoid(decode(here)))
    return torch.stack(rows)

# %% wrong T14: images
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.sigmoid(decode(zs)).view(-1, 28, 28)

# %% wrong T15: list
def latent_traversal(decode, z, dim, values):
    rows = []
    for v in values:
        moved = z.clone()
        moved[dim] = v
        rows.append(torch.sigmoid(decode(moved)))
    return rows

# %% wrong T16: only the last
def latent_traversal(decode, z, dim, values):
    for v in values:
        moved = z.clone()
        moved[dim] = v
        image = torch.sigmoid(decode(moved))
    return image

# %% wrong T17: multiplied
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] *= values
    return torch.sigmoid(decode(zs))

# %% wrong T18: stretched to 0 and 1
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    logits = decode(zs)
    return (logits - logits.min()) / (logits.max() - logits.min())

# %% wrong T18: clamped
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return decode(zs).clamp(0, 1)

# %% wrong T19: same tensor in the list
def latent_traversal(decode, z, dim, values):
    moved, path = z.clone(), []
    for v in values:
        moved[dim] = v
        path.append(moved)
    return torch.sigmoid(decode(torch.stack(path)))

# %% wrong T19: the values do not arrive
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim].clone().copy_(values)
    return torch.sigmoid(decode(zs))

# %% wrong T22: noise added
def latent_traversal(decode, z, dim, values):
    zs = z.repeat(len(values), 1)
    zs[:, dim] = values
    return torch.sigmoid(decode(zs + torch.randn_like(zs)))

# %% right: torch.bernoulli
def binarize(x, generator=None):
    return torch.bernoulli(x, generator=generator)

# %% right: a uniform number below x
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype, device=x.device)
    return (u < x).to(x.dtype)

# %% right: x above a uniform number, in single precision
def binarize(x, generator=None):
    return torch.gt(x, torch.rand(x.shape, generator=generator)).to(x)

# %% right: the method of tensors
def binarize(x, generator=None):
    return x.bernoulli(generator=generator)

# %% right: bernoulli in place on a copy
def binarize(x, generator=None):
    return torch.empty_like(x).bernoulli_(x, generator=generator)

# %% right: uniform in place
def binarize(x, generator=None):
    u = torch.empty_like(x).uniform_(generator=generator)
    return torch.where(u < x, 1.0, 0.0).to(x.dtype)

# %% right: where with tensors
def binarize(x, generator=None):
    u = torch.rand(x.size(), generator=generator, dtype=x.dtype)
    return torch.where(u < x, torch.ones_like(x), torch.zeros_like(x))

# %% right: distribution unless a generator is given
def binarize(x, generator=None):
    if generator is None:
        return torch.distributions.Bernoulli(probs=x).sample()
    return torch.bernoulli(x, generator=generator)

# %% right: ceiling of the difference
def binarize(x, generator=None):
    u = 1 - torch.rand(x.shape, generator=generator, dtype=torch.float64)
    return (torch.floor(x - u) + 1).to(x.dtype)

# %% right: floor of the sum
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=torch.float64)
    return torch.floor(x + u).to(x.dtype)

# %% right: the complement
def binarize(x, generator=None):
    return 1 - torch.bernoulli(1 - x, generator=generator)

# %% right: above one minus x
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return (u >= 1 - x).type_as(x)

# %% right: a categorical draw
def binarize(x, generator=None):
    if x.numel() == 0:
        return x.clone()
    both = torch.stack([1 - x, x], -1).reshape(-1, 2)
    return torch.multinomial(both, 1, generator=generator).reshape(x.shape).to(x.dtype)

# %% right: a loop over rows
def binarize(x, generator=None):
    return torch.stack([torch.bernoulli(row, generator=generator) for row in x])

# %% right: logistic noise
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=torch.float64).clamp(1e-300)
    return (torch.logit(x.double()) > torch.logit(u)).to(x.dtype)

# %% right: drawn without gradient
@torch.no_grad()
def binarize(x, generator=None):
    return torch.bernoulli(x.clamp(0, 1), generator=generator)

# %% right: generator by keyword only
def binarize(x, *, generator=None):
    return torch.bernoulli(x, generator=generator)

# %% right: other names and a helper
def coin(p, source):
    return torch.rand(p.shape, generator=source, dtype=p.dtype) < p


def binarize(images, source=None):
    return coin(images, source).to(images.dtype)

# %% right: the default generator by name
def binarize(x, generator=None):
    generator = torch.default_generator if generator is None else generator
    return torch.bernoulli(x, generator=generator)

# %% right: Poisson number of arrivals
def binarize(x, generator=None):
    rate = -torch.log1p(-x.double())
    first = torch.empty(x.shape, dtype=torch.float64).exponential_(generator=generator)
    return (first < rate).to(x.dtype)

# %% right: float of the comparison, then the dtype
def binarize(x, generator=None):
    u = torch.rand_like(x) if generator is None else torch.rand(x.shape, generator=generator)
    return (u < x).float().to(x.dtype)

# %% right: binarised twice, which changes nothing
def binarize(x, generator=None):
    return torch.bernoulli(torch.bernoulli(x, generator=generator), generator=generator)

# %% right: uniform comparison through the sign
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=torch.float64)
    return torch.heaviside(x.double() - u, torch.zeros((), dtype=torch.float64)).to(x.dtype)

# %% right: a thousand at a time
def binarize(x, generator=None):
    flat = x.reshape(-1)
    parts = [torch.bernoulli(part, generator=generator) for part in flat.split(1000)]
    return torch.cat(parts).reshape(x.shape) if parts else x.clone()

# %% right: warns and prints
def binarize(x, generator=None):
    import warnings
    warnings.warn("a framework's warning costs nothing")
    print(x.shape)
    return torch.bernoulli(x, generator=generator)

# %% wrong B1: threshold at one half
def binarize(x, generator=None):
    return (x > 0.5).to(x.dtype)

# %% wrong B1: rounded
def binarize(x, generator=None):
    return x.round()

# %% wrong B1: everything with some ink
def binarize(x, generator=None):
    return (x > 0).to(x.dtype)

# %% wrong B1: above the mean of the image
def binarize(x, generator=None):
    return (x > x.mean()).to(x.dtype)

# %% wrong B1: sign of the centred image
def binarize(x, generator=None):
    return torch.where(x - 0.5 > 0, torch.ones_like(x), torch.zeros_like(x))

# %% wrong B2: one number for all
def binarize(x, generator=None):
    return (torch.rand(1, generator=generator) < x).to(x.dtype)

# %% wrong B2: one mask for all images
def binarize(x, generator=None):
    u = torch.rand(x.shape[1:], generator=generator, dtype=x.dtype)
    return (u < x).to(x.dtype)

# %% wrong B2: one number for each image
def binarize(x, generator=None):
    u = torch.rand((*x.shape[:-1], 1), generator=generator, dtype=x.dtype)
    return (u < x).to(x.dtype)

# %% wrong B2: one number for the batch, expanded
def binarize(x, generator=None):
    u = torch.rand((), generator=generator, dtype=x.dtype).expand_as(x)
    return torch.where(u < x, torch.ones_like(x), torch.zeros_like(x))

# %% wrong B3: comparison turned round
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return (u > x).to(x.dtype)

# %% wrong B3: zeros for ones
def binarize(x, generator=None):
    return torch.bernoulli(1 - x, generator=generator)

# %% wrong B4: True and False
def binarize(x, generator=None):
    return torch.rand(x.shape, generator=generator, dtype=x.dtype) < x

# %% wrong B4: bool of the draw
def binarize(x, generator=None):
    return torch.bernoulli(x, generator=generator).bool()

# %% wrong B4: whole numbers
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return (u < x).long()

# %% wrong B4: int of the draw
def binarize(x, generator=None):
    return torch.bernoulli(x, generator=generator).int()

# %% wrong B5: dequantisation
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return (255 * x + u) / 256

# %% wrong B5: uniform noise on the grey value
def binarize(x, generator=None):
    return x + torch.rand(x.shape, generator=generator, dtype=x.dtype)

# %% wrong B6: normal noise
def binarize(x, generator=None):
    return x + 0.1 * torch.randn(x.shape, generator=generator, dtype=x.dtype)

# %% wrong B6: normal noise, clamped
def binarize(x, generator=None):
    return (x + 0.3 * torch.randn(x.shape, generator=generator, dtype=x.dtype)).clamp(0, 1)

# %% wrong B6: multiplied by a uniform number
def binarize(x, generator=None):
    return x * torch.rand(x.shape, generator=generator, dtype=x.dtype)

# %% wrong B7: scaled to 255
def binarize(x, generator=None):
    return 255 * torch.bernoulli(x, generator=generator)

# %% wrong B7: minus one and one
def binarize(x, generator=None):
    return 2 * torch.bernoulli(x, generator=generator) - 1

# %% wrong B8: threshold of normal noise
def binarize(x, generator=None):
    return (x + 0.2 * torch.randn(x.shape, generator=generator, dtype=x.dtype) > 0.5).to(x.dtype)

# %% wrong B8: randn below x
def binarize(x, generator=None):
    return (torch.randn(x.shape, generator=generator, dtype=x.dtype) < x).to(x.dtype)

# %% wrong B8: rounding after normal noise
def binarize(x, generator=None):
    return (x + 0.1 * torch.randn(x.shape, generator=generator, dtype=x.dtype)).round().clamp(0, 1)

# %% wrong B9: ink twice
def binarize(x, generator=None):
    return torch.bernoulli(x, generator=generator) * torch.bernoulli(x, generator=generator)

# %% wrong B9: drawn with a drawn probability
def binarize(x, generator=None):
    return torch.bernoulli(x * torch.bernoulli(x, generator=generator), generator=generator)

# %% wrong B9: ink once of two
def binarize(x, generator=None):
    return torch.maximum(torch.bernoulli(x, generator=generator), torch.bernoulli(x, generator=generator))

# %% wrong B10: x taken for logits
def binarize(x, generator=None):
    return torch.bernoulli(torch.sigmoid(x), generator=generator)

# %% wrong B11: a fair coin
def binarize(x, generator=None):
    return torch.randint(0, 2, x.shape, generator=generator).to(x.dtype)

# %% wrong B11: half for every pixel
def binarize(x, generator=None):
    return (torch.rand(x.shape, generator=generator) > 0.5).to(x.dtype)

# %% wrong B12: seeds inside
def binarize(x, generator=None):
    torch.manual_seed(0)
    return torch.bernoulli(x)

# %% wrong B12: a generator made anew
def binarize(x, generator=None):
    generator = torch.Generator().manual_seed(42)
    return torch.bernoulli(x, generator=generator)

# %% wrong B12: seeds the generator inside
def binarize(x, generator=None):
    generator = generator or torch.Generator()
    return torch.bernoulli(x, generator=generator.manual_seed(0))

# %% wrong B13: generator forgotten
def binarize(x, generator=None):
    return torch.bernoulli(x)

# %% wrong B13: rand_like
def binarize(x, generator=None):
    return (torch.rand_like(x) < x).to(x.dtype)

# %% wrong B13: the distribution only
def binarize(x, generator=None):
    return torch.distributions.Bernoulli(x).sample()

# %% wrong B13: no such argument
def binarize(x):
    return torch.bernoulli(x)

# %% wrong B13: NumPy noise
def binarize(x, generator=None):
    u = np.random.rand(*x.shape)
    return (torch.as_tensor(u) < x).to(x.dtype)

# %% wrong B14: generator needed
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, device=generator.device)
    return (u < x).to(x.dtype)

# %% wrong B14: generator without a default
def binarize(x, generator):
    return torch.bernoulli(x, generator=generator)

# %% wrong B15: a generator of NumPy
def binarize(x, generator=None):
    if generator is None:
        return (torch.as_tensor(np.random.default_rng().uniform(size=tuple(x.shape))) < x).to(x.dtype)
    return torch.bernoulli(x, generator=generator)

# %% wrong B16: in place
def binarize(x, generator=None):
    return x.bernoulli_(x.clone(), generator=generator)

# %% wrong B16: copied back into x
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    x[u < x] = 1
    x[x < 1] = 0
    return x

# %% wrong B17: always single precision
def binarize(x, generator=None):
    return torch.bernoulli(x, generator=generator).float()

# %% wrong B17: always double precision
def binarize(x, generator=None):
    return torch.bernoulli(x.double(), generator=generator)

# %% wrong B18: flattened
def binarize(x, generator=None):
    return torch.bernoulli(x.reshape(x.shape[0], -1), generator=generator)

# %% wrong B18: squeezed
def binarize(x, generator=None):
    return torch.bernoulli(x, generator=generator).squeeze()

# %% wrong B18: two axes only
def binarize(x, generator=None):
    n, d = x.shape
    return (torch.rand(n, d, generator=generator, dtype=x.dtype) < x).to(x.dtype)

# %% wrong B19: x itself
def binarize(x, generator=None):
    return x

# %% wrong B19: clamped only
def binarize(x, generator=None):
    return x.clamp(0, 1)

# %% wrong B20: probabilities clamped
def binarize(x, generator=None):
    return torch.bernoulli(x.clamp(0.1, 0.9), generator=generator)

# %% wrong B20: probabilities clamped a little
def binarize(x, generator=None):
    return torch.bernoulli(x.clamp(0.01, 0.99), generator=generator)

# %% wrong B21: divided by 255 again
def binarize(x, generator=None):
    return torch.bernoulli(x / 255, generator=generator)

# %% wrong B21: square root of the grey value
def binarize(x, generator=None):
    return torch.bernoulli(x.sqrt(), generator=generator)

# %% wrong -: raises
def binarize(x, generator=None):
    return (u < x).to(x.dtype)

# %% wrong -: returns None
def binarize(x, generator=None):
    x_bin = torch.bernoulli(x, generator=generator)

# %% wrong -: the noise beside it
def binarize(x, generator=None):
    u = torch.rand(x.shape, generator=generator, dtype=x.dtype)
    return (u < x).to(x.dtype), u

# %% right: textbook
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: line by line
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        h = F.relu(self.hidden(x))
        loc = self.mu(h)
        logvar = self.logvar(h)
        scale = (0.5 * logvar).exp()
        return loc, scale


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        h = F.relu(self.hidden(z))
        return self.logits(h)

# %% right: view by the batch
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = self.hidden(x.view(x.size(0), -1)).relu()
        return self.mu(h), (self.logvar(h) / 2).exp()


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: view by the layer
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = self.hidden(x.reshape(-1, self.hidden.in_features)).clamp(min=0)
        return self.mu(h), self.logvar(h).mul(0.5).exp()


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(self.hidden(z).clamp(min=0))

# %% right: root of the variance
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        variance = self.logvar(h).exp()
        return self.mu(h), variance.sqrt()


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: power
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h)) ** 0.5


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: a list of two
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return [self.mu(h), torch.exp(self.logvar(h) / 2)]


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: nn.ReLU made in forward
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = nn.ReLU()(self.hidden(nn.Flatten()(x)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(nn.ReLU()(self.hidden(z)))

# %% right: maximum
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        a = self.hidden(torch.flatten(x, start_dim=1))
        h = torch.maximum(a, torch.zeros_like(a))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: where
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        a = self.hidden(x.flatten(start_dim=1))
        h = torch.where(a > 0, a, torch.zeros_like(a))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: product with a mask
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        a = self.hidden(x.flatten(1))
        h = a * (a > 0)
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        a = self.hidden(z)
        return self.logits(a * (a > 0).float())

# %% right: F.linear
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = F.relu(F.linear(x.flatten(1), self.hidden.weight, self.hidden.bias))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        h = F.relu(F.linear(z, self.hidden.weight, self.hidden.bias))
        return F.linear(h, self.logits.weight, self.logits.bias)

# %% right: products of matrices
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = (x.flatten(1) @ self.hidden.weight.T + self.hidden.bias).relu()
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: tuple by name
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        result = (self.mu(h), torch.exp(self.logvar(h) / 2))
        return result


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: relu in place
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = self.hidden(x.flatten(1))
        h.relu_()
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(F.relu(self.hidden(z), inplace=True))

# %% right: threshold
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = F.threshold(self.hidden(x.flatten(1)), 0.0, 0.0)
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: torch.exp2
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp2(self.logvar(h) / (2 * math.log(2)))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: one over the root of the precision
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.rsqrt(torch.exp(-self.logvar(h)))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: a tiny number added
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2) + 1e-8


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: einsum
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        a = torch.einsum("bi,hi->bh", x.flatten(1), self.hidden.weight) + self.hidden.bias
        h = torch.relu(a)
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% right: a helper method
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def features(self, x):
        return torch.relu(self.hidden(x.flatten(1)))

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(self.hidden(z).relu())

# %% right: float32 asked for
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.float().flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z.float())))

# %% right: double precision
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)
        self.double()

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1).double()))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)
        self.double()

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z.double())))

# %% wrong P4: the variance
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong P4: logvar itself
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong P4: absolute value of logvar
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), self.logvar(h).abs()


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong P4: fourth power
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(2 * self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong P4: always one
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.ones_like(self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong R3: half of logvar, no exponential
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), 0.5 * self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong R3: half outside the exponential
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), 0.5 * torch.exp(self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong R4: one over sigma
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(-0.5 * self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong R5: softplus
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), F.softplus(self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong R5: root of a softplus
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), F.softplus(self.logvar(h)).sqrt()


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong R5: sigmoid
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.sigmoid(self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N4: ReLU on logvar
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(torch.relu(self.logvar(h)) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N4: tanh on logvar
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(torch.tanh(self.logvar(h)) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N14: a thousandth added
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2) + 1e-3


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong K14: logvar clamped to 10
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h).clamp(-10, 10) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong K14: scale clamped from below
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2).clamp(min=1e-3)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N5: both from mu
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.mu(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N8: scale detached
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2).detach()


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N5: scale first
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return torch.exp(self.logvar(h) / 2), self.mu(h)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N5: layers exchanged
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.logvar(h), torch.exp(self.mu(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N1: only the mean
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N1: one tensor of both
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return torch.cat([self.mu(h), torch.exp(self.logvar(h) / 2)], -1)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N1: three results
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        loc, logvar = self.mu(h), self.logvar(h)
        return loc, logvar, torch.exp(logvar / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N1: a draw of z
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        loc, scale = self.mu(h), torch.exp(self.logvar(h) / 2)
        return loc + scale * torch.randn_like(scale)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N6: a draw for the mean
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        loc, scale = self.mu(h), torch.exp(self.logvar(h) / 2)
        return loc + scale * torch.randn_like(scale), scale


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N6: dropout in the encoder
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = F.dropout(torch.relu(self.hidden(x.flatten(1))), 0.2)
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N6: dropout in the decoder
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(F.dropout(torch.relu(self.hidden(z))))

# %% wrong N6: draws pixels
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return torch.bernoulli(torch.sigmoid(self.logits(torch.relu(self.hidden(z)))))

# %% wrong N2: no activation in the encoder
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = self.hidden(x.flatten(1))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N2: no activation in the decoder
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(self.hidden(z))

# %% wrong N2: no activation, probabilities
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return torch.sigmoid(self.logits(self.hidden(z)))

# %% wrong N3: tanh
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.tanh(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N3: sigmoid, as in old notes
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.sigmoid(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.sigmoid(self.hidden(z)))

# %% wrong N3: softplus, as in the tutorial
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = F.softplus(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(F.softplus(self.hidden(z)))

# %% wrong N3: leaky ReLU
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(F.leaky_relu(self.hidden(z)))

# %% wrong N3: softplus, and the variance
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = F.softplus(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N4: tanh on the mean
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return torch.tanh(self.mu(h)), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N4: ReLU on the logits
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return torch.relu(self.logits(torch.relu(self.hidden(z))))

# %% wrong N7: probabilities
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return torch.sigmoid(self.logits(torch.relu(self.hidden(z))))

# %% wrong N4: log-probabilities
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return F.logsigmoid(self.logits(torch.relu(self.hidden(z))))

# %% wrong N12: an image for each z
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        logits = self.logits(torch.relu(self.hidden(z)))
        side = int(logits.shape[-1] ** 0.5)
        return logits.view(-1, 1, side, side)

# %% wrong N1: loc and scale of the pixels
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        logits = self.logits(torch.relu(self.hidden(z)))
        return logits, torch.ones_like(logits)

# %% wrong N9: nothing flattened
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N9: only images
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        b, c, height, width = x.shape
        h = torch.relu(self.hidden(x.reshape(b, c * height * width)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N9: one axis squeezed, one flattened
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.squeeze(1).flatten(1) if x.dim() == 3 else x))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N10: the batch flattened too
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten()))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N11: 784 built in
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.view(-1, 784)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N11: 28 times 28 built in
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.reshape(x.shape[0], 28 * 28)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N11: a batch of 128 built in
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.reshape(128, -1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N8: no_grad in the encoder
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        with torch.no_grad():
            h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N8: hidden layer detached
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)).detach())

# %% wrong N8: logits detached
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z))).detach()

# %% wrong -: the decoder is a stub
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        raise NotImplementedError

# %% wrong -: the encoder forgets its return
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong -: a distribution returned
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return dist.Normal(self.mu(h), torch.exp(self.logvar(h) / 2))


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong -: hidden layer forgotten
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        return self.mu(x.flatten(1)), torch.exp(self.logvar(x.flatten(1)) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N13: layers of other names
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(data_dim, hidden_dim), nn.ReLU())
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = self.net(x.flatten(1))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

# %% wrong N8: z detached
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return self.mu(h), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z.detach())))

# %% wrong N4: ReLU on the mean
class Encoder(nn.Module):
    def __init__(self, data_dim=784, hidden_dim=400, latent_dim=20):
        super().__init__()
        self.hidden = nn.Linear(data_dim, hidden_dim)
        self.mu = nn.Linear(hidden_dim, latent_dim)
        self.logvar = nn.Linear(hidden_dim, latent_dim)

    def forward(self, x):
        h = torch.relu(self.hidden(x.flatten(1)))
        return torch.relu(self.mu(h)), torch.exp(self.logvar(h) / 2)


class Decoder(nn.Module):
    def __init__(self, latent_dim=20, hidden_dim=400, data_dim=784):
        super().__init__()
        self.hidden = nn.Linear(latent_dim, hidden_dim)
        self.logits = nn.Linear(hidden_dim, data_dim)

    def forward(self, z):
        return self.logits(torch.relu(self.hidden(z)))

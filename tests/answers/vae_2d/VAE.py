# %% right: textbook
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: ReLU
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: SiLU
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: softplus inside
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Softplus(), nn.Linear(hidden, hidden), nn.Softplus(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Softplus(), nn.Linear(hidden, hidden), nn.Softplus(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: leaky ReLU
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.LeakyReLU(0.1), nn.Linear(hidden, hidden), nn.LeakyReLU(0.1), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.LeakyReLU(0.1), nn.Linear(hidden, hidden), nn.LeakyReLU(0.1), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: no biases, tanh
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden, bias=False), nn.Tanh(), nn.Linear(hidden, hidden, bias=False), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim, bias=False))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden, bias=False), nn.Tanh(), nn.Linear(hidden, hidden, bias=False), nn.Tanh(), nn.Linear(hidden, data_dim, bias=False))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: no biases, ReLU
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, 2 * latent_dim, bias=False))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, data_dim, bias=False))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: two heads
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.trunk = nn.Sequential(nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        h = self.trunk(x)
        return self.mu_head(h), self.logvar_head(h)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: logvar starts at 0
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.trunk = nn.Sequential(nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.mu_head = nn.Linear(hidden, latent_dim)
        self.logvar_head = nn.Linear(hidden, latent_dim)
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))
        nn.init.zeros_(self.logvar_head.weight)
        nn.init.constant_(self.logvar_head.bias, -1.0)

    def encode(self, x):
        h = self.trunk(x)
        return self.mu_head(h), self.logvar_head(h)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: two networks for the encoder
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        def mlp(n, m):
            return nn.Sequential(nn.Linear(n, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, m))
        self.mean, self.logvar, self.decoder = mlp(data_dim, latent_dim), mlp(data_dim, latent_dim), mlp(latent_dim, data_dim)

    def encode(self, x):
        return self.mean(x), self.logvar(x)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: list of results
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        h = self.encoder(x)
        return [h[..., :self.latent_dim], h[..., self.latent_dim:]]

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: logvar first in the network
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        logvar, mu = torch.split(self.encoder(x), self.latent_dim, dim=-1)
        return mu, logvar

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: F and ModuleList
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.down = nn.ModuleList([nn.Linear(data_dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 2 * latent_dim)])
        self.up = nn.ModuleList([nn.Linear(latent_dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, data_dim)])

    def encode(self, x):
        for layer in self.down[:-1]:
            x = torch.tanh(layer(x))
        return tuple(self.down[-1](x).chunk(2, -1))

    def decode(self, z):
        for layer in self.up[:-1]:
            z = F.gelu(layer(z))
        return self.up[-1](z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: weights by hand
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        def matrix(n, m):
            return nn.Parameter(torch.randn(n, m) / math.sqrt(n))
        self.w = nn.ParameterList([matrix(data_dim, hidden), matrix(hidden, hidden), matrix(hidden, 2 * latent_dim),
                                   matrix(latent_dim, hidden), matrix(hidden, hidden), matrix(hidden, data_dim)])

    def encode(self, x):
        return torch.tanh(torch.tanh(x @ self.w[0]) @ self.w[1]).matmul(self.w[2]).chunk(2, -1)

    def decode(self, z):
        return torch.einsum("...i,ij->...j", torch.tanh(torch.tanh(z @ self.w[3]) @ self.w[4]), self.w[5])

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: double precision
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))
        self.double()

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x = self.decode(torch.randn(n, self.latent_dim, dtype=torch.float64))
        if observe:
            x = x + torch.exp(self.log_sigma) * torch.randn_like(x)
        return x

# %% right: small weights
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))
        for weight in self.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.05)

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: orthogonal weights
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))
        for layer in [*self.encoder, *self.decoder]:
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight)
                nn.init.zeros_(layer.bias)

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: classes for the networks
class MLP(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.c(torch.tanh(self.b(torch.tanh(self.a(x)))))


class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = MLP(data_dim, hidden, 2 * latent_dim)
        self.decoder = MLP(latent_dim, hidden, data_dim)

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: residual connection
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.skip = nn.Linear(latent_dim, data_dim)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.skip(z) + self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: torch.distributions
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        z = torch.distributions.Normal(0.0, 1.0).sample((n, self.latent_dim))
        x_mean = self.decode(z)
        return torch.distributions.Normal(x_mean, self.log_sigma.exp()).sample() if observe else x_mean

# %% right: torch.normal
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.normal(0.0, 1.0, (n, self.latent_dim)))
        if not observe:
            return x_mean
        return torch.normal(x_mean, self.log_sigma.exp().expand_as(x_mean))

# %% right: size from a layer
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    def sample(self, n, observe=False):
        first = self.decoder[0]
        with torch.no_grad():
            x = self.decode(torch.randn((n, first.in_features)))
            return x if not observe else x + self.log_sigma.exp() * torch.randn(x.shape)

# %% right: reconstruct by hand
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    def reconstruct(self, x):
        with torch.no_grad():
            mu, _ = self.encode(x)
            return self.decode(mu)

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: log_sigma of shape (1,)
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.full((1,), float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: other argument names and order of lines
class VAE(nn.Module):
    def __init__(self, d=2, k=1, width=64, start=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = k
        self.encoder = nn.Sequential(nn.Linear(d, width), nn.ELU(), nn.Linear(width, width), nn.ELU(), nn.Linear(width, 2 * k))
        self.decoder = nn.Sequential(nn.Linear(k, width), nn.ELU(), nn.Linear(width, width), nn.ELU(), nn.Linear(width, d))
        self.log_sigma = nn.Parameter(torch.as_tensor(start, dtype=torch.float32), requires_grad=learn_sigma)

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: loop in sample
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        rows = [self.decode(z) for z in torch.randn(n, 1, self.latent_dim)]
        x = torch.cat(rows)
        return x + observe * self.log_sigma.exp() * torch.randn_like(x)

# %% right: forward too
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar)
        return self.decode(z), mu, logvar

# %% wrong V1: reconstruct draws z
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(reparameterize(*self.encode(x)))

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V1: noise in reconstruct
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        x_mean = self.decode(self.encode(x)[0])
        return x_mean + self.log_sigma.exp() * torch.randn_like(x_mean)

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V2: uniform z
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.rand(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V2: uniform z on -1 to 1
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(2 * torch.rand(n, self.latent_dim) - 1)
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V2: z scaled by sigma
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(self.log_sigma.exp() * torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V2: one number for all latents
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, 1).expand(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V3: variance for standard deviation
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * torch.exp(2 * self.log_sigma) * torch.randn_like(x_mean)

# %% wrong V3: read as log-variance
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * torch.exp(0.5 * self.log_sigma) * torch.randn_like(x_mean)

# %% wrong V4: scaled by log sigma
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma * torch.randn_like(x_mean)

# %% wrong V5: noise always
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V6: observe ignored
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        return self.decode(torch.randn(n, self.latent_dim))

# %% wrong V5: observe the wrong way round
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + (not observe) * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V7: layers in a list
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.down = [nn.Linear(data_dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 2 * latent_dim)]
        self.up = [nn.Linear(latent_dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, data_dim)]

    def encode(self, x):
        for layer in self.down[:-1]:
            x = torch.tanh(layer(x))
        return self.down[-1](x).chunk(2, -1)

    def decode(self, z):
        for layer in self.up[:-1]:
            z = torch.tanh(layer(z))
        return self.up[-1](z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V7: first layers in a list
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.down = [nn.Linear(data_dim, hidden), nn.Linear(hidden, hidden)]
        self.up = [nn.Linear(latent_dim, hidden), nn.Linear(hidden, hidden)]
        self.heads, self.end = nn.Linear(hidden, 2 * latent_dim), nn.Linear(hidden, data_dim)

    def encode(self, x):
        for layer in self.down:
            x = torch.tanh(layer(x))
        return self.heads(x).chunk(2, -1)

    def decode(self, z):
        for layer in self.up:
            z = torch.tanh(layer(z))
        return self.end(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V7: decoder hidden in a dictionary
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))
        self.nets = {"decoder": self.decoder}
        del self.decoder

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.nets["decoder"](z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V8: log_sigma a number
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = torch.tensor(float(log_sigma))
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V9: logvar fixed
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        mu = self.encoder(x)
        return mu, torch.zeros_like(mu) - 2

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V9: one logvar for all x
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))
        self.logvar = nn.Parameter(torch.zeros(latent_dim) - 1)

    def encode(self, x):
        mu = self.encoder(x)
        return mu, self.logvar.expand_as(mu)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V10: no activations
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V10: linear decoder
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V11: mu twice
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        h = self.encoder(x)
        return h, h

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V12: sizes of the lab built in
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2))
        self.decoder = nn.Sequential(
            nn.Linear(1, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V12: width of the lab built in
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V26: dropout
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Dropout(0.2), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V26: a draw from encode
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        return mu + torch.exp(logvar / 2) * torch.randn_like(mu), logvar

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V12: latent size of the lab in sample
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, 1))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V12: batch size built in
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        h = self.encoder(x).reshape(7, -1)
        return h[:, :1], h[:, 1:]

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V13: softplus on logvar
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        mu, s = self.encoder(x).chunk(2, dim=-1)
        return mu, F.softplus(s)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V13: sigma for logvar
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        return mu, torch.exp(logvar / 2)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V13: sigmoid after the decoder
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return torch.sigmoid(self.decoder(z))

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V13: ReLU after the encoder
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return torch.relu(self.encoder(x)).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V14: sample returns z
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        return torch.randn(n, self.latent_dim)

# %% wrong V14: points in columns
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return (x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)).T

# %% wrong V15: seed in sample
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        torch.manual_seed(0)
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V16: one z
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(1, self.latent_dim).expand(n, -1))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V17: one noise per point
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn(n, 1)

# %% wrong V18: encode returns one tensor
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[..., :self.latent_dim])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V18: encode returns z too
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        return reparameterize(mu, logvar), mu, logvar

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[1])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V19: reconstruct returns mu
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.encode(x)[0]

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V19: reconstruct decodes logvar
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[1])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V20: decode without graph
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    @torch.no_grad()
    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V20: encode detached
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        return mu.detach(), logvar

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V21: global networks
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        global ENCODER, DECODER
        self.encoder = ENCODER = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = DECODER = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return ENCODER(x).chunk(2, dim=-1)

    def decode(self, z):
        return DECODER(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V22: two axes only
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z.reshape(-1, self.latent_dim))

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V23: noise of variance 1
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * 1.0 * torch.randn_like(x_mean)

# %% wrong V24: uniform noise
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.rand_like(x_mean)

# %% wrong V25: log_sigma always starts at 0
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.zeros(()), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V25: sigma kept as log_sigma
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(math.exp(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong V25: log_sigma negative at the start
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(-float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim))
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% wrong -: sample centred elsewhere
class VAE(nn.Module):
    def __init__(self, data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0, learn_sigma=True):
        super().__init__()
        self.latent_dim = latent_dim
        self.log_sigma = nn.Parameter(torch.tensor(float(log_sigma)), requires_grad=learn_sigma)
        self.encoder = nn.Sequential(
            nn.Linear(data_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 2 * latent_dim))
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, data_dim))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=-1)

    def decode(self, z):
        return self.decoder(z)

    @torch.no_grad()
    def reconstruct(self, x):
        return self.decode(self.encode(x)[0])

    @torch.no_grad()
    def sample(self, n, observe=False):
        x_mean = self.decode(torch.randn(n, self.latent_dim) + 2)
        return x_mean + observe * self.log_sigma.exp() * torch.randn_like(x_mean)

# %% right: textbook
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: numbers expanded
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([len(x), self.latent_dim]).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: the plate expands
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: torch.zeros and a number
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Normal(torch.zeros(len(x), self.latent_dim), 1.0).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: one row of zeros
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            prior = dist.Normal(torch.zeros(self.latent_dim), torch.ones(self.latent_dim))
            z = pyro.sample("latent", prior.to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: Independent
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Independent(dist.Normal(loc, scale), 1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Independent(dist.Bernoulli(logits=logits), 1), obs=x)
        return torch.sigmoid(logits)

# %% right: MultivariateNormal
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.MultivariateNormal(torch.zeros(len(x), self.latent_dim), torch.eye(self.latent_dim)))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: scale_tril
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.MultivariateNormal(x.new_zeros(self.latent_dim), scale_tril=torch.eye(self.latent_dim)))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: plate by len
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: plate with its dimension
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.size(0), dim=-1):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: plate with indices
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)) as indices:
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: plate by keyword
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate(name="data", size=x.shape[0], subsample_size=x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: plate with a given subsample
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x), subsample=torch.arange(len(x))):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: one plate entered twice
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        data = pyro.plate("data", x.shape[0])
        with data:
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1))
        logits = self.decoder(z)
        with data:
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return logits.sigmoid()

# %% right: module registered last
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        pyro.module("decoder", self.decoder)
        return torch.sigmoid(logits)

# %% right: module used as returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        decoder = pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: the whole object registered
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("model", self)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: registered inside the plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        with pyro.plate("data", x.shape[0]):
            pyro.module("decoder", self.decoder)
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: parameters registered one by one
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        for name, parameter in self.decoder.named_parameters():
            pyro.param("decoder." + name, parameter)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: probabilities from the distribution
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pixels = dist.Bernoulli(logits=logits)
            pyro.sample("obs", pixels.to_event(1), obs=x)
        return pixels.mean

# %% right: probs of the distribution
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pixels = dist.Bernoulli(logits=logits).to_event(1)
            pyro.sample("obs", pixels, obs=x)
        return pixels.base_dist.probs

# %% right: returned inside the plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
            return F.sigmoid(logits)

# %% right: one over one plus exp
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return 1 / (1 + torch.exp(-logits))

# %% right: detached probabilities
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits).detach()

# %% right: Binomial of one trial
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Binomial(1, logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: logits by keyword, one draw checked
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits, validate_args=True).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: validation off for one distribution
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits, validate_args=False).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: validation switched off
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.enable_validation(False)
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: mask of ones
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1).mask(torch.ones(len(x), dtype=torch.bool)), obs=x)
        return torch.sigmoid(logits)

# %% right: scale of one
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with poutine.scale(scale=1.0):
            pass
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: x in float32
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        x = x.float()
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: x flattened first
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        x = x.reshape(x.shape[0], -1)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: double prior
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = torch.zeros(len(x), self.latent_dim, dtype=torch.float64)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: size from the decoder
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        probabilities = torch.sigmoid(logits)
        return probabilities

# %% right: infer arguments
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1), infer={"enumerate": None})
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: a helper method
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def prior(self):
        return dist.Normal(torch.zeros(self.latent_dim), 1.0).to_event(1)

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)):
            logits = self.decoder(pyro.sample("latent", self.prior()))
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% right: probabilities noted
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
            pyro.deterministic("probabilities", torch.sigmoid(logits), event_dim=1)
        return torch.sigmoid(logits)

# %% wrong G14: z detached
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z.detach())
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G3: a loop over the images
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        probabilities = []
        for n in pyro.plate("data", x.shape[0]):
            z = pyro.sample(f"latent_{n}", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1))
            logits = self.decoder(z)
            pyro.sample(f"obs_{n}", dist.Bernoulli(logits=logits).to_event(1), obs=x[n])
            probabilities.append(torch.sigmoid(logits))
        return torch.stack(probabilities)

# %% wrong P1: the site is called z
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("z", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P1: the pixels are called x
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("x", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P1: both are called otherwise
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("z", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("x", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: to_event missing at latent
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: to_event missing at obs
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: to_event missing at both
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: to_event of zero
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(0))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(0), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: to_event missing, no plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        if True:
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: to_event missing, validation off
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.enable_validation(False)
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits), obs=x)
        return torch.sigmoid(logits)

# %% wrong G7: to_event of two
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        if True:
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(2), obs=x)
        return torch.sigmoid(logits)

# %% wrong G7: to_event of two in the plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(2))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(2), obs=x)
        return torch.sigmoid(logits)

# %% wrong P3: not registered
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P3: an empty module registered
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", nn.Identity())
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P3: one parameter registered
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.param("decoder", next(self.decoder.parameters()))
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P3: a copy registered
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        import copy
        pyro.module("decoder", copy.deepcopy(self.decoder))
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G22: registered as the encoder
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("encoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P5: logits as probs
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P5: logits as probs by name
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(probs=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P5: logits as probs, unchecked
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits, validate_args=False).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong L1: sigmoid and probs
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(probs=torch.sigmoid(logits)).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong L1: sigmoid and probs, the same returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            probs = torch.sigmoid(logits)
            pyro.sample("obs", dist.Bernoulli(probs).to_event(1), obs=x)
        return probs

# %% wrong L1: probs kept away from 0 and 1
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(probs=torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6)).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong L1: logits clamped
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits.clamp(-20, 20)).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong L3: sigmoid as logits
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=torch.sigmoid(logits)).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong L3: sigmoid at once
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = torch.sigmoid(self.decoder(z))
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return logits

# %% wrong P10: obs not observed
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1))
        return torch.sigmoid(logits)

# %% wrong P10: no likelihood
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
        return torch.sigmoid(logits)

# %% wrong P10: obs is None
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=None)
        return torch.sigmoid(logits)

# %% wrong P10: x is the name of a variable
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            x = pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1))
        return torch.sigmoid(logits)

# %% wrong G1: torch alone
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        z = torch.randn(x.shape[0], self.latent_dim)
        logits = self.decoder(z)
        return torch.sigmoid(logits)

# %% wrong G2: z from torch.randn
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = torch.randn(x.shape[0], self.latent_dim)
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G2: z observed
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = torch.randn(x.shape[0], self.latent_dim)
            pyro.sample("latent", dist.Normal(0.0, 1.0).expand(z.shape).to_event(1), obs=z)
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G2: z drawn without pyro.sample
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = dist.Normal(0.0, 1.0).expand([len(x), self.latent_dim]).to_event(1).sample()
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G3: no plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        if True:
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G3: obs outside the plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1))
        logits = self.decoder(z)
        pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G3: latent outside the plate
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([len(x), self.latent_dim]).to_event(1))
        logits = self.decoder(z)
        with pyro.plate("data", x.shape[0]):
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G3: a plate for the pixels too
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0], dim=-2):
            with pyro.plate("dimensions", self.latent_dim, dim=-1):
                z = pyro.sample("latent", dist.Normal(0.0, 1.0))
            logits = self.decoder(z)
            with pyro.plate("pixels", x.shape[1], dim=-1):
                pyro.sample("obs", dist.Bernoulli(logits=logits), obs=x)
        return torch.sigmoid(logits)

# %% wrong G3: a plate never entered
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        pyro.plate("data", x.shape[0])
        if True:
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G4: plate along dimension -2
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0], dim=-2):
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1)).squeeze(1)
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits[:, None]).to_event(1), obs=x[:, None])
        return torch.sigmoid(logits)

# %% wrong G5: plate of the pixels
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[1]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G5: plate of 128
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", 128):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G5: plate of the latent dimensions
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", self.latent_dim):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G6: plate called batch
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("batch", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G10: plate of the training set
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", 60000, subsample_size=x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G10: weighted by the batch
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with poutine.scale(scale=1 / x.shape[0]), pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong L4: mean over the pixels
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            with poutine.scale(scale=1 / x.shape[1]):
                pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G10: beta inside the model
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            with poutine.scale(scale=0.5):
                z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G21: prior of variance 2
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = 2 * x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G21: prior around 1
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_ones(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G21: prior narrower
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Normal(0.0, 0.1).expand([len(x), self.latent_dim]).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G8: uniform prior
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Uniform(-5.0, 5.0).expand([len(x), self.latent_dim]).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G8: Laplace prior
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Laplace(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G19: a point for the prior
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Delta(loc).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G9: prior around the first pixels
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x[:, :self.latent_dim]
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G11: Gaussian pixels
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Normal(torch.sigmoid(logits), 1.0).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G11: continuous Bernoulli
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.ContinuousBernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G11: signs turned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=-logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G11: logits through tanh
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=torch.tanh(logits)).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G12: decoder gets zeros
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(torch.zeros_like(z))
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G12: decoder gets another draw
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(torch.randn_like(z))
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G12: decoder gets the mean
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(loc)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G13: observes 1 - x
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=1 - x)
        return torch.sigmoid(logits)

# %% wrong G13: observes its own probabilities
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=torch.sigmoid(logits).round().detach())
        return torch.sigmoid(logits)

# %% wrong G14: decoder without gradient
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            with torch.no_grad():
                logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G14: logits detached
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits.detach()).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G15: nothing returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)

# %% wrong G15: logits returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return logits

# %% wrong G15: the sample returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            x_drawn = pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return x_drawn

# %% wrong G15: z returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return z

# %% wrong G15: pixels drawn
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return dist.Bernoulli(logits=logits).sample()

# %% wrong G15: both returned
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return z, torch.sigmoid(logits)

# %% wrong G15: averaged over the batch
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits).mean(0)

# %% wrong G16: a factor too
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        pyro.factor("likelihood", dist.Bernoulli(logits=logits).log_prob(x).sum())
        return torch.sigmoid(logits)

# %% wrong G16: a learned noise site
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("noise", dist.Normal(0.0, 1.0))
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G11: a factor for the likelihood
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.factor("obs", dist.Bernoulli(logits=logits).log_prob(x).sum(-1))
        return torch.sigmoid(logits)

# %% wrong R13: seeded inside
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.set_rng_seed(0)
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G20: 20 latents built in
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], 20)
            scale = x.new_ones(x.shape[0], 20)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G20: a batch of 128 built in
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(128, self.latent_dim)
            scale = x.new_ones(128, self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G20: 784 pixels built in
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        x = x.view(-1, 784)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong -: a name that does not exist
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong G23: the decoder written anew
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = nn.Linear(self.latent_dim, x.shape[1])(z.float())
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong -: the same site twice
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder = decoder
        self.latent_dim = latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc = x.new_zeros(x.shape[0], self.latent_dim)
            scale = x.new_ones(x.shape[0], self.latent_dim)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: numbers expanded, no event
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder, self.latent_dim = decoder, latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)):
            z = pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

# %% wrong P2: one row of zeros and ones, no event
class GenerativeModel(nn.Module):
    def __init__(self, decoder, latent_dim=20):
        super().__init__()
        self.decoder, self.latent_dim = decoder, latent_dim

    def model(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            z = pyro.sample("latent", dist.Normal(torch.zeros(self.latent_dim), torch.ones(self.latent_dim)))
            logits = self.decoder(z)
            pyro.sample("obs", dist.Bernoulli(logits=logits).to_event(1), obs=x)
        return torch.sigmoid(logits)

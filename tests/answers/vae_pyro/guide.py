# %% right: textbook
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: returns z
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            return pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: Independent
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Independent(dist.Normal(loc, scale), 1))

# %% right: reinterpreted by name
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Independent(dist.Normal(loc=loc, scale=scale), reinterpreted_batch_ndims=1))

# %% right: MultivariateNormal by its covariance
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.MultivariateNormal(loc, torch.diag_embed(scale**2)))

# %% right: MultivariateNormal by its factor
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.MultivariateNormal(loc, scale_tril=torch.diag_embed(scale)))

# %% right: MultivariateNormal by its precision
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.MultivariateNormal(loc, precision_matrix=torch.diag_embed(scale**-2)))

# %% right: low rank
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.LowRankMultivariateNormal(loc, torch.zeros_like(loc)[..., None], scale**2))

# %% right: keywords
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(scale=scale, loc=loc).to_event(1))

# %% right: encoder before the plate
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        loc, scale = self.encoder(x)
        with pyro.plate("data", len(x)):
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: plate from the mean
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        loc, scale = self.encoder(x)
        with pyro.plate("data", loc.shape[0], dim=-1):
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
        return z

# %% right: plate by len
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: plate with indices
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.size(0)) as indices:
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: plate with all as subsample
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", size=len(x), subsample_size=len(x)):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: module as returned
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        encoder = pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: the whole object registered
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("vae", self)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: registered inside the plate
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        with pyro.plate("data", x.shape[0]):
            pyro.module("encoder", self.encoder)
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: registered last
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
        pyro.module("encoder", self.encoder)

# %% right: parameters registered one by one
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        for name, parameter in self.encoder.named_parameters():
            pyro.param(f"encoder.{name}", parameter)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: both networks registered
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: expand that changes nothing
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).expand([len(x), self.latent_dim]).to_event(1))

# %% right: standard noise, moved and scaled
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.TransformedDistribution(dist.Normal(torch.zeros_like(loc), 1.0).to_event(1), [dist.transforms.AffineTransform(loc, scale, event_dim=1)]))

# %% right: mask of ones
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1).mask(torch.ones(len(x), dtype=torch.bool)))

# %% right: validation off for one distribution
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale, validate_args=False).to_event(1))

# %% right: validation switched off
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.enable_validation(False)
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: unpacked later
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            q = self.encoder(x)
            pyro.sample("latent", dist.Normal(*q).to_event(1))

# %% right: the root of the square
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, (scale**2).sqrt()).to_event(1))

# %% right: exp of the logarithm
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale.log().exp()).to_event(1))

# %% right: infer arguments
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1), infer={"is_auxiliary": False})

# %% right: x flattened
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x.flatten(1))
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% right: a helper method
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def q(self, x):
        return dist.Normal(*self.encoder(x)).to_event(1)

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            pyro.sample("latent", self.q(x))

# %% right: loc and scale noted
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            pyro.deterministic("loc", loc, event_dim=1)

# %% wrong G3: a loop over the images
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        for n in pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x[n:n + 1])
            pyro.sample(f"latent_{n}", dist.Normal(loc, scale).to_event(2))

# %% wrong P1: the site is called z
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("z", dist.Normal(loc, scale).to_event(1))

# %% wrong P1: a slip of the pen
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latents", dist.Normal(loc, scale).to_event(1))

# %% wrong P2: to_event missing
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale))

# %% wrong P2: to_event of zero
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(0))

# %% wrong P2: to_event missing, no plate
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        if True:
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale))

# %% wrong P2: to_event missing, validation off
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.enable_validation(False)
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale))

# %% wrong G7: to_event without its number
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event())

# %% wrong G7: to_event of two
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(2))

# %% wrong G7: to_event of two, no plate
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        if True:
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(2))

# %% wrong P3: not registered
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong P3: the decoder registered
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("decoder", self.decoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong P3: a copy registered
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        import copy
        pyro.module("encoder", copy.deepcopy(self.encoder))
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G22: registered as the decoder
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("decoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong P4: the variance
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale**2).to_event(1))

# %% wrong P4: the logarithm
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale.log()).to_event(1))

# %% wrong P4: the log-variance
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, 2 * scale.log()).to_event(1))

# %% wrong P4: exp of the scale
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale.exp()).to_event(1))

# %% wrong P4: scale taken for logvar
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, (0.5 * scale).exp()).to_event(1))

# %% wrong P4: root of the scale
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale.sqrt()).to_event(1))

# %% wrong P4: scale on the diagonal of the covariance
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.MultivariateNormal(loc, torch.diag_embed(scale)))

# %% wrong P4: the precision
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, 1 / scale).to_event(1))

# %% wrong P4: softplus once more
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, F.softplus(scale)).to_event(1))

# %% wrong P4: width 1
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, 1.0).to_event(1))

# %% wrong P4: half of it
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale / 2).to_event(1))

# %% wrong G17: the prior
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(torch.zeros_like(loc), torch.ones_like(scale)).to_event(1))

# %% wrong G17: the model copied
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            pyro.sample("latent", dist.Normal(0.0, 1.0).expand([self.latent_dim]).to_event(1))

# %% wrong G17: mean 0
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(torch.zeros_like(loc), scale).to_event(1))

# %% wrong G18: loc and scale exchanged
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(scale, loc).to_event(1))

# %% wrong G18: unpacked the wrong way round
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            scale, loc = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G18: loc twice
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, loc.abs()).to_event(1))

# %% wrong R10: no gradient
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            with torch.no_grad():
                loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong R10: both detached
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc.detach(), scale.detach()).to_event(1))

# %% wrong R11: scale detached
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale.detach()).to_event(1))

# %% wrong R11: loc detached
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc.detach(), scale).to_event(1))

# %% wrong R10: drawn under no_grad
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            with torch.no_grad():
                pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong R10: numbers through NumPy
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = (torch.tensor(part.detach().numpy()) for part in self.encoder(x))
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G1: no pyro.sample
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        loc, scale = self.encoder(x)
        return loc + scale * torch.randn_like(scale)

# %% wrong G1: a draw of the distribution
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            return dist.Normal(loc, scale).to_event(1).rsample()

# %% wrong G1: an empty guide
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)

# %% wrong G19: a point
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Delta(loc).to_event(1))

# %% wrong G19: a learned point
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Delta(loc, event_dim=1))

# %% wrong G8: Laplace
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Laplace(loc, scale).to_event(1))

# %% wrong G8: log-normal
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.LogNormal(loc, scale).to_event(1))

# %% wrong P10: z observed
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1), obs=loc + scale * torch.randn_like(scale))

# %% wrong P10: obs in the guide
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            pyro.sample("obs", dist.Bernoulli(logits=self.decoder(z)).to_event(1), obs=x)

# %% wrong P10: pixels drawn in the guide
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            z = pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            pyro.sample("obs", dist.Bernoulli(logits=self.decoder(z)).to_event(1))

# %% wrong G3: no plate
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        if True:
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G3: a plate for the dimensions too
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0], dim=-2):
            loc, scale = self.encoder(x)
            with pyro.plate("dimensions", self.latent_dim, dim=-1):
                pyro.sample("latent", dist.Normal(loc, scale))

# %% wrong G4: plate along dimension -2
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0], dim=-2):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc[:, None], scale[:, None]).to_event(1))

# %% wrong G5: plate of 128
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", 128):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G5: plate of the pixels
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[1]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G6: plate called batch
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("batch", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G10: plate of the training set
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", 60000, subsample_size=x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G10: KL weighted in the guide
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with poutine.scale(scale=0.5), pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G10: masked
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1).mask(False))

# %% wrong R13: seeded inside
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.set_rng_seed(0)
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong G16: a second latent
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            pyro.sample("noise", dist.Normal(loc, scale).to_event(1))

# %% wrong G16: a factor
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))
            pyro.factor("entropy", scale.log().sum(-1), has_rsample=True)

# %% wrong G5: a batch of 128 built in
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", 128):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc, scale).expand([128, self.latent_dim]).to_event(1))

# %% wrong G20: 20 latents built in
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc.view(-1, 20), scale.view(-1, 20)).to_event(1))

# %% wrong -: the first example for all
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x[:1])
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong -: the encoder sees 1 - x
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(1 - x)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

# %% wrong -: mean and scale of the batch
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            pyro.sample("latent", dist.Normal(loc.mean(0), scale.mean(0)).to_event(1))

# %% wrong -: the model written again
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def model(self, x):
        return super().model(x)

# %% wrong G24: noise added before the draw
class VAE(GenerativeModel):
    def __init__(self, encoder, decoder, latent_dim=20):
        super().__init__(decoder, latent_dim)
        self.encoder = encoder

    def guide(self, x):
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", x.shape[0]):
            loc, scale = self.encoder(x)
            loc = loc + scale * torch.randn_like(loc)
            pyro.sample("latent", dist.Normal(loc, scale).to_event(1))

"""Make the frozen training logs of the clinic of lab `vae_2d`.

Run it from the repository root and look at what it prints before you keep it:

    OMP_NUM_THREADS=1 python labs/shared/make_clinic_vae_2d.py > labs/shared/clinic_vae_2d.py

Five trainings of the lab's own model (tanh 64-64, one latent dimension, log sigma -1 at the start,
Adam 3e-3, batch 256, ring of 8), each with one mistake, one fixed seed each. About 20 s.
Key: see `MISTAKES`.
"""

import json
import math

import torch
from torch import nn

MISTAKES = {
    "A": "decoder_got_mu",
    "B": "sigma_too_large",
    "C": "too_little_data",
    "D": "kl_divided_by_batch",
    "E": "kl_added",
}
COLUMNS = ["step", "train_elbo", "test_elbo", "log_lik", "kl", "sigma", "agg_std", "log_px"]
CHECKPOINTS = (0, 30, 100, 200, 400, 700, 1000, 1500, 2000, 3000)
BATCH = 256


def ring() -> torch.distributions.Distribution:
    angle = 2 * math.pi * torch.arange(8) / 8
    radial = torch.stack([angle.cos(), angle.sin()], -1)
    tangent = torch.stack([-angle.sin(), angle.cos()], -1)
    cov = 0.3 * radial[:, :, None] * radial[:, None] + 0.05 * tangent[:, :, None] * tangent[:, None]
    return torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(8)),
        torch.distributions.MultivariateNormal(3 * radial, cov))


def mlp(n_in: int, n_out: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(n_in, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, n_out))


def log_normal(x: torch.Tensor, mean: torch.Tensor, log_sigma: torch.Tensor) -> torch.Tensor:
    r = (x - mean) / log_sigma.exp()
    return -(0.5 * r.square() + log_sigma + 0.5 * math.log(2 * math.pi)).sum(-1)


class Run:
    """One training with one mistake; `row` measures it."""

    def __init__(self, mistake: str, train: torch.Tensor) -> None:
        self.mistake, self.train = mistake, train
        self.encoder, self.decoder = mlp(2, 2), mlp(1, 2)
        fixed = mistake == "sigma_too_large"
        start = torch.tensor(math.log(3) if fixed else -1.0)
        self.log_sigma = nn.Parameter(start, requires_grad=not fixed)

    def terms(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What this student's own code calls elbo, and its two terms."""
        mu, logvar = self.encoder(x).chunk(2, -1)
        eps = torch.randn_like(mu) * (self.mistake != "decoder_got_mu")
        log_lik = log_normal(x, self.decoder(mu + (logvar / 2).exp() * eps), self.log_sigma)
        kl = (mu.square() + logvar.exp() - logvar - 1).sum(-1) / 2
        weight = {"kl_added": -1, "kl_divided_by_batch": 1 / BATCH}.get(self.mistake, 1)
        return log_lik - weight * kl, log_lik, kl

    @torch.no_grad()
    def row(self, step: int, test: torch.Tensor) -> list[float]:
        train_elbo = self.terms(self.train.repeat(max(1, 2000 // len(self.train)), 1))[0].mean()
        elbo, log_lik, kl = (t.mean() for t in self.terms(test))
        mu, logvar = self.encoder(test).chunk(2, -1)
        spread = (mu.var() + logvar.exp().mean()).sqrt()
        z = torch.linspace(-8, 8, 2001)[:, None]
        log_prior = log_normal(z, z * 0, z.new_zeros(()))
        joint = log_normal(test[:, None], self.decoder(z), self.log_sigma) + log_prior
        log_px = (torch.logsumexp(joint, -1) + math.log(16 / 2000)).mean()
        values = (train_elbo, elbo, log_lik, kl, self.log_sigma.exp(), spread, log_px)
        return [step, *(float(f"{v:.4g}") for v in values)]


def log_of(mistake: str, seed: int) -> list[list[float]]:
    torch.manual_seed(seed)
    train, test = ring().sample((5000,)), ring().sample((2000,))
    if mistake == "too_little_data":
        train = train[:25]
    run = Run(mistake, train)
    parameters = [p for m in (run.encoder, run.decoder) for p in m.parameters()] + [run.log_sigma]
    adam = torch.optim.Adam([p for p in parameters if p.requires_grad], 3e-3)
    rows = []
    for step in range(CHECKPOINTS[-1] + 1):
        if step in CHECKPOINTS:
            rows.append(run.row(step, test))
        loss = -run.terms(train[torch.randint(len(train), (BATCH,))])[0].mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return rows


def main() -> None:
    torch.set_num_threads(1)
    print("# Frozen training logs (made once by five trainings; nothing is trained here). Columns:")
    print(f"LOG_COLUMNS = {json.dumps(COLUMNS)}")
    print("LOGS = {")
    for seed, (name, mistake) in enumerate(MISTAKES.items()):
        print(f'    "{name}": [')
        for row in log_of(mistake, seed):
            print("        [" + ", ".join(f"{v:g}" for v in row) + "],")
        print("    ],")
    print("}")


if __name__ == "__main__":
    main()

"""Make the frozen training logs of the clinic of lab `vae_mnist`.

Run it from the repository root and look at what it prints before you keep it:

    OMP_NUM_THREADS=1 python labs/shared/make_clinic_vae_mnist.py > labs/shared/clinic_vae_mnist.py

Five trainings of the lab's own model (784-400-20, ReLU, Adam 1e-3, batch 128, MNIST binarised anew for each
batch), each with one mistake, one fixed seed each. An epoch is 469 steps also where there are fewer images.
MNIST_DIR may name a folder that holds the four official files; without it they are downloaded.
About three minutes on one thread.
Key: see `MISTAKES`.
"""

import json
import math
import runpy
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

MISTAKES = {  # and the seed of each: with some, the log-likelihood of A grows until its KL overflows
    "A": ("arguments_swapped", 11),
    "B": ("mean_over_pixels", 1),
    "C": ("mean_of_log_weights", 2),
    "D": ("too_little_data", 3),
    "E": ("summed_over_batch", 4),
}
COLUMNS = ["epoch", "train_elbo", "test_elbo", "log_lik", "kl", "iwae_100", "active", "true_elbo"]
CHECKPOINTS = (0, 1, 2, 3, 4, 6, 8)
BATCH, STEPS = 128, 469
FEW = 500  # images of the training set of "too_little_data"
TESTED = 2000  # test images, evenly spaced: the second half of MNIST's test set is the easier one


def images() -> tuple[torch.Tensor, torch.Tensor]:
    """Grey images to train on and to test on, by the lab's own loader."""
    shared = Path(__file__).parent
    helpers = runpy.run_path(str(shared / "notebook_helpers.py"))
    x_train, _, x_test, _ = runpy.run_path(str(shared / "images.py"), helpers)["load_images"]("mnist")
    return torch.from_numpy(x_train), torch.from_numpy(x_test)


def log_bernoulli(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)


class Run:
    """One training with one mistake; `row` measures it."""

    def __init__(self, mistake: str, latent: int = 20) -> None:
        self.mistake = mistake
        self.encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 400), nn.ReLU(), nn.Linear(400, 784))

    def log_lik(self, logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """What this student's own code calls the log-likelihood."""
        if self.mistake == "arguments_swapped":
            return log_bernoulli(x.expand_as(logits), logits)
        return log_bernoulli(logits, x) / (784 if self.mistake == "mean_over_pixels" else 1)

    def terms(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """This student's elbo and its two terms, per image."""
        mu, logvar = self.encoder(x).chunk(2, -1)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        kl = (mu.square() + logvar.exp() - logvar - 1).sum(-1) / 2
        log_lik = self.log_lik(self.decoder(z), x)
        return log_lik - kl, log_lik, kl

    def iwae(self, x: torch.Tensor, k: int) -> torch.Tensor:
        mu, logvar = self.encoder(x).chunk(2, -1)
        eps = torch.randn(k, *mu.shape)
        z = mu + (logvar / 2).exp() * eps
        log_w = self.log_lik(self.decoder(z), x) + (eps.square() + logvar - z.square()).sum(-1) / 2
        if self.mistake == "mean_of_log_weights":
            return log_w.mean(0)
        return torch.logsumexp(log_w, 0) - math.log(k)

    @torch.no_grad()
    def row(self, epoch: int, train: torch.Tensor, test: torch.Tensor) -> list[float]:
        scale = BATCH if self.mistake == "summed_over_batch" else 1
        train_elbo = self.terms(torch.bernoulli(train[:10_000]))[0].mean()
        elbo, log_lik, kl = (part.mean() for part in self.terms(test))
        iwae = torch.cat([self.iwae(part, 100) for part in test.split(50)]).mean()
        mu, logvar = self.encoder(test).chunk(2, -1)
        active = int((mu.var(0) > 0.01).sum())
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        true_elbo = (log_bernoulli(self.decoder(z), test)).mean() - kl
        student = [scale * float(v) for v in (train_elbo, elbo, log_lik, kl, iwae)]
        return [epoch, *(float(f"{v:.4g}") for v in student), active, float(f"{true_elbo:.4g}")]


def log_of(mistake: str, seed: int, train: torch.Tensor, test: torch.Tensor) -> list[list[float]]:
    torch.manual_seed(seed)
    if mistake == "too_little_data":
        train = train[:FEW]
    run = Run(mistake)
    adam = torch.optim.Adam([*run.encoder.parameters(), *run.decoder.parameters()], 1e-3, fused=True)
    rows = []
    for epoch in range(CHECKPOINTS[-1] + 1):
        if epoch in CHECKPOINTS:
            rows.append(run.row(epoch, train, test))
        for _ in range(STEPS):
            x = torch.bernoulli(train[torch.randint(len(train), (BATCH,))])
            loss = -run.terms(x)[0].mean() * (BATCH if mistake == "summed_over_batch" else 1)
            adam.zero_grad()
            loss.backward()
            adam.step()
    return rows


def main() -> None:
    torch.set_num_threads(1)
    train, grey = images()
    test = torch.bernoulli(grey, generator=torch.Generator().manual_seed(0))[:: 10_000 // TESTED]
    print("# Frozen training logs (made once by five trainings; nothing is trained here). Columns:")
    print(f"LOG_COLUMNS = {json.dumps(COLUMNS)}".replace(' "iwae', '\n               "iwae'))
    print("LOGS = {")
    for name, (mistake, seed) in MISTAKES.items():
        print(f'    "{name}": [')
        for row in log_of(mistake, seed, train, test):
            print("        [" + ", ".join(f"{v:.4g}" for v in row) + "],")
        print("    ],", flush=True)
    print("}")


if __name__ == "__main__":
    main()

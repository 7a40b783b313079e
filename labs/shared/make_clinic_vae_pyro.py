"""Make the frozen training logs of the clinic of lab `vae_pyro`.

Run it from the repository root and look at what it prints before you keep it (MNIST_DIR may name a
folder that holds the four official files; without it they are downloaded):

    OMP_NUM_THREADS=1 python labs/shared/make_clinic_vae_pyro.py > labs/shared/clinic_vae_pyro.py

Five trainings of the lab's own model (784-400-20, Adam 1e-3, batch 128) on the first 10,000 images,
each with one mistake, one fixed seed each; the healthy run goes to stderr. About 40 s.
Key: see `MISTAKES`.
"""

import json
import runpy
import sys
import textwrap
import warnings
from pathlib import Path

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Trace_ELBO
from torch import nn

MISTAKES = {
    "A": "step_in_evaluation",
    "B": "names_differ",
    "C": "scale_is_variance",
    "D": "to_event_missing",
    "E": "decoder_not_registered",
}
COLUMNS = [
    "step", "train", "test", "checked", "kl", "encoder_moved", "decoder_moved", "moved_by_test"
]
CHECKPOINTS = (15, 30, 60, 120, 240, 480)
BATCH, TEST_BATCH = 128, 500
TRAIN, TEST = 10_000, 2_000


def images() -> tuple[torch.Tensor, torch.Tensor]:
    """Grey training images and binarised test images, by the lab's own loader."""
    shared = Path(__file__).parent
    helpers = runpy.run_path(str(shared / "notebook_helpers.py"))
    x_train, _, x_test, _ = runpy.run_path(str(shared / "images.py"), helpers)["load_images"]("mnist")
    coins = torch.Generator().manual_seed(0)
    test = torch.bernoulli(torch.from_numpy(x_test[:TEST]), generator=coins)
    return torch.from_numpy(x_train[:TRAIN]), test


class Encoder(nn.Module):
    def __init__(self, mistake: str) -> None:
        super().__init__()
        self.mistake = mistake
        self.hidden, self.mu, self.logvar = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)

    def heads(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = torch.relu(self.hidden(x))
        return self.mu(h), self.logvar(h)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mu, logvar = self.heads(x)
        return mu, (logvar * (1 if self.mistake == "scale_is_variance" else 0.5)).exp()


class Student(nn.Module):
    """The lab's VAE with one mistake."""

    def __init__(self, mistake: str) -> None:
        super().__init__()
        self.mistake = mistake
        self.encoder = Encoder(mistake)
        self.decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))

    def model(self, x: torch.Tensor) -> None:
        if self.mistake != "decoder_not_registered":
            pyro.module("decoder", self.decoder)
        with pyro.plate("data", len(x)):
            prior = dist.Normal(x.new_zeros(len(x), 20), 1.0)
            z = pyro.sample("latent", prior if self.mistake == "to_event_missing" else prior.to_event(1))
            pyro.sample("obs", dist.Bernoulli(logits=self.decoder(z)).to_event(1), obs=x)

    def guide(self, x: torch.Tensor) -> None:
        pyro.module("encoder", self.encoder)
        with pyro.plate("data", len(x)):
            name = "z" if self.mistake == "names_differ" else "latent"
            pyro.sample(name, dist.Normal(*self.encoder(x)).to_event(1))

    @torch.no_grad()
    def checked(self, x: torch.Tensor) -> tuple[float, float]:
        """Loss and KL by correct code, from the layers' outputs."""
        mu, logvar = self.encoder.heads(x)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        log_lik = -nn.functional.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="none").sum(-1)
        kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(-1)
        return float((kl - log_lik).mean()), float(kl.mean())


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()]).clone()


def log_of(mistake: str, seed: int) -> tuple[list[list[float]], str]:
    """The rows of the log, and what the program said when it stopped early."""
    grey, test = images()
    pyro.clear_param_store()
    pyro.set_rng_seed(seed)
    student = Student(mistake)
    svi = SVI(student.model, student.guide, pyro.optim.Adam({"lr": 1e-3, "fused": True}), Trace_ELBO())
    score = svi.step if mistake == "step_in_evaluation" else svi.evaluate_loss
    rows: list[list[float]] = []
    losses, seen = 0.0, 0
    before = weights(student.encoder), weights(student.decoder)
    try:
        for step in range(1, CHECKPOINTS[-1] + 1):
            x = torch.bernoulli(grey[torch.randint(TRAIN, (BATCH,))])
            losses, seen = losses + svi.step(x), seen + BATCH
            if step not in CHECKPOINTS:
                continue
            trained = weights(student.encoder), weights(student.decoder)
            tested = sum(score(x) for x in test.split(TEST_BATCH)) / TEST
            moved = [float((a - b).norm()) for a, b in zip(before, trained)]
            before = weights(student.encoder), weights(student.decoder)
            by_test = float(torch.cat([a - b for a, b in zip(before, trained)]).norm())
            values = (losses / seen, tested, *student.checked(test), *moved, by_test)
            rows.append([step, *(float(f"{v:.4g}") for v in values)])
            losses, seen = 0.0, 0
    except ValueError as error:
        kind = next(line for line in str(error).splitlines() if line.strip())
        return rows, f"stopped at step {step}: ValueError: {kind.rstrip(':')}"
    return rows, ""


def main() -> None:
    torch.set_num_threads(1)
    pyro.enable_validation(True)
    warnings.simplefilter("ignore")  # the students switched Pyro's warnings off
    print("healthy:", *log_of("", 0)[0], sep="\n", file=sys.stderr)
    print("# Frozen training logs (made once by five trainings; nothing is trained here). Columns:")
    print(f"LOG_COLUMNS = {json.dumps(COLUMNS)}".replace(' "encoder_moved"', '\n               "encoder_moved"'))
    print("LOGS, LAST_WORDS = {}, {}")
    for seed, (name, mistake) in enumerate(MISTAKES.items()):
        rows, words = log_of(mistake, seed)
        print(f'LOGS["{name}"] = [' + "]" * (not rows))
        for row in rows:
            print("    [" + ", ".join(f"{v:g}" for v in row) + "],")
        if rows:
            print("]")
        lines = textwrap.wrap(words, 80, drop_whitespace=False)
        print(f'LAST_WORDS["{name}"] = (' + "\n    ".join(["", *map(json.dumps, lines)]) + ")" if lines
              else f'LAST_WORDS["{name}"] = ""')


if __name__ == "__main__":
    main()

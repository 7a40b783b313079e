"""Seconds per epoch of the labs' way of training, against the way of the notebooks they grew from.

    python benchmarks/training.py [pytorch wide pyro] [--rounds N] [--epochs N]
                                  [--device cpu|gpu] [--dataset mnist|digits] [--json FILE]

Each comparison is one network, trained in several ways:

- `pytorch`: 784-400-20. The notebook makes a PIL image of every item and a tensor of that, squashes the
  decoder's output and takes the cross-entropy of probabilities, steps Adam as it comes and asks for the loss
  at every step. Ours keeps the images in one tensor, works with logits, fuses Adam, and asks once per epoch.
- `wide`: 784-400-400-20 on pixels dequantised once. The notebook's loader reads a tensor; three `.item()` a step.
- `pyro`: 784-400-50, softplus. The notebook's loader as in `pytorch`, `SVI` with `Trace_ELBO` and `pyro.optim`,
  the distributions' validation switched off. Ours leaves validation on.

What makes it fair: within a comparison the network, its initial weights and its parameters, the images, the
batches of 128 (the short last one included), the number of updates, Adam and its learning rate are the same;
a row that differs says so. Each row of each round is a process of its own with one compute thread, seeded with
the number of the round, and the rows of a round run one after the other, so that a noisy machine disturbs all
of them. Reading and preparing the data and starting up are not in the time; drawing batches and every transform
of an item are. CPU seconds are those of the process (`time.process_time`); on a GPU, where they say little, the
ratios are of wall time, and the clock is read when the device has finished.

Losses are -ELBO in nats per test image, with the analytic KL and one draw of z, computed by the same function for
every row: their mean over the rounds and the standard deviation of one run.

Torchvision is not needed: `PILImages` does what its MNIST data set and ToTensor do for an item, without their
checks of types, so it is a little kinder to the notebooks than the original.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import runpy
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

try:
    import pyro
    from pyro.distributions import Bernoulli, Normal
    from pyro.infer import SVI, Trace_ELBO, TraceMeanField_ELBO
except ModuleNotFoundError as error:
    if error.name != "pyro":
        raise
    pyro = None  # the other comparisons do without

SHARED = Path(__file__).parents[1] / "labs" / "shared"
BATCH = 128
LEARNING_RATE = 1e-3
DATA_SEED = 0  # of the dequantised pixels; a round's seed is for weights, batches and draws


# The network and its loss, common to all ways.


class Encoder(nn.Module):
    """x (B, 784) to mu and logvar of q(z|x), each (B, latent_dim)."""

    def __init__(self, hidden_dims: tuple[int, ...], latent_dim: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.hidden = hidden_layers((784, *hidden_dims), activation)
        self.mu = nn.Linear(hidden_dims[-1], latent_dim)
        self.logvar = nn.Linear(hidden_dims[-1], latent_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.hidden(x)
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    """z (B, latent_dim) to the pixels' logits (B, 784)."""

    def __init__(self, hidden_dims: tuple[int, ...], latent_dim: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.hidden = hidden_layers((latent_dim, *hidden_dims), activation)
        self.logits = nn.Linear(hidden_dims[-1], 784)

    def forward(self, z: Tensor) -> Tensor:
        return self.logits(self.hidden(z))


class VAE(nn.Module):
    """An encoder and a decoder; `forward` draws one z for each image."""

    def __init__(self, hidden_dims: tuple[int, ...], latent_dim: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.encoder = Encoder(hidden_dims, latent_dim, activation)
        self.decoder = Decoder(hidden_dims[::-1], latent_dim, activation)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (B, 784) to logits (B, 784), mu and logvar (B, latent_dim)."""
        mu, logvar = self.encoder(x)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return self.decoder(z), mu, logvar


def hidden_layers(sizes: tuple[int, ...], activation: type[nn.Module]) -> nn.Sequential:
    """A linear layer and its activation for each pair of neighbouring sizes."""
    pairs = zip(sizes, sizes[1:])
    return nn.Sequential(*(layer for a, b in pairs for layer in (nn.Linear(a, b), activation())))


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, I)) summed over all that comes in, in nats."""
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()


def negative_elbo(vae: VAE, x: Tensor) -> Tensor:
    """-ELBO summed over the batch x (B, 784), in nats, from logits and one draw of z."""
    logits, mu, logvar = vae(x)
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl_divergence(mu, logvar)


# The images, and the two ways to draw batches of them.


@dataclass(frozen=True)
class Images:
    """Bytes (N, 28, 28) and labels (N,) as the data set has them, and its pixels (N, 784) in [0, 1]."""

    bytes: Tensor
    labels: Tensor
    pixels: Tensor


def load(dataset: str, dequantised: bool) -> tuple[Images, Images]:
    """Training and test images; dequantised: uniform noise of one grey level added, once."""
    helpers = runpy.run_path(str(SHARED / "notebook_helpers.py"))
    x_train, y_train, x_test, y_test = runpy.run_path(str(SHARED / "images.py"), helpers)["load_images"](dataset)
    noise = torch.Generator().manual_seed(DATA_SEED)
    both = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        grey = torch.from_numpy(x).mul(255).round()
        level = torch.rand(grey.shape, generator=noise) if dequantised else 0
        both.append(Images(grey.byte().view(-1, 28, 28), torch.from_numpy(y), ((grey + level) / 255).clamp(0, 1)))
    return both[0], both[1]


class PILImages(Dataset):
    """For each item an image is made of its bytes, then a tensor (1, 28, 28) in [0, 1] of the image."""

    def __init__(self, images: Images) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images.bytes)

    def __getitem__(self, n: int) -> tuple[Tensor, int]:
        image, label = Image.fromarray(self.images.bytes[n].numpy()), int(self.images.labels[n])
        tensor = torch.from_numpy(np.array(image, np.uint8, copy=True))
        tensor = tensor.view(image.size[1], image.size[0], len(image.getbands()))
        return tensor.permute(2, 0, 1).contiguous().to(torch.get_default_dtype()).div(255), label


def tensor_batches(x: Tensor) -> Iterable[Tensor]:
    """x (N, 784) once, in random order, in batches (B, 784) on the device where it is."""
    return (x[rows] for rows in torch.randperm(len(x), device=x.device).split(BATCH))


# The ways of training. Each takes the network, on its device, and the training images; it gives a function that
# trains one epoch and returns the mean loss, and the optimisers, in which Adam itself counts the updates.

Training = tuple[Callable[[], float], Iterable[torch.optim.Optimizer]]


def loader_of_pil_images(vae: VAE, images: Images, device: torch.device) -> Training:
    """The notebook's way: a transform for every item, probabilities, plain Adam, `.item()` at every step."""
    loader = DataLoader(PILImages(images), BATCH, shuffle=True)
    optimizer = torch.optim.Adam(vae.parameters(), lr=LEARNING_RATE)

    def epoch() -> float:
        total = 0.0
        for x, _ in loader:
            x = x.to(device).view(-1, 784)
            optimizer.zero_grad()
            logits, mu, logvar = vae(x)
            loss = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="sum") + kl_divergence(mu, logvar)
            loss.backward()
            total += loss.item()
            optimizer.step()
        return total / len(images.pixels)

    return epoch, [optimizer]


def loader_of_tensors(vae: VAE, images: Images, device: torch.device) -> Training:
    """The notebook's way: batches stacked from the items of a tensor, probabilities, three `.item()` at every step."""
    loader = DataLoader(images.pixels, BATCH, shuffle=True)
    optimizer = torch.optim.Adam(vae.parameters(), lr=LEARNING_RATE)

    def epoch() -> float:
        total = total_cross_entropy = total_kl = 0.0
        for x in loader:
            x = x.to(device)
            optimizer.zero_grad()
            logits, mu, logvar = vae(x)
            cross_entropy = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="sum")
            kl = kl_divergence(mu, logvar)
            loss = cross_entropy + kl
            loss.backward()
            optimizer.step()
            total += loss.item()
            total_cross_entropy += cross_entropy.item()
            total_kl += kl.item()
        return total / len(images.pixels)

    return epoch, [optimizer]


def tensor_logits_fused(vae: VAE, images: Images, device: torch.device, prepare: Callable = lambda x: x) -> Training:
    """Ours: one tensor, shuffled indices, logits, fused Adam, one number asked for per epoch."""
    pixels = images.pixels.to(device)
    optimizer = torch.optim.Adam(vae.parameters(), lr=LEARNING_RATE, fused=True)

    def epoch() -> float:
        total = torch.zeros((), device=device)
        for x in tensor_batches(pixels):
            optimizer.zero_grad()
            loss = negative_elbo(vae, prepare(x))
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return total.item() / len(pixels)

    return epoch, [optimizer]


def binarised(x: Tensor) -> Tensor:
    """Bits, drawn afresh with the grey values (B, 784) as their probabilities."""
    return torch.bernoulli(x)


def tensor_logits_fused_binarised(vae: VAE, images: Images, device: torch.device) -> Training:
    """Ours as the lab has it: the pixels binarised afresh in every batch."""
    return tensor_logits_fused(vae, images, device, binarised)


def pyro_program(vae: VAE, bernoulli: Callable) -> tuple[nn.Module, nn.Module]:
    """Model and guide for Pyro; bernoulli makes the distribution of the pixels from their logits (B, 784)."""
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = vae.decoder

        def forward(self, x: Tensor) -> None:
            pyro.module("decoder", self.decoder)
            with pyro.plate("data", len(x)):
                prior = Normal(x.new_zeros(len(x), vae.latent_dim), x.new_ones(len(x), vae.latent_dim))
                z = pyro.sample("latent", prior.to_event(1))
                pyro.sample("obs", bernoulli(self.decoder(z)).to_event(1), obs=x.reshape(-1, 784))

    class Guide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = vae.encoder

        def forward(self, x: Tensor) -> None:
            pyro.module("encoder", self.encoder)
            with pyro.plate("data", len(x)):
                mu, logvar = self.encoder(x.reshape(-1, 784))
                pyro.sample("latent", Normal(mu, torch.exp(logvar / 2)).to_event(1))

    return Model(), Guide()


def bernoulli_of_probabilities(logits: Tensor) -> torch.distributions.Distribution:
    """What a decoder that ends in a sigmoid gives: Pyro goes back to logits, clamped at about 16."""
    return Bernoulli(probs=torch.sigmoid(logits))


def bernoulli_of_logits(logits: Tensor) -> torch.distributions.Distribution:
    """Fully validated: its pixels are 0 or 1."""
    return Bernoulli(logits=logits)


def bernoulli_of_grey_pixels(logits: Tensor) -> torch.distributions.Distribution:
    """Without validation, for this distribution alone: grey values are outside its support."""
    return Bernoulli(logits=logits, validate_args=False)


def svi_loader_of_pil_images(vae: VAE, images: Images, device: torch.device) -> Training:
    """The notebook's way: a transform for every item, `svi.step`, all distributions' validation off."""
    pyro.enable_validation(True)
    pyro.distributions.enable_validation(False)
    pyro.clear_param_store()
    loader = DataLoader(PILImages(images), BATCH, shuffle=True)
    optimizer = pyro.optim.Adam({"lr": LEARNING_RATE})
    svi = SVI(*pyro_program(vae, bernoulli_of_probabilities), optimizer, loss=Trace_ELBO())

    def epoch() -> float:
        total = 0.0
        for x, _ in loader:
            total += svi.step(x.to(device))
        return total / len(images.pixels)

    return epoch, optimizer.optim_objs.values()


def svi_tensor_logits_fused(vae: VAE, images: Images, device: torch.device) -> Training:
    """Ours as the lab's `train_epoch(svi, loader)` has it: one tensor, logits, fused Adam by way of `pyro.optim`."""
    pyro.enable_validation(True)
    pyro.clear_param_store()
    pixels = images.pixels.to(device)
    optimizer = pyro.optim.Adam({"lr": LEARNING_RATE, "fused": True})
    svi = SVI(*pyro_program(vae, bernoulli_of_grey_pixels), optimizer, loss=Trace_ELBO())

    def epoch() -> float:
        return sum(svi.step(x) for x in tensor_batches(pixels)) / len(pixels)

    return epoch, optimizer.optim_objs.values()


def elbo_module(
        vae: VAE, images: Images, device: torch.device, analytic_kl: bool = False,
        bernoulli: Callable = bernoulli_of_grey_pixels, prepare: Callable = lambda x: x) -> Training:
    """Ours: one tensor, logits, the ELBO as a module, one fused Adam of torch for all parameters."""
    pyro.enable_validation(True)
    pyro.clear_param_store()
    pixels = images.pixels.to(device)
    elbo = (TraceMeanField_ELBO if analytic_kl else Trace_ELBO)()(*pyro_program(vae, bernoulli))
    optimizer = torch.optim.Adam(elbo.parameters(), lr=LEARNING_RATE, fused=True)

    def epoch() -> float:
        total = torch.zeros((), device=device)
        for x in tensor_batches(pixels):
            optimizer.zero_grad()
            loss = elbo(prepare(x))  # -ELBO
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return total.item() / len(pixels)

    return epoch, [optimizer]


def elbo_module_analytic_kl(vae: VAE, images: Images, device: torch.device) -> Training:
    """Ours with `TraceMeanField_ELBO`: the KL without a draw."""
    return elbo_module(vae, images, device, analytic_kl=True)


def elbo_module_binarised(vae: VAE, images: Images, device: torch.device) -> Training:
    """Ours as the lab has its pixels: binarised afresh in every batch, nothing exempt from validation."""
    return elbo_module(vae, images, device, bernoulli=bernoulli_of_logits, prepare=binarised)


# What is compared, and the measurement.

BINARISED = {tensor_logits_fused_binarised, elbo_module_binarised}  # their losses are not to be held beside the others'


@dataclass(frozen=True)
class Comparison:
    """A network, its ways of training (the first is the notebook's) and the ratio hoped for on each device."""

    hidden_dims: tuple[int, ...]
    latent_dim: int
    activation: type[nn.Module]
    dequantised: bool
    goals: dict[str, float]
    ways: tuple[Callable[[VAE, Images, torch.device], Training], ...]


COMPARISONS = {
    "pytorch": Comparison(
        (400,), 20, nn.ReLU, False, {"cpu": 2.4, "gpu": 10.0},
        (loader_of_pil_images, tensor_logits_fused, tensor_logits_fused_binarised)),
    "wide": Comparison(
        (400, 400), 20, nn.ReLU, True, {"cpu": 1.3, "gpu": 10.0},
        (loader_of_tensors, tensor_logits_fused)),
    "pyro": Comparison(
        (400,), 50, nn.Softplus, False, {"cpu": 2.3, "gpu": 10.0},
        (svi_loader_of_pil_images, svi_tensor_logits_fused, elbo_module, elbo_module_analytic_kl,
         elbo_module_binarised)),
}


def measure(name: str, way: Callable, dataset: str, epochs: int, device_name: str, seed: int) -> dict:
    """CPU and wall seconds of each epoch, the updates made and the loss on the test images, for one way."""
    torch.set_num_threads(1)
    device = torch.device("cuda" if device_name == "gpu" else "cpu")
    comparison = COMPARISONS[name]
    train, test = load(dataset, comparison.dequantised)
    torch.manual_seed(seed)
    vae = VAE(comparison.hidden_dims, comparison.latent_dim, comparison.activation).to(device)
    torch.optim.Adam(nn.Linear(1, 1).parameters())  # PyTorch imports much with its first optimiser: no one's time
    epoch, optimizers = way(vae, train, device)
    cpu, wall = [], []
    for _ in range(epochs):
        start = now(device)
        epoch()
        end = now(device)
        cpu.append(end[0] - start[0])
        wall.append(end[1] - start[1])
    [updates] = {int(state["step"]) for optimizer in optimizers for state in optimizer.state.values()}
    return {"cpu": cpu, "wall": wall, "updates": updates, "loss": held_out_loss(vae, test, way, device)}


def now(device: torch.device) -> tuple[float, float]:
    """CPU seconds of this process and seconds on the wall, once the device has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.process_time(), time.perf_counter()


@torch.no_grad()
def held_out_loss(vae: VAE, test: Images, way: Callable, device: torch.device) -> float:
    """-ELBO in nats per test image, which are binarised for a way that binarises; the same draws for all."""
    torch.manual_seed(DATA_SEED)
    x = binarised(test.pixels) if way in BINARISED else test.pixels
    return negative_elbo(vae, x.to(device)).item() / len(x)


def in_a_new_process(*args: object) -> dict:
    """`measure`, with nothing left over from the ways before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, args)


def summary(comparison: Comparison, runs: dict[str, list[dict]], device: str) -> dict[str, dict]:
    """For each way: least and median seconds of an epoch, ratios to the first way, updates, loss and its scatter."""
    clock = "wall" if device == "gpu" else "cpu"
    rows = {}
    for way in comparison.ways:
        of_way = runs[way.__name__]
        row = {"pixels": "binarised" if way in BINARISED else "dequantised" if comparison.dequantised else "grey"}
        for kind in ("cpu", "wall"):
            seconds = [epoch for run in of_way for epoch in run[kind]]
            row[kind] = {"min": min(seconds), "median": statistics.median(seconds)}
        losses = [run["loss"] for run in of_way]
        row["loss"] = {"mean": statistics.mean(losses), "sd": statistics.stdev(losses) if len(losses) > 1 else None}
        [row["updates"]] = {run["updates"] for run in of_way}
        rows[way.__name__] = row
        first = rows[comparison.ways[0].__name__]
        row["ratio"] = {kind: first[clock][kind] / row[clock][kind] for kind in ("min", "median")}
    return rows


# What is printed.


def environment(device: str) -> dict[str, str]:
    """Where the figures come from: day, processor and versions."""
    packages = ["torch", "numpy", "pillow", *(["pyro-ppl"] if pyro else [])]
    found = {"date": date.today().isoformat(), "processor": processor(), "python": platform.python_version()}
    if device == "gpu":
        found["gpu"] = torch.cuda.get_device_name()
    return found | {package: version(package) for package in packages}


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def table(name: str, rows: dict[str, dict], device: str) -> Table:
    """The summary of one comparison."""
    goal = COMPARISONS[name].goals[device]
    shown = Table(title=f"{name}: seconds per epoch, least (median); goal {goal:g} times", title_justify="left")
    shown.add_column("way", no_wrap=True)
    for heading in ("pixels", "CPU s", "wall s", "ratio", "updates", "-ELBO, test"):
        shown.add_column(heading, justify="right")
    for way, row in rows.items():
        cells = [f"{row[kind]['min']:.2f} ({row[kind]['median']:.2f})" for kind in ("cpu", "wall", "ratio")]
        scatter = "" if row["loss"]["sd"] is None else f" ± {row['loss']['sd']:.2f}"
        shown.add_row(way, row["pixels"], *cells, str(row["updates"]), f"{row['loss']['mean']:.2f}{scatter}")
    return shown


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line's, checked."""
    summary_line, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=summary_line, epilog=rest.partition("\n\n")[2].partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="comparison", help=f"{', '.join(COMPARISONS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=6, help="processes for each way (default: 6)")
    parser.add_argument("--epochs", type=int, default=2, help="epochs in each process (default: 2)")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="gpu: one that CUDA sees")
    parser.add_argument("--dataset", choices=("mnist", "digits"), default="mnist", help="digits: small, no download")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every epoch's seconds to FILE")
    chosen = parser.parse_args(arguments)
    chosen.names = chosen.names or list(COMPARISONS)
    if unknown := set(chosen.names) - set(COMPARISONS):
        parser.error(f"there is no comparison {', '.join(sorted(unknown))}: choose from {', '.join(COMPARISONS)}")
    if min(chosen.rounds, chosen.epochs) < 1:
        parser.error("--rounds and --epochs are at least 1")
    if "pyro" in chosen.names and pyro is None:
        parser.error("Pyro is not installed: pip install -e '.[pyro]', or name the other comparisons")
    if chosen.device == "gpu" and not torch.cuda.is_available():
        parser.error("CUDA sees no GPU here")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write what was asked for."""
    chosen = options(arguments)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # two threads on a busy machine take longer than one, and a noisy time
    console = Console(width=None if sys.stdout.isatty() else 120)
    found = environment(chosen.device)
    console.print(", ".join(f"{what} {value}" for what, value in found.items()))
    console.print(f"{chosen.dataset}, {chosen.rounds} rounds of {chosen.epochs} epochs, one compute thread, "
                  f"ratios of {'wall' if chosen.device == 'gpu' else 'CPU'} seconds")
    ways = [(name, way) for name in chosen.names for way in COMPARISONS[name].ways]
    runs: dict[str, dict[str, list[dict]]] = {name: {} for name in chosen.names}
    for seed in range(chosen.rounds):
        for n, (name, way) in enumerate(ways, 1):
            with console.status(f"round {seed + 1} of {chosen.rounds}, {n} of {len(ways)}: {name}, {way.__name__}"):
                run = in_a_new_process(name, way, chosen.dataset, chosen.epochs, chosen.device, seed)
            runs[name].setdefault(way.__name__, []).append(run)
        summaries = {name: summary(COMPARISONS[name], runs[name], chosen.device) for name in chosen.names}
        if chosen.json:  # after every round, so that a long measurement can be broken off
            settings = {"dataset": chosen.dataset, "rounds": seed + 1, "epochs": chosen.epochs, "device": chosen.device}
            results = {"environment": found, "settings": settings, "comparisons": summaries, "runs": runs}
            chosen.json.write_text(json.dumps(results, indent=1) + "\n")
    for name, rows in summaries.items():
        console.print(table(name, rows, chosen.device))


if __name__ == "__main__":
    main()

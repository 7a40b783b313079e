"""The ways of training in PyTorch and Pyro: those of the original notebooks, and ours. `training.py` measures them.

- `pytorch`: 784-400-20. The notebook makes a PIL image of every item and a tensor of that, squashes the
  decoder's output and takes the cross-entropy of probabilities, steps Adam as it comes and asks for the loss
  at every step. Ours keeps the images in one tensor, works with logits, fuses Adam, and asks once per epoch.
- `wide`: 784-400-400-20 on pixels dequantised once. The notebook's loader reads a tensor; three `.item()` a step.
- `pyro`: 784-400-50, softplus. The notebook's loader as in `pytorch`, `SVI` with `Trace_ELBO` and `pyro.optim`,
  the distributions' validation switched off. Ours leaves validation on.

Torchvision is not needed: `PILImages` does what its MNIST data set and ToTensor do for an item, without their
checks of types, so it is a little kinder to the notebooks than the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from common import DATA_SEED, LEARNING_RATE, Comparison, load_images, now
from PIL import Image
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

BATCH = 128


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
    x_train, y_train, x_test, y_test = load_images(dataset)
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
class TorchComparison(Comparison):
    """A network and the pixels that it is trained on."""

    hidden_dims: tuple[int, ...]
    latent_dim: int
    activation: type[nn.Module]
    dequantised: bool = False

    def pixels(self, way: Callable) -> str:
        return "binarised" if way in BINARISED else "dequantised" if self.dequantised else "grey"

    def network(self) -> VAE:
        """Fresh weights."""
        return VAE(self.hidden_dims, self.latent_dim, self.activation)


def on_any_device(*ways: Callable[[VAE, Images, torch.device], Training]) -> dict[str, tuple[Callable, ...]]:
    """The same ways on CPU and GPU."""
    return dict.fromkeys(("cpu", "gpu"), ways)


COMPARISONS = {
    "pytorch": TorchComparison(
        on_any_device(loader_of_pil_images, tensor_logits_fused, tensor_logits_fused_binarised),
        {"cpu": 2.4, "gpu": 10.0}, (400,), 20, nn.ReLU),
    "wide": TorchComparison(
        on_any_device(loader_of_tensors, tensor_logits_fused),
        {"cpu": 1.3, "gpu": 10.0}, (400, 400), 20, nn.ReLU, dequantised=True),
    "pyro": TorchComparison(
        on_any_device(svi_loader_of_pil_images, svi_tensor_logits_fused, elbo_module, elbo_module_analytic_kl,
                      elbo_module_binarised),
        {"cpu": 2.3, "gpu": 10.0}, (400,), 50, nn.Softplus),
}


def measure(
        comparison: TorchComparison, way: Callable, dataset: str, epochs: int, device_name: str, seed: int) -> dict:
    """CPU and wall seconds of each epoch, the updates made and the loss on the test images, for one way."""
    torch.set_num_threads(1)
    device = torch.device("cuda" if device_name == "gpu" else "cpu")
    train, test = load(dataset, comparison.dequantised)
    torch.manual_seed(seed)
    vae = comparison.network().to(device)
    torch.optim.Adam(nn.Linear(1, 1).parameters())  # PyTorch imports much with its first optimiser: no one's time
    epoch, optimizers = way(vae, train, device)
    cpu, wall = [], []
    for _ in range(epochs):
        start = finished(device)
        epoch()
        end = finished(device)
        cpu.append(end[0] - start[0])
        wall.append(end[1] - start[1])
    [updates] = {int(state["step"]) for optimizer in optimizers for state in optimizer.state.values()}
    return {"cpu": cpu, "wall": wall, "updates": updates, "loss": held_out_loss(vae, test, way, device)}


def finished(device: torch.device) -> tuple[float, float]:
    """The clock, once the device has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return now()


@torch.no_grad()
def held_out_loss(vae: VAE, test: Images, way: Callable, device: torch.device) -> float:
    """-ELBO in nats per test image, which are binarised for a way that binarises; the same draws for all."""
    torch.manual_seed(DATA_SEED)
    x = binarised(test.pixels) if way in BINARISED else test.pixels
    return negative_elbo(vae, x.to(device)).item() / len(x)

"""The ways of training in JAX: those of the original Flax notebook, and ours. `training.py` measures them.

- `flax`: the notebook's network of convolutions, two latent dimensions, Gaussian pixels of sigma 1, batches of
  1,024. The notebook computes in bfloat16, shuffles on the host, and hands each batch to the device in a Python
  loop, for a jitted update with donated state. Ours keeps the images on the device and jits the epoch. On a GPU
  that is all. On a CPU it also has other layers, of the same parameters and the same function: a transposed
  convolution as four small products of matrices, any other convolution as one, in float32, a few images at a time.
- `flax_mlp`: 784-400-20 with batches of 128, the same network and arithmetic in both rows, so that they show what
  the way of working gives alone.

Loss and gradients of our layers are held against those of the notebook's before anything is measured
(`difference_of_layers`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from common import DATA_SEED, LEARNING_RATE, Comparison, load_images, now
from flax.training.train_state import TrainState
from jax import Array, lax

CHUNK = 16  # images whose patches stay in the processor's cache
TEST_IMAGES, TEST_BATCH = 1000, 100  # of more images at once the patches would need much memory


# Layers with the parameters of Flax's own, as products of matrices.


def convolve(x: Array, kernel: Array, stride: int = 1) -> Array:
    """The sum of `nn.Conv`: images (B, H, W, C), kernel (h, w, C, F), padding SAME, to (B, H/stride, W/stride, F)."""
    height, width, channels, features = kernel.shape
    margins = lax.padtype_to_pads(x.shape[1:3], (height, width), (stride, stride), "SAME")
    if stride == 1 and features < channels:  # multiply first, then shift and add: less to move than patches
        products = x @ kernel.transpose(2, 0, 1, 3).reshape(channels, -1)
        products = products.reshape(*x.shape[:3], height, width, features)
        padded = jnp.pad(products, ((0, 0), *margins, (0, 0), (0, 0), (0, 0)))
        return sum(
            padded[:, i : i + x.shape[1], j : j + x.shape[2], i, j] for i, j in product(range(height), range(width)))
    padded = jnp.pad(x, ((0, 0), *margins, (0, 0)))
    # Row (b, i, j) of `patches` holds the h*w*C numbers that the kernel meets at output (i, j) of image b.
    last_row, last_column = padded.shape[1] - height, padded.shape[2] - width
    patches = jnp.concatenate([
        padded[:, i : i + last_row + 1 : stride, j : j + last_column + 1 : stride]
        for i, j in product(range(height), range(width))], axis=-1)
    return patches @ kernel.reshape(-1, features)


def convolve_transposed(x: Array, kernel: Array) -> Array:
    """The sum of `nn.ConvTranspose` of stride 2: (B, H, W, C), kernel (3, 3, C, F) to (B, 2H, 2W, F).

    As defined, it puts zeros between the inputs and convolves the result, so that three products of four are
    with zeros. Along each axis, output 2m meets inputs m-1 and m with weights 0 and 2 of the kernel, and output
    2m+1 meets input m with weight 1: four phases, each a convolution of the inputs as they are.
    """
    batch, height, width, _ = x.shape
    padded = jnp.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))  # input m stands at m+1
    even, odd = ((0, 0), (1, 2)), ((1, 1),)  # (first row or column of the inputs, weight)
    phases = []
    for pairs in (tuple(product(rows, columns)) for rows in (even, odd) for columns in (even, odd)):
        patches = jnp.concatenate([padded[:, i : i + height, j : j + width] for (i, _), (j, _) in pairs], axis=-1)
        weights = jnp.concatenate([kernel[row, column] for (_, row), (_, column) in pairs])
        phases.append(patches @ weights)
    image = jnp.stack(phases, axis=3).reshape(batch, height, width, 2, 2, -1)
    return image.transpose(0, 1, 3, 2, 4, 5).reshape(batch, 2 * height, 2 * width, -1)


class MatrixConv(nn.Module):
    """`nn.Conv` with products of matrices; arguments and parameters are the same."""

    features: int
    kernel_size: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    dtype: Any = None
    transposed = False

    @nn.compact
    def __call__(self, x: Array) -> Array:
        shape = (*self.kernel_size, x.shape[-1], self.features)
        kernel = self.param("kernel", nn.initializers.lecun_normal(), shape)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        x, kernel, bias = nn.dtypes.promote_dtype(x, kernel, bias, dtype=self.dtype)
        if self.transposed and self.strides == (2, 2):
            sums = convolve_transposed(x, kernel)
        else:  # at stride 1, Flax's transposed convolution is its convolution
            sums = convolve(x, kernel, self.strides[0])
        return sums + bias.reshape(1, 1, 1, -1)


class MatrixConvTranspose(MatrixConv):
    """`nn.ConvTranspose` of stride 1 or 2 with products of matrices; arguments and parameters are the same."""

    transposed = True


# The networks.


class ConvEncoder(nn.Module):
    """x (B, 784) to mu and logvar of q(z|x), each (B, latent_dim)."""

    latent_dim: int
    dtype: Any
    conv: type[nn.Module]

    @nn.compact
    def __call__(self, x: Array) -> tuple[Array, Array]:
        h = self.conv(32, (3, 3), dtype=self.dtype, name="conv_0")(x.reshape(-1, 28, 28, 1))
        h = nn.relu(nn.LayerNorm(dtype=self.dtype, name="norm_0")(h))
        h = self.conv(32, (3, 3), strides=(2, 2), dtype=self.dtype, name="conv_1")(h)
        h = h.reshape(len(h), -1)
        heads = (nn.Dense(self.latent_dim, dtype=self.dtype, name=name) for name in ("mu", "logvar"))
        mu, logvar = (head(h) for head in heads)
        return mu, logvar


class ConvDecoder(nn.Module):
    """z (B, latent_dim) to the means of the pixels (B, 784), by way of 2x2, 4x4, 8x8 and 16x16."""

    dtype: Any
    conv_transpose: type[nn.Module]

    @nn.compact
    def __call__(self, z: Array) -> Array:
        h = nn.Dense(64, dtype=self.dtype, name="dense")(z).reshape(-1, 1, 1, 64)
        for n in range(4):
            h = self.conv_transpose(64, (3, 3), strides=(2, 2), dtype=self.dtype, name=f"conv_{n}")(h)
            h = nn.LayerNorm(dtype=self.dtype, name=f"norm_{n}")(h)
        h = self.conv_transpose(1, (3, 3), strides=(1, 1), dtype=self.dtype, name="conv_4")(h)
        return nn.Dense(784, dtype=self.dtype, name="pixels")(h.reshape(len(h), -1))


class ConvVAE(nn.Module):
    """The original notebook's network; `matrices` says with which layers it computes, not what."""

    latent_dim: int = 2
    dtype: Any = jnp.float32
    matrices: bool = False

    def setup(self) -> None:
        conv, conv_transpose = (MatrixConv, MatrixConvTranspose) if self.matrices else (nn.Conv, nn.ConvTranspose)
        self.encoder = ConvEncoder(self.latent_dim, self.dtype, conv)
        self.decoder = ConvDecoder(self.dtype, conv_transpose)

    def __call__(self, x: Array, eps: Array) -> tuple[Array, Array, Array]:
        """x (B, 784) and noise (B, latent_dim) to the pixels' means (B, 784), mu and logvar (B, latent_dim)."""
        mu, logvar = self.encoder(x)
        return self.decoder(mu + jnp.exp(logvar / 2) * eps), mu, logvar


class MLPVAE(nn.Module):
    """784-400-20: one hidden layer on each side."""

    latent_dim: int = 20
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array, eps: Array) -> tuple[Array, Array, Array]:
        """x (B, 784) and noise (B, latent_dim) to the pixels' means (B, 784), mu and logvar (B, latent_dim)."""
        h = nn.relu(nn.Dense(400, dtype=self.dtype)(x))
        mu, logvar = nn.Dense(self.latent_dim, dtype=self.dtype)(h), nn.Dense(self.latent_dim, dtype=self.dtype)(h)
        h = nn.relu(nn.Dense(400, dtype=self.dtype)(mu + jnp.exp(logvar / 2) * eps))
        return nn.Dense(784, dtype=self.dtype)(h), mu, logvar


# The loss, and one update.


def negative_elbo(vae: nn.Module, params: Any, x: Array, eps: Array) -> Array:
    """-ELBO in nats per image of x (B, 784), with the noise eps (B, latent_dim) and sigma 1; sums are in float32."""
    mean, mu, logvar = (part.astype(jnp.promote_types(part.dtype, jnp.float32)) for part in vae.apply(params, x, eps))
    log_px = -0.5 * ((x - mean) ** 2 + jnp.log(2 * jnp.pi)).sum(-1)
    kl = 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).sum(-1)
    return (kl - log_px).mean()


def whole_batch(vae: nn.Module, params: Any, x: Array, eps: Array) -> tuple[Array, Any]:
    """-ELBO of the batch and its gradients."""
    return jax.value_and_grad(partial(negative_elbo, vae))(params, x, eps)


def in_chunks(vae: nn.Module, params: Any, x: Array, eps: Array, chunk: int = CHUNK) -> tuple[Array, Any]:
    """The same two, as the mean of those of `chunk` images at a time; `chunk` divides the batch."""
    parts = (x.reshape(-1, chunk, x.shape[-1]), eps.reshape(-1, chunk, eps.shape[-1]))
    nothing = (jnp.zeros((), x.dtype), jax.tree.map(jnp.zeros_like, params))

    def add(total: Any, part: tuple[Array, Array]) -> tuple[Any, None]:
        return jax.tree.map(jnp.add, total, whole_batch(vae, params, *part)), None

    total, _ = lax.scan(add, nothing, parts)
    return jax.tree.map(lambda part: part / len(parts[0]), total)


def update(vae: nn.Module, gradients: Callable, state: TrainState, x: Array, key: Array) -> tuple[TrainState, Array]:
    """One step of Adam for x (B, 784), and -ELBO before it."""
    eps = jax.random.normal(key, (len(x), vae.latent_dim), vae.dtype)
    loss, grads = gradients(vae, state.params, x, eps)
    return state.apply_gradients(grads=grads), loss


# The ways of training. Each takes a network, the images, and how many batches of which size make an epoch; it
# compiles, and gives a function that trains one epoch and returns the new state and the mean loss.


@dataclass(frozen=True)
class Epoch:
    """The updates that are made in one go: `steps` batches of `batch` images (N, 784), which lie on the host."""

    images: np.ndarray
    batch: int
    steps: int


Training = Callable[[TrainState, Array], tuple[TrainState, float]]


def loop_on_the_host(vae: nn.Module, epoch: Epoch, state: TrainState, key: Array, device: jax.Device) -> Training:
    """The notebook's way: NumPy shuffles and gathers, each batch travels to the device, a jitted update for each."""
    first = jax.device_put(epoch.images[: epoch.batch], device)
    step = jax.jit(partial(update, vae, whole_batch), donate_argnums=0).lower(state, first, key).compile()
    jax.random.split(key)[0].block_until_ready()  # what runs between the steps is compiled as well
    (0.0 + jnp.zeros(())).block_until_ready()

    def train(state: TrainState, key: Array) -> tuple[TrainState, float]:
        order = np.random.permutation(len(epoch.images))
        total = 0.0
        for n in range(epoch.steps):
            key, noise = jax.random.split(key)
            x = jax.device_put(epoch.images[order[n * epoch.batch : (n + 1) * epoch.batch]], device)
            state, loss = step(state, x, noise)
            total += loss
        return state, float(total) / epoch.steps

    return train


def one_scan(
        vae: nn.Module, epoch: Epoch, state: TrainState, key: Array, device: jax.Device,
        gradients: Callable = whole_batch) -> Training:
    """Ours: the images live on the device, and the epoch with its shuffling is one jitted function."""
    images = jax.device_put(epoch.images, device)

    def steps(state: TrainState, key: Array, images: Array) -> tuple[TrainState, Array]:
        shuffle, noise = jax.random.split(key)
        order = jax.random.permutation(shuffle, len(images))
        rows = order[: epoch.steps * epoch.batch].reshape(epoch.steps, epoch.batch)

        def step(state: TrainState, part: tuple[Array, Array]) -> tuple[TrainState, Array]:
            chosen, key = part
            return update(vae, gradients, state, images[chosen], key)

        state, losses = lax.scan(step, state, (rows, jax.random.split(noise, epoch.steps)))
        return state, losses.mean()

    compiled = jax.jit(steps, donate_argnums=0).lower(state, key, images).compile()

    def train(state: TrainState, key: Array) -> tuple[TrainState, float]:
        state, loss = compiled(state, key, images)
        return state, float(loss)

    return train


def notebook_bfloat16(*arguments: Any) -> Training:
    """The notebook's layers and way, in its arithmetic."""
    return loop_on_the_host(ConvVAE(dtype=jnp.bfloat16), *arguments)


def notebook_float32(*arguments: Any) -> Training:
    """The notebook's layers and way, in float32."""
    return loop_on_the_host(ConvVAE(), *arguments)


def matrices_in_chunks(*arguments: Any) -> Training:
    """Ours on a CPU: convolutions as products of matrices, few images at a time, in float32."""
    return one_scan(ConvVAE(matrices=True), *arguments, gradients=in_chunks)


def epoch_on_device_bfloat16(*arguments: Any) -> Training:
    """Ours on a GPU, with the notebook's layers in its arithmetic. On a CPU, convolutions within a scan are slow."""
    return one_scan(ConvVAE(dtype=jnp.bfloat16), *arguments)


def epoch_on_device_float32(*arguments: Any) -> Training:
    """Ours on a GPU, with the notebook's layers in float32."""
    return one_scan(ConvVAE(), *arguments)


def mlp_loop_on_the_host(*arguments: Any) -> Training:
    """The notebook's way with the small network."""
    return loop_on_the_host(MLPVAE(), *arguments)


def mlp_one_scan(*arguments: Any) -> Training:
    """Ours, on every device."""
    return one_scan(MLPVAE(), *arguments)


# What is compared, and the measurement.


@dataclass(frozen=True)
class FlaxComparison(Comparison):
    """A network in its plain form, the size of a batch, and how many updates are measured unless `--steps` says."""

    vae: nn.Module
    batch: int
    steps: dict[str, int | None]  # None: all of an epoch


NOTEBOOK = (notebook_bfloat16, notebook_float32)
COMPARISONS = {
    "flax": FlaxComparison(
        {"cpu": (*NOTEBOOK, matrices_in_chunks),
         "gpu": (*NOTEBOOK, epoch_on_device_bfloat16, epoch_on_device_float32)},
        {"cpu": 15.0, "gpu": 20.0}, ConvVAE(), 1024, {"cpu": 3, "gpu": None}),
    "flax_mlp": FlaxComparison(
        dict.fromkeys(("cpu", "gpu"), (mlp_loop_on_the_host, mlp_one_scan)),
        {}, MLPVAE(), 128, {"cpu": None, "gpu": None}),
}


def measure(
        comparison: FlaxComparison, way: Callable, dataset: str, epochs: int, device_name: str, seed: int,
        steps: int | None = None) -> dict:
    """CPU and wall seconds of each epoch of `steps` updates, those of compiling, the updates, the loss on test images.

    The last batch of an epoch, which is short, is left out as the notebook does; `share` is the part of an epoch
    that `steps` updates are.
    """
    device = the_device(device_name)
    x_train, _, x_test, _ = load_images(dataset)
    whole = len(x_train) // comparison.batch
    epoch = Epoch(x_train, comparison.batch, min(steps or comparison.steps[device_name] or whole, whole))
    np.random.seed(seed)  # of the notebook's way of shuffling
    with jax.default_device(device):
        weights, key = jax.random.split(jax.random.key(seed))
        state = initial_state(comparison.vae, weights)
        start = now()
        train = way(epoch, state, key, device)
        compiling = [after - before for before, after in zip(start, now(), strict=True)]
        cpu, wall = [], []
        for _ in range(epochs):
            key, noise = jax.random.split(key)
            start = now()
            state, _ = train(state, noise)
            jax.block_until_ready(state)
            end = now()
            cpu.append(end[0] - start[0])
            wall.append(end[1] - start[1])
        loss = held_out_loss(comparison.vae, state.params, x_test[:TEST_IMAGES])
    return {"cpu": cpu, "wall": wall, "compile": dict(zip(("cpu", "wall"), compiling, strict=True)),
            "share": epoch.steps / whole, "updates": int(state.step), "loss": loss}


def the_device(name: str) -> jax.Device:
    """The first CPU or GPU that JAX has."""
    try:
        return jax.devices(name)[0]
    except RuntimeError as error:
        raise RuntimeError(f"JAX finds no {name} here; for one of NVIDIA's: pip install -U 'jax[cuda13]'") from error


def device_kind(name: str) -> str:
    """What JAX calls it."""
    return the_device(name).device_kind


def initial_state(vae: nn.Module, key: Array) -> TrainState:
    """Fresh weights, the same for all ways of a comparison, and Adam."""
    params = vae.init(key, jnp.zeros((1, 784)), jnp.zeros((1, vae.latent_dim)))
    state = TrainState.create(apply_fn=vae.apply, params=params, tx=optax.adam(LEARNING_RATE))
    return state.replace(step=jnp.zeros((), jnp.int32))  # an array as every later one, so that one program serves


def held_out_loss(vae: nn.Module, params: Any, x: np.ndarray) -> float:
    """-ELBO in nats per image of x (N, 784), in float32; the same draws for all."""
    if isinstance(vae, ConvVAE):
        vae = vae.clone(matrices=True)
    eps = jax.random.normal(jax.random.key(DATA_SEED), (len(x), vae.latent_dim))
    parts = [slice(n, n + TEST_BATCH) for n in range(0, len(x), TEST_BATCH)]
    losses = [float(compiled_loss(vae, params, x[part], eps[part])) * len(x[part]) for part in parts]
    return sum(losses) / len(x)


@partial(jax.jit, static_argnums=0)
def compiled_loss(vae: nn.Module, params: Any, x: Array, eps: Array) -> Array:
    """`negative_elbo`, compiled once for each network."""
    return negative_elbo(vae, params, x, eps)


def difference_of_layers(dataset: str, images: int = 4 * CHUNK) -> dict[str, float]:
    """How far our layers are from the notebook's, in float32, at fresh weights and the first training images.

    `loss`: of -ELBO, relative. `gradients`: of the largest entry of a parameter's gradient, for the worst parameter.
    """
    with jax.default_device(the_device("cpu")):
        weights, noise = jax.random.split(jax.random.key(DATA_SEED))
        params = initial_state(ConvVAE(), weights).params
        x = jnp.asarray(load_images(dataset)[0][:images])
        eps = jax.random.normal(noise, (images, ConvVAE.latent_dim))
        theirs = jax.jit(partial(whole_batch, ConvVAE()))(params, x, eps)
        ours = jax.jit(partial(in_chunks, ConvVAE(matrices=True)))(params, x, eps)
        return relative_differences(theirs, ours)


def relative_differences(theirs: tuple[Array, Any], ours: tuple[Array, Any]) -> dict[str, float]:
    """Of two losses with their gradients; see `difference_of_layers`."""
    apart = jax.tree.map(lambda a, b: float(abs(a - b).max() / abs(a).max()), theirs, ours)
    return {"loss": apart[0], "gradients": max(jax.tree.leaves(apart[1]))}

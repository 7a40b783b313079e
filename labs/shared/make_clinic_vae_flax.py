"""Make the frozen training logs of the clinic of lab `vae_flax`.

Run it from the repository root and look at what it prints before you keep it (MNIST_DIR may name a
folder that holds the four official files; without it they are downloaded):

    OMP_NUM_THREADS=1 python labs/shared/make_clinic_vae_flax.py > labs/shared/clinic_vae_flax.py

Five trainings of the lab's own model (784-400-20, Adam 1e-3, batch 120) on the first 6,000 images, each
with one mistake, one fixed seed each; the healthy run of each kind goes to stderr. About three minutes.
Key: see `MISTAKES`.
"""

from __future__ import annotations

import json
import math
import runpy
import sys
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

MISTAKES = {  # and the kind of observation model of each
    "A": ("bf16_latents", "continuous_bernoulli"),
    "B": ("raw_pixels", "continuous_bernoulli"),
    "C": ("stale_closure", "continuous_bernoulli"),
    "D": ("sigma_one", "gaussian"),
    "E": ("key_reused", "continuous_bernoulli"),
}
COLUMNS = ["epoch", "beta", "train_elbo", "test_elbo", "log_lik", "kl", "true_elbo", "new_noise", "values"]
CHECKPOINTS = (1, 2, 4, 8, 16, 24)
BATCH, TRAIN, TEST, LATENTS = 120, 6_000, 2_000, 20
WARMUP = 4  # epochs in which beta rises from 0 to 1


def images() -> tuple[np.ndarray, np.ndarray]:
    """Bytes to train on and to test on, by the lab's own loader."""
    shared = Path(__file__).parent
    helpers = runpy.run_path(str(shared / "notebook_helpers.py"))
    x_train, _, x_test, _ = runpy.run_path(str(shared / "images.py"), helpers)["load_images"]("mnist")
    return tuple(np.round(255 * x).astype(np.uint8) for x in (x_train[:TRAIN], x_test[:TEST]))


def dense(key: jax.Array, inputs: int, outputs: int) -> dict[str, jax.Array]:
    return {"w": jax.random.normal(key, (inputs, outputs)) / math.sqrt(inputs), "b": jnp.zeros(outputs)}


def network(key: jax.Array) -> dict[str, Any]:
    keys = jax.random.split(key, 4)
    sizes = {"hidden": (784, 400), "heads": (400, 2 * LATENTS), "back": (LATENTS, 400), "out": (400, 784)}
    return {name: dense(k, *size) for k, (name, size) in zip(keys, sizes.items())}


def apply(layer: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    return x @ layer["w"] + layer["b"]


def log_density(kind: str, out: jax.Array, x: jax.Array, log_sigma: jax.Array) -> jax.Array:
    """log p(x given z) of each image, in nats."""
    if kind == "gaussian":
        each = -0.5 * ((x - out) / jnp.exp(log_sigma)) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)
    else:
        near = jnp.abs(out) < 0.1
        safe = jnp.where(near, 1.0, out)
        log_c = jnp.where(near, math.log(2) + out**2 / 12, jnp.log(safe / jnp.tanh(safe / 2)))
        each = x * out - jax.nn.softplus(out) + log_c
    return each.sum(-1)


def noise(mistake: str, key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return jax.random.normal(key, shape, jnp.bfloat16 if mistake == "bf16_latents" else jnp.float32)


def terms(
    mistake: str, kind: str, params: dict[str, Any], key: jax.Array, x: jax.Array, beta: float | jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """elbo, log_lik and kl of each image as this student computes them; no mistake: by correct code."""
    net, low = params["net"], mistake == "bf16_latents"
    heads = apply(net["heads"], jax.nn.relu(apply(net["hidden"], x)))
    mu, logvar = jnp.split(heads.astype(jnp.bfloat16) if low else heads, 2, -1)
    z = mu + jnp.exp(logvar / 2) * noise(mistake, key, mu.shape)
    kl = 0.5 * (mu**2 + jnp.exp(logvar) - 1 - logvar).astype(jnp.float32).sum(-1)
    out = apply(net["out"], jax.nn.relu(apply(net["back"], z.astype(jnp.float32))))
    log_sigma = params["log_sigma"]
    if mistake == "sigma_one":  # it starts at 0 and gets no gradient
        log_sigma = jax.lax.stop_gradient(log_sigma)
    log_lik = log_density(kind, out, x, log_sigma)
    return log_lik - beta * kl, log_lik, kl


def pixels(mistake: str, key: jax.Array, raw: jax.Array) -> jax.Array:
    if mistake == "raw_pixels":
        return raw / 255
    return (raw + jax.random.uniform(key, raw.shape)) / 256


def log_of(mistake: str, kind: str, seed: int, train: np.ndarray, test: np.ndarray) -> list[list[float]]:
    beta = 0.0  # what the student's compiled step finds outside

    def loss(params: dict[str, Any], key: jax.Array, x: jax.Array, given: jax.Array) -> tuple[jax.Array, jax.Array]:
        weight = beta if mistake == "stale_closure" else given
        elbo = terms(mistake, kind, params, key, x, weight)[0].mean()
        return -elbo, elbo

    @jax.jit
    def step(params: Any, memory: Any, key: jax.Array, raw: jax.Array, given: jax.Array) -> tuple[Any, Any, jax.Array]:
        pixel_key, noise_key = jax.random.split(key)
        grads, elbo = jax.grad(loss, has_aux=True)(params, noise_key, pixels(mistake, pixel_key, raw), given)
        updates, memory = adam.update(grads, memory, params)
        return optax.apply_updates(params, updates), memory, elbo

    init_key, order_key, *keys = jax.random.split(jax.random.key(seed), 5)
    params = {"net": network(init_key), "log_sigma": jnp.float32(0 if mistake == "sigma_one" else math.log(0.3))}
    adam = optax.adam(1e-3)
    memory = adam.init(params)
    student, correct = (jax.jit(partial(terms, who, kind)) for who in (mistake, ""))
    x_own, x_true = (pixels(who, keys[0], jnp.asarray(test)) for who in (mistake, ""))
    rows, count = [], 0
    for epoch in range(1, CHECKPOINTS[-1] + 1):
        beta = min(1.0, (epoch - 1) / WARMUP)
        order_of = order_key if mistake == "key_reused" else jax.random.fold_in(order_key, epoch)
        order = np.asarray(jax.random.permutation(order_of, TRAIN)).reshape(-1, BATCH)
        total, step_keys = 0.0, []
        for row in order:
            step_keys.append(keys[1] if mistake == "key_reused" else jax.random.fold_in(keys[1], count))
            params, memory, elbo = step(params, memory, step_keys[-1], jnp.asarray(train[row]), jnp.float32(beta))
            total, count = total + float(elbo), count + 1
        if epoch in CHECKPOINTS:
            own = [float(part.mean()) for part in student(params, keys[2], x_own, beta)]
            true = float(correct(params, keys[2], x_true, 1.0)[0].mean())
            drawn = [np.asarray(noise(mistake, k, (BATCH, LATENTS)), np.float32) for k in step_keys[-2:]]
            many = noise(mistake, keys[2], (100_000,))
            values = len(np.unique(np.asarray(many, np.float32)))
            new = float((drawn[0] != drawn[1]).mean())
            rows.append([epoch, beta, total / len(order), *own, true, round(new, 3), values])
    return rows


def main() -> None:
    train, test = images()
    for kind in ("continuous_bernoulli", "gaussian"):
        print(f"healthy, {kind}:", *log_of("", kind, 0, train, test), sep="\n", file=sys.stderr, flush=True)
    print("# Frozen training logs (made once by five trainings; nothing is trained here). Columns:")
    print(f"LOG_COLUMNS = {json.dumps(COLUMNS)}".replace(' "kl"', '\n               "kl"'))
    print(f"KIND_OF_LOG = {json.dumps({name: kind for name, (_, kind) in MISTAKES.items()})}".replace(
        ' "D"', '\n               "D"'))
    print("LOGS = {")
    for seed, (name, (mistake, kind)) in enumerate(MISTAKES.items()):
        print(f'    "{name}": [')
        for row in log_of(mistake, kind, seed, train, test):
            print("        [" + ", ".join(f"{v:.4g}" for v in row) + "],")
        print("    ],", flush=True)
    print("}")


if __name__ == "__main__":
    main()

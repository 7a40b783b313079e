"""What the third lab shows beside its tasks: pixels, keys and devices that are what the text says, and numbers that can be trusted."""

from __future__ import annotations

import math
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vaelabs.checks import (
    bits_per_dim,
    continuous_bernoulli_log_density,
    continuous_bernoulli_mean,
    kl_standard_normal,
    observation_mean,
    pixel_log_likelihood,
)
from vaelabs.course import Course, grade_id, read_notebook

jax = pytest.importorskip("jax")
jnp = jax.numpy

COURSE = Course(Path(__file__).parents[2])
SOURCE = read_notebook(COURSE.notebook("source", "vae_flax"))
SOLUTION = read_notebook(COURSE.notebook("solutions", "vae_flax"))
TEXT = "\n".join(cell.source for cell in SOURCE.cells if cell.cell_type == "markdown")
CODE = "\n".join(cell.source for cell in SOURCE.cells if cell.cell_type == "code")
PRINTED = "\n".join(
    output.text for cell in SOLUTION.cells for output in cell.get("outputs", []) if output.output_type == "stream"
)
DENSITIES = ("gaussian", "truncated_normal", "continuous_bernoulli")


@pytest.fixture(scope="module")
def lab(names_of):
    """The lab's names, those of the cell that sets the devices up among them: it is for show."""
    names = names_of("vae_flax")
    (devices,) = [cell for cell in SOURCE.cells if cell.cell_type == "code" and "device_batches = " in cell.source]
    exec(devices.source, names)
    return names


def printed(name: str) -> float:
    """The number on this line of the committed score card."""
    found = re.search(rf"^{name} +(-?[\d.]+)", PRINTED, re.MULTILINE)
    assert found, name
    return float(found[1])


# ---- data


def test_dequantised_pixels_stay_in_their_cell(lab):
    """(byte + u) / 256: within [byte, byte + 1] / 256, so that nothing overlaps and nothing lies beyond 1 (F10, M3)."""
    x, pixels = (np.asarray(lab[name], float) for name in ("grey_test", "pixels_test"))
    treated = np.asarray(lab["x_test"][lab["dequantize"]], float)

    inside = 256 * treated - pixels

    assert np.abs(255 * x - pixels).max() <= 0.5
    assert inside.min() >= 0 and inside.max() <= 1
    assert 0.49 < inside.mean() < 0.51


def test_the_test_images_are_treated_once(lab):
    """With a key of their own: all numbers of the lab speak of the same real numbers and the same bits."""
    for treat in (lab["dequantize"], lab["binarize"]):
        assert jnp.array_equal(lab["x_test"][treat], treat(jax.random.key(2026), lab["pixels_test"]))
    assert set(np.unique(lab["x_test"][lab["binarize"]])) == {0.0, 1.0}


def test_each_likelihood_gets_the_pixels_it_is_made_for(lab):
    """Bits for the Bernoulli, real numbers for the densities (F10)."""
    assert lab["TREATMENT"] == {"bernoulli": lab["binarize"], **dict.fromkeys(DENSITIES, lab["dequantize"])}


def seen_in_an_epoch(lab, key, treat):
    """What the step receives in one epoch of `scan_epoch`, as (steps, batch, 784), and its keys."""

    def spy(state, key, x):
        return state, {"x": x, "key": jax.random.key_data(key)}

    state = lab["TrainState"].create(
        apply_fn=None, params={"log_sigma": jnp.float32(0)}, tx=lab["optax"].sgd(0.0)
    )
    rows = lab["plan"](key, len(lab["pixels_train"]), lab["batch_size"])
    _, seen = lab["scan_epoch"](
        state, rows, lab["pixels_train"], step=spy, treat=treat, sharding=lab["split_batch"]
    )
    return np.asarray(seen["x"]), np.asarray(seen["key"])


def unchanged(key, pixels):
    return pixels.astype(jnp.float32)


def test_an_epoch_sees_each_training_image_once(lab):
    """In an order drawn with the key (F15), and none is left out (F34)."""
    first, _ = seen_in_an_epoch(lab, jax.random.key(0), unchanged)
    second, _ = seen_in_an_epoch(lab, jax.random.key(1), unchanged)
    images = np.asarray(lab["pixels_train"], np.float32)

    for seen in (first, second):
        rows = seen.reshape(-1, 784)
        assert np.array_equal(rows[np.lexsort(rows.T)], images[np.lexsort(images.T)])
    assert not np.array_equal(first, second)
    assert 60_000 % int(re.search(r"^batch_size = (\d+)", CODE, re.MULTILINE)[1]) == 0


def test_pixels_are_dequantised_afresh_in_each_epoch_and_no_key_is_used_twice(lab):
    """No noise can be learnt by heart (M16), and every step has keys of its own (F14)."""
    epochs = [seen_in_an_epoch(lab, jax.random.key(n), lab["dequantize"]) for n in (0, 1)]

    noise = [np.sort(np.modf(256 * x.astype(float))[0].ravel()) for x, _ in epochs]
    keys = np.concatenate([key for _, key in epochs])
    assert np.abs(noise[0] - noise[1]).max() > 0 and not np.array_equal(noise[0][:100], noise[1][:100])
    assert len(np.unique(keys, axis=0)) == len(keys)


def test_training_never_sees_a_test_image(lab, monkeypatch):
    """`fit` gives each epoch the training images and a new plan; the test images are for `measure` only (F22)."""
    given = []

    def spy(state, rows, pixels, **options):
        given.append((rows, pixels))
        return lab["scan_epoch"](state, rows, pixels, **options)

    monkeypatch.setitem(lab, "run_epoch", spy)
    lab["fit"]("gaussian", 2, 2)

    assert all(pixels is lab["pixels_train"] for _, pixels in given)
    assert not np.array_equal(given[0][0][0], given[1][0][0])


# ---- training


def test_the_loop_and_the_scan_train_alike(lab):
    """Convolutions on a CPU take the loop; it is the same training."""
    ends = []
    for epoch in (lab["loop_epoch"], lab["scan_epoch"]):
        state = lab["init_state"](jax.random.key(0), *lab["networks"](2, "mlp"), "gaussian")
        order, keys = lab["plan"](jax.random.key(1), 180, 60)
        options = dict(step=lab["train_step"], treat=lab["dequantize"], sharding=lab["split_batch"])
        state, metrics = epoch(state, (order, keys), lab["pixels_train"], **options)
        ends.append((float(state.params["log_sigma"]), np.asarray(metrics["elbo"])))

    assert ends[0][0] == pytest.approx(ends[1][0], abs=1e-6)
    assert ends[0][1] == pytest.approx(ends[1][1], rel=1e-5)


def test_a_fresh_state_survives_donation(lab):
    """`init_state(key)` gives the same start again after a step has deleted the first one (F16)."""
    nets = lab["networks"](2, "mlp")
    first = jax.device_put(lab["init_state"](jax.random.key(0), *nets, "gaussian"), lab["replicated"])
    copy = jax.tree.map(np.array, first.params)  # copies: what NumPy still looks at is not donated
    lab["train_step"](first, jax.random.key(1), lab["x_test"][lab["dequantize"]][:6])

    again = lab["init_state"](jax.random.key(0), *nets, "gaussian")

    assert first.params["log_sigma"].is_deleted()
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(copy), jax.tree.leaves(again.params)))


def test_an_epoch_compiles_once(lab, monkeypatch):
    """The state that comes out has the types of the one that went in; else every training would compile twice."""
    traced = []

    def step(state, key, x):
        traced.append(1)
        return lab["train_step"](state, key, x)

    state = jax.device_put(
        lab["init_state"](jax.random.key(0), *lab["networks"](2, "mlp"), "gaussian"), lab["replicated"]
    )
    options = dict(step=step, treat=lab["dequantize"], sharding=lab["split_batch"])
    for n in range(2):
        rows = lab["plan"](jax.random.key(n), len(lab["pixels_train"]), lab["batch_size"])
        state, _ = lab["scan_epoch"](state, rows, lab["pixels_train"], **options)

    assert len(traced) == 1


def test_a_corrected_function_is_used_by_the_next_training(lab, monkeypatch):
    """No compiled function holds on to an earlier answer (F17): a new state looks everything up again."""
    batch = lab["x_test"][lab["dequantize"]][:6]
    start = partial(lab["init_state"], jax.random.key(0), *lab["networks"](2, "mlp"), "gaussian")
    _, before = lab["train_step"](start(), jax.random.key(1), batch)
    monkeypatch.setitem(lab, "kl_divergence", lambda mu, logvar: mu.sum(-1) * 0 + 123)

    _, after = lab["train_step"](start(), jax.random.key(1), batch)

    assert float(before["kl"]) != 123 and float(after["kl"]) == 123


def test_a_fixed_sigma_stays_and_a_learned_one_moves(lab):
    """The exhibit with sigma = 1 differs in nothing else (F2)."""
    fit = partial(lab["fit"], "gaussian", 2, 1)
    ends = {learn: float(fit(learn_sigma=learn).params["log_sigma"]) for learn in (True, False)}

    assert ends[False] == 0
    assert ends[True] != pytest.approx(math.log(lab["START_SIGMA"]))


# ---- networks


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_networks_keep_to_the_dtype_policy(lab, architecture):
    """float32 in parameters, heads and outputs (F12, F13), whatever is computed between; leading axes pass (F23)."""
    encoder, decoder = lab["networks"](3, architecture)
    if architecture == "conv":
        encoder, decoder = (type(net)(**{**vars_of(net), "dtype": jnp.bfloat16}) for net in (encoder, decoder))
    x, z = jnp.zeros((2, 784)), jnp.zeros((4, 2, 3))

    weights = [net.init(jax.random.key(0), each) for net, each in ((encoder, x), (decoder, z))]
    mu, logvar = encoder.apply(weights[0], x)
    out = decoder.apply(weights[1], z)

    assert {str(leaf.dtype) for leaf in jax.tree.leaves(weights)} == {"float32"}
    assert (mu.shape, logvar.shape, out.shape) == ((2, 3), (2, 3), (4, 2, 784))
    assert {str(each.dtype) for each in (mu, logvar, out)} == {"float32"}


def vars_of(module) -> dict:
    return {name: getattr(module, name) for name in ("latent_dim",) if hasattr(module, name)}


def test_a_convolutional_decoder_bends(lab):
    """Activations everywhere: decode(a z) is no straight line in a, even far out (F3)."""
    _, decoder = lab["networks"](3, "conv")
    z = jax.random.normal(jax.random.key(0), (5, 3))
    weights = decoder.init(jax.random.key(1), z)

    near, middle, far = (decoder.apply(weights, a * z) for a in (1.0, 2.0, 3.0))

    assert float(jnp.abs(far - 2 * middle + near).max()) > 0.05 * float(jnp.abs(far - near).max())


def test_a_cpu_trains_the_small_network_on_one_device(lab):
    """Convolutions are for accelerators, pretended devices for section 8 (F36)."""
    if lab["accelerator"]:
        pytest.skip("this machine has an accelerator")

    assert lab["architecture"] == "mlp"
    assert len(lab["main_devices"]) == 1 and len(jax.devices()) == 8
    assert lab["run_epoch"] is lab["scan_epoch"]


# ---- devices


def test_one_step_on_eight_devices_is_the_step_on_one(lab):
    """Same state, same images, same key: parameters and metrics agree to 1e-5, and the work is really shared.

    A plain gradient step: Adam's first step divides by the size of the gradient, rounding included.
    """
    ends = {}
    for n in (1, 8):
        state, x = lab["start"](n, lab["device_batches"][0])
        assert len(x.sharding.device_set) == n and x.sharding.shard_shape(x.shape)[0] == len(x) // n
        plain = lab["TrainState"].create(apply_fn=state.apply_fn, params=state.params, tx=lab["optax"].sgd(1e-3))
        state, _ = lab["place"](lab["mesh_of"](lab["pool"][:n]), plain, x)
        state, metrics = lab["train_step"](state, jax.random.key(9), x)
        assert len(state.params["log_sigma"].sharding.device_set) == n
        ends[n] = jax.device_get((state.params, metrics))

    for one, eight in zip(jax.tree.leaves(ends[1]), jax.tree.leaves(ends[8])):
        assert np.asarray(eight) == pytest.approx(np.asarray(one), rel=1e-5, abs=1e-5)


def test_no_row_of_noise_is_repeated_among_the_shards(lab):
    """The noise is one array, however it is cut."""
    whole = lab["NamedSharding"](lab["mesh_of"](lab["pool"][:8]), lab["P"]("batch"))
    zeros = jax.device_put(jnp.zeros((64, 5)), whole)

    z = jax.jit(lab["reparameterize"])(jax.random.key(0), zeros, zeros)

    assert len(z.sharding.device_set) == 8
    assert len(np.unique(np.asarray(z), axis=0)) == 64


def test_the_mesh_is_of_type_auto(lab):
    """As written out, since the default differs between versions of JAX (F21)."""
    assert set(lab["mesh"].axis_types) == {lab["AxisType"].Auto}
    assert CODE.count("make_mesh(") == CODE.count("axis_types=(AxisType.Auto,)") == 1


# ---- pictures and bounds


@pytest.mark.parametrize("kind", ["gaussian", "truncated_normal", "continuous_bernoulli", "bernoulli"])
def test_drawn_pixels_have_the_mean_that_is_shown(lab, kind):
    """Draws and E[x | z] belong to one distribution (F8)."""
    out, log_sigma = jnp.array([-3.0, -0.2, 0.0, 0.6, 2.0]), jnp.float32(math.log(0.2))

    draws = lab["draw_pixels"](jax.random.key(0), kind, jnp.tile(out, (20_000, 1)), log_sigma)

    assert np.asarray(draws.mean(0)) == pytest.approx(observation_mean(kind, np.asarray(out), math.log(0.2)), abs=0.015)


def test_the_tighter_bound_is_log_p_where_the_decoder_ignores_z(lab):
    """Weights at the draws, their mean inside the logarithm: any K gives log p(x) then."""
    decode = lambda params, z: jnp.broadcast_to(params, (*z.shape[:-1], 4))
    encode = lambda params, x: (x[:, :2], jnp.full((len(x), 2), 0.3))
    params = {"encoder": None, "decoder": jnp.array([0.1, 0.9, 0.4, -0.2]), "log_sigma": jnp.float32(-1)}
    x = jnp.array([[0.1, 0.8, 0.5, 0.0], [0.9, 0.2, 0.1, 0.4]])

    bound = lab["iwae"](params, jax.random.key(0), x, encode=encode, decode=decode, kind="gaussian", k=40_000)

    want = pixel_log_likelihood("gaussian", np.asarray(params["decoder"]), np.asarray(x), -1.0)
    assert np.asarray(bound) == pytest.approx(want, abs=0.02)


def test_the_lab_survives_without_tfp(lab):
    """The stand-in of the second cell gives the same densities and means as our own mathematics."""
    cell = next(cell.source for cell in SOURCE.cells if cell.source.startswith("# The lab goes on without TFP"))
    names = {"tfd": None, "jax": jax, "jnp": jnp, "SimpleNamespace": SimpleNamespace}

    exec(cell, names)

    tfd, out, sigma = names["tfd"], jnp.array([[-5.0, -0.4, 0.3, 1.2]]), jnp.float32(0.25)
    x, bits = jnp.array([[0.01, 0.1, 0.5, 0.95]]), jnp.array([[0.0, 0.0, 1.0, 1.0]])
    cut = tfd.TruncatedNormal(out, sigma, 0.0, 1.0)
    parts = {"gaussian": tfd.Normal(out, sigma), "truncated_normal": cut, "bernoulli": tfd.Bernoulli(logits=out)}
    for kind, law in parts.items():
        pixels = bits if kind == "bernoulli" else x
        want = pixel_log_likelihood(kind, np.asarray(out).T, np.asarray(pixels).T, math.log(0.25))
        assert np.asarray(law.log_prob(pixels))[0] == pytest.approx(want, rel=1e-4), kind
    slope = jax.grad(lambda out: tfd.TruncatedNormal(out, sigma, 0.0, 1.0).log_prob(x).sum())(out)
    assert np.isfinite(slope).all()
    want = observation_mean("truncated_normal", np.asarray(out), math.log(0.25))
    assert np.asarray(cut.mean()) == pytest.approx(want, abs=1e-3)


# ---- what was committed


def test_the_committed_run_reaches_the_goals():
    """Test set: both densities on [0, 1] at most 2.65 bits per dimension, the Gaussian 7.1; sigma = 1 worse than uniform."""
    assert printed("bpd_continuous_bernoulli") <= 2.65
    assert printed("bpd_truncated_normal") <= 2.65
    assert printed("bpd_gaussian") <= 7.1
    assert printed("bpd_sigma_1") > 8
    assert "<- outside" not in PRINTED and "(the ranges belong" not in PRINTED


def test_the_tighter_bound_is_tighter_in_the_committed_run():
    """Above the ELBO of the same images, by more for the sharp likelihoods than for bits, and never by magic."""
    gaps = {kind: printed(f"gap_{kind}") for kind in ("sigma_1", *DENSITIES, "bernoulli")}

    assert 0 < gaps["sigma_1"] < gaps["bernoulli"] < min(gaps[kind] for kind in DENSITIES)
    assert max(gaps.values()) < 60


def test_the_kl_depends_on_the_likelihood():
    """Same formula, other values (F35): with sigma = 1 there is nothing to say about most latents."""
    assert printed("kl_sigma_1") < 10 < 40 < min(printed(f"kl_{kind}") for kind in DENSITIES)


def references() -> dict:
    """Our own mathematics under the names of the students' functions, for JAX to call and to differentiate."""

    def called(f, *args, shape):
        return jax.pure_callback(
            lambda *a: np.asarray(f(*(np.asarray(each, float) for each in a)), np.float32),
            jax.ShapeDtypeStruct(shape, jnp.float32), *args, vmap_method="broadcast_all",
        )  # fmt: skip

    def reparameterize(key, mu, logvar):
        mu, logvar = jnp.float32(mu), jnp.float32(logvar)
        return mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape)

    @jax.custom_vjp
    def kl_divergence(mu, logvar):
        return called(kl_standard_normal, jnp.float32(mu), jnp.float32(logvar), shape=mu.shape[:-1])

    kl_divergence.defvjp(
        lambda mu, logvar: (kl_divergence(mu, logvar), (mu, logvar)),
        lambda kept, g: (
            (g[..., None] * kept[0]).astype(kept[0].dtype),
            (g[..., None] * called(lambda l: np.expm1(l) / 2, jnp.float32(kept[1]), shape=kept[1].shape)).astype(
                kept[1].dtype
            ),
        ),
    )

    @jax.custom_vjp
    def of_logit(logits, x):
        return called(continuous_bernoulli_log_density, logits, x, shape=logits.shape)

    of_logit.defvjp(
        lambda logits, x: (of_logit(logits, x), (logits, x)),
        lambda kept, g: (g * (kept[1] - called(continuous_bernoulli_mean, kept[0], shape=kept[0].shape)), None),
    )

    def continuous_bernoulli_log_prob(logits, x):
        return of_logit(*jnp.broadcast_arrays(jnp.float32(logits), jnp.float32(x)))

    def log_likelihood(kind, out, x, log_sigma):
        pixel_log_likelihood(kind, np.zeros(1), np.zeros(1), 0.0)  # refuses an unknown kind
        shape = jnp.broadcast_shapes(out.shape, x.shape)[:-1]
        f = lambda out, x, log_sigma: pixel_log_likelihood(kind, out, x, log_sigma)
        return called(f, out, x, jnp.float32(log_sigma), shape=shape)

    def mean(kind, out, log_sigma):
        return called(lambda out, s: observation_mean(kind, out, s), out, jnp.float32(log_sigma), shape=out.shape)

    def elbo_terms(params, key, x, *, encode, decode, kind, beta=1.0):
        mu, logvar = encode(params["encoder"], x)
        out = decode(params["decoder"], reparameterize(key, mu, logvar))
        log_lik, kl = log_likelihood(kind, out, jnp.asarray(x), params["log_sigma"]), kl_divergence(mu, logvar)
        return log_lik - beta * kl, log_lik, kl

    def train_step(state, key, x):
        metrics = dict(zip(("elbo", "log_lik", "kl"), map(jnp.mean, state.apply_fn(state.params, key, x))))
        grads = jax.grad(lambda params: -state.apply_fn(params, key, x)[0].mean())(state.params)
        return state.apply_gradients(grads=grads), metrics

    found = (reparameterize, kl_divergence, continuous_bernoulli_log_prob, log_likelihood, elbo_terms, train_step)
    names = ("reparameterize", "kl_divergence", *(each.__name__ for each in found[2:]))
    return dict(zip(names, found)) | {"observation_mean": mean, "bits_per_dim": bits_per_dim}


@pytest.mark.parametrize("task", sorted(references()))
def test_the_numbers_of_a_visible_check_are_ours(task, lab):
    """Literals in a notebook cannot rot: the checks' own mathematics passes every visible check."""
    visible = next(cell.source for cell in SOURCE.cells if grade_id(cell) == f"try-{task}")
    needed = ("jax", "jnp", "np", "optax", "partial", "TrainState", "mesh_of", "P", "place")
    names = {"__name__": "__main__", **{name: lab[name] for name in needed}, **references()}

    exec(COURSE.shared("notebook_helpers.py").read_text(), names)
    exec(visible, names)  # raises CheckFailed with both numbers


# ---- the clinic


def logs() -> dict[str, list[dict[str, float]]]:
    names: dict = {}
    exec(COURSE.shared("clinic_vae_flax.py").read_text(), names)
    return {name: [dict(zip(names["LOG_COLUMNS"], row)) for row in rows] for name, rows in names["LOGS"].items()}


def test_each_log_of_the_clinic_shows_its_mistake():
    """By the evidence that the text asks for, and by none of the others'."""
    last = {name: rows[-1] for name, rows in logs().items()}
    half, raw, stale, one, reused = (last[name] for name in "ABCDE")

    assert half["values"] < 1000 < min(each["values"] for each in (raw, stale, one, reused))
    assert raw["test_elbo"] - raw["true_elbo"] > 500
    assert stale["beta"] == 1 and stale["kl"] > 3 * half["kl"]
    assert stale["train_elbo"] > stale["test_elbo"] + 100
    assert -760 < one["log_lik"] < -0.5 * 784 * math.log(2 * math.pi) and one["kl"] < 15
    assert reused["new_noise"] == 0 and min(each["new_noise"] for each in (half, raw, stale, one)) > 0.9
    for healthy in (half, one, reused):
        assert healthy["test_elbo"] == pytest.approx(healthy["true_elbo"], abs=60)


@pytest.mark.parametrize(
    "wrong",
    [
        r"intractable",  # F7: sampling is two lines
        r"elbo_loss",  # F5: one sign
        r"recon_loss",  # F6: a log-likelihood
        r"continuous relaxation",  # F9
        r"PRNGKey",  # F31
        r"threefry_partitionable",  # F32
        r"DeviceArray",  # F30
        r"np\.random\.(seed|permutation|rand)",  # F15
        r"import datasets|load_dataset",  # F33
        r"tqdm",
        r"8 small GPUs|8 accelerators|equivalent to 8",  # F20
        r"encoding a grid",  # F25
        r"num_epochs = 1000",  # F19
        r"local_device_count",  # F36
        r"KL divergence term remains the same",  # F35
        r"Normal\(.*scale=1",  # F2
        r"linspace\(-scale",  # F18
        r"truncated_gaussian",  # one name for each kind
        r"requires_grad|manual_seed",  # another framework's
    ],
)
def test_the_errors_of_the_originals_are_not_repeated(wrong):
    """By their own words, in text and code."""
    assert not re.findall(wrong, TEXT + CODE)


def test_no_compiled_function_finds_its_networks_outside():
    """Every `encode` and `decode` in a compiled function is an argument (F17); no cell has a global `params` trained on."""
    functions = re.findall(r"@partial\(jax\.jit.*?\n(?=\n\n|```|\Z)", CODE, re.DOTALL)

    assert len(functions) >= 2
    assert not [each for each in functions if re.search(r"\b(encoder|decoder)\.apply", each)]


def test_digits_are_drawn_dark_on_white():
    """In gray_r; classes in tab10."""
    assert set(re.findall(r'cmap="(\w+)"', CODE)) == {"gray_r", "tab10"}

"""The benchmark of training compares like with like; what it measures is not tested."""

import dataclasses
import functools
import importlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "training.py"
SEEDS = range(3)
EPOCHS = 3
TOLERANCE = 1.0  # nats; seeds differ by about 0.4, an epoch fewer by 1.3 or more
UPDATES_PER_EPOCH = 12  # 1,500 digits in batches of 128


def imported(*names):
    """Modules of the folder of benchmarks."""
    sys.path.append(str(SCRIPT.parent))  # where a script finds its neighbours
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(SCRIPT.parent))


training, common, ways_torch, band = imported("training", "common", "ways_torch", "band")
ways_flax = training.ways_flax
ways_torch.load = functools.cache(ways_torch.load)
PAIRS = [
    (name, comparison.ways["cpu"][0], way)
    for name, comparison in ways_torch.COMPARISONS.items() for way in comparison.ways["cpu"][1:]]
PAIR_NAMES = [f"{name}-{way.__name__}" for name, _, way in PAIRS]


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Threads, random state and Pyro's validation as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        if ways_torch.pyro:
            with ways_torch.pyro.validation_enabled():
                yield
            ways_torch.pyro.clear_param_store()
        else:
            yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def allowed_to_train():
    """What trains, or compiles a network of convolutions, is left to whoever changes a benchmark."""
    if "VAELABS_BENCHMARKS" not in os.environ:
        pytest.skip("VAELABS_BENCHMARKS=1 tests the benchmarks with training (minutes)")


@pytest.fixture(scope="module")
def measured(allowed_to_train):
    """Runs of a way on the digits, one for each seed, made once."""
    runs = {}

    def ask(name, way):
        if name == "pyro":
            pytest.importorskip("pyro")
        key = name, way.__name__
        if key not in runs:
            comparison = ways_torch.COMPARISONS[name]
            runs[key] = [ways_torch.measure(comparison, way, "digits", EPOCHS, "cpu", seed) for seed in SEEDS]
        return runs[key]

    return ask


def network(name):
    """The network of a comparison, the same weights at each call."""
    torch.manual_seed(0)
    return ways_torch.COMPARISONS[name].network()


@pytest.mark.parametrize("name, first, way", PAIRS, ids=PAIR_NAMES)
def test_all_ways_make_the_same_number_of_updates(measured, name, first, way):
    """Adam itself has counted them: one for each batch, the short last one included."""
    updates = {run["updates"] for run in measured(name, first) + measured(name, way)}

    assert {EPOCHS * UPDATES_PER_EPOCH} == updates


@pytest.mark.parametrize(
    "name, first, way", [pair for pair in PAIRS if not pair[2] in ways_torch.BINARISED],
    ids=[name for name in PAIR_NAMES if not name.endswith("binarised")])
def test_our_way_reaches_the_loss_of_the_notebooks_way(measured, name, first, way):
    """The mean losses on test images differ by less than seeds do; half as many updates would show."""
    theirs, ours = ([run["loss"] for run in measured(name, which)] for which in (first, way))

    difference = statistics.mean(ours) - statistics.mean(theirs)

    assert abs(difference) < TOLERANCE


@pytest.mark.parametrize("name", ["pytorch", "wide"])
def test_logits_and_probabilities_give_the_same_loss_at_the_same_draw(name):
    """What our way minimises is what the notebook's way minimises."""
    torch.manual_seed(1)
    vae, x = network(name), torch.rand(7, 784)
    torch.manual_seed(2)
    ours = ways_torch.negative_elbo(vae, x)
    torch.manual_seed(2)
    logits, mu, logvar = vae(x)

    theirs = torch.nn.functional.binary_cross_entropy(logits.sigmoid(), x, reduction="sum")
    theirs = theirs + ways_torch.kl_divergence(mu, logvar)

    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", ["bernoulli_of_probabilities", "bernoulli_of_logits", "bernoulli_of_grey_pixels"])
def test_a_pyro_program_has_the_elbo_of_the_network(kind):
    """With the analytic KL and the same draw, Pyro's loss is the network's."""
    pyro = pytest.importorskip("pyro")
    pyro.clear_param_store()
    vae, x = network("pyro"), torch.rand(7, 784).round()
    elbo = pyro.infer.TraceMeanField_ELBO()(*ways_torch.pyro_program(vae, getattr(ways_torch, kind)))
    torch.manual_seed(2)
    theirs = ways_torch.negative_elbo(vae, x)
    torch.manual_seed(2)

    ours = elbo(x)

    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=0)


def test_grey_pixels_need_the_exemption_from_validation():
    """Validation stays on in our way: without the exemption Pyro refuses grey values."""
    pyro = pytest.importorskip("pyro")
    pyro.clear_param_store()
    vae, grey = network("pyro"), torch.full((7, 784), 0.5)
    exempt, strict = (
        pyro.infer.Trace_ELBO()(*ways_torch.pyro_program(vae, bernoulli))
        for bernoulli in (ways_torch.bernoulli_of_grey_pixels, ways_torch.bernoulli_of_logits))

    with pyro.validation_enabled(True):
        exempt(grey)
        with pytest.raises(ValueError, match="within the support"):
            strict(grey)


def test_an_item_of_the_loader_is_the_row_of_the_tensor():
    """Both ways see the same pixels, to the bit."""
    images, _ = ways_torch.load("digits", dequantised=False)

    item, label = ways_torch.PILImages(images)[3]

    assert (1, 28, 28) == item.shape
    assert torch.equal(images.pixels[3], item.flatten())
    assert images.labels[3] == label


def test_the_batches_of_a_tensor_hold_every_row_once():
    """The short last batch is kept."""
    rows = torch.arange(300.0).view(-1, 1)

    batches = list(ways_torch.tensor_batches(rows))

    assert [128, 128, 44] == [len(batch) for batch in batches]
    assert torch.equal(rows, torch.cat(batches).sort(0).values)
    assert not torch.equal(rows, torch.cat(batches))


def test_the_command_prints_a_table_and_writes_its_figures(allowed_to_train, tmp_path):
    """A run of seconds on the small data set, each way in a process of its own."""
    file = tmp_path / "training.json"
    command = [sys.executable, str(SCRIPT), "pytorch", "--dataset", "digits", "--rounds", "1", "--epochs", "1"]

    done = subprocess.run([*command, "--json", str(file)], capture_output=True, text=True, timeout=300)

    assert 0 == done.returncode, done.stderr
    assert "pytorch: seconds per epoch" in done.stdout
    assert "tensor_logits_fused" in done.stdout
    ways = json.loads(file.read_text())["comparisons"]["pytorch"]
    assert 1 == ways["loader_of_pil_images"]["ratio"]["min"]
    assert all(way["cpu"]["min"] > 0 and way["updates"] == UPDATES_PER_EPOCH for way in ways.values())


@pytest.mark.parametrize("arguments, fault", [
    (["narrow"], "there is no comparison narrow: choose from pytorch, wide, pyro, flax, flax_mlp, band"),
    (["wide", "--rounds", "0"], "--rounds, --epochs and --steps are at least 1"),
    (["flax", "--steps", "0"], "--rounds, --epochs and --steps are at least 1"),
])
def test_a_wrong_command_line_is_refused_with_the_reason(arguments, fault, capsys):
    """Before anything is measured."""
    with pytest.raises(SystemExit):
        training.options(arguments)

    assert fault in capsys.readouterr().err


def test_without_jax_one_is_told_how_to_get_it(monkeypatch, capsys):
    """The other comparisons do without."""
    monkeypatch.setattr(training, "ways_flax", None)

    with pytest.raises(SystemExit):
        training.options(["flax"])

    assert "pip install -e '.[jax]'" in capsys.readouterr().err
    assert ["pytorch"] == training.options(["pytorch"]).names


# Flax.


@pytest.fixture(scope="module")
def jax(allowed_to_train):
    """JAX, which here refuses to promote ranks."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("flax")
    with jax.numpy_rank_promotion("raise"):
        yield jax


def float64(jax, seed, *shape):
    """Normal numbers."""
    return jax.random.normal(jax.random.key(seed), shape, jax.numpy.float64)


@pytest.mark.parametrize("ours, theirs, stride, shape", [
    ("MatrixConv", "Conv", 1, (2, 6, 7, 3)),
    ("MatrixConv", "Conv", 2, (2, 6, 7, 1)),
    ("MatrixConvTranspose", "ConvTranspose", 1, (2, 6, 7, 3)),
    ("MatrixConvTranspose", "ConvTranspose", 1, (2, 6, 7, 8)),
    ("MatrixConvTranspose", "ConvTranspose", 2, (2, 6, 7, 3)),
    ("MatrixConvTranspose", "ConvTranspose", 2, (3, 1, 1, 2)),
])
def test_a_layer_of_products_is_the_layer_of_flax(jax, ours, theirs, stride, shape):
    """The same parameters, and in float64 the same numbers, gradients of parameters and of inputs."""
    with jax.enable_x64(True):
        x = float64(jax, 0, *shape)
        plain, other = (
            kind(5, (3, 3), strides=(stride, stride), dtype=x.dtype)
            for kind in (getattr(ways_flax.nn, theirs), getattr(ways_flax, ours)))
        fresh = [jax.eval_shape(layer.init, jax.random.key(1), x) for layer in (plain, other)]
        params = jax.tree.map(lambda leaf: float64(jax, 2, *leaf.shape), fresh[0])

        def all_of(layer):
            """Outputs, and the gradients of a function of them that weighs each differently."""
            sums, pull_back = jax.vjp(layer.apply, params, x)
            weights = jax.numpy.sin(jax.numpy.arange(1.0, 1 + sums.size))
            return sums, pull_back(weights.reshape(sums.shape))

        want, got = (jax.jit(all_of, static_argnums=0)(layer) for layer in (plain, other))

        assert jax.tree.map(np.shape, fresh[0]) == jax.tree.map(np.shape, fresh[1])
        assert jax.numpy.float64 == got[0].dtype
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-12), want, got)


def test_the_network_of_our_layers_is_the_notebooks(jax):
    """Loss and gradients agree to rounding in float32, at fresh weights; the same is looked at before measuring."""
    apart = ways_flax.difference_of_layers("digits", images=ways_flax.CHUNK)

    assert apart["loss"] < training.LOSS_TOLERANCE
    assert apart["gradients"] < training.GRADIENT_TOLERANCE


@pytest.mark.parametrize("apart", [{"loss": 2e-6, "gradients": 0.0}, {"loss": 0.0, "gradients": 2e-5}])
def test_layers_that_differ_are_not_measured(jax, monkeypatch, apart):
    """More than rounding, in the loss or in a gradient, is an error."""
    monkeypatch.setattr(training, "in_a_new_process", lambda *_, **__: apart)

    with pytest.raises(ArithmeticError, match="are not those of the notebook"):
        training.checked_layers("digits")


def test_a_difference_is_that_of_the_worst_parameter(jax):
    """Relative to its largest gradient; of the loss by itself."""
    theirs = (jax.numpy.array(512.0), {"kernel": jax.numpy.array([1.0, -4.0]), "bias": jax.numpy.array([2.0])})
    ours = (jax.numpy.array(513.0), {"kernel": jax.numpy.array([1.5, -4.0]), "bias": jax.numpy.array([1.5])})

    apart = ways_flax.relative_differences(theirs, ours)

    assert {"loss": 1 / 512, "gradients": 0.25} == apart


def test_chunks_add_up_to_the_batch(jax):
    """Loss and gradients of 12 images, at once and four at a time."""
    with jax.enable_x64(True):
        vae = ways_flax.MLPVAE(dtype=jax.numpy.float64)
        x, eps = float64(jax, 0, 12, 784), float64(jax, 1, 12, vae.latent_dim)
        params = vae.init(jax.random.key(2), x, eps)
        params = jax.tree.map(lambda leaf: leaf.astype(x.dtype), params)  # Flax makes them float32
        whole = ways_flax.whole_batch(vae, params, x, eps)

        parts = ways_flax.in_chunks(vae, params, x, eps, chunk=4)

        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=1e-9), whole, parts)


def test_the_loss_is_the_gaussian_elbo(jax):
    """Against the densities of PyTorch, at the same noise: KL by its own formula, sigma 1 for the pixels."""
    vae = ways_flax.MLPVAE()
    x, eps = (np.array(jax.random.uniform(jax.random.key(n), (5, size))) for n, size in ((0, 784), (1, 20)))
    params = vae.init(jax.random.key(2), x, eps)
    mean, mu, logvar = (torch.from_numpy(np.array(part)) for part in vae.apply(params, x, eps))
    q = torch.distributions.Normal(mu, (logvar / 2).exp())
    log_px = torch.distributions.Normal(mean, 1.0).log_prob(torch.from_numpy(x)).sum(-1)
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1)

    loss = ways_flax.negative_elbo(vae, params, x, eps)

    assert pytest.approx(float((kl - log_px).mean()), rel=1e-6) == float(loss)


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_network_computes_in_its_dtype(jax, dtype):
    """The notebook's row is in bfloat16 throughout: pixels' means, mu and logvar."""
    vae = ways_flax.ConvVAE(dtype=dtype)
    x, eps = np.zeros((2, 784), np.float32), np.zeros((2, vae.latent_dim), dtype)

    parts, params = vae.init_with_output(jax.random.key(0), x, eps)

    assert [dtype] * 3 == [part.dtype for part in parts]
    assert {"float32"} == {str(leaf.dtype) for leaf in jax.tree.leaves(params)}


@pytest.mark.parametrize("way", ["loop_on_the_host", "one_scan"])
def test_an_epoch_meets_each_image_at_most_once(jax, monkeypatch, way):
    """Images are unit vectors, and a step doubles the weights and adds its batch: they tell who was when."""
    def gradients(vae, params, x, eps):
        return x.sum(), {"sum": -params["sum"] - x.sum(0)}

    monkeypatch.setattr(ways_flax, "whole_batch", gradients)
    more = {"gradients": gradients} if way == "one_scan" else {}
    epoch = ways_flax.Epoch(np.eye(14, 784, dtype=np.float32), batch=4, steps=3)
    nothing = {"sum": jax.numpy.zeros(784)}
    state = ways_flax.TrainState.create(apply_fn=None, params=nothing, tx=ways_flax.optax.sgd(1.0))
    state = state.replace(step=jax.numpy.zeros((), "int32"))
    key = jax.random.key(0)
    np.random.seed(0)

    train = getattr(ways_flax, way)(ways_flax.MLPVAE(), epoch, state, key, jax.devices("cpu")[0], **more)
    state, loss = train(state, key)

    when = np.array(state.params["sum"])[:14].tolist()
    assert sorted(when) == [0] * 2 + [1] * 4 + [2] * 4 + [4] * 4  # two not met, four in each batch
    assert when != sorted(when, reverse=True)
    assert 4 == loss
    assert 3 == state.step


@pytest.fixture(scope="module")
def measured_in_jax(jax):
    """A run of a way on the digits, made once: the network of convolutions with two small batches in an epoch."""
    small = {"flax": {"batch": 32, "steps": {"cpu": 2, "gpu": 2}}, "flax_mlp": {}}

    @functools.cache
    def ask(name, way, epochs, seed=0):
        comparison = dataclasses.replace(ways_flax.COMPARISONS[name], **small[name])
        return ways_flax.measure(comparison, way, "digits", epochs, "cpu", seed)

    return ask


FLAX_WAYS = [
    (name, way) for name, comparison in (ways_flax.COMPARISONS if ways_flax else {}).items()
    for way in dict.fromkeys((*comparison.ways["cpu"], *comparison.ways["gpu"]))]


@pytest.mark.parametrize("name, way", FLAX_WAYS, ids=[way.__name__ for _, way in FLAX_WAYS])
def test_every_way_in_jax_trains_and_makes_as_many_updates(measured_in_jax, name, way):
    """Those of the GPU too, here on the CPU: the state has counted, the loss is finite, nothing took no time."""
    run = measured_in_jax(name, way, 1)

    assert {"flax": 2, "flax_mlp": 1500 // 128}[name] == run["updates"]
    assert pytest.approx({"flax": 2 / (1500 // 32), "flax_mlp": 1}[name]) == run["share"]
    assert 720 < run["loss"] < 900  # 720.5 is the Gaussian's constant
    assert min(*run["cpu"], *run["wall"], *run["compile"].values()) > 0


def test_two_updates_through_products_end_where_those_of_flax_do(measured_in_jax):
    """Same weights, noise and batches, in float32: our layers in chunks, and the notebook's in one batch."""
    ours, theirs = (
        measured_in_jax("flax", way, 1)["loss"]
        for name, way in FLAX_WAYS if way.__name__ in ("matrices_in_chunks", "epoch_on_device_float32"))

    assert pytest.approx(theirs, abs=0.01) == ours


def test_the_scan_reaches_the_loss_of_the_loop(measured_in_jax):
    """After three epochs of the small network; half as many updates would show."""
    theirs, ours = (
        statistics.mean(measured_in_jax("flax_mlp", way, EPOCHS, seed)["loss"] for seed in SEEDS)
        for way in ways_flax.COMPARISONS["flax_mlp"].ways["cpu"])

    assert abs(ours - theirs) < 0.3


def notebook():
    """The first of two ways, for the summary."""


def ours():
    """The second of two ways."""


def test_a_share_of_an_epoch_is_shown_as_the_whole_in_proportion():
    """Seconds of 2 of 8 updates are multiplied by four, those of compiling are not; ratios as measured."""
    def run(seconds, loss):
        return {"cpu": seconds, "wall": [2 * s for s in seconds], "compile": {"cpu": 5.0, "wall": 7.0},
                "share": 0.25, "updates": 4, "loss": loss}

    ways = {"cpu": (notebook, ours), "gpu": (notebook, ours)}
    comparison = common.Comparison(ways, {"cpu": 3.0})
    runs = {"notebook": [run([6.0, 8.0], 1.0), run([7.0, 10.0], 2.0)], "ours": [run([2.0, 3.0], 1.5)]}

    rows = training.summary(comparison, runs, "cpu")

    assert {"min": 24.0, "median": 30.0} == rows["notebook"]["cpu"]
    assert {"min": 48.0, "median": 60.0} == rows["notebook"]["wall"]
    assert {"min": 3.0, "median": 3.0} == rows["ours"]["ratio"]
    assert (5.0, 0.25, 4, None) == tuple(rows["ours"][key] for key in ("compile", "share", "updates")) + (
        rows["ours"]["loss"]["sd"],)
    assert 7.0 == training.summary(comparison, runs, "gpu")["ours"]["compile"]


def test_a_second_thread_is_noticed():
    """CPU seconds beyond those on the wall."""
    runs = {"notebook": [{"cpu": [1.0], "wall": [1.0]}], "ours": [{"cpu": [1.0, 1.9], "wall": [1.1, 1.2]}]}

    assert ["ours"] == training.threads_beyond_one(runs)


def test_the_command_measures_flax_with_one_thread(jax, tmp_path):
    """Two updates of the small network in each way, on one core; the table says that they are no epoch."""
    file = tmp_path / "flax.json"
    arguments = ["flax_mlp", "--dataset", "digits", "--rounds", "1", "--epochs", "2", "--steps", "2"]

    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments, "--json", str(file)], capture_output=True, text=True, timeout=300)

    assert 0 == done.returncode, done.stderr
    assert "EXTRAPOLATED, 18.2% of an epoch was measured" in done.stdout
    assert "FAULT" not in done.stdout
    results = json.loads(file.read_text())
    assert {"mlp_loop_on_the_host", "mlp_one_scan"} == set(results["comparisons"]["flax_mlp"])
    assert {4} == {way["updates"] for way in results["comparisons"]["flax_mlp"].values()}
    assert "flax" in results["environment"]


# The time to the band.


def test_the_lab_itself_trains_to_its_band(allowed_to_train):
    """Two epochs on the digits, and the lab's own band beside their loss."""
    torch.manual_seed(0)

    arrival = band.train_the_lab("digits", "cpu", {"epochs": 2})

    assert 2 == arrival.epochs
    assert arrival.seconds > 0
    assert 150 < arrival.loss < 350  # 543 at the start, 200 for the mean image
    assert (100.5, 102.0) == arrival.band


def test_the_arrival_is_told_in_a_sentence():
    """With the goal of a GPU, and whether the loss lies in the band."""
    arrival = band.Arrival(15, 4.26, 101.234, (100.5, 102.0))

    words = band.in_words(arrival, "gpu")

    assert ("band: vae_mnist, 15 epochs in 4.3 s (goal: less than 5 s); -ELBO 101.23 nats per test image, "
            "inside the band for MNIST, 100.5 to 102") == words
    assert "outside" in band.in_words(dataclasses.replace(arrival, loss=102.1), "cpu")


def test_on_a_gpu_all_names_include_the_band(monkeypatch):
    """On a CPU they do not: the lab's own run there takes minutes."""
    pytest.importorskip("pyro")
    pytest.importorskip("jax")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    assert [*training.NAMES, "band"] == training.options(["--device", "gpu"]).names
    assert [*training.NAMES] == training.options([]).names

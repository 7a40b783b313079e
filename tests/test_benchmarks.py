"""The benchmark of training compares like with like; what it measures is not tested."""

import functools
import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "training.py"
SEEDS = range(3)
EPOCHS = 3
TOLERANCE = 1.0  # nats; seeds differ by about 0.4, an epoch fewer by 1.3 or more
UPDATES_PER_EPOCH = 12  # 1,500 digits in batches of 128


def loaded():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("benchmarks_training", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their types
    spec.loader.exec_module(module)
    module.load = functools.cache(module.load)
    return module


training = loaded()
PAIRS = [
    (name, comparison.ways[0], way)
    for name, comparison in training.COMPARISONS.items() for way in comparison.ways[1:]]
PAIR_NAMES = [f"{name}-{way.__name__}" for name, _, way in PAIRS]


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Threads, random state and Pyro's validation as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        if training.pyro:
            with training.pyro.validation_enabled():
                yield
            training.pyro.clear_param_store()
        else:
            yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def measured():
    """Runs of a way on the digits, one for each seed, made once."""
    runs = {}

    def ask(name, way):
        if name == "pyro":
            pytest.importorskip("pyro")
        key = name, way.__name__
        if key not in runs:
            runs[key] = [training.measure(name, way, "digits", EPOCHS, "cpu", seed) for seed in SEEDS]
        return runs[key]

    return ask


def network(name):
    """The network of a comparison, the same weights at each call."""
    comparison = training.COMPARISONS[name]
    torch.manual_seed(0)
    return training.VAE(comparison.hidden_dims, comparison.latent_dim, comparison.activation)


@pytest.mark.parametrize("name, first, way", PAIRS, ids=PAIR_NAMES)
def test_all_ways_make_the_same_number_of_updates(measured, name, first, way):
    """Adam itself has counted them: one for each batch, the short last one included."""
    updates = {run["updates"] for run in measured(name, first) + measured(name, way)}

    assert {EPOCHS * UPDATES_PER_EPOCH} == updates


@pytest.mark.parametrize(
    "name, first, way", [pair for pair in PAIRS if not pair[2] in training.BINARISED],
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
    ours = training.negative_elbo(vae, x)
    torch.manual_seed(2)
    logits, mu, logvar = vae(x)

    theirs = torch.nn.functional.binary_cross_entropy(logits.sigmoid(), x, reduction="sum")
    theirs = theirs + training.kl_divergence(mu, logvar)

    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=0)


@pytest.mark.parametrize("kind", ["bernoulli_of_probabilities", "bernoulli_of_logits", "bernoulli_of_grey_pixels"])
def test_a_pyro_program_has_the_elbo_of_the_network(kind):
    """With the analytic KL and the same draw, Pyro's loss is the network's."""
    pyro = pytest.importorskip("pyro")
    pyro.clear_param_store()
    vae, x = network("pyro"), torch.rand(7, 784).round()
    elbo = pyro.infer.TraceMeanField_ELBO()(*training.pyro_program(vae, getattr(training, kind)))
    torch.manual_seed(2)
    theirs = training.negative_elbo(vae, x)
    torch.manual_seed(2)

    ours = elbo(x)

    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=0)


def test_grey_pixels_need_the_exemption_from_validation():
    """Validation stays on in our way: without the exemption Pyro refuses grey values."""
    pyro = pytest.importorskip("pyro")
    pyro.clear_param_store()
    vae, grey = network("pyro"), torch.full((7, 784), 0.5)
    exempt, strict = (
        pyro.infer.Trace_ELBO()(*training.pyro_program(vae, bernoulli))
        for bernoulli in (training.bernoulli_of_grey_pixels, training.bernoulli_of_logits))

    with pyro.validation_enabled(True):
        exempt(grey)
        with pytest.raises(ValueError, match="within the support"):
            strict(grey)


def test_an_item_of_the_loader_is_the_row_of_the_tensor():
    """Both ways see the same pixels, to the bit."""
    images, _ = training.load("digits", dequantised=False)

    item, label = training.PILImages(images)[3]

    assert (1, 28, 28) == item.shape
    assert torch.equal(images.pixels[3], item.flatten())
    assert images.labels[3] == label


def test_the_batches_of_a_tensor_hold_every_row_once():
    """The short last batch is kept."""
    rows = torch.arange(300.0).view(-1, 1)

    batches = list(training.tensor_batches(rows))

    assert [128, 128, 44] == [len(batch) for batch in batches]
    assert torch.equal(rows, torch.cat(batches).sort(0).values)
    assert not torch.equal(rows, torch.cat(batches))


def test_the_command_prints_a_table_and_writes_its_figures(tmp_path):
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
    (["narrow"], "there is no comparison narrow: choose from pytorch, wide, pyro"),
    (["wide", "--rounds", "0"], "--rounds and --epochs are at least 1"),
])
def test_a_wrong_command_line_is_refused_with_the_reason(arguments, fault, capsys):
    """Before anything is measured."""
    with pytest.raises(SystemExit):
        training.options(arguments)

    assert fault in capsys.readouterr().err

"""What the second lab shows beside its tasks: data and numbers that are what the text says, and plots that can be trusted."""

from __future__ import annotations

import gzip
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest

from vaelabs.checks import bernoulli_log_density, kl_standard_normal
from vaelabs.course import Course, grade_id, read_notebook

torch = pytest.importorskip("torch")

COURSE = Course(Path(__file__).parents[2])
SOURCE = read_notebook(COURSE.notebook("source", "vae_mnist"))
SOLUTION = read_notebook(COURSE.notebook("solutions", "vae_mnist"))
TEXT = "\n".join(cell.source for cell in SOURCE.cells if cell.cell_type == "markdown")
CODE = "\n".join(cell.source for cell in SOURCE.cells if cell.cell_type == "code")
PRINTED = "\n".join(
    output.text for cell in SOLUTION.cells for output in cell.get("outputs", []) if output.output_type == "stream"
)


@pytest.fixture(scope="module")
def lab(names_of):
    return names_of("vae_mnist")


def grey_test_images() -> np.ndarray:
    """MNIST's test images by a reader of our own."""
    folder = os.environ.get("MNIST_DIR")
    if not folder:
        pytest.skip("MNIST_DIR names no folder with the official files")
    with gzip.open(Path(folder) / "t10k-images-idx3-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784) / 255


def printed(pattern: str) -> list[float]:
    """The numbers that the committed run printed where the pattern says."""
    found = re.search(pattern, PRINTED)
    assert found, pattern
    return [float(number.replace(",", "")) for number in found.groups()]


def test_the_test_bits_never_change(lab):
    """Drawn once from a generator of their own: all numbers of the lab speak of the same bits."""
    torch.manual_seed(5)
    again = lab["drawn_once"](lab["x_test_grey"], 0)
    after = torch.rand(1)
    torch.manual_seed(5)

    assert torch.equal(lab["x_test"], again)
    assert set(again.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(after, torch.rand(1))


def test_an_epoch_sees_each_training_image_once_and_no_test_image(lab):
    """The test set is for judging only (M6); the short last batch counts too."""
    seen = []

    def spy(grey):
        seen.append(grey)
        return lab["binarize"](grey)

    lab["train"](*lab["networks"](), 1, pixels=spy)

    images = torch.cat(seen)
    assert torch.equal(images.unique(dim=0), lab["x_train_grey"].unique(dim=0))
    assert len(images) == len(lab["x_train_grey"])


def test_training_images_are_drawn_anew_for_each_epoch(lab, monkeypatch):
    """No draw can be learnt by heart (M16), and what is trained on is bits (M2, P3)."""
    inputs, terms = [], lab["elbo_terms"]

    def spy(x, *rest):
        if torch.is_grad_enabled():
            inputs.append(x)
        return terms(x, *rest)

    monkeypatch.setitem(lab, "elbo_terms", spy)
    lab["train"](*lab["networks"](), 2)

    half = len(inputs) // 2
    first, second = (torch.cat(part) for part in (inputs[:half], inputs[half:]))
    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert first.sum(0).ne(second.sum(0)).any()


def test_measuring_changes_no_weight(lab):
    """Train and test are measured alike, with fixed weights and without a graph (P29)."""
    pair = lab["networks"]()
    before = [weight.clone() for net in pair for weight in net.parameters()]

    numbers = lab["measure"](lab["x_test"], *pair)

    after = [weight for net in pair for weight in net.parameters()]
    assert all(torch.equal(a, b) and b.grad is None for a, b in zip(before, after))
    assert [type(number) for number in numbers] == [float] * 3
    assert numbers[0] == pytest.approx(numbers[1] - numbers[2], abs=1e-3)


def test_two_trainings_with_one_seed_agree(lab):
    """The comparison of recipes has the same start, batches and bits for all four (M25)."""
    histories = [lab["train"](*lab["networks"](), 1) for _ in range(2)]

    assert repr(histories[0]) == repr(histories[1])


def test_tiles_keep_every_image_in_its_place(lab):
    """Row by row, one pixel of margin on each side."""
    images = torch.rand(6, 784)

    picture = lab["tiles"](images, 3)

    assert tuple(picture.shape) == (60, 90)
    assert torch.equal(picture[31:59, 61:89], images[5].view(28, 28))


def test_the_scale_of_the_numbers_is_right():
    """Coins, the mean image and the entropy floor, by formulas and files of our own."""
    coin, mean_image, floor = printed(r"coins ([\d.]+), mean image ([\d.]+), floor ([\d.]+)")
    grey = grey_test_images()
    inside = grey[(grey > 0) & (grey < 1)]

    entropy = -(inside * np.log(inside) + (1 - inside) * np.log(1 - inside)).sum() / len(grey)

    assert coin == pytest.approx(784 * math.log(2), abs=0.05)
    assert floor == pytest.approx(entropy, abs=0.06)
    assert floor < mean_image < coin


def test_the_committed_run_is_a_good_one():
    """What the lab promises: -ELBO at most 104 nats and -log p(x) at most 99, above the floor."""
    (elbo,) = printed(r"\nelbo +(-[\d.]+)")
    (log_px,) = printed(r"\nlog_px +(-[\d.]+)")

    assert -104 <= elbo < log_px < -45.5
    assert log_px >= -99
    assert "<- outside" not in PRINTED


def references() -> dict:
    """Our own mathematics under the names of the students' functions."""

    def array(value):
        return torch.as_tensor(value).detach().double().numpy()

    def kl_divergence(mu, logvar):
        return torch.from_numpy(np.asarray(kl_standard_normal(array(mu), array(logvar))))

    def bernoulli_log_likelihood(logits, x):
        return torch.from_numpy(np.asarray(bernoulli_log_density(array(logits), array(x))))

    def elbo_terms(x, encoder, decoder, beta=1.0):
        mu, logvar = encoder(x)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        log_lik, kl = bernoulli_log_likelihood(decoder(z), x), kl_divergence(mu, logvar)
        return log_lik - beta * kl, log_lik, kl

    def iwae_log_likelihood(x, encoder, decoder, k, chunk=50):
        """The visible check's decoder ignores z: log p(x) is the likelihood at any z."""
        return bernoulli_log_likelihood(decoder(encoder(x)[0]), x)

    def beta_schedule(step, warmup_steps, beta_max=1.0):
        return float(np.interp(step, [0, warmup_steps], [0, beta_max])) if warmup_steps else beta_max

    def latent_traversal(decode, z, dim, values):
        rows = np.where(np.arange(len(z)) == dim, np.asarray(values)[:, None], array(z))
        return torch.special.expit(decode(torch.from_numpy(rows)))

    def active_units(mu, threshold=1e-2):
        return int((np.var(array(mu), axis=0, ddof=1) > threshold).sum())

    found = (kl_divergence, bernoulli_log_likelihood, elbo_terms, iwae_log_likelihood, beta_schedule, latent_traversal)
    return {each.__name__: each for each in (*found, active_units)}


@pytest.mark.parametrize("task", sorted(references()))
def test_the_numbers_of_a_visible_check_are_ours(task):
    """Literals in a notebook cannot rot: the checks' own mathematics passes every visible check."""
    visible = next(cell.source for cell in SOURCE.cells if grade_id(cell) == f"try-{task}")
    names = {"__name__": "__main__", "torch": torch, "F": torch.nn.functional, **references()}
    torch.manual_seed(0)

    exec(COURSE.shared("notebook_helpers.py").read_text(), names)
    exec(visible, names)  # raises CheckFailed with both numbers


def last_row(log: str) -> dict[str, float]:
    names: dict = {}
    exec(COURSE.shared("clinic_vae_mnist.py").read_text(), names)
    return dict(zip(names["LOG_COLUMNS"], names["LOGS"][log][-1]))


def test_each_log_of_the_clinic_shows_its_mistake():
    """By the evidence that the text asks for, and by none of the others'."""
    swapped, pixels, weights, little, batch = (last_row(log) for log in "ABCDE")

    assert swapped["log_lik"] > 0  # no log-likelihood of bits can be
    assert pixels["kl"] < 1e-3 and pixels["active"] == 0 and -1 < pixels["test_elbo"] < 0
    assert abs(weights["iwae_100"] - weights["test_elbo"]) < 0.3
    assert little["train_elbo"] - little["test_elbo"] > 40
    assert batch["test_elbo"] / batch["true_elbo"] == pytest.approx(128, rel=0.01)
    for healthy in (weights, little):
        assert healthy["test_elbo"] == pytest.approx(healthy["true_elbo"], abs=0.5)
    for tighter in (little, batch):
        assert tighter["iwae_100"] - tighter["test_elbo"] > 3


@pytest.mark.parametrize(
    "wrong",
    [
        r"naturally",  # M1: no loss is naturally bounded
        r"[Dd]equanti",  # M2, M3
        r"requires_grad: \{",  # M4
        r"Typical",  # M5: no ranges of thumb
        r"keras",  # M12
        r"tqdm",  # M18
        r"latent arithmetic",  # M20
        r"reduction=.sum",  # M23
        r"[Ss]kip connection",  # M8
        r"super\(VAE",  # M26
        r"device == .cuda",  # P8
        r"save_image",  # P9
        r"view\(batch_size",  # P10
        r"log_interval",  # P21
        r"covariance",  # P13
    ],
)
def test_the_errors_of_the_originals_are_not_repeated(wrong):
    """By their own words, in text and code."""
    assert not re.findall(wrong, TEXT + CODE)


def test_no_probability_is_scored_but_as_a_warning():
    """Training works from logits (M13); `F.binary_cross_entropy` appears where it is shown to fail, and for a constant image."""
    uses = [cell.source for cell in SOURCE.cells if "binary_cross_entropy(" in cell.source and cell.cell_type == "code"]

    assert len(uses) == 2
    assert all("optimize" not in use for use in uses)


def test_digits_are_drawn_dark_on_white():
    """In gray_r; classes in tab10."""
    assert set(re.findall(r'cmap="(\w+)"', CODE)) == {"gray_r", "tab10"}

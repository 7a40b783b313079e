"""What the first lab shows beside its tasks: data that are what the text says, and plots that can be trusted."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from vaelabs.checks import gaussian_log_density, kl_standard_normal
from vaelabs.course import Course, grade_id, read_notebook

torch = pytest.importorskip("torch")

COURSE = Course(Path(__file__).parents[2])
SOURCE = read_notebook(COURSE.notebook("source", "vae_2d"))


@pytest.fixture(scope="module")
def lab(names_of):
    return names_of("vae_2d")


@pytest.mark.parametrize("name", ["ring", "two", "moons", "circles"])
@pytest.mark.parametrize("n", [7, 255, 1001])
def test_a_data_set_has_as_many_points_as_asked_for(lab, name, n):
    """Also where the number of components does not divide it (T11); float32 throughout (T29)."""
    points = lab["sample_data"](name, n, random_state=1)

    assert tuple(points.shape) == (n, 2)
    assert points.dtype == torch.float32


@pytest.mark.parametrize("name", ["ring", "two", "moons", "circles"])
def test_the_same_state_gives_the_same_points(lab, name):
    """scikit-learn's generators too, which torch.manual_seed does not reach (T22)."""
    first, again, other = (lab["sample_data"](name, 50, random_state=state) for state in (1, 1, 2))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_drawing_data_leaves_the_callers_random_numbers_alone(lab):
    """The training does not depend on how often data were drawn."""
    torch.manual_seed(5)
    lab["sample_data"]("ring", 10, random_state=1)
    after = torch.rand(1)
    torch.manual_seed(5)

    assert torch.equal(after, torch.rand(1))


def test_the_ring_is_elongated_along_its_radius(lab):
    """Each cluster has variance 0.3 outwards and 0.05 across, at every angle (T12, T23)."""
    points = lab["sample_data"]("ring", 200_000, random_state=3).double().numpy()
    angle = np.arctan2(points[:, 1], points[:, 0])
    cluster = np.round(angle / (np.pi / 4)).astype(int) % 8

    for k in range(8):
        direction = np.array([np.cos(k * np.pi / 4), np.sin(k * np.pi / 4)])
        outwards = points[cluster == k] @ direction
        across = points[cluster == k] @ np.array([-direction[1], direction[0]])
        assert abs(outwards.mean() - 3) < 0.02
        assert abs(outwards.var() - 0.3) < 0.02
        assert abs(across.var() - 0.05) < 0.005


def test_the_known_density_is_that_of_the_data(lab):
    """The ceiling of the score card: its mean over draws is the negative entropy, from a histogram of our own."""
    mixture = lab["known_mixture"]("ring")
    points = lab["sample_data"]("ring", 1_000_000, random_state=4).numpy()
    counts, *edges = np.histogram2d(*points.T, bins=140)
    width = np.diff(edges[0])[0] * np.diff(edges[1])[0]
    share = counts[counts > 0] / counts.sum()

    entropy = -(share * np.log(share / width)).sum()

    assert abs(float(mixture.log_prob(torch.tensor(points)).mean()) + entropy) < 0.03


def test_no_point_lies_outside_the_frame(lab):
    """Limits are taken from the data (T13)."""
    assert float(lab["x_train"].abs().max()) < lab["limit"]


@pytest.mark.parametrize(
    "wrong",
    [
        r"-\s*2\s*\\langle\s*\\sigma",  # T1
        r"p_\{\\text\{data\}\}\(x\)\}",  # T3: the data density as Bayes' denominator
        r"target",  # T5: no target dots for single encodings
        r"forward\(x\)",  # T16
        r"std\s*is\s*None",  # T21
    ],
)
def test_the_errors_of_the_original_are_not_repeated(wrong):
    """By their own words, in text and code."""
    assert not [cell.source for cell in SOURCE.cells if re.search(wrong, cell.source)]


def references() -> dict:
    """Our own mathematics under the names of the students' functions."""

    def kl_divergence(mu, logvar):
        return torch.from_numpy(kl_standard_normal(mu.detach().double().numpy(), logvar.detach().double().numpy()))

    def gaussian_log_likelihood(x, x_mean, log_sigma):
        arguments = (torch.as_tensor(each).detach().double().numpy() for each in (x, x_mean, log_sigma))
        return torch.from_numpy(gaussian_log_density(*arguments))

    def elbo_terms(x, encoder, decoder, log_sigma, beta=1.0):
        mu, logvar = encoder(x)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        log_lik, kl = gaussian_log_likelihood(x, decoder(z), log_sigma), kl_divergence(mu, logvar)
        return log_lik - beta * kl, log_lik, kl

    def iwae_bound(log_w):
        from scipy.special import logsumexp

        return torch.from_numpy(logsumexp(log_w.double().numpy(), 0)) - torch.log(torch.tensor(float(len(log_w))))

    def log_marginal(x, decoder, log_sigma, grid):
        """Exact for the straight decoder of the visible check, from the moments of x, not by quadrature."""
        ends = decoder(torch.tensor([[0.0], [1.0]])).double()
        b, w = ends[0], ends[1] - ends[0]
        covariance = torch.outer(w, w) + torch.exp(2 * log_sigma.double()) * torch.eye(len(b))
        return torch.distributions.MultivariateNormal(b, covariance).log_prob(x.double())

    return {each.__name__: each for each in (kl_divergence, gaussian_log_likelihood, elbo_terms, iwae_bound, log_marginal)}


@pytest.mark.parametrize("task", sorted(references()))
def test_the_numbers_of_a_visible_check_are_ours(task):
    """Literals in a notebook cannot rot: the checks' own mathematics passes every visible check."""
    release = read_notebook(COURSE.notebook("release", "vae_2d"))
    helpers = COURSE.shared("notebook_helpers.py").read_text()
    visible = next(cell.source for cell in release.cells if grade_id(cell) == f"try-{task}")
    names = {"__name__": "__main__", "torch": torch, **references()}
    torch.manual_seed(0)

    exec(helpers, names)
    exec(visible, names)  # raises CheckFailed with both numbers

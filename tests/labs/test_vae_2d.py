"""What the first lab shows beside its tasks: data that are what the text says, and plots that can be trusted."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from vaelabs.course import SHOW_TAG, Course, read_notebook

torch = pytest.importorskip("torch")

COURSE = Course(Path(__file__).parents[2])
SOURCE = read_notebook(COURSE.notebook("source", "vae_2d"))


@pytest.fixture(scope="module")
def lab():
    """The names of the lab after every cell that is neither for show nor graded."""
    names = {"__name__": "__main__"}
    for cell in SOURCE.cells:
        graded = cell.metadata.get("nbgrader", {}).get("grade")
        if cell.cell_type == "code" and SHOW_TAG not in cell.metadata.get("tags", []) and not graded:
            exec(cell.source, names)
    return names


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


def test_figures_are_of_readable_size():
    """4 or 8 inches wide (a little more with a colour bar), no style set for the whole notebook (T35)."""
    code = "\n".join(cell.source for cell in SOURCE.cells if cell.cell_type == "code")
    widths = [float(width) for width in re.findall(r"figsize=\(([\d.]+),", code)]

    assert len(widths) >= 12
    assert set(widths) <= {4.0, 4.6, 8.0}
    assert "rcParams" not in code and "style.use" not in code

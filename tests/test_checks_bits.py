"""Bits per dimension: our own formula, and the check's behaviour apart from the sample answers."""

from __future__ import annotations

import numpy as np
import pytest

from vaelabs.checks import bits_per_dim, check_bits_per_dim
from vaelabs.checks.bits import FORMS

jax = pytest.importorskip("jax")


def right(elbo, n_dims, levels=256):
    return np.log2(levels) - elbo / (n_dims * np.log(2))


@pytest.mark.parametrize(
    ("args", "want"), [((0.0, 784), 8), ((0.0, 12, 16), 4), ((784 * np.log(2), 784), 7), ((np.log(4.0), 1, 4), 0)]
)
def test_bits_by_hand(args, want):
    assert want == pytest.approx(bits_per_dim(*args))


@pytest.mark.parametrize("levels", [2, 5, 256])
def test_a_density_constant_on_each_level_has_the_bits_of_its_masses(levels):
    """The definition: the mean of -log2 of the probability of each of the integers."""
    rng = np.random.default_rng(1)
    mass = rng.dirichlet(np.ones(levels))
    x = rng.integers(levels, size=(7, 30))

    log_density = np.log(levels * mass[x]).sum(1)

    np.testing.assert_allclose(-np.log2(mass[x]).mean(1), bits_per_dim(log_density, 30, levels))


def test_the_wrong_forms_are_all_different():
    """Otherwise the first of two would always be blamed for both."""
    asked = [
        (nats * n_dims, n_dims, levels)
        for levels in (256, 32, 3)
        for nats, n_dims in ((-0.7, 5), (0.6 * np.log(levels), 784), (1.3 * np.log(levels), 321))
    ]
    columns = tuple(np.array(column, float) for column in zip(*asked))
    values = [form.formula(*columns) for form in FORMS]

    assert not [
        (FORMS[i].sentence, FORMS[j].sentence)
        for i in range(len(values))
        for j in range(i)
        if np.allclose(values[i], values[j], rtol=1e-4)
    ]
    ours = bits_per_dim(*columns)
    assert not [form.sentence for form, each in zip(FORMS, values) if np.allclose(each, ours, rtol=1e-4)]


@pytest.mark.parametrize(
    ("answer", "points", "diagnosis"),
    [
        (right, [1, 0.5, 0.5], "-"),
        (lambda elbo, n_dims, levels=256: right(elbo, n_dims), [1, 0, 0.5], "D11"),
        (lambda elbo, n_dims, levels=256: right(elbo, n_dims, levels).mean(), [1, 0.5, 0], "D12"),
        (lambda elbo, n_dims, levels=256: -right(elbo, n_dims, levels), [0, 0, 0.5], "D1"),
        (lambda elbo, n_dims, levels=256: -right(elbo, n_dims, levels).sum(), [0, 0, 0], "D1"),
        (lambda elbo, n_dims, levels=255: right(elbo, n_dims, levels), [0, 0.5, 0.5], "-"),  # another default
        (lambda elbo, n_dims: right(elbo, n_dims), [1, 0, 0], "-"),
    ],
)
def test_each_mistake_costs_its_own_points(answer, points, diagnosis):
    verdict = check_bits_per_dim(answer, framework="jax", seed=3).verdict

    assert points == [part.points for part in verdict.properties]
    assert diagnosis == (verdict.diagnosis.id if verdict.diagnosis else "-")


def test_the_message_is_a_call_to_type_again():
    verdict = check_bits_per_dim(lambda e, n, levels=256: right(e, n, levels) + 0.5, framework="jax", seed=3).verdict

    assert "the uniform density on 784 pixels has elbo 0 and 8 bits per dimension: yours is 8.5" == (
        verdict.properties[0].message
    )
    assert verdict.properties[1].message.startswith("bits_per_dim(")
    assert ("D15", "1 has the factor 0.5, not 0") == (verdict.diagnosis.id, verdict.diagnosis.evidence)


@pytest.mark.parametrize(
    "answer",
    [
        lambda elbo, n_dims, levels=256: float("nan"),
        lambda elbo, n_dims, levels=256: "8 bits",
        lambda elbo, n_dims, levels=256: (elbo, elbo),
        lambda elbo, n_dims, levels=256: None,
        lambda: 8,
        None,
    ],
)
def test_what_is_no_answer_earns_nothing(answer):
    verdict = check_bits_per_dim(answer, framework="jax", seed=4).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")

"""The checks of active units and of latent traversals: what they accept, and how they fail."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from vaelabs.checks import latents
from vaelabs.checks.latents import check_active_units, check_latent_traversal

torch = pytest.importorskip("torch")


def count(mu, threshold=1e-2):
    return int((mu.var(dim=0) > threshold).sum())


def traverse(decode, z, dim, values):
    path = z.repeat(len(values), 1)
    path[:, dim] = values
    return torch.sigmoid(decode(path))


def earned(score) -> dict[str, float]:
    return {each.name: each.points for each in score.verdict.properties}


@pytest.mark.parametrize("seed", range(5))
def test_no_variance_is_near_its_threshold(seed):
    """The variance of the sample and that of the population give the same count in every probe."""
    rng = np.random.default_rng(seed)

    for probe in [*latents._probes(rng), *latents._easy_probes(rng)]:
        sample = probe.mu.astype(float).var(0, ddof=1)

        assert probe.count() == int((sample > probe.level).sum())


def test_the_columns_have_the_variances_asked_for():
    """Exactly, in some order, whatever their means."""
    columns = latents._columns(np.random.default_rng(1), 20, np.array([0.5, 2.0, 7.0]), np.array([3.0, -1.0, 0.0]))

    np.testing.assert_allclose(np.sort(columns.var(0)), [0.5, 2.0, 7.0])


@pytest.mark.parametrize("seed", range(5))
def test_a_standard_deviation_still_counts(seed):
    """The wrong measure costs one property, the wrong count the other."""
    std = check_active_units(lambda mu, threshold=1e-2: int((mu.std(0) > threshold).sum()), seed=seed)
    share = check_active_units(lambda mu, threshold=1e-2: (mu.var(0) > threshold).float().mean(), seed=seed)

    assert {"variance over the data": 0} == {n: p for n, p in earned(std).items() if n != "count"}
    assert "A2" == std.verdict.diagnosis.id
    assert "A5" == share.verdict.diagnosis.id


def test_threshold_may_be_named_only():
    """An answer that takes the threshold by keyword is asked so."""
    assert 2 == check_active_units(lambda mu, *, threshold=1e-2: count(mu, threshold), seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_logits_cost_one_property(seed):
    """Which latent is varied is judged whatever is done to the logits; and the reverse."""
    logits = check_latent_traversal(
        lambda decode, z, dim, values: torch.logit(traverse(decode, z, dim, values)), seed=seed
    )
    added = check_latent_traversal(
        lambda decode, z, dim, values: traverse(decode, z, dim, z[dim] + values), seed=seed
    )

    assert {"one coordinate": 1, "probabilities": 0} == earned(logits)
    assert {"one coordinate": 0, "probabilities": 1} == earned(added)
    assert ["T1", "T3"] == [each.verdict.diagnosis.id for each in (logits, added)]


def test_a_changed_z_costs_its_property():
    """Rows that are right do not excuse a z that is not what it was."""

    def answer(decode, z, dim, values):
        result = traverse(decode, z, dim, values)
        z[dim] = 0
        return result

    score = check_latent_traversal(answer, seed=2)

    assert {"one coordinate": 0, "probabilities": 1} == earned(score)
    assert "T5" == score.verdict.diagnosis.id


@pytest.mark.parametrize("check", [check_active_units, check_latent_traversal])
@pytest.mark.parametrize("value", [0.0, float("nan"), None, "text"])
def test_constants_earn_nothing(check, value):
    """Whatever has nothing to do with the arguments is worth no point, and no review."""
    verdict = check(lambda *args, **named: value, seed=3).verdict

    assert 0 == verdict.points
    assert verdict.status in ("graded", "failed")


@pytest.mark.parametrize("check", [check_active_units, check_latent_traversal])
def test_an_answer_that_raises_has_failed(check):
    """The verdict carries the exception's text."""

    def answer(*args, **named):
        raise RuntimeError("shapes differ")

    verdict = check(answer, seed=3).verdict

    assert ("failed", 0) == (verdict.status, verdict.points)
    assert "RuntimeError: shapes differ" in verdict.message


def test_a_check_warns_of_nothing():
    """A graded cell that writes to stderr gets no points from nbgrader."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_active_units(lambda mu, threshold=1e-2: mu.sum(), seed=1)
        check_latent_traversal(lambda decode, z, dim, values: decode(z) * float("inf"), seed=1)

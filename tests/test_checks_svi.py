"""A pair of Pyro programs told as data, and the checks of what students do with it: traces, steps, estimates."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vaelabs.checks import check_evaluate, check_trace_elbo, check_trace_log_marginal, check_train_epoch
from vaelabs.checks.bounds import LinearGaussian
from vaelabs.checks.pairs import binary_images, exact_pair, random_pair
from vaelabs.subjects import Batches, Svi, as_subject

torch = pytest.importorskip("torch")
pyro = pytest.importorskip("pyro")
poutine = pyro.poutine

ROOT = Path(__file__).parents[1]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def traces(model, guide, x, replay=True):
    """Both traces with their log-probabilities."""
    guide_trace = poutine.trace(guide).get_trace(x)
    model_trace = poutine.trace(poutine.replay(model, trace=guide_trace) if replay else model).get_trace(x)
    guide_trace.compute_log_prob()
    model_trace.compute_log_prob()
    return model_trace, guide_trace


def score(trace):
    """The sum of all sites' log-probabilities, whatever they are called."""
    return sum(site["log_prob"] for site in trace.nodes.values() if site["type"] == "sample")


def trace_elbo(model, guide, x, replay=True):
    model_trace, guide_trace = traces(model, guide, x, replay)
    return score(model_trace) - score(guide_trace)


def without_log_q(model, guide, x):
    model_trace, _ = traces(model, guide, x)
    return score(model_trace)


def without_replay(model, guide, x):
    return trace_elbo(model, guide, x, replay=False)


def train_epoch(svi, loader):
    total, images = 0.0, 0
    for x in loader:
        total += svi.step(x)
        images += len(x)
    return total / images


def evaluate_with(elbo):
    def evaluate(svi, loader):
        with torch.no_grad():
            loss = torch.cat([-elbo(svi.model, svi.guide, x) for x in loader])
        return loss.mean().item(), loss.std().item() / math.sqrt(len(loss))

    return evaluate


def batch_means_with(elbo):
    def evaluate(svi, loader):
        with torch.no_grad():
            losses = [-elbo(svi.model, svi.guide, x) for x in loader]
        every = torch.cat(losses)
        return np.mean([each.mean() for each in losses]), every.std().item() / math.sqrt(len(every))

    return evaluate


def log_marginal_with(elbo, log_k=math.log):
    def log_marginal(model, guide, x, k):
        return torch.logsumexp(torch.stack([elbo(model, guide, x) for _ in range(k)]), 0) - log_k(k)

    return log_marginal


def points(score):
    return {each.name: each.points for each in score.verdict.properties}


# The pair and its programs.


def test_every_weight_of_the_exact_pair_is_the_marginal(rng):
    """log p(x, z) - log q(z given x) is log p(x), whatever z."""
    model = LinearGaussian.random(rng, 3, 2)
    x, z = model.draw(rng, 4), rng.normal(size=(5, 4, 2))

    np.testing.assert_allclose(exact_pair(model).log_weight(x, z), np.tile(model.log_marginal(x), (5, 1)))


def test_the_pair_has_the_densities_of_scipy(rng):
    """Prior and guide are normal distributions, and the KL is the mean of the difference of their logarithms."""
    pair, x = random_pair(rng, 6, 2), binary_images(rng, 1, 6)
    loc, scale = pair.posterior(x)
    z = loc + scale * rng.normal(size=(200_000, 2))

    q = multivariate_normal(loc[0], np.diag(scale[0] ** 2))
    np.testing.assert_allclose(pair.log_q(x, z), q.logpdf(z))
    np.testing.assert_allclose(pair.log_prior(z), multivariate_normal(np.zeros(2)).logpdf(z))
    np.testing.assert_allclose((pair.log_q(x, z) - pair.log_prior(z)).mean(), pair.kl(x)[0], rtol=0.02)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_programs_score_as_the_pair(rng, likelihood):
    """What Pyro computes of the built programs is what the check computes at the z recorded."""
    pair, x = random_pair(rng, 6, 2, likelihood), binary_images(rng, 4, 6)
    subject = as_subject(trace_elbo, "pyro")

    got = subject(pair.model, pair.guide, x)

    (of_model,), (of_guide,) = subject.record(0), subject.record(1)
    np.testing.assert_array_equal(of_model["z"], of_guide["z"])
    np.testing.assert_array_equal(of_guide["x"], x)
    np.testing.assert_allclose(got, pair.log_weight(x, of_guide["z"]))


def test_images_are_binary_and_all_different(rng):
    """A run tells by its x whose z it drew."""
    images = binary_images(rng, 2**5, 5)

    assert {0.0, 1.0} == set(images.ravel())
    assert 2**5 == len(np.unique(images, axis=0))


def test_an_svi_tells_what_was_done_with_it(rng):
    """Steps, evaluations, updates and changes of mode are recorded in their order, and a step does train."""

    def use(svi, batches):
        before = [leaf.detach().clone() for leaf in svi.model.leaves]
        (x,) = batches
        svi.model.eval()
        loss = svi.step(x)
        svi.evaluate_loss(x)
        moved = sum((leaf - old).abs().sum() for leaf, old in zip(svi.model.leaves, before))
        return torch.tensor([loss, moved.item()])

    pair = random_pair(rng, 5, 2)
    subject = as_subject(use, "pyro")
    loss, moved = subject(Svi(pair.model, pair.guide), Batches((binary_images(rng, 3, 5),), "once"))

    events = subject.record(0)
    kinds = [next(iter(each)) for each in events if "run" not in each and "backward" not in each]
    assert ["training", "update", "step", "evaluate_loss"] == kinds
    assert loss == pytest.approx(next(each["step"] for each in events if "step" in each))
    assert ["step", "step", "evaluate_loss", "evaluate_loss"] == [each["inside"] for each in events if "run" in each]
    assert any("backward" in each for each in events) and moved > 0
    assert [{"batch": 3}] == subject.record(1)


def test_the_first_step_imports_nothing():
    """PyTorch's late import, seconds long, is over when the SVI is built: it must not count in a student's call."""
    script = """
import sys
import numpy as np
from vaelabs.checks.pairs import binary_images, random_pair
from vaelabs.subjects import Svi, as_subject

pair, x = random_pair(np.random.default_rng(1), 5, 2), binary_images(np.random.default_rng(1), 3, 5)
loaded = []

def use(svi, x):
    loaded.append("torch._dynamo" in sys.modules)
    return svi.step(x)

as_subject(use, "pyro")(Svi(pair.model, pair.guide), x)
print(loaded)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)

    assert "[True]" == found.stdout.strip()


@pytest.mark.parametrize(("kind", "passes"), [("list", [3, 3]), ("loader", [3, 3]), ("once", [3, 0])])
def test_batches_come_as_often_as_their_kind_says(rng, kind, passes):
    """A list and a loader can be iterated over again, a generator cannot."""
    subject = as_subject(lambda batches: torch.tensor([len(list(batches)), len(list(batches))]), "pyro")

    got = subject(Batches(tuple(np.split(binary_images(rng, 6, 4), 3)), kind))

    assert passes == got.tolist()


def test_parameters_of_the_notebook_stay_its_own(rng):
    """What the student's store holds under our names neither enters our programs nor is changed by them."""
    pyro.clear_param_store()
    pyro.param("decoder1$$$layers.0", torch.zeros(2))

    score = check_train_epoch(train_epoch, seed=3)

    assert 3 == score
    assert ["decoder1$$$layers.0"] == list(pyro.get_param_store())
    pyro.clear_param_store()


# The marks.


def test_one_mistake_costs_one_property():
    """A missing replay, a sum over the batch and a cut graph each cost their own points only."""
    whole = {"values": 3, "replay": 1.5, "one draw per image": 1, "gradient": 0.5}
    for answer, lost, id in (
        (without_replay, "replay", "P9"),
        (lambda *args: trace_elbo(*args).sum(), "one draw per image", "Y5"),
        (lambda *args: trace_elbo(*args).detach(), "gradient", "Y9"),
    ):
        found = check_trace_elbo(answer, seed=3)
        assert whole | {lost: 0} == points(found)
        assert id == found.verdict.diagnosis.id


def test_the_elbo_is_that_of_any_pair():
    """Names that are built in cost the values, and so does every latent site but the first."""

    def named(model, guide, x):
        p, q = (trace.nodes for trace in traces(model, guide, x))
        return p["obs"]["log_prob"] + p["latent"]["log_prob"] - q["latent"]["log_prob"]

    def first(model, guide, x):
        p, q = traces(model, guide, x)
        name = next(name for name in q.stochastic_nodes if q.nodes[name]["value"].dim() > 1)
        seen = sum(p.nodes[each]["log_prob"] for each in p.observation_nodes)
        return seen + p.nodes[name]["log_prob"] - q.nodes[name]["log_prob"]

    for answer, id in ((named, "Y18"), (first, "Y19")):
        found = check_trace_elbo(answer, seed=3)
        assert 0 == points(found)["values"]
        assert id == found.verdict.diagnosis.id


def test_a_mean_over_draws_is_replayed_nevertheless():
    """It costs the property of one draw, and no other."""

    def answer(model, guide, x):
        return torch.stack([trace_elbo(model, guide, x) for _ in range(10)]).mean(0)

    found = check_trace_elbo(answer, seed=3)

    assert {"values": 3, "replay": 1.5, "one draw per image": 0, "gradient": 0.5} == points(found)
    assert "Y10" == found.verdict.diagnosis.id


@pytest.mark.parametrize("computed, id", [(True, "Y15"), (False, "Y11")])
def test_why_there_is_no_log_prob(computed, id):
    """Nodes that never have one are told from traces that were not scored."""

    def answer(model, guide, x):
        q = poutine.trace(guide).get_trace(x)
        p = poutine.trace(poutine.replay(model, trace=q)).get_trace(x)
        if computed:
            q.compute_log_prob()
        p.compute_log_prob()
        return sum(s["log_prob"] for t in (q, p) for s in t.nodes.values() if computed or s["type"] == "sample")

    assert id == check_trace_elbo(answer, seed=3).verdict.diagnosis.id


@pytest.mark.parametrize("seed", range(3))
def test_one_maximum_for_the_batch_loses_what_is_far_away(seed):
    """Near and far images are in one call."""

    def answer(model, guide, x, k):
        log_w = torch.stack([trace_elbo(model, guide, x) for _ in range(k)])
        return log_w.max() + torch.log(torch.exp(log_w - log_w.max()).mean(0))

    found = check_trace_log_marginal(answer, seed=seed)

    assert {"value": 1, "samples": 1, "far away": 0} == points(found)
    assert "I4" == found.verdict.diagnosis.id


def test_a_test_that_seeds_or_keeps_the_graph_has_changed_something():
    """An own trace_elbo that seeds has cost its points already."""

    def seeded(model, guide, x):
        pyro.set_rng_seed(0)
        return trace_elbo(model, guide, x)

    def with_graph(svi, loader):
        losses = torch.cat([-trace_elbo(svi.model, svi.guide, x) for x in loader])
        return losses.mean(), losses.std() / len(losses) ** 0.5

    for answer, id in ((evaluate_with(seeded), "R13"), (with_graph, "Y47")):
        found = check_evaluate(answer, seed=3, trace_elbo=trace_elbo)
        assert {"mean": 1, "standard error": 1, "nothing changed": 0} == points(found)
        assert id == found.verdict.diagnosis.id
    assert 3 == check_evaluate(evaluate_with(seeded), seed=3, trace_elbo=seeded)


def test_a_run_for_show_does_no_harm():
    """Traces that do not enter the values are none of the check's business."""

    def answer(model, guide, x):
        model(x)
        trace_elbo(model, guide, x, replay=False)
        return trace_elbo(model, guide, x)

    assert 6 == check_trace_elbo(answer, seed=3)
    assert 3 == check_trace_log_marginal(
        lambda model, guide, x, k: (model(x), log_marginal_with(trace_elbo)(model, guide, x, k))[1], seed=3
    )


def test_the_same_z_must_enter_both_densities():
    """A replay whose trace is not the one that is scored earns nothing for the replay."""

    def answer(model, guide, x):
        model_trace, _ = traces(model, guide, x)
        _, guide_trace = traces(model, guide, x)
        log_p = model_trace.nodes["obs"]["log_prob"] + model_trace.nodes["latent"]["log_prob"]
        return log_p - guide_trace.nodes["latent"]["log_prob"]

    score = check_trace_elbo(answer, seed=3)

    assert 0 == points(score)["replay"]
    assert "P9" == score.verdict.diagnosis.id


def test_not_having_trained_costs_the_steps_only():
    """The loss per image is judged from what svi returned, whichever method it was."""

    def answer(svi, loader):
        losses = [(svi.evaluate_loss(x), len(x)) for x in loader]
        return sum(loss for loss, _ in losses) / sum(size for _, size in losses)

    score = check_train_epoch(answer, seed=3)

    assert {"steps": 0, "loss per image": 1.5, "any iterable": 0.5} == points(score)
    assert "Y21" == score.verdict.diagnosis.id


def test_steps_without_gradients_train_nothing():
    """svi.step under no_grad raises nothing and changes nothing: it is no step."""
    score = check_train_epoch(torch.no_grad()(train_epoch), seed=3)

    assert 0 == points(score)["steps"]
    assert "Y33" == score.verdict.diagnosis.id


@pytest.mark.parametrize("own", [without_log_q, without_replay])
def test_a_wrong_elbo_costs_nothing_where_it_is_used(own):
    """evaluate and log_marginal that are right about the student's own trace_elbo earn all their points."""
    carried = check_evaluate(evaluate_with(own), seed=3, trace_elbo=own)
    alone = check_evaluate(evaluate_with(own), seed=3)

    assert 3 == carried and carried.verdict.diagnosis is None
    assert 1 == alone
    assert 3 == check_trace_log_marginal(log_marginal_with(own), seed=3, trace_elbo=own)
    assert 3 > check_trace_log_marginal(log_marginal_with(own), seed=3)


def test_a_wrong_elbo_excuses_no_other_mistake():
    """With it, batches of unequal size still count by their images, and log k still has to be subtracted."""
    evaluation = check_evaluate(batch_means_with(without_log_q), seed=3, trace_elbo=without_log_q)
    no_log_k = log_marginal_with(without_log_q, log_k=lambda k: 0.0)

    assert 0 == points(evaluation)["mean"]
    assert "P8" == evaluation.verdict.diagnosis.id
    assert 0 == points(check_trace_log_marginal(no_log_k, seed=3, trace_elbo=without_log_q))["value"]


def test_a_right_elbo_excuses_nothing():
    """An own trace_elbo that is right is no reason to accept other numbers."""
    score = check_evaluate(batch_means_with(trace_elbo), seed=3, trace_elbo=trace_elbo)

    assert {"mean": 0, "standard error": 1, "nothing changed": 1} == points(score)


def test_training_on_the_test_set_is_named():
    """svi.step in an evaluation costs its property and has its own diagnosis."""

    def answer(svi, loader):
        losses = [svi.step(row[None]) for x in loader for row in x]
        return np.mean(losses), np.std(losses) / np.sqrt(len(losses))

    verdict = check_evaluate(answer, seed=3).verdict

    assert "P7" == verdict.diagnosis.id
    assert 0 == {each.name: each.points for each in verdict.properties}["nothing changed"]


CHECKS = {
    check_trace_elbo: lambda value: lambda model, guide, x: torch.full((len(x),), value),
    check_train_epoch: lambda value: lambda svi, loader: value,
    check_evaluate: lambda value: lambda svi, loader: (value, value),
    check_trace_log_marginal: lambda value: lambda model, guide, x, k: torch.full((len(x),), value),
}


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
@pytest.mark.parametrize("check", CHECKS)
def test_constants_earn_nothing(check, value):
    """Zeros, NaN and infinity are worth no point and no review."""
    verdict = check(CHECKS[check](value), seed=3).verdict

    assert (0, "graded") == (verdict.points, verdict.status)


@pytest.mark.parametrize("check", CHECKS)
def test_an_answer_that_raises_has_failed(check):
    """The verdict carries the exception's text; a stub is missing."""

    def answer(*args):
        raise RuntimeError("shapes differ")

    def stub(*args):
        raise NotImplementedError

    verdict = check(answer, seed=3).verdict

    assert ("failed", 0) == (verdict.status, verdict.points)
    assert "RuntimeError: shapes differ" in verdict.message
    assert "missing" == check(stub, seed=3).verdict.status


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("result", [None, "text", [], (1.0, 2.0, 3.0), {"a": 1}, 3])
def test_odd_results_need_no_review(check, result):
    """Whatever comes back, the check itself does not fail."""
    verdict = check(lambda *args: result, seed=3).verdict

    assert 0 == verdict.points
    assert "needs_review" != verdict.status

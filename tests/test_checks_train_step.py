"""The closed form of a step of training, against differences; what one device shows; and how the check fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaelabs.checks.rubric import Rubric
from vaelabs.checks.train_step import DATA, LATENT, _blind, _drawing, _flat, _noise, _sure, check_train_step
from vaelabs.subjects import Net, as_subject

jax = pytest.importorskip("jax")

FULL = {"the update": 0.5, "metrics": 0.5, "the key": 0.25, "any number of devices": 0.25, "place": 0.5}
STEPS = [_drawing, _sure, _blind]


def rubric(seed: int = 3) -> Rubric:
    return Rubric("train_step", 2, seed)


def moved(step, direction: np.ndarray, far: float):
    """The step with its parameters moved along a direction in all of them."""
    rest = far * direction
    layers = []
    for net in (step.encoder, step.decoder):
        ((weight, bias),) = net.layers
        parts, rest = np.split(rest, [weight.size + bias.size])
        layers.append((weight + parts[: weight.size].reshape(weight.shape), bias + parts[weight.size :]))
    return replace(step, encoder=Net((layers[0],), heads=2), decoder=Net((layers[1],)),
                   log_sigma=step.log_sigma + rest[0])  # fmt: skip


@pytest.mark.parametrize("inputs", STEPS)
def test_the_closed_form_has_the_slope_of_the_terms(inputs):
    """The gradients of the means of log_lik and kl are those of their differences, whatever was drawn."""
    step, rng = inputs(rubric()), np.random.default_rng(5)
    eps = rng.normal(size=(len(step.x), LATENT))
    direction = rng.normal(size=_flat(step.parameters()).shape)

    for gradient, term in zip(step.gradients(eps), (1, 2)):
        values = [moved(step, direction, far).terms(eps)[term].mean() for far in (1e-5, -1e-5)]

        np.testing.assert_allclose(_flat(gradient) @ direction, (values[0] - values[1]) / 2e-5, rtol=1e-5)


def test_an_update_shows_the_noise_that_was_drawn():
    """The gradient in the weight of a blind decoder has one solution for eps; a wrong update has none."""
    step = _blind(rubric())
    eps = np.random.default_rng(6).normal(size=(len(step.x), LATENT))
    of_log_lik, of_kl = step.gradients(eps)
    added = {name: step.rate * (of_log_lik[name] - of_kl[name]) for name in of_kl}

    np.testing.assert_allclose(_noise(step, added), eps, atol=1e-8)
    assert _noise(step, {name: 2 * part for name, part in added.items()}) is None


def right_step(state, key, x):
    def loss_of(params):
        elbo, log_lik, kl = state.apply_fn(params, key, x)
        return -elbo.mean(), {"elbo": elbo.mean(), "log_lik": log_lik.mean(), "kl": kl.mean()}

    grads, metrics = jax.grad(loss_of, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), metrics


def right_place(mesh, state, x):
    from jax.sharding import NamedSharding, PartitionSpec

    return jax.device_put(state, NamedSharding(mesh, PartitionSpec())), jax.device_put(
        x, NamedSharding(mesh, PartitionSpec("batch"))
    )


def earned(score) -> dict[str, float]:
    return {each.name: each.points for each in score.verdict.properties}


def test_the_terms_are_those_of_apply_fn():
    """NumPy and the state's own function agree, where z is mu."""
    step = _sure(rubric())
    terms = as_subject(lambda state, key, x: state.apply_fn(state.params, key, x), "jax")(*step.placed(0))

    for got, want in zip(terms, step.terms()):
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_without_place_the_step_keeps_its_points():
    """Each of the two functions is judged by itself."""
    score = check_train_step(right_step, None, seed=2)

    assert FULL | {"place": 0} == earned(score)
    assert "there is no function `place`" == score.verdict.properties[-1].message


def test_without_a_step_place_keeps_its_points():
    def unwritten(state, key, x):
        raise NotImplementedError

    found = earned(check_train_step(unwritten, right_place, seed=2))

    assert dict.fromkeys(FULL, 0) | {"place": 0.5} == found


def test_an_idle_step_earns_nothing():
    """The state as it came and metrics of zeros are no step, on any number of devices."""
    score = check_train_step(lambda state, key, x: (state, {"elbo": 0.0, "log_lik": 0.0, "kl": 0.0}), None, seed=2)

    assert dict.fromkeys(FULL, 0) == earned(score)


class OneDevice:
    """A subject of a process that has one CPU device."""

    def __init__(self, function):
        self._subject = as_subject(function, "jax")

    def __getattr__(self, name):
        return getattr(self._subject, name)

    def device_count(self) -> int:
        return 1


def test_one_device_is_told_of():
    """With one device the check decides on the numbers, and says that it saw no more."""
    right = check_train_step(OneDevice(right_step), right_place, seed=2)
    wrong = check_train_step(OneDevice(right_step), lambda mesh, state, x: (state, x / 255), seed=2)

    assert FULL == earned(right)
    assert FULL | {"place": 0} == earned(wrong)
    assert "J57" == wrong.verdict.diagnosis.id
    for each in right.verdict.properties[-2:]:
        assert each.sentence.endswith("and only the numbers are looked at")


def test_the_message_names_the_pieces():
    """What lies where, and what was expected."""
    verdict = check_train_step(right_step, lambda mesh, state, x: (state, x), seed=2).verdict

    assert "J50" == verdict.diagnosis.id
    assert (f"encoder.0.0 of state: got (4, {DATA}) on 1 device, expected a copy of shape (4, {DATA}) on each of 8"
            == verdict.properties[-1].message)  # fmt: skip

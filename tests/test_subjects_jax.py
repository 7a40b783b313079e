"""JAX functions as subjects: precision by the arguments, keys and parameters as data, transformations, devices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from vaelabs.subjects import (
    Apply,
    BFloat16,
    Failure,
    Keys,
    Mesh,
    Net,
    Params,
    Placed,
    Seed,
    Svi,
    TrainingState,
    as_subject,
)

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def subject(function):
    return as_subject(function, "jax")


def test_a_call_has_the_precision_of_its_arguments():
    """64 bits for float64, 32 for float32, whatever the process has switched on; nothing is left behind."""
    double = subject(lambda x: 2 * x + jnp.ones(2))

    results = [double(np.ones(2, dtype)).dtype for dtype in (np.float64, np.float32)]

    assert [np.float64, np.float32] == results
    assert jnp.asarray(np.ones(2)).dtype == np.float32


def test_the_framework_s_own_name_of_a_precision_is_told():
    """NumPy has no bfloat16: numbers arrive in float32, and `dtypes` says what they were."""
    same = subject(lambda x: (x, x.astype(jnp.float32)))

    rounded, _ = same(BFloat16(np.array([1.0, 1.001])))

    np.testing.assert_array_equal(rounded, [1, 1])
    assert ["bfloat16", "float32"] == same.dtypes


def test_a_key_is_told_as_a_seed():
    """The same seed gives the same draw; split keys come as an array for vmap."""
    draw = subject(lambda key, mu: mu + jax.random.normal(key, mu.shape, mu.dtype))
    mu = np.zeros(3)

    assert np.array_equal(draw(Seed(1), mu), draw(Seed(1), mu))
    assert not np.array_equal(draw(Seed(1), mu), draw(Seed(2), mu))
    rows = draw.vmap((0, None))(Keys(1, 4), mu)
    assert (4, 3) == rows.shape
    assert 12 == len(np.unique(rows))


def test_gradients_are_those_of_jax(rng):
    """One for each float argument, zeros where none flows, None for what is no array."""
    function = subject(lambda key, a, b, power: (a**power, b.sum()))
    a, b, weight = rng.normal(size=3), rng.normal(size=2), rng.normal(size=3)

    of_key, of_a, of_b, of_power = function.vjp((Seed(0), a, b, 3), (weight, None))

    np.testing.assert_allclose(of_a, 3 * a**2 * weight)
    np.testing.assert_array_equal(of_b, 0)
    assert of_key == [] and of_power is None


@pytest.fixture
def compilations():
    """The programs that JAX has compiled or found compiled since, one entry each."""
    heard = []

    def hear(event, seconds, **more):
        if event == "/jax/core/compile/backend_compile_duration":
            heard.append(event)

    jax.monitoring.register_event_duration_secs_listener(hear)
    yield heard
    jax.monitoring.unregister_event_duration_listener(hear)


def _many_operations(x):
    for n in range(20):
        x = jnp.tanh(x * (1 + n)) + jnp.sin(x)
    return x.sum(-1)


def test_a_gradient_is_compiled_as_a_whole_and_once(rng, compilations):
    """Two programs, there and back, where operation by operation it would be dozens; a second call needs none."""
    function, x, weight = subject(_many_operations), rng.normal(size=(5, 3)), rng.normal(size=5)
    want = jax.vjp(_many_operations, jnp.asarray(x, jnp.float32))[1](jnp.asarray(weight, jnp.float32))[0]
    compilations.clear()

    (got,) = function.vjp((x.astype(np.float32),), weight)
    first = len(compilations)
    function.vjp((2 * x.astype(np.float32),), weight)

    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
    assert first <= 4
    assert first == len(compilations)


def test_mapped_rows_are_compiled_as_a_whole(rng, compilations):
    mapped = subject(_many_operations).vmap()

    got = mapped(rng.normal(size=(5, 3)))

    assert (5,) == got.shape
    assert len(compilations) <= 4


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x**2 if x[0] > 0 else -(x**2),
        lambda x: x**2 * np.sign(np.asarray(jax.lax.stop_gradient(x)))[0],
    ],
    ids=["if", "numpy"],
)
def test_a_function_that_looks_at_its_numbers_has_gradients_too(function):
    """It cannot be compiled: JAX goes through it with numbers, call by call."""
    same = subject(function)

    gradients = [same.vjp((sign * np.ones(2),), np.ones(2))[0] for sign in (1, -1)]

    np.testing.assert_allclose(gradients, [[2, 2], [2, 2]])


def test_a_long_loop_is_not_compiled_as_a_whole():
    """A thousand steps would take XLA longer than a call may take; JAX goes through them call by call."""
    runs = []

    def series(x, steps):
        runs.append(steps)
        return sum(x**2 for _ in range(steps))

    def again(steps):
        """How often the code runs in a second call for the same shape."""
        function = subject(series)
        for _ in range(2):
            runs.clear()
            gradient = function.vjp((np.ones(2), steps), np.ones(2))[0]
            np.testing.assert_allclose(gradient, [2 * steps] * 2)
        return len(runs)

    assert 0 == again(20)
    assert 1 == again(1000)


def test_generators_that_are_seeded_anew_draw_anew_for_a_gradient():
    """Noise of NumPy's is drawn when a function is compiled."""
    noisy = subject(lambda x: x * np.random.normal())

    def gradient(seed):
        noisy.seed(seed)
        return float(noisy.vjp((np.ones(()),), np.ones(()))[0])

    assert gradient(1) == gradient(1) != gradient(2)


def test_what_fails_in_a_gradient_fails_as_in_a_call():
    """The error is the student's own, not that of compiling."""

    def fails(x):
        raise ValueError("not today")

    for call in (lambda: subject(fails).vjp((np.ones(2),), np.ones(2)), lambda: subject(fails).vmap()(np.ones((2, 2)))):
        with pytest.raises(Failure, match="not today") as caught:
            call()
        assert "ValueError" == caught.value.type


def test_a_cotangent_of_another_shape_is_a_failure(rng):
    """As for every framework."""
    with pytest.raises(Failure, match=r"shape \(3,\), not \(2,\)"):
        subject(lambda a: a).vjp((rng.normal(size=3),), np.ones(2))


def test_a_network_carries_its_parameters(rng):
    """`encoder(x)` as in the other frameworks, and gradients in its layers."""
    net, x = Net.random(rng, [3, 4, 4], heads=2), rng.normal(size=(5, 3))
    call = subject(lambda encoder, x: encoder(x))

    mu, logvar = call(net, x)
    of_net, of_x = call.vjp((net, x), (np.ones((5, 2)), None))

    np.testing.assert_allclose(np.concatenate([mu, logvar], 1), np.concatenate(net(x), 1))
    assert [weight.shape for layer in net.layers for weight in layer] == [each.shape for each in of_net]
    np.testing.assert_allclose(of_net[-1], [5, 5, 0, 0])
    assert of_x.shape == x.shape


def test_parameters_and_the_function_that_takes_them_are_apart(rng):
    """Gradients come as encoder, decoder, log_sigma; an equal function is not traced again."""
    encoder, decoder = Net.random(rng, [3, 4], heads=2), Net.random(rng, [2, 3])
    params, x = Params(encoder, decoder, -0.5), rng.normal(size=(5, 3))

    def total(params, x, *, encode):
        return encode(params["encoder"], x)[0].sum() + 2 * params["log_sigma"]

    plain, compiled = subject(total), subject(total).jit(static=("encode",))
    gradients, of_x = plain.vjp((params, x), np.ones(()), encode=Apply(encoder))
    values = [compiled(params, x, encode=Apply(encoder)) for _ in range(3)]

    assert [(4, 3), (4,), (3, 2), (3,), ()] == [each.shape for each in gradients]
    np.testing.assert_allclose(gradients[1], [5, 5, 0, 0])
    assert 2 == gradients[-1] and not gradients[2].any()
    np.testing.assert_allclose(values, encoder(x)[0].sum() - 1)
    assert 1 == compiled.traces
    compiled(params, x, encode=Apply(encoder, "sin"))
    assert 2 == compiled.traces


def test_noise_of_numpy_is_frozen_when_compiled():
    """What the check of R16 stands on: the code of a compiled function runs once."""
    frozen = subject(lambda mu: mu + np.random.normal(size=3)).jit()

    assert np.array_equal(frozen(np.zeros(3)), frozen(np.zeros(3)))
    assert 1 == frozen.traces


def test_a_training_state_takes_a_step(rng):
    """A TrainState of flax with a right ELBO; results are told leaf by leaf, with where they lie."""
    params = Params(Net.random(rng, [3, 4], heads=2), Net.random(rng, [2, 3]), -0.5)
    x = rng.normal(size=(8, 3))

    def step(state, key, x):
        loss, slope = jax.value_and_grad(lambda p: -state.apply_fn(p, key, x)[0].mean())(state.params)
        return state.apply_gradients(grads=slope), {"elbo": -loss}

    found = subject(step).tree(TrainingState(params, 0.1), Seed(3), x)
    again = subject(step).jit().tree(TrainingState(params, 0.1), Seed(3), x)

    assert {"0.step", "0.params.encoder.0.0", "0.params.log_sigma", "1.elbo"} <= set(found)
    assert 1 == found["0.step"].value
    np.testing.assert_allclose(again["1.elbo"].value, found["1.elbo"].value)
    assert not np.allclose(found["0.params.encoder.0.0"].value, params.encoder.layers[0][0])


def test_the_elbo_of_a_training_state_is_right(rng):
    """Against densities of SciPy, at the z that the key gives."""
    params = Params(Net.random(rng, [3, 4], heads=2), Net.random(rng, [2, 3]), -0.5)
    x = rng.normal(size=(8, 3))
    draw = subject(lambda key: jax.random.normal(key, (8, 2), jnp.float64) + jnp.zeros(2))
    ask = subject(lambda state, key, x: state.apply_fn(state.params, key, x))

    elbo, log_lik, kl = ask(TrainingState(params, 0.1), Seed(3), x)

    mu, logvar = params.encoder(x)
    with jax.enable_x64(True):
        z = mu + np.exp(logvar / 2) * np.asarray(draw.target(jax.random.key(3)))
    np.testing.assert_allclose(log_lik, norm.logpdf(x, params.decoder(z), np.exp(-0.5)).sum(-1))
    np.testing.assert_allclose(kl, 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1))
    np.testing.assert_allclose(elbo, log_lik - kl)


def test_arrays_lie_on_as_many_devices_as_are_asked_for(rng):
    """Split along the first axis, or a copy on each."""
    both = subject(lambda x, y: {"split": x * 2, "whole": y * 2})
    x = rng.normal(size=(16, 3)).astype(np.float32)

    found = both.tree(Placed(x, 8, split=True), Placed(x, 8))

    assert 8 == both.device_count()
    assert (8, (2, 3)) == (found["split"].devices, found["split"].shard)
    assert (8, (16, 3)) == (found["whole"].devices, found["whole"].shard)
    np.testing.assert_allclose(found["split"].value, 2 * x)
    assert {"batch": 4} == dict(build_mesh(4).shape)


def build_mesh(devices):
    from vaelabs.subjects import jax_adapter

    return jax_adapter.build(Mesh(devices))


def test_a_buffer_given_away_is_told_as_changed():
    """Donation of an array argument: the caller has nothing left."""
    donate = subject(jax.jit(lambda x: x + 1, donate_argnums=0))

    np.testing.assert_allclose(donate(np.zeros(4, np.float32)), 1)
    assert {0} == donate.mutated


def test_what_a_call_switches_on_is_switched_off_again():
    """64 bits for all, or the end of compilation, set by a student's code."""

    def rude(x):
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_disable_jit", True)
        return x

    subject(rude)(np.ones(2, np.float32))

    assert not jax.config.jax_enable_x64
    assert not jax.config.jax_disable_jit


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: jax.random.key(0), "returned a"),
        (lambda x: x @ x, "it raised TypeError"),
        (lambda x: "text", "it returned a str"),
        (lambda x: None, "it returned None"),
        (lambda x: [1 / 0], "it raised ZeroDivisionError"),
    ],
)
def test_what_is_no_number_is_a_failure(function, message):
    """One sentence."""
    with pytest.raises(Failure, match=message):
        subject(function)(np.ones((2, 3)))


def test_a_stand_in_of_another_framework_is_refused():
    """JAX has no SVI."""
    with pytest.raises(TypeError, match="there is no Svi in this framework"):
        subject(lambda svi: svi)(Svi(None, None))


def test_a_call_that_computes_or_waits_for_ever_is_stopped():
    """By the seconds it computed, and by three times as many on the clock."""

    def wait():
        import time

        time.sleep(60)

    def compute():
        while True:
            pass

    for endless in (compute, wait):
        with pytest.raises(Failure, match="it took longer than 0.5 seconds"):
            as_subject(endless, "jax", time_limit=0.5)()

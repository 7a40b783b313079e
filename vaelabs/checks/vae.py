"""The class `VAE`: what its methods promise, whatever its networks look like and however they were initialised.

Source: Kingma & Welling (2014), section 3 and appendix C; sampling is ancestral, z from the prior, then x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, as_subject

from .bounds import number
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

SIZES = ((2, 1, 7), (3, 2, 1), (3, 5, 7))
"""(data_dim, latent_dim, batch)."""
HIDDEN = 16
"""A width that is a multiple of no other size, so that every axis can be told apart."""
DRAWS = 10_000
LIMIT = 6.0
"""Standard errors: a right answer is further out less than once in 10^8."""
WIDE = 20.0
"""Inputs this large reach the bends of any activation, even with small initial weights."""
LOOSE = 1e-4
"""Tolerance for float32 networks."""


@np.errstate(all="ignore")
def check_vae(VAE: Any, framework: str = "torch", seed: int | None = None) -> Score:
    """`VAE(data_dim=2, latent_dim=1, hidden=64, log_sigma=0.0)` with encode, decode, reconstruct and sample. 3 points.

    `encode(x)` (B, data) -> (mu, logvar), each (B, latent); `decode(z)` (..., latent) -> (..., data);
    `reconstruct(x)` decodes mu; `sample(n, observe=False)` decodes n draws from the prior, with observe=True plus
    noise of standard deviation exp(log_sigma).
    """
    subject, rubric = as_subject(VAE, framework), Rubric("VAE", 3, seed)

    with rubric.award("sizes and registered parameters", 1, "two networks of any size, all of whose numbers are trained"):
        _expect_networks(subject, rubric)

    with rubric.award("reconstruct", 1, "reconstruct decodes the mean of q, and two calls agree"):
        for data, latent, batch in SIZES:
            model = _Model.build(subject, rubric, data, latent)
            x = model.inputs(rubric, batch, data)
            want = model("decode", model.encode(x)[0])
            first, second = model("reconstruct", x), model("reconstruct", x)
            expect_shape(first, (batch, data), "reconstruct(x)")
            expect_close(second, first, "reconstruct(x) called a second time", LOOSE, 1e-6)
            expect_close(first, want, "reconstruct(x) compared with decode(mu)", LOOSE, 1e-5)

    with rubric.award("sample", 1, "sample decodes draws from the prior; observe=True adds noise of variance sigma²"):
        _expect_samples(subject, rubric)

    rubric.diagnose(_misconceptions(subject, rubric))
    return rubric.score()


@dataclass(frozen=True)
class _Model:
    """An object of the student's class; every call comes after a fresh seed."""

    instance: Any
    subject: Any
    rubric: Rubric
    dtype: type

    @classmethod
    def build(
        cls, subject: Any, rubric: Rubric, data: int | None = None, latent: int = 1, log_sigma: float = 0.0
    ) -> _Model:
        """With the given sizes, or with none at all."""
        sizes = {} if data is None else {"data_dim": data, "latent_dim": latent, "hidden": HIDDEN, "log_sigma": log_sigma}
        subject.seed(rubric.fresh_seed())
        try:
            instance = subject.construct(**sizes)
        except Failure as failure:
            if failure.type != "TypeError":
                raise
            instance = subject.construct(*sizes.values())
        try:
            parameters = instance.parameters()
        except Failure as failure:
            if failure.type != "AttributeError":
                raise
            raise Broken("VAE has no parameters(): derive it from nn.Module and call super().__init__()") from failure
        double = any(each.dtype == np.float64 and each.ndim >= 2 for each in parameters.values())
        return cls(instance, subject, rubric, np.float64 if double else np.float32)

    def __call__(self, method: str, *args: Any, **options: Any) -> Any:
        self.subject.seed(self.rubric.fresh_seed())
        args = tuple(arg.astype(self.dtype) if isinstance(arg, np.ndarray) else arg for arg in args)
        try:
            return self.instance.method(method)(*args, **options)
        except Failure as failure:
            if not options or failure.type != "TypeError":
                raise
        return self.instance.method(method)(*args, *options.values())

    def inputs(self, rubric: Rubric, *shape: int, scale: float = 2.0) -> Array:
        return (scale * rubric.rng.normal(size=shape)).astype(self.dtype)

    def encode(self, x: Array) -> tuple[Array, Array]:
        found = self("encode", x)
        if not isinstance(found, tuple) or len(found) != 2:
            count = len(found) if isinstance(found, tuple) else 1
            raise Broken(f"encode(x) returns two results, mu and logvar; yours returns {count}")
        return found

    def gradients(self, method: str, inputs: Array, cotangents: Any) -> dict[str, Array]:
        """In the registered parameters that this result depends on."""
        found = self.instance.parameter_gradients(method, (inputs.astype(self.dtype),), cotangents)
        return {name: gradient for name, gradient in found.items() if np.any(gradient)}


# The properties.


def _expect_networks(subject: Any, rubric: Rubric) -> None:
    models = [(sizes, _Model.build(subject, rubric, *sizes[:2], log_sigma=0.7)) for sizes in SIZES]
    for (data, latent, batch), model in models:  # after all are built: a later one must not disturb an earlier one
        sizes = f"with data_dim = {data}, latent_dim = {latent}, batch {batch}:"
        x, z = model.inputs(rubric, batch, data), model.inputs(rubric, batch, latent)
        for name, got in zip(("mu", "logvar"), model.encode(x)):
            expect_shape(got, (batch, latent), f"{sizes} {name} of encode(x)")
        expect_shape(model("decode", z), (batch, data), f"{sizes} decode(z)")
        stack = model.inputs(rubric, 4, batch, latent)
        expect_shape(model("decode", stack), (4, batch, data), f"{sizes} decode(z) for z {stack.shape}")
    defaults = _Model.build(subject, rubric)
    expect_shape(defaults.encode(defaults.inputs(rubric, 7, 2))[0], (7, 1), "mu of VAE() by default")

    (data, latent, batch), model = models[-1]
    x, z = model.inputs(rubric, batch, data), model.inputs(rubric, batch, latent)
    mu, logvar = model.encode(x)
    if not any(HIDDEN in np.shape(each) for each in model.instance.parameters().values()):
        raise Broken(f"with hidden = {HIDDEN} no layer has {HIDDEN} units: use the argument `hidden`")
    if np.allclose(mu, logvar, rtol=LOOSE, atol=1e-6):
        raise Broken("mu and logvar of encode(x) are the same numbers: each needs outputs of its own")
    for what, values in (("mu of encode(x)", mu), ("decode(z)", model("decode", z))):
        if not np.ptp(values, axis=0).max() > 1e-6:
            raise Broken(f"{what} does not depend on its input")
    _expect_both_signs(subject, rubric, [model for _, model in models])
    for what, curve, size in _curves(model):
        if _bend(rubric, model, curve, size) < 1e-4:
            raise Broken(f"{what} is a linear function of its input: put an activation after every hidden layer")
    _expect_registered(rubric, model, data, latent)
    _expect_log_sigma(model, 0.7)


def _curves(model: _Model) -> list[tuple[str, Callable[[Array], Array], int]]:
    data, latent, _ = SIZES[-1]
    return [("mu of encode(x)", lambda x: model.encode(x)[0], data), ("decode(z)", lambda z: model("decode", z), latent)]


def _bend(rubric: Rubric, model: _Model, curve: Callable[[Array], Array], size: int) -> float:
    """How far the function is from a straight line: 0 for a linear one, else of order 1.

    Two probes, since one of them is 0 for odd functions (tanh without bias), the other for ReLU without bias.
    """
    a = model.inputs(rubric, 7, size, scale=WIDE)
    here, back, far, origin = (np.asarray(curve(factor * a), float) for factor in (1, -1, 3, 0))
    scale = max(np.abs(far - origin).max(), 1e-30)
    return float(max(np.abs(here + back - 2 * origin).max(), np.abs(far - 3 * here + 2 * origin).max()) / scale)


def _expect_both_signs(subject: Any, rubric: Rubric, models: list[_Model]) -> None:
    if one_signed := _one_signed(subject, rubric, models):
        name, low = one_signed
        raise Broken(f"{name} is never negative (smallest value {low:.3g}): no activation belongs after the last layer")


def _one_signed(subject: Any, rubric: Rubric, models: list[_Model]) -> tuple[str, float] | None:
    """The output that is never negative, with its smallest value; many fresh networks are asked before we say so."""
    lowest: dict[str, float] = {}
    for n in range(len(models) + 6):
        if n < len(models):
            model, (data, latent, _) = models[n], SIZES[n]
        else:
            data, latent, _ = SIZES[-1]
            model = _Model.build(subject, rubric, data, latent)
        mu, logvar = model.encode(model.inputs(rubric, 50, data, scale=4))
        mean = model("decode", model.inputs(rubric, 50, latent, scale=4))
        for name, values in (("mu", mu), ("logvar", logvar), ("decode(z)", mean)):
            lowest[name] = min(lowest.get(name, np.inf), float(values.min()))
        if all(low < 0 for low in lowest.values()):
            return None
    return next(((name, low) for name, low in lowest.items() if low >= 0), None)


def _expect_registered(rubric: Rubric, model: _Model, data: int, latent: int) -> None:
    """Every network is reached by a gradient, from its outputs to the matrices at both of its ends."""
    x, z = model.inputs(rubric, 7, data), model.inputs(rubric, 7, latent)
    ones = rubric.rng.normal(size=(7, latent))
    reached = {
        "mu": model.gradients("encode", x, (ones, None)),
        "logvar": model.gradients("encode", x, (None, ones)),
        "decode(z)": model.gradients("decode", z, rubric.rng.normal(size=(7, data))),
    }
    for name, gradients in reached.items():
        if not any(each.ndim >= 2 for each in gradients.values()):
            raise Broken(f"no weights in parameters() are reached by a gradient from {name}: networks belong in the "
                         f"module itself (nn.Sequential, nn.ModuleList), and without no_grad")  # fmt: skip
    shapes = [each.shape for each in model.instance.parameters().values() if each.ndim >= 2]
    for what, size in (("data_dim", data), ("latent_dim", latent)):
        ends = sum(any(axis % size == 0 for axis in shape) for shape in shapes)
        if ends < 2:
            raise Broken(f"parameters() holds {ends} weights that begin or end at {what} = {size}, not one in each "
                         f"network: layers in a plain list are not registered, use nn.ModuleList")  # fmt: skip


def _expect_log_sigma(model: _Model, want: float) -> None:
    got = model.instance.attribute("log_sigma")
    if got.size != 1 or abs(float(np.ravel(got)[0]) - want) > 1e-5:
        raise Broken(f"log_sigma of VAE(..., log_sigma={want}): got {number(got)}, expected {want}")
    scalars = [float(np.ravel(each)[0]) for each in model.instance.parameters().values() if each.size == 1]
    if not any(abs(each - want) < 1e-5 for each in scalars):
        raise Broken("log_sigma is not among parameters(), so it is never learned: make it an nn.Parameter")


def _expect_samples(subject: Any, rubric: Rubric) -> None:
    log_sigma = float(rubric.rng.uniform(0.3, 0.7))
    model = _Model.build(subject, rubric, 3, 2, log_sigma)
    for n in (1, 7):
        for observe in (False, True):
            expect_shape(model("sample", n, observe=observe), (n, 3), f"sample({n}, observe={observe})")
    clean = model("sample", DRAWS)
    expect_shape(clean, (DRAWS, 3), f"sample({DRAWS})")
    if np.array_equal(model("sample", 7), model("sample", 7)):
        raise Broken("two calls of sample give the same points: draw z afresh in every call")
    if np.ptp(clean, axis=0).max() < 1e-6:
        raise Broken(f"the points of one sample({DRAWS}) are all the same: draw one z for each")
    reference = _Moments.of(model("decode", model.inputs(rubric, DRAWS, 2, scale=1)))
    noise = np.exp(2 * log_sigma)
    reference.expect(_Moments.of(clean), 0.0, f"sample({DRAWS})")
    observed = _Moments.of(model("sample", DRAWS, observe=True))
    reference.expect(observed, noise, f"sample({DRAWS}, observe=True) with sigma² = {noise:.3g}")


@dataclass(frozen=True)
class _Moments:
    """Mean (d,) and covariance (d, d) of a sample, with their standard errors."""

    mean: Array
    covariance: Array
    mean_error: Array
    covariance_error: Array

    @classmethod
    def of(cls, points: Array) -> _Moments:
        points = np.asarray(points, float)
        centred = points - points.mean(0)
        products = centred[:, :, None] * centred[:, None]
        root = np.sqrt(len(points))
        return cls(points.mean(0), products.mean(0), points.std(0) / root, products.std(0) / root)

    def distances(self, other: _Moments, noise: Array | float) -> tuple[Array, Array]:
        """Standard errors between `other` and this with noise of this variance (or covariance) added."""
        want = self.covariance + (noise * np.eye(len(self.mean)) if np.ndim(noise) == 0 else noise)
        mean = np.abs(other.mean - self.mean) / (np.hypot(self.mean_error, other.mean_error) + 1e-7)
        spread = np.abs(other.covariance - want) / (np.hypot(self.covariance_error, other.covariance_error) + 1e-7)
        return mean, spread

    def agrees(self, other: _Moments, noise: Array | float) -> bool:
        return all(part.max() < LIMIT for part in self.distances(other, noise))

    def expect(self, other: _Moments, noise: float, what: str) -> None:
        mean, spread = self.distances(other, noise)
        if not mean.max() <= LIMIT:
            n = int(np.argmax(mean))
            raise Broken(f"{what}, mean of a coordinate: got {other.mean[n]:.4g}, expected {self.mean[n]:.4g} from "
                         "z ~ N(0, I)")  # fmt: skip
        n, m = np.unravel_index(np.argmax(spread), spread.shape)
        if not spread.max() <= LIMIT:
            name = "variance of a coordinate" if n == m else "covariance of two coordinates"
            want = self.covariance[n, m] + (noise if n == m else 0)
            raise Broken(f"{what}, {name}: got {other.covariance[n, m]:.4g}, expected {want:.4g}")


# What goes wrong.


def _misconceptions(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    """The catalogue, most telling first; nothing when the class cannot be built or its sizes are fixed."""
    data, latent, batch = SIZES[-1]

    def fixed_sizes() -> str | None:
        small, large = _runs(subject, rubric, None, 1), _runs(subject, rubric, data, latent)
        return f"with data_dim = {data}, latent_dim = {latent}: {large}" if not small and large else None

    def fixed_width() -> str | None:
        shapes = {np.shape(each) for each in _Model.build(subject, rubric, data, latent).instance.parameters().values()}
        layers = [shape for shape in shapes if len(shape) >= 2]
        used = not layers or any(HIDDEN in shape for shape in layers)
        return None if used else f"with hidden = {HIDDEN} no layer has {HIDDEN} units"

    yield Misconception("V12", "It works for one size only: take the sizes from the constructor's arguments, and keep "
                        "them in the object.", fixed_sizes)  # fmt: skip

    yield Misconception("V12", "The width is built in: use the argument `hidden`.", fixed_width)

    def noisy() -> str | None:
        model = _Model.build(subject, rubric, data, latent)
        x = model.inputs(rubric, batch, data)
        first, second = model.encode(x)[0], model.encode(x)[0]
        return None if np.array_equal(first, second) else f"mu was {number(first)}, then {number(second)}"

    yield Misconception("V26", "encode gives other numbers at a second call: it returns mu and logvar themselves, without "
                        "a draw and without dropout.", noisy)  # fmt: skip

    def disturbed() -> str | None:
        first = _Model.build(subject, rubric, data, latent)
        x = first.inputs(rubric, batch, data)
        alone = first.encode(x)[0]
        _Model.build(subject, rubric, 2, 1)
        try:
            after = first.encode(x)[0]
        except Failure as failure:
            return str(failure)
        return None if np.array_equal(alone, after) else f"mu was {number(alone)}, then {number(after)}"

    yield Misconception("V21", "A second VAE changes the first: keep the networks in `self`, not in the class or in a "
                        "global variable.", disturbed)  # fmt: skip
    try:
        log_sigma = float(rubric.rng.uniform(0.3, 0.7))
        model = _Model.build(subject, rubric, data, latent, log_sigma)
    except (Failure, Broken) as problem:
        found = str(problem) if isinstance(problem, Broken) else None
        yield Misconception("V7", "The networks are not registered: derive from nn.Module and call super().__init__().",
                            lambda: found)  # fmt: skip
        return
    yield from _of_networks(subject, rubric, model)
    yield from _of_methods(rubric, model, log_sigma)


def _runs(subject: Any, rubric: Rubric, data: int | None, latent: int) -> str:
    """What goes wrong when encode and decode are called at this size; empty when nothing does."""
    try:
        model = _Model.build(subject, rubric, data, latent)
        width = 2 if data is None else data
        expect_shape(model.encode(model.inputs(rubric, 7, width))[0], (7, latent), "mu")
        expect_shape(model("decode", model.inputs(rubric, 7, latent)), (7, width), "decode(z)")
        expect_shape(model("sample", 3), (3, width), "sample(3)")
    except (Failure, Broken) as problem:
        return str(problem)
    return ""


def _of_networks(subject: Any, rubric: Rubric, model: _Model) -> Iterator[Misconception]:
    data, latent, batch = SIZES[-1]

    def broken(expect: Callable[[], None]) -> Callable[[], str | None]:
        def recognise() -> str | None:
            try:
                expect()
            except Broken as found:
                return str(found)
            return None

        return recognise

    def results() -> str | None:
        found = model("encode", model.inputs(rubric, batch, data))
        count = len(found) if isinstance(found, tuple) else 1
        return f"yours returns {count}" if count != 2 else None

    def encoded() -> tuple[Array, Array]:
        return model.encode(model.inputs(rubric, batch, data))

    def same_head() -> str | None:
        mu, logvar = encoded()
        return f"both begin with {number(mu)}" if np.allclose(mu, logvar, rtol=LOOSE, atol=1e-6) else None

    def constant() -> str | None:
        _, logvar = encoded()
        weights = model.gradients("encode", model.inputs(rubric, batch, data), (None, np.ones((batch, latent))))
        if np.ptp(logvar, axis=0).max() > 1e-6 or any(each.ndim >= 2 for each in weights.values()):
            return None
        return f"logvar is {number(logvar)} for every x"

    def positive() -> str | None:
        found = _one_signed(subject, rubric, [])
        return f"the smallest {found[0]} of many networks is {found[1]:.3g}" if found else None

    def linear() -> str | None:
        for what, curve, size in _curves(model):
            if (bend := _bend(rubric, model, curve, size)) < 1e-4:
                return f"{what} departs from a straight line by {bend:.1g}"
        return None

    def exploding() -> str | None:
        lead = model("decode", model.inputs(rubric, 4, batch, latent))
        return f"z of shape (4, {batch}, {latent}) gives {lead.shape}" if lead.shape != (4, batch, data) else None

    def no_graph() -> str | None:
        x, z = model.inputs(rubric, batch, data), model.inputs(rubric, batch, latent)
        to_x = model.instance.method("encode").vjp((x,), (np.ones((batch, latent)), None))[0]
        to_z = model.instance.method("decode").vjp((z,), np.ones((batch, data)))[0]
        for name, gradient in (("encode", to_x), ("decode", to_z)):
            if not gradient.any():
                return f"the gradient of {name} in its input is 0"
        return None

    yield Misconception("V18", "encode returns two results, mu and logvar.", results)
    yield Misconception("V11", "mu and logvar share one output; give each its own.", same_head)
    yield Misconception("V20", "No gradient leaves encode or decode: `no_grad`, `.detach()` and NumPy cut the graph.",
                        no_graph)  # fmt: skip
    yield Misconception("V7", "The layers are not registered, so an optimiser never sees them: use nn.Sequential or "
                        "nn.ModuleList, not a list.", broken(lambda: _expect_registered_layers(rubric, model)))  # fmt: skip
    yield Misconception("V9", "logvar does not depend on x: every q has the same width.", constant)
    yield Misconception("V10", "No activation between the layers: several linear layers are one linear layer, and this "
                        "is probabilistic PCA.", linear)  # fmt: skip
    yield Misconception("V13", "An output that is never negative: logvar, mu and the mean of x are any real numbers, no "
                        "activation belongs after the last layer.", positive)  # fmt: skip
    yield Misconception("V8", "log_sigma is not learned: make it an nn.Parameter that starts at the given value.",
                        broken(lambda: _expect_log_sigma(model, float(_start(model)))))  # fmt: skip
    yield Misconception("V22", "decode must keep leading axes: it maps (..., latent_dim) to (..., data_dim).", exploding)


def _expect_registered_layers(rubric: Rubric, model: _Model) -> None:
    """As in the property, where logvar may be constant: that is another mistake."""
    data, latent, _ = SIZES[-1]
    try:
        _expect_registered(rubric, model, data, latent)
    except Broken as broken:
        if "from logvar" not in str(broken):
            raise


def _start(model: _Model) -> float:
    return float(np.ravel(model.instance.attribute("log_sigma"))[0])


def _of_methods(rubric: Rubric, model: _Model, log_sigma: float) -> Iterator[Misconception]:
    data, latent, batch = SIZES[-1]
    noise = np.exp(2 * log_sigma)

    def other_start() -> str | None:
        start = _start(model)
        return None if abs(start - log_sigma) < 1e-5 else f"VAE(..., log_sigma={log_sigma:.3g}) starts at {start:.3g}"

    yield Misconception("V25", "log_sigma must start at the value given to the constructor, not at its exponential, its "
                        "negative or a fixed number.", other_start)  # fmt: skip

    def random_reconstruction() -> str | None:
        x = model.inputs(rubric, batch, data)
        first, second = model("reconstruct", x), model("reconstruct", x)
        return None if np.allclose(first, second, atol=1e-6) else f"two calls give {number(first)} and {number(second)}"

    def other_reconstruction() -> str | None:
        x = model.inputs(rubric, batch, data)
        got, (mu, logvar) = model("reconstruct", x), model.encode(x)
        for name, want in (("mu itself", mu), ("x itself", x), ("decode(logvar)", model("decode", logvar))):
            if np.shape(got) == np.shape(want) and np.allclose(got, want, rtol=LOOSE, atol=1e-5):
                return f"it returns {name}"
        return None

    yield Misconception("V1", "reconstruct decodes a draw of z; decode the mean mu, so that two calls agree.",
                        random_reconstruction)  # fmt: skip
    yield Misconception("V19", "reconstruct decodes mu: encode, take the mean, decode.", other_reconstruction)

    def drawn(observe: bool) -> _Moments:
        points = model("sample", DRAWS, observe=observe)
        expect = (DRAWS, data)
        if np.shape(points) != expect:
            raise ValueError(f"sample has shape {np.shape(points)}")
        return _Moments.of(points)

    def decoded(z: Array) -> _Moments:
        return _Moments.of(model("decode", z))

    def normal() -> Array:
        return model.inputs(rubric, DRAWS, latent, scale=1)

    def shape() -> str | None:
        points = model("sample", 7)
        if isinstance(points, tuple):
            return f"it returns {len(points)} results"
        return f"sample(7) has shape {points.shape}, expected (7, {data})" if points.shape != (7, data) else None

    def frozen() -> str | None:
        first, second = model("sample", 7), model("sample", 7)
        return f"two calls give {number(first)}" if np.array_equal(first, second) else None

    def one_point() -> str | None:
        points = model("sample", 50)
        return f"all of 50 points are {number(points)}, ..." if np.ptp(points, axis=0).max() < 1e-6 else None

    def noise_is(want: Array | float, observe: bool = True) -> Callable[[], str | None]:
        def recognise() -> str | None:
            clean, got = decoded(normal()), drawn(observe)
            right = noise if observe else 0.0
            if not clean.agrees(got, want) or clean.agrees(got, right):
                return None
            extra = np.diag(got.covariance - clean.covariance).mean()
            return f"sample(observe={observe}) adds a variance of {extra:.3g}, not {right:.3g}"

        return recognise

    def other_prior(draw: Callable[[], Array]) -> Callable[[], str | None]:
        def recognise() -> str | None:
            got, clean = drawn(False), decoded(normal())
            if clean.agrees(got, 0.0) or not decoded(draw()).agrees(got, 0.0):
                return None
            variances = got.covariance[0, 0], clean.covariance[0, 0]
            return "the variance of a coordinate is {:.3g}, from N(0, I) {:.3g}".format(*variances)

        return recognise

    def uniform(low: float, high: float) -> Callable[[], Array]:
        return lambda: rubric.rng.uniform(low, high, (DRAWS, latent)).astype(model.dtype)

    yield Misconception("V14", "sample(n) returns n points of the data space, (n, data_dim).", shape)
    yield Misconception("V15", "The same points at each call; take randomness from outside.", frozen)
    yield Misconception("V16", "One z for all points: draw one for each.", one_point)
    yield Misconception("V5", "Noise is always added: only observe=True asks for it.", noise_is(noise, observe=False))
    yield Misconception("V6", "observe=True adds no noise: add sigma * eps to the decoded mean.", noise_is(0.0))
    one = np.ones((data, data))
    yield Misconception("V17", "The coordinates share one noise; draw one number for each.", noise_is(noise * one))
    for sentence, deviation in (
        ("exp(2 log_sigma) is the variance; the standard deviation is exp(log_sigma).", np.exp(2 * log_sigma)),
        ("log_sigma is the log of sigma, not of sigma²: the standard deviation is exp(log_sigma).", np.exp(log_sigma / 2)),
    ):
        yield Misconception("V3", sentence, noise_is(deviation**2))
    yield Misconception("V4", "You scaled the noise by log_sigma itself: the standard deviation is exp(log_sigma).",
                        noise_is(log_sigma**2))  # fmt: skip
    yield Misconception("V23", "The noise does not use log_sigma: its standard deviation is exp(log_sigma).", noise_is(1.0))
    yield Misconception("V24", "The noise is uniform; it must be normal, with mean 0 and variance sigma².",
                        lambda: _uniform_noise(drawn(True), decoded(normal()), noise))  # fmt: skip
    for draw in (uniform(0, 1), uniform(-1, 1), uniform(-3, 3), uniform(-2, 2)):
        yield Misconception("V2", "z is uniform; the prior is N(0, I).", other_prior(draw))
    for scale in (np.exp(log_sigma), np.exp(2 * log_sigma), np.exp(log_sigma / 2)):
        yield Misconception("V2", "z is scaled by sigma, which is the width of x given z; the prior is N(0, I).",
                            other_prior(lambda scale=scale: scale * normal()))  # fmt: skip
    yield Misconception("V2", "One number is drawn for all latent dimensions; the prior has one for each.",
                        other_prior(lambda: np.repeat(normal()[:, :1], latent, axis=1)))  # fmt: skip


def _uniform_noise(got: _Moments, clean: _Moments, noise: float) -> str | None:
    extra = got.covariance - clean.covariance
    centred, size = np.diag(extra).mean() / noise, np.abs(got.mean - clean.mean).min() / np.sqrt(noise)
    if abs(centred - 1 / 12) < 0.03 and abs(size - 0.5) < 0.1:
        return f"it has mean {size * np.sqrt(noise):.3g} and variance {centred * noise:.3g}, not 0 and {noise:.3g}"
    return None

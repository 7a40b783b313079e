"""The networks of a Gaussian VAE: an encoder that gives loc and scale, a decoder that gives logits.

Source: Kingma & Welling (2014), appendix C, with ReLU for tanh. The check reads an object's weights and computes the
same in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import erf, expit, softmax

from vaelabs.subjects import Failure, as_subject

from .bounds import agrees, number
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape, tell_apart

Array = np.ndarray
Function = Callable[[Array], Array]

SIZES = ((16, 7, 3, 5), (9, 5, 2, 1), (4, 6, 4, 4))
"""(data_dim, hidden_dim, latent_dim, batch); every data_dim is a square, so that images have it too."""
LOOSE = 1e-4
"""Tolerance for float32 networks."""
TINY = 2e-6
"""A number this small may be added to the scale."""
FAR = 30.0
"""The largest |logvar| asked for: the scale goes from 3e-7 to 3e6, all of them ordinary float32 numbers."""
LAYERS = {"encoder": ("hidden", "mu", "logvar"), "decoder": ("hidden", "logits")}


@np.errstate(all="ignore")
def check_networks(Encoder: Any, Decoder: Any, framework: str = "pyro", seed: int | None = None) -> Score:
    """`Encoder(data_dim, hidden_dim, latent_dim)` and `Decoder(latent_dim, hidden_dim, data_dim)`. 3 points.

    `encoder(x)` gives loc = mu(h) and scale = exp(logvar(h) / 2), each (B, latent), with h = relu(hidden(x)); x is
    (B, data) or images (B, 1, s, s). `decoder(z)` gives logits(relu(hidden(z))), (B, data).
    """
    encoder, decoder = as_subject(Encoder, framework), as_subject(Decoder, framework)
    rubric = Rubric("networks", 3, seed)

    with rubric.award("encoder", 1, "the encoder gives the mean and the standard deviation of q, the exponential's"):
        for sizes in SIZES:
            _expect_posterior(_Network.encoder(encoder, rubric, sizes), rubric.rng, sizes)
    with rubric.award("decoder", 1, "the decoder gives the logits of the pixels, any real numbers"):
        for sizes in SIZES:
            _expect_logits(_Network.decoder(decoder, rubric, sizes), rubric.rng, sizes)
    with rubric.award("images of any size", 0.5, "the encoder takes an image (1, s, s) for its row of s² pixels"):
        for sizes in SIZES:
            network, x = _Network.encoder(encoder, rubric, sizes), _pixels(rubric.rng, sizes)
            side = int(np.sqrt(sizes[0]))
            images = x.reshape(len(x), 1, side, side)
            for name, got, want in zip(("loc", "scale"), _pair(network(images)), _pair(network(x))):
                expect_shape(got, (len(x), sizes[2]), f"{name} of images of shape {images.shape}")
                expect_close(got, want, f"{name} of images compared with that of their rows", LOOSE, 1e-6)
    with rubric.award("gradients", 0.5, "every weight of both networks, and z, is reached by the right gradient"):
        _expect_gradients(_Network.encoder(encoder, rubric, SIZES[0]), rubric.rng, SIZES[0])
        _expect_gradients(_Network.decoder(decoder, rubric, SIZES[0]), rubric.rng, SIZES[0])

    rubric.diagnose(_of_encoder(encoder, rubric))
    rubric.diagnose(_of_decoder(decoder, rubric))
    return rubric.score()


@dataclass(frozen=True)
class _Network:
    """An object of the student's class with its weights, by layer: (weight (out, in), bias (out,)) in float64."""

    instance: Any
    layers: dict[str, tuple[Array, Array]]
    dtype: Any

    @classmethod
    def encoder(cls, subject: Any, rubric: Rubric, sizes: tuple[int, ...]) -> _Network:
        data, hidden, latent, _ = sizes
        wanted = {"data_dim": data, "hidden_dim": hidden, "latent_dim": latent}
        return cls._build(subject, rubric, "encoder", wanted, {"hidden": (hidden, data), "mu": (latent, hidden),
                                                               "logvar": (latent, hidden)})  # fmt: skip

    @classmethod
    def decoder(cls, subject: Any, rubric: Rubric, sizes: tuple[int, ...]) -> _Network:
        data, hidden, latent, _ = sizes
        wanted = {"latent_dim": latent, "hidden_dim": hidden, "data_dim": data}
        return cls._build(subject, rubric, "decoder", wanted, {"hidden": (hidden, latent), "logits": (data, hidden)})

    @classmethod
    def _build(
        cls, subject: Any, rubric: Rubric, kind: str, sizes: dict[str, int], shapes: dict[str, tuple[int, int]]
    ) -> _Network:
        subject.seed(rubric.fresh_seed())
        instance = subject.construct(**sizes)
        try:
            found = instance.parameters()
        except Failure as failure:
            if failure.type != "AttributeError":
                raise
            raise Broken(f"the {kind} has no parameters(): leave `class ...(nn.Module)` and the constructor as given")
        layers = {}
        for name, shape in shapes.items():
            weight, bias = found.get(f"{name}.weight"), found.get(f"{name}.bias")
            if weight is None or bias is None or weight.shape != shape:
                weights = [f"{each} {value.shape}" for each, value in found.items() if each.endswith("weight")]
                seen = ", ".join(weights) or "nothing"
                raise Broken(f"the {kind}'s layers are {' and '.join(shapes)}, of the sizes that the constructor is "
                             f"given: {name}.weight has shape {shape}; yours has {seen}")  # fmt: skip
            layers[name] = np.asarray(weight, float), np.asarray(bias, float)
        return cls(instance, layers, found["hidden.weight"].dtype)

    def __call__(self, inputs: Array) -> Any:
        return self.instance.method("__call__")(inputs.astype(self.dtype))

    def linear(self, name: str, inputs: Array) -> Array:
        weight, bias = self.layers[name]
        return np.asarray(inputs, float) @ weight.T + bias

    def heads(self, inputs: Array, activation: Function | None = None) -> list[Array]:
        """Every layer after the first, applied to relu (or `activation`) of the first."""
        hidden = (activation or _relu)(self.linear("hidden", inputs))
        return [self.linear(name, hidden) for name in self.layers if name != "hidden"]


def _relu(a: Array) -> Array:
    return np.maximum(a, 0)


def _pixels(rng: np.random.Generator, sizes: tuple[int, ...]) -> Array:
    """Of either sign and a few units wide, where activations differ."""
    return (2 * rng.normal(size=(sizes[3], sizes[0]))).astype(np.float32)


def _codes(rng: np.random.Generator, sizes: tuple[int, ...]) -> Array:
    return (2 * rng.normal(size=(sizes[3], sizes[2]))).astype(np.float32)


def _pair(found: Any) -> tuple[Array, Array]:
    if not isinstance(found, tuple) or len(found) != 2:
        seen = f"{len(found)}" if isinstance(found, tuple) else f"one of shape {np.shape(found)}"
        raise Broken(f"encoder(x) returns two results, loc and scale; yours returns {seen}")
    return found


# The properties.


def _expect_posterior(network: _Network, rng: np.random.Generator, sizes: tuple[int, ...]) -> None:
    x = _pixels(rng, sizes)
    for inputs in (x, _far(network, x), _far(network, -x)):
        mu, logvar = network.heads(inputs)
        loc, scale = _pair(network(inputs))
        size = "" if inputs is x else f" where logvar reaches {FAR:g}"
        expect_shape(loc, mu.shape, "loc of encoder(x)")
        expect_shape(scale, mu.shape, "scale of encoder(x)")
        if not (np.asarray(scale) > 0).all():
            raise Broken(f"a scale of {np.nanmin(scale):.4g}{size}: a standard deviation is greater than 0")
        expect_close(loc, mu, f"loc of encoder(x){size}", LOOSE, LOOSE * max(1.0, np.abs(mu).max()))
        expect_close(scale, np.exp(logvar / 2), f"scale of encoder(x){size}", 10 * LOOSE, TINY)


def _far(network: _Network, x: Array) -> Array:
    """x times a number that takes logvar out to FAR, nearly."""
    factor = 1.0
    for _ in range(4):
        factor *= FAR / np.abs(network.heads(factor * x)[1]).max()
        factor = min(factor, 1e4)
    return (factor * x).astype(np.float32)


def _expect_logits(network: _Network, rng: np.random.Generator, sizes: tuple[int, ...]) -> None:
    z = _codes(rng, sizes)
    for inputs in (z, 20 * z):
        (want,) = network.heads(inputs)
        got = network(inputs)
        expect_shape(got, want.shape, "decoder(z)")
        expect_close(got, want, "a logit of decoder(z)", LOOSE, LOOSE * max(1.0, np.abs(want).max()))


def _expect_gradients(network: _Network, rng: np.random.Generator, sizes: tuple[int, ...]) -> None:
    encoder = "logvar" in network.layers
    inputs = _pixels(rng, sizes) if encoder else _codes(rng, sizes)
    outputs = network.heads(inputs)
    cotangents = tuple(rng.normal(size=each.shape) for each in outputs)
    got = network.instance.parameter_gradients(
        "__call__", (inputs.astype(network.dtype),), cotangents if encoder else cotangents[0]
    )
    for name, want in _backward(network, inputs, outputs, cotangents).items():
        what = f"gradient of the {'encoder' if encoder else 'decoder'}'s outputs in {name}"
        if name not in got or not got[name].any():
            raise Broken(f"no gradient reaches {name} of the {'encoder' if encoder else 'decoder'}")
        expect_close(got[name], want, what, 10 * LOOSE, 10 * LOOSE)
    if not encoder:
        in_z, want = _gradient_in_z(network, inputs, cotangents[0])
        if not in_z.any():
            raise Broken("no gradient reaches z: the decoder's logits must depend on it")
        expect_close(in_z, want, "gradient of the decoder's logits in z", 10 * LOOSE, 10 * LOOSE)


def _gradient_in_z(network: _Network, z: Array, cotangent: Array) -> tuple[Array, Array]:
    """Of sum(cotangent * logits): the answer's, by way of which the encoder learns, and ours."""
    (got,) = network.instance.method("__call__").vjp((z.astype(network.dtype),), cotangent)
    at_hidden = (cotangent @ network.layers["logits"][0]) * (network.linear("hidden", z) > 0)
    return got, at_hidden @ network.layers["hidden"][0]


def _backward(network: _Network, inputs: Array, outputs: list[Array], cotangents: tuple) -> dict[str, Array]:
    """Gradients of sum(cotangent * result) by parameter; the chain rule, layer by layer."""
    before = network.linear("hidden", inputs)
    names = [name for name in network.layers if name != "hidden"]
    found, at_hidden = {}, np.zeros_like(before)
    for name, output, cotangent in zip(names, outputs, cotangents):
        if name == "logvar":
            cotangent = cotangent * np.exp(output / 2) / 2
        found[f"{name}.weight"], found[f"{name}.bias"] = cotangent.T @ _relu(before), cotangent.sum(0)
        at_hidden += cotangent @ network.layers[name][0]
    at_hidden *= before > 0
    return {**found, "hidden.weight": at_hidden.T @ inputs, "hidden.bias": at_hidden.sum(0)}


# What goes wrong.

ACTIVATIONS: dict[str, Function] = {
    "ReLU": _relu,
    "no activation": lambda a: a,
    "tanh": np.tanh,
    "sigmoid": expit,
    "softplus": lambda a: np.logaddexp(0, a),
    "leaky ReLU (0.01)": lambda a: np.where(a > 0, a, 0.01 * a),
    "leaky ReLU (0.1)": lambda a: np.where(a > 0, a, 0.1 * a),
    "leaky ReLU (0.2)": lambda a: np.where(a > 0, a, 0.2 * a),
    "ELU": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
    "GELU": lambda a: a * (1 + erf(a / np.sqrt(2))) / 2,
    "SiLU": lambda a: a * expit(a),
    "softmax": lambda a: softmax(a, axis=-1),
}
HEADS: dict[str, Function] = {
    "tanh": np.tanh,
    "sigmoid": expit,
    "ReLU": _relu,
    "softplus": lambda a: np.logaddexp(0, a),
    "log-sigmoid": lambda a: -np.logaddexp(0, -a),
    "a softmax": lambda a: softmax(a, axis=-1),
    "exp": np.exp,
}
LOGITS = ("Your decoder returns probabilities; return the logits, without sigmoid: `Bernoulli(logits=...)` applies it, "
          "and stays exact where sigmoid rounds to 1.")  # fmt: skip
NOT_A_SCALE = "`Normal` takes a standard deviation, exp(logvar / 2)"
SCALES: list[tuple[str, str, Function]] = [
    ("P4", f"Your scale is logvar itself: {NOT_A_SCALE}.", lambda v: v),
    ("P4", f"Your scale is exp(logvar), the variance: {NOT_A_SCALE}.", np.exp),
    ("P4", f"Your scale is |logvar|: {NOT_A_SCALE}.", np.abs),
    ("P4", f"Your scale is sigma⁴: {NOT_A_SCALE}.", lambda v: np.exp(2 * v)),
    ("P4", f"Your scale is exp(logvar / 4): {NOT_A_SCALE}, not its root.", lambda v: np.exp(v / 4)),
    ("R3", "The exponential is missing: scale = exp(logvar / 2).", lambda v: v / 2),
    ("R3", "The exponential is missing: scale = exp(logvar / 2).", lambda v: np.abs(v / 2)),
    ("R3", "The half belongs into the exponent: exp(logvar / 2), not exp(logvar) / 2.", lambda v: np.exp(v) / 2),
    ("R3", "The exponential is missing: scale = exp(logvar / 2).", lambda v: np.sqrt(np.abs(v))),
    ("R4", "Sign of the exponent: this is 1/sigma.", lambda v: np.exp(-v / 2)),
    ("R5", "softplus is another parametrisation; this layer is log sigma², so scale = exp(logvar / 2).",
     lambda v: np.logaddexp(0, v)),
    ("R5", "softplus is another parametrisation; this layer is log sigma², so scale = exp(logvar / 2).",
     lambda v: np.sqrt(np.logaddexp(0, v))),
    ("R5", "softplus is another parametrisation; this layer is log sigma², so scale = exp(logvar / 2).",
     lambda v: np.logaddexp(0, v / 2)),
    ("R5", "The sigmoid keeps the scale below 1; this layer is log sigma², so scale = exp(logvar / 2).", expit),
    ("P4", f"Your scale is 1 whatever x is: {NOT_A_SCALE}.", np.ones_like),
    ("N4", "Your logvar cannot be negative, so sigma is never below 1: no activation belongs after the last layer.",
     lambda v: np.exp(_relu(v) / 2)),
    ("N4", "Your logvar is squeezed by tanh: no activation belongs after the last layer.",
     lambda v: np.exp(np.tanh(v) / 2)),
]  # fmt: skip


def _of_encoder(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    sizes = SIZES[0]
    try:
        network, x = _telling(subject, rubric, sizes)
    except Broken as broken:
        yield _other_layers(broken)
        return
    yield from _of_sizes(subject, rubric, network, x)
    found = network(x)

    def results() -> str | None:
        count = len(found) if isinstance(found, tuple) else 1
        return None if count == 2 else f"Yours returns {count if count > 1 else f'one, of shape {np.shape(found)}'}."

    yield Misconception("N1", "encoder(x) returns two results, loc and scale: `return loc, scale`.", results)
    loc, scale = _pair(found)

    def again() -> str | None:
        other = _pair(network(x))[0]
        return None if np.array_equal(loc, other) else f"loc was {number(loc)}, then {number(other)} for the same x."

    yield Misconception("N6", "The encoder gives other numbers at a second call: loc and scale are not random; the "
                        "guide draws z, and dropout has no place here.", again)  # fmt: skip
    mu, logvar = network.heads(x)

    def exchanged() -> str | None:
        if agrees(loc, np.exp(logvar / 2)) and agrees(scale, mu):
            return f"Your first result begins with {number(loc)}, which is the scale; loc is {number(mu)}."
        return None

    def layers() -> str | None:
        if agrees(loc, logvar) and not agrees(loc, mu):
            return f"Your loc begins with {number(loc)}, the layer logvar's output; mu's is {number(mu)}."
        if agrees(scale, np.exp(mu / 2)) and not agrees(scale, np.exp(logvar / 2)):
            return (f"Your scale begins with {number(scale)} = exp({number(mu)} / 2), of the layer mu; logvar is "
                    f"{number(logvar)}.")  # fmt: skip
        return None

    yield Misconception("N5", "loc and scale are exchanged: the mean comes first.", exchanged)
    yield Misconception("N5", "The layers are exchanged: loc is the output of mu, scale that of logvar.", layers)
    if forms := _fit_encoder(network, x, loc, scale):
        identity, sentence, evidence = forms
        yield Misconception(identity, sentence, lambda: evidence)

    def far() -> str | None:
        """Many networks, since one whose logvar is large on one side only does not show a clamp on the other."""
        for sizes in 4 * SIZES:
            other = _Network.encoder(subject, rubric, sizes)
            inputs = _far(other, _pixels(rubric.rng, sizes))
            logvar, got = other.heads(inputs)[1], _pair(other(inputs))[1]
            off = np.abs(np.log(np.maximum(got, 1e-30)) - logvar / 2)
            worst = np.unravel_index(np.argmax(off), off.shape)
            if off[worst] > 0.01:
                at, want = f"{logvar[worst]:.4g}", np.exp(logvar[worst] / 2)
                return f"At logvar = {at} your scale is {got[worst]:.4g}; exp({at} / 2) is {want:.4g}."
        return None

    if agrees(loc, mu) and agrees(scale, np.exp(logvar / 2), 0.02):
        yield Misconception("K14", "Right in the middle, wrong at the ends: no clamp and no epsilon is needed, the "
                            "exponential is positive by itself.", far)  # fmt: skip
    yield _cut(network, x, (np.ones_like(mu), np.ones_like(mu)), "encoder")


def _telling(subject: Any, rubric: Rubric, sizes: tuple[int, ...]) -> tuple[_Network, Array]:
    """An encoder and inputs where each layer has outputs of either sign, so that an activation after it shows."""
    for _ in range(30):
        network, x = _Network.encoder(subject, rubric, sizes), _pixels(rubric.rng, sizes)
        if all(head.min() < -0.1 and head.max() > 0.1 for head in network.heads(x)):
            break
    return network, x


def _of_sizes(subject: Any, rubric: Rubric, network: _Network, x: Array) -> Iterator[Misconception]:
    def one() -> str | None:
        """The flattening took the axis of the batch along."""
        found = network(x[:1])
        loc = found[0] if isinstance(found, tuple) else found
        latent = SIZES[0][2]
        evidence = f"For x of shape {x[:1].shape} loc has shape {np.shape(loc)}, not {(1, latent)}."
        return evidence if loc.ndim == 1 else None

    yield Misconception("N10", "The batch is flattened too: keep the first axis, `x.flatten(1)`.", one)

    def no_flatten() -> str | None:
        images = x.reshape(len(x), 1, 4, 4)
        problem = _problem(network, images)
        return None if _problem(network, x) or not problem else f"For x of shape {images.shape} {problem}."

    def no_rows() -> str | None:
        images = x.reshape(len(x), 1, 4, 4)
        problem = _problem(network, x)
        return None if _problem(network, images) or not problem else f"For x of shape {x.shape} {problem}."

    yield Misconception("N9", "Images are not flattened: `x.flatten(1)` makes a row of each, and leaves rows alone.",
                        no_flatten)  # fmt: skip
    yield Misconception("N9", "Only images are taken: `x.flatten(1)` makes a row of each, and leaves rows alone.",
                        no_rows)  # fmt: skip

    def built_in() -> str | None:
        problem = _problem(network, x)
        if not problem:
            return None
        default = _Network._build(subject, rubric, "encoder", {}, {"hidden": (400, 784), "mu": (20, 400),
                                                                    "logvar": (20, 400)})  # fmt: skip
        for batch in (5, 32, 64, 100, 128, 256):
            for shape in ((batch, 784), (batch, 1, 28, 28)):
                if not _problem(default, np.zeros(shape)):
                    return f"x of shape {shape} is taken, but with data_dim = {x.shape[1]} not {x.shape}: {problem}."
        return None

    yield Misconception("N11", "A size is built in: take it from x, `x.flatten(1)` or `x.view(len(x), -1)`.", built_in)


def _problem(network: _Network, x: Array) -> str:
    """What goes wrong with the shapes; empty when nothing does."""
    try:
        found = network(x)
    except Failure as failure:
        return failure.message
    parts = found if isinstance(found, tuple) else (found,)
    want = len(x), len(network.layers["mu"][1])
    wrong = [np.shape(part) for part in parts if np.shape(part)[-1:] != want[-1:] or np.shape(part) != want]
    return f"a result has shape {wrong[0]}, not {want}" if wrong else ""


def _fit_encoder(network: _Network, x: Array, loc: Array, scale: Array) -> tuple[str, str, str] | None:
    """Id, sentence and evidence of the activation and the heads that give these numbers."""
    for name, activation in ACTIVATIONS.items():
        mu, logvar = network.heads(x, activation)
        found = [_activation(name)] if name != "ReLU" else []
        evidence = "One number of your loc is {}, it is {}.".format(*_differing(loc, network.heads(x)[0]))
        if not agrees(loc, mu):
            head = next((head for head, function in HEADS.items() if agrees(loc, function(mu))), None)
            if head is None:
                continue
            found.append(("N4", f"Your loc went through {head}: no activation belongs after the last layer."))
        if not agrees(scale, np.exp(logvar / 2)):
            form = next((each for each in SCALES if agrees(scale, each[2](logvar))), None)
            if form is not None:
                found.append(form[:2])
                evidence = (f"Where logvar = {number(logvar)} your scale is {number(scale)}; it is "
                            f"exp({number(logvar)} / 2) = {number(np.exp(logvar / 2))}.")  # fmt: skip
            elif np.ptp(extra := scale - np.exp(logvar / 2)) < LOOSE and extra.mean() > 0:
                found.append(("N14", "A number is added to the scale: the exponential is positive by itself."))
                evidence = f"Your scale is larger than exp(logvar / 2) by {extra.mean():.3g} everywhere."
        if found:
            return found[0][0], " ".join(sentence for _, sentence in found), evidence
    return None


def _differing(got: Array, want: Array) -> tuple[str, str]:
    """The two numbers that are the furthest apart."""
    at = np.unravel_index(np.argmax(np.abs(got - want)), np.shape(want))
    return tell_apart(float(got[at]), float(want[at]))


def _activation(name: str) -> tuple[str, str]:
    if name == "no activation":
        return "N2", "No activation after the first layer: two linear layers are one linear layer. Use ReLU."
    return "N3", f"The activation here is {name}; the task asks for ReLU, so that the labs' weights fit each other."


def _of_decoder(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    sizes = SIZES[0]
    try:
        network = _Network.decoder(subject, rubric, sizes)
    except Broken as broken:
        yield _other_layers(broken)
        return
    z = _codes(rubric.rng, sizes)
    got = network(z)
    (want,) = network.heads(z)

    def again() -> str | None:
        other = network(z)
        return None if np.array_equal(got, other) else f"It gave {number(got)}, then {number(other)} for the same z."

    yield Misconception("N6", "The decoder gives other numbers at a second call: its logits are not random; the model "
                        "draws the pixels.", again)  # fmt: skip

    def several() -> str | None:
        return f"Yours returns {len(got)}." if isinstance(got, tuple) else None

    yield Misconception("N1", "decoder(z) returns one result, the logits.", several)

    def shaped() -> str | None:
        if np.shape(got) == want.shape:
            return None
        return f"Yours has shape {np.shape(got)}, expected {want.shape}."

    yield Misconception("N12", "decoder(z) gives one row of logits for each z.", shaped)
    for name, activation in ACTIVATIONS.items():
        (logits,) = network.heads(z, activation)
        heads: dict[str, Function] = {"": lambda a: a, **HEADS}
        for head, function in heads.items():
            if (name, head) == ("ReLU", "") or not agrees(got, function(logits)):
                continue
            found = [] if name == "ReLU" else [_activation(name)]
            if head == "sigmoid":
                found.append(("N7", LOGITS))
            elif head:
                found.append(("N4", f"The logits went through {head}: no activation belongs after the last layer."))
            evidence = "One of your outputs is {}, the logit is {}.".format(*_differing(got, want))
            yield Misconception(found[0][0], " ".join(each for _, each in found), lambda evidence=evidence: evidence)
            return
    if agrees(got, want):
        yield _cut(network, z, np.ones_like(want), "decoder")


def _other_layers(broken: Broken) -> Misconception:
    found = str(broken)
    return Misconception("N13", "Leave the constructor as it was given: the layers' names and sizes are what the labs "
                         "exchange.", lambda: f"{found[:1].upper()}{found[1:]}.")  # fmt: skip


def _cut(network: _Network, inputs: Array, cotangents: Any, kind: str) -> Misconception:
    def recognise() -> str | None:
        found = network.instance.parameter_gradients("__call__", (inputs.astype(network.dtype),), cotangents)
        dead = [name for name in LAYERS[kind] if f"{name}.weight" in found and not found[f"{name}.weight"].any()]
        missing = [name for name in LAYERS[kind] if f"{name}.weight" not in found]
        if not dead and not missing:
            if kind == "decoder" and not _gradient_in_z(network, inputs, cotangents)[0].any():
                return "The gradient of the decoder's logits in z is 0, and the encoder is to learn through it."
            return None
        what = f"The gradient in {', '.join(dead)} is 0" if dead else f"{', '.join(missing)} asks for no gradient"
        return f"{what} in the {kind}."

    return Misconception("N8", "The values are right but no gradient flows: `no_grad`, `.detach()`, `.data` and NumPy "
                         "cut the graph.", recognise)  # fmt: skip

"""One step of training as a pure function, and where its state and its batch are put: the same on 1 device and on 8.

Everything is told apart by numbers: the step is plain gradient descent on linear networks, so that the right update has
a closed form, and an update shows which noise was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaelabs.subjects import Failure, Leaf, Mesh, Net, Params, Placed, Seed, TrainingState, as_subject

from .bounds import agrees, number
from .kl import kl_standard_normal
from .likelihood import gaussian_log_density
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray
Tree = dict[str, Leaf]

METRICS = ("elbo", "log_lik", "kl")
BATCH, DATA, LATENT = 8, 16, 2
"""Both of the first two divide among the devices, so that x can be split along the wrong axis, too."""
DEVICES = (8, 4, 2, 1)
RATES = (0.013, 0.02, 0.037, 0.05)
"""Learning rates, one for all of a check: a compiled step is compiled anew for each."""
NARROW = -30.0
"""A logvar for which every z is mu, to 3e-7."""
LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
ALIKE = 1e-5
"""As before, between numbers of devices: only the order of the sums is another."""
ALIKE_ANYWHERE = "spread over several devices, the step gives the same numbers"
PLACE = "state is copied to every device of the mesh, x is split along its first axis"
ONE_DEVICE = "; this process has one device, on which neither can be seen, and only the numbers are looked at"


@np.errstate(all="ignore")
def check_train_step(train_step: Any, place: Any, framework: str = "jax", seed: int | None = None) -> Score:
    """`train_step(state, key, x) -> (state, metrics)` and `place(mesh, state, x) -> (state, x)`. 2 points.

    `state.apply_fn(params, key, x)` gives (elbo, log_lik, kl), each (B,). The step goes up the gradient of the mean of
    elbo, with the state's own optimiser; metrics holds the three means, in nats, of the parameters before the update.
    Where this process has fewer than eight CPU devices the check does with those there are, and says so if it is one.
    """
    subject, rubric = as_subject(train_step, framework), Rubric("train_step", 2, seed)
    devices = next(count for count in DEVICES if count <= subject.device_count())
    alone = ONE_DEVICE if devices == 1 else ""

    with rubric.award("the update", 0.5, "one step of the state's optimiser along the gradient of the mean of elbo"):
        _expect_update(subject, rubric)

    with rubric.award("metrics", 0.5, "metrics has the means of elbo, log_lik and kl before the update"):
        _expect_metrics(subject, rubric)

    with rubric.award("the key", 0.25, "the key decides what is drawn, and every example has its own noise"):
        _expect_noise(subject, rubric)

    with rubric.award("any number of devices", 0.25, ALIKE_ANYWHERE + alone):
        _expect_same_on(devices, subject, rubric)

    with rubric.award("place", 0.5, PLACE + alone):
        if place is None:
            raise Failure("unanswered", "there is no function `place`")
        _expect_placed(as_subject(place, framework), rubric, devices)

    rubric.diagnose(_misconceptions(subject, place, framework, rubric, devices))
    return rubric.score()


@dataclass(frozen=True)
class Step:
    """One step's input: linear networks, x (BATCH, DATA), a learning rate. `key` seeds the draw of z."""

    encoder: Net
    decoder: Net
    log_sigma: float
    x: Array
    rate: float
    key: int

    @property
    def state(self) -> TrainingState:
        return TrainingState(Params(self.encoder, self.decoder, self.log_sigma), self.rate)

    def parameters(self) -> dict[str, Array]:
        """By the path that they have in a tree."""
        return _named(self.encoder.layers, self.decoder.layers, np.array(self.log_sigma))

    def terms(self, eps: Array | float = 0.0) -> tuple[Array, Array, Array]:
        """elbo, log_lik and kl, each (BATCH,), for z = mu + sigma eps."""
        mu, logvar = self.encoder(self.x)
        out = self.decoder(mu + np.exp(logvar / 2) * eps)
        log_lik, kl = gaussian_log_density(self.x, out, self.log_sigma), kl_standard_normal(mu, logvar)
        return log_lik - kl, log_lik, kl

    def gradients(self, eps: Array | float = 0.0) -> tuple[dict[str, Array], dict[str, Array]]:
        """Those of the means of log_lik and of kl in all parameters, by name."""
        mu, logvar = self.encoder(self.x)
        noise = np.exp(logvar / 2) * eps
        ((weight, _),) = self.decoder.layers
        residual = self.x - self.decoder(mu + noise)
        for_out = residual * np.exp(-2 * self.log_sigma)
        for_z = for_out @ weight
        heads = np.hstack([for_z, for_z * noise / 2])
        stretch = np.sum(residual * for_out - 1, axis=1).mean()
        of_log_lik = _named((self._layer(heads, self.x),), (self._layer(for_out, mu + noise),), np.array(stretch))
        heads = np.hstack([mu, np.expm1(logvar) / 2])
        nothing = tuple(np.zeros_like(part) for part in self.decoder.layers[0])
        return of_log_lik, _named((self._layer(heads, self.x),), (nothing,), np.zeros(()))

    def _layer(self, for_outputs: Array, inputs: Array) -> tuple[Array, Array]:
        """Gradients in weight and bias, means over the batch."""
        return for_outputs.T @ inputs / len(inputs), for_outputs.mean(0)

    def update(self) -> dict[str, Array]:
        """What is right to add to the parameters, where z is mu."""
        of_log_lik, of_kl = self.gradients()
        return {name: self.rate * (of_log_lik[name] - of_kl[name]) for name in of_kl}

    def placed(self, devices: int) -> tuple[Any, Seed, Any]:
        """The arguments, on so many devices; 0: not placed at all."""
        if not devices:
            return self.state, Seed(self.key), self.x
        return Placed(self.state, devices), Seed(self.key), Placed(self.x, devices, split=True)


def _named(encoder: tuple, decoder: tuple, log_sigma: Array) -> dict[str, Array]:
    named = {
        f"{network}.{n}.{part}": layer[part]
        for network, layers in (("encoder", encoder), ("decoder", decoder))
        for n, layer in enumerate(layers)
        for part in (0, 1)
    }
    return {**named, "log_sigma": log_sigma}


def _drawing(rubric: Rubric) -> Step:
    """Whatever is drawn matters."""
    rng = rubric.rng
    encoder = Net.random(rng, [DATA, 2 * LATENT], heads=2)
    decoder = Net.random(rng, [LATENT, DATA])
    rate = RATES[rubric.seed % len(RATES)]
    x, log_sigma = rng.normal(size=(BATCH, DATA)), float(rng.uniform(0.1, 0.4))
    return Step(encoder, decoder, log_sigma, x, rate, rubric.fresh_seed())


def _sure(rubric: Rubric) -> Step:
    """As above, with an encoder so sure of itself that z is mu, whatever is drawn."""
    step = _drawing(rubric)
    ((weight, bias),) = step.encoder.layers
    of_mu = np.arange(2 * LATENT) < LATENT
    return replace(step, encoder=Net(((weight * of_mu[:, None], np.where(of_mu, bias, NARROW)),), heads=2))


def _blind(rubric: Rubric) -> Step:
    """As above, with a decoder that ignores z so far: of all updates its weight's alone hangs on what is drawn."""
    step = _drawing(rubric)
    ((weight, bias),) = step.decoder.layers
    return replace(step, decoder=Net(((0 * weight, bias),)))


# The properties.


def _updated(subject: Any, step: Step, devices: int = 0) -> tuple[Tree, dict[str, Array]]:
    """The result of a call, and what it has added to the parameters."""
    tree = subject.tree(*step.placed(devices))
    return tree, _added(tree, step)


def _added(tree: Tree, step: Step) -> dict[str, Array]:
    old = step.parameters()
    for name, value in old.items():
        if f"0.params.{name}" not in tree:
            raise Broken(f"train_step returns (state, metrics), the new TrainState first; yours has {_paths(tree)}")
        expect_shape(tree[f"0.params.{name}"].value, value.shape, f"the new {name}")
    return {name: tree[f"0.params.{name}"].value - old[name] for name in old}


def _paths(tree: Tree) -> str:
    if len(tree) <= 1:
        return "one array" if tree else "no arrays"
    return f"{len(tree)} arrays ({', '.join(list(tree)[:3])}{', ...' if len(tree) > 3 else ''})"


def _expect_update(subject: Any, rubric: Rubric) -> None:
    step = _sure(rubric)
    tree, added = _updated(subject, step)
    for name, want in step.update().items():
        # As a gradient: that of a small learning rate would pass for zero.
        expect_close(added[name] / step.rate, want / step.rate, f"the step in {name}, divided by the learning rate", LOOSE, LOOSE)
    count = tree.get("0.step")
    if count is None or count.value != 1:
        raise Broken(f"state.step counts the updates: got {'nothing' if count is None else count.value}, expected 1")


def _expect_metrics(subject: Any, rubric: Rubric) -> None:
    step = _sure(rubric)
    tree = subject.tree(*step.placed(0))
    for name, want in zip(METRICS, step.terms()):
        if f"1.{name}" not in tree:
            raise Broken(f"metrics is a dictionary with {', '.join(METRICS)}; yours has no {name!r}")
        expect_close(tree[f"1.{name}"].value, want.mean(), f"metrics[{name!r}]", LOOSE, LOOSE)


def _expect_noise(subject: Any, rubric: Rubric) -> None:
    first, again, other = _three_calls(subject, rubric)
    if not _equal(first, again):
        raise Broken("two calls with the same key give other numbers: all noise comes from the key")
    if _equal(first, other):
        raise Broken("two calls with different keys give the same numbers: hand the key to state.apply_fn")
    step = _blind(rubric)
    eps = _noise(step, _updated(subject, step)[1])
    if eps is not None and _shared(eps):
        raise Broken(f"all {BATCH} examples have the same noise, {number(eps)}: one call of apply_fn for the batch")


def _three_calls(subject: Any, rubric: Rubric) -> list[Tree]:
    """Two with the same key, one with another. Other generators are seeded otherwise each time."""
    trees, step = [], _drawing(rubric)
    for n, each in enumerate((step, step, replace(step, key=rubric.fresh_seed()))):
        subject.seed(n)
        trees.append(subject.tree(*each.placed(0)))
    return trees


def _equal(a: Tree, b: Tree) -> bool:
    return a.keys() == b.keys() and all(agrees(a[name].value, b[name].value, 1e-9) for name in a)


def _noise(step: Step, added: dict[str, Array]) -> Array | None:
    """The noise (BATCH, LATENT) that an update with a blind decoder shows; None where it was no right update.

    The mean of residual' z / sigma² is the gradient in the decoder's weight, and has one solution for z.
    """
    ((_, bias),) = step.decoder.layers
    mu, logvar = step.encoder(step.x)
    pull = (step.x - bias).T * np.exp(-2 * step.log_sigma) / len(step.x)
    z, *_ = np.linalg.lstsq(pull, added["decoder.0.0"] / step.rate, rcond=None)
    right = step.update()
    known = all(agrees(added[name], right[name], LOOSE * step.rate) for name in right if name != "decoder.0.0")
    return (z - mu) * np.exp(-logvar / 2) if known else None


def _shared(eps: Array) -> bool:
    return bool(np.ptp(eps, axis=0).max() < 1e-2)


def _expect_same_on(devices: int, subject: Any, rubric: Rubric) -> None:
    step = _drawing(rubric)
    one, many = _on_one_and_many(subject, step, devices)
    metrics = [leaf.value for name, leaf in one.items() if name.startswith("1.")]
    if not any(np.any(part) for part in (*_added(one, step).values(), *metrics)):
        raise Broken("neither the parameters nor the metrics show a step")
    for name, leaf in one.items():
        if name not in many:
            raise Broken(f"on {devices} devices there is no {name}, on one there is")
        expect_close(many[name].value, leaf.value, f"{name} on {devices} devices, as on one", ALIKE, ALIKE)


def _on_one_and_many(subject: Any, step: Step, devices: int) -> list[Tree]:
    """The same call twice, also for an answer that does not take its noise from the key."""
    trees = []
    for count in (0, devices):
        subject.seed(0)
        trees.append(subject.tree(*step.placed(count)))
    return trees


def _expect_placed(place: Any, rubric: Rubric, devices: int) -> None:
    step = _drawing(rubric)
    tree = place.tree(Mesh(devices), step.state, step.x)
    missing = [f"0.params.{name}" for name in step.parameters() if f"0.params.{name}" not in tree]
    if missing or "1" not in tree:
        raise Broken(f"place returns (state, x); yours has {_paths(tree)}")
    for name, value in step.parameters().items():
        leaf = tree[f"0.params.{name}"]
        expect_close(leaf.value, value, f"{name} after place, as before", ALIKE, ALIKE)
        if leaf.devices != devices or leaf.shard != value.shape:
            raise Broken(f"{name} of state: got {_lies(leaf)}, expected a copy of shape {value.shape} on each of {devices}")
    expect_close(tree["1"].value, step.x, "x after place, as before", ALIKE, ALIKE)
    piece = BATCH // devices, DATA
    if tree["1"].devices != devices or tree["1"].shard != piece:
        raise Broken(f"x: got {_lies(tree['1'])}, expected a piece of shape {piece} on each of {devices}")


def _lies(leaf: Leaf) -> str:
    return f"{leaf.shard} on {leaf.devices} device{'s' * (leaf.devices != 1)}"


# What goes wrong.

_RATE = "The state's own optimiser makes the step, `state.apply_gradients(grads=...)`, with its own learning rate."
_MEAN = "The loss is -elbo.mean(): a sum makes the step grow with the batch."
_BEFORE = "These are the numbers after the update: metrics come with the gradient, from the parameters before it."
_FEW = "Not every parameter is trained: differentiate in all of state.params."
_DONATED = "A donated state is gone: what is needed of it, compute inside the compiled function, or before."
_TWICE = "One call is one update; yours makes more."


def _misconceptions(
    subject: Any, place: Any, framework: str, rubric: Rubric, devices: int
) -> Iterator[Misconception]:
    """The catalogue, most telling first: of the step, then of place."""
    step = _sure(rubric)
    try:
        tree = subject.tree(*step.placed(0))
    except Failure as failure:
        yield from _of_failures(failure)
    else:
        yield from _of_results(tree, step)
        if f"0.params.{next(iter(step.parameters()))}" in tree:
            yield from _of_update(tree, step)
            yield from _of_metrics(tree, step)
            yield from _of_noise(subject, rubric)
            yield from _of_devices(subject, rubric, devices)
    if place is not None:
        yield from _of_place(as_subject(place, framework), rubric, devices)


def _when(holds: bool, evidence: str) -> Callable[[], str | None]:
    return lambda: evidence if holds else None


def _of_failures(failure: Failure) -> Iterator[Misconception]:
    said = f"yours: {failure}; ours gives (state, metrics)"

    def says(*words: str) -> Callable[[], str | None]:
        return _when(any(word in failure.message for word in words), said)

    yield Misconception("J46", _DONATED, says("deleted or donated", "has been deleted"))
    yield Misconception("J47", "state.apply_fn(params, key, x) takes these three, and gives (elbo, log_lik, kl).",
                        says("_Elbo", "unpack", "random key", "PRNG key", "KeyError"))  # fmt: skip
    yield Misconception("J48", "A gradient is of one number: differentiate -elbo.mean(); what else is needed goes out by "
                        "`has_aux=True`.", says("scalar-output", "has_aux", "requires real- or complex-valued",
                                                "value_and_grad", "aux"))  # fmt: skip


def _of_results(tree: Tree, step: Step) -> Iterator[Misconception]:
    name = next(iter(step.parameters()))
    found = _paths(tree)
    yield Misconception("J41", "The order of the results is (state, metrics).",
                        _when(f"1.params.{name}" in tree, f"yours has {found}; ours begins with 0.params"))  # fmt: skip
    yield Misconception("J42", "train_step returns two results: the new state, and metrics.",
                        _when(f"params.{name}" in tree, f"yours has {found}; ours begins with 0.params"))  # fmt: skip
    yield Misconception("J42", "The first result is the new state, a TrainState, not its parameters alone.",
                        _when(f"0.{name}" in tree, f"yours has {found}; ours begins with 0.params"))  # fmt: skip


def _of_update(tree: Tree, step: Step) -> Iterator[Misconception]:
    added, right = _added(tree, step), step.update()
    count = float(tree["0.step"].value) if "0.step" in tree else float("nan")
    of_log_lik, of_kl = (_flat(part) for part in step.gradients())
    got, want = _flat(added) / step.rate, _flat(right) / step.rate
    design = np.stack([of_log_lik, -of_kl], 1)
    a, b = np.linalg.lstsq(design, got, rcond=None)[0]
    explained = agrees(design @ (a, b), got, LOOSE)
    worst = int(np.argmax(np.abs(got - want)))
    evidence = f"one parameter went by {got[worst] * step.rate:.3g}, it is {want[worst] * step.rate:.3g}"
    still = not got.any()

    def factors(*pairs: tuple[float, float]) -> Callable[[], str | None]:
        found = any(abs(a - one) < 1e-3 * abs(one) + 1e-6 and abs(b - two) < 1e-3 * abs(two) + 1e-6 for one, two in pairs)
        return _when(explained and found and not still, evidence)

    proportional = explained and abs(a - b) < 1e-3 * abs(a) and abs(a - 1) > 1e-3 and not still
    yield Misconception("J33", "The state that you return is the old one: `state.apply_gradients` and `state.replace` "
                        "return a new state, and change nothing in place.", _when(still and count == 0, evidence))  # fmt: skip
    yield Misconception("J34", "The step is made, but all gradients are 0: differentiate the loss in state.params, with "
                        "nothing stopped on the way.", _when(still and count != 0, evidence))  # fmt: skip
    yield Misconception("J31", "Sign: the step goes down the ELBO. The loss is -elbo.mean(), and an optimiser "
                        "descends.", factors((-1, -1)))  # fmt: skip
    yield Misconception("J32", _MEAN, factors((BATCH, BATCH)))
    yield Misconception("J31", f"Sign: the step goes down the ELBO. {_MEAN}", factors((-BATCH, -BATCH)))
    yield Misconception("J35", _TWICE, _when(count > 1, f"state.step is {count:g} after one call, it is 1"))
    yield Misconception("J36", "The loss divides by more than the batch: it is -elbo.mean().",
                        factors((1 / BATCH, 1 / BATCH), (1 / DATA, 1 / DATA)))  # fmt: skip
    yield Misconception("J37", "The KL is missing in the loss: it is the mean of -elbo, which has both terms.",
                        factors((1, 0), (BATCH, 0)))  # fmt: skip
    yield Misconception("J37", "The likelihood is missing in the loss: it is the mean of -elbo, which has both terms.",
                        factors((0, 1), (0, BATCH)))  # fmt: skip
    yield Misconception("J37", "The weight of the KL is wrong: elbo has it already, once, with its sign.",
                        _when(explained and abs(a - 1) < 1e-3 and abs(b - 1) > 1e-3,
                              f"the KL's gradient counts {b:.3g} times, it is once"))  # fmt: skip
    yield Misconception("J38", _RATE, _when(proportional and a > 0, f"{evidence}: {a:.3g} times as far"))
    size = np.abs(got[np.abs(want) > LOOSE])
    yield Misconception("J38", _RATE, _when(np.ptp(size) < 1e-2 * size.max() and not still,
                                            f"{evidence}: all parameters went equally far"))  # fmt: skip
    few = [name for name in added if not added[name].any() and np.abs(right[name]).max() > LOOSE * step.rate]
    yield Misconception("J39", _FEW, _when(0 < len(few) < len(added), f"{', '.join(few)} did not change, it should by "
                                           f"{number(right[few[0]]) if few else 0}"))  # fmt: skip
    yield Misconception("J40", "state.step is not counted on: `state.apply_gradients` does that, too.",
                        _when(count == 0 and agrees(got, want, LOOSE), "state.step is 0 after the step, it is 1"))  # fmt: skip
    yield Misconception("J40", "state.step is not counted on: `state.apply_gradients` does that, too.",
                        _when(np.isnan(count) and agrees(got, want, LOOSE), "there is no state.step, it is 1"))  # fmt: skip


def _flat(parts: dict[str, Array]) -> Array:
    return np.concatenate([np.ravel(part) for part in parts.values()])


def _of_metrics(tree: Tree, step: Step) -> Iterator[Misconception]:
    right = dict(zip(METRICS, step.terms()))
    got = {name: tree[f"1.{name}"].value for name in METRICS if f"1.{name}" in tree}
    parts = _parts(tree)
    later = dict(zip(METRICS, replace(step, **parts).terms())) if parts else {}

    def all_are(of: dict[str, Array], reduce: Callable[[Array], Any]) -> Callable[[], str | None]:
        """Whether all that differ from the right means are of this kind, and some do."""

        def recognise() -> str | None:
            wrong = [name for name in got if not agrees(got[name], right[name].mean(), LOOSE)]
            if not wrong or not of or not all(agrees(got[name], reduce(of[name]), LOOSE) for name in wrong):
                return None
            name = wrong[0]
            return f"metrics[{name!r}] is {number(got[name])}, it is {right[name].mean():.4g}"

        return recognise

    def missing() -> str | None:
        lacking = [name for name in METRICS if name not in got]
        found = ", ".join(name.removeprefix("1.") for name in tree if name.startswith("1"))
        return f"yours has {found or 'no numbers'}; it lacks {', '.join(lacking)}" if lacking else None

    yield Misconception("J43", "metrics is a dictionary with the names elbo, log_lik and kl.", missing)
    yield Misconception("J44", "One number each: metrics are means over the batch.", all_are(right, lambda t: t))
    yield Misconception("J44", "These are sums: metrics are means over the batch, which no batch size changes.",
                        all_are(right, lambda t: t.sum()))  # fmt: skip
    yield Misconception("J45", _BEFORE, all_are(later, lambda t: t.mean()))
    yield Misconception("E2", "Sign: `elbo` is higher-is-better, and log_lik a log-density; the loss alone is negated.",
                        all_are(right, lambda t: -t.mean()))  # fmt: skip
    yield Misconception("E12", "The order of what apply_fn gives is elbo, log_lik, kl.", lambda: next(
        (f"metrics[{name!r}] is {number(got[name])}, which is {other}; it is {right[name].mean():.4g}"
         for name in got for other in METRICS
         if other != name and agrees(got[name], right[other].mean(), LOOSE)), None))  # fmt: skip


def _parts(tree: Tree) -> dict[str, Any]:
    """The new parameters as the fields of a Step; empty where they are none."""
    try:
        layers = {network: tuple(tree[f"0.params.{network}.0.{part}"].value for part in (0, 1))
                  for network in ("encoder", "decoder")}  # fmt: skip
        log_sigma = float(tree["0.params.log_sigma"].value)
    except (KeyError, TypeError):
        return {}
    return {"encoder": Net((layers["encoder"],), heads=2), "decoder": Net((layers["decoder"],)), "log_sigma": log_sigma}


def _of_noise(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    first, again, other = _three_calls(subject, rubric)
    name = "0.params.decoder.0.0"
    step = _blind(rubric)
    eps = _noise(step, _updated(subject, step)[1])
    numbers = f"one parameter became {number(first[name].value)} and {number(again[name].value)}"
    yield Misconception("R16", "The noise does not come from the key: the same key must give the same numbers.",
                        _when(not _equal(first, again), f"in two calls with the same key {numbers}"))  # fmt: skip
    numbers = f"one parameter became {number(first[name].value)} and {number(other[name].value)}"
    yield Misconception("R13", "The key that is given is not used: the noise is the same at each step.",
                        _when(_equal(first, other), f"in two calls with different keys {numbers}"))  # fmt: skip
    yield Misconception("E8", "All examples share one noise: apply_fn draws for the whole batch, call it once.",
                        _when(eps is not None and _shared(eps), f"the first two examples have eps = "
                              f"{'' if eps is None else number(eps[0])} and {'' if eps is None else number(eps[1])}"))  # fmt: skip


def _of_devices(subject: Any, rubric: Rubric, devices: int) -> Iterator[Misconception]:
    def differs() -> str | None:
        step = _drawing(rubric)
        try:
            one, many = _on_one_and_many(subject, step, devices)
        except Failure as failure:
            return f"on {devices} devices yours fails: {failure}; on one it does not"
        for name in one:
            if name in many and not agrees(many[name].value, one[name].value, ALIKE):
                return f"{name} is {number(many[name].value)} on {devices} devices, {number(one[name].value)} on one"
        return None

    yield Misconception("J49", "The number of devices changes your numbers: the step is written for the whole batch, "
                        "and the compiler divides the work.", differs)  # fmt: skip


def _of_place(place: Any, rubric: Rubric, devices: int) -> Iterator[Misconception]:
    step = _drawing(rubric)
    try:
        tree = place.tree(Mesh(devices), step.state, step.x)
    except Failure as failure:
        said = f"yours: {failure}; the mesh's only axis is 'batch'"
        yield Misconception("J55", "The mesh has one axis, named \"batch\": `PartitionSpec(\"batch\")`.",
                            _when("not found in mesh" in failure.message or "axis" in failure.message
                                  and "mesh" in failure.message, said))  # fmt: skip
        return
    name = "log_sigma"
    swapped = f"1.params.{name}" in tree
    yield Misconception("J53", "The order of place's results is (state, x).",
                        _when(swapped, f"yours has {_paths(tree)}; ours begins with 0.params"))  # fmt: skip
    pieces = [tree[path] for path in tree if path.startswith("0.params.")]
    if "1" not in tree or not pieces:
        yield Misconception("J53", "place returns two results, (state, x).",
                            lambda: f"yours has {_paths(tree)}; ours has 0.params and 1")  # fmt: skip
        return
    x, wide = tree["1"], [leaf for leaf in pieces if leaf.value.ndim]
    piece = BATCH // devices, DATA
    wanted = f"ours has x in pieces of {piece} on {devices} devices"
    yield Misconception("J56", "x gets a new shape: the split is a matter of its sharding, its shape stays.",
                        _when(x.value.shape != step.x.shape, f"your x has shape {x.value.shape}, not {step.x.shape}"))  # fmt: skip
    yield Misconception("J57", "place moves arrays and leaves their numbers alone.",
                        _when(not agrees(x.value, step.x), f"x[0, 0] is {number(x.value)}, it is {number(step.x)}"))  # fmt: skip
    if devices == 1:
        return
    spread = f"your x has pieces of {_lies(x)}, the first array of your state of {_lies(pieces[0])}; {wanted}"
    yield Misconception("J54", "Not all devices of the mesh are used: place on the mesh that you are given.",
                        _when(1 < max(x.devices, pieces[0].devices) < devices, spread))  # fmt: skip
    yield Misconception("J50", "Nothing is placed: `jax.device_put` returns the placed arrays, on the mesh.",
                        _when(x.devices == 1 and pieces[0].devices == 1, spread))  # fmt: skip
    yield Misconception("J52", "The state stays on one device: every device needs a copy, `PartitionSpec()`.",
                        _when(any(leaf.devices == 1 for leaf in pieces), spread))  # fmt: skip
    yield Misconception("J58", "The state is split: every device needs all parameters, `PartitionSpec()`.",
                        _when(any(leaf.shard != leaf.value.shape for leaf in wide),
                              f"an array of the state of shape {wide[0].value.shape} has pieces of "
                              f"{next((leaf.shard for leaf in wide if leaf.shard != leaf.value.shape), ())}; "
                              "ours has copies"))  # fmt: skip
    yield Misconception("J51", "x is copied to each device, and each computes all of it: split it by its first axis, "
                        "`PartitionSpec(\"batch\")`.", _when(x.devices == devices and x.shard == x.value.shape, spread))  # fmt: skip
    yield Misconception("J51", "x stays on one device: split it by its first axis, `PartitionSpec(\"batch\")`.",
                        _when(x.devices == 1, spread))  # fmt: skip
    yield Misconception("J51", "x is split along another axis than its first: pixels belong together, examples do not.",
                        _when(x.shard != piece and x.shard != x.value.shape, spread))  # fmt: skip

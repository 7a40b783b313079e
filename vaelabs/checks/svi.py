"""An epoch of training and an evaluation with Pyro's SVI: what is done with the batches, and what is reported.

The SVI records its steps and their losses, so that the number to report is known whatever was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaelabs.subjects import Batches, Failure, Svi, as_subject

from .bounds import LinearGaussian, agrees, number
from .pairs import Pair, binary_images, exact_pair, random_pair
from .rubric import Broken, Misconception, Rubric, Score, expect_close, expect_shape

Array = np.ndarray

LOOSE = 1e-4
"""Relative and absolute tolerance: float32 passes."""
REPEATS, FEW = 40, 6
"""Draws of a student's own `trace_elbo` for each image; the latter where it takes one image at a time."""
BUILT_IN = (32, 50, 64, 100, 128, 200, 256, 500, 512)
"""Batch sizes that are found built into an answer."""


@np.errstate(all="ignore")
def check_train_epoch(train_epoch: Any, framework: str = "pyro", seed: int | None = None) -> Score:
    """`train_epoch(svi, loader) -> float`: one `svi.step` for each batch; the mean loss per image, in nats. 3 points.

    `loader` is any iterable of batches x (B, data), the last of which may be short. A step returns the loss (-ELBO)
    added up over its batch.
    """
    subject, rubric = as_subject(train_epoch, framework), Rubric("train_epoch", 3, seed)
    rng = rubric.rng

    with rubric.award("steps", 1, "svi.step is called exactly once with each batch, and nothing else trains"):
        for sizes in ((4, 4, 4), (5, 5, 2)):
            _expect_steps(_called(subject, rubric, _training_case(rng, sizes)))

    with rubric.award("loss per image", 1.5, "the losses that the steps returned, added up and divided by the images"):
        for sizes in ((4, 4, 4), (5, 5, 1), (6,)):
            call = _called(subject, rubric, _training_case(rng, sizes))
            expect_shape(call.got, (), "the mean loss")
            what = f"the loss per image over batches of {_list(sizes)}"
            expect_close(call.got, _loss_per_image(call), what, LOOSE, LOOSE)

    with rubric.award("any iterable", 0.5, "loader may be anything that gives batches: a list, a generator"):
        _expect_any_iterable(subject, rubric, lambda sizes: _training_case(rng, sizes))

    rubric.diagnose(_training_misconceptions(subject, rubric))
    return rubric.score()


Case = tuple[Pair, tuple[Array, ...]]
"""Programs and batches of images (B, data), no two alike."""


@dataclass(frozen=True)
class Call:
    """What one call gave, and what it did with the SVI, event by event."""

    got: Any
    events: list[dict[str, Any]]
    batches: tuple[Array, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(map(len, self.batches))

    @property
    def steps(self) -> list[dict[str, Any]]:
        return [each for each in self.events if "step" in each]

    def count(self, event: str) -> int:
        return sum(event in each for each in self.events)

    def looked_at(self) -> int:
        """How many of the images some program was run on."""
        rows = [run["x"] for run in self.events if "run" in run and np.ndim(run["x"]) == 2]
        seen = np.concatenate(rows) if rows else np.empty((0, self.batches[0].shape[1]))
        return sum(np.isclose(seen, row, 1e-4, 1e-4).all(1).any() for batch in self.batches for row in batch)


def _called(subject: Any, rubric: Rubric, case: Case, kind: str = "loader") -> Call:
    pair, batches = case
    subject.seed(rubric.fresh_seed())
    got = subject(Svi(pair.model, pair.guide), Batches(batches, kind))
    return Call(got, subject.record(0), batches)


def _training_case(rng: np.random.Generator, sizes: tuple[int, ...]) -> Case:
    images = binary_images(rng, sum(sizes), 8)
    return random_pair(rng, 8, 2), tuple(np.split(images, np.cumsum(sizes)[:-1]))


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}{'es' if what.endswith('ch') else 's'}"


def _list(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes)) + " images"


def _expect_steps(call: Call) -> None:
    steps, batches = call.steps, call.batches
    if not steps:
        raise Broken("svi.step was never called")
    counts = [sum(_same(step["x"], batch) for step in steps) for batch in batches]
    if any(count != 1 for count in counts) or len(steps) != len(batches):
        wrong = next((n for n, count in enumerate(counts) if count != 1), 0)
        raise Broken(f"{_count(len(steps), 'step')} for {_count(len(batches), 'batch')}; batch {wrong + 1}, of "
                     f"{len(batches[wrong])} images, was stepped on {counts[wrong]} times")  # fmt: skip
    if not call.count("backward"):
        raise Broken("svi.step ran without gradients: no parameter was changed")
    if call.count("update") != len(batches):
        raise Broken(f"the parameters were updated {call.count('update')} times for {len(batches)} batches")


def _same(x: Array, batch: Array) -> bool:
    return np.shape(x) == batch.shape and np.allclose(x, batch, 1e-4, 1e-4)


def _loss_per_image(call: Call) -> float:
    """Of the steps; where there was none, of the evaluations: not to have trained costs its own points."""
    for name in ("step", "evaluate_loss"):
        found = [each for each in call.events if name in each]
        if found:
            return float(sum(each[name] for each in found) / sum(len(each["x"]) for each in found))
    raise Broken("svi.step was never called")


def _expect_any_iterable(subject: Any, rubric: Rubric, case: Callable[[tuple[int, ...]], Case]) -> None:
    """With a list and with a generator the answer does what it does with a loader."""
    for kind, name in (("list", "a list"), ("once", "a generator")):
        of = case((4, 4, int(rubric.rng.integers(1, 4))))
        call, usual = _called(subject, rubric, of, kind), _called(subject, rubric, of)
        if not call.looked_at() or call.looked_at() < usual.looked_at():
            raise Broken(f"given {name}, {call.looked_at()} of {sum(call.sizes)} images were looked at")
        if call.count("step") != usual.count("step"):
            found = call.count("step"), usual.count("step")
            raise Broken("given {}, {} steps are made, given a loader {}".format(name, *found))


_NEEDS_GRADIENTS = "A step needs gradients: no `no_grad` around it."
_PIXELS = "Divide by the images alone: a loss per image is the sum over its pixels."
_NOT_A_LOADER = "The loader is any iterable of batches, perhaps a generator: no length, no index, one pass."


def _training_misconceptions(subject: Any, rubric: Rubric) -> Iterator[Misconception]:
    rng = rubric.rng
    sizes = (6, 6, 1)
    case = _training_case(rng, sizes)
    try:
        call = _called(subject, rubric, case)
    except Failure as failure:
        yield from _of_failures(failure)
        return
    losses = np.array([each["step"] for each in call.steps])
    looked = np.array([each["evaluate_loss"] for each in call.events if "evaluate_loss" in each])
    right = _loss_per_image(call) if len(losses) or len(looked) else np.nan
    images, batches = sum(sizes), len(sizes)

    def loss(*wants: Any) -> Callable[[], str | None]:
        def recognise() -> str | None:
            if agrees(call.got, right) or not any(agrees(call.got, want) for want in wants):
                return None
            return f"yours is {number(call.got)}, the loss per image is {right:.4g}"

        return recognise

    def steps(wrong: bool) -> Callable[[], str | None]:
        found = f"{_count(len(losses), 'step')} for {_count(batches, 'batch')}, it takes {batches}"
        return lambda: found if wrong else None

    def last() -> float:
        return losses[-1] if len(losses) else np.nan

    seen = np.array([len(each["x"]) for each in call.steps])
    yield Misconception("Y34", "The task is to call svi.step: it computes loss and gradient and does the update.",
                        steps(not len(losses) and call.count("update") > 0))  # fmt: skip
    yield Misconception("Y21", "`evaluate_loss` trains nothing: svi.step changes the parameters.",
                        steps(not len(losses)))  # fmt: skip
    yield Misconception("Y23", "All batches went into one step: the parameters are updated after each batch.",
                        steps(len(losses) == 1 and seen[0] == images))  # fmt: skip
    yield Misconception("Y22", "Each batch is stepped on once; svi.step returns the loss of that very step.",
                        steps(len(losses) > batches))  # fmt: skip
    yield Misconception("Y27", "A batch was left out: the short one counts too, and `return` comes after the loop.",
                        steps(0 < len(losses) < batches))  # fmt: skip
    yield Misconception("Y33", _NEEDS_GRADIENTS, lambda: (
        f"{_count(len(losses), 'step')} gave 0 gradients, they should give {len(losses)} or more"
        if len(losses) and not call.count("backward") else None))  # fmt: skip
    yield Misconception("Y31", "You report the loss after the step: svi.step has returned the loss already.",
                        loss(looked.sum() / images, looked.sum() / max(len(looked), 1)))  # fmt: skip
    if len(losses) == batches:
        yield Misconception("Y24", "That is the last batch's loss; add up those of all batches.",
                            loss(last(), last() / seen[-1], last() / images))  # fmt: skip
        yield Misconception("P8", "You divided by the number of batches: the loss of an image needs the number of "
                            "images.",
                            loss(losses.mean()))  # fmt: skip
        yield Misconception("P8", "The batches' losses per image are added up: weight them by images, and divide "
                            "by all of the images.", loss((losses / seen).sum()))  # fmt: skip
        yield Misconception("P8", "Weight by images: the last batch may be short.",
                            loss((losses / seen).mean(), losses.sum() / (batches * seen[0]),
                                 losses.sum() / (batches * seen[-1]), (losses / seen[0]).mean()))  # fmt: skip
        built_in = [losses.sum() / (size * count) for size in BUILT_IN for count in (1, batches)]
        yield Misconception("P8", "A batch's size is built in: count the images with `len(x)`.",
                            loss(*built_in))  # fmt: skip
        yield Misconception("Y20", "This is the sum over the epoch; divide by the number of images.",
                            loss(losses.sum()))  # fmt: skip
    pixels = call.batches[0].shape[1]
    yield Misconception("Y30", _PIXELS, loss(right / pixels))
    yield Misconception("Y25", "Sign: svi.step returns the loss, -ELBO, and the loss is asked for.", loss(-right))
    yield Misconception("Y26", "One number for the epoch: add up over the batches.", lambda: (
        f"yours has {_count(np.size(call.got), 'number')}, it takes 1" if np.shape(call.got) != () else None))  # fmt: skip
    yield Misconception("Y28", _NOT_A_LOADER, _spent(subject, rubric, case, call))


def _spent(subject: Any, rubric: Rubric, case: Case, usual: Call) -> Callable[[], str | None]:
    """Whether the answer needs more of a loader than to be iterated over once."""

    def recognise() -> str | None:
        for kind in ("list", "once"):
            try:
                seen = _called(subject, rubric, case, kind).looked_at()
            except Failure as failure:
                return f"with a {'generator' if kind == 'once' else kind} {failure}, there are {len(case[1])} batches"
            if seen < usual.looked_at():
                return f"given a generator you saw {seen} images, there are {sum(usual.sizes)}"
        return None

    return recognise


def _of_failures(failure: Failure) -> Iterator[Misconception]:
    def says(type: str, *words: str) -> Callable[[], str | None]:
        found = failure.type == type and any(word in failure.message for word in words)
        return lambda: f"yours: {failure}; ours gives one number" if found else None

    yield Misconception("Y29", "A batch is x alone, (B, data), without labels.", says("ValueError", "unpack"))
    yield Misconception("Y32", "svi.step and evaluate_loss return a Python float; a step calls backward itself.",
                        says("AttributeError", "'float' object"))  # fmt: skip
    yield Misconception("Y28", _NOT_A_LOADER, says("TypeError", "has no len", "not subscriptable"))


# --- evaluate -----------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def check_evaluate(evaluate: Any, framework: str = "pyro", seed: int | None = None, *, trace_elbo: Any = None) -> Score:
    """`evaluate(svi, loader) -> (mean, stderr)`: the mean loss (-ELBO) per image and its standard error. 3 points.

    The standard error is the standard deviation over the images divided by the root of their number; that of the
    sample and that of the population are both right. Nothing is trained. The student's own `trace_elbo` may be
    given: what is wrong with its values has cost its points in its own task and costs none here.
    """
    subject, rubric = as_subject(evaluate, framework), Rubric("evaluate", 3, seed)
    rng = rubric.rng
    own = _Own(trace_elbo, framework, rubric)

    def expect(position: int, what: str) -> None:
        for sizes in ((5, 5, 1), (4, 4, 4), (6,)):
            case = _known_case(rng, sizes)
            got = _two(_called(subject, rubric, case).got)[position]
            expect_shape(got, (), what)
            own.expect(got, position, f"{what} over batches of {_list(sizes)}", case)

    with rubric.award("mean", 1, "the mean loss per image: minus the ELBO, every image counted once"):
        expect(0, "the mean loss per image")

    with rubric.award("standard error", 1, "the standard deviation over images divided by the root of their number"):
        expect(1, "the standard error")

    with rubric.award("nothing changed", 1, "every image of any iterable is looked at, and nothing is trained"):
        _expect_any_iterable(subject, rubric, lambda sizes: _known_case(rng, sizes))
        _expect_untrained(_called(subject, rubric, _known_case(rng, (5, 3))))
        if found := _seeded(subject, rubric, own):
            raise Broken(f"two calls give the same mean, {found[0]}, with random draws: nothing is seeded in a test")
        if _keeps_graph(subject, rubric):
            raise Broken("what is returned still holds the graph of the whole evaluation: two plain numbers")

    rubric.diagnose(_evaluation_misconceptions(subject, rubric, own))
    return rubric.score()


def _known_case(rng: np.random.Generator, sizes: tuple[int, ...]) -> Case:
    """A pair whose every draw gives log p(x), and images of very different log p(x), the last one far out."""
    model = LinearGaussian.random(rng, 3, 2)
    images = model.draw(rng, sum(sizes)) * rng.uniform(1, 5, (sum(sizes), 1))
    images[-1] *= 30 / np.linalg.norm(images[-1])
    return exact_pair(model), tuple(np.split(images, np.cumsum(sizes)[:-1]))


def _losses(case: Case) -> Array:
    """-log p(x) of all images."""
    pair, batches = case
    x = np.concatenate(batches)
    return -pair.log_weight(x, pair.posterior(x)[0])


def _summary(loss: Array) -> tuple[Array, Array]:
    """Mean and standard error over the last axis, the latter with either deviation: (1, ...) and (2, ...)."""
    root = np.sqrt(loss.shape[-1])
    return loss.mean(-1)[None], np.array([loss.std(-1, ddof=ddof) / root for ddof in (1, 0)])


class _Own:
    """The student's own `trace_elbo`: its values are those to be averaged, where they are not right."""

    def __init__(self, trace_elbo: Any, framework: str, rubric: Rubric):
        self.subject = None if trace_elbo is None else as_subject(trace_elbo, framework)
        self.rubric, self.carried = rubric, False

    def expect(self, got: Array, position: int, what: str, case: Case) -> None:
        """Raise Broken unless `got` is the mean (position 0) or the standard error (1) of the losses."""
        wants = _summary(_losses(case))[position]
        best = wants[np.argmin(np.abs(wants - got))] if np.isfinite(got) else wants[0]
        try:
            expect_close(got, best, what, LOOSE, LOOSE)
        except Broken:
            if not self._follows(got, position, case):
                raise
            self.carried = True

    def losses(self, case: Case) -> Array:
        """What the losses (repeats, N) are by the student's own function, drawn again and again."""
        pair, batches = case
        x = np.concatenate(batches)
        self.subject.seed(self.rubric.fresh_seed())
        got = self.subject(pair.model, pair.guide, np.tile(x, (REPEATS, 1)))
        if np.shape(got) == (REPEATS * len(x),):
            return -np.reshape(got, (REPEATS, len(x)))
        rows = [self.subject(pair.model, pair.guide, row[None]) for _ in range(FEW) for row in x]
        return -np.reshape(rows, (FEW, len(x)))

    def seeded(self, case: Case) -> bool:
        """Whether the student's own function gives the same in two calls, or none."""
        if self.subject is None:
            return False
        pair, (x, *_) = case
        try:
            found = []
            for _ in range(2):
                self.subject.seed(self.rubric.fresh_seed())
                found.append(self.subject(pair.model, pair.guide, x))
            return agrees(found[0], found[1], 1e-12)
        except Failure:
            return True

    def _follows(self, got: Array, position: int, case: Case) -> bool:
        if self.subject is None or not np.isfinite(got):
            return False
        try:
            losses = self.losses(case)
        except (Failure, ValueError):
            return False
        if agrees(losses[0], _losses(case), LOOSE) or np.ptp(losses.mean(0)) < 1e-3:
            return False
        spread = _summary(losses)[position]
        error = np.abs(spread.mean(-1) - got)
        return bool((error <= 8 * spread.std(-1) + LOOSE * (1 + np.abs(got))).any())


def _two(got: Any) -> tuple[Array, Array]:
    if isinstance(got, tuple) and len(got) == 2:
        return got
    if not isinstance(got, tuple) and np.shape(got) == (2,):
        return got[0], got[1]  # one tensor of two numbers unpacks like two
    found = f"{len(got)} results" if isinstance(got, tuple) else f"one result of shape {np.shape(got)}"
    raise Broken(f"evaluate returns two numbers, the mean and its standard error; yours returns {found}")


def _expect_untrained(call: Call) -> None:
    for event, what in (("step", "svi.step was called"), ("update", "the parameters were updated")):
        if count := call.count(event):
            raise Broken(f"{what} {count} times")
    if call.count("backward"):
        raise Broken("a gradient was computed and left in the parameters")
    if role := _left_in_evaluation_mode(call):
        raise Broken(f"the {role} was put into evaluation mode and left there")


def _seeded(subject: Any, rubric: Rubric, own: _Own) -> tuple[str, str] | None:
    """The means of two calls, where they agree although z is drawn; not if the student's own `trace_elbo` seeds."""
    case = _training_case(rubric.rng, (6, 5))
    means = [_two(_called(subject, rubric, case).got)[0] for _ in range(2)]
    if not agrees(means[0], means[1], 1e-12) or own.seeded(case):
        return None
    return number(means[0]), number(means[1])


def _keeps_graph(subject: Any, rubric: Rubric) -> bool:
    """Whether a gradient flows from the result to the programs' parameters."""
    pair, batches = _training_case(rubric.rng, (6, 5))
    programs = Svi(pair.model, pair.guide)
    got = subject(programs, Batches(batches))
    ones = tuple(np.ones(np.shape(each)) for each in got) if isinstance(got, tuple) else np.ones(np.shape(got))
    try:
        gradients, _ = subject.vjp((programs, Batches(batches)), ones)
    except Failure:
        return False
    return any(np.any(each) for each in gradients)


def _left_in_evaluation_mode(call: Call) -> str | None:
    for role in ("model", "guide"):
        modes = [each["training"] for each in call.events if each.get("of") == role]
        if modes and not modes[-1]:
            return role
    return None


def _evaluation_misconceptions(subject: Any, rubric: Rubric, own: _Own) -> Iterator[Misconception]:
    sizes = (6, 6, 1)
    case = _known_case(rubric.rng, sizes)
    try:
        call = _called(subject, rubric, case)
    except Failure as failure:
        yield from _of_failures(failure)
        return
    loss = own.losses(case).mean(0) if own.carried else _losses(case)
    tolerance = 5e-2 if own.carried else LOOSE
    parts = np.split(loss, np.cumsum(sizes)[:-1])
    means, sums = (np.array([getattr(part, name)() for part in parts]) for name in ("mean", "sum"))
    ((mean,), errors) = _summary(loss)
    n, pixels = len(loss), case[1][0].shape[1]
    deviations = errors * np.sqrt(n)

    def trained() -> str | None:
        steps, updates = call.count("step"), call.count("update")
        found = f"{_count(steps, 'step')} and {_count(updates, 'update')}, it takes 0"
        return found if steps or updates else None

    def gradient() -> str | None:
        count = call.count("backward")
        return f"yours left {count} gradients, it takes 0" if count else None

    def mode() -> str | None:
        role = _left_in_evaluation_mode(call)
        return None if role is None else f"`{role}.training` is False (0) after your call, it was True (1)"

    def count() -> str | None:
        if np.size(call.got) == 2:
            return None
        return f"yours has {_count(np.size(call.got), 'number')}, it takes 2"

    def close(got: Any, want: Any) -> bool:
        return agrees(got, want, tolerance)

    def swapped() -> str | None:
        first, second = _two(call.got)
        if close(second, mean) and any(close(first, error) for error in errors):
            return f"yours begins with {number(first)}, the mean loss is {mean:.4g}"
        return None

    def first_is(*wants: Any) -> Callable[[], str | None]:
        def recognise() -> str | None:
            got = _two(call.got)[0]
            if close(got, mean) or not any(close(got, want) for want in wants):
                return None
            return f"your mean is {number(got)}, it is {mean:.4g}"

        return recognise

    def second_is(*wants: Any) -> Callable[[], str | None]:
        def recognise() -> str | None:
            got = _two(call.got)[1]
            if any(close(got, error) for error in errors) or not any(close(got, want) for want in wants):
                return None
            return f"your standard error is {number(got)}, it is {errors[0]:.4g}"

        return recognise

    yield Misconception("P7", "Your evaluation trained on the test set: svi.step changes the parameters.", trained)
    yield Misconception("Y48", "Your evaluation left gradients in the parameters: no `backward` here.",
                        gradient)  # fmt: skip
    yield Misconception("Y46", "Evaluation must leave the mode as it was.", mode)
    def graph() -> str | None:
        if not _keeps_graph(subject, rubric):
            return None
        return f"your mean of {n} images, {number(_two(call.got)[0])}, can still be differentiated"

    def seeded() -> str | None:
        found = _seeded(subject, rubric, own)
        return found and "two calls gave {} and {}, they should differ".format(*found)

    yield Misconception("Y44", "Two numbers: the mean loss per image and its standard error.", count)
    yield Misconception("Y45", "The order is mean, standard error.", swapped)
    yield Misconception("P8", "Weight by images: the last batch may be short.",
                        first_is(means.mean(), sums.mean(), *(sums.mean() / size for size in sizes)))  # fmt: skip
    yield Misconception("Y25", "Sign: the loss is -ELBO.", first_is(-mean, -loss.sum()))
    yield Misconception("Y20", "This is the sum over the loader; divide by the number of images.",
                        first_is(loss.sum()))  # fmt: skip
    yield Misconception("Y24", "That is the last batch's loss; all batches count.",
                        first_is(means[-1], sums[-1] / n))  # fmt: skip
    yield Misconception("Y27", "A batch was left out: all of them count, and `return` comes after the loop.",
                        first_is(means[0], np.concatenate(parts[:-1]).mean()))  # fmt: skip
    yield Misconception("Y30", _PIXELS, first_is(mean / pixels))
    batches = len(sizes)
    of_batches = [each.std(ddof=ddof) for each in (means, sums, sums / sizes[0]) for ddof in (0, 1)]
    within = [np.array([part.std() for part in parts]), np.array([part.std() / np.sqrt(len(part)) for part in parts])]
    yield Misconception("Y40", "That is the standard deviation of one image; a mean of N varies less, by root N.",
                        second_is(*deviations))  # fmt: skip
    yield Misconception("Y42", "The standard error is taken over images, not over batches.", second_is(
        *deviations / np.sqrt(batches), *of_batches, *(each / np.sqrt(batches) for each in of_batches),
        *(each.mean() for each in within), *deviations / np.sqrt(sizes[0]),
    ))
    yield Misconception("Y41", "The standard error is the standard deviation over the root of the number of images.",
                        second_is(*deviations / n, *deviations**2 / n, *deviations**2, *deviations**2 / np.sqrt(n),
                                  *np.sqrt(deviations / n), *deviations / np.sqrt(n - 1)))  # fmt: skip
    yield Misconception("Y43", "The standard error needs the loss of each image; the batch's sum does not tell it.",
                        second_is(0.0))  # fmt: skip
    yield Misconception("Y28", _NOT_A_LOADER, _spent(subject, rubric, case, call))
    yield Misconception("R13", "Seeded inside: every call draws the same, and so does all that comes after it.",
                        seeded)  # fmt: skip
    yield Misconception("Y47", "The result holds the graph of the whole evaluation: `.item()`, or `no_grad` around it.",
                        graph)  # fmt: skip

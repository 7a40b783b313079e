"""The rubric: marks are properties, each with its points and one sentence. The score fails closed.

A check looks at one property after the other:

    rubric = Rubric("kl_divergence", 5, seed)
    with rubric.award("values", 2, "the values are those of the KL divergence"):
        rubric.expect_close(subject(mu, logvar), kl(mu, logvar))
    rubric.diagnose(KL_MISCONCEPTIONS)
    return rubric.score()

Points are earned only by a property whose block ran to its end. What the student's code did wrong ends
up in the property's message; what goes wrong in the check itself earns nothing and is marked for a person.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vaelabs.subjects import Failure
from vaelabs.subjects.failure import readable

MIME = "application/vnd.vaelabs.verdict+json"
SEED_MIME = "application/vnd.vaelabs.seed+json"
"""Of the output in which the judge notes the seed of a hidden test that is none of our checks."""

STATUSES = ("graded", "failed", "missing", "needs_review")


class Broken(AssertionError):
    """The property under test does not hold; the text says how, to the student."""


@dataclass(frozen=True)
class Misconception:
    """A known wrong form: its id in the catalogue, one sentence, and how to recognise it.

    `recognise()` returns the evidence (the student's number and ours, in words) or None.
    """

    id: str
    sentence: str
    recognise: Callable[[], str | None]


@dataclass
class Property:
    name: str
    points: float
    max_points: float
    sentence: str
    message: str = ""


@dataclass
class Diagnosis:
    id: str
    sentence: str
    evidence: str = ""


@dataclass
class Verdict:
    """What a check found out about one task."""

    task: str
    points: float
    max_points: float
    status: str
    seed: int | None = None
    properties: list[Property] = field(default_factory=list)
    diagnosis: Diagnosis | None = None
    message: str = ""

    def explanation(self) -> str:
        """Why points were lost, in one or two sentences; empty when none were."""
        if self.diagnosis is not None:
            return " ".join(filter(None, (self.diagnosis.sentence, self.diagnosis.evidence)))
        return self.message or "; ".join(f"{each.name}: {each.message}" for each in self.properties if each.message)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        """The verdict that `to_dict` wrote; raises ValueError when `data` is none."""
        try:
            diagnosis = data["diagnosis"]
            verdict = cls(
                task=str(data["task"]),
                points=float(data["points"]),
                max_points=float(data["max_points"]),
                status=str(data["status"]),
                seed=data["seed"],
                properties=[Property(**each) for each in data["properties"]],
                diagnosis=None if diagnosis is None else Diagnosis(**diagnosis),
                message=str(data["message"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a verdict: {error}") from error
        if verdict.status not in STATUSES or not 0 <= verdict.points <= verdict.max_points:
            raise ValueError(f"not a verdict: status {verdict.status}, {verdict.points} of {verdict.max_points}")
        return verdict


class Score(float):
    """The points, as nbgrader reads them from the cell's last value, with the verdict beside them."""

    verdict: Verdict

    def __new__(cls, verdict: Verdict) -> Score:
        score = super().__new__(cls, verdict.points)
        score.verdict = verdict
        return score

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(float(self)), MIME: self.verdict.to_dict()}


class Rubric:
    """Collects the properties of one task. `seed` (None: a fresh secret one) fixes what the check draws."""

    def __init__(self, task: str, max_points: float, seed: int | None = None):
        self.task, self.max_points = task, max_points
        self.seed = _seed() if seed is None else seed
        self.rng = np.random.default_rng([self.seed, zlib.crc32(task.encode())])
        self.properties: list[Property] = []
        self.diagnosis: Diagnosis | None = None
        self._failures: list[Failure] = []
        self._broken = 0
        self._fault = ""

    @contextmanager
    def award(self, name: str, points: float, sentence: str) -> Iterator[None]:
        """Award `points` if the block runs to its end. `sentence` states what must hold."""
        found = Property(name, 0.0, points, sentence)
        self.properties.append(found)
        try:
            yield
        except Broken as broken:
            self._broken += 1
            found.message = readable(str(broken))
        except Failure as failure:
            self._failures.append(failure)
            found.message = str(failure)
        except Exception as error:  # the check's own fault: never the student's points in silence
            self._fault = f"the check of {name!r} itself failed: {type(error).__name__}: {readable(str(error), 300)}"
            found.message = "this could not be checked; a person will look at it"
        else:
            found.points = points

    @property
    def all_hold(self) -> bool:
        return all(each.points == each.max_points for each in self.properties)

    def fresh_seed(self) -> int:
        """A seed for the subject's own random numbers, drawn from the rubric's."""
        return int(self.rng.integers(2**31))

    def diagnose(self, misconceptions: Iterable[Misconception]) -> None:
        """Name the first misconception whose own outputs are the student's, unless all is right."""
        if self.all_hold or self.diagnosis is not None:
            return
        for each in _until_it_fails(misconceptions):
            try:
                evidence = each.recognise()
            except (Broken, Failure, ArithmeticError, ValueError, IndexError, TypeError):
                continue  # the answer cannot be compared with this one
            if evidence is not None:
                self.diagnosis = Diagnosis(each.id, each.sentence, readable(evidence))
                return

    def score(self) -> Score:
        """The verdict as the graded cell's last value."""
        total = sum(each.max_points for each in self.properties)
        if not np.isclose(total, self.max_points):
            raise ValueError(f"{self.task}: the properties give {total:g} points, not {self.max_points:g}")
        points = sum(each.points for each in self.properties)
        status, message = "graded", ""
        if self._fault:
            status, message = "needs_review", self._fault
        elif self._failures and points == 0 and not self._broken:
            first = self._failures[0]
            status = "missing" if first.kind == "unanswered" else "failed"
            message = f"{self.task}: {first}"
        return Score(
            Verdict(self.task, points, self.max_points, status, self.seed, self.properties, self.diagnosis, message)
        )


def _until_it_fails(misconceptions: Iterable[Misconception]) -> Iterator[Misconception]:
    """The catalogue, cut short where an answer too odd to be compared stops it: a mark never hangs on a diagnosis."""
    try:
        yield from misconceptions
    except Exception:
        return


def expect_close(got: Any, want: Any, what: str, rtol: float = 1e-9, atol: float = 1e-9) -> None:
    """Raise Broken unless `got` has the shape of `want` and its values, |got - want| <= atol + rtol |want|.

    Infinities must agree in sign; a NaN never agrees.
    """
    expect_shape(got, np.shape(want), what)
    got, want = np.asarray(got, float), np.asarray(want, float)
    with np.errstate(invalid="ignore"):
        right = (got == want) | (np.abs(got - want) <= atol + rtol * np.abs(want))
    if not right.all():
        worst = np.unravel_index(np.argmin(right), right.shape)
        raise Broken("{}: got {}, expected {}".format(what, *tell_apart(got[worst], want[worst])))


def tell_apart(got: float, want: float) -> tuple[str, str]:
    """Both numbers, with as many digits as it takes to see that they differ."""
    for digits in (6, 9, 12):
        pair = f"{got:.{digits}g}", f"{want:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return pair


def expect_shape(got: Any, shape: tuple[int, ...], what: str) -> None:
    """Raise Broken unless `got` is one array of this shape."""
    if isinstance(got, tuple):
        raise Broken(f"{what}: got {len(got)} results (a list or a tuple), expected one array of shape {tuple(shape)}")
    if np.shape(got) != tuple(shape):
        raise Broken(f"{what}: got shape {np.shape(got)}, expected {tuple(shape)}")


def _seed() -> int:
    """A fresh secret seed, or the one a replay asks for through VAELABS_SEED."""
    fixed = os.environ.get("VAELABS_SEED", "")
    return int(fixed) if fixed.isdigit() else secrets.randbits(32)


def read_verdict(outputs: list[Any]) -> Verdict | None:
    """The verdict among a graded cell's outputs: that of its last value; None when there is none."""
    results = [output for output in outputs if output.get("output_type") == "execute_result"]
    if not results or MIME not in results[-1].get("data", {}):
        return None
    data = results[-1]["data"][MIME]
    return Verdict.from_dict(json.loads(data) if isinstance(data, str) else data)

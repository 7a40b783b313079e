"""What the class report is made of: one file of tidy rows, and what can be counted in it.

A report's notebook reads it with `read_class(path)` and asks the `ClassData` it gets:

    group = read_class("report/class/data.json")
    group.labs                      # the labs, each with its tasks
    group.points("vae_2d")          # the marks of those who handed in, as an array
    group.items("vae_2d")           # how hard each task was, and how telling
    group.mistakes("vae_2d")        # the known mistakes, the commonest first
    group.to_teach_again()          # tasks that the stated rule picks

Rows are plain dataclasses (`Submission`, `Outcome`, `Review`, `Picture`), to be counted in any other way as well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from vaelabs.course import CourseError

ENOUGH_FOR_FACILITY = 5
ENOUGH_FOR_DISCRIMINATION = 10
"""With fewer students than this the number is not given: chance alone would make most of it."""

HARD, COMMON, AT_LEAST = 0.5, 0.2, 3
"""The rule of what to teach again; see `ClassData.to_teach_again`."""


@dataclass(frozen=True)
class TaskInfo:
    """A task of a lab; `manual` when people mark it."""

    name: str
    title: str
    points: float
    manual: bool


@dataclass(frozen=True)
class LabInfo:
    name: str
    title: str
    graded: bool
    """Whether the gradebook knows it."""
    tasks: tuple[TaskInfo, ...] = ()

    def max_points(self, manual: bool) -> float:
        """The points of the written answers, or of the tasks that programs mark."""
        return sum(each.points for each in self.tasks if each.manual == manual)


@dataclass(frozen=True)
class Submission:
    """One student's lab. `status` is as in `vaelabs.reports.marks`; points are 0 where nothing was graded."""

    student: str
    lab: str
    status: str
    handed_in: bool
    automatic: float = 0.0
    manual: float = 0.0
    unmarked: int = 0
    """How many written answers nobody has marked yet."""
    late: bool = False
    seconds_late: float = 0.0
    """0 when it is late and nobody knows by how much."""
    penalty: float = 0.0
    seconds: float | None = None
    """Wall time on the worker that graded it; None where nothing was run."""


@dataclass(frozen=True)
class Outcome:
    """What became of one task of one submission. `points` is None until a person has marked it or looked at it."""

    student: str
    lab: str
    task: str
    points: float | None
    max_points: float
    status: str
    """graded, failed (the code stopped the check), missing (not answered) or needs_review; "" for a written answer."""
    mistake: str = ""
    """The known mistake that the answer matches, its id and one sentence; empty where none does."""
    sentence: str = ""


@dataclass(frozen=True)
class Review:
    """Something that a person must look at."""

    student: str
    lab: str
    tasks: str
    reason: str


@dataclass(frozen=True)
class Picture:
    """A figure of a submission, small and encoded by us: base64 of a JPEG."""

    student: str
    lab: str
    jpeg: str
    width: int
    height: int


@dataclass(frozen=True)
class Item:
    """How a task went among the `students` who handed its lab in and whose points for it are known.

    `facility` is the share of its points that they earned. `discrimination` is the correlation between the points for
    it and those for the lab's other tasks that programs mark (the corrected item-total correlation), with its interval
    of 95 % by Fisher's transform; None where too few students, or no differences, give it no meaning.
    """

    lab: str
    task: TaskInfo
    students: int
    facility: float | None
    discrimination: float | None
    low: float | None
    high: float | None
    full: int
    part: int
    none: int
    failed: int
    missing: int
    open: int


@dataclass(frozen=True)
class Mistake:
    """A known mistake in one task, and who made it. `share` is of those who handed the lab in."""

    lab: str
    task: str
    id: str
    sentence: str
    students: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Again:
    """A task to teach again: how it went, and its commonest mistake where that is common enough."""

    item: Item
    mistake: Mistake | None


@dataclass
class ClassData:
    """A class: its labs, everyone's submissions, and what there is to look at. The students are keys of `people`."""

    made: str
    anonymous: bool
    labs: list[LabInfo] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """What each student is called on the page."""
    submissions: list[Submission] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """What `vaelabs collect` left for a person to do, a sentence each."""
    waiting_count: int = 0
    """How many these are; an anonymous report has the number and not the sentences."""
    pictures: list[Picture] = field(default_factory=list)

    def lab(self, name: str) -> LabInfo:
        """The lab of this name. Raises CourseError when there is none."""
        for each in self.labs:
            if each.name == name:
                return each
        raise CourseError(f"The class has no lab {name!r}.", f"Known: {', '.join(each.name for each in self.labs)}.")

    def handed_in(self, lab: str) -> list[Submission]:
        """The submissions of a lab, by student; who handed in nothing has none."""
        return [each for each in self.submissions if each.lab == lab and each.handed_in]

    def counts_manual(self, lab: str) -> bool:
        """Whether the marks of a lab include the written answers: as soon as all of them are marked."""
        handed_in = self.handed_in(lab)
        return (
            bool(handed_in)
            and self.lab(lab).max_points(manual=True) > 0
            and not any(each.unmarked for each in handed_in)
        )

    def points(self, lab: str) -> np.ndarray:
        """The points of everyone who handed the lab in and whose mark is known, before any late penalty.

        Those of the written answers are in it when `counts_manual`.
        """
        manual = self.counts_manual(lab)
        known = [each for each in self.handed_in(lab) if each.status not in ("needs review", "not graded")]
        return np.array([each.automatic + manual * each.manual for each in known], float)

    def max_points(self, lab: str) -> float:
        """What `points` can reach."""
        found = self.lab(lab)
        return found.max_points(manual=False) + self.counts_manual(lab) * found.max_points(manual=True)

    def items(self, lab: str) -> list[Item]:
        """How each task of a lab went, in the lab's order."""
        info = self.lab(lab)
        rows: dict[str, dict[str, Outcome]] = defaultdict(dict)
        for each in self.outcomes:
            if each.lab == lab:
                rows[each.student][each.task] = each
        return [_item(info, task, list(rows.values())) for task in info.tasks]

    def mistakes(self, lab: str) -> list[Mistake]:
        """The known mistakes of a lab: by task in the lab's order, the commonest first."""
        found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for each in self.outcomes:
            if each.lab == lab and each.mistake:
                found[each.task, each.mistake, each.sentence].append(each.student)
        order = [task.name for task in self.lab(lab).tasks]
        everyone = len(self.handed_in(lab)) or 1
        mistakes = [Mistake(lab, *what, tuple(who), len(who) / everyone) for what, who in found.items()]
        return sorted(mistakes, key=lambda each: (order.index(each.task), -len(each.students), each.id))

    def unnamed(self, lab: str) -> dict[str, int]:
        """For each task, how many lost points in a way that no known mistake explains; they did answer it."""
        found: dict[str, int] = defaultdict(int)
        for each in self.outcomes:
            lost = each.points is not None and each.points < each.max_points
            if each.lab == lab and lost and not each.mistake and each.status in ("graded", "failed"):
                found[each.task] += 1
        return dict(found)

    def to_teach_again(self, hard: float = HARD, common: float = COMMON, at_least: int = AT_LEAST) -> list[Again]:
        """The tasks of which less than `hard` of the points was earned, or in which one known mistake was made by
        `common` or more of those who handed in; in both cases `at_least` so many students lost points. Hardest first.
        """
        again = []
        for lab in self.labs:
            mistakes = self.mistakes(lab.name)
            for item in self.items(lab.name):
                of_task = [each for each in mistakes if each.task == item.task.name]
                often = [each for each in of_task if each.share >= common and len(each.students) >= at_least]
                is_hard = item.facility is not None and item.facility < hard and item.students - item.full >= at_least
                if is_hard or often:
                    again.append(Again(item, often[0] if often else None))
        return sorted(again, key=lambda each: 1.0 if each.item.facility is None else each.item.facility)

    def late(self) -> list[Submission]:
        """Late submissions, by lab and then the latest first."""
        order = [each.name for each in self.labs]
        found = [each for each in self.submissions if each.late]
        return sorted(found, key=lambda each: (order.index(each.lab), -each.seconds_late, each.student))

    def seconds(self, lab: str) -> np.ndarray:
        """How long each submission of a lab took its worker."""
        return np.array([each.seconds for each in self.handed_in(lab) if each.seconds], float)

    def to_json(self) -> bytes:
        """All of it as JSON."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def read_class(path: Path | str) -> ClassData:
    """The class of a file that `vaelabs report` wrote. Raises CourseError when it is none."""
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8"))
        rows = {"submissions": Submission, "outcomes": Outcome, "reviews": Review, "pictures": Picture}
        for name, kind in rows.items():
            said[name] = [kind(**each) for each in said[name]]
        said["labs"] = [
            LabInfo(**{**each, "tasks": tuple(TaskInfo(**task) for task in each["tasks"])}) for each in said["labs"]
        ]
        return ClassData(**said)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.", "`vaelabs report` writes it.") from None
    except (ValueError, KeyError, TypeError):
        raise CourseError(f"{path} is not the data of a class report.", "`vaelabs report` writes it.") from None


def _item(lab: LabInfo, task: TaskInfo, rows: list[dict[str, Outcome]]) -> Item:
    of_task = [row[task.name] for row in rows if task.name in row]
    known = [each for each in of_task if each.points is not None]
    share = np.array([each.points / each.max_points for each in known if each.max_points])
    full = sum(each.points >= each.max_points for each in known)
    none = sum(each.points <= 0 for each in known if each.points < each.max_points)
    return Item(
        lab.name,
        task,
        len(known),
        float(share.mean()) if len(share) >= ENOUGH_FOR_FACILITY else None,
        *_discrimination(lab, task, rows),
        full=full,
        part=len(known) - full - none,
        none=none,
        failed=sum(each.status == "failed" for each in of_task),
        missing=sum(each.status == "missing" for each in of_task),
        open=len(of_task) - len(known),
    )


def _discrimination(
    lab: LabInfo, task: TaskInfo, rows: list[dict[str, Outcome]]
) -> tuple[float | None, float | None, float | None]:
    """The corrected item-total correlation and its interval; Nones where it has no meaning."""
    others = [each.name for each in lab.tasks if not each.manual and each.name != task.name]
    wanted = {task.name, *others}
    complete = [row for row in rows if all(name in row and row[name].points is not None for name in wanted)]
    if len(complete) < ENOUGH_FOR_DISCRIMINATION or not others:
        return None, None, None
    own = np.array([row[task.name].points for row in complete], float)
    rest = np.array([sum(row[name].points or 0.0 for name in others) for row in complete], float)
    if np.ptp(own) < 1e-9 or np.ptp(rest) < 1e-9:
        return None, None, None
    r = float(np.clip(np.corrcoef(own, rest)[0, 1], -1, 1))
    z, half = np.arctanh(np.clip(r, -0.9999, 0.9999)), 1.96 / np.sqrt(len(complete) - 3)
    return r, float(np.tanh(z - half)), float(np.tanh(z + half))

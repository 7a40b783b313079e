"""What grading one submission gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from vaelabs.checks.rubric import Verdict
from vaelabs.course import Course


@dataclass
class Result:
    """The verdicts on one submission, under the `key` that the ledger has them by.

    `hashes` names what they depend on (see `keys`), `isolation` what confined the student's code, `attempt` tells
    gradings of the same thing apart. `seconds` is wall time on the `worker`.

    `reason` says why nothing could be graded; `fresh` tells a result of this run from one that stood already.
    """

    student: str
    lab: str
    verdicts: list[Verdict]
    key: str
    hashes: dict[str, str]
    isolation: str
    attempt: int = 0
    seconds: float = 0.0
    reason: str = ""
    worker: str = ""
    committed_at: datetime | None = None
    fresh: bool = field(default=False, compare=False)

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def max_points(self) -> float:
        return sum(verdict.max_points for verdict in self.verdicts)

    @property
    def needs_review(self) -> bool:
        return any(verdict.status == "needs_review" for verdict in self.verdicts)

    @property
    def absent(self) -> bool:
        """Whether nothing was handed in (a blank notebook was)."""
        return bool(self.reason) and all(verdict.status == "missing" for verdict in self.verdicts)


def load_results(course: Course) -> list[Result]:
    """What the gradebook holds of everyone in submitted/, by lab and student; who has left is passed over.

    Raises CourseError when the ledger cannot be read.
    """
    from .ledger import Ledger

    with Ledger(course.ledger_url) as ledger:
        found = {(result.lab, result.student): result for result in ledger.settled()}
    wanted = ((lab, student) for lab in course.built_labs() for student in course.students())
    return [found[each] for each in wanted if each in found]

"""What grading one submission gave, and its record in report/results/."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaelabs.checks.rubric import Verdict
from vaelabs.course import Course, write_text


@dataclass
class Result:
    """The verdicts on one submission. `fingerprint` names what they depend on; `seconds` is wall time.

    `isolation` says what confined the student's code.

    `reason` says why nothing could be graded; `fresh` tells a result of this run from a record.
    """

    student: str
    lab: str
    verdicts: list[Verdict]
    fingerprint: str
    isolation: str
    seconds: float = 0.0
    reason: str = ""
    fresh: bool = False

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

    def save(self, course: Course) -> None:
        data = {
            "student": self.student,
            "lab": self.lab,
            "fingerprint": self.fingerprint,
            "isolation": self.isolation,
            "seconds": round(self.seconds, 2),
            "reason": self.reason,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
        }
        write_text(_record(course, self.student, self.lab), json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def load_result(course: Course, student: str, lab: str) -> Result | None:
    """The record of a submission; None when there is none that can be read."""
    try:
        data: dict[str, Any] = json.loads(_record(course, student, lab).read_text(encoding="utf-8"))
        return Result(
            data["student"],
            data["lab"],
            [Verdict.from_dict(each) for each in data["verdicts"]],
            data["fingerprint"],
            data["isolation"],
            data["seconds"],
            data["reason"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load_results(course: Course) -> list[Result]:
    """The records of everyone in submitted/, by lab and student; those of people who left are passed over."""
    found = (load_result(course, student, lab) for lab in course.built_labs() for student in course.students())
    return [result for result in found if result is not None]


def forget_result(course: Course, student: str, lab: str) -> None:
    """Remove the record before a submission is graded anew: an interrupted run must not leave the old one standing."""
    _record(course, student, lab).unlink(missing_ok=True)


def _record(course: Course, student: str, lab: str) -> Path:
    return course.report / "results" / lab / f"{student}.json"

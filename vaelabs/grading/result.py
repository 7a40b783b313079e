"""What grading one submission gave, and its record in report/results/."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from vaelabs.checks.rubric import Verdict
from vaelabs.course import Course, write_text


@dataclass
class Result:
    """The verdicts on one submission. `fingerprint` names what they depend on; `seconds` is wall time."""

    student: str
    lab: str
    verdicts: list[Verdict]
    fingerprint: str
    seconds: float = 0.0
    reason: str = ""

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
            "seconds": round(self.seconds, 2),
            "reason": self.reason,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
        }
        path = course.report / "results" / self.lab / f"{self.student}.json"
        write_text(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def load_result(course: Course, student: str, lab: str) -> Result | None:
    """The record of a submission; None when there is none that can be read."""
    path = course.report / "results" / lab / f"{student}.json"
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Result(
            data["student"],
            data["lab"],
            [Verdict.from_dict(each) for each in data["verdicts"]],
            data["fingerprint"],
            data["seconds"],
            data["reason"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load_results(course: Course) -> list[Result]:
    """Every record there is, by lab and student."""
    paths = sorted((course.report / "results").glob("*/*.json"))
    found = (load_result(course, path.stem, path.parent.name) for path in paths)
    return [result for result in found if result is not None]

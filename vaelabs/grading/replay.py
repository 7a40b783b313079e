"""A mark, reached once more from its record: the same files, the same seed, the same verdict."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import course_config
from vaelabs.course import Course, CourseError
from vaelabs.sandbox import Isolation, require

from .keys import lab_hashes, pack, read_files
from .ledger import Ledger
from .result import Result
from .settings import autograde_settings
from .worker import Job, graded


@dataclass(frozen=True)
class Replay:
    """The `verdict` that was reached now, and the `calls` that crossed between judge and student's code (as data)."""

    verdict: Verdict
    calls: list[dict[str, str]]


def recorded(course: Course, student: str, lab: str, task: str) -> tuple[Result, Verdict]:
    """The result that the gradebook holds, and its verdict on the task. Raises CourseError."""
    with Ledger(course.ledger_url) as ledger:
        key = ledger.settled_key(student, lab)
        result = ledger.result(key) if key else None
    if result is None:
        raise CourseError(f"{student}'s {lab} has not been graded.", f"vaelabs grade {lab} --student {student}")
    for verdict in result.verdicts:
        if verdict.task == task:
            return result, verdict
    raise CourseError(f"{lab} has no task {task!r}.", f"Known: {', '.join(each.task for each in result.verdicts)}.")


def changed_since(course: Course, result: Result) -> list[str]:
    """Which of the hashes of a result differ now: what it was marked by has changed."""
    return [name for name, value in lab_hashes(course, result.lab).items() if result.hashes[name] != value]


def replay(course: Course, result: Result, task: str, doubts: Mapping[str, str] = {}) -> Replay:
    """Run the recorded submission again, with the recorded seeds, by the lab and the checks as they are now.

    `doubts` are those of intake, as `grade` was told them.

    Nothing of it goes to ledger or gradebook. Raises CourseError when nothing was run, or nothing can be now.
    """
    if result.reason:
        raise CourseError("Nothing was run, so there is nothing to run again.")
    require(Isolation(result.isolation))
    with Ledger(course.ledger_url) as ledger:
        submission, _ = ledger.files(result.key)
    names = {each.name: each.grade_id for each in course.tasks(result.lab)}
    with tempfile.TemporaryDirectory(prefix="vaelabs-replay-") as folder:
        calls = Path(folder, "calls")
        config = course_config(course, autograde_settings())
        config.Execute.isolation = Isolation(result.isolation)
        config.Execute.seeds = {names[v.task]: v.seed for v in result.verdicts if v.seed is not None and v.task in names}
        config.Execute.calls = str(calls)
        job = Job(
            key=result.key,
            fingerprint="",
            attempt=result.attempt,
            student=result.student,
            lab=result.lab,
            hashes={**result.hashes, **lab_hashes(course, result.lab)},
            isolation=result.isolation,
            config=config,
            submission=submission,
            source=pack(read_files(course.notebook("source", result.lab))),
            ledger="",
            # A solution that earns nothing here makes a person look, and that is known from its run.
            run_solution=result.needs_review,
            doubts=doubts,
        )
        found = {verdict.task: verdict for verdict in graded(job)[0]}
        lines = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    crossed = {each["cell"]: each["calls"] for each in map(json.loads, lines)}
    if task not in found:
        raise CourseError(f"{result.lab} has no task {task!r} any more.")
    return Replay(found[task], crossed.get(names[task], []))

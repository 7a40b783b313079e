"""A class -> results, each once: what stands is kept, the rest goes to the engine, and one writer keeps the gradebook."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from traitlets.config import Config

from vaelabs.converting import course_config
from vaelabs.course import Course, CourseError, legible, write_table
from vaelabs.sandbox import Isolation, require

from .engine import ALLOWED_FAILURES, SMALL, Engine, Finished, said
from .gradebook import GradebookWriter
from .keys import Files, fingerprint, hash_files, key_of, lab_hashes, pack, read_files, unusable
from .ledger import Ledger
from .result import Result, load_results
from .settings import autograde_settings
from .worker import Job, blank, grade_submission

ROUNDS = 3
"""How often a submission goes to the engine that brings no result of it."""

Doubts = Callable[[str, str], Mapping[str, str]]
"""What speaks against taking points from a student's lab, by the answer's grade_id; see `Job.doubts`."""


def no_doubts(student: str, lab: str) -> Mapping[str, str]:
    return {}


COLUMNS = ("student", "lab", "task", "points", "max_points", "status", "diagnosis")


def grade(
    course: Course,
    labs: list[str],
    students: list[str],
    force: bool = False,
    isolation: Isolation = Isolation.BUBBLEWRAP,
    engine: Engine = Engine(),
    doubts: Doubts = no_doubts,
) -> Iterator[Result]:
    """Grade each student's submission of each lab; yields its result when the gradebook has it, in any order.

    A submission whose result still fits (same files, lab, checks and environment) is not run again unless `force`;
    one that needs review is, as what stood in the way may be gone. `doubts` says what intake was not sure of in a
    student's lab (see `Job`): where such an answer does not earn everything, a person must look.
    Every submission gives a result: what cannot be graded is `needs_review` with its reason, what was not
    handed in is `missing`. Raises CourseError only for faults of the course itself, of its databases or of the cluster,
    when this machine cannot confine students' code as `isolation` asks, or while another call grades the same course.
    Whenever it is stopped, another call goes on.
    """
    if not engine.scheduler:
        require(isolation)
    config = course_config(course, autograde_settings())
    config.Execute.isolation = isolation
    with _alone(course), Ledger(course.ledger_url) as ledger:
        desk = _Desk(course, config, ledger, labs, force, doubts)
        wanted = [(lab, student) for lab in labs for student in students]
        faults: dict[tuple[str, str], Finished] = {}
        for _ in range(ROUNDS):
            graded = []
            for lab, student in wanted:
                result = desk.without_grading(lab, student)
                if result is None:
                    graded.append((lab, student))
                else:
                    yield result
            taken: dict[str, tuple[str, str]] = {}
            faults = dict.fromkeys(graded, Finished("", "it could not be read twice"))
            for finished in engine.run(grade_submission, desk.jobs(graded, taken)):
                where = taken.pop(finished.key)
                faults[where] = finished
                if result := desk.enter(finished) or desk.poisonous(*where, finished):
                    del faults[where]
                    yield result
            wanted = list(faults)
        for where, finished in faults.items():
            yield desk.give_up(*where, finished.fault or "its worker brought no result")


@contextlib.contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Keep other calls from writing this course's gradebook and autograded/. Raises CourseError where one is at it."""
    course.report.mkdir(parents=True, exist_ok=True)
    with (course.report / "grading.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go of when this process ends, however it does
        except BlockingIOError:
            raise CourseError(f"{course.root} is being graded already.", "Wait until that has ended, or stop it.") from None
        except OSError:  # a file system without locks
            pass
        yield


def make_marks(course: Course) -> Path:
    """Write report/marks.csv from the ledger: one row for each student, lab and autograded task."""
    rows = (
        (
            result.student,
            result.lab,
            verdict.task,
            f"{verdict.points:g}",
            f"{verdict.max_points:g}",
            verdict.status,
            f"{verdict.diagnosis.id}: {verdict.diagnosis.sentence}" if verdict.diagnosis else "",
        )
        for result in load_results(course)
        for verdict in result.verdicts
    )
    path = course.report / "marks.csv"
    write_table(path, COLUMNS, rows)
    return path


@dataclass(frozen=True)
class _HandedIn:
    """What lies in a student's folder: `files` to be graded, or a `status` with the reason why there is nothing to."""

    files: Files
    status: str = ""
    reason: str = ""
    doubts: Mapping[str, str] = field(default_factory=dict)
    """What intake was not sure of, by the answer's grade_id; "" for all of the notebook."""


@dataclass(frozen=True)
class _Lab:
    """A lab as it is now: its files, packed, and the hashes that its results are known by."""

    packed: bytes
    hashes: dict[str, str]


class _Desk:
    """The coordinator's knowledge: what is handed in, what the ledger has of it, what the gradebook is to hold."""

    def __init__(self, course: Course, config: Config, ledger: Ledger, labs: list[str], force: bool, doubts: Doubts):
        self._course, self._config, self._ledger, self._force, self._doubts = course, config, ledger, force, doubts
        self._writer = GradebookWriter(course, config)
        self._labs = {}
        for lab in labs:
            self._labs[lab] = _Lab(pack(read_files(course.notebook("source", lab))), lab_hashes(course, lab))
            self._writer.register(lab)

    def without_grading(self, lab: str, student: str) -> Result | None:
        """The result of what needs no grading; None for what does."""
        found = self._handed_in(lab, student)
        last = self._ledger.latest(fingerprint(student, lab, self._hashes(found, lab), self._config.Execute.isolation))
        if found.status and (last is None or last.reason != found.reason):
            return self._refuse(self._job(found, lab, student), found.status, found.reason)
        if last is None or not found.status and (self._force or last.needs_review):
            return None
        if self._ledger.settled_key(student, lab) != last.key or not self._writer.holds(last):
            return self._entered(last)
        return last

    def jobs(self, wanted: list[tuple[str, str]], taken: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Job]]:
        """Jobs for labs and students, noted in `taken` by their keys. What is not there any more is left out."""
        for lab, student in wanted:
            found = self._handed_in(lab, student)
            if not found.status:
                job = self._job(found, lab, student, run_solution=len(wanted) > SMALL)
                taken[job.key] = (lab, student)
                yield job.key, job

    def enter(self, finished: Finished) -> Result | None:
        """The result of a job, now in the gradebook; None when there is none yet."""
        result = self._ledger.result(finished.key)
        if result is not None:
            result = self._entered(result)
            result.fresh = True
        return result

    def poisonous(self, lab: str, student: str, finished: Finished) -> Result | None:
        """The result of what stops every worker; None for what may only have been on a worker that something else stopped."""
        if finished.killed and self._ledger.attempts(finished.key) > ALLOWED_FAILURES:
            return self.give_up(lab, student, finished.fault)
        return None

    def give_up(self, lab: str, student: str, reason: str) -> Result:
        """A person must look at what the engine brought no result of."""
        job = self._job(self._handed_in(lab, student), lab, student)
        return self._refuse(job, "needs_review", f"{student}'s {lab} could not be graded: {reason}")

    def _handed_in(self, lab: str, student: str) -> _HandedIn:
        if why := unusable(student):
            shown = " ".join(student.splitlines())
            return _HandedIn({}, "needs_review", f"the folder submitted/{shown} has {why} in its name; rename it")
        notebook = self._course.submission(student, lab)
        where = notebook.relative_to(self._course.root)
        try:
            if notebook.is_file():
                return _HandedIn(read_files(notebook), doubts=self._doubts(student, lab))
            if os.path.lexists(notebook):
                return _HandedIn({}, "needs_review", f"{where} is there, but is no file: a folder, a pipe or a link to nothing")
            found = _strays(self._course, student, lab)
        except (CourseError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else said(error)
            return _HandedIn({}, "needs_review", f"{where} cannot be read: {why}")
        if found:
            return _HandedIn({}, "needs_review", f"{where} is not there; found {', '.join(found)}")
        return _HandedIn({}, "missing", f"{student} has not handed in {lab}")

    def _hashes(self, found: _HandedIn, lab: str) -> dict[str, str]:
        noted = {"/doubts": json.dumps(found.doubts, sort_keys=True).encode()} if found.doubts else {}
        return {"submission": hash_files({**found.files, **noted}), **self._labs[lab].hashes}

    def _job(self, found: _HandedIn, lab: str, student: str, run_solution: bool = False) -> Job:
        hashes = self._hashes(found, lab)
        print_of = fingerprint(student, lab, hashes, self._config.Execute.isolation)
        last = self._ledger.latest(print_of)
        attempt = 0 if last is None else last.attempt + 1
        return Job(
            key=key_of(print_of, attempt),
            fingerprint=print_of,
            attempt=attempt,
            student=student,
            lab=lab,
            hashes=hashes,
            isolation=self._config.Execute.isolation,
            config=self._config,
            submission=pack(found.files),
            source=self._labs[lab].packed,
            ledger=self._course.ledger_url,
            run_solution=run_solution,
            doubts=found.doubts,
        )

    def _refuse(self, job: Job, status: str, reason: str) -> Result:
        """Commit that nothing is earned, for a reason."""
        result = job.result(blank(self._course.tasks(job.lab), status, reason), reason=reason)
        self._ledger.commit(result, job.fingerprint, job.submission, None)
        result = self._entered(self._ledger.result(job.key))
        result.fresh = True
        return result

    def _entered(self, result: Result) -> Result:
        """Bring the gradebook to what a result says. Until that is done the ledger says that it is not."""
        self._ledger.unsettle(result.student, result.lab)
        try:
            self._writer.write(result, *self._ledger.files(result.key))
        except (CourseError, OSError) as error:
            if result.reason:
                raise
            found = self._handed_in(result.lab, result.student)
            job = self._job(found, result.lab, result.student)
            return self._refuse(job, "needs_review", f"the gradebook did not take it: {said(error)}")
        self._ledger.settle(result.student, result.lab, result.key)
        return result


def _strays(course: Course, student: str, lab: str) -> list[str]:
    """What else lies in a student's folder, where the lab's notebook does not: it may be the lab all the same."""
    folder = course.root / "submitted" / student
    others = set(course.built_labs()) - {lab}
    return sorted(
        legible(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.relative_to(folder).parts[0] not in others
        and not path.name.startswith(".")
        and (not path.is_dir() or path.suffix)
    )[:5]

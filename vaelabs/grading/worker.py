"""Grading one submission, wherever that may be: all that it needs is in the job, and the result goes to the ledger."""

from __future__ import annotations

import copy
import functools
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader import preprocessors
from nbgrader.converters import GenerateAssignment
from traitlets.config import Config

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import AutogradeInOnePass, convert
from vaelabs.course import Course, CourseError, Task, read_notebook, tasks_of
from vaelabs.databases import make_version
from vaelabs.sandbox import verdicts

from .engine import said
from .keys import Files, checks_hash, environment_hash, unpack
from .ledger import Ledger
from .reference import Reference, reference
from .result import Result

PLACES = ("root", "db_url", "source_directory", "release_directory", "submitted_directory", "autograded_directory",
          "feedback_directory", "solution_directory", "directory_structure")  # fmt: skip
"""Settings of the course that have no meaning in a scratch folder."""


@dataclass(frozen=True)
class Job:
    """A submission to be graded, with everything that it takes: workers need not share a file system.

    `submission` and `source` are packed files (see `keys`), `ledger` is the URL of the ledger.
    """

    key: str
    fingerprint: str
    attempt: int
    student: str
    lab: str
    hashes: dict[str, str]
    isolation: str
    config: Config
    submission: bytes
    source: bytes
    ledger: str
    run_solution: bool = False
    """Whether the solution is run first where no run of it is kept: kernels are warmed from it, which pays off for many."""
    doubts: Mapping[str, str] = field(default_factory=dict)
    """Why a person must look should an answer not earn everything, by grade_id; "" stands for every answer."""

    def tasks(self) -> list[Task]:
        """The lab's marked tasks."""
        return tasks_of(nbformat.reads(unpack(self.source)[f"{self.lab}.ipynb"].decode(), as_version=4))

    def result(self, verdicts: list[Verdict], seconds: float = 0.0, reason: str = "") -> Result:
        return Result(
            self.student, self.lab, verdicts, self.key, self.hashes, self.isolation, self.attempt, seconds, reason, whoami()
        )


def grade_submission(job: Job) -> str:
    """Grade and commit, unless that has been done; returns the job's key.

    Whatever goes wrong with the submission or with this machine is committed as `needs_review`.
    Raises CourseError when the ledger does not serve.
    """
    ledger = _ledger(job.ledger)
    if ledger.has(job.key):
        return job.key
    ledger.begin(job.key, job.student, job.lab, whoami())
    began = time.monotonic()
    try:
        found, notebook = graded(job)
        result = job.result(found, time.monotonic() - began)
    except Exception as error:
        reason = f"{job.student}'s {job.lab} could not be graded: {said(error)}"
        empty = blank(job.tasks(), "needs_review", reason)
        result, notebook = job.result(empty, time.monotonic() - began, reason), None
    ledger.commit(result, job.fingerprint, job.submission, notebook)
    return job.key


def graded(job: Job) -> tuple[list[Verdict], bytes]:
    """The verdicts and the autograded notebook, made by nbgrader in a course folder of the submission's own.

    Raises CourseError and whatever nbgrader stumbles over.
    """
    template, solution = _template(job)
    with tempfile.TemporaryDirectory(prefix="vaelabs-", dir=_scratch(), ignore_cleanup_errors=True) as folder:
        course = Course(Path(folder))
        shutil.copytree(template, folder, dirs_exist_ok=True)
        write_files(course.submission(job.student, job.lab).parent, unpack(job.submission))
        _must_be_readable(course, course.submission(job.student, job.lab))
        settings = _settings(job.config, course)
        settings.Execute.modules, settings.Execute.compiled = list(solution.modules), solution.compiled
        convert(AutogradeInOnePass, course.root, settings, job.lab, job.student)
        made = course.autograded(job.student, job.lab)
        found = {verdict.task: verdict for verdict in verdicts(read_notebook(made))}
        lost = blank(course.tasks(job.lab), "needs_review", "the graded cell of this task is lost")
        doubts = {task: f"the lab's own solution earns nothing on this machine ({why})" for task, why in solution.lost.items()}
        return [_fair(found.get(each.task, each), {**doubts, **job.doubts}) for each in lost], made.read_bytes()


def _must_be_readable(course: Course, notebook: Path) -> None:
    """Raise CourseError, with the path that it has in any course, where nbgrader would stumble over it."""
    try:
        nb = read_notebook(notebook)
        try:
            json.dumps(nb, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise CourseError(f"{notebook} has characters that no text can hold; `vaelabs collect` replaces them.") from None
    except CourseError as error:
        raise CourseError(str(error).replace(f"{course.root}{os.sep}", "")) from None


def _fair(verdict: Verdict, doubts: Mapping[str, str]) -> Verdict:
    """The verdict; where it takes points though something speaks against that, a person must look."""
    why = doubts.get(verdict.task) or doubts.get("")
    if verdict.points == verdict.max_points or not why:
        return verdict
    why = why.removeprefix(f"{verdict.task}: ")  # intake's doubts name it already
    return Verdict(verdict.task, 0.0, verdict.max_points, "needs_review", message=f"{verdict.task}: {why}")


def _template(job: Job) -> tuple[Path, Reference]:
    """A course folder whose gradebook knows the lab, to be copied for each submission, and what the solution's run gave.

    Made once for each lab.
    Raises CourseError when this worker would mark otherwise than the machine that sent the job.
    """
    version = (job.lab, job.hashes["lab"], job.hashes["checks"], job.hashes["environment"], job.run_solution)
    if version not in _templates:
        if environment_hash() != job.hashes["environment"]:
            raise CourseError(f"the worker {whoami()} has other packages installed than the machine that sent it work")
        folder = tempfile.TemporaryDirectory(prefix="vaelabs-lab-", dir=_scratch(), ignore_cleanup_errors=True)
        course = Course(Path(folder.name))
        write_files(course.notebook("source", job.lab).parent, unpack(job.source))
        if checks_hash(read_notebook(course.notebook("source", job.lab))) != job.hashes["checks"]:
            raise CourseError(f"the worker {whoami()} has another vaelabs than the machine that sent it work")
        settings = _settings(job.config, course)
        make_version(settings.CourseDirectory.db_url)
        convert(GenerateAssignment, course.root, settings, job.lab)
        shutil.rmtree(course.root / "release")
        source = read_notebook(course.notebook("source", job.lab))
        warm = job.config.Execute.get("warm", True)
        _templates[version] = folder, reference(source, job.config, job.hashes, make=job.run_solution) if warm else Reference()
    folder, solution = _templates[version]
    return Path(folder.name), solution


_templates: dict[tuple, tuple[tempfile.TemporaryDirectory, Reference]] = {}


def _settings(config: Config, course: Course) -> Config:
    """The course's configuration for a scratch folder, where points go nowhere but into the notebook."""
    config = copy.deepcopy(config)
    for name in PLACES:
        config.CourseDirectory.pop(name, None)
    config.CourseDirectory.db_url = f"sqlite:///{course.root}/gradebook.db"
    skipped = (
        preprocessors.SaveAutoGrades,
        preprocessors.AssignLatePenalties,
        preprocessors.CheckCellMetadata,  # our OverwriteCells has written it; to check it takes a quarter of the conversion
    )
    for name in ("sanitize_preprocessors", "autograde_preprocessors"):
        config.Autograde[name] = [each for each in config.Autograde[name] if not issubclass(each, skipped)]
    return config


def write_files(folder: Path, files: Files) -> None:
    """Lay the files down in a folder. Raises OSError."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _scratch() -> str | None:
    """Where a worker of Dask may write, which is removed when it ends; elsewhere the usual folder."""
    distributed = sys.modules.get("distributed")
    try:
        return distributed.get_worker().local_directory if distributed else None
    except ValueError:
        return None


@functools.cache
def _ledger(url: str) -> Ledger:
    """One connection for the process."""
    return Ledger(url)


def blank(tasks: list[Task], status: str, message: str) -> list[Verdict]:
    """A verdict of 0 points with this status for every autograded task."""
    return [Verdict(task.name, 0.0, task.points, status, message=message) for task in tasks if not task.manual]


@functools.cache
def whoami() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"

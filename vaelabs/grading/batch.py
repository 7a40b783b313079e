"""A class -> results. Submissions are graded one at a time with nbgrader's own converters."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

import vaelabs
from vaelabs.checks.rubric import Verdict
from vaelabs.converting import convert, course_config
from vaelabs.course import Course, CourseError, read_notebook, write_text
from vaelabs.sandbox import Isolation, require, verdicts

from .result import Result, forget_result, load_result, load_results
from .settings import autograde_settings

UNUSABLE = set("*?[]\n\r")
"""Characters that nbgrader would take for a pattern of several students' names."""

COLUMNS = ("student", "lab", "task", "points", "max_points", "status", "diagnosis")


def grade(
    course: Course,
    labs: list[str],
    students: list[str],
    force: bool = False,
    isolation: Isolation = Isolation.BUBBLEWRAP,
    begin: Callable[[str, str], None] = lambda student, lab: None,
) -> Iterator[Result]:
    """Grade each student's submission of each lab; yields its result when it is done.

    A submission whose record still fits (same file, lab and checks) is not run again unless `force`;
    one that needs review is, as what stood in the way may be gone.
    Every submission gives a result: what cannot be graded is `needs_review` with its reason, what was not
    handed in is `missing`. `begin` is called before each. Raises CourseError only for faults of the course itself, or
    when this machine cannot confine students' code as `isolation` asks.
    """
    require(isolation)
    config = course_config(course, autograde_settings())
    config.Execute.isolation = isolation
    for lab in labs:
        _register(course, config, lab)
        for student in students:
            begin(student, lab)
            result = _grade_one(course, config, student, lab, force)
            result.save(course)
            yield result


def make_marks(course: Course) -> Path:
    """Write report/marks.csv from the records: one row for each student, lab and autograded task."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    for result in load_results(course):
        for verdict in result.verdicts:
            named = verdict.diagnosis
            rows.writerow(
                (
                    _harmless(result.student),
                    result.lab,
                    verdict.task,
                    f"{verdict.points:g}",
                    f"{verdict.max_points:g}",
                    verdict.status,
                    f"{named.id}: {named.sentence}" if named else "",
                )
            )
    path = course.report / "marks.csv"
    write_text(path, table.getvalue())
    return path


def _grade_one(course: Course, config: Config, student: str, lab: str, force: bool) -> Result:
    submission = course.submission(student, lab)
    isolation = config.Execute.isolation
    fingerprint = _fingerprint(course, lab, submission, isolation)
    old = load_result(course, student, lab)
    if old is not None and not force and old.fingerprint == fingerprint and _still_stands(course, config, old):
        return old

    begin = time.monotonic()
    forget_result(course, student, lab)

    def give_up(status: str, reason: str) -> Result:
        _withdraw(course, config, student, lab, review=status == "needs_review")
        blank = _without(course, lab, status, reason)
        return Result(student, lab, blank, fingerprint, isolation, time.monotonic() - begin, reason, fresh=True)

    if set(student) & UNUSABLE:
        return give_up("needs_review", f"the folder submitted/{student} has one of * ? [ ] in its name; rename it")
    if not submission.is_file():
        found = _strays(course, student, lab)
        if not found:
            return give_up("missing", f"{student} has not handed in {lab}")
        where = submission.relative_to(course.root)
        return give_up("needs_review", f"{where} is not there; found {', '.join(found)}")
    try:
        read_notebook(submission)
        convert(Autograde, course.root, config, lab, student, log=course.report / "nbgrader.log")
        graded = {verdict.task: verdict for verdict in verdicts(read_notebook(course.autograded(student, lab)))}
    except (CourseError, OSError) as error:
        return give_up("needs_review", f"{student}'s {lab} could not be graded: {_first_line(error)}")
    lost = "the graded cell of this task is lost"
    complete = [graded.get(blank.task, blank) for blank in _without(course, lab, "needs_review", lost)]
    return Result(student, lab, complete, fingerprint, isolation, time.monotonic() - begin, fresh=True)


def _still_stands(course: Course, config: Config, old: Result) -> bool:
    """Whether the rest of what a record promises is there too: the autograded notebook and the gradebook's entry."""
    if old.needs_review:
        return False
    if old.reason:
        return True
    with _gradebook(course, config) as gradebook:
        try:
            gradebook.find_submission(old.lab, old.student)
        except MissingEntry:
            return False
    return course.autograded(old.student, old.lab).is_file()


def _withdraw(course: Course, config: Config, student: str, lab: str, review: bool) -> None:
    """Take back what an earlier submission earned automatically; marks given by hand stay."""
    if set(student) & UNUSABLE:
        return
    shutil.rmtree(course.autograded(student, lab).parent, ignore_errors=True)
    with _gradebook(course, config) as gradebook:
        try:
            submission = gradebook.find_submission(lab, student)
        except MissingEntry:
            return
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                grade.auto_score = 0
                grade.needs_manual_grade = review
        gradebook.db.commit()


def _strays(course: Course, student: str, lab: str) -> list[str]:
    """What else lies in a student's folder, where the lab's notebook does not: it may be the lab all the same."""
    folder = course.root / "submitted" / student
    others = set(course.built_labs()) - {lab}
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.relative_to(folder).parts[0] not in others
        and not path.name.startswith(".")
        and (not path.is_dir() or path.suffix)
    )[:5]


def _gradebook(course: Course, config: Config) -> Gradebook:
    directory = CourseDirectory(config=config, root=str(course.root))
    return Gradebook(directory.db_url, directory.course_id)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__


def _register(course: Course, config: Config, lab: str) -> None:
    """Make the gradebook know the lab as `source/` has it, and leave release/ alone."""
    scratch = course.report / "scratch"
    settings = config.copy()
    settings.CourseDirectory.release_directory = str(scratch)
    try:
        convert(GenerateAssignment, course.root, settings, lab, log=course.report / "nbgrader.log")
    except CourseError as error:
        changed = "submissions associated" in str(error)
        step = "Graded cells were added or removed since grading began: grade into a new gradebook.db." if changed else ""
        raise CourseError(f"The gradebook cannot take {lab} as it is now: {error}", *filter(None, [step])) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _without(course: Course, lab: str, status: str, message: str) -> list[Verdict]:
    """A verdict of 0 points with this status for every autograded task of the lab."""
    return [
        Verdict(task.name, 0.0, task.points, status, message=message)
        for task in course.tasks(lab)
        if not task.manual
    ]


def _fingerprint(course: Course, lab: str, submission: Path, isolation: str) -> str:
    """Hash of all that a mark depends on: the submission, the lab, our code and what confined the student's."""
    digest = hashlib.sha256((_hash_of_package() + isolation).encode())
    for path in (course.notebook("source", lab), submission):
        digest.update(path.read_bytes() if path.is_file() else b"")
        digest.update(b"\0")
    return digest.hexdigest()


@cache
def _hash_of_package() -> str:
    root = Path(vaelabs.__file__).parent
    digest = hashlib.sha256()
    ours = [root / "judge.py"]
    for folder in ("checks", "subjects", "sandbox", "grading"):
        ours += sorted((root / folder).rglob("*.py"))
    for path in ours:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _harmless(cell: str) -> str:
    """A spreadsheet would run a cell that begins like a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell

"""The one reader of a class's marks: what the report and the exports say comes from here.

nbgrader's gradebook has the points, those that people gave included; the verdicts of `vaelabs grade` tell of what is
not in it: notebooks that could not be graded, and those that nobody handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Protocol

from nbgrader.api import Grade, Gradebook, SubmittedAssignment
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import course_config
from vaelabs.course import Course, CourseError, Task
from vaelabs.databases import open_gradebook

GRADED, NEEDS_MARKING, NEEDS_REVIEW = "graded", "needs marking", "needs review"
NOT_GRADED, NOT_HANDED_IN = "not graded", "not handed in"
STATUSES = (GRADED, NEEDS_MARKING, NEEDS_REVIEW, NOT_GRADED, NOT_HANDED_IN)


class Graded(Protocol):
    """What grading says of one submission, as far as it is read here; see `vaelabs.grading.Result`."""

    student: str
    lab: str
    verdicts: list[Verdict]
    reason: str

    @property
    def absent(self) -> bool: ...


@dataclass(frozen=True)
class Person:
    """Someone of the course. What is not known is empty."""

    id: str
    """The name of their folder in submitted/, and their id in the gradebook."""
    first_name: str = ""
    last_name: str = ""
    full_name: str = ""
    """As a roster has it, where that does not tell first names from last names."""
    email: str = ""
    lms_id: str = ""
    """Their number in the learning management system."""

    @property
    def name(self) -> str:
        """The name, first names first; the id of someone of whom no name is known."""
        return self.full_name or f"{self.first_name} {self.last_name}".strip() or self.id


@dataclass(frozen=True)
class TaskMark:
    """What one task of one submission earned.

    `points` is what counts: a mark given by hand before the automatic one, with extra credit; None while a person must
    look first. `verdict` is the check's, for a task that programs mark. `confirm` says that the mark was given by hand
    and the submission graded again since: it stands, but may be of an earlier answer.
    """

    task: str
    grade_id: str
    manual: bool
    """Whether the task is marked by people: a written answer."""
    max_points: float
    points: float | None
    automatic: float | None = None
    by_hand: float | None = None
    extra_credit: float = 0.0
    confirm: bool = False
    comment: str = ""
    """What a person wrote beside the answer."""
    verdict: Verdict | None = None


@dataclass(frozen=True)
class LabMark:
    """What one student has for one lab; `tasks` is empty for what was not handed in or not graded yet."""

    person: Person
    lab: str
    max_points: float
    status: str
    """One of STATUSES."""
    reason: str = ""
    """Why a person must look, or why there is nothing, in a sentence without its full stop; may be empty."""
    tasks: tuple[TaskMark, ...] = ()
    handed_in: datetime | None = None
    """As the gradebook has it, in UTC and without a zone."""
    seconds_late: float = 0.0
    late_penalty: float = 0.0

    @property
    def student(self) -> str:
        return self.person.id

    @property
    def automatic(self) -> float:
        """Points of the tasks that programs mark; those that a person must look at first give none."""
        return sum(each.points or 0.0 for each in self.tasks if not each.manual)

    @property
    def manual(self) -> float:
        """Points of the written answers, as far as they are marked."""
        return sum(each.points or 0.0 for each in self.tasks if each.manual)

    @property
    def so_far(self) -> float | None:
        """Points after the late penalty, what is not marked yet counted as nothing; None where nothing was graded."""
        return max(0.0, self.automatic + self.manual - self.late_penalty) if self.tasks else None

    @property
    def score(self) -> float | None:
        """Points after the late penalty; None unless all is marked."""
        return self.so_far if self.status == GRADED else None

    @property
    def unmarked(self) -> tuple[TaskMark, ...]:
        """The tasks that a person must mark or look at."""
        return tuple(each for each in self.tasks if each.points is None)


@dataclass(frozen=True)
class Marks:
    """A class's marks: one LabMark for everyone and each lab, by lab and then by student."""

    labs: tuple[str, ...]
    people: tuple[Person, ...]
    marks: tuple[LabMark, ...]

    def of(self, student: str, lab: str) -> LabMark | None:
        """One student's mark of one lab; None when there is no such student or lab."""
        return self._found.get((student, lab))

    def of_lab(self, lab: str) -> tuple[LabMark, ...]:
        """A lab's marks, by student."""
        return tuple(each for each in self.marks if each.lab == lab)

    def only(self, labs: Iterable[str], students: Iterable[str] | None = None) -> Marks:
        """The marks of these labs, and of these students (None: of all)."""
        wanted = set(self._by_id if students is None else students)
        labs = tuple(labs)
        people = tuple(each for each in self.people if each.id in wanted)
        return Marks(labs, people, tuple(each for each in self.marks if each.lab in labs and each.student in wanted))

    @cached_property
    def _found(self) -> dict[tuple[str, str], LabMark]:
        return {(each.student, each.lab): each for each in self.marks}

    @cached_property
    def _by_id(self) -> dict[str, Person]:
        return {each.id: each for each in self.people}


def read_marks(course: Course, results: Iterable[Graded], people: Iterable[Person] = ()) -> Marks:
    """The marks of a class, with the `results` that `vaelabs.grading.load_results` gives.

    Everyone has a mark of each lab that the gradebook knows: who is in the gradebook, in submitted/ or in `people`, the
    roster, which also adds names. Raises CourseError when the gradebook does not serve, and when the course's plugin
    for late submissions fails.
    """
    config = course_config(course)
    with open_gradebook(course, config) as gradebook:
        return marks_in(gradebook, course, config, results, people)


def marks_in(
    gradebook: Gradebook, course: Course, config: Config, results: Iterable[Graded], people: Iterable[Person] = ()
) -> Marks:
    """As `read_marks`, of a gradebook that is open; `config` is the course's, with its plugin for late submissions."""
    known = {each.name for each in gradebook.assignments}
    labs = tuple(each for each in course.built_labs() if each in known)
    everyone = _everyone(gradebook, course, people)
    verdicts = {(each.student, each.lab): each for each in results}
    penalty = _late_penalties(config)
    marks = []
    for lab in labs:
        reader = _Reader(course, lab, course.tasks(lab), penalty)
        submissions = {each.student_id: each for each in gradebook.assignment_submissions(lab)}
        marks += [reader.mark(each, submissions.get(each.id), verdicts.get((each.id, lab))) for each in everyone]
    return Marks(labs, everyone, tuple(marks))


@dataclass(frozen=True)
class _Reader:
    """Reads the marks of one lab."""

    course: Course
    lab: str
    tasks: list[Task]
    penalty: Callable[[str, float, float], float]

    @property
    def max_points(self) -> float:
        return sum(each.points for each in self.tasks)

    def mark(self, person: Person, submission: SubmittedAssignment | None, result: Graded | None) -> LabMark:
        grades = _grades(submission, self.lab)
        by_hand = any(each.manual_score is not None for each in grades.values())
        mark = LabMark(person, self.lab, self.max_points, NOT_HANDED_IN)
        if result is not None and result.absent and not by_hand:
            return replace(mark, reason=result.reason.rstrip("."))
        if result is None and submission is None:
            return replace(mark, status=NOT_GRADED) if self._has_files(person.id) else mark
        found = {each.task: each for each in result.verdicts} if result else {}
        comments = _comments(submission, self.lab)
        tasks = tuple(
            _task_mark(each, grades.get(each.grade_id), comments, found.get(each.name)) for each in self.tasks
        )
        mark = replace(mark, tasks=tasks, status=_status(tasks), reason=_reason(tasks, result))
        if submission is None:
            return mark
        late = submission.total_seconds_late
        points = mark.automatic + mark.manual
        return replace(
            mark,
            handed_in=submission.timestamp,
            seconds_late=late,
            late_penalty=self.penalty(person.id, points, late) if late > 0 else 0.0,
        )

    def _has_files(self, student: str) -> bool:
        folder = self.course.submission(student, self.lab).parent
        return folder.is_dir() and any(folder.iterdir())


def _task_mark(task: Task, grade: Grade | None, comments: Mapping[str, str], verdict: Verdict | None) -> TaskMark:
    mark = TaskMark(
        task.name, task.grade_id, task.manual, task.points, None, verdict=verdict,
        comment=comments.get(task.grade_id) or comments.get(task.name, ""),
    )  # fmt: skip
    if grade is None:  # nothing of it is in the gradebook: only a verdict can speak of it
        known = verdict is not None and verdict.status != "needs_review"
        return replace(mark, points=verdict.points, automatic=verdict.points) if known else mark
    by_hand = grade.manual_score is not None
    doubtful = grade.needs_manual_grade or (verdict is not None and verdict.status == "needs_review")
    return replace(
        mark,
        points=None if doubtful and not by_hand else grade.score,
        automatic=grade.auto_score,
        by_hand=grade.manual_score,
        extra_credit=grade.extra_credit or 0.0,
        confirm=bool(by_hand and grade.needs_manual_grade),
    )


def _status(tasks: Iterable[TaskMark]) -> str:
    unmarked = {each.manual for each in tasks if each.points is None}
    return NEEDS_REVIEW if False in unmarked else NEEDS_MARKING if unmarked else GRADED


def _reason(tasks: Iterable[TaskMark], result: Graded | None) -> str:
    """Why a person must look at what programs could not mark; nothing once somebody has."""
    said = [each for each in tasks if each.points is None and not each.manual]
    if result is not None and result.reason and said:
        return result.reason.rstrip(".")
    messages = dict.fromkeys(each.verdict.message for each in said if each.verdict)
    return "; ".join(filter(None, messages)).rstrip(".")


def _grades(submission: SubmittedAssignment | None, lab: str) -> dict[str, Grade]:
    notebooks = [each for each in submission.notebooks if each.name == lab] if submission else []
    return {grade.name: grade for notebook in notebooks for grade in notebook.grades}


def _comments(submission: SubmittedAssignment | None, lab: str) -> dict[str, str]:
    """What people wrote, by the answer's grade_id."""
    notebooks = [each for each in submission.notebooks if each.name == lab] if submission else []
    found = {each.name: each.manual_comment for notebook in notebooks for each in notebook.comments}
    return {name: comment for name, comment in found.items() if comment}


def _everyone(gradebook: Gradebook, course: Course, people: Iterable[Person]) -> tuple[Person, ...]:
    """Everyone there is, by id. What the gradebook knows of them goes before the roster."""
    found = {each: Person(each) for each in course.students()} | {each.id: each for each in people}
    for each in gradebook.students:
        known = found.get(each.id, Person(each.id))
        named = bool(each.first_name or each.last_name)
        found[each.id] = replace(
            known,
            first_name=each.first_name or known.first_name,
            last_name=each.last_name or known.last_name,
            full_name="" if named else known.full_name,
            email=each.email or known.email,
            lms_id=each.lms_user_id or known.lms_id,
        )
    return tuple(found[each] for each in sorted(found))


def _late_penalties(config: Config) -> Callable[[str, float, float], float]:
    """The course's plugin for late submissions, asked anew: what people have marked since grading counts, too.

    As in nbgrader, a penalty is not negative and not more than the points.
    """
    try:
        step = AssignLatePenalties(config=config)
        step.init_plugin()
    except Exception as error:  # a course's own class, named in its nbgrader_config.py
        raise CourseError(f"The course's plugin for late submissions cannot be had: {error}.") from None

    def penalty(student: str, points: float, seconds_late: float) -> float:
        try:
            found = step.plugin_inst.late_submission_penalty(student, points, seconds_late)
            return min(max(0.0, float(found or 0.0)), points)
        except Exception as error:
            what = f"{type(step.plugin_inst).__name__}, the course's plugin for late submissions, failed"
            raise CourseError(f"{what}: {type(error).__name__}: {error}.") from None

    return penalty

"""From exports of a learning management system to submitted/<student>/<lab>/<lab>.ipynb."""

from __future__ import annotations

import csv
import warnings
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from vaelabs.course import Course, CourseError, write_bytes, write_table
from vaelabs.subjects.failure import readable

from .archive import Files, Limits, Refused, opened, opened_within
from .exports import HandedIn, system_of, understand
from .history import (
    BY_HAND,
    History,
    Published,
    Version,
    known_histories,
    nbgrader_time,
    sha256,
    take_in_by_hand,
)
from .labs import Labs, copy_number, plain_stem, read_labs
from .notebooks import Unreadable, notebook_from
from .repair import Change, Doubt, Repaired, repair, summary, written_answers
from .roster import Person, Roster, Unmatched, folder_name

COLUMNS = ("file", "student", "lab", "when", "late", "outcome", "what to do")
REPAIR_COLUMNS = ("student", "lab", "cell", "repair or doubt", "sentence")

COUNTS, REPAIRED, SUPERSEDED = "counts", "counts, repaired", "superseded"
IGNORED, ASIDE, REFUSED = "ignored", "set aside", "refused"


@dataclass(frozen=True)
class Row:
    """What became of one file. A person is needed where `todo` says something."""

    file: str
    student: str = ""
    lab: str = ""
    when: str = ""
    late: str = ""
    outcome: str = ""
    todo: str = ""


@dataclass
class Intake:
    """What `collect` did: a row for each file of the exports, and the submissions that it wrote or changed."""

    rows: list[Row] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)

    @property
    def needs_person(self) -> list[Row]:
        return [row for row in self.rows if row.todo]


def collect(
    course: Course,
    paths: list[Path],
    *,
    lab: str | None = None,
    roster: Roster | None = None,
    student: str | None = None,
    due: datetime | None = None,
    limits: Limits = Limits(),
) -> Intake:
    """Bring what lies in `paths` to submitted/, the latest version of each student's lab, repaired.

    `lab` is the one for files from which no lab can be told, `student` the one who handed in files that do not say who.
    Every version is kept in submitted/.history/; a second run with the same exports changes nothing, and an older export
    changes no newer submission. Writes report/intake.csv about these exports and report/repairs.csv about all there is.
    One bad file never stops the others: it has a row that says what to do. Raises CourseError only for faults of the
    course itself.
    """
    run = _Run(course, read_labs(course, lab), lab, roster, student, due, limits)
    for path in paths:
        run.take(path)
    run.publish()
    intake = Intake(run.finished_rows(), run.written)
    write_table(course.report / "intake.csv", COLUMNS, [tuple(asdict(row).values()) for row in intake.rows])
    _write_repairs(course)
    return intake


def notes(course: Course, student: str, lab: str) -> Published:
    """What `collect` repaired and doubted in the submission that lies in submitted/ now.

    Empty when that file is another one: what a notebook's own metadata say can be a student's invention, this cannot.
    """
    path = course.submission(student, lab)
    history = History(course, student, lab)
    if not path.is_file() or sha256(path.read_bytes()) != history.published.sha256:
        return Published()
    return history.published


def left_to_do(course: Course) -> list[str]:
    """What the last `collect` left for a person, a sentence each, from report/intake.csv; empty where there is none.

    Raises CourseError when the file is there and cannot be read.
    """
    path = course.report / "intake.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [row[COLUMNS[-1]] for row in csv.DictReader(file) if row.get(COLUMNS[-1])]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise CourseError(f"{path} cannot be read: {error}.", "Collect the exports again, or remove it.") from None


def label_of(course: Course, student: str, lab: str, system: str) -> str:
    """What the `system` ("canvas", "moodle") takes a file back by for this student's lab; empty where it is not known.

    In Canvas it is the name of the file that was handed in, in Moodle that of the student's folder in the export.
    """
    return History(course, student, lab).label(system)


@dataclass
class _Pending:
    """A row that is complete only when all files are known."""

    row: Row
    version: Version | None = None
    people: tuple[str, ...] = ()
    if_alone: str = ""
    """What to do should its student have handed in nothing better."""


class _Run:
    def __init__(
        self, course: Course, labs: Labs, lab: str | None, roster: Roster | None, student: str | None,
        due: datetime | None, limits: Limits,
    ):  # fmt: skip
        self.course, self.labs, self.lab, self.roster, self.student = course, labs, lab, roster, student
        self.due, self.limits = due, limits
        self.pending: list[_Pending] = []
        self.histories: dict[tuple[str, str], History] = {}
        self.written: list[Path] = []
        self.repaired: dict[tuple[str, str], bool] = {}
        self.folders = {name.casefold(): name for name in course.students()}

    # ---- taking in

    def take(self, path: Path) -> None:
        """Look at every file of one export."""
        if not path.exists():
            self._row(path.name, outcome=REFUSED, todo=f"{path} does not exist: look at the path.")
            return
        with opened(path, self.limits) as files:
            self._files(files, path.name, depth=0)

    def _files(self, files: Files, where: str, depth: int) -> None:
        for name, why in files.refused:
            self._refuse(f"{where}/{name}" if name else where, why)
        handed = understand(files.entries, self.labs.names)
        names = self._names_without_roster(handed)
        for each in handed:
            shown = where if each.entry.name == where else f"{where}/{each.entry.name}"
            self._one(each, readable(shown, 300), depth, names)

    def _one(self, handed: HandedIn, where: str, depth: int, twins: set[str]) -> None:
        is_zip = handed.original.lower().endswith(".zip")
        if handed.flaw:
            self._refuse(where, handed.flaw)
        elif is_zip and depth < self.limits.nesting and self._is_export(handed):
            with opened_within(handed.entry, self.limits) as files:
                self._files(files, where, depth + 1)
        elif ".ipynb_checkpoints" in handed.entry.parts:
            self._row(where, outcome=IGNORED)
        else:
            try:
                students = self._students(handed, twins)
            except Unmatched as error:
                if is_zip or handed.may_be_notebook:
                    hint = "name them in a roster (--roster FILE)" if self.roster is None else "mend the roster or rename it"
                    self._row(where, outcome=ASIDE, todo=f"{where}: {error}; {hint} and collect again.")
                else:
                    self._row(where, outcome=IGNORED)
                return
            self._of_students(handed, where, depth, students)

    def _is_export(self, handed: HandedIn) -> bool:
        """Whether a zip in a folder is an export of its own, and nothing that one student handed in."""
        if not handed.people:
            return True
        if not handed.people[0].is_folder:
            return False
        with opened_within(handed.entry, self.limits) as files:
            return bool(system_of(files.entries))

    def _of_students(self, handed: HandedIn, where: str, depth: int, students: tuple[str, ...]) -> None:
        if handed.original.lower().endswith(".zip"):
            self._zip_of(handed, where, depth, students)
            return
        if not handed.may_be_notebook:
            kind = "." + handed.original.rsplit(".", 1)[-1].lower()
            self._useless(where, students, f"is a {readable(kind, 20)} file and no notebook")
            return
        try:
            data = handed.entry.read()
            notebook, _ = notebook_from(data)
        except (Refused, Unreadable) as error:
            if handed.original.lower().endswith(".ipynb"):
                again = "; ask for the .ipynb again" if isinstance(error, Unreadable) else ""  # Refused says what to do
                self._refuse(where, f"{error}{again}", students)
            else:
                self._useless(where, students, str(error))
            return
        found = self.labs.of_content(notebook) or self.labs.of_name(handed.original) or self.lab
        if found is None:
            self._row(where, students, outcome=ASIDE,
                      todo=f"{where} of {_and(students)} belongs to no lab of the course; if it does, name it with --lab.")  # fmt: skip
            return
        for student in students:
            self._keep(handed, where, student, found, data, notebook)

    def _zip_of(self, handed: HandedIn, where: str, depth: int, students: tuple[str, ...]) -> None:
        """A zip that a student handed in: what in it may be a notebook is theirs."""
        if depth >= self.limits.nesting:
            self._refuse(where, f"is a zip inside of {depth} others; ask for the .ipynb itself", students)
            return
        with opened_within(handed.entry, self.limits) as files:
            for name, why in files.refused:
                self._refuse(f"{where}/{name}" if name else where, why, students)
            looked_at = False
            for entry in files.entries:
                inner = replace(handed, entry=entry, original=entry.parts[-1])
                is_zip = inner.original.lower().endswith(".zip")
                if ".ipynb_checkpoints" in entry.parts or not (inner.may_be_notebook or is_zip):
                    continue
                looked_at = True
                self._of_students(inner, readable(f"{where}/{entry.name}", 300), depth + 1, students)
        if not looked_at and not files.refused:
            self._useless(where, students, "is a zip without a notebook")

    def _keep(self, handed: HandedIn, where: str, student: str, lab: str, data: bytes, notebook: NotebookNode) -> None:
        key = (student, lab)
        if key not in self.histories:
            self.histories[key] = History(self.course, student, lab)
            take_in_by_hand(self.course, self.histories[key])
        version = Version(
            origin=where,
            sha256=sha256(data),
            when=handed.when.astimezone(UTC).isoformat() if handed.when else "",
            exact=handed.exact,
            of_export=handed.of_export,
            late=self._late(handed),
            serial=handed.serial,
            rank=(len(written_answers(notebook, self.labs.labs[lab].release)), copy_number(handed.original)),
            system=handed.system,
            label=handed.label,
        )
        kept = self.histories[key].add(version, data)
        row = Row(where, student, lab, _shown_time(handed), {True: "yes", False: "no", None: ""}[version.late])
        self.pending.append(_Pending(row, kept, (student,)))

    def _late(self, handed: HandedIn) -> bool | None:
        if handed.late is not None:  # the system knows of extensions
            return handed.late
        return handed.when > self.due if self.due and handed.when else None

    # ---- who

    def _students(self, handed: HandedIn, twins: set[str]) -> tuple[str, ...]:
        """The ids of those who handed a file in. Raises Unmatched."""
        if self.roster is not None:
            return tuple(self._folder(each) for each in self._in_roster(handed))
        if not handed.people:
            if self.student:
                return (self._folder(self.student),)
            raise Unmatched("nothing says whose it is")
        found = []
        for person in handed.people:
            if person.shown in twins:
                raise Unmatched(f"two people of the export are called {person.shown!r}")
            found.append(self._folder(_own_id(person)))
        return tuple(found)

    def _in_roster(self, handed: HandedIn) -> list[str]:
        if handed.people and not handed.people[0].is_folder:
            return [self.roster.match(person) for person in handed.people]
        problems = []
        for folder in handed.alternatives:
            try:
                return [self.roster.match(Person(folder, (("folder", folder),)))]
            except Unmatched as error:
                problems.append(error)
        try:
            return [self.roster.in_text(handed.original)]
        except Unmatched as error:
            if self.student:
                return [self.student]
            raise (problems[0] if problems else error) from None

    def _folder(self, student: str) -> str:
        name = folder_name(student)
        if not name:
            raise Unmatched(f"{student!r} cannot be the name of a folder")
        known = self.folders.setdefault(name.casefold(), name)
        if known != name:
            raise Unmatched(f"{name!r} and {known!r} differ only in capitals")
        return name

    def _names_without_roster(self, handed: list[HandedIn]) -> set[str]:
        """Names that two people of one export have, and that only a roster can tell apart."""
        numbers: dict[str, set[tuple]] = defaultdict(set)
        for each in handed:
            for person in each.people:
                if any(kind == "moodle" for kind, _ in person.numbers):
                    numbers[person.shown].add(person.numbers)
        return {name for name, found in numbers.items() if len(found) > 1}

    # ---- what counts

    def publish(self) -> None:
        """Put the version that counts to its place, for everyone of whom something came."""
        for (student, lab), history in sorted(self.histories.items()):
            latest = history.latest()
            path = self.course.submission(student, lab)
            data, repaired = history.data(latest), Repaired(NotebookNode())
            if latest.origin != BY_HAND:
                try:
                    data, repaired = _made_gradable(data, self.labs.labs[lab].release)
                except Exception as error:  # a fault of ours costs one student a wait, and never the class
                    why = f"the notebook could not be repaired ({type(error).__name__}); it is as it was handed in"
                    repaired = Repaired(NotebookNode(), doubts=[Doubt("", why)])
            if write_bytes(path, data):
                self.written.append(path)
            _write_stamp(path.with_name("timestamp.txt"), nbgrader_time(latest, self.due), history)
            history.published = Published(
                latest.sha256,
                sha256(data),
                [{"cell": each.cell, "sentence": each.sentence} for each in repaired.changes],
                {each.task: each.sentence for each in repaired.doubts},
            )
            history.save()
            self.repaired[student, lab] = not repaired.untouched

    def finished_rows(self) -> list[Row]:
        usable = {student for each in self.pending if each.version for student in each.people}
        rows = []
        for each in self.pending:
            row = each.row
            if each.version is not None:
                row = self._judged(row, each.version)
            elif each.if_alone and not (each.people and set(each.people) <= usable):
                row = replace(row, outcome=REFUSED, todo=each.if_alone)
            rows.append(row)
        return rows

    def _judged(self, row: Row, version: Version) -> Row:
        history = self.histories[row.student, row.lab]
        latest = history.latest()
        if version != latest:
            why = " by a file that was put into submitted/ by hand" if latest.origin == BY_HAND else ""
            known = version in history.rivals(latest)  # the row of the one that counts says so
            return replace(row, outcome=SUPERSEDED + why, todo="" if known else self._perhaps_anothers(version, latest))
        whose = f"{row.file} of {row.student}: "
        todo = [whose + each for each in history.published.doubts.values()]
        rivals = [each for each in history.rivals(latest) if each.sha256 != latest.sha256]
        if rivals:
            todo.append(f"{row.student} handed in {len(rivals) + 1} notebooks of {row.lab} at once, and this one counts, not "
                        f"{rivals[0].origin}; if the other was meant, put it into submitted/{row.student}/{row.lab}/")  # fmt: skip
        said = "; ".join(todo) + "." if todo else ""
        return replace(row, outcome=REPAIRED if self.repaired[row.student, row.lab] else COUNTS, todo=said)

    def _perhaps_anothers(self, version: Version, latest: Version) -> str:
        """Two files with different names in one folder may be two students', whatever the folder is called."""
        (folder, name), (other, other_name) = (each.origin.rpartition("/")[::2] for each in (version, latest))
        if version.serial or folder != other or self.roster is not None or plain_stem(name) == plain_stem(other_name):
            return ""
        return (f"{version.origin} does not count, as {other_name} lies beside it and is newer; if they are two students', "
                "name them in a roster (--roster FILE) and collect again.")  # fmt: skip

    # ---- rows

    def _row(self, file: str, students: tuple[str, ...] = (), **said: str) -> None:
        self.pending.append(_Pending(Row(readable(file, 300), ", ".join(students), **said), people=students))

    def _refuse(self, file: str, why: str, students: tuple[str, ...] = ()) -> None:
        whose = f" of {_and(students)}" if students else ""
        self._row(file, students, outcome=REFUSED, todo=f"{readable(file, 300)}{whose} {why}.")

    def _useless(self, file: str, students: tuple[str, ...], why: str) -> None:
        """Something beside the notebook: nobody's business, unless the notebook is missing."""
        ask = f"{file} of {_and(students)} {why}, and nothing else was handed in; ask for the .ipynb."
        self.pending.append(_Pending(Row(file, ", ".join(students), outcome=IGNORED), people=students, if_alone=ask))


def _made_gradable(data: bytes, release: NotebookNode) -> tuple[bytes, Repaired]:
    """The bytes to be graded: those that were handed in, unless something had to be repaired."""
    notebook, mended = notebook_from(data)
    repaired = repair(notebook, release)
    if repaired.untouched and not mended:
        return data, repaired
    changes = [Change("notebook", sentence) for sentence in mended] + repaired.changes
    notebook = nbformat.from_dict(repaired.notebook)
    if not isinstance(notebook.metadata.get("vaelabs"), dict):
        notebook.metadata["vaelabs"] = nbformat.from_dict({})
    notebook.metadata.vaelabs["repairs"] = summary(changes)
    notebook.metadata.vaelabs.setdefault("doubts", {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about cells without ids, in a format that knows none
        return (nbformat.writes(notebook) + "\n").encode(), Repaired(notebook, changes, repaired.doubts)


def _own_id(person: Person) -> str:
    """What a student is called where there is no roster: the system's own number or name, the same in every export."""
    numbers = dict(person.numbers)
    if person.squashed:
        return f"{person.name}_{numbers['canvas']}"
    return numbers.get("sid") or numbers.get("email") or person.name or f"participant {numbers.get('moodle', '')}".strip()


def _write_stamp(path: Path, stamp: str, history: History) -> None:
    """nbgrader's time of the submission; that of an earlier version goes away with it."""
    latest = history.latest()
    if latest.origin == BY_HAND:
        return
    if stamp:
        write_bytes(path, f"{stamp}\n".encode())
    elif history.published.version != latest.sha256:
        path.unlink(missing_ok=True)


def _write_repairs(course: Course) -> None:
    rows = []
    for student, lab in known_histories(course):
        said = History(course, student, lab).published
        rows += [(student, lab, each["cell"], "repair", each["sentence"]) for each in said.changes]
        rows += [(student, lab, task, "doubt", sentence) for task, sentence in said.doubts.items()]
    write_table(course.report / "repairs.csv", REPAIR_COLUMNS, rows)


def _shown_time(handed: HandedIn) -> str:
    if handed.when is None:
        return ""
    before = "before " if handed.of_export else ""
    return f"{before}{handed.when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _and(students: tuple[str, ...]) -> str:
    return " and ".join(students)

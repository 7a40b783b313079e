"""A class's marks as files that learning management systems import as they are, and as plain tables.

What a system exported is taken as the roster and filled in. Nobody's mark is guessed: what is not marked yet stays as
the system has it, and is named. What the formats are was read in the systems' own importers and documentation:

- Canvas: `lib/gradebook_importer.rb` and `gradebook_exporter.rb` of instructure/canvas-lms. Rows are known by ID, then
  SIS ids, then name; columns by "Title (id)"; an empty cell takes an existing score away; columns and students that are
  not in the file stay as they are.
- Moodle: `grade/import/csv/classes/load_data.php` and `mod/assign/feedback/offline/` of moodle/moodle, and
  https://docs.moodle.org/en/Grade_import. In the gradebook's import "-" and an empty cell take a grade away, and one
  unknown student stops all of it; a grading worksheet passes over empty grades and over those above its maximum.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from vaelabs.course import (
    Course,
    CourseError,
    folder_name,
    harmless,
    plain_title,
    read_notebook,
    read_table,
    write_bytes,
    write_table,
)

from .marks import GRADED, NOT_HANDED_IN, STATUSES, LabMark, Marks, Person, TaskMark

_LOGIN = ("sis login id", "sis user id", "integration id", "id number", "username", "login", "sid", "student id",
          "student_id", "id", "student", "identifier")  # fmt: skip
"""Columns that can hold what a student's folder is named after."""
_NUMBER = ("id", "canvas_id", "canvas id", "lms_user_id", "identifier", "moodle_id")
"""Columns that hold a system's own number of a student."""
_FIRST = ("first name", "firstname", "first_name")
_LAST = ("last name", "lastname", "last_name", "surname")
_NAME = ("name", "full name", "full_name", "student name")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NUMERIC = re.compile(r"[+-]?\d+([.,]\d+)?%?")
_CANVAS_ID = re.compile(r"\s*\(\d+\)\s*$")
_MOODLE_WORDS = re.compile(r"^(?:assignment|aufgabe|devoir|tarea):\s*|\s*\([^()]*\)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Options:
    """How marks are written.

    `roster` is the system's own export, `columns` says which of its columns is a lab's where the title does not.
    `decimals` digits follow the point, halves are rounded up. With `partial`, what is marked so far counts as the mark
    of a lab that people have not finished.
    """

    roster: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    decimals: int = 2
    partial: bool = False

    def points(self, value: float | None) -> str:
        """A number as the file has it, without zeros at its end; empty for None."""
        if value is None:
            return ""
        exact = Decimal(repr(round(value, 9)))  # 2.675 is what was meant where a sum gives 2.6749999999999998
        rounded = exact.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        text = f"{rounded:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def mark(self, mark: LabMark) -> str:
        """A lab's mark; empty where there is none."""
        return self.points(mark.so_far if self.partial else mark.score)


@dataclass(frozen=True)
class Exported:
    """What was written: files, how many marks are in them, what is good to know, and what is left for a person."""

    paths: tuple[Path, ...]
    given: int
    notes: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    next_step: str = ""


def export_csv(course: Course, marks: Marks, path: Path, options: Options) -> Exported:
    """Everything, in two tidy tables: a row for each student and lab in `path`, for each task in the one beside it."""
    people, strangers = named(marks, options)
    beside = path.with_name(f"{path.stem}_tasks{path.suffix}")
    labs = (_lab_row(each, people[each.student], options) for each in marks.marks)
    tasks = (_task_row(each, task, people[each.student], options) for each in marks.marks for task in each.tasks)
    write_table(path, LAB_COLUMNS, labs)
    write_table(beside, TASK_COLUMNS, tasks)
    given = sum(bool(options.mark(each)) for each in marks.marks)
    outside = [f"In {options.roster.name} and not in the course: {_some(strangers)}"] if strangers else []
    return Exported((path, beside), given, (*said_of(marks), *outside), left_open(marks, options))


LAB_COLUMNS = (
    "student", "name", "email", "lab", "status", "score", "max_points", "automatic", "manual", "late_penalty",
    "seconds_late", "handed_in", "reason",
)  # fmt: skip
TASK_COLUMNS = (
    "student", "name", "lab", "task", "kind", "points", "max_points", "automatic", "by_hand", "extra_credit",
    "verdict", "diagnosis", "comment",
)  # fmt: skip


def _lab_row(mark: LabMark, person: Person, options: Options) -> tuple[str, ...]:
    earned = (mark.automatic, mark.manual, mark.late_penalty) if mark.tasks else (None, None, None)
    when = mark.handed_in
    return (
        mark.student, person.name, person.email, mark.lab, mark.status, options.mark(mark),
        options.points(mark.max_points), *map(options.points, earned),
        f"{mark.seconds_late:.0f}" if when else "", f"{when:%Y-%m-%dT%H:%M:%SZ}" if when else "", mark.reason,
    )  # fmt: skip


def _task_row(mark: LabMark, task: TaskMark, person: Person, options: Options) -> tuple[str, ...]:
    numbers = (task.points, task.max_points, task.automatic, task.by_hand, task.extra_credit)
    diagnosis = task.verdict.diagnosis if task.verdict else None
    return (
        mark.student, person.name, mark.lab, task.task, "manual" if task.manual else "automatic",
        *map(options.points, numbers), task.verdict.status if task.verdict else "",
        f"{diagnosis.id}: {diagnosis.sentence}" if diagnosis else "", task.comment,
    )  # fmt: skip


def export_canvas(course: Course, marks: Marks, path: Path, options: Options) -> Exported:
    """Canvas' gradebook, filled in: who is who, and the columns of the labs; nothing else of it can change."""
    sheet = _Sheet.read(options, path, "In Canvas: Grades, Export, Export Entire Gradebook")
    if "section" not in sheet.titles or not {"student", "lastname"} & set(sheet.titles):
        raise CourseError(
            f"{sheet.path} is no gradebook of Canvas: it has no columns Student, ID and Section.",
            "In Canvas: Grades, Export, Export Entire Gradebook.",
        )
    who = range(sheet.titles.index("section") + 1)
    labs = sheet.lab_columns(course, marks, options, _canvas_title, first=len(who))
    about = [row for row in sheet.rows if _is_about_columns(row)]
    for row in about:
        if "points possible" in row[0].casefold():
            sheet.compare_maxima({lab: row[n] for lab, n in labs.items()}, marks)
    students = [each for each in sheet.rows if each not in about and _squeezed(each[0]) != "student test"]
    filled = sheet.fill(marks, options, labs, students)
    rows = [row for row in sheet.rows if row not in about or any(row[n].strip() for n in (0, *labs.values()))]
    sheet.write(path, rows, [*who, *labs.values()])
    step = f"In Canvas: Grades, Import, {path.name}; it shows what would change before anything does."
    return Exported((path,), filled, sheet.notes(marks), sheet.todo(marks, options), step)


def export_moodle(course: Course, marks: Marks, path: Path, options: Options) -> Exported:
    """Moodle's grading worksheet of one assignment, or its gradebook, filled in; without either, a table to import."""
    if options.roster is None:
        return _moodle_table(course, marks, path, options)
    sheet = _Sheet.read(options, path, "")
    if {"identifier", "grade"} <= set(sheet.titles):
        return _moodle_worksheet(course, marks, path, options, sheet)
    labs = sheet.lab_columns(course, marks, options, _moodle_title)
    filled = sheet.fill(marks, options, labs, sheet.rows)
    kept = [n for n, title in enumerate(sheet.titles) if title in _MOODLE_KEEPS or n in labs.values()]
    kept += [n for n in sheet.email_columns() if n not in kept]
    sheet.write(path, [row for row in sheet.rows if id(row) in sheet.given_to], sorted(kept))
    step = f"In Moodle: Grades, Import, CSV file, {path.name}; map email address or ID number, and each lab to its item."
    return Exported((path,), filled, sheet.notes(marks), sheet.todo(marks, options), step)


_MOODLE_KEEPS = (*_FIRST, *_LAST, *_NAME, "id number", "username", "email address", "last downloaded from this course")


def _moodle_worksheet(course: Course, marks: Marks, path: Path, options: Options, sheet: _Sheet) -> Exported:
    if len(marks.labs) != 1:
        raise CourseError(
            f"{sheet.path} is the worksheet of one assignment, and the course has {len(marks.labs)} graded labs.",
            f"Say which it is: vaelabs export moodle LAB --roster {sheet.path.name} (known: {', '.join(marks.labs)})",
        )
    labs = {marks.labs[0]: sheet.titles.index("grade")}
    if "maximum grade" in sheet.titles:
        n = sheet.titles.index("maximum grade")
        most = next((row[n] for row in sheet.rows if row[n].strip()), "")
        sheet.compare_maxima({marks.labs[0]: most}, marks, strict=True)
    filled = sheet.fill(marks, options, labs, sheet.rows)
    kept = [n for n, title in enumerate(sheet.titles) if not title.startswith(("feedback", "online text"))]
    sheet.write(path, sheet.rows, kept)
    step = f"In Moodle, in the assignment: Submissions, Actions, Upload grading worksheet, {path.name}."
    return Exported((path,), filled, sheet.notes(marks), sheet.todo(marks, options), step)


def _moodle_table(course: Course, marks: Marks, path: Path, options: Options) -> Exported:
    """For Moodle's CSV import, by what the course itself knows of its students: ids and email addresses."""
    rows, given = [], 0
    for each in marks.people:
        found = [options.mark(marks.of(each.id, lab)) for lab in marks.labs]
        given += sum(map(bool, found))
        if any(found):
            rows.append([each.id, each.name if each.name != each.id else "", each.email, *found])
    part = {each for row in rows for each in [row[0]] if "" in row[3:]}
    write_table(path, ["Username", "Full name", "Email address", *(lab_title(course, lab) for lab in marks.labs)], rows)
    notes = list(said_of(marks))
    if part:
        why = "Moodle takes away a grade where a cell is empty"
        notes.append(f"{why}; import lab by lab, or remove these rows: {_some(part)}")
    step = f"In Moodle: Grades, Import, CSV file, {path.name}; map Username or Email address, and each lab to its item."
    return Exported((path,), given, tuple(notes), left_open(marks, options), step)


class _Sheet:
    """What a system exported, row by row, and what was found out about it while it was filled in."""

    def __init__(self, path: Path, rows: list[list[str]], delimiter: str, encoding: str):
        self.path, self.header, self.delimiter = path, rows[0], delimiter
        self.bom = encoding == "utf-8-sig"
        self.titles = [plain_title(each) for each in self.header]
        self.rows = [(row + [""] * len(self.header))[: len(self.header)] for row in rows[1:]]
        self.given_to: set[int] = set()
        """The rows, by identity, that got a mark."""
        self._problems: list[str] = []
        self._remarks: list[str] = []
        self._outside: list[str] = []
        self._most: dict[str, float] = {}

    @classmethod
    def read(cls, options: Options, target: Path, how: str) -> _Sheet:
        """The roster of the options. Raises CourseError."""
        if options.roster is None:
            fact = "Rows are known by the system's own ids, so its export is needed: --roster FILE"
            raise CourseError(fact, f"{how}.")
        if options.roster.resolve() == target.resolve():
            raise CourseError(f"{target} is the roster itself.", "Name another file to write: -o FILE")
        table = read_table(options.roster)
        return cls(options.roster, table.rows, table.delimiter, table.encoding)

    def lab_columns(
        self, course: Course, marks: Marks, options: Options, plain: Callable[[str], str], first: int = 0
    ) -> dict[str, int]:
        """Which column is which lab's. Raises CourseError when none is, or one that was asked for is not there."""
        found = {}
        of_people = (*_LOGIN, *_FIRST, *_LAST, *_NAME)
        offered = [n for n in range(first, len(self.header)) if self.titles[n] not in of_people]
        for lab in options.columns:
            if lab not in marks.labs:
                known = f"Known: {', '.join(marks.labs)}."
                raise CourseError(f"--column names {lab!r}, which is no graded lab.", known)
        missing = []
        for lab in marks.labs:
            wanted = options.columns.get(lab)
            if wanted is not None:
                fits = [n for n in offered if self.header[n].strip() == wanted.strip()]
            else:
                fits = _fitting({n: plain(self.header[n]) for n in offered}, lab, lab_title(course, lab))
            if len(fits) == 1:
                found[lab] = fits[0]
            else:
                missing.append(lab)
                if wanted is not None:
                    raise CourseError(f"{self.path} has no column {wanted!r}.", self._offers(offered))
        if not found:
            raise CourseError(
                f"No column of {self.path} is clearly that of {' or '.join(marks.labs)}.", self._offers(offered),
                f"Say which it is: --column '{marks.labs[0]}=TITLE'",
            )  # fmt: skip
        if missing:
            fact = f"{', '.join(missing)}: no column of {self.path.name} is clearly theirs"
            self._problems.append(f"{fact}; say which with --column 'LAB=TITLE'")
        return found

    def _offers(self, offered: Sequence[int]) -> str:
        return f"Found: {'; '.join(self.header[n] for n in offered) or 'no column that could be a lab'}."

    def compare_maxima(self, said: Mapping[str, str], marks: Marks, strict: bool = False) -> None:
        """Say where the system counts out of another number than the lab; `strict` ones refuse more than theirs."""
        for lab, text in said.items():
            theirs, ours = _number(text), max((each.max_points for each in marks.of_lab(lab)), default=0.0)
            if theirs is not None and theirs != ours:
                self._remarks.append(f"{lab} has {ours:g} points and its column {theirs:g}; points are not scaled")
            if strict and theirs is not None:
                self._most[lab] = theirs

    def fill(self, marks: Marks, options: Options, labs: Mapping[str, int], rows: list[list[str]]) -> int:
        """Write marks into the cells of `labs`; how many. A cell without a mark stays as it is."""
        matched, self._outside = _match(self, rows, marks.people)
        given = 0
        excused, over = defaultdict(list), defaultdict(list)
        for person in marks.people:
            row = matched.get(person.id)
            for lab, n in labs.items():
                mark = marks.of(person.id, lab)
                text = options.mark(mark) if mark else ""
                if not text:
                    continue
                if row is None:
                    nobody = f"nobody in {self.path.name} is clearly them"
                    self._problems.append(f"{person.id}, {lab}: {text} points, and {nobody}")
                elif row[n].strip().upper() in ("EX", "N/A"):
                    excused[lab].append(person.id)
                else:
                    row[n] = text
                    self.given_to.add(id(row))
                    given += 1
                    if float(text) > self._most.get(lab, math.inf):
                        over[lab].append(person.id)
        for lab, people in over.items():
            most = f"{self._most[lab]:g}"
            self._problems.append(f"{lab}: more than the maximum of {most}, which Moodle passes over: {_some(people)}")
        for lab, people in excused.items():
            self._remarks.append(f"{lab}: excused or not assigned in {self.path.name}, left so: {_some(people)}")
        return given

    def email_columns(self) -> list[int]:
        """The columns in which email addresses stand, whatever the language of the titles."""
        return [n for n in range(len(self.header)) if any(_EMAIL.fullmatch(row[n].strip()) for row in self.rows)]

    def write(self, path: Path, rows: Iterable[list[str]], columns: Sequence[int]) -> None:
        text = io.StringIO()
        writer = csv.writer(text, delimiter="," if self.delimiter == "\t" else self.delimiter, lineterminator="\r\n")
        writer.writerow([self.header[n].strip("\ufeff") for n in columns])
        writer.writerows([[_safe(row[n]) for n in columns] for row in rows])
        write_bytes(path, text.getvalue().encode("utf-8-sig" if self.bom else "utf-8"))

    def notes(self, marks: Marks) -> tuple[str, ...]:
        said = [f"In {self.path.name} and not in the course: {_some(self._outside)}"] if self._outside else []
        return (*said_of(marks), *self._remarks, *said)

    def todo(self, marks: Marks, options: Options) -> tuple[str, ...]:
        return (*left_open(marks, options), *self._problems)


def rows_of_people(path: Path, people: Sequence[Person]) -> tuple[dict[str, Person], list[str]]:
    """Everyone with the name and the email address that a roster has of them, by id, and who is in the roster only.

    Raises CourseError when the file cannot be read.
    """
    table = read_table(path)
    sheet = _Sheet(path, table.rows, table.delimiter, table.encoding)
    matched, outside = _match(sheet, sheet.rows, people)
    found = {}
    for each in people:
        who = _who(sheet, matched[each.id]) if each.id in matched else None
        name = each.name if each.name != each.id or who is None else who.shown
        email = each.email or (min(who.emails, default="") if who else "")
        found[each.id] = Person(each.id, full_name=name, email=email, lms_id=each.lms_id)
    return found, outside


def named(marks: Marks, options: Options) -> tuple[dict[str, Person], list[str]]:
    if options.roster is None:
        return {each.id: each for each in marks.people}, []
    return rows_of_people(options.roster, marks.people)


# ---- who is who


@dataclass(frozen=True)
class _Who:
    """What a row says of its student, ready to be compared."""

    shown: str
    ids: frozenset[str]
    emails: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[tuple[str, ...]]


def _match(sheet: _Sheet, rows: list[list[str]], people: Sequence[Person]) -> tuple[dict[str, list[str]], list[str]]:
    """Each person's row, by id, and who has a row and is not one of them. What fits two is nobody's.

    An id goes before an email address, that before a system's number, and that before a name.
    """
    who = {n: _who(sheet, row) for n, row in enumerate(rows)}
    claims: dict[int, list[str]] = defaultdict(list)
    for person in people:
        for fits in (_by_id, _by_email, _by_number, _by_name):
            found = [n for n, each in who.items() if fits(person, each)]
            if found:
                if len(found) == 1:
                    claims[found[0]].append(person.id)
                break
    matched = {ids[0]: rows[n] for n, ids in claims.items() if len(ids) == 1}
    return matched, [each.shown for n, each in who.items() if n not in claims and each.shown]


def _who(sheet: _Sheet, row: list[str]) -> _Who:
    cells = dict(zip(reversed(sheet.titles), reversed(row)))  # of two columns with one title the first counts
    is_canvas = "section" in cells and "id" in cells
    ids = {cells[each].strip() for each in _LOGIN if each in cells and not (is_canvas and each == "student")} - {""}
    names = {cells[each].strip() for each in (*_NAME, *(["student"] if is_canvas else [])) if cells.get(each)}
    first, last = (next((cells[each].strip() for each in some if cells.get(each)), "") for some in (_FIRST, _LAST))
    names |= {f"{first} {last}".strip()}
    emails = {cell.strip().casefold() for cell in row if _EMAIL.fullmatch(cell.strip())}
    numbers = {cells[each].strip().casefold().removeprefix("participant").strip() for each in _NUMBER if each in cells}
    shown = next((each for each in sorted(names - {""})), "") or next(iter(sorted(ids)), "")
    return _Who(
        _first_names_first(shown),
        frozenset(folder_name(each).casefold() for each in ids),
        frozenset(emails),
        frozenset(numbers - {""}),
        frozenset(_words(each) for each in names) - {()},
    )


def _by_id(person: Person, who: _Who) -> bool:
    return person.id.casefold() in who.ids | {folder_name(each).casefold() for each in who.emails}


def _by_email(person: Person, who: _Who) -> bool:
    return bool(person.email) and person.email.casefold() in who.emails


def _by_number(person: Person, who: _Who) -> bool:
    """By the number in the gradebook, or in the name of a folder that `collect` made of a Canvas export."""
    if person.lms_id.strip() in who.numbers:
        return True
    folder = re.fullmatch(r"(.+)_(\d+)", person.id)
    return bool(folder) and folder[2] in who.numbers and any(_letters(folder[1]) in _spellings(each) for each in who.names)


def _by_name(person: Person, who: _Who) -> bool:
    return _words(person.name) in who.names


def _letters(text: str) -> str:
    """What Canvas leaves of a name in the names of files, in an order that every order of first and last names has."""
    return "".join(sorted(re.sub(r"[^a-z]", "", text.casefold())))


def _spellings(words: tuple[str, ...]) -> set[str]:
    name = "".join(words)
    return {_letters(name), _letters(unicodedata.normalize("NFKD", name))}


def _words(text: str) -> tuple[str, ...]:
    """A name as it is compared: accents count, the order of first and last names does not."""
    return tuple(sorted(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold().replace("_", " "))))


def _first_names_first(name: str) -> str:
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma else name


# ---- which column is which lab's


def _fitting(titles: Mapping[int, str], lab: str, title: str) -> list[int]:
    """The columns whose title is the lab's name or title; else those that have it in them; else its number."""
    number = re.match(r"lab\W*0*(\d+)\b", title, re.IGNORECASE)
    wanted = {_squeezed(lab), _squeezed(title)} - {""}
    exact = [n for n, each in titles.items() if _squeezed(each) in wanted]
    within = [n for n, each in titles.items() if any(f" {one} " in f" {_squeezed(each)} " for one in wanted)]
    by_number = [
        n for n, each in titles.items()
        if number and re.search(rf"\blab\W*0*{number[1]}\b", each, re.IGNORECASE)
    ]  # fmt: skip
    return exact or within or by_number


def _squeezed(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _canvas_title(header: str) -> str:
    return _CANVAS_ID.sub("", header)


def _moodle_title(header: str) -> str:
    return _MOODLE_WORDS.sub("", header)


def lab_title(course: Course, lab: str) -> str:
    return str(read_notebook(course.notebook("source", lab)).metadata.get("vaelabs", {}).get("title", lab))


def _is_about_columns(row: list[str]) -> bool:
    """A row of Canvas that is no student's: the points possible, and which assignments are posted by hand."""
    return "points possible" in row[0].casefold() or all(
        re.fullmatch(r"\s*(muted|manual posting.*)?\s*", each, re.IGNORECASE) for each in row
    )


# ---- what is said


def left_open(marks: Marks, options: Options) -> tuple[str, ...]:
    """What is left blank because a person must act first, everyone named."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for each in marks.marks:
        if each.status in (GRADED, NOT_HANDED_IN):
            continue
        why = each.reason or ", ".join(task.task for task in each.unmarked)
        groups[each.lab, each.status, why].append(each.student)
    counted = "counted as far as it is marked" if options.partial else "left blank"
    in_order = sorted(groups, key=lambda each: (each[0], STATUSES.index(each[1]), each[2]))
    return tuple(
        f"{lab}: {counted}, {status}{f' ({why})' if why else ''}: {', '.join(groups[lab, status, why])}"
        for lab, status, why in in_order
    )


def said_of(marks: Marks) -> tuple[str, ...]:
    """What is good to know about marks that are given."""
    said = []
    absent = Counter(each.lab for each in marks.marks if each.status == NOT_HANDED_IN)
    for lab, count in absent.items():
        said.append(f"{lab}: not handed in by {count}, left blank")
    for lab in marks.labs:
        late = [each for each in marks.of_lab(lab) if each.late_penalty > 0 and each.tasks]
        if late:
            said.append(f"{lab}: a late penalty is taken off: {_some([each.student for each in late])}")
        again = [each.student for each in marks.of_lab(lab) if any(task.confirm for task in each.tasks)]
        if again:
            look = "look in the formgrader whether that mark stands"
            said.append(f"{lab}: graded again since it was marked by hand; {look}: {_some(again)}")
    return tuple(said)


def _some(names: Iterable[str], most: int = 12) -> str:
    shown = sorted(names)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _safe(cell: str) -> str:
    """A cell that no spreadsheet runs. Numbers, and Moodle's "-" for no grade, are none that it would."""
    return cell if _NUMERIC.fullmatch(cell.strip()) or cell.strip() == "-" else harmless(cell)

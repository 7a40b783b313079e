"""Who is who: the names and numbers of a learning management system, and the ids of a course's students."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from vaelabs.course import CourseError, folder_name, plain_title, read_table

_ID = ("student_id", "studentid", "username", "sis login id", "sis user id", "sid", "id number", "login", "id", "student",
       "email", "email address", "identifier")  # fmt: skip
"""Columns that can be a student's id, the best first."""

_NUMBERS = {
    "canvas": ("canvas_id", "canvas id", "lms_user_id"),
    "moodle": ("moodle_id", "identifier"),
    "email": ("email", "email address", "e-mail"),
    "sid": ("sid", "id number", "sis user id", "student id", "student_id"),
}
_FIRST = ("first name", "first_name", "firstname", "given name")
_LAST = ("last name", "last_name", "lastname", "surname", "family name")
_NAME = ("name", "full name", "full_name", "fullname", "student name")


class Unmatched(Exception):
    """Nobody, or more than one, fits: what is known, in a sentence."""


@dataclass(frozen=True)
class Person:
    """Who handed something in, as far as the export says.

    `numbers` are pairs of the system ("canvas", "moodle", "sid", "email", "folder") and its id. A `squashed` name has
    lost its spaces, as in Canvas.
    """

    name: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    squashed: bool = False

    @property
    def shown(self) -> str:
        return self.name or ", ".join(number for _, number in self.numbers)

    @property
    def is_folder(self) -> bool:
        """Whether all that is known is the name of a folder."""
        return any(kind == "folder" for kind, _ in self.numbers)


@dataclass(frozen=True)
class Student:
    """A line of the roster."""

    id: str
    names: tuple[str, ...] = ()
    numbers: dict[str, set[str]] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, str]:
        """What nbgrader's gradebook keeps of a student, as far as it is known; a name in one piece is cut at its last space."""
        last, comma, first = (self.names or ("",))[0].partition(",")
        if not comma:
            first, _, last = last.strip().rpartition(" ")
        email = min(self.numbers.get("email", ()), default="")
        found = {"first_name": first.strip(), "last_name": last.strip(), "email": email}
        return {name: value for name, value in found.items() if value}


class Roster:
    """The students of a course."""

    def __init__(self, students: list[Student]):
        self.students = students

    def match(self, person: Person) -> str:
        """The id of the one student who fits. Raises Unmatched: nobody is guessed."""
        by_number = {each.id for each in self.students if self._has_number(each, person)}
        by_name = self._named(person)
        both = by_number & by_name if by_number and by_name else by_number or by_name
        if len(both) == 1:
            return both.pop()
        if by_number and by_name and not both:
            raise Unmatched(f"the number is that of {_some(by_number)}, the name that of {_some(by_name)}")
        if both:
            raise Unmatched(f"it can be any of {_some(both)}")
        raise Unmatched(f"nobody in the roster is {person.shown!r}")

    def in_text(self, text: str) -> str:
        """The id of the one student whose id or full name stands in `text`. Raises Unmatched."""
        words = _words(text)
        found = set()
        for each in self.students:
            wanted = [_words(each.id), *(_words(name) for name in each.names)]
            if any(_stands_in(part, words) for part in wanted if sum(map(len, part)) >= 3):
                found.add(each.id)
        if len(found) != 1:
            raise Unmatched(f"its name may mean {_some(found)}" if found else "its name says no student of the roster")
        return found.pop()

    def _has_number(self, student: Student, person: Person) -> bool:
        for kind, number in person.numbers:
            number = number.strip().casefold()
            if kind == "folder" and number in {student.id.casefold(), *student.numbers.get("email", ())}:
                return True
            if number in student.numbers.get(kind, ()) or (kind in ("sid", "email") and number == student.id.casefold()):
                return True
        return False

    def _named(self, person: Person) -> set[str]:
        """Everyone with this name; accents count only where they tell two students apart."""
        if not person.name.strip():
            return set()
        if person.squashed:
            wanted = person.name.casefold().replace("_", "")
            return {each.id for each in self.students if any(wanted in _squashed(name) for name in each.names)}
        for key in (_exact, _words):
            wanted = sorted(key(person.name))
            found = {each.id for each in self.students if any(sorted(key(name)) == wanted for name in each.names)}
            if found and wanted:
                return found
        return set()


def read_roster(path: Path) -> Roster:
    """The roster in a CSV file: one of ours (`id`, `name`), Canvas' gradebook, Moodle's grades, Gradescope's roster.

    Raises CourseError when it cannot be read or has no column of ids or names.
    """
    rows = read_table(path).rows
    header = [plain_title(each) for each in rows[0]]
    columns: dict[str, int] = {}
    for n, each in enumerate(header):
        columns.setdefault(each, n)
    id_columns = [columns[each] for each in _ID if each in columns]
    names = [columns[each] for each in _NAME if each in columns]
    if "student" in columns and "id" in columns:  # Canvas: "Doe, Jane" and a number of its own
        names.append(columns["student"])
        id_columns.remove(columns["student"])
    first, last = (next((columns[each] for each in some if each in columns), None) for some in (_FIRST, _LAST))
    if not id_columns and not names and first is None:
        raise CourseError(f"{path} has no column that a roster has.", f"Found: {', '.join(rows[0])}.", "Wanted: id and name.")
    is_canvas = "student" in columns and "id" in columns
    students = []
    for row in rows[1:]:
        row = row + [""] * (len(header) - len(row))
        said = [row[n].strip() for n in names if row[n].strip()]
        if first is not None and last is not None and (row[first] + row[last]).strip():
            said.append(f"{row[first]} {row[last]}".strip())
        student = next((row[n].strip() for n in id_columns if row[n].strip()), said[0] if said else "")
        if not student or (is_canvas and "".join(said).lower().replace(" ", "") in ("pointspossible", "student,test")):
            continue
        numbers = {kind: {_number(row[columns[each]]) for each in some if each in columns} - {""} for kind, some in _NUMBERS.items()}
        if is_canvas:
            numbers["canvas"].add(_number(row[columns["id"]]))
        students.append(Student(student, tuple(dict.fromkeys(said)), numbers))
    _refuse_twins(students, path)
    return Roster(students)


def _refuse_twins(students: list[Student], path: Path) -> None:
    seen: dict[str, str] = {}
    for each in students:
        name = folder_name(each.id).casefold()
        if not name:
            raise CourseError(f"{path}: {each.id!r} cannot be the id of a student.")
        if name in seen:
            raise CourseError(f"{path} has the id {each.id!r} twice.", "Each student has one line.")
        seen[name] = each.id


def _number(text: str) -> str:
    """A number as it is compared; Moodle writes "Participant 1234"."""
    return text.strip().casefold().removeprefix("participant").strip()


def _unaccented(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def _exact(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold().replace("_", " "))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _unaccented(text).casefold())


def _stands_in(part: list[str], words: list[str]) -> bool:
    """Whether the words of `part` follow one another in `words`, in any order of first and last name."""
    return any(sorted(words[n : n + len(part)]) == sorted(part) for n in range(len(words) - len(part) + 1))


def _squashed(name: str) -> set[str]:
    """A name as Canvas writes it in files: last name first, small, without what is no ASCII letter."""
    found = set()
    for text in (name, _unaccented(name)):
        head, comma, tail = text.partition(",")
        words = (f"{tail} {head}" if comma else text).split()
        for n in range(len(words)):
            both = "".join(words[n:] + words[:n]).casefold()
            found.add(re.sub(r"[^a-z0-9-]", "", both))
    return found - {""}


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return " and ".join(shown[:3]) + (" and others" if len(shown) > 3 else "")

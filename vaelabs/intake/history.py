"""Every version that a student handed in, and which of them counts.

They lie in submitted/.history/<student>/<lab>/, as they were handed in, byte for byte, with a versions.json that says
when. nbgrader and `Course.students` pass over folders that begin with a dot.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cmp_to_key

from vaelabs.course import Course, CourseError, write_bytes

from .exports import moment

FOLDER = ".history"
RECORD = "versions.json"
BY_HAND = "found in submitted/"
TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f %Z"
"""nbgrader's format of a timestamp.txt."""


@dataclass(frozen=True)
class Version:
    """One file that was handed in. `rank` decides between files of the same moment: answers written, number of the copy.

    `label` is what the `system` that it came from takes a file back by; see `HandedIn`.
    """

    origin: str
    sha256: str
    when: str = ""
    exact: bool = False
    of_export: bool = False
    late: bool | None = None
    serial: int = 0
    rank: tuple[int, int] = (0, 0)
    system: str = ""
    label: str = ""

    @property
    def moment(self) -> datetime | None:
        return datetime.fromisoformat(self.when) if self.when else None

    @property
    def file(self) -> str:
        when = f"{self.moment.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}" if self.moment else "undated"
        return f"{when}_{self.sha256[:8]}.ipynb"


@dataclass(frozen=True)
class Published:
    """The file in submitted/: of which version it was made, its hash, what was repaired, what a person must decide."""

    version: str = ""
    sha256: str = ""
    changes: list[dict[str, str]] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)


class History:
    """The versions of one student's lab. Nothing is written before `save`."""

    def __init__(self, course: Course, student: str, lab: str):
        self.folder = course.root / "submitted" / FOLDER / student / lab
        self.student, self.lab = student, lab
        self.versions: list[Version] = []
        self.published = Published()
        self._load()

    def add(self, version: Version, data: bytes) -> Version:
        """Keep a version; one that is known already is not kept twice.

        The same upload is known by the system's number or time. A file whose time is only that of a copy of it is the
        same version as an earlier one with the same content: a second download must not make it newer.
        """
        for known in self.versions:
            if known.sha256 != version.sha256:
                continue
            if version.serial and known.serial:
                same = version.serial == known.serial
            else:
                same = version.when == known.when or not (version.exact and known.exact)
            if same and known.origin == BY_HAND != version.origin:  # now we know where it came from
                self.versions.remove(known)
                (self.folder / known.file).unlink(missing_ok=True)
                break
            if same:
                return known
        write_bytes(self.folder / version.file, data)
        self.versions.append(version)
        return version

    def latest(self) -> Version:
        """The version that counts."""
        return max(self.versions, key=cmp_to_key(_compare))

    def label(self, system: str) -> str:
        """What `system` takes a file back by, for the latest version that came from there; empty where none did."""
        came = [each for each in self.versions if each.system == system and each.label]
        return max(came, key=cmp_to_key(_compare)).label if came else ""

    def rivals(self, version: Version) -> list[Version]:
        """Other versions of the same moment, between which only `rank` decided."""
        return [each for each in self.versions if each != version and not _by_time(each, version)]

    def data(self, version: Version) -> bytes:
        """The bytes that were handed in. Raises CourseError when they are no longer there."""
        try:
            return (self.folder / version.file).read_bytes()
        except OSError as error:
            raise CourseError(f"{self.folder / version.file} cannot be read: {error.strerror}.") from None

    def save(self) -> None:
        said = {"versions": [asdict(each) for each in self.versions], "published": asdict(self.published)}
        write_bytes(self.folder / RECORD, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())

    def _load(self) -> None:
        path = self.folder / RECORD
        if not path.is_file():
            return
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            self.versions = [Version(**{**each, "rank": tuple(each["rank"])}) for each in said["versions"]]
            self.published = Published(**said["published"])
        except (OSError, ValueError, KeyError, TypeError):
            raise CourseError(
                f"{path} cannot be read.", f"Move {self.folder} elsewhere and collect the exports again."
            ) from None


def take_in_by_hand(course: Course, history: History) -> None:
    """A file in submitted/ that `collect` did not put there becomes a version like others; it is lost to no export."""
    path = course.submission(history.student, history.lab)
    if not path.is_file():
        return
    data = path.read_bytes()
    digest = sha256(data)
    if digest == history.published.sha256 or any(each.sha256 == digest for each in history.versions):
        return
    stamp = path.with_name("timestamp.txt")
    known = moment(stamp.read_text(encoding="utf-8", errors="replace")) if stamp.is_file() and not history.versions else None
    when = known or datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    history.add(Version(BY_HAND, digest, when.isoformat(), exact=known is not None), data)


def known_histories(course: Course) -> list[tuple[str, str]]:
    """The (student, lab) pairs that have a history, sorted."""
    paths = (course.root / "submitted" / FOLDER).glob(f"*/*/{RECORD}")
    return sorted((path.parent.parent.name, path.parent.name) for path in paths)


def late_submissions(course: Course) -> set[tuple[str, str]]:
    """The (student, lab) pairs of which the version that counts is known to be late. Raises CourseError."""
    found = set()
    for student, lab in known_histories(course):
        history = History(course, student, lab)
        if any(each.late and each.sha256 == history.published.version for each in history.versions):
            found.add((student, lab))
    return found


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def nbgrader_time(version: Version, due: datetime | None) -> str:
    """What nbgrader reads as the time of a version; empty where only the export's own time is known.

    Canvas says "late", not when. A late file gets the export's time, an upper bound; one in time gets the due time.
    """
    when = version.moment
    if when is None:
        return ""
    if version.of_export and not version.late:
        if due is None:
            return ""
        when = min(when, due)
    return when.astimezone(UTC).strftime(TIMESTAMP)


def _by_time(one: Version, other: Version) -> int:
    if one.serial and other.serial:
        return (one.serial > other.serial) - (one.serial < other.serial)
    return (one.when > other.when) - (one.when < other.when)  # ISO times in UTC sort as text


def _compare(one: Version, other: Version) -> int:
    return _by_time(one, other) or (one.rank > other.rank) - (one.rank < other.rank)

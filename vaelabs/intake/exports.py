"""What an export's file names say: who handed a file in, when, and whether it was late.

Canvas      doejane_LATE_1234_56789_lab.ipynb, flat; _LATE is there only when it was
Moodle      Jane Doe_1234_assignsubmission_file_/lab.ipynb, or all of it in one name
Gradescope  submission_1234/lab.ipynb with a submission_metadata.yml
Google      Jane Doe - lab.ipynb, as Classroom names the copies it makes
nbgrader    jane/lab/lab.ipynb with a timestamp.txt
folders     jane/anything.ipynb
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from .archive import Entry, Refused
from .roster import Person

METADATA = "submission_metadata.yml"
MAX_METADATA = 50_000_000
NOTEBOOKS = (".ipynb", ".json", ".txt", "")
"""Suffixes behind which a notebook may be; browsers add and drop them."""

ANONYMOUS = "was handed in anonymously; show the names in the system and export again"
TYPED = "is text typed into the system and no notebook; ask for the .ipynb"

_CANVAS = re.compile(r"(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<user>\d+)_(?P<file>\d+)_(?P<original>.+)")
_CANVAS_TYPED = re.compile(r"(?P<name>[^/]+?)_(?P<late>LATE_)?(?P<user>\d+)_(?:text|link|media|url)\.html?")
_CANVAS_ANONYMOUS = re.compile(r"anon(?:ymous)?_(?:LATE_)?\w+_\d+_.+")
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_(?:assignsubmission_)?(?P<what>file|onlinetext)(?:_(?P<original>.*))?")
_GRADESCOPE = re.compile(r"submission_\d+")
_GOOGLE = re.compile(r"(?P<name>[^\W\d_][^\d_/]*? [^\d_/]*?[^\W\d_]\.?) - (?P<original>.+)")
_SUBFOLDERS = {"submissions", "submitted", "downloads", "export", "attempt", "files"}


@dataclass(frozen=True)
class HandedIn:
    """A file of an export and what is known about it.

    `people` is empty where the export does not say who; `flaw` is why the file cannot be taken, if so.
    `serial` grows with every upload, where a system counts them. The time is `exact` when the system says it; when it
    is that of the export itself (`late` then being all that is known) it is `of_export`. `label` is what the `system`
    takes a file back by: in Canvas the name of the file, in Moodle that of the student's folder.
    """

    entry: Entry
    original: str
    people: tuple[Person, ...] = ()
    alternatives: tuple[str, ...] = ()
    when: datetime | None = None
    exact: bool = False
    of_export: bool = False
    late: bool | None = None
    serial: int = 0
    system: str = ""
    label: str = ""
    flaw: str = ""

    @property
    def may_be_notebook(self) -> bool:
        return self.original.lower().endswith(NOTEBOOKS[:3]) or "." not in self.original


def understand(entries: list[Entry], labs: list[str]) -> list[HandedIn]:
    """Each file with what its place in the export says, whichever system made it. `labs` are the names of the labs."""
    system = system_of(entries)
    if system == "gradescope":
        metadata = next(entry for entry in entries if entry.parts[-1] == METADATA)
        return _gradescope([entry for entry in entries if entry is not metadata], metadata)
    if system:
        return [{"moodle": _moodle, "canvas": _canvas}[system](entry) for entry in entries]
    notebooks = [entry for entry in entries if entry.name.lower().endswith(".ipynb")]
    in_one_folder = len({entry.parts[:-1] for entry in notebooks}) == 1  # else the folders say who
    if in_one_folder and _most(_GOOGLE.fullmatch(entry.parts[-1]) for entry in notebooks):
        return [_google(entry) for entry in entries]
    return _folders(entries, labs)


def system_of(entries: list[Entry]) -> str:
    """The system whose names these files have: "canvas", "moodle" or "gradescope"; empty for plain folders."""
    leaves = [entry.parts[-1] for entry in entries]
    if METADATA in leaves:
        return "gradescope"
    if any(_moodle_part(entry) for entry in entries):
        return "moodle"
    forms = (_CANVAS, _CANVAS_TYPED, _CANVAS_ANONYMOUS)
    return "canvas" if _most(any(form.fullmatch(name) for form in forms) for name in leaves) else ""


def _most(matches: Any) -> bool:
    found = [bool(each) for each in matches]
    return bool(found) and 2 * sum(found) > len(found)


def _canvas(entry: Entry) -> HandedIn:
    name = entry.parts[-1]
    if _CANVAS_ANONYMOUS.fullmatch(name):
        return HandedIn(entry, name, flaw=ANONYMOUS)
    match = _CANVAS.fullmatch(name) or _CANVAS_TYPED.fullmatch(name)
    if match is None:
        return HandedIn(entry, name, flaw="has no name as Canvas gives it, so that nobody can be told from it")
    person = Person(match["name"], (("canvas", match["user"]),), squashed=True)
    said = match.groupdict()
    return HandedIn(
        entry,
        said.get("original", name),
        (person,),
        when=entry.modified,
        of_export=True,
        late=bool(match["late"]),
        serial=int(said.get("file", "0")[:18]),
        system="canvas",
        label=name,
        flaw="" if "original" in said else TYPED,
    )


def _moodle_part(entry: Entry) -> tuple[int, re.Match[str]] | None:
    """Where in its path a file has Moodle's name."""
    for n, part in enumerate(entry.parts):
        match = _MOODLE.fullmatch(part)
        if match and ("assignsubmission" in part or n < len(entry.parts) - 1):
            return n, match
    return None


def _moodle(entry: Entry) -> HandedIn:
    found = _moodle_part(entry)
    if found is None:
        return HandedIn(entry, entry.parts[-1], flaw="has no name as Moodle gives it, so that nobody can be told from it")
    n, match = found
    in_folder = n < len(entry.parts) - 1
    name = match["name"].replace("_", " ").strip()
    if re.fullmatch(r"participant \d+", name, re.IGNORECASE):
        name = ""
    person = Person(name, (("moodle", match["number"]),))
    original = entry.parts[-1] if in_folder else (match["original"] or "").strip("_") or entry.parts[-1]
    label = f"{match['name'].replace('_', ' ').strip()}_{match['number']}_assignsubmission_file_"
    flaw = TYPED if match["what"] == "onlinetext" else ""
    return HandedIn(entry, original, (person,), when=entry.modified, system="moodle", label=label, flaw=flaw)


def _google(entry: Entry) -> HandedIn:
    match = _GOOGLE.fullmatch(entry.parts[-1])
    if match is None:
        return HandedIn(entry, entry.parts[-1], alternatives=entry.parts[:-1], when=entry.modified)
    return HandedIn(entry, match["original"], (Person(match["name"].strip()),), when=entry.modified)


def _folders(entries: list[Entry], labs: list[str]) -> list[HandedIn]:
    """Folders with students' names, perhaps in a folder that holds them all; nbgrader's among them."""
    times = {entry.parts[:-1]: entry for entry in entries if entry.parts[-1] == "timestamp.txt"}
    entries = [entry for entry in entries if entry.parts[-1] != "timestamp.txt"]
    depth = 0
    while _holds_them_all(entries, depth, labs):
        depth += 1
    found = []
    heap = _is_heap(entries, depth)
    for entry in entries:
        folders = entry.parts[depth:-1]
        student = next((part for part in folders if part not in labs and part.lower() not in _SUBFOLDERS), "")
        if heap:
            student = ""
        stamp = _time_in(times.get(entry.parts[:-1]))
        found.append(
            HandedIn(
                entry,
                entry.parts[-1],
                (Person(student, (("folder", student),)),) if student else (),
                alternatives=folders,
                when=stamp or entry.modified,
                exact=stamp is not None,
            )
        )
    return found


def _is_heap(entries: list[Entry], depth: int) -> bool:
    """Whether all notebooks lie in one folder: it may be a student's, or everybody's."""
    parents = [entry.parts[:-1] for entry in entries if entry.name.lower().endswith(".ipynb")]
    return len(parents) > 1 and len(set(parents)) == 1 and len(parents[0]) == depth + 1


def _holds_them_all(entries: list[Entry], depth: int, labs: list[str]) -> bool:
    """Whether one folder at this depth holds the students' folders, and is no student's own with nothing but labs in it."""
    if not entries or any(len(entry.parts) <= depth + 2 for entry in entries):
        return False
    if len({entry.parts[depth] for entry in entries}) > 1:
        return False
    return entries[0].parts[depth].lower() in _SUBFOLDERS or any(entry.parts[depth + 1] not in labs for entry in entries)


def _time_in(entry: Entry | None) -> datetime | None:
    if entry is None or entry.size > 200:
        return None
    try:
        return moment(entry.read().decode("utf-8", "replace"))
    except Refused:
        return None


def moment(text: str) -> datetime | None:
    """The time that a text says, UTC where it names no zone; None where it says none."""
    text = re.sub(r"\s*(?:UTC|Z|GMT)$", "+00:00", text.strip())
    text = re.sub(r"(\.\d{6})\d+", r"\1", text)
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text)
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _gradescope(entries: list[Entry], metadata: Entry) -> list[HandedIn]:
    try:
        said = _submissions(metadata)
    except (Refused, yaml.YAMLError, RecursionError, ValueError) as error:
        why = str(error).split("\n")[0] if isinstance(error, Refused) else "is no YAML that can be read"
        flaw = f"cannot be told from others, as {METADATA} {why}"
        return [HandedIn(entry, entry.parts[-1], flaw=flaw) for entry in entries]
    found = []
    for entry in entries:
        key = next((part for part in entry.parts if _GRADESCOPE.fullmatch(part.rsplit(".", 1)[0])), "")
        one = said.get(key, said.get(key.rsplit(".", 1)[0]))
        if not isinstance(one, dict):
            found.append(HandedIn(entry, entry.parts[-1], flaw=f"belongs to no submission that {METADATA} names"))
            continue
        people = tuple(_submitter(each) for each in _list(one.get(":submitters")) if isinstance(each, dict))
        when = one.get(":created_at")
        when = moment(str(when)) if not isinstance(when, datetime) else when if when.tzinfo else when.replace(tzinfo=UTC)
        found.append(HandedIn(entry, entry.parts[-1], people, when=when and when.astimezone(UTC), exact=when is not None))
    return found


def _submissions(metadata: Entry) -> dict[str, Any]:
    if metadata.size > MAX_METADATA:
        raise Refused("is too large")
    said = yaml.load(metadata.read(), _Plain)
    if not isinstance(said, dict):
        raise Refused("names no submissions")
    return {str(key): value for key, value in said.items()}


def _submitter(said: dict[str, Any]) -> Person:
    numbers = ((kind, str(said.get(f":{kind}") or "")) for kind in ("sid", "email"))
    return Person(str(said.get(":name") or ""), tuple(each for each in numbers if each[1]))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


class _Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Data only: what Ruby objects hold, never the objects."""


def _without_object(loader: yaml.Loader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Plain.add_multi_constructor("!", _without_object)

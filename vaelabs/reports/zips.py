"""Zips of feedback pages, named so that a learning management system knows whose each page is.

The names were checked against the systems' published source; no Canvas and no Moodle was at hand to try them.

canvas  Gradebook or assignment, "Upload Submissions" (the way back of "Download Submissions"). Canvas reads two
        numbers off a file's name, those of the student and of the file that was handed in
        (infer_comment_context_from_filename), so a page keeps the name that the export gave it and only its ending is
        ours. It becomes a comment on the submission, which Canvas shows under the name of the file that was handed in.
moodle  Assignment, "Upload multiple feedback files in a zip"; "Feedback files" must be on in its settings. Moodle reads
        the participant's number off a folder "Full name_1234_assignsubmission_file_" (is_valid_filename_for_import)
        and keeps the name of the file in it.
plain   A folder for each student, by the name that submitted/ has for them.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vaelabs.course import Course, CourseError, write_bytes

SYSTEMS = ("canvas", "moodle", "plain")
_EPOCH = (1980, 1, 1, 0, 0, 0)

Label = Callable[[str, str], str]
"""What the system takes a file back by, for a student and a lab: empty where it is not known. See `intake.label_of`."""


@dataclass
class FeedbackZip:
    """A lab's pages in one zip. `left_out` says why for each student whose page is not in it."""

    path: Path
    pages: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def zip_feedback(course: Course, lab: str, students: list[str], system: str, label: Label) -> FeedbackZip:
    """Write feedback/<lab>_<system>.zip with the pages that these students have. Raises CourseError."""
    if system not in SYSTEMS:
        raise CourseError(f"There are no zips for {system!r}.", f"Known: {', '.join(SYSTEMS)}.")
    made = FeedbackZip(course.root / "feedback" / f"{lab}_{system}.zip")
    taken: dict[str, str] = {}
    for student in students:
        name = _name(system, student, lab, label)
        if not course.feedback(student, lab).is_file():
            made.left_out[student] = "there is no page"
        elif not name:
            came = f"the notebook came by no export of {system.capitalize()}"
            made.left_out[student] = f"{came}, so its name there is not known"
        elif name in taken:
            made.left_out[student] = f"{system.capitalize()} knows the notebook as that of {taken[name]}"
        else:
            taken[name] = student
    made.pages = len(taken)
    write_bytes(made.path, zipped({name: _bytes(course.feedback(student, lab)) for name, student in taken.items()}))
    return made


def _name(system: str, student: str, lab: str, label: Label) -> str:
    """The page's name in the zip; empty where the system would not know whose it is."""
    if system == "plain":
        return f"{student}/{lab}.html"
    known = label(student, lab)
    if not known:
        return ""
    # Canvas passes over a name whose last part begins with "link", so the student's own part does not come last.
    return f"{Path(known).stem}_feedback.html" if system == "canvas" else f"{known}/{lab}.html"


def zipped(files: Mapping[str, str | bytes], programs: Iterable[str] = ()) -> bytes:
    """A zip that is the same whenever it is made of the same; `programs` are the files that may be run."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = (stat.S_IFREG | (0o755 if name in programs else 0o644)) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def _bytes(page: Path) -> bytes:
    try:
        return page.read_bytes()
    except OSError as error:
        raise CourseError(f"{page} cannot be read: {error.strerror}.") from None

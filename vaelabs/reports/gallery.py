"""Pictures out of students' notebooks, made small and made anew: nothing of a file reaches a page as it is."""

from __future__ import annotations

import base64
import binascii
import io
import random
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from PIL import Image

from vaelabs.course import Course, CourseError, read_notebook

TAG = "gallery"
"""Of a lab's cell whose figure the gallery is to show."""

SIZE = (360, 270)
MAX_THUMBNAIL = 40_000
MAX_ENCODED = 8_000_000
MAX_PIXELS = 25_000_000
"""Bounds of a picture: of a thumbnail in pixels and bytes; of what is looked at, in characters of base64 and pixels."""

_ABOUT_SAMPLES = re.compile(r"sample|prior|generat|\bnew\b", re.IGNORECASE)
_HEADING = re.compile(r"^#+ .+$", re.MULTILINE)
_QUALITIES = (82, 65, 45)


@dataclass(frozen=True)
class Thumbnail:
    """A small JPEG, with no metadata."""

    jpeg: bytes
    width: int
    height: int


def gallery(
    course: Course, labs: Sequence[str], students: Sequence[str], number: int
) -> list[tuple[str, str, Thumbnail]]:
    """(student, lab, thumbnail) for at most `number` pictures, as many of each lab as can be; one a student and lab.

    Who is shown is drawn by lot, in each run the same. The picture is that of the lab's cell tagged `gallery`, else of
    the cell that speaks most of samples (its heading with it), the later one of two; else the last picture in the
    notebook. A file that cannot be read has no picture.
    """
    found = []
    for n, lab in enumerate(labs):
        room = (number - len(found)) // (len(labs) - n)
        wanted = _wanted_cells(course, lab)
        drawn = random.Random(lab).sample(list(students), len(students))
        shown = []
        for student in drawn:
            if len(shown) >= room:
                break
            small = next(
                (small for each in _pictures(course, student, lab, wanted) if (small := thumbnail(each))), None
            )
            if small is not None:
                shown.append((student, lab, small))
        found += sorted(shown, key=lambda each: each[0])
    return found


def thumbnail(encoded: str) -> Thumbnail | None:
    """A small picture of a PNG or JPEG in base64; None of what is none, or too large.

    It is decoded, drawn on white, made small and encoded anew, so that only what can be seen is left.
    """
    if len(encoded) > MAX_ENCODED:
        return None
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            warnings.simplefilter("ignore")  # about odd metadata
            if picture.width * picture.height > MAX_PIXELS or min(picture.size) < 8:
                return None
            picture.draft("RGB", SIZE)  # a JPEG is then read at no more than the size that is needed
            colours = picture.convert("RGBA")
        colours.thumbnail(SIZE)
        small = Image.new("RGB", colours.size, "white")
        small.paste(colours, mask=colours.getchannel("A"))
    except (binascii.Error, ValueError, OSError, SyntaxError, MemoryError, EOFError, Image.DecompressionBombError):
        return None
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= MAX_THUMBNAIL:
            return Thumbnail(buffer.getvalue(), *small.size)
    return None


def _wanted_cells(course: Course, lab: str) -> list[NotebookNode]:
    """The instructor's code cells, first the one whose figure is most wanted."""
    try:
        nb = read_notebook(course.notebook("source", lab))
    except CourseError:
        return []
    ranked, heading = [], ""
    for n, cell in enumerate(nb.cells):
        if cell.cell_type != "code":
            heading = next(reversed(_HEADING.findall(cell.source)), heading)
            continue
        tagged = TAG in cell.metadata.get("tags", [])
        ranked.append(((tagged, len(_ABOUT_SAMPLES.findall(f"{heading}\n{cell.source}")), n), cell))
    return [cell for _, cell in sorted(ranked, key=lambda each: each[0], reverse=True)]


def _pictures(course: Course, student: str, lab: str, wanted: list[NotebookNode]) -> Iterator[str]:
    """The pictures in a student's notebook, the most wanted first.

    Those of the file that was handed in: what grading drew is not the student's own. Only without that file, what
    grading kept of it.
    """
    handed_in = course.submission(student, lab)
    try:
        nb = read_notebook(handed_in if handed_in.is_file() else course.autograded(student, lab))
        found = [(cell, pictures) for cell in nb.cells if (pictures := _pictures_of(cell))]
    except (CourseError, OSError, AttributeError, TypeError, ValueError):
        return
    for cell in wanted:
        yield from (pictures[-1] for each, pictures in found if _same(each, cell))
    if found:
        yield found[-1][1][-1]


def _pictures_of(cell: Any) -> list[str]:
    data = [output.get("data") for output in cell.get("outputs", []) if isinstance(output, dict)]
    found = [each.get(kind) for each in data if isinstance(each, dict) for kind in ("image/png", "image/jpeg")]
    return [each for each in found if isinstance(each, str)]


def _same(cell: Any, original: NotebookNode) -> bool:
    """Whether a student's cell is this one of the lab: Colab keeps the id in the metadata."""
    return cell.get("source") == original.source or original.get("id") in (
        cell.get("id"),
        cell.get("metadata", {}).get("id"),
    )

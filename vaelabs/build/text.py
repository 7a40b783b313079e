"""A lab's text (MyST Markdown, read by jupytext) and its instructor notebook, in both directions."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

from vaelabs.course import Course, CourseError, label, read_notebook, write_text

_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_INSERT = re.compile(r"\A@@ INSERT (\S+) @@\Z")
_CELL_ID = re.compile(r"\A[A-Za-z0-9_-]{1,64}\Z")
_NBGRADER_DEFAULTS = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
_VOLATILE = ("execution", "ExecuteTime", "collapsed", "deletable", "editable")


def read_lab(course: Course, lab: str) -> NotebookNode:
    """The instructor notebook that the text of `lab` stands for: format 4.5, stable ids, no outputs.

    Raises CourseError when the text, its head or a file that it inserts is missing or wrong.
    """
    text, head = _read_text(course, lab)
    parsed = jupytext.reads(text, fmt="md:myst")
    nb = nbformat.v4.new_notebook()
    nb.metadata = NotebookNode(
        kernelspec=parsed.metadata.get("kernelspec"),
        language_info={"name": "python"},
        vaelabs={"lab": lab, **head},
    )
    seen: dict[str, int] = {}
    for n, cell in enumerate(parsed.cells):
        meta = dict(cell.metadata)
        source, inserted = _expand(course, lab, cell.source, n)
        if inserted:
            meta["vaelabs"] = {"insert": inserted}
        if "nbgrader" in meta:
            meta["nbgrader"] = _full_nbgrader(course, lab, meta["nbgrader"], cell, n)
        make = {"code": nbformat.v4.new_code_cell, "raw": nbformat.v4.new_raw_cell}.get(
            cell.cell_type, nbformat.v4.new_markdown_cell
        )
        nb.cells.append(make(source, metadata=meta, id=_cell_id(meta, source, seen)))
    return nbformat.from_dict(nb)


def pull_lab(course: Course, lab: str) -> bool:
    """Bring `source/<lab>/<lab>.ipynb`, edited in Jupyter, back into the text; True when the text changed.

    An edited cell that came from labs/shared/ changes that file. Raises CourseError, and changes nothing,
    where the text cannot hold what the notebook has.
    """
    text, _ = _read_text(course, lab)
    path = course.notebook("source", lab)
    nb = read_notebook(path)
    shared: dict[Path, str] = {}
    bare = nbformat.v4.new_notebook(metadata={"jupytext": {"default_lexer": "ipython3"}})
    for n, cell in enumerate(nb.cells):
        if cell.get("attachments"):
            raise CourseError(
                f"{path}, {label(nb, n)} has an attached image, which the text cannot hold.",
                "Save the image elsewhere and link it, or draw it in a code cell.",
            )
        cell = nbformat.from_dict(dict(cell))
        inserted = cell.metadata.pop("vaelabs", {}).get("insert")
        if inserted:
            cell.source = _contract(course, lab, cell, inserted, shared, label(nb, n))
        cell.metadata = _short_metadata(cell.metadata)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        bare.cells.append(cell)
    body = _FRONT_MATTER.sub("", jupytext.writes(bare, fmt="md:myst"), count=1)
    new = _FRONT_MATTER.match(text)[0] + body
    _refuse_loss(jupytext.reads(new, fmt="md:myst"), bare, path)
    for file, content in shared.items():
        write_text(file, content)
    write_text(course.text(lab), new)
    return new != text or bool(shared)


def _read_text(course: Course, lab: str) -> tuple[str, dict[str, Any]]:
    """The text and the `vaelabs` part of its head."""
    path = course.text(lab)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    found = _FRONT_MATTER.match(text)
    try:
        head = (yaml.safe_load(found[1]) if found else {}).get("vaelabs")
    except (yaml.YAMLError, AttributeError):
        head = None
    if not isinstance(head, dict) or not {"title", "framework", "points", "quick"} <= set(head):
        raise CourseError(
            f"{path} does not begin with a head that describes the lab.",
            "Write title, framework, points (automatic, manual) and quick under `vaelabs:` between two lines `---`.",
        )
    return text, head


def _expand(course: Course, lab: str, source: str, n: int) -> tuple[str, str | None]:
    """The cell's source with `@@ INSERT file @@` replaced, and the file's name if it was."""
    found = _INSERT.match(source.strip())
    if not found:
        return source, None
    path = course.shared(found[1])
    try:
        content = path.read_text(encoding="utf-8").strip("\n")
    except OSError:
        raise CourseError(f"{course.text(lab)}, cell {n + 1} inserts {path}, which cannot be read.") from None
    return (_substitute(course, lab, content) if path.suffix == ".md" else content), found[1]


def _substitute(course: Course, lab: str, text: str) -> str:
    """Fill in where the course is published (labs/course.yml) and the lab's name."""
    path = course.root / "labs" / "course.yml"
    try:
        published = yaml.safe_load(path.read_text(encoding="utf-8"))
        values = {"LAB": lab, "REPOSITORY": published["repository"], "BRANCH": published["branch"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        raise CourseError(f"{path} must name the `repository` (owner/name) and the `branch`.") from None
    for key, value in values.items():
        text = text.replace(f"@@ {key} @@", str(value))
    return text


def _contract(
    course: Course, lab: str, cell: NotebookNode, name: str, shared: dict[Path, str], where: str
) -> str:
    """The line that stands for an inserted cell; an edited cell is noted in `shared`."""
    line = f"@@ INSERT {name} @@"
    path = course.shared(name)
    if _expand(course, lab, line, 0)[0] != cell.source:
        if path.suffix == ".md":
            raise CourseError(f"{where} was filled in from {path}.", "Edit that file instead.")
        shared[path] = cell.source + "\n"
    return line


def _full_nbgrader(course: Course, lab: str, short: Any, cell: NotebookNode, n: int) -> dict[str, Any]:
    """nbgrader's metadata in full from what the author wrote."""
    where = f"{course.text(lab)}, cell {n + 1}"
    if not isinstance(short, dict) or not short.get("grade_id"):
        raise CourseError(f"{where} has nbgrader metadata without a grade_id.", "Name it: {grade_id: ...}.")
    unknown = set(short) - set(_NBGRADER_DEFAULTS) - {"grade_id", "points", "cell_type"}
    if unknown:
        raise CourseError(f"{where} has nbgrader metadata that is not known: {', '.join(sorted(unknown))}.")
    full = {**_NBGRADER_DEFAULTS, **short}
    if (full["grade"] or full["task"]) and not isinstance(full.get("points"), (int, float)):
        raise CourseError(f"{where} ({full['grade_id']}) is graded but has no points.")
    full["locked"] = full["locked"] or (full["grade"] and not full["solution"]) or full["task"]
    return full


def _short_metadata(metadata: NotebookNode) -> dict[str, Any]:
    """What the author would write: nbgrader's fields without the defaults, nothing a program added."""
    short = {key: value for key, value in metadata.items() if key not in _VOLATILE}
    if "nbgrader" in short:
        full = short["nbgrader"]
        fields = {
            key: value
            for key, value in full.items()
            if key not in ("checksum", "cell_type") and _NBGRADER_DEFAULTS.get(key) != value
        }
        if (full.get("grade") and not full.get("solution")) or full.get("task"):
            fields.pop("locked", None)  # always so
        short["nbgrader"] = {"grade_id": fields.pop("grade_id", ""), **dict(sorted(fields.items()))}
    return dict(sorted(short.items()))


def _refuse_loss(again: NotebookNode, want: NotebookNode, path: Path) -> None:
    """Raise CourseError unless the written text reads back as the notebook, cell by cell."""
    for n, cell in enumerate(want.cells):
        got = again.cells[n] if n < len(again.cells) else None
        if (
            got is None
            or got.cell_type != cell.cell_type
            or got.source.strip("\n") != cell.source.strip("\n")
            or dict(got.metadata) != dict(cell.metadata)
        ):
            raise CourseError(
                f"{path}, {label(want, n)} cannot be written as text without losing something.",
                "Look there for a line `+++` or a fence ```{...} inside Markdown, or an empty cell.",
            )
    if len(again.cells) != len(want.cells):
        raise CourseError(f"{path} has {len(want.cells)} cells but its text has {len(again.cells)}.")


def _cell_id(meta: dict[str, Any], source: str, seen: dict[str, int]) -> str:
    """The grade_id, else a hash of the source; so a rebuild changes no byte."""
    name = meta.get("nbgrader", {}).get("grade_id", "")
    if not _CELL_ID.match(name):
        name = hashlib.sha256(source.encode()).hexdigest()[:12]
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"

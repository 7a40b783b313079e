"""A lab's text (MyST Markdown, read by jupytext) and its instructor notebook, in both directions."""

from __future__ import annotations

import hashlib
import json
import math
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
_VOLATILE = ("execution", "ExecuteTime", "collapsed")
_LOCKS = ("deletable", "editable")  # nbgrader's own on its cells, the author's elsewhere
_CONTROL = yaml.reader.Reader.NON_PRINTABLE
_JUPYTEXT_PLACE = re.compile(r"\A(?:Code|Markdown) cell (\d+) at line \d+ ")


def read_lab(course: Course, lab: str) -> NotebookNode:
    """The instructor notebook that the text of `lab` stands for: format 4.5, stable ids, no outputs.

    Raises CourseError when the text, its head or a file that it inserts is missing or wrong.
    """
    path = course.text(lab)
    text, head = _read_text(path)
    parsed = _parse(text, path)
    nb = nbformat.v4.new_notebook()
    nb.metadata = NotebookNode(
        kernelspec=parsed.metadata.get("kernelspec"),
        language_info={"name": "python"},
        vaelabs={"lab": lab, **head["vaelabs"]},
    )
    seen: dict[str, int] = {}
    for n, cell in enumerate(parsed.cells):
        meta = _own_metadata(cell.metadata, f"{path}, cell {n + 1}")
        source, inserted = _expand(course, lab, cell.source, n)
        if inserted:
            meta["vaelabs"] = {**meta.get("vaelabs", {}), "insert": inserted}
        if "nbgrader" in meta:
            meta["nbgrader"] = _full_nbgrader(course, lab, meta["nbgrader"], cell, n)
        make = {"code": nbformat.v4.new_code_cell, "raw": nbformat.v4.new_raw_cell}.get(
            cell.cell_type, nbformat.v4.new_markdown_cell
        )
        nb.cells.append(make(source, metadata=meta, id=_cell_id(meta, source, seen)))
    return nbformat.from_dict(nb)


def pull_lab(course: Course, lab: str) -> list[Path]:
    """Bring `source/<lab>/<lab>.ipynb`, edited in Jupyter, back into the text; the files that changed.

    An edited cell that came from labs/shared/ changes that file. Raises CourseError, and changes nothing,
    where the text cannot hold what the notebook has.
    """
    text, head = _read_text(course.text(lab))
    path = course.notebook("source", lab)
    nb = read_notebook(path)
    _refuse_other_head(nb, head, path, course.text(lab))
    shared: dict[Path, str] = {}
    bare = nbformat.v4.new_notebook(metadata={"jupytext": {"default_lexer": "ipython3"}})
    for n, cell in enumerate(nb.cells):
        bare.cells.append(_bare_cell(course, lab, cell, shared, f"{path}, {label(nb, n)}"))
    body = _FRONT_MATTER.sub("", jupytext.writes(bare, fmt="md:myst"), count=1)
    new = _FRONT_MATTER.match(text)[0] + body
    _refuse_loss(_parse(new, path), bare, path)
    files = {**shared, course.text(lab): new}
    changed = [file for file, content in files.items() if file.read_text(encoding="utf-8") != content]
    for file in changed:
        write_text(file, files[file])
    return changed


def _read_text(path: Path) -> tuple[str, dict[str, Any]]:
    """The text and its head, whose `vaelabs` part is complete."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8 text.", "Save it as UTF-8.") from None
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise CourseError(f"{path}, line {line} has the control character {control[0]!r}.", "Delete it.")
    found = _FRONT_MATTER.match(text)
    try:
        head = yaml.safe_load(found[1]) if found else None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise CourseError(f"{path}: its head is not valid YAML: {' '.join(str(error).split())}") from None
    _refuse_head(head, path)
    return text, head


def _refuse_head(head: Any, path: Path) -> None:
    """Raise CourseError unless the head describes a lab."""
    ours = head.get("vaelabs") if isinstance(head, dict) else None
    if not isinstance(ours, dict) or not {"title", "framework", "points", "quick"} <= set(ours):
        raise CourseError(
            f"{path} does not begin with a head that describes the lab.",
            "Write title, framework, points (automatic, manual) and quick under `vaelabs:` between two lines `---`.",
        )
    for name in ("title", "framework"):
        if not isinstance(ours[name], str):
            raise CourseError(f"{path}: the head's {name} must be text, not {ours[name]!r}.")
    points = ours["points"]
    if (
        not isinstance(points, dict)
        or not set(points) <= {"automatic", "manual"}
        or not all(_is_points(each) for each in points.values())
    ):
        raise CourseError(
            f"{path}: the head's points must be numbers under `automatic` and `manual`, not {points!r}.",
            "For example: points: {automatic: 30, manual: 10}",
        )
    if not isinstance(ours["quick"], dict):
        raise CourseError(
            f"{path}: the head's quick must name parameters and their values, not {ours['quick']!r}.",
            "For example: quick: {steps: 1}",
        )
    for name in ("kernelspec", "jupytext"):
        if not isinstance(head.get(name, {}), dict):
            raise CourseError(f"{path}: the head's {name} must be a mapping, not {head[name]!r}.")
    _refuse_unwritable(ours, f"{path}: the head")


def _refuse_unwritable(value: Any, where: str) -> None:
    """Raise CourseError for what YAML can say and a notebook cannot, such as a date or a number as a key."""
    try:
        same = json.loads(json.dumps(value)) == value
    except (TypeError, ValueError):
        same = False
    if not same:
        raise CourseError(f"{where} has a value that a notebook cannot hold, such as a date.", "Put it in quotes.")


def _parse(text: str, path: Path) -> NotebookNode:
    """The text's cells. Raises CourseError naming the cell whose metadata cannot be read."""
    try:
        return jupytext.reads(text, fmt="md:myst")
    except Exception as error:  # jupytext raises whatever it stumbles over
        said = " ".join(str(error).split())
        place = _JUPYTEXT_PLACE.match(said)
        if place:  # jupytext counts from 0
            raise CourseError(f"{path}, cell {int(place[1]) + 1}: its metadata {said[place.end() :]}") from None
        raise CourseError(f"{path} cannot be read: {said}") from None


def _own_metadata(metadata: NotebookNode, where: str) -> dict[str, Any]:
    """A cell's metadata as the author wrote it. Raises CourseError for what no notebook can hold."""
    meta = dict(metadata)
    _refuse_unwritable(meta, where)
    ours = meta.get("vaelabs", {})
    if not isinstance(ours, dict) or "insert" in ours:
        raise CourseError(f"{where}: its `vaelabs` must be a mapping without `insert`.", "Write @@ INSERT file @@.")
    return meta


def _refuse_other_head(nb: NotebookNode, head: dict[str, Any], path: Path, text: Path) -> None:
    """Raise CourseError when the notebook describes the lab otherwise than the head of its text."""
    ours = nb.metadata.get("vaelabs", head["vaelabs"])
    got = {key: value for key, value in ours.items() if key != "lab"} if isinstance(ours, dict) else {}
    want = dict(head["vaelabs"])
    kernel = head.get("kernelspec", {}).get("name")
    got["kernelspec"], want["kernelspec"] = (nb.metadata.get("kernelspec") or {}).get("name", kernel), kernel
    for key in sorted({*got, *want}):
        if got.get(key) != want.get(key):
            raise CourseError(
                f"{path} has another {key} in its metadata ({got.get(key)!r}) than {text} ({want.get(key)!r}).",
                f"Edit the head of labs/{text.name}, not the notebook's metadata, until the two agree.",
            )


def _bare_cell(course: Course, lab: str, cell: NotebookNode, shared: dict[Path, str], where: str) -> NotebookNode:
    """The cell as the text holds it; an edited cell from labs/shared/ is noted in `shared`."""
    if cell.get("attachments"):
        raise CourseError(
            f"{where} has an attached image, which the text cannot hold.",
            "Save the image elsewhere and link it, or draw it in a code cell.",
        )
    if _CONTROL.search(cell.source):
        raise CourseError(f"{where} has the control character {_CONTROL.search(cell.source)[0]!r}.", "Delete it.")
    if _INSERT.match(cell.source.strip()):
        raise CourseError(f"{where} would come back as what it inserts.", f"Write that line in labs/{lab}.md.")
    cell = nbformat.from_dict(dict(cell))
    ours = cell.metadata.get("vaelabs")
    if isinstance(ours, dict) and isinstance(ours.get("insert"), str):
        cell.source = _contract(course, lab, cell, ours.pop("insert"), shared, where)
        if not ours:
            del cell.metadata["vaelabs"]
    cell.metadata = _short_metadata(cell.metadata)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    return cell


def _expand(course: Course, lab: str, source: str, n: int) -> tuple[str, str | None]:
    """The cell's source with `@@ INSERT file @@` replaced, and the file's name if it was."""
    found = _INSERT.match(source.strip())
    if not found:
        return source, None
    path = course.shared(found[1])
    try:
        content = path.read_text(encoding="utf-8").strip("\n")
    except (OSError, UnicodeDecodeError):
        raise CourseError(f"{course.text(lab)}, cell {n + 1} inserts {path}, which cannot be read.") from None
    return (_substitute(course, lab, content) if path.suffix == ".md" else content), found[1]


def _substitute(course: Course, lab: str, text: str) -> str:
    """Fill in where the course is published (labs/course.yml) and the lab's name."""
    path = course.root / "labs" / "course.yml"
    try:
        published = yaml.safe_load(path.read_text(encoding="utf-8"))
        values = {"LAB": lab, "REPOSITORY": published["repository"], "BRANCH": published["branch"]}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
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
        if shared.setdefault(path, cell.source + "\n") != cell.source + "\n":
            raise CourseError(f"{where}: {path} is inserted twice and edited differently.", "Edit one of the two.")
    return line


def _full_nbgrader(course: Course, lab: str, short: Any, cell: NotebookNode, n: int) -> dict[str, Any]:
    """nbgrader's metadata in full from what the author wrote."""
    where = f"{course.text(lab)}, cell {n + 1}"
    if not isinstance(short, dict) or not short.get("grade_id"):
        raise CourseError(f"{where} has nbgrader metadata without a grade_id.", "Name it: {grade_id: ...}.")
    if not isinstance(short["grade_id"], str):
        raise CourseError(f"{where}: its grade_id must be text, not {short['grade_id']!r}.")
    unknown = set(short) - set(_NBGRADER_DEFAULTS) - {"grade_id", "points", "cell_type"}
    if unknown:
        raise CourseError(f"{where} has nbgrader metadata that is not known: {', '.join(sorted(unknown))}.")
    full = {**_NBGRADER_DEFAULTS, **short}
    if (full["grade"] or full["task"]) and "points" not in full:
        raise CourseError(f"{where} ({full['grade_id']}) is graded but has no points.")
    if "points" in full and not _is_points(full["points"]):
        raise CourseError(f"{where} ({full['grade_id']}): its points must be a number, not {full['points']!r}.")
    full["locked"] = full["locked"] or (full["grade"] and not full["solution"]) or full["task"]
    return full


def _is_points(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _short_metadata(metadata: NotebookNode) -> dict[str, Any]:
    """What the author would write: nbgrader's fields without the defaults, nothing a program added."""
    added = _VOLATILE + (_LOCKS if "nbgrader" in metadata else ())
    short = {key: value for key, value in metadata.items() if key not in added}
    full = short.get("nbgrader")
    if isinstance(full, dict):
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

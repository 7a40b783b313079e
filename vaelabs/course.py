"""The course folder: its labs, their tasks and points, where things lie; errors in its shape."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.warnings import MissingIDFieldWarning

SHOW_TAG = "show"
"""Tag of the cells that no mark depends on: figures, training runs, visible checks."""

_MAX_NOTEBOOK_BYTES = 100_000_000
_MAX_TABLE_BYTES = 20_000_000
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\[\]\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


class CourseError(Exception):
    """Something the user can mend: the fact, then the next steps, one a line."""

    def __init__(self, fact: str, *steps: str):
        super().__init__("\n".join((fact, *steps)))


@dataclass(frozen=True)
class Task:
    """One thing that is marked. `name` is the function's name for a graded code cell `test-<name>`."""

    name: str
    grade_id: str
    points: float
    manual: bool


@dataclass(frozen=True)
class Course:
    """A course folder. Every path of it is asked for here, and where its two databases are."""

    root: Path
    gradebook_url: str = ""
    """nbgrader's gradebook; empty for what nbgrader_config.py says, by default gradebook.db."""
    ledger: str = ""
    """URL of the ledger of results; empty for report/ledger.db."""

    @property
    def config_file(self) -> Path:
        return self.root / "nbgrader_config.py"

    @property
    def report(self) -> Path:
        return self.root / "report"

    @property
    def ledger_url(self) -> str:
        return self.ledger or f"sqlite:///{self.report / 'ledger.db'}"

    def text(self, lab: str) -> Path:
        return self.root / "labs" / f"{lab}.md"

    def shared(self, name: str) -> Path:
        return self.root / "labs" / "shared" / name

    def notebook(self, folder: str, lab: str) -> Path:
        """The lab's notebook in `source`, `release` or `solutions`."""
        return self.root / folder / lab / f"{lab}.ipynb"

    def submission(self, student: str, lab: str) -> Path:
        return self.root / "submitted" / student / lab / f"{lab}.ipynb"

    def autograded(self, student: str, lab: str) -> Path:
        return self.root / "autograded" / student / lab / f"{lab}.ipynb"

    def feedback(self, student: str, lab: str) -> Path:
        return self.root / "feedback" / student / lab / f"{lab}.html"

    def written_labs(self) -> list[str]:
        """The labs that have a text in `labs/`, sorted."""
        return sorted(path.stem for path in (self.root / "labs").glob("*.md") if path.stem != "README")

    def built_labs(self, folder: str = "source") -> list[str]:
        """The labs that have a notebook in `source/`, or in `release/`, sorted."""
        return sorted(path.stem for path in self.root.glob(f"{folder}/*/*.ipynb") if path.stem == path.parent.name)

    def students(self) -> list[str]:
        """Everyone with a folder in `submitted/`, sorted; each name as `legible` has it."""
        folders = (path for path in self.root.glob("submitted/*") if path.is_dir() and not path.name.startswith("."))
        return sorted(legible(path.name) for path in folders)

    def choose(self, wanted: tuple[str, ...], known: list[str], what: str) -> list[str]:
        """`wanted`, or all that are known; raises CourseError for one that is not."""
        if not known:
            raise CourseError(
                f"There is no {what} in {self.root}.",
                "Is this the course folder? Name it with --course.",
                "A course is built by `vaelabs build`; submissions lie in submitted/<student>/<lab>/<lab>.ipynb.",
            )
        for name in wanted:
            if name not in known:
                raise CourseError(f"{self.root} has no {what} named {name!r}.", f"Known: {', '.join(known)}.")
        return list(wanted) or known

    def tasks(self, lab: str) -> list[Task]:
        """The marked tasks of a built lab in their order."""
        return tasks_of(read_notebook(self.notebook("source", lab)))


def tasks_of(nb: NotebookNode) -> list[Task]:
    """The marked tasks of an instructor notebook: autograded code cells and questions marked by hand."""
    found = []
    for cell in nb.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not (meta.get("grade") or meta.get("task")):  # nbgrader's task cells are marked by hand
            continue
        manual = bool(meta.get("task") or meta.get("solution") or cell.cell_type != "code")
        name = meta["grade_id"] if manual else meta["grade_id"].removeprefix("test-")
        found.append(Task(name, meta["grade_id"], float(meta.get("points", 0)), manual))
    return found


def grade_id(cell: NotebookNode) -> str:
    """The cell's nbgrader id, or the empty string."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def label(nb: NotebookNode, index: int) -> str:
    """A cell as a person would point at it: its number and, where it has one, its id."""
    name = grade_id(nb.cells[index])
    return f"cell {index + 1}" + (f" ({name})" if name else "")


def read_notebook(path: Path) -> NotebookNode:
    """The notebook at `path`. Raises CourseError when there is none or it cannot be read as one."""
    try:
        if path.stat().st_size > _MAX_NOTEBOOK_BYTES:
            raise CourseError(f"{path} is larger than {_MAX_NOTEBOOK_BYTES // 10**6} MB.", "Clear its outputs first.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingIDFieldWarning)  # it gives the cells ids
            nb = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    except FileNotFoundError:
        raise CourseError(f"{path} does not exist.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is no notebook: it is not UTF-8 text.") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    except (nbformat.reader.NotJSONError, json.JSONDecodeError):
        raise CourseError(f"{path} is no notebook: it is not valid JSON.", "Download it again as .ipynb.") from None
    except CourseError:
        raise
    except Exception as error:  # nbformat raises whatever it stumbles over
        raise CourseError(f"{path} is no notebook that can be read ({type(error).__name__}: {error}).") from None
    if not isinstance(nb.get("cells"), list):
        raise CourseError(f"{path} is no notebook: it has no cells.")
    return nb


def legible(path: str | Path) -> str:
    """A path as text, in which a byte that is no UTF-8 is written out: no database, page or terminal takes it."""
    return os.fsencode(path).decode(errors="backslashreplace")


def write_text(path: Path, text: str) -> None:
    """As `write_bytes`, in UTF-8."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> bool:
    """Write `path` whole or not at all, and leave it alone when it holds these bytes; whether it was written.

    Raises CourseError when it cannot be.
    """
    if path.is_file() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".part")
    try:
        scratch.write_bytes(data)
        scratch.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from None
    return True


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a CSV file in which no cell is a formula. Raises CourseError when it cannot be written."""
    table = io.StringIO()
    lines = csv.writer(table, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows([harmless(cell) for cell in row] for row in rows)
    try:
        write_bytes(path, table.getvalue().encode("utf-8", "replace"))
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror}.") from None


@dataclass(frozen=True)
class CsvTable:
    """A CSV file as it was: its rows, blank ones left out, and how it was written."""

    rows: list[list[str]]
    delimiter: str = ","
    encoding: str = "utf-8"


def read_table(path: Path) -> CsvTable:
    """A class's list as some program wrote it: commas, semicolons or tabs, in any of the usual encodings.

    Raises CourseError when it cannot be read, is too large or has no row.
    """
    data = read_bytes(path, _MAX_TABLE_BYTES, f"{path} is larger than a roster can be.")
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    marked = data[:3] == b"\xef\xbb\xbf"
    for encoding in ("utf-16",) if wide else ("utf-8-sig" if marked else "utf-8", "cp1252", "latin-1"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise CourseError(f"{path} is no text file.", "A roster is a CSV file with the columns id and name.")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(each.strip() for each in row)]
    except csv.Error as error:
        raise CourseError(f"{path} is no CSV file: {error}.") from None
    if not rows:
        raise CourseError(f"{path} is empty.", "A roster is a CSV file with the columns id and name.")
    return CsvTable(rows, delimiter, encoding)


def plain_title(text: str) -> str:
    """The title of a column as it is compared."""
    return " ".join(text.strip().strip("\ufeff").casefold().split())


def read_bytes(path: Path, most: int, *too_large: str) -> bytes:
    """A file of at most so many bytes. Raises CourseError when it cannot be read, and one that says `too_large`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > most:
        raise CourseError(*too_large)
    return data


def folder_name(student: str) -> str:
    """A student's id as the name of a folder on any system, never hidden and never a pattern."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", legible(student))).strip(" .")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name[:100].rstrip(" .")


def harmless(cell: str) -> str:
    """A spreadsheet would run a cell that begins like a formula."""
    return f"'{cell}" if cell.lstrip()[:1] in ("=", "+", "-", "@") or cell[:1] in ("\t", "\r") else cell

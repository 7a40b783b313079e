"""From bytes that someone handed in to a notebook that can be worked on, or one sentence why not."""

from __future__ import annotations

import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode

MAX_CELLS = 5000
MAX_DEPTH = 100
MAX_CODE = 5_000_000
"""Characters of all code cells together."""

_CELL_FIELDS = {
    "code": {"outputs", "execution_count"},
    "markdown": {"attachments"},
    "raw": {"attachments"},
}
_BOMS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8-sig"),
         (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip


class Unreadable(Exception):
    """A file that is no notebook: what it is instead, as the end of a sentence that begins with its name."""


def notebook_from(data: bytes) -> tuple[NotebookNode, list[str]]:
    """The notebook in `data`, and what had to be mended in its format, a sentence each.

    Raises Unreadable with what the file is instead.
    """
    raw, mended = _json_from(data)
    if not isinstance(raw, dict) or not isinstance(raw.get("cells", raw.get("worksheets")), list):
        raise Unreadable("is JSON but no notebook: it has no cells")
    if raw.get("nbformat") != 4:
        raw = _upgraded(raw)
        mended.append("The file was of an old notebook format and is now of format 4.")
    cells = raw["cells"]
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"has {len(cells):,} cells, and more than {MAX_CELLS:,} are not looked at")
    raw["cells"] = [cell for n, each in enumerate(cells, 1) if (cell := _mended_cell(each, n, mended))]
    if sum(len(cell["source"]) for cell in raw["cells"] if cell["cell_type"] == "code") > MAX_CODE:
        raise Unreadable(f"holds more than {MAX_CODE // 10**6} MB of code, as nobody writes it")
    if not isinstance(raw.get("nbformat_minor"), int):
        raw["nbformat_minor"] = 5
        mended.append("The notebook did not say which format it has.")
    if not isinstance(raw.get("metadata"), dict):
        raw["metadata"] = {}
        mended.append("The notebook had no metadata.")
    return nbformat.from_dict(raw), mended


def _json_from(data: bytes) -> tuple[Any, list[str]]:
    if not data.strip():
        raise Unreadable("is empty")
    if data[:5] == b"%PDF-":
        raise Unreadable("is a PDF and no notebook")
    if data[:4] == b"PK\x03\x04":
        raise Unreadable("is a zip or an Office document and no notebook")
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text, so it is no notebook") from None
    if re.match(r"\s*<(!doctype|html|head|body|\?xml|!--)", text[:500], re.IGNORECASE):
        raise Unreadable("is a web page, perhaps that of a log-in, and no notebook")
    mended = [] if encoding == "utf-8" else [f"The file was written in {encoding} and is now in UTF-8."]
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        cut = text.lstrip().startswith("{") and not text.rstrip().endswith("}")
        raise Unreadable("breaks off in the middle" if cut else "is no notebook: it is not JSON") from None
    if _too_deep(raw):
        raise Unreadable(f"is nested more than {MAX_DEPTH} levels deep, as no notebook is")
    if "\\ud" in text.lower():
        whole = _without_surrogates(raw)
        if whole != raw:
            raw = whole
            mended.append("Characters that no text can hold were replaced.")
    return raw, mended


def _too_deep(raw: Any) -> bool:
    level, depth = [raw], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return True
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
    return False


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(each) for each in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
    return value


def _upgraded(raw: dict[str, Any]) -> dict[str, Any]:
    major = raw.get("nbformat", 4 if "cells" in raw else 3)
    if not isinstance(major, int) or major > 4:
        raise Unreadable("is of a notebook format that is not known here")
    if major == 4 or "cells" in raw:
        return {**raw, "nbformat": 4, "nbformat_minor": 5}
    try:
        return dict(nbformat.convert(nbformat.from_dict(raw), 4))
    except Exception as error:  # nbformat raises whatever it stumbles over
        raise Unreadable(f"is of an old notebook format that cannot be read ({type(error).__name__})") from None


def _mended_cell(cell: Any, n: int, mended: list[str]) -> dict[str, Any] | None:
    """The cell with the fields that every cell has, its source one text; None where there is no cell to be saved."""
    if not isinstance(cell, dict):
        mended.append(f"Cell {n} was no cell and is left out.")
        return None
    new = dict(cell)
    source = new.get("source", "")
    if isinstance(source, list) and all(isinstance(each, str) for each in source):
        source = "".join(source)
    new["source"] = source.replace("\r\n", "\n") if isinstance(source, str) else ""
    kind = new.get("cell_type")
    if not isinstance(kind, str) or kind not in _CELL_FIELDS:
        new["cell_type"] = kind = "markdown" if kind == "heading" else "raw"
    if not isinstance(new.get("metadata"), dict):
        new["metadata"] = {}
    grading = new["metadata"].get("nbgrader", {})
    if not (isinstance(grading, dict) and isinstance(grading.get("grade_id", ""), str)):
        new["metadata"] = {key: each for key, each in new["metadata"].items() if key != "nbgrader"}
    tags = new["metadata"].get("tags", [])
    if not (isinstance(tags, list) and all(isinstance(each, str) and each and "," not in each for each in tags)):
        new["metadata"] = {key: each for key, each in new["metadata"].items() if key != "tags"}
    if kind == "code":
        outputs = new.get("outputs", None)
        new["outputs"] = [each for each in outputs if _is_output(each)] if isinstance(outputs, list) else []
        if not isinstance(new.get("execution_count"), int):
            new["execution_count"] = None
    elif "outputs" in new or "execution_count" in new:
        new = {key: each for key, each in new.items() if key not in ("outputs", "execution_count")}
    for key, wanted in (("id", str), ("attachments", dict)):
        if not isinstance(new.get(key, wanted()), wanted):
            del new[key]
    if {key: each for key, each in new.items() if key != "source"} != {
        key: each for key, each in cell.items() if key != "source"
    } or not isinstance(cell.get("source"), str | list) or not isinstance(source, str):
        mended.append(f"Cell {n} lacked parts that every cell has; they are back.")
    return new


def _is_output(output: Any) -> bool:
    """Whether it has the parts that the format's own code takes for granted."""
    if not isinstance(output, dict):
        return False
    kind = output.get("output_type")
    if kind == "stream":
        return _is_text(output.get("text")) and isinstance(output.get("name"), str)
    if kind in ("display_data", "execute_result"):
        return isinstance(output.get("data"), dict) and isinstance(output.get("metadata", {}), dict)
    return kind == "error" and isinstance(output.get("traceback", []), list)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))

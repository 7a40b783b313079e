"""What Google Colab, or a student in it, does to a notebook between the release and the folder of submissions.

Each edit changes the notebook as data, as json.load gives it. The files beside this one have gone through all of them:
a lab's answers as they came out of Colab. After a change of a lab's tasks `python tests/colab/test_colab_files.py` writes
them anew.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import nbformat

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def saved(nb: dict[str, Any]) -> None:
    """Format 4.0, ids in the metadata, Colab's own keys."""
    from vaelabs.sample import saved_by_colab

    nb |= json.loads(nbformat.writes(saved_by_colab(nbformat.from_dict(nb))))


def other_kernel(nb: dict[str, Any]) -> None:
    """A runtime with another kernel, for a GPU."""
    nb["metadata"]["kernelspec"] = {"name": "python3-gpu", "display_name": "Python 3 (GPU)", "language": "python"}
    nb["metadata"]["language_info"] = {"name": "python", "version": "3.13.1"}
    nb["metadata"].setdefault("colab", {}).update(gpuType="T4", machine_shape="hm", name="Copy of lab.ipynb")


def executed(nb: dict[str, Any]) -> None:
    """Outputs of every kind, and who ran each cell when."""
    for n, cell in enumerate(code_cells(nb)):
        cell["execution_count"] = n + 1
        cell["metadata"]["executionInfo"] = {
            "status": "ok", "timestamp": 1761000000000 + n, "user_tz": -60, "elapsed": 12,
            "user": {"displayName": "A Student", "userId": "01234567890123456789"},
        }  # fmt: skip
        cell["outputs"] = [
            {"output_type": "stream", "name": "stderr", "text": ["WARNING: pip is old\n"]},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": PIXEL, "text/plain": ["<Figure>"]}},
            {"output_type": "execute_result", "metadata": {}, "execution_count": n + 1, "data": {"text/plain": ["5.0"]}},
        ]


def as_forms(nb: dict[str, Any]) -> None:
    """Cells whose code is hidden behind a form."""
    for cell in code_cells(nb)[::2]:
        cell["metadata"]["cellView"] = "form"


def source_as_lines(nb: dict[str, Any]) -> None:
    for cell in nb["cells"]:
        cell["source"] = text(cell).splitlines(keepends=True)


def source_as_one_text(nb: dict[str, Any]) -> None:
    for cell in nb["cells"]:
        cell["source"] = text(cell)


def windows_lines(nb: dict[str, Any]) -> None:
    """A file that went through an editor of Windows."""
    for cell in nb["cells"]:
        cell["source"] = text(cell).replace("\n", "\r\n")


def stray_install(nb: dict[str, Any]) -> None:
    """The first cell installs what is there already."""
    nb["cells"].insert(0, code_cell("!pip install -q numpy\n%pip --version"))


def trailing_cells(nb: dict[str, Any]) -> None:
    """Empty cells at the end, and trials that fail."""
    for source in ("", "1 / 0", "kl_divergence = None", "from google.colab import drive"):
        nb["cells"].append(code_cell(source))


def lost_metadata(nb: dict[str, Any]) -> None:
    """The notebook's own metadata are gone; those of the cells stay."""
    nb["metadata"] = {"colab": {"provenance": []}}


def copied_answers(nb: dict[str, Any]) -> None:
    """Each answer once more below itself, with a new id."""
    duplicate(nb, lambda meta: meta.get("solution"))


def copied_graded_cells(nb: dict[str, Any]) -> None:
    duplicate(nb, lambda meta: meta.get("grade") and not meta.get("solution"))


def copied_questions(nb: dict[str, Any]) -> None:
    duplicate(nb, lambda meta: meta.get("locked") and not meta.get("grade"))


def copied_to_the_end(nb: dict[str, Any]) -> None:
    """All that nbgrader knows of once more, after everything else."""
    nb["cells"] += [renamed(cell) for cell in nb["cells"] if "nbgrader" in cell["metadata"]]


COPYING = [copied_answers, copied_graded_cells, copied_questions, copied_to_the_end]
EDITS = [
    executed, as_forms, stray_install, *COPYING, saved, other_kernel,
    source_as_lines, source_as_one_text, windows_lines, lost_metadata, trailing_cells,
]  # fmt: skip


def edited(nb: dict[str, Any], *edits: Callable[[dict[str, Any]], None]) -> str:
    """The text of the file after these edits."""
    nb = copy.deepcopy(json.loads(json.dumps(nb)))
    for edit in edits:
        edit(nb)
    return json.dumps(nb, indent=1, ensure_ascii=False) + "\n"


def code_cells(nb: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in nb["cells"] if cell["cell_type"] == "code"]


def text(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}


def renamed(cell: dict[str, Any]) -> dict[str, Any]:
    """A copy as Colab makes it: everything but the cell's own id is the same."""
    new = copy.deepcopy(cell)
    if "id" in new:
        new["id"] = hashlib.sha256(new["id"].encode()).hexdigest()[:12]
    return new


def duplicate(nb: dict[str, Any], is_meant: Callable[[dict[str, Any]], Any]) -> None:
    nb["cells"] = [
        each for cell in nb["cells"]
        for each in ([cell, renamed(cell)] if is_meant(cell["metadata"].get("nbgrader", {})) else [cell])
    ]  # fmt: skip

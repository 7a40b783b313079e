"""What the tests of the labs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaelabs.course import SHOW_TAG, Course, read_notebook
from vaelabs.sandbox import with_profile


@pytest.fixture(scope="session")
def names_of() -> Callable[[str], dict[str, Any]]:
    """Run a lab in its quick profile; its names after every cell that is neither for show nor graded."""
    course = Course(Path(__file__).parents[2])

    def run(lab: str) -> dict[str, Any]:
        nb = read_notebook(course.notebook("source", lab))
        names: dict[str, Any] = {"__name__": "__main__"}
        for cell in with_profile(nb, nb.metadata.vaelabs.quick).cells:
            graded = cell.metadata.get("nbgrader", {}).get("grade")
            if cell.cell_type == "code" and SHOW_TAG not in cell.metadata.get("tags", []) and not graded:
                exec(cell.source, names)
        return names

    return run

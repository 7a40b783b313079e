"""The smallest class there is: one function, plain asserts, nothing to import. Its submissions can be told apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import psutil
import sqlalchemy as sql
from nbgrader.api import Gradebook

from vaelabs.course import Course, grade_id, read_notebook, write_text
from vaelabs.grading import Ledger
from vaelabs.grading.ledger import attempts as begun
from vaelabs.grading.ledger import results

RIGHT = "def double(x):\n    return 2 * x"
STARTED: list[subprocess.Popen] = []
"""What is to be ended with the test."""

VAELABS = [sys.executable, "-c", "from vaelabs.cli import main; main()"]


def write_tiny_course(root: Path) -> Course:
    meta = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    graded = {**meta, "grade_id": "test-double", "grade": True, "locked": True, "points": 2}
    answer = {**meta, "grade_id": "double", "solution": True}
    cells = [
        nbformat.v4.new_code_cell(f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION", metadata={"nbgrader": answer}),
        nbformat.v4.new_code_cell("assert double(4) == 8", metadata={"nbgrader": graded}),
    ]
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"
    course = Course(root)
    write_text(course.notebook("source", "ps1"), nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    write_text(course.config_file, "c = get_config()\nc.Execute.timeout = 500\n")
    return course


def hand_in(course: Course, student: str, code: str = RIGHT) -> None:
    nb = read_notebook(course.notebook("source", "ps1"))
    for cell in nb.cells:
        if grade_id(cell) == "double":
            cell.source = code
    write_text(course.submission(student, "ps1"), nbformat.writes(nb))


def start(course: Course, *words: str) -> subprocess.Popen:
    """`vaelabs grade` on its way, in a process group of its own; students' code is ours, and goes unconfined."""
    log = (course.root / "log").open("w")
    words = ("grade", "--course", str(course.root), "--isolation", "none", *words)
    # A shell lets what it starts in the background ignore Ctrl-C, and the tests may run there.
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen([*VAELABS, *words], stdout=log, stderr=log, start_new_session=True, preexec_fn=heed)
    STARTED.append(process)
    return STARTED[-1]


def log_of(course: Course) -> str:
    return (course.root / "log").read_text()


def family(process: subprocess.Popen | psutil.Process, what: str = "") -> list[psutil.Process]:
    """Its living descendants whose command line has this in it."""
    found = []
    for each in psutil.Process(process.pid).children(recursive=True):
        try:
            if what in " ".join(each.cmdline()) and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
        except psutil.Error:
            pass
    return found


def wait_for(what: Callable[[], Any], seconds: float = 300.0) -> Any:
    """What it gives, as soon as that is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come about in time")


def committed(course: Course) -> int:
    """How many results are in the ledger."""
    try:
        with Ledger(course.ledger_url) as ledger, ledger._transaction() as db:
            return db.execute(sql.select(sql.func.count()).select_from(results)).scalar_one()
    except Exception:
        return 0


def expect_each_once(course: Course, points: dict[str, float | None], attempts: int = 1) -> None:
    """Everyone has one result in ledger and gradebook, of these points; None for one that a person must look at.

    `attempts`: so many, where they were asked for.
    """
    with Ledger(course.ledger_url) as ledger:
        found = {result.student: result for result in ledger.settled()}
        with ledger._transaction() as db:
            rows = db.execute(sql.select(results.c.student, results.c.fingerprint, results.c.verdicts)).all()
    graded = Counter((row.student, row.fingerprint) for row in rows if row.verdicts[0]["status"] != "needs_review")
    assert max(graded.values()) == attempts, "graded twice"
    assert {name: None if each.needs_review else each.points for name, each in found.items()} == points
    assert all(each.reason for each in found.values() if each.needs_review)
    with Gradebook(course.gradebook_url or f"sqlite:///{course.root}/gradebook.db") as gradebook:
        entered = Counter(each.student.id for each in gradebook.assignment_submissions("ps1"))
        scores = {name: gradebook.find_submission("ps1", name).score for name in entered}
    assert set(entered.values()) <= {1}
    assert {name: scores.get(name, 0) for name in points} == {name: value or 0 for name, value in points.items()}


def attempts_at(course: Course, student: str) -> int:
    with Ledger(course.ledger_url) as ledger, ledger._transaction() as db:
        return db.execute(sql.select(sql.func.count()).where(begun.c.student == student)).scalar_one()


def kill(process: psutil.Process | subprocess.Popen) -> None:
    os.kill(process.pid, signal.SIGKILL)

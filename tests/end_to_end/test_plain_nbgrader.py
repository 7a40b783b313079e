"""The course folder is an nbgrader course: its own commands build, grade and explain as ours do."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from vaelabs.course import grade_id, read_notebook, write_text
from vaelabs.grading import grade
from vaelabs.reports import make_feedback
from vaelabs.sandbox import verdicts


@pytest.fixture
def nbgrader(built):
    """An nbgrader command in the small course."""

    def call(*words: str) -> None:
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        run = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=built.root, capture_output=True, text=True, env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert run.returncode == 0, run.stderr[-3000:]

    return call


def test_plain_nbgrader_gives_the_same_release_marks_and_pages(built, nbgrader):
    """generate_assignment, autograde and generate_feedback, with nothing but nbgrader_config.py of ours."""
    release = built.notebook("release", "mini")
    ours = release.read_bytes()
    notebook = read_notebook(built.notebook("source", "mini"))
    answers = {grade_id(cell): cell.source for cell in notebook.cells if grade_id(cell)}
    submission = read_notebook(release)
    for cell in submission.cells:
        if grade_id(cell) == "kl_divergence":
            cell.source = answers["kl_divergence"].replace("0.5 *", "1.0 *")
    write_text(built.submission("chloe", "mini"), nbformat.writes(submission))

    nbgrader("generate_assignment", "mini", "--force")
    nbgrader("autograde", "mini")
    nbgrader("generate_feedback", "mini")

    assert release.read_bytes() == ours
    graded = {verdict.task: verdict for verdict in verdicts(read_notebook(built.autograded("chloe", "mini")))}
    assert (graded["kl_divergence"].points, graded["kl_divergence"].diagnosis.id) == (1, "K1")
    assert (graded["clinic"].points, graded["clinic"].status) == (0, "missing")
    with Gradebook(f"sqlite:///{built.root}/gradebook.db", "vaelabs") as gradebook:
        assert gradebook.find_submission("mini", "chloe").score == 1
    page = built.feedback("chloe", "mini").read_text()
    assert "½" in page
    assert "check_kl_divergence" not in page


@pytest.fixture
def formgrader(built):
    """The address of a formgrader on the small course, and the function that asks it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", f"--port={port}",
         "--ServerApp.token=t", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={built.root}",
         "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"],
        cwd=built.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ask(path: str, method: str = "GET", data: dict | None = None) -> str:
        body = None if data is None else json.dumps(data).encode()
        headers = {"Authorization": "token t"}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/formgrader/{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                ask("manage_assignments")
                break
            time.sleep(0.25)
        yield ask
    finally:
        server.terminate()
        server.wait(20)


def test_a_mark_given_in_the_formgrader_reaches_the_page_and_survives_a_regrade(built, formgrader):
    """The written answer stands beside its marking scheme; what a person gave is never lost."""
    submission = read_notebook(built.notebook("release", "mini"))
    for cell in submission.cells:
        if grade_id(cell) == "m1-why":
            cell.source = "Because the logarithm is concave."
    write_text(built.submission("chloe", "mini"), nbformat.writes(submission))
    list(grade(built, ["mini"], ["chloe"]))

    (listed,) = json.loads(formgrader("api/submitted_notebooks/mini/mini"))
    page = formgrader(f"submissions/{listed['id']}/")
    waiting = {each["name"]: each["id"] for each in json.loads(formgrader(f"api/grades?submission_id={listed['id']}"))}
    formgrader(f"api/grade/{waiting['m1-why']}", "PUT", {"manual_score": 1.5, "extra_credit": None})
    (regraded,) = grade(built, ["mini"], ["chloe"], force=True)
    feedback = make_feedback(built, "chloe", "mini", regraded.verdicts).read_text()

    assert listed["needs_manual_grade"]
    assert "Because the logarithm is concave." in page
    assert "because of Jensen" in page
    assert "1.5 of 2" in feedback
    assert "Jensen" not in feedback

"""Marks given by hand, as an instructor gives them: `vaelabs review` in a browser, then the pages."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from vaelabs.cli import main
from vaelabs.course import read_notebook, write_text
from vaelabs.sample import with_answers

TWICE = "def kl_divergence(mu, logvar):\n    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"
WRITTEN = "Because the logarithm is concave."
SCHEME = "2 points: because of Jensen's inequality."
COMMENT = "Right, and the inequality has a name: look it up."


def vaelabs(course, *words: str):
    return CliRunner().invoke(main, ["--course", str(course.root), *words], catch_exceptions=False)


@pytest.fixture
def graded(built):
    """The small course with one student who has written an answer."""
    release = read_notebook(built.notebook("release", "mini"))
    notebook = with_answers(release, {"kl_divergence": TWICE, "m1-why": WRITTEN})
    write_text(built.submission("chloe", "mini"), nbformat.writes(notebook))
    assert vaelabs(built, "grade", "--workers", "0").exit_code == 0
    return built


@pytest.fixture
def address(graded):
    """Where `vaelabs review` serves the formgrader."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=t"]
    words = [sys.executable, "-m", "vaelabs.cli", "--course", str(graded.root), "review", "--", *options]
    log = graded.root / "review.log"
    with log.open("w") as out:
        server = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token=t", timeout=10):
                    break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(20)


def test_a_mark_and_a_comment_reach_the_page_and_survive_a_regrade(graded, address, chromium):
    """Found by clicking, beside the marking scheme; the student reads the mark and the comment, never the scheme."""
    browser = chromium.new_context(viewport={"width": 1280, "height": 800})
    browser.route(lambda url: not url.startswith(address), lambda route: route.abort())  # MathJax, from the network
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address}/?token=t")
    page.get_by_role("link", name="mini", exact=True).click()
    page.get_by_role("link", name="mini", exact=True).last.click()
    page.get_by_role("link", name="Submission #1").click()
    page.locator("#test-kl_divergence[placeholder='1']").wait_for()  # before, the fields save nothing
    page.locator("#m1-why-comment[placeholder]").wait_for()
    notebook = page.locator("#notebook").first.inner_text()
    diagnosis = page.locator("#kl_divergence-comment").get_attribute("placeholder")
    with page.expect_response(lambda answer: answer.request.method == "PUT" and "/api/grade/" in answer.url):
        page.locator("#m1-why").fill("1.5")
        page.locator("#m1-why").press("Tab")
    with page.expect_response(lambda answer: answer.request.method == "PUT" and "/api/comment/" in answer.url):
        page.locator("#m1-why-comment").fill(COMMENT)
        page.locator("#m1-why-comment").press("Tab")
    with Gradebook(f"sqlite:///{graded.root}/gradebook.db", "vaelabs") as gradebook:
        given = gradebook.find_grade("m1-why", "mini", "mini", "chloe")
        score, waiting = given.score, given.needs_manual_grade
        comment = gradebook.find_comment("m1-why", "mini", "mini", "chloe").comment
    first = vaelabs(graded, "feedback"), graded.feedback("chloe", "mini").read_text()
    again = vaelabs(graded, "grade", "--force", "--workers", "0")
    graded.feedback("chloe", "mini").unlink()
    page.goto(f"{address}/formgrader/manage_assignments")  # its own button makes our page
    with page.expect_response(lambda answer: "generate_feedback" in answer.url):
        page.locator(".generate-feedback a").click()
    second = graded.feedback("chloe", "mini").read_text()

    assert WRITTEN in notebook and SCHEME in notebook
    assert "½" in diagnosis, "our diagnosis stands beside the code"
    assert (score, waiting, comment) == (1.5, False, COMMENT)
    assert (first[0].exit_code, again.exit_code) == (0, 0)
    for feedback in (first[1], second):
        assert "<strong>1.5 of 2</strong> for the written answers" in feedback
        assert COMMENT in feedback
        assert "Jensen" not in feedback and "check_kl_divergence" not in feedback


def test_there_is_nothing_to_review_before_grading(built):
    result = vaelabs(built, "review")

    assert result.exit_code == 1
    assert result.stderr.endswith("has nothing to review: autograded/ is empty.\nGrade it first: vaelabs grade\n")

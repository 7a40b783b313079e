"""Ledger and gradebook in PostgreSQL, as a cluster has them."""

from __future__ import annotations

from click.testing import CliRunner
from nbgrader.api import Gradebook
from tiny import expect_each_once, hand_in, write_tiny_course

from vaelabs.cli import main
from vaelabs.course import Course


def test_a_class_is_graded_into_postgresql(postgres, tmp_path):
    """By `--ledger` and `--db`; what a person gave survives, and a second run has nothing to do."""
    course = write_tiny_course(tmp_path)
    hand_in(course, "ada")
    hand_in(course, "ben", "def double(x):\n    return 3 * x")
    course = Course(course.root, gradebook_url=postgres(), ledger=postgres())
    words = ["grade", "--course", str(course.root), "--isolation", "none"]
    words += ["--db", course.gradebook_url, "--ledger", course.ledger]

    first = CliRunner().invoke(main, words, catch_exceptions=False)
    with Gradebook(course.gradebook_url) as gradebook:
        gradebook.find_grade("test-double", "ps1", "ps1", "ben").manual_score = 1
        gradebook.find_comment("double", "ps1", "ps1", "ben").manual_comment = "half of it"
        gradebook.db.commit()
    second = CliRunner().invoke(main, words, catch_exceptions=False)
    forced = CliRunner().invoke(main, [*words, "--force", "--student", "ben"], catch_exceptions=False)

    assert (first.exit_code, second.exit_code, forced.exit_code) == (0, 0, 0), first.output + second.output
    assert "2 submissions graded" in first.output
    assert "0 submissions graded; 2 unchanged" in second.output
    assert "1 submissions graded" in forced.output
    assert not (course.root / "gradebook.db").exists()
    with Gradebook(course.gradebook_url) as gradebook:
        grade = gradebook.find_grade("test-double", "ps1", "ps1", "ben")
        comment = gradebook.find_comment("double", "ps1", "ps1", "ben").manual_comment
        assert (grade.auto_score, grade.manual_score, comment) == (0, 1, "half of it")
        grade.manual_score = None
        gradebook.db.commit()
    # ben has two results now, of two attempts: the later one counts
    expect_each_once(course, {"ada": 2, "ben": 0}, attempts=2)


def test_a_gradebook_that_does_not_serve_is_one_sentence(postgres, tmp_path):
    """The password is not in it."""
    course = write_tiny_course(tmp_path)
    hand_in(course, "ada")
    url = postgres().replace("secret", "hunter2")

    done = CliRunner().invoke(main, ["grade", "--course", str(course.root), "--isolation", "none", "--db", url])

    assert done.exit_code == 1
    assert "does not take this user and password" in done.output
    assert "hunter2" not in done.output

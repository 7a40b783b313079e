"""The command: what it prints, what it exits with."""

import nbformat
import pytest
from click.testing import CliRunner
from conftest import MINI

from vaelabs.cli import main
from vaelabs.course import read_notebook, write_text


@pytest.fixture
def vaelabs(course):
    """The command, called on the small course."""

    def call(*words, at=course.root):
        return CliRunner().invoke(main, ["--course", str(at), *words], catch_exceptions=False)

    return call


def test_help_is_for_a_newcomer(vaelabs):
    """Every command with one line, and where to begin."""
    said = vaelabs("--help").output

    for word in ("build", "pull", "grade", "feedback", "demo", "New here?"):
        assert word in said


def test_build_then_check(vaelabs, course):
    """Built notebooks agree with the text; a changed text is told with the cell and the next step."""
    assert vaelabs("build").exit_code == 0
    assert vaelabs("build", "--check").exit_code == 0
    course.text("mini").write_text(MINI.replace("Two tasks", "Three tasks"))
    before = course.notebook("source", "mini").read_bytes()

    result = vaelabs("build", "--check", "mini")

    assert result.exit_code == 1
    assert "source/mini/mini.ipynb differs from labs/mini.md at cell 2." in result.stderr
    assert "vaelabs build mini" in result.stderr
    assert course.notebook("source", "mini").read_bytes() == before


def test_check_before_the_first_build(vaelabs):
    """Nothing there is a difference too."""
    result = vaelabs("build", "--check")

    assert result.exit_code == 1
    assert "source/mini/mini.ipynb does not exist." in result.stderr


def test_a_refused_lab_is_not_written(vaelabs, course):
    """The lab on disk stays as it was."""
    course.text("mini").write_text(MINI.replace("points: 5\n", "points: 4\n"))

    result = vaelabs("build")

    assert result.exit_code == 1
    assert "add up to 7" in result.stderr
    assert not (course.root / "release").exists()


def test_an_unknown_lab(vaelabs):
    """One sentence, the known labs, no traceback."""
    result = vaelabs("build", "mnist")

    assert result.exit_code == 1
    assert "has no lab named 'mnist'" in result.stderr
    assert "Known: mini." in result.stderr


def test_pull(vaelabs, course):
    """Says whether the text changed."""
    vaelabs("build")
    assert "says what the notebook says" in vaelabs("pull", "mini").output
    nb = read_notebook(course.notebook("source", "mini"))
    nb.cells[1].source += "\n\nMore."
    write_text(course.notebook("source", "mini"), nbformat.writes(nb))

    assert "The notebook's changes are in labs/mini.md." in vaelabs("pull", "mini").output
    assert "More." in course.text("mini").read_text()


def test_grade_and_feedback(vaelabs, course):
    """Exit code 0 when all was graded, 2 when a person must look; the paths are said."""
    vaelabs("build")
    write_text(course.submission("ada", "mini"), course.notebook("release", "mini").read_text())

    fine = vaelabs("grade")
    pages = vaelabs("feedback")
    write_text(course.submission("bob", "mini"), "garbage")
    look = vaelabs("grade", "mini")
    only_ada = vaelabs("grade", "--student", "ada")

    assert (fine.exit_code, pages.exit_code, look.exit_code, only_ada.exit_code) == (0, 0, 2, 0)
    assert "marks.csv" in fine.output
    assert course.feedback("ada", "mini").is_file()
    assert "1 to be looked at by a person" in look.output
    assert "bob" not in only_ada.output


def test_what_a_person_must_look_at_is_said_once_for_all_tasks(vaelabs, course):
    vaelabs("build")
    write_text(course.submission("ada", "mini"), nbformat.writes(nbformat.v4.new_notebook()))

    said = vaelabs("grade").output

    assert "ada, mini: kl_divergence, clinic: the graded cell of this task is lost\n" in said


def test_grading_nobody(vaelabs):
    """An empty submitted/ is said, not passed over."""
    vaelabs("build")

    result = vaelabs("grade")

    assert result.exit_code == 1
    assert "There is no student in submitted/" in result.stderr


def test_the_demo_never_replaces_what_is_no_demo(vaelabs, course):
    """A folder with files of one's own is left alone."""
    (course.root / "demo").mkdir()
    (course.root / "demo" / "thesis.txt").write_text("mine")

    result = vaelabs("demo")

    assert result.exit_code == 1
    assert "exists and is no demo" in result.stderr
    assert (course.root / "demo" / "thesis.txt").read_text() == "mine"

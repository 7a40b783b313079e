"""`vaelabs check` and `vaelabs collect`: what they say and what they exit with. No kernel runs but in one test."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from vaelabs.cli import main
from vaelabs.course import Course, CourseError, grade_id, read_notebook
from vaelabs.intake import check
from vaelabs.intake.check import _failing, _with_checks
from vaelabs.intake.answers import State
from vaelabs.sample import right_answers, with_answers
from vaelabs.sandbox import error_output

ROOT = Path(__file__).parents[1]
OURS = Course(ROOT)


@pytest.fixture
def course(tmp_path) -> Course:
    shutil.copytree(ROOT / "release", tmp_path / "course" / "release")
    return Course(tmp_path / "course")


@pytest.fixture
def file(tmp_path):
    """Write a notebook of vae_2d with these answers; others are right."""

    def write(drop: str | None = None, **answers: str) -> Path:
        nb = with_answers(read_notebook(OURS.notebook("release", "vae_2d")), {**right_answers(OURS, "vae_2d"), **answers})
        nb.cells = [cell for cell in nb.cells if grade_id(cell) != drop]
        path = tmp_path / "Copy of vae_2d.ipynb"
        path.write_text(nbformat.writes(nb))
        return path

    return write


@pytest.fixture
def vaelabs(course):
    def call(*words):
        return CliRunner().invoke(main, ["--course", str(course.root), *map(str, words)], catch_exceptions=False)

    return call


def stub(name: str) -> str:
    return next(cell.source for cell in read_notebook(OURS.notebook("release", "vae_2d")).cells if grade_id(cell) == name)


def test_everything_written(course, file):
    found = check(course, file(), run=False)

    assert (found.lab, found.answers, found.is_fine) == ("vae_2d", 11, True)


def test_what_is_open_and_what_would_be_repaired(course, file):
    path = file(drop="test-VAE", kl_divergence=stub("kl_divergence"), iwae_bound="def iwae_bound(log_w:\n  pass", **{"m1-gap": ""})

    found = check(course, path, run=False)

    assert found.open == ["kl_divergence", "m1-gap"]
    assert found.unfinished == {"iwae_bound": "has a syntax error"}
    assert found.repairs == ["test-VAE: The cell test-VAE was lost and is back as it was released."]
    assert not found.is_fine


def test_visible_checks_that_fail(file):
    """Those of answers not written are not told twice; a message is the check's own."""
    release = read_notebook(OURS.notebook("release", "vae_2d"))
    done = _with_checks(read_notebook(file(kl_divergence=stub("kl_divergence"))), release)
    errors = {
        "try-kl_divergence": ("NotImplementedError", ""),
        "try-VAE": ("CheckFailed", "VAE: wrong shape"),
        "VAE": ("SyntaxError", "invalid syntax"),
        "task-VAE": ("ValueError", "of no interest"),
    }
    for cell in done.cells:
        if grade_id(cell) in errors:
            cell.outputs = [error_output(*errors[grade_id(cell)])]

    assert _failing(done, {"VAE": State.COMPLETE}) == {"VAE": "SyntaxError: invalid syntax", "try-VAE": "VAE: wrong shape"}


def test_what_is_run(file):
    """Visible checks are, figures are not; locked cells have the lab's text, whatever the file says."""
    release = read_notebook(OURS.notebook("release", "vae_2d"))
    given = read_notebook(file())
    for cell in given.cells:
        if grade_id(cell) == "try-VAE":
            cell.source = "open('/etc/passwd')"

    run = _with_checks(given, release)

    shown = [grade_id(cell) for cell in run.cells if cell.cell_type == "code" and "show" in cell.metadata.get("tags", [])]
    assert set(shown) == {""}
    assert next(cell.source for cell in run.cells if grade_id(cell) == "try-VAE").startswith("# Sizes that all differ")
    assert run.metadata.vaelabs.quick == release.metadata.vaelabs.quick


@pytest.mark.parametrize(
    "content, said",
    [("<html>", "is a web page, perhaps that of a log-in, and no notebook."), ("", "is empty."), ("{}", "it has no cells.")],
)
def test_what_is_no_notebook(course, tmp_path, content, said):
    path = tmp_path / "vae_2d.ipynb"
    path.write_text(content)

    with pytest.raises(CourseError, match=said):
        check(course, path, run=False)


def test_check_for_a_reader(vaelabs, file):
    """The whole page, and an exit code that says that something is left to do."""
    result = vaelabs("check", file(drop="test-VAE", kl_divergence=stub("kl_divergence")), "--no-run")

    assert result.exit_code == 2
    assert result.output == (
        "Copy of vae_2d.ipynb is vae_2d and can be graded; 10 of 11 answers are written.\n"
        "\nNot written yet:\n  kl_divergence\n"
        "\nWould be repaired:\n  test-VAE: The cell test-VAE was lost and is back as it was released.\n"
        "\nThe visible checks were not run.\n"
    )


def test_check_of_an_unknown_lab(vaelabs, tmp_path):
    path = tmp_path / "Untitled.ipynb"
    path.write_text(nbformat.writes(nbformat.v4.new_notebook()))

    result = vaelabs("check", path)

    assert result.exit_code == 1
    assert "belongs to no lab of the course, by its content and by its name." in result.stderr


def test_collect_for_a_reader(vaelabs, course, file, tmp_path):
    """How many came, where to read more, and what a person must do."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doejane_1_2_vae_2d.ipynb", file().read_text())
        archive.writestr("roejohn_3_4_vae_2d.ipynb", "<html>")

    result = vaelabs("collect", path, "--due", "2026-03-01T12:00")

    assert result.exit_code == 2
    assert "vae_2d: 1 submission, 1 of them new or changed" in result.output
    assert "roejohn_3_4_vae_2d.ipynb of roejohn_3 is a web page, perhaps that of a log-in, and no notebook; " in result.output
    assert course.students() == ["doejane_1"]
    assert "Next: vaelabs grade" in result.output


def test_collect_with_nothing_left_to_do(vaelabs, file):
    assert vaelabs("collect", file(), "--student", "ada").exit_code == 0


def test_collect_with_a_time_that_is_none(vaelabs, file):
    result = vaelabs("collect", file(), "--due", "soon")

    assert result.exit_code == 2
    assert "'soon' is no time; write it as 2026-03-01T23:59 or 2026-03-01T23:59+01:00." in result.stderr

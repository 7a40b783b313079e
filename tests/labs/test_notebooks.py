"""Every lab as a student and as CI meet it: the stub, the visible checks, the solution under nbval."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from vaelabs.course import SHOW_TAG, Course, grade_id, read_notebook
from vaelabs.sandbox import run_notebook, with_profile

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
LABS = COURSE.built_labs()
FIGURES = {"vae_2d": (12, {4.0, 4.6, 8.0}), "vae_mnist": (15, {4.0, 8.0}), "vae_pyro": (9, {4.0, 8.0})}
"""How many figures a lab has at least, and how wide they may be, in inches."""
MAX_OUTPUT, MAX_NOTEBOOK = 200_000, 3_000_000


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_runs_from_top_to_bottom(lab, tmp_path):
    """nbval re-runs it in the quick profile; the cells tagged nbval-check-output print what is committed."""
    solution = read_notebook(COURSE.notebook("solutions", lab))
    path = tmp_path / f"{lab}.ipynb"
    nbformat.write(with_profile(solution, solution.metadata.vaelabs.quick), path)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-q", "-p", "no:cacheprovider",
         "--nbval-sanitize-with", str(ROOT / "tests" / "labs" / "nbval.cfg"), "--nbval-cell-timeout", "300",
         "-c", os.devnull, "--rootdir", str(tmp_path), str(path)],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout[-4000:]
    assert f"{sum(cell.cell_type == 'code' for cell in solution.cells) + 1} passed" in run.stdout
    assert any("nbval-check-output" in cell.metadata.get("tags", []) for cell in solution.cells)


@pytest.mark.parametrize("lab", LABS)
def test_a_committed_solution_shows_its_outputs(lab):
    """Executed in full, no error, nothing on stderr, small enough to look at on the web."""
    path = COURSE.notebook("solutions", lab)
    outputs = [output for cell in read_notebook(path).cells for output in cell.get("outputs", [])]

    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert max(len(json.dumps(output)) for output in outputs) < MAX_OUTPUT
    assert path.stat().st_size < MAX_NOTEBOOK


@pytest.mark.parametrize("lab", LABS)
def test_the_committed_score_card_lies_within_its_bands(lab):
    """Each line of its file of bands stands in the executed solution, with a number between its two ends."""
    names: dict = {}
    exec(COURSE.shared(f"bands_{lab}.py").read_text(), names)
    cells = read_notebook(COURSE.notebook("solutions", lab)).cells
    printed = "\n".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))

    for name, (low, high) in names["BANDS"].items():
        *_, value = re.findall(rf"^{name} +(-?[\d.]+)", printed, re.MULTILINE)  # the score card comes last
        assert low <= float(value) <= high, name


@pytest.fixture(scope="module", params=LABS)
def stub(request):
    """A release that nobody touched, every cell run in the quick profile."""
    return run_notebook(read_notebook(COURSE.notebook("release", request.param)), show=True).notebook


def errors(nb):
    return {
        (grade_id(cell) or cell.id): output
        for cell in nb.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }


def test_an_untouched_release_fails_kindly(stub):
    """Each visible check says which function is to be written, in one sentence and without a traceback."""
    found = errors(stub)
    checks = [grade_id(cell) for cell in stub.cells if grade_id(cell).startswith("try-")]

    assert set(checks) <= set(found)
    for name in checks:
        said = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(found[name].traceback))
        stub = "is not written yet: complete the cell marked `# @@ COMPLETE @@`"
        assert stub in said or found[name].ename == "CheckFailed", said
        assert "Traceback" not in said and len(said.splitlines()) <= 4, said


def test_what_needs_an_answer_says_so_in_one_sentence(stub):
    """In every cell that calls a function not written yet, whatever library stands between."""
    for name, error in errors(stub).items():
        if error.ename == "NotImplementedError":
            assert len("\n".join(error.traceback).splitlines()) == 1, name


def test_set_up_and_data_need_no_answer(stub):
    """What stands before the first task runs in an untouched notebook."""
    first = next(n for n, cell in enumerate(stub.cells) if grade_id(cell).startswith("task-"))

    assert [cell.id for cell in stub.cells[:first] if errors(nbformat.v4.new_notebook(cells=[cell]))] == []


@pytest.mark.parametrize("lab", LABS)
def test_a_release_needs_nothing_of_ours(lab):
    """One self-contained file, with the badge that opens it in Colab."""
    release = read_notebook(COURSE.notebook("release", lab))
    code = "\n".join(cell.source for cell in release.cells if cell.cell_type == "code")

    assert "vaelabs" not in code
    assert f"/release/{lab}/{lab}.ipynb" in release.cells[0].source
    assert "colab" in release.cells[0].source
    assert (release.nbformat, release.nbformat_minor) == (4, 5)


@pytest.mark.parametrize("lab", LABS)
def test_cells_for_show_are_marked(lab):
    """Figures and visible checks are tagged, so that grading runs only what marks depend on."""
    for cell in read_notebook(COURSE.notebook("source", lab)).cells:
        if cell.cell_type == "code" and ("plt.subplots" in cell.source and "def " not in cell.source or grade_id(cell).startswith("try-")):
            assert SHOW_TAG in cell.metadata.get("tags", []), grade_id(cell) or cell.source


@pytest.mark.parametrize("lab", LABS)
def test_figures_are_of_readable_size(lab):
    """4 or 8 inches wide (a little more with a colour bar), no style set for the whole notebook (T35)."""
    cells = read_notebook(COURSE.notebook("source", lab)).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    widths = [float(width) for width in re.findall(r"figsize=\(([\d.]+),", code)]
    least, allowed = FIGURES[lab]

    assert len(widths) >= least
    assert set(widths) <= allowed
    assert "rcParams" not in code and "style.use" not in code

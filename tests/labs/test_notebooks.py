"""Every lab as a student and as CI meet it: the stub, the visible checks, the solution under nbval."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import NotebookNode

from vaelabs.course import SHOW_TAG, Course, grade_id, read_notebook
from vaelabs.sandbox import run_notebook

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
LABS = COURSE.built_labs()
FIGURES = {
    "vae_2d": (12, {4.0, 4.6, 8.0}),
    "vae_mnist": (15, {4.0, 8.0}),
    "vae_flax": (12, {4.0, 8.0}),
    "vae_pyro": (9, {4.0, 8.0}),
}
"""How many figures a lab has at least, and how wide they may be, in inches."""
MAX_OUTPUT, MAX_NOTEBOOK = 200_000, 3_000_000


def run_solutions(script: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What `make nbval` and the GPU runner call."""
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)


def solution_of(tmp_path: Path, cells: list[NotebookNode]) -> Path:
    """The script in a copy of the course, where vae_2d's solution has only these cells."""
    for name in ("tools/run_solutions", "tests/labs/nbval.cfg", "source/vae_2d/vae_2d.ipynb", "solutions/vae_2d/vae_2d.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    path = Course(tmp_path).notebook("solutions", "vae_2d")
    solution = read_notebook(path)
    solution.cells = cells
    nbformat.write(solution, path)
    return tmp_path / "tools" / "run_solutions"


@pytest.mark.parametrize("lab", LABS)
def test_the_solution_runs_from_top_to_bottom(lab):
    """nbval re-runs it in the quick profile; the cells tagged nbval-check-output print what is committed."""
    solution = read_notebook(COURSE.notebook("solutions", lab))

    run = run_solutions(ROOT / "tools" / "run_solutions", "--profile", "quick", lab)

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    # nbval gets the cell of the quick profile as well, and some cell is compared with what is committed.
    assert f"{sum(cell.cell_type == 'code' for cell in solution.cells) + 1} passed" in run.stdout
    assert any("nbval-check-output" in cell.metadata.get("tags", []) for cell in solution.cells)


def test_the_gpu_runner_keeps_notebook_and_score_card(tmp_path):
    """What the workflow uploads: the executed notebook, and the lines that its score card printed."""
    card = nbformat.v4.new_code_cell("print(f'log_px {-seed - 1:.2f} nats')", metadata={"tags": ["score-card"]})
    cells = read_notebook(COURSE.notebook("solutions", "vae_2d")).cells
    parameters = next(n for n, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    script = solution_of(tmp_path, [*cells[: parameters + 1], card])

    run = run_solutions(script, "--profile", "quick", "--keep", tmp_path / "kept", "vae_2d")

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    executed = read_notebook(tmp_path / "kept" / "vae_2d.ipynb")
    kept = (tmp_path / "kept" / "vae_2d.txt").read_text()
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
    assert re.search(r"^vae_2d, quick profile, \d+ s$", kept, re.MULTILINE)
    assert re.search(r"^log_px +-\d+\.\d+ ", kept, re.MULTILINE)


@pytest.mark.parametrize("lab", LABS)
def test_a_solution_has_a_score_card(lab):
    """For the GPU runner to keep."""
    cells = read_notebook(COURSE.notebook("solutions", lab)).cells
    (card,) = [cell for cell in cells if "score-card" in cell.metadata.get("tags", [])]

    assert [output for output in card.outputs if output.get("name") == "stdout"]


def test_the_gpu_workflow_runs_what_is_tested_here():
    """It calls `make gpu`, which calls the same script, on a runner whose labels the guides name."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "gpu.yml").read_text())
    job = workflow["jobs"]["solutions"]
    labels = ", ".join(f"`{label}`" for label in job["runs-on"])

    steps = [step["run"] for step in job["steps"] if "run" in step]
    makefile = (ROOT / "Makefile").read_text()

    assert "make gpu" in steps
    assert "tools/run_solutions --profile $(PROFILE) --keep report/gpu" in makefile
    assert {step["with"]["path"] for step in job["steps"] if "upload-artifact" in step.get("uses", "")} == {"report/gpu/"}
    for guide in ("docs/gpu.md", "CONTRIBUTING.md"):
        assert labels in (ROOT / guide).read_text(), guide
    assert list(workflow[True]) == ["workflow_dispatch"]  # YAML 1.1 reads `on` as a truth value


def test_a_solution_that_fails_or_prints_something_else_fails_the_run(tmp_path):
    """Exit code 1, in a copy of the course whose solution is spoiled in one cell."""
    cells = read_notebook(COURSE.notebook("solutions", "vae_2d")).cells
    checked = next(n for n, cell in enumerate(cells) if "nbval-check-output" in cell.metadata.get("tags", []))
    cells[checked].execution_count = 1
    cells[checked].outputs = [nbformat.v4.new_output("stream", text="train (4999, 2)\n")]

    run = run_solutions(solution_of(tmp_path, cells[: checked + 1]), "vae_2d")

    assert run.returncode == 1
    assert "4999" in run.stdout
    assert "Failed: vae_2d" in run.stderr


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


def test_a_loop_with_progress_leaves_one_line(capsys):
    """Whole, left early, failed, empty or silent; outside a notebook the line is printed."""
    helpers = COURSE.shared("notebook_helpers.py").read_text()
    loops = {
        "for i in progress(range(5), 'whole'): time.sleep(0.1)": ["whole: 5 of 5, TIME"],
        "for i in progress([1, 2, 3], 'left'):\n    if i == 3: break": ["left: 2 of 3, TIME"],
        "for i in progress(range(4), 'failed'):\n    if i == 3: 1 / 0": ["failed: 3 of 4, TIME"],
        "for i in progress([], 'empty'): pass": ["empty: 0 of 0, TIME"],
        "for i in progress(range(3), None): pass": [],
        "1 / 0  # lets go of the loop that failed": [],
    }
    cells = [nbformat.v4.new_code_cell(source) for source in (helpers, *loops)]

    ran = run_notebook(nbformat.v4.new_notebook(cells=cells)).notebook
    names: dict = {"__name__": "__main__"}
    exec(helpers, names)
    turns = list(names["progress"](range(3), "printed"))

    shown = [
        [re.sub(r"\d+ s$", "TIME", o.data["text/plain"]) for o in cell.outputs if "data" in o] for cell in ran.cells[1:]
    ]
    assert shown == list(loops.values())
    assert not [o for cell in ran.cells for o in cell.outputs if o.output_type == "stream"]
    assert turns == [0, 1, 2]
    assert re.fullmatch(r"printed: 3 of 3, \d+ s\n", capsys.readouterr().out)

"""What a run of the solution warms kernels with, and that a warm kernel gives the verdicts of a cold one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from traitlets.config import Config

from vaelabs.converting import course_config
from vaelabs.course import Course, grade_id, read_notebook
from vaelabs.grading import Execute, reference
from vaelabs.grading.keys import lab_hashes
from vaelabs.sample import sample_class, with_answers
from vaelabs.sandbox import Isolation, is_autograded, verdicts

ROOT = Path(__file__).parents[1]
HASHES = {"lab": "a lab", "checks": "its checks", "environment": "what is installed"}
LABS = Course(ROOT).built_labs()

JAX = """\
import jax
from jax import monitoring
hits = []
monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("cache_hits") else None)
print(float(jax.jit(lambda x: jax.numpy.sin(x) + 3)(2.0)))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own; nothing of what JAX compiled for other tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "vaelabs"


def run(nb: NotebookNode, path: Path, **settings: object) -> NotebookNode:
    execute = Execute(isolation=Isolation.BUBBLEWRAP, kernel_name="python3", **settings)
    return execute.preprocess(nbformat.from_dict(nb), {"metadata": {"path": str(path)}})[0]


def test_the_solution_runs_once(built, monkeypatch):
    source = read_notebook(built.notebook("source", "mini"))

    nothing = reference.reference(source, Config(), HASHES, make=False)
    first = reference.reference(source, Config(), HASHES)
    monkeypatch.setattr(reference, "_make", None)

    assert nothing == reference.Reference() != first
    assert first == reference.reference(source, Config(), HASHES) == reference.reference(source, Config(), HASHES, make=False)
    assert {"torch", "numpy"} <= set(first.modules)
    assert not first.lost and not first.compiled


@pytest.mark.parametrize("name", HASHES)
def test_it_runs_again_when_something_changed(built, monkeypatch, name):
    made = []
    monkeypatch.setattr(reference, "_make", lambda folder, *_: made.append(folder) or reference.Reference())
    source = read_notebook(built.notebook("source", "mini"))

    for hashes in (HASHES, {**HASHES, name: "another"}):
        reference.reference(source, Config(), hashes)

    assert len(set(made)) == 2


@pytest.mark.parametrize("setting", ["show = True", "quick = {'epochs': 3}", "fast_compiler = False"])
def test_what_runs_otherwise_has_a_run_of_its_own(built, monkeypatch, setting):
    """Without the cells for show the solution imports and compiles less; the course's configuration is in the lab's hash."""
    made = []
    monkeypatch.setattr(reference, "_make", lambda folder, *_: made.append(folder) or reference.Reference())
    source = read_notebook(built.notebook("source", "mini"))

    for line in ("", f"\nc.Execute.{setting}\n"):
        with built.config_file.open("a", encoding="utf-8") as file:
            file.write(line)
        reference.reference(source, course_config(built), lab_hashes(built, "mini"))

    assert len(set(made)) == 2


def test_what_nobody_asks_for_any_more_is_removed(built, cache, monkeypatch):
    """Each change of a lab leaves a folder of compiled programs behind."""
    monkeypatch.setattr(reference, "_make", lambda folder, *_: folder.mkdir() or reference.Reference())
    source = read_notebook(built.notebook("source", "mini"))
    long_ago = time.time() - reference.KEPT_SECONDS - 1
    for hashes in (HASHES, {**HASHES, "lab": "last week's"}):
        reference.reference(source, Config(), hashes)
    old, young = sorted(cache.glob("reference-*"), key=lambda path: path.stat().st_mtime)
    os.utime(old, (long_ago, long_ago))

    reference.reference(source, Config(), {**HASHES, "lab": "this week's"})

    assert not old.exists() and young.is_dir() and len(list(cache.glob("reference-*"))) == 2


def test_what_the_solution_earns_nothing_for_is_told(built):
    source = read_notebook(built.notebook("source", "mini"))
    for cell in source.cells:
        if grade_id(cell) == "clinic":
            cell.source = "raise OSError('this machine has no such device')"

    lost = reference.reference(source, Config(), HASHES).lost

    assert list(lost) == ["clinic"] and "no such device" in lost["clinic"]


def test_without_a_place_to_keep_it_grading_goes_on(built, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert reference.Reference() == reference.reference(read_notebook(built.notebook("source", "mini")), Config(), HASHES)


def test_what_jax_compiled_is_read_and_cannot_be_changed(tmp_path, monkeypatch):
    """Compiled programs are machine code that the next kernel runs."""
    for name in [each for each in os.environ if each.startswith("JAX_")]:
        monkeypatch.delenv(name)
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(JAX)])
    config = Config()
    config.Execute.isolation = Isolation.BUBBLEWRAP  # as `vaelabs grade` gives it; it is for the students' kernels
    found = reference.reference(nb, config, HASHES)
    before = {path: path.stat().st_mtime_ns for path in Path(found.compiled).iterdir()}
    more = "print(len(hits), jax.jit(lambda x: x * 7)(1))\nopen(jax.config.jax_compilation_cache_dir + '/planted', 'w')"
    nb.cells.append(nbformat.v4.new_code_cell(more))

    for modules in ((), found.modules):
        done = run(nb, tmp_path, compiled=found.compiled, modules=modules)
        printed, refused = done.cells[1].outputs
        assert int(printed.text.split()[0]) > 0
        assert refused.evalue.startswith("[Errno 30] Read-only file system")
    assert before == {path: path.stat().st_mtime_ns for path in Path(found.compiled).iterdir()}


STUDENTS = {
    "variance": {"kl_divergence": "def kl_divergence(mu, logvar):\n    return (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"},
    "ends": {"clinic": "import os; os._exit(4)"},
}


def same_verdicts(source: NotebookNode, handed_in: NotebookNode, found: reference.Reference, path: Path) -> None:
    """Expect a kernel forked from a warm process to earn what one started from nothing earns, to the last word."""
    hidden = {grade_id(cell): cell for cell in source.cells if is_autograded(cell)}
    nb = nbformat.from_dict(handed_in)
    nb.cells = [hidden.get(grade_id(cell), cell) for cell in nb.cells]
    quick = dict(source.metadata.get("vaelabs", {}).get("quick", {}))
    seeds = dict.fromkeys(hidden, 7)
    ways = ({}, {"modules": found.modules, "compiled": found.compiled})
    cold, warm = (
        [each.to_dict() for each in verdicts(run(nb, path, quick=quick, seeds=seeds, **way))] for way in ways
    )

    assert cold == warm


@pytest.mark.parametrize("name", STUDENTS)
def test_a_warm_kernel_gives_the_verdicts_of_a_cold_one(built, tmp_path, name):
    source = read_notebook(built.notebook("source", "mini"))
    found = reference.reference(source, Config(), HASHES)

    same_verdicts(source, with_answers(source, STUDENTS[name]), found, tmp_path)


@pytest.mark.skipif("VAELABS_CLASSES" not in os.environ, reason="VAELABS_CLASSES=1 grades each sample class twice (minutes)")
@pytest.mark.parametrize("lab", LABS)
def test_so_it_is_for_the_sample_class(tmp_path, lab):
    course = Course(ROOT)
    source = read_notebook(course.notebook("source", lab))
    found = reference.reference(source, Config(), HASHES)

    for student in sample_class(course, lab):
        if "colab" not in student.notebook.metadata:
            same_verdicts(source, student.notebook, found, tmp_path)

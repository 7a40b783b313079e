"""Every release as it runs on Google Colab: its versions, what it brings along and what it lacks.

The environment is made once, in build/, by pip: the versions that Colab has come first, the rest of what it has is
taken from the environment of the tests, and what it does not have (Pyro, tfp-nightly, this package) is not there.
Each test gets a copy, as each student gets a fresh machine. Where there is no package index,
`VAELABS_NO_INDEX=1` skips these tests. The labs that install nothing run here with `VAELABS_COLAB=1`; what their cells do
is tested in each run by nbval, in the environment of the tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from vaelabs.course import Course, read_notebook
from vaelabs.sample import right_answers, with_answers
from vaelabs.sandbox import FAST_COMPILER, with_profile

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
LABS = COURSE.built_labs()

COLAB = {
    "ipykernel": "6.17.1",
    "ipython": "7.34.0",
    "jax": "0.7.2",
    "jaxlib": "0.7.2",
    "flax": "0.11.2",
    "matplotlib": "3.10.0",
    "numpy": "2.1.3",
    "optax": "0.2.8",
    "pooch": "1.9.0",
    "tensorflow-probability": "0.25.0",
}
"""What a runtime of Colab had in 2026. Its torch 2.11 and Python 3.13 are those of the tests here."""

ALSO_THERE = ["torch", "scikit-learn", "pip", "tqdm", "ipywidgets", "tfp-nightly", *COLAB]
"""Whose requirements a runtime has too: those of tfp-nightly are those of tensorflow-probability."""

NOT_THERE = {"tfp-nightly"}

INSTALLED = {"vae_pyro": {"pyro-ppl", "pyro-api"}, "vae_flax": {"tfp-nightly"}}
REMOVED = {"vae_flax": {"tensorflow-probability"}}
"""What a lab's set-up cell adds and takes away; nothing where a lab is not named."""

on_demand = pytest.mark.skipif(
    "VAELABS_COLAB" not in os.environ, reason="VAELABS_COLAB=1 runs the labs that install nothing as well"
)


def taken_along() -> dict[str, Path]:
    """What of our own environment a runtime has, by its name in site-packages."""
    wanted, found, paths = [Requirement(name) for name in ALSO_THERE], set(), {}
    while wanted:
        one = wanted.pop()
        name = canonicalize_name(one.name)
        if (name, *sorted(one.extras)) in found:
            continue
        found.add((name, *sorted(one.extras)))
        try:
            each = distribution(name)
        except PackageNotFoundError:
            continue
        for required in map(Requirement, each.requires or []):
            if not required.marker or any(required.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                wanted.append(required)
        if name not in COLAB and name not in NOT_THERE:
            tops = {file.parts[0] for file in each.files or []} - {"..", "__pycache__"}
            paths |= {top: Path(each.locate_file(top)) for top in tops if not top.endswith(".pth")}
    return paths


def run_pip(python: Path, *words: str) -> None:
    """Fails with one sentence where there is no package index."""
    command = [python, "-m", "pip", *words, "--quiet", "--disable-pip-version-check"]
    run = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
    assert run.returncode == 0, (
        f"pip cannot install what Colab has: {' '.join(said) or run.stderr[-500:]} "
        "These tests need a package index; VAELABS_NO_INDEX=1 skips them."
    )


def make_environment(folder: Path, along: dict[str, Path]) -> None:
    """A virtual environment with Colab's versions, which sees `along` behind them and nothing else.

    What is seen lies outside, so that pip neither removes nor overwrites it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "along").mkdir(parents=True)
    for name, path in along.items():
        (folder / "along" / name).symlink_to(path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    [packages] = folder.glob("env/lib/python*/site-packages")
    (packages / "along.pth").write_text(f"{folder / 'along'}\n")
    run_pip(folder / "env/bin/python", "install", *(f"{name}=={version}" for name, version in COLAB.items()))


@pytest.fixture(scope="session")
def pristine() -> Path:
    """The environment as a runtime has it before a notebook runs; made by the first process that needs it."""
    if os.environ.get("VAELABS_NO_INDEX"):
        pytest.skip("VAELABS_NO_INDEX says that there is no package index")
    along = taken_along()
    depends = repr((sys.version, COLAB, sorted(map(str, along.values()))))
    folder = ROOT / "build" / f"colab-{hashlib.sha256(depends.encode()).hexdigest()[:12]}"
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            make_environment(folder, along)
            (folder / "complete").touch()
    return folder / "env"


@pytest.fixture
def runtime(pristine, tmp_path, monkeypatch) -> Path:
    """A fresh runtime, known to Jupyter as the kernel `colab`."""
    env = tmp_path / "env"
    shutil.copytree(pristine, env, symlinks=True, copy_function=os.link)
    spec = {"argv": [str(env / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}
    kernel = tmp_path / "jupyter" / "kernels" / "colab" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({**spec, "display_name": "Colab"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for name in ("PYTHONPATH", "MNIST_DIR", "JAX_COMPILATION_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XLA_FLAGS", FAST_COMPILER)
    return env


def installed(env: Path) -> dict[str, str]:
    """Packages and versions that the runtime's Python finds."""
    code = "import importlib.metadata as m, json; print(json.dumps([(d.name, d.version) for d in m.distributions()][::-1]))"
    run = subprocess.run([env / "bin/python", "-I", "-c", code], capture_output=True, text=True, check=True)
    return {canonicalize_name(name): version for name, version in json.loads(run.stdout)}


def run_as_a_student(nb: NotebookNode, folder: Path) -> None:
    """Run all, as Colab's menu does it: every cell, also after one that failed."""
    NotebookClient(nb, kernel_name="colab", timeout=300, allow_errors=True, resources={"metadata": {"path": folder}}).execute()


def set_up_cell(nb: NotebookNode) -> NotebookNode:
    return next(cell for cell in nb.cells if cell.cell_type == "code")


def errors(nb: NotebookNode) -> list[str]:
    return [
        f"{cell.source[:60]!r}: {output.ename}: {output.evalue}"
        for cell in nb.cells for output in cell.get("outputs", []) if output.output_type == "error"
    ]  # fmt: skip


def test_the_runtime_is_like_one_of_colab(runtime):
    """Its versions win, and nothing is there that Colab does not have."""
    found = installed(runtime)

    assert {name: found.get(name) for name in COLAB} == COLAB
    assert not {"pyro-ppl", "tfp-nightly", "vaelabs", "nbgrader"} & set(found)


@pytest.mark.parametrize("lab", [pytest.param(lab, marks=() if lab in INSTALLED else on_demand) for lab in LABS])
def test_a_release_with_answers_runs_from_top_to_bottom(lab, runtime, tmp_path):
    """The set-up cell installs what is missing and only that, once; every visible check is content."""
    release = with_answers(read_notebook(COURSE.notebook("release", lab)), right_answers(COURSE, lab))
    nb = with_profile(release, release.metadata.vaelabs.quick)
    for source in ("subprocess.run = subprocess.check_call = subprocess.Popen = None  # nothing is left to install",
                   set_up_cell(nb).source):  # fmt: skip
        nb.cells.append(nbformat.v4.new_code_cell(source))
    before = installed(runtime)

    run_as_a_student(nb, tmp_path)

    after = installed(runtime)
    shown = [output.data["text/plain"] for cell in nb.cells for output in cell.get("outputs", []) if "data" in output]
    said = [
        output.text for cell in nb.cells if cell.source != set_up_cell(nb).source
        for output in cell.get("outputs", []) if output.get("name") == "stderr"
    ]  # fmt: skip
    assert errors(nb) == []
    assert said == []
    assert set(after) == (set(before) | INSTALLED.get(lab, set())) - REMOVED.get(lab, set())
    assert {name for name in before if name in after and after[name] != before[name]} == set()
    assert re.search(r"\bdevice.*\bcpu\b", nb.cells[-1].outputs[-1].text)
    assert [line for line in shown if re.fullmatch(r"[^\n]+: (\d+) of \1, \d+ s", line)], "no bar came to its end"


@pytest.mark.parametrize("lab", [lab for lab in LABS if lab != "vae_flax"])
def test_pytorch_on_a_tpu_runtime_falls_back_to_the_cpu(lab):
    """It says so, and where the device matters what to choose instead."""
    cell = set_up_cell(read_notebook(COURSE.notebook("release", lab)))

    run = subprocess.run([sys.executable, "-c", cell.source], capture_output=True, text=True,
                         env={**os.environ, "COLAB_TPU_1VM": "1", "CUDA_VISIBLE_DEVICES": ""})  # fmt: skip

    assert run.returncode == 0, run.stderr
    assert "device cpu" in run.stdout
    assert ("leaves the TPU alone" in run.stdout) == (lab != "vae_2d")

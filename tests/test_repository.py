"""What git keeps, and what it must never keep."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIMIT = 3_000_000  # bytes in one committed file

REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|pypi\.python\.org|download\.pytorch\.org|anaconda\.org|registry\.npmjs\.org"
    r"|--(extra-)?index-url[= ]\w|--find-links[= ]\S",
    re.IGNORECASE)
MACHINE = re.compile(
    r"(?<![\w.}~-])/(root|home/\w+|Users/\w+|work/(main|shared)|opt/(pypi|wheels))(?=[/\s\"'`)]|$)", re.MULTILINE)


def git(*args: str) -> subprocess.CompletedProcess[str]:
    """The answer of git, asked in the repository."""
    return subprocess.run(["git", "-C", str(ROOT), *args], capture_output=True, text=True)


def is_ignored(path: str) -> bool:
    """Whether `git add .` would pass over the file, were it there."""
    answer = git("check-ignore", "--no-index", "--quiet", path)
    assert answer.returncode in (0, 1), answer.stderr
    return answer.returncode == 0


@pytest.fixture
def repository():
    """Skips where the files lie outside git, as in an unpacked archive."""
    try:
        top = git("rev-parse", "--show-toplevel")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    if top.returncode != 0 or Path(top.stdout.strip()).resolve() != ROOT.resolve():
        pytest.skip("this folder is not a git repository")


def kept_files(*folders: str) -> list[str]:
    """The files that are committed, or would be by `git add .`."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders).stdout.split("\0")
    return sorted({name for name in names if name and (ROOT / name).is_file()})


@pytest.fixture
def texts(repository) -> dict[str, str]:
    """Every text file that git keeps, with its content."""
    contents = {name: (ROOT / name).read_bytes() for name in kept_files()}
    return {name: data.decode() for name, data in contents.items() if b"\0" not in data}


def places(pattern: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    """Where a pattern stands: `file:line: match`."""
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for name, text in texts.items() for match in pattern.finditer(text)]


@pytest.mark.parametrize("path", [
    "submitted/alice/vae_2d/vae_2d.ipynb",
    "submitted/alice/vae_2d/timestamp.txt",
    "submitted/alice/README.md",
    "submitted/class.zip",
    "autograded/alice/vae_2d/vae_2d.ipynb",
    "feedback/alice/vae_2d/vae_2d.html",
    "report/marks.csv",
    "report/vae_2d/alice.json",
    "downloaded/vae_2d/archive/class.zip",
    "grades.csv",
    "gradebook.db",
    "gradebook.db-journal",
    "gradebook.db-wal",
    "gradebook.db.2026-11-21",
    "demo/submitted/alice/vae_2d/vae_2d.ipynb",
    "demo/gradebook.db",
    ".nbgrader.log",
    ".venv/bin/python",
    "source/vae_2d/.ipynb_checkpoints/vae_2d-checkpoint.ipynb",
])
def test_git_ignores_what_belongs_to_a_class(repository, path):
    """Students' work, marks and the grader's own files cannot be committed by accident."""
    assert is_ignored(path)


@pytest.mark.parametrize("path", [
    "submitted/README.md",
    "autograded/README.md",
    "feedback/README.md",
    "report/README.md",
    "labs/vae_2d.md",
    "source/vae_2d/vae_2d.ipynb",
    "release/vae_2d/vae_2d.ipynb",
    "solutions/vae_2d/vae_2d.ipynb",
    "vaelabs/build/__init__.py",
    "vaelabs/reports/__init__.py",
    "tests/answers/vae_2d/kl_divergence.py",
])
def test_git_keeps_what_belongs_to_the_course(repository, path):
    """Labs, generated notebooks, code and the READMEs that hold a folder are not ignored."""
    assert not is_ignored(path)


@pytest.mark.parametrize("folder", [
    "labs", "source", "release", "solutions", "submitted", "autograded", "feedback", "report", "tests", "vaelabs"])
def test_a_fresh_clone_has_the_folder(repository, folder):
    """Git keeps a file in every folder that the course needs."""
    assert kept_files(folder)


@pytest.mark.parametrize("folder", ["submitted", "autograded", "feedback", "report"])
def test_only_the_readme_of_a_class_folder_is_kept(repository, folder):
    """No student's file has slipped past the ignore list."""
    assert [f"{folder}/README.md"] == kept_files(folder)


def test_no_file_names_a_package_registry(texts):
    """Where packages come from is the affair of each machine's pip."""
    assert [] == places(REGISTRY, texts)


def test_no_file_names_a_folder_of_one_machine(texts):
    """Files and outputs of notebooks hold no path of the machine they were made on."""
    assert [] == places(MACHINE, texts)


def test_no_file_is_large(repository):
    """Data is downloaded when it is needed, and a notebook keeps no heap of figures."""
    large = [name for name in kept_files() if (ROOT / name).stat().st_size > LIMIT]

    assert [] == large


@pytest.mark.parametrize("script", [".ci/run", "tools/setup"])
def test_script_can_be_run(script):
    """The scripts are executable and their shell can read them."""
    shell = (ROOT / script).read_text().splitlines()[0].split("/")[-1].split()[-1]

    read = subprocess.run([shell, "-n", str(ROOT / script)], capture_output=True, text=True)

    assert os.access(ROOT / script, os.X_OK)
    assert "" == read.stderr

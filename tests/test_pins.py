"""pyproject.toml, constraints.txt and environment.yml agree."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text().splitlines()
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())


def pins() -> dict[str, Version]:
    """The version of each package in constraints.txt."""
    lines = (line.split("#")[0].strip() for line in CONSTRAINTS)
    pairs = (line.split("==") for line in lines if line)
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def conda_python() -> Version:
    """The Python that environment.yml asks for."""
    [python] = [line for line in CONDA["dependencies"] if str(line).startswith("python=")]
    return Version(python.removeprefix("python="))


@pytest.mark.parametrize(
    "extra, text",
    [("core", text) for text in PROJECT["dependencies"]]
    + [(extra, text) for extra, texts in EXTRAS.items() for text in texts])
def test_every_requirement_is_pinned_to_a_version_it_accepts(extra, text):
    """What pyproject.toml asks for is in constraints.txt, within its bounds."""
    requirement = Requirement(text)

    pinned = pins().get(canonicalize_name(requirement.name))

    assert pinned is not None, f"{requirement.name} ({extra}) is not in constraints.txt. Run make pins"
    assert requirement.specifier.contains(pinned, prereleases=True), f"{pinned} is not {text}. Run make pins"


def test_every_pin_is_one_exact_version_that_fits_every_machine():
    """A pin has no extra, no range, no option and no local label such as +cpu."""
    pin = re.compile(r"[a-z0-9][a-z0-9._-]*==[a-z0-9.]+ *(#.*)?")

    odd = [line for line in CONSTRAINTS if line and not line.startswith("#") and not pin.fullmatch(line)]

    assert [] == odd


def test_every_pin_accepts_the_python_of_debian():
    """No pinned package refuses Python 3.11.2, which Debian 12 has; soupsieve 4 did."""
    pinned = pins()
    installed = {canonicalize_name(each.name): each for each in distributions()}
    matching = {name: installed[name] for name, pin in pinned.items()
                if name in installed and Version(installed[name].version).public == pin.public}

    refusing = [name for name, each in matching.items()
                if not SpecifierSet(each.metadata.get("Requires-Python") or "").contains("3.11.2")]

    assert matching
    assert [] == refusing


def test_constraints_say_how_they_were_made():
    """The head of constraints.txt holds the command, and the Makefile has it."""
    head = "\n".join(line for line in CONSTRAINTS[:8] if line.startswith("#"))
    makefile = (ROOT / "Makefile").read_text()

    assert "make pins" in head
    assert "pip-compile --all-extras" in head
    assert "\npins:" in makefile


def test_conda_takes_the_pins_and_every_extra():
    """environment.yml installs this package, all of its extras, at the pinned versions."""
    [pip] = [part["pip"] for part in CONDA["dependencies"] if isinstance(part, dict)]

    assert ["-c constraints.txt", f"-e .[{','.join(EXTRAS)}]"] == pip
    assert "pip" in CONDA["dependencies"]


def test_conda_python_is_one_the_package_accepts():
    """environment.yml's Python satisfies requires-python."""
    assert SpecifierSet(PROJECT["requires-python"]).contains(conda_python())


def test_constraints_were_resolved_for_the_python_of_conda():
    """The pins and environment.yml speak of the same Python."""
    [resolved] = re.findall(r"pip-compile with Python (\S+)", "\n".join(CONSTRAINTS))

    assert conda_python() == Version(resolved)

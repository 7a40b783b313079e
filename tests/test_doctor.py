"""What the doctor says of machines that lack something."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from vaelabs.sandbox import bubblewrap, doctor, isolation, landlock
from vaelabs.sandbox.isolation import APPARMOR_PROFILE, explain
from vaelabs.sandbox.limits import Limits


def finding(name):
    (found,) = [each for each in doctor.findings() if each.name == name]
    return found


def test_this_machine_is_fit():
    """Nothing that grading needs is missing; each sentence is one."""
    found = doctor.findings()

    assert [] == [each for each in found if each.level == "fail"]
    assert all(each.sentence.endswith(".") for each in found)
    assert all(each.fix for each in found if each.level != "ok" and each.name != "Landlock")


def test_bubblewrap_is_missing(monkeypatch):
    """The command that installs it."""
    monkeypatch.setattr(bubblewrap, "version", lambda: None)

    assert "fail" == finding("bubblewrap").level
    assert "sudo apt-get install bubblewrap" in finding("bubblewrap").fix


def test_bubblewrap_is_too_old(monkeypatch):
    """As in Ubuntu 22.04."""
    monkeypatch.setattr(bubblewrap, "version", lambda: (0, 6, 1))

    assert "bubblewrap 0.6.1 is older than 0.8." == finding("bubblewrap").sentence


def test_the_guide_shows_the_same_profile():
    """CI installs it from there."""
    guide = (Path(__file__).parents[1] / "docs" / "isolation.md").read_text()

    assert f"```text\n{APPARMOR_PROFILE}```" in guide


def test_the_guide_has_every_limit_and_its_default():
    """The table is that of `Limits`."""
    guide = (Path(__file__).parents[1] / "docs" / "isolation.md").read_text()
    rows = {row.split("`")[1]: row.split("|")[2] for row in guide.splitlines() if row.startswith("| `") and "_" in row or "| `processes" in row}

    for name, value in asdict(Limits()).items():
        assert re.match(rf" {min(value, 256) if name == 'processes' else value}\b", rows[name]), name


@pytest.mark.parametrize(
    "said",
    ["bwrap: setting up uid map: Permission denied", "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted"],
)
def test_ubuntu_restricts_user_namespaces(monkeypatch, said):
    """The profile to install, whole."""
    monkeypatch.setattr(isolation, "_setting", lambda name: "1" if "apparmor" in name else "")

    fact, *steps = explain(said)

    assert f"AppArmor keeps bubblewrap from making a user namespace ({said})." == fact
    assert "/etc/apparmor.d/bwrap" in steps[0]
    assert APPARMOR_PROFILE.splitlines() == [line.removeprefix("  ") for line in steps[1:]]


def test_user_namespaces_are_switched_off(monkeypatch):
    """The setting to change."""
    monkeypatch.setattr(isolation, "_setting", lambda name: "0" if name == "user/max_user_namespaces" else "")

    _, step = explain("bwrap: Creating new namespace failed: No space left on device")

    assert "sudo sysctl -w user.max_user_namespaces=10000" == step


def test_provisioners_are_not_installed(monkeypatch):
    """As after an update without `make setup`."""
    monkeypatch.setattr(doctor, "PROVISIONERS", ("vaelabs-other",))

    assert "Jupyter does not know vaelabs-other." == finding("kernel provisioners").sentence


@pytest.mark.parametrize("abi, level", [(0, "warn"), (4, "warn"), (6, "ok")])
def test_landlock(monkeypatch, abi, level):
    """Versions before 6 let a kernel signal its grader."""
    monkeypatch.setattr(landlock, "abi", lambda: abi)

    assert level == finding("Landlock").level

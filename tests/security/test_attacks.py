"""Hostile submissions through `vaelabs grade`: nothing undeserved, nothing told, nothing changed, nobody harmed.

A few of each kind are always tried, in one run of the grader; `VAELABS_ATTACKS=1` tries all.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import arena
import pytest
from attacks import ATTACKS, KINDS, together

on_demand = pytest.mark.skipif("VAELABS_ATTACKS" not in os.environ, reason="VAELABS_ATTACKS=1 runs the attacks")
GROUPS = arena.groups(together(ATTACKS), arena.IN_COMPANY)
ALWAYS = (
    "forged_result", "answers_of_the_agent", "all_hidden-test_leak", "output_too_deep",
    "all_resource_exhaustion", "all_escape_and_theft", "graded_cells_as_answers", "all_contamination",
)  # fmt: skip
"""Those that are quick, of each kind."""
SOME = [each for each in together(ATTACKS) if each.name in ALWAYS]


@pytest.fixture
def folder():
    """A folder with a short name: the address of a socket has at most 107 characters."""
    path = Path(tempfile.mkdtemp(prefix="vl-"))
    yield path / "f"
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def tool():
    """tools/attacks, as a module."""
    loader = importlib.machinery.SourceFileLoader("tool_attacks", str(arena.ROOT / "tools" / "attacks"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("tool_attacks", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(SOME, id="some of each kind"),
        *(pytest.param(each, marks=on_demand, id=f"{each[0].lab}: {each[0].kind}") for each in GROUPS),
    ],
)
def test_an_attack_wins_nothing(group, folder):
    """Several attackers between two honest students: points, secrets, files and everybody else's marks are safe."""
    facts = arena.ours(folder, group[0].lab, group)

    found, harm = arena.outcomes(group, facts, by_ours=True)

    assert {name: lines for name, lines in found.items() if lines} == {}
    assert harm == []


def test_the_corpus_has_attacks_of_every_kind():
    """Each has a name of its own, and a few of each kind are always tried."""
    assert {each.kind for each in SOME} == set(KINDS)
    assert len(SOME) == len(ALWAYS)

    count = Counter(each.kind for each in ATTACKS)

    assert set(count) == set(KINDS)
    assert min(count.values()) >= 5
    assert len({each.name for each in ATTACKS}) == len(ATTACKS)


def test_attacks_of_every_kind_win_something_from_stock_nbgrader(tool):
    """That none wins from us says something only if they are attacks and what they win is noticed."""
    stock = tool.kept("stock")

    assert {each.kind for each in ATTACKS if stock.get(each.name)} == set(KINDS)


@on_demand
def test_every_attack_is_in_the_table(tool):
    """docs/attacks.md is what the tool writes from the outcomes that were kept."""
    assert {each.name for each in ATTACKS} == set(tool.kept("stock")) == set(tool.kept("ours"))
    assert {name: lines for name, lines in tool.kept("ours").items() if lines} == {}
    assert tool.TABLE.read_text(encoding="utf-8") == tool.table()

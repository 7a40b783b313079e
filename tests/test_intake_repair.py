"""Repair: whatever happened to a notebook, each answer is in its cell afterwards, and the lab's cells are the lab's."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from vaelabs.course import SHOW_TAG, Course, grade_id, read_notebook
from vaelabs.intake import repair
from vaelabs.intake.answers import State, answer_names, definitions, neutralised, part_for, squeezed
from vaelabs.intake.notebooks import Unreadable, notebook_from
from vaelabs.intake.repair import Change, is_answer, summary
from vaelabs.sample import right_answers, saved_by_colab, with_answers

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
LABS = ["vae_2d", "vae_mnist", "vae_flax", "vae_pyro"]


@cache
def release(lab: str) -> NotebookNode:
    return read_notebook(COURSE.notebook("release", lab))


@cache
def answers(lab: str) -> dict[str, str]:
    return right_answers(COURSE, lab)


def answered(lab: str, **other: str) -> NotebookNode:
    """A notebook with everything answered, to be damaged."""
    return with_answers(release(lab), {**answers(lab), **other})


def named(nb: NotebookNode, name: str) -> NotebookNode:
    (found,) = [cell for cell in nb.cells if grade_id(cell) == name]
    return found


def place(nb: NotebookNode, name: str) -> int:
    return next(n for n, cell in enumerate(nb.cells) if grade_id(cell) == name)


def stub(lab: str, name: str) -> str:
    return named(release(lab), name).source


def is_code(lab: str, name: str) -> bool:
    return named(release(lab), name).cell_type == "code"


def faults(nb: NotebookNode, lab: str, wanted: dict[str, str]) -> list[str]:
    """What is not as the release has it, once each, in order, with the answers wanted."""
    found = []
    ids = [grade_id(cell) for cell in nb.cells if grade_id(cell)]
    ours = [grade_id(cell) for cell in release(lab).cells if grade_id(cell)]
    if ids != ours:
        found.append(f"ids {ids}")
    for cell in release(lab).cells:
        name = grade_id(cell)
        if not name or ids.count(name) != 1:
            continue
        theirs = named(nb, name)
        if {**theirs.metadata.nbgrader, "checksum": ""} != {**cell.metadata.nbgrader, "checksum": ""} or theirs.cell_type != cell.cell_type:
            found.append(f"{name}: metadata or type")
        if SHOW_TAG in cell.metadata.get("tags", []) and SHOW_TAG not in theirs.metadata.get("tags", []):
            found.append(f"{name}: tags")
        if name in wanted and not same_answer(theirs.source, wanted[name], cell.cell_type):
            found.append(f"{name}: {theirs.source!r}")
    if len({cell.get("id", n) for n, cell in enumerate(nb.cells)}) < len(nb.cells):
        found.append("ids of cells are not unique")
    nbformat.validate(nb)
    return found


def same_answer(got: str, want: str, cell_type: str) -> bool:
    if cell_type != "code":
        return squeezed(want) == squeezed(got)
    ours, theirs = definitions(want), definitions(got)
    return all(name in theirs and theirs[name].digest == each.digest for name, each in ours.items())


# ---- damages: each changes the notebook as a person or a program does it, and keeps every answer somewhere


def lose_metadata(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    """All cells typed anew: no ids, no metadata."""
    for cell in nb.cells:
        cell.metadata = NotebookNode()
        cell.pop("id", None)


def lose_some_metadata(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    for cell in nb.cells:
        if rng.random() < 0.4:
            cell.metadata.pop("nbgrader", None)
            cell.metadata.pop("tags", None)


def lose_locked_cells(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.cells = [cell for cell in nb.cells if not cell.metadata.get("nbgrader", {}).get("locked") or rng.random() < 0.5
                or grade_id(cell).startswith("task-m")]  # fmt: skip


def lose_set_up(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    given = {squeezed(cell.source) for cell in release(lab).cells if cell.cell_type == "code" and not grade_id(cell)}
    nb.cells = [cell for cell in nb.cells if squeezed(cell.source) not in given or rng.random() < 0.5]


def copy_cells(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.cells = [each for cell in nb.cells for each in ([cell, again(cell)] if rng.random() < 0.3 else [cell])]


def copy_stubs_to_the_end(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.cells += [again(cell) for cell in release(lab).cells if is_answer(cell) and rng.random() < 0.5]


def swap_answers(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    """Two graded answers change places, with their metadata."""
    places = [n for n, cell in enumerate(nb.cells) if is_answer(cell) and cell.cell_type == "code"]
    if len(places) > 1:
        one, other = rng.sample(places, 2)
        nb.cells[one], nb.cells[other] = nb.cells[other], nb.cells[one]


def answer_in_a_new_cell(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    """The stub is left alone, and the answer is written in a cell below it or at the end."""
    for cell in list(nb.cells):
        if is_answer(cell) and cell.cell_type == "code" and squeezed(cell.source) == squeezed(answers(lab).get(grade_id(cell), "")):
            if rng.random() < 0.5:
                new = new_code_cell(cell.source)
                nb.cells.insert(nb.cells.index(cell) + 1 if rng.random() < 0.5 else len(nb.cells), new)
                cell.source = stub(lab, grade_id(cell))


def change_types(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    for cell in nb.cells:
        if grade_id(cell) and rng.random() < 0.3:
            new = "raw" if cell.cell_type == "markdown" else "markdown"
            cell.cell_type = new
            cell.pop("outputs", None)
            cell.pop("execution_count", None)


def other_ids(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    for n, cell in enumerate(nb.cells):
        cell["id"] = f"{rng.getrandbits(48):012x}"
        if grade_id(cell) and rng.random() < 0.3:
            cell.metadata.nbgrader["grade_id"] = f"cell-{rng.getrandbits(32):08x}"


def stray_lines(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.cells.insert(0, new_code_cell("!pip install -q torch torchvision\nfrom google.colab import drive\ndrive.mount('/content/drive')"))
    nb.cells.append(new_code_cell("%pip install flax"))


def through_colab(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.update(saved_by_colab(nb))


def through_vs_code(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    for cell in nb.cells:
        cell.metadata["vscode"] = {"languageId": "python"}


def through_kaggle(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    nb.metadata["kaggle"] = {"accelerator": "gpu", "dataSources": [], "isInternetEnabled": True}
    for n, cell in enumerate(nb.cells):
        cell.metadata["_uuid"] = f"{n:040x}"
        cell.metadata["trusted"] = True
        cell.metadata["execution"] = {"iopub.status.busy": "2026-03-01T10:00:00.000000Z"}


def own_cells(nb: NotebookNode, lab: str, rng: random.Random) -> None:
    for _ in range(5):
        nb.cells.insert(rng.randrange(len(nb.cells)), new_code_cell(f"trial_{rng.randrange(99)} = 1\nprint('here')"))


DAMAGES = [
    lose_metadata, lose_some_metadata, lose_locked_cells, lose_set_up, copy_cells, copy_stubs_to_the_end, swap_answers,
    answer_in_a_new_cell, change_types, other_ids, stray_lines, own_cells, through_colab, through_vs_code, through_kaggle,
]  # fmt: skip
TOLERATED = [through_colab, through_vs_code, through_kaggle, own_cells]


def again(cell: NotebookNode) -> NotebookNode:
    new = copy.deepcopy(cell)
    if "id" in new:
        new.id = f"copy{abs(hash(new.id)) % 10**8}"
    return new


def damaged(nb: NotebookNode, lab: str, several: list[Callable], seed: int = 0) -> NotebookNode:
    nb = nbformat.from_dict(nb)
    rng = random.Random(seed)
    for damage in several:
        damage(nb, lab, rng)
    return nb


# ---- the promises


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("kind", ["release", "answered"])
def test_what_is_undamaged_comes_back_itself(lab, kind):
    """The very same object: nothing done, nothing doubted."""
    given = release(lab) if kind == "release" else answered(lab)

    repaired = repair(given, release(lab))

    assert repaired.notebook is given
    assert (repaired.changes, repaired.doubts) == ([], [])


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("damage", TOLERATED, ids=lambda each: each.__name__)
def test_what_programs_add_is_left_alone(lab, damage):
    """Metadata of Colab, VS Code and Kaggle, and a student's own cells, are no damage."""
    assert repair(damaged(answered(lab), lab, [damage]), release(lab)).untouched


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("damage", [each for each in DAMAGES if each not in TOLERATED], ids=lambda each: each.__name__)
def test_every_damage_is_repaired(lab, damage):
    """All answers in their cells, all cells of the lab there once, in order, with the lab's metadata."""
    given = damaged(answered(lab), lab, [damage], seed=1)
    before = copy.deepcopy(given)

    repaired = repair(given, release(lab))

    assert faults(repaired.notebook, lab, answers(lab)) == []
    assert repaired.changes and not repaired.doubts
    assert given == before


@pytest.mark.parametrize("seed", range(24))
def test_any_mixture_of_damages_is_repaired(seed):
    """Two to five damages in any order; a second repair finds nothing to do but to take off the first one's notes."""
    rng = random.Random(seed)
    lab = LABS[seed % 4]
    several = rng.sample(DAMAGES, rng.randrange(2, 6))

    repaired = repair(damaged(answered(lab), lab, several, seed), release(lab))

    assert faults(repaired.notebook, lab, answers(lab)) == [], [each.__name__ for each in several]
    twice = repair(repaired.notebook, release(lab))
    assert [each.sentence for each in twice.changes] in ([], ["It carried notes of an earlier repair; they were taken off."])


@pytest.mark.parametrize("seed", range(8))
def test_a_shuffled_heap_keeps_its_code_answers(seed):
    """With neither order nor metadata, functions are found; texts that could belong to any question are for a person."""
    lab = LABS[seed % 4]
    given = damaged(answered(lab), lab, [lose_metadata])
    random.Random(seed).shuffle(given.cells)

    repaired = repair(given, release(lab))

    code = {name: text for name, text in answers(lab).items() if is_code(lab, name)}
    assert faults(repaired.notebook, lab, code) == []
    lost = {name for name in set(answers(lab)) - set(code) if named(repaired.notebook, name).source == stub(lab, name)}
    assert lost <= {each.task for each in repaired.doubts}


def test_shuffled_with_its_metadata():
    """Ids are enough."""
    given = answered("vae_2d")
    random.Random(3).shuffle(given.cells)

    repaired = repair(given, release("vae_2d"))

    assert faults(repaired.notebook, "vae_2d", answers("vae_2d")) == []
    assert any("in another order" in each.sentence for each in repaired.changes)


def test_the_files_from_colab():
    """The sample of every edit that Colab makes."""
    notebook, mended = notebook_from((ROOT / "tests" / "colab" / "vae_2d.ipynb").read_bytes())

    repaired = repair(notebook, release("vae_2d"))

    assert mended == [] and repaired.doubts == []
    assert faults(repaired.notebook, "vae_2d", answers("vae_2d")) == []


def test_metadata_that_are_right_are_no_business_of_ours():
    """A locked cell with another text is put right by grading itself."""
    given = answered("vae_2d")
    named(given, "test-kl_divergence").source = "# graded here\nassert True"

    assert repair(given, release("vae_2d")).untouched


# ---- single damages, looked at closely


def test_a_lost_graded_cell_comes_from_the_release():
    """Without a hidden test: the release has none."""
    given = answered("vae_2d")
    given.cells.pop(place(given, "test-kl_divergence"))

    repaired = repair(given, release("vae_2d"))

    assert named(repaired.notebook, "test-kl_divergence") == named(release("vae_2d"), "test-kl_divergence")
    assert repaired.changes == [
        Change("test-kl_divergence", "The cell test-kl_divergence was lost and is back as it was released.", "lost")
    ]


def test_a_lost_answer_is_told():
    """It is there as a stub, and the student reads why."""
    given = answered("vae_2d")
    given.cells.pop(place(given, "kl_divergence"))

    repaired = repair(given, release("vae_2d"))

    assert named(repaired.notebook, "kl_divergence").source == stub("vae_2d", "kl_divergence")
    assert [each.sentence for each in repaired.changes] == [
        "The cell kl_divergence was lost, and no answer to it was found; it is back as it was released."
    ]
    assert repaired.notebook.metadata.vaelabs.repairs == [f"kl_divergence: {repaired.changes[0].sentence}"]


def test_an_answer_in_the_graded_cell_is_brought_home():
    """Colab lets students write in locked cells, whose text grading then overwrites."""
    given = answered("vae_2d", kl_divergence=stub("vae_2d", "kl_divergence"))
    named(given, "test-kl_divergence").source += "\n\n" + answers("vae_2d")["kl_divergence"]

    repaired = repair(given, release("vae_2d"))

    assert faults(repaired.notebook, "vae_2d", answers("vae_2d")) == []


def test_all_answers_in_one_cell():
    """The cells were merged: each answer gets its own part."""
    lab, given = "vae_2d", answered("vae_2d")
    code = {name: text for name, text in answers(lab).items() if is_code(lab, name)}
    given.cells = [cell for cell in given.cells if grade_id(cell) not in code]
    given.cells.append(new_code_cell("\n\n\n".join(code.values()) + "\n\nprint(kl_divergence)"))

    repaired = repair(given, release(lab))

    assert faults(repaired.notebook, lab, answers(lab)) == []
    assert named(repaired.notebook, "kl_divergence").source.strip() == code["kl_divergence"].strip()


def test_a_split_answer_is_joined():
    """Encoder and decoder in a cell each, of which only the first has the id."""
    lab, given = "vae_pyro", answered("vae_pyro")
    first, second = re.split(r"\n(?=class Decoder)", answers(lab)["networks"])
    at = place(given, "networks")
    given.cells[at].source = first
    given.cells.insert(at + 1, new_code_cell(second))

    assert faults(repair(given, release(lab)).notebook, lab, answers(lab)) == []


def test_helpers_come_with_the_answer():
    """What the function calls stands beside it; trials do not come along."""
    text = "HALF = 0.5\n\ndef squares(mu):\n    return mu**2\n\nprint(squares(2))\n\n" + (
        "def kl_divergence(mu, logvar):\n    return HALF * (squares(mu) + logvar.exp() - 1 - logvar).sum(-1)\n\nkl = kl_divergence(a, b)"
    )
    given = answered("vae_2d", kl_divergence=stub("vae_2d", "kl_divergence"))
    given.cells.append(new_code_cell(text))

    source = named(repair(given, release("vae_2d")).notebook, "kl_divergence").source

    assert "HALF = 0.5" in source and "def squares" in source
    assert "print" not in source and "kl = " not in source


def test_two_different_answers_are_doubted():
    """Neither in its own cell: the last one counts, and a person is told."""
    given = answered("vae_2d", kl_divergence=stub("vae_2d", "kl_divergence"))
    given.cells.append(new_code_cell("def kl_divergence(mu, logvar):\n    return 1"))
    given.cells.append(new_code_cell("def kl_divergence(mu, logvar):\n    return 2"))

    repaired = repair(given, release("vae_2d"))

    n = len(given.cells)
    assert named(repaired.notebook, "kl_divergence").source.endswith("return 2")
    assert repaired.notebook.metadata.vaelabs.doubts == {
        "kl_divergence": f"kl_divergence: kl_divergence is written differently in cells {n - 1} and {n}; "
        "the last one counts unless you decide otherwise"
    }


def test_a_second_answer_below_is_doubted_and_not_taken():
    """The cell for the answer holds one; a later one may be what was meant."""
    given = answered("vae_2d")
    given.cells.append(new_code_cell("def kl_divergence(mu, logvar):\n    return 1"))

    repaired = repair(given, release("vae_2d"))

    assert faults(repaired.notebook, "vae_2d", answers("vae_2d")) == []
    assert [each.task for each in repaired.doubts] == ["kl_divergence"]


def test_an_earlier_trial_is_no_doubt():
    """It is superseded when the notebook runs."""
    given = answered("vae_2d")
    given.cells.insert(place(given, "kl_divergence"), new_code_cell("def kl_divergence(mu, logvar):\n    return 1"))

    assert repair(given, release("vae_2d")).untouched


@pytest.mark.parametrize(
    "source, said",
    [
        ("def kl_divergenz(mu, logvar):\n    return mu", "nothing has its name, but kl_divergenz in cell"),
        ("def KLDivergence(mu, logvar):\n    return mu", "nothing has its name, but KLDivergence in cell"),
    ],
)
def test_an_answer_under_another_name_is_doubted(source, said):
    given = answered("vae_2d", kl_divergence=stub("vae_2d", "kl_divergence"))
    given.cells.append(new_code_cell(source))

    (doubt,) = repair(given, release("vae_2d")).doubts

    assert doubt.task == "kl_divergence" and said in doubt.sentence


def test_work_that_defines_nothing_is_doubted():
    given = answered("vae_2d", kl_divergence="0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)")

    (doubt,) = repair(given, release("vae_2d")).doubts

    assert doubt.sentence == f"kl_divergence: cell {place(given, 'kl_divergence') + 1} is written but defines no kl_divergence"


def test_a_syntax_error_is_still_the_answer():
    """Found by its first line, brought to its place, and never taken for the stub."""
    broken = "def kl_divergence(mu, logvar:\n    return mu"
    given = answered("vae_2d")
    given.cells.pop(place(given, "kl_divergence"))
    given.cells.append(new_code_cell(broken))

    assert named(repair(given, release("vae_2d")).notebook, "kl_divergence").source == broken


def test_an_answer_in_a_text_cell_is_code_again():
    given = answered("vae_2d")
    cell = named(given, "kl_divergence")
    cell.cell_type = "markdown"
    cell.source = f"```python\n{cell.source}\n```"
    del cell["outputs"], cell["execution_count"]

    assert faults(repair(given, release("vae_2d")).notebook, "vae_2d", answers("vae_2d")) == []


TEXT = "Because the logarithm is concave, and so Jensen's inequality holds for the mean of the weights."


def test_a_text_beneath_its_question():
    """In a new cell, its own place left empty or deleted."""
    for deleted in (False, True):
        given = answered("vae_2d", **{"m1-gap": stub("vae_2d", "m1-gap")})
        at = place(given, "m1-gap")
        given.cells.insert(at + 1, new_markdown_cell(TEXT))
        if deleted:
            given.cells.pop(at)

        repaired = repair(given, release("vae_2d"))

        assert named(repaired.notebook, "m1-gap").source == TEXT
        assert repaired.doubts == []


def test_a_text_in_the_questions_own_cell():
    """Colab lets students write there; grading would overwrite it."""
    given = answered("vae_2d", **{"m1-gap": stub("vae_2d", "m1-gap")})
    named(given, "task-m1-gap").source += f"\n\n{TEXT}"

    assert named(repair(given, release("vae_2d")).notebook, "m1-gap").source == TEXT


def test_a_text_elsewhere_is_doubted():
    given = answered("vae_2d", **{"m1-gap": stub("vae_2d", "m1-gap")})
    given.cells.append(new_markdown_cell(f"**M1** {TEXT}"))

    (doubt,) = repair(given, release("vae_2d")).doubts

    assert doubt.sentence == (
        f"m1-gap: its own cell is empty, but the text in cell {len(given.cells)} may be meant as the answer"
    )


def test_a_text_in_a_code_cell():
    given = answered("vae_2d")
    cell = named(given, "m1-gap")
    cell.cell_type, cell.outputs, cell.execution_count, cell.source = "code", [], None, TEXT
    del cell.metadata["nbgrader"]

    repaired = repair(given, release("vae_2d"))

    assert (named(repaired.notebook, "m1-gap").source, named(repaired.notebook, "m1-gap").cell_type) == (TEXT, "markdown")


def test_an_older_release():
    """Another text of a task, a task that did not exist, one that exists no longer."""
    given = answered("vae_2d")
    for name in ("task-kl_divergence", "kl_divergence", "task-VAE"):
        named(given, name).metadata.nbgrader["checksum"] = "0" * 32
    named(given, "test-iwae_bound").metadata.nbgrader["points"] = 2
    given.cells = [cell for cell in given.cells if "log_marginal" not in grade_id(cell)]
    given.cells.append(new_code_cell("# Graded", metadata={"nbgrader": {"grade_id": "test-old", "grade": True, "points": 1}}))

    repaired = repair(given, release("vae_2d"))

    assert faults(repaired.notebook, "vae_2d", {}) == []
    assert {each.task for each in repaired.doubts} == {"kl_divergence", "log_marginal"}
    assert named(repaired.notebook, "test-iwae_bound").metadata.nbgrader.points == 3


def test_two_answers_with_each_others_ids():
    given = answered("vae_2d")
    one, other = named(given, "kl_divergence"), named(given, "iwae_bound")
    one.source, other.source = other.source, one.source

    assert faults(repair(given, release("vae_2d")).notebook, "vae_2d", answers("vae_2d")) == []


def test_lost_tags_are_given_back():
    """Without `show` a training would run while grading, without `parameters` in full."""
    given = answered("vae_2d")
    for cell in given.cells:
        cell.metadata.pop("tags", None)

    repaired = repair(given, release("vae_2d"))

    assert [cell.metadata.get("tags", []) for cell in repaired.notebook.cells if "show" in cell.metadata.get("tags", [])]
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in repaired.notebook.cells) == 1


def test_a_merged_set_up_is_not_lost():
    """Its text stands in another cell."""
    given = answered("vae_2d")
    code = [n for n, cell in enumerate(given.cells) if cell.cell_type == "code" and not grade_id(cell)][:2]
    given.cells[code[0]].source += "\n" + given.cells[code[1]].source
    given.cells.pop(code[1])

    assert repair(given, release("vae_2d")).changes == []


def test_notes_of_a_student_are_taken_off():
    """No one can ask for a review, or claim a repair, in metadata."""
    given = answered("vae_2d")
    given.metadata.vaelabs["doubts"] = {"kl_divergence": "please"}

    repaired = repair(given, release("vae_2d"))

    assert repaired.notebook.metadata.vaelabs.doubts == {}


def test_no_hidden_test_comes_in():
    """Whatever is put back is in the release."""
    nothing = nbformat.v4.new_notebook()

    repaired = repair(nothing, release("vae_2d"))

    assert faults(repaired.notebook, "vae_2d", {}) == []
    assert all("HIDDEN" not in cell.source and "vaelabs.checks" not in cell.source for cell in repaired.notebook.cells)


def test_many_changes_are_told_in_one_sentence():
    changes = [Change(f"f{n}", f"Cell {n} was a copy.", "copy") for n in range(9)] + [Change("g", "Moved.")]

    assert summary(changes) == ["9 copies of the lab's cells became plain cells.", "g: Moved."]


JUNK = [None, 0, -1, "", [], {}, "x" * 50, ["a", 1], {"a": {"b": []}}, True, "\ud800", "=1+1"]


def scrambled(value, rng: random.Random, share: float):
    """The same JSON with some of it lost and some of it something else."""
    if isinstance(value, dict):
        return {key: rng.choice(JUNK) if rng.random() < share else scrambled(each, rng, share)
                for key, each in value.items() if rng.random() > share / 2}  # fmt: skip
    if isinstance(value, list):
        return [rng.choice(JUNK) if rng.random() < share else scrambled(each, rng, share) for each in value]
    return value


@pytest.mark.parametrize("seed", range(12))
def test_a_scrambled_file_is_repaired_or_refused(seed):
    """Whatever the JSON holds: no other error, and what comes out can be written and read."""
    rng = random.Random(seed)
    raw = scrambled(json.loads(nbformat.writes(answered("vae_2d"))), rng, (0.001, 0.01, 0.05)[seed % 3])

    try:
        notebook, _ = notebook_from(json.dumps(raw).encode())
    except Unreadable:
        return
    repaired = repair(notebook, release("vae_2d"))

    if not repaired.untouched:
        read = nbformat.reads(nbformat.writes(repaired.notebook), as_version=4)
        assert [grade_id(cell) for cell in read.cells if grade_id(cell)] == [
            grade_id(cell) for cell in release("vae_2d").cells if grade_id(cell)
        ]


# ---- reading sources


@pytest.mark.parametrize(
    "source, state",
    [
        ("def f(x):\n    # @@ COMPLETE @@\n    raise NotImplementedError", State.STUB),
        ("def f(x):\n    '''Doc.'''\n    pass", State.STUB),
        ("def f(x):\n    y = x\n    # @@ COMPLETE @@\n    raise NotImplementedError", State.PARTIAL),
        ("def f(x):\n    # @@ COMPLETE @@\n    return x\n    raise NotImplementedError", State.COMPLETE),
        ("%%time\n!ls\ndef f(x):\n    return x", State.COMPLETE),
        ("    def f(x):\n        return x", State.COMPLETE),
        ("f = lambda x: x", State.COMPLETE),
        ("f = None", State.STUB),
        ("def f(x:\n    return x", State.BROKEN),
    ],
)
def test_how_far_an_answer_is_written(source, state):
    stubs = definitions("def f(x):\n    # @@ COMPLETE @@\n    raise NotImplementedError")

    assert definitions(source)["f"].state(stubs["f"]) == state


def test_a_class_is_as_far_as_its_methods():
    blank = stub("vae_2d", "VAE")
    stubs = definitions(blank)["VAE"]
    half = blank.replace("# @@ COMPLETE @@\n        raise NotImplementedError", "return 0", 1)

    assert [definitions(text)["VAE"].state(stubs) for text in (blank, half, answers("vae_2d")["VAE"])] == [
        State.STUB, State.PARTIAL, State.COMPLETE,
    ]  # fmt: skip


def test_hostile_sources_are_survived():
    """Nesting, null bytes, magic that is no Python, a long line."""
    for source in ("(" * 100_000, "-" * 100_000 + "1", "\0def f(): pass", "%%writefile f.py\ndef f():\n    return 1", "x" * 500_000,
                   "f" + ".a" * 50_000, "[" * 5000 + "]" * 5000):  # fmt: skip
        assert "f" not in definitions(source)


def test_names_that_an_answer_is_to_define():
    assert answer_names(stub("vae_pyro", "networks")) == ("Encoder", "Decoder")
    assert answer_names(stub("vae_2d", "clinic")) == ("diagnosis",)


@pytest.mark.parametrize(
    "line, out",
    [
        ("!pip install torch", "pass  # not run while grading: !pip install torch"),
        ("    %pip install -q flax", "    pass  # not run while grading: %pip install -q flax"),
        ("from google.colab import drive", "pass  # not run while grading: from google.colab import drive"),
        ("drive.mount('/content')", "pass  # not run while grading: drive.mount('/content')"),
        ("!pip install a \\\n  b\nx = 1", "pass  # not run while grading: !pip install a \\\npass  # not run while grading: b\nx = 1"),
        ("!nvidia-smi", "!nvidia-smi"),
        ("x = 1", "x = 1"),
        ("try:\n    import google.colab\nexcept ImportError:\n    pass", "try:\n    import google.colab\nexcept ImportError:\n    pass"),
    ],
)
def test_stray_lines_are_kept_as_comments(line, out):
    assert neutralised(line)[0] == out


def test_part_for_leaves_others_answers_out():
    source = "import math\n\ndef f():\n    return math.pi\n\ndef g():\n    return f()\n"

    assert part_for(source, ["f"], {"g"}) == "import math\n\ndef f():\n    return math.pi"

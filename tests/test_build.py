"""From text to notebooks and back, and what is refused on the way."""

import base64

import nbformat
import pytest
from conftest import MINI, write_course

from vaelabs.build import (
    build_lab,
    execute_solution,
    first_difference,
    pull_lab,
    read_lab,
    refuse_leaks,
    refuse_unfair_marks,
    write,
)
from vaelabs.course import CourseError, grade_id, read_notebook, write_text
from vaelabs.sample import sample_class

STUB = "    # @@ COMPLETE @@\n    raise NotImplementedError"


def cell_of(nb, name):
    return next(cell for cell in nb.cells if grade_id(cell) == name)


def save(path, nb):
    write_text(path, nbformat.writes(nb) + "\n")


def test_building_twice_changes_no_byte(built):
    """A rebuild without changes is the same file, cell ids included."""
    before = {path: path.read_bytes() for path in built.root.glob("*/mini/*.ipynb")}

    changed = write(built, build_lab(built, "mini"))

    assert changed == []
    assert before == {path: path.read_bytes() for path in before}
    assert len(before) == 3


def test_a_student_finds_stubs_and_no_hidden_test(built):
    """Code and text answers have their placeholders; the graded cell says what it grades."""
    release = read_notebook(built.notebook("release", "mini"))

    assert cell_of(release, "kl_divergence").source.endswith(STUB)
    assert "@@ COMPLETE @@" in cell_of(release, "m1-why").source
    assert cell_of(release, "test-kl_divergence").source == (
        "# Graded here: values, extremes, one value per example, gradient."
    )
    assert "Jensen" not in built.notebook("release", "mini").read_text()


def test_the_release_is_what_nbgrader_makes_of_the_source(built):
    """Metadata, checksums and locks are nbgrader's own; format 4.5 with ids."""
    release = read_notebook(built.notebook("release", "mini"))
    graded = cell_of(release, "test-kl_divergence")

    assert (release.nbformat, release.nbformat_minor) == (4, 5)
    assert graded.id == "test-kl_divergence"
    assert graded.metadata.nbgrader.checksum
    assert graded.metadata.deletable is False


def test_shared_text_is_inserted_and_filled_in(built):
    """The badge points to where the course is published."""
    release = read_notebook(built.notebook("release", "mini"))

    assert release.cells[0].source == "[Colab](https://example.org/someone/vaelabs/mini)"
    assert "torch.manual_seed(0)" in release.cells[2].source


def test_the_solution_has_answers_but_neither_marks_nor_hidden_tests(built):
    """It can be published after the deadline."""
    text = built.notebook("solutions", "mini").read_text()

    assert "logvar.exp() - 1 - logvar" in text
    for secret in ("BEGIN", "vaelabs.checks", "Jensen", "nbgrader"):
        assert secret not in text


def test_a_solution_keeps_its_outputs_until_its_code_changes(built):
    """A rebuild does not throw away an executed solution; a changed lab does."""
    path = built.notebook("solutions", "mini")
    nb = read_notebook(path)
    nb.cells[3].outputs = [nbformat.v4.new_output("stream", text="100\n")]
    save(path, nb)

    kept = build_lab(built, "mini")
    built.text("mini").write_text(MINI.replace("steps = 100", "steps = 200"))
    changed = build_lab(built, "mini")

    assert kept.solutions.cells[3].outputs == nb.cells[3].outputs
    assert not kept.lost_outputs
    assert changed.solutions.cells[3].outputs == []
    assert changed.lost_outputs


def test_nothing_is_lost_where_nothing_was_run(built):
    """A solution that was never executed has no outputs to lose."""
    built.text("mini").write_text(MINI.replace("steps = 100", "steps = 200"))

    assert not build_lab(built, "mini").lost_outputs


def test_an_executed_solution_is_still_what_the_text_says(built):
    """Running it adds outputs and nothing else."""
    execute_solution(built, "mini")

    assert first_difference(built, build_lab(built, "mini")) is None
    assert read_notebook(built.notebook("solutions", "mini")).cells[6].outputs[0].text == "100\n"


def test_a_solution_that_fails_is_named(tmp_path):
    """Which cell, and what it raised."""
    course = write_course(tmp_path, MINI.replace("steps = 100", "steps = 1 / 0"))
    write(course, build_lab(course, "mini"))

    with pytest.raises(CourseError, match="cell 4 failed: ZeroDivisionError"):
        execute_solution(course, "mini")


def test_check_names_the_first_differing_cell(built):
    """The file, the cell with its id, and both ways to mend it."""
    path = built.notebook("source", "mini")
    nb = read_notebook(path)
    cell_of(nb, "kl_divergence").source += "\n# edited"
    save(path, nb)

    said = first_difference(built, build_lab(built, "mini"))

    assert said == (
        "source/mini/mini.ipynb differs from labs/mini.md at cell 6 (kl_divergence).\n"
        "Edited the text?      vaelabs build mini\n"
        "Edited the notebook?  vaelabs pull mini"
    )


def test_check_is_content_with_what_was_built(built):
    """No difference right after a build."""
    assert first_difference(built, build_lab(built, "mini")) is None


def test_pulling_an_unedited_notebook_changes_no_byte(built):
    """Text to notebook to text is the identity on a text in jupytext's form."""
    changed = pull_lab(built, "mini")

    assert changed == []
    assert built.text("mini").read_text() == MINI


def test_pull_brings_every_kind_of_edit_back(built):
    """New cells, edits in code and prose, tags, a deleted cell; then the notebook is rebuilt as it was edited."""
    path = built.notebook("source", "mini")
    nb = read_notebook(path)
    cell_of(nb, "kl_divergence").source = cell_of(nb, "kl_divergence").source.replace("0.5 *", "1 / 2 *")
    nb.cells[1].source += "\n\nA formula: $x_1 + x_2$, `code`, *stress* and a list:\n\n- one\n- two"
    nb.cells.insert(2, nbformat.v4.new_code_cell("1 + 1", metadata={"tags": ["show"]}))
    nb.cells.insert(3, nbformat.v4.new_markdown_cell("Two Markdown cells"))
    nb.cells.insert(4, nbformat.v4.new_markdown_cell("in a row."))
    nb.cells.append(nbformat.v4.new_raw_cell("raw text"))
    save(path, nb)

    assert pull_lab(built, "mini") == [built.text("mini")]

    again = read_lab(built, "mini")
    assert [(cell.cell_type, cell.source) for cell in again.cells] == [(cell.cell_type, cell.source) for cell in nb.cells]
    assert again.cells[2].metadata.tags == ["show"]
    assert again.metadata == nb.metadata
    assert "@@ INSERT setup.py @@" in built.text("mini").read_text()


def test_pull_changes_the_shared_file_when_its_cell_was_edited(built):
    """Code that came from labs/shared/ goes back there."""
    path = built.notebook("source", "mini")
    nb = read_notebook(path)
    nb.cells[2].source += "\nprint(torch.__version__)"
    save(path, nb)

    assert pull_lab(built, "mini") == [built.shared("setup.py")]

    assert built.shared("setup.py").read_text().endswith("print(torch.__version__)\n")
    assert built.text("mini").read_text() == MINI


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda nb: nb.cells[1].update(attachments={"a.png": {"image/png": "AAAA"}}), "has an attached image"),
        (lambda nb: nb.cells[1].update(source="one\n\n+++\n\ntwo"), "without losing something"),
        (lambda nb: nb.cells[0].update(source="[Colab](elsewhere)"), "Edit that file instead"),
        (lambda nb: nb.cells[1].update(source="a bell: \x07"), r"cell 2 has the control character '\\x07'"),
        (lambda nb: nb.cells[1].update(source="@@ INSERT badge.md @@"), "cell 2 would come back as what it inserts"),
        (lambda nb: nb.metadata.vaelabs.update(title="Another"), r"another title .*\n.*the head of labs/mini.md"),
        (lambda nb: nb.metadata.vaelabs.update(new=1), r"another new in its metadata \(1\) than .* \(None\)"),
        (lambda nb: nb.metadata.vaelabs.pop("quick"), "another quick in its metadata"),
        (lambda nb: nb.metadata.kernelspec.update(name="ir"), r"another kernelspec in its metadata \('ir'\)"),
    ],
)
def test_pull_refuses_what_the_text_cannot_hold_and_changes_nothing(built, spoil, complaint):
    """Losing nothing includes the text as it is."""
    path = built.notebook("source", "mini")
    nb = read_notebook(path)
    spoil(nb)
    save(path, nb)

    with pytest.raises(CourseError, match=complaint):
        pull_lab(built, "mini")

    assert built.text("mini").read_text() == MINI


def test_pull_refuses_two_different_edits_of_one_shared_file(built):
    """One of the two would be lost."""
    built.text("mini").write_text(MINI + "\n```{code-cell} ipython3\n@@ INSERT setup.py @@\n```\n")
    write(built, build_lab(built, "mini"))
    before = built.shared("setup.py").read_text()
    nb = read_notebook(built.notebook("source", "mini"))
    nb.cells[2].source += "\n# one"
    nb.cells[-1].source += "\n# two"
    save(built.notebook("source", "mini"), nb)

    with pytest.raises(CourseError, match="setup.py is inserted twice and edited differently"):
        pull_lab(built, "mini")

    assert built.shared("setup.py").read_text() == before


def test_pull_keeps_the_metadata_of_cells_and_forgives_jupyter_its_own(built):
    """A note beside `insert` and the author's locks stay; how Jupyter spells the kernel is no edit."""
    path = built.notebook("source", "mini")
    nb = read_notebook(path)
    nb.cells[2].metadata.vaelabs["note"] = "safe to run twice"
    nb.cells[3].metadata.update(editable=False, deletable=False)
    cell_of(nb, "clinic").metadata.update(editable=False)
    nb.metadata.kernelspec.update(display_name="Python 3 (ipykernel)")
    nb.metadata.language_info.update(version="3.12.1")
    save(path, nb)

    assert pull_lab(built, "mini") == [built.text("mini")]

    again = read_lab(built, "mini")
    assert again.cells[2].metadata == {"vaelabs": {"insert": "setup.py", "note": "safe to run twice"}}
    assert again.cells[3].metadata == {"tags": ["parameters"], "editable": False, "deletable": False}
    assert "editable" not in cell_of(again, "clinic").metadata


TEST_CELL = MINI[MINI.index("```{code-cell} ipython3\n---\nnbgrader:\n  grade_id: test-kl_divergence") :]
TEST_CELL = TEST_CELL[: TEST_CELL.index("+++")]


@pytest.mark.parametrize(
    "before, after, complaint",
    [
        (TEST_CELL, "", r"cell 6 \(kl_divergence\): this task has no graded cell"),
        ("(5 points)", "(4 points)", r"cell 5 \(task-kl_divergence\) says 4 points, but test-kl_divergence has 5"),
        ("(2 points)", "(1 point, short)", r"cell 12 \(task-m1-why\) says 1 points, but m1-why has 2"),
        ("# Graded here: five", "# Graded here (9 points): five", r"cell 11 \(test-clinic\) says 9 points, but test-clin"),
        ("# Graded here: five", "# Graded here (3 points): five", None),
        ("points: 5\n", "points: 4\n", "the automatic points add up to 7, but the head of the lab says 8"),
        ('"points": 2', '"points": 3', "the manual points add up to 3, but the head of the lab says 2"),
        ("grade_id: clinic", "grade_id: kl_divergence", "2 cells have the grade_id 'kl_divergence'"),
        ("grade_id: test-clinic", "grade_id: clinic-test", "this task has no graded cell"),
        ("task-m1-why", "task-m1", "this answer has no question"),
        ("Write it.", "Write it: return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)", "survives in the release"),
        ("steps = 100", "steps = 100  # check_kl_divergence(kl_divergence, framework='torch')", None),
        ("Say why.", "Say why.\n2 points: because of Jensen's inequality.", "a line of its mark scheme survives"),
        ("steps = 100", "import vaelabs\nsteps = 100", "the release imports vaelabs"),
    ],
)
def test_a_faulty_lab_is_refused(tmp_path, before, after, complaint):
    """Each fault is named with the cell where it lies; a line that is only similar is no leak."""
    assert before in MINI
    course = write_course(tmp_path, MINI.replace(before, after))

    if complaint is None:
        build_lab(course, "mini")
    else:
        with pytest.raises(CourseError, match=complaint):
            build_lab(course, "mini")


SECRET = "return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"


@pytest.mark.parametrize(
    "leak",
    [
        lambda nb: nb.cells[6].update(source=f"# {SECRET}"),
        lambda nb: nb.cells[6].outputs.append(nbformat.v4.new_output("stream", text=f"x\n{SECRET}\n")),
        lambda nb: nb.cells[6].outputs.append(
            nbformat.v4.new_output("display_data", {"text/html": [SECRET[:20], SECRET[20:]]})
        ),
        lambda nb: nb.cells[1].update(
            attachments={"note.txt": {"text/plain": base64.b64encode(SECRET.encode()).decode()}}
        ),
        lambda nb: nb.cells[1].metadata.update(note={"deep": [SECRET]}),
        lambda nb: nb.metadata.update(note=SECRET.replace(" ", "  ")),
    ],
    ids=["source", "stream", "split output", "attachment", "cell metadata", "notebook metadata"],
)
def test_a_solution_line_anywhere_in_the_release_is_refused(course, leak):
    """By content, outputs, attachments and metadata."""
    built = build_lab(course, "mini")
    release = nbformat.from_dict(built.release)
    leak(release)

    with pytest.raises(CourseError, match="a line of its solution survives in the release"):
        refuse_leaks("mini", built.source, release)


def test_the_lab_is_fair(course):
    """The untouched stub earns nothing, the solution everything."""
    refuse_unfair_marks("mini", read_lab(course, "mini"))


@pytest.mark.parametrize(
    "before, after, complaint",
    [
        ("0.5 * (mu**2", "1.0 * (mu**2", "the solution of kl_divergence earns 1 of 5 points"),
        (
            "    ### BEGIN SOLUTION\n    return",
            "    if True: return 0.5 * (mu**2 + torch.exp(logvar) - 1 - logvar).sum(-1)\n    ### BEGIN SOLUTION\n    return",
            "the untouched stub of kl_divergence earns 5 points",
        ),
        (
            "    ### BEGIN SOLUTION\n    return",
            "    mu.nonsense\n    ### BEGIN SOLUTION\n    return",
            "is not recognised as unanswered",
        ),
    ],
)
def test_unfair_marks_are_refused(tmp_path, before, after, complaint):
    """A stub that earns points and a solution that misses some are both named."""
    course = write_course(tmp_path, MINI.replace(before, after, 1))

    with pytest.raises(CourseError, match=complaint):
        refuse_unfair_marks("mini", read_lab(course, "mini"))


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda text: text.replace("vaelabs:", "other:"), "does not begin with a head"),
        (lambda text: text.removeprefix("---\n"), "does not begin with a head"),
        (lambda text: text.replace("INSERT setup.py", "INSERT gone.py"), "which cannot be read"),
        (lambda text: text.replace("  grade_id: clinic\n", ""), "without a grade_id"),
        (lambda text: text.replace("  points: 3\n", ""), r"\(test-clinic\) is graded but has no points"),
        (lambda text: text.replace("  solution: true\n", "  solutoin: true\n", 1), "not known: solutoin"),
        (lambda text: text.replace("  points: 3\n", '  points: "3"\n'), r"\(test-clinic\): its points must be a number"),
        (lambda text: text.replace("grade_id: clinic\n", "grade_id: 5\n"), "cell 10: its grade_id must be text, not 5"),
        (lambda text: text.replace("grade_id: clinic\n", "grade_id: [clinic\n"), "cell 10: its metadata could not be read"),
        (lambda text: text.replace('2, "solution": true}}', "2"), "cell 13: its metadata could not be read"),
        (lambda text: text.replace(":tags: [show]", ":tags: 5"), "5 is not of type 'array'"),
        (lambda text: text.replace(":tags: [show]", ":date: 2024-01-01"), "cell 7 has a value that a notebook cannot"),
        (lambda text: text.replace(":tags: [show]", ":vaelabs: 5"), "cell 7: its `vaelabs` must be a mapping"),
        (lambda text: text.replace("Write it.", "Write \x07 it."), r"line 39 has the control character '\\x07'"),
        (lambda text: text.replace("{automatic: 8, manual: 2}", "10"), "head's points must be numbers .* not 10"),
        (lambda text: text.replace("automatic: 8", 'automatic: "8"'), "head's points must be numbers"),
        (lambda text: text.replace("{steps: 1}", "3"), "head's quick must name parameters and their values, not 3"),
        (lambda text: text.replace("framework: torch", "framework: 1"), "head's framework must be text, not 1"),
        (lambda text: text.replace('"A small lab"', "[a]"), "head's title must be text"),
        (lambda text: text.replace('"A small lab"', "[a"), "its head is not valid YAML"),
        (lambda text: text.replace("### END SOLUTION", "", 1), r"cell 6 \(kl_divergence\): '### END SOLUTION' is missing"),
        (lambda text: text.replace("### END HIDDEN TESTS", ""), r"\(test-kl_divergence\): '### END HIDDEN TESTS' is miss"),
        (lambda text: text.replace("### END MARK SCHEME", ""), r"\(task-m1-why\): '### END MARK SCHEME' is missing"),
        (lambda text: text.replace("END SOLUTION", "END SOLUTOIN", 1), r"cell 6 .*### END SOLUTOIN' is not a known"),
        (lambda text: text.replace("BEGIN HIDDEN TESTS", "BEGIN HIDDEN TEST"), "'### BEGIN HIDDEN TEST' is not a known"),
        (lambda text: text.replace("### BEGIN MARK SCHEME", ""), "'### END MARK SCHEME' has no '### BEGIN MARK SCHEME'"),
    ],
)
def test_a_text_that_cannot_be_built_is_refused_in_one_sentence(tmp_path, spoil, complaint):
    """The author reads what to write where."""
    course = write_course(tmp_path, spoil(MINI))

    with pytest.raises(CourseError, match=complaint):
        build_lab(course, "mini")


def test_a_text_in_another_encoding_is_refused(course):
    """The text itself and what it inserts."""
    course.text("mini").write_bytes(MINI.replace("Say why.", "Erkläre.").encode("latin-1"))
    with pytest.raises(CourseError, match="labs/mini.md is not UTF-8 text"):
        build_lab(course, "mini")

    course.text("mini").write_text(MINI)
    course.shared("setup.py").write_bytes("# für alle".encode("latin-1"))
    with pytest.raises(CourseError, match="cell 3 inserts .*setup.py, which cannot be read"):
        build_lab(course, "mini")


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("- ada\n- ben\n", "must be a mapping from names"),
        ("", "must be a mapping from names"),
        ("ada: blank\n", "ada is described by something other than"),
        ("ada: {answers: [clinic]}\n", "ada's answers must be a mapping from tasks to text"),
        ("ada: {code: {clinic: 3}}\n", "ada's code must be a mapping from tasks to text"),
        ("ada: [\n", "cannot be read"),
    ],
)
def test_a_sample_class_that_is_no_class_is_refused(built, text, complaint):
    """The file and the student are named."""
    write_text(built.root / "tests" / "answers" / "mini" / "sample_class.yml", text)

    with pytest.raises(CourseError, match=complaint):
        sample_class(built, "mini")

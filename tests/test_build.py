"""From text to notebooks and back, and what is refused on the way."""

import base64

import nbformat
import pytest
from conftest import MINI, write_course

from vaelabs.build import build_lab, execute_solution, first_difference, pull_lab, read_lab, refuse_leaks, refuse_unfair_marks, write
from vaelabs.course import CourseError, grade_id, read_notebook, write_text

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

    kept = build_lab(built, "mini").solutions
    built.text("mini").write_text(MINI.replace("steps = 100", "steps = 200"))
    changed = build_lab(built, "mini").solutions

    assert kept.cells[3].outputs == nb.cells[3].outputs
    assert changed.cells[3].outputs == []


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

    assert not changed
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

    assert pull_lab(built, "mini")

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

    assert pull_lab(built, "mini")

    assert built.shared("setup.py").read_text().endswith("print(torch.__version__)\n")
    assert built.text("mini").read_text() == MINI


@pytest.mark.parametrize(
    "spoil, complaint",
    [
        (lambda nb: nb.cells[1].update(attachments={"a.png": {"image/png": "AAAA"}}), "has an attached image"),
        (lambda nb: nb.cells[1].update(source="one\n\n+++\n\ntwo"), "without losing something"),
        (lambda nb: nb.cells[0].update(source="[Colab](elsewhere)"), "Edit that file instead"),
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


TEST_CELL = MINI[MINI.index("```{code-cell} ipython3\n---\nnbgrader:\n  grade_id: test-kl_divergence") :]
TEST_CELL = TEST_CELL[: TEST_CELL.index("+++")]


@pytest.mark.parametrize(
    "before, after, complaint",
    [
        (TEST_CELL, "", r"cell 6 \(kl_divergence\): this task has no graded cell"),
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
        (lambda text: text.replace("### END SOLUTION", "", 1), "nbgrader could not make the release"),
    ],
)
def test_a_text_that_cannot_be_built_is_refused_in_one_sentence(tmp_path, spoil, complaint):
    """The author reads what to write where."""
    course = write_course(tmp_path, spoil(MINI))

    with pytest.raises(CourseError, match=complaint):
        build_lab(course, "mini")

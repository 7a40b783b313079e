"""The course folder and the reading of notebooks."""

import json

import pytest

from vaelabs.course import Course, CourseError, Task, read_notebook, write_text


def test_tasks_are_named_after_their_functions(built):
    """A graded cell test-f is the task f; a written answer is marked by hand."""
    assert built.tasks("mini") == [
        Task("kl_divergence", "test-kl_divergence", 5.0, manual=False),
        Task("clinic", "test-clinic", 3.0, manual=False),
        Task("m1-why", "m1-why", 2.0, manual=True),
    ]


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"hello", "is no notebook: it is not valid JSON"),
        (b"\xff\xfe\x00", "is no notebook: it is not UTF-8 text"),
        (b"{}", "is no notebook"),
        (b"[1, 2]", "is no notebook"),
        (b"", "is no notebook: it is not valid JSON"),
    ],
)
def test_a_file_that_is_no_notebook_is_named(tmp_path, content, complaint):
    """One sentence with the file's name, whatever is in it; no other exception."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)

    with pytest.raises(CourseError, match="a.ipynb") as caught:
        read_notebook(path)

    assert complaint in str(caught.value)


@pytest.mark.filterwarnings("error")
def test_cells_without_ids_get_some_in_silence(tmp_path):
    """Colab leaves them out; nbformat would say so on the terminal."""
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": None}
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))

    assert read_notebook(path).cells[0].id


def test_a_missing_notebook_is_named(tmp_path):
    """The path, and that there is nothing."""
    with pytest.raises(CourseError, match="a.ipynb does not exist"):
        read_notebook(tmp_path / "a.ipynb")


def test_an_unknown_lab_is_refused_with_the_known_ones(built):
    """The next step is to choose among what there is."""
    with pytest.raises(CourseError, match="has no lab named 'mnist'(.|\n)*Known: mini"):
        built.choose(("mnist",), built.built_labs(), "lab")


def test_an_empty_folder_is_no_course(tmp_path):
    """Running in the wrong folder says so."""
    with pytest.raises(CourseError, match="Is this the course folder"):
        Course(tmp_path).choose((), [], "lab")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    """Where it cannot be written the old content stays and nothing else is left."""
    path = tmp_path / "marks.csv"
    write_text(path, "old\n")
    (tmp_path / "marks.csv.part").mkdir()  # stands in the way as a full disk would

    with pytest.raises(CourseError, match="cannot be written"):
        write_text(path, "new\n")

    assert path.read_text() == "old\n"

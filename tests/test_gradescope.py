"""Gradescope's autograder: the zip, unpacked as Gradescope does, grades a submission and always writes a results.json."""

import importlib.metadata
import json
import os
import subprocess
import sys
import zipfile

import nbformat
import pytest
from click.testing import CliRunner
from tiny import write_tiny_course

from vaelabs import __version__
from vaelabs.checks.rubric import Diagnosis, Property, Verdict
from vaelabs.cli import main
from vaelabs.course import CourseError, grade_id, read_notebook, write_text
from vaelabs.gradescope import grade_there
from vaelabs.reports import results_of_verdicts
from vaelabs.sandbox import Isolation, require

SECRET = "assert double(21) == 42  # the answer to everything"


CONFIG = """\
c = get_config()
c.Execute.timeout = 77
c.CourseDirectory.db_url = "postgresql://user:password@host/x"
"""


def write_course(root):
    """The smallest course with a hidden test, a question for people, a class's data beside it, and its release."""
    course = write_tiny_course(root)
    source = read_notebook(course.notebook("source", "ps1"))
    source.metadata["vaelabs"] = {"title": "Lab 1: doubles"}
    plain = {"schema_version": 3, "grade": False, "solution": False, "locked": True, "task": False, "grade_id": "task-double"}
    asked = "### Task 1 (2 points): twice as much\n\nWrite `double(x)`, which gives twice the number that it gets."
    heading = nbformat.v4.new_markdown_cell(asked, metadata={"nbgrader": plain})
    question = {**plain, "grade": True, "solution": True, "locked": False, "grade_id": "m1", "points": 3}
    source.cells = [heading, *source.cells, nbformat.v4.new_markdown_cell("Because.", metadata={"nbgrader": question})]
    graded = next(cell for cell in source.cells if grade_id(cell) == "test-double")
    graded.source += f"\n### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS"
    write_text(course.notebook("source", "ps1"), nbformat.writes(source))
    release = nbformat.from_dict(source)
    for cell in release.cells:
        if grade_id(cell) == "double":
            cell.source = "# @@ COMPLETE @@\nraise NotImplementedError"
        if grade_id(cell) == "test-double":
            cell.source = cell.source.split("\n###")[0]
    write_text(course.notebook("release", "ps1"), nbformat.writes(release))
    write_text(course.root / "submitted" / "ada" / "ps1" / "ps1.ipynb", "the work of a student")
    write_text(course.root / "gradebook.db", "the marks of a class")
    write_text(course.config_file, CONFIG)
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return write_course(tmp_path_factory.mktemp("gradescope") / "course")


@pytest.fixture(scope="module")
def build(course):
    """`vaelabs gradescope ps1`, with other words behind it; the zip."""

    def run(*words):
        target = course.root.parent / f"autograder{''.join(words)}.zip"
        done = CliRunner().invoke(main, ["--course", str(course.root), "gradescope", "ps1", "-o", str(target), *words])
        assert done.exit_code == 0, done.output
        return target

    return run


@pytest.fixture
def there(tmp_path):
    """Unpack a zip and run it with a submission, as Gradescope does in its container; the results and what was printed."""

    def run(archive, files, **environment):
        root = tmp_path / "autograder"
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(root / "source")
        for name, text in files.items():
            write_text(root / "submission" / name, text)
        environment = {**os.environ, "AUTOGRADER": str(root), "VAELABS_PYTHON": sys.executable, **environment}
        program = ["bash", root / "source" / "run_autograder"]
        ran = subprocess.run(program, env=environment, capture_output=True, text=True, cwd=root)
        assert ran.returncode == 0, ran.stderr
        return json.loads((root / "results" / "results.json").read_text(encoding="utf-8")), ran.stdout

    return run


def answered(course, code):
    nb = read_notebook(course.notebook("release", "ps1"))
    next(cell for cell in nb.cells if grade_id(cell) == "double").source = code
    return nb


def shown(results):
    """All that a student sees."""
    return json.dumps({**results, "tests": [each for each in results["tests"] if each.get("visibility") != "hidden"]})


def test_the_zip_has_what_it_takes_and_nothing_of_the_class(build, tmp_path):
    """Two programs at its root, the package as a wheel, the lab; no submission, gradebook or password."""
    archive = build()

    with zipfile.ZipFile(archive) as packed:
        names = set(packed.namelist())
        programs = {each.filename for each in packed.infolist() if each.external_attr >> 16 == 0o100755}
        packed.extractall(tmp_path)
    wheel = f"vaelabs-{__version__}-py3-none-any.whl"
    assert names == {
        "setup.sh", "run_autograder", "settings.json", "unfinished.json", "constraints.txt", wheel,
        "course/source/ps1/ps1.ipynb", "course/release/ps1/ps1.ipynb",
    }  # fmt: skip
    assert programs == {"setup.sh", "run_autograder"}
    texts = b"".join((tmp_path / name).read_bytes() for name in names - {wheel})
    assert not any(each in texts for each in (b"password", b"work of a student", b"marks of a class"))
    settings = json.loads((tmp_path / "settings.json").read_text())
    assert settings["execute"] == {"timeout": 77, "notebook_seconds": 378}
    assert settings["isolation"] == ["bubblewrap", "landlock"]
    for program in programs:
        subprocess.run(["bash", "-n", tmp_path / program], check=True)


def test_pip_takes_the_wheel(build, tmp_path):
    """As setup.sh gives it to pip, without the packages that it needs."""
    with zipfile.ZipFile(build()) as packed:
        [name] = [each for each in packed.namelist() if each.endswith(".whl")]
        wheel = packed.extract(name, tmp_path)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--disable-pip-version-check"]

    subprocess.run([*pip, "--target", tmp_path / "there", wheel], check=True)

    template = tmp_path / "there" / "vaelabs" / "reports" / "templates" / "vaelabs_feedback" / "index.html.j2"
    assert template.is_file()
    [info] = importlib.metadata.distributions(name="vaelabs", path=[str(tmp_path / "there")])
    assert {"vaelabs", "vaelabs-landlock"} <= {each.name for each in info.entry_points}
    assert any(each.endswith('extra == "torch"') for each in info.requires)


PEEK = """\
def double(x):
    try:
        open({hidden!r}).read()
    except PermissionError:
        return 2 * x
"""
"""An answer that is right only where the hidden tests cannot be read."""


def test_a_notebook_from_colab_is_repaired_and_graded_where_landlock_keeps_the_tests(build, there, course, tmp_path):
    """Under any name, without its metadata, in the tier that a container without namespaces falls to.

    The student reads what was done, and no hidden test; the tier is told to the instructor.
    """
    try:
        require(Isolation.LANDLOCK)
    except CourseError as error:
        pytest.skip(str(error))
    hidden = tmp_path / "autograder" / "source" / "course" / "source" / "ps1" / "ps1.ipynb"
    nb = answered(course, PEEK.format(hidden=str(hidden)))
    for cell in nb.cells:
        cell.metadata = {}
    nb.metadata = {"colab": {"provenance": []}}
    files = {"sub/Copy of ps1 (1).ipynb": nbformat.writes(nb), "submission_metadata.yml": "=1"}

    results, said = there(build("--isolation", "landlock"), files)

    double, instructor = results["tests"]
    assert hidden.is_file() and results["score"] == 2.0
    assert double == {
        "name": "Task 1: twice as much", "score": 2.0, "max_score": 2.0, "status": "passed", "visibility": "visible",
        "output_format": "text",
    }  # fmt: skip
    assert "Before it was graded, your notebook was put in order:" in results["output"]
    assert "The written answers (3 points) are marked by a person and are not part of this." in results["output"]
    assert instructor["visibility"] == "hidden"
    assert said.startswith("Isolation: landlock, the reduced tier.") and instructor["output"].startswith(said.split(" The")[0])
    assert not any(each in shown(results) for each in ("everything", "42", "landlock"))


def test_what_is_no_notebook_gets_no_score(build, tmp_path):
    """A clear sentence instead of a zero; the reason is the instructor's."""
    with zipfile.ZipFile(build()) as packed:
        packed.extractall(tmp_path / "source")
    for name in ("ps1.ipynb", "report.pdf"):
        write_text(tmp_path / "submission" / name, "not json")

    grade_there(tmp_path)

    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert "score" not in results and not any("score" in each for each in results["tests"])
    assert results["output"] == "No notebook of this lab was found in what you handed in. Please hand in the lab's .ipynb file."
    assert "is no notebook" in results["tests"][-1]["output"]


def test_a_run_that_is_ended_leaves_results_without_a_score(build, there, course):
    """What Gradescope would otherwise count as a zero."""
    code = "import time\ntime.sleep(600)"

    results, _ = there(build(), {"ps1.ipynb": nbformat.writes(answered(course, code))}, VAELABS_SECONDS="5")

    assert "score" not in results
    assert results["output"].startswith("This could not be graded, and has no score so far.")
    assert "Grading did not end within 540 s" in results["tests"][0]["output"]


def test_a_machine_that_cannot_confine_grades_nothing(build, there, course, tmp_path):
    """No tier is taken in silence, and none of the student's code run."""
    archive = build()
    code = f"open({str(tmp_path / 'ran')!r}, 'w')"
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(broken, "w") as new:
        for each in old.namelist():
            new.writestr(each, old.read(each).replace(b'"landlock"', b'"bubblewrap"'))

    files = {"ps1.ipynb": nbformat.writes(answered(course, code))}

    results, _ = there(broken, files, PATH=_without_bubblewrap(tmp_path))

    assert "score" not in results
    assert results["tests"][-1]["output"].splitlines()[:2] == [
        "This container cannot confine the student's code, so that nothing of it was run.",
        "bubblewrap: bubblewrap is not installed, so there is no sandbox to run submissions in.",
    ]
    assert not (tmp_path / "ran").exists()


def _without_bubblewrap(tmp_path):
    """A PATH with what the script needs, and no bwrap."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in ("bash", "mkdir", "chmod", "cp", "timeout"):
        (place / name).symlink_to(f"/usr/bin/{name}")
    return str(place)


def test_where_a_person_must_look_there_is_no_sum_of_the_rest():
    """Gradescope would add up what there is, which would be a wrong mark."""
    properties = [
        Property("values", 1.5, 1.5, "the values are right"),
        Property("sign", 0, 0.5, "it keeps the sign", "-2 gives 4"),
    ]
    found = [
        Verdict("double", 1.5, 2.0, "graded", None, properties, Diagnosis("D1", "You square.", "3 gives 9.")),
        Verdict("halve", 0.0, 3.0, "needs_review", message="halve: the check itself failed: secret"),
    ]

    whole, part = results_of_verdicts(found[:1], {"double": "Task 1"}), results_of_verdicts(found, {})

    assert whole["score"] == 1.5
    assert whole["tests"][0]["output"].splitlines() == [
        "1.5 of 1.5  the values are right", "0 of 0.5  it keeps the sign: -2 gives 4", "", "You square. 3 gives 9.",
    ]  # fmt: skip
    assert "score" not in part and not any("score" in each or "max_score" in each for each in part["tests"])
    assert part["tests"][0]["output"].startswith("1.5 of 2 points so far.\n")
    assert part["tests"][1]["output"] == "A person will look at this; no score is given before."
    assert "secret" not in json.dumps(part)

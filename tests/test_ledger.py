"""The ledger: each result once, in SQLite and in PostgreSQL; what goes wrong is one sentence."""

from __future__ import annotations

import functools
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
import sqlalchemy

from vaelabs.checks.rubric import Verdict
from vaelabs.course import Course, CourseError
from vaelabs.grading import Ledger, Result, keys
from vaelabs.grading.keys import checks_hash, fingerprint, hash_files, key_of, pack, unpack
from vaelabs.grading.ledger import about


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """Of a ledger that is not there yet."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres")()
    return Course(tmp_path).ledger_url


def result_of(student: str, points: float = 2, key: str = "k", attempt: int = 0, **more) -> Result:
    verdict = Verdict("double", points, 2, "graded", seed=2**32 - 1, message="né")
    return Result(student, "ps1", [verdict], key, {"lab": "l"}, "none", attempt, 1.5, worker="w", **more)


def test_the_first_result_of_a_key_stays(url):
    """Of twenty who commit at once one is first, and what it wrote is what is read."""

    def commit(n: int) -> tuple[bool, int]:
        with Ledger(url) as ledger:
            ledger.begin("k", "ada", "ps1", str(n))
            return ledger.commit(result_of("ada", points=n / 20), "f", b"files", b"notebook"), n

    with Ledger(url) as ledger:
        with ThreadPoolExecutor(20) as pool:
            first = [n for was_first, n in pool.map(commit, range(20)) if was_first]

        assert len(first) == 1
        assert ledger.result("k").points == first[0] / 20
        assert ledger.files("k") == (b"files", b"notebook")
        assert ledger.attempts("k") == 20


def test_a_result_comes_back_as_it_went_in(url):
    """Every field, the seed and the words of the verdict; the time is in UTC."""
    result = result_of("ada", reason="why", key="k2", attempt=3)
    with Ledger(url) as ledger:
        ledger.commit(result, "f", b"", None)

        found = ledger.latest("f")

    assert found.committed_at.utcoffset().total_seconds() == 0
    result.committed_at = found.committed_at
    assert found == result


def test_settled_is_what_the_gradebook_holds(url):
    """One key for student and lab, none while it is being written."""
    with Ledger(url) as ledger:
        for n in range(2):
            ledger.commit(result_of("ada", key=f"k{n}", attempt=n), "f", b"", None)
            ledger.settle("ada", "ps1", f"k{n}")
        held = [each.key for each in ledger.settled()]
        ledger.unsettle("ada", "ps1")

        assert held == ["k1"]
        assert ledger.latest("f").key == "k1"
        assert (ledger.settled(), ledger.settled_key("ada", "ps1")) == ([], None)


def test_a_newer_ledger_is_left_alone(url):
    """One sentence and the next step."""
    with Ledger(url) as ledger, ledger._transaction() as db:
        db.execute(about.update().values(value="99"))

    with pytest.raises(CourseError, match="was written by a newer vaelabs.\nUpdate vaelabs here."):
        Ledger(url)


def said_of(url: str) -> str:
    with pytest.raises(CourseError) as raised:
        Ledger(url)
    return str(raised.value)


def test_a_wrong_password_is_told_and_not_shown(postgres):
    """Nor is it shown where nobody answers."""
    right = sqlalchemy.make_url(postgres())
    wrong = right.set(password="hunter2").render_as_string(hide_password=False)
    nobody = right.set(password="hunter2", port=9).render_as_string(hide_password=False)

    assert "does not take this user and password" in said_of(wrong)
    assert "cannot be reached" in said_of(nobody)
    assert "hunter2" not in said_of(wrong) + said_of(nobody)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "The ledger's URL cannot be read."),
        ("nodatabase://u:hunter2@h/d", "There is no driver for nodatabase://u:***@h/d"),
        ("sqlite:////proc/ledger.db", "/proc/ledger.db cannot be opened"),
    ],
)
def test_an_impossible_url_is_one_sentence(url, said):
    """Without the password."""
    assert said in said_of(url)
    assert "hunter2" not in said_of(url)


def test_a_locked_or_damaged_file_is_one_sentence(tmp_path, monkeypatch):
    """Another program may hold the file; the file may be something else."""
    monkeypatch.setattr("vaelabs.grading.ledger.PATIENCE", 0.1)
    url = Course(tmp_path).ledger_url
    with Ledger(url) as ledger, sqlite3.connect(tmp_path / "report" / "ledger.db") as other:
        other.execute("begin exclusive")
        with pytest.raises(CourseError, match="is locked by another program"):
            ledger.begin("k", "ada", "ps1", "w")
    (tmp_path / "no.db").write_text("something else " * 100)

    assert "is something else, or damaged" in said_of(f"sqlite:///{tmp_path}/no.db")


def test_a_key_is_of_everything_that_a_mark_depends_on():
    """Student, lab, each hash, isolation, attempt."""
    base = ("ada", "ps1", {"lab": "l", "checks": "c"}, "bubblewrap")
    others = [
        ("bob", *base[1:]),
        ("ada", "ps2", *base[2:]),
        ("ada", "ps1", {"lab": "l", "checks": "d"}, "bubblewrap"),
        (*base[:3], "none"),
    ]

    keys = {key_of(fingerprint(*each), 0) for each in [base, *others]} | {key_of(fingerprint(*base), 1)}

    assert len(keys) == 6


def test_files_are_packed_without_loss_and_hashed_by_name_and_content():
    """The same files give the same bytes."""
    files = {"a.ipynb": b"{}", "data/b.csv": b"1,2"}

    assert unpack(pack(files)) == files
    assert pack(files) == pack(dict(reversed(files.items())))
    assert hash_files(files) != hash_files({"a.ipynb": b"{}1,2", "data/b.csv": b""})


def notebook(source: str) -> nbformat.NotebookNode:
    meta = {"nbgrader": {"grade": True, "solution": False, "locked": True, "grade_id": "test-f", "points": 1, "schema_version": 3}}
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, metadata=meta)])


EDITED = {
    "checks/kl.py": (True, False, False),
    "checks/transformed.py": (True, False, False),
    "checks/clinic.py": (False, True, False),
    "checks/rubric.py": (True, True, True),
    "subjects/torch_adapter.py": (True, True, True),
    "sandbox/execute.py": (True, True, True),
    "grading/worker.py": (True, True, True),
    "cli.py": (False, False, False),
}
"""Whose hash changes with a file: of a lab with the KL check, of one with the clinic's, of one with plain asserts."""


def test_a_lab_depends_on_the_checks_that_it_uses(tmp_path, monkeypatch):
    """Directly or not; and on what runs for every lab."""
    copy = tmp_path / "vaelabs"
    shutil.copytree(keys.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    sources = ["from vaelabs.checks import check_kl_divergence", "from vaelabs.checks import check_clinic", "assert True"]
    monkeypatch.setattr(keys, "PACKAGE", copy)
    monkeypatch.setattr(keys, "_common", functools.cache(keys._common.__wrapped__))

    seen, changed = [checks_hash(notebook(source)) for source in sources], {}
    for edited in EDITED:
        with (copy / edited).open("a") as file:
            file.write("# edited\n")
        before, seen = seen, [checks_hash(notebook(source)) for source in sources]
        changed[edited] = tuple(a != b for a, b in zip(before, seen))

    assert changed == EDITED

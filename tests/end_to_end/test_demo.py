"""The README's first command, for a small lab: built, answered, graded, explained in a folder of its own."""

import csv

from click.testing import CliRunner

from vaelabs.cli import main

ANSWERS = """\
# %% right: textbook
def kl_divergence(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)

# %% wrong K2: opposite sign
def kl_divergence(mu, logvar):
    return -0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
"""

CLASS = """\
ada: {story: everything right}
ben: {story: untouched, blank: true}
chloe: {story: the wrong sign, answers: {kl_divergence: opposite sign}}
noor: {story: a crash, code: {kl_divergence: "import os; os._exit(1)"}}
pia: {story: saved by Colab, colab: true, written: false}
"""


def test_the_demo_goes_from_text_to_explained_marks(course):
    """Every made-up student has marks and a page; the course's own folders stay as they were."""
    answers = course.root / "tests" / "answers" / "mini"
    answers.mkdir(parents=True)
    (answers / "kl_divergence.py").write_text(ANSWERS)
    (answers / "sample_class.yml").write_text(CLASS)
    before = sorted(path.relative_to(course.root) for path in course.root.rglob("*"))

    result = CliRunner().invoke(main, ["--course", str(course.root), "demo"], catch_exceptions=False)
    again = CliRunner().invoke(main, ["--course", str(course.root), "demo"], catch_exceptions=False)

    assert (result.exit_code, again.exit_code) == (0, 0)
    demo = course.root / "demo"
    with (demo / "report" / "marks.csv").open(newline="") as file:
        points = {(row["student"], row["task"]): row["points"] for row in csv.DictReader(file)}
    assert [points[name, "kl_divergence"] for name in ("ada", "ben", "chloe", "noor", "pia")] == ["5", "0", "1", "0", "5"]
    assert [points[name, "clinic"] for name in ("ada", "ben", "chloe", "noor", "pia")] == ["3", "0", "3", "3", "3"]
    assert len(list(demo.glob("feedback/*/mini/mini.html"))) == 5
    assert (demo / "report" / "class" / "index.html").is_file()
    for said in ("5 made-up students", "marks.csv", "feedback", "K2: "):
        assert said in result.output
    after = sorted(path.relative_to(course.root) for path in course.root.rglob("*") if demo not in (path, *path.parents))
    assert after == before

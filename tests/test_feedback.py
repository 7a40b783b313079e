"""The page that a student reads: valid, whole, without a hidden line, in their language, in the zips for the LMS."""

from __future__ import annotations

import html
import re
import shutil
import zipfile
from pathlib import Path

import html5lib
import nbformat
import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from click.testing import CliRunner
from jinja2 import Environment, nodes
from nbgrader.api import Gradebook

from vaelabs.cli import main
from vaelabs.converting import course_config
from vaelabs.course import Course, CourseError, grade_id, read_notebook, write_text
from vaelabs.grading import load_results
from vaelabs.reports import SYSTEMS, feedback_settings, languages, make_feedback, zip_feedback
from vaelabs.reports.feedback import FeedbackExporter, as_html
from vaelabs.reports.translation import catalogue_file
from vaelabs.sample import with_answers

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "vaelabs" / "reports" / "templates" / "vaelabs_feedback" / "index.html.j2"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CLINIC = 'diagnosis = {"A": "kl vanished", "B": "noise missing", "C": "no mean", "D": "no half", "E": "overfit"}'
KL = "def kl_divergence(mu, logvar):\n    return "
LONG = "  # " + "a long line that a phone must not be made to scroll by " * 3
TWICE = KL + "(mu**2 + logvar.exp() - 1 - logvar).sum(-1)" + LONG
EMPTY, SECRET = "</section><b>Jensen</b> & co", re.compile(r"BEGIN (HIDDEN TESTS|MARK SCHEME)(.*?)END \1", re.DOTALL)
CHLOE, NO, ADA, GARBAGE = "doechloe_1234", "kono_1235", "ada", "garbage"


def command(course: Course, *words: str):
    return CliRunner().invoke(main, ["--course", str(course.root), *words], catch_exceptions=False)


def wrong_with_figures(release):
    """Twice the KL, a wordy answer with markup in it, two pictures (one is none), and a cell that lost its metadata."""
    nb = with_answers(release, {"kl_divergence": TWICE, "clinic": CLINIC, "m1-why": EMPTY})
    shown = next(cell for cell in nb.cells if "show" in cell.metadata.get("tags", []))
    shown.outputs = [
        nbformat.v4.new_output("display_data", {"image/png": PNG, "text/html": "<script>alert(2)</script>"}),
        nbformat.v4.new_output("display_data", {"image/png": '"><script>alert(3)</script>'}),
    ]
    del next(cell for cell in nb.cells if grade_id(cell) == "kl_divergence").metadata["nbgrader"]
    return nb


@pytest.fixture(scope="module")
def graded(built_once, tmp_path_factory):
    """The small course with four students: two from Canvas, two put in by hand, one of these with no notebook."""
    folder = tmp_path_factory.mktemp("feedback")
    shutil.copytree(built_once, folder / "course")
    course = Course(folder / "course")
    release = read_notebook(course.notebook("release", "mini"))
    with zipfile.ZipFile(folder / "canvas.zip", "w") as archive:
        archive.writestr("doechloe_LATE_1234_5001_mini-1.ipynb", nbformat.writes(wrong_with_figures(release)))
        archive.writestr("kono_1235_5002_link.ipynb", nbformat.writes(with_answers(release, {"clinic": CLINIC})))
    command(course, "collect", str(folder / "canvas.zip"))
    right = with_answers(release, {"kl_divergence": TWICE.replace("return ", "return 0.5 * "), "clinic": CLINIC})
    write_text(course.submission(ADA, "mini"), nbformat.writes(right))
    write_text(course.submission(GARBAGE, "mini"), "not json")
    command(course, "grade", "--workers", "0")
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "vaelabs") as gradebook:  # as the formgrader does
        gradebook.find_grade("m1-why", "mini", "mini", CHLOE).manual_score = 1.25
        gradebook.find_comment("m1-why", "mini", "mini", CHLOE).manual_comment = "Name <Jensen>.\nWell seen."
        gradebook.find_grade("test-clinic", "mini", "mini", CHLOE).manual_score = 2.5
        gradebook.find_submission_notebook("mini", "mini", CHLOE).late_submission_penalty = 0.5
        gradebook.db.commit()
    return course


@pytest.fixture(scope="module")
def pages(graded) -> dict[tuple[str, str], str]:
    """Every page of the class, in every language."""
    found = {}
    for language in reversed(languages()):  # so that the files are English in the end
        command(graded, "feedback", "--lang", language)
        for path in graded.root.glob("feedback/*/mini/mini.html"):
            found[path.parts[-3], language] = path.read_text(encoding="utf-8")
    return found


def text_of(page: str) -> str:
    """What can be read on a page, in one line."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    for style in tree.iter("style"):
        style.text = ""
    return " ".join(" ".join(tree.itertext()).split())


def test_everyone_has_a_page_in_every_language(pages):
    assert {who for who, _ in pages} == {CHLOE, NO, ADA, GARBAGE}
    assert len(pages) == 4 * len(languages())


def test_every_page_is_valid_and_needs_nothing_else(pages):
    """Strictly parsed; its language, alternative texts, headings in order, each id once, nothing from elsewhere."""
    for (student, language), page in pages.items():
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
        elements = list(tree.iter())
        levels = [int(each.tag[1]) for each in elements if re.fullmatch("h[1-6]", str(each.tag))]
        ids = [each.get("id") for each in elements if each.get("id")]
        sources = ("src", "href", "srcset", "data", "poster")
        loaded = [each.get(name) for each in elements for name in sources if each.get(name)]
        outside = [each for each in loaded if not each.startswith(("data:image/png;base64,", "#"))]
        links = [each.get("href") for each in elements if each.tag == "a"]

        assert tree.get("lang") == language, student
        assert all(each.get("alt") for each in elements if each.tag == "img")
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
        assert outside == [link for link in links if not link.startswith("#")], "what is loaded is no link"
        assert not [each for each in elements if each.tag in ("script", "link", "iframe", "object")]
        assert "@import" not in page and "url(" not in page


def hidden_lines(source: nbformat.NotebookNode, *known: nbformat.NotebookNode) -> set[str]:
    """Lines of hidden tests and marking schemes that no student has seen in `known`, or in what they wrote."""
    parts = [part for cell in source.cells for _, part in SECRET.findall(cell.source)]
    lines = {line.strip() for part in parts for line in part.splitlines()}
    seen = {line.strip() for nb in known for cell in nb.cells for line in cell.source.splitlines()}
    return {line for line in lines - seen if sum(each.isalnum() for each in line) > 3}


def shown(page: str, lines: set[str]) -> list[str]:
    """Those of the lines that are there as text, as markup, or cut into coloured pieces."""
    forms = page, html.unescape(page), "".join(text_of(page).split())
    return [line for line in lines if any(each in form for form in forms for each in (line, "".join(line.split())))]


def test_no_page_shows_a_line_of_a_hidden_test_or_marking_scheme(graded, pages):
    source = read_notebook(graded.notebook("source", "mini"))
    secrets = hidden_lines(source, read_notebook(graded.notebook("release", "mini")))

    assert len(secrets) == 5
    for (student, _), page in pages.items():
        assert shown(page, secrets) == [], student


@pytest.mark.parametrize("lab", ["vae_2d", "vae_flax", "vae_mnist", "vae_pyro"])
def test_a_page_of_our_labs_shows_no_hidden_line(lab, monkeypatch):
    """Made of the instructor's own notebook, which has every secret in it, so that nothing is left out by chance."""
    course = Course(ROOT)
    source = read_notebook(course.notebook("source", lab))
    answers = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    known = nbformat.v4.new_notebook(cells=answers)
    secrets = hidden_lines(source, read_notebook(course.notebook("release", lab)), known)
    monkeypatch.chdir(ROOT)

    page = page_of(course, source, lab)

    assert len(secrets) > 20
    assert shown(page, secrets) == []
    assert page.count("<section") == len(course.tasks(lab))


def page_of(course: Course, nb: nbformat.NotebookNode, lab: str, language: str = "en") -> str:
    """The page of a notebook as nbgrader would hand it over, without a gradebook."""
    config = course_config(course, feedback_settings())
    config.FeedbackExporter.language = language
    config.FeedbackExporter.preprocessors = ["vaelabs.reports.feedback.Explain"]
    where = {"student": "ada", "assignment": lab, "notebook": lab}
    return FeedbackExporter(config=config).from_notebook_node(nb, {"nbgrader": where})[0]


def test_a_page_says_what_was_lost_why_and_where_to_read_again(pages):
    """The total, the named mistake with both numbers, the section, repairs, the late penalty."""
    said = text_of(pages[CHLOE, "en"])

    assert "4.25 of 10 points 3.5 of 8 points from the automatic checks 1.25 of 2 for the written answers" in said
    assert "handed in late: 0.5 points are taken off" in said
    assert "the ½ is missing" in said
    assert re.search(r"yours is [\d.e+]+, it is [\d.e+]+", said)
    assert "Read again: “Task 1: the KL term”" in said
    assert "One thing in your notebook was put in order before it was marked kl_divergence: " in said
    assert pages[CHLOE, "en"].count(PNG) == 1


def test_a_page_names_the_section_of_the_lab(monkeypatch):
    """By its heading, with a link to the lab where it is published."""
    monkeypatch.chdir(ROOT)
    course = Course(ROOT)

    said = page_of(course, read_notebook(course.notebook("release", "vae_2d")), "vae_2d")

    where = "section “2 The model and its bound”, “Task 2.2: the KL term”"
    assert f"Read again: {where} ( the lab in Colab )" in text_of(said)
    assert "Read again: section “7 The clinic”, “Task 7.1: five sick trainings”" in text_of(said)
    assert 'href="https://colab.research.google.com/github/' in said


def test_what_a_person_did_is_on_the_page(pages):
    """Marks and comments; a mark that replaces the check's says so; what nobody has marked is said to be open."""
    chloe, ada = text_of(pages[CHLOE, "en"]), text_of(pages[ADA, "en"])

    assert "Question 1: why? ◐ part of the points 1.25 of 2" in chloe
    assert "Comment: Name <Jensen>. Well seen." in chloe
    assert "A person has set these points; the check gave 3." in chloe
    assert "There is no answer in its cell." in ada
    assert "Comment:" not in ada, "our own explanations are no comments"


def test_what_could_not_be_graded_has_no_points(pages):
    said = text_of(pages[GARBAGE, "en"])

    assert "A person will look at it; nothing is lost." in said
    assert "a person will look (5)" in said
    assert "0 of" not in said


def test_nothing_of_a_student_is_markup(pages):
    for page in pages.values():
        assert "<script" not in page and "<b>" not in page and "<Jensen>" not in page
    assert EMPTY in text_of(pages[CHLOE, "en"])


def test_names_in_a_message_are_set_as_code():
    """Checks write them between backticks, students whatever they like."""
    assert as_html("Call `log_prob` of q.") == "Call <code>log_prob</code> of q."
    assert as_html("`<b>`, a ` and <b>") == "<code>&lt;b&gt;</code>, a ` and &lt;b&gt;"


# ---- languages


def test_a_german_page(pages):
    """The page's own texts and numbers; what checks and intake say stays as they say it."""
    said = text_of(pages[CHLOE, "de"])

    assert "4,25 von 10 Punkten 3,5 von 8 Punkten aus den automatischen Prüfungen" in said
    assert "Noch einmal lesen: „Task 1: the KL term“" in said
    assert "the ½ is missing" in said
    assert "Read again" not in said


def test_the_course_can_choose_the_language(graded):
    """Its nbgrader_config.py, for nbgrader's own command and for ours without --lang."""
    before = graded.config_file.read_text()
    graded.config_file.write_text(f'{before}\nc.FeedbackExporter.language = "de"\n')
    try:
        result = next(each for each in load_results(graded) if each.student == ADA)
        page = make_feedback(graded, ADA, "mini", result.verdicts).read_text()
    finally:
        graded.config_file.write_text(before)
        make_feedback(graded, ADA, "mini", result.verdicts)

    assert '<html lang="de">' in page


def test_an_unknown_language_is_one_sentence(graded):
    result = command(graded, "feedback", "--lang", "tlh")

    assert result.exit_code == 1
    assert result.stderr == "There is no page in the language 'tlh'.\nKnown: en, de.\n"


def test_a_sentence_of_a_check_is_translated_where_a_catalogue_has_it(graded, monkeypatch, tmp_path):
    """In a file beside the page's own texts; `de_AT` is de-AT in HTML."""
    folder = tmp_path / "de_AT" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(catalogue_file("de"), folder)
    english, german = "This is twice the KL: the ½ is missing.", "Das ist das Doppelte der KL: das ½ fehlt."
    (folder / "checks.po").write_text(f'msgid "{english}"\nmsgstr "{german}"\n', encoding="utf-8")
    monkeypatch.setattr("vaelabs.reports.translation.LOCALE", tmp_path)
    result = next(each for each in load_results(graded) if each.student == CHLOE)

    page = make_feedback(graded, CHLOE, "mini", result.verdicts, language="de_AT").read_text(encoding="utf-8")

    assert '<html lang="de-AT">' in page
    assert german in page and english not in page
    assert "Noch einmal lesen:" in page


def messages() -> set:
    """What the template gives to be translated."""
    with TEMPLATE.open("rb") as file:
        return {each[1] for each in extract("jinja2", file)}


@pytest.mark.parametrize("language", languages()[1:])
def test_a_catalogue_is_complete_and_has_nothing_else(language):
    with catalogue_file(language).open("rb") as file:
        catalogue = read_po(file, locale=language)
    said = [each for each in catalogue if each.id]

    assert {each.id for each in said} == messages()
    assert [each.id for each in said if each.fuzzy or not each.string or not all(each.string)] == []
    assert [error for each in said for error in each.check(catalogue)] == []
    assert not catalogue.obsolete


def test_no_text_of_the_template_escapes_the_catalogue():
    """Outside of tags and of translated texts there is no letter, and none in an attribute that is read aloud."""
    environment = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols"])
    tree = environment.parse(TEMPLATE.read_text(encoding="utf-8"))
    tree.body = [each for each in tree.body if getattr(each, "name", "") != "mark"]  # the macro of a CSS class
    fixed = "".join(each.data for each in tree.find_all(nodes.TemplateData))
    page = html5lib.parse(fixed, namespaceHTMLElements=False)
    passed_over = [part for call in tree.find_all(nodes.Call) for part in call.find_all(nodes.Const)]  # translated
    passed_over += [pair.key for pair in tree.find_all(nodes.Pair)]  # names of what is filled in
    passed_over += [item.arg for item in tree.find_all(nodes.Getitem)]
    passed_over = {id(each) for each in passed_over}
    expressions = [const.value for output in tree.find_all(nodes.Output) for const in output.find_all(nodes.Const)
                   if isinstance(const.value, str) and id(const) not in passed_over]  # fmt: skip
    spoken = ("alt", "title", "aria-label", "placeholder")
    read_aloud = [each.get(name) for each in page.iter() for name in spoken if each.get(name)]
    for style in page.iter("style"):
        style.text = ""

    assert len(messages()) > 30
    assert [text for text in page.itertext() if re.search(r"\w", text)] == []
    assert [text for text in read_aloud if re.search(r"\w", text)] == []
    assert [text for text in expressions if re.search(r"\w", text)] == []


# ---- zips


def zipped(graded: Course, system: str) -> tuple[dict[str, str], str, int]:
    """The names in the zip with the student whose page it is, what the command said, its exit code."""
    result = command(graded, "feedback", "mini", "--zip", system)
    with zipfile.ZipFile(graded.root / "feedback" / f"mini_{system}.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    owners = {name: re.search("feedback for (.*)</title>", page)[1] for name, page in pages.items()}
    return owners, result.output, result.exit_code


def test_a_zip_for_canvas_has_the_names_that_canvas_gave(graded):
    """Both numbers stand where Canvas looks for them; who did not come from there is named."""
    names, said, code = zipped(graded, "canvas")

    assert names == {
        "doechloe_LATE_1234_5001_mini-1_feedback.html": CHLOE,
        "kono_1235_5002_link_feedback.html": NO,
    }
    assert "Not in it: ada: the notebook came by no export of Canvas, so its name there is not known" in said
    assert "Not in it: garbage: " in said
    assert code == 2
    for name, student in names.items():
        numbers = [part for part in name.split("_") if part.isdigit()]
        assert numbers[0] == student.split("_")[1] and not name.split("_")[-1].startswith("link")


def test_a_plain_zip_has_a_folder_for_each_student(graded):
    names, said, code = zipped(graded, "plain")
    first = (graded.root / "feedback" / "mini_plain.zip").read_bytes()
    zipped(graded, "plain")

    assert names == {f"{student}/mini.html": student for student in (ADA, CHLOE, GARBAGE, NO)}
    assert (code, "Not in it" in said) == (0, False)
    assert (graded.root / "feedback" / "mini_plain.zip").read_bytes() == first, "the same pages make the same zip"


def test_a_zip_for_moodle_has_the_folders_that_moodle_gave(graded, pages, tmp_path):
    """Whose folder two students would share is told; nobody gets another's page."""
    label = {ADA: "Ada Lovelace_77_assignsubmission_file_", GARBAGE: "Ada Lovelace_77_assignsubmission_file_"}

    students = [ADA, CHLOE, GARBAGE, "nobody"]

    made = zip_feedback(graded, "mini", students, "moodle", lambda student, lab: label.get(student, ""))

    with zipfile.ZipFile(made.path) as archive:
        assert archive.namelist() == ["Ada Lovelace_77_assignsubmission_file_/mini.html"]
        assert archive.read(archive.namelist()[0]) == graded.feedback(ADA, "mini").read_bytes()
    assert made.pages == 1
    assert made.left_out == {
        CHLOE: "the notebook came by no export of Moodle, so its name there is not known",
        GARBAGE: "Moodle knows the notebook as that of ada",
        "nobody": "there is no page",
    }


def test_a_system_that_is_not_known(graded):
    with pytest.raises(CourseError, match=f"Known: {', '.join(SYSTEMS)}"):
        zip_feedback(graded, "mini", [], "blackboard", lambda student, lab: "")


# ---- as it looks


def test_a_page_fits_a_phone(pages, graded, chromium):
    """Nothing scrolls sideways at 390 pixels but code, in either colour scheme, with its answers open."""
    for student in (CHLOE, GARBAGE):
        for scheme in ("light", "dark"):
            page = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
            page.goto(graded.feedback(student, "mini").as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            page.close()

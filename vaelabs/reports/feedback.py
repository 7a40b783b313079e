"""The feedback page of one submission: marks, rubric, diagnosis; no line of a hidden test.

The page is made from data alone: `Explain` takes what a student may see out of the autograded notebook
and empties it, so that the template has nothing else to show. What the checks say is English unless the catalogue of
the page's language has the sentence; the template's own texts are translated (see `translation`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets import Dict, List, Unicode
from traitlets.config import Config

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import convert, course_config
from vaelabs.course import Course, grade_id, read_notebook, write_text
from vaelabs.sandbox import is_autograded, verdict_of
from vaelabs.subjects.failure import readable

from .translation import ENGLISH, number, translations

TEMPLATE = "vaelabs_feedback"
_TEMPLATES = Path(__file__).parent / "templates"
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.MULTILINE)
_POINTS_IN_HEADING = re.compile(r"\s*\(\d+(\.\d+)? points?[^)]*\)")
_MARK_SCHEME = re.compile(r"^[^\n]*BEGIN MARK SCHEME.*?(?:END MARK SCHEME[^\n]*|\Z)", re.MULTILINE | re.DOTALL)
_COLAB = re.compile(r"https://colab\.research\.google\.com/github/[\w./-]+\.ipynb")
_IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]+")
_CODE = {style: HtmlFormatter(nowrap=True, style=style) for style in ("default", "github-dark")}
_NO_ANSWER = "No response."
"""nbgrader's own comment on a written answer that is as it was released."""


@dataclass(frozen=True)
class Question:
    """A question marked by hand. `score` is None until someone has marked it."""

    title: str
    answer: str
    answered: bool
    is_code: bool
    score: float | None
    points: float
    comment: str


@dataclass(frozen=True)
class Reading:
    """Where a task stands in the lab: its own heading, and that of the section around it where there is one."""

    title: str
    section: str


@dataclass(frozen=True)
class Lab:
    """What a page says of its lab, from the instructor's notebook: a student's metadata can say anything."""

    title: str
    link: str
    tasks: Mapping[str, Reading]


def feedback_settings() -> Config:
    """Our page in place of nbgrader's, which shows the hidden tests."""
    c = Config()
    c.GenerateFeedback.preprocessors = [GetMarks, Explain]
    c.GenerateFeedback.exporter_class = FeedbackExporter
    c.FeedbackExporter.template_name = TEMPLATE
    c.FeedbackExporter.extra_template_basedirs = [str(_TEMPLATES)]
    return c


class FeedbackExporter(HTMLExporter):
    """HTML with our template; a class of its own, so that the formgrader's pages keep theirs.

    Everything that is put into the template is escaped, unless it says `safe`.
    """

    language = Unicode(ENGLISH, help="The language of the page's own texts.").tag(config=True)

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """The page. Raises CourseError when it cannot be had in the language."""
        texts = translations(self.language)
        environment = self.environment
        environment.autoescape = True
        environment.add_extension("jinja2.ext.i18n")
        environment.install_gettext_translations(texts)
        environment.globals["language"] = self.language.replace("_", "-")  # as HTML names it
        environment.filters["number"] = partial(number, language=self.language)
        environment.filters["in_catalogue"] = lambda said: Markup(as_html(texts.gettext(said))) if said else ""
        return super().from_notebook_node(nb, resources, **options)


def as_html(said: str) -> str:
    """A sentence of ours or of a student's making, escaped; what stands between backticks is set as code."""
    return _IN_BACKTICKS.sub(r"<code>\1</code>", escape(said))


def make_feedback(
    course: Course,
    student: str,
    lab: str,
    verdicts: list[Verdict],
    reason: str = "",
    *,
    repairs: Sequence[Mapping[str, str]] = (),
    language: str = "",
) -> Path:
    """Write the page of one submission and return its path. Raises CourseError.

    Where the notebook could not be graded (`reason`) the page is made of the `verdicts` and the `reason` alone.
    `repairs` is what intake put in order in the notebook: a `cell` and a `sentence` each. `language` is the one of the
    page's own texts; by default what the course's nbgrader_config.py says, else English.
    """
    path = course.feedback(student, lab)
    config = course_config(course, feedback_settings())
    if language:
        config.FeedbackExporter.language = language
    config.Explain.repairs = [dict(each) for each in repairs]
    if not reason and course.autograded(student, lab).is_file():
        convert(GenerateFeedback, course.root, config, lab, student, log=course.report / "nbgrader.log")
    else:
        about = _about(course, lab)
        tasks = [_task(verdict, about, "") for verdict in verdicts]
        for task in tasks:
            task["message"] = ""  # the reason is said once, at the top
        page = {"student": student, "lab": asdict(about), "reason": reason.rstrip("."), "tasks": tasks}
        html, _ = FeedbackExporter(config=config).from_notebook_node(
            nbformat.v4.new_notebook(), resources={"vaelabs": _with_totals(page)}
        )
        write_text(path, html)
    return path


class GetMarks(GetGrades):
    """Also notes what a person has done: which marks and comments are theirs, and which answers still wait."""

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["by_hand"] = grade.manual_score is not None
        cell.metadata.nbgrader["unmarked"] = bool(grade.needs_manual_grade and grade.manual_score is None)

    def _get_comment(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_comment(cell, resources)
        comment = self.gradebook.find_comment(grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["comment_by_hand"] = comment.manual_comment or ""


class Explain(NbGraderPreprocessor):
    """Turns the autograded notebook into the data of its page and removes everything else."""

    repairs = List(Dict(), help="What intake put in order in this notebook, each a cell and a sentence.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = _about(Course(Path.cwd()), resources["nbgrader"]["assignment"])  # nbgrader runs in the course folder
        headings = _headings(nb)
        page = {
            "student": resources["nbgrader"]["student"],
            "lab": asdict(about),
            "reason": "",
            "repairs": [
                {key: readable(str(each.get(key, "")), 300) for key in ("cell", "sentence")} for each in self.repairs
            ],
            "tasks": [_task_of(nb, cell, about) for cell in nb.cells if is_autograded(cell)],
            "questions": [asdict(_question(cell, about)) for cell in nb.cells if _is_marked_by_hand(cell)],
            "figures": [
                {"title": headings[n], "png": png} for n, cell in enumerate(nb.cells) for png in _pictures(cell)
            ],
            "late_penalty": resources["nbgrader"].get("late_penalty", 0),
        }
        resources["vaelabs"] = _with_totals(page)
        nb.cells = []
        return nb, resources


def _task_of(nb: NotebookNode, cell: NotebookNode, about: Lab) -> dict[str, Any]:
    verdict = verdict_of(nb, cell)
    by_id = {grade_id(each): each for each in nb.cells if not is_autograded(each)}  # whose text is the hidden test
    answer = by_id.get(verdict.task)
    task = _task(verdict, about, answer.source if answer else "")
    meta = cell.metadata.nbgrader
    task["score"] = meta.get("score", verdict.points)
    task["by_hand"] = meta.get("by_hand", False)
    task["comment"] = answer.metadata.get("nbgrader", {}).get("comment_by_hand", "") if answer else ""
    return task


def _task(verdict: Verdict, about: Lab, answer: str) -> dict[str, Any]:
    reading = about.tasks.get(verdict.task, Reading(verdict.task, ""))
    return {
        **verdict.to_dict(),
        **asdict(reading),
        "score": verdict.points,
        "by_hand": False,
        "answer": _highlighted(answer),
        "comment": "",
    }


def _is_marked_by_hand(cell: NotebookNode) -> bool:
    """Written answers, code for a person to read, and nbgrader's task cells, whose answer is in no cell of its own."""
    meta = cell.metadata.get("nbgrader", {})
    return bool(meta.get("grade") and meta.get("solution") or meta.get("task"))


def _question(cell: NotebookNode, about: Lab) -> Question:
    meta = cell.metadata.nbgrader
    is_code = cell.cell_type == "code"
    answer = "" if meta.get("task") else cell.source  # a task cell is the question, with its marking scheme
    return Question(
        title=about.tasks.get(meta.grade_id, Reading(meta.grade_id, "")).title,
        answer=_highlighted(answer) if is_code else answer,
        answered=bool(answer.strip()) and meta.get("comment") != _NO_ANSWER,
        is_code=is_code,
        score=None if meta.get("unmarked") else float(meta.get("score") or 0),
        points=float(meta.points),
        comment=meta.get("comment_by_hand", ""),
    )


def _with_totals(page: dict[str, Any]) -> dict[str, Any]:
    questions = page.setdefault("questions", [])
    for missing in ("repairs", "figures"):
        page.setdefault(missing, [])
    page.setdefault("late_penalty", 0)
    page["automatic"] = sum(task["score"] for task in page["tasks"])
    page["automatic_max"] = sum(task["max_points"] for task in page["tasks"])
    page["manual"] = sum(question["score"] or 0 for question in questions)
    page["manual_max"] = sum(question["points"] for question in questions)
    page["manual_open"] = sum(question["score"] is None for question in questions)
    page["total"] = max(0, page["automatic"] + page["manual"] - page["late_penalty"])
    page["code_css"] = {style: formatter.get_style_defs(".code") for style, formatter in _CODE.items()}
    return page


def _about(course: Course, lab: str) -> Lab:
    source = course.notebook("source", lab)
    if not source.is_file():
        return Lab(lab, "", {})
    nb = read_notebook(source)
    texts = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    link = next((found[0] for text in texts if (found := _COLAB.search(text))), "")
    head = nb.metadata.get("vaelabs", {})
    return Lab(head.get("title", lab), link, _readings(nb))


def task_titles(course: Course, lab: str) -> dict[str, str]:
    """What the lab calls its tasks and questions, by their names."""
    return {name: each.title for name, each in _about(course, lab).tasks.items()}


def _readings(nb: NotebookNode) -> dict[str, Reading]:
    """Of each task and question what its heading is and what that of its section."""
    found: dict[str, Reading] = {}
    section = ""
    for cell in nb.cells:
        if cell.cell_type != "markdown":
            continue
        text = _MARK_SCHEME.sub("", cell.source)
        section = next((title for marks, title in reversed(_HEADING.findall(text)) if len(marks) == 2), section)
        name = grade_id(cell)
        if name.startswith("task-") or cell.metadata.get("nbgrader", {}).get("task"):
            found[name.removeprefix("task-")] = Reading(_title_of(text) or name.removeprefix("task-"), section)
    return found


def _title_of(markdown: str) -> str:
    """The heading that names the points, else the first one, as plain text; empty where there is none."""
    found = [title for _, title in _HEADING.findall(markdown)]
    title = next((each for each in found if _POINTS_IN_HEADING.search(each)), found[0] if found else "")
    return _POINTS_IN_HEADING.sub("", title).replace("`", "")


def _headings(nb: NotebookNode) -> list[str]:
    """For each cell the heading it stands under."""
    headings, last = [], ""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            found = _HEADING.findall(_MARK_SCHEME.sub("", cell.source))
            last = _title_of(f"# {found[-1][1]}") if found else last
        headings.append(last)
    return headings


def _highlighted(code: str) -> str:
    return highlight(code, PythonLexer(), _CODE["default"]) if code else ""


def _pictures(cell: NotebookNode) -> list[str]:
    """The cell's PNG pictures, as base64 that is nothing else."""
    found = (output.get("data", {}).get("image/png", "") for output in cell.get("outputs", []))
    squeezed = ("".join(png.split()) for png in found if isinstance(png, str))
    return [png for png in squeezed if _BASE64.fullmatch(png)]

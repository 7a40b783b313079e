"""The feedback page of one submission: marks, rubric, diagnosis; no line of a hidden test.

The page is made from data alone: `Explain` takes what a student may see out of the autograded notebook
and empties it, so that the template has nothing else to show.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from traitlets.config import Config

from vaelabs.checks.rubric import Verdict
from vaelabs.converting import convert, course_config
from vaelabs.course import Course, grade_id, read_notebook, write_text
from vaelabs.sandbox import is_autograded, verdict_of

TEMPLATE = "vaelabs_feedback"
_TEMPLATES = Path(__file__).parent / "templates"
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
_POINTS_IN_HEADING = re.compile(r"\s*\(\d+(\.\d+)? points?[^)]*\)")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]+")
_CODE = HtmlFormatter(nowrap=True, style="default")


@dataclass(frozen=True)
class Question:
    """A question marked by hand. `score` is None until someone has marked it."""

    title: str
    answer: str
    score: float | None
    points: float
    comment: str


def feedback_settings() -> Config:
    """Our page in place of nbgrader's, which shows the hidden tests."""
    c = Config()
    c.GenerateFeedback.preprocessors = [GetMarks, Explain]
    c.GenerateFeedback.exporter_class = FeedbackExporter
    c.FeedbackExporter.template_name = TEMPLATE
    c.FeedbackExporter.extra_template_basedirs = [str(_TEMPLATES)]
    return c


class FeedbackExporter(HTMLExporter):
    """HTML with our template; a class of its own, so that the formgrader's pages keep theirs."""


def make_feedback(course: Course, student: str, lab: str, verdicts: list[Verdict], reason: str = "") -> Path:
    """Write the page of one submission and return its path. Raises CourseError.

    Where the notebook could not be graded (`reason`) the page is made of the `verdicts` and the `reason` alone.
    """
    path = course.feedback(student, lab)
    config = course_config(course, feedback_settings())
    if not reason and course.autograded(student, lab).is_file():
        convert(GenerateFeedback, course.root, config, lab, student, log=course.report / "nbgrader.log")
    else:
        tasks = [_task(verdict, verdict.task, "") for verdict in verdicts]
        for task in tasks:
            task["message"] = ""  # the reason is said once, at the top
        page = {"student": student, "lab": lab, "title": lab, "reason": reason.rstrip("."), "tasks": tasks}
        html, _ = FeedbackExporter(config=config).from_notebook_node(
            nbformat.v4.new_notebook(), resources={"vaelabs": _with_totals(page)}
        )
        write_text(path, html)
    return path


class GetMarks(GetGrades):
    """Also notes which answers nobody has marked yet: nbgrader says 0 for them."""

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        grade = self.gradebook.find_grade(grade_id(cell), self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["unmarked"] = bool(grade.needs_manual_grade and grade.manual_score is None)


class Explain(NbGraderPreprocessor):
    """Turns the autograded notebook into the data of its page and removes everything else."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        headings = _headings(nb)
        page = {
            "student": resources["nbgrader"]["student"],
            "lab": resources["nbgrader"]["assignment"],
            "title": _lab_title(resources["nbgrader"]),
            "reason": "",
            "tasks": [_task_of(nb, cell) for cell in nb.cells if is_autograded(cell)],
            "questions": [asdict(_question(nb, cell)) for cell in nb.cells if _is_written_answer(cell)],
            "figures": [
                {"title": headings[n], "png": png} for n, cell in enumerate(nb.cells) for png in _pictures(cell)
            ],
            "late_penalty": resources["nbgrader"].get("late_penalty", 0),
        }
        resources["vaelabs"] = _with_totals(page)
        nb.cells = []
        return nb, resources


def _task_of(nb: NotebookNode, cell: NotebookNode) -> dict[str, Any]:
    verdict = verdict_of(nb, cell)
    by_id = {grade_id(each): each for each in nb.cells if not is_autograded(each)}  # whose text is the hidden test
    said = by_id.get(f"task-{verdict.task}")
    answer = by_id.get(verdict.task)
    task = _task(verdict, _title(said.source) if said else verdict.task, answer.source if answer else "")
    task["score"] = cell.metadata.nbgrader.get("score", verdict.points)
    task["comment"] = _comment_by_hand(answer, verdict)
    return task


def _task(verdict: Verdict, title: str, answer: str) -> dict[str, Any]:
    return {
        **verdict.to_dict(),
        "title": title,
        "score": verdict.points,
        "answer": highlight(answer, PythonLexer(), _CODE) if answer else "",
        "comment": "",
    }


def _comment_by_hand(answer: NotebookNode | None, verdict: Verdict) -> str:
    """What a person wrote beside the answer; our own automatic comment is on the page already."""
    comment = (answer.metadata.get("nbgrader", {}).get("comment") or "") if answer else ""
    return "" if comment in (verdict.explanation(), "No response.") else comment


def _is_written_answer(cell: NotebookNode) -> bool:
    meta = cell.metadata.get("nbgrader", {})
    return bool(meta.get("grade") and meta.get("solution"))


def _question(nb: NotebookNode, cell: NotebookNode) -> Question:
    meta = cell.metadata.nbgrader
    asked = next((each for each in nb.cells if grade_id(each) == f"task-{meta.grade_id}"), None)
    return Question(
        title=_title(asked.source) if asked else meta.grade_id,
        answer=cell.source,
        score=None if meta.get("unmarked") else float(meta.get("score") or 0),
        points=float(meta.points),
        comment=meta.get("comment") or "",
    )


def _with_totals(page: dict[str, Any]) -> dict[str, Any]:
    questions = page.setdefault("questions", [])
    page.setdefault("figures", [])
    page.setdefault("late_penalty", 0)
    page["automatic"] = sum(task["score"] for task in page["tasks"])
    page["automatic_max"] = sum(task["max_points"] for task in page["tasks"])
    page["manual"] = sum(question["score"] or 0 for question in questions)
    page["manual_max"] = sum(question["points"] for question in questions)
    page["manual_open"] = sum(question["score"] is None for question in questions)
    page["code_css"] = _CODE.get_style_defs(".code")
    return page


def _lab_title(where: dict[str, str]) -> str:
    """From the instructor's notebook (nbgrader runs in the course folder): a student's metadata can say anything."""
    source = Course(Path.cwd()).notebook("source", where["assignment"])
    head = read_notebook(source).metadata.get("vaelabs", {}) if source.is_file() else {}
    return head.get("title", where["assignment"])


def _title(markdown: str) -> str:
    """The heading that names the points, else the first one, as plain text."""
    found = _HEADING.findall(markdown)
    title = next((each for each in found if _POINTS_IN_HEADING.search(each)), found[0] if found else markdown[:80])
    return _POINTS_IN_HEADING.sub("", title).replace("`", "")


def _headings(nb: NotebookNode) -> list[str]:
    """For each cell the heading it stands under."""
    headings, last = [], ""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            found = _HEADING.findall(cell.source)
            last = _title(f"# {found[-1]}") if found else last
        headings.append(last)
    return headings


def _pictures(cell: NotebookNode) -> list[str]:
    """The cell's PNG pictures, as base64 that is nothing else."""
    found = (output.get("data", {}).get("image/png", "") for output in cell.get("outputs", []))
    squeezed = ("".join(png.split()) for png in found if isinstance(png, str))
    return [png for png in squeezed if _BASE64.fullmatch(png)]

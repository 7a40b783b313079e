"""What the site has beyond its texts: the labs, what they ask, the commands, and formulas that need no script.

A page says `<!-- made here: lab vae_2d -->` where something made from the course is to stand; GitHub shows nothing
there. Formulas become MathML, which browsers draw by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click
from docutils import nodes
from latex2mathml.converter import convert
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

from vaelabs.cli import main
from vaelabs.course import Course, grade_id, read_notebook, tasks_of

COURSE = Course(Path(__file__).resolve().parents[1])
FRAMEWORKS = {"torch": "PyTorch", "jax": "JAX, Flax, TensorFlow Probability", "pyro": "Pyro"}
log = logging.getLogger(__name__)

_PLACE = re.compile(r"<!-- made here: (\w+) ?(\w*) -->")
_BADGE = re.compile(r"\[!\[.*?\]\(.*?\)\]\((?P<url>\S+)\)")
_TASK = re.compile(r"^#+ +(.+ points?\).*)$", re.MULTILINE)
_TEXT = re.compile(r"\\text\{[^{}]*\}")
_FUNCTION = re.compile(r"<(mi|mo)>([a-zA-Z]{2,})</\1>(?=(<mo stretchy=\"false\">&#x00028;)?)")
_TILDE = "<mi>&#x0007E;</mi>"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", fill)
    app.add_html_math_renderer("mathml", inline_renderers=(inline_math, None), block_renderers=(block_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(app: Sphinx, page: str, source: list[str]) -> None:
    """Put what is made from the course into a page's text."""

    def made(place: re.Match[str]) -> str:
        if place[1] not in MAKERS:
            raise ExtensionError(f"{page}: nothing is known that is called {place[1]!r}")
        return MAKERS[place[1]](*filter(None, [place[2]]))

    source[0] = _PLACE.sub(made, source[0])


# ---- labs


def lab_page(lab: str) -> str:
    """The release notebook, cell by cell: what a student gets, and nothing else."""
    cells = read_notebook(COURSE.notebook("release", lab)).cells
    return "\n\n".join(_code(cell) if cell.cell_type == "code" else _prose(cell) for cell in cells)


def _prose(cell: NotebookNode) -> str:
    """The cell's text; the badge, a picture from elsewhere, becomes a link."""
    return _BADGE.sub(r"[Open this lab in Colab](\g<url>){.colab}", cell.source)


def _code(cell: NotebookNode) -> str:
    meta = cell.metadata.get("nbgrader", {})
    kind = "answer" if meta.get("solution") else "graded" if meta.get("grade") else "given"
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", cell.source) or [""]))
    return f"{{.{kind}}}\n{fence}python\n{cell.source}\n{fence}"


def lab_facts(lab: str) -> str:
    """What a lab asks, needs and takes: from its own head, its own table and its tasks."""
    nb = read_notebook(COURSE.notebook("release", lab))
    about = nb.metadata.vaelabs
    texts = {grade_id(cell): cell.source for cell in nb.cells if cell.cell_type == "markdown"}
    [opening] = [cell.source for cell in nb.cells if cell.source.startswith("**The question of the lab:")]
    question, table = opening.split("\n\n", 2)[:2]
    rows = [line for line in table.splitlines() if re.match(r"\| (time|unit) ", line)]
    parts = [
        f"{question}\n\n[Read it here]({lab}.md), or [open it in Colab]({colab(nb)}).",
        "\n".join(["| | |", "|---|---|", f"| framework | {FRAMEWORKS[about.framework]} |", *rows, f"| points | {_points(about.points)} |"]),
        "\n".join(f"- {_title(texts['task-' + task.name])}" for task in tasks_of(nb)),
    ]
    return "\n\n".join(parts)


def colab(nb: NotebookNode) -> str:
    return next(found["url"] for cell in nb.cells if (found := _BADGE.search(cell.source)))


def _points(points: dict[str, int]) -> str:
    return f"{points['automatic'] + points['manual']}: {points['automatic']} by programs, {points['manual']} by a person"


def _title(question: str) -> str:
    return _TASK.search(question)[1]


# ---- commands


def commands() -> str:
    """What `vaelabs` and each of its commands say of themselves with --help."""
    top = click.Context(main, info_name="vaelabs")
    parts = [_about(top, "What all commands take")]
    shown = [(name, each) for name, each in sorted(main.commands.items()) if not each.hidden]
    parts += [_about(click.Context(each, top, name), f"`vaelabs {name}`") for name, each in shown]
    return "\n\n".join(parts)


def _about(context: click.Context, title: str) -> str:
    command = context.command
    usage = f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    records = filter(None, (option.get_help_record(context) for option in command.params if isinstance(option, click.Option)))
    options = "\n\n".join(f"`{names}`\n: {_escaped(what)}" for names, what in records)
    return f"## {title}\n\n```text\n{usage}\n```\n\n{chr(10).join(_help(cleandoc(command.help or '')))}\n\n{options}"


def _help(text: str) -> Iterator[str]:
    """A command's help as Markdown; a paragraph that begins with \\b stays as it is."""
    for paragraph in text.replace("\f", "").split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield "```text\n" + paragraph.removeprefix("\b\n") + "\n```\n"
        else:
            yield _escaped(paragraph) + "\n"


def _escaped(text: str) -> str:
    """Text of a command in Markdown, in which nothing but what stands in backticks has a meaning."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if n % 2 else re.sub(r"([\\*_<>\[\]#$])", r"\\\1", part) for n, part in enumerate(parts))


MAKERS: dict[str, Callable[..., str]] = {"lab": lab_page, "facts": lab_facts, "commands": commands}


# ---- formulas


def inline_math(writer: Any, node: nodes.math) -> None:
    writer.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def block_math(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(mathml(node, "block"))
    raise nodes.SkipNode


def mathml(node: nodes.Element, display: str) -> str:
    """The formula in MathML. What the converter does not know is a warning, and nothing is left out in silence."""
    latex = _TEXT.sub(lambda text: text[0].replace(r"\_", "_"), node.astext())
    try:
        markup = convert(latex, display=display)
    except Exception as error:  # it raises whatever it stumbles over
        log.warning("this formula cannot be read (%s): %s", error, latex, location=node)
        return f"<code>{escape(latex)}</code>"
    if "\\" in markup or ">&<" in markup:
        log.warning("this formula has something that MathML is not made from: %s", latex, location=node)
    return _spaced(markup)


def _spaced(markup: str) -> str:
    """With TeX's spaces round log, exp, ... (none before a bracket) and round the sign of a distribution."""

    def operator(name: re.Match[str]) -> str:
        return f'<mo lspace="0.167em" rspace="{"0" if name[3] else "0.167em"}">{name[2]}</mo>'

    return _FUNCTION.sub(operator, markup).replace(_TILDE, "<mo>&#x0223C;</mo>")


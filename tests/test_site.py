"""The site is made offline and without a warning, holds together, needs nothing from elsewhere, and gives nothing away."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import click
import html5lib
import pytest

from vaelabs.cli import main
from vaelabs.course import Course, read_notebook

ROOT = Path(__file__).parents[1]
OURS = Course(ROOT)
LABS = OURS.built_labs("release")
TROUBLESHOOTING = ROOT / "docs" / "guide" / "troubleshooting.md"

OFFLINE = """\
import socket, sys
def refuse(*_):
    raise OSError("the site is made without a network")
socket.socket.connect = socket.socket.connect_ex = refuse
from sphinx.cmd.build import build_main
sys.exit(build_main(sys.argv[1:]))
"""


def make(source: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Run Sphinx as `make site` does, where no connection can be made."""
    words = ["-q", "-W", "--keep-going", "-d", str(into.with_name("doctrees")), str(source), str(into)]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'docs'}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", OFFLINE, *words], capture_output=True, text=True, env=env)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, made once: any warning is an error."""
    folder = tmp_path_factory.mktemp("site") / "html"
    made = make(ROOT / "docs", folder)
    assert (made.returncode, made.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Element]:
    """Every page by its path in the site."""
    return {
        str(path.relative_to(site)): html5lib.parse(path.read_bytes(), namespaceHTMLElements=False)
        for path in sorted(site.rglob("*.html"))
    }


def attributes(page: Element, *names: str) -> Iterator[tuple[Element, str]]:
    """What elements point to, such as `a href`."""
    for name in names:
        tag, attribute = name.split()
        for element in page.iter(tag):
            if attribute in element.attrib:
                yield element, element.attrib[attribute]


def squeezed(text: str) -> str:
    return "".join(text.split())


def text_of(page: Element) -> str:
    """What a page says, without any space."""
    return squeezed("".join(page.itertext()))


def test_every_link_within_the_site_leads_to_a_page_and_to_its_anchor(site, pages):
    """No page points to a file or to a place in a page that is not there."""
    anchors = {name: {each.get("id") for each in page.iter()} for name, page in pages.items()}
    broken, followed = [], 0

    for name, page in pages.items():
        for _, target in attributes(page, "a href", "link href", "script src", "img src"):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = (site / name).parent / unquote(parts.path) if parts.path else site / name
            path = path.resolve()
            followed += 1
            if not path.is_file():
                broken.append(f"{name}: {target}")
            elif parts.fragment and unquote(parts.fragment) not in anchors[str(path.relative_to(site))]:
                broken.append(f"{name}: {target}, which has no such place")

    assert followed > 1000
    assert broken == []


def test_no_page_needs_a_file_from_elsewhere(site, pages):
    """Scripts, styles, fonts and pictures lie in the site or in the page itself: it can be read offline."""
    foreign = [
        f"{name}: {target[:80]}"
        for name, page in pages.items()
        for element, target in attributes(page, "script src", "link href", "img src", "iframe src", "source src")
        if urlsplit(target).scheme not in ("", "data") or urlsplit(target).netloc
    ]
    foreign += [
        f"{path.name}: {found}"
        for path in site.rglob("*.css")
        for found in re.findall(r"@import[^;]*|url\(\s*['\"]?(?:https?:|//)[^)]*", path.read_text())
    ]

    assert foreign == []


def test_links_to_elsewhere_are_proper_addresses(pages):
    """`make links` asks them all where there is a network; here they are only read."""
    external = {
        (name, target)
        for name, page in pages.items()
        for _, target in attributes(page, "a href")
        if urlsplit(target).scheme or urlsplit(target).netloc
    }

    odd = [each for each in external if not re.fullmatch(r"https://[\w-]+(\.[\w-]+)+(/[\w.~%/+-]*)?(#[\w.~%/=-]*)?", each[1])]

    assert len(external) > 10
    assert odd == []


@pytest.mark.parametrize("lab", LABS)
def test_a_lab_stands_on_its_page_as_it_was_released(pages, lab):
    """Every cell of code, and a link that opens it in Colab."""
    page = pages[f"labs/{lab}.html"]
    said = text_of(page)
    cells = [cell for cell in read_notebook(OURS.notebook("release", lab)).cells if cell.cell_type == "code"]

    missing = [cell.source for cell in cells if squeezed(cell.source) not in said]
    links = [target for element, target in attributes(page, "a href") if element.get("class", "").startswith("colab")]

    assert len(cells) > 50
    assert missing == []
    assert [link.rpartition("/")[2] for link in links] == [f"{lab}.ipynb"]


@pytest.mark.parametrize("lab", LABS)
def test_every_formula_of_a_lab_is_drawn_without_a_script(pages, lab):
    """Formulas are MathML, and no dollar sign or backslash of theirs is left in the prose."""
    [article] = pages[f"labs/{lab}.html"].iter("article")

    formulas = list(article.iter("{http://www.w3.org/1998/Math/MathML}math"))
    left = re.findall(r".{0,20}[$\\].{0,20}", prose(article))

    assert len(formulas) > 50
    assert left == []


def prose(element: Element) -> str:
    """The text outside of code."""
    if element.tag in ("pre", "code", "script", "style") or not isinstance(element.tag, str):
        return ""
    return (element.text or "") + "".join(prose(child) + (child.tail or "") for child in element)


def hidden_lines(lab: str) -> set[str]:
    """What a student must not see: lines of solutions, hidden tests and marking schemes.

    Lines that are released too are left out, and a name alone, such as a check's.
    """
    hidden, inside = set(), False
    released = squeezed("\n".join(cell.source for each in LABS for cell in read_notebook(OURS.notebook("release", each)).cells))
    for cell in read_notebook(OURS.notebook("source", lab)).cells:
        meta = cell.metadata.get("nbgrader", {})
        is_text_answer = cell.cell_type == "markdown" and meta.get("solution")
        for line in cell.source.splitlines():
            if "### BEGIN " in line or "### END " in line:
                inside = "### BEGIN " in line
            elif inside or is_text_answer:
                hidden.add(squeezed(line))
    return {line for line in hidden if len(line) >= 12 and line not in released and not re.fullmatch(r"\w+\(?", line)}


@pytest.mark.parametrize("lab", LABS)
def test_no_solution_and_no_hidden_test_is_on_the_site(site, pages, lab):
    """Not on a page, not in the search index, not in a copy of a source."""
    secret = hidden_lines(lab)
    published = {name: text_of(page) for name, page in pages.items()}
    published |= {
        str(path.relative_to(site)): squeezed(path.read_text(errors="replace"))
        for path in site.rglob("*")
        if path.is_file() and path.suffix not in (".html", ".css", ".png", ".svg", ".inv")
    }

    leaks = [(name, line) for name, text in published.items() for line in secret if line in text]

    assert len(secret) > 60
    assert leaks == []


def test_the_page_of_commands_names_every_option(pages):
    """It is made from the commands, so that it cannot say what they no longer do."""
    page = pages["commands.html"]
    headings = ["".join(heading.itertext()).rstrip("¶#") for heading in page.iter("h2")]
    terms = {squeezed("".join(term.itertext())) for term in page.iter("dt")}

    shown = {name: command for name, command in main.commands.items() if not command.hidden}
    options = {
        squeezed(option.get_help_record(click.Context(command))[0])
        for command in shown.values()
        for option in command.params
        if isinstance(option, click.Option)
    }

    assert headings[1:] == [f"vaelabs {name}" for name in sorted(shown)]
    assert options <= terms


def messages() -> set[str]:
    """Every text of the package, what is filled in shown as <>."""
    found = set()
    for path in (ROOT / "vaelabs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                found.add("".join(part.value if isinstance(part, ast.Constant) else "<>" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return {" ".join(each.split()) for each in found}


def test_every_message_that_troubleshooting_explains_is_one_of_ours():
    """A message that the code no longer has leaves the page."""
    ours = messages()
    quoted = re.findall(r"^### `(.+)`$", TROUBLESHOOTING.read_text(), re.MULTILINE)

    unknown = [each for each in quoted if not any(" ".join(re.sub("<[^<>]+>", "<>", each).split()) in text for text in ours)]

    assert len(quoted) > 50
    assert unknown == []


@pytest.mark.parametrize("formula, says", [
    (r"\unheardof{x}", "has something that MathML is not made from"),
    (r"\left(x", "cannot be read"),
])  # fmt: skip
def test_a_formula_that_cannot_be_drawn_stops_the_making(tmp_path, formula, says):
    """A formula never disappears in silence."""
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'course_pages']\nmyst_enable_extensions = ['dollarmath']\n"
        "html_math_renderer = 'mathml'\n"
    )
    (source / "index.md").write_text(f"# A page\n\n${formula}$\n")

    made = make(source, tmp_path / "html")

    assert made.returncode != 0
    assert f"this formula {says}" in made.stderr

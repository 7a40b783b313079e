"""What a mark depends on, as hashes: the key of a result.

A result is used again while all of them are the same: `submission` (every file that was handed in), `lab` (the
instructor's notebook, the files beside it, nbgrader_config.py), `checks` (the code that marks this lab) and
`environment` (Python and every installed package). The student and the isolation are in the key as well.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import find_all_files

import vaelabs
from vaelabs.course import Course, CourseError, legible, read_notebook
from vaelabs.sandbox import is_autograded

Files = dict[str, bytes]
"""A notebook and what lies beside it: contents by path."""

MAX_BYTES = 100_000_000
"""Of all the files of one submission."""

PACKAGE = Path(vaelabs.__file__).parent

ALWAYS = ("grading.worker", "grading.execute", "judge")
"""What runs for every lab; with it count all of subjects and of sandbox, which load some of theirs by name."""


def unusable(student: str) -> str:
    """What in a name is in the way of its student; empty when nothing is.

    nbgrader takes some characters for a pattern of several students' names, and cuts off blanks.
    """
    for characters, what in (("*?[]", "one of * ? [ ]"), ("\n\r", "a line break"), ("\\", "a backslash or what is no UTF-8")):
        if set(student) & set(characters):
            return what
    return "a leading or trailing blank" if student != student.strip() else ""


def fingerprint(student: str, lab: str, hashes: Mapping[str, str], isolation: str) -> str:
    """The hash of all that a mark depends on."""
    return _hash(json.dumps([student, lab, sorted(hashes.items()), str(isolation)]).encode())


def key_of(fingerprint: str, attempt: int) -> str:
    """The key of one attempt at it: 0 for the first; one more after `--force`, and after what needed review."""
    return _hash(f"{fingerprint} {attempt}".encode())


def lab_hashes(course: Course, lab: str) -> dict[str, str]:
    """The hashes of everything but the submission. Raises CourseError when the lab's notebook cannot be read."""
    source = course.notebook("source", lab)
    config = course.config_file.read_bytes() if course.config_file.is_file() else b""
    return {
        "lab": hash_files({**read_files(source), "/" + course.config_file.name: config}),
        "checks": checks_hash(read_notebook(source)),
        "environment": environment_hash(),
    }


def read_files(notebook: Path) -> Files:
    """A notebook and the files beside it; other notebooks are left out, links, and what is no file, such as a pipe.

    Raises CourseError when they are too large, OSError when one cannot be read.
    """
    folder = notebook.parent
    beside = (Path(each) for each in find_all_files(str(folder), [*CourseDirectory().ignore, "*.ipynb"]))
    paths = [notebook, *sorted(each for each in beside if each.is_file() and not each.is_symlink())]
    if sum(path.stat().st_size for path in paths) > MAX_BYTES:
        raise CourseError(f"what was handed in is larger than {MAX_BYTES // 10**6} MB")
    return {legible(path.relative_to(folder)): path.read_bytes() for path in paths}


def hash_files(files: Files) -> str:
    return _hash(*(part for name in sorted(files) for part in (name.encode(), files[name])))


def pack(files: Files) -> bytes:
    """The files as a zip archive, the same for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
    return packed.getvalue()


def unpack(packed: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@functools.cache
def environment() -> dict[str, str]:
    """Every installed package with its version, and Python's own."""
    found = {each.name.lower().replace("_", "-"): each.version for each in metadata.distributions() if each.name}
    return {"python": platform.python_version(), **dict(sorted(found.items()))}


def environment_hash() -> str:
    return _hash(json.dumps(environment()).encode())


def checks_hash(nb: NotebookNode) -> str:
    """The hash of our code that marks this lab: what its graded cells import of our checks, and what runs for every lab.

    Editing the check of one lab leaves the results of the others standing.
    """
    wanted: set[Path] = set()
    for cell in nb.cells:
        if is_autograded(cell) and "vaelabs" in cell.source:
            wanted |= _imported(cell.source, "")
    return _hash(*(part for path in sorted(_closed(wanted) | _common()) for part in _named(path)))


@functools.cache
def package_hash() -> str:
    """The hash of the whole package: workers elsewhere must have the same."""
    return _hash(*(part for path in sorted(PACKAGE.rglob("*.py")) for part in _named(path)))


@functools.cache
def _common() -> frozenset[Path]:
    roots = {path for name in ALWAYS for path in _module(f"vaelabs.{name}")}
    roots |= {path for folder in ("subjects", "sandbox") for path in (PACKAGE / folder).glob("*.py")}
    return frozenset(_closed(roots))


def _closed(paths: Iterable[Path]) -> set[Path]:
    """The modules, and all of the package that they import, directly or not."""
    found, waiting = set(), list(paths)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imports_of(path)
    return found


@functools.cache
def _imports_of(path: Path) -> frozenset[Path]:
    within = ".".join(("vaelabs", *path.relative_to(PACKAGE).parent.parts))
    return frozenset(_imported(path.read_text(encoding="utf-8"), within))


def _imported(source: str, package: str) -> set[Path]:
    """The modules of ours that a text imports; `package` is what a relative import starts from."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a magic: we cannot tell
        return set((PACKAGE / "checks").glob("*.py"))
    found: set[Path] = set()
    for module, names in _import_statements(tree, package):
        if module.split(".")[0] == "vaelabs":
            for name in names or ("*",):
                found |= _resolved(module, name)
    return found


def _import_statements(tree: ast.AST, package: str) -> Iterator[tuple[str, list[str]]]:
    """Module and names of each import; no names for the module itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield ".".join(filter(None, (*base, node.module))), [alias.name for alias in node.names]


def _resolved(module: str, name: str) -> set[Path]:
    """The module that `from module import name` reads the name from: a package's door is looked through.

    Of a package imported as a whole, or a name that it makes itself, all its modules count.
    """
    if inner := _module(f"{module}.{name}"):
        return inner
    here = _module(module)
    for path in here:
        if path.name != "__init__.py":
            return here
        for inside, names in _import_statements(ast.parse(path.read_text(encoding="utf-8")), module):
            if name in names:
                return _resolved(inside, name)
        return here if module == "vaelabs" else set(path.parent.glob("*.py"))
    return here


def _module(name: str) -> set[Path]:
    """The file of a module of ours; empty when there is none."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    files = [path / "__init__.py"] if path == PACKAGE else [path.with_suffix(".py"), path / "__init__.py"]
    return set(filter(Path.is_file, files))


def _named(path: Path) -> tuple[bytes, bytes]:
    return str(path.relative_to(PACKAGE)).encode(), path.read_bytes()


def _hash(*parts: bytes) -> str:
    """Of the parts as they are, each with its length: moving bytes from one to the next changes it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()

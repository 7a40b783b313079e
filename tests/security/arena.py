"""Where attacks meet graders: a course with bait in it, a class, the grader, and what the attackers won.

`ours` grades with `vaelabs grade`, as an instructor does. `stock` grades with nbgrader as it comes, in a container
that is thrown away: there the attacks are executed for real. `tools/attacks` and `test_attacks.py` use both.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from attacks import ATTACKS, EVERYTHING, HONEST, KINDS, MARK, Attack, Place
from nbformat import NotebookNode
from nbgrader.api import Gradebook

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WATCHED = ("source", "release", "labs", "submitted", "nbgrader_config.py", "roster.csv")
"""What grading never changes in a course folder."""

HONEST_STUDENTS = ("ada", "zoe")
"""Right answers: one is graded before all attackers, one after."""

MOST_MEMORY = 600
"""MB that the grader itself may take, whatever a notebook prints: it needs 150, and one output may be large."""

HIDDEN = "hidden-token-5c1e"
BAIT = {
    "hidden test": HIDDEN,
    "instructor's solution": "solution-77ab",
    "class list": "roster-90d3",
    "gradebook": "gradebook-2b6f",
    "environment": "environment-e41c",
    "home folder": "home-08fa",
    "another student's work": "work-of-ada-c3d9",
}

# The lab. In each graded cell `token` stands for all that a hidden test must not tell.

SETUP = {"light": "import numpy as np", "deep": "import numpy as np\nimport torch"}
KL = {
    "light": "    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1)",
    "deep": "    return 0.5 * (mu**2 + torch.exp(logvar) - 1 - logvar).sum(-1)",
}
ASSERTS = {
    "light": """\
rng = np.random.default_rng(20)
mu, logvar = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
expected = (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1) / 2
got = kl_divergence(mu, logvar)
assert np.shape(got) == (4,), "one number for each row"
assert np.allclose(got, expected), "the numbers are not those of the KL"
np.testing.assert_allclose(got, expected, atol=1e-6)""",
    "deep": """\
torch.manual_seed(20)
mu, logvar = torch.randn(4, 3), torch.randn(4, 3)
q = torch.distributions.Normal(mu, torch.exp(logvar / 2))
expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1)
got = kl_divergence(mu, logvar)
assert got.shape == (4,), "one number for each row"
assert torch.allclose(got, expected, atol=1e-5), "the numbers are not those of the KL"
torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4)""",
}
KEY = '{"A": "kl vanished", "B": "noise missing", "C": "no mean", "D": "no half", "E": "overfit"}'


def source_notebook(lab: str, with_checks: bool = True) -> NotebookNode:
    """The instructor's notebook: one function, one dictionary and one honest task, with hidden tests."""
    cells = [
        nbformat.v4.new_markdown_cell("# A lab under attack"),
        nbformat.v4.new_code_cell(SETUP[lab]),
        _answer("kl_divergence", f"def kl_divergence(mu, logvar):\n{_solved(KL[lab])}"),
    ]
    if lab == "deep":
        cells += [
            _graded("test-kl_divergence", 5, "from vaelabs.checks import check_kl_divergence\n"
                    'check_kl_divergence(kl_divergence, framework="torch")')]  # fmt: skip
    cells += [_graded("plain-kl_divergence", 5, ASSERTS[lab])]
    if lab == "light":
        cells += [
            _answer("clinic", _solved(f"diagnosis = {KEY}")),
            _graded("test-clinic", 3, f"from vaelabs.checks import check_clinic\ncheck_clinic(diagnosis, answers={KEY})"),
            _graded("plain-clinic", 3, f"key = {KEY}\n"
                    "sum(diagnosis.get(letter) == mistake for letter, mistake in key.items()) * 3 / 5"),
        ]  # fmt: skip
    cells += [
        _answer("double", _solved("double = lambda x: 2 * x")),
        _graded("plain-double", 2, "assert double(4) == 8 and double(-1.5) == -3"),
    ]
    if not with_checks:
        cells = [each for each in cells if "vaelabs" not in each.source]
    for n, each in enumerate(cells):
        each["id"] = f"cell{n}"
    nb = nbformat.v4.new_notebook(cells=cells)
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb


def _solved(source: str) -> str:
    indent = source[: len(source) - len(source.lstrip())]
    token = BAIT["instructor's solution"]
    return f"{indent}### BEGIN SOLUTION\n{source}  # {token}\n{indent}### END SOLUTION"


def _answer(name: str, source: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": _meta(name, solution=True)})


def _graded(name: str, points: int, source: str) -> NotebookNode:
    hidden = f'### BEGIN HIDDEN TESTS\ntoken = "{HIDDEN}"\n{source}\n### END HIDDEN TESTS'
    return nbformat.v4.new_code_cell(
        f"# Graded here.\n{hidden}", metadata={"nbgrader": _meta(name, grade=True, locked=True, points=points)}
    )


def _meta(name: str, **more: Any) -> dict[str, Any]:
    return {"grade_id": name, "grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, **more}


def answered(source: NotebookNode) -> NotebookNode:
    """What an honest student hands in: right answers, and of the hidden tests nothing."""
    nb = nbformat.from_dict(source)
    for cell in nb.cells:
        cell.source = re.sub(r"### BEGIN HIDDEN TESTS.*### END HIDDEN TESTS", "", cell.source, flags=re.DOTALL)
        cell.source = re.sub(r"\n? *### (BEGIN|END) SOLUTION|  # solution-\w+", "", cell.source).strip()
    return nb


# The course folder and the class.


@dataclass
class Arena:
    """A course folder below `folder`, with bait in it and around it."""

    folder: Path
    lab: str
    port: int = 0
    with_checks: bool = True

    @property
    def course(self) -> Path:
        return self.folder / "course"

    def notebook(self, folder: str, student: str = "") -> Path:
        return self.course / folder / student / self.lab / f"{self.lab}.ipynb"

    def cells(self) -> list[str]:
        """The graded cells of the lab."""
        return [
            cell.metadata.nbgrader.grade_id
            for cell in source_notebook(self.lab, self.with_checks).cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        ]

    def place(self, student: str = "") -> Place:
        return Place(
            root=str(self.course), lab=self.lab, student=student, home=str(self.folder / "home"),
            outside=str(self.folder / "outside"), site=str(self.site()), socket=str(self.folder / "s"),
            abstract=f"vaelabs-{self.port}", process=f"vl-{self.port}", port=self.port,
        )  # fmt: skip

    def site(self) -> Path:
        own = sorted(self.folder.glob("venv/lib/python*/site-packages"))
        return own[0] if own else Path(nbformat.__file__).parents[1]

    def set_up(self, config: str) -> None:
        """Write the course, its bait and its folders around it."""
        source = source_notebook(self.lab, self.with_checks)
        for folder in ("home", "outside", "course/labs"):
            (self.folder / folder).mkdir(parents=True)
        self._write(self.notebook("source"), nbformat.writes(source))
        self._write(self.notebook("release"), nbformat.writes(answered(source)))
        self._write(self.course / "nbgrader_config.py", config)
        (self.course / "gradebook.db").write_bytes(_gradebook())
        self._write(self.course / "roster.csv", f"ada,{BAIT['class list']}\n")
        self._write(self.folder / "home" / ".secret", BAIT["home folder"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for student in HONEST_STUDENTS:
            self.hand_in(student)

    def hand_in(self, student: str, attack: Attack | None = None) -> None:
        """Write a student's submission: an honest one, or an attack's."""
        made: NotebookNode | bytes = answered(source_notebook(self.lab, self.with_checks))
        if attack is not None:
            made = attack.make(made, self.place(student))
        elif student == "ada":
            note = BAIT["another student's work"]
            made.cells.append(nbformat.v4.new_code_cell(f"note = {note!r}"))
        if not isinstance(made, bytes):
            made = json.dumps(made, indent=1).encode()  # as it is: nbformat would refuse some
        path = self.notebook("submitted", student)
        path.parent.mkdir(parents=True)
        path.write_bytes(made)

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def students_of(attacks: Iterable[Attack]) -> dict[str, Attack]:
    """The name under which each attack is handed in; one that needs several has several."""
    return {
        f"m_{each.name}" + (f"_{n}" if n else ""): each
        for each in sorted(attacks, key=lambda attack: attack.name) for n in range(each.copies)
    }  # fmt: skip


ALONE = tuple((kind,) for kind in KINDS)
IN_COMPANY = (
    ("score forgery",), ("hidden-test leak", "grader crash"),
    ("resource exhaustion", "escape and theft", "contamination"), ("notebook structure",),
)  # fmt: skip
"""Kinds that are graded in one run: each run costs the grader's start and two honest students."""


def groups(attacks: list[Attack], runs: Iterable[tuple[str, ...]] = ALONE) -> list[list[Attack]]:
    """The attacks that are graded in one go: of these kinds, on one lab."""
    found = [[each for each in attacks if each.kind in kinds and each.lab == lab] for kinds in runs for lab in SETUP]
    return [some for some in found if some]


@contextlib.contextmanager
def guarded(arena: Arena, facts: dict[str, Any]) -> Iterator[dict[str, str]]:
    """While a grader runs: listeners, another process, and a look at all files before and after.

    Yields the grader's environment. What was found is in `facts` then.
    """
    place = arena.place()
    before = _hashes(arena.course)
    canary = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1800)", "vl-canary"])
    heard: list[str] = []
    listeners = [_listen(socket.AF_INET, ("127.0.0.1", place.port), heard), _listen(socket.AF_UNIX, place.socket, heard),
                 _listen(socket.AF_UNIX, f"\0{place.abstract}", heard)]  # fmt: skip
    try:
        yield _environment(place)
        time.sleep(0.5)  # for what an attack left to happen later
        facts["left"] = _processes_left(place.process)
        facts["killed"] = canary.poll() is not None
    finally:
        for each in listeners:
            each.close()
        canary.kill()
        canary.wait()
    after = _hashes(arena.course)
    facts["heard"] = sorted(set(heard))
    facts["changed"] = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    facts["marked"] = _marked(arena)


def _environment(place: Place) -> dict[str, str]:
    """The grader's: a home with bait, and no folder of the account that runs the tests."""
    env = {name: value for name, value in os.environ.items() if not re.match("XDG_|JUPYTER|IPYTHON|MPL|TORCH|PYTEST", name)}
    return {**env, "HOME": place.home, "COURSE_SECRET": BAIT["environment"], "PATH": _path(env.get("PATH", ""))}


def run(command: list[str], arena: Arena, env: dict[str, str], facts: dict[str, Any], seconds: float) -> None:
    """Run a grader in the course folder; notes how it ended and the most memory that it took itself."""
    begin = time.monotonic()
    with open(arena.folder / "said.txt", "ab") as said:
        process = subprocess.Popen(command, cwd=arena.course, env=env, stdin=subprocess.DEVNULL, stdout=said,
                                   stderr=said, start_new_session=True)  # fmt: skip
    peak = 0
    while process.poll() is None and time.monotonic() - begin < seconds:
        with contextlib.suppress(OSError, IndexError):
            peak = max(peak, int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[0]))
        time.sleep(0.1)
    if process.poll() is None:
        facts["endless"] = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
    facts.setdefault("codes", []).append(process.returncode)
    facts["peak"] = max(peak // 1024, facts.get("peak", 0))
    facts["seconds"] = round(time.monotonic() - begin + facts.get("seconds", 0), 1)


def gradebook_scores(arena: Arena) -> dict[str, dict[str, float]]:
    """What nbgrader would pay each student for each cell, by hand or not; empty when the file cannot be read."""
    query = """
        select student.id, base_cell.name, grade.auto_score, grade.manual_score, grade.extra_credit
        from grade join base_cell on grade.cell_id = base_cell.id
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
        join student on submitted_assignment.student_id = student.id"""
    path = arena.course / "gradebook.db"
    found: dict[str, dict[str, float]] = {}
    if not path.is_file():
        return found
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as base, contextlib.suppress(sqlite3.Error):
        for student, name, auto, manual, extra in base.execute(query):
            paid = (auto or 0) if manual is None else manual
            found.setdefault(student, {})[name] = paid + (extra or 0)
    return found


# Our grader.

SECONDS = {"light": 20, "deep": 60}
"""For one cell: a busy machine imports PyTorch slowly, an endless loop is to end soon."""


def config(lab: str) -> str:
    """The course's configuration: ours, with little time for a cell."""
    ours = (ROOT / "nbgrader_config.py").read_text()
    return f"{ours}c.Execute.timeout = {SECONDS[lab]}\nc.Execute.notebook_seconds = {4 * SECONDS[lab]}\n"


def ours(folder: Path, lab: str, attacks: list[Attack]) -> dict[str, Any]:
    """Grade a class of these attackers and two honest students with `vaelabs grade`; what was found."""
    arena = Arena(folder, lab)
    arena.set_up(config(lab))
    people = students_of(attacks)
    for student, attack in people.items():
        arena.hand_in(student, attack)
    facts: dict[str, Any] = {}
    vaelabs = [sys.executable, "-c", "from vaelabs.cli import main; main()", "--course", str(arena.course)]
    with guarded(arena, facts) as env:
        run([*vaelabs, "grade"], arena, env, facts, seconds=120 + 30 * len(people))
        run([*vaelabs, "feedback"], arena, env, facts, seconds=300)
    scores = gradebook_scores(arena)
    marks = _marks(arena)
    everyone = "".join(_text(path) for path in (arena.course / "report").rglob("*") if path.is_file())
    facts["baited"] = bait_in(everyone)
    facts["cells"] = arena.cells()
    facts["students"] = {
        student: {
            "marks": marks.get(student, {}),
            "gradebook": scores.get(student, {}),
            "shown": _shown(arena, student),
            "page": _page(arena, student),
        }
        for student in (*HONEST_STUDENTS, *people)
    }
    return facts


@cache
def _gradebook() -> bytes:
    """A gradebook that knows the honest students, with a name that is bait."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = _path(before)  # nbgrader calls `alembic` by name
    try:
        with tempfile.TemporaryDirectory(prefix="vl-") as folder:
            path = Path(folder, "gradebook.db")
            with Gradebook(f"sqlite:///{path}", "vaelabs") as gradebook:
                for student in HONEST_STUDENTS:
                    gradebook.update_or_create_student(student, last_name=BAIT["gradebook"])
            return path.read_bytes()
    finally:
        os.environ["PATH"] = before


def _path(others: str) -> str:
    return os.pathsep.join((str(Path(sys.executable).parent), str(ROOT / ".venv" / "bin"), others))


def _marks(arena: Arena) -> dict[str, dict[str, float]]:
    """report/marks.csv: points of each student's graded cells, by their grade_id."""
    names = {name.removeprefix("test-"): name for name in EVERYTHING}
    found: dict[str, dict[str, float]] = {}
    path = arena.course / "report" / "marks.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["student"], {})[names.get(row["task"], row["task"])] = float(row["points"])
    return found


# nbgrader as it comes.

STOCK_CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'plain'\nc.Execute.timeout = 20\n"


def prepare_stock(folder: Path, lab: str) -> None:
    """A course of plain asserts in which ada is graded already, to be copied for each attack. Runs in the container."""
    arena = Arena(folder, lab, with_checks=False)
    arena.set_up(STOCK_CONFIG)
    _venv(folder)
    env = {**os.environ, "HOME": str(folder / "home")}
    for command in (["generate_assignment", lab, "--force"], ["autograde", lab, "--student", "ada"]):
        subprocess.run([_python(folder), "-m", "nbgrader", *command], cwd=arena.course, env=env, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip


def stock(folder: Path, lab: str, attacks: list[Attack]) -> dict[str, Any]:
    """Grade these attackers and zoe with `nbgrader autograde` in a course that `prepare_stock` made."""
    arena = Arena(folder, lab, port=20_000 + secrets.randbelow(20_000), with_checks=False)
    people = students_of(attacks)
    for student, attack in people.items():
        arena.hand_in(student, attack)
    facts: dict[str, Any] = {}
    with guarded(arena, facts) as env:
        run([_python(folder), "-m", "nbgrader", "autograde", lab], arena, env, facts, seconds=60 + 90 * len(people))
    scores = gradebook_scores(arena)
    facts["cells"] = arena.cells()
    facts["students"] = {
        student: {"marks": scores.get(student, {}), "gradebook": scores.get(student, {}),
                  "shown": _shown(arena, student), "page": ""}
        for student in (*HONEST_STUDENTS, *people)
    }  # fmt: skip
    return facts


def _venv(folder: Path) -> None:
    """An environment that the grader's account can write, as an instructor's is, on top of the one with the packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    for site in folder.glob("venv/lib/python*/site-packages"):
        (site / "packages.pth").write_text(f"{Path(nbformat.__file__).parents[1]}\n{ROOT}\n")


def _python(folder: Path) -> str:
    return str(folder / "venv" / "bin" / "python")


def confined(command: list[str], folder: Path) -> list[str]:
    """`command` in a container of its own: files below `folder` can be written, bait lies where secrets would.

    Nothing of it reaches the machine: no network, no other process, no file; what it fills is limited in size.
    """
    (folder / "shadow").write_text("root:bait\n")
    (folder / "passwd").write_text("root:x:0:0::/:/bin/sh\n")
    real = Path(os.path.realpath(sys.executable)).parents[1]
    readable = ["/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/alternatives", str(real), str(ROOT)]
    env = {"HOME": folder, "PATH": f"{ROOT}/.venv/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    env |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    words = [
        "bwrap", "--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--die-with-parent", "--new-session",
        "--clearenv", "--proc", "/proc", "--dev", "/dev", "--size", str(2 << 30), "--tmpfs", "/tmp",
        "--perms", "1777", "--size", str(2 << 30), "--tmpfs", "/dev/shm",
    ]  # fmt: skip
    for path in readable:
        words += ["--ro-bind-try", path, path]
    for name in ("shadow", "passwd"):
        words += ["--ro-bind", str(folder / name), f"/etc/{name}"]
    words += ["--ro-bind", "/proc/sys", "/proc/sys"]  # the settings of the whole machine, which root may write
    words += ["--bind", str(folder), str(folder), "--remount-ro", "/", "--remount-ro", "/dev", "--chdir", str(folder)]
    for name, value in env.items():
        words += ["--setenv", name, str(value)]
    return [*words, "--", *command]


# What the attackers won.


def won(attack: Attack, student: str, facts: dict[str, Any], by_ours: bool) -> list[str]:
    """What the attack of this student won, in words, or what an honest task lost."""
    found: list[str] = []
    mine = facts["students"][student]
    for source in ("marks", "gradebook"):
        for name, points in mine[source].items():
            most = (attack.unseen if by_ours else {}).get(name, attack.most.get(name, 0.0))
            if not points <= most:  # a NaN too
                found.append(f"{name}: {points:g} points")
    for name, least in attack.least.items():
        asked = name in facts["cells"] and (by_ours or name not in HONEST)  # who breaks a notebook of their own may
        if asked and not mine["marks"].get(name, 0.0) >= least:
            found.append(f"{name} lost points: {mine['marks'].get(name, 0.0):g}")
    everyones = told_to_everyone(facts)
    found += [f"reads: {name}" for name in bait_in(mine["shown"] + mine["page"]) if name not in everyones]
    found += re.findall(r"^won: (.+)$", mine["shown"], re.MULTILINE)
    if "<script>alert" in mine["page"] or "\x1b" in mine["page"]:
        found.append("markup in the feedback page")
    return list(dict.fromkeys(found))


def harm(facts: dict[str, Any]) -> list[str]:
    """What the run as a whole suffered: files, processes, messages, other students, the grader."""
    found = []
    if facts.get("endless"):
        found.append("the grader never ends")
    elif any(code < 0 for code in facts["codes"]):
        found.append("the grader is killed")
    if facts["peak"] > MOST_MEMORY:
        found.append(f"the grader takes {facts['peak']} MB")
    found += [f"changes {name}" for name in facts["changed"]]
    found += [f"leaves a file in {name}" for name in facts["marked"]]
    found += [f"message over {name}" for name in facts["heard"]]
    found += ["kills another process"] * facts["killed"] + ["leaves a process"] * bool(facts["left"])
    found += [f"report: {name}" for name in facts.get("baited", [])]
    found += [f"every page tells: {name}" for name in told_to_everyone(facts)]
    full = {name: EVERYTHING[name] for name in facts["cells"]}
    for student in HONEST_STUDENTS:
        for source in ("marks", "gradebook"):
            points = facts["students"][student][source]
            if points != full:
                lost = sum(full.values()) - sum(points.values())
                found.append(f"another student has {abs(lost):g} points too {'few' if lost > 0 else 'many'}")
    return list(dict.fromkeys(found))


def told_to_everyone(facts: dict[str, Any]) -> list[str]:
    """What the page of an honest student tells already: no attack's win, and wrong all the same."""
    return bait_in(facts["students"]["zoe"]["page"])


def bait_in(text: str) -> list[str]:
    return [name for name, token in BAIT.items() if token in text or token[::-1] in text]


def _shown(arena: Arena, student: str) -> str:
    """What the autograded notebook shows but the graded cells' own text and tracebacks, which hold the hidden tests."""
    try:
        nb = json.loads(arena.notebook("autograded", student).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return ""
    shown = []
    for cell in nb.get("cells", []):
        graded = (cell.get("metadata") or {}).get("nbgrader", {}).get("grade")
        for output in cell.get("outputs", []):
            if graded:
                output.pop("traceback", None)
            shown.append(_flat(output))
    return "\n".join(shown)


def _flat(value: Any) -> str:
    """The texts in an output, as they read."""
    if isinstance(value, dict):
        return "\n".join(_flat(each) for each in value.values())
    if isinstance(value, list):
        return "".join(_flat(each) for each in value)
    return str(value)


def _page(arena: Arena, student: str) -> str:
    return "".join(_text(path) for path in (arena.course / "feedback" / student).rglob("*") if path.is_file())


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def _hashes(course: Path) -> dict[str, str]:
    """Of every watched file, by its path in the course folder."""
    paths = [path for name in WATCHED for path in (course / name, *(course / name).rglob("*"))]
    return {
        str(path.relative_to(course)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()
    }


def _marked(arena: Arena) -> list[str]:
    """Places outside the sandbox in which an attack left a file of its own. What it left is removed."""
    found = set()
    places = {"the grader's home": arena.folder / "home", "a folder outside": arena.folder / "outside",
              "autograded/": arena.course / "autograded", "report/": arena.course / "report"}  # fmt: skip
    for name, folder in places.items():
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix != ".ipynb" and path.stat().st_size < 1_000_000 and MARK in _text(path):
                found.add(name)
    shared = [Path(folder, "vl-channel") for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/dev")]
    for path in [*arena.site().glob("vl_attack*"), *shared]:
        if path.exists():
            found.add("site-packages" if path.parent == arena.site() else str(path.parent))
            path.unlink()
    for path in arena.course.rglob("*.ipynb"):
        if path.parts[-3] in HONEST_STUDENTS and MARK in _text(path):
            found.add("another student's folder")
        if path.is_symlink():
            found.add("a link in the course folder")
    return sorted(found)


def _processes_left(name: str) -> int:
    """How many processes of this name an attack has left running; they are ended."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text().strip() == name:
                os.kill(int(path.parent.name), 9)
                found += 1
    return found


def _listen(family: int, address: Any, heard: list[str]) -> socket.socket:
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen()
    name = "the network" if family == socket.AF_INET else "a socket of the machine"

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                heard.append(name)
                line.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def outcomes(attacks: list[Attack], facts: dict[str, Any], by_ours: bool) -> tuple[dict[str, list[str]], list[str]]:
    """What each attack won, by its name, and what the run suffered as a whole."""
    found: dict[str, list[str]] = {each.name: [] for each in attacks}
    for student, attack in students_of(attacks).items():
        found[attack.name] += won(attack, student, facts, by_ours)
    return {name: list(dict.fromkeys(lines)) for name, lines in found.items()}, harm(facts)


def main() -> None:
    """What runs in the container: `prepare FOLDER LAB`, or `attack FOLDER NAME...`, which leaves FOLDER/facts.json."""
    task, folder, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    if task == "prepare":
        return prepare_stock(folder, names[0])
    attacks = [each for each in ATTACKS if each.name in names]
    facts = stock(folder, attacks[0].lab, attacks)
    (folder / "facts.json").write_text(json.dumps(outcomes(attacks, facts, by_ours=False)))


if __name__ == "__main__":
    main()

"""A class graded by stock nbgrader and by vaelabs: submissions a minute, CPU seconds a submission, and the floor.

    python benchmarks/grading.py [--lab vae_2d] [--count 6] [--rounds 2] [--workers 1,2] [--json FILE]
    python benchmarks/grading.py --count 40 --stock 12 --rounds 1   # nbgrader grades the first twelve only

The lab's sample class, repeated to the number asked for, is graded in turn, one way after the other in each round.
Endless loops are left out: they wait for the same limit in each way. The ways:

    nbgrader          `nbgrader autograde`, one compute thread, hidden tests in the student's kernel, no sandbox
    nbgrader, threads the same with its own number of threads, as it comes
    ours, cold        `vaelabs grade`, sandbox and judge, each kernel started from nothing
    ours, same cells  kernels forked from a warm process; every cell is run, as nbgrader does
    ours              the same, without the cells that no mark depends on
    floor, same cells the notebooks' own cells in IPython, in a process that has imported everything, nothing else
    floor             the same, without the cells that no mark depends on; plain, in-process checks

All run the lab's quick profile. nbgrader runs one notebook after the other in one process, so its figure does not know
`--workers`. Ours is given once for each number of workers. The run of the lab's solution from which kernels are warmed
happens once for a class and is told on a line of its own. With `--stock` nbgrader grades a part of the class: it does
nothing once but start, so that its seconds a submission are the same for a class of any size. Where notebooks differ much
in what they compute, let the part be the whole sample class. nbgrader fails at a notebook that ends its kernel, as number
fourteen of `vae_2d` does, so let it grade no more than the first thirteen there.
The floor is that of the whole class, taken in each round; of notebooks that are alike one is run and counts for all.

CPU seconds are those of a control group of the system, so that a kernel in a namespace of its own is counted; where none
can be made (that takes root, or cgroup v2 handed over) they are left out. Marks are compared with those of the first way:
a ratio without equal marks says nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
os.environ.update(ONE_THREAD)

import nbformat  # noqa: E402 (after the environment)
from nbformat import NotebookNode  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402

from vaelabs.build import build_lab, write  # noqa: E402
from vaelabs.converting import course_config  # noqa: E402
from vaelabs.course import Course, read_notebook  # noqa: E402
from vaelabs.grading.keys import lab_hashes  # noqa: E402
from vaelabs.grading.reference import Reference, reference  # noqa: E402
from vaelabs.sample import hand_in, sample_class  # noqa: E402
from vaelabs.sandbox import FAST_COMPILER, with_profile  # noqa: E402
from vaelabs.sandbox.bubblewrap import using_compiled  # noqa: E402

ROOT = Path(__file__).parents[1]
CGROUPS = (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup"))

STOCK = """\
c = get_config()
c.Execute.timeout = 1200
c.Execute.iopub_timeout = 120
c.ClearSolutions.code_stub = {"python": "# @@ COMPLETE @@\\nraise NotImplementedError"}
c.ClearMarkScheme.enforce_metadata = False
"""

OURS = """\
from vaelabs.grading import autograde_settings
c = get_config()
c.merge(autograde_settings())
c.Execute.timeout = 1200
c.Execute.notebook_seconds = 1200
c.Execute.warm = {warm}
c.Execute.show = {show}
"""


class Meter:
    """Counts the CPU seconds of everything that is started in its block, whatever namespace it is in; else None."""

    def __init__(self) -> None:
        self._group: Path | None = None
        for parent in CGROUPS:
            path = parent / f"vaelabs-benchmark-{os.getpid()}"
            with contextlib.suppress(OSError):
                path.mkdir()
                if (path / "cpuacct.usage").exists() or (path / "cpu.stat").exists():
                    self._group = path
                    return

    def join(self) -> None:
        """What a child does before it becomes what is measured."""
        if self._group:
            (self._group / "cgroup.procs").write_text(str(os.getpid()))

    def seconds(self) -> float | None:
        if self._group is None:
            return None
        with contextlib.suppress(OSError):
            return int((self._group / "cpuacct.usage").read_text()) / 1e9
        return int((self._group / "cpu.stat").read_text().split()[1]) / 1e6

    def close(self) -> None:
        for _ in range(50):
            with contextlib.suppress(OSError):
                if self._group:
                    self._group.rmdir()
                return
            time.sleep(0.1)


def make_course(folder: Path, lab: str, count: int, config: str) -> Course:
    """A course of its own with the sample class, its people repeated until there are enough."""
    shutil.copytree(ROOT / "labs", folder / "labs")
    (folder / "tests").mkdir()
    (folder / "tests" / "answers").symlink_to(ROOT / "tests" / "answers")
    (folder / "nbgrader_config.py").write_text(config)
    course = Course(folder)
    write(course, build_lab(course, lab))
    quick = read_notebook(course.notebook("source", lab)).metadata.vaelabs.quick
    people = sample_class(course, lab)
    people = [each for each in people if "colab" not in each.notebook.metadata and not _loops(each.notebook)]
    for n in range(count):
        student = people[n % len(people)]
        nb = with_profile(student.notebook, quick)
        nb.cells[0].source += f"\n\nHanded in by number {n}."
        hand_in(course, lab, [type(student)(f"s{n:03}", student.story, nb)])
    return course


def _loops(nb: NotebookNode) -> bool:
    return any(cell.cell_type == "code" and re.search(r"^\s+while True:\s+pass$", cell.source, re.M) for cell in nb.cells)


def run(command: list[str], cwd: Path, env: dict[str, str], meter: Meter) -> tuple[float, float | None]:
    """Wall and CPU seconds of a command. Raises RuntimeError with its last words when it fails."""
    before, begin = meter.seconds(), time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, preexec_fn=meter.join, capture_output=True, text=True)
    took, after = time.perf_counter() - begin, meter.seconds()
    if done.returncode not in (0, 2):
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-800:]}")
    return took, after - before if before is not None and after is not None else None


def marks(course: Course, lab: str) -> dict[str, float]:
    """Points by student, as the gradebook has them."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        return {each.student.id: each.score for each in gradebook.assignment_submissions(lab)}


# The floor: the cells, in a child of a process that has imported what the solution imports. Figures are drawn once,
# as in our kernels, and go nowhere. After a cell that ends its process the others need a fresh one, as with us.

FLOOR = """
import contextlib, gc, importlib, io, json, os, sys
modules, path, show = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3] == "show"
for name in modules:
    with contextlib.suppress(BaseException):
        importlib.import_module(name)
import nbformat
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
HistoryManager.enabled = False

class Nowhere(DisplayPublisher):
    def publish(self, *args, **kwargs):
        pass

class Shell(InteractiveShell):
    def enable_gui(self, gui=None):
        pass

def run(cells):  # CPU seconds, and the number of the cell that ended the process, if one did
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        sys.stdout = sys.stderr = io.StringIO()
        shell = Shell.instance(display_pub_class=Nowhere)
        shell.run_line_magic("matplotlib", "inline")
        sys.modules["matplotlib.pyplot"].uninstall_repl_displayhook()
        for n, cell in enumerate(cells):
            os.write(tell, bytes([n]))
            shell.run_cell(cell.source)
        os.write(tell, bytes([len(cells)]))
        os._exit(0)
    usage = os.wait4(child, 0)[2]
    reached = os.read(told, 1000)[-1]
    os.close(told), os.close(tell)
    return usage.ru_utime + usage.ru_stime, None if reached == len(cells) else reached

gc.collect(); gc.freeze()
for each in sorted(os.listdir(path)):
    cells = nbformat.read(os.path.join(path, each), 4).cells
    cells = [cell for cell in cells if show or "show" not in cell.metadata.get("tags", [])]
    seconds, ended = run(cells)
    while ended is not None:
        del cells[ended]
        more, ended = run(cells)
        seconds += more
    print(seconds, flush=True)
"""


def floor(course: Course, lab: str, solution: Reference, show: bool) -> float:
    """Mean CPU seconds of the cells of a submission, graded cells as the instructor has them. Copies are run once."""
    graded = {c.metadata.nbgrader.grade_id: c.source for c in read_notebook(course.notebook("source", lab)).cells
              if c.metadata.get("nbgrader", {}).get("grade") and c.cell_type == "code"}  # fmt: skip
    copies: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for student in course.students():
            nb = read_notebook(course.submission(student, lab))
            nb.cells = [cell for cell in nb.cells if cell.cell_type == "code"]
            for cell in nb.cells:
                cell.source = graded.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source)
            name = hashlib.sha256("\0".join(cell.source for cell in nb.cells).encode()).hexdigest()
            copies[name] += 1
            nbformat.write(nb, f"{folder}/{name}.ipynb")
        command = [sys.executable, "-c", FLOOR, json.dumps(solution.modules), folder, "show" if show else ""]
        env = {**os.environ, **ONE_THREAD, "XLA_FLAGS": FAST_COMPILER}
        if solution.compiled:
            env |= using_compiled(solution.compiled)
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=folder).stdout
    seconds = dict(zip(sorted(copies), map(float, said.split()), strict=True))
    return sum(seconds[name] * number for name, number in copies.items()) / copies.total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--lab", default="vae_2d")
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--stock", type=int, metavar="N", help="let nbgrader grade the first N only; by default all")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--only", default="", help="Ways to run, by number, such as 0,3,4; all by default.")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    lab, count = given.lab, given.count
    part = given.stock or count
    meter = Meter()
    plain = {k: v for k, v in os.environ.items() if k not in ONE_THREAD}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    plain |= {"PATH": path, "PYTHONPATH": str(ROOT)}
    one = plain | ONE_THREAD
    grade = [sys.executable, "-c", "from vaelabs.cli import main; main()", "grade", lab, "--force", "--workers"]
    stock = [sys.executable, "-m", "nbgrader", "autograde", lab, "--force"]
    counts = [int(each) for each in given.workers.split(",")]
    ways: list[tuple[str, str, list[str], dict[str, str]]] = [
        ("nbgrader", STOCK, stock, one),
        ("nbgrader, threads", STOCK, stock, plain),
        ("ours, cold", OURS.format(warm=False, show=False), [*grade, str(counts[0])], one),
        *((f"ours, same cells, {n} at once", OURS.format(warm=True, show=True), [*grade, str(n)], one) for n in counts),
        *((f"ours, {n} at once", OURS.format(warm=True, show=False), [*grade, str(n)], one) for n in counts),
    ]
    chosen = [int(each) for each in given.only.split(",")] if given.only else range(len(ways))
    found: dict[str, list[tuple[float, float | None]]] = {}
    earned: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="vaelabs-grading-") as folder:
        courses = {}
        for config in {ways[n][1] for n in chosen}:
            courses[config] = make_course(
                Path(folder, f"course{len(courses)}"), lab, part if config == STOCK else count, config
            )
            if config == STOCK:
                run([sys.executable, "-m", "nbgrader", "generate_assignment", lab, "--force"], courses[config].root, one, meter)
            else:  # the solution's run, and whatever else is made once
                some = courses[config].students()[:3]
                words = [word for student in some for word in ("--student", student)]
                took, cpu = run([*grade, str(counts[0]), *words], courses[config].root, one, meter)
                print(f"first run: {took:.1f} s, {cpu or 0:.1f} CPU s for {len(some)}", flush=True)
        any_ours = next((courses[config] for config in courses if config != STOCK), None)
        if any_ours:
            source = read_notebook(any_ours.notebook("source", lab))
            solution = reference(source, course_config(any_ours), lab_hashes(any_ours, lab))
        floors: dict[str, list[float]] = {}
        for number in range(given.rounds):
            for name, config, command, env in (ways[n] for n in chosen):
                took, cpu = run(command, courses[config].root, env, meter)
                found.setdefault(name, []).append((took, cpu))
                earned[name] = marks(courses[config], lab)
                print(f"round {number + 1}: {name}: {took:.1f} s, {cpu or 0:.1f} CPU s", flush=True)
                if given.json:
                    given.json.write_text(json.dumps(found))
            if any_ours:
                for name, show in (("floor, same cells", True), ("floor", False)):
                    cpu = floor(any_ours, lab, solution, show)
                    floors.setdefault(name, []).append(cpu)
                    print(f"round {number + 1}: {name}: {cpu:.2f} CPU s each", flush=True)
    meter.close()
    _show(found, floors, earned)


def _show(
    found: dict[str, list[tuple[float, float | None]]], floors: dict[str, list[float]], earned: dict[str, dict[str, float]]
) -> None:
    first = next(iter(found))
    out = csv.writer(sys.stdout, delimiter="|", lineterminator="\n")
    out.writerow(("way", "of", "wall s", "a minute, best", "CPU s each, least", "ratio CPU", "ratio a minute", "marks that differ"))
    least = {
        name: min((cpu for _, cpu in rows if cpu is not None), default=0.0) / len(earned[name]) for name, rows in found.items()
    }
    best = {name: 60 * len(earned[name]) / min(took for took, _ in rows) for name, rows in found.items()}
    for name, rows in found.items():
        differ = sum(earned[name][who] != points for who, points in earned[first].items() if who in earned[name])
        cpu = least[first] / least[name] if least[name] else 0
        out.writerow((
            name, len(earned[name]), f"{min(took for took, _ in rows):.1f}", f"{best[name]:.1f}", f"{least[name]:.2f}",
            f"{cpu:.2f}", f"{best[name] / best[first]:.2f}", differ,
        ))  # fmt: skip
    for name, seconds in floors.items():
        out.writerow((name, "", "", "", f"{min(seconds):.2f}", "", "", ""))


if __name__ == "__main__":
    main()

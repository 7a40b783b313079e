"""The command `vaelabs`: the only place that prints or exits."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.box import SIMPLE
from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .course import Course, CourseError

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True, highlight=False)


UNCONFINED = {
    "landlock": "Reduced isolation: students' code cannot read your files, but can see their names and sizes, and "
    "connect to local services.",
    "none": "NO ISOLATION: students' code can read, change and send away everything that you can. "
    "Grade only notebooks that you have written yourself.",
}
"""What is said before grading without the full sandbox."""

PATIENCE = 2.0
"""Seconds after Ctrl-C in which another one is not heard."""


def command(function: Callable) -> Callable:
    """A subcommand: known errors become one message and exit code 1, Ctrl-C becomes 130."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except CourseError as error:
            err.print(str(error), markup=False)
            sys.exit(1)
        except KeyboardInterrupt as stop:
            err.print(str(stop) or "Stopped. What was done is kept; run the command again to go on.", markup=False)
            _end_at_once()
        except OSError as error:
            err.print(f"{error.filename or 'A file'}: {error.strerror or error}.", markup=False)
            sys.exit(1)

    return run


def _end_at_once() -> NoReturn:
    """Exit, with all that we have started. A thread that still grades has no time to blame a student for its kernel's end."""
    import psutil

    sys.stdout.flush()
    sys.stderr.flush()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.kill()
    os._exit(130)


def isolation_option(what: str) -> Callable:
    return click.option(
        "--isolation",
        type=click.Choice(["bubblewrap", "landlock", "none"]),
        default="bubblewrap",
        show_default=True,
        help=what,
    )


def databases(function: Callable) -> Callable:
    """The options that name a course's two databases."""
    for name, what in (
        ("db", "nbgrader's gradebook, as postgresql+psycopg2://user@host/name; by default gradebook.db."),
        ("ledger", "The ledger of results, likewise; by default report/ledger.db."),
    ):
        option = click.option(f"--{name}", default="", metavar="URL", envvar=f"VAELABS_{name.upper()}", help=what)
        function = option(function)
    return function


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--course",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help="The course folder; by default the current one.",
)
@click.version_option(package_name="vaelabs")
@click.pass_context
def main(context: click.Context, root: Path) -> None:
    """Build the labs, grade a class, write feedback.

    \b
    An instructor's year:
      vaelabs build       make the notebooks from the texts in labs/, hand out release/
      vaelabs collect     bring what students handed in, from Canvas, Moodle, ..., to submitted/
      vaelabs grade       mark what lies in submitted/<student>/<lab>/<lab>.ipynb
      vaelabs review      mark the written answers, in nbgrader's formgrader
      vaelabs feedback    write a page for each student
      vaelabs report      write a page about the class
      vaelabs why         show how one mark came about, and reach it again
      vaelabs export      give the marks to Canvas, Moodle, Gradescope or a spreadsheet
    New here? `vaelabs demo` does all of it with a made-up class.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    context.obj = Course(root.resolve())


@main.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--check", is_flag=True, help="Change nothing; fail with the first cell that differs from the text.")
@click.option("--run", is_flag=True, help="Run the solutions in full and keep their outputs (minutes).")
@click.pass_obj
@command
def build(course: Course, labs: tuple[str, ...], check: bool, run: bool) -> None:
    """Make source/, release/ and solutions/ from labs/LAB.md (all labs by default).

    A lab is refused, and nothing of it written, if a task has no graded cell, points do not add up, ids are
    double, an answer or hidden test shows in the release, the empty stub earns points or the solution misses some.
    """
    from . import build as builder

    for lab in course.choose(labs, course.written_labs(), "lab"):
        with err.status(f"Building {lab}: running its stub and its solution"):
            built = builder.build_lab(course, lab)
            if check:
                difference = builder.first_difference(course, built)
                if difference:
                    raise CourseError(difference)
            builder.refuse_unfair_marks(lab, built.source)
        if check:
            out.print(f"{lab}: the notebooks are what the text says.")
            continue
        changed = builder.write(course, built)
        names = ", ".join(str(path.relative_to(course.root)) for path in changed)
        out.print(f"{lab}: {names} written." if changed else f"{lab}: nothing to do.")
        if built.lost_outputs and not run:
            out.print(f"Its code changed, so the solution's outputs are gone: vaelabs build {lab} --run")
        if run:
            with err.status(f"Running the solution of {lab} in full"):
                seconds = builder.execute_solution(course, lab)
            out.print(f"{lab}: the solution ran in {seconds:.0f} s; its outputs are kept.")


@main.command()
@click.argument("lab")
@click.pass_obj
@command
def pull(course: Course, lab: str) -> None:
    """Bring source/LAB/LAB.ipynb, edited in Jupyter, back into labs/LAB.md."""
    from .build import pull_lab

    course.choose((lab,), course.written_labs(), "lab")
    changed = pull_lab(course, lab)
    if changed:
        names = " and ".join(str(path.relative_to(course.root)) for path in changed)
        out.print(f"The notebook's changes are in {names}. Next: vaelabs build")
    else:
        out.print(f"labs/{lab}.md says what the notebook says.")


@main.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option("--force", is_flag=True, help="Grade again what has not changed since it was graded.")
@click.option("--workers", type=click.IntRange(min=0), metavar="N", help="Processes; by default one for each core. 0: only this one.")
@click.option("--scheduler", default="", metavar="URL", help="A Dask cluster instead: tls://host:8786, see docs/clusters.md.")
@click.option("--tls-ca", type=click.Path(path_type=Path), metavar="FILE", help="Who has signed the cluster's certificates.")
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Our certificate for the cluster.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="Its key.")
@click.option("--resource", "resources", multiple=True, metavar="NAME=N", help="What a submission needs of a worker, as GPU=1.")
@click.option("--dashboard", is_flag=True, help="Dask's own view of the workers, at http://127.0.0.1:8787.")
@isolation_option("What confines students' code. landlock: less; none: nothing, it can read and change all that you can.")
@databases
@click.option(
    "--course",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Any nbgrader course folder: source/, submitted/ and its own nbgrader_config.py.",
)
@click.pass_obj
@command
def grade(
    course: Course,
    labs: tuple[str, ...],
    students: tuple[str, ...],
    force: bool,
    isolation: str,
    root: Path | None,
    ledger: str,
    db: str,
    resources: tuple[str, ...],
    **engine: Any,
) -> None:
    """Mark the submissions in submitted/ (all labs and students by default).

    Writes autograded/, the gradebook and report/marks.csv. The exit code is 0 only when every submission
    was marked; those that a person must look at are listed at the end, and no mark is guessed.
    Stopped half-way, by Ctrl-C or by a power cut, the same command goes on from there.
    """
    from .grading import Engine

    course = Course(root.resolve() if root else course.root, db, ledger)
    if not _grade(course, labs, students, force, isolation, Engine(resources=_amounts(resources), **engine)):
        sys.exit(2)


@main.command()
@click.argument("student")
@click.argument("lab")
@click.argument("task")
@click.option("--calls", default=20, show_default=True, metavar="N", help="So many calls of the student's code are shown.")
@databases
@click.pass_obj
@command
def why(course: Course, student: str, lab: str, task: str, calls: int, ledger: str, db: str) -> None:
    """Show how a mark came about, and reach it again from its record.

    The recorded files are run once more in the sandbox, the check draws what it drew then. The exit code is 0 when the
    verdict is the same to the last word, and 2 when it is not. Nothing is written.
    """
    from .grading import changed_since, recorded, replay
    from .intake import notes

    course = Course(course.root, db, ledger)
    result, verdict = recorded(course, student, lab, task)
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in (
        ("graded", f"{result.committed_at.astimezone():%Y-%m-%d %H:%M:%S %Z}, by {result.worker}, in {result.seconds:.1f} s"),
        ("isolation", result.isolation),
        ("seed", "none was drawn" if verdict.seed is None else str(verdict.seed)),
        ("key", f"{result.key} (attempt {result.attempt + 1})"),
        *result.hashes.items(),
    ):
        table.add_row(name, escape(value))
    out.print(f"[bold]{escape(task)}[/] of {_name(student)}, {escape(lab)}")
    out.print(table)
    _show_verdict(verdict)
    if result.reason:
        out.print(f"\nNothing was run: {escape(result.reason)}.", highlight=False)
        return
    if changed := changed_since(course, result):
        out.print(f"\nChanged since: {', '.join(changed)}. What follows is by what is here now.")
    if result.isolation in UNCONFINED:
        err.print(UNCONFINED[result.isolation], style="bold red")
    with err.status(f"Running {escape(lab)} of {_name(student)} again"):
        again = replay(course, result, task, notes(course, student, lab).doubts)
    if again.calls:
        out.print(f"\nWhat crossed between the judge and the student's code ({len(again.calls)} calls):")
    for call in again.calls[:calls]:
        line = f"  {call['function']}, {call['how']}({call['given']})\n    -> {call['gave']}"
        out.print(line, markup=False, highlight=False)
    if len(again.calls) > calls:
        out.print(f"  ... and {len(again.calls) - calls} more: --calls {len(again.calls)}")
    if again.verdict == verdict:
        out.print("\nThe verdict is the same, to the last word.")
        return
    out.print("\nThe verdict is another one now:")
    _show_verdict(again.verdict)
    sys.exit(2)


def _show_verdict(verdict: Any) -> None:
    out.print(f"\n{verdict.points:g} of {verdict.max_points:g} points ({verdict.status})")
    for each in verdict.properties:
        said = f": {each.message}" if each.message else ""
        out.print(f"  {each.points:g} of {each.max_points:g}  {each.sentence}{said}", markup=False, highlight=False)
    if verdict.diagnosis:
        said = " ".join(filter(None, (verdict.diagnosis.sentence, verdict.diagnosis.evidence)))
        out.print(f"  {verdict.diagnosis.id}: {said}", markup=False, highlight=False)
    if verdict.message:
        out.print(f"  {verdict.message}", markup=False, highlight=False)


@main.command()
@command
def doctor() -> None:
    """Say what this machine can do to confine students' code, what is missing, and how to get it."""
    from .sandbox.doctor import findings

    found = findings()
    for each in found:
        mark = {"ok": "[green]ok[/]  ", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}[each.level]
        out.print(f"{mark}  [bold]{escape(each.name)}[/]: {escape(each.sentence)}", highlight=False)
        if each.fix:
            out.print("        " + each.fix.replace("\n", "\n        "), markup=False, highlight=False)
    if any(each.level == "fail" for each in found):
        sys.exit(1)


@main.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option("--zip", "system", type=click.Choice(["canvas", "moodle", "plain"]),
              help="Also zip each lab's pages, named as this system takes them back; plain: a folder for each student.")  # fmt: skip
@click.option("--lang", metavar="LANGUAGE", default="", help="Of the page's own texts, as de; by default English.")
@databases
@click.pass_obj
@command
def feedback(
    course: Course, labs: tuple[str, ...], students: tuple[str, ...], system: str | None, lang: str, ledger: str, db: str
) -> None:
    """Write feedback/STUDENT/LAB/LAB.html for everyone who was graded.

    Run it again when answers were marked by hand. The exit code is 0 only when everyone has a page and, with --zip,
    every page is in the zip.
    """
    if not _feedback(Course(course.root, db, ledger), labs, students, system, lang):
        sys.exit(2)


@main.command()
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTER_OPTION...]")
@click.option("--db", default="", metavar="URL", envvar="VAELABS_DB", help="The gradebook; by default gradebook.db.")
@click.pass_obj
@command
def review(course: Course, options: tuple[str, ...], db: str) -> None:
    """Open nbgrader's formgrader in the browser: written answers, and what grading left to a person.

    Marks and comments are in the gradebook once you leave their field, and stay when the class is graded again.
    `vaelabs feedback` brings them to the pages. What stands behind -- goes to Jupyter, which serves the formgrader:

    \b
      vaelabs review -- --no-browser --port 9000
      vaelabs review -- --allow-root        as root, in a container
    """
    from jupyterlab.labapp import LabApp

    from .converting import own_programs_on_path

    if not any(course.root.glob("autograded/*/*/*.ipynb")):
        raise CourseError(f"{course.root} has nothing to review: autograded/ is empty.", "Grade it first: vaelabs grade")
    os.chdir(course.root)  # where nbgrader looks for nbgrader_config.py
    words = [
        f"--ServerApp.root_dir={course.root}",
        "--LabApp.default_url=/formgrader/gradebook",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
        *([f"--CourseDirectory.db_url={db}"] if db else []),
    ]
    with own_programs_on_path():
        LabApp.launch_instance(argv=[*words, *options])


@main.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--anonymous", is_flag=True, help="Numbers in place of names, no gallery; in report/class-anonymous/.")
@click.option("--figures", type=click.IntRange(0, 400), metavar="N",
              help="So many in the gallery; by default 40, or 0 if anonymous.")  # fmt: skip
@click.option("--template", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="Your own notebook in place of ours, .ipynb or .md.")  # fmt: skip
@click.option("--copy-template", "copy", type=click.Path(path_type=Path), metavar="FILE",
              help="Write a copy of our notebook, for you to change, and do nothing else.")  # fmt: skip
@databases
@click.pass_obj
@command
def report(
    course: Course, labs: tuple[str, ...], anonymous: bool, figures: int | None, template: Path | None,
    copy: Path | None, ledger: str, db: str,
) -> None:  # fmt: skip
    """Write report/class/index.html about the class: marks, hard tasks, common mistakes, what to look at.

    One page without scripts, for a browser or a printer; it needs no network. Its tables lie beside it as CSV.
    It is made by a notebook that reads report/class/data.json: change a copy of it to have another report.
    """
    from .reports import copy_template

    if copy is not None:
        copy_template(copy)
        out.print(f"{_shown(copy)} is written. Change it, then: vaelabs report --template {_shown(copy)}")
        return
    course = Course(course.root, db, ledger)
    page = _report(course, course.choose(labs, course.built_labs(), "lab in source/"), anonymous, template, figures)
    out.print(f"The class report:  {_shown(page)}\nIts tables, as CSV:  {_shown(page.parent)}")


@main.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--into", default="demo", metavar="DIR", show_default=True, help="Folder for the demo.")
@click.pass_obj
@command
def demo(course: Course, labs: tuple[str, ...], into: str) -> None:
    """Build the labs, let a made-up class answer them, grade it, write its feedback and the class report.

    All of it happens in a folder of its own; your class's files stay untouched. Needs no network.
    A second run grades only what has changed since.
    """
    from . import build as builder
    from .sample import hand_in, sample_class

    begin = time.monotonic()
    chosen = course.choose(labs, course.written_labs(), "lab")
    with err.status(f"Building {', '.join(chosen)}"):
        built = [builder.build_lab(course, lab) for lab in chosen]
    place = _demo_folder(course, into, sha256(repr(built).encode()).hexdigest())
    for lab, notebooks in zip(chosen, built):
        builder.write(place, notebooks)
        people = sample_class(Course(place.root), lab)
        hand_in(place, lab, people)
        out.print(f"{lab} is built; {len(people)} made-up students have handed it in:\n")
        table = Table(box=None, pad_edge=False, show_header=False)
        for student in people:
            table.add_row(student.name, student.story)
        out.print(table, end="\n\n")
    went_well = _grade(place, tuple(chosen), (), force=False) & _feedback(place, tuple(chosen), ())
    out.print(f"The class report:  {_shown(_report(place, chosen))}")
    out.print(f"\nThe release that students get:  {_shown(place.root / 'release')}")
    out.print(f"The demo took {time.monotonic() - begin:.0f} s. Grade a class of your own with: vaelabs grade")
    if not went_well:
        sys.exit(2)


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--lab", metavar="LAB", help="The lab of files that say of no lab that they are it.")
@click.option("--roster", "roster_file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="CSV of ids and names: yours (id, name), Canvas' gradebook, Moodle's grades, Gradescope's roster.")  # fmt: skip
@click.option("--student", metavar="ID", help="Who handed in files that do not say whose they are.")
@click.option("--due", metavar="TIME", callback=lambda _, __, said: _time(said), help="When the lab was due, as 2026-03-01T23:59.")
@click.option("--db", default="", metavar="URL", envvar="VAELABS_DB", help="The gradebook, which gets names and the due date; by default gradebook.db.")
@click.pass_obj
@command
def collect(
    course: Course, paths: tuple[Path, ...], lab: str | None, roster_file: Path | None, student: str | None, due: Any, db: str
) -> None:
    """Bring exports of Canvas, Moodle, Gradescope or Google Classroom, and folders of notebooks, to submitted/.

    The latest version of each student's lab counts; all are kept in submitted/.history/. Notebooks that Colab or
    their owners have put out of order are repaired, and report/repairs.csv says how. What became of each file is in
    report/intake.csv; the exit code is 0 only when nothing is left for a person to do. A roster's names and the
    time of --due go to the gradebook, from where the formgrader, the report and the exports have them.
    """
    from .intake import collect as take_in
    from .intake import enter_due_date, enter_names, read_roster

    roster = read_roster(roster_file) if roster_file else None
    with err.status("Reading and repairing what was handed in"):
        intake = take_in(course, list(paths), lab=lab, roster=roster, student=student, due=due)
    counting = [row for row in intake.rows if row.outcome.startswith("counts")]
    changed = [path.stem for path in intake.written]
    for name in sorted({row.lab for row in counting}):
        people = len({row.student for row in counting if row.lab == name})
        late = len({row.student for row in counting if row.lab == name and row.late == "yes"})
        repaired = len({row.student for row in counting if row.lab == name and row.outcome.endswith("repaired")})
        said = f"{people} submission{'s' * (people != 1)}, {changed.count(name)} of them new or changed"
        out.print(f"{name}: {said}, {repaired} repaired, {late} late", highlight=False)
    out.print(f"File by file:  {_shown(course.report / 'intake.csv')}\nRepairs:       {_shown(course.report / 'repairs.csv')}")
    todo = intake.needs_person
    if todo:
        out.print(f"\n{len(todo)} for a person to look at:")
        for row in todo[:30]:
            out.print(f"  {escape(row.todo)}", highlight=False)
        if len(todo) > 30:
            out.print(f"  and {len(todo) - 30} more, in the last column of {_shown(course.report / 'intake.csv')}")
    course = Course(course.root, db)
    if roster:
        enter_names(course, roster)
    if due and counting:
        enter_due_date(course, sorted({row.lab for row in counting}), due)
    if counting:
        out.print("\nNext: vaelabs grade")
    if todo:
        sys.exit(2)


@main.command()
@click.argument("notebook", metavar="NOTEBOOK", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--lab", metavar="LAB", help="The lab it is, where the notebook does not say.")
@click.option("--no-run", is_flag=True, help="Look at the file only; do not run its visible checks.")
@isolation_option("What confines the notebook's code; none is for a notebook of your own.")
@click.pass_obj
@command
def check(course: Course, notebook: Path, lab: str | None, no_run: bool, isolation: str) -> None:
    """Say whether a notebook can be graded, what is missing in it, and which of its visible checks fail.

    For students and teaching assistants: it needs release/ only, and no hidden test has a part in it.
    The exit code is 0 only when everything is written and every visible check passes.
    """
    from .intake import check as look_at
    from .sandbox import Isolation

    with err.status("Looking at it" if no_run else "Running its visible checks"):
        found = look_at(course, notebook, lab, not no_run, Isolation(isolation))
    written = found.answers - len(found.open)
    out.print(f"{_name(notebook.name)} is {found.lab} and can be graded; {written} of {found.answers} answers are written.",
              highlight=False)  # fmt: skip
    for title, lines in (
        ("Not written yet", found.open),
        ("Not finished", [f"{name} {what}" for name, what in found.unfinished.items()]),
        ("Would be repaired", found.repairs),
        ("Would have to be decided by a person", found.doubts),
        ("Visible checks that fail", [f"{name}: {said}" for name, said in found.failing.items()]),
    ):
        if lines:
            out.print(f"\n{title}:")
            for line in lines:
                out.print("  " + escape(line.replace("\n", "\n    ")), highlight=False)
    if not found.ran:
        out.print("\nThe visible checks were not run.")
    elif not found.failing:
        out.print("\nNo visible check of what is written fails.")
    if not found.is_fine:
        sys.exit(2)


@main.command()
@click.argument("system", type=click.Choice(["canvas", "moodle", "gradescope", "csv"]))
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("-o", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="What to write; by default a file in report/.")
@click.option("--roster", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="What the system exported, to be filled in: Canvas' gradebook, Moodle's worksheet or grades, a list of names.")  # fmt: skip
@click.option("--column", "columns", multiple=True, metavar="LAB=TITLE", help="The roster's column of a lab, if its title does not say so.")
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated.")
@click.option("--decimals", type=click.IntRange(0, 6), default=2, show_default=True, help="Digits after the point; halves are rounded up.")
@click.option("--partial", is_flag=True, help="Count what is marked so far of labs that people have not finished.")
@databases
@click.pass_obj
@command
def export(
    course: Course, system: str, labs: tuple[str, ...], target: Path | None, roster: Path | None, columns: tuple[str, ...],
    students: tuple[str, ...], decimals: int, partial: bool, ledger: str, db: str,
) -> None:  # fmt: skip
    """Write the marks as a file that Canvas, Moodle or Gradescope takes, or as plain tables.

    \b
    canvas      its exported gradebook (--roster), with the labs' columns filled in
    moodle      a grading worksheet, or its exported grades (--roster), filled in
    gradescope  an autograder that gives each submission of one lab these marks
    csv         everything: a row for each student and lab, and one for each task

    A mark is points after the late penalty. Who has none, as a person must look first, stays as the system has them and
    is named at the end; nobody gets a 0 in silence. The exit code is 0 only when nothing is left to be done.
    """
    from .converting import course_config
    from .databases import open_gradebook
    from .exporters import EXPORTERS
    from .subjects.failure import readable

    course = Course(course.root, db, ledger)
    exporter = EXPORTERS[system](
        course, config=course_config(course), to=str(target or ""), roster=str(roster or ""), columns=_pairs(columns, "--column", "vae_2d=Lab 1"),
        assignment=list(labs), student=list(students), decimals=decimals, partial=partial,
    )  # fmt: skip
    with open_gradebook(course, exporter.config) as gradebook:
        done = exporter.export(gradebook)
    files = ", ".join(_shown(path) for path in done.paths)
    out.print(f"{done.given} mark{'s' * (done.given != 1)} written:  {files}", markup=False, highlight=False)
    for each in done.notes:
        out.print(f"  {readable(each, 2000)}", markup=False, highlight=False)
    if done.next_step:
        out.print(f"\nNext: {done.next_step}", markup=False, highlight=False)
    if done.todo:
        out.print("\nLeft for a person:")
        for each in done.todo:
            out.print(f"  {readable(each, 4000)}", markup=False, highlight=False)
        sys.exit(2)


@main.command()
@click.argument("lab")
@click.option("-o", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The zip to write.")
@click.option("--minutes", type=click.IntRange(2, 40), default=10, show_default=True, help="What Gradescope gives a submission, by its settings.")
@click.option("--isolation", type=click.Choice(["bubblewrap", "landlock", "none"]),
              help="Insist on this tier; by default the first of bubblewrap and landlock that the container allows.")  # fmt: skip
@click.option("--index", default="", metavar="URL", help="One more package index for pip, such as one of PyTorch's builds for the CPU.")
@click.pass_obj
@command
def gradescope(course: Course, lab: str, target: Path, minutes: int, isolation: str | None, index: str) -> None:
    """Make the autograder of LAB for Gradescope: a zip that repairs and grades there as `vaelabs grade` does here.

    It has the lab with its hidden tests in it, and nothing of a class. Students' code cannot read the tests: where the
    container allows no sandbox nothing is run, no score given, and a line for the instructor says why.
    """
    from .gradescope import write_autograder
    from .sandbox import Isolation

    course.choose((lab,), course.built_labs(), "lab in source/")
    write_autograder(course, lab, target, minutes, Isolation(isolation) if isolation else None, index)
    points = sum(task.points for task in course.tasks(lab) if not task.manual)
    out.print(f"The autograder of {lab}:  {_shown(target)} ({target.stat().st_size / 1e6:.1f} MB)", highlight=False)
    out.print(
        f"\nNext: in Gradescope a Programming Assignment of {points:g} points; Configure Autograder, base image Ubuntu 24.04 or "
        f"22.04, upload {target.name}. In the autograder's settings choose a container of 4 GB or more and a timeout of "
        f"{minutes} minutes, then test it with the solution.", highlight=False,
    )  # fmt: skip
    if isolation in UNCONFINED:
        err.print(UNCONFINED[isolation], style="bold red")


@main.command("gradescope-run", hidden=True)
@click.argument("root", type=click.Path(exists=True, file_okay=False, path_type=Path))
@command
def gradescope_run(root: Path) -> None:
    """What the autograder runs in Gradescope's container."""
    from .gradescope import grade_there

    with _interruptible():
        out.print(grade_there(root.resolve()), markup=False, highlight=False)


def _pairs(said: tuple[str, ...], option: str, example: str) -> dict[str, str]:
    """What NAME=VALUE options say; raises CourseError for one that says nothing."""
    pairs = dict(each.split("=", 1) for each in said if "=" in each)
    if len(pairs) != len(said):
        raise CourseError(f"{option} is a name and a value, once for each name, as in {option} '{example}'.")
    return pairs


def _time(said: str | None) -> Any:
    """The time of an option; this machine's zone where it names none."""
    from datetime import datetime

    if said is None:
        return None
    try:
        return datetime.fromisoformat(said).astimezone()
    except ValueError:
        raise click.BadParameter(f"{said!r} is no time; write it as 2026-03-01T23:59 or 2026-03-01T23:59+01:00.") from None


def _grade(
    course: Course,
    labs: tuple[str, ...],
    students: tuple[str, ...],
    force: bool,
    isolation: str = "bubblewrap",
    engine: Any = None,
) -> bool:
    """Grade with a progress display, then say what came of it; whether nothing needs a person."""
    from .grading import Engine, make_marks
    from .grading import grade as grade_class
    from .intake import notes
    from .sandbox import Isolation

    def doubts(student: str, lab: str) -> dict[str, str]:
        return notes(course, student, lab).doubts

    if isolation != "bubblewrap":
        err.print(UNCONFINED[isolation], style="bold red")
    chosen = course.choose(labs, course.built_labs(), "lab in source/")
    people = course.choose(students, course.students(), "student in submitted/")
    results = []
    with _interruptible() as heed, _display(chosen, len(people)) as show:
        try:
            options = {"force": force, "isolation": Isolation(isolation), "engine": engine or Engine(), "doubts": doubts}
            with closing(grade_class(course, chosen, people, **options)) as graded:
                for result in graded:
                    results.append(result)
                    show(result)
                    heed()
        except KeyboardInterrupt:
            done = f"{len(results)} of {len(chosen) * len(people)} submissions are done and kept"
            raise KeyboardInterrupt(f"Stopped: {done}; the same command goes on from there.") from None
        finally:
            marks = make_marks(course)
    results.sort(key=lambda result: (chosen.index(result.lab), people.index(result.student)))
    _show_results(results)
    run = [result.seconds for result in results if result.fresh and not result.absent]
    absent = sum(result.absent for result in results)
    said = [f"{len(run)} submissions graded" + (f", {sum(run) / len(run):.1f} s each" if run else "")]
    said += [f"{len(results) - len(run) - absent} unchanged"] if len(results) > len(run) + absent else []
    said += [f"{absent} not handed in"] if absent else []
    out.print(f"\n{'; '.join(said)}. Marks, task by task:  {_shown(marks)}")
    review = [result for result in results if result.needs_review]
    if review:
        out.print(f"\n{len(review)} to be looked at by a person:")
        for result in review:
            out.print(f"  {_name(result.student)}, {result.lab}: {escape(_why_review(result))}", highlight=False)
    return not review


def _why_review(result: Any) -> str:
    tasks: dict[str, list[str]] = {}
    for verdict in result.verdicts:
        if verdict.status == "needs_review":
            tasks.setdefault(verdict.message.removeprefix(f"{verdict.task}: "), []).append(verdict.task)
    return result.reason or "; ".join(f"{', '.join(names)}: {why}" for why, names in tasks.items())


@contextmanager
def _display(labs: list[str], people: int) -> Iterator[Callable[[Any], None]]:
    """What shows each result as it comes: bars on a terminal, elsewhere a line for each."""
    if not err.is_terminal:
        total, count = people * len(labs), itertools.count(1)

        def tell(result: Any) -> None:
            number = next(count)
            if not result.absent:  # who handed in nothing is counted at the end
                err.print(f"[{number}/{total}] {_line(result)}", markup=False)

        yield tell
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed, {task.fields[review]} to look at"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        blank = {"failed": 0, "review": 0, "rate": ""}
        bars = {lab: progress.add_task(escape(lab), total=people, **blank) for lab in labs}

        def show(result: Any) -> None:
            bar = progress.tasks[bars[result.lab]]
            progress.update(
                bar.id,
                advance=1,
                failed=bar.fields["failed"] + any(verdict.status == "failed" for verdict in result.verdicts),
                review=bar.fields["review"] + result.needs_review,
                rate=f"{60 * bar.speed:.0f}/min" if bar.speed else "",
            )

        yield show


def _line(result: Any) -> str:
    """One result for a log."""
    what = f"{result.points:g} of {result.max_points:g}"
    if result.needs_review:
        what = f"to be looked at: {_why_review(result)}"
    elif any(verdict.status == "failed" for verdict in result.verdicts):
        what += ", code failed"
    return f"{result.lab}, {_one_line(result.student)}: {what}" + ("" if result.fresh else " (unchanged)")


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Ctrl-C raises KeyboardInterrupt, and a service manager's way to stop us is as gentle.

    What our libraries then log of what was cut short is not heard, nor a second one at once, while they clean up.
    Python forgets an interrupt that comes within a finalizer: what this yields raises it again.
    """
    came = 0.0

    def interrupt(number: int, frame: Any) -> None:
        nonlocal came
        if time.monotonic() - came > PATIENCE:
            came = time.monotonic()
            logging.disable()
            raise KeyboardInterrupt

    def heed() -> None:
        if came:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield heed
        return
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # by a shell, for what it runs in the background
    signs = [signal.SIGTERM] if ignored else [signal.SIGTERM, signal.SIGINT]
    before = [(sign, signal.signal(sign, interrupt)) for sign in signs]
    complain = sys.unraisablehook
    sys.unraisablehook = lambda what: None if what.exc_type is KeyboardInterrupt else complain(what)
    try:
        yield heed
    finally:
        sys.unraisablehook = complain
        for sign, handler in before:
            signal.signal(sign, handler)


def _amounts(resources: tuple[str, ...]) -> dict[str, float]:
    """What NAME=N options say; raises CourseError for one that says nothing."""
    try:
        return {name: float(amount) for name, amount in (each.split("=") for each in resources)}
    except ValueError:
        raise CourseError("--resource is a name and an amount, as in --resource GPU=1.") from None


def _report(
    course: Course, labs: list[str], anonymous: bool = False, template: Path | None = None, figures: int | None = None
) -> Path:
    """Write the report on the class; where it is."""
    from .grading import load_results
    from .intake import late_submissions, left_to_do
    from .reports import make_report, read_marks

    results = load_results(course)
    with err.status("Writing the report"):
        return make_report(
            course,
            labs,
            read_marks(course, results),
            {(each.student, each.lab): each.seconds for each in results if not each.reason},
            late_submissions(course),
            left_to_do(course),
            anonymous=anonymous,
            template=template,
            pictures=figures,
        )


def _feedback(
    course: Course, labs: tuple[str, ...], students: tuple[str, ...], system: str | None = None, language: str = ""
) -> bool:
    """Write the pages of everyone who was graded, and zips of them; whether nobody's is missing."""
    from .grading import load_results
    from .intake import notes
    from .reports import languages, make_feedback

    if language and language not in languages():
        raise CourseError(f"There is no page in the language {language!r}.", f"Known: {', '.join(languages())}.")
    results = load_results(course)
    chosen = course.choose(labs, sorted({result.lab for result in results}), "graded lab")
    people = course.choose(students, sorted({result.student for result in results}), "graded student")
    wanted = [
        result
        for result in results
        if result.lab in chosen and result.student in people and not result.absent
    ]
    written = []
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err, transient=True) as bar:
        task = bar.add_task("Writing feedback", total=len(wanted))
        for result in wanted:
            try:
                repairs = notes(course, result.student, result.lab).changes
                make_feedback(course, result.student, result.lab, result.verdicts, result.reason,
                              repairs=repairs, language=language)  # fmt: skip
                written.append(result)
            except CourseError as error:
                err.print(f"No page for {result.student}, {result.lab}: {error}", markup=False)
            bar.advance(task)
    out.print(f"Feedback, a page for each student:  {_shown(course.root / 'feedback')} ({len(written)} pages)")
    telling = next((result for result in wanted if any(v.diagnosis for v in result.verdicts)), None)
    if telling:
        out.print(f"One to look at:  {_shown(course.feedback(telling.student, telling.lab))}")
    all_zipped = _zip_pages(course, written, system) if system else True
    return all_zipped and len(written) == len(wanted)


def _zip_pages(course: Course, results: list[Any], system: str) -> bool:
    """Zip the pages of these results, a zip for each lab; whether all are in them."""
    from .intake import label_of
    from .reports import zip_feedback

    complete = True
    for lab in dict.fromkeys(result.lab for result in results):
        students = [result.student for result in results if result.lab == lab]
        made = zip_feedback(course, lab, students, system, lambda student, lab: label_of(course, student, lab, system))
        out.print(f"{lab} for {system}:  {_shown(made.path)} ({made.pages} pages)", highlight=False)
        for student, why in made.left_out.items():
            out.print(f"  Not in it: {_name(student)}: {escape(why)}", highlight=False)
        complete &= not made.left_out
    return complete


def _show_results(results: list[Any]) -> None:
    for lab in dict.fromkeys(result.lab for result in results):
        of_lab = [result for result in results if result.lab == lab]
        tasks = [(n, verdict.task, verdict.max_points) for n, verdict in enumerate(of_lab[0].verdicts, 1)]
        out.print(f"\n[bold]{lab}[/]: points of the automatic checks, of {of_lab[0].max_points:g}")
        out.print(_columns([f"{n} {task} ({points:g})" for n, task, points in tasks]))
        table = Table(box=SIMPLE, pad_edge=False)
        table.add_column("student", overflow="fold")
        for n, _, _ in tasks:
            table.add_column(str(n), justify="right")
        table.add_column("sum", justify="right", style="bold")
        for result in of_lab:
            table.add_row(_name(result.student), *(_cell(verdict) for verdict in result.verdicts), f"{result.points:g}")
        out.print(table)
        remarks = Table(box=None, pad_edge=False, show_header=False)
        remarks.add_column(overflow="fold")
        remarks.add_column()
        for result in of_lab:
            for remark in _remarks(result):
                remarks.add_row(_name(result.student), escape(remark))
        if remarks.row_count:
            out.print("What they read:")
            out.print(remarks)


def _name(text: str) -> str:
    """A name that someone else chose, as rich's markup."""
    return escape(_one_line(text))


def _one_line(text: str) -> str:
    """A name that someone else chose, as the terminal may show it."""
    from .subjects.failure import readable

    return readable(text, 60).replace("\n", " ")


def _columns(names: list[str]) -> Columns:
    return Columns(names, padding=(0, 3), column_first=True)


def _cell(verdict: Any) -> str:
    if verdict.status == "graded":
        return f"{verdict.points:g}"
    return {"missing": "-", "failed": "fail", "needs_review": "look"}[verdict.status]


def _remarks(result: Any) -> list[str]:
    """One line for each task that lost points; one for all when nothing was answered or handed in."""
    if result.reason:
        return [result.reason]
    lost = [verdict for verdict in result.verdicts if verdict.points < verdict.max_points]
    if len(lost) > 1 and all(verdict.status == "missing" for verdict in result.verdicts):
        return ["Nothing is answered."]
    named = [f"{v.task}, {v.diagnosis.id}: {v.diagnosis.sentence}" for v in lost if v.diagnosis is not None]
    return named or [verdict.explanation() for verdict in lost if verdict.status != "missing"][:1]


def _demo_folder(course: Course, into: str, code: str) -> Course:
    """The demo's own course folder, emptied when it was made of other labs (`code`); never in place of anything else."""
    root = (course.root / into).resolve()
    mark = root / ".vaelabs-demo"
    if root.exists() and any(root.iterdir()) and not mark.is_file():
        raise CourseError(f"{root} exists and is no demo.", "Name another folder: vaelabs demo --into DIR")
    if mark.is_file() and mark.read_text() != code:
        shutil.rmtree(root, ignore_errors=True)
    shutil.rmtree(root / "submitted", ignore_errors=True)
    root.mkdir(parents=True, exist_ok=True)
    mark.write_text(code)
    shutil.copy(course.config_file, root / course.config_file.name)
    answers = root / "tests" / "answers"
    if not answers.is_symlink():
        answers.parent.mkdir(exist_ok=True)
        answers.symlink_to(course.root / "tests" / "answers")
    return Course(root)


def _shown(path: Path) -> str:
    """A path as short as can be from where the user stands."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    main()

"""The command `vaelabs`: the only place that prints or exits."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE
from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
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


def command(function: Callable) -> Callable:
    """A subcommand: known errors become one message and exit code 1, Ctrl-C becomes 130."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except CourseError as error:
            err.print(str(error), markup=False)
            sys.exit(1)
        except KeyboardInterrupt:
            err.print("Stopped. What was done is kept; run the command again to go on.")
            sys.exit(130)
        except OSError as error:
            err.print(f"{error.filename or 'A file'}: {error.strerror or error}.", markup=False)
            sys.exit(1)

    return run


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
      vaelabs grade       mark what lies in submitted/<student>/<lab>/<lab>.ipynb
      vaelabs feedback    write a page for each student
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
@click.option(
    "--isolation",
    type=click.Choice(["bubblewrap", "landlock", "none"]),
    default="bubblewrap",
    show_default=True,
    help="What confines students' code. landlock: less; none: nothing, it can read and change all that you can.",
)
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
    course: Course, labs: tuple[str, ...], students: tuple[str, ...], force: bool, isolation: str, root: Path | None
) -> None:
    """Mark the submissions in submitted/ (all labs and students by default).

    Writes autograded/, the gradebook and report/marks.csv. The exit code is 0 only when every submission
    was marked; those that a person must look at are listed at the end, and no mark is guessed.
    """
    if not _grade(Course(root.resolve()) if root else course, labs, students, force, isolation):
        sys.exit(2)


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
@click.pass_obj
@command
def feedback(course: Course, labs: tuple[str, ...], students: tuple[str, ...]) -> None:
    """Write feedback/STUDENT/LAB/LAB.html for everyone who was graded."""
    if not _feedback(course, labs, students):
        sys.exit(2)


@main.command()
@click.argument("labs", nargs=-1, metavar="[LAB]...")
@click.option("--into", default="demo", metavar="DIR", show_default=True, help="Folder for the demo.")
@click.pass_obj
@command
def demo(course: Course, labs: tuple[str, ...], into: str) -> None:
    """Build the labs, let a made-up class answer them, grade it and write its feedback.

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
    out.print(f"\nThe release that students get:  {_shown(place.root / 'release')}")
    out.print(f"The demo took {time.monotonic() - begin:.0f} s. Grade a class of your own with: vaelabs grade")
    if not went_well:
        sys.exit(2)


def _grade(
    course: Course, labs: tuple[str, ...], students: tuple[str, ...], force: bool, isolation: str = "bubblewrap"
) -> bool:
    """Grade with a progress bar, then say what came of it; whether nothing needs a person."""
    from .grading import grade as grade_class
    from .grading import make_marks
    from .sandbox import Isolation

    if isolation != "bubblewrap":
        err.print(UNCONFINED[isolation], style="bold red")
    chosen = course.choose(labs, course.built_labs(), "lab in source/")
    people = course.choose(students, course.students(), "student in submitted/")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    results = []
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("Grading", total=len(chosen) * len(people))

        def begin(student: str, lab: str) -> None:
            progress.update(bar, description=f"Grading {lab} of {_name(student)}")

        try:
            for result in grade_class(course, chosen, people, force, Isolation(isolation), begin):
                results.append(result)
                progress.advance(bar)
        finally:
            marks = make_marks(course)
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
            why = result.reason or "; ".join(v.message for v in result.verdicts if v.status == "needs_review")
            out.print(f"  {_name(result.student)}, {result.lab}: {escape(why)}", highlight=False)
    return not review


def _feedback(course: Course, labs: tuple[str, ...], students: tuple[str, ...]) -> bool:
    """Write the pages of everyone who was graded; whether each could be written."""
    from .grading import load_results
    from .reports import make_feedback

    results = load_results(course)
    chosen = course.choose(labs, sorted({result.lab for result in results}), "graded lab")
    people = course.choose(students, sorted({result.student for result in results}), "graded student")
    wanted = [
        result
        for result in results
        if result.lab in chosen and result.student in people and not result.absent
    ]
    failed = 0
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err, transient=True) as bar:
        task = bar.add_task("Writing feedback", total=len(wanted))
        for result in wanted:
            try:
                make_feedback(course, result.student, result.lab, result.verdicts, result.reason)
            except CourseError as error:
                failed += 1
                err.print(f"No page for {result.student}, {result.lab}: {error}", markup=False)
            bar.advance(task)
    out.print(f"Feedback, a page for each student:  {_shown(course.root / 'feedback')} ({len(wanted) - failed} pages)")
    telling = next((result for result in wanted if any(v.diagnosis for v in result.verdicts)), None)
    if telling:
        out.print(f"One to look at:  {_shown(course.feedback(telling.student, telling.lab))}")
    return not failed


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
    """A name that someone else chose, as the terminal may show it."""
    from .subjects.failure import readable

    return escape(readable(text, 60))


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

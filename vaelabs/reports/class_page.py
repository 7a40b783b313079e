"""Charts and tables of the class report, for its notebook: each function takes a `ClassData` and returns HTML.

A template of your own can leave some out, change their order, or put figures of its own between them. What students
wrote is escaped, and long lists are folded or cut; the tables beside the page (tasks.csv, mistakes.csv, late.csv,
review.csv) are whole.
"""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Iterable
from datetime import datetime
from html import escape

import numpy as np
from IPython.display import HTML
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vaelabs.subjects.failure import readable

from .class_data import AT_LEAST, COMMON, HARD, ClassData, Item, Mistake
from .feedback import as_html

BLUE, ORANGE, INK, LINE = "#0072b2", "#d55e00", "#1d2733", "#9aa5b1"
"""Blue and vermilion of Okabe and Ito's palette, which every colour vision tells apart."""

ROWS = 30
"""So many rows a table on the page has; the file beside it has all."""

NAMES = 6
"""More students than this are folded."""

_WIDTH = 4.5
_DPI = 170


# ---- text


def summary(group: ClassData) -> HTML:
    """How many people, when, and a row for each lab."""
    people, labs = len(group.people), len(group.labs)
    made = datetime.fromisoformat(group.made)
    said = f"{people} {_s(people, 'student')}, {labs} {_s(labs, 'lab')}; made {made.day} {made:%B %Y, %H:%M %Z}."
    if group.anonymous:
        said += " Names are left out: the numbers were drawn by lot for this report alone."
    header = ("Lab", "Handed in", "Late", "To look at", "To mark", "Median")
    rows = []
    for lab in group.labs:
        handed_in = group.handed_in(lab.name)
        points = group.points(lab.name)
        median = f"{np.median(points):g} of {group.max_points(lab.name):g}" if len(points) else "–"
        title = escape(lab.title) + ("" if lab.graded else ' <span class="soft">(not graded yet)</span>')
        late = sum(each.late for each in handed_in)
        look = sum(each.lab == lab.name for each in group.reviews)
        rows.append((title, len(handed_in), late, look, sum(each.unmarked for each in handed_in), median))
    if not rows:
        return HTML(
            f"<p>{said}</p>" + _note("There is nothing to report yet: no lab is built or graded in this course.")
        )
    return HTML(f"<p>{said}</p>" + _table(header, rows, numbers=range(1, 6), kind="cards"))


def teach_again(group: ClassData, hard: float = HARD, common: float = COMMON, at_least: int = AT_LEAST) -> HTML:
    """The tasks to teach again, with the rule; see `ClassData.to_teach_again`."""
    rule = (
        f"<p>The rule: less than {_percent(hard)} of the task's points were earned, or one known mistake was made by "
        f"{_percent(common)} or more of those who handed in; by {at_least} students at least.</p>"
    )
    found = group.to_teach_again(hard, common, at_least)
    if not found:
        return HTML(rule + _note("No task is to be taught again by this rule."))
    rows = []
    for each in found:
        why = ""
        if each.mistake:
            count = len(each.mistake.students)
            why = f"{count} {_s(count, 'student')} ({_percent(each.mistake.share)}): {_said(each.mistake.sentence)}"
        rows.append(
            (_task(each.item), escape(each.item.lab), _share(each.item.facility), why or "no one mistake stands out")
        )
    return HTML(rule + _table(("Task", "Lab", "Points earned", "Commonest mistake"), rows, numbers=(2,), kind="cards"))


def items(group: ClassData) -> HTML:
    """For each lab the tasks: how hard, how telling, what became of them."""
    header = (
        "Task",
        "Points",
        "Facility",
        "Discrimination",
        "All points",
        "Some",
        "None",
        "Code failed",
        "Not answered",
        "Open",
    )
    parts = []
    for lab in group.labs:
        found = group.items(lab.name)
        if not any(each.students or each.open for each in found):
            continue
        rows = []
        for each in found:
            r = "–"
            if each.discrimination is not None:
                r = f'{_r(each.discrimination)}<br><span class="soft">{_r(each.low)} to {_r(each.high)}</span>'
            verdicts = ("–", "–") if each.task.manual else (each.failed, each.missing)
            known = (each.full, each.part, each.none) if each.students else ("–", "–", "–")
            rows.append((_task(each), f"{each.task.points:g}", _share(each.facility), r, *known, *verdicts, each.open))
        parts.append(f"<h3>{escape(lab.title)}</h3>" + _table(header, rows, numbers=range(1, 10)))
    return HTML("".join(parts) or _note("No task has been graded yet."))


def mistakes(group: ClassData) -> HTML:
    """For each lab and task the known mistakes: sentence, number, share, and who."""
    parts = []
    for lab in group.labs:
        found = group.mistakes(lab.name)
        unnamed = group.unnamed(lab.name)
        rows = []
        for task in lab.tasks:
            of_task = [each for each in found if each.task == task.name]
            rows += [
                _mistake_row(group, each, "" if n else f"<code>{escape(task.name)}</code>")
                for n, each in enumerate(of_task)
            ]
            if lost := unnamed.get(task.name):
                share = lost / (len(group.handed_in(lab.name)) or 1)
                first = "" if of_task else f"<code>{escape(task.name)}</code>"
                rows.append((first, '<span class="soft">points lost in another way</span>', _counted(lost, share), ""))
        if rows:
            header = ("Task", "Mistake", "Students", "Who")
            if group.anonymous:
                header, rows = header[:3], [row[:3] for row in rows]
            parts.append(f"<h3>{escape(lab.title)}</h3>" + _table(header, rows, kind="cards"))
    return HTML("".join(parts) or _note("No mistake of the catalogue was made."))


def late(group: ClassData) -> HTML:
    """Who handed in late, by how much, and what it cost."""
    found = group.late()
    if not found:
        return HTML(
            _note(
                "Nobody is known to be late. "
                "<code>vaelabs collect --due</code>, or the gradebook, is told when a lab was due."
            )
        )
    several = []
    for lab in group.labs:
        number = sum(each.lab == lab.name for each in found)
        if number:
            several.append(f"{number} of {len(group.handed_in(lab.name))} in {escape(lab.name)}")
    rows = [
        (
            _who(group, each.student),
            escape(each.lab),
            _span(each.seconds_late) if each.seconds_late else "not known",
            f"{each.penalty:g}" if each.penalty else "none",
        )
        for each in found
    ]
    table = _table(("Student", "Lab", "Late by", "Points taken off"), rows, numbers=(2, 3), more="late.csv")
    return HTML(f"<p>Late: {', '.join(several)}.</p>" + table)


def to_look_at(group: ClassData) -> HTML:
    """What a person must look at, with the reasons."""
    parts = []
    if group.reviews:
        rows = [
            (_who(group, each.student), escape(each.lab), escape(readable(each.tasks, 120)), _said(each.reason))
            for each in group.reviews
        ]
        parts.append(_table(("Student", "Lab", "Tasks", "Reason"), rows, more="review.csv", kind="cards"))
    else:
        parts.append(_note("Nothing that was graded waits for a person."))
    if group.waiting_count:
        count = group.waiting_count
        parts.append(f"<p>{count} {_s(count, 'file')} of the last <code>vaelabs collect</code> wait for somebody.</p>")
    if group.waiting:
        shown = "".join(f"<li>{_said(each)}</li>" for each in group.waiting[:ROWS])
        parts.append(f"<ul>{shown}</ul>" + _cut(len(group.waiting), "intake.csv"))
    return HTML("".join(parts))


def gallery(group: ClassData) -> HTML:
    """Pictures out of the submissions, by lab."""
    if not group.pictures:
        why = "No submission holds a figure."
        if group.anonymous:
            why = "An anonymous report has no gallery: a figure can carry the name of its maker."
        return HTML(_note(why))
    parts = []
    for lab in group.labs:
        found = [each for each in group.pictures if each.lab == lab.name]
        if not found:
            continue
        shown = []
        for each in found:
            who = group.people.get(each.student, "")
            alt = escape(readable(f"{who}: a figure of {each.lab}" if who else f"a figure of {each.lab}", 120))
            source = f"data:image/jpeg;base64,{escape(each.jpeg)}"
            caption = f"<figcaption>{_who(group, each.student)}</figcaption>" if who else ""
            size = f'width="{each.width}" height="{each.height}"'
            shown.append(f'<figure><img alt="{alt}" {size} src="{source}">{caption}</figure>')
        parts.append(f'<h3>{escape(lab.title)}</h3><div class="gallery">{"".join(shown)}</div>')
    return HTML("".join(parts))


# ---- charts


def marks(group: ClassData) -> HTML:
    """For each lab how the marks of those who handed in are distributed."""
    charts, silent = [], []
    for lab in group.labs:
        points = group.points(lab.name)
        if not len(points):
            silent.append(lab.title)
            continue
        top, kind = group.max_points(lab.name), "all tasks" if group.counts_manual(lab.name) else "automatic checks"
        median = float(np.median(points))
        figure, ax = _axes(2.5)
        ax.hist(points, bins=_bins(top), color=BLUE, edgecolor="white", linewidth=1.2)
        ax.axvline(median, color=ORANGE, linewidth=2, linestyle="--", label=f"median, {median:g}")
        ax.set(xlabel=f"points of {top:g} ({kind})", ylabel="students", xlim=(-0.02 * top, 1.02 * top))
        _whole_numbers(ax)
        ax.legend(frameon=False, fontsize=9, loc="upper left")
        number = len(points)
        if number == 1:
            finding = f"{lab.name}: one mark, {median:g} of {top:g} points"
        elif median >= top:
            finding = f"{lab.name}: {_percent(np.mean(points >= top))} have all {top:g} points"
        else:
            finding = f"{lab.name}: half of {number} students have {median:g} or more of {top:g}"
        charts.append(_figure(figure, ax, finding))
    note = _note(f"No mark yet: {escape(', '.join(silent))}.") if silent else ""
    return HTML(_grid(charts) + note)


def facility(group: ClassData, hard: float = HARD) -> HTML:
    """For each lab which share of each task's points was earned."""
    charts = []
    for lab in group.labs:
        found = [each for each in group.items(lab.name) if each.facility is not None]
        if not found:
            continue
        hardest = min(found, key=lambda each: each.facility)
        figure, ax = _axes(0.9 + 0.27 * len(found))
        places = np.arange(len(found))[::-1]
        colours = [ORANGE if each.facility < hard else BLUE for each in found]
        ax.barh(places, [100 * each.facility for each in found], color=colours, height=0.7)
        for place, each in zip(places, found):
            ax.text(100 * each.facility + 1.5, place, f"{100 * each.facility:.0f}", va="center", fontsize=9, color=INK,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
        ax.axvline(100 * hard, color=LINE, linewidth=1, linestyle="--")
        ax.set_yticks(places, [readable(each.task.name, 32) for each in found], family="DejaVu Sans Mono", fontsize=8)
        ax.set(xlabel="points earned, in %", xlim=(0, 112), xticks=range(0, 101, 25))
        name = readable(hardest.task.name, 40)
        finding = f"{lab.name}: {name} was hardest, at {_percent(hardest.facility)} of its points"
        if hardest.facility >= 1:
            finding = f"{lab.name}: every point of every task was earned"
        charts.append(_figure(figure, ax, finding))
    return HTML(_grid(charts) or _note("Too few students for a figure."))


def times(group: ClassData) -> HTML:
    """How long grading took, by lab: a dot for each submission, and a table."""
    found = {lab.name: group.seconds(lab.name) for lab in group.labs}
    found = {lab: seconds for lab, seconds in found.items() if len(seconds)}
    if not found:
        return HTML(_note("Nothing was graded yet."))
    figure, ax = _axes(0.9 + 0.45 * len(found))
    places = np.arange(len(found))[::-1]
    scatter = np.random.default_rng(0)  # the same page for the same class
    for place, seconds in zip(places, found.values()):
        ax.plot(
            seconds, place + scatter.uniform(-0.25, 0.25, len(seconds)), "o", color=BLUE, alpha=0.5, markersize=4, mew=0
        )
        ax.plot([np.median(seconds)] * 2, [place - 0.38, place + 0.38], color=ORANGE, linewidth=2.5)
    ax.set_yticks(places, list(found))
    everything = np.concatenate(list(found.values()))
    if everything.max() > 20 * max(everything.min(), 0.05):
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_xlabel("seconds a submission, logarithmic (line: median)")
    else:
        ax.set_xlim(0, 1.05 * everything.max())
        ax.set_xlabel("seconds a submission (line: median)")
    slowest = max(found, key=lambda lab: np.median(found[lab]))
    finding = f"{slowest} takes longest: half of its submissions take {np.median(found[slowest]):.1f} s or more"
    if len(found) == 1:
        finding = f"{slowest}: half of the submissions take {np.median(found[slowest]):.1f} s or more"
    rows = [
        (
            escape(lab),
            len(seconds),
            f"{np.median(seconds):.1f}",
            f"{np.max(seconds):.1f}",
            f"{np.sum(seconds) / 60:.1f}",
        )
        for lab, seconds in found.items()
    ]
    header = ("Lab", "Submissions", "Median, s", "Longest, s", "All together, min")
    return HTML(_grid([_figure(figure, ax, finding)]) + _table(header, rows, numbers=range(1, 5)))


def _axes(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height + 0.45), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9)
    return figure, ax


def _figure(figure: Figure, ax: Axes, finding: str) -> str:
    """The figure as it stands on the page, titled with what it shows."""
    lines = textwrap.wrap(finding, 54)
    figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left", fontweight="bold", color=INK)
    ax.xaxis.label.set_size(9)
    ax.yaxis.label.set_size(9)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    width, height = (round(96 * each) for each in figure.get_size_inches())
    what = f'alt="{escape(finding)}" width="{width}" height="{height}"'
    return f'<figure><img {what} src="data:image/png;base64,{data}"></figure>'


def _grid(figures: list[str]) -> str:
    return f'<div class="charts">{"".join(figures)}</div>' if figures else ""


def _bins(top: float) -> np.ndarray:
    """A bin for each point, or for two or more where there are many; the last holds full marks alone."""
    width = max(1, int(np.ceil(top / 30)))
    return np.arange(0, top + width + 0.5, width) - width / 2


def _whole_numbers(ax: Axes) -> None:
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.set_ylim(0, max(1.0, ax.get_ylim()[1]) * 1.3)  # room for the legend


# ---- tables


def _table(
    header: Iterable[str], rows: list[tuple[object, ...]], numbers: Iterable[int] = (), more: str = "", kind: str = ""
) -> str:
    """A table of cells that are HTML already; `numbers` are the columns set to the right.

    One of the `kind` "cards" has a card for each row where the screen is narrow.
    """
    right, header = set(numbers), list(header)
    kinds = [' class="number"' if n in right else "" for n in range(len(header))]
    columns = "".join(f'<th scope="col"{kind}>{cell}</th>' for cell, kind in zip(header, kinds))
    labels = [f' data-label="{each}"' if kind == "cards" else "" for each in header]
    body = "".join(
        f"<tr>{''.join(f'<td{of}{label}>{cell}</td>' for cell, of, label in zip(row, kinds, labels))}</tr>"
        for row in rows[:ROWS]
    )
    where = f"table {kind}".strip()
    table = f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="{where}">{table}</div>' + _cut(len(rows), more)


def _cut(rows: int, more: str) -> str:
    if rows <= ROWS:
        return ""
    where = f", in {more}" if more else ""
    return f'<p class="soft">And {rows - ROWS} more{where}.</p>'


def _mistake_row(group: ClassData, mistake: Mistake, task: str) -> tuple[object, ...]:
    sentence = f'{_said(mistake.sentence)} <span class="soft">({escape(readable(mistake.id, 40))})</span>'
    return task, sentence, _counted(len(mistake.students), mistake.share), _names(group, mistake.students)


def _counted(number: int, share: float) -> str:
    """A number and a share, with a bar as long as the share."""
    bar = f'<span class="bar" style="width:{min(100.0, 100 * share):.1f}%"></span>'
    return f'{number} <span class="soft">({_percent(share)})</span><span class="scale">{bar}</span>'


def _names(group: ClassData, students: tuple[str, ...]) -> str:
    shown = ", ".join(_who(group, each) for each in students)
    if len(students) <= NAMES:
        return shown
    return f"<details><summary>{len(students)} students</summary>{shown}</details>"


def _task(item: Item) -> str:
    name, title = escape(readable(item.task.name, 60)), escape(readable(item.task.title, 100))
    return f'<code>{name}</code><br><span class="soft">{title}</span>'


def _who(group: ClassData, student: str) -> str:
    return escape(readable(group.people.get(student, student), 80))


def _said(text: str) -> str:
    """Text that may be of a student's making."""
    return as_html(readable(text, 400))


def _r(correlation: float | None) -> str:
    return "" if correlation is None else f"{correlation:.2f}".replace("-", "−")


def _share(facility: float | None) -> str:
    return "–" if facility is None else _percent(facility)


def _percent(share: float) -> str:
    return "under 1\N{NO-BREAK SPACE}%" if 0 < share < 0.005 else f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _note(text: str) -> str:
    return f'<p class="note">{text}</p>'


def _s(number: int, what: str) -> str:
    return what if number == 1 else f"{what}s"


def _span(seconds: float) -> str:
    """A stretch of time as one would say it."""
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            number = seconds / length
            shown = f"{number:.1f}" if number < 10 and round(number, 1) != round(number) else f"{number:.0f}"
            return f"{shown} {unit if shown == '1' else unit + 's'}"
    return f"{seconds:.0f} s"

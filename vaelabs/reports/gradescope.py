"""What Gradescope reads of an autograder: results.json, and the marks of a class as an autograder that grades nothing.

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/, and whose submission it is stands
in https://gradescope-autograders.readthedocs.io/en/latest/submission_metadata/. Its documentation knows no import of
marks from a file: an autograder is the one way in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vaelabs.checks.rubric import Verdict
from vaelabs.course import Course, CourseError, write_bytes

from .export import Exported, Options, lab_title, left_open, named, said_of
from .feedback import task_titles
from .marks import LabMark, Marks, TaskMark
from .zips import zipped

REVIEW = "A person will look at this; no score is given before."


def results_of_verdicts(
    verdicts: Iterable[Verdict], titles: Mapping[str, str], options: Options = Options()
) -> dict[str, Any]:
    """The results.json of what the checks found out. There is a score only where no person must look first."""
    verdicts = list(verdicts)
    settled = all(each.status != "needs_review" for each in verdicts)
    tests = [
        _test(
            titles.get(each.task, each.task),
            None if each.status == "needs_review" else each.points,
            each.max_points,
            REVIEW if each.status == "needs_review" else _explained(each),
            options,
            scored=settled,
        )
        for each in verdicts
    ]
    found: dict[str, Any] = {"tests": tests}
    if settled:
        found["score"] = float(options.points(sum(each.points for each in verdicts)))
    return found


def results_of_mark(mark: LabMark, titles: Mapping[str, str], options: Options = Options()) -> dict[str, Any]:
    """The results.json of a mark in the gradebook, marks given by hand and the late penalty with it."""
    text = options.mark(mark)
    tests = [
        _test(titles.get(each.task, each.task), each.points, each.max_points, _said(each), options, scored=bool(text))
        for each in mark.tasks
    ]
    found: dict[str, Any] = {"tests": tests}
    if text:
        found["score"] = float(text)
    if text and mark.late_penalty:
        found["output"] = f"{options.points(mark.late_penalty)} points were taken off, as it came late."
    return found


def export_gradescope(course: Course, marks: Marks, path: Path, options: Options) -> Exported:
    """A zip for Gradescope that gives each submission of one lab the marks of the gradebook, by the email address."""
    if len(marks.labs) != 1:
        raise CourseError(
            f"An assignment of Gradescope is one lab, and {len(marks.labs)} are graded.",
            f"Say which: vaelabs export gradescope LAB (known: {', '.join(marks.labs)})",
        )
    [lab] = marks.labs
    titles = task_titles(course, lab)
    people, _ = named(marks, options)
    found: dict[str, Any] = {}
    nameless = []
    for each in marks.of_lab(lab):
        if options.mark(each):
            if people[each.student].email:
                found[people[each.student].email.casefold()] = results_of_mark(each, titles, options)
            else:
                nameless.append(each.student)
    todo = list(left_open(marks, options))
    if nameless:
        how = f"they are not clearly in {options.roster.name}" if options.roster else "name a roster with --roster FILE"
        todo.append(f"{lab}: no email address is known, by which Gradescope knows them; {how}: {', '.join(nameless)}")
    text = json.dumps(found, ensure_ascii=False, indent=1)
    files = {"setup.sh": _SETUP, "run_autograder": _RUN, "marks.json": text}
    write_bytes(path, zipped(files, programs=("setup.sh", "run_autograder")))
    step = (
        f"In Gradescope, in the assignment of {lab_title(course, lab)}: Configure Autograder, upload {path.name}, then "
        "Manage Submissions, Regrade All Submissions. Students read their points task by task."
    )
    return Exported((path,), len(found), said_of(marks), tuple(todo), step)


def _test(
    name: str, points: float | None, max_points: float, output: str, options: Options, scored: bool
) -> dict[str, Any]:
    """One task. Where the whole has no score its points are told, not counted: a sum of some would be a wrong mark."""
    test: dict[str, Any] = {"name": name, "output_format": "text", "visibility": "visible"}
    if points is not None:
        test["status"] = "passed" if points >= max_points else "failed"
    if scored:
        test |= {"score": float(options.points(points or 0.0)), "max_score": float(options.points(max_points))}
    elif points is not None:
        output = f"{options.points(points)} of {options.points(max_points)} points so far.\n{output}"
    if output.strip():
        test["output"] = output.strip()
    return test


def _explained(verdict: Verdict) -> str:
    """What the student reads: as on the feedback page, and no line of a hidden test."""
    said = [f"{each.points:g} of {each.max_points:g}  {each.sentence}" + (f": {each.message}" if each.message else "")
            for each in verdict.properties]  # fmt: skip
    if verdict.diagnosis:
        said += ["", " ".join(filter(None, (verdict.diagnosis.sentence, verdict.diagnosis.evidence)))]
    elif verdict.message:
        said += ["", verdict.message]
    return "\n".join(said)


def _said(task: TaskMark) -> str:
    said = []
    if task.points is None:
        said.append(REVIEW)
    elif task.by_hand is not None and not task.manual:
        said.append(f"{task.by_hand:g} points, given by hand.")
    elif task.verdict is not None:
        said.append(_explained(task.verdict))
    if task.comment:
        said += ["", f"Comment: {task.comment}"]
    return "\n".join(said)


_SETUP = """\
#!/usr/bin/env bash
# Nothing to install but Python, for the script beside this one.
set -euo pipefail
command -v python3 >/dev/null || { apt-get update && apt-get install -y python3; }
chmod go-rwx /autograder/source/marks.json
"""

_RUN = '''\
#!/usr/bin/env python3
"""Gives a submission the marks that its student has in the course's gradebook. No code of the submission is run."""
import json
import os
from pathlib import Path

root = Path(os.environ.get("AUTOGRADER", "/autograder"))
marks = json.loads((root / "source" / "marks.json").read_text(encoding="utf-8"))
users = json.loads((root / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
found = [marks[each["email"].strip().casefold()] for each in users if each["email"].strip().casefold() in marks]
if len(found) != 1:
    found = [{"output": "There is no mark for this submission yet. Please ask your instructor."}]
(root / "results").mkdir(exist_ok=True)
(root / "results" / "results.json").write_text(json.dumps(found[0], indent=1))
'''

"""Gradescope's autograder of a lab: a zip that grades with our checks in Gradescope's container, and what runs there.

What the container is like: https://gradescope-autograders.readthedocs.io/en/latest/specs/. It is a Docker container in
which root runs the autograder, and Docker's usual filter of system calls keeps bubblewrap from making namespaces; the
Landlock tier needs none. Without a score in results.json a submission has none, which is what we want of one that could
not be graded; a run that Gradescope ends itself is a 0, so that ours ends sooner.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import re
import shlex
import shutil
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from vaelabs import __version__
from vaelabs.converting import course_config
from vaelabs.course import Course, CourseError, read_notebook, write_bytes, write_text
from vaelabs.grading import Engine, Result, grade
from vaelabs.intake import collect, notes
from vaelabs.reports import results_of_verdicts, task_titles, zipped
from vaelabs.sandbox import Isolation, require
from vaelabs.subjects.failure import readable

STUDENT = "submission"
"""Whoever it is: no name of anybody is needed to grade."""

TIERS = (Isolation.BUBBLEWRAP, Isolation.LANDLOCK)
"""Tried in this order; `none` only where an instructor asked for it."""

EXTRAS = ("torch", "jax", "pyro")

NOT_GRADED = "This could not be graded, and has no score so far. Nothing is lost: your instructor will look at it."
NOTHING_FOUND = "No notebook of this lab was found in what you handed in. Please hand in the lab's .ipynb file."
LOOKED_AT = "A person will look at this before it gets a score; nothing is lost."

ISOLATED = {
    "bubblewrap": "Isolation: bubblewrap, the full sandbox.",
    "landlock": "Isolation: landlock, the reduced tier. The student's code could see the list of processes and the names "
    "and sizes of files; it could read neither the tests nor the results.",
    "none": "Isolation: none, as was asked for when this autograder was made. The student's code could read the tests.",
}


def write_autograder(
    course: Course, lab: str, path: Path, minutes: int = 10, isolation: Isolation | None = None, index: str = ""
) -> None:
    """Write the zip: the package, the lab's source and release, the versions of what they need, nothing of a class.

    `minutes` is the time that Gradescope gives a submission; `isolation` None takes the best tier that the container
    allows; `index` is one more package index for pip. Raises CourseError.
    """
    source = read_notebook(course.notebook("source", lab))
    if not course.notebook("release", lab).is_file():
        raise CourseError(f"There is no release of {lab}.", f"Make it first: vaelabs build {lab}")
    seconds = int(minutes * 60 * 0.9)
    framework = source.metadata.get("vaelabs", {}).get("framework", "")
    settings = {
        "lab": lab,
        "isolation": [str(each) for each in ([isolation] if isolation else TIERS)],
        "execute": _execution(course, seconds),
    }
    wheel, package = _wheel()
    constraints = course.root / "constraints.txt"
    files: dict[str, str | bytes] = {
        "setup.sh": _SETUP.format(
            extra=f"[{framework}]" if framework in EXTRAS else "",
            index=f"export PIP_EXTRA_INDEX_URL={shlex.quote(index)}\n" if index else "",
        ),
        "run_autograder": _RUN.format(seconds=seconds),
        "settings.json": json.dumps(settings, indent=1),
        "unfinished.json": json.dumps(_without_score(
            NOT_GRADED, f"Grading did not end within {seconds} s, or was ended from outside (out of memory?). Give it a "
            "larger container and more time in Gradescope's settings of the autograder."), indent=1),
        "constraints.txt": constraints.read_bytes() if constraints.is_file() else "",
        wheel: package,
    }  # fmt: skip
    for folder in ("source", "release"):
        place = course.notebook(folder, lab).parent
        for each in sorted(place.rglob("*")):
            if each.is_file() and not {".ipynb_checkpoints", "__pycache__"} & set(each.parts):
                files[f"course/{folder}/{lab}/{each.relative_to(place).as_posix()}"] = each.read_bytes()
    write_bytes(path, zipped(files, programs=("setup.sh", "run_autograder")))


def grade_there(root: Path) -> str:
    """Grade root/submission and write root/results/results.json, whatever happens; what to tell the instructor."""
    began = time.monotonic()
    try:
        found = _graded(root)
    except CourseError as error:
        found = _without_score(NOT_GRADED, str(error))
    except Exception as error:
        found = _without_score(NOT_GRADED, f"The autograder failed: {type(error).__name__}: {error}")
    found["execution_time"] = round(time.monotonic() - began)
    write_bytes(root / "results" / "results.json", (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode())
    return str(found["tests"][-1]["output"])


def _graded(root: Path) -> dict[str, Any]:
    settings = json.loads((root / "source" / "settings.json").read_text(encoding="utf-8"))
    lab, isolation = settings["lab"], _tier(settings["isolation"])
    with tempfile.TemporaryDirectory(prefix="vaelabs-gradescope-") as folder, tempfile.TemporaryDirectory() as heap:
        course = Course(Path(folder), f"sqlite:///{folder}/gradebook.db")
        shutil.copytree(root / "source" / "course", folder, dirs_exist_ok=True)
        write_text(course.config_file, f"c = get_config()\nc.Execute.update({settings['execute']!r})\n")
        _lay_out(root / "submission", Path(heap))
        intake = collect(course, [Path(heap)], student=STUDENT)
        seen = [row.todo for row in intake.needs_person]
        if not course.submission(STUDENT, lab).is_file():
            return _without_score(NOTHING_FOUND, "\n".join(seen) or "No notebook was handed in.")
        known = notes(course, STUDENT, lab)
        here = {"isolation": isolation, "engine": Engine(workers=0), "doubts": lambda student, lab: known.doubts}
        [result] = grade(course, [lab], [STUDENT], **here)
        repairs = [each["sentence"] for each in known.changes]
        return _report(course, result, repairs, seen)


def _report(course: Course, result: Result, repairs: list[str], seen: list[str]) -> dict[str, Any]:
    """What the student reads, and last a test that only the instructor sees."""
    found = results_of_verdicts(result.verdicts, task_titles(course, result.lab))
    said = []
    if result.needs_review:
        said.append(LOOKED_AT)
    by_hand = sum(each.points for each in course.tasks(result.lab) if each.manual)
    if by_hand:
        said.append(f"The written answers ({by_hand:g} points) are marked by a person and are not part of this.")
    if repairs:
        said += ["Before it was graded, your notebook was put in order:", *(f"- {each}" for each in repairs)]
    if said:
        found |= {"output": readable("\n".join(said), 4000), "output_format": "text"}
    reasons = [each.message for each in result.verdicts if each.status == "needs_review" and not result.reason]
    found["tests"].append(_for_instructor("\n".join([ISOLATED[result.isolation], result.reason, *reasons, *seen])))
    found["stdout_visibility"] = "hidden"
    return found


def _without_score(to_student: str, to_instructor: str) -> dict[str, Any]:
    return {
        "output": to_student,
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [_for_instructor(to_instructor)],
    }


def _for_instructor(text: str) -> dict[str, Any]:
    text = readable(text, 4000).strip()
    return {"name": "For the instructor", "visibility": "hidden", "output_format": "text", "output": text}


def _tier(wanted: list[str]) -> Isolation:
    """The first tier that this machine has. Raises CourseError when it has none of those that may be taken."""
    problems = []
    for each in map(Isolation, wanted):
        try:
            require(each)
        except CourseError as error:
            problems.append(f"{each}: {str(error).splitlines()[0]}")
        else:
            return each
    raise CourseError(
        "This container cannot confine the student's code, so that nothing of it was run.",
        *problems,
        "To grade without any isolation all the same: vaelabs gradescope LAB --isolation none",
    )


def _lay_out(submission: Path, heap: Path) -> None:
    """Copy the notebooks to one folder, under plain names: none may pass for a file of some system's export."""
    found = [
        each for each in sorted(submission.rglob("*"))
        if re.search(r"\.ipynb(\.json|\.txt)?$", each.name, re.IGNORECASE) and each.is_file() and not each.is_symlink()
        and not each.name.startswith(".") and not {".ipynb_checkpoints", "__MACOSX"} & set(each.parts)
    ]  # fmt: skip
    for n, each in enumerate(found, 1):
        shutil.copy2(each, heap / f"notebook ({n}).ipynb")


def _execution(course: Course, seconds: int) -> dict[str, Any]:
    """The course's settings of execution, in so far as they are plain data, within the time that there is."""
    ours = course_config(course).Execute
    plain = {name: value for name, value in ours.items() if isinstance(value, bool | int | float | str | dict | list)}
    most = max(10, int(seconds * 0.7))  # the rest is for starting, and for the judge
    return {**plain, "notebook_seconds": min(int(plain.get("notebook_seconds", most)), most)}


def _wheel() -> tuple[str, bytes]:
    """This package as pip installs it: its name and content. Raises CourseError when nobody knows what it needs."""
    package = Path(__file__).parent
    metadata, entry_points = _metadata(package.parent / "pyproject.toml")
    info = f"vaelabs-{__version__}.dist-info"
    files = {
        f"vaelabs/{each.relative_to(package).as_posix()}": each.read_bytes()
        for each in sorted(package.rglob("*"))
        if each.is_file() and "__pycache__" not in each.parts
    }
    files[f"{info}/METADATA"] = metadata.encode()
    files[f"{info}/entry_points.txt"] = entry_points.encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: vaelabs\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return f"vaelabs-{__version__}-py3-none-any.whl", zipped(files)


def _metadata(pyproject: Path) -> tuple[str, str]:
    """METADATA and entry_points.txt: as pyproject.toml says in a clone, whose installation may be older than it is."""
    if not pyproject.is_file():
        try:
            installed = importlib.metadata.distribution("vaelabs")
        except importlib.metadata.PackageNotFoundError:
            raise CourseError("The package vaelabs is not installed here.", "make setup") from None
        return installed.read_text("METADATA") or "", installed.read_text("entry_points.txt") or ""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    lines = ["Metadata-Version: 2.1", "Name: vaelabs", f"Version: {__version__}"]
    lines += [f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {each}" for each in project["dependencies"]]
    for extra, needed in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}", *(f"Requires-Dist: {_for_extra(each, extra)}" for each in needed)]
    groups = {"console_scripts": project["scripts"], **project["entry-points"]}
    parts = [f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in group.items()) for name, group in groups.items()]
    return "\n".join(lines) + "\n", "\n".join(parts)


def _for_extra(requirement: str, extra: str) -> str:
    what, _, marker = requirement.partition(";")
    return f'{what.strip()}; ({marker.strip()}) and extra == "{extra}"' if marker else f'{what.strip()}; extra == "{extra}"'


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


_SETUP = """\
#!/usr/bin/env bash
# Run once by Gradescope, as root, when it builds the autograder's image (Ubuntu 22.04 or 24.04).
set -euo pipefail
source_folder="${{AUTOGRADER:-/autograder}}/source"
venv="${{VAELABS_VENV:-/opt/vaelabs}}"
{index}export DEBIAN_FRONTEND=noninteractive

apt-get update
# For the full sandbox, where the container allows it. Ubuntu 22.04 has a bubblewrap that is too old, and does without.
apt-get install -y bubblewrap util-linux || true
python=""
for version in 3.11 3.12 3.13; do
    if apt-get install -y "python$version" "python$version-venv"; then
        python="python$version"
        break
    fi
done
if [ -z "$python" ]; then
    echo "This image has no Python 3.11 or newer: choose Ubuntu 22.04 or newer as the base image." >&2
    exit 1
fi

"$python" -m venv "$venv"
wheel="$(echo "$source_folder"/vaelabs-*.whl)"
"$venv/bin/pip" install --no-cache-dir -c "$source_folder/constraints.txt" "vaelabs{extra} @ file://$wheel"

# Students' code runs as a user of its own, who may read the Python environment and not the tests.
id vaelabs >/dev/null 2>&1 || useradd --system --no-create-home vaelabs
chmod -R a+rX "$venv"
chmod -R go-rwx "$source_folder"
"$venv/bin/vaelabs" doctor || true
"""

_RUN = """\
#!/usr/bin/env bash
# Run by Gradescope, as root, for each submission. There is a results.json whatever happens: first one without a score.
set -u
root="${{AUTOGRADER:-/autograder}}"
python="${{VAELABS_PYTHON:-/opt/vaelabs/bin/python}}"
mkdir -p "$root/results"
chmod -R go-rwx "$root/source" "$root/submission" "$root/results"
cp "$root/source/unfinished.json" "$root/results/results.json"
export OMP_NUM_THREADS=1
cd "$root/source"
timeout --kill-after=20 "${{VAELABS_SECONDS:-{seconds}}}" "$python" -P -m vaelabs.cli gradescope-run "$root"
exit 0
"""

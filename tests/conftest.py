"""What tests share: a small course (one lab with two tasks and a question, quick to run), the names of our labs."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from vaelabs.build import build_lab, write
from vaelabs.converting import course_config
from vaelabs.course import SHOW_TAG, Course, read_notebook
from vaelabs.grading import autograde_settings
from vaelabs.grading.keys import lab_hashes
from vaelabs.grading.reference import reference
from vaelabs.sandbox import FAST_COMPILER, with_profile

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# As the set-up cell of vae_flax has it, and before JAX is imported: a CPU that passes for eight devices.
os.environ.setdefault("XLA_FLAGS", f"--xla_force_host_platform_device_count=8 {FAST_COMPILER}")

ROOT = Path(__file__).parents[1]
COMPILED = "JAX_COMPILATION_CACHE_DIR"
made_here = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """One folder for what JAX compiles, of which every process of the run reads: workers, kernels, judges."""
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    if COMPILED not in os.environ:  # a worker has it from the process that started it
        (ROOT / "build").mkdir(exist_ok=True)
        config.stash[made_here] = Path(tempfile.mkdtemp(prefix="compiled-", dir=ROOT / "build"))
        os.environ[COMPILED] = str(config.stash[made_here])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Away with the folder, in the process that made it: the next run compiles anew."""
    if made_here in config.stash:
        shutil.rmtree(config.stash[made_here], ignore_errors=True)


def seeds(several: int) -> range:
    """So many, where every answer is wanted (`VAELABS_SEEDS=1`); one in each run."""
    return range(several if "VAELABS_SEEDS" in os.environ else 1)


MINI = '''\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
vaelabs:
  title: "A small lab"
  framework: torch
  points: {automatic: 8, manual: 2}
  quick: {steps: 1}
---

@@ INSERT badge.md @@

+++

# A small lab

Two tasks and a question.

```{code-cell} ipython3
@@ INSERT setup.py @@
```

```{code-cell} ipython3
:tags: [parameters]

steps = 100
```

+++ {"nbgrader": {"grade_id": "task-kl_divergence", "locked": true}}

### Task 1 (5 points): the KL term

Write it.

```{code-cell} ipython3
---
nbgrader:
  grade_id: kl_divergence
  solution: true
---
def kl_divergence(mu, logvar):
    """KL(N(mu, exp(logvar)) || N(0, I)) for each row, in nats."""
    ### BEGIN SOLUTION
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    ### END SOLUTION
```

```{code-cell} ipython3
:tags: [show]

curve = [kl_divergence(torch.ones(1, 1), torch.zeros(1, 1)).item() for _ in range(steps)]
print(len(curve))
```

```{code-cell} ipython3
---
nbgrader:
  grade_id: test-kl_divergence
  grade: true
  points: 5
---
# Graded here: values, extremes, one value per example, gradient.
### BEGIN HIDDEN TESTS
from vaelabs.checks import check_kl_divergence
check_kl_divergence(kl_divergence, framework="torch")
### END HIDDEN TESTS
```

+++ {"nbgrader": {"grade_id": "task-clinic", "locked": true}}

### Task 2 (3 points): the clinic

```{code-cell} ipython3
---
nbgrader:
  grade_id: clinic
  solution: true
---
### BEGIN SOLUTION
diagnosis = {"A": "kl vanished", "B": "noise missing", "C": "no mean", "D": "no half", "E": "overfit"}
### END SOLUTION
```

```{code-cell} ipython3
---
nbgrader:
  grade_id: test-clinic
  grade: true
  points: 3
---
# Graded here: five diagnoses.
### BEGIN HIDDEN TESTS
from vaelabs.checks import check_clinic
check_clinic(diagnosis, answers={"A": "kl vanished", "B": "noise missing", "C": "no mean", "D": "no half", "E": "overfit"})
### END HIDDEN TESTS
```

+++ {"nbgrader": {"grade_id": "task-m1-why", "locked": true}}

### Question 1 (2 points): why?

Say why.

### BEGIN MARK SCHEME
2 points: because of Jensen's inequality.
### END MARK SCHEME

+++ {"nbgrader": {"grade_id": "m1-why", "grade": true, "points": 2, "solution": true}}

Since the logarithm is concave, the mean of logs lies below.
'''


def write_course(root: Path, mini: str = MINI) -> Course:
    """A course folder with the text of the small lab, nothing built."""
    (root / "labs" / "shared").mkdir(parents=True)
    (root / "labs" / "mini.md").write_text(mini)
    (root / "labs" / "course.yml").write_text("repository: someone/vaelabs\nbranch: main\n")
    (root / "labs" / "shared" / "badge.md").write_text("[Colab](https://example.org/@@ REPOSITORY @@/@@ LAB @@)\n")
    (root / "labs" / "shared" / "setup.py").write_text("import torch\n\ntorch.manual_seed(0)\n")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return Course(root)


def build_course(root: Path) -> Course:
    """The small course with its three notebooks; its solution has been run, so that kernels for it are warm ones."""
    course = write_course(root)
    write(course, build_lab(course, "mini"))
    config = course_config(course, autograde_settings())
    reference(read_notebook(course.notebook("source", "mini")), config, lab_hashes(course, "mini"))
    return course


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The small course, its text written and nothing built."""
    return write_course(tmp_path / "course")


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course with its three notebooks, to be copied: its solution and its stub run for seconds."""
    return build_course(tmp_path_factory.mktemp("built") / "course").root


@pytest.fixture
def built(built_once: Path, tmp_path: Path) -> Course:
    """The small course with its three notebooks."""
    shutil.copytree(built_once, tmp_path / "course", dirs_exist_ok=True)
    return Course(tmp_path / "course")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes an empty database in a PostgreSQL server of the tests' own, and gives its URL with the password `secret`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[4].zfill(3))
    server = found[-1] if found else shutil.which("postgres")
    if not server:
        pytest.skip("there is no PostgreSQL here: sudo apt-get install postgresql")
    programs = Path(server).resolve().parent
    user = {}
    if os.getuid() == 0:  # it refuses to run as root
        if "postgres" not in {each.pw_name for each in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = {"user": "postgres", "group": "postgres"}
    with tempfile.TemporaryDirectory(prefix="vaelabs-pg-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        secret = Path(folder, "secret")
        secret.write_text("secret")
        if user:
            shutil.chown(folder, "postgres")
            shutil.chown(secret, "postgres")
        options = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
        words = ["-D", "data", "-U", "tester", "-A", "scram-sha-256", "--pwfile=secret", "--no-sync", "-E", "UTF8"]
        subprocess.run([programs / "initdb", *words], check=True, **options)
        words = ["-D", "data", "-k", folder, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        running = subprocess.Popen([programs / "postgres", *words], **options)
        made = itertools.count()
        url = f"postgresql+psycopg2://tester:secret@127.0.0.1:{port}/"

        def database() -> str:
            name = f"db{next(made)}"
            engine = sqlalchemy.create_engine(f"{url}postgres", isolation_level="AUTOCOMMIT")
            for _ in range(300):
                try:
                    with engine.connect() as db:
                        db.execute(sqlalchemy.text(f"create database {name}"))
                    break
                except sqlalchemy.exc.OperationalError:  # it is not up yet
                    time.sleep(0.1)
            engine.dispose()
            return url + name

        try:
            yield database
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)


@pytest.fixture
def chromium() -> Iterator[Any]:
    """A browser without a window; for one test, since Playwright's event loop keeps any other from running."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make setup")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium here: sudo apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])  # our own pages only
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def names_of() -> Callable[[str], dict[str, Any]]:
    """Run a lab of ours in its quick profile; its names after every cell that is neither for show nor graded."""
    course = Course(ROOT)

    def run(lab: str) -> dict[str, Any]:
        nb = read_notebook(course.notebook("source", lab))
        names: dict[str, Any] = {"__name__": "__main__"}
        for cell in with_profile(nb, nb.metadata.vaelabs.quick).cells:
            graded = cell.metadata.get("nbgrader", {}).get("grade")
            if cell.cell_type == "code" and SHOW_TAG not in cell.metadata.get("tags", []) and not graded:
                exec(cell.source, names)
        return names

    return run

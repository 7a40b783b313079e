"""What tests share: a small course (one lab with two tasks and a question, quick to run), the names of our labs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaelabs.build import build_lab, write
from vaelabs.course import SHOW_TAG, Course, read_notebook
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


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The small course, its text written and nothing built."""
    return write_course(tmp_path / "course")


@pytest.fixture
def built(course: Course) -> Course:
    """The small course with its three notebooks."""
    write(course, build_lab(course, "mini"))
    return course


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

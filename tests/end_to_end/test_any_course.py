"""`vaelabs grade --course DIR` on an nbgrader course that knows nothing of us: plain asserts, its own configuration."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from vaelabs.cli import main
from vaelabs.course import Course, grade_id, read_notebook, write_text
from vaelabs.grading import Result, load_results

CONFIG = '''\
c = get_config()
c.CourseDirectory.course_id = "another"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code"}
c.Execute.timeout = 60
'''

SETUP = '''\
import jax
import jax.numpy as jnp
import numpy as np
import torch

def close(a, b):
    return np.allclose(np.asarray(a), np.asarray(b), atol=1e-5)
'''

TASKS = {
    "kl_torch": (
        "def kl_torch(mu, logvar):\n    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)",
        '''\
torch.manual_seed(3)
mu, logvar = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
found = kl_torch(mu, logvar)
assert found.shape == (4,), f"one number for each row, not {tuple(found.shape)}"
q = torch.distributions.Normal(mu, (logvar / 2).exp())
assert torch.allclose(found, torch.distributions.kl_divergence(q, torch.distributions.Normal(0, 1)).sum(-1), atol=1e-5)
### BEGIN HIDDEN TESTS
found.sum().backward()
assert torch.allclose(mu.grad, mu, atol=1e-5), "the gradient in mu is mu"
assert close(logvar.grad, torch.expm1(logvar.detach()) / 2)
### END HIDDEN TESTS''',
        "def kl_torch(mu, logvar):\n    return (0.5 * (mu**2 + logvar.exp() - 1 - logvar)).sum(-1).detach()",
    ),
    "softplus_jax": (
        "def softplus_jax(x):\n    return jnp.logaddexp(x, 0.0)",
        '''\
x = jnp.linspace(-30.0, 30.0, 7)
assert close(softplus_jax(x), jax.nn.softplus(x))
### BEGIN HIDDEN TESTS
assert close(jax.vmap(jax.grad(softplus_jax))(x), jax.nn.sigmoid(x)), "its derivative is the sigmoid"
assert close(jax.jit(softplus_jax)(x * 100), jax.nn.softplus(x * 100))
### END HIDDEN TESTS''',
        "def softplus_jax(x):\n    return jax.lax.stop_gradient(jnp.logaddexp(x, 0.0))",
    ),
    "standardize": (
        "def standardize(x):\n    return (x - x.mean(0)) / x.std(0)",
        '''\
rng = np.random.default_rng()
x = rng.normal(3, 2, (50, 4))
points = 1.0 if close(standardize(x).mean(0), 0) else 0.0
### BEGIN HIDDEN TESTS
points += 1.0 if close(standardize(x).std(0), 1) else 0.0
### END HIDDEN TESTS
points''',
        "def standardize(x):\n    return x - x.mean(0)",
    ),
}


def write_course(root: Path) -> Course:
    meta = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cells = [nbformat.v4.new_code_cell(SETUP)]
    for name, (solution, test, _) in TASKS.items():
        answer = {**meta, "grade_id": name, "solution": True}
        graded = {**meta, "grade_id": f"test_{name}", "grade": True, "locked": True, "points": 2}
        source = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": answer}))
        cells.append(nbformat.v4.new_code_cell(test, metadata={"nbgrader": graded}))
    course = Course(root)
    write_text(course.notebook("source", "ps1"), nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    write_text(course.config_file, CONFIG)
    return course


def hand_in(course: Course, student: str, answers: dict[str, str]) -> None:
    nb = read_notebook(course.notebook("source", "ps1"))
    for cell in nb.cells:
        cell.source = answers.get(grade_id(cell), cell.source)
    write_text(course.submission(student, "ps1"), nbformat.writes(nb))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = write_course(tmp_path_factory.mktemp("another"))
    hand_in(course, "right", {name: solution for name, (solution, _, _) in TASKS.items()})
    hand_in(course, "wrong", {name: wrong for name, (_, _, wrong) in TASKS.items()})
    cheat = "import numpy as np\nnp.allclose = lambda *a, **k: True\nclose = torch.allclose = np.allclose\n"
    hand_in(course, "cheat", {name: f"{cheat}def {name}(*a): return a[0]" for name in TASKS})
    done = CliRunner().invoke(main, ["grade", "--course", str(course.root)])
    assert done.exit_code == 0, done.output
    return course


def result_of(course: Course, student: str) -> Result:
    return next(result for result in load_results(course) if result.student == student)


@pytest.mark.parametrize(("student", "points"), [("right", [2, 2, 2]), ("wrong", [0, 0, 1]), ("cheat", [0, 0, 0])])
def test_asserts_run_in_the_judge_forward_and_backward(graded, student, points):
    """With torch, JAX and NumPy; the instructor's own helper and libraries stay what they are."""
    verdicts = result_of(graded, student).verdicts

    assert points == [verdict.points for verdict in verdicts], [verdict.message for verdict in verdicts]
    assert {"graded"} == {verdict.status for verdict in verdicts}


def test_a_failed_assert_says_what_its_author_wrote(graded):
    """And shows no line of the hidden test."""
    verdicts = result_of(graded, "wrong").verdicts

    assert "derivative is the sigmoid" in verdicts[1].message

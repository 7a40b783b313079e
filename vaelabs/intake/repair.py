"""Repair: what someone handed in, laid cell by cell on the lab as it was released.

`repair` is a function of two notebooks; it runs nothing and reads no file. Cells are found by their nbgrader ids, by
their text, and answers by what they define; what is found goes to its place, what is lost comes back from the release.
Grading itself mends some things (text of locked cells, the kernel's name); those are left to it.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import nbformat
from nbformat import NotebookNode

from vaelabs.course import SHOW_TAG, grade_id
from vaelabs.subjects.failure import readable

from .answers import (
    Definition,
    State,
    answer_names,
    bound_names,
    definitions,
    neutralised,
    parsed,
    part_for,
    squeezed,
    unfenced,
)

NOTES = ("repairs", "doubts")
"""Keys of `metadata.vaelabs` in a notebook that was repaired: what was done, and what a person must decide by task."""

SUMMARIES = {
    "copy": "{} copies of the lab's cells became plain cells.",
    "metadata": "{} cells had lost their grading metadata and have the lab's again.",
    "lost": "{} cells of the lab were lost and are back as they were released.",
    "tags": "{} cells have the lab's tags again.",
    "type": "{} cells had another type and have the lab's again.",
}
MANY = 3

SIMILAR = 0.6  # share of words that two versions of one cell have in common
NEARLY_ALL = 0.8  # of a question's lines, to be sure that it is that question
SOME_WORDS = 20  # characters of a text that is more than a slip of the keyboard
MUCH_TEXT = 80
MOST_CELLS = 500
MOST_LINES = 2000
"""More than these are not compared word by word: it would take minutes, and no student has written them."""
MEANT_TAGS = {SHOW_TAG, "parameters"}
"""Tags that decide how a cell is run."""


@dataclass(frozen=True)
class Change:
    """One thing that was done. `cell` is the grade_id of the cell, or where it stands ("cell 12", "notebook").

    Changes of one `kind`, a key of SUMMARIES, are told to the student in one sentence where they are many.
    """

    cell: str
    sentence: str
    kind: str = ""


@dataclass(frozen=True)
class Doubt:
    """One thing that a person must decide. `task` is the grade_id of the answer's cell; empty for the whole notebook."""

    task: str
    sentence: str


@dataclass(frozen=True)
class Repaired:
    """The notebook as it can be graded; the very one that was given where nothing was done."""

    notebook: NotebookNode
    changes: list[Change] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def untouched(self) -> bool:
        return not self.changes and not self.doubts


def repair(notebook: NotebookNode, lab_notebook: NotebookNode) -> Repaired:
    """Put the cells of `notebook` where `lab_notebook`, the release, has them.

    Every graded cell, answer and question of the lab is there exactly once afterwards, with the release's metadata, and
    holds the answer that was found. Nothing of a student's is dropped. Neither argument is changed; a notebook in which
    nothing is to be done comes back as it is.
    """
    bench = _Bench(notebook, lab_notebook)
    bench.forget_notes()
    bench.find_by_id()
    bench.find_by_text()
    bench.find_answers_place()
    bench.find_alike()
    bench.settle_copies()
    bench.fill_answers()
    bench.fill_texts()
    bench.give_back_metadata()
    bench.disarm_stubs()
    bench.neutralise()
    bench.look_for_another_release()
    bench.arrange()
    if not bench.changes and not bench.doubts:
        return Repaired(notebook)
    return Repaired(bench.finished(), bench.changes, bench.doubts)


def summary(changes: list[Change]) -> list[str]:
    """What was done in so many sentences as one likes to read: many changes of one kind make one."""
    count = Counter(each.kind for each in changes)
    many = {kind for kind in SUMMARIES if count[kind] > MANY}
    said = [SUMMARIES[kind].format(count[kind]) for kind in SUMMARIES if kind in many]
    return said + [f"{each.cell}: {each.sentence}" for each in changes if each.kind not in many]


def nbgrader_meta(cell: NotebookNode) -> NotebookNode:
    return cell.metadata.get("nbgrader", {})


def is_answer(cell: NotebookNode) -> bool:
    """Whether the cell of a release is one that students write in."""
    return bool(nbgrader_meta(cell).get("solution"))


def written_text(text: str, stub: str) -> str:
    """What is written in a question's answer cell, without what was there before; empty where it is as released."""
    left = text.replace(stub.strip(), "").strip() if stub.strip() else text.strip()
    return left if squeezed(left) and squeezed(text) != squeezed(stub) else ""


class _Bench:
    """The two notebooks side by side. `home` says which cell of theirs (`mine`) is which cell of the lab's."""

    def __init__(self, notebook: NotebookNode, lab: NotebookNode):
        self.given = notebook
        self.nb = nbformat.from_dict(notebook)
        self.mine: list[NotebookNode] = self.nb.cells
        self.lab: list[NotebookNode] = lab.cells
        self.changes: list[Change] = []
        self.doubts: list[Doubt] = []
        self.home: dict[int, int] = {}
        self.place: dict[int, int] = {}  # the other way round
        self.new: dict[int, str] = {}  # answers for cells of the lab that have no home
        self.back: dict[int, str] = {}  # ids of the cells that are put back, by the cells' identity
        self.ids = {grade_id(cell): j for j, cell in enumerate(self.lab) if grade_id(cell)}
        self.names = {j: answer_names(cell.source) for j, cell in enumerate(self.lab) if self._is_code_answer(cell)}
        self.stubs = {j: definitions(self.lab[j].source) for j in self.names}
        self.owner = {name: j for j, names in self.names.items() for name in names}
        self.lab_text: dict[str, list[int]] = defaultdict(list)
        for j, cell in enumerate(self.lab):
            self.lab_text[squeezed(cell.source)].append(j)
        self.defined = [self._defined(cell) for cell in self.mine]
        self.claims = [self._claim(n) for n in range(len(self.mine))]

    # ---- what is what

    @staticmethod
    def _is_code_answer(cell: NotebookNode) -> bool:
        return is_answer(cell) and cell.cell_type == "code"

    def _defined(self, cell: NotebookNode) -> Mapping[str, Definition]:
        """What the cell defines of the lab's answers and beyond; prose defines nothing."""
        if cell.cell_type == "code":
            return definitions(cell.source)
        code = unfenced(cell.source)
        if code == cell.source and parsed(code) is None and not self._claims_code(cell):
            return {}
        return definitions(code)

    def _claims_code(self, cell: NotebookNode) -> bool:
        j = self.ids.get(grade_id(cell))
        return j is not None and self.lab[j].cell_type == "code"

    def _state(self, name: str, defined: Mapping[str, Definition]) -> State:
        if name not in defined:
            return State.STUB
        return defined[name].state(self.stubs[self.owner[name]].get(name))

    def _answered(self, n: int) -> set[int]:
        """The answers of which this cell of theirs has something that is not the stub."""
        return {self.owner[name] for name in self.defined[n] if name in self.owner
                and self._state(name, self.defined[n]) > State.STUB}  # fmt: skip

    def _claim(self, n: int) -> int | None:
        """The cell of the lab that this one's id says it is, if its content does not say otherwise."""
        cell = self.mine[n]
        j = self.ids.get(grade_id(cell))
        if j is None:
            return None
        same = self.lab_text.get(squeezed(cell.source), [])
        if same and j not in same:
            return None
        holds = self._answered(n)
        if j in self.names and holds and j not in holds and not set(self.names[j]) & set(self.defined[n]):
            return None
        return j

    def _take(self, j: int, n: int) -> None:
        self.home[j] = n
        self.place[n] = j

    def _free(self) -> Iterable[int]:
        return (n for n in range(len(self.mine)) if n not in self.place and self.claims[n] is None)

    def _task(self, j: int) -> str:
        return grade_id(self.lab[j]) or f"cell {j + 1} of the lab"

    def _change(self, cell: str, sentence: str, kind: str = "") -> None:
        self.changes.append(Change(cell, sentence, kind))

    def _doubt(self, j: int, sentence: str) -> None:
        if all(each.task != self._task(j) for each in self.doubts):  # one reason is enough to look
            self.doubts.append(Doubt(self._task(j), sentence))

    # ---- finding

    def forget_notes(self) -> None:
        """What a repair leaves in a notebook is ours to write: a notebook handed in has none."""
        ours = self.nb.metadata.get("vaelabs")
        if isinstance(ours, dict) and any(key in ours for key in NOTES):
            for key in NOTES:
                ours.pop(key, None)
            self._change("notebook", "It carried notes of an earlier repair; they were taken off.")

    def find_by_id(self) -> None:
        carriers: dict[int, list[int]] = defaultdict(list)
        for n, j in enumerate(self.claims):
            if j is not None:
                carriers[j].append(n)
        for j, found in carriers.items():
            self._take(j, self._best(j, found))

    def _best(self, j: int, found: list[int]) -> int:
        """Of several cells with one id the one that counts: an answer's last complete text, else the first."""
        if j in self.names:
            best = max(self._least(j, n) for n in found)
            last = [n for n in found if self._least(j, n) == best][-1 if best > State.STUB else 0]
            return next(n for n in found if squeezed(self.mine[n].source) == squeezed(self.mine[last].source))
        if is_answer(self.lab[j]):
            stub = self.lab[j].source
            return next((n for n in found if written_text(self.mine[n].source, stub)), found[0])
        return found[0]

    def _least(self, j: int, n: int) -> State:
        """How far the answer `j` is written in this one cell."""
        return min((self._state(name, self.defined[n]) for name in self.names[j]), default=State.STUB)

    def find_by_text(self) -> None:
        """Cells that lost their metadata and kept their text."""
        texts: dict[str, deque[int]] = defaultdict(deque)
        for n in self._free():
            texts[squeezed(self.mine[n].source)].append(n)
        for j, cell in enumerate(self.lab):
            left = texts.get(squeezed(cell.source))
            if j not in self.home and left and cell.source.strip() and not is_answer(cell):
                self._take(j, left.popleft())

    def find_answers_place(self) -> None:
        """A cell of its own that holds an answer, or its stub, and has lost its metadata."""
        for j, names in self.names.items():
            if j in self.home:
                continue
            own = [n for n in self._free() if set(names) <= set(self.defined[n]) and self._answered(n) <= {j}] if names else []
            best = max((self._least(j, n) for n in own), default=State.STUB)
            own = [n for n in own if self._least(j, n) == best]
            same = [n for n in self._free() if squeezed(self.mine[n].source) == squeezed(self.lab[j].source)]
            if own and best > State.STUB:
                self._take(j, own[-1])
            elif same or own:
                self._take(j, (same or own)[0])

    def find_alike(self) -> None:
        """The lab's cells that are neither answers nor found yet: those with nearly the same words."""
        missing = [j for j, cell in enumerate(self.lab) if j not in self.home and not is_answer(cell)]
        free = [n for n in self._free() if not self._answered(n)][:MOST_CELLS]
        if not missing or not free:
            return
        words = {n: _words(self.mine[n].source) for n in free}
        for j in missing:
            ours = _words(self.lab[j].source)
            likeness = {n: len(ours & words[n]) / len(ours | words[n]) for n in free if n not in self.place and words[n]}
            best = max(likeness, key=likeness.get, default=None) if ours else None
            if best is not None and likeness[best] >= SIMILAR:
                self._take(j, best)

    # ---- answers

    def settle_copies(self) -> None:
        """Of several cells with one id one counts; the others become plain cells."""
        for n, cell in enumerate(self.mine):
            if n in self.place or "nbgrader" not in cell.metadata:
                continue
            name = grade_id(cell)
            del cell.metadata["nbgrader"]
            j = self.claims[n]
            if j is None:
                why = "belongs to another cell" if name in self.ids else "the lab does not know"
                had = f"the id {readable(name, 60)!r}, which {why}" if name else "grading metadata without an id"
                self._change(f"cell {n + 1}", f"Cell {n + 1} had {had}; it is a plain cell now.")
                continue
            self._change(name, f"Cell {n + 1} was a copy of the cell {name}; it is a plain cell now.", "copy")
            if is_answer(self.lab[j]) and self._differ(j, n):
                self._doubt(j, f"{name}: cells {self.home[j] + 1} and {n + 1} both answer it and say different things; "
                            f"cell {self.home[j] + 1} counts unless you decide otherwise")  # fmt: skip

    def _differ(self, j: int, n: int) -> bool:
        """Whether both the cell that counts and cell `n` hold an answer, and not the same one."""
        if j in self.names and self.names[j]:
            first, second = self.defined[self.home[j]], self.defined[n]
            return any(
                self._state(name, first) >= State.BROKEN
                and self._state(name, second) >= State.BROKEN
                and first[name].digest != second[name].digest
                for name in self.names[j]
            )
        stub = self.lab[j].source
        texts = {squeezed(written_text(self.mine[each].source, stub)) for each in (self.home[j], n)}
        return len(texts - {""}) > 1

    def fill_answers(self) -> None:
        """Bring each code answer to its cell, from wherever it was written."""
        theirs = [n for n in range(len(self.mine)) if not self._is_labs_own(n)]
        for j, names in self.names.items():
            if not names:
                continue
            found = {name: [(self._state(name, self.defined[n]), n) for n in theirs if name in self.defined[n]] for name in names}
            best = {name: max(states, default=(State.STUB, -1)) for name, states in found.items()}
            if all(state == State.STUB for state, _ in best.values()):
                self._nothing_found(j)
                continue
            here = self.home.get(j)
            if here is not None and self._least(j, here) >= State.COMPLETE:
                self._look_below(j, found)
                continue
            cells = sorted({n for state, n in best.values() if state > State.STUB})
            if here is None or cells != [here]:
                self._bring(j, cells, best)
            for name in names:
                texts = {self.defined[n][name].digest for state, n in found[name] if state == State.COMPLETE}
                if len(texts) > 1:
                    where = " and ".join(str(n + 1) for state, n in found[name] if state == State.COMPLETE)
                    self._doubt(j, f"{self._task(j)}: {name} is written differently in cells {where}; the last one counts "
                                "unless you decide otherwise")  # fmt: skip

    def _is_labs_own(self, n: int) -> bool:
        """Whether the cell is one of the lab's that the student did not change, or its text comes from there."""
        return any(j not in self.names for j in self.lab_text.get(squeezed(self.mine[n].source), []))

    def _bring(self, j: int, cells: list[int], best: dict[str, tuple[State, int]]) -> None:
        others = set(self.owner) - set(self.names[j])
        parts = []
        for n in cells:
            wanted = [name for name, (state, at) in best.items() if at == n and state > State.STUB]
            cell = self.mine[n]
            source = cell.source if cell.cell_type == "code" else unfenced(cell.source)
            parts.append(part_for(source, wanted, others).strip("\n"))
        text = "\n\n\n".join(parts)
        if j in self.home:
            self.mine[self.home[j]].source = text
        else:
            self.new[j] = text
        where = " and ".join(f"cell {n + 1}" for n in cells)
        self._change(self._task(j), f"The answer was found in {where} and brought to its own cell.")

    def _look_below(self, j: int, found: dict[str, list[tuple[State, int]]]) -> None:
        """A second, different answer below the graded cell is not what is graded; it may be what was meant."""
        graded = self.home.get(self.ids.get(f"test-{self._task(j)}", -1), self.home[j])
        for name, states in found.items():
            mine = self.defined[self.home[j]][name].digest
            for state, n in states:
                if state == State.COMPLETE and n > graded and self.defined[n][name].digest != mine and n not in self.place:
                    self._doubt(j, f"{self._task(j)}: {name} is written again, differently, in cell {n + 1} below; the one in "
                                f"cell {self.home[j] + 1} counts unless you decide otherwise")  # fmt: skip

    def _nothing_found(self, j: int) -> None:
        """Nobody has answered; unless there is work that may have been meant as this answer."""
        task, here = self._task(j), self.home.get(j)
        if here is not None and squeezed(self.mine[here].source) and not set(self.names[j]) & set(self.defined[here]):
            if squeezed(self.mine[here].source) != squeezed(self.lab[j].source):
                self._doubt(j, f"{task}: cell {here + 1} is written but defines no {' and no '.join(self.names[j])}")
                return
        for n in self._free():
            for name in self.defined[n]:
                if name in self.owner or not any(_alike(name, wanted) for wanted in self.names[j]):
                    continue
                if self.defined[n][name].state(None) > State.STUB and not self._is_labs_own(n):
                    self._doubt(j, f"{task}: nothing has its name, but {name} in cell {n + 1} may be meant as the answer")
                    return

    # ---- written answers

    def fill_texts(self) -> None:
        """Bring each written answer to its cell: it may stand beneath its question, or in it."""
        for j, cell in enumerate(self.lab):
            if not is_answer(cell) or j in self.names:
                continue
            if j not in self.home and (empty := self._empty_place(j)) is not None:
                self._take(j, empty)
            here = self.home.get(j)
            if here is not None and written_text(self.mine[here].source, cell.source):
                continue
            beneath = [n for n in self._own_below(j) if self._is_text(n)]
            if beneath:
                text = "\n\n".join(dict.fromkeys(self.mine[n].source.strip() for n in beneath))
                where = " and ".join(f"cell {n + 1}" for n in beneath)
                if here is None:
                    self._take(j, beneath[0])
                self.mine[self.home[j]].source = text
                self._change(self._task(j), f"The written answer was found in {where} and brought to its own cell.")
            elif text := self._in_question(j):
                if here is None:
                    self.new[j] = text
                else:
                    self.mine[here].source = text
                self._change(self._task(j), "The written answer stood in the question's own cell and was brought to the answer's.")
            else:
                self._no_text(j)

    def _question(self, j: int) -> int | None:
        """The cell of the lab that asks what `j` answers."""
        return j - 1 if j and nbgrader_meta(self.lab[j - 1]).get("locked") and self.lab[j - 1].cell_type == "markdown" else None

    def _own_below(self, j: int) -> list[int]:
        """Their own cells between a question, or the place for its answer, and the next cell of the lab."""
        question = self._question(j)
        starts = [self.home[each] for each in (j, question if question is not None else j - 1) if each in self.home]
        after = min((k for k in self.home if k > j), default=None)
        found: list[int] = []
        for n in range(min(starts) + 1, len(self.mine)) if starts else ():
            if n not in self.place:
                found.append(n)
            elif self.place[n] not in (j, question):  # in a heap of cells, what lies below a question says nothing
                return found if self.place[n] == after else []
        return found if after is None else []

    def _empty_place(self, j: int) -> int | None:
        """The place for the answer, untouched, whose metadata are lost."""
        stub = squeezed(self.lab[j].source)
        return next((n for n in self._own_below(j) if squeezed(self.mine[n].source) == stub), None)

    def _is_text(self, n: int) -> bool:
        cell = self.mine[n]
        if squeezed(cell.source) in self.lab_text or len(squeezed(cell.source)) < 3:
            return False
        return cell.cell_type != "code" or (parsed(cell.source) is None and len(cell.source.split()) >= 5 and not self.defined[n])

    def _in_question(self, j: int) -> str:
        """What was added to the question's text, if it is the question of this release."""
        question = self._question(j)
        if question is None or question not in self.home:
            return ""
        cell, asked = self.mine[self.home[question]], self.lab[question]
        if _checksum(cell) not in ("", _checksum(asked)):
            return ""
        before, after = asked.source.strip().split("\n"), cell.source.strip().split("\n")
        if len(after) > MOST_LINES:
            return ""
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        if sum(block.size for block in matcher.get_matching_blocks()) < NEARLY_ALL * len(before):
            return ""
        added = [line for op, _, _, b, e in matcher.get_opcodes() if op in ("insert", "replace") for line in after[b:e]]
        text = "\n".join(added).strip()
        return text if len(text) >= SOME_WORDS else ""

    def _no_text(self, j: int) -> None:
        task = self._task(j)
        label = re.match(r"[a-z]+\d+", task)
        found = []
        for n in self._free():
            text = self.mine[n].source.strip(" #*_>\n")
            named = label is not None and re.match(rf"{label[0]}\b", text, re.IGNORECASE)
            if self._is_text(n) and ((named and len(text) >= SOME_WORDS) or (j not in self.home and len(text) >= MUCH_TEXT)):
                found.append(f"cell {n + 1}")
        if found:
            self._doubt(j, f"{task}: its own cell is empty, but the text in {' or '.join(found[:5])} may be meant as the answer")

    # ---- metadata, types, stray lines

    def give_back_metadata(self) -> None:
        for j, n in sorted(self.home.items(), key=lambda each: each[1]):
            cell, ours = self.mine[n], self.lab[j]
            where = grade_id(ours) or f"cell {n + 1}"
            if grade_id(ours) and _essential(cell) != _essential(ours):
                said = "had lost" if not nbgrader_meta(cell) else "had wrong"
                for key in ("nbgrader", "deletable", "editable"):
                    if key in ours.metadata:
                        cell.metadata[key] = nbformat.from_dict(ours.metadata[key])
                self._change(where, f"Cell {n + 1} {said} grading metadata; it has the lab's again as {where}.", "metadata")
            theirs, meant = _tags(cell), _tags(ours)
            if theirs & MEANT_TAGS != meant & MEANT_TAGS:
                cell.metadata["tags"] = sorted((theirs - MEANT_TAGS) | (meant & MEANT_TAGS))
                self._change(where, f"Cell {n + 1} has the lab's tags again ({', '.join(sorted(meant)) or 'none'}).", "tags")
            if cell.cell_type != ours.cell_type:
                self._change(where, f"Cell {n + 1} was a {cell.cell_type} cell and is a {ours.cell_type} cell again.", "type")
                _become(cell, ours.cell_type)

    def disarm_stubs(self) -> None:
        """A copy of a stub would undo the answer when it runs."""
        for n, cell in enumerate(self.mine):
            if n in self.place or cell.cell_type != "code":
                continue
            names = set(self.defined[n]) & set(self.owner)
            blank = squeezed(cell.source) in {squeezed(self.lab[j].source) for j in self.names}
            if blank or (names and names == set(self.defined[n]) and not self._answered(n)):
                if "".join(cell.source.split()):
                    _become(cell, "raw")
                    self._change(f"cell {n + 1}", f"Cell {n + 1} was a second copy of an empty answer and is kept as text.")

    def neutralise(self) -> None:
        for n, cell in enumerate(self.mine):
            if cell.cell_type != "code" or squeezed(cell.source) in self.lab_text:
                continue
            new, lines = neutralised(cell.source)
            if lines:
                cell.source = new
                first = readable(lines[0], 60)
                self._change(f"cell {n + 1}", f"Cell {n + 1}: {first!r}{' and more' if len(lines) > 1 else ''} is not run "
                             "while grading, where everything is installed and no network is.")  # fmt: skip
        for j, text in self.new.items():
            self.new[j] = neutralised(text)[0] if j in self.names else text

    def look_for_another_release(self) -> None:
        """Where nbgrader's checksums say that a task was released with another text than the one we have."""
        known = {j: _checksum(self.given.cells[n]) for j, n in self.home.items() if grade_id(self.given.cells[n]) == grade_id(self.lab[j])}
        other = {j for j, sum_ in known.items() if sum_ and sum_ != _checksum(self.lab[j])}
        for j in sorted(other):
            if is_answer(self.lab[j]):
                self._doubt(j, f"{self._task(j)}: it was written for another release of the lab, in which this task was different")
        lost = [j for j in self.ids.values() if j not in self.home and j not in self.new and is_answer(self.lab[j])]
        if len(other) > 1 or self._unknown_ids():
            for j in lost:
                self._doubt(j, f"{self._task(j)}: the notebook was made from another release of the lab, which may have lacked this task")

    def _unknown_ids(self) -> bool:
        return any(grade_id(cell) and grade_id(cell) not in self.ids for cell in self.given.cells)

    # ---- order

    def arrange(self) -> None:
        """Put back what is lost, and everything in the lab's order where that was broken."""
        lost = [j for j, cell in enumerate(self.lab) if j not in self.home and self._is_needed(j)]
        matters = [n for j, n in sorted(self.home.items()) if grade_id(self.lab[j]) or self._is_run(j)]
        broken = matters != sorted(matters)
        for j in lost:
            self._change(self._task(j), self._how_it_comes_back(j), "" if is_answer(self.lab[j]) else "lost")
        if broken:
            moved = next(n for n, after in zip(matters, matters[1:]) if after < n)
            self._change("notebook", f"The cells stood in another order (from cell {moved + 1} on) and are in the lab's again.")
        if not lost and not broken:
            return
        follow: dict[int, list[NotebookNode]] = defaultdict(list)
        anchor = -1
        for n, cell in enumerate(self.mine):
            if n in self.place:
                anchor = self.place[n]
            else:
                follow[anchor].append(cell)
        cells = follow[-1]
        for j, ours in enumerate(self.lab):
            if j in self.home:
                cells.append(self.mine[self.home[j]])
            elif j in lost:
                cells.append(nbformat.from_dict({**ours, "source": self.new.get(j, ours.source)}))
                self.back[id(cells[-1])] = ours.get("id", f"lab-{j}")
            cells += follow[j]
        self.nb.cells = cells

    def _is_run(self, j: int) -> bool:
        return self.lab[j].cell_type == "code" and SHOW_TAG not in _tags(self.lab[j])

    def _is_needed(self, j: int) -> bool:
        """Whether grading misses this cell of the lab: it is graded, read by the marker, or other cells stand on it."""
        if grade_id(self.lab[j]):
            return True
        if not self._is_run(j):
            return False
        text, defined = self._all_code
        names = bound_names(self.lab[j].source)
        return squeezed(self.lab[j].source) not in text and not (names and names <= defined)

    @cached_property
    def _all_code(self) -> tuple[str, set[str]]:
        """The code of all their cells together, without white space, and the names that it defines."""
        code = [cell.source for cell in self.mine if cell.cell_type == "code"]
        return squeezed("\n".join(code)), {name for each in code for name in bound_names(each)}

    def _how_it_comes_back(self, j: int) -> str:
        task = self._task(j)
        if j in self.new:
            return f"The cell {task} was lost and is back, with the answer that was found."
        if is_answer(self.lab[j]):
            return f"The cell {task} was lost, and no answer to it was found; it is back as it was released."
        return f"The cell {task} was lost and is back as it was released."

    def finished(self) -> NotebookNode:
        """The notebook in today's format, each cell with an id of its own, with the notes."""
        self.nb.nbformat, self.nb.nbformat_minor = 4, 5
        # The lab's cells come first, so that no copy keeps the id of the one that counts.
        ours = {id(self.mine[n]): self.lab[j].id for j, n in self.home.items() if "id" in self.lab[j]} | self.back
        seen = set(ours.values())
        for n, cell in enumerate(self.nb.cells):
            name = cell.get("id", "")
            if not re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) or name in seen:
                name = hashlib.sha256(f"{n} {cell.source}".encode()).hexdigest()[:12]
            cell.id = ours.get(id(cell), name)
            seen.add(cell.id)
        notes = self.nb.metadata.get("vaelabs")
        if not isinstance(notes, dict):
            self.nb.metadata["vaelabs"] = notes = nbformat.from_dict({})
        notes["repairs"] = summary(self.changes)
        notes["doubts"] = {each.task: each.sentence for each in self.doubts}
        return self.nb


def _become(cell: NotebookNode, cell_type: str) -> None:
    for key in ("outputs", "execution_count", "attachments"):
        cell.pop(key, None)
    if cell.cell_type != "code" and cell_type == "code":
        cell.source = unfenced(cell.source)
    cell.cell_type = cell_type
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _checksum(cell: NotebookNode) -> str:
    return str(nbgrader_meta(cell).get("checksum", ""))


def _essential(cell: NotebookNode) -> dict:
    """The grading metadata without what grading sets by itself."""
    return {key: value for key, value in nbgrader_meta(cell).items() if key != "checksum"}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+|[^\w\s]", text[:20_000]))


def _alike(name: str, wanted: str) -> bool:
    plain, other = (each.replace("_", "").lower() for each in (name, wanted))
    return plain == other or difflib.SequenceMatcher(None, plain, other).ratio() >= SIMILAR + 0.2


def written_answers(notebook: NotebookNode, lab_notebook: NotebookNode) -> dict[str, State]:
    """The answers of the lab on which something is written, wherever it stands in the notebook, and how far.

    A written answer (text) counts only in its own cell.
    """
    bench = _Bench(notebook, lab_notebook)
    found: dict[str, State] = {}
    for j, names in bench.names.items():
        states = [bench._state(name, defined) for defined in bench.defined for name in names if name in defined]
        if states and max(states) > State.STUB:
            found[bench._task(j)] = max(states)
    texts = {grade_id(cell): cell.source for cell in notebook.cells}
    for cell in lab_notebook.cells:
        name = grade_id(cell)
        if is_answer(cell) and cell.cell_type != "code" and written_text(texts.get(name, ""), cell.source):
            found[name] = State.COMPLETE
    return found

"""A check gives the same verdict whether the student's function is in its own process or in a kernel's.

Each sample answer is checked once on both ways with the same seed; the verdicts are to be equal in every word. Numbers
may differ: some answers draw from generators that no seed reaches.
Without `VAELABS_SEEDS=1` only every twenty-fourth of a task is tried, of JAX every sixty-fourth, and the first of each.
"""

from __future__ import annotations

import multiprocessing
import re
import socket
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from test_answers import FILES, SEEDS, answers, check, earlier, graded_source

from vaelabs.answers import Answer
from vaelabs.checks.rubric import Verdict, read_verdict
from vaelabs.judge import Case, Names, judge_cell
from vaelabs.subjects.remote import Kernel

SECONDS = 300.0
NUMBER = re.compile(r"[-+]?\d[\d.e+-]*")


def serve(line: Connection, path: str) -> None:
    """What a kernel does: run one answer after the other, and serve its names."""
    from vaelabs.subjects.agent import Agent

    while True:
        try:
            lab, answer = line.recv()
        except EOFError:
            return
        names = dict(earlier(lab, answer.task))
        exec(compile(answer.source, f"<{answer.task}: {answer.name}>", "exec"), names)
        Agent(names).serve(path)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Judge an answer that runs in another process."""
    path = tmp_path_factory.mktemp("judge") / "line"
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(theirs, str(path)), daemon=True)
    process.start()
    theirs.close()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(1)
        listening.settimeout(SECONDS)

        def judge(lab: str, answer: Answer, seed: int) -> Verdict:
            ours.send((lab, answer))
            source = graded_source(lab, answer.task)
            case = Case("test", source, {}, str(path), SECONDS, 10.0, seed)
            names = Names({})
            names.kernel = Kernel(listening.accept()[0], SECONDS)
            try:
                outcome = judge_cell(case, names)
            finally:
                names.kernel.close()
            assert not outcome.lost
            return read_verdict(outcome.outputs)

        yield judge
    ours.close()
    process.join(10)
    process.kill()


@pytest.mark.parametrize(
    ("lab", "answer"),
    [
        pytest.param(lab, answer, id=f"{lab}-{task}-{answer.name.replace(' ', '_')}")
        for lab, task in FILES
        for answer in answers(lab, task)[:: 1 if SEEDS else 64 if lab == "vae_flax" else 24]
    ],
)
def test_the_judge_gives_the_verdict_that_the_check_gives(lab, answer, judged, monkeypatch):
    """The same points for each property, the same diagnosis, the same words."""
    monkeypatch.setenv("VAELABS_SEED", "7")  # the judge sets it for the whole process

    assert in_words(check(lab, answer, seed=7).verdict) == in_words(judged(lab, answer, seed=7))


def in_words(verdict: Verdict) -> tuple:
    """The verdict without the numbers in its texts."""
    parts = [(each.name, each.points, NUMBER.sub("#", each.message)) for each in verdict.properties]
    named = verdict.diagnosis and (verdict.diagnosis.id, NUMBER.sub("#", verdict.diagnosis.evidence))
    return verdict.status, verdict.points, parts, named, NUMBER.sub("#", verdict.message)

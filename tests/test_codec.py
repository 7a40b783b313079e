"""The wire: what is sent arrives, and whatever else arrives is refused."""

from __future__ import annotations

import copy
import json
import math
import os
import random
import resource
import socket
import struct
import threading
import time
import tracemalloc
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from vaelabs.subjects import codec
from vaelabs.subjects.codec import Foreign, ProtocolError, Record, Ref, Unsendable, decode, encode, receive, send
from vaelabs.subjects.functional import Apply, BFloat16, Keys, Leaf, Mesh, Params, Placed, TrainingState
from vaelabs.subjects.net import Net
from vaelabs.subjects.programs import Batches, Program, Svi
from vaelabs.subjects.stand_in import Seed
from vaelabs.subjects.trace import Plate, Site, Trace

RNG = np.random.default_rng(0)
NET = Net.random(RNG, [3, 4, 2], heads=2, scales=True)
PARAMS = Params(NET, Net.random(RNG, [2, 3]), -0.5)
MODEL = Program("model", NET, 2, sites=("a", "b"))
SITE = Site("z", "sample", True, np.ones(2), None, "Normal", (2,), (), (Plate("data", 2, -1), Plate("loop", 3, None)))

VALUES = {
    "scalars": (None, True, False, 0, -3, 2**63 - 1, 0.5, -0.0, 1e-320, "", "text", "é\n\0", ...),
    "numbers that JSON has not": (math.inf, -math.inf),
    "containers": ([], (), {}, set(), [(1, [2, {"a": (3,)}])], {1: "a", None: "b", (1, "c"): [], 0.5: 2}, {1, "x", (2, 3)}),
    "arrays": tuple(np.arange(6).reshape(2, 3).astype(name) for name in codec.DTYPES),
    "odd arrays": (np.array(3.5), np.zeros((0, 3)), np.zeros((2, 0, 4), bool), np.zeros(0), np.ones((1,) * 16)),
    "numbers of an array": (np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),),
    "views": (np.arange(6)[::2], np.arange(6).reshape(2, 3).T, np.asfortranarray(np.ones((2, 3)))),
    "another byte order": (np.arange(3, dtype=">f4"), np.arange(3, dtype=">i8")),
    "numbers of NumPy": (np.float32(0.1), np.float64(2), np.int8(-1), np.bool_(True), np.complex64(1j), np.float16(2)),
    "arrays of frameworks": (
        Foreign("t", np.ones((2, 2), "float32"), "", True),
        Foreign("t", np.array(1.5, "float32"), "bfloat16"),
        Foreign("j", np.ones(2, "uint32"), "key"),
        Foreign("t", np.ones(4, "uint8"), "generator"),
        Foreign("n", np.ones(6, "uint64"), "generator"),
    ),
    "references": (Ref(3, "network", "VAE"), Ref(0)),
    "records": (Record(Ref(3, "namedtuple", "Pair"), ("a", "b"), (1, np.ones(2))), Record(Ref(4, "dataclass"), (), ())),
    "networks": (NET, PARAMS, Apply(NET), Apply(NET, "sin"), TrainingState(PARAMS, 0.1)),
    "stand-ins": (Seed(3), Keys(1, 2), BFloat16(np.ones(2)), Mesh(8), Placed(PARAMS, 8), Placed(np.ones(8), 8, True)),
    "programs": (MODEL, Svi(MODEL, Program("guide", NET, 2)), Batches((np.ones((2, 3)), np.ones((1, 3))), "once")),
    "traces": (SITE, Trace((SITE,), {"p": "q"}, np.ones(3)), Trace((), {}, None, "no numbers"), Trace((), {}, (np.ones(1),))),
    "leaves": (Leaf(np.ones((4, 2)), 8, (1, 2)), {"a.b": Leaf(np.array(1.0), 1, ())}),
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_sent_arrives(name):
    """Every kind of value comes back as it was, arrays bit for bit."""
    assert same(VALUES[name], decode(encode(VALUES[name])))


def same(a: Any, b: Any) -> bool:
    """Equal in kind and in value, to the sign of zero."""
    if isinstance(a, (np.ndarray, np.generic)):
        alike = type(a) is type(b) and a.shape == b.shape and a.dtype.newbyteorder("=") == b.dtype
        return alike and np.asarray(a, b.dtype).tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if is_dataclass(a):
        return all(same(getattr(a, each.name), getattr(b, each.name)) for each in fields(a))
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return a == b and str(a) == str(b)


def test_not_a_number_arrives():
    assert math.isnan(decode(encode(math.nan)))


def test_numbers_too_large_for_64_bits_arrive_as_what_they_are_nearly():
    assert [2.0**70, -(2.0**70), math.inf] == decode(encode([2**70, -(2**70), 2**2000]))


def test_an_array_that_arrived_is_its_own(name="x"):
    """It can be written to, and holds on to no message."""
    found = decode(encode(np.ones(3)))

    found[0] = 2

    assert found.flags.owndata


def test_long_text_is_cut():
    assert codec.MAX_TEXT == len(decode(encode("x" * 50_000)))


def test_half_of_a_character_becomes_a_question_mark():
    """JSON may hold what no file can be written with."""
    assert "é?" == decode(encode("é\ud800"))


class Student:
    """What the wire has no form for."""


class Lying(float):
    """A number that says it equals everything."""

    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    "value",
    [Student(), Lying(1), np.array([None]), np.array(["text"]), np.zeros(2, "datetime64[s]"), lambda: 0, b"bytes", 1j,
     np.ones((1,) * 17), Foreign("t", np.array([None]))],
    ids=["object", "number that lies", "objects", "texts", "dates", "function", "bytes", "complex", "axes", "foreign objects"],
)  # fmt: skip
def test_what_has_no_form_is_not_sent(value):
    with pytest.raises(Unsendable):
        encode([value])


def test_what_has_no_form_may_be_referred_to():
    """The kernel's agent replaces it; classes are looked at, not what they say of themselves."""
    assert [Ref(1, "object", "Student"), Ref(1, "object", "Lying")] == decode(
        encode([Student(), Lying(1)], lambda value: Ref(1, "object", type(value).__name__))
    )


@pytest.mark.parametrize("value", [["deep"], ("deep",), {"deep": 0}])
def test_depth_is_bounded(value):
    for _ in range(codec.MAX_DEPTH + 2):
        value = [value]

    with pytest.raises(Unsendable):
        encode(value)


def framed(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(text), len(body)) + text + body


ARRAY = ["a", "n", "", False, "float32", [2]]

REFUSED = {
    "nothing": b"",
    "cut": framed([])[:6],
    "no JSON": framed(b"{"),
    "another encoding": framed("1".encode("utf-16")[:-1]),
    "no tag": framed([]),
    "unknown tag": framed(["z"]),
    "an object": framed({"a": 1}),
    "NaN of JSON": framed(b"[\"t\", NaN]"),
    "a large number": framed(2**63),
    "a very large number": framed(b"9" * 5000),
    "no number": framed(["f", "one"]),
    "a deep header": framed(b"[" * 200_000 + b"]" * 200_000),
    "a deep value": framed(eval("['l'," * 40 + "1" + "]" * 40)),
    "numbers of nobody": framed(1, b"\0"),
    "an array without numbers": framed(ARRAY, b"\0" * 7),
    "a negative shape": framed([*ARRAY[:5], [-1]], b"\0" * 8),
    "a shape of fractions": framed([*ARRAY[:5], [2.0]], b"\0" * 8),
    "a shape of truths": framed([*ARRAY[:5], [True]], b"\0" * 4),
    "a huge shape": framed([*ARRAY[:5], [2**31, 2**31, 2**31]], b"\0" * 8),
    "a huge empty shape": framed([*ARRAY[:5], [0, 2**27]]),
    "many axes": framed([*ARRAY[:5], [1] * 17], b"\0" * 4),
    "objects": framed(["a", "n", "", False, "object", [1]], b"\0" * 8),
    "void": framed(["a", "n", "", False, "V4", [1]], b"\0" * 4),
    "a type that is no text": framed(["a", "n", "", False, ["float32"], [1]], b"\0" * 4),
    "an unknown framework": framed(["a", "q", "", False, "float32", [1]], b"\0" * 4),
    "an unknown name": framed(["a", "t", "float8", False, "float32", [1]], b"\0" * 4),
    "no truth value": framed(["a", "n", "", False, "bool", [2]], b"\0\2"),
    "too few fields of an array": framed(ARRAY[:4]),
    "a key without value": framed(["d", 1]),
    "a list as key": framed(["d", ["l"], 1]),
    "an array in a key": framed(["d", ["t", ARRAY], 1], b"\0" * 8),
    "many keys": framed(["d", *range(2 * codec.MAX_KEYS + 2)]),
    "a list in a set": framed(["s", ["l"]]),
    "an unknown class": framed(["x", "Popen", "ls"]),
    "a class by number": framed(["x", 3]),
    "a class by list": framed(["x", ["l"]]),
    "too few fields of a class": framed(["x", "Net", ["t"]]),
    "a leaf without numbers": framed(["x", "Leaf", 1, 1, ["t"]]),
    "a trace of text": framed(["x", "Trace", "sites", ["d"], None, ""]),
    "a record of another number of fields": framed(["x", "Record", ["r", 1, "dataclass", "D"], ["t", "a"], ["t"]]),
    "a record with a field twice": framed(["x", "Record", ["r", 1, "dataclass", "D"], ["t", "a", "a"], ["t", 1, 2]]),
    "a record of nothing": framed(["x", "Record", 1, ["t"], ["t"]]),
    "a reference by text": framed(["r", "1", "function", "f"]),
    "a reference by truth": framed(["r", True, "function", "f"]),
    "a reference without name": framed(["r", 1, "function"]),
    "a long header": struct.pack("<II", codec.MAX_HEADER + 1, 0) + b" " * (codec.MAX_HEADER + 1),
    "a long body": struct.pack("<II", 1, codec.MAX_FRAME) + b"1",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_message_is_refused(name):
    with pytest.raises(ProtocolError):
        decode(REFUSED[name])


@pytest.fixture
def line():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_messages_follow_one_another(line):
    """A large one too, which no buffer holds."""
    ours, theirs = line
    large = np.arange(2_000_000)

    thread = threading.Thread(target=lambda: [send(theirs, encode(each), 60) for each in (1, large, "end")])
    thread.start()
    found = [receive(ours, 60) for _ in range(3)]
    thread.join()

    assert (1, "end") == (found[0], found[2])
    np.testing.assert_array_equal(large, found[1])


def test_a_slow_message_is_not_waited_for(line):
    """A byte now and then does not put the deadline off."""
    ours, theirs = line
    stop = threading.Event()

    def drip() -> None:
        for byte in framed("x" * 1000):
            if stop.wait(0.05):
                return
            theirs.sendall(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(ours, 0.4)
    took = time.monotonic() - begin
    stop.set()
    thread.join()

    assert took < 5


@pytest.mark.parametrize("lengths", [(2**32 - 1, 0), (0, 2**32 - 1), (codec.MAX_HEADER, codec.MAX_FRAME)])
def test_a_flood_is_refused_before_it_is_read(line, lengths):
    ours, theirs = line
    theirs.sendall(struct.pack("<II", *lengths))

    with pytest.raises(ProtocolError):
        receive(ours, 5)


def test_the_other_side_may_go(line):
    ours, theirs = line
    theirs.sendall(framed(1)[:9][:-1])
    theirs.close()

    with pytest.raises(ProtocolError):
        receive(ours, 5)


def test_to_one_that_is_gone_nothing_can_be_sent(line):
    ours, theirs = line
    theirs.close()

    with pytest.raises(ProtocolError):
        send(ours, encode(np.zeros(1_000_000)), 5)


# Fuzz


FUZZ = int(os.environ.get("VAELABS_FUZZ", 4000))
MEMORY = 200_000_000  # bytes at the most for what comes of frames of some kilobytes
LITERALS = [*range(-2, 3), 2**31, 2**62, 2**64, 1e308, True, False, None, "", "a", "n", "t", "j", "l", "d", "s", "x", "r", "f", "e",
            "float32", "bool", "object", "nan", "key", "bfloat16", "Net", "Trace", "Site", "Record", [], {}, [0], ["t"], ["l", ["e"]],
            ["a", "n", "", False, "uint8", [0]], ["x", "Net", 1, 2, 3], [2**27, 0], "\ud800", "9" * 400]  # fmt: skip


def mutated(frame: bytes, rng: random.Random) -> bytes:
    """The frame with something wrong: in its bytes, in its lengths, or in the tree of its header."""
    way = rng.randrange(4)
    n_header, n_body = struct.unpack_from("<II", frame)
    header, body = frame[8 : 8 + n_header], frame[8 + n_header :]
    if way == 0:
        found = bytearray(frame)
        for _ in range(rng.randint(1, 8)):
            found[rng.randrange(len(found))] = rng.randrange(256)
        return bytes(found)
    if way == 1:
        cut, paste = sorted(rng.randrange(len(frame) + 1) for _ in range(2))
        return rng.choice([frame[:cut], frame[:cut] + frame[paste:], frame[:paste] + frame[cut:], frame + frame[cut:paste]])
    if way == 2:
        text = bytearray(header)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(text) + 1)
            text[at : at + rng.randrange(4)] = rng.choice([b"[", b"]", b'"', b",", b"9", b"-", b"e9", b"null", b"{}", b"\xff", b"\\ud800"])
        return framed(bytes(text), body)
    tree = [json.loads(header)]
    for _ in range(rng.randint(1, 4)):
        node = tree
        while True:
            n = rng.randrange(len(node))
            if isinstance(node[n], list) and node[n] and rng.random() < 0.8:
                node = node[n]
                continue
            break
        match rng.randrange(4):
            case 0:
                node[n] = copy.deepcopy(rng.choice(LITERALS))
            case 1:
                node.insert(n, copy.deepcopy(rng.choice(LITERALS)))
            case 2:
                node[n] = [node[n], json.loads(json.dumps(node[n]))] * rng.randint(1, 30)
            case 3 if len(node) > 1:
                del node[n]
    return framed(tree[0], body[: rng.choice([len(body), len(body), rng.randrange(len(body) + 1)])])


def test_no_message_does_harm():
    """Whatever comes, it is a value or a ProtocolError, soon, and in bounded memory."""
    frames = [encode(value) for value in VALUES.values()] + [encode(each) for value in VALUES.values() for each in value]
    rng, accepted, slowest = random.Random(int(os.environ.get("VAELABS_FUZZ_SEED", 0))), 0, 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    tracemalloc.start()
    for _ in range(FUZZ):
        frame = mutated(rng.choice(frames), rng)
        begin = time.thread_time()
        try:
            value = decode(frame)
        except ProtocolError:
            pass
        else:
            accepted += 1
            encode(value, lambda each: Ref(0))
        slowest = max(slowest, time.thread_time() - begin)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    print(f"{FUZZ:,} frames, {accepted:,} of them read, slowest {slowest:.3f} s, peak {peak:,}, grown {grown:,} bytes")
    assert 0 < accepted < FUZZ
    assert slowest < 2
    assert peak < MEMORY and grown < MEMORY

"""The wire between the judge and a student's kernel: bounded frames of data, parsed and never evaluated.

A frame is `u32 length of the header | u32 length of the body | header | body`, little-endian. The header is JSON: a
tree of values, each a JSON scalar or a list that begins with a tag. The body holds the arrays' numbers, one after the
other in the order in which the header names them.

    scalars       null, true, 3, 0.5, "text"; ["f", "nan"] for the numbers that JSON has not; ["e"] for `...`
    containers    ["t", ...] tuple, ["l", ...] list, ["s", ...] set, ["d", key, value, key, value, ...] dictionary
    arrays        ["a", kind, name, wanted, dtype, [shape]]; kind "n" NumPy, "g" a NumPy scalar, "t" torch, "j" JAX;
                  `name` and `wanted` as in Foreign
    told things   ["x", class, field, field, ...] a dataclass of this package, such as Net or Leaf, or a Record
    references    ["r", number, kind, name] something that stays in the kernel

Whatever a kernel sends, `decode` gives plain data of bounded size or raises ProtocolError.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .functional import Apply, BFloat16, Keys, Leaf, Mesh, Params, Placed, TrainingState
from .net import Net
from .programs import Batches, Program, Svi
from .stand_in import Seed
from .trace import Plate, Site, Trace

MAX_HEADER = 1_000_000  # bytes
MAX_FRAME = 256_000_000  # bytes; five times the largest result that a check accepts
MAX_DEPTH = 16
MAX_NDIM = 16
MAX_TEXT = 20_000  # characters of one text
MAX_KEYS = 10_000  # in one dictionary or set: keys with one and the same hash can be made on purpose
DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
KINDS = ("n", "g", "t", "j")
NAMES = ("", "bfloat16", "key", "generator")
_LENGTHS = struct.Struct("<II")


class ProtocolError(Exception):
    """What came is no frame of this protocol, or the other side is gone."""


class Unsendable(TypeError):
    """A value that the wire has no form for."""


@dataclass(frozen=True)
class Ref:
    """Something that stays in the kernel: its number there, and what the kernel says of it.

    `kind` is "function", "class", "instance", "module" or "object"; `name` that of its class, or its own.
    """

    number: int
    kind: str = "object"
    name: str = ""


@dataclass(frozen=True)
class Foreign:
    """An array of a framework, by its numbers: `kind` "t" for torch, "j" for JAX; "n" only for a generator."""

    kind: str
    numbers: np.ndarray
    dtype: str = ""
    """What the numbers are where NumPy has no word for it: "bfloat16" (they travel as float32), "key" of JAX,
    "generator" (its state; from the judge only)."""
    differentiable: bool = False


@dataclass(frozen=True)
class Record:
    """A named tuple or an object of a dataclass that a student has made, by its fields.

    `made` is a Ref to its class, of the kind "namedtuple" or "dataclass".
    """

    made: Ref
    names: tuple[str, ...]
    values: tuple[Any, ...]


def encode(value: Any, refer: Callable[[Any], Any] | None = None) -> bytes:
    """The frame for `value`; `refer` may replace what the wire has no form for. Raises Unsendable."""
    body: list[bytes] = []
    header = json.dumps(_tree(value, body, refer, 0), separators=(",", ":"), allow_nan=False).encode()
    size = sum(map(len, body))
    if len(header) > MAX_HEADER or size + len(header) > MAX_FRAME:
        raise Unsendable(f"a message of {len(header) + size:,} bytes is longer than the wire takes")
    return b"".join((_LENGTHS.pack(len(header), size), header, *body))


def decode(frame: bytes) -> Any:
    """The value in a whole frame. Raises ProtocolError."""
    if len(frame) < _LENGTHS.size:
        raise ProtocolError("the frame is cut off")
    n_header, n_body = _LENGTHS.unpack_from(frame)
    header, body = frame[_LENGTHS.size : _LENGTHS.size + n_header], frame[_LENGTHS.size + n_header :]
    if n_header > MAX_HEADER or n_header + n_body > MAX_FRAME or len(header) != n_header or len(body) != n_body:
        raise ProtocolError("the frame's lengths are wrong")
    return _parsed(header, body)


def send(connection: socket.socket, frame: bytes, seconds: float | None = None) -> None:
    """Send a whole frame within so many seconds. Raises ProtocolError when the other side is gone or does not read."""
    try:
        connection.settimeout(seconds)
        connection.sendall(frame)
    except OSError as error:
        raise ProtocolError(f"the message could not be sent: {error}") from error


def receive(connection: socket.socket, seconds: float | None = None) -> Any:
    """The next value from the connection, all of it within so many seconds.

    Raises TimeoutError, or ProtocolError when the other side is gone or sends what is no frame.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    n_header, n_body = _LENGTHS.unpack(_exactly(connection, _LENGTHS.size, deadline))
    if n_header > MAX_HEADER or n_header + n_body > MAX_FRAME:
        raise ProtocolError(f"a message of {n_header + n_body:,} bytes is longer than the wire takes")
    header = _exactly(connection, n_header, deadline)
    return _parsed(bytes(header), _exactly(connection, n_body, deadline))


def _exactly(connection: socket.socket, size: int, deadline: float | None) -> bytearray:
    found = bytearray()
    while len(found) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        try:
            part = connection.recv(min(size - len(found), 1 << 20))
        except TimeoutError:
            raise
        except OSError as error:
            raise ProtocolError(f"the connection broke: {error}") from error
        if not part:
            raise ProtocolError("the other side is gone")
        found += part
    return found


def _tree(value: Any, body: list[bytes], refer: Callable[[Any], Any] | None, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Unsendable("the value is nested too deeply")

    def inner(each: Any) -> Any:
        return _tree(each, body, refer, depth + 1)

    kind = type(value)  # a subclass may be the student's, and lie
    if value is None or kind in (bool, str):
        return value[:MAX_TEXT] if kind is str else value
    if kind is int:
        return value if abs(value) < 2**63 else ["f", str(float(value)) if abs(value) < 2**1000 else "inf"]
    if kind is float:
        return value if np.isfinite(value) else ["f", str(value)]
    if value is ...:
        return ["e"]
    if kind is tuple or kind is list:
        return ["t" if kind is tuple else "l", *map(inner, value)]
    if kind is dict:
        return ["d", *(inner(each) for pair in value.items() for each in pair)]
    if kind is set:
        return ["s", *map(inner, value)]
    if kind is Ref:
        return ["r", value.number, value.kind, value.name[:200]]
    if kind is Foreign:
        return ["a", value.kind, value.dtype, value.differentiable, *_numbers(value.numbers, body)]
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in DTYPES:
        kind = "n" if isinstance(value, np.ndarray) else "g"
        return ["a", kind, "", False, *_numbers(np.asarray(value), body)]
    told = next((each for each in kind.__mro__ if TOLD.get(each.__name__) is each), None)
    if told:  # what a check has made more of it, for its own use, stays with the check
        return ["x", told.__name__, *(inner(getattr(value, field.name)) for field in fields(told))]
    if refer is not None:
        return inner(refer(value))
    raise Unsendable(f"a {kind.__name__} cannot be sent to the student's kernel, only arrays, numbers, text and lists")


def _numbers(array: np.ndarray, body: list[bytes]) -> tuple[str, list[int]]:
    dtype = DTYPES.get(array.dtype.name)
    if dtype is None or array.ndim > MAX_NDIM:
        raise Unsendable(f"an array of {array.dtype} numbers with {array.ndim} axes is more than the wire takes")
    body.append(np.ascontiguousarray(array, dtype).tobytes())  # in the byte order of this machine
    return dtype.name, list(array.shape)


def _parsed(header: bytes, body: bytes | bytearray) -> Any:
    try:
        tree = json.loads(header, parse_constant=_refuse)
        reader = _Reader(body)
        value = reader.value(tree, 0)
    except ProtocolError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError, MemoryError) as error:
        raise ProtocolError(f"the message cannot be read ({type(error).__name__})") from error
    if reader.at != len(body):
        raise ProtocolError("the message has numbers that belong to nothing")
    return value


def _refuse(constant: str) -> None:
    raise ProtocolError(f"{constant} is no number of this protocol")


class _Reader:
    """Takes a header's tree apart; `at` is the place in the body."""

    def __init__(self, body: bytes | bytearray):
        self.body, self.at = body, 0

    def value(self, tree: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ProtocolError("the message is nested too deeply")
        if tree is None or isinstance(tree, (bool, float)):
            return tree
        if isinstance(tree, int):
            if abs(tree) >= 2**63:
                raise ProtocolError("a number is too large")
            return tree
        if isinstance(tree, str):
            return _text(tree)
        if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
            raise ProtocolError("a value has no tag")
        tag, *rest = tree
        read = {
            "f": self._float, "e": self._ellipsis, "t": self._tuple, "l": self._list, "s": self._set,
            "d": self._dict, "a": self._array, "x": self._told, "r": self._ref,
        }.get(tag)  # fmt: skip
        if read is None:
            raise ProtocolError("a value has an unknown tag")
        return read(rest, depth + 1)

    def _float(self, rest: list, depth: int) -> float:
        (text,) = rest
        if not isinstance(text, str) or len(text) > 400:
            raise ProtocolError("no number")
        return float(text)

    def _ellipsis(self, rest: list, depth: int) -> Any:
        () = rest
        return ...

    def _tuple(self, rest: list, depth: int) -> tuple:
        return tuple(self._list(rest, depth))

    def _list(self, rest: list, depth: int) -> list:
        return [self.value(each, depth) for each in rest]

    def _set(self, rest: list, depth: int) -> set:
        if len(rest) > MAX_KEYS:
            raise ProtocolError("a set has too many elements")
        return set(self._list(rest, depth))

    def _dict(self, rest: list, depth: int) -> dict:
        found = {}
        if len(rest) > 2 * MAX_KEYS:
            raise ProtocolError("a dictionary has too many keys")
        for key, value in zip(rest[::2], rest[1::2], strict=True):
            key = self.value(key, depth)
            if not isinstance(key, (str, int, float, bool, type(None), tuple)):
                raise ProtocolError("a dictionary has a key of another kind than text, number or tuple")
            found[key] = self.value(value, depth)
        return found

    def _array(self, rest: list, depth: int) -> np.ndarray | Foreign:
        kind, name, differentiable, dtype, shape = rest
        if kind not in KINDS or name not in NAMES or not isinstance(differentiable, bool):
            raise ProtocolError("an array is of an unknown kind")
        if dtype not in DTYPES or not isinstance(shape, list) or len(shape) > MAX_NDIM:
            raise ProtocolError("an array has no type or no shape")
        if not all(type(n) is int and 0 <= n <= MAX_FRAME for n in shape):
            raise ProtocolError("an array's shape is wrong")
        found_type, count = DTYPES[dtype], 1
        for n in shape:
            count *= n
        size = count * found_type.itemsize
        if size > len(self.body) - self.at or (count == 0 and max(shape) > MAX_TEXT):
            raise ProtocolError("an array is longer than the message")
        part = self.body[self.at : self.at + size]
        self.at += size
        if dtype == "bool" and part.strip(b"\0\1"):
            raise ProtocolError("a truth value is neither 0 nor 1")
        array = np.frombuffer(part, found_type).reshape(shape).copy()
        if kind in ("n", "g") and not name:
            return array if kind == "n" else array[()]
        return Foreign(kind, array, name, differentiable)

    def _told(self, rest: list, depth: int) -> Any:
        name, *values = rest
        kind = TOLD[name]
        values = [self.value(each, depth) for each in values]
        if len(values) != len(fields(kind)):
            raise ProtocolError(f"a {name} has too few or too many fields")
        if not _CLAIMS.get(kind, lambda *_: True)(*values):
            raise ProtocolError(f"a {name} has fields of the wrong kind")
        return kind(*values)

    def _ref(self, rest: list, depth: int) -> Ref:
        number, kind, name = rest
        if type(number) is not int or not isinstance(kind, str) or not isinstance(name, str):
            raise ProtocolError("a reference is wrong")
        return Ref(number, _text(kind)[:20], _text(name)[:200])


def _text(text: str) -> str:
    """The text, of bounded length and such that every file takes it: JSON may hold halves of characters."""
    text = text[:MAX_TEXT]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(type(n) is int for n in value)


def _array_or_none(value: Any) -> bool:
    return value is None or isinstance(value, np.ndarray)


def _all(kind: type, values: Any) -> bool:
    return isinstance(values, tuple) and all(isinstance(each, kind) for each in values)


def _record(made: Any, names: Any, values: Any) -> bool:
    return (
        isinstance(made, Ref)
        and made.kind in ("namedtuple", "dataclass")
        and _all(str, names)
        and isinstance(values, tuple)
        and len(names) == len(values) == len(set(names)) < MAX_TEXT
    )


TOLD = {
    each.__name__: each
    for each in (
        *(Apply, BFloat16, Batches, Keys, Leaf, Mesh, Net, Params, Placed),
        *(Plate, Program, Record, Seed, Site, Svi, Trace, TrainingState),
    )
}
"""The dataclasses that may cross, in either direction."""

_CLAIMS: dict[type, Callable[..., bool]] = {
    Leaf: lambda value, devices, shard: isinstance(value, np.ndarray) and type(devices) is int and _shape(shard),
    Plate: lambda name, size, dim: isinstance(name, str) and type(size) is int and (dim is None or type(dim) is int),
    Record: _record,
    Site: lambda name, kind, observed, value, log_prob, law, batch, event, plates, size, problem: (
        all(isinstance(each, str) for each in (name, kind, law, problem))
        and isinstance(observed, bool)
        and _array_or_none(value)
        and _array_or_none(log_prob)
        and _shape(batch)
        and _shape(event)
        and _all(Plate, plates)
        and (size is None or type(size) is int)
    ),
    Trace: lambda sites, parameters, result, problem: (
        _all(Site, sites)
        and isinstance(parameters, dict)
        and all(isinstance(each, str) for pair in parameters.items() for each in pair)
        and (_array_or_none(result) or isinstance(result, tuple))
        and isinstance(problem, str)
    ),
}
"""What must hold of the fields of what a kernel tells: a check reads them without looking twice."""

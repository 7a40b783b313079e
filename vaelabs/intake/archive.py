"""The files of a folder, of a zip, or one file alone, read within limits. Nothing is unpacked to disk by its name."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from vaelabs.subjects.failure import readable

MB = 1_000_000
LONGEST_NAME = 1000
_LITTER = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini", ".git", ".history", ".vscode", ".idea", "__pycache__"}
_DAMAGED = "is a damaged or incomplete zip; download it again"
_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError, OverflowError, KeyError)


class Refused(Exception):
    """A file that is not looked into: why, as the end of a sentence that begins with its name."""


@dataclass(frozen=True)
class Limits:
    """What an export may ask of this machine."""

    file_bytes: int = 100 * MB
    total_bytes: int = 20_000 * MB
    files: int = 20_000
    ratio: int = 200  # unpacked to packed; a notebook is text and pictures, and stays below 50
    nested_bytes: int = 500 * MB
    nested_files: int = 2_000
    nesting: int = 2  # zips inside of a zip inside of the export


@dataclass(frozen=True)
class Entry:
    """One file of an export. `name` is its path in it, with slashes; `read` raises Refused."""

    name: str
    size: int
    modified: datetime | None
    read: Callable[[], bytes]
    path: Path | None = None
    """Where it lies on this machine's disk, if it does."""

    @property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.name).parts


@dataclass
class Files:
    """What was found: the files to read, and the names of others with the reason for leaving them alone."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def opened(path: Path, limits: Limits = Limits()) -> Iterator[Files]:
    """The files of an export, which can be read inside the `with`. What is wrong with it as a whole is in `refused`."""
    if path.is_dir():
        yield _of_folder(path, limits)
    elif path.suffix.lower() == ".zip" or (path.is_file() and zipfile.is_zipfile(path) and path.suffix.lower() != ".ipynb"):
        with _unzipped(path, limits.files, limits.total_bytes, limits) as files:
            yield files
    else:
        yield Files([_on_disk(path, path.name, limits)])


@contextmanager
def opened_within(entry: Entry, limits: Limits) -> Iterator[Files]:
    """The files of a zip that lies in an export."""
    if entry.path is not None:
        with _unzipped(entry.path, limits.files, limits.total_bytes, limits) as files:
            yield files
        return
    try:
        data = entry.read()
    except Refused as error:
        yield Files(refused=[("", str(error))])
        return
    # Each file of a zip has such a mark. Counted first, as a list of millions of names fills the memory.
    if data.count(b"PK\x01\x02") > limits.nested_files:
        yield Files(refused=[("", f"holds more than {limits.nested_files:,} files")])
        return
    with _unzipped(io.BytesIO(data), limits.nested_files, limits.nested_bytes, limits) as files:
        yield files


def _of_folder(root: Path, limits: Limits) -> Files:
    files = Files()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name.lower() not in _LITTER)
        for name in sorted([*names, *(each for each in folders if os.path.islink(os.path.join(folder, each)))]):
            path = Path(folder, name)
            inside = path.relative_to(root).as_posix()
            if name.lower() in _LITTER or name.startswith("._"):
                continue
            try:
                mode = path.lstat().st_mode
            except OSError as error:
                files.refused.append((inside, f"cannot be read: {error.strerror}"))
                continue
            if stat.S_ISLNK(mode):
                files.refused.append((inside, "is a link to another file, and links are not followed"))
            elif not stat.S_ISREG(mode):
                files.refused.append((inside, "is a device or a pipe and no file"))
            elif len(files.entries) >= limits.files:
                files.refused.append(("", f"holds more than {limits.files:,} files; the rest is left out"))
                return files
            else:
                files.entries.append(_on_disk(path, inside, limits))
    return files


def _on_disk(path: Path, name: str, limits: Limits) -> Entry:
    def read() -> bytes:
        try:
            with path.open("rb") as file:
                data = file.read(limits.file_bytes + 1)
        except OSError as error:
            raise Refused(f"cannot be read: {error.strerror}") from None
        return _bounded(data, limits)

    try:
        known = path.stat()
        size, modified = known.st_size, datetime.fromtimestamp(int(known.st_mtime), UTC)
    except (OSError, ValueError, OverflowError):
        size, modified = 0, None
    return Entry(name, size, modified, read, path)


def _bounded(data: bytes, limits: Limits) -> bytes:
    if len(data) > limits.file_bytes:
        raise Refused(f"is larger than {limits.file_bytes // MB} MB; ask for it with its outputs cleared")
    return data


@contextmanager
def _unzipped(source: Path | io.BytesIO, most: int, total: int, limits: Limits) -> Iterator[Files]:
    files = Files()
    try:
        archive = zipfile.ZipFile(source)
    except (*_ERRORS, NotImplementedError):
        files.refused.append(("", _DAMAGED))
        yield files
        return
    with archive:
        left = [total]
        infos = archive.infolist()
        if len(infos) > most:
            files.refused.append(("", f"holds more than {most:,} files"))
            infos = []
        seen: set[str] = set()
        for info in infos:
            name = _name(info)
            parts = PurePosixPath(name).parts
            if name.endswith("/") or {part.lower() for part in parts} & _LITTER or parts[-1:] and parts[-1].startswith("._"):
                continue
            shown = readable(name, 200)
            if why := _unfit(info, name, limits):
                files.refused.append((shown, why))
            elif name in seen:
                files.refused.append((shown, "is in the zip twice; the first one is taken"))
            else:
                seen.add(name)
                files.entries.append(Entry(name, info.file_size, _modified(info), _reader(archive, info, left, limits)))
        yield files


def _name(info: zipfile.ZipInfo) -> str:
    """The name with slashes; UTF-8 although the zip does not say so, as old programs write it, is understood."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            pass
    return name.replace("\\", "/")


def _unfit(info: zipfile.ZipInfo, name: str, limits: Limits) -> str:
    """Why this file of a zip is not read; empty when it can be."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "has a path that leads out of the zip"
    if "\0" in info.orig_filename or not name.strip("/ ") or len(name) > LONGEST_NAME:
        return "has no proper name"
    if kind == stat.S_IFLNK:
        return "is a link to another file, and links are not followed"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a device or a pipe and no file"
    if info.flag_bits & 1:
        return "is encrypted; ask for it without a password"
    if info.file_size > limits.file_bytes:
        return f"is larger than {limits.file_bytes // MB} MB; ask for it with its outputs cleared"
    if info.file_size > MB and info.file_size > limits.ratio * max(info.compress_size, 1):
        return f"unpacks to more than {limits.ratio} times its size, as no notebook does"
    return ""


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: list[int], limits: Limits) -> Callable[[], bytes]:
    def read() -> bytes:
        if info.file_size > left[0]:
            raise Refused("is left out: all files together unpack to more than an export may hold")
        try:
            with archive.open(info) as file:
                data = file.read(limits.file_bytes + 1)
        except (NotImplementedError, RuntimeError):
            raise Refused("is packed in a way that cannot be read here; ask for the .ipynb itself") from None
        except _ERRORS:
            raise Refused("is damaged in the zip; download the export again") from None
        left[0] -= len(data)
        return _bounded(data, limits)

    return read


def _modified(info: zipfile.ZipInfo) -> datetime | None:
    """When the file was last changed; of the two times in a zip the one that says its time zone."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        field_, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == 0x5455 and len(field_) >= 5 and field_[0] & 1:
            return datetime.fromtimestamp(int.from_bytes(field_[1:5], "little", signed=True), UTC)
    if info.date_time[:3] == (1980, 1, 1) or info.date_time[0] < 1980:
        return None
    try:
        return datetime(*info.date_time).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""A decision's folder: drafted beside its place, locked while it grows, finished by one rename.

::

    .NAME.draft/     what is being decided; nothing that opens a release looks here
    NAME/            what was decided; it appears whole or not at all

Every file is written under a passing name, synchronised and renamed, so that a file under its own name is
whole. The draft's folder itself is what is locked: the lock ends with the process that holds it, however that
process ends, and leaves nothing to tidy up.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import TypeAlias

from dongui.errors import Misuse, Trouble
from dongui.undoing import on_failure

__all__ = [
    "Draft",
    "FileEntry",
    "Json",
    "describe_file",
    "digest_file",
    "dump",
    "naming_disk",
    "open_draft",
    "synchronise",
    "write_durably",
    "write_whole",
]

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
"""What a manifest can hold."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a decision: its ``path`` in the folder, ``size`` in bytes, SHA-256, rows."""

    path: str
    size: int
    sha256: str
    rows: int

    def to_json(self) -> dict[str, Json]:
        """Return the object that stands in the manifest."""
        return {"path": self.path, "bytes": self.size, "sha256": self.sha256, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Draft:
    """The locked folder a decision is drafted in, and the place it will have."""

    path: Path
    out: Path

    def read(self, name: str) -> dict[str, Json] | None:
        """Return a JSON object written before, or None where there is none, or a note the disk lost."""
        try:
            content = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            # Only a note can be so, after a power cut: every other file under its own name is whole.
            return None
        return dict(content)

    def write(self, name: str, content: Mapping[str, Json]) -> None:
        """Write a JSON object; it and every name in its folder are durable. Raises as :func:`naming_disk`."""
        write_durably(self.path / name, dump(content))

    def note(self, name: str, content: Mapping[str, Json]) -> None:
        """Write a JSON object that a power cut may take, or tear. Raises as :func:`naming_disk`."""
        path = self.path / name
        passing = _passing(path)
        with naming_disk(path):
            passing.write_bytes(dump(content))
            passing.rename(path)

    def holds(self, entry: FileEntry) -> bool:
        """Tell whether a file written before is there and still has its digest."""
        path = self.path / entry.path
        return path.is_file() and path.stat().st_size == entry.size and digest_file(path) == entry.sha256

    def clear(self) -> None:
        """Throw away what an earlier run left: nothing of it was finished."""
        with naming_disk(self.path):
            for entry in self.path.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def drop(self, name: str) -> None:
        """Take a file back, durably. Raises as :func:`naming_disk`."""
        with naming_disk(self.path):
            try:
                (self.path / name).unlink()
            except FileNotFoundError:
                return  # Nothing was taken back: there is nothing to wait for.
            synchronise(self.path)

    def make_folders(self, names: Sequence[str]) -> None:
        """Make folders within the draft. Raises as :func:`naming_disk`."""
        with naming_disk(self.path):
            for name in names:
                (self.path / name).mkdir()

    def publish(self, passing: Sequence[str]) -> None:
        """Drop the files ``passing`` that served the drafting, and give the folder its own name.

        After the rename nothing is left to be done: it is the one instant at which a release begins to exist.
        Raises ``Misuse`` (``release.exists``); otherwise as :func:`naming_disk`.
        """
        with naming_disk(self.out):
            for name in passing:
                path = self.path / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            synchronise(self.path)
            _require_free(self.out)
            # A folder renamed onto an empty one would replace it; onto anything else it fails.
            self.path.rename(self.out)
            synchronise(self.out.parent)


@contextmanager
def open_draft(out: Path) -> Iterator[Draft]:
    """Lock the draft of the decision that will stand at ``out``, making it where there is none.

    Raises ``Misuse``: ``release.exists`` (``out`` is there), ``release.busy`` (another process decides it
    now), ``release.not-writable``; ``Trouble`` (``release.no-room``).
    """
    out = out.absolute()
    path = out.with_name(f".{out.name}.draft")
    with naming_disk(out):
        descriptor = _lock(path, out)
    try:
        yield Draft(path, out)
    finally:
        os.close(descriptor)


def _lock(path: Path, out: Path) -> int:
    while True:
        _require_free(out)
        path.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with on_failure(partial(os.close, descriptor)):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Misuse("release.busy", f"another process is deciding {out}") from None
            # Whoever held the lock before may have published the folder meanwhile: then it is not the draft.
            if _same(descriptor, path):
                _require_free(out)
                return descriptor
        os.close(descriptor)


def _same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _require_free(out: Path) -> None:
    if os.path.lexists(out):
        raise Misuse("release.exists", f"{out} is there already; a decision is never written over another")


@contextmanager
def naming_disk(path: Path) -> Iterator[None]:
    """Name the operating system's errors about ``path``.

    Raises ``Misuse`` (``release.not-writable``); ``Trouble`` (``release.no-room``, ``release.not-written``).
    """
    try:
        yield
    except PermissionError as error:
        raise Misuse("release.not-writable", f"{path}: {error.strerror}") from None
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Misuse("release.not-writable", f"{path}: {error.strerror}") from None
    except OSError as error:
        what = error.strerror or errno.errorcode.get(error.errno or 0, "input/output error")
        if error.errno in _NO_ROOM:
            raise Trouble("release.no-room", f"{path}: {what}") from None
        raise Trouble("release.not-written", f"{path}: {what}") from None


def write_durably(path: Path, data: bytes) -> None:
    """Write ``data`` so that ``path`` holds it whole or is not there. Raises as :func:`naming_disk`."""
    write_whole(path, data)
    with naming_disk(path):
        synchronise(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` likewise; but it is there for certain only once its folder is synchronised."""
    passing = _passing(path)
    with naming_disk(path):
        descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        passing.rename(path)


def _passing(path: Path) -> Path:
    return path.with_name(f".{path.name}.passing")


def synchronise(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        # Into one buffer of the library's own: new blocks would cost more than hashing them.
        return file_digest(file, "sha256").hexdigest()


def describe_file(folder: Path, name: str, *, rows: int) -> FileEntry:
    """Return the entry of a file that is written and will not change."""
    path = folder / name
    return FileEntry(name, path.stat().st_size, digest_file(path), rows)


def dump(content: Mapping[str, Json]) -> bytes:
    """Return the one written form of a JSON object: sorted names, two spaces, UTF-8."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    return text.encode("utf-8") + b"\n"

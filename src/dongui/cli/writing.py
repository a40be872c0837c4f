"""Writing a file once: whole or not at all, never over another, and private where it holds a key."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dongui.errors import Misuse, Trouble

__all__ = [
    "NewFile",
    "make_folder",
    "naming",
    "require_absent",
    "require_place",
    "write_once",
    "write_together",
]

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be written: where, what, and whether its owner alone may read it."""

    path: Path
    data: bytes = field(repr=False)
    private: bool


def write_together(files: Sequence[NewFile]) -> None:
    """Write new files; if one cannot be written, those before it are taken away again.

    So a full disk leaves no authority without its signer, and the same command can be given again.
    Raises as :func:`write_once`.
    """
    written: list[Path] = []
    try:
        for file in files:
            write_once(file.path, file.data, private=file.private)
            written.append(file.path)
    except (Misuse, Trouble):
        for path in written:
            path.unlink(missing_ok=True)
        raise


def make_folder(path: Path) -> None:
    """Create a folder only its owner may enter, with its parents; one that exists stays as it is.

    Raises ``Misuse`` ``file.not-writable``; ``Trouble`` ``file.no-room``.
    """
    with naming(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the operating system's errors about ``path``.

    Raises ``Misuse`` ``file.not-writable``; ``Trouble`` ``file.no-room``.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        # ValueError: a path with a null character in it.
        raise _named(path, error) from None


def require_absent(*paths: Path) -> None:
    """Raise ``Misuse`` ``file.exists`` if one of the files is there: before work is done for nothing.

    Raises as :func:`naming` where it may not even be looked.
    """
    for path in paths:
        with naming(path):
            try:
                os.lstat(path)
            except FileNotFoundError:
                continue
        raise Misuse("file.exists", f"{path} is there already")


def require_place(*paths: Path) -> None:
    """As :func:`require_absent`, and each folder must be there and writable.

    For what is done once: a spent session whose receipt finds no place is not given back.
    """
    require_absent(*paths)
    for path in paths:
        with naming(path):
            path.parent.stat()
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise Misuse("file.not-writable", f"{path}: the folder {path.parent} cannot be written")


def write_once(path: Path, data: bytes, *, private: bool) -> None:
    """Write a new file durably; mode 0600 if ``private``, else 0644.

    The data goes to a temporary name in the same folder first, readable by its owner alone from its first
    byte, and gets its own name only once it is on disk: a crash leaves no half key, and a key is never
    replaced. Raises ``Misuse``: ``file.exists``, ``file.not-writable``; ``Trouble``: ``file.no-room``.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _fill(descriptor, data, mode=0o600 if private else 0o644)
            # A link fails where the name is taken; a rename would replace what is there.
            os.link(temporary, path)
        finally:
            os.close(descriptor)
            temporary.unlink()
        _sync_folder(path.parent)
    except FileExistsError:
        raise Misuse("file.exists", f"{path} is there already") from None
    except OSError as error:
        raise _named(path, error) from None


def _fill(descriptor: int, data: bytes, *, mode: int) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fchmod(descriptor, mode)
    os.fsync(descriptor)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(path: Path, error: OSError | ValueError) -> Misuse | Trouble:
    if isinstance(error, ValueError):
        return Misuse("file.not-writable", f"{path}: {error}")
    if error.errno in _NO_ROOM:
        return Trouble("file.no-room", f"{path}: {error.strerror}")
    return Misuse("file.not-writable", f"{path}: {error.strerror}")

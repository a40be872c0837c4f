"""SQLite's and the file system's errors, as failures with names."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dongui.errors import DonguiError, Misuse, Trouble

__all__ = ["sqlite_troubles", "system_troubles"]

_Maker = Callable[[str, str], DonguiError]

# The low byte of an extended result code (https://www.sqlite.org/rescode.html) names the family.
_BY_SQLITE: dict[int, tuple[_Maker, str, str]] = {
    sqlite3.SQLITE_BUSY: (Trouble, "storage.locked", "another process holds it"),
    sqlite3.SQLITE_LOCKED: (Trouble, "storage.locked", "another connection holds it"),
    sqlite3.SQLITE_FULL: (Trouble, "storage.full", "no room is left to write"),
    sqlite3.SQLITE_READONLY: (Trouble, "storage.read-only", "it cannot be written"),
    sqlite3.SQLITE_CORRUPT: (Trouble, "storage.damaged", "its structure is broken"),
    sqlite3.SQLITE_NOTADB: (Misuse, "storage.not-a-database", "it is not an SQLite database"),
    sqlite3.SQLITE_PERM: (Misuse, "storage.no-permission", "access is not allowed"),
    sqlite3.SQLITE_CANTOPEN: (Misuse, "storage.no-permission", "it, or a file beside it, cannot be opened"),
}

_BY_ERRNO: dict[int, tuple[_Maker, str, str]] = {
    errno.EACCES: (Misuse, "storage.no-permission", "reading and writing it is not allowed"),
    errno.EPERM: (Misuse, "storage.no-permission", "reading and writing it is not allowed"),
    errno.ENOSPC: (Trouble, "storage.full", "no room is left to write"),
    errno.EDQUOT: (Trouble, "storage.full", "the quota is used up"),
    errno.EROFS: (Trouble, "storage.read-only", "the file system is mounted read-only"),
}


# SQLite calls these input and output errors, though nothing but room may be missing: it extends the index of
# its write-ahead log, 32 KiB at a time, when a database is opened.
_WANTING_ROOM = frozenset({sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE})
_ROOM_BYTES = 64 * 1024


@contextmanager
def sqlite_troubles(path: Path, *, wait_s: float) -> Iterator[None]:
    """Turn SQLite's errors about ``path`` into failures of ``storage.*``.

    ``wait_s`` is how many seconds the connection waits for another process. Lets ``sqlite3.IntegrityError``
    and ``sqlite3.ProgrammingError`` pass: the first is a rule of the caller's own tables, the second a fault
    in the caller's code.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.Error as error:
        raise _of_sqlite(error, path, wait_s) from error


@contextmanager
def system_troubles(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about ``path`` into failures of ``storage.*``."""
    try:
        yield
    except OSError as error:
        raise _of_system(error, path) from error


def _of_sqlite(error: sqlite3.Error, path: Path, wait_s: float) -> DonguiError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _WANTING_ROOM and _is_full(path.parent):
        code = sqlite3.SQLITE_FULL
    make, name, why = _BY_SQLITE.get(code & 0xFF, (Trouble, "storage.failed", str(error)))
    # Only another process is waited for; a connection of this one answers at once.
    waited = (
        f" for longer than the {wait_s:g} s it was waited for" if code & 0xFF == sqlite3.SQLITE_BUSY else ""
    )
    return make(name, f"{path}: {why}{waited}")


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _ROOM_BYTES


def _of_system(error: OSError, path: Path) -> DonguiError:
    reason = error.strerror or "an input or output error"
    make, name, why = _BY_ERRNO.get(error.errno or 0, (Trouble, "storage.failed", reason))
    return make(name, f"{path}: {why}")

"""Every instant at which a process that writes a vault can be killed, made countable.

In this process each opening for writing, write, synchronisation, cut, removal and each changing statement of
SQLite tells of itself before it is done; a write also when half of it is. What SQLite does within one
statement it answers for itself, and kills at random instants reach it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["tell_each_operation"]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_PLAIN = ("fsync", "fdatasync", "ftruncate", "unlink", "rename", "replace", "link", "mkdir")
_CHANGING = (
    "BEGIN IMMEDIATE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "DROP",
    "COMMIT",
    "VACUUM",
    "PRAGMA wal_checkpoint",
)


def tell_each_operation(tell: Callable[[], None]) -> None:
    """Call ``tell`` at every instant, from now on and for good: meant for a process that is to be killed."""
    for name in _PLAIN:
        _tell_before(name, tell)
    _tell_openings(tell)
    _tell_writes(tell)
    _tell_statements(tell)


def _tell_before(name: str, tell: Callable[[], None]) -> None:
    real: Callable[..., object] = getattr(os, name)

    def told(*args: object, **more: object) -> object:
        tell()
        return real(*args, **more)

    setattr(os, name, told)


def _tell_openings(tell: Callable[[], None]) -> None:
    real = os.open

    def told(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & _WRITING:
            tell()
        return real(path, flags, mode, dir_fd=dir_fd)

    setattr(os, "open", told)  # noqa: B010


def _tell_writes(tell: Callable[[], None]) -> None:
    real = os.pwrite

    def told(descriptor: int, data: bytes | memoryview, offset: int) -> int:
        half = len(data) // 2
        tell()
        written = real(descriptor, data[:half], offset)
        tell()
        return written + real(descriptor, data[written:], offset + written)

    setattr(os, "pwrite", told)  # noqa: B010


def _tell_statements(tell: Callable[[], None]) -> None:
    real = sqlite3.connect

    class Told(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.lstrip().startswith(_CHANGING):
                tell()
            return super().execute(sql, *args)

        def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
            tell()
            return super().executemany(sql, rows)

    def connect(*args: Any, **more: Any) -> sqlite3.Connection:
        return real(*args, factory=Told, **more)

    setattr(sqlite3, "connect", connect)  # noqa: B010

"""One SQLite file: opened safely, migrated, written in durable transactions, its troubles named.

What it promises. A transaction is all or nothing and, once :meth:`Database.transaction` has been left
without an exception, on disk: the write-ahead log is synchronised at every commit (``synchronous=FULL``), so
neither a killed process nor a power cut takes it back. Readers see one consistent moment.

Threads may share one :class:`Database`: a lock lets one of them at a time into a transaction. Processes may
share the file; each opens its own :class:`Database`. A connection must not cross ``fork`` (SQLite's locks
belong to the process that took them), so using one in a child raises ``RuntimeError``.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from dongui.errors import Misuse
from dongui.storage.sqlite.troubles import sqlite_troubles, system_troubles
from dongui.undoing import on_failure

__all__ = ["Database"]

_BUSY_TIMEOUT_MS = 5_000
_WAIT_FOR_WAL_S = 0.05


class Database:
    """An open database file. Made by :meth:`open`; a context manager that closes on the way out."""

    def __init__(self, connection: sqlite3.Connection, path: Path, *, wait_s: float) -> None:
        self._connection = connection
        self._wait_s = wait_s
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self.path = path

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        migrations: Sequence[str],
        application_id: int,
        busy_timeout_ms: int = _BUSY_TIMEOUT_MS,
    ) -> Database:
        """Open ``path``, creating it (mode 0600) where it does not exist, and bring it to the newest format.

        ``migrations[n]`` is the SQL that leads from format ``n`` to ``n + 1``; the format stands in the
        file's ``user_version``. Only ever append to the sequence. ``application_id`` (1 to 2**31 - 1) marks
        whose file it is. ``busy_timeout_ms`` is how long a transaction waits for another process's.

        Raises ``Misuse``: ``storage.is-directory``, ``storage.no-folder``, ``storage.no-permission``,
        ``storage.not-a-database``, ``storage.other-kind``, ``storage.newer-format``; ``Trouble``:
        ``storage.locked``, ``storage.full``, ``storage.read-only``, ``storage.damaged``, ``storage.failed``.
        Nothing is written to a file that is refused.
        """
        path = path.absolute()
        with system_troubles(path):
            _create(path)
        wait_s = busy_timeout_ms / 1000
        with sqlite_troubles(path, wait_s=wait_s):
            connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=wait_s,
            )
            with on_failure(connection.close):
                _check_kind(connection, path, application_id, newest=len(migrations))
                _configure(connection, attempts=1 + int(wait_s / _WAIT_FOR_WAL_S))
                _migrate(connection, migrations, application_id)
        return cls(connection, path, wait_s=wait_s)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: ``BEGIN IMMEDIATE``, then commit durably, or roll back if the block raises anything.

        SQLite's errors leave as the named failures of :meth:`open`; ``sqlite3.IntegrityError`` leaves as it
        is, for the caller to say what the broken rule means. Transactions do not nest (``RuntimeError``).
        """
        with self._within("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read one consistent moment; writers of other processes go on meanwhile. Does not nest."""
        with self._within("BEGIN") as connection:
            yield connection

    @contextmanager
    def _within(self, begin: str) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._owner:
            raise RuntimeError(f"{self.path.name} was opened before fork; open it again in this process")
        with self._lock:
            if self._connection.in_transaction:
                raise RuntimeError("transactions do not nest")
            with sqlite_troubles(self.path, wait_s=self._wait_s):
                self._connection.execute(begin)
                with on_failure(lambda: _roll_back(self._connection)):
                    yield self._connection
                    self._connection.execute("COMMIT")

    def flush_deleted(self) -> None:
        """Take what was deleted out of the write-ahead log too, as far as no reader stands in the way.

        Deleted rows are overwritten in the file itself (``secure_delete``); the log still holds them until
        it is emptied. What a disk or file system keeps underneath is out of reach.
        """
        with self._lock, sqlite_troubles(self.path, wait_s=self._wait_s):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def write_anew(self) -> bool:
        """Write the whole file anew, so that only what is stored in it is in it; some 20 ms for 3 MB.

        ``secure_delete`` overwrites a row where it lies. Where SQLite moved it before, to make room in its
        tree of pages, an older copy can stay in a page's unused space, and only writing the page anew takes
        that away. Returns whether the write-ahead log, which still held it all, could be emptied: not while
        another process reads. Uses memory of the file's size.
        """
        with self._lock, sqlite_troubles(self.path, wait_s=self._wait_s):
            self._connection.execute("VACUUM")
            (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Close the connection. Safe to call twice; does nothing in a forked child."""
        if os.getpid() == self._owner:
            with self._lock:
                self._connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _roll_back(connection: sqlite3.Connection) -> None:
    # SQLite may already have rolled back by itself (disk full); then there is nothing to do.
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _create(path: Path) -> None:
    """Make the file ours alone before SQLite touches it; its -wal and -shm files take over the mode."""
    if path.is_dir():
        raise Misuse("storage.is-directory", f"{path} is a directory; a database file is needed")
    if not path.parent.is_dir():
        raise Misuse("storage.no-folder", f"the folder {path.parent} does not exist")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        _require_ours(path)
        return
    os.close(descriptor)
    _synchronise_folder(path.parent)


def _require_ours(path: Path) -> None:
    """Close a file's mode to others, without opening it.

    Whoever closes any descriptor of a file gives up every lock its process has on it (POSIX): also those of
    connections that are open to it, whose write-ahead log another process would then take away.
    """
    if path.stat().st_uid == os.geteuid():
        path.chmod(0o600)
    if not os.access(path, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _synchronise_folder(folder: Path) -> None:
    """Without this a power cut can lose the name of a file whose content is safe."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return int(row[0])


def _check_kind(connection: sqlite3.Connection, path: Path, application_id: int, *, newest: int) -> None:
    """Refuse another program's file, and a later format, before anything is written."""
    # In one transaction: whoever makes the same file at this moment must be seen before it all, or after.
    connection.execute("BEGIN")
    with on_failure(lambda: _roll_back(connection)):
        found, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        connection.execute("COMMIT")
    if found != application_id and not (found == 0 and empty):
        raise Misuse(
            "storage.other-kind", f"{path} carries the application id {found}; {application_id} is needed"
        )
    if version > newest:
        raise Misuse(
            "storage.newer-format", f"{path} has format {version}; this version reads up to {newest}"
        )


def _configure(connection: sqlite3.Connection, *, attempts: int) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = FULL")
    # What SQLite sets aside while it works is as personal as the file, and belongs on no other disk.
    connection.execute("PRAGMA temp_store = MEMORY")
    for attempt in range(attempts):
        # Changing the journal mode does not wait by itself where two processes create one file.
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == attempts - 1:
                raise
            time.sleep(_WAIT_FOR_WAL_S)
        else:
            return


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str], application_id: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    with on_failure(lambda: _roll_back(connection)):
        # Read the format inside the transaction: another process may just have migrated.
        for version in range(_pragma(connection, "user_version"), len(migrations)):
            for statement in _statements(migrations[version]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        if _pragma(connection, "application_id") != application_id:
            connection.execute(f"PRAGMA application_id = {application_id}")
        connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """Split SQL into statements, line by line; a trigger's inner semicolons do not end it.

    ``executescript`` would commit in between, and half a migration must not survive a crash.
    """
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise ValueError("a migration does not end with a semicolon")

"""How a log lies in its SQLite file: two tables that only grow, and the tree in the rows of the entries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from dongui.errors import Misuse, Trouble
from dongui.log.keys import VerifierKey
from dongui.log.merkle import HASH_BYTES, Node, leaf_hash
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = [
    "APPLICATION_ID",
    "Rows",
    "StoredSqliteLog",
    "blob",
    "inconsistent",
    "open_existing",
    "open_or_create",
    "stored_size",
]

APPLICATION_ID = 0x444C4F47  # "DLOG"
_MIGRATIONS = (
    # Each entry is kept with the hashes of the subtrees it completes, lowest first: a node's place follows
    # from its number, nothing is written twice, and an append touches the table's last pages only.
    """
    CREATE TABLE log_entry (
        position INTEGER PRIMARY KEY,
        entry BLOB NOT NULL CHECK (length(entry) BETWEEN 1 AND 64),
        completed BLOB NOT NULL CHECK (length(completed) % 32 = 0)
    ) STRICT;
    CREATE TABLE log_checkpoint (
        size INTEGER PRIMARY KEY,
        note BLOB NOT NULL
    ) STRICT;
    -- INSERT OR REPLACE fires no delete trigger: the insert triggers stop that.
    CREATE TRIGGER log_entry_in_order BEFORE INSERT ON log_entry
        WHEN NEW.position IS NOT (SELECT coalesce(max(position), -1) + 1 FROM log_entry)
        BEGIN SELECT RAISE(ABORT, 'an entry can only be appended'); END;
    CREATE TRIGGER log_entry_not_updated BEFORE UPDATE ON log_entry
        BEGIN SELECT RAISE(ABORT, 'an entry cannot be changed'); END;
    CREATE TRIGGER log_entry_not_deleted BEFORE DELETE ON log_entry
        BEGIN SELECT RAISE(ABORT, 'an entry cannot be deleted'); END;
    CREATE TRIGGER log_checkpoint_in_order BEFORE INSERT ON log_checkpoint
        WHEN NEW.size <= (SELECT coalesce(max(size), -1) FROM log_checkpoint)
            OR NEW.size IS NOT (SELECT coalesce(max(position), -1) + 1 FROM log_entry)
        BEGIN SELECT RAISE(ABORT, 'a checkpoint covers the whole log, and a size once'); END;
    CREATE TRIGGER log_checkpoint_not_updated BEFORE UPDATE ON log_checkpoint
        BEGIN SELECT RAISE(ABORT, 'a checkpoint cannot be changed'); END;
    CREATE TRIGGER log_checkpoint_not_deleted BEFORE DELETE ON log_checkpoint
        BEGIN SELECT RAISE(ABORT, 'a checkpoint cannot be deleted'); END;
    """,
)


class StoredSqliteLog(FileStore):
    """A log as it is stored, opened without a check: to look at a damaged one. A context manager."""

    def __init__(self, database: Database, key: VerifierKey) -> None:
        super().__init__(database)
        self.key = key

    @classmethod
    def look(cls, path: Path, *, key: VerifierKey) -> StoredSqliteLog:
        """Open the existing log of ``key.name``. Raises ``Misuse`` (``log.not-there``), ``storage.*``."""
        return StoredSqliteLog(open_existing(path), key)

    def extent(self) -> tuple[int, int]:
        """Return the number of entries and the size of the last checkpoint (-1: none), at one moment."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT coalesce(max(size), -1) FROM log_checkpoint").fetchone()
            return stored_size(connection), int(row[0])

    def rows(self, begin: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (index, entry as stored, nodes as stored) from ``begin`` up to, not including, ``end``.

        Reads 1,000 rows at a time, so that a long walk neither fills the memory nor keeps others waiting.
        """
        query = """
            SELECT position, entry, completed FROM log_entry
            WHERE position >= ? AND position < ? ORDER BY position LIMIT 1000
        """
        found = [(begin - 1, b"", b"")]
        while found:
            with self._database.reading() as connection:
                found = connection.execute(query, (found[-1][0] + 1, end)).fetchall()
            yield from ((position, blob(entry), blob(completed)) for position, entry, completed in found)

    def notes(self) -> Iterator[tuple[int, bytes]]:
        """Yield (size, signed note) of every checkpoint ever made, from the first on."""
        query = "SELECT size, note FROM log_checkpoint WHERE size > ? ORDER BY size LIMIT 1000"
        found = [(-1, b"")]
        while found:
            with self._database.reading() as connection:
                found = connection.execute(query, (found[-1][0],)).fetchall()
            yield from ((size, blob(note)) for size, note in found)


_LEAF = "SELECT entry FROM log_entry WHERE position = ?"
_NODE = "SELECT completed FROM log_entry WHERE position = ?"


class Rows:
    """A :class:`~dongui.log.merkle.NodeSource` within one transaction: one row for each node."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def nodes(self, wanted: Sequence[Node]) -> list[bytes]:
        """Return the hash of each wanted node. Raises ``Trouble`` (``log.inconsistent``)."""
        return [self._node(node) for node in wanted]

    def _node(self, node: Node) -> bytes:
        position = ((node.place + 1) << node.level) - 1
        row = self._connection.execute(_NODE if node.level else _LEAF, (position,)).fetchone()
        if row is None:
            raise inconsistent(f"entry {position} is missing")
        value = blob(row[0])
        if node.level == 0:
            return leaf_hash(value)
        end = node.level * HASH_BYTES
        if len(value) < end:
            raise inconsistent(f"entry {position} lacks the tree's nodes it completes")
        return value[end - HASH_BYTES : end]


def open_existing(path: Path) -> Database:
    """Open a log's file. Raises ``Misuse`` (``log.not-there``) and as :func:`open_or_create`."""
    if not path.is_file():
        raise Misuse("log.not-there", f"{path} is no file")
    return open_or_create(path)


def open_or_create(path: Path) -> Database:
    """Open a log's file, or make an empty one. Raises as ``Database.open``."""
    try:
        return Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID)
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python fails to decode the message.
        raise Trouble("storage.damaged", f"{path}: its schema is broken") from error


def blob(value: object) -> bytes:
    """Return a column's bytes. Raises ``Trouble`` (``log.inconsistent``)."""
    # In a damaged file a column can come back as any type, whatever its table declares.
    if not isinstance(value, bytes):
        raise inconsistent("a row holds something else than bytes")
    return value


def stored_size(connection: sqlite3.Connection) -> int:
    """Return the number of entries stored."""
    row = connection.execute("SELECT coalesce(max(position), -1) + 1 FROM log_entry").fetchone()
    return int(row[0])


def inconsistent(why: str) -> Trouble:
    """Make the failure of a log whose parts disagree."""
    return Trouble("log.inconsistent", f"the log does not agree with itself: {why}")

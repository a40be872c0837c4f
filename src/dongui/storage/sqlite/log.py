"""The verifiable log in one SQLite file.

What it promises. An append is one transaction: entries, the tree's nodes they complete, and the signed
checkpoint over them are on disk together or not at all, and only then does :meth:`SqliteLog.append` return.
Nothing is ever updated or deleted; triggers refuse it even to somebody with a database shell. Opening, and
every append before it signs, compares the stored size and root with the last checkpoint. One size is never
signed twice. What no file can promise by itself is that it is the newest copy: a restored backup is a
consistent, shorter log. :meth:`SqliteLogReader.require_extends` finds that out, given any later checkpoint.

Reading a proof takes one row for each node, O(log size). Threads may share an open log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from dongui.errors import Misuse, Refused, Trouble
from dongui.log.checkpoint import Checkpoint, VerifiedCheckpoint, sign_checkpoint, verify_checkpoint
from dongui.log.entry import Entry
from dongui.log.interface import MAX_BATCH
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_SIZE,
    Frontier,
    Node,
    consistency_path,
    cover,
    inclusion_path,
    leaf_hash,
    tree_root,
)
from dongui.log.proofs import ConsistencyProof, InclusionProof
from dongui.storage.sqlite.database import Database

__all__ = ["APPLICATION_ID", "SqliteLog", "SqliteLogReader"]

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


class SqliteLogReader:
    """A log opened with its public key: proofs, entries and checkpoints. A context manager."""

    def __init__(self, database: Database, key: VerifierKey) -> None:
        self._database = database
        self.key = key
        self._last = self._agreed()

    @classmethod
    def read(cls, path: Path, *, key: VerifierKey) -> SqliteLogReader:
        """Open the existing log of ``key.name``.

        Raises ``Misuse`` (``log.not-there``, ``storage.*``) and ``Trouble`` (``log.inconsistent``: what is
        stored disagrees with itself or with ``key``; ``storage.*``).
        """
        if not path.is_file():
            raise Misuse("log.not-there", f"{path} is no file")
        return SqliteLogReader(_open(path), key)

    @property
    def origin(self) -> str:
        """The log's name: the first line of its checkpoints."""
        return self.key.name

    def checkpoint(self) -> VerifiedCheckpoint:
        """Return the latest signed checkpoint; it covers every entry whose append has returned."""
        with self._database.reading() as connection:
            note = _last_note(connection)
        last = self._last
        return last if note == last.note else self._verified(note)

    def inclusion(self, index: int, size: int) -> InclusionProof:
        """Prove entry ``index`` in the log's first ``size`` entries.

        Raises ``Misuse`` (``log.no-such-entry``).
        """
        if not 0 <= index < size:
            raise _no_such_entry(f"entry {index} of a log of {size} entries")
        with self._database.reading() as connection:
            _require_size(connection, size)
            return InclusionProof(index, size, inclusion_path(index, size, _Rows(connection)))

    def consistency(self, old: int, new: int) -> ConsistencyProof:
        """Prove that the first ``new`` entries extend the first ``old``, 0 < old <= new.

        Raises ``Misuse`` (``log.no-such-entry``).
        """
        if not 0 < old <= new:
            raise _no_such_entry(f"a log of {new} entries that extends one of {old}")
        with self._database.reading() as connection:
            _require_size(connection, new)
            return ConsistencyProof(old, new, consistency_path(old, new, _Rows(connection)))

    def entry(self, index: int) -> Entry:
        """Return one entry. Raises ``Misuse`` (``log.no-such-entry``)."""
        for _, data, _ in self.rows(index, index + 1):
            try:
                return Entry.decode(data)
            except Refused as refused:
                raise _inconsistent(f"what stands at place {index} is no entry: {refused}") from refused
        raise _no_such_entry(f"entry {index}")

    def rows(self, begin: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield (index, entry as stored, nodes as stored) from ``begin`` up to, not including, ``end``.

        Reads 1,000 rows at a time, so that a long walk neither fills the memory nor keeps others waiting.
        """
        for start in range(max(begin, 0), min(end, MAX_SIZE), 1_000):
            query = "SELECT position, entry, completed FROM log_entry WHERE position >= ? AND position < ?"
            with self._database.reading() as connection:
                found = connection.execute(query, (start, min(start + 1_000, end))).fetchall()
            if not found:
                return
            yield from ((position, _blob(entry), _blob(completed)) for position, entry, completed in found)

    def notes(self) -> Iterator[tuple[int, bytes]]:
        """Yield (size, signed note) of every checkpoint ever made, from the first on."""
        query = "SELECT size, note FROM log_checkpoint WHERE size > ? ORDER BY size LIMIT 1000"
        size, found = -1, [(-1, b"")]
        while found:
            with self._database.reading() as connection:
                found = connection.execute(query, (size,)).fetchall()
            yield from ((of, _blob(note)) for of, note in found)
            size = found[-1][0] if found else size

    def require_extends(self, seen: VerifiedCheckpoint) -> None:
        """Check that this log still contains everything it had at a checkpoint kept elsewhere.

        Raises ``Refused`` (``log.rolled-back``): it is shorter now, or its beginning is another.
        """
        with self._database.reading() as connection:
            size = _stored_size(connection)
            if size < seen.size:
                raise Refused("log.rolled-back", f"it has {size} entries; it once had {seen.size}")
            if tree_root(seen.size, _Rows(connection)) != seen.root:
                raise Refused("log.rolled-back", f"its first {seen.size} entries are not those it once had")

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _verified(self, note: bytes) -> VerifiedCheckpoint:
        try:
            return verify_checkpoint(note, origin=self.origin, key=self.key)
        except Refused as refused:
            raise _inconsistent(f"its last checkpoint is not by this key: {refused.detail}") from refused

    def _agreed(self) -> VerifiedCheckpoint:
        """Return the last checkpoint if entries and tree agree with it."""
        with self._database.reading() as connection:
            checkpoint = self._verified(_last_note(connection))
            _require_agreement(connection, checkpoint)
        return checkpoint


class SqliteLog(SqliteLogReader):
    """A log opened with its private key: what a reader can do, and appending."""

    def __init__(self, database: Database, key: SignerKey) -> None:
        self._signer = key
        with database.transaction() as connection:
            if _is_new(connection):
                _store(connection, sign_checkpoint(Checkpoint(key.name, 0, EMPTY_ROOT), key=key), 0)
        super().__init__(database, key.verifier)

    @classmethod
    def open(cls, path: Path, *, key: SignerKey) -> SqliteLog:
        """Open the log of ``key.name``, or begin it where ``path`` does not exist (its folder must).

        Raises ``Trouble`` (``log.inconsistent``: what is stored disagrees with itself or with ``key``), and
        ``storage.*`` as :meth:`~dongui.storage.sqlite.database.Database.open`.
        """
        return SqliteLog(_open(path), key)

    def append(self, entries: Sequence[Entry]) -> range:
        """Append 1 to MAX_BATCH entries, all or none, durably; return their indexes.

        Raises ``ValueError`` for an empty batch, ``Misuse`` (``log.batch-too-large``), ``Trouble``
        (``log.inconsistent``, ``log.full``, ``storage.*``); then nothing was appended.
        """
        if not entries:
            raise ValueError("there is nothing to append")
        if len(entries) > MAX_BATCH:
            raise Misuse("log.batch-too-large", f"{len(entries)} entries; the limit is {MAX_BATCH}")
        with self._database.transaction() as connection:
            frontier = self._frontier(connection)
            begin = frontier.size
            if begin + len(entries) > MAX_SIZE:
                raise Trouble("log.full", f"the log has {begin} entries; the limit is {MAX_SIZE}")
            try:
                _insert(connection, frontier, entries)
                # Signed inside the transaction: the signature leaves this process only once it is durable.
                checkpoint = Checkpoint(self.origin, frontier.size, frontier.root())
                note = sign_checkpoint(checkpoint, key=self._signer)
                _store(connection, note, frontier.size)
            except sqlite3.IntegrityError as error:
                raise _inconsistent(f"an append found its place taken: {error}") from error
        self._last = VerifiedCheckpoint(checkpoint, note)
        return range(begin, begin + len(entries))

    def _frontier(self, connection: sqlite3.Connection) -> Frontier:
        """Return the tree's right border, having made sure that nothing signed is taken back."""
        note = _last_note(connection)
        last = self._last if note == self._last.note else self._verified(note)
        frontier = _require_agreement(connection, last)
        if last is not self._last:
            # Another process appended, or the file was exchanged beneath us: what we signed must be in it.
            known = self._last
            if last.size < known.size or tree_root(known.size, _Rows(connection)) != known.root:
                raise _inconsistent(f"it no longer begins with the {known.size} entries it had before")
        return frontier


class _Rows:
    """The nodes of the tree, out of the rows of the entries that completed them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def nodes(self, wanted: Sequence[Node]) -> list[bytes]:
        return [self._node(node) for node in wanted]

    def _node(self, node: Node) -> bytes:
        position = ((node.place + 1) << node.level) - 1
        column = "completed" if node.level else "entry"
        query = f"SELECT {column} FROM log_entry WHERE position = ?"  # noqa: S608 - one of two constants
        row = self._connection.execute(query, (position,)).fetchone()
        if row is None:
            raise _inconsistent(f"entry {position} is missing")
        value = _blob(row[0])
        if node.level == 0:
            return leaf_hash(value)
        end = node.level * HASH_BYTES
        if len(value) < end:
            raise _inconsistent(f"entry {position} lacks the tree's nodes it completes")
        return value[end - HASH_BYTES : end]


def _open(path: Path) -> Database:
    try:
        return Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID)
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python fails to decode the message.
        raise Trouble("storage.damaged", f"{path}: its schema is broken") from error


def _is_new(connection: sqlite3.Connection) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM log_entry) OR EXISTS (SELECT 1 FROM log_checkpoint)"
    return bool(connection.execute(query).fetchone()[0] == 0)


def _insert(connection: sqlite3.Connection, frontier: Frontier, entries: Sequence[Entry]) -> None:
    def rows() -> Iterator[tuple[int, bytes, bytes]]:
        for position, entry in enumerate(entries, start=frontier.size):
            data = entry.encode()
            yield position, data, b"".join(frontier.append(leaf_hash(data)))

    connection.executemany("INSERT INTO log_entry VALUES (?, ?, ?)", rows())


def _store(connection: sqlite3.Connection, note: bytes, size: int) -> None:
    connection.execute("INSERT INTO log_checkpoint VALUES (?, ?)", (size, note))


def _last_note(connection: sqlite3.Connection) -> bytes:
    row = connection.execute("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    if row is None:
        raise _inconsistent("it has no checkpoint")
    return _blob(row[0])


def _blob(value: object) -> bytes:
    # In a damaged file a column can come back as any type, whatever its table declares.
    if not isinstance(value, bytes):
        raise _inconsistent("a row holds something else than bytes")
    return value


def _stored_size(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT coalesce(max(position), -1) + 1 FROM log_entry").fetchone()
    return int(row[0])


def _require_agreement(connection: sqlite3.Connection, last: VerifiedCheckpoint) -> Frontier:
    size = _stored_size(connection)
    if size != last.size:
        raise _inconsistent(f"it holds {size} entries; its last checkpoint was signed over {last.size}")
    frontier = Frontier(size, _Rows(connection).nodes(cover(0, size)))
    if frontier.root() != last.root:
        raise _inconsistent(f"the root over its {size} entries is not the one its last checkpoint signed")
    return frontier


def _require_size(connection: sqlite3.Connection, size: int) -> None:
    stored = _stored_size(connection)
    if size > stored:
        raise _no_such_entry(f"a log of {size} entries; it has {stored}")


def _no_such_entry(what: str) -> Misuse:
    return Misuse("log.no-such-entry", f"there is no {what}")


def _inconsistent(why: str) -> Trouble:
    return Trouble("log.inconsistent", f"the log does not agree with itself: {why}")

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

from dongui.errors import Misuse, Refused, Trouble
from dongui.log.checkpoint import Checkpoint, VerifiedCheckpoint, sign_checkpoint, verify_checkpoint
from dongui.log.entry import Entry
from dongui.log.interface import MAX_BATCH
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    consistency_path,
    cover,
    inclusion_path,
    leaf_hash,
    tree_root,
)
from dongui.log.proofs import ConsistencyProof, InclusionProof
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.log_rows import (
    Rows,
    StoredSqliteLog,
    blob,
    inconsistent,
    open_existing,
    open_or_create,
    stored_size,
)
from dongui.undoing import on_failure

__all__ = ["SqliteLog", "SqliteLogReader"]


class SqliteLogReader(StoredSqliteLog):
    """A log opened with its public key: proofs, entries and checkpoints. A context manager."""

    def __init__(self, database: Database, key: VerifierKey) -> None:
        """Take over ``database``, closing it if it is refused."""
        super().__init__(database, key)
        with on_failure(database.close):
            self._last = self._agreed()

    @classmethod
    def read(cls, path: Path, *, key: VerifierKey) -> SqliteLogReader:
        """Open the existing log of ``key.name``.

        Raises ``Misuse`` (``log.not-there``, ``storage.*``) and ``Trouble`` (``log.inconsistent``: what is
        stored disagrees with itself or with ``key``; ``storage.*``).
        """
        return SqliteLogReader(open_existing(path), key)

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
            return InclusionProof(index, size, inclusion_path(index, size, Rows(connection)))

    def consistency(self, old: int, new: int) -> ConsistencyProof:
        """Prove that the first ``new`` entries extend the first ``old``, 0 < old <= new.

        Raises ``Misuse`` (``log.no-such-entry``).
        """
        if not 0 < old <= new:
            raise _no_such_entry(f"a log of {new} entries that extends one of {old}")
        with self._database.reading() as connection:
            _require_size(connection, new)
            return ConsistencyProof(old, new, consistency_path(old, new, Rows(connection)))

    def entry(self, index: int) -> Entry:
        """Return one entry. Raises ``Misuse`` (``log.no-such-entry``)."""
        for _, data, _ in self.rows(index, index + 1) if 0 <= index < MAX_SIZE else ():
            try:
                return Entry.decode(data)
            except Refused as refused:
                raise inconsistent(f"what stands at place {index} is no entry: {refused}") from refused
        raise _no_such_entry(f"entry {index}")

    def require_extends(self, seen: VerifiedCheckpoint) -> None:
        """Check that this log still contains everything it had at a checkpoint kept elsewhere.

        Raises ``Refused`` (``log.rolled-back``): it is shorter now, or its beginning is another.
        """
        with self._database.reading() as connection:
            size = stored_size(connection)
            if size < seen.size:
                raise Refused("log.rolled-back", f"it has {size} entries; it once had {seen.size}")
            if tree_root(seen.size, Rows(connection)) != seen.root:
                raise Refused("log.rolled-back", f"its first {seen.size} entries are not those it once had")

    def _verified(self, note: bytes) -> VerifiedCheckpoint:
        try:
            return verify_checkpoint(note, origin=self.origin, key=self.key)
        except Refused as refused:
            raise inconsistent(f"its last checkpoint is not by this key: {refused.detail}") from refused

    def _agreed(self) -> VerifiedCheckpoint:
        """Return the last checkpoint if entries and tree agree with it."""
        with self._database.reading() as connection:
            checkpoint = self._verified(_last_note(connection))
            _require_agreement(connection, checkpoint)
        return checkpoint


class SqliteLog(SqliteLogReader):
    """A log opened with its private key: what a reader can do, and appending."""

    def __init__(self, database: Database, key: SignerKey) -> None:
        super().__init__(database, key.verifier)
        self._signer = key

    @classmethod
    def open(cls, path: Path, *, key: SignerKey) -> SqliteLog:
        """Open the log of ``key.name``, or begin it where ``path`` does not exist (its folder must).

        Where a log is expected, :meth:`resume` it: a log that went missing must not be begun anew, since its
        sizes would be signed a second time.

        Raises ``Trouble`` (``log.inconsistent``: what is stored disagrees with itself or with ``key``), and
        ``storage.*`` as :meth:`~dongui.storage.sqlite.database.Database.open`.
        """
        database = open_or_create(path)
        with on_failure(database.close), database.transaction() as connection:
            if _is_new(connection):
                _store(connection, sign_checkpoint(Checkpoint(key.name, 0, EMPTY_ROOT), key=key), 0)
        return SqliteLog(database, key)

    @classmethod
    def resume(cls, path: Path, *, key: SignerKey) -> SqliteLog:
        """Open the log of ``key.name`` that was begun before. Raises also ``Misuse`` (``log.not-there``)."""
        return SqliteLog(open_existing(path), key)

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
                raise inconsistent(f"an append found its place taken: {error}") from error
        if checkpoint.size > self._last.size:  # another thread may have been here in between
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
            if last.size < known.size or tree_root(known.size, Rows(connection)) != known.root:
                raise inconsistent(f"it no longer begins with the {known.size} entries it had before")
        return frontier


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
        raise inconsistent("it has no checkpoint")
    return blob(row[0])


def _require_agreement(connection: sqlite3.Connection, last: VerifiedCheckpoint) -> Frontier:
    size = stored_size(connection)
    if size != last.size:
        raise inconsistent(f"it holds {size} entries; its last checkpoint was signed over {last.size}")
    frontier = Frontier(size, Rows(connection).nodes(cover(0, size)))
    if frontier.root() != last.root:
        raise inconsistent(f"the root over its {size} entries is not the one its last checkpoint signed")
    return frontier


def _require_size(connection: sqlite3.Connection, size: int) -> None:
    stored = stored_size(connection)
    if size > stored:
        raise _no_such_entry(f"a log of {size} entries; it has {stored}")


def _no_such_entry(what: str) -> Misuse:
    return Misuse("log.no-such-entry", f"there is no {what}")

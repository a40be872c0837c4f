"""Models, what people added to them, and withdrawals on their way, in one SQLite file.

What it promises. A call is one transaction: a person is subtracted from all their models and the new seals
are noted, or nothing of it. Replaced statistics are overwritten where they lay (``secure_delete``) and taken
out of the write-ahead log: old and new together would tell what was taken out.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dongui.custody.model_files import ModelSeal
from dongui.custody.model_register import CarriedOut, Contribution, Handed, Model, PendingSeal, Step, Undoing
from dongui.errors import Trouble
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore
from dongui.storage.sqlite.model_rows import (
    INSERT_MODEL,
    INSERT_SEAL,
    MIGRATIONS,
    SELECT_MODELS,
    SELECT_SEAL,
    SELECT_UNSETTLED,
    model_of,
    pending_of,
    row_of,
    seal_row,
    undoing_of,
    undoing_row,
)
from dongui.storage.sqlite.troubles import system_troubles

__all__ = ["SqliteModels"]

APPLICATION_ID = 0x446E676D  # "Dngm"
_DROP_UNFINISHED = """
  DELETE FROM contribution WHERE person = ? AND model IN (SELECT id FROM model WHERE version = 0)
"""


class SqliteModels(FileStore):
    """The :class:`dongui.custody.model_register.ModelStore` in one file. A context manager."""

    @classmethod
    def open(cls, path: Path) -> SqliteModels:
        """Open or create the store at ``path``. Raises what ``Database.open`` raises."""
        return cls(Database.open(path, migrations=MIGRATIONS, application_id=APPLICATION_ID))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Wait to be the one process that changes sealed models, and be it; a killed one lets go."""
        path = self._database.path.with_suffix(".lock")
        with system_troubles(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def begin(self, model: Model) -> None:
        """Begin a training; what an unfinished one over the same release left is thrown away."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM model WHERE version = 0 AND release = ?", (model.release,))
            connection.execute(INSERT_MODEL, row_of(model))

    def keep(self, contributions: Sequence[Contribution]) -> None:
        """Keep contributions of a training. Raises ``Trouble`` (``model.training-overtaken``)."""
        rows = [(one.person, one.model, one.sealed) for one in contributions]
        with _overtaken(), self._database.transaction() as connection:
            connection.executemany("INSERT INTO contribution VALUES (?, ?, ?)", rows)

    def finish(self, statistics: bytes, pending: PendingSeal) -> None:
        """Seal version 1. Raises ``Trouble`` (``model.training-overtaken``): somebody withdrew meanwhile."""
        with _overtaken(), self._database.transaction() as connection:
            self._replace(connection, statistics, pending)

    def models(self) -> list[Model]:
        """Return every trained model, oldest first."""
        with self._database.reading() as connection:
            return [model_of(row) for row in connection.execute(SELECT_MODELS)]

    def statistics(self, model: bytes) -> bytes:
        """Return a model's statistics as they are now, encoded."""
        with self._database.reading() as connection:
            query = "SELECT content FROM statistics WHERE model = ?"
            return bytes(connection.execute(query, (model,)).fetchone()[0])

    def seal(self, model: bytes) -> PendingSeal:
        """Return the seal of a model's version as it is now."""
        with self._database.reading() as connection:
            return pending_of(connection.execute(SELECT_SEAL, (model,)).fetchone())

    def unsettled(self) -> list[PendingSeal]:
        """Return the seals whose place in the log is not known."""
        with self._database.reading() as connection:
            return [pending_of(row) for row in connection.execute(SELECT_UNSETTLED)]

    def settle(self, seals: Sequence[PendingSeal]) -> None:
        """Note the places of seals."""
        rows = [(one.place, one.seal.model) for one in seals]
        with self._database.transaction() as connection:
            connection.executemany("UPDATE seal SET place = ? WHERE model = ?", rows)

    def contributions(self, people: Sequence[bytes]) -> list[Contribution]:
        """Return what a person added to trained models."""
        query = """
          SELECT contribution.model, person, sealed
          FROM contribution JOIN model ON model.id = contribution.model
          WHERE person = ? AND model.version > 0
        """
        with self._database.reading() as connection:
            return [Contribution(*row) for one in people for row in connection.execute(query, (one,))]

    def note(self, undoing: Undoing) -> None:
        """Note a withdrawal, or one a step further; a new one drops trainings that are not finished."""
        with self._database.transaction() as connection:
            # A training that has not reached this person yet has their records before it all the same.
            if undoing.step == Step.NOTED:
                connection.execute("DELETE FROM model WHERE version = 0")
            _write(connection, undoing)

    def subtract(self, undoing: Undoing, changed: Sequence[tuple[bytes, PendingSeal]]) -> None:
        """Replace statistics (encoded) and seals of models, and note the withdrawal, all or nothing."""
        with self._database.transaction() as connection:
            for statistics, pending in changed:
                self._replace(connection, statistics, pending)
                connection.execute(
                    "UPDATE model SET changed = changed + 1, due = CASE WHEN due = '' AND published > 0"
                    " AND withdrawn = 0 THEN ? ELSE due END WHERE id = ?",
                    (undoing.due, pending.seal.model),
                )
            _write(connection, undoing)
        self._database.flush_deleted()

    def destroy(self, undoing: Undoing) -> None:
        """Delete the person's contributions to the models it took them out of, and note the withdrawal."""
        people = [(person,) for person in undoing.people]
        taken_out = [(person, model) for person in undoing.people for model in undoing.models]
        with self._database.transaction() as connection:
            if undoing.scope:
                connection.executemany("DELETE FROM contribution WHERE person = ? AND model = ?", taken_out)
                connection.executemany(_DROP_UNFINISHED, people)
            else:
                connection.executemany("DELETE FROM contribution WHERE person = ?", people)
            _write(connection, undoing)
        self._database.flush_deleted()

    def undoings(self) -> list[Undoing]:
        """Return withdrawals that were not closed, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT content FROM undoing ORDER BY number").fetchall()
        return [undoing_of(bytes(row[0])) for row in rows]

    def close_undoing(self, undoing: bytes) -> None:
        """Forget a withdrawal whose receipt was handed out, and note its acts as carried out."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT content FROM undoing WHERE id = ?", (undoing,)).fetchone()
            if row is not None:
                _carry_out(connection, undoing_of(bytes(row[0])).positions)
            connection.execute("DELETE FROM undoing WHERE id = ?", (undoing,))
        self._database.flush_deleted()

    def carried_out(self) -> CarriedOut:
        """Return which acts of the ledger were carried out."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT position, all_before FROM carried_out").fetchall()
        through = max((position for position, all_before in rows if all_before), default=-1) + 1
        return CarriedOut(through, frozenset(position for position, _ in rows))

    def carry_out(self, positions: Sequence[int], *, through: int = 0) -> None:
        """Note acts as carried out, and that every one before ``through`` in the log is."""
        with self._database.transaction() as connection:
            _carry_out(connection, positions)
            if through:
                connection.execute("DELETE FROM carried_out WHERE position < ?", (through,))
                connection.execute("INSERT INTO carried_out VALUES (?, 1)", (through - 1,))

    def publish(self, model: bytes, version: int) -> None:
        """Note that a version is the published one now."""
        with self._database.transaction() as connection:
            query = "UPDATE model SET published = ?, changed = 0, due = '', withdrawn = 0 WHERE id = ?"
            connection.execute(query, (version, model))

    def withdraw(self, model: bytes) -> None:
        """Note that the published version is taken back."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE model SET withdrawn = 1, due = '' WHERE id = ?", (model,))

    def hand_out(self, handed: Handed) -> None:
        """Note who was handed a published version."""
        row = (handed.model, handed.recipient, handed.version)
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO handed VALUES (?, ?, ?)", row)

    def handed(self, model: bytes) -> list[Handed]:
        """Return who was handed which version."""
        query = "SELECT model, recipient, version FROM handed WHERE model = ? ORDER BY recipient, version"
        with self._database.reading() as connection:
            return [Handed(*row) for row in connection.execute(query, (model,))]

    def _replace(self, connection: sqlite3.Connection, statistics: bytes, pending: PendingSeal) -> None:
        seal: ModelSeal = pending.seal
        connection.execute("INSERT OR REPLACE INTO statistics VALUES (?, ?)", (seal.model, statistics))
        connection.execute(INSERT_SEAL, seal_row(pending))
        connection.execute("UPDATE model SET version = ? WHERE id = ?", (seal.version, seal.model))


def _carry_out(connection: sqlite3.Connection, positions: Sequence[int]) -> None:
    rows = [(position,) for position in positions]
    connection.executemany("INSERT OR IGNORE INTO carried_out VALUES (?, 0)", rows)


def _write(connection: sqlite3.Connection, undoing: Undoing) -> None:
    query = (
        "INSERT INTO undoing (id, content) VALUES (?, ?)"
        " ON CONFLICT (id) DO UPDATE SET content = excluded.content"
    )
    connection.execute(query, undoing_row(undoing))


@contextmanager
def _overtaken() -> Iterator[None]:
    """A row of a model that is not there any more: its training was dropped because somebody withdrew."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise Trouble("model.training-overtaken", "somebody in it withdrew, or it was begun anew") from None

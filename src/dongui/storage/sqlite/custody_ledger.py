"""The custody ledger in SQLite: append-only by its triggers too, durable on return."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dongui.custody.consent_events import ConsentKey, CustodyEvent
from dongui.custody.ledger import EventReader, Pending
from dongui.errors import Trouble
from dongui.storage.custody_statements import Cursor, EventTables, Value
from dongui.storage.sqlite.custody_ledger_tables import APPLICATION_ID, MIGRATIONS
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = ["SqliteEventStore", "locked_beside"]

_WAIT_S = 30.0
_LOOK_AGAIN_S = 0.01
_RULES = """
  SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name IN ('event_kept', 'person_unchanged')
"""


class SqliteEventStore(FileStore):
    """The :class:`dongui.custody.ledger.EventStore` in one file, with a lock file beside it."""

    @classmethod
    def open(cls, path: Path) -> SqliteEventStore:
        """Open or create the store at ``path``. Raises what ``Database.open`` raises."""
        return cls(Database.open(path, migrations=MIGRATIONS, application_id=APPLICATION_ID))

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep other writers out by a lock that dies with its holder.

        Raises ``Trouble`` ``storage.locked``.
        """
        with locked_beside(self._database.path):
            yield

    @contextmanager
    def reading(self) -> Iterator[EventReader]:
        """Read one consistent moment, over a connection of its own: writers go on meanwhile."""
        path = self._database.path
        with (
            Database.open(path, migrations=MIGRATIONS, application_id=APPLICATION_ID) as database,
            database.reading() as connection,
        ):
            tables = EventTables(_Connection(connection))
            tables.persons()  # The moment that is read is that of the first statement.
            yield tables

    def know(self, people: Iterable[bytes]) -> int:
        """Number people that are new, from 0 without gaps; return how many were."""
        with self._tables() as tables:
            return tables.know(people)

    def unknown(self, people: Iterable[bytes]) -> list[bytes]:
        """Return those that are not known."""
        with self._tables() as tables:
            return tables.unknown(people)

    def latest(self, key: ConsentKey) -> CustodyEvent | None:
        """Return the event of a key with the highest position."""
        with self._database.reading() as connection:
            return EventTables(_Connection(connection)).latest(key)

    def note(self, pending: Pending) -> None:
        """Note events as pending."""
        with self._tables() as tables:
            tables.note(pending)

    def pending(self) -> Pending | None:
        """Return what is noted."""
        with self._database.reading() as connection:
            return EventTables(_Connection(connection)).pending()

    def strike(self) -> None:
        """Forget the note."""
        with self._tables() as tables:
            tables.strike()

    def keep(self, events: Sequence[CustodyEvent]) -> None:
        """Keep events with their positions, and forget the note, all or nothing."""
        with self._tables() as tables:
            tables.keep(events)

    def erase(self, person: bytes, *, instead: bytes) -> int:
        """Destroy a person's events and id, ``instead`` taking its place; return how many events."""
        with self._database.transaction() as connection:
            lifted = connection.execute(_RULES).fetchall()
            # Within the one transaction: nobody ever sees the tables without their rules.
            for name, _ in lifted:
                connection.execute(f"DROP TRIGGER {name}")
            erased = EventTables(_Connection(connection)).erase(person, instead=instead)
            for _, rule in lifted:
                connection.execute(rule)
        self._database.write_anew()
        return erased

    @contextmanager
    def _tables(self) -> Iterator[EventTables]:
        with self._database.transaction() as connection:
            yield EventTables(_Connection(connection))


@contextmanager
def locked_beside(database: Path) -> Iterator[None]:
    """Hold the lock file beside a database; it is given up with the process that holds it.

    Raises ``Trouble`` ``storage.locked``.
    """
    path = database.with_name(f"{database.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Connection:
    connection: sqlite3.Connection

    def execute(self, statement: str, values: Sequence[Value] = (), /) -> Cursor:
        return self.connection.execute(statement, values)

    def execute_all(self, statement: str, rows: Iterable[Sequence[Value]], /) -> None:
        self.connection.executemany(statement, rows)


def _lock(descriptor: int, path: Path) -> None:
    """Wait for the lock, but not for ever: whoever stands at a counter is told."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Trouble(
                    "storage.locked", f"{path.name} is held for more than {_WAIT_S:.0f} s"
                ) from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return

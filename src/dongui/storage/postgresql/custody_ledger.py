"""The custody ledger in PostgreSQL: append-only by its triggers too, one writer at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType

import psycopg
import pyarrow as pa

from dongui.custody.consent_events import ConsentKey, CustodyEvent
from dongui.custody.ledger import EventReader, Pending
from dongui.custody.schema import Layout
from dongui.storage.custody_statements import EventTables
from dongui.storage.postgresql.connections import PlainConnection, Rows, connect, naming_troubles
from dongui.storage.postgresql.custody_ledger_tables import TABLES

__all__ = ["PostgresEventStore"]

_WAIT_MS = 30_000
# The number under which this ledger's writers exclude one another within a database ("DngU").
_LOCK = 0x446E6755


class PostgresEventStore:
    """The :class:`dongui.custody.ledger.EventStore` in one database."""

    def __init__(self, address: str, connection: Rows) -> None:
        self._address = address
        self._connection = connection

    @classmethod
    def open(cls, address: str) -> PostgresEventStore:
        """Open the ledger in the database at ``address``, creating its tables where there are none.

        Raises ``Trouble``: ``storage.failed``, ``storage.locked``.
        """
        connection = connect(address)
        with naming_troubles(), connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK + 1,))
            connection.execute(TABLES)
        return cls(address, connection)

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep other writers out by a lock of a session's own, which ends with it.

        Raises ``Trouble``: ``storage.locked``.
        """
        with connect(self._address) as session:
            with naming_troubles():
                session.execute(f"SET lock_timeout = {_WAIT_MS}")
                session.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            yield

    @contextmanager
    def reading(self) -> Iterator[EventReader]:
        """Read one consistent moment, over a connection of its own: writers go on meanwhile."""
        with connect(self._address) as connection, naming_troubles():
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            with connection.transaction():
                reader = _Reader(connection)
                reader.persons()  # The moment that is read is that of the first statement.
                yield reader

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
        with self._tables() as tables:
            return tables.latest(key)

    def note(self, pending: Pending) -> None:
        """Note events as pending."""
        with self._tables() as tables:
            tables.note(pending)

    def pending(self) -> Pending | None:
        """Return what is noted."""
        with self._tables() as tables:
            return tables.pending()

    def strike(self) -> None:
        """Forget the note."""
        with self._tables() as tables:
            tables.strike()

    def keep(self, events: Sequence[CustodyEvent]) -> None:
        """Keep events with their positions, and forget the note, all or nothing."""
        with self._tables() as tables:
            tables.keep(events)

    def erase(self, person: bytes, *, instead: bytes) -> int:
        """Destroy a person's events and id; the number stays taken, by ``instead``. Return how many events.

        What the server keeps of deleted rows until it vacuums, and in its write-ahead log, is beyond this.
        """
        with self._tables() as tables:
            # Only the tables' owner can, and only within this transaction.
            self._connection.execute("ALTER TABLE event DISABLE TRIGGER event_kept")
            self._connection.execute("ALTER TABLE person DISABLE TRIGGER person_kept")
            erased = tables.erase(person, instead=instead)
            self._connection.execute("ALTER TABLE event ENABLE TRIGGER event_kept")
            self._connection.execute("ALTER TABLE person ENABLE TRIGGER person_kept")
        return erased

    @contextmanager
    def _tables(self) -> Iterator[EventTables]:
        with naming_troubles(), self._connection.transaction():
            yield EventTables(PlainConnection(self._connection))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> PostgresEventStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Reader:
    def __init__(self, connection: Rows) -> None:
        self._plain = EventTables(PlainConnection(connection))
        self._streamed = EventTables(PlainConnection(connection, stream="custody_rows"))

    def dictionaries(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        return self._plain.dictionaries()

    def persons(self) -> int:
        return self._plain.persons()

    def last_logged_us(self) -> int:
        return self._plain.last_logged_us()

    def events(self, since: int = 0) -> Iterable[CustodyEvent]:
        return self._streamed.events(since)

    def events_of(self, person: bytes) -> Sequence[CustodyEvent]:
        return self._plain.events_of(person)

    def people(self) -> Iterable[tuple[int, bytes]]:
        return self._streamed.people()

    def number(self, person: bytes) -> int | None:
        return self._plain.number(person)

    def rows(self, layout: Layout) -> Iterable[pa.RecordBatch]:
        return self._streamed.rows(layout)

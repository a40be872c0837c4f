"""The custody ledger over SQL: the same statements for SQLite and for PostgreSQL.

A database gives a :class:`Connection` inside a transaction; parameters are written ``?``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Protocol

import pyarrow as pa

from dongui.custody.consent_events import ConsentKey, CustodyEvent
from dongui.custody.ledger import Pending
from dongui.custody.question import Artefact
from dongui.custody.schema import EventKind, Layout
from dongui.custody.tables import arrow_schema
from dongui.errors import Misuse

__all__ = ["Connection", "Cursor", "EventTables", "Value"]

Value = int | str | bytes
_MOST_NAMES = 2**16
_BATCH_ROWS = 1 << 16


class Cursor(Protocol):
    """Rows of one answer."""

    def fetchone(self) -> Sequence[object] | None:
        """Return the next row, or None."""

    def fetchmany(self, size: int, /) -> Sequence[Sequence[object]]:
        """Return at most ``size`` further rows, none at the end."""

    def close(self) -> None:
        """Let go of the answer."""


class Connection(Protocol):
    """A connection inside a transaction."""

    def execute(self, statement: str, values: Sequence[Value] = (), /) -> Cursor:
        """Run one statement."""

    def execute_all(self, statement: str, rows: Iterable[Sequence[Value]], /) -> None:
        """Run one statement for each row."""


def _statement(text: str) -> str:
    """Fill in the parts that statements share: columns, joins, a person's and two names' numbers."""
    for part, content in _PARTS.items():
        text = text.replace(part, content)
    return text


_PARTS = {
    "<event>": """
      person.id, purpose.id, recipient.id, event.artefact, event.state, event.flags, event.claimed_us,
      event.logged_us, event.counts_from_us, event.valid_until_us, event.retained_until_us, event.blind
    """,
    "<joins>": """
      JOIN person ON person.number = event.person
      JOIN purpose ON purpose.number = event.purpose
      JOIN recipient ON recipient.number = event.recipient
    """,
    "<columns>": """
      person, purpose, recipient, artefact, state, flags, claimed_us, logged_us, counts_from_us,
      valid_until_us, retained_until_us, blind
    """,
    "<values>": """
      (SELECT number FROM person WHERE id = ?), (SELECT number FROM purpose WHERE id = ?),
      (SELECT number FROM recipient WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?
    """,
}
_LATEST = _statement("""
  SELECT event.position, <event> FROM event <joins>
  WHERE person.id = ? AND purpose.id = ? AND recipient.id = ? AND event.artefact = ?
  ORDER BY event.position DESC LIMIT 1
""")
_EVENTS = _statement(
    "SELECT event.position, <event> FROM event <joins> WHERE event.position >= ? ORDER BY event.position"
)
_EVENTS_OF = _statement(
    "SELECT event.position, <event> FROM event <joins> WHERE person.id = ? ORDER BY event.position"
)
_SPEAKERS = """
  SELECT number, id FROM person WHERE EXISTS (SELECT 1 FROM event WHERE event.person = person.number)
  ORDER BY number
"""
_PENDING = _statement("SELECT event.log_size, <event> FROM pending AS event <joins> ORDER BY event.place")
_KEEP = _statement("INSERT INTO event (<columns>, position) VALUES (<values>, ?)")
_NOTE = _statement("INSERT INTO pending (<columns>, log_size, place) VALUES (<values>, ?, ?)")
_KNOW = "INSERT INTO person (number, id) VALUES (?, ?)"
_NAMES = {
    "purpose": (
        "SELECT number, id FROM purpose",
        "INSERT INTO purpose (number, id) VALUES (?, ?)",
    ),
    "recipient": (
        "SELECT number, id FROM recipient",
        "INSERT INTO recipient (number, id) VALUES (?, ?)",
    ),
}
_ROWS = {
    Layout.SORTED: """
      SELECT person, purpose, recipient, artefact, state, flags,
             counts_from_us, valid_until_us, retained_until_us, position
      FROM event ORDER BY person, purpose, recipient, artefact, position
    """,
    Layout.GENERAL: """
      SELECT person.id, purpose, recipient, artefact, state, flags,
             counts_from_us, valid_until_us, retained_until_us, position
      FROM event JOIN person ON person.number = event.person
      ORDER BY person.id, purpose, recipient, artefact, position
    """,
}


class EventTables:
    """The statements, over one connection inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def know(self, people: Iterable[bytes]) -> int:
        """Number people that are new; return how many were."""
        before = self.persons()
        new = self.unknown(dict.fromkeys(people))
        self._connection.execute_all(_KNOW, [*enumerate(new, start=before)])
        return len(new)

    def unknown(self, people: Iterable[bytes]) -> list[bytes]:
        """Return those that are not known."""
        query = "SELECT 1 FROM person WHERE id = ?"
        return [person for person in people if self._connection.execute(query, (person,)).fetchone() is None]

    def latest(self, key: ConsentKey) -> CustodyEvent | None:
        """Return the event of a key with the highest position."""
        values = (key.person, key.purpose, key.recipient, key.artefact.value)
        row = self._connection.execute(_LATEST, values).fetchone()
        return None if row is None else _event(row[1:], position=_whole(row[0]))

    def note(self, pending: Pending) -> None:
        """Note events as pending, and name their purposes and recipients."""
        self._name("purpose", {event.key.purpose for event in pending.events})
        self._name("recipient", {event.key.recipient for event in pending.events})
        rows = [(*_row(event), pending.log_size, place) for place, event in enumerate(pending.events)]
        self._connection.execute_all(_NOTE, rows)

    def pending(self) -> Pending | None:
        """Return what is noted."""
        rows = list(_all(self._connection.execute(_PENDING)))
        if not rows:
            return None
        return Pending(_whole(rows[0][0]), tuple(_event(row[1:], position=-1) for row in rows))

    def strike(self) -> None:
        """Forget the note."""
        self._connection.execute("DELETE FROM pending")

    def keep(self, events: Sequence[CustodyEvent]) -> None:
        """Keep events with their positions, and forget the note."""
        self._connection.execute_all(_KEEP, [(*_row(event), event.position) for event in events])
        self.strike()

    def dictionaries(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Return the purposes' and the recipients' numbers."""
        return self._numbers("purpose"), self._numbers("recipient")

    def persons(self) -> int:
        """Return how many people are known."""
        query = "SELECT coalesce(max(number) + 1, 0) FROM person"
        return self._whole(query)

    def last_logged_us(self) -> int:
        """Return when the latest event was logged."""
        query = (
            "SELECT coalesce(max(logged_us), 0) FROM event WHERE position = (SELECT max(position) FROM event)"
        )
        return self._whole(query)

    def events(self, since: int = 0) -> Iterator[CustodyEvent]:
        """Return every event from position ``since`` on, in the order of the log."""
        with closing(self._connection.execute(_EVENTS, (since,))) as cursor:
            for row in _all(cursor):
                yield _event(row[1:], position=_whole(row[0]))

    def events_of(self, person: bytes) -> list[CustodyEvent]:
        """Return one person's events, in the order of the log."""
        rows = _all(self._connection.execute(_EVENTS_OF, (person,)))
        return [_event(row[1:], position=_whole(row[0])) for row in rows]

    def people(self) -> Iterator[tuple[int, bytes]]:
        """Return number and id of everybody who ever said something, by rising number."""
        with closing(self._connection.execute(_SPEAKERS)) as cursor:
            for row in _all(cursor):
                yield _whole(row[0]), _bytes(row[1])

    def number(self, person: bytes) -> int | None:
        """Return a person's number, or None."""
        row = self._connection.execute("SELECT number FROM person WHERE id = ?", (person,)).fetchone()
        return None if row is None else _whole(row[0])

    def erase(self, person: bytes, *, instead: bytes) -> int:
        """Delete a person's events and put ``instead`` in the place of their id; return how many events."""
        number = self.number(person)
        if number is None:
            return 0
        row = self._connection.execute("SELECT count(*) FROM event WHERE person = ?", (number,)).fetchone()
        self._connection.execute("DELETE FROM event WHERE person = ?", (number,))
        self._connection.execute("UPDATE person SET id = ? WHERE number = ?", (instead, number))
        return 0 if row is None else _whole(row[0])

    def rows(self, layout: Layout) -> Iterator[pa.RecordBatch]:
        """Return every event as rows of the consents table, in its order."""
        schema = arrow_schema("consents", layout)
        with closing(self._connection.execute(_ROWS[layout])) as cursor:
            while rows := cursor.fetchmany(_BATCH_ROWS):
                columns = zip(*rows, strict=True)
                arrays = [pa.array(column, of.type) for column, of in zip(columns, schema, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _whole(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return 0 if row is None else _whole(row[0])

    def _numbers(self, table: str) -> dict[str, int]:
        return {str(row[1]): _whole(row[0]) for row in _all(self._connection.execute(_NAMES[table][0]))}

    def _name(self, table: str, names: set[str]) -> None:
        known = self._numbers(table)
        new = sorted(names - known.keys())
        if len(known) + len(new) > _MOST_NAMES:
            raise Misuse(
                "snapshot.too-many-names", f"{len(known)} of at most {_MOST_NAMES} are taken: {table}"
            )
        self._connection.execute_all(_NAMES[table][1], [*enumerate(new, start=len(known))])


def _all(cursor: Cursor) -> Iterator[Sequence[object]]:
    while rows := cursor.fetchmany(_BATCH_ROWS):
        yield from rows


def _row(event: CustodyEvent) -> tuple[Value, ...]:
    key = event.key
    return (
        key.person,
        key.purpose,
        key.recipient,
        key.artefact.value,
        event.kind.value,
        event.flags,
        event.claimed_us,
        event.logged_us,
        event.counts_from_us,
        event.valid_until_us,
        event.retained_until_us,
        event.blind,
    )


def _event(row: Sequence[object], *, position: int) -> CustodyEvent:
    person, purpose, recipient, artefact, state, *numbers, blind = row
    flags, claimed_us, logged_us, counts_from_us, valid_until_us, retained_until_us = map(_whole, numbers)
    return CustodyEvent(
        key=ConsentKey(_bytes(person), str(purpose), str(recipient), Artefact(_whole(artefact))),
        kind=EventKind(_whole(state)),
        flags=flags,
        claimed_us=claimed_us,
        logged_us=logged_us,
        counts_from_us=counts_from_us,
        valid_until_us=valid_until_us,
        retained_until_us=retained_until_us,
        blind=_bytes(blind),
        position=position,
    )


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("the table holds a number here")
    return value


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("the table holds bytes here")
    return value

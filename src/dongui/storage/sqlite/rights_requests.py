"""Requests for rights in one SQLite file: events append-only by triggers too, whom they are about apart.

What it promises. Everything is durable on return. What :meth:`SqliteRequests.forget` destroys is overwritten,
and the file written anew; the events stay, of nobody.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dongui.custody.rights.kinds import Happening
from dongui.custody.rights.requests import RequestEvent, Subject
from dongui.errors import Refused
from dongui.storage.sqlite.custody_ledger import locked_beside
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = ["SqliteRequests"]

APPLICATION_ID = 0x446E6752  # "DngR"
_TABLES = """
    CREATE TABLE event (
      position INTEGER PRIMARY KEY CHECK (position >= 0),
      <event>
    ) STRICT;
    CREATE UNIQUE INDEX event_of_request ON event (request, number);
    CREATE TABLE pending (
      log_size INTEGER NOT NULL,
      <event>
    ) STRICT;
    CREATE TABLE subject (
      request BLOB PRIMARY KEY CHECK (length(request) = 16),
      person BLOB NOT NULL CHECK (length(person) = 16)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX subject_of_person ON subject (person);
    CREATE TABLE presentation (
      digest BLOB PRIMARY KEY CHECK (length(digest) = 32)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER event_unchanged BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
    CREATE TRIGGER event_kept BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
    CREATE TRIGGER event_follows BEFORE INSERT ON event
    WHEN NEW.position <= (SELECT max(position) FROM event)
    BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
"""
_EVENT = """
  request BLOB NOT NULL CHECK (length(request) = 16),
  number INTEGER NOT NULL CHECK (number >= 0),
  kind TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  words TEXT NOT NULL,
  blind BLOB NOT NULL CHECK (length(blind) = 32)
"""
_MIGRATIONS = (_TABLES.replace("<event>", _EVENT.strip()),)
_EVENTS = """
  SELECT position, request, number, kind, at_us, words, blind FROM event WHERE request = ? ORDER BY number
"""
_NOTE = """
  INSERT INTO pending (log_size, request, number, kind, at_us, words, blind) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_KEEP = (
    "INSERT INTO event (position, request, number, kind, at_us, words, blind) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_PENDING = "SELECT log_size, request, number, kind, at_us, words, blind FROM pending"


class SqliteRequests(FileStore):
    """The :class:`dongui.custody.rights.requests.RequestStore` in one file. A context manager."""

    @classmethod
    def open(cls, path: Path) -> SqliteRequests:
        """Open or create the store at ``path``. Raises what ``Database.open`` raises."""
        return cls(Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID))

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep other writers out by a lock that dies with its holder."""
        with locked_beside(self._database.path):
            yield

    def note(self, event: RequestEvent, log_size: int, subject: Subject | None) -> None:
        """Note an event as pending, and whom its request is about."""
        with self._database.transaction() as connection:
            connection.execute(_NOTE, (log_size, *_row(event)))
            if subject is not None:
                _note_subject(connection, event.request, subject)

    def pending(self) -> tuple[RequestEvent, int] | None:
        """Return what is noted, and how large the log was."""
        with self._database.reading() as connection:
            row = connection.execute(_PENDING).fetchone()
        return None if row is None else (_event((-1, *row[1:])), row[0])

    def strike(self) -> None:
        """Forget what is noted."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM pending")

    def keep(self, event: RequestEvent) -> None:
        """Keep the noted event with its position."""
        with self._database.transaction() as connection:
            connection.execute(_KEEP, (event.position, *_row(event)))
            connection.execute("DELETE FROM pending")

    def events(self, request: bytes) -> Sequence[RequestEvent]:
        """Return a request's events in their order."""
        with self._database.reading() as connection:
            return [_event(row) for row in connection.execute(_EVENTS, (request,)).fetchall()]

    def requests(self) -> Sequence[bytes]:
        """Return every request's id, in the order they were received."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT request FROM event WHERE number = 0 ORDER BY position"
            ).fetchall()
        return [row[0] for row in rows]

    def person_of(self, request: bytes) -> bytes | None:
        """Return whom a request is about."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT person FROM subject WHERE request = ?", (request,)).fetchone()
        return None if row is None else bytes(row[0])

    def requests_of(self, person: bytes) -> Sequence[bytes]:
        """Return the requests of a person."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT request FROM subject WHERE person = ?", (person,)).fetchall()
        # One that was noted and never logged has no event yet; the next call finishes it.
        return [row[0] for row in rows if self.events(row[0])]

    def forget(self, person: bytes) -> None:
        """Destroy whom requests are about, durably, wherever it is this person."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM subject WHERE person = ?", (person,))
        self._database.write_anew()


def _note_subject(connection: sqlite3.Connection, request: bytes, subject: Subject) -> None:
    if subject.presented:
        try:
            connection.execute("INSERT INTO presentation VALUES (?)", (subject.presented,))
        except sqlite3.IntegrityError:
            # A copy of what somebody once presented must not ask in their name again.
            raise Refused("rights.presentation-used", "this presentation was accepted before") from None
    connection.execute("INSERT OR IGNORE INTO subject VALUES (?, ?)", (request, subject.person))


def _row(event: RequestEvent) -> tuple[bytes, int, str, int, str, bytes]:
    words = json.dumps(dict(event.words), ensure_ascii=False, sort_keys=True)
    return event.request, event.number, event.kind.value, event.at_us, words, event.blind


def _event(row: tuple[int, bytes, int, str, int, str, bytes]) -> RequestEvent:
    position, request, number, kind, at_us, words, blind = row
    return RequestEvent(request, number, Happening(kind), at_us, json.loads(words), blind, position)

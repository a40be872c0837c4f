"""The consent ledger in SQLite: append-only by its triggers too, durable on return, never half an event."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType

from dongui.consent.events import ConsentEvent, History
from dongui.consent.ledger import refuse_second
from dongui.consent.notice import Notice
from dongui.consent.record_form import LIMITS, read_record, write_record
from dongui.consent.subject import HANDLE_KEY_BYTES
from dongui.encoding import cbor
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.sqlite.database import Database

__all__ = ["SqliteLedger"]

_APPLICATION_ID = 0x446E6743  # "DngC"

_TABLES = """
CREATE TABLE notice (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  language TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE TABLE record (
  number INTEGER PRIMARY KEY,
  record_id BLOB NOT NULL UNIQUE CHECK (length(record_id) = 16),
  purpose_id TEXT NOT NULL,
  subject BLOB NOT NULL CHECK (length(subject) = 32),
  notice BLOB NOT NULL REFERENCES notice (digest),
  content BLOB NOT NULL
) STRICT;
CREATE INDEX record_of_person ON record (purpose_id, subject);
CREATE TABLE event (
  record_id BLOB NOT NULL REFERENCES record (record_id),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  content BLOB NOT NULL,
  PRIMARY KEY (record_id, sequence)
) STRICT;
CREATE TABLE handle_key (
  purpose_id TEXT PRIMARY KEY,
  secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;
"""


# Changing, deleting, and the third way: REPLACE deletes a row without asking the triggers on deletion.
_GUARDS = """
CREATE TRIGGER <table>_unchanged BEFORE UPDATE ON <table>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
CREATE TRIGGER <table>_kept BEFORE DELETE ON <table>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
CREATE TRIGGER <table>_not_replaced BEFORE INSERT ON <table> WHEN EXISTS (SELECT 1 FROM <table> WHERE <same>)
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
"""


def _append_only(table: str, same: str) -> str:
    return _GUARDS.replace("<table>", table).replace("<same>", same)


_WITHOUT_GAPS = """
CREATE TRIGGER event_without_gaps BEFORE INSERT ON event
WHEN NEW.sequence <> (SELECT count(*) + 1 FROM event WHERE record_id = NEW.record_id)
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
"""

_MIGRATIONS = (
    _TABLES
    + _append_only("notice", "digest = NEW.digest")
    + _append_only("record", "record_id = NEW.record_id OR number = NEW.number")
    + _append_only("event", "record_id = NEW.record_id AND sequence = NEW.sequence")
    + _append_only("handle_key", "purpose_id = NEW.purpose_id")
    + _WITHOUT_GAPS,
)


_ALL = "SELECT record_id, content FROM record ORDER BY number"
_OF_ID = "SELECT record_id, content FROM record WHERE record_id = ?"
_OF_PURPOSE = "SELECT record_id, content FROM record WHERE purpose_id = ? ORDER BY number"
_OF_PERSON = "SELECT record_id, content FROM record WHERE purpose_id = ? AND subject = ? ORDER BY number"


class SqliteLedger:
    """The :class:`dongui.consent.ledger.Ledger` in one file. Threads may share it; see ``Database``."""

    def __init__(self, database: Database, *, entropy: Entropy) -> None:
        self._database = database
        self._entropy = entropy

    @classmethod
    def open(cls, path: Path, *, entropy: Entropy) -> SqliteLedger:
        """Open or create the ledger at ``path``. Raises what ``Database.open`` raises."""
        return cls(
            Database.open(path, migrations=_MIGRATIONS, application_id=_APPLICATION_ID), entropy=entropy
        )

    def open_record(self, history: History, notice: Notice) -> None:
        """Keep a new record with its first event and its notice, all or nothing."""
        record, checked = history.record, History(history.record)
        for event in history.events:
            checked = checked.follow(event)
        if notice.digest != record.notice_digest or not history.events:
            raise ValueError("a record is kept with an event and with the very notice it names")
        with self._database.transaction() as connection:
            existing = _histories(connection, _OF_PERSON, record.purpose_id, record.subject)
            refuse_second(existing, at=history.events[0].at)
            _keep_notice(connection, notice)
            connection.execute(
                "INSERT INTO record (record_id, purpose_id, subject, notice, content) VALUES (?, ?, ?, ?, ?)",
                (record.id, record.purpose_id, record.subject, notice.digest, write_record(record)),
            )
            for sequence, event in enumerate(history.events, start=1):
                _keep_event(connection, sequence, event)

    def append(self, event: ConsentEvent) -> History:
        """Keep one more event, judged against what is there inside the same transaction."""
        with self._database.transaction() as connection:
            longer = _one(connection, event.record_id).follow(event)
            _keep_event(connection, len(longer.events), event)
        return longer

    def history(self, record_id: bytes) -> History:
        """Return a record with its events."""
        with self._database.reading() as connection:
            return _one(connection, record_id)

    def list_records(self, purpose_id: str | None = None) -> list[History]:
        """Return every record, or one purpose's, the oldest first."""
        with self._database.reading() as connection:
            if purpose_id is None:
                return _histories(connection, _ALL)
            return _histories(connection, _OF_PURPOSE, purpose_id)

    def notice_text(self, digest: bytes) -> str:
        """Return the notice somebody read."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT text FROM notice WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise Misuse("consent.unknown-notice", f"no notice has the digest {digest.hex()}")
        return str(row[0])

    def handle_key(self, purpose_id: str) -> bytes:
        """Return the purpose's handle key; the first one asked for stays."""
        with self._database.transaction() as connection:
            query = "SELECT secret FROM handle_key WHERE purpose_id = ?"
            row = connection.execute(query, (purpose_id,)).fetchone()
            if row is not None:
                return bytes(row[0])
            secret = self._entropy.draw(HANDLE_KEY_BYTES)
            connection.execute("INSERT INTO handle_key VALUES (?, ?)", (purpose_id, secret))
            return secret

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> SqliteLedger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _keep_notice(connection: sqlite3.Connection, notice: Notice) -> None:
    if connection.execute("SELECT 1 FROM notice WHERE digest = ?", (notice.digest,)).fetchone() is None:
        connection.execute(
            "INSERT INTO notice VALUES (?, ?, ?)", (notice.digest, notice.language, notice.text)
        )


def _keep_event(connection: sqlite3.Connection, sequence: int, event: ConsentEvent) -> None:
    connection.execute(
        "INSERT INTO event VALUES (?, ?, ?)", (event.record_id, sequence, cbor.dumps(event.to_fields()))
    )


def _one(connection: sqlite3.Connection, record_id: bytes) -> History:
    found = _histories(connection, _OF_ID, record_id)
    if not found:
        raise Misuse("consent.unknown-record", f"no record has the id {record_id.hex()}")
    return found[0]


def _histories(connection: sqlite3.Connection, query: str, *values: str | bytes) -> list[History]:
    rows = connection.execute(query, values).fetchall()
    try:
        return [History(read_record(content), _events(connection, record_id)) for record_id, content in rows]
    except (Misuse, Refused) as error:
        # Written by this class alone, so what cannot be read is the disk's doing and nobody's refusal.
        raise Trouble("storage.damaged", f"a record of the consent ledger cannot be read: {error}") from error


def _events(connection: sqlite3.Connection, record_id: bytes) -> tuple[ConsentEvent, ...]:
    query = "SELECT content FROM event WHERE record_id = ? ORDER BY sequence"
    return tuple(
        ConsentEvent.from_fields(record_id, cbor.loads_canonical(content, limits=LIMITS))
        for (content,) in connection.execute(query, (record_id,))
    )

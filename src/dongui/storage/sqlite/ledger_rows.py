"""Rows of the consent ledger: read into histories, written, and destroyed whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from dongui.consent.events import ConsentEvent, History
from dongui.consent.expiry import expiry, lasts
from dongui.consent.notice import Notice
from dongui.consent.record_form import LIMITS, read_record, write_record
from dongui.consent.retention import is_over, kept_until
from dongui.encoding import cbor
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.sqlite.ledger_tables import destroying

__all__ = [
    "all_histories",
    "destroy",
    "histories_of_person",
    "histories_of_purpose",
    "is_any_due",
    "is_any_ending",
    "is_owed",
    "is_unswept",
    "keep_event",
    "keep_notice",
    "keep_record",
    "note_ends",
    "note_owed",
    "one_history",
    "those_over",
    "those_run_out",
]

_SELECT = "SELECT record_id, content FROM record"
_DESTROY_RECORD = (
    "DELETE FROM owed WHERE record_id = ?",
    "DELETE FROM ending WHERE record_id = ?",
    "DELETE FROM due WHERE record_id = ?",
    "DELETE FROM event WHERE record_id = ?",
    "DELETE FROM record WHERE record_id = ?",
)
_NOTE_DUE = "INSERT INTO due VALUES (?, ?) ON CONFLICT (record_id) DO UPDATE SET moment = excluded.moment"
_NOTE_ENDING = (
    "INSERT INTO ending VALUES (?, ?) ON CONFLICT (record_id) DO UPDATE SET moment = excluded.moment"
)
_DESTROY_NOTICE = "DELETE FROM notice WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM record WHERE notice = ?)"


def one_history(connection: sqlite3.Connection, record_id: bytes) -> History:
    """Raises ``Misuse`` (``consent.unknown-record``), ``Trouble`` (``storage.damaged``)."""
    found = _histories(connection, f"{_SELECT} WHERE record_id = ?", record_id)
    if not found:
        raise Misuse("consent.unknown-record", f"no record has the id {record_id.hex()}")
    return found[0]


def all_histories(connection: sqlite3.Connection) -> list[History]:
    """Every record, the oldest first."""
    return _histories(connection, f"{_SELECT} ORDER BY number")


def histories_of_purpose(connection: sqlite3.Connection, purpose_id: str) -> list[History]:
    """Every record of a purpose, the oldest first."""
    return _histories(connection, f"{_SELECT} WHERE purpose_id = ? ORDER BY number", purpose_id)


def histories_of_person(connection: sqlite3.Connection, purpose_id: str, subject: bytes) -> list[History]:
    """Every record of one person's handle, the oldest first."""
    query = f"{_SELECT} WHERE purpose_id = ? AND subject = ? ORDER BY number"
    return _histories(connection, query, purpose_id, subject)


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


def keep_notice(connection: sqlite3.Connection, notice: Notice) -> None:
    """Keep the text shown, once."""
    if connection.execute("SELECT 1 FROM notice WHERE digest = ?", (notice.digest,)).fetchone() is None:
        connection.execute(
            "INSERT INTO notice VALUES (?, ?, ?)", (notice.digest, notice.language, notice.text)
        )


def keep_record(connection: sqlite3.Connection, history: History) -> None:
    """Keep a new record with the events it begins with; its notice is kept already."""
    record = history.record
    connection.execute(
        "INSERT INTO record (record_id, purpose_id, subject, notice, content) VALUES (?, ?, ?, ?, ?)",
        (record.id, record.purpose_id, record.subject, record.notice_digest, write_record(record)),
    )
    for sequence, event in enumerate(history.events, start=1):
        keep_event(connection, sequence, event)
    note_ends(connection, history)


def keep_event(connection: sqlite3.Connection, sequence: int, event: ConsentEvent) -> None:
    """Keep the event that is number ``sequence`` of its record, counted from 1."""
    connection.execute(
        "INSERT INTO event VALUES (?, ?, ?)", (event.record_id, sequence, cbor.dumps(event.to_fields()))
    )


def note_ends(connection: sqlite3.Connection, history: History) -> None:
    """Note when the record is to be looked at: in the second its consent runs out, if it may, and is over."""
    connection.execute(_NOTE_DUE, (history.record.id, _second(kept_until(history))))
    if lasts(history):
        connection.execute(_NOTE_ENDING, (history.record.id, _second(history.ends_at)))
    else:
        connection.execute("DELETE FROM ending WHERE record_id = ?", (history.record.id,))


def note_owed(connection: sqlite3.Connection, record_id: bytes) -> None:
    """Note that the person is owed a receipt of what was just recorded."""
    connection.execute("INSERT OR IGNORE INTO owed VALUES (?)", (record_id,))


def is_owed(connection: sqlite3.Connection, record_id: bytes) -> bool:
    """Tell whether the person was not yet handed a receipt of the last that was recorded."""
    return connection.execute("SELECT 1 FROM owed WHERE record_id = ?", (record_id,)).fetchone() is not None


def is_any_due(connection: sqlite3.Connection, at: datetime) -> bool:
    """Tell whether a record is to be looked at, or the file to be written anew."""
    query = "SELECT EXISTS (SELECT 1 FROM due WHERE moment <= ?) OR EXISTS (SELECT 1 FROM unswept)"
    return bool(connection.execute(query, (_second(at),)).fetchone()[0])


def those_over(connection: sqlite3.Connection, at: datetime) -> list[History]:
    """Return the records whose time is over at ``at``; correct the note of any that was noted too early."""
    query = "SELECT record_id FROM due WHERE moment <= ?"
    over = []
    for (record_id,) in connection.execute(query, (_second(at),)).fetchall():
        history = one_history(connection, record_id)
        if is_over(history, at=at):
            over.append(history)
        else:
            note_ends(connection, history)
    return over


def is_any_ending(connection: sqlite3.Connection, at: datetime) -> bool:
    """Tell whether a consent is to be looked at that may have run out."""
    query = "SELECT EXISTS (SELECT 1 FROM ending WHERE moment <= ?)"
    return bool(connection.execute(query, (_second(at),)).fetchone()[0])


def those_run_out(connection: sqlite3.Connection, at: datetime) -> list[History]:
    """Return whose consent has run out by ``at``, with the event that says so; correct notes too early."""
    query = "SELECT record_id FROM ending WHERE moment <= ?"
    ended = []
    for (record_id,) in connection.execute(query, (_second(at),)).fetchall():
        history = one_history(connection, record_id)
        event = expiry(history, at=at)
        if event is None:
            note_ends(connection, history)
        elif not is_over(history, at=at):
            ended.append(history.follow(event))
    return ended


def destroy(connection: sqlite3.Connection, histories: Sequence[History]) -> None:
    """Delete records, their events, and the notices no record names any more."""
    with destroying(connection):
        for statement in _DESTROY_RECORD:
            connection.executemany(statement, [(history.record.id,) for history in histories])
        digests = {history.record.notice_digest for history in histories}
        connection.executemany(_DESTROY_NOTICE, [(digest, digest) for digest in digests])
    # Until the file is written anew it may hold copies of them in the spaces between rows.
    connection.execute("INSERT OR IGNORE INTO unswept VALUES (1)")


def is_unswept(connection: sqlite3.Connection) -> bool:
    """Tell whether something was destroyed since the file was last written anew."""
    return connection.execute("SELECT 1 FROM unswept").fetchone() is not None


def _second(moment: datetime) -> int:
    # Rounded down on both sides of the comparison: what is over is never missed.
    return int(moment.timestamp() // 1)

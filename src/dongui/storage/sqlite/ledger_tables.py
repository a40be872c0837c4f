"""The consent ledger's tables, the rules they hold every program to, and the one way around them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["APPLICATION_ID", "MIGRATIONS", "destroying"]

APPLICATION_ID = 0x446E6743  # "DngC"

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
_UNCHANGED = """
CREATE TRIGGER <table>_unchanged BEFORE UPDATE ON <table>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
"""
_KEPT = """
CREATE TRIGGER <table>_kept BEFORE DELETE ON <table>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
"""
_NOT_REPLACED = """
CREATE TRIGGER <table>_not_replaced BEFORE INSERT ON <table> WHEN EXISTS (SELECT 1 FROM <table> WHERE <same>)
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
"""


def _append_only(table: str, same: str) -> str:
    guards = _UNCHANGED + _KEPT + _NOT_REPLACED
    return guards.replace("<table>", table).replace("<same>", same)


_WITHOUT_GAPS = """
CREATE TRIGGER event_without_gaps BEFORE INSERT ON event
WHEN NEW.sequence <> (SELECT count(*) + 1 FROM event WHERE record_id = NEW.record_id)
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
"""

# due: when a record is to be looked at, never later than its time is over, so that not all are read each
# time. Whether it is destroyed, the record itself decides. Zero, for the first format's: look once and see.
# unswept: one row from the deletion of a record until the file was written anew.
_RETENTION = """
CREATE TABLE due (
  record_id BLOB PRIMARY KEY REFERENCES record (record_id),
  moment INTEGER NOT NULL
) STRICT;
CREATE INDEX due_at ON due (moment);
CREATE INDEX record_of_notice ON record (notice);
INSERT INTO due SELECT record_id, 0 FROM record;
CREATE TABLE unswept (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT;
"""

# Whose receipt was not handed out since something was last recorded. Nobody's, of an earlier format's.
_OWED = """
CREATE TABLE owed (record_id BLOB PRIMARY KEY REFERENCES record (record_id)) STRICT;
"""

# When a consent is to be looked at that may have run out, as due: zero, look once and see.
_ENDING = """
CREATE TABLE ending (
  record_id BLOB PRIMARY KEY REFERENCES record (record_id),
  moment INTEGER NOT NULL
) STRICT;
CREATE INDEX ending_at ON ending (moment);
INSERT INTO ending SELECT record_id, 0 FROM record;
"""

MIGRATIONS = (
    _TABLES
    + _append_only("notice", "digest = NEW.digest")
    + _append_only("record", "record_id = NEW.record_id OR number = NEW.number")
    + _append_only("event", "record_id = NEW.record_id AND sequence = NEW.sequence")
    + _append_only("handle_key", "purpose_id = NEW.purpose_id")
    + _WITHOUT_GAPS,
    _RETENTION,
    _OWED,
    _ENDING,
)


@contextmanager
def destroying(connection: sqlite3.Connection) -> Iterator[None]:
    """Let records, events and notices be deleted within the block, inside the caller's transaction.

    The rules against it are taken away and put back in the same transaction: no other program ever sees the
    tables without them, and where this one is killed or fails in between they have never been gone.
    """
    for table in ("event", "record", "notice"):
        connection.execute(f"DROP TRIGGER IF EXISTS {table}_kept")
    yield
    for table in ("event", "record", "notice"):
        connection.execute(_KEPT.replace("<table>", table).strip())

"""The custody ledger's tables in SQLite, and the rules they hold every program to."""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "MIGRATIONS"]

APPLICATION_ID = 0x446E6755  # "DngU"

_EVENT = """
  person INTEGER NOT NULL REFERENCES person (number),
  purpose INTEGER NOT NULL REFERENCES purpose (number),
  recipient INTEGER NOT NULL REFERENCES recipient (number),
  artefact INTEGER NOT NULL CHECK (artefact IN (1, 2)),
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
  flags INTEGER NOT NULL CHECK (flags BETWEEN 0 AND 63),
  claimed_us INTEGER NOT NULL,
  logged_us INTEGER NOT NULL,
  counts_from_us INTEGER NOT NULL CHECK (counts_from_us >= logged_us),
  valid_until_us INTEGER NOT NULL,
  retained_until_us INTEGER NOT NULL,
  blind BLOB NOT NULL CHECK (length(blind) = 32)
"""
_TABLES = """
CREATE TABLE person (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 4294967295),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16)
) STRICT;
CREATE TABLE purpose (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 65535),
  id TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE recipient (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 65535),
  id TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE event (
  position INTEGER PRIMARY KEY CHECK (position >= 0),
  <event>
) STRICT;
CREATE UNIQUE INDEX event_of_key ON event (person, purpose, recipient, artefact, position);
CREATE TABLE pending (
  place INTEGER PRIMARY KEY,
  log_size INTEGER NOT NULL,
  <event>
) STRICT;
"""
_APPEND_ONLY = """
CREATE TRIGGER <table>_unchanged BEFORE UPDATE ON <table>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
CREATE TRIGGER <table>_kept BEFORE DELETE ON <table>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
CREATE TRIGGER <table>_follows BEFORE INSERT ON <table>
WHEN NEW.<key> <= (SELECT max(<key>) FROM <table>) OR <same>
BEGIN SELECT RAISE(ABORT, '<table> is append-only'); END;
"""


def _append_only(table: str, key: str, same: str) -> str:
    return _APPEND_ONLY.replace("<same>", same).replace("<table>", table).replace("<key>", key)


# REPLACE deletes a row that bears the same id without asking the triggers on deletion.
_SAME_ID = "EXISTS (SELECT 1 FROM <table> WHERE id = NEW.id)"


MIGRATIONS = (
    _TABLES.replace("<event>", _EVENT.strip())
    + _append_only("event", "position", "FALSE")
    + _append_only("person", "number", _SAME_ID)
    + _append_only("purpose", "number", _SAME_ID)
    + _append_only("recipient", "number", _SAME_ID),
)

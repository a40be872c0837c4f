"""The custody ledger's tables in PostgreSQL, and the rules they hold every program to."""

from __future__ import annotations

from typing import Final

__all__ = ["TABLES"]

# One text, run whole when a store is opened: each statement leaves alone what is there already. The rules
# bind every program but the tables' owner, who may drop them: give programs a role of their own.
TABLES: Final = """
CREATE TABLE IF NOT EXISTS person (
  number BIGINT PRIMARY KEY CHECK (number BETWEEN 0 AND 4294967295),
  id BYTEA NOT NULL UNIQUE CHECK (octet_length(id) = 16)
);
CREATE TABLE IF NOT EXISTS purpose (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 65535),
  id TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS recipient (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 65535),
  id TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS event (
  position BIGINT PRIMARY KEY CHECK (position >= 0),
  person BIGINT NOT NULL REFERENCES person (number),
  purpose INTEGER NOT NULL REFERENCES purpose (number),
  recipient INTEGER NOT NULL REFERENCES recipient (number),
  artefact SMALLINT NOT NULL CHECK (artefact IN (1, 2)),
  state SMALLINT NOT NULL CHECK (state BETWEEN 1 AND 7),
  flags SMALLINT NOT NULL CHECK (flags BETWEEN 0 AND 63),
  claimed_us BIGINT NOT NULL,
  logged_us BIGINT NOT NULL,
  counts_from_us BIGINT NOT NULL CHECK (counts_from_us >= logged_us),
  valid_until_us BIGINT NOT NULL,
  retained_until_us BIGINT NOT NULL,
  blind BYTEA NOT NULL CHECK (octet_length(blind) = 32)
);
CREATE UNIQUE INDEX IF NOT EXISTS event_of_key ON event (person, purpose, recipient, artefact, position);
CREATE TABLE IF NOT EXISTS pending (
  LIKE event INCLUDING CONSTRAINTS,
  place INTEGER PRIMARY KEY,
  log_size BIGINT NOT NULL
);
ALTER TABLE pending DROP COLUMN IF EXISTS position;

CREATE OR REPLACE FUNCTION custody_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE OR REPLACE FUNCTION custody_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.position <= (SELECT max(position) FROM event) THEN
    RAISE EXCEPTION 'event is append-only';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER event_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  EXECUTE FUNCTION custody_append_only();
CREATE OR REPLACE TRIGGER person_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON person
  EXECUTE FUNCTION custody_append_only();
CREATE OR REPLACE TRIGGER purpose_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON purpose
  EXECUTE FUNCTION custody_append_only();
CREATE OR REPLACE TRIGGER recipient_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON recipient
  EXECUTE FUNCTION custody_append_only();
CREATE OR REPLACE TRIGGER event_follows BEFORE INSERT ON event
  FOR EACH ROW EXECUTE FUNCTION custody_follows();
"""

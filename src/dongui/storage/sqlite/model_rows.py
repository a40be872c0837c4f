"""The tables of the model store, and what a row of each says."""

from __future__ import annotations

from dataclasses import astuple, replace

from dongui.custody.model_files import ModelSeal
from dongui.custody.model_register import Model, PendingSeal, Step, Undoing
from dongui.encoding import cbor
from dongui.errors import Refused, Trouble

__all__ = [
    "INSERT_MODEL",
    "INSERT_SEAL",
    "MIGRATIONS",
    "SELECT_MODELS",
    "SELECT_SEAL",
    "SELECT_UNSETTLED",
    "model_of",
    "pending_of",
    "row_of",
    "seal_row",
    "undoing_of",
    "undoing_row",
]

MIGRATIONS = (
    """
    CREATE TABLE model (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
      recogniser TEXT NOT NULL,
      release BLOB NOT NULL CHECK (length(release) = 16),
      release_entry INTEGER NOT NULL CHECK (release_entry >= 0),
      controller TEXT NOT NULL,
      begun TEXT NOT NULL,
      version INTEGER NOT NULL CHECK (version >= 0),
      published INTEGER NOT NULL CHECK (published BETWEEN 0 AND version),
      changed INTEGER NOT NULL CHECK (changed >= 0),
      due TEXT NOT NULL,
      withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1))
    ) STRICT;
    CREATE TABLE statistics (
      model BLOB PRIMARY KEY REFERENCES model (id) ON DELETE CASCADE,
      content BLOB NOT NULL
    ) STRICT;
    CREATE TABLE seal (
      model BLOB PRIMARY KEY REFERENCES model (id) ON DELETE CASCADE,
      statement BLOB NOT NULL,
      log_size INTEGER NOT NULL CHECK (log_size >= 0),
      place INTEGER
    ) STRICT;
    CREATE TABLE contribution (
      person BLOB NOT NULL CHECK (length(person) IN (4, 16)),
      model BLOB NOT NULL REFERENCES model (id) ON DELETE CASCADE,
      sealed BLOB NOT NULL,
      PRIMARY KEY (person, model)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX contribution_of_model ON contribution (model);
    CREATE TABLE handed (
      model BLOB NOT NULL REFERENCES model (id) ON DELETE CASCADE,
      recipient TEXT NOT NULL,
      version INTEGER NOT NULL CHECK (version >= 1),
      PRIMARY KEY (model, recipient, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE undoing (
      number INTEGER PRIMARY KEY,
      id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
      content BLOB NOT NULL
    ) STRICT;
    """,
    """
    CREATE TABLE carried_out (
      position INTEGER PRIMARY KEY CHECK (position >= 0),
      all_before INTEGER NOT NULL CHECK (all_before IN (0, 1))
    ) STRICT;
    """,
)
INSERT_MODEL = """
  INSERT INTO model (id, recogniser, release, release_entry, controller, begun, version, published, changed,
    due, withdrawn)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SELECT_MODELS = """
  SELECT id, recogniser, release, release_entry, controller, begun, version, published, changed, due,
    withdrawn
  FROM model WHERE version > 0 ORDER BY number
"""
SELECT_SEAL = "SELECT statement, log_size, place FROM seal WHERE model = ?"
SELECT_UNSETTLED = "SELECT statement, log_size, place FROM seal WHERE place IS NULL"
INSERT_SEAL = "INSERT OR REPLACE INTO seal VALUES (?, ?, ?, ?)"
_LIMITS = cbor.Limits(max_bytes=1 << 26, max_depth=3, max_items=1 << 16)


def row_of(model: Model) -> tuple[object, ...]:
    """Return a model's row."""
    return astuple(model)


def model_of(row: tuple[bytes, str, bytes, int, str, str, int, int, int, str, bool]) -> Model:
    """Return the model of a row."""
    model = Model(*row)
    # SQLite has no truth values: it hands out 0 or 1.
    return replace(model, withdrawn=bool(model.withdrawn))


def seal_row(pending: PendingSeal) -> tuple[object, ...]:
    """Return a seal's row."""
    return (pending.seal.model, pending.seal.encode(), pending.log_size, pending.place)


def pending_of(row: tuple[bytes, int, int | None]) -> PendingSeal:
    """Return the seal of a row."""
    statement, log_size, place = row
    return PendingSeal(ModelSeal.decode(statement), log_size, place)


def undoing_row(undoing: Undoing) -> tuple[bytes, bytes]:
    """Return a withdrawal's row."""
    facts = [
        undoing.id,
        list(undoing.people),
        undoing.at,
        undoing.due,
        int(undoing.step),
        undoing.facts,
        list(undoing.notices),
        list(undoing.models),
        undoing.receipt,
        undoing.blind,
        undoing.log_size,
        undoing.place,
        list(undoing.scope),
        list(undoing.positions),
    ]
    return undoing.id, cbor.dumps(facts)


def undoing_of(content: bytes) -> Undoing:
    """Return the withdrawal of a row. Raises ``Trouble`` (``storage.damaged``)."""
    try:
        value = cbor.loads_canonical(content, limits=_LIMITS)
    except Refused:
        value = None
    match value:
        case [
            bytes() as number,
            list() as people,
            str() as at,
            str() as due,
            int() as step,
            bytes() as facts,
            list() as notices,
            list() as models,
            bytes() as receipt,
            bytes() as blind,
            int() as log_size,
            (int() | None) as place,
            *more,
        ] if len(more) in (0, 2):
            return Undoing(
                number,
                _all_bytes(people),
                at,
                due,
                Step(step),
                facts,
                _all_bytes(notices),
                _all_bytes(models),
                receipt,
                blind,
                log_size,
                place,
                *_scope(more),
            )
    raise Trouble("storage.damaged", "a withdrawal's row does not read")


def _scope(more: list[cbor.CborValue]) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """Return scope and positions: a withdrawal noted before there were any is about everything."""
    match more:
        case [list() as scope, list() as positions]:
            return _all_bytes(scope), tuple(one for one in positions if isinstance(one, int))
    return (), ()


def _all_bytes(values: list[cbor.CborValue]) -> tuple[bytes, ...]:
    return tuple(bytes(one) for one in values if isinstance(one, bytes))

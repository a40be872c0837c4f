"""The vault's index in one SQLite file: which version of which record stands where, and on what basis.

What it promises. Frames are confirmed by one transaction after their bytes are on the disk, so that whatever
the index names is there. An erasure is noted before anything of it is destroyed, and forgotten after all is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dongui.custody.vault.associated_data import RecordName
from dongui.custody.vault.record_file import Basis, BasisKind
from dongui.custody.vault.stores import Counts, Erasure, Kept, Place
from dongui.errors import Misuse
from dongui.storage.sqlite.database import Database

__all__ = ["APPLICATION_ID", "WRITTEN_ANEW_BYTES", "SqliteVaultIndex"]

APPLICATION_ID = 0x446E6749  # "DngI"
WRITTEN_ANEW_BYTES = 64 << 20
"""Writing an index anew takes time and memory in proportion to it: of millions of people, minutes."""

_MIGRATIONS = (
    """
    CREATE TABLE vault (id BLOB NOT NULL CHECK (length(id) = 16)) STRICT;
    CREATE TABLE segment (number INTEGER PRIMARY KEY, ends INTEGER NOT NULL CHECK (ends >= 0)) STRICT;
    CREATE TABLE kept (
      place INTEGER PRIMARY KEY,
      record BLOB NOT NULL CHECK (length(record) = 16),
      version INTEGER NOT NULL CHECK (version >= 1),
      number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 4294967295),
      person BLOB NOT NULL CHECK (length(person) = 16),
      person_number INTEGER NOT NULL CHECK (person_number BETWEEN 0 AND 4294967295),
      artefact INTEGER NOT NULL CHECK (artefact IN (1, 2)),
      basis INTEGER NOT NULL CHECK (basis IN (1, 2)),
      reference TEXT NOT NULL,
      length INTEGER NOT NULL,
      tag BLOB NOT NULL CHECK (length(tag) = 16)
    ) STRICT;
    CREATE UNIQUE INDEX kept_record ON kept (record, version);
    CREATE UNIQUE INDEX kept_number ON kept (number, version);
    CREATE INDEX kept_person ON kept (person);
    CREATE TABLE erasure (
      person BLOB PRIMARY KEY CHECK (length(person) = 16),
      content BLOB NOT NULL,
      blind BLOB NOT NULL CHECK (length(blind) = 32),
      log_size INTEGER NOT NULL
    ) STRICT;
    """,
)
# A segment's number and a place in it in one integer, in the order in which they lie on the disk.
_PLACE_BITS = 40
_Row = tuple[int, bytes, int, int, bytes, int, int, int, str, int, bytes]
_INSERT = "INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_LATEST = {
    "record": "SELECT * FROM kept WHERE record = ? ORDER BY version DESC LIMIT 1",
    "number": "SELECT * FROM kept WHERE number = ? ORDER BY version DESC LIMIT 1",
}
_COUNTS = """
  SELECT count(DISTINCT person), count(DISTINCT record), count(*),
         coalesce(sum(basis = 1), 0), coalesce(sum(basis = 2), 0), coalesce(sum(length), 0) FROM kept
"""


class SqliteVaultIndex:
    """The vault's ``Index`` in one file. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def create(cls, path: Path, *, vault: bytes) -> SqliteVaultIndex:
        """Begin the index of a new vault. Raises ``Misuse`` (``vault.exists``), and as ``Database.open``."""
        index = cls(Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID))
        with index._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM vault").fetchone() is not None:
                raise Misuse("vault.exists", f"{path} is the index of a vault already")
            connection.execute("INSERT INTO vault VALUES (?)", (vault,))
        return index

    @classmethod
    def open(cls, path: Path) -> SqliteVaultIndex:
        """Open an index. Raises ``Misuse`` (``vault.not-a-vault``), and as ``Database.open``."""
        if not path.is_file():
            raise Misuse("vault.not-a-vault", f"{path} does not exist")
        return cls(Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID))

    def vault(self) -> bytes:
        """Return the vault's id, 16 bytes."""
        row = self._one("SELECT id FROM vault")
        if row is None:
            raise Misuse("vault.not-a-vault", "the vault was not finished when it was made; make it anew")
        return bytes(row[0])

    def ends(self) -> Mapping[int, int]:
        """Return the confirmed end of every segment."""
        with self._database.reading() as connection:
            return dict(connection.execute("SELECT number, ends FROM segment").fetchall())

    def add(self, rows: Sequence[Kept], ends: Mapping[int, int]) -> None:
        """Confirm frames, durably."""
        try:
            with self._database.transaction() as connection:
                connection.executemany(_INSERT, map(_values, rows))
                connection.executemany(
                    "INSERT INTO segment VALUES (?, ?) ON CONFLICT DO UPDATE SET ends = excluded.ends",
                    list(ends.items()),
                )
        except sqlite3.IntegrityError:
            raise Misuse("vault.record-exists", "a record's number is another record's") from None

    def latest(self, records: Collection[bytes]) -> Mapping[bytes, Kept]:
        """Return the latest version of each record that is kept."""
        return {kept.name.record: kept for kept in self._latest("record", records)}

    def latest_numbered(self, record_numbers: Collection[int]) -> Mapping[int, Kept]:
        """Return the latest version of each record, by its number."""
        return {kept.record_number: kept for kept in self._latest("number", record_numbers)}

    def version(self, record: bytes, version: int) -> Kept | None:
        """Return one version of a record."""
        row = self._one("SELECT * FROM kept WHERE record = ? AND version = ?", record, version)
        return None if row is None else _kept(row)

    def of_person(self, person: bytes) -> list[Kept]:
        """Return all that is kept of a person, oldest first."""
        query = "SELECT * FROM kept WHERE person = ? ORDER BY place"
        with self._database.reading() as connection:
            return [_kept(row) for row in connection.execute(query, (person,))]

    def rows(self) -> Iterator[Kept]:
        """Yield everything in the order in which it lies on the disk."""
        query = "SELECT * FROM kept WHERE place > ? ORDER BY place LIMIT 10000"
        after = -1
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query, (after,)).fetchall()
            if not rows:
                return
            yield from map(_kept, rows)
            after = rows[-1][0]

    def people(self) -> set[bytes]:
        """Return of whom something is kept."""
        with self._database.reading() as connection:
            return {bytes(row[0]) for row in connection.execute("SELECT DISTINCT person FROM kept")}

    def counts(self) -> Counts:
        """Count."""
        row = self._one(_COUNTS)
        stored = self._one("SELECT coalesce(sum(ends), 0), count(*) FROM segment")
        return Counts(*(row or ()), *(stored or ()))

    def begin_erasures(self, erasures: Sequence[Erasure]) -> None:
        """Note that people's records are going to be destroyed."""
        rows = [(one.person, one.content, one.blind, one.log_size) for one in erasures]
        with self._database.transaction() as connection:
            connection.executemany("INSERT INTO erasure VALUES (?, ?, ?, ?)", rows)

    def erasures(self) -> list[Erasure]:
        """Return the erasures that were begun and not finished."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT person, content, blind, log_size FROM erasure ORDER BY person")
            return [Erasure(*row) for row in rows]

    def finish_erasures(self, people: Collection[bytes]) -> None:
        """Forget their records, and then that there was something to erase.

        A file of at most ``WRITTEN_ANEW_BYTES`` is written anew. In a larger one rows are overwritten where
        they stand; a page SQLite once split may hold an older copy of one: ids, a place, the reference.
        """
        several = [(person,) for person in people]
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM kept WHERE person = ?", several)
        if self._database.path.stat().st_size <= WRITTEN_ANEW_BYTES:
            self._database.write_anew()
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM erasure WHERE person = ?", several)
        self._database.flush_deleted()

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._database.close()

    def _latest(self, column: str, values: Iterable[bytes | int]) -> Iterator[Kept]:
        query = _LATEST[column]
        with self._database.reading() as connection:
            for value in values:
                row = connection.execute(query, (value,)).fetchone()
                if row is not None:
                    yield _kept(row)

    def _one(self, query: str, *values: bytes | int) -> _Row | None:
        with self._database.reading() as connection:
            row: _Row | None = connection.execute(query, values).fetchone()
            return row


def _values(kept: Kept) -> _Row:
    return (
        kept.place.segment << _PLACE_BITS | kept.place.offset,
        kept.name.record,
        kept.name.version,
        kept.record_number,
        kept.name.person,
        kept.person_number,
        kept.artefact,
        kept.basis.kind,
        kept.basis.reference,
        kept.place.length,
        kept.tag,
    )


def _kept(row: _Row) -> Kept:
    place, record, version, number, person, person_number, artefact, basis, reference, length, tag = row
    return Kept(
        name=RecordName(person, record, version),
        person_number=person_number,
        record_number=number,
        artefact=artefact,
        basis=Basis(BasisKind(basis), reference),
        place=Place(place >> _PLACE_BITS, place & ((1 << _PLACE_BITS) - 1), length),
        tag=tag,
    )

"""People's vault keys in a folder of their own, kept out of the ordinary back-ups.

::

    KEYS/person-keys.sqlite    a store's key wrapped by the master key; a person's key each, wrapped by it
    KEYS/.nobackup             tells tar, restic, borg and rsnapshot to leave the folder out
    KEYS/READ-ME-FIRST.txt     tells people the same, and why

A copy of this folder, together with the master key of its time, would undo every erasure since. Rotation
ends that: it draws a new master key and a new store's key, wraps everybody's key anew, and destroys the old
master.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dongui.custody.vault import envelope
from dongui.custody.vault.associated_data import ID_BYTES, of_person_key, of_store_key
from dongui.custody.vault.keys import MasterKeys
from dongui.custody.vault.person_wrapping_keys import PersonCipher
from dongui.custody.vault.rotation import Rotated
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse, Refused
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.troubles import system_troubles
from dongui.undoing import on_failure

__all__ = ["APPLICATION_ID", "MARKER", "SqliteVaultPersonKeys"]

APPLICATION_ID = 0x446E6756  # "DngV"
MARKER = ".nobackup"
_FILE, _NOTICE = "person-keys.sqlite", "READ-ME-FIRST.txt"
_NOTICE_TEXT = """This folder holds the keys of the people in a Dongui vault.
Leave it out of ordinary back-ups: an old copy would make erased people readable again.
Copies against loss of the disk: only ones that are replaced at every rotation of the master key.
"""
_MIGRATIONS = (
    """
    CREATE TABLE store (
      id BLOB NOT NULL CHECK (length(id) = 16),
      wrapped BLOB NOT NULL CHECK (length(wrapped) = 61),
      master TEXT NOT NULL,
      previous TEXT,
      rotated_us INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE retired_master (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE person_key (
      person BLOB PRIMARY KEY CHECK (length(person) = 16),
      wrapped BLOB NOT NULL CHECK (length(wrapped) = 61)
    ) STRICT, WITHOUT ROWID;
    """,
    # Rows are only ever added at the end and keep their size, so that SQLite never moves one: the only copy
    # of a wrapped key is the one that destroying overwrites.
    """
    CREATE TABLE key_slot (
      slot INTEGER PRIMARY KEY,
      person BLOB NOT NULL CHECK (length(person) = 16),
      wrapped BLOB NOT NULL CHECK (length(wrapped) = 61),
      held INTEGER NOT NULL CHECK (held IN (0, 1))
    ) STRICT;
    INSERT INTO key_slot (person, wrapped, held) SELECT person, wrapped, 1 FROM person_key ORDER BY person;
    CREATE UNIQUE INDEX key_slot_person ON key_slot (person) WHERE held = 1;
    DROP TABLE person_key;
    """,
)
_DESTROY = """
  UPDATE key_slot SET person = zeroblob(16), wrapped = zeroblob(61), held = 0 WHERE person = ? AND held = 1
"""
_WRITE_INDEX_ANEW = (
    "DROP INDEX key_slot_person",
    "CREATE UNIQUE INDEX key_slot_person ON key_slot (person) WHERE held = 1",
)
_PAGE = 1 << 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Store:
    id: bytes
    wrapped: bytes
    master: str
    previous: str | None
    rotated_us: int


class SqliteVaultPersonKeys:
    """The ``PersonKeys`` of the vault in one SQLite file. A context manager; threads may share it."""

    def __init__(self, database: Database, *, master: MasterKeys, entropy: Entropy) -> None:
        self._database, self._master, self._entropy = database, master, entropy
        self._opened: tuple[_Store, AESGCM] | None = None

    @classmethod
    def create(cls, folder: Path, *, master: MasterKeys, clock: Clock, entropy: Entropy) -> Self:
        """Begin a store in a new folder, under the one master key that is held.

        Raises ``Misuse`` (``vault.exists``) and what the master keys and ``Database.open`` raise.
        """
        key, identity, by = entropy.draw(envelope.KEY_BYTES), entropy.draw(ID_BYTES), master.held()[-1]
        wrapped = master.wrap(key, by=by, bound_to=of_store_key(identity, by))
        _prepare(folder)
        database = Database.open(folder / _FILE, migrations=_MIGRATIONS, application_id=APPLICATION_ID)
        with database.transaction() as connection:
            row = (identity, wrapped, by, None, _us(clock.now()))
            connection.execute("INSERT INTO store VALUES (?, ?, ?, ?, ?)", row)
        return cls(database, master=master, entropy=entropy)

    @classmethod
    def open(cls, folder: Path, *, master: MasterKeys, entropy: Entropy) -> Self:
        """Open a store, and see at once that the master key fits.

        Raises ``Misuse`` (``vault.no-keys-here``), ``Refused`` (``vault.wrong-master-key``), and what the
        master keys and ``Database.open`` raise.
        """
        if not (folder / _FILE).is_file():
            raise Misuse("vault.no-keys-here", f"{folder} holds no store of people's keys")
        database = Database.open(folder / _FILE, migrations=_MIGRATIONS, application_id=APPLICATION_ID)
        with on_failure(database.close):
            opened = cls(database, master=master, entropy=entropy)
            with database.reading() as connection:
                opened._store_key(connection)
        return opened

    @property
    def id(self) -> bytes:
        """The store's own id, 16 bytes."""
        with self._database.reading() as connection:
            return _read_store(connection).id

    def draw(self, people: Collection[bytes]) -> int:
        """Draw a key for those who have none, durably; return how many that were."""
        with self._database.transaction() as connection:
            store, key = self._store_key(connection)
            query = "SELECT 1 FROM key_slot WHERE person = ? AND held = 1"
            new = [one for one in set(people) if connection.execute(query, (one,)).fetchone() is None]
            rows = [(one, self._wrap(self._entropy.draw(32), store.id, one, key)) for one in sorted(new)]
            connection.executemany("INSERT INTO key_slot (person, wrapped, held) VALUES (?, ?, 1)", rows)
        return len(new)

    def cipher(self, person: bytes) -> PersonCipher:
        """Return a person's key. Raises ``Refused`` (``vault.no-person-key``)."""
        found = self.ciphers((person,))
        if not found:
            raise Refused("vault.no-person-key", "none is kept for this person: never drawn, or destroyed")
        return found[person]

    def ciphers(self, people: Collection[bytes]) -> Mapping[bytes, PersonCipher]:
        """Return the keys of those who have one, read in one go."""
        query = "SELECT wrapped FROM key_slot WHERE person = ? AND held = 1"
        found: dict[bytes, PersonCipher] = {}
        with self._database.reading() as connection:
            store, key = self._store_key(connection)
            for person in people:
                row = connection.execute(query, (person,)).fetchone()
                if row is not None:
                    found[person] = PersonCipher(AESGCM(_unwrap(row[0], store.id, person, key)))
        return found

    def destroy(self, people: Iterable[bytes]) -> int:
        """Overwrite keys where they stand, durably; return how many there were.

        It costs the same however many people there are. A page SQLite once split may hold an older copy of a
        person's id, never of a key, until the next rotation.
        """
        several = [(person,) for person in people]
        with self._database.transaction() as connection:
            gone = connection.executemany(_DESTROY, several).rowcount
        self._database.flush_deleted()
        return gone

    def people(self) -> set[bytes]:
        """Return whose keys are kept."""
        with self._database.reading() as connection:
            return {bytes(row[0]) for row in connection.execute("SELECT person FROM key_slot WHERE held = 1")}

    def is_due(self, *, clock: Clock, every: timedelta) -> bool:
        """Tell whether the last rotation is ``every`` or longer ago, or one was begun and not finished."""
        with self._database.reading() as connection:
            store = _read_store(connection)
        return store.previous is not None or _us(clock.now()) - store.rotated_us >= _us(_EPOCH + every)

    def is_unfinished(self) -> bool:
        """Tell whether a rotation was begun whose old master key is still to be destroyed."""
        with self._database.reading() as connection:
            return _read_store(connection).previous is not None

    def rotate(self, *, clock: Clock) -> Rotated:
        """Wrap everybody's key anew under a new master key and destroy the old one; or finish doing so.

        Killed at any instant, the next call finishes it. Raises what the master keys raise, ``storage.*``,
        and ``Refused`` (``vault.wrapped-key-altered``: a person's key was exchanged; nothing was changed).
        """
        with self._database.reading() as connection:
            store = _read_store(connection)
            people = int(connection.execute("SELECT count(*) FROM key_slot WHERE held = 1").fetchone()[0])
        if store.previous is None:
            # A key drawn before a crash is taken, instead of leaving it about.
            others = [key for key in self._master.held() if key not in self._retired(store.master)]
            people = self._wrap_anew(others[-1] if others else self._master.add(), _us(clock.now()))
        return self._finish(people)

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._opened = None
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _retired(self, current: str) -> set[str]:
        with self._database.reading() as connection:
            return {current, *(row[0] for row in connection.execute("SELECT id FROM retired_master"))}

    def _store_key(self, connection: sqlite3.Connection) -> tuple[_Store, AESGCM]:
        store = _read_store(connection)
        if self._opened is None or self._opened[0] != store:
            bound_to = of_store_key(store.id, store.master)
            key = self._master.unwrap(store.wrapped, by=store.master, bound_to=bound_to)
            self._opened = (store, AESGCM(key))
        return self._opened

    def _wrap(self, key: bytes, store: bytes, person: bytes, under: AESGCM) -> bytes:
        return envelope.wrap(key, under=under, bound_to=of_person_key(store, person), entropy=self._entropy)

    def _wrap_anew(self, master: str, now_us: int) -> int:
        raw = self._entropy.draw(envelope.KEY_BYTES)
        new, people, after = AESGCM(raw), 0, 0
        with self._database.transaction() as connection:
            store, old = self._store_key(connection)
            query = (
                "SELECT slot, person, wrapped FROM key_slot WHERE slot > ? AND held = 1 ORDER BY slot LIMIT ?"
            )
            while rows := connection.execute(query, (after, _PAGE)).fetchall():
                anew = [
                    (self._wrap(_unwrap(wrapped, store.id, person, old), store.id, person, new), slot)
                    for slot, person, wrapped in rows
                ]
                connection.executemany("UPDATE key_slot SET wrapped = ? WHERE slot = ?", anew)
                people, after = people + len(rows), rows[-1][0]
            wrapped = self._master.wrap(raw, by=master, bound_to=of_store_key(store.id, master))
            row = (wrapped, master, store.master, now_us)
            connection.execute("UPDATE store SET wrapped = ?, master = ?, previous = ?, rotated_us = ?", row)
            for statement in _WRITE_INDEX_ANEW:
                connection.execute(statement)
        return people

    def _finish(self, people: int) -> Rotated:
        """Take the old wrappings out of the log, destroy the master they were wrapped by, and note that."""
        self._database.flush_deleted()
        with self._database.reading() as connection:
            store = _read_store(connection)
        old = store.previous or ""
        destroyed = self._master.destroy(old)
        with self._database.transaction() as connection:
            # Where somebody else is to destroy it, it may be held a while yet; it is never a new one.
            connection.execute("INSERT OR IGNORE INTO retired_master VALUES (?)", (old,))
            connection.execute("UPDATE store SET previous = NULL")
        return Rotated(people, store.master, old, destroyed)


def _prepare(folder: Path) -> None:
    if (folder / _FILE).exists():
        raise Misuse("vault.exists", f"{folder} already holds a store of people's keys")
    with system_troubles(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in ((MARKER, ""), (_NOTICE, _NOTICE_TEXT)):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)


def _read_store(connection: sqlite3.Connection) -> _Store:
    row = connection.execute("SELECT id, wrapped, master, previous, rotated_us FROM store").fetchone()
    if row is None:
        raise Misuse("vault.no-keys-here", "the store was not finished when it was made; make it anew")
    return _Store(*row)


def _unwrap(wrapped: bytes, store: bytes, person: bytes, under: AESGCM) -> bytes:
    return envelope.unwrap(wrapped, under=under, bound_to=of_person_key(store, person))


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)

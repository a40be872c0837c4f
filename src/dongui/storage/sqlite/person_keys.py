"""People's keys in one SQLite file of their own, kept out of the ordinary back-ups.

What it promises. A key is durable before anybody is told of it, and its entry stands in the log before it is
durable as a key: killed in between, the next draw looks for the noted entries in the log and finishes. What
is erased is overwritten, and the file written anew. Whoever can read this file can tell who was in which
release.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from hmac import digest
from pathlib import Path

import numpy as np

from dongui.consent.moments import write_moment
from dongui.consent.subject import HANDLE_KEY_BYTES, subject_handle
from dongui.custody.person_keys import KEY_BYTES, KeyBlock, Person, PersonKey, Secret
from dongui.custody.schema import Layout
from dongui.environment import Entropy
from dongui.errors import DonguiError, Misuse, Trouble
from dongui.log.interface import MAX_BATCH, Log
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = ["SqlitePersonKeys"]

APPLICATION_ID = 0x446E674B  # "DngK"
_MIGRATIONS = (
    """
    CREATE TABLE secret (
      handle_key BLOB NOT NULL CHECK (length(handle_key) = 32),
      nobody BLOB NOT NULL CHECK (length(nobody) = 32)
    ) STRICT;
    CREATE TABLE person_key (
      number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 4294967295),
      id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
      key BLOB NOT NULL CHECK (length(key) = 32),
      blind BLOB NOT NULL CHECK (length(blind) = 32),
      position INTEGER NOT NULL CHECK (position >= 0)
    ) STRICT;
    CREATE TABLE document (
      handle BLOB PRIMARY KEY CHECK (length(handle) = 32),
      number INTEGER NOT NULL REFERENCES person_key (number) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX document_of_person ON document (number);
    CREATE TABLE pending (
      place INTEGER PRIMARY KEY,
      number INTEGER NOT NULL,
      id BLOB NOT NULL,
      key BLOB NOT NULL,
      blind BLOB NOT NULL,
      log_size INTEGER NOT NULL
    ) STRICT;
    """,
    """
    CREATE TABLE handed (
      number INTEGER PRIMARY KEY REFERENCES person_key (number) ON DELETE CASCADE,
      at TEXT NOT NULL,
      form TEXT NOT NULL
    ) STRICT;
    """,
)
_BLOCK_ROWS = 1 << 17
_WAIT_S = 60.0
_LOOK_AGAIN_S = 0.01
_PAGES = {
    Layout.SORTED: (
        "SELECT number, key FROM person_key ORDER BY number LIMIT ?",
        "SELECT number, key FROM person_key WHERE number > ? ORDER BY number LIMIT ?",
    ),
    Layout.GENERAL: (
        "SELECT id, key FROM person_key ORDER BY id LIMIT ?",
        "SELECT id, key FROM person_key WHERE id > ? ORDER BY id LIMIT ?",
    ),
}
_BY_DOCUMENT = """
  SELECT key, blind, position FROM person_key JOIN document ON document.number = person_key.number
  WHERE handle = ?
"""


class SqlitePersonKeys(FileStore):
    """The :class:`dongui.custody.person_keys.Keeper` in one file. A context manager; threads may share it."""

    def __init__(self, database: Database, *, log: Log, origin: str, entropy: Entropy) -> None:
        super().__init__(database)
        self._log, self._origin, self._entropy = log, origin, entropy
        self._handle_key, self._nobody = self._secrets()

    @classmethod
    def open(cls, path: Path, *, log: Log, origin: str, entropy: Entropy) -> SqlitePersonKeys:
        """Open or create the store at ``path``; ``origin`` is the log's name.

        Raises what ``Database.open`` raises.
        """
        database = Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID)
        return cls(database, log=log, origin=origin, entropy=entropy)

    def draw(self, people: Sequence[Person]) -> int:
        """Draw, log and keep a key for those of ``people`` who have none; return how many that were."""
        if len(people) > MAX_BATCH:
            raise Misuse("log.batch-too-large", f"{len(people)} people; the limit is {MAX_BATCH}")
        with self._exclusively():
            self._settle()
            new = self._note([(person, Secret.draw(self._entropy)) for person in people])
            if new:
                self._append(new)
        return len(new)

    def key_of(self, person: bytes) -> PersonKey | None:
        """Return the key of a person, or None: never drawn, or erased."""
        query = "SELECT key, blind, position FROM person_key WHERE id = ?"
        with self._database.reading() as connection:
            return self._read(connection.execute(query, (person,)).fetchone())

    def bind(self, person: bytes, subject: bytes) -> None:
        """Remember whose document speaks for this person, by a handle made with this store's own key."""
        handle = subject_handle(self._handle_key, subject)
        with self._database.transaction() as connection:
            row = connection.execute("SELECT number FROM person_key WHERE id = ?", (person,)).fetchone()
            if row is None:
                raise Misuse("membership.no-key", "no key is kept for this person")
            connection.execute("INSERT OR IGNORE INTO document VALUES (?, ?)", (handle, row[0]))
            kept = connection.execute("SELECT number FROM document WHERE handle = ?", (handle,)).fetchone()
            if kept != row:
                raise Misuse("membership.document-taken", "the document speaks for another person here")

    def key_by_document(self, subject: bytes) -> PersonKey:
        """Return the key of whoever a document speaks for; for anybody else one that belongs to nobody."""
        handle = subject_handle(self._handle_key, subject)
        # Made for everybody, whether it is needed or not.
        made = Secret(*(digest(self._nobody, handle + part, sha256) for part in (b"key", b"blind")))
        with self._database.reading() as connection:
            found = self._read(connection.execute(_BY_DOCUMENT, (handle,)).fetchone())
        return PersonKey(made, self._origin, 0) if found is None else found

    def not_handed(self, people: Sequence[bytes]) -> list[bytes]:
        """Return those of ``people`` whose copy was not handed out yet."""
        query = "SELECT 1 FROM handed JOIN person_key USING (number) WHERE id = ?"
        with self._database.reading() as connection:
            return [one for one in people if connection.execute(query, (one,)).fetchone() is None]

    def note_handed(self, people: Sequence[bytes], *, form: str, at: datetime) -> None:
        """Note that people's copies were handed out; the first time counts."""
        query = "INSERT OR IGNORE INTO handed SELECT number, ?, ? FROM person_key WHERE id = ?"
        with self._database.transaction() as connection:
            connection.executemany(query, [(write_moment(at), form, one) for one in people])

    def handed(self, person: bytes) -> tuple[str, str] | None:
        """Return when and in which form a person's copy was handed out, or None."""
        query = "SELECT at, form FROM handed JOIN person_key USING (number) WHERE id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (person,)).fetchone()
        return None if row is None else (str(row[0]), str(row[1]))

    def erase(self, people: Iterable[bytes]) -> int:
        """Destroy keys, handles and all, durably, and write the file anew; return how many there were.

        Costs time in proportion to the file: erase several at once.
        """
        several = [(person,) for person in people]
        with self._database.transaction() as connection:
            before = _count(connection)
            connection.executemany("DELETE FROM person_key WHERE id = ?", several)
            erased = before - _count(connection)
        self._database.write_anew()
        return erased

    def blocks(self, layout: Layout) -> Iterator[KeyBlock]:
        """Yield everybody's key in the order of ``layout``'s ids, some hundred thousand at once."""
        first, following = _PAGES[layout]
        rows = self._page(first, (_BLOCK_ROWS,))
        while rows:
            people, keys = zip(*rows, strict=True)
            numbers = np.array(people, dtype=np.uint32 if layout is Layout.SORTED else "S16")
            yield KeyBlock(numbers, np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES))
            rows = self._page(following, (people[-1], _BLOCK_ROWS))

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """Keep other drawers out, threads and processes, by a lock that dies with its holder.

        Without it a second one would take the first one's keys, noted and not yet logged, for those of a
        killed process, and log them twice. Raises ``Trouble`` (``storage.locked``).
        """
        path = self._database.path.with_name(f"{self._database.path.name}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            deadline = time.monotonic() + _WAIT_S
            while not _locked(descriptor):
                if time.monotonic() > deadline:
                    raise Trouble("storage.locked", f"{path.name} is held for more than {_WAIT_S:.0f} s")
                time.sleep(_LOOK_AGAIN_S)
            yield
        finally:
            os.close(descriptor)

    def _secrets(self) -> tuple[bytes, bytes]:
        with self._database.transaction() as connection:
            row = connection.execute("SELECT handle_key, nobody FROM secret").fetchone()
            if row is None:
                row = (self._entropy.draw(HANDLE_KEY_BYTES), self._entropy.draw(KEY_BYTES))
                connection.execute("INSERT INTO secret VALUES (?, ?)", row)
        return bytes(row[0]), bytes(row[1])

    def _page(self, query: str, values: tuple[object, ...]) -> list[tuple[object, bytes]]:
        with self._database.reading() as connection:
            return connection.execute(query, values).fetchall()

    def _read(self, row: tuple[bytes, bytes, int] | None) -> PersonKey | None:
        return None if row is None else PersonKey(Secret(row[0], row[1]), self._origin, row[2])

    def _note(self, drawn: Sequence[tuple[Person, Secret]]) -> list[tuple[Person, Secret]]:
        """Note the keys of those who have none as pending; return them."""
        size = self._log.checkpoint().size
        with self._database.transaction() as connection:
            known = "SELECT 1 FROM person_key WHERE id = ? OR number = ?"
            new = {
                person.id: (person, secret)
                for person, secret in drawn
                if connection.execute(known, person).fetchone() is None
            }
            rows = [
                (place, person.number, person.id, secret.key, secret.blind, size)
                for place, (person, secret) in enumerate(new.values())
            ]
            connection.executemany("INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?)", rows)
        return list(new.values())

    def _append(self, new: Sequence[tuple[Person, Secret]]) -> None:
        try:
            places = self._log.append([secret.entry() for _, secret in new])
        except DonguiError:
            # The log promises that then nothing was appended.
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM pending")
            raise
        self._keep(new, places.start)

    def _keep(self, new: Sequence[tuple[Person, Secret]], begin: int) -> None:
        rows = [
            (person.number, person.id, secret.key, secret.blind, place)
            for place, (person, secret) in enumerate(new, start=begin)
        ]
        with self._database.transaction() as connection:
            connection.executemany("INSERT INTO person_key VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("DELETE FROM pending")

    def _settle(self) -> None:
        """Finish what a killed process began: a batch stands in the log whole and in a row, or not at all."""
        query = "SELECT number, id, key, blind, log_size FROM pending ORDER BY place"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        if not rows:
            return
        pending = [(Person(row[1], row[0]), Secret(row[2], row[3])) for row in rows]
        first = pending[0][1].entry()
        places = range(rows[0][4], self._log.checkpoint().size)
        begin = next((index for index in places if self._log.entry(index) == first), None)
        if begin is None:
            self._append(pending)
        else:
            self._keep(pending, begin)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM person_key").fetchone()[0])

"""People's keys for their contributions to models, in one SQLite file of their own, kept out of back-ups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dongui.custody.contributions import CONTRIBUTION_KEY_BYTES
from dongui.environment import Entropy
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = ["SqliteContributionKeys"]

APPLICATION_ID = 0x446E6743  # "DngC"
_MIGRATIONS = (
    """
    CREATE TABLE contribution_key (
      person BLOB PRIMARY KEY CHECK (length(person) IN (4, 16)),
      secret BLOB NOT NULL CHECK (length(secret) = 32)
    ) STRICT, WITHOUT ROWID;
    """,
)


class SqliteContributionKeys(FileStore):
    """The :class:`dongui.custody.contributions.ContributionKeys` in one file. A context manager.

    What is destroyed is overwritten in the file and taken out of its write-ahead log. A copy of the file made
    before still opens what was contributed before: that is why it is kept out of ordinary back-ups.
    """

    def __init__(self, database: Database, *, entropy: Entropy) -> None:
        super().__init__(database)
        self._entropy = entropy

    @classmethod
    def open(cls, path: Path, *, entropy: Entropy) -> SqliteContributionKeys:
        """Open or create the store at ``path``. Raises what ``Database.open`` raises."""
        database = Database.open(path, migrations=_MIGRATIONS, application_id=APPLICATION_ID)
        return cls(database, entropy=entropy)

    def draw(self, people: Sequence[bytes]) -> list[bytes]:
        """Return the key of each, drawn now for those who have none; durable on return."""
        with self._database.transaction() as connection:
            for person in people:
                found = connection.execute("SELECT 1 FROM contribution_key WHERE person = ?", (person,))
                if found.fetchone() is None:
                    row = (person, self._entropy.draw(CONTRIBUTION_KEY_BYTES))
                    connection.execute("INSERT INTO contribution_key VALUES (?, ?)", row)
            query = "SELECT secret FROM contribution_key WHERE person = ?"
            return [bytes(connection.execute(query, (person,)).fetchone()[0]) for person in people]

    def key_of(self, person: bytes) -> bytes | None:
        """Return the key of a person, or None: never drawn, or destroyed."""
        with self._database.reading() as connection:
            query = "SELECT secret FROM contribution_key WHERE person = ?"
            row = connection.execute(query, (person,)).fetchone()
        return None if row is None else bytes(row[0])

    def destroy(self, people: Iterable[bytes]) -> int:
        """Destroy keys, durably; return how many there were."""
        with self._database.transaction() as connection:
            destroyed = 0
            for person in people:
                done = connection.execute("DELETE FROM contribution_key WHERE person = ?", (person,))
                destroyed += done.rowcount
        self._database.flush_deleted()
        return destroyed

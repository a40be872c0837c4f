"""The site's register of cards in one SQLite file. There is no column for a face, a name or a number.

A card that is out: its random id, its secret, the consent record it was made under, its place in a status
list, and its end. Of a card that was revoked only the id and its place remain, until its end; of a card whose
time is over, nothing. Beside a card: the sites it may be read at and which of them were given its secret; of
one that came from another desk, its issuer. And the ids other issuers revoked before their cards came here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from dongui.documents.staff_card.register import RegisteredCard
from dongui.documents.status import StatusReference
from dongui.errors import Misuse, Refused
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = ["CardEntry", "SqliteCardRegister"]

_APPLICATION_ID = 0x446E4301  # "DnC", file 1

_MIGRATIONS = (
    """
    CREATE TABLE card (
        id BLOB PRIMARY KEY CHECK (length(id) = 16),
        secret BLOB CHECK (length(secret) = 32),
        consent_record BLOB CHECK (length(consent_record) = 16),
        status_uri TEXT,
        status_index INTEGER,
        ends INTEGER NOT NULL,
        -- A revoked card has lost its secret and leads to nobody's consent.
        CHECK ((secret IS NULL) = (consent_record IS NULL))
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE card_site (
        card BLOB NOT NULL REFERENCES card (id) ON DELETE CASCADE,
        site BLOB NOT NULL CHECK (length(site) = 32),
        holds_secret INTEGER NOT NULL,
        PRIMARY KEY (card, site)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE accepted_card (
        card BLOB PRIMARY KEY REFERENCES card (id) ON DELETE CASCADE,
        issuer TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE revoked_elsewhere (
        card BLOB NOT NULL CHECK (length(card) = 16),
        issuer TEXT NOT NULL,
        ends INTEGER NOT NULL,
        PRIMARY KEY (card, issuer)
    ) STRICT, WITHOUT ROWID;
    """,
)
# Whether a site holds the secret; the second where the register did not know what sites the card is for.
_GIVEN, _GIVEN_UNNAMED = 1, 2
_SELECT = "SELECT id, consent_record, status_uri, status_index, ends FROM card"
_Row = tuple[bytes, bytes | None, str | None, int | None, int]


@dataclass(frozen=True, slots=True)
class CardEntry:
    """What the register says of a card, but for its secret. ``consent_record`` is ``None`` once revoked."""

    card_id: bytes
    consent_record: bytes | None
    status: StatusReference | None = field(repr=False)
    valid_until: datetime

    @property
    def revoked(self) -> bool:
        """Whether its secret is gone."""
        return self.consent_record is None


class SqliteCardRegister(FileStore):
    """A :class:`~dongui.documents.staff_card.register.CardRegister` in one file. A context manager."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the file; raises what :meth:`Database.open` raises."""
        return cls(Database.open(path, migrations=_MIGRATIONS, application_id=_APPLICATION_ID))

    def register(
        self,
        card: RegisteredCard,
        *,
        consent_record: bytes,
        status: StatusReference | None,
        sites: Sequence[bytes] = (),
        issuer: str | None = None,
    ) -> None:
        """Keep a new card, durably: one of this desk for ``sites`` (public keys), or one of ``issuer``.

        Raises ``Misuse``: ``card.already-registered``, ``card.status-place-taken``; ``Refused``
        (``staff-card.revoked``): its issuer's notice came before the card.
        """
        place = (None, None) if status is None else (status.uri, status.index)
        row = (card.card_id, card.secret, consent_record, *place, int(card.valid_until.timestamp()))
        with self._database.transaction() as connection:
            _require_not_revoked(connection, card.card_id, issuer)
            _require_free(connection, status)
            made = connection.execute("INSERT OR IGNORE INTO card VALUES (?, ?, ?, ?, ?, ?)", row)
            if made.rowcount != 1:
                raise Misuse("card.already-registered", f"{card.card_id.hex()} is in the register")
            rows = [(card.card_id, site) for site in sites]
            connection.executemany("INSERT INTO card_site VALUES (?, ?, 0)", rows)
            if issuer is not None:
                connection.execute("INSERT INTO accepted_card VALUES (?, ?)", (card.card_id, issuer))

    def give_to(self, card_id: bytes, *, site: bytes) -> None:
        """Remember that a site (its public key) is given the card's secret.

        Raises ``Misuse`` (``card.site-not-named``) where the card is known to be encrypted to other sites.
        """
        with self._database.transaction() as connection:
            query = "SELECT site FROM card_site WHERE card = ? AND holds_secret <> ?"
            named = {row[0] for row in connection.execute(query, (card_id, _GIVEN_UNNAMED))}
            # Of a card that was made before the register knew sites nothing is named.
            if named and site not in named:
                raise Misuse("card.site-not-named", "the card is not encrypted to this site")
            row = (card_id, site, _GIVEN if named else _GIVEN_UNNAMED)
            connection.execute("INSERT OR REPLACE INTO card_site VALUES (?, ?, ?)", row)

    def holders(self, card_id: bytes) -> list[bytes]:
        """Return the public keys of the sites that were given the card's secret."""
        query = "SELECT site FROM card_site WHERE card = ? AND holds_secret > 0 ORDER BY site"
        with self._database.reading() as connection:
            return [row[0] for row in connection.execute(query, (card_id,))]

    def issuer_of(self, card_id: bytes) -> str | None:
        """Return the issuer of a card that came from another desk; ``None`` for one of this desk."""
        query = "SELECT issuer FROM accepted_card WHERE card = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (card_id,)).fetchone()
        return None if row is None else str(row[0])

    def knows(self, card_id: bytes) -> bool:
        """Whether the card is in the register, revoked or not."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT 1 FROM card WHERE id = ?", (card_id,)).fetchone()
        return found is not None

    def refuse_later(self, card_id: bytes, *, issuer: str, ends: datetime) -> None:
        """Remember until ``ends`` that ``issuer`` revoked a card that is not here: it is never registered."""
        row = (card_id, issuer, int(ends.timestamp()))
        with self._database.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO revoked_elsewhere VALUES (?, ?, ?)", row)

    def look_up(self, card_id: bytes) -> RegisteredCard:
        """Return one card with its secret; see :meth:`CardRegister.look_up`."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT secret, ends FROM card WHERE id = ?", (card_id,)).fetchone()
        if row is None:
            raise Refused("staff-card.not-registered", "no card of this id is in the register")
        if row[0] is None:
            raise Refused("staff-card.revoked", "its secret was deleted from the register")
        return RegisteredCard(card_id, row[0], _moment(row[1]))

    def show(self, card_id: bytes) -> CardEntry:
        """Return what is kept of one card. Raises ``Misuse`` (``card.unknown``)."""
        with self._database.reading() as connection:
            row = connection.execute(_SELECT + " WHERE id = ?", (card_id,)).fetchone()
        if row is None:
            raise _unknown(card_id)
        return _entry(row)

    def list_cards(self) -> list[CardEntry]:
        """Return every card's entry, the one that ends first before the others."""
        with self._database.reading() as connection:
            rows = connection.execute(_SELECT + " ORDER BY ends, id").fetchall()
        return [_entry(row) for row in rows]

    def revoke(self, card_id: bytes, *, before: Callable[[CardEntry], None]) -> CardEntry:
        """Delete a card's secret, from the file and from its journal; every copy of the card is void.

        ``before`` is called with the entry first; what it raises is raised, and nothing is deleted. Returns
        the entry as it was. Raises ``Misuse``: ``card.unknown``, ``card.already-revoked``.
        """
        with self._database.transaction() as connection:
            row = connection.execute(_SELECT + " WHERE id = ?", (card_id,)).fetchone()
            if row is None:
                raise _unknown(card_id)
            entry = _entry(row)
            if entry.revoked:
                raise Misuse("card.already-revoked", f"{card_id.hex()} was revoked before")
            before(entry)
            connection.execute(
                "UPDATE card SET secret = NULL, consent_record = NULL WHERE id = ?", (card_id,)
            )
        # The row was overwritten where it lies; a page that was copied to make room is not, until this.
        self._database.write_anew()
        return entry

    def purge(self, *, at: datetime) -> int:
        """Forget the cards whose time is over at ``at``; return their number."""
        with self._database.transaction() as connection:
            moment = (int(at.timestamp()),)
            connection.execute("DELETE FROM revoked_elsewhere WHERE ends <= ?", moment)
            gone = connection.execute("DELETE FROM card WHERE ends <= ?", moment).rowcount
        if gone:
            self._database.write_anew()
        return gone


def _require_not_revoked(connection: sqlite3.Connection, card_id: bytes, issuer: str | None) -> None:
    """The attack: a file with a card's secret is kept, and brought again once the card is revoked."""
    revoked = "SELECT 1 FROM card WHERE id = ?1 AND secret IS NULL"
    elsewhere = "SELECT 1 FROM revoked_elsewhere WHERE card = ?1 AND issuer = ?2"
    if connection.execute(f"{revoked} UNION ALL {elsewhere}", (card_id, issuer)).fetchone():
        raise Refused("staff-card.revoked", "the card was revoked; its secret is not taken again")


def _require_free(connection: sqlite3.Connection, status: StatusReference | None) -> None:
    """Two cards in one place could not be revoked apart."""
    if status is None:
        return
    query = "SELECT 1 FROM card WHERE status_uri = ? AND status_index = ?"
    if connection.execute(query, (status.uri, status.index)).fetchone():
        raise Misuse("card.status-place-taken", f"{status.index} is another card's place in the list")


def _entry(row: _Row) -> CardEntry:
    card_id, consent_record, uri, index, ends = row
    status = None if uri is None or index is None else StatusReference(uri, index)
    return CardEntry(card_id, consent_record, status, _moment(ends))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _unknown(card_id: bytes) -> Misuse:
    return Misuse("card.unknown", f"{card_id.hex()} is not in the register")

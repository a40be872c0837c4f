"""Sessions in one SQLite file: consumed once, and then all but forgotten.

What remains of a consumed session, until :data:`~dongui.session.REDEMPTION_WINDOW` after its expiry: its
random id, its binding (a digest of random bytes), the controller, the end of its time and whether its receipt
was redeemed. Purpose, consent record, keys, nonce, challenge, audience and the moment of opening are
overwritten in the transaction that consumes it, and a rule of the table itself keeps them out. After that
nothing remains.

Of a frame only an HMAC under the day's random key is kept; key and digests go with the day.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec

from dongui.biometrics.attack_detection.challenge import Challenge
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused
from dongui.session import REDEMPTION_WINDOW, ConsumedSession, Redemption, Session, require_live
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore

__all__ = ["SqliteSessions"]

_APPLICATION_ID = 0x446E5301  # "DnS", file 1
_DAY_KEY_BYTES = 32
_DIGEST_BYTES = 32

_MIGRATIONS = (
    """
    CREATE TABLE session (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('open', 'consumed', 'expired')),
        controller TEXT NOT NULL,
        binding BLOB NOT NULL,
        expires INTEGER NOT NULL,
        redeemed INTEGER NOT NULL DEFAULT 0 CHECK (redeemed IN (0, 1)),
        purpose TEXT,
        consent_record TEXT,
        nonce BLOB,
        reader_key BLOB,
        challenge INTEGER,
        transcript BLOB,
        opened INTEGER,
        -- What is not open any more holds nothing that leads to a person.
        CHECK (state = 'open' OR coalesce(
            purpose, consent_record, nonce, reader_key, challenge, transcript, opened) IS NULL),
        CHECK (state = 'consumed' OR redeemed = 0)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE capture_key (day INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT;
    CREATE TABLE captured (digest BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
    """,
    """
    ALTER TABLE session ADD COLUMN audience TEXT CHECK (state = 'open' OR audience IS NULL);
    """,
)

_INSERT = """
    INSERT INTO session (state, id, controller, binding, expires, purpose, consent_record, nonce, reader_key,
        challenge, transcript, opened, audience)
    VALUES ('open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SELECT = """
    SELECT state, id, controller, binding, expires, purpose, consent_record, nonce, reader_key, challenge,
        transcript, opened, audience
    FROM session WHERE id = ?
"""
_FORGET = """
    UPDATE session SET state = ?, purpose = NULL, consent_record = NULL, nonce = NULL, reader_key = NULL,
        challenge = NULL, transcript = NULL, opened = NULL, audience = NULL
"""
_CONSUME = _FORGET + " WHERE id = ?"
_EXPIRE = _FORGET + " WHERE state = 'open' AND expires <= ?"


class SqliteSessions(FileStore):
    """A :class:`~dongui.session.SessionStore` in one file. A context manager that closes on the way out."""

    def __init__(self, database: Database, *, entropy: Entropy) -> None:
        super().__init__(database)
        self._entropy = entropy

    @classmethod
    def open(cls, path: Path, *, entropy: Entropy) -> SqliteSessions:
        """Open or create the file; raises what :meth:`Database.open` raises."""
        database = Database.open(path, migrations=_MIGRATIONS, application_id=_APPLICATION_ID)
        return cls(database, entropy=entropy)

    def save(self, session: Session) -> None:
        """Keep an open session.

        Raises ``Refused`` ``session.consumed`` where its id was used before, ``Misuse``
        ``session.already-open`` where it is kept already.
        """
        with self._database.transaction() as connection:
            _require_new(connection, session.id)
            connection.execute(_INSERT, _row(session))

    def load(self, session_id: str, *, at: datetime) -> Session:
        """Return an open session without consuming it; see :meth:`SessionStore.load`."""
        with self._database.reading() as connection:
            session = _read(connection, session_id)
        require_live(session, at=at)
        return session

    def consume(self, session_id: str, *, at: datetime) -> ConsumedSession:
        """Consume a session, durably and exactly once; see :meth:`SessionStore.consume`."""
        with self._database.transaction() as connection:
            session = _read(connection, session_id)
            require_live(session, at=at)
            connection.execute(_CONSUME, ("consumed", session_id))
        self._database.flush_deleted()
        return ConsumedSession(session, at)

    def claim_capture(self, digests: Sequence[bytes], *, at: datetime) -> None:
        """Claim frames for the day of ``at``, all or none; see :meth:`SessionStore.claim_capture`."""
        if any(len(digest) != _DIGEST_BYTES for digest in digests):
            raise ValueError(f"a frame's digest has {_DIGEST_BYTES} bytes")
        day = _day(at)
        with self._database.transaction() as connection:
            discarded = _discard_other_days(connection, day)
            key = self._day_key(connection, day)
            try:
                connection.executemany(
                    "INSERT INTO captured (digest) VALUES (?)",
                    # One clip may hold a picture twice (a camera that repeats a frame); that is no replay.
                    [(hmac.digest(key, digest, hashlib.sha256),) for digest in dict.fromkeys(digests)],
                )
            except sqlite3.IntegrityError:
                raise Refused(
                    "capture.already-used", f"one of {len(digests)} frames was claimed before on this day"
                ) from None
        if discarded:
            self._database.flush_deleted()

    def redeem(self, redemption: Redemption, *, at: datetime) -> None:
        """Redeem the one receipt of a consumed session, once; see :meth:`SessionStore.redeem`."""
        if redemption.receipt_controller != redemption.controller:
            _refuse_controller()
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT controller, binding, redeemed FROM session"
                " WHERE id = ? AND state = 'consumed' AND expires > ?",
                (redemption.session_id, _seconds(at - REDEMPTION_WINDOW)),
            ).fetchone()
            if row is None:
                _refuse_unknown()
            controller, binding, redeemed = row
            if controller != redemption.controller:
                _refuse_controller()
            if not hmac.compare_digest(binding, redemption.receipt_binding):
                raise Refused("receipt.other-session", "the receipt's session binding is another session's")
            if redeemed:
                raise Refused("receipt.redeemed", "the receipt of this session was redeemed before")
            connection.execute("UPDATE session SET redeemed = 1 WHERE id = ?", (redemption.session_id,))

    def purge(self, *, at: datetime) -> int:
        """Forget what is over: sessions, day keys, frame digests; see :meth:`SessionStore.purge`."""
        now = _seconds(at)
        with self._database.transaction() as connection:
            connection.execute(_EXPIRE, ("expired", now))
            deleted = connection.execute(
                "DELETE FROM session WHERE expires <= ?", (_seconds(at - REDEMPTION_WINDOW),)
            ).rowcount
            _discard_other_days(connection, _day(at))
        self._database.flush_deleted()
        return deleted

    def _day_key(self, connection: sqlite3.Connection, day: int) -> bytes:
        row = connection.execute("SELECT key FROM capture_key WHERE day = ?", (day,)).fetchone()
        if row is not None:
            return bytes(row[0])
        key = self._entropy.draw(_DAY_KEY_BYTES)
        connection.execute("INSERT INTO capture_key (day, key) VALUES (?, ?)", (day, key))
        return key


def _require_new(connection: sqlite3.Connection, session_id: str) -> None:
    row = connection.execute("SELECT state FROM session WHERE id = ?", (session_id,)).fetchone()
    if row is None:
        return
    if row[0] == "open":
        raise Misuse("session.already-open", f"the session {session_id} is kept already")
    raise Refused("session.consumed", f"the session {session_id} is over; it cannot be opened again")


def _read(connection: sqlite3.Connection, session_id: str) -> Session:
    row = connection.execute(_SELECT, (session_id,)).fetchone()
    if row is None:
        _refuse_unknown()
    state, *fields = row
    if state == "consumed":
        raise Refused("session.consumed", "the session was used for its one comparison")
    if state == "expired":
        raise Refused("session.expired", "the session ended before it was used")
    return _session(*fields)


def _session(
    session_id: str,
    controller: str,
    _binding: bytes,
    expires: int,
    purpose: str,
    consent_record: str,
    nonce: bytes,
    scalar: bytes,
    challenge: int,
    transcript: bytes,
    opened: int,
    audience: str | None,
) -> Session:
    return Session(
        id=session_id,
        purpose=purpose,
        consent_record=consent_record,
        controller=controller,
        nonce=nonce,
        reader_key=ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1()),
        challenge=Challenge.from_code(challenge),
        transcript=transcript,
        audience=audience,
        opened=datetime.fromtimestamp(opened, UTC),
        expires=datetime.fromtimestamp(expires, UTC),
    )


def _row(session: Session) -> tuple[str | int | bytes | None, ...]:
    scalar = session.reader_key.private_numbers().private_value.to_bytes(32, "big")
    return (
        session.id,
        session.controller,
        session.binding,
        _seconds(session.expires),
        session.purpose,
        session.consent_record,
        session.nonce,
        scalar,
        session.challenge.to_code(),
        session.transcript,
        _seconds(session.opened),
        session.audience,
    )


def _discard_other_days(connection: sqlite3.Connection, day: int) -> bool:
    """Delete the keys, and with them the digests, of every day but this one. Says whether there were any."""
    if connection.execute("DELETE FROM capture_key WHERE day <> ?", (day,)).rowcount == 0:
        return False
    connection.execute("DELETE FROM captured")
    return True


def _day(at: datetime) -> int:
    return at.astimezone(UTC).date().toordinal()


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _refuse_unknown() -> NoReturn:
    raise Refused("session.unknown", "no session of this id is kept")


def _refuse_controller() -> NoReturn:
    raise Refused(
        "receipt.other-controller", "the receipt names another controller than the one redeeming it"
    )

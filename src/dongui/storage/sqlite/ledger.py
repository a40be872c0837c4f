"""The consent ledger in SQLite: append-only by its triggers too, durable on return, never half an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from dongui.consent.events import ConsentEvent, EventKind, History
from dongui.consent.ledger import refuse_second
from dongui.consent.notice import Notice
from dongui.consent.subject import HANDLE_KEY_BYTES
from dongui.environment import Entropy
from dongui.errors import Misuse
from dongui.storage.sqlite import ledger_rows as rows
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.file_store import FileStore
from dongui.storage.sqlite.ledger_tables import APPLICATION_ID, MIGRATIONS

__all__ = ["SqliteLedger"]


class SqliteLedger(FileStore):
    """The :class:`dongui.consent.ledger.Ledger` in one file. Threads may share it; see ``Database``."""

    def __init__(self, database: Database, *, entropy: Entropy) -> None:
        super().__init__(database)
        self._entropy = entropy

    @classmethod
    def open(cls, path: Path, *, entropy: Entropy) -> SqliteLedger:
        """Open or create the ledger at ``path``. Raises what ``Database.open`` raises."""
        return cls(Database.open(path, migrations=MIGRATIONS, application_id=APPLICATION_ID), entropy=entropy)

    def open_record(
        self, history: History, notice: Notice, *, before: Callable[[History], object] | None = None
    ) -> None:
        """Keep a new record with its first event and its notice, all or nothing."""
        record, checked = history.record, History(history.record)
        for event in history.events:
            checked = checked.follow(event)
        if notice.digest != record.notice_digest or not history.events:
            raise ValueError("a record is kept with an event and with the very notice it names")
        with self._database.transaction() as connection:
            existing = rows.histories_of_person(connection, record.purpose_id, record.subject)
            refuse_second(existing, at=history.events[0].at)
            rows.keep_notice(connection, notice)
            rows.keep_record(connection, history)
            rows.note_owed(connection, record.id)
            if before is not None:
                before(history)

    def append(self, event: ConsentEvent, *, before: Callable[[History], object] | None = None) -> History:
        """Keep one more event, judged against what is there inside the same transaction."""
        with self._database.transaction() as connection:
            longer = rows.one_history(connection, event.record_id).follow(event)
            if event.kind is EventKind.RENEWED:
                record = longer.record
                others = rows.histories_of_person(connection, record.purpose_id, record.subject)
                refuse_second([other for other in others if other.record.id != record.id], at=event.at)
            rows.keep_event(connection, len(longer.events), event)
            rows.note_ends(connection, longer)
            if event.kind is not EventKind.EXPIRED:
                rows.note_owed(connection, event.record_id)
            if before is not None:
                before(longer)
        return longer

    def is_owed(self, record_id: bytes) -> bool:
        """Tell whether something was recorded since the person was last handed a receipt."""
        with self._database.reading() as connection:
            return rows.is_owed(connection, record_id)

    def owed_to(self, purpose_id: str, subject: bytes) -> list[History]:
        """Return the records of one handle for which a receipt is owed, the oldest first."""
        with self._database.reading() as connection:
            found = rows.histories_of_person(connection, purpose_id, subject)
            return [history for history in found if rows.is_owed(connection, history.record.id)]

    def note_handed_out(self, record_id: bytes) -> None:
        """Note that the person has the receipt of all that is recorded."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM owed WHERE record_id = ?", (record_id,))

    def history(self, record_id: bytes) -> History:
        """Return a record with its events."""
        with self._database.reading() as connection:
            return rows.one_history(connection, record_id)

    def list_records(self, purpose_id: str | None = None) -> list[History]:
        """Return every record, or one purpose's, the oldest first."""
        with self._database.reading() as connection:
            if purpose_id is None:
                return rows.all_histories(connection)
            return rows.histories_of_purpose(connection, purpose_id)

    def notice_text(self, digest: bytes) -> str:
        """Return the notice somebody read."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT text FROM notice WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise Misuse("consent.unknown-notice", f"no notice has the digest {digest.hex()}")
        return str(row[0])

    def handle_key(self, purpose_id: str) -> bytes:
        """Return the purpose's handle key; the first one asked for stays."""
        with self._database.transaction() as connection:
            query = "SELECT secret FROM handle_key WHERE purpose_id = ?"
            row = connection.execute(query, (purpose_id,)).fetchone()
            if row is not None:
                return bytes(row[0])
            secret = self._entropy.draw(HANDLE_KEY_BYTES)
            connection.execute("INSERT INTO handle_key VALUES (?, ?)", (purpose_id, secret))
            return secret

    def expire(self, *, at: datetime, before: Callable[[Sequence[History]], None]) -> int:
        """Write down every consent that has run out by ``at``, in one transaction; return their number."""
        with self._database.reading() as connection:
            if not rows.is_any_ending(connection, at):
                return 0  # The usual case waits for nobody who writes.
        with self._database.transaction() as connection:
            ended = rows.those_run_out(connection, at)
            if ended:
                before(ended)
            for history in ended:
                rows.keep_event(connection, len(history.events), history.events[-1])
                rows.note_ends(connection, history)
        return len(ended)

    def purge(self, *, at: datetime, before: Callable[[Sequence[History]], None]) -> int:
        """Destroy the records whose time is over, in one transaction; return their number.

        ``before`` is called inside that transaction: whoever it tells has been told of exactly those.

        Then no byte of them stays in the file or its write-ahead log: both are written anew, and where that
        was cut short, or a reader stood in the way, the next purge does it. What the file system keeps
        underneath, and copies of the file, are out of reach.
        """
        with self._database.reading() as connection:
            if not rows.is_any_due(connection, at):
                return 0  # The usual case waits for nobody who writes.
        with self._database.transaction() as connection:
            over = rows.those_over(connection, at)
            if over:
                before(over)
                rows.destroy(connection, over)
            unswept = rows.is_unswept(connection)
        if unswept and self._database.write_anew():
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM unswept")
        return len(over)

"""What the rules of consent ask of whoever keeps the records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from dongui.consent.events import ConsentEvent, History
from dongui.consent.notice import Notice
from dongui.errors import Misuse

__all__ = ["Ledger", "refuse_second"]


class Ledger(Protocol):
    """Records, their events, the notices shown and the handle keys. Durable on return.

    Append-only until a record's time is over; then :meth:`purge` destroys it whole.
    """

    def open_record(
        self, history: History, notice: Notice, *, before: Callable[[History], object] | None = None
    ) -> None:
        """Keep a new record with its first event and the notice the person read, all or nothing.

        ``before`` is called with the history once it could be kept and before it is; what it raises is
        raised, and nothing is kept. Raises ``Misuse``: ``consent.already-given``,
        ``consent.event-out-of-order``.
        """

    def append(self, event: ConsentEvent, *, before: Callable[[History], object] | None = None) -> History:
        """Keep one more event and return the history with it; ``before`` as :meth:`open_record`.

        Raises ``Misuse``: ``consent.unknown-record``, ``consent.event-out-of-order``,
        ``consent.event-before-last``, and for a renewal ``consent.already-given``.
        """

    def is_owed(self, record_id: bytes) -> bool:
        """Tell whether something was recorded since the person was last handed a receipt of this record."""

    def owed_to(self, purpose_id: str, subject: bytes) -> list[History]:
        """Return the records of one handle for which a receipt is owed, the oldest first."""

    def note_handed_out(self, record_id: bytes) -> None:
        """Note that the person has the receipt of all that is recorded; nothing for an unknown record."""

    def history(self, record_id: bytes) -> History:
        """Return a record with its events. Raises ``Misuse``: ``consent.unknown-record``."""

    def list_records(self, purpose_id: str | None = None) -> list[History]:
        """Return every record, or one purpose's, the oldest first."""

    def notice_text(self, digest: bytes) -> str:
        """Return the notice somebody read. Raises ``Misuse``: ``consent.unknown-notice``."""

    def handle_key(self, purpose_id: str) -> bytes:
        """Return the purpose's handle key, 32 bytes, drawn the first time it is asked for."""

    def expire(self, *, at: datetime, before: Callable[[Sequence[History]], None]) -> int:
        """Write down every consent that has run out by ``at``, each once; return their number.

        The events are those of :func:`~dongui.consent.expiry.expiry`. A record that
        :func:`~dongui.consent.retention.is_over` is left for :meth:`purge`. ``before`` is called with the
        histories as they will be, if there are any; what it raises is raised, and nothing is written down.
        """

    def purge(self, *, at: datetime, before: Callable[[Sequence[History]], None]) -> int:
        """Destroy every record that :func:`~dongui.consent.retention.is_over` at ``at``; return their number.

        ``before`` is called with them first, if there are any; what it raises is raised, and nothing is
        destroyed. Nobody can change one of them in between. With a record go its events and, when no other
        record names it, the text of its notice; nothing else does. All of them or none. Afterwards each is a
        ``consent.unknown-record``.
        """


def refuse_second(existing: list[History], *, at: datetime) -> None:
    """Refuse a second consent while one of ``existing`` (same person, same purpose) still holds.

    Somebody who withdraws "their consent" must not be left with another one they forgot.
    Raises ``Misuse``: ``consent.already-given``.
    """
    for history in existing:
        if history.holds_at(at):
            raise Misuse("consent.already-given", f"record {history.record.id.hex()} still holds")

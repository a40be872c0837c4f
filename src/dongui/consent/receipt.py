"""The consent receipt: the person's own copy of what they agreed to (ISO/IEC TS 27560:2023, 6.4).

Not to be confused with the receipt of a verification (:mod:`dongui.receipts`), which names nobody.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from dongui.consent import malformed
from dongui.consent.events import ConsentEvent, History
from dongui.consent.moments import read_moment, utc, write_moment
from dongui.consent.record_form import LIMITS, Fields, read_fields, record_fields
from dongui.encoding import cbor

__all__ = ["RECEIPT_SCHEMA_VERSION", "ConsentReceipt", "history_fields"]

RECEIPT_SCHEMA_VERSION = "dongui-consent-receipt-1"
"""The form written by this version; spec/consent-record.md describes it."""


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """The whole record and all its events, as of ``issued_at``. ``id`` has 16 random bytes."""

    id: bytes
    issued_at: datetime
    history: History

    def __post_init__(self) -> None:
        object.__setattr__(self, "issued_at", utc(self.issued_at))

    def to_fields(self) -> Fields:
        """Return metadata (6.4.5) and content (6.4.6): text, lists and tables only."""
        return {
            "schema_version": RECEIPT_SCHEMA_VERSION,
            "receipt_id": self.id.hex(),
            "issued_at": write_moment(self.issued_at),
            **history_fields(self.history),
        }

    def to_cbor(self) -> bytes:
        """Return the canonical encoding (RFC 8949, 4.2.1)."""
        return cbor.dumps(self.to_fields())

    def to_json(self) -> str:
        """Return the same tree as JSON, for the person's own software."""
        return json.dumps(self.to_fields(), ensure_ascii=False, indent=2, sort_keys=True)

    @classmethod
    def from_cbor(cls, data: bytes) -> ConsentReceipt:
        """Read a canonical receipt. Raises ``Refused`` (``cbor.*``) and what :meth:`from_fields` raises."""
        return cls.from_fields(cbor.loads_canonical(data, limits=LIMITS))

    @classmethod
    def from_fields(cls, content: object) -> ConsentReceipt:
        """Read what :meth:`to_fields` wrote; the events must follow each other as they may.

        Raises ``Misuse``: ``consent.malformed-record``, ``consent.unknown-schema``,
        ``consent.event-out-of-order``, ``consent.event-before-last``.
        """
        table = malformed.table(content, "")
        malformed.check_schema(table.text("schema_version"), RECEIPT_SCHEMA_VERSION)
        receipt_id = malformed.octets(table.text("receipt_id"), size=16, what="receipt_id")
        issued_at = table.text("issued_at")
        history = History(read_fields(table.value("consent_record")))
        for event in table.values("events"):
            history = history.follow(ConsentEvent.from_fields(history.record.id, event))
        table.end()
        with malformed.values("issued_at"):
            return cls(id=receipt_id, issued_at=read_moment(issued_at), history=history)


def history_fields(history: History) -> Fields:
    """Return a record and its events as one tree."""
    events: list[Fields] = [dict(event.to_fields()) for event in history.events]
    return {"consent_record": record_fields(history.record), "events": events}

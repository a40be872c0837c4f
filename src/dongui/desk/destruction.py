"""The log's entry for a consent record that is destroyed. The rule is in ``spec/log-entry.md``."""

from __future__ import annotations

import hashlib

from dongui.log.entry import Entry, EntryKind, commitment

__all__ = ["destruction_entry"]

_BLIND = b"dongui/consent-destroyed/1\x00"


def destruction_entry(record_id: bytes) -> Entry:
    """Return what the log says when this record is destroyed.

    The blind comes from the record's number, 128 random bits that stand on the person's copy. So whoever has
    that copy can still find the entry, when nothing is left with the operator that could open it. The same
    entry again is the same record: a desk that is killed between entry and destruction logs it twice.
    """
    return Entry(
        EntryKind.CONSENT_DESTROYED,
        commitment(record_id, blind=hashlib.sha256(_BLIND + record_id).digest()),
    )

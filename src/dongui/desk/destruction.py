"""The log's entries for what happens while nobody is there: a consent runs out, its record is destroyed.

Their rules are in ``spec/log-entry.md``.
"""

from __future__ import annotations

import hashlib

from dongui.consent.events import History
from dongui.consent.moments import write_moment
from dongui.log.entry import Entry, EntryKind, commitment

__all__ = ["destruction_entry", "expiry_entry"]

_BLIND = b"dongui/consent-destroyed/1\x00"
_EXPIRY_BLIND = b"dongui/consent-expired/1\x00"


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


def expiry_entry(history: History) -> Entry:
    """Return what the log says when it is written down that a consent ran out: its last event.

    The blind comes from the record's number and the moment, both on the person's copy; the rest is as for
    :func:`destruction_entry`.
    """
    content = history.record.id + write_moment(history.events[-1].at).encode()
    return Entry(
        EntryKind.CONSENT, commitment(content, blind=hashlib.sha256(_EXPIRY_BLIND + content).digest())
    )

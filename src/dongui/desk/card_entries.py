"""The log's entries for staff cards. The rule is in ``spec/log-entry.md``.

The blinds come from the card's id, 128 random bits that are printed on it: its holder can find both entries.
The register forgets the id at the card's end, and then nobody else can.
"""

from __future__ import annotations

import hashlib

from dongui.log.entry import Entry, EntryKind, commitment

__all__ = ["issued_entry", "revoked_entry"]

_ISSUED = b"dongui/card-issued/1\x00"
_REVOKED = b"dongui/card-revoked/1\x00"


def issued_entry(card_id: bytes, text: str) -> Entry:
    """Return what the log says when the card with this id and code is made."""
    blind = hashlib.sha256(_ISSUED + card_id).digest()
    return Entry(EntryKind.CARD_ISSUED, commitment(text.encode("ascii"), blind=blind))


def revoked_entry(card_id: bytes) -> Entry:
    """Return what the log says when a site revokes this card: the same entry at every attempt."""
    blind = hashlib.sha256(_REVOKED + card_id).digest()
    return Entry(EntryKind.CARD_REVOKED, commitment(card_id, blind=blind))

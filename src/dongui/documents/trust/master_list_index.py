"""An index of a verified master list: where its certificates lie, so that a second load reads none of them.

The index holds no certificate: positions in the list's own bytes, and what is needed to look an authority up.
It is bound to the list and to the roots it was verified with by a digest over both, and carries a digest of
itself. That keeps accidents out, not an attacker who can write beside the list: who can do that can add an
authority outright.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from dongui.documents.trust.country_certificate import CountryCertificate
from dongui.documents.trust.csca import CscaAnchor
from dongui.documents.trust.master_list import MasterList
from dongui.encoding import cbor
from dongui.errors import Refused

__all__ = ["IndexedList", "index_key", "read_index", "write_index"]

_FORMAT = "dongui.master-list-index.1"
_LIMITS = cbor.Limits(max_bytes=2 * 1024 * 1024, max_depth=3, max_items=32_000)
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class IndexedList:
    """What is known of a list that was verified before."""

    country: str | None
    signer: str
    root: str
    signed_at: datetime
    anchors: tuple[CscaAnchor, ...] = field(repr=False)

    @classmethod
    def of(cls, listed: MasterList) -> IndexedList:
        """The same of a list verified now."""
        return cls(listed.country, listed.signer, listed.root, listed.signed_at, listed.anchors())


def index_key(data: bytes, roots: Sequence[CountryCertificate]) -> bytes:
    """What an index belongs to: 32 bytes over the list and the roots it was verified with."""
    parts = [sha256(data).digest(), *sorted(sha256(root.encoded).digest() for root in roots)]
    return sha256(b"".join([_FORMAT.encode(), *parts])).digest()


def write_index(listed: MasterList, data: bytes, *, key: bytes) -> bytes | None:
    """Return the index, or ``None`` where a certificate does not lie in the list's bytes in one piece."""
    entries: list[cbor.CborValue] = []
    at = 0
    for certificate in listed.certificates:
        at = data.find(certificate.encoded, at)
        if at < 0:
            return None
        entries.append([at, len(certificate.encoded), certificate.subject.key])
        at += len(certificate.encoded)
    content = cbor.dumps(
        {
            "format": _FORMAT,
            "key": key,
            "country": listed.country,
            "signer": listed.signer,
            "root": listed.root,
            "signed_at": listed.signed_at.isoformat(),
            "certificates": entries,
        }
    )
    return sha256(content).digest() + content


def read_index(index: bytes, data: bytes, *, key: bytes) -> IndexedList | None:
    """Read an index of the list ``data``; ``None`` for one that is damaged, or of another list or roots."""
    content = index[_DIGEST_BYTES:]
    if sha256(content).digest() != index[:_DIGEST_BYTES]:
        return None
    try:
        fields = cbor.loads(content, limits=_LIMITS)
    except Refused:
        return None
    if not isinstance(fields, dict) or fields.get("key") != key or fields.get("format") != _FORMAT:
        return None
    signed_at = datetime.fromisoformat(str(fields["signed_at"]))
    country = fields["country"]
    return IndexedList(
        country=None if country is None else str(country),
        signer=str(fields["signer"]),
        root=str(fields["root"]),
        signed_at=signed_at,
        anchors=tuple(_anchors(fields["certificates"], data, signed_at)),
    )


def _anchors(entries: cbor.CborValue, data: bytes, signed_at: datetime) -> list[CscaAnchor]:
    found: list[CscaAnchor] = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, list) and len(entry) == 3:
            start, length, name = entry
            if isinstance(start, int) and isinstance(length, int) and isinstance(name, bytes):
                found.append(CscaAnchor(data[start : start + length], name, signed_at))
    return found

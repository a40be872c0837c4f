"""A release's seal: the root over its people, fixed in the log before anything is handed out.

The format is ``spec/membership-proof.md``. Seals are numbered and each names the one before by its digest, so
that whoever is shown a row of them sees that none was left out between.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from datetime import datetime
from hashlib import sha256

from dongui.consent.moments import read_moment, write_moment
from dongui.custody.membership import HASH_BYTES, MAX_DEPTH
from dongui.custody.pseudonyms import RELEASE_BYTES
from dongui.encoding import cbor
from dongui.errors import Refused
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment

__all__ = ["FIRST", "MAX_SEAL_BYTES", "Seal"]

FIRST = bytes(HASH_BYTES)
"""What the first seal names as the one before."""
MAX_SEAL_BYTES = 2_048
_FORMAT = 1
_LIMITS = cbor.Limits(max_bytes=MAX_SEAL_BYTES, max_depth=1, max_items=32)
_BYTES = {"previous": HASH_BYTES, "release": RELEASE_BYTES, "manifest": HASH_BYTES, "root": HASH_BYTES}
_BYTES["blind"] = BLIND_BYTES


@dataclass(frozen=True, slots=True)
class Seal:
    """What is logged of a release's people, and for what and whom the release was.

    ``sequence`` counts an operator's seals from 0; ``previous`` is the digest of the seal before.
    ``manifest`` is the SHA-256 of ``manifest.json`` and ``decided`` the index of its log entry. Until
    ``open_until``, and not from then on, the recipient may open the release. ``people`` and ``root`` are the
    tree's. Raises ``Refused`` (``membership.seal-malformed``).
    """

    sequence: int
    previous: bytes
    release: bytes
    manifest: bytes
    decided: int
    purpose: str
    recipient: str
    artefact: str
    use: str
    decided_at: str
    open_until: str
    people: int
    root: bytes
    blind: bytes = field(repr=False)

    def __post_init__(self) -> None:
        for name, size in _BYTES.items():
            value = getattr(self, name)
            if not isinstance(value, bytes) or len(value) != size:
                raise _malformed(f"{name} is not {size} bytes")
        for name in ("sequence", "decided", "people"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise _malformed(f"{name} is no number")
        for name in ("purpose", "recipient", "artefact", "use"):
            if not isinstance(value := getattr(self, name), str) or not value.isprintable():
                raise _malformed(f"{name} is no printable text")
        for name in ("decided_at", "open_until"):
            _moment(getattr(self, name), name)
        if self.people > 2**MAX_DEPTH:
            raise _malformed(f"{self.people} people; a tree holds up to {2**MAX_DEPTH}")

    def encode(self) -> bytes:
        """Return the canonical CBOR: what the log entry commits to."""
        return cbor.dumps([_FORMAT, *astuple(self)])

    @classmethod
    def decode(cls, data: bytes) -> Seal:
        """Read one. Raises ``Refused``: ``membership.seal-malformed``, ``cbor.*``."""
        match cbor.loads_canonical(data, limits=_LIMITS):
            case [1, int(a), bytes(b), bytes(c), bytes(d), int(e), *rest] if type(a) is int:
                match rest:
                    case [str(f), str(g), str(h), str(i), str(j), str(k), int(m), bytes(n), bytes(o)]:
                        return cls(a, b, c, d, e, f, g, h, i, j, k, m, n, o)
        raise _malformed("it is not the list of fields of this version")

    def digest(self) -> bytes:
        """Return the SHA-256 by which the next seal names this one."""
        return sha256(self.encode()).digest()

    def entry(self) -> Entry:
        """Return its log entry."""
        return Entry(EntryKind.MEMBERSHIP, commitment(self.encode(), blind=self.blind))

    @property
    def opens_until(self) -> datetime:
        """The first moment at which the release may no longer be opened."""
        return _moment(self.open_until, "open_until")


def _moment(text: object, name: str) -> datetime:
    if isinstance(text, str):
        try:
            moment = read_moment(text)
        except ValueError:
            raise _malformed(f"{name} is no moment in UTC") from None
        if write_moment(moment) == text:
            return moment
    raise _malformed(f"{name} is no moment in UTC")


def _malformed(why: str) -> Refused:
    return Refused("membership.seal-malformed", f"this is no seal: {why}")

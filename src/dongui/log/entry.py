"""Log entries: a kind and a commitment, nothing else. The format is ``spec/log-entry.md``.

Whoever reads the whole log learns how many events of which kind there were, and nothing about whom: the
commitment hides its content behind 32 random bytes that only the person (and nobody's database) keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from dongui.encoding import cbor
from dongui.errors import Refused

__all__ = ["BLIND_BYTES", "COMMITMENT_BYTES", "MAX_ENTRY_BYTES", "Entry", "EntryKind", "commitment"]

BLIND_BYTES = 32
COMMITMENT_BYTES = 32
MAX_ENTRY_BYTES = 64
_VERSION = 1
_LIMITS = cbor.Limits(max_bytes=MAX_ENTRY_BYTES, max_depth=1, max_items=4)
# 32 bytes of prefix of our own: no other SHA-256 in the project, the tree's included, begins with them.
_DOMAIN = sha256(b"dongui.log-entry.commitment.1").digest()


class EntryKind(StrEnum):
    """What happened. A closed set: a kind is added together with the format version that knows it."""

    VERIFICATION = "verification"  # a receipt was issued, whatever its outcome
    CONSENT = "consent"  # a consent was given, renewed, withdrawn, or expired
    CONSENT_DESTROYED = "consent-destroyed"  # the record of one is about to be destroyed
    RELEASE = "release"  # records were decided to be handed over
    CORRECTION = "correction"  # records were taken out of a release again
    PERSON_KEY = "person-key"  # a person's key was fixed, for the pseudonyms of the releases to come
    MEMBERSHIP = "membership"  # the tree over a release's people was fixed
    ERASURE = "erasure"  # everything the vault keeps of a person is about to be destroyed
    MODEL = "model"  # a model's statistics were sealed: trained, or somebody taken out
    RIGHTS = "rights"  # something happened to a request a person made for what is theirs
    CARD_ISSUED = "card-issued"  # a staff card was made
    CARD_REVOKED = "card-revoked"  # a staff card's secret is about to be deleted
    UNDOING = "undoing"  # a withdrawal was carried out, with a receipt for the person


# The commitment comes last and always has the same length: what stands before it is the same for a kind.
_HEADS = {
    kind: cbor.dumps([_VERSION, kind.value, bytes(COMMITMENT_BYTES)])[:-COMMITMENT_BYTES]
    for kind in EntryKind
}


_KINDS = {kind.value: kind for kind in EntryKind}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``commitment`` has 32 bytes (``ValueError`` otherwise)."""

    kind: EntryKind
    commitment: bytes

    def __post_init__(self) -> None:
        if len(self.commitment) != COMMITMENT_BYTES:
            raise ValueError(f"a commitment has {COMMITMENT_BYTES} bytes, not {len(self.commitment)}")

    def encode(self) -> bytes:
        """Return the canonical CBOR: what the log keeps and hashes as its leaf."""
        return _HEADS[self.kind] + self.commitment

    @classmethod
    def decode(cls, data: bytes) -> Entry:
        """Read one entry.

        Raises ``Refused``: ``cbor.*`` for what is no canonical CBOR of at most MAX_ENTRY_BYTES;
        ``log.entry-malformed``; ``log.entry-unknown`` for a version or kind of a later release.
        """
        match cbor.loads_canonical(data, limits=_LIMITS):
            case [int() as version, str() as kind, bytes() as value] if len(value) == COMMITMENT_BYTES:
                return cls(_known_kind(version, kind), value)
            case _:
                detail = f"an entry is: version, kind, {COMMITMENT_BYTES} bytes of commitment"
                raise Refused("log.entry-malformed", detail)


def _known_kind(version: int, kind: str) -> EntryKind:
    # True equals 1 in Python; in CBOR it is another value, and no version.
    if version != _VERSION or isinstance(version, bool):
        raise Refused("log.entry-unknown", f"the entry's version is {version}; this release reads {_VERSION}")
    if kind not in _KINDS:
        known = ", ".join(EntryKind)
        raise Refused("log.entry-unknown", f"the entry's kind is none of: {known}")
    return _KINDS[kind]


def commitment(content: bytes, *, blind: bytes) -> bytes:
    """Return SHA-256(domain || blind || content): it binds to ``content`` and, without ``blind``, hides it.

    ``blind``: 32 bytes from ``Entropy``, drawn for this one commitment and given to the person alone. An
    outcome and a purpose are guessable; without the blind a guess could be tried against the whole log.
    """
    if len(blind) != BLIND_BYTES:
        raise ValueError(f"a blind has {BLIND_BYTES} bytes, not {len(blind)}")
    return sha256(_DOMAIN + blind + content).digest()

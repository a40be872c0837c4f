"""Answers to "was my face used?" written down from ``spec/membership-proof.md`` alone; wrong ones too.

Shares no line with ``dongui.custody``: trees are made bucket by bucket and folded recursively, the log is a
list. What this writes and what that checks agree only if both follow the page.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulators.naive_merkle import mth, path
from simulators.plain_cbor import Plain, plain

__all__ = ["Answer", "DraftLog", "DraftSeal", "Path", "Tree", "drawn", "entry", "key_text", "name_in", "note"]


def drawn(label: str, size: int = 32) -> bytes:
    """Bytes that follow from a label."""
    return sha256(label.encode()).digest()[:size]


def entry(kind: str, content: bytes, blind: bytes) -> bytes:
    """A log entry: version, kind, commitment."""
    domain = sha256(b"dongui.log-entry.commitment.1").digest()
    return plain([1, kind, sha256(domain + blind + content).digest()])


def key_entry(key: bytes, blind: bytes) -> bytes:
    """The log entry that commits to a person's key."""
    return entry("person-key", plain([1, key]), blind)


def key_text(key: bytes, blind: bytes, origin: str, index: int) -> str:
    """The person's copy."""
    body = f"PERSON+KEY+{origin}+{index}+{base64.b64encode(key + blind).decode()}"
    return f"{body}+{sha256(body.encode()).hexdigest()[:8]}"


def name_in(release: bytes, key: bytes) -> bytes:
    """The pseudonym."""
    return hmac.new(key, release, sha256).digest()[:16]


@dataclass(frozen=True)
class Path:
    """A bucket, padded, and the siblings from the leaf up."""

    bucket: bytes
    siblings: bytes


@dataclass
class Tree:
    """The tree over some pseudonyms. ``buckets`` may be spoilt before anything is asked."""

    release: bytes
    names: Sequence[bytes]
    buckets: list[list[bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self.people = len(self.names)
        self.depth = max(0, (self.people - 1)).bit_length()
        self.buckets = [[] for _ in range(2**self.depth)]
        for name in sorted(self.names):
            self.buckets[self.place(name)].append(name)

    def place(self, name: bytes) -> int:
        """The number the leading bits make."""
        bits = "".join(f"{byte:08b}" for byte in name)[: self.depth]
        return int(bits, 2) if bits else 0

    def root(self) -> bytes:
        """What is logged."""
        return sha256(self._tag("root") + self._fold(0, len(self.buckets))).digest()

    def path(self, place: int) -> Path:
        """The path from one bucket."""
        siblings, begin, end = [], 0, len(self.buckets)
        while end - begin > 1:
            middle = (begin + end) // 2
            if place < middle:
                siblings.append(self._fold(middle, end))
                end = middle
            else:
                siblings.append(self._fold(begin, middle))
                begin = middle
        return Path(b"".join(self.buckets[place]).ljust(256, b"\0"), b"".join(reversed(siblings)))

    def _fold(self, begin: int, end: int) -> bytes:
        if end - begin == 1:
            return sha256(self._tag("leaf") + b"".join(self.buckets[begin])).digest()
        middle = (begin + end) // 2
        return sha256(self._tag("node") + self._fold(begin, middle) + self._fold(middle, end)).digest()

    def _tag(self, kind: str) -> bytes:
        bound = self.release + self.people.to_bytes(8, "big") + bytes([self.depth])
        return sha256(b"dongui.membership." + kind.encode() + b".1\0" + bound).digest()


@dataclass(frozen=True)
class DraftSeal:
    """A seal's fields, in their order."""

    sequence: int
    previous: bytes
    release: bytes
    decided: int
    people: int
    root: bytes
    version: int = 1
    manifest: bytes = drawn("manifest")
    purpose: str = "face-test"
    recipient: str = "laboratory.example"
    artefact: str = "image"
    use: str = "test-model"
    decided_at: str = "2026-11-22T01:00:00.000000Z"
    open_until: str = "2027-11-22T00:00:00.000000Z"
    blind: bytes = drawn("seal's blind")

    def fields(self) -> list[Plain]:
        """The list that is written."""
        return [
            *(self.version, self.sequence, self.previous, self.release, self.manifest, self.decided),
            *(self.purpose, self.recipient, self.artefact, self.use, self.decided_at, self.open_until),
            *(self.people, self.root, self.blind),
        ]

    def encode(self) -> bytes:
        """The bytes that are committed to."""
        return plain(self.fields())

    def entry(self) -> bytes:
        """The log entry."""
        return entry("membership", self.encode(), self.blind)

    def digest(self) -> bytes:
        """How the next seal names this one."""
        return sha256(self.encode()).digest()


def note(origin: str, size: int, root: bytes, signer: Ed25519PrivateKey, *, by: str | None = None) -> bytes:
    """A signed checkpoint."""
    name = by or origin
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    line = base64.b64encode(key_id(name, signer) + signer.sign(text)).decode()
    return text + f"\n\u2014 {name} {line}\n".encode()


def key_id(name: str, signer: Ed25519PrivateKey) -> bytes:
    """Four bytes that identify name and key."""
    raw = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(name.encode() + b"\n\x01" + raw).digest()[:4]


def verifier_text(name: str, signer: Ed25519PrivateKey) -> str:
    """The public key in the text form of signed notes."""
    raw = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    encoded = base64.b64encode(b"\x01" + raw).decode()
    return f"{name}+{key_id(name, signer).hex()}+{encoded}"


@dataclass
class DraftLog:
    """A log as the list it is."""

    origin: str
    signer: Ed25519PrivateKey
    entries: list[bytes]

    def checkpoint(self) -> bytes:
        """Its signed state."""
        return note(self.origin, len(self.entries), mth(self.entries), self.signer)

    def hashes(self, index: int) -> bytes:
        """An entry's inclusion proof."""
        return b"".join(path(index, self.entries))


@dataclass(frozen=True)
class Answer:
    """An answer, item by item, each of which may be replaced by something wrong."""

    key: Plain
    note: bytes
    seals: tuple[tuple[Plain, ...], ...]
    unsealed: Plain = field(default_factory=list)
    version: int = 1

    def encode(self) -> bytes:
        """The file's bytes."""
        return plain([self.version, self.key, self.note, [list(one) for one in self.seals], self.unsealed])

    def with_seal(self, number: int, item: int, value: Plain) -> Answer:
        """The same, one item of one seal replaced: 0 statement, 1 index, 2 hashes, 3 bucket, 4 siblings."""
        changed = tuple(value if place == item else kept for place, kept in enumerate(self.seals[number]))
        return replace(self, seals=(*self.seals[:number], changed, *self.seals[number + 1 :]))

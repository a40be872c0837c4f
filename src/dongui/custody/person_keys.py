"""A person's key: 32 random bytes from which their pseudonym in every release comes, and who keeps them.

A key is drawn for one person and derived from nothing: no master key exists that could be stolen, or made to
give, everybody's pseudonyms at once. It is committed in the log before the person's first release, so that
nobody can exchange it afterwards, and a copy is given to the person. After an erasure that copy is the only
one, and only whoever holds it can prove anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dongui.custody.schema import Layout
from dongui.encoding import cbor
from dongui.environment import Entropy
from dongui.errors import Misuse
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment

if TYPE_CHECKING:  # Checking a proof needs neither numpy nor Arrow.
    import numpy as np
    from numpy.typing import NDArray

    from dongui.custody.record_columns import IdColumn

__all__ = [
    "KEY_BYTES",
    "MAX_KEY_TEXT",
    "Keeper",
    "KeyBlock",
    "KeyColumn",
    "Person",
    "PersonKey",
    "Secret",
]

KEY_BYTES = 32
MAX_KEY_TEXT = 1_024
_FORMAT = 1
_MARK = "PERSON+KEY"
_CHECK_DIGITS = 8
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secret:
    """A key before it has its place in the log: 32 bytes, and the 32 that open its log entry."""

    key: bytes = field(repr=False)
    blind: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES or len(self.blind) != BLIND_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes and its blind {BLIND_BYTES}")

    @classmethod
    def draw(cls, entropy: Entropy) -> Secret:
        """Draw a new one."""
        return cls(entropy.draw(KEY_BYTES), entropy.draw(BLIND_BYTES))

    def entry(self) -> Entry:
        """Return the log entry that commits to the key, and tells nobody whose it is."""
        content = cbor.dumps([_FORMAT, self.key])
        return Entry(EntryKind.PERSON_KEY, commitment(content, blind=self.blind))


@dataclass(frozen=True, slots=True)
class PersonKey:
    """The copy a person holds: the key, what opens its log entry, the log's name and the entry's index."""

    secret: Secret = field(repr=False)
    origin: str
    index: int

    def text(self) -> str:
        """Return the text form, one line; short enough for a small QR code. Keep it private."""
        body = f"{_MARK}+{self.origin}+{self.index}+{_base64(self.secret.key + self.secret.blind)}"
        return f"{body}+{_check(body)}"

    @classmethod
    def parse(cls, text: str) -> PersonKey:
        """Read the text form. Raises ``Misuse`` (``membership.key-malformed``)."""
        body, _, check = text.strip().rpartition("+")
        # Base64 may hold plus signs itself: the parts before it are taken from the left.
        parts = body.removeprefix(f"{_MARK}+").split("+", 2)
        if not body.startswith(f"{_MARK}+") or len(parts) != 3 or not _NUMBER.fullmatch(parts[1]):
            raise _malformed(f"it is not: {_MARK}, log, index, base64, check, with plus signs between")
        if check != _check(body):
            raise _malformed("its last digits do not fit what stands before them: it was mistyped or cut off")
        return cls(_secret(parts[2]), parts[0], int(parts[1]))


class Person(NamedTuple):
    """Somebody as custody knows them: 16 bytes, and the number the sorted layout gives them."""

    id: bytes
    number: int


class KeyBlock(NamedTuple):
    """People in rising order, each once, and the key of each: ``keys`` is uint8, n x 32."""

    person: IdColumn
    keys: NDArray[np.uint8]


class KeyColumn(Protocol):
    """Every person's key, in the order of the person: what a release's tree is built from."""

    def blocks(self, layout: Layout) -> Iterator[KeyBlock]:
        """Yield all of them, at most some hundred thousand at once, in the order of ``layout``'s ids."""


class Keeper(KeyColumn, Protocol):
    """Keeps people's keys. Whoever reads this store can tell who was in which release; nobody else can."""

    def draw(self, people: Sequence[Person]) -> int:
        """Draw, log and keep a key for those of ``people`` who have none; return how many that were.

        Durable on return: the entries first, then the keys. Raises ``Misuse`` (``log.batch-too-large``),
        ``Trouble`` (``log.*``, ``storage.*``).
        """

    def key_of(self, person: bytes) -> PersonKey | None:
        """Return the key of a person, or None: never drawn, or erased."""

    def bind(self, person: bytes, subject: bytes) -> None:
        """Remember, by a keyed handle, whose document speaks for this person.

        Raises ``Misuse``: ``membership.no-key``, ``membership.document-taken``.
        """

    def key_by_document(self, subject: bytes) -> PersonKey:
        """Return the key of whoever a document speaks for; for anybody else one that belongs to nobody.

        The same work is done for both, and for the same document it is always the same key: an asker
        cannot tell them apart.
        """

    def not_handed(self, people: Sequence[bytes]) -> list[bytes]:
        """Return those of ``people`` whose copy was not handed out yet."""

    def note_handed(self, people: Sequence[bytes], *, form: str, at: datetime) -> None:
        """Note that the copies of people who have keys were handed out, durably; the first time counts."""

    def erase(self, people: Iterable[bytes]) -> int:
        """Destroy keys, handles and all, durably; return how many there were."""


def _secret(encoded: str) -> Secret:
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("it holds no base64") from None
    if len(value) != KEY_BYTES + BLIND_BYTES or _base64(value) != encoded:
        raise _malformed(f"it holds no {KEY_BYTES + BLIND_BYTES} bytes in canonical base64")
    return Secret(value[:KEY_BYTES], value[KEY_BYTES:])


def _check(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:_CHECK_DIGITS]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _malformed(why: str) -> Misuse:
    return Misuse("membership.key-malformed", f"this is no person's key: {why}")

"""What the commands about membership read, and where a desk keeps it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dongui.consent.moments import utc
from dongui.custody.membership_proof import MAX_PROOF_FILE_BYTES, MembershipAnswer
from dongui.custody.person_keys import MAX_KEY_TEXT, Person, PersonKey
from dongui.desk import Desk
from dongui.errors import Misuse
from dongui.memory import SecretBuffer, require_file
from dongui.storage.sqlite.person_keys import SqlitePersonKeys

if TYPE_CHECKING:
    from dongui.custody.release_places import ReleasePlaces

__all__ = [
    "find_person",
    "ledger_of",
    "open_keys",
    "places_of",
    "read_answer",
    "read_key",
    "read_until",
    "register_of",
]

_FOLDER, _KEYS, _REGISTER, _PLACES = "custody", "person-keys.sqlite", "memberships", "releases"
_LEDGER = "consents.sqlite"
_MAX_LEDGER_BYTES = 2**44


def register_of(desk: Path) -> Path:
    """Return the folder of a desk's sealed releases."""
    return desk / _FOLDER / _REGISTER


def ledger_of(desk: Path) -> Path:
    """Return the file of a desk's own consent ledger in custody."""
    return desk / _FOLDER / _LEDGER


def places_of(desk: Path) -> ReleasePlaces:
    """Return where a desk notes the places of its releases."""
    from dongui.custody.release_places import ReleasePlaces  # Arrow: not for checking a proof

    return ReleasePlaces(desk / _FOLDER / _PLACES)


def open_keys(desk: Desk) -> SqlitePersonKeys:
    """Open a desk's store of people's keys, beginning it where there is none. Raises ``storage.*``."""
    folder = desk.path / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return SqlitePersonKeys.open(
        folder / _KEYS, log=desk.log, origin=desk.keys.log.name, entropy=desk.entropy
    )


def read_key(path: Path) -> PersonKey:
    """Read a person's key. Raises ``Misuse``: ``file.*``, ``membership.key-malformed``."""
    with SecretBuffer.read_file(path, max_bytes=MAX_KEY_TEXT, what="person's key") as content:
        # Typed from a letter it stands in several lines; the key itself has no blanks.
        return PersonKey.parse("".join(bytes(content.view).decode("ascii", "replace").split()))


def read_answer(path: Path) -> MembershipAnswer:
    """Read an answer.

    Raises ``Misuse`` (``file.*``), ``Refused`` (``membership.proof-malformed``, ``cbor.*``).
    """
    with SecretBuffer.read_file(path, max_bytes=MAX_PROOF_FILE_BYTES, what="proof") as content:
        return MembershipAnswer.decode(bytes(content.view))


def find_person(text: str, ledger: Path) -> Person:
    """Return the person with this id, numbered as the ledger numbers them.

    A number is never typed: a wrong one would hand somebody the proofs of another. Raises ``Misuse``:
    ``membership.person-malformed``, ``snapshot.unknown-person``, ``file.*``, ``storage.*``.
    """
    from dongui.storage.sqlite.custody_ledger import SqliteEventStore  # Arrow: not for checking a proof

    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != 16:
        raise Misuse("membership.person-malformed", "an id is 32 hexadecimal digits")
    require_file(ledger, max_bytes=_MAX_LEDGER_BYTES, what="ledger")
    with SqliteEventStore.open(ledger) as store, store.reading() as reader:
        number = reader.number(identity)
    if number is None:
        raise Misuse("snapshot.unknown-person", f"{ledger} does not know this person")
    return Person(identity, number)


def read_until(text: str) -> datetime:
    """Return a moment typed with its time zone. Raises ``Misuse`` (``release.moment-malformed``)."""
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        raise Misuse("release.moment-malformed", f"{text[:40]!r} is no moment with a time zone") from None

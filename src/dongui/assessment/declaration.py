"""A data set's holder declares, signed, that its people agreed to be measured. The format: spec page.

The declaration is bound to the very pictures: one added, changed or given to another person is not covered.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, NoReturn

from dongui.errors import Misuse, Refused
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.note import open_note, sign_note

__all__ = [
    "MAX_DECLARATION_BYTES",
    "Declaration",
    "is_declaration_name",
    "pictures_digest",
    "read_declaration",
    "sign_declaration",
]

MAX_DECLARATION_BYTES: Final = 8192
_HEADING: Final = "dongui/assessment-declaration/1"
_FIELDS: Final = ("name", "holder", "data-set", "covers", "agreement", "from", "until", "pictures")
_COVERS: Final = "assessment"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MOST_CHARACTERS: Final = 300


def is_declaration_name(name: str) -> bool:
    """Tell whether ``name`` can name a declaration: 1 to 64 of a-z, 0-9 and hyphens."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who holds the set, what it is, how its people agreed, and when that holds (both days included).

    ``name`` is what the table's ``consent`` column calls it; ``pictures`` is :func:`pictures_digest`.

    Raises ``Misuse`` (``assessment.declaration-unfit``).
    """

    name: str
    holder: str
    data_set: str
    agreement: str
    begins: date
    ends: date
    pictures: bytes
    covers: str = _COVERS

    def __post_init__(self) -> None:
        if not is_declaration_name(self.name):
            _unfit("name is 1 to 64 of a-z, 0-9 and hyphens, and begins with no hyphen")
        for field in ("holder", "data_set", "agreement"):
            value = getattr(self, field)
            if not value.strip() or not value.isprintable() or len(value) > _MOST_CHARACTERS:
                _unfit(f"{field} is 1 to {_MOST_CHARACTERS} printable characters")
        if self.ends < self.begins:
            _unfit("it ends before it begins")
        if len(self.pictures) != 32:
            raise ValueError("pictures is a SHA-256: 32 bytes")

    def text(self) -> str:
        """Return the text that is signed."""
        values = (
            self.name,
            self.holder.strip(),
            self.data_set.strip(),
            self.covers,
            self.agreement.strip(),
            self.begins.isoformat(),
            self.ends.isoformat(),
            self.pictures.hex(),
        )
        lines = (f"{field}: {value}" for field, value in zip(_FIELDS, values, strict=True))
        return "\n".join((_HEADING, *lines)) + "\n"


def pictures_digest(pictures: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the SHA-256 over people and the SHA-256 (32 bytes) of each of their pictures.

    A person is the set of their pictures: neither labels nor the order of rows matter.
    """
    people: dict[int, list[bytes]] = {}
    for person, digest in pictures:
        people.setdefault(person, []).append(digest)
    each = sorted(hashlib.sha256(b"".join(sorted(digests))).digest() for digests in people.values())
    return hashlib.sha256(_HEADING.encode() + b"\0" + b"".join(each)).digest()


def sign_declaration(declaration: Declaration, *, key: SignerKey) -> bytes:
    """Return the declaration as a signed note (c2sp.org/signed-note)."""
    return sign_note(declaration.text(), key=key)


def read_declaration(data: bytes, *, key: VerifierKey) -> Declaration:
    """Return what the holder of ``key`` declared.

    Raises ``Refused``: ``log.note-*`` where ``key`` did not sign it; ``assessment.declaration-malformed``;
    ``assessment.declaration-other-use`` where it covers something else than assessment.
    """
    heading, *lines = open_note(data, key=key).removesuffix("\n").split("\n")
    if heading != _HEADING or len(lines) != len(_FIELDS):
        _malformed(f"it is not {_HEADING} with {len(_FIELDS)} lines")
    values: list[str] = []
    for field, line in zip(_FIELDS, lines, strict=True):
        name, colon, value = line.partition(": ")
        if name != field or not colon:
            _malformed(f"the line of {field} is missing or in another place")
        values.append(value)
    name, holder, data_set, covers, agreement, begins, ends, pictures = values
    if covers != _COVERS:
        raise Refused("assessment.declaration-other-use", "it does not cover assessment")
    try:
        declaration = Declaration(
            name,
            holder,
            data_set,
            agreement,
            date.fromisoformat(begins),
            date.fromisoformat(ends),
            bytes.fromhex(pictures),
        )
    except (ValueError, Misuse):
        _malformed("a value is not what its line is for")
    if "\n".join((heading, *lines)) + "\n" != declaration.text():
        _malformed("it is not written as this format writes it")
    return declaration


def _unfit(detail: str) -> NoReturn:
    raise Misuse("assessment.declaration-unfit", detail)


def _malformed(detail: str) -> NoReturn:
    raise Refused("assessment.declaration-malformed", detail)

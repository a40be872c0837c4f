"""Names of certificate holders and issuers: shown readably, compared as RFC 5280, 7.1, asks."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, field
from hashlib import sha256

from dongui.encoding.der import DerError, Node

__all__ = ["DistinguishedName", "printable", "read_name"]

_COUNTRY = "2.5.4.6"
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    _COUNTRY: "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_ESCAPED = str.maketrans({character: f"\\{character}" for character in ',+"\\<>;='})


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name. Two are equal where they say the same, whatever kind of string each part was written in.

    Byte-for-byte comparison would split authorities whose tools wrote their name as PrintableString here and
    as UTF8String there. Which key is meant is settled by key identifier and signature, not by the name.
    """

    text: str = field(compare=False)
    encoded: bytes = field(compare=False, repr=False)
    countries: tuple[str, ...] = field(compare=False)
    canonical: tuple[frozenset[tuple[str, str]], ...] = field(repr=False)

    @property
    def key(self) -> bytes:
        """32 bytes that are equal for equal names, to look them up by."""
        parts = [sorted(map(list, part)) for part in self.canonical]
        return sha256(json.dumps(parts).encode()).digest()


def read_name(node: Node) -> DistinguishedName:
    """Read a Name. ``text`` follows RFC 4514. Raises :class:`DerError`."""
    parts = [_parts(one) for one in node.sequence("name")]
    written = [
        "+".join(f"{_SHORT.get(oid, oid)}={value.translate(_ESCAPED)}" for oid, value in part)
        for part in parts
    ]
    return DistinguishedName(
        text=",".join(reversed(written)),
        encoded=node.encoded,
        countries=tuple(value for part in parts for oid, value in part if oid == _COUNTRY),
        canonical=tuple(frozenset((oid, _folded(value)) for oid, value in part) for part in parts),
    )


def _parts(relative: Node) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for attribute in relative.set("part of a name"):
        pair = attribute.sequence("attribute of a name")
        if len(pair) != 2:
            raise DerError("an attribute of a name that is not a pair")
        found.append((pair[0].oid("attribute"), printable(pair[1].text("attribute"))))
    return found


def printable(text: str) -> str:
    """The text without what would steer a terminal: a certificate is a stranger's file."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _folded(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())

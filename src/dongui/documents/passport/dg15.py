"""DG15: the public key of active authentication. ICAO 9303-10, 4.7.15."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dongui.documents.passport.dg14 import read_object_identifier
from dongui.documents.passport.tlv import Tlv, read_one, read_sequence, write
from dongui.errors import Refused, Undetermined

__all__ = ["ActiveAuthenticationKey", "KeyKind", "parse_dg15"]

_SEQUENCE, _BIT_STRING, _OBJECT_IDENTIFIER = 0x30, 0x03, 0x06


class KeyKind(StrEnum):
    """The two kinds of key ICAO 9303-11, 6.1 knows."""

    RSA = "rsa"
    ELLIPTIC_CURVE = "elliptic-curve"


_KINDS = {"1.2.840.113549.1.1.1": KeyKind.RSA, "1.2.840.10045.2.1": KeyKind.ELLIPTIC_CURVE}


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationKey:
    """DER of a SubjectPublicKeyInfo. ``curve`` is its curve by identifier; ``None`` for RSA, and where the
    curve's parameters are written out in the key."""

    kind: KeyKind
    public_key: bytes = field(repr=False)
    curve: str | None


def parse_dg15(data: bytes) -> ActiveAuthenticationKey:
    """Read DG15.

    Raises ``Refused``: ``passport.public-key-malformed``, ``passport.tlv-*``, ``passport.trailing-bytes``;
    ``Undetermined`` ``passport.public-key-unsupported`` for a kind of key the standard does not know.
    """
    inner = read_one(data, 0x6F, what="DG15")
    parts = list(read_sequence(read_one(inner, _SEQUENCE, what="the key in DG15"), what="the key in DG15"))
    if [part.tag for part in parts] != [_SEQUENCE, _BIT_STRING]:
        raise Refused("passport.public-key-malformed", "DG15 is no algorithm followed by a key")
    algorithm = list(read_sequence(parts[0].value, what="the key's algorithm in DG15"))
    if not algorithm or algorithm[0].tag != _OBJECT_IDENTIFIER or len(parts[1].value) < 2:
        raise Refused("passport.public-key-malformed", "DG15 names no algorithm, or holds no key")
    kind = _KINDS.get(read_object_identifier(algorithm[0].value))
    if kind is None:
        raise Undetermined("passport.public-key-unsupported", "the key in DG15 is neither RSA nor of a curve")
    return ActiveAuthenticationKey(kind, write(_SEQUENCE, *map(_whole, parts)), _curve(kind, algorithm[1:]))


def _curve(kind: KeyKind, parameters: list[Tlv]) -> str | None:
    if kind is KeyKind.RSA or not parameters or parameters[0].tag != _OBJECT_IDENTIFIER:
        return None
    return read_object_identifier(parameters[0].value)


def _whole(item: Tlv) -> bytes:
    return write(item.tag, item.value)

"""DG14: what the chip can prove of itself, and with which keys. ICAO 9303-10, 4.7.14 and 9303-11, 9.2.

The same list stands, unsigned, in EF.CardAccess: :func:`parse_security_infos` reads it for whoever opens the
chip. Keys are carried as they are written (SubjectPublicKeyInfo); whoever uses one decides what it trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dongui.documents.passport.tlv import Tlv, read_one, read_sequence, write
from dongui.errors import Refused

__all__ = [
    "ACTIVE_AUTHENTICATION",
    "CHIP_AUTHENTICATION",
    "PACE",
    "ActiveAuthenticationInfo",
    "ChipAuthenticationInfo",
    "ChipAuthenticationPublicKeyInfo",
    "PaceDomainParameterInfo",
    "PaceInfo",
    "SecurityInfos",
    "TerminalAuthenticationInfo",
    "parse_dg14",
    "parse_security_infos",
    "read_object_identifier",
]

_BSI = "0.4.0.127.0.7.2.2"
_PUBLIC_KEYS = (f"{_BSI}.1.1", f"{_BSI}.1.2")  # id-PK-DH, id-PK-ECDH
CHIP_AUTHENTICATION = f"{_BSI}.3"
PACE = f"{_BSI}.4"
_TERMINAL_AUTHENTICATION = f"{_BSI}.2"
ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
_SET, _SEQUENCE, _INTEGER, _OBJECT_IDENTIFIER = 0x31, 0x30, 0x02, 0x06


@dataclass(frozen=True, slots=True)
class ChipAuthenticationPublicKeyInfo:
    """9303-11, 9.2.6: a static key of the chip, DER of its SubjectPublicKeyInfo."""

    protocol: str
    public_key: bytes = field(repr=False)
    key_id: int | None


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """9303-11, 9.2.5: key agreement and cipher of chip authentication, by object identifier."""

    protocol: str
    version: int
    key_id: int | None


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationInfo:
    """9303-11, 9.2.4: the signature algorithm of active authentication with elliptic curves."""

    version: int
    signature_algorithm: str


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """9303-11, 9.2.1: a PACE protocol, and standardised domain parameters by number (9.5.1 there)."""

    protocol: str
    version: int
    parameter_id: int | None


@dataclass(frozen=True, slots=True)
class PaceDomainParameterInfo:
    """9303-11, 9.2.2: domain parameters written out (DER of an AlgorithmIdentifier)."""

    protocol: str
    parameters: bytes = field(repr=False)
    parameter_id: int | None


@dataclass(frozen=True, slots=True)
class TerminalAuthenticationInfo:
    """TR-03110: the chip asks terminals for certificates before it gives out fingerprints. Not used here."""

    version: int


SecurityInfo = (
    ChipAuthenticationPublicKeyInfo
    | ChipAuthenticationInfo
    | ActiveAuthenticationInfo
    | PaceInfo
    | PaceDomainParameterInfo
    | TerminalAuthenticationInfo
)


@dataclass(frozen=True, slots=True)
class SecurityInfos:
    """What is known of the list, in its order; ``unknown`` names by identifier what is not."""

    infos: tuple[SecurityInfo, ...]
    unknown: tuple[str, ...]

    @property
    def chip_authentication_keys(self) -> tuple[ChipAuthenticationPublicKeyInfo, ...]:
        """The chip's static keys."""
        return tuple(info for info in self.infos if isinstance(info, ChipAuthenticationPublicKeyInfo))

    @property
    def chip_authentications(self) -> tuple[ChipAuthenticationInfo, ...]:
        """The protocols of chip authentication."""
        return tuple(info for info in self.infos if isinstance(info, ChipAuthenticationInfo))

    @property
    def paces(self) -> tuple[PaceInfo, ...]:
        """The protocols of PACE."""
        return tuple(info for info in self.infos if isinstance(info, PaceInfo))

    @property
    def active_authentication(self) -> ActiveAuthenticationInfo | None:
        """The first word on active authentication, if there is one."""
        return next((info for info in self.infos if isinstance(info, ActiveAuthenticationInfo)), None)


def parse_dg14(data: bytes) -> SecurityInfos:
    """Read DG14. Raises as :func:`parse_security_infos`."""
    return parse_security_infos(read_one(data, 0x6E, what="DG14"))


def parse_security_infos(data: bytes) -> SecurityInfos:
    """Read a SET OF SecurityInfo (DG14's content, or EF.CardAccess).

    Raises ``Refused``: ``passport.security-infos-malformed``, ``passport.tlv-*``,
    ``passport.trailing-bytes``.
    """
    infos: list[SecurityInfo] = []
    unknown: list[str] = []
    for item in read_sequence(read_one(data, _SET, what="the security infos"), what="the security infos"):
        parts = list(read_sequence(item.value, what="a security info")) if item.tag == _SEQUENCE else []
        if not 2 <= len(parts) <= 3 or parts[0].tag != _OBJECT_IDENTIFIER:
            raise _malformed("an entry is no identifier with one or two values")
        identifier = read_object_identifier(parts[0].value)
        info = _read(identifier, parts[1:])
        if info is None:
            unknown.append(identifier)
        else:
            infos.append(info)
    return SecurityInfos(tuple(infos), tuple(unknown))


def read_object_identifier(value: bytes) -> str:
    """Return an object identifier in dots (ISO/IEC 8825-1, 8.19), of at most 32 bytes.

    Raises ``Refused`` ``passport.security-infos-malformed``.
    """
    if not 1 <= len(value) <= 32 or value[-1] & 0x80:
        raise _malformed("an object identifier has no end, or no beginning")
    arcs, arc = [], 0
    for byte in value:
        if arc == 0 and byte == 0x80:
            raise _malformed("an object identifier is longer than it needs to be")
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _read(identifier: str, values: Sequence[Tlv]) -> SecurityInfo | None:
    if identifier in _PUBLIC_KEYS:
        key = _written(values[0], _SEQUENCE)
        return ChipAuthenticationPublicKeyInfo(identifier, key, _optional_integer(values))
    if identifier == ACTIVE_AUTHENTICATION:
        return _active_authentication(values)
    if identifier == _TERMINAL_AUTHENTICATION:
        return TerminalAuthenticationInfo(_integer(values[0]))
    if identifier.startswith(CHIP_AUTHENTICATION + "."):
        return ChipAuthenticationInfo(identifier, _integer(values[0]), _optional_integer(values))
    if identifier.startswith(PACE + "."):
        return _pace(identifier, values)
    return None


def _pace(identifier: str, values: Sequence[Tlv]) -> PaceInfo | PaceDomainParameterInfo:
    """A protocol has a cipher as its last arc (id-PACE.2.4); domain parameters have none (id-PACE.2)."""
    if identifier.removeprefix(PACE + ".").isdigit():
        parameters = _written(values[0], _SEQUENCE)
        return PaceDomainParameterInfo(identifier, parameters, _optional_integer(values))
    return PaceInfo(identifier, _integer(values[0]), _optional_integer(values))


def _active_authentication(values: Sequence[Tlv]) -> ActiveAuthenticationInfo:
    if len(values) != 2 or values[1].tag != _OBJECT_IDENTIFIER:
        raise _malformed("active authentication names no signature algorithm")
    return ActiveAuthenticationInfo(_integer(values[0]), read_object_identifier(values[1].value))


def _written(item: Tlv, tag: int) -> bytes:
    """Return the whole object, tag and length in their shortest form."""
    if item.tag != tag:
        raise _malformed(f"an object {item.tag:X} stands where {tag:X} is expected")
    return write(item.tag, item.value)


def _optional_integer(values: Sequence[Tlv]) -> int | None:
    return _integer(values[1]) if len(values) == 2 else None


def _integer(item: Tlv) -> int:
    if item.tag != _INTEGER or not 1 <= len(item.value) <= 16 or item.value[0] & 0x80:
        raise _malformed("a number in it is none")
    return int.from_bytes(item.value, "big")


def _malformed(detail: str) -> Refused:
    return Refused("passport.security-infos-malformed", detail)

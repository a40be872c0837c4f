"""The extensions of country certificates that are judged, and the names of what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dongui.encoding.der import DerError, Node, read
from dongui.encoding.der_form import irregularities

__all__ = ["CERT_SIGN", "CRL_SIGN", "DIGITAL_SIGNATURE", "BasicConstraints", "Extensions", "read_extensions"]

DIGITAL_SIGNATURE, CERT_SIGN, CRL_SIGN = 0, 5, 6  # RFC 5280, 4.2.1.3: numbers of the bits
_MAX_EXTENSIONS = 64
_SUBJECT_KEY, _KEY_USAGE, _BASIC, _AUTHORITY_KEY = "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.35"
_USAGE_PERIOD, _EXTENDED_USAGE = "2.5.29.16", "2.5.29.37"
_DOCUMENT_TYPES = "2.23.136.1.1.6.2"
_READ = frozenset(
    {_SUBJECT_KEY, _KEY_USAGE, _BASIC, _AUTHORITY_KEY, _USAGE_PERIOD, _EXTENDED_USAGE, _DOCUMENT_TYPES}
)
# Understood without being judged: what they say gives nobody a right. Policies, alternative names,
# distribution points, and ICAO's mark of an authority that changed its name.
_UNDERSTOOD = frozenset(_READ | {"2.5.29.17", "2.5.29.18", "2.5.29.31", "2.5.29.32", "2.23.136.1.1.6.1"})


@dataclass(frozen=True, slots=True)
class BasicConstraints:
    """Whether the holder may issue certificates, and how many may stand between it and a signer."""

    is_authority: bool
    path_length: int | None


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a certificate's extensions say. ``None``: the extension is not there."""

    key_usage: frozenset[int] | None = None
    constraints: BasicConstraints | None = None
    subject_key: bytes | None = field(default=None, repr=False)
    authority_key: bytes | None = field(default=None, repr=False)
    key_used_from: datetime | None = None
    key_used_until: datetime | None = None
    purposes: frozenset[str] | None = None
    document_types: frozenset[str] | None = None
    present: frozenset[str] = frozenset()
    critical: frozenset[str] = frozenset()
    irregular: frozenset[str] = frozenset()

    @property
    def not_understood(self) -> frozenset[str]:
        """Critical extensions nobody here judges."""
        return self.critical - _UNDERSTOOD

    @property
    def defects(self) -> tuple[str, ...]:
        """What deviates whatever the certificate's role is."""
        found = sorted(self.irregular)
        if self.constraints is not None and _BASIC not in self.critical:
            found.append("basic-constraints-not-critical")
        if self.key_usage is not None and _KEY_USAGE not in self.critical:
            found.append("key-usage-not-critical")
        if self.not_understood:
            found.append("critical-extension")
        return tuple(found)

    @property
    def authority_defects(self) -> tuple[str, ...]:
        """What deviates from the profile of a country's signing authority (ICAO 9303-12, 7.1.1)."""
        found = []
        if self.constraints is None or not self.constraints.is_authority:
            found.append("basic-constraints")
        elif self.constraints.path_length != 0:
            found.append("path-length")
        if self.key_usage != frozenset({CERT_SIGN, CRL_SIGN}):
            found.append("key-usage")
        return tuple(found)


def read_extensions(rest: Sequence[Node]) -> Extensions:
    """Read what follows the public key: unique identifiers nobody uses, and the extensions.

    Raises :class:`DerError`, also for an extension that stands twice: two readers would see two certificates.
    """
    found: dict[str, Node] = {}
    critical: set[str] = set()
    irregular: set[str] = set()
    for node in rest:
        if node.tag in (0x81, 0x82):
            continue
        for extension in node.expect(0xA3, "extensions").inner("extensions").sequence("extensions"):
            oid, marked, value, regular = _extension(extension)
            if oid in found or len(found) >= _MAX_EXTENSIONS:
                raise DerError("an extension that stands twice, or too many of them")
            found[oid] = value
            critical |= {oid} if marked else set()
            irregular |= set() if regular else {"not-der"}
    return _collected(found, frozenset(critical), irregular)


def _extension(node: Node) -> tuple[str, bool, Node, bool]:
    parts = node.sequence("extension")
    if not 2 <= len(parts) <= 3:
        raise DerError("an extension of other than two or three parts")
    regular = len(parts) == 2 or parts[1].content == b"\xff"
    marked = len(parts) == 3 and parts[1].boolean("criticality")
    oid = parts[0].oid("extension")
    return oid, marked, parts[-1].expect(0x04, "extension's value"), regular


def _collected(found: dict[str, Node], critical: frozenset[str], irregular: set[str]) -> Extensions:
    values = {
        oid: _value(node) for oid, node in found.items() if oid in _UNDERSTOOD - {"2.5.29.17", "2.5.29.18"}
    }
    irregular = irregular.union(*map(irregularities, values.values()))
    constraints, regular = _constraints(values.get(_BASIC))
    irregular |= set() if regular else {"not-der"}
    used_from, used_until = _period(values.get(_USAGE_PERIOD))
    return Extensions(
        key_usage=values[_KEY_USAGE].flags("key usage") if _KEY_USAGE in values else None,
        constraints=constraints,
        subject_key=values[_SUBJECT_KEY].octets("subject's key identifier")
        if _SUBJECT_KEY in values
        else None,
        authority_key=_authority_key(values.get(_AUTHORITY_KEY)),
        key_used_from=used_from,
        key_used_until=used_until,
        purposes=_purposes(values.get(_EXTENDED_USAGE)),
        document_types=_document_types(values.get(_DOCUMENT_TYPES)),
        present=frozenset(found),
        critical=critical,
        irregular=frozenset(irregular),
    )


def _value(node: Node) -> Node:
    return read(node.content, max_bytes=len(node.content), what="extension's value")


def _constraints(value: Node | None) -> tuple[BasicConstraints | None, bool]:
    if value is None:
        return None, True
    authority, length, regular = False, None, True
    for part in value.sequence("basic constraints"):
        if part.tag == 0x01:
            authority = part.boolean("authority")
            # DER: true is ff, and false, the default, is left out.
            regular = part.content == b"\xff"
        else:
            length = part.integer("path length")
    return BasicConstraints(authority, length), regular


def _period(value: Node | None) -> tuple[datetime | None, datetime | None]:
    if value is None:
        return None, None
    # Implicit tags: the moments are GeneralizedTime under another tag.
    moments = {
        part.tag: Node(0x18, part.encoded, part.content).moment("private key's usage")
        for part in value.sequence("private key's usage")
    }
    return moments.get(0x80), moments.get(0x81)


def _authority_key(value: Node | None) -> bytes | None:
    for part in value.sequence("authority's key identifier") if value is not None else ():
        if part.tag == 0x80:
            return part.content
    return None


def _purposes(value: Node | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset(part.oid("purpose") for part in value.sequence("extended key usage"))


def _document_types(value: Node | None) -> frozenset[str] | None:
    """The document codes a signer is for (ICAO 9303-12, 7.1.1): "P" stands for all that begin with it."""
    if value is None:
        return None
    version, types = value.sequence("document types")
    version.integer("version of the document types")
    return frozenset(one.text("document type").rstrip("<") for one in types.set("document types"))

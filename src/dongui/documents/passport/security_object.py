"""EF.SOD: the document security object, which holds a digest of every data group (ICAO 9303-10, 4.6.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from types import MappingProxyType

from dongui.documents.passport.files import LdsFiles
from dongui.documents.trust.signature_schemes import UnknownScheme, read_digest
from dongui.documents.trust.signed_data import SignedData, read_signed_data
from dongui.encoding.der import DerError, Node, read
from dongui.errors import Refused

__all__ = [
    "CONTENT_TYPES",
    "MAX_SECURITY_OBJECT_BYTES",
    "SecurityObject",
    "check_digests",
    "read_security_object",
]

MAX_SECURITY_OBJECT_BYTES = 64 * 1024
_WHAT = "EF.SOD"
_GROUPS = range(1, 17)
_NEEDED = frozenset({1, 2})

# ICAO 9303-10, D.1; and two names the content bore before it had that one (the PKI draft of 2004; the
# first Dutch passports with a chip). They name the same structure; which one was used is said as a remark.
CONTENT_TYPES: Mapping[str, bool] = MappingProxyType(
    {"2.23.136.1.1.1": True, "1.3.27.1.1.1": False, "1.2.528.1.1006.1.20.1": False}
)


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """EF.SOD taken apart. Nothing of it is proved yet.

    ``version`` is 0 or 1; ``digests`` are by data group number; ``lds_version`` ("0108", with the Unicode
    version behind it) is version 1's alone.
    """

    version: int
    digest: str
    digests: Mapping[int, bytes] = field(repr=False)
    lds_version: tuple[str, str] | None
    message: SignedData = field(repr=False)

    @property
    def has_current_content_type(self) -> bool:
        """Whether the content is named as the standard names it today."""
        return CONTENT_TYPES[self.message.content_type]


def read_security_object(data: bytes) -> SecurityObject:
    """Take EF.SOD apart, at most 64 KiB.

    Raises ``Refused``: ``passport.security-object-malformed``, ``passport.digest-algorithm``, ``cms.*``.
    """
    try:
        inner = read(data, max_bytes=MAX_SECURITY_OBJECT_BYTES, what=_WHAT).expect(0x77, _WHAT).inner(_WHAT)
    except DerError as error:
        raise _malformed(error) from None
    message = read_signed_data(inner.encoded, max_bytes=MAX_SECURITY_OBJECT_BYTES, what=_WHAT)
    if message.content_type not in CONTENT_TYPES:
        raise _malformed(f"its content is of the kind {message.content_type}")
    try:
        return _security_object(message)
    except UnknownScheme as error:
        raise Refused("passport.digest-algorithm", f"the data groups are digested with {error}") from None
    except (ValueError, IndexError) as error:
        raise _malformed(error) from None


def check_digests(security_object: SecurityObject, files: LdsFiles) -> frozenset[int]:
    """Prove every signed data group at hand to be the one that was signed; return the numbers of the others.

    One that is listed and absent is fine. One that is there and not listed (a specimen's DG15; an attacker's
    own key or picture) was signed by nobody: the holder's data, DG1 and DG2, are refused with the document,
    any other is refused as a field and must not be used.
    Raises ``Refused``: ``passport.data-group-not-listed``, ``passport.data-group-digest``.
    """
    unsigned = {*files, *files.not_kept} - security_object.digests.keys()
    if needed := unsigned & _NEEDED:
        raise Refused("passport.data-group-not-listed", f"EF.SOD does not list DG{min(needed)}")
    for number in files.groups.keys() - unsigned:
        found = hashlib.new(security_object.digest, files.groups[number]).digest()
        if not compare_digest(found, security_object.digests[number]):
            raise Refused("passport.data-group-digest", f"DG{number} is not the one that was signed")
    return frozenset(unsigned)


def _security_object(message: SignedData) -> SecurityObject:
    parts = read(message.content, max_bytes=MAX_SECURITY_OBJECT_BYTES, what=_WHAT).sequence(_WHAT)
    version = parts[0].integer("version")
    if version not in (0, 1) or len(parts) != 3 + version:
        raise DerError(f"a version {version} of {len(parts)} parts")
    digest = read_digest(parts[1])
    return SecurityObject(
        version=version,
        digest=digest,
        digests=MappingProxyType(_digests(parts[2], hashlib.new(digest).digest_size)),
        lds_version=_versions(parts[3]) if version == 1 else None,
        message=message,
    )


def _digests(node: Node, size: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for entry in node.sequence("digests"):
        number, value = entry.sequence("digest")
        group = number.integer("data group's number")
        if group not in _GROUPS or group in found:
            raise DerError("a data group that does not exist, or stands twice")
        found[group] = value.octets("digest")
        if len(found[group]) != size:
            raise DerError(f"a digest of {len(found[group])} bytes, not {size}")
    if not found:
        raise DerError("no digest at all")
    return found


def _versions(node: Node) -> tuple[str, str]:
    lds, unicode = node.sequence("versions")
    return lds.text("LDS version"), unicode.text("Unicode version")


def _malformed(reason: object) -> Refused:
    return Refused("passport.security-object-malformed", f"{_WHAT} cannot be read: {reason}")

"""Utopia's passports drafted field by field, each field changeable alone, everything signed as changed.

``Passport()`` is right in everything. ``Passport(version=2)`` changes one thing, and signatures and digests
around it are made over the change, so that only a verifier that looks at that one thing notices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulators.passport_files import data_groups
from simulators.passport_pa.asn1 import (
    bits,
    explicit,
    integer,
    moment,
    null,
    octets,
    oid,
    seq,
    set_of,
    text,
    tlv,
)
from simulators.passport_pa.keys import Key

__all__ = [
    "AUTHORITY",
    "CA",
    "DIGESTS",
    "GROUPS",
    "ISSUES",
    "ROOT_KEY",
    "SIGNER",
    "SIGNER_KEY",
    "Certificate",
    "Extension",
    "Passport",
    "authority_identifier",
    "key_identifier",
    "revocation_list",
]

GROUPS = data_groups()
DIGESTS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
Name = tuple[tuple[str, str], ...]
ROOT_NAME: Name = (("2.5.4.6", "UT"), ("2.5.4.10", "Government"), ("2.5.4.3", "CSCA Utopia"))
SIGNER_NAME: Name = (("2.5.4.6", "UT"), ("2.5.4.10", "Government"), ("2.5.4.3", "Document Signer 7"))


@dataclass(frozen=True)
class Extension:
    """One extension: its value in DER, and whether it is critical."""

    value: bytes
    critical: bool = False

    def write(self, identifier: str) -> bytes:
        """The whole."""
        marked = [tlv(0x01, b"\xff")] if self.critical else []
        return seq(oid(identifier), *marked, octets(self.value))


@dataclass(frozen=True)
class Certificate:
    """A certificate: who, by whom, when, what for."""

    subject: Name
    issuer: Name
    key: Key
    issuer_key: Key
    extensions: Mapping[str, Extension]
    serial: int = 4711
    not_before: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    not_after: datetime = datetime(2038, 1, 1, tzinfo=UTC)
    digest: str = "sha256"
    version: bytes = bytes.fromhex("a003020102")
    signed_by: Key | None = None  # another key than the issuer's: a forgery
    inner_digest: str | None = None

    def write(self) -> bytes:
        """The whole, signed."""
        algorithm = self.issuer_key.algorithm(self.digest)
        inner = self.issuer_key.algorithm(self.inner_digest or self.digest)
        extensions = [value.write(name) for name, value in self.extensions.items()]
        body = seq(
            self.version,
            integer(self.serial),
            inner,
            name(self.issuer),
            seq(moment(self.not_before), moment(self.not_after)),
            name(self.subject),
            self.key.info(),
            explicit(3, seq(*extensions)),
        )
        signature = (self.signed_by or self.issuer_key).sign(body, self.digest)
        return seq(body, algorithm, bits(signature))


def name(parts: Name) -> bytes:
    """A distinguished name of PrintableStrings."""
    return seq(*(tlv(0x31, seq(oid(kind), text(value))) for kind, value in parts))


ROOT_KEY, SIGNER_KEY = Key("utopia-root"), Key("utopia-signer")
CA = Extension(seq(tlv(0x01, b"\xff"), integer(0)), critical=True)
ISSUES = Extension(bits(b"\x06", 1), critical=True)
SIGNS = Extension(bits(b"\x80", 7), critical=True)


def key_identifier(key: Key) -> Extension:
    """A subject key identifier."""
    return Extension(octets(key.identifier()))


def authority_identifier(key: Key) -> Extension:
    """An authority key identifier."""
    return Extension(seq(tlv(0x80, key.identifier())))


AUTHORITY = Certificate(
    ROOT_NAME,
    ROOT_NAME,
    ROOT_KEY,
    ROOT_KEY,
    {"2.5.29.19": CA, "2.5.29.15": ISSUES, "2.5.29.14": key_identifier(ROOT_KEY)},
    serial=1,
)
SIGNER = Certificate(
    SIGNER_NAME,
    ROOT_NAME,
    SIGNER_KEY,
    ROOT_KEY,
    {"2.5.29.15": SIGNS, "2.5.29.35": authority_identifier(ROOT_KEY)},
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2036, 4, 1, tzinfo=UTC),
)


@dataclass(frozen=True)
class Passport:
    """A passport: signer, groups, and every field of EF.SOD."""

    signer: Certificate = SIGNER
    groups: Mapping[int, bytes] = field(default_factory=lambda: dict(GROUPS))
    listed: Mapping[int, bytes] | None = None  # what the digests are of, if not the groups
    swapped: Mapping[int, bytes] = field(default_factory=dict)  # exchanged after signing
    digest: str = "sha256"  # of the data groups
    signed_digest: str = "sha256"  # of the content
    named_digest: str | None = None  # what the signer's entry calls it
    announced: tuple[str, ...] | None = None
    version: int = 1
    versions: bytes | None = field(default_factory=lambda: seq(text("0108"), text("040000")))
    content_type: str = "2.23.136.1.1.1"
    attribute_type: str | None = None
    message_digest: bytes | None = None
    signing_time: datetime | None = datetime(2026, 3, 1, 12, tzinfo=UTC)
    leave_out: str | None = None  # an attribute
    repeat: str | None = None
    certificates: tuple[bytes, ...] | None = None
    signed_by: Key | None = None
    signers: int = 1
    serial_named: int | None = None
    by_key_identifier: bool = False
    content_after: bytes = b""
    duplicate_digest: bool = False
    digest_size: int | None = None
    signature: bytes | None = None

    def content(self) -> bytes:
        """The LDS security object."""
        groups = self.groups if self.listed is None else self.listed
        entries = [
            seq(integer(number), octets(self._digest(content))) for number, content in sorted(groups.items())
        ]
        entries += entries[:1] if self.duplicate_digest else []
        tail = [] if self.versions is None else [self.versions]
        algorithm = seq(oid(DIGESTS[self.digest]), null())
        return seq(integer(self.version), algorithm, seq(*entries), *tail) + self.content_after

    def _digest(self, content: bytes) -> bytes:
        return hashlib.new(self.digest, content).digest()[: self.digest_size]

    def attributes(self) -> bytes:
        """The signed attributes, a SET."""
        digest = hashlib.new(self.signed_digest, self.content()).digest()
        values = {
            "1.2.840.113549.1.9.3": oid(self.attribute_type or self.content_type),
            "1.2.840.113549.1.9.4": octets(self.message_digest or digest),
        }
        if self.signing_time is not None:
            values["1.2.840.113549.1.9.5"] = moment(self.signing_time)
        values.pop(self.leave_out or "", None)
        entries = [seq(oid(kind), set_of(value)) for kind, value in values.items()]
        if self.repeat is not None:
            entries.append(seq(oid(self.repeat), set_of(values[self.repeat])))
        return set_of(*entries)

    def signer_info(self) -> bytes:
        """The one who signed."""
        key = self.signer.key
        named = seq(name(self.signer.issuer), integer(self.serial_named or self.signer.serial))
        if self.by_key_identifier:
            named = tlv(0x80, key.identifier())
        attributes = self.attributes()
        return seq(
            integer(3 if self.by_key_identifier else 1),
            named,
            seq(oid(DIGESTS[self.named_digest or self.signed_digest]), null()),
            b"\xa0" + attributes[1:],
            key.algorithm(self.signed_digest),
            octets(self._signature(attributes)),
        )

    def _signature(self, attributes: bytes) -> bytes:
        if self.signature is not None:
            return self.signature
        return (self.signed_by or self.signer.key).sign(attributes, self.signed_digest)

    def security_object(self) -> bytes:
        """EF.SOD."""
        certificates = (self.signer.write(),) if self.certificates is None else self.certificates
        announced = self.announced or (self.signed_digest,)
        held = [explicit(0, *certificates)] if certificates else []
        signed = seq(
            integer(3),
            set_of(*(seq(oid(DIGESTS[one]), null()) for one in announced)),
            seq(oid(self.content_type), explicit(0, octets(self.content()))),
            *held,
            tlv(0x31, *[self.signer_info()] * self.signers),
        )
        return tlv(0x77, seq(oid("1.2.840.113549.1.7.2"), explicit(0, signed)))

    def files(self) -> dict[int, bytes]:
        """Every file by number, EF.SOD as 17."""
        return {**self.groups, **self.swapped, 17: self.security_object()}


def revocation_list(
    serials: Mapping[int, int | None],
    *,
    this_update: datetime,
    next_update: datetime | None,
    key: Key = ROOT_KEY,
    issuer: Name = ROOT_NAME,
    extensions: bytes = b"",
) -> bytes:
    """A revocation list: serial numbers, with a reason code or none."""
    entries = []
    for serial, reason in serials.items():
        coded = [] if reason is None else [seq(seq(oid("2.5.29.21"), octets(tlv(0x0A, bytes([reason])))))]
        entries.append(seq(integer(serial), moment(this_update), *coded))
    body = seq(
        integer(1),
        key.algorithm("sha256"),
        name(issuer),
        moment(this_update),
        *([] if next_update is None else [moment(next_update)]),
        *([seq(*entries)] if entries else []),
        *([explicit(0, seq(extensions))] if extensions else []),
    )
    return seq(body, key.algorithm("sha256"), bits(key.sign(body, "sha256")))

"""Revocation lists of drafted authorities, written by hand: any serial numbers, moments, keys and extensions.

Written by RFC 5280, 5, without ``dongui`` and without a library's builder, which would refuse half of what a
test needs. Everything follows from labels, as the certificates do (:mod:`simulators.mdoc_certificates`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulators.mdoc_certificates import CertificatePlan, Key, key_for
from simulators.passport_pa.asn1 import bits, explicit, integer, moment, octets, oid, seq, tlv

__all__ = ["MAX_AGE", "RevocationFault", "revocation_faults", "revocation_list"]

MAX_AGE = timedelta(days=60)
"""How long a list counts for whoever judges by the vectors."""

_ALGORITHMS: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "secp256r1": ("1.2.840.10045.4.3.2", hashes.SHA256()),
    "secp384r1": ("1.2.840.10045.4.3.3", hashes.SHA384()),
    "secp521r1": ("1.2.840.10045.4.3.4", hashes.SHA512()),
}
_WEEK = timedelta(weeks=1)


def revocation_list(
    authority: CertificatePlan,
    serials: Mapping[int, int | None],
    *,
    this_update: datetime,
    next_update: datetime | None,
    key: Key | None = None,
    extensions: bytes = b"",
) -> bytes:
    """A list in the authority's name: serial numbers, each with a reason code or none.

    ``key`` signs in place of the authority's own. Moments are written as UTCTime: before 2050.
    """
    signing = key or authority.key
    algorithm, hashed = (
        ("1.3.101.112", None) if isinstance(signing, Ed25519PrivateKey) else _ALGORITHMS[signing.curve.name]
    )
    body = seq(
        integer(1),
        seq(oid(algorithm)),
        authority.subject.public_bytes(),
        moment(this_update),
        *([] if next_update is None else [moment(next_update)]),
        *([seq(*_entries(serials, this_update))] if serials else []),
        *([explicit(0, seq(extensions))] if extensions else []),
    )
    return seq(body, seq(oid(algorithm)), bits(_signature(signing, hashed, body)))


def _entries(serials: Mapping[int, int | None], at: datetime) -> Iterator[bytes]:
    for serial, reason in serials.items():
        coded = [] if reason is None else [seq(seq(oid("2.5.29.21"), octets(tlv(0x0A, bytes([reason])))))]
        yield seq(integer(serial), moment(at), *coded)


def _signature(key: Key, hashed: hashes.HashAlgorithm | None, body: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(body)
    assert hashed is not None
    return key.sign(body, ec.ECDSA(hashed, deterministic_signing=True))


@dataclass(frozen=True)
class RevocationFault:
    """A list on file beside an otherwise sound document, and what must come of that document."""

    name: str
    expect: str
    data: bytes


def revocation_faults(
    root: CertificatePlan, signer: CertificatePlan, *, at: datetime
) -> Iterator[RevocationFault]:
    """Every way a list of the signer's authority can be, the same for every kind of document."""
    stranger, serial = key_for("mallory"), signer.serial_number

    def fresh(serials: Mapping[int, int | None], *, key: Key | None = None, extensions: bytes = b"") -> bytes:
        made, ends = at - _WEEK, at + 4 * _WEEK
        return revocation_list(
            root, serials, this_update=made, next_update=ends, key=key, extensions=extensions
        )

    def old(serials: Mapping[int, int | None]) -> bytes:
        return revocation_list(root, serials, this_update=at - 20 * _WEEK, next_update=at - 8 * _WEEK)

    stale, unproved = "trust.revocation-list-stale", "trust.revocation-list-unproved"
    revoked, unreadable = "trust.signer-revoked", "trust.revocation-list-unreadable"
    yield RevocationFault("fresh-and-empty", "verified", fresh({}))
    yield RevocationFault("others-revoked", "verified", fresh({serial + 1: None, 4711: 1}))
    yield RevocationFault("signer-on-hold", revoked, fresh({serial: 6}))
    yield RevocationFault("signer-revoked", revoked, fresh({serial: 1}))
    yield RevocationFault("signer-revoked-without-reason", revoked, fresh({serial: None}))
    yield RevocationFault("signer-revoked-on-an-old-list", revoked, old({serial: 1}))
    yield RevocationFault("stale", stale, old({}))
    yield RevocationFault(
        "beyond-the-verifiers-limit",
        stale,
        revocation_list(root, {}, this_update=at - MAX_AGE - _WEEK, next_update=at + _WEEK),
    )
    yield RevocationFault(
        "without-a-next-update", stale, revocation_list(root, {}, this_update=at - _WEEK, next_update=None)
    )
    yield RevocationFault(
        "made-tomorrow",
        stale,
        revocation_list(root, {}, this_update=at + _WEEK, next_update=at + 4 * _WEEK),
    )
    yield RevocationFault("forged", unproved, fresh({}, key=stranger))
    yield RevocationFault("forged-and-revoking", unproved, fresh({serial: 1}, key=stranger))
    yield RevocationFault("altered", unproved, fresh({})[:-1] + b"\x00")
    delta = seq(oid("2.5.29.27"), tlv(0x01, b"\xff"), octets(integer(1)))
    yield RevocationFault("changes-alone", unreadable, fresh({}, extensions=delta))
    yield RevocationFault("no-list-at-all", unreadable, b"\x30\x00")

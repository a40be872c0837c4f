"""Issuing mdocs: ISO/IEC 18013-5, 9.1.2, from the issuer's side.

The steps stand in the order of the clause. What is random here is what keeps an undisclosed element secret:
without 32 fresh bytes in each item, whoever has the security object could try birth dates against digests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from dongui.documents.mdoc.authority import DocumentSigner
from dongui.documents.mdoc.document_data import DocumentData
from dongui.documents.mdoc.element_kinds import tdate
from dongui.encoding.cbor import CborKey, CborValue, EmbeddedCbor, dumps, embed
from dongui.encoding.cose import PublicKey, sign1
from dongui.encoding.cose_key import write_public_key
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse

__all__ = ["DigestAlgorithm", "ValidityPeriod", "issue"]

_ITEM_SALT_BYTES = 32  # 9.1.2.5 asks for at least 16
_X5CHAIN = 33  # RFC 9360


class DigestAlgorithm(StrEnum):
    """The digest algorithms of 9.1.2.5, by the names the security object carries."""

    SHA_256 = "SHA-256"
    SHA_384 = "SHA-384"
    SHA_512 = "SHA-512"

    def digest(self, data: bytes | memoryview) -> bytes:
        """Return the digest of ``data``."""
        return hashlib.new(self.value.replace("-", ""), data).digest()


@dataclass(frozen=True, slots=True)
class ValidityPeriod:
    """From when to when the issuer vouches for a document: aware datetimes, used to the whole second.

    Raises ``Misuse`` ``issuing.dates-reversed`` unless ``valid_from`` lies before ``valid_until``.
    """

    valid_from: datetime
    valid_until: datetime

    def __post_init__(self) -> None:
        if self.valid_from.tzinfo is None or self.valid_until.tzinfo is None:
            raise ValueError("a validity period needs aware datetimes")
        if self.valid_from >= self.valid_until:
            raise Misuse("issuing.dates-reversed", "valid_from must lie before valid_until")


def issue(
    data: DocumentData,
    *,
    signer: DocumentSigner,
    device_key: PublicKey,
    digest: DigestAlgorithm,
    validity: ValidityPeriod,
    clock: Clock,
    entropy: Entropy,
) -> bytes:
    """Return an IssuerSigned structure (8.3.2.1.2.2) binding ``data`` to the holder's ``device_key``.

    Raises ``Misuse``: ``issuing.signer-not-valid``, ``issuing.other-authority`` (the data names another
    country or jurisdiction than the signer's certificate), ``issuing.backdated``,
    ``issuing.outlives-signer``, ``issuing.outlives-document``; ``Trouble``: ``clock.implausible``.
    """
    signed_at = clock.now().replace(microsecond=0)
    signer.require_valid(signed_at)
    _require_same_authority(data, signer.certificate)
    _require_period(data, signer, validity, signed_at)
    # 9.1.2.5: one item for each element, each with its own random and an identifier that tells nothing.
    items = _items(data, entropy)
    digests: dict[CborKey, CborValue] = {number: digest.digest(item.raw) for number, item in items.items()}
    # 9.1.2.4: the mobile security object, signed as tagged bytes with the signer's certificate beside it.
    # The root is left out: whoever verifies must have it from elsewhere.
    security_object = embed(dumps(_security_object(data, digests, device_key, digest, validity, signed_at)))
    certificate = signer.certificate.public_bytes(serialization.Encoding.DER)
    issuer_auth = sign1(dumps(security_object), key=signer.key, unprotected={_X5CHAIN: certificate})
    ordered: list[CborValue] = [items[number] for number in sorted(items)]
    return dumps({"nameSpaces": {data.kind.namespace: ordered}, "issuerAuth": issuer_auth.to_cbor()})


def _items(data: DocumentData, entropy: Entropy) -> dict[int, EmbeddedCbor]:
    """The IssuerSignedItemBytes by digest identifier, numbered in a random order.

    Numbered in the data's order, an identifier would tell which element is being held back.
    """
    shuffled = sorted(data.elements.items(), key=lambda _: entropy.draw(16))
    items: dict[int, EmbeddedCbor] = {}
    for number, (identifier, value) in enumerate(shuffled):
        item: dict[CborKey, CborValue] = {
            "digestID": number,
            "random": entropy.draw(_ITEM_SALT_BYTES),
            "elementIdentifier": identifier,
            "elementValue": value,
        }
        items[number] = embed(dumps(item))
    return items


def _security_object(
    data: DocumentData,
    digests: dict[CborKey, CborValue],
    device_key: PublicKey,
    digest: DigestAlgorithm,
    validity: ValidityPeriod,
    signed_at: datetime,
) -> dict[CborKey, CborValue]:
    """MobileSecurityObject. No keyAuthorizations: the device may prove possession and add nothing."""
    return {
        "version": "1.0",
        "digestAlgorithm": digest.value,
        "valueDigests": {data.kind.namespace: digests},
        "deviceKeyInfo": {"deviceKey": write_public_key(device_key)},
        "docType": data.kind.document_type,
        "validityInfo": {
            "signed": tdate(signed_at),
            "validFrom": tdate(validity.valid_from),
            "validUntil": tdate(validity.valid_until),
        },
    }


def _require_same_authority(data: DocumentData, certificate: x509.Certificate) -> None:
    # 7.2.1: issuing_country and issuing_jurisdiction repeat the names in the signer's certificate.
    _require_same("issuing_country", data.country, _subject(certificate, NameOID.COUNTRY_NAME))
    if data.jurisdiction is not None:
        state = _subject(certificate, NameOID.STATE_OR_PROVINCE_NAME)
        _require_same("issuing_jurisdiction", data.jurisdiction, state)


def _require_same(identifier: str, said: str, certified: str | None) -> None:
    if said != certified:
        raise Misuse("issuing.other-authority", f"{identifier} differs from the signer's certificate")


def _subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str | None:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else None


def _require_period(
    data: DocumentData, signer: DocumentSigner, validity: ValidityPeriod, signed_at: datetime
) -> None:
    # 9.1.2.4: validFrom is not before signed.
    if validity.valid_from.replace(microsecond=0) < signed_at:
        raise Misuse("issuing.backdated", "valid_from lies before the moment of signing")
    # 9.3.3: a verifier refuses once the signer's certificate has expired; promising longer is a promise the
    # document cannot keep.
    signer_end = signer.certificate.not_valid_after_utc
    if validity.valid_until > signer_end:
        raise Misuse("issuing.outlives-signer", f"the signer's certificate ends on {signer_end:%Y-%m-%d}")
    if validity.valid_until.astimezone(UTC).date() > data.expires:
        raise Misuse("issuing.outlives-document", "valid_until lies after the document's expiry_date")

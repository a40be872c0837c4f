"""Issuer data authentication: who signed, what, and that every element shown is in it (9.1.2, 9.3.1)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dongui.documents.mdoc.fields import label
from dongui.documents.mdoc.reading import IssuerSigned, PresentedDocument, SignedItem
from dongui.documents.mdoc.security_object import SecurityObject, read_security_object
from dongui.documents.mdoc.validity import check_validity
from dongui.documents.trust import TrustAnchors, VerifiedSigner, verify_path
from dongui.documents.trust.certificate import Certificate
from dongui.encoding import cose
from dongui.encoding.cbor import CborValue
from dongui.encoding.cose import SIGNATURE_ALGORITHMS
from dongui.errors import Refused

__all__ = ["MDL_NAMESPACE", "VerifiedIssuerPart", "authenticate_issuer"]

MDL_NAMESPACE = "org.iso.18013.5.1"


@dataclass(frozen=True, slots=True)
class VerifiedIssuerPart:
    """What the issuer is proved to have said. Only :func:`authenticate_issuer` makes one."""

    signer: VerifiedSigner
    security_object: SecurityObject
    payload: bytes = field(repr=False)
    elements: Mapping[str, Mapping[str, CborValue]] = field(repr=False)


def authenticate_issuer(
    document: PresentedDocument, *, trust_anchors: TrustAnchors, at: datetime
) -> VerifiedIssuerPart:
    """Follow ISO/IEC 18013-5:2021, 9.3.1, step by step.

    Raises ``Refused`` with ``trust.*``, ``cose.*``, ``cbor.*`` or ``mdoc.*``; nothing is returned in part.
    """
    issuer = document.issuer
    # 9.3.1, 1: the certificate in the header, by 9.3.3.
    signer = verify_path(cose.x5chain(issuer.auth), anchors=trust_anchors, at=at)
    # 9.3.1, 2: the signature of issuerAuth under that certificate's key.
    payload = _verified_payload(issuer, signer)
    security_object = read_security_object(payload)
    # 9.3.1, 3: the digest of every element returned, by 9.1.2.5.
    elements = {
        namespace: _verified_elements(namespace, items, security_object)
        for namespace, items in issuer.namespaces.items()
    }
    # 9.3.1, 4: the document type signed is the one presented.
    if document.document_type not in (None, security_object.document_type):
        raise Refused(
            "mdoc.document-type-mismatch",
            f"presented as {label(document.document_type or '')}, "
            f"signed as {label(security_object.document_type)}",
        )
    # 9.3.1, 5: the moments of ValidityInfo.
    check_validity(security_object.validity, signer=signer.certificate, at=at)
    # 7.2.1, table 5: issuing country and jurisdiction agree with the signer's certificate. In every
    # namespace, not the licence's alone. The attack: one country's authority names another's person where
    # nobody looks, hides its own names, and uses that person's consent with a face of its choice.
    for namespace, values in elements.items():
        _check_place(namespace, values, signer.certificate)
    return VerifiedIssuerPart(signer, security_object, payload, elements)


def _verified_payload(issuer: IssuerSigned, signer: VerifiedSigner) -> bytes:
    try:
        return cose.verify_sign1(issuer.auth, key=signer.key, algorithms=SIGNATURE_ALGORITHMS)
    except Refused as refusal:
        if refusal.name != "cose.signature-invalid":
            raise
        raise Refused(
            "mdoc.issuer-signature-invalid", f"{signer.certificate.name} did not sign this security object"
        ) from None


def _verified_elements(
    namespace: str, items: Sequence[SignedItem], security_object: SecurityObject
) -> dict[str, CborValue]:
    listed = security_object.digests.get(namespace)
    if listed is None:
        # The attack: a namespace of one's own beside the signed ones, passed because nothing contradicts it.
        raise Refused("mdoc.namespace-unlisted", f"{label(namespace)} is not in valueDigests")
    seen: set[int] = set()
    elements: dict[str, CborValue] = {}
    for item in items:
        _check_item(namespace, item, listed, security_object)
        if item.digest_id in seen:
            raise Refused("mdoc.digest-id-repeated", f"digest {item.digest_id} twice in {label(namespace)}")
        if item.identifier in elements:
            raise Refused("mdoc.element-repeated", f"{label(item.identifier)} twice in {label(namespace)}")
        seen.add(item.digest_id)
        elements[item.identifier] = item.value
    return elements


def _check_item(
    namespace: str, item: SignedItem, listed: Mapping[int, bytes], security_object: SecurityObject
) -> None:
    expected = listed.get(item.digest_id)
    if expected is None:
        raise Refused("mdoc.digest-unlisted", f"digest {item.digest_id} is not listed for {label(namespace)}")
    # 9.1.2.5: over IssuerSignedItemBytes, tag and length included, as received.
    if not hmac.compare_digest(security_object.digest(item.received).digest(), expected):
        raise Refused(
            "mdoc.digest-mismatch", f"{label(item.identifier)} in {label(namespace)}, digest {item.digest_id}"
        )


def _check_place(namespace: str, elements: Mapping[str, CborValue], signer: Certificate) -> None:
    [country] = signer.countries
    if elements.get("issuing_country", country) != country:
        raise Refused(
            "mdoc.issuing-country-mismatch", f"in {label(namespace)}; the signer's country is {country}"
        )
    # Authorities write the state with or without its country ("US-UT", "AK"); the element always has it.
    allowed = (*signer.states, *(f"{country}-{state}" for state in signer.states))
    if allowed and elements.get("issuing_jurisdiction", allowed[0]) not in allowed:
        raise Refused(
            "mdoc.issuing-jurisdiction-mismatch",
            f"in {label(namespace)}; the signer's state is {signer.states[0]}",
        )

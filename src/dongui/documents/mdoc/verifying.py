"""Verifying a mobile document: from the holder's bytes to an authenticated document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import NewType

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from dongui.documents.authenticated import AuthenticatedDocument, Element, HolderBinding, Treatment
from dongui.documents.mdoc.device_authentication import authenticate_device, check_authorizations
from dongui.documents.mdoc.element_values import plain
from dongui.documents.mdoc.issuer_authentication import (
    MDL_NAMESPACE,
    VerifiedIssuerPart,
    authenticate_issuer,
)
from dongui.documents.mdoc.reading import PresentedDocument, read_presented
from dongui.documents.mdoc.session_transcript import check_session_transcript
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.standing import Standing, require_standing
from dongui.encoding import cbor
from dongui.encoding.cbor import CborValue
from dongui.environment import Clock
from dongui.errors import Refused

__all__ = ["MAX_PORTRAIT_BYTES", "BoundDocument", "authenticate", "require_bound"]

MAX_PORTRAIT_BYTES = 2 * 1024 * 1024
_NOT_CHECKED_REMARK = "mdoc.revocation-not-checked"
_SUBJECT = ("issuing_country", "issuing_authority", "document_number")

BoundDocument = NewType("BoundDocument", AuthenticatedDocument)
"""A document whose holder's device answered the session. Only :func:`require_bound` makes one."""


def authenticate(
    data: bytes | memoryview,
    *,
    trust_anchors: TrustAnchors,
    clock: Clock,
    status: StatusEvidence,
    session_transcript: bytes | None,
    reader_key: EllipticCurvePrivateKey | None,
) -> AuthenticatedDocument:
    """Verify a DeviceResponse with one document, or a bare IssuerSigned, of at most 4 MiB.

    ``session_transcript`` is the session's plain CBOR array (:mod:`.session_transcript`). ``None`` means that
    nobody is being verified: the document is only looked at, and comes back ``NOT_BOUND``, as a bare
    IssuerSigned always does. ``reader_key`` is the session's ephemeral private key, needed for a MAC.

    ``status`` are the status lists on file; a document that refers to one is only as good as that list. The
    anchors' revocation lists say whether its signer was withdrawn; without a list of the signer's authority
    the document bears the remark ``mdoc.revocation-not-checked``.

    Raises ``Refused`` with ``mdoc.*``, ``trust.*``, ``cose.*``, ``cbor.*`` or ``status.*``; ``Undetermined``
    (``mdoc.status-unchecked``, ``status.*``); ``Trouble`` (``status.list-*``, ``trust.revocation-list-*``);
    ``Misuse`` (``mdoc.session-transcript-malformed``).
    """
    if session_transcript is not None:
        check_session_transcript(session_transcript)
    at = clock.now()
    presented = read_presented(data)
    issuer = authenticate_issuer(presented, trust_anchors=trust_anchors, at=at)
    binding = _bind(presented, issuer, session_transcript, reader_key)
    # The lists last: a document that does not hold by itself needs none.
    standing = require_standing(issuer.signer, anchors=trust_anchors, at=at)
    if issuer.security_object.status is not None:
        status.check(issuer.security_object.status, issuer_keys=(issuer.signer.key,), at=at)
    return _authenticated(presented, issuer, binding, standing, at)


def require_bound(document: AuthenticatedDocument) -> BoundDocument:
    """Return the document if its holder's device answered the session.

    Raises ``Refused`` (``mdoc.holder-not-bound``): a copy of a document proves who was issued one, not
    who holds it out.
    """
    if document.holder_binding is HolderBinding.NOT_BOUND:
        raise Refused("mdoc.holder-not-bound", "no device signature or MAC over a session was verified")
    return BoundDocument(document)


def _bind(
    presented: PresentedDocument,
    issuer: VerifiedIssuerPart,
    session_transcript: bytes | None,
    reader_key: EllipticCurvePrivateKey | None,
) -> HolderBinding:
    if presented.device is not None:
        check_authorizations(presented.device, issuer.security_object)
    if session_transcript is None or presented.document_type is None:
        return HolderBinding.NOT_BOUND
    if presented.device is None:
        raise Refused("mdoc.device-auth-missing", "the document has no deviceSigned part")
    return authenticate_device(
        presented.device,
        issuer.security_object,
        session_transcript=session_transcript,
        reader_key=reader_key,
    )


def _authenticated(
    presented: PresentedDocument,
    issuer: VerifiedIssuerPart,
    binding: HolderBinding,
    standing: Standing,
    at: datetime,
) -> AuthenticatedDocument:
    validity = issuer.security_object.validity
    return AuthenticatedDocument(
        kind="mdoc",
        document_type=issuer.security_object.document_type,
        issuer=issuer.signer.anchor.certificate.name,
        signed_at=validity.signed,
        valid_from=validity.valid_from,
        valid_until=validity.valid_until,
        judged_at=at,
        holder_binding=binding,
        elements=tuple(_elements(presented, issuer)),
        portrait=_portrait(issuer.elements),
        subject=_subject(issuer.elements),
        # What is signed, not the signature: of an ECDSA signature anybody can make a second one that is
        # valid too, and one document would have two names. Salted digests and a key make it unguessable.
        issuer_signed=sha256(issuer.payload).digest(),
        remarks=() if standing.checked else (_NOT_CHECKED_REMARK,),
        trust_path=issuer.signer.steps,
    )


def _elements(presented: PresentedDocument, issuer: VerifiedIssuerPart) -> Iterator[Element]:
    """Every field there is: the issuer's verified, the device's own and its error codes unverified."""
    for namespace, values in issuer.elements.items():
        for identifier, value in values.items():
            yield Element(namespace, identifier, plain(value), Treatment.VERIFIED)
    for namespace, values in (presented.device.namespaces if presented.device else {}).items():
        for identifier, value in values.items():
            yield Element(namespace, identifier, plain(value), Treatment.UNVERIFIED)
    for namespace, identifier, code in presented.errors:
        yield Element(namespace, identifier, code, Treatment.UNVERIFIED)


def _portrait(elements: Mapping[str, Mapping[str, CborValue]]) -> bytes | None:
    """The portrait among the verified elements, the standard's own namespace first; never the device's."""
    holding = [namespace for namespace, values in elements.items() if "portrait" in values]
    if not holding:
        return None
    if MDL_NAMESPACE not in holding and len(holding) > 1:
        raise Refused("mdoc.portrait-ambiguous", f"{len(holding)} namespaces hold a portrait")
    portrait = elements[MDL_NAMESPACE if MDL_NAMESPACE in holding else holding[0]]["portrait"]
    if not isinstance(portrait, bytes):
        raise Refused("mdoc.portrait-type", "the portrait is not a byte string")
    if len(portrait) > MAX_PORTRAIT_BYTES:
        raise Refused("mdoc.portrait-too-large", f"{len(portrait)} bytes; the limit is {MAX_PORTRAIT_BYTES}")
    return portrait


def _subject(elements: Mapping[str, Mapping[str, CborValue]]) -> bytes | None:
    """Who the issuer says this is, if it was shown: country, authority and document number, encoded."""
    for namespace in sorted(elements, key=lambda name: (name != MDL_NAMESPACE, name)):
        named = [elements[namespace].get(identifier) for identifier in _SUBJECT]
        if all(isinstance(text, str) and text for text in named):
            return cbor.dumps(named)
    return None

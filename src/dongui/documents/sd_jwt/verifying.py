"""Verifying an SD-JWT credential: from the holder's text to an authenticated document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import NewType

from dongui.documents.authenticated import AuthenticatedDocument, Element, HolderBinding, Treatment
from dongui.documents.sd_jwt.claims import label, moment, optional_text, text
from dongui.documents.sd_jwt.disclosures import Resolved, resolve
from dongui.documents.sd_jwt.element_values import portrait_of, subject_of
from dongui.documents.sd_jwt.issuer_keys import SdJwtIssuers, VerifiedIssuer, verify_issuer
from dongui.documents.sd_jwt.key_binding import (
    CHECKED_CLAIMS,
    KeyBindingExpectation,
    read_holder_key,
    verify_key_binding,
)
from dongui.documents.sd_jwt.reading import PresentedSdJwt, read_presented
from dongui.documents.status.evidence import StatusEvidence
from dongui.documents.status.references import read_status
from dongui.documents.trust.standing import require_standing
from dongui.encoding.strict_json import JsonObject
from dongui.environment import Clock
from dongui.errors import Refused

__all__ = ["BoundSdJwt", "authenticate", "require_bound"]

BoundSdJwt = NewType("BoundSdJwt", AuthenticatedDocument)
"""A document whose holder's key answered the session. Only :func:`require_bound` makes one."""

_TYPE, _EARLIER_TYPE = "dc+sd-jwt", "vc+sd-jwt"
_EARLIER_TYPE_REMARK = "sd-jwt.earlier-type-name"
_NO_ISSUING_TIME_REMARK = "sd-jwt.issuing-time-not-stated"
_NOT_CHECKED_REMARK = "sd-jwt.revocation-not-checked"
_MALFORMED = "sd-jwt.claim-malformed"
# The beginning of NumericDate (RFC 7519, 2): where an issuer sets no earlier bound, there is none.
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# Header parameters that are always checked; of the others only the one the key was found by.
_CHECKED_HEADERS = frozenset({"alg", "typ"})


@dataclass(frozen=True, slots=True)
class _Validity:
    signed_at: datetime
    valid_from: datetime
    valid_until: datetime
    remarks: tuple[str, ...]


def authenticate(
    data: bytes | memoryview,
    *,
    issuers: SdJwtIssuers,
    clock: Clock,
    nonce_and_audience: KeyBindingExpectation | None,
    status: StatusEvidence,
) -> AuthenticatedDocument:
    """Verify an SD-JWT VC in compact form, with or without key binding, of at most 4 MiB.

    ``nonce_and_audience`` is what the session's presentation must be bound to. ``None`` means that nobody is
    being verified: the document is only looked at, and comes back ``NOT_BOUND``, as one without a key-binding
    JWT always does.

    Where the issuer is known by a certificate, the anchors' revocation lists say whether it was withdrawn;
    without a list of its authority the document bears the remark ``sd-jwt.revocation-not-checked``. A key
    from metadata has no authority that could: who put it on file takes it away.

    Raises ``Refused`` with ``sd-jwt.*``, ``jose.*``, ``trust.*``, ``status.*``; ``Undetermined`` and
    ``Trouble`` with ``status.*``; ``Trouble`` with ``trust.revocation-list-*``.
    """
    at = clock.now()
    presented = read_presented(data)
    # RFC 9901, 7.1, 2, and the profile's header.
    remarks = _check_type(presented)
    claims = presented.payload
    issuer = verify_issuer(
        presented.issuer_signed,
        issuer=optional_text(claims, "iss", failure=_MALFORMED),
        issuers=issuers,
        at=at,
    )
    # RFC 9901, 7.1, 3 to 5.
    resolved = resolve(claims, presented.disclosures)
    # The profile: vct, and that this verifier takes it.
    document_type = _accepted_type(resolved, issuers)
    # RFC 9901, 7.1, 6.
    validity = _validity(resolved.claims, at)
    # RFC 9901, 7.3.
    binding = _bind(presented, resolved, nonce_and_audience, at)
    # The lists last: a document that does not hold by itself needs none.
    withdrawal = _withdrawal_remarks(issuer, issuers, at)
    if "status" in resolved.claims:
        status.check(read_status(resolved.claims["status"]), issuer_keys=issuer.keys, at=at)
    return AuthenticatedDocument(
        kind="sd-jwt",
        document_type=document_type,
        issuer=issuer.trusted_by,
        signed_at=validity.signed_at,
        valid_from=validity.valid_from,
        valid_until=validity.valid_until,
        judged_at=at,
        holder_binding=binding,
        elements=tuple(_elements(presented, resolved, issuer, binding)),
        portrait=portrait_of(resolved.claims),
        subject=subject_of(resolved.claims, issuer=issuer.identity),
        # What is signed, not the signature: of an ECDSA signature anybody can make a second one that is valid
        # too. The salted digests and the holder's key in it make it unguessable.
        issuer_signed=sha256(presented.issuer_signed.signed).digest(),
        remarks=remarks + validity.remarks + withdrawal,
        trust_path=issuer.steps,
    )


def require_bound(document: AuthenticatedDocument) -> BoundSdJwt:
    """Return the document if its holder's key answered the session.

    Raises ``Refused`` (``sd-jwt.holder-not-bound``): a copy of a document proves who was issued one, not who
    holds it out.
    """
    if document.holder_binding is not HolderBinding.KEY_BINDING:
        raise Refused("sd-jwt.holder-not-bound", "no key-binding JWT over a session was verified")
    return BoundSdJwt(document)


def _check_type(presented: PresentedSdJwt) -> tuple[str, ...]:
    given = presented.issuer_signed.type
    if given == _TYPE:
        return ()
    if given == _EARLIER_TYPE:
        return (_EARLIER_TYPE_REMARK,)
    raise Refused("sd-jwt.token-type", f"typ is neither {_TYPE} nor {_EARLIER_TYPE}")


def _accepted_type(resolved: Resolved, issuers: SdJwtIssuers) -> str:
    document_type = text(resolved.claims, "vct", failure="sd-jwt.type-missing")
    if document_type not in issuers.accepted_types:
        raise Refused("sd-jwt.type-not-accepted", f"the type {label(document_type)} is not accepted")
    return document_type


def _bind(
    presented: PresentedSdJwt, resolved: Resolved, expectation: KeyBindingExpectation | None, at: datetime
) -> HolderBinding:
    """The holder's key is read in any case: a credential that names it wrongly is refused."""
    holder_key = read_holder_key(resolved.claims)
    if expectation is None or presented.key_binding is None:
        return HolderBinding.NOT_BOUND
    verify_key_binding(presented, holder_key=holder_key, expectation=expectation, at=at)
    return HolderBinding.KEY_BINDING


def _withdrawal_remarks(issuer: VerifiedIssuer, issuers: SdJwtIssuers, at: datetime) -> tuple[str, ...]:
    if issuer.signer is None or issuers.anchors is None:
        return ()
    standing = require_standing(issuer.signer, anchors=issuers.anchors, at=at)
    return () if standing.checked else (_NOT_CHECKED_REMARK,)


def _validity(claims: JsonObject, at: datetime) -> _Validity:
    """``iat``, ``nbf`` and ``exp`` (RFC 7519, 4.1.4 to 4.1.6), without any tolerance for clocks."""
    issued = moment(claims, "iat", failure=_MALFORMED)
    begins = moment(claims, "nbf", failure=_MALFORMED)
    ends = moment(claims, "exp", failure=_MALFORMED)
    if ends is None:
        # Optional in the profile. A face in a document without an end would be taken for ever.
        raise Refused("sd-jwt.expiry-missing", "the document names no exp")
    if issued is not None and issued > at:
        raise Refused("sd-jwt.issued-in-future", f"issued {issued:%Y-%m-%d}; judged {at:%Y-%m-%d}")
    if begins is not None and begins > at:
        raise Refused("sd-jwt.not-yet-valid", f"valid from {begins:%Y-%m-%d}; judged {at:%Y-%m-%d}")
    if at >= ends:
        raise Refused("sd-jwt.expired", f"valid until {ends:%Y-%m-%d}; judged {at:%Y-%m-%d}")
    signed = issued or begins
    remarks = (_NO_ISSUING_TIME_REMARK,) if signed is None else ()
    first = signed or _BEGINNING
    return _Validity(first, begins or first, ends, remarks)


def _elements(
    presented: PresentedSdJwt, resolved: Resolved, issuer: VerifiedIssuer, binding: HolderBinding
) -> Iterator[Element]:
    """Every field there is: the issuer's verified, what nobody checked by name unverified."""
    for name, value in resolved.claims.items():
        where = "disclosed" if name in resolved.disclosed else "always-shown"
        yield Element(where, name, value, Treatment.VERIFIED)
    for name, value in presented.issuer_signed.header.items():
        if name not in _CHECKED_HEADERS and name != issuer.by:
            yield Element("header", name, value, Treatment.UNVERIFIED)
    for name, value in presented.key_binding_claims.items():
        checked = binding is HolderBinding.KEY_BINDING and name in CHECKED_CLAIMS
        yield Element("key-binding", name, value, Treatment.VERIFIED if checked else Treatment.UNVERIFIED)

"""The path from the signer of a JSON or CBOR web token to an anchor: RFC 5280, 6.1, as far as it applies.

The signer's certificate comes with the token (``x5c``, ``x5chain``), with up to six authorities between it
and an anchor. This is not the profile of ISO/IEC 18013-5, Annex B: issuers of such tokens use the
certificates their country's trust list asks for, and no one profile binds them all. What is checked is what
makes a certificate say anything at all; which names it may speak for is checked by whoever knows the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NoReturn, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from dongui.documents.trust.anchors import AnchorKind, TrustAnchor, TrustAnchors
from dongui.documents.trust.certificate import Certificate, read_certificate
from dongui.documents.trust.path import VerifiedSigner
from dongui.errors import Refused

__all__ = ["verify_token_path"]

_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


def verify_token_path(chain: Sequence[bytes], *, anchors: TrustAnchors, at: datetime) -> VerifiedSigner:
    """Prove that an anchor vouches for ``chain[0]`` at the moment ``at``.

    ``chain`` is the signer's certificate and then each one's issuer; the anchor itself may end it. Raises
    ``Refused``: ``trust.unknown-issuer``, ``trust.chain-unexpected``, ``trust.certificate-malformed``,
    ``trust.extension-not-understood``, ``trust.signer-key``, ``trust.signer-is-authority``,
    ``trust.signer-key-usage``, ``trust.anchor-not-authority``, ``trust.anchor-path-length``,
    ``trust.signature-invalid``, ``trust.signature-algorithm``, ``trust.signer-expired``,
    ``trust.signer-not-yet-valid``, ``trust.anchor-expired``, ``trust.anchor-not-yet-valid``.
    """
    certificates = [read_certificate(encoded) for encoded in chain]
    signer = certificates[0]
    _check_signer(signer)
    _check_moment(signer, at, "signer")
    pinned = anchors.pinned(signer.encoded)
    if pinned is not None:
        if len(certificates) > 1:
            _refuse("trust.chain-unexpected", "a pinned signer is sent with other certificates")
        return _verified(signer, pinned)
    return _verified(signer, *_climb(certificates, anchors, at))


def _climb(
    certificates: Sequence[Certificate], anchors: TrustAnchors, at: datetime
) -> tuple[TrustAnchor, tuple[Certificate, ...]]:
    """From the signer upwards, until an anchor issued what is in hand: the anchor, and what is below it."""
    between, candidates = certificates, anchors.issuers_of(certificates[-1])
    if len(certificates) > 1 and (anchor := _held(certificates[-1], anchors)) is not None:
        between, candidates = certificates[:-1], (anchor,)
    if not candidates:
        _refuse("trust.unknown-issuer", f"none of {len(anchors)} anchors issued {certificates[-1].name}")
    for below, (issued, issuer) in enumerate(pairwise(between)):
        _check_issued(issued, issuer, below, at)
    # Several anchors may share a name, even a key; the failure of the closest is the one told.
    failures: list[Refused] = []
    for anchor in candidates:
        try:
            _check_issued(between[-1], anchor.certificate, len(between) - 1, at)
        except Refused as refusal:
            failures.append(refusal)
        else:
            return anchor, tuple(between[1:])
    raise failures[0]


def _held(certificate: Certificate, anchors: TrustAnchors) -> TrustAnchor | None:
    """The issuing authority with exactly these bytes; a pinned signer vouches for nobody but itself."""
    for anchor in anchors:
        if anchor.kind is AnchorKind.ISSUING_AUTHORITY and anchor.certificate.encoded == certificate.encoded:
            return anchor
    return None


def _check_issued(issued: Certificate, issuer: Certificate, below: int, at: datetime) -> None:
    """RFC 5280, 6.1.3 a and 6.1.4: ``below`` is how many authorities stand between issuer and signer."""
    # 6.1.3 a 4: the names chain, byte for byte.
    if issued.issuer != issuer.subject:
        _refuse("trust.chain-unexpected", f"{issuer.name} is not who issued {issued.name}")
    # 6.1.4 k to n: the issuer is an authority, and may have this many below it.
    constraints = _find(issuer, x509.BasicConstraints)
    usage = _find(issuer, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        _refuse("trust.anchor-not-authority", f"{issuer.name} may not sign certificates")
    if constraints.path_length is not None and below > constraints.path_length:
        _refuse("trust.anchor-path-length", f"{issuer.name} may have {constraints.path_length} below it")
    _check_extensions(issuer)
    # 6.1.3 a 1: the signature.
    if issuer.key is None or not issued.is_signed_by(issuer.key):
        _refuse("trust.signature-invalid", f"{issuer.name} did not sign {issued.name}")
    # 6.1.3 a 2: the issuer is valid now.
    _check_moment(issuer, at, "anchor")
    # 6.1.3 a 3, revocation, comes when everything else holds (:mod:`dongui.documents.trust.standing`).


def _check_signer(signer: Certificate) -> None:
    if signer.key is None:
        _refuse("trust.signer-key", f"{signer.name}: neither ECDSA on an allowed curve nor Ed25519")
    _check_extensions(signer)
    constraints = _find(signer, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        _refuse("trust.signer-is-authority", f"{signer.name} is marked as an authority")
    usage = _find(signer, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        _refuse("trust.signer-key-usage", f"{signer.name} may not sign tokens")


def _check_extensions(certificate: Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            _refuse(
                "trust.extension-not-understood",
                f"{certificate.name} has the critical extension {extension.oid.dotted_string}",
            )


def _check_moment(certificate: Certificate, at: datetime, who: str) -> None:
    if at < certificate.not_before:
        early = "trust.signer-not-yet-valid" if who == "signer" else "trust.anchor-not-yet-valid"
        _refuse(early, f"{certificate.name} is valid from {certificate.not_before:%Y-%m-%d}")
    if at > certificate.not_after:
        late = "trust.signer-expired" if who == "signer" else "trust.anchor-expired"
        _refuse(late, f"{certificate.name} was valid until {certificate.not_after:%Y-%m-%d}")


def _find(certificate: Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _verified(
    signer: Certificate, anchor: TrustAnchor, between: tuple[Certificate, ...] = ()
) -> VerifiedSigner:
    if signer.key is None:
        _refuse("trust.signer-key", f"{signer.name} has no key that can be used")
    return VerifiedSigner(signer, signer.key, anchor, between)


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

"""Whether a certificate of a proved path was withdrawn since (RFC 5280, 6.1.3 a 3 and 6.3).

By the revocation lists on file, and never by the network: the certificates of ISO/IEC 18013-5, Annex B, name
where their authority's list is; asking there while somebody waits would tell it where documents are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dongui.documents.trust.anchors import AnchorKind, TrustAnchors
from dongui.documents.trust.certificate import MAX_CERTIFICATE_BYTES, Certificate
from dongui.documents.trust.distinguished_names import DistinguishedName, read_name
from dongui.documents.trust.path import VerifiedSigner
from dongui.encoding.der import DerError, read

if TYPE_CHECKING:
    from dongui.documents.trust.revocation_list import IssuedCertificate, RevocationList

__all__ = ["Standing", "is_proved_by", "require_standing"]

# The digests the certificates themselves may be signed with (ISO/IEC 18013-5:2021, B.1).
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """No list on file names a certificate of the path. Only :func:`require_standing` makes one.

    ``checked``: for every one of them a fresh list of its authority was there. ``False`` must be said on the
    document.
    """

    checked: bool


def require_standing(signer: VerifiedSigner, *, anchors: TrustAnchors, at: datetime) -> Standing:
    """Prove that neither the signer nor an authority between it and its anchor was withdrawn.

    Of an authority without a list on file nothing is known: :attr:`Standing.checked` is ``False``. Raises
    ``Refused``: ``trust.signer-revoked``, ``trust.authority-revoked``; ``Trouble``:
    ``trust.revocation-list-stale``, ``trust.revocation-list-unproved``.
    """
    if anchors.revocation is None or not anchors.revocation.lists:
        return Standing(checked=False)
    path = (signer.certificate, *signer.between)
    checked = [
        # Authorities of one name are one authority: after a change of key the new key signs the list.
        _stands(issued, (*path[place + 1 : place + 2], *_named(anchors, issued)), anchors, at, place=place)
        for place, issued in enumerate(path)
    ]
    return Standing(checked=all(checked))


def is_proved_by(one: RevocationList, anchors: TrustAnchors) -> bool:
    """Whether an authority among the anchors, of the list's issuer's name, signed the list."""
    authorities = (anchor for anchor in anchors if anchor.kind is AnchorKind.ISSUING_AUTHORITY)
    named = [one_of.certificate for one_of in authorities if _name(one_of.certificate.subject) == one.issuer]
    return _is_signed_by(one, named)


def _is_signed_by(one: RevocationList, authorities: Sequence[Certificate]) -> bool:
    """Whether one of ``authorities``, which are of the list's issuer's name, signed the list and may."""
    return any(_may_sign_lists(authority) and _signed(one, authority) for authority in authorities)


def _stands(
    issued: Certificate,
    authorities: Sequence[Certificate],
    anchors: TrustAnchors,
    at: datetime,
    *,
    place: int,
) -> bool:
    candidate = _candidate(issued)
    if candidate is None or anchors.revocation is None:
        return False
    return anchors.revocation.judge(
        candidate,
        proves=lambda one: _is_signed_by(one, authorities),
        refusal="trust.authority-revoked" if place else "trust.signer-revoked",
        at=at,
    )


def _candidate(issued: Certificate) -> IssuedCertificate | None:
    """What lists know it by; ``None`` where its issuer's name can stand in no list that was read."""
    from dongui.documents.trust.revocation_list import IssuedCertificate

    issuer = _name(issued.issuer)
    return None if issuer is None else IssuedCertificate(issuer, issued.serial_number, issued.name)


def _name(encoded: bytes) -> DistinguishedName | None:
    try:
        return read_name(read(encoded, max_bytes=MAX_CERTIFICATE_BYTES, what="name"))
    except DerError:
        return None


def _named(anchors: TrustAnchors, issued: Certificate) -> tuple[Certificate, ...]:
    return tuple(anchor.certificate for anchor in anchors.issuers_of(issued))


def _may_sign_lists(authority: Certificate) -> bool:
    # RFC 5280, 6.3.3 f: where there is a key usage, it must say so.
    try:
        return authority.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True


def _signed(one: RevocationList, authority: Certificate) -> bool:
    key, scheme = authority.key, one.scheme
    try:
        if isinstance(key, Ed25519PublicKey) and scheme.family == "ed25519":
            key.verify(one.signature, one.signed_part)
            return True
        if isinstance(key, EllipticCurvePublicKey) and scheme.family == "ecdsa" and scheme.digest in _DIGESTS:
            key.verify(one.signature, one.signed_part, ECDSA(_DIGESTS[scheme.digest]))
            return True
    except InvalidSignature:
        pass
    return False

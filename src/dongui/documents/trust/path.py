"""The path from a document signer to an anchor (ISO/IEC 18013-5:2021, 9.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from dongui.documents.authenticated import TrustStep
from dongui.documents.trust.anchors import PINNED_FOLDER, TrustAnchor, TrustAnchors
from dongui.documents.trust.certificate import Certificate, read_certificate
from dongui.documents.trust.profile import check_anchor_profile, check_signer_profile
from dongui.encoding.cose import PublicKey
from dongui.errors import Refused

__all__ = ["VerifiedSigner", "verify_path"]


@dataclass(frozen=True, slots=True)
class VerifiedSigner:
    """A signer whose path ended in an anchor. Only :func:`verify_path` and :mod:`.token_path` make one.

    ``between`` are the authorities between the two, the signer's own first. Whether one of these certificates
    was withdrawn is :func:`.standing.require_standing`'s to say.
    """

    certificate: Certificate
    key: PublicKey = field(repr=False)
    anchor: TrustAnchor
    between: tuple[Certificate, ...] = field(default=(), repr=False)

    @property
    def steps(self) -> tuple[TrustStep, ...]:
        """The path as a document tells it; a pinned signer is its own anchor."""
        pinned = self.anchor.certificate.encoded == self.certificate.encoded
        certificates = (self.certificate,) if pinned else (self.anchor.certificate, self.certificate)
        return tuple(TrustStep(one.name, one.not_before, one.not_after) for one in certificates)


def verify_path(chain: Sequence[bytes], *, anchors: TrustAnchors, at: datetime) -> VerifiedSigner:
    """Prove that an anchor vouches for ``chain[0]`` at the moment ``at``.

    The standard's path has two certificates: the signer's, sent along, and its authority's, held here.
    Raises ``Refused`` with a ``trust.*`` name; see :mod:`dongui.documents.trust.profile` for the profiles'.
    """
    signer = read_certificate(chain[0])
    pinned = anchors.pinned(signer.encoded)
    if pinned is not None:
        return _verify_pinned(chain, signer, pinned, at)
    # 1. RFC 5280, 6.1.3 a 4: the names chain, byte for byte.
    issuers = anchors.issuers_of(signer)
    if not issuers:
        _refuse_unknown(signer, anchors)
    # 2. Annex B: the signer's certificate fits its profile.
    check_signer_profile(signer)
    # Several roots may share a name, even a key: one renewed, one expired. The closest match comes first, and
    # its failure is the one told where none of them vouches.
    failures: list[Refused] = []
    for anchor in issuers:
        try:
            return _verify_under(chain, signer, anchor, at)
        except Refused as refusal:
            failures.append(refusal)
    raise failures[0]


def _verify_under(
    chain: Sequence[bytes], signer: Certificate, anchor: TrustAnchor, at: datetime
) -> VerifiedSigner:
    # 3. Annex B: the anchor fits its profile, and is the one the signer's key identifier names.
    authority = anchor.certificate
    check_anchor_profile(authority)
    if signer.authority_key_identifier != authority.subject_key_identifier:
        _refuse(
            "trust.key-identifier-mismatch", f"{signer.name} was issued under another key of {authority.name}"
        )
    # 4. RFC 5280, 6.1.3 a 1: the signature.
    if authority.key is None or not signer.is_signed_by(authority.key):
        _refuse("trust.signature-invalid", f"{authority.name} did not sign {signer.name}")
    # 5. RFC 5280, 6.1.3 a 2: both are valid at the judged moment.
    _check_moment(signer, at, early="trust.signer-not-yet-valid", late="trust.signer-expired")
    _check_moment(authority, at, early="trust.anchor-not-yet-valid", late="trust.anchor-expired")
    # 6. RFC 5280, 6.1.3 a 3, revocation, comes when everything else holds: a stale list must not make
    #    undetermined what is forged (:mod:`dongui.documents.trust.standing`).
    # 7. Table B.3: country, and state or province where the authority names one.
    _check_place(signer, authority)
    # 8. RFC 9360: what else was sent must be this path, not another one.
    _check_rest(chain, authority)
    return _verified(signer, anchor)


def _verify_pinned(
    chain: Sequence[bytes], signer: Certificate, anchor: TrustAnchor, at: datetime
) -> VerifiedSigner:
    """The steps that are left where the signer itself is trusted: 2, 5 and 8."""
    check_signer_profile(signer)
    _check_moment(signer, at, early="trust.signer-not-yet-valid", late="trust.signer-expired")
    _check_rest(chain, signer)
    return _verified(signer, anchor)


def _verified(signer: Certificate, anchor: TrustAnchor) -> VerifiedSigner:
    if signer.key is None:
        _refuse("trust.signer-key", f"{signer.name} has no key that can be used")
    return VerifiedSigner(signer, signer.key, anchor)


def _refuse_unknown(signer: Certificate, anchors: TrustAnchors) -> NoReturn:
    hint = ""
    if anchors.holds(signer.encoded):
        hint = f"; its own certificate is among them: to trust that one signer, put it in {PINNED_FOLDER}/"
    _refuse("trust.unknown-issuer", f"none of {len(anchors)} anchors issued {signer.name}{hint}")


def _check_moment(certificate: Certificate, at: datetime, *, early: str, late: str) -> None:
    if at < certificate.not_before:
        _refuse(early, f"{certificate.name} is valid from {certificate.not_before:%Y-%m-%d}")
    if at > certificate.not_after:
        _refuse(late, f"{certificate.name} was valid until {certificate.not_after:%Y-%m-%d}")


def _check_place(signer: Certificate, authority: Certificate) -> None:
    if signer.countries != authority.countries:
        _refuse("trust.country-mismatch", f"{signer.name} names another country than {authority.name}")
    if authority.states and signer.states != authority.states:
        _refuse(
            "trust.state-mismatch", f"{signer.name} names another state or province than {authority.name}"
        )


def _check_rest(chain: Sequence[bytes], anchor: Certificate) -> None:
    if any(encoded != anchor.encoded for encoded in chain[1:]):
        _refuse(
            "trust.chain-unexpected",
            "the chain holds a certificate that is neither the signer's nor the anchor",
        )


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

"""The path from a passport's document signer to a country's authority (ICAO 9303-12, 4 and 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from dongui.documents.trust.certificate_extensions import DIGITAL_SIGNATURE
from dongui.documents.trust.country_certificate import CountryCertificate
from dongui.documents.trust.csca import CscaAnchor, CscaAnchors
from dongui.documents.trust.revocation_list import RevocationLists
from dongui.errors import Refused, Undetermined

__all__ = ["SignerPath", "verify_signer"]


@dataclass(frozen=True, slots=True)
class SignerPath:
    """A document signer an authority vouches for. Only :func:`verify_signer` makes one."""

    signer: CountryCertificate
    anchor: CscaAnchor
    revocation_checked: bool

    @property
    def country(self) -> str:
        """The country that signed, two letters in upper case."""
        return self.anchor.country or ""

    @property
    def defects(self) -> tuple[str, ...]:
        """What was tolerated in either certificate."""
        missing = () if self.signer.extensions.key_usage is not None else ("key-usage",)
        return tuple(dict.fromkeys((*self.signer.defects, *missing, *self.anchor.defects)))


def verify_signer(
    signer: CountryCertificate,
    *,
    anchors: CscaAnchors,
    revocation: RevocationLists,
    signed_at: datetime | None,
    at: datetime,
) -> SignerPath:
    """Prove that an anchor vouches for the signer of a passport.

    ``signed_at`` is the signing time the signer states, ``None`` without one. The certificates must be valid
    *then*: a passport lives ten years, its signer's key three months. Without a signing time nobody knows
    when it was signed, and they must be valid *now* (``at``): otherwise an expired key could sign for ever.

    Raises ``Undetermined`` (``passport.no-anchor``); ``Refused`` with ``passport.signer-*``,
    ``passport.country-mismatch``; ``Trouble`` with ``trust.list-stale``, ``trust.revocation-list-*``.
    """
    # 1. 9303-12, 7.1.2: issuer name and authority key identifier lead to the authority.
    candidates = anchors.issuers_of(signer)
    if not candidates:
        raise Undetermined("passport.no-anchor", f"none of {len(anchors)} anchors is {signer.issuer.text}")
    # 2. The authority's signature. Several may share name and key (a certificate renewed over one key).
    signing = [anchor for anchor in candidates if signer.is_signed_by(anchor.certificate.key)]
    if not signing:
        _refuse("passport.signer-not-issued", f"{signer.issuer.text} did not sign {signer.subject.text}")
    # 3. What the signer may do.
    _check_profile(signer)
    # 4. When it was allowed to. Of several certificates of one authority any valid one will do.
    moment = _signing_moment(signer, signed_at, at)
    anchor = _valid_anchor(signing, moment)
    anchors.require_fresh(anchor, at=at)
    # 5. 9303-12, 7.1.1: one country from end to end.
    if anchor.country is None or signer.country != anchor.country:
        _refuse(
            "passport.country-mismatch", f"{signer.subject.text} is not of {anchor.certificate.subject.text}"
        )
    # 6. Whether it was withdrawn.
    return SignerPath(signer, anchor, revocation.check(signer, anchors=anchors, at=at))


def _check_profile(signer: CountryCertificate) -> None:
    extensions = signer.extensions
    if extensions.constraints is not None and extensions.constraints.is_authority:
        # An authority's key does not sign passports: a stolen link certificate is no signer.
        _refuse("passport.signer-is-authority", f"{signer.subject.text} is an authority")
    if extensions.key_usage is not None and DIGITAL_SIGNATURE not in extensions.key_usage:
        _refuse("passport.signer-key-usage", f"{signer.subject.text} may not sign documents")
    if extensions.purposes is not None:
        # Signers of master lists, deviation lists and visible seals come from the same authority.
        _refuse("passport.signer-purpose", f"{signer.subject.text} is for something else than passports")
    if extensions.not_understood:
        named = ", ".join(sorted(extensions.not_understood))
        _refuse("passport.signer-extension", f"{signer.subject.text} has the critical extension {named}")


def _signing_moment(signer: CountryCertificate, signed_at: datetime | None, at: datetime) -> datetime:
    """The moment the certificates are judged at; the private key's usage period only binds a stated one."""
    if signed_at is not None and signed_at > at:
        _refuse("passport.signed-in-the-future", f"signed at {signed_at:%Y-%m-%d}, judged at {at:%Y-%m-%d}")
    moment = at if signed_at is None else signed_at
    if moment < signer.not_before:
        _refuse("passport.signer-not-yet-valid", f"{signer.subject.text}: from {signer.not_before:%Y-%m-%d}")
    if moment > signer.not_after:
        _refuse("passport.signer-expired", f"{signer.subject.text}: until {signer.not_after:%Y-%m-%d}")
    until = signer.extensions.key_used_until
    since = signer.extensions.key_used_from
    if signed_at is not None and ((until and signed_at > until) or (since and signed_at < since)):
        _refuse("passport.signer-key-period", f"{signer.subject.text} signed outside its key's usage period")
    return moment


def _valid_anchor(signing: list[CscaAnchor], moment: datetime) -> CscaAnchor:
    """The authority's certificate that was valid then; of several the one with the youngest word for it.

    The authority's own key usage period is left out: who holds its retired key can date a signer back into
    it, so the check would stop nobody but a careless issuer.
    """
    valid = [one for one in signing if one.certificate.not_before <= moment <= one.certificate.not_after]
    if not valid:
        name = signing[0].certificate.subject.text
        raise Refused("passport.authority-expired", f"{name} was not valid on {moment:%Y-%m-%d}")
    return max(valid, key=lambda one: one.listed_at or datetime.max.replace(tzinfo=UTC))


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

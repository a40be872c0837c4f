"""Anchors for travel documents: countries' signing authorities (CSCA). Given, never assumed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

from dongui.documents.trust.certificate_extensions import CERT_SIGN
from dongui.documents.trust.country_certificate import CountryCertificate, read_country_certificate
from dongui.documents.trust.distinguished_names import DistinguishedName
from dongui.errors import Misuse, Refused, Trouble

__all__ = ["MAX_COUNTRY_ANCHORS", "CscaAnchor", "CscaAnchors"]

MAX_COUNTRY_ANCHORS = 5_000


@dataclass(frozen=True)
class CscaAnchor:
    """One trusted authority. ``listed_at``: when the list naming it was signed; ``None``: given alone.

    A list has hundreds, a verification needs one: the certificate is read when it is first looked at.
    ``name_key`` is its subject's :attr:`.DistinguishedName.key`.
    """

    encoded: bytes = field(repr=False)
    name_key: bytes = field(repr=False)
    listed_at: datetime | None = None

    @classmethod
    def of(cls, certificate: CountryCertificate, listed_at: datetime | None = None) -> CscaAnchor:
        """The anchor for a certificate that was read already."""
        anchor = cls(certificate.encoded, certificate.subject.key, listed_at)
        anchor.__dict__["certificate"] = certificate
        return anchor

    @cached_property
    def certificate(self) -> CountryCertificate:
        """The certificate. It was read whole before it became an anchor, so it can be read again."""
        return read_country_certificate(self.encoded)

    @property
    def country(self) -> str | None:
        """The country, two letters in upper case; ``None`` unless the certificate names exactly one."""
        return self.certificate.country

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the certificate, in hexadecimal; for this it need not be read."""
        return sha256(self.encoded).hexdigest()

    @property
    def defects(self) -> tuple[str, ...]:
        """What was tolerated, the profile of an authority included (:data:`.country_certificate.DEFECTS`)."""
        return (*self.certificate.defects, *self.certificate.extensions.authority_defects)


class CscaAnchors:
    """Authorities, and how old a list that names one may be. Immutable; shared between verifications."""

    __slots__ = ("_anchors", "_by_name", "max_list_age")

    def __init__(self, anchors: Iterable[CscaAnchor], *, max_list_age: timedelta) -> None:
        """``max_list_age``: how long after its signing a master list still speaks for its countries.

        Raises ``Misuse``: ``trust.no-anchors`` (say :meth:`none_given` if that is meant),
        ``trust.too-many-anchors`` (limit 5,000).
        """
        self._anchors = _newest(anchors)
        if not self._anchors:
            raise Misuse("trust.no-anchors", "at least one country certificate is needed")
        if len(self._anchors) > MAX_COUNTRY_ANCHORS:
            raise Misuse(
                "trust.too-many-anchors", f"{len(self._anchors)} anchors; the limit is {MAX_COUNTRY_ANCHORS}"
            )
        self.max_list_age = max_list_age
        self._by_name = _by_name(self._anchors)

    @classmethod
    def none_given(cls) -> CscaAnchors:
        """No anchors, said aloud: every passport's path ends undetermined (``passport.no-anchor``)."""
        empty = cls.__new__(cls)
        empty._anchors, empty._by_name, empty.max_list_age = (), {}, timedelta()
        return empty

    @classmethod
    def from_certificates(cls, certificates: Iterable[bytes]) -> CscaAnchors:
        """Take DER certificates: self-signed ones, trusted as given, and links another of them proves.

        Raises ``Misuse``: ``trust.no-anchors``, ``trust.too-many-anchors``, ``trust.anchor-unreadable``;
        ``Refused``: ``trust.link-unproved``, ``trust.not-country-authority``.
        """
        read = [_read(encoded, number) for number, encoded in enumerate(certificates, start=1)]
        require_proved(read, trusted=())
        return cls(map(CscaAnchor.of, read), max_list_age=timedelta())

    def __iter__(self) -> Iterator[CscaAnchor]:
        """The anchors, in the order given."""
        return iter(self._anchors)

    def __len__(self) -> int:
        return len(self._anchors)

    def of_country(self, country: str) -> tuple[CscaAnchor, ...]:
        """The anchors of one country, two letters in upper case."""
        return tuple(anchor for anchor in self._anchors if anchor.country == country)

    def issuers_of(self, signer: CountryCertificate) -> tuple[CscaAnchor, ...]:
        """The authorities that can have issued ``signer``: of its issuer's name, and of its key identifier.

        Where the signer names its issuer's key, an authority whose certificate names another key is not one.
        """
        wanted = signer.extensions.authority_key
        return tuple(
            anchor
            for anchor in self.named(signer.issuer)
            if wanted is None or anchor.certificate.extensions.subject_key in (None, wanted)
        )

    def named(self, name: DistinguishedName) -> tuple[CscaAnchor, ...]:
        """The authorities of one name: several where a key was renewed."""
        return self._by_name.get(name.key, ())

    def require_fresh(self, anchor: CscaAnchor, *, at: datetime) -> None:
        """Raise ``Trouble`` (``trust.list-stale``) where the list naming this anchor is too old at ``at``.

        An old list is nobody's forgery: the authority may have been withdrawn since, or not.
        """
        if anchor.listed_at is not None and at - anchor.listed_at > self.max_list_age:
            raise Trouble(
                "trust.list-stale",
                f"the master list naming {anchor.certificate.subject.text} was signed on "
                f"{anchor.listed_at:%Y-%m-%d}; it counts for {self.max_list_age.days} days",
            )


def require_proved(given: Sequence[CountryCertificate], *, trusted: Iterable[CountryCertificate]) -> None:
    """Prove every certificate of ``given``: it signed itself, or an authority proved before it did.

    A link certificate (ICAO 9303-12, 4.3) carries trust from an authority's old key to its new one; only the
    old key can. Raises ``Refused``: ``trust.not-country-authority``, ``trust.link-unproved``.
    """
    for certificate in given:
        if not _may_be_authority(certificate):
            raise Refused("trust.not-country-authority", f"{certificate.subject.text} may not issue")
    proved = [one for one in given if one.is_signed_by(one.key)]
    left = [one for one in given if one not in proved]
    if left:
        proved += trusted  # read only where a link asks for it: a master list is long
    while left:
        found = [one for one in left if _is_link_from(one, proved)]
        if not found:
            raise Refused("trust.link-unproved", f"no authority here signed {left[0].subject.text}")
        proved += found
        left = [one for one in left if one not in found]


def _may_be_authority(certificate: CountryCertificate) -> bool:
    """Whether either mark of an authority is there. Countries forget one of them; a signer has neither."""
    constraints, usage = certificate.extensions.constraints, certificate.extensions.key_usage
    return (constraints is not None and constraints.is_authority) or CERT_SIGN in (usage or ())


def _is_link_from(certificate: CountryCertificate, proved: Sequence[CountryCertificate]) -> bool:
    return any(certificate.issuer == one.subject and certificate.is_signed_by(one.key) for one in proved)


def _read(encoded: bytes, number: int) -> CountryCertificate:
    try:
        return read_country_certificate(encoded)
    except Refused as refusal:
        raise Misuse("trust.anchor-unreadable", f"country certificate {number}: {refusal.detail}") from None


def _newest(anchors: Iterable[CscaAnchor]) -> tuple[CscaAnchor, ...]:
    """Each certificate once. Given alone it has no age; else the youngest list naming it speaks for it."""
    found: dict[bytes, CscaAnchor] = {}
    for anchor in anchors:
        before = found.get(anchor.encoded)
        if before is None or _speaks_later(anchor, before):
            found[anchor.encoded] = anchor
    return tuple(found.values())


def _speaks_later(anchor: CscaAnchor, before: CscaAnchor) -> bool:
    if before.listed_at is None:
        return False
    return anchor.listed_at is None or anchor.listed_at > before.listed_at


def _by_name(anchors: Iterable[CscaAnchor]) -> dict[bytes, tuple[CscaAnchor, ...]]:
    found: defaultdict[bytes, list[CscaAnchor]] = defaultdict(list)
    for anchor in anchors:
        found[anchor.name_key].append(anchor)
    return {key: tuple(members) for key, members in found.items()}

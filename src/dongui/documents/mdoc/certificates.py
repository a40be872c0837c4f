"""Certificates an issuing authority makes: the profiles of ISO/IEC 18013-5, Annex B.

Two kinds, each built field by field in the order of its table: the root (IACA, table B.1) and the document
signer (table B.3). Link certificates, and the signers of server retrieval, are not made here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.encoding.cose import PublicKey
from dongui.environment import Entropy
from dongui.errors import Misuse

__all__ = [
    "MDOC_DOCUMENT_SIGNER",
    "ROOT_LIFETIME_MAX",
    "SIGNER_LIFETIME_MAX",
    "AuthorityProfile",
    "CertificatePeriod",
    "root_certificate",
    "signer_certificate",
]

MDOC_DOCUMENT_SIGNER = x509.ObjectIdentifier("1.0.18013.5.1.2")  # Annex B.1.4, mdlDS
ROOT_LIFETIME_MAX = timedelta(days=20 * 365)  # table B.1: at most 20 years
SIGNER_LIFETIME_MAX = timedelta(days=457)  # table B.3: at most 457 days

_COUNTRY = re.compile(r"[A-Z]{2}")
# Both extensions hold ASCII alone (RFC 5280, 4.2.1.6: IA5String).
_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")
_URI = re.compile(r"https?://[!-~]+")
_NAME_BYTES_MAX = 64  # RFC 5280, ub-common-name, counted in UTF-8 as readers do


@dataclass(frozen=True, slots=True)
class AuthorityProfile:
    """Who an issuing authority is: what its certificates say in their names and pointers.

    ``country`` is ISO 3166-1 alpha-2 in upper case and must equal the documents' ``issuing_country``;
    ``state_or_province`` must equal their ``issuing_jurisdiction`` where both are there. ``contact`` is an
    e-mail address or an http(s) URI (issuerAltName); ``crl_uri`` is where a revocation list would be.

    Raises ``Misuse``: ``issuing.bad-authority-profile``, naming the field.
    """

    country: str
    organisation: str
    common_name: str
    contact: str
    crl_uri: str
    state_or_province: str | None = None

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country):
            raise _bad_profile("country", "two upper-case letters (ISO 3166-1 alpha-2)")
        for field, value in (("organisation", self.organisation), ("common_name", self.common_name)):
            _require_name(field, value)
        if self.state_or_province is not None:
            _require_name("state_or_province", self.state_or_province)
        if not (_EMAIL.fullmatch(self.contact) or _URI.fullmatch(self.contact)):
            raise _bad_profile("contact", "an e-mail address or an http(s) URI")
        if not _URI.fullmatch(self.crl_uri):
            raise _bad_profile("crl_uri", "an http(s) URI")

    @classmethod
    def of_certificate(cls, root: x509.Certificate) -> AuthorityProfile:
        """Return the profile a root certificate was made from: names and pointers of its signers must equal
        the root's. Raises ``Misuse`` ``issuing.bad-authority-profile`` for a root not made here.
        """
        try:
            contact = root.extensions.get_extension_for_class(x509.IssuerAlternativeName).value
            points = root.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
            region = root.subject.get_attributes_for_oid(NameOID.STATE_OR_PROVINCE_NAME)
            return cls(
                country=_only(root.subject, NameOID.COUNTRY_NAME),
                organisation=_only(root.subject, NameOID.ORGANIZATION_NAME),
                common_name=_only(root.subject, NameOID.COMMON_NAME),
                contact=str(next(iter(contact)).value),
                crl_uri=str((points[0].full_name or [])[0].value),
                state_or_province=str(region[0].value) if region else None,
            )
        except (x509.ExtensionNotFound, LookupError):
            raise _bad_profile("the root certificate", "one made by dongui") from None

    def distinguished_name(self, common_name: str) -> x509.Name:
        """Return the X.500 name with this common name: country first, as the standard's examples have it."""
        attributes = [(NameOID.COUNTRY_NAME, self.country)]
        if self.state_or_province is not None:
            attributes.append((NameOID.STATE_OR_PROVINCE_NAME, self.state_or_province))
        attributes += [(NameOID.ORGANIZATION_NAME, self.organisation), (NameOID.COMMON_NAME, common_name)]
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])

    @property
    def issuer_alternative_name(self) -> x509.IssuerAlternativeName:
        """How to reach the authority, as the extension both certificates carry."""
        if _EMAIL.fullmatch(self.contact):
            return x509.IssuerAlternativeName([x509.RFC822Name(self.contact)])
        return x509.IssuerAlternativeName([x509.UniformResourceIdentifier(self.contact)])

    @property
    def distribution_points(self) -> x509.CRLDistributionPoints:
        """Where the revocation list would be: one URI, no reasons, no separate list issuer."""
        where = [x509.UniformResourceIdentifier(self.crl_uri)]
        return x509.CRLDistributionPoints([x509.DistributionPoint(where, None, None, None)])


@dataclass(frozen=True, slots=True)
class CertificatePeriod:
    """From when to when a certificate is valid: whole seconds, UTC."""

    not_before: datetime
    not_after: datetime

    @classmethod
    def starting(cls, moment: datetime, *, lifetime: timedelta, limit: timedelta) -> CertificatePeriod:
        """Return the period of ``lifetime`` from ``moment``.

        Raises ``Misuse``: ``issuing.bad-lifetime`` if it is not positive or longer than ``limit``.
        """
        if not timedelta(seconds=1) <= lifetime <= limit:
            raise Misuse(
                "issuing.bad-lifetime",
                f"a lifetime of {lifetime.days} days was asked; it must be positive and at most {limit.days}",
            )
        start = moment.astimezone(UTC).replace(microsecond=0)
        return cls(start, start + lifetime)


def root_certificate(
    profile: AuthorityProfile,
    *,
    key: ec.EllipticCurvePrivateKey,
    period: CertificatePeriod,
    entropy: Entropy,
) -> x509.Certificate:
    """Return a self-signed IACA root, ISO/IEC 18013-5 table B.1."""
    name = profile.distinguished_name(profile.common_name)
    public_key = key.public_key()
    return (
        _begin(subject=name, issuer=name, public_key=public_key, period=period, entropy=entropy)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_key_usage(certificates=True), critical=True)
        .add_extension(profile.issuer_alternative_name, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(profile.distribution_points, critical=False)
        .sign(key, SigningAlgorithm.of_key(key).certificate_hash)
    )


def signer_certificate(
    profile: AuthorityProfile,
    *,
    common_name: str,
    public_key: PublicKey,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    period: CertificatePeriod,
    entropy: Entropy,
) -> x509.Certificate:
    """Return a document signer under ``root``, ISO/IEC 18013-5 table B.3.

    Raises ``Misuse`` ``issuing.bad-authority-profile`` for a common name that cannot stand in a certificate.
    """
    _require_name("common_name", common_name)
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    subject = profile.distinguished_name(common_name)
    return (
        _begin(subject=subject, issuer=root.subject, public_key=public_key, period=period, entropy=entropy)
        .add_extension(authority, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_key_usage(certificates=False), critical=True)
        .add_extension(profile.issuer_alternative_name, critical=False)
        .add_extension(x509.ExtendedKeyUsage([MDOC_DOCUMENT_SIGNER]), critical=True)
        .add_extension(profile.distribution_points, critical=False)
        .sign(root_key, SigningAlgorithm.of_key(root_key).certificate_hash)
    )


def _begin(
    *,
    subject: x509.Name,
    issuer: x509.Name,
    public_key: PublicKey,
    period: CertificatePeriod,
    entropy: Entropy,
) -> x509.CertificateBuilder:
    # Tables B.1 and B.3: at least 63 bits from a secure generator, at most 20 octets, positive. The leading
    # one makes 128 random bits a positive number of 17 octets whatever they are.
    serial = int.from_bytes(b"\x01" + entropy.draw(16), "big")
    return (
        x509.CertificateBuilder()
        .serial_number(serial)
        .issuer_name(issuer)
        .not_valid_before(period.not_before)
        .not_valid_after(period.not_after)
        .subject_name(subject)
        .public_key(public_key)
    )


def _key_usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _only(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return str(name.get_attributes_for_oid(oid)[0].value)


def _require_name(field: str, value: str) -> None:
    printable = value.isprintable() and value == value.strip()
    if not printable or not 1 <= len(value.encode("utf-8")) <= _NAME_BYTES_MAX:
        raise _bad_profile(
            field, f"printable text of 1 to {_NAME_BYTES_MAX} bytes in UTF-8, without spaces around it"
        )


def _bad_profile(field: str, wanted: str) -> Misuse:
    return Misuse("issuing.bad-authority-profile", f"{field} must be {wanted}")

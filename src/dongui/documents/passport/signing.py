"""A country's signing authority, its document signers, and EF.SOD: to issue passports to show and test with.

Follows the certificate profiles of ICAO 9303-12, 7.1. It signs for a state of your own (XOM, UTO, a company's
sample), never for a real one: whoever verifies must be given this authority's certificate as an anchor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from dongui.documents.passport.message_signing import sign_message
from dongui.documents.passport.signature_choice import PrivateKey, SignatureChoice, digest_algorithm
from dongui.encoding.der import encode, encode_integer
from dongui.environment import Clock, Entropy

__all__ = ["CountryAuthority", "PassportSigner"]

_AUTHORITY_LIFETIME = timedelta(days=13 * 365)  # 9303-12, 4.1.4: its key's use, then ten years of passports
_SIGNER_LIFETIME = timedelta(days=10 * 365 + 90)
_CLOCK_TOLERANCE = timedelta(hours=1)
_LDS_CONTENT, _MASTER_LIST = "2.23.136.1.1.1", "2.23.136.1.1.2"
_MASTER_LIST_SIGNER = x509.ObjectIdentifier("2.23.136.1.1.3")


@dataclass(frozen=True, slots=True)
class PassportSigner:
    """A document signer: its certificate, and the key that signs EF.SOD."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    choice: SignatureChoice

    def sign(self, groups: Mapping[int, bytes], *, clock: Clock) -> bytes:
        """Return EF.SOD (version 1, LDS 1.8) over data groups by number, with the signing time in it."""
        content = _lds_security_object(groups, self.choice.digest)
        return encode(0x77, self._message(_LDS_CONTENT, content, clock))

    def sign_master_list(self, certificates: Iterable[bytes], *, clock: Clock) -> bytes:
        """Return a master list of country certificates in DER.

        It only counts from a signer made for that (:meth:`CountryAuthority.master_list_signer`).
        """
        content = encode(0x30, encode_integer(0), encode(0x31, *sorted(certificates)))
        return self._message(_MASTER_LIST, content, clock)

    def _message(self, content_type: str, content: bytes, clock: Clock) -> bytes:
        return sign_message(
            content,
            content_type=content_type,
            certificate=self.certificate,
            key=self.key,
            choice=self.choice,
            signed_at=clock.now(),
        )


@dataclass(frozen=True, slots=True)
class CountryAuthority:
    """A country's signing authority (CSCA): self-signed, and the anchor verifiers are given."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    choice: SignatureChoice

    @classmethod
    def create(
        cls, country: str, *, choice: SignatureChoice, clock: Clock, entropy: Entropy
    ) -> CountryAuthority:
        """Make an authority for ``country`` (two letters, upper case), valid for thirteen years."""
        key = choice.generate_key()
        name = _name(country, "Country Signing Authority")
        start = clock.now() - _CLOCK_TOLERANCE
        builder = _begin(name, name, key, start, _AUTHORITY_LIFETIME, entropy)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(authority=True), critical=True)
        return cls(_signed(builder, key, choice), key, choice)

    @property
    def encoded(self) -> bytes:
        """The certificate in DER, for :meth:`.CscaAnchors.from_certificates`."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def document_signer(self, *, choice: SignatureChoice, clock: Clock, entropy: Entropy) -> PassportSigner:
        """Issue a document signer, valid as long as the passports it signs in its first three months."""
        return self._signer("Document Signer", (), choice, clock, entropy)

    def master_list_signer(
        self, *, choice: SignatureChoice, clock: Clock, entropy: Entropy
    ) -> PassportSigner:
        """Issue a signer of master lists (9303-12, 7.1.3), whose purpose keeps it from signing passports."""
        purposes = (x509.ExtendedKeyUsage([_MASTER_LIST_SIGNER]),)
        return self._signer("Master List Signer", purposes, choice, clock, entropy)

    def _signer(
        self,
        common_name: str,
        purposes: Iterable[x509.ExtensionType],
        choice: SignatureChoice,
        clock: Clock,
        entropy: Entropy,
    ) -> PassportSigner:
        key = choice.generate_key()
        country = self.certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)[0].value
        name = _name(str(country), common_name)
        start = clock.now() - _CLOCK_TOLERANCE
        builder = _begin(name, self.certificate.subject, key, start, _SIGNER_LIFETIME, entropy)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        builder = builder.add_extension(_usage(authority=False), critical=True)
        for purpose in purposes:
            builder = builder.add_extension(purpose, critical=True)
        return PassportSigner(_signed(builder, self.key, self.choice), key, choice)

    def revocation_list(self, serial_numbers: Iterable[int], *, clock: Clock) -> bytes:
        """Return a revocation list in DER that names ``serial_numbers``, good for 90 days (9303-12, 4.2)."""
        now = clock.now()
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now).next_update(now + timedelta(days=90))
        for number in serial_numbers:
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self.key, self.choice.hash, rsa_padding=self.choice.padding)
        return signed.public_bytes(serialization.Encoding.DER)


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    start: datetime,
    lifetime: timedelta,
    entropy: Entropy,
) -> x509.CertificateBuilder:
    start = start.replace(microsecond=0)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(int.from_bytes(entropy.draw(16), "big") >> 1 | 1)
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey, choice: SignatureChoice) -> x509.Certificate:
    return builder.sign(key, choice.hash, rsa_padding=choice.padding)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(country: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Dongui sample"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _lds_security_object(groups: Mapping[int, bytes], digest: str) -> bytes:
    digests = [
        encode(0x30, encode_integer(number), encode(0x04, hashlib.new(digest, content).digest()))
        for number, content in sorted(groups.items())
    ]
    versions = encode(0x30, encode(0x13, b"0108"), encode(0x13, b"040000"))
    return encode(0x30, encode_integer(1), digest_algorithm(digest), encode(0x30, *digests), versions)

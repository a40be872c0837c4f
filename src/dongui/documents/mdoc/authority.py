"""An issuing authority and its document signers: who may sign a document, and with which key.

The root (IACA) signs signers and nothing else; a signer signs documents. So the root's key can be kept where
no documents are issued, and a lost signer costs at most its 457 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.mdoc.certificates import (
    ROOT_LIFETIME_MAX,
    SIGNER_LIFETIME_MAX,
    AuthorityProfile,
    CertificatePeriod,
    root_certificate,
    signer_certificate,
)
from dongui.documents.mdoc.key_files import open_key_file, seal_key_file
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.encoding.cose import PrivateKey
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse

__all__ = ["LIST_LIFETIME_MAX", "Authority", "DocumentSigner"]

LIST_LIFETIME_MAX = timedelta(days=90)
"""How long a revocation list may claim to hold: verifiers here take none that is older."""


@dataclass(frozen=True, slots=True)
class DocumentSigner:
    """A document signer: its certificate under the root, and its key. ``repr`` shows no key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> SigningAlgorithm:
        """The one algorithm this signer's key signs with."""
        return SigningAlgorithm.of_key(self.key)

    def require_valid(self, moment: datetime) -> None:
        """Raise ``Misuse`` ``issuing.signer-not-valid`` unless the certificate is valid at ``moment``."""
        start, end = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if not start <= moment <= end:
            raise Misuse(
                "issuing.signer-not-valid",
                f"the signer is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}; now is {moment:%Y-%m-%d}",
            )

    def to_bytes(self) -> bytes:
        """Return the signer with its unencrypted key, for a file only its owner may read."""
        return seal_key_file("document-signer", key=self.key, certificate=self.certificate)

    @classmethod
    def from_bytes(cls, data: bytes) -> DocumentSigner:
        """Read what :meth:`to_bytes` wrote. Raises ``Misuse`` ``issuing.bad-key-file``."""
        content = open_key_file("document-signer", data)
        return cls(content.require_certificate(), content.key)


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing authority with its own root. ``repr`` shows no key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    profile: AuthorityProfile

    @classmethod
    def create(
        cls,
        profile: AuthorityProfile,
        *,
        algorithm: SigningAlgorithm,
        lifetime: timedelta,
        clock: Clock,
        entropy: Entropy,
    ) -> Authority:
        """Make an authority with a new key and a self-signed root, valid for ``lifetime`` (at most 20 years).

        Raises ``Misuse``: ``issuing.root-needs-ecdsa`` (table B.1 admits elliptic curve roots alone),
        ``issuing.bad-lifetime``; ``Trouble``: ``clock.implausible``.
        """
        if algorithm is SigningAlgorithm.EDDSA:
            raise Misuse("issuing.root-needs-ecdsa", "a root signs with ES256, ES384 or ES512, not EdDSA")
        key = cast(ec.EllipticCurvePrivateKey, algorithm.generate_key())
        period = CertificatePeriod.starting(clock.now(), lifetime=lifetime, limit=ROOT_LIFETIME_MAX)
        certificate = root_certificate(profile, key=key, period=period, entropy=entropy)
        return cls(certificate, key, profile)

    def document_signer(
        self,
        common_name: str,
        *,
        algorithm: SigningAlgorithm,
        lifetime: timedelta,
        clock: Clock,
        entropy: Entropy,
    ) -> DocumentSigner:
        """Make a document signer with a new key, valid for ``lifetime`` (at most 457 days).

        Raises ``Misuse``: ``issuing.bad-authority-profile`` (the common name), ``issuing.bad-lifetime``,
        ``issuing.outlives-authority`` if it would end after the root, or begin before it; ``Trouble``:
        ``clock.implausible``.
        """
        period = CertificatePeriod.starting(clock.now(), lifetime=lifetime, limit=SIGNER_LIFETIME_MAX)
        start, end = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if period.not_before < start or period.not_after > end:
            raise Misuse(
                "issuing.outlives-authority",
                f"the signer would be valid to {period.not_after:%Y-%m-%d}; the root is valid from "
                f"{start:%Y-%m-%d} to {end:%Y-%m-%d}",
            )
        key = algorithm.generate_key()
        certificate = signer_certificate(
            self.profile,
            common_name=common_name,
            public_key=key.public_key(),
            root=self.certificate,
            root_key=self.key,
            period=period,
            entropy=entropy,
        )
        return DocumentSigner(certificate, key)

    def revocation_list(self, serial_numbers: Iterable[int], *, lifetime: timedelta, clock: Clock) -> bytes:
        """Return a revocation list in DER that names ``serial_numbers``, for verifiers' trust folders.

        A complete list (RFC 5280, 5; ISO/IEC 18013-5, Annex B): a later one without a number would bring that
        certificate back for whoever threw the earlier away. Its own number is the moment it was made. Raises
        ``Misuse``: ``issuing.bad-lifetime`` (1 second to 90 days); ``Trouble``: ``clock.implausible``.
        """
        now = clock.now()
        period = CertificatePeriod.starting(now, lifetime=lifetime, limit=LIST_LIFETIME_MAX)
        identifier = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        key_identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(period.not_before)
            .next_update(period.not_after)
            .add_extension(key_identifier, critical=False)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        )
        for number in serial_numbers:
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(period.not_before)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(self.key, SigningAlgorithm.of_key(self.key).certificate_hash)
        return signed.public_bytes(serialization.Encoding.DER)

    def to_bytes(self) -> bytes:
        """Return the authority with its unencrypted root key, for a file only its owner may read."""
        return seal_key_file("issuing-authority", key=self.key, certificate=self.certificate)

    @classmethod
    def from_bytes(cls, data: bytes) -> Authority:
        """Read what :meth:`to_bytes` wrote. Raises ``Misuse`` ``issuing.bad-key-file``."""
        content = open_key_file("issuing-authority", data)
        certificate = content.require_certificate()
        if not isinstance(content.key, ec.EllipticCurvePrivateKey):
            raise Misuse("issuing.bad-key-file", "the root's key is not on an elliptic curve of table B.1")
        return cls(certificate, content.key, AuthorityProfile.of_certificate(certificate))

    def certificate_pem(self) -> bytes:
        """Return the root certificate in PEM: what verifiers take as their trust anchor."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

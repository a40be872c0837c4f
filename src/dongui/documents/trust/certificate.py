"""Reading certificates: everything that can fail to parse fails here, once, by one name."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID, ObjectIdentifier, SignatureAlgorithmOID

from dongui.encoding.cose import PublicKey
from dongui.errors import Refused

__all__ = ["MAX_CERTIFICATE_BYTES", "Certificate", "read_certificate"]

MAX_CERTIFICATE_BYTES = 16 * 1024

# ISO/IEC 18013-5:2021, B.1: the algorithms and curves a certificate may use.
_ECDSA_HASHES: dict[ObjectIdentifier, type[hashes.HashAlgorithm]] = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: hashes.SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: hashes.SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: hashes.SHA512,
}
_CURVES = frozenset(
    {"secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"}
)

# Everything ``cryptography`` answers bytes with that are no certificate; found by mutating real ones. The
# TypeError comes from a bit string in a name, the warning (where warnings are errors) from a serial number.
_UNREADABLE = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    CryptographyDeprecationWarning,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One X.509 certificate, parsed to the last extension. That it parses says nothing about trust.

    ``subject`` and ``issuer`` are the encoded names, because names are compared byte by byte;
    ``key`` is ``None`` where its kind or curve is not one of the profile's.
    """

    encoded: bytes = field(repr=False)
    name: str
    subject: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    serial_number: int = field(repr=False)
    version: int
    not_before: datetime
    not_after: datetime
    countries: tuple[str, ...]
    states: tuple[str, ...]
    key: PublicKey | None = field(repr=False)
    extensions: x509.Extensions = field(repr=False)
    signature: bytes = field(repr=False)
    signed_part: bytes = field(repr=False)
    algorithm: ObjectIdentifier

    @property
    def subject_key_identifier(self) -> bytes | None:
        """The extension's value, or ``None`` without one."""
        try:
            return self.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            return None

    @property
    def authority_key_identifier(self) -> bytes | None:
        """The key identifier inside the extension, or ``None`` without one."""
        try:
            return self.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        except x509.ExtensionNotFound:
            return None

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether ``key`` verifies this certificate's signature under an allowed algorithm.

        Raises ``Refused`` (``trust.signature-algorithm``) for an algorithm outside the profile.
        """
        try:
            if isinstance(key, Ed25519PublicKey) and self.algorithm == SignatureAlgorithmOID.ED25519:
                key.verify(self.signature, self.signed_part)
                return True
            if isinstance(key, EllipticCurvePublicKey) and self.algorithm in _ECDSA_HASHES:
                key.verify(self.signature, self.signed_part, ECDSA(_ECDSA_HASHES[self.algorithm]()))
                return True
        except InvalidSignature:
            return False
        raise Refused(
            "trust.signature-algorithm",
            f"{self.name} is signed with {self.algorithm.dotted_string}, which does not go with the "
            "issuer's key or is neither ECDSA with SHA-256, 384 or 512 nor Ed25519",
        )


def read_certificate(encoded: bytes) -> Certificate:
    """Parse one DER certificate, all of it.

    Raises ``Refused`` (``trust.certificate-malformed``), also for more than 16 KiB.
    """
    if len(encoded) > MAX_CERTIFICATE_BYTES:
        raise Refused(
            "trust.certificate-malformed",
            f"a certificate of {len(encoded)} bytes; the limit is {MAX_CERTIFICATE_BYTES}",
        )
    try:
        with warnings.catch_warnings():
            # The library warns of what it tolerates, such as a name beyond X.520's bound. What matters of
            # that is refused by name; the rest must not reach an operator's terminal from a stranger's file.
            warnings.simplefilter("ignore")
            return _parse(x509.load_der_x509_certificate(encoded), encoded)
    except _UNREADABLE as error:
        raise Refused(
            "trust.certificate-malformed", f"a certificate cannot be read: {type(error).__name__}"
        ) from None


def _parse(certificate: x509.Certificate, encoded: bytes) -> Certificate:
    if certificate.serial_number <= 0:
        raise ValueError("a serial number is positive")
    # X.690, 8.6.2 and 11.2: a signature is whole octets. The library reads past a count of unused bits, so
    # one byte could be altered and the certificate would still verify.
    if not encoded.endswith(b"\x00" + certificate.signature):
        raise ValueError("a signature has no unused bits")
    return Certificate(
        encoded=encoded,
        name=certificate.subject.rfc4514_string(),
        subject=certificate.subject.public_bytes(),
        issuer=certificate.issuer.public_bytes(),
        serial_number=certificate.serial_number,
        version=certificate.version.value + 1,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        countries=_attributes(certificate.subject, NameOID.COUNTRY_NAME),
        states=_attributes(certificate.subject, NameOID.STATE_OR_PROVINCE_NAME),
        key=_key(certificate),
        extensions=certificate.extensions,
        signature=certificate.signature,
        signed_part=certificate.tbs_certificate_bytes,
        algorithm=certificate.signature_algorithm_oid,
    )


def _attributes(name: x509.Name, oid: ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in name.get_attributes_for_oid(oid))


def _key(certificate: x509.Certificate) -> PublicKey | None:
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return None
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    return None

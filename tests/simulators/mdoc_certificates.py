"""Certificates whose every field can be changed before they are signed, from keys that are always the same.

:func:`root_plan` and :func:`signer_plan` are certificates as ISO/IEC 18013-5, Annex B, wants them, not signed
yet; a test changes one field of a plan and signs it. Keys, serial numbers and signatures follow from labels
(RFC 6979), so the same plan is the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

__all__ = [
    "CertificatePlan",
    "Key",
    "key_for",
    "name_of",
    "root_plan",
    "signer_plan",
    "usage",
]

Key = ec.EllipticCurvePrivateKey | Ed25519PrivateKey
CertificateHash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | hashes.SHA3_256
_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
_CERTIFICATE_HASHES: dict[str, CertificateHash] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
    "secp256k1": hashes.SHA256(),
}
_SIGNER_PURPOSE = x509.ObjectIdentifier("1.0.18013.5.1.2")


@cache
def key_for(label: str, algorithm: str = "ES256") -> Key:
    """The key that belongs to a label, on the curve of an algorithm (or on a curve itself)."""
    secret = hashlib.shake_256(f"dongui vector key {algorithm} {label}".encode()).digest(64)
    if algorithm == "EdDSA":
        return Ed25519PrivateKey.from_private_bytes(secret[:32])
    curve = _CURVES.get(algorithm) or {"secp256k1": ec.SECP256K1()}[algorithm]
    # Below every order in use, and never zero.
    return ec.derive_private_key(int.from_bytes(secret[:31], "big") + 1, curve)


def name_of(common_name: str, *, country: str = "UT", state: str | None = None) -> x509.Name:
    """A distinguished name of the profile's form."""
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)]
    if state is not None:
        attributes.append(x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, state))
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def usage(*names: str) -> x509.KeyUsage:
    """A key usage with these flags set and no other."""
    flags = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    flags_of_authorities = ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{flag: flag in names for flag in flags + flags_of_authorities})


@dataclass
class CertificatePlan:
    """A certificate before it is signed. ``extensions`` are by name, with whether each is critical."""

    subject: x509.Name
    issuer: x509.Name
    key: Key
    signed_by: Key
    not_before: datetime
    not_after: datetime
    extensions: dict[str, tuple[x509.ExtensionType, bool]]
    hash: CertificateHash | None

    @property
    def serial_number(self) -> int:
        """Follows from whose it is and when, as everything else."""
        serial = hashlib.sha256(repr((self.subject, self.not_before, self.not_after)).encode()).digest()[:16]
        return int.from_bytes(b"\x01" + serial, "big")

    def sign(self) -> bytes:
        """The certificate in DER."""
        builder = (
            x509.CertificateBuilder()
            .serial_number(self.serial_number)
            .subject_name(self.subject)
            .issuer_name(self.issuer)
            .not_valid_before(self.not_before)
            .not_valid_after(self.not_after)
            .public_key(self.key.public_key())
        )
        for extension, critical in self.extensions.values():
            builder = builder.add_extension(extension, critical=critical)
        deterministic = None if isinstance(self.signed_by, Ed25519PrivateKey) else True
        signed = builder.sign(self.signed_by, self.hash, ecdsa_deterministic=deterministic)
        return signed.public_bytes(Encoding.DER)


def root_plan(label: str = "root", *, algorithm: str = "ES256", state: str | None = None) -> CertificatePlan:
    """A root of table B.1: Utopia's, 2026 to 2036."""
    key = key_for(label, algorithm)
    name = name_of("Utopia IACA", state=state)
    return CertificatePlan(
        subject=name,
        issuer=name,
        key=key,
        signed_by=key,
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2036, 1, 1, tzinfo=UTC),
        hash=_CERTIFICATE_HASHES[key.curve.name] if isinstance(key, ec.EllipticCurvePrivateKey) else None,
        extensions={
            "subjectKeyIdentifier": (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            "keyUsage": (usage("key_cert_sign", "crl_sign"), True),
            "issuerAltName": (_CONTACT, False),
            "basicConstraints": (x509.BasicConstraints(ca=True, path_length=0), True),
            "cRLDistributionPoints": (_LIST, False),
        },
    )


def signer_plan(
    root: CertificatePlan, label: str = "signer", *, algorithm: str = "ES256", state: str | None = None
) -> CertificatePlan:
    """A document signer of table B.3 under ``root``: 2026-06-01 to 2027-06-01."""
    key = key_for(label, algorithm)
    identifier = x509.SubjectKeyIdentifier.from_public_key(root.key.public_key())
    return CertificatePlan(
        subject=name_of("Utopia signer", state=state),
        issuer=root.subject,
        key=key,
        signed_by=root.key,
        not_before=datetime(2026, 6, 1, tzinfo=UTC),
        not_after=datetime(2027, 6, 1, tzinfo=UTC),
        hash=root.hash,
        extensions={
            "authorityKeyIdentifier": (
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
                False,
            ),
            "subjectKeyIdentifier": (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            "keyUsage": (usage("digital_signature"), True),
            "issuerAltName": (_CONTACT, False),
            "extendedKeyUsage": (x509.ExtendedKeyUsage([_SIGNER_PURPOSE]), True),
            "cRLDistributionPoints": (_LIST, False),
        },
    )


_CONTACT = x509.IssuerAlternativeName([x509.RFC822Name("licences@utopia.example")])
_LIST = x509.CRLDistributionPoints(
    [x509.DistributionPoint([x509.UniformResourceIdentifier("https://utopia.example/crl")], None, None, None)]
)

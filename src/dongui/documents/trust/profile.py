"""The certificate profiles of ISO/IEC 18013-5:2021, Annex B, as far as a verifier can check them.

Tables B.1 (the root of an issuing authority, IACA) and B.3 (a document signer). Left out, and why: serial
numbers (their randomness protects the issuer and cannot be seen), the hash by which a key identifier was
made (any that matches does its work), the revocation point of a root (a root cannot revoke itself).
"""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier

from dongui.documents.trust.certificate import Certificate
from dongui.errors import Refused

__all__ = ["check_anchor_profile", "check_signer_profile"]

_MDOC_SIGNER = ObjectIdentifier("1.0.18013.5.1.2")  # B.1.4: id-mdl-kp-mdlDS
_MAX_SIGNER_VALIDITY = timedelta(days=457)  # table B.3
_UNDERSTOOD = frozenset(
    {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE}
)
_FORBIDDEN = frozenset(  # B.1.1: shall not be present
    {
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.FRESHEST_CRL,
    }
)

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


def check_signer_profile(signer: Certificate) -> None:
    """Check a document signer's certificate by itself (table B.3).

    Raises ``Refused``: ``trust.certificate-version``, ``trust.extension-not-understood``,
    ``trust.extension-forbidden``, ``trust.signer-key``, ``trust.signer-is-authority``,
    ``trust.signer-key-usage``, ``trust.signer-extended-key-usage``, ``trust.signer-validity-too-long``,
    ``trust.country-missing``, ``trust.key-identifier-missing``,
    ``trust.issuer-alternative-name-missing``, ``trust.revocation-point-missing``.
    """
    _check_common(signer)
    if signer.key is None:
        _refuse("trust.signer-key", f"{signer.name}: neither ECDSA on an allowed curve nor Ed25519")
    constraints = _find(signer, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        _refuse("trust.signer-is-authority", f"{signer.name} is marked as an authority")
    usage = _find(signer, x509.KeyUsage)
    if usage is None or not usage.critical or _usages(usage.value) != {"digital_signature"}:
        _refuse(
            "trust.signer-key-usage", f"{signer.name} must have the critical usage digitalSignature alone"
        )
    purposes = _find(signer, x509.ExtendedKeyUsage)
    if purposes is None or not purposes.critical or _MDOC_SIGNER not in purposes.value:
        _refuse(
            "trust.signer-extended-key-usage",
            f"{signer.name} must have the critical purpose {_MDOC_SIGNER.dotted_string}",
        )
    if signer.not_after - signer.not_before > _MAX_SIGNER_VALIDITY:
        _refuse("trust.signer-validity-too-long", f"{signer.name} is valid for more than 457 days")
    if signer.authority_key_identifier is None:
        _refuse("trust.key-identifier-missing", f"{signer.name} has no authority key identifier")
    if _find(signer, x509.CRLDistributionPoints) is None:
        _refuse("trust.revocation-point-missing", f"{signer.name} names no revocation list")


def check_anchor_profile(anchor: Certificate) -> None:
    """Check the root of an issuing authority by itself (table B.1), its own signature included.

    Raises ``Refused``: ``trust.certificate-version``, ``trust.extension-not-understood``,
    ``trust.extension-forbidden``, ``trust.anchor-key``, ``trust.anchor-not-authority``,
    ``trust.anchor-path-length``, ``trust.anchor-key-usage``, ``trust.country-missing``,
    ``trust.key-identifier-missing``, ``trust.issuer-alternative-name-missing``,
    ``trust.anchor-not-self-signed``, ``trust.signature-algorithm``.
    """
    _check_common(anchor)
    if anchor.key is None:
        _refuse("trust.anchor-key", f"{anchor.name}: neither ECDSA on an allowed curve nor Ed25519")
    constraints = _find(anchor, x509.BasicConstraints)
    if constraints is None or not constraints.critical or not constraints.value.ca:
        _refuse("trust.anchor-not-authority", f"{anchor.name} is not critically marked as an authority")
    if constraints.value.path_length != 0:
        _refuse("trust.anchor-path-length", f"{anchor.name} must have the path length 0")
    usage = _find(anchor, x509.KeyUsage)
    if usage is None or not usage.critical or _usages(usage.value) != {"key_cert_sign", "crl_sign"}:
        _refuse(
            "trust.anchor-key-usage",
            f"{anchor.name} must have the critical usages keyCertSign and cRLSign alone",
        )
    if anchor.issuer != anchor.subject or not anchor.is_signed_by(anchor.key):
        _refuse("trust.anchor-not-self-signed", f"{anchor.name} is not signed by itself")


def _check_common(certificate: Certificate) -> None:
    if certificate.version != 3:
        _refuse("trust.certificate-version", f"{certificate.name} has version {certificate.version}")
    for extension in certificate.extensions:
        if extension.oid in _FORBIDDEN:
            _refuse("trust.extension-forbidden", f"{certificate.name} has {extension.oid.dotted_string}")
        if extension.critical and extension.oid not in _UNDERSTOOD:
            _refuse(
                "trust.extension-not-understood",
                f"{certificate.name} has the critical extension {extension.oid.dotted_string}",
            )
    if len(certificate.countries) != 1:
        _refuse("trust.country-missing", f"{certificate.name} names {len(certificate.countries)} countries")
    if certificate.subject_key_identifier is None:
        _refuse("trust.key-identifier-missing", f"{certificate.name} has no subject key identifier")
    if _find(certificate, x509.IssuerAlternativeName) is None:
        _refuse("trust.issuer-alternative-name-missing", f"{certificate.name} has no issuer alternative name")


def _find(certificate: Certificate, kind: type[_Kind]) -> x509.Extension[_Kind] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _usages(usage: x509.KeyUsage) -> set[str]:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    return {name for name in names if getattr(usage, name)}


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

"""Issuing SD-JWT credentials: for tests, demonstrations and test documents.

``sd-jwt``, the reference implementation, makes the format: salts, digests, disclosures and their order. Ours
is what it leaves open: the certificate that speaks for ``iss``, the type, the dates, that every claim about
the person is the holder's to show or not. The salts come from the caller's entropy, not from its own source.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from dongui.documents.mdoc.authority import Authority
from dongui.documents.mdoc.certificates import SIGNER_LIFETIME_MAX, CertificatePeriod
from dongui.documents.mdoc.issuing import ValidityPeriod
from dongui.documents.mdoc.signing_algorithms import SigningAlgorithm
from dongui.documents.status.evidence import StatusReference
from dongui.encoding.cose import PrivateKey, PublicKey
from dongui.encoding.jose import base64url_encode
from dongui.encoding.jwk import write_jwk
from dongui.encoding.strict_json import JsonObject, JsonValue
from dongui.environment import Clock, Entropy
from dongui.errors import Misuse

__all__ = ["CredentialSigner", "issue", "portrait_claim"]

_SALT_BYTES = 16  # RFC 9901, 9.3
_RESERVED = frozenset({"_sd", "...", "_sd_alg"})
# Set here, or decided by whoever verifies: never the holder's to hide.
_OURS = frozenset({"iss", "iat", "nbf", "exp", "vct", "cnf", "status"})


class _Issued(Protocol):
    sd_jwt_issuance: str


@dataclass(frozen=True, slots=True)
class CredentialSigner:
    """Who signs credentials: a certificate under an authority's root that speaks for ``issuer``, and its key.

    ``repr`` shows no key.
    """

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    issuer: str

    @classmethod
    def create(
        cls,
        authority: Authority,
        *,
        issuer: str,
        algorithm: SigningAlgorithm,
        lifetime: timedelta,
        clock: Clock,
        entropy: Entropy,
    ) -> CredentialSigner:
        """Make a signer with a new key, valid for ``lifetime`` (at most 457 days), speaking for an HTTPS URI.

        Raises ``Misuse``: ``issuing.bad-lifetime``, ``issuing.outlives-authority``; ``Trouble``:
        ``clock.implausible``.
        """
        period = CertificatePeriod.starting(clock.now(), lifetime=lifetime, limit=SIGNER_LIFETIME_MAX)
        if period.not_after > authority.certificate.not_valid_after_utc:
            raise Misuse("issuing.outlives-authority", "the signer would be valid for longer than the root")
        key = algorithm.generate_key()
        certificate = _certificate(authority, issuer, key.public_key(), period, entropy)
        return cls(certificate, key, issuer)


def portrait_claim(jpeg: bytes) -> str:
    """A JPEG as the data URI the profile asks binary claims to be."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def issue(
    claims: Mapping[str, JsonValue],
    *,
    document_type: str,
    signer: CredentialSigner,
    holder_key: PublicKey,
    validity: ValidityPeriod,
    status: StatusReference | None,
    clock: Clock,
    entropy: Entropy,
) -> bytes:
    """Return a credential (``dc+sd-jwt``) with a disclosure for each of ``claims``, bound to ``holder_key``.

    Raises ``Misuse``: ``issuing.bad-element`` (a claim of a reserved or registered name),
    ``issuing.backdated``, ``issuing.outlives-signer``; ``Trouble``: ``clock.implausible``.
    """
    issued_at = clock.now().replace(microsecond=0)
    _require_names(claims)
    _require_period(validity, signer, issued_at)
    registered = _registered(document_type, signer, holder_key, validity, status, issued_at)
    return _issue(claims, registered, signer, entropy).encode("ascii")


def _registered(
    document_type: str,
    signer: CredentialSigner,
    holder_key: PublicKey,
    validity: ValidityPeriod,
    status: StatusReference | None,
    issued_at: datetime,
) -> JsonObject:
    registered: JsonObject = {
        "iss": signer.issuer,
        "vct": document_type,
        "iat": int(issued_at.timestamp()),
        "nbf": int(validity.valid_from.timestamp()),
        "exp": int(validity.valid_until.timestamp()),
        "cnf": {"jwk": write_jwk(holder_key)},
    }
    if status is not None:
        registered["status"] = {"status_list": {"idx": status.index, "uri": status.uri}}
    return registered


def _issue(
    claims: Mapping[str, JsonValue], registered: JsonObject, signer: CredentialSigner, entropy: Entropy
) -> str:
    # Loaded here: nobody who only verifies needs it.
    from jwcrypto.jwk import JWK
    from sd_jwt.common import SDObj
    from sd_jwt.issuer import SDJWTIssuer

    def salt(_issuer: object) -> str:
        return base64url_encode(entropy.draw(_SALT_BYTES))

    salted: Callable[..., _Issued] = type("_Salted", (SDJWTIssuer,), {"_generate_salt": salt})
    certificate = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode("ascii")
    issued = salted(
        user_claims={**registered, **{SDObj(name): value for name, value in claims.items()}},
        issuer_key=JWK.from_pyca(signer.key),
        sign_alg=SigningAlgorithm.of_key(signer.key).value,
        extra_header_parameters={"typ": "dc+sd-jwt", "x5c": [certificate]},
    )
    return issued.sd_jwt_issuance


def _require_names(claims: Mapping[str, JsonValue]) -> None:
    for name in claims:
        if name in _OURS | _RESERVED or not name:
            raise Misuse("issuing.bad-element", f"{name!r} is no name for a claim about a person")


def _require_period(validity: ValidityPeriod, signer: CredentialSigner, issued_at: datetime) -> None:
    if validity.valid_from.replace(microsecond=0) < issued_at:
        raise Misuse("issuing.backdated", "valid_from lies before the moment of signing")
    end = signer.certificate.not_valid_after_utc
    if validity.valid_until > end:
        raise Misuse("issuing.outlives-signer", f"the signer's certificate ends on {end:%Y-%m-%d}")


def _certificate(
    authority: Authority, issuer: str, key: PublicKey, period: CertificatePeriod, entropy: Entropy
) -> x509.Certificate:
    """A leaf under the root whose alternative name is ``issuer``, for signatures alone."""
    root = authority.certificate
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    country = root.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)[0]
    common_name = x509.NameAttribute(NameOID.COMMON_NAME, "Credential signer")
    return (
        x509.CertificateBuilder()
        .serial_number(int.from_bytes(b"\x01" + entropy.draw(16), "big"))
        .issuer_name(root.subject)
        .subject_name(x509.Name([country, common_name]))
        .not_valid_before(period.not_before)
        .not_valid_after(period.not_after)
        .public_key(key)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_signatures_alone(), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(issuer)]), critical=False)
        .sign(authority.key, SigningAlgorithm.of_key(authority.key).certificate_hash)
    )


def _signatures_alone() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )

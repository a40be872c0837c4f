"""Credentials drafted piece by piece, with whatever wrong in them, from keys that are always the same.

It shares no line with Dongui's own reader, signer or issuer. Signatures are deterministic (RFC 6979), so the
same draft is the same text on every machine. A value of :class:`RawJson` goes into a text as it is.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulators.mdoc_certificates import CertificatePlan, Key, key_for, root_plan, usage
from simulators.mdoc_drafting import raw_signature

__all__ = [
    "AT",
    "CLIENT_ID",
    "ISSUER",
    "NONCE",
    "PORTRAIT",
    "TYPE",
    "Draft",
    "Json",
    "RawJson",
    "Shown",
    "base64url",
    "digest",
    "jwk",
    "signed",
    "signer_of",
    "token",
]

Json = Any
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW = int(AT.timestamp())
DAY = 86_400
ISSUER = "https://identity.example/issuer"
TYPE = "urn:eudi:pid:1"
CLIENT_ID = "x509_san_dns:gate.example"
NONCE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
PORTRAIT = "data:image/jpeg;base64,/9j/4CBhIHBpY3R1cmUgb2Ygbm9ib2R5IP/Z"
ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass(frozen=True)
class RawJson:
    """Bytes in place of a JSON text."""

    content: bytes


def base64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def text_of(value: Json) -> bytes:
    """The JSON text of a value."""
    return value.content if isinstance(value, RawJson) else json.dumps(value).encode()


def algorithm_of(key: Key) -> str:
    """The name the key signs under."""
    return "EdDSA" if isinstance(key, Ed25519PrivateKey) else ALGORITHMS.get(key.curve.name, "ES256K")


def token(header: Json, payload: Json, key: Key) -> str:
    """A compact JWS."""
    covered = f"{base64url(text_of(header))}.{base64url(text_of(payload))}"
    return signed(covered, key)


def signed(covered: str, key: Key) -> str:
    """A signing input with its signature."""
    return f"{covered}.{base64url(raw_signature(key, covered.encode()))}"


def jwk(key: Key) -> dict[str, Json]:
    """The public half."""
    if isinstance(key, Ed25519PrivateKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(key.public_key().public_bytes_raw())}
    numbers, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
    names = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
    return {
        "kty": "EC",
        "crv": names[key.curve.name],
        "x": base64url(numbers.x.to_bytes(size, "big")),
        "y": base64url(numbers.y.to_bytes(size, "big")),
    }


@dataclass
class Shown:
    """One disclosure: an array of salt, name and value, or of salt and value."""

    content: Json

    @classmethod
    def of(cls, name: str | None, value: Json) -> Shown:
        salt = base64url(hashlib.sha256(f"salt {name} {value!r}".encode()).digest()[:16])
        return cls([salt, value] if name is None else [salt, name, value])

    @property
    def encoded(self) -> str:
        return base64url(text_of(self.content))


def digest(shown: Shown, name: str = "sha256") -> str:
    """What stands for a disclosure in the payload."""
    return base64url(hashlib.new(name, shown.encoded.encode()).digest())


def signer_of(
    root: CertificatePlan, label: str = "sd-jwt signer", algorithm: str = "ES256"
) -> CertificatePlan:
    """A signer under ``root`` that may speak for :data:`ISSUER`."""
    key = key_for(label, algorithm)
    return CertificatePlan(
        subject=x509.Name(
            [
                x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "UT"),
                x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Utopia {label}"),
            ]
        ),
        issuer=root.subject,
        key=key,
        signed_by=root.key,
        not_before=datetime(2026, 6, 1, tzinfo=UTC),
        not_after=datetime(2027, 6, 1, tzinfo=UTC),
        hash=root.hash,
        extensions={
            "authorityKeyIdentifier": (
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()),
                False,
            ),
            "keyUsage": (usage("digital_signature"), True),
            "subjectAltName": (
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ISSUER)]),
                False,
            ),
        },
    )


def _claims() -> dict[str, Json]:
    return {"iss": ISSUER, "vct": TYPE, "iat": NOW - DAY, "exp": NOW + 300 * DAY, "_sd_alg": "sha-256"}


def _people() -> list[Shown]:
    return [
        Shown.of("family_name", "Seo"),
        Shown.of("document_number", "X1234567"),
        Shown.of("portrait", PORTRAIT),
    ]


@dataclass
class Draft:
    """A presentation before it is written. ``edits`` change a finished part: ``payload`` the claims
    with their digests, ``jwt`` the signed token, ``parts`` the disclosures sent, ``binding`` the key-binding
    claims, ``text`` the whole."""

    algorithm: str = "ES256"
    holder_algorithm: str = "ES256"
    hash_name: str = "sha-256"
    root: CertificatePlan = field(default_factory=root_plan)
    signer: CertificatePlan = field(init=False)
    between: list[CertificatePlan] = field(default_factory=list)
    header: dict[str, Json] = field(init=False)
    claims: dict[str, Json] = field(default_factory=_claims)
    shown: list[Shown] = field(default_factory=_people)
    hidden: list[Shown] = field(default_factory=lambda: [Shown.of("birthdate", "1990-04-12")])
    holder: Key = field(init=False)
    bound: bool = True
    binding_key: Key | None = None
    binding_header: dict[str, Json] = field(init=False)
    edits: dict[str, Callable[[Json], Json]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signer = signer_of(self.root, algorithm=self.algorithm)
        self.holder = key_for("sd-jwt holder", self.holder_algorithm)
        self.header = {"alg": algorithm_of(self.signer.key), "typ": "dc+sd-jwt"}
        self.binding_header = {"alg": algorithm_of(self.holder), "typ": "kb+jwt"}
        self.claims["cnf"] = {"jwk": jwk(self.holder)}
        if self.hash_name != "sha-256":
            self.claims["_sd_alg"] = self.hash_name

    def chain(self) -> list[str]:
        """The header's certificates."""
        plans = [self.signer, *self.between]
        return [base64.b64encode(plan.sign()).decode() for plan in plans]

    def build(self) -> bytes:
        """The whole presentation."""
        edit = self.edits
        name = self.hash_name.replace("-", "")
        digests = sorted(digest(shown, name) for shown in [*self.shown, *self.hidden])
        payload = self._edited("payload", {"_sd": digests, **self.claims})
        header = {"x5c": self.chain(), **self.header} if "x5c" not in self.header else self.header
        header = {name: value for name, value in header.items() if value is not None}
        jwt = self._edited("jwt", token(self._edited("header", header), payload, self.signer.key))
        parts = self._edited("parts", [shown.encoded for shown in self.shown])
        assert isinstance(parts, list)
        hashed = "".join(f"{part}~" for part in [jwt, *parts])
        text = hashed + (self._bind(hashed, name) if self.bound else "")
        whole = edit["text"](text) if "text" in edit else text
        return whole if isinstance(whole, bytes) else str(whole).encode()

    def _bind(self, hashed: str, name: str) -> str:
        claims = {
            "iat": NOW - 10,
            "aud": CLIENT_ID,
            "nonce": NONCE,
            "sd_hash": base64url(hashlib.new(name, hashed.encode()).digest()),
        }
        return token(self.binding_header, self._edited("binding", claims), self.binding_key or self.holder)

    def _edited(self, what: str, value: Json) -> Json:
        return self.edits[what](value) if what in self.edits else value

"""Signature algorithms as travel documents' certificates and signed messages name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dongui.encoding.der import DerError, Node

__all__ = ["DIGESTS", "SignatureScheme", "UnknownScheme", "read_digest", "read_scheme"]

Family = Literal["rsa-pkcs1", "rsa-pss", "ecdsa", "ecdsa-plain", "ed25519"]

DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.4": "sha224",
}
_PSS, _MGF1 = "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
_SCHEMES: dict[str, tuple[Family, str]] = {
    "1.2.840.113549.1.1.5": ("rsa-pkcs1", "sha1"),
    "1.2.840.113549.1.1.14": ("rsa-pkcs1", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa-pkcs1", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa-pkcs1", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa-pkcs1", "sha512"),
    "1.2.840.10045.4.1": ("ecdsa", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "sha512"),
    # BSI TR-03111, 5.2.1: the two halves one after another, without ASN.1 around them.
    "0.4.0.127.0.7.1.1.4.1.1": ("ecdsa-plain", "sha1"),
    "0.4.0.127.0.7.1.1.4.1.2": ("ecdsa-plain", "sha224"),
    "0.4.0.127.0.7.1.1.4.1.3": ("ecdsa-plain", "sha256"),
    "0.4.0.127.0.7.1.1.4.1.4": ("ecdsa-plain", "sha384"),
    "0.4.0.127.0.7.1.1.4.1.5": ("ecdsa-plain", "sha512"),
}
# Kinds of key, not of signature: some signed messages name these and leave the digest to the digest's field.
_BARE: dict[str, Family] = {"1.2.840.113549.1.1.1": "rsa-pkcs1", "1.2.840.10045.2.1": "ecdsa"}


class UnknownScheme(ValueError):
    """An algorithm that is not known here, or no longer accepted (MD5)."""


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How something was signed. ``salt_octets`` and ``mask_digest`` are RSASSA-PSS's alone."""

    family: Family
    digest: str
    mask_digest: str | None = None
    salt_octets: int | None = None

    @property
    def uses_sha1(self) -> bool:
        """Whether the signed digest is SHA-1, for which collisions can be made since 2017."""
        return self.digest == "sha1"

    def __str__(self) -> str:
        return f"{self.family}-{self.digest}"


def read_digest(algorithm: Node) -> str:
    """The digest an AlgorithmIdentifier names. Raises :class:`UnknownScheme`, :class:`DerError`."""
    oid = algorithm.sequence("digest algorithm")[0].oid("digest algorithm")
    if oid not in DIGESTS:
        raise UnknownScheme(f"the digest {oid}")
    return DIGESTS[oid]


def read_scheme(algorithm: Node, *, digest: str | None) -> SignatureScheme:
    """The scheme an AlgorithmIdentifier names.

    ``digest`` is the one named elsewhere, for identifiers that name only the kind of key; ``None`` where
    there is no elsewhere (certificates). Raises :class:`UnknownScheme`, :class:`DerError`.
    """
    parts = algorithm.sequence("signature algorithm")
    if not parts:
        raise DerError("a signature algorithm without a name")
    oid = parts[0].oid("signature algorithm")
    if oid == _PSS:
        return _pss(parts[1:])
    if oid in _SCHEMES:
        return SignatureScheme(*_SCHEMES[oid])
    if oid in _BARE and digest is not None:
        return SignatureScheme(_BARE[oid], digest)
    raise UnknownScheme(f"the signature algorithm {oid}")


def _pss(rest: tuple[Node, ...]) -> SignatureScheme:
    """RFC 4055, 3.1: every parameter has a default, and the defaults are SHA-1 and 20 octets."""
    given = {part.tag: part.inner("parameter") for part in (rest[0].sequence("parameters") if rest else ())}
    if not given.keys() <= {0xA0, 0xA1, 0xA2, 0xA3}:
        raise UnknownScheme("RSASSA-PSS with a parameter nobody defined")
    digest = read_digest(given[0xA0]) if 0xA0 in given else "sha1"
    salt = given[0xA2].integer("salt length") if 0xA2 in given else 20
    if not 0 <= salt <= 512 or (0xA3 in given and given[0xA3].integer("trailer") != 1):
        raise UnknownScheme("RSASSA-PSS with a salt length or trailer that cannot be")
    return SignatureScheme("rsa-pss", digest, _mask(given[0xA1]) if 0xA1 in given else "sha1", salt)


def _mask(algorithm: Node) -> str:
    parts = algorithm.sequence("mask generation")
    if len(parts) != 2 or parts[0].oid("mask generation") != _MGF1:
        raise UnknownScheme("a mask generation other than MGF1")
    return read_digest(parts[1])

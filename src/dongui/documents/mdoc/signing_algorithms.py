"""The signature algorithms of ISO/IEC 18013-5, 9.1.2.5 (issuer) and 9.1.3.6 (device), and their keys."""

from __future__ import annotations

from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.encoding.cose import PrivateKey

__all__ = ["SigningAlgorithm"]

_CURVES: dict[str, type[ec.SECP256R1] | type[ec.SECP384R1] | type[ec.SECP521R1]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
_HASHES: dict[str, type[hashes.SHA256] | type[hashes.SHA384] | type[hashes.SHA512]] = {
    "ES256": hashes.SHA256,
    "ES384": hashes.SHA384,
    "ES512": hashes.SHA512,
}


class SigningAlgorithm(StrEnum):
    """One algorithm and, with it, one curve: ISO/IEC 18013-5 pairs them, RFC 9053 alone does not."""

    ES256 = "ES256"  # P-256, SHA-256
    ES384 = "ES384"  # P-384, SHA-384
    ES512 = "ES512"  # P-521, SHA-512
    EDDSA = "EdDSA"  # Ed25519

    def generate_key(self) -> PrivateKey:
        """Return a new private key on this algorithm's curve, from the operating system's generator."""
        if self is SigningAlgorithm.EDDSA:
            return Ed25519PrivateKey.generate()
        return ec.generate_private_key(_CURVES[self]())

    @property
    def certificate_hash(self) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
        """The hash a certificate is signed with; ``None`` for EdDSA, which brings its own."""
        return None if self is SigningAlgorithm.EDDSA else _HASHES[self]()

    @classmethod
    def of_key(cls, key: PrivateKey) -> SigningAlgorithm:
        """Return the algorithm of a key. Raises ``ValueError`` for a curve outside the standard's."""
        if isinstance(key, Ed25519PrivateKey):
            return cls.EDDSA
        for name, curve in _CURVES.items():
            if isinstance(key.curve, curve):
                return cls(name)
        raise ValueError(f"the curve {key.curve.name} is not one of P-256, P-384, P-521, Ed25519")

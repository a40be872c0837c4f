"""With what a simulated country signs: key, digest, padding, and how signed messages name them."""

from __future__ import annotations

from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from dongui.encoding.der import encode, encode_integer, encode_oid

__all__ = ["PrivateKey", "SignatureChoice", "digest_algorithm"]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_DIGEST_OIDS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_NULL = encode(0x05)


class SignatureChoice(StrEnum):
    """With what an authority and its signers sign. Every combination verifies with every other."""

    ECDSA_P256_SHA256 = "ecdsa-p256-sha256"
    ECDSA_P384_SHA384 = "ecdsa-p384-sha384"
    ECDSA_P521_SHA512 = "ecdsa-p521-sha512"
    ECDSA_BRAINPOOL256_SHA256 = "ecdsa-brainpool256-sha256"
    ECDSA_BRAINPOOL384_SHA384 = "ecdsa-brainpool384-sha384"
    ECDSA_BRAINPOOL512_SHA512 = "ecdsa-brainpool512-sha512"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA512 = "rsa-pss-sha512"

    @property
    def digest(self) -> str:
        """The digest's name, as :mod:`hashlib` has it."""
        return self.value.rsplit("-", 1)[1]

    def generate_key(self) -> PrivateKey:
        """Return a new private key: the curve named, or RSA with 3,072 bits."""
        curve = _CURVES.get(self.value.split("-")[1])
        return rsa.generate_private_key(65537, 3072) if curve is None else ec.generate_private_key(curve)

    @property
    def hash(self) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
        """The digest, as ``cryptography`` has it."""
        return _HASHES[self.digest]

    @property
    def padding(self) -> padding.PSS | padding.PKCS1v15 | None:
        """RSA's padding; ``None`` on an elliptic curve."""
        if self.startswith("rsa-pss"):
            return padding.PSS(padding.MGF1(self.hash), self.hash.digest_size)
        return padding.PKCS1v15() if self.startswith("rsa") else None

    def sign(self, key: PrivateKey, data: bytes) -> bytes:
        """Return the signature of ``key``, one of :meth:`generate_key`'s, over ``data``."""
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(self.hash))
        return key.sign(data, self.padding or padding.PKCS1v15(), self.hash)

    @property
    def identifier(self) -> bytes:
        """The AlgorithmIdentifier of the signature, in DER."""
        if self.startswith("ecdsa"):
            return encode(0x30, encode_oid(_ECDSA_OIDS[self.digest]))
        if self is SignatureChoice.RSA_PKCS1_SHA256:
            return encode(0x30, encode_oid("1.2.840.113549.1.1.11"), _NULL)
        digest = digest_algorithm(self.digest)
        mask = encode(0x30, encode_oid("1.2.840.113549.1.1.8"), digest)
        salt = encode_integer(self.hash.digest_size)
        parameters = encode(0x30, encode(0xA0, digest), encode(0xA1, mask), encode(0xA2, salt))
        return encode(0x30, encode_oid("1.2.840.113549.1.1.10"), parameters)


def digest_algorithm(digest: str) -> bytes:
    """Return a digest's AlgorithmIdentifier in DER."""
    return encode(0x30, encode_oid(_DIGEST_OIDS[digest]), _NULL)


_CURVES: dict[str, ec.EllipticCurve] = {
    "p256": ec.SECP256R1(),
    "p384": ec.SECP384R1(),
    "p521": ec.SECP521R1(),
    "brainpool256": ec.BrainpoolP256R1(),
    "brainpool384": ec.BrainpoolP384R1(),
    "brainpool512": ec.BrainpoolP512R1(),
}
_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_ECDSA_OIDS = {
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}

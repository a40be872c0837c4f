"""Public keys of travel documents' authorities, and whether they verify a signature.

``cryptography`` verifies; :mod:`.public_data_ecdsa` steps in for the curves it does not have.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from dongui.documents.trust.explicit_curves import NamedCurve, read_curve, read_point
from dongui.documents.trust.public_data_ecdsa import verify_ecdsa
from dongui.documents.trust.signature_schemes import SignatureScheme
from dongui.encoding.der import DerError, Node, read

__all__ = ["MAX_RSA_BITS", "MIN_RSA_BITS", "EcKey", "PublicKey", "RsaKey", "read_public_key", "verifies"]

MIN_RSA_BITS = 2_048  # ICAO 9303-12, 4.1.6.1: of document signers; authorities have 3,072
MAX_RSA_BITS = 8_192  # beyond it one verification is a denial of service
_RSA = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})
_EC = "1.2.840.10045.2.1"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - whether it may count is judged by the path, not here
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_LIBRARY_CURVES: dict[str, ec.EllipticCurve] = {
    curve.name: curve
    for curve in (
        ec.SECP224R1(),
        ec.SECP256R1(),
        ec.SECP384R1(),
        ec.SECP521R1(),
        ec.BrainpoolP256R1(),
        ec.BrainpoolP384R1(),
        ec.BrainpoolP512R1(),
    )
}


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA public key of 2,048 to 8,192 bits."""

    modulus: int = field(repr=False)
    exponent: int = field(repr=False)

    def __str__(self) -> str:
        return f"RSA {self.modulus.bit_length()}"


@dataclass(frozen=True, slots=True)
class EcKey:
    """A point on a named curve, however the curve was written."""

    curve: NamedCurve
    x: int = field(repr=False)
    y: int = field(repr=False)

    def __str__(self) -> str:
        return f"EC {self.curve.name}"


PublicKey = RsaKey | EcKey


def read_public_key(info: Node) -> PublicKey:
    """Read a SubjectPublicKeyInfo. Raises :class:`DerError`, :class:`~.explicit_curves.UnknownCurve`."""
    algorithm, *rest = info.sequence("public key")
    kind, *parameters = algorithm.sequence("kind of key")
    if len(rest) != 1:
        raise DerError("a public key that is not two parts")
    encoded = rest[0].bits("public key")
    oid = kind.oid("kind of key")
    if oid in _RSA:
        return _rsa_key(encoded)
    if oid == _EC and len(parameters) == 1:
        curve = read_curve(parameters[0])
        return EcKey(curve, *read_point(curve, encoded))
    raise DerError("a kind of key that is neither RSA nor on an elliptic curve")


def verifies(key: PublicKey, scheme: SignatureScheme, *, signature: bytes, data: bytes) -> bool:
    """Whether ``key`` verifies ``signature`` over ``data``; never with a scheme of the other kind of key."""
    if isinstance(key, RsaKey):
        return _verifies_rsa(key, scheme, signature, data)
    halves = _halves(key.curve, scheme, signature)
    digest = hashlib.new(scheme.digest, data, usedforsecurity=True).digest()
    if halves is None:
        return False
    if key.curve.name in _LIBRARY_CURVES:
        return _library_verifies(key, scheme, encode_dss_signature(*halves), digest)
    return verify_ecdsa(key.curve, (key.x, key.y), r=halves[0], s=halves[1], digest=digest)


def _rsa_key(encoded: bytes) -> RsaKey:
    parts = read(encoded, max_bytes=4_096, what="RSA key").sequence("RSA key")
    if len(parts) != 2:
        raise DerError("an RSA key that is not two numbers")
    modulus, exponent = parts[0].integer("modulus"), parts[1].integer("exponent")
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS or modulus % 2 == 0:
        raise DerError(
            f"an RSA key of {modulus.bit_length()} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} are taken"
        )
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64:
        raise DerError("an RSA key with an exponent that cannot be")
    return RsaKey(modulus, exponent)


def _verifies_rsa(key: RsaKey, scheme: SignatureScheme, signature: bytes, data: bytes) -> bool:
    if scheme.family == "rsa-pkcs1":
        how: padding.AsymmetricPadding = padding.PKCS1v15()
    elif scheme.family == "rsa-pss" and scheme.mask_digest is not None and scheme.salt_octets is not None:
        how = padding.PSS(padding.MGF1(_HASHES[scheme.mask_digest]), scheme.salt_octets)
    else:
        return False
    try:
        public = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
        public.verify(signature, data, how, _HASHES[scheme.digest])
    except (InvalidSignature, ValueError):
        return False
    return True


def _library_verifies(key: EcKey, scheme: SignatureScheme, signature: bytes, digest: bytes) -> bool:
    public = ec.EllipticCurvePublicNumbers(key.x, key.y, _LIBRARY_CURVES[key.curve.name]).public_key()
    try:
        public.verify(signature, digest, ec.ECDSA(Prehashed(_HASHES[scheme.digest])))
    except InvalidSignature:
        return False
    return True


def _halves(curve: NamedCurve, scheme: SignatureScheme, signature: bytes) -> tuple[int, int] | None:
    """r and s, each in [1, n-1]; ``None`` where they are not, or the scheme is not this kind of key's."""
    if scheme.family == "ecdsa-plain":
        size = (curve.n.bit_length() + 7) // 8
        halves = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        well_formed = len(signature) == 2 * size
    elif scheme.family == "ecdsa":
        try:
            parts = read(signature, max_bytes=256, what="signature").sequence("signature")
            halves = parts[0].integer("r"), parts[1].integer("s")
            well_formed = len(parts) == 2
        except (DerError, IndexError):
            return None
    else:
        return None
    return halves if well_formed and all(0 < half < curve.n for half in halves) else None

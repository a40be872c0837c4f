"""A simulated chip's side of active authentication (ICAO 9303-11, 6.1)."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from dongui.environment import SystemEntropy

__all__ = ["sign_plain", "sign_rsa"]


def sign_rsa(key: rsa.RSAPrivateKey, challenge: bytes, *, digest: str = "sha256") -> bytes:
    """Sign as ISO/IEC 9796-2, scheme 1, with message recovery."""
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    trailer = {"sha1": b"\xbc", "sha256": b"\x34\xcc", "sha512": b"\x35\xcc"}[digest]
    recovered = hashlib.shake_256(SystemEntropy().draw(32)).digest(
        size - 1 - len(trailer) - hashlib.new(digest).digest_size
    )
    code = hashlib.new(digest, recovered + challenge).digest()
    number = int.from_bytes(b"\x6a" + recovered + code + trailer, "big")
    signed = pow(number, numbers.d, modulus)
    return min(signed, modulus - signed).to_bytes(size, "big")


def sign_plain(key: ec.EllipticCurvePrivateKey, challenge: bytes) -> bytes:
    """Sign with ECDSA and SHA-256, the halves one after another (BSI TR-03111, 5.2.1)."""
    r, s = decode_dss_signature(key.sign(challenge, ec.ECDSA(hashes.SHA256())))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")

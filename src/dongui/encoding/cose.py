"""COSE_Sign1 and COSE_Mac0 (RFC 9052), over ``cryptography``.

Only what a verifier needs, and each thing in one way: the algorithm stands in the protected header and is
one the caller allows; the key's curve belongs to it; a header is found in one of the two maps, never both;
a critical header is refused, because none is understood. A payload is either carried or detached, as the
caller says: a message that could be read both ways could be verified one way and used the other.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NoReturn, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, Limits, Tagged
from dongui.errors import Refused

__all__ = [
    "SIGNATURE_ALGORITHMS",
    "Algorithm",
    "CoseMessage",
    "PrivateKey",
    "PublicKey",
    "mac0",
    "read_mac0",
    "read_sign1",
    "sign1",
    "verify_mac0",
    "verify_sign1",
    "x5chain",
]

PrivateKey: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey
PublicKey: TypeAlias = EllipticCurvePublicKey | Ed25519PublicKey


class Algorithm(IntEnum):
    """The algorithms of RFC 9053 that are read here."""

    ES256 = -7
    ES384 = -35
    ES512 = -36
    EDDSA = -8  # with Ed25519 only
    HMAC_256_256 = 5


SIGNATURE_ALGORITHMS = frozenset({Algorithm.ES256, Algorithm.ES384, Algorithm.ES512, Algorithm.EDDSA})

_HASHES: dict[Algorithm, type[hashes.HashAlgorithm]] = {
    Algorithm.ES256: hashes.SHA256,
    Algorithm.ES384: hashes.SHA384,
    Algorithm.ES512: hashes.SHA512,
}
# ISO/IEC 18013-5:2021, 9.1.2.4 and table 22, pair each algorithm with these curves and no other.
_CURVES = {
    "secp256r1": Algorithm.ES256,
    "brainpoolP256r1": Algorithm.ES256,
    "secp384r1": Algorithm.ES384,
    "brainpoolP384r1": Algorithm.ES384,
    "secp521r1": Algorithm.ES512,
    "brainpoolP512r1": Algorithm.ES512,
}
_ALG, _CRIT, _X5CHAIN = 1, 2, 33  # RFC 9052, 3.1; RFC 9360, 2
_SIGN1_TAG, _MAC0_TAG = 18, 17
_HMAC_KEY_BYTES = 32
_PROTECTED_HEADER = Limits(max_bytes=64 * 1024, max_depth=6, max_items=256)
_MAX_CHAIN_CERTIFICATES = 8

Headers: TypeAlias = Mapping[CborKey, CborValue]


@dataclass(frozen=True, slots=True)
class CoseMessage:
    """A COSE_Sign1 or COSE_Mac0 as read: nothing in it is verified yet.

    ``protected`` holds the header's bytes as received, because they are what was signed; ``proof`` is the
    signature (r and s, each as long as the curve) or the authentication code.
    """

    protected: bytes
    headers: Headers
    unprotected: Headers
    payload: bytes | None = field(repr=False)
    proof: bytes

    def to_cbor(self) -> list[CborValue]:
        """The untagged array of four, for :func:`dongui.encoding.cbor.dumps` or for embedding."""
        return [self.protected, dict(self.unprotected), self.payload, self.proof]


def sign1(
    payload: bytes,
    *,
    key: PrivateKey,
    protected: Headers | None = None,
    unprotected: Headers | None = None,
    detached: bool = False,
    external_aad: bytes = b"",
) -> CoseMessage:
    """Sign ``payload``; the algorithm follows from the key and is added to the protected header.

    Raises ``Refused`` (``cose.key-mismatch``) for a curve without an algorithm here.
    """
    algorithm = _algorithm_of(key.public_key())
    headers: dict[CborKey, CborValue] = {**(protected or {}), _ALG: int(algorithm)}
    encoded = cbor.dumps(headers)
    signature = _sign(key, algorithm, _to_be_proved("Signature1", encoded, external_aad, payload))
    return CoseMessage(encoded, headers, dict(unprotected or {}), None if detached else payload, signature)


def mac0(
    payload: bytes,
    *,
    key: bytes,
    protected: Headers | None = None,
    unprotected: Headers | None = None,
    detached: bool = False,
    external_aad: bytes = b"",
) -> CoseMessage:
    """Authenticate ``payload`` with HMAC 256/256 under a key of 32 bytes (else ``ValueError``)."""
    headers: dict[CborKey, CborValue] = {**(protected or {}), _ALG: int(Algorithm.HMAC_256_256)}
    encoded = cbor.dumps(headers)
    code = _hmac(key, _to_be_proved("MAC0", encoded, external_aad, payload))
    return CoseMessage(encoded, headers, dict(unprotected or {}), None if detached else payload, code)


def read_sign1(value: CborValue) -> CoseMessage:
    """Read a COSE_Sign1, tagged 18 or not. Raises ``cose.malformed``, ``cose.header-twice``, ``cbor.*``."""
    return _read(value, _SIGN1_TAG)


def read_mac0(value: CborValue) -> CoseMessage:
    """Read a COSE_Mac0, tagged 17 or not. Raises ``cose.malformed``, ``cose.header-twice``, ``cbor.*``."""
    return _read(value, _MAC0_TAG)


def verify_sign1(
    message: CoseMessage,
    *,
    key: PublicKey,
    algorithms: Collection[Algorithm],
    detached_payload: bytes | None = None,
    external_aad: bytes = b"",
) -> bytes:
    """Return the payload the signature covers.

    Raises ``Refused``: ``cose.algorithm-missing``, ``cose.algorithm-not-allowed``, ``cose.key-mismatch``,
    ``cose.critical-header``, ``cose.payload-missing``, ``cose.payload-unexpected`` (carried although
    ``detached_payload`` was given), ``cose.signature-invalid``.
    """
    algorithm = _checked_algorithm(message, algorithms)
    if algorithm is not _algorithm_of(key):
        _refuse("cose.key-mismatch", f"{algorithm.name} does not go with the key given")
    payload = _payload(message, detached_payload)
    signed = _to_be_proved("Signature1", message.protected, external_aad, payload)
    try:
        _verify(key, algorithm, message.proof, signed)
    except InvalidSignature:
        _refuse("cose.signature-invalid", f"the {algorithm.name} signature does not verify")
    return payload


def verify_mac0(
    message: CoseMessage, *, key: bytes, detached_payload: bytes | None = None, external_aad: bytes = b""
) -> bytes:
    """Return the payload the HMAC 256/256 code covers; compared in constant time.

    Raises ``Refused`` like :func:`verify_sign1`, with ``cose.mac-invalid`` in place of the signature's.
    """
    _checked_algorithm(message, {Algorithm.HMAC_256_256})
    payload = _payload(message, detached_payload)
    expected = _hmac(key, _to_be_proved("MAC0", message.protected, external_aad, payload))
    if not hmac.compare_digest(expected, message.proof):
        _refuse("cose.mac-invalid", "the HMAC 256/256 code does not verify")
    return payload


def x5chain(message: CoseMessage) -> tuple[bytes, ...]:
    """Return the encoded certificates of header 33, the signer's first (RFC 9360), between 1 and 8.

    They are only a claim until a path to an anchor is proved, so either header map may hold them.
    Raises ``cose.certificate-missing``, ``cose.certificate-chain-malformed``.
    """
    value = message.headers.get(_X5CHAIN, message.unprotected.get(_X5CHAIN))
    if value is None:
        _refuse("cose.certificate-missing", "header 33 (x5chain) is absent")
    # RFC 9360: one certificate is a bare byte string, an array holds two or more. Arrays of one are common
    # among issuers and say the same thing, so they are read.
    chain = [value] if isinstance(value, bytes) else value
    if not isinstance(chain, list) or not 1 <= len(chain) <= _MAX_CHAIN_CERTIFICATES:
        _refuse(
            "cose.certificate-chain-malformed",
            f"x5chain must hold 1 to {_MAX_CHAIN_CERTIFICATES} certificates",
        )
    certificates = tuple(item for item in chain if isinstance(item, bytes) and item)
    if len(certificates) != len(chain):
        _refuse("cose.certificate-chain-malformed", "x5chain holds something other than encoded certificates")
    return certificates


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)


def _read(value: CborValue, tag: int) -> CoseMessage:
    if isinstance(value, Tagged) and value.number == tag:
        value = value.value
    if not isinstance(value, list) or len(value) != 4:
        _refuse("cose.malformed", "a COSE message is an array of four")
    protected, unprotected, payload, proof = value
    if not (isinstance(protected, bytes) and isinstance(unprotected, dict) and isinstance(proof, bytes)):
        _refuse("cose.malformed", "a COSE message holds bytes, a map, a payload and bytes")
    if not isinstance(payload, bytes | None):
        _refuse("cose.malformed", "a COSE payload is a byte string or null")
    headers = _protected_header(protected)
    if both := headers.keys() & unprotected.keys():  # RFC 9052, 3: labels must not occur in both
        _refuse("cose.header-twice", f"{len(both)} header(s) stand in both maps")
    return CoseMessage(protected, headers, unprotected, payload, proof)


def _protected_header(encoded: bytes) -> dict[CborKey, CborValue]:
    if not encoded:
        return {}
    headers = cbor.loads(encoded, limits=_PROTECTED_HEADER)
    if not isinstance(headers, dict):
        _refuse("cose.malformed", "the protected header is not a map")
    return headers


def _checked_algorithm(message: CoseMessage, allowed: Collection[Algorithm]) -> Algorithm:
    if _CRIT in message.headers or _CRIT in message.unprotected:
        _refuse("cose.critical-header", "the crit header is present and no extension is understood")
    named = message.headers.get(_ALG)
    if named is None:
        # An algorithm outside the protected header could be swapped by whoever carries the message.
        _refuse("cose.algorithm-missing", "the protected header names no algorithm")
    for algorithm in allowed:
        if isinstance(named, int) and named == algorithm:
            return algorithm
    _refuse("cose.algorithm-not-allowed", f"allowed are {', '.join(sorted(a.name for a in allowed))}")


def _payload(message: CoseMessage, detached: bytes | None) -> bytes:
    if detached is None:
        if message.payload is None:
            _refuse("cose.payload-missing", "the payload is detached and none was given")
        return message.payload
    if message.payload is not None:
        _refuse("cose.payload-unexpected", "the message carries a payload where it must be detached")
    return detached


def _to_be_proved(context: str, protected: bytes, external_aad: bytes, payload: bytes) -> bytes:
    """Sig_structure and MAC_structure (RFC 9052, 4.4 and 6.3): alike but for their context."""
    return cbor.dumps([context, protected, external_aad, payload])


def _algorithm_of(key: PublicKey) -> Algorithm:
    if isinstance(key, Ed25519PublicKey):
        return Algorithm.EDDSA
    algorithm = _CURVES.get(key.curve.name)
    if algorithm is None:
        _refuse("cose.key-mismatch", f"no algorithm is allowed with the curve {key.curve.name}")
    return algorithm


def _coordinate_bytes(key: EllipticCurvePublicKey) -> int:
    return (key.curve.key_size + 7) // 8


def _sign(key: PrivateKey, algorithm: Algorithm, message: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.sign(message, ECDSA(_HASHES[algorithm]())))
    size = _coordinate_bytes(key.public_key())
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _verify(key: PublicKey, algorithm: Algorithm, signature: bytes, message: bytes) -> None:
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, message)
        return
    size = _coordinate_bytes(key)
    if len(signature) != 2 * size:
        raise InvalidSignature
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    key.verify(encode_dss_signature(r, s), message, ECDSA(_HASHES[algorithm]()))


def _hmac(key: bytes, message: bytes) -> bytes:
    if len(key) != _HMAC_KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes; HMAC 256/256 takes {_HMAC_KEY_BYTES}")
    return hmac.digest(key, message, "sha256")

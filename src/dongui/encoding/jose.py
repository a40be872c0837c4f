"""Compact JWS (RFC 7515) over ``cryptography``: what a verifier needs, each thing in one way.

The algorithm is one the caller allows and the only one the key's curve goes with; there is no ``none`` and no
shared secret here at all, so a public key can never be taken for one. A critical header is refused, because
none is understood. A header's own key (``jwk``, ``jku``) is never looked at: whoever signs would vouch for
himself.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from dongui.encoding import strict_json
from dongui.encoding.cose import PrivateKey, PublicKey
from dongui.encoding.strict_json import JsonLimits, JsonObject, JsonValue
from dongui.errors import Refused

__all__ = [
    "JWS_ALGORITHMS",
    "Jws",
    "JwsAlgorithm",
    "algorithms_of",
    "base64url_decode",
    "base64url_encode",
    "read_jws",
    "sign_jws",
    "verify_jws",
    "x5c",
]


class JwsAlgorithm(StrEnum):
    """The algorithms of RFC 7518, RFC 8037 and RFC 9864 that are read here."""

    ES256 = "ES256"  # P-256, SHA-256
    ES384 = "ES384"  # P-384, SHA-384
    ES512 = "ES512"  # P-521, SHA-512
    EDDSA = "EdDSA"  # with Ed25519 only
    ED25519 = "Ed25519"  # the same by its fully-specified name


JWS_ALGORITHMS = frozenset(JwsAlgorithm)

_ECDSA: dict[str, tuple[JwsAlgorithm, type[hashes.HashAlgorithm]]] = {
    "secp256r1": (JwsAlgorithm.ES256, hashes.SHA256),
    "secp384r1": (JwsAlgorithm.ES384, hashes.SHA384),
    "secp521r1": (JwsAlgorithm.ES512, hashes.SHA512),
}
_HEADER = JsonLimits(max_bytes=128 * 1024, max_depth=8, max_items=256)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_MAX_SIGNATURE_CHARACTERS = 256
_MAX_CHAIN_CERTIFICATES = 8
_MAX_NAME_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS as read: nothing in it is verified yet. ``signed`` is the signing input as received."""

    header: Mapping[str, JsonValue] = field(repr=False)
    payload: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def type(self) -> JsonValue:
        """The header's ``typ``, or ``None``."""
        return self.header.get("typ")


def base64url_encode(data: bytes) -> str:
    """Return base64url without padding (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64url_decode(text: str) -> bytes:
    """Return what a text in base64url without padding says, if it is the only text that says it.

    Raises ``Refused`` (``jose.base64url-malformed``): another alphabet, padding, an impossible length, bits
    set beyond the last byte (two spellings of one signature would be two documents).
    """
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        _refuse("jose.base64url-malformed", "a part is not base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        _refuse("jose.base64url-malformed", "a part is not base64url")
    if base64url_encode(data) != text:
        _refuse("jose.base64url-malformed", "a part has bits set beyond its last byte")
    return data


def read_jws(text: str, *, max_bytes: int) -> Jws:
    """Read the three parts of a compact JWS of at most ``max_bytes`` characters.

    Raises ``Refused``: ``jose.malformed``, ``jose.base64url-malformed``, ``jose.json-*``,
    ``jose.critical-header``, ``jose.algorithm-missing``.
    """
    if len(text) > max_bytes:
        _refuse("jose.malformed", f"{len(text)} characters; the limit is {max_bytes}")
    parts = text.split(".", 3)
    if len(parts) != 3 or not all(parts) or len(parts[2]) > _MAX_SIGNATURE_CHARACTERS:
        _refuse("jose.malformed", "a signed token has a header, a payload and a signature")
    header = strict_json.loads_object(base64url_decode(parts[0]), limits=_HEADER)
    if "crit" in header:
        _refuse("jose.critical-header", "the crit header is present and no extension is understood")
    if not isinstance(header.get("alg"), str):
        _refuse("jose.algorithm-missing", "the header names no algorithm")
    payload, signature = base64url_decode(parts[1]), base64url_decode(parts[2])
    signed = text[: len(parts[0]) + 1 + len(parts[1])].encode("ascii")
    return Jws(header, payload, signed, signature)


def algorithms_of(key: PublicKey) -> frozenset[JwsAlgorithm]:
    """The algorithms a key goes with: one, or for Ed25519 the two names of one; none for other curves."""
    if isinstance(key, Ed25519PublicKey):
        return frozenset({JwsAlgorithm.EDDSA, JwsAlgorithm.ED25519})
    known = _ECDSA.get(key.curve.name)
    return frozenset({known[0]}) if known else frozenset()


def verify_jws(jws: Jws, *, key: PublicKey, algorithms: Collection[JwsAlgorithm]) -> bytes:
    """Return the payload the signature covers.

    Raises ``Refused``: ``jose.algorithm-not-allowed``, ``jose.key-mismatch``, ``jose.signature-invalid``.
    """
    named = jws.header.get("alg")
    if named not in algorithms:
        allowed = ", ".join(sorted(algorithms))
        shown = ascii(str(named)[:_MAX_NAME_CHARACTERS])
        _refuse("jose.algorithm-not-allowed", f"{shown}; allowed are {allowed}")
    if named not in algorithms_of(key):
        _refuse("jose.key-mismatch", f"{named} does not go with the issuer's or holder's key")
    try:
        _verify(key, jws.signature, jws.signed)
    except InvalidSignature:
        _refuse("jose.signature-invalid", f"the {named} signature does not verify")
    return jws.payload


def sign_jws(payload: bytes, *, key: PrivateKey, header: Mapping[str, JsonValue]) -> str:
    """Sign ``payload``; the algorithm follows from the key and is put into the header.

    Raises ``Refused`` (``jose.key-mismatch``) for a curve without an algorithm here.
    """
    algorithms = algorithms_of(key.public_key())
    if not algorithms:
        _refuse("jose.key-mismatch", "no algorithm is allowed with the key's curve")
    algorithm = JwsAlgorithm.EDDSA if JwsAlgorithm.EDDSA in algorithms else next(iter(algorithms))
    protected: JsonObject = {"alg": algorithm.value, **header}
    encoded = f"{base64url_encode(strict_json.dumps(protected))}.{base64url_encode(payload)}"
    return f"{encoded}.{base64url_encode(_sign(key, encoded.encode('ascii')))}"


def x5c(jws: Jws) -> tuple[bytes, ...] | None:
    """The encoded certificates of the header, the signer's first (RFC 7515, 4.1.6), or ``None`` without any.

    They are only a claim until a path to an anchor is proved. Raises ``jose.certificate-chain-malformed``.
    """
    if "x5c" not in jws.header:
        return None
    value = jws.header["x5c"]
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_CHAIN_CERTIFICATES:
        _refuse(
            "jose.certificate-chain-malformed", f"x5c must hold 1 to {_MAX_CHAIN_CERTIFICATES} certificates"
        )
    return tuple(_certificate(item) for item in value)


def _certificate(item: JsonValue) -> bytes:
    try:
        # RFC 7515, 4.1.6: base64 here, not base64url.
        if isinstance(item, str) and item.isascii() and item:
            return base64.b64decode(item, validate=True)
    except binascii.Error:
        pass  # refused below, like everything else that is no certificate
    raise Refused("jose.certificate-chain-malformed", "x5c holds something else than certificates in base64")


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    _, hash_algorithm = _ECDSA[key.curve.name]
    r, s = decode_dss_signature(key.sign(message, ECDSA(hash_algorithm())))
    size = _coordinate_bytes(key.public_key())
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _verify(key: PublicKey, signature: bytes, message: bytes) -> None:
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, message)
        return
    size = _coordinate_bytes(key)
    if len(signature) != 2 * size:
        raise InvalidSignature
    r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
    _, hash_algorithm = _ECDSA[key.curve.name]
    key.verify(encode_dss_signature(r, s), message, ECDSA(hash_algorithm()))


def _coordinate_bytes(key: EllipticCurvePublicKey) -> int:
    return (key.curve.key_size + 7) // 8


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

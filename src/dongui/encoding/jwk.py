"""Public keys as JSON Web Keys (RFC 7517, RFC 7518 section 6.2, RFC 8037) and sets of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dongui.encoding.cose import PublicKey
from dongui.encoding.jose import base64url_decode, base64url_encode
from dongui.encoding.strict_json import JsonObject, JsonValue
from dongui.errors import Refused

__all__ = ["MAX_KEYS", "NamedKey", "read_jwk", "read_jwks", "write_jwk"]

MAX_KEYS = 64
_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_NAMES = {curve.name: name for name, curve in _CURVES.items()}


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key of a set and the ``kid`` it is known by, if it has one."""

    key: PublicKey = field(repr=False)
    identifier: str | None


def read_jwk(value: JsonValue) -> PublicKey:
    """Return the public key of a JWK: EC on P-256, P-384 or P-521, or OKP Ed25519.

    Raises ``Refused`` (``jose.key-malformed``) for anything else: another kind or curve, a coordinate of the
    wrong length, a point off the curve, a private part handed out, a use other than ``sig``.
    """
    if not isinstance(value, dict):
        _refuse("it is not an object")
    if "d" in value or "k" in value:
        _refuse("it holds a private part")
    if value.get("use", "sig") != "sig":
        _refuse("it is not meant for signatures")
    kind, curve = value.get("kty"), value.get("crv")
    if kind == "OKP" and curve == "Ed25519":
        return Ed25519PublicKey.from_public_bytes(_coordinate(value.get("x"), 32))
    if kind != "EC" or not isinstance(curve, str) or curve not in _CURVES:
        _refuse("its kind and curve are none of EC on P-256, P-384, P-521, or OKP Ed25519")
    size = (_CURVES[curve].key_size + 7) // 8
    point = b"\x04" + _coordinate(value.get("x"), size) + _coordinate(value.get("y"), size)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)
    except ValueError:
        _refuse(f"the point is not on {curve}")


def read_jwks(value: JsonValue) -> tuple[NamedKey, ...]:
    """Return the keys of a JWK Set that are of a kind known here; RFC 7517, 5: the others are left out.

    Raises ``Refused`` (``jose.key-malformed``): no set, more than 64 keys, none that can be used, two of one
    ``kid``.
    """
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        _refuse(f"a key set holds an array of at most {MAX_KEYS} keys")
    found = [named for named in map(_named, listed) if named is not None]
    identifiers = [named.identifier for named in found if named.identifier is not None]
    if not found or len(set(identifiers)) != len(identifiers):
        _refuse("the key set holds no key that can be used, or two of one name")
    return tuple(found)


def write_jwk(key: PublicKey) -> JsonObject:
    """Return the JWK of a public key on one of the curves :func:`read_jwk` knows."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(key.public_bytes_raw())}
    numbers, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    x, y = (base64url_encode(value.to_bytes(size, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": _NAMES[key.curve.name], "x": x, "y": y}


def _named(value: JsonValue) -> NamedKey | None:
    identifier = value.get("kid") if isinstance(value, dict) else None
    try:
        return NamedKey(read_jwk(value), identifier if isinstance(identifier, str) else None)
    except Refused:
        return None


def _coordinate(value: JsonValue, size: int) -> bytes:
    if not isinstance(value, str):
        _refuse("a coordinate is missing")
    data = base64url_decode(value)
    if len(data) != size:
        _refuse(f"a coordinate has {len(data)} bytes; the curve's have {size}")
    return data


def _refuse(reason: str) -> NoReturn:
    raise Refused("jose.key-malformed", f"the JSON Web Key cannot be used: {reason}")

"""Public keys as COSE_Key maps (RFC 9052, 7; RFC 9053, 7)."""

from __future__ import annotations

from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dongui.encoding.cbor import CborKey, CborValue
from dongui.encoding.cose import PublicKey
from dongui.errors import Refused

__all__ = ["read_public_key", "write_public_key"]

_KTY, _CRV, _X, _Y, _PRIVATE = 1, -1, -2, -3, -4
_OKP, _EC2 = 1, 2
_ED25519 = 6
# IANA, COSE elliptic curves. brainpoolP320r1 (257) is left out: cryptography does not know it.
_CURVES: dict[int, ec.EllipticCurve] = {
    1: ec.SECP256R1(),
    2: ec.SECP384R1(),
    3: ec.SECP521R1(),
    256: ec.BrainpoolP256R1(),
    258: ec.BrainpoolP384R1(),
    259: ec.BrainpoolP512R1(),
}
_CURVE_NUMBERS = {curve.name: number for number, curve in _CURVES.items()}


def read_public_key(value: CborValue) -> PublicKey:
    """Return the key of a COSE_Key map: EC2 on P-256, P-384, P-521 or brainpool, or Ed25519.

    Raises ``Refused`` (``cose.key-malformed``) for anything else: another kind, an unknown curve, a
    coordinate of the wrong length, a point off the curve, a private part handed out.
    """
    if not isinstance(value, dict):
        _refuse("it is not a map")
    if _PRIVATE in value:
        _refuse("it holds a private part")
    kind, curve = _integer(value.get(_KTY)), _integer(value.get(_CRV))
    if kind == _OKP and curve == _ED25519:
        return _ed25519(value.get(_X))
    if kind != _EC2 or curve not in _CURVES:
        _refuse("its kind and curve are none of EC2 on P-256, P-384, P-521, brainpool, or Ed25519")
    return _ec2(_CURVES[curve], value.get(_X), value.get(_Y))


def write_public_key(key: PublicKey) -> dict[CborKey, CborValue]:
    """Return the COSE_Key map of a public key, with uncompressed coordinates."""
    if isinstance(key, Ed25519PublicKey):
        return {_KTY: _OKP, _CRV: _ED25519, _X: key.public_bytes_raw()}
    numbers, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return {
        _KTY: _EC2,
        _CRV: _CURVE_NUMBERS[key.curve.name],
        _X: numbers.x.to_bytes(size, "big"),
        _Y: numbers.y.to_bytes(size, "big"),
    }


def _refuse(reason: str) -> NoReturn:
    raise Refused("cose.key-malformed", f"the COSE key cannot be used: {reason}")


def _integer(value: CborValue) -> int:
    # true equals 1 and 2.0 equals 2 in Python, and neither is an integer in CBOR. Zero is no kind, no curve.
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _ed25519(x: CborValue) -> Ed25519PublicKey:
    if not isinstance(x, bytes) or len(x) != 32:
        _refuse("an Ed25519 key has 32 bytes")
    return Ed25519PublicKey.from_public_bytes(x)


def _ec2(curve: ec.EllipticCurve, x: CborValue, y: CborValue) -> ec.EllipticCurvePublicKey:
    size = (curve.key_size + 7) // 8
    if not isinstance(x, bytes) or len(x) != size:
        _refuse(f"x has not the {size} bytes of {curve.name}")
    if isinstance(y, bool):  # RFC 9053, 7.1.1: the sign bit of a compressed point
        point = bytes((3 if y else 2,)) + x
    elif isinstance(y, bytes) and len(y) == size:
        point = b"\x04" + x + y
    else:
        _refuse(f"y is neither a sign bit nor the {size} bytes of {curve.name}")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except ValueError:
        _refuse(f"the point is not on {curve.name}")

"""Elliptic-curve Diffie-Hellman with a chip: BSI TR-03111, 4.3, on the curves of ICAO 9303-11, 9.5.1.

Where ``cryptography`` has the curve and the operation it computes; our own arithmetic does the rest: curves
the library lacks, a generator nobody has seen before, and a shared point of which both coordinates count.
It is not constant in time (:mod:`dongui.documents.trust.curve_points`). What goes in there are keys that live
for one session. The nonce, from which passwords could be tested offline, is multiplied by the library on
every curve it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import ec

from dongui.documents.trust.curve_points import multiply
from dongui.documents.trust.explicit_curves import NamedCurve, UnknownCurve, named_curves, read_point
from dongui.encoding.der import DerError
from dongui.environment import Entropy
from dongui.errors import Refused

__all__ = [
    "STANDARD_CURVES",
    "EphemeralKey",
    "EphemeralPoint",
    "draw_scalar",
    "encode_point",
    "generator",
    "read_chip_point",
    "times_generator",
]

# 9303-11, 9.5.1: standardised domain parameters by number; 0 to 2 are groups modulo a prime.
STANDARD_CURVES: Mapping[int, str] = MappingProxyType(
    {
        8: "secp192r1",
        9: "brainpoolP192r1",
        10: "secp224r1",
        11: "brainpoolP224r1",
        12: "secp256r1",
        13: "brainpoolP256r1",
        14: "brainpoolP320r1",
        15: "secp384r1",
        16: "brainpoolP384r1",
        17: "brainpoolP512r1",
        18: "secp521r1",
    }
)
EphemeralPoint = tuple[int, int]
_LIBRARY: Mapping[str, ec.EllipticCurve] = MappingProxyType(
    {
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
)


@dataclass(frozen=True, slots=True)
class EphemeralKey:
    """A key pair for one session, over ``base``: a curve's generator, or the one PACE mapped to."""

    curve: NamedCurve
    scalar: int = field(repr=False)
    public: EphemeralPoint
    blind: int = field(repr=False)

    @classmethod
    def draw(cls, curve: NamedCurve, *, entropy: Entropy, base: EphemeralPoint | None = None) -> EphemeralKey:
        """Draw one; without ``base`` over the curve's own generator."""
        scalar = draw_scalar(curve, entropy=entropy)
        blind = int.from_bytes(entropy.draw(64), "big")
        if base is None:
            return cls(curve, scalar, times_generator(curve, scalar, blind=blind), blind)
        return cls(curve, scalar, _product(curve, scalar, base, blind), blind)

    def shared_point(self, other: EphemeralPoint) -> EphemeralPoint:
        """Return the agreed point, both coordinates. Raises ``Refused`` ``chip.invalid-key``."""
        return _product(self.curve, self.scalar, other, self.blind)

    def shared_secret(self, other: EphemeralPoint) -> bytes:
        """Return the agreed point's x, as long as the field (TR-03111, 3.1.3)."""
        library = _LIBRARY.get(self.curve.name)
        if library is None:
            return self.shared_point(other)[0].to_bytes(self.curve.field_octets, "big")
        key = ec.derive_private_key(self.scalar, library)
        return key.exchange(ec.ECDH(), ec.EllipticCurvePublicNumbers(*other, library).public_key())


def draw_scalar(curve: NamedCurve, *, entropy: Entropy) -> int:
    """Draw a number from 1 to n-1 with a bias nobody can see (FIPS 186-5, A.2.1: 64 bits more than n)."""
    drawn = int.from_bytes(entropy.draw(64) + entropy.draw(64), "big")
    return drawn % (curve.n - 1) + 1


def generator(name: str) -> NamedCurve:
    """Return a curve known here by name."""
    return named_curves()[name]


def times_generator(curve: NamedCurve, scalar: int, *, blind: int) -> EphemeralPoint:
    """Return ``scalar`` (1 to n-1) times the curve's generator, by the library where it has the curve."""
    library = _LIBRARY.get(curve.name)
    if library is None:
        return _product(curve, scalar, (curve.x, curve.y), blind)
    numbers = ec.derive_private_key(scalar, library).public_key().public_numbers()
    return numbers.x, numbers.y


def encode_point(curve: NamedCurve, point: EphemeralPoint) -> bytes:
    """Return a point uncompressed (TR-03111, 3.2.1)."""
    size = curve.field_octets
    return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")


def read_chip_point(curve: NamedCurve, encoded: bytes, *, ours: EphemeralPoint) -> EphemeralPoint:
    """Read a chip's public key: uncompressed, on the curve, and not our own sent back.

    A point elsewhere lies in a small group, where the agreed secret is one of few (invalid-curve attack);
    every curve here has a cofactor of one, so a point on it is in the right group. A chip that sends our own
    key back knows nothing (9303-11, 4.4.3, step 3 d). Raises ``Refused`` ``chip.invalid-key``.
    """
    if encoded[:1] != b"\x04":
        raise Refused("chip.invalid-key", "the chip's key is in another form than uncompressed")
    try:
        point = read_point(curve, encoded)
    except (DerError, UnknownCurve) as error:
        raise Refused("chip.invalid-key", f"the chip's key is no point of {curve.name}: {error}") from None
    if point[0] == ours[0]:
        raise Refused("chip.invalid-key", "the chip sent the reader's own key back")
    return point


def _product(curve: NamedCurve, scalar: int, point: EphemeralPoint, blind: int) -> EphemeralPoint:
    product = multiply(curve, scalar, point, blind=blind)
    if product is None:  # cannot happen for points of a group of prime order and scalars within it
        raise Refused("chip.invalid-key", "the agreed point is at infinity")
    return product

"""Keys that follow from a label, on any curve there is, so that vectors are the same bytes everywhere.

Signing here is textbook arithmetic over affine points: slow, and apart from Dongui's Jacobian verifier.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import lru_cache

from dongui.documents.trust.explicit_curves import NamedCurve, named_curves
from simulators.passport_pa.asn1 import bits, integer, octets, oid, seq

__all__ = ["Key", "affine_multiply"]

Point = tuple[int, int] | None
_ECDSA = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}


def affine_add(curve: NamedCurve, one: Point, other: Point) -> Point:
    """The chord-and-tangent rule as a textbook has it."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % curve.p == 0:
        return None
    if one == other:
        slope = (3 * one[0] ** 2 + curve.a) * pow(2 * one[1], -1, curve.p)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, curve.p)
    x = (slope**2 - one[0] - other[0]) % curve.p
    return x, (slope * (one[0] - x) - one[1]) % curve.p


@lru_cache(maxsize=4096)
def affine_multiply(curve: NamedCurve, scalar: int, point: Point) -> Point:
    """Double and add."""
    total: Point = None
    for bit in f"{scalar:b}":
        total = affine_add(curve, total, total)
        total = affine_add(curve, total, point) if bit == "1" else total
    return total


@dataclass(frozen=True)
class Key:
    """A key pair from a label. ``generator`` is what its parameters claim, not always the curve's own."""

    label: str
    curve: NamedCurve = field(default_factory=lambda: named_curves()["secp256r1"])
    explicit: bool = True
    compressed: bool = False
    seed: bool = False
    cofactor: int | None = 1
    generator: Point = None
    point: Point = None

    @classmethod
    def on(cls, name: str, label: str) -> Key:
        """A key on the curve of that name."""
        return cls(label, named_curves()[name])

    @property
    def secret(self) -> int:
        """The private number."""
        return int.from_bytes(hashlib.sha512(self.label.encode()).digest()) % (self.curve.n - 1) + 1

    @property
    def public(self) -> tuple[int, int]:
        """The public point, unless another was claimed."""
        found = self.point or affine_multiply(self.curve, self.secret, self._base())
        assert found is not None
        return found

    def _base(self) -> tuple[int, int]:
        return self.generator or (self.curve.x, self.curve.y)

    def encoded(self, point: tuple[int, int]) -> bytes:
        """A point as parameters and keys hold it."""
        size = (self.curve.p.bit_length() + 7) // 8
        x, y = (number.to_bytes(size, "big") for number in point)
        return (b"\x02" if point[1] % 2 == 0 else b"\x03") + x if self.compressed else b"\x04" + x + y

    def parameters(self) -> bytes:
        """The curve by name, or written out as ICAO asks."""
        curve = self.curve
        if not self.explicit:
            return oid(curve.oid)
        size = (curve.p.bit_length() + 7) // 8
        equation = [octets(number.to_bytes(size, "big")) for number in (curve.a, curve.b)]
        if self.seed:
            equation.append(bits(bytes(20)))
        rest = [] if self.cofactor is None else [integer(self.cofactor)]
        return seq(
            integer(1),
            seq(oid("1.2.840.10045.1.1"), integer(curve.p)),
            seq(*equation),
            octets(self.encoded(self._base())),
            integer(curve.n),
            *rest,
        )

    def info(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        return seq(seq(oid("1.2.840.10045.2.1"), self.parameters()), bits(self.encoded(self.public)))

    def identifier(self) -> bytes:
        """20 bytes to know the key by."""
        return hashlib.sha1(self.info()).digest()

    def sign(self, data: bytes, digest: str) -> bytes:
        """An ECDSA signature whose random number follows from key and data."""
        r, s = self.halves(hashlib.new(digest, data).digest())
        return seq(integer(r), integer(s))

    def halves(self, digest: bytes) -> tuple[int, int]:
        """r and s."""
        n = self.curve.n
        number = int.from_bytes(digest) >> max(8 * len(digest) - n.bit_length(), 0)
        nonce = int.from_bytes(hashlib.sha512(self.label.encode() + digest).digest()) % (n - 1) + 1
        point = affine_multiply(self.curve, nonce, self._base())
        assert point is not None
        r = point[0] % n
        return r, (number + r * self.secret) * pow(nonce, -1, n) % n

    def algorithm(self, digest: str) -> bytes:
        """The AlgorithmIdentifier of a signature."""
        return seq(oid(_ECDSA[digest]))

    def impostor(self, victim: Key) -> Key:
        """A key whose public point is ``victim``'s, over a generator chosen to fit (CVE-2020-0601)."""
        base = affine_multiply(self.curve, pow(self.secret, -1, self.curve.n), victim.public)
        return replace(self, generator=base)

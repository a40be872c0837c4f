"""Elliptic curves by name, and explicit parameters recognised as one of them.

ICAO 9303-12 asks issuers to write a curve's parameters out instead of naming it. Whoever takes such
parameters as they come lets an attacker choose the generator, and with it a private key for anybody's public
key (CVE-2020-0601). So parameters are never *used*: all of them, the generator included, must be those of a
curve in ``named_curves.toml``, and that curve is used.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from dongui.encoding.der import DerError, Node

__all__ = ["NamedCurve", "UnknownCurve", "named_curves", "read_curve", "read_point"]

_PRIME_FIELD = "1.2.840.10045.1.1"


class UnknownCurve(ValueError):
    """The parameters are those of no curve known here."""


@dataclass(frozen=True, slots=True)
class NamedCurve:
    """y² = x³ + ax + b over the prime field of p; (x, y) generates a group of prime order n, cofactor one."""

    name: str
    oid: str
    p: int = field(repr=False)
    a: int = field(repr=False)
    b: int = field(repr=False)
    x: int = field(repr=False)
    y: int = field(repr=False)
    n: int = field(repr=False)

    @property
    def field_octets(self) -> int:
        """Octets of one coordinate."""
        return (self.p.bit_length() + 7) // 8

    def holds(self, x: int, y: int) -> bool:
        """Whether the point lies on the curve. With a cofactor of one it is then in the group."""
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x**3 - self.a * x - self.b) % self.p == 0


@cache
def named_curves() -> Mapping[str, NamedCurve]:
    """Every curve known here, by name."""
    listed = tomllib.loads((files("dongui.documents.trust") / "named_curves.toml").read_text("ascii"))
    return MappingProxyType({name: _curve(name, entry) for name, entry in listed.items()})


def read_curve(parameters: Node) -> NamedCurve:
    """The curve an ECParameters element names or spells out (RFC 3279, 2.3.5; SEC 1, C.2).

    Raises :class:`UnknownCurve`; :class:`DerError`.
    """
    if parameters.tag == 0x06:
        return _only({curve.oid: curve for curve in named_curves().values()}, parameters.oid("curve"))
    parts = parameters.sequence("curve parameters")
    if len(parts) < 5:
        raise DerError("curve parameters lack a part")
    parts[0].integer("curve parameters' version")
    prime = _prime(parts[1])
    a, b = (int.from_bytes(part.octets("coefficient"), "big") for part in _equation(parts[2]))
    order = parts[4].integer("group order")
    curve = _only(
        {(curve.p, curve.a, curve.b, curve.n): curve for curve in named_curves().values()},
        (prime, a % prime, b % prime, order),
    )
    # The generator is what CVE-2020-0601 exchanged: everything else of a well-known curve was in place.
    if read_point(curve, parts[3].octets("generator")) != (curve.x, curve.y):
        raise UnknownCurve(f"{curve.name} with another generator")
    _check_cofactor(curve, parts[5:])
    return curve


def read_point(curve: NamedCurve, encoded: bytes) -> tuple[int, int]:
    """A point in its compressed or uncompressed form (SEC 1, 2.3.4), proved to lie on the curve.

    Raises :class:`UnknownCurve` for a point elsewhere (an invalid-curve attack); :class:`DerError`.
    """
    size = curve.field_octets
    form, body = encoded[:1], encoded[1:]
    if form == b"\x04" and len(body) == 2 * size:
        x, y = int.from_bytes(body[:size], "big"), int.from_bytes(body[size:], "big")
    elif form in (b"\x02", b"\x03") and len(body) == size:
        x = int.from_bytes(body, "big")
        y = _decompress(curve, x, odd=form == b"\x03")
    else:
        raise DerError("a point in neither form")
    if not curve.holds(x, y):
        raise UnknownCurve(f"a point that is not on {curve.name}")
    return x, y


def _curve(name: str, entry: Mapping[str, str]) -> NamedCurve:
    numbers = {key: int(value, 16) for key, value in entry.items() if key != "oid"}
    return NamedCurve(name, entry["oid"], **numbers)


def _only(curves: Mapping[object, NamedCurve], key: object) -> NamedCurve:
    if key not in curves:
        raise UnknownCurve("a curve that is not among those known here")
    return curves[key]


def _prime(part: Node) -> int:
    kind, *rest = part.sequence("field")
    if kind.oid("field kind") != _PRIME_FIELD or len(rest) != 1:
        raise UnknownCurve("a field that is not a prime's")
    prime = rest[0].integer("prime")
    if prime < 3:
        raise UnknownCurve("a field of no size")
    return prime


def _equation(part: Node) -> tuple[Node, Node]:
    parts = part.sequence("curve")
    # A seed may follow. It says how the curve was found and nothing about which curve it is.
    if not 2 <= len(parts) <= 3:
        raise DerError("a curve of other than two coefficients")
    return parts[0], parts[1]


def _check_cofactor(curve: NamedCurve, rest: tuple[Node, ...]) -> None:
    if rest and rest[0].tag == 0x02 and rest[0].integer("cofactor") != 1:
        raise UnknownCurve(f"{curve.name} with another cofactor")


def _decompress(curve: NamedCurve, x: int, *, odd: bool) -> int:
    square = (x**3 + curve.a * x + curve.b) % curve.p
    root = _square_root(square, curve.p)
    return curve.p - root if root % 2 != odd else root


def _square_root(square: int, p: int) -> int:
    """A root modulo p, or any number where there is none (the curve's equation then fails)."""
    if p % 4 == 3:
        return pow(square, (p + 1) // 4, p)
    return _tonelli_shanks(square, p)


def _tonelli_shanks(square: int, p: int) -> int:
    # Only secp224r1 comes here: its p - 1 is divisible by 2 to the 96th.
    if pow(square, (p - 1) // 2, p) != 1:
        return 0
    q, s = p - 1, 0
    while q % 2 == 0:
        q, s = q // 2, s + 1
    z = next(number for number in range(2, p) if pow(number, (p - 1) // 2, p) == p - 1)
    m, c, t, r = s, pow(z, q, p), pow(square, q, p), pow(square, (q + 1) // 2, p)
    while t != 1:
        i, power = 0, t
        while power != 1:
            power, i = power * power % p, i + 1
        b = pow(c, 1 << (m - i - 1), p)
        m, c, t, r = i, b * b % p, t * b * b % p, r * b % p
    return r

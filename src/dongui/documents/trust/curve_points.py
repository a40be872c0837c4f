"""Adding points of elliptic curves: what no library offers and two protocols need.

ECDSA is *verified* with it on curves ``cryptography`` does not have (:mod:`.public_data_ecdsa`), and PACE
adds two points to make a new generator, which is on no library's list of operations. Python's integers take
longer for larger numbers, so **nothing here takes constant time**. :func:`multiply` walks a fixed number of
steps and starts from coordinates drawn at random, so that neither the number of operations nor the numbers
in them repeat; whoever has a secret that outlives one session must still not bring it here.
"""

from __future__ import annotations

from dongui.documents.trust.explicit_curves import NamedCurve

__all__ = ["INFINITY", "Point", "add", "affine", "double", "multiply"]

# Jacobian coordinates (X, Y, Z) stand for the point (X/Z^2, Y/Z^3); Z = 0 is the point at infinity.
Point = tuple[int, int, int]
INFINITY: Point = (1, 1, 0)


def multiply(curve: NamedCurve, scalar: int, point: tuple[int, int], *, blind: int) -> tuple[int, int] | None:
    """Return ``scalar`` times a point of the curve; ``None`` for infinity.

    ``blind`` is a random number: it chooses among the many ways to write the point in three coordinates.
    """
    # A multiple of the order is added until every scalar has one bit more than the order: the walk is as
    # long for each, and its first bit is set.
    walked = scalar % curve.n + curve.n
    if walked.bit_length() == curve.n.bit_length():
        walked += curve.n
    z = blind % (curve.p - 1) + 1
    start = point[0] * z * z % curve.p, point[1] * z**3 % curve.p, z
    total = start
    for bit in range(walked.bit_length() - 2, -1, -1):
        total = double(curve, total)
        # Added in either case, and kept in one.
        added = add(curve, total, start)
        total = added if walked >> bit & 1 else total
    return affine(curve, total)


def affine(curve: NamedCurve, point: Point) -> tuple[int, int] | None:
    """Return x and y of a point; ``None`` for infinity."""
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, curve.p)
    return x * inverse**2 % curve.p, y * inverse**3 % curve.p


def double(curve: NamedCurve, point: Point) -> Point:
    """Return twice a point."""
    x, y, z = point
    if z == 0 or y == 0:
        return INFINITY
    p = curve.p
    square = y * y % p
    s = 4 * x * square % p
    m = (3 * x * x + curve.a * pow(z, 4, p)) % p
    new_x = (m * m - 2 * s) % p
    return new_x, (m * (s - new_x) - 8 * square * square) % p, 2 * y * z % p


def add(curve: NamedCurve, one: Point, other: Point) -> Point:
    """Return the sum of two points, equal ones and infinity included."""
    if one[2] == 0:
        return other
    if other[2] == 0:
        return one
    p = curve.p
    (x1, y1, z1), (x2, y2, z2) = one, other
    z1z1, z2z2 = z1 * z1 % p, z2 * z2 % p
    u1, u2 = x1 * z2z2 % p, x2 * z1z1 % p
    s1, s2 = y1 * z2 * z2z2 % p, y2 * z1 * z1z1 % p
    if u1 == u2:
        return double(curve, one) if s1 == s2 else INFINITY
    h, r = (u2 - u1) % p, (s2 - s1) % p
    hh = h * h % p
    hhh, v = h * hh % p, u1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p

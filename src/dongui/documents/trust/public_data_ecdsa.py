"""ECDSA *verification* on the curves OpenSSL, as ``cryptography`` builds it, does not have.

Only public values come in here: a public key, a signature, a digest. So nothing need take constant time, and
there is deliberately no signing and no key agreement. Where ``cryptography`` knows the curve it is used; a
test holds both against one another on those curves.
"""

from __future__ import annotations

from dongui.documents.trust.explicit_curves import NamedCurve

__all__ = ["verify_ecdsa"]

# Jacobian coordinates (X, Y, Z) stand for the point (X/Z^2, Y/Z^3); Z = 0 is the point at infinity.
_Point = tuple[int, int, int]
_INFINITY: _Point = (1, 1, 0)


def verify_ecdsa(curve: NamedCurve, point: tuple[int, int], *, r: int, s: int, digest: bytes) -> bool:
    """Whether (r, s) is a signature over ``digest`` under the public key ``point`` (FIPS 186-5, 6.4.2).

    ``point`` must have been proved to lie on the curve (:func:`.explicit_curves.read_point`).
    """
    # 1. Both halves lie in [1, n-1]: with zero among them anything would verify (CVE-2022-21449).
    if not (1 <= r < curve.n and 1 <= s < curve.n):
        return False
    # 2. The leftmost bits of the digest, as many as the order has.
    number = int.from_bytes(digest, "big") >> max(8 * len(digest) - curve.n.bit_length(), 0)
    # 3. R = (e/s)G + (r/s)Q; the signature holds if R is a point and its x is r modulo n.
    inverse = pow(s, -1, curve.n)
    total = _sum(curve, number * inverse % curve.n, r * inverse % curve.n, point)
    if total[2] == 0:
        return False
    return total[0] * pow(total[2], -2, curve.p) % curve.p % curve.n == r


def _sum(curve: NamedCurve, u: int, v: int, point: tuple[int, int]) -> _Point:
    """uG + vQ, both scalars walked together."""
    generator, key = (curve.x, curve.y, 1), (*point, 1)
    table = {(1, 0): generator, (0, 1): key, (1, 1): _add(curve, generator, key)}
    total = _INFINITY
    for bit in range(max(u.bit_length(), v.bit_length()) - 1, -1, -1):
        total = _double(curve, total)
        step = (u >> bit & 1, v >> bit & 1)
        if step in table:
            total = _add(curve, total, table[step])
    return total


def _double(curve: NamedCurve, point: _Point) -> _Point:
    x, y, z = point
    if z == 0 or y == 0:
        return _INFINITY
    p = curve.p
    square = y * y % p
    s = 4 * x * square % p
    m = (3 * x * x + curve.a * pow(z, 4, p)) % p
    new_x = (m * m - 2 * s) % p
    return new_x, (m * (s - new_x) - 8 * square * square) % p, 2 * y * z % p


def _add(curve: NamedCurve, one: _Point, other: _Point) -> _Point:
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
        return _double(curve, one) if s1 == s2 else _INFINITY
    h, r = (u2 - u1) % p, (s2 - s1) % p
    hh = h * h % p
    hhh, v = h * hh % p, u1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p

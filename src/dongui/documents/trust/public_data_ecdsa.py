"""ECDSA *verification* on the curves OpenSSL, as ``cryptography`` builds it, does not have.

Only public values come in here: a public key, a signature, a digest. So nothing need take constant time, and
there is deliberately no signing and no key agreement. Where ``cryptography`` knows the curve it is used; a
test holds both against one another on those curves.
"""

from __future__ import annotations

from dongui.documents.trust.curve_points import INFINITY, Point, add, double
from dongui.documents.trust.explicit_curves import NamedCurve

__all__ = ["verify_ecdsa"]


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


def _sum(curve: NamedCurve, u: int, v: int, point: tuple[int, int]) -> Point:
    """uG + vQ, both scalars walked together."""
    generator, key = (curve.x, curve.y, 1), (*point, 1)
    table = {(1, 0): generator, (0, 1): key, (1, 1): add(curve, generator, key)}
    total = INFINITY
    for bit in range(max(u.bit_length(), v.bit_length()) - 1, -1, -1):
        total = double(curve, total)
        step = (u >> bit & 1, v >> bit & 1)
        if step in table:
            total = add(curve, total, table[step])
    return total

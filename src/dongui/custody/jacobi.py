"""The axes of a matrix by one-sided Jacobi rotations, in an order that never changes.

Hestenes' method: rows are turned against one another, pair by pair, until all are orthogonal. Rows of a
round belong to different pairs, so that a round is a handful of operations over whole arrays; the order of
rounds is the tournament's. Every operation is one of IEEE 754's five on arrays, and sums are folded in
halves: the same input gives the same bits on every machine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dongui.errors import Undetermined

__all__ = ["rotate_to_orthogonal"]

_MAX_SWEEPS = 40
# The cosine of the angle between two rows below which they count as orthogonal. In binary64 the sum of 128
# products is off by a few 1e-16 itself.
_ORTHOGONAL = 1e-13


def rotate_to_orthogonal(
    matrix: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return orthogonal rows spanning what ``matrix`` (n x d) spans, and squared lengths, largest first.

    The rows are the axes of ``matrix' @ matrix`` times their lengths; the squared lengths its eigenvalues.
    Raises ``Undetermined`` (``model.axes-not-found``) if 40 sweeps do not suffice: seven to ten do.
    """
    count = len(matrix)
    rows = np.zeros((count + count % 2, matrix.shape[1]))  # a row of zeros is orthogonal to all
    rows[:count] = matrix
    half = len(rows) // 2
    for _ in range(_MAX_SWEEPS):
        turned = False
        for _ in range(max(1, 2 * half - 1)):
            turned |= _turn_pairs(rows[:half], rows[half:])
            rows = _next_round(rows, half)
        if not turned:
            return _sorted(rows, count)
    raise Undetermined("model.axes-not-found", f"{_MAX_SWEEPS} sweeps did not make the axes orthogonal")


def _turn_pairs(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Make each row of ``first`` orthogonal to its counterpart, in place; tell whether any had to turn."""
    a, b, g = _dots(first, first), _dots(second, second), _dots(first, second)
    turning = np.abs(g) > _ORTHOGONAL * np.sqrt(a * b)
    if not turning.any():
        return False
    zeta = (b - a) / np.where(turning, g + g, 1.0)
    sign = np.where(zeta < 0, -1.0, 1.0)
    tangent = np.where(turning, sign / (np.abs(zeta) + np.sqrt(zeta * zeta + 1.0)), 0.0)
    cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
    sine = (cosine * tangent)[:, None]
    cosine = cosine[:, None]
    kept = first * cosine
    kept -= second * sine
    second *= cosine
    second += first * sine
    first[:] = kept
    return True


def _dots(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows' inner products, folding each in halves."""
    products = first * second
    width = products.shape[1]
    while width > 1:
        half = width // 2
        products[:, :half] += products[:, width - half : width]
        width -= half
    return products[:, 0]


def _next_round(rows: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """Move every row but the first one seat on, around the table: after 2n - 1 rounds all have met."""
    if half < 2:
        return rows
    moved = np.empty_like(rows)
    moved[0], moved[1] = rows[0], rows[half]
    moved[2:half] = rows[1 : half - 1]
    moved[half:-1] = rows[half + 1 :]
    moved[-1] = rows[half - 1]
    return moved


def _sorted(rows: NDArray[np.float64], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lengths = _dots(rows, rows)
    order = np.argsort(-lengths, kind="stable")[:count]
    return rows[order], lengths[order]

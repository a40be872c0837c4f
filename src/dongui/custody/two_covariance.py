"""Projection and score calibration, from the statistics alone, the same bits on every machine.

The model is the two-covariance model: a vector is its person's mean plus a deviation, both normal, with
covariance B between people and W within. LDA's projection makes W the unit matrix and B diagonal; there the
log-likelihood ratio of "one person" against "two people", for projected vectors x and y, is per axis::

    constant - quadratic (x*x + y*y) + product x y

whose three coefficients follow from the axis's variance between people. That ratio *is* the calibrated
score: no second data set is fitted.

**Determinism.** The matrices are whole numbers; they become binary64 by one correctly rounded step. From
there on only addition, subtraction, multiplication, division and square root are used, one array operation
each, in an order that is written down here. IEEE 754 fixes the result of each to the bit. No library routine
whose order of summation depends on processor, threads or version (BLAS, LAPACK, ``sum``) takes part, no
operations are fused, and the one logarithm is decimal arithmetic. So the same statistics give the same
bytes, wherever.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.custody.jacobi import rotate_to_orthogonal
from dongui.custody.statistics import COMMON, Statistics

__all__ = ["TwoCovariance", "derive"]

Matrix: TypeAlias = NDArray[np.float64]
_CONTEXT = Context(prec=40)
# The variance of rounding to whole numbers, 1/12, times COMMON: it keeps the scatter within people invertible
# and is a constant like the unit itself.
_ROUNDING = COMMON // 12


@dataclass(frozen=True, slots=True, eq=False)
class TwoCovariance:
    """The derived parameters, r axes, the most telling first; in quantised units (``FixedPoint``).

    A vector q projects to ``projection @ (q - mean)``: ``mean`` d, ``projection`` r x d. ``between``: each
    axis's variance between people, that within being 1. ``quadratic`` and ``product``: r each; ``constant``:
    one number for all axes together.
    """

    mean: Matrix
    projection: Matrix
    between: Matrix
    quadratic: Matrix
    product: Matrix
    constant: float


def derive(statistics: Statistics) -> TwoCovariance | None:
    """Return the parameters, or None where the statistics determine none.

    None: fewer than two people, nobody with two vectors, or people who differ no more between than within.
    """
    people, vectors = statistics.people, statistics.vectors
    if people < 2 or vectors <= people:
        return None
    # Sums that no people can have (made up by hand) lead to roots of negative numbers: no axis is kept.
    with np.errstate(all="ignore"):
        return _derived(statistics)


def _derived(statistics: Statistics) -> TwoCovariance | None:
    people, vectors = statistics.people, statistics.vectors
    # 1. Scatter within and between, times COMMON: exact, then rounded once.
    within, between = _scatters(statistics)
    # 2. W = L L'. In coordinates where W is the unit matrix, the whole scatter is G' G.
    lower = _cholesky(within)
    upper = _cholesky(within + between)
    whitened = _solve_lower(lower, upper).T
    # 3. Its axes.
    rows, lengths = rotate_to_orthogonal(np.ascontiguousarray(whitened))
    # 4. Variances by the moments of one-way analysis of variance, with unequal numbers of vectors.
    free = vectors - people
    spread = _divide(vectors * vectors - statistics.squares, vectors)
    variances = ((lengths - 1.0) * free - (people - 1)) / spread
    kept = (variances > 0.0) & np.isfinite(variances)
    if not kept.any():
        return None
    axes = _solve_transposed(lower, (rows / np.sqrt(lengths)[:, None]).T).T
    projection = _oriented(axes[kept] * np.sqrt(np.float64(free * COMMON)))
    mean = np.array([_divide(int(one), vectors) for one in statistics.sum])
    return _calibrated(mean, projection, variances[kept])


def _calibrated(mean: Matrix, projection: Matrix, between: Matrix) -> TwoCovariance:
    whole, double = between + 1.0, between + between + 1.0
    return TwoCovariance(
        mean,
        projection,
        between,
        quadratic=(between * between) / (double * whole) * 0.5,
        product=between / double,
        constant=_constant(between),
    )


def _constant(between: Matrix) -> float:
    """Return the sum over axes of ln((b + 1) / sqrt(2 b + 1)), correctly rounded once."""
    total = Decimal(0)
    for one in between.tolist():
        exact = Decimal(one)
        ratio = _CONTEXT.divide(
            _CONTEXT.power(exact + 1, 2), _CONTEXT.add(_CONTEXT.multiply(exact, Decimal(2)), Decimal(1))
        )
        total = _CONTEXT.add(total, _CONTEXT.ln(ratio))
    return float(_CONTEXT.divide(total, Decimal(2)))


def _scatters(statistics: Statistics) -> tuple[Matrix, Matrix]:
    rows, columns = np.triu_indices(statistics.form.dimensions)
    free, vectors = statistics.vectors - statistics.people, statistics.vectors
    total = [COMMON * one for one in statistics.total.tolist()]
    grouped, sums = statistics.grouped.tolist(), statistics.sum.tolist()
    within = [a - b for a, b in zip(total, grouped, strict=True)]
    places = zip(grouped, rows.tolist(), columns.tolist(), strict=True)
    # Whole numbers beyond 2**63 pass through here; Python's have no end, and its division rounds correctly.
    between = [_divide(one * vectors - COMMON * sums[i] * sums[j], vectors) for one, i, j in places]
    ridge = np.float64(_ROUNDING * free)
    found = _symmetric([float(one) for one in within], statistics.form.dimensions)
    found[np.diag_indices_from(found)] += ridge
    return found, _symmetric(between, statistics.form.dimensions)


def _divide(a: int, b: int) -> float:
    return a / b


def _symmetric(upper: list[float], dimensions: int) -> Matrix:
    matrix = np.zeros((dimensions, dimensions))
    rows, columns = np.triu_indices(dimensions)
    matrix[rows, columns] = upper
    matrix[columns, rows] = upper
    return matrix


def _cholesky(matrix: Matrix) -> Matrix:
    """Return lower L with L L' = matrix, column by column, each step an outer product taken away."""
    left = matrix.copy()
    lower = np.zeros_like(left)
    for k in range(len(left)):
        column = left[k:, k] / np.sqrt(left[k, k])
        lower[k:, k] = column
        left[k:, k:] -= column[:, None] * column[None, :]
    return lower


def _solve_lower(lower: Matrix, right: Matrix) -> Matrix:
    """Return X with L X = right."""
    left = right.copy()
    for k in range(len(lower)):
        left[k] /= lower[k, k]
        left[k + 1 :] -= lower[k + 1 :, k, None] * left[k][None, :]
    return left


def _solve_transposed(lower: Matrix, right: Matrix) -> Matrix:
    """Return X with L' X = right."""
    left = right.copy()
    for k in reversed(range(len(lower))):
        left[k] /= lower[k, k]
        left[:k] -= lower[k, :k, None] * left[k][None, :]
    return left


def _oriented(rows: Matrix) -> Matrix:
    """Return the rows, each with its largest entry positive: an axis has no direction of its own."""
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
    return np.where(largest < 0, -rows, rows)

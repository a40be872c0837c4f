"""What a model is trained from: sums over people, in whole numbers. The format is spec/model-statistics.md.

For each person with n vectors x (1 <= n <= 10) and their sum s, the statistics are the sums over people of::

    1    n    n*n    s    x x' (over the person's vectors)    (2520 / n) s s'

2520 is divisible by every n up to 10, so that nothing is rounded. From these six follow exactly the
scatter within people and the scatter between them. All is one cell over all people: no table by size, group
or day in which a few people could stand alone.

**Bound.** A quantised number is at most 2047. One person adds to an entry of the last sum at most
(2520 / n) (2047 n)^2 = 2520 * 2047^2 * n, hence V vectors at most 2520 * 2047^2 * V < 1.056e10 V, which for
V <= MAX_VECTORS = 800 million is below 8.45e18 < 2^63; every other entry is smaller. So 64-bit integers hold
every sum, in any order, for four times 200 million vectors. Within a block of at most 2^19 vectors the same
bound is 5.6e15 < 2^53, up to which binary64 holds every whole number: so a block's products may be taken by
any matrix routine, with any threads, in any order, fused or not, and are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.custody.fixed_point import MAX_VALUE, FixedPoint, Whole
from dongui.encoding import cbor
from dongui.errors import Misuse, Refused

__all__ = ["BLOCK_VECTORS", "COMMON", "MAX_PER_PERSON", "MAX_VECTORS", "Statistics"]

MAX_PER_PERSON = 10
"""Vectors one person adds at most: nobody weighs more than that."""
COMMON = 2_520
"""The least number divisible by 1 to MAX_PER_PERSON."""
MAX_VECTORS = 800_000_000
BLOCK_VECTORS = 1 << 19
_NAME, _VERSION = "dongui-model-statistics", 1
_LIMITS = cbor.Limits(max_bytes=1 << 28, max_depth=2, max_items=32)

Sums: TypeAlias = NDArray[np.int64]

if COMMON * MAX_VALUE**2 * MAX_VECTORS >= 2**63 or COMMON * MAX_VALUE**2 * BLOCK_VECTORS >= 2**53:
    raise AssertionError("the bounds of this module do not hold")


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """The six sums. ``total`` and ``grouped`` hold a symmetric matrix's upper triangle, row by row."""

    form: FixedPoint
    people: int
    vectors: int
    squares: int
    sum: Sums
    total: Sums
    grouped: Sums

    @classmethod
    def empty(cls, form: FixedPoint) -> Statistics:
        """Return the statistics of nobody."""
        entries = form.dimensions * (form.dimensions + 1) // 2
        zeros = (np.zeros(size, np.int64) for size in (form.dimensions, entries, entries))
        return cls(form, 0, 0, 0, *zeros)

    @classmethod
    def of_people(cls, form: FixedPoint, vectors: Whole, counts: NDArray[np.int64]) -> Statistics:
        """Return the sums over people whose vectors lie one after the other, ``counts`` each.

        ``vectors``: m x d, m <= BLOCK_VECTORS. ``ValueError`` for other shapes, values or counts.
        """
        _require_block(form, vectors, counts)
        if not len(counts):
            return cls.empty(form)
        exact = vectors.astype(np.float64)
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        sums = np.add.reduceat(exact, starts, axis=0)
        weights = (COMMON // counts).astype(np.float64)
        upper = _upper(form.dimensions)
        return cls(
            form,
            len(counts),
            len(vectors),
            int((counts * counts).sum()),
            sums.sum(axis=0).astype(np.int64),
            (exact.T @ exact)[upper].astype(np.int64),
            (sums.T @ (sums * weights[:, None]))[upper].astype(np.int64),
        )

    @classmethod
    def of_person(cls, form: FixedPoint, vectors: Whole) -> Statistics:
        """Return one person's contribution: 1 to MAX_PER_PERSON vectors."""
        return cls.of_people(form, vectors, np.array([len(vectors)], np.int64))

    def plus(self, other: Statistics) -> Statistics:
        """Return both together.

        Raises ``Misuse``: ``model.too-many-vectors``, ``model.statistics-of-another``.
        """
        self._require_same_form(other)
        if self.vectors + other.vectors > MAX_VECTORS:
            raise Misuse("model.too-many-vectors", f"the sums hold up to {MAX_VECTORS:,} vectors")
        return self._combined(other, 1)

    def less(self, other: Statistics) -> Statistics:
        """Return these without the people of ``other``, who must be in them.

        The result is, to the bit, what a training without them gives: whole numbers come back as they were.
        Raises ``Misuse`` (``model.statistics-of-another``) also where ``other`` cannot be in these.
        """
        self._require_same_form(other)
        left = self._combined(other, -1)
        if min(left.people, left.vectors, left.squares) < 0:
            raise Misuse("model.statistics-of-another", "more people are taken out than there are")
        return left

    def encode(self) -> bytes:
        """Return the one written form, canonical CBOR: the same people, the same bytes."""
        form = self.form
        constants = [form.dimensions, form.unit_bits, MAX_VALUE, MAX_PER_PERSON]
        counts = [self.people, self.vectors, self.squares]
        sums = [_bytes(self.sum), _bytes(self.total), _bytes(self.grouped)]
        return cbor.dumps([_NAME, _VERSION, form.card, constants, counts, *sums])

    @classmethod
    def decode(cls, data: bytes) -> Statistics:
        """Read statistics. Raises ``Refused``: ``cbor.*``, ``model.statistics-malformed``."""
        match cbor.loads_canonical(data, limits=_LIMITS):
            case [
                str() as name,
                int() as version,
                bytes() as card,
                [int() as dimensions, int() as bits, int() as bound, int() as most],
                [int() as people, int() as vectors, int() as squares],
                bytes() as first,
                bytes() as second,
                bytes() as third,
            ] if (name, bound, most) == (_NAME, MAX_VALUE, MAX_PER_PERSON) and version == _VERSION:
                if type(version) is int:  # in CBOR true is another value than 1
                    counts = (people, vectors, squares)
                    return cls._checked(card, (dimensions, bits), counts, (first, second, third))
        raise _malformed("its fields or constants are not those of the specification")

    @classmethod
    def _checked(
        cls,
        card: bytes,
        constants: tuple[int, int],
        counts: tuple[int, int, int],
        sums: tuple[bytes, bytes, bytes],
    ) -> Statistics:
        try:
            form = FixedPoint(card, *constants)
        except ValueError:
            raise _malformed("the card or the constants cannot be") from None
        people, vectors, squares = counts
        if any(type(number) is not int for number in (*constants, *counts)):
            raise _malformed("a number is none")
        if not 0 <= people <= vectors <= min(squares, MAX_VECTORS) or squares > MAX_PER_PERSON * vectors:
            raise _malformed("the counts contradict one another")
        # Compared before anything of that size is made.
        entries = form.dimensions * (form.dimensions + 1) // 2
        if [len(data) for data in sums] != [8 * form.dimensions, 8 * entries, 8 * entries]:
            raise _malformed("a sum has another length")
        read = [np.frombuffer(data, ">i8").astype(np.int64) for data in sums]
        return cls(form, people, vectors, squares, *read)

    def _combined(self, other: Statistics, sign: int) -> Statistics:
        return Statistics(
            self.form,
            self.people + sign * other.people,
            self.vectors + sign * other.vectors,
            self.squares + sign * other.squares,
            self.sum + sign * other.sum,
            self.total + sign * other.total,
            self.grouped + sign * other.grouped,
        )

    def _require_same_form(self, other: Statistics) -> None:
        if self.form != other.form:
            raise Misuse("model.statistics-of-another", "another recogniser, or other constants")


@lru_cache(maxsize=8)
def _upper(dimensions: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    rows, columns = np.triu_indices(dimensions)
    return rows, columns


def _require_block(form: FixedPoint, vectors: Whole, counts: NDArray[np.int64]) -> None:
    if vectors.dtype != np.int16 or vectors.shape != (int(counts.sum()), form.dimensions):
        raise ValueError(f"vectors are int16, {form.dimensions} numbers each, as many as the counts say")
    if len(vectors) > BLOCK_VECTORS or np.any((counts < 1) | (counts > MAX_PER_PERSON)):
        raise ValueError(f"a block has {BLOCK_VECTORS} vectors, a person {MAX_PER_PERSON}, at most")
    if len(vectors) and (vectors.max() > MAX_VALUE or vectors.min() < -MAX_VALUE):
        raise ValueError(f"a quantised number lies within {MAX_VALUE} of zero")


def _bytes(sums: Sums) -> bytes:
    return sums.astype(">i8").tobytes()


def _malformed(why: str) -> Refused:
    return Refused("model.statistics-malformed", why)

"""Feature vectors as whole numbers: what makes taking somebody out of a model exact.

Sums of floating-point numbers depend on their order, and adding and taking away again leaves a residue.
Whole numbers do neither. A vector's numbers are multiplied by a power of two, rounded and bounded; unit,
bound and centre (zero) are constants written down for a recogniser. None of them is ever fitted to the
people in a training: a mean or a range taken from the data would go on carrying whoever is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.cards import ModelCard
from dongui.errors import Misuse

__all__ = ["MAX_VALUE", "FixedPoint", "Whole", "fixed_point_for"]

MAX_VALUE = 2047
"""The largest absolute value of a quantised number: 12 bits with the sign."""
_DIGEST_BYTES = 32
_MAX_DIMENSIONS = 4_096

Whole: TypeAlias = NDArray[np.int16]
"""Quantised vectors, n x d, every value within MAX_VALUE of zero."""

# By the recogniser's card: dimensions, and how many bits of a number stand behind its point. The numbers of
# dlib-resnet-v1 lie within 0.7 of zero, so that 1/2048 keeps them all and its rounding (0.00014 a number,
# standard deviation) is a hundredth of what two pictures of one person differ by.
_CONSTANTS = {"dlib-resnet-v1": (128, 11)}


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """How one recogniser's vectors become whole numbers.

    ``card``: digest of the recogniser's card, 32 bytes; ``dimensions``: numbers in a vector; ``unit_bits``: a
    quantised 1 stands for 2**-unit_bits.
    """

    card: bytes = field(repr=False)
    dimensions: int
    unit_bits: int

    def __post_init__(self) -> None:
        if len(self.card) != _DIGEST_BYTES or not 1 <= self.dimensions <= _MAX_DIMENSIONS:
            raise ValueError(f"a digest of {_DIGEST_BYTES} bytes and 1 to {_MAX_DIMENSIONS} dimensions")
        if not 0 <= self.unit_bits <= 30:
            raise ValueError("0 to 30 bits behind the point")

    def quantise(self, vectors: NDArray[np.float32]) -> Whole:
        """Return ``vectors`` (n x d, float32) as whole numbers, rounded half to even and bounded.

        Multiplying by a power of two is exact and rounding is IEEE 754's: the same on every machine.
        ``ValueError`` for another shape or type, or a number that is none.
        """
        if vectors.dtype != np.float32 or vectors.ndim != 2 or vectors.shape[1] != self.dimensions:
            raise ValueError(f"vectors are float32, n x {self.dimensions}")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector holds what is no number")
        scaled = np.ldexp(vectors.astype(np.float64), self.unit_bits)
        return np.clip(np.rint(scaled), -MAX_VALUE, MAX_VALUE).astype(np.int16)


def fixed_point_for(card: ModelCard) -> FixedPoint:
    """Return the constants of a recogniser. Raises ``Misuse`` (``model.recogniser-without-constants``)."""
    if card.name not in _CONSTANTS:
        detail = f"{card.name}; there are constants for: {', '.join(_CONSTANTS)}"
        raise Misuse("model.recogniser-without-constants", detail)
    return FixedPoint(card.digest, *_CONSTANTS[card.name])

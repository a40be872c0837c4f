"""One reference, one probe, one decision at a named operating point.

In production the comparison score lives between two lines of ``_decide`` and goes nowhere. There is
deliberately no function here that takes several references: Dongui answers "is this the holder?", never "who
is this?". :func:`pair_distances` shows scores to ``dongui.assessment`` alone, which measures error rates on
people who agreed to that; the charter's test keeps every other room from it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Never

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.pixels import Features
from dongui.errors import Misuse

if TYPE_CHECKING:
    from dongui.biometrics.operating_points import OperatingPoint
    from dongui.biometrics.probe import Probe
    from dongui.biometrics.reference import Reference

__all__ = ["ComparisonDecision", "compare", "pair_distances"]


class ComparisonDecision(Enum):
    """ISO/IEC 2382-37's comparison decision, with *undetermined* between its two bounds.

    It has no truth value: ``if decision:`` would read *non-mated* and *undetermined* as success.
    """

    MATED = "mated"
    NON_MATED = "non-mated"
    UNDETERMINED = "undetermined"

    def __bool__(self) -> Never:
        raise TypeError("a comparison decision is neither true nor false; compare it with its members")


def compare(
    reference: Reference, probe: Probe, *, operating_point: OperatingPoint, accept_unassessed: bool
) -> ComparisonDecision:
    """Decide whether both come from one person, as far as the operating point goes.

    Both are overwritten, whatever comes of it: one comparison is all that either is good for, so that nobody
    holds a probe against one reference after another. ``accept_unassessed`` is the caller's word that it
    knows the point's error rates were not assessed for its use. Raises ``Misuse``:
    ``operating-point.not-assessed`` without that word; ``operating-point.other-pipeline`` where the point was
    measured with other instruments than took the reference and the probe.
    """
    try:
        operating_point.require_accepted(accept_unassessed=accept_unassessed)
        _require_pipeline(reference, probe, operating_point)
        return _decide(reference, probe, operating_point)
    finally:
        reference.wipe()
        probe.wipe()


def _require_pipeline(reference: Reference, probe: Probe, operating_point: OperatingPoint) -> None:
    for taken, digest in (("reference", reference.pipeline_digest), ("probe", probe.pipeline_digest)):
        if digest != operating_point.pipeline_digest:
            measured = operating_point.pipeline_digest.hex()[:16]
            raise Misuse(
                "operating-point.other-pipeline",
                f"{operating_point.name} was measured with the pipeline {measured}; "
                f"the {taken} was taken with {digest.hex()[:16]}",
            )


def pair_distances(one: Features, other: Features) -> NDArray[np.float64]:
    """Return the comparison score of each pair: row i of ``one`` with row i of ``other``, never across rows.

    Both are pairs x numbers and are overwritten by their differences and zeros: hand over copies.
    """
    if one.shape != other.shape or one.ndim != 2:
        raise ValueError("pairs are two arrays of one shape, a row for each pair")
    np.subtract(one, other, out=one)
    squares = np.einsum("ij,ij->i", one, one)
    one[...] = 0
    other[...] = 0
    return np.asarray(np.sqrt(squares), dtype=np.float64)


def _decide(reference: Reference, probe: Probe, operating_point: OperatingPoint) -> ComparisonDecision:
    pair = reference.template.features[None].copy(), probe.template.features[None].copy()
    distance = float(pair_distances(*pair)[0])
    if distance <= operating_point.mated_at_most:
        return ComparisonDecision.MATED
    if distance >= operating_point.non_mated_from:
        return ComparisonDecision.NON_MATED
    return ComparisonDecision.UNDETERMINED

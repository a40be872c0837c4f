"""How far groups differ (ISO/IEC 19795-10:2024): three figures, none of them where it would mean nothing.

A ratio to a rate of zero is no ratio, and a group in which no error was seen is not a group without errors:
where any rate is zero the ratios are withheld and the reason is said instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Differential", "differential"]


@dataclass(frozen=True, slots=True)
class Differential:
    """``max_to_min``, ``max_to_geometric_mean``: 1.0 upwards; ``gini``: 0.0 (equal) to 1.0.

    Each is ``None`` where ``withheld`` says why. ``highest`` names the group with the highest rate,
    ``groups`` counts those compared.
    """

    groups: int
    highest: str
    max_to_min: float | None
    max_to_geometric_mean: float | None
    gini: float | None
    withheld: str | None


def differential(rates: Sequence[tuple[str, float]]) -> Differential | None:
    """Return the differentials of named rates; ``None`` where fewer than two groups were tried."""
    if len(rates) < 2:
        return None
    values = [value for _, value in rates]
    highest = max(rates, key=lambda rate: rate[1])
    if highest[1] == 0:
        return Differential(len(rates), "", None, None, None, "no error was seen in any group")
    if min(values) == 0:
        none = sum(value == 0 for value in values)
        why = f"no error was seen in {none} of {len(values)} groups: there is nothing to divide by"
        return Differential(len(rates), highest[0], None, None, None, why)
    geometric = math.exp(math.fsum(map(math.log, values)) / len(values))
    return Differential(
        len(rates), highest[0], highest[1] / min(values), highest[1] / geometric, _gini(values), None
    )


def _gini(values: Sequence[float]) -> float:
    """The Gini coefficient, with the correction n / (n - 1) by which few groups can reach 1, too."""
    count, mean = len(values), math.fsum(values) / len(values)
    apart = math.fsum(abs(one - other) for one in values for other in values)
    return apart / (2 * count * (count - 1) * mean)

"""Which group fares worst: by what can be promised, and by what was seen."""

from __future__ import annotations

from dataclasses import dataclass

from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.result import AssessmentResult, GroupResult

__all__ = ["Worst", "least_promised", "most_seen", "rated"]


@dataclass(frozen=True, slots=True)
class Worst:
    """A group and its rate of one kind."""

    group: GroupResult
    rate: Rate


def rated(result: AssessmentResult, kind: Kind) -> list[Worst]:
    """Return the groups, everyone apart, that show a rate of ``kind``."""
    return [Worst(group, group.rates[kind]) for group in result.groups[1:] if kind in group.rates]


def least_promised(result: AssessmentResult, kind: Kind) -> Worst | None:
    """Return the group whose interval reaches highest; of several the one with most errors, then fewest.

    ``None`` where no group shows a rate.
    """
    return max(
        rated(result, kind),
        key=lambda one: (one.rate.governing.high, one.rate.value, -one.group.people),
        default=None,
    )


def most_seen(result: AssessmentResult, kind: Kind) -> Worst | None:
    """Return the group with the highest rate that was seen; ``None`` where no group has any."""
    seen = [one for one in rated(result, kind) if one.rate.hits]
    return max(seen, key=lambda one: (one.rate.value, one.rate.governing.high), default=None)

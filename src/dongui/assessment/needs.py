"""What it would take: does a group keep the limits, and how many more people would have to be measured?"""

from __future__ import annotations

from dongui.assessment.error_rates import Kind, Rate, RatesWithin
from dongui.assessment.intervals import independent_needed
from dongui.assessment.result import Need

__all__ = ["holds", "need_of"]


def holds(rate: Rate | None, limit: float) -> bool:
    """Tell whether the governing interval's upper end is at most ``limit``; not where nothing was tried."""
    return rate is not None and rate.governing.high <= limit


def need_of(one: RatesWithin, max_fmr: float, max_fnmr: float, confidence: float) -> Need:
    """Return whether ``one`` keeps both limits, and how many more people of it must show no error."""
    fmr, fnmr = one.rates.get(Kind.FMR), one.rates.get(Kind.FNMR)
    wanted = [
        _people_for(fmr, max_fmr, confidence, people_in_a_trial=2),
        _people_for(fnmr, max_fnmr, confidence, people_in_a_trial=1),
    ]
    known = [count for count in wanted if count is not None]
    more = _more(known, one.people) if len(known) == len(wanted) else None
    return Need(one.group.name, one.people, holds(fmr, max_fmr), holds(fnmr, max_fnmr), more)


def _more(wanted: list[int], people: int) -> int:
    """0 where nothing is wanted; one more at least where the bootstrap alone stands in the way."""
    return max(max(wanted) - people, 1) if any(wanted) else 0


def _people_for(rate: Rate | None, limit: float, confidence: float, *, people_in_a_trial: int) -> int | None:
    """How many people keep the limit where no further error is seen; ``None`` where the rate is above it."""
    if holds(rate, limit):
        return 0
    if rate is None:
        return people_in_a_trial * independent_needed(limit, confidence=confidence)
    if rate.value > limit:
        return None
    standing = rate.value * rate.independent
    return people_in_a_trial * independent_needed(limit, confidence=confidence, hits=standing)

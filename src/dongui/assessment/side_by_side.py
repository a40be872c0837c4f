"""Two recognisers on the same people, in one result.

Their distances are different numbers, so no common bound means anything. Both get bounds by one rule instead:
the widest at which, over everyone, the FMR stays within one limit and the FNMR within another. These bounds
were chosen on the very people they are judged by; they flatter both alike, and nobody verifies at them. An
operating point is chosen with ``dongui operating-point choose``, which holds every group to its interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.acquisition import Acquired
from dongui.assessment.consent_ground import ConsentedTable
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.groups import Grouping
from dongui.assessment.limits import Limits
from dongui.assessment.measurement import BoundsChoice, measure_at
from dongui.assessment.result import AssessmentResult, GroupResult, Method
from dongui.assessment.result_json import JsonValue, to_json
from dongui.assessment.score_store import EDGES, Bounds, ScoreStore
from dongui.biometrics.cards import ModelCard
from dongui.biometrics.instruments import Instruments

__all__ = [
    "FORMAT",
    "SideBySide",
    "assess_alike",
    "bounds_alike",
    "chosen_alike",
    "missed",
    "side_by_side_json",
]

FORMAT: Final = 1
# Hundredths: a bound this coarse tells no score of the set.
_STEPS: Final = range(2, len(EDGES) - 2, 2)

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both results in the order asked for, with both cards: same people, same method, one rule of bounds."""

    made_at: datetime
    limits: Limits
    results: tuple[AssessmentResult, AssessmentResult]
    cards: tuple[ModelCard, ModelCard]

    def __post_init__(self) -> None:
        one, other = self.results
        if (one.data_set.table_sha256, one.method) != (other.data_set.table_sha256, other.method):
            raise ValueError("two recognisers are compared on the same people, by the same method")


def assess_alike(
    consented: ConsentedTable,
    *,
    instruments: Instruments,
    limits: Limits,
    method: Method,
    title: str,
    made_at: datetime,
    progress: Callable[[str], None],
) -> AssessmentResult:
    """Measure one of them at the bounds of :func:`bounds_alike`. Raises as :func:`measure_at`."""
    choose = chosen_alike(limits)
    measurement = measure_at(consented, instruments=instruments, choose=choose, progress=progress)
    return measurement.result(
        method=method, limits=limits, title=title, operating_point=None, made_at=made_at
    )


def chosen_alike(limits: Limits) -> BoundsChoice:
    """Return :func:`bounds_alike` in the form :func:`measure_at` asks for."""

    def chosen(grouping: Grouping, acquired: Acquired, store: ScoreStore) -> Bounds:
        del grouping, acquired
        return bounds_alike(store, limits)

    return chosen


def bounds_alike(store: ScoreStore, limits: Limits) -> Bounds:
    """Return the widest bounds, in hundredths, that keep both limits over everyone's counts.

    The strictest there are, 0.01, where even those do not keep the FMR.
    """
    non_mated, mated = store.non_mated.sum(axis=(0, 1)), store.mated.sum(axis=0)
    kept = [edge for edge in _STEPS if _up_to(non_mated, edge) <= limits.max_fmr * non_mated.sum()]
    lower = max(kept, default=_STEPS[0])
    beyond = [
        edge
        for edge in _STEPS
        if edge > lower and mated.sum() - _up_to(mated, edge - 1) <= limits.max_fnmr * mated.sum()
    ]
    return Bounds(float(EDGES[lower]), float(EDGES[min(beyond, default=len(EDGES) - 1)]))


def missed(group: GroupResult) -> tuple[int, int] | None:
    """Return how many mated comparisons did not end in *mated*, and of how many; ``None`` if not shown."""
    rejected, open_ = group.rates.get(Kind.FNMR), group.rates.get(Kind.UNDETERMINED_MATED)
    if rejected is None or open_ is None:
        return None
    return rejected.hits + open_.hits, rejected.trials


def side_by_side_json(both: SideBySide) -> dict[str, JsonValue]:
    """Return the comparison as spec/recogniser-comparison.md has it, format 1."""
    groups = zip(*(result.groups for result in both.results), strict=True)
    return {
        "format": FORMAT,
        "kind": "recogniser-comparison",
        "made_at": both.made_at.isoformat(),
        "recognisers": [result.recogniser.name for result in both.results],
        "cards": [dict(asdict(card)) for card in both.cards],
        "rule": {"max_fmr": both.limits.max_fmr, "max_fnmr": both.limits.max_fnmr, "over": "everyone"},
        "groups": [_groups_alike(one, other) for one, other in groups],
        "results": [to_json(result) for result in both.results],
    }


def _groups_alike(one: GroupResult, other: GroupResult) -> dict[str, JsonValue]:
    return {
        "name": one.name,
        "people": one.people,
        "fmr": [_shown(group.rates, Kind.FMR) for group in (one, other)],
        "missed": [_share(missed(group)) for group in (one, other)],
        "not_acquired": [_shown(group.rates, Kind.FAILURE_TO_ACQUIRE) for group in (one, other)],
    }


def _shown(rates: Mapping[Kind, Rate], kind: Kind) -> JsonValue:
    rate = rates.get(kind)
    return None if rate is None else {"hits": rate.hits, "trials": rate.trials}


def _share(counted: tuple[int, int] | None) -> JsonValue:
    return None if counted is None else {"hits": counted[0], "trials": counted[1]}


def _up_to(counts: Counts, edge: int) -> int:
    return int(counts[: edge + 1].sum())

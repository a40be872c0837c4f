"""Error rates of groups: FMR, FNMR, failure to acquire, undetermined shares (ISO/IEC 19795-1).

A rate carries what it was counted from and three intervals; :attr:`Rate.governing` is the one to answer for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.acquisition import Acquired
from dongui.assessment.bootstrap import LinearShare, PairShare, PersonShare, Share, bootstrap
from dongui.assessment.groups import Group, Grouping
from dongui.assessment.intervals import Governing, clopper_pearson, governing
from dongui.assessment.score_store import MATED, NON_MATED, UNDETERMINED, ScoreStore

__all__ = [
    "MAX_PAIRS_HELD",
    "Kind",
    "Rate",
    "RatesAcross",
    "RatesWithin",
    "disjoint_pairs",
    "rates_across",
    "rates_within",
]

#: From this many different pairs of people with an error on, the bootstrap takes its first-order form.
MAX_PAIRS_HELD: Final = 5_000

Flags = NDArray[np.bool_]
Vector = NDArray[np.float64]


class Kind(StrEnum):
    """What a rate counts. *Undetermined* is no error and counts apart: a wide band moves the harm there."""

    FMR = "fmr"
    FNMR = "fnmr"
    UNDETERMINED_MATED = "undetermined_mated"
    UNDETERMINED_NON_MATED = "undetermined_non_mated"
    FAILURE_TO_ACQUIRE = "failure_to_acquire"


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``trials``; ``independent`` trials share nobody (people, or pairs of different people).

    ``comparisons`` is the exact interval as if all trials were independent, ``bootstrap`` the one over
    people (``None`` where they are too few), ``governing`` the widest that applies.
    """

    hits: int
    trials: int
    independent: int
    comparisons: tuple[float, float]
    bootstrap: tuple[float, float] | None
    governing: Governing

    @property
    def value(self) -> float:
        """The proportion, 0.0 to 1.0."""
        return self.hits / self.trials


@dataclass(frozen=True, slots=True)
class RatesWithin:
    """One group's rates, over comparisons within it; a kind nothing was tried for is absent."""

    group: Group
    people: int
    pictures: int
    not_acquired: int
    rates: Mapping[Kind, Rate]


@dataclass(frozen=True, slots=True)
class RatesAcross:
    """Rates of comparisons between people of two groups of one column."""

    groups: tuple[Group, Group]
    people: tuple[int, int]
    rates: Mapping[Kind, Rate]


@dataclass(frozen=True, slots=True)
class _Counted:
    hits: int
    trials: int
    independent: int
    independent_with_error: int
    share: Share


def rates_within(
    group: Group,
    *,
    grouping: Grouping,
    store: ScoreStore,
    acquired: Acquired,
    draws: int,
    seed: Sequence[int],
    confidence: float,
) -> RatesWithin:
    """Return the rates of comparisons within ``group``."""
    members = grouping.members(group)
    counted = _of_people(members, store, acquired) | _of_pairs(
        members, members, group, group, store, acquired
    )
    rates = _rates(counted, people=int(members.sum()), draws=draws, seed=seed, confidence=confidence)
    pictures = int(acquired.pictures[members].sum())
    return RatesWithin(
        group, int(members.sum()), pictures, pictures - int(acquired.acquired[members].sum()), rates
    )


def rates_across(
    groups: tuple[Group, Group],
    *,
    grouping: Grouping,
    store: ScoreStore,
    acquired: Acquired,
    draws: int,
    seed: Sequence[int],
    confidence: float,
) -> RatesAcross:
    """Return the rates of comparisons between people of two groups that share nobody."""
    one, other = (grouping.members(group) for group in groups)
    counted = _of_pairs(one, other, *groups, store, acquired)
    # Drawn from both groups together: how many come of each is left to chance, which widens the interval.
    rates = _rates(counted, people=int((one | other).sum()), draws=draws, seed=seed, confidence=confidence)
    return RatesAcross(groups, (int(one.sum()), int(other.sum())), rates)


def _rates(
    counted: Mapping[Kind, _Counted], *, people: int, draws: int, seed: Sequence[int], confidence: float
) -> dict[Kind, Rate]:
    tried = {kind: one for kind, one in counted.items() if one.trials}
    over_people = bootstrap(
        [one.share for one in tried.values()], people=people, draws=draws, seed=seed, confidence=confidence
    )
    return {
        kind: _rate(one, interval, confidence)
        for (kind, one), interval in zip(tried.items(), over_people, strict=True)
    }


def _rate(one: _Counted, over_people: tuple[float, float] | None, confidence: float) -> Rate:
    comparisons = clopper_pearson(one.hits, one.trials, confidence=confidence)
    return Rate(
        one.hits,
        one.trials,
        one.independent,
        comparisons,
        over_people,
        governing(
            value=one.hits / one.trials,
            comparisons=comparisons,
            bootstrap=over_people,
            independent=one.independent,
            independent_with_error=one.independent_with_error,
            confidence=confidence,
        ),
    )


def _of_people(members: Flags, store: ScoreStore, acquired: Acquired) -> dict[Kind, _Counted]:
    decided = store.mated_people[members]
    pictures = acquired.pictures[members]
    return {
        Kind.FNMR: _by_person(decided[:, NON_MATED], decided.sum(axis=1)),
        Kind.UNDETERMINED_MATED: _by_person(decided[:, UNDETERMINED], decided.sum(axis=1)),
        Kind.FAILURE_TO_ACQUIRE: _by_person(pictures - acquired.acquired[members], pictures),
    }


def _by_person(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> _Counted:
    return _Counted(
        int(hits.sum()),
        int(trials.sum()),
        int(np.count_nonzero(trials)),
        int(np.count_nonzero(hits)),
        PersonShare(hits.astype(np.float64), trials.astype(np.float64)),
    )


def _of_pairs(
    one: Flags, other: Flags, first: Group, second: Group, store: ScoreStore, acquired: Acquired
) -> dict[Kind, _Counted]:
    return {
        kind: _by_pair(_Pairs(one, other, first, second, store, acquired), decision)
        for kind, decision in ((Kind.FMR, MATED), (Kind.UNDETERMINED_NON_MATED, UNDETERMINED))
    }


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Non-mated comparisons between two groups that are one group, or share nobody."""

    one: Flags
    other: Flags
    first: Group
    second: Group
    store: ScoreStore
    acquired: Acquired

    @property
    def within(self) -> bool:
        return self.first is self.second

    def decided(self) -> NDArray[np.int64]:
        cells = np.outer(self.first.cells, self.second.cells)
        return np.asarray(self.store.non_mated_decided[cells | cells.T].sum(axis=0))

    def independent(self) -> int:
        here, there = (
            int(np.count_nonzero(self.acquired.acquired[flags])) for flags in (self.one, self.other)
        )
        return here // 2 if self.within else min(here, there)

    def people(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.one | self.other)

    def per_person(self, decision: int) -> Vector:
        """How often each of :meth:`people` was decided so against the other side."""
        totals = self.store.non_mated_people[:, :, decision]
        sums = np.zeros(len(totals))
        sums[self.one] = totals[self.one][:, self.second.cells].sum(axis=1)
        sums[self.other] = totals[self.other][:, self.first.cells].sum(axis=1)
        return np.asarray(sums[self.people()])

    def pictures_against(self) -> Vector:
        """How many comparisons each of :meth:`people` was in."""
        shown = self.acquired.acquired.astype(np.float64)
        against = np.zeros(len(shown))
        against[self.one] = shown[self.other].sum()
        against[self.other] = shown[self.one].sum()
        if self.within:
            against -= np.where(self.one, shown, 0)
        return np.asarray((against * shown)[self.people()])

    def held(self, decision: int) -> NDArray[np.int64] | None:
        """Return the two people of every comparison decided so, or ``None`` where not all are held."""
        tail, bounds = self.store.lowest, self.store.bounds
        last = bounds.mated_at_most if decision == MATED else np.nextafter(bounds.non_mated_from, 0)
        if tail.complete_to < last:
            return None
        people = tail.people[bounds.decide(tail.scores) == decision].astype(np.int64)
        forward = self.one[people[:, 0]] & self.other[people[:, 1]]
        backward = self.one[people[:, 1]] & self.other[people[:, 0]]
        return np.asarray(people[forward | backward])


def _by_pair(pairs: _Pairs, decision: int) -> _Counted:
    decided = pairs.decided()
    hits, trials = int(decided[decision]), int(decided.sum())
    held = pairs.held(decision) if pairs.within else None
    if held is not None:
        different, counts = np.unique(np.sort(held, axis=1), axis=0, return_counts=True)
        if len(different) <= MAX_PAIRS_HELD:
            place = np.searchsorted(pairs.people(), different)
            shown = pairs.acquired.acquired[pairs.people()].astype(np.float64)
            share: Share = PairShare(place[:, 0], place[:, 1], counts.astype(np.float64), shown)
            return _Counted(hits, trials, pairs.independent(), disjoint_pairs(different), share)
    totals = pairs.per_person(decision)
    value = hits / trials if trials else 0.0
    influence = (totals - value * pairs.pictures_against()) / max(trials, 1)
    # Each person is in at most max(totals) of the errors, so at least this many share nobody.
    disjoint = int(hits // (2 * totals.max())) if hits else 0
    return _Counted(hits, trials, pairs.independent(), disjoint, LinearShare(value, influence))


def disjoint_pairs(people: NDArray[np.int64]) -> int:
    """Count pairs that share nobody, taken as they come: at least half of the most there could be."""
    taken: set[int] = set()
    count = 0
    for one, other in people.tolist():
        if one not in taken and other not in taken:
            taken |= {one, other}
            count += 1
    return count

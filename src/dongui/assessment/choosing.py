"""Choosing bounds that hold in every group, or saying why there are none.

Candidates are tried from the strictest on, in fixed steps that do not depend on the people, and the first one
that fails ends the trying. Every group has to pass each of them. So neither the number of candidates nor the
number of groups weakens the confidence: to choose wrongly, the group that truly fails would have to have been
judged wrongly itself (a fixed sequence of tests, and an intersection of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from dongui.assessment.acquisition import Acquired
from dongui.assessment.bootstrap import PairShare, PersonShare, Share, bootstrap
from dongui.assessment.error_rates import MAX_PAIRS_HELD, disjoint_pairs
from dongui.assessment.groups import Group, Grouping
from dongui.assessment.intervals import clopper_pearson, governing, independent_needed
from dongui.assessment.limits import Limits
from dongui.assessment.result import Method
from dongui.assessment.score_store import EDGES, Bounds, ScoreStore
from dongui.assessment.seeds import seed_of
from dongui.errors import Refused

__all__ = ["choose_bounds"]


@dataclass(frozen=True, slots=True)
class _Trial:
    """One group's rate at one candidate."""

    hits: int
    trials: int
    independent: int
    independent_with_error: int
    share: Share | None


@dataclass(frozen=True, slots=True)
class _People:
    """Everything counted, and how it is to be judged."""

    grouping: Grouping
    acquired: Acquired
    store: ScoreStore
    method: Method
    confidence: float

    def fmr(self, group: Group, edge: int) -> _Trial:
        """Non-mated comparisons within ``group`` at most as far apart as the edge."""
        members = self.grouping.members(group)
        counts = self.store.non_mated[np.outer(group.cells, group.cells)].sum(axis=0)
        hits, at = int(counts[: edge + 1].sum()), float(EDGES[edge])
        shown = self.acquired.acquired[members].astype(np.float64)
        independent = int(np.count_nonzero(shown)) // 2
        tail = self.store.lowest
        if not hits or tail.complete_to < at:
            return _Trial(hits, int(counts.sum()), independent, 0, None)
        held = tail.people[tail.scores <= at].astype(np.int64)
        held = np.sort(held[members[held].all(axis=1)], axis=1)
        different, times = np.unique(held, axis=0, return_counts=True)
        if len(different) > MAX_PAIRS_HELD:
            return _Trial(hits, int(counts.sum()), independent, 0, None)
        place = np.searchsorted(np.flatnonzero(members), different)
        share = PairShare(place[:, 0], place[:, 1], times.astype(np.float64), shown)
        return _Trial(hits, int(counts.sum()), independent, disjoint_pairs(different), share)

    def fnmr(self, group: Group, edge: int) -> _Trial:
        """Mated comparisons of ``group`` at least as far apart as the edge."""
        members = self.grouping.members(group)
        trials = self.store.mated_people[members].sum(axis=1)
        tail, at = self.store.highest, float(EDGES[edge])
        independent = int(np.count_nonzero(trials))
        if tail.complete_to < -at:
            # Not all are held: counted by bins, and scores equal to the edge with them.
            counts = self.store.mated[group.cells].sum(axis=0)
            return _Trial(int(counts[edge:].sum()), int(trials.sum()), independent, 0, None)
        people = tail.people[-tail.scores >= at, 0]
        each = np.bincount(people, minlength=len(members))[members].astype(np.float64)
        share = PersonShare(each, trials.astype(np.float64))
        return _Trial(int(each.sum()), int(trials.sum()), independent, int(np.count_nonzero(each)), share)

    def keeps(self, trial: _Trial, group: Group, limit: float) -> bool:
        """Tell whether the governing interval's upper end is at most ``limit``; what is cheap comes first."""
        if not trial.trials or trial.hits / trial.trials > limit:
            return False
        comparisons = clopper_pearson(trial.hits, trial.trials, confidence=self.confidence)
        if comparisons[1] > limit:
            return False
        over_people = self._bootstrap(trial, group)
        judged = governing(
            value=trial.hits / trial.trials,
            comparisons=comparisons,
            bootstrap=over_people,
            independent=trial.independent,
            independent_with_error=trial.independent_with_error,
            confidence=self.confidence,
        )
        return judged.high <= limit

    def _bootstrap(self, trial: _Trial, group: Group) -> tuple[float, float] | None:
        if trial.share is None or not trial.hits:
            return None
        (found,) = bootstrap(
            [trial.share],
            people=int(self.grouping.members(group).sum()),
            draws=self.method.draws,
            seed=seed_of(self.method, group.name),
            confidence=self.confidence,
        )
        return found


def choose_bounds(
    grouping: Grouping, acquired: Acquired, store: ScoreStore, *, limits: Limits, method: Method
) -> Bounds:
    """Return the widest bounds at which every group's intervals keep ``limits``.

    Raises ``Refused`` (``operating-point.worst-group``): not even the strictest bounds can be shown to keep
    them, and so many more people of each group are needed.
    """
    people = _People(grouping, acquired, store, method, limits.confidence)
    upward = range(1, len(EDGES))
    mated = _last_kept(upward, lambda edge: _all_keep(people, people.fmr, edge, limits.max_fmr))
    rejected = _last_kept(
        reversed(upward), lambda edge: _all_keep(people, people.fnmr, edge, limits.max_fnmr)
    )
    if mated is None or rejected is None:
        raise _refused(people, limits)
    # Well apart, the two would cross: then nothing between them has to stay undetermined but one step.
    return Bounds(float(EDGES[mated]), float(EDGES[max(rejected, mated + 1)]))


def _last_kept(candidates: Iterable[int], kept: Callable[[int], bool]) -> int | None:
    last: int | None = None
    for candidate in candidates:
        if not kept(candidate):
            break
        last = candidate
    return last


def _all_keep(people: _People, count: Callable[[Group, int], _Trial], edge: int, limit: float) -> bool:
    return all(people.keeps(count(group, edge), group, limit) for group in people.grouping.groups)


def _refused(people: _People, limits: Limits) -> Refused:
    """Say how many more people of which group it takes, the group that lacks most first."""
    lacking: list[tuple[int, str]] = []
    for group in people.grouping.groups:
        # The strictest bounds: nobody accepted, and nobody rejected.
        wanted = []
        if not people.keeps(people.fmr(group, 1), group, limits.max_fmr):
            wanted.append(2 * independent_needed(limits.max_fmr, confidence=limits.confidence))
        if not people.keeps(people.fnmr(group, len(EDGES) - 1), group, limits.max_fnmr):
            wanted.append(independent_needed(limits.max_fnmr, confidence=limits.confidence))
        more = max(wanted, default=0) - int(people.grouping.members(group).sum())
        if more > 0:
            lacking.append((more, group.name))
    lacking.sort(key=lambda one: (-one[0], one[1]))
    told = "; ".join(f"{more:,} more of {name}" for more, name in lacking)
    return Refused(
        "operating-point.worst-group",
        f"no bounds can be shown to keep an FMR of {limits.max_fmr:g} and an FNMR of {limits.max_fnmr:g} at "
        f"{limits.confidence:g} in every group. It takes people with two pictures each and no error among "
        f"them: {told or 'none: errors stand even at the strictest bounds'}",
    )

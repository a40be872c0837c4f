"""One pass over all pairs, and the figures made of it. The scores stay inside."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.acquisition import Acquired, acquire_people
from dongui.assessment.choosing import choose_bounds
from dongui.assessment.consent_ground import ConsentedTable
from dongui.assessment.det_curve import bars, det_curve
from dongui.assessment.differentials import differential
from dongui.assessment.error_discard import ErrorDiscard, PictureQuality
from dongui.assessment.error_rates import Kind, RatesWithin, rates_across, rates_within
from dongui.assessment.extreme_values import extrapolate
from dongui.assessment.groups import Group, Grouping, grouping_of
from dongui.assessment.limits import Limits
from dongui.assessment.needs import need_of
from dongui.assessment.picture_components import discarded_by_component
from dongui.assessment.result import (
    AcrossResult,
    AssessmentResult,
    DataSetFacts,
    DeclarationFacts,
    DifferentialResult,
    GroupResult,
    Method,
    RecogniserFacts,
    Sessions,
    TailResult,
    Trials,
    shown_rates,
)
from dongui.assessment.score_store import Bounds, ScoreStore
from dongui.assessment.seeds import seed_of
from dongui.assessment.trials import PAIRS_AT_ONCE, pairs
from dongui.biometrics.instruments import Instruments

__all__ = ["BoundsChoice", "Measurement", "compare_pairs", "measure", "measure_and_choose", "measure_at"]

#: FMRs whose bounds the tail is asked for.
_LOW_FMRS: Final = (1e-3, 1e-4, 1e-5, 1e-6)
# While bounds are being chosen none decides.
_ANY_BOUNDS: Final = Bounds(0.5, 1.0)

BoundsChoice: TypeAlias = Callable[[Grouping, Acquired, ScoreStore], Bounds]
"""How bounds are chosen of what was counted."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything counted in one pass. It holds the tails of the scores: it is not written anywhere.

    The templates are gone: what ``acquired`` still tells is whose picture gave one.
    """

    consented: ConsentedTable
    grouping: Grouping
    acquired: Acquired = field(repr=False)
    store: ScoreStore = field(repr=False)
    recogniser: RecogniserFacts
    error_discard: ErrorDiscard | None = None

    def __reduce__(self) -> str:
        raise TypeError("a measurement holds scores; it is not written anywhere")

    def rates_of(self, group: Group, *, method: Method) -> RatesWithin:
        """Return one group's rates; the same people are drawn whatever else is asked."""
        return rates_within(
            group,
            grouping=self.grouping,
            store=self.store,
            acquired=self.acquired,
            draws=method.draws,
            seed=seed_of(method, group.name),
            confidence=method.confidence,
        )

    def result(
        self, *, method: Method, limits: Limits, title: str, operating_point: str | None, made_at: datetime
    ) -> AssessmentResult:
        """Return the figures. ``title`` names the data set."""
        within = [self.rates_of(group, method=method) for group in self.grouping.groups]
        return AssessmentResult(
            made_at=made_at,
            recogniser=self.recogniser,
            bounds=self.store.bounds,
            operating_point=operating_point,
            data_set=self._data_set(title),
            method=method,
            trials=self._trials(),
            groups=tuple(self._group(one) for one in within),
            across=self._across(method),
            differentials=_differentials(within),
            tail=self._tail(method),
            max_fmr=limits.max_fmr,
            max_fnmr=limits.max_fnmr,
            needs=tuple(need_of(one, limits.max_fmr, limits.max_fnmr, limits.confidence) for one in within),
            error_discard=self.error_discard,
        )

    def _data_set(self, title: str) -> DataSetFacts:
        consented = self.consented
        declared = tuple(
            DeclarationFacts(
                one.declaration.name,
                one.declaration.holder,
                one.declaration.data_set,
                one.signer,
                one.sha256,
                consented.declarations[one.declaration.name],
            )
            for one in consented.used
        )
        table = consented.table
        return DataSetFacts(title, table.sha256, table.columns, consented.records, declared)

    def _trials(self) -> Trials:
        store, table = self.store, self.consented.table
        across = [int(count) for count in store.mated_across_sessions]
        sessions = Sessions(sum(across), across[2], across[1]) if table.has_sessions else None
        return Trials(
            table.people,
            len(table.rows),
            self.acquired.reasons,
            int(store.mated_decided.sum()),
            int(store.non_mated_decided.sum()),
            sessions,
        )

    def _group(self, one: RatesWithin) -> GroupResult:
        group = one.group
        mated = bars(self.store.mated[group.cells].sum(axis=0))
        inside = np.outer(group.cells, group.cells)
        non_mated = bars(self.store.non_mated[inside].sum(axis=0))
        return GroupResult(
            group.name,
            group.columns,
            group.values,
            one.people,
            one.pictures,
            shown_rates(one.rates, people=one.people),
            mated,
            non_mated,
            det_curve(mated, non_mated),
        )

    def _across(self, method: Method) -> tuple[AcrossResult, ...]:
        found = []
        single = [group for group in self.grouping.groups if len(group.columns) == 1]
        for one, other in itertools.combinations(single, 2):
            if one.columns != other.columns:
                continue
            rates = rates_across(
                (one, other),
                grouping=self.grouping,
                store=self.store,
                acquired=self.acquired,
                draws=method.draws,
                seed=seed_of(method, f"{one.name} / {other.name}"),
                confidence=method.confidence,
            )
            values = (one.values[0], other.values[0])
            shown = shown_rates(rates.rates, people=sum(rates.people))
            found.append(AcrossResult(one.columns[0], values, rates.people, shown))
        return tuple(found)

    def _tail(self, method: Method) -> TailResult | None:
        def fitted(bounds: Sequence[float]) -> TailResult | None:
            found = extrapolate(
                self.store.lowest,
                comparisons=int(self.store.non_mated_decided.sum()),
                people=self.consented.table.people,
                bounds=bounds,
                seed=seed_of(method, "tail"),
                confidence=method.confidence,
            )
            return None if found is None else TailResult(*found)

        first = fitted([])
        if first is None:
            return None
        # Whole hundredths: a bound asked of the fit, not a score of the set.
        asked = {round(first.fit.bound(fmr), 2) for fmr in _LOW_FMRS if fmr < first.fit.share}
        return fitted(sorted({*asked, self.store.bounds.mated_at_most}))


def measure(
    consented: ConsentedTable,
    *,
    instruments: Instruments,
    bounds: Bounds,
    progress: Callable[[str], None],
    quality: PictureQuality | None = None,
) -> Measurement:
    """Acquire every picture, compare every pair the labels name, once, and forget the templates.

    With ``quality``, of :func:`~dongui.assessment.picture_components.quality_by_component`, errors are also
    counted as the worst pictures are left out. Raises as :func:`acquire_people` and :func:`grouping_of`.
    """
    grouping = grouping_of(consented.table)
    with acquire_people(
        consented, instruments=instruments, at_once=PAIRS_AT_ONCE, progress=progress, quality=quality
    ) as acquired:
        store = ScoreStore(grouping, bounds)
        compare_pairs(acquired, store, progress=progress)
        discarded = discarded_by_component(acquired, mated_at_most=bounds.mated_at_most)
    return Measurement(consented, grouping, acquired, store, _facts(instruments), discarded)


def measure_and_choose(
    consented: ConsentedTable,
    *,
    instruments: Instruments,
    limits: Limits,
    method: Method,
    progress: Callable[[str], None],
) -> Measurement:
    """As :func:`measure`, at bounds chosen so that every group keeps ``limits``.

    Raises as :func:`measure` and :func:`choose_bounds`.
    """

    def chosen(grouping: Grouping, acquired: Acquired, store: ScoreStore) -> Bounds:
        return choose_bounds(grouping, acquired, store, limits=limits, method=method)

    return measure_at(consented, instruments=instruments, choose=chosen, progress=progress)


def measure_at(
    consented: ConsentedTable,
    *,
    instruments: Instruments,
    choose: BoundsChoice,
    progress: Callable[[str], None],
) -> Measurement:
    """As :func:`measure`, at the bounds ``choose`` returns once every pair was counted. Raises as both."""
    grouping = grouping_of(consented.table)
    with acquire_people(
        consented, instruments=instruments, at_once=PAIRS_AT_ONCE, progress=progress
    ) as acquired:
        store = ScoreStore(grouping, _ANY_BOUNDS)
        compare_pairs(acquired, store, progress=progress)
        bounds = choose(grouping, acquired, store)
        # Once more at the bounds chosen: counts there are exact, and so are the people behind them.
        store = ScoreStore(grouping, bounds)
        compare_pairs(acquired, store, progress=progress)
    return Measurement(consented, grouping, acquired, store, _facts(instruments))


def _facts(instruments: Instruments) -> RecogniserFacts:
    card = instruments.recogniser.card
    return RecogniserFacts(
        card.name, card.digest.hex(), card.weights_sha256, instruments.pipeline_digest.hex()
    )


def compare_pairs(acquired: Acquired, store: ScoreStore, *, progress: Callable[[str], None]) -> None:
    """Count the score of every pair of acquired pictures, pair by pair of the labels."""
    count = len(acquired.person)
    total = count * (count - 1) // 2
    for number, (one, other) in enumerate(pairs(count)):
        scores = acquired.scores(one, other)
        store.add(
            scores,
            acquired.person[one],
            acquired.person[other],
            same_session=_same_session(acquired.session, one, other),
        )
        if number % 256 == 0:
            progress(f"{number * PAIRS_AT_ONCE:,} of {total:,} comparisons")


def _same_session(
    session: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.bool_]:
    # A sitting that is not named might be the same one.
    return np.asarray((session[one] == session[other]) | (session[one] < 0) | (session[other] < 0))


def _differentials(within: Sequence[RatesWithin]) -> tuple[DifferentialResult, ...]:
    by_columns: dict[tuple[str, ...], list[RatesWithin]] = {}
    for one in within:
        if one.group.columns:
            by_columns.setdefault(one.group.columns, []).append(one)
    found = []
    for columns, members in by_columns.items():
        for kind in Kind:
            named = _shown_values(members, kind)
            compared = differential(named)
            if compared is not None:
                found.append(DifferentialResult(columns, kind, compared))
    return tuple(found)


def _shown_values(members: Sequence[RatesWithin], kind: Kind) -> list[tuple[str, float]]:
    shown: list[tuple[str, float]] = []
    for one in members:
        rates: Mapping[Kind, object] = shown_rates(one.rates, people=one.people)
        if kind in rates:
            shown.append((one.group.name, one.rates[kind].value))
    return shown

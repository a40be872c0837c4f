"""What an assessment hands out: figures over groups, typed, and as JSON (spec/assessment-report.md).

Nothing in it is about one picture, one pair or one person: counts, rates, intervals and coarse histograms of
groups. A group in which fewer than two people or two comparisons stand behind a figure does not show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dongui.assessment.det_curve import Bar, DetPoint
from dongui.assessment.differentials import Differential
from dongui.assessment.error_discard import ErrorDiscard
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.extreme_values import Extrapolation, TailFit
from dongui.assessment.score_store import Bounds

__all__ = [
    "FEWEST_BEHIND_A_FIGURE",
    "FORMAT",
    "AcrossResult",
    "AssessmentResult",
    "DataSetFacts",
    "DeclarationFacts",
    "DifferentialResult",
    "GroupResult",
    "Method",
    "Need",
    "RecogniserFacts",
    "Sessions",
    "TailResult",
    "Trials",
    "shown_rates",
]

FORMAT: Final = 1
FEWEST_BEHIND_A_FIGURE: Final = 2


@dataclass(frozen=True, slots=True)
class RecogniserFacts:
    """The recogniser and the pipeline around it; digests are SHA-256 in hexadecimal."""

    name: str
    card_sha256: str
    weights_sha256: str
    pipeline_sha256: str


@dataclass(frozen=True, slots=True)
class DeclarationFacts:
    """A holder's declaration that was relied on; ``pictures`` counts those under it."""

    name: str
    holder: str
    data_set: str
    signer: str
    sha256: str
    pictures: int


@dataclass(frozen=True, slots=True)
class DataSetFacts:
    """The set: its title, its table's digest, and the grounds it was measured on."""

    title: str
    table_sha256: str
    columns: tuple[str, ...]
    consent_records: int
    declarations: tuple[DeclarationFacts, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """How the figures were made. ``seed`` (hexadecimal) makes the bootstrap repeatable."""

    confidence: float
    draws: int
    seed: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """Mated comparisons of pictures from different sessions; the others share one sitting and flatter."""

    mated: int
    rejected: int
    undetermined: int


@dataclass(frozen=True, slots=True)
class Trials:
    """What was compared. ``sessions`` is ``None`` where the table does not tell sessions apart."""

    people: int
    pictures: int
    not_acquired: Mapping[str, int]
    mated: int
    non_mated: int
    sessions: Sessions | None


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group. ``rates`` lacks what was not tried, and what too few people or comparisons stand behind.

    ``mated`` and ``non_mated`` are score histograms, empty where too few; ``det`` is the curve over them.
    """

    name: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    people: int
    pictures: int
    rates: Mapping[Kind, Rate]
    mated: tuple[Bar, ...]
    non_mated: tuple[Bar, ...]
    det: tuple[DetPoint, ...]


@dataclass(frozen=True, slots=True)
class AcrossResult:
    """Comparisons between people of two groups of one column."""

    column: str
    values: tuple[str, str]
    people: tuple[int, int]
    rates: Mapping[Kind, Rate]


@dataclass(frozen=True, slots=True)
class DifferentialResult:
    """How far the groups by ``columns`` differ in one kind of rate."""

    columns: tuple[str, ...]
    kind: Kind
    differential: Differential


@dataclass(frozen=True, slots=True)
class TailResult:
    """The extrapolation to low FMR: modelled, not measured."""

    fit: TailFit
    figures: tuple[Extrapolation, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """Whether a group's governing interval keeps both limits at the bounds, and what it would take.

    ``more_people`` counts further people of this group, each with two pictures, in whom no error is seen;
    0 where it holds. ``None``: errors were seen that more people would not take away; the bounds are wrong.
    """

    group: str
    people: int
    fmr_holds: bool
    fnmr_holds: bool
    more_people: int | None


@dataclass(frozen=True, slots=True)
class AssessmentResult:
    """One assessment. ``groups`` begins with everyone.

    ``operating_point`` is ``None`` where the bounds were chosen on the very people they are judged by,
    ``error_discard`` where the pictures' quality was not measured.
    """

    made_at: datetime
    recogniser: RecogniserFacts
    bounds: Bounds
    operating_point: str | None
    data_set: DataSetFacts
    method: Method
    trials: Trials
    groups: tuple[GroupResult, ...]
    across: tuple[AcrossResult, ...]
    differentials: tuple[DifferentialResult, ...]
    tail: TailResult | None
    max_fmr: float
    max_fnmr: float
    needs: tuple[Need, ...]
    error_discard: ErrorDiscard | None = None

    @property
    def everyone(self) -> GroupResult:
        """The group of all."""
        return self.groups[0]

    @property
    def assessed_for_use(self) -> bool:
        """Whether both limits hold in every group, at an operating point that somebody could use."""
        return self.operating_point is not None and all(
            need.fmr_holds and need.fnmr_holds for need in self.needs
        )


def shown_rates(rates: Mapping[Kind, Rate], *, people: int) -> dict[Kind, Rate]:
    """Return the rates that two people and two trials at least stand behind: one would be somebody's own."""
    if people < FEWEST_BEHIND_A_FIGURE:
        return {}
    return {kind: rate for kind, rate in rates.items() if rate.trials >= FEWEST_BEHIND_A_FIGURE}

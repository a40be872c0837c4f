"""Operating points: two bounds with what was measured at them, on whom, when, and with which instruments.

A bound without its error rates is a number somebody liked. A point that ships is a data file written by
``benchmarks/london.py``; it carries counts, never rates, so that every interval can be computed again.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from dongui.biometrics.intervals import Proportion
from dongui.errors import Misuse

__all__ = ["Measured", "OperatingPoint", "operating_point", "operating_points"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts at the two bounds over one group of people ("everyone" is one).

    ``mated`` and ``non_mated`` are comparisons between two pictures of that group. ``mated_rejected`` of
    ``mated`` were called non-mated; ``non_mated_accepted`` of ``non_mated`` were called mated; the
    ``*_undetermined`` were called neither. ``not_acquired`` of ``pictures`` gave no template.
    """

    group: str
    people: int
    pictures: int
    not_acquired: int
    mated: int
    mated_rejected: int
    mated_undetermined: int
    non_mated: int
    non_mated_accepted: int
    non_mated_undetermined: int

    @property
    def fmr(self) -> Proportion:
        """The false match rate: non-mated comparisons called mated."""
        return Proportion(self.non_mated_accepted, self.non_mated)

    @property
    def fnmr(self) -> Proportion:
        """The false non-match rate: mated comparisons called non-mated. Undetermined ones count apart."""
        return Proportion(self.mated_rejected, self.mated)

    @property
    def undetermined_mated(self) -> Proportion:
        """The share of mated comparisons that end between the bounds."""
        return Proportion(self.mated_undetermined, self.mated)

    @property
    def undetermined_non_mated(self) -> Proportion:
        """The share of non-mated comparisons that end between the bounds."""
        return Proportion(self.non_mated_undetermined, self.non_mated)

    @property
    def failure_to_acquire(self) -> Proportion:
        """The share of pictures no template could be made of."""
        return Proportion(self.not_acquired, self.pictures)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Up to ``mated_at_most`` mated, from ``non_mated_from`` on non-mated, between: undetermined.

    Both are Euclidean distances, 0 upwards. ``recogniser`` names the card; ``pipeline_digest``: 32 bytes, of
    the instruments it was measured with. ``by_group`` says what ``everyone`` hides; its people are counted
    more than once.
    ``assessed_for_use`` says that enough people of the groups concerned were measured for somebody to answer
    for its use; no point that ships claims it.
    """

    name: str
    recogniser: str
    mated_at_most: float
    non_mated_from: float
    pipeline_digest: bytes
    assessed_for_use: bool
    data_set: str
    measured_on: date
    everyone: Measured
    by_group: tuple[Measured, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.mated_at_most < self.non_mated_from:
            raise ValueError("the bounds must satisfy 0 < mated_at_most < non_mated_from")
        if len(self.pipeline_digest) != 32:
            raise ValueError("pipeline_digest is a SHA-256: 32 bytes")

    def require_accepted(self, *, accept_unassessed: bool) -> None:
        """Raises ``Misuse`` (``operating-point.not-assessed``) unless assessed, or the caller knows."""
        if not self.assessed_for_use and not accept_unassessed:
            raise Misuse(
                "operating-point.not-assessed",
                f"{self.name} was measured on {self.everyone.people} people and is not assessed for use; "
                "say accept_unassessed to go on",
            )

    @classmethod
    def from_toml(cls, text: str) -> OperatingPoint:
        """Read a data file. ``ValueError``, ``KeyError`` or ``TypeError`` for anything that is not one."""
        fields = tomllib.loads(text)
        digest = bytes.fromhex(fields.pop("pipeline_sha256"))
        everyone = Measured(**fields.pop("everyone"))
        by_group = tuple(Measured(**group) for group in fields.pop("by_group"))
        return cls(pipeline_digest=digest, everyone=everyone, by_group=by_group, **fields)


@cache
def operating_points() -> dict[str, OperatingPoint]:
    """Return every point that ships, by name, sorted."""
    folder = resources.files("dongui.biometrics.measured")
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    found = [OperatingPoint.from_toml(file.read_text(encoding="utf-8")) for file in files]
    return {point.name: point for point in sorted(found, key=lambda point: point.name)}


def operating_point(name: str) -> OperatingPoint:
    """Return one point. Raises ``Misuse`` (``operating-point.unknown``) and names those there are."""
    try:
        return operating_points()[name]
    except KeyError:
        known = ", ".join(operating_points())
        raise Misuse(
            "operating-point.unknown", f"no operating point is called {name!r}; there are: {known}"
        ) from None

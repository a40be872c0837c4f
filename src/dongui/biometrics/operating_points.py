"""Operating points: two bounds with what was measured at them, on whom, when, and with which instruments.

A bound without its error rates is a number somebody liked. A point that ships is a data file written by
``benchmarks/london.py``; it carries counts, never rates, so that every interval can be computed again.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib import resources

from dongui.biometrics.assessed import Assessed
from dongui.biometrics.intervals import Proportion
from dongui.errors import Misuse

__all__ = [
    "MAX_POINT_BYTES",
    "Chosen",
    "Measured",
    "OperatingPoint",
    "install_operating_point",
    "operating_point",
    "operating_points",
    "read_operating_point",
]

MAX_POINT_BYTES = 256 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts at the two bounds over one group of people ("everyone" is one).

    ``mated`` and ``non_mated`` are comparisons between two pictures of that group. ``mated_rejected`` of
    ``mated`` were called non-mated; ``non_mated_accepted`` of ``non_mated`` were called mated; the
    ``*_undetermined`` were called neither. ``not_acquired`` of ``pictures`` gave no template.
    The intervals, 0.0 to 1.0, are those an assessment answers for, over people and not over comparisons;
    ``None`` where none was made. ``ValueError`` for counts or an interval that cannot be.
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
    fmr_interval: tuple[float, float] | None = None
    fnmr_interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        # Each of these refuses counts that cannot be.
        _ = self.fmr, self.fnmr, self.undetermined_mated, self.undetermined_non_mated, self.failure_to_acquire
        Proportion(self.mated_rejected + self.mated_undetermined, self.mated)
        Proportion(self.non_mated_accepted + self.non_mated_undetermined, self.non_mated)
        for interval in (self.fmr_interval, self.fnmr_interval):
            if interval is not None and not 0 <= interval[0] <= interval[1] <= 1:
                raise ValueError("an interval lies in 0 to 1")

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
class Chosen:
    """The limits a point was chosen to keep in every group: upper ends of intervals at ``confidence``."""

    max_fmr: float
    max_fnmr: float
    confidence: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Up to ``mated_at_most`` mated, from ``non_mated_from`` on non-mated, between: undetermined.

    Both are Euclidean distances, 0 upwards. ``recogniser`` names the card; ``pipeline_digest``: 32 bytes, of
    the instruments it was measured with. ``by_group`` says what ``everyone`` hides; its people are counted
    more than once.
    ``assessed_for_use`` says that enough people of the groups concerned were measured for somebody to answer
    for its use; no point that ships claims it. ``chosen`` are the limits it keeps in every group, where it
    was chosen by them. ``assessment``: the report it came from, where it came from one.
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
    chosen: Chosen | None = None
    assessment: Assessed | None = None

    def __post_init__(self) -> None:
        if not 0 < self.mated_at_most < self.non_mated_from < math.inf:
            raise ValueError("the bounds must satisfy 0 < mated_at_most < non_mated_from")
        if not _NAME.fullmatch(self.name):
            raise ValueError("a name is 1 to 64 of a-z, 0-9 and hyphens: it stands on receipts and in paths")
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

    def require_pipeline(self, digest: bytes) -> None:
        """Raises ``Misuse`` (``operating-point.other-pipeline``) unless measured with this pipeline.

        Asked when instruments are loaded, so that nobody comes before it is noticed.
        """
        if digest != self.pipeline_digest:
            measured = self.pipeline_digest.hex()[:16]
            detail = f"{self.name} was measured with the pipeline {measured}; this one is {digest.hex()[:16]}"
            raise Misuse("operating-point.other-pipeline", detail)

    @classmethod
    def from_toml(cls, text: str) -> OperatingPoint:
        """Read a data file. ``ValueError``, ``KeyError`` or ``TypeError`` for anything that is not one."""
        fields = tomllib.loads(text)
        digest = bytes.fromhex(fields.pop("pipeline_sha256"))
        everyone, by_group = fields.pop("everyone"), fields.pop("by_group", [])
        for group in (everyone, *by_group):
            _make_pairs(group)
        chosen, assessment = fields.pop("chosen", None), fields.pop("assessment", None)
        return cls(
            pipeline_digest=digest,
            everyone=Measured(**everyone),
            by_group=tuple(Measured(**group) for group in by_group),
            chosen=None if chosen is None else Chosen(**chosen),
            assessment=None if assessment is None else Assessed(**assessment),
            **fields,
        )

    def to_toml(self) -> str:
        """Write the data file :meth:`from_toml` reads."""
        lines = [
            f"name = {_text(self.name)}",
            f"recogniser = {_text(self.recogniser)}",
            f"mated_at_most = {self.mated_at_most!r}",
            f"non_mated_from = {self.non_mated_from!r}",
            f'pipeline_sha256 = "{self.pipeline_digest.hex()}"',
            f"assessed_for_use = {str(self.assessed_for_use).lower()}",
            f"data_set = {_text(self.data_set)}",
            f"measured_on = {self.measured_on.isoformat()}",
        ]
        if self.chosen is not None:
            lines += ["", "[chosen]", *(f"{name} = {value!r}" for name, value in asdict(self.chosen).items())]
        if self.assessment is not None:
            told = asdict(self.assessment).items()
            lines += ["", "[assessment]", *(f"{name} = {_text(value)}" for name, value in told)]
        parts = [("[everyone]", self.everyone), *(("[[by_group]]", group) for group in self.by_group)]
        for heading, entry in parts:
            lines += ["", heading, *_lines(entry)]
        return "\n".join(lines) + "\n"


def _make_pairs(fields: dict[str, object]) -> None:
    """Turn the intervals, lists in TOML, into pairs."""
    for name in ("fmr_interval", "fnmr_interval"):
        interval = fields.get(name)
        if isinstance(interval, list):
            low, high = interval
            fields[name] = (float(low), float(high))


def _lines(entry: Measured) -> list[str]:
    written = {name: value for name, value in asdict(entry).items() if value is not None}
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in written.items()]


def _text(value: str) -> str:
    # A JSON text is a TOML basic string, but for DEL, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_operating_point(data: bytes) -> OperatingPoint:
    """Read a point's data file, at most 256 KiB. Raises ``Misuse`` (``operating-point.malformed``)."""
    if len(data) > MAX_POINT_BYTES:
        raise Misuse("operating-point.malformed", f"it has {len(data)} bytes; the limit is {MAX_POINT_BYTES}")
    try:
        point = OperatingPoint.from_toml(data.decode())
        # What does not come back as it was read holds something of a kind it should not.
        same = OperatingPoint.from_toml(point.to_toml()) == point
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        detail = f"it is no operating point: {type(error).__name__}"
        raise Misuse("operating-point.malformed", detail) from None
    if not same:
        raise Misuse("operating-point.malformed", "it holds a value of another kind than it should")
    return point


def install_operating_point(point: OperatingPoint) -> None:
    """Make a point known by its name in this process, beside those that ship.

    A name means one measurement: another point of a name that is taken is refused. Raises ``Misuse``
    (``operating-point.name-taken``).
    """
    known = operating_points().get(point.name)
    if known is not None and known != point:
        raise Misuse("operating-point.name-taken", f"another operating point is called {point.name}")
    _installed[point.name] = point


def operating_points() -> dict[str, OperatingPoint]:
    """Return every point that ships or was installed, by name, sorted."""
    return dict(sorted({**_installed, **_shipped()}.items()))


_installed: dict[str, OperatingPoint] = {}


@cache
def _shipped() -> dict[str, OperatingPoint]:
    folder = resources.files("dongui.biometrics.measured")
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    found = [OperatingPoint.from_toml(file.read_text(encoding="utf-8")) for file in files]
    return {point.name: point for point in found}


def operating_point(name: str) -> OperatingPoint:
    """Return one point. Raises ``Misuse`` (``operating-point.unknown``) and names those there are."""
    try:
        return operating_points()[name]
    except KeyError:
        known = ", ".join(operating_points())
        raise Misuse(
            "operating-point.unknown", f"no operating point is called {name!r}; there are: {known}"
        ) from None

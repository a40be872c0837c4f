"""Templates of consenting people's pictures, in one buffer that is overwritten afterwards.

Each picture is read, taken as a reference is taken, and overwritten before the next one is read. A picture
that gives no template counts as a failure to acquire (ISO/IEC 19795-1), under the name of its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.consent_ground import ConsentedTable
from dongui.assessment.error_discard import PictureQuality
from dongui.assessment.people_table import Row
from dongui.biometrics.comparison import pair_distances
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.pixels import Features
from dongui.biometrics.reference import take_reference
from dongui.errors import Trouble, Undetermined
from dongui.memory import SecretBuffer, forbid_core_dumps

__all__ = ["Acquired", "acquire_people"]

Indices = NDArray[np.int64]


@dataclass(slots=True)
class Acquired:
    """What was acquired of a table's pictures. A context manager that overwrites the templates.

    ``person`` and ``session`` number each acquired picture's person and sitting (-1: not said).
    ``pictures`` and ``acquired`` count a person's pictures and those that gave a template; ``reasons`` counts
    the others by the failure's name. ``quality`` is acquired pictures x measures, NaN where it cannot be
    told; ``None`` where none was asked for.
    """

    person: Indices
    session: Indices
    pictures: Indices
    acquired: Indices
    reasons: dict[str, int]
    _buffer: SecretBuffer = field(repr=False)
    _features: Features = field(repr=False)
    _one: Features = field(repr=False)
    _other: Features = field(repr=False)
    quality: NDArray[np.float64] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        features: Features,
        *,
        person: Indices,
        session: Indices,
        pictures: Indices,
        reasons: dict[str, int],
        at_once: int,
    ) -> Self:
        """Take over ``features`` (acquired pictures x numbers), overwriting what was given."""
        buffer = SecretBuffer(bytearray(features.nbytes))
        kept = np.frombuffer(buffer.view, dtype=np.float32).reshape(features.shape)
        kept[...] = features
        features[...] = 0
        one, other = (np.zeros((at_once, features.shape[1]), np.float32) for _ in range(2))
        acquired = np.bincount(person, minlength=len(pictures)).astype(np.int64)
        return cls(person, session, pictures, acquired, reasons, buffer, kept, one, other)

    def scores(self, one: Indices, other: Indices) -> NDArray[np.float64]:
        """Return the comparison scores of the pairs of pictures (``one[k]``, ``other[k]``)."""
        first, second = self._one[: len(one)], self._other[: len(one)]
        np.take(self._features, one, axis=0, out=first, mode="clip")
        np.take(self._features, other, axis=0, out=second, mode="clip")
        return pair_distances(first, second)

    def wipe(self) -> None:
        """Overwrite every template. Safe to call twice."""
        self._one[...] = 0
        self._other[...] = 0
        self._buffer.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()


def acquire_people(
    consented: ConsentedTable,
    *,
    instruments: Instruments,
    at_once: int,
    progress: Callable[[str], None],
    quality: PictureQuality | None = None,
) -> Acquired:
    """Take every picture of the table, and its ``quality`` where one is asked for.

    Turns this process's core dumps off for good. Raises as :meth:`Row.read`, and ``Refused``
    (``assessment.declaration-other-pictures``) for a picture that changed since its declaration was checked.
    """
    forbid_core_dumps()
    rows = consented.table.rows
    taken = _Taken(consented, instruments, quality)
    try:
        for done, row in enumerate(rows, 1):
            taken.take(row)
            if done % 50 == 0:
                progress(f"{done} of {len(rows)} pictures")
        return taken.acquired(at_once)
    finally:
        taken.wipe()


class _Taken:
    def __init__(
        self, consented: ConsentedTable, instruments: Instruments, quality: PictureQuality | None
    ) -> None:
        table = consented.table
        self._consented = consented
        self._instruments = instruments
        self._quality_of = quality
        self._quality: list[Sequence[float]] = []
        self._features: Features | None = None
        self._rows = len(table.rows)
        self._person: list[int] = []
        self._session: list[int] = []
        self._sessions: dict[str, int] = {"": -1}
        self._pictures = np.zeros(table.people, dtype=np.int64)
        self._reasons: Counter[str] = Counter()

    def take(self, row: Row) -> None:
        self._pictures[row.person] += 1
        try:
            with row.read() as picture:
                self._consented.require_unchanged(row, picture)
                # Before the template: whatever fails here leaves none behind.
                quality = () if self._quality_of is None else self._quality_of(picture.view)
                reference = take_reference(picture.view, instruments=self._instruments)
        except Trouble:
            raise
        except Undetermined as failure:
            self._reasons[failure.name] += 1
            return
        with reference:
            self._keep(reference.template.features)
        self._quality.append(quality)
        self._person.append(row.person)
        self._session.append(self._sessions.setdefault(row.session, len(self._sessions)))

    def _keep(self, features: Features) -> None:
        if self._features is None:
            self._features = np.zeros((self._rows, len(features)), dtype=np.float32)
        self._features[len(self._person)] = features

    def acquired(self, at_once: int) -> Acquired:
        features = np.zeros((0, 1), np.float32) if self._features is None else self._features
        found = Acquired.of(
            features[: len(self._person)],
            person=np.array(self._person, dtype=np.int64),
            session=np.array(self._session, dtype=np.int64),
            pictures=self._pictures,
            reasons=dict(sorted(self._reasons.items())),
            at_once=at_once,
        )
        if self._quality_of is not None and self._quality:
            found.quality = np.array(self._quality, dtype=np.float64)
        return found

    def wipe(self) -> None:
        if self._features is not None:
            self._features[...] = 0

"""Where a training's vectors come from: the recogniser over a release's pictures, in memory alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.cards import ModelCard
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.reference import take_reference
from dongui.errors import Undetermined
from dongui.memory import SecretBuffer

__all__ = ["FeatureSource", "PictureFeatures", "RecordPictures"]


class FeatureSource(Protocol):
    """Gives the vectors of a person's records. Never writes them anywhere."""

    @property
    def card(self) -> ModelCard:
        """The card of the recogniser the vectors are of."""

    def vectors(self, person: bytes, records: Sequence[bytes]) -> NDArray[np.float32]:
        """Return n x d numbers, at most one row a record: a picture without a usable face gives none.

        Ids are as the records have them: 16 bytes, or 4 (a number, big-endian). The caller overwrites what
        it gets.
        """


class RecordPictures(Protocol):
    """A store of encrypted pictures that opens one at a time."""

    def open_picture(self, person: bytes, record: bytes) -> SecretBuffer:
        """Return the encoded picture (JPEG, JPEG 2000, PNG) of a record. The caller wipes it."""


class PictureFeatures:
    """The :class:`FeatureSource` over pictures: decoded, recognised and overwritten one by one.

    ``skipped`` counts pictures that gave no vector: failures to acquire, and not by whom.
    """

    def __init__(self, pictures: RecordPictures, *, instruments: Instruments) -> None:
        self._pictures, self._instruments = pictures, instruments
        self.skipped = 0

    @property
    def card(self) -> ModelCard:
        """The card of the recogniser."""
        return self._instruments.recogniser.card

    def vectors(self, person: bytes, records: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the vectors of a person's records. Raises what the store of pictures raises."""
        found = list(self._found(person, records))
        self.skipped += len(records) - len(found)
        return np.stack(found) if found else np.empty((0, 1), np.float32)

    def _found(self, person: bytes, records: Sequence[bytes]) -> Iterator[NDArray[np.float32]]:
        for record in records:
            with self._pictures.open_picture(person, record) as picture:
                try:
                    with take_reference(picture.view, instruments=self._instruments) as reference:
                        yield reference.template.features.copy()
                except Undetermined as reason:
                    # Trouble is undetermined too, but not about the picture: no training goes on over it.
                    if type(reason) is not Undetermined:
                        raise

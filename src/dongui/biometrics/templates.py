"""What a recogniser makes of a crop: numbers that stand for a face, and must not outlive its use."""

from __future__ import annotations

import numpy as np

from dongui.biometrics.pixels import Features
from dongui.biometrics.template_length import TEMPLATE_LENGTH, TEMPLATE_LENGTHS

__all__ = ["TEMPLATE_LENGTH", "Template"]


class Template:
    """128 float32 numbers in one buffer, or another of ``TEMPLATE_LENGTHS``.

    A context manager that overwrites them; ``repr`` shows none.

    There is no public way to a template's numbers but through :mod:`dongui.biometrics.comparison`, and
    no pickling: a template does not travel.
    """

    __slots__ = ("_features", "_wiped")

    def __init__(self, features: Features) -> None:
        """Take over ``features``. ``ValueError`` unless it is so many finite float32 numbers."""
        if features.ndim != 1 or features.dtype != np.float32:
            raise ValueError("a template is a row of float32 numbers")
        if len(features) not in TEMPLATE_LENGTHS:
            raise ValueError(f"a template has {TEMPLATE_LENGTH} numbers, or another multiple of 64")
        if not np.isfinite(features).all():
            raise ValueError("a template of numbers that are not finite compares with nothing")
        self._features = features
        self._wiped = False

    @property
    def features(self) -> Features:
        """The numbers themselves, for the biometric core alone. ``ValueError`` once wiped.

        A wiped template is all zeros, and two of those would be at distance zero: the closest match there is.
        """
        if self._wiped:
            raise ValueError("this template was wiped; it cannot be compared")
        return self._features

    def wipe(self) -> None:
        """Overwrite the numbers with zero. Safe to call twice."""
        self._wiped = True
        self._features[:] = 0

    def __repr__(self) -> str:
        return f"Template({'wiped' if self._wiped else f'{len(self._features)} numbers'})"

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def __reduce__(self) -> str:
        raise TypeError("a template is not written anywhere")

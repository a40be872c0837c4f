"""What can be assessed, by name: the catalogue's recognisers, with or without an operating point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dongui.biometrics.instruments import Instruments
from dongui.biometrics.recognisers.catalogue import load_instruments as load_from_catalogue
from dongui.biometrics.recognisers.catalogue import recogniser_names

__all__ = ["load_instruments", "recognisers"]


def recognisers(cache: Path) -> tuple[str, ...]:
    """Return the names of what can be assessed."""
    return recogniser_names(cache)


def load_instruments(name: str, *, cache: Path, progress: Callable[[str], None]) -> Instruments:
    """Load the pipeline around one recogniser.

    Raises ``Misuse`` (``recogniser.unknown``) for another model's name, ``Misuse`` and ``Trouble``
    (``recogniser.*``) where its file is not there or does not fit.
    """
    return load_from_catalogue(name, cache=cache, progress=progress)

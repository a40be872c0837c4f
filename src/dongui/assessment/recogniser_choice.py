"""From a recogniser's name to the instruments around it. One place, so that adapters are added once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dongui.biometrics.cards import card
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import operating_points
from dongui.biometrics.recognisers.weights import RESNET
from dongui.errors import Misuse

__all__ = ["load_instruments", "recognisers"]


def recognisers() -> tuple[str, ...]:
    """Return the names of what can be assessed."""
    return tuple(sorted({RESNET, *(point.recogniser for point in operating_points().values())}))


def load_instruments(name: str, *, cache: Path, progress: Callable[[str], None]) -> Instruments:
    """Load the pipeline around one recogniser.

    Raises ``Misuse`` (``recogniser.unknown``) for another model's name; ``Trouble`` (``recogniser.*``).
    """
    if name != RESNET:
        card(name)
        raise Misuse("recogniser.unknown", f"{name} is no recogniser; there are: {', '.join(recognisers())}")
    return Instruments.load(cache=cache, progress=progress)

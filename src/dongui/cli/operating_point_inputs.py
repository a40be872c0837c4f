"""Finding an operating point: by its name among those that ship, or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dongui.biometrics.operating_points import (
    MAX_POINT_BYTES,
    OperatingPoint,
    operating_point,
    operating_points,
    read_operating_point,
)
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

if TYPE_CHECKING:
    from dongui.assessment.score_store import Bounds

__all__ = ["bounds_of", "point_for", "point_from_file", "point_if_any"]


def point_for(recogniser: str, given: str | None) -> OperatingPoint:
    """Return the point ``given`` by name or as a file, else the one that ships for ``recogniser``.

    Raises ``Misuse``: ``operating-point.unknown``, ``.malformed``, ``file.*``.
    """
    if given is not None:
        return operating_point(given) if given in operating_points() else _named_or_file(given)
    own = [point for point in operating_points().values() if point.recogniser == recogniser]
    if len(own) != 1:
        known = ", ".join(point.name for point in own) or "none"
        detail = f"{recogniser} has no single operating point of its own ({known}); name one"
        raise Misuse("operating-point.unknown", detail)
    return own[0]


def point_if_any(recogniser: str, given: str | None) -> OperatingPoint | None:
    """As :func:`point_for`, and ``None`` where none is named and nobody has chosen one for ``recogniser``."""
    own = any(point.recogniser == recogniser for point in operating_points().values())
    return point_for(recogniser, given) if given is not None or own else None


def _named_or_file(given: str) -> OperatingPoint:
    path = Path(given)
    return point_from_file(path) if path.suffix == ".toml" or path.exists() else operating_point(given)


def point_from_file(path: Path) -> OperatingPoint:
    """Read a point's data file. Raises ``Misuse``: ``file.*``, ``operating-point.malformed``."""
    with SecretBuffer.read_file(path, max_bytes=MAX_POINT_BYTES, what="operating point") as content:
        return read_operating_point(bytes(content.view))


def bounds_of(point: OperatingPoint) -> Bounds:
    """Return the point's two bounds."""
    from dongui.assessment.score_store import Bounds

    return Bounds(point.mated_at_most, point.non_mated_from)

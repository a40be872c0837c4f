"""How wide the columns of a printed table are: a word that is cut in two is read as two."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["share_width"]


def share_width(wanted: Sequence[tuple[float, float]], width: float) -> tuple[float, ...]:
    """Share ``width`` (mm) out among columns; of each is given what it must have, and what it would fill.

    Where the width is enough every column has what it must have, and the rest goes by what each would fill
    beyond that. Where it is not, they are as wide as what they must have is to each other's.
    """
    least = sum(must for must, _ in wanted)
    if least >= width:
        return tuple(width * must / least for must, _ in wanted)
    # A millimetre more than it must have: columns of single words share what is left, too.
    beyond = [max(fill - must, 0.0) + 1.0 for must, fill in wanted]
    scale = (width - least) / sum(beyond)
    return tuple(must + scale * more for (must, _), more in zip(wanted, beyond, strict=True))

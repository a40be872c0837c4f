"""What every group is held to."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of every group's governing interval at ``confidence``: its upper ends at most these."""

    max_fmr: float
    max_fnmr: float
    confidence: float

    def __post_init__(self) -> None:
        if not (0 < self.max_fmr < 1 and 0 < self.max_fnmr < 1 and 0.5 <= self.confidence < 1):
            raise ValueError("limits and confidence are proportions")

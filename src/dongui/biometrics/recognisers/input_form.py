"""What a network of the ArcFace kind takes and gives, as its card says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dongui.biometrics.template_length import TEMPLATE_LENGTHS

__all__ = ["ChannelOrder", "InputForm"]


class ChannelOrder(StrEnum):
    """Which colour a network takes first."""

    RGB = "RGB"
    BGR = "BGR"


@dataclass(frozen=True, slots=True)
class InputForm:
    """What a network takes: ``(value - mean) * scale`` of each colour's 0 to 255, in this order.

    ``numbers`` is how many it gives. ``ValueError`` for a mean or scale that no network was trained with.
    """

    channel_order: ChannelOrder
    mean: float
    scale: float
    numbers: int

    def __post_init__(self) -> None:
        if not (0 <= self.mean <= 255 and 1e-6 <= self.scale <= 1):
            raise ValueError("mean lies in 0 to 255 and scale in 0.000001 to 1")
        if self.numbers not in TEMPLATE_LENGTHS:
            raise ValueError("a template has 64 to 2048 numbers, a multiple of 64")

    def describe(self) -> str:
        """Return the line the pipeline's digest is made of."""
        taken = f"{self.channel_order} less {self.mean!r} times {self.scale!r}"
        return f"input {taken}, {self.numbers} numbers of length 1"

"""Where the face is: boxes, and the detector that finds them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Box"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels, half-open: columns ``left <= x < right``, rows ``top <= y < bottom``.

    In pixels of the array it was found in, which it may overhang: a face cut by the picture's edge has a
    negative ``left`` or ``top``. Never empty: ``ValueError`` if a side is not positive.
    """

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.right <= self.left or self.bottom <= self.top:
            raise ValueError(f"a box of {self.width} x {self.height} pixels holds nothing")

    @property
    def width(self) -> int:
        """Pixels from left to right, at least 1."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom, at least 1."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle as ``(x, y)``, in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: Box) -> float:
        """Return the intersection over the union of both areas, 0.0 (apart) to 1.0 (equal)."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.width * self.height + other.width * other.height - shared)

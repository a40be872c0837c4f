"""Quality measures, one file each, and the gate that says whether an answer is possible at all.

Each measure gives a native value with its unit; none is a statement about the person. The measures take the
names of ISO/IEC 29794-5 and are computed here more simply than there.
"""

from __future__ import annotations

from dataclasses import dataclass

from dongui.biometrics.pixels import Pixels

__all__ = ["LUMINANCE_WEIGHTS", "Measure", "face_region"]

# ITU-R BT.601
LUMINANCE_WEIGHTS = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Measure:
    """One native value. ``iso_name`` is the component's name in ISO/IEC 29794-5."""

    name: str
    iso_name: str
    value: float
    unit: str


def face_region(crop: Pixels) -> Pixels:
    """Return the inside of the aligned crop: brow to mouth, cheek to cheek; rows 30-130, columns 25-125.

    A view, not a copy. Hair, hat and background, which differ for other reasons than light, lie outside.
    """
    return crop[30:130, 25:125]

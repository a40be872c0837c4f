"""The rectangle every part of the biometric core speaks of."""

from __future__ import annotations

import pytest

from dongui.biometrics.detection import Box


def test_a_box_counts_its_pixels_half_open() -> None:
    """A box from 2 to 5 holds columns 2, 3 and 4: three pixels wide."""
    box = Box(2, 10, 5, 20)
    assert (box.width, box.height, box.centre) == (3, 10, (3.5, 15.0))


@pytest.mark.parametrize("sides", [(5, 0, 5, 9), (0, 9, 5, 9), (6, 0, 5, 9)])
def test_a_box_is_never_empty(sides: tuple[int, int, int, int]) -> None:
    """A box without pixels cannot be made."""
    with pytest.raises(ValueError, match="holds nothing"):
        Box(*sides)


def test_overlap_is_intersection_over_union() -> None:
    """Overlap is 1 for equal boxes, 0 for boxes that only touch, and shared over joint area between."""
    box = Box(0, 0, 10, 10)
    assert box.overlap(box) == 1.0
    assert box.overlap(Box(10, 0, 20, 10)) == 0.0
    assert box.overlap(Box(5, 0, 15, 10)) == pytest.approx(50 / 150)

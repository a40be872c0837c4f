"""A square of a picture, wherever it lies: beyond the picture's edge its last pixels repeat."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dongui.biometrics.pixels import square

_HEIGHT, _WIDTH = 7, 5
_PICTURE = np.arange(_HEIGHT * _WIDTH * 3, dtype=np.uint8).reshape(_HEIGHT, _WIDTH, 3)


@given(st.integers(-30, 30), st.integers(-30, 30), st.integers(1, 20))
def test_each_pixel_is_the_nearest_one_there_is(left: int, top: int, side: int) -> None:
    """Inside, overhanging at any edge, around the whole picture, or past it altogether."""
    rows = np.clip(np.arange(top, top + side), 0, _HEIGHT - 1)
    columns = np.clip(np.arange(left, left + side), 0, _WIDTH - 1)
    cut = square(_PICTURE, left, top, side)
    assert np.array_equal(cut, _PICTURE[rows][:, columns])
    assert not np.shares_memory(cut, _PICTURE)  # it is overwritten after use; the picture is not

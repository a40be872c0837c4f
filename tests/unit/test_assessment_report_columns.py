"""The columns of a printed table: no word is cut while there is room for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongui.assessment.report.columns import share_width

LENGTHS = st.floats(min_value=0.5, max_value=120.0)
COLUMNS = st.lists(st.tuples(LENGTHS, LENGTHS), min_size=1, max_size=9)


@given(COLUMNS, st.floats(min_value=20.0, max_value=300.0))
def test_every_column_holds_its_longest_word_if_all_do(
    wanted: list[tuple[float, float]], width: float
) -> None:
    """The whole width is used; each column has what it must have, as far as the page can hold it."""
    widths = share_width(wanted, width)
    assert sum(widths) == pytest.approx(width)
    assert all(one > 0 for one in widths)
    if sum(must for must, _ in wanted) <= width:
        assert all(one >= must - 1e-9 for one, (must, _) in zip(widths, wanted, strict=True))


def test_a_short_heading_beside_long_texts_is_not_cut() -> None:
    """A column of small numbers under one word, beside texts that would fill the page many times over."""
    widths = share_width([(12.4, 12.4), (20.0, 58.0), (20.0, 58.0), (20.0, 58.0), (20.0, 58.0)], 174.0)
    assert widths[0] >= 12.4

"""Whatever stands in a document as a JPEG 2000 portrait: a sample within the limits, or a named failure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.biometrics.sample import MAX_JPEG_2000_PIXELS, REDUCTIONS, EncodedPicture, Source
from dongui.errors import Undetermined
from simulators.passport_files import picture

STARTS = [
    picture("JPEG2000", (96, 80)),
    picture("JPEG2000", (96, 81), no_jp2=True, num_resolutions=2),
    picture("JPEG2000", (130, 120), no_jp2=True, tile_size=(64, 64)),
    picture("JPEG2000", (96, 80), irreversible=True, quality_layers=[30, 10]),
]


def outcome(data: bytes, reduction: int = 1) -> str:
    """ "decoded", or the name of the failure; anything else is raised."""
    try:
        picture = EncodedPicture.open(memoryview(data), source=Source.PORTRAIT, what="the portrait")
        with picture.decode(reduction=reduction) as sample:
            rows, columns, channels = sample.pixels.shape
    except Undetermined as failure:
        return failure.name
    within = channels == 3 and rows * columns <= MAX_JPEG_2000_PIXELS
    exact = (columns, rows) == (-(-picture.header.width // reduction), -(-picture.header.height // reduction))
    return "decoded" if within and exact else "beyond the limits"


def survives(data: bytes, reduction: int = 1) -> None:
    assert outcome(data, reduction).startswith(("decoded", "portrait."))


@pytest.mark.parametrize("start", STARTS, ids=["boxed", "two-resolutions", "tiles", "layers"])
def test_undamaged_it_is_decoded(start: bytes) -> None:
    """What is damaged below is sound to begin with."""
    assert {outcome(start, reduction) for reduction in REDUCTIONS} == {"decoded"}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(STARTS),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4),
    st.sampled_from(REDUCTIONS),
)
def test_headers_with_bytes_exchanged(start: bytes, changes: list[tuple[int, int]], reduction: int) -> None:
    """Boxes, size, coding, quantisation: any bytes of them exchanged."""
    data = bytearray(start)
    for position, value in changes:
        data[position % len(data)] = value
    survives(bytes(data), reduction)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(STARTS), st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 255)), max_size=8))
def test_packets_with_bytes_exchanged(start: bytes, changes: list[tuple[int, int]]) -> None:
    """Packets and their headers: any bytes of the compressed picture exchanged."""
    data = bytearray(start)
    for position, value in changes:
        data[200 + position % (len(data) - 200)] = value
    survives(bytes(data))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(STARTS), st.integers(0, 60_000))
def test_cut_off_anywhere(start: bytes, kept: int) -> None:
    """Cut at any byte: named, and never half a face."""
    kept %= len(start) - 2
    assert outcome(start[:kept]).startswith("portrait.")

"""Whatever bytes arrive as a picture, a sample or a named failure comes back, within the limits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dongui.biometrics.recognisers.dlib_file import read_network
from dongui.biometrics.sample import MAX_PIXELS, MIN_SIDE_PIXELS, Source, decode
from dongui.errors import Misuse, Trouble


def picture(kind: str, **options: object) -> bytes:
    rows = np.linspace(0, 255, 96 * 80).reshape(80, 96).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(rows).convert("RGB").save(stream, kind, exif=exif.tobytes(), **options)
    return stream.getvalue()


WHOLE = [
    picture("JPEG"),
    picture("PNG"),
    picture("JPEG", restart_marker_rows=1),
    picture("JPEG", progressive=True, restart_marker_blocks=3),
]
STARTS = [*WHOLE, b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b""]


def outcome(data: bytes) -> str:
    """ "decoded", or the name of the failure; anything else is raised."""
    try:
        with decode(memoryview(data), source=Source.CAPTURE, what="frame 1") as sample:
            rows, columns, channels = sample.pixels.shape
    except Misuse as failure:
        return failure.name
    within = channels == 3 and rows * columns <= MAX_PIXELS and min(rows, columns) >= MIN_SIDE_PIXELS // 8
    return "decoded" if within else "beyond the limits"


def survives(data: bytes) -> None:
    assert outcome(data).startswith(("decoded", "capture."))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_a_beginning_and_anything(start: bytes, rest: bytes) -> None:
    """A proper beginning with anything after it is survived."""
    survives(start[: len(start) // 2] + rest)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=6))
def test_a_picture_with_bytes_exchanged(start: bytes, changes: list[tuple[int, int]]) -> None:
    """A real picture in which any bytes are exchanged, header and Exif included, is survived."""
    data = bytearray(start)
    for position, value in changes:
        data[position % len(data)] = value
    survives(bytes(data))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_as_weights(rest: bytes) -> None:
    """Any bytes for weights are named malformed; no size they claim is believed before it is checked."""
    for start in (b"", b"\x01\x01\x01\x0dloss_metric_2"):
        with pytest.raises(Trouble) as caught:
            read_network(start + rest)
        assert caught.value.name == "recogniser.weights-malformed"

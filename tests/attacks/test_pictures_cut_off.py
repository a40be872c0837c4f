"""Pictures cut off and closed with an end mark: what looks whole to a reader of headers, and to a decoder."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.probe import take_probe
from dongui.biometrics.reference import take_reference
from dongui.biometrics.sample import EncodedPicture, Source
from dongui.encoding.jpeg2000 import read_jpeg2000
from dongui.errors import Misuse, Undetermined
from simulators.biometric_data import person
from simulators.passport_files import picture as portrait_of

REDUCTIONS = (1, 2, 4, 8)
GRAIN = np.random.default_rng(7).integers(-9, 9, (151, 203, 3))
SHARES = (0.1, 0.55, 0.9)
FACE = Image.open(person("04", "portrait")).convert("RGB").resize((203, 151))
# Grained: of a smooth picture's rows some are still within zlib when its data ends, and Pillow complains.
GRAINED = Image.fromarray((np.asarray(FACE) + GRAIN).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> Instruments:
    return Instruments.load(cache=tmp_path_factory.mktemp("models"), progress=lambda _message: None)


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def scan_of(jpeg: bytes) -> int:
    """Where the coded data of the first scan begins."""
    start = jpeg.index(b"\xff\xda") + 2
    return start + int.from_bytes(jpeg[start : start + 2], "big")


def cut(jpeg: bytes, share: float = 0.55) -> bytes:
    """The first part of the scan, and an end mark."""
    start = scan_of(jpeg)
    return jpeg[: start + int((len(jpeg) - 2 - start) * share)].rstrip(b"\xff") + b"\xff\xd9"


def without(jpeg: bytes, first: int, last: int) -> bytes:
    """The picture without what stands in the middle of stretch ``first`` up to the middle of ``last``."""
    marks = [scan_of(jpeg), *(found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", jpeg))]
    middles = [(marks[number] + marks[number + 1]) // 2 for number in (first, last)]
    closing = marks[last + 1] if first == last else middles[1]
    return jpeg[: middles[0]].rstrip(b"\xff") + jpeg[closing:]


def outcome(data: bytes, reduction: int, source: Source = Source.CAPTURE) -> str:
    """ "decoded", or the failure's name."""
    try:
        picture = EncodedPicture.open(memoryview(data), source=source, what="frame 1")
        picture.decode(reduction=reduction).wipe()
    except (Misuse, Undetermined) as failure:
        return failure.name
    return "decoded"


LAYOUTS: dict[str, dict[str, Any]] = {
    "4:2:0": {"subsampling": 2},
    "4:2:2": {"subsampling": 1},
    "4:4:4": {"subsampling": 0},
    "red, green, blue": {"keep_rgb": True, "subsampling": 0},
    "optimised": {"optimize": True},
    "restarts by row": {"restart_marker_rows": 1},
    "restarts by block": {"restart_marker_blocks": 5, "subsampling": 0},
    "progressive": {"progressive": True},
    "progressive, restarts": {"progressive": True, "restart_marker_rows": 1},
}
GREYS = {"RGB": (128, 128, 128), "L": 128, "CMYK": (127, 127, 127, 127)}
CODED = [(mode, layout) for mode, layout in product(GREYS, LAYOUTS) if mode == "RGB" or "red" not in layout]


@pytest.mark.parametrize(("mode", "layout"), CODED)
def test_a_jpeg_cut_off_and_closed_is_cut_off(mode: str, layout: str) -> None:
    """However it is coded, wherever it was cut, at whatever scale it is decoded; whole, it is decoded."""
    whole = encoded(FACE.convert(mode), **LAYOUTS[layout])
    assert {outcome(whole, reduction) for reduction in REDUCTIONS} == {"decoded"}
    names, scales = {"capture.truncated"}, list(REDUCTIONS)
    if "progressive" in layout:
        # Cut within a table between two scans it is damaged; a small scale shows the first scans alone.
        names, scales = {"capture.truncated", "capture.damaged"}, [1, 2]
    seen = {outcome(cut(whole, share), scale) for share, scale in product(SHARES, scales)}
    assert "capture.truncated" in seen
    assert seen <= names


@pytest.mark.parametrize("size", [(160, 112), (161, 113), (159, 97), (65, 64)])
def test_a_loss_at_the_edge_of_a_unit_is_seen(size: tuple[int, int]) -> None:
    """Whatever part of its last units a picture uses, a tenth of its data missing is seen."""
    whole = encoded(FACE.resize(size), subsampling=2)
    assert {outcome(cut(whole, 0.9), reduction) for reduction in REDUCTIONS} == {"capture.truncated"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_cut_is_seen_however_the_camera_was_held(orientation: int) -> None:
    """Where the stored picture ends is not where the upright one does."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert outcome(cut(encoded(FACE, exif=exif.tobytes())), 2) == "capture.truncated"


@pytest.mark.parametrize(("first", "last"), [(2, 2), (2, 3), (2, 4), (2, 9), (2, 10), (2, 17)])
@pytest.mark.parametrize("layout", ["restarts by row", "restarts by block"])
def test_a_stretch_lost_between_restart_marks_is_missing(layout: str, first: int, last: int) -> None:
    """After a restart mark the decoder goes on: what was lost lies in the middle, and the end is there."""
    whole = encoded(FACE.resize((203, 403)), **LAYOUTS[layout])
    lost = without(whole, first, last)
    assert {outcome(lost, reduction) for reduction in REDUCTIONS} == {"capture.truncated"}


def test_an_end_at_a_restart_mark_is_an_end_too_early() -> None:
    """Cut exactly where a stretch ends, before or behind its mark: every stretch that is there is whole."""
    whole = encoded(FACE, restart_marker_rows=1)
    for mark in re.finditer(rb"\xff[\xd0-\xd7]", whole):
        for place in (mark.start(), mark.end()):
            assert outcome(whole[:place] + b"\xff\xd9", 1) == "capture.truncated"


@pytest.mark.parametrize("closing", [b"\xff\xfe\x00\x04hi\xff\xd9", b"\xff\xff\xff\xd9", b"\xff\xd3\xff\xd9"])
def test_another_mark_before_the_end_hides_nothing(closing: bytes) -> None:
    """A comment, fill bytes or a stray restart mark between the cut and the end mark."""
    assert outcome(cut(encoded(FACE))[:-2] + closing, 1) == "capture.truncated"
    assert outcome(encoded(FACE)[:-2] + closing, 1) == "decoded"


def with_corner(picture: Image.Image, colour: object) -> Image.Image:
    """The picture with its last third in one colour."""
    ending = picture.copy()
    ending.paste(colour, (0, 2 * picture.height // 3, *picture.size))  # type: ignore[arg-type]
    return ending


@pytest.mark.parametrize(("mode", "layout"), CODED)
def test_a_sound_jpeg_that_ends_in_exact_grey_is_decoded(mode: str, layout: str) -> None:
    """A grey wall is no missing data, at any scale; the same picture cut before it ends is cut off."""
    whole = encoded(with_corner(FACE.convert(mode), GREYS[mode]), **LAYOUTS[layout])
    assert {outcome(whole, reduction) for reduction in REDUCTIONS} == {"decoded"}
    assert outcome(cut(whole, 0.55), 1) == "capture.truncated"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def parts_of(png: bytes) -> tuple[bytes, bytes]:
    """A PNG up to its first data, and the data inflated."""
    data, at = b"", png.index(b"IDAT") - 4
    before = png[:at]
    while png[at + 4 : at + 8] == b"IDAT":
        (length,) = struct.unpack_from(">I", png, at)
        data += png[at + 8 : at + 8 + length]
        at += length + 12
    return before, zlib.decompress(data)


def of_rows(png: bytes, share: float) -> bytes:
    """A PNG of the first part of its rows, well-formed in every other way."""
    before, rows = parts_of(png)
    kept = zlib.compress(rows[: int(len(rows) * share)])
    return before + chunk(b"IDAT", kept) + chunk(b"IEND", b"")


def adam7(picture: Image.Image) -> bytes:
    """The picture as an interlaced PNG, which Pillow reads and does not write."""
    pixels = np.asarray(picture)
    passes = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    rows = b"".join(
        b"\0" + row.tobytes() for y, x, down, right in passes for row in pixels[y::down, x::right]
    )
    header = struct.pack(">IIBBBBB", *picture.size, 8, 2, 0, 0, 1)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("share", [0.02, 0.6, 0.99])
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_a_png_of_some_of_its_rows_is_cut_off(mode: str, share: float) -> None:
    """Its data ends as data should, and so does the file: only the rows are too few."""
    whole = encoded(GRAINED.convert(mode), "PNG")
    assert outcome(of_rows(whole, 1), 1) == "decoded"
    assert {outcome(of_rows(whole, share), reduction) for reduction in (1, 4)} == {"capture.truncated"}


@pytest.mark.parametrize("size", [(203, 151), (200, 150), (64, 65)])
def test_an_interlaced_png_lacks_rows_everywhere(size: tuple[int, int]) -> None:
    """The rows that come last are every other one, up to the last or the last but one."""
    whole = adam7(GRAINED.resize(size))
    assert outcome(whole, 1) == "decoded"
    assert {outcome(of_rows(whole, share), 1) for share in (0.1, 0.6, 0.98)} == {"capture.truncated"}


@pytest.mark.parametrize(
    ("mode", "black"), [("1", 0), ("L", 0), ("LA", (0, 0)), ("P", 0), ("RGB", (0, 0, 0)), ("RGBA", (0,) * 4)]
)
def test_a_sound_png_that_ends_black_is_decoded(mode: str, black: object) -> None:
    """A dark floor is no missing row; the same picture without its last rows is cut off."""
    whole = encoded(with_corner(GRAINED.convert(mode), black), "PNG")
    assert {outcome(whole, reduction) for reduction in REDUCTIONS} == {"decoded"}
    assert outcome(of_rows(whole, 0.9), 1) == "capture.truncated"


def test_a_jpeg_2000_without_all_of_its_tiles_is_cut_off() -> None:
    """Cut at a tile's edge it has whole tiles only, and a decoder leaves the others black."""
    whole = portrait_of("JPEG2000", (200, 260), no_jp2=True, tile_size=(100, 100))
    assert outcome(whole, 1, Source.PORTRAIT) == "decoded"
    tiles = [found.start() for found in re.finditer(rb"\xff\x90\x00\x0a", whole)]
    assert len(tiles) == 6
    for place, closing in product(tiles[1:], (b"", b"\xff\xd9")):
        assert outcome(whole[:place] + closing, 1, Source.PORTRAIT) == "portrait.truncated"


def test_a_jpeg_2000_that_lacks_a_part_of_a_tile_is_cut_off() -> None:
    """A tile says of how many parts it is (A.4.2); where one is missing, or not the next, it is not whole."""
    whole = portrait_of("JPEG2000", (90, 121), no_jp2=True)
    part, parts = whole.index(b"\xff\x90") + 10, whole.index(b"\xff\x90") + 11
    for place, value in ((parts, 2), (part, 1)):
        changed = bytearray(whole)
        changed[place] = value
        assert not read_jpeg2000(memoryview(changed)).ends
    unsaid = bytearray(whole)
    unsaid[parts] = 0
    assert read_jpeg2000(memoryview(unsaid)).ends


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_jpeg_2000_cut_within_a_tile_that_says_it_is_whole_is_not_read(share: float) -> None:
    """Its tile's length and its end made to fit: the decoder does not fill up what is missing."""
    whole = portrait_of("JPEG2000", (90, 121), no_jp2=True)
    tile, data = whole.index(b"\xff\x90"), whole.index(b"\xff\x93") + 2
    end = data + int((len(whole) - 2 - data) * share)
    closed = whole[: tile + 6] + struct.pack(">I", end - tile) + whole[tile + 10 : end] + b"\xff\xd9"
    assert outcome(closed, 1, Source.PORTRAIT) == "portrait.damaged"


def test_a_clip_cut_off_gives_no_probe(instruments: Instruments) -> None:
    """The attack that was answered *verified*: each frame's scan cut to 55%, nose and all below grey."""
    frames = [memoryview(cut(person("05", f"turn-{number:02}").read_bytes())) for number in range(15)]
    with pytest.raises(Undetermined, match="frame 1") as caught:
        take_probe(frames, challenge=Challenge(Side.PICTURE_LEFT), instruments=instruments)
    assert caught.value.name == "capture.frame-unreadable"


def as_jpeg(data: bytes) -> bytes:
    return cut(data, 0.6)


def as_png(data: bytes) -> bytes:
    return of_rows(encoded(Image.open(io.BytesIO(data)), "PNG"), 0.6)


@pytest.mark.parametrize("shortened", [as_jpeg, as_png])
def test_a_signed_portrait_cut_off_is_no_reference(
    shortened: Callable[[bytes], bytes], instruments: Instruments
) -> None:
    """An authority may sign a portrait that was cut off: nothing can be told from it."""
    portrait = shortened(person("04", "portrait").read_bytes())
    with pytest.raises(Undetermined) as caught:
        take_reference(memoryview(portrait), instruments=instruments)
    assert caught.value.name == "portrait.truncated"

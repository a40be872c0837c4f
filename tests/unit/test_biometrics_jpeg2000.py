"""JPEG 2000, as passports hold portraits: sized by the code stream, at every scale, from documents only."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.sample import MAX_JPEG_2000_PIXELS, EncodedPicture, Source, decode
from dongui.documents.passport.dg2 import parse_dg2
from dongui.encoding.jpeg2000 import Jpeg2000Error, read_jpeg2000
from dongui.errors import Misuse, Undetermined
from simulators.passport_files import picture, published_39794, specimen


def opened(data: bytes) -> EncodedPicture:
    return EncodedPicture.open(memoryview(data), source=Source.PORTRAIT, what="the portrait")


def fault(data: bytes) -> tuple[str, str]:
    with pytest.raises(Jpeg2000Error) as caught:
        read_jpeg2000(memoryview(data))
    return caught.value.kind, str(caught.value)


def exchanged(data: bytes, marker: bytes, offset: int, value: bytes) -> bytes:
    """The picture with other bytes ``offset`` bytes behind the first ``marker``."""
    place = data.index(marker) + offset
    return data[:place] + value + data[place + len(value) :]


BARE = picture("JPEG2000", (90, 121), no_jp2=True)
BOXED = picture("JPEG2000", (90, 121))
SIZ, COD, SOT = b"\xff\x51", b"\xff\x52", b"\xff\x90"


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"irreversible": True}, {"progression": "RPCL"}])
@pytest.mark.parametrize("size", [(90, 121), (128, 128), (413, 531), (97, 64)])
@pytest.mark.parametrize("reduction", [1, 2, 4, 8])
def test_every_scale_shows_the_same_picture(
    options: dict[str, object], size: tuple[int, int], reduction: int
) -> None:
    """Halved by the decoder as far as it can, averaged for the rest: always size / reduction, rounded up."""
    encoded = picture("JPEG2000", size, **options)
    whole = opened(encoded).decode(reduction=1).pixels.astype(float)
    pixels = opened(encoded).decode(reduction=reduction).pixels.astype(float)
    assert pixels.shape == (-(-size[1] // reduction), -(-size[0] // reduction), 3)
    rows = np.linspace(0, whole.shape[0] - 1, pixels.shape[0]).round().astype(int)
    columns = np.linspace(0, whole.shape[1] - 1, pixels.shape[1]).round().astype(int)
    assert np.abs(whole[np.ix_(rows, columns)] - pixels).mean() < 8


def test_grey_and_pictures_that_cannot_be_halved_are_read_too() -> None:
    """One component becomes three; a code stream without smaller resolutions is averaged."""
    stream = io.BytesIO()
    Image.linear_gradient("L").save(stream, "JPEG2000")
    pixels = opened(stream.getvalue()).decode(reduction=2).pixels
    assert pixels.shape == (128, 128, 3)
    assert (pixels[..., 0] == pixels[..., 2]).all()
    flat = picture("JPEG2000", (130, 140), num_resolutions=1)
    assert read_jpeg2000(memoryview(flat)).levels == 0
    assert opened(flat).decode(reduction=2).pixels.shape == (70, 65, 3)


def test_a_camera_does_not_speak_jpeg_2000() -> None:
    """From a capture it is refused before its header is read; from a document it is decoded."""
    with pytest.raises(Misuse, match="JPEG 2000; JPEG and PNG are read") as caught:
        decode(memoryview(BOXED), source=Source.CAPTURE, what="frame 1")
    assert caught.value.name == "capture.format-not-read"
    assert decode(memoryview(BOXED), source=Source.PORTRAIT, what="the portrait").pixels.shape == (121, 90, 3)


def test_published_portraits_are_decoded() -> None:
    """The specimen, whose record misstates its size, and the newer standard's record: 531 rows of 413."""
    for group in (specimen().group(2), published_39794()):
        portrait = parse_dg2(group).portrait
        assert decode(memoryview(portrait.encoded), source=Source.PORTRAIT, what="x").pixels.shape == (
            531,
            413,
            3,
        )


def test_the_code_stream_decides_whatever_its_box_says() -> None:
    """A box that claims another size is reported and not believed: it never reaches the decoder."""
    lying = exchanged(BOXED, b"ihdr", 4, struct.pack(">II", 9_000, 9_000))
    header = read_jpeg2000(memoryview(lying))
    assert (header.width, header.height, header.boxed) == (90, 121, (9_000, 9_000))
    assert opened(lying).decode(reduction=1).pixels.shape == (121, 90, 3)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (BOXED[:12], "truncated", "no code stream"),
        (BARE[:60], "truncated", "within its header"),
        (exchanged(BARE, COD, 0, b"\0\0"), "damaged", "marker is expected"),
        (exchanged(BARE, SIZ, 6, struct.pack(">I", 0)), "damaged", "no pixels"),
        (exchanged(BARE, SIZ, 22, struct.pack(">I", 0)), "damaged", "no pixels"),
        (exchanged(BARE, SIZ, 30, struct.pack(">I", 7)), "damaged", "beside it"),
        (exchanged(BARE, SIZ, 22, struct.pack(">II", 2, 2)), "format-not-read", "tiles; the limit is 256"),
        (exchanged(BARE, SIZ, 40, b"\x0f"), "format-not-read", "8 bits"),
        (exchanged(BARE, SIZ, 41, b"\x02"), "format-not-read", "8 bits"),
        (exchanged(BARE, SIZ, 38, b"\x00\x04"), "format-not-read", "three colours"),
        (exchanged(BARE, COD, 9, b"\x21"), "damaged", "none of the standard"),
        (exchanged(BARE, COD, 10, b"\x08\x08"), "damaged", "none of the standard"),
        (exchanged(BARE, COD, 6, b"\0\0"), "damaged", "none of the standard"),
        (exchanged(BARE, COD, 12, b"\x40"), "format-not-read", "part 15"),
        (exchanged(BARE, COD, 4, b"\x01"), "damaged", "precincts"),
        (exchanged(BARE, SOT, 4, b"\0\x09"), "damaged", "beyond the last"),
        (exchanged(BARE, SOT, 6, struct.pack(">I", 13)), "damaged", "shorter"),
        (exchanged(BARE, COD, 0, b"\xff\x5f"), "format-not-read", "FF5F"),
        (exchanged(BOXED, b"colr", 7, struct.pack(">I", 18)), "format-not-read", "colour space 18"),
        (exchanged(BOXED, b"colr", 0, b"pclr"), "format-not-read", "palette"),
        (BOXED[:12] + bytes(3) + b"\x07free", "damaged", "shorter than its own header"),
        (BOXED[:12] + (bytes(3) + b"\x08free") * 33, "damaged", "more than 32 boxes"),
    ],
)  # fmt: skip
def test_what_is_not_read_says_why(data: bytes, kind: str, words: str) -> None:
    """Each bound and each form that passports never use is refused in its own words, before any decoder."""
    found, detail = fault(data)
    assert (found, words in detail) == (kind, True), detail


def test_a_picture_cut_off_is_known_before_it_is_decoded() -> None:
    """Every tile-part must be there; only the two bytes behind the last may be missing."""
    for kept in (0.5, 0.9):
        with pytest.raises(Undetermined) as caught:
            opened(BARE[: int(len(BARE) * kept)])
        assert caught.value.name == "portrait.truncated"
    assert read_jpeg2000(memoryview(BARE[:-2])).ends
    assert not read_jpeg2000(memoryview(BARE[:-3])).ends
    # What follows the end is not given to the decoder.
    assert read_jpeg2000(memoryview(BARE + b"more")).codestream == (0, len(BARE))
    endless = exchanged(BARE, SOT, 6, struct.pack(">I", 0))
    assert read_jpeg2000(memoryview(endless)).ends
    assert not read_jpeg2000(memoryview(endless[:-1])).ends


def test_its_limit_is_lower_than_a_photographs() -> None:
    """Four megapixels: sixteen times a passport's portrait, two seconds of decoding."""
    side = struct.pack(">II", 2_001, 2_000)
    large = exchanged(exchanged(BARE, SIZ, 6, side), SIZ, 22, side)
    with pytest.raises(
        Undetermined, match=f"2001 x 2000 pixels; the limit is {MAX_JPEG_2000_PIXELS}"
    ) as caught:
        opened(large)
    assert caught.value.name == "portrait.too-many-pixels"

"""Pictures are decoded within bounds, upright, and into memory that is overwritten."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics import sample as samples
from dongui.biometrics.sample import EncodedPicture, Source, decode
from dongui.errors import Misuse, Undetermined
from simulators.biometric_data import person, view


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> memoryview:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return memoryview(stream.getvalue())


def halves(mode: str = "RGB") -> Image.Image:
    """640 x 480: left half dark, right half light."""
    rows = np.zeros((480, 640), np.uint8)
    rows[:, 320:] = 200
    return Image.fromarray(rows).convert(mode)


def png_claiming(width: int, height: int) -> memoryview:
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return memoryview(b"\x89PNG\r\n\x1a\n" + chunk)


JPEG = bytes(encoded(halves()))
BAD = {
    "not-an-image": b"hello, this is text and not a picture at all",
    "format-not-read": bytes(encoded(halves("L"), "GIF")),
    "too-many-pixels": bytes(png_claiming(10_000, 6_000)),
    "too-small": bytes(encoded(Image.new("RGB", (1, 1)))),
    "truncated": JPEG[: len(JPEG) // 2],
    "too-many-bytes": JPEG + bytes(samples.MAX_BYTES),
    "damaged": JPEG[:2] + b"\x00" + JPEG[3:],
}


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind != "damaged"])
def test_what_is_no_usable_picture_has_a_name(kind: str) -> None:
    """Each kind of unusable picture is named: the caller's fault in a capture, nobody's in a portrait."""
    with pytest.raises(Misuse) as misuse:
        decode(memoryview(BAD[kind]), source=Source.CAPTURE, what="frame 1")
    with pytest.raises(Undetermined) as undetermined:
        decode(memoryview(BAD[kind]), source=Source.PORTRAIT, what="the portrait")
    assert (misuse.value.name, undetermined.value.name) == (f"capture.{kind}", f"portrait.{kind}")


def test_a_picture_of_a_gigapixel_costs_its_header() -> None:
    """The limit meets the header: a picture whose pixels are not even there is refused for its size."""
    with pytest.raises(Misuse, match="60000 x 60000 pixels; the limit is 50000000 pixels") as caught:
        decode(png_claiming(60_000, 60_000), source=Source.CAPTURE, what="frame 1")
    assert caught.value.name == "capture.too-many-pixels"


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("reduction", [1, 2, 4, 8])
def test_grey_colour_and_print_colours_come_out_alike(mode: str, reduction: int) -> None:
    """Every colour layout becomes rows x columns x 3, at the scale asked for, with the same brightness."""
    picture = EncodedPicture.open(encoded(halves(mode)), source=Source.CAPTURE, what="frame 1")
    pixels = picture.decode(reduction=reduction).pixels
    assert pixels.shape == (480 // reduction, 640 // reduction, 3)
    assert pixels[:, : 300 // reduction].max() < 12
    assert pixels[:, 340 // reduction :].min() > 188


def test_a_png_is_reduced_to_the_same_scale() -> None:
    """A PNG of 2,000 pixels is brought to half a thousand, as a JPEG of its size is."""
    large = halves().resize((2_000, 1_500))
    for kind in ("PNG", "JPEG"):
        taken = decode(encoded(large, kind), source=Source.CAPTURE, what="frame 1")
        assert (taken.pixels.shape, taken.reduction) == ((375, 500, 3), 4)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_followed(orientation: int) -> None:
    """However the camera was held, the picture comes out upright."""
    upright = Image.new("RGB", (640, 480), "black")
    upright.paste("white", (0, 0, 320, 240))  # the top left quarter
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation != 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, exif=exif.tobytes(), quality=95)
    taken = decode(data, source=Source.CAPTURE, what="frame 1")
    assert taken.pixels.shape == (480, 640, 3)
    assert taken.pixels[100, 100].min() > 240
    assert taken.pixels[400, 500].max() < 15


def test_wiping_leaves_no_pixel() -> None:
    """After the sample is done with, its memory holds zeros."""
    with decode(view(person("04", "portrait")), source=Source.CAPTURE, what="frame 1") as taken:
        pixels = taken.pixels
        assert pixels.any()
    assert not pixels.any()


def test_a_sample_does_not_show_its_pixels() -> None:
    """``repr`` reaches logs: it holds neither pixels nor encoded bytes."""
    picture = EncodedPicture.open(view(person("04", "portrait")), source=Source.CAPTURE, what="frame 1")
    assert "data" not in repr(picture)
    assert "pixels" not in repr(picture.decode(reduction=1))

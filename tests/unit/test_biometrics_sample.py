"""Pictures are decoded within bounds, upright, and into memory that is overwritten."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

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
    rows[:, 320:] = 255
    return Image.fromarray(rows).convert(mode)


def png_claiming(width: int, height: int) -> memoryview:
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return memoryview(b"\x89PNG\r\n\x1a\n" + chunk)


def png_of_empty_chunks(count: int) -> bytes:
    """A picture whose header chunk is followed by so many empty data chunks."""
    png = bytes(encoded(halves(), "PNG"))
    return png[:33] + count * struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT")) + png[33:]


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


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("kept", [0.4, 0.7, 0.99])
def test_a_picture_cut_off_is_known_before_it_is_decoded(kind: str, kept: float) -> None:
    """The end mark is looked for beforehand: nothing is spent on a picture that stops halfway."""
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    whole = encoded(Image.fromarray(noise), kind)
    EncodedPicture.open(whole, source=Source.CAPTURE, what="frame 1")
    # What a camera appends after the end is its own affair.
    EncodedPicture.open(memoryview(bytes(whole) + b"more"), source=Source.CAPTURE, what="frame 1")
    with pytest.raises(Misuse, match="frame 1 has no end") as caught:
        EncodedPicture.open(whole[: int(len(whole) * kept)], source=Source.CAPTURE, what="frame 1")
    assert caught.value.name == "capture.truncated"


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


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_layout_of_a_png_comes_out_alike(mode: str) -> None:
    """Palettes, transparency and single bits become rows x columns x 3 too, reduced or not."""
    for size in ((640, 480), (1_280, 960)):
        taken = decode(encoded(halves(mode).resize(size), "PNG"), source=Source.CAPTURE, what="frame 1")
        assert taken.pixels.shape == (480, 640, 3)
        assert taken.pixels[:, :300].max() < 12
        assert taken.pixels[:, 340:].min() > 188


def test_a_colour_layout_that_is_not_read_is_named() -> None:
    """Sixteen bits of grey are refused by name, not folded into eight."""
    deep = Image.fromarray(np.full((100, 100), 30_000, np.uint16))
    with pytest.raises(Misuse) as caught:
        decode(encoded(deep, "PNG"), source=Source.CAPTURE, what="frame 1")
    assert caught.value.name == "capture.format-not-read"


def test_what_a_decoder_does_not_need_never_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, colour profiles and Exif are left out of what Pillow is given, in either format."""
    exif = Image.Exif()
    exif[0x010F] = "a camera's maker"
    jpeg = encoded(halves(), comment=b"a remark", icc_profile=b"a profile", exif=exif.tobytes())
    notes = PngImagePlugin.PngInfo()
    notes.add_text("a remark", "a remark")
    png = encoded(halves(), "PNG", pnginfo=notes, icc_profile=b"a profile", exif=exif.tobytes())
    given: list[bytes] = []
    opening = Image.open

    def listening(stream: io.BytesIO, *, formats: tuple[str, ...]) -> Image.Image:
        given.append(stream.getvalue())
        return opening(stream, formats=formats)

    monkeypatch.setattr(Image, "open", listening)
    for data in (jpeg, png):
        decode(data, source=Source.CAPTURE, what="frame 1")
    assert all(b"a remark" in bytes(data) and b"maker" in bytes(data) for data in (jpeg, png))
    assert not any(word in seen for seen in given for word in (b"a remark", b"maker", b"profile", b"iCCP"))


def test_a_png_of_thousands_of_empty_chunks_is_not_walked_through() -> None:
    """Walking chunks costs the caller's own process: 4,000 are read, beyond 4,096 the picture is damaged."""
    decode(memoryview(png_of_empty_chunks(4_000)), source=Source.CAPTURE, what="frame 1")
    with pytest.raises(Misuse, match=r"capture\.damaged.*4096 chunks"):
        decode(memoryview(png_of_empty_chunks(99_000)), source=Source.CAPTURE, what="frame 1")


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

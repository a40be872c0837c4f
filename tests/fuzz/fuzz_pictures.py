"""Fuzz what a picture goes through before a face is looked for, and the reader of the recogniser's weights.

The first byte chooses the reader: a camera's picture, a document's portrait (JPEG 2000 too), or weights.
Inputs for pictures grow from small ones of every format, which the fuzzer is given as seeds. Run from the
root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_pictures.py SEEDS -max_total_time=300 -max_len=4096

where SEEDS is a folder; it is filled on the first run.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.biometrics.recognisers.dlib_file import read_network
    from dongui.biometrics.recognisers.weights import RESNET, locate
    from dongui.biometrics.sample import MAX_PIXELS, Source, decode
    from dongui.errors import Misuse, Trouble, Undetermined

from PIL import Image


def read_picture(data: bytes, source: Source) -> None:
    """A sample within the limits, or a ``capture.*`` or ``portrait.*`` failure."""
    try:
        with decode(memoryview(data), source=source, what="the picture") as sample:
            rows, columns, channels = sample.pixels.shape
    except (Misuse, Undetermined) as failure:
        if not failure.name.startswith(f"{source.value}."):
            raise
        return
    if channels != 3 or rows * columns > MAX_PIXELS:
        raise AssertionError("a picture was decoded beyond the limits")


def read_weights(data: bytes) -> None:
    """Bytes are no network; a short input is always malformed."""
    try:
        read_network(data)
    except Trouble as trouble:
        if trouble.name != "recogniser.weights-malformed":
            raise
        return
    raise AssertionError("a few thousand bytes were read as a network")


def test_one_input(data: bytes) -> None:
    """One input: a picture of either source, or weights."""
    if data[:1] == b"w":
        read_weights(data[1:])
    else:
        read_picture(data[1:], Source.PORTRAIT if data[:1] == b"d" else Source.CAPTURE)


def write_seeds(folder: Path) -> None:
    """Small pictures of every layout, and the beginning of the real weights."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.linear_gradient("L").resize((80, 72))
    exif = Image.Exif()
    exif[0x0112] = 6
    for mode, kind in [
        ("L", "JPEG"),
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "PNG"),
        ("RGB", "PNG"),
        ("P", "PNG"),
    ]:
        for progressive in (False, True):
            stream = io.BytesIO(b"p")
            stream.seek(1)
            picture.convert(mode).save(
                stream, kind, exif=exif, progressive=progressive, interlace=progressive
            )
            (folder / f"{mode}-{kind}-{progressive}").write_bytes(stream.getvalue())
    for mode, options in (("L", {}), ("RGB", {"no_jp2": True}), ("RGB", {"tile_size": (40, 40)})):
        stream = io.BytesIO(b"d")
        stream.seek(1)
        picture.convert(mode).save(stream, "JPEG2000", **options)
        (folder / f"{mode}-JPEG2000-{len(options)}-{'tile_size' in options}").write_bytes(stream.getvalue())
    (folder / "weights").write_bytes(b"w" + locate(RESNET).read_bytes()[:2000])


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if not argument.startswith("-"):
            write_seeds(Path(argument))
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()

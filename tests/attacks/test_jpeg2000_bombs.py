"""Portraits made to eat memory or time: a few hundred bytes that ask a decoder for gigabytes.

Each is refused by its header. Were one ever not, the process it is decoded in is ended at its limits.
"""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
from PIL import Image

from dongui.biometrics.sample import EncodedPicture, Source
from dongui.confinement import Confinement
from dongui.errors import DonguiError, Trouble, Undetermined
from dongui.memory import SecretBuffer
from simulators.passport_files import picture

BARE = picture("JPEG2000", (96, 120), no_jp2=True)


def with_siz(data: bytes, width: int, height: int, tile: tuple[int, int] | None = None) -> bytes:
    """The code stream claiming another size, and tiles of ``tile`` (by default one)."""
    changed = bytearray(data)
    place = data.index(b"\xff\x51")
    struct.pack_into(">II", changed, place + 6, width, height)
    struct.pack_into(">II", changed, place + 22, *(tile or (width, height)))
    return bytes(changed)


def with_cod(data: bytes, coding: bytes) -> bytes:
    """The code stream with another coding segment (its parameters, without marker and length)."""
    place = data.index(b"\xff\x52")
    (length,) = struct.unpack_from(">H", data, place + 2)
    segment = b"\xff\x52" + struct.pack(">H", len(coding) + 2) + coding
    return data[:place] + segment + data[place + 2 + length :]


def coding(*, layers: int = 1, block: tuple[int, int] = (4, 4), precincts: bytes = b"") -> bytes:
    style = 1 if precincts else 0
    levels = len(precincts) - 1 if precincts else 5
    return struct.pack(">BBHBBBBBB", style, 0, layers, 1, levels, *block, 0, 1) + precincts


LARGE = with_siz(BARE, 2_000, 2_000)
BOMBS = {
    "gigapixels": with_siz(BARE, 2**31, 2**31),
    "tiles-of-one-pixel": with_siz(BARE, 2_000, 2_000, (1, 1)),
    "precincts-of-one-pixel": with_cod(LARGE, coding(precincts=b"\x00")),
    "precincts-of-two-pixels": with_cod(LARGE, coding(precincts=b"\x11" * 6)),
    "blocks-of-four-pixels": with_cod(LARGE, coding(block=(0, 0))),
    "layers-by-precincts": with_cod(LARGE, coding(layers=65_535, precincts=b"\x88" * 6)),
    "a-tile-that-changes-its-coding": BARE.replace(
        b"\xff\x93", b"\xff\x52" + struct.pack(">H", 12) + coding(block=(0, 0)) + b"\xff\x93", 1
    ),
    "tile-parts-without-end": BARE[: BARE.index(b"\xff\x90")]
    + struct.pack(">HHHIBB", 0xFF90, 10, 0, 14, 0, 1)
    + b"\xff\x93"
    + (struct.pack(">HHHIBB", 0xFF90, 10, 0, 14, 0, 1) + b"\xff\x93") * 3_000,
    "boxes-without-end": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\x00\x00\x00\x08free" * 100_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_header(name: str) -> None:
    """In milliseconds, under a name, and before a decoder allocates anything."""
    started = time.process_time()
    with pytest.raises(Undetermined) as caught:
        EncodedPicture.open(memoryview(BOMBS[name]), source=Source.PORTRAIT, what="the portrait")
    assert caught.value.name in {
        "portrait.format-not-read",
        "portrait.too-many-pixels",
        "portrait.damaged",
    }
    assert time.process_time() - started < 0.1


def noise(side: int) -> bytes:
    """A picture without any order in it: the slowest there is."""
    stream = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(stream, "JPEG2000", no_jp2=True)
    return stream.getvalue()


@pytest.fixture(scope="module")
def large_noise() -> bytes:
    """One megapixel of noise: legal, within every bound."""
    return noise(1_000)


def confined(data: bytes, *, seconds: float, memory_bytes: int) -> DonguiError | bytes:
    with Confinement.start(
        "simulators.confined_portrait:prepare",
        arguments=b"",
        progress=lambda _message: None,
        timeout_seconds=seconds,
        memory_bytes=memory_bytes,
    ) as confinement:
        try:
            return confinement.run(
                "simulators.confined_portrait:measure", order=b"", buffers=[SecretBuffer(bytearray(data))]
            )
        except DonguiError as error:
            return error


def test_a_portrait_that_takes_too_long_is_nobodys_fault(large_noise: bytes) -> None:
    """The process is ended at its time; what is told is trouble, never a forged document."""
    answer = confined(large_noise, seconds=0.2, memory_bytes=1 << 30)
    assert isinstance(answer, Trouble)
    assert answer.name == "confinement.timed-out"


def test_a_portrait_that_takes_too_much_memory_is_nobodys_fault(large_noise: bytes) -> None:
    """The decoder is refused memory beyond its limit; the answer is undetermined, by name."""
    answer = confined(large_noise, seconds=20, memory_bytes=16 << 20)
    assert isinstance(answer, Undetermined)
    assert answer.name in {"confinement.out-of-memory", "portrait.damaged"}


def test_within_its_limits_the_same_portrait_is_decoded(large_noise: bytes) -> None:
    """What was ended above was ended by the limits alone."""
    assert confined(large_noise, seconds=20, memory_bytes=1 << 30) == b"1000x1000"

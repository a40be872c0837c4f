"""Attacks and accidents staged in memory from pictures: turned prints, two people, darkness.

For the demo, the tests and the measurements. Every function takes encoded pictures and gives JPEG bytes,
draws nothing at random but camera noise from a fixed seed, and writes nothing to disk. Staged prints are
ideal prints: no gloss, no printing raster, no fingers. What they show is the geometry.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dongui.demo.sheets import Sheet

__all__ = [
    "TURN_YAWS",
    "Print",
    "dimmed",
    "side_by_side",
    "still_clip",
    "turned_print",
    "two_people_clip",
]

#: Degrees, positive towards the picture's right: the turn of the rendered people's clips, frame by frame.
TURN_YAWS = (0.0, -8.0, -17.0, -26.0, -34.0, -26.0, -14.0, 0.0, 12.0, 22.0, 32.0, 36.0, 26.0, 14.0, 0.0)

_FRAME = 480  # pixels a side of a staged frame
_SHARPER = 1.3  # the print's pixels a pixel of the frame: shrunk first, so that nothing aliases
_PIXELS_PER_MM = 1.5  # at the sheet's distance; a life-size face then fills the frame like the clips' heads
_WHITE, _BACKGROUND = (235, 235, 235), 128
_NOISE = 2.0  # standard deviation of the camera's noise, of 255
_QUALITY = 88
_SEED = 20261122

_Colours = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Print:
    """How a picture was printed and is held: its width on the paper, the white around it, the bend.

    ``width_mm`` is the printed picture's width; ``margin_mm`` the white card around it;
    ``bend_radius_mm`` is ``None`` for a flat card.
    """

    width_mm: float = 240.0
    margin_mm: float = 15.0
    bend_radius_mm: float | None = None
    distance_mm: float = 450.0


def turned_print(
    portrait: bytes, *, held: Print | None = None, yaws: Sequence[float] = TURN_YAWS
) -> list[bytes]:
    """Print ``portrait`` (any encoding Pillow reads) and turn it through ``yaws`` before a plain wall."""
    held = held or Print()
    card = _card(portrait, held)
    sheet = Sheet(distance_mm=held.distance_mm, bend_radius_mm=held.bend_radius_mm)
    return _film(_see(card, replace(sheet, yaw=yaw), held) for yaw in yaws)


def still_clip(picture: bytes, *, frames: int = 15) -> list[bytes]:
    """The same picture held still: nothing but the camera's noise moves."""
    return _film(repeat(_decode(picture), frames))


def side_by_side(left: bytes, right: bytes) -> bytes:
    """Put two people into one picture, at the height of the first."""
    first, second = (Image.open(io.BytesIO(picture)).convert("RGB") for picture in (left, right))
    second = second.resize((max(1, second.width * first.height // second.height), first.height))
    joined = Image.new("RGB", (first.width + second.width, first.height))
    joined.paste(first, (0, 0))
    joined.paste(second, (first.width, 0))
    return _save(joined)


def two_people_clip(clip: Sequence[bytes], bystander: bytes) -> list[bytes]:
    """The clip with somebody else beside the person in every frame."""
    return [side_by_side(frame, bystander) for frame in clip]


def dimmed(clip: Sequence[bytes], *, exposure: float = 0.08, noise: float = 4.0) -> list[bytes]:
    """The clip with ``exposure`` of its light (0 to 1), and a sensor's ``noise`` (deviation, of 255)."""
    return _film((_decode(frame) * exposure for frame in clip), noise=noise)


def _see(card: _Colours, sheet: Sheet, held: Print) -> _Colours:
    """Look at the sheet: a ray for each pixel, followed to the card or past it."""
    axis = (np.arange(_FRAME) + 0.5 - _FRAME / 2) / _PIXELS_PER_MM
    paper = sheet.to_paper(np.stack(np.meshgrid(axis, axis), axis=-1))
    height, width = card.shape[:2]
    x, y = np.moveaxis(paper * (width / (held.width_mm + 2 * held.margin_mm)), -1, 0)
    x, y = x + (width / 2 - 0.5), y + (height / 2 - 0.5)
    inside = (x >= 0) & (x < width - 1) & (y >= 0) & (y < height - 1)
    seen = np.full((_FRAME, _FRAME, 3), _BACKGROUND, dtype=np.float32)
    seen[inside] = _interpolate(card, x[inside], y[inside])
    return seen


def _card(portrait: bytes, held: Print) -> _Colours:
    """The portrait at the fineness the frame can show, on its white card."""
    image = Image.open(io.BytesIO(portrait)).convert("RGB")
    width = min(image.width, round(held.width_mm * _PIXELS_PER_MM * _SHARPER))
    height = max(1, round(image.height * width / image.width))
    margin = round(held.margin_mm * width / held.width_mm)
    card = Image.new("RGB", (width + 2 * margin, height + 2 * margin), _WHITE)
    card.paste(image.resize((width, height), Image.Resampling.LANCZOS), (margin, margin))
    return np.asarray(card, dtype=np.float32)


def _interpolate(card: _Colours, x: NDArray[np.float64], y: NDArray[np.float64]) -> _Colours:
    """Colours between the card's pixels, bilinearly; ``x`` and ``y`` lie within it."""
    flat = card.reshape(-1, 3)
    column, row = x.astype(np.intp), y.astype(np.intp)
    across = (x - column).astype(np.float32)[:, None]
    down = (y - row).astype(np.float32)[:, None]
    corner = row * card.shape[1] + column
    upper = flat[corner] * (1 - across) + flat[corner + 1] * across
    corner += card.shape[1]
    lower = flat[corner] * (1 - across) + flat[corner + 1] * across
    return np.asarray(upper * (1 - down) + lower * down)


def _decode(picture: bytes) -> _Colours:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=np.float32)


class _Sensor:
    """A camera's noise, of deviation 1, the same in every clip: drawing it is most of what a frame costs."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._rng = np.random.default_rng(_SEED)
        self._kept: list[_Colours] = []

    def frames(self) -> Iterator[_Colours]:
        for number in range(len(TURN_YAWS)):
            if number == len(self._kept):
                self._kept.append(self._drawn(self._rng))
            yield self._kept[number]
        # No more is kept, or a long clip would stay in memory.
        rng = deepcopy(self._rng)
        while True:
            yield self._drawn(rng)

    def _drawn(self, rng: np.random.Generator) -> _Colours:
        return rng.standard_normal(self._shape, dtype=np.float32)


_sensor = lru_cache(maxsize=1)(_Sensor)


def _film(seen: Iterable[_Colours], *, noise: float = _NOISE) -> list[bytes]:
    """Take pictures of one size, the first one's."""
    frames = iter(seen)
    for first in frames:
        grains = _sensor(first.shape).frames()
        paired = zip(chain([first], frames), grains, strict=False)
        return [_encode(frame, grain * noise) for frame, grain in paired]
    return []


def _encode(seen: _Colours, noisy: _Colours) -> bytes:
    noisy += seen
    np.clip(noisy, 0, 255, out=noisy)
    return _save(Image.fromarray(np.rint(noisy, out=noisy).astype(np.uint8)))


def _save(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()

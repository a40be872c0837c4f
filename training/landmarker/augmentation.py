"""What a camera, a print and a careless holder do to a picture, done to the training pictures.

Half of the pictures are shown as prints, turned, flat or bent, so that foreshortening alone does not tell
the network that a nose moved: a landmarker trained on heads only draws a head's nose onto a turned print,
and the parallax it should measure is then its own imagination.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from people import Picture
from PIL import Image, ImageDraw, ImageFilter

from dongui.biometrics.landmarks import CROP_MARGIN, CROP_SHIFT, CROP_SIZE, POINT_NAMES
from dongui.demo.sheets import Sheet

# The HOG detector's square against the square around all 26 points, measured on 240 pictures of the
# training people: side 1.19 times (deviation 0.13), middle 0.11 of the side above (deviation 0.05).
_BOX_SIDE, _BOX_RISE = 1.19, -0.11
_FACE_MM = 120.0  # side of the square around the points, life size
_CANVAS = 256  # side in pixels of the stored pictures, ...
_CANVAS_FACE = 96.0  # ... in which that square has this side

_MIRRORED = [
    POINT_NAMES.index({"right": "left", "left": "right"}.get(side, side) + dash + rest)
    for side, dash, rest in (name.partition("-") for name in POINT_NAMES)
]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture brought to one scale: grey (256, 256) float32, points from its middle in mm, facing."""

    grey: NDArray[np.float32]
    points: NDArray[np.float64]
    facing: NDArray[np.float64]


def canvas(picture: Picture) -> Canvas:
    low, high = picture.points.min(0), picture.points.max(0)
    middle, side = (low + high) / 2, float((high - low).max())
    reach = side * _CANVAS / _CANVAS_FACE / 2
    whole = round(2 * reach)
    left, top = (round(float(edge)) for edge in middle - reach)
    frame = (left, top, left + whole, top + whole)
    middle, side = np.array([left, top]) + whole / 2, whole * _CANVAS_FACE / _CANVAS  # as cut, to the pixel
    pixels = picture.grey()
    rows = np.clip(np.arange(frame[1], frame[3]), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(frame[0], frame[2]), 0, pixels.shape[1] - 1)
    image = Image.fromarray(pixels[np.ix_(rows, columns)]).resize(
        (_CANVAS, _CANVAS), Image.Resampling.BILINEAR
    )
    return Canvas(
        np.asarray(image, dtype=np.float32), (picture.points - middle) * (_FACE_MM / side), picture.facing
    )


def _sheet(rng: np.random.Generator, *, shown_as_print: bool) -> Sheet:
    """A picture as it is (rolled only), or as a print: two in five flat, three in five bent."""
    if not shown_as_print:
        return Sheet(roll=rng.normal(0, 6))
    return Sheet(
        yaw=rng.uniform(-42, 42),
        pitch=rng.uniform(-15, 15),
        roll=rng.normal(0, 6),
        distance_mm=rng.uniform(250, 800),
        bend_radius_mm=float(rng.uniform(50, 200)) if rng.random() < 0.6 else None,
        bend_axis="vertical" if rng.random() < 0.75 else "horizontal",
    )


def _interpolate(grey: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    at = np.clip(np.nan_to_num(at, nan=0.0), 0, _CANVAS - 1.001)
    whole = at.astype(np.intp)
    part = (at - whole).astype(np.float32)
    x, y = whole[..., 0], whole[..., 1]
    across, down = part[..., 0], part[..., 1]
    upper = grey[y, x] * (1 - across) + grey[y, x + 1] * across
    lower = grey[y + 1, x] * (1 - across) + grey[y + 1, x + 1] * across
    return np.asarray(upper * (1 - down) + lower * down)


def sample(
    source: Canvas, rng: np.random.Generator, *, shown_as_print: bool
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Return a crop (96, 96) uint8 as the detector would cut it, its points in pixels, their weights."""
    sheet = _sheet(rng, shown_as_print=shown_as_print)
    points = sheet.to_picture(source.points)
    low, high = points.min(0), points.max(0)
    middle, side = (low + high) / 2, float((high - low).max())
    box = side * _BOX_SIDE * np.exp(rng.normal(0, 0.10))
    centre = middle + side * rng.normal([0.0, _BOX_RISE], 0.05) + [0.0, CROP_SHIFT * box]
    pixel = box * CROP_MARGIN / CROP_SIZE
    grid = (np.arange(CROP_SIZE) + 0.5 - CROP_SIZE / 2) * pixel
    rays = np.stack(np.meshgrid(grid + centre[0], grid + centre[1]), axis=-1)
    paper = sheet.to_paper(rays) * (_CANVAS_FACE / _FACE_MM) + _CANVAS / 2 - 0.5
    grey = _interpolate(source.grey, paper)
    placed = (points - centre) / pixel + CROP_SIZE / 2
    facing = source.facing
    if rng.random() < 0.5:
        grey, facing = grey[:, ::-1], facing[_MIRRORED]
        placed = np.stack([CROP_SIZE - placed[:, 0], placed[:, 1]], axis=-1)[_MIRRORED]
    weights = np.where(facing > 0, 1.0, 0.3)
    return degrade(grey, placed, rng), placed.astype(np.float32), weights.astype(np.float32)


def degrade(
    grey: NDArray[np.float32], points: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Light, glasses, occlusion, blur, noise and compression, each on some of the pictures."""
    grey = _light(grey, rng)
    image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    if rng.random() < 0.15:
        _glasses(image, points, rng)
    if rng.random() < 0.25:
        _occlude(image, rng)
    if rng.random() < 0.4:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.6))))
    noisy = np.asarray(image, dtype=np.float32) + rng.normal(0, rng.uniform(0, 12), grey.shape)
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    if rng.random() < 0.4:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=int(rng.integers(15, 80)))
        image = Image.open(stream)
    return np.asarray(image)


def _light(grey: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    bent = 255.0 * (np.clip(grey, 0, 255) / 255.0) ** np.exp(rng.normal(0, 0.35))
    slope = np.linspace(-1, 1, CROP_SIZE)
    shade = 1 + rng.normal(0, 0.2) * slope[None, :] + rng.normal(0, 0.2) * slope[:, None]
    return np.asarray(bent * shade * np.exp(rng.normal(0, 0.35)) + rng.normal(0, 12), dtype=np.float32)


def _glasses(image: Image.Image, points: NDArray[np.float64], rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    eyes = [points[POINT_NAMES.index(f"{side}-pupil")] for side in ("right", "left")]
    reach = float(np.linalg.norm(eyes[1] - eyes[0])) * rng.uniform(0.3, 0.45)
    ink, width = int(rng.integers(0, 200)), int(rng.integers(1, 4))
    for x, y in eyes:
        high = reach * rng.uniform(0.6, 1.0)
        draw.ellipse((x - reach, y - high, x + reach, y + high), outline=ink, width=width)
    draw.line([tuple(eyes[0] + [reach, 0]), tuple(eyes[1] - [reach, 0])], fill=ink, width=width)


def _occlude(image: Image.Image, rng: np.random.Generator) -> None:
    width, height = (int(size) for size in rng.integers(8, 40, 2))
    left, top = (int(place) for place in rng.integers(-10, CROP_SIZE, 2))
    patch = rng.normal(rng.uniform(0, 255), rng.uniform(0, 50), (height, width))
    image.paste(Image.fromarray(np.clip(patch, 0, 255).astype(np.uint8)), (left, top))

"""One face as the components look at it: its points, its place in the picture, and the aligned picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dongui.biometrics.landmarks import Landmarks
from dongui.biometrics.pixels import Pixels

__all__ = ["ALIGNED_SIDE_PIXELS", "FaceView", "luminance_levels", "view_face"]

Floats = NDArray[np.float64]
Levels = NDArray[np.uint8]

ALIGNED_SIDE_PIXELS: Final = 616
# Where eyes, tip of the nose and corners of the mouth lie in the aligned picture: the standard's, after OFIQ
# 1.0.3; the person's right side first, which is the picture's left.
_ALIGNED_MARKS_OFIQ_2024: Final = np.array(
    [(251, 272), (364, 272), (308, 336), (262, 402), (355, 402)], float
)


@dataclass(frozen=True, slots=True, eq=False)
class FaceView:
    """What the components measure. A context manager that overwrites the aligned picture.

    ``landmarks`` in pixels of a picture of ``rows`` x ``columns``, where the middle of the first pixel is
    (0.5, 0.5); one of them stands for ``reduction`` x ``reduction`` stored ones. ``areas`` are those of every
    face's box, largest first. ``aligned`` is 616 x 616 x 3; ``region`` marks the face in it, and
    ``luminance`` holds linear luminance, 0 to 255.
    """

    landmarks: Landmarks = field(repr=False)
    rows: int
    columns: int
    reduction: int
    areas: tuple[float, ...]
    aligned: Pixels = field(repr=False)
    aligned_points: Landmarks = field(repr=False)
    region: NDArray[np.bool_] = field(repr=False)
    luminance: Levels = field(repr=False)

    @property
    def right_eye(self) -> Floats:
        """The middle between the corners of the person's right eye, (x, y)."""
        return _middle(self.landmarks, "right-eye-outer", "right-eye-inner")

    @property
    def left_eye(self) -> Floats:
        """The middle between the corners of the person's left eye, (x, y)."""
        return _middle(self.landmarks, "left-eye-outer", "left-eye-inner")

    @property
    def between_eyes(self) -> Floats:
        """The middle between both eyes, (x, y)."""
        return np.asarray((self.right_eye + self.left_eye) / 2)

    @property
    def eye_distance(self) -> float:
        """Pixels between the middles of the eyes."""
        return _distance(self.left_eye, self.right_eye)

    @property
    def eyes_to_chin(self) -> float:
        """Pixels from between the eyes to the chin: the standard's measure T of a head's size."""
        return _distance(self.between_eyes, self.landmarks["menton"])

    def cheeks(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Return rows and columns of the right and the left measurement zone in the aligned picture.

        Squares of 0.3 eye distances, outwards from below the middle of each eye, from half way down to the
        mouth. The zones may be empty where the points are wrong.
        """
        points = self.aligned_points
        right = _middle(points, "right-eye-outer", "right-eye-inner").round()
        left = _middle(points, "left-eye-outer", "left-eye-inner").round()
        mouth = _middle(points, "upper-lip-top", "lower-lip-bottom").round()
        side = int(0.3 * _distance(left, right))
        down = int(_distance((left + right) / 2, mouth) / 2)
        return (
            (_span(right[1] + down, side), _span(right[0] - side, side)),
            (_span(left[1] + down, side), _span(left[0], side)),
        )

    def region_histogram(self) -> Floats:
        """Return the share of the region's pixels at each of 256 levels of luminance; all 0 if empty."""
        return histogram(self.luminance[self.region])

    def wipe(self) -> None:
        """Overwrite the aligned picture. Safe to call twice."""
        self.aligned[...] = 0
        self.luminance[...] = 0

    def __enter__(self) -> FaceView:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()


def view_face(pixels: Pixels, landmarks: Landmarks, *, reduction: int, areas: tuple[float, ...]) -> FaceView:
    """Align the face that ``landmarks`` lie on and look at it.

    OFIQ fits the five marks robustly, by the least median of squares; here by the least sum of them.
    ``ValueError`` where all marks are one point.
    """
    moved = _similarity(
        np.array(
            [
                _middle(landmarks, "right-eye-outer", "right-eye-inner"),
                _middle(landmarks, "left-eye-outer", "left-eye-inner"),
                landmarks["nose-tip"],
                landmarks["right-mouth-corner"],
                landmarks["left-mouth-corner"],
            ]
        )
    )
    there = Landmarks(landmarks.points @ moved[:, :2].T + moved[:, 2])
    aligned = _aligned(pixels, moved)
    rows, columns = pixels.shape[:2]
    return FaceView(
        landmarks,
        rows,
        columns,
        reduction,
        areas,
        aligned,
        there,
        _hull(there.points),
        luminance_levels(aligned),
    )


def luminance_levels(pixels: Pixels) -> Levels:
    """Return linear luminance (the Y of sRGB, IEC 61966-2-1), 0 to 255, rounded half up."""
    levels = np.arange(256) / 255
    linear = np.where(levels > 0.04045, ((levels + 0.055) / 1.055) ** 2.4, levels / 12.92)
    red, green, blue = (linear[pixels[..., channel]] for channel in range(3))
    found: Levels = np.floor((0.2126 * red + 0.7152 * green + 0.0722 * blue) * 255 + 0.5).astype(np.uint8)
    for part in (red, green, blue):
        part[...] = 0
    return found


def histogram(levels: Levels) -> Floats:
    """Return the share of ``levels`` at each of 0 to 255; all 0 where there are none."""
    counts = np.bincount(levels.ravel(), minlength=256)
    return np.asarray(counts / max(1, levels.size))


def _similarity(marks: Floats) -> Floats:
    """The 2 x 3 matrix, turn, scale and shift, that brings ``marks`` closest to their places."""
    here = marks[:, 0] + 1j * marks[:, 1]
    there = _ALIGNED_MARKS_OFIQ_2024[:, 0] + 1j * _ALIGNED_MARKS_OFIQ_2024[:, 1]
    apart = here - here.mean()
    spread = float(np.vdot(apart, apart).real)
    if spread == 0:
        raise ValueError("five marks in one point have neither size nor direction")
    by = np.vdot(apart, there - there.mean()) / spread
    to = there.mean() - by * here.mean()
    return np.array([[by.real, -by.imag, to.real], [by.imag, by.real, to.imag]])


def _aligned(pixels: Pixels, moved: Floats) -> Pixels:
    """Between pixels by their four neighbours; black beyond the picture's edge."""
    back = np.linalg.inv(np.vstack([moved, (0, 0, 1)]))[:2]
    picture = Image.fromarray(pixels)
    size = (ALIGNED_SIDE_PIXELS, ALIGNED_SIDE_PIXELS)
    aligned = picture.transform(
        size, Image.Transform.AFFINE, tuple(back.ravel().tolist()), Image.Resampling.BILINEAR
    )
    found = np.array(aligned)
    for held in (picture, aligned):
        held.paste((0, 0, 0), (0, 0, *held.size))
    return found


def _hull(points: Floats) -> NDArray[np.bool_]:
    """Mark the pixels whose middle lies within the convex hull of ``points``."""
    centres = np.arange(ALIGNED_SIDE_PIXELS) + 0.5
    inside = np.ones((ALIGNED_SIDE_PIXELS, ALIGNED_SIDE_PIXELS), dtype=bool)
    corners = _corners(points)
    for one, other in zip(corners, [*corners[1:], corners[0]], strict=True):
        (x, y), (along_x, along_y) = one, other - one
        inside &= along_x * (centres[:, None] - y) >= along_y * (centres[None, :] - x)
    return inside if len(corners) > 2 else np.zeros_like(inside)


def _corners(points: Floats) -> list[Floats]:
    """The convex hull's corners, turning one way (Andrew's monotone chain)."""
    ordered = sorted(points.tolist())

    def chain(some: list[list[float]]) -> list[list[float]]:
        kept: list[list[float]] = []
        for point in some:
            while len(kept) > 1 and _turns(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return [np.array(corner) for corner in chain(ordered) + chain(ordered[::-1])]


def _turns(one: list[float], two: list[float], three: list[float]) -> float:
    return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])


def _middle(landmarks: Landmarks, one: str, other: str) -> Floats:
    return np.asarray((landmarks[one] + landmarks[other]) / 2)


def _distance(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other))


def _span(start: float, length: int) -> slice:
    begin = int(max(0, start))
    return slice(begin, max(begin, int(start) + length))

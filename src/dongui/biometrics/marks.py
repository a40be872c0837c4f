"""Five marks of a face, and the picture cut by them that recognisers of the ArcFace kind were trained on."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.landmarks import Landmarks
from dongui.biometrics.pixels import Pixels

__all__ = ["CUT_SIDE_PIXELS", "MARKS_OF_THE_CUT_INSIGHTFACE_2018", "Marks", "cut", "marks_of", "similarity"]

Marks: TypeAlias = tuple[tuple[float, float], ...]
"""The person's right eye, left eye, tip of the nose, right and left corner of the mouth: five ``(x, y)``.

In pixels, where the middle of the first pixel is (0, 0). The person's right stands on the picture's left.
"""

CUT_SIDE_PIXELS: Final = 112
#: Where the marks lie in the cut. Published with InsightFace's training code, and the same in OpenCV's
#: ``FaceRecognizerSF::alignCrop``.
MARKS_OF_THE_CUT_INSIGHTFACE_2018: Final[Marks] = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)

Floats = NDArray[np.float64]


def marks_of(landmarks: Landmarks) -> Marks:
    """Return the marks of a face whose landmarks are known."""
    x, y = (
        landmarks.several(
            "right-pupil", "left-pupil", "nose-tip", "right-mouth-corner", "left-mouth-corner"
        ).T
        # There the middle of the first pixel is (0.5, 0.5).
        - 0.5
    )
    return tuple(zip(x.tolist(), y.tolist(), strict=True))


def similarity(marks: Marks) -> Floats:
    """Return the 2 x 3 matrix that brings ``marks`` closest to where they lie in the cut.

    Turned, scaled and moved, never mirrored or sheared; closest by the sum of squares (Umeyama, 1991).
    ``ValueError`` where all marks are one point.
    """
    # In the plane, read as complex numbers, a similarity is a*z + b, and the best one a regression.
    here = np.array([complex(*mark) for mark in marks])
    there = np.array([complex(*mark) for mark in MARKS_OF_THE_CUT_INSIGHTFACE_2018])
    apart = here - here.mean()
    spread = float(np.vdot(apart, apart).real)
    if not np.isfinite(spread) or spread == 0:
        raise ValueError("five marks in one point have neither size nor direction")
    turn = np.vdot(apart, there - there.mean()) / spread
    move = there.mean() - turn * here.mean()
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])


def cut(pixels: Pixels, marks: Marks) -> Pixels:
    """Return 112 x 112 x 3 pixels with the marks where they belong; black beyond the picture's edge.

    Between pixels by their four neighbours, weighted: no smoothing, as in training. The caller owns the cut
    and overwrites it. ``ValueError`` as :func:`similarity`.
    """
    (a, minus_b, x0), (b, _, y0) = similarity(marks).tolist()
    del minus_b
    # Where each pixel of the cut comes from: the inverse of a turn and a scale is as plain as itself.
    row, column = np.mgrid[:CUT_SIDE_PIXELS, :CUT_SIDE_PIXELS].astype(np.float64)
    square = a * a + b * b
    x = (a * (column - x0) + b * (row - y0)) / square
    y = (a * (row - y0) - b * (column - x0)) / square
    return _sampled(pixels, x, y)


def _sampled(pixels: Pixels, x: Floats, y: Floats) -> Pixels:
    rows, columns = pixels.shape[:2]
    # Far outside it is black anyway, and nothing there may overflow an index.
    left = np.floor(np.clip(x, -2, columns + 1)).astype(np.int64)
    top = np.floor(np.clip(y, -2, rows + 1)).astype(np.int64)
    total = np.zeros((*x.shape, 3))
    for down in (0, 1):
        for across in (0, 1):
            at_x, at_y = left + across, top + down
            weight = np.clip(1 - abs(x - at_x), 0, 1) * np.clip(1 - abs(y - at_y), 0, 1)
            weight *= (at_x >= 0) & (at_x < columns) & (at_y >= 0) & (at_y < rows)
            near = pixels[at_y.clip(0, rows - 1), at_x.clip(0, columns - 1)]
            total += weight[..., None] * near
            near[...] = 0
    made = np.rint(total).astype(np.uint8)
    total[...] = 0
    return made

"""YuNet, OpenCV's small face detector, behind the protocol of dlib's.

Its network says, for each cell of three grids (8, 16 and 32 pixels a cell), whether a face is centred there,
how large it is and where its five marks are. Decoding and thresholds are those of OpenCV's ``FaceDetectorYN``
(modules/objdetect/src/face_detect.cpp), so that what was published of it holds here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.detection import Box
from dongui.biometrics.marks import Marks
from dongui.biometrics.pixels import Pixels
from dongui.biometrics.recognisers.onnx_model import OnnxModel
from dongui.errors import Misuse

__all__ = [
    "NMS_OVERLAP_OPENCV_4_10",
    "SCORE_OPENCV_4_10",
    "STRIDES",
    "Found",
    "YuNet",
    "decoded",
    "without_overlaps",
]

STRIDES: Final = (8, 16, 32)
# The defaults of FaceDetectorYN::create.
SCORE_OPENCV_4_10: Final = 0.9
NMS_OVERLAP_OPENCV_4_10: Final = 0.3

_NUMBERS: Final = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
_MAX_SIDE_PIXELS: Final = 1280
# Where a file leaves its input open; the published one is said to have a fixed one.
_USUAL_SIDE_PIXELS: Final = 640
# dlib's box lies around the face differently from YuNet's, and landmarker and five points expect dlib's. Its
# side, and how far its middle lies above that of the marks, both in lengths of the diagonal made of the
# distance between the eyes and that from eyes to mouth; medians over 361 pictures of people who do not exist.
_SIDE_DONGUI_2026_11: Final = 1.78
_ABOVE_DONGUI_2026_11: Final = 0.085

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """One face in pixels of the network's input. ``left`` to ``height`` are the network's own box."""

    score: float
    left: float
    top: float
    width: float
    height: float
    marks: Marks


class YuNet:
    """The network, loaded once. May be shared between threads: it keeps nothing between calls."""

    def __init__(self, model: OnnxModel) -> None:
        """``model``: checked weights. Raises ``Misuse`` (``recogniser.model-unfit``) for another signature.

        It takes 1 x 3 x rows x columns, blue first, 0 to 255, whole multiples of 32, and gives ``cls_8`` to
        ``kps_32``: a row for each cell.
        """
        self._model = model
        self._rows, self._columns = _input_sides(model)
        missing = {f"{kind}_{stride}" for kind in _NUMBERS for stride in STRIDES} - set(model.output_shapes)
        if missing:
            raise Misuse("recogniser.model-unfit", f"it has no output called {', '.join(sorted(missing))}")
        self._outputs_of(np.zeros((1, 3, self._rows, self._columns), np.float32))

    def find(self, pixels: Pixels, *, side: int) -> tuple[Box, ...]:
        """Return every face found with the longer side brought to ``side`` pixels, in pixels of ``pixels``.

        At most as large as the network's input, in which faces of 10 to 300 pixels are found. Each box lies
        as dlib's would and carries the five marks.
        """
        rows, columns = pixels.shape[:2]
        factor = min(side / max(rows, columns), self._rows / rows, self._columns / columns)
        small = np.asarray(
            dlib.resize_image(pixels, max(2, round(rows * factor)), max(2, round(columns * factor)))
        )
        canvas = np.zeros((1, 3, self._rows, self._columns), np.float32)
        try:
            canvas[0, :, : small.shape[0], : small.shape[1]] = small[..., ::-1].transpose(2, 0, 1)
            found = without_overlaps(self._outputs_of(canvas))
        finally:
            small.fill(0)
            canvas.fill(0)
        # dlib's resizing lays first on first and last on last pixel.
        back = (columns - 1) / (small.shape[1] - 1), (rows - 1) / (small.shape[0] - 1)
        return tuple(_box(_scaled(face.marks, back)) for face in found)

    def _outputs_of(self, canvas: Floats) -> list[Found]:
        return decoded(self._model.run(canvas), rows=self._rows, columns=self._columns)


def decoded(outputs: Mapping[str, Floats], *, rows: int, columns: int) -> list[Found]:
    """Return every cell that speaks of a face with a score of at least 0.9, best first.

    What cannot be a face (numbers that are not finite, marks all in one point) is none. Raises ``Misuse``
    (``recogniser.model-unfit``) for an output of another size.
    """
    found: list[Found] = []
    for stride in STRIDES:
        cells = (rows // stride) * (columns // stride)
        cls, obj, bbox, kps = (_rows_of(outputs, kind, stride, cells) for kind in _NUMBERS)
        with np.errstate(invalid="ignore"):
            score = np.sqrt(np.clip(cls, 0, 1) * np.clip(obj, 0, 1))[:, 0]
            speaking = np.flatnonzero(score >= SCORE_OPENCV_4_10)
        for cell in speaking.tolist():
            row, column = divmod(cell, columns // stride)
            face = _face(float(score[cell]), column, row, stride, bbox[cell].tolist(), kps[cell].tolist())
            if face is not None:
                found.append(face)
    return sorted(found, key=lambda face: -face.score)


def without_overlaps(faces: Sequence[Found]) -> list[Found]:
    """Return the faces, best first, without those that a better one covers by more than 0.3 (NMS)."""
    kept: list[Found] = []
    for face in faces:
        if all(_overlap(face, better) <= NMS_OVERLAP_OPENCV_4_10 for better in kept):
            kept.append(face)
    return kept


def _face(
    score: float, column: int, row: int, stride: int, bbox: list[float], kps: list[float]
) -> Found | None:
    # Beyond e**8 strides a box is larger than any picture, and exp may overflow.
    if not all(map(math.isfinite, (*bbox, *kps))) or max(bbox[2:]) > 8:
        return None
    x, y = (column + bbox[0]) * stride, (row + bbox[1]) * stride
    width, height = math.exp(bbox[2]) * stride, math.exp(bbox[3]) * stride
    marks = tuple(
        ((across + column) * stride, (down + row) * stride)
        for across, down in zip(kps[::2], kps[1::2], strict=True)
    )
    if _size(marks) < 1:
        return None
    return Found(score, x - width / 2, y - height / 2, width, height, marks)


def _rows_of(outputs: Mapping[str, Floats], kind: str, stride: int, cells: int) -> Floats:
    values = outputs[f"{kind}_{stride}"]
    if values.size != cells * _NUMBERS[kind]:
        detail = f"{kind}_{stride} has {values.size} numbers; {cells * _NUMBERS[kind]} belong there"
        raise Misuse("recogniser.model-unfit", detail)
    return values.reshape(cells, _NUMBERS[kind])


def _overlap(one: Found, other: Found) -> float:
    """Intersection over union, in whole pixels as OpenCV has it."""
    (left, top, width, height), (left_2, top_2, width_2, height_2) = _whole(one), _whole(other)
    across = min(left + width, left_2 + width_2) - max(left, left_2)
    down = min(top + height, top_2 + height_2) - max(top, top_2)
    shared = max(0, across) * max(0, down)
    together = width * height + width_2 * height_2 - shared
    return shared / together if together else 1.0


def _whole(face: Found) -> tuple[int, int, int, int]:
    return int(face.left), int(face.top), int(face.width), int(face.height)


def _scaled(marks: Marks, factors: tuple[float, float]) -> Marks:
    return tuple((x * factors[0], y * factors[1]) for x, y in marks)


def _size(marks: Marks) -> float:
    """The diagonal of eye distance and eyes to mouth: it shrinks little when a head turns or nods."""
    right, left, _, mouth_right, mouth_left = marks
    eyes, mouth = _middle(right, left), _middle(mouth_right, mouth_left)
    return math.hypot(math.dist(right, left), math.dist(eyes, mouth))


def _middle(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _box(marks: Marks) -> Box:
    """Where dlib's box would lie around these marks."""
    size = _size(marks)
    x, y = (sum(axis) / len(marks) for axis in zip(*marks, strict=True))
    y -= _ABOVE_DONGUI_2026_11 * size
    half = max(1.0, _SIDE_DONGUI_2026_11 * size / 2)
    return Box(round(x - half), round(y - half), round(x + half), round(y + half), marks)


def _input_sides(model: OnnxModel) -> tuple[int, int]:
    shape = model.input_shape
    sides = tuple(_USUAL_SIDE_PIXELS if side == -1 else side for side in shape[2:])
    fits = len(shape) == 4 and shape[:2] == (1, 3)
    if not fits or not all(side % 32 == 0 and 32 <= side <= _MAX_SIDE_PIXELS for side in sides):
        raise Misuse("recogniser.model-unfit", f"its input is {shape}; 1 x 3 x rows x columns is wanted")
    return sides[0], sides[1]

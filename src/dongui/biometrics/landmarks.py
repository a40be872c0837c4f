"""Where the corners of eyes and mouth, the nose and 26 points in all lie in a picture of a face.

The landmarker was trained on people who do not exist, and on nobody else: its card names the data, and
``training/landmarker`` makes it again. It tells where points are, not who somebody is: it holds no feature
of any person and compares nobody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dongui.biometrics.cards import card
from dongui.biometrics.detection import Box
from dongui.biometrics.onnx_runtime import onnxruntime
from dongui.biometrics.pixels import square
from dongui.errors import Misuse

__all__ = ["LANDMARKER", "POINT_NAMES", "Landmarker", "Landmarks"]

#: The name of its card.
LANDMARKER = "dongui-landmarker-1"

#: The points in their order. ``right-`` is the person's right: the picture's left.
POINT_NAMES = (
    "right-eye-outer",
    "right-eye-inner",
    "right-upper-lid",
    "right-lower-lid",
    "left-eye-inner",
    "left-eye-outer",
    "left-upper-lid",
    "left-lower-lid",
    "sellion",
    "nose-tip",
    "right-alare",
    "left-alare",
    "subnasale",
    "right-mouth-corner",
    "left-mouth-corner",
    "upper-lip-top",
    "lower-lip-bottom",
    "menton",
    "right-brow-inner",
    "right-brow-peak",
    "right-brow-outer",
    "left-brow-inner",
    "left-brow-peak",
    "left-brow-outer",
    "right-pupil",
    "left-pupil",
)
_INDEX = {name: index for index, name in enumerate(POINT_NAMES)}

# How the network's crop is cut from the detector's box: part of the network, trained with it.
CROP_SIZE = 96  # pixels a side
CROP_MARGIN = 1.4  # side of the crop in widths of the box
CROP_SHIFT = 0.09  # the crop's middle lies this many widths of the box below the box's: chins hang out


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The 26 points of one face in one picture. ``repr`` shows none of them: they are personal data.

    ``points`` has shape (26, 2): x to the right and y down, in pixels of the picture the face was located
    in, where the middle of the first pixel is (0.5, 0.5). Points turned away from the camera are guesses.
    """

    points: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        if self.points.shape != (len(POINT_NAMES), 2) or not np.isfinite(self.points).all():
            raise ValueError(f"points has shape {self.points.shape} or holds no numbers; it must be (26, 2)")

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return the point ``name`` of :data:`POINT_NAMES` as (x, y). ``KeyError`` for any other name."""
        return np.asarray(self.points[_INDEX[name]])

    def several(self, *names: str) -> NDArray[np.float64]:
        """Return the named points in the order given, shape (n, 2)."""
        return np.asarray(self.points[[_INDEX[name] for name in names]])

    @property
    def inter_eye_distance(self) -> float:
        """Pixels from pupil to pupil."""
        return float(np.linalg.norm(self["left-pupil"] - self["right-pupil"]))


class Landmarker:
    """The network, loaded once. Use one in each thread; it draws nothing at random."""

    __slots__ = ("_session", "weights_sha256")

    def __init__(self, session: onnxruntime.InferenceSession, weights_sha256: str) -> None:
        self._session = session
        self.weights_sha256 = weights_sha256

    @classmethod
    def load(cls) -> Landmarker:
        """Load the weights the package carries, which must be the ones its card names.

        Raises ``Misuse`` ``landmarker.weights-differ``: a damaged or exchanged file would put points
        anywhere, and every attack measure rests on them.
        """
        models = resources.files("dongui.biometrics") / "models"
        weights = (models / "landmarker.onnx").read_bytes()
        return cls.from_weights(weights, expected_sha256=card(LANDMARKER).weights_sha256)

    @classmethod
    def from_weights(cls, weights: bytes, *, expected_sha256: str) -> Landmarker:
        """Load weights whose SHA-256 must be ``expected_sha256`` (hexadecimal); raises as :meth:`load`."""
        found = hashlib.sha256(weights).hexdigest()
        if found != expected_sha256:
            raise Misuse(
                "landmarker.weights-differ",
                f"the weights' sha256 begins {found[:16]}, the card's {expected_sha256[:16]}",
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        return cls(session, found)

    def locate(self, pixels: NDArray[np.uint8], face: Box) -> Landmarks:
        """Locate the points of the one face in ``face``.

        ``pixels`` is the picture, shape (height, width, 3), RGB; ``face`` is the detector's box in its
        pixels. Always answers, also where the box holds no face: only a detected face has a box.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise ValueError(f"pixels has shape {pixels.shape}, {pixels.dtype}; it must be (h, w, 3), uint8")
        left, top, side = _frame(face)
        crop = _crop(pixels, left, top, side)
        try:
            (places,) = self._session.run(None, {"crop": crop[None, None]})
        finally:
            crop.fill(0)  # it shows a face; see forgetting in the threat model
        scale = side / CROP_SIZE
        return Landmarks(np.asarray(places[0], dtype=np.float64) * scale + [left, top])


def _frame(face: Box) -> tuple[int, int, int]:
    """Left, top and side of the crop in whole pixels of the picture; it may overhang."""
    side = max(2, round(face.width * CROP_MARGIN))
    x, y = face.centre
    return round(x - side / 2), round(y + face.width * CROP_SHIFT - side / 2), side


def _crop(pixels: NDArray[np.uint8], left: int, top: int, side: int) -> NDArray[np.float32]:
    """Cut, grey and shrink to (96, 96); beyond the picture's edge its last pixels repeat."""
    cut = square(pixels, left, top, side)
    grey = Image.fromarray(cut).convert("L").resize((CROP_SIZE, CROP_SIZE), Image.Resampling.BILINEAR)
    crop = np.array(grey, dtype=np.float32)
    cut.fill(0)
    return crop

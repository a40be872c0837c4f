"""Turns drawn with a ruler: where the 26 points of a head, or of its print, fall when it turns.

``HEAD`` is a plain head in millimetres (x to the picture's right, y down, z towards the camera), symmetric,
not measured on anybody. ``head_turn`` turns it before a pinhole camera; ``print_turn`` prints its frontal
view on a sheet and turns that. Both give :class:`Landmarks`, as a perfect landmarker would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.landmarks import POINT_NAMES, Landmarks
from dongui.demo.sheets import Sheet
from dongui.demo.staging import TURN_YAWS

__all__ = ["HEAD", "head_nod", "head_turn", "moved", "print_turn"]

_RIGHT_HALF = {
    "eye-outer": (-46.0, -32.0, -12.0),
    "eye-inner": (-17.0, -31.0, 0.0),
    "upper-lid": (-32.0, -36.0, -1.0),
    "lower-lid": (-32.0, -27.0, -2.0),
    "pupil": (-32.0, -32.0, -1.0),
    "alare": (-17.0, 12.0, 9.0),
    "mouth-corner": (-25.0, 38.0, 0.0),
    "brow-inner": (-12.0, -48.0, 6.0),
    "brow-peak": (-35.0, -54.0, 0.0),
    "brow-outer": (-52.0, -47.0, -15.0),
}
_MIDDLE = {
    "sellion": (0.0, -32.0, 10.0),
    "nose-tip": (0.0, 8.0, 30.0),
    "subnasale": (0.0, 18.0, 14.0),
    "upper-lip-top": (0.0, 30.0, 13.0),
    "lower-lip-bottom": (0.0, 48.0, 11.0),
    "menton": (0.0, 80.0, 4.0),
}


def _point(name: str) -> tuple[float, float, float]:
    side, _, rest = name.partition("-")
    if side not in ("right", "left"):
        return _MIDDLE[name]
    x, y, z = _RIGHT_HALF[rest]
    return (x if side == "right" else -x, y, z)


HEAD: NDArray[np.float64] = np.array([_point(name) for name in POINT_NAMES])

_DISTANCE = 450.0
_PIXELS_PER_MM = 1.5
_CENTRE = 240.0


def _seen(solid: NDArray[np.float64], noise: float, rng: np.random.Generator) -> Landmarks:
    shown = solid[:, :2] * (_DISTANCE / (_DISTANCE - solid[:, 2:])) * _PIXELS_PER_MM + _CENTRE
    return Landmarks(shown + rng.normal(0.0, noise, shown.shape))


def _turned(yaw: float, pitch: float) -> NDArray[np.float64]:
    a, b = np.radians([yaw, pitch])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return np.asarray(HEAD @ (about_x @ about_y).T)


def head_turn(yaws: Sequence[float] = TURN_YAWS, *, noise: float = 0.0, seed: int = 1) -> list[Landmarks]:
    """The head turned through ``yaws`` degrees; ``noise`` is the landmarker's error in pixels (of 144)."""
    rng = np.random.default_rng(seed)
    return [_seen(_turned(yaw, 0.0), noise, rng) for yaw in yaws]


def head_nod(pitches: Sequence[float], *, noise: float = 0.0) -> list[Landmarks]:
    """The head nodding, as somebody does who cannot turn it."""
    rng = np.random.default_rng(1)
    return [_seen(_turned(0.0, pitch), noise, rng) for pitch in pitches]


def print_turn(
    sheet: Sheet, yaws: Sequence[float] = TURN_YAWS, *, noise: float = 0.0, seed: int = 1
) -> list[Landmarks]:
    """The head's frontal view printed life-size on ``sheet`` and turned through ``yaws``."""
    rng = np.random.default_rng(seed)
    printed = HEAD[:, :2]
    clip = []
    for yaw in yaws:
        shown = replace(sheet, yaw=yaw).to_picture(printed) * _PIXELS_PER_MM + _CENTRE
        clip.append(Landmarks(shown + rng.normal(0.0, noise, shown.shape)))
    return clip


def moved(
    clip: Sequence[Landmarks], linear: NDArray[np.float64], shift: NDArray[np.float64]
) -> list[Landmarks]:
    """Every frame under one affine map of the picture."""
    return [Landmarks(frame.points @ linear.T + shift) for frame in clip]

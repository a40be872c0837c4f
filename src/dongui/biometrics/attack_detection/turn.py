"""What a clip shows of a turn: how far, to which sides, and whether anything stood out from the surface.

Two questions are kept apart, and asked of different points.

*Was a turn made?* From six points that lie nearly in one plane on a head and exactly on a sheet: eye and
mouth corners. Turning either makes them narrower across, by the cosine of the turn, and leaves their height.
The nose has no say, so a print that was turned is known to have been turned. Two shrinkings must agree, the
six points' width alone and their width over their height: walking away shrinks the first only, and a nod
widens the second.

*Did the nose move as a nose?* The six points' affine map from the frontal frames to each frame takes away
everything that a flat sheet can do (but for a little perspective). What the nose tip moves beyond it is its
*parallax*. A bent sheet has parallax too: so the nose tip is also held against the ring of points around it,
its *relief*. A sheet, however bent, is smooth, and over that short way almost flat; a nose is not.

All lengths are in inter-eye distances of the frontal frames (middle of one eye's corners to the other's).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dongui.biometrics.attack_detection.challenge import Side
from dongui.biometrics.landmarks import POINT_NAMES, Landmarks

__all__ = ["MIN_FRAMES", "TurnMeasurement", "measure_turn"]

Array = NDArray[np.float64]

#: Fewer frames with a face than this show no turn that could be measured.
MIN_FRAMES = 6

# A side counts as visited when the nose has moved this far: about ten degrees of a head (200 rendered
# people's exact points: 0.12 at 10 degrees, 0.34 at 29, 0.50 at 38).
_SIDE_PARALLAX = 0.12

# A face this small, or seen this much from the side, is not measured.
_MIN_SPREAD_PIXELS = 4.0
_MIN_SLENDERNESS = 0.05


def _indices(*names: str) -> list[int]:
    return [POINT_NAMES.index(name) for name in names]


_RIGHT_EYE = _indices("right-eye-outer", "right-eye-inner")
_LEFT_EYE = _indices("left-eye-inner", "left-eye-outer")
_MOUTH = _indices("right-mouth-corner", "left-mouth-corner")
_PLANE = [*_RIGHT_EYE, *_LEFT_EYE, *_MOUTH]
_NOSE = POINT_NAMES.index("nose-tip")
_NO_FRAMES: Array = np.empty((0, len(POINT_NAMES), 2))
# Above, beside and below the nose tip; each group counts once.
_RING = (
    _indices("sellion"),
    _indices("right-alare", "left-alare"),
    _indices("upper-lip-top", "lower-lip-bottom"),
)


@dataclass(frozen=True, slots=True)
class TurnMeasurement:
    """Figures of one clip. For measuring and testing; only the judgement leaves the biometric core.

    ``frames``: how many showed a face that could be measured. ``turn_degrees``: the largest turn to either
    side, 0 to 90.
    ``parallax``: range of the nose tip's movement against the plane, the larger of across and along.
    ``parallax_across`` and ``relief``: ranges across, without the most extreme frame at either end.
    ``sides``: the sides visited, in order, each once in a row.
    ``evidence``: the frames ``parallax_across`` and ``relief`` rest on, each with the one half-way to it.
    ``largest_step``: the nose's largest movement across between one measured frame and the next, as a share
    of its whole range, 0 to 1.
    """

    frames: int
    turn_degrees: float
    parallax: float
    parallax_across: float
    relief: float
    sides: tuple[Side, ...]
    evidence: tuple[tuple[int, int], ...]
    largest_step: float


def measure_turn(frames: Sequence[Landmarks | None]) -> TurnMeasurement | None:
    """Measure a clip's turn, or return ``None`` if fewer than :data:`MIN_FRAMES` frames can be measured."""
    shown = [number for number, frame in enumerate(frames) if frame is not None]
    points = np.stack([frame.points for frame in frames if frame is not None]) if shown else _NO_FRAMES
    spanning = _span_a_plane(points)
    numbers = [shown[index] for index in np.flatnonzero(spanning)]
    if len(numbers) < MIN_FRAMES:
        return None
    seen = points[spanning]
    upright = _upright(seen)
    frontal = _most_frontal(seen, upright)
    reference = np.median(upright[frontal], axis=0)
    maps = _affine(reference, seen)
    moved = _undo(maps, seen) - reference
    nose = moved[:, _NOSE, :]
    relief = nose[:, 0] - np.mean([moved[:, group, 0].mean(axis=1) for group in _RING], axis=0)
    return TurnMeasurement(
        frames=len(seen),
        turn_degrees=_turn(maps, frontal),
        parallax=float(np.ptp(nose, axis=0).max()),
        parallax_across=_inner_range(nose[:, 0]),
        relief=_inner_range(relief),
        sides=_sides(nose[:, 0]),
        evidence=tuple(
            (numbers[extreme], numbers[half_way]) for extreme, half_way in _evidence(nose[:, 0], relief)
        ),
        largest_step=_largest_step(nose[:, 0]),
    )


# In what follows ``frames`` has shape (n, 26, 2): all frames at once, in the order of their time.


def _span_a_plane(frames: Array) -> NDArray[np.bool_]:
    """Whether each frame's six points lie apart. On one spot or line they are misplaced and fix no map."""
    six = frames[:, _PLANE]
    spread = np.linalg.svd(six - six.mean(axis=1, keepdims=True), compute_uv=False)
    long, short = spread[:, 0], spread[:, 1]
    return np.asarray((long > _MIN_SPREAD_PIXELS) & (short > _MIN_SLENDERNESS * long))


def _across(frames: Array) -> Array:
    """From the middle of the one eye's corners to the other's, (n, 2)."""
    return np.asarray(frames[:, _LEFT_EYE].mean(axis=1) - frames[:, _RIGHT_EYE].mean(axis=1))


def _upright(frames: Array) -> Array:
    """Points with the eyes' line level, in inter-eye distances from the middle of the six."""
    across = _across(frames)
    width = np.hypot(across[:, 0], across[:, 1])
    cosine, sine = (across / width[:, None]).T
    rotations = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)
    turned = (frames - frames[:, _PLANE].mean(axis=1, keepdims=True)) @ rotations
    return np.asarray(turned / width[:, None, None])


def _most_frontal(frames: Array, upright: Array) -> NDArray[np.intp]:
    """The quarter of the frames, at least three, in which the face covers most: not turned, not nodding."""
    across = _across(frames)
    width = np.hypot(across[:, 0], across[:, 1])
    eyes = upright[:, [*_RIGHT_EYE, *_LEFT_EYE], 1].mean(axis=1)
    height = np.abs(upright[:, _MOUTH, 1].mean(axis=1) - eyes)
    count = max(3, len(frames) // 4)
    return np.argsort(width * width * height)[-count:]


def _affine(reference: Array, frames: Array) -> Array:
    """The maps, (n, 3, 2), that take the reference's six points nearest to each frame's (least squares)."""
    known = np.column_stack([reference[_PLANE], np.ones(len(_PLANE))])
    wanted = frames[:, _PLANE].transpose(1, 0, 2).reshape(len(_PLANE), -1)
    found = np.linalg.lstsq(known, wanted, rcond=None)[0]
    return np.asarray(found.reshape(3, -1, 2).transpose(1, 0, 2))


def _undo(maps: Array, frames: Array) -> Array:
    return np.asarray((frames - maps[:, 2:]) @ np.linalg.pinv(maps[:, :2]))


def _turn(maps: Array, frontal: NDArray[np.intp]) -> float:
    """Degrees of the second largest turn among the frames: one bad frame makes no turn."""
    width, height = np.hypot(maps[:, :2, 0], maps[:, :2, 1]).T
    shape = width / height
    shrunk = np.maximum(width / np.median(width[frontal]), shape / np.median(shape[frontal]))
    return float(np.degrees(np.arccos(np.clip(np.sort(shrunk)[1], -1.0, 1.0))))


def _inner_range(values: Array) -> float:
    """Second largest minus second smallest."""
    ordered = np.sort(values)
    return float(ordered[-2] - ordered[1])


def _evidence(nose: Array, relief: Array) -> list[tuple[int, int]]:
    """The frames :func:`_inner_range` took, and for each the one whose nose moved half as far."""
    extremes = {int(index) for values in (nose, relief) for index in np.argsort(values)[[1, -2]]}
    return [(extreme, int(np.argmin(np.abs(nose - nose[extreme] / 2)))) for extreme in sorted(extremes)]


def _largest_step(nose: Array) -> float:
    whole = float(np.ptp(nose))
    return float(np.abs(np.diff(nose)).max()) / whole if whole else 0.0


def _sides(nose: Array) -> tuple[Side, ...]:
    visited: list[Side] = []
    for place in nose:
        if abs(place) < _SIDE_PARALLAX:
            continue
        side = Side.PICTURE_RIGHT if place > 0 else Side.PICTURE_LEFT
        if not visited or visited[-1] is not side:
            visited.append(side)
    return tuple(visited)

"""Parallax is what no plane can do: it vanishes for planes and stays for heads."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.biometrics.attack_detection.turn import measure_turn
from dongui.biometrics.landmarks import Landmarks
from simulators.attack_detection_turns import HEAD, head_turn, moved

_ANGLES = st.floats(-np.pi, np.pi)
_MAPS = st.builds(
    lambda one, two, wide, high: _spin(one) @ np.diag([wide, high]) @ _spin(two),
    _ANGLES,
    _ANGLES,
    st.floats(0.4, 3.0),
    st.floats(0.4, 3.0),
)


def _spin(angle: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@given(st.lists(_MAPS, min_size=6, max_size=10))
@settings(max_examples=60, deadline=None)
def test_a_plane_under_any_affine_maps_has_no_parallax(
    maps: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
) -> None:
    """Law: whatever a distant camera and a flat print do, parallax and relief are zero."""
    turn = measure_turn([Landmarks(HEAD[:, :2] @ map_.T + [300.0, 200.0]) for map_ in maps])
    assert turn is not None
    assert turn.parallax < 1e-6
    assert turn.relief < 1e-6
    assert turn.sides == ()


@given(_ANGLES, st.floats(0.2, 5.0), st.floats(-500, 500))
@settings(max_examples=40, deadline=None)
def test_a_heads_parallax_does_not_depend_on_place_size_or_tilt_of_the_picture(
    angle: float, size: float, shift: float
) -> None:
    """Law: the measurement is in the person's inter-eye distances: moving and zooming change nothing."""
    clip = head_turn()
    plain = measure_turn(clip)
    other = measure_turn(moved(clip, size * _spin(angle), np.array([shift, -shift])))
    assert plain is not None
    assert other is not None
    assert plain.sides == other.sides
    for figure in ("turn_degrees", "parallax", "parallax_across", "relief"):
        assert abs(getattr(plain, figure) - getattr(other, figure)) < 1e-5


@given(st.floats(25.0, 42.0))
@settings(max_examples=25, deadline=None)
def test_the_further_a_head_turns_the_more_its_nose_moves(reach: float) -> None:
    """Law: parallax and relief grow with the turn; ten per cent further shows in both."""
    shapes = (0.0, -0.5, -1.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.0, 0.5, 0.0)
    less = measure_turn(head_turn([reach * share for share in shapes]))
    more = measure_turn(head_turn([1.1 * reach * share for share in shapes]))
    assert less is not None
    assert more is not None
    assert more.parallax_across > less.parallax_across > 0.3
    assert more.relief > less.relief > 0.15

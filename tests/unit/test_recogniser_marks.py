"""The cut by five marks is the published one, and cosines become distances that keep their order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dongui.biometrics.detection import Box
from dongui.biometrics.landmarks import POINT_NAMES, Landmarks
from dongui.biometrics.marks import MARKS_OF_THE_CUT_INSIGHTFACE_2018, Marks, cut, marks_of, similarity
from dongui.biometrics.recognisers.arcface_onnx import distance_of_cosine
from dongui.biometrics.recognisers.sface import MATED_COSINE_OPENCV_4_10

PLACES = st.floats(-500, 500)
MARKS = st.lists(st.tuples(PLACES, PLACES), min_size=5, max_size=5).map(tuple)


def umeyama(marks: Marks) -> NDArray[np.float64]:
    """Umeyama's method as its paper has it: by a singular value decomposition."""
    here, there = np.array(marks), np.array(MARKS_OF_THE_CUT_INSIGHTFACE_2018)
    mean, mean_there = here.mean(axis=0), there.mean(axis=0)
    covariance = (there - mean_there).T @ (here - mean) / 5
    left, values, right = np.linalg.svd(covariance)
    sign = np.diag([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = left @ sign @ right
    scale = np.trace(np.diag(values) @ sign) / here.var(axis=0).sum()
    return np.column_stack([scale * turn, mean_there - scale * turn @ mean])


@settings(max_examples=100, deadline=None)
@given(MARKS)
def test_the_alignment_is_umeyamas(marks: Marks) -> None:
    """The regression in the complex plane is the least-squares similarity, without a mirror."""
    if np.array(marks).var(axis=0).sum() < 1e-3:
        return
    expected = umeyama(marks)
    if abs(expected[:, :2]).max() < 1e-9:
        return  # every turn is as good as another
    assert np.allclose(similarity(marks), expected, atol=1e-6)


def test_marks_that_lie_right_are_left_where_they_are() -> None:
    """A picture whose marks are the published ones is its own cut, to the last pixel."""
    pixels = np.random.default_rng(1).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    assert np.array_equal(cut(pixels, MARKS_OF_THE_CUT_INSIGHTFACE_2018), pixels)


def test_a_turned_head_is_turned_back() -> None:
    """Marks turned by a quarter, twice as far apart and moved: the cut shows the picture upright again."""
    small = np.random.default_rng(2).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    turned = np.rot90(small).repeat(2, axis=0).repeat(2, axis=1)
    marks = tuple((2 * y + 0.5, 2 * (111 - x) + 0.5) for x, y in MARKS_OF_THE_CUT_INSIGHTFACE_2018)
    # Every pixel of the cut lies in the middle of four equal ones.
    assert np.array_equal(cut(np.ascontiguousarray(turned), marks), small)


def test_beyond_the_edge_it_is_black() -> None:
    """What the camera did not see is not made up."""
    pixels = np.full((60, 60, 3), 200, np.uint8)
    made = cut(pixels, MARKS_OF_THE_CUT_INSIGHTFACE_2018)
    assert (made[:60, :60] == 200).all()
    assert (made[60:] == 0).all()
    assert (made[:, 60:] == 0).all()


@pytest.mark.parametrize("place", [(1e9, -1e9), (3.0, 4.0)])
def test_marks_far_outside_or_tiny_make_a_cut(place: tuple[float, float]) -> None:
    """No index overflows, whatever a network says where a face is."""
    marks = tuple((place[0] + x * 1e-3, place[1] + y * 1e-3) for x, y in MARKS_OF_THE_CUT_INSIGHTFACE_2018)
    assert cut(np.full((20, 20, 3), 9, np.uint8), marks).shape == (112, 112, 3)


def test_marks_in_one_point_are_no_face() -> None:
    """There is nothing to align by."""
    with pytest.raises(ValueError, match="one point"):
        similarity(((3.0, 3.0),) * 5)


def test_landmarks_give_the_marks_in_their_order() -> None:
    """The person's right eye first; from the landmarks' half-pixel convention to the cut's."""
    points = np.arange(52, dtype=np.float64).reshape(26, 2)
    names = ("right-pupil", "left-pupil", "nose-tip", "right-mouth-corner", "left-mouth-corner")
    expected = [tuple(points[POINT_NAMES.index(name)] - 0.5) for name in names]
    assert list(marks_of(Landmarks(points))) == expected


def test_marks_grow_with_the_picture() -> None:
    """In a picture decoded twice as large the middle of a pixel lies between two pixels."""
    marks = ((0.0, 0.0), (10.0, 0.0), (5.0, 5.0), (2.0, 9.0), (8.0, 9.0))
    larger = Box(1, 2, 3, 4, marks).enlarged(2)
    assert larger == Box(2, 4, 6, 8)
    assert larger.marks is not None
    assert larger.marks[:2] == ((0.5, 0.5), (20.5, 0.5))
    assert Box(1, 2, 3, 4).enlarged(4).marks is None


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_larger_angle_is_a_larger_distance(one: float, other: float) -> None:
    """Distances keep the order of cosines, turned round, from 0 to 2."""
    assert (one >= other) == (distance_of_cosine(one) <= distance_of_cosine(other)) or abs(
        one - other
    ) < 1e-12
    assert 0 <= distance_of_cosine(one) <= 2


def test_opencvs_two_bounds_are_one() -> None:
    """Its documentation gives a cosine of 0.363 and a distance of 1.128: the same angle."""
    assert math.floor(1000 * distance_of_cosine(MATED_COSINE_OPENCV_4_10)) == 1128

"""The geometry of staged prints: what is drawn is what a pinhole camera sees."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.demo.sheets import Sheet

_RADII = st.one_of(st.none(), st.floats(60, 300))
_SHEETS = st.builds(
    Sheet,
    yaw=st.floats(-40, 40),
    pitch=st.floats(-20, 20),
    roll=st.floats(-20, 20),
    distance_mm=st.floats(250, 900),
    bend_radius_mm=_RADII,
    bend_axis=st.sampled_from(["vertical", "horizontal"]),
)
_GRID = np.stack(np.meshgrid([-24.0, -5.0, 0.0, 13.0, 24.0], [-24.0, 0.0, 9.0, 24.0]), axis=-1).reshape(-1, 2)


@given(_SHEETS)
@settings(max_examples=80, deadline=None)
def test_following_the_ray_back_finds_the_same_point_of_the_paper(sheet: Sheet) -> None:
    """Law: ``to_paper`` undoes ``to_picture`` on the side that faces the camera."""
    np.testing.assert_allclose(sheet.to_paper(sheet.to_picture(_GRID)), _GRID, atol=1e-6)


def test_a_flat_sheet_held_straight_is_shown_at_its_own_size() -> None:
    """Law: the picture plane is measured in millimetres at the sheet's distance."""
    np.testing.assert_allclose(Sheet().to_picture(_GRID), _GRID, atol=1e-12)


def test_a_turned_sheet_shrinks_across_by_the_cosine_and_its_far_side_more() -> None:
    """Law: perspective, not only foreshortening: the side turned away is the smaller."""
    right, left = Sheet(yaw=30.0, distance_mm=450.0).to_picture(np.array([[50.0, 0.0], [-50.0, 0.0]]))
    assert abs(right[0]) < 50 * np.cos(np.radians(30)) < abs(left[0])


def test_the_middle_of_a_bent_sheet_is_nearest() -> None:
    """Law: a bent print bulges towards the camera, as somebody imitating a head would hold it."""
    edge = Sheet(bend_radius_mm=80.0).to_picture(np.array([[60.0, 30.0], [0.0, 30.0]]))
    assert edge[0, 1] < edge[1, 1] == 30.0


def test_a_ray_past_the_cylinder_meets_nothing() -> None:
    """Law: what the paper does not cover is background, not a wrapped copy of the picture."""
    missed = Sheet(bend_radius_mm=60.0).to_paper(np.array([[200.0, 0.0]]))
    assert np.isnan(missed).all()

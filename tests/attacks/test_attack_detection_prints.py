"""Prints held before the camera in place of a head, by species."""

from __future__ import annotations

import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import assess_turn
from dongui.demo.sheets import Sheet
from dongui.demo.staging import TURN_YAWS
from dongui.errors import Refused, Unanswered, Undetermined
from simulators.attack_detection_turns import head_turn, print_turn

_CHALLENGES = [Challenge(side) for side in Side]


@pytest.mark.parametrize("challenge", _CHALLENGES, ids=str)
@pytest.mark.parametrize("noise", [0.0, 1.0, 1.5])
def test_flat_print_turned_like_a_head_is_refused(challenge: Challenge, noise: float) -> None:
    """Attack: turn a photograph as the challenge asks. Refused, whichever side comes first."""
    with pytest.raises(Refused) as caught:
        assess_turn(print_turn(Sheet(), noise=noise), challenge=challenge)
    assert caught.value.name == "attack-detection.flat-surface"


@pytest.mark.parametrize("pitch", [-15.0, 10.0])
def test_flat_print_turned_while_tilted_is_refused(pitch: float) -> None:
    """Attack: hold the photograph tilted, so that it foreshortens both ways."""
    with pytest.raises(Refused):
        assess_turn(print_turn(Sheet(pitch=pitch)), challenge=_CHALLENGES[0])


def test_print_held_still_is_undetermined_not_refused() -> None:
    """Attack: do not turn at all, as somebody who cannot. The same answer as to them: the other way."""
    with pytest.raises(Undetermined) as caught:
        assess_turn(print_turn(Sheet(), [0.0] * 15, noise=1.0), challenge=_CHALLENGES[0])
    assert caught.value.name == "attack-detection.turn-not-made"


@pytest.mark.parametrize("axis", ["vertical", "horizontal"])
@pytest.mark.parametrize("radius", [150.0, 120.0, 80.0, 60.0, 45.0])
@pytest.mark.parametrize("challenge", _CHALLENGES, ids=str)
def test_bent_print_is_never_live(radius: float, axis: str, challenge: Challenge) -> None:
    """Attack: bend the photograph until its middle stands out: parallax grows, relief does not."""
    sheet = Sheet(bend_radius_mm=radius, bend_axis="vertical" if axis == "vertical" else "horizontal")
    with pytest.raises(Unanswered):
        assess_turn(print_turn(sheet, noise=1.0), challenge=challenge)


def test_bent_print_swung_to_45_degrees_is_never_live() -> None:
    """Attack: swing the bent photograph further than a head is asked to turn."""
    wide = [yaw * 45 / 36 for yaw in TURN_YAWS]
    with pytest.raises(Unanswered):
        assess_turn(print_turn(Sheet(bend_radius_mm=60.0), wide, noise=1.0), challenge=_CHALLENGES[0])


def test_print_shown_small_and_near_is_refused() -> None:
    """Attack: use strong perspective, a print 20 cm from the camera, to move the nose."""
    with pytest.raises(Unanswered) as caught:
        assess_turn(print_turn(Sheet(distance_mm=250.0)), challenge=_CHALLENGES[0])
    assert caught.value.name in ("attack-detection.flat-surface", "attack-detection.parallax-between")


def test_turning_head_spliced_into_a_print_is_still_a_head() -> None:
    """Limit: parallax tells heads from sheets, not whose; one person throughout is checked apart."""
    head = head_turn()
    spliced = [*print_turn(Sheet(), [0.0, 0.0]), *head[2:]]
    assert assess_turn(spliced, challenge=Challenge(Side.PICTURE_LEFT)).frames == len(spliced)

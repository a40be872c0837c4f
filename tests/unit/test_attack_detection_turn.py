"""How far a turn went, told from the plane of eyes and mouth, for heads and prints alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.attack_detection.parallax import TurnAssessment, assess_turn
from dongui.biometrics.attack_detection.turn import MIN_FRAMES, measure_turn
from dongui.biometrics.landmarks import Landmarks
from dongui.demo.sheets import Sheet
from dongui.demo.staging import TURN_YAWS
from dongui.errors import Unanswered, Undetermined
from simulators.attack_detection_turns import head_nod, head_turn, print_turn

_LEFT_FIRST = Challenge(Side.PICTURE_LEFT)


def _fails(frames: list[Landmarks | None], challenge: Challenge = _LEFT_FIRST) -> Unanswered:
    with pytest.raises(Unanswered) as caught:
        assess_turn(frames, challenge=challenge)
    return caught.value


@pytest.mark.parametrize("reach", [26.0, 30.0, 34.0, 40.0])
def test_a_turned_print_is_known_to_have_been_turned(reach: float) -> None:
    """Law: the turn is told from foreshortening, within five degrees, though no nose moved."""
    shares = (0.0, -0.5, -1.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.0, 0.5, 0.0)
    turn = measure_turn(print_turn(Sheet(), [share * reach for share in shares]))
    assert turn is not None
    assert turn.turn_degrees == pytest.approx(reach, abs=5)


def test_a_head_turned_as_asked_is_live() -> None:
    """Law: a head, both sides, in the order of the challenge."""
    assessed = assess_turn(head_turn(noise=1.0), challenge=_LEFT_FIRST)
    assert isinstance(assessed, TurnAssessment)
    assert assessed.frames == len(TURN_YAWS)
    assert 25 <= assessed.turn_degrees <= 45


def test_a_head_turned_the_other_way_round_is_undetermined() -> None:
    """Law: the wrong order is nobody's guilt, and it is named."""
    error = _fails([*head_turn()], Challenge(Side.PICTURE_RIGHT))
    assert isinstance(error, Undetermined)
    assert error.name == "attack-detection.challenge-not-followed"


def test_a_head_turned_to_one_side_only_is_never_refused() -> None:
    """Law: half a turn is undetermined whatever is missing."""
    error = _fails([*head_turn([-abs(yaw) for yaw in TURN_YAWS])])
    assert isinstance(error, Undetermined)


def test_a_small_turn_is_undetermined_and_says_how_much_is_needed() -> None:
    """Law: some people cannot turn far; below 25 degrees nobody is refused."""
    error = _fails([*head_turn([yaw / 2 for yaw in TURN_YAWS])])
    assert error.name == "attack-detection.turn-not-made"
    assert "25" in error.detail


def test_a_nodding_head_is_not_taken_for_a_turned_print() -> None:
    """Law: a nod shows no parallax across, but it is no turn: undetermined, not refused."""
    nod = head_nod([0, 9, 16, 8, 0, -9, -16, -8, 0], noise=1.0)
    assert _fails([*nod]).name == "attack-detection.turn-not-made"


def test_even_a_nod_that_measures_as_a_turn_is_not_flat() -> None:
    """Law: the nose moving along the face also proves it stands out."""
    turn = measure_turn(head_nod([0, 12, 24, 12, 0, -12, -24, -12, 0]))
    assert turn is not None
    assert turn.parallax > 0.3


def test_walking_away_without_turning_is_no_turn() -> None:
    """Law: a face that shrinks evenly was not turned."""
    still = head_turn([0.0])[0]
    away = [Landmarks(still.points * size) for size in (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)]
    turn = measure_turn(away)
    assert turn is not None
    assert turn.turn_degrees < 1


def test_too_few_frames_with_a_face_are_not_measured() -> None:
    """Law: five frames of fifteen show no turn, whatever is in them."""
    clip: list[Landmarks | None] = [*head_turn()]
    few = [frame if index < MIN_FRAMES - 1 else None for index, frame in enumerate(clip)]
    assert _fails(few).name == "attack-detection.turn-not-measurable"
    assert _fails([]).name == "attack-detection.turn-not-measurable"


@pytest.mark.parametrize("flatten", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
def test_points_on_one_spot_or_line_are_not_measured(flatten: tuple[float, float]) -> None:
    """Law: misplaced points end undetermined, never in a failed computation."""
    clip: list[Landmarks | None] = [Landmarks(frame.points * flatten) for frame in head_turn()]
    assert _fails(clip).name == "attack-detection.turn-not-measurable"


def test_frames_without_a_face_do_not_disturb_the_others() -> None:
    """Law: the detector loses heads turned furthest; the rest is measured as if they had not been there."""
    clip: list[Landmarks | None] = [*head_turn()]
    with_gaps: list[Landmarks | None] = [*clip[:4], None, None, *clip[4:], None]
    found, expected = measure_turn(with_gaps), measure_turn(clip)
    assert found is not None
    assert expected is not None
    assert replace(found, evidence=()) == replace(expected, evidence=())
    # The evidence is named by its place in the clip as it was given.
    assert [with_gaps[number] for pair in found.evidence for number in pair] == [
        clip[number] for pair in expected.evidence for number in pair
    ]


def test_one_badly_placed_frame_makes_neither_a_turn_nor_a_head() -> None:
    """Law: accepting rests on the second most extreme frames."""
    clip = print_turn(Sheet(), noise=0.5)
    spoilt = clip[3].points.copy()
    spoilt[9] += [60.0, 0.0]
    clip[3] = Landmarks(spoilt)
    error = _fails([*clip])
    assert error.name == "attack-detection.parallax-between"


def test_messages_do_not_tell_the_measured_parallax() -> None:
    """Attack: tune a bent print by the figures in the messages. They name degrees only."""
    error = _fails([*print_turn(Sheet())])
    turn = measure_turn(print_turn(Sheet()))
    assert turn is not None
    assert f"{turn.parallax:.2f}" not in error.detail

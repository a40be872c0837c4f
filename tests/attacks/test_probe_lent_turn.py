"""Somebody else turns their head; the holder's picture is held up before and after."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.probe import take_probe
from dongui.demo.cast import portrait, turn
from dongui.demo.staging import still_clip
from dongui.errors import Undetermined

_LEFT_FIRST = Challenge(Side.PICTURE_LEFT)


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory) -> Instruments:
    return Instruments.load(cache=tmp_path_factory.mktemp("cache"), progress=lambda _message: None)


def _take(frames: Sequence[bytes], instruments: Instruments) -> None:
    with take_probe([memoryview(frame) for frame in frames], challenge=_LEFT_FIRST, instruments=instruments):
        pass


def test_one_person_throughout_gives_a_probe(instruments: Instruments) -> None:
    """Law: the clips below fail for what they are, not because everybody fails."""
    for person in ("04", "05", "09", "12"):
        _take(turn(person), instruments)


@pytest.mark.parametrize(("thief", "holder"), [("04", "05"), ("12", "05"), ("05", "12"), ("09", "04")])
@pytest.mark.parametrize("shown", [1, 3])
def test_a_lent_turn_between_two_looks_at_a_picture_gives_no_probe(
    instruments: Instruments, thief: str, holder: str, shown: int
) -> None:
    """Attack: hold the holder's picture up first and last, so that the most frontal frame of each half is
    theirs, and turn one's own head in between, as the challenge asks.

    Law: the frames the turn is judged by show the person whose template is compared. (Where the change of
    faces is a jump in the turn, that is seen first.)
    """
    picture = list(still_clip(portrait(holder)))[:shown]
    clip = [*picture, *turn(thief)[shown : 15 - shown], *picture]
    with pytest.raises(Undetermined) as caught:
        _take(clip, instruments)
    assert caught.value.name in {"capture.not-one-person", "attack-detection.turn-in-jumps"}

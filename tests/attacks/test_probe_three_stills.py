"""Photographs of the holder from three sides, shown one after another, are no turning head."""

from __future__ import annotations

import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.probe import take_probe
from dongui.demo.cast import recording, turn
from dongui.desk.desk import models_cache
from dongui.errors import Undetermined


@pytest.fixture(scope="module")
def instruments() -> Instruments:
    return Instruments.load(cache=models_cache(), progress=lambda _message: None)


@pytest.mark.parametrize("person", ["04", "05", "09", "12"])
@pytest.mark.parametrize("each", [3, 5])
def test_three_stills_shown_in_turn(person: str, each: int, instruments: Instruments) -> None:
    """Left, front and right, each held for a while: there is parallax between them, and no turn."""
    frames = turn(person)
    shown = recording([frames[number] for number in (0, 4, 0, 11, 0) for _ in range(each)], take=3)
    with pytest.raises(Undetermined, match="turn-in-jumps|not-one-person|parallax-between|turn-not-made"):
        take_probe(
            [memoryview(one) for one in shown],
            challenge=Challenge(Side.PICTURE_LEFT),
            instruments=instruments,
        )


@pytest.mark.parametrize("person", ["04", "05", "09", "12"])
@pytest.mark.parametrize("side", list(Side))
def test_the_real_turn_of_the_same_person_is_live(person: str, side: Side, instruments: Instruments) -> None:
    """The control: what refuses the stills does not refuse the head."""
    film = recording(turn(person), take=4)
    ordered = film if side is Side.PICTURE_LEFT else film[::-1]
    with take_probe([memoryview(one) for one in ordered], challenge=Challenge(side), instruments=instruments):
        pass

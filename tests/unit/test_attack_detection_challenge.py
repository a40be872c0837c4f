"""The challenge: drawn fairly, kept exactly, and told in words that leave another way open."""

from __future__ import annotations

import pytest

from dongui.biometrics.attack_detection.challenge import Challenge, Side
from dongui.environment import SystemEntropy


class _Drawn:
    """Entropy that gives one known byte: the draw's two branches, one at a time."""

    def __init__(self, first: int) -> None:
        self._first = first

    def draw(self, size: int) -> bytes:
        return bytes([self._first]) * size


@pytest.mark.parametrize("side", list(Side))
def test_a_stored_challenge_is_read_back_as_itself(side: Side) -> None:
    """Law: the code is one byte and loses nothing."""
    challenge = Challenge(side)
    assert 0 <= challenge.to_code() <= 255
    assert Challenge.from_code(challenge.to_code()) == challenge


@pytest.mark.parametrize("code", [-1, 0, 3, 256])
def test_a_damaged_code_is_not_taken_for_a_challenge(code: int) -> None:
    """Law: nothing but the two codes is read."""
    with pytest.raises(ValueError, match="must be 1 or 2"):
        Challenge.from_code(code)


def test_each_side_comes_first_for_half_of_all_bytes() -> None:
    """Law: the draw is fair: of the 256 possible bytes, 128 each."""
    sides = [Challenge.draw(entropy=_Drawn(byte)).first for byte in range(256)]
    assert sides.count(Side.PICTURE_LEFT) == 128


def test_the_system_draws_both_sides() -> None:
    """Law: the challenge cannot be known beforehand (200 equal draws: chance 2 in 2^200)."""
    assert {Challenge.draw(entropy=SystemEntropy()).first for _ in range(200)} == set(Side)


def test_the_instruction_speaks_from_the_persons_own_side() -> None:
    """Law: the picture's right is the person's left."""
    text = Challenge(Side.PICTURE_RIGHT).instruction("en")
    assert text.index("your left") < text.index("your right")
    korean = Challenge(Side.PICTURE_LEFT).instruction("ko")
    assert korean.index("오른쪽") < korean.index("왼쪽")


@pytest.mark.parametrize("side", list(Side))
def test_the_instruction_always_names_the_other_way(side: Side) -> None:
    """Law: somebody who cannot turn their head learns of the other way before failing."""
    assert "another way" in Challenge(side).instruction("en")
    assert "다른 방법" in Challenge(side).instruction("ko")


@pytest.mark.parametrize("side", list(Side))
def test_the_turns_are_told_by_the_pictures_sides(side: Side) -> None:
    """Whoever films reads, in either language, the sides in the order in which they are asked for."""
    challenge = Challenge(side)
    words = {"en": ("left", "right"), "ko": ("왼쪽", "오른쪽")}
    sides = (Side.PICTURE_LEFT, Side.PICTURE_RIGHT)
    for language, told in (("en", challenge.in_words("en")), ("ko", challenge.in_words("ko"))):
        first, second = (words[language][sides.index(asked)] for asked in challenge.sides)
        assert told.index(first) < told.index(second)


@pytest.mark.parametrize("side", list(Side))
def test_the_picture_is_the_persons_mirror(side: Side) -> None:
    """What the person is asked and what the picture shows name opposite sides: the camera faces them."""
    challenge = Challenge(side)
    for language, left, right in (("en", "left", "right"), ("ko", "왼쪽", "오른쪽")):
        asked = challenge.instruction("ko" if language == "ko" else "en")
        shown = challenge.in_words("ko" if language == "ko" else "en")
        assert (asked.index(left) < asked.index(right)) is not (shown.index(left) < shown.index(right))

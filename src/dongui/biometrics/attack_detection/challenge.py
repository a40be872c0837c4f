"""The challenge: to which side the head is turned first. One fair draw a session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, assert_never

from dongui.environment import Entropy

__all__ = ["Challenge", "Language", "Side"]

Language = Literal["ko", "en"]


class Side(StrEnum):
    """A side as the *picture* shows it. The person's own left is the picture's right, unless mirrored."""

    PICTURE_LEFT = "picture-left"
    PICTURE_RIGHT = "picture-right"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.PICTURE_RIGHT if self is Side.PICTURE_LEFT else Side.PICTURE_LEFT


# One byte in the session store. Never renumbered: sessions outlive releases.
_CODES = {Side.PICTURE_LEFT: 1, Side.PICTURE_RIGHT: 2}


@dataclass(frozen=True, slots=True)
class Challenge:
    """Turn to ``first``, then to the other side. ``str`` is its name, as messages show it.

    It asks for one bit: a recording of the person's own turn fits half of all sessions. What keeps recordings
    out is the trusted capture channel, not this.
    """

    first: Side

    @classmethod
    def draw(cls, *, entropy: Entropy) -> Challenge:
        """Draw a challenge; both are equally likely."""
        return cls(Side.PICTURE_RIGHT if entropy.draw(16)[0] & 1 else Side.PICTURE_LEFT)

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both sides in the order asked for."""
        return (self.first, self.first.other)

    def to_code(self) -> int:
        """Return the small integer the session store keeps, 1 or 2."""
        return _CODES[self.first]

    @classmethod
    def from_code(cls, code: int) -> Challenge:
        """Read :meth:`to_code`'s value back. ``ValueError`` for any other: a damaged session."""
        for side, known in _CODES.items():
            if code == known:
                return cls(side)
        raise ValueError(f"the challenge's code is {code}; it must be 1 or 2")

    def instruction(self, language: Language) -> str:
        """What the person is asked, in their language and from their own point of view.

        Always names that another, equal way exists: some people cannot turn their head.
        """
        own_left_first = self.first is Side.PICTURE_RIGHT
        match language:
            case "ko":
                first, second = ("왼쪽", "오른쪽") if own_left_first else ("오른쪽", "왼쪽")
                return (
                    f"고개를 천천히 본인의 {first}으로, 이어서 {second}으로 돌려 주십시오. "
                    "고개를 돌리기 어렵거나 원하지 않으시면 동등한 다른 방법을 이용하실 수 있습니다."
                )
            case "en":
                first, second = ("left", "right") if own_left_first else ("right", "left")
                return (
                    f"Slowly turn your head to your {first}, then to your {second}. "
                    "If you cannot, or would rather not, there is another way, equal to this one."
                )
        assert_never(language)

    def in_words(self, language: Language) -> str:
        """Which turns the pictures must show, in order: for whoever films, who sees the picture's sides."""
        left_first = self.first is Side.PICTURE_LEFT
        match language:
            case "ko":
                first, second = ("왼쪽", "오른쪽") if left_first else ("오른쪽", "왼쪽")
                return f"화면에서 {first}으로 먼저, 이어서 {second}으로"
            case "en":
                first, second = ("left", "right") if left_first else ("right", "left")
                return f"in the picture to the {first} first, then to the {second}"
        assert_never(language)

    def __str__(self) -> str:
        return f"{self.first} first"

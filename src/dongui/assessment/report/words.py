"""The report's words in one language, and figures as people read them."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from dongui.assessment.groups import EVERYONE

__all__ = ["LANGUAGES", "Language", "Words", "in_how_many", "legible", "percent", "share", "upper_count"]

Language = Literal["en", "ko"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "ko")
_FEW: Final = 10_000
_MANY: Final = 1_000_000
_LEAST_PERCENT: Final = 0.0001
_NEARLY_ALL: Final = 99.9
_MOST_PERCENT: Final = 99.99


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences by name, in ``language``."""

    language: Language

    def __call__(self, name: str, /, **figures: str | int) -> str:
        """Return a sentence with its figures put in; whole numbers get thousands' commas."""
        put_in = {
            key: f"{value:,}" if isinstance(value, int) else legible(value) for key, value in figures.items()
        }
        return self.raw(name).format(**put_in)

    def raw(self, name: str) -> str:
        """Return a sentence as it is written, names of figures in braces."""
        return _table()[name][self.language]

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return every sentence's name."""
        return tuple(_table())

    def group(self, name: str) -> str:
        """Return a group's name as it is read: its own, but for everyone's."""
        return self("everyone") if name == EVERYONE else legible(name)


@cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files("dongui.assessment.report").joinpath("words.toml").read_text(encoding="utf-8")
    return {name: dict(said) for name, said in tomllib.loads(text).items()}


def legible(text: str) -> str:
    """Return ``text`` with control and direction characters written out.

    A group's name is whatever a table says; one that turns the reading direction could turn a figure round.
    """
    return "".join(one if one.isprintable() else f"[U+{ord(one):04X}]" for one in text)


def percent(value: float) -> str:
    """Return a proportion in percent, two digits that count, three from ten on."""
    hundredfold = 100 * value
    if hundredfold == 0 or hundredfold == 100:
        return f"{hundredfold:.0f} %"
    if hundredfold < _LEAST_PERCENT:
        return f"< {_LEAST_PERCENT:.4f} %"
    # Rounded up to 100, what is not quite all would read as all.
    if hundredfold >= _NEARLY_ALL:
        return f"{min(hundredfold, _MOST_PERCENT):.2f} %"
    digits = max(1, 1 - math.floor(math.log10(hundredfold)))
    return f"{hundredfold:.{digits}f} %"


def upper_count(rate: float) -> tuple[int, int]:
    """Return (count, base): at most ``count`` of 10,000, of a million where 10,000 is too few; rounded up."""
    base = _FEW if rate * _FEW >= 1 or rate == 0 else _MANY
    # A hair less, so that 0.0003 x 10,000 does not become 4.
    return math.ceil(rate * base - 1e-9), base


def in_how_many(rate: float, words: Words) -> str:
    """Return a power of ten as "1 in 1,000"; 1 as "all"."""
    return words("all-of-them") if rate >= 1 else words("one-in", number=round(1 / rate))


def share(value: float) -> str:
    """Return a proportion that somebody set, as they set it: 0.001 as "0.1 %"."""
    return f"{100 * value:.10g} %"

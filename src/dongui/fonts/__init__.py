"""The fonts that ship: two weights with Hangul, Latin, Greek and Cyrillic, for what is printed.

A font that lacks a character draws a box or nothing, on a report and on a staff card alike. So whoever
prints asks first: :func:`missing` says what a font cannot write, :func:`spelled_out` puts the code point in
its place.
"""

from __future__ import annotations

import io
import struct
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import Final, Literal

__all__ = ["FAMILY", "Weight", "characters", "font_bytes", "font_path", "missing", "spelled_out"]

FAMILY: Final = "Dongui Text"
Weight = Literal["regular", "bold"]
_FILES: Final[dict[Weight, str]] = {
    "regular": "dongui-text-regular.otf",
    "bold": "dongui-text-bold.otf",
}


@cache
def font_bytes(weight: Weight = "regular") -> bytes:
    """Return an OpenType font, some 350 kB."""
    return resources.files("dongui.fonts").joinpath(_FILES[weight]).read_bytes()


def font_path(weight: Weight = "regular") -> Path:
    """Return the font's file, for libraries that read no bytes."""
    return Path(__file__).parent / _FILES[weight]


@cache
def characters(font: bytes) -> frozenset[int]:
    """Return the code points a TrueType or OpenType font, or a collection's first face, has glyphs for.

    Raises ``ValueError`` for what is no font.
    """
    # The reader comes with fpdf2. It takes a third of a second to import, and only what prints needs it.
    reader = import_module("fontTools.ttLib")
    try:
        with reader.TTFont(io.BytesIO(font), lazy=True, fontNumber=0) as opened:
            return frozenset(opened.getBestCmap() or {})
    except (reader.TTLibError, AssertionError, KeyError, EOFError, struct.error) as error:
        raise ValueError(f"no font: {type(error).__name__}") from None


def missing(text: str, font: bytes) -> list[str]:
    """Return the characters of ``text`` that ``font`` cannot write, in their order, each once.

    Raises as :func:`characters`.
    """
    known = characters(font)
    return [character for character in dict.fromkeys(text) if ord(character) not in known]


def spelled_out(text: str) -> str:
    """Return ``text`` with each character the shipped fonts lack as ``[U+1F600]``."""
    lacking = set(missing(text, font_bytes()))
    if not lacking:
        return text
    return "".join(f"[U+{ord(one):04X}]" if one in lacking else one for one in text)

"""What each component means and what to do about a low one, in English and Korean."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["Words", "words"]


@dataclass(frozen=True, slots=True)
class Words:
    """``title`` and ``meaning`` of one component; ``advice``: what to do where it is low.

    ``unit_ko`` is the native value's unit; in English it is the component's own.
    """

    title: str
    title_ko: str
    meaning: str
    meaning_ko: str
    advice: str
    advice_ko: str
    unit_ko: str


@cache
def words() -> Mapping[str, Words]:
    """Return the words of every component that is measured, by its name."""
    folder = files("dongui.biometrics.quality.iso_29794_5")
    listed = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: Words(**texts) for name, texts in listed.items()})

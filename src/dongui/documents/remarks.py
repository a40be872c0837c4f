"""Remarks: what was tolerated or found in a document that was accepted. Named, shown, put on the receipt."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["Remark", "remarks"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark: ``name`` is ``area.kebab-words`` like a failure's; the meaning in English and Korean."""

    name: str
    meaning: str
    meaning_ko: str


@cache
def remarks() -> Mapping[str, Remark]:
    """Return every remark there is, by name."""
    listed = tomllib.loads((files("dongui.documents") / "remarks.toml").read_text(encoding="utf-8"))
    found = {
        f"{area}.{word}": Remark(f"{area}.{word}", **texts)
        for area, words in listed.items()
        for word, texts in words.items()
    }
    return MappingProxyType(found)

"""Comparing what a page shows of a command with what the command prints."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["WILD", "columns", "matches", "measured_apart"]

WILD = "…"
"""In a shown output: anything, including nothing, within the line; alone on a line: any lines."""


def matches(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether printed lines fit the shown ones, where … stands for anything."""
    spaces = re.compile(r"\s+")
    kept = [spaces.sub(" ", line.strip()) for line in shown if line.strip()]
    pattern = "".join(
        r"(?:.*\n)*?" if line == WILD else re.escape(line).replace(re.escape(WILD), ".*") + r"\n"
        for line in kept
    )
    text = "".join(spaces.sub(" ", line.strip()) + "\n" for line in printed if line.strip())
    return re.fullmatch(pattern, text) is not None


def measured_apart(lines: Sequence[str]) -> list[str]:
    """Return lines without what differs from run to run: a receipt's number, and every time."""
    return [re.sub(r"\b[0-9a-f]{32}\b|<1\b|\b\d+(?:\.\d+)?\b", "#", line) for line in lines]


def columns(line: str) -> int:
    """Columns of a terminal a line takes: most East Asian letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)

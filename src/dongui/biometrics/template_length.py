"""How many numbers a template has. Apart from templates themselves: reading a card needs no numpy."""

from __future__ import annotations

from typing import Final

__all__ = ["TEMPLATE_LENGTH", "TEMPLATE_LENGTHS"]

TEMPLATE_LENGTH: Final = 128
"""How many the recogniser that ships makes, and a card's protected template holds."""
TEMPLATE_LENGTHS: Final = range(64, 2048 + 1, 64)
"""How many a recogniser may make: 64 to 2048, a multiple of 64."""

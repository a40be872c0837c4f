"""Rotating the master key on schedule: what makes older copies of the people's keys unreadable.

Until a rotation, whoever has an older copy of the keys' store and today's master key can read people erased
since that copy. After it nobody can: the master key that copy is wrapped by is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dongui.environment import Clock

__all__ = ["Rotated", "RotatingKeys", "rotate_when_due"]


@dataclass(frozen=True, slots=True)
class Rotated:
    """``people``: whose keys were wrapped anew. ``destroyed``: False if that is for somebody else to do."""

    people: int
    master: str
    old: str
    destroyed: bool


class RotatingKeys(Protocol):
    """A store of people's keys that knows when its master key was last rotated."""

    def is_due(self, *, clock: Clock, every: timedelta) -> bool:
        """Tell whether the last rotation is ``every`` or longer ago, or one was begun and not finished."""

    def rotate(self, *, clock: Clock) -> Rotated:
        """Wrap everybody's key anew under a new master key, destroy the old one; or finish doing so."""


def rotate_when_due(keys: RotatingKeys, *, clock: Clock, every: timedelta) -> Rotated | None:
    """Rotate if it is time; return None if it is not. To be called daily: what is not due costs nothing."""
    return keys.rotate(clock=clock) if keys.is_due(clock=clock, every=every) else None

"""Clock and entropy: the only sources of time and randomness in the project.

Everything that judges a moment or draws a secret takes these as required keyword arguments, so that a test
can stand at any moment and a reader can see where time and chance come in.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from dongui.errors import Trouble

__all__ = ["Clock", "Entropy", "FixedClock", "SystemClock", "SystemEntropy"]

# The day this source was written. A clock before it is wrong whatever else is true: validity periods judged
# by it would accept documents expired decades ago (the dead CMOS battery that says 1970).
_NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
# A clock far ahead is equally wrong; certificates of document signers live at most a few decades.
_NOT_AFTER = datetime(2100, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the moment by which validity is judged."""

    def now(self) -> datetime:
        """Return an aware UTC datetime. Raises ``Trouble`` (``clock.implausible``)."""


class Entropy(Protocol):
    """Draws secrets."""

    def draw(self, size: int) -> bytes:
        """Return ``size`` unpredictable bytes, 16 <= size <= 64."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The operating system's clock, refused where it cannot be right."""

    def now(self) -> datetime:
        """Return the moment, in UTC. Raises ``Trouble`` (``clock.implausible``)."""
        moment = datetime.now(UTC)
        if not _NOT_BEFORE <= moment < _NOT_AFTER:
            raise Trouble(
                "clock.implausible",
                f"the clock says {moment:%Y-%m-%d}; it must lie between {_NOT_BEFORE:%Y-%m-%d} "
                f"and {_NOT_AFTER:%Y-%m-%d}",
            )
        return moment


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still: for judging a document at another time, which the answer then says."""

    moment: datetime

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("moment has no time zone; give an aware datetime")

    def now(self) -> datetime:
        """Return the moment it stands at, in UTC."""
        return self.moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class SystemEntropy:
    """The operating system's random generator."""

    def draw(self, size: int) -> bytes:
        """Return ``size`` unpredictable bytes, 16 <= size <= 64; ``ValueError`` otherwise."""
        if not 16 <= size <= 64:
            raise ValueError(f"size is {size} bytes; it must lie between 16 and 64")
        return os.urandom(size)

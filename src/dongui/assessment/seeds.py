"""One seed for the whole assessment, and one of its own for each set of draws."""

from __future__ import annotations

import hashlib

from dongui.assessment.result import Method

__all__ = ["seed_of"]


def seed_of(method: Method, what: str) -> tuple[int, ...]:
    """Return the seed of one set of draws: the method's, and what is drawn for."""
    drawn = hashlib.sha256(bytes.fromhex(method.seed) + what.encode()).digest()
    return tuple(drawn)

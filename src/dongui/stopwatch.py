"""How long each stage of something took, in wall time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Stopwatch"]


class Stopwatch:
    """Milliseconds by stage, those included that ended by a failure."""

    def __init__(self) -> None:
        """Start with no stage."""
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what is done inside as ``stage``."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[stage] = 1000 * (time.perf_counter() - begun)

"""A confined process that must not be asked anything."""

from __future__ import annotations

__all__ = ["Unasked"]


class Unasked:
    """Stands where the examiner does, and notes that somebody's face was about to be processed."""

    def __init__(self) -> None:
        self.asked = False

    def run(self, task: str, *, order: bytes, buffers: object) -> bytes:
        """Note it, and answer nothing."""
        self.asked = True
        return b""

    def close(self) -> None:
        """Nothing to end."""

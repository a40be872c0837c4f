"""A task that decodes a portrait whole, for watching what its process may use."""

from __future__ import annotations

from collections.abc import Callable

from dongui.biometrics.sample import EncodedPicture, Source
from dongui.memory import SecretBuffer

__all__ = ["measure", "prepare"]


def prepare(arguments: bytes, progress: Callable[[str], None]) -> object:
    """Nothing is needed."""
    return None


def measure(prepared: object, order: bytes, buffers: list[SecretBuffer]) -> bytes:
    """Answer rows and columns."""
    picture = EncodedPicture.open(buffers[0].view, source=Source.PORTRAIT, what="the portrait")
    with picture.decode(reduction=1) as sample:
        return f"{sample.pixels.shape[0]}x{sample.pixels.shape[1]}".encode()

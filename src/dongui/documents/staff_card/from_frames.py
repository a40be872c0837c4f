"""Finding the card's code in the camera's own pictures: the same frames the face is taken from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from dongui.documents.staff_card.text import CARD_PREFIX, MAX_TEXT_CHARACTERS
from dongui.errors import Misuse, Undetermined

__all__ = ["MAX_FRAMES", "MAX_PIXELS", "read_frames"]

MAX_FRAMES = 300
MAX_PIXELS = 50_000_000


def read_frames(frames: Sequence[NDArray[np.uint8]]) -> str:
    """Return the text of the one card seen in ``frames``: rows x columns, one byte a pixel, 1 to 300 of them.

    Codes that are no card's (a poster behind the person) are passed over. Every frame is looked at: a second,
    different card in any of them leaves open which one is meant. Nothing is decrypted or believed here.
    Raises ``Undetermined``: ``staff-card.no-code``, ``staff-card.several-codes``; ``Misuse``:
    ``staff-card.bad-frames``.
    """
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise Misuse("staff-card.bad-frames", f"{len(frames)} frames; 1 to {MAX_FRAMES} are looked at")
    for frame in frames:
        if frame.ndim != 2 or frame.dtype != np.uint8 or not 0 < frame.size <= MAX_PIXELS:
            raise Misuse("staff-card.bad-frames", f"a frame is not 1 to {MAX_PIXELS} pixels of one byte")
    found = {text for frame in frames for text in _cards(frame)}
    if len(found) > 1:
        raise Undetermined(
            "staff-card.several-codes", f"{len(found)} different cards in {len(frames)} frames"
        )
    if not found:
        raise Undetermined("staff-card.no-code", f"no card's code in {len(frames)} frames")
    return found.pop()


def _cards(frame: NDArray[np.uint8]) -> set[str]:
    codes = zxingcpp.read_barcodes(np.ascontiguousarray(frame), formats=zxingcpp.BarcodeFormat.QRCode)
    texts = {str(code.text) for code in codes}
    return {text for text in texts if text.startswith(CARD_PREFIX) and len(text) <= MAX_TEXT_CHARACTERS}

"""Finding the card's code in the camera's own pictures: the same frames the face is taken from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from dongui.documents.recognising import Kind, recognise
from dongui.documents.staff_card.text import CARD_PREFIX, MAX_TEXT_CHARACTERS
from dongui.errors import Misuse, Undetermined

__all__ = ["MAX_FRAMES", "MAX_PIXELS", "read_frames", "read_picture"]

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


def read_picture(picture: NDArray[np.uint8]) -> str:
    """Return the text of the one code in a picture taken for it: a card's, or any Claim 169 token's.

    Rows x columns, one byte a pixel. Raises as :func:`read_frames`.
    """
    if picture.ndim != 2 or picture.dtype != np.uint8 or not 0 < picture.size <= MAX_PIXELS:
        raise Misuse("staff-card.bad-frames", f"a picture is not 1 to {MAX_PIXELS} pixels of one byte")
    found = {text for text in _texts(picture) if recognise(text.encode()) is Kind.STAFF_CARD}
    if len(found) != 1:
        name = "staff-card.several-codes" if found else "staff-card.no-code"
        raise Undetermined(name, f"{len(found)} different codes in the picture")
    return found.pop()


def _cards(frame: NDArray[np.uint8]) -> set[str]:
    return {
        text for text in _texts(frame) if text.startswith(CARD_PREFIX) and len(text) <= MAX_TEXT_CHARACTERS
    }


def _texts(frame: NDArray[np.uint8]) -> set[str]:
    codes = zxingcpp.read_barcodes(np.ascontiguousarray(frame), formats=zxingcpp.BarcodeFormat.QRCode)
    return {str(code.text) for code in codes}

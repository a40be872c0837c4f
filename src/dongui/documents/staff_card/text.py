"""The text in a card's QR code: Base45, and within it, where it begins like one, a bounded zlib stream.

Claim 169 tokens are compressed. A Dongui card is not: it is encrypted, and what is encrypted does not shrink.
The first bytes say which it is: a COSE_Encrypt begins with tag 96, in Base45 always ``.FR``.
"""

from __future__ import annotations

import zlib
from typing import NoReturn

from dongui.encoding import base45
from dongui.errors import Refused

__all__ = ["CARD_PREFIX", "MAX_DECOMPRESSED_BYTES", "MAX_TEXT_CHARACTERS", "from_text", "to_text"]

MAX_TEXT_CHARACTERS = 4_296
"""The alphanumeric characters of the largest QR code, 40-L (ISO/IEC 18004, table 7)."""
MAX_DECOMPRESSED_BYTES = 16 * 1024
CARD_PREFIX = ".FR"
"""How every Dongui card's text begins."""

_DEFLATE_32K = 0x78  # RFC 1950, 2.2: deflate with the window every encoder uses


def to_text(data: bytes) -> str:
    """Return the text for a QR code's alphanumeric mode."""
    return base45.encode(data)


def from_text(data: str | bytes | memoryview) -> bytes:
    """Return what the text stands for, decompressed; line ends around it are allowed.

    Raises ``Refused``: ``staff-card.too-long``, ``staff-card.not-base45``,
    ``staff-card.not-compressed-well``, ``staff-card.decompression-limit``.
    """
    if len(data) > MAX_TEXT_CHARACTERS + 2:
        _refuse("staff-card.too-long", f"{len(data)} characters; the limit is {MAX_TEXT_CHARACTERS}")
    text = data if isinstance(data, str) else bytes(data).decode("ascii", "replace")
    try:
        content = base45.decode(text.strip("\r\n"))
    except base45.Base45Error as error:
        _refuse("staff-card.not-base45", str(error))
    return _inflate(content) if content[:1] == bytes((_DEFLATE_32K,)) else content


def _inflate(compressed: bytes) -> bytes:
    """One zlib stream (RFC 1950), whole, nothing after it, never more than the limit in memory."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(compressed, MAX_DECOMPRESSED_BYTES + 1)
    except zlib.error:
        _refuse("staff-card.not-compressed-well", "the text holds no zlib stream")
    if len(content) > MAX_DECOMPRESSED_BYTES:
        _refuse("staff-card.decompression-limit", f"more than {MAX_DECOMPRESSED_BYTES} bytes")
    if not stream.eof or stream.unused_data:
        _refuse("staff-card.not-compressed-well", "the zlib stream is cut off, or something follows it")
    return content


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)

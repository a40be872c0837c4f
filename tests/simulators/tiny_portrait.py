"""A portrait of nobody, small enough to stand in hundreds of documents."""

from __future__ import annotations

import base64

__all__ = ["TINY_PORTRAIT"]

# A grey gradient of 16 x 20 pixels, 167 bytes of JPEG. Tests that look at faces give their own portrait.
TINY_PORTRAIT = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAKBueIx4ZKCMgoy0qqC+8P//8Nzc8P//////////////////////////////////"
    "////////////////////////wAALCAAUABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAgH/xAAVEAEBAAAAAAAAAAAAAAAA"
    "AAABAP/aAAgBAQAAPwCBMKBMIky//9k="
)

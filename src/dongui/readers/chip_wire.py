"""What the process that reads a chip and the one that asked for it say to one another.

Frames: one byte of kind, four of length, that many bytes. Names, numbers and files; nothing to be run.
"""

from __future__ import annotations

import os
import select
import struct
import time
from enum import Enum

from dongui.errors import Trouble

__all__ = ["MAX_FRAME_BYTES", "Frame", "read_frame", "write_frame"]

MAX_FRAME_BYTES = 4 * 1024 * 1024
_HEADER = struct.Struct(">cI")


class Frame(Enum):
    """The kinds of frames."""

    ALIVE = b"."  # nothing, and often: the reader is not stuck
    PROGRESS = b"p"  # JSON: label, bytes read, bytes in all
    READERS = b"l"  # JSON: names
    EVIDENCE = b"e"  # JSON: access, commands, proof and digest
    DOCUMENT = b"d"  # the files in one run
    FAILURE = b"f"  # JSON: family, name, detail


def write_frame(file: int, kind: Frame, content: bytes | bytearray = b"") -> None:
    """Write one frame to a pipe."""
    with memoryview(_HEADER.pack(kind.value, len(content)) + content) as view:
        written = 0
        while written < len(view):
            written += os.write(file, view[written:])


def read_frame(file: int, *, seconds: float) -> tuple[Frame, bytearray]:
    """Read one frame. Raises ``Trouble``: ``chip.timeout``, ``chip.reader-trouble`` where the pipe ends."""
    end = time.monotonic() + seconds
    kind, size = _HEADER.unpack(_read(file, _HEADER.size, end, seconds))
    try:
        known = Frame(kind)
    except ValueError:
        known = Frame.FAILURE
        size = MAX_FRAME_BYTES + 1
    if size > MAX_FRAME_BYTES:
        raise Trouble("chip.reader-trouble", "the reading process said something that was not understood")
    return known, _read(file, size, end, seconds)


def _read(file: int, size: int, end: float, seconds: float) -> bytearray:
    data = bytearray(size)
    filled = 0
    with memoryview(data) as view:
        while filled < size:
            left = end - time.monotonic()
            if left <= 0 or not select.select([file], [], [], left)[0]:
                raise Trouble("chip.timeout", f"no answer from chip or reader within {seconds:.0f} s")
            count = os.readv(file, [view[filled:]])
            if not count:
                raise Trouble("chip.reader-trouble", "the reading process ended without an answer")
            filled += count
    return data

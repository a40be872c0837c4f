"""Writing one piece while the next is encrypted: at most one is under way, in a thread that lives no longer.

What it promises. After :meth:`PieceWriter.settle` everything handed over is written, or its error was raised.
Nothing here makes anything durable.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

__all__ = ["PieceWriter", "start_writing_out", "write_all"]

_WORTH_A_THREAD = 1 << 20
_START_WRITING_OUT = 2  # SYNC_FILE_RANGE_WRITE
_libc = ctypes.CDLL(None, use_errno=True)


class PieceWriter:
    """Writes pieces in their order. Used by one thread."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._under_way: Future[None] | None = None

    def write(self, piece: memoryview, write: Callable[[memoryview], None]) -> None:
        """Call ``write(piece)``, a large piece's while the caller goes on and leaves it as it is.

        Raises what the write before raised, and where this one is not left to the thread, this one.
        """
        self.finish_piece()
        if len(piece) < _WORTH_A_THREAD:
            write(piece)
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault-writer")
        self._under_way = self._thread.submit(write, piece)

    def finish_piece(self) -> None:
        """Wait for what is under way. Raises what it raised."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def settle(self) -> None:
        """Wait for what is under way, and end the thread. Raises what the write raised."""
        try:
            self.finish_piece()
        finally:
            self._end()

    def abandon(self) -> None:
        """Wait until nothing is written any more, whatever became of it."""
        if self._under_way is not None:
            wait([self._under_way])
            self._under_way = None
        self._end()

    def _end(self) -> None:
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None


def write_all(descriptor: int, data: memoryview, offset: int) -> None:
    """Write everything, however many calls that takes. Raises ``OSError``."""
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def start_writing_out(descriptor: int, offset: int, length: int) -> None:
    """Ask the kernel to begin taking these bytes to the disk, so that less is left to wait for.

    It promises nothing, and whether it succeeds changes nothing but the time that synchronising takes.
    """
    _libc.sync_file_range(
        ctypes.c_int(descriptor), ctypes.c_int64(offset), ctypes.c_int64(length), _START_WRITING_OUT
    )

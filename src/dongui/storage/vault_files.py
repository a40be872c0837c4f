"""The vault's segments: files that are only ever appended to, except where an erasure overwrites.

What it promises. After :meth:`SegmentFiles.sync` every append before it is on the disk. A write that fails
leaves at most bytes beyond the confirmed end, which :meth:`SegmentFiles.cut` takes away. Segments are
begun anew once they have ``segment_bytes``; their names are their numbers, ``00000000.segment``.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dongui.custody.vault.record_file import SEGMENT_HEADER_BYTES, Gap, SegmentHeader
from dongui.custody.vault.stores import Place
from dongui.errors import Trouble
from dongui.storage.sqlite.troubles import system_troubles
from dongui.storage.vault_writer import PieceWriter, start_writing_out, write_all
from dongui.undoing import on_failure

__all__ = ["SEGMENT_BYTES", "SegmentFiles"]

SEGMENT_BYTES = 1 << 30
_NAME = re.compile(r"(\d{8})\.segment", re.ASCII)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ZEROS = bytes(1 << 20)


class SegmentFiles:
    """The segments in one folder. One process writes (the vault's lock sees to that), any number read."""

    def __init__(self, folder: Path, *, vault: bytes, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Use the segments in ``folder``; ``vault`` is its id, 16 bytes."""
        self._folder, self._vault, self._limit = folder, vault, segment_bytes
        self._current: tuple[int, int, int] | None = None  # number, descriptor, size
        self._written: dict[int, int] = {}
        self._reading: tuple[int, int, Path] | None = None  # number, descriptor, its path
        self._writer = PieceWriter()

    def append(self, data: memoryview) -> tuple[int, int]:
        """Append whole frames; return the segment and where in it they begin. Not yet durable.

        They may still be written while the caller goes on, and stay as they are until the next call returns.
        """
        self._writer.finish_piece()
        number, descriptor, size = self._room_for(len(data))
        path = self._path(number)

        def write(piece: memoryview) -> None:
            with _naming(path):
                write_all(descriptor, piece, size)
            start_writing_out(descriptor, size, len(piece))

        self._writer.write(data, write)
        self._current = (number, descriptor, size + len(data))
        self._written[number] = size + len(data)
        return number, size

    def sync(self) -> Mapping[int, int]:
        """Make every append durable; return the end of each segment written to since the last time."""
        self._writer.settle()
        if self._current is not None:
            with _naming(self._path(self._current[0])):
                os.fdatasync(self._current[1])
        written, self._written = self._written, {}
        return written

    def cut(self, ends: Mapping[int, int]) -> int:
        """Cut off what lies beyond the ends confirmed; return how many bytes that were.

        Raises ``Trouble``: ``vault.segment-missing``, ``vault.segment-truncated`` (nothing was cut then).
        """
        self._writer.abandon()
        self._close_current()
        self._written = {}
        sizes = self.sizes()
        require_whole(sizes, ends)
        for number, size in sizes.items():
            # An empty file, too, is none: whoever was killed between making and heading it left it, and what
            # is appended to it would stand where its header belongs.
            if number not in ends or size > ends[number]:
                self._cut_one(number, ends.get(number, 0))
        return sum(size - ends.get(number, 0) for number, size in sizes.items())

    def read(self, segment: int, offset: int, into: memoryview) -> int:
        """Fill ``into``, or as much of it as there is; return how many bytes that were."""
        descriptor, path = self._opened(segment)
        filled = 0
        with _naming(path):
            while filled < len(into):
                count = os.preadv(descriptor, [into[filled:]], offset + filled)
                if not count:
                    break
                filled += count
        return filled

    def scrub(self, places: Sequence[Place]) -> None:
        """Overwrite frames with gaps, durably: first zeros, then the mark that says so.

        Killed in between, the erasure is begun and not finished, and is done again.
        """
        for number in sorted({place.segment for place in places}):
            with _naming(self._path(number)):
                descriptor = os.open(self._path(number), os.O_WRONLY | os.O_CLOEXEC)
                try:
                    for _, offset, length in (place for place in places if place.segment == number):
                        _write_zeros(descriptor, offset, length)
                        write_all(descriptor, memoryview(Gap(length).encode()), offset)
                    os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)

    def sizes(self) -> dict[int, int]:
        """Return the segments there are, and their sizes in bytes."""
        with system_troubles(self._folder):
            found = ((entry, _NAME.fullmatch(entry.name)) for entry in os.scandir(self._folder))
            return {int(match[1]): entry.stat().st_size for entry, match in found if match}

    def close(self) -> None:
        """Close the files. Safe to call twice."""
        self._writer.abandon()
        self._close_current()
        if self._reading is not None:
            os.close(self._reading[1])
            self._reading = None

    def _room_for(self, size: int) -> tuple[int, int, int]:
        if self._current is None:
            sizes = self.sizes()
            self._current = self._reopen(max(sizes), sizes[max(sizes)]) if sizes else self._begin(0)
        number, _, filled = self._current
        if filled > SEGMENT_HEADER_BYTES and filled + size > self._limit:
            # What was written to it is made durable before it is left.
            with _naming(self._path(number)):
                os.fdatasync(self._current[1])
            self._close_current()
            self._current = self._begin(number + 1)
        return self._current

    def _reopen(self, number: int, size: int) -> tuple[int, int, int]:
        with _naming(self._path(number)):
            return number, os.open(self._path(number), os.O_WRONLY | os.O_CLOEXEC), size

    def _begin(self, number: int) -> tuple[int, int, int]:
        path = self._path(number)
        with _naming(path):
            # A file that a crash left under this name holds nothing confirmed.
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            descriptor = os.open(path, flags, 0o600)
            with on_failure(lambda: os.close(descriptor)):
                write_all(descriptor, memoryview(SegmentHeader(self._vault, number).encode()), 0)
                _synchronise(self._folder)
        return number, descriptor, SEGMENT_HEADER_BYTES

    def _opened(self, segment: int) -> tuple[int, Path]:
        if self._reading is None or self._reading[0] != segment:
            path = self._path(segment)
            with _naming(path):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            if self._reading is not None:
                os.close(self._reading[1])
            self._reading = (segment, descriptor, path)
        return self._reading[1:]

    def _cut_one(self, number: int, end: int) -> None:
        path = self._path(number)
        with _naming(path):
            if not end:
                path.unlink()
                _synchronise(self._folder)
                return
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.ftruncate(descriptor, end)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)

    def _close_current(self) -> None:
        if self._current is not None:
            os.close(self._current[1])
            self._current = None

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.segment"


def require_whole(sizes: Mapping[int, int], ends: Mapping[int, int]) -> None:
    """See that every segment is there up to its confirmed end.

    Raises ``Trouble``: ``vault.segment-missing``, ``vault.segment-truncated``.
    """
    for number, end in ends.items():
        if number not in sizes:
            raise Trouble("vault.segment-missing", f"segment {number} with {end} bytes is not there")
        if sizes[number] < end:
            detail = f"segment {number} has {sizes[number]} bytes; {end} were confirmed"
            raise Trouble("vault.segment-truncated", detail)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    with system_troubles(path):
        try:
            yield
        except FileNotFoundError:
            raise Trouble("vault.segment-missing", f"{path} does not exist") from None
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise Trouble("vault.no-room", f"{path}: {error.strerror}") from error


def _write_zeros(descriptor: int, offset: int, length: int) -> None:
    end = offset + length
    while offset < end:
        offset += os.pwrite(descriptor, _ZEROS[: end - offset], offset)


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

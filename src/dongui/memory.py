"""Buffers for what must not outlive its use: faces, crops, templates, whole documents.

``bytes`` cannot be overwritten and is copied freely by the interpreter; a :class:`SecretBuffer` is one
``bytearray`` that is read into, handed on as a ``memoryview``, and overwritten on the way out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from dongui.errors import Misuse

__all__ = ["SecretBuffer", "forbid_core_dumps", "forgetting", "require_file", "wipe_all"]


class SecretBuffer:
    """Bytes that are overwritten when done with. A context manager; ``repr`` shows the length alone."""

    __slots__ = ("_data",)

    def __init__(self, data: bytearray) -> None:
        """Take over ``data``: the caller must hold no other copy and must not use it afterwards."""
        self._data = data

    @classmethod
    def read_file(cls, path: Path, *, max_bytes: int, what: str) -> SecretBuffer:
        """Read a regular file straight into the buffer, without a copy in between.

        Raises ``Misuse``: ``file.not-found``, ``file.is-directory``, ``file.not-readable`` (also for what is
        no regular file), ``file.too-large`` (limit ``max_bytes``, checked before anything is allocated),
        ``file.empty``.
        """
        with _opened(path, what) as file:
            data = bytearray(_require_plain(os.fstat(file), path, max_bytes, what))
            _fill(data, file)
        return cls(data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"SecretBuffer({len(self._data)} bytes)"

    def __enter__(self) -> SecretBuffer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    @property
    def view(self) -> memoryview:
        """A view without a copy, valid until :meth:`wipe`."""
        return memoryview(self._data)

    def wipe(self) -> None:
        """Overwrite every byte with zero, in place and without allocating: it works when memory is gone.

        Safe to call twice, and while views of the buffer exist: they see the zeros.
        """
        if self._data:
            ctypes.memset(ctypes.byref(ctypes.c_char.from_buffer(self._data)), 0, len(self._data))


def require_file(path: Path, *, max_bytes: int, what: str) -> int:
    """Return the size of a file that :meth:`SecretBuffer.read_file` would read, without reading it.

    For asking before seconds of other work are spent. Raises as :meth:`SecretBuffer.read_file`.
    """
    with _opened(path, what) as file:
        return _require_plain(os.fstat(file), path, max_bytes, what)


def wipe_all(buffers: Iterable[SecretBuffer]) -> None:
    """Overwrite every buffer."""
    for buffer in buffers:
        buffer.wipe()


@contextmanager
def forgetting(*buffers: SecretBuffer) -> Iterator[None]:
    """Overwrite every buffer on every way out of the block.

    Core dumps are turned off for good first: a crash in between must not write the buffers to disk.
    """
    forbid_core_dumps()
    try:
        yield
    finally:
        wipe_all(buffers)


@contextmanager
def _opened(path: Path, what: str) -> Iterator[int]:
    try:
        # Not blocking: a named pipe nobody writes to would otherwise hold the program for ever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield file
        finally:
            os.close(file)
    except FileNotFoundError:
        raise Misuse("file.not-found", f"{what} {path} does not exist") from None
    except (OSError, ValueError) as error:
        # ValueError: a path with a null character in it.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Misuse("file.not-readable", f"{what} {path}: {reason}") from None


def _require_plain(status: os.stat_result, path: Path, max_bytes: int, what: str) -> int:
    """Return the size of a regular file that is neither empty nor larger than the limit."""
    size = status.st_size
    if stat.S_ISDIR(status.st_mode):
        raise Misuse("file.is-directory", f"{what} {path} is a directory; a file is needed")
    if not stat.S_ISREG(status.st_mode):
        raise Misuse("file.not-readable", f"{what} {path} is no regular file")
    if size > max_bytes:
        raise Misuse("file.too-large", f"{what} {path} has {size} bytes; the limit is {max_bytes}")
    if size == 0:
        raise Misuse("file.empty", f"{what} {path} has no content")
    return size


def _fill(data: bytearray, file: int) -> None:
    filled = 0
    with memoryview(data) as view:
        while filled < len(data):
            count = os.readv(file, [view[filled:]])
            if not count:
                # Shortening the buffer could move it and leave the old place as it was.
                SecretBuffer(data).wipe()
                raise OSError(errno.EIO, "the file became shorter while it was read")
            filled += count


def forbid_core_dumps() -> None:
    """Set the core file limit of this process and its children to zero, soft and hard.

    A crash while a face is in memory must not write it to disk.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

"""Buffers for what must not outlive its use: faces, crops, templates, whole documents.

``bytes`` cannot be overwritten and is copied freely by the interpreter; a :class:`SecretBuffer` is one
``bytearray`` that is read into, handed on as a ``memoryview``, and overwritten on the way out.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from dongui.errors import Misuse

__all__ = ["SecretBuffer", "forbid_core_dumps", "wipe_all"]


class SecretBuffer:
    """Bytes that are overwritten when done with. A context manager; ``repr`` shows the length alone."""

    __slots__ = ("_data",)

    def __init__(self, data: bytearray) -> None:
        """Take over ``data``: the caller must hold no other copy and must not use it afterwards."""
        self._data = data

    @classmethod
    def read_file(cls, path: Path, *, max_bytes: int, what: str) -> SecretBuffer:
        """Read a file straight into the buffer, without a copy in between.

        Raises ``Misuse``: ``file.not-found``, ``file.is-directory``, ``file.not-readable``,
        ``file.too-large`` (limit ``max_bytes``, checked before anything is allocated), ``file.empty``.
        """
        try:
            with path.open("rb", buffering=0) as file:
                size = file.seek(0, 2)
                file.seek(0)
                if size > max_bytes:
                    raise Misuse(
                        "file.too-large", f"{what} {path} has {size} bytes; the limit is {max_bytes}"
                    )
                if size == 0:
                    raise Misuse("file.empty", f"{what} {path} has no content")
                data = bytearray(size)
                view = memoryview(data)
                filled = 0
                while filled < size and (count := file.readinto(view[filled:])):
                    filled += count
                view.release()
                del data[filled:]
                return cls(data)
        except FileNotFoundError:
            raise Misuse("file.not-found", f"{what} {path} does not exist") from None
        except IsADirectoryError:
            raise Misuse("file.is-directory", f"{what} {path} is a directory; a file is needed") from None
        except OSError as error:
            raise Misuse("file.not-readable", f"{what} {path}: {error.strerror}") from None

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
        """Overwrite every byte with zero. Safe to call twice."""
        self._data[:] = bytes(len(self._data))


def wipe_all(buffers: Iterable[SecretBuffer]) -> None:
    """Overwrite every buffer, whatever happens to the others."""
    for buffer in buffers:
        buffer.wipe()


def forbid_core_dumps() -> None:
    """Set the core file limit of this process and its children to zero, soft and hard.

    A crash while a face is in memory must not write it to disk.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

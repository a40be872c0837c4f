"""What is on disk after the story, and whether a piece of any of its pictures is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["KeptFile", "holds_a_picture", "kept_files"]

# Each picture is cut into pieces, and every place of every file is compared with every piece: 95 bytes in a
# row of a picture as it was encoded are found wherever they stand. Decoded pixels, a template, or the face
# encoded anew would not be: this is what one can look for in a second, not proof that there is no face. The
# tests look for those too, in memory and on disk (tests/attacks/test_no_face_is_left.py).
_PIECE_BYTES = 48
_DISTINCT_BYTES = 8  # a run of one value stands in every database


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file of the desk: its path below the desk and its size in bytes."""

    path: str
    size: int


def kept_files(folder: Path) -> list[KeptFile]:
    """List every file under ``folder``, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [KeptFile(str(path.relative_to(folder)), path.stat().st_size) for path in files]


def holds_a_picture(folder: Path, pictures: Iterable[bytes]) -> list[str]:
    """Return the files under ``folder`` that hold a piece of an encoded picture; none is the promise."""
    pieces = {piece for picture in set(pictures) for piece in _pieces(picture)}
    begun = np.zeros(1 << 24, dtype=np.bool_)
    begun[_beginnings(b"".join(pieces))[::_PIECE_BYTES]] = True
    return [
        file.path
        for file in kept_files(folder)
        if _holds_any((folder / file.path).read_bytes(), pieces, begun)
    ]


def _pieces(picture: bytes) -> Iterator[bytes]:
    whole = np.frombuffer(picture, np.uint8, len(picture) // _PIECE_BYTES * _PIECE_BYTES)
    rows = np.sort(whole.reshape(-1, _PIECE_BYTES))
    distinct = 1 + np.count_nonzero(np.diff(rows), axis=1)
    for row in np.flatnonzero(distinct >= _DISTINCT_BYTES):
        yield picture[row * _PIECE_BYTES : (row + 1) * _PIECE_BYTES]


def _holds_any(data: bytes, pieces: set[bytes], begun: NDArray[np.bool_]) -> bool:
    """Compare every place of a file where some piece's first three bytes stand with every piece."""
    places = np.flatnonzero(begun[_beginnings(data)])
    return any(data[start : start + _PIECE_BYTES] in pieces for start in places.tolist())


def _beginnings(data: bytes) -> NDArray[np.int64]:
    """Return the three bytes that begin at every place of ``data`` as a number."""
    each = np.frombuffer(data, np.uint8).astype(np.int64)
    return np.asarray(each[:-2] * 65536 + each[1:-1] * 256 + each[2:])

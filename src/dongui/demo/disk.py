"""What is on disk after the story, and whether a piece of any of its pictures is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

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
    return [file.path for file in kept_files(folder) if _holds_any((folder / file.path).read_bytes(), pieces)]


def _pieces(picture: bytes) -> Iterator[bytes]:
    for start in range(0, len(picture) - _PIECE_BYTES + 1, _PIECE_BYTES):
        piece = picture[start : start + _PIECE_BYTES]
        if len(set(piece)) >= _DISTINCT_BYTES:
            yield piece


def _holds_any(data: bytes, pieces: set[bytes]) -> bool:
    return any(data[start : start + _PIECE_BYTES] in pieces for start in range(len(data)))

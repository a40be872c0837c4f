"""What is on disk after the story, and whether any of it is a face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KeptFile", "holds_a_face", "kept_files"]

# Three pieces of each picture, from its entropy-coded middle: a stored face would hold at least one of them.
_PIECE_BYTES = 48
_PLACES = (0.3, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file of the desk: its path below the desk and its size in bytes."""

    path: str
    size: int


def kept_files(folder: Path) -> list[KeptFile]:
    """List every file under ``folder``, sorted."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [KeptFile(str(path.relative_to(folder)), path.stat().st_size) for path in files]


def holds_a_face(folder: Path, pictures: Iterable[bytes]) -> list[str]:
    """Return the files under ``folder`` in which a piece of any picture stands; none is the promise."""
    pieces = {
        picture[start : start + _PIECE_BYTES]
        for picture in pictures
        for start in (int(len(picture) * place) for place in _PLACES)
    }
    return [
        file.path
        for file in kept_files(folder)
        if any(piece in (folder / file.path).read_bytes() for piece in pieces)
    ]

"""Indices of master lists as files: written whole or not at all, and worth nothing to anybody else."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.csca_folder import COUNTRY_FOLDER, CountryTrust

__all__ = ["IndexFolder", "country_anchors"]

_MAX_INDEX_BYTES = 2 * 1024 * 1024


class IndexFolder:
    """A folder of indices, named by their keys. One that cannot be read or written is as good as empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def beside(cls, directory: Path) -> IndexFolder:
        """The one inside a trust folder."""
        return cls(directory / COUNTRY_FOLDER / "index")

    def load(self, key: bytes) -> bytes | None:
        """The index stored under ``key``, or ``None``."""
        path = self._path(key)
        with suppress(OSError):
            if path.stat().st_size <= _MAX_INDEX_BYTES:
                return path.read_bytes()
        return None

    def store(self, key: bytes, index: bytes) -> None:
        """Write an index under a temporary name and rename it: a reader sees all of it or none."""
        temporary = self._folder / f".{key.hex()}.{os.getpid()}"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(index)
            os.replace(temporary, self._path(key))

    def _path(self, key: bytes) -> Path:
        return self._folder / f"{key.hex()}.idx"


def country_anchors(directory: Path, *, max_list_age: timedelta) -> CscaAnchors:
    """The countries' anchors of a trust folder, from its ``csca`` part; with the index, where there is one.

    Raises as :meth:`.CountryTrust.load`.
    """
    trust = CountryTrust.load(directory, indices=IndexFolder.beside(directory))
    return trust.anchors(max_list_age=max_list_age)

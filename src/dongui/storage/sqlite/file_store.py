"""What every store in one SQLite file shares: that it is closed in the end."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from dongui.storage.sqlite.database import Database

__all__ = ["FileStore"]


class FileStore:
    """A store over one open file. A context manager that closes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

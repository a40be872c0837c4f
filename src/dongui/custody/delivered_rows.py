"""Rows somebody delivers, from a CSV or a Parquet file, each with its number: people, consent acts, records.

The first row after the header is row 1. A fault names its row; nothing of a file that has one in its
columns is read at all. Text is not guessed at: a moment has its time zone written out, the same in every
row, and an empty cell is a value only where a column may be without one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from dongui.errors import Misuse

__all__ = ["Cell", "Row", "count_rows", "in_batches", "read_rows"]

Cell: TypeAlias = str | bytes | int | datetime | None
_Each = TypeVar("_Each")
_BATCH_ROWS = 1 << 14
_LONGEST_CELL = 1 << 12


class Row:
    """One row: its number from 1, and its cells by their columns' names."""

    def __init__(self, number: int, cells: Mapping[str, Cell]) -> None:
        self.number, self._cells = number, cells

    def fault(self, name: str, why: str) -> Misuse:
        """Return the failure ``name`` at this row."""
        return Misuse(name, f"row {self.number}: {why}")

    def text(self, column: str) -> str:
        """Return text. Raises ``Misuse``: ``snapshot.null``, ``custody.row-malformed``."""
        cell = self._cells.get(column)
        if cell is None or cell == "":
            raise self.fault("snapshot.null", f"{column} is empty")
        if not isinstance(cell, str | int):
            raise self.fault("custody.row-malformed", f"{column} is {type(cell).__name__}, not text")
        return str(cell)

    def has(self, column: str) -> bool:
        """Tell whether the column has a value here."""
        return self._cells.get(column) not in (None, "")

    def identity(self, column: str) -> bytes:
        """Return 16 bytes, written as 32 hexadecimal digits or as bytes. Raises likewise."""
        cell = self._cells.get(column)
        if isinstance(cell, bytes) and len(cell) == 16:
            return cell
        text = self.text(column)
        try:
            value = bytes.fromhex(text)
        except ValueError:
            value = b""
        if len(value) != 16 or len(text) != 32:
            raise self.fault("custody.row-malformed", f"{column} is no id of 32 hexadecimal digits")
        return value

    def number_of(self, column: str, *, below: int) -> int:
        """Return a whole number, 0 or more. Raises likewise."""
        text = self.text(column)
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) < below):
            raise self.fault("custody.row-malformed", f"{column} is no whole number below {below}")
        return int(text)

    def moment(self, column: str) -> datetime:
        """Return a moment with its time zone.

        Raises likewise, and ``Misuse`` ``snapshot.two-time-zones`` for one without a zone.
        """
        cell = self._cells.get(column)
        try:
            found = cell if isinstance(cell, datetime) else datetime.fromisoformat(self.text(column))
        except ValueError:
            raise self.fault("custody.row-malformed", f"{column} is no moment") from None
        if found.utcoffset() is None:
            raise self.fault("snapshot.two-time-zones", f"{column} names no time zone")
        return found

    def optional_moment(self, column: str) -> datetime | None:
        """Return a moment, or None for an empty cell. Raises as :meth:`moment`."""
        return self.moment(column) if self.has(column) else None

    def require_zone(self, column: str, zone: timedelta | None) -> timedelta | None:
        """Return the row's offset from UTC; it must be that of the rows before. Raises likewise."""
        found = self.moment(column).utcoffset()
        if zone is not None and found != zone:
            raise self.fault(
                "snapshot.two-time-zones", f"{column} is {found} from UTC; the rows before, {zone}"
            )
        return found


def in_batches(several: Iterable[_Each], size: int) -> Iterator[list[_Each]]:
    """Yield ``several`` in lists of ``size``, the last one perhaps shorter."""
    rest = iter(several)
    while batch := list(islice(rest, size)):
        yield batch


def count_rows(path: Path) -> int | None:
    """Return how many rows a Parquet file has; None for CSV, where only reading tells."""
    if path.suffix == ".parquet":
        with _parquet(path) as file:
            return int(file.metadata.num_rows)
    return None


def read_rows(path: Path, *, needed: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of a ``.csv`` (UTF-8, with a header) or ``.parquet`` file, in order.

    Raises ``Misuse``: ``file.not-found``, ``snapshot.truncated``, ``snapshot.missing-column``,
    ``snapshot.extra-column``, ``custody.row-malformed``; before the first row where the columns are wrong.
    """
    if not path.is_file():
        raise Misuse("file.not-found", str(path))
    rows = (
        _of_parquet(path, needed, optional) if path.suffix == ".parquet" else _of_csv(path, needed, optional)
    )
    for number, cells in enumerate(rows, 1):
        yield Row(number, cells)


def _of_csv(path: Path, needed: Sequence[str], optional: Sequence[str]) -> Iterator[Mapping[str, Cell]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            names = next(reader, [])
            _check_columns(path, names, needed, optional)
            for number, cells in enumerate(reader, 1):
                if len(cells) != len(names) or any(len(cell) > _LONGEST_CELL for cell in cells):
                    detail = f"row {number}: {len(cells)} cells, {len(names)} columns; or a cell too long"
                    raise Misuse("custody.row-malformed", detail)
                yield dict(zip(names, cells, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise Misuse(
            "custody.row-malformed", f"{path.name} is no CSV in UTF-8: {type(error).__name__}"
        ) from None
    except OSError as error:
        raise Misuse("file.not-readable", f"{path}: {error.strerror}") from None


def _of_parquet(path: Path, needed: Sequence[str], optional: Sequence[str]) -> Iterator[Mapping[str, Cell]]:
    with _parquet(path) as file:
        _check_columns(path, file.schema_arrow.names, needed, optional)
        try:
            for batch in file.iter_batches(_BATCH_ROWS):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise Misuse("snapshot.truncated", f"{path.name}: {str(error)[:200]}") from None


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise Misuse("snapshot.truncated", f"{path.name}: {str(error)[:200]}") from None


def _check_columns(path: Path, names: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in needed if name not in names]
    if missing:
        raise Misuse("snapshot.missing-column", f"{path.name} lacks {', '.join(missing)}")
    extra = [name for name in names if name not in (*needed, *optional)]
    if extra or len(set(names)) != len(names):
        raise Misuse(
            "snapshot.extra-column", f"{path.name} also has {', '.join(map(repr, extra[:10]))}, or one twice"
        )

"""Reading the tables a decision is made over: in order, block by block, strictly.

A table is refused by name before anything is decided from it: not Parquet, truncated, another kind or format,
a column too many or too few, a null, an order that is not the agreed one, a pair that stands twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dongui.custody.schema import Layout, Metadata
from dongui.custody.snapshot import open_file
from dongui.errors import Misuse

__all__ = [
    "BLOCK_ROWS",
    "Codes",
    "IdColumn",
    "OpenTable",
    "Table",
    "ids",
    "moments",
    "open_table",
    "require_record_order",
    "rising",
    "small",
]

BLOCK_ROWS = 1 << 18
"""Rows held at once by whoever streams a table: enough that what is done once a block costs nothing."""

IdColumn: TypeAlias = NDArray[np.uint32]
"""People or records. In the general layout they are 16 bytes (``S16``) instead of numbers: what is done with
both (comparing, searching, choosing) is the same for either, and where it is not, the dtype is asked."""

Codes: TypeAlias = NDArray[np.uint8]
"""A column of small numbers, or decided codes: 0 released, else a place in ``REASONS``, from 1."""


@dataclass(frozen=True, slots=True)
class Table:
    """A Parquet file that was found to be of one kind: ``records`` or ``consents``, in one layout.

    ``groups`` gives the rows of each row group; ``metadata`` the file's own, as text.
    """

    path: Path
    kind: str
    layout: Layout
    rows: int
    groups: tuple[int, ...]
    metadata: dict[str, str]

    def blocks(self, groups: Sequence[int], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some row groups, at most BLOCK_ROWS at once, none of them null.

        Raises ``Misuse``: ``snapshot.truncated``, ``snapshot.null``.
        """
        with _Naming(self.path):
            file = pq.ParquetFile(self.path, memory_map=True)
            batches = file.iter_batches(BLOCK_ROWS, list(groups), list(columns), use_threads=False)
        while True:
            with _Naming(self.path):
                batch = next(batches, None)
            if batch is None:
                return
            _require_no_null(batch, self.path)
            yield batch

    @property
    def is_folded(self) -> bool:
        """True of consents of which each row is the latest of its kind."""
        return self.metadata.get(Metadata.FOLDED) == "true"

    def number(self, key: Metadata) -> int:
        """Return a number of the metadata. Raises ``Misuse`` (``snapshot.malformed-metadata``)."""
        text = self.metadata.get(key, "")
        if not (text.isascii() and text.isdecimal() and len(text) <= 19):
            raise Misuse(
                "snapshot.malformed-metadata", f"{self.path}: {key.value} is {text[:40]!r}, no number"
            )
        return int(text)

    def first_people(self) -> IdColumn:
        """Return the first person of each row group: from the statistics, else by reading."""
        with _Naming(self.path):
            file = pq.ParquetFile(self.path, memory_map=True)
            found = [_first_person(file, group) for group in range(len(self.groups))]
        return np.array(found, dtype=np.uint32 if self.layout is Layout.SORTED else "S16")


class OpenTable:
    """A table held open, to read single row groups of it."""

    def __init__(self, table: Table) -> None:
        """Open the file. Raises ``Misuse``: ``snapshot.truncated``."""
        self._path = table.path
        with _Naming(self._path):
            self._file = pq.ParquetFile(table.path, memory_map=True)

    def group(self, group: int, columns: Sequence[str]) -> pa.RecordBatch:
        """Return columns of one row group. Raises ``Misuse``: ``snapshot.truncated``, ``snapshot.null``."""
        with _Naming(self._path):
            found = self._file.read_row_group(group, list(columns), use_threads=False)
            batch = found.combine_chunks().to_batches()[0]
        _require_no_null(batch, self._path)
        return batch


def open_table(path: Path, kind: str) -> Table:
    """Open a table of ``kind`` (a key of ``COLUMNS``), having compared its columns, order and format.

    Raises as :func:`~dongui.custody.snapshot.open_snapshot` for what every kind has: one fault, one name,
    whichever engine meets it.
    """
    file, said = open_file(path, kind)
    metadata = {
        key.decode("ascii", "replace"): value.decode("utf-8", "replace")
        for key, value in (file.schema_arrow.metadata or {}).items()
    }
    groups = tuple(file.metadata.row_group(group).num_rows for group in range(file.num_row_groups))
    return Table(path, kind, said.layout(), file.metadata.num_rows, groups, metadata)


def ids(batch: pa.RecordBatch, name: str) -> IdColumn:
    """Return a column of people or records as a vector, without copying."""
    found = batch.column(name)
    if not pa.types.is_fixed_size_binary(found.type):
        numbers: IdColumn = found.to_numpy(zero_copy_only=True)
        return numbers
    texts: IdColumn = np.frombuffer(found.buffers()[1], dtype="S16", count=len(found) + found.offset)
    return texts[found.offset :]


def small(batch: pa.RecordBatch, name: str) -> Codes:
    """Return a uint8 or uint16 column as a vector, without copying."""
    found: Codes = batch.column(name).to_numpy(zero_copy_only=True)
    return found


def moments(batch: pa.RecordBatch, name: str) -> NDArray[np.int64]:
    """Return an int64 or uint64 column as a vector, without copying."""
    found: NDArray[np.int64] = batch.column(name).to_numpy(zero_copy_only=True)
    return found


def require_record_order(person: IdColumn, record: IdColumn, path: Path) -> None:
    """Check that pairs rise strictly. Raises ``Misuse``: ``snapshot.unsorted``, ``snapshot.duplicate``."""
    if rising(person, record):
        return
    same = person[1:] == person[:-1]
    if np.any(same & (record[1:] == record[:-1])):
        raise Misuse("snapshot.duplicate", f"{path} holds one record of one person twice")
    raise Misuse("snapshot.unsorted", f"{path} is not sorted by person and record")


def rising(person: IdColumn, record: IdColumn) -> bool:
    """Tell whether (person, record) rises strictly from row to row."""
    after, before = person[1:], person[:-1]
    return bool(np.all((after > before) | ((after == before) & (record[1:] > record[:-1]))))


def _first_person(file: pq.ParquetFile, group: int) -> int | bytes:
    place = file.schema_arrow.get_field_index("person")
    statistics = file.metadata.row_group(group).column(place).statistics
    if statistics is not None and statistics.has_min_max:
        least: int | bytes = statistics.min
        return least
    first: int | bytes = file.read_row_group(group, ["person"]).column(0)[0].as_py()
    return first


def _require_no_null(batch: pa.RecordBatch, path: Path) -> None:
    if not any(field.nullable for field in batch.schema):
        return  # The file has no way of saying that a value is missing.
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        if values.null_count:
            raise Misuse("snapshot.null", f"{path}: {name} has {values.null_count} empty values")


class _Naming:
    """Names what goes wrong while a Parquet file is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, PermissionError):
            raise Misuse("file.not-readable", f"{self._path} cannot be read") from None
        if isinstance(error, pa.ArrowException | OSError):
            raise Misuse("snapshot.truncated", f"{self._path} cannot be read to its end") from None

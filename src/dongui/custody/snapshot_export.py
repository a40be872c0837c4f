"""From the ledger's events to a snapshot file: folded or whole, with the log's checkpoint, all or nothing.

The file is written under another name, made durable, and only then given its own. Whoever finds a file under
its own name finds all of it; a process killed at any instant leaves at most a ``.part`` that nothing opens.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dongui.custody.schema import CONSENT_ORDER, Layout, Metadata
from dongui.custody.tables import arrow_schema
from dongui.errors import Misuse, Trouble

__all__ = ["EventRows", "SnapshotTerms", "write_consents", "write_records"]

_GROUP_ROWS = 1 << 20
# Of records one person's are looked up by reading the row group they are in.
_GROUP_RECORDS = 1 << 17
# Dense, sorted numbers shrink to almost nothing as differences, and a codec on top costs more than it saves.
_DIFFERENCES = "DELTA_BINARY_PACKED"


@dataclass(frozen=True, slots=True)
class SnapshotTerms:
    """What a snapshot says of itself; see :class:`~dongui.custody.schema.Metadata`."""

    layout: Layout
    position: int
    position_us: int
    checkpoint: bytes
    created_us: int
    persons: int
    purposes: Mapping[str, int]
    recipients: Mapping[str, int]

    def to_metadata(self, *, folded: bool) -> dict[str, str]:
        """Return the file's own metadata."""
        return {
            Metadata.FOLDED: "true" if folded else "false",
            Metadata.POSITION: str(self.position),
            Metadata.POSITION_US: str(self.position_us),
            Metadata.CHECKPOINT: base64.b64encode(self.checkpoint).decode(),
            Metadata.CREATED_US: str(self.created_us),
            Metadata.PERSONS: str(self.persons),
            Metadata.PURPOSES: json.dumps(dict(self.purposes), sort_keys=True),
            Metadata.RECIPIENTS: json.dumps(dict(self.recipients), sort_keys=True),
        }


EventRows = Iterable[pa.RecordBatch]
"""Batches of the consents table, in its order; in the sorted layout, a key's events may cross a border."""


def write_consents(path: Path, rows: EventRows, terms: SnapshotTerms, *, folded: bool) -> int:
    """Write a consents file and return its number of rows.

    ``folded`` keeps of each key the latest event. Raises ``Misuse`` ``snapshot.already-there``, and
    ``Trouble`` ``storage.failed``, ``storage.full``; then there is no file.
    """
    schema = arrow_schema("consents", terms.layout)
    described = schema.with_metadata({**schema.metadata, **terms.to_metadata(folded=folded)})
    batches = (batch.cast(described) for batch in (fold(rows) if folded else rows))
    return _write(path, described, batches, _GROUP_ROWS)


def write_records(path: Path, rows: Iterable[pa.RecordBatch], layout: Layout) -> int:
    """Write a record index, its rows in their order, and return their number. Raises likewise."""
    schema = arrow_schema("records", layout)
    return _write(path, schema, (batch.cast(schema) for batch in rows), _GROUP_RECORDS)


def fold(rows: EventRows) -> Iterator[pa.RecordBatch]:
    """Keep of each key the last row: the latest event, since rows come in the order of the log."""
    held: pa.RecordBatch | None = None
    for batch in rows:
        if not batch.num_rows:
            continue
        whole = batch if held is None else pa.concat_batches([held, batch])
        last_of_key = np.flatnonzero(_changes(whole))
        yield whole.take(pa.array(last_of_key))
        held = whole.slice(whole.num_rows - 1)
    if held is not None:
        yield held


def _changes(batch: pa.RecordBatch) -> NDArray[np.bool_]:
    """Tell of every row but the last whether the next one has another key."""
    changed = np.zeros(batch.num_rows - 1, dtype=bool)
    for name in CONSENT_ORDER[:-1]:
        column = batch.column(name)
        different = pc.not_equal(column.slice(1), column.slice(0, len(column) - 1))
        changed |= different.to_numpy(zero_copy_only=False)
    return changed


def _write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], group_rows: int) -> int:
    if path.exists():
        raise Misuse("snapshot.already-there", str(path))
    part = None
    try:
        descriptor, name = mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            rows = _write_part(file, schema, batches, group_rows)
        # The name appears only where none was, and only over durable bytes.
        os.link(part, path)
        _synchronise(path.parent)
    except FileExistsError:
        raise Misuse("snapshot.already-there", str(path)) from None
    except OSError as error:
        name = "storage.full" if error.errno in (28, 122) else "storage.failed"
        raise Trouble(name, f"{path}: {error.strerror}") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return rows


def _write_part(file: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch], group_rows: int) -> int:
    numbers = [field.name for field in schema if not pa.types.is_fixed_size_binary(field.type)]
    narrow = [field.name for field in schema if field.type in (pa.uint8(), pa.uint16())]
    # Ends of terms are few and far apart (never, the end of a year): as differences they would not shrink.
    few = [*narrow, *(name for name in numbers if name.endswith("until_us"))]
    rows = 0
    with pq.ParquetWriter(
        file,
        schema,
        compression="none",
        use_dictionary=few,
        column_encoding={name: _DIFFERENCES for name in numbers if name not in few},
        write_statistics=["person"],
    ) as writer:
        for table in _grouped(batches, schema, group_rows):
            writer.write_table(table, row_group_size=group_rows)
            rows += table.num_rows
    file.flush()
    os.fsync(file.fileno())
    return rows


def _grouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema, group_rows: int) -> Iterator[pa.Table]:
    """Gather small batches into whole row groups."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(each.num_rows for each in held) >= group_rows:
            yield pa.Table.from_batches(held, schema)
            held = []
    if held:
        yield pa.Table.from_batches(held, schema)


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

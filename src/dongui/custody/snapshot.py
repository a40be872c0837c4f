"""Snapshots of the consent ledger, and record indexes, as files: what they say of themselves.

:func:`open_snapshot` and :func:`open_records` look at a file's end alone: its columns and what it says of
itself; :mod:`dongui.custody.snapshot_rows` reads every row. A fault has a name; the file is refused whole.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dongui.custody.schema import COLUMNS, FORMATS, Layout, Metadata
from dongui.custody.tables import arrow_schema
from dongui.errors import Misuse, Trouble

__all__ = ["RecordIndex", "Said", "Snapshot", "open_file", "open_records", "open_snapshot", "table_kind"]


@dataclass(frozen=True, slots=True)
class RecordIndex:
    """A records file: where it is, its layout, how many rows."""

    path: Path
    layout: Layout
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A consents file and what it says of itself (see :class:`~dongui.custody.schema.Metadata`).

    ``checkpoint`` is the log's signed note of size ``position``; whoever relies on it verifies it with the
    log's key.
    """

    path: Path
    layout: Layout
    rows: int
    folded: bool
    position: int
    position_us: int
    checkpoint: bytes
    created_us: int
    persons: int
    purposes: Mapping[str, int]
    recipients: Mapping[str, int]


def open_snapshot(path: Path) -> Snapshot:
    """Read what a consents file says of itself.

    Raises ``Misuse``: ``file.not-found``, ``file.is-directory``, ``file.not-readable``,
    ``snapshot.truncated``, ``snapshot.other-format``,
    ``snapshot.missing-column``, ``snapshot.extra-column``, ``snapshot.wrong-type``,
    ``snapshot.two-time-zones``, ``snapshot.malformed-metadata``.
    """
    file, said = open_file(path, "consents")
    folded = said.text(Metadata.FOLDED)
    if folded not in {"true", "false"}:
        raise said.fault(Metadata.FOLDED)
    return Snapshot(
        path=path,
        layout=said.layout(),
        rows=file.metadata.num_rows,
        folded=folded == "true",
        position=said.number(Metadata.POSITION),
        position_us=said.number(Metadata.POSITION_US),
        checkpoint=said.data(Metadata.CHECKPOINT),
        created_us=said.number(Metadata.CREATED_US),
        persons=said.number(Metadata.PERSONS),
        purposes=said.dictionary(Metadata.PURPOSES),
        recipients=said.dictionary(Metadata.RECIPIENTS),
    )


def open_records(path: Path) -> RecordIndex:
    """Read what a records file says of itself. Raises as :func:`open_snapshot`."""
    file, said = open_file(path, "records")
    return RecordIndex(path, said.layout(), file.metadata.num_rows)


def table_kind(records: Path, consents: Path) -> tuple[Layout, bool]:
    """Return the layout of both files, and whether the consents are folded.

    Raises as :func:`open_snapshot`, and ``Misuse`` ``snapshot.other-layout`` where they differ.
    """
    snapshot, index = open_snapshot(consents), open_records(records)
    if snapshot.layout is not index.layout:
        detail = f"{records.name} is {index.layout}, {consents.name} {snapshot.layout}"
        raise Misuse("snapshot.other-layout", detail)
    return snapshot.layout, snapshot.folded


class Said:
    """A file's own metadata, read field by field."""

    def __init__(self, path: Path, metadata: Mapping[bytes, bytes] | None) -> None:
        self._path = path
        self._metadata = dict(metadata or {})

    def fault(self, key: Metadata) -> Misuse:
        return Misuse("snapshot.malformed-metadata", f"{self._path.name}: {key} is missing or unreadable")

    def text(self, key: Metadata) -> str:
        value = self._metadata.get(key.encode())
        if value is None or not value.isascii() or not value:
            raise self.fault(key)
        return value.decode()

    def number(self, key: Metadata) -> int:
        text = self.text(key)
        if not text.isdecimal() or len(text) > 19:
            raise self.fault(key)
        return int(text)

    def data(self, key: Metadata) -> bytes:
        try:
            return base64.b64decode(self.text(key), validate=True)
        except binascii.Error:
            raise self.fault(key) from None

    def layout(self) -> Layout:
        text = self.text(Metadata.LAYOUT)
        if text not in set(Layout):
            raise self.fault(Metadata.LAYOUT)
        return Layout(text)

    def dictionary(self, key: Metadata) -> dict[str, int]:
        try:
            found = json.loads(self.text(key))
        except ValueError:
            raise self.fault(key) from None
        numbers = list(found.values()) if isinstance(found, dict) else [None]
        if not all(type(number) is int and 0 <= number < 2**16 for number in numbers):
            raise self.fault(key)
        if len(set(numbers)) != len(numbers):
            raise self.fault(key)  # Two purposes under one number: a consent to either would be to both.
        return {str(name): int(number) for name, number in found.items()}


def open_file(path: Path, kind: str) -> tuple[pq.ParquetFile, Said]:
    """Open a table of ``kind`` and compare what it says of itself; read no row.

    Raises as :func:`open_snapshot`. What it says is left to be read field by field.
    """
    if path.is_dir():
        raise Misuse("file.is-directory", f"{path} is a folder")
    if not path.is_file():
        raise Misuse("file.not-found", str(path))
    try:
        file = pq.ParquetFile(path, memory_map=True)
        schema = file.schema_arrow
    except pa.ArrowInvalid as error:
        # The format's footer is at the end: a file cut anywhere has none.
        raise Misuse("snapshot.truncated", f"{path.name}: {str(error)[:200]}") from None
    except PermissionError:
        raise Misuse("file.not-readable", f"{path} cannot be read") from None
    except OSError as error:
        raise Trouble("storage.failed", f"{path.name}: {error.strerror or 'cannot be read'}") from None
    said = Said(path, schema.metadata)
    found = (schema.metadata or {}).get(Metadata.FORMAT.encode(), b"").decode("ascii", "replace")
    if found != FORMATS[kind]:
        raise Misuse("snapshot.other-format", f"{path.name} says {found[:80]!r}; {FORMATS[kind]} is needed")
    _check_columns(path, schema, kind, said.layout())
    return file, said


def _check_columns(path: Path, schema: pa.Schema, kind: str, layout: Layout) -> None:
    expected = list(COLUMNS[kind])
    missing = [name for name in expected if name not in schema.names]
    if missing:
        raise Misuse("snapshot.missing-column", f"{path.name} lacks {', '.join(missing)}")
    extra = [name for name in schema.names if name not in expected]
    if extra or len(schema.names) != len(expected):
        # A column nobody reads may hold what nobody agreed to hand over.
        raise Misuse("snapshot.extra-column", f"{path.name} also has {', '.join(map(repr, extra[:10]))}")
    _check_zones(path, schema)
    for field in arrow_schema(kind, layout):
        found = schema.field(field.name).type
        if found != field.type:
            detail = f"{path.name}: {field.name} is {found}; it must be {field.type}"
            raise Misuse("snapshot.wrong-type", detail)


def _check_zones(path: Path, schema: pa.Schema) -> None:
    zones = {field.type.tz or "no zone" for field in schema if pa.types.is_timestamp(field.type)}
    if len(zones) > 1:
        detail = f"{path.name} has moments in {', '.join(sorted(zones))}; they are microseconds, UTC"
        raise Misuse("snapshot.two-time-zones", detail)

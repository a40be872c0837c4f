"""The record index, the table of what is kept, from rows somebody delivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import pyarrow as pa

from dongui.custody.delivered_rows import Row, read_rows
from dongui.custody.moments import FOREVER_US, microseconds
from dongui.custody.schema import Layout, RecordTrait
from dongui.custody.snapshot_export import write_records
from dongui.custody.tables import arrow_schema
from dongui.errors import Misuse

__all__ = ["write_record_index"]

_COLUMNS, _OPTIONAL = ("person", "record", "traits"), ("retained_until",)
_TRAITS = {trait.name.lower(): trait for trait in RecordTrait if trait.name}
_BATCH_ROWS = 1 << 16
_MOST_NUMBERS = 1 << 32

Number = Callable[[bytes], int | None]
"""Gives a person's number in the ledger."""


def write_record_index(source: Path, out: Path, *, layout: Layout, number: Number) -> int:
    """Write the record index of a delivery, in its order, and return its rows.

    Columns: ``person`` (32 hexadecimal digits), ``record`` (the same in the general layout, a number in the
    sorted one), ``traits`` (words apart by blanks: image, template, pseudonymised, erased),
    ``retained_until`` (a moment, or empty for no end). Held in memory once, to be sorted. Raises ``Misuse``:
    ``snapshot.*``, ``custody.row-malformed``, each with its row; ``snapshot.already-there``.
    """
    rows = sorted(_read(source, layout, number), key=itemgetter(0, 1))
    for one, following in pairwise(rows):
        if one[:2] == following[:2]:
            raise Misuse("snapshot.duplicate", f"row {following[4]}: its person and record stand twice")
    return write_records(out, _batches(rows, layout), layout)


Line = tuple[int | bytes, int | bytes, int, int, int]


def _read(source: Path, layout: Layout, number: Number) -> Iterator[Line]:
    for row in read_rows(source, needed=_COLUMNS, optional=_OPTIONAL):
        end = row.optional_moment("retained_until")
        until = FOREVER_US if end is None else microseconds(end)
        yield (*_ids(row, layout, number), _traits(row), until, row.number)


def _ids(row: Row, layout: Layout, number: Number) -> tuple[int | bytes, int | bytes]:
    person = row.identity("person")
    if layout is Layout.GENERAL:
        return person, row.identity("record")
    found = number(person)
    if found is None:
        raise row.fault(
            "snapshot.unknown-person", "the ledger does not know the person, so there is no number"
        )
    return found, row.number_of("record", below=_MOST_NUMBERS)


def _traits(row: Row) -> int:
    traits = 0
    for word in row.text("traits").split():
        if word not in _TRAITS:
            raise row.fault("custody.row-malformed", f"traits are words of {', '.join(_TRAITS)}")
        traits |= _TRAITS[word]
    return traits


def _batches(rows: list[Line], layout: Layout) -> Iterator[pa.RecordBatch]:
    schema = arrow_schema("records", layout)
    for begin in range(0, len(rows), _BATCH_ROWS):
        columns = list(zip(*rows[begin : begin + _BATCH_ROWS], strict=True))[:4]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)

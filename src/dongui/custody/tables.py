"""The tables of :mod:`dongui.custody.schema` as Arrow schemas."""

from __future__ import annotations

import pyarrow as pa

from dongui.custody.schema import COLUMNS, FORMATS, Layout, Metadata

__all__ = ["arrow_schema", "decision_schema", "id_type"]


def id_type(layout: Layout) -> pa.DataType:
    """Return the type of a person's or record's id: uint32, or 16 bytes."""
    return pa.uint32() if layout is Layout.SORTED else pa.binary(16)


def arrow_schema(kind: str, layout: Layout) -> pa.Schema:
    """Return the schema of "records", "consents", "released" or "refused"; no column is nullable.

    Its metadata names the format and the layout; a writer adds the rest.
    """
    fields = [
        pa.field(name, id_type(layout) if type_name == "id" else getattr(pa, type_name)(), nullable=False)
        for name, type_name in COLUMNS[kind].items()
    ]
    return pa.schema(fields, {Metadata.FORMAT: FORMATS[kind], Metadata.LAYOUT: layout})


def decision_schema(layout: Layout) -> pa.Schema:
    """Return the columns every engine gives for each record: person, record, reason code."""
    types = {"person": id_type(layout), "record": id_type(layout), "reason": pa.uint8()}
    return pa.schema([pa.field(name, of, nullable=False) for name, of in types.items()])

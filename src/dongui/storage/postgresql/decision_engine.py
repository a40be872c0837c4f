"""The decision in PostgreSQL: the same query again, over the same two tables loaded into it.

It is what a release is compared with, and a way for whoever keeps both tables in PostgreSQL already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from dongui.custody.decision_sql import decision_sql
from dongui.custody.rules import Rules
from dongui.custody.schema import Layout
from dongui.custody.snapshot import table_kind
from dongui.custody.tables import decision_schema
from dongui.storage.postgresql.connections import Rows, naming_troubles

__all__ = ["decide_with_postgresql", "load_tables"]

_ROWS = 1 << 16
_TABLES = """
CREATE TEMPORARY TABLE records (person <id>, record <id>, traits SMALLINT, retained_until_us BIGINT);
CREATE TEMPORARY TABLE consents (
  person <id>, purpose INTEGER, recipient INTEGER, artefact SMALLINT, state SMALLINT, flags SMALLINT,
  counts_from_us BIGINT, valid_until_us BIGINT, retained_until_us BIGINT, position BIGINT
);
"""
_READY = "ANALYZE records; ANALYZE consents"


def load_tables(connection: Rows, records: Path, consents: Path) -> tuple[Layout, bool]:
    """Copy both files into temporary tables of this connection; return the layout, and whether folded.

    Raises ``Trouble``: ``storage.failed``.
    """
    layout, folded = table_kind(records, consents)
    text = _TABLES.replace("<id>", "BIGINT" if layout is Layout.SORTED else "BYTEA")
    with naming_troubles():
        connection.execute(text)
        _copy(connection, "COPY records FROM STDIN (FORMAT csv)", records)
        _copy(connection, "COPY consents FROM STDIN (FORMAT csv)", consents)
        connection.execute(_READY)
    return layout, folded


def decide_with_postgresql(
    connection: Rows, rules: Rules, *, layout: Layout, folded: bool
) -> Iterator[pa.RecordBatch]:
    """Return every loaded record's decision, (person, record, reason), in the order of the records.

    Raises ``Trouble``: ``storage.failed``.
    """
    schema = decision_schema(layout)
    query = decision_sql(rules, folded=folded)
    with naming_troubles(), connection.transaction(), connection.cursor("custody_decision") as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_ROWS):
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _copy(connection: Rows, statement: str, path: Path) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy, pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            copy.write(_as_csv(batch))


def _as_csv(batch: pa.RecordBatch) -> bytes:
    """Return rows as PostgreSQL reads them; 16-byte ids in its hexadecimal form."""
    sink = pa.BufferOutputStream()
    columns = [_written(column) for column in batch.columns]
    table = pa.Table.from_arrays(columns, names=batch.schema.names)
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="none"))
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _written(column: pa.Array) -> pa.Array:
    if not pa.types.is_fixed_size_binary(column.type):
        return column
    ids: Iterable[bytes] = column.to_pylist()
    return pa.array([f"\\x{each.hex()}" for each in ids])

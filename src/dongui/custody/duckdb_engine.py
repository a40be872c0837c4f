"""The decision in DuckDB: the embedded engine for any layout, sorted or not, dense numbers or UUIDs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from dongui.custody.decision_sql import decision_sql
from dongui.custody.rules import Rules
from dongui.custody.snapshot import table_kind
from dongui.custody.tables import decision_schema
from dongui.errors import Trouble

__all__ = ["decide_with_duckdb"]

_ROWS = 1 << 20


def decide_with_duckdb(
    records: Path,
    consents: Path,
    rules: Rules,
    *,
    threads: int = 2,
    memory_mb: int = 2_000,
    scratch: Path | None = None,
) -> Iterator[pa.RecordBatch]:
    """Return every record's decision, (person, record, reason), in the order of the records.

    ``reason`` is 0 for released, else a reason's code. ``scratch`` is where DuckDB puts what does not fit
    into ``memory_mb``, emptied on the way out; by default a folder of the system's. The tables' rows were
    checked before (:mod:`dongui.custody.snapshot_rows`); here they are believed.

    Raises ``Misuse`` as :func:`~dongui.custody.snapshot.table_kind`, ``Trouble`` ``ground.engine-failed`` if
    DuckDB gives up: no memory, no room, unreadable pages.
    """
    layout, folded = table_kind(records, consents)
    schema = decision_schema(layout)
    with _connection(threads, memory_mb, scratch) as connection:
        for name, path in (("records", records), ("consents", consents)):
            connection.read_parquet(str(path)).create_view(name)
        answer = connection.sql(decision_sql(rules, folded=folded))
        reader: pa.RecordBatchReader = answer.to_arrow_reader(_ROWS)
        for batch in reader:
            yield batch.cast(schema)


@contextmanager
def _connection(threads: int, memory_mb: int, scratch: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    with TemporaryDirectory(prefix="dongui-", dir=scratch) as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": folder,
        }
        try:
            with duckdb.connect(config=settings) as connection:
                yield connection
        except duckdb.Error as error:
            raise Trouble("ground.engine-failed", f"DuckDB: {str(error)[:400]}") from error

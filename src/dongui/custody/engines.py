"""The engines the gate can call: the merge, and SQL engines behind one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

import pyarrow as pa

from dongui.custody.decision import Block, Engine, Task, require_next
from dongui.custody.record_columns import ids, require_record_order, small
from dongui.custody.rules import Rules
from dongui.errors import Misuse

__all__ = ["SqlEngine", "duckdb_engine", "spark_engine"]


@dataclass(frozen=True, slots=True)
class SqlEngine:
    """An engine that answers with record batches of (person, record, reason), in the records' order."""

    name: str
    version: str
    batches: Callable[[Path, Path], Iterator[pa.RecordBatch]]

    def blocks(self, task: Task) -> Iterator[Block]:
        """Yield every record with its code.

        Raises ``Misuse`` (``snapshot.duplicate``, ``snapshot.null``) for tables no order mends, and what the
        engine raises.
        """
        last: Block | None = None
        for batch in self.batches(task.records.path, task.consents.path):
            if not len(batch):
                continue
            if any(column.null_count for column in batch.columns):
                raise Misuse("snapshot.null", f"{task.records.path} has empty values")
            block = Block(ids(batch, "person"), ids(batch, "record"), small(batch, "reason"))
            require_record_order(block.person, block.record, task.records.path)
            if last is not None:
                require_next(last, block.person, block.record, task.records.path)
            last = block
            yield block


def duckdb_engine(rules: Rules, *, threads: int = 2) -> Engine:
    """Return DuckDB: any layout, sorted or not."""
    from dongui.custody.duckdb_engine import decide_with_duckdb

    return SqlEngine(
        "duckdb",
        installed("duckdb"),
        lambda records, consents: decide_with_duckdb(records, consents, rules, threads=threads),
    )


def spark_engine(rules: Rules) -> Engine:
    """Return Spark: past one machine. Raises ``Misuse`` ``environment.extra-missing`` where it is missing."""
    from dongui.custody.spark_engine import decide_with_spark, spark_session

    def batches(records: Path, consents: Path) -> Iterator[pa.RecordBatch]:
        with spark_session() as session:
            yield from decide_with_spark(records, consents, rules, session=session)

    return SqlEngine("spark", installed("pyspark"), batches)

"""What the gate is measured against, on the same tables: DuckDB, PostgreSQL, the policy engine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from time import perf_counter

import duckdb
import psycopg
import pyarrow.parquet as pq

from dongui.cli.bench_meter import Meter
from dongui.custody.cedar_oracle import CedarOracle
from dongui.custody.decision_sql import decision_sql
from dongui.custody.rules import Rules
from dongui.custody.schema import ConsentFacts, ConsentFlag, EventKind, Reach, RecordFacts, RecordTrait

__all__ = ["plain_join", "policy_engine", "postgresql_join"]


def plain_join(records: Path, consents: Path, rules: Rules, scratch: Path, *, folded: bool) -> Meter:
    """Decide in DuckDB as one would write it: join, reasons, two Parquet files, counts; in no order."""
    query = decision_sql(rules, folded=folded).rpartition("ORDER BY")[0]
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 2,
        "memory_limit": "6GB",
        "temp_directory": str(scratch / "duckdb"),
        "preserve_insertion_order": False,
    }
    with Meter() as meter, duckdb.connect(config=settings) as connection:
        for name, path in (("records", records), ("consents", consents)):
            connection.read_parquet(str(path)).create_view(name)
        connection.execute(f"CREATE TEMP TABLE decided AS {query}")
        for kind, columns in (("released", "person, record"), ("refused", "person, record, reason")):
            target = scratch / f"{kind}.duckdb.parquet"
            wanted = connection.table("decided").filter("reason = 0" if kind == "released" else "reason <> 0")
            wanted.project(columns).write_parquet(str(target))
            target.unlink()
        connection.execute("SELECT reason, count(*) FROM decided GROUP BY reason").fetchall()
    return meter


def postgresql_join(address: str, records: Path, consents: Path, rules: Rules, scratch: Path) -> float:
    """Decide in PostgreSQL into a table, the tables loaded, indexed and analysed before; return seconds.

    Tables that keep no write-ahead log, and that several of the server's processes may read: its best case.
    """
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        for name, path in (("records", records), ("consents", consents)):
            _load(connection, name, path, scratch / f"{name}.csv")
        query = decision_sql(rules, folded=True).rpartition("ORDER BY")[0]
        connection.execute("DROP TABLE IF EXISTS decided")
        begin = perf_counter()
        connection.execute(f"CREATE UNLOGGED TABLE decided AS {query}")
        connection.execute("SELECT reason, count(*) FROM decided GROUP BY reason").fetchall()
        return perf_counter() - begin


def _load(connection: psycopg.Connection[tuple[object, ...]], name: str, path: Path, passing: Path) -> None:
    columns = ", ".join(f"{column} bigint" for column in pq.read_schema(path).names)
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE UNLOGGED TABLE {name} ({columns})")
    duckdb.read_parquet(str(path)).write_csv(str(passing), header=False)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy,
        passing.open("rb") as file,
    ):
        while block := file.read(1 << 20):
            copy.write(block)
    passing.unlink()
    connection.execute(f"CREATE INDEX ON {name} (person)")
    connection.execute(f"ANALYZE {name}")


def policy_engine(rules: Rules, cases: int) -> float:
    """Ask the policy engine about ``cases`` records, one by one; return seconds."""
    oracle = CedarOracle(rules)
    record = RecordFacts(RecordTrait.IMAGE | RecordTrait.TEMPLATE, 2**62)
    flags = ConsentFlag.INFORMED | ConsentFlag.SEPARATE | ConsentFlag.EXPLICIT
    consent = ConsentFacts(Reach.MATCHED, EventKind.GIVEN, flags, 0, 2**62, 2**62)
    begin = perf_counter()
    for _ in range(cases):
        oracle.decide(record, consent)
    return perf_counter() - begin

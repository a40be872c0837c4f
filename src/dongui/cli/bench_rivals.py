"""What the gate is measured against, on the same tables: copying, DuckDB, PostgreSQL, the policy engine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from dongui.cli.bench_meter import Meter
from dongui.custody.cedar_oracle import CedarOracle
from dongui.custody.decision import open_writer
from dongui.custody.decision_sql import decision_sql
from dongui.custody.record_columns import open_table
from dongui.custody.release_files import digest_file, synchronise
from dongui.custody.rules import Rules
from dongui.custody.schema import ConsentFacts, ConsentFlag, EventKind, Reach, RecordFacts, RecordTrait

__all__ = ["copy_once", "plain_join", "policy_engine", "postgresql_join"]


def copy_once(records: Path, consents: Path, decision: Path, scratch: Path, *, proved: bool = False) -> float:
    """Read both tables' columns and write the decision's, once, deciding nothing; return CPU seconds.

    The same files, columns and encodings as the gate's; reading what is to be written is not counted. With
    ``proved``, what whoever copies for a manifest has to do as well: the digest of every file that is read
    and written, and each written one synchronised. Without, neither.
    """
    begin = process_time()
    for path in (records, consents) if proved else ():
        digest_file(path)
    for path, kind in ((records, "records"), (consents, "consents")):
        table = open_table(path, kind)
        wanted = [name for name in pq.read_schema(path).names if name != "position"]
        for _ in table.blocks(range(len(table.groups)), wanted):
            pass
    spent = process_time() - begin
    layout = open_table(records, "records").layout
    for kind in ("released", "refused"):
        with open_writer(scratch / kind, kind, layout) as writer:
            for file in sorted((decision / kind).glob("*.parquet")):
                for batch in pq.ParquetFile(file).iter_batches(1 << 19, use_threads=False):
                    begin = process_time()
                    writer.write_table(pa.Table.from_batches([batch]).cast(writer.schema))
                    spent += process_time() - begin
        begin = process_time()
        if proved:
            synchronise(scratch / kind)
            digest_file(scratch / kind)
        spent += process_time() - begin
        (scratch / kind).unlink()
    return spent


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
    """Decide in PostgreSQL into a table, the tables loaded and analysed before; return seconds."""
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        for name, path in (("records", records), ("consents", consents)):
            _load(connection, name, path, scratch / f"{name}.csv")
        query = decision_sql(rules, folded=True).rpartition("ORDER BY")[0]
        begin = perf_counter()
        connection.execute(f"CREATE TEMP TABLE decided AS {query}")
        connection.execute("SELECT reason, count(*) FROM decided GROUP BY reason").fetchall()
        return perf_counter() - begin


def _load(connection: psycopg.Connection[tuple[object, ...]], name: str, path: Path, passing: Path) -> None:
    columns = ", ".join(f"{column} bigint" for column in pq.read_schema(path).names)
    connection.execute(f"CREATE TEMP TABLE {name} ({columns})")
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

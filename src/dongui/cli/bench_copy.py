"""The gate's yardstick: reading the same tables and writing as much in one pass, deciding nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dongui.cli.bench_meter import Meter
from dongui.custody.decision import Part, open_writer, plan_parts
from dongui.custody.record_columns import Table, open_table
from dongui.custody.release_files import digest_file, synchronise

__all__ = ["copy"]

_THREADS = 2
_GROUP_ROWS = 1 << 19  # as the gate writes them


def copy(records: Path, consents: Path, scratch: Path, *, share: float, proved: bool = False) -> Meter:
    """Read every column the gate reads, and write as many rows into as many files; leave nothing.

    Two threads, the gate's parts, blocks and encodings, each file synchronised. ``share`` of each block's
    rows goes into one table and the rest, with a column of small numbers, into the other: cut, not chosen, so
    that nothing is done to a column but reading and writing it. ``proved`` adds what a manifest is made of:
    the digest of every file read and written.
    """
    tables = open_table(records, "records"), open_table(consents, "consents")
    with Meter() as meter, ThreadPoolExecutor(_THREADS) as threads:
        digests = [threads.submit(digest_file, path) for path in (records, consents)] if proved else []
        parts = plan_parts(tables[0])
        cuts = [len(tables[1].groups) * number // len(parts) for number in range(len(parts) + 1)]
        running = [
            threads.submit(_copy_part, *tables, part, range(*groups), scratch, share, proved)
            for part, groups in zip(parts, pairwise(cuts), strict=True)
        ]
        for done in as_completed(running):
            for path in done.result():
                synchronise(path)
        for digest in digests:
            digest.result()
    for done in running:
        for path in done.result():
            path.unlink()
    return meter


def _copy_part(
    records: Table, consents: Table, part: Part, groups: range, scratch: Path, share: float, proved: bool
) -> tuple[Path, Path]:
    names = pq.read_schema(consents.path).names
    read = [name for name in names if not (name == "position" and consents.is_folded)]
    for _ in consents.blocks(groups, read):
        pass
    paths = scratch / f"released-{part.number}", scratch / f"refused-{part.number}"
    with (
        open_writer(paths[0], "released", records.layout) as yes,
        open_writer(paths[1], "refused", records.layout) as no,
    ):
        for rows in _gathered(records, part):
            cut = round(share * len(rows))
            yes.write_table(_as(yes, rows.slice(0, cut)), _GROUP_ROWS)
            no.write_table(_as(no, rows.slice(cut)), _GROUP_ROWS)
    for path in paths if proved else ():
        digest_file(path)
    return paths


def _gathered(records: Table, part: Part) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in records.blocks(part.groups, pq.read_schema(records.path).names):
        held.append(batch)
        if sum(map(len, held)) >= 2 * _GROUP_ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _as(writer: pq.ParquetWriter, rows: pa.Table) -> pa.Table:
    """Return the columns a table has, the traits in the reasons' place."""
    columns = {**{name: rows.column(name) for name in ("person", "record")}, "reason": rows.column("traits")}
    return pa.Table.from_arrays([columns[name] for name in writer.schema.names], schema=writer.schema)

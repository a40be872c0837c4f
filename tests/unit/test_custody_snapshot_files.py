"""Snapshots and record indexes: each way a file can be wrong has its name; a wrong file is refused whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dongui.custody.schema import EventKind, Layout, Metadata
from dongui.custody.snapshot import open_records, open_snapshot
from dongui.custody.snapshot_export import write_consents
from dongui.custody.snapshot_rows import check_consents, check_records
from dongui.custody.tables import arrow_schema
from dongui.errors import Misuse
from simulators.custody_tables import Row, Tables, batches, tables

GOOD: Row = {
    "person": 4,
    "purpose": 3,
    "recipient": 5,
    "artefact": 1,
    "state": EventKind.GIVEN.value,
    "flags": 63,
    "counts_from_us": 1,
    "valid_until_us": 2,
    "retained_until_us": 3,
    "position": 0,
}


def write_events(folder: Path, rows: list[Row], *, folded: bool = False) -> Path:
    path = folder / "consents.parquet"
    made = Tables(Layout.SORTED, [], rows)
    schema = arrow_schema("consents", Layout.SORTED)
    write_consents(path, [pa.RecordBatch.from_pylist(rows, schema)], made.terms(), folded=folded)
    return path


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    table = pq.read_table(path)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


def check(path: Path) -> None:
    check_consents(open_snapshot(path))


@pytest.mark.parametrize("layout", Layout)
def test_what_is_written_is_read(tmp_path: Path, layout: Layout) -> None:
    """A snapshot says its position, checkpoint and dictionaries; a record index its rows."""
    made = tables(layout, seed=3)
    records, consents = made.write(tmp_path, folded=True)
    snapshot = open_snapshot(consents)
    assert (snapshot.layout, snapshot.folded) == (layout, True)
    assert snapshot.position == len(made.consents)
    assert snapshot.checkpoint == b"a signed note"
    assert snapshot.purposes["training"] == 3
    assert open_records(records).rows == len(made.records)
    check_records(open_records(records))
    check_consents(snapshot)


def test_folding_keeps_the_latest_event_of_each_key(tmp_path: Path) -> None:
    """The latest by the log's order, whatever a claimed moment says, across every border of a batch."""
    made = tables(Layout.SORTED, seed=8)
    _, consents = made.write(tmp_path, folded=True)
    latest: dict[tuple[object, ...], Row] = {}
    for row in made.consents:
        latest[tuple(row[name] for name in ("person", "purpose", "recipient", "artefact"))] = row
    assert pq.read_table(consents).to_pylist() == list(latest.values())


CHANGES: dict[str, tuple[str, Callable[[pa.Table], pa.Table]]] = {
    "missing": ("snapshot.missing-column", lambda table: table.drop_columns("flags")),
    "extra": ("snapshot.extra-column", lambda table: table.append_column("name", table["flags"])),
    "type": (
        "snapshot.wrong-type",
        lambda table: table.set_column(9, "position", table["position"].cast(pa.int64())),
    ),
    "one zone": (
        "snapshot.wrong-type",
        lambda table: table.set_column(6, "counts_from_us", in_zone(table["counts_from_us"], "UTC")),
    ),
    "two zones": (
        "snapshot.two-time-zones",
        lambda table: table.set_column(
            6, "counts_from_us", in_zone(table["counts_from_us"], "UTC")
        ).set_column(7, "valid_until_us", in_zone(table["valid_until_us"], "Asia/Seoul")),
    ),
    "null": ("snapshot.null", lambda table: with_null(table, "state")),
    "null person": ("snapshot.null", lambda table: with_null(table, "person")),
}


def in_zone(column: pa.ChunkedArray, zone: str) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us", zone))


def with_null(table: pa.Table, name: str) -> pa.Table:
    values = [*table[name].to_pylist()[:-1], None]
    place = table.column_names.index(name)
    return table.set_column(place, name, pa.array(values, table[name].type))


@pytest.mark.parametrize("what", list(CHANGES))
def test_a_changed_file_is_refused_by_name(tmp_path: Path, what: str) -> None:
    """A column too few or too many, another type, two time zones, a missing value."""
    path = write_events(tmp_path, [GOOD, {**GOOD, "person": 5, "position": 1}])
    check(path)
    name, change = CHANGES[what]
    rewrite(path, change)
    with pytest.raises(Misuse) as caught:
        check(path)
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("second", "name"),
    [
        ({"person": 3}, "snapshot.unsorted"),
        ({"purpose": 7, "person": 3}, "snapshot.unsorted"),
        ({"position": 0}, "snapshot.duplicate"),
        ({"person": 1_000_000}, "snapshot.unknown-person"),
        ({"person": 5, "position": 2}, "snapshot.beyond-position"),
        ({"person": 5, "state": 0}, "snapshot.unknown-value"),
        ({"person": 5, "state": 8}, "snapshot.unknown-value"),
        ({"person": 5, "artefact": 3}, "snapshot.unknown-value"),
        ({"person": 5, "flags": 64}, "snapshot.unknown-value"),
        ({"person": 5, "purpose": 4}, "snapshot.unknown-value"),
        ({"person": 5, "recipient": 1}, "snapshot.unknown-value"),
        ({"person": 5, "state": EventKind.WITHDRAWN.value}, "snapshot.withdrawn-before-given"),
        ({"person": 5, "state": EventKind.RENEWED.value}, "snapshot.withdrawn-before-given"),
        ({"state": EventKind.GIVEN.value}, "snapshot.event-out-of-order"),
        ({"state": EventKind.RESUMED.value}, "snapshot.event-out-of-order"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(tmp_path: Path, second: Row, name: str) -> None:
    """Two rows, the first right, the second wrong in one way."""
    path = write_events(tmp_path, [GOOD, {**GOOD, "position": 1, **second}])
    with pytest.raises(Misuse) as caught:
        check(path)
    assert caught.value.name == name


def test_events_that_follow_rightly_are_read(tmp_path: Path) -> None:
    """Given, suspended, resumed, withdrawn, given again."""
    kinds = (EventKind.GIVEN, EventKind.SUSPENDED, EventKind.RESUMED, EventKind.WITHDRAWN, EventKind.GIVEN)
    rows: list[Row] = [{**GOOD, "state": kind.value, "position": number} for number, kind in enumerate(kinds)]
    check(write_events(tmp_path, rows))


def test_a_folded_file_has_one_row_a_key(tmp_path: Path) -> None:
    """A second "latest" event would be whichever somebody likes."""
    path = write_events(tmp_path, [GOOD, {**GOOD, "position": 1, "state": EventKind.WITHDRAWN.value}])
    table = pq.read_table(path)
    metadata = {**table.schema.metadata, Metadata.FOLDED.encode(): b"true"}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(Misuse, match=r"^snapshot\.duplicate"):
        check(path)


def test_a_truncated_file_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    """From nothing to the last byte but one."""
    path = write_events(tmp_path, [GOOD])
    content = path.read_bytes()
    for length in range(0, len(content), 61):
        path.write_bytes(content[:length])
        with pytest.raises(Misuse, match=r"^snapshot\.truncated"):
            open_snapshot(path)


@pytest.mark.parametrize("key", [key for key in Metadata if key is not Metadata.REASONS])
@pytest.mark.parametrize("value", [None, b"", b"{", b"-1", b"\xff"])
def test_a_file_that_does_not_say_what_it_is_is_refused(
    tmp_path: Path, key: Metadata, value: bytes | None
) -> None:
    """Every field of the metadata is needed, and is what it should be."""
    path = write_events(tmp_path, [GOOD])
    table = pq.read_table(path)
    metadata = {name: text for name, text in table.schema.metadata.items() if name != key.encode()}
    pq.write_table(
        table.replace_schema_metadata({**metadata, **({key: value} if value is not None else {})}), path
    )
    with pytest.raises(Misuse, match=r"^snapshot\.(malformed-metadata|other-format)"):
        open_snapshot(path)


def test_two_purposes_under_one_number_are_refused(tmp_path: Path) -> None:
    """A consent to either would be a consent to both."""
    made = Tables(Layout.SORTED, [], [GOOD])
    terms = replace(made.terms(), purposes={"training": 3, "testing": 3})
    path = tmp_path / "consents.parquet"
    write_consents(path, batches([GOOD], "consents", Layout.SORTED), terms, folded=False)
    with pytest.raises(Misuse, match=r"^snapshot\.malformed-metadata"):
        open_snapshot(path)


def test_a_records_file_is_no_consents_file(tmp_path: Path) -> None:
    """Each reader opens its own kind alone, and a finished file is never overwritten."""
    made = tables(Layout.SORTED, seed=3)
    records, consents = made.write(tmp_path, folded=True)
    with pytest.raises(Misuse, match=r"^snapshot\.other-format"):
        open_snapshot(records)
    with pytest.raises(Misuse, match=r"^snapshot\.other-format"):
        open_records(consents)
    with pytest.raises(Misuse, match=r"^file\.not-found"):
        open_records(tmp_path / "nothing.parquet")
    before = consents.read_bytes()
    with pytest.raises(Misuse, match=r"^snapshot\.already-there"):
        write_consents(consents, [], made.terms(), folded=True)
    assert consents.read_bytes() == before


@pytest.mark.parametrize("layout", Layout)
def test_duplicate_and_unsorted_records_are_refused(tmp_path: Path, layout: Layout) -> None:
    """The same record twice for one person, and one out of its place."""
    made = tables(layout, seed=3)
    for name, rows in {
        "snapshot.duplicate": [made.records[0], *made.records],
        "snapshot.unsorted": [made.records[-1], *made.records[:-1]],
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        records, _ = Tables(layout, rows, []).write(folder, folded=False)
        with pytest.raises(Misuse) as caught:
            check_records(open_records(records))
        assert caught.value.name == name

"""PostgreSQL, started for real: it decides as the rules mean, and keeps the ledger as SQLite does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dongui.custody.ledger import LoggedLedger, Pending
from dongui.custody.schema import EventKind, Layout
from dongui.custody.snapshot import open_snapshot
from dongui.custody.snapshot_rows import check_consents
from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Trouble
from dongui.storage.postgresql.connections import connect
from dongui.storage.postgresql.custody_ledger import PostgresEventStore
from dongui.storage.postgresql.decision_engine import decide_with_postgresql, load_tables
from dongui.storage.sqlite.custody_ledger import SqliteEventStore
from dongui.storage.sqlite.log import SqliteLog
from simulators import postgresql_server
from simulators.custody_cases import rules_of
from simulators.custody_ledgers import KEY, MovingClock, act, person
from simulators.custody_tables import tables

if postgresql_server.programs() is None:
    pytest.skip("PostgreSQL is not tested with: no server is installed", allow_module_level=True)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgresql_server.server() as started:
        yield started


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("folded", [True, False])
def test_postgresql_decides_as_the_rules_mean(
    address: str, tmp_path: Path, layout: Layout, folded: bool
) -> None:
    """The same data, the same answers, in the same order: both layouts, folded or not."""
    made = tables(layout, seed=12)
    records, consents = made.write(tmp_path, folded=folded)
    with connect(address) as connection:
        assert load_tables(connection, records, consents) == (layout, folded)
        for rules in [*rules_of("GDPR_2016_679")][::7]:
            batches = decide_with_postgresql(connection, rules, layout=layout, folded=folded)
            table = pa.Table.from_batches(list(batches))
            rows = list(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))
            assert rows == made.decided(rules)


def test_both_databases_export_the_same_snapshot(address: str, tmp_path: Path) -> None:
    """The same acts, the same rows; and an order that cannot be is refused by both."""
    exported = [
        *_exported(SqliteEventStore.open(tmp_path / "custody.sqlite"), tmp_path, "sqlite"),
        *_exported(PostgresEventStore.open(address), tmp_path, "postgresql"),
    ]
    # Blinds and checkpoints, which no two ledgers share, are not among the rows.
    assert exported[:2] == exported[2:]


def _exported(
    store: SqliteEventStore | PostgresEventStore, folder: Path, name: str
) -> list[list[dict[str, object]]]:
    with store, SqliteLog.open(folder / f"{name}.log", key=KEY) as log:
        ledger = LoggedLedger(store, log=log, clock=MovingClock(), entropy=SystemEntropy())
        assert ledger.register_people([person(2), person(1), person(2)]) == 2
        kept = ledger.append([act(1, EventKind.GIVEN), act(2, EventKind.GUARDIAN_GIVEN)])
        ledger.append([act(1, EventKind.WITHDRAWN)])
        with pytest.raises(Misuse, match=r"^snapshot\.withdrawn-before-given"):
            ledger.append([act(2, EventKind.WITHDRAWN, purpose="testing")])
        with pytest.raises(Misuse, match=r"^snapshot\.unknown-person"):
            ledger.append([act(3, EventKind.GIVEN)])
        assert ledger.latest(kept[1].key) == kept[1]
        assert ledger.check() == 3
        # What somebody said since, and who ever said something: what a withdrawal is carried out by.
        with ledger.events_since(1) as since:
            assert [(event.position, event.kind) for event in since] == [
                (1, EventKind.GUARDIAN_GIVEN),
                (2, EventKind.WITHDRAWN),
            ]
        assert ledger.register_people([person(4)]) == 1
        with ledger.people() as people:
            assert list(people) == [(0, person(2)), (1, person(1))]
        store.note(Pending(log.checkpoint().size, (replace(kept[1], position=-1),)))
        assert store.pending() == Pending(3, (replace(kept[1], position=-1),))
        store.strike()
        assert store.pending() is None
        found = []
        for layout in Layout:
            path = folder / f"{name}-{layout}.parquet"
            assert ledger.export(path, layout=layout, folded=False) == 3
            check_consents(open_snapshot(path))
            found.append(pq.read_table(path).to_pylist())
        return found


def test_postgresql_changes_and_deletes_no_event(address: str) -> None:
    """The rules stand in the database itself, for every program that does not own its tables."""
    with PostgresEventStore.open(address), psycopg.connect(address, autocommit=True) as connection:
        for statement in (
            "UPDATE event SET state = 1",
            "DELETE FROM event",
            "TRUNCATE event CASCADE",
            "DELETE FROM person",
            "UPDATE recipient SET id = 'x'",
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                connection.execute(statement)


def test_one_writer_at_a_time(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer waits, and is told when it has waited too long."""
    monkeypatch.setattr("dongui.storage.postgresql.custody_ledger._WAIT_MS", 50)
    with (
        PostgresEventStore.open(address) as one,
        PostgresEventStore.open(address) as two,
        one.exclusively(),
        pytest.raises(Trouble, match=r"^storage\.locked"),
        two.exclusively(),
    ):
        pass


def test_a_server_that_is_not_there_is_trouble() -> None:
    """An outage says nothing about anybody's consent."""
    with pytest.raises(Trouble, match=r"^storage\.failed"):
        connect("host=/nonexistent dbname=custody")


def test_postgresql_forgets_a_person_and_keeps_everybody_else(address: str, tmp_path: Path) -> None:
    """Events and id are gone, the number stays taken, and the rules stand again afterwards."""
    with PostgresEventStore.open(address) as store, SqliteLog.open(tmp_path / "log", key=KEY) as log:
        ledger = LoggedLedger(store, log=log, clock=MovingClock(), entropy=SystemEntropy())
        before = ledger.register_people([person(901), person(902)])
        assert before == 2
        number = ledger.number(person(901))
        assert ledger.erase(person(901)) == 0
        assert ledger.number(person(901)) is None
        ledger.register_people([person(903)])
        assert ledger.number(person(903)) not in (None, number)
    test_postgresql_changes_and_deletes_no_event(address)

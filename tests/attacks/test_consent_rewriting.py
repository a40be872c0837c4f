"""Attack: whoever can write to the ledger's file rewrites what somebody agreed to."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators.consent_office import given, record_for, registered

STATEMENTS = [
    f"{action} {table}{rest}"
    for table in ("record", "event", "notice", "handle_key")
    for action, rest in (
        ("DELETE FROM", ""),
        ("UPDATE OR REPLACE", " SET rowid = rowid"),
        ("INSERT OR REPLACE INTO", " SELECT * FROM {table}"),
        ("REPLACE INTO", " SELECT * FROM {table} LIMIT 1"),
    )
]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_rows_can_be_neither_changed_nor_deleted_nor_replaced(
    tmp_path: Path, statement: str, recursive: str
) -> None:
    """Append-only is the tables' own rule: another program with the file open is held to it too."""
    purpose = registered()
    with SqliteLedger.open(tmp_path / "a", entropy=SystemEntropy()) as ledger:
        ledger.handle_key("airport-gate")
        ledger.open_record(given(record_for(purpose)), purpose.notice("ko"))
    other = sqlite3.connect(tmp_path / "a")
    other.execute(f"PRAGMA recursive_triggers = {recursive}")
    table = next(name for name in ("record", "event", "notice", "handle_key") if f" {name}" in statement)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement.format(table=table))
    other.close()


@pytest.mark.parametrize("sequence", [0, 1, 3, 99])
def test_events_leave_no_gap_and_no_second_beginning(tmp_path: Path, sequence: int) -> None:
    """An event slipped in beside the order is refused by the table."""
    purpose = registered()
    with SqliteLedger.open(tmp_path / "a", entropy=SystemEntropy()) as ledger:
        history = given(record_for(purpose))
        ledger.open_record(history, purpose.notice("ko"))
    other = sqlite3.connect(tmp_path / "a")
    with pytest.raises(sqlite3.IntegrityError):
        other.execute("INSERT INTO event VALUES (?, ?, x'a0')", (history.record.id, sequence))
    other.close()

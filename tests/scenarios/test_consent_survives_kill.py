"""The ledger's process is killed at random instants: what it acknowledged is there, and nothing by halves."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators import consent_appender
from simulators.consent_office import RECORD_ID, given, record_for, registered
from simulators.killed_children import kills

KILLS = 44
# Each begins with a short history: what it costs to open one grows with it.
LEDGERS = 4


def begin(path: Path) -> None:
    purpose = registered()
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        ledger.open_record(given(record_for(purpose)), purpose.notice("ko"))


def test_every_acknowledged_event_survives_kill_at_any_instant(tmp_path: Path) -> None:
    """After each of 44 kills: every acknowledged event is there, at most one more, all whole and in order."""
    chance = random.Random()
    paths = [tmp_path / f"{number}.sqlite" for number in range(LEDGERS)]
    for path in paths:
        begin(path)
    with kills(consent_appender.__file__) as program:
        for turn in range(KILLS):
            path = paths[turn % LEDGERS]
            # From the first acknowledgement on, so that the kill falls into the work, not before it.
            acknowledged = program.kill(chance.random() * 0.03, str(path), RECORD_ID.hex())
            check(path, max(acknowledged))


def check(path: Path, acknowledged: int) -> None:
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        history = ledger.history(RECORD_ID)
    # One event may have become durable in the instant before its acknowledgement was printed.
    assert acknowledged <= len(history.events) <= acknowledged + 1
    for number, event in enumerate(history.events[1:], start=1):
        assert event.entity == f"{number:064x}"
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()

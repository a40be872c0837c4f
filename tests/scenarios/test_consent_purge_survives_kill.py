"""A desk that destroys records is killed at random instants: never half a record, never a rule missing, and
never a record gone, or a consent expired, of which the log does not say so.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from dongui.consent.events import EventKind, History
from dongui.consent.expiry import expiry
from dongui.demo.story import CONTROLLER
from dongui.desk import Desk, create_desk
from dongui.desk.destruction import destruction_entry, expiry_entry
from dongui.environment import FixedClock, SystemEntropy
from dongui.log.entry import Entry, EntryKind
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators import consent_purger
from simulators.consent_archive import KEPT_FOR, Archive, an_archive
from simulators.consent_office import DAY, NOON
from simulators.killed_children import kills

KILLS = 20
LEDGER = "ledger.sqlite"
TABLES = ("notice", "record", "event", "handle_key")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    desk = tmp_path_factory.mktemp("archive") / "desk"
    create_desk(desk, CONTROLLER, entropy=SystemEntropy())
    return an_archive(desk / LEDGER, people=120, seed=3)


def rules(path: Path) -> dict[str, str]:
    raw = sqlite3.connect(path)
    found = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    raw.close()
    return found


def test_whoever_is_killed_while_destroying_leaves_every_record_whole_or_gone(
    archive: Archive, tmp_path: Path
) -> None:
    """After each of 20 kills: what was reported is destroyed, at most one more day's, and all rules stand.

    Law (charter, point 5): whatever is gone from the ledger, or expired in it, is in the log; what the log
    says more of is over, and goes when the desk is opened next.
    """
    chance, expected = random.Random(), rules(archive.path)
    with kills(consent_purger.__file__) as program:
        for kill in range(KILLS):
            path = tmp_path / str(kill)
            shutil.copytree(archive.path.parent, path)
            days = program.kill(chance.random() * 0.12, str(path))
            check(archive, path, max(days), expected)


def check(archive: Archive, path: Path, day: int, expected: dict[str, str]) -> None:
    require_append_only(path / LEDGER)
    assert rules(path / LEDGER) == expected
    told, at_most = NOON + day * DAY + KEPT_FOR, NOON + (day + 1) * DAY + KEPT_FOR
    due = {destruction_entry(person.history.record.id) for person in archive.over(at_most)}
    with SqliteLedger.open(path / LEDGER, entropy=SystemEntropy()) as ledger:
        # The next day may have been durable in the instant before it was told: first what ran out on it.
        found = ledger.list_records()
        assert found in (
            run_out(archive.remaining(told), told),
            run_out(archive.remaining(told), at_most),
            run_out(archive.remaining(at_most), at_most),
        )
    left = {history.record.id for history in found}
    everybody = {person.history.record.id for person in archive.people}
    gone = {destruction_entry(record) for record in everybody - left}
    expired = {expiry_entry(history) for history in found if history.state is EventKind.EXPIRED}
    # Opened before anything of it is purged, at a time at which nothing is over.
    with Desk(path, clock=FixedClock(NOON), entropy=SystemEntropy()) as desk:
        assert gone <= logged(desk, EntryKind.CONSENT_DESTROYED) <= due
        assert expired <= logged(desk, EntryKind.CONSENT)
    # Whoever opens next finishes what was begun, to the last byte.
    with Desk(path, clock=FixedClock(at_most), entropy=SystemEntropy()) as desk:
        assert desk.ledger.list_records() == run_out(archive.remaining(at_most), at_most)
        assert logged(desk, EntryKind.CONSENT_DESTROYED) == due
        kept = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    for word in (word for person in archive.over(at_most) for word in person.words):
        assert word not in kept


def run_out(histories: Sequence[History], at: datetime) -> list[History]:
    """The same with what ran out by ``at`` written down."""
    events = [(history, expiry(history, at=at)) for history in histories]
    return [history if event is None else history.follow(event) for history, event in events]


def logged(desk: Desk, kind: EntryKind) -> set[Entry]:
    """What the log says was destroyed, or ran out; it holds nothing else."""
    entries = {desk.log.entry(index) for index in range(desk.log.checkpoint().size)}
    assert {entry.kind for entry in entries} <= {EntryKind.CONSENT, EntryKind.CONSENT_DESTROYED}
    return {entry for entry in entries if entry.kind is kind}


def require_append_only(path: Path) -> None:
    """Before anybody of ours opens it again: another program still cannot delete a row."""
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in TABLES:
        if raw.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(f"DELETE FROM {table}")
    raw.close()

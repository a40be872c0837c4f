"""The ledger's process is killed at random instants: what it acknowledged is there, and nothing by halves."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators import consent_appender
from simulators.consent_office import RECORD_ID, given, record_for, registered

KILLS = 44
# Children start side by side, one a ledger: most of a child's life is Python loading modules.
AT_ONCE = 4


def begin(path: Path) -> None:
    purpose = registered()
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        ledger.open_record(given(record_for(purpose)), purpose.notice("ko"))


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, consent_appender.__file__, str(path), RECORD_ID.hex()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_while_appending(child: subprocess.Popen[str], chance: random.Random) -> int:
    """Wait for one acknowledgement, then kill at a random instant; return the last number acknowledged."""
    with child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(chance.random() * 0.03)
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
    assert child.returncode == -signal.SIGKILL
    # A line without its end was never a whole acknowledgement.
    return max(int(line) for line in lines if line.endswith("\n"))


def test_every_acknowledged_event_survives_kill_at_any_instant(tmp_path: Path) -> None:
    """After each of 44 kills: every acknowledged event is there, at most one more, all whole and in order."""
    chance = random.Random()
    paths = [tmp_path / f"{number}.sqlite" for number in range(AT_ONCE)]
    for path in paths:
        begin(path)
    kills = 0
    while kills < KILLS:
        children = [start(path) for path in paths]
        acknowledged = [kill_while_appending(child, chance) for child in children]
        for path, number in zip(paths, acknowledged, strict=True):
            check(path, number)
            kills += 1


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

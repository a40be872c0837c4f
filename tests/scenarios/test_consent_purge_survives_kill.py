"""A process that destroys records is killed at random instants: never half a record, never a rule missing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators import consent_purger
from simulators.consent_archive import KEPT_FOR, Archive, an_archive
from simulators.consent_office import DAY, NOON

KILLS = 20
# Children start side by side, one a ledger: most of a child's life is Python loading modules.
AT_ONCE = 4
TABLES = ("notice", "record", "event", "handle_key")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return an_archive(tmp_path_factory.mktemp("archive") / "ledger", people=120, seed=3)


def start(path: Path) -> subprocess.Popen[str]:
    tests = str(Path(consent_purger.__file__).parent.parent)
    search = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": search}
    command = [sys.executable, consent_purger.__file__, str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill_while_purging(child: subprocess.Popen[str], chance: random.Random) -> int:
    """Wait for the first day to be done, then kill at a random instant; return the last day told."""
    with child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(chance.random() * 0.12)
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
    assert child.returncode == -signal.SIGKILL
    return max(int(line) for line in lines if line.endswith("\n"))


def rules(path: Path) -> dict[str, str]:
    raw = sqlite3.connect(path)
    found = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    raw.close()
    return found


def copies(archive: Archive, folder: Path) -> Iterator[Path]:
    for number in range(AT_ONCE):
        path = folder / str(number) / "ledger"
        path.parent.mkdir(parents=True)
        shutil.copy(archive.path, path)
        yield path


def test_whoever_is_killed_while_destroying_leaves_every_record_whole_or_gone(
    archive: Archive, tmp_path: Path
) -> None:
    """After each of 20 kills: what was reported is destroyed, at most one more day's, and all rules stand."""
    chance, expected = random.Random(), rules(archive.path)
    for turn in range(KILLS // AT_ONCE):
        paths = list(copies(archive, tmp_path / f"turn {turn}"))
        children = [start(path) for path in paths]
        days = [kill_while_purging(child, chance) for child in children]
        for path, day in zip(paths, days, strict=True):
            check(archive, path, day, expected)


def check(archive: Archive, path: Path, day: int, expected: dict[str, str]) -> None:
    require_append_only(path)
    assert rules(path) == expected
    told, at_most = NOON + day * DAY + KEPT_FOR, NOON + (day + 1) * DAY + KEPT_FOR
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        # The next day may have been durable in the instant before it was told.
        assert ledger.list_records() in (archive.remaining(told), archive.remaining(at_most))
        # Whoever opens next finishes what was begun, to the last byte.
        ledger.purge(at=at_most)
        assert ledger.list_records() == archive.remaining(at_most)
        kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for word in (word for person in archive.over(at_most) for word in person.words):
        assert word not in kept


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

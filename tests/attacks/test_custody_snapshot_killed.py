"""Killed with SIGKILL at random instants: ledger, log and snapshots agree afterwards, every time."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dongui.custody.schema import EventKind, Layout
from dongui.custody.snapshot import open_snapshot
from dongui.custody.snapshot_rows import check_consents
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey
from simulators.custody_ledgers import act, office, person

KILLS = 30
SECRET = SignerKey.generate("custody.example/killed", entropy=SystemEntropy())


def killed_after(seconds: float, work: Callable[[], None]) -> None:
    """Run ``work`` in a process of its own and kill it; it may have ended before."""
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a process with threads forks; the child only dies
def test_killed_while_appending_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Every event in the ledger has its entry in the log, and every entry in the log its event."""
    with office(tmp_path, key=SECRET) as opened:
        opened.ledger.register_people(person(number) for number in range(2_000))
    chance = random.Random(4)
    for turn in range(KILLS):

        def work(turn: int = turn) -> None:
            with office(tmp_path, key=SECRET) as opened:
                for number in range(60):
                    several = [
                        act(number * 10 + each, EventKind.GIVEN, purpose=f"{turn}") for each in range(10)
                    ]
                    opened.ledger.append(several)

        killed_after(chance.uniform(0.002, 0.06), work)
    with office(tmp_path, key=SECRET) as opened:
        opened.ledger.append([act(1_999, EventKind.GIVEN, purpose="last")])
        with opened.store.reading() as reader:
            rows = [row for batch in reader.rows(Layout.SORTED) for row in batch.to_pylist()]
            purposes, _ = reader.dictionaries()
        assert sorted(row["position"] for row in rows) == list(range(opened.log.checkpoint().size))
        assert len(rows) > KILLS  # Something did get through, or nothing was tested.
        for purpose in purposes.keys() - {"last"}:
            latest = opened.ledger.latest(act(0, EventKind.GIVEN, purpose=purpose).key)
            assert latest is not None
            assert opened.log.entry(latest.position) == latest.entry()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_killed_while_exporting_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    """What bears a snapshot's name is whole; anything less has no such name, and the next export goes on."""
    with office(tmp_path, key=SECRET) as opened:
        opened.ledger.register_people(person(number) for number in range(2_000))
        opened.ledger.append([act(number, EventKind.GIVEN) for number in range(2_000)])
    chance = random.Random(5)
    finished = unfinished = 0
    for turn in range(KILLS):
        path = tmp_path / f"{turn}.parquet"

        def work(path: Path = path) -> None:
            with office(tmp_path, key=SECRET) as opened:
                opened.ledger.export(path, layout=Layout.GENERAL, folded=True)

        killed_after(chance.uniform(0.002, 0.06), work)
        if path.exists():
            snapshot = open_snapshot(path)
            check_consents(snapshot)
            assert snapshot.rows == 2_000
            finished += 1
        else:
            unfinished += 1
    assert unfinished > 0
    with office(tmp_path, key=SECRET) as opened:
        assert opened.ledger.export(tmp_path / "at-last.parquet", layout=Layout.GENERAL, folded=True) == 2_000
    assert finished + unfinished == KILLS

"""Replay: the same session twice, from two processes at once, or by killing the one that consumed it."""

from __future__ import annotations

import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.errors import Refused
from dongui.storage.sqlite.sessions import SqliteSessions
from simulators.session_consumers import start_consumer
from simulators.sessions import NOON, a_session

KILLS = 40


def save_sessions(path: Path, count: int) -> list[str]:
    with SqliteSessions.open(path, entropy=SystemEntropy()) as sessions:
        kept = [a_session() for _ in range(count)]
        for session in kept:
            sessions.save(session)
    return [session.id for session in kept]


def reported(reports: Connection) -> list[str]:
    """What the process said until its end of the pipe closed."""
    said: list[str] = []
    try:
        while True:
            said.append(reports.recv_bytes().decode())
    except (EOFError, ConnectionResetError):  # the latter where it had not read all it was sent
        return said


def test_of_two_processes_racing_one_gets_the_session(tmp_path: Path) -> None:
    """Two verifiers hold one presentation at the same instant: each session is given out exactly once."""
    path = tmp_path / "sessions.db"
    ids = save_sessions(path, 40)
    racers = [start_consumer(path, ids), start_consumer(path, ids)]
    for _, reports in racers:
        reports.send_bytes(b"go")
    won = [reported(reports) for _, reports in racers]
    for process, _ in racers:
        process.join()
        assert process.exitcode == 0
    assert sorted(won[0] + won[1]) == sorted(ids)


@pytest.mark.slow
def test_killing_the_verifier_reopens_nothing(tmp_path: Path) -> None:
    """A consumption that was acknowledged outlives the process, at whatever instant it is killed.

    The one consumption under way at that instant may have happened or not; every session after it is open.
    """
    dice = random.Random(20261122)
    path = tmp_path / "sessions.db"
    left, acknowledged, cut_short = save_sessions(path, 8), 0, 0
    for _ in range(KILLS):
        left += save_sessions(path, 8 - len(left))
        process, reports = start_consumer(path, left)
        said = let_it_consume(reports, dice)
        process.kill()
        process.join()
        said += reported(reports)
        acknowledged += len(said)
        cut_short += len(said) < len(left)
        left = still_open(path, left, said)
    assert acknowledged > KILLS / 2, "the processes were killed before they did anything"
    assert cut_short > KILLS / 2, "the processes were killed after everything was done"


def let_it_consume(reports: Connection, dice: random.Random) -> list[str]:
    """Wait for some acknowledgements, then for a part of the time that the next one takes."""
    begun = time.monotonic()
    reports.send_bytes(b"go")
    said = [reports.recv_bytes().decode() for _ in range(dice.randrange(6))]
    each = (time.monotonic() - begun) / len(said) if said else 0.01
    time.sleep(dice.uniform(0, 1.5 * each))
    return said


def still_open(path: Path, ids: list[str], said: list[str]) -> list[str]:
    """Prove that what was said is over and what had not begun is open; return the latter."""
    assert said == ids[: len(said)]
    with SqliteSessions.open(path, entropy=SystemEntropy()) as sessions:
        for session_id in said:
            with pytest.raises(Refused, match="session.consumed"):
                sessions.consume(session_id, at=NOON)
        not_begun = ids[len(said) + 1 :]
        for session_id in not_begun:
            sessions.load(session_id, at=NOON)
    return not_begun

"""Killed at random instants, again and again: log and files agree, and nothing confirmed is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import dongui
from dongui.custody.corrections import read_corrections
from dongui.custody.release_opening import VerifiedRelease, effective_released, read_release, require_files
from dongui.custody.standing import ReleaseLog
from dongui.environment import SystemEntropy
from dongui.log.checking import check_log
from dongui.log.entry import EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import Tables
from simulators.release_victim import decide

# More by hand: DONGUI_KILLS=500.
KILLS = int(os.environ.get("DONGUI_KILLS", "40"))
VICTIM = Path(__file__).parent.parent / "simulators" / "release_victim.py"
KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())


class Victims:
    """The program that forks, and kills, one working process at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, seconds: float) -> list[int]:
        """Let one work for ``seconds``, kill it; return what it said was finished."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"go {seconds:.6f}\n")
        self._process.stdin.flush()
        said: list[int] = []
        for line in self._process.stdout:
            if line == "end\n":
                return said
            said.append(int(line.split()[1]))
        raise AssertionError("the program ended by itself")


@contextmanager
def victims(folder: Path, mode: str) -> Iterator[Victims]:
    """Start the program over ``folder``."""
    places = f"{Path(dongui.__file__).parents[1]}:{VICTIM.parents[1]}"
    with subprocess.Popen(
        [sys.executable, str(VICTIM), str(folder), KEY.text(), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": places, "PATH": "/usr/bin:/bin"},
    ) as process:
        yield Victims(process)
        process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small tables, and a log that has just begun."""
    with SqliteLog.open(tmp_path / "log.sqlite", key=KEY) as log:
        Tables(3, records=300, people=100).write(tmp_path, checkpoint=log.checkpoint())
    return tmp_path


def logged(log: SqliteLog, kind: EntryKind) -> int:
    """Count entries."""
    return sum(log.entry(index).kind is kind for index in range(log.checkpoint().size))


def finished(folder: Path) -> list[VerifiedRelease]:
    """Open everything that stands under its own name, all of it checked."""
    found = [read_release(path, key=KEY.verifier) for path in sorted(folder.glob("decision-*"))]
    for release in found:
        require_files(release)
        effective_released(release)
    return found


def test_the_gate_killed_at_random_instants(folder: Path) -> None:
    """After each kill every finished folder has its own entry, and the log at most one entry more than that.

    The one more is the draft's that was being finished, and finishing it adds none.
    """
    draw = random.Random(1)
    said: set[int] = set()
    between = 0
    with victims(folder, "decide") as running:
        said.update(running.run(2.0))
        # As long as one takes on this machine now, so that kills fall everywhere into it.
        each = 2.0 / max(1, len(said))
        for _ in range(KILLS):
            said.update(running.run(draw.uniform(0.002, 2 * each)))
            with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
                releases = finished(folder)
                assert len({release.logged.index for release in releases}) == len(releases)
                assert len(releases) > max(said, default=-1)
                more = logged(log, EntryKind.RELEASE) - len(releases)
                assert more in (0, 1)
                between += more
                if more:
                    decide(folder, ReleaseLog(log, KEY.verifier), len(releases))
                    assert logged(log, EntryKind.RELEASE) == len(finished(folder)) == len(releases) + 1
    assert said
    with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
        check_log(log)
    print(f"{len(said)} confirmed, {each:.3f} s each, {between} kills between entry and name")


def test_corrections_killed_at_random_instants(folder: Path) -> None:
    """Whatever was confirmed is taken out and logged; at most the last line waits for its entry."""
    with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
        decide(folder, ReleaseLog(log, KEY.verifier), 0)
    release = read_release(folder / "decision-00000", key=KEY.verifier)
    draw = random.Random(2)
    confirmed = -1
    with victims(folder, "correct") as running:
        for _ in range(KILLS):
            confirmed = max([confirmed, *running.run(draw.uniform(0.002, 0.04))])
            made = read_corrections(release.path, release.id)
            assert [one.first for one in made] == list(range(len(made)))
            assert len(made) > confirmed
            with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
                assert len(made) - logged(log, EntryKind.CORRECTION) in (0, 1)
    assert confirmed > 0

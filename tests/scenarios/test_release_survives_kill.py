"""Killed at random instants, again and again: log and files agree, and nothing confirmed is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import dongui
from dongui.custody.corrections import read_corrections
from dongui.custody.release_opening import VerifiedRelease, effective_released, read_release, require_files
from dongui.custody.standing import ReleaseLog
from dongui.environment import SystemEntropy
from dongui.log.checking import check_log
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.release_tables import Tables
from simulators.release_victim import decide

# More by hand: DONGUI_KILLS=1000.
KILLS = int(os.environ.get("DONGUI_KILLS", "200"))
MANY = 250
VICTIM = Path(__file__).parent.parent / "simulators" / "release_victim.py"
KEY = SignerKey.generate("controller.example/log", entropy=SystemEntropy())


class Victims:
    """The program that forks, and kills, one working process at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, instants: int) -> list[int]:
        """Let one work up to an instant, from 1, and be killed there; return what it said was finished."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"at {instants}\n")
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
def folder() -> Iterator[Path]:
    """Small tables, and a log that has just begun; in memory where it can be.

    A kill takes nothing from the kernel, so there is no disk to wait for.
    """
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        path = Path(name)
        with SqliteLog.open(path / "log.sqlite", key=KEY) as log:
            Tables(3, records=300, people=100).write(path, checkpoint=log.checkpoint())
        yield path


def logged(log: SqliteLog, kind: EntryKind) -> int:
    """Count entries."""
    head = Entry(kind, bytes(32)).encode()[:-32]
    return sum(entry.startswith(head) for _, entry, _ in log.rows(0, log.checkpoint().size))


class Finished:
    """Everything that stands under its own name; each release is read and compared once, when it appears."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[Path, VerifiedRelease] = {}

    def all(self) -> list[VerifiedRelease]:
        """Return them, by their names."""
        for path in sorted(self._folder.glob("decision-*")):
            if path not in self._found:
                release = read_release(path, key=KEY.verifier)
                require_files(release)
                effective_released(release)
                self._found[path] = release
        return list(self._found.values())


def test_the_gate_killed_at_random_instants(folder: Path) -> None:
    """After each kill every finished folder has its own entry, and the log at most one entry more than that.

    The one more is the draft's that was being finished, and finishing it adds none.
    """
    draw = random.Random(1)
    said: set[int] = set()
    between, finished = 0, Finished(folder)
    with victims(folder, "decide") as running:
        said.update(running.run(MANY))
        # Up to a decision's worth and a little more, so that kills fall everywhere into one.
        each = MANY // len(said)
        for _ in range(KILLS):
            said.update(running.run(draw.randint(1, each + 5)))
            with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
                releases = finished.all()
                assert len({release.logged.index for release in releases}) == len(releases)
                assert len(releases) > max(said, default=-1)
                more = logged(log, EntryKind.RELEASE) - len(releases)
                assert more in (0, 1)
                between += more
                if more:
                    decide(folder, ReleaseLog(log, KEY.verifier), len(releases))
                    assert logged(log, EntryKind.RELEASE) == len(finished.all()) == len(releases) + 1
    assert said
    # All of them once more, from the disk: nothing that was whole was touched afterwards.
    assert len(Finished(folder).all()) == len(finished.all())
    with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
        check_log(log)
    print(f"{len(said)} confirmed, {each} instants each, {between} kills between entry and name")


def test_corrections_killed_at_random_instants(folder: Path) -> None:
    """Whatever was confirmed is taken out and logged; at most the last line waits for its entry."""
    with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
        decide(folder, ReleaseLog(log, KEY.verifier), 0)
    release = read_release(folder / "decision-00000", key=KEY.verifier)
    draw = random.Random(2)
    confirmed = -1
    with victims(folder, "correct") as running:
        for _ in range(KILLS):
            confirmed = max([confirmed, *running.run(draw.randint(1, 60))])
            made = read_corrections(release.path, release.id)
            assert [one.first for one in made] == list(range(len(made)))
            assert len(made) > confirmed
            with SqliteLog.open(folder / "log.sqlite", key=KEY) as log:
                assert len(made) - logged(log, EntryKind.CORRECTION) in (0, 1)
    assert confirmed > 0

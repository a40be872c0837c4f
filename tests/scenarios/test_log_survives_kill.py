"""An answer is never handed out before its entry is durable: processes killed at random instants."""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import dongui
from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.log.checking import check_log
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.keys import SignerKey
from dongui.log.merkle import leaf_hash
from dongui.log.proofs import verify_consistency, verify_inclusion
from dongui.storage.sqlite.log import SqliteLog
from simulators.folder_in_memory import folder_in_memory

KILLS = 200
INSTANTS = 50
APPENDER = Path(__file__).parent.parent / "simulators" / "log_appender.py"
KEY = SignerKey.generate("log.example/killed", entropy=SystemEntropy())


@dataclass
class Promises:
    """What the killed processes had handed out."""

    entries: dict[int, str] = field(default_factory=dict)
    checkpoints: list[VerifiedCheckpoint] = field(default_factory=list)
    interrupted: int = 0  # kills that fell into an append


class Appenders:
    """The program that forks, and kills, one appending process at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, instants: int, promises: Promises, *, mode: str = "durable") -> None:
        """Let one process append, kill it after so many instants, and note what it had promised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"after {instants} {mode}\n")
        self._process.stdin.flush()
        begun: set[str] = set()
        for line in self._process.stdout:
            what, *values = line.split()
            if what == "end":
                promises.interrupted += bool(begun)
                return
            if what == "b":
                begun.add(values[0])
            elif what == "a":
                begun.discard(values[1])
                assert promises.entries.setdefault(int(values[0]), values[1]) == values[1]
            else:
                note = base64.b64decode(values[0])
                promises.checkpoints.append(verify_checkpoint(note, origin=KEY.name, key=KEY.verifier))
        raise AssertionError("the appending program ended by itself")


@contextmanager
def appenders(path: Path) -> Iterator[Appenders]:
    places = f"{Path(dongui.__file__).parents[1]}:{APPENDER.parents[1]}"
    with subprocess.Popen(
        [sys.executable, str(APPENDER), str(path), KEY.text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": places},
    ) as process:
        yield Appenders(process)
        assert process.stdin is not None
        process.stdin.close()


def kept(log: SqliteLog, promises: Promises, *, since: int = 0) -> bool:
    """Whether every entry promised from index ``since`` on is proved under the current checkpoint."""
    checkpoint = log.checkpoint()
    for index in (index for index in promises.entries if index >= since):
        leaf = bytes.fromhex(promises.entries[index])
        try:
            verify_inclusion(log.inclusion(index, checkpoint.size), leaf=leaf, root=checkpoint.root)
        except (Misuse, Refused):
            return False
    return True


def extends(log: SqliteLog, older: VerifiedCheckpoint) -> None:
    """Prove the log's current checkpoint consistent with an older one."""
    newer = log.checkpoint()
    if older.size:
        proof = log.consistency(older.size, newer.size)
        verify_consistency(proof, old_root=older.root, new_root=newer.root)


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as path:
        yield path


@pytest.mark.slow
def test_nothing_promised_is_lost_at_200_kills(folder: Path) -> None:
    """Killed at any instant, every entry acknowledged is in the log, and all checkpoints are of one history.

    One log lives through all the kills. What this cannot show is a power cut: there, durability rests on
    SQLite's synchronisation at each commit and on the disk telling the truth about it.
    """
    path, promises, chance = folder / "log.sqlite", Promises(), random.Random(6962)
    since = 0
    with appenders(path) as processes:
        for _ in range(KILLS):
            # From its first opening on, over several appends of three threads, whatever the pace.
            processes.run(chance.randint(1, INSTANTS), promises)
            with SqliteLog.open(path, key=KEY) as log:
                assert kept(log, promises, since=since)
                if promises.checkpoints:
                    extends(log, promises.checkpoints[-1])
                promises.checkpoints.append(log.checkpoint())
                since = log.checkpoint().size
    with SqliteLog.open(path, key=KEY) as log:
        assert kept(log, promises)
        for checkpoint in promises.checkpoints:
            extends(log, checkpoint)
        for index, leaf in promises.entries.items():
            assert leaf_hash(log.entry(index).encode()).hex() == leaf
        assert check_log(log).size == log.checkpoint().size
    # The kills must have hit something: many of them in the middle of an append.
    assert promises.interrupted > KILLS / 4
    assert len(promises.entries) > KILLS


@pytest.mark.slow
def test_an_answer_given_too_early_would_be_caught(folder: Path) -> None:
    """The control: a process that promises first and appends afterwards is found out by the same check."""
    path, chance = folder / "log.sqlite", random.Random(9162)
    with appenders(path) as processes:
        for _ in range(100):
            promises = Promises()
            processes.run(chance.randint(1, INSTANTS), promises, mode="early")
            with SqliteLog.open(path, key=KEY) as log:
                if not kept(log, promises):
                    return
    raise AssertionError("100 kills did not catch a process that answers before its entry is durable")

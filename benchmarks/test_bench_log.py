"""The log: durable appends a second, and proofs a second at a million entries beside pymerkle's.

Every append measured here is on disk when it returns (WAL, ``synchronous=FULL``) and covered by a signed
checkpoint. ``operations`` in the table's extra information is entries, or proofs, a second by the median.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Protocol

import pymerkle
import pytest

from dongui.environment import SystemEntropy
from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.entry import Entry, EntryKind
from dongui.log.group_commit import GroupCommit
from dongui.log.keys import SignerKey
from dongui.log.merkle import leaf_hash
from dongui.log.proofs import verify_inclusion
from dongui.storage.sqlite.log import SqliteLog

KEY = SignerKey.generate("log.example/bench", entropy=SystemEntropy())
MILLION = 1_000_000
AT_LEAST_BY_100 = 30_000  # entries a second
pytestmark = pytest.mark.benchmark(group="log")


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float]

    @property
    def stats(self) -> Metadata:
        """The measurement, once made."""

    def pedantic(
        self,
        target: Callable[..., object],
        args: tuple[object, ...] = (),
        *,
        setup: Callable[[], None] | None = None,
        rounds: int,
        warmup_rounds: int,
    ) -> object:
        """Call ``target`` so many times, each a round; ``setup`` before each, not measured."""


class Metadata(Protocol):
    """A finished measurement."""

    stats: Stats


class Stats(Protocol):
    """Seconds a round."""

    median: float


def entries(count: int) -> list[Entry]:
    return [Entry(EntryKind.VERIFICATION, os.urandom(32)) for _ in range(count)]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with SqliteLog.open(tmp_path / "log.sqlite", key=KEY) as opened:
        yield opened


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteLog]:
    """Our log with a million entries: about ten seconds to write."""
    with SqliteLog.open(tmp_path_factory.mktemp("log") / "log.sqlite", key=KEY) as log:
        for _ in range(MILLION // 100_000):
            log.append(entries(100_000))
        yield log


@pytest.fixture(scope="module")
def their_million(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pymerkle.SqliteTree]:
    """pymerkle's SQLite tree with a million entries of the same size, through its bulk operation."""
    tree = pymerkle.SqliteTree(str(tmp_path_factory.mktemp("pymerkle") / "tree.sqlite"))
    tree.append_entries(entry.encode() for entry in entries(MILLION))
    yield tree
    tree.close()


def say_rate(benchmark: Benchmark, operations: int) -> float:
    """Put the rate beside the times, and return it."""
    rate: float = operations / benchmark.stats.stats.median
    benchmark.extra_info["per second"] = round(rate)
    return rate


class BareDisk:
    """Writes 12 kB and waits until the disk has confirmed it: what any durable append has to wait for."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
        self._times: list[float] = []

    def synchronise(self) -> None:
        """Do it once, and note how long it took."""
        begin = perf_counter()
        os.write(self._descriptor, bytes(12_000))
        os.fdatasync(self._descriptor)
        self._times.append(perf_counter() - begin)

    def median(self) -> float:
        """Seconds."""
        os.close(self._descriptor)
        return median(self._times)


@pytest.mark.parametrize(("size", "rounds"), [(1, 300), (100, 200), (10_000, 20)])
def test_durable_appends(
    benchmark: Benchmark, log: SqliteLog, tmp_path: Path, size: int, rounds: int
) -> None:
    """One caller, one transaction and one synchronisation for each batch.

    Before each, the same amount is written bare. A machine busy with other work confirms any write only at
    its next scheduler tick (4 ms); the bound for batches of 100 is judged where the disk itself allows it.
    """
    batch, disk = entries(size), BareDisk(tmp_path / "bare")
    benchmark.pedantic(log.append, args=(batch,), setup=disk.synchronise, rounds=rounds, warmup_rounds=3)
    rate, bare = say_rate(benchmark, size), disk.median()
    benchmark.extra_info["bare synchronisation, ms"] = round(bare * 1000, 3)
    if size == 100 and bare < size / AT_LEAST_BY_100 / 2:
        assert rate >= AT_LEAST_BY_100


def test_durable_appends_of_64_callers(benchmark: Benchmark, log: SqliteLog) -> None:
    """Group commit: 64 threads, each appending one entry at a time and waiting until it is durable."""
    group, each = GroupCommit(log), 10

    def caller() -> None:
        for entry in entries(each):
            group.append([entry])

    def all_callers() -> None:
        threads = [threading.Thread(target=caller) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    benchmark.pedantic(all_callers, rounds=10, warmup_rounds=1)
    say_rate(benchmark, 64 * each)


def test_proofs_at_a_million(benchmark: Benchmark, million: SqliteLog) -> None:
    """An inclusion proof of a random entry under the latest checkpoint, from the file."""
    chance = random.Random(1)
    size = million.checkpoint().size
    benchmark.pedantic(
        lambda: million.inclusion(chance.randrange(size), size), rounds=3_000, warmup_rounds=100
    )
    say_rate(benchmark, 1)


def test_pymerkle_proofs_at_a_million(benchmark: Benchmark, their_million: pymerkle.SqliteTree) -> None:
    """The same of pymerkle, with its defaults. Its times lie far apart: fewer rounds would say little."""
    chance = random.Random(1)
    benchmark.pedantic(
        lambda: their_million.prove_inclusion(chance.randrange(MILLION) + 1), rounds=50, warmup_rounds=1
    )
    say_rate(benchmark, 1)


def test_a_verification_s_share(benchmark: Benchmark, million: SqliteLog) -> None:
    """What one verification asks of a log of a million: append, checkpoint, inclusion proof."""

    def one() -> VerifiedCheckpoint:
        index = million.append([entry])[0]
        checkpoint = million.checkpoint()
        proof = million.inclusion(index, checkpoint.size)
        verify_inclusion(proof, leaf=leaf_hash(entry.encode()), root=checkpoint.root)
        return checkpoint

    entry = entries(1)[0]
    benchmark.pedantic(one, rounds=300, warmup_rounds=3)
    say_rate(benchmark, 1)


def test_opening_a_million(benchmark: Benchmark, million: SqliteLog) -> None:
    """Opening checks size, root and last checkpoint: O(log size)."""
    path = million._database.path
    benchmark.pedantic(lambda: SqliteLog.open(path, key=KEY).close(), rounds=50, warmup_rounds=1)

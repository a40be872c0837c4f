"""The vault: images in and out, beside copies of the same bytes in the clear, made between its rounds.

300 MB as passport portraits (15 kB), face images (60 and 200 kB) and camera images (1 MB). "MB/s" is of
plaintext, in the median round; "times" a copy compares the fastest rounds, and the least processor time. A
plain copy is left to the kernel's cache; a durable one is synchronised every 100 MB, as the vault is. Before
each, what the one before left for the disk to do is done.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Protocol

import pytest

from dongui.custody.person_keys import Person
from dongui.custody.vault.fsck import check_vault
from dongui.custody.vault.keys import FileMasterKeys
from dongui.custody.vault.record_file import Basis, BasisKind
from dongui.custody.vault.vault import NewRecord, Vault
from dongui.environment import SystemClock, SystemEntropy
from dongui.storage.sqlite.vault_person_keys import SqliteVaultPersonKeys
from dongui.storage.vault_folder import VaultPlaces, create_vault, open_vault

pytestmark = pytest.mark.benchmark(group="vault")
TOTAL_BYTES = 300_000_000
BATCH_BYTES = 100_000_000
PIECE_BYTES = 5_000_000
SIZES = [15_000, 60_000, 200_000, 1_000_000]
ROUNDS = 5
CONSENT = Basis(BasisKind.CONSENT, "consent/bench")
PEOPLE = 100_000


class Benchmark(Protocol):
    """What is used of pytest-benchmark's fixture, which comes without types."""

    extra_info: dict[str, float | str]

    @property
    def stats(self) -> Metadata:
        """The measurement, once made."""

    def pedantic(
        self, target: Callable[..., object], *, setup: Callable[[], object] | None = None, rounds: int
    ) -> object:
        """Call ``target`` with what ``setup`` returns, so many times, each a round."""


class Metadata(Protocol):
    """A finished measurement."""

    stats: Stats


class Stats(Protocol):
    """Seconds a round."""

    median: float
    min: float


class Bench:
    """Vaults in a folder of their own, one after another."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def fresh(self) -> VaultPlaces:
        """Make an empty vault in the place of the one before.

        That one is deleted, as each copy is: whoever writes to memory the kernel has just been given back
        writes several times as fast as to memory the machine must find first.
        """
        shutil.rmtree(self._folder / str(self._count), ignore_errors=True)
        os.sync()
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        master = FileMasterKeys.create(folder / "master.key", entropy=SystemEntropy())
        places = VaultPlaces(folder / "vault", folder / "keys", master)
        create_vault(places, clock=SystemClock(), entropy=SystemEntropy())
        return places


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


class Copies:
    """Copies the same 300 MB again and again, and keeps the seconds each took."""

    def __init__(self, path: Path, source: memoryview) -> None:
        self._path, self._source = path, source
        self.plain: list[float] = []
        self.durable: list[float] = []
        self.durable_cpu: list[float] = []

    def make(self) -> None:
        """Make one of each kind, and one before them, so that no kind alone finds the memory cold."""
        self._seconds(durable=False)
        self._clear()
        self.plain.append(self._seconds(durable=False))
        self._clear()
        begin = process_time()
        self.durable.append(self._seconds(durable=True))
        self.durable_cpu.append(process_time() - begin)
        self._clear()

    def _seconds(self, *, durable: bool) -> float:
        begin = perf_counter()
        with self._path.open("wb", buffering=0) as file:
            for at in range(0, TOTAL_BYTES, BATCH_BYTES):
                for place in range(at, at + BATCH_BYTES, PIECE_BYTES):
                    file.write(self._source[place : place + PIECE_BYTES])
                if durable:
                    os.fdatasync(file.fileno())
        return perf_counter() - begin

    def _clear(self) -> None:
        self._path.unlink()
        os.sync()


@pytest.fixture
def source() -> memoryview:
    """300 MB."""
    return memoryview(os.urandom(TOTAL_BYTES))


@pytest.fixture
def copies(tmp_path: Path, source: memoryview) -> Copies:
    return Copies(tmp_path / "copy", source)


def records(source: memoryview, size: int) -> list[NewRecord]:
    """Return 300 MB of records, three to a person."""
    return [
        NewRecord(
            person=Person((number // 3).to_bytes(16), number // 3),
            record=os.urandom(16),
            number=number,
            basis=CONSENT,
            content=source[number * size : (number + 1) * size],
        )
        for number in range(TOTAL_BYTES // size)
    ]


def batches(several: list[NewRecord], size: int) -> Iterator[list[NewRecord]]:
    step = BATCH_BYTES // size
    yield from (several[at : at + step] for at in range(0, len(several), step))


def opened(places: VaultPlaces, *, write: bool) -> Iterator[Vault]:
    with open_vault(places, clock=SystemClock(), entropy=SystemEntropy(), write=write) as vault:
        yield vault


def put_all(places: VaultPlaces, several: list[NewRecord], size: int) -> None:
    for vault in opened(places, write=True):
        for batch in batches(several, size):
            vault.put(batch)


class Processor:
    """Keeps how many seconds of the processor each round of some work took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what is done within, in all threads."""
        begin = process_time()
        yield
        self.seconds.append(process_time() - begin)


def say(benchmark: Benchmark, size: int) -> None:
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["MB/s"] = round(TOTAL_BYTES / 1e6 / seconds)
    benchmark.extra_info["records a second"] = round(TOTAL_BYTES / size / seconds)


def say_beside(benchmark: Benchmark, size: int, copies: Copies, processor: Processor) -> None:
    say(benchmark, size)
    for kind, several in (("plain", copies.plain), ("durable", copies.durable)):
        benchmark.extra_info[f"{kind} copy, MB/s"] = round(TOTAL_BYTES / 1e6 / median(several))
        # The fastest of each: what else the machine does only ever slows one of them down.
        benchmark.extra_info[f"times a {kind} copy"] = round(benchmark.stats.stats.min / min(several), 2)
    least = min(processor.seconds)
    benchmark.extra_info["CPU, ms"] = round(1000 * least)
    benchmark.extra_info["CPU, times a durable copy"] = round(least / min(copies.durable_cpu), 2)


@pytest.mark.parametrize("size", SIZES)
def test_vault_put(benchmark: Benchmark, bench: Bench, source: memoryview, copies: Copies, size: int) -> None:
    """Put in batches of 100 MB, each durable on return."""
    several, processor = records(source, size), Processor()

    def setup() -> tuple[tuple[VaultPlaces], dict[str, object]]:
        places = bench.fresh()
        copies.make()
        return (places,), {}

    def put(places: VaultPlaces) -> None:
        with processor.counted():
            put_all(places, several, size)

    benchmark.pedantic(put, setup=setup, rounds=ROUNDS)
    say_beside(benchmark, size, copies, processor)


@pytest.mark.parametrize("size", SIZES)
def test_vault_read(
    benchmark: Benchmark, bench: Bench, source: memoryview, copies: Copies, size: int
) -> None:
    """Read everything back in the order of the disk, each buffer overwritten afterwards."""
    several, places, processor = records(source, size), bench.fresh(), Processor()
    put_all(places, several, size)

    def read() -> None:
        with processor.counted():
            for vault in opened(places, write=False):
                total = sum(len(one.content) for one in vault.read(record.record for record in several))
                assert total == len(several) * size

    benchmark.pedantic(read, setup=copies.make, rounds=ROUNDS)
    say_beside(benchmark, size, copies, processor)


@pytest.mark.parametrize("deep", [False, True])
def test_vault_fsck(benchmark: Benchmark, bench: Bench, source: memoryview, deep: bool) -> None:
    """Look through 20,000 records of 15 kB; ``deep`` decrypts every one."""
    several, places = records(source, 15_000), bench.fresh()
    put_all(places, several, 15_000)

    def check() -> None:
        for vault in opened(places, write=False):
            people = {one.person.id for one in several}
            assert check_vault(vault, key_holders=people, deep=deep).sound

    benchmark.pedantic(check, rounds=2)
    say(benchmark, 15_000)


@pytest.mark.parametrize("people", [1_000, PEOPLE])
def test_vault_destroying_a_key(benchmark: Benchmark, bench: Bench, people: int) -> None:
    """Overwrite one person's key among a thousand's and a hundred thousand's, durably."""
    places, gone = bench.fresh(), iter(range(people))
    with SqliteVaultPersonKeys.open(places.keys, master=places.master, entropy=SystemEntropy()) as keys:
        keys.draw([number.to_bytes(16) for number in range(people)])
        benchmark.pedantic(lambda: keys.destroy([next(gone).to_bytes(16)]), rounds=100)
    benchmark.extra_info["people"] = people


def test_vault_rotation(benchmark: Benchmark, bench: Bench) -> None:
    """Wrap a hundred thousand people's keys anew under a new master key, and destroy the old one."""
    places = bench.fresh()
    with SqliteVaultPersonKeys.open(places.keys, master=places.master, entropy=SystemEntropy()) as keys:
        keys.draw([number.to_bytes(16) for number in range(PEOPLE)])
        benchmark.pedantic(lambda: keys.rotate(clock=SystemClock()), rounds=3)
    benchmark.extra_info["people a second"] = round(PEOPLE / benchmark.stats.stats.median)

"""The vault: images in and out, beside a plain copy of the same bytes to a file synchronised alike.

300 MB as passport portraits (15 kB), face crops (60 kB) and camera images (1 MB); "MB/s" is of plaintext.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
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
SIZES = [15_000, 60_000, 1_000_000]
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


class Bench:
    """Vaults in a folder of their own, one after another."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def fresh(self) -> VaultPlaces:
        """Make an empty vault."""
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


def records(size: int) -> list[NewRecord]:
    """Return 300 MB of records, three to a person."""
    source = memoryview(os.urandom(TOTAL_BYTES))
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


def say(benchmark: Benchmark, size: int) -> None:
    seconds = benchmark.stats.stats.median
    benchmark.extra_info["MB/s"] = round(TOTAL_BYTES / 1e6 / seconds)
    benchmark.extra_info["records a second"] = round(TOTAL_BYTES / size / seconds)


@pytest.mark.parametrize("size", SIZES)
def test_vault_put(benchmark: Benchmark, bench: Bench, size: int) -> None:
    """Put in batches of 100 MB, each durable on return."""
    several = records(size)
    benchmark.pedantic(
        lambda places: put_all(places, several, size), setup=lambda: ((bench.fresh(),), {}), rounds=3
    )
    say(benchmark, size)


@pytest.mark.parametrize("size", SIZES)
def test_vault_read(benchmark: Benchmark, bench: Bench, size: int) -> None:
    """Read everything back in the order of the disk, each buffer overwritten afterwards."""
    several, places = records(size), bench.fresh()
    put_all(places, several, size)

    def read() -> None:
        for vault in opened(places, write=False):
            total = sum(len(one.content) for one in vault.read(record.record for record in several))
            assert total == len(several) * size

    benchmark.pedantic(read, rounds=3)
    say(benchmark, size)


@pytest.mark.parametrize("size", SIZES)
def test_plain_copy(benchmark: Benchmark, tmp_path: Path, size: int) -> None:
    """The same bytes, in the clear, to one file in writes of 8 MB, synchronised every 100 MB."""
    source = memoryview(os.urandom(TOTAL_BYTES))

    def copy() -> None:
        with (tmp_path / "copy").open("wb", buffering=0) as file:
            for at in range(0, TOTAL_BYTES, 8_000_000):
                file.write(source[at : at + 8_000_000])
                if at // BATCH_BYTES != (at + 8_000_000) // BATCH_BYTES:
                    os.fdatasync(file.fileno())
            os.fdatasync(file.fileno())

    benchmark.pedantic(copy, setup=lambda: (tmp_path / "copy").unlink(missing_ok=True), rounds=3)
    say(benchmark, size)


@pytest.mark.parametrize("deep", [False, True])
def test_vault_fsck(benchmark: Benchmark, bench: Bench, deep: bool) -> None:
    """Look through 20,000 records of 15 kB; ``deep`` decrypts every one."""
    several, places = records(15_000), bench.fresh()
    put_all(places, several, 15_000)

    def check() -> None:
        for vault in opened(places, write=False):
            people = {one.person.id for one in several}
            assert check_vault(vault, key_holders=people, deep=deep).sound

    benchmark.pedantic(check, rounds=2)
    say(benchmark, 15_000)


def test_vault_rotation(benchmark: Benchmark, bench: Bench) -> None:
    """Wrap a hundred thousand people's keys anew under a new master key, and destroy the old one."""
    places = bench.fresh()
    with SqliteVaultPersonKeys.open(places.keys, master=places.master, entropy=SystemEntropy()) as keys:
        keys.draw([number.to_bytes(16) for number in range(PEOPLE)])
        benchmark.pedantic(lambda: keys.rotate(clock=SystemClock()), rounds=3)
    benchmark.extra_info["people a second"] = round(PEOPLE / benchmark.stats.stats.median)

"""Killed at every instant there is, and at random ones: index, segments, keys, log agree; nothing is lost."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

import dongui
from dongui.log.entry import EntryKind
from simulators.folder_in_memory import folder_in_memory
from simulators.vault_office import VaultOffice, content, record_id
from simulators.vault_victim import BATCH, SCRIPT_BATCHES

# More by hand: DONGUI_KILLS=500.
KILLS = int(os.environ.get("DONGUI_KILLS", "100"))
VICTIM = Path(__file__).parent.parent / "simulators" / "vault_victim.py"


@dataclass
class Victim:
    """The program that is killed."""

    process: subprocess.Popen[str]

    def killed(self, how: str, instants: int, office: VaultOffice) -> bool:
        """Let one child work and be killed; return False if it came to its end before."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{how} {instants} {office.folder}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer in ("killed\n", "done\n")
        return answer == "killed\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as path:
        yield path


@pytest.fixture
def office(folder: Path) -> VaultOffice:
    (folder / "office").mkdir()
    return VaultOffice.create(folder / "office")


@pytest.fixture
def victim(office: VaultOffice) -> Iterator[Victim]:
    places = f"{Path(dongui.__file__).parents[1]}:{VICTIM.parents[1]}"
    with subprocess.Popen(
        [sys.executable, str(VICTIM), office.signer.text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": places},
        text=True,
    ) as process:
        yield Victim(process)


def test_killed_at_every_instant_the_vault_goes_on(office: VaultOffice, victim: Victim, folder: Path) -> None:
    """Before each opening, write, half write, synchronisation, cut, statement: what was said holds.

    The next run, or one more where that is killed too, soon after its start, finishes everything, once.
    """
    for instant in count(1):
        copy = office_copied(office, folder / "killed")
        if not victim.killed("at", instant, copy):
            break
        require_agreement(copy)
        if instant % 3 == 0 and victim.killed("at", 1 + instant // 3 % 20, copy):
            require_agreement(copy)
        assert not victim.killed("at", 10_000, copy)
        require_whole_script(copy)
        shutil.rmtree(copy.folder)
    assert instant > 150


def test_killed_at_random_instants_the_vault_goes_on(office: VaultOffice, victim: Victim) -> None:
    """However often, also within what SQLite and the kernel do; and each erasure is in the log once."""
    chance = random.Random(7)
    for _ in range(KILLS):
        assert victim.killed("after", chance.randint(1, 150), office)
        require_agreement(office)
    office.erase()
    kept, erased = said_of(office)
    checked = office.check()
    assert checked.sound
    assert not checked.unconfirmed_bytes
    with office.log() as log:
        entries = [log.entry(index).kind for index in range(log.checkpoint().size)]
    assert set(entries) == {EntryKind.ERASURE}
    assert len(kept) >= KILLS
    # A kill may come between the erasure and the word of it.
    assert len(erased) <= len(entries) <= len(erased) + KILLS
    assert len(erased) >= KILLS // 4


def office_copied(office: VaultOffice, folder: Path) -> VaultOffice:
    shutil.copytree(office.folder, folder)
    return VaultOffice.at(folder, office.signer)


def said_of(office: VaultOffice) -> tuple[set[int], set[int]]:
    """Return the records that were said to be kept, and the people who were said to be erased."""
    said = office.folder / "said"
    lines = said.read_text().splitlines() if said.exists() else []
    return (
        {int(line[2:]) for line in lines if line[0] == "k"},
        {int(line[2:]) for line in lines if line[0] == "e"},
    )


def require_agreement(office: VaultOffice) -> None:
    """See that nothing is wrong but an erasure that is noted, that all there is reads back, as was said."""
    faults = {fault.name for fault in office.check().faults}
    kept, erased = said_of(office)
    with office.open(write=False) as vault:
        begun = {one.person for one in vault.index.erasures()}
        assert faults == ({"vault.erasure-unfinished"} if begun else set())
        there = {row.record_number for row in vault.index.rows() if row.name.person not in begun}
        for one in vault.read(record_id(number) for number in there):
            assert bytes(one.content.view) == content(one.kept.record_number)
    # The first person of each batch is erased, and that may have been done and not said.
    missing = {number for number in kept - there if number // 3 not in erased}
    assert all(number // 3 % 2 == 0 for number in missing)
    assert not any(number // 3 in erased for number in there)
    # A batch is kept whole or not at all.
    assert all(first + 3 in there for first in (number - number % BATCH for number in there))


def require_whole_script(office: VaultOffice) -> None:
    """See that the script was worked through, and every erasure logged once."""
    checked = office.check()
    numbers = range(BATCH * SCRIPT_BATCHES)
    assert (checked.sound, checked.unconfirmed_bytes) == (True, 0)
    assert (checked.frames, checked.keys_without_records) == (len(numbers) // 2, 0)
    with office.log() as log:
        assert log.checkpoint().size == SCRIPT_BATCHES
    with office.open(write=False) as vault:
        for number in numbers:
            kept = vault.index.latest([record_id(number)])
            assert bool(kept) == (number // 3 % 2 == 1)

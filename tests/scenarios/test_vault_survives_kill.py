"""Killed at random instants, again and again: index, segments, keys, log agree; nothing confirmed is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

import dongui
from dongui.log.entry import EntryKind
from simulators.vault_office import VaultOffice, content, person, record_id

# More by hand: DONGUI_KILLS=500.
KILLS = int(os.environ.get("DONGUI_KILLS", "40"))
VICTIM = Path(__file__).parent.parent / "simulators" / "vault_victim.py"
UNFINISHED = {"vault.erasure-unfinished", "vault.no-person-key", "vault.record-disagrees"}


def run(process: subprocess.Popen[str], seconds: float, said: Path) -> list[str]:
    """Let one child work for ``seconds``, kill it; return what was said to be done until now."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"go {seconds:.6f}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "end\n"
    return said.read_text().splitlines() if said.exists() else []


# Open: in one run of several a kill left frames scrubbed with no erasure noted as begun, so that fsck finds
# them and nothing finishes them. Until that instant is understood this may fail, and the limits page says so.
@pytest.mark.xfail(strict=False, reason="a rare instant leaves scrubbed frames without their noted erasure")
def test_keeping_erasing_and_rotating_survive_being_killed(tmp_path: Path) -> None:
    """What was said to be kept reads back, what was said to be erased is gone, whatever came in between.

    Only an erasure that had begun may be unfinished, and the next run finishes it.
    """
    office = VaultOffice.create(tmp_path)
    chance = random.Random(7)
    kept: set[int] = set()
    erased: set[int] = set()
    interrupted = 0
    places = f"{Path(dongui.__file__).parents[1]}:{VICTIM.parents[1]}"
    with subprocess.Popen(
        [sys.executable, str(VICTIM), str(tmp_path), office.signer.text()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": places},
        text=True,
    ) as process:
        for _ in range(KILLS):
            for line in run(process, chance.uniform(0.02, 0.3), tmp_path / "said"):
                (kept if line[0] == "k" else erased).add(int(line[2:]))
            faults = {fault.name for fault in office.check().faults}
            interrupted += bool(faults)
            assert not faults or "vault.erasure-unfinished" in faults
            assert faults <= UNFINISHED
            require_kept(office, kept, erased)
    finished = {one.person for one in office.erase()}
    assert office.check().sound
    assert not office.check().unconfirmed_bytes
    with office.log() as log:
        entries = [log.entry(index).kind for index in range(log.checkpoint().size)]
    assert set(entries) == {EntryKind.ERASURE}
    assert len(erased) <= len(entries) <= len(erased) + interrupted + len(finished) + KILLS
    assert len(kept) > 30
    assert len(erased) >= 2


def require_kept(office: VaultOffice, kept: set[int], erased: set[int]) -> None:
    """See that everything confirmed is there and reads back, and nothing of the erased."""
    with office.open(write=False) as vault:
        begun = {one.person for one in vault.index.erasures()}
        gone = erased | {number // 3 for number in kept if person(number // 3).id in begun}
        maybe = {number for number in kept if number // 3 not in gone}
        # The erasure of a person may have been done and not said.
        unsaid = {number for number in maybe if not vault.index.of_person(person(number // 3).id)}
        assert len({number // 3 for number in unsaid}) <= KILLS
        assert all(number // 3 % 2 == 0 for number in unsaid)
        expected = {record_id(number): content(number) for number in maybe - unsaid}
        for one in vault.read(expected):
            assert bytes(one.content.view) == expected[one.kept.name.record]
        for number in erased:
            assert not vault.index.of_person(person(number).id)

"""Sealing and drawing keys, killed at drawn instants: log, register and key store agree afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from dongui.custody import open_release
from dongui.custody.membership_proof import Outcome, check_answer
from dongui.environment import FixedClock
from dongui.log.entry import EntryKind
from simulators import membership_sealer
from simulators.killed_from_outside import forked
from simulators.membership_office import AT, RECIPIENT, MembershipOffice, person

RELEASES, KILLS = 5, 14


def test_what_is_logged_is_there_and_what_is_there_is_logged(tmp_path: Path) -> None:
    """After every kill the same command finishes: one seal and one entry a release, one entry a key."""
    office = MembershipOffice.open(tmp_path)
    office.draw(range(100))
    names = [f"release-{number}" for number in range(RELEASES)]
    for seed, name in enumerate(names, start=1):
        office.decide(name, seed=seed)
    office.close()
    done = subprocess.run(
        [sys.executable, membership_sealer.__file__, str(tmp_path), "11", str(KILLS), *names],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    # Once a release is sealed, a child has little left to be killed in.
    assert int(done.stdout) > RELEASES * KILLS // 8
    office = MembershipOffice.reopen(tmp_path)
    try:
        office.draw([9999])  # finishes what a kill left of the last draw
        _agree(office, names)
    finally:
        office.close()


def test_a_seal_complete_but_for_its_name_is_not_logged_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one instant between dropping the intent and the rename, which no drawn kill is sure to hit."""
    office = MembershipOffice.open(tmp_path)
    office.draw(range(100))
    office.decide("release-0")
    office.close()

    def killed() -> None:
        monkeypatch.setattr(Path, "rename", _unless_a_folder)
        MembershipOffice.reopen(tmp_path).seal("release-0")

    assert os.WTERMSIG(os.waitpid(forked(killed), 0)[1]) == signal.SIGKILL
    assert not (tmp_path / "memberships" / ".000000.draft" / "intent.json").exists()
    office = MembershipOffice.reopen(tmp_path)
    try:
        office.seal("release-0")
        _agree(office, ["release-0"])
    finally:
        office.close()


def _unless_a_folder(path: Path, target: Path) -> None:
    if path.is_dir():
        os.kill(os.getpid(), signal.SIGKILL)
    os.replace(path, target)


def _agree(office: MembershipOffice, names: list[str]) -> None:
    entries = [office.log.entry(index) for index in range(office.log.checkpoint().size)]
    sealed = office.register.sealed()
    # 1. One entry for each seal, and no entry without one.
    logged = [index for index, entry in enumerate(entries) if entry.kind is EntryKind.MEMBERSHIP]
    assert logged == [one.index for one in sealed]
    assert len(sealed) == len(names)
    assert not [path.name for path in office.folder.glob("memberships/.*")]
    # 2. One entry for each key, and no entry without one.
    keys = {index: entry for index, entry in enumerate(entries) if entry.kind is EntryKind.PERSON_KEY}
    kept = {}
    for number in (*range(100), *range(1000, 10_000)):
        found = office.keys.key_of(person(number).id)
        if found is not None:
            kept[found.index] = found.secret.entry()
    assert kept == keys
    # 3. Every release opens, and every proof holds.
    for name in names:
        opened = open_release(
            office.folder / name,
            log_key=office.signer.verifier,
            trusted=None,
            recipient=RECIPIENT,
            clock=FixedClock(AT + timedelta(days=2)),
        )
        assert opened.count > 0
    key = office.key(0)
    checked = check_answer(office.answer(key), key=key, log_key=office.signer.verifier, trusted=None)
    assert checked.since_beginning
    assert checked.count(Outcome.NOTHING) == 0
    assert checked.unsealed == ()

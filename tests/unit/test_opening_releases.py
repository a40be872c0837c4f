"""Opening a release: only the sealed, logged, whole one, by its recipient, in its time, corrected."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dongui.custody import open_release
from dongui.custody.corrections import Correction, open_corrections
from dongui.custody.opening import OpenedRelease
from dongui.custody.release_opening import read_release
from dongui.custody.release_seal import read_seal
from dongui.environment import FixedClock
from dongui.errors import DonguiError, Refused, Undetermined
from dongui.log.checkpoint import sign_checkpoint, verify_checkpoint
from dongui.log.keys import SignerKey
from dongui.receipts.checking import LogEvidence, TrustedCheckpoint
from simulators.membership_office import AT, RECIPIENT, UNTIL, MembershipOffice


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MembershipOffice]:
    """An office with two sealed releases, ``first`` and ``second``."""
    opened = MembershipOffice.open(tmp_path_factory.mktemp("office"))
    opened.draw(range(100))
    for seed, name in ((2, "second"), (1, "first")):
        opened.release(name, seed=seed)
    yield opened
    opened.close()


@pytest.fixture
def first(office: MembershipOffice, tmp_path: Path) -> Path:
    """A copy of the release ``first`` as a recipient has it, to be spoiled."""
    return shutil.copytree(office.folder / "first", tmp_path / "first")


def open_it(
    office: MembershipOffice,
    folder: Path,
    *,
    recipient: str = RECIPIENT,
    at: datetime = AT + timedelta(days=2),
    trusted: TrustedCheckpoint | None = None,
    later: Sequence[Correction] = (),
) -> OpenedRelease:
    return open_release(
        folder,
        log_key=office.signer.verifier,
        trusted=trusted,
        recipient=recipient,
        clock=FixedClock(at),
        later=later,
    )


def rows(opened: OpenedRelease) -> list[tuple[int, int]]:
    return [(one["person"], one["record"]) for batch in opened.records() for one in batch.to_pylist()]


def test_a_recipient_gets_the_released_records_and_no_others(office: MembershipOffice, first: Path) -> None:
    """What opens is what was decided: every released record once, in order."""
    opened = open_it(office, first)
    found = rows(opened)
    assert sorted({person for person, _ in found}) == office.released()
    assert len(found) == opened.count > 0
    assert found == sorted(found)
    assert opened.corrected == 0
    assert opened.evidence is LogEvidence.LOG_ALONE


def test_every_later_correction_is_applied(office: MembershipOffice, first: Path) -> None:
    """Records taken out after the decision do not come out: by the journal, and by what the caller knows."""
    before = rows(open_it(office, first))
    release = read_release(first, key=office.signer.verifier)
    with open_corrections(first, release.id, log=office.release_log, entropy=office.entropy) as journal:
        journal.take_out(Correction(0, 150, 4))
    opened = open_it(office, first)
    after = rows(opened)
    assert 0 < len(after) < len(before)
    assert after == before[-len(after) :]
    assert (opened.count, opened.corrected) == (len(after), len(before) - len(after))
    assert rows(open_it(office, first, later=[Correction(100, 200, 9)])) == []


def spoil(path: Path) -> None:
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])


def take_from_second(name: str) -> Callable[[Path, Path], object]:
    return lambda folder, second: shutil.copy(second / name, folder / name)


def draft(name: str, content: bytes) -> Callable[[Path, Path], object]:
    return lambda folder, _: (folder / name).write_bytes(content)


def lose(name: str) -> Callable[[Path, Path], object]:
    return lambda folder, _: (folder / name).unlink()


def change(name: str) -> Callable[[Path, Path], object]:
    return lambda folder, _: spoil(folder / name)


FAULTS: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "not sealed": (lose("membership.seal"), "opening.not-sealed"),
    "another release's seal": (take_from_second("membership.seal"), "opening.seal-of-another"),
    "a seal that is none": (draft("membership.seal", b"\x80"), "opening.seal-malformed"),
    "a record added": (draft("released/00009.parquet", b"PAR1"), "release.file-differs"),
    "a table changed": (change("released/00000.parquet"), "release.file-differs"),
    "a reason changed": (change("refused/00000.parquet"), "release.file-differs"),
    "a table gone": (lose("released/00000.parquet"), "release.file-differs"),
    "the bitmap changed": (change("released.roaring"), "release.file-differs"),
    "the proof gone": (lose("log.proof"), "release.not-a-release"),
    "the manifest gone": (lose("manifest.json"), "release.not-a-release"),
    "another manifest": (take_from_second("manifest.json"), "release.not-in-log"),
    "a manifest that is none": (draft("manifest.json", b"{}"), "release.manifest-malformed"),
    "a simulation": (draft("simulation.json", b"{}"), "release.simulation"),
    "a journal cut into": (draft("corrections.journal", b"0 0 1 1\n"), "release.journal-damaged"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_name_and_opens_nothing(office: MembershipOffice, first: Path, fault: str) -> None:
    """One thing wrong, one name; no record comes out of it."""
    make, expected = FAULTS[fault]
    make(first, office.folder / "second")
    with pytest.raises(DonguiError) as caught:
        open_it(office, first)
    assert caught.value.name == expected


def test_only_its_recipient_opens_a_release(office: MembershipOffice, first: Path) -> None:
    """The people agreed to one recipient; another one's copy stays closed."""
    with pytest.raises(Refused, match=r"opening\.other-recipient"):
        open_it(office, first, recipient="other.example")


def test_a_release_opens_until_its_time_is_over_and_not_at_that_moment(
    office: MembershipOffice, first: Path
) -> None:
    """The last microsecond is in, the moment itself is out."""
    assert open_it(office, first, at=UNTIL - timedelta(microseconds=1)).count
    with pytest.raises(Refused, match=r"opening\.retention-over"):
        open_it(office, first, at=UNTIL)


def test_another_logs_key_opens_nothing(office: MembershipOffice, first: Path) -> None:
    """What one log proves, another's key does not confirm, even under the same name."""
    other = SignerKey.generate("office.example/log", entropy=office.entropy).verifier
    clock = FixedClock(AT + timedelta(days=2))
    with pytest.raises(Refused, match=r"log\.note-not-signed-by-key"):
        open_release(first, log_key=other, trusted=None, recipient=RECIPIENT, clock=clock)


def test_a_log_that_was_rewritten_opens_nothing(office: MembershipOffice, first: Path) -> None:
    """With a state known from elsewhere a fork is evidence; without a proof between them, undetermined."""
    seen = read_seal(read_release(first, key=office.signer.verifier), key=office.signer.verifier)
    state = seen.logged.checkpoint
    forged = sign_checkpoint(replace(state.checkpoint, root=bytes(32)), key=office.signer)
    fork = verify_checkpoint(forged, origin=state.checkpoint.origin, key=office.signer.verifier)
    same = open_it(office, first, trusted=TrustedCheckpoint(state, None))
    assert same.evidence is LogEvidence.SAME_STATE
    with pytest.raises(Refused, match=r"membership\.checkpoint-differs"):
        open_it(office, first, trusted=TrustedCheckpoint(fork, None))
    office.draw([500])
    with pytest.raises(Undetermined, match=r"membership\.checkpoint-not-comparable"):
        open_it(office, first, trusted=TrustedCheckpoint(office.log.checkpoint(), None))


def test_what_was_only_decided_does_not_open(office: MembershipOffice) -> None:
    """No root in the log, nothing handed out: deciding alone opens nothing."""
    third = office.decide("third", seed=3).path
    with pytest.raises(Refused, match=r"opening\.not-sealed"):
        open_it(office, third)
    office.seal("third")
    assert open_it(office, third).count > 0

"""Handing over: only what is released now, only to its recipient, and never a person's or master key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dongui.custody import open_release
from dongui.custody.corrections import Correction, open_corrections
from dongui.custody.opening import OpenedRelease
from dongui.custody.vault.parcel_reading import read_parcel
from dongui.custody.vault.recipient_key import RecipientKey
from dongui.custody.vault.release_keys import hand_over
from dongui.custody.vault.vault import NewRecord
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused
from simulators.membership_office import AT, RECIPIENT, MembershipOffice, person
from simulators.vault_office import CONSENT, VaultOffice, content, record_id

ENTROPY = SystemEntropy()
KEY = RecipientKey.draw(ENTROPY)


class Both:
    """An office with a sealed release, and a vault that keeps its records."""

    def __init__(self, folder: Path) -> None:
        (folder / "office").mkdir()
        (folder / "vault").mkdir()
        self.office = MembershipOffice.open(folder / "office")
        self.office.draw(range(100))
        self.office.release("first")
        self.vault = VaultOffice.create(folder / "vault")
        assert self.office.tables is not None
        records = self.office.tables.records
        pairs = zip(records["person"].tolist(), records["record"].tolist(), strict=True)
        with self.vault.open() as vault:
            vault.put(
                [
                    NewRecord(person(who), record_id(what), what, CONSENT, memoryview(content(what)))
                    for who, what in pairs
                ]
            )

    def open(self, *later: Correction) -> OpenedRelease:
        return open_release(
            self.office.folder / "first",
            log_key=self.office.signer.verifier,
            trusted=None,
            recipient=RECIPIENT,
            clock=FixedClock(AT + timedelta(days=2)),
            later=later,
        )

    def hand_over(self, out: Path, key: RecipientKey = KEY) -> int:
        with self.vault.open(write=False) as vault:
            return hand_over(self.open(), vault=vault, public_key=key.public, out=out).records


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    made = Both(tmp_path_factory.mktemp("both"))
    yield made
    made.office.close()


def numbers(opened: OpenedRelease) -> list[tuple[int, int]]:
    return [(one["person"], one["record"]) for batch in opened.records() for one in batch.to_pylist()]


def read(path: Path, opened: OpenedRelease, key: RecipientKey = KEY) -> list[tuple[int, int]]:
    """Return which records came out, having compared what they hold."""
    found = []
    for one in read_parcel(path, opened=opened, key=key):
        assert bytes(one.content.view) == content(one.record_number)
        found.append((one.person_number, one.record_number))
    return found


def test_the_recipient_reads_the_released_records_and_no_others(both: Both, tmp_path: Path) -> None:
    """Every released record comes out as it went in, once; a refused record's bytes are not even there."""
    opened = both.open()
    out = tmp_path / "parcel"
    assert both.hand_over(out) == opened.count > 20
    assert read(out, opened) == numbers(opened)
    with both.vault.open(write=False) as vault:
        released = {record for _, record in numbers(opened)}
        refused = [kept for kept in vault.index.rows() if kept.record_number not in released]
        assert refused
        whole = out.read_bytes()
        assert not any(kept.tag in whole or kept.name.record in whole for kept in refused)


def test_records_taken_out_later_do_not_come_out(both: Both, tmp_path: Path) -> None:
    """A recipient who opens the release again after a correction reads fewer records of the same parcel."""
    out = tmp_path / "parcel"
    both.hand_over(out)
    corrected = both.open(Correction(0, 150, 9))
    assert 0 < corrected.count < both.open().count
    assert read(out, corrected) == numbers(corrected)


def test_no_key_leaves_for_a_record_taken_out_before(tmp_path: Path) -> None:
    """After a withdrawal the parcel holds neither key nor bytes of that record."""
    both = Both(tmp_path)
    gone = numbers(both.open())[0]
    release = both.open().release
    with open_corrections(release.path, release.id, log=both.office.release_log, entropy=ENTROPY) as journal:
        journal.take_out(Correction(0, 100, 4))
    out = tmp_path / "parcel"
    assert both.hand_over(out) == both.open().count
    assert gone not in read(out, both.open())
    both.office.close()


def test_nobody_elses_key_opens_it(both: Both, tmp_path: Path) -> None:
    """Another private key, or the parcel of another recipient: refused before any record is read."""
    out = tmp_path / "parcel"
    both.hand_over(out)
    with pytest.raises(Refused, match=r"vault\.not-for-this-key"):
        read(out, both.open(), RecipientKey.draw(ENTROPY))


def test_neither_persons_nor_master_keys_are_in_a_parcel(both: Both, tmp_path: Path) -> None:
    """Not even wrapped: with the recipient's private key the parcel's keys are data keys alone."""
    out = tmp_path / "parcel"
    both.hand_over(out)
    whole = out.read_bytes()
    with both.vault.keys() as keys, keys._database.reading() as connection:
        wrapped = [row[0] for row in connection.execute("SELECT wrapped FROM key_slot")]
        (store,) = connection.execute("SELECT wrapped FROM store").fetchone()
    assert len(wrapped) > 50
    assert not any(one[13:45] in whole for one in [*wrapped, store])


def test_a_parcel_cut_off_or_changed_is_named(both: Both, tmp_path: Path) -> None:
    """Cut off at any place, or one byte changed anywhere: a named failure, and nothing wrong comes out."""
    out, other = tmp_path / "parcel", tmp_path / "other"
    both.hand_over(out)
    whole, opened = out.read_bytes(), both.open()
    for end in [*range(0, 60, 7), *range(60, len(whole), len(whole) // 25), len(whole) - 1]:
        other.write_bytes(whole[:end])
        with pytest.raises(DonguiError) as caught:
            read(other, opened)
        assert caught.value.name == "vault.parcel-malformed"
    for place in [*range(0, 60, 5), *range(60, len(whole), len(whole) // 40)]:
        other.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DonguiError) as caught:
            read(other, opened)
        assert caught.value.name in {
            "vault.parcel-malformed",
            "vault.parcel-of-another",
            "vault.not-for-this-key",
            "vault.content-altered",
        }
    other.write_bytes(whole + b"\0")
    with pytest.raises(Misuse, match=r"vault\.parcel-malformed"):
        read(other, opened)


def test_a_release_of_other_records_hands_nothing_over(both: Both, tmp_path: Path) -> None:
    """A vault that does not keep a released record, or keeps it for another person, hands over nothing."""
    empty = VaultOffice.create(tmp_path)
    released = numbers(both.open())
    with empty.open() as vault:
        attempts = [
            [],
            [
                NewRecord(person(9_999), record_id(what), what, CONSENT, memoryview(b"x"))
                for _, what in released
            ],
        ]
        for records in attempts:
            vault.put(records)
            with pytest.raises(Refused, match=r"vault\.release-disagrees"):
                hand_over(both.open(), vault=vault, public_key=KEY.public, out=tmp_path / "parcel")
    assert not list(tmp_path.glob("*parcel*"))


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), b"\1" + bytes(31)])
def test_a_key_everybody_could_open_is_refused(both: Both, tmp_path: Path, key: bytes) -> None:
    """Wrong lengths, and points of small order (RFC 7748, 6.1), are no recipient's key."""
    with (
        both.vault.open(write=False) as vault,
        pytest.raises(Misuse, match=r"vault\.recipient-key-malformed"),
    ):
        hand_over(both.open(), vault=vault, public_key=key, out=tmp_path / "parcel")


def test_a_parcel_is_never_written_over(both: Both, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    out = tmp_path / "parcel"
    out.write_bytes(b"mine")
    with pytest.raises(Misuse, match=r"vault\.parcel-exists"):
        both.hand_over(out)
    assert out.read_bytes() == b"mine"

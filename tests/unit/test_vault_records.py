"""Records go in and come out, on a basis, all or none, by one writer; nothing of them lies in the clear."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import dongui
from dongui.custody.person_keys import Person
from dongui.custody.vault.erasing import erase
from dongui.custody.vault.keys import FileMasterKeys
from dongui.custody.vault.record_file import MAX_CONTENT_BYTES, Basis, BasisKind
from dongui.custody.vault.vault import MAX_BATCH_RECORDS, NewRecord
from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.storage.vault_folder import VaultPlaces, create_vault
from simulators.vault_office import CLOCK, CONSENT, VaultOffice, content, new_record, person, record_id

MANY = range(40)


@pytest.fixture
def office(tmp_path: Path) -> VaultOffice:
    return VaultOffice.create(tmp_path)


def test_what_goes_in_comes_out(office: VaultOffice) -> None:
    """Every record reads back as it was given, one by one and together, over several segments."""
    with office.open(segment_bytes=20_000) as vault:
        vault.put([new_record(number) for number in MANY])
        assert len(vault.segments.sizes()) == 1
        for number in (40, 41, 42):
            vault.put([new_record(number, size=15_000)])
        assert len(vault.segments.sizes()) > 2
        together = {
            one.kept.record_number: bytes(one.content.view)
            for one in vault.read(record_id(number) for number in MANY)
        }
    assert together == {number: content(number) for number in MANY}
    assert [office.get(number) for number in MANY] == [content(number) for number in MANY]
    checked = office.check()
    assert checked.sound
    assert (checked.frames, checked.gaps, checked.keys_without_records) == (43, 0, 0)


def test_a_new_version_follows_the_latest_and_both_can_be_read(office: VaultOffice) -> None:
    """The latest is given by default; a version is never written twice, left out, or another person's."""
    with office.open() as vault:
        vault.put([new_record(1)])
        vault.put([new_record(1, version=2)])
        with vault.get(record_id(1)) as latest, vault.get(record_id(1), 1) as first:
            assert (bytes(latest.view), bytes(first.view)) == (content(1, version=2), content(1))
        for version, expected in ((2, "vault.record-exists"), (4, "vault.version-out-of-order")):
            with pytest.raises(Misuse) as caught:
                vault.put([new_record(1, version=version)])
            assert caught.value.name == expected
        with pytest.raises(Misuse, match=r"vault\.record-exists"):
            vault.put([replace(new_record(1, version=3), person=person(9))])
        with pytest.raises(Misuse, match=r"vault\.record-exists"):
            vault.put([new_record(5), new_record(5)])
        with pytest.raises(Misuse, match=r"vault\.record-exists"):
            vault.put([replace(new_record(6), number=1)])
        with pytest.raises(Misuse, match=r"vault\.no-such-record"):
            vault.get(record_id(1), 3)
        with pytest.raises(Misuse, match=r"vault\.no-such-record"):
            vault.get(record_id(5))
    assert office.check().sound


@pytest.mark.parametrize("reference", ["", " ", "\n", "x" * 201, "a\x00b"])
def test_no_record_without_a_basis(reference: str) -> None:
    """A consent or a ground that cannot be looked up is none; there is no record without one."""
    with pytest.raises(Misuse, match=r"vault\.basis-missing"):
        Basis(BasisKind.GROUND, reference)


WRONG: dict[str, tuple[NewRecord, str]] = {
    "empty": (replace(new_record(1), content=memoryview(b"")), "vault.record-too-large"),
    "too large": (
        replace(new_record(1), content=memoryview(bytes(MAX_CONTENT_BYTES + 1))),
        "vault.record-too-large",
    ),
    "short id": (replace(new_record(1), record=bytes(15)), "vault.id-malformed"),
    "short person": (replace(new_record(1), person=Person(bytes(17), 1)), "vault.id-malformed"),
    "number": (replace(new_record(1), number=2**32), "vault.id-malformed"),
    "version": (replace(new_record(1), version=2), "vault.version-out-of-order"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_one_wrong_record_keeps_the_whole_batch_out(office: VaultOffice, wrong: str) -> None:
    """A batch is kept whole or not at all, and says what was wrong."""
    record, expected = WRONG[wrong]
    with office.open() as vault:
        with pytest.raises(Misuse) as caught:
            vault.put([new_record(7), record])
        assert caught.value.name == expected
        assert vault.index.counts().versions == 0
        with pytest.raises(Misuse, match=r"vault\.batch-too-large"):
            vault.put([new_record(1)] * (MAX_BATCH_RECORDS + 1))


def test_no_plaintext_touches_the_disk(office: VaultOffice) -> None:
    """No 16 bytes of any record lie in any file of the vault, its keys, or its log, while open or closed."""
    with office.open() as vault:
        vault.put([new_record(number) for number in MANY])
        wholes = [b"".join(path.read_bytes() for path in office.folder.rglob("*") if path.is_file())]
    wholes.append(b"".join(path.read_bytes() for path in office.folder.rglob("*") if path.is_file()))
    for whole in wholes:
        assert b"consent/7f3a" in whole  # the search itself finds what is there
        for number in MANY:
            plain = content(number)
            assert not any(plain[at : at + 16] in whole for at in range(0, len(plain) - 16, 97))


def test_a_failure_names_no_content(office: VaultOffice) -> None:
    """What is raised about a damaged record holds neither its bytes nor whose it is."""
    office.put([1])
    segment = next((office.folder / "vault" / "segments").iterdir())
    data = bytearray(segment.read_bytes())
    data[-40] ^= 1
    segment.write_bytes(data)
    with pytest.raises(Refused, match=r"vault\.content-altered") as caught:
        office.get(1)
    assert person(0).id.hex() not in str(caught.value)


def test_a_read_records_buffer_is_overwritten(office: VaultOffice) -> None:
    """Nothing of a face stays in a buffer that was handed out and left."""
    office.put([1, 2])
    with office.open(write=False) as vault:
        with vault.get(record_id(1)) as found:
            view = found.view
        assert not any(view)
        buffers = [one.content for one in vault.read([record_id(1), record_id(2)])]
        assert not any(any(buffer.view) for buffer in buffers)


def test_two_writers_are_told_apart_and_a_reader_goes_on(office: VaultOffice) -> None:
    """The second writer is named and changes nothing; readers need no lock."""
    with office.open() as vault:
        vault.put([new_record(1)])
        with pytest.raises(Misuse, match=r"vault\.busy"), office.open():
            raise AssertionError("a second writer was let in")
        assert office.get(1) == content(1)


def test_wrong_places_and_keys_are_named(office: VaultOffice) -> None:
    """Another master key, no vault, keys inside the vault, a second vault in one place: each by its name."""
    entropy = SystemEntropy()
    other = FileMasterKeys.create(office.folder / "other.key", entropy=entropy)
    with (
        pytest.raises(Refused, match=r"vault\.wrong-master-key"),
        replace_places(office, master=other).open(write=False),
    ):
        raise AssertionError("opened with another's master key")
    with (
        pytest.raises(Misuse, match=r"vault\.not-a-vault"),
        replace_places(office, vault=office.folder / "nowhere").open(write=False),
    ):
        raise AssertionError("opened what is not there")
    for vault, keys, expected in (
        ("vault", "keys-2", "vault.exists"),
        ("v", "v/keys", "vault.keys-inside"),
        ("k/vault", "k", "vault.keys-inside"),
        ("same", "same", "vault.keys-inside"),
        ("vault-2", "keys", "vault.exists"),
    ):
        with pytest.raises(Misuse) as caught:
            create_vault(
                VaultPlaces(office.folder / vault, office.folder / keys, other), clock=CLOCK, entropy=entropy
            )
        assert caught.value.name == expected


def replace_places(
    office: VaultOffice,
    *,
    vault: Path | None = None,
    keys: Path | None = None,
    master: FileMasterKeys | None = None,
) -> VaultOffice:
    was = office.places
    places = VaultPlaces(vault or was.vault, keys or was.keys, master or was.master)
    return replace(office, places=places)


def test_a_torn_tail_is_cut_off_and_a_short_segment_is_not(office: VaultOffice) -> None:
    """Bytes that were never confirmed go; bytes that were and are missing are named, by reader and writer."""
    office.put([1, 2])
    segment = next((office.folder / "vault" / "segments").iterdir())
    whole = segment.read_bytes()
    segment.write_bytes(whole + b"DgR\x01 torn")
    (segment.parent / "00000001.segment").write_bytes(b"never confirmed")
    checked = office.check()
    assert (checked.sound, checked.unconfirmed_bytes) == (True, 9 + 15)
    office.put([3])
    assert office.check().unconfirmed_bytes == 0
    assert [office.get(number) for number in (1, 2, 3)] == [content(number) for number in (1, 2, 3)]
    # A segment that was made and not yet headed: what is kept next must not take its header's place.
    (segment.parent / "00000001.segment").write_bytes(b"")
    with office.open(segment_bytes=segment.stat().st_size) as vault:
        vault.put([new_record(4)])
    assert office.check().sound
    (segment.parent / "00000002.segment").write_bytes(b"")
    office.put([5])
    assert office.check().sound
    assert [office.get(number) for number in (4, 5)] == [content(4), content(5)]
    segment.write_bytes(whole)
    for write in (False, True):
        with pytest.raises(Trouble, match=r"vault\.segment-truncated"), office.open(write=write):
            raise AssertionError("opened a truncated segment")
    segment.unlink()
    for write in (False, True):
        with pytest.raises(Trouble, match=r"vault\.segment-missing"), office.open(write=write):
            raise AssertionError("opened without a segment")


FULL = """
import resource, sys
from pathlib import Path
from dongui.errors import Trouble
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey
from simulators.vault_office import VaultOffice, new_record

office = VaultOffice.at(Path(sys.argv[1]), SignerKey.generate("a.example/b", entropy=SystemEntropy()))
with office.open() as vault:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    try:
        vault.put([new_record(number, size=int(sys.argv[2])) for number in range(10, 30)])
    except Trouble as trouble:
        print(trouble.name)
    vault.put([new_record(9)])
"""


@pytest.mark.parametrize("size", [50_000, 500_000])
def test_a_full_disk_is_named_and_the_vault_goes_on(office: VaultOffice, size: int) -> None:
    """What was confirmed stays, the batch that did not fit leaves nothing, a smaller one fits afterwards.

    Large pieces are written while the next are encrypted, and fail no less.
    """
    office.put([1])
    places = f"{Path(dongui.__file__).parents[1]}:{Path(__file__).parents[1]}"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(office.folder), str(size)],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "vault.no-room\n", done.stderr
    checked = office.check()
    assert (checked.sound, checked.frames, checked.unconfirmed_bytes) == (True, 2, 0)
    assert office.get(9) == content(9)


def test_an_erased_person_is_gone_and_everybody_else_stays(office: VaultOffice) -> None:
    """Key, frames and index rows are destroyed; the log says so; others read on."""
    office.put(MANY)
    (erased,) = office.erase(2)
    assert (erased.person, erased.versions) == (person(2).id, 3)
    with office.log() as log:
        entry = Entry(EntryKind.ERASURE, commitment(erased.content, blind=erased.blind))
        assert log.entry(erased.index) == entry
    for number in (6, 7, 8):
        with pytest.raises(Misuse, match=r"vault\.no-such-record"):
            office.get(number)
    everything = b"".join(path.read_bytes() for path in office.folder.rglob("*") if path.is_file())
    assert person(2).id not in everything
    assert record_id(7) not in everything
    assert person(3).id in everything
    assert [office.get(number) for number in (5, 9)] == [content(5), content(9)]
    checked = office.check()
    assert (checked.sound, checked.gaps, checked.frames) == (True, 3, 37)
    with pytest.raises(Misuse, match=r"vault\.no-such-person"):
        office.erase(2)
    # A person may come back: with a new key, and nothing of before.
    with office.open() as vault:
        vault.put([replace(new_record(50), person=person(2), basis=CONSENT)])
    assert office.get(50) == content(50)


def test_an_index_too_large_to_be_written_anew_forgets_too(
    office: VaultOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are overwritten where they stand, and neither the log beside it nor a note keeps them."""
    monkeypatch.setattr("dongui.storage.sqlite.vault_index.WRITTEN_ANEW_BYTES", 0)
    office.put(MANY)
    with office.open() as vault, office.log() as log:
        (erased,) = erase([person(2).id], vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())
        index = b"".join(path.read_bytes() for path in (office.folder / "vault").glob("index.sqlite*"))
    assert erased.versions == 3
    assert not any(one in index for one in (person(2).id, record_id(7), erased.blind))
    assert person(3).id in index
    assert office.check().sound


@pytest.mark.parametrize("step", ["_log", "destroy", "scrub", "finish_erasures"])
def test_an_erasure_cut_short_is_finished_by_the_next(
    office: VaultOffice, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stopped: nothing new is kept until it is finished, and it is logged exactly once."""
    office.put(MANY)

    class CutShort(Exception):
        pass

    def cut(*_: object, **__: object) -> None:
        raise CutShort

    places = {
        "_log": "dongui.custody.vault.erasing._log",
        "destroy": "dongui.storage.sqlite.vault_person_keys.SqliteVaultPersonKeys.destroy",
        "scrub": "dongui.storage.vault_files.SegmentFiles.scrub",
        "finish_erasures": "dongui.storage.sqlite.vault_index.SqliteVaultIndex.finish_erasures",
    }
    with monkeypatch.context() as patched:
        patched.setattr(places[step], cut)
        with pytest.raises(CutShort):
            office.erase(2)
    with pytest.raises(Trouble, match=r"vault\.erasure-unfinished"):
        office.put([99])
    assert "vault.erasure-unfinished" in {fault.name for fault in office.check().faults}
    (erased,) = office.erase()
    assert erased.person == person(2).id
    with office.log() as log:
        assert log.checkpoint().size == 1
    assert office.check().sound


def test_an_old_backup_of_data_and_keys_is_unreadable_after_erasure_and_rotation(
    office: VaultOffice,
) -> None:
    """Both folders restored from before: the erased person can be read until the rotation, by nobody after.

    Nor can anybody else be read from that copy: a back-up of the keys does not outlive a rotation.
    """
    office.put(MANY)
    for name in ("vault", "keys"):
        shutil.copytree(office.folder / name, office.folder / f"old-{name}")
    old = replace_places(office, vault=office.folder / "old-vault", keys=office.folder / "old-keys")
    office.erase(2)
    assert old.get(7) == content(7)
    with office.keys() as keys:
        keys.rotate(clock=CLOCK)
    with pytest.raises(Refused, match=r"vault\.wrong-master-key"):
        old.get(7)
    # The old data beside today's keys: the erased person's key is gone, the others' is not.
    mixed = replace_places(office, vault=office.folder / "old-vault")
    with pytest.raises(Refused, match=r"vault\.no-person-key"):
        mixed.get(7)
    assert mixed.get(9) == content(9)
    assert office.get(9) == content(9)


def test_an_ordinary_backup_leaves_the_keys_out(office: VaultOffice, tmp_path: Path) -> None:
    """A back-up told to heed the marker takes the vault and not the keys."""
    office.put([1])
    archive = tmp_path / "all.tar"
    subprocess.run(
        ["tar", "--exclude-tag-all=.nobackup", "-cf", str(archive), "-C", str(tmp_path), "vault", "keys"],
        check=True,
        capture_output=True,
    )
    listed = subprocess.run(["tar", "-tf", str(archive)], check=True, capture_output=True, text=True).stdout
    assert "vault/index.sqlite" in listed
    assert "person-keys.sqlite" not in listed


def test_a_wrong_record_changes_nothing_on_the_disk(office: VaultOffice) -> None:
    """A refused batch leaves the files as they were, byte for byte in the segments."""
    office.put([1])
    before = next((office.folder / "vault" / "segments").iterdir()).read_bytes()
    with office.open() as vault, pytest.raises(DonguiError):
        vault.put([new_record(2), replace(new_record(3), number=1)])
    assert next((office.folder / "vault" / "segments").iterdir()).read_bytes() == before
    assert office.check().sound
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY

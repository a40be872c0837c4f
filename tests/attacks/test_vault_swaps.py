"""Swap attacks: whoever can write to the disk, and has no key, puts one thing in the place of another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from dongui.custody.vault.record_file import (
    MAX_HEADER_BYTES,
    Basis,
    BasisKind,
    Frame,
    SegmentHeader,
    read_frame,
)
from dongui.errors import Refused, Trouble
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.vault_index import _MIGRATIONS, APPLICATION_ID
from simulators.vault_office import VaultOffice, content, new_record, record_id

SIZE = 500


@pytest.fixture
def office(tmp_path: Path) -> VaultOffice:
    """Records 0 and 1 are one person's, 3 another's; record 0 has two versions; all have one length."""
    made = VaultOffice.create(tmp_path)
    with made.open() as vault:
        vault.put([new_record(number, size=SIZE) for number in (0, 1, 3)])
        vault.put([new_record(0, version=2, size=SIZE)])
    return made


def frames(office: VaultOffice) -> tuple[Path, bytearray, list[int]]:
    """Return the segment, its bytes, and where its four frames begin."""
    path = office.folder / "vault" / "segments" / "00000000.segment"
    data, at = bytearray(path.read_bytes()), []
    offset = 64
    while offset < len(data):
        frame = read_frame(data[offset : offset + MAX_HEADER_BYTES])
        at.append(offset)
        offset += frame.length
    return path, data, at


def exchange(office: VaultOffice, first: int, second: int, *, header: bool) -> None:
    """Exchange two frames whole, or only what is encrypted in them; and the index's codes to fit."""
    path, data, at = frames(office)
    frame = read_frame(data[at[first] : at[first] + MAX_HEADER_BYTES])
    assert isinstance(frame, Frame)
    begin = 0 if header else frame.header_bytes
    one = slice(at[first] + begin, at[first] + frame.length)
    other = slice(at[second] + begin, at[second] + frame.length)
    data[one], data[other] = data[other], data[one]
    path.write_bytes(data)
    index = office.folder / "vault" / "index.sqlite"
    with (
        Database.open(index, migrations=_MIGRATIONS, application_id=APPLICATION_ID) as opened,
        opened.transaction() as connection,
    ):
        rows = connection.execute("SELECT place, tag FROM kept ORDER BY place").fetchall()
        for place, tag in ((rows[first][0], rows[second][1]), (rows[second][0], rows[first][1])):
            connection.execute("UPDATE kept SET tag = ? WHERE place = ?", (tag, place))


@pytest.mark.parametrize(
    ("first", "second"),
    [(0, 1), (0, 2), (0, 3)],
    ids=["another record's", "another person's", "another version's"],
)
@pytest.mark.parametrize("header", [True, False], ids=["whole frame", "ciphertext"])
def test_one_records_image_never_comes_out_as_anothers(
    office: VaultOffice, first: int, second: int, header: bool
) -> None:
    """Record, person and version are bound: exchanged frames are named, in reading and in fsck."""
    exchange(office, first, second, header=header)
    wanted = [(0, 1), (1, 1), (3, 1), (0, 2)]
    with office.open(write=False) as vault:
        for number, version in (wanted[first], wanted[second]):
            with pytest.raises(Refused, match=r"vault\.(record-disagrees|content-altered)"):
                vault.get(record_id(number), version)
    assert {fault.name for fault in office.check().faults} <= {
        "vault.record-disagrees",
        "vault.content-altered",
    }
    assert not office.check().sound


def rewrite(change: Callable[[Frame], Frame], office: VaultOffice) -> None:
    path, data, at = frames(office)
    frame = read_frame(data[at[0] : at[0] + MAX_HEADER_BYTES])
    assert isinstance(frame, Frame)
    encoded = change(frame).encode()
    data[at[0] : at[0] + len(encoded)] = encoded
    path.write_bytes(data)


def test_a_header_cannot_be_rewritten_even_with_its_check_and_the_index(office: VaultOffice) -> None:
    """A basis exchanged in the frame and in the index alike: the data key no longer opens."""
    rewrite(lambda frame: replace(frame, basis=Basis(BasisKind.GROUND, "consent/7f3a")), office)
    with (
        Database.open(
            office.folder / "vault" / "index.sqlite", migrations=_MIGRATIONS, application_id=APPLICATION_ID
        ) as opened,
        opened.transaction() as connection,
    ):
        connection.execute("UPDATE kept SET basis = 2 WHERE number = 0 AND version = 1")
    with office.open(write=False) as vault:
        with pytest.raises(Refused, match=r"vault\.wrapped-key-altered"):
            vault.get(record_id(0), 1)
        with vault.get(record_id(1)) as untouched:
            assert bytes(untouched.view) == content(1, size=SIZE)


def test_another_vaults_segment_is_named(office: VaultOffice) -> None:
    """A segment of another vault or number in the place of this one's is told by fsck."""
    path, data, _ = frames(office)
    data[:64] = SegmentHeader(bytes(16), 0).encode()
    path.write_bytes(data)
    assert {fault.name for fault in office.check(deep=False).faults} == {"vault.segment-malformed"}


def test_every_changed_byte_of_a_segment_is_found(office: VaultOffice) -> None:
    """One bit turned anywhere: the deep check names it, and no wrong image comes out."""
    path, data, _ = frames(office)
    for place in range(0, len(data), 61):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        assert not office.check().sound, place
        for number in (0, 1, 3):
            with suppress(Refused, Trouble):
                assert office.get(number) == content(number, version=2 if number == 0 else 1, size=SIZE)

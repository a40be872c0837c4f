"""A proof in a file stands by itself: key and file are all that is needed to check it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.environment import SystemEntropy
from dongui.errors import Refused
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import SignerKey
from dongui.log.proof_file import MAX_PROOF_BYTES, format_proof, verify_proof
from dongui.storage.sqlite.log import SqliteLog

KEY = SignerKey.generate("log.example/file", entropy=SystemEntropy())
ENTRIES = [Entry(EntryKind.VERIFICATION, number.to_bytes(32, "big")) for number in range(11)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The proof of each entry under the checkpoint over all."""
    with SqliteLog.open(tmp_path_factory.mktemp("log") / "log.sqlite", key=KEY) as log:
        log.append(ENTRIES)
        checkpoint = log.checkpoint()
        return [
            format_proof(entry, log.inclusion(index, 11), checkpoint) for index, entry in enumerate(ENTRIES)
        ]


def name_of(data: bytes) -> str | None:
    try:
        verify_proof(data, origin=KEY.name, key=KEY.verifier)
    except Refused as refused:
        return refused.name
    return None


def test_every_proof_is_read_back(files: list[bytes]) -> None:
    """What is written verifies to the entry and its place."""
    for index, data in enumerate(files):
        verified = verify_proof(data, origin=KEY.name, key=KEY.verifier)
        assert (verified.entry, verified.index, verified.checkpoint.size) == (ENTRIES[index], index, 11)


def test_the_form_is_the_published_one(files: list[bytes]) -> None:
    """First line, extra data, index, hashes, an empty line, the checkpoint as signed."""
    lines = files[5].decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 5"
    assert [len(line) for line in lines[3:7]] == [44] * 4
    assert lines[7:10] == ["", KEY.name, "11"]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b"tlog-proof@v1", b"tlog-proof@v2", "log.proof-malformed"),
        (b"index 5", b"index 4", "log.inclusion-proof-invalid"),
        (b"index 5", b"index 11", "log.inclusion-proof-invalid"),
        (b"index 5", b"index 05", "log.proof-malformed"),
        (b"index 5", b"index -5", "log.proof-malformed"),
        (b"index 5", b"index " + b"9" * 5_000, "log.proof-malformed"),
        (b"index 5\n", b"", "log.proof-malformed"),
        (b"extra ", b"", "log.proof-malformed"),
        (b"extra gw", b"extra gx", "log.inclusion-proof-invalid"),
        (b"extra ", b"extra !", "log.proof-malformed"),
        (b"=\n", b"\n", "log.proof-malformed"),
        (b"=\n\n", b"=\nAAAA\n\n", "log.proof-malformed"),
        (b"=\n\n", b"=\n" + b"A" * 43 + b"=\n\n", "log.inclusion-proof-invalid"),
        (b"\n\n", b"\n", "log.proof-malformed"),
        (b"\n11\n", b"\n12\n", "log.note-signature-invalid"),
    ],
)
def test_each_fault_has_its_name(files: list[bytes], old: bytes, new: bytes, name: str) -> None:
    """One thing changed at a time."""
    changed = files[5].replace(old, new, 1)
    assert changed != files[5]
    assert name_of(changed) == name


def test_a_file_is_measured_before_it_is_read() -> None:
    """The limit is in bytes, and comes first."""
    assert name_of(b"\n" * (MAX_PROOF_BYTES + 1)) == "log.proof-malformed"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_one_changed_byte_is_refused(files: list[bytes], data: st.DataObject) -> None:
    """There is no byte in a proof file that can be changed and still pass, with the same claim or another."""
    content = bytearray(data.draw(st.sampled_from(files)))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    assert name_of(bytes(content)) is not None


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    """Whatever is sent, reading ends in a refusal with a name."""
    assert name_of(data) is not None
    assert name_of(b"c2sp.org/tlog-proof@v1\n" + data) is not None

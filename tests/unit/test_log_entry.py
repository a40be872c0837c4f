"""Entries and commitments: the format of ``spec/log-entry.md``."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.encoding import cbor
from dongui.errors import Refused
from dongui.log.entry import MAX_ENTRY_BYTES, Entry, EntryKind, commitment

VALUE = bytes(range(32))


@pytest.mark.parametrize("kind", list(EntryKind))
def test_an_entry_is_the_canonical_encoding_of_its_three_parts(kind: EntryKind) -> None:
    """Version, kind, commitment: deterministic CBOR, below the size limit, read back unchanged."""
    entry = Entry(kind, VALUE)
    assert entry.encode() == cbor.dumps([1, kind.value, VALUE])
    assert len(entry.encode()) <= MAX_ENTRY_BYTES
    assert Entry.decode(entry.encode()) == entry


def test_the_bytes_of_version_1_do_not_change() -> None:
    """Entries written by the first release are read for ever."""
    written = bytes.fromhex("83016c766572696669636174696f6e5820") + VALUE
    assert Entry(EntryKind.VERIFICATION, VALUE).encode() == written
    written = bytes.fromhex("830167636f6e73656e745820") + VALUE
    assert Entry(EntryKind.CONSENT, VALUE).encode() == written
    written = bytes.fromhex("830171636f6e73656e742d64657374726f7965645820") + VALUE
    assert Entry(EntryKind.CONSENT_DESTROYED, VALUE).encode() == written


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (cbor.dumps([2, "consent", VALUE]), "log.entry-unknown"),
        (cbor.dumps([True, "consent", VALUE]), "log.entry-unknown"),
        (cbor.dumps([1, "surveillance", VALUE]), "log.entry-unknown"),
        (cbor.dumps([1, "consent", VALUE[:31]]), "log.entry-malformed"),
        (cbor.dumps([1, "consent"]), "log.entry-malformed"),
        (cbor.dumps([1, "consent", VALUE.hex()[:32]]), "log.entry-malformed"),
        (cbor.dumps({"kind": "consent"}), "log.entry-malformed"),
        (bytes.fromhex("98030167636f6e73656e745820") + VALUE, "cbor.not-canonical"),
        (cbor.dumps([1, "consent", VALUE]) + b"\x00", "cbor.trailing-bytes"),
        (cbor.dumps([1, "consent", VALUE * 3]), "cbor.too-large"),
        (cbor.dumps([[[[1]]]]), "cbor.too-deep"),
        (b"", "cbor.truncated"),
    ],
)
def test_whatever_else_is_refused_by_name(data: bytes, name: str) -> None:
    """A version or kind of a later release, another shape, another spelling: none passes for an entry."""
    with pytest.raises(Refused) as refused:
        Entry.decode(data)
    assert refused.value.name == name


@given(st.binary(max_size=80))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_are_an_entry_or_refused(data: bytes) -> None:
    """Whatever decodes encodes to itself; everything else is refused."""
    try:
        entry = Entry.decode(data)
    except Refused:
        return
    assert entry.encode() == data


def test_a_commitment_depends_on_blind_and_content() -> None:
    """The same content under another blind looks unrelated; the same blind binds to one content."""
    one = commitment(b"receipt", blind=bytes(32))
    assert one != commitment(b"receipt", blind=b"\x01" + bytes(31))
    assert one != commitment(b"receipt.", blind=bytes(32))
    assert one == commitment(b"receipt", blind=bytes(32))
    assert one.hex() == "8a2ceedaf473ea059f818c202c7f9039016a44978fe0c81db8139be3ec72dabe"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_blinds_and_commitments_have_one_length(size: int) -> None:
    """A shorter blind would hide less; a boundary that moves would bind to two contents."""
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(b"receipt", blind=bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        Entry(EntryKind.CONSENT, bytes(size))

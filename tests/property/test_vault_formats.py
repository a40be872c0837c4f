"""The vault's forms: written one way only, and any other bytes are a named failure."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.custody.vault.associated_data import RecordName
from dongui.custody.vault.keys import MasterKey
from dongui.custody.vault.record_file import (
    MAX_CONTENT_BYTES,
    MAX_HEADER_BYTES,
    Basis,
    BasisKind,
    Frame,
    Gap,
    SegmentHeader,
    read_frame,
)
from dongui.errors import Misuse, Refused


def require(error: Refused | Misuse, name: str) -> None:
    """See that a failure has its name."""
    if error.name != name:
        raise error


IDS = st.binary(min_size=16, max_size=16)
NUMBERS = st.integers(0, 2**32 - 1)
FRAMES = st.builds(
    Frame,
    name=st.builds(RecordName, IDS, IDS, st.integers(1, 2**32 - 1)),
    person_number=NUMBERS,
    record_number=NUMBERS,
    artefact=st.sampled_from([1, 2]),
    basis=st.builds(
        Basis, st.sampled_from(list(BasisKind)), st.from_regex(r"[a-z0-9/가-힣]{1,60}", fullmatch=True)
    ),
    content=st.integers(0, MAX_CONTENT_BYTES),
    stored_us=st.integers(-(2**63), 2**63 - 1),
    nonce=st.binary(min_size=12, max_size=12),
    wrapped=st.binary(min_size=61, max_size=61),
)


@settings(max_examples=150)
@given(FRAMES, st.binary(max_size=40))
def test_a_frame_reads_back_as_it_was_written(frame: Frame, after: bytes) -> None:
    """Whatever follows it, a header is read back, and is as long as it says."""
    data = frame.encode()
    assert len(data) == frame.header_bytes <= MAX_HEADER_BYTES
    assert read_frame(data + after) == frame


@settings(max_examples=150)
@given(FRAMES, st.data())
def test_a_changed_header_is_no_frame(frame: Frame, data: st.DataObject) -> None:
    """One byte changed or everything from one byte on cut off: a named failure."""
    whole = frame.encode()
    place = data.draw(st.integers(0, len(whole) - 1))
    turned = data.draw(st.integers(1, 255))
    for other in (whole[:place] + bytes([whole[place] ^ turned]) + whole[place + 1 :], whole[:place]):
        try:
            read_frame(other)
        except Refused as error:
            require(error, "vault.frame-malformed")
        else:
            raise AssertionError("read what was changed")


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=400), st.builds(lambda rest: b"DgR\x01" + rest, st.binary(max_size=400))))
def test_any_bytes_are_a_frame_or_a_named_failure(data: bytes) -> None:
    """Nothing else is ever raised; what is read writes itself again."""
    try:
        found = read_frame(data)
    except Refused as error:
        require(error, "vault.frame-malformed")
    else:
        assert data.startswith(found.encode())
    try:
        assert SegmentHeader.decode(data).encode() == data
    except Refused as error:
        require(error, "vault.segment-malformed")


@given(IDS, NUMBERS, st.integers(12, 2**32 - 1))
def test_headers_and_gaps_read_back(vault: bytes, number: int, length: int) -> None:
    """What is written is read."""
    header = SegmentHeader(vault, number)
    assert SegmentHeader.decode(header.encode()) == header
    assert read_frame(Gap(length).encode()) == Gap(length)


@given(st.text(max_size=120))
def test_any_text_is_a_master_key_or_a_named_failure(text: str) -> None:
    """Nothing else is ever raised."""
    try:
        assert MasterKey.parse(text).text() == text
    except Misuse as error:
        require(error, "vault.master-key-malformed")

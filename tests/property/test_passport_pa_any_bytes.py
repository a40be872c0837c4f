"""Whatever is presented, the answer has a name, and no changed passport passes for what it was not."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.trust.country_certificate import read_country_certificate
from dongui.documents.trust.csca import CscaAnchors
from dongui.documents.trust.master_list import read_master_list
from dongui.documents.trust.revocation_list import read_revocation_list
from dongui.encoding.der import DerError, Node, encode_integer, encode_oid, read
from dongui.errors import DonguiError, Refused, Trouble, Unanswered
from simulators.passport_country import GROUPS, judge
from simulators.passport_laws import says_nothing_new
from simulators.passport_pa.drafting import AUTHORITY, SIGNER, Passport, revocation_list
from simulators.passport_pa.faults import AT

WHOLE = Passport().files()
ANCHORS = CscaAnchors.from_certificates([AUTHORITY.write()])
AUTHORITY_READ = read_country_certificate(AUTHORITY.write())
LIST = revocation_list({4711: 1}, this_update=AT, next_update=AT)
EDITS = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=3
)


@cache
def expected() -> AuthenticatedDocument:
    """What the unchanged passport says."""
    return judge(WHOLE, ANCHORS)


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """The same with runs of bytes exchanged for others."""
    changed = bytearray(data)
    for start, length, put in edits:
        start %= len(changed) + 1
        changed[start : start + length] = put
    return bytes(changed)


def check(security_object: bytes) -> None:
    """A named refusal, or nothing new."""
    try:
        found = judge({**GROUPS, 17: security_object}, ANCHORS)
    except Unanswered:
        return
    assert says_nothing_new(found, expected())


@given(data=st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_have_a_named_answer(data: bytes) -> None:
    """Any bytes as EF.SOD, certificate, master list or revocation list end in this project's failures."""
    check(data)
    check(b"\x77" + data)
    with pytest.raises(Refused):
        read_country_certificate(data)
    with pytest.raises(Refused):
        read_master_list(data, roots=[AUTHORITY_READ])
    with pytest.raises(Trouble):
        read_revocation_list(data)


@given(edits=EDITS)
@settings(max_examples=300, deadline=None)
def test_an_edited_security_object_says_nothing_new(edits: list[tuple[int, int, bytes]]) -> None:
    """What is not under the signature says nothing; what is cannot be changed."""
    check(edited(WHOLE[17], edits))


@pytest.mark.parametrize("flip", [0x01, 0x80], ids=["lowest-bit", "highest-bit"])
def test_no_bit_of_the_security_object_says_something_new(flip: int) -> None:
    """The attack: flip one bit of EF.SOD, anywhere, and hope that nobody looks there."""
    original = WHOLE[17]
    for at in range(len(original)):
        check(original[:at] + bytes([original[at] ^ flip]) + original[at + 1 :])


@given(edits=EDITS)
@settings(max_examples=200, deadline=None)
def test_edited_certificates_and_lists_have_a_named_answer(edits: list[tuple[int, int, bytes]]) -> None:
    """A certificate that still reads is not signed any more, unless it is the same."""
    try:
        changed = read_country_certificate(edited(SIGNER.write(), edits))
        if changed.is_signed_by(AUTHORITY_READ.key):
            assert changed.signed_part == read_country_certificate(SIGNER.write()).signed_part
    except DonguiError:
        pass
    with suppress(Trouble):
        read_revocation_list(edited(LIST, edits))


@given(data=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_elements_read_are_the_bytes_given(data: bytes) -> None:
    """What is read covers what was given, and children cover their parent: no byte is skipped."""
    try:
        node = read(data, max_bytes=200, what="x")
        children = node.children()
    except DerError:
        return
    assert node.encoded == data
    if node.tag & 0x20 and node.is_der:
        assert b"".join(child.encoded for child in children) == node.content


@given(value=st.integers(0, 2**300), arcs=st.lists(st.integers(0, 2**40), max_size=6))
def test_numbers_and_names_read_back(value: int, arcs: list[int]) -> None:
    """What is written is read again."""
    dotted = ".".join(map(str, (1, 2, *arcs)))
    assert read(encode_integer(value), max_bytes=64, what="x").integer("x") == value
    encoded = encode_oid(dotted)
    assert Node(6, encoded, encoded[2:]).oid("x") == dotted

"""Whatever arrives, the readers of texts and lists answer by name."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.documents.sd_jwt.disclosures import resolve
from dongui.documents.sd_jwt.element_values import portrait_of
from dongui.documents.status.token_status_list import read_status_list
from dongui.encoding import strict_json
from dongui.encoding.jose import base64url_decode, base64url_encode
from dongui.encoding.strict_json import JsonLimits
from dongui.errors import Refused, Trouble, Undetermined
from simulators.sd_jwt_issuance import an_issuance
from simulators.status_drafting import ListDraft, pack

LIMITS = JsonLimits(max_bytes=1 << 20, max_depth=16, max_items=10_000)
RESERVED = frozenset({"...", "_sd", "_sd_alg"})
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda text: text not in RESERVED)
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_json_says_what_was_written(value: strict_json.JsonValue) -> None:
    """Reading gives back what was written, by this writer and by the standard library's."""
    assert strict_json.loads(strict_json.dumps(value), limits=LIMITS) == value
    assert strict_json.loads(json.dumps(value).encode(), limits=LIMITS) == value


@given(st.binary(max_size=64) | st.text('[]{}",:\\0ae.-tru', max_size=64).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_json_is_read_or_refused(data: bytes) -> None:
    """Any bytes: a value the standard library reads too, or a name."""
    try:
        value = strict_json.loads(data, limits=LIMITS)
    except Refused:
        return
    assert json.loads(data) == value


@given(st.binary(max_size=64))
@settings(max_examples=150, deadline=None)
def test_base64url_has_one_spelling(data: bytes) -> None:
    """Each text reads back, and no other that differs from it in its last place means the same."""
    text = base64url_encode(data)
    assert base64url_decode(text) == data
    for other in "AQgw_=+ \n":
        changed = text[:-1] + other
        if changed != text:
            try:
                assert base64url_decode(changed) != data
            except Refused:
                continue


@given(st.binary(max_size=200) | st.text("ey.~AJab_-", max_size=80).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_no_credential(data: bytes) -> None:
    """No bytes that nobody signed are taken; each is refused by name."""
    with pytest.raises((Refused, Undetermined)):
        an_issuance().judge(data)


@given(st.binary(max_size=200) | st.text("ey.~AJab_-", max_size=80).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_no_list(data: bytes) -> None:
    """Whatever stands where a list should: trouble, and never a refusal."""
    with pytest.raises(Trouble):
        read_status_list(data)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_a_payload_without_digests_is_itself(value: strict_json.JsonValue) -> None:
    """Where nothing is to be disclosed, the processed payload is the payload."""
    payload: strict_json.JsonObject = {"x": value}
    assert resolve(payload, []).claims == payload


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_any_portrait_is_bytes_or_refused(value: strict_json.JsonValue) -> None:
    """A claim of that name is a picture's bytes, or the document is refused by name."""
    with suppress(Refused):
        assert portrait_of({"portrait": value})


@given(
    st.sampled_from([1, 2, 4, 8]),
    st.dictionaries(st.integers(0, 511), st.integers(0, 255), max_size=20),
    st.sampled_from(["jwt", "cwt"]),
)
@settings(max_examples=60, deadline=None)
def test_every_status_is_found_at_its_index(bits: int, statuses: dict[int, int], form: str) -> None:
    """What was put at an index is read there, whatever width and form; beyond the end there is nothing."""
    draft = ListDraft(bits=bits, count=512, statuses=statuses)
    draft.form = "jwt" if form == "jwt" else "cwt"
    listed = read_status_list(draft.build())
    assert {index: listed.status(index) for index in range(0, 512, 37)} == {
        index: statuses.get(index, 0) & (1 << bits) - 1 for index in range(0, 512, 37)
    }
    for index, value in statuses.items():
        assert listed.status(index) == value & (1 << bits) - 1
    assert (listed.count(), listed.status(512)) == (512, None)


def test_the_standard_s_own_examples_are_read() -> None:
    """The 16 and 12 statuses the standard spells out bit by bit."""
    one = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    assert pack(dict(enumerate(one)), bits=1, count=16) == bytes.fromhex("b9a3")
    two = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    assert pack(dict(enumerate(two)), bits=2, count=12) == bytes.fromhex("c944f9")
    for bits, values, compressed in ((1, one, "eNrbuRgAAhcBXQ"), (2, two, "eNo76fITAAPfAgc")):
        listed = read_status_list(ListDraft(bits=bits, compressed=base64url_decode(compressed)).build())
        assert [listed.status(index) for index in range(len(values))] == values

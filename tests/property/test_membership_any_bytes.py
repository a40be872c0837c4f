"""Whatever is handed in as an answer, a seal or a key is refused by name, or is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dongui.custody.membership import MembershipPath, is_member
from dongui.custody.membership_proof import MembershipAnswer
from dongui.custody.person_keys import PersonKey
from dongui.custody.seal import Seal
from dongui.encoding import cbor
from dongui.errors import Misuse, Refused

VECTORS = Path(__file__).parents[1] / "vectors" / "membership" / "answers.json"
SOUND = json.loads(VECTORS.read_text(encoding="ascii"))["vectors"][0]
ANSWER = bytes.fromhex(SOUND["answer"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.binary(max_size=70) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=16),
    max_leaves=30,
)


@settings(max_examples=300, deadline=None)
@given(values.map(cbor.dumps) | st.binary(max_size=200))
@example(b"")
def test_any_bytes_are_an_answer_or_refused(data: bytes) -> None:
    """Nothing but ``Refused`` leaves, and what is read is written back the same."""
    for kind in (MembershipAnswer, Seal):
        try:
            read = kind.decode(data)
        except Refused:
            continue
        assert read.encode() == data


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(ANSWER) - 1), st.binary(min_size=1, max_size=4))
def test_a_sound_answer_written_over_is_read_or_refused(place: int, over: bytes) -> None:
    """Nothing but ``Refused`` leaves where lengths and types are changed in the middle."""
    changed = (ANSWER[:place] + over + ANSWER[place + len(over) :])[: len(ANSWER)]
    try:
        assert MembershipAnswer.decode(changed).encode() == changed
    except Refused:
        return


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80) | st.text("PERSON+KEY0123/=", max_size=200).map(lambda end: f"PERSON+KEY+{end}"))
@example(SOUND["key"])
def test_any_text_is_a_key_or_misuse(text: str) -> None:
    """A key is read back as it was written; everything else is named."""
    try:
        read, name = PersonKey.parse(text).text(), None
    except Misuse as misuse:
        read, name = text.strip(), misuse.name
    assert read == text.strip()
    assert name in (None, "membership.key-malformed")


@settings(max_examples=200, deadline=None)
@given(
    st.binary(min_size=16, max_size=16),
    st.binary(max_size=300),
    st.binary(max_size=100),
    st.integers(0, 2**40),
)
def test_no_drawn_path_proves_anything(name: bytes, bucket: bytes, siblings: bytes, people: int) -> None:
    """Without the tree no path leads to a root, whatever it holds."""
    path = MembershipPath(bucket.ljust(256, b"\0")[:256] if len(bucket) > 5 else bucket, siblings)
    with pytest.raises(Refused, match=r"membership\."):
        is_member(name, path, release=bytes(16), people=people, root=bytes(32))

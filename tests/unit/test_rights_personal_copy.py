"""The file with a person's own pictures: opens for them alone, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.custody.personal_copy import (
    CODE_BYTES,
    Opener,
    answers,
    code_text,
    open_copy,
    parse_code,
    write_copy,
)
from dongui.custody.vault.recipient_key import RecipientKey
from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused

ENTROPY = SystemEntropy()
KEY = RecipientKey.draw(ENTROPY)
CODE = bytes(range(CODE_BYTES))
REQUEST = bytes([7] * 16)
THINGS = {"holdings.json": b"{}", "one-1.jpg": bytes(range(256)) * 40, "empty.bin": b""}


def written(path: Path, *, to_code: bool = False) -> Path:
    """Write a copy with three things in it."""
    opens = {"code": CODE} if to_code else {"public_key": KEY.public}
    with write_copy(path, request=REQUEST, entropy=ENTROPY, **opens) as copy:
        for name, content in THINGS.items():
            copy.add(name, memoryview(content))
    return path


def half_written(path: Path) -> None:
    """Write one thing, and fail at the second."""
    with write_copy(path, request=REQUEST, entropy=ENTROPY, code=CODE) as copy:
        copy.add("one", memoryview(b"1"))
        copy.add("둘", memoryview(b"2"))


def read(path: Path, opener: Opener) -> dict[str, bytes]:
    with open_copy(path, opener) as copy:
        return {one.name: bytes(one.data.view) for one in copy.contents()}


@pytest.mark.parametrize("to_code", [False, True])
def test_it_opens_for_its_person_and_holds_nothing_in_clear(tmp_path: Path, to_code: bool) -> None:
    """With the private key, or the code, everything comes back; the file shows none of it, to nobody else."""
    path = written(tmp_path / "copy", to_code=to_code)
    opener = Opener(code=CODE) if to_code else Opener(private_key=KEY.raw)
    assert read(path, opener) == THINGS
    data = path.read_bytes()
    assert b"holdings" not in data
    assert bytes(range(64)) not in data
    assert path.stat().st_mode & 0o077 == 0
    assert answers(path, REQUEST)
    assert not answers(path, bytes(16))
    assert not answers(tmp_path, REQUEST)


def test_another_key_or_code_opens_nothing(tmp_path: Path) -> None:
    """Each by its name: another key, another code, a key for a code's file, no key at all."""
    to_key, to_code = written(tmp_path / "key"), written(tmp_path / "code", to_code=True)
    cases = [
        (to_key, Opener(private_key=RecipientKey.draw(ENTROPY).raw), "rights.copy-not-for-this-key"),
        (to_code, Opener(code=bytes(CODE_BYTES)), "rights.copy-damaged"),
        (to_code, Opener(private_key=KEY.raw), "rights.copy-key-malformed"),
        (to_key, Opener(code=CODE), "rights.copy-key-malformed"),
        (to_key, Opener(private_key=b"short"), "rights.copy-key-malformed"),
        (tmp_path / "absent", Opener(code=CODE), "file.not-readable"),
    ]
    for path, opener, name in cases:
        with pytest.raises(DonguiError) as caught:
            read(path, opener)
        assert caught.value.name == name


def test_every_changed_byte_and_every_cut_is_found(tmp_path: Path) -> None:
    """Nowhere in the file does a change, a cut, or a byte more pass for a copy."""
    path = written(tmp_path / "copy")
    whole, spoilt = path.read_bytes(), tmp_path / "spoilt"
    places = {*range(140), *range(0, len(whole), 97), *range(len(whole) - 24, len(whole))}
    for place in sorted(places):
        for data in (
            whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
            whole[:place],
        ):
            spoilt.write_bytes(data)
            with pytest.raises(Refused, match=r"rights\.copy-"):
                read(spoilt, Opener(private_key=KEY.raw))
    spoilt.write_bytes(whole + b"\0")
    with pytest.raises(Refused, match="follows its end"):
        read(spoilt, Opener(private_key=KEY.raw))


def test_parts_exchanged_or_left_out_are_found(tmp_path: Path) -> None:
    """A part is bound to its place: without the first picture it is no copy."""
    path = written(tmp_path / "copy")
    data = path.read_bytes()
    begin = 28 + int.from_bytes(data[26:28])
    parts = []
    while begin < len(data):
        end = begin + 4 + int.from_bytes(data[begin : begin + 4])
        parts.append(data[begin:end])
        begin = end
    assert len(parts) == len(THINGS) + 1
    head = data[: len(data) - sum(map(len, parts))]
    for order in ([1, 0, 2, 3], [0, 2, 3], [0, 1, 3], [3], [0, 1, 2, 2, 3]):
        (tmp_path / "other").write_bytes(head + b"".join(parts[one] for one in order))
        with pytest.raises(Refused, match=r"rights\.copy-damaged"):
            read(tmp_path / "other", Opener(private_key=KEY.raw))


def test_a_copy_is_never_written_over_and_never_half_there(tmp_path: Path) -> None:
    """Something there is misuse; an exception while writing leaves nothing at the place, nor beside it."""
    path = written(tmp_path / "copy")
    with pytest.raises(Misuse, match=r"file\.exists"):
        written(path)
    with pytest.raises(UnicodeEncodeError):
        half_written(tmp_path / "half")
    assert os.listdir(tmp_path) == ["copy"]


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
def test_a_code_is_read_as_it_is_spoken(code: bytes) -> None:
    """With or without hyphens, in small letters, in two lines: the same code."""
    text = code_text(code)
    assert parse_code(text) == parse_code(text.lower().replace("-", " \n")) == code


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_what_is_no_code_is_named(text: str) -> None:
    """Any text is a code of 128 bits, canonically written, or misuse."""
    letters = "".join(text.upper().replace("-", " ").split())
    with pytest.raises(Misuse, match=r"rights\.copy-key-malformed"):
        # Forty random characters are never 26 of Base32's own; what was one would not be refused.
        assert code_text(parse_code(text)).replace("-", "") != letters

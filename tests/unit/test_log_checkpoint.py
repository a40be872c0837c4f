"""Checkpoints: what is signed, what is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.environment import SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.log.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from dongui.log.keys import SignerKey
from dongui.log.note import MAX_NOTE_BYTES, parse_note, sign_note

KEY = SignerKey.generate("log.example/unit", entropy=SystemEntropy())
ROOT = bytes(range(32))
ROOT_TEXT = base64.b64encode(ROOT).decode()


@given(
    size=st.integers(0, 2**62),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(st.from_regex(r"[!-~ ]+", fullmatch=True), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_what_is_signed_is_what_is_verified(size: int, root: bytes, extensions: list[str]) -> None:
    """Signing and verifying are inverse for every checkpoint that can be written."""
    checkpoint = Checkpoint(KEY.name, size, root, tuple(extensions))
    note = sign_checkpoint(checkpoint, key=KEY)
    verified = verify_checkpoint(note, origin=KEY.name, key=KEY.verifier)
    assert (verified.checkpoint, verified.note) == (checkpoint, note)


@pytest.mark.parametrize(
    "body",
    [
        "log.example/unit\n",
        "log.example/unit\n1\n",
        f"log.example/unit\n01\n{ROOT_TEXT}\n",
        f"log.example/unit\n-1\n{ROOT_TEXT}\n",
        f"log.example/unit\n+1\n{ROOT_TEXT}\n",
        f"log.example/unit\n1_0\n{ROOT_TEXT}\n",
        f"log.example/unit\n٣\n{ROOT_TEXT}\n",
        f"log.example/unit\n1 \n{ROOT_TEXT}\n",
        f"log.example/unit\n\n1\n{ROOT_TEXT}\n",
        f"\n1\n{ROOT_TEXT}\n",
        f"log.example/unit\n{2**62 + 1}\n{ROOT_TEXT}\n",
        f"log.example/unit\n{'9' * 5000}\n{ROOT_TEXT}\n",
        f"log.example/unit\n1\n{ROOT_TEXT[:-1]}\n",
        f"log.example/unit\n1\n{ROOT_TEXT[:-2]}9=\n",
        f"log.example/unit\n1\n{base64.b64encode(ROOT[:31]).decode()}\n",
        "log.example/unit\n1\nnot base64\n",
        f"log.example/unit\n1\n{ROOT_TEXT}\n\nafter an empty line\n",
    ],
)
def test_a_signature_does_not_make_a_checkpoint(body: str) -> None:
    """Signed lines that are not exactly origin, size and root are refused, not guessed at."""
    with pytest.raises(Refused, match=r"log\.checkpoint-malformed"):
        verify_checkpoint(sign_note(body, key=KEY), origin=KEY.name, key=KEY.verifier)


def test_one_key_does_not_let_logs_pass_for_one_another() -> None:
    """The origin is asked for: the right signature over another log's state is refused."""
    note = sign_note(f"log.example/other\n1\n{ROOT_TEXT}\n", key=KEY)
    with pytest.raises(Refused, match=r"log\.checkpoint-other-origin"):
        verify_checkpoint(note, origin=KEY.name, key=KEY.verifier)


def test_a_changed_size_or_root_breaks_the_signature() -> None:
    """The signature covers every byte of the body."""
    note = sign_checkpoint(Checkpoint(KEY.name, 7, ROOT), key=KEY)
    for old, new in ((b"\n7\n", b"\n8\n"), (ROOT_TEXT.encode(), base64.b64encode(ROOT[::-1]))):
        with pytest.raises(Refused, match=r"log\.note-signature-invalid"):
            verify_checkpoint(note.replace(old, new), origin=KEY.name, key=KEY.verifier)


def test_the_same_name_with_another_key_is_another_log() -> None:
    """Trust is in the key given, never in the name claimed."""
    other = SignerKey.generate(KEY.name, entropy=SystemEntropy())
    note = sign_checkpoint(Checkpoint(KEY.name, 7, ROOT), key=other)
    with pytest.raises(Refused, match=r"log\.note-not-signed-by-key"):
        verify_checkpoint(note, origin=KEY.name, key=KEY.verifier)


def test_sixteen_large_signatures_of_others_are_read_over() -> None:
    """A checkpoint may carry as many witnesses' lines as the specification demands, post-quantum ones too."""
    note = sign_checkpoint(Checkpoint(KEY.name, 7, ROOT), key=KEY)
    line = "— witness.example " + base64.b64encode(bytes(5_000)).decode() + "\n"
    many = note + line.encode() * 16
    assert verify_checkpoint(many, origin=KEY.name, key=KEY.verifier).size == 7
    with pytest.raises(Refused, match=r"log\.note-too-large"):
        verify_checkpoint(note + line.encode() * 60, origin=KEY.name, key=KEY.verifier)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_a_note_or_refused(data: bytes) -> None:
    """Reading a note ends in a note or a named refusal."""
    name = None
    try:
        parse_note(data)
    except Refused as refused:
        name = refused.name
    assert name in {None, "log.note-malformed"}


def test_a_note_is_measured_before_it_is_read() -> None:
    """The limit is in bytes, and comes first."""
    with pytest.raises(Refused, match=r"log\.note-too-large"):
        parse_note(b"\xff" * (MAX_NOTE_BYTES + 1))


@pytest.mark.parametrize("text", ["", "\n", "no newline", "a\tb\n", "a\rb\n"])
def test_a_text_that_is_no_note_is_not_signed(text: str) -> None:
    """Nothing is signed that could not be opened again."""
    with pytest.raises(ValueError, match="a note's text"):
        sign_note(text, key=KEY)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a\u00a0b", "\ud800", "x" * 201])
def test_names_that_would_break_the_form_are_not_given(name: str) -> None:
    """A log's name stands between spaces and plus signs, so it holds none."""
    with pytest.raises(Misuse, match=r"log\.key-malformed"):
        SignerKey.generate(name, entropy=SystemEntropy())


def test_a_private_key_is_not_shown() -> None:
    """``repr`` of a signer, in a log line or a traceback, gives nothing away."""
    raw = KEY.private_key.private_bytes_raw()
    assert base64.b64encode(b"\x01" + raw).decode() in KEY.text()
    assert base64.b64encode(raw).decode()[:20] not in repr(KEY)
    assert base64.b64encode(b"\x01" + raw).decode()[:20] not in repr(KEY)
    assert KEY.private_key.private_bytes_raw().hex() not in repr(KEY)

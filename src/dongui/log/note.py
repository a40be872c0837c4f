"""Signed notes (c2sp.org/signed-note): a text under one or more Ed25519 signatures.

Only Ed25519 (signature type 0x01) is made and checked. Lines of other keys and types are read over, as the
specification demands: that is how keys are rotated and how witnesses will add their cosignatures.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature

from dongui.errors import Refused
from dongui.log.keys import SignerKey, VerifierKey, is_key_name

__all__ = [
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Note",
    "NoteSignature",
    "open_note",
    "parse_note",
    "sign_note",
]

# 16 signatures must be accepted and post-quantum ones reach 5 kB; these limits are far above that.
MAX_NOTE_BYTES = 262_144
MAX_SIGNATURES = 100
_MARK = "\u2014 "  # em dash and space


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not checked: who claims to have signed, with which key (4 bytes), and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as received: nothing in it is to be believed before :func:`open_note` has passed it."""

    text: str  # with its last newline
    signatures: tuple[NoteSignature, ...]


def sign_note(text: str, *, key: SignerKey) -> bytes:
    """Return ``text`` with one signature line, UTF-8.

    Raises ``ValueError`` if ``text`` is empty, does not end in a newline or holds other control characters.
    """
    if not text.endswith("\n") or text == "\n" or _has_control_character(text):
        raise ValueError("a note's text is lines, each ended by a newline, without control characters")
    signature = base64.b64encode(key.key_id + key.private_key.sign(text.encode())).decode()
    return f"{text}\n{_MARK}{key.name} {signature}\n".encode()


def open_note(data: bytes, *, key: VerifierKey) -> str:
    """Return the text that ``key`` signed.

    Raises ``Refused``: ``log.note-malformed``, ``log.note-too-large``; ``log.note-not-signed-by-key`` if no
    line is by ``key``; ``log.note-signature-invalid`` if any line by ``key`` does not verify.
    """
    note = parse_note(data)
    # Name and identifier together say whose line it is. Four bytes prove nothing: the signature does.
    ours = [line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
    if not ours:
        raise Refused("log.note-not-signed-by-key", f"no signature line is by the key of {key.name}")
    for line in ours:
        try:
            key.public_key.verify(line.signature, note.text.encode())
        except InvalidSignature:
            detail = f"a signature line of {key.name} does not verify"
            raise Refused("log.note-signature-invalid", detail) from None
    return note.text


def parse_note(data: bytes) -> Note:
    """Take a note apart without believing it.

    Raises ``Refused``: ``log.note-too-large`` (MAX_NOTE_BYTES, MAX_SIGNATURES), ``log.note-malformed``.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise Refused("log.note-too-large", f"the note has {len(data)} bytes; the limit is {MAX_NOTE_BYTES}")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    if _has_control_character(whole):
        raise _malformed("it holds a control character")
    # The last empty line parts text from signatures; the text may have empty lines of its own.
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise _malformed("it has no signature lines after an empty line, each ended by a newline")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        detail = f"the note has {len(signatures)} signatures; the limit is {MAX_SIGNATURES}"
        raise Refused("log.note-too-large", detail)
    return Note(text + "\n", tuple(_signature(line) for line in signatures))


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not space or not is_key_name(name):
        raise _malformed("a signature line is not: em dash, space, key name, space, base64")
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("a signature is not base64") from None
    # Four bytes of key identifier and at least one of signature; one spelling only, so that two notes with
    # the same signatures are the same bytes.
    if len(value) < 5 or base64.b64encode(value).decode() != encoded:
        raise _malformed("a signature is too short, or not in canonical base64")
    return NoteSignature(name, value[:4], value[4:])


def _has_control_character(text: str) -> bool:
    return any(character < " " and character != "\n" for character in text)


def _malformed(why: str) -> Refused:
    return Refused("log.note-malformed", f"this is no signed note: {why}")

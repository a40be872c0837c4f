"""Fuzz what a log's readers are sent: notes, checkpoints, proof files, entries, keys.

The first byte chooses the reader. A checkpoint's text is signed here first, so that its own reader is
reached and not the signature alone; likewise a proof file gets a valid checkpoint behind it. Run from the
root of the tree with the ``fuzz`` dependencies installed::

    PYTHONPATH=src:tests python tests/fuzz/fuzz_log.py -max_total_time=300 -max_len=1024
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["dongui"]):
    from dongui.environment import SystemEntropy
    from dongui.errors import Misuse, Refused
    from dongui.log.checkpoint import Checkpoint, checkpoint_body, sign_checkpoint, verify_checkpoint
    from dongui.log.entry import Entry
    from dongui.log.keys import SignerKey, VerifierKey
    from dongui.log.note import parse_note, sign_note
    from dongui.log.proof_file import verify_proof

KEY = SignerKey.generate("log.example/fuzz", entropy=SystemEntropy())
NOTE = sign_checkpoint(Checkpoint(KEY.name, 5, bytes(32)), key=KEY)


def read_note(data: bytes) -> None:
    """Whatever is read as a note has a text and signatures."""
    note = parse_note(data)
    if not note.signatures or not note.text.endswith("\n"):
        raise AssertionError("a note without a text or a signature was read")


def read_checkpoint(data: bytes) -> None:
    """A signed text is a checkpoint only if writing it down again gives the same text."""
    try:
        text = data.decode()
        note = sign_note(text, key=KEY)
    except ValueError:
        return
    checkpoint = verify_checkpoint(note, origin=text.partition("\n")[0], key=KEY.verifier)
    if checkpoint_body(checkpoint.checkpoint) != text:
        raise AssertionError("a checkpoint was read in a spelling that is not its own")


def read_proof(data: bytes) -> None:
    """Nothing is proved under a root nobody knows a leaf of."""
    verify_proof(data + b"\n\n" + NOTE, origin=KEY.name, key=KEY.verifier)
    raise AssertionError("a proof was found where there is none")


def read_entry(data: bytes) -> None:
    """What is read as an entry encodes to itself."""
    if Entry.decode(data).encode() != data:
        raise AssertionError("an entry was read in a spelling that is not its own")


def read_key(data: bytes) -> None:
    """What is read as a key has that text."""
    text = data.decode("utf-8", "surrogateescape")
    if VerifierKey.parse(text).text() != text:
        raise AssertionError("a key was read in a spelling that is not its own")


READERS: tuple[Callable[[bytes], None], ...] = (read_note, read_checkpoint, read_proof, read_entry, read_key)


def test_one_input(data: bytes) -> None:
    """One input to one reader: a named refusal, or something that holds."""
    if not data:
        return
    try:
        READERS[data[0] % len(READERS)](data[1:])
    except (Refused, Misuse) as failure:
        if failure.name.partition(".")[0] not in {"log", "cbor"}:
            raise


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()

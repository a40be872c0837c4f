"""A proof in a file (c2sp.org/tlog-proof): entry, inclusion proof and checkpoint, checked offline."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from dongui.errors import Refused
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.entry import MAX_ENTRY_BYTES, Entry
from dongui.log.keys import VerifierKey
from dongui.log.merkle import HASH_BYTES, leaf_hash
from dongui.log.note import MAX_NOTE_BYTES
from dongui.log.proofs import InclusionProof, verify_inclusion

__all__ = ["MAX_PROOF_BYTES", "VerifiedEntry", "format_proof", "verify_proof"]

# A note at its largest, 63 hashes of 45 characters, the entry, and the three lines around them.
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 4_096
_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_EXTRA = "extra "


@dataclass(frozen=True, slots=True)
class VerifiedEntry:
    """An entry proved to stand at ``index`` under ``checkpoint``. Only :func:`verify_proof` makes one."""

    entry: Entry
    index: int
    checkpoint: VerifiedCheckpoint


def format_proof(entry: Entry, proof: InclusionProof, checkpoint: VerifiedCheckpoint) -> bytes:
    """Return the file's bytes; the entry is its ``extra`` data.

    Raises ``ValueError`` if the proof is for another size than the checkpoint's.
    """
    if proof.size != checkpoint.size:
        raise ValueError(f"a proof for {proof.size} entries, a checkpoint over {checkpoint.size}")
    lines = [_FIRST_LINE, _EXTRA + _base64(entry.encode()), f"index {proof.index}"]
    lines += [_base64(value) for value in proof.hashes]
    return "\n".join([*lines, "", ""]).encode() + checkpoint.note


def verify_proof(data: bytes, *, origin: str, key: VerifierKey) -> VerifiedEntry:
    """Check a proof file against the log's name and public key.

    Raises ``Refused``: ``log.proof-malformed``, ``log.inclusion-proof-invalid``, and the names of
    :func:`~dongui.log.checkpoint.verify_checkpoint` and :meth:`~dongui.log.entry.Entry.decode`.
    """
    if len(data) > MAX_PROOF_BYTES:
        raise _malformed(f"it has {len(data)} bytes; the limit is {MAX_PROOF_BYTES}")
    head, blank, note = data.partition(b"\n\n")
    if not blank:
        raise _malformed("it has no checkpoint after an empty line")
    entry, index, hashes = _parse_head(head)
    checkpoint = verify_checkpoint(note, origin=origin, key=key)
    # The file does not say the size: it is the checkpoint's, which is signed.
    proof = InclusionProof(index, checkpoint.size, hashes)
    verify_inclusion(proof, leaf=leaf_hash(entry), root=checkpoint.root)
    return VerifiedEntry(Entry.decode(entry), index, checkpoint)


def _parse_head(head: bytes) -> tuple[bytes, int, tuple[bytes, ...]]:
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _malformed("it is not ASCII before the checkpoint") from None
    if first != _FIRST_LINE:
        raise _malformed(f"its first line is not {_FIRST_LINE}")
    if len(lines) < 2 or not lines[0].startswith(_EXTRA):
        raise _malformed("its second line does not carry the entry")
    index = _INDEX.fullmatch(lines[1])
    if index is None:
        raise _malformed("its third line does not name the index")
    entry = _decoded(lines[0].removeprefix(_EXTRA))
    hashes = tuple(_decoded(line) for line in lines[2:])
    if len(entry) > MAX_ENTRY_BYTES or any(len(value) != HASH_BYTES for value in hashes):
        raise _malformed("the entry or a hash has a length it cannot have")
    return entry, int(index[1]), hashes


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decoded(encoded: str) -> bytes:
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("a line is not base64") from None
    if _base64(value) != encoded:
        raise _malformed("a line is not canonical base64")
    return value


def _malformed(why: str) -> Refused:
    return Refused("log.proof-malformed", f"this is no proof file: {why}")

"""Checkpoints (c2sp.org/tlog-checkpoint): the log's name, size and root in a signed note.

A checkpoint is what a log promises: these were its entries, in this order. Whoever holds two of them can
demand the proof that the later extends the earlier.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from dongui.errors import Refused
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.merkle import HASH_BYTES, MAX_SIZE
from dongui.log.note import open_note, sign_note

__all__ = ["Checkpoint", "VerifiedCheckpoint", "checkpoint_body", "sign_checkpoint", "verify_checkpoint"]

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's state as claimed: ``size`` in entries, ``root`` 32 bytes, ``extensions`` opaque lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint whose signature held. Only :func:`verify_checkpoint` makes one.

    ``note`` is the signed note as received: keep it, it is the evidence.
    """

    checkpoint: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        """The number of entries the log had."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The Merkle tree's root over them, 32 bytes."""
        return self.checkpoint.root


def sign_checkpoint(checkpoint: Checkpoint, *, key: SignerKey) -> bytes:
    """Return the signed note. The caller answers for never signing two roots for one size.

    Raises ``ValueError`` if the origin is not the key's name, or the checkpoint cannot be written.
    """
    if checkpoint.origin != key.name:
        raise ValueError(f"a checkpoint of {checkpoint.origin} is not signed with the key of {key.name}")
    body = checkpoint_body(checkpoint)
    if _parse(body) != checkpoint:
        raise ValueError("the checkpoint does not survive being written and read")
    return sign_note(body, key=key)


def verify_checkpoint(note: bytes, *, origin: str, key: VerifierKey) -> VerifiedCheckpoint:
    """Check the signature by ``key`` and that the checkpoint is of the log ``origin``.

    Raises ``Refused``: the names of :func:`dongui.log.note.open_note`, ``log.checkpoint-malformed``,
    ``log.checkpoint-other-origin``.
    """
    checkpoint = _parse(open_note(note, key=key))
    if checkpoint.origin != origin:
        # One key can serve several logs: their checkpoints must not pass for one another's.
        detail = f"it is a checkpoint of another log than {origin}"
        raise Refused("log.checkpoint-other-origin", detail)
    return VerifiedCheckpoint(checkpoint, bytes(note))


def checkpoint_body(checkpoint: Checkpoint) -> str:
    """Return the lines that are signed: origin, size, base64 of the root, extensions."""
    root = base64.b64encode(checkpoint.root).decode()
    return "\n".join((checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions, ""))


def _parse(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) < 4 or lines[-1] != "" or "" in lines[:-1]:
        raise _malformed("it is not three or more lines, none of them empty")
    origin, size, root, *extensions = lines[:-1]
    if not _DECIMAL.fullmatch(size) or int(size) > MAX_SIZE:
        raise _malformed(f"its size is not a decimal number from 0 to {MAX_SIZE} without leading zeroes")
    return Checkpoint(origin, int(size), _root(root), tuple(extensions))


def _root(encoded: str) -> bytes:
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("its root is not base64") from None
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != encoded:
        raise _malformed(f"its root is not {HASH_BYTES} bytes in canonical base64")
    return root


def _malformed(why: str) -> Refused:
    return Refused("log.checkpoint-malformed", f"this is no checkpoint: {why}")

"""A log state known from elsewhere, as a file: a signed note, or one with the proof that leads to it.

The second form is the body of an add-checkpoint request (c2sp.org/tlog-witness)::

    old 20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    log.example
    20852164
    AQ...

    — log.example ...

Its proof leads from the older size, a receipt's, to the checkpoint behind the empty line.
"""

from __future__ import annotations

import base64
import binascii
import re

from dongui.errors import Refused
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.keys import VerifierKey
from dongui.log.proofs import ConsistencyProof
from dongui.receipts.checking import TrustedCheckpoint

__all__ = ["MAX_TRUSTED_BYTES", "read_trusted", "write_trusted"]

MAX_TRUSTED_BYTES = 16_384
_OLD = b"old "
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def read_trusted(data: bytes, *, log_key: VerifierKey) -> TrustedCheckpoint:
    """Read either form and check the log's signature.

    Raises ``Refused``: ``receipt.checkpoint-invalid`` (unreadable, or not signed by ``log_key``),
    ``receipt.too-large``.
    """
    if len(data) > MAX_TRUSTED_BYTES:
        raise Refused("receipt.too-large", f"it has {len(data)} bytes; the limit is {MAX_TRUSTED_BYTES}")
    head, _, note = data.partition(b"\n\n") if data.startswith(_OLD) else (b"", b"", data)
    try:
        checkpoint = verify_checkpoint(note, origin=log_key.name, key=log_key)
    except Refused as error:
        raise Refused("receipt.checkpoint-invalid", f"{error.name}: {error.detail}") from None
    return TrustedCheckpoint(checkpoint, _proof(head, checkpoint.size) if head else None)


def write_trusted(checkpoint: VerifiedCheckpoint, consistency: ConsistencyProof | None) -> bytes:
    """Return the file that :func:`read_trusted` reads. ``ValueError`` if the proof leads elsewhere."""
    if consistency is None:
        return checkpoint.note
    if consistency.new != checkpoint.size:
        raise ValueError(f"the proof leads to {consistency.new} entries, not to {checkpoint.size}")
    lines = [f"old {consistency.old}", *(base64.b64encode(value).decode() for value in consistency.hashes)]
    return "\n".join(lines).encode() + b"\n\n" + checkpoint.note


def _proof(head: bytes, new: int) -> ConsistencyProof:
    first, *rest = head.removeprefix(_OLD).split(b"\n")
    try:
        number = first.decode("ascii")
        hashes = tuple(base64.b64decode(line, validate=True) for line in rest)
    except (UnicodeDecodeError, binascii.Error):
        raise _unreadable("its proof is not a size and lines of base64") from None
    if not _NUMBER.fullmatch(number):
        raise _unreadable("the proof's first size is no decimal number")
    # Base64 has spare bits: one spelling only, here as everywhere.
    if [base64.b64encode(value) for value in hashes] != rest:
        raise _unreadable("its proof is not in canonical base64")
    return ConsistencyProof(int(number), new, hashes)


def _unreadable(why: str) -> Refused:
    return Refused("receipt.checkpoint-invalid", f"this is no checkpoint: {why}")

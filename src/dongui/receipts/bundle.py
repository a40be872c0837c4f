"""A receipt with everything an offline check needs: its place in the log, the proof, the signed log state.

Two forms of the same bytes: canonical CBOR for a file, and ``DR1:`` with Base45 for a QR code. The log's
name is not repeated in it, and neighbouring hashes have no heads of their own: a proof must stay small enough
for a code that a phone reads from a screen.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from dongui.encoding import cbor
from dongui.encoding.cbor import Limits
from dongui.errors import Refused
from dongui.log.checkpoint import Checkpoint, VerifiedCheckpoint, checkpoint_body, verify_checkpoint
from dongui.log.keys import VerifierKey
from dongui.log.merkle import HASH_BYTES, MAX_SIZE
from dongui.log.note import parse_note
from dongui.log.proofs import InclusionProof
from dongui.receipts.code_text import from_code, read_either, to_code
from dongui.receipts.reading import Fields, malformed, read_canonical
from dongui.receipts.signing import MAX_RECEIPT_BYTES, read_statement
from dongui.receipts.statement import Statement

__all__ = ["MAX_BUNDLE_BYTES", "MAX_BUNDLE_TEXT", "TEXT_PREFIX", "ReceiptBundle"]

TEXT_PREFIX = "DR1:"
_MAX_HASHES = 63
MAX_BUNDLE_BYTES = MAX_RECEIPT_BYTES + _MAX_HASHES * HASH_BYTES + 256
_FORMAT = 1
_SIGNATURE_BYTES = 64
_LIMITS = Limits(max_bytes=MAX_BUNDLE_BYTES, max_depth=1, max_items=16)
# Three characters for two bytes, and room for line ends.
MAX_BUNDLE_TEXT = len(TEXT_PREFIX) + (MAX_BUNDLE_BYTES + 1) // 2 * 3 + 16


@dataclass(frozen=True, slots=True)
class ReceiptBundle:
    """A receipt as it is carried, nothing of it checked.

    ``root`` (32 bytes) and ``signature`` (Ed25519, 64 bytes) are those of the log's checkpoint at
    ``proof.size`` entries.
    """

    receipt: bytes = field(repr=False)
    proof: InclusionProof
    root: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def assemble(
        cls, receipt: bytes, *, proof: InclusionProof, checkpoint: VerifiedCheckpoint, log_key: VerifierKey
    ) -> ReceiptBundle:
        """Put together what the log gave. ``ValueError`` for parts that do not belong together."""
        claimed = checkpoint.checkpoint
        if claimed.size != proof.size or claimed.origin != log_key.name or claimed.extensions:
            raise ValueError("proof, checkpoint and key belong to different states, logs or formats")
        for line in parse_note(checkpoint.note).signatures:
            if (line.name, line.key_id) == (log_key.name, log_key.key_id):
                return cls(bytes(receipt), proof, claimed.root, line.signature)
        raise ValueError("the checkpoint is not signed by the log's key")

    @classmethod
    def from_bytes(cls, data: bytes) -> ReceiptBundle:
        """Read the canonical form. Raises ``Refused``: ``receipt.too-large``, ``receipt.malformed``,
        ``receipt.unknown-format``.
        """
        value = read_canonical(data, limits=_LIMITS)
        if isinstance(value, list) and value and value[0] != _FORMAT and isinstance(value[0], int):
            raise Refused("receipt.unknown-format", f"it has format {value[0]}; this version reads {_FORMAT}")
        items = Fields(value, what="bundle", size=7)
        items.required(0, int)
        bundle = cls(
            receipt=items.required(1, bytes),
            proof=_proof(items.required(2, int), items.required(3, int), items.required(5, bytes)),
            root=items.required(4, bytes),
            signature=items.required(6, bytes),
        )
        if (len(bundle.root), len(bundle.signature)) != (HASH_BYTES, _SIGNATURE_BYTES):
            raise malformed("the log's root or signature has the wrong length")
        return bundle

    @classmethod
    def from_text(cls, text: str) -> ReceiptBundle:
        """Read the form of the QR code; line ends around it are allowed. Raises as :meth:`from_bytes`."""
        if len(text) > MAX_BUNDLE_TEXT:
            raise Refused(
                "receipt.too-large", f"it has {len(text)} characters; the limit is {MAX_BUNDLE_TEXT}"
            )
        return cls.from_bytes(from_code(text, prefix=TEXT_PREFIX))

    @classmethod
    def read(cls, data: bytes) -> ReceiptBundle:
        """Read either form, as it stands in a file. Raises as :meth:`from_bytes`."""
        if data.lstrip()[:1] == b"{":
            # The copy of a consent is called a receipt too. Told by its size it would only be "too large".
            raise malformed("it is JSON, as the copy of a consent is; the receipt of a verification is not")
        if len(data) > MAX_BUNDLE_TEXT:
            raise Refused("receipt.too-large", f"it has {len(data)} bytes; the limit is {MAX_BUNDLE_TEXT}")
        return cls.from_bytes(read_either(data, prefix=TEXT_PREFIX))

    def to_bytes(self) -> bytes:
        """Return the canonical form."""
        path = b"".join(self.proof.hashes)
        return cbor.dumps(
            [_FORMAT, self.receipt, self.proof.index, self.proof.size, self.root, path, self.signature]
        )

    def to_text(self) -> str:
        """Return the form of the QR code."""
        return to_code(self.to_bytes(), prefix=TEXT_PREFIX)

    def statement(self) -> Statement:
        """Read what the receipt says **without** believing it. Raises as :func:`read_statement`."""
        return read_statement(self.receipt)

    def checkpoint_note(self, log_key: VerifierKey) -> bytes:
        """Write out the signed note that the compact form stands for, if ``log_key`` is the log's."""
        body = checkpoint_body(Checkpoint(log_key.name, self.proof.size, self.root))
        signature = base64.b64encode(log_key.key_id + self.signature).decode()
        return f"{body}\n\u2014 {log_key.name} {signature}\n".encode()

    def verify_checkpoint(self, log_key: VerifierKey) -> VerifiedCheckpoint:
        """Check that the log signed this state. Raises ``Refused`` (``receipt.checkpoint-invalid``)."""
        try:
            return verify_checkpoint(self.checkpoint_note(log_key), origin=log_key.name, key=log_key)
        except Refused as error:
            raise Refused("receipt.checkpoint-invalid", f"{error.name}: {error.detail}") from None


def _proof(index: int, size: int, path: bytes) -> InclusionProof:
    if not 0 <= index < size <= MAX_SIZE:
        raise malformed(f"the place {index} does not lie in a log of {size} entries")
    if len(path) % HASH_BYTES or len(path) > _MAX_HASHES * HASH_BYTES:
        raise malformed(f"the proof has {len(path)} bytes; it must be whole hashes, at most {_MAX_HASHES}")
    hashes = tuple(path[start : start + HASH_BYTES] for start in range(0, len(path), HASH_BYTES))
    return InclusionProof(index, size, hashes)

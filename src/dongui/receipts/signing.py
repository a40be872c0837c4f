"""The signature over a statement (COSE_Sign1, Ed25519) and the entry the log keeps of a receipt."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dongui.encoding import cbor, cose
from dongui.encoding.cbor import Limits, Tagged
from dongui.encoding.cose import Algorithm, CoseMessage
from dongui.errors import Refused
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.receipts.encoding import MAX_STATEMENT_BYTES, decode_statement, encode_statement
from dongui.receipts.reading import malformed, read_canonical
from dongui.receipts.statement import Statement

__all__ = ["MAX_RECEIPT_BYTES", "entry_of", "read_statement", "sign_statement", "verify_statement"]

MAX_RECEIPT_BYTES = MAX_STATEMENT_BYTES + 256
_LIMITS = Limits(max_bytes=MAX_RECEIPT_BYTES, max_depth=3, max_items=16)
_SIGN1_TAG = 18
_ALGORITHMS = frozenset({Algorithm.EDDSA})
# Part of what is signed, though not sent: a signature of this key over anything else is no receipt.
_CONTEXT = b"dongui/receipt/1"
_PROTECTED = cbor.dumps({1: int(Algorithm.EDDSA)})


def sign_statement(statement: Statement, *, operator_key: Ed25519PrivateKey) -> bytes:
    """Return the receipt: a tagged COSE_Sign1 (RFC 9052, 4.2), canonical."""
    message = cose.sign1(encode_statement(statement), key=operator_key, external_aad=_CONTEXT)
    return cbor.dumps(Tagged(_SIGN1_TAG, message.to_cbor()))


def read_statement(receipt: bytes) -> Statement:
    """Read what a receipt says **without** believing it: for showing it, marked as unchecked.

    Raises ``Refused``: ``receipt.too-large``, ``receipt.malformed``, ``receipt.unknown-format``.
    """
    payload = _message(receipt).payload
    if payload is None:
        raise malformed("it carries no statement")
    return decode_statement(payload)


def verify_statement(receipt: bytes, *, operator_key: Ed25519PublicKey) -> Statement:
    """Return the statement the operator signed.

    Raises ``Refused``: ``receipt.signature-invalid`` and what :func:`read_statement` raises.
    """
    try:
        payload = cose.verify_sign1(
            _message(receipt), key=operator_key, algorithms=_ALGORITHMS, external_aad=_CONTEXT
        )
    except Refused as error:
        if error.name == "cose.signature-invalid":
            raise Refused("receipt.signature-invalid", "the signature is not by the operator's key") from None
        if error.name.startswith("cose."):
            raise malformed(f"{error.name}: {error.detail}") from None
        raise
    return decode_statement(payload)


def entry_of(receipt: bytes, statement: Statement) -> Entry:
    """Return the log entry of a receipt: a commitment, which the blind inside the receipt opens."""
    return Entry(EntryKind.VERIFICATION, commitment(receipt, blind=statement.blind))


def _message(receipt: bytes) -> CoseMessage:
    value = read_canonical(receipt, limits=_LIMITS)
    if not isinstance(value, Tagged) or value.number != _SIGN1_TAG:
        raise malformed("it is not a COSE_Sign1")
    try:
        message = cose.read_sign1(value)
    except Refused as error:
        raise malformed(f"{error.name}: {error.detail}") from None
    # Exactly the headers the signer writes: whatever else stood there would be signed by nobody, or unread.
    if message.unprotected or message.protected != _PROTECTED:
        raise malformed("its headers are not those of a receipt")
    return message

"""Reading what ``dongui receipt`` is given: each file bounded, each mistake named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from dongui.environment import FixedClock
from dongui.errors import Misuse
from dongui.log.keys import VerifierKey
from dongui.memory import SecretBuffer
from dongui.receipts.bundle import MAX_BUNDLE_TEXT, ReceiptBundle
from dongui.receipts.checking import TrustedCheckpoint
from dongui.receipts.keys import MAX_KEYS_BYTES, OperatorKeys
from dongui.receipts.salts import MAX_SALTS_BYTES, Disclosure
from dongui.receipts.statement import Statement
from dongui.receipts.trusting import MAX_TRUSTED_BYTES, read_trusted

__all__ = ["read_bundle", "read_checkpoint", "read_disclosure", "read_issuer_signed", "read_keys"]

_LAST_OF_THE_MINUTE = timedelta(seconds=59)


def read_bundle(path: Path) -> ReceiptBundle:
    """Read a receipt's file, in either form. Raises ``Misuse`` (``file.*``), ``Refused`` (``receipt.*``)."""
    return ReceiptBundle.read(_read(path, MAX_BUNDLE_TEXT, "receipt"))


def read_keys(path: Path) -> OperatorKeys:
    """Read an operator's public keys. Raises ``Misuse``: ``file.*``, ``receipt.keys-malformed``."""
    try:
        return OperatorKeys.parse(_read(path, MAX_KEYS_BYTES, "operator's key file").decode())
    except UnicodeDecodeError:
        raise Misuse("receipt.keys-malformed", f"{path} is not UTF-8") from None


def read_checkpoint(path: Path, *, log_key: VerifierKey) -> TrustedCheckpoint:
    """Read a trusted checkpoint. Raises ``Misuse`` (``file.*``), ``Refused`` (``receipt.checkpoint-*``)."""
    return read_trusted(_read(path, MAX_TRUSTED_BYTES, "checkpoint"), log_key=log_key)


def read_disclosure(path: Path) -> Disclosure:
    """Read a receipt's salts, in either form. Raises ``Misuse`` (``file.*``), ``Refused`` (``receipt.*``)."""
    return Disclosure.read(_read(path, MAX_SALTS_BYTES, "file of salts"))


def read_issuer_signed(path: Path, *, trust: Path, statement: Statement) -> bytes:
    """Authenticate a document as of the receipt's time, and return what the receipt's digest is over.

    The receipt tells that time to the minute; the document is judged at the minute's end, so that one issued
    in the very minute is not too young for its own receipt.

    Raises what :func:`~dongui.cli.trust_option.trust_for` and
    :func:`~dongui.documents.authenticating.authenticate` raise.
    """
    # Imported here: a receipt or a log is checked without whatever reads documents.
    from dongui.cli.document_inputs import read_presentation
    from dongui.cli.trust_option import default_limits, trust_for
    from dongui.documents.authenticating import HolderEvidence, authenticate

    clock = FixedClock((statement.judged_at or statement.issued_at) + _LAST_OF_THE_MINUTE)
    with read_presentation(path) as document:
        believed = trust_for(document, trust, default_limits())
        found = authenticate(document.view, trust=believed, clock=clock, holder=HolderEvidence.none())
    return found.issuer_signed


def _read(path: Path, max_bytes: int, what: str) -> bytes:
    with SecretBuffer.read_file(path, max_bytes=max_bytes, what=what) as content:
        return bytes(content.view)

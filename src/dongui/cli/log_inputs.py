"""What ``dongui log`` reads: the desk's log with its public key alone, and files from elsewhere, bounded."""

from __future__ import annotations

from pathlib import Path

from dongui.cli.receipt_inputs import read_keys
from dongui.desk.folder import read_controller
from dongui.errors import Misuse, Refused
from dongui.log.checkpoint import VerifiedCheckpoint, verify_checkpoint
from dongui.log.keys import VerifierKey
from dongui.log.note import MAX_NOTE_BYTES
from dongui.log.proof_file import MAX_PROOF_BYTES
from dongui.memory import SecretBuffer
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.signing import entry_of
from dongui.storage.sqlite.log import SqliteLogReader
from dongui.storage.sqlite.log_rows import StoredSqliteLog

__all__ = ["find_receipt", "look", "open_log", "read_checkpoint", "read_proof"]


def open_log(desk: Path) -> SqliteLogReader:
    """Open a desk's log for reading.

    Raises ``Misuse`` (``desk.*``, ``file.*``, ``receipt.keys-malformed``, ``log.not-there``), ``Trouble``
    (``log.inconsistent``, ``storage.*``).
    """
    return SqliteLogReader.read(desk / "log.sqlite", key=_key(desk))


def look(desk: Path) -> StoredSqliteLog:
    """Open a desk's log as it is stored, sound or not. Raises as :func:`open_log` but for the soundness."""
    return StoredSqliteLog.look(desk / "log.sqlite", key=_key(desk))


def _key(desk: Path) -> VerifierKey:
    read_controller(desk)
    return read_keys(desk / "operator.keys").log


def read_checkpoint(path: Path, *, key: VerifierKey) -> VerifiedCheckpoint:
    """Read a checkpoint kept elsewhere. Raises ``Misuse`` (``file.*``), ``Refused`` (``log.*``)."""
    with SecretBuffer.read_file(path, max_bytes=MAX_NOTE_BYTES, what="checkpoint") as content:
        return verify_checkpoint(bytes(content.view), origin=key.name, key=key)


def read_proof(path: Path) -> bytes:
    """Read a proof file, at most MAX_PROOF_BYTES. Raises ``Misuse`` (``file.*``)."""
    with SecretBuffer.read_file(path, max_bytes=MAX_PROOF_BYTES, what="proof") as content:
        return bytes(content.view)


def find_receipt(log: SqliteLogReader, bundle: ReceiptBundle) -> int:
    """Return the index of a receipt's entry, once the log holds that entry and all it held at the receipt.

    The receipt carries a checkpoint of its day: whoever holds one can tell a log that went back.
    Raises ``Refused``: ``log.entry-not-found``, ``log.rolled-back``, ``receipt.*``.
    """
    log.require_extends(bundle.verify_checkpoint(log.key))
    index = bundle.proof.index
    try:
        found = log.entry(index)
    except Misuse:
        raise Refused("log.entry-not-found", f"there is no entry {index}") from None
    if found != entry_of(bundle.receipt, bundle.statement()):
        raise Refused("log.entry-not-found", f"entry {index} is another than the receipt's")
    return index

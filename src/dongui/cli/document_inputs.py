"""What ``dongui document`` reads: each file bounded, as bytes or as text of them, each mistake named."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dongui.documents.mdoc.session_transcript import MAX_TRANSCRIPT_BYTES
from dongui.encoding import cbor
from dongui.encoding.cbor import EmbeddedCbor, Limits
from dongui.environment import Clock, FixedClock, SystemClock
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer
from dongui.verification import MAX_DOCUMENT_BYTES

__all__ = ["HolderEvidence", "clock_at", "read_document", "read_evidence"]

# Text takes twice the bytes it stands for, and line breaks.
_MAX_TRANSCRIPT_FILE = 3 * MAX_TRANSCRIPT_BYTES
_MAX_KEY_BYTES = 8 * 1024
_TAGGED = Limits(max_bytes=_MAX_TRANSCRIPT_FILE, max_depth=16, max_items=1_000)
_CBOR_CONTAINER = 0x80  # every CBOR array, map and tag begins at or above it, every ASCII text below
_PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----"
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
# UTF-8 without control characters. No document begins so: bytes from 0x80 on come in sequences there.
_TEXT = re.compile(
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class HolderEvidence:
    """What the holder's device answered in: the session's transcript and, for a MAC, the reader's key."""

    transcript: bytes | None
    reader_key: ec.EllipticCurvePrivateKey | None = field(repr=False)


def read_document(path: Path) -> SecretBuffer:
    """Read a document of at most 2 MiB: CBOR, or hexadecimal digits or base64 of it.

    Raises ``Misuse`` (``file.*``), and ``Refused`` (``mdoc.not-a-document``) for any other text: read
    as CBOR, its letters would be lengths. What is neither is handed on as it is, for the document's reader to
    name.
    """
    content = SecretBuffer.read_file(path, max_bytes=MAX_DOCUMENT_BYTES, what="document")
    decoded = None if content.view[0] >= _CBOR_CONTAINER else _of_text(bytes(content.view))
    if decoded is None:
        _require_no_text(content, path)
        return content
    content.wipe()
    return SecretBuffer(decoded)


def _require_no_text(content: SecretBuffer, path: Path) -> None:
    if not _TEXT.fullmatch(content.view):
        return
    content.wipe()
    raise Refused("mdoc.not-a-document", f"{path} is text: not CBOR, hex or base64")


def read_evidence(transcript: Path | None, reader_key: Path | None) -> HolderEvidence:
    """Read the session transcript, plain or in the tagged form, and the reader's private key.

    Raises ``Misuse``: ``file.*``, ``document.options-incomplete``, ``document.reader-key-unreadable``,
    ``mdoc.session-transcript-malformed``.
    """
    if transcript is None:
        if reader_key is not None:
            raise Misuse("document.options-incomplete", "--reader-key goes with --session-transcript")
        return HolderEvidence(None, None)
    return HolderEvidence(
        _read_transcript(transcript), None if reader_key is None else _read_reader_key(reader_key)
    )


def clock_at(moment: str | None) -> Clock:
    """Return a clock that stands at ``moment``, or the system's.

    Raises ``Misuse`` (``document.moment-unreadable``): a moment without a zone means another instant on
    every machine.
    """
    if moment is None:
        return SystemClock()
    try:
        read = datetime.fromisoformat(moment)
        if _DAY.fullmatch(moment):
            read = read.replace(tzinfo=UTC)
        return FixedClock(read.astimezone(UTC) if read.tzinfo else _zoneless(moment))
    except (ValueError, OverflowError):
        raise Misuse("document.moment-unreadable", f"--at {moment[:64]} is no moment") from None


def _zoneless(moment: str) -> datetime:
    raise Misuse("document.moment-unreadable", f"--at {moment[:64]} has no time zone; add Z for UTC")


def _read_transcript(path: Path) -> bytes:
    with SecretBuffer.read_file(path, max_bytes=_MAX_TRANSCRIPT_FILE, what="session transcript") as content:
        held = bytes(content.view)
    data = held if held[0] >= _CBOR_CONTAINER else bytes(_of_text(held) or held)
    try:
        value = cbor.loads(data, limits=_TAGGED)
    except Refused as refusal:
        raise Misuse("mdoc.session-transcript-malformed", str(refusal)) from None
    # The standard prints transcripts as SessionTranscriptBytes: the array inside an item of tag 24.
    return value.content if isinstance(value, EmbeddedCbor) else data


def _read_reader_key(path: Path) -> ec.EllipticCurvePrivateKey:
    with SecretBuffer.read_file(path, max_bytes=_MAX_KEY_BYTES, what="reader key") as content:
        public = bytes(content.view).lstrip().startswith(_PUBLIC_KEY)
        try:
            key = load_pem_private_key(bytes(content.view), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        private = "is no elliptic curve private key in PEM"
        why = "is a public key; the MAC needs the session's private key" if public else private
        raise Misuse("document.reader-key-unreadable", f"{path} {why}")
    return key


def _of_text(text: bytes) -> bytearray | None:
    """Return the bytes that hexadecimal digits or base64, of either alphabet, stand for; else ``None``."""
    dense = b"".join(text.split())
    if _HEX.fullmatch(dense):
        return bytearray(binascii.unhexlify(dense))
    standard = dense.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return bytearray(base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)) or None
    except binascii.Error:
        return None

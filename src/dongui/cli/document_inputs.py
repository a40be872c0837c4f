"""What ``dongui document`` reads: each file bounded, as bytes or as text of them, each mistake named."""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from dongui.documents.authenticating import HolderEvidence
from dongui.documents.mdoc.session_transcript import MAX_TRANSCRIPT_BYTES
from dongui.documents.passport.files import MAX_FILES, NEVER_KEPT, identify
from dongui.documents.recognising import Kind, is_picture, recognise, unknown
from dongui.encoding import cbor
from dongui.encoding.cbor import EmbeddedCbor, Limits
from dongui.environment import Clock, FixedClock, SystemClock
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer, require_file
from dongui.verification import MAX_DOCUMENT_BYTES

__all__ = ["clock_at", "read_document", "read_evidence", "read_presentation", "require_document"]

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
_UNSAFE = re.compile(r"[:\\]")  # on some machine such a name climbs out of the zip
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def require_document(path: Path) -> None:
    """Check that a document is there and of a size that is read, and read nothing. Raises ``Misuse``."""
    if path.is_dir():
        _require_passport(path, [entry.name for entry in _entries(path)])
    else:
        require_file(path, max_bytes=MAX_DOCUMENT_BYTES, what="document")


def read_document(path: Path) -> SecretBuffer:
    """Read a document of at most 2 MiB, of any kind.

    A folder is taken for a passport's files and comes back as a zip of them; fingerprints and irises among
    them are not read. Hexadecimal digits or base64 of a mobile document come back as CBOR, an SD-JWT
    credential or a code's text without white space around it.

    Raises ``Misuse`` (``file.*``), and ``Refused`` (``document.kind-unknown``) for any other text. What is
    neither is handed on as it is, for the document's reader to name.
    """
    if path.is_dir():
        return _read_folder(path)
    content = SecretBuffer.read_file(path, max_bytes=MAX_DOCUMENT_BYTES, what="document")
    if recognise(content.view) is Kind.PASSPORT or is_picture(content.view):
        return content
    text = bytes(content.view).strip()
    if recognise(text) is not Kind.MDOC:
        content.wipe()
        return SecretBuffer(bytearray(text))
    decoded = None if content.view[0] >= _CBOR_CONTAINER else _of_text(text)
    if decoded is None:
        _require_no_text(content)
        return content
    content.wipe()
    return SecretBuffer(decoded)


def read_presentation(path: Path) -> SecretBuffer:
    """Read what is held out in a session: as :func:`read_document`, but a mobile document as bytes alone.

    What is none of it is handed on as it is: it is refused where a receipt says so. Raises ``Misuse``
    (``file.*``).
    """
    if path.is_dir():
        return _read_folder(path)
    content = SecretBuffer.read_file(path, max_bytes=MAX_DOCUMENT_BYTES, what="document")
    if is_picture(content.view):
        return content
    text = bytes(content.view).strip()
    if recognise(text) not in (Kind.SD_JWT, Kind.STAFF_CARD):
        return content
    content.wipe()
    return SecretBuffer(bytearray(text))


def _read_folder(folder: Path) -> SecretBuffer:
    """A folder's files as a zip in memory, nothing of it on disk; of those that are not read, the names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in _files_of(folder):
            archive.writestr(zipfile.ZipInfo(_UNSAFE.sub("_", name)), content)
            if packed.tell() > MAX_DOCUMENT_BYTES:
                raise Misuse("file.too-large", f"{folder} holds more than {MAX_DOCUMENT_BYTES} bytes")
    with packed.getbuffer() as written:
        document = SecretBuffer(bytearray(written))
        written[:] = bytes(len(written))
    return document


def _files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    found = _entries(folder)
    _require_passport(folder, [path.name for path in found])
    for path in found:
        number = identify(path.name)
        if number is None or number in NEVER_KEPT:
            yield path.name, b""
            continue
        with SecretBuffer.read_file(path, max_bytes=MAX_DOCUMENT_BYTES, what="document") as content:
            yield path.name, bytes(content.view)


def _require_no_text(content: SecretBuffer) -> None:
    if _TEXT.fullmatch(content.view):
        failure = unknown(content.view)
        content.wipe()
        raise failure


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder: one more than the most there may be, for the passport's reader to name."""
    try:
        return sorted(folder.iterdir())[: MAX_FILES + 1]
    except OSError as error:
        raise Misuse("file.not-readable", f"{folder}: {error.strerror}") from None


def _require_passport(folder: Path, names: list[str]) -> None:
    if all(identify(name) is None for name in names):
        raise Misuse("file.is-directory", f"{folder} is a directory, and none of its files is a passport's")


def read_evidence(
    transcript: Path | None, reader_key: Path | None, nonce: str | None = None, audience: str | None = None
) -> HolderEvidence:
    """Read the session transcript, plain or in the tagged form, and the reader's private key.

    ``nonce`` and ``audience`` are the request's, for an SD-JWT credential.

    Raises ``Misuse``: ``file.*``, ``document.options-incomplete``, ``document.reader-key-unreadable``,
    ``mdoc.session-transcript-malformed``.
    """
    if transcript is None and reader_key is not None:
        raise Misuse("document.options-incomplete", "--reader-key goes with --session-transcript")
    if (nonce is None) is not (audience is None):
        raise Misuse("document.options-incomplete", "--nonce and --audience go together")
    return HolderEvidence(
        None if transcript is None else _read_transcript(transcript),
        None if reader_key is None else _read_reader_key(reader_key),
        nonce,
        audience,
        None,
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

"""Reading what ``dongui issue`` is given: each file bounded, each mistake named, no value in a message."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dongui.biometrics.image_header import (
    MIN_SIDE_PIXELS,
    Header,
    HeaderError,
    PictureFormat,
    read_header,
)
from dongui.documents.mdoc.element_kinds import PORTRAIT_BYTES_MAX
from dongui.documents.mdoc.holder import Holder
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = [
    "choose_elements",
    "read_elements",
    "read_key",
    "read_portrait",
    "read_reader_key",
    "read_transcript",
]

_KEY_BYTES_MAX = 1024 * 1024
_JSON_BYTES_MAX = 64 * 1024
_TRANSCRIPT_BYTES_MAX = 64 * 1024
_PUBLIC_KEY_BYTES_MAX = 8 * 1024


def read_key(path: Path) -> bytes:
    """Return a key file's bytes, at most 1 MiB. Raises ``Misuse`` ``file.*``."""
    return _read(path, _KEY_BYTES_MAX, "key file")


def read_portrait(path: Path) -> bytes:
    """Return a portrait's bytes, at most 512 KiB: a JPEG that a verification would read by its header.

    Its pixels are not decoded here. Raises ``Misuse``: ``file.*``, ``issuing.portrait-not-jpeg``,
    ``issuing.portrait-too-small``.
    """
    encoded = _read(path, PORTRAIT_BYTES_MAX, "portrait")
    header = _jpeg_header(encoded)
    if header is None or not header.ends:
        raise Misuse("issuing.portrait-not-jpeg", "the portrait must be one whole JPEG image")
    if min(header.width, header.height) < MIN_SIDE_PIXELS:
        size = f"the portrait is {header.width} x {header.height} pixels"
        raise Misuse("issuing.portrait-too-small", f"{size}; each side needs {MIN_SIDE_PIXELS} pixels")
    return encoded


def _jpeg_header(encoded: bytes) -> Header | None:
    try:
        return read_header(memoryview(encoded), formats=(PictureFormat.JPEG,))
    except HeaderError:
        return None


def read_transcript(path: Path) -> bytes:
    """Return a session transcript's bytes, at most 64 KiB. Raises ``Misuse`` ``file.*``."""
    return _read(path, _TRANSCRIPT_BYTES_MAX, "session transcript")


def read_elements(path: Path) -> dict[str, object]:
    """Return the one JSON object of a file of at most 64 KiB.

    Raises ``Misuse``: ``file.*``, ``issuing.bad-data-file`` for anything else, a name given twice included:
    of two birth dates the reader would silently keep one.
    """
    try:
        text = _read(path, _JSON_BYTES_MAX, "data file").decode("utf-8")
        content: object = json.loads(text, object_pairs_hook=_each_name_once)
    except UnicodeDecodeError:
        raise _bad_data(path, "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _bad_data(path, f"is not JSON at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _bad_data(path, "is nested too deep") from None
    except _RepeatedNameError:
        raise _bad_data(path, "gives one name twice") from None
    if not isinstance(content, dict):
        raise _bad_data(path, "is not one JSON object")
    return content


def read_reader_key(path: Path) -> ec.EllipticCurvePublicKey:
    """Return an elliptic curve public key in PEM (SubjectPublicKeyInfo).

    Raises ``Misuse``: ``file.*``, ``issuing.reader-key-unreadable``.
    """
    data = _read(path, _PUBLIC_KEY_BYTES_MAX, "reader key")
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Misuse("issuing.reader-key-unreadable", f"{path} is no elliptic curve public key in PEM")
    return key


def choose_elements(holder: Holder, wanted: Collection[str] | None) -> dict[str, list[str]]:
    """Return what to disclose: everything, or the named elements in whichever namespace holds them.

    Raises ``Misuse`` ``issuing.element-not-held``.
    """
    held = holder.everything()
    if wanted is None:
        return held
    for name in wanted:
        if not any(name in names for names in held.values()):
            raise Misuse("issuing.element-not-held", f"the document has no element {name!r}")
    return {namespace: [name for name in names if name in wanted] for namespace, names in held.items()}


class _RepeatedNameError(Exception):
    """A JSON object gives one name twice."""


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedNameError
    return found


def _read(path: Path, max_bytes: int, what: str) -> bytes:
    with SecretBuffer.read_file(path, max_bytes=max_bytes, what=what) as buffer:
        return bytes(buffer.view)


def _bad_data(path: Path, why: str) -> Misuse:
    return Misuse("issuing.bad-data-file", f"{path} {why}")

"""Files nobody should be given, by what is wrong with them."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

from PIL import Image

__all__ = ["bad_pictures", "lay_out_bad_files"]


def lay_out_bad_files(folder: Path) -> dict[str, Path]:
    """Write them into a new ``folder``; return their paths by name, and two that are not there."""
    folder.mkdir()
    contents = {
        "empty": b"",
        "text": b"hello\n" * 100,
        "not-utf8": b"\xff\xfe\x00{" * 50,
        "json-too-deep": b"[" * 50_000,
        "cbor-too-deep": b"\xa1\x01" * 50_000,
        "cbor-4-gib-of-bytes": b"\x5a\xff\xff\xff\xff" + bytes(100),
        "cbor-4-gib-of-entries": b"\xba\xff\xff\xff\xff" + bytes(100),
        "cbor-without-end": b"\x9f" * 100_000,
        "certificate-of-nothing": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "directory").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "endless").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    with (folder / "tebibyte").open("wb") as file:
        file.truncate(1 << 40)
    found = {path.name: path for path in sorted(folder.iterdir())}
    return found | {"missing": folder / "missing", "nowhere": folder / "no" / "such" / "folder"}


def bad_pictures(good: bytes) -> dict[str, tuple[bytes, str, str]]:
    """Pictures that cannot be used, by name: content, failure, and the limit or reason that must be told.

    ``good`` is a JPEG with a face.
    """
    large = _saved(Image.new("L", (10_000, 6_000)), "PNG")
    return {
        "text": (b"not an image at all", "capture.not-an-image", "JPEG and PNG are read"),
        "gif": (_saved(Image.new("L", (300, 300)), "GIF"), "capture.format-not-read", "GIF"),
        "one-pixel": (_saved(Image.new("RGB", (1, 1)), "JPEG"), "capture.too-small", "64 pixels"),
        "60-megapixels": (large, "capture.too-many-pixels", "50000000 pixels"),
        "3600-megapixels-claimed": (
            _png_claiming(60_000, 60_000),
            "capture.too-many-pixels",
            "50000000 pixels",
        ),
        "cut-off": (good[: len(good) // 2], "capture.truncated", "cut off"),
        "cut-off-in-its-header": (good[:20], "capture.truncated", "ends before"),
        "damaged": (good[:2] + b"\x00" + good[3:], "capture.not-an-image", "JPEG and PNG are read"),
    }


def _saved(picture: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


def _png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">4sIIBBBBB", b"IHDR", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))

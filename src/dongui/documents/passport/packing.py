"""A passport's files in one run of bytes, for one buffer: each file is one object that tells its own length.

EF.SOD first, so that the first byte says what it is (:func:`dongui.documents.recognising.recognise`), then
EF.COM if there is one, then the data groups in order. A zip is the other form; this one holds no names.
"""

from __future__ import annotations

from collections.abc import Iterator

from dongui.documents.passport.files import COM, DATA_GROUP_TAGS, SOD, LdsFiles, file_label
from dongui.documents.passport.tlv import header_length
from dongui.errors import Refused

__all__ = ["is_packed", "pack_passport", "unpack_passport"]

_NUMBERS = {0x60: COM, 0x77: SOD, **{tag: number for number, tag in DATA_GROUP_TAGS.items()}}
_HEADER_BYTES = 8
_SOD_TAG = 0x77


def pack_passport(files: LdsFiles) -> bytearray:
    """Return the files in one run. Raises ``Refused`` (``passport.security-object-missing``)."""
    if files.security_object is None:
        raise Refused("passport.security-object-missing", "there is no EF.SOD")
    packed = bytearray(files.security_object)
    packed += files.com or b""
    for content in files.groups.values():
        packed += content
    return packed


def is_packed(data: bytes) -> bool:
    """Whether ``data`` begins as :func:`pack_passport` begins; else it is a zip, or nothing."""
    return data[:1] == bytes([_SOD_TAG])


def unpack_passport(data: bytes) -> LdsFiles:
    """Return the files of a run of them, each exactly as it stands there.

    Raises ``Refused``: ``passport.file-twice``, ``passport.data-group-tag`` (an object that is no file of the
    standard), ``passport.tlv-*`` and what :meth:`.LdsFiles.from_numbers` raises.
    """
    found: dict[int, bytes] = {}
    for number, content in _files(data):
        if number in found:
            raise Refused("passport.file-twice", f"there are two files for {file_label(number)}")
        found[number] = content
    return LdsFiles.from_numbers(found)


def _files(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        tag, header, length = header_length(data[position : position + _HEADER_BYTES], what="the files")
        if tag not in _NUMBERS:
            raise Refused("passport.data-group-tag", f"an object {tag:X} is no file of a passport")
        end = position + header + length
        if end > len(data):
            raise Refused("passport.tlv-truncated", f"a file declares {length} bytes beyond the end")
        yield _NUMBERS[tag], data[position:end]
        position = end

"""The files of one passport, however they were put side by side: in a folder, in a zip, read off a chip.

Fingerprints and irises (DG3, DG4) are never taken: where their files lie among the others, their names are
kept and their bytes are not. A zip is read in memory and never unpacked to disk.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dongui.documents.passport.tlv import read_one
from dongui.errors import Refused

__all__ = [
    "COM",
    "DATA_GROUP_TAGS",
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "NEVER_KEPT",
    "SOD",
    "LdsFiles",
    "file_identifier",
    "file_label",
    "identify",
]

# ICAO 9303-10, 4.6 and 4.7: data groups by their number; EF.COM and EF.SOD stand beside them.
DATA_GROUP_TAGS: Mapping[int, int] = MappingProxyType(
    dict(
        enumerate(
            (
                0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68,
                0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
            ),
            start=1,
        )
    )
)  # fmt: skip
COM, SOD = 0, 17  # the numbers under which this module keeps EF.COM and EF.SOD
_TAGS = {**DATA_GROUP_TAGS, COM: 0x60, SOD: 0x77}
_IDENTIFIERS = {0x011E: COM, 0x011D: SOD, **{0x0100 + number: number for number in DATA_GROUP_TAGS}}
NEVER_KEPT = frozenset({3, 4})

MAX_FILES = 64
MAX_FILE_BYTES = 4 * 1024 * 1024
_MAX_TOTAL_BYTES = 16 * 1024 * 1024
# Portraits do not shrink; certificates and text do, tenfold. Beyond this a zip was made to swell.
_MAX_RATIO = 100
_SUFFIX = re.compile(r"\.(?:BIN|DAT|DER|RAW|EF|TLV)$")
_NAMED = re.compile(r"(?:EF[._ -]?)?(COM|SOD)")
_NUMBERED = re.compile(r"(?:EF[._ -]?)?(?:DG|DATA[._ -]?GROUP)[._ -]?0?([1-9]|1[0-6])")
_IDENTIFIED = re.compile(r"(?:0X|EF[._ -]?)?(01[0-9A-F]{2})")
# What zipfile and zlib were seen to raise on archives that are none.
_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    IndexError,
    OverflowError,
    RuntimeError,  # encrypted, or compressed in a way that is not known
    OSError,
)
_DIRECTORY_ENTRY = b"PK\x01\x02"


def identify(name: str) -> int | None:
    """Return which file ``name`` means: 1 to 16, :data:`COM` or :data:`SOD`; ``None``: it means none.

    By file identifier (``011E``, ``0102.bin``) or by data group in the usual spellings (``EF.COM``,
    ``COM.bin``, ``DG1``, ``EF_DG01.dat``, ``Datagroup14.bin``); case does not count.
    """
    if not name.isascii():
        return None  # some letters become ASCII ones in upper case
    stem = _SUFFIX.sub("", name.upper())
    if found := _NAMED.fullmatch(stem):
        return COM if found[1] == "COM" else SOD
    if found := _NUMBERED.fullmatch(stem):
        return int(found[1])
    if found := _IDENTIFIED.fullmatch(stem):
        return _IDENTIFIERS.get(int(found[1], 16))
    return None


def file_label(number: int) -> str:
    """Return how a file is called: ``DG2``, ``EF.COM``, ``EF.SOD``."""
    return {COM: "EF.COM", SOD: "EF.SOD"}.get(number, f"DG{number}")


def file_identifier(number: int) -> int:
    """Return the file identifier (ICAO 9303-10, 4.6 and 4.7) under which a chip holds the file."""
    return next(identifier for identifier, held in _IDENTIFIERS.items() if held == number)


@dataclass(frozen=True, slots=True)
class LdsFiles:
    """The files of one passport, as they were read. ``repr`` shows which are there and nothing in them.

    ``groups`` holds data groups by number (never 3 or 4). ``not_kept`` are the numbers of fingerprint and
    iris files that were there and were not taken. ``unaccounted`` are names that belong to no file of the
    standard: carried by name, never read.
    """

    groups: Mapping[int, bytes] = field(repr=False)
    com: bytes | None = field(repr=False)
    security_object: bytes | None = field(repr=False)
    not_kept: tuple[int, ...] = ()
    unaccounted: tuple[str, ...] = ()

    @classmethod
    def from_listing(cls, listing: Mapping[str, bytes]) -> LdsFiles:
        """Take the files of a folder: their names (without the folder) and contents.

        The contents of DG3 and DG4 and of what :func:`identify` does not know may be left empty: they are
        not looked at. Raises ``Refused``: ``passport.too-many-files``, ``passport.file-too-large``,
        ``passport.file-twice``, ``passport.no-files``, ``passport.data-group-tag``, ``passport.tlv-*``,
        ``passport.trailing-bytes``.
        """
        _require_count(len(listing))
        return _collected(iter(listing.items()))

    @classmethod
    def from_numbers(cls, contents: Mapping[int, bytes]) -> LdsFiles:
        """Take files by number: 1 to 16, :data:`COM`, :data:`SOD`. Raises as :meth:`from_listing`."""
        return _collected((file_label(number), content) for number, content in contents.items())

    @classmethod
    def from_archive(cls, archive: bytes) -> LdsFiles:
        """Take the files of a zip, in whichever of its folders they lie; nothing is written anywhere.

        Raises as :meth:`from_listing`, and ``passport.archive-malformed``, ``passport.archive-path`` (a name
        that climbs out of its folder), ``passport.archive-too-large`` (sizes or ratio beyond the limits).
        """
        _require_small(archive)
        try:
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                entries = [entry for entry in opened.infolist() if entry.filename[-1:] != "/"]
                _require_count(len(entries))
                return _collected(_unpacked(opened, entries))
        except _ARCHIVE_ERRORS as error:
            raise Refused(
                "passport.archive-malformed", f"it cannot be unpacked: {type(error).__name__}"
            ) from None

    def __contains__(self, number: object) -> bool:
        return number in self.groups

    def __iter__(self) -> Iterator[int]:
        """Iterate over the numbers of the data groups there are, in order."""
        return iter(self.groups)

    def group(self, number: int) -> bytes:
        """Return the data group's bytes. Raises ``Refused`` ``passport.data-group-missing``."""
        if number not in self.groups:
            raise Refused("passport.data-group-missing", f"there is no DG{number}")
        return self.groups[number]

    def __repr__(self) -> str:
        there = [file_label(number) for number in self.groups]
        there += ["EF.COM"] if self.com is not None else []
        there += ["EF.SOD"] if self.security_object is not None else []
        return f"LdsFiles({', '.join(there)})"


def _require_small(archive: bytes) -> None:
    """Refuse by size and by marks of entries what would take seconds to list."""
    if len(archive) > _MAX_TOTAL_BYTES:
        detail = f"it has {len(archive)} bytes; the limit is {_MAX_TOTAL_BYTES}"
        raise Refused("passport.archive-too-large", detail)
    _require_count(archive.count(_DIRECTORY_ENTRY) // 2)


def _require_count(count: int) -> None:
    if count > MAX_FILES:
        raise Refused("passport.too-many-files", f"{count} files; the limit is {MAX_FILES}")


def _collected(contents: Iterator[tuple[str, bytes]]) -> LdsFiles:
    """Sort files by what their names mean, each checked to be the one whole object its name promises."""
    found: dict[int, bytes] = {}
    not_kept: set[int] = set()
    unaccounted: list[str] = []
    for name, content in contents:
        number = identify(name)
        if number is None:
            unaccounted.append(name)
        elif number in NEVER_KEPT:
            not_kept.add(number)
        elif number in found:
            raise Refused("passport.file-twice", f"there are two files for {file_label(number)}")
        else:
            found[number] = _checked(number, content)
    if not found:
        raise Refused("passport.no-files", "no file has the name of one of a passport's files")
    groups = {number: found[number] for number in sorted(found) if number in DATA_GROUP_TAGS}
    return LdsFiles(
        MappingProxyType(groups), found.get(COM), found.get(SOD), tuple(sorted(not_kept)), tuple(unaccounted)
    )


def _checked(number: int, content: bytes) -> bytes:
    label = file_label(number)
    if len(content) > MAX_FILE_BYTES:
        raise Refused(
            "passport.file-too-large", f"{label} has {len(content)} bytes; the limit is {MAX_FILE_BYTES}"
        )
    if content[:1] != bytes([_TAGS[number]]):
        raise Refused("passport.data-group-tag", f"{label} does not begin with {_TAGS[number]:X}")
    read_one(content, _TAGS[number], what=label)
    return content


def _unpacked(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content; what is not taken is not unpacked either."""
    total = 0
    for entry in entries:
        name = _last_part(entry.filename)
        number = identify(name)
        content = b"" if number is None or number in NEVER_KEPT else _unpack(archive, entry)
        total += len(content)
        if total > _MAX_TOTAL_BYTES:
            raise Refused("passport.archive-too-large", f"it unpacks to more than {_MAX_TOTAL_BYTES} bytes")
        yield name, content


def _last_part(path: str) -> str:
    parts = path.split("/")
    if ".." in parts or path.startswith("/") or "\\" in path or "\0" in path or ":" in path:
        raise Refused("passport.archive-path", "a name in it climbs out of its folder")
    return parts[-1]


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpack one entry, as far as the limits go whatever its header declares."""
    if entry.flag_bits & 0x1:
        raise Refused("passport.archive-malformed", "it is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("passport.archive-malformed", "it is packed in a way that is not read")
    limit = min(MAX_FILE_BYTES, _MAX_RATIO * max(entry.compress_size, 1))
    with archive.open(entry) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise Refused("passport.archive-too-large", f"a file in it unpacks to more than {limit} bytes")
    return content

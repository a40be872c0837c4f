"""EF.COM, the unsigned table of contents: ICAO 9303-10, 4.6.1.

Nobody signs it, so nothing is decided by it: what is there and what is genuine is told by EF.SOD. Where it
disagrees with the files at hand it is said, as a remark.
"""

from __future__ import annotations

from dataclasses import dataclass

from dongui.documents.passport.files import DATA_GROUP_TAGS, NEVER_KEPT, LdsFiles
from dongui.documents.passport.tlv import read_fields, read_one
from dongui.errors import Refused

__all__ = ["LDS_VERSIONS", "TableOfContents", "com_remarks", "parse_com"]

LDS_VERSIONS = ("1.7", "1.8")
_LDS_VERSION, _UNICODE_VERSION, _TAG_LIST = 0x5F01, 0x5F36, 0x5C
_NUMBERS = {tag: number for number, tag in DATA_GROUP_TAGS.items()}


@dataclass(frozen=True, slots=True)
class TableOfContents:
    """What EF.COM says: versions ("1.7", "4.0.0") and the data groups it lists, by number, in its order."""

    lds_version: str
    unicode_version: str
    data_groups: tuple[int, ...]


def parse_com(data: bytes) -> TableOfContents:
    """Read EF.COM.

    Raises ``Refused``: ``passport.com-malformed``, ``passport.lds-version`` for a version other than
    :data:`LDS_VERSIONS`, ``passport.tlv-*``, ``passport.field-*``, ``passport.trailing-bytes``.
    """
    fields = read_fields(read_one(data, 0x60, what="EF.COM"), what="EF.COM")
    fields.require_known({_LDS_VERSION, _UNICODE_VERSION, _TAG_LIST})
    lds = _version(fields.one(_LDS_VERSION), 4)
    if lds not in LDS_VERSIONS:
        raise Refused("passport.lds-version", f"EF.COM says {lds}; {' and '.join(LDS_VERSIONS)} are read")
    return TableOfContents(lds, _version(fields.one(_UNICODE_VERSION), 6), _listed(fields.one(_TAG_LIST)))


def com_remarks(contents: TableOfContents, files: LdsFiles) -> tuple[str, ...]:
    """Return the names of remarks: where the table of contents and the files at hand disagree.

    Fingerprints and irises are listed by many passports and read by nobody here: they are no disagreement.
    """
    listed, there = set(contents.data_groups), set(files)
    remarks = []
    if listed - there - NEVER_KEPT:
        remarks.append("passport.com-lists-absent")
    if there - listed:
        remarks.append("passport.com-omits-present")
    return tuple(remarks)


def _version(value: bytes, size: int) -> str:
    """Return "1.7" for ``0107``: two digits a part."""
    if len(value) != size or not value.isdigit():
        raise Refused("passport.com-malformed", f"a version in EF.COM is not {size} digits")
    return ".".join(str(int(value[start : start + 2])) for start in range(0, size, 2))


def _listed(tags: bytes) -> tuple[int, ...]:
    unknown = set(tags) - set(_NUMBERS)
    if unknown or len(set(tags)) != len(tags):
        raise Refused("passport.com-malformed", "EF.COM lists a tag twice, or one of no data group")
    return tuple(_NUMBERS[tag] for tag in tags)

"""Tag, length, value as chips write it: the part of BER (ISO/IEC 8825-1, ISO/IEC 7816-4) that ICAO 9303 uses.

Nothing here recurses and nothing is allocated by a declared length: values are slices of what was given.
Lengths are definite (ISO/IEC 7816-4, 5.2.2): a file that is hashed as a whole has an end that is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dongui.errors import Refused

__all__ = ["Fields", "Tlv", "header_length", "read_fields", "read_one", "read_sequence", "write"]

_MAX_TAG_BYTES = 3
_MAX_LENGTH_BYTES = 4
_MAX_OBJECTS = 64


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object: ``tag`` as it is written (0x7F61), ``value`` without tag and length."""

    tag: int
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fields:
    """The data objects inside a template, in their order; ``what`` names the template in messages."""

    objects: tuple[Tlv, ...] = field(repr=False)
    what: str

    def one(self, tag: int) -> bytes:
        """Return the value of ``tag``. Raises ``Refused`` ``passport.field-missing`` or ``-twice``."""
        found = self.optional(tag)
        if found is None:
            raise Refused("passport.field-missing", f"{self.what} has no object {tag:X}")
        return found

    def optional(self, tag: int) -> bytes | None:
        """Return the value of ``tag``, or ``None``. Raises ``Refused`` ``passport.field-twice``."""
        found = self.every(tag)
        if len(found) > 1:
            raise Refused("passport.field-twice", f"{self.what} has {len(found)} objects {tag:X}")
        return found[0] if found else None

    def every(self, tag: int) -> tuple[bytes, ...]:
        """Return the values of all objects ``tag``, in their order."""
        return tuple(item.value for item in self.objects if item.tag == tag)

    def require_known(self, known: Collection[int]) -> None:
        """Raise ``Refused`` ``passport.field-unknown`` for an object nobody has judged."""
        for tag in self.others(known):
            raise Refused("passport.field-unknown", f"{self.what} has an object {tag:X}")

    def others(self, known: Collection[int]) -> tuple[int, ...]:
        """Return the tags that are not ``known``, each once."""
        return tuple(dict.fromkeys(item.tag for item in self.objects if item.tag not in known))


def read_one(data: bytes, tag: int, *, what: str) -> bytes:
    """Return the value of the one object ``data`` consists of.

    Raises ``Refused``: ``passport.tlv-unexpected`` where another tag stands, ``passport.trailing-bytes``,
    ``passport.tlv-truncated``, ``passport.tlv-malformed``.
    """
    item, end = _read(data, 0, what)
    if item.tag != tag:
        raise Refused("passport.tlv-unexpected", f"{what} begins with {item.tag:X}; {tag:X} is expected")
    if end != len(data):
        raise Refused("passport.trailing-bytes", f"{len(data) - end} bytes follow {what}")
    return item.value


def read_fields(data: bytes, *, what: str) -> Fields:
    """Return the objects ``data`` is a sequence of, at most 64.

    Raises ``Refused``: ``passport.tlv-truncated``, ``passport.tlv-malformed``, ``passport.tlv-too-many``.
    """
    return Fields(tuple(read_sequence(data, what=what)), what)


def read_sequence(data: bytes, *, what: str) -> Iterator[Tlv]:
    """Yield the objects ``data`` is a sequence of. Raises as :func:`read_fields`."""
    position = 0
    for _ in range(_MAX_OBJECTS):
        if position == len(data):
            return
        item, position = _read(data, position, what)
        yield item
    if position != len(data):
        raise Refused("passport.tlv-too-many", f"{what} has more than {_MAX_OBJECTS} objects")


def header_length(start: bytes, *, what: str) -> tuple[int, int, int]:
    """Return tag, length of the header and declared length of the value, from the first bytes of a file.

    For reading a chip's file in pieces: six bytes are enough for every file of ICAO 9303-10. Raises as
    :func:`read_one`.
    """
    tag, position = _tag(start, 0, what)
    length, position = _length(start, position, what)
    return tag, position, length


def write(tag: int, *values: bytes) -> bytes:
    """Return one object: the tag as written, the shortest definite length, the values one after another."""
    value = b"".join(values)
    head = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    if len(value) < 0x80:
        return head + bytes([len(value)]) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return head + bytes([0x80 | len(length)]) + length + value


def _read(data: bytes, position: int, what: str) -> tuple[Tlv, int]:
    tag, position = _tag(data, position, what)
    length, position = _length(data, position, what)
    if position + length > len(data):
        detail = f"{what}: object {tag:X} declares {length} bytes; {len(data) - position} are there"
        raise Refused("passport.tlv-truncated", detail)
    return Tlv(tag, data[position : position + length]), position + length


def _byte(data: bytes, position: int, what: str) -> int:
    if position >= len(data):
        raise Refused("passport.tlv-truncated", f"{what} ends within a tag or a length")
    return data[position]


def _tag(data: bytes, position: int, what: str) -> tuple[int, int]:
    """Return the tag and the position behind it: one byte, or as many as say that another follows."""
    tag = _byte(data, position, what)
    if tag & 0x1F != 0x1F:
        return tag, position + 1
    for offset in range(1, _MAX_TAG_BYTES):
        following = _byte(data, position + offset, what)
        if offset == 1 and following & 0x7F == 0:
            break
        tag = tag << 8 | following
        if following < 0x80:
            return tag, position + offset + 1
    raise Refused("passport.tlv-malformed", f"{what} has a tag of a form that is not used")


def _length(data: bytes, position: int, what: str) -> tuple[int, int]:
    """Return the length and the position behind it. Longer than needed is legal BER and met in real chips."""
    first = _byte(data, position, what)
    if first < 0x80:
        return first, position + 1
    count = first & 0x7F
    if not 1 <= count <= _MAX_LENGTH_BYTES:
        form = "an indefinite length" if count == 0 else f"a length of {count} bytes"
        raise Refused("passport.tlv-malformed", f"{what} has {form}")
    _byte(data, position + count, what)
    return int.from_bytes(data[position + 1 : position + 1 + count], "big"), position + 1 + count

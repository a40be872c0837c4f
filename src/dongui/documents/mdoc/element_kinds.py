"""The forms of element values: plain JSON in, the CBOR form ISO/IEC 18013-5 (7.2.1) asks for out.

Each form is a function of the element's identifier (for the message) and the value. It raises ``Misuse``
``issuing.bad-element`` naming the element and what is wanted; a value is never in the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias

from dongui.encoding.cbor import CborValue, Tagged
from dongui.errors import Misuse

__all__ = [
    "PORTRAIT_BYTES_MAX",
    "TEXT_CHARACTERS_MAX",
    "Kind",
    "as_flag",
    "as_full_date",
    "as_moment",
    "as_number",
    "as_portrait",
    "as_privileges",
    "as_text",
    "country_code",
    "tdate",
]

Kind: TypeAlias = Callable[[str, object], CborValue]

PORTRAIT_BYTES_MAX = 512 * 1024  # a licence travels over NFC and Bluetooth; readers set limits of this order
TEXT_CHARACTERS_MAX = 150  # 7.2.1: maximum length of text elements
_PRIVILEGES_MAX = 64
_PRIVILEGE_KEYS = frozenset({"vehicle_category_code", "issue_date", "expiry_date"})

_TDATE, _FULL_DATE = 0, 1004  # RFC 8949, 3.4.1; RFC 8943
_COUNTRY = re.compile(r"[A-Z]{2}")
_CATEGORY = re.compile(r"[A-Z0-9]{1,10}")
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU-T T.81, table B.1: SOF markers
_JPEG_SCAN = 0xDA


def tdate(moment: datetime) -> Tagged:
    """Return a date-time of tag 0 as 9.1.2.4 wants it: UTC, written ``Z``, whole seconds."""
    return Tagged(_TDATE, moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z")


def as_text(identifier: str, value: object) -> CborValue:
    """Text of 1 to 150 characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= TEXT_CHARACTERS_MAX or not value.isprintable():
        raise _bad(identifier, f"text of 1 to {TEXT_CHARACTERS_MAX} printable characters")
    return value


def country_code(identifier: str, value: object) -> CborValue:
    """ISO 3166-1 alpha-2, upper case."""
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise _bad(identifier, "two upper-case letters (ISO 3166-1 alpha-2)")
    return value


def as_flag(identifier: str, value: object) -> CborValue:
    """True or false."""
    if not isinstance(value, bool):
        raise _bad(identifier, "true or false")
    return value


def as_number(identifier: str, value: object) -> CborValue:
    """A whole number from 0 to 9999: centimetres, kilograms, years, or the code of ISO/IEC 5218."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10_000:
        raise _bad(identifier, "a whole number from 0 to 9999")
    return value


def as_full_date(identifier: str, value: object) -> CborValue:
    """A calendar day as a full-date of tag 1004."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise _bad(identifier, "a date written YYYY-MM-DD")
    try:
        return Tagged(_FULL_DATE, date.fromisoformat(value).isoformat())
    except ValueError:
        raise _bad(identifier, "a day that exists, written YYYY-MM-DD") from None


def as_moment(identifier: str, value: object) -> CborValue:
    """A moment as a tdate of tag 0; without an offset it would be somebody's local time."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return tdate(moment)
    except (ValueError, OverflowError):
        pass  # no date, or one that leaves the calendar when put into UTC: refused below like the rest
    raise _bad(identifier, "a date and time with its offset, for example 2026-01-31T12:00:00Z")


def as_privileges(identifier: str, value: object) -> CborValue:
    """Driving privileges (7.2.4): an array of categories, each with its optional dates. May be empty."""
    if not isinstance(value, list) or len(value) > _PRIVILEGES_MAX:
        raise _bad(identifier, f"a list of at most {_PRIVILEGES_MAX} driving privileges")
    return [_privilege(identifier, entry) for entry in value]


def _privilege(identifier: str, entry: object) -> CborValue:
    if not isinstance(entry, dict) or not entry.keys() <= {
        "vehicle_category_code",
        "issue_date",
        "expiry_date",
    }:
        raise _bad(identifier, "entries of vehicle_category_code, issue_date and expiry_date")
    category = entry.get("vehicle_category_code")
    if not isinstance(category, str) or not _CATEGORY.fullmatch(category):
        raise _bad(identifier, "a vehicle_category_code such as B or A1 in each entry")
    dates = {name: as_full_date(identifier, entry[name]) for name in entry if name != "vehicle_category_code"}
    return {"vehicle_category_code": category, **dates}


def as_portrait(identifier: str, value: object) -> CborValue:
    """An encoded JPEG, whole: its frame header, a scan and its end marker are there.

    Raises ``Misuse``: ``issuing.portrait-not-jpeg``, ``issuing.portrait-too-large``.
    """
    if not isinstance(value, (bytes, memoryview)):
        raise _bad(identifier, "bytes")
    if len(value) > PORTRAIT_BYTES_MAX:
        raise Misuse(
            "issuing.portrait-too-large",
            f"the portrait has {len(value)} bytes; the limit is {PORTRAIT_BYTES_MAX}",
        )
    encoded = bytes(value)
    if not encoded.startswith(_JPEG_START) or not _has_frame_and_scan(encoded):
        raise Misuse("issuing.portrait-not-jpeg", "the portrait must be one whole JPEG image")
    return encoded


def _has_frame_and_scan(encoded: bytes) -> bool:
    """Walk the segments to the first scan; a truncated file has no end marker behind it."""
    at, frames = 2, 0
    while at + 4 <= len(encoded) and encoded[at] == 0xFF:
        marker = encoded[at + 1]
        if marker == _JPEG_SCAN:
            return frames == 1 and encoded.rfind(_JPEG_END) > at
        frames += marker in _JPEG_FRAMES
        at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    return False


def _bad(identifier: str, wanted: str) -> Misuse:
    return Misuse("issuing.bad-element", f"{identifier} must be {wanted}")

"""ASN.1 as certificates, signed messages and passports carry it: bounded, typed, byte-exact.

Elements keep their bytes as received, because those are what was signed. Indefinite lengths (BER), which old
signed messages use, are read by ``asn1crypto``; whoever must not tolerate them asks :attr:`Node.is_der`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from asn1crypto import parser

__all__ = ["MAX_CHILDREN", "DerError", "Node", "encode", "encode_integer", "encode_oid", "read"]

MAX_CHILDREN = 20_000  # a revocation list of a large country; a master list has some hundreds
_LOW_TAG = 31
_INDEFINITE = 0x80
_LENGTH_OCTETS_MAX = 4
_STRINGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}


class DerError(ValueError):
    """Bytes are not the ASN.1 that was expected. Rooms give it their own name."""


@dataclass(frozen=True, slots=True)
class Node:
    """One element: its identifier octet, its bytes as received, and the content within."""

    tag: int
    encoded: bytes = field(repr=False)
    content: bytes = field(repr=False)
    is_der: bool = True

    def expect(self, tag: int, what: str) -> Node:
        """Return the element if it bears the identifier octet ``tag``. Raises :class:`DerError`."""
        if self.tag != tag:
            raise DerError(f"{what} has the tag {self.tag:02x}, not {tag:02x}")
        return self

    def children(self) -> tuple[Node, ...]:
        """The elements within, at most 20,000. Raises :class:`DerError`."""
        found: list[Node] = []
        at = 0
        while at < len(self.content):
            node, at = _next(self.content, at)
            found.append(node)
            if len(found) > MAX_CHILDREN:
                raise DerError(f"more than {MAX_CHILDREN} elements within one")
        return tuple(found)

    def sequence(self, what: str) -> tuple[Node, ...]:
        """The elements of a SEQUENCE."""
        return self.expect(0x30, what).children()

    def set(self, what: str) -> tuple[Node, ...]:
        """The elements of a SET."""
        return self.expect(0x31, what).children()

    def inner(self, what: str) -> Node:
        """The only element within: an explicit tag taken off."""
        within = self.children()
        if len(within) != 1:
            raise DerError(f"{what} holds {len(within)} elements, not one")
        return within[0]

    def integer(self, what: str) -> int:
        """An INTEGER's value."""
        content = self.expect(0x02, what).content
        if not content:
            raise DerError(f"{what} has no octet")
        return int.from_bytes(content, "big", signed=True)

    def boolean(self, what: str) -> bool:
        """A BOOLEAN's value; anything but zero is true (:attr:`content` tells what it was)."""
        if len(self.expect(0x01, what).content) != 1:
            raise DerError(f"{what} is not one octet")
        return self.content != b"\x00"

    def oid(self, what: str) -> str:
        """An OBJECT IDENTIFIER in dotted form."""
        return _dotted(self.expect(0x06, what).content, what)

    def octets(self, what: str) -> bytes:
        """An OCTET STRING's bytes, also where BER sent it in pieces."""
        if self.tag == 0x24:
            return b"".join(piece.expect(0x04, what).content for piece in self.children())
        return self.expect(0x04, what).content

    def bits(self, what: str) -> bytes:
        """A BIT STRING of whole octets. One with unused bits could be altered unseen."""
        content = self.expect(0x03, what).content
        if content[:1] != b"\x00":
            raise DerError(f"{what} is not a whole number of octets")
        return content[1:]

    def flags(self, what: str) -> frozenset[int]:
        """The numbers of the bits that are set in a BIT STRING of at most four octets."""
        content = self.expect(0x03, what).content
        if not 1 <= len(content) <= 5 or content[0] > 7:
            raise DerError(f"{what} is no short bit string")
        return frozenset(
            8 * byte + bit
            for byte, value in enumerate(content[1:])
            for bit in range(8)
            if value & (0x80 >> bit)
        )

    def text(self, what: str) -> str:
        """A character string of any of X.520's kinds."""
        if self.tag not in _STRINGS:
            raise DerError(f"{what} is no character string")
        try:
            return self.content.decode(_STRINGS[self.tag])
        except UnicodeDecodeError:
            # Letters of another alphabet in a PrintableString: wrong, frequent, and to be shown readably.
            return self.content.decode("latin-1")

    def moment(self, what: str) -> datetime:
        """A UTCTime or GeneralizedTime, in UTC. Years 50 to 99 of the former are the last century's."""
        if self.tag not in (0x17, 0x18):
            raise DerError(f"{what} is no moment")
        return _moment(self.content, what, short=self.tag == 0x17)


def read(data: bytes, *, max_bytes: int, what: str) -> Node:
    """Read one element that is the whole of ``data``. Raises :class:`DerError`, also beyond ``max_bytes``."""
    if len(data) > max_bytes:
        raise DerError(f"{what} has {len(data)} bytes; the limit is {max_bytes}")
    node, end = _next(data, 0)
    if end != len(data):
        raise DerError(f"{len(data) - end} bytes follow {what}")
    return node


def encode(tag: int, *contents: bytes) -> bytes:
    """Return one element in DER: identifier octet, shortest length, the contents one after another."""
    content = b"".join(contents)
    return bytes([tag]) + _length(len(content)) + content


def encode_integer(value: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return encode(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encode_oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER given in dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    return encode(0x06, *map(_base128, (40 * first + second, *rest)))


def _base128(number: int) -> bytes:
    septets = [number & 0x7F]
    while number := number >> 7:
        septets.append(number & 0x7F | 0x80)
    return bytes(reversed(septets))


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def _next(data: bytes, at: int) -> tuple[Node, int]:
    if at + 2 > len(data) or data[at] & _LOW_TAG == _LOW_TAG:
        raise DerError("an element is missing, or has a long tag")
    if data[at + 1] == _INDEFINITE:
        return _indefinite(data, at)
    start, size = _header(data, at)
    end = start + size
    if end > len(data):
        raise DerError("an element is longer than what holds it")
    shortest = start - at == 1 + len(_length(size))
    return Node(data[at], data[at:end], data[start:end], shortest), end


def _header(data: bytes, at: int) -> tuple[int, int]:
    """Where the content begins and how long it says it is."""
    first = data[at + 1]
    if first < _INDEFINITE:
        return at + 2, first
    count = first & 0x7F
    octets = data[at + 2 : at + 2 + count]
    if count > _LENGTH_OCTETS_MAX or len(octets) != count:
        raise DerError("a length that cannot be")
    return at + 2 + count, int.from_bytes(octets, "big")


def _indefinite(data: bytes, at: int) -> tuple[Node, int]:
    # asn1crypto follows the nested end marks, to a depth of ten.
    try:
        size: int = parser.peek(data[at:])
        _, _, _, _, content, _ = parser.parse(data[at : at + size])
    except ValueError as error:
        raise DerError(f"an element without an end: {type(error).__name__}") from None
    return Node(data[at], data[at : at + size], bytes(content), is_der=False), at + size


def _dotted(content: bytes, what: str) -> str:
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise DerError(f"{what} is no object identifier")
    numbers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _moment(content: bytes, what: str, *, short: bool) -> datetime:
    try:
        text = content.decode("ascii")
        digits, zone = (text[:-1], UTC) if text.endswith("Z") else (text[:-5], _zone(text[-5:]))
        if short:
            digits = ("19" if int(digits[:2]) >= 50 else "20") + digits
        # Seconds are optional in BER, and missing in a few certificates.
        return _date_time(digits.ljust(14, "0") if len(digits) == 12 else digits, zone)
    except (ValueError, OverflowError):
        raise DerError(f"{what} is no moment") from None


def _date_time(digits: str, zone: timezone) -> datetime:
    if len(digits) != 14 or not digits.isdigit():
        raise ValueError("not fourteen digits")
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)


def _zone(text: str) -> timezone:
    sign = {"+": 1, "-": -1}[text[:1]] if text[:1] in "+-" and text[:1] else 0
    if not sign or not text[1:].isdigit():
        raise ValueError("no offset")
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5])))

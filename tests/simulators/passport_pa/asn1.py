"""ASN.1 written by hand, apart from Dongui's own writer: what a test forges must not share its mistakes."""

from __future__ import annotations

from datetime import datetime

__all__ = ["bits", "explicit", "integer", "moment", "null", "octets", "oid", "seq", "set_of", "text", "tlv"]


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element, with the shortest length."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = f"{len(body):x}"
    length = bytes.fromhex(size.zfill(len(size) + len(size) % 2))
    return bytes([tag, 0x80 + len(length)]) + length + body


def seq(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF, in DER's order."""
    return tlv(0x31, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """A constructed context tag."""
    return tlv(0xA0 + number, *parts)


def integer(value: int) -> bytes:
    """An INTEGER of any sign."""
    size = 1
    while not -(1 << 8 * size - 1) <= value < 1 << 8 * size - 1:
        size += 1
    return tlv(0x02, value.to_bytes(size, "big", signed=True))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    parts = [int(part) for part in dotted.split(".")]
    body = b""
    for number in [parts[0] * 40 + parts[1], *parts[2:]]:
        groups = f"{number:b}"
        groups = groups.zfill(-(-len(groups) // 7) * 7)
        chunks = [groups[at : at + 7] for at in range(0, len(groups), 7)]
        body += bytes(int(("1" if more else "0") + chunk, 2) for more, chunk in _marked(chunks))
    return tlv(0x06, body)


def _marked(chunks: list[str]) -> list[tuple[bool, str]]:
    return [(place < len(chunks) - 1, chunk) for place, chunk in enumerate(chunks)]


def octets(body: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, body)


def bits(body: bytes, unused: int = 0) -> bytes:
    """A BIT STRING."""
    return tlv(0x03, bytes([unused]), body)


def null() -> bytes:
    """NULL."""
    return tlv(0x05)


def text(value: str, tag: int = 0x13) -> bytes:
    """A PrintableString, or another kind of string."""
    return tlv(tag, value.encode())


def moment(at: datetime) -> bytes:
    """A UTCTime."""
    return tlv(0x17, at.strftime("%y%m%d%H%M%SZ").encode())

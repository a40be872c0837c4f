"""Base45 (RFC 9285): bytes in the 45 characters a QR code packs tightest."""

from __future__ import annotations

__all__ = ["Base45Error", "decode", "encode"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


class Base45Error(ValueError):
    """The text is not what :func:`encode` writes. The message holds none of it."""


def encode(data: bytes) -> str:
    """Return the Base45 text: three characters for two bytes, two for a last single one."""
    parts: list[str] = []
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            parts.append(_ALPHABET[digit])
    return "".join(parts)


def decode(text: str) -> bytes:
    """Read what :func:`encode` writes, and nothing else (RFC 9285, 6). Raises :class:`Base45Error`."""
    if len(text) % 3 == 1:
        raise Base45Error("it ends in the middle of a character group")
    return b"".join(_group(text[start : start + 3]) for start in range(0, len(text), 3))


def _group(group: str) -> bytes:
    number = 0
    for character in reversed(group):
        if character not in _VALUES:
            raise Base45Error("it holds a character that is not Base45")
        number = number * 45 + _VALUES[character]
    size = len(group) - 1
    if number >= 256**size:
        raise Base45Error("it holds a group beyond the range of Base45")
    return number.to_bytes(size, "big")

"""Base45 (RFC 9285): bytes in the 45 characters a QR code packs tightest.

Raw bytes in a QR code are read as text by most phones and arrive changed; these characters do not.
"""

from __future__ import annotations

from dongui.receipts.reading import malformed

__all__ = ["decode", "encode", "from_code", "read_either", "to_code"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


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
    """Read what :func:`encode` writes, and nothing else. Raises ``Refused`` (``receipt.malformed``)."""
    if len(text) % 3 == 1:
        raise malformed("the code ends in the middle of a character group")
    return b"".join(_group(text[start : start + 3]) for start in range(0, len(text), 3))


def to_code(data: bytes, *, prefix: str) -> str:
    """Return the text a QR code holds: ``prefix``, which says what it is, and the Base45 of ``data``."""
    return prefix + encode(data)


def from_code(text: str, *, prefix: str) -> bytes:
    """Read what :func:`to_code` writes; line ends and tabs around it are allowed.

    Raises ``Refused`` (``receipt.malformed``).
    """
    text = text.strip("\r\n\t")
    if not text.startswith(prefix):
        raise malformed(f"it does not begin with {prefix}")
    return decode(text.removeprefix(prefix))


def read_either(data: bytes, *, prefix: str) -> bytes:
    """Return the bytes of a file that holds either a code or the bytes themselves."""
    if not data.lstrip(b"\r\n\t").startswith(prefix.encode()):
        return data
    try:
        return from_code(data.decode("ascii"), prefix=prefix)
    except UnicodeDecodeError:
        raise malformed("the code holds a character that is not Base45") from None


def _group(group: str) -> bytes:
    number = 0
    for character in reversed(group):
        if character not in _VALUES:
            raise malformed("the code holds a character that is not Base45")
        number = number * 45 + _VALUES[character]
    size = len(group) - 1
    if number >= 256**size:
        raise malformed("the code holds a group beyond the range of Base45")
    return number.to_bytes(size, "big")

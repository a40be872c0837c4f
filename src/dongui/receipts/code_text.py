"""The text a QR code holds of a receipt or its salts: a prefix that says what it is, then Base45 (RFC 9285).

Raw bytes in a QR code are read as text by most phones and arrive changed; these characters do not.
"""

from __future__ import annotations

from dongui.encoding import base45
from dongui.receipts.reading import malformed

__all__ = ["from_code", "read_either", "to_code"]


def to_code(data: bytes, *, prefix: str) -> str:
    """Return the text a QR code holds: ``prefix``, which says what it is, and the Base45 of ``data``."""
    return prefix + base45.encode(data)


def from_code(text: str, *, prefix: str) -> bytes:
    """Read what :func:`to_code` writes; line ends and tabs around it are allowed.

    Raises ``Refused`` (``receipt.malformed``).
    """
    text = text.strip("\r\n\t")
    if not text.startswith(prefix):
        raise malformed(f"it does not begin with {prefix}")
    try:
        return base45.decode(text.removeprefix(prefix))
    except base45.Base45Error as error:
        raise malformed(f"as a code, {error}") from None


def read_either(data: bytes, *, prefix: str) -> bytes:
    """Return the bytes of a file that holds either a code or the bytes themselves."""
    if not data.lstrip(b"\r\n\t").startswith(prefix.encode()):
        return data
    try:
        return from_code(data.decode("ascii"), prefix=prefix)
    except UnicodeDecodeError:
        raise malformed("the code holds a character that is not Base45") from None

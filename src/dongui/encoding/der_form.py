"""How far an element keeps to DER: what a strict reader would refuse it for, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dongui.encoding.der import DerError, Node

__all__ = ["irregularities"]

_MAX_DEPTH = 24
_CONSTRUCTED = 0x20
# X.680, 41.4: what a PrintableString may hold.
_PRINTABLE = re.compile(rb"[A-Za-z0-9 '()+,\-./:=?]*")
_UTC_TIME, _GENERALIZED_TIME = re.compile(rb"\d{12}Z"), re.compile(rb"\d{14}Z")


def irregularities(node: Node) -> frozenset[str]:
    """Return which of DER's forms are broken anywhere within: ``not-der``, ``text-form``, ``moment-form``.

    Raises :class:`DerError` for elements nested deeper than 24, or that cannot be read.
    """
    return frozenset(_walk(node, 0))


def _walk(node: Node, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise DerError(f"elements nested deeper than {_MAX_DEPTH}")
    if not node.is_der:
        yield "not-der"
    if node.tag & _CONSTRUCTED:
        for child in node.children():
            yield from _walk(child, depth + 1)
    else:
        yield from _judge(node.tag, node.content)


def _judge(tag: int, content: bytes) -> Iterator[str]:
    if (tag == 0x01 and content not in (b"\x00", b"\xff")) or (tag == 0x02 and not _is_shortest(content)):
        yield "not-der"
    elif tag in (0x13, 0x16, 0x0C) and not _is_text(tag, content):
        yield "text-form"
    elif (tag == 0x17 and not _UTC_TIME.fullmatch(content)) or (
        tag == 0x18 and not _GENERALIZED_TIME.fullmatch(content)
    ):
        yield "moment-form"


def _is_shortest(number: bytes) -> bool:
    """Whether an INTEGER has no octet it could do without (X.690, 8.3.2)."""
    if len(number) < 2:
        return len(number) == 1
    return not ((number[0] == 0x00 and number[1] < 0x80) or (number[0] == 0xFF and number[1] >= 0x80))


def _is_text(tag: int, content: bytes) -> bool:
    if tag == 0x13:
        return _PRINTABLE.fullmatch(content) is not None
    try:
        content.decode("utf-8" if tag == 0x0C else "ascii")
    except UnicodeDecodeError:
        return False
    return True

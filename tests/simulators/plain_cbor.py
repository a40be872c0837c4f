"""An encoder that writes whatever it is told, wrong things too. For vectors; never for documents.

It shares no line with ``dongui.encoding``: what it writes and what that reads agree only if both follow
RFC 8949. Maps keep the order they are given in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Embedded", "Pairs", "Plain", "Raw", "Tag", "head", "plain"]


@dataclass(frozen=True)
class Raw:
    """Bytes that go into the output as they are."""

    content: bytes


@dataclass(frozen=True)
class Tag:
    """A value under a tag."""

    number: int
    value: Plain


@dataclass(frozen=True)
class Embedded:
    """A byte string of encoded CBOR under tag 24."""

    content: bytes


@dataclass(frozen=True)
class Pairs:
    """A map given pair by pair, so that a key can stand twice, or be something no map here may have."""

    pairs: Sequence[tuple[Plain, Plain]]


Plain = (
    None
    | bool
    | int
    | float
    | str
    | bytes
    | Raw
    | Tag
    | Embedded
    | Pairs
    | Sequence["Plain"]
    | Mapping["Plain", "Plain"]
)


def head(major: int, argument: int) -> bytes:
    """The first bytes of an item: major type and the shortest form of its argument."""
    if argument < 24:
        return bytes([major << 5 | argument])
    size = next(size for size in (1, 2, 4, 8) if argument < 1 << 8 * size)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + argument.to_bytes(size, "big")


def plain(value: object) -> bytes:
    """The encoding of ``value``, in the order and shape given."""
    if isinstance(value, (str, bytes)):
        content = value.encode() if isinstance(value, str) else value
        return head(3 if isinstance(value, str) else 2, len(content)) + content
    if isinstance(value, (bool, int)) or value is None:
        return _number(value)
    if isinstance(value, Raw):
        return value.content
    if isinstance(value, (Tag, Embedded)):
        return _tagged(value)
    if isinstance(value, (dict, Mapping)):
        value = Pairs(list(value.items()))
    if isinstance(value, Pairs):
        return head(5, len(value.pairs)) + b"".join(plain(k) + plain(v) for k, v in value.pairs)
    if isinstance(value, Sequence):
        return head(4, len(value)) + b"".join(plain(item) for item in value)
    raise TypeError(f"{type(value).__name__} is not written here")


def _tagged(value: Tag | Embedded) -> bytes:
    if isinstance(value, Embedded):
        return head(6, 24) + plain(value.content)
    return head(6, value.number) + plain(value.value)


def _number(value: bool | int | None) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    return head(0, value) if value >= 0 else head(1, -1 - value)

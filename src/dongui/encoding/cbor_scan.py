"""The pass over CBOR before any value is made of it: see :mod:`dongui.encoding.cbor`."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NoReturn

import cbor2

from dongui.errors import Refused

__all__ = ["EMBEDDED_CBOR_TAG", "Limits", "Scan", "refuse"]

EMBEDDED_CBOR_TAG = 24  # RFC 8949, 3.4.5.1
_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)  # RFC 8949, 3.1
_STRINGS, _CONTAINERS = (_BYTES, _TEXT), (_ARRAY, _MAP, _TAG)
_KEYS = (_UINT, _NINT, _BYTES, _TEXT)
_INDEFINITE = 31
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_SHORTEST_FROM = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}  # the least argument that needs that width
_SCALARS = frozenset({20, 21, 22})  # false, true, null
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader is willing to look at. Every field is required: no parser has a silent default.

    ``max_depth`` counts nested arrays, maps and tags; ``max_items`` counts every data item, keys included.
    """

    max_bytes: int
    max_depth: int
    max_items: int


def refuse(name: str, detail: str) -> NoReturn:
    """Raise ``Refused`` with a ``cbor.*`` name."""
    raise Refused(name, detail)


class _Frame:
    """An array or tag still being read: how many items are missing."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class _Map(_Frame):
    """A map still being read: also its keys so far, and the last of them, encoded as it stands there."""

    __slots__ = ("keys", "last")

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.keys: set[tuple[int, int | bytes]] = set()
        self.last = b""


class Scan:
    """One pass over the heads of every item. Keeps no content, so it cannot be made to allocate.

    After :meth:`run`, ``tags`` are the numbers of the tags met, ``embedded`` the items of tag 24, whole, as
    views, in their order, and ``canonical`` tells whether the bytes are the deterministic encoding of what
    they say (RFC 8949, 4.2.1): shortest heads and floats, keys in byte order. It runs in Python for every
    byte a stranger sends, so the common head (an argument below 24) takes no call of its own.
    """

    __slots__ = ("_at", "_data", "_items", "_limits", "_size", "_stack", "canonical", "embedded", "tags")

    def __init__(self, data: memoryview, limits: Limits) -> None:
        if data.nbytes > limits.max_bytes:
            refuse("cbor.too-large", f"{data.nbytes} bytes; the limit is {limits.max_bytes}")
        self._data = data
        self._size = data.nbytes
        self._limits = limits
        self._at = 0
        self._items = 0
        self._stack: list[_Frame] = []
        self.canonical = True
        self.tags: set[int] = set()
        self.embedded: list[memoryview] = []

    def run(self) -> None:
        """Scan the one item, however deep, with a stack of our own: depth costs no interpreter frames."""
        self._item(None)
        stack = self._stack
        while stack:
            frame = stack[-1]
            if frame.left == 0:
                stack.pop()
                continue
            frame.left -= 1
            # A map of n pairs holds 2n items, so a key is due whenever an even number was missing.
            self._item(frame if frame.left & 1 and isinstance(frame, _Map) else None)
        if self._at != self._size:
            refuse("cbor.trailing-bytes", f"{self._size - self._at} bytes follow the item")

    def _item(self, mapping: _Map | None) -> None:
        """Read one head, and the content of a string. ``mapping`` is the map a key is due of."""
        self._count(1)
        start = self._at
        first = self._byte()
        major, info = first >> 5, first & 31
        if major == _SIMPLE:
            self._simple(info)
            argument = info
        else:
            argument = info if info < 24 else self._argument(major, info)
        content = self._take(argument) if major in _STRINGS else None
        if major == _TEXT and content is not None:
            self._check_text(content)
        if mapping is not None:
            self._check_key(mapping, major, argument if content is None else bytes(content), start)
        if major in _CONTAINERS:
            self._open(major, argument, start)

    def _count(self, items: int) -> None:
        self._items += items
        if self._items > self._limits.max_items:
            refuse("cbor.too-many-items", f"more than {self._limits.max_items} data items")

    def _byte(self) -> int:
        if self._at >= self._size:
            refuse("cbor.truncated", f"an item is due at offset {self._at}, where the bytes end")
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> memoryview:
        """The next ``size`` bytes, compared with what is left before anything is made of them."""
        left = self._size - self._at
        if size > left:
            refuse("cbor.truncated", f"{size} bytes are declared at offset {self._at} and {left} are left")
        self._at += size
        return self._data[self._at - size : self._at]

    def _argument(self, major: int, info: int) -> int:
        if info in _WIDTHS:
            argument = int.from_bytes(self._take(_WIDTHS[info]), "big")
            if argument < _SHORTEST_FROM[info]:
                self.canonical = False
            return argument
        if info == _INDEFINITE and major in (_BYTES, _TEXT, _ARRAY, _MAP):
            refuse("cbor.indefinite-length", f"an item of indefinite length at offset {self._at - 1}")
        refuse("cbor.malformed", f"reserved additional information {info} at offset {self._at - 1}")

    def _simple(self, info: int) -> None:
        if info in _FLOATS:
            (value,) = struct.unpack(_FLOATS[info], self._take(_WIDTHS[info]))
            if cbor2.dumps(value, canonical=True) != self._data[self._at - 1 - _WIDTHS[info] : self._at]:
                self.canonical = False
        elif info not in _SCALARS:
            refuse("cbor.unsupported-value", f"simple value or stray break {info} at offset {self._at - 1}")

    @staticmethod
    def _check_text(content: memoryview) -> None:
        try:
            str(content, "utf-8")
        except UnicodeDecodeError as error:
            refuse("cbor.not-utf8", f"a text string is not UTF-8 at its byte {error.start}")

    def _check_key(self, mapping: _Map, major: int, value: int | bytes, start: int) -> None:
        # Two readers who each keep another of two equal keys see two documents under one signature.
        if major not in _KEYS:
            refuse("cbor.key-type", f"a map key of major type {major}; integers, text and bytes are allowed")
        if (major, value) in mapping.keys:
            refuse("cbor.duplicate-key", "a map holds one key twice")
        mapping.keys.add((major, value))
        encoded = bytes(self._data[start : self._at])
        if encoded < mapping.last:
            self.canonical = False
        mapping.last = encoded

    def _open(self, major: int, argument: int, start: int) -> None:
        if len(self._stack) >= self._limits.max_depth:
            refuse("cbor.too-deep", f"nested deeper than {self._limits.max_depth} levels")
        if major == _TAG:
            self._open_tag(argument, start)
            return
        size = argument * 2 if major == _MAP else argument
        if size > self._limits.max_items - self._items:
            refuse("cbor.too-many-items", f"{size} items are declared; the limit is {self._limits.max_items}")
        if size > self._size - self._at:
            refuse("cbor.truncated", f"{size} items are declared and {self._size - self._at} bytes are left")
        self._stack.append(_Map(size) if major == _MAP else _Frame(size))

    def _open_tag(self, number: int, start: int) -> None:
        self.tags.add(number)
        if number != EMBEDDED_CBOR_TAG:
            self._stack.append(_Frame(1))
            return
        self._count(1)
        major, info = divmod(self._byte(), 32)
        if major != _BYTES:
            refuse("cbor.malformed", f"tag 24 at offset {start} does not hold a byte string")
        self._take(info if info < 24 else self._argument(_BYTES, info))
        self.embedded.append(self._data[start : self._at])

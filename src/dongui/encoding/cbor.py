"""Strict, bounded CBOR (RFC 8949).

Reading takes two passes. A scan over the bytes, iterative and allocating nothing it has not seen the bytes
for, settles size, depth, number of items, declared lengths, key types and duplicate keys; only then does
``cbor2`` build values. So a length of 4 GiB, ten thousand nested arrays or two maps disagreeing about one
key are refused by name before any decoder has to survive them.

Items of tag 24 come back as :class:`EmbeddedCbor` with the bytes *as received*: issuers sign and hash what
they wrote, which is often not the shortest form, so a digest over a re-encoding would be a digest over
something nobody signed. No other tag is interpreted: a date stays the text that was signed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

import cbor2

from dongui.errors import Refused

__all__ = [
    "CborKey",
    "CborValue",
    "EmbeddedCbor",
    "Limits",
    "Tagged",
    "dumps",
    "embed",
    "loads",
    "loads_canonical",
]

_EMBEDDED_CBOR_TAG = 24  # RFC 8949, 3.4.5.1
_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)  # RFC 8949, 3.1
_STRINGS, _CONTAINERS = (_BYTES, _TEXT), (_ARRAY, _MAP, _TAG)
_KEYS = (_UINT, _NINT, _BYTES, _TEXT)
_INDEFINITE = 31
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_SCALARS = frozenset({20, 21, 22})  # false, true, null
_FLOATS = frozenset({25, 26, 27})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader is willing to look at. Every field is required: no parser has a silent default.

    ``max_depth`` counts nested arrays, maps and tags; ``max_items`` counts every data item, keys included.
    """

    max_bytes: int
    max_depth: int
    max_items: int


@dataclass(frozen=True, slots=True)
class EmbeddedCbor:
    """An item of tag 24: CBOR carried as a byte string.

    ``raw`` is the whole tagged item as received (a view into the caller's data where it was read, so that a
    portrait is not copied again); ``content`` is the byte string inside it.
    """

    raw: bytes | memoryview = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An item under any other tag, uninterpreted: what a tag means is decided where it is expected."""

    number: int
    value: CborValue = field(repr=False)


CborKey: TypeAlias = int | str | bytes
_Scalar: TypeAlias = bool | int | float | str | bytes | None
CborValue: TypeAlias = "_Scalar | EmbeddedCbor | Tagged | list[CborValue] | dict[CborKey, CborValue]"


def loads(data: bytes | bytearray | memoryview, *, limits: Limits) -> CborValue:
    """Return the one data item ``data`` consists of.

    Definite lengths only, map keys only integers, text or byte strings, each once, nothing after the item.
    Raises ``Refused`` with ``cbor.too-large``, ``cbor.too-deep``, ``cbor.too-many-items``,
    ``cbor.truncated``, ``cbor.trailing-bytes``, ``cbor.indefinite-length``, ``cbor.duplicate-key``,
    ``cbor.key-type``, ``cbor.not-utf8``, ``cbor.unsupported-value`` or ``cbor.malformed``.
    """
    scan = _Scan(memoryview(data).cast("B"), limits)
    scan.run()
    try:
        value: CborValue = cbor2.loads(
            data,
            semantic_decoders=_decoders(scan),
            max_depth=limits.max_depth + 1,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
    except cbor2.CBORDecodeError as error:
        _refuse("cbor.malformed", f"the decoder refuses what the scan let pass: {error}")
    return value


def loads_canonical(data: bytes | bytearray | memoryview, *, limits: Limits) -> CborValue:
    """Like :func:`loads`, and refuse what does not re-encode to itself: for formats of our own.

    Two spellings of one statement would have two digests. Raises also ``cbor.not-canonical``.
    """
    value = loads(data, limits=limits)
    if _encode(value, as_received=False) != data:
        _refuse("cbor.not-canonical", "the bytes are not the deterministic encoding of what they say")
    return value


def dumps(value: object) -> bytes:
    """Return the deterministic encoding (RFC 8949, 4.2.1): shortest heads and floats, keys in byte order.

    Takes what :data:`CborValue` holds, any sequence or mapping for arrays and maps, and bytes-like objects;
    anything else, an integer beyond 64 bits included, raises ``TypeError`` or ``ValueError``. An
    :class:`EmbeddedCbor` is written as it was received.
    """
    return _encode(value, as_received=True)


def embed(content: bytes) -> EmbeddedCbor:
    """Wrap encoded CBOR as an item of tag 24, in its shortest form."""
    head = _head(_TAG, _EMBEDDED_CBOR_TAG) + _head(_BYTES, len(content))
    return EmbeddedCbor(raw=head + content, content=content)


def _refuse(name: str, detail: str) -> NoReturn:
    raise Refused(name, detail)


class _Frame:
    """An array, map or tag still being read: how many items are missing, and a map's keys so far."""

    __slots__ = ("keys", "left")

    def __init__(self, left: int, keys: set[tuple[int, int | bytes]] | None = None) -> None:
        self.left = left
        self.keys = keys


class _Scan:
    """One pass over the heads of every item. Keeps no content, so it cannot be made to allocate.

    It runs in Python for every byte a stranger sends, so the common head (an argument below 24) takes no
    call of its own.
    """

    __slots__ = ("_at", "_data", "_items", "_limits", "_size", "_stack", "embedded", "tags")

    def __init__(self, data: memoryview, limits: Limits) -> None:
        if data.nbytes > limits.max_bytes:
            _refuse("cbor.too-large", f"{data.nbytes} bytes; the limit is {limits.max_bytes}")
        self._data = data
        self._size = data.nbytes
        self._limits = limits
        self._at = 0
        self._items = 0
        self._stack: list[_Frame] = []
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
            self._item(frame.keys if frame.left & 1 else None)
        if self._at != self._size:
            _refuse("cbor.trailing-bytes", f"{self._size - self._at} bytes follow the item")

    def _item(self, keys: set[tuple[int, int | bytes]] | None) -> None:
        """Read one head, and the content of a string. ``keys`` are those so far where a key is due."""
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
        if keys is not None:
            self._check_key(keys, major, argument if content is None else bytes(content))
        if major in _CONTAINERS:
            self._open(major, argument, start)

    def _count(self, items: int) -> None:
        self._items += items
        if self._items > self._limits.max_items:
            _refuse("cbor.too-many-items", f"more than {self._limits.max_items} data items")

    def _byte(self) -> int:
        if self._at >= self._size:
            _refuse("cbor.truncated", f"an item is due at offset {self._at}, where the bytes end")
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> memoryview:
        """The next ``size`` bytes, compared with what is left before anything is made of them."""
        left = self._size - self._at
        if size > left:
            _refuse("cbor.truncated", f"{size} bytes are declared at offset {self._at} and {left} are left")
        self._at += size
        return self._data[self._at - size : self._at]

    def _argument(self, major: int, info: int) -> int:
        if info in _WIDTHS:
            return int.from_bytes(self._take(_WIDTHS[info]), "big")
        if info == _INDEFINITE and major in (_BYTES, _TEXT, _ARRAY, _MAP):
            _refuse("cbor.indefinite-length", f"an item of indefinite length at offset {self._at - 1}")
        _refuse("cbor.malformed", f"reserved additional information {info} at offset {self._at - 1}")

    def _simple(self, info: int) -> None:
        if info in _FLOATS:
            self._take(_WIDTHS[info])
        elif info not in _SCALARS:
            _refuse("cbor.unsupported-value", f"simple value or stray break {info} at offset {self._at - 1}")

    @staticmethod
    def _check_text(content: memoryview) -> None:
        try:
            str(content, "utf-8")
        except UnicodeDecodeError as error:
            _refuse("cbor.not-utf8", f"a text string is not UTF-8 at its byte {error.start}")

    @staticmethod
    def _check_key(keys: set[tuple[int, int | bytes]], major: int, value: int | bytes) -> None:
        # Two readers who each keep another of two equal keys see two documents under one signature.
        if major not in _KEYS:
            _refuse("cbor.key-type", f"a map key of major type {major}; integers, text and bytes are allowed")
        if (major, value) in keys:
            _refuse("cbor.duplicate-key", "a map holds one key twice")
        keys.add((major, value))

    def _open(self, major: int, argument: int, start: int) -> None:
        if len(self._stack) >= self._limits.max_depth:
            _refuse("cbor.too-deep", f"nested deeper than {self._limits.max_depth} levels")
        if major == _TAG:
            self._open_tag(argument, start)
            return
        size = argument * 2 if major == _MAP else argument
        if size > self._limits.max_items - self._items:
            _refuse(
                "cbor.too-many-items", f"{size} items are declared; the limit is {self._limits.max_items}"
            )
        if size > self._size - self._at:
            _refuse("cbor.truncated", f"{size} items are declared and {self._size - self._at} bytes are left")
        self._stack.append(_Frame(size, set() if major == _MAP else None))

    def _open_tag(self, number: int, start: int) -> None:
        self.tags.add(number)
        if number != _EMBEDDED_CBOR_TAG:
            self._stack.append(_Frame(1))
            return
        self._count(1)
        major, info = divmod(self._byte(), 32)
        if major != _BYTES:
            _refuse("cbor.malformed", f"tag 24 at offset {start} does not hold a byte string")
        self._take(info if info < 24 else self._argument(_BYTES, info))
        self.embedded.append(self._data[start : self._at])


def _decoders(scan: _Scan) -> dict[int, Callable[[CborValue, bool], CborValue]]:
    """One decoder for each tag the scan met, so that none of cbor2's own interpretations is ever used.

    Tag 24 holds no further tags, so its items are met by the decoder in the order of the scan.
    """
    pending: Iterator[memoryview] = iter(scan.embedded)

    def embedded(value: CborValue, _immutable: bool) -> CborValue:
        if not isinstance(value, bytes):
            _refuse("cbor.malformed", "tag 24 does not hold a byte string")
        return EmbeddedCbor(raw=next(pending), content=value)

    decoders = {number: _tagged(number) for number in scan.tags}
    if _EMBEDDED_CBOR_TAG in decoders:
        decoders[_EMBEDDED_CBOR_TAG] = embedded
    return decoders


def _tagged(number: int) -> Callable[[CborValue, bool], CborValue]:
    return lambda value, _immutable: Tagged(number, value)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes((major << 5 | argument,))
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if argument < 1 << 8 * struct.calcsize(form):
            return bytes((major << 5 | info,)) + struct.pack(form, argument)
    raise ValueError(f"{argument} does not fit into 64 bits")


def _encode(value: object, *, as_received: bool) -> bytes:
    out = bytearray()
    _write(out, value, as_received)
    return bytes(out)


def _write(out: bytearray, value: object, as_received: bool) -> None:
    if value is None or isinstance(value, bool):
        out += b"\xf6" if value is None else b"\xf5" if value else b"\xf4"
    elif isinstance(value, int):
        out += _head(_UINT, value) if value >= 0 else _head(_NINT, -1 - value)
    elif isinstance(value, float):
        out += cbor2.dumps(value, canonical=True)
    elif isinstance(value, (str, bytes, bytearray, memoryview)):
        _write_string(out, value)
    else:
        _write_container(out, value, as_received)


def _write_string(out: bytearray, value: str | bytes | bytearray | memoryview) -> None:
    content = value.encode() if isinstance(value, str) else value
    size = content.nbytes if isinstance(content, memoryview) else len(content)
    out += _head(_TEXT if isinstance(value, str) else _BYTES, size)
    out += content


def _write_container(out: bytearray, value: object, as_received: bool) -> None:
    if isinstance(value, EmbeddedCbor):
        out += value.raw if as_received else embed(value.content).raw
    elif isinstance(value, Tagged):
        out += _head(_TAG, value.number)
        _write(out, value.value, as_received)
    elif isinstance(value, Mapping):
        _write_map(out, value, as_received)
    elif isinstance(value, Sequence):
        out += _head(_ARRAY, len(value))
        for item in value:
            _write(out, item, as_received)
    else:
        raise TypeError(f"{type(value).__name__} has no CBOR form here")


def _write_map(out: bytearray, value: Mapping[object, object], as_received: bool) -> None:
    pairs = []
    for key, item in value.items():
        if isinstance(key, bool) or not isinstance(key, (int, str, bytes)):
            raise TypeError(f"a map key is an integer, text or bytes, not {type(key).__name__}")
        pairs.append((_encode(key, as_received=as_received), item))
    out += _head(_MAP, len(pairs))
    for encoded, item in sorted(pairs, key=lambda pair: pair[0]):
        out += encoded
        _write(out, item, as_received)

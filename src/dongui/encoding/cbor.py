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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import cbor2

from dongui.encoding.cbor_scan import EMBEDDED_CBOR_TAG, Limits, Scan, refuse

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

_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)  # RFC 8949, 3.1
_WIDTHS = ((24, 1), (25, 2), (26, 4), (27, 8))  # additional information: bytes of the argument


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
    return _loads(data, limits)[0]


def loads_canonical(data: bytes | bytearray | memoryview, *, limits: Limits) -> CborValue:
    """Like :func:`loads`, and refuse what does not re-encode to itself: for formats of our own.

    Two spellings of one statement would have two digests. Raises also ``cbor.not-canonical``.
    """
    value, scan = _loads(data, limits)
    if not scan.canonical:
        refuse("cbor.not-canonical", "the bytes are not the deterministic encoding of what they say")
    return value


def dumps(value: object) -> bytes:
    """Return the deterministic encoding (RFC 8949, 4.2.1): shortest heads and floats, keys in byte order.

    Takes what :data:`CborValue` holds, any sequence or mapping for arrays and maps, and bytes-like objects;
    anything else, an integer beyond 64 bits included, raises ``TypeError`` or ``ValueError``. An
    :class:`EmbeddedCbor` is written as it was received.
    """
    return _encode(value)


def embed(content: bytes) -> EmbeddedCbor:
    """Wrap encoded CBOR as an item of tag 24, in its shortest form."""
    head = _head(_TAG, EMBEDDED_CBOR_TAG) + _head(_BYTES, len(content))
    return EmbeddedCbor(raw=head + content, content=content)


def _loads(data: bytes | bytearray | memoryview, limits: Limits) -> tuple[CborValue, Scan]:
    scan = Scan(memoryview(data).cast("B"), limits)
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
        refuse("cbor.malformed", f"the decoder refuses what the scan let pass: {error}")
    return value, scan


def _decoders(scan: Scan) -> dict[int, Callable[[CborValue, bool], CborValue]]:
    """One decoder for each tag the scan met, so that none of cbor2's own interpretations is ever used.

    Tag 24 holds no further tags, so its items are met by the decoder in the order of the scan.
    """
    pending: Iterator[memoryview] = iter(scan.embedded)

    def embedded(value: CborValue, _immutable: bool) -> CborValue:
        if not isinstance(value, bytes):
            refuse("cbor.malformed", "tag 24 does not hold a byte string")
        return EmbeddedCbor(raw=next(pending), content=value)

    decoders = {number: _tagged(number) for number in scan.tags}
    if EMBEDDED_CBOR_TAG in decoders:
        decoders[EMBEDDED_CBOR_TAG] = embedded
    return decoders


def _tagged(number: int) -> Callable[[CborValue, bool], CborValue]:
    return lambda value, _immutable: Tagged(number, value)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes((major << 5 | argument,))
    for info, size in _WIDTHS:
        if argument < 1 << 8 * size:
            return bytes((major << 5 | info,)) + argument.to_bytes(size, "big")
    raise ValueError(f"{argument} does not fit into 64 bits")


def _encode(value: object) -> bytes:
    out = bytearray()
    _write(out, value)
    return bytes(out)


def _write(out: bytearray, value: object) -> None:
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        _write_string(out, value)
    elif value is None or isinstance(value, bool):
        out += b"\xf6" if value is None else b"\xf5" if value else b"\xf4"
    elif isinstance(value, int):
        out += _head(_UINT, value) if value >= 0 else _head(_NINT, -1 - value)
    elif isinstance(value, float):
        out += cbor2.dumps(value, canonical=True)
    else:
        _write_container(out, value)


def _write_string(out: bytearray, value: str | bytes | bytearray | memoryview) -> None:
    content = value.encode() if isinstance(value, str) else value
    size = content.nbytes if isinstance(content, memoryview) else len(content)
    out += _head(_TEXT if isinstance(value, str) else _BYTES, size)
    out += content


def _write_container(out: bytearray, value: object) -> None:
    if isinstance(value, EmbeddedCbor):
        out += value.raw
    elif isinstance(value, Tagged):
        out += _head(_TAG, value.number)
        _write(out, value.value)
    elif isinstance(value, Mapping):
        _write_map(out, value)
    elif isinstance(value, Sequence):
        out += _head(_ARRAY, len(value))
        for item in value:
            _write(out, item)
    else:
        raise TypeError(f"{type(value).__name__} has no CBOR form here")


def _write_map(out: bytearray, value: Mapping[object, object]) -> None:
    pairs = []
    for key, item in value.items():
        if isinstance(key, bool) or not isinstance(key, (int, str, bytes)):
            raise TypeError(f"a map key is an integer, text or bytes, not {type(key).__name__}")
        pairs.append((_encode(key), item))
    out += _head(_MAP, len(pairs))
    for encoded, item in sorted(pairs, key=lambda pair: pair[0]):
        out += encoded
        _write(out, item)

"""The released set as a Roaring bitmap over the records' positions, written straight from a vector of bits.

The form is the portable serialisation of the Roaring specification (little-endian): any of its libraries
reads ``released.roaring``. Building one from positions costs some 35 ns a record; the bits a decision has
anyway *are* the containers of a dense set, so writing them costs next to nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from dongui.errors import Refused

__all__ = ["MAX_RECORDS", "read_bitmap", "serialise_bits"]

MAX_RECORDS = 1 << 32  # a position is a 32-bit number
_CONTAINER_BITS = 1 << 16
_CONTAINER_BYTES = _CONTAINER_BITS // 8
# Up to this many members a container is a sorted array of 16-bit numbers; above, it is its bits.
_MAX_ARRAY = 4096
_COOKIE_WITHOUT_RUNS = 12346


def serialise_bits(bits: NDArray[np.uint8]) -> bytes:
    """Return the serialised bitmap of the positions whose bit is 1.

    ``bits``: uint8, position ``p`` is bit ``p % 8`` (least significant first) of byte ``p // 8``; at most
    ``MAX_RECORDS / 8`` bytes.
    """
    padded = np.pad(bits, (0, -len(bits) % _CONTAINER_BYTES)).reshape(-1, _CONTAINER_BYTES)
    members = np.bitwise_count(padded).sum(axis=1, dtype=np.int64)
    keys = np.flatnonzero(members)
    sizes = np.where(members[keys] > _MAX_ARRAY, _CONTAINER_BYTES, 2 * members[keys])
    begin = 8 + 8 * len(keys)  # the cookie and the number of containers; 4 + 4 bytes for each of them
    offsets = begin + np.concatenate(([0], np.cumsum(sizes)[:-1])) if len(keys) else sizes
    heads = np.stack([keys, members[keys] - 1], axis=1).astype("<u2")
    return b"".join(
        (
            struct.pack("<II", _COOKIE_WITHOUT_RUNS, len(keys)),
            heads.tobytes(),
            offsets.astype("<u4").tobytes(),
            *_containers(padded, members, keys),
        )
    )


def _containers(
    padded: NDArray[np.uint8], members: NDArray[np.int64], keys: NDArray[np.intp]
) -> Iterable[bytes]:
    for key in keys:
        if members[key] > _MAX_ARRAY:
            yield padded[key].tobytes()
        else:
            yield np.flatnonzero(np.unpackbits(padded[key], bitorder="little")).astype("<u2").tobytes()


def read_bitmap(data: bytes, *, records: int) -> BitMap:
    """Return the set that ``data`` serialises, all of it below ``records``.

    The caller has compared the digest with the manifest. Raises ``Refused`` (``release.bitmap-malformed``).
    """
    try:
        found = BitMap.deserialize(data)
    except ValueError:
        raise Refused("release.bitmap-malformed", f"{len(data)} bytes that are no Roaring bitmap") from None
    if found and found.max() >= records:
        raise Refused("release.bitmap-malformed", f"it names a position beyond the {records} records")
    return found

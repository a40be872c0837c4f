"""A built tree read from its two files: any pseudonym's path within a millisecond, none of it loaded."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.custody.membership import (
    HASH_BYTES,
    MembershipPath,
    Tags,
    bucket_of,
    depth_for,
    fill_bucket,
    is_member,
)
from dongui.custody.membership_build import NODES, PSEUDONYMS, kept_height, raise_level
from dongui.custody.pseudonyms import PSEUDONYM_BYTES
from dongui.errors import Refused, Trouble

__all__ = ["StoredTree"]


class StoredTree:
    """The tree of one release, in ``folder``, over ``people`` people, with the ``root`` that was logged."""

    def __init__(self, folder: Path, *, release: bytes, people: int, root: bytes) -> None:
        self._folder, self._release, self._people, self._root = folder, release, people, root
        self._depth = depth_for(people)
        self._tags = Tags.of(release, people)

    def path(self, pseudonym: bytes) -> MembershipPath:
        """Return the path from the pseudonym's place, whether it is there or not.

        Raises ``Trouble`` (``membership.tree-damaged``): the files do not lead to the root that was logged.
        """
        try:
            path = self._path(pseudonym)
            is_member(pseudonym, path, release=self._release, people=self._people, root=self._root)
        except (OSError, ValueError) as error:
            raise Trouble("membership.tree-damaged", f"{self._folder}: {type(error).__name__}") from None
        except Refused as refused:
            raise Trouble("membership.tree-damaged", f"{self._folder}: {refused.name}") from None
        return path

    def _path(self, pseudonym: bytes) -> MembershipPath:
        kept = kept_height(self._depth)
        place = bucket_of(pseudonym, self._depth)
        # 1. The leaves below the lowest node that is kept, hashed again.
        first = place >> kept << kept
        buckets = self._buckets(first, 1 << kept)
        level = b"".join(sha256(self._tags.leaf + bucket).digest() for bucket in buckets)
        siblings = b""
        within = place - first
        for _ in range(kept):
            siblings += _node(level, within ^ 1)
            level, within = raise_level(level, self._tags), within >> 1
        # 2. From there on, read.
        return MembershipPath(fill_bucket(buckets[place - first]), siblings + self._upper(place >> kept))

    def _upper(self, place: int) -> bytes:
        siblings, begin = b"", 0
        count = 1 << (self._depth - kept_height(self._depth))
        with (self._folder / NODES).open("rb") as file:
            while count > 1:
                file.seek((begin + (place ^ 1)) * HASH_BYTES)
                siblings += file.read(HASH_BYTES)
                begin, count, place = begin + count, count >> 1, place >> 1
        return siblings

    def _buckets(self, first: int, count: int) -> list[bytes]:
        """Return the pseudonyms of ``count`` buckets from ``first`` on, each bucket's laid end to end."""
        if self._people == 0:
            return [b""] * count
        high = np.memmap(self._folder / PSEUDONYMS, dtype=">u8", mode="r").reshape(-1, 2)
        begin, end = (self._search(high, bucket) for bucket in (first, first + count))
        rows = high[begin:end].tobytes()
        found = [b""] * count
        for at in range(0, len(rows), PSEUDONYM_BYTES):
            one = rows[at : at + PSEUDONYM_BYTES]
            found[bucket_of(one, self._depth) - first] += one
        return found

    def _search(self, rows: NDArray[np.uint64], bucket: int) -> int:
        """Return how many pseudonyms stand before a bucket."""
        low, high = 0, self._people
        while low < high:
            middle = (low + high) // 2
            if bucket_of(rows[middle].tobytes(), self._depth) < bucket:
                low = middle + 1
            else:
                high = middle
        return low


def _node(level: bytes, place: int) -> bytes:
    return level[place * HASH_BYTES : (place + 1) * HASH_BYTES]

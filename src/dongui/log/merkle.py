"""The Merkle tree of RFC 6962, section 2.1: hashes, roots, and the making of proofs.

A *node* is a complete subtree: ``Node(level, place)`` covers the leaves ``place << level`` up to, not
including, ``(place + 1) << level``. Complete subtrees never change, so they are all that has to be kept; the
incomplete ones on the right border are folded from them when needed. Every function here is pure: whoever
keeps the nodes implements :class:`NodeSource`. Checking proofs needs no nodes: :mod:`dongui.log.proofs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_SIZE",
    "Frontier",
    "Node",
    "NodeSource",
    "consistency_path",
    "cover",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "tree_root",
]

HASH_BYTES = 32
# Leaves. Keeps every row number inside SQLite's signed 64 bits and every proof below 64 hashes.
MAX_SIZE = 2**62
EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """A complete subtree: 2**level leaves, the ``place``-th such block (from 0) from the left."""

    level: int
    place: int


class NodeSource(Protocol):
    """Whatever keeps the hashes of complete subtrees."""

    def nodes(self, wanted: Sequence[Node]) -> Sequence[bytes]:
        """Return the hash (32 bytes) of each wanted node, in that order. All lie within the tree."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 || data), 32 bytes."""
    # The prefixes keep leaves and inner nodes apart: without them an inner node's 64 bytes would pass as
    # an entry with a valid proof (second preimage).
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), 32 bytes; both children have 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def cover(begin: int, end: int) -> list[Node]:
    """Return the complete subtrees that make up the leaves ``begin`` to ``end - 1``, left to right.

    ``begin`` is a multiple of the smallest power of two that is at least ``end - begin``: every range the
    proofs of RFC 6962 speak of is of this kind.
    """
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return nodes


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Hash a left-to-right row of ever smaller subtrees into their common root."""
    *rest, root = hashes
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def tree_root(size: int, source: NodeSource) -> bytes:
    """Return MTH(D[size]) of RFC 6962, section 2.1; 0 <= size <= MAX_SIZE."""
    return _fold(source.nodes(cover(0, size))) if size else EMPTY_ROOT


def _split(count: int) -> int:
    """Return the largest power of two smaller than ``count`` (count >= 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _inclusion_ranges(index: int, size: int) -> Iterator[tuple[int, int]]:
    """PATH(m, D[n]) of RFC 6962, section 2.1.1, as leaf ranges from the root down."""
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield begin, middle
            begin = middle


def _consistency_ranges(old: int, new: int) -> Iterator[tuple[int, int]]:
    """PROOF(m, D[n]) of RFC 6962, section 2.1.2, as leaf ranges from the root down."""
    begin, end = 0, new
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            yield middle, end
            end = middle
        else:
            yield begin, middle
            begin = middle
    if begin != 0:  # SUBPROOF(m, D[m], false): the old tree's root is known only if it is the whole range
        yield begin, end


def _hashes_of(ranges: Iterable[tuple[int, int]], source: NodeSource) -> tuple[bytes, ...]:
    covers = [cover(begin, end) for begin, end in ranges]
    found = iter(source.nodes([node for nodes in covers for node in nodes]))
    path = [_fold([next(found) for _ in nodes]) for nodes in covers]
    return tuple(reversed(path))


def inclusion_path(index: int, size: int, source: NodeSource) -> tuple[bytes, ...]:
    """Return the hashes, leaf to root, that prove leaf ``index`` in the tree of ``size`` leaves.

    At most 62 hashes. Raises ``ValueError`` unless ``0 <= index < size <= MAX_SIZE``.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise ValueError(f"index {index} is not below size {size}, or the size is above {MAX_SIZE}")
    return _hashes_of(_inclusion_ranges(index, size), source)


def consistency_path(old: int, new: int, source: NodeSource) -> tuple[bytes, ...]:
    """Return the hashes that prove the tree of ``old`` leaves a prefix of the tree of ``new`` leaves.

    At most 63 hashes; none where the sizes are equal. Raises ``ValueError`` unless
    ``0 < old <= new <= MAX_SIZE``: nothing can be proved about the empty tree, nor needs to be.
    """
    if not 0 < old <= new <= MAX_SIZE:
        raise ValueError(f"old size {old} does not lie between 1 and {new}, or is above {MAX_SIZE}")
    return _hashes_of(_consistency_ranges(old, new), source)


class Frontier:
    """The right border of a growing tree: one hash for each one in the binary form of its size.

    Enough to append and to tell the root, in memory of at most 62 hashes whatever the size.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Start from a tree of ``size`` leaves; ``peaks`` are the hashes of ``cover(0, size)``."""
        if not 0 <= size <= MAX_SIZE or len(peaks) != size.bit_count():
            raise ValueError(f"{len(peaks)} hashes cannot be the border of a tree of {size} leaves")
        self.size = size
        self._peaks = list(peaks)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add one leaf hash; return the hashes of the subtrees it completed, levels 1, 2, ... upwards."""
        completed: list[bytes] = []
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            completed.append(node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root of the tree so far, 32 bytes."""
        return _fold(self._peaks) if self._peaks else EMPTY_ROOT

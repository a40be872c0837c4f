"""Building a release's tree over tens of millions of people, a bounded number of them in memory at a time.

::

    released people, each once ─┐
                                ├─ merge ─> keys ─> pseudonyms ─> 256 heaps by their first byte
    key column, by person ──────┘                                    │
                                                     each heap: sort, leaves, nodes up to its own top
                                                                     │
                                                             the 256 tops ─> root

Heaps are independent, so processes share them. What is kept is the sorted pseudonyms and the nodes from
``kept_height`` levels above the leaves on; what lies between is hashed again for each path, 64 leaves at
most.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from dongui.custody.membership import CAPACITY, HASH_BYTES, MAX_DEPTH, Tags, depth_for, tree_root
from dongui.custody.person_keys import KEY_BYTES, KeyBlock
from dongui.custody.pseudonyms import PSEUDONYM_BYTES, pseudonyms
from dongui.custody.record_columns import IdColumn
from dongui.custody.release_files import naming_disk, synchronise
from dongui.custody.working_processes import Workers
from dongui.errors import Misuse, Refused

__all__ = [
    "NODES",
    "PSEUDONYMS",
    "BuiltTree",
    "build_tree",
    "count_people",
    "distinct_people",
    "kept_height",
    "raise_level",
]

PSEUDONYMS, NODES = "pseudonyms", "nodes"
_HEAP_BITS = 8
_LOW_LEVELS = 6
_PIECE = 131_072  # keys handed over at once: 4 MB
_FEW = 200_000  # people below whom starting processes takes longer than the work
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BuiltTree:
    """A finished tree: the number of people, and the root to be logged (32 bytes)."""

    people: int
    root: bytes


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one tree is cut: its depth, the bits that choose a heap, the lowest level that is kept."""

    folder: Path
    tags: Tags
    depth: int

    @property
    def heap_bits(self) -> int:
        return min(_HEAP_BITS, self.depth)

    @property
    def kept_height(self) -> int:
        return kept_height(self.depth)

    def heap(self, number: int) -> Path:
        return self.folder / f"heap-{number:03d}"


def kept_height(depth: int) -> int:
    """Return how many levels above the leaves the lowest stored nodes are, in a tree of ``depth``."""
    return min(_LOW_LEVELS, depth - min(_HEAP_BITS, depth))


def distinct_people(blocks: Iterable[IdColumn]) -> Iterator[IdColumn]:
    """Yield a sorted column again with everybody once.

    Raises ``Misuse`` (``snapshot.unsorted``).
    """
    last: IdColumn | None = None
    for block in blocks:
        if not len(block):
            continue
        joined = block if last is None else np.concatenate((last, block))
        if np.any(joined[1:] < joined[:-1]):
            raise Misuse("snapshot.unsorted", "the released people do not rise")
        fresh = np.append(last is None, joined[1:] != joined[:-1])
        fresh[0] = last is None
        last = joined[-1:]
        if fresh.any():
            yield joined[fresh]


def count_people(blocks: Iterable[IdColumn]) -> int:
    """Return how many people a sorted column names. Raises as :func:`distinct_people`."""
    return sum(len(block) for block in distinct_people(blocks))


def build_tree(
    people: Callable[[], Iterator[IdColumn]],
    keys: Iterable[KeyBlock],
    *,
    release: bytes,
    folder: Path,
    processes: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> BuiltTree:
    """Build the tree of the release with the 16-byte id into ``folder``; both its files are on disk then.

    ``people`` gives the released people's column, sorted, anew each time it is called; ``keys`` everybody's
    keys in the same order. ``progress`` is told how many people of how many have their pseudonym.

    Raises ``Misuse``: ``membership.person-without-key``, ``membership.too-many-people``,
    ``snapshot.unsorted``; ``Refused``: ``membership.bucket-full``, ``membership.pseudonym-twice``;
    ``Trouble``: ``release.no-room``, ``release.not-written``, ``membership.worker-ended``.
    """
    total = count_people(people())
    depth = depth_for(total)
    if depth > MAX_DEPTH:
        raise Misuse("membership.too-many-people", f"{total} people; the limit is {2**MAX_DEPTH}")
    plan = _Plan(folder, Tags.of(release, total), depth)
    with naming_disk(folder), Workers(processes if total > _FEW else 1) as workers:
        sizes = _fill_heaps(plan, keyed(distinct_people(people()), keys), release, workers, progress, total)
        _build_heaps(plan, sizes, workers)
        top = _finish_nodes(plan)
    return BuiltTree(total, tree_root(top, plan.tags))


def keyed(people: Iterable[IdColumn], keys: Iterable[KeyBlock]) -> Iterator[bytes]:
    """Yield the keys of ``people``, a block at a time, laid end to end; both sides rise.

    Raises ``Misuse`` (``membership.person-without-key``).
    """
    source = iter(keys)
    held = next(source, None)
    for block in people:
        while held is not None and held.person[-1] < block[-1] and (more := next(source, None)) is not None:
            held = _join(held, more)
        places = np.searchsorted(held.person, block) if held is not None else np.zeros(len(block), np.int64)
        known = 0 if held is None else len(held.person)
        found = places < known
        if held is not None:
            found[found] = held.person[places[found]] == block[found]
        if held is None or not found.all():
            detail = f"{int((~found).sum())} of {len(block)} people have no key; draw and log keys first"
            raise Misuse("membership.person-without-key", detail)
        yield held.keys[places].tobytes()
        held = KeyBlock(held.person[places[-1] :], held.keys[places[-1] :])


def _join(one: KeyBlock, other: KeyBlock) -> KeyBlock:
    if one.person[-1] >= other.person[0]:
        raise Misuse("snapshot.unsorted", "the key column does not rise")
    return KeyBlock(np.concatenate((one.person, other.person)), np.concatenate((one.keys, other.keys)))


def _fill_heaps(
    plan: _Plan,
    keys: Iterable[bytes],
    release: bytes,
    workers: Workers,
    progress: Progress,
    total: int,
) -> list[int]:
    """Write each pseudonym onto its heap; return the heaps' sizes."""
    sizes = np.zeros(1 << plan.heap_bits, dtype=np.int64)
    with ExitStack() as stack:
        heaps = [
            stack.enter_context(plan.heap(number).open("wb", buffering=1 << 16))
            for number in range(len(sizes))
        ]
        pieces = ((piece, release) for block in keys for piece in _pieces(block))
        for made in workers.map(pseudonyms, pieces):
            sizes += _throw(np.frombuffer(made, np.uint8).reshape(-1, PSEUDONYM_BYTES), plan, heaps)
            progress(int(sizes.sum()), total)
    return [int(size) for size in sizes]


def _pieces(keys: bytes) -> Iterator[bytes]:
    step = _PIECE * KEY_BYTES
    return (keys[begin : begin + step] for begin in range(0, len(keys), step))


def _throw(rows: NDArray[np.uint8], plan: _Plan, heaps: Sequence[IO[bytes]]) -> NDArray[np.int64]:
    numbers = rows[:, 0] >> np.uint8(8 - plan.heap_bits) if plan.heap_bits else np.zeros(len(rows), np.uint8)
    counts = np.bincount(numbers, minlength=len(heaps))
    ordered = rows[np.argsort(numbers, kind="stable")].tobytes()
    begin = 0
    for heap, count in zip(heaps, counts, strict=True):
        heap.write(ordered[begin : (begin := begin + int(count) * PSEUDONYM_BYTES)])
    return counts.astype(np.int64)


def _build_heaps(plan: _Plan, sizes: Sequence[int], workers: Workers) -> None:
    for name in (PSEUDONYMS, NODES):
        (plan.folder / name).write_bytes(b"")
    before = 0
    tasks: list[tuple[_Plan, int, int]] = []
    for number, size in enumerate(sizes):
        tasks.append((plan, number, before))
        before += size
    for _ in workers.map(_build_heap, tasks):
        pass


def _build_heap(plan: _Plan, number: int, before: int) -> None:
    """Sort one heap, hash its leaves and nodes, and write what is kept to its place in the two files."""
    heap = plan.heap(number)
    rows, high = _sorted(np.fromfile(heap, dtype=">u8").reshape(-1, 2))
    level = _leaves(rows.tobytes(), _bounds(high, plan), plan.tags)
    for _ in range(plan.kept_height):
        level = raise_level(level, plan.tags)
    first = (number << (plan.depth - plan.heap_bits)) >> plan.kept_height
    _write_at(plan.folder / PSEUDONYMS, rows.tobytes(), before * PSEUDONYM_BYTES)
    _write_at(plan.folder / NODES, level, first * HASH_BYTES)
    heap.unlink()


def _sorted(rows: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Sort pseudonyms given as pairs of numbers; return them, and their higher halves in native order."""
    high, low = rows[:, 0].astype(np.uint64), rows[:, 1].astype(np.uint64)
    order = np.argsort(high)
    ties = high[order][1:] == high[order][:-1]
    if ties.any():
        order = np.lexsort((low, high))
        same = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
        if same.any():
            # Two people have one key: then one of them could prove what is true of the other.
            raise Refused("membership.pseudonym-twice", "two people have the same pseudonym")
    return rows[order], high[order]


def _bounds(high: NDArray[np.uint64], plan: _Plan) -> NDArray[np.int64]:
    """Return where each bucket of a heap begins among its pseudonyms, and the end of the last."""
    below = plan.depth - plan.heap_bits
    buckets = (high >> np.uint64(64 - plan.depth) if plan.depth else high * 0) & np.uint64((1 << below) - 1)
    counts = np.bincount(buckets.astype(np.int64), minlength=1 << below)
    if len(counts) and counts.max(initial=0) > CAPACITY:
        detail = f"a bucket has {counts.max()} pseudonyms; it holds {CAPACITY}. Decide again: a new id"
        raise Refused("membership.bucket-full", detail)
    return np.concatenate(([0], np.cumsum(counts))) * PSEUDONYM_BYTES


def _leaves(rows: bytes, bounds: NDArray[np.int64], tags: Tags) -> bytes:
    tag, empty = tags.leaf, sha256(tags.leaf).digest()
    ends = bounds.tolist()
    return b"".join(
        [sha256(tag + rows[begin:end]).digest() if end > begin else empty for begin, end in pairwise(ends)]
    )


def raise_level(level: bytes, tags: Tags) -> bytes:
    """Return the nodes above a whole level of a tree, laid end to end."""
    tag, step = tags.node, 2 * HASH_BYTES
    return b"".join(
        [sha256(tag + level[begin : begin + step]).digest() for begin in range(0, len(level), step)]
    )


def _finish_nodes(plan: _Plan) -> bytes:
    """Add the levels above the heaps' to the file of nodes, make both files durable, return the top."""
    path = plan.folder / NODES
    level = path.read_bytes()
    with path.open("ab") as file:
        while len(level) > HASH_BYTES:
            level = raise_level(level, plan.tags)
            file.write(level)
    for name in (PSEUDONYMS, NODES):
        synchronise(plan.folder / name)
    synchronise(plan.folder)
    return level


def _write_at(path: Path, data: bytes, place: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, place)
            view, place = view[written:], place + written
    finally:
        os.close(descriptor)

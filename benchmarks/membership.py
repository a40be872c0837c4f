"""What sealing a release's people costs, and a proof: ``python benchmarks/membership.py --people N [N ...]``.

Makes N people with keys from a seeded generator and three records each, builds the tree as `dongui proof
seal` does, and asks it for paths. Wall and CPU time, memory, bucket sizes. The page
``docs/explanation/membership-performance.md`` is written anew with ``--write``.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, factorial
from pathlib import Path

import numpy as np

from dongui.custody.membership import BUCKET_BYTES, HASH_BYTES, depth_for, is_member
from dongui.custody.membership_build import PSEUDONYMS, BuiltTree, build_tree
from dongui.custody.membership_tree import StoredTree
from dongui.custody.person_keys import KEY_BYTES, KeyBlock
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.record_columns import IdColumn

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "membership-performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
RELEASE = bytes(range(16))
ROWS = 1 << 20
RECORDS_A_PERSON = 2.96
ASKED = 200


@dataclass(frozen=True)
class Figures:
    """What was measured at one size."""

    people: int
    seconds: float
    cpu_seconds: float
    own_mb: int
    worker_mb: int
    stored_mb: float
    path_bytes: int
    path_ms: float
    fullest: int
    expected: str


def main() -> None:
    """Measure each size, print the table, and write it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--folder", type=Path, default=None, help="where to make files; some 60 bytes a person"
    )
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = [
        "| people | wall s | CPU s | MB, builder | MB, a process | MB stored | path, bytes | path, ms "
        "| fullest bucket | its expectation |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for people in given.people:
        figures = measure(people, given.processes, given.folder)
        lines.append(row(figures))
        print("\n".join(lines), flush=True)
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        head, tail = text.split(BEGIN)[0], text.split(END)[1]
        PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{tail}", encoding="utf-8")


def measure(people: int, processes: int, place: Path | None) -> Figures:
    """Build one tree in a folder that is taken away again."""
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        keys = folder / "keys"
        write_keys(keys, people)
        (folder / "tree").mkdir()
        before, begin = cpu(), time.perf_counter()
        tree = build_tree(
            lambda: records(people),
            blocks(keys),
            release=RELEASE,
            folder=folder / "tree",
            processes=processes,
        )
        seconds, spent = time.perf_counter() - begin, cpu() - before
        held = peak(resource.RUSAGE_SELF)
        path_ms = ask(folder / "tree", tree, keys)
        stored = sum(path.stat().st_size for path in (folder / "tree").iterdir()) / 1e6
        depth = depth_for(people)
        return Figures(
            people,
            seconds,
            spent,
            held,
            peak(resource.RUSAGE_CHILDREN),
            stored,
            BUCKET_BYTES + depth * HASH_BYTES,
            path_ms,
            fullest(folder / "tree" / PSEUDONYMS, depth),
            expected(people, depth),
        )


def write_keys(path: Path, people: int) -> None:
    """Write made-up keys, laid end to end."""
    chance = np.random.default_rng(people)
    with path.open("wb") as file:
        for begin in range(0, people, ROWS):
            file.write(chance.bytes(min(ROWS, people - begin) * KEY_BYTES))


def blocks(path: Path) -> Iterator[KeyBlock]:
    """Yield the key column; its people are numbered from 0."""
    begin = 0
    with path.open("rb") as file:
        while data := file.read(ROWS * KEY_BYTES):
            part = np.frombuffer(data, np.uint8).reshape(-1, KEY_BYTES)
            yield KeyBlock(np.arange(begin, begin + len(part), dtype=np.uint32), part)
            begin += len(part)


def records(people: int) -> Iterator[IdColumn]:
    """Yield the released records' people: everybody, RECORDS_A_PERSON times on average."""
    total = round(people * RECORDS_A_PERSON)
    for begin in range(0, total, ROWS):
        row_numbers = np.arange(begin, min(total, begin + ROWS), dtype=np.int64)
        yield (row_numbers * people // total).astype(np.uint32)


def ask(folder: Path, tree: BuiltTree, keys: Path) -> float:
    """Ask for paths of people who are in it and of some who are not; return the mean in milliseconds."""
    stored = StoredTree(folder, release=RELEASE, people=tree.people, root=tree.root)
    column = np.memmap(keys, np.uint8, "r", shape=(tree.people, KEY_BYTES))
    asked = range(0, tree.people, max(1, tree.people // ASKED))
    names = [pseudonym(bytes(column[place]), RELEASE) for place in asked]
    names += [os.urandom(16) for _ in names]
    begin = time.perf_counter()
    paths = [stored.path(name) for name in names]
    seconds = time.perf_counter() - begin
    held = [
        is_member(name, path, release=RELEASE, people=tree.people, root=tree.root)
        for name, path in zip(names, paths, strict=True)
    ]
    half = len(names) // 2
    if not all(held[:half]) or any(held[half:]):
        raise SystemExit("a path proves what is not so")
    return seconds / len(names) * 1000


def fullest(path: Path, depth: int) -> int:
    """Return the size of the fullest bucket; the file is sorted."""
    most, carried, last = 0, 0, -1
    high = np.memmap(path, ">u8", "r").reshape(-1, 2)
    for begin in range(0, len(high), ROWS):
        buckets = high[begin : begin + ROWS, 0].astype(np.uint64) >> np.uint64(64 - depth)
        found, counts = np.unique(buckets, return_counts=True)
        if found[0] == last:
            counts[0] += carried
        most, carried, last = max(most, int(counts.max())), int(counts[-1]), int(found[-1])
    return most


def expected(people: int, depth: int) -> str:
    """Return the sizes the fullest bucket has with at least 1 in 100, by Poisson's law."""
    mean, buckets = people / 2**depth, 2**depth

    def at_least(size: int) -> float:
        tail = sum(exp(-mean) * mean**j / factorial(j) for j in range(size, size + 40))
        return 1 - exp(-tail * buckets)

    chances = {size: at_least(size) - at_least(size + 1) for size in range(1, 17)}
    return ", ".join(f"{size}: {chance:.0%}" for size, chance in chances.items() if chance > 0.01)


def cpu() -> float:
    """Return the CPU seconds of this process and of its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak(who: int) -> int:
    """Return the most memory a process held, in MB."""
    return resource.getrusage(who).ru_maxrss * 1024 // 1_000_000


def row(figures: Figures) -> str:
    """Return one line of the table."""
    return (
        f"| {figures.people:,} | {figures.seconds:.1f} | {figures.cpu_seconds:.1f} | {figures.own_mb} "
        f"| {figures.worker_mb} | {figures.stored_mb:,.0f} | {figures.path_bytes:,} | {figures.path_ms:.2f} "
        f"| {figures.fullest} | {figures.expected} |"
    )


if __name__ == "__main__":
    main()

"""The process that holds the needles while it searches. :mod:`simulators.memory_search` starts it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from io import RawIOBase
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script finds by itself only what stands beside it
from simulators.memory_haystack import CHUNK_BYTES, OVERLAP_BYTES, Haystack
from simulators.memory_search import Needle, hide

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_UNNAMED = {"anonymous", "[heap]", "[stack]"}


def _search_memory(haystack: Haystack, pid: int) -> list[dict[str, object]]:
    hits: list[dict[str, object]] = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps.read().splitlines():
            span, rights, *_, name = [*line.split(maxsplit=5), "anonymous"][:6]
            # Code and constants of libraries, as they are on disk, cannot hold what was shown to them.
            library = "w" not in rights and ".so" in name
            if not rights.startswith("r") or library or name in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            places = _written(pid, start, end) if name in _UNNAMED else [(start, end)]
            hits += [hit for place in places for hit in _search_span(haystack, memory, name, *place)]
    return hits


def _search_span(
    haystack: Haystack, memory: RawIOBase, name: str, start: int, end: int
) -> Iterator[dict[str, object]]:
    for place in range(start, end, CHUNK_BYTES):
        size = min(end - place, CHUNK_BYTES + OVERLAP_BYTES)
        try:
            memory.seek(place)
            chunk = memory.read(size)
        except OSError:
            continue
        yield from _told(haystack.search(chunk or b""), f"{name} {place:x}")


def _written(pid: int, start: int, end: int) -> list[tuple[int, int]]:
    """Where in a mapping without a file there are pages at all: the others were never written to."""
    told = b""
    with suppress(FileNotFoundError), open(f"/proc/{pid}/pagemap", "rb") as pages:
        pages.seek(start // _PAGE_BYTES * 8)
        told = pages.read((end - start) // _PAGE_BYTES * 8)
    if len(told) != (end - start) // _PAGE_BYTES * 8:
        return [(start, end)]  # this system does not tell
    # The two highest bits of a page's entry: it is in memory, it is swapped out.
    there = np.frombuffer(told, "<u8") >> np.uint64(62) != 0
    edges = np.flatnonzero(np.diff(there, prepend=False, append=False)) * _PAGE_BYTES + start
    return [(first, after) for first, after in edges.reshape(-1, 2).tolist()]


def _search_files(haystack: Haystack, root: Path) -> list[dict[str, object]]:
    hits: list[dict[str, object]] = []
    for path in [root] if root.is_file() else sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with suppress(FileNotFoundError), path.open("rb") as file:  # somebody else's may be gone by now
            place = 0
            while chunk := os.pread(file.fileno(), CHUNK_BYTES + OVERLAP_BYTES, place):
                hits += _told(haystack.search(chunk), f"{path} at {place}")
                place += CHUNK_BYTES
    return hits


def _told(found: Mapping[str, int], where: str) -> list[dict[str, object]]:
    return [{"label": label, "where": where, "run": run} for label, run in found.items()]


def _serve() -> object:
    request = json.loads(sys.stdin.read())
    if sys.argv[1] == "derive":
        module, _, name = request["reference"].partition(":")
        made: dict[str, bytes] = getattr(import_module(module), name)(*request["arguments"])
        return [hide(label, data).to_json() for label, data in made.items()]
    haystack = Haystack([Needle.from_json(entry).unmasked() for entry in request["needles"]])
    if sys.argv[1] == "files":
        return [hit for root in request["where"] for hit in _search_files(haystack, Path(root))]
    try:
        return _search_memory(haystack, request["where"])
    except PermissionError:
        return "permission"


if __name__ == "__main__":
    json.dump(_serve(), sys.stdout)

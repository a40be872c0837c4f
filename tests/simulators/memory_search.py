"""Search a process's memory, or files, for bytes that should have been forgotten.

Whoever searches for a secret holds it, and would find it in itself. So the searching is done by a helper
process, and the needles reach it masked: the test's own process holds a random key and the needle XOR that
key, neither of which is the needle. :func:`derive` makes them in a process of its own, so that a test can
look for what it never held: the pixels of a picture, the template of a face.

A needle is found wherever :data:`MIN_RUN` of its bytes stand together, at any alignment: a copy whose head
the allocator has overwritten, or the middle of one, counts. Of a needle longer than :data:`SAMPLES` times
:data:`SAMPLE_BYTES` bytes evenly spread samples are looked for.

A run is so long because pictures resemble one another: a row of one JPEG block is 24 bytes, and smooth skin
agrees with other smooth skin over a whole one now and then, also in a process that met no face of the search
and decoded one picture of somebody else. Each pixel more is rarer by far; of 16 together chance is no
explanation.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_RUN = 48
SAMPLES = 64
SAMPLE_BYTES = 64
_WORD = 8
# A word of fewer different bytes is a gradient, a padding, a table of zeros: it stands in every memory.
_MIN_DISTINCT_BYTES = 5
_CHUNK_BYTES = 32 << 20
_HASH_BITS = 20
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MAX_RUN = 4096
_LIBRARY_ROOTS = [str(Path(__file__).parent.parent)]


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes to look for, masked; ``repr`` shows the label alone."""

    label: str
    masked: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Needle({self.label!r}, {len(self.masked)} bytes)"

    def to_json(self) -> dict[str, str]:
        """For the way between processes."""
        return {
            "label": self.label,
            "masked": base64.b64encode(self.masked).decode(),
            "key": base64.b64encode(self.key).decode(),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, str]) -> Needle:
        """The way back."""
        return cls(told["label"], base64.b64decode(told["masked"]), base64.b64decode(told["key"]))


@dataclass(frozen=True, slots=True)
class Hit:
    """A needle found: which, where, and how many of its bytes stand there together."""

    label: str
    where: str
    run: int


def hide(label: str, data: bytes | bytearray | memoryview) -> Needle:
    """Mask a needle. The caller must then forget ``data`` itself."""
    key = os.urandom(len(data))
    masked = np.frombuffer(data, np.uint8) ^ np.frombuffer(key, np.uint8)
    return Needle(label, masked.tobytes(), key)


def derive(reference: str, *arguments: str) -> list[Needle]:
    """Run ``"module:function"`` with ``arguments`` in another process and mask what it returns by label.

    The function returns ``dict[str, bytes]``. It may write files: that is how a picture comes to be that this
    process never saw.
    """
    told = _helper("derive", {"reference": reference, "arguments": list(arguments)})
    return [Needle.from_json(entry) for entry in told]


def search_process_memory(pid: int, needles: Sequence[Needle]) -> list[Hit]:
    """Every place in the readable memory of a process where a needle stands.

    Raises ``PermissionError`` where the system does not let one process read another (ptrace_scope).
    """
    return _search("memory", str(pid), needles)


def search_files(roots: Iterable[Path], needles: Sequence[Needle]) -> list[Hit]:
    """Every file below ``roots`` in which a needle stands."""
    return [hit for root in roots for hit in _search("files", str(root), needles)]


def _search(what: str, where: str, needles: Sequence[Needle]) -> list[Hit]:
    told = _helper(what, {"where": where, "needles": [needle.to_json() for needle in needles]})
    if told == "permission":
        raise PermissionError(f"the memory of process {where} may not be read")
    return [Hit(entry["label"], entry["where"], entry["run"]) for entry in told]


def _helper(what: str, request: Mapping[str, object]) -> Any:
    path = os.pathsep.join([*_LIBRARY_ROOTS, *(entry for entry in sys.path if entry)])
    finished = subprocess.run(
        [sys.executable, __file__, what],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path, "ORT_DISABLE_TELEMETRY": "1"},
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


# What follows runs in the helper.


class _Haystack:
    """Looks for all needles at once: by a table of hashed words first, then byte by byte."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._needles = [(needle.label, _unmasked(needle)) for needle in needles]
        words = [_words_of(content) for _, content in self._needles]
        assert all(len(found) for found in words), (
            "a needle is too short or too uniform to be told from others"
        )
        self._words = np.unique(np.concatenate(words))
        self._holders: dict[int, list[int]] = {}
        for number, found in enumerate(words):
            for word in found.tolist():
                self._holders.setdefault(word, []).append(number)
        self._table = np.zeros(1 << _HASH_BITS, dtype=bool)
        self._table[_hash(self._words)] = True

    def search(self, chunk: bytes) -> dict[str, int]:
        """The first run of each needle found in ``chunk``, counted to :data:`_MAX_RUN` either side."""
        aligned = np.frombuffer(chunk, "<u8", count=len(chunk) // _WORD)
        candidates = np.flatnonzero(self._table[_hash(aligned)])
        # The words are sorted; np.isin would sort them again for every piece of memory.
        nearest = np.searchsorted(self._words, aligned[candidates]).clip(max=len(self._words) - 1)
        candidates = candidates[self._words[nearest] == aligned[candidates]]
        found: dict[str, int] = {}
        for place, word in zip((candidates * _WORD).tolist(), aligned[candidates].tolist(), strict=True):
            for label, content in (self._needles[number] for number in self._holders[word]):
                run = 0 if label in found else _run_at(chunk, place, content)
                if run >= min(MIN_RUN, len(content)):
                    found[label] = run
        return found


def _words_of(content: bytes) -> NDArray[np.uint64]:
    size = len(content)
    starts = range(0, size, SAMPLE_BYTES)
    if size > SAMPLES * SAMPLE_BYTES:
        starts = range(0, size - SAMPLE_BYTES, (size - SAMPLE_BYTES) // (SAMPLES - 1))
    words: list[NDArray[np.uint64]] = []
    for start in starts:
        # Each sample reaches into the next by a word, so that none that straddles the two is missed.
        sample = np.frombuffer(content[start : start + SAMPLE_BYTES + _WORD - 1], np.uint8)
        if len(sample) >= _WORD:
            windows = np.lib.stride_tricks.sliding_window_view(sample, _WORD)
            words.append(np.ascontiguousarray(windows).view("<u8").ravel())
    every = np.unique(np.concatenate(words)) if words else np.empty(0, np.uint64)
    return every[_distinct_enough(every)]


def _hash(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (words * _MULTIPLIER) >> np.uint64(64 - _HASH_BITS)


def _distinct_enough(words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not len(words):
        return np.zeros(0, dtype=bool)
    ordered = np.sort(np.ascontiguousarray(words).view(np.uint8).reshape(-1, _WORD), axis=1)
    enough: NDArray[np.bool_] = (np.diff(ordered, axis=1) != 0).sum(axis=1) + 1 >= _MIN_DISTINCT_BYTES
    return enough


def _unmasked(needle: Needle) -> bytes:
    return bytes(np.frombuffer(needle.masked, np.uint8) ^ np.frombuffer(needle.key, np.uint8))


def _run_at(chunk: bytes, place: int, content: bytes) -> int:
    """How many bytes around ``place`` agree with ``content``, wherever in it the word there stands."""
    word = chunk[place : place + _WORD]
    best, offset = 0, content.find(word)
    while offset >= 0:
        before = 0
        while (
            before < min(place, offset, _MAX_RUN)
            and chunk[place - before - 1] == content[offset - before - 1]
        ):
            before += 1
        after = _WORD
        limit = min(len(chunk) - place, len(content) - offset, _MAX_RUN)
        while after < limit and chunk[place + after] == content[offset + after]:
            after += 1
        best = max(best, before + after)
        offset = content.find(word, offset + 1)
    return best


def _search_memory(haystack: _Haystack, pid: int) -> list[dict[str, object]]:
    hits: list[dict[str, object]] = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps.read().splitlines():
            span, rights, *_, name = [*line.split(maxsplit=5), "anonymous"][:6]
            # Code and constants of libraries, as they are on disk, cannot hold what was shown to them.
            library = "w" not in rights and ".so" in name
            if not rights.startswith("r") or library or name in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = (int(number, 16) for number in span.split("-"))
            for place in range(start, end, _CHUNK_BYTES):
                # Chunks overlap, so that a run across their border is whole in one of them.
                size = min(end - place, _CHUNK_BYTES + SAMPLE_BYTES)
                try:
                    memory.seek(place)
                    chunk = memory.read(size)
                except OSError:
                    continue
                hits += _told(haystack.search(chunk), f"{name} {place:x}")
    return hits


def _search_files(haystack: _Haystack, root: Path) -> list[dict[str, object]]:
    hits: list[dict[str, object]] = []
    for path in [root] if root.is_file() else sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with suppress(FileNotFoundError), path.open("rb") as file:  # somebody else's may be gone by now
            place = 0
            while chunk := os.pread(file.fileno(), _CHUNK_BYTES + SAMPLE_BYTES, place):
                hits += _told(haystack.search(chunk), f"{path} at {place}")
                place += _CHUNK_BYTES
    return hits


def _told(found: Mapping[str, int], where: str) -> list[dict[str, object]]:
    return [{"label": label, "where": where, "run": run} for label, run in found.items()]


def _serve() -> object:
    request = json.loads(sys.stdin.read())
    if sys.argv[1] == "derive":
        module, _, name = request["reference"].partition(":")
        made: dict[str, bytes] = getattr(import_module(module), name)(*request["arguments"])
        return [hide(label, data).to_json() for label, data in made.items()]
    haystack = _Haystack([Needle.from_json(entry) for entry in request["needles"]])
    if sys.argv[1] == "files":
        return _search_files(haystack, Path(request["where"]))
    try:
        return _search_memory(haystack, int(request["where"]))
    except PermissionError:
        return "permission"


if __name__ == "__main__":
    json.dump(_serve(), sys.stdout)

"""Where needles are looked for in memory: what counts as found, and how it is found quickly.

A needle is found wherever :data:`MIN_RUN` of its bytes stand together, at any alignment: a copy whose head
the allocator has overwritten, or the middle of one, counts. Of a needle longer than :data:`SAMPLES` times
:data:`SAMPLE_BYTES` bytes evenly spread samples are looked for.

A run is so long because pictures resemble one another: a row of one JPEG block is 24 bytes, and smooth skin
agrees with other smooth skin over a whole one now and then, also in a process that met no face of the search
and decoded one picture of somebody else. Each pixel more is rarer by far; of 16 together chance is no
explanation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["CHUNK_BYTES", "MIN_RUN", "OVERLAP_BYTES", "Haystack"]

MIN_RUN = 48
SAMPLES = 64
SAMPLE_BYTES = 64
OVERLAP_BYTES = SAMPLE_BYTES  # of one chunk and the next, so that a run across their border is whole in one
_WORD = 8
# A word of fewer different bytes is a gradient, a padding, a table of zeros: it stands in every memory.
_MIN_DISTINCT_BYTES = 5
# So much is looked through at a time: with the table and the numbers it stays in the processor's cache.
CHUNK_BYTES = 1 << 19
_HASH_BITS = 20
_SPARE_BITS = 4  # the table has some sixteen places or more for each word, so that few others fall on one
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MAX_RUN = 4096


class Haystack:
    """Looks for all needles at once: by a table of hashed words first, then byte by byte."""

    def __init__(self, needles: Sequence[tuple[str, bytes]]) -> None:
        self._needles = needles
        words = [_words_of(content) for _, content in needles]
        holders = np.repeat(np.arange(len(words)), [len(found) for found in words])
        every = np.concatenate(words)
        enough = np.flatnonzero(_distinct_enough(every))
        assert len(np.unique(holders[enough])) == len(needles), (
            "a needle is too short or too uniform to be told from others"
        )
        order = enough[np.argsort(every[enough])]
        self._words, self._holders = every[order], holders[order]
        bits = max(_HASH_BITS, len(self._words).bit_length() + _SPARE_BITS)
        self._shift = np.uint64(64 - bits)
        self._hashes = np.empty((CHUNK_BYTES + OVERLAP_BYTES) // _WORD, np.uint64)
        self._listed = np.empty(len(self._hashes), dtype=bool)
        self._table = np.zeros(1 << bits, dtype=bool)
        self._table[(self._words * _MULTIPLIER) >> self._shift] = True

    def search(self, chunk: bytes) -> dict[str, int]:
        """The first run of each needle found in ``chunk``, counted to :data:`_MAX_RUN` either side."""
        aligned = np.frombuffer(chunk, "<u8", count=len(chunk) // _WORD)
        places = self._candidates(aligned)
        # The words are sorted; np.isin would sort them again for every piece of memory.
        first, after = (np.searchsorted(self._words, aligned[places], side) for side in ("left", "right"))
        found: dict[str, int] = {}
        for near in np.flatnonzero(first < after).tolist():
            place = int(places[near]) * _WORD
            for number in set(self._holders[first[near] : after[near]].tolist()):
                label, content = self._needles[number]
                run = 0 if label in found else _run_at(chunk, place, content)
                if run >= min(MIN_RUN, len(content)):
                    found[label] = run
        return found

    def _candidates(self, aligned: NDArray[np.uint64]) -> NDArray[np.intp]:
        """The places of words that have a word of the needles' in the table, and of few others."""
        hashes = np.multiply(aligned, _MULTIPLIER, out=self._hashes[: len(aligned)])
        np.right_shift(hashes, self._shift, out=hashes)
        # With a mode other than the first, the result goes straight to its place; none is out of range.
        listed = self._listed[: len(aligned)]
        return np.flatnonzero(np.take(self._table, hashes.view(np.int64), out=listed, mode="clip"))


def _words_of(content: bytes) -> NDArray[np.uint64]:
    size, reach = len(content), SAMPLE_BYTES + _WORD - 1
    starts = range(0, size - SAMPLE_BYTES, max((size - SAMPLE_BYTES) // (SAMPLES - 1), 1))
    if size <= SAMPLES * SAMPLE_BYTES:
        starts, reach = range(1), size
    samples = (np.frombuffer(content[start : start + reach], np.uint8) for start in starts)
    windows = [sliding_window_view(sample, _WORD) for sample in samples if len(sample) >= _WORD]
    return np.concatenate([np.empty((0, _WORD), np.uint8), *windows]).view("<u8").ravel()


def _distinct_enough(words: NDArray[np.uint64]) -> NDArray[np.bool_]:
    ordered = np.sort(words.view(np.uint8).reshape(-1, _WORD), axis=1)
    enough: NDArray[np.bool_] = (np.diff(ordered, axis=1) != 0).sum(axis=1) + 1 >= _MIN_DISTINCT_BYTES
    return enough


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

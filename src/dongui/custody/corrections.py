"""What was taken out of a finished release: a journal beside the manifest, which itself never changes.

A line is on the disk first, and then in the log: what is taken out is out from the first moment on, and a
line whose log entry was lost to a crash gets it when the journal is next opened for writing. Each line's
check covers the one before, so that none can be dropped, changed or moved without every later one failing.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dongui.custody.release_files import naming_disk, synchronise
from dongui.custody.standing import ReleaseLog
from dongui.environment import Entropy
from dongui.errors import Misuse, Refused
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment

__all__ = ["JOURNAL", "Correction", "Corrections", "open_corrections", "read_corrections"]

JOURNAL = "corrections.journal"
_LINE = re.compile(rb"(\d{1,19}) (\d{1,10}) (\d{1,10}) (\d{1,19}) (\d{1,19}) ([0-9a-f]{64}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Correction:
    """The records at ``first`` up to ``first + count`` are out, by the log's entry ``position``."""

    first: int
    count: int
    position: int


@dataclass(frozen=True, slots=True)
class _Line:
    text: bytes
    check: bytes
    correction: Correction
    log_size: int
    blind: bytes

    @property
    def entry(self) -> Entry:
        return Entry(EntryKind.CORRECTION, commitment(self.text, blind=self.blind))


def read_corrections(folder: Path, release: bytes) -> list[Correction]:
    """Return every correction of the release with the id ``release``, oldest first.

    Raises ``Refused`` (``release.journal-damaged``).
    """
    try:
        data = (folder / JOURNAL).read_bytes()
    except FileNotFoundError:
        return []
    return [line.correction for line in _parse(data, release)]


@contextmanager
def open_corrections(
    folder: Path, release: bytes, *, log: ReleaseLog, entropy: Entropy
) -> Iterator[Corrections]:
    """Open the journal to write to it, alone; finish what a crash left half done.

    Raises ``Refused`` (``release.journal-damaged``); ``Misuse`` (``release.busy``, ``release.not-writable``);
    ``Trouble``: ``release.no-room``, ``log.*``.
    """
    path = folder / JOURNAL
    with naming_disk(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misuse("release.busy", f"another process corrects {folder}") from None
        with naming_disk(path):
            synchronise(folder)
        yield Corrections(descriptor, path, release, log, entropy)
    finally:
        os.close(descriptor)


class Corrections:
    """The journal of one release, open and locked. Only :func:`open_corrections` makes one."""

    def __init__(
        self, descriptor: int, path: Path, release: bytes, log: ReleaseLog, entropy: Entropy
    ) -> None:
        self._descriptor, self._path, self._log, self._entropy = descriptor, path, log, entropy
        data = path.read_bytes()
        lines = _parse(data, release)
        self.made = [line.correction for line in lines]
        self._check = lines[-1].check if lines else release
        # What was never confirmed is cut off, so that the next line does not continue it.
        whole = sum(len(line.text) + 1 for line in lines)
        if whole < len(data):
            with naming_disk(path):
                os.ftruncate(descriptor, whole)
                os.fsync(descriptor)
        os.lseek(descriptor, whole, os.SEEK_SET)
        self._size = whole
        self._unlogged: _Line | None = None
        if lines:
            self._settle(lines[-1])

    def take_out(self, correction: Correction) -> int:
        """Take records out, durably, and log it; return the entry's place in the log.

        On return neither a crash nor a power cut brings them back. Raises ``Trouble``: ``release.no-room``,
        ``release.not-written`` (then nothing was taken out), ``log.*`` (then they are out, and the entry is
        made when the journal is next opened).
        """
        if self._unlogged is not None:
            self._settle(self._unlogged)
        size = self._log.log.checkpoint().size
        line = _compose(len(self.made), correction, size, self._entropy.draw(BLIND_BYTES), self._check)
        self._append(line.text + b"\n")
        self.made.append(correction)
        self._check = line.check
        self._unlogged = line
        (index,) = self._log.log.append([line.entry])
        self._unlogged = None
        return index

    def _append(self, data: bytes) -> None:
        with naming_disk(self._path):
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, self._size)
                os.lseek(self._descriptor, self._size, os.SEEK_SET)
                raise
            self._size = os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def _settle(self, last: _Line) -> None:
        """Log the last line if a crash came between it and its entry; those before it were waited for."""
        log = self._log.log
        places = range(last.log_size, log.checkpoint().size)
        if not any(log.entry(index) == last.entry for index in places):
            log.append([last.entry])
        self._unlogged = None


def _compose(number: int, correction: Correction, log_size: int, blind: bytes, before: bytes) -> _Line:
    values = (number, correction.first, correction.count, correction.position, log_size, blind.hex())
    text = " ".join(map(str, values)).encode()
    check = sha256(before + text).digest()
    return _Line(text + b" " + check.hex().encode(), check, correction, log_size, blind)


def _parse(data: bytes, release: bytes) -> list[_Line]:
    lines: list[_Line] = []
    check = release
    # What follows the last line feed was never confirmed: the crash came before its synchronisation.
    for number, text in enumerate(data.split(b"\n")[:-1]):
        match = _LINE.fullmatch(text)
        if match is None:
            raise Refused("release.journal-damaged", f"line {number} is no correction")
        first, count, position, log_size = (int(match[at]) for at in range(2, 6))
        blind = bytes.fromhex(match[6].decode())
        line = _compose(number, Correction(first, count, position), log_size, blind, check)
        if line.text != text:
            raise Refused("release.journal-damaged", f"line {number} does not follow from the one before")
        check = line.check
        lines.append(line)
    return lines

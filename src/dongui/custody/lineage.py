"""Following one person forwards: the releases they are in, for whom these were, and their records there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dongui.custody.asking import tell
from dongui.custody.corrections import Correction, open_corrections
from dongui.custody.gate import BITMAP
from dongui.custody.person_keys import PersonKey
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.record_columns import OpenTable, Table, ids, open_table
from dongui.custody.release_opening import effective_released, read_release, require_files
from dongui.custody.release_seal import Register
from dongui.custody.released_bitmap import read_bitmap
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.environment import Entropy

__all__ = ["AffectedRelease", "ReleasedRecords", "affected_releases", "records_in", "take_out"]


@dataclass(frozen=True, slots=True)
class AffectedRelease:
    """A release a person is in: its id, its decision's place in the log, who it was for, their name there."""

    id: bytes
    entry: int
    recipient: str
    pseudonym: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReleasedRecords:
    """A person's records in one release: ids as text, and positions in the table that was decided over."""

    release: bytes
    records: tuple[str, ...]
    positions: tuple[int, ...]


def affected_releases(key: PersonKey, *, register: Register) -> list[AffectedRelease]:
    """Return every sealed release the person with ``key`` is in. Raises as :func:`.asking.tell`."""
    found = [one.sealed.seal for one in tell(key, register=register) if one.found]
    return [
        AffectedRelease(seal.release, seal.decided, seal.recipient, pseudonym(key.secret.key, seal.release))
        for seal in found
    ]


def records_in(path: Path, people: Sequence[bytes], *, log: ReleaseLog) -> ReleasedRecords:
    """Return what a release holds of a person, whether it was taken out already or not.

    Reads one row group, or as many as the person fills. Raises as :func:`.read_release` and
    :func:`.require_files`.
    """
    release = read_release(path, key=log.key)
    require_files(release)
    records: list[str] = []
    rows: list[int] = []
    begin = 0
    for file in sorted((path / "released").glob("*.parquet")):
        table = open_table(file, "released")
        for row, record in _rows(table, people):
            rows.append(begin + row)
            records.append(record)
        begin += table.rows
    decided = read_bitmap((path / BITMAP).read_bytes(), records=release.records)
    return ReleasedRecords(release.id, tuple(records), tuple(int(decided[row]) for row in rows))


def take_out(path: Path, found: ReleasedRecords, *, log: ReleaseLog, entropy: Entropy) -> int:
    """Take records out of a release for good, logged; return how many were still in it.

    Raises as :func:`.open_corrections`.
    """
    still = effective_released(read_release(path, key=log.key))
    left = [position for position in found.positions if position in still]
    if not left:
        return 0
    at = log.log.checkpoint().size
    with open_corrections(path, found.release, log=log, entropy=entropy) as journal:
        for first, count in _runs(left):
            journal.take_out(Correction(first, count, at))
    return len(left)


def _rows(table: Table, people: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    width = 4 if table.layout is Layout.SORTED else 16
    starts = table.first_people()
    file = OpenTable(table)
    begins = np.cumsum([0, *table.groups])
    for person in (one for one in people if len(one) == width):
        wanted = _id(person, table.layout)
        first = max(0, int(np.searchsorted(starts, wanted, "left")) - 1)
        for group in range(first, int(np.searchsorted(starts, wanted, "right"))):
            batch = file.group(group, ("person", "record"))
            column, names = ids(batch, "person"), ids(batch, "record")
            low, high = (int(np.searchsorted(column, wanted, side)) for side in ("left", "right"))
            for row in range(low, high):
                yield int(begins[group]) + row, _text(names[row : row + 1])


def _id(person: bytes, layout: Layout) -> np.uint32 | np.bytes_:
    if layout is Layout.SORTED:
        return np.uint32(int.from_bytes(person, "big"))
    return np.bytes_(person)


def _text(one: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> str:
    return str(int(one[0])) if one.dtype.kind == "u" else one.tobytes().hex()


def _runs(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    begin = 0
    for at in range(1, len(positions) + 1):
        if at == len(positions) or positions[at] != positions[at - 1] + 1:
            yield positions[begin], at - begin
            begin = at

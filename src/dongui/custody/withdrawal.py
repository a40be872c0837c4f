"""One person taken out of a finished release: where their records stand in it, and the correction."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dongui.custody.corrections import Correction, open_corrections, read_corrections
from dongui.custody.gate import BITMAP
from dongui.custody.record_columns import IdColumn, OpenTable, Table, ids, open_table
from dongui.custody.release_opening import VerifiedRelease
from dongui.custody.released_bitmap import read_bitmap
from dongui.custody.schema import Layout
from dongui.custody.standing import ReleaseLog
from dongui.environment import Entropy
from dongui.errors import Refused

__all__ = ["is_taken_out", "layout_of", "positions_of", "take_out"]


def layout_of(release: VerifiedRelease) -> Layout:
    """Return how a release names people. Raises ``Refused`` (``release.manifest-malformed``)."""
    records = release.manifest["records"]
    layout = records.get("layout") if isinstance(records, dict) else None
    if layout not in list(Layout):
        raise Refused("release.manifest-malformed", "records.layout is no layout")
    return Layout(str(layout))


def positions_of(release: VerifiedRelease, person: int | bytes) -> Correction | None:
    """Return the records of one person that were released, as the correction that would take them out.

    None if none were. The release's own files say where they stand: the record index may have changed since
    it was decided. ``person`` is a number in the sorted layout, 16 bytes in the general one. Raises
    ``Misuse`` (``snapshot.truncated``), ``Refused`` (``release.bitmap-malformed``).
    """
    place, count = _rows_of(release.path, person)
    if not count:
        return None
    # The n-th released row is the n-th member of the set: a position among all records decided over.
    decided = read_bitmap((release.path / BITMAP).read_bytes(), records=release.records)
    first, last = decided[place], decided[place + count - 1]
    return Correction(first, last - first + 1, 0)


def take_out(
    release: VerifiedRelease, person: int | bytes, *, position: int, log: ReleaseLog, entropy: Entropy
) -> int | None:
    """Take one person out of a release, durably and logged; return the entry's place in the log.

    ``position`` is the log entry of what they said. None where nothing of theirs is left to be taken out:
    asked a second time, nothing happens. Raises as :func:`positions_of` and
    :func:`~dongui.custody.corrections.open_corrections`.
    """
    found = positions_of(release, person)
    if found is None or _is_out(release, found):
        return None
    with open_corrections(release.path, release.id, log=log, entropy=entropy) as journal:
        if any(_covers(made, found) for made in journal.made):
            return None
        return journal.take_out(Correction(found.first, found.count, position))


def is_taken_out(release: VerifiedRelease, person: int | bytes) -> bool:
    """Tell whether nothing of a person is given out by a release any more; true of whoever never was.

    Raises as :func:`positions_of`, ``Refused`` (``release.journal-damaged``).
    """
    found = positions_of(release, person)
    return found is None or _is_out(release, found)


def _is_out(release: VerifiedRelease, found: Correction) -> bool:
    return any(_covers(made, found) for made in read_corrections(release.path, release.id))


def _covers(made: Correction, found: Correction) -> bool:
    return made.first <= found.first and found.first + found.count <= made.first + made.count


def _rows_of(folder: Path, person: int | bytes) -> tuple[int, int]:
    """Return the place of a person's first row among all released rows, and how many there are."""
    begin = found = first = 0
    for path in sorted((folder / "released").glob("*.parquet")):
        table = open_table(path, "released")
        place, count = _within(table, person)
        first = begin + place if count and not found else first
        found += count
        begin += table.rows
    return first, found


def _within(table: Table, person: int | bytes) -> tuple[int, int]:
    starts = table.first_people()
    wanted = np.array([person], dtype=starts.dtype)[0]
    low = max(0, int(np.searchsorted(starts, wanted, "left")) - 1)
    high = int(np.searchsorted(starts, wanted, "right"))
    file, begin, found, first = OpenTable(table), sum(table.groups[:low]), 0, 0
    for group in range(low, high):
        column: IdColumn = ids(file.group(group, ("person",)), "person")
        left, right = (int(np.searchsorted(column, wanted, side)) for side in ("left", "right"))
        first = begin + left if right > left and not found else first
        found += right - left
        begin += table.groups[group]
    return first, found

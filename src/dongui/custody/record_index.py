"""One person's records among all: found by the order they lie in, without an index beside the table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dongui.custody.record_columns import IdColumn, OpenTable, Table, ids, small

__all__ = ["PersonRecords", "RecordIndex"]


@dataclass(frozen=True, slots=True)
class PersonRecords:
    """What is kept of one person: positions ``first`` up to ``first + len(records)``, the records' ids there.

    ``traits`` stands beside ``records``: bits of ``RecordTrait``.
    """

    first: int
    records: IdColumn
    traits: IdColumn


@dataclass(frozen=True, slots=True)
class RecordIndex:
    """A records table opened to look people up. Opening reads the first person of each row group."""

    table: Table
    starts: IdColumn = field(init=False, repr=False)
    begins: NDArray[np.int64] = field(init=False, repr=False)
    _file: OpenTable = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", self.table.first_people())
        object.__setattr__(self, "begins", np.cumsum([0, *self.table.groups]))
        object.__setattr__(self, "_file", OpenTable(self.table))

    def find(self, person: int | bytes) -> PersonRecords:
        """Return a person's records; none if there are none. ``person``: a number, or 16 bytes.

        Reads one row group, or as many as the person fills. Raises ``Misuse``: ``snapshot.truncated``,
        ``snapshot.null``.
        """
        wanted = np.array([person], dtype=self.starts.dtype)[0]
        # A person's records may begin at the end of the group before the first that begins with them.
        begin = max(0, int(np.searchsorted(self.starts, wanted, "left")) - 1)
        end = int(np.searchsorted(self.starts, wanted, "right"))
        first, records, traits = 0, [self.starts[:0]], [np.empty(0, dtype=np.uint32)]
        for group in range(begin, end):
            column = ids(self._file.group(group, ("person",)), "person")
            low, high = (int(np.searchsorted(column, wanted, side)) for side in ("left", "right"))
            if low < high:
                rest = self._file.group(group, ("record", "traits"))
                first = int(self.begins[group]) + low if len(records) == 1 else first
                records.append(ids(rest, "record")[low:high])
                traits.append(small(rest, "traits")[low:high].astype(np.uint32))
        return PersonRecords(first, np.concatenate(records), np.concatenate(traits))

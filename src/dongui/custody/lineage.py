"""Following one person forwards: the releases they are in, for whom these were, and their records there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dongui.custody.asking import tell
from dongui.custody.person_keys import PersonKey
from dongui.custody.pseudonyms import pseudonym
from dongui.custody.record_columns import IdColumn, OpenTable, Table, ids, open_table
from dongui.custody.release_opening import VerifiedRelease
from dongui.custody.release_seal import Register
from dongui.custody.schema import Layout
from dongui.custody.withdrawal import layout_of

__all__ = ["AffectedRelease", "affected_releases", "person_for", "records_in"]


@dataclass(frozen=True, slots=True)
class AffectedRelease:
    """A release a person is in: its id, its decision's place in the log, who it was for, their name there."""

    id: bytes
    entry: int
    recipient: str
    pseudonym: bytes = field(repr=False)


def affected_releases(key: PersonKey, *, register: Register) -> list[AffectedRelease]:
    """Return every sealed release the person with ``key`` is in. Raises as :func:`.asking.tell`."""
    found = [one.sealed.seal for one in tell(key, register=register) if one.found]
    return [
        AffectedRelease(seal.release, seal.decided, seal.recipient, pseudonym(key.secret.key, seal.release))
        for seal in found
    ]


def records_in(release: VerifiedRelease, people: Sequence[bytes]) -> list[str]:
    """Return the ids of a person's records in a release as text, whether they were taken out already or not.

    ``people``: the person's ids; those of another layout than the release's are passed over. Reads one row
    group, or as many as the person fills. Raises ``Misuse``: ``snapshot.*`` for files that do not read.
    """
    files = sorted((release.path / "released").glob("*.parquet"))
    return [record for file in files for record in _records(open_table(file, "released"), people)]


def person_for(release: VerifiedRelease, people: Sequence[bytes]) -> int | bytes | None:
    """Return the one of a person's ids by which a release knows people: a number, or 16 bytes."""
    if layout_of(release) is Layout.SORTED:
        return next((int.from_bytes(one, "big") for one in people if len(one) == 4), None)
    return next((one for one in people if len(one) == 16), None)


def _records(table: Table, people: Sequence[bytes]) -> Iterator[str]:
    width = 4 if table.layout is Layout.SORTED else 16
    starts = table.first_people()
    file = OpenTable(table)
    for person in (one for one in people if len(one) == width):
        wanted = np.uint32(int.from_bytes(person, "big")) if width == 4 else np.bytes_(person)
        first = max(0, int(np.searchsorted(starts, wanted, "left")) - 1)
        for group in range(first, int(np.searchsorted(starts, wanted, "right"))):
            batch = file.group(group, ("person", "record"))
            column, names = ids(batch, "person"), ids(batch, "record")
            low, high = (int(np.searchsorted(column, wanted, side)) for side in ("left", "right"))
            yield from _texts(names[low:high])


def _texts(names: IdColumn) -> list[str]:
    if names.dtype.kind == "u":
        return [str(number) for number in names.tolist()]
    data = names.tobytes()
    return [data[begin : begin + 16].hex() for begin in range(0, len(data), 16)]

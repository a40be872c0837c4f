"""Reading every row of a snapshot or record index, and naming the first that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dongui.custody.consent_events import FOLLOWERS
from dongui.custody.schema import (
    CONSENT_ORDER,
    RECORD_ORDER,
    ConsentFlag,
    EventKind,
    Layout,
    RecordTrait,
)
from dongui.custody.snapshot import RecordIndex, Snapshot, open_records, open_snapshot
from dongui.errors import Misuse

__all__ = ["check_consents", "check_records", "check_values"]

_ROWS = 1 << 19
_LOW = "/low"
Column = NDArray[np.integer]
Truths = NDArray[np.bool_]
Columns = dict[str, Column]
# Which kind may follow which; 0 stands for the beginning.
_MAY_FOLLOW = np.zeros((max(EventKind) + 1, max(EventKind) + 1), dtype=bool)
for _before, _after in FOLLOWERS.items():
    for _kind in _after:
        _MAY_FOLLOW[0 if _before is None else _before, _kind] = True


def check_records(index: RecordIndex) -> None:
    """Read every row of a records file.

    Raises ``Misuse``: ``snapshot.truncated``, ``snapshot.null``, ``snapshot.unsorted``,
    ``snapshot.duplicate``, ``snapshot.unknown-value``.
    """
    for rows, _ in _blocks(index.path, RECORD_ORDER):
        _require(index.path, rows["traits"] < 2 * RecordTrait.ERASED, "snapshot.unknown-value", "traits")


def check_consents(snapshot: Snapshot) -> None:
    """Read every row of a consents file.

    Raises as :func:`check_records`, and ``snapshot.unknown-person`` (a consent of a person the ledger does
    not know), ``snapshot.beyond-position`` (an event logged after the snapshot), and for events
    ``snapshot.withdrawn-before-given`` and ``snapshot.event-out-of-order``.
    """
    for rows, new_key in _blocks(snapshot.path, CONSENT_ORDER):
        _check_values(snapshot, rows)
        for name, numbers in (("purpose", snapshot.purposes), ("recipient", snapshot.recipients)):
            known = np.isin(rows[name], list(numbers.values()))
            _require(snapshot.path, known, "snapshot.unknown-value", name)
        _require(snapshot.path, rows["position"] < snapshot.position, "snapshot.beyond-position", "position")
        if snapshot.folded:
            # One row a key: a second one would be a second "latest" event.
            _require(snapshot.path, new_key, "snapshot.duplicate", "person, purpose, recipient, artefact")
        else:
            _check_order_of_events(snapshot.path, rows["state"], rows["previous"], new_key)


def check_values(records: Path, consents: Path) -> None:
    """Read every row of both tables, whatever their order, and look at each value alone.

    What an engine that answers queries needs to be sure of before it is asked; sorting is its own affair.
    Raises ``Misuse``: ``snapshot.truncated``, ``snapshot.null``, ``snapshot.unknown-value``,
    ``snapshot.unknown-person``.
    """
    index, snapshot = open_records(records), open_snapshot(consents)
    for rows in _rows(index.path):
        _require(index.path, rows["traits"] < 2 * RecordTrait.ERASED, "snapshot.unknown-value", "traits")
    for rows in _rows(snapshot.path):
        _check_values(snapshot, rows)


def _rows(path: Path) -> Iterator[Columns]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS):
                if batch.num_rows:
                    yield _columns(path, batch)
    except (pa.ArrowInvalid, OSError) as error:
        raise Misuse("snapshot.truncated", f"{path.name}: {str(error)[:200]}") from None


def _check_values(snapshot: Snapshot, rows: Columns) -> None:
    path = snapshot.path
    known = {
        "artefact": (rows["artefact"] == 1) | (rows["artefact"] == 2),
        "state": (rows["state"] >= min(EventKind)) & (rows["state"] <= max(EventKind)),
        "flags": rows["flags"] < 2 * max(ConsentFlag),
    }
    for name, valid in known.items():
        _require(path, valid, "snapshot.unknown-value", name)
    if snapshot.layout is Layout.SORTED:
        _require(path, rows["person"] < snapshot.persons, "snapshot.unknown-person", "person")


def _check_order_of_events(path: Path, state: Column, previous: Column, new_key: Truths) -> None:
    before = np.where(new_key, 0, previous)
    follows = _MAY_FOLLOW[before, state]
    _require(path, follows | ~new_key, "snapshot.withdrawn-before-given", "state")
    _require(path, follows, "snapshot.event-out-of-order", "state")


def _blocks(path: Path, order: tuple[str, ...]) -> Iterator[tuple[Columns, Truths]]:
    """Give block by block the columns, ordered, and which rows begin a new key (all of order but the last).

    ``previous`` is the state of the row before each.
    """
    last: dict[str, Column] = {}
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS):
                rows = _columns(path, batch)
                if not batch.num_rows:
                    continue
                new_key = _check_sorted(path, rows, last, order)
                if "state" in rows:
                    rows["previous"] = np.append(last.get("state", np.zeros(1, np.uint8)), rows["state"][:-1])
                last = {name: column[-1:] for name, column in rows.items()}
                yield rows, new_key
    except (pa.ArrowInvalid, OSError) as error:
        raise Misuse("snapshot.truncated", f"{path.name}: {str(error)[:200]}") from None


def _columns(path: Path, batch: pa.RecordBatch) -> Columns:
    found: Columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.null_count:
            raise Misuse("snapshot.null", f"{path.name}: {name} is null in {column.null_count} rows")
        if pa.types.is_fixed_size_binary(column.type):
            # 16 bytes order as two big-endian numbers do; numpy orders no bytes that may end in zero.
            halves = np.frombuffer(column.buffers()[1], dtype=">u8").reshape(-1, 2)
            halves = halves[column.offset : column.offset + len(column)].astype(np.uint64)
            found[name], found[name + _LOW] = halves[:, 0], halves[:, 1]
        else:
            found[name] = column.to_numpy()
    return found


def _check_sorted(path: Path, rows: Columns, last: dict[str, Column], order: tuple[str, ...]) -> Truths:
    """Refuse rows that do not rise strictly in ``order``; return which begin a new key."""
    count = len(rows[order[0]])
    falling, rising = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    equal = np.ones(count, dtype=bool)
    if not last:
        rising[0], equal[0] = True, False
    new_key = rising
    for name in order:
        new_key = rising.copy()
        for part in (name, name + _LOW):
            if part in rows:
                before = np.append(last.get(part, rows[part][:1]), rows[part][:-1])
                falling |= equal & (rows[part] < before)
                rising |= equal & (rows[part] > before)
                equal &= rows[part] == before
    if falling.any():
        raise Misuse("snapshot.unsorted", f"{path.name} is not sorted by {', '.join(order)}")
    _require(path, ~equal, "snapshot.duplicate", ", ".join(order))
    return new_key


def _require(path: Path, valid: Truths, failure: str, column: str) -> None:
    wrong = int(len(valid) - np.count_nonzero(valid))
    if wrong:
        raise Misuse(failure, f"{path.name}: {column}, {wrong} rows of a block of {len(valid)}")

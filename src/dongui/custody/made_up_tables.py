"""Records and consents of people who do not exist, in realistic mixes and any number, for measuring.

Nothing here is random from run to run: the same size gives the same tables. The mix:

* 2.96 records a person on average, geometrically; one person in 1,000,003 has 5,000. One record in 15 arrived
  later than the rest and has a number far from its neighbours'.
* Both image and template 60 %, image alone 33 %, template alone 5 %; pseudonymised 1 %; erased 1 %. Half are
  kept without end, the others to one of 2,000 days, some of them past.
* The ledger has heard of 92 % of the people. Of these, for what is asked: 66 % said yes and it stands, 6 %
  renewed it, 3 % by a guardian; 5 % withdrew, 0.5 % suspended, 3 % expired; 2 % were not informed or not
  asked apart; the others said yes to another purpose, recipient or artefact. 35 % have a further consent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dongui.custody.schema import COLUMNS, FOREVER_US, ConsentFlag, EventKind, Layout, Metadata, RecordTrait
from dongui.custody.tables import arrow_schema

__all__ = ["AT_US", "MadeUp", "encodings"]

AT_US = 1_795_000_000_000_000
"""The moment asked about: in November 2026."""

RECORDS_A_PERSON = 2.96
_DAY_US = 86_400_000_000
_CHUNK_PEOPLE = 500_000
_SKEWED_EVERY, _SKEWED_RECORDS = 1_000_003, 5_000
_ALL_SAID = ConsentFlag.INFORMED | ConsentFlag.SEPARATE | ConsentFlag.EXPLICIT
Column: TypeAlias = NDArray[np.generic]
Columns: TypeAlias = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class MadeUp:
    """``records`` records, and the consents of their people, in one layout.

    ``folded``: the latest event of each kind alone. ``at_us``: the moment asked about.
    """

    records: int
    layout: Layout = Layout.SORTED
    folded: bool = True
    group_rows: int = 1 << 18
    at_us: int = AT_US

    @property
    def people(self) -> int:
        """The number of people, some of them without a record."""
        return max(1, round(self.records / RECORDS_A_PERSON))

    def write(self, records: Path, consents: Path, *, metadata: Mapping[str, str] | None = None) -> None:
        """Write both tables, a chunk of people at a time. Raises ``OSError``."""
        told = {
            Metadata.FOLDED: str(self.folded).lower(),
            Metadata.PERSONS: str(self.people),
            Metadata.POSITION: "0",
            Metadata.POSITION_US: str(self.at_us),
            Metadata.CREATED_US: str(self.at_us),
            Metadata.CHECKPOINT: "bm9uZQ==",  # of no log
            Metadata.PURPOSES: '{"face-test": 1, "gate-training": 2, "badge": 3}',
            Metadata.RECIPIENTS: '{"laboratory.example": 1, "university.example": 2, "supplier.example": 3}',
            **(metadata or {}),
        }
        with (
            _Writer(records, "records", self, {}) as kept,
            _Writer(consents, "consents", self, told) as said,
        ):
            for record_columns, consent_columns in self._chunks():
                kept.add(record_columns)
                said.add(consent_columns)

    def _chunks(self) -> Iterator[tuple[Columns, Columns]]:
        written = 0
        for begin in range(0, self.people, _CHUNK_PEOPLE):
            person = np.arange(begin, min(begin + _CHUNK_PEOPLE, self.people), dtype=np.uint32)
            chance = np.random.default_rng([self.records, begin])
            last = int(person[-1]) + 1 == self.people
            records = _records(person, chance, written, self.records, fill=last, at=self.at_us)
            written += len(records["person"])
            yield records, _consents(person, chance, self.people, folded=self.folded, at=self.at_us)


class _Writer:
    """Gathers chunks into row groups of an even size."""

    def __init__(self, path: Path, kind: str, table: MadeUp, metadata: Mapping[str, str]) -> None:
        schema = arrow_schema(kind, table.layout)
        self._schema = schema.with_metadata({**schema.metadata, **metadata})
        # As the ledger and the index are written: looking one person up reads the group they are in.
        self._group_rows = table.group_rows // 2 if kind == "records" else table.group_rows
        self._rest: pa.Table = self._schema.empty_table()
        self._file = pq.ParquetWriter(path, self._schema, compression="none", **encodings(kind, table.layout))

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        if len(self._rest):
            self._file.write_table(self._rest)
        self._file.close()

    def add(self, columns: Columns) -> None:
        """Append rows."""
        arrays = [_array(columns[field.name], field) for field in self._schema]
        rows = pa.concat_tables([self._rest, pa.Table.from_arrays(arrays, schema=self._schema)])
        size = self._group_rows
        whole = len(rows) // size * size
        if whole:
            self._file.write_table(rows.slice(0, whole), row_group_size=size)
        self._rest = rows.slice(whole)


def encodings(kind: str, layout: Layout) -> dict[str, object]:
    """Return how the columns of a table are written: what a merge reads fastest.

    Ids and small numbers as differences of a few bits; moments, few of them distinct, by dictionary; no
    codec.
    """
    moments = [name for name in COLUMNS[kind] if name.endswith("_us")]
    numbers = [
        name
        for name, type_name in COLUMNS[kind].items()
        if name not in moments and (type_name != "id" or layout is Layout.SORTED)
    ]
    return {
        "use_dictionary": moments,
        "column_encoding": dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        "write_statistics": ["person"],
    }


def _array(values: Column, field: pa.Field) -> pa.Array:
    if pa.types.is_fixed_size_binary(field.type):
        return pa.Array.from_buffers(
            field.type, len(values), [None, pa.py_buffer(_uuids(values.astype(np.uint32, copy=False)))]
        )
    return pa.array(values.astype(field.type.to_pandas_dtype(), copy=False), field.type)


def _uuids(values: NDArray[np.uint32]) -> bytes:
    """Return 16 bytes for each number, in the numbers' order, as far apart as random UUIDs are."""
    wide = values.astype(np.uint64)
    # The number spread over the upper bits, so that the order stays; below it, bits that look like chance.
    high = (wide << np.uint64(32)) | ((wide * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32))
    low = wide * np.uint64(0xD1B54A32D192ED03) ^ np.uint64(0xA24BAED4963EE407)
    both = np.empty((len(wide), 2), dtype=">u8")
    both[:, 0], both[:, 1] = high, low
    return both.tobytes()


def _records(
    person: NDArray[np.uint32], chance: np.random.Generator, written: int, wanted: int, *, fill: bool, at: int
) -> dict[str, Column]:
    each = chance.geometric(1 / RECORDS_A_PERSON, len(person))
    each[person % _SKEWED_EVERY == 300_000] = _SKEWED_RECORDS
    if fill:
        each[-1] += max(0, wanted - written - int(each.sum()))
    owner = np.repeat(person, each)[: wanted - written]
    rows = len(owner)
    last = np.append(owner[1:] != owner[:-1], True)
    record = np.arange(written, written + rows, dtype=np.uint32)
    record[last & (chance.random(rows, dtype=np.float32) < 0.2)] += np.uint32(wanted)
    kinds = np.array([3, 1, 2, 7, 3 | RecordTrait.ERASED], dtype=np.uint8)
    traits = kinds[np.searchsorted([0.6, 0.93, 0.98, 0.99], chance.random(rows, dtype=np.float32))]
    days = at + chance.integers(-60, 1940, rows) * _DAY_US
    retained = np.where(chance.random(rows, dtype=np.float32) < 0.5, FOREVER_US, days)
    return {"person": owner, "record": record, "traits": traits, "retained_until_us": retained}


# What the people said: their share; the states one after another, flags, purpose, recipient, artefact.
_STORIES: tuple[tuple[float, tuple[int, ...], int, int, int, int], ...] = (
    (0.66, (EventKind.GIVEN,), _ALL_SAID, 1, 1, 1),
    (0.06, (EventKind.GIVEN, EventKind.RENEWED), _ALL_SAID, 1, 1, 1),
    (0.03, (EventKind.GUARDIAN_GIVEN,), _ALL_SAID | ConsentFlag.UNDER_AGE | ConsentFlag.GUARDIAN, 1, 1, 1),
    (0.05, (EventKind.GIVEN, EventKind.WITHDRAWN), _ALL_SAID, 1, 1, 1),
    (0.005, (EventKind.GIVEN, EventKind.SUSPENDED), _ALL_SAID, 1, 1, 1),
    (0.03, (EventKind.GIVEN, EventKind.EXPIRED), _ALL_SAID, 1, 1, 1),
    (0.01, (EventKind.GIVEN,), ConsentFlag.SEPARATE | ConsentFlag.EXPLICIT, 1, 1, 1),
    (0.01, (EventKind.GIVEN,), ConsentFlag.INFORMED | ConsentFlag.EXPLICIT, 1, 1, 1),
    (0.065, (EventKind.GIVEN,), _ALL_SAID, 2, 1, 1),
    (0.04, (EventKind.GIVEN,), _ALL_SAID, 1, 2, 1),
    (0.04, (EventKind.GIVEN,), _ALL_SAID, 1, 1, 2),
)
_FURTHER = 0.35


def _consents(
    person: NDArray[np.uint32], chance: np.random.Generator, people: int, *, folded: bool, at: int
) -> dict[str, Column]:
    known = person[chance.random(len(person), dtype=np.float32) < 0.92]
    shares = np.cumsum([story[0] for story in _STORIES])[:-1]
    story = np.searchsorted(shares, chance.random(len(known), dtype=np.float32)).astype(np.int64)
    waves = [_wave(known, story, turn) for turn in range(2)]
    more = known[chance.random(len(known), dtype=np.float32) < _FURTHER]
    # A further consent: the badge at the door, one artefact or the other.
    badge = np.stack([np.full(len(more), value) for value in (3, 3, 2, EventKind.GIVEN, int(_ALL_SAID), 2)])
    waves.append((more, badge))
    owner = np.concatenate([one for one, _ in waves])
    fields = np.concatenate([columns for _, columns in waves], axis=1)
    order = np.lexsort((fields[5], fields[2], fields[1], fields[0], owner))
    owner, fields = owner[order], fields[:, order]
    if folded:
        keys = np.stack([owner, *fields[:3]])
        latest = np.append(np.any(keys[:, 1:] != keys[:, :-1], axis=0), True)
        owner, fields = owner[latest], fields[:, latest]
    names = ("purpose", "recipient", "artefact", "state", "flags")
    table: dict[str, Column] = {"person": owner, **dict(zip(names, fields[:5], strict=True))}
    return table | _terms(owner, fields[5], chance, people, at)


def _wave(
    known: NDArray[np.uint32], story: NDArray[np.int64], turn: int
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the people of whom a ``turn``-th event is told, and what it is about."""
    has = np.array([len(states) > turn for _, states, *_ in _STORIES])[story]
    state = np.array([states[min(turn, len(states) - 1)] for _, states, *_ in _STORIES])
    flags, purpose, recipient, artefact = (
        np.array([one[place] for one in _STORIES]) for place in range(2, 6)
    )
    chosen = story[has]
    columns = (purpose, recipient, artefact, state, flags, np.full(len(_STORIES), turn))
    return known[has], np.stack([column[chosen] for column in columns]).astype(np.int64)


def _terms(
    owner: NDArray[np.uint32], turn: NDArray[np.int64], chance: np.random.Generator, people: int, at: int
) -> dict[str, Column]:
    rows = len(owner)
    given = at - chance.integers(1, 1500, rows) * _DAY_US
    # 2 % of what stands has run out; 1 % counts only from tomorrow.
    valid = at + np.where(chance.random(rows) < 0.02, -1, chance.integers(1, 700, rows)) * _DAY_US
    given[chance.random(rows, dtype=np.float32) < 0.01] = at + _DAY_US
    # An entry's place in the log: later for a later event, and without any order among people. What people's
    # numbers are multiplied with is prime: no two come to one place.
    place = owner.astype(np.uint64) * np.uint64(2_654_435_761) % np.uint64(people)
    position = turn.astype(np.uint64) * np.uint64(people) + place
    return {
        "counts_from_us": given,
        "valid_until_us": valid,
        "retained_until_us": valid + 365 * _DAY_US,
        "position": position,
    }

"""Small records and consents with everything in them: every reason, skewed people, either layout."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dongui.custody.question import Question
from dongui.custody.schema import (
    FOREVER_US,
    RELEASED,
    ConsentFacts,
    ConsentFlag,
    EventKind,
    Layout,
    Metadata,
    Reach,
    RecordFacts,
    RecordTrait,
    decide,
    reason_code,
)
from dongui.custody.tables import arrow_schema
from dongui.log.checkpoint import VerifiedCheckpoint

__all__ = ["AT_US", "Tables", "expected_codes", "rewrite", "write_table"]

AT_US = 1_795_305_600_000_000  # 2026-11-22T00:00:00Z
Columns = Mapping[str, NDArray[Any]]


class Tables:
    """One drawn pair of tables; ``seed`` decides everything. One person has a fortieth of all rows."""

    def __init__(self, seed: int, *, records: int, people: int, layout: Layout = Layout.SORTED) -> None:
        self.layout = layout
        self.people = people
        self.chance = np.random.default_rng(seed)
        self._crowd = int(self.chance.integers(0, people))
        self._uuids = np.sort(np.frombuffer(self.chance.bytes(16 * people), dtype="S16"))
        self.records = self._records(records)
        self.consents = self._consents(2 * people)

    def _people(self, rows: int) -> NDArray[np.int64]:
        drawn = self.chance.integers(0, self.people, rows)
        return np.where(self.chance.random(rows) < 0.025, self._crowd, drawn)

    def _id(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        return numbers.astype(np.uint32) if self.layout is Layout.SORTED else self._uuids[numbers]

    def _records(self, rows: int) -> dict[str, NDArray[Any]]:
        person = np.sort(self._people(rows))
        numbers = np.arange(rows, dtype=np.uint32)
        if self.layout is Layout.GENERAL:
            drawn = np.frombuffer(self.chance.bytes(16 * rows), dtype="S16")
            numbers = drawn[np.lexsort((drawn, person))]
        return {
            "person": self._id(person),
            "record": numbers,
            "traits": self.chance.choice(np.array([1, 2, 3, 3, 3, 3, 11, 7], np.uint8), rows),
            "retained_until_us": np.where(
                self.chance.random(rows) < 0.03, AT_US + self.chance.integers(-1, 2, rows), FOREVER_US
            ),
        }

    def _consents(self, rows: int) -> dict[str, NDArray[Any]]:
        draw = self.chance.integers
        person, position = self._people(rows), self.chance.permutation(rows)
        table: dict[str, NDArray[Any]] = {
            "person": person,
            "purpose": draw(0, 3, rows),
            "recipient": draw(0, 3, rows),
            "artefact": draw(1, 3, rows),
            "state": self.chance.choice(np.array([1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7]), rows),
            "flags": self.chance.choice(np.array([7, 7, 7, 7, 7, 39, 15, 31, 3, 5, 6]), rows),
            "counts_from_us": AT_US + self.chance.choice([-10, -1, 0, 0, 1], rows),
            "valid_until_us": AT_US + self.chance.choice([-1, 0, 1, 30, 30, 30], rows),
            "retained_until_us": AT_US + self.chance.choice([0, 1, 50, 50, 50, 50], rows),
            "position": position,
        }
        keys = ("position", "artefact", "recipient", "purpose", "person")
        order = np.lexsort([table[key] for key in keys])
        table = {name: values[order] for name, values in table.items()}
        table["person"] = self._id(table["person"])
        return table

    def folded(self) -> dict[str, NDArray[Any]]:
        """Return the consents' latest rows of each kind alone."""
        keys = [self.consents[key] for key in ("person", "purpose", "recipient", "artefact")]
        changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
        latest = np.append(changes, True)
        return {name: values[latest] for name, values in self.consents.items()}

    def write(
        self,
        folder: Path,
        *,
        group_rows: int = 100,
        folded: bool = False,
        checkpoint: VerifiedCheckpoint | None = None,
        created_us: int = AT_US,
    ) -> tuple[Path, Path]:
        """Write both tables into ``folder``; return their paths."""
        metadata: dict[str, str] = {
            Metadata.FOLDED: str(folded).lower(),
            Metadata.PERSONS: str(self.people),
            Metadata.POSITION: str(checkpoint.size if checkpoint else 0),
            Metadata.POSITION_US: str(created_us),
            Metadata.CREATED_US: str(created_us),
            Metadata.CHECKPOINT: base64.b64encode(checkpoint.note if checkpoint else b"none").decode(),
            Metadata.PURPOSES: '{"face-test": 1}',
            Metadata.RECIPIENTS: '{"laboratory.example": 1}',
        }
        records, consents = folder / "records.parquet", folder / "consents.parquet"
        write_table(records, "records", self.layout, self.records, {}, group_rows=group_rows)
        said = self.folded() if folded else self.consents
        write_table(consents, "consents", self.layout, said, metadata, group_rows=group_rows)
        return records, consents


def write_table(
    path: Path,
    kind: str,
    layout: Layout,
    columns: Columns,
    metadata: Mapping[str, str],
    *,
    group_rows: int = 1000,
) -> None:
    """Write one table of the agreed columns."""
    schema = arrow_schema(kind, layout)
    schema = schema.with_metadata({**schema.metadata, **metadata})
    arrays = [_array(columns[field.name], field.type) for field in schema]
    table = pa.Table.from_arrays(arrays, schema=schema)
    pq.write_table(table, path, compression="none", use_dictionary=False, row_group_size=group_rows)


def rewrite(path: Path, change: Any) -> None:
    """Write a table again after ``change(table)``, its metadata as before."""
    table = pq.read_table(path)
    pq.write_table(change(table), path, row_group_size=100)


def _array(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_binary(kind):
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values.tobytes())])
    return pa.array(values.astype(kind.to_pandas_dtype()), kind)


def expected_codes(tables: Tables, question: Question) -> list[int]:
    """Return each record's code by the plain reference, row by row."""
    facts = _facts(tables.consents, question)
    unknown = ConsentFacts(Reach.UNKNOWN_PERSON)
    columns = (tables.records[name].tolist() for name in ("person", "traits", "retained_until_us"))
    codes = []
    for person, traits, retained in zip(*columns, strict=True):
        record = RecordFacts(RecordTrait(traits), retained)
        reason = decide(record, facts.get(person, unknown), question)
        codes.append(RELEASED if reason is None else reason_code(reason))
    return codes


def _facts(consents: Columns, question: Question) -> dict[Any, ConsentFacts]:
    names = [*("purpose", "recipient", "artefact", "state", "flags")]
    names += ["counts_from_us", "valid_until_us", "retained_until_us", "position"]
    found: dict[Any, ConsentFacts] = {}
    order = np.argsort(consents["position"])  # as they were said: the last one holds
    people = consents["person"][order].tolist()
    for person, *row in zip(people, *(consents[name][order].tolist() for name in names), strict=True):
        reach = _reach(row, question)
        before = found.get(person, ConsentFacts(Reach.UNKNOWN_PERSON))
        if reach is Reach.MATCHED:
            _, _, _, state, flags, counts, valid, retained, _ = row
            found[person] = ConsentFacts(reach, EventKind(state), ConsentFlag(flags), counts, valid, retained)
        elif reach > before.reach:
            found[person] = ConsentFacts(reach)
    return found


def _reach(row: list[int], question: Question) -> Reach:
    purpose, recipient, artefact, *_ = row
    if purpose != question.purpose:
        return Reach.OTHER_PURPOSE
    if recipient != question.recipient:
        return Reach.OTHER_RECIPIENT
    return Reach.MATCHED if artefact == question.artefact else Reach.OTHER_ARTEFACT

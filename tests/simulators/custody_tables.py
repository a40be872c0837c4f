"""Small random tables of records and consents, and what the plain meaning decides about them, row by row."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from dongui.custody.rules import Rules
from dongui.custody.schema import (
    FOREVER_US,
    RELEASED,
    ConsentFacts,
    EventKind,
    Layout,
    Reach,
    RecordFacts,
    decide,
    reason_code,
)
from dongui.custody.snapshot_export import SnapshotTerms, write_consents, write_records
from dongui.custody.tables import arrow_schema
from simulators.custody_cases import AT_US, MOMENTS, PURPOSES, RECIPIENTS

Row = dict[str, int | bytes]


@dataclass(frozen=True)
class Tables:
    """Rows of both tables in their order, and the layout."""

    layout: Layout
    records: list[Row]
    consents: list[Row]

    def write(self, folder: Path, *, folded: bool) -> tuple[Path, Path]:
        """Write both files and return their paths."""
        records, consents = folder / "records.parquet", folder / f"consents-{folded}.parquet"
        write_records(records, batches(self.records, "records", self.layout), self.layout)
        rows = batches(self.consents, "consents", self.layout)
        write_consents(consents, rows, self.terms(), folded=folded)
        return records, consents

    def terms(self) -> SnapshotTerms:
        """Return what the snapshot says of itself."""
        return SnapshotTerms(
            layout=self.layout,
            position=len(self.consents),
            position_us=AT_US,
            checkpoint=b"a signed note",
            created_us=AT_US,
            persons=1_000_000,
            purposes=PURPOSES,
            recipients=RECIPIENTS,
        )

    def decided(self, rules: Rules) -> list[tuple[int | bytes, int | bytes, int]]:
        """Decide every record by the plain meaning."""
        return [
            (
                row["person"],
                row["record"],
                _code(decide(_record(row), self._facts(row, rules), rules.question)),
            )
            for row in self.records
        ]

    def _facts(self, record: Row, rules: Rules) -> ConsentFacts:
        asked = rules.question
        wanted = (asked.purpose, asked.recipient, asked.artefact.value)
        theirs = [row for row in self.consents if row["person"] == record["person"]]
        keys = [(row["purpose"], row["recipient"], row["artefact"]) for row in theirs]
        if wanted not in keys:
            alike = [sum(1 for n in range(1, 4) if key[:n] == wanted[:n]) for key in keys]
            return ConsentFacts(Reach(1 + max(alike)) if alike else Reach.UNKNOWN_PERSON)
        matching = [row for row, key in zip(theirs, keys, strict=True) if key == wanted]
        last = max(matching, key=lambda row: int(row["position"]))
        return ConsentFacts(
            Reach.MATCHED,
            EventKind(int(last["state"])),
            int(last["flags"]),
            int(last["counts_from_us"]),
            int(last["valid_until_us"]),
            int(last["retained_until_us"]),
        )


def tables(layout: Layout, *, seed: int, people: int = 60) -> Tables:
    """Return random tables. Some people have no consent, some no record, one has very many of both."""
    chance = random.Random(seed)
    known = sorted(_identifiers(chance, layout, people))
    records: list[Row] = []
    consents: list[Row] = []
    position = 0
    for number, person in enumerate(known):
        held = 200 if number == 7 else chance.choice((0, 1, 2, 5))
        records.extend(_new_record(chance, person) for _ in range(held))
        for _ in range(300 if number == 7 else chance.choice((0, 0, 1, 3, 8))):
            consents.append(_new_event(chance, person, position))
            position += 1
    for identifier, row in zip(_identifiers(chance, layout, len(records)), records, strict=True):
        row["record"] = identifier
    order = ("person", "purpose", "recipient", "artefact", "position")
    records.sort(key=lambda row: (row["person"], row["record"]))
    consents.sort(key=lambda row: tuple(row[name] for name in order))
    return Tables(layout, records, consents)


def batches(rows: list[Row], kind: str, layout: Layout, *, size: int = 37) -> list[pa.RecordBatch]:
    """Return rows as batches so small that people lie across their borders."""
    schema = arrow_schema(kind, layout)
    return [
        pa.RecordBatch.from_pylist(rows[start : start + size], schema) for start in range(0, len(rows), size)
    ]


def _identifiers(chance: random.Random, layout: Layout, number: int) -> list[int | bytes]:
    if layout is Layout.SORTED:
        return list(chance.sample(range(number * 3), number))
    # Bytes that end in zero, begin with 0xff, or differ in the last bit: where orders differ between engines.
    edges = [bytes(16), bytes(15) + b"\x01", b"\xff" * 16, b"\xff" * 15 + b"\x00", b"\x80" + bytes(15)]
    drawn: list[int | bytes] = [*edges, *(chance.randbytes(16) for _ in range(number))]
    return drawn[:number]


def _new_record(chance: random.Random, person: int | bytes) -> Row:
    until = chance.choice((*MOMENTS, FOREVER_US, FOREVER_US, FOREVER_US))
    return {
        "person": person,
        "record": 0,
        "traits": chance.choice((3, 7, chance.randrange(16))),
        "retained_until_us": until,
    }


def _new_event(chance: random.Random, person: int | bytes, position: int) -> Row:
    until = (*MOMENTS, FOREVER_US, FOREVER_US, FOREVER_US, AT_US + 1)
    return {
        "person": person,
        "purpose": chance.choice((3, 7, 7, 7, 9)),
        "recipient": chance.choice((0, 5, 5, 5, 6)),
        "artefact": chance.choice((1, 1, 2)),
        "state": chance.choice((*EventKind, *[EventKind.GIVEN] * 6)).value,
        "flags": chance.choice((63, 63, 55, chance.randrange(64))),
        "counts_from_us": chance.choice((0, AT_US - 1, AT_US, AT_US + 1)),
        "valid_until_us": chance.choice(until),
        "retained_until_us": chance.choice(until),
        "position": position,
    }


def _record(row: Row) -> RecordFacts:
    return RecordFacts(int(row["traits"]), int(row["retained_until_us"]))


def _code(reason: str | None) -> int:
    return RELEASED if reason is None else reason_code(reason)

"""People who agreed to be measured: rendered people who do not exist, and sets of made-up features."""

from __future__ import annotations

import csv
import runpy
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.acquisition import Acquired
from dongui.assessment.consent_ground import ConsentedTable, SignedDeclaration, declare_pictures
from dongui.assessment.declaration import Declaration, sign_declaration
from dongui.assessment.groups import grouping_of
from dongui.assessment.measurement import Measurement, compare_pairs
from dongui.assessment.people_table import PeopleTable, read_people_table
from dongui.assessment.result import RecogniserFacts
from dongui.assessment.score_store import Bounds, ScoreStore
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey
from simulators.biometric_data import REPOSITORY, data_folder

MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
FACTS = RecogniserFacts("made-up", "00" * 32, "11" * 32, "22" * 32)


def write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Write a table of people."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def declared(people: Path, name: str = "set", *, until: date = date(2027, 1, 1)) -> tuple[Path, Path]:
    """Sign a declaration over the table's pictures; return its file and the public key's."""
    digest, _ = declare_pictures(read_people_table(people), name)
    key = SignerKey.generate("holder.example", entropy=SystemEntropy())
    made = Declaration(name, "Holder", "A set", "asked and agreed", date(2026, 11, 1), until, digest)
    note, public = people.with_suffix(".declaration"), people.with_suffix(".pub")
    note.write_bytes(sign_declaration(made, key=key))
    public.write_text(key.verifier.text() + "\n")
    return note, public


def made_up(
    features: NDArray[np.float32],
    person: Sequence[int],
    values: Sequence[tuple[str, ...]],
    *,
    bounds: Bounds,
    columns: tuple[str, ...] = ("group",),
) -> Measurement:
    """Measure features instead of pictures: row i belongs to ``person[i]``, who said ``values[person]``."""
    table = PeopleTable((), columns, tuple(values), "33" * 32, False)
    consented = ConsentedTable(table, 0, {}, (), {})
    labels = np.array(person, dtype=np.int64)
    acquired = Acquired.of(
        features,
        person=labels,
        session=np.full(len(labels), -1, dtype=np.int64),
        pictures=np.bincount(labels, minlength=len(values)).astype(np.int64),
        reasons={},
        at_once=4096,
    )
    grouping = grouping_of(table)
    store = ScoreStore(grouping, bounds)
    with acquired:
        compare_pairs(acquired, store, progress=lambda _said: None)
    return Measurement(consented, grouping, acquired, store, FACTS)


def made_up_people(
    sizes: Mapping[str, int], *, spread: Mapping[str, float], seed: int, pictures: int = 2
) -> tuple[NDArray[np.float32], list[int], list[tuple[str, ...]]]:
    """Draw features of people in groups: a person's pictures are close, two people far apart.

    A group with a ``spread`` below 1 lies around one point, so that its people look more alike.
    """
    generator = np.random.default_rng(seed)
    rows: list[NDArray[np.float64]] = []
    person: list[int] = []
    values: list[tuple[str, ...]] = []
    for name, size in sizes.items():
        middle = generator.normal(size=128)
        for _ in range(size):
            wide = spread.get(name, 1.0)
            face = wide * generator.normal(size=128) + np.sqrt(1 - wide**2) * middle
            for _ in range(pictures):
                shown = face + 0.15 * generator.normal(size=128)
                rows.append(shown / np.linalg.norm(shown) * 0.7)
                person.append(len(values))
            values.append((name,))
    return np.array(rows, dtype=np.float32), person, values


def london_table(out: Path) -> Path:
    """Make the London people's table by the project's own script; skips the test where they are not there."""
    faces = data_folder() / "faces"
    runpy.run_path(str(REPOSITORY / "benchmarks" / "people_table.py"))["write_london"](faces, out)
    return out


def signed(declaration: Declaration) -> SignedDeclaration:
    """A declaration as if its signature had been read."""
    return SignedDeclaration(declaration, "holder.example", "44" * 32)

"""Every engine gives, for whole files, what the plain meaning gives row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest

from dongui.custody.duckdb_engine import decide_with_duckdb
from dongui.custody.question import Use
from dongui.custody.rule_pack import rule_pack
from dongui.custody.rules import Rules, ask
from dongui.custody.schema import Layout
from dongui.custody.tables import decision_schema
from dongui.errors import Misuse, Trouble
from simulators.custody_cases import PURPOSES, RECIPIENTS, inquiry, rules_of
from simulators.custody_tables import tables

Decided = list[tuple[int | bytes, int | bytes, int]]


def rows_of(batches: Iterable[pa.RecordBatch], layout: Layout) -> Decided:
    found = list(batches)
    assert all(batch.schema == decision_schema(layout) for batch in found)
    table = pa.Table.from_batches(found, decision_schema(layout))
    return list(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))


def for_testing() -> Rules:
    return ask(
        inquiry(Use.TESTING),
        pack=rule_pack("PIPA_2025_10"),
        purposes=PURPOSES,
        recipients=RECIPIENTS,
    )


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("folded", [True, False])
def test_duckdb_decides_as_the_rules_mean(tmp_path: Path, layout: Layout, folded: bool) -> None:
    """In both layouts, over folded snapshots and over raw events, for every kind of question."""
    made = tables(layout, seed=5)
    records, consents = made.write(tmp_path, folded=folded)
    seen: Counter[int] = Counter()
    for rules in [*rules_of("PIPA_2025_10")][::5]:
        decided = made.decided(rules)
        assert rows_of(decide_with_duckdb(records, consents, rules), layout) == decided
        seen.update(code for _, _, code in decided)
    assert len(seen) >= 12


def test_duckdb_decides_nothing_over_a_broken_file(tmp_path: Path) -> None:
    """Unreadable pages are trouble, a file that ends early is named so; neither is a smaller release."""
    records, consents = tables(Layout.SORTED, seed=1).write(tmp_path, folded=True)
    content = bytearray(records.read_bytes())
    content[4:100] = bytes(96)
    records.write_bytes(content)
    with pytest.raises(Trouble, match=r"^ground\.engine-failed"):
        list(decide_with_duckdb(records, consents, for_testing()))
    records.write_bytes(content[: len(content) // 2])
    with pytest.raises(Misuse, match=r"^snapshot\.truncated"):
        list(decide_with_duckdb(records, consents, for_testing()))


def test_tables_that_name_people_differently_are_not_joined(tmp_path: Path) -> None:
    """Numbers are no UUIDs: joined, nobody would ever be found, and everybody refused as unknown."""
    (tmp_path / "other").mkdir()
    records, _ = tables(Layout.SORTED, seed=1).write(tmp_path, folded=True)
    _, consents = tables(Layout.GENERAL, seed=1).write(tmp_path / "other", folded=True)
    with pytest.raises(Misuse, match=r"^snapshot\.other-layout"):
        list(decide_with_duckdb(records, consents, for_testing()))


def test_no_records_are_no_decisions(tmp_path: Path) -> None:
    """An empty index is decided, emptily."""
    made = tables(Layout.SORTED, seed=1, people=0)
    records, consents = made.write(tmp_path, folded=True)
    assert rows_of(decide_with_duckdb(records, consents, for_testing()), Layout.SORTED) == []

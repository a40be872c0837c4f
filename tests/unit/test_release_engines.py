"""Whatever engine is asked, the same records are released, and the others refused for the same reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dongui.custody.decision import Engine
from dongui.custody.engines import duckdb_engine
from dongui.custody.gate import Decided, Inquired, decide_release
from dongui.custody.grounds import GroundClaim
from dongui.custody.question import Artefact, CustodyPurpose, Use
from dongui.custody.rule_pack import rule_pack
from dongui.custody.rules import Inquiry, Rules, ask
from dongui.custody.schema import Layout
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse
from simulators.release_tables import Tables, expected_codes, rewrite

AT = datetime(2026, 11, 22, tzinfo=UTC)
GROUNDS = {
    "consent": None,
    "resolution": GroundClaim("commission-resolution", "2026-017-123"),
    "research": GroundClaim("pseudonymised-research", "PIA-2026-4"),
    "statute": GroundClaim("statute", "Act 12345, article 6"),
}


def asked(ground: str, *, abroad: bool = False) -> Rules:
    """A question to the shipped pack."""
    inquiry = Inquiry(
        purpose=CustodyPurpose.register("face-test", ["test-model"]),
        recipient="laboratory.example",
        controller="laboratory.example",
        artefact=Artefact.IMAGE,
        use=Use.TESTING,
        at=AT,
        abroad=abroad,
        ground=GROUNDS[ground],
    )
    pack = rule_pack("PIPA_2025_10")
    return ask(inquiry, pack=pack, purposes={"face-test": 1}, recipients={"laboratory.example": 1})


def decide(folder: Path, rules: Rules, engine: Engine | None) -> Decided:
    """Simulate a release."""
    return decide_release(
        Inquired(folder / "records.parquet", folder / "consents.parquet", rules.question, {}, AT),
        out=folder / (engine.name if engine else "merge"),
        engine=engine,
        log=None,
        clock=FixedClock(AT),
        entropy=SystemEntropy(),
        freshness=timedelta(days=1),
    )


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("ground", GROUNDS)
def test_duckdb_decides_as_the_merge_does(tmp_path: Path, ground: str, layout: Layout) -> None:
    """Tables, counts and bitmap are equal, under consent and under every ground, and are the reference's."""
    tables = Tables(11, records=1500, people=400, layout=layout)
    tables.write(tmp_path, folded=ground == "research")
    rules = asked(ground, abroad=ground == "statute")
    merged, joined = decide(tmp_path, rules, None), decide(tmp_path, rules, duckdb_engine(rules))
    assert merged.counts == joined.counts
    for kind in ("released", "refused"):
        assert pq.read_table(merged.path / kind).equals(pq.read_table(joined.path / kind))
    bitmaps = [(one.path / "released.roaring").read_bytes() for one in (merged, joined)]
    assert bitmaps[0] == bitmaps[1]
    codes = expected_codes(tables, rules.question)
    assert merged.released == codes.count(0)
    refused = pq.read_table(merged.path / "refused").column("reason").to_pylist()
    assert refused == [code for code in codes if code]


def test_what_is_not_sorted_is_decided_in_duckdb(tmp_path: Path) -> None:
    """The merge refuses it by name; DuckDB's tables are those of the sorted input."""
    records, consents = Tables(11, records=900, people=300).write(tmp_path)
    rules = asked("consent")
    expected = pq.read_table(decide(tmp_path, rules, None).path / "released")
    chance = np.random.default_rng(1)
    for path in (records, consents):
        rewrite(path, lambda table: table.take(chance.permutation(len(table))))
    (tmp_path / "merge").rename(tmp_path / "before")
    with pytest.raises(Misuse, match=r"snapshot\.unsorted"):
        decide(tmp_path, rules, None)
    assert pq.read_table(decide(tmp_path, rules, duckdb_engine(rules)).path / "released").equals(expected)


def test_a_record_twice_is_named_by_every_engine(tmp_path: Path) -> None:
    """DuckDB joins it without complaint; what it yields is checked."""
    records, _ = Tables(11, records=900, people=300).write(tmp_path)
    rewrite(records, lambda table: table.take(np.sort([*range(len(table)), 7])))
    rules = asked("consent")
    for engine in (None, duckdb_engine(rules)):
        with pytest.raises(Misuse, match=r"snapshot\.duplicate"):
            decide(tmp_path, rules, engine)


def test_an_unknown_state_is_no_yes_to_any_engine(tmp_path: Path) -> None:
    """The merge refuses it while reading; before a query it is looked for."""
    _, consents = Tables(11, records=300, people=100).write(tmp_path)

    def spoilt(table: pa.Table) -> pa.Table:
        values = table.column("state").to_pylist()
        values[4] = 99
        place = table.schema.get_field_index("state")
        return table.set_column(place, table.schema.field("state"), pa.array(values, pa.uint8()))

    rewrite(consents, spoilt)
    rules = asked("consent")
    for engine in (None, duckdb_engine(rules)):
        with pytest.raises(Misuse, match=r"snapshot\.unknown-value"):
            decide(tmp_path, rules, engine)

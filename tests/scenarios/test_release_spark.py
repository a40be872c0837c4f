"""The gate with Spark, started for real: the same tables, counts and bitmap as the merge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dongui.custody.engines import spark_engine
from dongui.custody.gate import Inquired, decide_release
from dongui.custody.question import Artefact, CustodyPurpose, Use
from dongui.custody.rule_pack import rule_pack
from dongui.custody.rules import Inquiry, ask
from dongui.environment import FixedClock, SystemEntropy
from simulators.release_tables import Tables

if find_spec("pyspark") is None:
    pytest.skip("the gate is not tried with Spark: pyspark is not installed", allow_module_level=True)

from dongui.custody.spark_engine import java_there

if not java_there():
    pytest.skip("the gate is not tried with Spark: there is no Java runtime", allow_module_level=True)

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.slow
def test_spark_decides_through_the_gate_as_the_merge_does(tmp_path: Path) -> None:
    """Files, reasons and the released set are byte for byte the same."""
    Tables(11, records=900, people=300).write(tmp_path)
    purpose = CustodyPurpose.register("face-test", ["test-model"])
    inquiry = Inquiry(
        purpose=purpose,
        recipient="laboratory.example",
        controller="office.example",
        artefact=Artefact.IMAGE,
        use=Use.TESTING,
        at=AT,
        abroad=False,
    )
    names = {"purposes": {"face-test": 1}, "recipients": {"laboratory.example": 1}}
    rules = ask(inquiry, pack=rule_pack("PIPA_2025_10"), **names)
    decided = [
        decide_release(
            Inquired(tmp_path / "records.parquet", tmp_path / "consents.parquet", rules.question, {}, AT),
            out=tmp_path / str(place),
            engine=engine,
            log=None,
            clock=FixedClock(AT),
            entropy=SystemEntropy(),
            freshness=timedelta(days=1),
        )
        for place, engine in enumerate((None, spark_engine(rules)))
    ]
    assert decided[0].counts == decided[1].counts
    for kind in ("released", "refused"):
        assert pq.read_table(decided[0].path / kind).equals(pq.read_table(decided[1].path / kind))
    bitmaps = {(one.path / "released.roaring").read_bytes() for one in decided}
    assert len(bitmaps) == 1

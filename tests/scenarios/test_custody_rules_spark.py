"""Past one machine: Spark, started for real, decides as the rules mean."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from dongui.custody.schema import Layout
from dongui.errors import Misuse, Trouble
from simulators.custody_cases import rules_of
from simulators.custody_tables import tables

if find_spec("pyspark") is None:
    pytest.skip("Spark is not decided with: pyspark is not installed", allow_module_level=True)

from dongui.custody.spark_engine import decide_with_spark, java_there, spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

if not java_there():
    pytest.skip("Spark is not decided with: there is no Java runtime", allow_module_level=True)


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.memory": "512m"}
    with spark_session(settings=settings) as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "folded"), [(Layout.SORTED, True), (Layout.GENERAL, False)])
def test_spark_decides_as_the_rules_mean(
    session: SparkSession, tmp_path: Path, layout: Layout, folded: bool
) -> None:
    """The same data, the same answers, in the same order: both layouts, folded and not."""
    made = tables(layout, seed=11)
    records, consents = made.write(tmp_path, folded=folded)
    for rules in [*rules_of("PIPA_2025_10")][1::25]:
        batches = list(decide_with_spark(records, consents, rules, session=session))
        table = pa.Table.from_batches(batches)
        rows = list(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))
        assert rows == made.decided(rules)


def test_spark_decides_nothing_over_a_broken_file(session: SparkSession, tmp_path: Path) -> None:
    """Unreadable pages are trouble with a name."""
    records, consents = tables(Layout.SORTED, seed=1).write(tmp_path, folded=True)
    content = bytearray(records.read_bytes())
    content[4:100] = bytes(96)
    records.write_bytes(content)
    with pytest.raises(Trouble, match=r"^ground\.engine-failed"):
        list(decide_with_spark(records, consents, next(rules_of("PIPA_2025_10")), session=session))


def test_without_java_spark_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing runtime is said before Spark would say it at length."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Misuse, match=r"^ground\.java-missing"), spark_session():
        pass

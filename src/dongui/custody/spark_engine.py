"""The decision in Apache Spark: the same query, for tables past one machine.

It needs the optional packages of ``dongui[spark]`` and a Java 17 runtime. Without a master of one's own Spark
runs in this machine alone, its ports bound to the loopback address and its web interface off.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError  # type: ignore[import-untyped]  # the bridge has no types
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from dongui.custody.decision_sql import decision_sql
from dongui.custody.rules import Rules
from dongui.custody.snapshot import table_kind
from dongui.custody.tables import decision_schema
from dongui.errors import Misuse, Trouble

__all__ = ["decide_with_spark", "java_there", "spark_session"]

_ROWS = 1 << 20
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    # A sum or a cast that would overflow fails, as it does in the other engines.
    "spark.sql.ansi.enabled": "true",
}


def java_there() -> bool:
    """Tell whether a Java runtime can be found: JAVA_HOME's, or one on the path."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin" if home else None) is not None


@contextmanager
def spark_session(
    *, master: str = "local[2]", settings: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """Start Spark, and stop it on the way out. ``settings`` go before this module's own.

    Raises ``Misuse`` ``ground.java-missing``.
    """
    if not java_there():
        raise Misuse("ground.java-missing", "no java under JAVA_HOME or on the path")
    builder = SparkSession.builder.master(master).appName("dongui")
    for key, value in {**_QUIET, **(settings or {})}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()


def decide_with_spark(
    records: Path, consents: Path, rules: Rules, *, session: SparkSession, scratch: Path | None = None
) -> Iterator[pa.RecordBatch]:
    """Return every record's decision, (person, record, reason), in the order of the records.

    ``scratch`` must be a folder that every worker reaches; the answer lies there until it has been read.
    The tables' rows were checked before. Raises ``Misuse`` as :func:`~dongui.custody.snapshot.table_kind`,
    ``Trouble`` ``ground.engine-failed``.
    """
    layout, folded = table_kind(records, consents)
    schema = decision_schema(layout)
    with TemporaryDirectory(prefix="dongui-", dir=scratch) as folder:
        answer = Path(folder) / "answer"
        try:
            for name, path in (("records", records), ("consents", consents)):
                session.read.parquet(str(path)).createOrReplaceTempView(name)
            session.sql(decision_sql(rules, folded=folded)).write.parquet(str(answer))
        except (PySparkException, Py4JError) as error:
            raise Trouble("ground.engine-failed", f"Spark: {str(error)[:400]}") from error
        # Sorted as a whole: each part is sorted, and the parts follow one another by their names.
        for part in sorted(answer.glob("part-*.parquet")):
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(_ROWS):
                    yield batch.cast(schema)

"""``dongui bench release``: what deciding costs on this machine, and what it is measured against."""

from __future__ import annotations

import base64
import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pyarrow.parquet as pq

from dongui.cli.bench_copy import copy
from dongui.cli.bench_meter import Meter
from dongui.cli.bench_rivals import plain_join, policy_engine, postgresql_join
from dongui.cli.release_inputs import Asked, inquire
from dongui.cli.release_names import ArtefactName, UseName
from dongui.custody.corrections import Correction, open_corrections
from dongui.custody.engines import duckdb_engine
from dongui.custody.gate import Decided, Inquired, decide_release
from dongui.custody.made_up_tables import MadeUp
from dongui.custody.record_columns import open_table
from dongui.custody.record_index import RecordIndex
from dongui.custody.release_opening import effective_released, read_release
from dongui.custody.rules import Rules
from dongui.custody.schema import Layout, Metadata
from dongui.custody.standing import ReleaseLog
from dongui.environment import SystemClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog

__all__ = ["Figures", "measure"]

Figures = dict[str, float]
_RIVALS = 10_000_000  # the largest size the slower rivals finish within minutes
_LAYOUTS = 10_000_000
_CASES = 2_000
_CORRECTED = 300
_ROUNDS = 3  # of gate and copy, in turn: other work on the machine meets both
_FEWER_ROUNDS = 2  # above the rivals' size


def measure(records: int, *, folder: Path, postgresql: str | None, say: Callable[[str], None]) -> Figures:
    """Measure a whole decision over ``records`` made-up records, and all it is compared with.

    ``folder`` needs room for some 20 bytes a record; nothing stays there. ``postgresql``: the address of a
    server to compare with, or None. Raises what the gate raises.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return _Bench(Path(name), say).run(records, postgresql)


@dataclass(slots=True)
class _Case:
    """Made-up tables and their question."""

    folder: Path
    records: int
    inquired: Inquired
    rules: Rules
    folded: bool


class _Bench:
    """One run: a log, and tables beside it."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._entropy = SystemEntropy()
        self._key = SignerKey.generate("bench.example/log", entropy=self._entropy)

    def run(self, records: int, postgresql: str | None) -> Figures:
        """Return the figures, by name."""
        with closing(SqliteLog.open(self._folder / "log.sqlite", key=self._key)) as log:
            self._log = ReleaseLog(log, self._key.verifier)
            case = self._make(MadeUp(records))
            figures = self._main(case)
            figures |= self._corrections(case)
            shutil.rmtree(case.folder)
            figures |= self._layouts(min(records, _LAYOUTS))
            return figures | self._rivals(min(records, _RIVALS), postgresql)

    def _make(self, tables: MadeUp) -> _Case:
        self._say(f"making {tables.records:,} records")
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        now = datetime.now(UTC)
        tables = MadeUp(tables.records, tables.layout, tables.folded, at_us=int(now.timestamp()) * 1_000_000)
        checkpoint = self._log.log.checkpoint()
        more: dict[str, str] = {
            Metadata.POSITION: str(checkpoint.size),
            Metadata.CHECKPOINT: base64.b64encode(checkpoint.note).decode(),
        }
        tables.write(folder / "R.parquet", folder / "C.parquet", metadata=more)
        asked = Asked(
            purpose="face-test",
            recipient="laboratory.example",
            artefact=ArtefactName.IMAGE,
            use=UseName.TESTING,
            at=now.replace(microsecond=0).isoformat(),
            pack="PIPA_2025_10",
            abroad=False,
            ground=None,
        )
        inquired, rules = inquire(folder / "R.parquet", folder / "C.parquet", asked)
        return _Case(folder, tables.records, inquired, rules, tables.folded)

    def _decide(self, case: _Case, *, processes: int = 2, duckdb: bool = False) -> tuple[Decided, Meter]:
        out = case.folder / "decision"
        shutil.rmtree(out, ignore_errors=True)
        with Meter() as meter:
            decided = decide_release(
                case.inquired,
                out=out,
                engine=duckdb_engine(case.rules) if duckdb else None,
                log=self._log,
                clock=SystemClock(),
                entropy=self._entropy,
                freshness=timedelta(days=1),
                processes=processes,
                progress=lambda done, total: self._say(f"{done:,} of {total:,}"),
            )
        return decided, meter

    def _main(self, case: _Case) -> Figures:
        records, consents = case.inquired.records, case.inquired.consents
        gates, copies, proved = self._rounds(case)
        gate_wall, gate_cpu = _middle(gates)
        self._each = gate_wall / case.records
        self._say("DuckDB")
        joined = plain_join(records, consents, case.rules, case.folder, folded=case.folded)
        decision = case.folder / "decision"
        return {
            "records": case.records,
            "released": self._decided.released,
            "input_mb": (records.stat().st_size + consents.stat().st_size) / 1e6,
            "output_mb": sum(file.stat().st_size for file in decision.rglob("*.parquet")) / 1e6,
            "gate_wall_s": gate_wall,
            "gate_cpu_s": gate_cpu,
            "gate_peak_mb": max(meter.peak for meter in gates) / 1e6,
            **dict(zip(("copy_wall_s", "copy_cpu_s"), _middle(copies), strict=True)),
            **dict(zip(("proved_copy_wall_s", "proved_copy_cpu_s"), _middle(proved), strict=True)),
            "duckdb_wall_s": joined.wall,
            "duckdb_cpu_s": joined.cpu,
            "duckdb_peak_mb": joined.peak / 1e6,
            "cpu_of_duckdb": gate_cpu / joined.cpu,
            "cpu_of_copy": _ratio(gates, copies, "cpu"),
            "wall_of_copy": _ratio(gates, copies, "wall"),
            "cpu_of_proved_copy": _ratio(gates, proved, "cpu"),
            "wall_of_proved_copy": _ratio(gates, proved, "wall"),
            "ns_a_record": 1e9 * gate_wall / case.records,
        }

    def _rounds(self, case: _Case) -> tuple[list[Meter], list[Meter], list[Meter]]:
        """Decide, copy, and copy with digests, in turn; the first, in which files are new, is not counted."""
        records, consents = case.inquired.records, case.inquired.consents
        rounds: list[tuple[Meter, Meter, Meter]] = []
        wanted = _ROUNDS if case.records <= _RIVALS else _FEWER_ROUNDS
        for number in range(wanted + 1):
            self._decided, gate = self._decide(case)
            self._say(f"copying, {number} of {wanted}")
            share = self._decided.released / case.records
            copied = copy(records, consents, case.folder, share=share)
            rounds.append((gate, copied, copy(records, consents, case.folder, share=share, proved=True)))
        gates, copies, proved = zip(*rounds[1:], strict=True)
        return list(gates), list(copies), list(proved)

    def _corrections(self, case: _Case) -> Figures:
        """Withdrawals one after another, and finding the people they are of."""
        decided = case.folder / "decision"
        release = read_release(decided, key=self._key.verifier)
        begin = perf_counter()
        index = RecordIndex(open_table(case.inquired.records, "records"))
        opening = perf_counter() - begin
        people = np.random.default_rng(1).integers(0, MadeUp(case.records).people, _CORRECTED)
        released = effective_released(release)
        finding, correcting = [], []
        with open_corrections(decided, release.id, log=self._log, entropy=self._entropy) as journal:
            for person in people.tolist():
                begin = perf_counter()
                found = index.find(person)
                finding.append(perf_counter() - begin)
                correction = Correction(found.first, len(found.records), 0)
                begin = perf_counter()
                journal.take_out(correction)
                released.remove_range(correction.first, correction.first + correction.count)
                correcting.append(perf_counter() - begin)
        return {
            "bitmap_mb": (decided / "released.roaring").stat().st_size / 1e6,
            "index_open_ms": 1000 * opening,
            **_percentiles("find", finding),
            **_percentiles("correct", correcting),
        }

    def _layouts(self, records: int) -> Figures:
        """The same decision with one step of the layout taken away at a time."""
        figures: Figures = {"layout_records": records}
        whole = self._make(MadeUp(records))
        for name, processes in (("two_threads", 2), ("one_thread", 1)):
            meters = [self._decide(whole, processes=processes)[1] for _ in range(_ROUNDS)]
            figures |= dict(zip((f"{name}_wall_s", f"{name}_cpu_s"), _middle(meters), strict=True))
        paths = whole.inquired.records, whole.inquired.consents
        figures["layout_mb"] = sum(path.stat().st_size for path in paths) / 1e6
        for name, encoding in _ENCODINGS.items():
            _write_again(paths, **encoding)
            figures[f"{name}_mb"] = sum(path.stat().st_size for path in paths) / 1e6
            figures[f"{name}_cpu_s"] = self._decide(whole, processes=1)[1].cpu
        figures["duckdb_in_gate_cpu_s"] = self._decide(whole, duckdb=True)[1].cpu
        shutil.rmtree(whole.folder)
        for name, tables in (
            ("events", MadeUp(records, folded=False)),
            ("uuids", MadeUp(records, Layout.GENERAL)),
        ):
            case = self._make(tables)
            figures[f"{name}_cpu_s"] = self._decide(case, processes=1)[1].cpu
            shutil.rmtree(case.folder)
        return figures

    def _rivals(self, records: int, postgresql: str | None) -> Figures:
        """Rivals that take too long for the whole: each at a size it can finish, the gate at the same."""
        case = self._make(MadeUp(records))
        gate, _ = _middle([self._decide(case)[1] for _ in range(_ROUNDS)])
        figures: Figures = {"rivals_records": records, "rivals_gate_wall_s": gate}
        self._say("policy engine")
        each = policy_engine(case.rules, _CASES) / _CASES
        figures |= {"cedar_us_a_record": 1e6 * each, "times_cedar": each / self._each}
        if postgresql is not None:
            self._say("PostgreSQL")
            kept, said = case.inquired.records, case.inquired.consents
            seconds = postgresql_join(postgresql, kept, said, case.rules, case.folder)
            figures |= {"postgresql_wall_s": seconds, "times_postgresql": seconds / gate}
        return figures


def _middle(meters: Sequence[Meter]) -> tuple[float, float]:
    """Return the medians of wall and CPU seconds."""
    return statistics.median(one.wall for one in meters), statistics.median(one.cpu for one in meters)


def _ratio(gates: Sequence[Meter], others: Sequence[Meter], what: Literal["wall", "cpu"]) -> float:
    """Return the median over the rounds of how much more the gate took."""
    spent = [[one.wall if what == "wall" else one.cpu for one in meters] for meters in (gates, others)]
    ratios = [gate / other for gate, other in zip(*spent, strict=True)]
    return float(statistics.median(ratios))


# Ways to write the same tables: nothing but numbers; what pyarrow does unless told otherwise.
_ENCODINGS: dict[str, dict[str, Any]] = {
    "plain_encoding": {"compression": "none", "use_dictionary": False},
    "default_encoding": {},
}


def _write_again(paths: Sequence[Path], **encoding: Any) -> None:
    for path in paths:
        pq.write_table(pq.read_table(path), path, row_group_size=1 << 18, **encoding)


def _percentiles(name: str, seconds: Sequence[float]) -> Figures:
    p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100, method="inclusive")[-1]
    return {f"{name}_p50_ms": 1000 * p50, f"{name}_p99_ms": 1000 * p99}

"""What the release gate is measured against, and how a bound is judged."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dongui.cli.bench_bounds import bounds
from dongui.cli.bench_copy import copy
from dongui.custody.release_files import synchronise
from simulators.release_tables import Tables

FIGURES = {
    "records": 177_600_000,
    "cpu_of_duckdb": 0.2,
    "cpu_of_copy": 1.5,
    "wall_of_copy": 1.9,
    "gate_peak_mb": 300,
    "find_p99_ms": 14,
    "layout_records": 10_000_000,
    "two_threads_wall_s": 0.5,
    "ns_a_record": 40,
    "rivals_records": 10_000_000,
    "times_postgresql": 12,
    "times_cedar": 3_000,
}
WORSE = {
    "cpu_of_duckdb": 0.34,
    "cpu_of_copy": 2.01,
    "wall_of_copy": 2.01,
    "gate_peak_mb": 2_501,
    "find_p99_ms": 16,
    "ns_a_record": 51,
    "times_postgresql": 9.9,
    "times_cedar": 999,
}


def test_every_bound_is_judged_and_holds() -> None:
    """Figures within all bounds: as many verdicts as there are bounds, each that it holds."""
    assert [one.holds for one in bounds(FIGURES)] == [True] * len(WORSE)


@pytest.mark.parametrize("name", WORSE)
def test_one_figure_beyond_its_bound_breaks_that_bound_alone(name: str) -> None:
    """No bound hides behind another."""
    judged = bounds({**FIGURES, name: WORSE[name]})
    assert sum(not one.holds for one in judged) == 1


def test_small_sizes_are_not_judged() -> None:
    """Where opening files is most of the cost, nothing is claimed and nothing missed."""
    small = {"records": 1_000, "layout_records": 1_000, "rivals_records": 1_000}
    assert bounds({**FIGURES, **small}) == []


@pytest.mark.parametrize("proved", [False, True])
def test_the_copy_writes_every_record_once_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, proved: bool
) -> None:
    """The yardstick is not shorter than what is measured with it: as many rows, in as many files."""
    monkeypatch.setattr("dongui.custody.decision._LEAST_PART_ROWS", 100)
    records, consents = Tables(4, records=800, people=300).write(tmp_path, group_rows=100)
    written: list[int] = []

    def counting(path: Path) -> None:
        written.append(pq.read_metadata(path).num_rows)
        synchronise(path)

    monkeypatch.setattr("dongui.cli.bench_copy.synchronise", counting)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    meter = copy(records, consents, scratch, share=0.6, proved=proved)
    assert meter.wall > 0
    assert (len(written), sum(written)) == (16, 800)
    assert list(scratch.iterdir()) == []

"""What a release is allowed to cost, held against what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Bound", "bounds"]


_LEAST, _LARGE = 1_000_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound: what it says, what was found, and whether it holds."""

    text: str
    found: str
    holds: bool


def bounds(figures: Mapping[str, float]) -> list[Bound]:
    """Return the bounds that can be judged by one size's figures, as ``bench_release.measure`` gives them.

    What a decision may cost is said of 177.6 million records and judged from a hundred million on, what it
    beats from one million: below, opening and synchronising files are much of it.
    """
    large = figures["records"] >= _LARGE
    at_most = (
        ("CPU time of the plain DuckDB join: at most a third", "cpu_of_duckdb", 1 / 3),
        ("CPU time of reading and writing in one pass: at most 2 times", "cpu_of_copy", 2),
        ("time of reading and writing in one pass: at most 2 times", "wall_of_copy", 2),
        ("memory in MB: below 2,500", "gate_peak_mb", 2_500),
        ("one person's records, 99th percentile in ms: below 15", "find_p99_ms", 15),
    )
    at_least = (
        ("PostgreSQL's join: at least 10 times faster", "times_postgresql", 10),
        ("the policy engine: at least 1,000 times faster", "times_cedar", 1_000),
    )
    found = [
        Bound(text, f"{figures[name]:,.3g}", figures[name] <= limit) for text, name, limit in at_most if large
    ]
    found += _linear(figures)
    found += [
        Bound(text, f"{figures[name]:,.3g}", figures[name] >= limit)
        for text, name, limit in at_least
        if name in figures and figures["rivals_records"] >= _LEAST
    ]
    return found


def _linear(figures: Mapping[str, float]) -> list[Bound]:
    """Compare with the same decision at the layouts' size, where that is the smaller one."""
    before = figures["layout_records"]
    if before >= figures["records"]:
        return []
    each, each_before = figures["ns_a_record"], 1e9 * figures["two_threads_wall_s"] / before
    text = f"time a record, in ns: at most what it is at {before:,.0f} ({each_before:,.3g})"
    return [Bound(text, f"{each:,.3g}", each <= each_before)]

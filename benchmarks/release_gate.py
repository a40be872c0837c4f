"""Measures the release gate and writes the table of ``docs/explanation/release-performance.md``.

``python benchmarks/release_gate.py [--records N ...] [--folder F] [--write]``, with `tests` on the path
(`PYTHONPATH=src:tests`): it starts a PostgreSQL server of its own where one is installed, and says of each
bound whether it holds. 177,600,000 records take some minutes and 4 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from contextlib import nullcontext
from pathlib import Path

from dongui.cli.bench_bounds import bounds
from dongui.cli.bench_release import measure
from simulators.postgresql_server import programs, server

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "release-performance.md"


def main() -> None:
    """Measure what was asked for, print it with every bound, and write it into the page if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))
    parser.add_argument("--write", action="store_true", help="write the table into the page")
    asked = parser.parse_args()
    found = {}
    for records in asked.records:
        with server() if programs() else nullcontext(None) as address:
            found[records] = measure(records, folder=asked.folder, postgresql=address, say=lambda _: None)
        print(json.dumps(found[records], indent=2), flush=True)
    text = f"{table(found)}\n\n{judgement(found)}"
    print(text)
    if asked.write:
        begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
        before, rest = PAGE.read_text(encoding="utf-8").split(begin)
        PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def table(found: dict[int, dict[str, float]]) -> str:
    """Return Markdown: a row a figure, a column a size."""
    names = list(dict.fromkeys(name for figures in found.values() for name in figures if name != "records"))
    head = [f"Measured with CPython {platform.python_version()} on {os.cpu_count()} cores.", ""]
    head += [f"| Figure | {' | '.join(f'{size:,}' for size in found)} |", "|---|" + "--:|" * len(found)]
    for name in names:
        cells = (f"{figures[name]:,.4g}" if name in figures else "" for figures in found.values())
        head.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(head)


def judgement(found: dict[int, dict[str, float]]) -> str:
    """Return Markdown: a row a bound, at every size it can be judged at."""
    rows = ["| Bound | Records | Found | |", "|---|--:|--:|---|"]
    for size, figures in found.items():
        for one in bounds(figures):
            verdict = "holds" if one.holds else "**does not hold**"
            rows.append(f"| {one.text} | {size:,} | {one.found} | {verdict} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()

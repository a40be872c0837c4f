"""Turns what ``make bench`` measured into the tables of ``docs/explanation/performance.md``.

``python benchmarks/report.py bench.json [--write]`` prints them, or writes them between the page's marks. A
group that was not measured keeps the table it has there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
GROUPS = {
    "verification": "A whole verification, in process (CPU time)",
    "biometrics": "The biometric stages over the London faces (CPU time)",
    "mdoc": "Documents: ISO/IEC 18013-5 Annex D",
    "passport": "Passports: passive authentication and master lists (CPU time)",
    "chip": "Reading a passport's chip, simulated in the same process (CPU time)",
    "sd-jwt": "SD-JWT credentials and status lists (CPU time)",
    "confinement": "The confined process",
    "log": "The log",
    "assessment": "Error rates over ten million non-mated comparisons",
    "vault": "The vault, beside a plain copy of the same 300 MB",
    "unlearning": "Forgetting one of 200,000 people with a million feature vectors",
}


class Stats(TypedDict):
    """What is used of one benchmark's figures; seconds."""

    data: list[float]


class Measured(TypedDict):
    """One benchmark of the file."""

    name: str
    group: str
    stats: Stats
    extra_info: dict[str, float | str]


def tables(benchmarks: Sequence[Measured]) -> Iterator[str]:
    """Yield Markdown, one table a group. A group without a title ends it: no figure is lost unseen."""
    untitled = {one["group"] for one in benchmarks} - GROUPS.keys()
    if untitled:
        raise SystemExit(f"no title in GROUPS for {', '.join(sorted(untitled))}")
    yield f"Measured with CPython {platform.python_version()} on {os.cpu_count()} cores."
    for group, title in GROUPS.items():
        members = [one for one in benchmarks if one["group"] == group]
        if not members:
            continue
        yield f"\n### {title}\n"
        yield "| What | Rounds | Median, ms | p95, ms | Medians a second | Besides |"
        yield "|---|--:|--:|--:|--:|---|"
        for one in members:
            yield row(one)


def row(one: Measured) -> str:
    """Return one line: median and 95th percentile over the rounds, and what the benchmark says besides."""
    times = [1000 * seconds for seconds in one["stats"]["data"]]
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    name = one["name"].removeprefix("test_").replace("_", " ")
    besides = "; ".join(f"{key}: {written(value)}" for key, value in shown(one["extra_info"]).items())
    median = statistics.median(times)
    return (
        f"| {name} | {len(times)} | {figure(median)} | {figure(p95)} | {figure(1000 / median)} | {besides} |"
    )


def figure(value: float) -> str:
    """Write three significant digits, and no powers of ten."""
    digits = 3 - len(str(int(value)))
    return f"{value:.3g}" if digits >= 0 else f"{round(value, digits):,.0f}"


def written(value: float | str) -> str:
    """Group a number's digits; leave words alone."""
    return value if isinstance(value, str) else f"{value:,}"


def shown(extra: Mapping[str, float | str]) -> dict[str, float | str]:
    """Leave out the percentile that has a column of its own."""
    return {key: value for key, value in extra.items() if not key.startswith("95th")}


def main() -> None:
    """Read the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--write", action="store_true", help="write the tables into the page")
    asked = parser.parse_args()
    content = json.loads(asked.measured.read_text(encoding="utf-8"))
    text = "\n".join(tables(content["benchmarks"]))
    if not asked.write:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    published, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{merged(published, text)}\n{END}{after}", encoding="utf-8")


def merged(published: str, measured: str) -> str:
    """Return the tables of both, in the order of the groups; of a group that is in both the measured one."""
    first, *_ = measured.split("\n\n### ")
    held = {**_by_title(published), **_by_title(measured)}
    return "\n\n".join([first.strip(), *(held[title] for title in GROUPS.values() if title in held)])


def _by_title(text: str) -> dict[str, str]:
    sections = text.strip().split("\n\n### ")[1:]
    return {section.split("\n", 1)[0]: f"### {section.strip()}" for section in sections}


if __name__ == "__main__":
    main()

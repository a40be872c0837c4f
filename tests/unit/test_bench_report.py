"""What `make bench` measured reaches the page: every benchmark's group has a table there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
REPORT = runpy.run_path(str(BENCHMARKS / "report.py"))
FILES = sorted(BENCHMARKS.glob("test_bench_*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_benchmark_has_a_table(file: Path) -> None:
    """A file of benchmarks names its group, and the report has a heading for it."""
    (group,) = re.findall(r'mark\.benchmark\(group="([a-z-]+)"', file.read_text(encoding="utf-8"))
    assert group in REPORT["GROUPS"]


def test_no_figure_is_passed_over() -> None:
    """A group nobody gave a heading ends the report: it is not left out in silence."""
    stray = {"name": "test_it", "group": "stray", "stats": {"data": [1.0]}, "extra_info": {}}
    with pytest.raises(SystemExit, match="stray"):
        list(REPORT["tables"]([stray]))


def test_a_group_that_was_not_measured_keeps_its_table() -> None:
    """The measured ones take the place of theirs; the order is the groups'."""
    first, second, third = list(REPORT["GROUPS"].values())[:3]
    published = f"Measured once.\n\n### {first}\n\nold\n\n### {third}\n\nkept"
    measured = f"Measured now.\n\n### {first}\n\nnew\n\n### {second}\n\nnew, too"
    found = REPORT["merged"](published, measured)
    assert found == (
        f"Measured now.\n\n### {first}\n\nnew\n\n### {second}\n\nnew, too\n\n### {third}\n\nkept"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.04894, "0.0489"), (7.5, "7.5"), (124.4, "124"), (1072.9, "1,070"), (104_860.0, "105,000")],
)
def test_figures_are_written_out(value: float, written: str) -> None:
    """Three significant digits, readable without powers of ten."""
    assert REPORT["figure"](value) == written

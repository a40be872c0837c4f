"""Assess the shipped recogniser at its shipped bounds on 51 people who agreed to it, group by group.

    DONGUI_TEST_DATA=../shared python benchmarks/london.py [--write]

Prints the tables as Markdown. ``--write`` also puts them into ``docs/explanation/error-rates.md`` and the
counts and intervals into the operating point's data file. Nothing about one picture or one pair leaves.
"""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dongui.assessment.consent_ground import SignedDeclaration, require_consent
from dongui.assessment.declaration import read_declaration
from dongui.assessment.error_rates import Kind, Rate
from dongui.assessment.limits import Limits
from dongui.assessment.measurement import Measurement, measure
from dongui.assessment.people_table import read_people_table
from dongui.assessment.point import point_of
from dongui.assessment.result import AssessmentResult, GroupResult, Method
from dongui.assessment.score_store import Bounds
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.operating_points import OperatingPoint
from dongui.log.keys import VerifierKey

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "error-rates.md"
NAME = "dlib-resnet-v1-london"
POINT = ROOT / "src" / "dongui" / "biometrics" / "measured" / f"{NAME}.toml"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BOUNDS = Bounds(0.42, 0.60)
TITLE = "Face Research Lab London Set (DeBruine and Jones, 2017, CC BY 4.0)"
# A seed that stands here, so that whoever runs this gets the very figures of the page.
METHOD = Method(confidence=0.95, draws=1000, seed="d0960100d0960100d0960100d0960100")
LIMITS = Limits(max_fmr=1e-3, max_fnmr=1e-2, confidence=0.95)


def main() -> None:
    """Measure, print, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/london")
    measurement, result = assess(Path(folder, "faces"))
    text = report(result)
    print(text)
    if "--write" in sys.argv[1:]:
        write_page(text)
        POINT.write_text(data_file(point(measurement, result)), encoding="utf-8")


def assess(faces: Path) -> tuple[Measurement, AssessmentResult]:
    """Assess the London people as anybody else would be: from a table, with a declaration."""
    instruments = Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=lambda _: None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "set")
        runpy.run_path(str(Path(__file__).with_name("people_table.py")))["write_london"](faces, folder)
        key = VerifierKey.parse((folder / "holder.pub").read_text().strip())
        declaration = read_declaration((folder / "london.declaration").read_bytes(), key=key)
        consented = require_consent(
            read_people_table(folder / "people.csv"),
            office=None,
            declarations=[SignedDeclaration(declaration, key.name, "00" * 32)],
            at=datetime.now(UTC),
        )
        measurement = measure(consented, instruments=instruments, bounds=BOUNDS, progress=lambda _: None)
    moment = datetime.now(UTC).replace(microsecond=0)
    return measurement, measurement.result(
        method=METHOD, limits=LIMITS, title=TITLE, operating_point=NAME, made_at=moment
    )


def point(measurement: Measurement, result: AssessmentResult) -> OperatingPoint:
    """The operating point that ships: nobody chose its bounds by limits, and it is not assessed for use."""
    found = point_of(
        measurement, result, name=NAME, method=METHOD, limits=LIMITS, measured_on=result.made_at.date()
    )
    return replace(found, chosen=None)


def data_file(shipped: OperatingPoint) -> str:
    """The operating point as TOML: counts, and the intervals to answer for."""
    return f"# Written by benchmarks/london.py --write.\n{shipped.to_toml()}"


def report(result: AssessmentResult) -> str:
    """Markdown: comparisons of one person's pictures, of two people's, across groups, differences, needs."""
    return "\n\n".join(
        [
            "Two pictures of one person (neutral and smiling):",
            table(
                ("Group", "People", "Mated comparisons", "FNMR", "Undetermined", "Failure to acquire"),
                [
                    (
                        *sizes(group, Kind.FNMR),
                        *shown(group, Kind.FNMR, Kind.UNDETERMINED_MATED, Kind.FAILURE_TO_ACQUIRE),
                    )
                    for group in result.groups
                ],
            ),
            "Pictures of two people of the same group:",
            table(
                ("Group", "People", "Non-mated comparisons", "FMR", "as if independent", "Undetermined"),
                [
                    (
                        *sizes(group, Kind.FMR),
                        *shown(group, Kind.FMR),
                        percent(group.rates[Kind.FMR].comparisons),
                        *shown(group, Kind.UNDETERMINED_NON_MATED),
                    )
                    for group in result.groups
                ],
            ),
            "Pictures of two people of different groups:",
            table(
                ("Groups", "People", "Non-mated comparisons", "FMR", "Undetermined"),
                [
                    (
                        " and ".join(across.values),
                        " and ".join(map(str, across.people)),
                        str(across.rates[Kind.FMR].trials),
                        cell(across.rates[Kind.FMR]),
                        cell(across.rates[Kind.UNDETERMINED_NON_MATED]),
                    )
                    for across in result.across
                ],
            ),
            "How far the groups differ (ISO/IEC 19795-10); rates no group showed an error in are left out:",
            table(
                ("Groups by", "Rate", "Highest", "max/min", "max/geometric mean", "Gini"), differences(result)
            ),
            *tail(result),
            f"To answer for an FMR of {result.max_fmr:g} and an FNMR of {result.max_fnmr:g} in every group, "
            "if no error is seen: "
            + "; ".join(f"{need.more_people:,} more people of *{need.group}*" for need in result.needs)
            + ".",
        ]
    )


def differences(result: AssessmentResult) -> list[tuple[str, ...]]:
    """One row for each rate that some group has."""
    found = []
    for one in result.differentials:
        by, figures = ", ".join(one.columns), one.differential
        if figures.max_to_min is not None:
            numbers = (figures.max_to_min, figures.max_to_geometric_mean or 0.0, figures.gini or 0.0)
            found.append((by, one.kind.value, figures.highest, *(f"{number:.2f}" for number in numbers)))
        elif figures.highest:
            found.append((by, one.kind.value, figures.highest, *["-"] * 3))
    return found


def tail(result: AssessmentResult) -> list[str]:
    """The extrapolation, marked as one."""
    if result.tail is None:
        return []
    fit = result.tail.fit
    return [
        f"**Extrapolated**, not measured: a generalised Pareto distribution over the {100 * fit.share:.1f}% "
        f"of non-mated comparisons below {fit.below:g}, with intervals over people. Who is not in the set is "
        "not in it: no twins, no siblings.",
        table(
            ("Mated up to", "FMR, modelled", "from", "to"),
            [
                (f"{one.at:g}", f"{one.fmr:.1e}", *(f"{end:.1e}" for end in one.interval))
                for one in result.tail.figures
            ],
        ),
    ]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [columns, ["---", *["--:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- |", "|---|")


def sizes(group: GroupResult, kind: Kind) -> tuple[str, str, str]:
    """Name, people, comparisons."""
    return group.name, str(group.people), str(group.rates[kind].trials)


def shown(group: GroupResult, *kinds: Kind) -> list[str]:
    """Each rate with the interval to answer for."""
    return [cell(group.rates[kind]) for kind in kinds]


def cell(rate: Rate) -> str:
    """Percent with the governing interval."""
    return f"{100 * rate.value:.2f}% ({percent((rate.governing.low, rate.governing.high))})"


def percent(interval: tuple[float, float]) -> str:
    """An interval in percent."""
    return f"{100 * interval[0]:.2f}-{100 * interval[1]:.2f}"


def write_page(text: str) -> None:
    """Replace what stands between the two marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

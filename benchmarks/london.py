"""Measure the shipped bounds on 51 people who agreed to it, group by group.

    DONGUI_TEST_DATA=../shared python benchmarks/london.py [--write]

Prints the tables as Markdown. ``--write`` also puts them into ``docs/explanation/error-rates.md`` and the
counts into the operating point's data file. Nothing about one picture or one pair leaves: no score, no name.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dongui.biometrics.instruments import Instruments
from dongui.biometrics.intervals import Proportion
from dongui.biometrics.operating_points import Measured
from dongui.biometrics.pixels import Features
from dongui.biometrics.recognisers.weights import RESNET
from dongui.biometrics.reference import take_reference
from dongui.errors import Undetermined

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "error-rates.md"
POINT = ROOT / "src" / "dongui" / "biometrics" / "measured" / "dlib-resnet-v1-london.toml"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MATED_AT_MOST, NON_MATED_FROM = 0.42, 0.60
PICTURES = ("neutral", "smiling")


@dataclass(frozen=True)
class Person:
    """What a person reported of themselves, and the templates of their pictures (``None``: not acquired)."""

    gender: str
    ethnicity: str
    templates: tuple[Features | None, ...]


def main() -> None:
    """Measure, print, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/london")
    instruments = Instruments.load(cache=Path(tempfile.gettempdir(), "dongui-bench"), progress=print)
    people = read_people(Path(folder, "faces", "london"), instruments)
    measured = [measure(name, members) for name, members in groups(people)]
    text = report(measured)
    print(text)
    if "--write" in sys.argv[1:]:
        write_page(text)
        POINT.write_text(data_file(measured, instruments.pipeline_digest), encoding="utf-8")


def read_people(folder: Path, instruments: Instruments) -> list[Person]:
    """Take every picture as a reference is taken."""

    def template(path: Path) -> Features | None:
        try:
            return take_reference(memoryview(path.read_bytes()), instruments=instruments).template.features
        except Undetermined:
            return None

    with (folder / "people.csv").open(encoding="utf-8", newline="") as file:
        return [
            Person(
                row["gender"],
                row["ethnicity"].replace("_", " "),
                tuple(template(folder / f"{row['person']}-{picture}.jpg") for picture in PICTURES),
            )
            for row in csv.DictReader(file)
        ]


def groups(people: Sequence[Person]) -> list[tuple[str, list[Person]]]:
    """Everyone, each gender, each ethnicity, each of both together."""
    genders = sorted({person.gender for person in people})
    ethnicities = sorted({person.ethnicity for person in people})
    return [
        ("everyone", list(people)),
        *((gender, [p for p in people if p.gender == gender]) for gender in genders),
        *((ethnicity, [p for p in people if p.ethnicity == ethnicity]) for ethnicity in ethnicities),
        *(
            (f"{ethnicity}, {gender}", [p for p in people if (p.gender, p.ethnicity) == (gender, ethnicity)])
            for ethnicity, gender in itertools.product(ethnicities, genders)
        ),
    ]


def measure(name: str, people: Sequence[Person]) -> Measured:
    """Compare every picture with every other one within the group."""
    mated = [
        distance(one, other)
        for person in people
        for one, other in itertools.combinations(person.templates, 2)
        if one is not None and other is not None
    ]
    non_mated = [
        distance(one, other)
        for first, second in itertools.combinations(people, 2)
        for one, other in itertools.product(first.templates, second.templates)
        if one is not None and other is not None
    ]
    templates = [template for person in people for template in person.templates]
    return Measured(
        group=name,
        people=len(people),
        pictures=len(templates),
        not_acquired=sum(template is None for template in templates),
        mated=len(mated),
        mated_rejected=count(mated, lambda d: d >= NON_MATED_FROM),
        mated_undetermined=count(mated, between),
        non_mated=len(non_mated),
        non_mated_accepted=count(non_mated, lambda d: d <= MATED_AT_MOST),
        non_mated_undetermined=count(non_mated, between),
    )


def distance(one: Features, other: Features) -> float:
    """The comparison score, as :func:`dongui.biometrics.comparison.compare` computes it."""
    return float(np.linalg.norm(one - other))


def between(score: float) -> bool:
    """Neither bound decides."""
    return MATED_AT_MOST < score < NON_MATED_FROM


def count(scores: Iterable[float], holds: Callable[[float], bool]) -> int:
    """How many scores it holds for."""
    return sum(holds(score) for score in scores)


def report(measured: Sequence[Measured]) -> str:
    """Two Markdown tables: comparisons of one person's pictures, comparisons of two people's."""
    mated = [
        f"| {m.group} | {m.people} | {m.mated} | {shown(m.fnmr)} | {shown(m.undetermined_mated)} "
        f"| {shown(m.failure_to_acquire)} |"
        for m in measured
    ]
    non_mated = [
        f"| {m.group} | {m.people} | {m.non_mated} | {shown(m.fmr)} | {shown(m.undetermined_non_mated)} |"
        for m in measured
    ]
    return "\n".join(
        [
            "Two pictures of one person (neutral and smiling):",
            "",
            "| Group | People | Mated comparisons | FNMR | Undetermined | Failure to acquire |",
            "|---|--:|--:|--:|--:|--:|",
            *mated,
            "",
            "Pictures of two people of the same group:",
            "",
            "| Group | People | Non-mated comparisons | FMR | Undetermined |",
            "|---|--:|--:|--:|--:|",
            *non_mated,
        ]
    )


def shown(proportion: Proportion) -> str:
    """Percent with the interval; a dash where nothing was tried."""
    if proportion.value is None:
        return "-"
    low, high = proportion.interval()
    return f"{100 * proportion.value:.2f}% ({100 * low:.2f}-{100 * high:.2f})"


def write_page(text: str) -> None:
    """Replace what stands between the two marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def data_file(measured: Sequence[Measured], pipeline: bytes) -> str:
    """The operating point as TOML: counts, never rates."""
    everyone, *by_group = measured
    lines = [
        "# Written by benchmarks/london.py --write. Counts, never rates: intervals are computed from them.",
        'name = "dlib-resnet-v1-london"',
        f'recogniser = "{RESNET}"',
        f"mated_at_most = {MATED_AT_MOST}",
        f"non_mated_from = {NON_MATED_FROM:.2f}",
        f'pipeline_sha256 = "{pipeline.hex()}"',
        "assessed_for_use = false",
        'data_set = "Face Research Lab London Set (DeBruine and Jones, 2017, CC BY 4.0)"',
        f"measured_on = {datetime.now(UTC).date()}",
    ]
    for heading, entry in [("[everyone]", everyone), *(("[[by_group]]", group) for group in by_group)]:
        lines += ["", heading, *(f"{key} = {json.dumps(value)}" for key, value in asdict(entry).items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

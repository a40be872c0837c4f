"""What the components of ISO/IEC 29794-5 say about the London people's pictures, and about who fails.

    DONGUI_TEST_DATA=../shared python benchmarks/quality.py [--write]

Prints Markdown. ``--write`` puts it into ``docs/explanation/quality.md``. Nothing about one picture leaves.
"""

from __future__ import annotations

import os
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dongui.assessment.consent_ground import SignedDeclaration, require_consent
from dongui.assessment.declaration import read_declaration
from dongui.assessment.error_discard import DiscardCurve
from dongui.assessment.measurement import Measurement, measure
from dongui.assessment.people_table import read_people_table
from dongui.assessment.picture_components import quality_by_component
from dongui.assessment.score_store import Bounds
from dongui.biometrics.instruments import Instruments
from dongui.biometrics.quality.iso_29794_5.measuring import COMPONENTS
from dongui.log.keys import VerifierKey

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "quality.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BOUNDS = Bounds(0.42, 0.60)
# Fewer people than this show nobody's median.
FEWEST_PEOPLE = 5

Qualities = NDArray[np.float64]


def main() -> None:
    """Measure, print, and write where asked to."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder:
        sys.exit("DONGUI_TEST_DATA is not set: it names the folder that holds faces/london")
    text = report(Path(folder, "faces"))
    print(text)
    if "--write" in sys.argv[1:]:
        write_page(text)


def report(faces: Path) -> str:
    """Markdown: scalars by group, then the curves at both distances."""
    measurement = measured(faces)
    if measurement.error_discard is None:
        raise RuntimeError("quality was asked for and not measured")
    return "\n\n".join(
        [
            "Median scalar of both pictures of each person, by the ethnicity they reported:",
            scalars(by_group(measurement)),
            *(
                part
                for one in measurement.error_discard.at
                for part in (heading(one.beyond), discard_table(one.curves))
            ),
        ]
    )


def measured(faces: Path) -> Measurement:
    """The London people, from their table, with their declaration."""
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
        return measure(
            consented,
            instruments=instruments,
            bounds=BOUNDS,
            progress=lambda _: None,
            quality=quality_by_component(instruments.landmarker),
        )


def by_group(measurement: Measurement) -> dict[str, tuple[int, Qualities]]:
    """People of each group, and their pictures' qualities, pictures x components; everyone first."""
    acquired, table = measurement.acquired, measurement.consented.table
    if acquired.quality is None:
        raise RuntimeError("quality was asked for and not measured")
    column = table.columns.index("ethnicity")
    said = np.array([values[column] for values in table.values])
    found = {"everyone": (table.people, acquired.quality)}
    for group in sorted(set(said.tolist())):
        people = int((said == group).sum())
        if people >= FEWEST_PEOPLE:
            found[group] = (people, acquired.quality[said[acquired.person] == group])
    return found


def scalars(groups: Mapping[str, tuple[int, Qualities]]) -> str:
    """Medians by component and group."""
    rows = [
        (component.name, *(f"{np.nanmedian(found[:, index]):.0f}" for _, found in groups.values()))
        for index, component in enumerate(COMPONENTS)
    ]
    return table(("Component", *(f"{group} ({people})" for group, (people, _) in groups.items())), rows)


def heading(beyond: float) -> str:
    """What the table below tells."""
    if beyond == BOUNDS.mated_at_most:
        what = "the mated bound that ships"
    else:
        what = "far stricter than the bound that ships, so that there is something to count"
    return (
        f"Mated comparisons beyond {beyond:g} ({what}), as the pictures of the lowest quality are left out: "
        "missed / left (share of pictures left out)."
    )


def discard_table(found: Sequence[DiscardCurve]) -> str:
    """One row a component, one column a point of its curve."""
    most = max(len(curve.points) for curve in found)
    rows = []
    for curve in found:
        cells = [
            f"{point.missed}/{point.comparisons} ({100 * point.discarded:.0f}%)" for point in curve.points
        ]
        rows.append((curve.measure, *cells, *[""] * (most - len(cells))))
    return table(("Component", "none", *[f"step {number}" for number in range(1, most)]), rows)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [columns, ["---", *["--:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- |", "|---|")


def write_page(text: str) -> None:
    """Replace what stands between the two marks."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Turn the test data's faces into the form an assessment reads, declared under a throw-away key.

    DONGUI_TEST_DATA=../shared python benchmarks/people_table.py OUT

OUT gets copies of the pictures, ``people.csv``, ``london.declaration`` and ``holder.pub``. The London set's
people agreed to research and its publication under CC BY 4.0; the author's pictures are her own, CC0. The key
stands for the holder's: it is drawn anew each time and not kept.
"""

from __future__ import annotations

import csv
import os
import sys
from datetime import date
from pathlib import Path

from dongui.assessment.consent_ground import declare_pictures
from dongui.assessment.declaration import Declaration, sign_declaration
from dongui.assessment.people_table import read_people_table
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey

SETS = {
    "london": (
        "Face Research Lab London Set (DeBruine and Jones, 2017, CC BY 4.0)",
        "written consent to use in research and publication",
    ),
    "author": ("Eight pictures of their author (CC0)", "her own pictures, published under CC0"),
}
HEADER = ("person", "file", "consent", "ethnicity", "gender")


def main() -> None:
    """Write the folder named on the command line."""
    folder = os.environ.get("DONGUI_TEST_DATA")
    if not folder or len(sys.argv) != 2:
        sys.exit(__doc__)
    write_london(Path(folder, "faces"), Path(sys.argv[1]))


def write_london(faces: Path, out: Path, *, author: bool = False) -> None:
    """Write the London people's table; with ``author`` the author's pictures as one more person."""
    out.mkdir(parents=True)
    rows = [*_london(faces / "london", out)]
    names = ["london"]
    if author:
        rows += _author(faces / "author", out)
        names.append("author")
    with (out / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
    key = SignerKey.generate("holder.example", entropy=SystemEntropy())
    (out / "holder.pub").write_text(key.verifier.text() + "\n", encoding="utf-8")
    table = read_people_table(out / "people.csv")
    for name in names:
        title, agreement = SETS[name]
        digest, _ = declare_pictures(table, name)
        made = Declaration(
            name, "holder.example", title, agreement, date(2026, 11, 1), date(2099, 12, 31), digest
        )
        (out / f"{name}.declaration").write_bytes(sign_declaration(made, key=key))


def _london(source: Path, out: Path) -> list[tuple[str, ...]]:
    with (source / "people.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    rows: list[tuple[str, ...]] = []
    for row in people:
        for picture in ("neutral", "smiling"):
            name = _copied(source / f"{row['person']}-{picture}.jpg", out / "london")
            said = (row["ethnicity"].replace("_", " "), row["gender"])
            rows.append((row["person"], name, "declaration:london", *said))
    return rows


def _author(source: Path, out: Path) -> list[tuple[str, ...]]:
    pictures = sorted(source.glob("*.jpg"))
    return [("author", _copied(path, out / "author"), "declaration:author", "", "") for path in pictures]


def _copied(path: Path, folder: Path) -> str:
    """Copy a picture: a link would lead out of the table's folder, and is refused there."""
    folder.mkdir(exist_ok=True)
    (folder / path.name).write_bytes(path.read_bytes())
    return f"{folder.name}/{path.name}"


if __name__ == "__main__":
    main()

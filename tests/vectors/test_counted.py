"""The pages that count the vectors count those that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from simulators.vector_laws import SOUND

HERE = Path(__file__).parent
THREATS = HERE.parents[1] / "docs/explanation/threat-model.md"
COUNTED = {
    "mdoc": r"^(\d+) documents with one fault each and (\d+) without",
    "passport_lds": r"^(\d+) single files of a passport with one fault each and (\d+) without",
    "sd_jwt": r"^(\d+) presentations of SD-JWT credentials .* with one fault each and (\d+) without",
}


def counts(folder: str) -> tuple[int, int]:
    """Return how many vectors of a folder have a fault, and how many have none."""
    expected = [
        vector["expect"]
        for path in (HERE / folder).glob("*.json")
        for vector in json.loads(path.read_text(encoding="ascii"))["vectors"]
    ]
    sound = expected.count(SOUND)
    return len(expected) - sound, sound


@pytest.mark.parametrize("folder", COUNTED)
def test_the_readme_counts_the_vectors_that_are_there(folder: str) -> None:
    """Faulty and sound, as somebody who tries them all will count them."""
    found = re.search(COUNTED[folder], (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    assert (int(found[1]), int(found[2])) == counts(folder)


def test_the_threat_model_counts_the_single_faults() -> None:
    """The page that rests on them names as many as there are."""
    faults, _ = counts("mdoc")
    assert f"{faults} single faults in `tests/vectors/mdoc`" in THREATS.read_text(encoding="utf-8")

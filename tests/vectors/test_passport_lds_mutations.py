"""Every vector of ``tests/vectors/passport_lds`` against the readers: one fault, one name; no fault, read."""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from dongui.documents.passport.dg1 import parse_dg1
from dongui.documents.passport.dg2 import parse_dg2
from dongui.documents.passport.dg14 import parse_dg14
from dongui.documents.passport.dg15 import parse_dg15
from dongui.documents.passport.files import LdsFiles
from dongui.documents.passport.lds import parse_com
from dongui.documents.passport.mrz import require_unexpired
from dongui.errors import Refused, Undetermined
from simulators.passport_lds.files import render
from simulators.passport_lds.rules import RULES
from simulators.vector_laws import require_as_rendered

HERE = Path(__file__).parent / "passport_lds"
CASES: list[dict[str, str]] = [
    vector for path in sorted(HERE.glob("*.json")) for vector in json.loads(path.read_text())["vectors"]
]
READERS: dict[str, Callable[[bytes], object]] = {
    "DG2": parse_dg2,
    "DG14": parse_dg14,
    "DG15": parse_dg15,
    "EF.COM": parse_com,
    "zip": lambda content: LdsFiles.from_archive(content).group(1),
}


def judge(case: dict[str, str]) -> str:
    """What the readers make of one vector: "verified", or the name of the refusal."""
    content, at = bytes.fromhex(case["content"]), datetime.fromisoformat(case["at"])
    try:
        if case["file"] == "DG1":
            require_unexpired(parse_dg1(content, at=at), at=at)
        else:
            READERS[case["file"]](content)
    except (Refused, Undetermined) as failure:
        return failure.name
    return "verified"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_one_fault_one_name(case: dict[str, str]) -> None:
    """The readers name this fault and not another; what has none is read."""
    assert judge(case) == case["expect"]


def test_names_are_as_distinct_as_the_faults() -> None:
    """One name, one rule; one rule, one name; each vector its own."""
    rules = defaultdict(set)
    for case in CASES:
        rules[case["expect"]].add((case["clause"], case["rule"]))
    assert all(len(found) == 1 for found in rules.values())
    sentences = [rule for _, rule in RULES.values()]
    assert len(set(sentences)) == len(sentences)
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert len([case for case in CASES if case["expect"] != "verified"]) >= 140
    assert set(RULES) == {case["expect"] for case in CASES}


def test_every_refusal_of_the_readers_has_its_vector() -> None:
    """A name no vector brings about is a check nobody has seen work.

    Left out: limits whose vector would be megabytes, and what our own writer refuses.
    """
    table = tomllib.loads((files("dongui.failures") / "passport.toml").read_text(encoding="utf-8"))
    named = {f"passport.{name}" for name in table["passport"]}
    elsewhere = {"passport.file-too-large", "passport.archive-too-large", "passport.not-writable"}
    assert named - {case["expect"] for case in CASES} == elsewhere


def test_the_files_are_what_the_script_makes() -> None:
    """Provenance: nothing in the files was written by hand."""
    require_as_rendered(HERE, render())

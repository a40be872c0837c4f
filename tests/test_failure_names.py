"""One failure, one name: in the table, at the place that raises it, in vectors and in the reference."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pytest

from dongui.errors import (
    DonguiError,
    Failure,
    Misuse,
    Refused,
    Trouble,
    Undetermined,
    failure_named,
    failures,
)

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "dongui"
NAME = re.compile(r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*$")
FAMILIES: dict[str, type[DonguiError]] = {
    "Misuse": Misuse,
    "Refused": Refused,
    "Undetermined": Undetermined,
    "Trouble": Trouble,
}


class Spoken(NamedTuple):
    """What the source says: whole strings; (class, name, place) of each failure made with a literal name."""

    literals: set[str]
    raised: list[tuple[str, str, str]]


@cache
def source() -> Spoken:
    """Read and parse every file once; no tree is kept, for they are large."""
    spoken = Spoken(set(), [])
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            # An f-string with a hole cannot be a name.
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                spoken.literals.add(node.value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAMILIES:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    spoken.raised.append((node.func.id, first.value, f"{path.name}:{node.lineno}"))
    return spoken


def told_wrongly(name: str, failure: Failure) -> Iterator[str]:
    """What is wrong with a name and its texts."""
    if not NAME.match(name):
        yield f"{name!r} is not well formed"
    for text in (failure.meaning, failure.next_step, failure.meaning_ko, failure.next_step_ko):
        if text.strip() != text or not text.endswith((".", "?")):
            yield f"{name}: {text!r} is no whole sentence"
    for text in (failure.meaning_ko, failure.next_step_ko):
        if not re.search("[가-힣]", text):
            yield f"{name}: {text!r} is not Korean"


def test_names_are_well_formed_and_told_in_both_languages() -> None:
    """A name is ``area.kebab-words``; its meaning and next step are whole sentences in English and Korean."""
    assert len(failures()) > 700
    faults = [fault for name, failure in failures().items() for fault in told_wrongly(name, failure)]
    assert not faults, "\n".join(faults)


def test_one_entry_is_what_the_whole_table_says() -> None:
    """A name looked up by itself is told as in the table; half a name, or two at once, is no name."""
    table = failures()
    assert {name: failure_named(name) for name in table} == table
    text = (resources.files("dongui.failures") / "cli.toml").read_text(encoding="utf-8")
    both = text[text.index("cli.usage]") : text.index("]\n", text.index("cli.usage]") + len("cli.usage]"))]
    assert both.count("\n[cli.") == 1
    for none in ("", "cli", "cli.usag", "cli.usage]", "CLI.USAGE", both):
        assert failure_named(none) is None, none


def test_raised_names_are_in_the_table() -> None:
    """Whoever raises a failure names one of the table, in its own family. One test, not one a place: the
    source is read when this runs, and not by every worker before any test does."""
    raised = source().raised
    assert len(raised) > 1000
    table = {(name, failure.family) for name, failure in failures().items()}
    assert [place for family, name, place in raised if (name, family.lower()) not in table] == []


def test_every_name_of_the_table_is_used() -> None:
    """A name nothing raises is a promise nothing keeps."""
    assert sorted(set(failures()) - source().literals) == []


def test_an_unknown_name_cannot_be_raised() -> None:
    """A misspelt name, or a name in the wrong family, fails at once and loudly."""
    with pytest.raises(LookupError):
        Refused("document.no-such-name", "x")
    with pytest.raises(LookupError):
        Refused("clock.implausible", "x")


def test_vectors_expect_names_of_the_table() -> None:
    """What a vector expects is a name of the table, or ``verified``."""
    for path in (ROOT / "tests" / "vectors").rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        vectors = content["vectors"] if isinstance(content, dict) and "vectors" in content else content
        for vector in vectors if isinstance(vectors, list) else [vectors]:
            if "expect" in vector:
                assert vector["expect"] == "verified" or vector["expect"] in failures(), path

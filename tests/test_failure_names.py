"""One failure, one name: in the table, at the place that raises it, in vectors and in the reference."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from dongui.errors import DonguiError, Misuse, Refused, Trouble, Undetermined, failures

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "dongui"
NAME = re.compile(r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*$")
FAMILIES: dict[str, type[DonguiError]] = {
    "Misuse": Misuse,
    "Refused": Refused,
    "Undetermined": Undetermined,
    "Trouble": Trouble,
}


@cache
def source() -> dict[Path, tuple[ast.AST, ...]]:
    """Every node of every file of the source, parsed once."""
    return {
        path: tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8")))) for path in SOURCE.rglob("*.py")
    }


def string_literals() -> set[str]:
    """Every whole string in the source; an f-string with a hole cannot be a name."""
    found: set[str] = set()
    for nodes in source().values():
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def raised_names() -> list[tuple[str, str, str]]:
    """(class, name, place) for each failure made with a literal name."""
    found: list[tuple[str, str, str]] = []
    for path, nodes in source().items():
        for node in nodes:
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            first = node.args[0]
            if node.func.id in FAMILIES and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.append((node.func.id, first.value, f"{path.name}:{node.lineno}"))
    return found


@pytest.mark.parametrize("name", list(failures()))
def test_names_are_well_formed_and_told_in_both_languages(name: str) -> None:
    """A name is ``area.kebab-words``; its meaning and next step are whole sentences in English and Korean."""
    failure = failures()[name]
    assert NAME.match(name)
    for text in (failure.meaning, failure.next_step, failure.meaning_ko, failure.next_step_ko):
        assert text.strip() == text
        assert text.endswith((".", "?"))
    assert re.search("[가-힣]", failure.meaning_ko)
    assert re.search("[가-힣]", failure.next_step_ko)


def test_raised_names_are_in_the_table() -> None:
    """Whoever raises a failure names one of the table, in its own family. One test, not one a place: the
    source is read when this runs, and not by every worker before any test does."""
    raised = raised_names()
    assert len(raised) > 1000
    table = {(name, failure.family) for name, failure in failures().items()}
    assert [place for family, name, place in raised if (name, family.lower()) not in table] == []


def test_every_name_of_the_table_is_used() -> None:
    """A name nothing raises is a promise nothing keeps."""
    assert sorted(set(failures()) - string_literals()) == []


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

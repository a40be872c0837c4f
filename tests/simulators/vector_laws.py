"""The laws every folder of vectors keeps: one fault, one name; nothing written by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

__all__ = ["SOUND", "require_as_rendered", "require_one_name_one_rule", "sound", "with_faults"]

SOUND = "verified"
"""What a vector without a fault is expected to come to."""


class Told(Protocol):
    """What each vector says of itself."""

    @property
    def name(self) -> str:
        """By which it is spoken of."""

    @property
    def expect(self) -> str:
        """The failure it comes to, or :data:`SOUND`."""

    @property
    def clause(self) -> str:
        """Of which standard."""

    @property
    def rule(self) -> str:
        """What the clause asks for."""


OneTold = TypeVar("OneTold", bound=Told)


def with_faults(cases: Iterable[OneTold]) -> list[OneTold]:
    """Return those that must be refused."""
    return [case for case in cases if case.expect != SOUND]


def sound(cases: Iterable[OneTold]) -> list[OneTold]:
    """Return those that must be verified."""
    return [case for case in cases if case.expect == SOUND]


def require_one_name_one_rule(cases: Iterable[Told], *, faults: int) -> None:
    """One name, one rule; each vector its own name; at least ``faults`` faults."""
    several = list(cases)
    rules: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for case in several:
        rules[case.expect].add((case.clause, case.rule))
    assert all(len(found) == 1 for found in rules.values())
    assert not [name for name, count in Counter(case.name for case in several).items() if count > 1]
    assert sum(case.expect != SOUND for case in several) >= faults


def require_as_rendered(folder: Path, rendered: Mapping[str, str]) -> None:
    """The folder's vectors are what their script makes: these files, byte for byte, and no others."""
    for name, text in rendered.items():
        assert (folder / name).read_text(encoding="ascii") == text, name
    assert {path.name for path in folder.glob("*.json")} == set(rendered)

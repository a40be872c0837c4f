"""The uses the charter allows and forbids, read from ``charter.toml``.

A purpose declares what it uses a face for, in the words of a closed vocabulary. What the charter forbids is
refused by its name; what nobody has ever allowed is refused too, so a new word does not open a new use.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from dongui.consent.fields import Localised, Table
from dongui.errors import DonguiError, Misuse

__all__ = ["CharterUse", "allowed_uses", "faults_of_uses", "forbidden_uses"]


@dataclass(frozen=True, slots=True)
class CharterUse:
    """One use: its word in ``purpose.toml``, its name, and why it is allowed or forbidden."""

    id: str
    name: Localised
    explanation: Localised


def allowed_uses() -> tuple[CharterUse, ...]:
    """Return every use a purpose may declare."""
    return _charter()[0]


def forbidden_uses() -> tuple[CharterUse, ...]:
    """Return every use that is refused by name, consent or not."""
    return _charter()[1]


def faults_of_uses(uses: tuple[str, ...]) -> list[DonguiError]:
    """Return what is wrong with the declared ``uses``: ``purpose.forbidden-use``, ``purpose.unknown-use``.

    Words are compared exactly: a misspelt forbidden use is an unknown use, and refused as that.
    """
    allowed = {use.id for use in allowed_uses()}
    forbidden = {use.id: use for use in forbidden_uses()}
    faults: list[DonguiError] = []
    for use in uses:
        if use in forbidden:
            faults.append(Misuse("purpose.forbidden-use", f"{use}: {forbidden[use].explanation.en}"))
        elif use not in allowed:
            faults.append(Misuse("purpose.unknown-use", f"{use}; the words are {', '.join(sorted(allowed))}"))
    if not uses:
        faults.append(Misuse("purpose.unknown-use", "uses is empty; a purpose says what it uses a face for"))
    return faults


@cache
def _charter() -> tuple[tuple[CharterUse, ...], tuple[CharterUse, ...]]:
    text = resources.files("dongui.consent").joinpath("charter.toml").read_text(encoding="utf-8")
    table = Table(tomllib.loads(text), "charter.", lambda detail: Misuse("purpose.malformed", detail))
    allowed = tuple(_use(entry) for entry in table.tables("allowed"))
    forbidden = tuple(_use(entry) for entry in table.tables("forbidden"))
    table.end()
    return allowed, forbidden


def _use(entry: Table) -> CharterUse:
    use = CharterUse(entry.text("id"), entry.localised("name"), entry.localised("explanation"))
    entry.end()
    return use
